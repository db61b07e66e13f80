"""The table and its target, checked and split."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
from sklearn.model_selection import train_test_split

from .._random import RandomStreams
from ..exceptions import DataError
from ..tables.containers import Target, is_frame, wrap_target
from ..tables.foreign import without_column
from ..tables.schema import check_column_names, check_target_name

__all__ = ["check_classes", "hold_back", "is_dask_frame", "split_target", "wrap_classes"]


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


def wrap_classes(y: Any, target_column: Any) -> Target:
    """The container of the target column."""
    try:
        with warnings.catch_warnings():
            # Too many classes get an error of ours, which names the column.
            warnings.filterwarnings("ignore", "The number of unique classes", UserWarning)
            return wrap_target(y)
    except DataError as error:
        raise DataError(f"Column {target_column!r} cannot be the target as it is. {error}") from error
    except ValueError as error:
        raise DataError(
            f"Got the target column {target_column!r} with values that are no classes ({error}); expected a limited "
            "set of labels. Cut a measured quantity into classes first."
        ) from error


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


def check_classes(classes: list[Any], counts: dict[Any, int], target_column: Any) -> None:
    """Refuse a target of one class only, or of so many values that they are no classes."""
    if len(classes) < 2:
        raise DataError(
            f"Got one class only ({classes[0]!r}) in the target column {target_column!r}; expected at least two."
        )
    n_rows = sum(counts.values())
    if len(classes) > max(20, n_rows // 5):
        raise DataError(
            f"Got {len(classes)} different values in {n_rows} rows of the target column {target_column!r}; expected "
            "classes. Is it an identifier or a measured quantity? Cut a quantity into classes first."
        )
