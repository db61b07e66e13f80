"""Masked diffusion of rows: every column is a level, and noise is not to know it."""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn

from .averaging import update_average
from .layout import Layout, gumbel_like
from .precision import fewer_digits

__all__ = ["MaskedConfig", "MaskedDiffusion", "MaskedSteps", "Restriction"]


@dataclass(frozen=True)
class MaskedConfig:
    """Sizes and rates of the diffusion.

    Parameters
    ----------
    n_embedding : int, default=16
        Values that stand for a level of a column.
    width : int, default=256
        Units between the blocks.
    n_blocks : int, default=3
    dropout : float, default=0.0
    learning_rate : float, default=2e-3
        At its highest: it rises in the first steps, then falls to 0 with the cosine of the share of steps done.
    weight_decay : float, default=1e-4
    decay : float, default=0.999
        Of the moving average of the parameters that rows are drawn with.
    """

    n_embedding: int = 16
    width: int = 256
    n_blocks: int = 3
    dropout: float = 0.0
    learning_rate: float = 2e-3
    weight_decay: float = 1e-4
    decay: float = 0.999


@dataclass(frozen=True)
class Restriction:
    """How far levels of a column may be drawn.

    Parameters
    ----------
    column : int
    weights : Tensor of shape (1, n_levels) or (n_levels_before, n_levels)
        Factors of the probabilities of the levels, from 0 to 1, with a row for each level of the column ``before``.
    before : int or None
        A column that is given, or restricted before this one.
    """

    column: int
    weights: Tensor
    before: int | None = None


class MaskedDiffusion(nn.Module):
    """Diffusion whose noise takes levels away, one column after the other [1]_ [2]_.

    Forwards, the columns of a row are masked in random order until none is left; backwards, the network says for every
    masked column how probable its levels are, given those that are there. So it knows each column given any others:
    whatever a row shall have is there from the start, and the rest is drawn from its conditional law.

    Parameters
    ----------
    layout : Layout
        Without numbers: what varies smoothly is a level, or two, as well.
    config : MaskedConfig

    References
    ----------
    .. [1] J. Austin, D. D. Johnson, J. Ho, D. Tarlow, R. van den Berg, "Structured denoising diffusion models in
       discrete state-spaces", Advances in Neural Information Processing Systems 34, 2021.
    .. [2] E. Hoogeboom, A. A. Gritsenko, J. Bastings, B. Poole, R. van den Berg, T. Salimans, "Autoregressive diffusion
       models", International Conference on Learning Representations, 2022.
    """

    _masks: Tensor
    _offsets: Tensor

    def __init__(self, layout: Layout, config: MaskedConfig):
        super().__init__()
        self.layout, self.config = layout, config
        sizes = torch.tensor(layout.sizes, dtype=torch.long)
        # Each column has one embedding more than levels: that of the mask, its last.
        self.register_buffer("_masks", (sizes + 1).cumsum(0) - 1, persistent=False)
        self.register_buffer("_offsets", (sizes + 1).cumsum(0) - 1 - sizes, persistent=False)
        self.embedding = nn.Embedding(int(sizes.sum()) + len(sizes), config.n_embedding)
        self.first = nn.Linear(len(sizes) * config.n_embedding, config.width)
        self.blocks = nn.ModuleList(_Block(config.width, config.dropout) for _ in range(config.n_blocks))
        self.last = nn.Sequential(nn.LayerNorm(config.width), nn.Linear(config.width, layout.n_levels))

    def forward(self, levels: Tensor, is_masked: Tensor) -> Tensor:
        """Logits of all levels, shape (n_rows, n_levels), given the levels that are not masked.

        Parameters
        ----------
        levels : Tensor of int64 of shape (n_rows, n_columns)
        is_masked : Tensor of bool of shape (n_rows, n_columns)
        """
        known = torch.where(is_masked, self._masks, levels + self._offsets)
        with fewer_digits(levels.device):
            hidden = self.first(self.embedding(known).flatten(1))
            for block in self.blocks:
                hidden = hidden + block(hidden)
            logits = self.last(hidden)
        return logits.float()

    def losses(self, levels: Tensor) -> Tensor:
        """What the network misses of each row, in nats a column, shape (n_rows,); the mask is drawn.

        With a number of masked columns that is drawn evenly, the mean over them is an unbiased bound on the negative
        log likelihood of a row, divided by the number of columns [2]_.
        """
        n_rows, n_columns = levels.shape
        rank = torch.rand(n_rows, n_columns, device=levels.device).argsort(1)
        n_masked = torch.randint(1, n_columns + 1, (n_rows, 1), device=levels.device)
        is_masked = rank < n_masked
        missed = self.layout.missed(self(levels, is_masked), levels)
        return (missed * is_masked).sum(1) / n_masked[:, 0]

    @torch.no_grad()
    def bound(self, levels: Tensor, n_draws: int = 4) -> float:
        """Mean of :meth:`losses` over rows and draws of the mask."""
        return float(torch.stack([self.losses(levels).mean() for _ in range(n_draws)]).mean())

    @torch.no_grad()
    def draw(
        self,
        levels: Tensor,
        n_steps: int,
        restrictions: Sequence[Restriction] = (),
        guidance: tuple[int, float] | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Draw the columns that are -1 in ``levels``.

        Columns that are restricted come first, one by one.

        Parameters
        ----------
        levels : Tensor of int64 of shape (n_rows, n_columns)
            Levels that are given, and -1.
        n_steps : int
            Steps in which the columns are drawn; those of one step do not know of each other.
        restrictions : sequence of Restriction
            On columns that are not given.
        guidance : tuple of (int, float) or None
            A column, and by how much its level pulls: logits are those with it, plus this times their difference to
            those without it.

        Returns
        -------
        levels : Tensor of int64 of shape (n_rows, n_columns)
        share : Tensor of shape (n_rows,)
            How probable it was to meet the restrictions after the first, given what was drawn before them. Rows that
            are kept with this probability follow the conditional law.
        """
        levels, is_masked = levels.clone(), levels < 0
        everyone = torch.arange(len(levels), device=levels.device)
        share = torch.ones(len(levels), device=levels.device)
        for place, one in enumerate(restrictions):
            logits = self._log_probabilities(
                levels, is_masked, everyone, torch.full_like(everyone, one.column), guidance
            )
            weights = one.weights if one.before is None else one.weights[levels[:, one.before]]
            logits = logits[:, : weights.shape[1]] + weights.log()
            if place:
                share = share * logits.exp().sum(1)
            levels[:, one.column] = (logits + gumbel_like(logits)).argmax(1)
            is_masked[:, one.column] = False
        # A random order of the masked columns; the others come last.
        rank = (torch.rand_like(levels, dtype=torch.float) + ~is_masked).argsort(1).argsort(1)
        n_left = int(is_masked.sum(1).max()) if len(levels) else 0
        ends = torch.linspace(0, n_left, min(n_steps, n_left) + 1).round().long().tolist()
        for begin, end in pairwise(ends):
            rows, columns = (is_masked & (rank >= begin) & (rank < end)).nonzero(as_tuple=True)
            logits = self._log_probabilities(levels, is_masked, rows, columns, guidance)
            levels[rows, columns] = (logits + gumbel_like(logits)).argmax(1)
            is_masked[rows, columns] = False
        return levels, share

    def _log_probabilities(
        self,
        levels: Tensor,
        is_masked: Tensor,
        rows: Tensor,
        columns: Tensor,
        guidance: tuple[int, float] | None,
    ) -> Tensor:
        """Log probabilities of the levels of one column for each of ``rows``, shape (len(rows), most levels)."""

        def told(is_masked: Tensor) -> Tensor:
            logits = self(levels.clamp(min=0), is_masked)[rows]
            return self.layout.of_columns(logits, columns, float("-inf")).log_softmax(1)

        found = told(is_masked)
        if guidance is None or not guidance[1]:
            return found
        column, pull = guidance
        without = is_masked.clone()
        without[:, column] = True
        # -inf less -inf, where there is no level
        return (found + pull * (found - told(without)).nan_to_num(0.0)).log_softmax(1)


class MaskedSteps:
    """Updates of a diffusion, one per call, without a wait for the device.

    Parameters
    ----------
    model : MaskedDiffusion
    levels : Tensor of int64 of shape (n_rows, n_columns)
    batch_size : int
    n_steps : int
        Updates that will be made, along which the learning rate falls.

    Attributes
    ----------
    average : MaskedDiffusion
        With the moving average of the parameters: what rows are drawn with.
    """

    def __init__(self, model: MaskedDiffusion, levels: Tensor, batch_size: int, n_steps: int):
        # One that goes on from an average comes without gradients.
        self.model, self.levels, self.batch_size = model.requires_grad_(True).train(), levels, batch_size
        config = model.config
        self.optimizer = torch.optim.AdamW(
            model.parameters(),
            config.learning_rate,
            (0.9, 0.99),
            weight_decay=config.weight_decay,
            fused=True,
        )
        warm = max(1, min(100, n_steps // 10))
        self.schedule = torch.optim.lr_scheduler.LambdaLR(
            self.optimizer, lambda step: min((step + 1) / warm, _cosine(step / max(n_steps, 1)))
        )
        self.average = copy.deepcopy(model).requires_grad_(False).eval()
        self._n_done = 0

    def __call__(self) -> dict[str, Tensor]:
        """One update."""
        rows = torch.randint(len(self.levels), (self.batch_size,), device=self.levels.device)
        loss = self.model.losses(self.levels[rows]).mean()
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()
        self.schedule.step()
        self._n_done += 1
        update_average(self.average, self.model, self.model.config.decay, self._n_done)
        return {"loss": loss.detach()}


class _Block(nn.Sequential):
    """What a residual layer adds: normed, widened twice, brought back."""

    def __init__(self, width: int, dropout: float):
        super().__init__(
            nn.LayerNorm(width),
            nn.Linear(width, 2 * width),
            nn.SiLU(),
            nn.Dropout(dropout),
            nn.Linear(2 * width, width),
        )


def _cosine(share: float) -> float:
    """From 1 at the beginning to 0 at the end."""
    return 0.5 * (1 + math.cos(math.pi * min(share, 1.0)))
