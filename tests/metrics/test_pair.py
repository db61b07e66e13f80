"""Two tables read alike."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from genesis_sampling import DataError
from genesis_sampling.metrics._pair import as_pair


def test_columns_are_matched_by_name():
    real = pd.DataFrame({"a": [1.0, 2.0], "c": ["u", "v"]})
    pair = as_pair(real, real[["c", "a"]])
    assert pair.names == ("a", "c")
    np.testing.assert_array_equal(pair.real, pair.synthetic)
    assert as_pair(pair, None) is pair


@pytest.mark.parametrize(
    ("real", "synthetic"),
    [
        (pd.Series([1, 2, 3], dtype="category"), pd.Series(["1", "2", "3"])),
        (pd.Series([1, 2, 3], dtype="category"), pd.Series([1.0, 2.0, 3.0])),
        (pd.Series(["1", "2", "3"]), pd.Series([1, 2, 3])),
        (pd.Series([True, False, True]), pd.Series(["True", "False", "True"])),
        (pd.Series(["a", "b", "a"], dtype="string"), pd.Series(["a", "b", "a"], dtype="category")),
        (pd.Series([1, 2, 3], dtype="Int64"), pd.Series([1.0, 2.0, 3.0])),
    ],
    ids=["codes and text", "codes and floats", "text and numbers", "truth values", "strings", "nullable"],
)
def test_equal_values_of_other_dtypes_are_equal(real, synthetic):
    pair = as_pair(pd.DataFrame({"c": real}), pd.DataFrame({"c": synthetic}))
    np.testing.assert_array_equal(pair.real, pair.synthetic)


@pytest.mark.parametrize("nothing", [None, np.nan, pd.NA], ids=str)
def test_missing_categories_are_missing_however_they_are_written(nothing):
    real = pd.DataFrame({"c": ["u", None, "v"]})
    pair = as_pair(real, pd.DataFrame({"c": pd.Series(["u", nothing, "v"], dtype=object)}))
    np.testing.assert_array_equal(np.isnan(pair.real[:, 0]), [False, True, False])
    np.testing.assert_array_equal(pair.real, pair.synthetic)


def test_levels_of_numbers_are_bins_of_the_real_range():
    pair = as_pair(np.linspace(0, 10, 101)[:, None], np.array([[-5.0], [0.5], [5.5], [99.0], [np.nan]]))
    real, synthetic, n_levels = pair.levels(0)
    assert n_levels == 11
    np.testing.assert_array_equal(synthetic, [0, 0, 5, 9, 10])
    assert np.bincount(real).min() >= 10


def test_levels_of_categories_end_with_the_missing_one():
    pair = as_pair(pd.DataFrame({"c": ["u", None]}), pd.DataFrame({"c": ["new", "u"]}))
    real, synthetic, n_levels = pair.levels(0)
    assert n_levels == 3
    assert real[1] == 2
    assert synthetic[1] == real[0]
    assert len({*real, *synthetic}) == 3


def test_equal_numbers_of_both():
    real = np.arange(50.0)[:, None]
    pair = as_pair(real, real[:20])
    assert [len(codes) for codes in pair.balanced().tables] == [20, 20]
    drawn = pair.balanced(10, seed=3)
    assert [len(np.unique(codes)) for codes in drawn.tables] == [10, 10]
    np.testing.assert_array_equal(drawn.real, pair.balanced(10, seed=3).real)
    assert not np.array_equal(drawn.real, pair.balanced(10, seed=4).real)


@pytest.mark.parametrize(
    ("synthetic", "message"),
    [
        (pd.DataFrame({"a": [1.0]}), "only in the real one: \\['b'\\]"),
        (pd.DataFrame({"a": [1.0], "b": [2.0], "c": [3.0]}), "only in the synthetic one: \\['c'\\]"),
        (pd.DataFrame({"a": [], "b": []}, dtype=float), "synthetic table without rows"),
        (pd.DataFrame({"a": ["much"], "b": [2.0]}), "column 'a'"),
        (None, "no synthetic table"),
    ],
    ids=["lacking", "extra", "empty", "text", "nothing"],
)
def test_tables_that_cannot_be_compared(synthetic, message):
    with pytest.raises(DataError, match=message):
        as_pair(pd.DataFrame({"a": [1.0, 2.0], "b": [3.0, 4.0]}), synthetic)


def test_booleans_written_as_numbers_are_the_same():
    real = pd.DataFrame({"f": [True, False, True]})
    pair = as_pair(real, real.astype(int))
    assert np.array_equal(pair.real, pair.synthetic)
    other = as_pair(real, pd.DataFrame({"f": [0, 1, 2]}))
    assert not np.isin(other.synthetic[2], other.real).any()


def test_infinite_values():
    finite, infinite = pd.DataFrame({"a": [1.0, 2.0]}), pd.DataFrame({"a": [1.0, np.inf]})
    with pytest.raises(DataError, match="infinite values in the column 'a' of the synthetic table"):
        as_pair(finite, infinite)


def test_values_outside_of_the_real_range_as_categories_of_their_own():
    pair = as_pair(pd.DataFrame({"a": [0.0, 10.0]}), pd.DataFrame({"a": [-1.0, 11.0]}))
    assert [side.tolist() for side in pair.levels(0)[:2]] == [[0, 9], [0, 9]]
    real, synthetic, n_levels = pair.levels(0, outside=True)
    assert not np.isin(synthetic, real).any()
    assert n_levels == 13
