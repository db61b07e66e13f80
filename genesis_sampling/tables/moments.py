"""Mean and spread of columns with gaps."""

from __future__ import annotations

import numpy as np

__all__ = ["column_moments"]

# Cells of an array that is made on the way.
CHUNK_CELLS = 2**18


def column_moments(numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean and standard deviation of the known values of each column, and whether any is missing.

    Parameters
    ----------
    numbers : ndarray of shape (n_rows, n_columns)
        NaN where a value is missing.

    Returns
    -------
    mean, deviation : ndarrays of shape (n_columns,)
        0 for a column without any value.
    has_gaps : ndarray of bool of shape (n_columns,)
    """
    if not np.isnan(numbers.sum()):
        mean = numbers.mean(axis=0)
        squares = np.zeros(numbers.shape[1])
        n_rows = max(1, CHUNK_CELLS // max(1, numbers.shape[1]))
        for start in range(0, len(numbers), n_rows):
            centred = numbers[start : start + n_rows] - mean
            squares += np.einsum("ij,ij->j", centred, centred)
        return mean, np.sqrt(squares / len(numbers)), np.zeros(numbers.shape[1], dtype=bool)
    mean, deviation = np.zeros(numbers.shape[1]), np.zeros(numbers.shape[1])
    has_gaps = np.zeros(numbers.shape[1], dtype=bool)
    for column, values in enumerate(numbers.T):
        known = values[~np.isnan(values)]
        has_gaps[column] = len(known) < len(values)
        if len(known):
            mean[column], deviation[column] = known.mean(), known.std()
    return mean, deviation, has_gaps
