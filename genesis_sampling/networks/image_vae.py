"""A variational autoencoder of images."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from .convolutions import Growing, ImageShape, Shrinking, one_hot

__all__ = ["ImageVae", "ImageVaeConfig", "ImageVaeSteps"]

# Bounds of the spread of pixels around what the decoder says, on the scale of [0, 1]: one byte, and all.
LEAST_LOG_STD, MOST_LOG_STD = -5.5, 0.0


@dataclass(frozen=True)
class ImageVaeConfig:
    """Sizes and rates of the autoencoder.

    Parameters
    ----------
    n_latent : int, default=16
    n_filters : int, default=32
        Channels after the first halving of an image, and before its last doubling.
    learning_rate : float, default=2e-3
    divergence : float, default=1.0
        Weight of the divergence of the latents against the reconstruction.
    """

    n_latent: int = 16
    n_filters: int = 32
    learning_rate: float = 2e-3
    divergence: float = 1.0


class ImageVae(nn.Module):
    """Latents of images, and images of latents, given a class if there is one [1]_.

    Pixels are normal around what the decoder says, with one spread that is learned [2]_, so that no weight between
    reconstruction and divergence has to be found by trying.

    Parameters
    ----------
    shape : tuple of (n_channels, height, width)
    n_classes : int
        Classes that images are given; 0 for none.
    config : ImageVaeConfig

    References
    ----------
    .. [1] D. P. Kingma, M. Welling, "Auto-encoding variational Bayes", International Conference on Learning
       Representations, 2014.
    .. [2] O. Rybkin, K. Daniilidis, S. Levine, "Simple and effective VAE training with calibrated decoders",
       International Conference on Machine Learning, 2021.
    """

    def __init__(self, shape: ImageShape, n_classes: int, config: ImageVaeConfig):
        super().__init__()
        self.n_classes, self.config = n_classes, config
        self.shrinking = Shrinking(shape, config.n_filters, nn.BatchNorm2d)
        self.encoder = nn.Linear(self.shrinking.n_out + n_classes, 2 * config.n_latent)
        self.decoder = Growing(config.n_latent + n_classes, shape, config.n_filters)
        self.log_std = nn.Parameter(torch.tensor(-1.0))

    def encode(self, images: Tensor, classes: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Mean and log variance of the latents of images, each of shape (n, n_latent)."""
        found = torch.cat([self.shrinking(images), *one_hot(classes, self.n_classes)], 1)
        mean, log_variance = self.encoder(found).chunk(2, dim=1)
        return mean, nn.functional.hardtanh(log_variance, -10, 10)

    def decode(self, latents: Tensor, classes: Tensor | None = None) -> Tensor:
        """Mean images of latents, pixels in (0, 1), shape (n, n_channels, height, width)."""
        return self.decoder(torch.cat([latents, *one_hot(classes, self.n_classes)], 1)).sigmoid()

    def losses(self, images: Tensor, classes: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Mean reconstruction loss of images, in nats, and mean divergence of their latents from the normal."""
        mean, log_variance = self.encode(images, classes)
        variance = log_variance.exp()
        said = self.decode(torch.addcmul(mean, variance.sqrt(), torch.randn_like(mean)), classes)
        off = 0.5 * ((images - said) / self.log_std.exp()) ** 2 + self.log_std
        divergence = 0.5 * (mean.square() + variance - log_variance - 1).sum(1)
        return off.flatten(1).sum(1).mean(), divergence.mean()

    @torch.no_grad()
    def bound(self, images: Tensor, classes: Tensor | None = None) -> float:
        """Mean of a bound on the negative log likelihood of images, in nats, but for a constant."""
        return float(sum(self.losses(images, classes)))


class ImageVaeSteps:
    """Updates of an autoencoder, one per call, without a wait for the device.

    Parameters
    ----------
    model : ImageVae
    images : Tensor of shape (n, n_channels, height, width)
        Pixels in [0, 1].
    classes : Tensor of int64 of shape (n,) or None
    batch_size : int
    """

    def __init__(self, model: ImageVae, images: Tensor, classes: Tensor | None, batch_size: int):
        self.model, self.images, self.classes, self.batch_size = model, images, classes, batch_size
        self.optimizer = torch.optim.Adam(model.parameters(), model.config.learning_rate, fused=True)

    def __call__(self) -> dict[str, Tensor]:
        """One update."""
        rows = torch.randint(len(self.images), (self.batch_size,), device=self.images.device)
        missed, divergence = self.model.losses(
            self.images[rows], None if self.classes is None else self.classes[rows]
        )
        self.optimizer.zero_grad(set_to_none=True)
        (missed + self.model.config.divergence * divergence).backward()
        self.optimizer.step()
        with torch.no_grad():
            self.model.log_std.clamp_(LEAST_LOG_STD, MOST_LOG_STD)
        return {"reconstruction loss": missed.detach(), "divergence": divergence.detach()}
