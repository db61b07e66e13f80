"""Encoded rows as networks see them: one level per column, and a number beside it where the level has one.

A level is a category, a spike (a number that many rows have), a missing value, or a mode: a part of a column of numbers
within which a number says where. So spikes, categories and gaps stay exactly what they are, and only what varies
smoothly is left to a number, or, for networks that know levels alone, to bins.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri

from ..exceptions import DataError
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
# A share of a bin below this one, relative to the largest, is a rounding error.
LEAST_PART = 1e-9
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

    def decode(self, levels: np.ndarray, within: np.ndarray, wish: Allowed | None = None) -> np.ndarray:
        """Codes of levels and of places within what is wished for of them, 0 to 1."""
        total = int(np.prod(self.sizes))
        place = np.ravel_multi_index(tuple(levels.T), self.sizes)
        share = (place + within) / total
        if wish is not None:
            ends, length = self._wished(wish)
            if len(ends) and length[-1]:
                below, up_to = (np.interp((place + end) / total, ends, length) for end in (0, 1))
                share = np.interp(below + within * (up_to - below), length, ends)
        return self.margin.decode(ndtri(share))

    def allowed(self, wish: Allowed) -> np.ndarray:
        """Which share of each bin, or of each part of one, is wished for, shape ``sizes``."""
        total = int(np.prod(self.sizes))
        ends, length = self._wished(wish)
        wished = np.zeros(total)
        if len(ends) and not length[-1]:  # a single code between those seen
            wished[min(int(ends[0] * total), total - 1)] = 1.0
        elif len(ends):
            wished = np.diff(np.interp(np.arange(total + 1) / total, ends, length)) * total
        # What rounding left of a neighbour is none.
        return np.where(wished > LEAST_PART * wished.max(), wished, 0.0).reshape(self.sizes)

    def _wished(self, wish: Allowed) -> tuple[np.ndarray, np.ndarray]:
        """Ends of the intervals of probability that hold what is wished for, and the length of all up to each end."""
        ends = ndtr(self.margin.latent_sets(wish))
        length = np.cumsum(ends[:, 1] - ends[:, 0])
        return ends.ravel(), np.column_stack([length - (ends[:, 1] - ends[:, 0]), length]).ravel()


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
    nominal : bool
        Whether codes are positions of categories, none of which is nearer to another.
    """

    points: np.ndarray
    rest: Modes | Bins | None = None
    base: int = 0
    nominal: bool = False

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

    def encode(
        self, codes: np.ndarray, rng: np.random.Generator, name: Hashable
    ) -> tuple[np.ndarray, np.ndarray | None]:
        """Levels of shape (n_rows, n_level_columns) and numbers of shape (n_rows,); what is random is drawn.

        A new number is told by the nearest one that the column knows.

        Raises
        ------
        DataError
            For a missing value or a category, if no row had it when the column was learned.
        """
        point = self._points_of(codes, name)
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

    def _points_of(self, codes: np.ndarray, name: Hashable) -> np.ndarray:
        """Position of each code among the points, -1 where the rest of the column tells it."""
        point = _positions(self.points, codes)
        new = point < 0
        n_gaps = int(np.isnan(codes[new]).sum())
        if n_gaps:
            raise DataError(
                f"Got missing values ({n_gaps} of {len(codes)} rows) in column {name!r}, which had none when it was "
                "learned; expected a value in every row. Fill them, or fit on a table with gaps in this column."
            )
        if self.rest is not None or not new.any():
            return point
        if self.nominal:
            raise DataError(
                f"Got a new category ({new.sum()} of {len(codes)} rows) in column {name!r}, which no row had when it "
                "was learned; expected one that some row had. Leave these rows out, or fit on a table with them."
            )
        point[new] = _nearest(self.points, codes[new])
        return point

    def decode(self, levels: np.ndarray, numbers: np.ndarray, wish: Allowed | None = None) -> np.ndarray:
        """Codes of levels and numbers, which are places within the last level where it has none; shape (n_rows,).

        With a wish these are places within what is wished for of the level.
        """
        if self.base:
            return self.points[np.minimum(levels[:, 0] * self.base + levels[:, 1], len(self.points) - 1)]
        is_point = levels[:, 0] < len(self.points)
        codes = np.empty(len(levels))
        codes[is_point] = self.points[levels[is_point, 0]]
        if self.rest is not None:
            others = np.flatnonzero(~is_point)
            within = levels[others]
            within[:, 0] -= len(self.points)
            confined = (wish,) if isinstance(self.rest, Bins) else ()
            codes[others] = self.rest.decode(within, numbers[others], *confined)
        return codes

    def allowed(self, wish: Allowed) -> list[np.ndarray]:
        """Which share of each level stands for the codes that are wished for, from 0 to 1.

        One array for each level column; that of a second one has a row for each level of the first. A mode may stand
        for any number.
        """
        is_point = wish.contains(self.points)
        if self.base:
            both = np.zeros(self.sizes)
            both.flat[np.flatnonzero(is_point)] = 1.0
            return [both.max(axis=1), both]
        if not isinstance(self.rest, Bins):
            others = np.full(self.rest.sizes[0] if self.rest is not None else 0, not wish.is_missing)
            return [np.append(is_point, others).astype(np.float64)]
        parts = np.zeros(self.rest.sizes)
        is_told = wish.is_missing or (wish.values is not None and len(wish.values) == 1 and is_point.any())
        if not is_told:
            parts = self.rest.allowed(wish)
            if not is_point.any() and parts.any():
                parts /= parts.max()  # how narrow all of it is does not matter
        if parts.ndim == 1:
            return [np.append(is_point, parts)]
        second = np.vstack([np.ones((len(is_point), parts.shape[1])), parts])
        return [np.append(is_point, parts.any(axis=1)).astype(np.float64), second]


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
        return ColumnLevels(points, None, base, discrete)
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


def _nearest(points: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Position of the point next to each code; points are in increasing order, but for a last one that is NaN."""
    known = points[~np.isnan(points)]
    return np.searchsorted((known[:-1] + known[1:]) / 2, codes)


def encode_table(
    columns: Sequence[ColumnLevels],
    codes: np.ndarray,
    rng: np.random.Generator,
    names: Iterable[Hashable] | None = None,
) -> LevelTable:
    """Rows of shape (n_rows, n_columns) as levels and numbers; errors name columns, by their positions if need be."""
    names = range(len(columns)) if names is None else names
    parts = [
        column.encode(column_codes, rng, name)
        for column, column_codes, name in zip(columns, codes.T, names, strict=True)
    ]
    numbers = [number for _, number in parts if number is not None]
    return LevelTable(
        np.hstack([levels for levels, _ in parts]),
        np.column_stack(numbers).astype(np.float32)
        if numbers
        else np.empty((len(codes), 0), dtype=np.float32),
    )


def decode_table(
    columns: Sequence[ColumnLevels],
    table: LevelTable,
    rng: np.random.Generator,
    allowed: Mapping[int, Allowed] | None = None,
) -> np.ndarray:
    """Encoded rows of levels and numbers, shape (n_rows, n_columns); places within bins are drawn.

    Places are drawn within what is allowed of a column, for levels that are.
    """
    codes = np.empty((len(table.levels), len(columns)))
    level, number = 0, 0
    for place, column in enumerate(columns):
        width = len(column.sizes)
        has_number = column.first_number is not None
        values = table.numbers[:, number] if has_number else rng.random(len(codes))
        wish = None if allowed is None else allowed.get(place)
        codes[:, place] = column.decode(table.levels[:, level : level + width], values, wish)
        level, number = level + width, number + has_number
    return codes
