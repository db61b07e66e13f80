"""Samplers inside samplers: ours, which know about plans and sieves, and those of others, which only resample."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from pandas.api import types
from sklearn.base import clone
from sklearn.utils import get_tags

from .._random import RandomStreams
from ..exceptions import DataError
from ..tables import TableEncoder
from ..tables.containers import Table, wrap_table
from ..tables.items import ITEM, ItemTable, items_at, items_frame, settled, wrap_items
from ..tables.neighbors import distance_view
from ._checks import check_is_instance
from .base import BaseAugmenter
from .data import (
    ClassData,
    ClassSource,
    DrawBlock,
    NewRows,
    ResamplePlan,
    SamplingData,
    Sieve,
    learn_class,
    plan_classes,
)
from .flattened import FlattenedSampler
from .items import ItemSampler
from .noise import NoiseSampler
from .strategy import target_counts

__all__ = ["InnerSampler", "keep_rows", "with_dtypes"]


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
        check_is_instance(sampler, "a sampler")
        self.sampler = clone(sampler)
        if isinstance(sampler, FlattenedSampler) and sampler.sampler is None:
            self.sampler.set_params(sampler=NoiseSampler())
        self.key = key
        self.is_ours = isinstance(sampler, BaseAugmenter)
        # Estimators of others may have no constraints, and scikit-learn's check relies on them.
        if hasattr(self.sampler, "_parameter_constraints"):
            self.sampler._validate_params()
        if getattr(sampler, "_sampling_type", None) in ("under-sampling", "clean-sampling"):
            raise DataError(f"Got {type(sampler).__name__} to make rows; expected an over-sampler.")

    def strategy(self, data: SamplingData) -> dict[Any, int]:
        """Label -> number of rows to make."""
        if self.is_ours:
            return self.sampler._strategy(data)
        strategy = self.sampler.get_params()[_strategy_name(self.sampler)]
        target = target_counts(strategy, data.counts, y=data.target.native)
        return {label: target[label] - count for label, count in data.counts.items()}

    def plan(self, data: SamplingData, sieve: Sieve | None) -> ResamplePlan:
        """What the sampler would give, with new rows that pass the sieve."""
        inner = self._seen(data, sieve)
        if self.is_ours:
            plan = self.sampler._resample(inner)
            plan.new = _as_rows(plan.new, inner.table, data.table)
            return plan
        return plan_classes(inner, self.strategy(data), self._make_foreign)

    def make(self, part: ClassData, n_rows: int, sieve: Sieve | None) -> NewRows:
        """``n_rows`` new rows of one class that pass the sieve."""
        return self.learn(part, n_rows, sieve)(n_rows, 0)

    def learn(self, part: ClassData, n_rows: int, sieve: Sieve | None) -> DrawBlock:
        """What draws new rows of one class that pass the sieve, in blocks of ``n_rows`` in all."""
        seen = self._seen(part.data, sieve).of_class(part.code)
        if not self.is_ours:
            return self._learn_foreign(seen)
        draw = self.sampler._learn_class(seen, n_rows)
        return lambda n_drawn, block: _as_rows(draw(n_drawn, block), seen.data.table, part.data.table)

    def _seen(self, data: SamplingData, sieve: Sieve | None) -> SamplingData:
        """The data as the sampler gets them; items it checks by itself, since it may keep what it finds.

        To a sampler of series the rows of a table are items.
        """
        inner = data.seen_by(self.sampler, self.key, sieve=sieve)
        if (self.is_ours and isinstance(data.table, ItemTable)) or isinstance(self.sampler, ItemSampler):
            inner.table = self.sampler._check_table(data.table.native)
        return inner

    def _make_foreign(self, part: ClassData, n_rows: int) -> NewRows:
        return self._learn_foreign(part)(n_rows, 0)

    def _learn_foreign(self, part: ClassData) -> DrawBlock:
        def draw(count: int, streams: RandomStreams) -> NewRows:
            return _resample_class(self.sampler, part, count, streams)

        return learn_class(ClassSource(draw, nested=False), part)


def _resample_class(sampler: Any, part: ClassData, n_rows: int, streams: RandomStreams) -> NewRows:
    """``n_rows`` new rows of a class from a sampler with imbalanced-learn's interface.

    The sampler sees the class labels as integers; its original rows come first, as those of all over-samplers do.
    """
    codes = part.data.target.codes
    sampler = _seeded(sampler, streams).set_params(
        **{_strategy_name(sampler): {part.code: len(part.positions) + n_rows}}
    )
    try:
        X, y = sampler.fit_resample(_without_integers(part.data.table), codes)
    except ValueError as error:
        raise DataError(
            f"{type(sampler).__name__} could not make rows of class {part.label!r}, which has {len(part.positions)}: "
            f"{error}"
        ) from error
    y = np.asarray(y)
    if not np.array_equal(y[: len(codes)], codes):
        raise DataError(
            f"Got {type(sampler).__name__}, which removes or moves real rows; expected an over-sampler, which returns "
            "them first. A cleaning step goes into HybridSampler(clean=...)."
        )
    made = np.flatnonzero(y[len(codes) :] == part.code)[:n_rows] + len(codes)
    sources = np.asarray(getattr(sampler, "sample_indices_", np.full(len(y), -1)))
    return NewRows(_rows_like(part.data.table, X, made), sources[made])


def _strategy_name(sampler: Any) -> str:
    """The parameter that says how many rows are made."""
    return "sampler__sampling_strategy" if isinstance(sampler, FlattenedSampler) else "sampling_strategy"


def _as_rows(new: NewRows, made_in: Table, table: Table) -> NewRows:
    """New items as rows of a table, where the sampler took its rows for items."""
    if isinstance(table, ItemTable) or not isinstance(made_in, ItemTable):
        return new
    values = np.array(new.frame[ITEM].tolist()).reshape(len(new), table.frame.shape[1])
    return replace(new, frame=with_dtypes(pd.DataFrame(values, columns=table.frame.columns), table.frame))


def _rows_like(table: Table, X: Any, positions: np.ndarray) -> pd.DataFrame:
    """Rows of a result as a frame, with the columns and dtypes of a table."""
    if not isinstance(table, ItemTable):
        return with_dtypes(wrap_table(X).rows(positions), table.frame)
    made = items_at(wrap_items(X).items, positions)
    if isinstance(made, np.ndarray) and isinstance(table.items, np.ndarray):
        made = settled(made, table.items.dtype, (len(made), *table.items.shape[1:]), None)
    return items_frame(made)


def _without_integers(table: Table) -> Any:
    """The table with floats for integers, which imbalanced-learn's samplers would truncate and let wrap."""
    if isinstance(table, ItemTable):
        return table.native
    if not isinstance(table.native, pd.DataFrame) and hasattr(table.native, "dtype"):
        return table.native.astype(np.float64) if table.native.dtype.kind in "iu" else table.native
    integers = [
        position
        for position, dtype in enumerate(table.frame.dtypes)
        if types.is_integer_dtype(dtype) and not table.frame.iloc[:, position].hasnans
    ]
    return table.frame.astype(dict.fromkeys(table.frame.columns[integers], np.float64))


def with_dtypes(rows: pd.DataFrame, like: pd.DataFrame) -> pd.DataFrame:
    """The rows with the columns and dtypes of a table: where it has integers, floats are rounded and held in range."""
    columns = {
        position: _rounded(rows.iloc[:, position], name, dtype)
        if types.is_integer_dtype(dtype) and types.is_float_dtype(rows.dtypes.iloc[position])
        else rows.iloc[:, position].astype(dtype)
        for position, (name, dtype) in enumerate(like.dtypes.items())
    }
    return pd.DataFrame(columns, index=rows.index).set_axis(like.columns, axis=1)


def _rounded(values: pd.Series, name: Any, dtype: Any) -> pd.Series:
    """Floats as a column of an integer dtype."""
    info = np.iinfo(getattr(dtype, "numpy_dtype", getattr(dtype, "subtype", dtype)))
    floats = values.to_numpy(dtype=np.float64, na_value=np.nan)
    missing = np.isnan(floats)
    if missing.any() and isinstance(dtype, np.dtype):
        raise DataError(
            f"Got made rows without a value in the column {name!r} of integers; expected one in every row."
        )
    integers = np.clip(np.rint(np.where(missing, 0, floats)), info.min, info.max).astype(info.dtype)
    return pd.Series(integers, index=values.index).astype(dtype).mask(missing)


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
    if counts is not None:
        if getattr(sampler, "_sampling_type", "under-sampling") != "under-sampling":
            raise DataError(
                f"Got {type(sampler).__name__} to bring classes down to counts; expected an under-sampler such as "
                "RandomUnderSampler or NearMiss. A cleaning step goes into clean=."
            )
        sampler = clone(sampler).set_params(sampling_strategy=counts)
    if sampler.get_params().get("random_state", 0) is None:
        sampler = _seeded(sampler, streams)
    sampler = clone(sampler)
    tags = get_tags(sampler).input_tags
    takes_anything = tags.string and tags.allow_nan
    X = codes[:, None] if takes_anything else distance_view(encoder.transform(frame), encoder.discrete_)
    try:
        sampler.fit_resample(X, codes)
    except ValueError as error:
        raise DataError(
            f"{type(sampler).__name__} could not choose among classes of {np.bincount(codes).tolist()} rows: {error}"
        ) from error
    if not hasattr(sampler, "sample_indices_"):
        raise DataError(
            f"Got {type(sampler).__name__}, which does not tell the rows that it keeps (sample_indices_); expected an "
            "under-sampler or a cleaning step that selects real rows, such as RandomUnderSampler or TomekLinks."
        )
    return np.sort(sampler.sample_indices_)


def _seeded(sampler: Any, streams: RandomStreams) -> Any:
    """A copy of the sampler with a seed, where it takes one."""
    sampler = clone(sampler)
    name = "sampler__random_state" if isinstance(sampler, FlattenedSampler) else "random_state"
    if name in sampler.get_params():
        sampler.set_params(**{name: streams.integer_seed()})
    return sampler
