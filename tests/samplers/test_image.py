"""Images: what each operation does to pixels, and what is no image."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from genesis_sampling import DataError, ImageSampler, MissingExtraError
from genesis_sampling.samplers.image import OF_COLORS, OPERATIONS

pytest.importorskip("kornia", reason="ImageSampler needs kornia")

Y = np.repeat([0, 1], [12, 4])
SIZE = 12
BYTES = np.random.default_rng(0).integers(0, 256, (len(Y), SIZE, SIZE, 3), dtype=np.uint8)


def square():
    """A bright square in the middle of each image."""
    images = np.zeros((len(Y), SIZE, SIZE))
    images[:, 4:8, 4:8] = 0.5
    return images


def made(X, operations="default", **params):
    """New images, and those that they were made from."""
    sampler = ImageSampler(operations, random_state=0, **params)
    found, y = sampler.fit_resample(X, Y)
    assert np.bincount(y).tolist() == [12, 12]
    np.testing.assert_array_equal(found[:16], X)
    return found[16:], X[sampler.sample_indices_[16:]]


@pytest.mark.parametrize("shape", [(SIZE, SIZE), (SIZE, SIZE, 1), (SIZE, SIZE, 3), (SIZE, SIZE + 5, 3)])
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32", "float64"])
def test_shapes_and_dtypes_stay(shape, dtype):
    X = np.random.default_rng(0).random((len(Y), *shape))
    scale = np.iinfo(dtype).max if dtype.startswith("u") else 1
    X = (X * scale).astype(dtype)
    new, _ = made(X, n_operations=None)
    assert (new.dtype, new.shape) == (dtype, (8, *shape))
    assert new.min() >= 0
    assert new.max() <= scale
    assert new.max() > scale / 2


@pytest.mark.parametrize("name", OPERATIONS)
def test_each_operation_changes_images(name):
    new, old = made(BYTES, [name])
    # A factor may be drawn so near to 1 that no byte changes.
    assert (new != old).any(axis=(1, 2, 3)).mean() > 0.7


def test_flips():
    new, old = made(BYTES, ["horizontal_flip"])
    np.testing.assert_array_equal(new, old[:, :, ::-1])
    new, old = made(BYTES, ["vertical_flip"])
    np.testing.assert_array_equal(new, old[:, ::-1])
    assert not {"horizontal_flip", "vertical_flip"} & set(ImageSampler()._chosen())


def test_brightness_and_noise_are_as_strong_as_they_shall_be():
    new, old = made(square(), {"noise": {"std": 0.05}})
    # Of 16 pixels in each square, none of which is cut off at 0 or 1.
    deviation = (new - old)[:, 4:8, 4:8].std()
    assert abs(deviation - 0.05) < 5 * 0.05 / np.sqrt(2 * 8 * 16)
    new, old = made(square(), {"erasing": {"scale": (0.05, 0.05), "ratio": (1.0, 1.0)}})
    assert (new <= old).all()


def test_rotation_keeps_the_middle():
    new, old = made(square(), {"rotation": {"degrees": (90.0, 90.0)}})
    np.testing.assert_allclose(new, old, atol=1e-3)


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (BYTES[:, 0, 0], r"expected \(n_images, height, width\)"),
        (list(BYTES[:8]) + [image[:6] for image in BYTES[8:]], "a list of 16"),
        (np.repeat(BYTES, 2, axis=3), "1 or 3 channels"),
        (square() * 16, "pixels from 0 to 8"),
        (np.where(square() > 0, np.nan, 0.0), r"[0-9,]+ missing pixels"),
    ],
    ids=["flat", "sizes", "channels", "range", "gaps"],
)
def test_wrong_images(X, message):
    with pytest.raises(DataError, match=message):
        ImageSampler().fit_resample(X, Y)


def test_errors():
    with pytest.raises(DataError, match="expected some of horizontal_flip"):
        ImageSampler(["melt"]).fit_resample(BYTES, Y)
    for name in OF_COLORS:
        with pytest.raises(DataError, match="without colours"):
            ImageSampler([name]).fit_resample(square(), Y)


def test_without_the_library(monkeypatch):
    monkeypatch.setitem(sys.modules, "kornia.augmentation", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'genesis-sampling\[image\]'"):
        ImageSampler().fit_resample(BYTES, Y)
