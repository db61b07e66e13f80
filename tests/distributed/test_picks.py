"""Rows drawn from partitions."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("dask.dataframe")

from genesis_sampling import DataError
from genesis_sampling._random import RandomStreams
from genesis_sampling.distributed import _picks
from genesis_sampling.distributed._picks import Pick, concat_rows, rows_of_a_class, shares_of_partitions

COUNTS = np.array([50, 0, 30, 20])


def streams(seed):
    return RandomStreams.from_random_state(seed)


class TestShares:
    @pytest.mark.parametrize("limit", [10**9, 1], ids=["small", "as beyond numpy's limit"])
    @pytest.mark.parametrize("n_rows", [40, 95])
    def test_hypergeometric(self, monkeypatch, limit, n_rows):
        """Counts add up, no partition gives more than it has, and means and variances are those of the formula."""
        monkeypatch.setattr(_picks, "MAX_POPULATION", limit)
        n_draws = 2000
        shares = np.array([shares_of_partitions(COUNTS, n_rows, streams(seed)) for seed in range(n_draws)])
        assert (shares.sum(axis=1) == n_rows).all()
        assert (shares <= COUNTS).all()
        p = COUNTS / 100
        variance = n_rows * p * (1 - p) * (100 - n_rows) / 99
        assert (np.abs(shares.mean(axis=0) - n_rows * p) <= 5 * np.sqrt(variance / n_draws)).all()
        # A variance that is estimated from n draws has a relative standard error of about sqrt(2 / n).
        assert (np.abs(shares.var(axis=0) - variance) <= 5 * np.sqrt(2 / n_draws) * variance).all()

    @pytest.mark.parametrize("n_rows", [0, 100])
    @pytest.mark.parametrize("limit", [10**9, 1])
    def test_none_and_all(self, monkeypatch, n_rows, limit):
        monkeypatch.setattr(_picks, "MAX_POPULATION", limit)
        assert (
            shares_of_partitions(COUNTS, n_rows, streams(0)).tolist() == (COUNTS * (n_rows // 100)).tolist()
        )

    def test_pairs_of_partitions(self, monkeypatch):
        """What one gives more the others give less: covariances are those of the formula."""
        monkeypatch.setattr(_picks, "MAX_POPULATION", 1)
        n_rows, n_draws = 40, 2000
        shares = np.array([shares_of_partitions(COUNTS, n_rows, streams(seed)) for seed in range(n_draws)])
        p = COUNTS / 100
        expected = n_rows * (np.diag(p) - np.outer(p, p)) * (100 - n_rows) / 99
        spread = np.sqrt(np.diag(expected))
        # The standard error of an estimated covariance is at most sqrt(2 / n) of both deviations.
        error = np.abs(np.cov(shares.T, bias=True) - expected)
        assert (error <= 5 * np.sqrt(2 / n_draws) * np.outer(spread, spread)).all()


class TestSharesOfManyRows:
    """Of more rows than numpy draws from: 2,000,000,000."""

    counts = np.array([1_200_000_000, 0, 500_000_000, 300_000_000])

    def test_hypergeometric(self):
        total, n_rows, n_draws = 2 * 10**9, 8 * 10**8, 300
        shares = np.array(
            [shares_of_partitions(self.counts, n_rows, streams(seed)) for seed in range(n_draws)]
        )
        assert (shares.sum(axis=1) == n_rows).all()
        assert ((shares >= 0) & (shares <= self.counts)).all()
        p = self.counts / total
        variance = n_rows * p * (1 - p) * (total - n_rows) / (total - 1)
        assert (np.abs(shares.mean(axis=0) - n_rows * p) <= 5 * np.sqrt(variance / n_draws)).all()
        assert (np.abs(shares.var(axis=0) - variance) <= 5 * np.sqrt(2 / n_draws) * variance).all()

    @pytest.mark.parametrize("n_rows", [1, 30, 10**6, 10**9, 2 * 10**9 - 1])
    def test_memory(self, n_rows):
        """Of some numbers for each partition, however many rows there are: one for each would take 8 GB."""
        counts = np.full(4000, 500_000)
        tracemalloc.start()
        try:
            shares = shares_of_partitions(counts, n_rows, streams(0))
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert shares.sum() == n_rows
        assert ((shares >= 0) & (shares <= counts)).all()
        assert peak < 5 * 10**6


class TestRowsOfAClass:
    @pytest.mark.parametrize(
        ("counts", "expected"),
        [
            ([30, 600, 70], 45),  # 30 + 45 + 45
            ([30, 40, 50], 50),
            ([600, 600], 50),
            ([600] * 7, 17),
            ([600] * 500, 1),
            ([10, 600], 50),
            ([], 50),
        ],
    )
    def test_shared(self, counts, expected):
        assert rows_of_a_class(counts, 50, 120) == expected

    def test_no_more_than_that_and_no_fewer(self):
        rng = np.random.default_rng(0)
        for _ in range(300):
            counts = rng.geometric(1 / 100, rng.integers(1, 30))
            found = rows_of_a_class(counts.tolist(), 150, 1000)
            assert 1 <= found <= 150
            assert np.minimum(counts, found).sum() <= 1000
            if found < 150:
                assert np.minimum(counts, found + 1).sum() > 1000


class TestPick:
    part = pd.DataFrame({"x": range(60), "y": ["a", "b", "a"] * 20})
    counts = {"a": 40, "b": 20}

    def rows(self, share, seed=0, partition=0):
        return Pick(partition, "y", self.counts, share, streams(seed)).rows(self.part)

    def test_each_row_once_in_order(self):
        picked = self.rows({"a": 15, "b": 20})
        assert picked["y"].value_counts().to_dict() == {"a": 15, "b": 20}
        assert picked["x"].is_monotonic_increasing
        assert picked["x"].is_unique
        assert picked.equals(self.part.loc[picked["x"]])

    def test_every_row_is_as_probable(self):
        """500 draws of a quarter of a class: a row is in 125 of them, give or take five standard deviations."""
        taken = np.zeros(60)
        for seed in range(500):
            taken[self.rows({"a": 10}, seed)["x"]] += 1
        of_a = (self.part["y"] == "a").to_numpy()
        assert (taken[~of_a] == 0).all()
        assert (np.abs(taken[of_a] - 125) < 5 * np.sqrt(500 * 0.25 * 0.75)).all()

    def test_streams_of_partitions_and_classes(self):
        assert self.rows({"a": 10}).equals(self.rows({"a": 10}))
        assert not self.rows({"a": 10}).equals(self.rows({"a": 10}, partition=1))

    def test_all_rows_are_not_copied(self):
        assert self.rows(self.counts) is self.part

    def test_index_of_kept_rows(self):
        kept = Pick(0, "y", self.counts, {"b": 3}, streams(0)).kept(self.part, 7)
        assert kept.index.tolist() == [7, 8, 9]
        assert self.part.index.equals(pd.RangeIndex(60))

    def test_an_empty_partition_gives_rows_of_the_table(self):
        """Whatever it is like itself."""
        none = self.part.iloc[:0]
        kept = Pick(0, "y", {}, {}, streams(0), none).kept(pd.DataFrame(), 9)
        assert kept.dtypes.equals(self.part.dtypes)
        assert kept.index.equals(pd.RangeIndex(9, 9))
        with pytest.raises(DataError, match="Got 60 rows instead of 0"):
            Pick(0, "y", {}, {}, streams(0), none).kept(self.part, 9)

    @pytest.mark.parametrize("share", [{"a": 2}, counts], ids=["some", "all"])
    @pytest.mark.parametrize(
        ("part", "found"),
        [
            (part.iloc[:50], "Got 50 rows instead of 60"),
            (part.assign(y="a"), "Got classes of {'a': 60} rows"),
        ],
    )
    def test_a_partition_that_changes(self, part, found, share):
        """Also where all of its rows stay."""
        with pytest.raises(DataError, match=found):
            Pick(3, "y", self.counts, share, streams(0)).kept(part, 0)


class TestConcat:
    def test_categories_of_all(self):
        frames = [pd.DataFrame({"c": pd.Categorical(values)}) for values in (["a", "b"], ["c", "b"])]
        rows = concat_rows(frames)["c"]
        assert rows.tolist() == ["a", "b", "c", "b"]
        assert rows.cat.categories.tolist() == ["a", "b", "c"]

    def test_orders_that_differ(self):
        frames = [pd.DataFrame({"c": pd.Categorical(list(values), ordered=True)}) for values in ("ab", "bc")]
        with pytest.raises(DataError, match="Got partitions whose categories differ in the column 'c'"):
            concat_rows(frames)
