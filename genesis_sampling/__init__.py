"""genesis-sampling: every augmentation method as one scikit-learn / imbalanced-learn sampler.

Names are resolved on first use, so ``import genesis_sampling`` itself loads nothing heavy.
"""

import importlib
from importlib.metadata import version as _installed_version
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # for type checkers and editors, which do not run __getattr__
    from .evaluation import (
        ComparisonResult,
        DatasetsComparison,
        Diagnosis,
        LeakageReport,
        audit_leakage,
        compare_over_datasets,
        compare_samplers,
        diagnose,
    )
    from .exceptions import (
        ConstraintError,
        ConstraintParseError,
        DataError,
        GenesisError,
        GenesisWarning,
        IdentifierWarning,
        MissingExtraError,
        MixedTypesError,
        NeighborsWarning,
        SmallClassWarning,
        TargetNotReachedError,
        TrainingError,
    )
    from .filters import Constraint
    from .functional import ConditionalGenerator, augment_imbalanced, generate, mixup, quality_report
    from .generators import (
        CTGANGenerator,
        DCGANGenerator,
        DiffusionGenerator,
        EstimatorGenerator,
        GaussianCopulaGenerator,
        ImageVAEGenerator,
        TreeGenerator,
        TVAEGenerator,
    )
    from .metrics import AugmentationMetrics
    from .reports import AugmentationReport
    from .samplers import (
        AdversarialExampleSampler,
        AdversarialSampler,
        AudioSampler,
        AugmentedClassifier,
        AutoAugmentedClassifier,
        AutoSampler,
        ConstraintFilter,
        DistillationSampler,
        DiversityFilter,
        FlattenedSampler,
        GenerativeOverSampler,
        HardExampleSampler,
        HybridSampler,
        ImageSampler,
        InterpolationSampler,
        MixupSampler,
        NoiseSampler,
        QualityFilter,
        StyleTransferSampler,
        TextSampler,
        TimeSeriesSampler,
        TransformSampler,
    )
    from .tables import TableNeighbors

__version__ = _installed_version("genesis-sampling")

# Module -> the public names that live there.
_CATALOGUE = {
    ".functional": ["ConditionalGenerator", "augment_imbalanced", "generate", "mixup", "quality_report"],
    ".samplers": [
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
    ],
    ".evaluation": [
        "ComparisonResult",
        "DatasetsComparison",
        "Diagnosis",
        "LeakageReport",
        "audit_leakage",
        "compare_over_datasets",
        "compare_samplers",
        "diagnose",
    ],
    ".tables": ["TableNeighbors"],
    ".generators": [
        "CTGANGenerator",
        "DCGANGenerator",
        "DiffusionGenerator",
        "EstimatorGenerator",
        "GaussianCopulaGenerator",
        "ImageVAEGenerator",
        "TVAEGenerator",
        "TreeGenerator",
    ],
    ".filters": ["Constraint"],
    ".metrics": ["AugmentationMetrics"],
    ".reports": ["AugmentationReport"],
    ".exceptions": [
        "ConstraintError",
        "ConstraintParseError",
        "DataError",
        "GenesisError",
        "GenesisWarning",
        "IdentifierWarning",
        "MissingExtraError",
        "MixedTypesError",
        "NeighborsWarning",
        "SmallClassWarning",
        "TargetNotReachedError",
        "TrainingError",
    ],
}
_HOME = {name: module for module, names in _CATALOGUE.items() for name in names}

__all__ = [
    "AdversarialExampleSampler",
    "AdversarialSampler",
    "AudioSampler",
    "AugmentationMetrics",
    "AugmentationReport",
    "AugmentedClassifier",
    "AutoAugmentedClassifier",
    "AutoSampler",
    "CTGANGenerator",
    "ComparisonResult",
    "ConditionalGenerator",
    "Constraint",
    "ConstraintError",
    "ConstraintFilter",
    "ConstraintParseError",
    "DCGANGenerator",
    "DataError",
    "DatasetsComparison",
    "Diagnosis",
    "DiffusionGenerator",
    "DistillationSampler",
    "DiversityFilter",
    "EstimatorGenerator",
    "FlattenedSampler",
    "GaussianCopulaGenerator",
    "GenerativeOverSampler",
    "GenesisError",
    "GenesisWarning",
    "HardExampleSampler",
    "HybridSampler",
    "IdentifierWarning",
    "ImageSampler",
    "ImageVAEGenerator",
    "InterpolationSampler",
    "LeakageReport",
    "MissingExtraError",
    "MixedTypesError",
    "MixupSampler",
    "NeighborsWarning",
    "NoiseSampler",
    "QualityFilter",
    "SmallClassWarning",
    "StyleTransferSampler",
    "TVAEGenerator",
    "TableNeighbors",
    "TargetNotReachedError",
    "TextSampler",
    "TimeSeriesSampler",
    "TrainingError",
    "TransformSampler",
    "TreeGenerator",
    "audit_leakage",
    "augment_imbalanced",
    "compare_over_datasets",
    "compare_samplers",
    "diagnose",
    "generate",
    "mixup",
    "quality_report",
]


def __getattr__(name):
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOME[name], __name__), name)
    globals()[name] = value
    return value


def __dir__():
    return sorted({*globals(), *__all__})
