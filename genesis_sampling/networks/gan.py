"""A conditional Wasserstein GAN of rows: CTGAN on tensors that stay on the device."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from itertools import accumulate

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .adversaries import Critic, Generator
from .averaging import update_average
from .layout import Layout, gumbel_like

__all__ = ["ConditionSampler", "Gan", "GanConfig", "GanSteps"]


@dataclass(frozen=True)
class GanConfig:
    """Sizes and rates of the GAN; the defaults are those of the paper, which takes no average.

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
    dropout : float, default=0.5
        Share of the critic's units that are dropped in training.
    decay : float, default=0.999
        Of the moving average of the generator that rows are drawn with; 0 for the generator as it is.
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
    dropout: float = 0.5
    decay: float = 0.999


class ConditionSampler:
    """Draws conditions, and rows that meet them, on the device: training by sampling.

    A condition is one level of one column. The rows of each level lie side by side in an order of the rows that is made
    once, so a row is an offset and no loop over the batch is needed. Rare levels are asked for more often than they
    occur, by the logarithm of their frequency.

    Parameters
    ----------
    levels : Tensor of int64 of shape (n_rows, n_columns)
        Of the columns that conditions are on.
    sizes : tuple of int
        Levels of each.
    """

    def __init__(self, levels: Tensor, sizes: tuple[int, ...]):
        self.n_rows, self.n_columns = levels.shape
        most = max(sizes, default=1)
        counts = torch.stack([torch.bincount(column, minlength=most) for column in levels.T])
        self._order = levels.argsort(dim=0, stable=True).T.contiguous()
        self._counts, self._first = counts, counts.cumsum(1) - counts
        # Apple's GPUs have no numbers of 64 bits; shares of some hundred levels do not need them.
        exact = torch.float if levels.device.type == "mps" else torch.double
        self._cumulated = _cumulated(torch.log1p(counts.to(exact)))

    def draw(self, n: int) -> tuple[Tensor, Tensor]:
        """Columns and levels of ``n`` conditions, each of shape (n,)."""
        device = self._order.device
        column = torch.randint(self.n_columns, (n,), device=device)
        share = torch.rand(n, 1, dtype=self._cumulated.dtype, device=device)
        level = torch.searchsorted(self._cumulated[column], share, right=True)[:, 0]
        return column, level.clamp_(max=self._cumulated.shape[1] - 1)

    def rows(self, column: Tensor, level: Tensor) -> Tensor:
        """A row that meets each condition, shape (n,)."""
        count = self._counts[column, level]
        offset = (torch.rand(len(column), device=column.device) * count).long().clamp_(max=self.n_rows - 1)
        return self._order[column, self._first[column, level] + torch.minimum(offset, count - 1)]


def _cumulated(weight: Tensor) -> Tensor:
    total = weight.cumsum(1)
    return total / total[:, -1:]


class Gan(nn.Module):
    """CTGAN [1]_: generator and critic of rows, given a level of a column, and their class if there is one.

    Parameters
    ----------
    layout : Layout
    conditioned : tuple of int
        Level columns that conditions are on.
    n_classes : int
        Classes that rows are given; 0 for none.
    config : GanConfig

    References
    ----------
    .. [1] L. Xu, M. Skoularidou, A. Cuesta-Infante, K. Veeramachaneni, "Modeling tabular data using conditional GAN",
       Advances in Neural Information Processing Systems 32, 2019.
    """

    _places: Tensor
    _starts: Tensor

    def __init__(self, layout: Layout, conditioned: tuple[int, ...], n_classes: int, config: GanConfig):
        super().__init__()
        self.layout, self.conditioned, self.n_classes, self.config = (
            layout,
            tuple(conditioned),
            n_classes,
            config,
        )
        sizes = [layout.sizes[column] for column in self.conditioned]
        self.width = sum(sizes) + n_classes
        starts = [0, *accumulate(sizes)]
        self.register_buffer("_places", torch.tensor(self.conditioned, dtype=torch.long), persistent=False)
        self.register_buffer("_starts", torch.tensor(starts, dtype=torch.long), persistent=False)
        self.generator = Generator(config.n_noise, self.width, config.generator_widths, layout.width)
        self.critic = Critic(config.pac, layout.width, self.width, config.critic_widths, config.dropout)

    def conditions(self, column: Tensor, level: Tensor, classes: Tensor | None = None) -> Tensor:
        """What rows are given, as places among all levels and classes that can be: shape (n, 0, 1 or 2).

        Parameters
        ----------
        column : Tensor of int64 of shape (n,)
            Position among the conditioned columns; their number stands for no condition but the class.
        level : Tensor of int64 of shape (n,)
        classes : Tensor of int64 of shape (n,) or None
        """
        parts = []
        if self.conditioned:
            place = self._starts[column] + level
            parts.append(torch.where(column < len(self.conditioned), place, self.width))
        if classes is not None:
            parts.append(classes + self._starts[-1])
        return torch.stack(parts, 1) if parts else column.new_empty(len(column), 0)

    def outputs(self, n: int, condition: Tensor) -> tuple[Tensor, Tensor]:
        """Logits of the levels, shape (n, n_levels), and numbers, (n, n_numbers)."""
        noise = torch.randn(n, self.config.n_noise, device=condition.device)
        out = self.generator(noise, condition)
        logits, numbers = out.split([self.layout.n_levels, len(self.layout.numbers)], dim=1)
        return logits, torch.tanh(numbers)

    def soft_rows(self, logits: Tensor, numbers: Tensor) -> Tensor:
        """Rows with draws of the levels that gradients pass through [2]_, shape (n, width).

        References
        ----------
        .. [2] E. Jang, S. Gu, B. Poole, "Categorical reparameterization with Gumbel-softmax", International Conference
           on Learning Representations, 2017.
        """
        drawn = self.layout.softmax((logits + gumbel_like(logits)) / self.config.temperature)
        return torch.cat([drawn, numbers], 1)

    def missed(self, logits: Tensor, column: Tensor, level: Tensor) -> Tensor:
        """Cross entropy of the levels that were asked for, 0 where only the class was."""
        n_columns = len(self.conditioned)
        if not n_columns:
            return logits.new_zeros(())
        asked = column < n_columns
        of_column = self.layout.of_columns(logits, self._places[torch.where(asked, column, 0)], float("-inf"))
        return (F.cross_entropy(of_column, torch.where(asked, level, 0), reduction="none") * asked).mean()

    @torch.no_grad()
    def draw(self, column: Tensor, level: Tensor, classes: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Levels of shape (n, n_columns) and numbers of shape (n, n_numbers), one row for each condition.

        The level that was asked for is the one that is drawn.
        """
        logits, numbers = self.outputs(len(column), self.conditions(column, level, classes))
        levels = self.layout.drawn(logits)
        asked = (column < len(self.conditioned)).nonzero()[:, 0]
        levels[asked, self._places[column[asked]]] = level[asked]
        return levels, numbers


class GanSteps:
    """Updates of a GAN, one per call, without a wait for the device.

    The generator learns from the very rows that the critic was last updated on, so they are made once. Its parameters
    circle around where they shall come to rest, so rows are better drawn with a moving average of them [1]_: that is
    ``average``, a model with the same critic.

    Parameters
    ----------
    model : Gan
    levels : Tensor of int64 of shape (n_rows, n_columns)
    numbers : Tensor of shape (n_rows, n_numbers)
    classes : Tensor of int64 of shape (n_rows,) or None
        The class takes turns with the columns at being what rows are drawn by, so that small classes are seen often.
    batch_size : int
        Brought to a multiple of the critic's pack.

    References
    ----------
    .. [1] Y. Yazici, C.-S. Foo, S. Winkler, K.-H. Yap, G. Piliouras, V. Chandrasekhar, "The unusual effectiveness of
       averaging in GAN training", International Conference on Learning Representations, 2019.
    """

    def __init__(self, model: Gan, levels: Tensor, numbers: Tensor, classes: Tensor | None, batch_size: int):
        # One that goes on from an average comes without gradients.
        self.model, self.config, self.classes = model.requires_grad_(True).train(), model.config, classes
        self.average = copy.deepcopy(model)
        self.average.generator.requires_grad_(False)
        self.average.critic = model.critic
        self._n_done = 0
        self.batch_size = max(1, batch_size // self.config.pac) * self.config.pac
        self.real = torch.cat([model.layout.indicators(levels), numbers], 1)
        drawn_by, sizes = (
            levels[:, list(model.conditioned)],
            [model.layout.sizes[c] for c in model.conditioned],
        )
        if classes is not None:
            drawn_by, sizes = torch.cat([drawn_by, classes[:, None]], 1), [*sizes, model.n_classes]
        self.sampler = ConditionSampler(drawn_by, tuple(sizes)) if sizes else None
        rate, decay = self.config.learning_rate, self.config.weight_decay
        betas = (0.5, 0.9)
        self.generator_optimizer = torch.optim.AdamW(
            model.generator.parameters(), rate, betas, weight_decay=decay, fused=True
        )
        self.critic_optimizer = torch.optim.Adam(model.critic.parameters(), rate, betas, fused=True)

    def __call__(self) -> dict[str, Tensor]:
        """One update of the generator, after those of the critic."""
        for left in reversed(range(self.config.critic_steps)):
            rows, column, level, condition = self._drawn()
            with torch.set_grad_enabled(left == 0):  # the generator learns from the last of them only
                logits, numbers = self.model.outputs(self.batch_size, condition)
                fake = self.model.soft_rows(logits, numbers)
            critic_loss = self._update_critic(self.real[rows], fake.detach(), condition)
        missed = self.model.missed(logits, column, level)
        generator_loss = self._update_generator(fake, missed, condition)
        self._n_done += 1
        update_average(self.average.generator, self.model.generator, self.config.decay, self._n_done)
        return {"critic loss": critic_loss, "generator loss": generator_loss}

    def _update_critic(self, real: Tensor, fake: Tensor, condition: Tensor) -> Tensor:
        """The critic learns to tell the rows; its loss without the penalty."""
        of_real, of_fake, slope = self.model.critic.compare(real, fake, condition)
        distance = of_fake.mean() - of_real.mean()
        # How far the slope between real and fake packs is from 1 (Gulrajani et al., 2017).
        penalty = ((slope.norm(2, dim=1) - 1) ** 2).mean()
        self.critic_optimizer.zero_grad(set_to_none=True)
        (distance + self.config.penalty * penalty).backward()
        self.critic_optimizer.step()
        return distance.detach()

    def _update_generator(self, fake: Tensor, missed: Tensor, condition: Tensor) -> Tensor:
        """The generator learns to raise the scores of its rows; its loss."""
        with torch.no_grad():
            scores, slope = self.model.critic.slope(fake, condition)
        self.generator_optimizer.zero_grad(set_to_none=True)
        # The slope is all that is asked of the critic: this has the gradient of the mean score, and none for its
        # weights.
        climbed = (fake * slope.reshape(fake.shape)).sum() / len(slope)
        (missed - climbed).backward()
        self.generator_optimizer.step()
        return missed.detach() - scores.mean()

    def _drawn(self) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Rows, the column and level that each was drawn by, and these as conditions."""
        device = self.real.device
        if self.sampler is None:
            rows = torch.randint(len(self.real), (self.batch_size,), device=device)
            column = level = torch.zeros_like(rows)
        else:
            column, level = self.sampler.draw(self.batch_size)
            rows = self.sampler.rows(column, level)
        classes = None if self.classes is None else self.classes[rows]
        return rows, column, level, self.model.conditions(column, level, classes)
