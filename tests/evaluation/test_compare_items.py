"""Comparisons on images, texts and signals: the rows, the folds, the cache, and what is refused."""

from __future__ import annotations

import math
import sys

import numpy as np
import pandas as pd
import polars as pl
import pytest
from imblearn.over_sampling import SMOTE
from sklearn.base import BaseEstimator
from sklearn.ensemble import IsolationForest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from genesis_sampling import (
    DataError,
    FlattenedSampler,
    NoiseSampler,
    TextSampler,
    TimeSeriesSampler,
    TransformSampler,
    compare_over_datasets,
    compare_samplers,
)

FOLDS = StratifiedKFold(3, shuffle=True, random_state=0)
RNG = np.random.default_rng(0)
Y = np.repeat(["ham", "spam"], [45, 15])
WORDS = {"ham": ["lunch", "meeting", "home", "today"], "spam": ["prize", "today", "home", "win"]}
TEXTS = [f"Number {place}: {' '.join(RNG.choice(WORDS[label], 3))}." for place, label in enumerate(Y)]
IMAGES = RNG.random((60, 5, 5)) * np.where(Y == "spam", 0.8, 1.0)[:, None, None]
SIGNALS = [
    RNG.normal(label == "spam", 1.0, size=5 + place % 3).astype(np.float32) for place, label in enumerate(Y)
]

CONTAINERS = {
    "tuple": tuple(TEXTS),
    "array": np.array(TEXTS),
    "objects": np.array(TEXTS, dtype=object),
    "series": pd.Series(TEXTS, index=RNG.permutation(60)),
    "polars series": pl.Series(TEXTS),
    "frame": pd.DataFrame({"text": TEXTS}, index=RNG.permutation(60)),
    "polars frame": pl.DataFrame({"text": TEXTS}),
}


def summaries(signals):
    return np.array([[np.mean(signal), np.std(signal)] for signal in signals])


def as_texts(X):
    return X["text"] if hasattr(X, "columns") else X


def as_rows(X):
    return X.reshape(len(X), -1)


OF_TEXTS = make_pipeline(FunctionTransformer(as_texts), TfidfVectorizer(), LogisticRegression())
OF_IMAGES = make_pipeline(FunctionTransformer(as_rows), LogisticRegression())
OF_SIGNALS = make_pipeline(FunctionTransformer(summaries), GaussianNB())


class Counting(GaussianNB):
    """Naive Bayes that counts how often it is fitted."""

    fits = 0

    def fit(self, X, y, sample_weight=None):
        type(self).fits += 1
        return super().fit(X, y, sample_weight)


class Recording(TransformSampler):
    """Copies of items; keeps what it is given."""

    seen: list = []

    def fit_resample(self, X, y):
        self.seen.append(list(X))
        return super().fit_resample(X, y)


class Repeating(BaseEstimator):
    """A sampler that gives the first three items once more, and tells nothing of it."""

    def fit_resample(self, X, y):
        return [*X, *X[:3]], np.concatenate([y, y[:3]])


class Failing(BaseEstimator):
    def fit_resample(self, X, y):
        raise RuntimeError("out of paper")


def compare(X, samplers, estimator, **options):
    options = {"cv": FOLDS, "scoring": ["roc_auc", "f1"], "random_state": 0} | options
    return compare_samplers(X, Y, samplers, estimator, **options)


def scores_of(result, sampler, metric="roc_auc"):
    return result.by_fold(metric, result.estimators[0]).loc[sampler].tolist()


@pytest.fixture(scope="module")
def of_list():
    return compare(TEXTS, ["tuned threshold", "copies", "changed"], OF_TEXTS)


class TestRows:
    def test_default_rows_of_texts(self):
        result = compare(TEXTS, None, OF_TEXTS)
        assert result.samplers == ["nothing", "class weights", "tuned threshold", "copies", "changed", "auto"]
        assert result.errors.empty
        means = result.to_frame().loc["Pipeline"]
        assert means["roc_auc"].between(0, 1).all()
        # Of what tables alone have there is nothing; 20 texts bring 10 to the 30 of the other class.
        assert means[["quality_score", "coverage"]].isna().all(axis=None)
        assert means.loc[["copies", "changed"], "new_rows"].tolist() == [20.0, 20.0]
        assert math.isnan(means.loc["nothing", "new_rows"])
        for page in (result.to_html(), result.to_markdown(), str(result)):
            assert "changed" in page

    def test_default_rows_of_images(self):
        pytest.importorskip("kornia", reason="ImageSampler needs kornia")
        result = compare(IMAGES, None, OF_IMAGES, cv=2, scoring="roc_auc")
        assert result.samplers == ["nothing", "class weights", "tuned threshold", "copies", "changed", "auto"]
        assert result.errors.empty

    def test_default_rows_without_a_sampler_of_that_kind(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "kornia", None)
        expected = ["nothing", "class weights", "tuned threshold", "copies", "auto"]
        for X, estimator in ((IMAGES, OF_IMAGES), (SIGNALS, OF_SIGNALS)):
            result = compare(X, None, estimator, cv=2, scoring="roc_auc")
            assert result.samplers == expected
            assert result.errors.empty

    def test_doing_nothing_is_the_estimator_on_the_same_folds(self):
        result = compare(SIGNALS, [], OF_SIGNALS)
        expected = []
        for train, test in FOLDS.split(Y, Y):
            model = OF_SIGNALS.fit([SIGNALS[place] for place in train], Y[train])
            shown = model.predict_proba([SIGNALS[place] for place in test])[:, 1]
            expected.append(roc_auc_score(Y[test] == "spam", shown))
        assert scores_of(result, "nothing") == pytest.approx(expected)

    @pytest.mark.parametrize("X", CONTAINERS.values(), ids=CONTAINERS)
    def test_scores_do_not_depend_on_the_container(self, of_list, X):
        other = compare(X, of_list.samplers, OF_TEXTS)
        assert other.errors.empty
        for name in of_list.samplers:
            assert scores_of(other, name) == scores_of(of_list, name)

    def test_the_target_is_a_column_beside_the_texts(self, of_list):
        frame = pd.DataFrame({"label": Y, "text": TEXTS})
        result = compare_samplers(frame, "label", ["changed"], OF_TEXTS, cv=FOLDS, random_state=0)
        assert scores_of(result, "changed") == scores_of(of_list, "changed")

    def test_samplers_see_training_items_alone(self):
        Recording.seen.clear()
        compare(TEXTS, [Recording()], OF_TEXTS)
        assert Recording.seen == [[TEXTS[place] for place in train] for train, _ in FOLDS.split(Y, Y)]

    def test_samplers_of_arrays_and_ratios(self):
        samplers = {"flat": FlattenedSampler(), "series": TimeSeriesSampler()}
        result = compare(IMAGES, samplers, OF_IMAGES, ratios=[0.5, 1.0])
        assert result.errors.empty
        made = result.to_frame()["new_rows"].loc["Pipeline"]
        assert made[["flat, ratio 0.5", "flat, ratio 1"]].tolist() == [5.0, 20.0]
        assert made[["series, ratio 0.5", "series, ratio 1"]].tolist() == [5.0, 20.0]

    @pytest.mark.parametrize(("X", "estimator"), [(TEXTS, OF_TEXTS), (SIGNALS, OF_SIGNALS)])
    def test_new_items_are_counted_where_no_sampler_tells(self, X, estimator):
        result = compare(X, [Repeating()], estimator)
        assert result.to_frame("new_rows").loc[("Pipeline", "Repeating"), "mean"] == 3.0

    def test_detectors_stand_behind_what_makes_columns(self):
        detector = make_pipeline(FunctionTransformer(summaries), IsolationForest(n_estimators=5))
        result = compare(SIGNALS, {"alone": IsolationForest(), "behind": detector}, OF_SIGNALS)
        assert result.errors["sampler"].unique().tolist() == ["alone"]
        assert "expected a pipeline that makes columns" in result.errors["error"][0]
        assert not np.isnan(scores_of(result, "behind")).any()

    def test_over_data_sets_of_several_kinds(self):
        rows = ["copies", "class weights"]
        results = {
            "texts": compare(TEXTS, rows, {"one": OF_TEXTS}),
            "images": compare(IMAGES, rows, {"one": OF_IMAGES}),
        }
        over = compare_over_datasets(results, "roc_auc")
        assert over.ranks.shape == (2, 3)
        assert over.left_out == {}


def test_results_are_kept_by_fold(tmp_path):
    estimator = make_pipeline(FunctionTransformer(summaries), Counting())
    Counting.fits = 0
    first = compare(SIGNALS, ["copies"], estimator, memory=tmp_path)
    assert Counting.fits == 6
    again = compare([signal.copy() for signal in SIGNALS], ["copies"], estimator, memory=tmp_path)
    assert Counting.fits == 6
    pd.testing.assert_frame_equal(again.scores, first.scores)
    # Another number in one of them is another data set.
    other = [*SIGNALS[:-1], SIGNALS[-1] + 1]
    compare(other, ["copies"], estimator, memory=tmp_path)
    assert Counting.fits == 12


def test_what_fails_is_told_and_the_others_stand():
    samplers = {"table": NoiseSampler(), "smote": SMOTE(), "paper": Failing(), "texts": TextSampler()}
    result = compare(TEXTS, samplers, OF_TEXTS)
    said = result.errors.groupby("sampler")["error"].first()
    assert said["paper"] == "in the sampler: RuntimeError: out of paper"
    for name, sampler in (("table", "NoiseSampler"), ("smote", "SMOTE")):
        assert f"Got {sampler}, a sampler of tables, for texts; expected one of items" in said[name]
        assert np.isnan(scores_of(result, name)).all()
    assert "texts" not in said
    assert not np.isnan(scores_of(result, "texts")).any()


@pytest.mark.parametrize(
    ("X", "y", "samplers", "estimator", "message"),
    [
        (TEXTS, Y, [], None, "Got no estimator for texts; expected a classifier that takes them"),
        (IMAGES, Y, [], None, "Got no estimator for images; .* lays them out as columns"),
        (TEXTS, Y[:-1], [], OF_TEXTS, "Got 59 labels for 60 rows; expected one for each"),
        (TEXTS, Y, ["noise"], OF_TEXTS, r"Got 'noise' in samplers; .* 'copies', 'changed', 'auto'\]"),
        (SIGNALS, Y, ["changed"], OF_SIGNALS, r"Got 'changed' in samplers; .* 'copies', 'auto'\]"),
        (TEXTS, "label", [], OF_TEXTS, "Got y='label' and X of type list; expected an array of labels"),
        ([], [], [], OF_TEXTS, "expected rows and columns|without rows"),
        (np.arange(60.0), Y, [], OF_TEXTS, "expected rows and columns"),
    ],
)
def test_errors(X, y, samplers, estimator, message):
    with pytest.raises(DataError, match=message) as raised:
        compare_samplers(X, y, samplers, estimator, cv=2, random_state=0)
    assert "\n" not in str(raised.value)


def test_ratios_need_a_sampler_that_can_be_told():
    with pytest.raises(
        DataError, match="Got Repeating, which has no sampling_strategy, with ratios for texts"
    ):
        compare(TEXTS, [Repeating()], OF_TEXTS, ratios=[0.5])


def test_one_column_of_few_categories_is_a_table():
    colours = pd.DataFrame({"colour": np.where(Y == "spam", "red", "blue")})
    result = compare(colours, ["noise"], None, rows_metrics=False, cv=2, scoring="f1")
    assert result.estimators == ["boosting", "logistic"]
