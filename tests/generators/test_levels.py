"""Encoded rows as levels and numbers: what must be exact is, and the rest is near."""

from __future__ import annotations

import numpy as np
import pytest

from genesis_sampling.exceptions import DataError
from genesis_sampling.generators._conditioning import Allowed
from genesis_sampling.generators._levels import decode_table, encode_table, fit_column
from genesis_sampling.generators._modes import fit_modes


def fitted(codes, **options):
    options = {"discrete": False, "interpolate": True, "step": 0.0, "few_values": 30} | options
    return fit_column(codes, rng=np.random.default_rng(0), **options)


def back_and_forth(codes, column):
    table = encode_table([column], codes[:, None], np.random.default_rng(1))
    return decode_table([column], table, np.random.default_rng(2))[:, 0], table


@pytest.fixture
def spiky():
    """Half zeros, a tenth missing, the rest normal."""
    rng = np.random.default_rng(2)
    codes = rng.normal(50, 5, 2000)
    codes[:1000], codes[1000:1200] = 0, np.nan
    return rng.permutation(codes)


def test_spikes_and_gaps_are_exact_and_the_rest_is_near(spiky):
    again, table = back_and_forth(spiky, fitted(spiky, n_modes=5))
    np.testing.assert_array_equal(np.isnan(again), np.isnan(spiky))
    np.testing.assert_array_equal(again == 0, spiky == 0)
    smooth = np.nan_to_num(spiky) > 0
    # A code may be one standard deviation of its mode beyond the reach.
    assert np.abs(again - spiky)[smooth].max() < 1.0
    assert (table.numbers[~smooth] == 0).all()


def test_few_values_are_levels():
    codes = np.random.default_rng(0).integers(0, 12, 500).astype(float)
    column = fitted(codes)
    assert column.sizes == (12,)
    assert column.first_number is None
    np.testing.assert_array_equal(back_and_forth(codes, column)[0], codes)


def test_many_categories_are_told_by_two_levels():
    codes = np.append(np.random.default_rng(0).permutation(20_000).astype(float), np.nan)
    column = fitted(codes, discrete=True)
    # 142 is the root of 20,001, rounded up; 141 times as many are enough.
    assert column.sizes == (141, 142)
    np.testing.assert_array_equal(back_and_forth(codes, column)[0], codes)


def test_levels_beyond_the_last_category_are_the_last_one():
    column = fitted(np.arange(1000.0), discrete=True)
    assert column.sizes == (32, 32)
    assert column.decode(np.array([[31, 31]]), np.zeros(1)) == [999]


def test_a_column_of_one_value():
    codes = np.full(10, 3.0)
    assert fitted(codes).sizes == (1,)
    np.testing.assert_array_equal(back_and_forth(codes, fitted(codes))[0], codes)


def test_modes_are_found():
    """Two parts far apart, a third of the rows in the first one."""
    rng = np.random.default_rng(3)
    codes = np.concatenate([rng.normal(0, 1, 1000), rng.normal(100, 5, 2000)])
    modes = fit_modes(codes, 2, rng)
    np.testing.assert_allclose(modes.mean, [0, 100], atol=1.0)
    np.testing.assert_allclose(modes.std, [1, 5], rtol=0.2)
    np.testing.assert_allclose(modes.share, [1 / 3, 2 / 3], atol=0.05)


def test_modes_that_get_no_rows_are_left_out():
    rng = np.random.default_rng(4)
    modes = fit_modes(rng.normal(size=2000), 10, rng)
    assert modes.share.sum() == pytest.approx(1)
    assert modes.share.min() >= 0.005


@pytest.mark.parametrize("scale", [1e-300, 1e300])
def test_modes_of_extreme_numbers(scale):
    rng = np.random.default_rng(5)
    codes = scale * rng.normal(1, 0.1, 1000)
    modes = fit_modes(codes, 3, rng)
    mode, place = modes.encode(codes, rng)
    np.testing.assert_allclose(modes.decode(mode, place), codes, rtol=1e-6)


@pytest.mark.parametrize("n_bins", [8, 32])
def test_bins_are_as_frequent_and_near(spiky, n_bins):
    column = fitted(spiky, n_bins=n_bins)
    again, table = back_and_forth(spiky, column)
    smooth = np.nan_to_num(spiky) > 0
    np.testing.assert_array_equal(np.isnan(again), np.isnan(spiky))
    np.testing.assert_array_equal(again[~smooth & ~np.isnan(spiky)], 0)
    # 800 rows are enough for parts of 8 or 32 bins: each of these holds at most 1 / 64 of them.
    assert column.sizes == (2 + n_bins, n_bins)
    assert table.numbers.shape == (2000, 0)
    rank = np.searchsorted(np.sort(spiky[smooth]), spiky[smooth])
    rank_again = np.searchsorted(np.sort(spiky[smooth]), again[smooth])
    assert np.abs(rank - rank_again).max() <= 800 / n_bins**2 + 2


def test_levels_that_are_allowed(spiky):
    column = fitted(spiky, n_bins=8)
    first, second = column.allowed(Allowed(None, 50.0, np.inf))
    assert not first[:2].any()  # neither zero nor missing
    assert second.shape == column.sizes
    assert set(first) == {0, 1}
    table = encode_table([column], spiky[:, None], np.random.default_rng(1))
    above = table.levels[np.nan_to_num(spiky) >= 50, 0]
    assert first[above].all()
    below = table.levels[(np.nan_to_num(spiky) < 45) & (np.nan_to_num(spiky) > 0), 0]
    assert not first[below].any()


def test_any_mode_may_stand_for_a_number(spiky):
    column = fitted(spiky, n_modes=3)
    n_modes = column.sizes[0] - 2
    assert column.allowed(Allowed.value(0.0))[0].tolist() == [True, False] + [True] * n_modes
    assert column.allowed(Allowed.value(np.nan))[0].tolist() == [False, True] + [False] * n_modes


def test_two_levels_of_a_category_that_is_allowed():
    column = fitted(np.arange(1000.0), discrete=True)
    first, second = column.allowed(Allowed.value(40.0))
    assert (first.sum(), second.sum()) == (1, 1)
    assert column.decode(np.array([[first.argmax(), second.max(axis=0).argmax()]]), np.zeros(1)) == [40]


def test_shares_of_bins_add_up_to_that_of_the_range(spiky):
    """Parts of bins are equally probable, so the mean share that is wished for is the probability of the range."""
    column = fitted(spiky, n_bins=8)
    smooth = spiky[np.nan_to_num(spiky) > 0]
    for low, high in ((45.0, np.inf), (48.0, 53.0), (-np.inf, 51.0)):
        second = column.allowed(Allowed(None, low, high))[1]
        within = ((smooth >= low) & (smooth <= high)).mean()
        assert second[2:].mean() == pytest.approx(within, abs=2 / len(smooth))


def test_places_lie_within_the_range(spiky):
    column = fitted(spiky, n_bins=8)
    wish = Allowed(None, 50.0, 57.0)
    first, second = column.allowed(wish)
    pairs = np.argwhere((second > 0) & (first > 0)[:, None])
    levels = np.repeat(pairs, 200, axis=0)
    rng = np.random.default_rng(0)
    codes = column.decode(levels, rng.random(len(levels)), wish)
    assert ((codes >= 50 - 1e-9) & (codes <= 57 + 1e-9)).all()


def test_modes_stay_where_each_has_few_rows():
    """With 400 parts of 800 even codes none has half a percent of them."""
    codes, rng = np.linspace(0, 1, 800), np.random.default_rng(6)
    modes = fit_modes(codes, 400, rng)
    np.testing.assert_allclose(modes.decode(*modes.encode(codes, rng)), codes, atol=0.05)


class TestUnknownValues:
    """What no row had when the column was learned."""

    @pytest.mark.parametrize("options", [{"few_values": 300}, {"n_modes": 3}, {"n_bins": 8}])
    def test_gaps_are_refused(self, options):
        column = fitted(np.random.default_rng(0).normal(size=200), **options)
        with pytest.raises(DataError, match=r"missing values \(1 of 2 rows\) in column 'x'.*Fill them"):
            encode_table([column], np.array([[0.0], [np.nan]]), np.random.default_rng(0), ["x"])

    def test_categories_are_refused(self):
        column = fitted(np.array([0.0, 2.0] * 5), discrete=True)
        with pytest.raises(DataError, match=r"new category \(1 of 2 rows\) in column 'k'"):
            encode_table([column], np.array([[0.0], [1.0]]), np.random.default_rng(0), ["k"])

    def test_a_number_is_the_nearest_of_few(self):
        column = fitted(np.array([0.0, 1.0, 4.0, np.nan] * 5))
        codes = np.array([-7.0, 0.4, 0.6, 3.0, 99.0, np.nan])
        np.testing.assert_array_equal(back_and_forth(codes, column)[0], [0, 0, 1, 4, 4, np.nan])

    def test_a_number_is_the_nearest_of_those_told_by_two_levels(self):
        column = fitted(2.0 * np.arange(1000), few_values=2000)
        assert column.sizes == (32, 32)
        np.testing.assert_array_equal(back_and_forth(np.array([998.9, 5000.0]), column)[0], [998, 1998])

    def test_numbers_beyond_the_modes_are_their_ends(self):
        codes, rng = np.random.default_rng(0).normal(size=500), np.random.default_rng(1)
        modes = fit_modes(codes, 3, rng)
        far = modes.decode(*modes.encode(np.array([-1e200, 1e200]), rng))
        np.testing.assert_allclose(far, [codes.min(), codes.max()], atol=1.0)
