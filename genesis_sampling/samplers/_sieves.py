"""Filters as samplers meet them: what a candidate must pass."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from ..exceptions import ConstraintError
from ..filters import Constraint
from .data import ClassData, NewRows, Sieve

__all__ = ["ChainedSieve", "ConstraintSieve", "chain"]


class ConstraintSieve(Sieve):
    """Turns down rows that violate a constraint.

    Columns that a constraint derives (sums, functional dependencies) are computed first.

    Parameters
    ----------
    constraints : sequence of Constraint
        Fitted on the real rows.
    repair : bool, default=False
        Whether violations that have a repair are mended before the rows are judged.
    """

    def __init__(self, constraints: Iterable[Constraint], *, repair: bool = False):
        self.constraints = tuple(constraints)
        self.repair = repair

    def judge(self, rows: NewRows, accepted: pd.DataFrame, part: ClassData) -> tuple[NewRows, np.ndarray]:
        frame = mended(rows.frame, self.constraints, repair=self.repair)
        real = part.data.table.frame
        existing = pd.concat([real, accepted], ignore_index=True) if len(accepted) else real
        return NewRows(frame, rows.sources), violations(frame, self.constraints, existing)


class ChainedSieve(Sieve):
    """One sieve after another; a row bears the reason of the first that turns it down."""

    def __init__(self, *sieves: Sieve):
        self.sieves = sieves

    def judge(self, rows: NewRows, accepted: pd.DataFrame, part: ClassData) -> tuple[NewRows, np.ndarray]:
        reasons = np.full(len(rows), "", dtype=object)
        for sieve in self.sieves:
            rows, found = sieve.judge(rows, accepted, part)
            reasons = np.where(reasons == "", found, reasons)
        return rows, reasons


def chain(first: Sieve | None, second: Sieve | None) -> Sieve | None:
    """Both sieves, either of which may be absent."""
    if first is None or second is None:
        return first or second
    return ChainedSieve(first, second)


def mended(frame: pd.DataFrame, constraints: Iterable[Constraint], *, repair: bool) -> pd.DataFrame:
    """The rows with derived columns computed and, if asked, violations repaired where a repair is defined."""
    for constraint in constraints:
        frame = constraint.repair(frame) if repair and constraint.can_repair else constraint.derive(frame)
    return frame


def violations(
    frame: pd.DataFrame, constraints: Iterable[Constraint], existing: pd.DataFrame | None = None
) -> np.ndarray:
    """Name of the first constraint that each row violates, empty where there is none, shape (n_rows,)."""
    reasons = np.full(len(frame), "", dtype=object)
    for constraint in constraints:
        broken = ~constraint.check(frame, existing=existing)
        reasons[broken & (reasons == "")] = constraint.name
    return reasons


def fitted_constraints(constraints: Iterable[Constraint], frame: pd.DataFrame) -> tuple[Constraint, ...]:
    """The constraints with what they learn from real rows; an error for one that does not fit the table."""
    fitted = []
    for constraint in constraints:
        constraint.validate(frame)
        fitted.append(constraint.fit(frame))
    return tuple(fitted)


def check_repairable(constraints: Iterable[Constraint]) -> None:
    """Refuse constraints that have no repair."""
    broken = [constraint.name for constraint in constraints if not constraint.can_repair]
    if broken:
        raise ConstraintError(
            f"Got on_violation='repair' for constraints that have no repair: {broken}; expected only such that have "
            "one (see Constraint.can_repair). Use 'resample' around a sampler, or 'drop'."
        )
