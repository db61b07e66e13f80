"""What the constructors of constraints are given, checked."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import Any

from pandas.api import types as pdt

from ..exceptions import ConstraintError
from ..tables.comparisons import plain


def some_columns(columns: tuple[Hashable, ...]) -> tuple[Hashable, ...]:
    """Columns that were given as separate arguments."""
    if not columns or not all(pdt.is_hashable(column) for column in columns):
        raise ConstraintError(
            f"Got columns {columns!r}; expected one or more names, each as an argument of its own."
        )
    return columns


def several_columns(columns: Iterable[Hashable]) -> tuple[Hashable, ...]:
    """Columns that were given as one list."""
    if isinstance(columns, str) or not isinstance(columns, Iterable):
        raise ConstraintError(f"Got columns={columns!r}; expected a list of columns.")
    return some_columns(tuple(columns))


def as_key(key: Any, length: int) -> tuple[Any, ...]:
    """A combination of values, one for each of ``length`` columns, as plain scalars."""
    values = key if isinstance(key, tuple | list) else (key,)
    if len(values) != length:
        raise ConstraintError(f"Got the combination {key!r} for {length} columns; expected {length} values.")
    return tuple(plain(value) for value in values)
