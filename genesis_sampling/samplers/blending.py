"""A new row between two parents, whatever the columns hold, and what the samplers of such rows share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..tables import TableEncoder
from .base import ClasswiseOverSampler
from .data import ResamplePlan, SamplingData

__all__ = ["Blender", "BlendingOverSampler"]

# Rows that are blended at a time: they stay in the processor's cache, and memory stays flat.
CHUNK = 16_384


@dataclass(frozen=True)
class Blender:
    """Blends encoded rows.

    Numbers lie on the segment between the parents. What cannot be interpolated, which is a category, and a number
    that one of the parents lacks, is as in the second parent with a probability that equals the place on the segment,
    and as in the first one else; so a gap is inherited.

    Parameters
    ----------
    codes : ndarray of shape (n_rows, n_columns)
        The encoded table, NaN where a value is missing.
    whole : ndarray of bool of shape (n_columns,)
        Columns of which some cells cannot be interpolated.
    discrete : ndarray of bool of shape (n_columns,)
        Columns of categories.
    low, high : ndarrays of shape (n_columns,)
        Bounds that no new row leaves.
    centre : ndarray of shape (n_columns,), default=None
        What stands at the position ``n_rows``, after the rows of the table.
    """

    codes: np.ndarray
    whole: np.ndarray
    discrete: np.ndarray
    low: np.ndarray
    high: np.ndarray
    centre: np.ndarray | None = None

    @classmethod
    def of_table(cls, codes: np.ndarray, encoder: TableEncoder) -> Blender:
        """For the table that ``encoder`` has learned."""
        discrete = encoder.discrete_
        whole = discrete | np.isnan(codes.sum(axis=0))
        return cls(codes, whole, discrete, encoder.low_, encoder.high_)

    def blend(
        self, first: np.ndarray, second: np.ndarray, place: np.ndarray, rng: np.random.Generator
    ) -> np.ndarray:
        """Rows at a place between the parents, 0 being the first and 1 the second; shape (n_new, n_columns)."""
        rows = np.empty((len(first), self.codes.shape[1]))
        for start in range(0, len(first), CHUNK):
            chunk = slice(start, start + CHUNK)
            self._blend_chunk(rows[chunk], first[chunk], second[chunk], place[chunk, None], rng)
        return rows

    def _blend_chunk(self, rows, first, second, place, rng) -> None:
        np.take(self.codes, first, axis=0, out=rows, mode="clip")
        other = np.take(self.codes, second, axis=0, mode="clip")
        if self.centre is not None:
            other[second == len(self.codes)] = self.centre
        columns = np.flatnonzero(self.whole)
        if len(columns):
            from_second = rng.random((len(rows), len(columns))) < place
            taken = np.where(from_second, other[:, columns], rows[:, columns])
        other -= rows
        other *= place
        rows += other
        if len(columns):
            kept = self.discrete[columns] | np.isnan(rows[:, columns])
            rows[:, columns] = np.where(kept, taken, rows[:, columns])
        # Beyond a parent, and by a rounding error at it.
        np.clip(rows, self.low, self.high, out=rows)


class BlendingOverSampler(ClasswiseOverSampler):
    """Base of the samplers whose rows have two parents, which ``parent_indices_`` records."""

    @staticmethod
    def _blender(data: SamplingData) -> Blender:
        """The blender of the table, which its classes share."""
        return data.once("blender", lambda: Blender.of_table(data.codes, data.encoder))

    def _record(self, data: SamplingData, plan: ResamplePlan, seconds: float) -> None:
        super()._record(data, plan, seconds)
        own = np.arange(len(data.target.codes))
        partners = np.concatenate([own, plan.new.known_partners()])
        self.parent_indices_ = np.column_stack([self.sample_indices_, partners])
