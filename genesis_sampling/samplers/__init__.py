"""The samplers: everything with ``fit_resample``."""

from .filtered import ConstraintFilter
from .generative import GenerativeOverSampler
from .hybrid import HybridSampler
from .noise import NoiseSampler

__all__ = ["ConstraintFilter", "GenerativeOverSampler", "HybridSampler", "NoiseSampler"]
