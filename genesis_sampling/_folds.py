"""Scores of many candidates on the same folds, and whether one is better than another."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from time import perf_counter
from typing import Any

import numpy as np
from joblib import Parallel, delayed
from scipy.stats import t as student
from sklearn.base import clone
from sklearn.metrics import (
    average_precision_score,
    brier_score_loss,
    check_scoring,
    f1_score,
    get_scorer,
    make_scorer,
    precision_score,
    recall_score,
)
from sklearn.utils import _safe_indexing

__all__ = [
    "Attempt",
    "Difference",
    "FoldScores",
    "Folds",
    "attempted",
    "corrected_difference",
    "depends_on_predict",
    "holm_adjusted",
    "scorer_of",
]

# Scores of one class, which scikit-learn's names give to the class 1, or the last one.
_OF_ONE_CLASS: dict[str, tuple[Any, dict[str, Any]]] = {
    "average_precision": (
        average_precision_score,
        {"response_method": ("predict_proba", "decision_function")},
    ),
    "f1": (f1_score, {"zero_division": 0}),
    "precision": (precision_score, {"zero_division": 0}),
    "recall": (recall_score, {"zero_division": 0}),
    "neg_brier_score": (
        brier_score_loss,
        {"response_method": "predict_proba", "greater_is_better": False},
    ),
}


@dataclass(frozen=True)
class Folds:
    """The rows, and how they are split.

    Parameters
    ----------
    X : {array-like, sparse matrix, dataframe} of shape (n_rows, n_columns)
    y : array-like of shape (n_rows,)
    splits : sequence of (train, test)
        Positions of rows.
    scorers : dict of str to scorer
        ``scorer(estimator, X, y)``; the larger, the better.
    fit_params : dict of str to array-like of shape (n_rows,), default={}
        What ``fit`` gets beside, cut to the rows of the fold.
    """

    X: Any
    y: Any
    splits: Sequence[tuple[np.ndarray, np.ndarray]]
    scorers: Mapping[str, Any]
    fit_params: Mapping[str, Any] = field(default_factory=dict)

    def score(self, estimator: Any, fold: int) -> FoldScores:
        """Fit a clone on the training rows of one fold and score it on its test rows.

        An estimator or scorer that fails gives NaN and its error, never a silent fall-back.
        """
        X, y, fit_params = self.training(fold)
        fit = attempted(lambda: clone(estimator).fit(X, y, **fit_params))
        if fit.error:
            return FoldScores(
                dict.fromkeys(self.scorers, math.nan), fit.seconds, fit.error, warnings=fit.warnings
            )
        rows = self.testing(fold)
        tried = {name: attempted(partial(scorer, fit.value, *rows)) for name, scorer in self.scorers.items()}
        errors = {name: found.error for name, found in tried.items() if found.error}
        return FoldScores(
            {name: math.nan if name in errors else float(found.value) for name, found in tried.items()},
            fit.seconds,
            error=next(iter(errors.values()), ""),
            warnings=tuple(dict.fromkeys(text for part in (fit, *tried.values()) for text in part.warnings)),
            model=fit.value,
            errors=errors,
        )

    def training(self, fold: int) -> tuple[Any, Any, dict[str, Any]]:
        """Training rows of a fold, their labels, and what ``fit`` gets beside."""
        train = self.splits[fold][0]
        fit_params = {name: _safe_indexing(value, train) for name, value in self.fit_params.items()}
        return _safe_indexing(self.X, train), _safe_indexing(self.y, train), fit_params

    def testing(self, fold: int) -> tuple[Any, Any]:
        """Test rows of a fold and their labels."""
        test = self.splits[fold][1]
        return _safe_indexing(self.X, test), _safe_indexing(self.y, test)

    def score_all(
        self, jobs: Iterable[tuple[Any, int]], *, n_jobs: int | None = None, keep_models: bool = False
    ) -> list[FoldScores]:
        """Scores of pairs of an estimator and a fold, in their order, whatever ``n_jobs`` is."""
        found = Parallel(n_jobs=n_jobs)(
            delayed(_one)(self, estimator, fold, keep_models) for estimator, fold in jobs
        )
        return list(found)


@dataclass
class FoldScores:
    """What one candidate scored on one fold.

    Parameters
    ----------
    scores : dict of str to float
        NaN for all of them where the candidate failed.
    seconds : float
        Of the fit.
    error : str, default=""
        What was raised.
    warnings : tuple of str, default=()
    model : estimator, default=None
        The fitted candidate.
    errors : dict of str to str, default={}
        What was raised by name of the score, where only some failed; ``error`` is then the first.
    """

    scores: dict[str, float]
    seconds: float
    error: str = ""
    warnings: tuple[str, ...] = ()
    model: Any = None
    errors: dict[str, str] = field(default_factory=dict)


@dataclass
class Attempt:
    """What came of a call that may fail.

    Parameters
    ----------
    value : object
        None where it failed.
    seconds : float
    error : str, default=""
        Type and text of what was raised.
    warnings : tuple of str, default=()
        Each once.
    """

    value: Any
    seconds: float
    error: str = ""
    warnings: tuple[str, ...] = ()


def attempted(do: Callable[[], Any]) -> Attempt:
    """Call a function; its warnings are kept, not shown, and what it raises becomes a result."""
    value, error, begun = None, "", perf_counter()
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        try:
            value = do()
        except Exception as raised:  # whatever a candidate raises is a result
            error = f"{type(raised).__name__}: {raised}"
        seconds = perf_counter() - begun
    return Attempt(value, seconds, error, tuple(dict.fromkeys(str(warning.message) for warning in said)))


@dataclass(frozen=True)
class Difference:
    """A mean of paired differences over folds, with its uncertainty.

    Parameters
    ----------
    mean : float
    error : float
        Standard error, corrected for training rows that folds share.
    low, high : float
        Ends of the 95 % interval.
    p_value : float
        Of the two-sided test that the difference is 0.
    """

    mean: float
    error: float
    low: float
    high: float
    p_value: float


def corrected_difference(
    differences: Sequence[float], test_share: float, *, confidence: float = 0.95
) -> Difference:
    """The mean of differences between two candidates on the same folds.

    Folds share training rows, so their differences are not independent and the usual standard error is too small.
    The corrected one is :math:`s \\sqrt{1/n + n_{test} / n_{train}}` for :math:`n` folds [1]_, with :math:`n - 1`
    degrees of freedom.

    Parameters
    ----------
    differences : sequence of float of shape (n_folds,)
        Folds in which a candidate failed have NaN, and are left out.
    test_share : float in (0, 1)
        Share of the rows that a fold tests on.
    confidence : float in (0, 1), default=0.95

    References
    ----------
    .. [1] C. Nadeau, Y. Bengio, "Inference for the generalization error", Machine Learning 52(3), 2003.
    """
    values = np.asarray(differences, dtype=np.float64)
    values = values[~np.isnan(values)]
    n = len(values)
    if n < 2:
        mean = float(values.mean()) if n else math.nan
        return Difference(mean, math.nan, math.nan, math.nan, math.nan)
    mean = float(values.mean())
    error = float(values.std(ddof=1) * math.sqrt(1 / n + test_share / (1 - test_share)))
    reach = float(student.ppf((1 + confidence) / 2, n - 1)) * error
    if error > 0:
        p_value = float(2 * student.sf(abs(mean) / error, n - 1))
    else:
        p_value = 1.0 if mean == 0 else 0.0
    return Difference(mean, error, mean - reach, mean + reach, p_value)


def holm_adjusted(p_values: Sequence[float]) -> np.ndarray:
    """P-values of several tests, adjusted so that any false alarm among them is as rare as one test's [1]_.

    Parameters
    ----------
    p_values : sequence of float of shape (n_tests,)
        NaN for a test that could not be made, which does not count.

    Returns
    -------
    adjusted : ndarray of shape (n_tests,)

    References
    ----------
    .. [1] S. Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics 6(2),
       1979.
    """
    values = np.asarray(p_values, dtype=np.float64)
    adjusted = np.full(len(values), np.nan)
    order = np.argsort(values, kind="stable")[: np.count_nonzero(~np.isnan(values))]
    stepped = values[order] * np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum(np.maximum.accumulate(stepped), 1.0) if len(order) else stepped
    return adjusted


def scorer_of(scoring: Any, y: Any) -> Any:
    """A scorer by its name in scikit-learn, or the callable as it is.

    The scores of one class, such as average precision, F1 and recall, are those of the rarest class where there are
    two, whatever its label is; with more classes they are means over the classes that count alike.
    """
    if not isinstance(scoring, str) or scoring not in _OF_ONE_CLASS:
        return check_scoring(scoring=scoring) if isinstance(scoring, str) else scoring
    labels, counts = np.unique(np.asarray(y), return_counts=True)
    if scoring == "average_precision" and len(labels) != 2:
        return _macro_average_precision
    score, options = _OF_ONE_CLASS[scoring]
    if len(labels) == 2:
        # A scorer passes the probability of the class that it is told is the positive one.
        # Of equally rare ones it is the last, as scikit-learn counts 1 and not 0 as positive.
        options = {**options, "pos_label": labels[len(counts) - 1 - np.argmin(counts[::-1])]}
    elif score is not brier_score_loss:
        options = {**options, "average": "macro"}
    return make_scorer(score, **options)


def _macro_average_precision(model: Any, X: Any, y: Any) -> float:
    """Mean over the classes that occur of the average precision of one against the others."""
    probability, truth = model.predict_proba(X), np.asarray(y)
    shares = [
        average_precision_score(truth == label, column)
        for label, column in zip(model.classes_, probability.T, strict=True)
        if (truth == label).any()
    ]
    return float(np.mean(shares))


def _one(folds: Folds, estimator: Any, fold: int, keep_model: bool) -> FoldScores:
    found = folds.score(estimator, fold)
    if not keep_model:
        found.model = None
    return found


def depends_on_predict(scoring: Any) -> bool:
    """Whether a scorer, by name or itself, judges predicted classes, so that a threshold matters to it."""
    scorer = get_scorer(scoring) if isinstance(scoring, str) else scoring
    return "predict" in np.atleast_1d(getattr(scorer, "_response_method", "")).tolist()
