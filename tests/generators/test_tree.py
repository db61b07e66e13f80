import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

from genesis_sampling.generators import TreeGenerator
from genesis_sampling.generators._spread import spread_points
from genesis_sampling.generators._trees import fit_levels

# Probability with which a statistical test may fail by chance, were its seed not fixed.
ERROR = 1e-6


def mixed_table(n_rows=3000, seed=0):
    """Amounts with a spike at 0 for the jobless, hours missing for them, and a noise column with own values."""
    rng = np.random.default_rng(seed)
    job = rng.choice(["none", "clerk", "smith"], n_rows, p=[0.3, 0.4, 0.3])
    pay = np.where(job == "none", 0.0, np.round(rng.gamma(3, 400, n_rows) + 900 * (job == "smith"), 2))
    hours = np.where(job == "none", np.nan, rng.integers(20, 50, n_rows))
    return pd.DataFrame(
        {
            "job": job,
            "pay": pay,
            "hours": hours,
            "noise": rng.normal(size=n_rows),
            "age": rng.integers(18, 70, n_rows),
        }
    )


def largest_gap(real, drawn):
    """Kolmogorov-Smirnov distance of two samples."""
    real, drawn = np.sort(real), np.sort(drawn)
    at = np.union1d(real, drawn)
    return np.abs(
        np.searchsorted(real, at, "right") / len(real) - np.searchsorted(drawn, at, "right") / len(drawn)
    ).max()


@pytest.fixture(scope="module")
def table():
    return mixed_table()


@pytest.fixture(scope="module")
def rows(table):
    return TreeGenerator(random_state=0).fit(table).sample(4000)


class TestFidelity:
    @pytest.mark.parametrize("column", ["pay", "hours", "noise", "age"])
    def test_margins(self, table, rows, column):
        # Dvoretzky-Kiefer-Wolfowitz for independent draws; ours are spread more evenly than those.
        drawn = rows[column].dropna()
        bound = np.sqrt(np.log(2 / ERROR) / (2 * len(drawn)))
        assert largest_gap(table[column].dropna(), drawn) <= bound

    def test_draws_are_more_even_than_independent_ones(self):
        table = pd.DataFrame({"word": ["a", "b"] * 500, "x": np.arange(1000.0)})
        generator = TreeGenerator(smoothing=0, random_state=0).fit(table)
        counts = [(generator.sample(1024)["word"] == "a").sum() for _ in range(20)]
        # Independent draws have the standard deviation 16.
        assert np.abs(np.array(counts) - 512).max() <= 1

    def test_spike_goes_with_its_category(self, rows):
        assert ((rows["pay"] == 0) == (rows["job"] == "none")).mean() > 0.99

    def test_missing_pattern_is_kept(self, rows):
        assert (rows["hours"].isna() == (rows["job"] == "none")).mean() > 0.99

    def test_integers_stay_integers(self, table, rows):
        assert rows["age"].dtype == table["age"].dtype
        assert set(rows["hours"].dropna()) <= set(table["hours"].dropna())

    def test_conditional_mean(self, table, rows):
        for job in ("clerk", "smith"):
            known, drawn = (frame.loc[frame["job"] == job, "pay"] for frame in (table, rows))
            noise = known.std() * np.sqrt(1 / len(known) + 1 / len(drawn))
            assert abs(known.mean() - drawn.mean()) < 5 * noise

    def test_correlation(self):
        rng = np.random.default_rng(0)
        x = rng.normal(size=5000)
        table = pd.DataFrame({"x": x, "y": 0.8 * x + 0.6 * rng.normal(size=5000)})
        drawn = TreeGenerator(random_state=0).fit(table).sample(5000)
        assert drawn.corr().iloc[0, 1] == pytest.approx(table.corr().iloc[0, 1], abs=0.04)

    def test_independent_columns_stay_independent(self):
        # Evenly spread draws of two columns must not be spread by the same sequence.
        X = pd.DataFrame(np.random.default_rng(0).normal(size=(2000, 6)))
        for frame in (X, X.iloc[:9]):
            drawn = TreeGenerator(random_state=0).fit(frame).sample(4000).rank()
            correlation = drawn.corr().to_numpy()[np.triu_indices(6, 1)]
            assert np.abs(correlation).max() < 0.1

    def test_no_rows_are_copied(self, table, rows):
        own = ["pay", "noise", "age", "job"]
        assert rows[own].merge(table[own].drop_duplicates(), how="inner").empty

    def test_no_row_is_remembered(self):
        """A row with rare values in all columns is no likelier to be met again than the product of them says."""
        rng = np.random.default_rng(0)
        table = pd.DataFrame(rng.choice(["a", "b"], size=(1000, 8)))
        table.iloc[0] = "z"
        drawn = TreeGenerator(random_state=0).fit(table).sample(20_000)
        n_whole = (drawn == "z").all(axis=1).sum()
        assert n_whole <= binom.ppf(1 - ERROR, 20_000, 1e-5)

    def test_interpolation_only_if_asked(self, table):
        for interpolate in (True, False):
            drawn = TreeGenerator(interpolate=interpolate, random_state=0).fit(table).sample(500)["noise"]
            assert drawn.isin(table["noise"]).all() == (not interpolate)


class TestSeeds:
    @pytest.mark.parametrize("params", [{}, {"n_trees": 1}, {"n_trees": 3}])
    def test_n_jobs_and_prefix(self, table, params):
        one, two = (TreeGenerator(n_jobs=n, random_state=3, **params).fit(table) for n in (1, 2))
        many = one.sample(700, random_state=1)
        pd.testing.assert_frame_equal(many, two.sample(700, random_state=1))
        for n_rows in (1, 2, 333):
            pd.testing.assert_frame_equal(one.sample(n_rows, random_state=1), many.iloc[:n_rows])

    def test_spread_points(self):
        seeds = np.array([3, 4], dtype=np.uint32)
        points = spread_points(np.arange(4096), seeds)
        np.testing.assert_array_equal(np.sort(np.floor(points * 4096)), np.arange(4096))
        np.testing.assert_array_equal(points[:10], spread_points(np.arange(10), seeds))
        other = spread_points(np.arange(4096), seeds + np.uint32(1))
        assert abs(np.corrcoef(points, other)[0, 1]) < 5 / np.sqrt(4096)


class TestConditions:
    def test_labels_come_first_and_are_exact(self, table):
        y = np.where(table["pay"] > 1000, "rich", "poor")
        generator = TreeGenerator(random_state=0).fit(table[["pay", "job"]], y)
        assert generator.order_[0] == 2
        assert (generator.sample(300, y="rich")["pay"] > 1000).mean() > 0.95

    def test_leading_category_is_drawn_as_wished(self, table):
        generator = TreeGenerator(random_state=0).fit(table)
        assert generator.order_[0] == 0
        rows = generator.sample(500, conditions={"job": ["none", "smith"]})
        assert set(rows["job"]) == {"none", "smith"}
        share = 0.3 / (0.3 + 0.3)
        assert (rows["job"] == "none").mean() == pytest.approx(share, abs=0.05)


class TestEdges:
    @pytest.mark.parametrize("n_rows", [1, 2, 11])
    def test_tiny(self, n_rows):
        table = mixed_table(n_rows)
        rows = TreeGenerator(random_state=0).fit(table).sample(20)
        assert rows.shape == (20, 5)
        assert set(rows["job"]) <= set(table["job"])

    def test_constant_and_empty_columns(self):
        table = mixed_table(200).assign(one=7, none=np.nan)
        rows = TreeGenerator(random_state=0).fit(table).sample(50)
        assert (rows["one"] == 7).all()
        assert rows["none"].isna().all()

    def test_many_categories(self):
        rng = np.random.default_rng(0)
        codes = rng.integers(0, 5000, 8000)
        table = pd.DataFrame(
            {
                "code": pd.Categorical(codes),
                "even": np.where(codes % 2, "odd", "even"),
                "x": codes % 7 + rng.random(8000),
            }
        )
        rows = TreeGenerator(random_state=0).fit(table).sample(2000)
        assert set(rows["code"]) <= set(table["code"])

    def test_categories_that_one_half_lacks(self):
        table = pd.DataFrame({"x": np.arange(60.0), "rare": ["a", "b"] * 29 + ["c", "d"]})
        rows = TreeGenerator(random_state=0).fit(table).sample(600)
        assert set(rows["rare"]) == {"a", "b", "c", "d"}

    def test_predictors_are_capped_to_the_telling_ones(self):
        rng = np.random.default_rng(0)
        X = rng.normal(size=(800, 30))
        X[:, 29] = X[:, 3]
        generator = TreeGenerator(max_features=2, random_state=0).fit(X)
        rows = generator.sample(800).to_numpy()
        assert np.corrcoef(rows[:, 3], rows[:, 29])[0, 1] > 0.95

    def test_levels_keep_missing_apart(self):
        levels = fit_levels(np.array([3.0, np.nan, 1.0, 1.0]), nominal=False, interpolate=False)
        np.testing.assert_array_equal(levels.counts, [2, 1, 1])
        np.testing.assert_array_equal(levels.scores[-1], -1)
        np.testing.assert_array_equal(levels.decode(levels.of_row, np.zeros(4)), [3, np.nan, 1, 1])
