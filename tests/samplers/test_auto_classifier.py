"""AutoAugmentedClassifier: what is done to the model stands beside what is done to the rows."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import sklearn.utils.estimator_checks as sklearn_checks
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.datasets import make_classification
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import TunedThresholdClassifierCV
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.utils.validation import has_fit_parameter

from genesis_sampling import (
    AutoAugmentedClassifier,
    AutoSampler,
    DataError,
    NoiseSampler,
    SmallClassWarning,
)

QUICK = AutoAugmentedClassifier(
    LogisticRegression(),
    ["class weights", "tuned threshold", NoiseSampler()],
    cv=2,
    n_repeats=1,
    random_state=0,
)


class NeedsWeights(ClassifierMixin, BaseEstimator):
    """Orders the rows rightly only if the classes weigh alike."""

    def fit(self, X, y, sample_weight=None):
        self.classes_, weight = np.unique(y), np.ones(len(y)) if sample_weight is None else sample_weight
        shares = [weight[y == label].sum() for label in self.classes_]
        self.sign_ = 1 if np.ptp(shares) < 1e-6 * sum(shares) else -1
        return self

    def predict_proba(self, X):
        chance = 1 / (1 + np.exp(-self.sign_ * X[:, 0]))
        return np.column_stack([1 - chance, chance])

    def predict(self, X):
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1], [300, 40])
    return np.column_stack([rng.normal(size=340) + 1.5 * y, rng.normal(size=340)]), y


CHECKED = clone(QUICK).set_params(candidates=["class weights", NoiseSampler()])


# Some of the checks have classes of a few rows.
@pytest.mark.filterwarnings("ignore::genesis_sampling.SmallClassWarning")
@pytest.mark.parametrize(
    "check",
    [
        pytest.param(check, id=check.func.__name__)
        for _, check in sklearn_checks.estimator_checks_generator(CHECKED)
        # What the estimator raises is told by a DataError, where this check wants a TypeError.
        if check.func.__name__ != "check_dtype_object"
    ],
)
def test_is_a_classifier(check):
    check(clone(CHECKED))


def test_takes_no_weights(table):
    """As scikit-learn's estimators without weights, so that others around it can tell."""
    assert not has_fit_parameter(QUICK, "sample_weight")
    with pytest.raises(TypeError, match="sample_weight"):
        clone(QUICK).fit(*table, sample_weight=np.ones(340))


class TestChoice:
    def test_a_threshold_where_classes_are_judged(self, table):
        """Of rare rows that overlap with others, hardly one is more probable than not."""
        model = (
            clone(QUICK).set_params(candidates=["tuned threshold"], scoring="balanced_accuracy").fit(*table)
        )
        assert model.best_candidate_ == "tuned threshold"
        assert isinstance(model.estimator_, TunedThresholdClassifierCV)
        plain = LogisticRegression().fit(*table)
        scores = [balanced_accuracy_score(table[1], one.predict(table[0])) for one in (model, plain)]
        assert scores[0] > scores[1]

    def test_a_threshold_is_no_gain_where_rows_are_ordered(self, table):
        model = clone(QUICK).set_params(candidates=["tuned threshold"]).fit(*table)
        assert model.best_candidate_ == "nothing"
        assert model.cv_results_["mean_gain"] == [0.0, 0.0]

    def test_weights_that_gain(self, table):
        model = clone(QUICK).set_params(estimator=NeedsWeights(), candidates=["class weights"]).fit(*table)
        assert model.best_candidate_ == "class weights"
        assert model.estimator_.estimator_.sign_ == 1

    def test_weights_that_cannot_be_given_are_told(self, table):
        model = clone(QUICK).set_params(estimator=KNeighborsClassifier()).fit(*table)
        results = pd.DataFrame(model.cv_results_).set_index("candidate")
        assert "takes no class weights" in results.loc["class weights", "error"]
        assert results.loc["tuned threshold", "error"] == ""

    def test_samplers_beside(self, table):
        model = clone(QUICK).fit(*table)
        assert model.cv_results_["candidate"][:3] == ["nothing", "class weights", "tuned threshold"]
        assert "NoiseSampler, ratio 1" in model.cv_results_["candidate"]

    def test_default_takes_a_mixed_table(self):
        rng = np.random.default_rng(0)
        y = np.repeat(["no", "yes"], [120, 30])
        X = pd.DataFrame({"a": rng.normal(size=150) + (y == "yes"), "c": rng.choice(list("xyz"), 150)})
        X.loc[3, "a"] = None
        model = AutoAugmentedClassifier(
            candidates={"weights": "class weights", "noise": NoiseSampler()},
            cv=2,
            n_repeats=1,
            random_state=0,
        ).fit(X, y)
        assert set(model.predict(X)) <= {"no", "yes"}
        assert model.predict_proba(X).shape == (150, 2)
        assert model.cv_results_["error"] == [""] * 4

    def test_no_threshold_for_three_classes_or_groups(self, table):
        X, y = make_classification(300, n_classes=3, n_informative=4, weights=[0.7, 0.2], random_state=0)
        with pytest.raises(DataError, match="'tuned threshold' for 3 classes; expected two"):
            clone(QUICK).set_params(estimator=GaussianNB()).fit(X, y)
        with pytest.raises(DataError, match="'tuned threshold' for 2 classes and groups"):
            clone(QUICK).fit(*table, groups=np.arange(340) // 4)

    def test_a_class_that_is_too_small_is_told(self, table):
        X, y = table
        with pytest.warns(SmallClassWarning, match="too few to try anything"):
            model = clone(QUICK).fit(X[:303], y[:303])
        assert model.best_candidate_ == "nothing"

    @pytest.mark.parametrize("candidates", [["weights"], {"a": "nothing"}])
    def test_unknown_names(self, table, candidates):
        with pytest.raises(DataError, match="expected samplers, or some of"):
            clone(QUICK).set_params(candidates=candidates).fit(*table)

    def test_what_is_no_sampler(self, table):
        with pytest.raises(DataError, match="with fit_resample"):
            clone(QUICK).set_params(candidates=[GaussianNB()]).fit(*table)


class TestGroups:
    @pytest.mark.parametrize("kind", ["sampler", "classifier"])
    def test_rows_of_a_group_stay_together(self, table, kind):
        """No inner model is judged on a group that it was trained on."""
        X, y = table
        groups = np.random.default_rng(1).permutation(np.arange(340) // 5)
        seen = []

        class Recorder(GaussianNB):
            def fit(self, X, y, sample_weight=None):
                self.known_ = set(X[:, 1])
                return super().fit(X, y, sample_weight)

            def predict_proba(self, X):
                seen.append((self.known_, set(X[:, 1])))
                return super().predict_proba(X)

        options = {
            "candidates": [NoiseSampler()],
            "ratios": [0.5],
            "cv": 3,
            "n_repeats": 1,
            "random_state": 0,
        }
        if kind == "sampler":
            AutoSampler(Recorder(), **options).fit_resample(X, y, groups=groups)
        else:
            AutoAugmentedClassifier(Recorder(), **options).fit(X, y, groups=groups)
        group_of = dict(zip(X[:, 1], groups, strict=True))
        assert len(seen) == 6
        for known, judged in seen:
            trained = {group_of[value] for value in known if value in group_of}
            assert not trained & {group_of[value] for value in judged}

    def test_one_group_tells_nothing(self, table):
        sampler = AutoSampler(GaussianNB(), [NoiseSampler()], random_state=0)
        with pytest.warns(SmallClassWarning, match="No fold of whole groups"):
            sampler.fit_resample(*table, groups=np.zeros(340))
        assert sampler.best_candidate_ == "nothing"

    def test_groups_of_another_length(self, table):
        with pytest.raises(ValueError, match="inconsistent numbers of samples"):
            AutoSampler(GaussianNB(), random_state=0).fit_resample(*table, groups=[1, 2])
