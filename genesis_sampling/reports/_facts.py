"""What advice is made from: figures, and bounds beyond which chance does not explain them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

__all__ = ["Facts"]

# A distribution, or the table of two columns, that is a tenth off is off to the eye; fresh real rows of common tables
# score .97 and more, and where there are so few rows that chance alone takes more, the bound follows their number.
LOW_SCORE = 0.9
# Kolmogorov's bound for two samples at 1 %: chance takes more than 1.63 sqrt(1/n + 1/m) off one score in a hundred.
CHANCE = 1.63
# Of fresh rows about half are authentic, in few columns fewer: of a single number a third.
LOW_AUTHENTICITY, LOW_AUTHENTICITY_OF_FEW, FEW_COLUMNS = 0.4, 0.25, 4


@dataclass(frozen=True)
class Facts:
    """What is known of an augmentation, as :func:`advise` takes it."""

    figures: Mapping[str, float | None]
    column_shapes: pd.Series | None
    pair_trends: pd.DataFrame | None
    counts: Mapping[Any, int]
    rejected: Mapping[str, int]
    n_generated: int
    n_rows: tuple[int, int] | None
    n_columns: int | None
    lost: pd.DataFrame | None
    utility: pd.DataFrame | None
    intervals: Mapping[str, tuple[float, float] | None]

    def __getitem__(self, key: str) -> float:
        """A figure; NaN, which is neither below nor above any bound, where it is unknown."""
        value = self.figures.get(key)
        return math.nan if value is None else float(value)

    @property
    def low_authenticity(self) -> float:
        """The share of authentic rows below which rows lean on others."""
        few = self.n_columns is not None and self.n_columns <= FEW_COLUMNS
        return LOW_AUTHENTICITY_OF_FEW if few else LOW_AUTHENTICITY

    def surely(self, key: str) -> float:
        """The end of a figure's interval that is nearer to its ideal of 0.5 from above; the figure if it has none."""
        interval = self.intervals.get(key)
        return self[key] if interval is None else interval[0]

    def low_score(self, chance: float = CHANCE) -> float:
        """The score below which columns are off by more than chance explains."""
        if self.n_rows is None or not min(self.n_rows):
            return LOW_SCORE
        return min(LOW_SCORE, 1 - chance * math.sqrt(sum(1 / n for n in self.n_rows)))
