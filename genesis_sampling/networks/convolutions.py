"""Stacks of convolutions that halve images and double them again, whatever their size."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

__all__ = ["EvenConvolution", "Growing", "ImageShape", "Shrinking", "n_halvings", "one_hot", "sides"]

# Images are halved until their shorter side is about so long.
SMALLEST_SIDE = 4

ImageShape = tuple[int, int, int]  # channels, height, width


def n_halvings(shape: ImageShape) -> int:
    """How often images of a shape are halved: at least once."""
    side, times = min(shape[1:]), 1
    while side > 2**times * SMALLEST_SIDE * 1.5:
        times += 1
    return times


def sides(shape: ImageShape) -> list[tuple[int, int]]:
    """Heights and widths from the whole image down to the smallest one, each half of the one before, rounded up."""
    found = [shape[1:]]
    for _ in range(n_halvings(shape)):
        height, width = found[-1]
        found.append(((height + 1) // 2, (width + 1) // 2))
    return found


class EvenConvolution(nn.Conv2d):
    """A convolution whose weights, as a matrix, have 1 for their largest singular value [1]_.

    The value is found by one power iteration an update. (That of torch cannot be pickled.)

    References
    ----------
    .. [1] T. Miyato, T. Kataoka, M. Koyama, Y. Yoshida, "Spectral normalization for generative adversarial networks",
       International Conference on Learning Representations, 2018.
    """

    left: Tensor

    def __init__(self, *args, **params):
        super().__init__(*args, **params)
        self.register_buffer("left", nn.functional.normalize(torch.randn(self.out_channels), dim=0))

    def forward(self, images: Tensor) -> Tensor:
        """As a convolution."""
        matrix = self.weight.flatten(1)
        with torch.no_grad():
            right = nn.functional.normalize(matrix.T @ self.left, dim=0)
            left = nn.functional.normalize(matrix @ right, dim=0)
            if self.training:
                self.left.copy_(left)
        return self._conv_forward(images, self.weight / (left @ matrix @ right), self.bias)


class Shrinking(nn.Module):
    """Images down to a few numbers each.

    Parameters
    ----------
    shape : tuple of (n_channels, height, width)
    n_first : int
        Channels after the first halving; each further one doubles them.
    norm : callable or None, default=None
        ``norm(n_channels)`` gives the layer between a convolution and its nonlinearity; none follows the first one.
    convolution : callable, default=nn.Conv2d
    """

    def __init__(
        self,
        shape: ImageShape,
        n_first: int,
        norm: Callable[[int], nn.Module] | None = None,
        convolution: Callable[..., nn.Module] = nn.Conv2d,
    ):
        super().__init__()
        layers: list[nn.Module] = []
        n_channels = shape[0]
        for level, _ in enumerate(sides(shape)[1:]):
            n_next = n_first * 2**level
            layers.append(convolution(n_channels, n_next, 3, stride=2, padding=1))
            layers += [norm(n_next)] if norm is not None and level else []
            layers.append(nn.LeakyReLU(0.2, inplace=True))
            n_channels = n_next
        self.layers = nn.Sequential(*layers, nn.Flatten())
        height, width = sides(shape)[-1]
        self.n_out = n_channels * height * width

    def forward(self, images: Tensor) -> Tensor:
        """Shape (n, n_channels, height, width) to (n, n_out)."""
        return self.layers(images)


class Growing(nn.Module):
    """Images of a few numbers each.

    Parameters
    ----------
    n_in : int
    shape : tuple of (n_channels, height, width)
        Of the images.
    n_last : int
        Channels before the last doubling; each one before has twice as many.
    """

    def __init__(self, n_in: int, shape: ImageShape, n_last: int):
        super().__init__()
        self.sides = sides(shape)[::-1]
        widths = [n_last * 2**level for level in reversed(range(len(self.sides) - 1))]
        self.n_begin = widths[0]
        height, width = self.sides[0]
        self.begin = nn.Linear(n_in, self.n_begin * height * width)
        self.steps = nn.ModuleList(
            nn.Sequential(
                nn.BatchNorm2d(n_channels), nn.ReLU(), nn.Upsample(scale_factor=2), _same(n_channels, n_next)
            )
            for n_channels, n_next in zip(widths, [*widths[1:], n_last], strict=True)
        )
        self.end = nn.Sequential(nn.BatchNorm2d(n_last), nn.ReLU(), _same(n_last, shape[0]))

    def forward(self, values: Tensor) -> Tensor:
        """Shape (n, n_in) to logits of pixels, (n, n_channels, height, width)."""
        images = self.begin(values).reshape(len(values), self.n_begin, *self.sides[0])
        for step, (height, width) in zip(self.steps, self.sides[1:], strict=True):
            images = step(images)[:, :, :height, :width]
        return self.end(images)


def one_hot(classes: Tensor | None, n_classes: int) -> Sequence[Tensor]:
    """Indicators of the classes as the last part of a concatenation; none where there are no classes."""
    return (
        [] if classes is None else [nn.functional.one_hot(classes, n_classes).to(torch.get_default_dtype())]
    )


def _same(n_in: int, n_out: int) -> nn.Module:
    """A convolution that keeps the size."""
    return nn.Conv2d(n_in, n_out, 3, padding=1)
