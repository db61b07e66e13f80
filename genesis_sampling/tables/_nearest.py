"""The nearest rows by comparing all pairs, in blocks that stay in the processor's cache."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._distances import Distances
from ._threads import workers

__all__ = ["Best", "nearest_rows", "promising", "settle"]

# Rows that are compared at a time, and pairs.
ROWS = 8192
PAIRS = 2**20
# Below so many pairs one thread is done before others have started.
MIN_SHARED_PAIRS = 4 * PAIRS
# The smallest values of a row are found through the minima of at least so many groups for each value wanted.
GROUPS_PER_VALUE = 4
# Where a row has more candidates than this times the number that is wanted, values are equal.
MAX_TIES = 8
# Candidates beyond those asked for, since float32 may order near ties wrongly.
SPARE = 4
ALL = slice(None)


def nearest_rows(
    distances: Distances, queries: np.ndarray, rows: np.ndarray, k: int, *, n_threads: int = 1
) -> tuple[np.ndarray, np.ndarray]:
    """The ``k`` rows that are nearest to each query.

    All pairs are compared in float32; the best few are compared again in float64, and equally near ones are put in
    order of position. Where rounding may have hidden a nearer row, the query is compared with all rows in float64.
    The result does not depend on the number of threads. Beside the result it takes some ten megabytes per thread.

    Parameters
    ----------
    distances : Distances
    queries : ndarray of shape (n_queries, n_columns)
        Codes of the queries.
    rows : ndarray of shape (n_rows, n_columns)
        Codes of the rows that are searched.
    k : int
        At most ``n_rows``.
    n_threads : int, default=1

    Returns
    -------
    distances : ndarray of shape (n_queries, k)
        In increasing order.
    positions : ndarray of int of shape (n_queries, k)
    """
    found, positions, certain = _search(distances, queries, rows, k, np.float32, n_threads)
    unsure = np.flatnonzero(~certain)
    if len(unsure):
        again = _search(distances, queries[unsure], rows, k, np.float64, n_threads)
        found[unsure], positions[unsure] = again[:2]
    return found, positions


def _search(
    distances: Distances, queries: np.ndarray, rows: np.ndarray, k: int, dtype: Any, n_threads: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Distances, positions, and whether rounding to ``dtype`` cannot have hidden a nearer row from a query."""
    n_kept = min(k + SPARE, len(rows))
    n_rows = max(min(ROWS, len(rows)), n_kept)
    n_queries = max(1, PAIRS // n_rows)
    best = Best(len(queries), n_kept, dtype)
    with workers(n_threads if len(queries) * len(rows) > MIN_SHARED_PAIRS else 1) as spread:
        for start in range(0, len(rows), n_rows):
            right = rows[start : start + n_rows]
            references = distances.references(right, dtype)

            def compare(first: int, right=right, references=references, start=start) -> None:
                chunk = slice(first, first + n_queries)
                left = queries[chunk]
                compared = distances.compare(distances.queries(left, dtype), left, references, right)
                best.offer(chunk, compared, start)

            spread(compare, range(0, len(queries), n_queries))
    found, positions = settle(distances, queries, rows, best.positions, k)
    if n_kept == len(rows):
        return found, positions, np.ones(len(queries), dtype=bool)
    worst_kept = best.limit().astype(np.float64)
    return found, positions, distances.rules_out(queries, found[:, -1], worst_kept, dtype)


def settle(
    distances: Distances, queries: np.ndarray, rows: np.ndarray, candidates: np.ndarray, k: int
) -> tuple[np.ndarray, np.ndarray]:
    """The best ``k`` of the candidates of each query, judged in float64; a candidate -1 is none."""
    exact = distances.to_candidates(queries, rows, candidates)
    exact[candidates < 0] = np.inf
    order = np.lexsort((candidates, exact), axis=1)[:, :k]
    return np.take_along_axis(exact, order, axis=1), np.take_along_axis(candidates, order, axis=1)


class Best:
    """The smallest values that each query was offered so far, and where they came from.

    Attributes
    ----------
    values : ndarray of shape (n_queries, n_kept)
        In increasing order, infinite where fewer were offered.
    positions : ndarray of int of shape (n_queries, n_kept)
        -1 where fewer were offered.
    """

    def __init__(self, n_queries: int, n_kept: int, dtype: Any):
        self.values = np.full((n_queries, n_kept), np.inf, dtype=dtype)
        self.positions = np.full((n_queries, n_kept), -1, dtype=np.int64)

    def offer(self, chunk: slice, compared: np.ndarray, start: int) -> None:
        """Values of shape (n_queries, n_rows) for the queries of a chunk, the rows being counted from ``start``."""
        query, column, value = promising(compared, self.limit(chunk), self.values.shape[1])
        self.add(chunk, query, value, column + start)

    def limit(self, chunk: slice = ALL) -> np.ndarray:
        """What a value must be below to count, for each query."""
        return self.values[chunk, -1]

    def add(self, chunk: slice, query: np.ndarray, value: np.ndarray, position: np.ndarray) -> None:
        """Values one by one, for queries that are counted from the start of the chunk."""
        if not len(query):
            return
        values, positions = self.values[chunk], self.positions[chunk]
        n_kept = values.shape[1]
        counts = np.bincount(query, minlength=len(values))
        # Often few queries are offered something; each keeps the best of what it has and what is new.
        changed = np.flatnonzero(counts)
        row = np.concatenate([np.repeat(changed, n_kept), query]).astype(np.min_scalar_type(len(values)))
        value = np.concatenate([values[changed].ravel(), value])
        position = np.concatenate([positions[changed].ravel(), position])
        order = np.argsort(value)
        order = order[np.argsort(row[order], kind="stable")]
        n_offered = counts[changed] + n_kept
        rank = np.arange(len(order)) - np.repeat(np.cumsum(n_offered) - n_offered, n_offered)
        kept = order[rank < n_kept].reshape(len(changed), n_kept)
        values[changed], positions[changed] = value[kept], position[kept]


def promising(compared: np.ndarray, limit: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Values below the limit of their row, or where that is infinite, few of those that are finite.

    Of each row, its ``k`` smallest values below the limit are among them.

    Parameters
    ----------
    compared : ndarray of shape (n_rows, n_columns)
    limit : ndarray of shape (n_rows,)
    k : int

    Returns
    -------
    row, column : ndarrays of int of shape (n_found,)
    value : ndarray of shape (n_found,)
    """
    endless = np.isinf(limit)
    bound = limit
    if compared.shape[1] > k and endless.any():
        bound = np.where(endless, np.nextafter(_bound(compared, k), np.inf), limit)
    found = np.flatnonzero(compared < bound[:, None])
    row = found // compared.shape[1]
    column = found - row * compared.shape[1]  # faster than a remainder
    if endless.any() and len(found) > MAX_TIES * k * len(compared):
        # Many values are equal: any of them will do.
        best = np.argpartition(compared, k - 1, axis=1)[:, :k]
        row, place = np.nonzero(np.take_along_axis(compared, best, axis=1) < limit[:, None])
        column = best[row, place]
        found = row * compared.shape[1] + column
    return row, column, compared.ravel().take(found)


def _bound(compared: np.ndarray, k: int) -> np.ndarray:
    """A number that at least ``k`` values of a row do not exceed, and not many more; shape (n_rows,).

    That is the ``k``-th smallest of the minima of groups of columns.
    """
    while (half := compared.shape[1] // 2) >= GROUPS_PER_VALUE * k:
        compared = np.minimum(compared[:, :half], compared[:, half : 2 * half])
    return np.partition(compared, k - 1, axis=1)[:, k - 1]
