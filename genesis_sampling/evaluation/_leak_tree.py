"""The steps of an estimator with what stands before each: nested pipelines, meta-estimators, columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from imblearn.ensemble import BalancedBaggingClassifier
from imblearn.under_sampling import RandomUnderSampler
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator

from ..samplers import AugmentedClassifier, AutoAugmentedClassifier, AutoSampler, GenerativeOverSampler
from ..samplers._candidates import default_samplers, named

__all__ = [
    "Place",
    "candidates_of",
    "is_estimator",
    "is_sampler",
    "makes_rows",
    "named_parts",
    "parameters",
    "places",
    "requests_groups",
    "samplers_inside",
]

# Values of one parameter of a search that are looked at.
MAX_CANDIDATES = 50
# What imbalanced-learn calls samplers that select among the rows that are there.
SELECTING = ("under-sampling", "clean-sampling")


@dataclass(frozen=True)
class Place:
    """A step, and what has happened to the rows before they come to it.

    Parameters
    ----------
    path : str
        As ``get_params`` of the whole names it; "" for the whole.
    estimator : estimator
    samplers : tuple of (path, sampler)
        Those that have resampled what this step is fitted to.
    transformed : bool
        Whether a transformer stands before it.
    cached : bool
        Whether a pipeline caches what it gives.
    guarded : bool
        Whether it is handed validation rows that were split off before resampling.
    tried : bool
        Whether it is fitted to choose a sampler by, and not to predict.
    grouped : bool
        Whether what stands around it hands it the groups.
    judged : bool
        Whether it is a candidate that the folds of what stands around it judge.
    """

    path: str
    estimator: Any
    samplers: tuple[tuple[str, Any], ...] = ()
    transformed: bool = False
    cached: bool = False
    guarded: bool = False
    tried: bool = False
    grouped: bool = False
    judged: bool = False

    def child(self, name: str, estimator: Any, **changes: Any) -> Place:
        """A part of this step; it is fitted to the same rows."""
        path = f"{self.path}__{name}" if self.path else name
        usual = {"cached": False, "guarded": False, "grouped": False, "judged": False}
        return replace(self, path=path, estimator=estimator, **{**usual, **changes})


def places(estimator: Any) -> Iterator[Place]:
    """Every step of an estimator, and the estimator itself first."""
    return _visit(Place("", estimator))


def _visit(place: Place) -> Iterator[Place]:
    yield place
    estimator = place.estimator
    if is_sampler(estimator):
        yield from _tried(place)
        return
    if isinstance(estimator, FrozenEstimator):
        # It is not fitted again, so what stands before it now does not concern its parts.
        yield from _visit(place.child("estimator", estimator.estimator, samplers=(), transformed=False))
    elif _is_pipeline(estimator):
        yield from _steps(place)
    else:
        yield from _parts(place)
        yield from _candidates(place)


def _tried(place: Place) -> Iterator[Place]:
    """The estimators that samplers choose by, at or inside this one, behind each of the candidates."""
    for path, sampler in samplers_inside(place.path, place.estimator):
        if isinstance(sampler, AutoSampler) and is_estimator(sampler.estimator):
            yield from _behind_candidates(replace(place, path=path, estimator=sampler), tried=True)


def _behind_candidates(place: Place, **changes: Any) -> Iterator[Place]:
    """The estimator of what chooses among samplers, as it is fitted behind each of them."""
    for name, sampler in candidates_of(place.estimator):
        samplers = (*place.samplers, (place.child(name, sampler).path, sampler))
        yield from _visit(place.child("estimator", place.estimator.estimator, samplers=samplers, **changes))


def _is_pipeline(estimator: Any) -> bool:
    steps = getattr(estimator, "steps", None)
    return isinstance(steps, list) and all(isinstance(step, tuple) and len(step) == 2 for step in steps)


def _steps(place: Place) -> Iterator[Place]:
    steps, caches = place.estimator.steps, _caches(getattr(place.estimator, "memory", None))
    samplers, transformed = place.samplers, place.transformed
    for position, (name, step) in enumerate(steps):
        if not is_estimator(step):
            continue
        is_last = position == len(steps) - 1
        step_place = place.child(
            name,
            step,
            samplers=samplers,
            transformed=transformed,
            cached=caches and not is_last,
            guarded=place.guarded and is_last,
        )
        yield from _visit(step_place)
        if is_sampler(step):
            samplers = (*samplers, (step_place.path, step))
        else:
            transformed = True


def _caches(memory: Any) -> bool:
    """Whether a pipeline with this ``memory`` keeps results."""
    return bool(getattr(memory, "location", memory))


def _parts(place: Place) -> Iterator[Place]:
    """What a meta-estimator fits, as far as its parameters tell."""
    params = parameters(place.estimator)
    sampler = params.get("sampler")
    if sampler is None and isinstance(place.estimator, BalancedBaggingClassifier):
        sampler = RandomUnderSampler()
    if sampler is None and isinstance(place.estimator, AugmentedClassifier):
        sampler = GenerativeOverSampler()
    if not is_sampler(sampler):
        sampler = None
    chooses = isinstance(place.estimator, AutoAugmentedClassifier)
    for name, part in named_parts(params):
        if chooses and name == "estimator" and candidates_of(place.estimator):
            yield from _behind_candidates(place)
        elif chooses and name != "estimator":
            yield from _visit(place.child(name, part, judged=True))
        elif isinstance(place.estimator, AugmentedClassifier) and name == "sampler":
            yield from _visit(place.child(name, part, grouped=requests_groups(place.estimator, "fit")))
        elif sampler is not None and name == "estimator":
            before = place.child("sampler", sampler)
            guarded = params.get("validation_fraction") is not None
            samplers = (*place.samplers, (before.path, sampler))
            yield from _visit(place.child(name, part, samplers=samplers, guarded=guarded))
        else:
            yield from _visit(place.child(name, part))


def named_parts(params: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Estimators among parameters, those in lists of (name, estimator, ...) included."""
    for name, value in params.items():
        if is_estimator(value):
            yield name, value
        elif isinstance(value, list | tuple):
            for position, item in enumerate(value):
                if is_estimator(item):
                    yield f"{name}[{position}]", item
                elif isinstance(item, tuple) and len(item) >= 2 and is_estimator(item[1]):
                    yield str(item[0]), item[1]
        elif isinstance(value, dict):
            yield from ((f"{name}[{key!r}]", item) for key, item in value.items() if is_estimator(item))


def candidates_of(chooser: Any) -> list[tuple[str, Any]]:
    """The samplers that one of ours chooses among, with their names, those that make rows first.

    Each has the largest of the ratios that it would be tried with.
    """
    given = chooser.candidates
    if not isinstance(given, str | list | tuple | dict) or not given:
        return []  # what is wrong with it, the chooser itself says
    found = []
    for name, sampler in (default_samplers() if isinstance(given, str) else named(given, {})).items():
        if is_sampler(sampler):
            found.append((f"candidates[{name!r}]", _with_largest_ratio(sampler, chooser.ratios)))
    return sorted(found, key=lambda pair: not makes_rows(pair[1]))


def _with_largest_ratio(sampler: Any, ratios: Any) -> Any:
    if parameters(sampler).get("sampling_strategy") is None:
        return sampler
    try:
        return clone(sampler).set_params(sampling_strategy=float(max(ratios)))
    except (ValueError, TypeError):
        return sampler


def requests_groups(estimator: Any, method: str) -> bool:
    """Whether it has asked for groups through scikit-learn's metadata routing."""
    try:
        return getattr(estimator.get_metadata_routing(), method).requests.get("groups") is True
    except (AttributeError, TypeError):
        return False


def _candidates(place: Place) -> Iterator[Place]:
    """The estimator of a search as its grid would make it, one parameter at a time."""
    params = parameters(place.estimator)
    inner = params.get("estimator")
    grid = params.get("param_grid", params.get("param_distributions"))
    if not is_estimator(inner) or grid is None:
        return
    for name, value in _values(grid):
        try:
            candidate = clone(inner).set_params(**{name: value})
        except (ValueError, TypeError, AttributeError):
            continue  # the search itself says what is wrong with its grid
        yield from _visit(place.child("estimator", candidate))


def _values(grid: Any) -> Iterator[tuple[str, Any]]:
    """Each parameter of a grid with each of its values."""
    for part in grid if isinstance(grid, list | tuple) else [grid]:
        if not isinstance(part, dict):
            continue
        for name, values in part.items():
            if isinstance(values, list | tuple):
                yield from ((name, value) for value in values[:MAX_CANDIDATES])


def parameters(estimator: Any) -> dict[str, Any]:
    """The parameters of an estimator itself."""
    try:
        return estimator.get_params(deep=False)
    except (AttributeError, TypeError, ValueError, KeyError):
        return {}


def is_estimator(value: Any) -> bool:
    """Whether something can be fitted, and is no class."""
    return not isinstance(value, type) and callable(getattr(value, "fit", None))


def is_sampler(value: Any) -> bool:
    """Whether something resamples, and is no class."""
    return not isinstance(value, type) and callable(getattr(value, "fit_resample", None))


def makes_rows(sampler: Any) -> bool:
    """Whether rows that a sampler returns may be new or copies; False if it only selects."""
    if hasattr(sampler, "constraints") and parameters(sampler).get("sampler", sampler) is None:
        return False
    return getattr(sampler, "_sampling_type", None) not in SELECTING


def samplers_inside(path: str, sampler: Any) -> Iterable[tuple[str, Any]]:
    """A sampler and those inside it, with their paths."""
    yield path, sampler
    for name, part in named_parts(parameters(sampler)):
        if is_sampler(part):
            yield from samplers_inside(f"{path}__{name}", part)
