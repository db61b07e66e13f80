"""Samplers inside pipelines, searches and cross-validation: fresh state per fold, no synthetic row in validation."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import sklearn
from imblearn.pipeline import Pipeline, make_pipeline
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, StratifiedKFold, cross_val_score, cross_validate
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from genesis_sampling import ConstraintFilter, GenerativeOverSampler, HybridSampler, NoiseSampler


@pytest.fixture
def table():
    """120 rows, two classes of 90 and 30, a number that helps, a category that does not, and a row number."""
    rng = np.random.default_rng(0)
    y = np.repeat(["no", "yes"], [90, 30])
    X = pd.DataFrame(
        {"a": rng.normal(size=120) + (y == "yes"), "c": rng.choice(["x", "y"], 120), "row": np.arange(120.0)}
    )
    return X, y


class SpyClassifier(ClassifierMixin, BaseEstimator):
    """Remembers what it was fitted to and asked about, in a list of the class."""

    fitted: list = []
    asked: list = []

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        self.fitted.append((X, y))
        return self

    def predict(self, X):
        self.asked.append(X)
        return np.full(len(X), self.classes_[0])


@pytest.fixture
def spied():
    SpyClassifier.fitted, SpyClassifier.asked = [], []
    return SpyClassifier


def classifier():
    encoder = make_column_transformer((OneHotEncoder(), ["c"]), remainder="passthrough")
    return make_pipeline(encoder, StandardScaler(), LogisticRegression())


def test_cross_validation(sampler, table):
    scores = cross_val_score(
        Pipeline([("sampler", sampler), ("model", classifier())]), *table, error_score="raise"
    )
    assert scores.shape == (5,)
    assert scores.min() > 0.2


def test_result_does_not_depend_on_jobs(sampler, table):
    pipeline = Pipeline([("sampler", sampler), ("model", classifier())])
    one = cross_val_score(pipeline, *table, error_score="raise", scoring="neg_log_loss")
    two = cross_val_score(pipeline, *table, error_score="raise", scoring="neg_log_loss", n_jobs=2)
    np.testing.assert_array_equal(one, two)


def test_no_synthetic_row_reaches_a_validation_fold(sampler, table, spied):
    X, y = table
    cross_validate(make_pipeline(sampler, spied()), X, y, cv=StratifiedKFold(3), error_score="raise")
    folds = list(StratifiedKFold(3).split(X, y))
    assert len(spied.asked) == len(folds)
    for (train, test), asked, (seen, labels) in zip(folds, spied.asked, spied.fitted, strict=True):
        pd.testing.assert_frame_equal(asked, X.iloc[test])
        # Real rows that the model learned from are of its own training part.
        known = {(row, a) for row, a in zip(X["row"], X["a"], strict=True)}
        real = known.intersection(zip(seen["row"], seen["a"], strict=True))
        assert real
        assert {row for row, _ in real} <= set(X["row"].iloc[train])
        assert len(seen) == len(labels)


def test_over_samplers_balance_each_training_fold(over_sampler, table, spied):
    cross_validate(make_pipeline(over_sampler, spied()), *table, cv=StratifiedKFold(3), error_score="raise")
    assert [np.unique(labels, return_counts=True)[1].tolist() for _, labels in spied.fitted] == [[60, 60]] * 3


def test_search_over_ratios(over_sampler, table, spied):
    grid = {"sampler__sampling_strategy": [0.5, 0.75, 1.0, {"yes": 30}]}
    pipeline = Pipeline([("sampler", over_sampler), ("model", spied())])
    GridSearchCV(pipeline, grid, cv=StratifiedKFold(3), refit=False, error_score="raise").fit(*table)
    made = [(labels == "yes").sum() for _, labels in spied.fitted]
    assert sorted(made) == sorted([30, 45, 60, 30] * 3)


@pytest.mark.parametrize(
    ("sampler", "grid"),
    [
        (NoiseSampler(random_state=0), {"noise_scale": [0.0, 0.5], "growth": [0.0, 0.5]}),
        (GenerativeOverSampler(random_state=0), {"generator": ["tree", "gaussian_copula"]}),
        (
            HybridSampler(NoiseSampler(), random_state=0),
            {"over__noise_scale": [0.0, 0.5], "majority_count": [40, "keep"]},
        ),
        (
            HybridSampler([("noise", NoiseSampler())], random_state=0),
            {
                "noise__noise_scale": [0.0, 0.5],
                "noise": [NoiseSampler(), GenerativeOverSampler("gaussian_copula")],
            },
        ),
        (
            ConstraintFilter("a > -9", NoiseSampler(), random_state=0),
            {"sampler__noise_scale": [0.0, 0.5], "on_violation": ["resample", "drop"]},
        ),
    ],
    ids=["noise", "generative", "hybrid", "hybrid of names", "constrained"],
)
def test_search_over_nested_parameters(sampler, grid, table):
    grid = {f"sampler__{name}": values for name, values in grid.items()}
    if "sampler__noise" in grid:
        grid = [
            {"sampler__noise__noise_scale": grid["sampler__noise__noise_scale"]},
            {"sampler__noise": grid["sampler__noise"]},
        ]
    pipeline = Pipeline([("sampler", sampler), ("model", classifier())])
    search = GridSearchCV(pipeline, grid, cv=3, error_score="raise").fit(*table)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert search.best_estimator_["sampler"].report_.counts_before == {"no": 90, "yes": 30}


def test_fold_that_is_past_its_ratio_is_no_error(over_sampler, table):
    X, y = table
    pipeline = make_pipeline(over_sampler.set_params(sampling_strategy=0.1), classifier())
    assert np.isfinite(cross_val_score(pipeline, X, y, error_score="raise")).all()


def test_predict_and_score_do_not_resample(sampler, table):
    X, y = table
    pipeline = make_pipeline(sampler, classifier()).fit(X, y)
    assert pipeline.predict(X).shape == (120,)
    assert pipeline.predict(X[:7]).shape == (7,)


def test_gaps_go_through_to_a_model_that_takes_them(over_sampler, table):
    X, y = table
    X.loc[::5, "a"] = np.nan
    X["c"] = X["c"].astype("category")
    model = HistGradientBoostingClassifier(max_iter=5, categorical_features="from_dtype")
    assert np.isfinite(cross_val_score(make_pipeline(over_sampler, model), X, y, error_score="raise")).all()


class TestRouting:
    def test_weights_reach_the_noise_sampler(self, table, spied):
        X, y = table
        weights = (np.arange(120) >= 110).astype(float) + (y == "no")
        with sklearn.config_context(enable_metadata_routing=True):
            noise = NoiseSampler(noise_scale=0, flip_probability=0, random_state=0)
            noise.set_fit_resample_request(sample_weight=True)
            make_pipeline(noise, spied()).fit(X, y, sample_weight=weights)
        ((seen, _),) = spied.fitted
        assert len(seen) == 180
        assert seen["row"][120:].min() >= 110

    def test_weights_are_split_with_the_folds(self, table, spied):
        X, y = table
        weights = (np.arange(120) % 2).astype(float)
        with sklearn.config_context(enable_metadata_routing=True):
            noise = NoiseSampler(noise_scale=0, flip_probability=0, random_state=0)
            noise.set_fit_resample_request(sample_weight=True)
            cross_validate(
                make_pipeline(noise, spied()),
                X,
                y,
                scoring=lambda estimator, X, y: estimator.score(X, y),
                cv=StratifiedKFold(3),
                params={"sample_weight": weights},
                error_score="raise",
            )
        assert [len(seen) for seen, _ in spied.fitted] == [120] * 3
        for seen, _ in spied.fitted:
            assert (seen["row"][80:] % 2 == 1).all()

    def test_unrequested_weights_are_refused(self, table, spied):
        with sklearn.config_context(enable_metadata_routing=True):
            pipeline = make_pipeline(NoiseSampler(), spied())
            with pytest.raises((ValueError, TypeError), match="sample_weight"):
                pipeline.fit(*table, sample_weight=np.ones(120))
