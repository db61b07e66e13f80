"""The rows of a comparison: what is done to the training rows, or to the model, before it is judged."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from imblearn.over_sampling import RandomOverSampler
from sklearn.base import clone

from .._random import RandomStreams
from ..exceptions import DataError
from ..metrics._models import TableClassifier
from ..samplers import (
    AutoSampler,
    DistillationSampler,
    GenerativeOverSampler,
    HardExampleSampler,
    HybridSampler,
    InterpolationSampler,
    NoiseSampler,
)
from ..samplers._candidates import checked_ratios, default_samplers, no_estimator, with_ratio
from ..samplers._checks import check_is_instance
from ..samplers._rivals import with_class_weights
from ..samplers._seeds import seeded
from ._comparison_models import DetectorClassifier, with_threshold_of_rows

__all__ = [
    "DEFAULT_ROWS",
    "KNOWN_ROWS",
    "NOTHING",
    "Row",
    "TrainingRows",
    "read_estimators",
    "read_rows",
]

NOTHING = "nothing"


@dataclass(frozen=True)
class TrainingRows:
    """Training rows of a fold, as they are.

    Parameters
    ----------
    X : table of shape (n_rows, n_columns)
    y : ndarray of shape (n_rows,)
    groups : ndarray of shape (n_rows,) or None
    rare : label or None
        Of the rarer class of two.
    items : str or None, default=None
        What is in the rows that is no table.
    """

    X: Any
    y: np.ndarray
    groups: np.ndarray | None
    rare: Any
    items: str | None = None


@dataclass(frozen=True)
class Row:
    """Doing nothing; and what all rows have.

    Parameters
    ----------
    name : str
    seed : int, default=0
        For what the row itself draws.
    """

    name: str
    seed: int = 0
    # Whether its rows depend on the estimator; whether it has a model of its own, the same for all estimators.
    chooses = False
    alone = False

    def sampler_for(self, estimator: Any) -> Any:
        """What resamples the training rows for this estimator; None where they stay as they are."""
        return None

    def learner(self, estimator: Any, rows: TrainingRows) -> Any:
        """What is fitted."""
        return estimator

    def with_ratios(self, ratios: Sequence[float], items: str | None) -> Iterator[Row]:
        """One row for each ratio that it can have; itself where it has none."""
        yield self

    def seeded(self, streams: RandomStreams) -> Row:
        """The same with seeds for all that has none."""
        return replace(self, seed=streams.child("own").integer_seed())


@dataclass(frozen=True)
class SamplerRow(Row):
    """A sampler before the estimator."""

    sampler: Any = None

    def sampler_for(self, estimator: Any) -> Any:
        """The sampler."""
        return self.sampler

    def with_ratios(self, ratios: Sequence[float], items: str | None) -> Iterator[Row]:
        """The sampler with each ratio, as :class:`AutoSampler` has it; itself where it chooses, or keeps the shares."""
        keeps = getattr(self.sampler, "sampling_strategy", "auto") is None
        if keeps or isinstance(self.sampler, AutoSampler):
            yield self
            return
        for ratio in ratios:
            sampler = with_ratio(self.sampler, ratio, items)
            yield replace(self, name=f"{self.name}, ratio {ratio:g}", sampler=sampler)

    def seeded(self, streams: RandomStreams) -> Row:
        """The same with seeds for all that has none."""
        return replace(self, sampler=seeded(self.sampler, streams))


@dataclass(frozen=True)
class AutoRow(Row):
    """A sampler that chooses by the estimator that it stands before."""

    chooses = True

    def sampler_for(self, estimator: Any) -> Any:
        """The sampler that tries its candidates with this estimator."""
        return AutoSampler(clone(estimator), random_state=self.seed)


@dataclass(frozen=True)
class WeightsRow(Row):
    """Balanced class weights."""

    def learner(self, estimator: Any, rows: TrainingRows) -> Any:
        """The estimator with weights, by parameter or in ``fit``."""
        return with_class_weights(estimator)


@dataclass(frozen=True)
class ThresholdRow(Row):
    """A threshold tuned inside the training rows."""

    def learner(self, estimator: Any, rows: TrainingRows) -> Any:
        """The estimator inside the tuner."""
        return with_threshold_of_rows(estimator, rows.y, rows.groups, self.seed)


@dataclass(frozen=True)
class DetectorRow(Row):
    """A detector of anomalies in the place of the estimator."""

    detector: Any = None
    alone = True

    def learner(self, estimator: Any, rows: TrainingRows) -> Any:
        """The detector as a classifier."""
        if rows.items is not None and not hasattr(self.detector, "steps"):
            raise DataError(
                f"Got the detector {type(self.detector).__name__} for {rows.items}; expected a pipeline that makes "
                "columns of them first."
            )
        return DetectorClassifier(self.detector, rows.rare)

    def seeded(self, streams: RandomStreams) -> Row:
        """The same with seeds for all that has none."""
        return replace(self, detector=seeded(self.detector, streams))


DEFAULT_ROWS: dict[str, Callable[[str], Row]] = {
    NOTHING: Row,
    "class weights": WeightsRow,
    "tuned threshold": ThresholdRow,
    "copies": lambda name: SamplerRow(name, sampler=RandomOverSampler()),
    "noise": lambda name: SamplerRow(name, sampler=NoiseSampler()),
    "smote": lambda name: SamplerRow(name, sampler=InterpolationSampler()),
    "borderline": lambda name: SamplerRow(name, sampler=InterpolationSampler("borderline-1")),
    "adasyn": lambda name: SamplerRow(name, sampler=InterpolationSampler("adasyn")),
    "generative": lambda name: SamplerRow(name, sampler=GenerativeOverSampler()),
    "hybrid": lambda name: SamplerRow(
        name, sampler=HybridSampler([NoiseSampler(), GenerativeOverSampler()], shares=(0.5, 0.5))
    ),
    "auto": AutoRow,
}
# Those too that are there only when asked for.
KNOWN_ROWS: dict[str, Callable[[str], Row]] = {
    **DEFAULT_ROWS,
    "distilled": lambda name: SamplerRow(name, sampler=DistillationSampler()),
    "hard examples": lambda name: SamplerRow(name, sampler=HardExampleSampler()),
}


def _rows_of(items: str) -> dict[str, Callable[[str], Row]]:
    """Rows that are known for items, and are there by default."""
    samplers = default_samplers(items)
    return {
        **{name: DEFAULT_ROWS[name] for name in (NOTHING, "class weights", "tuned threshold")},
        **{name: partial(SamplerRow, sampler=samplers[name]) for name in reversed(samplers)},
        "auto": AutoRow,
    }


def read_rows(samplers: Any, ratios: Any, streams: RandomStreams, items: str | None = None) -> list[Row]:
    """The rows that are asked for, with seeds; doing nothing is the first.

    Parameters
    ----------
    samplers, ratios : object
        As :func:`compare_samplers` takes them.
    streams : RandomStreams
    items : str or None, default=None
        What is compared on that is no table.
    """
    known = KNOWN_ROWS if items is None else _rows_of(items)
    if samplers is None:
        samplers = list(DEFAULT_ROWS if items is None else known)
    rows = [_row(name, given, known) for name, given in _named_samplers(samplers)]
    if NOTHING not in {row.name for row in rows}:
        rows.insert(0, Row(NOTHING))
    rows.sort(key=lambda row: row.name != NOTHING)
    if ratios is not None:
        checked = checked_ratios(ratios)
        rows = [variant for row in rows for variant in row.with_ratios(checked, items)]
    names = [row.name for row in rows]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise DataError(f"Got the names {repeated} more than once in samplers; expected each once.")
    return [row.seeded(streams.child("row", row.name)) for row in rows]


def _named_samplers(samplers: Any) -> Iterator[tuple[str, Any]]:
    """Names and what they stand for."""
    if isinstance(samplers, Mapping):
        yield from ((str(name), given) for name, given in samplers.items())
        return
    if isinstance(samplers, str) or not isinstance(samplers, Iterable):
        samplers = [samplers]
    yield from _names_of(list(samplers))


def _names_of(given: list) -> Iterator[tuple[str, Any]]:
    """Each with a name: that of its class, numbered where it comes again."""
    seen: dict[str, int] = {}
    for one in given:
        name = one if isinstance(one, str) else type(one).__name__
        seen[name] = seen.get(name, 0) + 1
        yield name if isinstance(one, str) or seen[name] == 1 else f"{name} {seen[name]}", one


def _row(name: str, given: Any, known: Mapping[str, Callable[[str], Row]]) -> Row:
    if isinstance(given, str) and given in known:
        if name == NOTHING != given:
            raise DataError(f"Got {given!r} under the name {NOTHING!r}, which is kept for doing nothing.")
        return known[given](name)
    check_is_instance(given, "an instance", "in samplers")
    if name == NOTHING:
        raise DataError(f"Got {given!r} under the name {NOTHING!r}, which is kept for doing nothing.")
    if hasattr(given, "fit_resample"):
        return SamplerRow(name, sampler=given)
    if hasattr(given, "fit") and hasattr(given, "score_samples"):
        return DetectorRow(name, detector=given)
    raise DataError(
        f"Got {given!r} in samplers; expected something with fit_resample, a detector of anomalies with score_samples, "
        f"or one of the names {list(known)}."
    )


def read_estimators(estimators: Any, streams: RandomStreams, items: str | None = None) -> dict[str, Any]:
    """The estimators by name, with seeds; for items there are none of this package."""
    if estimators is None and items is not None:
        raise no_estimator(items)
    if estimators is None:
        kinds = ("boosting", "logistic")
        named = {kind: TableClassifier(model=kind).set_params(random_state=None) for kind in kinds}
    elif isinstance(estimators, Mapping):
        named = {str(name): estimator for name, estimator in estimators.items()}
    else:
        named = dict(_names_of(list(estimators) if isinstance(estimators, list | tuple) else [estimators]))
    if not named:
        raise DataError("Got no estimator; expected one at least, or None for the two of this package.")
    for name, estimator in named.items():
        _check_estimator(name, estimator)
    return {name: seeded(one, streams.child("estimator", name)) for name, one in named.items()}


def _check_estimator(name: str, estimator: Any) -> None:
    check_is_instance(estimator, "an instance", "in estimators")
    if not all(hasattr(estimator, method) for method in ("fit", "predict", "get_params")):
        raise DataError(
            f"Got the estimator {name!r}: {estimator!r}; expected a classifier with fit and predict, or a pipeline."
        )
