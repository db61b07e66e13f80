"""What samplers of images, texts, signals and series share: any container in, one transform, the same container out."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from numbers import Integral
from typing import Any, cast

import numpy as np
from joblib import Parallel, delayed
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import validate_data

from .._random import RandomStreams, seeded_globals
from ..exceptions import DataError
from ..tables.items import ItemTable, items_at, items_frame, settled, wrap_items
from .base import ClasswiseOverSampler
from .data import ClassData, ClassSource, NewRows

__all__ = ["ItemSampler", "OperationsSampler"]

# Items that are transformed at once, each such batch with a stream of its own, whatever the number of jobs.
BATCH = 256


class ItemSampler(ClasswiseOverSampler):
    """Base of the samplers that make new items by changing real ones.

    A subclass writes ``_transform(batch, rng, peers)``, and ``_check_items(table)`` where not all items will do, and
    may name what its items are in ``_item_kind``. Items are drawn from those of the class with replacement; the
    transform runs with the global generators of ``random``, numpy and torch at a seed of the batch, and they are put
    back after it. New items get the dtype of the real ones: integers are rounded and kept within their type, and floats
    that all lie in [0, 1] stay there.

    Attributes
    ----------
    sampling_strategy_ : dict
        Number of items made of each class.
    synthetic_mask_ : ndarray of bool of shape (n_items_out,)
        Which items of the result were made.
    sample_indices_ : ndarray of int of shape (n_items_out,)
        Position in the input of the item that each was made from.
    report_ : AugmentationReport
        Counts, choices and seconds.
    """

    _parameter_constraints: dict = {
        name: constraint
        for name, constraint in ClasswiseOverSampler._parameter_constraints.items()
        if name != "categorical_features"
    }

    #: What the items are: "image", "text", "audio" or "series"; None where the report goes by their shape.
    _item_kind: str | None = None

    @abstractmethod
    def _transform(self, batch: Any, rng: np.random.Generator, peers: Any) -> Any:
        """Changed copies of items: an array of shape (n, ...) or a list, as the batch is.

        Parameters
        ----------
        batch : ndarray of shape (n, ...) or list
        rng : numpy.random.Generator
        peers : ndarray of shape (n_class, ...) or list
            All items of the class.
        """

    def _changed(self, batch: Any, rng: np.random.Generator, peers: Any) -> tuple[Any, np.ndarray | None]:
        """What ``_transform`` gives, and for each the position of a second item that it comes from, where it has one.

        For these the samplers whose items have two sources write this.
        """
        return self._transform(batch, rng, peers), None

    def _load(self) -> None:
        """Import what the transform needs."""

    def _check_items(self, table: ItemTable) -> None:
        """Raise DataError if the items are none that the sampler can change."""

    def _check_table(self, X):
        table = wrap_items(X)
        if isinstance(table.items, np.ndarray) and table.items.ndim == 2:
            # What scikit-learn expects of every estimator that takes a matrix.
            validate_data(self, X, dtype=None, ensure_all_finite="allow-nan")
        self._check_items(table)
        return table

    def _fit_class(self, part: ClassData) -> ClassSource:
        table = cast(ItemTable, part.data.table)
        peers = table.batch(part.positions)
        bounds = part.data.once("bounds", lambda: _unit_range(table.items))

        def draw(n_items: int, streams: RandomStreams) -> NewRows:
            picked = streams.child("source").rng().integers(len(part.positions), size=n_items)
            made = Parallel(n_jobs=getattr(self, "n_jobs", None))(
                delayed(self._made)(
                    peers, picked[start : start + BATCH], streams.child("batch", start), bounds
                )
                for start in range(0, n_items, BATCH)
            )
            partners = [places for _, places in made if places is not None]
            return NewRows(
                items_frame(*(items for items, _ in made)),
                part.positions[picked],
                partners=np.concatenate(partners) if partners else None,
            )

        return ClassSource(draw, nested=False)

    def _made(
        self, peers: Any, picked: np.ndarray, streams: RandomStreams, bounds: tuple[float, float] | None
    ) -> tuple[Any, np.ndarray | None]:
        """The items of a class at ``picked``, changed, in the dtype that they had; and their partners."""
        batch = items_at(peers, picked)
        self._load()  # what is loaded within is not seeded
        with seeded_globals(streams.child("globals").integer_seed()):
            made, partners = self._changed(batch, streams.child("transform").rng(), peers)
        if len(made) != len(batch):
            raise DataError(f"Got {len(made)} items for {len(batch)}; expected one new item for each.")
        if isinstance(batch, np.ndarray):
            return settled(np.asarray(made), batch.dtype, batch.shape, bounds), partners
        items = [
            settled(np.asarray(new), old.dtype, None, bounds) if isinstance(old, np.ndarray) else new
            for new, old in zip(made, batch, strict=True)
        ]
        return items, partners

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.categorical = False
        tags.input_tags.sparse = False
        tags.input_tags.three_d_array = True
        return tags


class OperationsSampler(ItemSampler):
    """Base of the samplers whose changes have names, some of which are drawn for each item.

    A subclass has the parameters ``operations`` and ``n_operations``, and names its operations in ``_known``, each with
    the parameters that it has by default.
    """

    _known: Mapping[str, Mapping[str, Any]]
    _defaults: tuple[str, ...]

    _parameter_constraints: dict = {
        **ItemSampler._parameter_constraints,
        "operations": [StrOptions({"default"}), list, tuple, dict],
        "n_operations": [Interval(Integral, 1, None, closed="left"), None],
        "n_jobs": [Integral, None],
    }

    def _chosen(self) -> dict[str, dict]:
        """Operation -> its parameters, in the order in which they are applied."""
        given = self._defaults if isinstance(self.operations, str) else self.operations
        chosen = dict(given) if isinstance(given, Mapping) else {name: {} for name in given}
        if not chosen or not set(chosen) <= set(self._known):
            raise DataError(f"Got operations={self.operations!r}; expected some of {', '.join(self._known)}.")
        return {name: {**params, **chosen[name]} for name, params in self._known.items() if name in chosen}

    def _applied(
        self,
        batch: Any,
        chosen: Mapping[str, Any],
        rng: np.random.Generator,
        apply: Callable[[str, Any], Any],
    ) -> Any:
        """A batch, an array or a tensor, after its operations; it may be changed in place.

        Parameters
        ----------
        batch : array of shape (n, ...)
        chosen : mapping
            Operation -> its parameters.
        rng : numpy.random.Generator
        apply : callable
            ``apply(name, items) -> items``.
        """
        if self._n_drawn(chosen) == len(chosen):
            for name in chosen:
                batch = apply(name, batch)
            return batch
        for name, rows in self._drawn_rows(len(batch), chosen, rng).items():
            batch[rows] = apply(name, batch[rows])
        return batch

    def _drawn(self, chosen: Mapping[str, Any], rng: np.random.Generator) -> set[str]:
        """The operations that one item goes through."""
        n_drawn = self._n_drawn(chosen)
        return (
            set(chosen) if n_drawn == len(chosen) else set(rng.permutation(list(chosen))[:n_drawn].tolist())
        )

    def _drawn_rows(
        self, n_items: int, chosen: Mapping[str, Any], rng: np.random.Generator
    ) -> dict[str, np.ndarray]:
        """Operation -> the positions of the items that go through it, where there are some."""
        rank = rng.random((n_items, len(chosen))).argsort(axis=1).argsort(axis=1)
        rows = {
            name: np.flatnonzero(column < self._n_drawn(chosen))
            for name, column in zip(chosen, rank.T, strict=True)
        }
        return {name: positions for name, positions in rows.items() if len(positions)}

    def _n_drawn(self, chosen: Mapping[str, Any]) -> int:
        return min(self.n_operations or len(chosen), len(chosen))

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = False
        return tags


def _unit_range(items: Any) -> tuple[float, float] | None:
    """0 and 1, where all items are floats within; None otherwise."""
    parts = [items] if isinstance(items, np.ndarray) else items
    for part in parts:
        if not isinstance(part, np.ndarray) or part.dtype.kind != "f" or not part.size:
            return None
        if not (np.nanmin(part) >= 0 and np.nanmax(part) <= 1):
            return None
    return 0.0, 1.0
