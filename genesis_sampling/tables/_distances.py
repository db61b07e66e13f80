"""How far apart the rows of a mixed, gappy table lie: Euclidean distances of an embedding, or Gower's."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .moments import column_moments

__all__ = ["METRICS", "Distances", "EuclideanDistances", "fit_distances"]

METRICS = ("smote-nc", "hvdm", "gower")
# A column with more categories is compared value by value instead of through one coordinate for each.
MAX_COORDINATES = 32
# Cells of an array that is made on the way.
CHUNK_CELLS = 2**18


class Distances(ABC):
    """Distances between encoded rows, that is rows of float64 codes with NaN where a value is missing."""

    @abstractmethod
    def queries(self, codes: np.ndarray, dtype: Any) -> np.ndarray:
        """What ``compare`` takes on its left, shape (n_rows, n_coordinates)."""

    @abstractmethod
    def references(self, codes: np.ndarray, dtype: Any) -> np.ndarray:
        """What ``compare`` takes on its right, shape (n_coordinates, n_rows)."""

    @abstractmethod
    def compare(
        self, queries: np.ndarray, left: np.ndarray, references: np.ndarray, right: np.ndarray
    ) -> np.ndarray:
        """Numbers that grow with the distance, for each query apart, shape (n_queries, n_references).

        Parameters
        ----------
        queries, references : ndarrays
            From the methods of those names.
        left, right : ndarrays of shape (n_queries, n_columns), (n_references, n_columns)
            The codes that they were made from.
        """

    @abstractmethod
    def rules_out(self, codes: np.ndarray, farthest: np.ndarray, least: np.ndarray, dtype: Any) -> np.ndarray:
        """Whether rows that compared as ``least`` or more are farther away than ``farthest``, rounding included.

        Parameters
        ----------
        codes : ndarray of shape (n_queries, n_columns)
        farthest : ndarray of shape (n_queries,)
            A distance from each query, in float64.
        least : ndarray of shape (n_queries,)
            A number from ``compare``, which was given operands of ``dtype``.
        """

    @abstractmethod
    def between(self, left: np.ndarray, right: np.ndarray) -> np.ndarray:
        """Distances in float64 of rows side by side, from codes of equal shape (n_rows, n_columns)."""

    def to_candidates(self, left: np.ndarray, right: np.ndarray, candidates: np.ndarray) -> np.ndarray:
        """Distances in float64 from each row of ``left`` to its candidates among the rows of ``right``.

        ``candidates`` has shape (n_left, n_candidates), and so has the result.
        """
        found = np.empty(candidates.shape)
        n_rows = max(1, CHUNK_CELLS // max(1, candidates.shape[1] * left.shape[1]))
        for start in range(0, len(left), n_rows):
            chunk = candidates[start : start + n_rows]
            repeated = np.repeat(left[start : start + n_rows], candidates.shape[1], axis=0)
            others = right.take(chunk.ravel(), axis=0, mode="wrap")
            found[start : start + n_rows] = self.between(repeated, others).reshape(chunk.shape)
        return found


@dataclass(frozen=True)
class EuclideanDistances(Distances):
    """Euclidean distances of an embedding of the rows, and a mismatch term for columns of very many categories.

    A missing number lies at the mean, one standard deviation aside: as far from a known number, on average over the
    column, as two known numbers are from each other. A missing category is a category of its own.

    Parameters
    ----------
    numeric : ndarray of int
        Columns of numbers.
    centre, scale : ndarrays of shape (n_numeric,)
        What is taken off them and what they are divided by.
    aside : ndarray of shape (n_numeric,)
        How far aside missing values lie; 0 for columns without any.
    vectors : dict of int to ndarray of shape (n_levels, n_coordinates)
        Point of each category of the other columns, the last one being that of a missing value.
    wide : ndarray of int
        Columns of very many categories.
    mismatch : float
        Squared distance of two categories there.
    """

    numeric: np.ndarray
    centre: np.ndarray
    scale: np.ndarray
    aside: np.ndarray
    vectors: dict[int, np.ndarray]
    wide: np.ndarray
    mismatch: float

    def scaled_to(self, codes: np.ndarray) -> EuclideanDistances:
        """The same with numbers in units of their deviation among these rows, where they have any."""
        mean, deviation, _ = column_moments(codes[:, self.numeric])
        return replace(self, centre=mean, scale=np.where(deviation > 0, deviation, self.scale))

    @property
    def width(self) -> int:
        """Number of coordinates."""
        narrow = sum(points.shape[1] for points in self.vectors.values())
        return len(self.numeric) + np.count_nonzero(self.aside) + narrow

    def embed(self, codes: np.ndarray) -> np.ndarray:
        """Points of the rows, without the columns of very many categories; shape (n_rows, width)."""
        numbers = (codes if len(self.numeric) == codes.shape[1] else codes[:, self.numeric]) - self.centre
        numbers /= self.scale
        if not self.aside.any() and not self.vectors and not np.isnan(numbers.sum()):
            return numbers
        missing = np.isnan(numbers)
        numbers[missing] = 0.0
        parts = [numbers, missing[:, self.aside > 0] * self.aside[self.aside > 0]]
        for column, points in self.vectors.items():
            parts.append(points[_levels(codes[:, column], len(points) - 1)])
        return np.hstack(parts)

    def queries(self, codes: np.ndarray, dtype: Any) -> np.ndarray:
        points = np.ones((len(codes), self.width + 1), dtype=dtype)
        points[:, :-1] = self.embed(codes)
        return points

    def references(self, codes: np.ndarray, dtype: Any) -> np.ndarray:
        return self.prepare(self.embed(codes), dtype)

    @staticmethod
    def prepare(points: np.ndarray, dtype: Any) -> np.ndarray:
        """``references`` for points of the embedding."""
        prepared = np.empty((points.shape[1] + 1, len(points)), dtype=dtype)
        prepared[:-1] = -2 * points.T
        prepared[-1] = np.einsum("ij,ij->i", points, points)
        return prepared

    def compare(self, queries, left, references, right):
        # |q - r|^2 less |q|^2, which is the same for every r.
        compared = queries @ references
        for column in self.wide:
            differs = _differ(left[:, column, None], right[None, :, column])
            compared += compared.dtype.type(self.mismatch) * differs
        return compared

    def rules_out(self, codes, farthest, least, dtype):
        points = self.embed(codes)
        squares = np.einsum("ij,ij->i", points, points)
        # A row within `farthest` lies at most so far from the origin as both together, which bounds the rounding of
        # its scalar product with the query (N. J. Higham, "Accuracy and Stability of Numerical Algorithms", 3.1).
        n_terms = self.width + len(self.wide) + 4
        rounding = n_terms * np.finfo(dtype).eps * (2 * np.sqrt(squares) + farthest) ** 2
        return least >= farthest**2 - squares + rounding

    def between(self, left, right):
        apart = left - right
        if len(self.numeric) < left.shape[1] or np.isnan(apart.sum()):
            apart = self.embed(left) - self.embed(right)
        elif (self.scale != 1).any():
            apart /= self.scale
        squares = np.einsum("ij,ij->i", apart, apart)
        for column in self.wide:
            squares += self.mismatch * _differ(left[:, column], right[:, column])
        return np.sqrt(squares)


@dataclass(frozen=True)
class GowerDistances(Distances):
    """Gower's distance: the mean over the columns that both rows know of |difference| / range, or 1 for a mismatch.

    Parameters
    ----------
    span : ndarray of shape (n_columns,)
        Range of the columns of numbers; NaN marks a column of categories.
    """

    span: np.ndarray

    def queries(self, codes: np.ndarray, dtype: Any) -> np.ndarray:
        return codes

    def references(self, codes: np.ndarray, dtype: Any) -> np.ndarray:
        return codes.T

    def compare(self, queries, left, references, right):
        return self._mean_difference(lambda column: (left[:, column, None], right[None, :, column]))

    def rules_out(self, codes, farthest, least, dtype):
        return np.ones(len(codes), dtype=bool)  # codes are compared as they are

    def between(self, left, right):
        return self._mean_difference(lambda column: (left[:, column], right[:, column]))

    def _mean_difference(self, pair: Callable[[int], tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
        total: np.ndarray | float = 0.0
        known: np.ndarray | float = 0.0
        for column, span in enumerate(self.span):
            a, b = pair(column)
            difference = np.where(np.isnan(a - b), np.nan, a != b) if np.isnan(span) else np.abs(a - b) / span
            total = total + np.nan_to_num(difference)
            known = known + ~np.isnan(difference)
        # Two rows that know no column in common are as far apart as can be.
        return np.divide(total, known, out=np.ones_like(total), where=np.asarray(known) > 0)


def fit_distances(
    codes: np.ndarray,
    discrete: np.ndarray,
    *,
    metric: str = "smote-nc",
    scale: bool = True,
    labels: np.ndarray | None = None,
) -> Distances:
    """Distances for a table like ``codes``.

    Parameters
    ----------
    codes : ndarray of shape (n_rows, n_columns)
        An encoded table, NaN where a value is missing.
    discrete : ndarray of bool of shape (n_columns,)
        Columns that hold positions of categories.
    metric : {"smote-nc", "hvdm", "gower"}, default="smote-nc"
        See :class:`TableNeighbors`.
    scale : bool, default=True
        Whether numbers are divided by their standard deviation, for ``"smote-nc"``.
    labels : ndarray of int of shape (n_rows,), default=None
        Classes of the rows, for ``"hvdm"``.
    """
    numeric = np.flatnonzero(~discrete)
    if metric == "gower":
        spans = np.full(codes.shape[1], np.nan)
        spans[numeric] = _ignoring_gaps(np.fmax, codes[:, numeric]) - _ignoring_gaps(
            np.fmin, codes[:, numeric]
        )
        spans[numeric] = np.where(spans[numeric] > 0, spans[numeric], 1)
        return GowerDistances(spans)
    centre, deviation, has_gaps = column_moments(codes if not discrete.any() else codes[:, numeric])
    deviation = np.where(deviation > 0, deviation, 1)
    scaled = scale or metric == "hvdm"
    # The rule of SMOTE-NC: a mismatch counts as much as the median standard deviation of the numbers.
    mismatch = 1.0 if scaled or not len(numeric) else float(np.median(deviation)) ** 2
    columns = np.flatnonzero(discrete)
    if metric == "hvdm":
        vectors = {int(column): _class_shares(codes[:, column], labels) for column in columns}
    else:
        points = {int(column): _simplex(codes[:, column], mismatch) for column in columns}
        vectors = {column: point for column, point in points.items() if point is not None}
    return EuclideanDistances(
        numeric=numeric,
        centre=centre,
        scale=deviation if scaled else np.ones(len(numeric)),
        aside=np.where(has_gaps, 1.0 if scaled else deviation, 0.0),
        vectors=vectors,
        wide=np.array([column for column in columns if int(column) not in vectors], dtype=np.intp),
        mismatch=mismatch,
    )


def _ignoring_gaps(extreme: np.ufunc, numbers: np.ndarray) -> np.ndarray:
    return np.nan_to_num(extreme.reduce(numbers, axis=0))


def _n_levels(categories: np.ndarray) -> int:
    """Number of categories up to the last that occurs."""
    return int(np.nan_to_num(categories, nan=0).max(initial=0)) + 1


def _levels(categories: np.ndarray, missing: int) -> np.ndarray:
    """Categories as positions; a missing one, or one that was not there at the fit, as the position ``missing``."""
    return np.minimum(np.nan_to_num(categories, nan=missing), missing).astype(np.intp)


def _simplex(categories: np.ndarray, mismatch: float) -> np.ndarray | None:
    """Points for the categories of a column at equal distances, with a missing one last; None if there are many."""
    n_levels = _n_levels(categories)
    if n_levels > MAX_COORDINATES:
        return None
    height = np.sqrt(mismatch / 2)
    # On the diagonal there is a point that is as far from every category as they are from each other.
    missing = height * (1 + np.sqrt(1 + n_levels)) / n_levels
    return np.vstack([height * np.eye(n_levels), np.full(n_levels, missing)])


def _class_shares(categories: np.ndarray, labels: np.ndarray | None) -> np.ndarray:
    """Share of each class among the rows with a category, shape (n_levels + 1, n_classes), the last of missing ones.

    Four times as large as in HVDM [1]_, where a number is divided by four standard deviations; here it is by one.

    References
    ----------
    .. [1] D. R. Wilson, T. R. Martinez, "Improved heterogeneous distance functions", Journal of Artificial
       Intelligence Research 6, 1997.
    """
    if labels is None:
        raise ValueError(
            "Got no labels; expected the classes of the rows, which value differences are made of."
        )
    n_levels = _n_levels(categories)
    n_classes = int(labels.max()) + 1
    cells = _levels(categories, n_levels) * n_classes + labels
    counts = np.bincount(cells, minlength=(n_levels + 1) * n_classes).reshape(n_levels + 1, n_classes)
    total = counts.sum(axis=1, keepdims=True)
    return 4 * np.where(total > 0, counts / np.maximum(total, 1), counts.sum(axis=0) / len(labels))


def _differ(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Whether categories differ, a missing one being a category of its own."""
    return (left != right) & ~(np.isnan(left) & np.isnan(right))
