"""Networks: tensors in, tensors out. The only place that imports torch, when one of its names is first asked for."""

import importlib
from typing import TYPE_CHECKING

from .._optional import import_extra

if TYPE_CHECKING:  # for type checkers and editors, which do not run __getattr__
    from .diffusion import MaskedConfig, MaskedDiffusion, MaskedSteps, Restriction
    from .gan import Gan, GanConfig, GanSteps
    from .image_gan import ImageGan, ImageGanConfig, ImageGanSteps
    from .image_vae import ImageVae, ImageVaeConfig, ImageVaeSteps
    from .layout import Layout
    from .training import History, Trainer, TrainingConfig, resolve_device, seeded
    from .transfer import as_arrays, as_tensor, load_weights
    from .vae import Vae, VaeConfig, VaeSteps

# Module -> the names that live there.
_CATALOGUE = {
    ".diffusion": ["MaskedConfig", "MaskedDiffusion", "MaskedSteps", "Restriction"],
    ".gan": ["Gan", "GanConfig", "GanSteps"],
    ".image_gan": ["ImageGan", "ImageGanConfig", "ImageGanSteps"],
    ".image_vae": ["ImageVae", "ImageVaeConfig", "ImageVaeSteps"],
    ".layout": ["Layout"],
    ".training": ["History", "Trainer", "TrainingConfig", "resolve_device", "seeded"],
    ".transfer": ["as_arrays", "as_tensor", "load_weights"],
    ".vae": ["Vae", "VaeConfig", "VaeSteps"],
}
_HOME = {name: module for module, names in _CATALOGUE.items() for name in names}

__all__ = [
    "Gan",
    "GanConfig",
    "GanSteps",
    "History",
    "ImageGan",
    "ImageGanConfig",
    "ImageGanSteps",
    "ImageVae",
    "ImageVaeConfig",
    "ImageVaeSteps",
    "Layout",
    "MaskedConfig",
    "MaskedDiffusion",
    "MaskedSteps",
    "Restriction",
    "Trainer",
    "TrainingConfig",
    "Vae",
    "VaeConfig",
    "VaeSteps",
    "as_arrays",
    "as_tensor",
    "load_weights",
    "resolve_device",
    "seeded",
]


def __getattr__(name):
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import_extra("torch", extra="torch", needed_for="A neural generator")
    value = getattr(importlib.import_module(_HOME[name], __name__), name)
    globals()[name] = value
    return value


def __dir__():
    return sorted({*globals(), *__all__})
