"""What every generator promises, over one table of generators."""

import pickle
from importlib.util import find_spec

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom
from sklearn.base import clone
from sklearn.mixture import GaussianMixture
from sklearn.neighbors import KernelDensity
from sklearn.utils._param_validation import InvalidParameterError

import genesis_sampling.generators.base as generator_base
from genesis_sampling.exceptions import ConstraintError, DataError, TargetNotReachedError
from genesis_sampling.generators import (
    CTGANGenerator,
    DiffusionGenerator,
    EstimatorGenerator,
    GaussianCopulaGenerator,
    TreeGenerator,
    TVAEGenerator,
)
from genesis_sampling.tables.conditions import Between, Compared

COPULA = GaussianCopulaGenerator(random_state=0)
KERNEL = EstimatorGenerator(KernelDensity(bandwidth=0.1), random_state=0)
MIXTURE = EstimatorGenerator(GaussianMixture(2), random_state=0)
TREE = TreeGenerator(random_state=0)
# Small networks, trained for as long as most promises need: not to learn much.
QUICK = {"n_steps": 20, "batch_size": 64, "verbose": 0, "random_state": 0}
CTGAN = CTGANGenerator(n_noise=8, generator_widths=(32,), critic_widths=(32,), pac=1, **QUICK)
TVAE = TVAEGenerator(n_latent=4, widths=(32,), **QUICK)
DIFFUSION = DiffusionGenerator(width=32, n_blocks=1, n_embedding=4, n_bins=8, **QUICK)
NETWORKS = [CTGAN, TVAE, DIFFUSION] if find_spec("torch") else []
GENERATORS = [COPULA, TREE, KERNEL, MIXTURE, *NETWORKS]
# Those whose margins are the empirical ones, and those that keep the correlation of Gaussian data.
EXACT_MARGINS = [COPULA, TREE]
KEEP_CORRELATION = [COPULA, MIXTURE]

pytestmark = pytest.mark.filterwarnings("ignore:Got .* rows to train a network on")

# Probability with which a statistical test may fail by chance, were its seed not fixed.
ERROR = 1e-6


def over(generators):
    return pytest.mark.parametrize("generator", [clone(g) for g in generators], ids=_name)


def able(generator):
    """An unfitted copy; networks with steps enough to learn a simple table."""
    copy = clone(generator)
    more = {
        CTGANGenerator: {"n_steps": 800, "learning_rate": 2e-3},
        TVAEGenerator: {"n_steps": 800, "learning_rate": 1e-2, "patience": None},
        DiffusionGenerator: {"n_steps": 400, "patience": None},
    }
    return copy.set_params(**more.get(type(copy), {}))


def _name(generator):
    inner = getattr(generator, "estimator", None)
    return type(generator).__name__ + (f"-{type(inner).__name__}" if inner is not None else "")


def nasty_table(n_rows=400, seed=0):
    """Columns of every kind and dtype, most of them with missing values."""
    rng = np.random.default_rng(seed)
    gaps = [rng.random(n_rows) < 0.2 for _ in range(8)]
    base = rng.normal(size=n_rows)
    days = pd.Timestamp("2024-02-25") + pd.to_timedelta(rng.integers(0, 30, n_rows), unit="D")
    spikes = np.where(rng.random(n_rows) < 0.6, 0.0, np.round(rng.gamma(2, 100, n_rows), 2))
    words = np.array(["low", "mid", "high"])[np.digitize(base, [-0.5, 0.5])]
    return pd.DataFrame(
        {
            "float": np.where(gaps[0], np.nan, base),
            "float32": rng.normal(size=n_rows).astype(np.float32),
            "price": spikes,
            "int8": rng.integers(-128, 128, n_rows).astype(np.int8),
            "uint64": np.uint64(2**64 - 1) - rng.integers(0, 9, n_rows).astype(np.uint64),
            "Int64": pd.array(np.where(gaps[1], None, rng.integers(0, 9, n_rows)), dtype="Int64"),
            "Float64": pd.array(np.where(gaps[2], None, base.round(3)), dtype="Float64"),
            "boolean": pd.array(np.where(gaps[3], None, base > 0), dtype="boolean"),
            "bool": rng.random(n_rows) < 0.1,
            "object": pd.Series(np.where(gaps[4], None, words), dtype=object),
            "string": pd.Series(words, dtype="string").mask(gaps[5]),
            "category": pd.Categorical(
                np.where(gaps[6], None, words), categories=["low", "mid", "high", "unused"]
            ),
            "ordinal": pd.Categorical(words, categories=["low", "mid", "high"], ordered=True),
            "day": days,
            "zoned": pd.Series(days).dt.tz_localize("Europe/Rome").mask(gaps[7]),
            "length": pd.to_timedelta(rng.integers(0, 10**6, n_rows), unit="s"),
            "constant": 7,
            "empty": np.full(n_rows, np.nan),
            "nothing": pd.Series([None] * n_rows, dtype=object),
        }
    )


def gaussian_table(n_rows=4000, correlation=0.6, seed=0):
    covariance = [[1, correlation, 0], [correlation, 1, -0.3], [0, -0.3, 1]]
    return pd.DataFrame(
        np.random.default_rng(seed).multivariate_normal(np.zeros(3), covariance, n_rows), columns=list("abc")
    )


def two_classes(n_rows=600, seed=0):
    """A feature of mean 0 in class "no", 10 in class "yes"; a quarter of the rows are of class "yes"."""
    rng = np.random.default_rng(seed)
    y = np.where(np.arange(n_rows) % 4 == 0, "yes", "no")
    return pd.DataFrame({"x": rng.normal(size=n_rows) + 10 * (y == "yes"), "u": rng.random(n_rows)}), y


@over(GENERATORS)
class TestEstimator:
    def test_clone_and_parameters(self, generator):
        copy = clone(generator).set_params(random_state=3)
        assert copy.get_params(deep=False).keys() == generator.get_params(deep=False).keys()
        assert copy.random_state == 3
        assert generator.random_state == 0

    def test_fit_leaves_parameters(self, generator):
        before = repr(generator)
        fitted = clone(generator).fit(gaussian_table(50))
        assert repr(fitted) == before

    def test_pickle(self, generator):
        fitted = clone(generator).fit(nasty_table(100))
        copy = pickle.loads(pickle.dumps(fitted))
        pd.testing.assert_frame_equal(copy.sample(20), fitted.sample(20))

    @pytest.mark.parametrize("params", [{"random_state": "seven"}, {"categorical_features": 3.5}])
    def test_invalid_parameters(self, generator, params):
        with pytest.raises(InvalidParameterError):
            clone(generator).set_params(**params).fit(gaussian_table(20))

    def test_nothing_to_learn_from(self, generator):
        with pytest.raises(DataError, match="without rows"):
            clone(generator).fit(gaussian_table(3).iloc[:0])

    def test_labels_of_another_length(self, generator):
        with pytest.raises(DataError, match="2 labels for 3 rows"):
            clone(generator).fit(gaussian_table(3), ["a", "b"])

    @pytest.mark.usefixtures("global_rng_untouched")
    def test_global_state(self, generator):
        clone(generator).fit(gaussian_table(100)).sample(10)


@over(GENERATORS)
class TestSeeds:
    def test_equal_seeds(self, generator):
        fitted = clone(generator).fit(nasty_table())
        pd.testing.assert_frame_equal(fitted.sample(50, random_state=7), fitted.sample(50, random_state=7))

    def test_successive_draws_differ(self, generator):
        fitted = clone(generator).fit(gaussian_table(100))
        first, second = fitted.sample(20), fitted.sample(20)
        assert not first.equals(second)
        again = clone(generator).fit(gaussian_table(100))
        pd.testing.assert_frame_equal(again.sample(20), first)
        pd.testing.assert_frame_equal(again.sample(20), second)

    def test_seeds_differ(self, generator):
        fitted = clone(generator).fit(gaussian_table(100))
        assert not fitted.sample(20, random_state=1).equals(fitted.sample(20, random_state=2))

    @pytest.mark.parametrize("conditions", [None, {"float": (0, None), "object": ["low", "mid"]}])
    def test_fewer_rows_are_the_first_of_more(self, generator, conditions, monkeypatch):
        monkeypatch.setattr(generator_base, "BLOCK", 64)
        fitted = clone(generator).fit(nasty_table())
        many = fitted.sample(150, conditions=conditions, random_state=0)
        for n_rows in (0, 1, 63, 64, 65, 149):
            few = fitted.sample(n_rows, conditions=conditions, random_state=0)
            pd.testing.assert_frame_equal(few, many.iloc[:n_rows])

    def test_blocks_differ(self, generator, monkeypatch):
        monkeypatch.setattr(generator_base, "BLOCK", 10)
        rows = clone(generator).fit(gaussian_table(200)).sample(20)
        assert not rows.iloc[:10].reset_index(drop=True).equals(rows.iloc[10:].reset_index(drop=True))


@over(GENERATORS)
class TestTables:
    def test_dtypes_and_names(self, generator):
        table = nasty_table()
        rows = clone(generator).fit(table).sample(300)
        pd.testing.assert_series_equal(rows.dtypes, table.dtypes)
        assert rows.index.equals(pd.RangeIndex(300))
        assert list(rows["category"].cat.categories) == ["low", "mid", "high", "unused"]

    def test_values_are_inside_what_was_seen(self, generator):
        table = nasty_table()
        rows = clone(generator).fit(table).sample(300)
        for name in (
            "float",
            "float32",
            "price",
            "int8",
            "uint64",
            "Int64",
            "Float64",
            "day",
            "zoned",
            "length",
        ):
            assert rows[name].min() >= table[name].min()
            assert rows[name].max() <= table[name].max()
        for name in ("boolean", "bool", "object", "string", "category", "ordinal"):
            assert set(rows[name].dropna()) <= set(table[name].dropna())
        assert (rows["constant"] == 7).all()
        assert rows[["empty", "nothing"]].isna().all(axis=None)
        assert (rows["price"] == rows["price"].round(2)).all()
        assert (rows["day"] == rows["day"].dt.normalize()).all()

    def test_complete_columns_stay_complete(self, generator):
        table = nasty_table()
        complete = table.columns[table.notna().all()]
        assert clone(generator).fit(table).sample(300)[complete].notna().all(axis=None)

    @pytest.mark.parametrize("n_rows", [1, 2, 3])
    def test_tiny(self, generator, n_rows):
        table = nasty_table().iloc[5 : 5 + n_rows].reset_index(drop=True)
        if n_rows < 2 and isinstance(getattr(generator, "estimator", None), GaussianMixture):
            generator = clone(generator).set_params(estimator__n_components=1)
        rows = clone(generator).fit(table).sample(4)
        pd.testing.assert_series_equal(rows.dtypes, table.dtypes)
        assert set(rows["ordinal"]) <= set(table["ordinal"])

    def test_only_constants(self, generator):
        table = pd.DataFrame({"one": [1, 1, 1], "none": [None, None, None], "word": ["w", "w", "w"]})
        rows = clone(generator).fit(table).sample(5)
        pd.testing.assert_frame_equal(rows, table.iloc[[0] * 5].reset_index(drop=True))

    def test_array(self, generator):
        X = np.random.default_rng(0).normal(size=(50, 3))
        rows = clone(generator).fit(X).sample(7)
        assert rows.shape == (7, 3)
        assert list(rows.columns) == [0, 1, 2]

    def test_no_rows_asked(self, generator):
        table = nasty_table(60)
        generator = clone(generator).fit(table)
        rows = generator.sample(0)
        assert len(rows) == 0
        pd.testing.assert_series_equal(rows.dtypes, table.dtypes)
        for n in (-1, 2.5):
            with pytest.raises(DataError, match=f"Got n={n}; expected a whole number"):
                generator.sample(n)

    def test_more_columns_than_rows(self, generator):
        X = np.random.default_rng(0).normal(size=(20, 60))
        rows = clone(generator).fit(X).sample(30).to_numpy()
        assert np.isfinite(rows).all()
        assert (rows.std(axis=0) > 0).all()

    def test_object_numbers_keep_type(self, generator):
        table = pd.DataFrame({"o": pd.Series([1, 2, None, 4] * 10, dtype=object)})
        rows = clone(generator).fit(table).sample(40)["o"]
        assert rows.dtype == object
        assert {type(value) for value in rows.dropna()} == {int}


@over(EXACT_MARGINS)
class TestMargins:
    def test_missing_rates(self, generator):
        table, n_rows = nasty_table(), 2000
        rows = clone(generator).fit(table).sample(n_rows)
        low, high = binom.interval(1 - ERROR / table.shape[1], n_rows, table.isna().mean())
        assert ((low <= rows.isna().sum()) & (rows.isna().sum() <= high)).all()

    def test_numbers(self, generator):
        # Dvoretzky-Kiefer-Wolfowitz: P(sup |F_n - F| > e) <= 2 exp(-2 n e^2), where F is the margin drawn from. Filling
        # the gaps between values moves F by at most one value's share.
        table, n_rows = nasty_table(), 5000
        rows = clone(generator).fit(table).sample(n_rows)
        for name in ("float", "float32", "price", "int8"):
            known, drawn = np.sort(table[name].dropna()), np.sort(rows[name].dropna())
            bound = np.sqrt(np.log(2 * 4 / ERROR) / (2 * len(drawn))) + 1 / len(known)
            at = np.union1d(known, drawn)
            distance = np.abs(
                np.searchsorted(known, at, "right") / len(known)
                - np.searchsorted(drawn, at, "right") / len(drawn)
            )
            assert distance.max() <= bound

    def test_categories(self, generator):
        table, n_rows = nasty_table(), 5000
        rows = clone(generator).fit(table).sample(n_rows)
        for name in ("object", "category", "boolean", "day"):
            shares = table[name].value_counts(normalize=True, dropna=False, sort=False)
            drawn = rows[name].value_counts(dropna=False, sort=False).reindex(shares.index, fill_value=0)
            low, high = binom.interval(1 - ERROR / 100, n_rows, shares.to_numpy())
            assert ((low <= drawn) & (drawn <= high)).all()


@over(KEEP_CORRELATION)
def test_correlation(generator):
    """Fisher's z of two samples' correlations differ by normal noise of variance 1/(m - 3) + 1/(n - 3)."""
    table = gaussian_table()
    rows = clone(generator).fit(table).sample(4000)
    z = np.arctanh(table.corr().to_numpy()[np.triu_indices(3, 1)])
    drawn = np.arctanh(rows.corr().to_numpy()[np.triu_indices(3, 1)])
    assert np.abs(z - drawn).max() < 5 * np.sqrt(1 / 3997)


@over(GENERATORS)
class TestLabels:
    def test_one_label(self, generator):
        X, y = two_classes()
        fitted = able(generator).fit(X, y)
        assert (fitted.sample(50, y="yes")["x"] > 5).mean() > 0.9
        assert (fitted.sample(50, y="no")["x"] < 5).mean() > 0.9
        assert list(fitted.sample(3).columns) == ["x", "u"]

    def test_a_label_each(self, generator):
        X, y = two_classes()
        fitted = able(generator).fit(X, y)
        labels = np.array(["yes", "no", "no", "yes"] * 20)
        rows = fitted.sample(80, y=labels, random_state=0)
        assert ((rows["x"] > 5) == (labels == "yes")).mean() > 0.9
        pd.testing.assert_frame_equal(rows, fitted.sample(80, y=pd.Series(labels), random_state=0))

    @pytest.mark.parametrize(
        "labels", [[1, 0], np.array([True, False]), pd.Series(["b", "a"], dtype="category")]
    )
    def test_kinds_of_labels(self, generator, labels):
        X, y = two_classes()
        labels = pd.Series(labels)
        given = labels.iloc[(y == "yes").astype(int)].reset_index(drop=True)
        fitted = able(generator).fit(X, given)
        assert fitted.sample(50, y=labels.iloc[1])["x"].mean() > 5

    def test_none_asked(self, generator):
        X, y = two_classes(200)
        rows = clone(generator).fit(X, y).sample(0, y=[])
        assert len(rows) == 0
        pd.testing.assert_series_equal(rows.dtypes, X.dtypes)

    def test_errors(self, generator):
        X, y = two_classes(40)
        with pytest.raises(DataError, match="no labels"):
            clone(generator).fit(X).sample(2, y="yes")
        fitted = clone(generator).fit(X, y)
        with pytest.raises(DataError, match=r"y='maybe'; expected one of the classes \['no', 'yes'\]"):
            fitted.sample(2, y="maybe")
        with pytest.raises(DataError, match="n=3"):
            fitted.sample(3, y=["yes", "no"])


@over(GENERATORS)
class TestConditions:
    @pytest.mark.parametrize(
        ("conditions", "holds"),
        [
            ({"object": "mid"}, lambda rows: rows["object"] == "mid"),
            ({"category": ["low", "high"]}, lambda rows: rows["category"].isin(["low", "high"])),
            ({"float": (0.0, 1.0)}, lambda rows: rows["float"].between(0, 1)),
            ({"Float64": (0.0005, None)}, lambda rows: rows["Float64"] >= 0.001),
            ({"price": 0}, lambda rows: rows["price"] == 0),
            ({"price": (0.001, 150.001)}, lambda rows: rows["price"].between(0.01, 150)),
            ({"int8": (-0.5, 100.5)}, lambda rows: rows["int8"].between(0, 100)),
            ({"bool": False}, lambda rows: ~rows["bool"]),
            ({"boolean": True}, lambda rows: rows["boolean"]),
            ({"object": None}, lambda rows: rows["object"].isna()),
            ({"day": (pd.Timestamp("2024-03-01"), None)}, lambda rows: rows["day"] >= "2024-03-01"),
            (
                {"float": (None, 0), "string": "low"},
                lambda rows: (rows["float"] <= 0) & (rows["string"] == "low"),
            ),
            ({"a": Between("float32", 0, None, "neither")}, lambda rows: rows["float32"] > 0),
            ({"a": Compared("float", "<", "float32")}, lambda rows: rows["float"] < rows["float32"]),
            ({"constant": 7}, lambda rows: rows["constant"] == 7),
            ({"ordinal": ("mid", "high")}, lambda rows: rows["ordinal"] >= "mid"),
        ],
        ids=lambda value: "" if callable(value) else str(value),
    )
    def test_are_met(self, generator, conditions, holds):
        table = nasty_table()
        rows = clone(generator).fit(table).sample(40, conditions=conditions)
        assert len(rows) == 40
        assert holds(rows).all()
        pd.testing.assert_series_equal(rows.dtypes, table.dtypes)

    def test_missing_among_values(self, generator):
        fitted = clone(generator).fit(nasty_table())
        rows = fitted.sample(200, conditions={"object": ["low", None]}, random_state=0)["object"]
        assert set(rows.dropna()) == {"low"}
        assert rows.isna().any()
        assert fitted.sample(20, conditions={"object": [None]})["object"].isna().all()

    def test_relation_beside_conditions_on_its_columns(self, generator):
        conditions = {"a": (-1, 1), "b": (-1, 1), "order": Compared("a", "<", "b")}
        rows = clone(generator).fit(gaussian_table(200)).sample(50, conditions=conditions)
        assert (rows["a"] < rows["b"]).all()
        assert rows.abs()[["a", "b"]].max(axis=None) <= 1

    def test_two_conditions_on_a_column(self, generator):
        conditions = {"a": (-1, 1), "again": Between("a", 0, None)}
        rows = clone(generator).fit(gaussian_table(200)).sample(50, conditions=conditions)
        assert rows["a"].between(0, 1).all()

    def test_with_a_label(self, generator):
        X, y = two_classes()
        rows = able(generator).fit(X, y).sample(50, y="yes", conditions={"u": (0.5, None)})
        assert (rows["u"] >= 0.5).all()
        assert (rows["x"] > 5).mean() > 0.8

    def test_law_of_the_rest(self, generator):
        # x given k is N(3 k, 1).
        rng = np.random.default_rng(0)
        k = rng.integers(0, 2, 3000)
        table = pd.DataFrame({"k": k.astype(str), "x": 3 * k + rng.normal(size=3000)})
        rows = able(generator).fit(table).sample(2000, conditions={"k": "1"})["x"]
        assert rows.mean() == pytest.approx(3, abs=0.25)

    def test_acceptance_is_told(self, generator):
        fitted = clone(generator).fit(gaussian_table(200))
        fitted.sample(10)
        assert fitted.acceptance_rate_ == 1
        fitted.sample(50, conditions={"order": Compared("a", "<", "b")})
        assert 0 < fitted.acceptance_rate_ < 1

    def test_cannot_be_met(self, generator):
        fitted = clone(generator).fit(gaussian_table(200))
        with pytest.raises(TargetNotReachedError, match=r"0\.00%"):
            fitted.sample(5, conditions={"a": (50, 60)})

    def test_errors(self, generator):
        fitted = clone(generator).fit(nasty_table(100))
        with pytest.raises(DataError, match="'nowhere', which is no column"):
            fitted.sample(5, conditions={"nowhere": 1})
        with pytest.raises(DataError, match="category 'other'"):
            fitted.sample(5, conditions={"object": "other"})
        with pytest.raises(DataError, match="category 'other'"):
            fitted.sample(5, conditions={"object": ["other", None]})
        for name in ("object", "string", "category"):
            with pytest.raises(ConstraintError, match=r"have no order.* pass a list \['low', 'mid'\]"):
                fitted.sample(5, conditions={name: ("low", "mid")})
        with pytest.raises(ConstraintError, match="that the column can hold"):
            fitted.sample(5, conditions={"int8": 1.5})
        with pytest.raises(ConstraintError, match="that the column can hold"):
            fitted.sample(5, conditions={"int8": (1.2, 1.7)})


@over([COPULA, TREE, *NETWORKS])
class TestFiles:
    def test_save_and_load(self, generator, tmp_path):
        table, y = nasty_table(), np.where(np.arange(400) % 3 == 0, "yes", "no")
        fitted = clone(generator).fit(table, y)
        fitted.save(tmp_path / "generator.zip")
        again = type(generator).load(tmp_path / "generator.zip")
        assert again.get_params() == fitted.get_params()
        for options in ({}, {"y": "yes"}, {"conditions": {"object": "mid"}}):
            pd.testing.assert_frame_equal(again.sample(30, **options), fitted.sample(30, **options))

    def test_labels_of_single_rows_are_not_in_it(self, generator, tmp_path):
        X, y = two_classes()
        clone(generator).fit(X, y).save(tmp_path / "generator.zip")
        again = type(generator).load(tmp_path / "generator.zip")
        assert len(again.target_.codes) == 2

    def test_another_class(self, generator, tmp_path):
        clone(generator).fit(gaussian_table(100)).save(tmp_path / "generator.zip")
        with pytest.raises(DataError, match=f"Got a file with a {type(generator).__name__}"):
            EstimatorGenerator.load(tmp_path / "generator.zip")


@over([COPULA, TREE])
def test_wide(generator):
    X = np.random.default_rng(0).normal(size=(60, 300)).round(2)
    assert clone(generator).fit(X).sample(200).shape == (200, 300)
