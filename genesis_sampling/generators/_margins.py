"""Empirical margins on a latent normal scale: spikes, integers, categories and gaps stay as they are."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr, ndtri

from ._conditioning import Allowed

__all__ = ["Margin", "fit_margin"]

# A column of floats or times is interpolated when it has more distinct values than this, or when more than this
# share of its rows has a value of its own.
MANY_VALUES = 200
OWN_VALUE_SHARE = 0.5
# A value of an interpolated column is a spike when it is this many times as frequent as the median value, and occurs
# more often than the floor.
SPIKE_RATIO = 5
SPIKE_FLOOR = 2
# Size of the table that tells about where a probability falls.
BUCKETS_PER_CELL = 4


class Margin:
    """A distribution as cells in increasing order of a latent standard normal.

    The distributional transform [1]_ gives each value the interval of the normal scale that has its probability. A
    cell is a single code (a spike, an integer, a category), or an interval of codes that is filled evenly.

    Parameters
    ----------
    low, high : ndarrays of shape (n_cells,)
        Codes at the two ends of each cell; equal for a single code.
    share : ndarray of shape (n_cells,)
        Probability of each cell, positive and with sum 1.
    step : float, default=0.0
        Distance of the codes that decoding rounds to; 0 where it does not round.

    Attributes
    ----------
    cumulated : ndarray of shape (n_cells + 1,)
        Probability of all that lies below each end of a cell, from 0 to 1.
    cuts : ndarray of shape (n_cells + 1,)
        The same ends on the normal scale, from -inf to inf.
    is_smooth : bool
        Whether some cell is an interval; the cells then lie in increasing order of their codes too.
    guide : ndarray of int
        Cell of each of a number of equal steps of probability.

    References
    ----------
    .. [1] L. Rüschendorf, "On the distributional transform, Sklar's theorem, and the empirical copula process",
       Journal of Statistical Planning and Inference 139(11), 2009.
    """

    def __init__(self, low: np.ndarray, high: np.ndarray, share: np.ndarray, step: float = 0.0):
        self.low, self.high, self.share, self.step = low, high, share, step
        self.cumulated = np.append(0.0, np.cumsum(share))
        self.cumulated[-1] = 1.0
        self.cuts = ndtri(self.cumulated)
        self.is_smooth = bool((low < high).any())
        n_buckets = BUCKETS_PER_CELL * len(share)
        self.guide = np.searchsorted(self.cumulated[1:-1], np.arange(n_buckets + 1) / n_buckets, side="right")

    def __len__(self) -> int:
        return len(self.share)

    @property
    def scores(self) -> np.ndarray:
        """Mean of the latent normal within each cell, shape (n_cells,)."""
        density = np.exp(-0.5 * self.cuts**2) / np.sqrt(2 * np.pi)
        return (density[:-1] - density[1:]) / self.share

    def take(self, order: np.ndarray) -> Margin:
        """The same cells in another order."""
        return Margin(self.low[order], self.high[order], self.share[order], self.step)

    def shares_of(self, codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Probability of all that lies below the cell of each code that was seen, and up to its end."""
        cell = np.minimum(np.searchsorted(self.high, codes), len(self) - 1)
        return self.cumulated[cell], self.cumulated[cell + 1]

    def decode(self, latent: np.ndarray) -> np.ndarray:
        """Codes of latent normals, shape (n_rows,)."""
        uniform = ndtr(latent)
        cell = self._cell(latent, uniform)
        if not self.is_smooth:
            return self.low[cell]
        within = (uniform - self.cumulated[cell]) / self.share[cell]
        low, high = self.low[cell], self.high[cell]
        return np.clip(low + within * (high - low), low, high)

    def _cell(self, latent: np.ndarray, uniform: np.ndarray) -> np.ndarray:
        """The cell in which each latent lies; a cell owns its lower end.

        A guide table is right for most rows; the others are searched for. That is several times faster than a search
        for every row.
        """
        cell = self.guide[(uniform * (len(self.guide) - 1)).astype(np.intp)]
        wrong = np.flatnonzero((latent < self.cuts[cell]) | (latent >= self.cuts[cell + 1]))
        cell[wrong] = np.searchsorted(self.cuts[1:-1], latent[wrong], side="right")
        return cell

    def latent_sets(self, allowed: Allowed) -> np.ndarray:
        """Where the latent normal may lie, as intervals of shape (n_intervals, 2); ends are equal for a point.

        No interval, when the margin has none of the codes.
        """
        if allowed.values is None:
            return self._of_range(allowed.low, allowed.high)
        parts = [self._of_value(code, alone=len(allowed.values) == 1) for code in allowed.values]
        intervals = np.concatenate([np.empty((0, 2)), *parts])
        return intervals[np.argsort(intervals[:, 0])]

    def _of_value(self, code: float, *, alone: bool) -> np.ndarray:
        """The cells of a single code, or the point on the normal scale of one between them."""
        cells = np.flatnonzero((self.low == code) & (self.high == code))
        if len(cells):
            return np.column_stack([self.cuts[cells], self.cuts[cells + 1]])
        if not self.is_smooth or not self.low[0] <= code <= self.high[-1]:
            return np.empty((0, 2))
        if not alone:
            # Several points compete by their densities: by the probability of an equal, narrow range around each.
            width = self.step or 1e-9 * (self.high[-1] - self.low[0])
            return self._of_range(code - width / 2, code + width / 2)
        return np.full((1, 2), ndtri(self._below(code)))

    def _of_range(self, low: float, high: float) -> np.ndarray:
        """The part of the normal scale on which the codes lie in a range, both ends included."""
        if not self.is_smooth:
            return self._of_cells((self.low >= low) & (self.low <= high))
        ends = ndtri([self._below(low - self.step / 2), self._up_to(high + self.step / 2)])
        return ends[None, :] if ends[0] < ends[1] else np.empty((0, 2))

    def _of_cells(self, chosen: np.ndarray) -> np.ndarray:
        """The chosen cells as intervals, neighbours joined."""
        edges = np.flatnonzero(np.diff(np.concatenate([[False], chosen, [False]]).astype(np.int8)))
        return self.cuts[edges].reshape(-1, 2)

    def _below(self, code: float) -> float:
        """Probability of all codes below ``code``."""
        cell = int(np.searchsorted(self.high, code))
        if cell == len(self.high):
            return 1.0
        return self.cumulated[cell] + self.share[cell] * self._part(cell, code)

    def _up_to(self, code: float) -> float:
        """Probability of all codes up to ``code``, itself included."""
        cell = int(np.searchsorted(self.low, code, side="right")) - 1
        if cell < 0 or self.high[cell] <= code:
            return self.cumulated[cell + 1]
        return self.cumulated[cell] + self.share[cell] * self._part(cell, code)

    def _part(self, cell: int, code: float) -> float:
        """Which part of a cell lies below ``code``."""
        width = self.high[cell] - self.low[cell]
        return float(np.clip((code - self.low[cell]) / width, 0, 1)) if width else 0.0


def fit_margin(known: np.ndarray, *, interpolate: bool, step: float = 0.0) -> tuple[Margin, np.ndarray]:
    """The empirical margin of the known codes of a column, and the cell of each of them.

    Parameters
    ----------
    known : ndarray of shape (n_known,)
    interpolate : bool
        Whether codes between those seen are possible, if the column has many.
    step : float, default=0.0
        Distance of the codes that decoding rounds to.
    """
    values, cells, counts = np.unique(known, return_inverse=True, return_counts=True)
    low = high = values
    if interpolate and len(values) > 1 and len(values) > min(MANY_VALUES, OWN_VALUE_SHARE * len(known)):
        low, high = _spread(values, counts)
    return Margin(low, high, counts / len(known), step), cells


def _spread(values: np.ndarray, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Ends of the cells around distinct values: half way to the neighbours, and never towards a spike.

    A spike is a point, and the gap beside it stays empty: a value between "nothing" and the least amount seen is
    one that nobody has.
    """
    spike = counts > max(SPIKE_FLOOR, SPIKE_RATIO * np.median(counts))
    open_gap = ~(spike[:-1] | spike[1:])
    half = np.where(open_gap, np.diff(values) / 2, 0.0)
    return values - np.append(0.0, half), values + np.append(half, 0.0)
