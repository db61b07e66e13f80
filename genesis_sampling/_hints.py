"""A hint for messages at what was probably meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any

__all__ = ["did_you_mean", "one_of"]

# Names that a message lists.
LISTED = 20


def did_you_mean(name: Any, names: Iterable[Any]) -> str:
    """``" Did you mean 'x'?"``, with the name that is nearest; nothing, where none is near."""
    near = difflib.get_close_matches(str(name), [str(known) for known in names], 1)
    return f" Did you mean {near[0]!r}?" if near else ""


def one_of(name: Any, names: Iterable[Any]) -> str:
    """``"one of 'a', 'b'. Did you mean 'b'?"``: what was expected in place of an unknown name."""
    known = list(names)
    listed = ", ".join(repr(one) for one in known[:LISTED]) + (", ..." if len(known) > LISTED else "")
    return f"one of {listed}.{did_you_mean(name, known)}"
