"""What an image is, and its pixels as networks take them."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..exceptions import DataError

__all__ = ["CHANNELS", "as_pixels", "check_images", "full_scale", "like_images"]

CHANNELS = (1, 3)


def check_images(images: Any, what: str = "images") -> None:
    """Refuse what is no array of images.

    Parameters
    ----------
    images : object
        Fit are numbers of shape (n_images, height, width) or (n_images, height, width, 1 or 3): integers, or floats in
        [0, 1].
    what : str, default="images"
        What the message calls them.

    Raises
    ------
    DataError
        When they are none.
    """
    if not isinstance(images, np.ndarray) or images.ndim not in (3, 4) or images.dtype.kind not in "iuf":
        is_array = isinstance(images, np.ndarray) or not hasattr(images, "__len__")
        shape = np.shape(images) if is_array else f"a {type(images).__name__} of {len(images)}"
        raise DataError(
            f"Got {what} of shape {shape}; expected (n_images, height, width) or (n_images, height, width, channels), "
            "numbers of one size. Reshape rows of pixels, and bring images to one size first."
        )
    if 0 in images.shape:
        raise DataError(f"Got {what} of shape {images.shape}; expected at least one pixel.")
    if images.ndim == 4 and images.shape[3] not in CHANNELS:
        raise DataError(
            f"Got {what} of shape {images.shape}; expected 1 or 3 channels, last. Move the channels behind the width."
        )
    if images.dtype.kind != "f":
        return
    n_gaps = np.isnan(images).sum()
    if n_gaps:
        raise DataError(
            f"Got {n_gaps:,} missing pixels (NaN) in {what}; expected a number in each. Fill them first."
        )
    if images.min() < 0 or images.max() > 1:
        raise DataError(
            f"Got pixels from {images.min():.3g} to {images.max():.3g} in {what}; expected floats in [0, 1], or "
            "integers such as uint8. Divide by the largest value that a pixel can have."
        )


def full_scale(dtype: np.dtype) -> float:
    """The largest value of a pixel or sample: 1 for floats."""
    return float(np.iinfo(dtype).max) if dtype.kind in "iu" else 1.0


def as_pixels(images: np.ndarray) -> np.ndarray:
    """Images as floats in [0, 1] of shape (n, channels, height, width)."""
    with_channels = images if images.ndim == 4 else images[..., None]
    # As near as by way of 64 bits, where 32 hold what is divided.
    dtype = np.result_type(images, np.float32)
    scaled = np.divide(with_channels, full_scale(images.dtype), dtype=dtype)
    return scaled.astype(np.float32, copy=False).transpose(0, 3, 1, 2)


def like_images(pixels: np.ndarray, images: np.ndarray) -> np.ndarray:
    """Pixels of shape (n, channels, height, width) in the shape and the range of ``images``, as floats."""
    return pixels.transpose(0, 2, 3, 1).reshape(images.shape) * full_scale(images.dtype)
