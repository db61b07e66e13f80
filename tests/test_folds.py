"""Scores on folds: of the rarest class whatever it is called, and differences with their corrected errors."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import ttest_1samp
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, get_scorer

from genesis_sampling._folds import corrected_difference, scorer_of


@pytest.fixture
def rows():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 2))
    return X, X[:, 0] + rng.normal(size=300)


@pytest.mark.parametrize("scoring", ["average_precision", "f1", "precision", "recall", "neg_brier_score"])
def test_the_rarest_class_counts_whatever_its_label_is(rows, scoring):
    X, signal = rows
    numbers = (signal > 1.2).astype(int)
    texts = np.where(numbers == 1, "a rare one", "z")
    of_numbers, of_texts = (
        scorer_of(scoring, y)(LogisticRegression().fit(X, y), X, y) for y in (numbers, texts)
    )
    assert of_numbers == pytest.approx(of_texts)
    assert of_numbers == pytest.approx(get_scorer(scoring)(LogisticRegression().fit(X, numbers), X, numbers))


def test_average_precision_of_several_classes_is_their_mean(rows):
    X, signal = rows
    y = np.array(["a", "b", "c"])[np.digitize(signal, [-1, 1])]
    model = LogisticRegression().fit(X, y)
    one_by_one = [
        average_precision_score(y == label, model.predict_proba(X)[:, at]) for at, label in enumerate("abc")
    ]
    assert scorer_of("average_precision", y)(model, X, y) == pytest.approx(np.mean(one_by_one))


def test_without_shared_training_rows_the_difference_is_the_usual_test():
    """As the share of test rows goes to 0 the correction vanishes."""
    values = np.random.default_rng(0).normal(0.3, 1, 12)
    found, usual = corrected_difference(values, 1e-12), ttest_1samp(values, 0)
    interval = usual.confidence_interval()
    assert found.p_value == pytest.approx(usual.pvalue)
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high))
    assert corrected_difference(values, 0.2).error > found.error
