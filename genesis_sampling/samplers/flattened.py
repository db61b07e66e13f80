"""Samplers of tables for items that are arrays."""

from __future__ import annotations

import numpy as np
from imblearn.base import BaseSampler
from sklearn.base import clone
from sklearn.utils import get_tags
from sklearn.utils._param_validation import HasMethods

from .._random import RandomStreams
from ._checks import check_is_instance
from ._seeds import seeded
from .noise import NoiseSampler

__all__ = ["FlattenedSampler"]

# What the sampler within knows after resampling, and is told of the items.
TOLD = (
    *("sampling_strategy_", "sample_indices_", "synthetic_mask_", "report_"),
    *("n_features_in_", "feature_names_in_"),
)


class FlattenedSampler(BaseSampler):
    """Lets any sampler of tables resample arrays of more dimensions: images, series of several channels.

    Each item is laid out as one row, the sampler works on these, and its rows are brought back to the shape of items.
    It knows nothing of what lies beside what: SMOTE between two images is a double exposure.

    Parameters
    ----------
    sampler : sampler, default=None
        With ``fit_resample(X, y)``, of this package or another; None for :class:`NoiseSampler`.
    random_state : int, RandomState instance or None, default=None
        Seed of a sampler that has none of its own.

    Attributes
    ----------
    sampler_ : sampler
        The one that was fitted. What it tells after resampling (``sampling_strategy_``, ``synthetic_mask_``,
        ``sample_indices_``, ``report_``) is told here too, where it has it.

    See Also
    --------
    TransformSampler : Changes single items, as what they are.

    Examples
    --------
    >>> import numpy as np
    >>> from genesis_sampling import FlattenedSampler, NoiseSampler
    >>> images = np.random.default_rng(0).random((30, 8, 8))
    >>> y = np.repeat([0, 1], [20, 10])
    >>> X_new, y_new = FlattenedSampler(NoiseSampler(random_state=0)).fit_resample(images, y)
    >>> X_new.shape
    (40, 8, 8)
    """

    _sampling_type = "bypass"
    _parameter_constraints: dict = {
        "sampler": [HasMethods(["fit_resample"]), None],
        "random_state": ["random_state"],
    }

    def __init__(self, sampler=None, *, random_state=None):
        self.sampler = sampler
        self.random_state = random_state

    def fit(self, X, y, **params):
        """Check the input and the targets without making an item; use :meth:`fit_resample` to resample.

        Parameters
        ----------
        X : ndarray of shape (n_items, ...)
        y : array-like of shape (n_items,)
        **params : dict
            For the sampler.

        Returns
        -------
        self : object
        """
        self._validate_params()
        self.sampler_ = self._new_sampler().fit(self._rows(X), y, **params)
        self._tell()
        return self

    def fit_resample(self, X, y, **params):
        """Resample items.

        Parameters
        ----------
        X : ndarray of shape (n_items, ...)
            Numbers; with two dimensions, whatever the sampler takes.
        y : array-like of shape (n_items,)
        **params : dict
            Further inputs of the sampler.

        Returns
        -------
        X_resampled, y_resampled : ndarray of shape (n_items_out, ...), and as ``y``
        """
        self._validate_params()
        self.sampler_ = self._new_sampler()
        rows, y_resampled = self.sampler_.fit_resample(self._rows(X), y, **params)
        self._tell()
        shape = np.shape(X)[1:] if np.ndim(X) > 2 else ()
        return (np.reshape(rows, (len(rows), *shape)) if shape else rows), y_resampled

    def _fit_resample(self, X, y, **params):
        # imbalanced-learn's abstract hook; the sampler within has checks of its own.
        return self.fit_resample(X, y, **params)

    def _new_sampler(self):
        check_is_instance(self.sampler, "a sampler")
        sampler = NoiseSampler() if self.sampler is None else self.sampler
        if self.random_state is None:
            return clone(sampler)
        return seeded(sampler, RandomStreams.from_random_state(self.random_state))

    @staticmethod
    def _rows(X):
        """A row for each item; what has rows already stays as it is."""
        X = np.asarray(X) if isinstance(X, list | tuple) and np.ndim(X[0]) > 1 else X
        return X.reshape(len(X), -1) if isinstance(X, np.ndarray) and X.ndim > 2 else X

    def _tell(self) -> None:
        for name in TOLD:
            if hasattr(self.sampler_, name):
                setattr(self, name, getattr(self.sampler_, name))

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        inner = get_tags(self.sampler or NoiseSampler())
        tags.input_tags, tags.sampler_tags = inner.input_tags, inner.sampler_tags
        return tags
