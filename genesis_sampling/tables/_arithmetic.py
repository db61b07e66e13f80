"""Arithmetic of the expression language, on columns and scalars: vectorised, missing where a part is."""

from __future__ import annotations

import operator
from collections.abc import Callable
from functools import reduce
from typing import Any

import numpy as np
import pandas as pd
from pandas.api import types as pdt

from ..exceptions import ConstraintError
from .comparisons import KIND_NAMES, compare, kind_of

_OPERATIONS: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "%": operator.mod,
}
# what may be computed with what; everything else is refused before pandas sees it
_ALLOWED = {
    ("number", "number"): "+-*/%",
    ("datetime", "datetime"): "-",
    ("datetime", "timedelta"): "+-",
    ("timedelta", "datetime"): "+",
    ("timedelta", "timedelta"): "+-/",
    ("timedelta", "number"): "*/",
    ("number", "timedelta"): "*",
}
# int64 results are exact below these magnitudes of both operands; beyond, floats are used, lest they wrap
_EXACT = {"+": 2.0**62, "-": 2.0**62, "*": 2.0**31}


def combine(left: Any, symbol: str, right: Any) -> Any:
    """``left symbol right`` for columns and scalars; a division by zero is missing."""
    left, right = _settle(left), _settle(right)
    kinds = (kind_of(left), kind_of(right))
    if _is_empty(left) or _is_empty(right):
        return _empty_like(left if isinstance(left, pd.Series) else right)
    if symbol not in _ALLOWED.get(kinds, ""):
        raise ConstraintError(
            f"'{symbol}' cannot be computed between {KIND_NAMES[kinds[0]]} and {KIND_NAMES[kinds[1]]}."
        )
    if set(kinds) == {"timedelta", "number"}:
        left, right = _plain_floats(left), _plain_floats(right)  # durations and nullable integers do not mix
    if symbol in ("/", "%"):
        right = _without_zeros(right)
    limit = _EXACT.get(symbol)
    if limit is not None and max(_magnitude(left), _magnitude(right)) >= limit:
        left, right = _as_float(left), _as_float(right)
    with np.errstate(all="ignore"):  # overflow to infinity compares as it should
        return _OPERATIONS[symbol](left, right)


def negative(value: Any) -> Any:
    """``-value``."""
    return combine(value, "*", -1)


def absolute(value: Any) -> Any:
    """``|value|``."""
    value = _settle(value)
    _require(value, ("number", "timedelta"), "abs")
    return abs(value)


def rounded(value: Any, decimals: Any = 0) -> Any:
    """``value`` to a number of decimals."""
    if type(decimals) is not int or abs(decimals) > 15:
        raise ConstraintError(f"Got round(..., {decimals}); expected a whole number of decimals up to 15.")
    value = _settle(value)
    _require(value, ("number",), "round")
    return value.round(decimals) if isinstance(value, pd.Series) else round(value, decimals)


def length(value: Any) -> Any:
    """Number of characters."""
    if isinstance(value, pd.Series) and value.isna().all():
        return _empty_like(value)
    _require(value, ("text",), "len")
    return value.astype("string").str.len().astype("Int64") if isinstance(value, pd.Series) else len(value)


def greatest(*values: Any) -> Any:
    """Row-wise maximum; missing where any of the values is."""
    return reduce(lambda left, right: _choose(left, ">=", right), values)


def least(*values: Any) -> Any:
    """Row-wise minimum; missing where any of the values is."""
    return reduce(lambda left, right: _choose(left, "<=", right), values)


def _choose(left: Any, symbol: str, right: Any) -> Any:
    """``left`` where ``left symbol right``, else ``right``."""
    left, right = _settle(left), _settle(right)
    columns = [value for value in (left, right) if isinstance(value, pd.Series)]
    if not columns:
        return left if compare(left, symbol, right, 1).true[0] else right
    if _is_empty(left) or _is_empty(right):
        return _empty_like(columns[0])
    truth = compare(left, symbol, right, len(columns[0]))
    chosen = _as_column(right, left).mask(truth.true, _as_column(left, right))
    return chosen.mask(truth.unknown)


def _as_column(value: Any, other: Any) -> pd.Series:
    """An operand as a column that can take the values of the other one."""
    column = value if isinstance(value, pd.Series) else pd.Series([value] * len(other))
    if kind_of(column) == "number":
        return _plain_floats(column)
    if isinstance(column.dtype, pd.CategoricalDtype) or kind_of(column) == "object":
        return column.astype(object)
    return column if isinstance(value, pd.Series) else column.astype(other.dtype)


def _settle(value: Any) -> Any:
    """Truth values as 0 and 1, unsigned integers as signed ones (1 - 2 is -1), nothing but gaps as NaN."""
    if not isinstance(value, pd.Series):
        return int(value) if isinstance(value, bool) else value
    if value.isna().all() and kind_of(value) != "number":
        return _empty_like(value)
    if pdt.is_bool_dtype(value.dtype) or (value.dtype == object and kind_of(value) == "number"):
        return value.astype("boolean").astype("Int64")
    if isinstance(value.dtype, pd.CategoricalDtype) and kind_of(value) == "number":
        return pd.Series(pd.to_numeric(np.asarray(value)))
    if value.dtype.kind == "u":
        return value.astype("float64" if _magnitude(value) >= 2.0**62 else "int64")
    return value


def _plain_floats(value: Any) -> Any:
    """A numeric column as numpy's floats; other kinds and scalars as they are."""
    if not isinstance(value, pd.Series) or kind_of(value) != "number":
        return value
    return pd.Series(value.to_numpy(dtype="float64", na_value=np.nan))


def _empty_like(value: pd.Series) -> pd.Series:
    return pd.Series(np.nan, index=range(len(value)), dtype="float64")


def _is_empty(value: Any) -> bool:
    return isinstance(value, pd.Series) and bool(value.isna().all())


def _without_zeros(value: Any) -> Any:
    if isinstance(value, pd.Series):
        zero = pd.Timedelta(0) if kind_of(value) == "timedelta" else 0
        return value.mask((value == zero).fillna(False).astype(bool))
    return np.nan if isinstance(value, int | float) and value == 0 else value


def _magnitude(value: Any) -> float:
    """Greatest absolute value of integers; 0 for everything else, which does not wrap."""
    if isinstance(value, pd.Series):
        if not pdt.is_integer_dtype(value.dtype) or _is_empty(value):
            return 0.0
        return max(abs(float(value.min())), abs(float(value.max())))
    return abs(float(value)) if type(value) is int else 0.0


def _as_float(value: Any) -> Any:
    if isinstance(value, pd.Series):
        return value.astype("Float64" if pdt.is_extension_array_dtype(value.dtype) else "float64")
    return float(value) if type(value) is int else value


def _require(value: Any, kinds: tuple[str, ...], function: str) -> None:
    if kind_of(value) not in kinds:
        expected = " or ".join(KIND_NAMES[kind] for kind in kinds)
        raise ConstraintError(
            f"{function}() takes {expected}, but it was given {KIND_NAMES[kind_of(value)]}."
        )
