"""Names and values of the data as text that a page can hold, and as plain values that JSON can."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

import numpy as np

__all__ = ["clean", "one_line", "plain", "shortened"]

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


def plain(value: Any) -> Any:
    """The value in plain containers with text as keys; what is no number becomes None, other objects text."""
    if isinstance(value, Mapping):
        texts = [str(key) for key in value]
        # Labels such as 1 and "1" are two.
        keys = texts if len(set(texts)) == len(texts) else [repr(key) for key in value]
        return {key: plain(item) for key, item in zip(keys, value.values())}
    if isinstance(value, list | tuple | set):
        return [plain(item) for item in value]
    if isinstance(value, np.ndarray | np.generic):
        return plain(value.tolist())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if value is None or isinstance(value, bool | int | str) else str(value)
