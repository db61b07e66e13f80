"""Recordings: waveforms over one another, and spectrograms side by side."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np
from scipy.signal import ShortTimeFFT
from scipy.signal.windows import hann

from .._items import ItemPairs
from ._item_sheet import MADE, SOURCE, Sheet, draw_line, make_room

__all__ = ["AudioSheet"]

# Rows of panels that are drawn, where each class can have fewer pairs.
MAX_ROWS = 8
# Longer recordings are drawn by the range of their samples in so many parts, and with so many spectra.
MAX_POINTS, MAX_SPECTRA = 3000, 400
# Decibels below the loudest spot of both recordings that are drawn as silent.
DEPTH = 70
# Signs of the name of a class, beside which another title finds room.
NAME_WIDTH = 26


class AudioSheet(Sheet):
    """A row for each pair: both waveforms, the spectrogram of the source, that of the made recording."""

    default_pairs = 2
    words = (
        "Pairs of recordings: the waveform of the made one over that of its source, and the spectrograms of both in "
        f"decibels, the bright spots being the loud ones, over a range of {DEPTH}."
    )

    def __init__(self, pairs: ItemPairs, max_pairs: int | None = None):
        super().__init__(pairs, max_pairs)
        if max_pairs is None:
            fitting = max(1, MAX_ROWS // len(self.shown))
            self.shown = {label: found[:fitting] for label, found in self.shown.items()}

    @property
    def grid(self) -> tuple[int, int]:
        """A row for each pair."""
        return sum(map(len, self.shown.values())), 3

    @property
    def size(self) -> tuple[float, float]:
        """Of all rows, with the names of the axes below them."""
        return 10.0, 1.85 * self.grid[0] + 0.3

    def draw(self, axes: np.ndarray) -> None:
        """Draw row by row."""
        rows = [(label, *pair) for label, pairs in self.shown.items() for pair in pairs]
        previous: Hashable = object()
        for place, (panels, (label, real, made)) in enumerate(zip(axes.reshape(-1, 3), rows)):
            self._draw_waves(panels[0], real, made, is_first=place == 0)
            self._draw_spectra(panels[1:], real, made)
            if label != previous:
                panels[0].set_title(self._name(label, NAME_WIDTH), loc="left")
            previous = label
        for panel in axes.reshape(-1, 3)[-1]:
            panel.set_xlabel("samples" if self.pairs.sample_rate is None else "seconds")

    def _draw_waves(self, panel: Any, real: np.ndarray, made: np.ndarray, *, is_first: bool) -> None:
        rate = self.pairs.sample_rate or 1.0
        for name, samples in ((SOURCE, real), (MADE, made)):
            draw_line(panel, *_outline(samples, rate), name, linewidth=0.9, alpha=0.8)
        both = np.concatenate([_known(real), _known(made)])
        if is_first:
            make_room(panel, both.min(), both.max())
        panel.set(xlim=(0, max(len(real), len(made)) / rate), ylabel="amplitude")

    def _draw_spectra(self, panels: Any, real: np.ndarray, made: np.ndarray) -> None:
        rate, longest = self.pairs.sample_rate or 1.0, max(len(real), len(made))
        transform = _transform(longest, rate)
        spectra = [transform.spectrogram(_known(samples)) for samples in (real, made)]
        # Of the loudest spot of both, so that a quieter copy is darker; silence alone has none.
        loudest = max(spectrum.max() for spectrum in spectra) or 1.0
        for panel, name, samples, spectrum in zip(panels, (SOURCE, MADE), (real, made), spectra):
            decibels = 10 * np.log10(np.maximum(spectrum / loudest, 10 ** (-DEPTH / 10)))
            panel.imshow(
                decibels,
                extent=transform.extent(len(samples)),
                origin="lower",
                aspect="auto",
                cmap="magma",
                vmin=-DEPTH,
                vmax=0,
            )
            panel.set(xlim=(0, longest / rate), ylim=(0, rate / 2))
            panel.set_title(name, loc="left")
        panels[0].set_ylabel("cycles a sample" if self.pairs.sample_rate is None else "Hz")
        panels[1].tick_params(labelleft=False)


def _known(samples: np.ndarray) -> np.ndarray:
    return np.nan_to_num(samples.astype(np.float64), posinf=0.0, neginf=0.0)


def _outline(samples: np.ndarray, rate: float) -> tuple[np.ndarray, np.ndarray]:
    """Times and samples of a line; of many samples the lowest and the highest of each part."""
    n_samples, known = len(samples), _known(samples)
    if n_samples <= MAX_POINTS:
        return np.arange(n_samples) / rate, known
    starts = np.linspace(0, n_samples, MAX_POINTS // 2, endpoint=False).astype(int)
    ranges = np.stack([np.minimum.reduceat(known, starts), np.maximum.reduceat(known, starts)], axis=1)
    return np.repeat(starts, 2) / rate, ranges.ravel()


def _transform(n_samples: int, rate: float) -> ShortTimeFFT:
    """Windows of a length that shows both times and frequencies, a power of two from 16 to 512 samples."""
    length = 2 ** int(np.clip(np.round(np.log2(n_samples / 16)), 4, 9))
    return ShortTimeFFT(hann(length, sym=False), max(length // 4, n_samples // MAX_SPECTRA), fs=rate)
