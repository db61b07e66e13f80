"""Encoded rows as networks see them: one level per column, and a number beside it where the level has one.

A level is a category, a spike (a number that many rows have), a missing value, or a mode: a part of a column of numbers
within which a number says where. So spikes, categories and gaps stay exactly what they are, and only what varies
smoothly is left to a number.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from ._margins import Margin, fit_margin
from ._modes import Modes, fit_modes

__all__ = ["ColumnLevels", "LevelTable", "decode_table", "encode_table", "fit_column"]

# A value of a column of numbers is a spike when it has this share of the rows; columns of so few values have no others.
SPIKE_SHARE = 0.02
FEW_VALUES = 30
# A column of more categories is told by two levels, so that no network has an output for each.
MAX_LEVELS = 256


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
        Codes of the levels that are single codes, NaN for a missing value; they come before the modes.
    modes : Modes or Margin or None
        What the codes that are no points are told by: modes of a mixture, or a margin on the normal scale, one mode.
    base : int
        With more than one digit, the number of levels of the second one.
    """

    points: np.ndarray
    modes: Modes | Margin | None = None
    base: int = 0

    @property
    def sizes(self) -> tuple[int, ...]:
        """Number of levels of each level column."""
        if self.base:
            return (-(-len(self.points) // self.base), self.base)
        n_modes = 0 if self.modes is None else len(self.modes) if isinstance(self.modes, Modes) else 1
        return (len(self.points) + n_modes,)

    @property
    def numbered(self) -> np.ndarray | None:
        """Mask of the levels that have a number; None if there are none."""
        if self.modes is None:
            return None
        return np.arange(self.sizes[0]) >= len(self.points)

    def encode(self, codes: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray | None]:
        """Levels of shape (n_rows, n_level_columns) and numbers of shape (n_rows,); modes are drawn."""
        level = _positions(self.points, codes)
        if self.base:
            return np.column_stack(np.divmod(level, self.base)), None
        if self.modes is None:
            return level[:, None], None
        number = np.zeros(len(codes), dtype=np.float32)
        rest = np.flatnonzero(level < 0)
        level[rest] = len(self.points)
        if isinstance(self.modes, Modes):
            mode, number[rest] = self.modes.encode(codes[rest], rng)
            level[rest] += mode
        else:
            number[rest] = _scores(self.modes, codes[rest], rng)
        return level[:, None], number

    def decode(self, levels: np.ndarray, numbers: np.ndarray | None) -> np.ndarray:
        """Codes of levels and numbers, shape (n_rows,)."""
        if self.base:
            return self.points[np.minimum(levels[:, 0] * self.base + levels[:, 1], len(self.points) - 1)]
        level = levels[:, 0]
        is_point = level < len(self.points)
        codes = np.empty(len(level))
        codes[is_point] = self.points[level[is_point]]
        if self.modes is not None and numbers is not None:
            rest = np.flatnonzero(~is_point)
            if isinstance(self.modes, Modes):
                codes[rest] = self.modes.decode(level[rest] - len(self.points), numbers[rest])
            else:
                codes[rest] = self.modes.decode(numbers[rest].astype(np.float64))
        return codes


def fit_column(
    codes: np.ndarray,
    *,
    discrete: bool,
    interpolate: bool,
    step: float,
    n_modes: int | None,
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
    n_modes : int or None
        Most modes of a mixture; None for ranks on the normal scale.
    rng : numpy.random.Generator
    """
    known = codes[~np.isnan(codes)]
    values, counts = np.unique(known, return_counts=True)
    gap = [np.nan] if len(known) < len(codes) else []
    if discrete or len(values) <= FEW_VALUES:
        points = np.append(values, gap)
        base = int(np.ceil(np.sqrt(len(points)))) if len(points) > MAX_LEVELS else 0
        return ColumnLevels(points, None, base)
    spikes = values[counts >= SPIKE_SHARE * len(codes)]
    rest = known[~np.isin(known, spikes)]
    points = np.append(spikes, gap)
    if not len(rest):
        return ColumnLevels(points)
    if n_modes is None:
        return ColumnLevels(points, fit_margin(rest, interpolate=interpolate, step=step)[0])
    return ColumnLevels(points, fit_modes(rest, n_modes, rng))


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


def _scores(margin: Margin, codes: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A place on the normal scale within the interval that each code owns."""
    below, up_to = margin.shares_of(codes)
    return ndtri(np.clip(below + rng.random(len(codes)) * (up_to - below), 1e-6, 1 - 1e-6))


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


def decode_table(columns: Sequence[ColumnLevels], table: LevelTable) -> np.ndarray:
    """Encoded rows of levels and numbers, shape (n_rows, n_columns)."""
    codes = np.empty((len(table.levels), len(columns)))
    level, number = 0, 0
    for place, column in enumerate(columns):
        width = len(column.sizes)
        values = None if column.modes is None else table.numbers[:, number]
        codes[:, place] = column.decode(table.levels[:, level : level + width], values)
        level, number = level + width, number + (column.modes is not None)
    return codes
