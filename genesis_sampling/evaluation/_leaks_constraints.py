"""Bounds of constraints that were read off all rows, and constraints that real rows break."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ..filters import Constraint, parse_constraints
from ..filters._rules import Stated
from ..tables.comparisons import MIRRORED, operand, resolve_column
from ..tables.conditions import Between
from ..tables.expressions import Expression, parse_expression
from ..tables.schema import is_numeric
from ._leak_report import LeakageFinding
from ._leak_tree import Place, is_sampler, parameters, samplers_inside

__all__ = ["constraint_findings"]

SYMBOLS = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">="}
# Bounds that people choose have one or two digits that count (0, 18, 120, 2500); extremes of a column mostly more.
MAX_CHOSEN_DIGITS = 2
MAX_NAMED = 3


@dataclass(frozen=True)
class Bound:
    """One end of what a column may hold."""

    column: Any
    value: float
    is_low: bool

    def __str__(self) -> str:
        return f"{self.column} {'>=' if self.is_low else '<='} {self.value:g}"


def constraint_findings(
    tree: Iterable[Place], frame: pd.DataFrame, trains: Sequence[np.ndarray]
) -> Iterator[LeakageFinding]:
    """Findings on the constraints of every sampler that sees the table as it is.

    Parameters
    ----------
    tree : iterable of Place
    frame : DataFrame of shape (n_rows, n_columns)
    trains : sequence of ndarray of int
        Positions of the training rows of each fold.
    """
    for place in tree:
        # Behind a transformer the columns are not those of the table.
        if not is_sampler(place.estimator) or place.transformed:
            continue
        for path, sampler in samplers_inside(place.path, place.estimator):
            given = parameters(sampler).get("constraints")
            if given is not None:
                constraints = _readable(given, frame)
                yield from _learned(path, constraints, frame, trains)
                yield from _broken(path, constraints, frame)


def _readable(given: Any, frame: pd.DataFrame) -> list[Constraint]:
    """Constraints that fit the table; about the others the sampler complains."""
    found = []
    for constraint in parse_constraints(given):
        try:
            constraint.validate(frame)
        except Exception:  # a function of the user's may raise anything
            continue
        found.append(constraint)
    return found


def _learned(
    path: str, constraints: list[Constraint], frame: pd.DataFrame, trains: Sequence[np.ndarray]
) -> Iterator[LeakageFinding]:
    """Bounds that equal an extreme of the whole table which some training fold lacks."""
    suspects = {
        bound: narrower
        for constraint in constraints
        for bound in _bounds(constraint)
        if (narrower := _n_narrower(bound, frame, trains))
    }
    if not suspects:
        return
    both_ends = len({bound.column for bound in suspects}) < len(suspects)
    chosen = all(_digits(bound.value) <= MAX_CHOSEN_DIGITS for bound in suspects) and not both_ends
    named = ", ".join(map(str, list(suspects)[:MAX_NAMED])) + (", ..." if len(suspects) > MAX_NAMED else "")
    yield LeakageFinding(
        "GS120",
        "note" if chosen else "warning",
        path,
        f"Bounds of the constraint equal extremes of the whole table ({named}) that the training rows of some folds do "
        "not reach: it looks as if they were learned from all rows, those for validation included.",
        "State bounds that are known without the data, or learn them from training rows alone.",
        {"n_bounds": len(suspects), "n_folds_narrower": max(suspects.values())},
    )


def _bounds(constraint: Constraint) -> Iterator[Bound]:
    """Numeric bounds on single columns that hold in any case: not within `or` and `not`."""
    rule = constraint.rule
    if not isinstance(rule, Stated):
        return
    condition = rule.condition
    if isinstance(condition, Between):
        for value, is_low in ((condition.low, True), (condition.high, False)):
            if _is_number(value):
                yield Bound(condition.column, float(value), is_low)
    elif isinstance(condition, Expression):
        parsed = parse_expression(condition.text)
        yield from _bounds_in(parsed.body, parsed.names)


def _bounds_in(node: ast.expr, names: dict[str, str]) -> Iterator[Bound]:
    if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.And):
        for part in node.values:
            yield from _bounds_in(part, names)
    if not isinstance(node, ast.Compare):
        return
    terms = [node.left, *node.comparators]
    for left, operator, right in zip(terms, node.ops, terms[1:]):
        symbol = SYMBOLS.get(type(operator))
        if symbol is None:
            continue
        if isinstance(right, ast.Name):
            left, right, symbol = right, left, MIRRORED[symbol]
        value = _literal(right)
        if isinstance(left, ast.Name) and value is not None:
            yield Bound(names.get(left.id, left.id), value, symbol in (">", ">="))


def _literal(node: ast.expr) -> float | None:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        value = _literal(node.operand)
        return None if value is None else -value
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float) and _is_number(node.value):
        return float(node.value)
    return None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _n_narrower(bound: Bound, frame: pd.DataFrame, trains: Sequence[np.ndarray]) -> int:
    """Folds whose training rows do not reach a bound that the whole table reaches exactly."""
    column = operand(frame, resolve_column(frame, bound.column))
    if not is_numeric(column):
        return 0
    values = column.to_numpy(dtype=np.float64, na_value=np.nan)
    values = values if bound.is_low else -values
    value = bound.value if bound.is_low else -bound.value
    if np.isnan(values).all() or np.nanmin(values) != value:
        return 0
    return sum(not np.any(values[train] == value) for train in trains)


def _digits(value: float) -> int:
    """Significant decimal digits of a number, zeros at its ends aside."""
    mantissa = f"{abs(value):.15g}".partition("e")[0].replace(".", "")
    return len(mantissa.strip("0"))


def _broken(path: str, constraints: list[Constraint], frame: pd.DataFrame) -> Iterator[LeakageFinding]:
    """Constraints that hold for new rows but not for real ones."""
    broken: dict[str, int] = {}
    for constraint in constraints:
        try:
            n_broken = int((~constraint.fit(frame).check(frame)).sum())
        except Exception:  # a function of the user's may raise anything
            continue
        if n_broken:
            broken[constraint.name] = n_broken
    if broken:
        named = ", ".join(f"{name!r} by {n}" for name, n in list(broken.items())[:MAX_NAMED])
        yield LeakageFinding(
            "GS121",
            "warning",
            path,
            f"Real rows break the constraint ({named} of {len(frame)}). New rows keep it, so they can be told from "
            "real ones by it.",
            "Widen the constraint to what can occur; or, if these rows are wrong, mend them before the split.",
            {"n_constraints": len(broken), "n_rows": max(broken.values())},
        )
