"""Judging: does augmentation help, what leaks, and what do the data need."""

from ..metrics.augmentation import AugmentationMetrics
from .advisor import Diagnosis, diagnose
from .leakage import LeakageReport, audit_leakage

__all__ = ["AugmentationMetrics", "Diagnosis", "LeakageReport", "audit_leakage", "diagnose"]
