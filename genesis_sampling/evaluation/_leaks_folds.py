"""Folds that a step makes for itself: of rows that another sampler gave, and of rows that belong together."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import StackingClassifier
from sklearn.model_selection import BaseCrossValidator, BaseShuffleSplit, TunedThresholdClassifierCV
from sklearn.model_selection._search import BaseSearchCV

from ..samplers import (
    AdversarialSampler,
    AugmentedClassifier,
    AutoAugmentedClassifier,
    AutoSampler,
    DistillationSampler,
    HardExampleSampler,
    QualityFilter,
)
from ._leak_report import LeakageFinding
from ._leak_tree import Place, is_sampler, makes_rows, named_parts, parameters, requests_groups

__all__ = ["sampler_after_sampler", "unknown_groups"]

# Samplers that judge their rows by folds, and the parameter that says how; of filters those with these scorers.
SPLITTING = {
    AutoSampler: "cv",
    DistillationSampler: "cv",
    HardExampleSampler: "n_folds",
    AdversarialSampler: "n_folds",
    QualityFilter: "scorer",
}
CROSS_FITTED = ("classifier", "discriminator")


def _splitting(path: str, sampler: Any) -> Iterator[tuple[str, Any, str]]:
    """Path, sampler and parameter of those, at or inside a sampler, that split; none inside one that does."""
    for kind, parameter in SPLITTING.items():
        if isinstance(sampler, kind) and (
            kind is not QualityFilter or parameters(sampler)["scorer"] in CROSS_FITTED
        ):
            yield path, sampler, parameter
            return
    for name, part in named_parts(parameters(sampler)):
        if is_sampler(part):
            yield from _splitting(f"{path}__{name}" if path else name, part)


def sampler_after_sampler(place: Place) -> Iterator[LeakageFinding]:
    """Samplers with folds of their own that get what another sampler gave.

    Parameters
    ----------
    place : Place
        Of a sampler behind another one.
    """
    made = [(path, sampler) for path, sampler in place.samplers if makes_rows(sampler)]
    before, maker = (made or place.samplers)[-1]
    for path, sampler, _ in _splitting(place.path, place.estimator):
        name = f"{type(sampler).__name__} gets its rows from {before!r} ({type(maker).__name__}) and"
        chooses = isinstance(sampler, AutoSampler)
        what = "compares its candidates on" if chooses else "judges each row by models that were fitted to"
        if made:
            yield LeakageFinding(
                "GS111",
                # Where no score is told, none is too good; what is made of the judgement may be worse for it.
                "leak" if chooses and not place.tried else "warning",
                path,
                f"{name} {what} parts of them. Synthetic rows have relatives on both sides of such a split.",
                "Let one sampler stand alone: leave the first out, or make it one of the candidates."
                if chooses
                else "Put it before the other sampler, or join both in a HybridSampler: each then sees real rows.",
            )
        elif chooses:
            yield LeakageFinding(
                "GS111",
                "warning",
                path,
                f"{name} {what} parts of them. No row is new, but classes have the shares that the sampler made.",
                "Leave the first sampler out, so that the choice is made with the class shares of the data.",
            )


# --- groups --------------------------------------------------------------------------------------------------


def unknown_groups(place: Place) -> Iterator[LeakageFinding]:
    """Folds of a step itself that part rows of one group.

    Parameters
    ----------
    place : Place
    """
    estimator = place.estimator
    if is_sampler(estimator):
        if not place.judged:
            yield from _of_samplers(place)
    elif isinstance(estimator, AutoAugmentedClassifier):
        yield from _unless_handed(place, "cv")
    elif isinstance(estimator, AugmentedClassifier):
        if estimator.validation_fraction is not None:
            yield from _unless_handed(place, "validation_fraction")
    elif isinstance(
        estimator, BaseSearchCV | TunedThresholdClassifierCV | CalibratedClassifierCV | StackingClassifier
    ):
        cv = parameters(estimator).get("cv")
        if cv is None or isinstance(cv, int | np.integer) or _ignores_groups(cv):
            yield _finding(
                place.path,
                "cv",
                f"{type(estimator).__name__} splits by rows (cv={cv!r}), so that rows of one group stand on both "
                "sides: what it chooses, it chooses by relatives.",
                "Give it a group splitter, such as StratifiedGroupKFold, and route the groups to it.",
            )


def _finding(path: str, parameter: str, sentence: str, instead: str) -> LeakageFinding:
    where = f"{path}__{parameter}" if path else parameter
    return LeakageFinding("GS208", "warning", where, sentence, instead)


def _unless_handed(place: Place, parameter: str) -> Iterator[LeakageFinding]:
    """A classifier of ours whose ``fit`` takes groups."""
    if not requests_groups(place.estimator, "fit"):
        name = type(place.estimator).__name__
        yield _finding(
            place.path,
            parameter,
            f"{name} splits the rows that it is given, and is not told the groups: rows of one group stand on both "
            "sides, and what it chooses, it chooses by relatives.",
            "Hand the groups to its fit: enable scikit-learn's metadata routing, and call "
            ".set_fit_request(groups=True).",
        )


def _of_samplers(place: Place) -> Iterator[LeakageFinding]:
    for path, sampler, parameter in _splitting(place.path, place.estimator):
        name = type(sampler).__name__
        if not isinstance(sampler, AutoSampler):
            yield _finding(
                path,
                parameter,
                f"{name} judges rows by models that were fitted to the others, and knows no groups: these models have "
                "seen rows of the same group.",
                "Use a sampler without folds of its own, or keep one row of each group; a choice among samplers whose "
                "folds know the groups (AutoSampler) tells whether it does harm.",
            )
        elif path != place.path or not (place.grouped or requests_groups(sampler, "fit_resample")):
            yield _finding(
                path,
                parameter,
                f"{name} chooses on folds of its rows, and is not told the groups: rows of one group stand on both "
                "sides, and what it chooses, it chooses by relatives.",
                "Hand the groups to it: enable scikit-learn's metadata routing, and call "
                ".set_fit_resample_request(groups=True) on a sampler that is a step of the pipeline itself.",
            )


def _ignores_groups(cv: Any) -> bool:
    known = isinstance(cv, BaseCrossValidator | BaseShuffleSplit)
    return known and "Group" not in type(cv).__name__ and type(cv).__module__.startswith("sklearn.")
