"""Texts before and after as lines of plain text."""

from __future__ import annotations

import textwrap
from typing import Any, NamedTuple

import numpy as np

from .._words import one_line
from ._display import ink, palette
from ._item_sheet import Sheet

__all__ = ["TextSheet"]

# Signs on a line of a column, and lines of a text that are shown.
WIDTH, MAX_LINES = 46, 6
# Inches of a column, a line, the space between two pairs, and around all.
COLUMN, LINE, SPACE, AROUND = 4.0, 0.175, 0.13, 0.3


class _Row(NamedTuple):
    """What stands side by side, as lines."""

    before: list[str]
    after: list[str]
    is_title: bool

    @property
    def height(self) -> float:
        lines = LINE * max(len(self.before), len(self.after))
        return lines + (2 * SPACE if self.is_title else SPACE)


class TextSheet(Sheet):
    """One panel with two columns of wrapped text."""

    default_pairs = 6
    words = "Texts in two columns, before and after."

    @property
    def grid(self) -> tuple[int, int]:
        """A single panel."""
        return 1, 1

    @property
    def size(self) -> tuple[float, float]:
        """As high as the lines need."""
        return 2 * COLUMN, AROUND + sum(row.height for row in self._rows())

    def _rows(self) -> list[_Row]:
        rows = [_Row(["before"], ["after"], False)]
        for label, pairs in self.shown.items():
            rows.append(_Row([self._drawn_title(label)], [], True))
            rows += [_Row(_wrapped(before), _wrapped(after), False) for before, after in pairs]
        return rows

    def draw(self, axes: np.ndarray) -> None:
        """Draw the columns from top to bottom."""
        panel, rows = axes[0], self._rows()
        panel.set(xlim=(0, 2 * COLUMN), ylim=(sum(row.height for row in rows), 0))
        panel.set_axis_off()
        top = 0.0
        for row in rows:
            if row.is_title:
                _write(panel, 0, top + SPACE, row.before[0], color=palette(panel)[0], weight="bold")
            else:
                for left, lines in ((0, row.before), (COLUMN, row.after)):
                    _write(panel, left, top, "\n".join(lines), linespacing=1.25)
            top += row.height
            panel.axhline(top - SPACE / 2, color=ink(panel), linewidth=0.5, alpha=0.3)


def _write(panel: Any, left: float, top: float, text: str, **style: Any) -> None:
    panel.text(left, top, text, va="top", ha="left", fontsize=9.5, **{"color": ink(panel), **style})


def _wrapped(text: str) -> list[str]:
    """A text on a few lines, with nothing that matplotlib would take for a formula."""
    lines = textwrap.wrap(one_line(text), WIDTH, max_lines=MAX_LINES, placeholder=" …") or [""]
    return [line.replace("$", r"\$") for line in lines]
