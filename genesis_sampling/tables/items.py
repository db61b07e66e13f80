"""Rows that are no rows of a table: images, texts, signals and series, in any container."""

from __future__ import annotations

from itertools import chain
from typing import Any, cast

import numpy as np
import pandas as pd
from scipy import sparse

from ..exceptions import DataError
from ._item_array import ItemArray
from .containers import Table, is_frame
from .foreign import frame_from_foreign, frame_to_foreign, is_foreign_frame, is_foreign_series
from .images import check_images

__all__ = ["ItemEncoder", "ItemTable", "items_at", "items_frame", "kind_of_items", "settled", "wrap_items"]

ITEM = "item"
# Of the only column of a frame more cells have to differ, and to have several words, for it to be one of texts.
TEXT_SHARE = 0.5


class ItemTable(Table):
    """Items in their own container. The frame has one column, in which each of them is a cell.

    Parameters
    ----------
    X : array, list, Series or frame
        As it came.
    items : ndarray of shape (n_items, ...) or list
        The items of it.
    """

    def __init__(self, X: Any, items: np.ndarray | list):
        self.native, self.items = X, items
        self.frame = items_frame(items)

    def batch(self, positions: np.ndarray) -> np.ndarray | list:
        """The items at ``positions``: an array of shape (n, ...), or a list."""
        return items_at(self.items, positions)


class ItemEncoder:
    """Arrays of one shape as rows of their values, for distances between them.

    Parameters
    ----------
    table : ItemTable

    Attributes
    ----------
    discrete_ : ndarray of bool of shape (n_values,)
        All False: every value is a number.

    Raises
    ------
    DataError
        When the items are texts, or arrays of several shapes.
    """

    def __init__(self, table: ItemTable):
        if not isinstance(table.items, np.ndarray) or table.items.dtype.kind not in "biuf":
            raise DataError(
                "Got items that are no arrays of one shape; expected such for distances between them. Use a scorer of "
                "your own."
            )
        self.discrete_ = np.zeros(int(np.prod(table.items.shape[1:])), dtype=bool)

    def transform(self, frame: pd.DataFrame) -> np.ndarray:
        """Values of the items in a frame, shape (n_items, n_values)."""
        items = frame[ITEM].array
        if isinstance(items, ItemArray):
            return items.values.reshape(len(frame), len(self.discrete_)).astype(np.float64)
        rows = np.empty((len(frame), len(self.discrete_)))
        for place, item in enumerate(items):
            rows[place] = np.ravel(item)
        return rows


class _ArrayItems(ItemTable):
    """An array of numbers of shape (n_items, ...), or of objects or texts of shape (n_items,)."""

    def _stack(self, kept: np.ndarray | None, new: pd.DataFrame) -> np.ndarray:
        originals = self.native if kept is None else self.native[kept]
        if not len(new):
            return originals.copy()
        added = new[ITEM].array
        if isinstance(added, ItemArray):
            return np.concatenate([originals, *added.blocks], dtype=self.native.dtype)
        cells = np.asarray(added)
        # Longer texts than there were need a wider dtype.
        is_texts = self.native.dtype.kind in "SU"
        return np.concatenate([originals, cells.astype(self.native.dtype.kind) if is_texts else cells])


class _ListItems(ItemTable):
    """A list or tuple of texts, arrays or lists of numbers; the result is a list."""

    def _stack(self, kept: np.ndarray | None, new: pd.DataFrame) -> list:
        originals = list(self.native) if kept is None else [self.native[place] for place in kept.tolist()]
        were_lists = isinstance(self.native[0], list)
        return originals + [item.tolist() if were_lists else item for item in new[ITEM]]


class _SeriesItems(ItemTable):
    """A Series of texts; the result has the index 0, 1, ..."""

    def _stack(self, kept: np.ndarray | None, new: pd.DataFrame) -> pd.Series:
        originals = self.native if kept is None else self.native.iloc[kept]
        if not len(new):
            return originals.reset_index(drop=True)
        added = pd.Series(new[ITEM].tolist(), dtype=self.native.dtype, name=self.native.name)
        return pd.concat([originals, added], ignore_index=True)


class _FrameItems(ItemTable):
    """A frame of one column of texts, or of numbers, of which each row is an item."""

    def _stack(self, kept: np.ndarray | None, new: pd.DataFrame) -> Any:
        if is_foreign_frame(self.native):
            return frame_to_foreign(self.native, kept, self._columns(new, frame_from_foreign(self.native)))
        originals = self.native if kept is None else self.native.iloc[kept]
        if not len(new):
            return originals.reset_index(drop=True)
        return pd.concat([originals, self._columns(new, self.native)], ignore_index=True)

    def _columns(self, new: pd.DataFrame, like: pd.DataFrame) -> pd.DataFrame:
        """New items with the columns and dtypes of a frame."""
        values = np.array(new[ITEM].tolist()).reshape(len(new), like.shape[1])
        return pd.DataFrame(values, columns=like.columns).astype(dict(like.dtypes))


def items_at(items: np.ndarray | list, positions: np.ndarray) -> np.ndarray | list:
    """The items at ``positions``, in the container that they are in."""
    return (
        items[positions] if isinstance(items, np.ndarray) else [items[place] for place in positions.tolist()]
    )


def items_frame(*batches: np.ndarray | list) -> pd.DataFrame:
    """Items in one batch or several, whatever they are, as a frame of one column.

    Arrays of one shape stay in their batches, of which the column is an :class:`ItemArray`; others are its objects.
    """
    if batches and all(isinstance(batch, np.ndarray) for batch in batches):
        return pd.DataFrame({ITEM: ItemArray(cast(tuple[np.ndarray, ...], batches))}, copy=False)
    column = np.empty(sum(map(len, batches)), dtype=object)
    for place, item in enumerate(chain.from_iterable(batches)):
        column[place] = item
    return pd.DataFrame({ITEM: column})


def wrap_items(X: Any) -> ItemTable:
    """The container of items.

    Parameters
    ----------
    X : array-like
        An array of numbers of shape (n_items, ...); a list, tuple or array of texts or of arrays that may differ in
        length; a Series or one-column frame of texts; or a frame of numbers, of which each row is an item.

    Raises
    ------
    DataError
        When it is none of these, or empty.
    """
    table = _wrapped(X)
    if not len(table):
        raise DataError(f"Got no items in X, of type {type(X).__name__}; expected at least one.")
    return table


def _wrapped(X: Any) -> ItemTable:
    if isinstance(X, pd.DataFrame) or is_foreign_frame(X):
        return _FrameItems(X, _items_of_frame(X if isinstance(X, pd.DataFrame) else frame_from_foreign(X)))
    if isinstance(X, pd.Series):
        return _SeriesItems(X, X.tolist())
    if isinstance(X, np.ndarray) and X.ndim:
        if X.dtype == object and X.ndim > 1:
            try:
                return _ArrayItems(X, X.astype(np.float64))
            except ValueError as error:
                raise DataError(
                    f"Got an array of shape {X.shape} that holds no numbers ({error}); expected numbers."
                ) from error
        is_numbers = X.dtype.kind in "biuf"
        if X.dtype.kind == "c" or (not is_numbers and X.ndim > 1):
            raise DataError(
                f"Got an array of shape {X.shape} and dtype {X.dtype} for X; expected real numbers of shape (n_items, "
                "...), or texts of shape (n_items,). Complex data not supported."
            )
        return _ArrayItems(X, X if is_numbers else X.tolist())
    if isinstance(X, list | tuple):
        return _ListItems(X, [np.asarray(item) if isinstance(item, list | tuple) else item for item in X])
    name = "sparse data" if sparse.issparse(X) else type(X).__name__
    hint = " Make it dense first." if sparse.issparse(X) else ""
    raise DataError(f"Got {name} for X; expected an array, a list, a Series of pandas or a frame.{hint}")


def _items_of_frame(frame: pd.DataFrame) -> np.ndarray | list:
    others = [name for name, dtype in frame.dtypes.items() if not pd.api.types.is_numeric_dtype(dtype)]
    if not others:
        return frame.to_numpy()
    if frame.shape[1] == 1:
        return frame.iloc[:, 0].tolist()
    raise DataError(
        f"Got a frame of {frame.shape[1]} columns, of which {', '.join(map(repr, others[:3]))} hold no numbers; "
        "expected one column of texts, or numbers alone."
    )


def settled(
    made: np.ndarray, dtype: np.dtype, shape: tuple[int, ...] | None, bounds: tuple[float, float] | None
) -> np.ndarray:
    """Numbers in the dtype and range of those that they were made from."""
    if shape is not None and made.shape != shape:
        raise DataError(
            f"Got items of shape {made.shape[1:]} for items of shape {shape[1:]}; expected no change."
        )
    if dtype.kind in "iu" and made.dtype != dtype:
        limits = np.iinfo(dtype)
        rounded = np.rint(made, dtype=np.result_type(made, np.float32))
        high = rounded.dtype.type(limits.max)
        # The largest of many bits is no float: the next one below is.
        high = high if float(high) <= limits.max else np.nextafter(high, rounded.dtype.type(0))
        return np.clip(rounded, limits.min, high, out=rounded).astype(dtype)
    if bounds is not None:
        made = np.clip(made, *bounds)
    return made.astype(dtype, copy=False)


def kind_of_items(X: Any) -> str | None:
    """What ``X`` holds that is no table: ``"texts"``, ``"images"`` or other ``"arrays"``; None for a table.

    Arrays of three dimensions and more, texts in a list, an array or a Series, and lists of arrays that differ in
    shape are no tables. Rows of numbers, which may be series, are one.
    """
    if is_frame(X):
        return "texts" if X.shape[1] == 1 and _are_texts(X) else None
    if isinstance(X, np.ndarray) and X.ndim > 2:
        return "images" if _are_images(X) else "arrays"
    if isinstance(X, np.ndarray) and X.ndim == 1:
        return _kind_of_list(X.tolist()) if X.dtype.kind in "OSU" else None
    if isinstance(X, pd.Series) or is_foreign_series(X):
        return _kind_of_list(X.to_list())
    return _kind_of_list(X) if isinstance(X, list | tuple) else None


def _are_texts(frame: Any) -> bool:
    """Whether a frame of one column holds texts, and not categories or names: of several words, most of them once."""
    column = (frame if isinstance(frame, pd.DataFrame) else frame_from_foreign(frame)).iloc[:, 0]
    known = column.dropna()
    if isinstance(column.dtype, pd.CategoricalDtype) or not all(isinstance(cell, str) for cell in known):
        return False
    n_least = TEXT_SHARE * len(known)
    return known.nunique() > n_least and sum(" " in cell.strip() for cell in known) > n_least


def _are_images(X: np.ndarray) -> bool:
    try:
        check_images(X)
    except DataError:
        return False
    return True


def _kind_of_list(values: list | tuple) -> str | None:
    if any(isinstance(value, str | bytes) for value in values):
        return "texts"
    try:
        shapes = {np.shape(value) for value in values}
    except ValueError:  # a ragged item
        return None
    is_deep = any(len(shape) > 1 for shape in shapes)
    return "arrays" if () not in shapes and (len(shapes) > 1 or is_deep) else None
