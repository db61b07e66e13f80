"""Columns of arrays: what frames do with them, and that blocks are not joined before they have to be."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest

from genesis_sampling.tables._item_array import ItemArray
from genesis_sampling.tables.items import items_frame

VALUES = np.arange(42.0).reshape(7, 3, 2)
# Blocks of three, none and four items.
BLOCKS = [VALUES[:3], VALUES[3:3], VALUES[3:]]


def same(column, values):
    np.testing.assert_array_equal(np.array(column.tolist()), values)


@pytest.mark.parametrize("blocks", [BLOCKS, [VALUES]], ids=["blocks", "block"])
class TestRows:
    def test_one_and_some(self, blocks):
        column = items_frame(*blocks)["item"]
        np.testing.assert_array_equal(column.iloc[4], VALUES[4])
        same(column.iloc[2:5], VALUES[2:5])
        same(column[np.arange(7) % 3 == 0], VALUES[::3])

    @pytest.mark.parametrize("positions", [[6, 0, 3, 3, 2], [-1, -7, 1]], ids=str)
    def test_take(self, blocks, positions):
        same(items_frame(*blocks)["item"].array.take(positions), VALUES[positions])
        frame = items_frame(*blocks).iloc[positions].reset_index(drop=True)
        assert frame.index.tolist() == list(range(len(positions)))
        same(frame["item"], VALUES[positions])

    def test_none(self, blocks):
        assert items_frame(*blocks).iloc[:0]["item"].tolist() == []
        assert len(items_frame(*blocks)["item"].array.take([])) == 0

    def test_as_objects(self, blocks):
        cells = items_frame(*blocks)["item"].to_numpy()
        assert (cells.dtype, cells.shape) == (object, (7,))
        same(cells, VALUES)
        assert items_frame(*blocks)["item"].map(np.sum).tolist() == VALUES.sum(axis=(1, 2)).tolist()

    def test_pickle_and_print(self, blocks):
        frame = items_frame(*blocks)
        same(pickle.loads(pickle.dumps(frame))["item"], VALUES)
        assert "7 rows" in repr(frame) or len(repr(frame).splitlines()) > 7

    def test_no_gaps(self, blocks):
        assert not items_frame(*blocks)["item"].isna().any()
        with pytest.raises(ValueError, match="positions without an item"):
            items_frame(*blocks).reindex([0, 9])


def test_joined_columns_keep_their_blocks():
    joined = pd.concat([items_frame(*BLOCKS), items_frame(VALUES)], ignore_index=True)
    column = joined["item"].array
    assert isinstance(column, ItemArray)
    assert [len(block) for block in column.blocks] == [3, 0, 4, 7]
    assert all(np.shares_memory(block, VALUES) for block in column.blocks if len(block))
    # A few are taken without joining the others.
    same(joined.iloc[[8, 1]]["item"], VALUES[[1, 1]])
    assert len(column.blocks) == 4
    same(joined["item"], np.concatenate([VALUES, VALUES]))


def test_others_are_objects():
    column = items_frame(["one", "two"], ["three"])["item"]
    assert column.tolist() == ["one", "two", "three"]
    signals = items_frame([np.zeros(2), np.zeros(3)])["item"]
    assert signals.dtype == object
    assert signals.map(len).tolist() == [2, 3]
    assert len(items_frame()) == 0
