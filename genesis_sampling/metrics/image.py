"""Images: whether synthetic ones look, as features see them, like real ones, and vary as much.

All formulas are computed here, in 64-bit floats: torchmetrics (1.9) holds the Frechet distance and the kernel distance
back where torch-fidelity is not installed, draws subsets from torch's global generator, takes logits for the inception
score and asks for a torch module everywhere. Where it can compute the same, the tests compare.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ._image_distances import (
    KernelDistance,
    PrecisionRecall,
    exp_mean_divergence,
    frechet,
    frechet_by_chance,
    kernel_distance,
    shares_reached,
    warn_of_few,
)
from ._image_features import class_probabilities, drawn, feature_pair, read_images

__all__ = [
    "ImageQuality",
    "KernelDistance",
    "PrecisionRecall",
    "frechet_inception_distance",
    "image_quality",
    "inception_score",
    "kernel_inception_distance",
    "precision_recall",
]

# Of more images than so many, precision and recall look at a draw, for they take all distances.
MAX_COMPARED = 2000
N_SUBSETS = 50


@dataclass(frozen=True)
class ImageQuality:
    """What :func:`image_quality` gives.

    Parameters
    ----------
    n_real, n_synthetic : int
        Numbers of images that were compared.
    n_features : int
    frechet_distance : float
        0 or more; see :func:`frechet_inception_distance`.
    frechet_distance_by_chance : float
        What as many images of the real distribution would score in its place, about; more where they are so irregular
        that the default features fit the images that they were learned from.
    kernel_distance, kernel_distance_std : float
        See :func:`kernel_inception_distance`.
    precision, recall : float
        In [0, 1]; see :func:`precision_recall`.
    inception_score, inception_score_real : float or None
        Of synthetic and of real images; None without a classifier.
    """

    n_real: int
    n_synthetic: int
    n_features: int
    frechet_distance: float
    frechet_distance_by_chance: float
    kernel_distance: float
    kernel_distance_std: float
    precision: float
    recall: float
    inception_score: float | None = None
    inception_score_real: float | None = None


def frechet_inception_distance(
    real: Any, synthetic: Any, *, extractor: Any = None, max_images: int | None = 5000, random_state: int = 0
) -> float:
    """Frechet distance between the features of real and of synthetic images, FID.

    Parameters
    ----------
    real, synthetic : ndarrays of shape (n_images, h, w) or (n_images, h, w, 1 or 3)
        Images of one size. Floats lie in [0, 1], integers use their range.
    extractor : callable, torch.nn.Module or None, default=None
        What makes features of shape (n_images, n_features) of images. A function is given floats in [0, 1] in the shape
        of the real images; a module, tensors of shape (n, channels, h, w) of such, in batches, and computes as in use
        (``eval``). None: principal components of the real images, see Notes.
    max_images : int or None, default=5000
        At most so many images of each; None for all. As many of 32 x 32 x 3 pixels take 10 to 15 seconds by default.
    random_state : int, default=0
        Seed of the draw, and of the global generators while a function runs.

    Returns
    -------
    distance : float
        0 or more, in squared units of the features; 0 for the same images. Values of different extractors, or of
        different real images with the default one, cannot be compared.

    Raises
    ------
    DataError
        For what are no images, images of different sizes, fewer than two of each, or features that are no numbers.

    Warns
    -----
    GenesisWarning
        For no more images than features.

    See Also
    --------
    image_quality : This and what chance alone would give, and the other figures.
    kernel_inception_distance : Unbiased for few images.

    Notes
    -----
    :math:`\\|\\mu - \\nu\\|^2 + \\mathrm{tr}(\\Sigma + T - 2 (\\Sigma T)^{1/2})` with the means :math:`\\mu, \\nu` and
    covariances :math:`\\Sigma, T` of the features [1]_. It sees nothing beyond means and covariances, and it is biased:
    with :math:`d` equally wide features, :math:`n` and :math:`m` images of one distribution score about
    :math:`\\frac14 d (d + 5) (1/n + 1/m)` times their variance [2]_.

    The default features are the principal components of the real images' pixels that hold 95 % of the variance, at most
    64 and at most one for each ten real images, since the bias grows with their square; and the distance of the image
    to the span of these, so that noise outside of it is seen too. A real image is measured, for the latter, by
    components that were learned from the others. The features are not whitened; one factor brings the mean variance of
    the components to 1, so images that are all the mean image score about the number of features. They see pixels, not
    meaning: a shift by a pixel is a difference. Published values are of 2,048 features of an Inception network, and of
    50,000 images.

    References
    ----------
    .. [1] M. Heusel, H. Ramsauer, T. Unterthiner, B. Nessler, S. Hochreiter, "GANs trained by a two time-scale update
       rule converge to a local Nash equilibrium", Advances in Neural Information Processing Systems, 2017.
    .. [2] M. J. Chong, D. Forsyth, "Effectively unbiased FID and inception score and where to find them", IEEE
       Conference on Computer Vision and Pattern Recognition, 2020 (that there is a bias; the figure is the first order
       of an expansion for normal features).

    Examples
    --------
    >>> import numpy as np
    >>> from genesis_sampling.metrics.image import frechet_inception_distance
    >>> images = np.random.default_rng(0).random((100, 8, 8))
    >>> round(frechet_inception_distance(images, images), 6)
    0.0
    >>> frechet_inception_distance(images, images / 2) > 1
    True
    """
    features = feature_pair(real, synthetic, extractor, max_images, random_state)
    warn_of_few(*features)
    return frechet(*features)


def kernel_inception_distance(
    real: Any,
    synthetic: Any,
    *,
    extractor: Any = None,
    n_subsets: int = N_SUBSETS,
    subset_size: int | None = None,
    max_images: int | None = 5000,
    random_state: int = 0,
) -> KernelDistance:
    """Squared maximum mean discrepancy between the features of real and of synthetic images, KID.

    Parameters
    ----------
    real, synthetic, extractor, max_images
        As for :func:`frechet_inception_distance`.
    n_subsets : int, default=50
        Random subsets of both that are compared.
    subset_size : int or None, default=None
        Images of each in a subset, at least 2. None for 1,000, or half of the images where these are fewer.
    random_state : int, default=0
        Seed of the draws.

    Returns
    -------
    distance : KernelDistance
        ``mean`` and ``std`` over the subsets. The mean is about 0 for images of the same distribution, above or below,
        however few they are.

    Raises
    ------
    DataError
        As for :func:`frechet_inception_distance`, and for subsets larger than the sets.

    Notes
    -----
    :math:`\\frac{1}{n(n-1)} \\sum_{i \\ne j} [k(x_i, x_j) + k(y_i, y_j)] - \\frac{2}{n^2} \\sum_{ij} k(x_i, y_j)` with
    :math:`k(x, y) = (x \\cdot y / d + 1)^3` for :math:`d` features [1]_. The standard deviation says how much subsets
    of that size differ; subsets share images, so the mean is not as certain as so many of them suggest.

    References
    ----------
    .. [1] M. Binkowski, D. J. Sutherland, M. Arbel, A. Gretton, "Demystifying MMD GANs", International Conference on
       Learning Representations, 2018.

    Examples
    --------
    >>> import numpy as np
    >>> from genesis_sampling.metrics.image import kernel_inception_distance
    >>> images = np.random.default_rng(0).random((200, 8, 8))
    >>> abs(kernel_inception_distance(images[:100], images[100:]).mean) < 0.1
    True
    """
    features = feature_pair(real, synthetic, extractor, max_images, random_state)
    return kernel_distance(*features, n_subsets, subset_size, random_state)


def inception_score(
    synthetic: Any, classifier: Any, *, max_images: int | None = 5000, random_state: int = 0
) -> float:
    """How sure a classifier is of each image, and how many classes it finds among all, inception score.

    Parameters
    ----------
    synthetic : ndarray of shape (n_images, h, w) or (n_images, h, w, 1 or 3)
        Floats lie in [0, 1], integers use their range.
    classifier : estimator with predict_proba, callable or torch.nn.Module
        Gives probabilities of shape (n_images, n_classes). An estimator, which is fitted, gets flat pixels of shape
        (n_images, h * w * channels) as they came; a function or a module the same as the extractor of
        :func:`frechet_inception_distance`.
    max_images : int or None, default=5000
        At most so many images; None for all.
    random_state : int, default=0
        Seed of the draw, and of the global generators while a function runs.

    Returns
    -------
    score : float
        From 1, where all images get the same probabilities, to the number of classes, where each image is surely of one
        class and the classes are equally frequent. Compare it with that of real images of the same shares.

    Raises
    ------
    DataError
        For what are no images, or no probabilities.

    Notes
    -----
    :math:`\\exp \\frac1n \\sum_i \\sum_c p_{ic} \\log (p_{ic} / \\bar p_c)` [1]_ over all images, where [1]_ takes the
    mean over ten parts of them. It looks at no real image: one perfect image of each class scores best.

    References
    ----------
    .. [1] T. Salimans, I. Goodfellow, W. Zaremba, V. Cheung, A. Radford, X. Chen, "Improved techniques for training
       GANs", Advances in Neural Information Processing Systems, 2016.

    Examples
    --------
    >>> import numpy as np
    >>> from genesis_sampling.metrics.image import inception_score
    >>> images = np.linspace(0, 1, 40).repeat(64).reshape(40, 8, 8)
    >>> inception_score(images, lambda images: np.eye(4)[np.arange(40) % 4])
    4.0
    """
    read_images(synthetic, "synthetic")
    images = drawn(synthetic, max_images, random_state)
    return exp_mean_divergence(class_probabilities(images, classifier, random_state))


def precision_recall(
    real: Any,
    synthetic: Any,
    *,
    extractor: Any = None,
    k: int = 3,
    max_images: int | None = 2000,
    random_state: int = 0,
) -> PrecisionRecall:
    """Share of the synthetic images among the real ones, and of the real images among the synthetic ones.

    Parameters
    ----------
    real, synthetic, extractor, random_state
        As for :func:`frechet_inception_distance`. Equal numbers of both are drawn.
    k : int, default=3
        An image is among others if it is no farther from one of them than the ``k``-th nearest of its own set is.
    max_images : int or None, default=2000
        At most so many images of each; None for all.

    Returns
    -------
    shares : PrecisionRecall
        ``precision`` is low where synthetic images look like no real one, ``recall`` where real ones have no like among
        the synthetic ones. Even images of the same distribution do not reach 1: compare with two halves of the real
        ones.

    Raises
    ------
    DataError
        As for :func:`frechet_inception_distance`, and for ``k`` images or fewer.

    Notes
    -----
    With :math:`d_k(j)` the distance of image :math:`j` to the ``k``-th nearest other one of its set, precision is the
    share of synthetic images :math:`s` with :math:`d(s, j) \\le d_k(j)` for any real :math:`j`, and recall the same
    with both exchanged [1]_. One real image far from all others has a large ball, and may raise precision by itself.

    References
    ----------
    .. [1] T. Kynkaanniemi, T. Karras, S. Laine, J. Lehtinen, T. Aila, "Improved precision and recall metric for
       assessing generative models", Advances in Neural Information Processing Systems, 2019.

    Examples
    --------
    >>> import numpy as np
    >>> from genesis_sampling.metrics.image import precision_recall
    >>> images = np.random.default_rng(0).random((100, 8, 8))
    >>> precision_recall(images, images)
    PrecisionRecall(precision=1.0, recall=1.0)
    """
    features = feature_pair(real, synthetic, extractor, max_images, random_state)
    return _balanced_shares(features, k, min(map(len, features)), random_state)


def _balanced_shares(
    features: tuple[np.ndarray, np.ndarray], k: int, n_images: int, seed: int
) -> PrecisionRecall:
    real, synthetic = (drawn(side, n_images, seed) for side in features)
    return shares_reached(real, synthetic, k)


def image_quality(
    real: Any,
    synthetic: Any,
    *,
    extractor: Any = None,
    classifier: Any = None,
    k: int = 3,
    max_images: int | None = 5000,
    random_state: int = 0,
) -> ImageQuality:
    """All figures of this module, of one set of features.

    Parameters
    ----------
    real, synthetic, extractor, max_images, random_state
        As for :func:`frechet_inception_distance`. Precision and recall look at 2,000 images of each at the most.
    classifier : estimator with predict_proba, callable, torch.nn.Module or None, default=None
        As for :func:`inception_score`, which is left out without it.
    k : int, default=3
        As for :func:`precision_recall`.

    Returns
    -------
    quality : ImageQuality
        ``dataclasses.asdict`` makes a dict of it.

    Raises
    ------
    DataError
        As the single functions.

    Warns
    -----
    GenesisWarning
        For no more images than features.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.datasets import load_digits
    >>> from genesis_sampling.metrics.image import image_quality
    >>> images = np.random.default_rng(0).permutation(load_digits().images) / 16
    >>> quality = image_quality(images[:200], images[200:400])
    >>> quality.frechet_distance < 1.5 * quality.frechet_distance_by_chance
    True
    """
    features = feature_pair(real, synthetic, extractor, max_images, random_state)
    warn_of_few(*features)
    distance = kernel_distance(*features, N_SUBSETS, None, random_state)
    near = _balanced_shares(features, k, min(MAX_COMPARED, *map(len, features)), random_state)
    scores = [
        None
        if classifier is None
        else inception_score(images, classifier, max_images=max_images, random_state=random_state)
        for images in (synthetic, real)
    ]
    return ImageQuality(
        n_real=len(features[0]),
        n_synthetic=len(features[1]),
        n_features=features[0].shape[1],
        frechet_distance=frechet(*features),
        frechet_distance_by_chance=frechet_by_chance(features[0], len(features[1])),
        kernel_distance=distance.mean,
        kernel_distance_std=distance.std,
        precision=near.precision,
        recall=near.recall,
        inception_score=scores[0],
        inception_score_real=scores[1],
    )
