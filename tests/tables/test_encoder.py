"""The encoder gives back exactly what it was given."""

import string
from decimal import Decimal

import hypothesis.strategies as st
import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings

from genesis_sampling.exceptions import DataError
from genesis_sampling.tables import TableEncoder, infer_schema

INTEGER_DTYPES = [f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)]
WORDS = st.text(alphabet=string.ascii_letters + " äß0", max_size=5)
# Ticks well inside what pandas' nanoseconds hold, for every unit.
INSTANTS = st.datetimes(
    pd.Timestamp("1700-01-01").to_pydatetime(), pd.Timestamp("2250-01-01").to_pydatetime()
)


def round_trip(frame, **params):
    encoder = TableEncoder(**params).fit(frame)
    return encoder.inverse_transform(encoder.transform(frame))


def assert_round_trip(values, **params):
    frame = pd.DataFrame({"c": values})
    pd.testing.assert_frame_equal(round_trip(frame, **params), frame, check_exact=True)


def columns(values, *, missing=None, min_size=1):
    """Lists of values, some of them missing where there is a marker for that."""
    element = values if missing is None else st.one_of(values, st.just(missing))
    return st.lists(element, min_size=min_size, max_size=12)


@pytest.mark.parametrize("dtype", INTEGER_DTYPES)
class TestIntegers:
    @given(data=st.data())
    def test_any(self, dtype, data):
        bounds = np.iinfo(dtype)
        drawn = data.draw(columns(st.integers(int(bounds.min), int(bounds.max))))
        assert_round_trip(np.array(drawn, dtype=dtype))

    def test_extremes(self, dtype):
        bounds = np.iinfo(dtype)
        assert_round_trip(np.array([bounds.min, bounds.max, bounds.max - 1, bounds.min + 1], dtype=dtype))
        assert_round_trip(np.array([bounds.max, bounds.max - 3], dtype=dtype))

    @given(data=st.data())
    def test_nullable(self, dtype, data):
        bounds = np.iinfo(dtype)
        drawn = data.draw(columns(st.integers(int(bounds.min), int(bounds.max)), missing=pd.NA))
        assert_round_trip(pd.array(drawn, dtype=dtype.replace("i", "I").replace("u", "U")))

    def test_codes_beyond_the_dtype_are_clipped(self, dtype):
        bounds = np.iinfo(dtype)
        encoder = TableEncoder().fit(pd.DataFrame({"c": np.array([1, 5], dtype=dtype)}))
        decoded = encoder.inverse_transform(np.array([[-1e30], [1e30], [2.6]]))["c"]
        assert decoded.dtype == dtype
        # Of 64 bits, float64 holds the numbers near the ends only to the nearest thousand.
        assert abs(int(decoded[0]) - int(bounds.min)) <= 2**11
        assert abs(int(decoded[1]) - int(bounds.max)) <= 2**11
        assert decoded[2] == 3


class TestFloats:
    @given(columns(st.floats(allow_infinity=False)))
    def test_float64(self, values):
        assert_round_trip(np.array(values))

    @given(columns(st.floats(width=32, allow_infinity=False)))
    def test_float32(self, values):
        assert_round_trip(np.array(values, dtype=np.float32))

    @given(columns(st.floats(allow_nan=False, allow_infinity=False), missing=pd.NA))
    def test_nullable(self, values):
        assert_round_trip(pd.array(values, dtype="Float64"))

    def test_decimals(self):
        encoder = TableEncoder().fit(pd.DataFrame({"price": [0.25, 1.5, np.nan], "share": [1 / 3, 0.5, 0.1]}))
        decoded = encoder.inverse_transform(np.array([[0.2549, 0.2549]]))
        assert decoded["price"][0] == 0.25
        assert decoded["share"][0] == 0.2549
        free = TableEncoder(round_decimals=False).fit(pd.DataFrame({"price": [0.25, 1.5]}))
        assert free.inverse_transform(np.array([[0.2549]]))["price"][0] == 0.2549

    def test_whole_floats_stay_whole(self):
        encoder = TableEncoder(round_decimals=False).fit(pd.DataFrame({"n": [1.0, 2.0, np.nan]}))
        assert encoder.inverse_transform(np.array([[1.7]]))["n"][0] == 2.0


class TestObjects:
    @example([-(2**63)])
    @given(columns(st.integers(-(2**63), 2**63 - 1), missing=None))
    def test_integers(self, values):
        assert_round_trip(pd.Series(values, dtype=object))

    @given(columns(st.floats(allow_nan=False, allow_infinity=False)))
    def test_floats(self, values):
        assert_round_trip(pd.Series(values, dtype=object))

    def test_decimals_become_floats(self):
        frame = pd.DataFrame({"c": pd.Series([Decimal("1.25"), None, Decimal("3")], dtype=object)})
        decoded = round_trip(frame)["c"]
        assert decoded.dtype == object
        assert decoded[0] == 1.25
        assert decoded[2] == 3
        assert pd.isna(decoded[1])

    def test_too_large(self):
        with pytest.raises(DataError, match="'c' holds integers beyond 64 bits"):
            TableEncoder().fit(pd.DataFrame({"c": pd.Series([2**70, 1], dtype=object)}))


class TestCategories:
    @given(columns(WORDS, missing=None))
    def test_object(self, values):
        assert_round_trip(pd.Series(values, dtype=object))

    @given(columns(WORDS, missing=pd.NA))
    def test_string(self, values):
        assert_round_trip(pd.Series(values, dtype="string"))

    @given(columns(WORDS))
    def test_default_text(self, values):
        assert_round_trip(pd.Series(values))

    @given(columns(st.booleans(), missing=pd.NA))
    def test_nullable_boolean(self, values):
        assert_round_trip(pd.array(values, dtype="boolean"))

    @given(columns(st.booleans()))
    def test_boolean(self, values):
        assert_round_trip(np.array(values))

    @given(
        categories=st.one_of(
            st.sets(WORDS, min_size=1), st.sets(st.integers(-5, 5), min_size=1), st.sets(INSTANTS, min_size=1)
        ),
        ordered=st.booleans(),
        data=st.data(),
    )
    def test_categorical(self, categories, ordered, data):
        positions = data.draw(columns(st.integers(-1, len(categories) - 1)))
        dtype = pd.CategoricalDtype(pd.Index(list(categories)), ordered)
        assert_round_trip(pd.Categorical.from_codes(positions, dtype=dtype))

    @pytest.mark.parametrize("marker", [None, np.nan, pd.NA], ids=str)
    def test_marker_of_missing_values(self, marker):
        frame = pd.DataFrame({"c": pd.Series(["a", marker, "b"], dtype=object)})
        assert round_trip(frame)["c"][1] is marker

    @pytest.mark.parametrize("dtype", INTEGER_DTYPES + ["float64", "Int64"])
    def test_numbers_as_categories(self, dtype):
        values = pd.array([1, 5, 3, 1], dtype=dtype)
        assert_round_trip(values, categorical_features=["c"])

    def test_missing_numbers_as_categories(self):
        assert_round_trip([1.5, np.nan, 3.0], categorical_features=["c"])
        assert_round_trip(pd.array([1, None, 3], dtype="Int64"), categorical_features=["c"])

    def test_codes_are_sorted_positions(self):
        encoder = TableEncoder().fit(pd.DataFrame({"c": ["b", "a", "c"]}))
        assert encoder.transform(pd.DataFrame({"c": ["a", "b", "c"]}))[:, 0].tolist() == [0, 1, 2]
        assert encoder.n_categories_.tolist() == [3]

    def test_unseen(self):
        encoder = TableEncoder().fit(pd.DataFrame({"c": ["a", "b"]}))
        with pytest.raises(
            DataError,
            match=r"category 'z' in the column 'c', which was not there .* expected one of \['a', 'b'\]",
        ):
            encoder.transform(pd.DataFrame({"c": ["a", "z"]}))


class TestTimes:
    @pytest.mark.parametrize("zone", [None, "UTC", "Europe/Rome", "Pacific/Kiritimati"])
    @pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
    @given(values=columns(INSTANTS, missing=pd.NaT))
    @settings(max_examples=15)
    def test_datetime(self, unit, zone, values):
        series = pd.Series(pd.to_datetime(values)).astype(f"datetime64[{unit}]")
        assert_round_trip(series if zone is None else series.dt.tz_localize("UTC").dt.tz_convert(zone))

    @pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
    @given(values=columns(st.timedeltas(pd.Timedelta(days=-9999), pd.Timedelta(days=9999)), missing=pd.NaT))
    @settings(max_examples=15)
    def test_timedelta(self, unit, values):
        assert_round_trip(pd.Series(pd.to_timedelta(values)).astype(f"timedelta64[{unit}]"))

    def test_dates_stay_dates(self):
        days = pd.Series(pd.to_datetime(["2024-02-27", "2024-03-01", "2024-03-05"]))
        encoder = TableEncoder().fit(pd.DataFrame({"day": days}))
        decoded = encoder.inverse_transform(np.array([[0.4], [1.6], [3.0]]))["day"]
        assert (decoded == decoded.dt.normalize()).all()

    def test_extremes(self):
        assert_round_trip(pd.Series([pd.Timestamp.min, pd.Timestamp.max, pd.NaT]))
        assert_round_trip(pd.Series([pd.Timedelta.min, pd.Timedelta.max, pd.NaT]))


class TestTables:
    @pytest.mark.parametrize(
        "values",
        [
            [np.nan, np.nan],
            pd.Series([None, None], dtype=object),
            pd.array([None, None], dtype="Int64"),
            pd.array([None, None], dtype="boolean"),
            pd.array([None, None], dtype="string"),
            pd.to_datetime([None, None]),
            pd.to_datetime([None, None]).tz_localize("Europe/Rome"),
            pd.to_timedelta([None, None]),
            pd.Categorical([None, None], categories=["a"]),
        ],
        ids=lambda values: str(getattr(values, "dtype", "list")),
    )
    def test_nothing_but_missing(self, values):
        assert_round_trip(values)

    def test_schema_of_a_larger_table(self):
        """A class whose values are all missing is encoded with the schema of the whole table."""
        whole = pd.DataFrame(
            {
                "float": [1.5, np.nan],
                "Int64": pd.array([1, None], dtype="Int64"),
                "time": pd.to_datetime(["2024-01-01", None]),
                "word": pd.Series(["a", None], dtype=object),
            }
        )
        part = whole.iloc[1:].reset_index(drop=True)
        encoder = TableEncoder().fit(part, schema=infer_schema(whole))
        pd.testing.assert_frame_equal(encoder.inverse_transform(encoder.transform(part)), part)

    @pytest.mark.parametrize("names", [["x", "y"], [0, 1], [7, -2], pd.Index([1, 2], dtype="int32")], ids=str)
    def test_names(self, names):
        frame = pd.DataFrame([[1, "a"], [2, "b"]], columns=names)
        pd.testing.assert_frame_equal(round_trip(frame), frame)

    def test_index_starts_anew(self):
        frame = pd.DataFrame({"x": [1, 2]}, index=["p", "q"])
        assert round_trip(frame).index.equals(pd.RangeIndex(2))

    def test_other_columns_are_refused(self):
        encoder = TableEncoder().fit(pd.DataFrame({"a": [1], "b": [2]}))
        with pytest.raises(DataError, match=r"columns \['b', 'a'\]; expected \['a', 'b'\]"):
            encoder.transform(pd.DataFrame({"b": [1], "a": [2]}))

    def test_no_rows(self):
        frame = pd.DataFrame({"a": [1, 2], "b": ["x", None], "t": pd.to_datetime(["2024-01-01", None])})
        encoder = TableEncoder().fit(frame)
        assert encoder.transform(frame.iloc[:0]).shape == (0, 3)
        pd.testing.assert_frame_equal(encoder.inverse_transform(np.empty((0, 3))), frame.iloc[:0])

    def test_input_is_not_changed(self):
        frame = pd.DataFrame({"a": [1.5, 2.5], "b": [0.5, np.nan]})
        before = frame.copy()
        encoder = TableEncoder().fit(frame)
        encoder.inverse_transform(encoder.transform(frame) * 2)
        pd.testing.assert_frame_equal(frame, before)

    def test_range(self):
        encoder = TableEncoder().fit(pd.DataFrame({"a": [3, 1], "b": ["x", "y"], "c": [np.nan, np.nan]}))
        np.testing.assert_array_equal(encoder.low_, [1, 0, np.nan])
        np.testing.assert_array_equal(encoder.high_, [3, 1, np.nan])

    @pytest.mark.parametrize(
        ("values", "value", "code"),
        [
            ([10, 20], 12.5, 12.5),
            ([0.5, 1.5], 0.75, 0.75),
            (["a", "b"], "b", 1.0),
            (pd.to_datetime(["2024-01-01", "2024-01-03", "2024-01-04"]), pd.Timestamp("2024-01-05"), 4.0),
            (np.array([2**63, 2**63 + 5], dtype=np.uint64), 2**63 + 3, 3.0),
        ],
    )
    def test_encode_value(self, values, value, code):
        assert TableEncoder().fit(pd.DataFrame({"c": values})).encode_value(0, value) == code

    @pytest.mark.parametrize("values", [[1, 2], [0.5, 1.5], pd.to_datetime(["2024-01-01", "2024-01-02"])])
    def test_encode_value_of_another_kind(self, values):
        with pytest.raises(DataError, match="Got 'many' for the .* column 'c'"):
            TableEncoder().fit(pd.DataFrame({"c": values})).encode_value(0, "many")
