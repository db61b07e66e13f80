"""Which of many samplers does a learner good, by scores on folds of the training rows alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from time import perf_counter
from typing import Any

import numpy as np
from imblearn.pipeline import Pipeline
from joblib import effective_n_jobs

from .._folds import Folds, FoldScores

__all__ = ["NOTHING", "Candidate", "Trials", "choose"]

NOTHING = "nothing"
# Of the candidates so many go on to the next fold, as long as there are more than a few.
KEPT_SHARE = 0.5
LEAST_KEPT = 3


@dataclass(frozen=True)
class Candidate:
    """A sampler with its ratio.

    Parameters
    ----------
    name : str
    sampler : sampler or None
        None for doing nothing.
    ratio : float or None, default=None
        Rows of the smaller classes per row of the largest.
    """

    name: str
    sampler: Any
    ratio: float | None = None

    def with_model(self, model: Any) -> Any:
        """The estimator that is trained behind this sampler."""
        return model if self.sampler is None else Pipeline([("sampler", self.sampler), ("model", model)])


@dataclass
class Trials:
    """Scores of candidates by learner and fold, NaN where they were not asked for, or failed.

    Parameters
    ----------
    candidates : sequence of Candidate
        The first is to do nothing.
    n_learners, n_folds : int
    test_share : float
        Share of the rows that a fold tests on.
    """

    candidates: Sequence[Candidate]
    n_learners: int
    n_folds: int
    test_share: float
    errors: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        shape = (len(self.candidates), self.n_learners, self.n_folds)
        self.scores, self.seconds = np.full(shape, np.nan), np.zeros(shape)

    def record(self, candidate: int, learner: int, fold: int, found: FoldScores) -> None:
        """Keep what one candidate scored."""
        (self.scores[candidate, learner, fold],) = found.scores.values()
        self.seconds[candidate, learner, fold] = found.seconds
        if found.error:
            self.errors.setdefault(self.candidates[candidate].name, found.error)

    def gains(self) -> np.ndarray:
        """Scores less those of doing nothing, shape (n_candidates, n_learners, n_folds)."""
        return self.scores - self.scores[:1]

    def mean_gains(self, folds: slice = slice(None)) -> np.ndarray:
        """Mean gain of each candidate over learners and folds; NaN where one is missing, shape (n_candidates,)."""
        return self.gains()[..., folds].mean(axis=(1, 2))

    def n_tried(self) -> int:
        """Number of folds that doing nothing was scored on by all learners."""
        known = ~np.isnan(self.scores[0]).any(axis=0)
        return int(np.argmin(known)) if not known.all() else self.n_folds

    def standard_error(self) -> float:
        """Of a mean gain over the folds that were tried, as far as folds differ; NaN for fewer than two folds.

        The variance is pooled over the candidates that were scored on all these folds, since that of one alone is
        hardly known from few folds; it is corrected for the training rows that folds share [1]_.

        References
        ----------
        .. [1] C. Nadeau, Y. Bengio, "Inference for the generalization error", Machine Learning 52(3), 2003.
        """
        n_folds = self.n_tried()
        by_fold = self.gains()[1:, :, :n_folds].mean(axis=1)
        by_fold = by_fold[~np.isnan(by_fold).any(axis=1)]
        if n_folds < 2 or not len(by_fold):
            return np.nan
        variance = by_fold.var(axis=1, ddof=1).mean()
        return float(np.sqrt(variance * (1 / n_folds + self.test_share / (1 - self.test_share))))

    def best(self, n_errors: float) -> int:
        """The candidate with the largest gain, if that is beyond chance and every learner gains; else 0, nothing."""
        n_folds = self.n_tried()
        if n_folds < 1:
            return 0
        error = self.standard_error()
        by_learner = self.gains()[..., :n_folds].mean(axis=2)
        gain = by_learner.mean(axis=1)
        helps = (by_learner > 0).all(axis=1) & (gain > n_errors * (error if error >= 0 else np.inf))
        return int(np.argmax(np.where(helps, gain, 0.0)))


def choose(
    folds: Folds,
    candidates: Sequence[Candidate],
    learners: Mapping[str, Any],
    *,
    test_share: float,
    time_budget: float | None = None,
    n_jobs: int | None = None,
) -> Trials:
    """Score candidates on one fold after the other, of which half go on to the next (successive halving [1]_).

    Parameters
    ----------
    folds : Folds
        With one scorer.
    candidates : sequence of Candidate
        The first is to do nothing.
    learners : mapping of str to estimator
    test_share : float
    time_budget : float or None, default=None
        Seconds after which no further fit begins.
    n_jobs : int, default=None

    Returns
    -------
    Trials

    References
    ----------
    .. [1] K. Jamieson, A. Talwalkar, "Non-stochastic best arm identification and hyperparameter optimization",
       Artificial Intelligence and Statistics, 2016.
    """
    deadline = np.inf if time_budget is None else perf_counter() + time_budget
    trials = Trials(candidates, len(learners), len(folds.splits), test_share)
    models, alive = list(learners.values()), np.arange(1, len(candidates))
    for fold in range(len(folds.splits)):
        jobs = [(place, learner) for place in (0, *alive) for learner in range(len(models))]
        waiting = iter(jobs)
        while chunk := list(islice(waiting, effective_n_jobs(n_jobs))):
            if perf_counter() > deadline:
                return trials
            pairs = [(candidates[place].with_model(models[learner]), fold) for place, learner in chunk]
            for (place, learner), found in zip(chunk, folds.score_all(pairs, n_jobs=n_jobs), strict=True):
                trials.record(place, learner, fold, found)
        gains = trials.mean_gains(slice(fold + 1))[alive]
        alive = alive[~np.isnan(gains)]
        n_kept = max(LEAST_KEPT, int(np.ceil(KEPT_SHARE * len(alive))))
        alive = alive[np.argsort(-gains[~np.isnan(gains)], kind="stable")[:n_kept]]
        if not len(alive):
            break
    return trials
