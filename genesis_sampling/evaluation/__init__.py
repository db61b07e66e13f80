"""Judging: the figures of augmented tables."""

from ..metrics.augmentation import AugmentationMetrics

__all__ = ["AugmentationMetrics"]
