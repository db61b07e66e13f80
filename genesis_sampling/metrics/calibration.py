"""Calibration: whether of the rows that are given a probability of 0.2 one in five is positive."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from scipy.optimize import brentq
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression

from ..exceptions import DataError

__all__ = ["Recalibration", "brier_score", "calibration_intercept_and_slope", "expected_calibration_error"]

# Probabilities are moved this far from 0 and 1 before their odds are taken.
CLIP = 1e-6


class Recalibration(NamedTuple):
    """What :func:`calibration_intercept_and_slope` gives.

    Parameters
    ----------
    intercept : float
        0 is best. Below 0: the probabilities are too large on the whole; above: too small.
    slope : float
        1 is best. Below 1: too extreme, as of a model that overfits; above: too timid.
    """

    intercept: float
    slope: float


def brier_score(y_true: Any, probability: Any, *, classes: Any = None, sample_weight: Any = None) -> float:
    """Mean squared error of the probabilities.

    Parameters
    ----------
    y_true : array-like of shape (n_rows,)
        Labels.
    probability : array-like of shape (n_rows,) or (n_rows, n_classes)
        Of the positive class, or of each.
    classes : array-like of shape (n_classes,), default=None
        Labels in the order of the columns; for probabilities of shape (n_rows,) the second is the positive one. None
        for the sorted labels of ``y_true``, or False and True where it holds no others.
    sample_weight : array-like of shape (n_rows,), default=None
        Weights of the rows, 0 or more.

    Returns
    -------
    score : float
        In [0, 1], 0 is best; with two classes, 0.25 for a model that says 0.5 of each row.

    Raises
    ------
    DataError
        For probabilities outside [0, 1] or of another length than the labels, labels that are not among the classes,
        or weights that are negative or all 0.

    Notes
    -----
    :math:`\\frac{1}{n} \\sum_i (p_i - y_i)^2` [1]_, for more than two classes the mean over each against the rest. It
    rewards order as well as calibration.

    References
    ----------
    .. [1] G. W. Brier, "Verification of forecasts expressed in terms of probability", Monthly Weather Review 78(1),
       1950.

    Examples
    --------
    >>> from genesis_sampling.metrics.calibration import brier_score
    >>> brier_score([0, 1], [0.5, 0.5])
    0.25
    """
    sides, weight = _read(y_true, probability, classes, sample_weight)
    return float(np.mean([weight @ (p - positive) ** 2 / weight.sum() for positive, p in sides]))


def expected_calibration_error(
    y_true: Any, probability: Any, *, n_bins: int = 10, classes: Any = None, sample_weight: Any = None
) -> float:
    """Mean distance between what was said and what happened, over bins of equally many rows.

    Parameters
    ----------
    y_true, probability, classes, sample_weight
        As for :func:`brier_score`.
    n_bins : int, default=10
        Rows of the same probability stay in one bin, so there can be fewer.

    Returns
    -------
    error : float
        In [0, 1], 0 is best. Even a perfect model has an error of about :math:`\\sqrt{2 B \\bar{p}(1 - \\bar{p}) /
        (\\pi n)}` by chance, :math:`\\bar{p}` the share of the positive rows: compare models on the same rows.

    Raises
    ------
    DataError
        As for :func:`brier_score`, and for fewer bins than one.

    Notes
    -----
    :math:`\\sum_{b=1}^{B} \\frac{n_b}{n} \\left| \\bar{y}_b - \\bar{p}_b \\right|`, where :math:`n_b`
    rows, with the share :math:`\\bar{y}_b` of positive ones and the mean probability :math:`\\bar{p}_b`, are in bin
    :math:`b` [1]_, [2]_. Bins hold equal weight, since most rows of an imbalanced table would lie in the first of
    bins of equal width. For more than two classes it is the mean over each against the rest.

    References
    ----------
    .. [1] M. P. Naeini, G. F. Cooper, M. Hauskrecht, "Obtaining well calibrated probabilities using Bayesian binning",
       AAAI Conference on Artificial Intelligence, 2015.
    .. [2] C. Guo, G. Pleiss, Y. Sun, K. Q. Weinberger, "On calibration of modern neural networks", International
       Conference on Machine Learning, 2017.

    Examples
    --------
    >>> from genesis_sampling.metrics.calibration import expected_calibration_error
    >>> expected_calibration_error([0, 0, 0, 1], [0.25, 0.25, 0.25, 0.25])
    0.0
    """
    if n_bins < 1:
        raise DataError(f"Got n_bins={n_bins}; expected 1 or more.")
    sides, weight = _read(y_true, probability, classes, sample_weight)
    return float(np.mean([_calibration_error(positive, p, weight, n_bins) for positive, p in sides]))


def _calibration_error(positive: np.ndarray, p: np.ndarray, weight: np.ndarray, n_bins: int) -> float:
    values, place = np.unique(p, return_inverse=True)
    at_value = np.bincount(place, weight, len(values))
    middle = np.cumsum(at_value) - at_value / 2
    bins = np.minimum(n_bins * middle / weight.sum(), n_bins - 1).astype(np.intp)[place]
    return float(np.abs(np.bincount(bins, weight * (positive - p))).sum() / weight.sum())


def calibration_intercept_and_slope(
    y_true: Any, probability: Any, *, classes: Any = None, sample_weight: Any = None
) -> Recalibration:
    """Whether probabilities are too large on the whole, and too extreme.

    Parameters
    ----------
    y_true, probability, classes, sample_weight
        As for :func:`brier_score`.

    Returns
    -------
    recalibration : Recalibration
        ``intercept``, 0 is best, and ``slope``, 1 is best. Where the rows are of one class, both are NaN; where all
        probabilities are the same, the slope is; where they separate the classes, it is infinite. For more than two
        classes it is the mean over each against the rest, without those that do not occur.

    Raises
    ------
    DataError
        As for :func:`brier_score`.

    Notes
    -----
    Logistic recalibration [1]_. The slope is :math:`b` in :math:`\\operatorname{logit} P(y = 1) = a + b
    \\operatorname{logit} p`; the intercept is :math:`a` in the same model with :math:`b = 1`, called calibration in
    the large [2]_. Probabilities of 0 and 1 have no odds; all are kept in [1e-6, 1 - 1e-6]. A model trained on a
    class that was blown up by a factor :math:`f` has an intercept of about :math:`-\\log f`.

    References
    ----------
    .. [1] D. R. Cox, "Two further applications of a model for binary regression", Biometrika 45(3/4), 1958.
    .. [2] B. Van Calster, D. J. McLernon, M. van Smeden, L. Wynants, E. W. Steyerberg, "Calibration: the Achilles
       heel of predictive analytics", BMC Medicine 17, 2019.

    Examples
    --------
    >>> from genesis_sampling.metrics.calibration import calibration_intercept_and_slope
    >>> y, p = [0, 0, 0, 1] + [0, 1, 1, 1], [0.1] * 4 + [0.9] * 4  # a quarter and three quarters are positive
    >>> recalibration = calibration_intercept_and_slope(y, p)
    >>> round(recalibration.slope, 3)  # log 3 / log 9
    0.5
    """
    sides, weight = _read(y_true, probability, classes, sample_weight)
    found = np.array([_recalibration(positive, p, weight) for positive, p in sides])
    known = found[~np.isnan(found[:, 0])]
    if not len(known):
        return Recalibration(np.nan, np.nan)
    slopes = known[~np.isnan(known[:, 1]), 1]
    return Recalibration(float(known[:, 0].mean()), float(slopes.mean()) if len(slopes) else np.nan)


def _recalibration(positive: np.ndarray, p: np.ndarray, weight: np.ndarray) -> tuple[float, float]:
    counted = weight > 0
    positive, weight, odds = positive[counted], weight[counted], logit(np.clip(p[counted], CLIP, 1 - CLIP))
    if positive.all() or not positive.any():
        return np.nan, np.nan
    return _intercept(positive, odds, weight), _slope(positive, odds, weight)


def _intercept(positive: np.ndarray, odds: np.ndarray, weight: np.ndarray) -> float:
    """Where the mean probability is the share of the positive rows, once so much is added to the log odds."""
    share = weight @ positive / weight.sum()
    # The sum at these ends lies on either side, since it is monotone in each row's odds.
    low, high = logit(share) - odds.max() - 1, logit(share) - odds.min() + 1
    return float(brentq(lambda shift: weight @ expit(odds + shift) / weight.sum() - share, low, high))


def _slope(positive: np.ndarray, odds: np.ndarray, weight: np.ndarray) -> float:
    if odds.min() == odds.max():
        return np.nan
    if odds[~positive].max() <= odds[positive].min():
        return np.inf
    if odds[positive].max() <= odds[~positive].min():
        return -np.inf
    model = LogisticRegression(C=np.inf, solver="newton-cholesky", tol=1e-8)
    return float(model.fit(odds[:, None], positive, sample_weight=weight).coef_[0, 0])


def _read(
    y_true: Any, probability: Any, classes: Any, sample_weight: Any
) -> tuple[list[tuple[np.ndarray, np.ndarray]], np.ndarray]:
    """For each class against the rest which rows are positive and their probabilities; and the weights."""
    labels, table = np.asarray(y_true), np.asarray(probability, dtype=np.float64)
    weight = np.ones(len(labels)) if sample_weight is None else np.asarray(sample_weight, dtype=np.float64)
    if labels.ndim != 1 or table.ndim not in (1, 2) or not len(labels) == len(table) == len(weight) > 0:
        raise DataError(
            f"Got labels, probabilities and weights of the shapes {labels.shape}, {table.shape}, {weight.shape}; "
            "expected the same number of rows, at least one, and one column of probabilities or one per class."
        )
    if not ((table >= 0) & (table <= 1)).all():
        raise DataError(
            "Got probabilities outside [0, 1] or missing ones; expected a number in [0, 1] for each row."
        )
    if not (weight >= 0).all() or not weight.sum() > 0:
        raise DataError("Got weights that are negative, missing or all 0; expected numbers of 0 or more.")
    n_classes = 2 if table.ndim == 1 else table.shape[1]
    known = _class_labels(labels, classes, n_classes)
    if n_classes == 2:
        return [(labels == known[1], table if table.ndim == 1 else table[:, 1])], weight
    return [(labels == label, table[:, place]) for place, label in enumerate(known)], weight


def _class_labels(labels: np.ndarray, classes: Any, n_classes: int) -> list:
    found = np.unique(labels).tolist()
    if classes is not None:
        known = np.asarray(classes).tolist()
    else:
        known = [False, True] if n_classes == 2 and set(found) <= {False, True} else found
    if len(known) != n_classes or not set(found) <= set(known):
        raise DataError(
            f"Got the labels {found[:10]} and classes={known[:10]} for probabilities of {n_classes} classes; expected "
            "each label among the classes, and as many classes. Give them by classes=, in the order of the columns."
        )
    return known
