"""How well a classifier does on rows, under any weights of these rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from ..exceptions import DataError

__all__ = ["MAX_ROWS", "METRICS", "SCORING", "Judged", "check_scoring", "compared"]

# Of larger tables so many rows are drawn: a model of them takes about a second.
MAX_ROWS = 20_000
# The least probability whose logarithm is taken, as in scikit-learn.
TINY = np.finfo(np.float64).eps


class Judged:
    """What a classifier said of rows whose classes are known.

    The scores are scikit-learn's. They are spelled out here because a bootstrap asks for them hundreds of times: the
    rows are sorted once, and a draw is no more than other weights.

    Parameters
    ----------
    truth : ndarray of int of shape (n_rows,)
        Classes as positions; of two classes, 1 is the positive one.
    probability : ndarray of shape (n_rows, n_classes)
    predicted : ndarray of int of shape (n_rows,)
    """

    def __init__(self, truth: np.ndarray, probability: np.ndarray, predicted: np.ndarray):
        self.truth = truth
        self.probability = probability
        self.predicted = predicted
        self.n_classes = probability.shape[1]
        self._rankings = [_Ranking(truth == code, probability[:, code]) for code in self.sides]
        rows = np.arange(len(truth))
        self._log_losses = -np.log(np.clip(probability[rows, truth], TINY, 1))
        self._squares = ((probability - np.eye(self.n_classes)[truth]) ** 2).mean(axis=1)

    @property
    def sides(self) -> Sequence[int]:
        """Classes that stand against the rest: the positive one of two, else each."""
        return [1] if self.n_classes == 2 else range(self.n_classes)

    def scores(self, names: Sequence[str], weight: np.ndarray | None = None) -> np.ndarray:
        """The scores of these names, shape (n_names,); NaN where the weighted rows are of one class alone."""
        weight = np.ones(len(self.truth)) if weight is None else weight
        cells = np.bincount(self.truth * self.n_classes + self.predicted, weight, self.n_classes**2)
        confusion = cells.reshape(self.n_classes, self.n_classes)
        return np.array([METRICS[name](self, weight, confusion) for name in names])

    def ranked(self, score: Callable[[_Ranking, np.ndarray], float], weight: np.ndarray) -> float:
        """A score of the order of the rows, mean over the classes that stand against the rest."""
        found = [score(ranking, weight) for ranking in self._rankings]
        known = [value for value in found if not np.isnan(value)]
        return float(np.mean(known)) if known else np.nan

    def mean_log_loss(self, weight: np.ndarray) -> float:
        """Mean of -log of the probability of the true class."""
        return float(weight @ self._log_losses / weight.sum())

    def mean_square(self, weight: np.ndarray) -> float:
        """Mean over rows and classes of the squared error of the probability."""
        return float(weight @ self._squares / weight.sum())

    def over_classes(self, confusion: np.ndarray, share: Callable[[np.ndarray], np.ndarray]) -> float:
        """A figure of each class: that of the positive one of two, else the mean of those that occur."""
        found = share(confusion)
        if self.n_classes == 2:
            return float(found[1])
        occurs = confusion.sum(axis=0) + confusion.sum(axis=1) > 0
        return float(found[occurs].mean())


class _Ranking:
    """Rows in the order of a score, tied ones together."""

    def __init__(self, is_positive: np.ndarray, score: np.ndarray):
        self._order = np.argsort(-score, kind="stable")
        ordered = score[self._order]
        self._starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
        self._is_positive = is_positive[self._order]

    def roc_auc(self, weight: np.ndarray) -> float:
        """Probability that a positive row scores above a negative one, ties counted half."""
        positive, negative = self._sums(weight)
        if not positive.sum() or not negative.sum():
            return np.nan
        below = negative.sum() - np.cumsum(negative) + negative / 2
        return float(positive @ below / (positive.sum() * negative.sum()))

    def average_precision(self, weight: np.ndarray) -> float:
        """Mean precision at the positive rows."""
        positive, negative = self._sums(weight)
        if not positive.sum():
            return np.nan
        found = np.cumsum(positive)
        precision = found / np.maximum(found + np.cumsum(negative), TINY)
        return float(positive @ precision / positive.sum())

    def _sums(self, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Weight of the positive and of the negative rows at each value of the score, from the largest down."""
        ordered = weight[self._order]
        positive = np.add.reduceat(ordered * self._is_positive, self._starts)
        return positive, np.add.reduceat(ordered, self._starts) - positive


def _recalls(confusion: np.ndarray) -> np.ndarray:
    return _ratio(np.diag(confusion), confusion.sum(axis=1))


def _precisions(confusion: np.ndarray) -> np.ndarray:
    return _ratio(np.diag(confusion), confusion.sum(axis=0))


def _f1s(confusion: np.ndarray) -> np.ndarray:
    return _ratio(2 * np.diag(confusion), confusion.sum(axis=0) + confusion.sum(axis=1))


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return np.divide(part, whole, out=np.zeros(len(part)), where=whole > 0)


def _balanced_accuracy(confusion: np.ndarray) -> float:
    return float(_recalls(confusion)[confusion.sum(axis=1) > 0].mean())


METRICS: dict[str, Callable[[Judged, np.ndarray, np.ndarray], float]] = {
    "average_precision": lambda judged, weight, _: judged.ranked(_Ranking.average_precision, weight),
    "roc_auc": lambda judged, weight, _: judged.ranked(_Ranking.roc_auc, weight),
    "f1": lambda judged, _, confusion: judged.over_classes(confusion, _f1s),
    "recall": lambda judged, _, confusion: judged.over_classes(confusion, _recalls),
    "precision": lambda judged, _, confusion: judged.over_classes(confusion, _precisions),
    "balanced_accuracy": lambda judged, _, confusion: _balanced_accuracy(confusion),
    "log_loss": lambda judged, weight, _: judged.mean_log_loss(weight),
    "brier": lambda judged, weight, _: judged.mean_square(weight),
}
SCORING = tuple(METRICS)


def check_scoring(scoring: str | Sequence[str]) -> list[str]:
    """Names of metrics as a list, all of them known."""
    names = [scoring] if isinstance(scoring, str) else list(scoring)
    unknown = [name for name in names if name not in METRICS]
    if unknown or not names:
        raise DataError(f"Got scoring={names}; expected names among {list(METRICS)}.")
    return names


def compared(names: list[str], judged: dict[str, Judged]) -> pd.DataFrame:
    """Scores of two models side by side, and the first less the second."""
    scores = pd.DataFrame(
        {name: found.scores(names) for name, found in judged.items()}, index=pd.Index(names, name="metric")
    )
    first, second = judged
    return scores.assign(difference=scores[first] - scores[second])
