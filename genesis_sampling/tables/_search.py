"""The search for neighbours among encoded rows: which way, by how many threads, with which memory."""

from __future__ import annotations

from typing import Any

import numpy as np
from joblib import effective_n_jobs
from sklearn.base import clone

from ..exceptions import DataError
from ._approximate import InvertedFile
from ._distances import Distances, EuclideanDistances
from ._nearest import nearest_rows
from ._threads import linear_algebra

__all__ = ["DEFAULT_BUDGET", "NeighborSearch"]

# With fewer pairs a comparison of all of them is as fast as building an index (benchmarks/neighbors.py).
MIN_PAIRS = 2e8
# An index of fewer rows has too few cells to leave any out.
MIN_ROWS = 10_000
DEFAULT_BUDGET = 2**30


class NeighborSearch:
    """Neighbours among encoded rows.

    Parameters
    ----------
    distances : Distances
    codes : ndarray of shape (n_rows, n_columns)
        The rows that are searched.
    method : {"auto", "exact", "approximate"} or object, default="auto"
        See :class:`TableNeighbors`; an object with ``fit`` and ``kneighbors`` sees the rows as points.
    recall : float, default=0.95
        Share of the true neighbours that an approximate search has to find.
    memory_budget : int, default=2**30
        Bytes that an index may take.
    n_jobs : int, default=None
        Number of threads; None for as many as the linear algebra uses.
    seed : int, default=0
        Of an approximate index.

    Attributes
    ----------
    how : str
        What the last search was: ``"exact"``, ``"approximate, recall 0.97"`` or the name of the object.
    """

    def __init__(
        self,
        distances: Distances,
        codes: np.ndarray,
        *,
        method: Any = "auto",
        recall: float = 0.95,
        memory_budget: int = DEFAULT_BUDGET,
        n_jobs: int | None = None,
        seed: int = 0,
    ):
        self.distances = distances
        self.codes = codes
        self.method = method
        self.recall = recall
        self.memory_budget = memory_budget
        self.n_threads = _n_threads(n_jobs)
        self.seed = seed
        self.how = "exact"
        self._index: InvertedFile | None = None
        self._fitted: Any = None

    def query(
        self, codes: np.ndarray, k: int, *, own: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """The ``k`` nearest rows of each query.

        Parameters
        ----------
        codes : ndarray of shape (n_queries, n_columns)
        k : int
            At most the number of rows, less one with ``own``.
        own : ndarray of int of shape (n_queries,), default=None
            Position of each query among the rows, which is then not its own neighbour.

        Returns
        -------
        distances, positions : ndarrays of shape (n_queries, k)
            The nearest first.
        """
        if not len(codes) or not k:
            return np.empty((len(codes), k)), np.empty((len(codes), k), dtype=np.int64)
        wanted = min(k + (own is not None), len(self.codes))
        distances, positions = self._search(codes, wanted, own is not None)
        if own is None:
            return distances, positions
        # Where many equal rows crowd a row out of its own neighbours, the farthest one goes instead.
        itself = positions == own[:, None]
        itself[~itself.any(axis=1), -1] = True
        shape = (len(codes), wanted - 1)
        return distances[~itself].reshape(shape), positions[~itself].reshape(shape)

    def _search(self, codes: np.ndarray, k: int, own: bool) -> tuple[np.ndarray, np.ndarray]:
        if not isinstance(self.method, str):
            return self._ask_object(codes, k)
        if self._is_worth_an_index(len(codes)):
            if self._index is None:
                self._index = InvertedFile(
                    self.distances,  # type: ignore[arg-type]
                    self.codes,
                    seed=self.seed,
                    n_threads=self.n_threads,
                )
            found = self._index.search(codes, k, recall=self.recall, own=own)
            if found is not None:
                self.how = f"approximate, recall {found[2]:.2f}"
                return found[0], found[1]
        self.how = "exact"
        return nearest_rows(self.distances, codes, self.codes, k, n_threads=self.n_threads)

    def _is_worth_an_index(self, n_queries: int) -> bool:
        fits = (
            isinstance(self.distances, EuclideanDistances)
            and not len(self.distances.wide)
            and len(self.codes) * (4 * self.distances.width + 8) <= self.memory_budget
        )
        n_pairs = n_queries * len(self.codes)
        if self.method == "exact" or not fits or len(self.codes) < MIN_ROWS:
            return False
        if self.method == "approximate":
            return True
        return n_pairs >= MIN_PAIRS

    def _ask_object(self, codes: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        if not isinstance(self.distances, EuclideanDistances) or len(self.distances.wide):
            raise DataError(
                f"Got {type(self.method).__name__} for a distance that is not Euclidean (Gower's, or a column of very "
                "many categories); expected neighbors='auto' or 'exact'."
            )
        if self._fitted is None:
            self._fitted = clone(self.method).fit(self.distances.embed(self.codes))
        self.how = type(self.method).__name__
        distances, positions = self._fitted.kneighbors(self.distances.embed(codes), n_neighbors=k)
        return np.asarray(distances), np.asarray(positions)


def _n_threads(n_jobs: int | None) -> int:
    if n_jobs is not None:
        return effective_n_jobs(n_jobs)
    return max((pool.num_threads for pool in linear_algebra().lib_controllers), default=1)
