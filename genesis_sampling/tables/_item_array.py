"""Arrays of one shape as a column of a frame, kept as the blocks that they were made in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from pandas.api.extensions import ExtensionArray, ExtensionDtype

__all__ = ["ItemArray", "ItemDtype"]


class ItemDtype(ExtensionDtype):
    """The dtype of an :class:`ItemArray`, whatever the dtype and the shape of its items."""

    name = "items"
    type = np.ndarray

    @classmethod
    def construct_array_type(cls) -> Any:
        """The class of the arrays."""
        return ItemArray


class ItemArray(ExtensionArray):
    """A column whose cells are arrays of one shape.

    Joining columns joins their lists of blocks, so that many blocks are copied once, into the result. Cells are not
    replaced, and copies share them.

    Parameters
    ----------
    blocks : sequence of ndarray of shape (n_block, ...)
        At least one; they differ in their lengths alone.
    """

    def __init__(self, blocks: Sequence[np.ndarray]):
        self.blocks = list(blocks)

    @property
    def values(self) -> np.ndarray:
        """All items, shape (n_items, ...)."""
        if len(self.blocks) > 1:
            self.blocks = [np.concatenate(self.blocks)]
        return self.blocks[0]

    @property
    def dtype(self) -> ItemDtype:
        """What pandas calls the column."""
        return ItemDtype()

    @property
    def nbytes(self) -> int:
        """Bytes of all items."""
        return sum(block.nbytes for block in self.blocks)

    def isna(self) -> np.ndarray:
        """No item is missing."""
        return np.zeros(len(self), dtype=bool)

    def copy(self) -> ItemArray:
        """The same items, which nobody replaces."""
        return ItemArray(self.blocks)

    def take(self, indices: Any, *, allow_fill: bool = False, fill_value: Any = None) -> ItemArray:
        """The items at positions; a gap cannot be filled."""
        positions = np.asarray(indices, dtype=np.intp)
        if allow_fill and (positions < 0).any():
            raise ValueError("Got positions without an item; expected one at each.")
        if len(self.blocks) == 1:
            return ItemArray([self.values[positions]])
        # A few items of many blocks are no reason to join these.
        positions = np.where(positions < 0, positions + len(self), positions)
        stops = np.cumsum([len(block) for block in self.blocks])
        of_block = np.searchsorted(stops, positions, side="right")
        taken = np.empty((len(positions), *self.blocks[0].shape[1:]), dtype=self.blocks[0].dtype)
        for number in np.unique(of_block):
            here = of_block == number
            block = self.blocks[number]
            taken[here] = block[positions[here] - (stops[number] - len(block))]
        return ItemArray([taken])

    def __len__(self) -> int:
        return sum(len(block) for block in self.blocks)

    def __getitem__(self, key: Any) -> Any:
        return self.values[key] if isinstance(key, int | np.integer) else ItemArray([self.values[key]])

    def __iter__(self) -> Iterator[np.ndarray]:
        for block in self.blocks:
            yield from block

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        column = np.empty(len(self), dtype=object)
        for place, item in enumerate(self):
            column[place] = item
        return column

    @classmethod
    def _from_sequence(cls, scalars: Any, *, dtype: Any = None, copy: bool = False) -> ItemArray:
        return cls([np.stack(list(scalars))])

    @classmethod
    def _concat_same_type(cls, to_concat: Sequence[ItemArray]) -> ItemArray:
        return cls([block for column in to_concat for block in column.blocks])
