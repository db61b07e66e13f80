"""In which direction a loss grows: gradients by the values of items."""

from __future__ import annotations

import copy

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from ..exceptions import DataError

__all__ = ["LossGradients"]

# Items on the device at once; the gradient of each is its own, so their number changes nothing.
CHUNK = 64


class LossGradients:
    """Gradients of the cross entropy of a classifier by what it is given.

    Parameters
    ----------
    network : nn.Module
        (n, ...) -> logits (n, n_classes); a copy of it is used, in evaluation mode.
    n_classes : int
    device : torch.device
    """

    def __init__(self, network: nn.Module, n_classes: int, device: torch.device):
        self.network = copy.deepcopy(network).to(device).eval()
        self.n_classes, self.device = n_classes, device

    def __call__(self, values: np.ndarray, codes: np.ndarray) -> np.ndarray:
        """The gradients, shape (n, ...).

        Parameters
        ----------
        values : ndarray of shape (n, ...)
        codes : ndarray of int of shape (n,)
            Classes whose cross entropy is meant, as columns of the logits.

        Raises
        ------
        DataError
            When the network cannot take the values, or gives no logits for each class.
        """
        parts = [slice(start, start + CHUNK) for start in range(0, len(values), CHUNK)]
        return np.concatenate([self._of_part(values[part], codes[part]) for part in parts])

    def _of_part(self, values: np.ndarray, codes: np.ndarray) -> np.ndarray:
        given = torch.as_tensor(values.astype(np.float32), device=self.device).requires_grad_(True)
        try:
            logits = self.network(given)
        except RuntimeError as error:
            raise DataError(
                f"{type(self.network).__name__} could not take an input of shape {values.shape}: {error}. Expected a "
                "network of items; put a module before it that brings them to the shape that it takes."
            ) from error
        if logits.shape != (len(values), self.n_classes):
            raise DataError(
                f"Got an output of shape {tuple(logits.shape)} from {type(self.network).__name__} for {len(values)} "
                f"items; expected logits of shape {(len(values), self.n_classes)}, one for each class in their order."
            )
        loss = F.cross_entropy(logits, torch.as_tensor(codes, device=self.device), reduction="sum")
        # Of the values alone: the network is no part of what is changed.
        return torch.autograd.grad(loss, [given])[0].cpu().numpy()
