"""Contact sheets of images."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from matplotlib.patches import Rectangle

from ._display import palette
from ._item_sheet import MADE, SOURCE, Sheet

__all__ = ["ImageSheet"]

# Inches of a cell of the sheet, the space between two as a share of it, and what stands around the cells.
CELL, GAP = 0.92, 0.08
LEFT, ABOVE = 0.8, 0.46
# Inches that a sign of a title takes.
SIGN = 0.1
# A cell is so many times as high as wide at most, and at least.
TALLEST, FLATTEST = 1.6, 0.5


class ImageSheet(Sheet):
    """A panel for each class: the sources in a row, what was made from them in the row below."""

    default_pairs = 8
    words = "Images in two rows for each class, real ones above made ones."

    @property
    def grid(self) -> tuple[int, int]:
        """A panel for each class, below each other."""
        return len(self.shown), 1

    @property
    def size(self) -> tuple[float, float]:
        """As wide and high as the cells need."""
        return LEFT + self._n_columns * CELL, len(self.shown) * (2 * CELL * self._ratio + ABOVE)

    @property
    def _n_columns(self) -> int:
        """As many as there are pairs, or as the longest title takes."""
        longest = max(len(self._drawn_title(label)) for label in self.shown)
        return max(self.most, math.ceil(SIGN * longest / CELL))

    @property
    def _ratio(self) -> float:
        """Height of a cell for a width of 1, that of a usual image."""
        ratios = [image.shape[0] / image.shape[1] for pairs in self.shown.values() for image, _ in pairs]
        return float(np.clip(np.median(ratios), FLATTEST, TALLEST))

    def draw(self, axes: np.ndarray) -> None:
        """Draw all images on one scale of brightness."""
        low, high = _limits([image for pairs in self.shown.values() for pair in pairs for image in pair])
        for panel, (label, pairs) in zip(axes, self.shown.items()):
            for column, pair in enumerate(pairs):
                for row, image in enumerate(pair):
                    self._draw_image(panel, _pixels(image, low, high), row, column)
            panel.set(xlim=(-GAP, self._n_columns), ylim=(2 * self._ratio, -GAP), aspect="equal", anchor="W")
            panel.set_title(self._drawn_title(label), loc="left")
            panel.set_xticks([])
            panel.set_yticks(
                [(row + 0.5 - GAP / 2) * self._ratio for row in (0, 1)],
                [SOURCE if self.pairs.is_paired else "real", MADE],
            )
            panel.tick_params(length=0)
            panel.spines[:].set_visible(False)

    def _draw_image(self, panel: Any, pixels: np.ndarray, row: int, column: int) -> None:
        """An image in the middle of its cell, as large as its shape allows, in a frame of the colour of its row."""
        height, width = pixels.shape[:2]
        room = 1 - GAP
        scale = min(room / width, room * self._ratio / height)
        left = column + (room - scale * width) / 2
        top = row * self._ratio + (room * self._ratio - scale * height) / 2
        right, bottom = left + scale * width, top + scale * height
        panel.imshow(pixels, extent=(left, right, bottom, top), cmap="gray", vmin=0, vmax=1)
        frame = Rectangle(
            (left, top), right - left, bottom - top, fill=False, edgecolor=palette(panel)[row], linewidth=1.2
        )
        panel.add_patch(frame)


def _limits(images: list[np.ndarray]) -> tuple[float, float]:
    """What is black and what is white: 0 and 1 for floats within, else 0 or less and the brightest pixel."""
    known = [np.nan_to_num(image.astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0) for image in images]
    low, high = min(0.0, *(image.min() for image in known)), max(image.max() for image in known)
    is_unit = images[0].dtype.kind in "fb" and low == 0 and high <= 1
    return (0.0, 1.0) if is_unit or high <= low else (float(low), float(high))


def _pixels(image: np.ndarray, low: float, high: float) -> np.ndarray:
    """An image in [0, 1], of shape (height, width) or (height, width, 3 or 4)."""
    pixels = image[..., 0] if image.ndim == 3 and image.shape[2] == 1 else image
    return np.clip((np.nan_to_num(pixels.astype(np.float64)) - low) / (high - low), 0, 1)
