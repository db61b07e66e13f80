"""What is tried where a sampler, or a classifier, chooses by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from numbers import Real
from typing import Any

from imblearn.over_sampling import RandomOverSampler
from imblearn.pipeline import Pipeline
from sklearn.base import clone

from .._random import RandomStreams
from ..exceptions import DataError
from ._checks import check_is_instance
from ._seeds import seeded
from .base import BaseAugmenter
from .distillation import DistillationSampler
from .filtered import SievingSampler
from .flattened import FlattenedSampler
from .generative import GenerativeOverSampler
from .hybrid import HybridSampler
from .image import ImageSampler
from .noise import NoiseSampler
from .strategy import target_counts
from .text import TextSampler
from .transform import TransformSampler

__all__ = [
    "NOTHING",
    "Candidate",
    "check_takes_items",
    "checked_ratios",
    "default_samplers",
    "named",
    "no_estimator",
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


def no_estimator(items: str) -> DataError:
    """The error for items without an estimator: none takes all of them."""
    first = "a vectoriser" if items == "texts" else "a step that lays them out as columns"
    return DataError(
        f"Got no estimator for {items}; expected a classifier that takes them, such as a pipeline that begins with "
        f"{first}."
    )


def check_takes_items(sampler: Any, items: str) -> None:
    """Refuse a sampler of tables for items."""
    if isinstance(sampler, GenerativeOverSampler | FlattenedSampler):
        takes = items != "texts"
    elif isinstance(sampler, BaseAugmenter):
        takes = type(sampler)._check_table is not BaseAugmenter._check_table
    else:
        # Of frames imbalanced-learn copies whatever they hold.
        theirs = type(sampler).__module__.startswith(("imblearn.over_sampling", "imblearn.combine"))
        takes = not theirs or isinstance(sampler, RandomOverSampler)
    if not takes:
        around = "" if items == "texts" else ", or FlattenedSampler around it"
        raise DataError(
            f"Got {type(sampler).__name__}, a sampler of tables, for {items}; expected one of items, such as "
            f"{'TextSampler' if items == 'texts' else 'ImageSampler'} or TransformSampler{around}."
        )


def default_samplers(items: str | None = None) -> dict[str, Any]:
    """Samplers that are tried by default, in this order where time is short; of items, if ``items`` names a kind.

    They are few, since with each more of them one is more likely to be best by chance.
    """
    if items is not None:
        return _changes_of(items) | {"copies": TransformSampler()}
    return {
        "distilled": DistillationSampler(),
        "generative": GenerativeOverSampler(),
        "half distilled": DistillationSampler(imitation=0.5),
        "noise": NoiseSampler(),
        "distilled generative": DistillationSampler(sampler=GenerativeOverSampler(), growth=3.0),
    }


def _changes_of(items: str) -> dict[str, Any]:
    """The sampler that changes items of a kind, where there is one and its packages are installed."""
    if items == "texts":
        return {"changed": TextSampler()}
    has_packages = items == "images" and find_spec("kornia") is not None and find_spec("torch") is not None
    return {"changed": ImageSampler()} if has_packages else {}


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
    items: str | None = None,
) -> list[Candidate]:
    """Each sampler with each ratio that makes rows of such classes; as it is, where its strategy is None."""
    found, checked = [], checked_ratios(ratios)
    for name, sampler in samplers.items():
        check_is_instance(sampler, "a sampler", "as a candidate")
        if not hasattr(sampler, "fit_resample"):
            raise DataError(
                f"Got the candidate {name!r}: {sampler!r}; expected a sampler, with fit_resample."
            )
        if items is not None:
            check_takes_items(sampler, items)
        if getattr(sampler, "sampling_strategy", "auto") is None:
            found.append(Candidate(name, _seeded(clone(sampler), streams.child(name))))
            continue
        for ratio in checked:
            if target_counts(ratio, counts) != counts:
                label = f"{name}, ratio {ratio:g}"
                found.append(
                    Candidate(label, _seeded(with_ratio(sampler, ratio, items), streams.child(label)), ratio)
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


def with_ratio(sampler: Any, ratio: float, items: str | None = None) -> Any:
    """A sampler like this one that brings each smaller class to a ratio of the largest.

    One of another package, or around another sampler, stands inside a :class:`HybridSampler` that removes no row. That
    takes no items: for these the ratio is set where the sampler has it.
    """
    if isinstance(sampler, FlattenedSampler):
        within = NoiseSampler() if sampler.sampler is None else sampler.sampler
        return clone(sampler).set_params(sampler=with_ratio(within, ratio))
    if items is not None and isinstance(sampler, SievingSampler):
        within = GenerativeOverSampler() if sampler.sampler is None else sampler.sampler
        return clone(sampler).set_params(sampler=with_ratio(within, ratio, items))
    has_ratio = "sampling_strategy" in sampler.get_params(deep=False)
    if has_ratio and (items is not None or isinstance(sampler, BaseAugmenter)):
        return clone(sampler).set_params(sampling_strategy=ratio)
    if items is not None:
        raise DataError(
            f"Got {type(sampler).__name__}, which has no sampling_strategy, with ratios for {items}; expected a "
            "sampler that can be told how many to make."
        )
    return HybridSampler(over=sampler, sampling_strategy=ratio, majority_count="keep")


def _seeded(sampler: Any, streams: RandomStreams) -> Any:
    own = sampler.get_params(deep=False)
    if "random_state" not in own:
        return seeded(sampler, streams)
    return sampler.set_params(random_state=streams.integer_seed()) if own["random_state"] is None else sampler
