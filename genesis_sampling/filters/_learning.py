"""Rules that hold in real rows and are not likely to hold by chance.

Every test asks the same question: if the columns were independent, how many rows would break this rule? A
rule that no row breaks though many should is structure; one that few would break anyway is left out.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..exceptions import ConstraintError
from ..tables.comparisons import is_boolean, kind_of, operand, plain
from ..tables.conditions import Between, Compared
from ._dependencies import FixedCombinations, FunctionalDependency
from ._rules import Bounds, NotNull, Ordered, Rule, Whole

# rows that share an extreme before it counts as a limit: further tails thin out, limits pile up
_SUPPORT = 5
# greatest share of new rows that a set of fixed combinations may refuse by having been seen too seldom
_UNSEEN = 1e-3

Columns = dict[Hashable, pd.Series]


def learn_rules(
    frame: pd.DataFrame, *, min_rows: int, max_categories: int, bounds: str, alpha: float
) -> list[Rule]:
    """Fitted rules in the order: whole numbers, not null, bounds, orderings, dependencies, combinations."""
    if bounds not in ("supported", "observed"):
        raise ConstraintError(f"Got bounds={bounds!r}; expected 'supported' or 'observed'.")
    operands: Columns = {name: operand(frame, name) for name in frame.columns}
    columns = {name: values for name, values in operands.items() if values.notna().sum() >= min_rows}
    if not columns:
        return []
    return [
        *_whole(columns),
        *_not_null(columns),
        *_bounds(columns, _SUPPORT if bounds == "supported" else 1),
        *_orderings(columns, min_rows, alpha),
        *_relations(columns, min_rows, max_categories, alpha),
    ]


def _whole(columns: Columns) -> Iterator[Rule]:
    """Whole numbers in float columns; an integer dtype says so itself."""
    names = [name for name, values in columns.items() if values.dtype.kind == "f" and _is_whole(values)]
    if names:
        yield Whole(tuple(names))


def _is_whole(values: pd.Series) -> bool:
    known = values.dropna().to_numpy(dtype="float64")
    # every float beyond 2**53 is whole
    return bool(np.all(known == np.rint(known)) and np.all(np.abs(known) < 2.0**53))


def _not_null(columns: Columns) -> Iterator[Rule]:
    names = [name for name, values in columns.items() if values.notna().all()]
    if names:
        yield NotNull(tuple(names))


def _bounds(columns: Columns, support: int) -> Iterator[Rule]:
    for name, values in columns.items():
        if kind_of(values) not in ("number", "datetime", "timedelta") or is_boolean(values):
            continue
        known = values.dropna()
        if known.min() == known.max():
            continue
        condition = _between(name, known, support)
        if condition is not None:
            yield Bounds(condition)


def _between(name: Hashable, known: pd.Series, support: int) -> Between | None:
    """The extremes that enough rows share; without them the sign, where all rows have the same."""
    low, high = plain(known.min()), plain(known.max())
    has_low, has_high = ((known == extreme).sum() >= support for extreme in (low, high))
    is_number = kind_of(known) == "number"
    if not has_low and is_number and low >= 0:
        inclusive = "right" if low > 0 else "both"
        return Between(name, 0, high if has_high else None, inclusive)
    if not has_high and is_number and high <= 0:
        return Between(name, low if has_low else None, 0, "left" if high < 0 else "both")
    if not (has_low or has_high):
        return None
    return Between(name, low if has_low else None, high if has_high else None)


def _orderings(columns: Columns, min_rows: int, alpha: float) -> Iterator[Rule]:
    """Pairs of like columns in order in every row, less those that follow from others."""
    lines = {name: line for name, values in columns.items() if (line := _as_line(values)) is not None}
    pairs = [
        (low, high) for low in lines for high in lines if low != high and lines[low][0] == lines[high][0]
    ]
    evidence = np.log(max(len(pairs), 1) / alpha)
    held = [
        (low, high) for low, high in pairs if _is_ordered(lines[low][1], lines[high][1], min_rows, evidence)
    ]
    direct = [pair for pair in held if not _is_bridged(pair, held)]
    yield from (Ordered(Compared(low, "<=", high)) for low, high in direct)


def _as_line(values: pd.Series) -> tuple[str, NDArray[np.float64]] | None:
    """Kind and positions on the number line, for columns with more than two distinct values."""
    kind = kind_of(values)
    if kind not in ("number", "datetime", "timedelta") or is_boolean(values) or values.nunique() <= 2:
        return None
    if kind == "number":
        # counts and measurements (months and money) are in order by accident only
        return f"{kind}, whole {_is_whole(values)}", values.to_numpy(dtype="float64", na_value=np.nan)
    if kind == "datetime":
        # columns with and without a time zone do not compare
        kind += " with zone" if getattr(values.dtype, "tz", None) is not None else ""
    ticks = values.array.as_unit("us").asi8.astype("float64")
    return kind, np.where(values.isna(), np.nan, ticks)


def _is_ordered(low: NDArray[np.float64], high: NDArray[np.float64], min_rows: int, evidence: float) -> bool:
    """Whether ``low <= high`` holds in every row although random pairing would break it in many.

    With p the share of all pairs (low of one row, high of another) out of order, n independent rows are in
    order with probability (1 - p)^n <= exp(-n p).
    """
    if np.any(low[:1000] > high[:1000]) or np.any(low > high):
        return False
    known = ~(np.isnan(low) | np.isnan(high))
    low, high = low[known], high[known]
    if len(low) < min_rows or np.array_equal(low, high):
        return False
    n_below = np.searchsorted(np.sort(high), low, side="left")
    return bool(n_below.mean() >= evidence)  # n p, since p is the mean of n_below / n


def _is_bridged(pair: tuple[Hashable, Hashable], held: list[tuple[Hashable, Hashable]]) -> bool:
    """Whether low <= middle <= high says the same through another column."""
    low, high = pair
    return any((middle, high) in held for start, middle in held if start == low and middle != high)


@dataclass(frozen=True, eq=False)
class _Discrete:
    """A column of few distinct values."""

    name: Hashable
    codes: NDArray[np.intp]  # position in levels, -1 where missing
    levels: list[Any]
    is_text: bool


@dataclass(frozen=True, eq=False)
class _Relation:
    """Two discrete columns of which some combinations do not occur."""

    first: _Discrete
    second: _Discrete
    allowed: NDArray[np.bool_]  # (levels of first, levels of second)
    is_function: bool  # of first

    def rule(self) -> Rule:
        names = (self.first.name, self.second.name)
        decided = self.allowed.sum(axis=1) == 1
        cells = np.argwhere(self.allowed & decided[:, None] if self.is_function else self.allowed)
        pairs = [(self.first.levels[i], self.second.levels[j]) for i, j in cells]
        if self.is_function:
            return FunctionalDependency(names[:1], names[1], tuple(((key,), value) for key, value in pairs))
        return FixedCombinations(names, tuple(pairs))

    def between(self, first: Hashable, second: Hashable) -> NDArray[np.bool_] | None:
        """The allowed combinations seen from ``first``; None if the relation is of other columns."""
        if (self.first.name, self.second.name) == (first, second):
            return self.allowed
        return self.allowed.T if (self.second.name, self.first.name) == (first, second) else None


def _relations(columns: Columns, min_rows: int, max_categories: int, alpha: float) -> Iterator[Rule]:
    """Functional dependencies, then fixed combinations, less those that follow from others."""
    discrete = list(_discrete(columns, max_categories))
    evidence = np.log(max(len(discrete) * (len(discrete) - 1), 1) / alpha)
    found = [_relate(first, second, min_rows, evidence) for first, second in combinations(discrete, 2)]
    # dependencies come first, so that combinations rather than they are dropped where they say the same
    relations = sorted((relation for relation in found if relation), key=lambda found: not found.is_function)
    yield from (relation.rule() for relation in _drop_implied(relations))


def _discrete(columns: Columns, max_categories: int) -> Iterator[_Discrete]:
    for name, values in columns.items():
        is_text = kind_of(values) == "text" or is_boolean(values)
        if not is_text and (kind_of(values) != "number" or not _is_whole(values)):
            continue
        codes, levels = pd.factorize(values)
        if 2 <= len(levels) <= max_categories:
            yield _Discrete(name, codes, [plain(level) for level in levels], is_text)


def _relate(first: _Discrete, second: _Discrete, min_rows: int, evidence: float) -> _Relation | None:
    known = (first.codes >= 0) & (second.codes >= 0)
    if known.sum() < min_rows:
        return None
    shape = (len(first.levels), len(second.levels))
    cells = first.codes[known] * shape[1] + second.codes[known]
    table = np.bincount(cells, minlength=shape[0] * shape[1]).reshape(shape)
    # of two that determine each other the text is the natural determinant: education decides its number
    ways = [(first, second, table), (second, first, table.T)]
    for determinant, dependent, counts in sorted(ways, key=lambda way: not way[0].is_text):
        if _is_function(counts, evidence):
            return _Relation(determinant, dependent, _allowed(counts), is_function=True)
    if first.is_text and second.is_text and _has_gaps(table, evidence):
        return _Relation(first, second, _allowed(table), is_function=False)
    return None


def _allowed(table: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Combinations that occur; of a value whose partner is always missing nothing is known, so all of its."""
    return (table > 0) | ~table.any(axis=1, keepdims=True) | ~table.any(axis=0, keepdims=True)


def _is_function(table: NDArray[np.intp], evidence: float) -> bool:
    """Whether each row of the table has one cell, and chance would not have it so.

    Rows beyond the first of each determinant agree with it by chance with probability q = sum of p_j^2.
    """
    if np.any((table > 0).sum(axis=1) > 1):
        return False
    n_rows = table.sum()
    agreement = np.sum((table.sum(axis=0) / n_rows) ** 2)
    n_repeats = n_rows - np.count_nonzero(table.sum(axis=1))
    return agreement < 1 and bool(-n_repeats * np.log(agreement) >= evidence)


def _has_gaps(table: NDArray[np.intp], evidence: float) -> bool:
    """Whether combinations are empty that chance would have filled, and few that chance leaves empty."""
    n_rows = table.sum()
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / n_rows
    empty = table == 0
    threshold = evidence + np.log(table.size)  # an empty cell has probability exp(-expected)
    structural = empty & (expected >= threshold)
    by_chance = expected[empty & ~structural].sum()
    # where counts thin out towards zero, the empty cells are the end of a tail rather than a rule
    nearly_empty = ~empty & (table <= _SUPPORT) & (expected >= threshold)
    # Good and Turing: of new rows, about seen_once / n_rows would be combinations not seen yet
    seen_once = np.count_nonzero(table == 1)
    if not structural.any() or nearly_empty.any():
        return False
    return bool(max(by_chance, seen_once) <= _UNSEEN * n_rows)


def _drop_implied(relations: list[_Relation]) -> list[_Relation]:
    """Relations less those that two others have as their consequence; the last ones go first."""
    kept = list(relations)
    for relation in reversed(relations):
        others = [other for other in kept if other is not relation]
        if any(not np.any(via & ~relation.allowed) for via in _chains(relation, others)):
            kept = others
    return kept


def _chains(relation: _Relation, others: Iterable[_Relation]) -> Iterator[NDArray[np.bool_]]:
    """Combinations that stay possible between the relation's columns by way of each third column."""
    others = list(others)
    first, second = relation.first.name, relation.second.name
    for middle in {name for other in others for name in (other.first.name, other.second.name)} - {
        first,
        second,
    }:
        steps = [
            [table for other in others if (table := other.between(*ends)) is not None]
            for ends in ((first, middle), (middle, second))
        ]
        for before in steps[0]:
            for after in steps[1]:
                yield before @ after
