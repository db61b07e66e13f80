"""Intervals against closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from genesis_sampling.metrics._estimate import (
    area_under_curve,
    compared,
    difference,
    effective_size,
    mean,
    share,
)


def test_share_of_wilson():
    # Both ends solve (share - p)^2 = z^2 p (1 - p) / n.
    found = share(0.2, 50)
    for end in (found.low, found.high):
        assert (0.2 - end) ** 2 == pytest.approx(1.959964**2 * end * (1 - end) / 50, rel=1e-5)
    assert share(0.0, 50).low == 0
    assert share(1.0, 50).high == 1
    assert share(0.0, 50).high > 0.05


def test_area_agrees_with_scikit_learn():
    rng = np.random.default_rng(0)
    members, others = rng.integers(0, 6, 70), rng.integers(0, 5, 40)
    expected = roc_auc_score(np.repeat([1, 0], [70, 40]), np.r_[members, others])
    assert float(area_under_curve(members, others)) == pytest.approx(expected)


def test_area_has_the_variance_of_the_rank_sum():
    # Without ties, and scores of one law, the area has the variance (m + n + 1) / (12 m n).
    rng = np.random.default_rng(0)
    found = area_under_curve(rng.normal(size=4000), rng.normal(size=6000))
    assert (found.high - found.low) / (2 * 1.96) == pytest.approx(np.sqrt(10_001 / 12 / 24e6), rel=0.05)


def test_a_perfect_area_is_not_certain():
    found = area_under_curve(np.ones(10), np.zeros(10))
    assert found.value == found.high == 1
    assert found.low < 0.8


def test_difference_of_certain_estimates_is_certain():
    first, second = share(0.7, 1e12), share(0.2, 1e12)
    found = difference(first, second)
    assert found.low == pytest.approx(found.high, abs=1e-5)
    assert float(found) == pytest.approx(0.5)


def test_groups():
    alone, pairs = np.arange(100), np.repeat(np.arange(50), 2)
    values = np.random.default_rng(0).normal(size=50)[pairs]
    widths = [found.high - found.low for found in (mean(values, alone), mean(values, pairs))]
    # Rows that are repeated say as much as one of them.
    assert widths[1] == pytest.approx(np.sqrt(2) * widths[0])
    assert effective_size(alone, 10**9) == pytest.approx(100)
    assert effective_size(np.zeros(100, dtype=int), 10**9) == pytest.approx(1)


def test_estimates_are_numbers_and_can_be_read():
    assert float(share(0.25, 100)) == 0.25
    assert "0.250" in repr(share(0.25, 100))
    assert float(compared(share(0.25, 100), share(0.5, 100))) == 0.25
