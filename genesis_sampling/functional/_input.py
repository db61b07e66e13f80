"""The table and its target, checked and split."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from sklearn.model_selection import train_test_split

from .._random import RandomStreams
from ..exceptions import DataError
from ..tables.containers import Target, is_frame
from ..tables.foreign import without_column
from ..tables.schema import check_column_names, check_target_name

__all__ = ["hold_back", "is_dask_frame", "split_target"]


def is_dask_frame(df: Any) -> bool:
    """Whether a table is one of Dask, which is not loaded for that."""
    kind = type(df)
    return kind.__module__.partition(".")[0] in ("dask", "dask_expr") and kind.__name__ == "DataFrame"


def split_target(df: Any, target_column: Any) -> tuple[Any, Any]:
    """The features and the target of a table."""
    if not is_frame(df):
        raise DataError(f"Got {type(df).__name__}; expected a dataframe of pandas or polars.")
    names = list(df.columns)
    if not len(df):
        raise DataError(f"Got an empty table: no rows below the columns {names[:20]}; expected some.")
    check_column_names(pd.Index(names))
    check_target_name(names, target_column)
    return without_column(df, target_column)


def hold_back(
    target: Target, test_size: float | int | None, streams: RandomStreams
) -> tuple[np.ndarray, np.ndarray | None]:
    """Positions of the rows to learn from, and of those held back, each in order."""
    everything = np.arange(len(target.codes))
    if test_size is None:
        return everything, None
    try:
        train, test = train_test_split(
            everything,
            test_size=test_size,
            stratify=target.codes,
            random_state=streams.child("split").integer_seed(),
        )
    except ValueError as error:
        raise DataError(
            f"Got test_size={test_size!r}, with which the table cannot be split: {error}"
        ) from error
    lost = set(target.codes) - set(target.codes[train])
    if lost:
        raise DataError(
            f"Got test_size={test_size!r}, which leaves no row of the class {target.classes[min(lost)]!r} to learn "
            "from; expected a smaller part. Merge or drop classes of so few rows."
        )
    return np.sort(train), np.sort(test)
