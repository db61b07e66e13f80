"""Rows of one partition: which are drawn, as a number of each class that was decided for the whole table."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import union_categoricals

from .._random import RandomStreams
from ..exceptions import DataError
from ..tables._classes import wrap_classes
from ..tables.containers import Target

__all__ = ["Pick", "concat_rows", "rows_of_a_class", "shares_of_partitions"]

# numpy draws hypergeometric counts from populations below this size.
MAX_POPULATION = 10**9


@dataclass(frozen=True)
class Pick:
    """Rows that one partition gives, drawn from each class without replacement.

    Parameters
    ----------
    partition : int
    target : hashable
        The column that holds the classes.
    counts : dict of label to int
        Rows of each class that the partition had when it was looked at.
    share : dict of label to int
        Rows of each class that it gives.
    streams : RandomStreams
    none : DataFrame, default=None
        What it gives where it had no rows, since such a partition may have other dtypes, or no columns.
    """

    partition: int
    target: Any
    counts: dict[Any, int]
    share: dict[Any, int]
    streams: RandomStreams
    none: pd.DataFrame | None = None

    def rows(self, part: pd.DataFrame) -> pd.DataFrame:
        """The rows that the partition gives, in order."""
        if len(part) != sum(self.counts.values()):
            raise self._changed(f"{len(part)} rows instead of {sum(self.counts.values())}")
        if not self.counts:
            return part if self.none is None else self.none
        target = wrap_classes(part[self.target], self.target)
        found = dict(zip(target.classes, target.counts.tolist(), strict=True))
        if found != self.counts:
            raise self._changed(f"classes of {found} rows instead of {self.counts}")
        return part if self.share == self.counts else part.iloc[self._positions(target)]

    def kept(self, part: pd.DataFrame, start: int) -> pd.DataFrame:
        """The same rows with the index ``start``, ``start + 1``, ..."""
        rows = self.rows(part)
        return rows.set_axis(pd.RangeIndex(start, start + len(rows)), axis=0)

    def _positions(self, target: Target) -> np.ndarray:
        picked = [
            _drawn(target.positions_of(code), self.share.get(label, 0), self._streams_of(code))
            for code, label in enumerate(target.classes)
        ]
        return np.sort(np.concatenate(picked))

    def _streams_of(self, code: int) -> RandomStreams:
        return self.streams.child("partition", self.partition, code)

    def _changed(self, what: str) -> DataError:
        return DataError(
            f"Got {what} in partition {self.partition} when it was computed again; expected the same rows each time. "
            "Write the table to files, or persist() it, and resample that."
        )


def _drawn(positions: np.ndarray, n_rows: int, streams: RandomStreams) -> np.ndarray:
    if n_rows == len(positions):
        return positions
    return streams.rng().choice(positions, n_rows, replace=False, shuffle=False)


def shares_of_partitions(counts: np.ndarray, n_rows: int, streams: RandomStreams) -> np.ndarray:
    """How many of ``n_rows`` rows, drawn without replacement, come from each partition; shape (n_partitions,).

    This is the multivariate hypergeometric distribution of :math:`n` draws from partitions of ``counts`` rows.
    """
    rng, total = streams.rng(), int(counts.sum())
    if total < MAX_POPULATION:
        return rng.multivariate_hypergeometric(counts, n_rows, method="marginals")
    # Rows that are taken by a coin each are as probable as any others of their number; so they are after some rows by
    # chance were added or left out. Coins miss the number by about its square root.
    taken = rng.binomial(counts, n_rows / total)
    surplus = int(taken.sum()) - n_rows
    if surplus > 0:
        return taken - _owners(taken, surplus, rng)
    return taken + _owners(counts - taken, -surplus, rng)


def _owners(counts: np.ndarray, n_rows: int, rng: np.random.Generator) -> np.ndarray:
    """How many of a few rows, drawn without replacement, come from each partition."""
    drawn = rng.choice(int(counts.sum()), n_rows, replace=False, shuffle=False)
    return np.bincount(np.searchsorted(np.cumsum(counts), drawn, side="right"), minlength=len(counts))


def rows_of_a_class(counts: Iterable[int], most: int, in_all: int) -> int:
    """Most rows to take of a class, ``most`` or fewer, with which classes of ``counts`` rows give ``in_all`` at most.

    Classes that have fewer are taken whole, and what they leave is for the others.
    """
    ordered = sorted(counts)
    for position, count in enumerate(ordered):
        level = in_all // (len(ordered) - position)
        if count > level:
            return max(1, min(most, level))
        in_all -= count
    return most


def concat_rows(frames: list[pd.DataFrame]) -> pd.DataFrame:
    """Rows of several partitions with a fresh index; where their categories differ, with those of all."""
    first = frames[0]
    for name in first.columns:
        if isinstance(first[name].dtype, pd.CategoricalDtype):
            frames = _with_common_categories(frames, name)
    return pd.concat(frames, ignore_index=True)


def _with_common_categories(frames: list[pd.DataFrame], name: Any) -> list[pd.DataFrame]:
    if all(frame[name].dtype == frames[0][name].dtype for frame in frames):
        return frames
    try:
        dtype = union_categoricals([frame[name] for frame in frames]).dtype
    except TypeError as error:
        raise DataError(
            f"Got partitions whose categories differ in the column {name!r} ({error}); expected the same ordered ones. "
            f"Make them known first: ddf[{name!r}].cat.set_categories(...)."
        ) from error
    # A name may be a number, which `assign` would not take.
    frames = [frame.copy(deep=False) for frame in frames]
    for frame in frames:
        frame[name] = frame[name].astype(dtype)
    return frames
