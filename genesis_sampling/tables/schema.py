"""What the columns of a table are: their kinds, and whether their values have an order."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import pandas as pd
from pandas.api import types

from .._hints import one_of
from ..exceptions import DataError, IdentifierWarning, MixedTypesError

__all__ = ["Column", "ColumnKind", "TableSchema", "categorical_positions", "infer_schema"]

# A text column in which more than this share of the values occur once, in a table of at least this many rows,
# holds names rather than categories.
IDENTIFIER_SHARE = 0.9
IDENTIFIER_MIN_ROWS = 50
# The most decimal places that are taken for the resolution of a column rather than for noise of its floats.
MAX_DECIMALS = 6


class ColumnKind(StrEnum):
    """What a column holds."""

    CONTINUOUS = "continuous"
    INTEGER = "integer"
    BOOLEAN = "boolean"
    CATEGORICAL = "categorical"
    ORDINAL = "ordinal"
    DATETIME = "datetime"
    TIMEDELTA = "timedelta"
    CONSTANT = "constant"
    MISSING = "missing"


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Parameters
    ----------
    name : str or int
        Its name in the frame.
    kind : ColumnKind
        What it holds.
    discrete : bool
        Whether its values are categories without an order: they are never averaged, moved or compared by size.
    low, high : float
        Smallest and largest known number of a float column; NaN for other columns.
    decimals : int or None
        Decimal places (at most 6) with which every number of a float column is written exactly; None where these do
        not do, or the column is none of floats.
    """

    name: Any
    kind: ColumnKind
    discrete: bool
    low: float = np.nan
    high: float = np.nan
    decimals: int | None = None


@dataclass(frozen=True)
class TableSchema:
    """The columns of a table, in order."""

    columns: tuple[Column, ...]

    def __iter__(self) -> Iterator[Column]:
        return iter(self.columns)

    def __len__(self) -> int:
        return len(self.columns)

    @property
    def discrete(self) -> np.ndarray:
        """Mask of the columns whose values are categories, shape (n_columns,)."""
        return np.array([column.discrete for column in self.columns], dtype=bool)

    def names(self, *kinds: ColumnKind) -> list[Any]:
        """Names of all columns, or of those of the given kinds."""
        return [column.name for column in self.columns if not kinds or column.kind in kinds]


def infer_schema(frame: pd.DataFrame, categorical_features: Any = "auto") -> TableSchema:
    """Find out what each column of ``frame`` holds.

    Parameters
    ----------
    frame : pandas.DataFrame of shape (n_rows, n_columns)
    categorical_features : "auto", array-like of names or positions, or boolean mask, default="auto"
        Columns that hold categories, as imbalanced-learn takes them. With ``"auto"`` these are the text, object,
        boolean and unordered ``category`` columns. A list replaces that choice; columns that are no numbers or
        times are categorical in any case.

    Returns
    -------
    TableSchema

    Raises
    ------
    DataError
        For duplicate column names, infinite values, complex numbers or an unknown name in
        ``categorical_features``.
    MixedTypesError
        For a column in which text and numbers are mixed, or column names of more than one type.
    """
    check_column_names(frame.columns)
    forced = categorical_positions(categorical_features, frame.columns)
    columns = _describe_floats(frame, forced) or tuple(
        _describe(name, values, position in forced) for position, (name, values) in enumerate(frame.items())
    )
    _warn_of_identifiers(frame, columns)
    return TableSchema(columns)


def check_column_names(names: pd.Index) -> None:
    """Refuse names with which a column could not be addressed."""
    if not names.is_unique:
        raise DataError(
            f"Got the column names {sorted(map(str, names[names.duplicated()].unique()))} more than once; expected "
            "each name once. Rename or drop the duplicates."
        )
    if len({isinstance(name, str) for name in names}) > 1:
        raise MixedTypesError(
            f"Got column names of several types: {sorted({type(name).__name__ for name in names})}; expected only "
            "strings or only integers. Convert them: X.columns = X.columns.astype(str)"
        )


def check_target_name(names: list[Any], target_column: Any) -> None:
    """Refuse a target that is no column, or the only one."""
    if target_column not in names:
        expected = one_of(target_column, names)
        if len(names) == 1:
            expected = (
                f"{names[0]!r}. There is only one column: is the delimiter another one than was expected?"
            )
        raise DataError(f"Got the target column {target_column!r}; expected {expected}")
    if len(names) < 2:
        raise DataError(
            f"Got a table whose only column is the target {target_column!r}; expected features beside it."
        )


def categorical_positions(categorical_features: Any, names: pd.Index) -> set[int]:
    """Positions of the columns that the user calls categorical."""
    if isinstance(categorical_features, str):
        if categorical_features == "auto":
            return set()
        categorical_features = [categorical_features]
    if categorical_features is None:
        return set()
    wanted = list(categorical_features)
    if wanted and all(isinstance(item, bool | np.bool_) for item in wanted):
        if len(wanted) != len(names):
            raise DataError(
                f"Got a categorical_features mask of length {len(wanted)} for {len(names)} columns; "
                "expected one entry per column."
            )
        return {position for position, flag in enumerate(wanted) if flag}
    return {_position(item, names) for item in wanted}


def _position(item: Any, names: pd.Index) -> int:
    if item in names:
        return int(names.get_loc(item))
    if isinstance(item, int | np.integer) and -len(names) <= item < len(names):
        return int(item) % len(names)
    raise DataError(
        f"Got {item!r} as a categorical column, but the table has no such column; expected names or positions "
        f"among {list(names)[:20]}{' ...' if len(names) > 20 else ''}."
    )


def _describe_floats(frame: pd.DataFrame, forced: set[int]) -> tuple[Column, ...]:
    """What the columns of a frame are that is one array of floats; nothing for other frames.

    One pass along the rows of an array is several times faster than one down each of its columns.
    """
    if not all(dtype == np.float64 for dtype in frame.dtypes):
        return ()
    values = frame.to_numpy()
    ranges = zip(np.fmin.reduce(values).tolist(), np.fmax.reduce(values).tolist(), strict=True)
    # Short looks at the head spare the long ones for most columns.
    may_end = np.atleast_1d(_written_with(values[:100], MAX_DECIMALS).all(axis=0))
    return tuple(
        _describe_float(
            name, decimals(values[:, position]) if may_end[position] else None, position in forced, *bounds
        )
        for position, (name, bounds) in enumerate(zip(frame.columns, ranges, strict=True))
    )


def _describe_float(name: Any, places: int | None, forced: bool, low: float, high: float) -> Column:
    """What a column of floats between ``low`` and ``high`` is."""
    kind = _float_kind(name, low, high, places)
    if forced and kind is not ColumnKind.MISSING:
        kind = ColumnKind.CATEGORICAL
    return Column(name, kind, kind is ColumnKind.CATEGORICAL, low, high, places)


def _describe(name: Any, values: pd.Series, forced: bool) -> Column:
    """What one column is."""
    kind = _kind(values.dtype) or _object_kind(name, values)
    if kind is ColumnKind.CONTINUOUS:
        floats = numbers(values)
        low, high = float(np.fmin.reduce(floats)), float(np.fmax.reduce(floats))
        return _describe_float(name, decimals(floats), forced, low, high)
    if not values.notna().any():
        kind = ColumnKind.MISSING
    elif kind is ColumnKind.INTEGER and _has_one_value(values):
        kind = ColumnKind.CONSTANT
    if forced and kind not in (ColumnKind.BOOLEAN, ColumnKind.MISSING):
        kind = ColumnKind.CATEGORICAL
    discrete = kind in (ColumnKind.CATEGORICAL, ColumnKind.BOOLEAN)
    if kind is ColumnKind.CATEGORICAL and not forced and _has_one_value(values):
        kind = ColumnKind.CONSTANT
    return Column(name, kind, discrete, np.nan, np.nan, None)


def _float_kind(name: Any, low: float, high: float, places: int | None) -> ColumnKind:
    """Kind of a column of floats that reaches from ``low`` to ``high``."""
    if np.isnan(low):
        return ColumnKind.MISSING
    if np.isinf(low) or np.isinf(high):
        raise DataError(
            f"Column {name!r} holds infinite values (inf); expected finite numbers or missing values. "
            "Replace them, for instance with X.replace([inf, -inf], nan)."
        )
    if low == high:
        return ColumnKind.CONSTANT
    return ColumnKind.INTEGER if places == 0 else ColumnKind.CONTINUOUS


def _has_one_value(values: pd.Series) -> bool:
    known = values.dropna()
    return len(known) > 0 and bool((known == known.iloc[0]).all())


def _kind(dtype: Any) -> ColumnKind | None:
    """Kind that a dtype tells; None where the values must be looked at."""
    if isinstance(dtype, pd.CategoricalDtype):
        return ColumnKind.ORDINAL if dtype.ordered else ColumnKind.CATEGORICAL
    if types.is_bool_dtype(dtype):
        return ColumnKind.BOOLEAN
    if types.is_datetime64_any_dtype(dtype):
        return ColumnKind.DATETIME
    if types.is_timedelta64_dtype(dtype):
        return ColumnKind.TIMEDELTA
    if types.is_integer_dtype(dtype):
        return ColumnKind.INTEGER
    return ColumnKind.CONTINUOUS if types.is_float_dtype(dtype) else None


_KIND_OF_OBJECTS = {
    "empty": ColumnKind.MISSING,
    "boolean": ColumnKind.BOOLEAN,
    "integer": ColumnKind.INTEGER,
    "floating": ColumnKind.CONTINUOUS,
    "mixed-integer-float": ColumnKind.CONTINUOUS,
    "decimal": ColumnKind.CONTINUOUS,
}


def _object_kind(name: Any, values: pd.Series) -> ColumnKind:
    """Kind of a column of Python objects or text."""
    content = types.infer_dtype(values, skipna=True)
    if content == "complex" or types.is_complex_dtype(values.dtype):
        raise DataError(
            f"Complex data not supported: column {name!r} holds complex numbers; expected real ones."
        )
    if content in ("mixed", "mixed-integer"):
        found = sorted({type(value).__name__ for value in values.dropna()})
        raise MixedTypesError(
            f"Column {name!r} mixes values of the types {found}; expected one type. Convert it first: "
            "astype(str) makes it a category, pandas.to_numeric a number."
        )
    return _KIND_OF_OBJECTS.get(content, ColumnKind.CATEGORICAL)


def numbers(values: pd.Series) -> np.ndarray:
    """The numbers of a column as an array: integers stay integers where nothing is missing, else float64 with NaN."""
    dtype = values.dtype
    if isinstance(dtype, np.dtype) and dtype.kind in "iuf":
        return values.to_numpy()
    if types.is_integer_dtype(dtype) and not values.hasnans:
        return values.to_numpy(dtype=np.uint64 if types.is_unsigned_integer_dtype(dtype) else np.int64)
    if dtype == object:
        return values.where(values.notna(), np.nan).astype(np.float64).to_numpy()
    return values.to_numpy(dtype=np.float64, na_value=np.nan)


def is_numeric(values: pd.Series) -> bool:
    """Whether a column holds numbers, as a numeric dtype or as Python objects."""
    dtype = values.dtype
    if types.is_numeric_dtype(dtype):
        return not types.is_bool_dtype(dtype)
    return dtype == object and types.infer_dtype(values, skipna=True) in (
        "integer",
        "floating",
        "mixed-integer-float",
        "decimal",
    )


def decimals(values: np.ndarray) -> int | None:
    """Least number of decimal places (at most 6) that writes every value exactly; None where there is none."""
    if not _written_with(values[:100], MAX_DECIMALS).all():
        return None
    for places in range(MAX_DECIMALS + 1):
        if _written_with(values[:1000], places).all() and _written_with(values, places).all():
            return places
    return None


def _written_with(values: np.ndarray, places: int) -> np.ndarray:
    """Which values so many decimal places write exactly; a missing one is written with any number."""
    with np.errstate(
        over="ignore"
    ):  # rounding scales a huge number to infinity, which is not what was written
        return np.asarray((np.round(values, places) == values) | np.isnan(values))


def _warn_of_identifiers(frame: pd.DataFrame, columns: tuple[Column, ...]) -> None:
    if len(frame) < IDENTIFIER_MIN_ROWS:
        return
    for position, column in enumerate(columns):
        if column.kind is not ColumnKind.CATEGORICAL or is_numeric(values := frame.iloc[:, position]):
            continue
        if values.iloc[:1000].nunique() < len(values.iloc[:1000]) / 2:
            continue  # a short look at the head spares the long one for most columns
        n_known = int(values.notna().sum())
        if n_known and values.nunique() > IDENTIFIER_SHARE * n_known:
            warnings.warn(
                f"Column {column.name!r} looks like an identifier: {values.nunique()} different values in "
                f"{n_known} rows. New rows would repeat them; drop the column before resampling.",
                IdentifierWarning,
                stacklevel=2,
            )
