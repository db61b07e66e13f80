"""Rows of levels and numbers as tensors: how wide they are, and where each column lies."""

from __future__ import annotations

from itertools import accumulate, pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

__all__ = ["Layout", "gumbel_like"]

# Columns that are summed by in one product: with more of them it would multiply mostly zeros.
BLOCK = 64
# So far below the highest logit of a column all others are as improbable: their exponentials, and what they are
# multiplied with, would come to numbers so small that a processor takes many times as long with them.
LEAST_LOGIT = -40.0


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
    _column: Tensor
    _members: Tensor
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
        column = torch.repeat_interleave(torch.arange(len(self.sizes)), size)
        for name, values in {
            "_start": start,
            "_places": places,
            "_column": column,
            # Which level is whose, as 0 and 1: a product with it sums by column, one with its transpose spreads again.
            "_members": (column[:, None] % BLOCK == torch.arange(min(BLOCK, len(self.sizes)))).float(),
            "_number_column": torch.tensor([column for column, _ in self.numbers], dtype=torch.long),
            "_number_first": torch.tensor([first for _, first in self.numbers], dtype=torch.long),
        }.items():
            self.register_buffer(name, values, persistent=False)
        bounds = [*range(0, len(self.sizes), BLOCK), len(self.sizes)]
        ends = [*self.starts, self.n_levels]
        # Levels of a block of columns, and how many columns these are.
        self._blocks = [(slice(ends[a], ends[b]), b - a) for a, b in pairwise(bounds)]

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
        chosen = F.pad(values, (0, 1), value=fill).index_select(1, self._places.flatten())
        return chosen.unflatten(1, self._places.shape)

    def of_columns(self, values: Tensor, columns: Tensor, fill: float) -> Tensor:
        """Values of the levels of one column for each row, shape (n_rows, most levels).

        Parameters
        ----------
        values : Tensor of shape (n_rows, n_levels)
        columns : Tensor of int64 of shape (n_rows,)
        fill : float
            What stands behind the last level of a column that has fewer than others.
        """
        return F.pad(values, (0, 1), value=fill).gather(1, self._places[columns])

    def log_normalizers(self, logits: Tensor) -> Tensor:
        """Logarithm of the sum of exponentials of each column's logits, shape (n_rows, n_columns)."""
        highest, _, sums = self._exponentials(logits)
        return highest + sums.log()

    def softmax(self, logits: Tensor) -> Tensor:
        """Softmax within each column, shape (n_rows, n_levels)."""
        _, exponentials, sums = self._exponentials(logits)
        return exponentials / self._spread(sums)

    def missed(self, logits: Tensor, levels: Tensor) -> Tensor:
        """Cross entropy of the levels given, in nats, shape (n_rows, n_columns)."""
        return self.log_normalizers(logits) - logits.gather(1, levels + self._start)

    def drawn(self, logits: Tensor) -> Tensor:
        """Levels drawn with the probabilities that logits of shape (n_rows, n_levels) stand for."""
        return self.padded(logits + gumbel_like(logits), float("-inf")).argmax(2)

    def _exponentials(self, logits: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The highest logit of each column, exponentials of the logits less that, and their sums by column."""
        with torch.no_grad():
            # Levels first: rows of a table are copied faster than its columns.
            padded = F.pad(logits.T, (0, 0, 0, 1), value=float("-inf")).index_select(
                0, self._places.flatten()
            )
            highest = padded.unflatten(0, self._places.shape).amax(1).T
        exponentials = (logits - highest.index_select(1, self._column)).clamp(min=LEAST_LOGIT).exp()
        parts = [exponentials[:, levels] @ self._members[levels, :n] for levels, n in self._blocks]
        return highest, exponentials, torch.cat(parts, 1)

    def _spread(self, values: Tensor) -> Tensor:
        """Values of columns, shape (n_rows, n_columns), at all their levels, (n_rows, n_levels)."""
        parts = values.split([n for _, n in self._blocks], dim=1)
        spread = [
            part @ self._members[levels, :n].T for part, (levels, n) in zip(parts, self._blocks, strict=True)
        ]
        return torch.cat(spread, 1)
