"""A generative adversarial network of images: DCGAN, given a class."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .averaging import update_average
from .convolutions import EvenConvolution, Growing, ImageShape, Shrinking, one_hot

__all__ = ["ImageGan", "ImageGanConfig", "ImageGanSteps"]


@dataclass(frozen=True)
class ImageGanConfig:
    """Sizes and rates of the pair.

    Parameters
    ----------
    n_noise : int, default=32
        Numbers of which an image is made.
    n_filters : int, default=32
        Channels after the first halving of an image, and before its last doubling.
    learning_rate : float, default=1e-3
    average : float in [0, 1), default=0.99
        Weight of the past in the moving average of the generator, which draws.
    """

    n_noise: int = 32
    n_filters: int = 32
    learning_rate: float = 1e-3
    average: float = 0.99


class ImageGan(nn.Module):
    """A generator and a discriminator of images [1]_, both given the class.

    The discriminator is told the class by a product with its features [2]_, and its layers are held to a slope of at
    most one [3]_, which keeps training with few images from running away.

    Parameters
    ----------
    shape : tuple of (n_channels, height, width)
    n_classes : int
        Classes that images are given; 0 for none.
    config : ImageGanConfig

    References
    ----------
    .. [1] A. Radford, L. Metz, S. Chintala, "Unsupervised representation learning with deep convolutional generative
       adversarial networks", International Conference on Learning Representations, 2016.
    .. [2] T. Miyato, M. Koyama, "cGANs with projection discriminator", International Conference on Learning
       Representations, 2018.
    .. [3] T. Miyato, T. Kataoka, M. Koyama, Y. Yoshida, "Spectral normalization for generative adversarial networks",
       International Conference on Learning Representations, 2018.
    """

    def __init__(self, shape: ImageShape, n_classes: int, config: ImageGanConfig):
        super().__init__()
        self.n_classes, self.config = n_classes, config
        self.generator = Growing(config.n_noise + n_classes, shape, config.n_filters)
        self.average = copy.deepcopy(self.generator)
        self.features = Shrinking(shape, config.n_filters, convolution=EvenConvolution)
        # One column for all classes, and one for each.
        self.verdict = nn.Linear(self.features.n_out, 1 + n_classes)

    def make(self, noise: Tensor, classes: Tensor | None = None) -> Tensor:
        """Images of the generator that is trained, pixels in (0, 1)."""
        return self.generator(torch.cat([noise, *one_hot(classes, self.n_classes)], 1)).sigmoid()

    @torch.no_grad()
    def draw(self, noise: Tensor, classes: Tensor | None = None) -> Tensor:
        """Images of the averaged generator, pixels in (0, 1), shape (n, n_channels, height, width)."""
        return self.average(torch.cat([noise, *one_hot(classes, self.n_classes)], 1)).sigmoid()

    def judge(self, images: Tensor, classes: Tensor | None = None) -> Tensor:
        """Verdicts on images, shape (n,): above 0 where they are taken for real ones of their classes."""
        verdict = self.verdict(self.features(images))
        if classes is None:
            return verdict[:, 0]
        return verdict[:, 0] + verdict[:, 1:].gather(1, classes[:, None])[:, 0]


class ImageGanSteps:
    """Updates of the pair, one of each per call, without a wait for the device.

    Parameters
    ----------
    model : ImageGan
    images : Tensor of shape (n, n_channels, height, width)
        Pixels in [0, 1].
    classes : Tensor of int64 of shape (n,) or None
    batch_size : int
        Images of an update, in which classes are equally frequent.
    """

    def __init__(self, model: ImageGan, images: Tensor, classes: Tensor | None, batch_size: int):
        self.model, self.images, self.classes = model, images, classes
        self.rows = _even_rows(classes, len(images), batch_size, images.device)
        rate, self.n_done = model.config.learning_rate, 0
        judges = [*model.features.parameters(), *model.verdict.parameters()]
        self.judging = torch.optim.Adam(judges, rate, betas=(0.5, 0.99), fused=True)
        self.making = torch.optim.Adam(model.generator.parameters(), rate, betas=(0.5, 0.99), fused=True)

    def __call__(self) -> dict[str, Tensor]:
        """One update of the discriminator and one of the generator, on the same fakes."""
        model, rows = self.model, self.rows()
        classes = None if self.classes is None else self.classes[rows]
        noise = torch.randn(len(rows), model.config.n_noise, device=self.images.device)
        fakes = model.make(noise, classes)
        real, fake = model.judge(self.images[rows], classes), model.judge(fakes.detach(), classes)
        judged = F.relu(1 - real).mean() + F.relu(1 + fake).mean()
        self.judging.zero_grad(set_to_none=True)
        judged.backward()
        self.judging.step()
        made = -model.judge(fakes, classes).mean()
        self.making.zero_grad(set_to_none=True)
        made.backward()
        self.making.step()
        update_average(model.average, model.generator, model.config.average, self.n_done)
        self.n_done += 1
        return {"discriminator loss": judged.detach(), "generator loss": made.detach()}


def _even_rows(
    classes: Tensor | None, n_rows: int, batch_size: int, device: torch.device
) -> Callable[[], Tensor]:
    """Draws of positions, shape (batch_size,), with replacement, in which every class is as frequent."""
    if classes is None:
        return lambda: torch.randint(n_rows, (batch_size,), device=device)
    order, counts = torch.argsort(classes), torch.bincount(classes)
    starts = torch.cumsum(counts, 0) - counts

    def draw() -> Tensor:
        drawn = torch.randint(len(counts), (batch_size,), device=device)
        share = torch.rand(batch_size, device=device, dtype=torch.float64)
        return order[starts[drawn] + (share * counts[drawn]).long()]

    return draw
