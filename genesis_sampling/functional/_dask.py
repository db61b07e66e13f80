"""The same jobs on Dask DataFrames."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import pandas as pd

from .._random import RandomStreams
from ..distributed._checks import check_features, check_scheduler, check_table, checked_sampler
from ..distributed._partitions import survey
from ..distributed.resampling import resample_surveyed
from ..distributed.sampling import drawn_rows
from ..exceptions import DataError
from ..reports import AugmentationReport
from ..samplers import GENERATORS
from ..tables._classes import check_classes
from ..tables._file_table import SYNTHETIC_COLUMN, marked_rows
from ._counts import STRATEGIES, check_request, final_counts
from ._input import is_dask_frame
from ._methods import balancing_sampler, check_choice, chosen_generator

__all__ = ["augment_partitions", "rows_to_compare"]


def augment_partitions(
    ddf: Any,
    target_column: Any,
    strategy: str,
    *,
    ratio: float | None,
    target_counts: Mapping[Any, int] | None,
    method: Any,
    method_params: Mapping[str, Any] | None,
    discrete_columns: Sequence[Any] | None,
    constraints: Any,
    quality_threshold: float | None,
    majority_count: int | str | None,
    growth: float,
    test_size: float | int | None,
    mark_synthetic: bool,
    random_state: Any,
) -> tuple[Any, AugmentationReport]:
    """:func:`augment_imbalanced` of a Dask DataFrame: the lazy result and the report."""
    check_choice("strategy", strategy, STRATEGIES)
    if test_size is not None:
        raise DataError(
            f"Got test_size={test_size!r} with a Dask DataFrame; expected none. Split it first, as in "
            "train, test = ddf.random_split([0.8, 0.2], random_state=0), and balance the first part."
        )
    check_table(ddf)
    check_request(strategy, ratio, target_counts, majority_count, growth)
    streams = RandomStreams.from_random_state(random_state)
    sampler_for = partial(
        balancing_sampler,
        target_column=target_column,
        method=method,
        method_params=method_params,
        discrete_columns=discrete_columns,
        constraints=constraints,
        quality_threshold=quality_threshold,
        random_state=streams.child("sampler").integer_seed(),
    )
    # All this before the first look at the table, which may take long; so of classes that nobody knows yet.
    only_smaller = strategy == "undersample" and target_counts is None and not growth
    check_features(
        checked_sampler(sampler_for({0: 2, 1: 2}, {0: 2, 1: 1 if only_smaller else 3})), ddf, target_column
    )
    if isinstance(method, str) and method in GENERATORS:
        chosen_generator(method, method_params, None)
    check_scheduler()
    table = survey(ddf, target_column)
    counts = table.class_counts
    check_classes(table.classes, counts, target_column)
    # A table that no memory holds may have any number of rows.
    final = final_counts(counts, strategy, ratio, target_counts, majority_count, growth, max_rows=None)
    mark = SYNTHETIC_COLUMN if mark_synthetic else None
    return resample_surveyed(sampler_for(counts, final), table, mark=mark)


def rows_to_compare(df: Any, target_column: Any, kind: str, random_state: int) -> tuple[Any, list[str]]:
    """Rows of a table that figures look at, and what is to be said of that; all rows of a table in memory."""
    if not is_dask_frame(df):
        return df, []
    if kind == "synthetic" and SYNTHETIC_COLUMN in df.columns:
        df = df.map_partitions(_marked_rows, meta=marked_rows(df._meta))
    rows, n_rows = drawn_rows(df, target_column, RandomStreams.from_random_state(random_state).child(kind))
    return rows, [
        f"Of {n_rows:,} {kind} rows {len(rows):,} were looked at, drawn with the seed {random_state}."
    ]


def _marked_rows(part: pd.DataFrame) -> pd.DataFrame:
    # A partition without rows may have no columns.
    return marked_rows(part) if len(part) else part
