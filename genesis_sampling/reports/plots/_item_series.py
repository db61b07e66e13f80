"""Series: the made one over its source, and all of a class."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np

from ._item_sheet import MADE, SOURCE, Sheet, draw_line, make_room

__all__ = ["SeriesSheet"]

MAX_CHANNELS = 3
# Faint lines of sources, and as many of made series, in the panel of a class.
MAX_FAINT = 40
# Signs of the name of a class, beside which a channel and another title find room.
NAME_WIDTH = 15


class SeriesSheet(Sheet):
    """A row for each class, or for each of its first channels: many series in faint lines, then pairs."""

    default_pairs = 3
    words = (
        "Series of each class: first many sources and made ones in faint lines, then single made ones over the source "
        "of each."
    )

    @property
    def grid(self) -> tuple[int, int]:
        """A row for each channel of each class."""
        return len(self.shown) * self._n_channels, 1 + self.most

    @property
    def size(self) -> tuple[float, float]:
        """Of all rows, with the name of the axes below them."""
        rows, columns = self.grid
        return 0.4 + 2.5 * columns, 1.85 * rows + 0.3

    @property
    def _n_channels(self) -> int:
        return min(MAX_CHANNELS, *(_channels(item).shape[0] for item in self.pairs.real))

    def draw(self, axes: np.ndarray) -> None:
        """Draw row by row; all panels of a row have one scale."""
        rate = self.pairs.sample_rate
        panels = iter(axes.reshape(self.grid))
        for place, label in enumerate(self.shown):
            for channel in range(self._n_channels):
                self._draw_row(next(panels), label, channel, has_legend=place == channel == 0)
        for panel in axes.reshape(self.grid)[-1]:
            panel.set_xlabel("points in time" if rate is None else "seconds")

    def _draw_row(self, panels: np.ndarray, label: Hashable, channel: int, *, has_legend: bool) -> None:
        many = self.pairs.classes[label][:MAX_FAINT]
        self._draw_many(panels[0], many, channel)
        for at, (panel, pair) in enumerate(zip(panels[1:], self.shown[label]), start=1):
            for name, item in zip((SOURCE, MADE), pair):
                self._draw_series(panel, item, name, channel)
            panel.set_title(f"pair {at}", loc="left")
        for panel in panels[1 + len(self.shown[label]) :]:
            panel.set_axis_off()
        names = [self._name(label, NAME_WIDTH)] + [f"channel {channel + 1}"] * (self._n_channels > 1)
        panels[0].set_title(", ".join(names), loc="left")
        self._share_scale(panels, many, channel, has_legend=has_legend)

    def _draw_many(self, panel: Any, many: list[tuple[np.ndarray, np.ndarray]], channel: int) -> None:
        """Faint lines: those of the fewer sources on top, and each of them once."""
        sources = {id(source): source for source, _ in many}.values()
        for name, items in ((MADE, [made for _, made in many]), (SOURCE, sources)):
            for item in items:
                self._draw_series(panel, item, name, channel, linewidth=0.7, alpha=0.4)

    def _draw_series(self, panel: Any, item: np.ndarray, name: str, channel: int, **style: Any) -> None:
        values = _channels(item)[channel]
        draw_line(panel, np.arange(len(values)) / (self.pairs.sample_rate or 1), values, name, **style)

    def _share_scale(self, panels: np.ndarray, many: Any, channel: int, *, has_legend: bool) -> None:
        """One vertical range for a row, with room for the legend in the first of all."""
        values = np.concatenate([_channels(item)[channel] for pair in many for item in pair])
        known = values[np.isfinite(values)]
        low, high = (known.min(), known.max()) if len(known) else (0.0, 1.0)
        span = (high - low) or 1.0
        panels[0].set_ylim(low - 0.05 * span, high + 0.05 * span)
        if has_legend:
            make_room(panels[0], low, high)
        for panel in panels[1:]:
            panel.set_ylim(panels[0].get_ylim())
            panel.tick_params(labelleft=False)


def _channels(item: np.ndarray) -> np.ndarray:
    """A series as an array of shape (channels, t)."""
    return np.atleast_2d(item).astype(np.float64)
