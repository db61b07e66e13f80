"""How far a made row passes for a real row of its class: a score in [0, 1]."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np

from ..tables.discriminator import CrossFitted, Discriminator
from ..tables.neighbors import EuclideanDistances, NeighborSearch

__all__ = ["SCORERS", "ClassRows", "ClassifierScorer", "DensityScorer", "DiscriminatorScorer", "Scorer"]

# With fewer rows of a class nothing can be learned that would hold for others.
MIN_ROWS = 10
# Share of real rows that may score below 1 by how far out they lie, or by how little they look like their class.
OUTER_SHARE = 0.05
NEIGHBORS = 5
FOLDS = 5


@dataclass(frozen=True)
class ClassRows:
    """What a scorer may learn from.

    Parameters
    ----------
    table : ndarray of shape (n_rows, n_columns)
        The encoded rows of all classes, NaN where a value is missing.
    classes : ndarray of int of shape (n_rows,)
        Their classes.
    code : int
        The class whose rows are made.
    made : ndarray of shape (n_made, n_columns)
        Rows from the same source as the candidates, none of which is a candidate.
    discrete : ndarray of bool of shape (n_columns,)
        Columns that hold positions of categories.
    distances : EuclideanDistances
        Of rows of the table.
    seed : int
    """

    table: np.ndarray
    classes: np.ndarray
    code: int
    made: np.ndarray
    discrete: np.ndarray
    distances: EuclideanDistances
    seed: int

    @property
    def real(self) -> np.ndarray:
        """The real rows of the class."""
        return self.table[self.classes == self.code]


class Scorer(ABC):
    """Scores candidates: 1 where a row cannot be told from a real row of its class, less where it can."""

    #: The score of a row as far from real ones as can be, once fitted.
    least_score = 0.0
    needs_made = False
    needs_others = False

    @abstractmethod
    def fit(self, rows: ClassRows) -> Scorer:
        """Learn one class."""

    @abstractmethod
    def score(self, codes: np.ndarray) -> np.ndarray:
        """Scores of encoded candidates, shape (n_candidates,), in [0, 1]."""


class DiscriminatorScorer(Scorer):
    """min(1, 2 P(real)), where boosted trees have learned to tell the real rows of the class from made ones."""

    needs_made = True

    def fit(self, rows: ClassRows) -> Scorer:
        """Learn to tell the real rows of the class from the made ones."""
        self._discriminator = Discriminator(seed=rows.seed).fit(rows.real, rows.made, rows.discrete)
        return self

    def score(self, codes: np.ndarray) -> np.ndarray:
        """How far candidates pass for real."""
        return self._discriminator.score(codes)


class _RankedScorer(Scorer):
    """A score by rank: 1 unless the row is less typical than 95 % of the real rows of the class.

    With typicality :math:`t`, measured for each real row without that row, the score is

    .. math:: \\min\\left(1, \\frac{1 + \\#\\{i : t_i \\le t\\}}{\\alpha (n + 1)}\\right), \\quad \\alpha = 0.05,

    so a fresh real row scores below :math:`s` with a probability of about :math:`\\alpha s`, whatever the class looks
    like (conformal p-values [1]_).

    References
    ----------
    .. [1] V. Vovk, A. Gammerman, G. Shafer, "Algorithmic Learning in a Random World", Springer, 2005.
    """

    _known: np.ndarray

    @abstractmethod
    def _typicality(self, codes: np.ndarray) -> np.ndarray:
        """The larger, the more typical; for candidates."""

    @property
    def least_score(self) -> float:  # type: ignore[override]
        """The score of a row that is less typical than all real ones."""
        return min(1.0, 1 / (OUTER_SHARE * (len(self._known) + 1)))

    def score(self, codes: np.ndarray) -> np.ndarray:
        """Rank of the candidates among the real rows, 1 from the outer ones on."""
        rank = np.searchsorted(self._known, self._typicality(codes), side="right")
        return np.minimum(1.0, (1 + rank) / (OUTER_SHARE * (len(self._known) + 1)))


class DensityScorer(_RankedScorer):
    """Typical is what has real rows of the class nearby: the distance to the fifth nearest."""

    def fit(self, rows: ClassRows) -> Scorer:
        """Learn how far apart the real rows of the class lie."""
        real = rows.real
        self._search = NeighborSearch(rows.distances.scaled_to(real), real, seed=rows.seed)
        self._k = min(NEIGHBORS, len(real) - 1)
        reach, _ = self._search.query(real, self._k, own=np.arange(len(real)))
        self._known = np.sort(-reach[:, -1])
        return self

    def _typicality(self, codes: np.ndarray) -> np.ndarray:
        return -self._search.query(codes, self._k)[0][:, -1]


class ClassifierScorer(_RankedScorer):
    """Typical is what boosted trees, fitted to the other folds of the real rows, count to the class.

    Classes weigh alike, so that a rare one is not drowned by the others. Made rows on the wrong side are turned down:
    where classes overlap, they are what makes over-sampling do harm.
    """

    needs_others = True

    def fit(self, rows: ClassRows) -> Scorer:
        """Learn what the real rows of the class look like beside those of the others."""
        belongs = rows.classes == rows.code
        n_folds = min(FOLDS, int(belongs.sum()), int((~belongs).sum()))
        self._classifier = CrossFitted(n_folds=n_folds, seed=rows.seed).fit(
            rows.table, belongs, rows.discrete
        )
        self._known = np.sort(self._classifier.margin_[belongs])
        return self

    def _typicality(self, codes: np.ndarray) -> np.ndarray:
        return self._classifier.margins(codes).mean(axis=0)


SCORERS: dict[str, type[Scorer]] = {
    "discriminator": DiscriminatorScorer,
    "density": DensityScorer,
    "classifier": ClassifierScorer,
}
