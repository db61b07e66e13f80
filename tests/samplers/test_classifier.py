"""AugmentedClassifier: what it hands to the estimator, and what its probabilities mean."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
import sklearn.utils.estimator_checks as sklearn_checks
from imblearn import FunctionSampler
from imblearn.combine import SMOTEENN
from imblearn.over_sampling import SMOTE, RandomOverSampler
from imblearn.under_sampling import RandomUnderSampler
from scipy import sparse
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.datasets import make_classification
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils.validation import has_fit_parameter

from genesis_sampling import (
    AugmentedClassifier,
    DataError,
    GenerativeOverSampler,
    HybridSampler,
    InterpolationSampler,
    NoiseSampler,
    mixup,
)
from genesis_sampling.evaluation._leak_tree import places

needs_validation_rows = pytest.mark.skipif(
    not has_fit_parameter(HistGradientBoostingClassifier, "X_val"),
    reason="scikit-learn 1.7 takes X_val first",
)
WEIGHT_CHECKS = {
    "check_sample_weight_equivalence_on_dense_data",
    "check_sample_weight_equivalence_on_sparse_data",
}
# A row of weight 2 counts as one row for a sampler, two equal rows as two.
CHECKED = {
    "default": (AugmentedClassifier(random_state=0), WEIGHT_CHECKS),
    "noise": (AugmentedClassifier(LogisticRegression(), NoiseSampler(random_state=0)), set(WEIGHT_CHECKS)),
    "corrected": (
        AugmentedClassifier(LogisticRegression(), RandomOverSampler(), correct_prior=True, random_state=0),
        WEIGHT_CHECKS,
    ),
    "passthrough": (AugmentedClassifier(LogisticRegression(), "passthrough", correct_prior=True), set()),
}
if not has_fit_parameter(HistGradientBoostingClassifier, "X_val"):
    # scikit-learn 1.6 wants numpy's own words for a column of dicts and numbers.
    CHECKED["noise"][1].add("check_dtype_object")
if has_fit_parameter(HistGradientBoostingClassifier, "X_val"):
    boosting = HistGradientBoostingClassifier(max_iter=5)
    CHECKED["stopped"] = (
        AugmentedClassifier(boosting, RandomOverSampler(), validation_fraction=0.3, correct_prior=True),
        WEIGHT_CHECKS,
    )


# Some of the checks have classes of one row.
@pytest.mark.filterwarnings("ignore::genesis_sampling.SmallClassWarning")
@pytest.mark.parametrize(
    ("estimator", "check"),
    [
        pytest.param(estimator, check, id=f"{name}-{check.func.__name__}")
        for name, (estimator, inapplicable) in CHECKED.items()
        for _, check in sklearn_checks.estimator_checks_generator(estimator)
        if check.func.__name__ not in inapplicable
    ],
)
def test_published_check(estimator, check):
    check(clone(estimator))


class RecordingSampler(BaseEstimator):
    """Makes copies of the rare class, and keeps what it was given."""

    def fit_resample(self, X, y, groups=None):
        self.X_, self.y_, self.groups_ = X, y, groups
        labels, counts = np.unique(y, return_counts=True)
        rare = np.flatnonzero(y == labels[counts.argmin()])
        self.sample_indices_ = np.r_[np.arange(len(y)), rare]
        return np.asarray(X)[self.sample_indices_], y[self.sample_indices_]


class RecordingClassifier(ClassifierMixin, BaseEstimator):
    """Keeps what it was given."""

    def fit(self, X, y, sample_weight=None):
        self.classes_ = np.unique(y)
        self.X_, self.y_, self.sample_weight_ = X, y, sample_weight
        return self

    def predict(self, X):
        return np.repeat(self.classes_[:1], len(X))


class StoppingClassifier(RecordingClassifier):
    """Takes validation rows as LightGBM does."""

    def fit(self, X, y, sample_weight=None, eval_set=None, eval_sample_weight=None):
        self.eval_set_, self.eval_sample_weight_ = eval_set, eval_sample_weight
        return super().fit(X, y, sample_weight)


class OtherwiseStoppingClassifier(RecordingClassifier):
    """Takes validation rows as XGBoost does."""

    def fit(self, X, y, *, sample_weight=None, eval_set=None, sample_weight_eval_set=None):
        self.eval_set_, self.eval_sample_weight_ = eval_set, sample_weight_eval_set
        return super().fit(X, y, sample_weight)


class StoppingTree(DecisionTreeClassifier):
    """Takes validation rows, and gives probabilities."""

    def fit(self, X, y, eval_set=None, eval_sample_weight=None):
        self.eval_sample_weight_ = eval_sample_weight
        return super().fit(X, y)


class TellingSampler(RecordingSampler):
    """Weighs its copies by a half."""

    def fit_resample(self, X, y):
        X_new, y_new = super().fit_resample(X, y)
        self.sample_weight_ = np.repeat([1.0, 0.5], [len(y), len(y_new) - len(y)])
        return X_new, y_new


def soft(X, y):
    mixture = mixup(X, y, random_state=0)
    return mixture.X, mixture.y


@pytest.fixture
def numbered():
    """200 rows whose one column is their position, of two classes."""
    return np.arange(200.0)[:, None], np.repeat(["no", "yes"], [160, 40])


def logistic_rows(n_rows, seed):
    """Rows of a logistic model with 8 % of the class 1."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n_rows, 2))
    y = (rng.random(n_rows) < 1 / (1 + np.exp(3.4 - X @ [1.5, -1.0]))).astype(int)
    return X, y


class TestPrior:
    @pytest.mark.parametrize(
        "sampler",
        [RandomOverSampler(), RandomUnderSampler(sampling_strategy=0.5), "passthrough"],
        ids=["copies", "fewer rows", "as they are"],
    )
    def test_corrected_probabilities_are_calibrated_on_fresh_rows(self, sampler):
        """The mean of p - y over fresh rows has a standard error below 0.5 / sqrt(n), in any part of them.

        To it comes the error of the fit, of the same order for 20,000 training rows.
        """
        X, y = logistic_rows(20_000, 0)
        X_fresh, y_fresh = logistic_rows(20_000, 1)
        model = AugmentedClassifier(LogisticRegression(), sampler, correct_prior=True, random_state=0).fit(
            X, y
        )
        probability = model.predict_proba(X_fresh)[:, 1]
        for part in (probability < 0.05, (probability >= 0.05) & (probability < 0.3), probability >= 0.3):
            error = np.sqrt((probability * (1 - probability))[part].sum()) / part.sum()
            assert abs((probability - y_fresh)[part].mean()) < 8 * error
        plain = AugmentedClassifier(LogisticRegression(), sampler, random_state=0).fit(X, y)
        bias = (plain.predict_proba(X_fresh)[:, 1] - y_fresh).mean()
        assert abs(bias) < 0.01 if sampler == "passthrough" else bias > 0.1

    def test_correction_is_the_formula_for_many_classes(self):
        X, y = make_classification(
            600, n_classes=3, n_informative=4, weights=[0.8, 0.15], flip_y=0, random_state=0
        )
        model = AugmentedClassifier(
            LogisticRegression(), RandomOverSampler(), correct_prior=True, random_state=0
        )
        probability = model.fit(X, y).predict_proba(X)
        np.testing.assert_allclose(model.prior_, np.bincount(y) / 600)
        np.testing.assert_allclose(model.resampled_prior_, 1 / 3)
        raw = model.estimator_.predict_proba(X) * np.bincount(y)
        np.testing.assert_allclose(probability, raw / raw.sum(axis=1, keepdims=True))
        np.testing.assert_array_equal(model.predict(X), probability.argmax(axis=1))

    def test_passthrough_needs_no_correction(self):
        X, y = logistic_rows(500, 0)
        model = AugmentedClassifier(LogisticRegression(), "passthrough", correct_prior=True).fit(X, y)
        np.testing.assert_allclose(model.predict_proba(X), LogisticRegression().fit(X, y).predict_proba(X))

    def test_class_weight_of_the_estimator_is_part_of_what_it_learns_from(self):
        X, y = logistic_rows(20_000, 0)
        balanced = LogisticRegression(class_weight="balanced")
        model = AugmentedClassifier(balanced, "passthrough", correct_prior=True).fit(X, y)
        np.testing.assert_allclose(model.resampled_prior_, 0.5)
        assert abs(model.predict_proba(X)[:, 1].mean() - y.mean()) < 0.01

    def test_weights_are_part_of_both_priors(self, numbered):
        X, y = numbered
        weight = np.where(y == "yes", 4.0, 1.0)
        model = AugmentedClassifier(LogisticRegression(), RandomOverSampler(), correct_prior=True)
        model.fit(X, y, sample_weight=weight)
        np.testing.assert_allclose(model.prior_, 0.5)
        np.testing.assert_allclose(model.resampled_prior_, [0.2, 0.8])

    def test_class_without_weight_gets_no_probability(self):
        X, y = logistic_rows(500, 0)
        three = np.r_[y, [2] * 5]
        X = np.r_[X, np.zeros((5, 2))]
        model = AugmentedClassifier(LogisticRegression(), "passthrough", correct_prior=True)
        probability = model.fit(X, three, sample_weight=(three < 2).astype(float)).predict_proba(X)
        assert (probability[:, 2] == 0).all()
        np.testing.assert_allclose(probability.sum(axis=1), 1)

    def test_removed_class_is_named(self, numbered):
        drop = FunctionSampler(func=lambda X, y: (X[y == "no"], y[y == "no"]), validate=False)
        with pytest.raises(DataError, match=r"no row of the classes \['yes'\] back from FunctionSampler"):
            AugmentedClassifier(RecordingClassifier(), drop).fit(*numbered)

    def test_no_decision_function_when_corrected(self):
        X, y = logistic_rows(500, 0)
        model = AugmentedClassifier(LogisticRegression(), RandomOverSampler())
        assert model.fit(X, y).decision_function(X).shape == (500,)
        assert not hasattr(model.set_params(correct_prior=True), "decision_function")

    def test_classifier_without_probabilities(self):
        X, y = logistic_rows(200, 0)
        model = AugmentedClassifier(LinearSVC(), RandomOverSampler())
        assert not hasattr(model, "predict_proba")
        assert model.fit(X, y).decision_function(X).shape == (200,)
        assert not hasattr(model, "predict_proba")
        with pytest.raises(DataError, match="LinearSVC, which has no predict_proba"):
            model.set_params(correct_prior=True).fit(X, y)


class TestValidationRows:
    @pytest.mark.parametrize("classifier", [StoppingClassifier, OtherwiseStoppingClassifier])
    def test_are_real_and_not_seen_by_the_sampler(self, numbered, classifier):
        X, y = numbered
        model = AugmentedClassifier(
            classifier(), RecordingSampler(), validation_fraction=0.25, random_state=0
        )
        model.fit(X, y)
        ((X_val, y_val),) = model.estimator_.eval_set_
        held = model.validation_indices_
        assert len(held) == 50
        assert (y[held] == "yes").sum() == 10
        np.testing.assert_array_equal(X_val, X[held])
        np.testing.assert_array_equal(y_val, y[held])
        seen = set(model.sampler_.X_.ravel())
        assert seen == set(model.estimator_.X_.ravel()) == set(range(200)) - set(held)
        assert model.estimator_.eval_sample_weight_ is None
        # The share in the data, not in the rows that were left.
        np.testing.assert_allclose(model.prior_, [0.8, 0.2])

    def test_stay_in_their_groups(self, numbered):
        X, y = numbered
        groups = pd.Series(np.arange(200) % 40 + 1000)
        model = AugmentedClassifier(StoppingClassifier(), RecordingSampler(), validation_fraction=0.2)
        model.fit(X, y, groups=groups)
        held = model.validation_indices_
        assert 30 <= len(held) <= 50
        left = np.setdiff1d(np.arange(200), held)
        assert not set(groups[held]) & set(groups[left])
        np.testing.assert_array_equal(model.sampler_.groups_, groups[left])

    @pytest.mark.parametrize("fraction", [0.01, 0.15, 0.5, 0.99])
    def test_groups_leave_rows_on_both_sides(self, numbered, fraction):
        model = AugmentedClassifier(StoppingClassifier(), RecordingSampler(), validation_fraction=fraction)
        model.fit(*numbered, groups=np.arange(200) // 2)
        assert abs(len(model.validation_indices_) / 200 - fraction) <= 0.06

    def test_groups_go_to_no_sampler_that_takes_none(self, numbered):
        model = AugmentedClassifier(RecordingClassifier(), NoiseSampler()).fit(
            *numbered, groups=np.arange(200)
        )
        assert model.resampled_prior_.tolist() == [0.5, 0.5]

    @pytest.mark.parametrize(
        ("y", "groups"),
        [
            (np.repeat(["a", "b"], [199, 1]), None),
            (np.repeat(["a", "b"], [100, 100]), np.zeros(200)),
            (np.repeat(["a", "b"], [100, 100]), np.repeat([0, 1], [100, 100])),
        ],
        ids=["one row", "one group", "a class in one group"],
    )
    def test_that_cannot_be_set_aside(self, y, groups):
        model = AugmentedClassifier(StoppingClassifier(), validation_fraction=0.5)
        with pytest.raises(DataError, match=r"Got validation_fraction=0\.5 .*Set validation_fraction=None"):
            model.fit(np.zeros((200, 1)), y, groups=groups)

    @needs_validation_rows
    @pytest.mark.parametrize(
        "estimator", [HistGradientBoostingClassifier(early_stopping=False), None], ids=["boosting", "default"]
    )
    def test_stop_boosting_early(self, estimator):
        """Classes that cannot be told apart: each further tree on copies makes real rows worse."""
        rng = np.random.default_rng(0)
        X, y = rng.normal(size=(400, 3)), np.repeat([0, 1], [300, 100])
        model = AugmentedClassifier(
            estimator, RandomOverSampler(), validation_fraction=0.25, correct_prior=True, random_state=0
        )
        assert model.fit(X, y).estimator_.n_iter_ < 50
        assert model.set_params(validation_fraction=None).fit(X, y).estimator_.n_iter_ == 100
        assert len(model.validation_indices_) == 0

    def test_are_weighted_to_the_shares_that_a_corrected_estimator_learns(self, numbered):
        X, y = numbered
        model = AugmentedClassifier(
            StoppingTree(), RandomOverSampler(), validation_fraction=0.25, correct_prior=True, random_state=0
        )
        (weight,) = model.fit(X, y).estimator_.eval_sample_weight_
        held = y[model.validation_indices_]
        # 80 % and 20 % of the rows, half and half after resampling.
        np.testing.assert_allclose(weight, np.where(held == "yes", 0.5 / 0.2, 0.5 / 0.8))

    def test_estimator_that_takes_none(self, numbered):
        model = AugmentedClassifier(LogisticRegression(), RecordingSampler(), validation_fraction=0.2)
        with pytest.raises(DataError, match="LogisticRegression, whose fit takes neither X_val nor eval_set"):
            model.fit(*numbered)

    def test_satisfy_the_leakage_audit(self):
        model = AugmentedClassifier(HistGradientBoostingClassifier(), NoiseSampler(), validation_fraction=0.2)
        (inside,) = [place for place in places(model) if place.path == "estimator"]
        assert inside.guarded
        assert [path for path, _ in inside.samplers] == ["sampler"]


class TestWeights:
    def test_real_rows_keep_theirs_and_copies_get_that_of_their_source(self, numbered):
        X, y = numbered
        weight = np.random.default_rng(0).random(200)
        model = AugmentedClassifier(RecordingClassifier(), NoiseSampler(random_state=0))
        model.fit(X, y, sample_weight=weight)
        sources = model.sampler_.sample_indices_
        np.testing.assert_array_equal(model.estimator_.sample_weight_, weight[sources])

    @pytest.mark.parametrize(
        "sampler",
        [GenerativeOverSampler("gaussian_copula"), SMOTE()],
        ids=["ours", "not telling its sources"],
    )
    def test_rows_without_a_source_get_the_mean_of_their_class(self, numbered, sampler):
        X, y = numbered
        weight = np.random.default_rng(0).random(200)
        model = AugmentedClassifier(RecordingClassifier(), sampler).fit(X, y, sample_weight=weight)
        np.testing.assert_array_equal(model.estimator_.sample_weight_[:200], weight)
        np.testing.assert_allclose(model.estimator_.sample_weight_[200:], weight[y == "yes"].mean())

    def test_missing_values_do_not_hide_the_training_rows(self):
        X = pd.DataFrame(
            {"a": np.where(np.arange(60) % 7 == 0, np.nan, np.arange(60.0)), "b": list("xyz") * 20}
        )
        double = FunctionSampler(
            func=lambda X, y: (pd.concat([X, X], ignore_index=True), np.r_[y, y]), validate=False
        )
        model = AugmentedClassifier(RecordingClassifier(), double)
        model.fit(X, np.repeat([0, 1], [40, 20]), sample_weight=np.repeat([1.0, 3.0], [40, 20]))
        np.testing.assert_array_equal(
            model.estimator_.sample_weight_, np.tile(np.repeat([1.0, 3.0], [40, 20]), 2)
        )

    def test_sampler_that_hides_where_rows_come_from(self):
        X, y = logistic_rows(300, 0)
        model = AugmentedClassifier(RecordingClassifier(), SMOTEENN(random_state=0))
        model.fit(X, y)
        with pytest.raises(DataError, match="SMOTEENN, which neither tells where its rows come from"):
            model.fit(X, y, sample_weight=np.ones(300))

    def test_made_by_a_sampler(self, numbered):
        model = AugmentedClassifier(RecordingClassifier(), TellingSampler()).fit(*numbered)
        np.testing.assert_array_equal(model.estimator_.sample_weight_, np.repeat([1.0, 0.5], [200, 40]))
        np.testing.assert_allclose(model.resampled_prior_, [160 / 220, 60 / 220])
        model.fit(*numbered, sample_weight=np.full(200, 2.0))
        np.testing.assert_array_equal(model.estimator_.sample_weight_, np.repeat([2.0, 1.0], [200, 40]))

    def test_soft_labels_become_weighted_rows(self, numbered):
        X, y = numbered
        model = AugmentedClassifier(RecordingClassifier(), FunctionSampler(func=soft, validate=False)).fit(
            X, y
        )
        mixture, fitted = mixup(X, y, random_state=0), model.estimator_
        assert 200 < len(fitted.y_) < 400
        np.testing.assert_allclose(fitted.sample_weight_.sum(), 200)
        np.testing.assert_allclose(model.resampled_prior_, mixture.y.mean(axis=0))
        # The mean of any function of a row and its class is that under the soft labels.
        for place, label in enumerate(["no", "yes"]):
            own = fitted.y_ == label
            np.testing.assert_allclose(
                fitted.sample_weight_[own] @ fitted.X_[own], mixture.y[:, place] @ mixture.X
            )

    def test_weights_and_soft_labels_together(self, numbered):
        X, y = numbered

        class Softening(RecordingSampler):
            def fit_resample(self, X, y):
                X_new, y_new = super().fit_resample(X, y)
                self.soft_labels_ = np.where((y_new == "yes")[:, None], [0.25, 0.75], [1.0, 0.0])
                return X_new, y_new

        model = AugmentedClassifier(RecordingClassifier(), Softening())
        model.fit(X, y, sample_weight=np.where(y == "yes", 4.0, 1.0))
        fitted = model.estimator_
        np.testing.assert_array_equal(fitted.sample_weight_[:160], 1.0)
        np.testing.assert_array_equal(fitted.sample_weight_[160:], np.tile([1.0, 3.0], 80))
        np.testing.assert_array_equal(fitted.X_[160:240].ravel(), np.repeat(np.arange(160, 200), 2))

    def test_reach_the_validation_rows(self, numbered):
        X, y = numbered
        weight = np.random.default_rng(0).random(200)
        model = AugmentedClassifier(StoppingClassifier(), RecordingSampler(), validation_fraction=0.25)
        model.fit(X, y, sample_weight=weight)
        np.testing.assert_array_equal(
            model.estimator_.eval_sample_weight_[0], weight[model.validation_indices_]
        )

    @pytest.mark.parametrize(
        ("sampler", "weight"),
        [
            (RandomOverSampler(), np.ones(200)),
            (TellingSampler(), None),
            (FunctionSampler(func=soft, validate=False), None),
        ],
    )
    def test_estimator_that_takes_none(self, numbered, sampler, weight):
        with pytest.raises(DataError, match="KNeighborsClassifier, whose fit takes no sample_weight"):
            AugmentedClassifier(KNeighborsClassifier(), sampler).fit(*numbered, sample_weight=weight)


class TestTables:
    @pytest.mark.parametrize("sampler", [NoiseSampler(), GenerativeOverSampler(), RandomOverSampler()])
    def test_default_estimator_takes_mixed_tables(self, mixed, sampler):
        X, y = mixed
        model = AugmentedClassifier(None, sampler, random_state=0).fit(X, y)
        assert list(model.feature_names_in_) == list(X.columns)
        probability = model.predict_proba(X)
        assert probability.shape == (80, 3)
        np.testing.assert_allclose(probability.sum(axis=1), 1)
        # Trees of 80 rows of noise know them by heart; the test is that the columns arrive.
        assert model.score(X, y) > 0.9

    def test_default_estimator_reads_every_kind_of_column(self):
        """Each column alone tells the class, through its values or through its gaps."""
        rng = np.random.default_rng(0)
        y = rng.random(300) < 0.5
        day = pd.Timestamp("2024-01-01", tz="Europe/Berlin")
        columns = {
            "number": np.where(y, 1.5, -1.5) + rng.uniform(-1, 1, 300),
            "text": np.where(y, "a", "b"),
            "boolean": pd.array(y, dtype="boolean"),
            "ordered": pd.Categorical(np.where(y, "high", "low"), ["low", "high"], ordered=True),
            "time": pd.to_datetime(np.where(y, day, day + pd.Timedelta("1D"))),
            "duration": pd.to_timedelta(np.where(y, 1, 2), unit="h"),
            "gaps": np.where(y, np.nan, 7.0),
        }
        for name, values in columns.items():
            X = pd.DataFrame({name: values, "noise": rng.normal(size=300)})
            model = AugmentedClassifier(None, "passthrough").fit(X[:200], y[:200])
            assert (model.predict(X[200:]) == y[200:]).all(), name

    def test_default_estimator_meets_unknown_categories(self, mixed):
        X, y = mixed
        model = AugmentedClassifier(None, NoiseSampler(), random_state=0).fit(X, y)
        other = X.assign(object="violet", category=pd.Categorical(["violet"] * len(X)))
        gaps = X.assign(object=None, category=pd.Categorical([None] * len(X), categories=["red"]))
        np.testing.assert_array_equal(model.predict_proba(other), model.predict_proba(gaps))

    def test_default_estimator_without_a_column_that_it_can_use(self):
        X = pd.DataFrame({"name": [f"n{i}" for i in range(300)]})
        with pytest.raises(DataError, match="none of which trees can use"):
            AugmentedClassifier(None, "passthrough").fit(X, np.arange(300) % 2)

    def test_polars_and_sparse(self):
        X, y = logistic_rows(400, 0)
        X[X < 0] = 0
        expected = AugmentedClassifier(random_state=0).fit(X, y).predict_proba(X)
        frame = pl.DataFrame(X, schema=["a", "b"])
        model = AugmentedClassifier(random_state=0).fit(frame, pl.Series(y))
        np.testing.assert_allclose(model.predict_proba(frame), expected)
        for container in (sparse.csr_matrix, sparse.csc_array):
            model = AugmentedClassifier(random_state=0).fit(container(X), y)
            np.testing.assert_allclose(model.predict_proba(container(X)), expected)

    def test_frames_reach_sampler_and_estimator_as_they_came(self, mixed):
        X, y = mixed
        keep = FunctionSampler(func=lambda X, y: (X, y), validate=False)
        model = AugmentedClassifier(RecordingClassifier(), keep).fit(X, y)
        assert model.estimator_.X_ is X

    @pytest.mark.parametrize(
        "y",
        [
            np.repeat(["no", "yes"], [80, 20]),
            np.repeat([False, True], [80, 20]),
            np.repeat(["no", "yes"], [80, 20]).astype(object),
            pd.Series(np.repeat(["no", "yes"], [80, 20]), dtype="category"),
            pd.Series(np.repeat([False, True], [80, 20]), dtype="boolean"),
            pd.Series(np.repeat([3, 7], [80, 20]), dtype="Int8"),
            [3] * 80 + [7] * 20,
            ["no"] * 80 + ["yes"] * 20,
        ],
        ids=lambda y: f"{type(y).__name__}-{getattr(y, 'dtype', '')}",
    )
    def test_labels(self, y):
        X = np.r_[np.zeros(80), np.ones(20)][:, None]
        model = AugmentedClassifier(LogisticRegression(), NoiseSampler(), random_state=0).fit(X, y)
        assert model.predict(X).tolist() == list(y)
        assert model.classes_.tolist() == sorted(set(y))


class TestEstimator:
    def test_grid_over_both_parts(self):
        X, y = logistic_rows(300, 0)
        model = AugmentedClassifier(DecisionTreeClassifier(), InterpolationSampler(), random_state=0)
        grid = {
            "sampler__sampling_strategy": [0.3, 1.0],
            "estimator__max_depth": [1, 3],
            "correct_prior": [True],
        }
        search = GridSearchCV(model, grid, scoring="neg_log_loss", cv=3).fit(X, y)
        assert np.isfinite(search.cv_results_["mean_test_score"]).all()
        assert search.best_estimator_.estimator_.max_depth == search.best_params_["estimator__max_depth"]

    def test_in_a_pipeline_with_weights(self):
        X, y = logistic_rows(300, 0)
        model = make_pipeline(StandardScaler(), AugmentedClassifier(LogisticRegression(), NoiseSampler()))
        weight = np.random.default_rng(0).random(300)
        scores = cross_val_score(
            model, X, y, params={"augmentedclassifier__sample_weight": weight}, cv=3, error_score="raise"
        )
        assert np.isfinite(scores).all()

    def test_seed_decides_everything(self):
        X, y = logistic_rows(300, 0)
        model = AugmentedClassifier(DecisionTreeClassifier(max_features=1), HybridSampler(), random_state=0)
        first = clone(model).fit(X, y)
        np.testing.assert_array_equal(first.predict_proba(X), clone(model).fit(X, y).predict_proba(X))
        other = clone(model).set_params(random_state=1).fit(X, y)
        assert not np.array_equal(first.predict_proba(X), other.predict_proba(X))
        assert model.sampler.random_state is None
        assert clone(model).set_params(sampler__random_state=5).fit(X, y).sampler_.random_state == 5

    def test_pickle_and_report(self):
        X, y = logistic_rows(300, 0)
        model = AugmentedClassifier(random_state=0).fit(X, y)
        copy = pickle.loads(pickle.dumps(model))
        np.testing.assert_array_equal(copy.predict_proba(X), model.predict_proba(X))
        assert model.report_.sampler == "GenerativeOverSampler"
        assert AugmentedClassifier(LogisticRegression(), SMOTE()).fit(X, y).report_ is None

    def test_before_fit(self):
        model = AugmentedClassifier(LogisticRegression(), correct_prior=True)
        for method in (model.predict, model.predict_proba):
            with pytest.raises(NotFittedError, match="not fitted yet"):
                method([[0.0]])

    @pytest.mark.parametrize(
        ("params", "message"),
        [
            ({"validation_fraction": 1.5}, "'validation_fraction' parameter of AugmentedClassifier must be"),
            ({"validation_fraction": 0}, "'validation_fraction' parameter of AugmentedClassifier must be"),
            ({"sampler": "smote"}, "'sampler' parameter of AugmentedClassifier must be"),
            ({"estimator": "trees"}, "'estimator' parameter of AugmentedClassifier must be"),
            ({"correct_prior": "yes"}, "'correct_prior' parameter of AugmentedClassifier must be"),
        ],
    )
    def test_bad_parameters(self, numbered, params, message):
        with pytest.raises(ValueError, match=message):
            AugmentedClassifier().set_params(**params).fit(*numbered)

    @pytest.mark.parametrize(
        ("sampler", "message"),
        [
            (lambda X, y: (X, np.full(len(y), "maybe")), "Got the label 'maybe'"),
            (lambda X, y: (X, np.ones((len(y), 2))), "with the sum 1"),
            (lambda X, y: (X, np.ones((len(y), 3)) / 3), r"soft labels of shape \(200, 3\)"),
            (lambda X, y: mixup(X, y).weighted(), "Got 3 results of FunctionSampler"),
        ],
    )
    def test_bad_samplers(self, numbered, sampler, message):
        with pytest.raises(DataError, match=message):
            AugmentedClassifier(RecordingClassifier(), FunctionSampler(func=sampler, validate=False)).fit(
                *numbered
            )

    @pytest.mark.parametrize(
        "weight", [np.full(200, -1.0), np.zeros(200), np.ones((200, 2)), np.full(200, np.nan)]
    )
    def test_bad_weights(self, numbered, weight):
        with pytest.raises(DataError, match="expected one finite weight for each row"):
            AugmentedClassifier(RecordingClassifier(), "passthrough").fit(*numbered, sample_weight=weight)
