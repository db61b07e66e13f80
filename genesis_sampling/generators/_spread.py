"""Evenly spread points that look independent from one use to the next."""

from __future__ import annotations

import numpy as np

__all__ = ["spread_points"]


def spread_points(indices: np.ndarray, seeds: np.ndarray) -> np.ndarray:
    """Points of a shuffled, Owen-scrambled van der Corput sequence in [0, 1).

    Any ``2**k`` consecutive indices from a multiple of ``2**k`` on give one point in each of ``2**k`` equal parts. A
    point depends on its index and the seeds alone. With other seeds the points come in another order, so that two
    sequences can be used for two columns of a table.

    Parameters
    ----------
    indices : ndarray of int of shape (n_points,)
    seeds : ndarray of uint32 of shape (2,)
        Of the shuffling and of the scrambling.

    References
    ----------
    .. [1] B. Burley, "Practical hash-based Owen scrambling", Journal of Computer Graphics Techniques 9(4), 2020.
    """
    shuffled = _reversed(_hashed(_reversed(indices.astype(np.uint32)), seeds[0]))
    return _reversed(_hashed(shuffled, seeds[1])) / 2.0**32


def _hashed(bits: np.ndarray, seed: np.uint32) -> np.ndarray:
    """The Laine-Karras permutation: each bit is flipped depending on the seed and the lower bits only."""
    bits = bits + seed
    for factor in (0x6C50B47C, 0xB82F1E52, 0xC7AFE638, 0x8D22F6E6):
        bits = bits ^ (bits * np.uint32(factor))
    return bits


def _reversed(bits: np.ndarray) -> np.ndarray:
    """The 32 bits of each number in reverse order."""
    for places, pattern in ((1, 0x55555555), (2, 0x33333333), (4, 0x0F0F0F0F), (8, 0x00FF00FF)):
        shift, mask = np.uint32(places), np.uint32(pattern)
        bits = ((bits >> shift) & mask) | ((bits & mask) << shift)
    return (bits >> np.uint32(16)) | (bits << np.uint32(16))
