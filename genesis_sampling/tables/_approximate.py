"""The nearest rows through an inverted file: only cells near the query are looked at."""

from __future__ import annotations

import numpy as np
from threadpoolctl import threadpool_limits

from .._optional import import_extra
from ._distances import EuclideanDistances
from ._nearest import SPARE, nearest_rows, settle

__all__ = ["InvertedFile"]

# As many cells as this times the root of the number of rows, rounded to a power of two.
CELLS_PER_ROOT = 2.5
TRAINING_ROWS_PER_CELL = 40
TRAINING_ROUNDS = 6
# Queries whose true neighbours tell how many cells to look at; one half chooses, the other half measures.
TRIAL_QUERIES = 512
MIN_QUERIES = 100
# What the first half must reach, so that the second half does not miss the wish by chance.
MARGIN = 0.01
# Above this share of the cells a comparison of all pairs is as fast (benchmarks/neighbors.py).
MAX_SHARE = 0.1
BLOCK = 65_536


class InvertedFile:
    """An approximate index over rows, which are grouped in cells around centres that k-means finds.

    It is built by one thread, so that it does not depend on their number.

    Parameters
    ----------
    distances : EuclideanDistances
        Without columns of very many categories.
    rows : ndarray of shape (n_rows, n_columns)
        Codes of the rows.
    seed : int
        Of the choice of the first centres.
    """

    def __init__(self, distances: EuclideanDistances, rows: np.ndarray, *, seed: int):
        self._faiss = import_extra("faiss", extra="ann", needed_for="An approximate search for neighbours")
        self.distances = distances
        self.rows = rows
        self.n_cells = 2 ** round(np.log2(CELLS_PER_ROOT * np.sqrt(len(rows))))
        self._seed = seed
        with threadpool_limits(1):
            self._index = self._built()

    def search(
        self, queries: np.ndarray, k: int, *, recall: float, n_threads: int = 1
    ) -> tuple[np.ndarray, np.ndarray, float] | None:
        """Distances and positions, each of shape (n_queries, k), and the recall that a sample of them has.

        Looks at so many cells that the share of true neighbours that are found reaches ``recall``; None if that
        would take longer than a comparison of all pairs, or if the queries are too few to tell.
        """
        if len(queries) < MIN_QUERIES:
            return None
        with threadpool_limits(n_threads):
            trial = np.random.default_rng(self._seed).permutation(len(queries))[:TRIAL_QUERIES]
            _, truth = nearest_rows(self.distances, queries[trial], self.rows, k, n_threads=n_threads)
            needed = self._cells_needed(queries[trial], truth)
            half = len(trial) // 2
            n_probes = int(np.quantile(needed[:half], min(recall + MARGIN, 1.0), method="inverted_cdf")) + 1
            if n_probes > MAX_SHARE * self.n_cells:
                return None
            self._index.nprobe = n_probes
            found = [
                self._search_block(queries[start : start + BLOCK], k)
                for start in range(0, len(queries), BLOCK)
            ]
        distances, positions = (np.concatenate(parts) for parts in zip(*found, strict=True))
        short = np.flatnonzero((positions < 0).any(axis=1))
        if len(short):
            distances[short], positions[short] = nearest_rows(
                self.distances, queries[short], self.rows, k, n_threads=n_threads
            )
        hits = (truth[half:, :, None] == positions[trial[half:], None, :]).any(axis=2)
        return distances, positions, float(hits.mean())

    def _search_block(self, queries: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        _, candidates = self._index.search(self._points(queries), min(k + SPARE, len(self.rows)))
        return settle(self.distances, queries, self.rows, candidates, k)

    def _built(self):
        faiss, width = self._faiss, int(self.distances.width)
        index = faiss.IndexIVFFlat(faiss.IndexFlatL2(width), width, self.n_cells)
        index.cp.seed, index.cp.niter = self._seed % 2**31, TRAINING_ROUNDS
        index.cp.max_points_per_centroid = TRAINING_ROWS_PER_CELL
        n_training = TRAINING_ROWS_PER_CELL * self.n_cells
        chosen = np.random.default_rng(self._seed).permutation(len(self.rows))[:n_training]
        index.train(self._points(self.rows[np.sort(chosen)]))
        for start in range(0, len(self.rows), BLOCK):
            index.add(self._points(self.rows[start : start + BLOCK]))
        return index

    def _cells_needed(self, queries: np.ndarray, neighbors: np.ndarray) -> np.ndarray:
        """Place of the cell of each true neighbour among the cells nearest to the query, like ``neighbors``."""
        quantizer = self._index.quantizer
        _, order = quantizer.search(self._points(queries), self.n_cells)
        place = np.empty_like(order)
        np.put_along_axis(place, order, np.arange(self.n_cells)[None, :], axis=1)
        _, home = quantizer.search(self._points(self.rows[neighbors.ravel()]), 1)
        return np.take_along_axis(place, home.reshape(neighbors.shape), axis=1)

    def _points(self, codes: np.ndarray) -> np.ndarray:
        return np.ascontiguousarray(self.distances.embed(codes), dtype=np.float32)
