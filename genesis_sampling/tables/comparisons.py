"""Three-valued comparisons between columns and literals.

A cell may be missing, so a statement about a row is true, false or unknown (Kleene logic, as in SQL).
Conditional draws keep the rows where a condition is true; constraints refuse the rows where one is false. The
unknown ones in between are why both need more than a boolean.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api import types as pdt

from .._hints import one_of
from ..exceptions import ConstraintError

OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
MIRRORED = {"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}

# what the kinds of `kind_of` are called in messages
KIND_NAMES = {
    "number": "numbers",
    "text": "text",
    "datetime": "dates",
    "timedelta": "durations",
    "object": "mixed values",
}


@dataclass(frozen=True, eq=False)
class Ternary:
    """Truth of a statement for each row: true, false or, where neither mask is set, unknown.

    Parameters
    ----------
    true : ndarray of bool of shape (n_rows,)
        Rows where the statement holds for certain.

    false : ndarray of bool of shape (n_rows,)
        Rows where it does not hold for certain.

    Examples
    --------
    >>> import numpy as np
    >>> from genesis_sampling.tables.comparisons import Ternary
    >>> truth = Ternary.of(np.array([True, False, False]), known=np.array([True, True, False]))
    >>> (~truth).true.tolist(), (~truth).false.tolist()
    ([False, True, False], [True, False, False])
    """

    true: NDArray[np.bool_]
    false: NDArray[np.bool_]

    @classmethod
    def of(cls, values: NDArray[np.bool_], known: NDArray[np.bool_] | None = None) -> Ternary:
        """Truth from plain booleans, unknown where ``known`` is False."""
        values = np.asarray(values, dtype=bool)
        if known is None:
            return cls(values, ~values)
        return cls(values & known, ~values & known)

    def __and__(self, other: Ternary) -> Ternary:
        return Ternary(self.true & other.true, self.false | other.false)

    def __or__(self, other: Ternary) -> Ternary:
        return Ternary(self.true | other.true, self.false & other.false)

    def __invert__(self) -> Ternary:
        return Ternary(self.false, self.true)

    @property
    def unknown(self) -> NDArray[np.bool_]:
        """Rows where the statement is neither true nor false."""
        return ~(self.true | self.false)

    def to_series(self) -> pd.Series:
        """The same as a nullable boolean column, so that truths can be compared with each other."""
        return pd.Series(pd.arrays.BooleanArray(self.true.copy(), self.unknown))


def plain(value: Any) -> Any:
    """Python's own scalar for numpy's, and None for every kind of missing value: comparable, hashable."""
    if isinstance(value, np.datetime64 | np.timedelta64):
        value = pd.Timestamp(value) if isinstance(value, np.datetime64) else pd.Timedelta(value)
    elif isinstance(value, np.generic):
        value = value.item()
    return None if pdt.is_scalar(value) and pd.isna(value) else value


def show(value: Any) -> str:
    """A literal as it reads in a message."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return f"{value:.0f}"
    return f"'{value}'" if isinstance(value, str | pd.Timestamp | pd.Timedelta) else f"{value}"


def resolve_column(frame: pd.DataFrame, column: Hashable) -> Hashable:
    """The label of ``frame`` that ``column`` means; an error with the nearest names if there is none.

    The columns of an array are its positions 0..d-1. They may be given as integers or, in text, as ``"3"`` or
    by scikit-learn's generated name ``"x3"``.
    """
    if column in frame.columns:
        return column
    if _has_positions(frame) and isinstance(column, str):
        match = re.fullmatch(r"x?(\d{1,9})", column)
        if match and int(match[1]) in frame.columns:
            return int(match[1])
    raise ConstraintError(_unknown_column(frame, column))


def resolve_columns(frame: pd.DataFrame, columns: Iterable[Hashable]) -> list[Hashable]:
    """`resolve_column` for several."""
    return [resolve_column(frame, column) for column in columns]


def _has_positions(frame: pd.DataFrame) -> bool:
    return pdt.is_integer_dtype(frame.columns.dtype)


def _unknown_column(frame: pd.DataFrame, column: Hashable) -> str:
    if _has_positions(frame):
        return (
            f"Got column {column!r}, but the data came as an array with {frame.shape[1]} columns, which have "
            f"no names; expected a position from 0 to {frame.shape[1] - 1}. To use names, pass a DataFrame or "
            'call set_output(transform="pandas") on the step before.'
        )
    return f"Got unknown column {column!r}; expected {one_of(column, map(str, frame.columns))}"


def operand(frame: pd.DataFrame, column: Hashable) -> pd.Series:
    """A column made ready to be compared and computed with.

    The index goes (rows are matched by position), categories become their values unless they are ordered, and
    narrow integers become 64 bits wide, since uint8 200 + 100 would be 44.
    """
    series = frame[resolve_column(frame, column)].reset_index(drop=True)
    if isinstance(series.dtype, pd.CategoricalDtype) and not series.dtype.ordered:
        values = pd.Series(series.cat.categories).reindex(series.cat.codes)  # there is no code -1: missing
        series = pd.Series(values.array, name=series.name)
    if series.dtype == object:
        return _settle_objects(series)
    if pdt.is_integer_dtype(series.dtype) and getattr(series.dtype, "itemsize", 8) < 8:
        return series.astype("int64" if isinstance(series.dtype, np.dtype) else "Int64")
    return series


def _settle_objects(series: pd.Series) -> pd.Series:
    """Numbers and dates that lie in an object column, as such columns do next to None."""
    inferred = pdt.infer_dtype(series, skipna=True)
    if inferred in ("integer", "floating", "mixed-integer-float"):
        return pd.to_numeric(series.mask(series.isna(), np.nan))
    return pd.to_datetime(series) if inferred in ("date", "datetime") else series


def kind_of(value: Any) -> str:
    """One of `KIND_NAMES`, for a column or a literal."""
    if isinstance(value, pd.Series):
        return _kind_of_column(value)
    if isinstance(value, str):
        return "text"
    if isinstance(value, bool | int | float | np.number | np.bool_):
        return "number"
    if isinstance(value, pd.Timedelta):
        return "timedelta"
    return "datetime" if isinstance(value, pd.Timestamp) else "object"


def _kind_of_column(series: pd.Series) -> str:
    dtype = series.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        return _kind_of_column(pd.Series(dtype.categories))
    if pdt.is_bool_dtype(dtype) or pdt.is_numeric_dtype(dtype):
        return "number"
    if pdt.is_datetime64_any_dtype(dtype):
        return "datetime"
    if pdt.is_timedelta64_dtype(dtype):
        return "timedelta"
    if isinstance(dtype, pd.StringDtype):
        return "text"
    inferred = pdt.infer_dtype(series, skipna=True)
    return {"string": "text", "boolean": "number", "empty": "object"}.get(inferred, "object")


def is_boolean(value: Any) -> bool:
    """Whether a column or literal is a truth value itself (True, False or missing)."""
    if not isinstance(value, pd.Series):
        return isinstance(value, bool | np.bool_)
    return pdt.is_bool_dtype(value.dtype) or pdt.infer_dtype(value, skipna=True) == "boolean"


def compare(left: Any, symbol: str, right: Any, n_rows: int) -> Ternary:
    """Compare two operands row by row; unknown where either is missing.

    Parameters
    ----------
    left, right : Series or scalar
        Columns from `operand`, or literals. Text is read as a date (a duration) where it meets dates
        (durations).

    symbol : str
        One of ``==``, ``!=``, ``<``, ``<=``, ``>``, ``>=``.

    n_rows : int
        Length of the answer, for when both sides are scalars.
    """
    left, right = _alike(left, right)
    known = known_rows(left, n_rows) & known_rows(right, n_rows)
    result = np.zeros(n_rows, dtype=bool)
    try:
        # only the known rows are touched: objects that hold None or NA cannot be ordered, nor even compared
        outcome = OPERATORS[symbol](_rows(left, known), _rows(right, known))
    except (TypeError, ValueError, OverflowError) as error:
        raise ConstraintError(f"{_name(left)} {symbol} {_name(right)} cannot be compared: {error}") from error
    result[known] = np.asarray(outcome, dtype=bool)
    return Ternary(result, ~result & known)


def is_among(left: Any, values: Iterable[Any], n_rows: int) -> Ternary:
    """Whether each row holds one of ``values``, missing ones apart; unknown where the row is missing."""
    values = [value for value in values if plain(value) is not None]
    pairs = [_alike(left, value) for value in values]
    if not isinstance(left, pd.Series):
        left = pd.Series([left] * n_rows)
    known = known_rows(left, n_rows)
    wanted = [value for _, value in pairs]
    return Ternary.of(left.isin(wanted).to_numpy(dtype=bool), known)


def known_rows(value: Any, n_rows: int) -> NDArray[np.bool_]:
    """Rows where an operand is not missing."""
    if isinstance(value, pd.Series):
        return value.notna().to_numpy(dtype=bool)
    return np.full(n_rows, plain(value) is not None)


def _rows(value: Any, known: NDArray[np.bool_]) -> Any:
    if not isinstance(value, pd.Series):
        return value
    return value if known.all() else value[known]


def _alike(left: Any, right: Any) -> tuple[Any, Any]:
    """Both sides brought to one kind, or an error that says how they differ."""
    left, right = read_literal(left, like=right), read_literal(right, like=left)
    kinds = {kind_of(left), kind_of(right)} - {"object"}
    if len(kinds) > 1:
        raise ConstraintError(
            f"Got {_name(left)} ({KIND_NAMES[kind_of(left)]}) compared with {_name(right)} "
            f"({KIND_NAMES[kind_of(right)]}); expected both sides of one kind."
        )
    return left, right


def read_literal(value: Any, like: Any) -> Any:
    """A text or date literal in the terms of the column that it meets."""
    kind = kind_of(like)
    if (
        isinstance(value, pd.Series)
        or kind not in ("datetime", "timedelta")
        or not isinstance(like, pd.Series)
    ):
        return value
    if kind == "timedelta":
        return _read(pd.Timedelta, value, "a duration such as '2 days'") if isinstance(value, str) else value
    if isinstance(value, str) or kind_of(value) == "datetime" or hasattr(value, "isoformat"):
        moment = _read(pd.Timestamp, value, "a date such as '2020-01-31'")
        zone = getattr(like.dtype, "tz", None)
        return moment.tz_localize(zone) if zone is not None and moment.tzinfo is None else moment
    return value


def _read(reader: Callable[[Any], Any], value: Any, expected: str) -> Any:
    try:
        return reader(value)
    except (ValueError, TypeError) as error:
        raise ConstraintError(f"Got {show(value)}; expected {expected}.") from error


def _name(value: Any) -> str:
    if isinstance(value, pd.Series):
        return f"column {value.name!r}" if value.name is not None else "an expression"
    return show(value)
