"""Conditional draws: conditions in terms of codes, and bounded rejection where a generator cannot condition."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from .._hints import one_of
from .._random import RandomStreams
from ..exceptions import ConstraintError, DataError, TargetNotReachedError
from ..tables import TableEncoder
from ..tables.codecs import CategoryCodec, FloatCodec, IntegerCodec
from ..tables.comparisons import kind_of
from ..tables.conditions import Among, Between, Condition, Equals, IsMissing

__all__ = ["Allowed", "allowed_codes", "draw_until"]

# Candidates of the first round of rejection, of which each has twice as many as the one before, up to the second
# number; and how many of them at the most may be spent: a floor, and a number per row.
FIRST_ROUND, LARGEST_ROUND = 1_024, 65_536
MIN_CANDIDATES = 200_000
CANDIDATES_PER_ROW = 200


@dataclass(frozen=True)
class Allowed:
    """The codes that one column may take: some values, or an interval with both ends included.

    Parameters
    ----------
    values : tuple of float or None
        The allowed codes in increasing order, a single NaN for a missing value, or None for an interval.
    low, high : float
        Ends of the interval.
    """

    values: tuple[float, ...] | None = None
    low: float = -np.inf
    high: float = np.inf

    @classmethod
    def value(cls, code: float) -> Allowed:
        """A single code."""
        return cls((float(code),))

    @property
    def is_missing(self) -> bool:
        """Whether the value is to be missing."""
        return self.values is not None and bool(np.isnan(self.values[0]))

    def contains(self, codes: np.ndarray) -> np.ndarray:
        """Mask of the codes that are allowed."""
        if self.values is None:
            return (codes >= self.low) & (codes <= self.high)
        return np.isnan(codes) if self.is_missing else np.isin(codes, self.values)

    def settle(self, codes: np.ndarray) -> np.ndarray:
        """The nearest allowed code to each code: undoes the rounding of codes that are allowed but for it."""
        if self.values is None:
            return np.clip(codes, self.low, self.high)
        if len(self.values) == 1:
            return np.full(len(codes), self.values[0])
        values = np.asarray(self.values)
        middles = (values[:-1] + values[1:]) / 2
        return values[np.searchsorted(middles, codes)]


def allowed_codes(
    conditions: Iterable[Condition], encoder: TableEncoder
) -> tuple[dict[int, Allowed], dict[int, Condition], list[Condition]]:
    """What the conditions leave to single columns, and the conditions that are none on single columns.

    Returns
    -------
    allowed : dict of int to Allowed
        Position of a column -> its codes.
    sources : dict of int to Condition
        Position of a column -> the condition that this comes from.
    others : list of Condition
        Conditions that only a finished row can be held against: relations of columns, open ends, a choice with
        a missing value in it, a second condition on the same column.

    Raises
    ------
    ConstraintError
        For what the column cannot hold, and for a range of texts that have no order.
    """
    allowed: dict[int, Allowed] = {}
    sources: dict[int, Condition] = {}
    others = []
    names = encoder.schema_.names()
    for condition in conditions:
        for column in condition.columns:
            if column not in names:
                raise DataError(
                    f"Got a condition on {column!r}, which is no column; expected {one_of(column, names)}"
                )
        position = names.index(condition.columns[0])
        if isinstance(condition, Between):
            _check_order(condition, encoder.codecs_[position])
        codes = _codes_of(condition, position, encoder) if position not in allowed else None
        if codes is None:
            others.append(condition)
        else:
            allowed[position], sources[position] = codes, condition
    return allowed, sources, others


def _codes_of(condition: Condition, position: int, encoder: TableEncoder) -> Allowed | None:
    """The codes that a condition on one column allows; None for other conditions."""
    if isinstance(condition, IsMissing):
        return Allowed.value(np.nan)
    if isinstance(encoder.codecs_[position], IntegerCodec) and encoder.codecs_[position].ranks is not None:
        return None  # a code is a rank: it cannot tell a value that was not seen from the next one that was
    if isinstance(condition, Equals | Among):
        values = condition.values if isinstance(condition, Among) else (condition.value,)
        found = (_code(value, position, encoder) for value in values)
        codes = {code for code in found if code is not None}
        if isinstance(condition, Among) and condition.takes_missing:
            return None if codes else Allowed.value(np.nan)  # codes cannot say: a value, or none
        if not codes:
            raise ConstraintError(
                f"Got the condition {condition}; expected a value that the column can hold."
            )
        return Allowed(tuple(sorted(codes)))
    if isinstance(condition, Between) and condition.inclusive == "both" and not encoder.discrete_[position]:
        return _interval(condition, position, encoder)
    return None


def _check_order(condition: Between, codec: Any) -> None:
    """Refuse a range of text that has no order but by letters: two values to choose from are meant, mostly."""
    if not isinstance(codec, CategoryCodec) or getattr(codec.dtype, "ordered", False):
        return
    if kind_of(pd.Series(codec.categories)) == "text":
        choice = [bound for bound in (condition.low, condition.high) if bound is not None]
        raise ConstraintError(
            f"Got the range {condition} of column {condition.column!r}, whose values have no order; expected a range "
            f"of numbers, times or ordered categories. For a choice of values pass a list {choice!r}."
        )


def _code(value: Any, position: int, encoder: TableEncoder) -> float | None:
    """The code of a value; None where decoding gives another value, as for 1.5 in a column of integers."""
    if pd.isna(value):
        return None  # no cell of a missing value is equal to anything
    code = encoder.encode_value(position, value)
    return code if _held(code, encoder.codecs_[position]) == code else None


def _interval(condition: Between, position: int, encoder: TableEncoder) -> Allowed:
    """The codes of a range, whose ends are drawn in to what the column can hold.

    Decoding rounds, and rounding keeps order: codes between two such ends never decode to a value outside.
    """
    low, high = (
        -side * np.inf
        if bound is None
        else _drawn_in(encoder.encode_value(position, bound), side, encoder.codecs_[position])
        for bound, side in ((condition.low, 1), (condition.high, -1))
    )
    if not low <= high:
        raise ConstraintError(
            f"Got the range {condition}; expected one with a value that the column can hold."
        )
    return Allowed(None, low, high)


def _drawn_in(code: float, side: int, codec: Any) -> float:
    """The next code that decodes to itself: upwards for ``side`` 1, downwards for -1."""
    held = _held(code, codec)
    if side * (held - code) < 0:
        held = _held(_neighbour(held, side, codec), codec)
    return held if side * (held - code) >= 0 else side * np.inf


def _neighbour(held: float, side: int, codec: Any) -> float:
    """The code one step from ``held``."""
    if not isinstance(codec, FloatCodec):
        return held + side
    if codec.decimals is not None:
        return held + side * 10.0**-codec.decimals
    narrow = (
        codec.dtype if isinstance(codec.dtype, np.dtype) and codec.dtype.kind == "f" else np.dtype(np.float32)
    )
    return float(np.nextafter(narrow.type(held), narrow.type(side * np.inf)))


def _held(code: float, codec: Any) -> float:
    """The code of the value that a code decodes to."""
    return float(codec.encode(codec.decode(np.array([code])))[0])


def draw_until(
    n: int,
    candidates: Callable[[int, RandomStreams], tuple[Any, np.ndarray]],
    streams: RandomStreams,
    wanted: str,
) -> Any:
    """The first ``n`` candidates that are good.

    Parameters
    ----------
    n : int
        Number of rows.
    candidates : callable
        ``candidates(count, streams) -> (rows, good)``, the rows as a frame or an array.
    streams : RandomStreams
        Each round has a stream of its own and a size that ``n`` does not change, so fewer rows are the first of more.
    wanted : str
        The conditions in words, for the error.

    Raises
    ------
    TargetNotReachedError
        When the budget of candidates is spent first.
    """
    budget = max(MIN_CANDIDATES, CANDIDATES_PER_ROW * n)
    accepted, found, tried, size = [], 0, 0, FIRST_ROUND
    while not accepted or (found < n and tried < budget):
        rows, good = candidates(size, streams.child("round", tried))
        accepted.append(rows[good])
        found, tried, size = found + int(good.sum()), tried + size, min(2 * size, LARGEST_ROUND)
    if found < n:
        raise TargetNotReachedError(
            f"Got {found} of {n} rows that meet the conditions ({wanted}) out of {tried} candidates "
            f"({found / tried:.2%} of them); expected {n}. Ask for at most {found} rows, or for wider conditions."
        )
    if isinstance(accepted[0], pd.DataFrame):
        return pd.concat(accepted, ignore_index=True).iloc[:n]
    return np.concatenate(accepted)[:n]
