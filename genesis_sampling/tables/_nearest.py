"""The nearest rows by comparing all pairs, in blocks that stay in the processor's cache."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from typing import Any

import numpy as np
from threadpoolctl import ThreadpoolController

from ._distances import Distances

__all__ = ["nearest_rows"]

# Pairs that a thread compares at a time: queries and rows.
QUERIES = 128
ROWS = 16_384
# Below so many pairs one thread is done before others have started.
MIN_SHARED_PAIRS = 5e5
# Columns of a block of which only the smallest value is looked at, unless it is small enough.
GROUP = 32
# With fewer columns for each value that is wanted, groups are no help.
DIRECT = 160
# Candidates beyond those asked for, since float32 may order near ties wrongly.
SPARE = 4


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
    n_rows = max(ROWS, n_kept)
    best = _Best(len(queries), n_kept, dtype)
    with _workers(n_threads if len(queries) * len(rows) > MIN_SHARED_PAIRS else 1) as spread:
        for start in range(0, len(rows), n_rows):
            right = rows[start : start + n_rows]
            references = distances.references(right, dtype)

            def compare(first: int, right=right, references=references, start=start) -> None:
                chunk = slice(first, first + QUERIES)
                left = queries[chunk]
                compared = distances.compare(distances.queries(left, dtype), left, references, right)
                best.offer(chunk, compared, start)

            spread(compare, range(0, len(queries), QUERIES))
    found, positions = settle(distances, queries, rows, best.positions, k)
    if n_kept == len(rows):
        return found, positions, np.ones(len(queries), dtype=bool)
    worst_kept = best.values.max(axis=1).astype(np.float64)
    return found, positions, distances.rules_out(queries, found[:, -1], worst_kept, dtype)


@contextmanager
def _workers(n_threads: int) -> Iterator[Callable[[Callable[[int], None], Iterable[int]], Any]]:
    """Give what calls a function for each of some numbers, on so many threads."""
    # The threads share the work between them; the products are too small for the linear algebra to share them too.
    with linear_algebra().limit(limits=1):
        if n_threads == 1:
            yield lambda function, numbers: list(map(function, numbers))
        else:
            with ThreadPoolExecutor(n_threads) as pool:
                yield lambda function, numbers: list(pool.map(function, numbers))


@cache
def linear_algebra() -> ThreadpoolController:
    """The thread pools that numpy brought along; to find them takes milliseconds."""
    return ThreadpoolController().select(user_api="blas")


def settle(
    distances: Distances, queries: np.ndarray, rows: np.ndarray, candidates: np.ndarray, k: int
) -> tuple[np.ndarray, np.ndarray]:
    """The best ``k`` of the candidates of each query, judged in float64; a candidate -1 is none."""
    exact = distances.to_candidates(queries, rows, candidates)
    exact[candidates < 0] = np.inf
    order = np.lexsort((candidates, exact), axis=1)[:, :k]
    return np.take_along_axis(exact, order, axis=1), np.take_along_axis(candidates, order, axis=1)


class _Best:
    """The smallest values that each query was offered so far, and where they came from."""

    def __init__(self, n_queries: int, n_kept: int, dtype: Any):
        self.values = np.full((n_queries, n_kept), np.inf, dtype=dtype)
        self.positions = np.full((n_queries, n_kept), -1, dtype=np.int64)

    def offer(self, chunk: slice, compared: np.ndarray, start: int) -> None:
        """Values of shape (n_queries, n_rows) for the queries of a chunk, the rows being counted from ``start``."""
        values, positions = self.values[chunk], self.positions[chunk]
        if start == 0:
            columns = _smallest(compared, values.shape[1])
            values[:], positions[:] = np.take_along_axis(compared, columns, axis=1), columns
            return
        worst = values.max(axis=1)
        row, column = _below(compared, worst)
        if not len(row):
            return
        # The rows are few: each keeps the best of what it has and what is new.
        changed, place = np.unique(row, return_inverse=True)
        order = np.argsort(place, kind="stable")
        within = np.arange(len(row)) - np.searchsorted(place[order], place[order])
        offered = np.full((len(changed), int(within.max()) + 1), np.inf, dtype=values.dtype)
        origin = np.full(offered.shape, -1, dtype=np.int64)
        offered[place[order], within] = compared[row[order], column[order]]
        origin[place[order], within] = column[order] + start
        offered = np.concatenate([values[changed], offered], axis=1)
        origin = np.concatenate([positions[changed], origin], axis=1)
        kept = np.argpartition(offered, values.shape[1] - 1, axis=1)[:, : values.shape[1]]
        values[changed] = np.take_along_axis(offered, kept, axis=1)
        positions[changed] = np.take_along_axis(origin, kept, axis=1)


def _group_minima(compared: np.ndarray) -> tuple[np.ndarray, int]:
    """Smallest value of each group of columns; column j belongs to the group j modulo the number of groups."""
    n_groups = compared.shape[1] // GROUP
    if not n_groups:
        return compared.min(axis=1, keepdims=True), 1
    # In two steps: a reduction is fast where what is reduced at a time is long.
    whole = compared[:, : n_groups * GROUP].reshape(len(compared), 4, -1).min(axis=1)
    minima = whole.reshape(len(compared), -1, n_groups).min(axis=1)
    for start in range(n_groups * GROUP, compared.shape[1], n_groups):
        rest = compared[:, start : start + n_groups]
        np.minimum(minima[:, : rest.shape[1]], rest, out=minima[:, : rest.shape[1]])
    return minima, n_groups


def _members(groups: np.ndarray, n_groups: int, n_columns: int) -> np.ndarray:
    """Columns of each group, on a further axis; -1 where a group has one less than others."""
    columns = groups[..., None] + np.arange(0, n_columns, n_groups)
    return np.where(columns < n_columns, columns, -1) if n_columns % n_groups else columns


def _smallest(compared: np.ndarray, k: int) -> np.ndarray:
    """Columns of the ``k`` smallest values of each row, which lie in the ``k`` groups of smallest minima."""
    if compared.shape[1] < DIRECT * k:
        return np.argpartition(compared, k - 1, axis=1)[:, :k]
    minima, n_groups = _group_minima(compared)
    groups = np.argpartition(minima, k - 1, axis=1)[:, :k]
    columns = _members(groups, n_groups, compared.shape[1]).reshape(len(compared), -1)
    values = np.where(columns < 0, np.inf, np.take_along_axis(compared, columns, axis=1))
    kept = np.argpartition(values, k - 1, axis=1)[:, :k]
    return np.take_along_axis(columns, kept, axis=1)


def _below(compared: np.ndarray, limit: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns of the values below the limit of their row, shape (n_rows,)."""
    minima, n_groups = _group_minima(compared)
    row, group = np.nonzero(minima < limit[:, None])
    columns = _members(group, n_groups, compared.shape[1])
    found, member = np.nonzero((compared[row[:, None], columns] < limit[row][:, None]) & (columns >= 0))
    return row[found], columns[found, member]
