"""A table as points whose distances mean something, whatever its columns hold."""

from __future__ import annotations

import numpy as np

__all__ = ["distance_view"]

# Categories beyond the most frequent ones share the point 0: their rows are told apart by the other columns.
MAX_CATEGORIES = 50


def distance_view(codes: np.ndarray, discrete: np.ndarray) -> np.ndarray:
    """Points with Euclidean distances for a table of mixed columns.

    Numbers are divided by their standard deviation; two different categories lie as far apart as two numbers that
    differ by one standard deviation, which is the rule of SMOTE-NC (Chawla et al. 2002) for scaled numbers. A missing
    number lies at the mean, a missing category is a category of its own.

    Parameters
    ----------
    codes : ndarray of shape (n_rows, n_columns)
        An encoded table, NaN where a value is missing.
    discrete : ndarray of bool of shape (n_columns,)
        Columns that hold positions of categories.

    Returns
    -------
    points : ndarray of shape (n_rows, n_dimensions)
    """
    parts = [_scaled(codes[:, ~discrete])]
    parts += [_one_hot(codes[:, column]) for column in np.flatnonzero(discrete)]
    return np.hstack(parts)


def _scaled(numbers: np.ndarray) -> np.ndarray:
    """Columns with mean 0 and variance 1, missing values at the mean."""
    known = ~np.isnan(numbers)
    count = np.maximum(known.sum(axis=0), 1)
    centred = np.where(known, numbers - np.where(known, numbers, 0).sum(axis=0) / count, 0)
    deviation = np.sqrt((centred**2).sum(axis=0) / count)
    return centred / np.where(deviation > 0, deviation, 1)


def _one_hot(categories: np.ndarray) -> np.ndarray:
    """One column per frequent category, of height sqrt(1/2), so that two categories lie at distance 1."""
    _, positions, counts = np.unique(
        np.nan_to_num(categories, nan=-1), return_inverse=True, return_counts=True
    )
    frequent = np.argsort(-counts, kind="stable")[:MAX_CATEGORIES]
    return (positions[:, None] == frequent[None, :]) * np.sqrt(0.5)
