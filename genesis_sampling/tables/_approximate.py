"""The nearest rows through an inverted file: only cells near the query are looked at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from ._distances import EuclideanDistances
from ._nearest import ALL, SPARE, Best, nearest_rows, promising, settle
from ._threads import workers

__all__ = ["InvertedFile"]

TRAINING_ROWS_PER_CELL = 40
TRAINING_ROUNDS = 6
# Queries whose true neighbours tell how many cells to look at; one half chooses, the other half measures.
TRIAL_QUERIES = 512
MIN_QUERIES = 100
# By how much the recall of the first half must exceed the wish, so that the second half does not miss it by chance.
STANDARD_ERRORS = 1
# Above this share of the cells a comparison of all pairs is as fast (benchmarks/neighbors.py).
MAX_SHARE = 0.4
# The nearest cells, whose rows tell how near a row of the other cells must be to count.
FIRST_CELLS = 2
# Queries that meet the cells together: many, so that each cell meets enough of them to make a product worth it, ...
QUERIES = 8192
# ... but at least so many parts of them as threads are common.
MIN_PARTS = 4
ROWS = 2048
# Values that wait to be sorted in; with more of them memory would grow.
MAX_OFFERS = 2**22


class InvertedFile:
    """An approximate index over rows, which are grouped in cells around centres that k-means finds.

    Each cell is compared with all queries that it lies near to at once, so that the work is a matrix product. What
    each query finds does not depend on the number of threads.

    Parameters
    ----------
    distances : EuclideanDistances
        Without columns of very many categories.
    rows : ndarray of shape (n_rows, n_columns)
        Codes of the rows.
    seed : int
        Of the choice of the first centres.
    n_threads : int, default=1

    References
    ----------
    .. [1] J. Sivic, A. Zisserman, "Video Google: a text retrieval approach to object matching in videos",
       International Conference on Computer Vision, 2003.
    """

    def __init__(self, distances: EuclideanDistances, rows: np.ndarray, *, seed: int, n_threads: int = 1):
        self.distances = distances
        self.rows = rows
        self._seed = seed
        self._n_threads = n_threads
        centres = self._trained(2 ** round(np.log2(np.sqrt(len(rows)))))
        filled, home = np.unique(self._nearest(rows, centres), return_inverse=True)
        self._centres = distances.prepare(centres[filled], np.float32)
        self._home = home.astype(np.uint16)
        self._members = np.argsort(self._home, kind="stable")
        self._start = np.searchsorted(self._home[self._members], np.arange(len(filled)))
        self._cells = [
            distances.references(rows[members], np.float32)
            for members in np.split(self._members, self._start[1:])
        ]

    def search(
        self, queries: np.ndarray, k: int, *, recall: float, own: bool = False
    ) -> tuple[np.ndarray, np.ndarray, float] | None:
        """Distances and positions, each of shape (n_queries, k), and the recall that a sample of them has.

        Looks at so many cells that the share of true neighbours that are found reaches ``recall``; None if that
        would take longer than a comparison of all pairs, or if the queries are too few to tell. With ``own`` each
        query is one of the rows, and that it finds itself does not count.
        """
        if len(queries) < MIN_QUERIES:
            return None
        trial = np.random.default_rng(self._seed).permutation(len(queries))[:TRIAL_QUERIES]
        _, truth = nearest_rows(self.distances, queries[trial], self.rows, k, n_threads=self._n_threads)
        truth = truth[:, int(own) :]
        half = len(trial) // 2
        n_probes = self._enough_cells(self._place_of_cell(queries[trial], truth), half, recall)
        if n_probes > MAX_SHARE * len(self._cells):
            return None
        distances, positions = self._look_into(queries, k, n_probes)
        short = np.flatnonzero((positions < 0).any(axis=1))
        if len(short):
            distances[short], positions[short] = nearest_rows(
                self.distances, queries[short], self.rows, k, n_threads=self._n_threads
            )
        hits = (truth[half:, :, None] == positions[trial[half:], None, :]).any(axis=2)
        return distances, positions, float(hits.mean())

    def _enough_cells(self, place: np.ndarray, half: int, recall: float) -> int:
        """How many cells to look at, from the places of the true neighbours' cells, of shape (n_queries, k).

        Neighbours of a query are found or missed together, so the error is that of a mean over queries.
        """
        in_cell = np.zeros((len(place), len(self._cells)))
        np.add.at(in_cell, (np.arange(len(place))[:, None], place), 1)
        found = in_cell.cumsum(axis=1) / place.shape[1]
        chosen, measured = found[:half].mean(axis=0), found[half:].mean(axis=0)
        error = found[:half].std(axis=0) / np.sqrt(half)
        enough = (chosen - STANDARD_ERRORS * error >= recall) & (measured >= recall)
        return int(np.argmax(enough | (chosen == 1))) + 1

    def _trained(self, n_cells: int) -> np.ndarray:
        """Centres by k-means on a sample of the rows, shape (n_cells, n_coordinates)."""
        order = np.random.default_rng(self._seed).permutation(len(self.rows))
        sample = self.rows[order[: TRAINING_ROWS_PER_CELL * n_cells]]
        points = self.distances.embed(sample)
        centres = points[:n_cells].copy()
        for _ in range(TRAINING_ROUNDS):
            home = self._nearest(sample, centres)
            by_cell = np.argsort(home, kind="stable")
            filled, first, counts = np.unique(home[by_cell], return_index=True, return_counts=True)
            sums = np.add.reduceat(points[by_cell], first, axis=0)
            centres[filled] = sums / counts[:, None]
        return centres

    def _nearest(self, codes: np.ndarray, centres: np.ndarray) -> np.ndarray:
        """The centre, of those of shape (n_centres, n_coordinates), that is nearest to each row; shape (n_rows,)."""
        prepared = self.distances.prepare(centres, np.float32)

        def nearest(start: int) -> np.ndarray:
            return (self._points(codes[start : start + ROWS]) @ prepared).argmin(axis=1)

        with workers(self._n_threads) as spread:
            return np.concatenate(spread(nearest, range(0, len(codes), ROWS)))

    def _place_of_cell(self, queries: np.ndarray, neighbors: np.ndarray) -> np.ndarray:
        """Place of the cell of each true neighbour among the cells nearest to the query, like ``neighbors``."""
        order = np.argsort(self._points(queries) @ self._centres, axis=1)
        place = np.empty_like(order)
        np.put_along_axis(place, order, np.arange(len(self._cells))[None, :], axis=1)
        return np.take_along_axis(place, self._home[neighbors], axis=1)

    def _look_into(self, queries: np.ndarray, k: int, n_probes: int) -> tuple[np.ndarray, np.ndarray]:
        """The best among the rows of the ``n_probes`` cells that are nearest to each query."""

        def look(start: int) -> tuple[np.ndarray, np.ndarray]:
            part = queries[start : start + n_queries]
            best = self._best(self._points(part), min(k + SPARE, len(self.rows)), n_probes)
            found = np.where(best.positions < 0, -1, self._members[best.positions])
            return settle(self.distances, part, self.rows, found, k)

        n_queries = min(QUERIES, -(-len(queries) // MIN_PARTS))
        with workers(self._n_threads) as spread:
            parts = spread(look, range(0, len(queries), n_queries))
        distances, positions = _joined(parts)
        return distances, positions

    def _best(self, points: np.ndarray, n_kept: int, n_probes: int) -> Best:
        best = Best(len(points), n_kept, np.float32)
        for probes in self._probes(points, n_probes):
            limit, n_offers = best.limit(), 0
            offers: list[tuple[np.ndarray, ...]] = []
            for cell, queries in _by_cell(*probes):
                compared = points.take(queries, axis=0) @ self._cells[cell]
                row, column, value = promising(compared, limit[queries], n_kept)
                offers.append((queries[row], value, column + self._start[cell]))
                n_offers += len(row)
                if n_offers > MAX_OFFERS:
                    best.add(ALL, *_joined(offers))
                    limit, offers, n_offers = best.limit(), [], 0
            if offers:
                best.add(ALL, *_joined(offers))
        return best

    def _probes(self, points: np.ndarray, n_probes: int) -> list[list[np.ndarray]]:
        """Which point looks into which cell: first into the nearest ones, then into the others."""
        first: list[tuple[np.ndarray, ...]] = []
        others: list[tuple[np.ndarray, ...]] = []
        for start in range(0, len(points), ROWS):
            compared = points[start : start + ROWS] @ self._centres
            for probes, n_cells in ((first, FIRST_CELLS), (others, n_probes - FIRST_CELLS)):
                if n_cells > 0:
                    row, cell, _ = promising(compared, np.full(len(compared), np.inf), n_cells)
                    compared[row, cell] = np.inf
                    probes.append((row + start, cell))
        return [_joined(probes) for probes in (first, others) if probes]

    def _points(self, codes: np.ndarray) -> np.ndarray:
        return self.distances.queries(codes, np.float32)


def _by_cell(queries: np.ndarray, cells: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    """Each cell with the queries that look into it."""
    order = np.argsort(cells.astype(np.uint16), kind="stable")
    found, first = np.unique(cells[order], return_index=True)
    yield from zip(found.tolist(), np.split(queries[order], first[1:]), strict=True)


def _joined(parts: Sequence[tuple[np.ndarray, ...]]) -> list[np.ndarray]:
    return [np.concatenate(side) for side in zip(*parts, strict=True)]
