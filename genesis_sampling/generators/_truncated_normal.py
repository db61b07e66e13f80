"""Exact draws of a multivariate normal some of whose coordinates are confined to points or to unions of intervals."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy.linalg import solve_triangular
from scipy.special import ndtr, ndtri

from .._random import RandomStreams
from ._conditioning import draw_until

__all__ = ["ConfinedNormal"]

# Rows that are multiplied at a time. Always as many, padded if need be: a product of another shape may differ in its
# last bit, and fewer rows would no longer be the first of more.
CHUNK = 1024
# Pairs of a row and an interval that are worked on at a time: bounds the memory of a long list of values.
CELLS = 500_000


class ConfinedNormal:
    """A standard multivariate normal, given that some coordinates lie in sets.

    With the Cholesky factor :math:`L` of the correlation, ordered as points, intervals, free coordinates,
    :math:`z = L e` with independent standard normal :math:`e`. Points fix the first :math:`e`; each interval
    confines the next one to :math:`(a_i - m_i) / L_{ii} \\le e_i \\le (b_i - m_i) / L_{ii}` with
    :math:`m_i = \\sum_{j<i} L_{ij} e_j`; the others are free. Drawing the confined ones in turn gives rows with a
    density that is too small by the product of the probabilities :math:`p_i(e_1 \\ldots e_{i-1})` of their
    intervals [1]_, so that a row kept with probability :math:`\\prod_i p_i / \\sup p_i` is an exact draw.

    Parameters
    ----------
    correlation : ndarray of shape (n_latents, n_latents)
        Positive definite.
    sets : mapping of int to ndarray of shape (n_intervals, 2)
        Disjoint intervals for some coordinates; a single one with equal ends is a point.

    References
    ----------
    .. [1] A. Genz, "Numerical computation of multivariate normal probabilities", Journal of Computational and
       Graphical Statistics 1(2), 1992. The same proposal is known as the GHK simulator.
    """

    def __init__(self, correlation: np.ndarray, sets: Mapping[int, np.ndarray]):
        points = [i for i, ends in sets.items() if len(ends) == 1 and ends[0, 0] == ends[0, 1]]
        # The narrowest first: it leaves the least play to what the probabilities of the others depend on.
        intervals = sorted(sets.keys() - set(points), key=lambda i: (np.diff(ndtr(sets[i])).sum(), i))
        free = [i for i in range(len(correlation)) if i not in sets]
        self.order = np.array([*points, *intervals, *free], dtype=np.intp)
        self.factor = np.linalg.cholesky(correlation[np.ix_(self.order, self.order)])
        self.n_points, self.n_confined = len(points), len(points) + len(intervals)
        self.fixed = np.array([sets[i][0, 0] for i in points])
        self.intervals = [sets[i] for i in intervals]

    def draw(self, n: int, streams: RandomStreams, wanted: str) -> np.ndarray:
        """Rows of shape (n, n_latents); with equal streams fewer rows are the first of more."""
        if len(self.intervals) <= 1:
            confined = self._in_rounds(n, streams)
        else:
            confined = draw_until(n, self._propose, streams.child("confined"), wanted)
        return self._complete(confined, streams.child("free").rng())

    def _in_rounds(self, n: int, streams: RandomStreams) -> np.ndarray:
        """Confined coordinates none of which can be rejected, since only one interval is drawn from."""
        if not self.n_confined:
            return np.empty((n, 0))
        starts = range(0, max(n, 1), CHUNK)
        return np.concatenate([self._propose(CHUNK, streams.child("round", start))[0] for start in starts])[
            :n
        ]

    def _propose(self, count: int, streams: RandomStreams) -> tuple[np.ndarray, np.ndarray]:
        """Rows of (e, z) of the confined coordinates, shape (count, 2 * n_confined), and which of them to keep."""
        e, z = np.empty((count, self.n_confined)), np.empty((count, self.n_confined))
        z[:, : self.n_points] = self.fixed
        corner = self.factor[: self.n_points, : self.n_points]
        e[:, : self.n_points] = solve_triangular(corner, self.fixed, lower=True) if self.n_points else 0
        rng = streams.rng()
        kept = rng.random(count)
        weight = np.ones(count)
        for i, ends in enumerate(self.intervals, start=self.n_points):
            scale = self.factor[i, i]
            mean = e[:, :i] @ self.factor[i, :i]
            e[:, i], chosen, probability = _draw_confined(mean, scale, ends, rng)
            # Rounding must not carry a row over the end of its interval, into the next cell.
            z[:, i] = np.clip(mean + scale * e[:, i], ends[chosen, 0], np.nextafter(ends[chosen, 1], -np.inf))
            if i > self.n_points:
                weight *= probability / _largest_probability(ends / scale)
        return np.hstack([e, z]), kept < weight

    def _complete(self, confined: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """The free coordinates to the confined ones, all in the order of the correlation."""
        n, n_latents = len(confined), len(self.factor)
        z = np.empty((n, n_latents))
        for start in range(0, n, CHUNK):
            part = confined[start : start + CHUNK]
            e = np.zeros((CHUNK, n_latents))
            e[: len(part), : self.n_confined] = part[:, : self.n_confined]
            e[:, self.n_confined :] = rng.standard_normal((CHUNK, n_latents - self.n_confined))
            z[start : start + CHUNK, self.order] = (e @ self.factor.T)[: len(part)]
        z[:, self.order[: self.n_confined]] = confined[:, self.n_confined :]
        return z


def _draw_confined(
    mean: np.ndarray, scale: float, ends: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A standard normal ``e`` for each row such that ``mean + scale * e`` lies in a union of intervals.

    Parameters
    ----------
    mean : ndarray of shape (n_rows,)
    scale : float
    ends : ndarray of shape (n_intervals, 2)

    Returns
    -------
    e : ndarray of shape (n_rows,)
    chosen : ndarray of int of shape (n_rows,)
        The interval in which it lies.
    probability : ndarray of shape (n_rows,)
        Probability of the union.
    """
    uniforms = rng.random((len(mean), 2))
    if not np.ptp(mean):  # the first interval: its limits are the same for every row
        return _draw_part((ends[None] - mean[0]) / scale, *uniforms.T)
    n_parts = 1 + len(mean) * len(ends) // CELLS
    parts = [
        _draw_part((ends - means[:, None, None]) / scale, *part.T)
        for means, part in zip(np.array_split(mean, n_parts), np.array_split(uniforms, n_parts), strict=True)
    ]
    e, chosen, probability = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    return e, chosen, probability


def _draw_part(
    ends: np.ndarray, which: np.ndarray, where: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What :func:`_draw_confined` returns, from two uniforms a row.

    ``ends`` has the shape (n_rows, n_intervals, 2), or (1, n_intervals, 2) if all rows have the same.
    """
    # Mirrored where the interval lies above 0: the lower tail has the digits that 1 - tiny loses.
    mirrored = ends[..., 0] > 0
    low = np.where(mirrored, -ends[..., 1], ends[..., 0])
    high = np.where(mirrored, -ends[..., 0], ends[..., 1])
    below = ndtr(low)
    mass = ndtr(high) - below
    total = np.cumsum(mass, axis=1)
    probability = total[:, -1]
    if len(ends) == 1:
        rows, chosen = np.zeros(len(which), dtype=np.intp), np.searchsorted(total[0], which * probability)
    else:
        rows, chosen = np.arange(len(ends)), (total < (which * probability)[:, None]).sum(axis=1)
    chosen = np.minimum(chosen, mass.shape[1] - 1)
    e = ndtri(below[rows, chosen] + where * mass[rows, chosen])
    e = np.where(mirrored[rows, chosen], -e, e)
    return np.clip(e, ends[rows, chosen, 0], ends[rows, chosen, 1]), chosen, probability


def _largest_probability(ends: np.ndarray) -> float:
    """A bound on the probability of a union of intervals under a normal of variance 1 and any mean."""
    widths = np.diff(ends, axis=1)
    return float(min(1.0, (2 * ndtr(widths / 2) - 1).sum()))
