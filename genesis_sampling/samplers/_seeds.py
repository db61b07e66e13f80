"""Seeds for what has none."""

from __future__ import annotations

from typing import Any

from sklearn.base import clone

from .._random import RandomStreams

__all__ = ["seeded"]


def seeded(estimator: Any, streams: RandomStreams) -> Any:
    """A copy in which each random state that is None, also of what is nested, is a seed of its own."""
    copy = clone(estimator)
    seeds = {
        name: streams.child(name).integer_seed()
        for name, value in copy.get_params(deep=True).items()
        if value is None and name.rpartition("__")[2] == "random_state"
    }
    return copy.set_params(**seeds)
