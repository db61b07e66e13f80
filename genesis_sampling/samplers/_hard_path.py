"""From rows of a class towards rows of others, up to the boundary."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from ..tables.neighbors import NeighborSearch
from ._hard_models import Boundary
from .data import ClassData, SamplingData

__all__ = ["Paths"]

# Places on a path that are looked at first, and how often the gap before the first one across is halved then.
N_PLACES = 16
N_HALVINGS = 4
# Paths that are looked at at a time.
CHUNK = 512
# How often a row that is across after all, or one of another class, goes half the way back before it is left where its
# path begins.
N_RETREATS = 4


@dataclass
class Paths:
    """The ways from rows of a class across the boundary, to the nearest rows of other classes that lie there.

    On a path numbers move on the straight line; categories stay, and so do numbers that one end lacks. It begins on
    the side of the class and ends on another, for the models that have seen neither of its two rows.

    Parameters
    ----------
    boundary : Boundary
    code : int
        The class.
    starts : ndarray of int of shape (n_starts,)
        Positions of rows of the class that lie on its side of the boundary and equal no row of another class.
    ends : ndarray of int of shape (n_starts, n_neighbors)
        Positions of rows of other classes; those that a path leads to come first.
    n_ends : ndarray of int of shape (n_starts,)
        To how many of the ends a path leads, 1 or more.
    choices : dict of str to float
        The shares of the rows that came into question.
    limits : ndarray of shape (n_starts, n_neighbors)
        How far each path stays on the side of the class, as a share of it; NaN where nobody has looked yet.
    """

    boundary: Boundary
    code: int
    starts: np.ndarray
    ends: np.ndarray
    n_ends: np.ndarray
    choices: dict[str, float]
    limits: np.ndarray = field(init=False)

    def __post_init__(self):
        self.limits = np.full(self.ends.shape, np.nan)

    @classmethod
    def of_class(cls, part: ClassData, boundary: Boundary, n_neighbors: int) -> Paths:
        """The paths of one class."""
        data = part.data
        others = np.flatnonzero(data.target.codes != part.code)
        is_own = boundary.margins(part.rows, part.code, part.positions) >= 0
        is_across = boundary.margins(data.table.frame.iloc[others], part.code, others) < 0
        hashes = _hashes_of_table(data)
        starts = part.positions[is_own & ~np.isin(hashes[part.positions], hashes[others])]
        ends = _nearest(data, starts, others[is_across], n_neighbors)
        paths = cls(boundary, part.code, starts, ends, np.full(len(starts), ends.shape[1]), {})._crossing()
        paths.choices = {
            "real rows on their own side of the boundary": _share(is_own),
            "rows of other classes across the boundary": _share(is_across),
            "real rows with a way across the boundary": round(len(paths.starts) / len(part.positions), 3),
        }
        return paths

    def _crossing(self) -> Paths:
        """The paths that begin on the side of the class and end across; the starts that have such a path."""
        crosses = np.zeros(self.ends.shape, dtype=bool)
        n_starts = CHUNK * N_PLACES // max(self.ends.shape[1], 1)
        for at in range(0, len(self.starts) if crosses.size else 0, n_starts):
            ends = self.ends[at : at + n_starts]
            first, second = np.repeat(self.starts[at : at + n_starts], ends.shape[1]), ends.ravel()
            begins, comes = (self._margins(first, second, np.full(len(first), place)) for place in (0.0, 1.0))
            crosses[at : at + n_starts] = ((begins >= 0) & (comes < 0)).reshape(ends.shape)
        n_ends = crosses.sum(axis=1)
        ends = np.take_along_axis(self.ends, np.argsort(~crosses, axis=1, kind="stable"), axis=1)
        kept = n_ends > 0
        return Paths(self.boundary, self.code, self.starts[kept], ends[kept], n_ends[kept], self.choices)

    def open_ends(self, start: np.ndarray, end: np.ndarray) -> np.ndarray:
        """The ends ``end``, or where the way to one is across at once the next one to which it is not.

        Parameters
        ----------
        start : ndarray of int of shape (n_rows,)
            Where each path begins, as a position in ``starts``.
        end : ndarray of int of shape (n_rows,)
            Which of the start's ends it leads to, less than ``n_ends[start]``.
        """
        tried = end
        for _ in range(self.ends.shape[1]):
            self._look_at(start, tried)
            tried = np.where(self.limits[start, tried] > 0, tried, (tried + 1) % self.n_ends[start])
        return tried

    def rows_at(self, start: np.ndarray, end: np.ndarray, share: np.ndarray) -> np.ndarray:
        """Encoded rows at shares of the ways to the boundary, 0 for the row itself and 1 for the boundary."""
        self._look_at(start, end)
        first, second = self.starts[start], self.ends[start, end]
        place = share * self.limits[start, end]
        # Between places that were looked at, a path may leave its side and come back. At its begin all is well.
        amiss = np.arange(len(place))
        for retreat in range(N_RETREATS + 1):
            amiss = amiss[self._is_amiss(first[amiss], second[amiss], place[amiss])]
            place[amiss] = place[amiss] / 2 if retreat < N_RETREATS else 0.0
        return self._moved(first, second, place)

    def _is_amiss(self, first: np.ndarray, second: np.ndarray, place: np.ndarray) -> np.ndarray:
        """Whether rows are across, or rows of another class, which whole numbers and decimals may well be."""
        data = self.boundary.data
        frame = data.encoder.inverse_transform(self._moved(first, second, place))
        theirs = _hashes_of_table(data)[data.target.codes != self.code]
        is_theirs = np.isin(_hashes(data.encoder.transform(frame)), theirs)
        return is_theirs | (self.boundary.margins(frame, self.code, first, second) < 0)

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


def _nearest(data: SamplingData, starts: np.ndarray, ends: np.ndarray, n_neighbors: int) -> np.ndarray:
    """Positions of the rows ``ends`` nearest to each row of ``starts``, shape (n_starts, n_neighbors or fewer)."""
    n_neighbors = min(n_neighbors, len(ends))
    if not len(starts) or not n_neighbors:
        return np.empty((len(starts), n_neighbors), dtype=np.intp)
    seed = data.streams.child("neighbors").integer_seed()
    _, near = NeighborSearch(data.distances(), data.codes[ends], seed=seed).query(
        data.codes[starts], n_neighbors
    )
    return ends[near]


def _hashes_of_table(data: SamplingData) -> np.ndarray:
    """Hashes of the real rows, which the classes share."""
    return data.once("hashes", lambda: _hashes(data.codes))


def _hashes(codes: np.ndarray) -> np.ndarray:
    """Hashes of encoded rows; those of equal rows are equal."""
    # Both zeros are one number, and all gaps are alike.
    rows = pd.DataFrame(np.where(np.isnan(codes), np.nan, codes + 0.0))
    return pd.util.hash_pandas_object(rows, index=False).to_numpy()


def _share(mask: np.ndarray) -> float:
    return round(float(mask.mean()), 3)
