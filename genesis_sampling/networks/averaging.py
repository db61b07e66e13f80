"""A moving average of the parameters of a network, which is steadier than they are."""

from __future__ import annotations

import torch
from torch import nn
from torch.optim.swa_utils import get_ema_multi_avg_fn

__all__ = ["update_average"]


@torch.no_grad()
def update_average(average: nn.Module, model: nn.Module, decay: float, n_done: int) -> None:
    """Move an average towards a model, in place.

    Parameters
    ----------
    average, model : nn.Module
        Of the same kind. Statistics that the model keeps are averaged too.
    decay : float
        Weight of the average at the most. It is less at the beginning, since the first parameters are of no worth.
    n_done : int
        Updates of the model so far.
    """
    decay = min(decay, (1 + n_done) / (10 + n_done))
    update = get_ema_multi_avg_fn(decay)
    update(list(average.parameters()), list(model.parameters()), n_done)
    pairs = zip(average.buffers(), model.buffers(), strict=True)
    kept = [pair for pair in pairs if pair[0].is_floating_point()]
    if kept:
        update([mean for mean, _ in kept], [value for _, value in kept], n_done)
