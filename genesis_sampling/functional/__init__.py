"""The main jobs in one call each, for a table with its target as one of the columns."""

from ._counts import STRATEGIES
from ._methods import GENERATING_METHODS, METHODS
from .augmenting import Augmented, augment, augment_imbalanced
from .generating import generate

__all__ = [
    "GENERATING_METHODS",
    "METHODS",
    "STRATEGIES",
    "Augmented",
    "augment",
    "augment_imbalanced",
    "generate",
]
