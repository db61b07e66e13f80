"""Leaks that the steps of a pipeline show without a fit."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
from imblearn.utils import check_sampling_strategy
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    StackingClassifier,
    StackingRegressor,
)
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import TunedThresholdClassifierCV
from sklearn.model_selection._search import BaseSearchCV
from sklearn.preprocessing import TargetEncoder

from ..samplers import AutoSampler, ConstraintFilter, DiversityFilter, QualityFilter
from ..samplers.strategy import target_counts
from ._leak_report import LeakageFinding
from ._leak_tree import Place, candidates_of, is_sampler, makes_rows, named_parts, parameters
from ._leaks_folds import sampler_after_sampler, unknown_groups

__all__ = ["static_findings"]

# HistGradientBoosting's early_stopping="auto" stops early with more rows.
AUTO_ROWS = 10_000
# By class name, for packages that need not be installed: encoders that learn from the target, with folds or without.
TARGET_ENCODERS = {
    "TargetEncoder",
    "LeaveOneOutEncoder",
    "CatBoostEncoder",
    "JamesSteinEncoder",
    "MEstimateEncoder",
    "WOEEncoder",
}
SELECTORS = {"RFECV", "SequentialFeatureSelector"}
ROUNDS = ("early_stopping_rounds", "early_stopping_round", "stopping_rounds", "od_wait")
# Those whose figures are of the class shares that an under-sampler made, even where no row is a relative of another.
OF_CLASS_SHARES = {"GS101", "GS103", "GS104", "GS105", "GS109"}

# Code -> what the step does with rows of which some are synthetic, and what to do.
WORDS = {
    "GS101": (
        "compares candidates on parts of them",
        "Put the search around the whole pipeline: the sampler then runs anew inside each of its folds.",
    ),
    "GS102": (
        "stops early by the score on a part of them",
        "Fix the number of rounds, and choose it by a search around the whole pipeline; or hold validation rows back "
        "before resampling.",
    ),
    "GS103": (
        "chooses its parameters by cross-validation within them",
        "Use the estimator without folds of its own, and a search around the whole pipeline.",
    ),
    "GS104": (
        "chooses its threshold on a part of them",
        "Put TunedThresholdClassifierCV around the whole pipeline.",
    ),
    "GS105": (
        "calibrates probabilities on parts of them",
        "Put CalibratedClassifierCV around the whole pipeline.",
    ),
    "GS106": (
        "weighs its models by predictions on parts of them",
        "Give each base model a pipeline with a sampler of its own, and put the stack around these.",
    ),
    "GS107": (
        "selects features by cross-validation within them",
        "Put the selection before the sampler.",
    ),
    "GS108": (
        "encodes parts of them by the target of the others, and relatives stand on both sides",
        "Put the encoder before the sampler.",
    ),
    "GS109": (
        "scores each of its models on the rows that this one was not given, but whose relatives it was",
        "Leave oob_score off, and cross-validate the whole pipeline.",
    ),
}


def static_findings(
    tree: Iterable[Place], counts: Mapping[Any, int], groups: np.ndarray | None
) -> Iterator[LeakageFinding]:
    """Findings that need no fit.

    Parameters
    ----------
    tree : iterable of Place
    counts : mapping of label to int
        Rows of each class in a training fold.
    groups : ndarray or None
        Groups of the rows.
    """
    for place in tree:
        if is_sampler(place.estimator):
            if place.cached:
                yield from _replayed(place)
            if place.samplers and not place.judged:
                yield from sampler_after_sampler(place)
        elif place.samplers:
            yield from _after_sampler(place, counts)
        if groups is not None and len(np.unique(groups)) < len(groups):
            yield from unknown_groups(place)
        yield from _fitted_before(place)


# --- steps that split what a sampler gave --------------------------------------------------------------------


def _after_sampler(place: Place, counts: Mapping[Any, int]) -> Iterator[LeakageFinding]:
    made = [(path, sampler) for path, sampler in place.samplers if makes_rows(sampler)]
    path, sampler = (made or place.samplers)[-1]
    name = f"{type(place.estimator).__name__} gets its rows from {path!r} ({type(sampler).__name__}) and"
    n_rows = sum(_counts_after(place.samplers, counts).values())
    for code, only_if_handed in _splits(place, n_rows):
        action, instead = WORDS[code]
        if place.tried:
            yield LeakageFinding(
                code,
                "warning" if made or code in OF_CLASS_SHARES else "note",
                place.path,
                f"{name} {action}. It is fitted to choose a sampler by, so that a choice is made by a model that "
                "relatives of its rows have misled; what the choice is worth shows outside.",
                "Choose by an estimator that does not split its rows: without early stopping, folds or a threshold "
                "of its own.",
            )
        elif only_if_handed:
            yield LeakageFinding(
                code,
                "warning",
                place.path,
                f"{name} stops early by rows that it is handed, if these are taken from what the sampler gave.",
                "Hand it validation rows that were split off before resampling.",
            )
        elif made:
            sentence = f"{name} {action}. Synthetic rows have relatives on both sides of such a split, and stand there "
            yield LeakageFinding(
                code, "leak", place.path, sentence + "in shares that the sampler made.", instead
            )
        else:
            severity = "warning" if code in OF_CLASS_SHARES else "note"
            sentence = f"{name} {action}. No row is new, but classes have the shares that the sampler made."
            yield LeakageFinding(code, severity, place.path, sentence, instead)


def _splits(place: Place, n_rows: int) -> Iterator[tuple[str, bool]]:
    """Codes of what a step does with a part of its rows; True with those that need a part handed in."""
    estimator, params = place.estimator, parameters(place.estimator)
    name, cv = type(estimator).__name__, params.get("cv")
    own = _own_code(estimator, name, params)
    if own is not None:
        yield own, False
    elif "cv" in params and (name.endswith("CV") or _is_on(cv)) and cv != "prefit":
        yield "GS103", False
    if params.get("oob_score"):
        yield "GS109", False
    if not place.guarded:
        stops = _stops_early(estimator, params, n_rows)
        if stops is not None:
            yield "GS102", stops == "handed"


def _own_code(estimator: Any, name: str, params: dict[str, Any]) -> str | None:
    """The code of a step that splits by its nature."""
    if isinstance(estimator, BaseSearchCV) or (name.endswith("SearchCV") and "estimator" in params):
        return "GS101"
    if isinstance(estimator, TunedThresholdClassifierCV):
        return "GS104"
    if isinstance(estimator, CalibratedClassifierCV) or params.get("probability") is True:
        return "GS105"
    if isinstance(estimator, StackingClassifier | StackingRegressor):
        return None if params.get("cv") == "prefit" else "GS106"
    if name in SELECTORS and _is_on(params.get("cv", True), default=True):
        return "GS107"
    if isinstance(estimator, TargetEncoder) or name in TARGET_ENCODERS:
        return "GS108"
    return None


def _is_on(cv: Any, *, default: bool = False) -> bool:
    """Whether folds are made with this ``cv``; some packages switch them off by 0 or False."""
    if cv is None:
        return default
    return not (isinstance(cv, int) and not cv)


def _stops_early(estimator: Any, params: dict[str, Any], n_rows: int) -> str | None:
    """``"splits"`` for a step that stops early on a part of its rows, ``"handed"`` where it is handed one."""
    early = params.get("early_stopping")
    if isinstance(early, str) and early == "auto":
        is_hist = isinstance(estimator, HistGradientBoostingClassifier | HistGradientBoostingRegressor)
        return "splits" if is_hist and n_rows > AUTO_ROWS else None
    if "early_stopping" in params and isinstance(early, bool | np.bool_):
        return "splits" if early and params.get("solver") != "lbfgs" else None
    splits = any(params.get(name) for name in ("validation_fraction", "validation_split"))
    if params.get("n_iter_no_change") is not None and "validation_fraction" in params:
        return "splits"
    if any(params.get(name) for name in ROUNDS):
        return "splits" if splits else "handed"
    return None


def _counts_after(samplers: Iterable[tuple[str, Any]], counts: Mapping[Any, int]) -> dict[Any, int]:
    """Rows of each class that the samplers would give, as far as their parameters tell."""
    after = dict(counts)
    for _, sampler in samplers:
        after = _resampled(sampler, after)
    return after


def _resampled(sampler: Any, counts: dict[Any, int]) -> dict[Any, int]:
    if isinstance(sampler, AutoSampler):
        # Any of them may be chosen; most rows are what matters to those that stop early with many.
        may_be = [_resampled(candidate, counts) for _, candidate in candidates_of(sampler)]
        return max(may_be, key=lambda after: sum(after.values()), default=counts)
    params = parameters(sampler)
    inner = params.get("sampler")
    if "constraints" in params and inner is None:
        return counts
    if is_sampler(inner) and "sampling_strategy" not in params:
        return _resampled(inner, counts)
    strategy, kind = (
        params.get("sampling_strategy", "auto"),
        getattr(sampler, "_sampling_type", "over-sampling"),
    )
    try:
        if hasattr(sampler, "targets"):
            return sampler.targets(counts)
        if kind == "clean-sampling":
            return counts
        if kind == "under-sampling":
            y = np.repeat(np.arange(len(counts)), list(counts.values()))
            found = check_sampling_strategy(strategy, y, kind)
            return {label: found.get(code, n) for code, (label, n) in enumerate(counts.items())}
        return target_counts({} if strategy is None else strategy, counts, growth=params.get("growth") or 0.0)
    except Exception:
        # A strategy that does not fit the data is for the sampler to refuse; here it counts as balancing.
        return dict.fromkeys(counts, max(counts.values()))


# --- caches --------------------------------------------------------------------------------------------------


def _replayed(place: Place) -> Iterator[LeakageFinding]:
    for path in _unseeded(place.path, place.estimator):
        yield LeakageFinding(
            "GS110",
            "warning",
            path,
            f"The pipeline caches {place.path!r} by its parameters and its input, and {path!r} has "
            "random_state=None: repetitions that should differ get the same synthetic rows back.",
            "Give it a random_state, another one for each repetition; or leave memory off.",
        )


def _unseeded(path: str, sampler: Any) -> list[str]:
    """Paths of the samplers, at or inside this one, that draw by a seed they do not have."""
    params = parameters(sampler)
    inside = [
        found
        for name, part in named_parts(params)
        if is_sampler(part)
        for found in _unseeded(f"{path}__{name}", part)
    ]
    ours = type(sampler).__module__.partition(".")[0] == __name__.partition(".")[0]
    if not ours:
        return [*([path] if params.get("random_state", 0) is None else []), *inside]
    if params.get("random_state", 0) is not None:
        return []  # a seed of ours is handed down to those that have none
    if (
        isinstance(sampler, ConstraintFilter | QualityFilter | DiversityFilter)
        and params["sampler"] is not None
    ):
        # A filter draws by the seed of what it stands around.
        return [path] if inside else []
    if isinstance(sampler, ConstraintFilter):
        return []
    return [path]


# --- parts that are not fitted again -------------------------------------------------------------------------


def _fitted_before(place: Place) -> Iterator[LeakageFinding]:
    estimator = place.estimator
    if isinstance(estimator, FrozenEstimator) or parameters(estimator).get("cv") == "prefit":
        yield LeakageFinding(
            "GS130",
            "note",
            place.path or type(estimator).__name__,
            f"{type(estimator).__name__} is not fitted again inside the folds. Whether it has seen the validation rows "
            "cannot be told from here.",
            "Make sure that it was fitted on rows that take no part in this cross-validation.",
        )


def quietly() -> warnings.catch_warnings:
    """A context in which warnings of others do not reach the user: an audit is about leaks alone."""
    return warnings.catch_warnings(action="ignore")
