"""Boosted trees that take a table as it comes: what :class:`AugmentedClassifier` trains by default."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.utils.validation import check_is_fitted, has_fit_parameter, validate_data

from ..exceptions import DataError, IdentifierWarning
from ..tables import ColumnKind, infer_schema
from ..tables._classifiers import EncodedTrees
from ..tables.containers import array_of_rows, is_frame, wrap_table
from ..tables.schema import numbers

__all__ = ["TableTrees"]

EPOCH = pd.Timestamp(0, tz="UTC")


class TableTrees(ClassifierMixin, BaseEstimator):
    """``HistGradientBoostingClassifier`` on mixed columns with missing values, without early stopping of its own.

    Columns of more than 254 categories are left out; a category that was not seen counts as missing.

    Parameters
    ----------
    random_state : int, RandomState instance or None, default=None
    """

    def __init__(self, random_state=None):
        self.random_state = random_state

    def fit(self, X, y, sample_weight=None, *, X_val=None, y_val=None, sample_weight_val=None):
        """Learn the classes ``y`` of the rows of ``X``; with ``X_val``, until these rows are told no better."""
        frame = self._frame(X, reset=True)
        with warnings.catch_warnings():
            # A column of names has too many categories to be used.
            warnings.simplefilter("ignore", IdentifierWarning)
            self._readers = [
                _Reader(column, values) for column, (_, values) in zip(infer_schema(frame), frame.items())
            ]
        codes = self._codes(frame)
        discrete = np.array([reader.discrete for reader in self._readers])
        given = {"X_val": X_val, "y_val": y_val, "sample_weight_val": sample_weight_val}
        validation = {name: value for name, value in given.items() if value is not None}
        if validation:
            _check_version()
            validation["X_val"] = self._codes(self._frame(X_val))
        model = EncodedTrees(discrete, early_stopping=bool(validation), random_state=self.random_state)
        self._model = model.fit(codes, y, sample_weight=sample_weight, **validation)
        self.classes_ = self._model.classes_
        self.n_iter_ = self._model.n_iter_
        return self

    def predict_proba(self, X):
        """Probabilities of the classes, shape (n_rows, n_classes)."""
        check_is_fitted(self)
        return self._model.predict_proba(self._codes(self._frame(X)))

    def predict(self, X):
        """The most probable class of each row."""
        return self.classes_[self.predict_proba(X).argmax(axis=1)]

    def _frame(self, X: Any, reset: bool = False) -> pd.DataFrame:
        """The checked table as a frame."""
        if is_frame(X):
            frame = wrap_table(X).frame
            validate_data(self, frame, reset=reset, skip_check_array=True)
            return frame
        X = validate_data(
            self,
            array_of_rows(X) if isinstance(X, list | tuple) else X,
            reset=reset,
            dtype=None,
            accept_sparse=("csr", "csc"),
            ensure_all_finite="allow-nan",
        )
        return wrap_table(X).frame

    def _codes(self, frame: pd.DataFrame) -> np.ndarray:
        """The table as numbers, NaN where a value is missing; shape (n_rows, n_columns)."""
        return np.column_stack(
            [reader.read(values) for reader, (_, values) in zip(self._readers, frame.items(), strict=True)]
        )

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.sparse = True
        tags.input_tags.categorical = True
        tags.input_tags.string = True
        return tags


class _Reader:
    """One column as numbers: categories as positions among those that were seen."""

    def __init__(self, column: Any, values: pd.Series):
        self.kind, self.discrete = column.kind, column.discrete
        if column.kind is ColumnKind.ORDINAL:
            self.categories = values.cat.categories
        elif column.discrete:
            self.categories = pd.Index(values.dropna().astype(object).unique())

    def read(self, values: pd.Series) -> np.ndarray:
        if self.discrete or self.kind is ColumnKind.ORDINAL:
            codes = self.categories.get_indexer(pd.Index(values.astype(object)))
            return np.where(values.isna() | (codes < 0), np.nan, codes)
        if self.kind is ColumnKind.DATETIME:
            return (pd.to_datetime(values, utc=True) - EPOCH).dt.total_seconds().to_numpy()
        if self.kind is ColumnKind.TIMEDELTA:
            return pd.to_timedelta(values).dt.total_seconds().to_numpy()
        if self.kind in (ColumnKind.CONSTANT, ColumnKind.MISSING):
            # Of a column with one value its gaps alone may tell something.
            return np.where(values.isna(), np.nan, 0.0)
        return numbers(values).astype(np.float64, copy=False)


def _check_version() -> None:
    if not has_fit_parameter(HistGradientBoostingClassifier, "X_val"):
        raise DataError(
            "Got validation rows for HistGradientBoostingClassifier; expected scikit-learn 1.7 or newer, whose fit "
            "takes X_val. Update it, or set validation_fraction=None."
        )
