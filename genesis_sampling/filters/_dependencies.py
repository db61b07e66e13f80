"""Rules that tie a column to others: sums and linear relations, functional dependencies, fixed combinations.

Hardly a row drawn at random meets a sum, so the first two are met by deriving the dependent column, not by
rejection.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api import types as pdt
from sklearn.exceptions import NotFittedError

from ..exceptions import ConstraintError
from ..tables.comparisons import Ternary, operand, resolve_column, resolve_columns
from ._lookup import Key, match_rows, observed_keys
from ._repair import assign
from ._rules import Rule, numbers

# relative slack for what floating point sums lose
_SLACK = 1e-9
# what a sum loses at most where a narrow float column cannot tell it from zero
_UNDERFLOW = float(np.finfo("float32").tiny)


@dataclass(frozen=True)
class Linear(Rule):
    """``total = sum of weight * column + intercept``."""

    total: Hashable
    terms: tuple[tuple[Hashable, float], ...]
    intercept: float = 0
    tolerance: float = 0
    can_repair = True
    derives = True

    @property
    def columns(self) -> tuple[Hashable, ...]:
        return (self.total, *(name for name, _ in self.terms))

    def truth(self, frame: pd.DataFrame, existing: pd.DataFrame | None = None) -> Ternary:
        actual = numbers(frame, self.total)
        expected, scale = self._expected(frame)
        with np.errstate(invalid="ignore"):  # infinity less infinity
            error = np.abs(actual - expected)
            slack = self._slack(frame) * (scale + np.abs(actual))
            near = error <= self._tolerance(frame) + slack + _UNDERFLOW
        return Ternary.of(near, ~np.isnan(error))

    def _expected(self, frame: pd.DataFrame) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """What the total must be, and the size of the numbers that went into it."""
        with np.errstate(invalid="ignore", over="ignore"):
            parts = np.array([weight * numbers(frame, name) for name, weight in self.terms])
            return parts.sum(axis=0) + self.intercept, np.abs(parts).sum(axis=0)

    def _tolerance(self, frame: pd.DataFrame) -> float:
        """A whole total of parts that are not whole is the rounded sum."""
        whole = pdt.is_integer_dtype(frame[resolve_column(frame, self.total)].dtype)
        return max(self.tolerance, 0.5) if whole and not self._is_whole(frame) else self.tolerance

    def _is_whole(self, frame: pd.DataFrame) -> bool:
        labels = resolve_columns(frame, [name for name, _ in self.terms])
        factors = [self.intercept, *(weight for _, weight in self.terms)]
        return all(pdt.is_integer_dtype(frame[label].dtype) for label in labels) and all(
            float(factor).is_integer() for factor in factors
        )

    def _slack(self, frame: pd.DataFrame) -> float:
        dtypes = [frame[label].dtype for label in resolve_columns(frame, self.columns)]
        narrow = [
            np.finfo(getattr(dtype, "numpy_dtype", dtype)).eps
            for dtype in dtypes
            if pdt.is_float_dtype(dtype)
        ]
        return max([_SLACK, *(8 * float(eps) for eps in narrow)])

    def repair(self, frame: pd.DataFrame, rows: NDArray[np.bool_]) -> pd.DataFrame:
        label = resolve_column(frame, self.total)
        values = self._expected(frame)[0][rows]
        return assign(
            frame, label, rows, np.rint(values) if pdt.is_integer_dtype(frame[label].dtype) else values
        )

    def __str__(self) -> str:
        parts = [_term(weight, name) for name, weight in self.terms]
        parts += [_term(self.intercept)] if self.intercept else []
        return f"{self.total} == {' '.join(parts).removeprefix('+ ')}"


def _term(factor: float, name: Hashable = None) -> str:
    """A signed term of a sum, such as ``+ 2 * a``, ``- b`` or ``- 9``."""
    number = f"{abs(factor):g}"
    words = number if name is None else f"{name}" if number == "1" else f"{number} * {name}"
    return f"{'-' if factor < 0 else '+'} {words}"


@dataclass(frozen=True)
class FunctionalDependency(Rule):
    """Equal determinants have equal dependents; combinations that the mapping does not have are left open."""

    determinants: tuple[Hashable, ...]
    dependent: Hashable
    mapping: tuple[tuple[Key, Any], ...] | None = None
    can_repair = True
    derives = True

    @property
    def columns(self) -> tuple[Hashable, ...]:
        return (*self.determinants, self.dependent)

    def fit(self, frame: pd.DataFrame) -> Rule:
        if self.mapping is not None:
            return self
        table = [operand(frame, name) for name in self.columns]
        mapping: dict[Key, Any] = {}
        for *key, value in observed_keys(table):
            if None in key or value is None:
                continue
            known = mapping.setdefault(tuple(key), value)
            if known != value:
                raise ConstraintError(
                    f"Got both {known!r} and {value!r} in column {self.dependent!r} for {tuple(key)}; "
                    f"expected '{self}' to hold in the real rows."
                )
        return replace(self, mapping=tuple(mapping.items()))

    def truth(self, frame: pd.DataFrame, existing: pd.DataFrame | None = None) -> Ternary:
        positions, values = self._look_up(frame)
        column = operand(frame, self.dependent)
        allowed = match_rows([column], [(value,) for value in dict.fromkeys(values)])
        wanted = {value: code for code, value in enumerate(dict.fromkeys(values))}
        expected = np.array([wanted[value] for value in values] + [-1])[positions]
        return Ternary.of(allowed == expected, (positions >= 0) & column.notna().to_numpy())

    def _look_up(self, frame: pd.DataFrame) -> tuple[NDArray[np.intp], list[Any]]:
        """Position of each row's entry in the mapping (-1: none), and the dependent values of the entries."""
        if self.mapping is None:
            raise NotFittedError(f"The constraint '{self}' is not fitted; call fit with real rows first.")
        columns = [operand(frame, name) for name in self.determinants]
        return match_rows(columns, [key for key, _ in self.mapping]), [value for _, value in self.mapping]

    def repair(self, frame: pd.DataFrame, rows: NDArray[np.bool_]) -> pd.DataFrame:
        positions, values = self._look_up(frame)
        derived = pd.Series([values[position] for position in positions[rows]], dtype=object).infer_objects()
        return assign(frame, resolve_column(frame, self.dependent), rows, derived)

    def __str__(self) -> str:
        return f"{', '.join(map(str, self.determinants))} determines {self.dependent}"


@dataclass(frozen=True)
class FixedCombinations(Rule):
    """Only listed (or observed) combinations of values; a gap passes where some combination could fill it."""

    names: tuple[Hashable, ...]
    combinations: tuple[Key, ...] | None = None

    @property
    def columns(self) -> tuple[Hashable, ...]:
        return self.names

    def fit(self, frame: pd.DataFrame) -> Rule:
        if self.combinations is not None:
            return self
        return replace(self, combinations=tuple(observed_keys([operand(frame, name) for name in self.names])))

    def truth(self, frame: pd.DataFrame, existing: pd.DataFrame | None = None) -> Ternary:
        if self.combinations is None:
            raise NotFittedError(f"The constraint '{self}' is not fitted; call fit with real rows first.")
        columns = [operand(frame, name) for name in self.names]
        true = match_rows(columns, self.combinations) >= 0
        return Ternary(true, ~true & ~self._could_hold(columns))

    def _could_hold(self, columns: list[pd.Series]) -> NDArray[np.bool_]:
        """Rows with gaps whose other cells occur in some combination."""
        gaps = np.column_stack([column.isna().to_numpy() for column in columns])
        possible = np.zeros(len(gaps), dtype=bool)
        for pattern in np.unique(gaps[gaps.any(axis=1)], axis=0):
            rows = (gaps == pattern).all(axis=1)
            known = np.flatnonzero(~pattern)
            possible[rows] = self._match_part([columns[i][rows] for i in known], known)
        return possible

    def _match_part(self, columns: list[pd.Series], known: NDArray[np.intp]) -> NDArray[np.bool_] | bool:
        if not columns:
            return True
        keys = dict.fromkeys(tuple(key[i] for i in known) for key in self.combinations or ())
        return match_rows(columns, list(keys)) >= 0

    def __str__(self) -> str:
        return f"observed combinations of {', '.join(map(str, self.names))}"
