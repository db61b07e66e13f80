"""Ways through the latent space of an autoencoder."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..exceptions import DataError

__all__ = ["LatentSpace"]


class LatentSpace:
    """What can be made of ``encode(X, y)`` and ``decode(latents, y, random_state)``: variations and mixtures."""

    _model: Any

    def sample_near(self, X, scale=0.3, y=None, random_state=None):
        """Variations: what the decoder makes of places near those of ``X``.

        Parameters
        ----------
        X : array-like of shape (n, ...)
            Rows or images, as ``fit`` was given.
        scale : float, default=0.3
            Standard deviation of the normal noise on the latents, whose own spread over all that was learned is 1.
        y : label or array-like of shape (n,), default=None
            Their classes, if ``fit`` was given labels.
        random_state : int, RandomState instance or None, default=None

        Returns
        -------
        varied : DataFrame or ndarray of shape (n, ...)
            One variation of each. Repeat them for several.
        """
        if not scale >= 0:
            raise DataError(f"Got scale={scale!r}; expected a number that is not negative.")
        latents = self.encode(X, y)
        streams = self._sample_streams(random_state)
        moved = latents + scale * streams.child("near").rng().standard_normal(latents.shape)
        return self.decode(moved, y, streams.child("decode").integer_seed())

    def interpolate(self, rows_a, rows_b, steps=5, y=None, random_state=None):
        """What lies on the way from some to others.

        Parameters
        ----------
        rows_a, rows_b : array-like of shape (n, ...)
            Rows or images, as ``fit`` was given.
        steps : int, default=5
            Places on each way, both ends included.
        y : label or array-like of shape (n,), default=None
            Classes of the ways, if ``fit`` was given labels.
        random_state : int, RandomState instance or None, default=None

        Returns
        -------
        between : DataFrame or ndarray of shape (n * steps, ...)
            The ways one after the other.
        """
        if steps < 2:
            raise DataError(f"Got steps={steps!r}; expected at least 2, the two ends.")
        first, last = self.encode(rows_a, y), self.encode(rows_b, y)
        if first.shape != last.shape:
            raise DataError(f"Got {len(first)} and {len(last)} rows; expected as many of both.")
        share = np.linspace(0, 1, steps, dtype=np.float32)[None, :, None]
        places = first[:, None] + share * (last - first)[:, None]
        labels = y if y is None or np.ndim(y) == 0 else np.repeat(np.asarray(y), steps)
        return self.decode(places.reshape(-1, first.shape[1]), labels, random_state)

    def _checked_latents(self, latents) -> np.ndarray:
        latents = np.asarray(latents, dtype=np.float32)
        n_latent = self._model.config.n_latent
        if latents.ndim != 2 or latents.shape[1] != n_latent:
            raise DataError(f"Got latents of shape {latents.shape}; expected (n, {n_latent}).")
        if not np.isfinite(latents).all():
            raise DataError("Got latents that are not finite; expected numbers alone.")
        return latents
