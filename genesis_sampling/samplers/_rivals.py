"""What is done to a model instead of to the rows: class weights, a tuned threshold."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.metrics import make_scorer
from sklearn.model_selection import TunedThresholdClassifierCV
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.validation import has_fit_parameter

from ..exceptions import DataError
from ._delegation import DelegatingClassifier

__all__ = ["WeightedClassifier", "with_class_weights", "with_tuned_threshold"]


def with_class_weights(estimator: Any) -> Any:
    """The estimator with balanced class weights: by its parameter, else by weights of the rows in ``fit``."""
    parameter = _parameter(estimator, "class_weight")
    if parameter:
        return clone(estimator).set_params(**{parameter: "balanced"})
    last, prefix = estimator, ""
    while hasattr(last, "steps"):
        name, last = last.steps[-1]
        prefix += f"{name}__"
    if not has_fit_parameter(last, "sample_weight"):
        raise DataError(
            f"{type(last).__name__} takes no class weights: it has neither a parameter class_weight nor sample_weight "
            "in fit."
        )
    return WeightedClassifier(estimator, f"{prefix}sample_weight")


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


def with_tuned_threshold(estimator: Any, cv: Any, scorer: Any = None) -> Any:
    """The estimator with the threshold that scores best over folds of the training rows; None for balanced accuracy."""
    return TunedThresholdClassifierCV(estimator, scoring=scorer or make_scorer(_balanced_accuracy), cv=cv)


def _balanced_accuracy(truth: np.ndarray, predicted: np.ndarray) -> float:
    """As scikit-learn's, whose checks take most of the time of a search over a hundred thresholds."""
    return float(np.mean([np.mean(predicted[truth == label] == label) for label in np.unique(truth)]))


class WeightedClassifier(DelegatingClassifier):
    """A classifier whose rows weigh so that all classes weigh alike.

    Parameters
    ----------
    estimator : classifier
    parameter : str, default="sample_weight"
        Of its ``fit``, for the weights of the rows.
    """

    def __init__(self, estimator, parameter="sample_weight"):
        self.estimator = estimator
        self.parameter = parameter

    def fit(self, X, y):
        """Fit a clone to the weighted rows."""
        weight = compute_sample_weight("balanced", y)
        self.estimator_ = clone(self.estimator).fit(X, y, **{self.parameter: weight})
        self.classes_ = self.estimator_.classes_
        return self
