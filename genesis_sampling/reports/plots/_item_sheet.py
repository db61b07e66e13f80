"""What the sheets of all kinds of items share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable
from typing import Any, ClassVar

import numpy as np
from matplotlib.axes import Axes

from .._items import ItemPairs
from .._words import shortened
from ._display import palette, plain

__all__ = ["MADE", "SOURCE", "Sheet", "draw_line", "make_room"]

SOURCE, MADE = "source", "made"


class Sheet(ABC):
    """How items of one kind are laid out: a grid of panels, and what is drawn on them.

    Parameters
    ----------
    pairs : ItemPairs
    max_pairs : int or None
        Pairs of each class that are shown; None for as many as suit the kind.
    """

    #: Pairs of each class that are shown unless it is said how many, and the beginning of the text alternative.
    default_pairs: ClassVar[int]
    words: ClassVar[str]

    def __init__(self, pairs: ItemPairs, max_pairs: int | None = None):
        self.pairs = pairs
        n_pairs = self.default_pairs if max_pairs is None else max_pairs
        self.shown = {label: found[:n_pairs] for label, found in pairs.classes.items()}

    @property
    @abstractmethod
    def grid(self) -> tuple[int, int]:
        """Rows and columns of panels."""

    @property
    @abstractmethod
    def size(self) -> tuple[float, float]:
        """Width and height in inches."""

    @abstractmethod
    def draw(self, axes: np.ndarray) -> None:
        """Draw on as many axes as the grid has."""

    @property
    def most(self) -> int:
        """Pairs of the class of which most are shown."""
        return max(map(len, self.shown.values()))

    @property
    def description(self) -> str:
        """What the sheet shows, in words."""
        n_classes, n_shown = len(set(self.pairs.labels)), len(self.shown)
        of_all = f" Shown are {n_shown} of {n_classes} classes." if n_shown < n_classes else ""
        return f"{self.words}{of_all} {'; '.join(map(self._title, self.shown))}.".strip()

    def _title(self, label: Hashable) -> str:
        return self.pairs.title(label, len(self.shown[label]))

    def _drawn_title(self, label: Hashable) -> str:
        return plain(self._title(label), 70)

    def _name(self, label: Hashable, width: int) -> str:
        """A class as a title of so many signs, where another one stands beside it."""
        return plain("all" if label is None else f"class {shortened(label)}", width)


def draw_line(panel: Axes, x: Any, y: Any, name: str, **style: Any) -> None:
    """The line of a source or of a made item."""
    color = palette(panel)[(SOURCE, MADE).index(name)]
    panel.plot(x, y, color=color, **{"linewidth": 1.5 if name == SOURCE else 1.1, **style})


def make_room(panel: Axes, low: float, high: float) -> None:
    """A legend of both lines in a strip above the range of the data."""
    span = (high - low) or 1.0
    panel.set_ylim(low - 0.05 * span, high + 0.42 * span)
    lines = [panel.plot([], [], color=color)[0] for color in palette(panel)[:2]]
    panel.legend(
        lines, (SOURCE, MADE), loc="upper right", ncols=2, fontsize="small", frameon=False, borderaxespad=0.1
    )
