"""A column as the classes of a table, and what makes it unfit for that."""

from __future__ import annotations

import warnings
from typing import Any

from ..exceptions import DataError
from .containers import Target, wrap_target

__all__ = ["check_classes", "wrap_classes"]

# A column of more values than this, of which each has fewer than five rows on average, holds no classes.
FEW_CLASSES = 20


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


def check_classes(classes: list[Any], counts: dict[Any, int], target_column: Any) -> None:
    """Refuse a target of one class only, or of so many values that they are no classes."""
    if len(classes) < 2:
        raise DataError(
            f"Got one class only ({classes[0]!r}) in the target column {target_column!r}; expected at least two."
        )
    n_rows = sum(counts.values())
    if len(classes) > max(FEW_CLASSES, n_rows // 5):
        raise DataError(
            f"Got {len(classes)} different values in {n_rows} rows of the target column {target_column!r}; expected "
            "classes. Is it an identifier or a measured quantity? Cut a quantity into classes first."
        )
