"""Images with the style of others: pixels in, pixels out, through networks that are given."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from ..exceptions import DataError, TrainingError

__all__ = ["adain", "gram", "match_features", "optimize_style", "style_losses"]

# A channel that hardly varies is given no larger factor than this allows.
SMALLEST_DEVIATION = 1e-5
# Of the range of pixels, for Adam; L-BFGS finds its own steps.
LEARNING_RATE = 0.02
# Looks at the loss for each iteration of L-BFGS, which searches along a line.
EVALUATIONS = 2


def optimize_style(
    network: nn.Module,
    pixels: Tensor,
    styles: Tensor,
    *,
    layers: Mapping[str, Sequence[str]],
    style_weight: float,
    steps: int,
    optimizer: str,
) -> Tensor:
    """Images whose features are those of the contents and whose Gram matrices are those of the styles.

    Parameters
    ----------
    network : nn.Module
        A copy of it is used, in evaluation mode.
    pixels : Tensor of shape (n, channels, height, width)
        The contents, in [0, 1].
    styles : Tensor of shape (n, channels, any height, any width)
        In [0, 1].
    layers : mapping
        ``"content"`` and ``"style"`` -> names of modules of the network.
    style_weight : float
        Weight of the style against the content.
    steps : int
    optimizer : {"lbfgs", "adam"}

    Returns
    -------
    pixels : Tensor of shape (n, channels, height, width)
        In [0, 1].

    Raises
    ------
    TrainingError
        When the loss is not finite; the message names the step.
    """
    network = _ready(network, pixels.device)
    with torch.no_grad(), _features(network, layers["content"]) as features:
        contents = {name: values.detach() for name, values in features(pixels).items()}
    with torch.no_grad(), _features(network, layers["style"]) as features:
        grams = {name: gram(values) for name, values in features(styles).items()}
    made = pixels.clone(memory_format=torch.contiguous_format).requires_grad_(True)
    n_calls = 0
    with _features(network, [*layers["content"], *layers["style"]]) as features:

        def closure() -> Tensor:
            nonlocal n_calls
            n_calls += 1
            content, style = style_losses(features(made), contents, grams)
            # As many times as there are values, or the tolerances of L-BFGS would end it early on large images.
            loss = (content + style_weight * style).sum() * pixels[0].numel()
            if not torch.isfinite(loss):
                raise TrainingError(
                    f"Got a style loss that is not finite at step {n_calls}; expected a number. Lower style_weight, or "
                    "give a network whose features are smaller."
                )
            # Of the pixels alone: the network is no part of what is learned.
            made.grad = torch.autograd.grad(loss, [made])[0].contiguous()
            return loss

        _minimize(made, closure, steps, optimizer)
    return made.detach().clamp(0, 1)


def _minimize(made: Tensor, closure: Callable[[], Tensor], steps: int, optimizer: str) -> None:
    if optimizer == "lbfgs":
        search = torch.optim.LBFGS(
            [made], max_iter=steps, max_eval=EVALUATIONS * steps, line_search_fn="strong_wolfe"
        )
        search.step(closure)
        return
    adam = torch.optim.Adam([made], lr=LEARNING_RATE)
    for _ in range(steps):
        adam.step(closure)


def style_losses(
    found: Mapping[str, Tensor], contents: Mapping[str, Tensor], grams: Mapping[str, Tensor]
) -> tuple[Tensor, Tensor]:
    """How far features are from those of the contents, and their Gram matrices from those of the styles; shape (n,).

    Parameters
    ----------
    found : mapping of str to Tensor of shape (n, channels, ...)
        Layer -> features.
    contents : mapping of str to Tensor of the same shape
        The features that there shall be.
    grams : mapping of str to Tensor of shape (n, channels, channels)
        The Gram matrices that there shall be.
    """
    content = [(found[name] - values).square().flatten(1).mean(1) for name, values in contents.items()]
    style = [(gram(found[name]) - values).square().mean((1, 2)) / 4 for name, values in grams.items()]
    return torch.stack(content).mean(0), torch.stack(style).mean(0)


def gram(features: Tensor) -> Tensor:
    """Products of channels, means over the places; (n, channels, ...) -> (n, channels, channels)."""
    flat = features.flatten(2)
    return flat @ flat.transpose(1, 2) / flat.shape[2]


def match_features(
    encoder: nn.Module, decoder: nn.Module, pixels: Tensor, styles: Tensor, strength: float
) -> Tensor:
    """Images decoded from features with the means and deviations of those of the styles.

    Parameters
    ----------
    encoder : nn.Module
        (n, channels, height, width) -> (n, n_features, ...); copies of it and of the decoder are used, in evaluation
        mode.
    decoder : nn.Module
        Back.
    pixels : Tensor of shape (n, channels, height, width)
        In [0, 1].
    styles : Tensor of shape (n, channels, any height, any width)
        In [0, 1].
    strength : float in [0, 1]
        Share of the way from the features of the contents to the changed ones.

    Returns
    -------
    pixels : Tensor of shape (n, channels, height, width)
        In [0, 1].
    """
    encoder, decoder = _ready(encoder, pixels.device), _ready(decoder, pixels.device)
    with torch.no_grad():
        content, style = (_output(encoder, images) for images in (pixels, styles))
        made = _output(decoder, torch.lerp(content, adain(content, style), strength))
    if made.shape != pixels.shape:
        raise DataError(
            f"Got images of shape {tuple(made.shape)} from the decoder for images of shape {tuple(pixels.shape)}; "
            "expected no change."
        )
    if not torch.isfinite(made).all():
        raise DataError("Got NaN or infinity from the decoder; expected numbers. Look at its weights.")
    return made.clamp(0, 1)


def adain(content: Tensor, style: Tensor) -> Tensor:
    """Features of the content with the mean and the deviation of each channel of the style; (n, channels, ...)."""
    flat, other = content.flatten(2), style.flatten(2)
    deviation = flat.std(2, keepdim=True, correction=0).clamp_min(SMALLEST_DEVIATION)
    ratio = other.std(2, keepdim=True, correction=0) / deviation
    made = (flat - flat.mean(2, keepdim=True)) * ratio + other.mean(2, keepdim=True)
    return made.reshape(content.shape)


def _ready(network: nn.Module, device: torch.device) -> nn.Module:
    """A copy, since what was given shall stay in its mode and on its device."""
    return copy.deepcopy(network).to(device).eval()


@contextmanager
def _features(network: nn.Module, names: Sequence[str]) -> Iterator[Callable[[Tensor], dict[str, Tensor]]]:
    """Within it, a function from images to what the named modules put out."""
    found: dict[str, Tensor] = {}

    def keep(name: str) -> Callable[..., None]:
        def hook(module: nn.Module, given: Any, output: Tensor) -> None:
            if output.ndim < 3:
                raise DataError(
                    f"Got features of shape {tuple(output.shape)} from layer {name!r}; expected (n, channels, ...), as "
                    "convolutions give. Name another layer."
                )
            # A copy, since the next module may work in place.
            found[name] = output.clone()

        return hook

    modules = dict(network.named_modules())
    handles = [modules[name].register_forward_hook(keep(name)) for name in dict.fromkeys(names)]

    def features(images: Tensor) -> dict[str, Tensor]:
        found.clear()
        _output(network, images)
        return dict(found)

    try:
        yield features
    finally:
        for handle in handles:
            handle.remove()


def _output(network: nn.Module, given: Tensor) -> Tensor:
    try:
        return network(given)
    except RuntimeError as error:
        raise DataError(
            f"{type(network).__name__} could not take an input of shape {tuple(given.shape)}: {error}. Expected a "
            "network of (n, channels, height, width) with as many channels as the images have."
        ) from error
