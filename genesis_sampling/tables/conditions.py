"""Predicates on columns: what constraints (rows must satisfy) and conditional draws (rows wanted) share.

A condition knows its columns and tells, row by row, whether it holds. `Condition.mask` has the rows where it
holds for certain, as ``WHERE`` in SQL; what to make of an unknown (a missing cell) is otherwise the caller's
choice, through `Condition.truth`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from functools import reduce
from operator import and_
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api import types as pdt

from ..exceptions import ConstraintError
from .comparisons import (
    OPERATORS,
    Ternary,
    compare,
    is_among,
    known_rows,
    operand,
    plain,
    resolve_column,
    show,
)

# which ends of a range belong to it, in the words of pandas' `Series.between`
CLOSED = {"both": ("<=", "<="), "left": ("<=", "<"), "right": ("<", "<="), "neither": ("<", "<")}


class Condition(ABC):
    """A predicate on the rows of a table; subclasses are frozen dataclasses: equal, hashable, picklable."""

    @property
    @abstractmethod
    def columns(self) -> tuple[Hashable, ...]:
        """Columns that the condition reads."""

    @abstractmethod
    def truth(self, frame: pd.DataFrame) -> Ternary:
        """Three-valued truth for each row of ``frame``."""

    def mask(self, frame: pd.DataFrame) -> NDArray[np.bool_]:
        """Rows of ``frame`` where the condition holds for certain.

        Parameters
        ----------
        frame : DataFrame of shape (n_rows, n_columns)
            Has at least the condition's columns.

        Returns
        -------
        mask : ndarray of bool of shape (n_rows,)
            False where the condition does not hold or a missing cell leaves it open.
        """
        return self.truth(frame).true


@dataclass(frozen=True)
class Equals(Condition):
    """The column holds this value."""

    column: Hashable
    value: Any

    @property
    def columns(self) -> tuple[Hashable, ...]:
        """Columns that the condition reads."""
        return (self.column,)

    def truth(self, frame: pd.DataFrame) -> Ternary:
        """Three-valued truth for each row of ``frame``."""
        return compare(operand(frame, self.column), "==", self.value, len(frame))

    def __str__(self) -> str:
        return f"{self.column} == {show(self.value)}"


@dataclass(frozen=True)
class Among(Condition):
    """The column holds one of these values; None among them stands for a missing cell."""

    column: Hashable
    values: tuple[Any, ...]

    @property
    def columns(self) -> tuple[Hashable, ...]:
        """Columns that the condition reads."""
        return (self.column,)

    def truth(self, frame: pd.DataFrame) -> Ternary:
        """Three-valued truth for each row of ``frame``."""
        truth = is_among(operand(frame, self.column), self.values, len(frame))
        return Ternary.of(~truth.false) if self.takes_missing else truth

    @property
    def takes_missing(self) -> bool:
        """Whether a missing value is among the values: it stands for a missing cell."""
        return any(plain(value) is None for value in self.values)

    def __str__(self) -> str:
        listed = ", ".join(show(value) for value in self.values[:10])
        return f"{self.column} in [{listed}{', ...' if len(self.values) > 10 else ''}]"


@dataclass(frozen=True)
class Between(Condition):
    """The column lies between two bounds; None leaves that side open."""

    column: Hashable
    low: Any = None
    high: Any = None
    inclusive: str = "both"

    def __post_init__(self) -> None:
        if self.inclusive not in CLOSED:
            raise ConstraintError(f"Got inclusive={self.inclusive!r}; expected one of {', '.join(CLOSED)}.")
        if self.low is None and self.high is None:
            raise ConstraintError(f"Got no bound for {self.column!r}; expected a low or a high one, or both.")
        if isinstance(self.low, int | float) and isinstance(self.high, int | float) and self._is_empty():
            raise ConstraintError(f"Got the range {self} that holds no value; expected low < high.")

    def _is_empty(self) -> bool:
        return self.low > self.high or (self.low == self.high and self.inclusive != "both")

    @property
    def columns(self) -> tuple[Hashable, ...]:
        """Columns that the condition reads."""
        return (self.column,)

    def truth(self, frame: pd.DataFrame) -> Ternary:
        """Three-valued truth for each row of ``frame``."""
        values, n_rows = operand(frame, self.column), len(frame)
        above, below = CLOSED[self.inclusive]
        parts = []
        if self.low is not None:
            parts.append(compare(self.low, above, values, n_rows))
        if self.high is not None:
            parts.append(compare(values, below, self.high, n_rows))
        return reduce(and_, parts)

    def __str__(self) -> str:
        above, below = CLOSED[self.inclusive]
        if self.low is None:
            return f"{self.column} {below} {show(self.high)}"
        if self.high is None:
            return f"{self.column} {above.replace('<', '>')} {show(self.low)}"
        return f"{show(self.low)} {above} {self.column} {below} {show(self.high)}"


@dataclass(frozen=True)
class Compared(Condition):
    """Two columns stand in this relation: one of ``==``, ``!=``, ``<``, ``<=``, ``>``, ``>=``."""

    left: Hashable
    symbol: str
    right: Hashable

    def __post_init__(self) -> None:
        if self.symbol not in OPERATORS:
            raise ConstraintError(
                f"Got the comparison {self.symbol!r}; expected one of {', '.join(OPERATORS)}."
            )

    @property
    def columns(self) -> tuple[Hashable, ...]:
        """Columns that the condition reads."""
        return (self.left, self.right)

    def truth(self, frame: pd.DataFrame) -> Ternary:
        """Three-valued truth for each row of ``frame``."""
        return compare(operand(frame, self.left), self.symbol, operand(frame, self.right), len(frame))

    def __str__(self) -> str:
        return f"{self.left} {self.symbol} {self.right}"


@dataclass(frozen=True)
class IsMissing(Condition):
    """The column's cell is empty: never unknown."""

    column: Hashable

    @property
    def columns(self) -> tuple[Hashable, ...]:
        """Columns that the condition reads."""
        return (self.column,)

    def truth(self, frame: pd.DataFrame) -> Ternary:
        """Three-valued truth for each row of ``frame``."""
        column = frame[resolve_column(frame, self.column)]
        return ~Ternary.of(known_rows(column, len(frame)))

    def __str__(self) -> str:
        return f"{self.column} is missing"


def parse_conditions(conditions: Mapping[Hashable, Any] | None) -> list[Condition]:
    """Conditions from the short form that conditional draws take.

    Parameters
    ----------
    conditions : mapping of column to value, or None
        A scalar asks for equality, a list, set, array or Series for membership, a tuple ``(low, high)`` for a
        closed range, with None for an open end. A missing value (None, NaN, NaT) asks for missing cells, alone or
        in a list. A `Condition` is taken as it is.

    Returns
    -------
    parsed : list of Condition
        One for each entry, in order.

    Raises
    ------
    ConstraintError
        If ``conditions`` is no mapping, or a value is empty or a tuple of other than two.

    Examples
    --------
    >>> from genesis_sampling.tables.conditions import parse_conditions
    >>> wanted = {"is_fraud": 1, "region": ["N", "S"], "amount": (100, None)}
    >>> [str(condition) for condition in parse_conditions(wanted)]
    ['is_fraud == 1', "region in ['N', 'S']", 'amount >= 100']
    """
    if conditions is None:
        return []
    if not isinstance(conditions, Mapping):
        raise ConstraintError(
            f"Got conditions={conditions!r}; expected a dict such as {{'amount': (100, None)}}."
        )
    return [_parse_condition(column, value) for column, value in conditions.items()]


def _parse_condition(column: Hashable, value: Any) -> Condition:
    if isinstance(value, Condition):
        return value
    if isinstance(value, tuple):
        return _parse_range(column, value)
    if isinstance(value, list | set | frozenset | np.ndarray | pd.Series | pd.Index):
        return among(column, value)
    if not pdt.is_scalar(value):
        raise ConstraintError(
            f"Got {value!r} for column {column!r}; expected a scalar, a list of values or a range."
        )
    return IsMissing(column) if plain(value) is None else Equals(column, plain(value))


def _parse_range(column: Hashable, bounds: tuple[Any, ...]) -> Condition:
    if len(bounds) != 2:
        raise ConstraintError(
            f"Got a tuple of {len(bounds)} for column {column!r}; expected a range (low, high), with None "
            "for an open end. For a choice of values pass a list."
        )
    return Between(column, plain(bounds[0]), plain(bounds[1]))


def among(column: Hashable, values: Iterable[Any]) -> Among:
    """`Among` from any collection: distinct values, in order of appearance; sets are sorted."""
    if isinstance(values, str) or not isinstance(values, Iterable):
        raise ConstraintError(f"Got {values!r} for column {column!r}; expected a list of allowed values.")
    listed = sorted(values, key=repr) if isinstance(values, set | frozenset) else list(values)
    distinct = tuple(dict.fromkeys(plain(value) for value in listed))
    if not distinct:
        raise ConstraintError(f"Got no values for column {column!r}; expected at least one.")
    return Among(column, distinct)


def all_hold(conditions: Iterable[Condition], frame: pd.DataFrame) -> NDArray[np.bool_]:
    """Rows of ``frame`` where every condition holds for certain; all rows where there is no condition."""
    everywhere = np.ones(len(frame), dtype=bool)
    return reduce(and_, (condition.mask(frame) for condition in conditions), everywhere)
