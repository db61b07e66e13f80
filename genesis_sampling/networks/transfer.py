"""From arrays to tensors and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

__all__ = ["as_arrays", "as_tensor", "load_weights"]


def as_tensor(values: np.ndarray | None, device: Any) -> Tensor | None:
    """The array on the device; 64-bit floats become 32-bit ones.

    Images keep their order in memory: channels last is what convolutions are quickest with.
    """
    if values is None:
        return None
    values = values if values.ndim == 4 else np.ascontiguousarray(values)
    return torch.as_tensor(values.astype(np.float32) if values.dtype == np.float64 else values).to(device)


def as_arrays(*tensors: Tensor) -> tuple[np.ndarray, ...]:
    """The tensors in the memory of the host."""
    return tuple(values.detach().cpu().numpy() for values in tensors)


def load_weights(model: nn.Module, weights: Mapping[str, np.ndarray]) -> None:
    """Give the model the parameters that ``state_dict`` named."""
    model.load_state_dict({name: torch.as_tensor(values.copy()) for name, values in weights.items()})
    model.eval()
