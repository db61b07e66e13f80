"""The samplers: everything with ``fit_resample``."""

from ._segments import KINDS
from .auto import AutoSampler
from .auto_classifier import AutoAugmentedClassifier
from .classifier import AugmentedClassifier
from .constrained import ConstraintFilter
from .distillation import DistillationSampler
from .filtered import DiversityFilter, QualityFilter
from .generative import GENERATORS, GenerativeOverSampler
from .hard_example import AdversarialSampler, HardExampleSampler
from .hybrid import HybridSampler
from .interpolation import InterpolationSampler
from .mixup import MixupSampler
from .noise import NoiseSampler

__all__ = [
    "GENERATORS",
    "KINDS",
    "AdversarialSampler",
    "AugmentedClassifier",
    "AutoAugmentedClassifier",
    "AutoSampler",
    "ConstraintFilter",
    "DistillationSampler",
    "DiversityFilter",
    "GenerativeOverSampler",
    "HardExampleSampler",
    "HybridSampler",
    "InterpolationSampler",
    "MixupSampler",
    "NoiseSampler",
    "QualityFilter",
]
