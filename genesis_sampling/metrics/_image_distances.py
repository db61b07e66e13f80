"""What the metrics of images make of features, shapes (n_real, d) and (n_synthetic, d), and of probabilities."""

from __future__ import annotations

import warnings
from typing import NamedTuple

import numpy as np
from scipy.linalg import svdvals
from scipy.spatial.distance import cdist

from ..exceptions import DataError, GenesisWarning

__all__ = [
    "KernelDistance",
    "PrecisionRecall",
    "exp_mean_divergence",
    "frechet",
    "frechet_by_chance",
    "kernel_distance",
    "shares_reached",
    "warn_of_few",
]

# Subsets are no larger than this, as in the paper, and no larger than half of the images, so that they differ.
SUBSET_SIZE = 1000
# Cells of a matrix of distances that is made on the way.
CHUNK_CELLS = 2**23
# Distances that differ by less than such a share are equal.
ROUNDING = 1e-11


class KernelDistance(NamedTuple):
    """What :func:`kernel_inception_distance` gives.

    Parameters
    ----------
    mean : float
        Over the subsets: about 0 for images of the same distribution.
    std : float
        Standard deviation over the subsets. It is that of a subset, and no error of the mean.
    """

    mean: float
    std: float


class PrecisionRecall(NamedTuple):
    """What :func:`precision_recall` gives.

    Parameters
    ----------
    precision, recall : float
        In [0, 1].
    """

    precision: float
    recall: float


def frechet(real: np.ndarray, synthetic: np.ndarray) -> float:
    """Squared Frechet distance of the normal distributions with the means and covariances of both sets.

    With roots :math:`R R^T` of both covariances, the trace of the square root of their product is the sum of the
    singular values of :math:`R_1^T R_2`: no root of a product of matrices that lack rank has to be taken.
    """
    apart = real.mean(axis=0) - synthetic.mean(axis=0)
    first, second = _root(real), _root(synthetic)
    common = svdvals(first.T @ second).sum()
    return float(max(0.0, apart @ apart + (first**2).sum() + (second**2).sum() - 2 * common))


def _root(features: np.ndarray) -> np.ndarray:
    """A matrix whose product with its transpose is the covariance."""
    values, axes = np.linalg.eigh(_covariance(features))
    return axes * np.sqrt(np.maximum(values, 0))


def _covariance(features: np.ndarray) -> np.ndarray:
    return np.atleast_2d(np.cov(features, rowvar=False))


def frechet_by_chance(real: np.ndarray, n_synthetic: int) -> float:
    """Mean distance of two sets of these sizes from the normal distribution that the real features suggest.

    To the first order in 1 / n, for variances :math:`\\lambda_i` along the axes: :math:`(1/n + 1/m) (\\sum_i \\lambda_i
    + \\frac12 \\sum_{ij} (1 + \\delta_{ij}) \\lambda_i \\lambda_j / (\\lambda_i + \\lambda_j))`, for the errors of a
    covariance have these variances, and the distance its second derivative there.
    """
    variance = np.maximum(np.linalg.eigvalsh(_covariance(real)), 0)
    both = variance[:, None] + variance
    parts = np.divide(np.outer(variance, variance), both, out=np.zeros_like(both), where=both > 0)
    of_covariance = (parts.sum() + np.trace(parts)) / 2
    return float((1 / len(real) + 1 / n_synthetic) * (variance.sum() + of_covariance))


def warn_of_few(real: np.ndarray, synthetic: np.ndarray) -> None:
    """Warn the user of a public function, which called this, of fewer images than a covariance needs."""
    n_images, n_features = min(len(real), len(synthetic)), real.shape[1]
    if n_images <= n_features:
        warnings.warn(
            f"Got {n_images} images for {n_features} features: too few for their covariance. As many images of the "
            f"real distribution would score about {frechet_by_chance(real, len(synthetic)):.2g}; look at the kernel "
            "distance instead, or give more images or fewer features.",
            GenesisWarning,
            stacklevel=3,
        )


def kernel_distance(
    real: np.ndarray, synthetic: np.ndarray, n_subsets: int, subset_size: int | None, seed: int
) -> KernelDistance:
    """Unbiased squared maximum mean discrepancies of random subsets."""
    n_images = min(len(real), len(synthetic))
    size = min(SUBSET_SIZE, max(2, n_images // 2)) if subset_size is None else subset_size
    if not 2 <= size <= n_images or n_subsets < 1:
        raise DataError(
            f"Got n_subsets={n_subsets} and subset_size={subset_size} for {n_images} images of each; expected 1 or "
            f"more subsets of 2 to {n_images}."
        )
    rng = np.random.default_rng(seed)
    found = [
        _squared_discrepancy(*(side[rng.permutation(len(side))[:size]] for side in (real, synthetic)))
        for _ in range(n_subsets)
    ]
    return KernelDistance(float(np.mean(found)), float(np.std(found)))


def _squared_discrepancy(real: np.ndarray, synthetic: np.ndarray) -> float:
    """Of as many images of each, without the similarity of an image to itself."""
    n = len(real)
    within = sum(_kernel(side, side).sum() - _similarity_to_itself(side).sum() for side in (real, synthetic))
    return float(within / (n * (n - 1)) - 2 * _kernel(real, synthetic).mean())


def _kernel(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    return (first @ second.T / first.shape[1] + 1) ** 3


def _similarity_to_itself(features: np.ndarray) -> np.ndarray:
    return ((features**2).mean(axis=1) + 1) ** 3


def shares_reached(real: np.ndarray, synthetic: np.ndarray, k: int) -> PrecisionRecall:
    """Share of the synthetic points near real ones, and the other way round."""
    return PrecisionRecall(_share_reached(synthetic, real, k), _share_reached(real, synthetic, k))


def _share_reached(points: np.ndarray, others: np.ndarray, k: int) -> float:
    """Share of the points within the distance of one of the others to its ``k``-th nearest of its own."""
    if not 1 <= k < len(others):
        raise DataError(f"Got k={k} for {len(others)} images of each; expected 1 to {len(others) - 1}.")
    n_rows = max(1, CHUNK_CELLS // len(others))
    radii = np.concatenate(
        [
            # The nearest of all is the image itself.
            np.partition(cdist(others[start : start + n_rows], others), k, axis=1)[:, k]
            for start in range(0, len(others), n_rows)
        ]
    )
    limits = radii * (1 + ROUNDING)
    reached = [
        (cdist(points[start : start + n_rows], others) <= limits).any(axis=1)
        for start in range(0, len(points), n_rows)
    ]
    return float(np.concatenate(reached).mean())


def exp_mean_divergence(probabilities: np.ndarray) -> float:
    """Exponential of the mean divergence of rows of probabilities from their mean."""
    means = probabilities.mean(axis=0)
    # 0 log 0 is 0; a class with a probability has a mean above 0.
    ratio = np.divide(probabilities, means, out=np.ones_like(probabilities), where=probabilities > 0)
    return float(np.exp((probabilities * np.log(ratio)).sum(axis=1).mean()))
