"""The correlation of latent normals of which only the cells of the margins are seen."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array

from ._margins import Margin

__all__ = ["latent_correlation", "order_by_association", "shrink"]

# Terms of the expansion in Hermite polynomials, and the largest correlation that it is solved for.
N_TERMS = 12
LARGEST = 0.999
# Rows of a category below which its mean is not trusted, and by which means are drawn towards the overall one.
RARE = 5
SMALLEST_EIGENVALUE = 1e-6


def order_by_association(cells: np.ndarray, scores: np.ndarray, own: int, n_cells: int) -> np.ndarray:
    """Order of the categories of a column along the direction in which they differ most in the other columns.

    Parameters
    ----------
    cells : ndarray of int of shape (n_rows,)
        Category of each row, -1 where it is missing.
    scores : ndarray of shape (n_rows, n_latents)
        Latent scores of all columns.
    own : int
        Which of them is the column itself.
    n_cells : int
        Number of categories.

    Returns
    -------
    order : ndarray of int of shape (n_cells,)
        Categories from one end of the latent scale to the other; rare ones lie in the middle, where they say least.
    """
    known = np.flatnonzero(cells >= 0)
    indicator = csr_array((np.ones(len(known)), (cells[known], known)), shape=(n_cells, len(cells)))
    counts = np.bincount(cells[known], minlength=n_cells)
    means = (indicator @ scores) / (counts + RARE)[:, None]
    means[:, own] = 0
    means[counts < RARE] = 0
    weighted = np.sqrt(counts)[:, None] * means
    direction = weighted[np.argmax((weighted**2).sum(axis=1))]
    for _ in range(20):  # power iteration for the first right singular vector
        direction = weighted.T @ (weighted @ direction)
        direction /= np.sqrt(direction @ direction) or 1.0
    return np.argsort(means @ direction, kind="stable")


def latent_correlation(margins: list[Margin], scores: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Correlations with which latent normals give scores of the covariances that are seen.

    With :math:`s_i(z)` the score of the cell in which :math:`z` lies and :math:`h_{ik}` its coefficients on the
    normalised Hermite polynomials, :math:`\\mathrm{Cov}(s_i, s_j) = \\sum_k \\rho_{ij}^k h_{ik} h_{jk}`, which is
    solved for :math:`\\rho_{ij}`: for two-valued columns this is the tetrachoric correlation, for continuous ones
    that of the normal scores.

    Parameters
    ----------
    margins : list of Margin
    scores : ndarray of shape (n_rows, n_latents)
        0 where a value is missing.
    known : ndarray of float of shape (n_rows, n_latents)
        1 where it is not, else 0.
    """
    if not margins:
        return np.empty((0, 0))
    coefficients = np.array([_hermite_coefficients(margin) for margin in margins])
    n_pairs = np.maximum(known.T @ known, 1.0)
    sums = scores.T @ known
    covariance = (scores.T @ scores - sums * sums.T / n_pairs) / n_pairs
    correlation = _solve(covariance, coefficients)
    np.fill_diagonal(correlation, 1.0)
    return correlation


def _hermite_coefficients(margin: Margin) -> np.ndarray:
    """Coefficients of the score of a cell on the normalised Hermite polynomials 1, 2, ..., shape (N_TERMS,)."""
    cuts, scores = margin.cuts, margin.scores
    finite = np.where(np.isfinite(cuts), cuts, 0.0)
    density = np.where(np.isfinite(cuts), np.exp(-0.5 * finite**2) / np.sqrt(2 * np.pi), 0.0)
    previous, current = np.zeros_like(finite), density
    coefficients = np.empty(N_TERMS)
    for k in range(N_TERMS):
        # The integral of h_{k+1} phi over a cell is -h_k phi / sqrt(k + 1) between its ends.
        coefficients[k] = -(scores * np.diff(current)).sum() / np.sqrt(k + 1)
        previous, current = current, (finite * current - np.sqrt(k) * previous) / np.sqrt(k + 1)
    return coefficients


def _solve(covariance: np.ndarray, coefficients: np.ndarray) -> np.ndarray:
    """The correlation of each pair, by bisection: the covariance grows with it."""
    products = coefficients.T[:, :, None] * coefficients.T[:, None, :]
    low, high = np.full_like(covariance, -LARGEST), np.full_like(covariance, LARGEST)
    for _ in range(20):
        middle = (low + high) / 2
        value = np.zeros_like(middle)
        for product in products[::-1]:
            value = (value + product) * middle
        too_small = value < covariance
        low, high = np.where(too_small, middle, low), np.where(too_small, high, middle)
    return (low + high) / 2


def shrink(correlation: np.ndarray, n_rows: int, shrinkage: float | str) -> tuple[np.ndarray, float]:
    """``(1 - shrinkage) * correlation + shrinkage * identity``, made positive definite; and the shrinkage."""
    n_latents = len(correlation)
    if n_latents < 2:
        return correlation, 0.0
    if isinstance(shrinkage, str):
        shrinkage = _oracle_shrinkage(correlation, n_rows)
    shrunk = (1 - shrinkage) * correlation + shrinkage * np.eye(n_latents)
    values, vectors = np.linalg.eigh(shrunk)
    if values[0] < SMALLEST_EIGENVALUE:
        shrunk = (vectors * np.maximum(values, SMALLEST_EIGENVALUE)) @ vectors.T
        scale = np.sqrt(np.diag(shrunk))
        shrunk = shrunk / scale / scale[:, None]
    return (shrunk + shrunk.T) / 2, float(shrinkage)


def _oracle_shrinkage(correlation: np.ndarray, n_rows: int) -> float:
    """The intensity that approximates the oracle's (OAS) for a matrix with unit diagonal."""
    p = len(correlation)
    of_square, square_of = float((correlation**2).sum()), float(p**2)
    numerator = (1 - 2 / p) * of_square + square_of
    denominator = (n_rows + 1 - 2 / p) * (of_square - square_of / p)
    return 1.0 if denominator <= numerator else numerator / denominator
