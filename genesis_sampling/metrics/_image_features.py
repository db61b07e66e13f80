"""Images as rows of features, and as class probabilities: what the metrics of images share."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.decomposition import PCA

from .._random import seeded_globals
from ..exceptions import DataError
from ..tables.images import check_images, full_scale

__all__ = ["class_probabilities", "drawn", "feature_pair", "read_images"]

# Images that go through a network at once.
BATCH = 256
# The components of the default features: as many as hold this share of the variance, no more than 64 and than one for
# each ten real images. The bias of a Frechet distance grows with their square over the number of images, and the
# components behind these hold noise; how far an image lies from them all is a feature of its own.
VARIANCE, MAX_COMPONENTS, IMAGES_PER_COMPONENT = 0.95, 64, 10
FOLDS = 5
# How far the probabilities of an image may be from the sum of 1: those of 16-bit floats are as far.
SUM_ERROR = 1e-2


def feature_pair(
    real: Any, synthetic: Any, extractor: Any, max_images: int | None, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Features of at most so many images of each, shapes (n_real, d) and (n_synthetic, d)."""
    pair = [read_images(images, name) for images, name in ((real, "real"), (synthetic, "synthetic"))]
    sizes = [images.shape[1:3] + (images.shape[3:] or (1,)) for images in pair]
    if sizes[0] != sizes[1]:
        raise DataError(
            f"Got real images of (height, width, channels) {sizes[0]} and synthetic ones of {sizes[1]}; expected the "
            "same. Bring them to one size first."
        )
    first, second = (drawn(images, max_images, seed) for images in pair)
    if min(len(first), len(second)) < 2:
        raise DataError(
            f"Got {len(first)} real and {len(second)} synthetic images to compare; expected at least 2 of each, since "
            "one has no spread."
        )
    second = second.reshape(len(second), *first.shape[1:])
    if extractor is None:
        return _component_features(first, second, seed)
    if not callable(extractor):
        raise DataError(
            f"Got extractor={extractor!r}; expected None, a function of images, or a torch.nn.Module."
        )
    with seeded_globals(seed):
        found = [_checked_features(_applied(extractor, images), len(images)) for images in (first, second)]
    if found[0].shape[1] != found[1].shape[1]:
        raise DataError(
            f"Got {found[0].shape[1]} features of real and {found[1].shape[1]} of synthetic images from the extractor; "
            "expected as many."
        )
    return found[0], found[1]


def read_images(images: Any, name: str) -> np.ndarray:
    """The images as 32-bit floats in [0, 1], shape (n, h, w) or (n, h, w, 1 or 3), as they came."""
    check_images(images, f"{name} images")
    scale = full_scale(images.dtype)
    low, high = images.min(), images.max()
    # Integers of more than 16 bits often hold bytes or less: black, if they were taken by their range.
    if low < 0 or (scale > 1 and 0 < high < scale / 2**16):
        raise DataError(
            f"Got {images.dtype} pixels from {low} to {high} in {name} images; expected integers that use their range "
            "from 0 on, such as uint8, or floats in [0, 1]. Divide by the largest value that a pixel can have."
        )
    return images.astype(np.float32) if scale == 1 else (images / scale).astype(np.float32)


def drawn(images: np.ndarray, max_images: int | None, seed: int) -> np.ndarray:
    """At most so many of the images, drawn without replacement."""
    if max_images is None or len(images) <= max_images:
        return images
    rng = np.random.default_rng(seed)
    return images[np.sort(rng.permutation(len(images))[:max_images])]


def _component_features(real: np.ndarray, synthetic: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Principal components of the real pixels, and the distance to the span of those that are kept.

    They are not whitened: a difference counts by what it makes of the pixels. One factor for all brings the mean
    variance of the real components to 1, which the kernel of the kernel distance is made for.
    """
    pixels = [images.reshape(len(images), -1).astype(np.float64) for images in (real, synthetic)]
    if len(real) < IMAGES_PER_COMPONENT:
        raise DataError(
            f"Got {len(real)} real images; expected at least {IMAGES_PER_COMPONENT}, which the default features are "
            "learned from, or an extractor=."
        )
    if (pixels[0] == pixels[0][0]).all():
        raise DataError(
            "Got real images that are all the same; expected different ones, or an extractor=, since the default one "
            "learns how they differ."
        )
    most = min(MAX_COMPONENTS, len(real) // IMAGES_PER_COMPONENT, pixels[0].shape[1])
    learned = PCA(most, random_state=seed).fit(pixels[0])
    enough = int(np.searchsorted(learned.explained_variance_ratio_.cumsum(), VARIANCE)) + 1
    centre, axes = learned.mean_, learned.components_[:enough]
    unit = np.sqrt(learned.explained_variance_[:enough].mean())
    known = _rests_of_unseen(pixels[0], len(axes), seed)
    # A copy of a real image has the features of that image.
    rests = [
        np.array([known.get(image.tobytes(), rest) for image, rest in zip(side, _rest(side, centre, axes))])
        for side in pixels
    ]
    first, second = (
        np.column_stack([(side - centre) @ axes.T, rest - rests[0].mean()]) / unit
        for side, rest in zip(pixels, rests, strict=True)
    )
    return first, second


def _rests_of_unseen(pixels: np.ndarray, n_axes: int, seed: int) -> dict[bytes, float]:
    """Image -> its distance to the span of components that were learned without it, as those of new images are."""
    found: dict[bytes, float] = {}
    for fold in np.array_split(np.random.default_rng(seed).permutation(len(pixels)), FOLDS):
        others = np.delete(pixels, fold, axis=0)
        with np.errstate(invalid="ignore"):  # shares of no variance, where the others are all the same
            learned = PCA(n_axes, random_state=seed).fit(others)
        rests = _rest(pixels[fold], learned.mean_, learned.components_).tolist()
        found |= {image.tobytes(): rest for image, rest in zip(pixels[fold], rests, strict=True)}
    return found


def _rest(pixels: np.ndarray, centre: np.ndarray, axes: np.ndarray) -> np.ndarray:
    centred = pixels - centre
    return np.linalg.norm(centred - centred @ axes.T @ axes, axis=1)


def class_probabilities(images: np.ndarray, classifier: Any, seed: int) -> np.ndarray:
    """Probabilities of the classes, shape (n, n_classes), by a classifier or a function."""
    if hasattr(classifier, "predict_proba"):
        # As they came: the classifier was fitted on pixels of that scale.
        given = classifier.predict_proba(images.reshape(len(images), -1))
    elif callable(classifier):
        with seeded_globals(seed):
            given = _applied(classifier, read_images(images, "synthetic"))
    else:
        raise DataError(
            f"Got classifier={classifier!r}; expected a fitted classifier with predict_proba, or a function of images."
        )
    found = _as_matrix(given, len(images), "probabilities", "n_classes")
    if not (
        np.isfinite(found).all() and (found >= 0).all() and np.allclose(found.sum(axis=1), 1, atol=SUM_ERROR)
    ):
        raise DataError(
            "Got values from the classifier that are no probabilities; expected 0 or more, with the sum of 1 for each "
            "image. Put a softmax behind a network that gives logits."
        )
    return found / found.sum(axis=1, keepdims=True)


def _checked_features(given: Any, n_images: int) -> np.ndarray:
    found = _as_matrix(given, n_images, "features", "n_features")
    if not np.isfinite(found).all():
        raise DataError(
            f"Got NaN or infinity in the features of {int((~np.isfinite(found).all(axis=1)).sum())} of {n_images} "
            "images; expected numbers alone from the extractor."
        )
    return found


def _as_matrix(given: Any, n_images: int, what: str, columns: str) -> np.ndarray:
    try:
        found = np.asarray(given.detach().cpu() if hasattr(given, "detach") else given, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(
            f"Got {what} of type {type(given).__name__} that are no array of numbers ({error}); expected shape "
            f"({n_images}, {columns})."
        ) from error
    if found.ndim != 2 or len(found) != n_images or not found.shape[1]:
        raise DataError(
            f"Got {what} of shape {found.shape} for {n_images} images; expected ({n_images}, {columns}). Flatten what "
            "belongs to an image."
        )
    return found


def _applied(function: Callable, images: np.ndarray) -> Any:
    """What a function of images gives, or a network of tensors."""
    torch = sys.modules.get("torch")  # a network can only come from a torch that has been loaded
    is_network = torch is not None and isinstance(function, torch.nn.Module)
    return _through_network(function, images) if is_network else function(images)


def _through_network(module: Any, images: np.ndarray) -> np.ndarray:
    """Outputs of a torch module, which computes as in use, on its device, and is left in the mode that it was in."""
    torch = sys.modules["torch"]
    channels_last = images if images.ndim == 4 else images[..., None]
    like = next((values for values in module.parameters() if values.is_floating_point()), torch.empty(0))
    in_training = [part for part in module.modules() if part.training]
    module.eval()
    try:
        with torch.inference_mode():
            found = []
            for start in range(0, len(images), BATCH):
                batch = channels_last[start : start + BATCH].transpose(0, 3, 1, 2)
                given = module(torch.as_tensor(np.ascontiguousarray(batch)).to(like))
                if not isinstance(given, torch.Tensor):
                    raise DataError(f"Got {type(given).__name__} from the network; expected one tensor.")
                found.append(given.cpu().double().numpy())
    finally:
        for part in in_training:
            part.training = True
    return np.concatenate(found)
