"""Histograms of one number a row: distances to neighbours, and quality scores."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import cycle
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from ...exceptions import DataError
from ...metrics._pair import TablePair
from ...tables.neighbors import NeighborSearch
from ._display import Display, ink, palette, percent, plain, share_axis
from ._rows import Rows, read_rows

__all__ = ["NearestNeighborDisplay", "ScoreDisplay"]

N_BINS = 40


class NearestNeighborDisplay(Display):
    """How far synthetic rows lie from the nearest real row, beside how far real rows lie from each other.

    Parameters
    ----------
    synthetic_to_real, real_to_real : ndarrays of shape (n_rows,)
        Distances to the nearest real row, that of a real one being another one.

    Attributes
    ----------
    figure_ : matplotlib Figure
    axes_ : ndarray of Axes of shape (1,)
    ax_ : Axes

    Notes
    -----
    Distances are those of :class:`TableNeighbors` with ``"smote-nc"``. Where synthetic rows are like fresh real rows,
    both histograms are alike. A heap of synthetic rows at 0 are copies; that there is none proves no privacy.

    Examples
    --------
    >>> import numpy as np
    >>> from genesis_sampling.reports.plots import NearestNeighborDisplay
    >>> real, synthetic = np.random.default_rng(0).normal(size=(2, 100, 3))
    >>> display = NearestNeighborDisplay.from_samples(real, synthetic)
    >>> display.synthetic_to_real.shape
    (100,)
    """

    panel_size = (6.4, 3.6)

    def __init__(self, synthetic_to_real: np.ndarray, real_to_real: np.ndarray):
        self.synthetic_to_real = synthetic_to_real
        self.real_to_real = real_to_real

    @classmethod
    def from_samples(
        cls,
        real: Any,
        synthetic: Any,
        *,
        target: Any = None,
        max_rows: int = 5000,
        random_state: int = 0,
        ax: Any = None,
    ) -> NearestNeighborDisplay:
        """Draw the distances between the rows of two tables.

        Parameters
        ----------
        real, synthetic : {dataframe, array-like} of shape (n_rows, n_columns)
        target : str or int, default=None
            Name of the column that holds the class, which has no part in distances. Real rows of classes without
            synthetic rows are left out then.
        max_rows : int, default=5000
            A sample of so many rows is taken of each table that has more.
        random_state : int, default=0
            Seed of the sample.
        ax : Axes, default=None
            Where to draw; None for a new figure.

        Returns
        -------
        NearestNeighborDisplay

        Raises
        ------
        DataError
            For a single real row.
        """
        return cls.from_rows(read_rows(real, synthetic, target), max_rows, random_state).plot(ax)

    @classmethod
    def from_rows(cls, rows: Rows, max_rows: int = 5000, seed: int = 0) -> NearestNeighborDisplay:
        """Prepare what is drawn of rows that were read already."""
        return cls(*nearest_distances(rows.comparable.pair.sampled(max_rows, seed)))

    @property
    def description(self) -> str:
        synthetic, real = np.median(self.synthetic_to_real), np.median(self.real_to_real)
        return (
            f"Histogram of the distances to the nearest real row: the median of {len(self.synthetic_to_real):,} "
            f"synthetic rows is {synthetic:.3g}, that of {len(self.real_to_real):,} real rows {real:.3g}. At "
            f"distance 0 lie {percent(self._copies(self.synthetic_to_real))} of the synthetic and "
            f"{percent(self._copies(self.real_to_real))} of the real rows."
        )

    @staticmethod
    def _copies(distances: np.ndarray) -> float:
        return float((distances == 0).mean())

    def _draw(self, axes: np.ndarray) -> None:
        sides = {"real to real": self.real_to_real, "synthetic to real": self.synthetic_to_real}
        # The farthest hundredth goes into the last bin, so that one row far out does not squeeze all others.
        last = np.quantile(np.concatenate([*sides.values()]), 0.99) or 1.0
        edges = np.linspace(0, last, N_BINS + 1)
        for (name, distances), color in zip(sides.items(), palette(axes[0])):
            median = np.median(distances)
            _stairs(axes[0], np.minimum(distances, last), edges, color, f"{name}, median {median:.3g}")
            axes[0].axvline(min(median, last), color=color, linestyle="--", linewidth=1.2)
        axes[0].set(title="Distance to the nearest real row", xlabel="distance", xlim=(0, last))
        _finish(axes[0])


class ScoreDisplay(Display):
    """Quality scores of rows, and the threshold that they have to reach.

    Parameters
    ----------
    scores : dict of str to ndarray of shape (n_rows,)
        Scores in [0, 1] of each group of rows.
    threshold : float, default=None

    Attributes
    ----------
    figure_ : matplotlib Figure
    axes_ : ndarray of Axes of shape (1,)
    ax_ : Axes

    Examples
    --------
    >>> import numpy as np
    >>> from genesis_sampling.reports.plots import ScoreDisplay
    >>> scores = np.random.default_rng(0).beta(5, 1, size=500)
    >>> display = ScoreDisplay.from_samples(scores, threshold=0.8)
    >>> display.ax_.get_title()
    'Quality scores'
    """

    panel_size = (6.4, 3.6)

    def __init__(self, scores: dict[str, np.ndarray], *, threshold: float | None = None):
        self.scores = scores
        self.threshold = threshold

    @classmethod
    def from_samples(cls, scores: Any, *, threshold: float | None = None, ax: Any = None) -> ScoreDisplay:
        """Draw scores.

        Parameters
        ----------
        scores : array-like of shape (n_rows,), or mapping of str to such
            Scores in [0, 1], of one or of several groups of rows. Missing ones (NaN) are left out.
        threshold : float, default=None
            The score below which rows are turned down.
        ax : Axes, default=None
            Where to draw; None for a new figure.

        Returns
        -------
        ScoreDisplay

        Raises
        ------
        DataError
            For a group without scores, or scores outside of [0, 1].
        """
        groups = scores if isinstance(scores, Mapping) else {"candidates": scores}
        return cls(
            {str(name): _checked_scores(name, group) for name, group in groups.items()}, threshold=threshold
        ).plot(ax)

    @property
    def description(self) -> str:
        groups = "; ".join(self._named(name) for name in self.scores)
        return f"Histogram of quality scores. {groups}."

    def _named(self, name: str) -> str:
        scores = self.scores[name]
        reached = ""
        if self.threshold is not None:
            reached = f", {percent((scores >= self.threshold).mean())} reach {self.threshold:g}"
        return f"{name} ({len(scores):,}){reached}"

    def _draw(self, axes: np.ndarray) -> None:
        for (name, scores), color in zip(self.scores.items(), cycle(palette(axes[0]))):
            _stairs(axes[0], scores, np.linspace(0, 1, N_BINS + 1), color, plain(self._named(name), 60))
        if self.threshold is not None:
            axes[0].axvline(self.threshold, color=ink(axes[0]), linestyle="--", label="threshold")
        axes[0].set(title="Quality scores", xlabel="score (1: cannot be told from a real row)", xlim=(0, 1))
        _finish(axes[0])


def nearest_distances(pair: TablePair) -> tuple[np.ndarray, np.ndarray]:
    """Distances to the nearest real row, of the synthetic rows and of the real ones to another one."""
    if len(pair.real) < 2:
        raise DataError("Got 1 real row; expected 2 or more, since real rows are compared with each other.")
    search = NeighborSearch(pair.distances, pair.real)
    own = np.arange(len(pair.real))
    return search.query(pair.synthetic, 1)[0][:, 0], search.query(pair.real, 1, own=own)[0][:, 0]


def _checked_scores(name: Any, scores: Any) -> np.ndarray:
    known = np.asarray(scores, dtype=np.float64).ravel()
    known = known[~np.isnan(known)]
    if not len(known) or known.min() < 0 or known.max() > 1:
        span = f"scores from {known.min():g} to {known.max():g}" if len(known) else "no scores"
        raise DataError(f"Got {span} for {name!r}; expected numbers in [0, 1].")
    return known


def _stairs(panel: Axes, values: np.ndarray, edges: np.ndarray, color: str, label: str) -> None:
    shares = np.histogram(values, edges)[0] / len(values)
    panel.stairs(shares, edges, color=color, fill=True, alpha=0.22)
    panel.stairs(shares, edges, color=color, label=label, linewidth=1.6)


def _finish(panel: Axes) -> None:
    panel.set_ylabel("share of the rows")
    share_axis(panel)
    panel.legend(loc="best", fontsize="small", framealpha=0.85)
