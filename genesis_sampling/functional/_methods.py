"""What the names of methods stand for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from imblearn.over_sampling import RandomOverSampler
from sklearn.base import clone

from .._hints import one_of
from ..exceptions import DataError
from ..filters import parse_constraints
from ..generators import BaseGenerator, as_generator
from ..samplers import (
    GENERATORS,
    KINDS,
    ConstraintFilter,
    GenerativeOverSampler,
    HybridSampler,
    InterpolationSampler,
    MixupSampler,
    NoiseSampler,
    QualityFilter,
)

__all__ = [
    "GENERATING_METHODS",
    "METHODS",
    "TRAINED_METHODS",
    "balancing_sampler",
    "check_choice",
    "chosen_generator",
    "named_columns",
    "over_sampler",
]

# Methods that are no generator; the names of generators are those of GenerativeOverSampler.
SAMPLERS: dict[str, Callable[[], Any]] = {
    "noise": NoiseSampler,
    **{kind: partial(InterpolationSampler, kind) for kind in KINDS},
    "mixup": MixupSampler,
    "random": RandomOverSampler,
}
GENERATING_METHODS = ("auto", *GENERATORS)
# What takes a budget of time.
TRAINED_METHODS = tuple(name for name, kind in GENERATORS.items() if getattr(kind, "needs_many_rows", False))
METHODS = (*GENERATING_METHODS, *SAMPLERS)


def balancing_sampler(
    counts: Mapping[Any, int],
    final: dict[Any, int],
    target_column: Any,
    *,
    method: Any,
    method_params: Mapping[str, Any] | None,
    discrete_columns: Sequence[Any] | None,
    constraints: Any,
    quality_threshold: float | None,
    random_state: int,
) -> Any:
    """The sampler that brings classes from ``counts`` to ``final`` rows, with the filters around it."""
    if all(final[label] <= count for label, count in counts.items()):
        _check_nothing_to_make(method, constraints, quality_threshold)
    sampler: Any = HybridSampler(
        over=over_sampler(method, method_params, _features(discrete_columns, target_column)),
        sampling_strategy=final,
        random_state=random_state,
    )
    parsed = parse_constraints(constraints)
    if parsed:
        sampler = ConstraintFilter(parsed, sampler)
    return sampler if quality_threshold is None else QualityFilter(sampler, threshold=quality_threshold)


def over_sampler(
    method: Any, params: Mapping[str, Any] | None, discrete_columns: Sequence[Any] | None
) -> Any:
    """The sampler that a method stands for."""
    if isinstance(method, str):
        check_choice("method", method, METHODS)
        if method in SAMPLERS:
            sampler = _with_params(SAMPLERS[method](), params)
        else:
            sampler = GenerativeOverSampler(method, generator_params=dict(params or {}))
    else:
        _check_no_params(method, params)
        is_sampler = hasattr(method, "fit_resample")
        sampler = clone(method) if is_sampler else GenerativeOverSampler(as_generator(method))
    return _with_categories(sampler, discrete_columns)


def chosen_generator(
    method: Any, params: Mapping[str, Any] | None, discrete_columns: Sequence[Any] | None
) -> BaseGenerator:
    """The generator that a method stands for, unfitted."""
    if isinstance(method, str):
        check_choice("method", method, GENERATING_METHODS)
        generator = _with_params(GENERATORS["tree" if method == "auto" else method](), params)
    else:
        _check_no_params(method, params)
        generator = as_generator(method)
        if not isinstance(generator, BaseGenerator):
            raise DataError(
                f"Got method={method!r}; expected a generator of this package or a density of scikit-learn."
            )
        generator = clone(generator)
    return _with_categories(generator, discrete_columns)


def named_columns(columns: Any) -> list[Any]:
    """Names of columns, of which a single one may be given as it is."""
    return [columns] if isinstance(columns, str) else list(columns)


def check_choice(name: str, value: Any, choices: Iterable[str]) -> None:
    """Refuse a value that is none of the choices, with the one that was probably meant."""
    if value not in choices:
        raise DataError(f"Got {name}={value!r}; expected {one_of(value, choices)}")


def _with_categories(estimator: Any, discrete_columns: Sequence[Any] | None) -> Any:
    # Text, booleans and categories are discrete in any case, so a list only adds to them.
    if discrete_columns is not None and "categorical_features" in estimator.get_params():
        estimator.set_params(categorical_features=named_columns(discrete_columns))
    return estimator


def _with_params(estimator: Any, params: Mapping[str, Any] | None) -> Any:
    try:
        return estimator.set_params(**(params or {}))
    except ValueError as error:
        raise DataError(f"Got method_params={dict(params or {})!r}: {error}") from error


def _check_no_params(method: Any, params: Mapping[str, Any] | None) -> None:
    if params:
        raise DataError(
            f"Got method_params beside the {type(method).__name__} instance; expected them with a method's name only. "
            "Set them on the instance."
        )


def _check_nothing_to_make(method: Any, constraints: Any, quality_threshold: float | None) -> None:
    """Refuse what says how rows are made where none are."""
    names = {
        "method": not isinstance(method, str) or method != "auto",
        "constraints": bool(constraints),
        "quality_threshold": quality_threshold is not None,
    }
    given = [name for name, is_given in names.items() if is_given]
    if given:
        raise DataError(
            f"Got {' and '.join(given)}, but no class grows, so no row is made; expected a request that makes rows, or "
            f"none of {given}."
        )


def _features(discrete_columns: Sequence[Any] | None, target_column: Any) -> list[Any] | None:
    """The discrete columns less the target, which is discrete in any case."""
    if discrete_columns is None:
        return None
    return [name for name in named_columns(discrete_columns) if name != target_column]
