"""What the columns of a table are."""

from datetime import date
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from genesis_sampling.exceptions import DataError, IdentifierWarning, MixedTypesError
from genesis_sampling.tables import ColumnKind, infer_schema


def describe(values, **params):
    (column,) = infer_schema(pd.DataFrame({"c": values}), **params)
    return column


KINDS = {
    "continuous": [
        [0.5, 1.25, np.nan],
        np.array([0.5, 1.5], dtype=np.float32),
        pd.array([0.5, None, 1.5], dtype="Float64"),
        pd.Series([Decimal("1.5"), None, Decimal("2.25")]),
        pd.Series([0.5, 1, None], dtype=object),
    ],
    "integer": [
        [1, 2],
        np.array([1, 2], dtype=np.uint8),
        [1.0, 2.0, np.nan],
        pd.array([1, None, 2], dtype="Int64"),
        pd.Series([1, 2, None], dtype=object),
    ],
    "boolean": [
        [True, False],
        pd.array([True, None, False], dtype="boolean"),
        pd.Series([True, None], dtype=object),
    ],
    "categorical": [
        ["a", "b"],
        pd.Series(["a", None, "b"], dtype=object),
        pd.array(["a", None, "b"], dtype="string"),
        pd.Categorical([1, 2]),
        pd.Series([date(2024, 1, 1), date(2024, 1, 2)], dtype=object),
    ],
    "ordinal": [pd.Categorical(["b", "a"], categories=["b", "a"], ordered=True)],
    "datetime": [
        pd.to_datetime(["2024-01-01", None]),
        pd.to_datetime(["2024-01-01", "2024-01-02"]).tz_localize("Europe/Rome"),
        np.array(["2024-01-01", "2024-01-02"], dtype="M8[s]"),
    ],
    "timedelta": [pd.to_timedelta([1, 2, None], unit="s")],
    "constant": [[3, 3], [1.5, 1.5, np.nan], ["a", "a"], pd.array([1, 1, None], dtype="Int64")],
    "missing": [[np.nan, np.nan], pd.Series([None, None], dtype=object), pd.array([None], dtype="Float64")],
}
CASES = [(values, kind) for kind, columns in KINDS.items() for values in columns]


@pytest.mark.parametrize(("values", "kind"), CASES, ids=[f"{kind}-{i}" for i, (_, kind) in enumerate(CASES)])
def test_kinds(values, kind):
    column = describe(values)
    assert column.kind == ColumnKind(kind)
    is_text = isinstance(values, list) and isinstance(values[0], str)
    assert column.discrete == (kind in ("categorical", "boolean") or is_text)


class TestCategoricalFeatures:
    frame = pd.DataFrame({"a": [1, 2], "b": [0.5, 1.5], "c": ["x", "y"]})

    @pytest.mark.parametrize("given", [["a"], [0], [-3], np.array([True, False, False]), "a"])
    def test_names_positions_mask(self, given):
        assert infer_schema(self.frame, given).discrete.tolist() == [True, False, True]

    def test_auto_and_none(self):
        assert infer_schema(self.frame).discrete.tolist() == [False, False, True]
        assert infer_schema(self.frame, None).discrete.tolist() == [False, False, True]

    def test_forced_constant_is_categorical(self):
        assert describe([1, 1], categorical_features=["c"]).kind == ColumnKind.CATEGORICAL

    def test_integer_names_come_before_positions(self):
        frame = pd.DataFrame([[1, 2, 3], [4, 5, 6]], columns=[2, 0, 1])
        assert infer_schema(frame, [2]).discrete.tolist() == [True, False, False]

    @pytest.mark.parametrize("given", [["nowhere"], [3], [-4]])
    def test_unknown(self, given):
        with pytest.raises(DataError, match="no such column"):
            infer_schema(self.frame, given)

    def test_mask_of_another_length(self):
        with pytest.raises(DataError, match="mask of length 2 for 3 columns"):
            infer_schema(self.frame, [True, False])


class TestRefused:
    @pytest.mark.parametrize("infinity", [np.inf, -np.inf])
    @pytest.mark.parametrize("dtype", [np.float64, np.float32])
    def test_infinite(self, infinity, dtype):
        frame = pd.DataFrame({"fine": [1.0, 2.0], "bad": np.array([1.0, infinity], dtype=dtype)})
        with pytest.raises(DataError, match=r"'bad' holds infinite values .*expected finite"):
            infer_schema(frame)

    def test_complex(self):
        with pytest.raises(DataError, match="'c' holds complex numbers"):
            describe([1 + 2j, 3])

    @pytest.mark.parametrize("values", [["a", 1], [1, "a", None], [True, "a"], [b"a", 1.5]])
    def test_mixed_types(self, values):
        with pytest.raises(MixedTypesError, match="'c' mixes values of the types .*astype"):
            describe(pd.Series(values, dtype=object))

    def test_duplicate_names(self):
        with pytest.raises(DataError, match=r"\['a'\] more than once"):
            infer_schema(pd.DataFrame([[1, 2, 3]], columns=["a", "b", "a"]))

    def test_names_of_several_types(self):
        with pytest.raises(MixedTypesError, match="column names of several types"):
            infer_schema(pd.DataFrame([[1, 2]], columns=["a", 0]))

    def test_errors_are_built_in_ones_too(self):
        assert issubclass(MixedTypesError, TypeError)
        assert issubclass(DataError, ValueError)


class TestIdentifiers:
    names = [f"person {i}" for i in range(100)]

    def test_warning_names_the_column(self):
        with pytest.warns(
            IdentifierWarning, match="'c' looks like an identifier: 100 different values in 100 rows"
        ):
            describe(self.names)

    def test_others_do_not_warn(self):
        infer_schema(pd.DataFrame({"few": self.names[:10] * 10, "number": range(100)}))
        describe(self.names[:30])


@pytest.mark.parametrize(
    ("values", "places"),
    [
        ([1.0, 2.0], 0),
        ([1.5, 2.0], 1),
        ([0.01, np.nan, 12.5], 2),
        ([1 / 3, 0.5], None),
        ([1e-6, 1.0], 6),
        ([1e-7], None),
    ],
)
def test_decimals(values, places):
    assert describe(values).decimals == places


def test_range():
    column = describe([3.5, np.nan, -1.0])
    assert (column.low, column.high) == (-1.0, 3.5)


def test_schema_is_a_sequence_of_columns():
    schema = infer_schema(pd.DataFrame({"a": [1, 2], "b": ["x", "y"]}))
    assert len(schema) == 2
    assert schema.names() == ["a", "b"]
    assert schema.names(ColumnKind.CATEGORICAL) == ["b"]
