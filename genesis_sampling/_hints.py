"""A hint for messages at what was probably meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any

__all__ = ["did_you_mean"]


def did_you_mean(name: Any, names: Iterable[Any]) -> str:
    """``" Did you mean 'x'?"``, with the name that is nearest; nothing, where none is near."""
    near = difflib.get_close_matches(str(name), [str(known) for known in names], 1)
    return f" Did you mean {near[0]!r}?" if near else ""
