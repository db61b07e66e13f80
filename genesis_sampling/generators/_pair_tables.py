"""How far the two-way tables of drawn rows are from those of real ones: a measure of dependence in one product."""

from __future__ import annotations

import numpy as np

__all__ = ["PairTables"]

# Cells of a column: bins of equal numbers of rows, or its most frequent categories; one for others, one for missing.
CELLS = 12
MAX_ROWS = 10_000


class PairTables:
    """The two-way tables of all pairs of columns of encoded rows.

    Parameters
    ----------
    codes : ndarray of shape (n_rows, n_columns)
    discrete : ndarray of bool of shape (n_columns,)
    """

    def __init__(self, codes: np.ndarray, discrete: np.ndarray):
        codes = codes[:: max(1, len(codes) // MAX_ROWS)]
        self._cuts = [
            _frequent(column) if is_discrete else _quantiles(column)
            for column, is_discrete in zip(codes.T, discrete, strict=True)
        ]
        self._discrete = discrete
        self._tables = self._counted(codes)

    def error(self, codes: np.ndarray) -> float:
        """Mean total variation distance to the tables of other rows, 0 to 1; of the margins, for a single column."""
        tables = self._counted(codes)
        distance = 0.5 * np.abs(tables - self._tables).sum(axis=(1, 3))
        pairs = np.triu_indices(len(distance), 1 if len(distance) > 1 else 0)
        return float(distance[pairs].mean())

    def _counted(self, codes: np.ndarray) -> np.ndarray:
        """Shares of shape (n_columns, CELLS, n_columns, CELLS)."""
        n_rows, n_columns = codes.shape
        is_in = np.zeros((n_rows, n_columns, CELLS), dtype=np.float32)
        for column, cuts in enumerate(self._cuts):
            is_in[np.arange(n_rows), column, self._cells(codes[:, column], cuts, self._discrete[column])] = 1
        flat = is_in.reshape(n_rows, -1)
        return (flat.T @ flat / n_rows).reshape(n_columns, CELLS, n_columns, CELLS)

    def _cells(self, codes: np.ndarray, cuts: np.ndarray, is_discrete: bool) -> np.ndarray:
        if not is_discrete:
            return np.where(np.isnan(codes), CELLS - 1, np.searchsorted(cuts, codes, side="right"))
        place = np.minimum(np.searchsorted(cuts, codes), max(len(cuts) - 1, 0))
        is_frequent = cuts[place] == codes if len(cuts) else np.zeros(len(codes), dtype=bool)
        return np.where(np.isnan(codes), CELLS - 1, np.where(is_frequent, place, CELLS - 2))


def _frequent(codes: np.ndarray) -> np.ndarray:
    values, counts = np.unique(codes[~np.isnan(codes)], return_counts=True)
    return np.sort(values[np.argsort(-counts, kind="stable")[: CELLS - 2]])


def _quantiles(codes: np.ndarray) -> np.ndarray:
    known = codes[~np.isnan(codes)]
    n_bins = CELLS - 2
    return np.unique(np.quantile(known, np.arange(1, n_bins) / n_bins)) if len(known) else known
