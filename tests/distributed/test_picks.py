"""Rows drawn from partitions."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("dask.dataframe")

from genesis_sampling import DataError
from genesis_sampling._random import RandomStreams
from genesis_sampling.distributed import _picks
from genesis_sampling.distributed._picks import Pick, concat_rows, shares_of_partitions

COUNTS = np.array([50, 0, 30, 20])


def streams(seed):
    return RandomStreams.from_random_state(seed)


class TestShares:
    @pytest.mark.parametrize("limit", [10**9, 1], ids=["small", "as beyond numpy's limit"])
    def test_hypergeometric(self, monkeypatch, limit):
        """Counts add up, no partition gives more than it has, and means and variances are those of the formula."""
        monkeypatch.setattr(_picks, "MAX_POPULATION", limit)
        n_rows, n_draws = 40, 2000
        shares = np.array([shares_of_partitions(COUNTS, n_rows, streams(seed)) for seed in range(n_draws)])
        assert (shares.sum(axis=1) == n_rows).all()
        assert (shares <= COUNTS).all()
        p = COUNTS / 100
        variance = n_rows * p * (1 - p) * (100 - n_rows) / 99
        assert (np.abs(shares.mean(axis=0) - n_rows * p) <= 5 * np.sqrt(variance / n_draws)).all()
        # A variance that is estimated from n draws has a relative standard error of about sqrt(2 / n).
        assert (np.abs(shares.var(axis=0) - variance) <= 5 * np.sqrt(2 / n_draws) * variance).all()

    @pytest.mark.parametrize("n_rows", [0, 100])
    def test_none_and_all(self, n_rows):
        assert (
            shares_of_partitions(COUNTS, n_rows, streams(0)).tolist() == (COUNTS * (n_rows // 100)).tolist()
        )


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

    @pytest.mark.parametrize(
        ("part", "found"),
        [
            (part.iloc[:50], "Got 50 rows instead of 60"),
            (part.assign(y="a"), "Got classes of {'a': 60} rows"),
        ],
    )
    def test_a_partition_that_changes(self, part, found):
        with pytest.raises(DataError, match=found):
            Pick(3, "y", self.counts, {"a": 2}, streams(0)).rows(part)


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
