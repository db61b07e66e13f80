"""What a constraint states, one class per concept: check, repair, words.

A rule is a frozen dataclass, so that rules compare, hash, copy and pickle by their values. `Constraint` is
the public face of all of them.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import reduce
from operator import and_
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api import types as pdt

from ..exceptions import ConstraintError
from ..tables.comparisons import (
    KIND_NAMES,
    Ternary,
    compare,
    kind_of,
    known_rows,
    operand,
    read_literal,
    resolve_column,
    resolve_columns,
)
from ..tables.conditions import CLOSED, Between, Compared, Condition
from ._repair import assign, storable


class Rule(ABC):
    """A statement about rows, with its repair where one is defined."""

    can_repair = False
    # whether the repair computes a dependent column from the others, so that no candidate need be rejected
    derives = False

    @property
    @abstractmethod
    def columns(self) -> tuple[Hashable, ...]:
        """Columns that the rule reads; none if it reads the whole row."""

    @abstractmethod
    def truth(self, frame: pd.DataFrame, existing: pd.DataFrame | None = None) -> Ternary:
        """Three-valued truth for each row of ``frame``."""

    def fit(self, frame: pd.DataFrame) -> Rule:
        """The rule with what it learns from real rows."""
        return self

    def repair(self, frame: pd.DataFrame, rows: NDArray[np.bool_]) -> pd.DataFrame:
        """A frame where the violating ``rows`` hold the nearest valid values."""
        raise ConstraintError(
            f"Got a repair of '{self}', which has none; drop or redraw the rows that violate it."
        )

    def violated(self, frame: pd.DataFrame) -> NDArray[np.bool_]:
        """Rows where the rule is definitely false."""
        return self.truth(frame).false


@dataclass(frozen=True)
class Stated(Rule):
    """Any condition on columns; there is no repair."""

    condition: Condition

    @property
    def columns(self) -> tuple[Hashable, ...]:
        return self.condition.columns

    def truth(self, frame: pd.DataFrame, existing: pd.DataFrame | None = None) -> Ternary:
        return self.condition.truth(frame)

    def __str__(self) -> str:
        return str(self.condition)


@dataclass(frozen=True)
class Bounds(Stated):
    """A column between bounds; repaired by clipping to the nearest valid value."""

    condition: Between
    can_repair = True

    def repair(self, frame: pd.DataFrame, rows: NDArray[np.bool_]) -> pd.DataFrame:
        label = resolve_column(frame, self.condition.column)
        values, n_rows = operand(frame, label), len(frame)
        valid = values[self.truth(frame).true]
        above, below = CLOSED[self.condition.inclusive]
        for bound, symbol, is_low in ((self.condition.low, above, True), (self.condition.high, below, False)):
            if bound is None:
                continue
            left, right = (bound, values) if is_low else (values, bound)
            beyond = rows & compare(left, symbol, right, n_rows).false
            if beyond.any():
                frame = assign(frame, label, beyond, self._nearest(valid, bound, is_low))
        return frame

    def _nearest(self, valid: pd.Series, bound: Any, is_low: bool) -> Any:
        """The value nearest to a bound that is allowed, given the valid values of the column.

        That is the bound itself where it is allowed. Where it is not, the next whole number for integers; for
        the others, which have no next value, the nearest valid value that the table holds, else the middle of
        the range, else one unit (one day) away.
        """
        symbol = CLOSED[self.condition.inclusive][0 if is_low else 1]
        if pdt.is_integer_dtype(valid.dtype) and np.isfinite(bound):
            if is_low:
                return int(np.ceil(bound)) if symbol == "<=" else int(np.floor(bound)) + 1
            return int(np.floor(bound)) if symbol == "<=" else int(np.ceil(bound)) - 1
        if symbol == "<=":
            return bound
        if len(valid) > 0:
            return valid.min() if is_low else valid.max()
        return self._inside(valid, bound, is_low)

    def _inside(self, valid: pd.Series, bound: Any, is_low: bool) -> Any:
        """A value within the range, for a column that holds none."""
        if kind_of(valid) not in ("number", "datetime", "timedelta"):
            return bound  # text has no value in between: the row goes on violating
        ends = (self.condition.low, self.condition.high, bound)
        low, high, bound = (None if end is None else read_literal(end, like=valid) for end in ends)
        if low is not None and high is not None:
            return low + (high - low) / 2
        unit = pd.Timedelta(days=1) if kind_of(valid) in ("datetime", "timedelta") else 1
        return bound + unit if is_low else bound - unit


@dataclass(frozen=True)
class Ordered(Stated):
    """Two columns in order; repaired by swapping their values and, where strict, moving ties apart."""

    condition: Compared
    can_repair = True

    def repair(self, frame: pd.DataFrame, rows: NDArray[np.bool_]) -> pd.DataFrame:
        low, high = resolve_columns(frame, self.condition.columns)
        ties = rows & compare(operand(frame, low), "==", operand(frame, high), len(frame)).true
        frame = self._swap(frame, low, high, rows & ~ties)
        return self._part(frame, low, high, ties) if ties.any() else frame

    def _swap(
        self, frame: pd.DataFrame, low: Hashable, high: Hashable, rows: NDArray[np.bool_]
    ) -> pd.DataFrame:
        new_low, new_high = frame[high][rows], frame[low][rows]
        if pdt.is_integer_dtype(frame[low].dtype) and pdt.is_float_dtype(new_low.dtype):
            new_low = np.floor(new_low)
        if pdt.is_integer_dtype(frame[high].dtype) and pdt.is_float_dtype(new_high.dtype):
            new_high = np.ceil(new_high)
        fitting = storable(frame[low].dtype, new_low) & storable(frame[high].dtype, new_high)
        places = np.flatnonzero(rows)[fitting]
        swapped = np.isin(np.arange(len(frame)), places)
        frame = assign(frame, low, swapped, new_low[fitting])
        return assign(frame, high, swapped, new_high[fitting])

    def _part(
        self, frame: pd.DataFrame, low: Hashable, high: Hashable, ties: NDArray[np.bool_]
    ) -> pd.DataFrame:
        """Move ties apart by the smallest step: upwards, or downwards at the end of the dtype."""
        step = self._step(frame, low, high)
        moved = operand(frame, high)[ties] + step
        upwards = storable(frame[high].dtype, moved)
        places = np.flatnonzero(ties)
        up, down = (np.isin(np.arange(len(frame)), places[chosen]) for chosen in (upwards, ~upwards))
        frame = assign(frame, high, up, moved[upwards])
        return assign(frame, low, down, operand(frame, low)[down] - step) if down.any() else frame

    def _step(self, frame: pd.DataFrame, low: Hashable, high: Hashable) -> Any:
        columns = [operand(frame, low), operand(frame, high)]
        if any(pdt.is_integer_dtype(column.dtype) for column in columns):
            return 1
        gaps = (columns[1] - columns[0])[self.truth(frame).true]
        if len(gaps) > 0:
            return gaps.min()
        return pd.Timedelta(days=1) if kind_of(columns[0]) == "datetime" else 1


@dataclass(frozen=True)
class NotNull(Rule):
    """No missing cell in these columns."""

    names: tuple[Hashable, ...]

    @property
    def columns(self) -> tuple[Hashable, ...]:
        return self.names

    def truth(self, frame: pd.DataFrame, existing: pd.DataFrame | None = None) -> Ternary:
        labels = resolve_columns(frame, self.names)
        return Ternary.of(reduce(and_, (known_rows(frame[label], len(frame)) for label in labels)))

    def __str__(self) -> str:
        return f"not null: {', '.join(map(str, self.names))}"


@dataclass(frozen=True)
class Whole(Rule):
    """Whole numbers in these columns; repaired by rounding."""

    names: tuple[Hashable, ...]
    can_repair = True

    @property
    def columns(self) -> tuple[Hashable, ...]:
        return self.names

    def truth(self, frame: pd.DataFrame, existing: pd.DataFrame | None = None) -> Ternary:
        return reduce(and_, (self._truth_of(numbers(frame, name)) for name in self.names))

    def _truth_of(self, values: NDArray[np.float64]) -> Ternary:
        return Ternary.of(values == np.rint(values), ~np.isnan(values))

    def repair(self, frame: pd.DataFrame, rows: NDArray[np.bool_]) -> pd.DataFrame:
        for label in resolve_columns(frame, self.names):
            values = numbers(frame, label)
            broken = rows & self._truth_of(values).false
            frame = assign(frame, label, broken, np.rint(values[broken]))
        return frame

    def __str__(self) -> str:
        return f"whole numbers: {', '.join(map(str, self.names))}"


@dataclass(frozen=True)
class Unique(Rule):
    """No two rows alike in these columns, nor like existing ones; missing cells are like nothing."""

    names: tuple[Hashable, ...]

    @property
    def columns(self) -> tuple[Hashable, ...]:
        return self.names

    def truth(self, frame: pd.DataFrame, existing: pd.DataFrame | None = None) -> Ternary:
        keys = self._keys(frame)
        known = keys.notna().all(axis=1).to_numpy()
        candidates = keys[known]
        before = self._keys(existing).dropna() if existing is not None else candidates.iloc[:0]
        # joined only if there is something to join: pandas warns about dtypes of empty frames
        joined = pd.concat([before, candidates], ignore_index=True) if len(before) else candidates
        repeated = np.zeros(len(frame), dtype=bool)
        repeated[known] = joined.duplicated().to_numpy()[len(before) :]
        return Ternary.of(~repeated, known)

    def _keys(self, frame: pd.DataFrame) -> pd.DataFrame:
        return pd.concat([operand(frame, name) for name in self.names], axis=1, keys=range(len(self.names)))

    def __str__(self) -> str:
        return f"unique: {', '.join(map(str, self.names))}"


@dataclass(frozen=True)
class Matches(Rule):
    """Text that a regular expression matches as a whole."""

    column: Hashable
    pattern: str

    def __post_init__(self) -> None:
        try:
            re.compile(self.pattern)
        except (re.error, TypeError) as error:
            raise ConstraintError(
                f"Got the pattern {self.pattern!r}, no regular expression: {error}."
            ) from error

    @property
    def columns(self) -> tuple[Hashable, ...]:
        return (self.column,)

    def truth(self, frame: pd.DataFrame, existing: pd.DataFrame | None = None) -> Ternary:
        values = operand(frame, self.column)
        if kind_of(values) in ("number", "datetime", "timedelta"):
            raise ConstraintError(
                f"Got a pattern for column {self.column!r}, which holds {KIND_NAMES[kind_of(values)]}; "
                "expected text."
            )
        codes, distinct = pd.factorize(values)  # each distinct text is matched once
        matcher = re.compile(self.pattern)
        found = np.array([bool(matcher.fullmatch(str(text))) for text in distinct] + [False])
        return Ternary.of(found[codes], codes >= 0)

    def __str__(self) -> str:
        return f"{self.column} matches '{self.pattern}'"


@dataclass(frozen=True)
class Custom(Rule):
    """A function of the user's: frame in, one boolean per row out."""

    function: Callable[[pd.DataFrame], Any]
    names: tuple[Hashable, ...] | None
    name: str

    @property
    def columns(self) -> tuple[Hashable, ...]:
        return self.names or ()

    def truth(self, frame: pd.DataFrame, existing: pd.DataFrame | None = None) -> Ternary:
        given = frame if self.names is None else frame[resolve_columns(frame, self.names)]
        answer = pd.Series(self.function(given.copy(deep=False)))
        if len(answer) != len(frame) or kind_of(answer) != "number":
            raise ConstraintError(
                f"Got {len(answer)} values of dtype {answer.dtype} from the constraint '{self.name}'; "
                f"expected one boolean for each of {len(frame)} rows."
            )
        return Ternary.of(answer.fillna(False).to_numpy(dtype=bool), known_rows(answer, len(frame)))

    def __str__(self) -> str:
        return self.name


def numbers(frame: pd.DataFrame, column: Hashable) -> NDArray[np.float64]:
    """A column as floats, NaN where missing; an error if it holds something else."""
    values = operand(frame, column)
    if kind_of(values) != "number" and not values.isna().all():
        raise ConstraintError(f"Got column {column!r} with {KIND_NAMES[kind_of(values)]}; expected numbers.")
    return values.to_numpy(dtype="float64", na_value=np.nan)
