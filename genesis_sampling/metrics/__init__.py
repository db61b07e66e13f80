"""How good synthetic rows are: fidelity, diversity, privacy, use, and what they do to groups."""

from .augmentation import AugmentationMetrics

__all__ = ["AugmentationMetrics"]
