"""Classifiers judged on rows that they have not seen."""

from __future__ import annotations

import numpy as np
import pytest

from genesis_sampling.tables.discriminator import CrossFitted, Discriminator, balanced_weights

MODELS = ["boosting", "logistic"]


def rows(n_rows, seed, *, shift=0.0):
    """Two numbers with gaps, a category of four, a category of very many."""
    rng = np.random.default_rng(seed)
    numbers = rng.normal(shift, 1, size=(n_rows, 2))
    numbers[rng.random((n_rows, 2)) < 0.1] = np.nan
    return np.column_stack([numbers, rng.integers(4, size=n_rows), rng.integers(400, size=n_rows)])


DISCRETE = np.array([False, False, True, True])


@pytest.mark.parametrize("model", MODELS)
def test_fresh_rows_cannot_be_told_apart(model, global_rng_untouched):
    found = Discriminator(model=model).fit(rows(450, 0), rows(150, 1), DISCRETE)
    # Standard error of an area between 450 and 150 rows: .027.
    assert abs(found.auc_ - 0.5) < 4 * 0.027
    assert found.score(rows(500, 2)).mean() > 0.9


@pytest.mark.parametrize("model", MODELS)
def test_shifted_rows_can(model):
    found = Discriminator(model=model).fit(rows(300, 0), rows(300, 1, shift=3), DISCRETE)
    assert found.auc_ > 0.97
    assert found.auc_folds_.shape == (3,)
    assert found.score(rows(300, 2)).mean() > 0.9
    assert found.score(rows(300, 3, shift=3)).mean() < 0.2


def test_sides_count_alike_whatever_their_numbers():
    # Odds are those of equally frequent sides, so a row half way scores alike whichever side has more rows.
    half_way = rows(800, 5, shift=0.75)
    scores = []
    for n_real in (1200, 400):
        real, synthetic = rows(n_real, 0), rows(1600 - n_real, 1, shift=1.5)
        scores.append(Discriminator(model="logistic").fit(real, synthetic, DISCRETE).score(half_way).mean())
    # Without it odds would be 9 times as high on one side as on the other.
    assert abs(scores[0] - scores[1]) < 0.1


def test_seeded():
    real, synthetic = rows(200, 0), rows(200, 1, shift=0.5)
    margins = [
        CrossFitted(seed=seed).fit(np.vstack([real, synthetic]), np.arange(400) < 200, DISCRETE)
        for seed in (0, 0, 1)
    ]
    np.testing.assert_array_equal(margins[0].margin_, margins[1].margin_)
    assert not np.array_equal(margins[0].margin_, margins[2].margin_)
    assert margins[0].margins(real).shape == (3, 200)


def test_margins_are_of_models_that_have_not_seen_the_row():
    # Rows of noise: a model that had seen them would know their side.
    codes = np.random.default_rng(0).normal(size=(300, 20))
    is_first = np.random.default_rng(1).random(300) < 0.5
    found = CrossFitted().fit(codes, is_first, np.zeros(20, dtype=bool))
    seen = ((found.margins(codes).mean(axis=0) > 0) == is_first).mean()
    unseen = ((found.margin_ > 0) == is_first).mean()
    assert seen > 0.9
    assert unseen < 0.5 + 4 * np.sqrt(0.25 / 300)


def test_weights_of_both_sides_are_equal():
    is_first = np.arange(10) < 3
    weights = balanced_weights(is_first)
    assert weights[is_first].sum() == pytest.approx(weights[~is_first].sum()) == pytest.approx(5)
