"""The samplers: everything with ``fit_resample``."""

from ._segments import KINDS
from .filtered import ConstraintFilter
from .generative import GENERATORS, GenerativeOverSampler
from .hybrid import HybridSampler
from .interpolation import InterpolationSampler
from .mixup import MixupSampler
from .noise import NoiseSampler

__all__ = [
    "GENERATORS",
    "KINDS",
    "ConstraintFilter",
    "GenerativeOverSampler",
    "HybridSampler",
    "InterpolationSampler",
    "MixupSampler",
    "NoiseSampler",
]
