"""A variational autoencoder of rows: TVAE, with its latent space to walk in."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .averaging import update_average
from .layout import Layout

__all__ = ["Vae", "VaeConfig", "VaeSteps"]


@dataclass(frozen=True)
class VaeConfig:
    """Sizes and rates of the autoencoder; the defaults are those of the paper, which takes no average.

    Parameters
    ----------
    n_latent : int, default=128
    widths : tuple of int, default=(128, 128)
        Units of the hidden layers of the encoder, and in reverse order of the decoder.
    learning_rate : float, default=1e-3
    weight_decay : float, default=1e-5
    reconstruction : float, default=2.0
        Weight of the reconstruction against the divergence of the latents.
    decay : float, default=0.999
        Of the moving average of the parameters that rows are drawn with; 0 for the parameters as they are.
    """

    n_latent: int = 128
    widths: tuple[int, ...] = (128, 128)
    learning_rate: float = 1e-3
    weight_decay: float = 1e-5
    reconstruction: float = 2.0
    decay: float = 0.999


class Vae(nn.Module):
    """TVAE [1]_ [2]_: latents of rows, and rows of latents, given a class if there is one.

    Parameters
    ----------
    layout : Layout
    n_classes : int
        Classes that rows are given; 0 for none.
    config : VaeConfig

    References
    ----------
    .. [1] L. Xu, M. Skoularidou, A. Cuesta-Infante, K. Veeramachaneni, "Modeling tabular data using conditional GAN",
       Advances in Neural Information Processing Systems 32, 2019.
    .. [2] D. P. Kingma, M. Welling, "Auto-encoding variational Bayes", International Conference on Learning
       Representations, 2014.
    """

    def __init__(self, layout: Layout, n_classes: int, config: VaeConfig):
        super().__init__()
        self.layout, self.n_classes, self.config = layout, n_classes, config
        widths = config.widths
        self.encoder = nn.Sequential(
            *_layers(layout.width + n_classes, widths), nn.Linear(widths[-1], 2 * config.n_latent)
        )
        self.decoder = nn.Sequential(
            *_layers(config.n_latent + n_classes, widths[::-1]), nn.Linear(widths[0], layout.width)
        )
        # Standard deviation of each number around what the decoder says.
        self.log_std = nn.Parameter(torch.full((len(layout.numbers),), -2.0))

    def encode(self, levels: Tensor, numbers: Tensor, classes: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Mean and log variance of the latents of rows, each of shape (n_rows, n_latent)."""
        rows = torch.cat([self.layout.indicators(levels), numbers, *self._given(classes)], 1)
        mean, log_variance = self.encoder(rows).chunk(2, dim=1)
        return mean, F.hardtanh(log_variance, -10, 10)

    def decode(self, latents: Tensor, classes: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Logits of the levels, shape (n_rows, n_levels), and means of the numbers, (n_rows, n_numbers)."""
        out = self.decoder(torch.cat([latents, *self._given(classes)], 1))
        logits, mean = out.split([self.layout.n_levels, len(self.layout.numbers)], dim=1)
        return logits, mean

    @torch.no_grad()
    def draw(self, latents: Tensor, classes: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Levels and numbers drawn from what the decoder says, one row for each latent."""
        logits, mean = self.decode(latents, classes)
        return self.layout.drawn(logits), mean + self.log_std.exp() * torch.randn_like(mean)

    def losses(self, levels: Tensor, numbers: Tensor, classes: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Mean reconstruction loss of rows, in nats but for a constant, and mean divergence of their latents."""
        mean, log_variance = self.encode(levels, numbers, classes)
        variance = log_variance.exp()
        latents = torch.addcmul(mean, variance.sqrt(), torch.randn_like(mean))
        logits, said = self.decode(latents, classes)
        missed = self.layout.missed(logits, levels).sum(1)
        is_there = self.layout.is_numbered(levels)
        off = 0.5 * ((numbers - said) / self.log_std.exp()) ** 2 + self.log_std
        divergence = 0.5 * (mean.square() + variance - log_variance).sum(1) - 0.5 * mean.shape[1]
        return (missed + (off * is_there).sum(1)).mean(), divergence.mean()

    @torch.no_grad()
    def bound(self, levels: Tensor, numbers: Tensor, classes: Tensor | None = None) -> float:
        """Mean of a bound on the negative log likelihood of rows, in nats, but for a constant."""
        return float(sum(self.losses(levels, numbers, classes)))

    def _given(self, classes: Tensor | None) -> list[Tensor]:
        return [] if classes is None else [F.one_hot(classes, self.n_classes).float()]


class VaeSteps:
    """Updates of an autoencoder, one per call, without a wait for the device.

    Parameters
    ----------
    model : Vae
    levels : Tensor of int64 of shape (n_rows, n_columns)
    numbers : Tensor of shape (n_rows, n_numbers)
    classes : Tensor of int64 of shape (n_rows,) or None
    batch_size : int

    Attributes
    ----------
    average : Vae
        With the moving average of the parameters: what rows are drawn with.
    """

    def __init__(self, model: Vae, levels: Tensor, numbers: Tensor, classes: Tensor | None, batch_size: int):
        # One that goes on from an average comes without gradients.
        self.model, self.levels, self.numbers, self.classes = (
            model.requires_grad_(True),
            levels,
            numbers,
            classes,
        )
        self.average = copy.deepcopy(model).requires_grad_(False)
        self.batch_size, self._n_done = batch_size, 0
        config = model.config
        # As a part of the gradient the decay would bring weights of latents that are not used to numbers so small that
        # a processor takes many times as long with them.
        self.optimizer = torch.optim.AdamW(
            model.parameters(), config.learning_rate, weight_decay=config.weight_decay, fused=True
        )

    def __call__(self) -> dict[str, Tensor]:
        """One update."""
        rows = torch.randint(len(self.levels), (self.batch_size,), device=self.levels.device)
        classes = None if self.classes is None else self.classes[rows]
        missed, divergence = self.model.losses(self.levels[rows], self.numbers[rows], classes)
        self.optimizer.zero_grad(set_to_none=True)
        (self.model.config.reconstruction * missed + divergence).backward()
        self.optimizer.step()
        with torch.no_grad():
            self.model.log_std.clamp_(-4.6, 0.0)
        self._n_done += 1
        update_average(self.average, self.model, self.model.config.decay, self._n_done)
        return {"reconstruction loss": missed.detach(), "divergence": divergence.detach()}


def _layers(n_inputs: int, widths: tuple[int, ...]) -> Iterator[nn.Module]:
    for width in widths:
        yield from (nn.Linear(n_inputs, width), nn.ReLU())
        n_inputs = width
