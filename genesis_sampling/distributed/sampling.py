"""Rows of a Dask DataFrame that figures are computed from."""

from __future__ import annotations

from typing import Any

import pandas as pd

from .._random import RandomStreams
from ._checks import check_scheduler, check_table
from ._partitions import PartitionedTable, survey
from ._picks import rows_of_a_class
from .resampling import FIGURE_ROWS, FIGURE_ROWS_IN_ALL

__all__ = ["drawn_rows"]

_ALL = "_all_rows"


def drawn_rows(
    ddf: Any, target_column: Any, streams: RandomStreams, *, n_rows: int | None = None
) -> tuple[pd.DataFrame, int]:
    """A simple random sample of each class.

    Parameters
    ----------
    ddf : dask.dataframe.DataFrame
    target_column : str or None
        The column that holds the classes; None where all rows are of one.
    streams : RandomStreams
    n_rows : int, default=None
        Most rows of one class; None for 20,000, or fewer where classes would have more than 200,000 together.

    Returns
    -------
    rows : DataFrame
        In the order of the table, with a fresh index.
    n_all : int
        Rows of the table.
    """
    check_table(ddf)
    check_scheduler()
    if target_column is not None:
        table = survey(ddf, target_column)
        return _sampled(table, n_rows, streams), int(table.counts.sum())
    table = survey(ddf.map_partitions(_as_one_class, meta=_as_one_class(ddf._meta)), _ALL)
    return _sampled(table, n_rows, streams).drop(columns=_ALL), int(table.counts.sum())


def _sampled(table: PartitionedTable, n_rows: int | None, streams: RandomStreams) -> pd.DataFrame:
    most = rows_of_a_class(table.class_counts.values(), FIGURE_ROWS, FIGURE_ROWS_IN_ALL)
    return table.sample(most if n_rows is None else n_rows, streams)


def _as_one_class(part: pd.DataFrame) -> pd.DataFrame:
    return part.assign(**{_ALL: 0})
