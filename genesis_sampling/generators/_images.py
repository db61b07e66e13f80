"""What generators of images share: images in, pixels for a network, images of the same shape and values out."""

from __future__ import annotations

import warnings
from abc import abstractmethod
from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.base import _fit_context
from sklearn.utils.validation import check_is_fitted

from .. import networks
from .._random import RandomStreams
from ..exceptions import DataError, SmallClassWarning
from ..tables.images import as_pixels, check_images, full_scale, like_images
from ._network import draw_from
from ._training import TrainedGenerator

__all__ = ["ImageGenerator"]

# Images that a network makes at once, always as many: fewer images shall be the first of more.
CHUNK = 256
# Up to so many distinct values, pixels take those alone.
MAX_VALUES = 256
# With fewer images a fit warns.
FEW_IMAGES = 100


class ImageGenerator(TrainedGenerator):
    """Base of the generators of images.

    A subclass makes the model (``_config``, ``_network``) and its updates (``_make_steps``), and draws pixels in [0, 1]
    (``_draw_pixels``). Where real pixels take few values, those that are drawn take the nearest of these: a classifier
    would else learn to tell made images from real ones by values between.

    Attributes
    ----------
    image_shape_ : tuple of int
        Of an image: (height, width) or (height, width, channels).
    """

    # What a sampler asks before it hands over items that are no rows of a table.
    learns_arrays = True

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None):
        """Learn the distribution of images.

        Parameters
        ----------
        X : ndarray of shape (n_images, height, width) or (n_images, height, width, 1 or 3)
            Floats in [0, 1], or integers.
        y : array-like of shape (n_images,), default=None
            Class labels, for ``sample(n, y=label)``.

        Returns
        -------
        self : object
        """
        X = np.asarray(X)
        check_images(X)
        if len(X) < FEW_IMAGES:
            warnings.warn(
                f"Got {len(X)} images to train a network on; it learns hardly more from so few than to repeat them. "
                "ImageSampler changes them without a network.",
                SmallClassWarning,
                stacklevel=2,
            )
        with self._as_before_if_it_fails():
            self._learn(X, y)
        return self

    def _learn(self, X: np.ndarray, y: Any) -> None:
        self._learn_labels(y, len(X))
        if self._is_warm() and X.shape[1:] != self.image_shape_:
            raise DataError(
                f"Got images of shape {X.shape[1:]} with warm_start=True; expected {self.image_shape_}, as in the fit "
                "before. Set warm_start=False to start anew."
            )
        streams = self._begin_draws().child("fit")
        pixels, classes = as_pixels(X), None if self.target_ is None else self.target_.codes

        def steps(device: Any) -> tuple[Any, Any, Any]:
            return self._make_steps(pixels, classes, device, streams.child("held out").rng())

        self._fit_network(classes, streams, lambda: self._learn_shape(X), steps)

    def sample(self, n, y=None, random_state=None):
        """Draw images.

        Parameters
        ----------
        n : int
            Number of images.
        y : label or array-like of shape (n,), default=None
            Class of the images, if ``fit`` was given labels; one label for all, or one each. None draws classes as
            frequent as they were.
        random_state : int, RandomState instance or None, default=None
            An int gives the same images each time, and fewer images are the first of more. None goes on with the
            stream of the fitted generator, so successive draws differ.

        Returns
        -------
        images : ndarray of shape (n, ...)
            In the shape, type and range of those that were learned.
        """
        streams = self._begin_sample(n, random_state)
        classes = None
        if self._classes is not None and y is None:
            classes = draw_from(self._class_shares, n, streams.child("classes").rng())
        elif y is not None:
            classes = self._label_codes(y, n)
        return self._in_chunks(n, classes, streams)

    def _in_chunks(self, n: int, classes: np.ndarray | None, streams: RandomStreams) -> np.ndarray:
        """Images of classes."""
        parts = []
        with self._placed() as device:
            for start in range(0, max(n, 1), CHUNK):
                given = None
                if classes is not None:
                    given = (
                        np.resize(classes[start : start + CHUNK], CHUNK)
                        if n
                        else np.zeros(CHUNK, dtype=np.intp)
                    )
                chunk = streams.child("chunk", start)
                with networks.seeded(chunk.child("network").integer_seed(), device):
                    parts.append(self._draw_pixels(CHUNK, given, chunk.child("noise").rng(), device))
        return self._as_images(np.concatenate(parts)[:n])

    def _as_images(self, pixels: np.ndarray) -> np.ndarray:
        """Pixels in the shape, type and values of the images that were learned."""
        like = np.empty((len(pixels), *self.image_shape_), dtype=self._dtype)
        images = like_images(pixels, like)
        if self._values is not None:
            between = (self._values[1:] + self._values[:-1]) / 2
            return self._values.astype(self._dtype)[np.searchsorted(between, images)]
        return (np.rint(images) if like.dtype.kind in "iu" else images).astype(self._dtype)

    def _pixels_of(self, X) -> np.ndarray:
        """Pixels of images like those that were learned."""
        check_is_fitted(self)
        X = np.asarray(X)
        check_images(X)
        if X.shape[1:] != self.image_shape_ or full_scale(X.dtype) != full_scale(self._dtype):
            raise DataError(
                f"Got images of shape {X.shape[1:]} and dtype {X.dtype}; expected {self.image_shape_} and "
                f"{self._dtype}, as fit was given."
            )
        return as_pixels(X)

    def _through(self, part: Callable[..., Any], device: Any, *arrays: np.ndarray | None) -> np.ndarray:
        """What a part of the model makes of arrays."""
        return networks.as_arrays(part(*(networks.as_tensor(values, device) for values in arrays)))[0]

    def _learn_shape(self, X: np.ndarray) -> None:
        self.image_shape_, self._dtype = X.shape[1:], X.dtype
        values = np.unique(X)
        self._values = values.astype(np.float64) if len(values) <= MAX_VALUES else None

    @property
    def _pixel_shape(self) -> tuple[int, int, int]:
        """Channels, height, width."""
        height, width, *channels = self.image_shape_
        return (channels[0] if channels else 1, height, width)

    @abstractmethod
    def _make_steps(
        self, pixels: np.ndarray, classes: np.ndarray | None, device: Any, rng: np.random.Generator
    ) -> tuple[Any, Any, Any]:
        """The model whose state is kept, one update, and the held-out measure or None."""

    @abstractmethod
    def _draw_pixels(
        self, n: int, classes: np.ndarray | None, rng: np.random.Generator, device: Any
    ) -> np.ndarray:
        """Pixels of ``n`` images, shape (n, channels, height, width)."""
