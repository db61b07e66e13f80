"""What estimators share that choose by themselves among candidates."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from numbers import Integral, Real
from typing import Any

from sklearn.utils._param_validation import HasMethods, Interval, StrOptions

from .._random import RandomStreams
from ..exceptions import GenesisWarning, SmallClassWarning
from ..tables.containers import Target
from ._candidates import Candidate
from ._choice import Search

__all__ = ["Chooser"]


class Chooser:
    """Mixin: the parameters of a choice by cross-validation, and the choice.

    Attributes
    ----------
    best_candidate_, cv_results_, gain_error_
        Set by the choice; as :class:`AutoSampler` documents them.
    """

    _parameter_constraints: dict = {
        "estimator": [HasMethods(["fit", "predict"]), None],
        "candidates": [StrOptions({"default"}), list, tuple, dict],
        "ratios": ["array-like"],
        "include_none": ["boolean"],
        "scoring": [str, callable],
        "cv": [Interval(Integral, 2, None, closed="left")],
        "n_repeats": [Interval(Integral, 1, None, closed="left")],
        "min_gain": [Interval(Real, 0, None, closed="left")],
        "time_budget": [Interval(Real, 0, None, closed="neither"), None],
        "n_jobs": [Integral, None],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        estimator=None,
        candidates="default",
        *,
        ratios=(0.5, 1.0),
        include_none=True,
        scoring="average_precision",
        cv=3,
        n_repeats=2,
        min_gain=0.5,
        time_budget=None,
        n_jobs=None,
        random_state=None,
    ):
        self.estimator = estimator
        self.candidates = candidates
        self.ratios = ratios
        self.include_none = include_none
        self.scoring = scoring
        self.cv = cv
        self.n_repeats = n_repeats
        self.min_gain = min_gain
        self.time_budget = time_budget
        self.n_jobs = n_jobs
        self.random_state = random_state

    def _chosen_of(
        self,
        candidates: Sequence[Candidate],
        learners: Mapping[str, Any],
        X: Any,
        target: Target,
        groups: Any,
        streams: RandomStreams,
        warn: Callable[[str, type[Warning]], None],
    ) -> Candidate:
        """The candidate that gains on folds of the rows; else doing nothing, which is the first one.

        Where nothing could be tried, ``warn`` is told why.
        """
        search = Search(self.scoring, self.cv, self.n_repeats, self.time_budget, self.n_jobs)
        trials = search.run(X, target, groups, candidates, learners, streams)
        if trials.reason:
            warn(trials.reason, GenesisWarning if trials.errors else SmallClassWarning)
        best = trials.best(self.min_gain)
        if not self.include_none and len(candidates) > 1:
            best = trials.best_of_any()
        self.gain_error_, self.cv_results_ = trials.standard_error(), trials.results()
        self.best_candidate_ = candidates[best].name
        return candidates[best]
