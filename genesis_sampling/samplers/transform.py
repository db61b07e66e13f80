"""Over-sampling by any function that changes an item."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from numbers import Integral
from typing import Any

import numpy as np

from ..exceptions import DataError
from .items import ItemSampler

__all__ = ["TransformSampler"]


class TransformSampler(ItemSampler):
    """Over-sample with changed copies of items of any kind, by a function of your own.

    Items are what ``X`` holds: images, texts, signals, series, rows. Each new one is an item of its class, drawn with
    replacement, as the function changes it. So any library that changes single items, or batches of them, becomes a
    step of a pipeline.

    Parameters
    ----------
    function : callable or None, default=None
        ``function(item) -> item`` of the same shape (texts and signals of a list may change their length), or with
        ``batched=True`` ``function(items) -> items``. If it has a parameter ``rng`` it is given a
        :class:`numpy.random.Generator`; the global generators of ``random``, numpy and torch are seeded around it and
        put back. None copies items.
    sampling_strategy : float, str, dict or callable, default="auto"
        As in imbalanced-learn. A float also works for more than two classes: each smaller class is brought to that
        ratio of the largest.
    batched : bool, default=False
        Whether the function takes many items at once: an array of shape (n, ...), or a list.
    growth : float, default=0.0
        By how much every class, the largest too, grows after that, as a share of its items.
    n_jobs : int or None, default=None
        Processes. The result is the same for any number of them.
    random_state : int, RandomState instance or None, default=None
        Seed. Each class and each batch of items has a stream of its own.

    Attributes
    ----------
    sampling_strategy_ : dict
        Number of items made of each class.
    n_features_in_ : int
        Number of columns, for a matrix.
    synthetic_mask_ : ndarray of bool of shape (n_items_out,)
        Which items of the result were made.
    sample_indices_ : ndarray of int of shape (n_items_out,)
        Position in the input of the item that each is, or was made from.
    report_ : AugmentationReport
        Counts and seconds.

    See Also
    --------
    TimeSeriesSampler : Changes that suit series.
    FlattenedSampler : Samplers of tables on items that are arrays.

    Notes
    -----
    A function that a process of its own cannot be given (a lambda, something defined within a function) works with
    ``n_jobs=None`` alone, and cannot be pickled.

    Examples
    --------
    >>> import numpy as np
    >>> from genesis_sampling import TransformSampler
    >>> images = np.random.default_rng(0).integers(0, 256, size=(12, 8, 8), dtype=np.uint8)
    >>> y = np.repeat(["cat", "dog"], [9, 3])
    >>> X_new, y_new = TransformSampler(np.fliplr, random_state=0).fit_resample(images, y)
    >>> X_new.shape, X_new.dtype
    ((18, 8, 8), dtype('uint8'))
    """

    _parameter_constraints: dict = {
        **ItemSampler._parameter_constraints,
        "function": [callable, None],
        "batched": ["boolean"],
        "n_jobs": [Integral, None],
    }

    def __init__(
        self,
        function=None,
        sampling_strategy="auto",
        *,
        batched=False,
        growth=0.0,
        n_jobs=None,
        random_state=None,
    ):
        super().__init__(sampling_strategy=sampling_strategy)
        self.function = function
        self.batched = batched
        self.growth = growth
        self.n_jobs = n_jobs
        self.random_state = random_state

    def _transform(self, batch, rng, peers):
        if self.function is None:
            return batch
        change = _with_rng(self.function, rng)
        if self.batched:
            return change(batch)
        made = [change(item) for item in batch]
        if not isinstance(batch, np.ndarray):
            return made
        for item in made:
            if np.shape(item) != batch.shape[1:]:
                raise DataError(
                    f"Got an item of shape {np.shape(item)} from the function for one of shape {batch.shape[1:]}; "
                    "expected no change."
                )
        return np.stack(made)


def _with_rng(function: Callable[..., Any], rng: np.random.Generator) -> Callable[[Any], Any]:
    """The function with a generator, if it takes one."""
    try:
        takes_rng = "rng" in inspect.signature(function).parameters
    except (TypeError, ValueError):  # some functions of compiled modules have no signature
        takes_rng = False
    return (lambda items: function(items, rng=rng)) if takes_rng else function
