"""Encoded rows as networks see them: one level per column, and a number beside it where the level has one.

A level is a category, a spike (a number that many rows have), a missing value, or a mode: a part of a column of numbers
within which a number says where. So spikes, categories and gaps stay exactly what they are, and only what varies
smoothly is left to a number, or, for networks that know levels alone, to bins.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri

from ._conditioning import Allowed
from ._margins import Margin, fit_margin
from ._modes import Modes, fit_modes

__all__ = ["Bins", "ColumnLevels", "LevelTable", "decode_table", "encode_table", "fit_column"]

# A value of a column of numbers is a spike when it has this share of the rows.
SPIKE_SHARE = 0.02
# Columns of numbers with so few values are told by points alone.
FEW_VALUES = 30
# A column of more categories is told by two levels, so that no network has an output for each.
MAX_LEVELS = 256
# So many rows for each bin of a first level are told apart by a second one.
ROWS_PER_BIN = 16


class Bins:
    """Codes by bins of equal probability, and equal parts of these: one or two levels, and no number.

    Parameters
    ----------
    margin : Margin
    sizes : tuple of int
        Bins, and parts of a bin.
    """

    def __init__(self, margin: Margin, sizes: tuple[int, ...]):
        self.margin, self.sizes = margin, sizes

    def encode(self, codes: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, None]:
        """Levels of shape (n_rows, n_levels)."""
        total = int(np.prod(self.sizes))
        # A probability drawn within the interval that each code owns.
        below, up_to = self.margin.shares_of(codes)
        share = below + rng.random(len(codes)) * (up_to - below)
        place = np.minimum((share * total).astype(np.int64), total - 1)
        return np.column_stack(np.unravel_index(place, self.sizes)), None

    def decode(self, levels: np.ndarray, within: np.ndarray) -> np.ndarray:
        """Codes of levels and of places within them, 0 to 1."""
        total = int(np.prod(self.sizes))
        place = np.ravel_multi_index(tuple(levels.T), self.sizes)
        return self.margin.decode(ndtri((place + within) / total))

    def allowed(self, wish: Allowed) -> np.ndarray:
        """Bins of the first level that hold some allowed code."""
        ends = ndtr(self.margin.latent_sets(wish)) * self.sizes[0]
        bins = np.arange(self.sizes[0])[:, None]
        return ((bins < np.ceil(ends[:, 1])) & (bins + 1 > np.floor(ends[:, 0]))).any(axis=1)


@dataclass(frozen=True)
class LevelTable:
    """Rows as levels and numbers.

    Parameters
    ----------
    levels : ndarray of int64 of shape (n_rows, n_levels_columns)
    numbers : ndarray of float32 of shape (n_rows, n_numbers)
        0 where the level has no number.
    """

    levels: np.ndarray
    numbers: np.ndarray


@dataclass(frozen=True)
class ColumnLevels:
    """How one encoded column is told by levels and a number.

    Parameters
    ----------
    points : ndarray of shape (n_points,)
        Codes of the levels that are single codes, NaN for a missing value; they come before the others.
    rest : Modes or Bins or None
        What the codes that are no points are told by.
    base : int
        For points alone that are told by two levels, the size of the second one.
    """

    points: np.ndarray
    rest: Modes | Bins | None = None
    base: int = 0

    @property
    def sizes(self) -> tuple[int, ...]:
        """Number of levels of each level column."""
        if self.base:
            return (-(-len(self.points) // self.base), self.base)
        if self.rest is None:
            return (len(self.points),)
        return (len(self.points) + self.rest.sizes[0], *self.rest.sizes[1:])

    @property
    def first_number(self) -> int | None:
        """The first level that has a number, as all later ones have; None if there is none."""
        return len(self.points) if isinstance(self.rest, Modes) else None

    def encode(self, codes: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray | None]:
        """Levels of shape (n_rows, n_level_columns) and numbers of shape (n_rows,); what is random is drawn."""
        point = _positions(self.points, codes)
        if self.base:
            return np.column_stack(np.divmod(point, self.base)), None
        levels = np.zeros((len(codes), len(self.sizes)), dtype=np.int64)
        levels[:, 0] = point
        if self.rest is None:
            return levels, None
        others = np.flatnonzero(point < 0)
        number = np.zeros(len(codes), dtype=np.float32)
        levels[others], found = self.rest.encode(codes[others], rng)
        levels[others, 0] += len(self.points)
        if found is None:
            return levels, None
        number[others] = found
        return levels, number

    def decode(self, levels: np.ndarray, numbers: np.ndarray) -> np.ndarray:
        """Codes of levels and numbers, which are places within the last level where it has none; shape (n_rows,)."""
        if self.base:
            return self.points[np.minimum(levels[:, 0] * self.base + levels[:, 1], len(self.points) - 1)]
        is_point = levels[:, 0] < len(self.points)
        codes = np.empty(len(levels))
        codes[is_point] = self.points[levels[is_point, 0]]
        if self.rest is not None:
            others = np.flatnonzero(~is_point)
            within = levels[others]
            within[:, 0] -= len(self.points)
            codes[others] = self.rest.decode(within, numbers[others])
        return codes

    def allowed(self, wish: Allowed) -> list[np.ndarray]:
        """Which levels of each level column may stand for the codes that are wished for.

        A level that may stand for others too is among them, as any mode is.
        """
        if self.base:
            places = np.flatnonzero(wish.contains(self.points))
            digits = np.divmod(places, self.base)
            return [np.isin(np.arange(size), part) for size, part in zip(self.sizes, digits, strict=True)]
        is_point = wish.contains(self.points)
        if self.rest is None:
            return [is_point]
        if isinstance(self.rest, Bins) and not wish.is_missing:
            others = self.rest.allowed(wish)
        else:
            others = np.full(self.rest.sizes[0], not wish.is_missing)
        return [np.append(is_point, others), *(np.ones(size, dtype=bool) for size in self.sizes[1:])]

    def tells_exactly(self, wish: Allowed) -> bool:
        """Whether the levels that are allowed stand for nothing else than what is wished for."""
        if self.rest is not None:
            return False
        # Of several codes that are told by two levels, others have the first of one and the second of another.
        return not self.base or all(part.sum() == 1 for part in self.allowed(wish))


def fit_column(
    codes: np.ndarray,
    *,
    discrete: bool,
    interpolate: bool,
    step: float,
    few_values: int = FEW_VALUES,
    n_modes: int | None = None,
    n_bins: int = 32,
    rng: np.random.Generator,
) -> ColumnLevels:
    """Learn how a column is told.

    Parameters
    ----------
    codes : ndarray of shape (n_rows,)
        NaN where a value is missing.
    discrete : bool
        Whether codes are positions of categories.
    interpolate : bool
        Whether codes between those seen are possible.
    step : float
        Distance of the codes that decoding rounds to.
    few_values : int, default=30
        Columns of so many values have no others than points.
    n_modes : int or None, default=None
        Most modes of a mixture; None tells numbers by bins.
    n_bins : int, default=32
        Bins, and parts of a bin where there are rows enough.
    rng : numpy.random.Generator
    """
    known = codes[~np.isnan(codes)]
    values, counts = np.unique(known, return_counts=True)
    gap = [np.nan] if len(known) < len(codes) else []
    if discrete or len(values) <= few_values:
        points = np.append(values, gap)
        base = int(np.ceil(np.sqrt(len(points)))) if len(points) > MAX_LEVELS else 0
        return ColumnLevels(points, None, base)
    spikes = values[counts >= SPIKE_SHARE * len(codes)]
    rest = known[~np.isin(known, spikes)]
    points = np.append(spikes, gap)
    if not len(rest):
        return ColumnLevels(points)
    if n_modes is not None:
        return ColumnLevels(points, fit_modes(rest, n_modes, rng))
    margin = fit_margin(rest, interpolate=interpolate, step=step)[0]
    is_fine = len(rest) >= ROWS_PER_BIN * n_bins
    return ColumnLevels(points, Bins(margin, (n_bins, n_bins) if is_fine else (n_bins,)))


def _positions(points: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Position of each code among the points, -1 where it is none."""
    known = points[~np.isnan(points)]
    place = np.searchsorted(known, codes)
    found = np.full(len(codes), -1, dtype=np.int64)
    inside = place < len(known)
    hit = np.flatnonzero(inside)[known[place[inside]] == codes[inside]]
    found[hit] = place[hit]
    found[np.isnan(codes)] = len(known) if len(known) < len(points) else -1
    return found


def encode_table(columns: Sequence[ColumnLevels], codes: np.ndarray, rng: np.random.Generator) -> LevelTable:
    """Rows of shape (n_rows, n_columns) as levels and numbers."""
    parts = [column.encode(codes[:, place], rng) for place, column in enumerate(columns)]
    numbers = [number for _, number in parts if number is not None]
    return LevelTable(
        np.hstack([levels for levels, _ in parts]),
        np.column_stack(numbers).astype(np.float32)
        if numbers
        else np.empty((len(codes), 0), dtype=np.float32),
    )


def decode_table(columns: Sequence[ColumnLevels], table: LevelTable, rng: np.random.Generator) -> np.ndarray:
    """Encoded rows of levels and numbers, shape (n_rows, n_columns); places within bins are drawn."""
    codes = np.empty((len(table.levels), len(columns)))
    level, number = 0, 0
    for place, column in enumerate(columns):
        width = len(column.sizes)
        has_number = column.first_number is not None
        values = table.numbers[:, number] if has_number else rng.random(len(codes))
        codes[:, place] = column.decode(table.levels[:, level : level + width], values)
        level, number = level + width, number + has_number
    return codes
