"""NoiseSampler: what the noise is like, where it goes and where it ends."""

import numpy as np
import pandas as pd
import pytest

from genesis_sampling import DataError, NoiseSampler

N_MADE = 4000


def made_from(X, n_made=N_MADE, sample_weight=None, **params):
    """New rows of class 1, whose real rows are ``X``; class 0 has the same rows, ten times as spread out."""
    n_rows = len(X)
    far = X.copy()
    numeric = far.select_dtypes("float").columns
    far[numeric] = (far[numeric] * 10).round(9)
    table = pd.concat([far, X], ignore_index=True)
    y = np.repeat([0, 1], n_rows)
    params = {"random_state": 0, "clip": None} | params
    sampler = NoiseSampler({1: n_rows + n_made}, **params)
    X_new, _ = sampler.fit_resample(table, y, sample_weight=sample_weight)
    sources = table.iloc[sampler.sample_indices_[2 * n_rows :]].reset_index(drop=True)
    return X_new[2 * n_rows :].reset_index(drop=True), sources


@pytest.fixture
def normal():
    rng = np.random.default_rng(0)
    return pd.DataFrame({"a": rng.normal(5, 2, 200), "b": rng.normal(-1, 0.1, 200)})


class TestDistribution:
    @pytest.mark.parametrize(
        ("distribution", "fourth_moment"), [("normal", 3.0), ("uniform", 1.8), ("laplace", 6.0)]
    )
    def test_mean_spread_and_shape(self, normal, distribution, fourth_moment):
        made, sources = made_from(normal, noise_scale=0.5, distribution=distribution)
        noise = ((made - sources) / (0.5 * normal.std(ddof=0))).to_numpy().ravel()
        n = len(noise)
        assert abs(noise.mean()) < 4 / np.sqrt(n)
        # The variance of a squared standard variable is its fourth moment less 1.
        assert abs((noise**2).mean() - 1) < 4 * np.sqrt((fourth_moment - 1) / n)
        assert abs((np.abs(noise) < 0.5).mean() - share_within_half(distribution)) < 4 * 0.5 / np.sqrt(n)

    def test_columns_get_noise_independently(self, normal):
        made, sources = made_from(normal, noise_scale=0.5)
        correlation = np.corrcoef((made - sources).to_numpy().T)[0, 1]
        assert abs(correlation) < 4 / np.sqrt(N_MADE)

    def test_zero_scale_copies(self, normal):
        made, sources = made_from(normal, noise_scale=0)
        pd.testing.assert_frame_equal(made, sources)

    def test_source_rows_are_drawn_evenly(self, normal):
        _, sources = made_from(normal.assign(b=np.arange(200.0)))
        counts = sources["b"].value_counts()
        # Chi-square with 199 degrees of freedom: mean 199, variance 398.
        chi_square = ((counts.reindex(np.arange(200.0), fill_value=0) - 20) ** 2 / 20).sum()
        assert abs(chi_square - 199) < 5 * np.sqrt(2 * 199)

    def test_weights_choose_the_source_rows(self, normal):
        weights = np.repeat([1.0, 0.0, 3.0], [200, 100, 100])
        _, sources = made_from(normal.assign(b=np.arange(200.0)), sample_weight=weights)
        assert (sources["b"] >= 100).all()

    def test_weights_are_proportional(self):
        X = pd.DataFrame({"a": [0.0, 1.0]})
        _, sources = made_from(X, noise_scale=0, sample_weight=[1, 1, 1, 3])
        assert abs(sources["a"].mean() - 0.75) < 4 * np.sqrt(0.75 * 0.25 / N_MADE)

    def test_weights_that_leave_nothing_are_refused(self, normal):
        with pytest.raises(DataError, match="weights that sum to 0 for class 1"):
            made_from(normal, sample_weight=np.repeat([1, 0], 200))


class TestScale:
    def test_dict_leaves_other_columns_as_they_are(self, normal):
        made, sources = made_from(normal, noise_scale={"a": 0.5})
        assert (made["a"] != sources["a"]).mean() > 0.99
        pd.testing.assert_series_equal(made["b"], sources["b"])

    def test_absolute_units(self, normal):
        made, sources = made_from(normal, noise_scale=0, noise_std={"b": 7.0})
        noise = made["b"] - sources["b"]
        assert abs(noise.std() / 7 - 1) < 4 * np.sqrt(2 / N_MADE) / 2 + 0.01
        pd.testing.assert_series_equal(made["a"], sources["a"])

    def test_absolute_units_of_time(self):
        days = pd.DataFrame({"when": pd.Timestamp("2024-01-01") + pd.to_timedelta(np.arange(200), unit="D")})
        made, sources = made_from(days, noise_std={"when": "10 days"})
        moved = (made["when"] - sources["when"]) / pd.Timedelta("1D")
        assert (moved == moved.round()).all(), "dates must stay dates"
        assert abs(moved.std() / 10 - 1) < 0.1
        assert abs(moved.mean()) < 4 * 10 / np.sqrt(N_MADE)

    def test_number_as_duration_is_refused(self):
        days = pd.DataFrame({"when": pd.date_range("2024-01-01", periods=5)})
        with pytest.raises(DataError, match="a duration such as '2 days'"):
            made_from(days, noise_std={"when": 10})

    @pytest.mark.parametrize("parameter", ["noise_scale", "noise_std", "clip"])
    def test_unknown_column_is_named(self, normal, parameter):
        with pytest.raises(
            DataError, match=rf"{parameter} for 'z', which is no column; expected one of 'a', 'b'"
        ):
            made_from(normal, **{parameter: {"z": (0, 1) if parameter == "clip" else 1.0}})

    @pytest.mark.parametrize("parameter", ["noise_scale", "noise_std"])
    @pytest.mark.parametrize("value", [-1.0, "much"])
    def test_value_that_is_no_noise_is_refused(self, normal, parameter, value):
        with pytest.raises(DataError, match=f"{parameter}={value!r}"):
            made_from(normal, **{parameter: {"a": value}})

    @pytest.mark.parametrize("parameter", ["noise_scale", "noise_std"])
    def test_noise_for_categories_is_refused(self, normal, parameter):
        with pytest.raises(DataError, match="column 'c', which holds categories"):
            made_from(normal.assign(c=["x", "y"] * 100), **{parameter: {"c": 1.0}})

    def test_array_columns_are_positions(self):
        X, y = np.random.default_rng(0).normal(size=(30, 2)), np.repeat([0, 1], [20, 10])
        sampler = NoiseSampler(noise_scale={1: 0.3}, random_state=0)
        X_new, _ = sampler.fit_resample(X, y)
        made, sources = X_new[30:], X[sampler.sample_indices_[30:]]
        np.testing.assert_array_equal(made[:, 0], sources[:, 0])
        assert (made[:, 1] != sources[:, 1]).all()


class TestClip:
    def test_observed_range_of_the_whole_table(self, normal):
        made, _ = made_from(normal, noise_scale=100.0, clip="observed")
        table = pd.concat([normal, (normal * 10).round(9)])
        assert (made.min() == table.min()).all()
        assert (made.max() == table.max()).all()
        # Class 0 reaches ten times as far as class 1: its range counts too.
        assert made["a"].max() > normal["a"].max()

    def test_no_clip_leaves_the_range(self, normal):
        made, _ = made_from(normal, noise_scale=20.0, clip=None)
        assert made["a"].min() < normal["a"].min() * 10

    def test_given_bounds(self, normal):
        made, _ = made_from(normal, noise_scale=1.0, clip={"a": (4, None), "b": (None, -1.0)})
        assert made["a"].min() == 4
        assert made["a"].max() > normal["a"].max()
        assert made["b"].max() == -1

    @pytest.mark.parametrize("dtype", ["float64", "int64", "Int8"])
    def test_bounds_between_two_values_are_not_passed_by_rounding(self, dtype):
        X = pd.DataFrame({"a": pd.Series(np.arange(200) % 7, dtype=dtype)})
        made, _ = made_from(X, noise_scale=3.0, clip={"a": (1.5, 4.5)})
        assert made["a"].min() == 2
        assert made["a"].max() == 4

    def test_bounds_of_a_column_with_decimals(self):
        X = pd.DataFrame({"a": np.round(np.random.default_rng(0).normal(size=200), 1)})
        made, _ = made_from(X, noise_scale=3.0, clip={"a": (0.25, 0.7)})
        assert made["a"].min() == 0.3
        assert made["a"].max() == 0.7

    def test_bounds_of_a_date(self):
        X = pd.DataFrame({"when": pd.date_range("2024-01-01", periods=200)})
        bounds = (pd.Timestamp("2024-02-01"), pd.Timestamp("2024-03-01"))
        made, _ = made_from(X, noise_scale=1.0, clip={"when": bounds})
        assert (made["when"].min(), made["when"].max()) == bounds

    @pytest.mark.parametrize("bounds", [5, (1, 2, 3), (5, 1)])
    def test_bounds_that_are_none_are_refused(self, normal, bounds):
        with pytest.raises(DataError, match="column 'a'"):
            made_from(normal, clip={"a": bounds})


class TestKinds:
    def test_categories_flip_with_the_probability_and_come_from_the_class(self):
        X = pd.DataFrame({"c": np.repeat(["x", "y"], 100)})
        table = pd.concat([pd.DataFrame({"c": ["only elsewhere"] * 200}), X], ignore_index=True)
        sampler = NoiseSampler({1: 200 + N_MADE}, flip_probability=0.3, random_state=0)
        X_new, _ = sampler.fit_resample(table, np.repeat([0, 1], 200))
        made, sources = X_new["c"][400:].to_numpy(), table["c"].to_numpy()[sampler.sample_indices_[400:]]
        assert set(made) == {"x", "y"}
        # Half of the donors bear the same category as the row.
        assert abs((made != sources).mean() - 0.15) < 4 * np.sqrt(0.15 * 0.85 / N_MADE)

    def test_no_flips_keeps_categories(self):
        X = pd.DataFrame({"c": np.repeat(["x", "y"], 100), "d": [True, False] * 100})
        made, sources = made_from(X, flip_probability=0)
        pd.testing.assert_frame_equal(made, sources)

    def test_numeric_codes_can_be_categories(self):
        X = pd.DataFrame({"code": np.repeat([10, 20], 100)})
        made, _ = made_from(X, noise_scale=3.0, categorical_features=["code"])
        assert set(made["code"]) == {10, 20}

    def test_ordered_categories_move_to_neighbours(self):
        levels = ["low", "mid", "high", "top"]
        X = pd.DataFrame({"level": pd.Categorical(["low"] * 100 + ["top"] * 100, levels, ordered=True)})
        made, sources = made_from(X, noise_scale=0.5, clip="observed")
        moved = (made["level"].cat.codes - sources["level"].cat.codes).abs()
        assert (moved == 1).mean() > 0
        assert (moved == 1).sum() > (moved == 2).sum() > 0

    def test_missing_values_stay_missing_and_known_ones_known(self):
        X = pd.DataFrame(
            {"a": np.where(np.arange(200) % 4 == 0, np.nan, np.arange(200.0)), "b": ["x", None] * 100}
        )
        made, sources = made_from(X, noise_scale=0.5, flip_probability=0)
        pd.testing.assert_frame_equal(made.isna(), sources.isna())
        assert (made["a"] != sources["a"])[made["a"].notna()].mean() > 0.9

    @pytest.mark.parametrize("dtype", ["uint8", "int8", "uint16", "UInt8"])
    def test_narrow_integers_never_wrap(self, dtype):
        info = np.iinfo(dtype.lower())
        X = pd.DataFrame({"a": pd.Series([info.max, info.max - 1, info.min, info.min + 1] * 50, dtype=dtype)})
        made, sources = made_from(X, noise_scale=0.2)
        # A wrapped value would land at the other end of the range.
        distance = (made["a"].astype(float) - sources["a"].astype(float)).abs()
        assert distance.max() < 6 * 0.2 * X["a"].astype(float).std()
        assert made["a"].dtype == X["a"].dtype

    def test_decimal_places_are_kept(self):
        X = pd.DataFrame({"price": np.round(np.random.default_rng(0).exponential(10, 200), 2)})
        made, sources = made_from(X, noise_scale=0.5)
        assert (made["price"].round(2) == made["price"]).all()
        assert (made["price"] != sources["price"]).mean() > 0.95

    def test_class_of_one_row_takes_the_spread_of_the_table(self):
        X = np.vstack([np.random.default_rng(0).normal(0, 3, size=(500, 1)), [[0.0]]])
        y = np.repeat([0, 1], [500, 1])
        sampler = NoiseSampler({1: 1 + N_MADE}, noise_scale=0.5, clip=None, random_state=0)
        with pytest.warns(match="the whole table instead of the class"):
            X_new, _ = sampler.fit_resample(X, y)
        spread = X_new[501:].std() / (0.5 * X.std())
        assert abs(spread - 1) < 4 / np.sqrt(2 * N_MADE)


def share_within_half(distribution):
    """Probability that a standardised variable lies within half a standard deviation."""
    if distribution == "normal":
        return 0.38292
    return 0.5 / np.sqrt(3) if distribution == "uniform" else 1 - np.exp(-0.5 * np.sqrt(2))
