"""Samplers of items: what each of them promises, in every container."""

from __future__ import annotations

import pickle
import random
from collections import Counter
from importlib.util import find_spec

import imblearn.utils.estimator_checks as imblearn_checks
import numpy as np
import pandas as pd
import pytest
import sklearn.utils.estimator_checks as sklearn_checks
from imblearn.over_sampling import SMOTE
from imblearn.pipeline import Pipeline
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.preprocessing import FunctionTransformer

from genesis_sampling import (
    AdversarialExampleSampler,
    AudioSampler,
    AugmentedClassifier,
    DataError,
    DiversityFilter,
    FlattenedSampler,
    ImageSampler,
    InterpolationSampler,
    NoiseSampler,
    QualityFilter,
    StyleTransferSampler,
    TextSampler,
    TimeSeriesSampler,
    TransformSampler,
)

Y = np.repeat([0, 1], [20, 8])
TEXTS = [f"{'A longer' * (place % 2)} text. Number {place} of them." for place in range(len(Y))]


def drawn_from_globals(item):
    """A transform of the kind that other libraries have: it draws from what is global."""
    return item + np.random.normal() + random.random()  # noqa: NPY002


def with_generator(item, rng):
    return item + rng.normal()


def louder(text):
    return text.upper() + "!"


def numbers(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=(len(Y), *shape))


def bytes_of(*shape):
    return np.random.default_rng(0).integers(0, 256, (len(Y), *shape), dtype=np.uint8)


def recordings():
    """Two tones, of several lengths, one for each class."""
    times = [np.arange(100 + 3 * place) / 800 for place in range(len(Y))]
    return [np.sin(2 * np.pi * (50 + 150 * label) * time) * 0.5 for time, label in zip(times, Y, strict=True)]


SAMPLERS = {
    "copies": (TransformSampler(random_state=0), numbers(4, 5)),
    "globals": (TransformSampler(drawn_from_globals, random_state=0), numbers(4, 5)),
    "texts": (TransformSampler(louder, random_state=0), [f"text {place}" for place in range(len(Y))]),
    "signals": (
        TransformSampler(with_generator, random_state=0),
        [np.arange(3.0 + place) for place in range(len(Y))],
    ),
    "changed texts": (
        TextSampler(random_state=0),
        [f"The text number {place} is here." for place in range(len(Y))],
    ),
    "series": (TimeSeriesSampler(random_state=0), numbers(30)),
    "channels": (TimeSeriesSampler(random_state=0), numbers(2, 30)),
    "adversarial": (AdversarialExampleSampler(random_state=0), numbers(3, 4)),
}
if find_spec("kornia"):
    SAMPLERS["images"] = (ImageSampler(random_state=0), bytes_of(6, 6, 3))
if find_spec("skimage"):
    SAMPLERS["styles"] = (StyleTransferSampler(random_state=0), bytes_of(6, 6))
if find_spec("audiomentations"):
    SAMPLERS["recordings"] = (AudioSampler(["noise", "gain"], sample_rate=800, random_state=0), recordings())


@pytest.fixture(params=SAMPLERS)
def case(request):
    sampler, X = SAMPLERS[request.param]
    return clone(sampler), X


def as_list(X):
    return [np.asarray(item).tolist() for item in X]


class TestEverySampler:
    def test_originals_first_and_provenance(self, case):
        sampler, X = case
        before = pickle.dumps(X)
        X_new, y_new = sampler.fit_resample(X, Y)
        assert type(X_new) is type(X)
        assert Counter(y_new.tolist()) == {0: 20, 1: 20}
        assert as_list(X_new[: len(X)]) == as_list(X)
        assert pickle.dumps(X) == before
        made = np.flatnonzero(sampler.synthetic_mask_)
        assert made.tolist() == list(range(28, 40))
        np.testing.assert_array_equal(Y[sampler.sample_indices_], y_new)
        assert sampler.sampling_strategy_ == {0: 0, 1: 12}
        assert sampler.report_.counts_after == {0: 20, 1: 20}
        assert "12" in repr(sampler.report_) + sampler.report_.to_json()

    def test_seeds(self, case):
        sampler, X = case
        first, second = (as_list(clone(sampler).fit_resample(X, Y)[0]) for _ in range(2))
        assert first == second
        if sampler.get_params().get("function", "") is not None and not isinstance(X[0], str):
            other = as_list(clone(sampler).set_params(random_state=1).fit_resample(X, Y)[0])
            assert first != other

    def test_same_for_any_number_of_jobs(self, case):
        sampler, X = case
        one, two = (
            as_list(clone(sampler).set_params(n_jobs=n_jobs, growth=20.0).fit_resample(X, Y)[0])
            for n_jobs in (1, 2)
        )
        assert len(one) == 21 * 40
        assert one == two

    def test_globals_are_left_alone(self, case, global_rng_untouched):
        sampler, X = case
        sampler.fit_resample(X, Y)

    def test_strategies(self, case):
        sampler, X = case
        _, y_new = sampler.set_params(sampling_strategy={1: 11}).fit_resample(X, Y)
        assert Counter(y_new.tolist()) == {0: 20, 1: 11}
        # A class past its target is left alone.
        _, y_new = sampler.set_params(sampling_strategy=0.1).fit_resample(X, Y)
        assert Counter(y_new.tolist()) == {0: 20, 1: 8}

    def test_fit_clone_pickle(self, case):
        sampler, X = case
        fitted = pickle.loads(pickle.dumps(sampler.fit(X, Y)))
        assert fitted.sampling_strategy_ == {0: 0, 1: 12}

    def test_errors(self, case):
        sampler, X = case
        with pytest.raises(ValueError, match="inconsistent numbers of samples"):
            sampler.fit_resample(X, Y[:-1])
        with pytest.raises(ValueError, match="no items|0 sample"):
            sampler.fit_resample(X[:0], [])


class TestTransforms:
    @pytest.mark.parametrize("dtype", ["uint8", "int16", "int64", "float32", "float64"])
    def test_dtype_stays_and_nothing_wraps(self, dtype):
        X = np.full((len(Y), 3, 3), 100).astype(dtype)
        found, _ = TransformSampler(lambda item: item * 2.4 + 100.6, random_state=0).fit_resample(X, Y)
        assert found.dtype == dtype
        expected = {"uint8": 255, "int16": 341, "int64": 341}.get(dtype, 340.6)
        np.testing.assert_allclose(found[28:].astype(float), expected, rtol=1e-6)

    def test_largest_integers(self):
        X = np.full((len(Y), 2), np.iinfo(np.int64).max)
        found, _ = TransformSampler(lambda item: item * 2.0, random_state=0).fit_resample(X, Y)
        assert (found > 0).all()

    def test_unit_range_stays(self):
        X = np.random.default_rng(0).random((len(Y), 4, 4))
        found, _ = TransformSampler(lambda item: item * 3 - 1, random_state=0).fit_resample(X, Y)
        assert found.min() >= 0
        assert found.max() <= 1
        found, _ = TransformSampler(lambda item: item * 3 - 1, random_state=0).fit_resample(X + 1, Y)
        assert found.max() > 2

    def test_batches(self):
        def flipped(items):
            assert items.ndim == 3
            return items[:, :, ::-1]

        X = numbers(4, 5)
        sampler = TransformSampler(flipped, batched=True, random_state=0)
        found, _ = sampler.fit_resample(X, Y)
        np.testing.assert_array_equal(found[28:], X[sampler.sample_indices_[28:], :, ::-1])

    def test_a_function_without_a_signature(self):
        found, _ = TransformSampler(np.negative, random_state=0).fit_resample(numbers(3), Y)
        assert found.shape == (40, 3)

    @pytest.mark.parametrize(
        ("function", "batched", "message"),
        [
            (lambda item: item[:2], False, r"shape \(2, 5\)"),
            (lambda items: items[:, :2], True, r"shape \(2, 5\)"),
            (lambda items: items[:-1], True, "expected one new item for each"),
        ],
    )
    def test_errors(self, function, batched, message):
        with pytest.raises(DataError, match=message):
            TransformSampler(function, batched=batched).fit_resample(numbers(4, 5), Y)


class TestSeries:
    @pytest.mark.parametrize(
        "operations",
        [
            "default",
            ["permutation"],
            ["masking", "spectral_noise", "window_warp"],
            {"jitter": {"sigma": 0.5}},
        ],
        ids=str,
    )
    @pytest.mark.parametrize("n_operations", [1, None])
    def test_operations(self, operations, n_operations):
        X = numbers(2, 30)
        sampler = TimeSeriesSampler(operations, n_operations=n_operations, random_state=0)
        found, _ = sampler.fit_resample(X, Y)
        assert found.shape == (40, 2, 30)
        assert np.isfinite(found).all()
        assert (found[28:] != X[sampler.sample_indices_[28:]]).any(axis=(1, 2)).all()

    def test_a_class_keeps_its_level(self):
        """Each of the defaults changes series about their own values: the mean over many stays near."""
        X = np.repeat(10 + np.sin(np.linspace(0, 6, 40))[None], len(Y), 0)
        found, _ = TimeSeriesSampler(
            {"scaling": {"sigma": 0.1}}, n_operations=None, random_state=0, growth=20.0
        ).fit_resample(X, Y)
        made = found[28:]
        # A factor of deviation .1 for each series.
        assert abs(made.mean() / X.mean() - 1) < 5 * 0.1 / np.sqrt(len(made))

    def test_frames(self):
        frame = pd.DataFrame(numbers(12)).add_prefix("t")
        found, _ = TimeSeriesSampler(random_state=0).fit_resample(frame, Y)
        assert list(found.columns) == list(frame.columns)
        pd.testing.assert_frame_equal(found.iloc[:28], frame)

    @pytest.mark.slow  # the library compiles itself at the first call
    def test_barycentres_are_between_their_class(self):
        pytest.importorskip("tslearn", reason="averages under time warping need tslearn")
        X = numbers(16) * 0.1 + np.where(Y == 1, 5.0, -5.0)[:, None]
        sampler = TimeSeriesSampler({"jitter": {"sigma": 0.0}}, barycenters=1.0, random_state=0)
        found, _ = sampler.fit_resample(X, Y)
        own = X[Y == 1]
        made = found[28:]
        assert (made >= own.min() - 1e-9).all()
        assert (made <= own.max() + 1e-9).all()
        assert made.std(axis=0).mean() < own.std(axis=0).mean()

    @pytest.mark.parametrize(
        ("X", "message"),
        [
            (numbers(1), "one point"),
            (numbers(2, 2, 9), r"\(n_series, t\) or \(n_series, channels, t\)"),
            ([np.arange(5.0 + place) for place in range(len(Y))], "to one length"),
            (np.where(np.arange(20) == 3, np.nan, numbers(20)), "Interpolate"),
            (["text"] * len(Y), "expected numbers"),
        ],
        ids=["short", "rank", "ragged", "gaps", "texts"],
    )
    def test_errors(self, X, message):
        with pytest.raises(DataError, match=message):
            TimeSeriesSampler().fit_resample(X, Y)

    @pytest.mark.parametrize("operations", [["jiter"], []])
    def test_unknown_operations(self, operations):
        with pytest.raises(DataError, match="expected some of jitter, scaling"):
            TimeSeriesSampler(operations).fit_resample(numbers(9), Y)


class TestFlattened:
    @pytest.mark.parametrize(
        "sampler", [None, NoiseSampler(random_state=0), SMOTE(k_neighbors=3, random_state=0)]
    )
    def test_any_sampler(self, sampler):
        X = numbers(3, 4, 2)
        flattened = FlattenedSampler(sampler)
        found, y_new = flattened.fit_resample(X, Y)
        assert found.shape == (40, 3, 4, 2)
        np.testing.assert_array_equal(found[:28], X)
        assert Counter(y_new.tolist()) == {0: 20, 1: 20}
        assert set(flattened.sampling_strategy_) <= {0, 1}

    def test_provenance(self):
        sampler = FlattenedSampler(InterpolationSampler(k_neighbors=3, random_state=0))
        sampler.fit_resample(numbers(3, 4), Y)
        assert sampler.synthetic_mask_.sum() == 12
        assert sampler.report_.counts_after == {0: 20, 1: 20}

    def test_images_stay_bytes(self):
        X = np.random.default_rng(0).integers(200, 256, (len(Y), 4, 4), dtype=np.uint8)
        found, _ = FlattenedSampler(InterpolationSampler(k_neighbors=3, random_state=0)).fit_resample(X, Y)
        assert found.dtype == np.uint8
        assert found.min() >= 200

    @pytest.mark.parametrize("sampler", [None, NoiseSampler(), SMOTE(k_neighbors=3)])
    def test_seeds(self, sampler):
        X = numbers(3, 4)
        first, second, other = (
            FlattenedSampler(sampler, random_state=seed).fit_resample(X, Y)[0] for seed in (0, 0, 1)
        )
        np.testing.assert_array_equal(first, second)
        assert (first != other).any()

    def test_a_seed_of_its_own_stays(self):
        X, sampler = numbers(3, 4), NoiseSampler(random_state=5)
        first, second = (
            FlattenedSampler(sampler, random_state=seed).fit_resample(X, Y)[0] for seed in (None, 1)
        )
        np.testing.assert_array_equal(first, second)

    def test_a_class(self):
        with pytest.raises(DataError, match="expected a sampler"):
            FlattenedSampler(NoiseSampler).fit_resample(numbers(2, 2), Y)


class TestFilters:
    @pytest.mark.parametrize("X", [TEXTS, np.array(TEXTS), pd.Series(TEXTS)], ids=["list", "array", "series"])
    def test_a_filter_around_a_filter_takes_texts(self, X):
        def is_long(real, made):
            return made["item"].str.len().gt(20).astype(float)

        inner = QualityFilter(TransformSampler(louder), scorer=lambda real, made: np.ones(len(made)))
        found, _ = QualityFilter(inner, scorer=is_long, random_state=0).fit_resample(X, Y)
        assert type(found) is type(X)
        assert list(found)[:28] == TEXTS
        assert all(len(text) > 20 and text.endswith("!") for text in list(found)[28:])

    def test_frames_of_arrays_have_them_as_cells(self):
        def shapes(real, made):
            assert {item.shape for frame in (real, made) for item in frame["item"]} == {(3, 4)}
            return (np.stack(made["item"]).mean(axis=(1, 2)) > 0).astype(float)

        found, _ = QualityFilter(TransformSampler(random_state=0), scorer=shapes).fit_resample(
            numbers(3, 4), Y
        )
        assert (found[28:].mean(axis=(1, 2)) > 0).all()

    @pytest.mark.parametrize("sampler", [None, NoiseSampler(), SMOTE(k_neighbors=3)])
    def test_around_samplers_of_tables(self, sampler):
        X = numbers(3, 4)
        found, _ = DiversityFilter(FlattenedSampler(sampler), random_state=0).fit_resample(X, Y)
        assert found.shape == (40, 3, 4)
        np.testing.assert_array_equal(found[:28], X)
        assert len(np.unique(found.reshape(40, -1), axis=0)) == 40

    def test_rows_that_are_series_have_columns(self):
        sampler = QualityFilter(TimeSeriesSampler(), scorer=lambda real, made: np.ones(len(made)))
        assert sampler.fit(numbers(9), Y).n_features_in_ == 9


class WeightedModel(ClassifierMixin, BaseEstimator):
    """Takes arrays of any shape, and weights."""

    def fit(self, X, y, sample_weight=None):
        self.classes_ = np.unique(y)
        self.sample_weight_ = sample_weight
        return self

    def predict_proba(self, X):
        return np.full((len(X), len(self.classes_)), 1 / len(self.classes_))

    def predict(self, X):
        return np.full(len(X), self.classes_[0])


def test_weights_of_items_need_to_know_their_sources():
    weight = np.arange(1.0, len(Y) + 1)
    model = AugmentedClassifier(WeightedModel(), FlattenedSampler(SMOTE(k_neighbors=3)))
    with pytest.raises(DataError, match="does not tell the arrays that its own come from"):
        model.fit(numbers(3, 4), Y, sample_weight=weight)
    model.set_params(sampler=TransformSampler(random_state=0)).fit(numbers(3, 4), Y, sample_weight=weight)
    np.testing.assert_array_equal(model.estimator_.sample_weight_, weight[model.sampler_.sample_indices_])


# Published checks that cannot apply: items are no rows of a table.
NO_TABLES = {
    "check_fit1d": "each of the numbers is an item",
    "check_samplers_string": "texts are items, not cells",
    "check_samplers_pandas_sparse": "a frame is one of numbers, laid out as an array",
    "check_array_api_input": "for another kind of arrays",
}
TABULAR = {
    "transform": TransformSampler(random_state=0),
    "series": TimeSeriesSampler(random_state=0),
    "flattened": FlattenedSampler(NoiseSampler(random_state=0)),
}


@pytest.mark.parametrize(
    ("sampler", "check"),
    [
        pytest.param(sampler, check, id=f"{name}-{check.func.__name__}")
        for name, sampler in TABULAR.items()
        for suite in (sklearn_checks, imblearn_checks)
        for _, check in suite.estimator_checks_generator(sampler)
        if name == "flattened" or check.func.__name__ not in NO_TABLES
    ],
)
def test_published_checks(sampler, check):
    check(clone(sampler))


@pytest.mark.parametrize("sampler", TABULAR.values(), ids=TABULAR)
def test_parameters(sampler):
    imblearn_checks.check_param_validation(type(sampler).__name__, clone(sampler))


def flat(items):
    return np.array([np.ravel(item) for item in items], dtype=np.float64)


def loudness_of_bands(items):
    return np.array([np.log(np.abs(np.fft.rfft(item, 64)) + 1e-9) for item in items])


def classified(modality):
    """A sampler, a step that makes features, and items of two classes that these tell apart."""
    if modality == "texts":
        words = np.where(Y == 1, "buy now", "see you")
        return (
            TextSampler(random_state=0),
            TfidfVectorizer(),
            [f"{word} number {place}" for place, word in enumerate(words)],
        )
    if modality == "series":
        return (
            TimeSeriesSampler(random_state=0),
            FunctionTransformer(flat),
            numbers(2, 20) + 2.0 * Y[:, None, None],
        )
    if modality == "recordings":
        pytest.importorskip("audiomentations", reason="AudioSampler needs audiomentations")
        sampler = AudioSampler(["noise", "gain"], sample_rate=800, random_state=0)
        return sampler, FunctionTransformer(loudness_of_bands), recordings()
    pytest.importorskip("kornia", reason="ImageSampler needs kornia")
    images = np.random.default_rng(0).random((len(Y), 8, 8)) * 0.3 + 0.5 * Y[:, None, None]
    return ImageSampler(["shift", "noise"], random_state=0), FunctionTransformer(flat), images


@pytest.mark.parametrize("modality", ["texts", "series", "recordings", "images"])
def test_grid_search(modality):
    """In a pipeline in front of what makes features of items; the rows that judge are never touched."""
    sampler, features, X = classified(modality)
    pipeline = Pipeline([("sampler", sampler), ("features", features), ("model", LogisticRegression())])
    grid = {"sampler__sampling_strategy": [0.5, 1.0], "sampler__n_operations": [1, 2]}
    search = GridSearchCV(pipeline, grid, cv=2, error_score="raise").fit(X, Y)
    assert search.best_score_ > 0.9
