"""The samplers: everything with ``fit_resample``."""

from ._segments import KINDS
from .auto import AutoSampler
from .classifier import AugmentedClassifier
from .constrained import ConstraintFilter
from .filtered import DiversityFilter, QualityFilter
from .generative import GENERATORS, GenerativeOverSampler
from .hybrid import HybridSampler
from .interpolation import InterpolationSampler
from .mixup import MixupSampler
from .noise import NoiseSampler

__all__ = [
    "GENERATORS",
    "KINDS",
    "AugmentedClassifier",
    "AutoSampler",
    "ConstraintFilter",
    "DiversityFilter",
    "GenerativeOverSampler",
    "HybridSampler",
    "InterpolationSampler",
    "MixupSampler",
    "NoiseSampler",
    "QualityFilter",
]
