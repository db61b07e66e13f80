"""A training that the user stopped."""

from __future__ import annotations

from typing import Any

__all__ = ["stop_if_interrupted"]


def stop_if_interrupted(generator: Any) -> None:
    """Stop what follows a fit too, where the user stopped the fit: nobody asked for rows of half of it.

    Raises
    ------
    KeyboardInterrupt
        When the training ended by one, after which a generator that is fitted by itself keeps its best state.
    """
    if getattr(generator, "stop_reason_", None) == "interrupt":
        raise KeyboardInterrupt
