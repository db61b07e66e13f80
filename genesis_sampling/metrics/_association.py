"""How two columns of a table hang together, and the matrices of that."""

from __future__ import annotations

from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from ..tables.moments import column_moments
from ._pair import TablePair, as_pair

__all__ = [
    "AssociationMatrices",
    "association_matrices",
    "correlation_matrices",
    "correlation_ratio",
    "correlations",
    "cramers_v",
    "total_variation",
    "two_way_variation",
]

# Tables with more cells than this times the number of rows are counted by sorting, not by one counter a cell.
MAX_CELLS_PER_ROW = 4
# A spread below this share of the sum of squares is rounding.
ROUNDING = 1e-12


class AssociationMatrices(NamedTuple):
    """Association of each two columns: what :func:`association_matrices` gives.

    Parameters
    ----------
    real, synthetic : DataFrames of shape (n_columns, n_columns)
    difference : DataFrame of shape (n_columns, n_columns)
        Synthetic less real.
    """

    real: pd.DataFrame
    synthetic: pd.DataFrame
    difference: pd.DataFrame


def association_matrices(
    real: Any, synthetic: Any = None, *, categorical_features: Any = "auto"
) -> AssociationMatrices:
    """How strongly each two columns hang together in both tables, and the difference.

    Parameters
    ----------
    real, synthetic : {dataframe, array-like} of shape (n_rows, n_columns)
        With the same columns, in any order.
    categorical_features : "auto", array-like of names or positions, or boolean mask, default="auto"
        Columns that hold categories.

    Returns
    -------
    matrices : AssociationMatrices
        ``real``, ``synthetic`` and ``difference`` (synthetic less real), DataFrames of shape (n_columns, n_columns)
        with the columns' names. NaN where a column is constant.

    Raises
    ------
    DataError
        For tables of different columns or of no row.

    Notes
    -----
    Pearson's correlation in [-1, 1] for two columns of numbers; the correlation ratio :math:`\\eta` in [0, 1] for a
    number and a category; Cramer's V in [0, 1], corrected for its bias [1]_, for two columns of categories. Rows that
    lack a number are left out; a missing category is a category. Each pair with a category takes a pass over the
    rows, so the time grows with the square of the number of columns.

    References
    ----------
    .. [1] W. Bergsma, "A bias-correction for Cramer's V and Tschuprow's T", Journal of the Korean Statistical Society
       42(3), 2013.

    Examples
    --------
    >>> import pandas as pd
    >>> from genesis_sampling.metrics.fidelity import association_matrices
    >>> real = pd.DataFrame({"a": [1.0, 2.0, 3.0], "b": [2.0, 4.0, 6.0]})
    >>> float(association_matrices(real, real).real.loc["a", "b"].round(6))
    1.0
    """
    pair = as_pair(real, synthetic, categorical_features=categorical_features)
    labels = list(pair.names)
    # Of a column of numbers the levels are not looked at.
    levels: list[Any] = [
        pair.levels(column) if not pair.is_number[column] else None for column in range(len(labels))
    ]
    both = []
    for side, matrix in enumerate(correlation_matrices(pair)):
        for first, second in combinations(range(len(labels)), 2):
            if not (pair.is_number[first] and pair.is_number[second]):
                found = _association(pair.tables[side], levels, side, first, second)
                matrix[first, second] = matrix[second, first] = found
        for column in np.flatnonzero(~pair.is_number):
            own = levels[column][side]
            matrix[column, column] = np.nan if own.min() == own.max() else 1.0
        both.append(pd.DataFrame(matrix, index=labels, columns=labels))
    return AssociationMatrices(both[0], both[1], both[1] - both[0])


def _association(codes: np.ndarray, levels: list, side: int, first: int, second: int) -> float:
    if levels[first] is None:
        return correlation_ratio(codes[:, first], levels[second][side])
    if levels[second] is None:
        return correlation_ratio(codes[:, second], levels[first][side])
    return cramers_v(levels[first][side], levels[second][side])


def correlation_matrices(pair: TablePair) -> list[np.ndarray]:
    """Pearson's correlations in both tables, NaN where a column holds categories."""
    matrices = []
    for codes in pair.tables:
        matrix = np.full((len(pair.names), len(pair.names)), np.nan)
        if pair.is_number.any():
            matrix[np.ix_(pair.is_number, pair.is_number)] = correlations(codes[:, pair.is_number])
        matrices.append(matrix)
    return matrices


def correlations(numbers: np.ndarray) -> np.ndarray:
    """Pearson's correlation of each two columns, over the rows that know both.

    Parameters
    ----------
    numbers : ndarray of shape (n_rows, n_columns)
        NaN where a value is missing.

    Returns
    -------
    correlations : ndarray of shape (n_columns, n_columns)
        NaN where one of the columns is constant in those rows.
    """
    mean, deviation, _ = column_moments(numbers)
    filled = (numbers - mean) / np.where(deviation > 0, deviation, 1)
    known = (~np.isnan(filled)).astype(np.float64)
    np.nan_to_num(filled, copy=False)
    counts = np.maximum(known.T @ known, 1)
    # In row i and column j: sums of column i over the rows that know column j too.
    totals, squares = filled.T @ known, (filled**2).T @ known
    spread = squares - totals**2 / counts
    spread[~(spread > ROUNDING * squares)] = np.nan
    together = filled.T @ filled - totals * totals.T / counts
    return np.clip(together / np.sqrt(spread * spread.T), -1, 1)


def correlation_ratio(numbers: np.ndarray, levels: np.ndarray) -> float:
    """Eta: square root of the share of the variance of a number that lies between categories, in [0, 1].

    Rows without a number, NaN, are left out; NaN for a constant number or for rows of one category.
    """
    known = ~np.isnan(numbers)
    values, levels = numbers[known], levels[known]
    if not len(values) or values.min() == values.max() or levels.min() == levels.max():
        return np.nan
    values = values - values.mean()
    counts = np.bincount(levels)
    sums = np.bincount(levels, weights=values)
    between = (sums[counts > 0] ** 2 / counts[counts > 0]).sum()
    return float(np.sqrt(min(1.0, between / (values**2).sum())))


def cramers_v(first: np.ndarray, second: np.ndarray) -> float:
    """Cramer's V of two columns of positions, corrected for bias after Bergsma, in [0, 1].

    NaN where one of the columns has one category alone.
    """
    n_rows, n_levels = len(first), int(second.max()) + 1
    rows, columns = np.bincount(first), np.bincount(second)
    cells, counts = _occupied(first * n_levels + second)
    expected = rows[cells // n_levels] * columns[cells % n_levels].astype(np.float64)
    squared = (counts.astype(np.float64) ** 2 / expected).sum() - 1
    sizes = np.array([np.count_nonzero(rows), np.count_nonzero(columns)]) - 1.0
    if sizes.min() < 1 or n_rows < 3:
        return np.nan
    corrected = sizes - sizes**2 / (n_rows - 1)
    if corrected.min() <= 0:
        return np.nan
    excess = max(0.0, squared - sizes.prod() / (n_rows - 1))
    return float(np.sqrt(min(1.0, excess / corrected.min())))


def total_variation(real: np.ndarray, synthetic: np.ndarray) -> float:
    """Total variation distance between two columns of positions: half the sum of the differences of the shares."""
    n_levels = int(max(real.max(), synthetic.max())) + 1
    shares = [np.bincount(side, minlength=n_levels) / len(side) for side in (real, synthetic)]
    return float(0.5 * np.abs(shares[0] - shares[1]).sum())


def two_way_variation(first: tuple, second: tuple) -> float:
    """Total variation distance between two two-way tables; columns are what :meth:`TablePair.levels` gives."""
    n_cells = first[2] * second[2]
    real, synthetic = (first[side] * second[2] + second[side] for side in (0, 1))
    if n_cells > MAX_CELLS_PER_ROW * (len(real) + len(synthetic)):
        _, found = np.unique(np.concatenate([real, synthetic]), return_inverse=True)
        real, synthetic = found[: len(real)], found[len(real) :]
    return total_variation(real, synthetic)


def _occupied(cells: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Cells that hold a row, and how many each."""
    if cells.max() > MAX_CELLS_PER_ROW * len(cells):
        return np.unique(cells, return_counts=True)
    counts = np.bincount(cells)
    found = np.flatnonzero(counts)
    return found, counts[found]
