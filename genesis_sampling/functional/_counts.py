"""From a request to the final count of each class."""

from __future__ import annotations

from collections.abc import Mapping
from math import floor, inf
from numbers import Integral, Real
from typing import Any

from ..exceptions import DataError
from ..samplers import HybridSampler
from ..samplers.strategy import target_counts as over_sampling_targets

__all__ = ["STRATEGIES", "check_request", "final_counts"]

STRATEGIES = ("oversample", "undersample", "hybrid")
# More rows than any table in memory has: a slip of the finger. Tables on workers may have them.
MAX_ROWS = 10**9


def final_counts(
    counts: dict[Any, int],
    strategy: str,
    ratio: float | None,
    wanted: Mapping[Any, int] | None,
    majority_count: int | str | None,
    growth: float,
    *,
    max_rows: int | None = MAX_ROWS,
) -> dict[Any, int]:
    """Final count of each class, ``max_rows`` at most in all; None for any number."""
    check_request(strategy, ratio, wanted, majority_count, growth)
    if wanted is not None:
        targets = _named_targets(counts, wanted)
    else:
        targets = _ratio_targets(counts, strategy, 1.0 if ratio is None else float(ratio), majority_count)
    if growth:
        targets = {label: count + round(growth * count) for label, count in targets.items()}
    if max_rows is not None and sum(targets.values()) > max_rows:
        raise DataError(
            f"Got a request for {sum(targets.values()):,} rows in all; expected at most {max_rows:,}."
        )
    if targets == counts:
        raise DataError(
            f"Got a request that would change nothing: the classes have {counts} rows already. Ask for a larger "
            "ratio, other target counts, or another strategy."
        )
    return targets


def check_request(
    strategy: str,
    ratio: float | None,
    wanted: Mapping[Any, int] | None,
    majority_count: int | str | None,
    growth: float,
) -> None:
    """Refuse what is wrong whatever the classes are."""
    if majority_count is not None and (strategy != "hybrid" or wanted is not None):
        raise DataError(
            f"Got majority_count={majority_count!r}, which belongs to strategy='hybrid' with a ratio; expected none "
            "here. For counts pass target_counts."
        )
    if not isinstance(growth, Real) or not 0 <= growth < inf:
        raise DataError(f"Got growth={growth!r}; expected a share that is not negative, such as 0.3.")
    if ratio is None:
        return
    if wanted is not None:
        raise DataError(f"Got both ratio={ratio} and target_counts; expected one of them.")
    if not isinstance(ratio, Real) or not 0 < ratio <= 1:
        raise DataError(f"Got ratio={ratio!r}; expected a number in (0, 1]. For counts pass target_counts.")


def _ratio_targets(
    counts: dict[Any, int], strategy: str, ratio: float, majority_count: int | str | None
) -> dict[Any, int]:
    if strategy == "oversample":
        return over_sampling_targets(ratio, counts)
    if strategy == "undersample":
        most = floor(min(counts.values()) / ratio + 1e-9)
        return {label: min(count, most) for label, count in counts.items()}
    return HybridSampler(sampling_strategy=ratio, majority_count=majority_count).targets(counts)


def _named_targets(counts: dict[Any, int], wanted: Mapping[Any, int]) -> dict[Any, int]:
    """Targets by class; a class may be named by its text, as a command line does."""
    by_text = {str(label): label for label in counts}
    named = {
        label if label in counts else by_text.get(str(label), label): count for label, count in wanted.items()
    }
    for label, count in named.items():
        if label not in counts or not isinstance(count, Integral) or count < 1:
            raise DataError(
                f"Got target_counts={dict(wanted)!r}; expected a whole number of rows, at least 1, for some of the "
                f"classes {list(counts)!r}, but {label!r} has {count!r}."
            )
    return counts | {label: int(count) for label, count in named.items()}
