"""Classifiers of the encoded rows of a mixed table, NaN where a value is missing."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression

from ..exceptions import DataError
from ._threads import threads_for_trees
from .discriminator import columns_for_trees
from .neighbors import EuclideanDistances, fit_distances

__all__ = ["EncodedLogistic", "EncodedTrees"]


class EncodedTrees:
    """Boosted trees, without the columns that they cannot take.

    Parameters
    ----------
    discrete : ndarray of bool of shape (n_columns,)
        Which columns hold categories.
    early_stopping : bool, default=False
        Of rows that are given to ``fit``; else rows would be set aside at random, among them copies of made ones.
    **options : dict
        Further ones of ``HistGradientBoostingClassifier``.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
    n_iter_ : int
        Number of iterations.
    """

    def __init__(self, discrete: np.ndarray, *, early_stopping: bool = False, **options: Any):
        self.discrete = discrete
        self.options = {"early_stopping": early_stopping, **options}

    def fit(
        self, codes: np.ndarray, y: Any, *, X_val: np.ndarray | None = None, **given: Any
    ) -> EncodedTrees:
        """Learn the classes ``y`` of rows of shape (n_rows, n_columns); ``X_val`` are such rows to stop early on.

        Raises
        ------
        DataError
            When there is no column that trees can take.
        """
        seen = columns_for_trees(codes, self.discrete)
        if not seen.any():
            raise DataError(
                f"Got {len(seen)} columns, none of which trees can use: each has more than 254 categories or no value "
                "at all. Give an estimator that takes them."
            )
        if X_val is not None:
            given["X_val"] = X_val[:, seen]
        model = HistGradientBoostingClassifier(categorical_features=self.discrete[seen], **self.options)
        with threads_for_trees(len(codes)):
            self._model = model.fit(codes[:, seen], y, **given)
        self._seen, self.classes_, self.n_iter_ = seen, self._model.classes_, self._model.n_iter_
        return self

    def predict_proba(self, codes: np.ndarray) -> np.ndarray:
        """Probabilities of the classes, shape (n_rows, n_classes)."""
        with threads_for_trees(len(codes)):
            return self._model.predict_proba(codes[:, self._seen])


class EncodedLogistic:
    """Logistic regression on scaled numbers, and on indicators of categories and of missing values.

    Parameters
    ----------
    discrete : ndarray of bool of shape (n_columns,)
        Which columns hold categories.
    **options : dict
        Of ``LogisticRegression``.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
    """

    def __init__(self, discrete: np.ndarray, **options: Any):
        self.discrete = discrete
        self.options = options

    def fit(self, codes: np.ndarray, y: Any) -> EncodedLogistic:
        """Learn the classes ``y`` of rows of shape (n_rows, n_columns)."""
        view = fit_distances(codes, self.discrete)
        assert isinstance(view, EuclideanDistances)
        self._view = view
        self._model = LogisticRegression(**self.options).fit(view.embed(codes), y)
        self.classes_ = self._model.classes_
        return self

    def predict_proba(self, codes: np.ndarray) -> np.ndarray:
        """Probabilities of the classes, shape (n_rows, n_classes)."""
        return self._model.predict_proba(self._view.embed(codes))
