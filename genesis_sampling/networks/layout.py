"""Rows of levels and numbers as tensors: how wide they are, and where each column lies."""

from __future__ import annotations

from itertools import accumulate

import torch
from torch import Tensor, nn
from torch.nn import functional as F

__all__ = ["Layout", "gumbel_like"]


def gumbel_like(values: Tensor) -> Tensor:
    """Noise of the Gumbel distribution, with which the largest logit is a draw."""
    return -torch.log(-torch.log(torch.rand_like(values).clamp_(1e-20, 1 - 1e-7)))


class Layout(nn.Module):
    """Columns of a table as a network sees them.

    A module, so that what it looks up lies on the device of the network that it is a part of.

    Parameters
    ----------
    sizes : tuple of int
        Levels of each level column.
    numbers : tuple of (int, int)
        For each number: its level column, and the first level that has a number; all later ones have one too.
    """

    _start: Tensor
    _places: Tensor
    _kept: Tensor
    _number_column: Tensor
    _number_first: Tensor

    def __init__(self, sizes: tuple[int, ...], numbers: tuple[tuple[int, int], ...] = ()):
        super().__init__()
        self.sizes, self.numbers = tuple(sizes), tuple(numbers)
        self.starts = tuple(accumulate(self.sizes, initial=0))[:-1]
        most = torch.arange(max(self.sizes, default=0))
        start, size = (torch.tensor(values, dtype=torch.long) for values in (self.starts, self.sizes))
        # Place of each padded level among all, or of the fill: (n_columns, most levels).
        places = torch.where(most < size[:, None], start[:, None] + most, torch.tensor(self.n_levels))
        for name, values in {
            "_start": start,
            "_places": places,
            "_kept": (places < self.n_levels).flatten().nonzero()[:, 0],
            "_number_column": torch.tensor([column for column, _ in self.numbers], dtype=torch.long),
            "_number_first": torch.tensor([first for _, first in self.numbers], dtype=torch.long),
        }.items():
            self.register_buffer(name, values, persistent=False)

    @property
    def n_levels(self) -> int:
        """Levels of all columns together."""
        return sum(self.sizes)

    @property
    def width(self) -> int:
        """Values of a row with its levels as indicators."""
        return self.n_levels + len(self.numbers)

    def is_numbered(self, levels: Tensor) -> Tensor:
        """Which numbers there are, given levels of shape (n_rows, n_columns); bool of shape (n_rows, n_numbers)."""
        return levels[:, self._number_column] >= self._number_first

    def indicators(self, levels: Tensor) -> Tensor:
        """Levels of shape (n_rows, n_columns) as 0 and 1, shape (n_rows, n_levels)."""
        found = torch.zeros(len(levels), self.n_levels, device=levels.device)
        return found.scatter_(1, levels + self._start, 1.0)

    def padded(self, values: Tensor, fill: float) -> Tensor:
        """Values of all levels, shape (n_rows, n_levels), by column: (n_rows, n_columns, most levels)."""
        return F.pad(values, (0, 1), value=fill)[:, self._places]

    def flat(self, padded: Tensor) -> Tensor:
        """The reverse of :meth:`padded`."""
        return padded.flatten(1)[:, self._kept]

    def drawn(self, logits: Tensor) -> Tensor:
        """Levels drawn with the probabilities that logits of shape (n_rows, n_levels) stand for."""
        return self.padded(logits + gumbel_like(logits), float("-inf")).argmax(2)
