"""Which of many candidates does a learner good, by scores on folds of the training rows alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from time import perf_counter
from typing import Any

import numpy as np
from joblib import effective_n_jobs
from sklearn.model_selection import RepeatedStratifiedKFold, StratifiedGroupKFold
from sklearn.utils import get_tags, indexable

from .._folds import Folds, FoldScores, attempted, scorer_of
from .._random import RandomStreams
from ..exceptions import DataError
from ..tables.containers import Target
from ._candidates import Candidate
from ._checks import cannot_take_rows, check_is_instance

__all__ = ["Search", "Trials", "inner_splits"]

# Of the candidates so many go on to the next fold, as long as there are more than a few.
KEPT_SHARE = 0.5
LEAST_KEPT = 3
# A class of fewer rows cannot be split in a way that tells anything.
MIN_ROWS_OF_A_CLASS = 4


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
    errors : dict of str to str, default={}
        What was raised, by name of the candidate.
    reason : str, default=""
        Why nothing is known of any candidate.
    """

    candidates: Sequence[Candidate]
    n_learners: int
    n_folds: int
    test_share: float
    errors: dict[str, str] = field(default_factory=dict)
    reason: str = ""

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
        """Number of folds that doing nothing and a candidate were scored on by all learners."""
        scored = ~np.isnan(self.scores).any(axis=1)
        known = scored[0] & scored[1:].any(axis=0)
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

    def best_of_any(self) -> int:
        """The candidate with the largest gain, be it below 0; the first where none was scored."""
        gains = self.mean_gains(slice(max(self.n_tried(), 1)))[1:]
        return 1 + (0 if np.isnan(gains).all() else int(np.nanargmax(gains)))

    def results(self) -> dict[str, list]:
        """What is told of each candidate: one list of each figure."""
        known, gains = ~np.isnan(self.scores).any(axis=1), self.gains()
        rows = []
        for place, candidate in enumerate(self.candidates):
            folds = known[place]
            means = (table[place][:, folds].mean() for table in (self.scores, gains, self.seconds))
            score, gain, seconds = means if folds.any() else (np.nan,) * 3
            rows.append(
                {
                    "candidate": candidate.name,
                    "sampler": candidate.sampler,
                    "ratio": candidate.ratio,
                    "n_folds": int(folds.sum()),
                    "mean_score": float(score),
                    "mean_gain": float(gain),
                    "mean_fit_time": float(seconds),
                    "error": self.errors.get(candidate.name, ""),
                }
            )
        return {name: [row[name] for row in rows] for name in rows[0]}


@dataclass(frozen=True)
class Search:
    """How candidates are tried.

    Parameters
    ----------
    scoring : str or callable
    cv, n_repeats : int
        Folds, and how often they are drawn.
    time_budget : float or None
        Seconds after which no further fit begins. Each fold has a part of them.
    n_jobs : int or None
    """

    scoring: Any
    cv: int
    n_repeats: int
    time_budget: float | None
    n_jobs: int | None

    def run(
        self,
        X: Any,
        target: Target,
        groups: Any,
        candidates: Sequence[Candidate],
        learners: Mapping[str, Any],
        streams: RandomStreams,
    ) -> Trials:
        """Score candidates on one fold after the other, of which half go on to the next (successive halving [1]_).

        Parameters
        ----------
        X : {array-like, sparse matrix, dataframe} of shape (n_rows, n_columns)
        target : Target
        groups : array-like of shape (n_rows,) or None
        candidates : sequence of Candidate
            The first is to do nothing.
        learners : mapping of str to estimator
        streams : RandomStreams

        Returns
        -------
        Trials
            Without a score where there is nothing to choose from, or too few rows to tell.

        Raises
        ------
        DataError
            When a learner cannot be trained or scored on the rows as they are.

        References
        ----------
        .. [1] K. Jamieson, A. Talwalkar, "Non-stochastic best arm identification and hyperparameter optimization",
           Artificial Intelligence and Statistics, 2016.
        """
        for learner in learners.values():
            _check_classifier(learner)
        if len(candidates) == 1:
            return Trials(candidates, len(learners), 1, 0.5)
        splits = inner_splits(target.codes, groups, self.cv, self.n_repeats, streams)
        if not splits:
            return Trials(candidates, len(learners), 1, 0.5, reason=_why_no_splits(target))
        y = np.array(target.classes)[target.codes]
        folds = Folds(indexable(X)[0], y, splits, {"score": scorer_of(self.scoring, y)})
        test_share = float(np.mean([len(test) for _, test in splits])) / len(y)
        trials = Trials(candidates, len(learners), len(splits), test_share)
        deadlines = self._deadlines(len(candidates) - 1, len(splits))
        alive = np.arange(1, len(candidates))
        for fold, deadline in enumerate(deadlines):
            self._score(trials, folds, fold, alive, list(learners.values()), (deadline, deadlines[-1]))
            alive = _best_half(alive, trials.mean_gains(slice(fold + 1))[alive])
            if not len(alive) or perf_counter() > deadlines[-1]:
                break
        if len(trials.errors) == len(candidates) - 1:
            trials.reason = f"All candidates failed, the first one with: {next(iter(trials.errors.values()))}"
        return trials

    def _deadlines(self, n_candidates: int, n_folds: int) -> np.ndarray:
        """When each fold shall be done with: in a short time few candidates see all folds, not all of them one."""
        if self.time_budget is None:
            return np.full(n_folds, np.inf)
        fits = np.empty(n_folds)
        for fold in range(n_folds):
            fits[fold] = 1 + n_candidates
            n_candidates = _n_kept(n_candidates)
        return perf_counter() + self.time_budget * np.cumsum(fits) / fits.sum()

    def _score(
        self,
        trials: Trials,
        folds: Folds,
        fold: int,
        alive: np.ndarray,
        learners: list[Any],
        deadlines: tuple[float, float],
    ) -> None:
        """Score doing nothing and the candidates that are alive on one fold, until its time runs out.

        Doing nothing and the best candidate so far have time until all folds shall be done with.
        """
        waiting = iter([(place, learner) for place in (0, *alive) for learner in range(len(learners))])
        while chunk := list(islice(waiting, effective_n_jobs(self.n_jobs))):
            if perf_counter() > deadlines[chunk[0][0] in (0, alive[0])]:
                return
            tried = [
                attempted(partial(trials.candidates[place].with_model, learners[learner]))
                for place, learner in chunk
            ]
            scored = iter(
                folds.score_all([(one.value, fold) for one in tried if not one.error], n_jobs=self.n_jobs)
            )
            for (place, learner), one in zip(chunk, tried, strict=True):
                failed = FoldScores({"score": np.nan}, one.seconds, one.error)
                trials.record(place, learner, fold, failed if one.error else next(scored))
            if error := trials.errors.get(trials.candidates[0].name):
                raise cannot_take_rows("The estimator could not be trained or scored on", error)


def _check_classifier(estimator: Any) -> None:
    check_is_instance(estimator, "a classifier")
    kind = get_tags(estimator).estimator_type if hasattr(estimator, "__sklearn_tags__") else None
    if kind not in (None, "classifier"):
        raise DataError(f"Got {type(estimator).__name__}, a {kind}; expected a classifier.".replace("_", " "))


def _why_no_splits(target: Target) -> str:
    fewest = int(np.argmin(target.counts))
    if target.counts[fewest] < MIN_ROWS_OF_A_CLASS:
        return (
            f"Class {target.classes[fewest]!r} has {target.counts[fewest]} rows, too few to try anything on folds; "
            f"expected {MIN_ROWS_OF_A_CLASS} at least. Merge such a class with another one, or leave it out."
        )
    return "No fold of whole groups has all classes on both sides, so nothing can be tried."


def _best_half(alive: np.ndarray, gains: np.ndarray) -> np.ndarray:
    """Those that go on, best first; not those that failed, or for which there was no time."""
    alive, gains = alive[~np.isnan(gains)], gains[~np.isnan(gains)]
    return alive[np.argsort(-gains, kind="stable")[: _n_kept(len(alive))]]


def _n_kept(n_candidates: int) -> int:
    return min(n_candidates, max(LEAST_KEPT, int(np.ceil(KEPT_SHARE * n_candidates))))


def inner_splits(
    codes: np.ndarray, groups: Any, cv: int, n_repeats: int, streams: RandomStreams
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Stratified folds, repeated with other ones; rows of a group stay together.

    Parameters
    ----------
    codes : ndarray of int of shape (n_rows,)
        Classes.
    groups : array-like of shape (n_rows,) or None
    cv : int
        Folds; fewer where a class has fewer rows, or where there are fewer groups.
    n_repeats : int
    streams : RandomStreams

    Returns
    -------
    splits : list of (train, test)
        Positions of rows; none where a class has too few rows to tell anything, or there is one group only. Folds of
        groups in which a class is missing are left out.
    """
    fewest = int(np.bincount(codes).min())
    if fewest < MIN_ROWS_OF_A_CLASS:
        return []
    rows, n_splits = np.zeros(len(codes)), min(cv, fewest)
    if groups is None:
        seed = streams.integer_seed()
        splitter = RepeatedStratifiedKFold(n_splits=n_splits, n_repeats=n_repeats, random_state=seed)
        return list(splitter.split(rows, codes))
    groups = np.unique(np.asarray(groups), return_inverse=True)[1].ravel()
    n_splits = min(n_splits, int(groups.max()) + 1)
    if n_splits < 2:
        return []
    seeds = [streams.child(repeat).integer_seed() for repeat in range(n_repeats)]
    splitters = [StratifiedGroupKFold(n_splits, shuffle=True, random_state=seed) for seed in seeds]
    splits = [split for splitter in splitters for split in splitter.split(rows, codes, groups)]
    n_classes = len(np.unique(codes))
    return [split for split in splits if all(len(np.unique(codes[part])) == n_classes for part in split)]
