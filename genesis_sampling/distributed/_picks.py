"""Rows of one partition: which are drawn, as a number of each class that was decided for the whole table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import union_categoricals

from .._random import RandomStreams
from ..exceptions import DataError
from ..tables.containers import wrap_target

__all__ = ["Pick", "concat_rows", "shares_of_partitions"]

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
    """

    partition: int
    target: Any
    counts: dict[Any, int]
    share: dict[Any, int]
    streams: RandomStreams

    def rows(self, part: pd.DataFrame) -> pd.DataFrame:
        """The rows that the partition gives, in order."""
        if len(part) != sum(self.counts.values()):
            raise self._changed(f"{len(part)} rows instead of {sum(self.counts.values())}")
        return part if self.share == self.counts else part.iloc[self._positions(part)]

    def kept(self, part: pd.DataFrame, start: int) -> pd.DataFrame:
        """The same rows with the index ``start``, ``start + 1``, ..."""
        rows = self.rows(part)
        return rows.set_axis(pd.RangeIndex(start, start + len(rows)), axis=0)

    def _positions(self, part: pd.DataFrame) -> np.ndarray:
        target = wrap_target(part[self.target])
        found = dict(zip(target.classes, target.counts.tolist(), strict=True))
        if found != self.counts:
            raise self._changed(f"classes of {found} rows instead of {self.counts}")
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
    drawn = rng.choice(total, n_rows, replace=False, shuffle=False)
    owners = np.searchsorted(np.cumsum(counts), drawn, side="right")
    return np.bincount(owners, minlength=len(counts))


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
    return [frame.assign(**{name: frame[name].astype(dtype)}) for frame in frames]
