"""Rows of levels and numbers as tensors: how wide they are, and where each column lies."""

from __future__ import annotations

from collections.abc import Callable
from itertools import accumulate, pairwise
from typing import Any

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
    _size: Tensor
    _column: Tensor
    _alike: Tensor
    _unsorted: Tensor
    _members: Tensor
    _number_column: Tensor
    _number_first: Tensor

    def __init__(self, sizes: tuple[int, ...], numbers: tuple[tuple[int, int], ...] = ()):
        super().__init__()
        self.sizes, self.numbers = tuple(sizes), tuple(numbers)
        self.starts = tuple(accumulate(self.sizes, initial=0))[:-1]
        start, size = (torch.tensor(values, dtype=torch.long) for values in (self.starts, self.sizes))
        column = torch.repeat_interleave(torch.arange(len(self.sizes)), size)
        groups = _groups_alike(self.sizes)
        # How many columns of a group there are, and levels of the widest of them.
        self._shapes = [(len(group), max(self.sizes[place] for place in group)) for group in groups]
        # Levels by group, each column as wide as the widest of its group: its last level stands there several times.
        alike = [
            (start[group, None] + torch.arange(most).minimum(size[group, None] - 1)).flatten()
            for group, (_, most) in zip(groups, self._shapes, strict=True)
        ]
        by_group = torch.tensor([place for group in groups for place in group], dtype=torch.long)
        for name, values in {
            "_start": start,
            "_size": size,
            "_column": column,
            "_alike": torch.cat([by_group[:0], *alike]),
            "_unsorted": by_group.argsort(),
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

    def of_columns(self, values: Tensor, columns: Tensor, fill: float) -> Tensor:
        """Values of the levels of one column for each row, shape (n_rows, most levels).

        Parameters
        ----------
        values : Tensor of shape (n_rows, n_levels)
        columns : Tensor of int64 of shape (n_rows,)
        fill : float
            What stands behind the last level of a column that has fewer than others.
        """
        level = torch.arange(max(self.sizes), device=values.device)
        places = torch.where(
            level < self._size[columns, None], self._start[columns, None] + level, self.n_levels
        )
        return F.pad(values, (0, 1), value=fill).gather(1, places)

    def log_normalizers(self, logits: Tensor) -> Tensor:
        """Logarithm of the sum of exponentials of each column's logits, shape (n_rows, n_columns)."""
        return _LogNormalizers.apply(logits, self)

    def softmax(self, logits: Tensor) -> Tensor:
        """Softmax within each column, shape (n_rows, n_levels)."""
        return _Softmax.apply(logits, self)

    def missed(self, logits: Tensor, levels: Tensor) -> Tensor:
        """Cross entropy of the levels given, in nats, shape (n_rows, n_columns)."""
        return self.log_normalizers(logits) - logits.gather(1, levels + self._start)

    def likeliest(self, logits: Tensor) -> Tensor:
        """The level of the highest logit in each column, shape (n_rows, n_columns)."""
        return self._of_groups(logits, torch.argmax).minimum(self._size - 1)

    def drawn(self, logits: Tensor) -> Tensor:
        """Levels drawn with the probabilities that logits of shape (n_rows, n_levels) stand for."""
        return self.likeliest(logits + gumbel_like(logits))

    def _of_groups(self, values: Tensor, found: Callable[..., Tensor]) -> Tensor:
        """The highest of the values of each column, or its place, shape (n_rows, n_columns)."""
        # Levels first: rows of a table are copied faster than its columns.
        alike = values.T.index_select(0, self._alike).split([n * most for n, most in self._shapes])
        parts = [found(part.unflatten(0, shape), 1) for part, shape in zip(alike, self._shapes, strict=True)]
        return torch.cat(parts).index_select(0, self._unsorted).T

    def _exponentials(self, logits: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The highest logit of each column, exponentials of the logits less that, and their sums by column."""
        highest = self._of_groups(logits, torch.amax)
        exponentials = (logits - highest.index_select(1, self._column)).clamp_(min=LEAST_LOGIT).exp_()
        return highest, exponentials, self._summed(exponentials)

    def _summed(self, values: Tensor) -> Tensor:
        """Sums of the values of all levels, shape (n_rows, n_levels), by column, (n_rows, n_columns)."""
        return torch.cat([values[:, levels] @ self._members[levels, :n] for levels, n in self._blocks], 1)

    def _spread(self, values: Tensor) -> Tensor:
        """Values of columns, shape (n_rows, n_columns), at all their levels, (n_rows, n_levels)."""
        parts = values.split([n for _, n in self._blocks], dim=1)
        spread = [
            part @ self._members[levels, :n].T for part, (levels, n) in zip(parts, self._blocks, strict=True)
        ]
        return torch.cat(spread, 1)


def _groups_alike(sizes: tuple[int, ...]) -> list[list[int]]:
    """Positions of columns, those together that differ in width by less than a factor of two."""
    groups: dict[int, list[int]] = {}
    for column, size in enumerate(sizes):
        groups.setdefault(size.bit_length(), []).append(column)
    return list(groups.values())


class _LogNormalizers(torch.autograd.Function):
    """With a gradient of two steps, where that of each step of the sum has seven."""

    @staticmethod
    def forward(ctx: Any, logits: Tensor, layout: Layout) -> Tensor:
        highest, exponentials, sums = layout._exponentials(logits)
        ctx.save_for_backward(exponentials, sums)
        ctx.layout = layout
        return highest + sums.log()

    @staticmethod
    def backward(ctx: Any, slope: Tensor) -> tuple[Tensor, None]:  # type: ignore[override]
        exponentials, sums = ctx.saved_tensors
        return ctx.layout._spread(slope / sums).mul_(exponentials), None


class _Softmax(torch.autograd.Function):
    """With a gradient of p (g - sum of g p), where that of each step of the softmax has ten."""

    @staticmethod
    def forward(ctx: Any, logits: Tensor, layout: Layout) -> Tensor:
        _, exponentials, sums = layout._exponentials(logits)
        shares = exponentials.div_(layout._spread(sums))
        ctx.save_for_backward(shares)
        ctx.layout = layout
        return shares

    @staticmethod
    def backward(ctx: Any, slope: Tensor) -> tuple[Tensor, None]:  # type: ignore[override]
        (shares,) = ctx.saved_tensors
        change = slope * shares
        return change.sub_(shares * ctx.layout._spread(ctx.layout._summed(change))), None
