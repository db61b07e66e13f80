"""What happened, for people to read."""

from .report import AugmentationReport

__all__ = ["AugmentationReport"]
