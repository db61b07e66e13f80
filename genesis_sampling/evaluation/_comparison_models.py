"""What stands in a comparison beside samplers: a tuned threshold, a detector of anomalies."""

from __future__ import annotations

from typing import Any

import numpy as np
from pandas.api import types
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

from ..exceptions import DataError
from ..metrics._models import TableCodes
from ..samplers._rivals import with_tuned_threshold
from ..tables.containers import wrap_table
from ..tables.neighbors import fit_distances

__all__ = ["DetectorClassifier", "with_threshold_of_rows"]

MAX_INNER_FOLDS = 5


def with_threshold_of_rows(estimator: Any, y: np.ndarray, groups: Any, seed: int) -> Any:
    """The estimator with the threshold of the largest balanced accuracy, over folds of these training rows."""
    fewest = int(np.unique(y, return_counts=True)[1].min())
    n_splits = max(2, min(MAX_INNER_FOLDS, fewest))
    kind = StratifiedKFold if groups is None else StratifiedGroupKFold
    splitter = kind(n_splits, shuffle=True, random_state=seed)
    return with_tuned_threshold(estimator, list(splitter.split(np.zeros(len(y)), y, groups)))


class DetectorClassifier(ClassifierMixin, BaseEstimator):
    """A detector of anomalies as a classifier of two classes: what is odd is of the rare class.

    It is fitted to all training rows, whose labels tell no more than how many rows to name: as many as the rare class
    has.

    Parameters
    ----------
    detector : estimator
        With ``fit`` and ``score_samples``, which is low for anomalies. A table with gaps or categories it sees as
        logistic regression does, scaled and with indicators, unless it is a pipeline, which prepares columns itself.
    rare : label
        Of the rare class.
    """

    def __init__(self, detector, rare):
        self.detector = detector
        self.rare = rare

    def fit(self, X, y):
        """Learn what rows look like, and the threshold from the labels ``y``."""
        labels = np.asarray(y)
        self.classes_ = np.unique(labels)
        if len(self.classes_) != 2:
            raise DataError(
                f"A detector of anomalies tells two classes apart, one of them rare; there are {len(self.classes_)}."
            )
        self._view = None if hasattr(self.detector, "steps") else _view(X)
        self.detector_ = clone(self.detector).fit(self._seen(X))
        oddness = -np.asarray(self.detector_.score_samples(self._seen(X)))
        self.threshold_ = float(np.quantile(oddness, np.mean(labels != self.rare)))
        return self

    def decision_function(self, X):
        """How odd rows are, above 0 for the second class, shape (n_rows,)."""
        beyond = -np.asarray(self.detector_.score_samples(self._seen(X))) - self.threshold_
        return beyond if self.classes_[1] == self.rare else -beyond

    def predict(self, X):
        """The rare class for rows that are odder than the threshold."""
        return self.classes_[(self.decision_function(X) > 0).astype(int)]

    def _seen(self, X):
        return X if self._view is None else self._view(X)


def _view(X: Any) -> Any:
    """What turns tables like this one into points; None where it is numbers without gaps already."""
    known = wrap_table(X).frame
    numeric = all(types.is_numeric_dtype(dtype) and not types.is_bool_dtype(dtype) for dtype in known.dtypes)
    if numeric and not known.isna().any(axis=None):
        return None
    codes = TableCodes()
    points = codes.fit_transform(known)
    distances: Any = fit_distances(points, codes.discrete_)
    return lambda table: distances.embed(codes.transform(table))
