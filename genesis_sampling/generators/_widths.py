"""Widths of hidden layers, as users give them."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral

from ..exceptions import DataError

__all__ = ["checked_widths"]


def checked_widths(name: str, widths: Sequence[int]) -> tuple[int, ...]:
    """The units of each hidden layer.

    Parameters
    ----------
    name : str
        Of the parameter, for the error.
    widths : sequence of int
    """
    found = tuple(widths)
    if not found or not all(
        isinstance(width, Integral) and not isinstance(width, bool) and width >= 1 for width in found
    ):
        raise DataError(
            f"Got {name}={widths!r}; expected a whole number of at least 1 for each of one or more hidden layers, such "
            "as (128, 128)."
        )
    return tuple(int(width) for width in found)
