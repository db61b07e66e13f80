"""Fidelity: closed forms, how each figure moves when rows are spoiled, agreement with the measuring stick."""

from __future__ import annotations

import importlib.util

import numpy as np
import pandas as pd
import pytest
from scipy.stats import ks_2samp
from scipy.stats.contingency import association

from genesis_sampling import DataError, GaussianCopulaGenerator
from genesis_sampling.metrics import fidelity
from genesis_sampling.metrics._association import correlation_ratio, correlations, cramers_v
from genesis_sampling.metrics._pair import as_pair

FIGURES = {
    "shape": lambda pair: fidelity.column_shapes(pair).mean(),
    "trend": lambda pair: fidelity.column_pair_trends(pair)["score"].mean(),
    "quality": fidelity.quality_score,
    "wasserstein": lambda pair: fidelity.wasserstein_distances(pair).max(),
    "jensen_shannon": lambda pair: fidelity.jensen_shannon_distances(pair).max(),
    "association": lambda pair: fidelity.association_matrices(pair).difference.abs().max().max(),
    "missing": fidelity.missing_pattern_distance,
    "c2st": lambda pair: fidelity.c2st(pair, max_rows=400),
    "c2st, logistic": lambda pair: fidelity.c2st(pair, model="logistic"),
}
# With 1,000 rows of both a distribution function differs by .09, a share by .06, a correlation by .13 and the area
# under a ROC curve by .04 (.07 of 400 rows) from chance once in a thousand draws and less.
MOVES = {
    # A copy of a row that was fitted as real is judged as synthetic, and the other way round.
    "copied": {
        "shape": (1, 1), "trend": (1, 1), "quality": (1, 1), "wasserstein": (0, 0), "jensen_shannon": (0, 0),
        "association": (0, 1e-9), "missing": (0, 0), "c2st": (0, 0.45), "c2st, logistic": (0.4, 0.54),
    },
    "fresh": {
        "shape": (0.94, 1), "trend": (0.9, 1), "quality": (0.92, 1), "wasserstein": (0, 0.18),
        "jensen_shannon": (0, 0.15), "association": (0, 0.2), "missing": (0, 0.06), "c2st": (0.42, 0.58),
        "c2st, logistic": (0.455, 0.545),
    },
    # Columns stay as they are, so what looks at columns alone sees nothing; logistic regression is blind too.
    "shuffled": {
        "shape": (1, 1), "trend": (0, 0.75), "quality": (0, 0.88), "wasserstein": (0, 0), "jensen_shannon": (0, 0),
        "association": (0.8, 1), "missing": (0, 0), "c2st": (0.8, 1), "c2st, logistic": (0.4, 0.56),
    },
    "constant": {
        "shape": (0, 0.5), "trend": (0, 0.3), "quality": (0, 0.4), "wasserstein": (0.5, 2),
        "jensen_shannon": (0.7, 1), "missing": (0.1, 0.25), "c2st": (0.97, 1), "c2st, logistic": (0.85, 1),
    },
    "mode dropped": {
        "shape": (0.5, 0.8), "trend": (0.5, 0.88), "quality": (0.5, 0.82), "wasserstein": (0.4, 1),
        "jensen_shannon": (0.35, 0.6), "missing": (0.02, 0.2), "c2st": (0.65, 0.9), "c2st, logistic": (0.6, 0.85),
    },
    "far": {
        "shape": (0.7, 0.76), "trend": (0, 0.88), "wasserstein": (70, 80), "jensen_shannon": (0.8, 1),
        "association": (0, 0.2), "missing": (0, 0.06), "c2st": (0.99, 1), "c2st, logistic": (0.99, 1),
    },
}  # fmt: skip


@pytest.mark.parametrize(
    ("what", "figure", "low", "high"),
    [(what, name, *bounds) for what, row in MOVES.items() for name, bounds in row.items()],
)
def test_every_figure_moves_as_it_must(real, spoiled, what, figure, low, high):
    assert low - 1e-12 <= FIGURES[figure](as_pair(real, spoiled[what])) <= high + 1e-12


class TestShapes:
    def test_numbers_are_judged_as_by_scipy(self, real, spoiled):
        shapes = fidelity.column_shapes(real, spoiled["mode dropped"])
        for name in ("a", "b", "gap"):
            known = [rows[name].dropna() for rows in (real, spoiled["mode dropped"])]
            assert shapes[name] == pytest.approx(1 - ks_2samp(*known).statistic, abs=1e-12)

    def test_a_missing_category_is_a_category(self):
        real, synthetic = ["a", "a", "b", None], ["a", "b", None, None]
        assert fidelity.column_shapes(pd.DataFrame({"c": real}), pd.DataFrame({"c": synthetic}))["c"] == 0.75

    def test_a_new_category_counts(self):
        shape = fidelity.column_shapes(pd.DataFrame({"c": ["a", "b"]}), pd.DataFrame({"c": ["a", "new"]}))
        assert shape["c"] == 0.5

    def test_without_known_values(self):
        gap = [np.nan, np.nan]
        real, synthetic = pd.DataFrame({"a": gap, "b": [1.0, 2.0]}), pd.DataFrame({"a": gap, "b": gap})
        shapes = fidelity.column_shapes(real, synthetic)
        assert np.isnan(shapes["a"])
        assert shapes["b"] == 0

    def test_times_and_ordered_categories_are_numbers(self):
        real = pd.DataFrame(
            {
                "t": pd.to_datetime(["2020-01-01", "2020-01-02", "2020-01-03", None]),
                "o": pd.Categorical(["s", "m", "l", "l"], categories=["s", "m", "l"], ordered=True),
            }
        )
        synthetic = real.assign(t=real["t"] + pd.Timedelta(days=1), o=real["o"].to_numpy()[[0, 0, 1, 2]])
        shapes = fidelity.column_shapes(real, synthetic)
        assert shapes["t"] == pytest.approx(1 - 1 / 3)
        assert shapes["o"] == pytest.approx(0.75)


class TestTrends:
    def test_correlations_are_those_of_pandas(self, real):
        rows = real[["a", "b", "gap"]].mask(np.random.default_rng(0).random((len(real), 3)) < 0.2)
        np.testing.assert_allclose(correlations(rows.to_numpy()), rows.corr(), atol=1e-12)

    @pytest.mark.parametrize("offset", [0.0, 1e9])
    def test_constant_columns_have_no_trend(self, offset):
        # The second column is constant where the first is known.
        first = np.array([1.0, 2.0, 3.0, np.nan, np.nan])
        numbers = np.column_stack([first, [offset + 0.1] * 3 + [7.0, 8.0], np.full(5, 0.1), np.arange(5.0)])
        found = correlations(numbers)
        assert np.isnan(found[0, 1])
        assert np.isnan(found[2]).all()
        assert found[0, 3] == pytest.approx(1)
        trends = fidelity.column_pair_trends(numbers, numbers).set_index(["first", "second"])["score"]
        assert trends.isna().sum() == 4
        assert fidelity.quality_score(numbers, numbers) == 1

    def test_two_way_tables(self):
        real = pd.DataFrame({"a": list("xxyy"), "b": list("uvuv")})
        synthetic = pd.DataFrame({"a": list("xxyy"), "b": list("uuvv")})
        assert fidelity.column_pair_trends(real, synthetic)["score"].tolist() == [0.5]

    def test_numbers_meet_categories_in_bins_of_the_real_range(self):
        real = pd.DataFrame({"a": np.arange(100.0), "b": ["u"] * 50 + ["v"] * 50})
        within = real.assign(a=real["a"] + 0.05)
        beyond = real.assign(a=np.where(real["a"] > 90, 1e6, real["a"]))
        for synthetic in (within, beyond):
            assert fidelity.column_pair_trends(real, synthetic)["score"].tolist() == pytest.approx([1.0])

    def test_very_many_categories_take_no_large_table(self):
        names = np.array([f"n{i % 1500}" for i in range(3000)])
        frame = pd.DataFrame({"a": names, "b": names[::-1]})
        assert fidelity.column_pair_trends(frame, frame)["score"].tolist() == [1.0]

    def test_a_sample_of_pairs(self):
        rng = np.random.default_rng(0)
        real, synthetic = rng.normal(size=(2, 50, 12))
        every = fidelity.column_pair_trends(real, synthetic)
        some = fidelity.column_pair_trends(real, synthetic, max_pairs=20)
        assert len(every) == 66
        assert len(some) == 20
        assert len(some.merge(every, on=["first", "second", "score"])) == 20
        other = fidelity.column_pair_trends(real, synthetic, max_pairs=20, random_state=1)
        assert not some.equals(other)

    def test_one_column_has_no_trend(self):
        real, synthetic = np.array([[0.0], [1.0]]), np.array([[0.0], [0.0]])
        assert not len(fidelity.column_pair_trends(real, synthetic))
        assert fidelity.quality_score(real, synthetic) == 0.5


class TestAssociation:
    def test_matrices_are_symmetric_and_bounded(self, real, spoiled):
        for matrix in fidelity.association_matrices(real, spoiled["shuffled"])[:2]:
            np.testing.assert_allclose(matrix, matrix.T)
            np.testing.assert_allclose(np.diag(matrix), 1)
            assert matrix.abs().max(axis=None) <= 1
        matrices = fidelity.association_matrices(real, spoiled["shuffled"])
        pd.testing.assert_frame_equal(matrices.difference, matrices.synthetic - matrices.real)

    def test_the_correlation_ratio_of_a_split_variance(self):
        # Means 0 and 2 and a variance of 1 within: half of the variance lies between.
        assert correlation_ratio(np.array([-1.0, 1, 1, 3]), np.array([0, 0, 1, 1])) == pytest.approx(
            np.sqrt(0.5)
        )
        assert np.isnan(correlation_ratio(np.array([0.1] * 3), np.array([0, 1, 1])))
        assert np.isnan(correlation_ratio(np.array([1.0, 2.0]), np.array([1, 1])))

    def test_cramers_v_is_corrected_for_bias(self):
        rng = np.random.default_rng(0)
        first, second = rng.integers(20, size=(2, 400))
        assert association(np.histogram2d(first, second, bins=20)[0].astype(int)) > 0.2
        assert cramers_v(first, second) < 0.1
        assert cramers_v(first, first) == pytest.approx(1)

    def test_cramers_v_is_that_of_scipy_where_rows_are_many(self):
        rng = np.random.default_rng(0)
        first = rng.integers(3, size=200_000)
        second = np.where(rng.random(200_000) < 0.5, first, rng.integers(3, size=200_000))
        plain = association(np.histogram2d(first, second, bins=3)[0].astype(int))
        assert cramers_v(first, second) == pytest.approx(plain, abs=1e-4)

    def test_constant_columns_have_none(self):
        frame = pd.DataFrame({"a": [1.0, 1, 1, 1], "b": list("uuuu"), "c": list("uvuv"), "d": [1.0, 2, 3, 4]})
        found = fidelity.association_matrices(frame, frame).real
        assert found[["a", "b"]].isna().all(axis=None)
        assert found.loc["c", "d"] == pytest.approx(np.sqrt(0.2))


class TestDistances:
    def test_wasserstein_of_a_shift(self, real):
        found = fidelity.wasserstein_distances(real, real.assign(a=real["a"] + 3))
        assert found["a"] == pytest.approx(3 / real["a"].std(ddof=0))
        assert found.drop("a").tolist() == [0, 0]

    def test_wasserstein_of_a_constant_column(self):
        assert fidelity.wasserstein_distances([[0.1], [0.1]], [[0.1], [0.1]]).tolist() == [0]
        assert fidelity.wasserstein_distances([[0.1], [0.1]], [[0.1], [0.2]]).tolist() == [np.inf]
        assert fidelity.wasserstein_distances([[0.1], [0.2]], [[np.nan], [np.nan]]).isna().all()

    def test_jensen_shannon_of_half_the_mass(self):
        # p = (1, 0), q = (1/2, 1/2), m = (3/4, 1/4).
        expected = np.sqrt(0.5 * np.log2(4 / 3) + 0.25 * np.log2(2 / 3) + 0.25 * np.log2(2))
        found = fidelity.jensen_shannon_distances([["a"], ["a"]], [["a"], ["b"]])
        assert found.tolist() == pytest.approx([expected])

    def test_missing_patterns_are_of_rows(self):
        # Each column misses half of its values in both tables, but never with the other one in the real table.
        real = pd.DataFrame({"a": [1, np.nan] * 2, "b": [np.nan, 1] * 2})
        synthetic = pd.DataFrame({"a": [1, np.nan] * 2, "b": [1, np.nan] * 2})
        assert fidelity.missing_pattern_distance(real, synthetic) == 1
        assert fidelity.missing_pattern_distance(real, real[::-1]) == 0


class TestC2ST:
    def test_tables_of_different_size_count_alike(self, spoiled, real):
        few = spoiled["fresh"][:300]
        # Standard error of 300 rows of each: .024.
        assert 0.4 < fidelity.c2st(real, few) < 0.6

    def test_seeded(self, real, spoiled):
        found = [
            fidelity.c2st(real, spoiled["mode dropped"], max_rows=100, random_state=s) for s in (0, 0, 1)
        ]
        assert found[0] == found[1] != found[2]

    @pytest.mark.parametrize(
        ("options", "message"),
        [({"model": "svm"}, "'boosting' or 'logistic'"), ({"n_folds": 2000}, "at least n_folds")],
    )
    def test_what_cannot_be_judged(self, real, options, message):
        with pytest.raises(DataError, match=message):
            fidelity.c2st(real, real, **options)


def test_global_random_state(real, spoiled, global_rng_untouched):
    pair = as_pair(real, spoiled["fresh"])
    for figure in FIGURES.values():
        figure(pair)


@pytest.fixture(scope="module")
def stick(data_dir):
    """The measuring stick, which lies beside the data."""
    path = data_dir.parent / "tools" / "fidelity_figures.py"
    if not path.is_file():
        pytest.skip(f"no {path}; give the folder of the data with --data-dir")
    spec = importlib.util.spec_from_file_location("fidelity_figures", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def sides(load_real):
    """Give two tables: halves of a set, or one of them and rows that were learned from it."""

    def load(name, learned, max_columns=12):
        rows = load_real(name)
        # The stick takes minutes for many columns, and truth values for numbers.
        rows = rows.iloc[:, :: -(-rows.shape[1] // max_columns)]
        rows = rows.astype(dict.fromkeys(rows.columns[rows.dtypes == bool], str))
        rows = rows.sample(frac=1, random_state=0, ignore_index=True)
        half = rows[: len(rows) // 2]
        if learned:
            return half, GaussianCopulaGenerator(random_state=0).fit(half).sample(len(half))
        return half, rows[len(half) : 2 * len(half)].reset_index(drop=True)

    return load


# The stick makes p-values on its way.
@pytest.mark.filterwarnings("ignore:ks_2samp")
@pytest.mark.parametrize("learned", [False, True])
@pytest.mark.parametrize(
    "name",
    [
        "german_credit", "oil_spill", "stroke",
        *(pytest.param(name, marks=pytest.mark.slow) for name in ("sick", "telco_churn", "adult")),
    ],
)  # fmt: skip
def test_shape_and_trend_agree_with_the_measuring_stick(stick, sides, name, learned):
    real, synthetic = sides(name, learned)
    pair = as_pair(real, synthetic)
    assert fidelity.column_shapes(pair).mean() == pytest.approx(1 - stick.shape(real, synthetic), abs=0.005)
    trend = fidelity.column_pair_trends(pair)["score"].mean()
    assert trend == pytest.approx(1 - stick.trend(real, synthetic), abs=0.005)


@pytest.mark.slow
@pytest.mark.parametrize("learned", [False, True])
def test_c2st_agrees_with_the_measuring_stick(stick, sides, learned):
    # One draw of either moves by about .003.
    real, synthetic = sides("adult", learned, max_columns=15)
    found = [fidelity.c2st(real, synthetic, max_rows=None, random_state=seed) for seed in range(2)]
    expected = [stick.c2st(real, synthetic, seed) for seed in range(2)]
    assert np.mean(found) == pytest.approx(np.mean(expected), abs=0.005)
