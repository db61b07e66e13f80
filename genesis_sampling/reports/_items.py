"""Items beside those that they were made from, as plain data that pictures and tables are made of."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import Any

import numpy as np

from ..exceptions import DataError
from ._page import Block, Marked, TableBlock
from ._words import one_line, shortened

__all__ = ["KINDS", "ItemPairs", "check_kind", "kind_of", "text_tables"]

# Arrays with more channels last than this are no pictures, and with no more channels first they are series.
MAX_CHANNELS = 4
MAX_CLASSES = 10
TEXTS_PER_CLASS = 8
# Words and marks of a text that are shown; the comparison takes time with the square of their number.
MAX_TOKENS = 100
TOKEN = re.compile(r"(\w+(?:['’]\w+)*|[^\w\s])(\s*)")


@dataclass(frozen=True)
class ItemPairs:
    """Some made items, each with the one that it was made from.

    Parameters
    ----------
    kind : {"image", "text", "audio", "series"}
    real, made : sequences of shape (n_pairs,)
        ``made[i]`` was made from ``real[i]``.
    labels : sequence of shape (n_pairs,)
        Class of each pair; None for pairs without classes.
    sample_rate : float or None, default=None
        Samples per second of recordings and series, where it is known.
    n_made : mapping of label to int
        Items that were made of a class, if these are more than its pairs here.
    is_paired : bool, default=True
        False where what was made comes from no single item: ``real`` is any of the class then.
    """

    kind: str
    real: Sequence[Any]
    made: Sequence[Any]
    labels: Sequence[Hashable]
    sample_rate: float | None = None
    n_made: Mapping[Hashable, int] = field(default_factory=dict)
    is_paired: bool = True

    @property
    def classes(self) -> dict[Hashable, list[tuple[Any, Any]]]:
        """The pairs of each class, of the first classes where there are many."""
        found: dict[Hashable, list[tuple[Any, Any]]] = {}
        for label, real, made in zip(self.labels, self.real, self.made):
            found.setdefault(label, []).append((real, made))
        return dict(list(found.items())[:MAX_CLASSES])

    def title(self, label: Hashable, n_shown: int) -> str:
        """A class, and how many of its made items are shown."""
        n_made = max(self.n_made.get(label, 0), sum(other == label for other in self.labels))
        count = f"{n_made:,} made" if n_shown >= n_made else f"{n_shown} of {n_made:,} made"
        return count if label is None else f"class {shortened(label)}: {count}"


def _is_text(item: Any) -> bool:
    return isinstance(item, str)


def _is_image(item: Any) -> bool:
    return _is_array(item, 2, 3) and (item.ndim == 2 or item.shape[2] in (1, 3, 4))


def _is_recording(item: Any) -> bool:
    return _is_array(item, 1) and len(item) > 1


def _is_series(item: Any) -> bool:
    return _is_array(item, 1, 2) and item.shape[-1] > 1


def _is_array(item: Any, *n_dimensions: int) -> bool:
    """Whether an item is an array of some numbers with so many dimensions."""
    return (
        isinstance(item, np.ndarray)
        and item.dtype.kind in "biuf"
        and item.size > 0
        and item.ndim in n_dimensions
    )


# Kind -> what its items are, and in words.
KINDS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "image": (_is_image, "numbers of shape (height, width) or (height, width, 1, 3 or 4)"),
    "text": (_is_text, "texts"),
    "audio": (_is_recording, "numbers of shape (t,)"),
    "series": (_is_series, "numbers of shape (t,) or (channels, t)"),
}


def check_kind(items: Sequence[Any], kind: str) -> None:
    """Raise DataError if the items are none of a kind."""
    if kind not in KINDS:
        raise DataError(f"Got kind={kind!r}; expected 'auto' or one of {', '.join(map(repr, KINDS))}.")
    wrong = next((item for item in items if not KINDS[kind][0](item)), None)
    if wrong is not None:
        shape = f"shape {wrong.shape}" if isinstance(wrong, np.ndarray) else type(wrong).__name__
        raise DataError(f"Got an item of {shape} for kind={kind!r}; expected {KINDS[kind][1]}.")


def kind_of(items: Sequence[Any], sample_rate: float | None = None) -> str | None:
    """What the items probably are, by their type and shape; None where nothing fits.

    Texts are told by their type. Arrays of one dimension are recordings, if there is a sample rate, or series. Arrays
    of two dimensions with up to four rows are series of channels; larger ones, and those with up to four channels
    last, are images.
    """
    for kind in ("text", *["audio"] * bool(sample_rate), "series", "image"):
        if all(KINDS[kind][0](item) and _is_typical(item, kind) for item in items):
            return kind
    return None


def _is_typical(item: Any, kind: str) -> bool:
    """Whether an item is rather of this than of another kind that its shape allows."""
    if kind == "series":
        return item.ndim == 1 or item.shape[0] <= MAX_CHANNELS < item.shape[1]
    return kind != "image" or min(item.shape[:2]) > MAX_CHANNELS


def text_tables(pairs: ItemPairs) -> list[Block]:
    """Texts before and after, a table for each class, with the changed words marked."""
    return [
        TableBlock(
            f"Texts, {pairs.title(label, len(shown))}",
            ("Before", "After"),
            [changed_words(*pair) for pair in shown],
        )
        for label, found in pairs.classes.items()
        for shown in [found[:TEXTS_PER_CLASS]]
    ]


def changed_words(before: str, after: str) -> tuple[Marked, Marked]:
    """Two texts with the words that went from the first, and those that are new in the second."""
    sides = [TOKEN.findall(one_line(text).strip()) for text in (before, after)]
    shown = [side[:MAX_TOKENS] for side in sides]
    first, second = ([word for word, _ in side] for side in shown)
    spans: list[list[tuple[str, str]]] = [[], []]
    for name, *ends in SequenceMatcher(None, first, second, autojunk=False).get_opcodes():
        for side, (start, stop) in enumerate((ends[:2], ends[2:])):
            mark = "" if name == "equal" else ("gone", "new")[side]
            # The space behind the last word is none of it.
            text = "".join(word + space for word, space in shown[side][start:stop])
            spans[side] += [(text.rstrip(), mark), (text[len(text.rstrip()) :], "")]
    for side in (0, 1):
        spans[side].append(("…" * (len(sides[side]) > MAX_TOKENS), ""))
    gone, new = ([span for span in side if span[0]] for side in spans)
    return Marked(gone), Marked(new)
