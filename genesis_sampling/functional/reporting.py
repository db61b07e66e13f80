"""What a synthetic table is worth, as a report."""

from __future__ import annotations

from collections.abc import Sequence
from time import perf_counter
from typing import Any

import numpy as np
import pandas as pd

from ..exceptions import DataError
from ..metrics._pair import as_pair
from ..metrics.augmentation import AugmentationMetrics
from ..reports import AugmentationReport
from ..tables._file_table import SYNTHETIC_COLUMN, marked_rows
from ..tables.containers import wrap_table
from ._input import is_dask_frame
from ._methods import named_columns

__all__ = ["quality_report"]


def quality_report(
    real: Any,
    synthetic: Any,
    target_column: Any = None,
    *,
    holdout: Any = None,
    sensitive_column: Any = None,
    discrete_columns: Sequence[Any] | None = None,
    random_state: int = 0,
) -> AugmentationReport:
    """Compare a synthetic table with the real one that it was learned from.

    Parameters
    ----------
    real, synthetic : dataframe
        With the same columns; also of Dask, of which at most 20,000 rows of each class, and 200,000 in all, are looked
        at. A column ``_synthetic`` of the synthetic table, as ``mark_synthetic`` adds it, says which of its rows to
        look at. Real rows at its beginning, all of them in order, are left out too (not with Dask).
    target_column : str, default=None
        The column that holds the classes: rows are then compared with real rows of the same classes.
    holdout : dataframe, default=None
        Real rows that nothing was learned from; the figures of privacy and of use need them.
    sensitive_column : str, default=None
        A column such as sex or age, to see what the synthetic rows change for its groups; needs ``target_column``.
    discrete_columns : name or sequence of names, default=None
        Columns that hold categories, beside the text, boolean and ``category`` columns: numeric codes.
    random_state : int, default=0
        Seed of samples and folds.

    Returns
    -------
    report : AugmentationReport
        Whose figures are computed when they are asked for.

    Raises
    ------
    DataError
        When the tables cannot be compared, or a sensitive column is named without a target.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from genesis_sampling import quality_report
    >>> rng = np.random.default_rng(0)
    >>> real, synthetic = (pd.DataFrame({"a": rng.normal(size=300)}) for _ in range(2))
    >>> report = quality_report(real, synthetic)
    >>> 0.9 < report.quality_score < 1
    True
    """
    if sensitive_column is not None and target_column is None:
        raise DataError(
            f"Got sensitive_column={sensitive_column!r} without target_column; expected both, since what changes for "
            "its groups are their shares of the classes."
        )
    started = perf_counter()
    said: list[str] = []
    if any(is_dask_frame(df) for df in (real, synthetic, holdout)):
        real, synthetic, holdout, said = _drawn(real, synthetic, holdout, target_column, random_state)
    real, synthetic = wrap_table(real).frame, _only_made(wrap_table(synthetic).frame)
    if _begins_with(synthetic, real):
        synthetic = synthetic.iloc[len(real) :].reset_index(drop=True)
        said.append(
            f"The synthetic table begins with the {len(real):,} real rows; the {len(synthetic):,} rows after them were "
            "looked at."
        )
    metrics = AugmentationMetrics(
        real,
        synthetic,
        target=target_column,
        holdout=holdout,
        sensitive=sensitive_column,
        categorical_features="auto" if discrete_columns is None else named_columns(discrete_columns),
        random_state=random_state,
    )
    before, made = (_counts(frame, target_column) for frame in (real, synthetic))
    return AugmentationReport(
        sampler="synthetic table",
        counts_before=before,
        counts_after={label: count + made.get(label, 0) for label, count in before.items()},
        n_generated=len(synthetic),
        n_accepted=len(synthetic),
        seconds=perf_counter() - started,
        warnings=said,
        metrics=metrics,
    )


def _drawn(
    real: Any, synthetic: Any, holdout: Any, target_column: Any, random_state: int
) -> tuple[Any, Any, Any, list[str]]:
    """Rows of Dask DataFrames, and how many of how many they are."""
    from ._dask import rows_to_compare

    tables = {"real": real, "synthetic": synthetic, "holdout": holdout}
    drawn = {kind: rows_to_compare(df, target_column, kind, random_state) for kind, df in tables.items()}
    said = [line for _, lines in drawn.values() for line in lines]
    return drawn["real"][0], drawn["synthetic"][0], drawn["holdout"][0], said


def _only_made(frame: pd.DataFrame) -> pd.DataFrame:
    """The rows that a marking column calls synthetic, without that column; all rows where there is none."""
    if SYNTHETIC_COLUMN not in frame:
        return frame
    made = marked_rows(frame)
    if not len(made):
        raise DataError("Got a table whose column '_synthetic' marks no row; expected some that are True.")
    return made.reset_index(drop=True)


def _begins_with(synthetic: pd.DataFrame, real: pd.DataFrame) -> bool:
    """Whether the real rows stand before others."""
    if len(synthetic) <= len(real) or set(synthetic.columns) != set(real.columns):
        return False
    pair = as_pair(real, synthetic.iloc[: len(real)])
    return np.array_equal(pair.real, pair.synthetic, equal_nan=True)


def _counts(frame: pd.DataFrame, target_column: Any) -> dict[Any, int]:
    """Rows of each class; of all rows where no column holds classes."""
    return {"all": len(frame)} if target_column is None else frame[target_column].value_counts().to_dict()
