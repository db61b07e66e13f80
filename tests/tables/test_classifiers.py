"""Classifiers of encoded rows."""

from __future__ import annotations

import numpy as np
import pytest

from genesis_sampling import DataError
from genesis_sampling.tables._classifiers import EncodedLogistic, EncodedTrees

DISCRETE = np.array([False, True, True])


@pytest.fixture
def rows():
    """A number with gaps that tells the class, a category of three, one of very many; and the classes."""
    rng = np.random.default_rng(0)
    y = rng.integers(2, size=400)
    number = rng.normal(3.0 * y)
    number[rng.random(400) < 0.1] = np.nan
    return np.column_stack([number, rng.integers(3, size=400), rng.permutation(400)]), y


@pytest.mark.parametrize("kind", [EncodedTrees, EncodedLogistic])
def test_learns_what_tells_the_class(rows, kind, global_rng_untouched):
    codes, y = rows
    model = kind(DISCRETE, class_weight="balanced", random_state=0).fit(codes[:300], y[:300])
    probability = model.predict_proba(codes[300:])
    np.testing.assert_allclose(probability.sum(axis=1), 1)
    # Where the number is known, the best rule is right in 93 of 100 rows, so in 80 of 100 at the least.
    assert np.mean(model.classes_[probability.argmax(axis=1)] == y[300:]) > 0.8


def test_trees_leave_out_what_they_cannot_take(rows):
    codes, y = rows
    other = codes.copy()
    other[:, 2] = 0
    model = EncodedTrees(DISCRETE, random_state=0).fit(codes, y)
    np.testing.assert_array_equal(model.predict_proba(codes), model.predict_proba(other))
    with pytest.raises(DataError, match="Got 1 columns, none of which trees can use"):
        EncodedTrees(DISCRETE[2:]).fit(codes[:, 2:], y)
