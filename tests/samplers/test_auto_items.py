"""Images, texts and signals: choosing among their samplers, and training behind them."""

from __future__ import annotations

import sys
from collections import Counter

import numpy as np
import pandas as pd
import polars as pl
import pytest
from imblearn.over_sampling import SMOTE, RandomOverSampler
from imblearn.pipeline import make_pipeline
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score

from genesis_sampling import (
    AugmentedClassifier,
    AutoAugmentedClassifier,
    AutoSampler,
    DataError,
    FlattenedSampler,
    GenerativeOverSampler,
    NoiseSampler,
    QualityFilter,
    TextSampler,
    TimeSeriesSampler,
    TransformSampler,
)
from genesis_sampling.samplers._candidates import default_samplers
from genesis_sampling.tables.items import kind_of_items

Y = np.repeat([0, 1], [40, 12])
TEXTS = [f"The text number {place} is {'odd' if label else 'plain'}." for place, label in enumerate(Y)]
IMAGES = np.random.default_rng(0).integers(100, 200, (len(Y), 4, 4), dtype=np.uint8)
SIGNALS = [np.arange(3.0 + place % 5) + 10.0 * label for place, label in enumerate(Y)]

TEXT_CONTAINERS = {
    "list": TEXTS,
    "array": np.array(TEXTS),
    "objects": np.array(TEXTS, dtype=object),
    "series": pd.Series(TEXTS, index=range(100, 152)),
    "frame": pd.DataFrame({"text": TEXTS}),
    "polars": pl.DataFrame({"text": TEXTS}),
}


class Oracle(ClassifierMixin, BaseEstimator):
    """Takes whatever has a length; knows the classes if it was trained on many items of the rare one."""

    def __init__(self, least=13):
        self.least = least

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        self.knows_ = (np.asarray(y) == 1).sum() >= self.least
        return self

    def predict_proba(self, X):
        signal = [float(self.knows_ and is_rare(item)) for item in items_of(X)]
        return np.column_stack([1 - np.array(signal), signal])

    def predict(self, X):
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


class WithValidation(Oracle):
    """Keeps what it is fitted to and what it may stop on."""

    def fit(self, X, y, sample_weight=None, *, X_val=None, y_val=None):
        self.seen_, self.validation_, self.weight_ = list(X), X_val, sample_weight
        return super().fit(X, y)


def items_of(X):
    """The items of any container."""
    return X["text"] if hasattr(X, "columns") else X


def is_rare(item):
    return "odd" in item if isinstance(item, str) else np.mean(item) >= 10


def texts_of(X):
    return list(items_of(X))


def auto(estimator=None, candidates="default", **options):
    options = {"ratios": [0.5], "random_state": 0} | options
    return AutoSampler(Oracle() if estimator is None else estimator, candidates, **options)


def favours_first(model, X, y):
    """A score that is larger behind a sampler of series."""
    sampler = model.named_steps["sampler"] if hasattr(model, "named_steps") else None
    return float(isinstance(sampler, TimeSeriesSampler))


class TestKinds:
    @pytest.mark.parametrize("X", TEXT_CONTAINERS.values(), ids=TEXT_CONTAINERS)
    def test_texts(self, X):
        assert kind_of_items(X) == "texts"

    @pytest.mark.parametrize(
        ("X", "kind"),
        [
            (IMAGES, "images"),
            (np.zeros((9, 4, 4, 3)), "images"),
            (np.full((9, 4, 4), -1.0), "arrays"),
            (np.zeros((9, 2, 4, 4, 3)), "arrays"),
            (SIGNALS, "arrays"),
            (list(IMAGES), "arrays"),
            (np.array([*SIGNALS, None], dtype=object)[:-1], "arrays"),
        ],
        ids=["gray", "colours", "series", "films", "ragged", "list of images", "objects"],
    )
    def test_arrays(self, X, kind):
        assert kind_of_items(X) == kind

    @pytest.mark.parametrize(
        "X",
        [
            np.zeros((9, 4)),
            [[1, "a"], [2, "b"]],
            [np.zeros(4), np.ones(4)],
            np.zeros(9),
            pd.Series([1.0, 2.0]),
            pd.DataFrame({"colour": ["red", "blue", "red", "red"]}),
            pd.DataFrame({"colour": ["dark red", "light blue"]}, dtype="category"),
            pd.DataFrame({"colour": ["dark red", "light blue", "dark red", "dark red"]}),
            pd.DataFrame({"code": ["n1", "n2", "n3"]}),
            pd.DataFrame({"name": ["Ann", "Bob"], "city": ["Rome", "Bonn"]}),
            pd.DataFrame({"size": [1.0, 2.0]}),
        ],
        ids=lambda X: type(X).__name__,
    )
    def test_tables(self, X):
        assert kind_of_items(X) is None

    def test_default_samplers_need_their_packages(self, monkeypatch):
        assert list(default_samplers("texts")) == ["changed", "copies"]
        monkeypatch.setitem(sys.modules, "kornia", None)
        assert list(default_samplers("images")) == ["copies"]
        assert list(default_samplers("arrays")) == ["copies"]


class TestAutoSampler:
    @pytest.mark.parametrize("X", TEXT_CONTAINERS.values(), ids=TEXT_CONTAINERS)
    def test_gives_the_container_that_came_in(self, X):
        """Only with made texts does the learner know the classes."""
        sampler = auto()
        X_new, y_new = sampler.fit_resample(X, Y)
        assert type(X_new) is type(X)
        assert texts_of(X_new)[: len(Y)] == TEXTS
        assert Counter(y_new.tolist()) == {0: 40, 1: 20}
        assert sampler.cv_results_["candidate"] == ["nothing", "changed, ratio 0.5", "copies, ratio 0.5"]
        assert sampler.best_candidate_ == "changed, ratio 0.5"
        assert isinstance(sampler.best_sampler_, TextSampler)
        assert sampler.sampling_strategy_ == {0: 0, 1: 8}
        assert np.flatnonzero(sampler.synthetic_mask_).tolist() == list(range(52, 60))
        np.testing.assert_array_equal(Y[sampler.sample_indices_], y_new)
        assert sampler.report_.counts_after == {0: 40, 1: 20}
        assert sampler.report_.choices["candidate"] == "changed, ratio 0.5"

    def test_makes_nothing_where_nothing_gains(self):
        sampler = auto(Oracle(least=1))
        X_new, _ = sampler.fit_resample(TEXTS, Y)
        assert sampler.best_candidate_ == "nothing"
        assert X_new == TEXTS

    def test_signals_of_several_lengths(self):
        X_new, _ = auto().fit_resample(SIGNALS, Y)
        assert isinstance(X_new, list)
        assert len(X_new) == 60
        assert all(np.mean(signal) >= 10 for signal in X_new[52:])

    @pytest.mark.parametrize(
        "sampler",
        [
            TransformSampler(np.fliplr),
            FlattenedSampler(),
            FlattenedSampler(NoiseSampler()),
            FlattenedSampler(SMOTE(k_neighbors=3)),
            QualityFilter(TransformSampler(np.fliplr), scorer=lambda real, made: np.ones(len(made))),
        ],
        ids=["transform", "flattened", "flattened noise", "flattened SMOTE", "filter"],
    )
    def test_samplers_of_arrays(self, sampler):
        first, second = (
            auto(None, {"one": sampler}, include_none=False).fit_resample(IMAGES, Y)[0] for _ in range(2)
        )
        assert first.shape == (60, 4, 4)
        assert first.dtype == np.uint8
        np.testing.assert_array_equal(first[:52], IMAGES)
        np.testing.assert_array_equal(first, second)
        assert (first[52:] != first[40]).any()

    def test_images(self):
        pytest.importorskip("kornia", reason="ImageSampler needs kornia")
        sampler = auto(include_none=False)
        X_new, _ = sampler.fit_resample(IMAGES, Y)
        assert set(sampler.cv_results_["error"]) == {""}
        assert "changed, ratio 0.5" in sampler.cv_results_["candidate"]
        assert X_new.shape == (60, 4, 4)

    def test_texts_of_a_frame_are_copied_by_others(self):
        found, _ = auto(None, [RandomOverSampler()]).fit_resample(pd.DataFrame({"text": TEXTS}), Y)
        assert set(found["text"][52:]) <= set(TEXTS[40:])

    @pytest.mark.parametrize("container", [np.asarray, pd.DataFrame, np.ndarray.tolist], ids=str)
    def test_series_that_are_rows_of_a_table(self, container):
        """Samplers of series and of tables stand beside each other."""
        series = np.random.default_rng(0).normal(size=(len(Y), 12)) + Y[:, None]
        X = container(series)
        candidates = [TimeSeriesSampler(), NoiseSampler()]
        sampler = auto(LogisticRegression(), candidates, scoring=favours_first, include_none=False)
        X_new, y_new = sampler.fit_resample(X, Y)
        assert sampler.best_candidate_ == "TimeSeriesSampler, ratio 0.5"
        assert set(sampler.cv_results_["error"]) == {""}
        assert type(X_new) is type(X)
        np.testing.assert_array_equal(np.asarray(X_new)[:52], series)
        assert np.asarray(X_new).shape == (60, 12)
        assert (y_new[52:] == 1).all()

    def test_seeds_and_groups(self):
        groups = np.arange(len(Y)) // 2
        found = [
            auto(**options).fit_resample(TEXTS, Y, groups=groups)[0]
            for options in ({}, {}, {"random_state": 1})
        ]
        assert found[0] == found[1] != found[2]

    def test_others_get_items_though_nothing_was_chosen(self):
        """Who asks for items has decided that there shall be some."""
        sampler = auto(Oracle(least=1))
        rows = sampler._make_class(sampler._check_input(SIGNALS, Y).of_class(1), 5)
        assert sampler.best_candidate_ == "nothing"
        assert (Y[rows.sources] == 1).all()
        assert len(rows) == 5

    def test_inside_the_folds_of_others(self):
        words = make_pipeline(TfidfVectorizer(), LogisticRegression())
        model = make_pipeline(auto(words), words)
        assert cross_val_score(model, TEXTS, Y, cv=2, error_score="raise").min() > 0.7

    def test_a_table_is_one_still(self):
        """A column of few categories is no column of texts."""
        colours = pd.DataFrame({"colour": np.where(np.arange(len(Y)) % 3, "red", "blue")})
        sampler = AutoSampler(candidates=[NoiseSampler()], n_repeats=1, random_state=0).fit(colours, Y)
        assert sampler.n_features_in_ == 1

    @pytest.mark.parametrize(
        ("X", "estimator", "candidates", "message"),
        [
            (TEXTS, None, "default", "Got no estimator for texts; expected a classifier that takes them"),
            (IMAGES, None, "default", "Got no estimator for images; .* lays them out as columns"),
            (TEXTS, Oracle(), [NoiseSampler()], "Got NoiseSampler, a sampler of tables, for texts"),
            (TEXTS, Oracle(), [FlattenedSampler()], "Got FlattenedSampler, a sampler of tables, for texts"),
            (IMAGES, Oracle(), [SMOTE()], "SMOTE, a sampler of tables, for images; .* FlattenedSampler"),
            (TEXTS, Oracle(), [AutoSampler()], "which has no sampling_strategy, with ratios for texts"),
        ],
    )
    def test_errors(self, X, estimator, candidates, message):
        with pytest.raises(DataError, match=message) as raised:
            AutoSampler(estimator, candidates).fit_resample(X, Y)
        assert "\n" not in str(raised.value)

    def test_lengths_that_differ(self):
        with pytest.raises(ValueError, match="inconsistent numbers of samples"):
            auto().fit_resample(TEXTS, Y[:-1])


def test_a_filter_around_a_sampler_of_texts():
    """What a sampler learns from its check is there when it makes texts."""
    sampler = QualityFilter(TextSampler(), scorer=lambda real, made: np.ones(len(made)), random_state=0)
    assert len(sampler.fit_resample(TEXTS, Y)[0]) == 80


class TestAutoAugmentedClassifier:
    def test_what_was_chosen_answers(self):
        model = AutoAugmentedClassifier(Oracle(), random_state=0).fit(TEXTS, Y)
        assert model.cv_results_["candidate"][0] == "nothing"
        assert {"tuned threshold", "changed, ratio 1", "copies, ratio 0.5"} <= {
            *model.cv_results_["candidate"]
        }
        assert model.best_candidate_.startswith(("changed", "copies"))
        np.testing.assert_array_equal(model.predict(TEXTS), Y)
        assert not hasattr(model, "n_features_in_")

    def test_a_change_of_the_model(self):
        words = make_pipeline(TfidfVectorizer(), LogisticRegression())
        candidates = ["class weights", "tuned threshold"]
        model = AutoAugmentedClassifier(
            words, candidates, scoring="balanced_accuracy", cv=2, n_repeats=1, random_state=0
        )
        X = [f"{text} {'This is plain.' if place % 3 else ''}" for place, text in enumerate(TEXTS)]
        assert model.fit(X, Y).predict_proba(X).shape == (52, 2)
        assert set(model.cv_results_["error"]) == {""}

    @pytest.mark.parametrize(
        ("estimator", "candidates", "message"),
        [
            (None, "default", "Got no estimator for texts"),
            (Oracle(), [NoiseSampler()], "Got NoiseSampler, a sampler of tables, for texts"),
        ],
    )
    def test_errors(self, estimator, candidates, message):
        with pytest.raises(DataError, match=message):
            AutoAugmentedClassifier(estimator, candidates).fit(TEXTS, Y)


class TestAugmentedClassifier:
    @pytest.mark.parametrize("X", TEXT_CONTAINERS.values(), ids=TEXT_CONTAINERS)
    def test_validation_texts_are_real_and_seen_by_no_sampler(self, X):
        model = AugmentedClassifier(
            WithValidation(), TextSampler(), validation_fraction=0.25, random_state=0
        ).fit(X, Y)
        kept = texts_of(model.estimator_.validation_)
        assert kept == [TEXTS[place] for place in model.validation_indices_]
        assert type(model.estimator_.validation_) is type(X)
        assert model.sampler_.sample_indices_.max() < len(Y) - len(kept)
        assert model.report_.counts_after == {0: 30, 1: 30}
        assert not hasattr(model, "n_features_in_")

    def test_weights_go_with_what_was_made(self):
        weight = np.arange(1.0, 53.0)
        model = AugmentedClassifier(WithValidation(), TransformSampler(str.upper), random_state=0)
        model.fit(TEXTS, Y, sample_weight=weight)
        known = dict(zip(map(str.upper, TEXTS), weight, strict=True))
        assert model.estimator_.weight_.tolist() == [known[text.upper()] for text in model.estimator_.seen_]

    def test_probabilities_are_those_of_the_data(self):
        """Every text is the same, so all that can be known is the share of the class."""
        words = make_pipeline(TfidfVectorizer(), LogisticRegression())
        model = AugmentedClassifier(words, TransformSampler(), correct_prior=True, random_state=0)
        found = model.fit(["the same text"] * len(Y), Y).predict_proba(["the same text"])
        assert found[0, 1] == pytest.approx(12 / 52, abs=1e-3)

    def test_passthrough(self):
        assert AugmentedClassifier(Oracle(least=12), "passthrough").fit(TEXTS, Y).predict(TEXTS).sum() == 12

    @pytest.mark.parametrize(
        ("estimator", "sampler", "message"),
        [
            (None, TextSampler(), "Got no estimator for texts"),
            (Oracle(), None, "Got GenerativeOverSampler, a sampler of tables, for texts"),
            (Oracle(), GenerativeOverSampler(), "expected one of items, such as TextSampler"),
        ],
    )
    def test_errors(self, estimator, sampler, message):
        with pytest.raises(DataError, match=message):
            AugmentedClassifier(estimator, sampler).fit(TEXTS, Y)
