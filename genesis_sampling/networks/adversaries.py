"""The two networks of a GAN of rows: one that makes them, one that scores them."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

__all__ = ["Critic", "Generator", "Places"]


class Generator(nn.Module):
    """Residual layers, each of which hands on what it was given beside what it makes of it.

    So each layer sees the noise, the condition and what all layers before it made. What one of these means to all later
    layers is one product.

    Parameters
    ----------
    n_noise : int
    n_places : int
        Levels and classes that can be given.
    widths : tuple of int
    n_outputs : int
    """

    def __init__(self, n_noise: int, n_places: int, widths: tuple[int, ...], n_outputs: int):
        super().__init__()
        self.sizes = [*widths, n_outputs]
        self.given = Places(n_places, sum(self.sizes))
        sources = [n_noise, *widths]
        products = [
            nn.Linear(n_inputs, sum(self.sizes[place:]), bias=place == 0)
            for place, n_inputs in enumerate(sources)
        ]
        self.products = nn.ModuleList(products)
        self.norms = nn.ModuleList(nn.BatchNorm1d(width) for width in widths)
        # Every layer begins as one of all its inputs would.
        fan_in, begin = n_noise + n_places, 0
        for place, size in enumerate(self.sizes):
            bound, end = fan_in**-0.5, begin + size
            parts = [self.given.weight[:, begin:end], products[0].bias[begin:end]]
            for source, product in enumerate(products[: place + 1]):
                first = sum(self.sizes[:source])
                parts.append(product.weight[begin - first : end - first])
            for part in parts:
                nn.init.uniform_(part, -bound, bound)
            fan_in, begin = fan_in + size, end
        self.given.keep_none()

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        """Outputs of shape (n_rows, n_outputs)."""
        sums = list((self.products[0](x) + self.given(condition)).split(self.sizes, dim=1))
        for place, norm in enumerate(self.norms):
            made = self.products[place + 1](F.relu(norm(sums.pop(0).contiguous())))
            sums = [
                before + part
                for before, part in zip(sums, made.split(self.sizes[place + 1 :], dim=1), strict=True)
            ]
        return sums[0]


class Critic(nn.Module):
    """Scores of packs of rows, each with what it was given, and their slopes.

    Between the kinks of its units the critic is linear, so its slope is a product of its weights and of 0, .2 and 1.
    The derivative of that by the weights is that of the product; no gradient of a gradient is needed.

    Parameters
    ----------
    pac : int
        Rows of a pack.
    n_values : int
        Of a row.
    n_places : int
        Levels and classes that can be given.
    widths : tuple of int
    dropout : float
        Share of the hidden units that are dropped in training.
    """

    negative_slope = 0.2

    def __init__(self, pac: int, n_values: int, n_places: int, widths: tuple[int, ...], dropout: float):
        super().__init__()
        self.pac, self.n_places, self.widths, self.dropout = pac, n_places, tuple(widths), dropout
        self.first = nn.Linear(pac * n_values, widths[0])
        self.given = Places(pac * n_places, widths[0])
        bound = (pac * (n_values + n_places)) ** -0.5
        for parameter in (self.first.weight, self.first.bias, self.given.weight):
            nn.init.uniform_(parameter, -bound, bound)
        self.given.keep_none()
        self.rest = nn.ModuleList(nn.Linear(*pair) for pair in pairwise([*widths, 1]))

    def forward(self, rows: Tensor, condition: Tensor) -> Tensor:
        """Scores of shape (n_rows / pac, 1)."""
        hidden = self.first(self._packed(rows)) + self._of_given(condition)
        return self._scores(hidden, self._kept(hidden))[0]

    def slope(self, rows: Tensor, condition: Tensor) -> tuple[Tensor, Tensor]:
        """Scores of shape (n_packs, 1), and how they change with the values of the rows, (n_packs, pac * n_values).

        The scores are without a graph; the slopes have one to the weights.
        """
        with torch.no_grad():
            hidden = self.first(self._packed(rows)) + self._of_given(condition)
        return self._slope(hidden, self._kept(hidden))

    def compare(self, real: Tensor, fake: Tensor, condition: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Scores of real and of fake rows, and slopes somewhere between each pair of packs, with graphs to the weights.

        What a pack and its rival were given is the same; so are the units that are dropped.
        """
        given = self._of_given(condition)
        of_fake, of_real = self.first(torch.cat([self._packed(fake), self._packed(real)])).chunk(2)
        of_fake, of_real = of_fake + given, of_real + given
        kept = self._kept(of_fake)
        # The first layer is linear: between two packs it gives what is between its outputs.
        share = torch.rand(len(of_fake), 1, device=of_fake.device)
        _, slope = self._slope(torch.lerp(of_fake.detach(), of_real.detach(), share), kept)
        both = torch.cat([of_fake, of_real])
        scores, _ = self._scores(both, [torch.cat([part, part]) if part.ndim else part for part in kept])
        fake_scores, real_scores = scores.chunk(2)
        return real_scores, fake_scores, slope

    def _scores(self, hidden: Tensor, kept: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
        """Scores of what the first layer makes, and by how much each hidden unit passes on what it gets."""
        gates = []
        for layer, part in zip(self.rest, kept, strict=True):
            is_on = (hidden.detach() > 0).float()
            gates.append((self.negative_slope + (1 - self.negative_slope) * is_on) * part)
            hidden = layer(hidden * gates[-1])
        return hidden, gates

    def _slope(self, hidden: Tensor, kept: list[Tensor]) -> tuple[Tensor, Tensor]:
        """Scores without a graph, and slopes with one."""
        with torch.no_grad():
            scores, gates = self._scores(hidden, kept)
        weights = [self.first.weight, *(layer.get_parameter("weight") for layer in self.rest)]
        slope: Tensor = weights.pop()
        for gate in reversed(gates):
            slope = (slope * gate) @ weights.pop()
        return scores, slope

    def _kept(self, hidden: Tensor) -> list[Tensor]:
        """By how much the units of each hidden layer count: some are dropped in training."""
        if not (self.training and self.dropout):
            return [hidden.new_ones(())] * len(self.widths)
        share, shape = 1 - self.dropout, (len(hidden), sum(self.widths))
        kept = (torch.rand(shape, device=hidden.device) < share).float() / share
        return list(kept.split(self.widths, dim=1))

    def _packed(self, rows: Tensor) -> Tensor:
        return rows.reshape(len(rows) // self.pac, -1)

    def _of_given(self, condition: Tensor) -> Tensor:
        """What the conditions of each pack add to its first layer."""
        n_given = condition.shape[1]
        shift = self.n_places * torch.arange(self.pac, device=condition.device).repeat_interleave(n_given)
        packs = condition.reshape(len(condition) // self.pac, self.pac * n_given)
        return self.given(torch.where(packs < self.n_places, packs + shift, self.pac * self.n_places))


class Places(nn.Embedding):
    """What indicators, told by the places of those that are 1, add to a layer: no zero is multiplied.

    Parameters
    ----------
    n_places : int
        Indicators; this number as a place stands for none.
    n_outputs : int
    """

    def __init__(self, n_places: int, n_outputs: int):
        super().__init__(n_places + 1, n_outputs, padding_idx=n_places)

    @torch.no_grad()
    def keep_none(self) -> None:
        """Let the place for none add nothing; no gradient ever changes that."""
        self.weight[-1] = 0.0

    def forward(self, places: Tensor) -> Tensor:
        """Outputs of shape (n_rows, n_outputs), of places of shape (n_rows, n_given)."""
        found = super().forward(places)
        return found[:, 0] if places.shape[1] == 1 else found.sum(1)
