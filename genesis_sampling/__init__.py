"""genesis-sampling: every augmentation method as a scikit-learn / imbalanced-learn sampler.

Names are resolved on first use, so ``import genesis_sampling`` loads nothing heavy.
"""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .samplers import NoiseSampler

# Where each public name lives.
_CATALOGUE = {
    "NoiseSampler": ".samplers",
}

__all__ = [
    "NoiseSampler",
]


def __getattr__(name):
    if name in _CATALOGUE:
        value = getattr(importlib.import_module(_CATALOGUE[name], __name__), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return sorted({*globals(), *__all__})
