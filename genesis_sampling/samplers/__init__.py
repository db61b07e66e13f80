"""The samplers: everything with ``fit_resample``."""

from .filtered import ConstraintFilter
from .generative import GENERATORS, GenerativeOverSampler
from .hybrid import HybridSampler
from .noise import NoiseSampler

__all__ = ["GENERATORS", "ConstraintFilter", "GenerativeOverSampler", "HybridSampler", "NoiseSampler"]
