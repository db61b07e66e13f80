"""GenerativeOverSampler: which generator, fitted to what, how often."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest
from imblearn.pipeline import Pipeline
from sklearn.base import BaseEstimator, clone
from sklearn.linear_model import LogisticRegression
from sklearn.mixture import GaussianMixture
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.neighbors import KernelDensity

from genesis_sampling import (
    Constraint,
    DataError,
    GaussianCopulaGenerator,
    GenerativeOverSampler,
    SmallClassWarning,
    TreeGenerator,
)


class SpyGenerator(GaussianCopulaGenerator):
    """Writes a line to a file at every fit."""

    def __init__(
        self, log="", shrinkage="auto", interpolate=True, categorical_features="auto", random_state=None
    ):
        super().__init__(
            shrinkage=shrinkage,
            interpolate=interpolate,
            categorical_features=categorical_features,
            random_state=random_state,
        )
        self.log = log

    _parameter_constraints: dict = {**GaussianCopulaGenerator._parameter_constraints, "log": [str]}

    def fit(self, X, y=None, *, schema=None):
        with Path(self.log).open("a") as log:
            log.write(f"{len(X)} rows\n")
        return super().fit(X, y, schema=schema)


class InterruptedGenerator(SpyGenerator):
    """One whose training is always ended by the user."""

    def fit(self, X, y=None, *, schema=None):
        self.stop_reason_ = "interrupt"
        return super().fit(X, y, schema=schema)


class Bootstrap:
    """A user's own generator: no parameters, no seed, ``fit`` returns nothing."""

    def fit(self, X):
        self.rows = np.asarray(X, dtype=float)
        self.seen = type(X)

    def sample(self, n):
        return self.rows[np.arange(n) % len(self.rows)] + 0.3


class BootstrapEstimator(BaseEstimator):
    """A user's own generator that follows scikit-learn and learns labels."""

    def __init__(self, shift=0.0, random_state=None):
        self.shift = shift
        self.random_state = random_state

    def fit(self, X, y=None):
        self.rows, self.labels = X, y
        return self

    def sample(self, n, y=None, random_state=None):
        rows = self.rows if y is None else self.rows[self.labels == y]
        return rows.sample(n, replace=True, random_state=random_state) + self.shift


@pytest.fixture
def spy(tmp_path):
    """A spy, and how many fits it has seen."""
    log = tmp_path / "fits.log"
    log.touch()
    return SpyGenerator(str(log)), lambda: len(log.read_text().splitlines())


@pytest.fixture
def three():
    rng = np.random.default_rng(0)
    y = np.repeat(["a", "b", "c"], [150, 25, 25])
    X = rng.normal(size=(200, 3)) + np.array([0.0, 2.0, 4.0])[np.repeat([0, 1, 2], [150, 25, 25])][:, None]
    return X, y


class TestCache:
    def test_search_over_ratios_fits_each_generator_once_a_fold(self, spy, three, tmp_path):
        generator, n_fits = spy
        ratios = [0.3, 0.4, 0.5, 0.6, 0.8, 1.0]
        sampler = GenerativeOverSampler(generator, memory=tmp_path / "cache", random_state=0)
        search = GridSearchCV(
            Pipeline([("over", sampler), ("model", LogisticRegression())]),
            {"over__sampling_strategy": ratios},
            cv=StratifiedKFold(5),
            refit=False,
            error_score="raise",
        ).fit(*three)
        assert len(search.cv_results_["params"]) == len(ratios)
        # 5 folds x 6 ratios, but 5 fits for each of the two classes that are enlarged.
        assert n_fits() == 5 * 2

    def test_without_memory_every_ratio_fits_anew(self, spy, three):
        generator, n_fits = spy
        for ratio in (0.5, 1.0):
            GenerativeOverSampler(generator, sampling_strategy=ratio, random_state=0).fit_resample(*three)
        assert n_fits() == 4

    def test_cached_rows_are_those_of_an_uncached_sampler(self, spy, three, tmp_path):
        generator, n_fits = spy
        plain = GenerativeOverSampler(generator, random_state=0)
        cached = clone(plain).set_params(memory=joblib.Memory(tmp_path / "cache", verbose=0))
        expected, _ = plain.fit_resample(*three)
        for _ in range(3):
            np.testing.assert_array_equal(cached.fit_resample(*three)[0], expected)
        assert n_fits() == 2 + 2

    def test_smaller_ratio_gives_the_first_rows_of_a_larger_one(self, spy, three, tmp_path):
        sampler = GenerativeOverSampler(spy[0], memory=str(tmp_path / "cache"), random_state=0)
        more, labels = sampler.set_params(sampling_strategy=1.0).fit_resample(*three)
        fewer, fewer_labels = sampler.set_params(sampling_strategy=0.5).fit_resample(*three)
        for label in ("b", "c"):
            expected = more[200:][labels[200:] == label][:50]
            np.testing.assert_array_equal(fewer[200:][fewer_labels[200:] == label], expected)

    def test_is_bypassed_without_a_seed(self, spy, three, tmp_path):
        generator, n_fits = spy
        sampler = GenerativeOverSampler(generator, memory=tmp_path / "cache")
        first, _ = sampler.fit_resample(*three)
        second, _ = sampler.fit_resample(*three)
        assert n_fits() == 4
        assert not np.array_equal(first, second)
        assert not list((tmp_path / "cache").rglob("*.pkl"))

    def test_knows_a_generator_with_a_seed_of_its_own(self, spy, three, tmp_path):
        generator, n_fits = spy
        sampler = GenerativeOverSampler(generator.set_params(random_state=1), memory=tmp_path / "cache")
        first, _ = sampler.fit_resample(*three)
        second, _ = sampler.fit_resample(*three)
        assert n_fits() == 2
        assert not np.array_equal(first, second), "draws have no seed, only the fit has"

    @pytest.mark.parametrize(
        "change",
        [
            lambda sampler, X, y: sampler.set_params(random_state=1),
            lambda sampler, X, y: sampler.set_params(generator__shrinkage=0.5),
            lambda sampler, X, y: sampler.set_params(categorical_features=[0]),
            lambda sampler, X, y: np.copyto(X[-1:], X[-1:] + 1e-9),
        ],
        ids=["seed", "parameter", "schema", "value"],
    )
    def test_fits_again_when_something_changes(self, spy, tmp_path, change):
        generator, n_fits = spy
        X, y = np.random.default_rng(0).integers(0, 9, (60, 2)).astype(float), np.repeat(["a", "b"], [45, 15])
        sampler = GenerativeOverSampler(generator, memory=tmp_path / "cache", random_state=0)
        sampler.fit_resample(X, y)
        change(sampler, X, y)
        sampler.fit_resample(X, y)
        assert n_fits() == 2

    @pytest.mark.parametrize("text", ["str", "object", "category"])
    def test_equal_tables_are_known_again_whatever_their_memory_looks_like(self, spy, tmp_path, text):
        generator, n_fits = spy
        sampler = GenerativeOverSampler(generator, memory=tmp_path / "cache", random_state=0)
        for separator in ("", " "):  # built apart, so that no string is shared
            words = [("red" + separator).strip() if row % 3 else "blue" for row in range(60)]
            X = pd.DataFrame({"c": pd.Series(words, dtype=text), "a": np.arange(60.0)})
            sampler.fit_resample(X, ["x"] * 45 + ["y"] * 15)
        assert n_fits() == 1

    def test_labels_are_part_of_the_key(self, spy, three, tmp_path):
        generator, n_fits = spy
        X, y = three
        sampler = GenerativeOverSampler(generator, train_on="all", memory=tmp_path / "cache", random_state=0)
        sampler.fit_resample(X, y)
        sampler.fit_resample(X, y)
        assert n_fits() == 1
        sampler.fit_resample(X, np.where(np.arange(200) == 60, "b", y))
        assert n_fits() == 2

    def test_a_fit_that_was_interrupted_stops_the_run_and_is_not_kept(self, spy, three, tmp_path):
        generator, n_fits = InterruptedGenerator(spy[0].log), spy[1]
        sampler = GenerativeOverSampler(generator, train_on="all", memory=tmp_path / "cache", random_state=0)
        for _ in range(2):
            with pytest.raises(KeyboardInterrupt):
                sampler.fit_resample(*three)
        assert n_fits() == 2

    def test_users_own_object_is_not_cached(self, three, tmp_path):
        sampler = GenerativeOverSampler(Bootstrap(), memory=tmp_path / "cache", random_state=0)
        assert Counter(sampler.fit_resample(*three)[1]) == {"a": 150, "b": 150, "c": 150}


class TestGenerators:
    @pytest.mark.parametrize(
        ("generator", "name"),
        [
            ("tree", "TreeGenerator"),
            ("gaussian_copula", "GaussianCopulaGenerator"),
            (TreeGenerator(), "TreeGenerator"),
            (KernelDensity(), "EstimatorGenerator"),
            (GaussianMixture(2), "EstimatorGenerator"),
            (BootstrapEstimator(), "BootstrapEstimator"),
        ],
        ids=lambda value: value if isinstance(value, str) else type(value).__name__,
    )
    def test_choice_is_reported_for_every_class(self, three, generator, name):
        sampler = GenerativeOverSampler(generator, random_state=0)
        X_new, y_new = sampler.fit_resample(*three)
        assert sampler.report_.choices == {"generator of class 'b'": name, "generator of class 'c'": name}
        assert Counter(y_new) == {"a": 150, "b": 150, "c": 150}
        # Classes lie at 0, 2 and 4: what is drawn must be of its class.
        for label, centre in (("b", 2.0), ("c", 4.0)):
            made = X_new[200:][y_new[200:] == label]
            real = three[0][three[1] == label]
            assert abs(made.mean() - real.mean()) < 0.5
            assert abs(made.mean() - centre) < 0.8

    def test_auto_goes_by_the_size_of_the_class(self):
        X = np.random.default_rng(0).normal(size=(300, 2))
        y = np.repeat(["a", "b", "c"], [200, 51, 49])
        sampler = GenerativeOverSampler(random_state=0)
        sampler.fit_resample(X, y)
        assert sampler.report_.choices == {
            "generator of class 'b'": "TreeGenerator",
            "generator of class 'c'": "GaussianCopulaGenerator",
        }

    def test_no_source_rows_are_claimed(self, three):
        sampler = GenerativeOverSampler("gaussian_copula", random_state=0)
        sampler.fit_resample(*three)
        assert (sampler.sample_indices_[200:] == -1).all()

    def test_parameters_by_name_and_by_instance_agree(self, three):
        by_name = GenerativeOverSampler(
            "gaussian_copula", generator_params={"interpolate": False}, random_state=0
        )
        by_instance = GenerativeOverSampler(GaussianCopulaGenerator(interpolate=False), random_state=0)
        by_grid = GenerativeOverSampler(GaussianCopulaGenerator(), random_state=0)
        by_grid.set_params(generator__interpolate=False)
        expected, _ = by_name.fit_resample(*three)
        assert np.isin(expected, three[0]).all(), "without interpolation only seen values are drawn"
        np.testing.assert_array_equal(by_instance.fit_resample(*three)[0], expected)
        np.testing.assert_array_equal(by_grid.fit_resample(*three)[0], expected)

    def test_instance_is_not_fitted_or_seeded_itself(self, three):
        generator = GaussianCopulaGenerator()
        GenerativeOverSampler(generator, random_state=0).fit_resample(*three)
        assert generator.random_state is None
        assert not hasattr(generator, "encoder_")

    def test_parameters_beside_an_instance_are_refused(self, three):
        sampler = GenerativeOverSampler(GaussianCopulaGenerator(), generator_params={"interpolate": False})
        with pytest.raises(DataError, match="generator_params beside a generator instance"):
            sampler.fit_resample(*three)

    def test_unknown_parameter_is_named(self, three):
        sampler = GenerativeOverSampler("gaussian_copula", generator_params={"shrink": 1})
        with pytest.raises(ValueError, match="Invalid parameter 'shrink'"):
            sampler.fit_resample(*three)

    def test_categories_of_the_sampler_reach_the_generator(self):
        X = pd.DataFrame({"code": np.repeat([1.0, 9.0], 50), "a": np.arange(100.0)})
        sampler = GenerativeOverSampler("gaussian_copula", categorical_features=["code"], random_state=0)
        X_new, _ = sampler.fit_resample(X, np.tile([0, 0, 0, 1], 25))
        assert set(X_new["code"]) == {1.0, 9.0}

    def test_categories_of_the_generator_win(self):
        X = pd.DataFrame({"code": np.arange(100) % 9, "a": np.random.default_rng(0).normal(size=100)})
        generator = GaussianCopulaGenerator(categorical_features=["code"])
        spied = GenerativeOverSampler(generator, categorical_features=["a"], random_state=0)
        X_new, _ = spied.fit_resample(X, np.tile([0, 0, 0, 1], 25))
        # As a category "a" could only take values that were seen.
        assert not X_new["a"][100:].isin(X["a"]).all()


class TestUsersOwn:
    def test_object_without_parameters(self, three):
        X_new, y_new = GenerativeOverSampler(Bootstrap()).fit_resample(*three)
        np.testing.assert_array_equal(X_new[200:325][y_new[200:325] == "b"][:25], three[0][150:175] + 0.3)

    @pytest.mark.parametrize("dtype", ["int8", "uint8", "Int16"])
    def test_what_it_draws_is_rounded_to_the_dtypes(self, dtype):
        X = pd.DataFrame({"a": pd.Series(np.full(30, 100), dtype=dtype), "b": 0.5})
        X_new, _ = GenerativeOverSampler(Bootstrap()).fit_resample(X, [0] * 20 + [1] * 10)
        assert X_new["a"].dtype == dtype
        assert (X_new["a"][30:] == 100).all()  # 100.3
        assert (X_new["b"][30:] == 0.8).all()

    def test_wrong_shape_is_told(self, three):
        class Narrow(Bootstrap):
            def sample(self, n):
                return super().sample(n)[:, :2]

        with pytest.raises(
            DataError, match=r"Got rows of shape \(125, 2\) from Narrow.sample\(125\); expected \(125, 3\)"
        ):
            GenerativeOverSampler(Narrow()).fit_resample(*three)

    def test_seed_reaches_an_estimator(self, three):
        sampler = GenerativeOverSampler(BootstrapEstimator(shift=0.1), random_state=0)
        np.testing.assert_array_equal(sampler.fit_resample(*three)[0], sampler.fit_resample(*three)[0])

    def test_object_that_is_none_is_refused(self, three):
        with pytest.raises(ValueError, match="'generator' parameter of GenerativeOverSampler must be"):
            GenerativeOverSampler(42).fit_resample(*three)


class TestTrainOnAll:
    @pytest.mark.parametrize("labels", [["a", "b", "c"], [0, 1, 2], [2.0, 3.0, 5.0]])
    def test_fits_once_and_draws_every_class(self, spy, three, labels):
        generator, n_fits = spy
        X, y = three[0], np.array(labels)[np.searchsorted(["a", "b", "c"], three[1])]
        sampler = GenerativeOverSampler(generator, train_on="all", random_state=0)
        X_new, y_new = sampler.fit_resample(X, y)
        assert n_fits() == 1
        assert set(Counter(y_new.tolist()).values()) == {150}
        for label, centre in zip(labels, (0.0, 2.0, 4.0), strict=True):
            made = X_new[200:][y_new[200:] == label]
            assert not len(made) or abs(made.mean() - centre) < 1.0

    def test_users_estimator_is_asked_for_the_class(self, three):
        sampler = GenerativeOverSampler(BootstrapEstimator(), train_on="all", random_state=0)
        X_new, y_new = sampler.fit_resample(*three)
        for label in ("b", "c"):
            real = three[0][three[1] == label]
            assert (X_new[200:][y_new[200:] == label][:, None] == real).all(axis=2).any(axis=1).all()

    def test_generator_that_takes_no_label_is_refused(self, three):
        class FitsLabels(Bootstrap):
            def fit(self, X, y):
                super().fit(X)

        with pytest.raises(DataError, match=r"train_on='all' with FitsLabels, whose sample\(\) takes no y"):
            GenerativeOverSampler(FitsLabels(), train_on="all").fit_resample(*three)

    def test_class_of_one_row_is_no_copy(self, three):
        X, y = three
        y = np.where(np.arange(200) == 199, "rare", "a")
        sampler = GenerativeOverSampler("gaussian_copula", train_on="all", random_state=0)
        with pytest.warns(SmallClassWarning, match="'rare' has 1 row: its new rows are mostly what"):
            _, y_new = sampler.fit_resample(X, y)
        assert Counter(y_new.tolist()) == {"a": 199, "rare": 199}


class TestConstraints:
    def test_every_new_row_satisfies_them(self, three):
        sampler = GenerativeOverSampler(
            "gaussian_copula", constraints=Constraint.range(0, 1.5, 4.0), random_state=0
        )
        X_new, y_new = sampler.fit_resample(*three)
        assert Counter(y_new) == {"a": 150, "b": 150, "c": 150}
        assert X_new[200:, 0].min() >= 1.5
        assert X_new[200:, 0].max() <= 4.0
        assert sum(sampler.report_.rejected.values()) > 0

    def test_smaller_target_still_gives_the_first_rows(self, three):
        sampler = GenerativeOverSampler("gaussian_copula", constraints=Constraint.positive(0), random_state=0)
        more, _ = sampler.set_params(sampling_strategy={"b": 150}).fit_resample(*three)
        fewer, _ = sampler.set_params(sampling_strategy={"b": 60}).fit_resample(*three)
        np.testing.assert_array_equal(fewer, more[:235])
