"""The partitions of a Dask DataFrame: one look at each, and rows drawn from them without moving the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import dask
import numpy as np
import pandas as pd
from dask.dataframe.utils import has_known_categories

from .._random import RandomStreams
from ..exceptions import DataError
from ..tables._classes import wrap_classes
from ..tables.schema import check_column_names, check_target_name
from ._layers import in_one_layer
from ._picks import Pick, concat_rows, shares_of_partitions

__all__ = ["PartitionedTable", "survey"]

# Most values of a target, all of which get a count for each partition in the process that asks; and how many one
# partition may have before it counts that they are more than a fifth of its rows.
MAX_CLASSES, FEW_VALUES = 10_000, 1_000


@dataclass(frozen=True)
class PartitionedTable:
    """A Dask DataFrame whose partitions have been looked at once.

    Parameters
    ----------
    parts : list of Delayed
        The partitions, computed anew in each pass, from a graph that is fixed here. A partition that then has other
        numbers of rows of the classes is refused; other changes go unnoticed.
    meta : pandas.DataFrame
        No rows, with the columns and dtypes of the table.
    target : hashable
        The column that holds the classes.
    classes : list
        Labels, sorted.
    counts : ndarray of int of shape (n_partitions, n_classes)
        Rows of each class in each partition.
    """

    parts: list[Any]
    meta: pd.DataFrame
    target: Any
    classes: list[Any]
    counts: np.ndarray

    @property
    def class_counts(self) -> dict[Any, int]:
        """Rows of each class, by label."""
        return dict(zip(self.classes, self.counts.sum(axis=0).tolist(), strict=True))

    def picks(self, wanted: dict[Any, int], streams: RandomStreams) -> list[Pick]:
        """For each partition its part of a simple random sample of ``wanted`` rows of each class, or of all it has."""
        shares = self.counts.copy()
        for code, (label, count) in enumerate(self.class_counts.items()):
            if wanted[label] < count:
                child = streams.child("shares", code)
                shares[:, code] = shares_of_partitions(self.counts[:, code], wanted[label], child)
        none = _without_rows(self.meta)
        return [
            Pick(
                position,
                self.target,
                self._by_label(counts),
                self._by_label(share),
                streams,
                None if counts.any() else none,
            )
            for position, (counts, share) in enumerate(zip(self.counts, shares, strict=True))
        ]

    def sample(self, n_rows: int, streams: RandomStreams) -> pd.DataFrame:
        """At most ``n_rows`` rows of each class, in the order of the table, with a fresh index."""
        picks = self.picks(dict.fromkeys(self.classes, n_rows), streams)
        calls = [
            (pick.rows, (part,))
            for part, pick in zip(self.parts, picks, strict=True)
            if sum(pick.share.values())
        ]
        return concat_rows(list(dask.compute(*in_one_layer("rows", calls))))

    def _by_label(self, counts: np.ndarray) -> dict[Any, int]:
        return {label: count for label, count in zip(self.classes, counts.tolist(), strict=True) if count}


def survey(ddf: Any, target_column: Any) -> PartitionedTable:
    """Look at every partition once.

    Raises
    ------
    DataError
        For a target that is not there or has gaps or too many values, or partitions that disagree on dtypes.
    """
    meta = ddf._meta
    check_target_name(list(meta.columns), target_column)
    check_column_names(meta.columns)
    # From an optimized graph: an optimizer that sees only some of the columns used might merge partitions.
    parts = ddf.to_delayed()
    found = dask.compute(*in_one_layer("facts", [(_facts, (part, meta, target_column)) for part in parts]))
    _check_dtypes(found)
    _check_no_gaps(found, target_column)
    classes = _sorted_classes(found, target_column)
    codes = {label: code for code, label in enumerate(classes)}
    counts = np.zeros((len(found), len(classes)), dtype=np.int64)
    for of_partition, facts in zip(counts, found, strict=True):
        for label, count in facts.counts.items():
            of_partition[codes[label]] = count
    return PartitionedTable(parts, meta, target_column, classes, counts)


@dataclass(frozen=True)
class _Facts:
    """What one partition holds."""

    n_missing: int
    counts: dict[Any, int]
    differing: list[str]


def _facts(part: pd.DataFrame, meta: pd.DataFrame, target_column: Any) -> _Facts:
    differing = _differences(part, meta) if len(part) else []
    if differing or not len(part):
        return _Facts(0, {}, differing)
    n_missing = int(part[target_column].isna().sum())
    if n_missing:
        return _Facts(n_missing, {}, [])
    target = wrap_classes(part[target_column], target_column)
    # Raised here, so that a column of identifiers is neither gathered nor read to its end.
    _check_few_values(len(target.classes), len(part), target_column)
    return _Facts(0, dict(zip(target.classes, target.counts.tolist(), strict=True)), [])


def _without_rows(meta: pd.DataFrame) -> pd.DataFrame:
    """What an empty partition gives: no rows of the dtypes of the table; no categories where these are unknown."""
    unknown = [
        name
        for name in meta.columns
        if isinstance(meta[name].dtype, pd.CategoricalDtype) and not has_known_categories(meta[name])
    ]
    none = meta.copy()
    for name in unknown:
        none[name] = meta[name].cat.set_categories([])
    return none


def _check_few_values(n_values: int, n_rows: int | None, target_column: Any) -> None:
    """Refuse a target of so many values, in ``n_rows`` rows of one partition or in all, that they are no classes."""
    if n_values > MAX_CLASSES or (n_rows is not None and n_values > max(FEW_VALUES, n_rows // 5)):
        where = "several partitions" if n_rows is None else f"the {n_rows} rows of a partition"
        raise DataError(
            f"Got {n_values} different values in {where} of the target column {target_column!r}; expected classes, at "
            f"most {MAX_CLASSES} and of five rows or more. Is it an identifier or a measured quantity? Cut a quantity "
            "into classes first; for so many classes make larger partitions: ddf.repartition(...)."
        )


def _differences(part: pd.DataFrame, meta: pd.DataFrame) -> list[str]:
    """Where a partition is not as the table says."""
    if list(part.columns) != list(meta.columns):
        return [f"has the columns {list(part.columns)[:20]} instead of {list(meta.columns)[:20]}"]
    return [
        f"has {_named(part[name].dtype)} instead of {_named(meta[name].dtype)} in the column {name!r}"
        for name in meta.columns
        if not _is_as_said(part[name].dtype, meta[name])
    ]


def _is_as_said(dtype: Any, said: pd.Series) -> bool:
    if isinstance(said.dtype, pd.CategoricalDtype) and not has_known_categories(said):
        return isinstance(dtype, pd.CategoricalDtype) and dtype.ordered == said.dtype.ordered
    return dtype == said.dtype


def _named(dtype: Any) -> str:
    """A dtype in words that tell it from another."""
    if not isinstance(dtype, pd.CategoricalDtype):
        return str(dtype)
    order = "ordered categories" if dtype.ordered else "categories"
    return f"the {order} {dtype.categories[:10].tolist()}"


def _check_dtypes(found: tuple[_Facts, ...]) -> None:
    for position, facts in enumerate(found):
        if facts.differing:
            raise DataError(
                f"Got partitions that differ: partition {position} {facts.differing[0]}; expected one dtype for each "
                "column. Convert it, as in ddf.astype(...), or read the files with dtypes given."
            )


def _check_no_gaps(found: tuple[_Facts, ...], target_column: Any) -> None:
    n_missing = sum(facts.n_missing for facts in found)
    if n_missing:
        first = next(position for position, facts in enumerate(found) if facts.n_missing)
        raise DataError(
            f"Got {n_missing} rows without a value in the target column {target_column!r} (first in partition "
            f"{first}); expected a class for every row. Drop them: ddf.dropna(subset=[{target_column!r}])."
        )


def _sorted_classes(found: tuple[_Facts, ...], target_column: Any) -> list[Any]:
    labels: set[Any] = set()
    for facts in found:
        labels.update(facts.counts)
        _check_few_values(len(labels), None, target_column)
    if not labels:
        raise DataError(f"Got a table of {len(found)} partitions without a row; expected some rows.")
    try:
        return sorted(labels)
    except TypeError as error:
        raise DataError(
            f"Got labels of several types in the target column {target_column!r} ({error}); expected one."
        ) from error
