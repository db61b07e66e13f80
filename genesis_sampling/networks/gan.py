"""A conditional Wasserstein GAN of rows: CTGAN on tensors that stay on the device."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .layout import Layout, gumbel_like

__all__ = ["ConditionSampler", "Gan", "GanConfig", "GanSteps"]


@dataclass(frozen=True)
class GanConfig:
    """Sizes and rates of the GAN; the defaults are those of the paper.

    Parameters
    ----------
    n_noise : int, default=128
        Values of the noise that a row is made from.
    generator_widths, critic_widths : tuple of int, default=(256, 256)
        Units of the hidden layers.
    pac : int, default=10
        Rows that the critic sees at once; the batch is a multiple of it.
    critic_steps : int, default=1
        Updates of the critic for each of the generator.
    learning_rate : float, default=2e-4
    weight_decay : float, default=1e-6
        Of the generator.
    temperature : float, default=0.2
        Of the softmax that stands for a draw of a level.
    penalty : float, default=10.0
        Weight of the gradient penalty.
    """

    n_noise: int = 128
    generator_widths: tuple[int, ...] = (256, 256)
    critic_widths: tuple[int, ...] = (256, 256)
    pac: int = 10
    critic_steps: int = 1
    learning_rate: float = 2e-4
    weight_decay: float = 1e-6
    temperature: float = 0.2
    penalty: float = 10.0


class ConditionSampler:
    """Draws conditions, and rows that meet them, on the device: training by sampling.

    A condition is one level of one column. The rows of each level lie side by side in an order of the rows that is made
    once, so a row is an offset and no loop over the batch is needed.

    Parameters
    ----------
    levels : Tensor of int64 of shape (n_rows, n_columns)
        Of the columns that conditions are on.
    sizes : tuple of int
        Levels of each.
    """

    def __init__(self, levels: Tensor, sizes: tuple[int, ...]):
        self.n_rows, self.n_columns = levels.shape
        self.width = sum(sizes)
        most = max(sizes, default=1)
        counts = torch.stack([torch.bincount(column, minlength=most) for column in levels.T])
        self._order = levels.argsort(dim=0, stable=True).T.contiguous()
        self._counts, self._first = counts, counts.cumsum(1) - counts
        self._starts = torch.tensor([sum(sizes[:place]) for place in range(len(sizes))], device=levels.device)
        # Rare levels are asked for more often than they occur, by the logarithm of their frequency.
        self._leveled = _cumulated(torch.log1p(counts.double()))
        self._as_seen = _cumulated(counts.double())

    def draw(self, n: int, *, as_seen: bool = False) -> tuple[Tensor, Tensor]:
        """Columns and levels of ``n`` conditions, each of shape (n,); levels as frequent as they are, if so asked."""
        device = self._order.device
        column = torch.randint(self.n_columns, (n,), device=device)
        share = torch.rand(n, 1, dtype=torch.double, device=device)
        table = self._as_seen if as_seen else self._leveled
        return column, torch.searchsorted(table[column], share, right=True)[:, 0].clamp_(
            max=table.shape[1] - 1
        )

    def rows(self, column: Tensor, level: Tensor) -> Tensor:
        """A row that meets each condition, shape (n,)."""
        count = self._counts[column, level]
        offset = (torch.rand(len(column), device=column.device) * count).long().clamp_(max=self.n_rows - 1)
        return self._order[column, self._first[column, level] + torch.minimum(offset, count - 1)]

    def vectors(self, column: Tensor, level: Tensor) -> Tensor:
        """Conditions as 0 and 1, shape (n, width)."""
        found = torch.zeros(len(column), self.width, device=column.device)
        return found.scatter_(1, (self._starts[column] + level)[:, None], 1.0)


def _cumulated(weight: Tensor) -> Tensor:
    total = weight.cumsum(1)
    return total / total[:, -1:]


class Gan(nn.Module):
    """CTGAN [1]_: generator and critic of rows, given a level of a column.

    Parameters
    ----------
    layout : Layout
    conditioned : tuple of int
        Level columns that conditions are on.
    config : GanConfig

    References
    ----------
    .. [1] L. Xu, M. Skoularidou, A. Cuesta-Infante, K. Veeramachaneni, "Modeling tabular data using conditional GAN",
       Advances in Neural Information Processing Systems 32, 2019.
    """

    def __init__(self, layout: Layout, conditioned: tuple[int, ...], config: GanConfig):
        super().__init__()
        self.layout, self.conditioned, self.config = layout, conditioned, config
        n_conditions = sum(layout.sizes[column] for column in conditioned)
        self.generator = _Generator(config.n_noise + n_conditions, config.generator_widths, layout.width)
        self.critic = _critic(config.pac * (layout.width + n_conditions), config.critic_widths)

    def outputs(self, n: int, condition: Tensor) -> tuple[Tensor, Tensor]:
        """Logits of the levels, shape (n, n_levels), and numbers, (n, n_numbers)."""
        noise = torch.randn(n, self.config.n_noise, device=condition.device)
        out = self.generator(torch.cat([noise, condition], 1))
        return out[:, : self.layout.n_levels], torch.tanh(out[:, self.layout.n_levels :])

    def soft_rows(self, logits: Tensor, numbers: Tensor) -> Tensor:
        """Rows with draws of the levels that gradients pass through [2]_, shape (n, width).

        References
        ----------
        .. [2] E. Jang, S. Gu, B. Poole, "Categorical reparameterization with Gumbel-softmax", International Conference
           on Learning Representations, 2017.
        """
        padded = self.layout.padded((logits + gumbel_like(logits)) / self.config.temperature, float("-inf"))
        return torch.cat([self.layout.flat(padded.softmax(2)), numbers], 1)

    def scores(self, rows: Tensor, condition: Tensor) -> Tensor:
        """What the critic says of packs of rows, shape (n / pac, 1)."""
        return self.critic(torch.cat([rows, condition], 1).reshape(len(rows) // self.config.pac, -1))

    @torch.no_grad()
    def draw(self, condition: Tensor) -> tuple[Tensor, Tensor]:
        """Levels of shape (n, n_columns) and numbers of shape (n, n_numbers), one row for each condition."""
        logits, numbers = self.outputs(len(condition), condition)
        return self.layout.drawn(logits), numbers


class GanSteps:
    """Updates of a GAN, one per call, without a wait for the device.

    Parameters
    ----------
    model : Gan
    levels : Tensor of int64 of shape (n_rows, n_columns)
    numbers : Tensor of shape (n_rows, n_numbers)
    batch_size : int
        Brought to a multiple of the critic's pack.
    """

    def __init__(self, model: Gan, levels: Tensor, numbers: Tensor, batch_size: int):
        self.model, self.config = model, model.config
        self.batch_size = max(1, batch_size // self.config.pac) * self.config.pac
        self.real = torch.cat([model.layout.indicators(levels), numbers], 1)
        columns = list(model.conditioned)
        self.conditions = ConditionSampler(levels[:, columns], tuple(model.layout.sizes[c] for c in columns))
        rate, decay = self.config.learning_rate, self.config.weight_decay
        betas = (0.5, 0.9)
        self.generator_optimizer = torch.optim.Adam(
            model.generator.parameters(), rate, betas, weight_decay=decay
        )
        self.critic_optimizer = torch.optim.Adam(model.critic.parameters(), rate, betas)

    def __call__(self) -> dict[str, Tensor]:
        """One update of the generator, after those of the critic."""
        for _ in range(self.config.critic_steps):
            critic_loss = self._update_critic()
        return {"critic loss": critic_loss, "generator loss": self._update_generator()}

    def _update_critic(self) -> Tensor:
        column, level, condition = self._drawn()
        real = self.real[self.conditions.rows(column, level)]
        with torch.no_grad():
            fake = self.model.soft_rows(*self.model.outputs(self.batch_size, condition))
        distance = self.model.scores(fake, condition).mean() - self.model.scores(real, condition).mean()
        self.critic_optimizer.zero_grad(set_to_none=True)
        (distance + self.config.penalty * self._penalty(real, fake, condition)).backward()
        self.critic_optimizer.step()
        return distance.detach()

    def _update_generator(self) -> Tensor:
        column, level, condition = self._drawn()
        logits, numbers = self.model.outputs(self.batch_size, condition)
        missed = self._missed(logits, column, level)
        loss = missed - self.model.scores(self.model.soft_rows(logits, numbers), condition).mean()
        self.generator_optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.generator_optimizer.step()
        return loss.detach()

    def _drawn(self) -> tuple[Tensor, Tensor, Tensor]:
        column, level = self.conditions.draw(self.batch_size)
        return column, level, self.conditions.vectors(column, level)

    def _missed(self, logits: Tensor, column: Tensor, level: Tensor) -> Tensor:
        """Cross entropy of the levels that were asked for."""
        places = torch.tensor(self.model.conditioned, device=logits.device)[column]
        padded = self.model.layout.padded(logits, float("-inf"))
        return F.cross_entropy(padded[torch.arange(len(column), device=logits.device), places], level)

    def _penalty(self, real: Tensor, fake: Tensor, condition: Tensor) -> Tensor:
        """How far the critic's slope between real and fake packs is from 1 [1]_.

        References
        ----------
        .. [1] I. Gulrajani, F. Ahmed, M. Arjovsky, V. Dumoulin, A. Courville, "Improved training of Wasserstein GANs",
           Advances in Neural Information Processing Systems 30, 2017.
        """
        pac = self.config.pac
        share = torch.rand(len(real) // pac, 1, 1, device=real.device).expand(-1, pac, -1).reshape(-1, 1)
        between = (share * real + (1 - share) * fake).requires_grad_()
        packs = torch.cat([between, condition], 1)
        scores = self.model.critic(packs.reshape(len(real) // pac, -1))
        (slope,) = torch.autograd.grad(scores.sum(), packs, create_graph=True)
        return ((slope.reshape(len(scores), -1).norm(2, dim=1) - 1) ** 2).mean()


class _Generator(nn.Module):
    """Residual layers, each of which hands on what it was given beside what it makes of it."""

    def __init__(self, n_inputs: int, widths: tuple[int, ...], n_outputs: int):
        super().__init__()
        self.blocks = nn.ModuleList()
        for width in widths:
            self.blocks.append(nn.Sequential(nn.Linear(n_inputs, width), nn.BatchNorm1d(width), nn.ReLU()))
            n_inputs += width
        self.last = nn.Linear(n_inputs, n_outputs)

    def forward(self, x: Tensor) -> Tensor:
        """Outputs of shape (n_rows, n_outputs)."""
        for block in self.blocks:
            x = torch.cat([block(x), x], 1)
        return self.last(x)


def _critic(n_inputs: int, widths: tuple[int, ...]) -> nn.Sequential:
    return nn.Sequential(*_layers(n_inputs, widths))


def _layers(n_inputs: int, widths: tuple[int, ...]) -> Iterator[nn.Module]:
    for width in widths:
        yield from (nn.Linear(n_inputs, width), nn.LeakyReLU(0.2), nn.Dropout(0.5))
        n_inputs = width
    yield nn.Linear(n_inputs, 1)
