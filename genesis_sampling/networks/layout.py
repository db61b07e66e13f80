"""Rows of levels and numbers as tensors: how wide they are, and where each column lies."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor
from torch.nn import functional as F

__all__ = ["Layout", "gumbel_like"]


def gumbel_like(values: Tensor) -> Tensor:
    """Noise of the Gumbel distribution, with which the largest logit is a draw."""
    return -torch.log(-torch.log(torch.rand_like(values).clamp_(1e-20, 1 - 1e-7)))


@dataclass(frozen=True)
class Layout:
    """Columns of a table as a network sees them.

    Parameters
    ----------
    sizes : tuple of int
        Levels of each level column.
    numbers : tuple of (int, int)
        For each number: its level column, and the first level that has a number; all later ones have one too.
    """

    sizes: tuple[int, ...]
    numbers: tuple[tuple[int, int], ...] = ()

    @property
    def n_levels(self) -> int:
        """Levels of all columns together."""
        return sum(self.sizes)

    @property
    def width(self) -> int:
        """Values of a row with its levels as indicators."""
        return self.n_levels + len(self.numbers)

    @cached_property
    def starts(self) -> tuple[int, ...]:
        """Place of the first level of each column among all levels."""
        ends = torch.tensor(self.sizes, dtype=torch.long).cumsum(0).tolist()
        return (0, *ends[:-1]) if ends else ()

    def is_numbered(self, levels: Tensor) -> Tensor:
        """Which numbers there are, given levels of shape (n_rows, n_columns); bool of shape (n_rows, n_numbers)."""
        columns = torch.tensor([column for column, _ in self.numbers], dtype=torch.long, device=levels.device)
        first = torch.tensor([first for _, first in self.numbers], dtype=torch.long, device=levels.device)
        return levels[:, columns] >= first

    def indicators(self, levels: Tensor) -> Tensor:
        """Levels of shape (n_rows, n_columns) as 0 and 1, shape (n_rows, n_levels)."""
        found = torch.zeros(len(levels), self.n_levels, device=levels.device)
        return found.scatter_(1, levels + torch.tensor(self.starts, device=levels.device), 1.0)

    def padded(self, values: Tensor, fill: float) -> Tensor:
        """Values of all levels, shape (n_rows, n_levels), by column: (n_rows, n_columns, most levels)."""
        extended = F.pad(values, (0, 1), value=fill)
        return extended[:, self._places.to(values.device)]

    def flat(self, padded: Tensor) -> Tensor:
        """The reverse of :meth:`padded`."""
        return padded.flatten(1)[:, self._kept.to(padded.device)]

    def drawn(self, logits: Tensor) -> Tensor:
        """Levels drawn with the probabilities that logits of shape (n_rows, n_levels) stand for."""
        return self.padded(logits + gumbel_like(logits), float("-inf")).argmax(2)

    @cached_property
    def _places(self) -> Tensor:
        """Place of each padded level among all, or of the fill; shape (n_columns, most levels)."""
        most = torch.arange(max(self.sizes, default=0))
        starts, sizes = torch.tensor(self.starts)[:, None], torch.tensor(self.sizes)[:, None]
        return torch.where(most < sizes, starts + most, torch.tensor(self.n_levels))

    @cached_property
    def _kept(self) -> Tensor:
        """Places of the levels among the padded ones, shape (n_levels,)."""
        return (self._places < self.n_levels).flatten().nonzero()[:, 0]
