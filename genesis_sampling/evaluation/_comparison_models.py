"""What stands in a comparison beside samplers: class weights, a tuned threshold, a detector of anomalies."""

from __future__ import annotations

from typing import Any

import numpy as np
from pandas.api import types
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.metrics import make_scorer
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold, TunedThresholdClassifierCV
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.validation import has_fit_parameter

from ..exceptions import DataError
from ..metrics._pair import as_pair
from ..tables.containers import wrap_table
from ..tables.neighbors import fit_distances

__all__ = ["DetectorClassifier", "with_class_weights", "with_tuned_threshold"]

MAX_INNER_FOLDS = 5


def with_class_weights(estimator: Any, y: np.ndarray) -> tuple[Any, dict[str, Any]]:
    """The estimator with balanced class weights, and what its ``fit`` gets beside."""
    parameter = _parameter(estimator, "class_weight")
    if parameter:
        return clone(estimator).set_params(**{parameter: "balanced"}), {}
    last, prefix = estimator, ""
    while hasattr(last, "steps"):
        name, last = last.steps[-1]
        prefix += f"{name}__"
    if not has_fit_parameter(last, "sample_weight"):
        raise DataError(
            f"{type(last).__name__} takes no class weights: it has neither a parameter class_weight nor sample_weight "
            "in fit."
        )
    return estimator, {f"{prefix}sample_weight": compute_sample_weight("balanced", y)}


def _parameter(estimator: Any, name: str, prefix: str = "") -> str:
    """Full name of a parameter of the classifier itself: of the last step of a pipeline, of what a search holds."""
    if not hasattr(estimator, "get_params"):
        return ""
    own = estimator.get_params(deep=False)
    if name in own:
        return prefix + name
    if hasattr(estimator, "steps"):
        step, last = estimator.steps[-1]
        return _parameter(last, name, f"{prefix}{step}__")
    return _parameter(own["estimator"], name, f"{prefix}estimator__") if "estimator" in own else ""


def with_tuned_threshold(estimator: Any, X: Any, y: np.ndarray, groups: Any, seed: int) -> Any:
    """The estimator with the threshold of the largest balanced accuracy, over folds of these training rows."""
    fewest = int(np.unique(y, return_counts=True)[1].min())
    n_splits = max(2, min(MAX_INNER_FOLDS, fewest))
    kind = StratifiedKFold if groups is None else StratifiedGroupKFold
    splitter = kind(n_splits, shuffle=True, random_state=seed)
    splits = list(splitter.split(np.zeros(len(y)), y, groups))
    return TunedThresholdClassifierCV(estimator, scoring=make_scorer(_balanced_accuracy), cv=splits)


def _balanced_accuracy(truth: np.ndarray, predicted: np.ndarray) -> float:
    """As scikit-learn's, whose checks take most of the time of a search over a hundred thresholds."""
    return float(np.mean([np.mean(predicted[truth == label] == label) for label in np.unique(truth)]))


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
    pair = as_pair(known, known.head(1))
    discrete = ~pair.is_number
    n_levels = np.nan_to_num(pair.real.max(axis=0, initial=-1, where=~np.isnan(pair.real))) + 1
    distances: Any = fit_distances(pair.real, discrete)

    def points(table: Any) -> np.ndarray:
        codes = as_pair(known, wrap_table(table).frame).synthetic
        return distances.embed(np.where(discrete & (codes >= n_levels), np.nan, codes))

    return points
