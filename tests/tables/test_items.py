"""Items in any container: they come back as they were, and new ones beside them in the same container."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse

from genesis_sampling import DataError
from genesis_sampling.tables.items import items_frame, settled, wrap_items

TEXTS = ["one", "two", "three"]
SIGNALS = [np.arange(3.0), np.arange(5.0), np.zeros(2)]


def stacked(X, positions=(1,), kept=None):
    """The container with copies of some of its items behind it."""
    table = wrap_items(X)
    return table.stack(kept, items_frame(table.batch(np.array(positions, dtype=np.intp))))


@pytest.mark.parametrize("shape", [(3,), (3, 4), (3, 4, 5), (3, 2, 4, 5)])
@pytest.mark.parametrize("dtype", ["uint8", "int64", "float32", "float64", "bool"])
def test_arrays(shape, dtype):
    X = np.random.default_rng(0).integers(0, 2, shape).astype(dtype)
    found = stacked(X, (2, 0))
    assert found.dtype == X.dtype
    np.testing.assert_array_equal(found, np.concatenate([X, X[[2, 0]]]))
    np.testing.assert_array_equal(stacked(X, (1,), np.array([2])), X[[2, 1]])


def test_none_new():
    X = np.zeros((3, 2, 2))
    found = stacked(X, ())
    np.testing.assert_array_equal(found, X)
    assert not np.shares_memory(found, X)


@pytest.mark.parametrize(
    "X",
    [
        TEXTS,
        tuple(TEXTS),
        np.array(TEXTS, dtype=object),
        np.array(TEXTS),
        pd.Series(TEXTS, index=[5, 6, 7], name="text"),
    ],
    ids=["list", "tuple", "objects", "str", "series"],
)
def test_texts(X):
    found = stacked(X, (2, 0))
    assert list(found) == [*TEXTS, "three", "one"]
    assert isinstance(found, list) if isinstance(X, tuple) else isinstance(found, type(X))
    if isinstance(X, pd.Series):
        assert (found.name, list(found.index)) == ("text", [0, 1, 2, 3, 4])


def test_batches_follow_one_another():
    X = np.arange(24, dtype=np.uint8).reshape(4, 3, 2)
    found = wrap_items(X).stack(np.array([2]), items_frame(X[:1], X[1:3]), np.array([3, 0, 1, 2]))
    np.testing.assert_array_equal(found, X[[2, 2, 0, 1]])
    assert found.dtype == np.uint8


@pytest.mark.parametrize("dtype", ["int8", "uint16", "int32", "uint32", "int64", "uint64"])
@pytest.mark.parametrize("made", ["float32", "float64"])
def test_numbers_past_the_range_of_integers_end_at_it(dtype, made):
    """The largest integer of many bits is no float of few, and the next larger one would wrap."""
    limits = np.iinfo(dtype)
    found = settled(np.array([-1e30, limits.max, 1e30], dtype=made), np.dtype(dtype), None, None)
    assert found.dtype == dtype
    assert found[0] == limits.min
    np.testing.assert_allclose(found[1:].astype(float), float(limits.max), rtol=1e-6)


def test_longer_texts_fit():
    table = wrap_items(np.array(TEXTS))
    assert table.stack(None, items_frame(["eleven hundred"])).tolist() == [*TEXTS, "eleven hundred"]


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
def test_frames(frame):
    texts = stacked(frame({"text": TEXTS}), (1,))
    assert isinstance(texts, frame)
    assert list(texts["text"]) == [*TEXTS, "two"]
    numbers = stacked(frame({"t0": [1, 2, 3], "t1": [0.5, 1.5, 2.5]}), (2,))
    assert isinstance(numbers, frame)
    assert (list(numbers["t0"]), list(numbers["t1"])) == ([1, 2, 3, 3], [0.5, 1.5, 2.5, 2.5])
    assert str(numbers["t0"].dtype).lower() == "int64"


def test_ragged_lists():
    found = stacked(SIGNALS, (1,))
    assert [len(item) for item in found] == [3, 5, 2, 5]
    assert found[0] is SIGNALS[0]
    assert stacked([[1, 2], [3, 4, 5]], (1,)) == [[1, 2], [3, 4, 5], [3, 4, 5]]


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (np.empty((0, 3)), "no items"),
        ([], "no items"),
        (None, "NoneType for X"),
        ("text", "str for X"),
        (sparse.csr_matrix(np.eye(3)), "Make it dense"),
        (np.array([["a", "b"], ["c", "d"]]), r"shape \(2, 2\)"),
        (pd.DataFrame({"a": ["x"], "b": [1]}), "'a' hold no numbers"),
    ],
)
def test_errors(X, message):
    with pytest.raises(DataError, match=message):
        wrap_items(X)
