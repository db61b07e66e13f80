"""The steps of an estimator with what stands before each: nested pipelines, meta-estimators, columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from imblearn.ensemble import BalancedBaggingClassifier
from imblearn.under_sampling import RandomUnderSampler
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator

__all__ = ["Place", "is_estimator", "is_sampler", "makes_rows", "parameters", "places", "samplers_inside"]

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
    """

    path: str
    estimator: Any
    samplers: tuple[tuple[str, Any], ...] = ()
    transformed: bool = False
    cached: bool = False
    guarded: bool = False

    def child(self, name: str, estimator: Any, **changes: Any) -> Place:
        """A part of this step; it is fitted to the same rows."""
        path = f"{self.path}__{name}" if self.path else name
        return replace(self, path=path, estimator=estimator, **{"cached": False, "guarded": False, **changes})


def places(estimator: Any) -> Iterator[Place]:
    """Every step of an estimator, and the estimator itself first."""
    return _visit(Place("", estimator))


def _visit(place: Place) -> Iterator[Place]:
    yield place
    estimator = place.estimator
    if is_sampler(estimator):
        return
    if isinstance(estimator, FrozenEstimator):
        # It is not fitted again, so what stands before it now does not concern its parts.
        yield from _visit(place.child("estimator", estimator.estimator, samplers=(), transformed=False))
    elif _is_pipeline(estimator):
        yield from _steps(place)
    else:
        yield from _parts(place)
        yield from _candidates(place)


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
    if not is_sampler(sampler):
        sampler = None
    for name, part in named_parts(params):
        if sampler is not None and name == "estimator":
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
