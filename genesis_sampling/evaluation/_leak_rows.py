"""The rows that are audited, and how many of them may have relatives by chance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import binom

__all__ = ["MARGIN", "MIN_QUERIES", "SPLIT_FIRST", "Rows", "Share", "keys", "references", "shuffled"]

# Classes with fewer validation rows say nothing.
MIN_QUERIES = 10
# What is beyond chance must be so by this level, and by a margin: tables have quirks of their own.
ALPHA = 1e-6
MARGIN = 0.1
# What is expected is known from few rows: less than so much is never assumed.
FLOOR = 0.02
# A class is compared with those that are about as large as the largest: over-sampling goes no further than that.
ABOUT_AS_LARGE = 0.8
SPLIT_FIRST = (
    "Split first, and resample training rows alone: give the table as it was, and put the sampler into the "
    "pipeline."
)


@dataclass(frozen=True)
class Rows:
    """The table, its classes and the folds.

    Parameters
    ----------
    frame : DataFrame of shape (n_rows, n_columns)
    codes : ndarray of int of shape (n_rows,)
        Position of the class of each row.
    classes : list
    splits : list of (train, validation)
        Positions.
    """

    frame: pd.DataFrame
    codes: np.ndarray
    classes: list[Any]
    splits: list[tuple[np.ndarray, np.ndarray]]


@dataclass(frozen=True)
class Share:
    """How many of the validation rows of a class have relatives, and how many would have without a leak."""

    n_rows: int
    n_found: int
    expected: float

    @property
    def value(self) -> float:
        """The share that was found."""
        return self.n_found / self.n_rows if self.n_rows else 0.0

    def as_evidence(self) -> dict[str, Any]:
        """The figures of a finding."""
        return {"share": self.value, "expected": self.expected, "n_rows": self.n_rows}

    def exceeds(self, share: float) -> bool:
        """Whether it is beyond a share, and beyond what is expected, by far more than chance explains."""
        least = max(share, self.expected, FLOOR)
        return (
            self.n_rows >= MIN_QUERIES
            and self.value > least + MARGIN
            and self.value > 3 * least / (1 + 2 * least)  # odds of three to one
            and bool(binom.sf(self.n_found - 1, self.n_rows, least) < ALPHA)
        )


def references(rows: Rows, code: int) -> np.ndarray:
    """The other classes that are about as large as the largest one: that one was not over-sampled."""
    counts = np.bincount(rows.codes, minlength=len(rows.classes))
    large = np.flatnonzero(counts >= ABOUT_AS_LARGE * counts.max())
    return large[large != code]


def keys(table: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """One number per row: equal for rows of one class that are equal in every column, gaps included."""
    # Minus zero equals zero, and one NaN equals another.
    values = np.where(np.isnan(table), np.nan, table + 0.0)
    stacked = np.ascontiguousarray(np.column_stack([values, classes.astype(np.float64)]))
    whole = stacked.view(np.dtype((np.void, stacked.dtype.itemsize * stacked.shape[1]))).ravel()
    return pd.factorize(pd.Series(whole.tolist()))[0]


def shuffled(table: np.ndarray, classes: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The table with each column shuffled within each class."""
    shuffled = table.copy()
    for code in np.unique(classes):
        own = np.flatnonzero(classes == code)
        for column in range(table.shape[1]):
            shuffled[own, column] = table[rng.permutation(own), column]
    return shuffled
