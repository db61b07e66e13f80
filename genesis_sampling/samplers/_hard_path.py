"""From rows of a class towards rows of others, up to the boundary."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ..tables.neighbors import NeighborSearch
from ._hard_models import Boundary
from .data import ClassData

__all__ = ["Paths"]

# Places on a path that are looked at first, and how often the gap before the first one across is halved then.
N_PLACES = 16
N_HALVINGS = 4
# Paths that are looked at at a time.
CHUNK = 512
# How often a row that is across after all goes half the way back before it is left where its path begins.
N_RETREATS = 4


@dataclass
class Paths:
    """The ways from rows of a class to the nearest rows of other classes.

    On a path numbers move on the straight line; categories stay, and so do numbers that one end lacks.

    Parameters
    ----------
    boundary : Boundary
    code : int
        The class.
    starts : ndarray of int of shape (n_starts,)
        Positions of rows of the class that lie on its side of the boundary.
    ends : ndarray of int of shape (n_starts, n_neighbors)
        Positions of rows of other classes.
    limits : ndarray of shape (n_starts, n_neighbors)
        How far each path stays on the side of the class, as a share of it; NaN where nobody has looked yet.
    """

    boundary: Boundary
    code: int
    starts: np.ndarray
    ends: np.ndarray
    limits: np.ndarray = field(init=False)

    def __post_init__(self):
        self.limits = np.full(self.ends.shape, np.nan)

    @classmethod
    def of_class(cls, part: ClassData, boundary: Boundary, n_neighbors: int) -> Paths:
        """The paths of one class."""
        data = part.data
        starts = part.positions[boundary.margins(part.rows, part.code, part.positions) >= 0]
        others = np.flatnonzero(data.target.codes != part.code)
        search = NeighborSearch(
            data.distances(), data.codes[others], seed=data.streams.child("neighbors").integer_seed()
        )
        _, near = search.query(data.codes[starts], min(n_neighbors, len(others)))
        return cls(boundary, part.code, starts, others[near])

    def open_ends(self, start: np.ndarray, end: np.ndarray) -> np.ndarray:
        """The neighbours ``end``, or where the way to one is across at once the next one to which it is not.

        Parameters
        ----------
        start : ndarray of int of shape (n_rows,)
            Where each path begins, as a position in ``starts``.
        end : ndarray of int of shape (n_rows,)
            Which of the neighbours it leads to.
        """
        n_ends = self.ends.shape[1]
        tried = end
        for _ in range(n_ends):
            self._look_at(start, tried)
            tried = np.where(self.limits[start, tried] > 0, tried, (tried + 1) % n_ends)
        return tried

    def rows_at(self, start: np.ndarray, end: np.ndarray, share: np.ndarray) -> np.ndarray:
        """Encoded rows at shares of the ways to the boundary, 0 for the row itself and 1 for the boundary."""
        self._look_at(start, end)
        first, second = self.starts[start], self.ends[start, end]
        place = share * self.limits[start, end]
        # Between places that were looked at, a path may leave its side and come back.
        across = np.arange(len(place))
        for retreat in range(N_RETREATS + 1):
            across = across[self._margins(first[across], second[across], place[across]) < 0]
            place[across] = place[across] / 2 if retreat < N_RETREATS else 0.0
        return self._moved(first, second, place)

    def _look_at(self, start: np.ndarray, end: np.ndarray) -> None:
        """Fill in the limits of paths where they are not known yet."""
        unknown = np.isnan(self.limits[start, end])
        pairs = np.unique(np.column_stack([start[unknown], end[unknown]]), axis=0)
        for at in range(0, len(pairs), CHUNK):
            chunk = tuple(pairs[at : at + CHUNK].T)
            self.limits[chunk] = self._limits(self.starts[chunk[0]], self.ends[chunk])

    def _limits(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        """How far paths stay on the side of the class, shape (n_paths,)."""
        places = np.arange(1, N_PLACES + 1) / N_PLACES
        n_paths = len(first)
        margins = self._margins(
            np.repeat(first, N_PLACES), np.repeat(second, N_PLACES), np.tile(places, n_paths)
        ).reshape(n_paths, N_PLACES)
        n_inside = np.where((margins < 0).any(axis=1), (margins < 0).argmax(axis=1), N_PLACES)
        inside, outside = n_inside / N_PLACES, np.minimum(n_inside + 1, N_PLACES) / N_PLACES
        for _ in range(N_HALVINGS):
            middle = (inside + outside) / 2
            is_inside = self._margins(first, second, middle) >= 0
            inside, outside = np.where(is_inside, middle, inside), np.where(is_inside, outside, middle)
        return inside

    def _margins(self, first: np.ndarray, second: np.ndarray, place: np.ndarray) -> np.ndarray:
        # Decoded rows, since integers are rounded and floats have the decimals of their column.
        frame = self.boundary.data.encoder.inverse_transform(self._moved(first, second, place))
        return self.boundary.margins(frame, self.code, first, second)

    def _moved(self, first: np.ndarray, second: np.ndarray, place: np.ndarray) -> np.ndarray:
        """Rows at places between two real ones, shape (n_rows, n_columns)."""
        encoder, codes = self.boundary.data.encoder, self.boundary.data.codes
        moved = codes[first] + place[:, None] * (codes[second] - codes[first])
        rows = np.where(encoder.discrete_ | np.isnan(moved), codes[first], moved)
        # A rounding error beyond the second row.
        return np.clip(rows, encoder.low_, encoder.high_)
