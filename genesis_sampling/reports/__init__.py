"""What happened, for people to read."""

from typing import TYPE_CHECKING

from .advice import Advice, advise
from .report import AugmentationReport

if TYPE_CHECKING:  # for type checkers and editors, which do not run __getattr__
    from .plots import (
        AssociationDisplay,
        ComparisonDisplay,
        ItemsDisplay,
        MarginalsDisplay,
        NearestNeighborDisplay,
        ProjectionDisplay,
        RanksDisplay,
        ScatterDisplay,
        ScoreDisplay,
    )

__all__ = [
    "Advice",
    "AssociationDisplay",
    "AugmentationReport",
    "ComparisonDisplay",
    "ItemsDisplay",
    "MarginalsDisplay",
    "NearestNeighborDisplay",
    "ProjectionDisplay",
    "RanksDisplay",
    "ScatterDisplay",
    "ScoreDisplay",
    "advise",
]


def __getattr__(name):
    # matplotlib is an extra, and is loaded when a display is asked for.
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from . import plots

    return getattr(plots, name)
