"""The samplers: everything with ``fit_resample``."""

from ._segments import KINDS
from .adversarial_items import AdversarialExampleSampler
from .audio import AudioSampler
from .auto import AutoSampler
from .auto_classifier import AutoAugmentedClassifier
from .classifier import AugmentedClassifier
from .constrained import ConstraintFilter
from .distillation import DistillationSampler
from .filtered import DiversityFilter, QualityFilter
from .flattened import FlattenedSampler
from .generative import GENERATORS, GenerativeOverSampler
from .hard_example import AdversarialSampler, HardExampleSampler
from .hybrid import HybridSampler
from .image import ImageSampler
from .interpolation import InterpolationSampler
from .mixup import MixupSampler
from .noise import NoiseSampler
from .style import StyleTransferSampler
from .text import TextSampler
from .time_series import TimeSeriesSampler
from .transform import TransformSampler

__all__ = [
    "GENERATORS",
    "KINDS",
    "AdversarialExampleSampler",
    "AdversarialSampler",
    "AudioSampler",
    "AugmentedClassifier",
    "AutoAugmentedClassifier",
    "AutoSampler",
    "ConstraintFilter",
    "DistillationSampler",
    "DiversityFilter",
    "FlattenedSampler",
    "GenerativeOverSampler",
    "HardExampleSampler",
    "HybridSampler",
    "ImageSampler",
    "InterpolationSampler",
    "MixupSampler",
    "NoiseSampler",
    "QualityFilter",
    "StyleTransferSampler",
    "TextSampler",
    "TimeSeriesSampler",
    "TransformSampler",
]
