"""Names and values of the data as text that a page can hold."""

from __future__ import annotations

import re
from typing import Any

__all__ = ["clean", "one_line", "shortened"]

# Control characters, halves of a character, and marks that turn the direction of all text behind them.
UNFIT = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)


def clean(value: Any) -> str:
    """Any value as text, with a replacement character for each that no page can hold."""
    return UNFIT.sub("\N{REPLACEMENT CHARACTER}", str(value))


def one_line(value: Any) -> str:
    """The same with each white space as a blank."""
    return re.sub(r"\s", " ", clean(value))


def shortened(value: Any, width: int = 24) -> str:
    """The same, cut to so many characters."""
    text = one_line(value)
    return text if len(text) <= width else f"{text[: width - 1]}…"
