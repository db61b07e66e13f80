"""Containers: whatever table or target comes in, the same kind goes out.

Inside, a table is a pandas frame and a target is an array of class positions. A container knows the way in and the
way back: original rows are copied as they are, never through another type.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
import pandas as pd
from imblearn.utils import check_target_type
from pandas.api import types
from scipy import sparse
from sklearn.utils.multiclass import check_classification_targets

from ..exceptions import DataError
from .foreign import frame_from_foreign, frame_to_foreign, is_foreign_frame, is_foreign_series

__all__ = ["Table", "Target", "array_of_rows", "is_frame", "wrap_table", "wrap_target"]


class Table(ABC):
    """A table in its own container.

    Attributes
    ----------
    native : object
        The table as it came; a list of rows as an array.
    frame : pandas.DataFrame of shape (n_rows, n_columns)
        The table as a frame; arrays have the columns 0, 1, ...
    """

    native: Any
    frame: pd.DataFrame

    def __len__(self) -> int:
        return len(self.frame)

    def rows(self, positions: np.ndarray) -> pd.DataFrame:
        """The rows at ``positions`` as a frame with a fresh index."""
        return self.frame.iloc[positions].reset_index(drop=True)

    def stack(self, kept: np.ndarray | None, new: pd.DataFrame, order: np.ndarray | None = None) -> Any:
        """The container with some original rows followed by new ones.

        Parameters
        ----------
        kept : ndarray of int or None
            Positions of the original rows that stay; None for all of them, in order.
        new : pandas.DataFrame
            Rows with the columns and dtypes of ``frame``.
        order : ndarray of int or None, default=None
            Permutation of the result; None leaves the new rows last.
        """
        stacked = self._stack(kept, new)
        return stacked if order is None else _take(stacked, order)

    @abstractmethod
    def _stack(self, kept: np.ndarray | None, new: pd.DataFrame) -> Any:
        """Original rows at ``kept``, then the new ones."""


class ArrayTable(Table):
    """A numpy array of shape (n_rows, n_columns); dtype and memory order are kept."""

    def __init__(self, X: np.ndarray):
        self.native = X
        self.frame = pd.DataFrame(X, copy=False)

    def _stack(self, kept: np.ndarray | None, new: pd.DataFrame) -> np.ndarray:
        n_kept = len(self.native) if kept is None else len(kept)
        shape = (n_kept + len(new), self.native.shape[1])
        stacked = np.empty(shape, dtype=self.native.dtype, order="F" if _only_fortran(self.native) else "C")
        stacked[:n_kept] = self.native if kept is None else self.native[kept]
        if len(new):
            stacked[n_kept:] = new.to_numpy(
                dtype=None if self.native.dtype.kind in "SU" else self.native.dtype
            )
        return stacked


class ListTable(Table):
    """A list of rows, as an array of them."""

    def __init__(self, X: np.ndarray):
        self._array = ArrayTable(X)
        self.native, self.frame = X, self._array.frame

    def _stack(self, kept: np.ndarray | None, new: pd.DataFrame) -> list:
        return self._array.stack(kept, new).tolist()


class SparseTable(Table):
    """A CSR or CSC matrix or array, whose frame is dense: one array serves thousands of columns better than as many."""

    def __init__(self, X: Any):
        self.native = X
        self.frame = pd.DataFrame(X.toarray(), copy=False)

    def _stack(self, kept: np.ndarray | None, new: pd.DataFrame) -> Any:
        originals = self.native if kept is None else self.native[kept]
        if not len(new):
            return originals.copy()
        added = type(self.native)(new.to_numpy(), dtype=self.native.dtype)
        return sparse.vstack([originals, added], format=self.native.format)


class PandasTable(Table):
    """A pandas frame. The result has the index 0, 1, ...: new rows have no label of their own to keep."""

    def __init__(self, X: pd.DataFrame):
        self.native = self.frame = X

    def _stack(self, kept: np.ndarray | None, new: pd.DataFrame) -> pd.DataFrame:
        originals = self.frame if kept is None else self.frame.iloc[kept]
        if not len(new):
            return originals.reset_index(drop=True)
        return pd.concat([originals, new.set_axis(originals.columns, axis=1)], ignore_index=True)


class ForeignTable(Table):
    """A frame of another library (polars, ...), through narwhals."""

    def __init__(self, X: Any):
        self.native = X
        self.frame = frame_from_foreign(X)

    def _stack(self, kept: np.ndarray | None, new: pd.DataFrame) -> Any:
        return frame_to_foreign(self.native, kept, new)


def wrap_table(X: Any, *, was_list: bool = False) -> Table:
    """The container of ``X``: an array, a CSR or CSC matrix, a pandas frame or any eager frame narwhals knows."""
    if isinstance(X, pd.DataFrame):
        return PandasTable(X)
    if sparse.issparse(X):
        return SparseTable(X)
    if is_foreign_frame(X):
        return ForeignTable(X)
    return ListTable(np.asarray(X)) if was_list else ArrayTable(np.asarray(X))


def array_of_rows(rows: list | tuple) -> np.ndarray:
    """A list of rows as an array; of objects where some values are text, which would make text of all others."""
    values = np.asarray(rows)
    return np.asarray(rows, dtype=object) if values.dtype.kind in "US" else values


def is_frame(X: Any) -> bool:
    """Whether ``X`` is a frame of pandas or of another library."""
    return isinstance(X, pd.DataFrame) or is_foreign_frame(X)


class Target:
    """Class labels in their own container.

    Attributes
    ----------
    native : array-like
        The labels as they came.
    codes : ndarray of int of shape (n_rows,)
        Position in ``classes`` of each row's label.
    classes : list
        The labels, sorted, as Python values; column positions for a one-vs-all indicator.
    counts : ndarray of int of shape (n_classes,)
        Rows of each class.
    """

    def __init__(self, y: Any):
        self.native = y
        self.codes, self.classes = _coded(_label_values(y))
        self.counts = np.bincount(self.codes, minlength=len(self.classes))

    def positions_of(self, code: int) -> np.ndarray:
        """Row positions of the class at ``code`` in ``classes``."""
        return np.flatnonzero(self.codes == code)

    def stack(self, kept: np.ndarray | None, new_codes: np.ndarray, order: np.ndarray | None = None) -> Any:
        """Labels of the rows at ``kept`` (None: all), then those of ``new_codes``, permuted by ``order``."""
        rows = np.arange(len(self.codes))
        first_of_class = np.empty(len(self.classes), dtype=np.intp)
        first_of_class[self.codes[::-1]] = rows[::-1]
        kept = rows if kept is None else kept
        # A label is copied from a row that bears it, so it keeps type, dtype and categories.
        positions = np.concatenate([kept, first_of_class[new_codes]])
        return _take(self.native, positions if order is None else positions[order])


def wrap_target(y: Any) -> Target:
    """The container of the class labels ``y``."""
    return Target(y)


def _label_values(y: Any) -> np.ndarray:
    """Labels as an array of shape (n_rows,), or (n_rows, n_classes) for an indicator."""
    if is_foreign_series(y):
        y = pd.Series(y.to_list())
    elif is_foreign_frame(y):
        y = frame_from_foreign(y)
    if isinstance(y, pd.DataFrame):
        y = y.iloc[:, 0] if y.shape[1] == 1 else y.to_numpy()
    missing = np.asarray(pd.isna(y if isinstance(y, pd.Series) else np.asarray(y)))
    if missing.any():
        raise DataError(
            f"Got {int(missing.sum())} missing labels (NaN) in y (first at row {int(np.argwhere(missing)[0][0])}); "
            "expected a class for every row. Drop those rows, or give the missing label a name of its own."
        )
    if isinstance(y, pd.Series):
        return _plain_labels(y)
    y = np.asarray(y)
    y = y.ravel() if y.ndim == 2 and y.shape[1] == 1 else y
    return _plain_labels(pd.Series(y)) if y.dtype == object and y.ndim == 1 else y


def _coded(values: np.ndarray) -> tuple[np.ndarray, list[Any]]:
    """Position of each label among the sorted classes, and the classes."""
    if values.dtype.kind in "Oiub" and values.ndim == 1:
        # Hashing is faster than sorting, for text by much, and only floats can be something else than classes.
        try:
            codes, classes = pd.factorize(values, sort=True)
        except TypeError as error:
            raise DataError(
                f"Unknown label type: labels of several types in y ({error}); expected one."
            ) from error
        return codes, classes.tolist()
    check_classification_targets(values)
    values, _ = check_target_type(values, indicate_one_vs_all=True)
    classes, codes = np.unique(values, return_inverse=True)
    return codes, classes.tolist()


def _plain_labels(y: pd.Series) -> np.ndarray:
    """Labels of a Series as a plain array: nullable and object integers as int64, text as objects."""
    if isinstance(y.dtype, pd.CategoricalDtype):
        y = y.astype(y.cat.categories.dtype)
    if isinstance(y.dtype, np.dtype) and y.dtype != object:
        return y.to_numpy()
    content = types.infer_dtype(y, skipna=True)
    plain = {"integer": np.int64, "floating": np.float64, "boolean": bool}.get(content, object)
    return y.to_numpy(dtype=plain)


def _take(container: Any, positions: np.ndarray) -> Any:
    """Rows of any container at ``positions``."""
    if isinstance(container, pd.Series | pd.DataFrame):
        return container.iloc[positions].reset_index(drop=True)
    if isinstance(container, list | tuple):
        return [container[position] for position in positions.tolist()]
    if is_foreign_frame(container) or is_foreign_series(container):
        return container[positions.tolist()]
    if sparse.issparse(container):
        return container[positions]
    taken = np.asarray(container)[positions]
    return np.asfortranarray(taken) if _only_fortran(np.asarray(container)) else taken


def _only_fortran(array: Any) -> bool:
    """Whether an array lies in memory by columns."""
    return array.flags.f_contiguous and not array.flags.c_contiguous
