"""Classifiers that say what the one says that they have fitted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

__all__ = ["DelegatingClassifier", "answers"]


def answers(method: str) -> Callable[[Any], bool]:
    """What tells whether the classifier inside has a method, for ``available_if``."""

    def check(self) -> bool:
        getattr(self.estimator_ if hasattr(self, "estimator_") else self._model(), method)
        return True

    return check


class DelegatingClassifier(ClassifierMixin, MetaEstimatorMixin, BaseEstimator):
    """Base of classifiers whose ``fit`` sets ``estimator_``, which answers."""

    def _model(self) -> Any:
        """What is fitted."""
        return self.estimator

    def predict(self, X):
        """The class of each row.

        Parameters
        ----------
        X : {array-like, sparse matrix, dataframe} of shape (n_rows, n_columns)

        Returns
        -------
        y : ndarray of shape (n_rows,)
        """
        check_is_fitted(self, "estimator_")
        return self.estimator_.predict(X)

    @available_if(answers("predict_proba"))
    def predict_proba(self, X):
        """Probabilities of the classes.

        Parameters
        ----------
        X : {array-like, sparse matrix, dataframe} of shape (n_rows, n_columns)

        Returns
        -------
        probability : ndarray of shape (n_rows, n_classes)
        """
        check_is_fitted(self, "estimator_")
        return self.estimator_.predict_proba(X)

    @available_if(answers("decision_function"))
    def decision_function(self, X):
        """Scores of the classifier.

        Parameters
        ----------
        X : {array-like, sparse matrix, dataframe} of shape (n_rows, n_columns)

        Returns
        -------
        score : ndarray of shape (n_rows,) or (n_rows, n_classes)
        """
        check_is_fitted(self, "estimator_")
        return self.estimator_.decision_function(X)
