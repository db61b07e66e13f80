"""From ``sampling_strategy`` and ``growth`` to the number of rows that each class shall have."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import floor
from numbers import Integral, Real
from typing import Any

from ..exceptions import DataError

__all__ = ["target_counts"]

Strategy = float | str | Mapping[Any, int] | Callable[[Any], Mapping[Any, int]]


def target_counts(
    strategy: Strategy, counts: Mapping[Any, int], *, growth: float = 0.0, y: Any = None
) -> dict[Any, int]:
    """Rows that each class shall have after over-sampling.

    Parameters
    ----------
    strategy : float, str, mapping or callable
        As imbalanced-learn takes it. A float is the ratio to the largest class to which every smaller class is
        brought, whatever the number of classes. A class that has more rows than asked for is left alone.
    counts : mapping of label to int
        Rows of each class now.
    growth : float, default=0.0
        By how much every class grows after that, as a share of its rows.
    y : array-like, optional
        Handed to a callable ``strategy``.

    Returns
    -------
    dict of label to int
        Never less than ``counts``.

    Raises
    ------
    DataError
        When there is only one class, or a mapping names a class that is not there or a count that is none.
    """
    if len(counts) < 2:
        raise DataError(
            f"Got one class only ({next(iter(counts), None)!r}) in y; expected at least two: there is no class to "
            "balance against. To enlarge a whole table use `genesis generate` or a generator's sample()."
        )
    wanted = _wanted(strategy(y) if callable(strategy) else strategy, counts)
    target = {label: max(count, wanted.get(label, count)) for label, count in counts.items()}
    return {label: count + round(growth * count) for label, count in target.items()}


def _wanted(strategy: Any, counts: Mapping[Any, int]) -> dict[Any, int]:
    """Counts that the strategy names, without regard to what is there already."""
    largest = max(counts.values())
    if isinstance(strategy, Mapping):
        return _checked(strategy, counts)
    if isinstance(strategy, Real):
        # The small term keeps 0.29 * 100 from becoming 28.
        ratio_count = floor(float(strategy) * largest + 1e-9)
        return {label: ratio_count for label, count in counts.items() if count < largest}
    return dict.fromkeys(_NAMED[strategy](counts), largest)


def _all_but(counts: Mapping[Any, int], choose: Callable) -> list[Any]:
    left_out = choose(counts, key=counts.__getitem__)
    return [label for label in counts if label != left_out]


_NAMED: dict[str, Callable[[Mapping[Any, int]], list[Any]]] = {
    "auto": lambda counts: _all_but(counts, max),
    "not majority": lambda counts: _all_but(counts, max),
    "not minority": lambda counts: _all_but(counts, min),
    "minority": lambda counts: [min(counts, key=counts.__getitem__)],
    "all": list,
}


def _checked(strategy: Mapping[Any, int], counts: Mapping[Any, int]) -> dict[Any, int]:
    unknown = [label for label in strategy if label not in counts]
    if unknown:
        raise DataError(
            f"Got sampling_strategy for the classes {unknown!r}, which are not present in y; expected some of "
            f"{list(counts)!r}."
        )
    for label, count in strategy.items():
        if not isinstance(count, Integral) or count < 0:
            raise DataError(
                f"Got sampling_strategy={dict(strategy)!r}; expected a whole number of rows that is not negative "
                f"for each class, but class {label!r} has {count!r}."
            )
    return {label: int(count) for label, count in strategy.items()}
