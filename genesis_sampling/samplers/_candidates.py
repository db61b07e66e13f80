"""What is tried where a sampler, or a classifier, chooses by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from numbers import Real
from typing import Any

from imblearn.pipeline import Pipeline
from sklearn.base import clone

from .._random import RandomStreams
from ..exceptions import DataError
from ._checks import check_is_instance
from .base import BaseAugmenter
from .distillation import DistillationSampler
from .generative import GenerativeOverSampler
from .hybrid import HybridSampler
from .noise import NoiseSampler
from .strategy import target_counts

__all__ = [
    "NOTHING",
    "Candidate",
    "checked_ratios",
    "default_samplers",
    "named",
    "sampler_candidates",
    "with_ratio",
]

NOTHING = "nothing"


@dataclass(frozen=True)
class Candidate:
    """What may be done to the rows, or to the model.

    Parameters
    ----------
    name : str
    sampler : sampler or None, default=None
        None for the rows as they are.
    ratio : float or None, default=None
        Rows of the smaller classes per row of the largest; None where the sampler decides.
    change : callable or None, default=None
        ``change(model) -> model``: what is done to the model. None for nothing.
    """

    name: str
    sampler: Any = None
    ratio: float | None = None
    change: Callable[[Any], Any] | None = None

    def with_model(self, model: Any) -> Any:
        """The estimator that is trained."""
        changed = model if self.change is None else self.change(model)
        return changed if self.sampler is None else Pipeline([("sampler", self.sampler), ("model", changed)])


def default_samplers() -> dict[str, Any]:
    """Samplers that are tried by default, in this order where time is short.

    They are few, since with each more of them one is more likely to be best by chance.
    """
    return {
        "distilled": DistillationSampler(),
        "generative": GenerativeOverSampler(),
        "half distilled": DistillationSampler(imitation=0.5),
        "noise": NoiseSampler(),
        "distilled generative": DistillationSampler(sampler=GenerativeOverSampler(), growth=3.0),
    }


def named(given: Any, defaults: Mapping[str, Any]) -> dict[str, Any]:
    """Candidates by name: those of a mapping, of a list by the names of their classes, or the default ones."""
    if isinstance(given, Mapping) and given:
        return {str(name): one for name, one in given.items()}
    if isinstance(given, str):
        return dict(defaults)
    if not len(given):
        raise DataError(f"Got candidates={given!r}; expected one at least, or 'default'.")
    names: dict[str, Any] = {}
    for one in given:
        name = one if isinstance(one, str) else type(one).__name__
        names[name if name not in names else f"{name} {len(names) + 1}"] = one
    return names


def sampler_candidates(
    samplers: Mapping[str, Any],
    ratios: Iterable[float],
    counts: Mapping[Any, int],
    streams: RandomStreams,
) -> list[Candidate]:
    """Each sampler with each ratio that makes rows of such classes; as it is, where its strategy is None."""
    found, checked = [], checked_ratios(ratios)
    for name, sampler in samplers.items():
        check_is_instance(sampler, "a sampler", "as a candidate")
        if not hasattr(sampler, "fit_resample"):
            raise DataError(
                f"Got the candidate {name!r}: {sampler!r}; expected a sampler, with fit_resample."
            )
        if getattr(sampler, "sampling_strategy", "auto") is None:
            found.append(Candidate(name, _seeded(clone(sampler), streams.child(name))))
            continue
        for ratio in checked:
            if target_counts(ratio, counts) != counts:
                label = f"{name}, ratio {ratio:g}"
                found.append(
                    Candidate(label, _seeded(with_ratio(sampler, ratio), streams.child(label)), ratio)
                )
    return found


def checked_ratios(ratios: Any) -> list[float]:
    """Ratios in increasing order, each once."""
    found = list(ratios) if isinstance(ratios, Iterable) and not isinstance(ratios, str) else [ratios]
    if not found or not all(isinstance(ratio, Real) and 0 < float(ratio) <= 1 for ratio in found):
        raise DataError(
            f"Got ratios={ratios!r}; expected numbers above 0 and up to 1, rows of a smaller class per row of the "
            "largest."
        )
    return sorted({float(ratio) for ratio in found})


def with_ratio(sampler: Any, ratio: float) -> Any:
    """A sampler like this one that brings each smaller class to a ratio of the largest.

    One of another package, or around another sampler, stands inside a :class:`HybridSampler` that removes no row.
    """
    if isinstance(sampler, BaseAugmenter) and "sampling_strategy" in sampler.get_params(deep=False):
        return clone(sampler).set_params(sampling_strategy=ratio)
    return HybridSampler(over=sampler, sampling_strategy=ratio, majority_count="keep")


def _seeded(sampler: Any, streams: RandomStreams) -> Any:
    unset = "random_state" in sampler.get_params(deep=False) and sampler.random_state is None
    return sampler.set_params(random_state=streams.integer_seed()) if unset else sampler
