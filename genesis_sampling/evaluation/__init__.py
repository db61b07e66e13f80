"""Judging: does augmentation help, what leaks, and what do the data need."""

from ..metrics.augmentation import AugmentationMetrics
from .advisor import Diagnosis, diagnose
from .compare import ComparisonResult, DatasetsComparison, compare_over_datasets, compare_samplers
from .leakage import LeakageReport, audit_leakage

__all__ = [
    "AugmentationMetrics",
    "ComparisonResult",
    "DatasetsComparison",
    "Diagnosis",
    "LeakageReport",
    "audit_leakage",
    "compare_over_datasets",
    "compare_samplers",
    "diagnose",
]
