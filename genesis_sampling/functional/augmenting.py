"""Balance the classes of a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from .._random import RandomStreams
from ..exceptions import DataError
from ..metrics.augmentation import AugmentationMetrics
from ..reports import AugmentationReport
from ..tables._classes import check_classes, wrap_classes
from ..tables._file_table import SYNTHETIC_COLUMN
from ..tables.containers import is_frame, wrap_table
from ..tables.foreign import with_column
from ._counts import STRATEGIES, final_counts
from ._input import hold_back, is_dask_frame, split_target
from ._methods import balancing_sampler, check_choice, named_columns

__all__ = ["Augmented", "augment", "augment_imbalanced"]


@dataclass
class Augmented:
    """A balanced table and where its rows come from.

    Parameters
    ----------
    table : dataframe
        Original rows first, then the new ones; columns and dtypes as they came.
    synthetic_mask : ndarray of bool of shape (n_rows,)
        Which rows were made.
    sample_indices : ndarray of int of shape (n_rows,)
        Position, in the table that came, of the row that each row is or comes from; -1 where there is none.
    report : AugmentationReport
        Counts, choices and seconds.
    test : dataframe or None
        The rows that were held back, untouched.
    test_indices : ndarray of int or None
        Their positions in the table that came.
    """

    table: Any
    synthetic_mask: np.ndarray
    sample_indices: np.ndarray
    report: AugmentationReport
    test: Any = None
    test_indices: np.ndarray | None = None


def augment_imbalanced(
    df: Any,
    target_column: str,
    strategy: str = "oversample",
    *,
    ratio: float | None = None,
    sampling_ratio: float | None = None,
    target_counts: Mapping[Any, int] | None = None,
    method: Any = "auto",
    method_params: Mapping[str, Any] | None = None,
    discrete_columns: Sequence[Any] | None = None,
    constraints: Any = None,
    quality_threshold: float | None = None,
    majority_count: int | str | None = None,
    growth: float = 0.0,
    test_size: float | int | None = None,
    return_report: bool = False,
    mark_synthetic: bool = False,
    random_state: Any = None,
) -> Any:
    """Balance the classes of a table.

    Rows that a model is tested on must not take part in this. Either split the table before, or let this function do
    it (``test_size``), or put a sampler into an ``imblearn.pipeline.Pipeline`` and cross-validate that.

    Parameters
    ----------
    df : dataframe
        A table of pandas or polars with any column kinds, missing values included; or of Dask, of which only a sample
        is moved: see :func:`genesis_sampling.distributed.resample`.
    target_column : str
        The column that holds the classes.
    strategy : {"oversample", "undersample", "hybrid"}, default="oversample"
        Make rows of the smaller classes, remove rows of the larger ones, or both.
    ratio : float in (0, 1], default=1.0
        Size of every smaller class as a share of the largest one, afterwards.
    sampling_ratio : float
        Another name of ``ratio``.
    target_counts : mapping of class to int, default=None
        Final counts; they decide by themselves: a class above its count is under-sampled, one below is over-sampled,
        classes that are not named stay as they are.
    method : str, sampler or generator, default="auto"
        What makes rows: ``"auto"``, ``"tree"``, ``"gaussian_copula"``, ``"ctgan"``, ``"tvae"``, ``"diffusion"`` (these
        three need the extra ``torch``), ``"noise"``, ``"smote"`` or another kind of :class:`InterpolationSampler`,
        ``"mixup"``, ``"random"`` (duplicates), an over-sampler, or a generator.
    method_params : mapping, default=None
        Parameters of a method given by name.
    discrete_columns : name or sequence of names, default=None
        Columns that hold categories, beside the text, boolean and ``category`` columns: numeric codes.
    constraints : Constraint, str, callable or list of these, default=None
        What every new row must satisfy, such as ``"0 <= age <= 120"``.
    quality_threshold : float in [0, 1], default=None
        Least score of every new row, by the discriminator of :class:`QualityFilter`; None for no such filter. It is on
        the scale of single rows, and no relation of the table's ``quality_score``.
    majority_count : int or "keep", default=None
        With ``strategy="hybrid"`` and a ratio, the final count of the largest class; see :class:`HybridSampler`.
    growth : float, default=0.0
        By how much every class grows after that, as a share of its rows.
    test_size : float or int, default=None
        Share (or number) of rows to hold back, stratified by class, before anything is learned. Not with Dask.
    return_report : bool, default=False
        Whether to return the report as well.
    mark_synthetic : bool, default=False
        Whether to add a boolean column ``_synthetic``. Drop it before training: it gives the class away.
    random_state : int, RandomState instance or None, default=None
        Seed.

    Returns
    -------
    balanced : dataframe
        Of the kind that came in, lazy for Dask. Original rows first and unchanged, then the new ones.
    test : dataframe
        The rows held back; only with ``test_size``.
    report : AugmentationReport
        Only with ``return_report=True``.

    Raises
    ------
    DataError
        When the table or the request cannot be used; nothing is changed then.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from genesis_sampling import augment_imbalanced
    >>> rng = np.random.default_rng(0)
    >>> df = pd.DataFrame({"amount": rng.exponential(50, 200).round(2), "is_fraud": [0] * 180 + [1] * 20})
    >>> balanced = augment_imbalanced(df, "is_fraud", random_state=0)
    >>> balanced["is_fraud"].value_counts().to_dict()
    {0: 180, 1: 180}
    """
    if mark_synthetic:
        _check_not_marked(df)
    options = {
        "ratio": _one_ratio(ratio, sampling_ratio),
        "target_counts": target_counts,
        "method": method,
        "method_params": method_params,
        "discrete_columns": discrete_columns,
        "constraints": constraints,
        "quality_threshold": quality_threshold,
        "majority_count": majority_count,
        "growth": growth,
        "test_size": test_size,
        "random_state": random_state,
    }
    if is_dask_frame(df):
        from ._dask import augment_partitions

        balanced, report = augment_partitions(
            df, target_column, strategy, mark_synthetic=mark_synthetic, **options
        )
        return (balanced, report) if return_report else balanced
    result = augment(df, target_column, strategy, **options)
    table = result.table
    if mark_synthetic:
        table = with_column(table, result.synthetic_mask, name=SYNTHETIC_COLUMN)
    parts = (
        table,
        *([] if test_size is None else [result.test]),
        *([result.report] if return_report else []),
    )
    return parts[0] if len(parts) == 1 else parts


def augment(
    df: Any,
    target_column: Any,
    strategy: str = "oversample",
    *,
    ratio: float | None = None,
    target_counts: Mapping[Any, int] | None = None,
    method: Any = "auto",
    method_params: Mapping[str, Any] | None = None,
    discrete_columns: Sequence[Any] | None = None,
    constraints: Any = None,
    quality_threshold: float | None = None,
    majority_count: int | str | None = None,
    growth: float = 0.0,
    test_size: float | int | None = None,
    random_state: Any = None,
) -> Augmented:
    """:func:`augment_imbalanced` with the provenance of every row; see there for the parameters.

    Returns
    -------
    Augmented
    """
    check_choice("strategy", strategy, STRATEGIES)
    X, y = split_target(df, target_column)
    streams = RandomStreams.from_random_state(random_state)
    table, target = wrap_table(X), wrap_classes(y, target_column)
    train, test = hold_back(target, test_size, streams)
    X_train, y_train = (
        (X, y)
        if test is None
        else (table.stack(train, _no_rows(table)), target.stack(train, np.empty(0, dtype=np.intp)))
    )
    counts = dict(
        zip(target.classes, np.bincount(target.codes[train], minlength=len(target.classes)).tolist())
    )
    check_classes(target.classes, counts, target_column)

    final = final_counts(counts, strategy, ratio, target_counts, majority_count, growth)
    sampler = balancing_sampler(
        counts,
        final,
        target_column,
        method=method,
        method_params=method_params,
        discrete_columns=discrete_columns,
        constraints=constraints,
        quality_threshold=quality_threshold,
        random_state=streams.child("sampler").integer_seed(),
    )
    X_new, y_new = sampler.fit_resample(X_train, y_train)
    sources = sampler.sample_indices_
    augmented = with_column(X_new, y_new, like=df, name=target_column)
    report = sampler.report_
    if sampler.synthetic_mask_.any():
        whole = wrap_table(df)
        report.metrics = AugmentationMetrics(
            lambda: whole.rows(train),
            lambda: wrap_table(augmented).rows(np.flatnonzero(sampler.synthetic_mask_)),
            target=target_column,
            holdout=None if test is None else lambda: whole.rows(test),
            categorical_features="auto" if discrete_columns is None else named_columns(discrete_columns),
        )
    return Augmented(
        table=augmented,
        synthetic_mask=sampler.synthetic_mask_,
        sample_indices=np.where(sources < 0, -1, train[sources]),
        report=report,
        test=None if test is None else wrap_table(df).stack(test, _no_rows(wrap_table(df))),
        test_indices=test,
    )


def _one_ratio(ratio: float | None, sampling_ratio: float | None) -> float | None:
    if ratio is not None and sampling_ratio is not None:
        raise DataError(
            f"Got both ratio={ratio} and sampling_ratio={sampling_ratio}; they are the same, pass one."
        )
    return sampling_ratio if ratio is None else ratio


def _no_rows(table: Any) -> pd.DataFrame:
    return table.frame.iloc[:0]


def _check_not_marked(df: Any) -> None:
    """Refuse a table that has the column that would tell the new rows."""
    if (is_frame(df) or is_dask_frame(df)) and SYNTHETIC_COLUMN in list(df.columns):
        raise DataError(
            f"Got a table that has a column {SYNTHETIC_COLUMN!r} already; expected none. Rename it, or leave "
            "mark_synthetic off."
        )
