"""Rows that a teacher labels."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression

from genesis_sampling import DataError, DistillationSampler, NoiseSampler, SmallClassWarning


class KnownRisk(ClassifierMixin, BaseEstimator):
    """A teacher that knows the truth: the first column is the probability of the class 1."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X):
        risk = np.asarray(X)[:, 0]
        return np.column_stack([1 - risk, risk])


class Remembers(KnownRisk):
    """A teacher that names the class of rows that it was fitted to, and finds others of class 1 for certain."""

    def fit(self, X, y):
        self.known = {row[0] for row in np.asarray(X)}
        return super().fit(X, y)

    def predict_proba(self, X):
        unseen = np.array([row[0] not in self.known for row in np.asarray(X)], dtype=float)
        return np.column_stack([1 - unseen, unseen])


@pytest.fixture
def risky():
    """Rows with their risk, and labels drawn after it."""
    rng = np.random.default_rng(0)
    X = rng.beta(0.5, 2, size=(500, 1))
    return X, (rng.random(500) < X[:, 0]).astype(int)


class TestLabels:
    def test_rows_follow_the_teacher(self, risky):
        X, y = risky
        sampler = DistillationSampler(teacher=KnownRisk(), random_state=0)
        _, labels = sampler.fit_resample(X, y)
        new = np.arange(len(labels)) >= len(X)
        sources = sampler.sample_indices_[new]
        for label in (0, 1):
            expected = X[:, 0] if label else 1 - X[:, 0]
            expected = expected / expected.sum() * sampler.sampling_strategy_[label]
            times = np.bincount(sources[labels[new] == label], minlength=len(X))
            # Drawn by chance, the counts would differ from what is expected by its square root on average.
            assert np.abs(times - expected).max() < 2.5
            assert np.mean((times - expected) ** 2) < 0.5 * np.mean(expected)

    def test_no_row_is_labelled_by_a_teacher_that_has_seen_it(self, risky):
        X, y = risky
        _, labels = DistillationSampler({1: 900}, teacher=Remembers(), growth=0, random_state=0).fit_resample(
            X, y
        )
        sampler = DistillationSampler({1: 900}, teacher=Remembers(), growth=0, random_state=0)
        sampler.fit_resample(X, y)
        assert np.count_nonzero(labels) == 900
        # Unseen, all rows are as probable; seen, none would be.
        assert len(np.unique(sampler.sample_indices_)) == len(X)

    def test_points_that_come_from_a_row_are_not_labelled_by_its_teacher(self, risky):
        X, y = risky
        sampler = DistillationSampler(
            teacher=LogisticRegression(), sampler=NoiseSampler(), growth=2, random_state=0
        )
        X_new, _ = sampler.fit_resample(X, y)
        assert len(X_new) == 3 * len(X)
        assert not np.isin(X_new[len(X) :], X).all()

    def test_imitation_blends_with_the_label(self, risky):
        X, y = risky
        agreement = {}
        for imitation in (0.25, 1.0):
            sampler = DistillationSampler(teacher=KnownRisk(), imitation=imitation, random_state=0)
            _, labels = sampler.fit_resample(X, y)
            agreement[imitation] = np.mean(labels[len(X) :] == y[sampler.sample_indices_[len(X) :]])
        assert agreement[0.25] > agreement[1.0]

    def test_class_shares_stay_by_default(self, risky):
        X, y = risky
        _, labels = DistillationSampler(teacher=KnownRisk(), random_state=0).fit_resample(X, y)
        np.testing.assert_array_equal(np.bincount(labels), 5 * np.bincount(y))

    @pytest.mark.parametrize(("sampler", "n_told"), [(None, 1), (NoiseSampler(), 0)])
    def test_report_tells_real_rows_under_new_labels_from_poor_ones(self, risky, sampler, n_told):
        distilled = DistillationSampler(teacher=KnownRisk(), sampler=sampler, random_state=0)
        distilled.fit_resample(*risky)
        text = distilled.report_.to_markdown()
        assert text.count("labels that a teacher gave") == n_told
        assert not n_told or "repeat each other" not in text

    def test_three_classes_of_text(self):
        rng = np.random.default_rng(1)
        y = np.repeat(["a", "b", "c"], [60, 30, 20])
        X = pd.DataFrame({"kind": np.where(rng.random(110) < 0.8, y, "b"), "size": rng.normal(size=110)})
        X_new, y_new = DistillationSampler("auto", growth=0, random_state=0).fit_resample(X, y)
        assert pd.Series(y_new).value_counts().to_dict() == {"a": 60, "b": 60, "c": 60}
        made = X_new.iloc[110:].assign(label=y_new[110:])
        assert (made["kind"] == made["label"]).mean() > 0.5


class TestFewRows:
    def test_a_class_of_one_row_is_copied(self):
        X, y = np.arange(12.0)[:, None], np.repeat([0, 1], [11, 1])
        with pytest.warns(SmallClassWarning, match="its new rows are copies"):
            X_new, y_new = DistillationSampler(
                "auto", teacher=LogisticRegression(), growth=0, random_state=0
            ).fit_resample(X, y)
        assert set(X_new[y_new == 1, 0]) == {11.0}

    def test_a_class_of_two_rows_is_taught(self):
        X, y = np.arange(12.0)[:, None], np.repeat([0, 1], [10, 2])
        _, y_new = DistillationSampler(
            "auto", teacher=LogisticRegression(), growth=0, random_state=0
        ).fit_resample(X, y)
        np.testing.assert_array_equal(np.bincount(y_new), [10, 10])


def test_a_class_is_no_teacher(risky):
    with pytest.raises(DataError, match="the class LogisticRegression as teacher"):
        DistillationSampler(teacher=LogisticRegression).fit_resample(*risky)
