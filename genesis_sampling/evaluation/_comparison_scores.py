"""The scores of a comparison: which there are, which way is better, and what a fitted model gets."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from .._folds import Attempt, attempted, scorer_of
from ..exceptions import DataError
from ..metrics._scores import Judged
from ..metrics.calibration import calibration_intercept_and_slope
from ..tables.containers import Target

__all__ = ["BOUNDS", "FIGURES", "SCORING", "SECONDS", "Classes", "Score", "judge", "read_scoring"]

# What is computed from predicted labels, from the order of the rows, and from probabilities.
OF_LABELS = ("f1", "recall", "precision", "balanced_accuracy", "geometric_mean")
OF_ORDER = ("average_precision", "roc_auc")
OF_PROBABILITIES = ("log_loss", "brier", "calibration_slope")
SCORING = (*OF_ORDER, *OF_LABELS, *OF_PROBABILITIES)
SECONDS = "fit_seconds"
FIGURES = ("quality_score", "coverage", "new_rows")
# Least and largest value; of brier with more than two classes the largest is not 1.
BOUNDS = {
    **dict.fromkeys((*OF_ORDER, *OF_LABELS, "quality_score", "coverage"), (0.0, 1.0)),
    **dict.fromkeys(("log_loss", "brier", SECONDS, "new_rows"), (0.0, math.inf)),
}


@dataclass(frozen=True)
class Score:
    """A score and which way is better.

    Parameters
    ----------
    name : str
    better : {"more", "less", "one", ""}
        ``"one"``: the nearer to 1; ``""``: neither way.
    scorer : callable or None, default=None
        ``scorer(estimator, X, y)``; None for the scores of this package.
    """

    name: str
    better: str
    scorer: Any = None


@dataclass(frozen=True)
class Classes:
    """The classes in the order of probabilities: of two the rarer one last.

    Parameters
    ----------
    labels : list
    codes : ndarray of int of shape (n_rows,)
        Position in ``labels`` of each row's class.
    """

    labels: list
    codes: np.ndarray

    @classmethod
    def of(cls, target: Target) -> Classes:
        """Of equally rare classes the last one is the positive one, as scikit-learn counts 1 and not 0 as positive."""
        if len(target.classes) == 2 and target.counts[0] < target.counts[1]:
            return cls(list(target.classes[::-1]), 1 - target.codes)
        return cls(list(target.classes), target.codes)

    @property
    def rare(self) -> Any:
        """Label of the positive class of two; of more None."""
        return self.labels[1] if len(self.labels) == 2 else None

    def positions(self, labels: Any) -> np.ndarray:
        """Positions of labels that a model gave."""
        found = pd.Index(self.labels).get_indexer(pd.Index(np.asarray(labels).tolist()))
        if (found < 0).any():
            unknown = pd.unique(np.asarray(labels)[found < 0]).tolist()
            raise DataError(f"Got the predicted labels {unknown[:5]}; expected some of {self.labels[:20]}.")
        return found


def read_scoring(scoring: Any, y: Any) -> list[Score]:
    """The scores that are asked for, by name, as a callable, or several of them in a sequence or a mapping."""
    if isinstance(scoring, str) or callable(scoring):
        scoring = [scoring]
    named = scoring.items() if isinstance(scoring, Mapping) else [(None, one) for one in scoring]
    scores = [_score(name, one, y) for name, one in named]
    names = [score.name for score in scores]
    taken = {name for name in names if names.count(name) > 1} | ({*names} & {SECONDS, *FIGURES})
    if taken or not scores:
        raise DataError(
            f"Got scoring={scoring!r}; expected at least one score, each with a name of its own and none of "
            f"{[SECONDS, *FIGURES]}, which are always there."
        )
    return scores


def _score(name: Any, one: Any, y: Any) -> Score:
    if isinstance(one, str) and one in SCORING:
        better = {"calibration_slope": "one", "log_loss": "less", "brier": "less"}.get(one, "more")
        # Another name for it would hide which way is better.
        return Score(one, better)
    if isinstance(one, str):
        try:
            return Score(str(name or one), "more", scorer_of(one, y))
        except ValueError as error:
            raise DataError(
                f"Got scoring={one!r}; expected one of {list(SCORING)}, a name of a scorer of scikit-learn, or "
                "scorer(estimator, X, y)."
            ) from error
    if not callable(one):
        raise DataError(f"Got scoring={one!r}; expected a name of a score, or scorer(estimator, X, y).")
    own = getattr(one, "__name__", None) or getattr(getattr(one, "_score_func", None), "__name__", repr(one))
    return Score(str(name or own), "more", one)


@dataclass(frozen=True)
class Answers:
    """What a model says of test rows, in the order of the classes.

    Parameters
    ----------
    truth, predicted : ndarray of int of shape (n_rows,)
    ranking, probability : ndarray of shape (n_rows, n_classes) or None
        None where the model gives none; the ranking then is that of its decision function.
    n_classes : int
    """

    truth: np.ndarray
    predicted: np.ndarray
    ranking: np.ndarray | None
    probability: np.ndarray | None
    n_classes: int

    def score(self, name: str) -> float:
        """One of the scores of this package."""
        if len(np.unique(self.truth)) < 2:
            raise DataError("The test rows of this fold are of one class.")
        if name in OF_PROBABILITIES and self.probability is None:
            raise DataError("The model gives no probabilities (it has no predict_proba).")
        if name in OF_ORDER and self.ranking is None:
            raise DataError("The model gives nothing to order rows by (predict_proba or decision_function).")
        if name == "calibration_slope":
            return calibration_intercept_and_slope(
                self.truth, self.probability, classes=range(self.n_classes)
            ).slope
        if name == "geometric_mean":
            return _geometric_mean(self.truth, self.predicted)
        shown = self.ranking if name in OF_ORDER else self.probability
        if shown is None:
            shown = np.zeros((len(self.truth), self.n_classes))
        return float(Judged(self.truth, shown, self.predicted).scores([name])[0])


def _geometric_mean(truth: np.ndarray, predicted: np.ndarray) -> float:
    """Of the recalls of the classes."""
    recalls = [np.mean(predicted[truth == code] == code) for code in np.unique(truth)]
    return float(np.prod(recalls) ** (1 / len(recalls)))


def judge(
    model: Any, X: Any, y: Any, truth: np.ndarray, classes: Classes, scores: Iterable[Score]
) -> tuple[dict[str, float], dict[str, str], tuple[str, ...]]:
    """Scores of a fitted model on test rows, the errors of those that failed, and what was warned of.

    Parameters
    ----------
    model : fitted classifier
    X : table of shape (n_rows, n_columns)
    y : array-like of shape (n_rows,)
    truth : ndarray of int of shape (n_rows,)
        The same as positions in the classes.
    classes : Classes
    scores : iterable of Score
    """
    scores = list(scores)
    answers = (
        attempted(lambda: _answers(model, X, truth, classes))
        if any(score.scorer is None for score in scores)
        else Attempt(None, 0.0)
    )
    tried = {score.name: _tried(score, answers, model, X, y) for score in scores}
    values = {name: math.nan if found.error else float(found.value) for name, found in tried.items()}
    errors = {name: found.error for name, found in tried.items() if found.error}
    said = [text for found in (answers, *tried.values()) for text in found.warnings]
    return values, errors, tuple(dict.fromkeys(said))


def _tried(score: Score, answers: Attempt, model: Any, X: Any, y: Any) -> Attempt:
    if score.scorer is not None:
        return attempted(lambda: float(score.scorer(model, X, y)))
    return answers if answers.error else attempted(lambda: answers.value.score(score.name))


def _answers(model: Any, X: Any, truth: np.ndarray, classes: Classes) -> Answers:
    predicted = classes.positions(model.predict(X))
    probability = _by_class(model.predict_proba, model, X, classes) if _has(model, "predict_proba") else None
    if probability is not None and not np.isfinite(probability).all():
        raise DataError("Got missing or infinite probabilities; expected a number in [0, 1] for each row.")
    ranking = probability
    if ranking is None and _has(model, "decision_function"):
        ranking = _by_class(model.decision_function, model, X, classes)
    return Answers(truth, predicted, ranking, probability, len(classes.labels))


def _has(model: Any, method: str) -> bool:
    return callable(getattr(model, method, None))


def _by_class(method: Callable[[Any], Any], model: Any, X: Any, classes: Classes) -> np.ndarray:
    """What a model says of each class; of one that no training row had, the least."""
    said = np.asarray(method(X), dtype=np.float64)
    if said.ndim == 1:
        said = np.column_stack([-said, said])
    shown = np.full((len(said), len(classes.labels)), float(said.min(initial=0.0)))
    shown[:, classes.positions(model.classes_)] = said
    return shown
