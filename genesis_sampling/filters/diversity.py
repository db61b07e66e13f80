"""Which candidates are no near copies, of real rows or of one another."""

from __future__ import annotations

import numpy as np

from ..tables.neighbors import Distances, NeighborSearch

__all__ = ["NearCopies"]

# Candidates that are compared with one another at a time.
CHUNK = 256


class NearCopies:
    """Finds rows that lie nearer to a real row, or to another made one, than real rows lie to each other.

    Parameters
    ----------
    distances : Distances
    real : ndarray of shape (n_real, n_columns)
        Encoded real rows.
    min_distance : float
        What is too near, in units of the median distance of a real row to its nearest other one.

    Attributes
    ----------
    unit_ : float
        That median; 0 where most real rows are repeated, in which case no row is too near.
    """

    def __init__(self, distances: Distances, real: np.ndarray, min_distance: float):
        self.distances = distances
        self._search = NeighborSearch(distances, real)
        reach = self._search.query(real, 1, own=np.arange(len(real)))[0] if len(real) > 1 else np.zeros(1)
        self.unit_ = float(np.median(reach))
        self._limit = min_distance * self.unit_

    def of_real(self, codes: np.ndarray) -> np.ndarray:
        """Which candidates are near copies of a real row, shape (n_candidates,)."""
        if not self._limit:
            return np.zeros(len(codes), dtype=bool)
        return self._search.query(codes, 1)[0][:, 0] < self._limit

    def of_each_other(self, codes: np.ndarray, accepted: np.ndarray) -> np.ndarray:
        """Which candidates are near copies of an accepted row, or of a candidate before them that is none itself."""
        copies = np.zeros(len(codes), dtype=bool)
        if not self._limit:
            return copies
        for start in range(0, len(codes), CHUNK):
            part = codes[start : start + CHUNK]
            kept = np.concatenate([accepted, codes[:start][~copies[:start]]])
            if len(kept):
                found = NeighborSearch(self.distances, kept, method="exact").query(part, 1)[0][:, 0]
                copies[start : start + CHUNK] = found < self._limit
            near = self._near_pairs(part)
            for row in range(len(part)):
                copies[start + row] |= (near[row, :row] & ~copies[start : start + row]).any()
        return copies

    def _near_pairs(self, codes: np.ndarray) -> np.ndarray:
        """Which pairs of rows are too near, shape (n_rows, n_rows)."""
        every = np.broadcast_to(np.arange(len(codes)), (len(codes), len(codes)))
        return self.distances.to_candidates(codes, codes, every) < self._limit
