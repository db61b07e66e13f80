"""Pixels as networks take them, and back."""

from __future__ import annotations

import numpy as np
import pytest

from genesis_sampling.tables.images import as_pixels, full_scale, like_images
from genesis_sampling.tables.items import settled


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int32", "float16", "float32", "float64"])
@pytest.mark.parametrize("shape", [(-1, 16, 16), (-1, 16, 8, 1), (-1, 8, 8, 3)], ids=str)
def test_pixels_are_the_nearest_floats(dtype, shape):
    values = np.arange(3 * 2**14)
    X = (values / values[-1] * full_scale(np.dtype(dtype))).astype(dtype).reshape(shape)
    pixels = as_pixels(X)
    assert pixels.dtype == np.float32
    with_channels = X if X.ndim == 4 else X[..., None]
    exact = with_channels.astype(np.float64) / full_scale(X.dtype)
    np.testing.assert_array_equal(pixels, exact.astype(np.float32).transpose(0, 3, 1, 2))
    if dtype != "int32":  # more bits than pixels have
        back = settled(like_images(pixels, X), X.dtype, X.shape, None)
        np.testing.assert_allclose(back, X, rtol=1e-6 if dtype == "float64" else 0)
