"""What comes in goes out: containers of tables and of labels."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pandas as pd
import polars as pl
import pytest
from polars.testing import assert_frame_equal as assert_polars_equal
from scipy import sparse

from genesis_sampling.exceptions import DataError
from genesis_sampling.tables.containers import is_frame, wrap_table, wrap_target

# Of five rows the last two are added anew: as they are "made" by copying, a stack must give back the five.
KEPT, MADE = np.arange(3), np.arange(3, 5)


def rebuilt(native, **params):
    """The container with its rows 0 to 2 kept and 3 to 4 added."""
    table = wrap_table(native, **params)
    return table.stack(KEPT, table.rows(MADE))


class TestArrays:
    @pytest.mark.parametrize("dtype", ["f8", "f4", "i8", "u1", "i2", "bool", "U3", object])
    @pytest.mark.parametrize("order", ["C", "F"])
    def test_dtype_and_order(self, dtype, order):
        X = np.arange(15).reshape(5, 3).astype(dtype).copy(order=order)
        result = rebuilt(X)
        np.testing.assert_array_equal(result, X)
        assert result.dtype == X.dtype
        assert result.flags.f_contiguous == (order == "F")

    def test_missing(self):
        X = np.array([[1.0, np.nan], [np.nan, 2], [3, 4], [np.nan, 5], [6, 7]])
        np.testing.assert_array_equal(rebuilt(X), X)

    def test_all_rows_kept_and_none_made(self):
        X = np.arange(6.0).reshape(3, 2)
        table = wrap_table(X)
        result = table.stack(None, table.rows(np.arange(0)))
        np.testing.assert_array_equal(result, X)
        assert not np.shares_memory(result, X)

    def test_order_of_rows(self):
        X = np.arange(5)[:, None]
        table = wrap_table(X)
        result = table.stack(KEPT, table.rows(MADE), np.array([4, 0, 3, 1, 2]))
        assert result.ravel().tolist() == [4, 0, 3, 1, 2]

    def test_list(self):
        rows = [[1, 2], [3, 4], [5, 6], [7, 8], [9, 10]]
        result = rebuilt(rows, was_list=True)
        assert result == rows
        assert type(result[0][0]) is int


@pytest.mark.parametrize("kind", [sparse.csr_matrix, sparse.csc_matrix, sparse.csr_array, sparse.csc_array])
@pytest.mark.parametrize("dtype", ["f8", "f4", "i8"])
class TestSparse:
    def test_kind_and_dtype(self, kind, dtype):
        dense = np.array([[0, 1, 0], [2, 0, 0], [0, 0, 0], [0, 3, 4], [5, 0, 0]], dtype=dtype)
        result = rebuilt(kind(dense))
        assert type(result) is kind
        assert result.dtype == dtype
        np.testing.assert_array_equal(result.toarray(), dense)
        assert result.nnz == 5

    def test_order_of_rows(self, kind, dtype):
        X = kind(np.arange(10).reshape(5, 2).astype(dtype))
        table = wrap_table(X)
        result = table.stack(KEPT, table.rows(MADE), np.array([4, 0, 3, 1, 2]))
        assert type(result) is kind
        assert result.toarray()[:, 0].tolist() == [8, 0, 6, 2, 4]

    def test_nothing_made(self, kind, dtype):
        X = kind(np.arange(6).reshape(3, 2).astype(dtype))
        table = wrap_table(X)
        result = table.stack(None, table.rows(np.arange(0)))
        assert type(result) is kind
        np.testing.assert_array_equal(result.toarray(), X.toarray())


def pandas_table():
    return pd.DataFrame(
        {
            "float": [1.5, np.nan, 2.5, 0.0, 9.0],
            "int8": np.array([1, 2, 3, 4, 5], dtype=np.int8),
            "Int64": pd.array([1, None, 3, 4, None], dtype="Int64"),
            "boolean": pd.array([True, None, False, True, None], dtype="boolean"),
            "object": pd.Series(["a", None, "b", "c", "a"], dtype=object),
            "string": pd.array(["a", None, "b", "c", "a"], dtype="string"),
            "category": pd.Categorical(["u", "v", None, "u", "v"], categories=["v", "u", "unused"]),
            "time": pd.to_datetime(["2024-01-01", None, "2024-01-02", "2024-01-03", "2024-01-04"]),
            "zoned": pd.to_datetime(["2024-01-01", None, "2024-01-02", "2024-01-03", None]).tz_localize(
                "Europe/Rome"
            ),
        }
    )


class TestPandas:
    def test_dtypes(self):
        frame = pandas_table()
        pd.testing.assert_frame_equal(rebuilt(frame), frame)

    @pytest.mark.parametrize(
        "index", [list("pqrst"), [7, 7, 7, 7, 7], pd.date_range("2024-01-01", periods=5)]
    )
    def test_index_starts_anew(self, index):
        frame = pandas_table().set_axis(index, axis=0)
        result = rebuilt(frame)
        assert result.index.equals(pd.RangeIndex(5))
        pd.testing.assert_frame_equal(result, pandas_table())
        none_made = wrap_table(frame).stack(None, wrap_table(frame).rows(np.arange(0)))
        pd.testing.assert_frame_equal(none_made, pandas_table())

    def test_integer_names(self):
        frame = pd.DataFrame(np.arange(10).reshape(5, 2), columns=[3, 1])
        pd.testing.assert_frame_equal(rebuilt(frame), frame)

    def test_input_is_not_changed(self):
        frame = pandas_table()
        result = rebuilt(frame)
        result.iloc[0, 0] = 99
        pd.testing.assert_frame_equal(frame, pandas_table())


def polars_table():
    day = date(2024, 1, 1)
    instant = datetime(2024, 1, 1, 12)
    return pl.DataFrame(
        {
            "float": [1.5, None, 2.5, 0.0, 9.0],
            "f32": pl.Series([1.5, 2.5, None, 0.5, 1.0], dtype=pl.Float32),
            "int": [1, 2, 3, 4, 5],
            "u8": pl.Series([1, None, 255, 0, 3], dtype=pl.UInt8),
            "i64": pl.Series([2**62 + 1, None, -(2**62) - 1, 0, 3], dtype=pl.Int64),
            "bool": [True, False, True, True, False],
            "gappy": [True, None, False, True, None],
            "text": ["a", None, "b", "c", "a"],
            "category": pl.Series(["u", "v", None, "u", "v"], dtype=pl.Categorical),
            "enum": pl.Series(["u", "v", None, "u", "v"], dtype=pl.Enum(["v", "u", "unused"])),
            "date": [day, None, day + timedelta(1), day + timedelta(2), day],
            "full_date": [day, day, day + timedelta(1), day + timedelta(2), day],
            "time": pl.Series([instant + timedelta(hours=i) for i in range(5)], dtype=pl.Datetime("us")),
            "zoned": pl.Series(
                [None] + [instant.replace(tzinfo=UTC) + timedelta(hours=i) for i in range(4)],
                dtype=pl.Datetime("ms", "UTC"),
            ).dt.convert_time_zone("Europe/Rome"),
            "duration": pl.Series([timedelta(seconds=i) for i in range(5)], dtype=pl.Duration("ms")),
            "empty": pl.Series([None] * 5, dtype=pl.Float64),
            "null": pl.Series([None] * 5, dtype=pl.Null),
        }
    )


class TestPolars:
    @pytest.mark.parametrize("name", polars_table().columns)
    def test_dtypes(self, name):
        frame = polars_table().select(name)
        assert_polars_equal(rebuilt(frame), frame)

    def test_columns_together(self):
        frame = polars_table()
        assert rebuilt(frame).schema == frame.schema

    def test_nothing_made(self):
        frame = polars_table()
        table = wrap_table(frame)
        assert_polars_equal(table.stack(None, table.rows(np.arange(0))), frame)

    def test_order_of_rows(self):
        table = wrap_table(polars_table().select("int"))
        result = table.stack(KEPT, table.rows(MADE), np.array([4, 0, 3, 1, 2]))
        assert result["int"].to_list() == [5, 1, 4, 2, 3]

    def test_nested_columns_are_refused(self):
        with pytest.raises(DataError, match="column 'lists' of dtype List"):
            wrap_table(pl.DataFrame({"lists": [[1], [2, 3]]}))


def test_is_frame():
    assert is_frame(pandas_table())
    assert is_frame(polars_table())
    assert not is_frame(np.eye(2))
    assert not is_frame([[1, 2]])
    assert not is_frame(sparse.eye_array(2, format="csr"))


def one_column(values):
    return pd.DataFrame({"label": values})


LABELS = {
    "array": (np.array([1, 0, 0, 1]), [0, 1]),
    "narrow": (np.array([2, 0, 0, 2], dtype=np.int8), [0, 2]),
    "float": (np.array([1.0, 0, 0, 1]), [0, 1]),
    "boolean": (np.array([True, False, False, True]), [False, True]),
    "text": (np.array(["b", "a", "a", "b"]), ["a", "b"]),
    "objects": (np.array(["b", "a", "a", "b"], dtype=object), ["a", "b"]),
    "list": (["b", "a", "a", "b"], ["a", "b"]),
    "tuple": ((1, 0, 0, 1), [0, 1]),
    "column": (np.array([[1], [0], [0], [1]]), [0, 1]),
    "Series": (pd.Series([1, 0, 0, 1], name="y"), [0, 1]),
    "Series of text": (pd.Series(["b", "a", "a", "b"]), ["a", "b"]),
    "string": (pd.Series(["b", "a", "a", "b"], dtype="string"), ["a", "b"]),
    "category": (
        pd.Series(["b", "a", "a", "b"], dtype=pd.CategoricalDtype(["b", "a", "unused"])),
        ["a", "b"],
    ),
    "category of integers": (pd.Series([5, 3, 3, 5], dtype="category"), [3, 5]),
    "nullable": (pd.Series([1, 0, 0, 1], dtype="Int64"), [0, 1]),
    "nullable boolean": (pd.Series([True, False, False, True], dtype="boolean"), [False, True]),
    "frame": (one_column(["b", "a", "a", "b"]), ["a", "b"]),
    "indicator": (np.array([[0, 1, 0], [1, 0, 0], [1, 0, 0], [0, 1, 0]]), [0, 1]),
    "polars": (pl.Series("y", ["b", "a", "a", "b"]), ["a", "b"]),
    "polars category": (pl.Series("y", ["b", "a", "a", "b"], dtype=pl.Categorical), ["a", "b"]),
    "polars boolean": (pl.Series("y", [True, False, False, True]), [False, True]),
}


@pytest.mark.parametrize("name", LABELS)
class TestTarget:
    def test_codes_and_classes(self, name):
        y, classes = LABELS[name]
        target = wrap_target(y)
        assert target.classes == classes
        assert [type(label) for label in target.classes] == [
            type(label) for label in classes
        ] or name == "float"
        assert target.codes.tolist() == [1, 0, 0, 1]
        assert target.counts.tolist() == [2, 2]
        assert target.positions_of(1).tolist() == [0, 3]

    def test_stack(self, name):
        y, _ = LABELS[name]
        result = wrap_target(y).stack(np.array([0, 1]), np.array([0, 1]))
        assert type(result) is (list if isinstance(y, tuple) else type(y))
        assert getattr(result, "dtype", None) is None or result.dtype == y.dtype
        assert wrap_target(result).codes.tolist() == [1, 0, 0, 1]
        if isinstance(y, pd.Series | pl.Series):
            assert result.name == y.name

    def test_stack_in_another_order(self, name):
        y, _ = LABELS[name]
        result = wrap_target(y).stack(None, np.array([0, 0]), np.array([0, 3, 1, 2, 4, 5]))
        assert wrap_target(result).codes.tolist() == [1, 1, 0, 0, 0, 0]


@pytest.mark.parametrize(
    "y",
    [
        np.array([1.0, np.nan, 0.0]),
        [None, "a", "b"],
        pd.Series([1, None, 0], dtype="Int64"),
        pl.Series([1, None, 0]),
    ],
    ids=lambda y: type(y).__name__,
)
def test_missing_labels(y):
    with pytest.raises(DataError, match=r"1 missing labels \(NaN\) in y .* expected a class for every row"):
        wrap_target(y)


def test_numbers_are_no_classes():
    with pytest.raises(ValueError, match="Unknown label type"):
        wrap_target(np.array([0.1, 0.25, 0.5]))
