"""Which candidates lie near the boundary of their class, on its own side."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from ._hard_models import Boundary, fit_boundary, has_too_few_rows
from .data import ClassData, NewRows, Sieve

__all__ = ["HardSieve"]

# Candidates from which it is learned how near the boundary these come.
N_REFERENCE = 500
# Least share of the candidates that pass: with fewer, too many would have to be made.
MIN_PASSING = 0.02
ACROSS, EASY = "across the boundary", "too easy"


class HardSieve(Sieve):
    """Lets candidates pass that are on their own side of the boundary, the nearest share of them.

    Parameters
    ----------
    hardness : float in [0, 1)
        Share of the candidates on their own side that is turned down because it lies farther from the boundary.
    estimator : classifier or None
    n_folds : int
        Of which the models of the boundary leave out each two.
    choices : dict, default=None
        Where it is written down what was found out about a class.
    boundary : Boundary, default=None
        Of a table that has been learned; None lets all candidates pass.
    bounds : tuple of float, default=(-inf, inf)
        Least and largest margin that passes.
    """

    def __init__(
        self,
        hardness: float,
        estimator: Any,
        n_folds: int,
        choices: dict[str, Any] | None = None,
        boundary: Boundary | None = None,
        bounds: tuple[float, float] = (-np.inf, np.inf),
    ):
        self.hardness = hardness
        self.estimator = estimator
        self.n_folds = n_folds
        self.choices = {} if choices is None else choices
        self.boundary = boundary
        self.bounds = bounds

    def for_class(self, part: ClassData, draw: Callable[[int], NewRows]) -> Sieve:
        if has_too_few_rows(part, "no new row is judged by it"):
            return self
        boundary = fit_boundary(self.estimator, self.n_folds, part.data)
        margins = _margins(boundary, draw(N_REFERENCE), part)
        self.choices |= {
            f"real rows on their own side of the boundary of class {part.label!r}": _share(
                boundary.margins(part.rows, part.code, part.positions) >= 0
            ),
            f"candidates on their own side of the boundary of class {part.label!r}": _share(margins >= 0),
        }
        bounds = self._bounds(margins, part)
        return HardSieve(self.hardness, self.estimator, self.n_folds, self.choices, boundary, bounds)

    def judge(self, rows: NewRows, accepted: pd.DataFrame, part: ClassData) -> tuple[NewRows, np.ndarray]:
        if self.boundary is None:
            return rows, np.full(len(rows), "", dtype=object)
        margins = _margins(self.boundary, rows, part)
        low, high = self.bounds
        reasons = np.where(margins < low, ACROSS, np.where(margins > high, EASY, ""))
        return replace(rows, scores=margins), reasons.astype(object)

    def _bounds(self, margins: np.ndarray, part: ClassData) -> tuple[float, float]:
        """Margins that pass, by those of candidates; wider than asked for where too few would."""
        if not len(margins):
            return 0.0, np.inf
        own = margins[margins >= 0]
        passing = (1 - self.hardness) * len(own) / len(margins)
        if passing >= MIN_PASSING:
            return 0.0, float(np.quantile(own, 1 - self.hardness)) if self.hardness else np.inf
        if len(own) >= MIN_PASSING * len(margins):
            part.warn(
                f"has so few candidates on its own side of the boundary ({_share(margins >= 0):.1%}) that easier ones "
                f"are taken than hardness={self.hardness:g} asks for"
            )
            return 0.0, float(np.quantile(own, MIN_PASSING * len(margins) / len(own)))
        part.warn(
            f"has next to no candidates on its own side of the boundary ({_share(margins >= 0):.1%}), so the nearest "
            "on the other side are taken too. Use a sampler that stays closer to the real rows, or an estimator that "
            "tells the classes apart"
        )
        return float(np.quantile(margins, 1 - MIN_PASSING)), np.inf


def _margins(boundary: Boundary, rows: NewRows, part: ClassData) -> np.ndarray:
    return boundary.margins(rows.frame, part.code, rows.sources, rows.partners)


def _share(mask: np.ndarray) -> float:
    return round(float(mask.mean()), 3) if len(mask) else 0.0
