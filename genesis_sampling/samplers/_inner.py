"""Samplers inside samplers: ours, which know about plans and sieves, and those of others, which only resample."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from imblearn.utils._tags import get_tags
from sklearn.base import clone

from .._random import RandomStreams
from ..exceptions import DataError
from ..tables import TableEncoder
from ..tables.containers import wrap_table
from ..tables.neighbors import distance_view
from .base import BaseAugmenter
from .data import ClassData, ClassSource, NewRows, ResamplePlan, SamplingData, Sieve, draw_class, plan_classes
from .strategy import target_counts

__all__ = ["InnerSampler", "keep_rows"]


class InnerSampler:
    """A sampler that another one uses to make rows.

    Parameters
    ----------
    sampler : sampler
        One of ours, or any over-sampler with imbalanced-learn's interface. It is cloned.
    key : str or int, default="inner"
        Name of its random streams, where it has no seed of its own.
    """

    def __init__(self, sampler: Any, key: str | int = "inner"):
        self.sampler = clone(sampler)
        self.key = key
        self.is_ours = isinstance(sampler, BaseAugmenter)
        self.sampler._validate_params()

    def strategy(self, data: SamplingData) -> dict[Any, int]:
        """Label -> number of rows to make."""
        if self.is_ours:
            return self.sampler._strategy(data)
        target = target_counts(self.sampler.sampling_strategy, data.counts, y=data.target.native)
        return {label: target[label] - count for label, count in data.counts.items()}

    def plan(self, data: SamplingData, sieve: Sieve | None) -> ResamplePlan:
        """What the sampler would give, with new rows that pass the sieve."""
        inner = data.seen_by(self.sampler, self.key, sieve=sieve)
        if self.is_ours:
            return self.sampler._resample(inner)
        return plan_classes(inner, self.strategy(data), self._make_foreign)

    def make(self, part: ClassData, n_rows: int, sieve: Sieve | None) -> NewRows:
        """``n_rows`` new rows of one class that pass the sieve."""
        inner = part.data.seen_by(self.sampler, self.key, sieve=sieve).of_class(part.code)
        return self.sampler._make_class(inner, n_rows) if self.is_ours else self._make_foreign(inner, n_rows)

    def _make_foreign(self, part: ClassData, n_rows: int) -> NewRows:
        def draw(count: int, streams: RandomStreams) -> NewRows:
            return _resample_class(self.sampler, part, count, streams)

        return draw_class(ClassSource(draw, nested=False), n_rows, part)


def _resample_class(sampler: Any, part: ClassData, n_rows: int, streams: RandomStreams) -> NewRows:
    """``n_rows`` new rows of a class from a sampler with imbalanced-learn's interface.

    The sampler sees the class labels as integers; its original rows come first, as those of all over-samplers do.
    """
    sampler = _seeded(sampler, streams).set_params(
        sampling_strategy={part.code: len(part.positions) + n_rows}
    )
    X, y = sampler.fit_resample(part.data.table.native, part.data.target.codes)
    n_real = len(part.data.target.codes)
    made = np.flatnonzero(np.asarray(y)[n_real:] == part.code)[:n_rows] + n_real
    sources = getattr(sampler, "sample_indices_", np.full(len(y), -1))
    return NewRows(wrap_table(X).rows(made), np.asarray(sources)[made])


def keep_rows(
    sampler: Any,
    frame: pd.DataFrame,
    codes: np.ndarray,
    encoder: TableEncoder,
    streams: RandomStreams,
    *,
    counts: dict[int, int] | None = None,
) -> np.ndarray:
    """Positions of the rows that an under-sampler or a cleaning step keeps, in order.

    Parameters
    ----------
    sampler : sampler
        With imbalanced-learn's interface and ``sample_indices_``. One that works on numbers alone sees the table as
        points (see :func:`~genesis_sampling.tables.neighbors.distance_view`).
    frame : pandas.DataFrame of shape (n_rows, n_columns)
    codes : ndarray of int of shape (n_rows,)
        Classes of the rows.
    encoder : TableEncoder
        Fitted on the table.
    streams : RandomStreams
    counts : dict of int to int, default=None
        Class -> rows to keep; None leaves the sampler its own strategy.
    """
    sampler = _seeded(sampler, streams)
    if counts is not None:
        sampler.set_params(sampling_strategy=counts)
    tags = get_tags(sampler).input_tags
    takes_anything = tags.string and tags.allow_nan
    X = codes[:, None] if takes_anything else distance_view(encoder.transform(frame), encoder.discrete_)
    sampler.fit_resample(X, codes)
    if not hasattr(sampler, "sample_indices_"):
        raise DataError(
            f"Got {type(sampler).__name__}, which does not tell the rows that it keeps (sample_indices_); expected an "
            "under-sampler that selects real rows, such as RandomUnderSampler, NearMiss or TomekLinks."
        )
    return np.sort(sampler.sample_indices_)


def _seeded(sampler: Any, streams: RandomStreams) -> Any:
    """A copy of the sampler with a seed, where it takes one."""
    sampler = clone(sampler)
    if "random_state" in sampler.get_params():
        sampler.set_params(random_state=streams.integer_seed())
    return sampler
