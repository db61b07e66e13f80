"""Made images, texts, recordings and series beside those that they were made from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...exceptions import DataError
from .._items import ItemPairs, check_kind, kind_of
from ._display import Display
from ._item_audio import AudioSheet
from ._item_images import ImageSheet
from ._item_series import SeriesSheet
from ._item_sheet import Sheet
from ._item_texts import TextSheet

__all__ = ["ItemsDisplay"]

SHEETS: dict[str, type[Sheet]] = {
    "image": ImageSheet,
    "text": TextSheet,
    "audio": AudioSheet,
    "series": SeriesSheet,
}


class ItemsDisplay(Display):
    """Made items beside their sources, by class.

    Images stand in two rows for each class, sources above. Texts stand in two columns. Of recordings both waveforms
    are drawn over one another, and the spectrogram of each. Made series are drawn over their sources, and many of a
    class in faint lines.

    Parameters
    ----------
    pairs : ItemPairs
        What is shown.
    max_pairs : int or None, default=None
        Pairs of each class that are shown; None for 8 images, 6 texts, 2 recordings or 3 series.

    Attributes
    ----------
    figure_ : matplotlib Figure
    axes_ : ndarray of Axes of shape (n_panels,)
        Row by row. A panel for each class of images; one for all texts; three for each pair of recordings; for each
        class (of the first three channels) of series one and as many as there are pairs.
    ax_ : Axes
        The first of them.

    See Also
    --------
    AugmentationReport.plot : Draws what a sampler has made.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from genesis_sampling.reports.plots import ItemsDisplay
    >>> images = load_digits().images[:4] / 16
    >>> display = ItemsDisplay.from_items(images, images[:, ::-1], labels=["0", "1", "2", "3"])
    >>> [axes.get_title(loc="left") for axes in display.axes_]
    ['class 0: 1 made', 'class 1: 1 made', 'class 2: 1 made', 'class 3: 1 made']
    """

    def __init__(self, pairs: ItemPairs, *, max_pairs: int | None = None):
        self.pairs = pairs
        self.max_pairs = max_pairs

    @classmethod
    def from_items(
        cls,
        X_real: Any,
        X_made: Any,
        *,
        kind: str = "auto",
        labels: Any = None,
        sample_rate: float | None = None,
        max_pairs: int | None = None,
        ax: Any = None,
    ) -> ItemsDisplay:
        """Draw items that were made, each beside its source.

        Parameters
        ----------
        X_real, X_made : sequences of shape (n_pairs,)
            Texts, or arrays of numbers; ``X_made[i]`` was made from ``X_real[i]``. Of a sampler these are
            ``X_new[sampler.sample_indices_][sampler.synthetic_mask_]`` and ``X_new[sampler.synthetic_mask_]``.
        kind : {"auto", "image", "text", "audio", "series"}, default="auto"
            What they are. Images have the shape (height, width) or (height, width, 1, 3 or 4), recordings (t,), series
            (t,) or (channels, t). "auto" goes by type and shape: arrays of one dimension are recordings, if there is a
            sample rate, and series else.
        labels : array-like of shape (n_pairs,), default=None
            Class of each pair. At most ten classes are shown.
        sample_rate : float, default=None
            Samples per second, for axes in seconds and Hz.
        max_pairs : int, default=None
            Pairs of each class that are shown, the first ones; None for 8 images, 6 texts, 2 recordings (fewer for
            many classes) or 3 series.
        ax : array-like of Axes, default=None
            Where to draw, one for each panel; None for a new figure.

        Returns
        -------
        ItemsDisplay

        Raises
        ------
        DataError
            For items that are not as many on both sides, none at all, or of no kind that is known.

        Notes
        -----
        Floats of images in [0, 1] are drawn as they are; of others the brightest pixel that is shown is white, so that
        sources and made images are on one scale.
        """
        real, made = _listed(X_real), _listed(X_made)
        names = [None] * len(real) if labels is None else np.asarray(labels, dtype=object).tolist()
        if not len(real) == len(made) == len(names) or not real:
            raise DataError(
                f"Got {len(real)} sources, {len(made)} made items and {len(names)} labels; expected as many of each, "
                "and at least one."
            )
        if max_pairs is not None and max_pairs < 1:
            raise DataError(f"Got max_pairs={max_pairs}; expected 1 or more.")
        if sample_rate is not None and not sample_rate > 0:
            raise DataError(f"Got sample_rate={sample_rate}; expected a number above 0.")
        found = kind_of([*real, *made], sample_rate) if kind == "auto" else kind
        if found is None:
            raise DataError(
                "Got items that are neither texts nor arrays of a known shape; expected kind= to say what they are."
            )
        check_kind([*real, *made], found)
        return cls(ItemPairs(found, real, made, names, sample_rate), max_pairs=max_pairs).plot(ax)

    @property
    def _sheet(self) -> Sheet:
        return SHEETS[self.pairs.kind](self.pairs, self.max_pairs)

    @property
    def grid(self) -> tuple[int, int]:
        """Rows and columns of panels."""
        return self._sheet.grid

    @property
    def n_panels(self) -> int:
        """Number of panels."""
        rows, columns = self.grid
        return rows * columns

    @property
    def size(self) -> tuple[float, float]:
        """Width and height of the picture in inches."""
        return self._sheet.size

    @property
    def description(self) -> str:
        return self._sheet.description

    def _draw(self, axes: np.ndarray) -> None:
        self._sheet.draw(axes)


def _listed(items: Any) -> Sequence[Any]:
    """Items of any container: texts, or arrays of numbers."""
    return [np.asarray(item) if isinstance(item, list | tuple) else item for item in list(items)]
