"""What cannot be resampled on Dask, and why."""

from __future__ import annotations

from collections.abc import Iterator
from numbers import Integral
from typing import Any

import dask
import dask.dataframe as dd
from imblearn.under_sampling import RandomUnderSampler
from sklearn.base import clone

from ..exceptions import DataError
from ..filters import parse_constraints
from ..filters._rules import Unique
from ..samplers import AutoSampler, ConstraintFilter, DistillationSampler, FlattenedSampler, HybridSampler
from ..samplers._checks import check_is_instance
from ..samplers.base import BaseAugmenter
from ..samplers.items import ItemSampler
from ..tables.schema import categorical_positions, check_column_names, check_target_name

__all__ = [
    "check_features",
    "check_scheduler",
    "check_table",
    "checked_count",
    "checked_sampler",
    "connected_client",
]


def check_table(ddf: Any) -> None:
    """Refuse what is no Dask DataFrame."""
    if not isinstance(ddf, dd.DataFrame):
        raise DataError(
            f"Got {type(ddf).__name__}; expected a dask.dataframe.DataFrame. A table in memory goes to the sampler's "
            "fit_resample, or through dask.dataframe.from_pandas."
        )


def checked_count(value: Any, name: str) -> int:
    """A number of rows or partitions."""
    if not isinstance(value, Integral) or isinstance(value, bool) or value < 1:
        raise DataError(f"Got {name}={value!r}; expected a whole number of at least 1.")
    return int(value)


def check_features(sampler: Any, ddf: Any, target_column: Any) -> None:
    """Refuse a target, or columns that the samplers shall take for categories, that the table does not have."""
    names = ddf._meta.columns
    check_column_names(names)
    check_target_name(list(names), target_column)
    for inside in _all_samplers(sampler):
        categorical_positions(getattr(inside, "categorical_features", "auto"), names.drop(target_column))


def connected_client() -> Any:
    """The client that Dask computes with, or None where this process does it by itself."""
    return getattr(dask.base.get_scheduler(), "__self__", None)


def check_scheduler() -> None:
    """Refuse a client whose scheduler does not answer, for which Dask would wait."""
    client = connected_client()
    status = getattr(client, "status", "running")
    if status not in ("running", "newly-created"):
        raise DataError(
            f"Got a Dask client that has lost its scheduler (its status is {status!r}); expected one that is "
            "connected. Start the scheduler again and make a new Client with its address, or close this one to compute "
            "here."
        )


def checked_sampler(sampler: Any) -> BaseAugmenter:
    """A copy of a sampler that can make rows in blocks.

    Raises
    ------
    DataError
        For one that cannot, with what to do instead.
    """
    check_is_instance(sampler, "a sampler")
    if not isinstance(sampler, BaseAugmenter | FlattenedSampler):
        raise DataError(
            f"Got {type(sampler).__name__}, which is no sampler of this package; expected an over-sampler of it. One "
            "with imbalanced-learn's interface goes inside: ConstraintFilter(sampler=...)."
        )
    sampler = clone(sampler)
    for inside in _all_samplers(sampler):
        check_is_instance(inside, "a sampler")
        # Estimators of others may have no constraints.
        if hasattr(inside, "_parameter_constraints"):
            inside._validate_params()
        _check_distributable(inside)
        _check_strategy(inside)
        _check_not_unique(inside)
    return sampler


def _all_samplers(sampler: Any) -> Iterator[Any]:
    """A sampler and all those inside it."""
    yield sampler
    inner = getattr(sampler, "over" if isinstance(sampler, HybridSampler) else "sampler", None)
    for item in inner if isinstance(inner, list) else [inner]:
        item = item[-1] if isinstance(item, tuple) else item
        if item is not None:
            yield from _all_samplers(item)


def _check_distributable(sampler: Any) -> None:
    """Refuse a sampler that needs the whole table, or all its new rows, at once."""
    name = type(sampler).__name__
    if isinstance(sampler, ItemSampler | FlattenedSampler):
        raise DataError(
            f"Got {name}, a sampler of images, texts, recordings or series; expected one of tables, which is what a "
            "Dask DataFrame is."
        )
    if isinstance(sampler, AutoSampler):
        raise DataError(
            f"Got {name}, which chooses by cross-validation; expected the sampler to use. Fit it on a sample of the "
            "rows and resample with its best_sampler_."
        )
    if isinstance(sampler, DistillationSampler) and sampler.sampler is not None:
        raise DataError(
            f"Got {name}(sampler=...), which labels all its new rows at once; expected one without a sampler, or "
            "another over-sampler."
        )
    if isinstance(sampler, ConstraintFilter):
        _check_constraint_filter(sampler)
    if isinstance(sampler, HybridSampler):
        _check_hybrid(sampler)


def _check_constraint_filter(sampler: ConstraintFilter) -> None:
    if sampler.sampler is None:
        raise DataError(
            "Got ConstraintFilter without a sampler, which makes no rows; expected ConstraintFilter(constraints, "
            "sampler=...). Real rows are dropped by ddf.map_partitions."
        )
    if sampler.on_violation in ("drop", "raise"):
        raise DataError(
            f"Got ConstraintFilter(on_violation={sampler.on_violation!r}), whose counts are known only when all "
            "rows are made; expected on_violation='resample' or 'repair'."
        )


def _check_hybrid(sampler: HybridSampler) -> None:
    if sampler.clean is not None:
        raise DataError(
            f"Got HybridSampler(clean={type(sampler.clean).__name__}()), which compares all rows with each other; "
            "expected clean=None."
        )
    under = sampler.under
    if under is not None and (not isinstance(under, RandomUnderSampler) or under.replacement):
        raise DataError(
            f"Got HybridSampler(under={under!r}), which cannot work partition by partition; expected None or "
            "RandomUnderSampler()."
        )


def _check_strategy(sampler: Any) -> None:
    if callable(getattr(sampler, "sampling_strategy", None)):
        raise DataError(
            f"Got {type(sampler).__name__} with a callable sampling_strategy, which would need the labels of all rows; "
            "expected a ratio, a name or a dict of counts."
        )


def _check_not_unique(sampler: Any) -> None:
    for constraint in parse_constraints(getattr(sampler, "constraints", None) or ()):
        if _is_unique(constraint.rule):
            raise DataError(
                f"Got the constraint {constraint.name!r}; expected none about uniqueness, since rows are made "
                "apart from each other and from most real ones. Number the rows afterwards."
            )


def _is_unique(rule: Any) -> bool:
    """Whether a rule is about uniqueness, or is built of one that is."""
    parts = [*getattr(rule, "parts", ()), getattr(rule, "part", None)]
    return isinstance(rule, Unique) or any(_is_unique(part) for part in parts if part is not None)
