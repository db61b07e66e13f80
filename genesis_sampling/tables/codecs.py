"""Exact two-way codes for one column: values <-> float64, NaN where a value is missing.

Numbers and times keep their order and their distances; categories become their position in a list. Decoding rounds
to what the column can hold and clips to the range of its dtype, so integers are never truncated and never wrap.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from pandas.api import types

from ..exceptions import DataError
from .schema import Column, ColumnKind, numbers

__all__ = ["CategoryCodec", "FloatCodec", "IntegerCodec", "make_codec"]

# The integers that float64 holds exactly reach to here; beyond, neighbours collide.
MAX_EXACT = 2**53


def make_codec(column: Column, values: pd.Series, *, round_decimals: bool = True):
    """The codec for ``values``, fitted.

    Parameters
    ----------
    column : Column
        What the column is.
    values : pandas.Series
        Its values, missing ones included.
    round_decimals : bool, default=True
        Whether decoded floats are rounded to the number of decimal places (at most 6) that all values share.
    """
    if column.kind is ColumnKind.MISSING or _is_missing(values):
        return MissingCodec(values)  # the schema may come from more rows, some of which have a value
    if column.discrete or column.kind is ColumnKind.ORDINAL:
        return CategoryCodec(values)
    if column.kind in (ColumnKind.DATETIME, ColumnKind.TIMEDELTA) or _holds_integers(values):
        return IntegerCodec(values)
    return FloatCodec(column, values, round_decimals=round_decimals or column.kind is ColumnKind.INTEGER)


def _is_missing(values: pd.Series) -> bool:
    """Whether there is no known value."""
    return (not len(values) or bool(pd.isna(values.iat[0]))) and not values.notna().any()


def _holds_integers(values: pd.Series) -> bool:
    if values.dtype == object:
        return types.infer_dtype(values, skipna=True) == "integer"
    return types.is_integer_dtype(values.dtype)


class FloatCodec:
    """Floats as they are, cast back to their dtype and rounded to their decimal places."""

    def __init__(self, column: Column, values: pd.Series, *, round_decimals: bool = True):
        self.dtype = values.dtype
        self.decimals = column.decimals if round_decimals else None
        self.low, self.high = column.low, column.high

    def encode(self, values: pd.Series) -> np.ndarray:
        return numbers(values).astype(np.float64, copy=False)

    def decode(self, codes: np.ndarray) -> pd.Series:
        if self.decimals is not None:
            codes = np.round(codes, self.decimals) + 0.0  # no negative zero
        return _series(codes, self.dtype)


class IntegerCodec:
    """Integers, datetimes and timedeltas: the distance to the smallest value, in units that all values share.

    Times are counted in the largest unit that divides all their differences, so dates stay dates. Where the span
    is too wide for float64 to be exact (beyond 2**53 units), the code is the rank among the known values instead.
    """

    def __init__(self, values: pd.Series):
        self.dtype = values.dtype
        known = np.unique(_integers(values.dropna()))
        self.is_time = types.is_datetime64_any_dtype(self.dtype) or types.is_timedelta64_dtype(self.dtype)
        # Python integers: no arithmetic on the bounds can wrap.
        self.smallest, self.largest = int(known[0]), int(known[-1])
        self.is_unsigned = known.dtype.kind == "u"
        self.unit = _common_unit(known) if self.is_time else 1
        span = (self.largest - self.smallest) // self.unit
        self.ranks = known if span > MAX_EXACT else None
        # Small integers keep their own values as codes, large ones and times are counted from the smallest.
        small = not self.is_time and max(abs(self.smallest), abs(self.largest)) <= MAX_EXACT
        self.offset = 0 if small else self.smallest
        self.low = 0.0 if self.ranks is not None else float((self.smallest - self.offset) // self.unit)
        self.high = float(len(known) - 1) if self.ranks is not None else self.low + float(span)
        self._fit_limits()

    def _fit_limits(self) -> None:
        """Codes between which a decoded value fits the dtype."""
        bounds = _integer_bounds(self.dtype)
        self.code_limits = tuple((bound - self.offset) // self.unit for bound in bounds)

    def units_in(self, duration: pd.Timedelta) -> float:
        """A duration in units of the codes of a time column."""
        return duration / pd.Timedelta(1, unit=_time_unit(self.dtype)) / self.unit

    def encode(self, values: pd.Series) -> np.ndarray:
        codes = np.full(len(values), np.nan)
        known = values.notna().to_numpy()
        integers = _integers(values[known])
        if self.ranks is not None:
            codes[known] = np.searchsorted(self.ranks, integers)
        elif self.offset == 0 and self.unit == 1:
            codes[known] = integers
        else:
            codes[known] = _steps_from(self.offset, integers, self.unit)
        return codes

    def decode(self, codes: np.ndarray) -> pd.Series:
        missing = np.isnan(codes)
        steps = np.rint(np.where(missing, self.low, codes))
        if self.ranks is not None:
            integers = self.ranks[np.clip(steps, 0, len(self.ranks) - 1).astype(np.int64)]
        else:
            integers = self._from_steps(steps)
        return _integer_series(integers, missing, self.dtype)

    def _from_steps(self, steps: np.ndarray) -> np.ndarray:
        """The integers that lie so many units from the offset; those beyond the dtype become its ends."""
        low, high = self.code_limits
        wide = np.int64 if low < 0 else np.uint64
        low, high = max(low, np.iinfo(wide).min), min(high, np.iinfo(wide).max)
        # float64 rounds 2**63 - 1 up to 2**63, so such limits are drawn in to what it holds below.
        first, last = (
            np.nextafter(float(end), 0) if abs(end) > MAX_EXACT else float(end) for end in (low, high)
        )
        # Modulo 2**64 the sum is exact, whatever the signs.
        moved = np.clip(steps, first, last).astype(wide).astype(np.uint64)
        integers = moved * np.uint64(self.unit) + np.uint64(self.offset % 2**64)
        return integers if self.is_unsigned else integers.view(np.int64)


class CategoryCodec:
    """Categories as their position among the known ones; ordered categories keep their order."""

    def __init__(self, values: pd.Series):
        self.dtype = values.dtype
        self.missing_value = _missing_marker(values)
        if isinstance(self.dtype, pd.CategoricalDtype):
            self.categories = self.dtype.categories
        else:
            self.categories = pd.Index(_sorted_unique(values))
        self.low, self.high = 0.0, float(max(len(self.categories) - 1, 0))

    def encode(self, values: pd.Series) -> np.ndarray:
        if isinstance(values.dtype, pd.CategoricalDtype) and values.dtype.categories.equals(self.categories):
            codes = values.cat.codes.to_numpy().astype(np.float64)
        else:
            codes = self.categories.get_indexer(pd.Index(values, dtype=self.categories.dtype)).astype(
                np.float64
            )
        missing = values.isna().to_numpy()
        unseen = (codes < 0) & ~missing
        if unseen.any():
            raise DataError(
                f"Got the category {values[unseen].iloc[0]!r}{_in_column(values.name)}, which was not there when the "
                "column was learned; "
                f"expected one of {list(self.categories[:10])}{' ...' if len(self.categories) > 10 else ''}."
            )
        codes[missing] = np.nan
        return codes

    def decode(self, codes: np.ndarray) -> pd.Series:
        missing = np.isnan(codes)
        positions = np.clip(np.rint(np.where(missing, self.low, codes)), self.low, self.high).astype(np.int64)
        if isinstance(self.dtype, pd.CategoricalDtype):
            return pd.Series(pd.Categorical.from_codes(np.where(missing, -1, positions), dtype=self.dtype))
        values = self.categories.take(positions)
        if not missing.any():
            return pd.Series(values).astype(self.dtype)
        if isinstance(self.dtype, np.dtype) and self.dtype.kind in "iuf":
            return pd.Series(np.where(missing, np.nan, values.to_numpy(np.float64))).astype(self.dtype)
        values = values.to_numpy(dtype=object, copy=True)
        values[missing] = self.missing_value
        return pd.Series(values, dtype=self.dtype)


class MissingCodec:
    """A column in which every value is missing: it stays so."""

    def __init__(self, values: pd.Series):
        self.dtype = values.dtype
        self.missing_value = _missing_marker(values)
        self.categories = pd.Index([])
        self.low = self.high = np.nan

    def encode(self, values: pd.Series) -> np.ndarray:
        return np.full(len(values), np.nan)

    def decode(self, codes: np.ndarray) -> pd.Series:
        return pd.Series([self.missing_value] * len(codes), dtype=self.dtype)


def _series(values: np.ndarray, dtype: Any) -> pd.Series:
    """Floats as a column of ``dtype``, NaN becoming the missing value of the dtype."""
    if isinstance(dtype, np.dtype) and dtype.kind == "f":
        return pd.Series(values.astype(dtype, copy=False))
    if dtype == object:
        return pd.Series(values.astype(object))
    if isinstance(dtype, pd.SparseDtype):
        return pd.Series(values).astype(dtype)
    return pd.Series(pd.array(pd.array(values, dtype="Float64"), dtype=dtype))


def _integer_series(values: np.ndarray, missing: np.ndarray, dtype: Any) -> pd.Series:
    """64-bit integers as a column of ``dtype``, which may be a time or nullable."""
    if isinstance(dtype, np.dtype) and dtype.kind in "iu":
        return pd.Series(values.astype(dtype))
    if types.is_datetime64_any_dtype(dtype) or types.is_timedelta64_dtype(dtype):
        return _time_series(values.astype(np.int64), missing, dtype)
    if dtype == object:
        objects = values.astype(object)
        objects[missing] = None
        return pd.Series(objects, dtype=object)
    if isinstance(dtype, pd.SparseDtype):
        return pd.Series(values).astype(dtype)
    bits = "UInt64" if values.dtype.kind == "u" else "Int64"
    nullable = pd.array(values, dtype=bits)
    nullable[missing] = pd.NA
    return pd.Series(nullable).astype(dtype)


def _time_series(ticks: np.ndarray, missing: np.ndarray, dtype: Any) -> pd.Series:
    """Ticks since the epoch (UTC), or of a duration, in the unit of ``dtype``."""
    letter = "M" if types.is_datetime64_any_dtype(dtype) else "m"
    times = ticks.view(f"{letter}8[{_time_unit(dtype)}]").copy()
    times[missing] = "NaT"
    zone = getattr(dtype, "tz", None)
    if zone is not None:
        return pd.Series(times).dt.tz_localize("UTC").astype(dtype)
    return pd.Series(times).astype(dtype)


def _integers(values: pd.Series) -> np.ndarray:
    """Values without missing ones as int64, or uint64 where the dtype is unsigned."""
    dtype = values.dtype
    if types.is_datetime64_any_dtype(dtype) or types.is_timedelta64_dtype(dtype):
        if getattr(dtype, "tz", None) is not None:
            values = values.dt.tz_convert("UTC").dt.tz_localize(None)
        letter = "M" if types.is_datetime64_any_dtype(dtype) else "m"
        return values.to_numpy(dtype=f"{letter}8[{_time_unit(dtype)}]").view(np.int64)
    if dtype == object:
        return _object_integers(values)
    return values.to_numpy(dtype=np.uint64 if types.is_unsigned_integer_dtype(dtype) else np.int64)


def _steps_from(offset: int, integers: np.ndarray, unit: int) -> np.ndarray:
    """Distances from ``offset`` in units, exact up to 2**53 of them; 64 bits hold a distance but not its sign too."""
    modular, origin = integers.astype(np.uint64), np.uint64(offset % 2**64)
    below = integers < offset
    distance = np.where(below, origin - modular, modular - origin)
    whole, rest = np.divmod(distance, np.uint64(unit))
    return np.where(below, -1.0, 1.0) * (whole.astype(np.float64) + rest.astype(np.float64) / unit)


def _object_integers(values: pd.Series) -> np.ndarray:
    """Python integers, which know no bounds, as int64."""
    try:
        return values.to_numpy().astype(np.int64)
    except OverflowError as error:
        raise DataError(
            f"Column {values.name!r} holds integers beyond 64 bits; expected values between -2**63 and 2**63. "
            "Convert them to float or to text."
        ) from error


def _time_unit(dtype: Any) -> str:
    if isinstance(dtype, pd.ArrowDtype):
        return dtype.pyarrow_dtype.unit
    return dtype.unit if hasattr(dtype, "unit") else np.datetime_data(dtype)[0]


def _common_unit(known: np.ndarray) -> int:
    """Greatest common divisor of the gaps between sorted integers, at least 1."""
    if len(known) < 2:
        return 1
    # As unsigned: a gap may be wider than what a signed integer of 64 bits holds.
    return max(int(np.gcd.reduce(np.diff(known.astype(np.uint64)))), 1)


def _integer_bounds(dtype: Any) -> tuple[int, int]:
    """Smallest and largest integer of a dtype; of 64 bits for times and Python objects."""
    plain = getattr(dtype, "numpy_dtype", dtype)
    plain = getattr(plain, "subtype", plain)
    if isinstance(plain, np.dtype) and plain.kind in "iu":
        return int(np.iinfo(plain).min), int(np.iinfo(plain).max)
    # Among times -2**63 stands for a missing one.
    return -(2**63) + (dtype != object), 2**63 - 1


def _sorted_unique(values: pd.Series) -> Any:
    """Distinct known values, sorted where they can be compared, else in order of appearance."""
    distinct = values.dropna().unique()
    try:
        return np.sort(distinct) if isinstance(distinct, np.ndarray) else distinct[distinct.argsort()]
    except TypeError:
        return distinct


def _missing_marker(values: pd.Series) -> Any:
    """What stands for a missing value in this column: its first one, else the marker of its dtype."""
    missing = values[values.isna()]
    if len(missing):
        return missing.iloc[0]
    return getattr(values.dtype, "na_value", np.nan)


def _in_column(name: Any) -> str:
    """Where a value stands, if its column has a name."""
    return "" if name is None else f" in the column {name!r}"
