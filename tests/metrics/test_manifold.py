"""Where synthetic rows lie among real ones: closed forms, and how each figure moves when rows are spoiled."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import cdist

from genesis_sampling import DataError
from genesis_sampling.metrics import manifold
from genesis_sampling.metrics._pair import as_pair

FIGURES = {name: getattr(manifold, name) for name in manifold.__all__}
# Shares of 1,000 rows differ by .06 from chance once in a thousand draws and less; neighbours of the same row hang
# together, so density moves more.
MOVES = {
    "copied": {
        "alpha_precision": (1, 1), "beta_recall": (1, 1), "authenticity": (0, 0), "density": (1, 1.6),
        "coverage": (1, 1),
    },
    "fresh": {
        "alpha_precision": (0.9, 1), "beta_recall": (0.9, 1), "authenticity": (0.33, 0.56), "density": (0.85, 1.15),
        "coverage": (0.93, 1),
    },
    "shuffled": {
        "beta_recall": (0, 0.6), "authenticity": (0.6, 1), "density": (0, 0.5), "coverage": (0, 0.6),
    },
    "constant": {
        "alpha_precision": (0, 0.6), "beta_recall": (0, 0.05), "authenticity": (0, 0), "coverage": (0, 0.05),
    },
    # What is there is right: precision and density stay high while recall and coverage fall.
    "mode dropped": {
        "alpha_precision": (0.6, 1), "beta_recall": (0.3, 0.75), "authenticity": (0.33, 0.56),
        "density": (0.85, 1.3), "coverage": (0.5, 0.75),
    },
    "far": {
        "alpha_precision": (0, 0), "beta_recall": (0, 0), "authenticity": (1, 1), "density": (0, 0),
        "coverage": (0, 0),
    },
}  # fmt: skip


@pytest.mark.parametrize(
    ("what", "figure", "low", "high"),
    [(what, name, *bounds) for what, row in MOVES.items() for name, bounds in row.items()],
)
def test_every_figure_moves_as_it_must(real, spoiled, what, figure, low, high):
    assert low - 1e-12 <= FIGURES[figure](as_pair(real, spoiled[what])) <= high + 1e-12


@pytest.mark.parametrize("figure", FIGURES)
@pytest.mark.parametrize(
    "rows",
    [pd.DataFrame({"a": [1.0] * 30}), pd.DataFrame({"c": ["u", "v", "w"] * 10, "d": ["s", "t"] * 15})],
    ids=["constant", "few values"],
)
def test_equal_tables_of_few_points(figure, rows):
    # Every row is as far from others as a row of its own table is, ties included.
    expected = 0.0 if figure == "authenticity" else 1.0
    found = FIGURES[figure](rows, rows[::-1])
    assert found == expected or (figure == "density" and found > 1)


@pytest.mark.parametrize(("n_columns", "low", "high"), [(1, 0.31, 0.36), (8, 0.4, 0.53)])
def test_fresh_rows_are_authentic_in_a_third_to_a_half_of_cases(n_columns, low, high):
    # One number: the distance to the nearest of points at rate 1 is Exp(2), on its far side the next one is Exp(1)
    # away, and Exp(1) is below Exp(2) in a third of cases.
    real, synthetic = np.random.default_rng(0).random((2, 20_000, n_columns))
    found = manifold.authenticity(real[: 20_000 // n_columns], synthetic, max_rows=5000)
    assert low < found < high


def test_authenticity_sees_every_copy_among_many_real_rows():
    real = np.random.default_rng(0).normal(size=(8000, 4))
    assert manifold.authenticity(real, real[-300:], max_rows=100) == 0


@pytest.mark.parametrize("k", [1, 3])
def test_coverage_of_fresh_rows(k):
    real, synthetic = np.random.default_rng(0).normal(size=(2, 3000, 3))
    expected = 1 - 0.5**k
    assert abs(manifold.coverage(real, synthetic, k=k) - expected) < 4 * np.sqrt(0.25 / 3000) + 1 / 3000


def test_density_and_coverage_follow_their_definition():
    rng = np.random.default_rng(0)
    real, synthetic, k = rng.normal(size=(80, 2)), rng.normal(0.5, 1, size=(80, 2)), 4
    scale = real.std(axis=0)
    radii = np.sort(cdist(real / scale, real / scale), axis=1)[:, k]
    within = cdist(real / scale, synthetic / scale) <= radii[:, None]
    assert manifold.density(real, synthetic, k=k) == pytest.approx(within.sum() / (k * 80))
    assert manifold.coverage(real, synthetic, k=k) == pytest.approx(within.any(axis=1).mean())


def test_density_counts_in_chunks(monkeypatch, real, spoiled):
    pair = as_pair(real, spoiled["fresh"])
    expected = manifold.density(pair)
    monkeypatch.setattr(manifold, "CHUNK_CELLS", 7000)
    assert manifold.density(pair) == expected


def test_columns_of_very_many_categories_count_in_density():
    rng = np.random.default_rng(0)
    real = pd.DataFrame({"a": rng.normal(size=400), "c": [f"v{i % 40}" for i in range(400)]})
    other = real.assign(c=[f"w{i % 40}" for i in range(400)])
    assert manifold.density(real, other) < 0.5 * manifold.density(real, real)
    assert manifold.coverage(real, other) < 1


@pytest.mark.parametrize("spread", [0.5, 2.0])
def test_alpha_precision_of_another_spread(spread):
    # In one dimension the share within the ball of alpha is P(|z| < q / s): too narrow and too wide are both worse.
    real, synthetic = np.random.default_rng(0).normal(size=(2, 4000, 1))
    found = manifold.alpha_precision(real, spread * synthetic)
    assert manifold.alpha_precision(real, synthetic) > 0.95
    # P(|z| < q / s) for q = |z'|, integrated over alpha: twice |P(|z| s < |z'|) - 1/2|, a Cauchy probability.
    expected = 1 - 2 * abs(2 / np.pi * np.arctan(1 / spread) - 0.5)
    assert abs(found - expected) < 0.05


@pytest.mark.parametrize("name", ["density", "coverage", "beta_recall"])
def test_too_few_rows_for_k(name):
    with pytest.raises(DataError, match="k=5 for 5 rows"):
        FIGURES[name](np.eye(5), np.eye(5))


def test_one_real_row_has_no_neighbour():
    with pytest.raises(DataError, match="at least 2"):
        manifold.authenticity([[1.0]], [[1.0], [2.0]])


@pytest.mark.parametrize("figure", FIGURES)
def test_sampled_and_seeded(figure, real, spoiled, global_rng_untouched):
    pair = as_pair(real, spoiled["shuffled"])
    draws = [FIGURES[figure](pair, max_rows=200, random_state=seed) for seed in (0, 0, 1)]
    assert draws[0] == draws[1] != draws[2]


def test_repeated_rows_leave_the_density_of_fresh_ones_at_1():
    """Balls around repeated rows hold all their twins; each counts by how many real rows its ball holds."""
    rng = np.random.default_rng(0)
    real, fresh = (pd.DataFrame({"a": rng.integers(0, 12, 2000).astype(float)}) for _ in range(2))
    # Shares of 12 values among 2,000 rows vary by some percent.
    assert manifold.density(real, fresh) == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize("name", manifold.__all__)
def test_categories_that_real_rows_lack(name):
    real, synthetic = (pd.DataFrame({"c": list(letters) * 100}) for letters in ("ab", "xy"))
    if name in ("coverage", "density", "beta_recall"):
        assert getattr(manifold, name)(real, synthetic) < 0.1
    else:
        assert 0 <= getattr(manifold, name)(real, synthetic) <= 1
