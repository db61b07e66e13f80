"""Pictures of real and synthetic tables, in scikit-learn's Display style.

Each display is made by ``from_samples``, keeps what it draws as attributes, and draws again with ``plot(ax=...)``.
The only package that imports matplotlib.
"""

# ruff: noqa: E402 (what is missing is said before anything here is imported)

from ..._optional import import_extra

import_extra("matplotlib", extra="plots", needed_for="Plotting")

from ._association import AssociationDisplay
from ._comparison import ComparisonDisplay
from ._histograms import NearestNeighborDisplay, ScoreDisplay
from ._items import ItemsDisplay
from ._marginals import MarginalsDisplay
from ._picture import Picture, draw_picture
from ._points import ProjectionDisplay, ScatterDisplay
from ._ranks import RanksDisplay

__all__ = [
    "AssociationDisplay",
    "ComparisonDisplay",
    "ItemsDisplay",
    "MarginalsDisplay",
    "NearestNeighborDisplay",
    "Picture",
    "ProjectionDisplay",
    "RanksDisplay",
    "ScatterDisplay",
    "ScoreDisplay",
    "draw_picture",
]
