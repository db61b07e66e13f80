"""The main jobs in one call each, for a table with its target as one of the columns."""

from ._counts import STRATEGIES
from ._methods import GENERATING_METHODS, METHODS, TRAINED_METHODS
from .augmenting import Augmented, augment, augment_imbalanced
from .conditional import ConditionalGenerator
from .generating import generate
from .mixing import Mixture, mixup
from .reporting import quality_report

__all__ = [
    "GENERATING_METHODS",
    "METHODS",
    "STRATEGIES",
    "TRAINED_METHODS",
    "Augmented",
    "ConditionalGenerator",
    "Mixture",
    "augment",
    "augment_imbalanced",
    "generate",
    "mixup",
    "quality_report",
]
