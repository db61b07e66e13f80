"""Products of matrices with fewer digits, where a device multiplies these faster."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from functools import cache

import torch

__all__ = ["fewer_digits"]


def fewer_digits(device: torch.device) -> AbstractContextManager:
    """Within it products of matrices are of bfloat16, where the device has units for them; elsewhere nothing changes.

    It pays for layers of some hundred units: what narrower ones gain is lost to the conversions.
    """
    if not _has_units(device.type):
        return nullcontext()
    return torch.autocast(device.type, dtype=torch.bfloat16)


@cache
def _has_units(kind: str) -> bool:
    if kind == "cuda":
        return torch.cuda.get_device_capability() >= (8, 0)
    # Without such units a CPU converts to no avail. Older releases of torch do not tell.
    tell = getattr(torch.cpu, "get_capabilities", None)
    return kind == "cpu" and tell is not None and bool(tell().get("amx_bf16", False))
