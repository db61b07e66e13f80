"""What each figure of an augmentation is called, what it would ideally be, and how it is written."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

__all__ = ["DIVERSITY", "FIDELITY", "PRIVACY", "FigureText", "ideal_text", "value_text"]


class FigureText(NamedTuple):
    """How a figure is explained.

    Parameters
    ----------
    title : str
    meaning : str
    ideal : str
        What it is for fresh real rows, as words; or in braces the key of the figure that tells, with words for when
        that is unknown, as in ``"{duplicate_share_real|as in the real rows}"``.
    style : {"number", "share", "count"}, default="number"
    """

    title: str
    meaning: str
    ideal: str
    style: str = "number"


FIDELITY = {
    "quality_score": FigureText("Quality score", "mean of shape and trend", "1"),
    "shape": FigureText("Shape", "how well single columns match, on average", "1"),
    "trend": FigureText("Trend", "how well pairs of columns match, on average", "1"),
    "missing_pattern_distance": FigureText(
        "Distance of missing patterns", "how far the combinations of missing values differ", "0"
    ),
    "c2st": FigureText(
        "C2ST, boosted trees", "area under the ROC curve with which they tell synthetic from real rows", "0.5"
    ),
    "c2st_logistic": FigureText(
        "C2ST, logistic regression", "the same for a linear model, which sees little", "0.5"
    ),
    "alpha_precision": FigureText("Alpha-precision", "how typical synthetic rows are of real ones", "1"),
    "density": FigureText("Density", "how crowded with real rows the places of synthetic rows are", "1"),
}
DIVERSITY = {
    "beta_recall": FigureText("Beta-recall", "how much of the variety of real rows is reached", "1"),
    "coverage": FigureText("Coverage", "share of real rows with a synthetic neighbour", "near 1"),
    "duplicate_share": FigureText(
        "Duplicates",
        "synthetic rows that repeat another one",
        "{duplicate_share_real|as in real rows}",
        "share",
    ),
    "nearest_distance_ratio": FigureText(
        "Distance of neighbours", "median among synthetic rows, divided by that among real ones", "1"
    ),
    "categories_lost": FigureText(
        "Categories lost", "categories of real rows that no synthetic row has", "0", "count"
    ),
    "modes_lost": FigureText(
        "Modes lost", "groups of real rows near which no synthetic row lies", "0", "count"
    ),
}
PRIVACY = {
    "exact_copies": FigureText(
        "Exact copies",
        "synthetic rows that equal a training row",
        "{exact_copies_holdout|as in fresh rows}",
        "share",
    ),
    "nearer_to_train": FigureText(
        "Nearer to training rows",
        "synthetic rows nearer to a training row than to a fresh one",
        "50 %",
        "share",
    ),
    "authenticity": FigureText(
        "Authenticity",
        "synthetic rows farther from a real row than its real neighbour",
        "about 50 %, in few columns a third",
        "share",
    ),
    "membership_distance": FigureText(
        "Membership by distance", "area under the ROC curve of an attacker who guesses from distances", "0.5"
    ),
    "membership_domias": FigureText(
        "Membership by density", "the same for one who compares densities (DOMIAS)", "0.5"
    ),
}


def value_text(value: Any, style: str = "number") -> str:
    """A figure as people read it; a dash where there is none."""
    if value is None or not math.isfinite(value):
        return "–"
    if style == "share":
        return f"{100 * value:.1f} %" if 0 < value < 0.1 else f"{100 * value:.0f} %"
    if style == "count" and float(value).is_integer():
        return f"{value:,.0f}"
    return f"{value:.3f}"


def ideal_text(text: FigureText, figures: Mapping[str, Any]) -> str:
    """What a figure would ideally be."""
    if not text.ideal.startswith("{"):
        return text.ideal
    key, words = text.ideal.strip("{}").split("|")
    value = value_text(figures.get(key), text.style)
    return words if value == "–" else f"{value}, {words}"
