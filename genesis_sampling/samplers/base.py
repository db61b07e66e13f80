"""What every sampler shares: checks in, one hook, containers out, a report."""

from __future__ import annotations

from abc import abstractmethod
from numbers import Real
from time import perf_counter
from typing import Any

import numpy as np
import pandas as pd
from imblearn.base import BaseSampler
from imblearn.over_sampling.base import BaseOverSampler
from sklearn.base import _fit_context
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_consistent_length, validate_data

from .._random import RandomStreams
from ..exceptions import DataError
from ..metrics.augmentation import AugmentationMetrics
from ..reports import AugmentationReport
from ..tables.containers import Table, array_of_rows, is_frame, wrap_table, wrap_target
from ..tables.items import ItemTable
from ..tables.schema import check_column_names
from ._shown import shown_pairs
from .data import (
    ClassData,
    ClassSource,
    DrawBlock,
    NewRows,
    ResamplePlan,
    SamplingData,
    learn_class,
    plan_classes,
)
from .strategy import target_counts

__all__ = ["BaseAugmenter", "ClasswiseOverSampler", "TargetOverSampler"]


class BaseAugmenter(BaseSampler):
    """Base of all samplers: checks what comes in, calls one hook, gives back the same containers.

    A subclass writes ``_resample(data, **params) -> ResamplePlan``. See :class:`ClasswiseOverSampler` for those
    that only make rows of a class.

    Attributes
    ----------
    sampling_strategy_ : dict
        Number of rows to make (for over-samplers) of each class.
    n_features_in_ : int
        Number of columns seen.
    feature_names_in_ : ndarray of str of shape (`n_features_in_`,)
        Their names, where they are all strings.
    synthetic_mask_ : ndarray of bool of shape (n_rows_out,)
        Which rows of the result were made.
    sample_indices_ : ndarray of int of shape (n_rows_out,)
        Position in the input of the row that each row is, or comes from; -1 where there is none.
    report_ : AugmentationReport
        Counts, choices and seconds.
    """

    _sampling_type = "bypass"
    _parameter_constraints: dict = {"random_state": ["random_state"]}

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y, **params):
        """Check the input and the targets without making a row; use :meth:`fit_resample` to resample.

        Parameters
        ----------
        X : {array-like, sparse matrix, dataframe} of shape (n_rows, n_columns)
        y : array-like of shape (n_rows,)
        **params : dict
            Ignored here.

        Returns
        -------
        self : object
        """
        self.sampling_strategy_ = self._strategy(self._check_input(X, y))
        return self

    @_fit_context(prefer_skip_nested_validation=True)
    def fit_resample(self, X, y, **params):
        """Resample a table.

        Parameters
        ----------
        X : {array-like, sparse matrix, dataframe} of shape (n_rows, n_columns)
            Features: ndarray, list, CSR or CSC, pandas or polars.
        y : array-like of shape (n_rows,)
            Class labels, or a one-vs-all indicator.
        **params : dict
            Further inputs of the sampler, as its own documentation names them.

        Returns
        -------
        X_resampled, y_resampled : as ``X`` and ``y``
            In the containers and dtypes that came in; frames get the index 0, 1, ...
        """
        started = perf_counter()
        data = self._check_input(X, y)
        plan = self._resample(data, **params)
        X_resampled = data.table.stack(plan.kept, plan.new.frame, plan.order)
        y_resampled = data.target.stack(plan.kept, plan.new_codes, plan.order)
        self._record(data, plan, perf_counter() - started)
        return X_resampled, y_resampled

    def _fit_resample(self, X, y, **params):
        # imbalanced-learn's abstract hook; ours is `_resample`, which sees tables instead of arrays.
        return self.fit_resample(X, y, **params)

    @abstractmethod
    def _resample(self, data: SamplingData, **params) -> ResamplePlan:
        """Decide which rows stay and which are added."""

    @abstractmethod
    def _strategy(self, data: SamplingData) -> dict[Any, int]:
        """What becomes ``sampling_strategy_``."""

    def _make_class(self, part: ClassData, n_rows: int) -> NewRows:
        """``n_rows`` new rows of one class, for samplers that use this one."""
        raise DataError(
            f"{type(self).__name__} makes no rows of a class by itself; expected an over-sampler."
        )

    def _learn_class(self, part: ClassData, n_rows: int) -> DrawBlock:
        """What draws new rows of one class in blocks that together have ``n_rows``.

        Here each block learns the class anew. A sampler that need not overrides this, and makes its rows by it.
        """
        return lambda n_drawn, block: self._make_class(part.data.of_block(block).of_class(part.code), n_drawn)

    def _check_input(self, X, y) -> SamplingData:
        """Checked containers of ``X`` and ``y``; sets ``n_features_in_`` and ``feature_names_in_``."""
        if y is None:
            raise ValueError(
                f"This {type(self).__name__} estimator requires y to be passed, but the target y is None."
            )
        table = self._check_table(X)
        target = wrap_target(y)
        check_consistent_length(table.frame, target.codes)
        streams = RandomStreams.from_random_state(getattr(self, "random_state", None))
        return SamplingData(table, target, streams, getattr(self, "categorical_features", "auto"))

    def _check_table(self, X) -> Table:
        if not is_frame(X):
            was_list = isinstance(X, list | tuple)
            X = validate_data(
                self,
                array_of_rows(X) if was_list else X,
                dtype=None,
                accept_sparse=("csr", "csc"),
                ensure_all_finite="allow-nan",
            )
            return wrap_table(X, was_list=was_list)
        table = wrap_table(X)
        check_column_names(table.frame.columns)
        if 0 in table.frame.shape:
            raise DataError(
                f"Got a table of {table.frame.shape[0]} rows and {table.frame.shape[1]} columns; expected at least "
                "one of each."
            )
        validate_data(self, table.frame, skip_check_array=True)
        return table

    def _record(self, data: SamplingData, plan: ResamplePlan, seconds: float) -> None:
        """Set the public attributes of a finished resampling."""
        n_rows = len(data.target.codes)
        kept = np.arange(n_rows) if plan.kept is None else plan.kept
        order = slice(None) if plan.order is None else plan.order
        self.sampling_strategy_ = plan.strategy
        self.sample_indices_ = np.concatenate([kept, plan.new.sources])[order]
        self.synthetic_mask_ = np.repeat([False, True], [len(kept), len(plan.new)])[order]
        codes = np.concatenate([data.target.codes[kept], plan.new_codes])
        counts = np.bincount(codes, minlength=len(data.target.classes)).tolist()
        self.report_ = AugmentationReport(
            sampler=type(self).__name__,
            counts_before=data.counts,
            counts_after=dict(zip(data.target.classes, counts, strict=True)),
            n_generated=len(plan.new) + sum(plan.new.rejected.values()),
            n_accepted=len(plan.new),
            n_removed=n_rows - len(kept),
            rejected=plan.new.rejected,
            choices=plan.new.choices,
            seconds=seconds,
            warnings=list(data.warned),
            quality_scores={bound: np.concatenate(scores) for bound, scores in data.scored.items()},
            metrics=self._metrics(data, plan) if len(plan.new) else None,
        )
        if isinstance(data.table, ItemTable):
            self.report_.items = shown_pairs(data, plan, self)

    def _metrics(self, data: SamplingData, plan: ResamplePlan) -> AugmentationMetrics | None:
        """Figures of the new rows for the report, computed when they are asked for."""
        return None if isinstance(data.table, ItemTable) else _lazy_metrics(data, plan)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.categorical = True
        tags.input_tags.string = True
        tags.input_tags.allow_nan = True
        tags.sampler_tags.sample_indices = True
        return tags


def _lazy_metrics(data: SamplingData, plan: ResamplePlan) -> AugmentationMetrics:
    """Figures of the new rows against the real ones; nothing is copied or computed before they are asked for."""
    names = [str(name) for name in data.table.frame.columns]
    target = "class" if "class" not in names else "class of the row"

    def with_class(frame: pd.DataFrame, codes: np.ndarray) -> pd.DataFrame:
        # Columns of arrays have numbers for names, which text may not stand beside.
        return frame.set_axis(names, axis=1).assign(**{target: np.array(data.target.classes)[codes]})

    return AugmentationMetrics(
        lambda: with_class(data.table.frame, data.target.codes),
        lambda: with_class(plan.new.frame, plan.new_codes),
        target=target,
        categorical_features=data.named_categories(names),
    )


class TargetOverSampler(BaseAugmenter, BaseOverSampler):
    """Base of the samplers that bring classes to their targets by new rows.

    A subclass writes ``_make_class(part, n_rows) -> NewRows``; counting, targets and stacking are done here. Original
    rows come first, in order and unchanged. A ``sampling_strategy`` of None, where a subclass allows it, leaves the
    class shares as they are.
    """

    _sampling_type = "over-sampling"
    _parameter_constraints: dict = {
        "sampling_strategy": [
            Interval(Real, 0, 1, closed="right"),
            StrOptions({"auto", "minority", "not minority", "not majority", "all"}),
            dict,
            callable,
        ],
        "growth": [Interval(Real, 0, None, closed="left")],
        "categorical_features": ["array-like", StrOptions({"auto"}), None],
        "random_state": ["random_state"],
    }

    def _strategy(self, data: SamplingData) -> dict[Any, int]:
        """Label -> number of rows to make."""
        strategy = {} if self.sampling_strategy is None else self.sampling_strategy
        target = target_counts(strategy, data.counts, growth=self.growth, y=data.target.native)
        return {label: target[label] - count for label, count in data.counts.items()}

    def _resample(self, data: SamplingData, **params) -> ResamplePlan:
        return plan_classes(data, self._strategy(data), lambda part, n: self._make_class(part, n, **params))


class ClasswiseOverSampler(TargetOverSampler):
    """Base of the samplers that learn one class after the other.

    A subclass writes ``_fit_class(part) -> ClassSource``; a filter that stands around the sampler is minded here.
    """

    @abstractmethod
    def _fit_class(self, part: ClassData, **params) -> ClassSource:
        """Learn one class."""

    def _make_class(self, part: ClassData, n_rows: int, **params) -> NewRows:
        return self._learn_class(part, n_rows, **params)(n_rows, 0)

    def _learn_class(self, part: ClassData, n_rows: int, **params) -> DrawBlock:
        return learn_class(self._fit_class(part, **params), part)
