"""Diversity: whether synthetic rows repeat themselves, and what of the real table they leave out."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import hypergeom
from sklearn.cluster import KMeans

from ..exceptions import DataError
from ..tables.neighbors import EuclideanDistances, NeighborSearch
from ._pair import as_pair

__all__ = [
    "DuplicateShares",
    "NeighborDistances",
    "duplicate_share",
    "lost_categories",
    "lost_modes",
    "nearest_neighbor_distances",
]


class DuplicateShares(NamedTuple):
    """Share of rows that are repeated: what :func:`duplicate_share` gives.

    Parameters
    ----------
    synthetic, real : float
        In [0, 1].
    """

    synthetic: float
    real: float


class NeighborDistances(NamedTuple):
    """Distances of rows to the nearest other row: what :func:`nearest_neighbor_distances` gives.

    Parameters
    ----------
    synthetic, real : ndarrays of shape (n_rows,)
    """

    synthetic: np.ndarray
    real: np.ndarray

    @property
    def ratio(self) -> float:
        """Median of the synthetic rows over that of the real ones, about 1 for rows of the same distribution.

        Infinite where most real rows alone are repeated, NaN where most of both are.
        """
        synthetic, real = float(np.median(self.synthetic)), float(np.median(self.real))
        if not real:
            return np.inf if synthetic else np.nan
        return synthetic / real


def duplicate_share(
    real: Any,
    synthetic: Any = None,
    *,
    categorical_features: Any = "auto",
    max_rows: int | None = 50_000,
    random_state: int = 0,
) -> DuplicateShares:
    """Share of the synthetic rows that are equal to another synthetic row; the same of the real table.

    Equal numbers of both are compared, since rows repeat the more often the more there are.

    Parameters
    ----------
    real, synthetic : {dataframe, array-like} of shape (n_rows, n_columns)
        With the same columns, in any order.
    categorical_features : "auto", array-like of names or positions, or boolean mask, default="auto"
        Columns that hold categories.
    max_rows : int or None, default=50_000
        At most so many rows of each table; None for all.
    random_state : int, default=0
        Seed of the draw.

    Returns
    -------
    shares : DuplicateShares
        ``synthetic`` and ``real``, in [0, 1]: about equal for rows of the same distribution. Two missing values are
        equal.

    Raises
    ------
    DataError
        For tables of different columns or of no row.

    Examples
    --------
    >>> from genesis_sampling.metrics.diversity import duplicate_share
    >>> duplicate_share([["a"], ["b"], ["c"], ["d"]], [["a"], ["a"], ["b"], ["c"]])
    DuplicateShares(synthetic=0.5, real=0.0)
    """
    pair = as_pair(real, synthetic, categorical_features=categorical_features)
    drawn = pair.balanced(max_rows, random_state)
    shares = [
        float(pd.DataFrame(codes).duplicated(keep=False).mean()) for codes in (drawn.synthetic, drawn.real)
    ]
    return DuplicateShares(*shares)


def nearest_neighbor_distances(
    real: Any,
    synthetic: Any = None,
    *,
    categorical_features: Any = "auto",
    max_rows: int | None = 2000,
    random_state: int = 0,
) -> NeighborDistances:
    """How far synthetic rows are from one another, and real rows from one another.

    Equal numbers of both are compared, since rows are the nearer the more there are.

    Parameters
    ----------
    real, synthetic, categorical_features, random_state
        As for :func:`duplicate_share`.
    max_rows : int or None, default=2000
        At most so many rows of each table; None for all.

    Returns
    -------
    distances : NeighborDistances
        ``synthetic`` and ``real``: distance of each row that was drawn to the nearest other row of its own table, as
        :class:`TableNeighbors` measures it, ``"smote-nc"``; ``ratio``, their medians in one figure.

    Raises
    ------
    DataError
        For tables of different columns or of one row.

    Examples
    --------
    >>> from genesis_sampling.metrics.diversity import nearest_neighbor_distances
    >>> nearest_neighbor_distances([[0.0], [2.0], [4.0]], [[0.0], [1.0], [2.0]]).ratio
    0.5
    """
    pair = as_pair(real, synthetic, categorical_features=categorical_features)
    drawn = pair.balanced(max_rows, random_state)
    n_rows = len(drawn.real)
    if n_rows < 2:
        raise DataError(
            "Got a table of 1 row; expected at least 2 of each, since rows have no neighbour otherwise."
        )
    found = [
        NeighborSearch(pair.distances, codes).query(codes, 1, own=np.arange(n_rows))[0][:, 0]
        for codes in (drawn.synthetic, drawn.real)
    ]
    return NeighborDistances(*found)


def lost_categories(
    real: Any, synthetic: Any = None, *, categorical_features: Any = "auto", level: float = 0.01
) -> pd.DataFrame:
    """Categories of the real table that no synthetic row has, though a fair draw of as many rows would have.

    Parameters
    ----------
    real, synthetic : {dataframe, array-like} of shape (n_rows, n_columns)
        With the same columns, in any order.
    categorical_features : "auto", array-like of names or positions, or boolean mask, default="auto"
        Columns that hold categories.
    level : float, default=0.01
        Probability that a fair draw has any category in this list.

    Returns
    -------
    lost : DataFrame of shape (n_lost, 3)
        ``column``, ``category`` (None for a missing value) and ``real_share``, the most frequent first.

    Raises
    ------
    DataError
        For tables of different columns or of no row.

    Notes
    -----
    If both tables were drawn from one distribution, the :math:`c` rows of a category would be spread over the
    :math:`n` real and :math:`m` synthetic rows at random, and all be real with the probability
    :math:`\\binom{n}{c} / \\binom{n + m}{c}`, about :math:`(n / (n + m))^c`. A category is lost where that is below
    ``level`` over the number of real categories. With as many synthetic as real rows and 100 categories these are
    categories of 14 rows and more; rarer ones may be absent by chance.

    Examples
    --------
    >>> import pandas as pd
    >>> from genesis_sampling.metrics.diversity import lost_categories
    >>> real = pd.DataFrame({"city": ["Rome"] * 60 + ["Oslo"] * 39 + ["Bern"]})
    >>> lost_categories(real, pd.DataFrame({"city": ["Rome"] * 100}))
      column category  real_share
    0   city     Oslo        0.39
    """
    pair = as_pair(real, synthetic, categorical_features=categorical_features)
    found, n_categories = [], 0
    for column in map(int, np.flatnonzero(~pair.is_number)):
        *sides, n_levels = pair.levels(column)
        counts = [np.bincount(side, minlength=n_levels) for side in sides]
        n_categories += int(np.count_nonzero(counts[0]))
        for lost in map(int, np.flatnonzero((counts[0] > 0) & (counts[1] == 0))):
            label = pair.labels[column][lost] if lost < n_levels - 1 else None
            found.append((pair.names[column], label, int(counts[0][lost])))
    frame = pd.DataFrame(found, columns=["column", "category", "count"])
    n_rows = len(pair.real) + len(pair.synthetic)
    by_chance = hypergeom.pmf(0, n_rows, frame["count"].to_numpy(dtype=np.int64), len(pair.synthetic))
    frame = frame[by_chance < level / max(1, n_categories)].sort_values(
        "count", ascending=False, kind="stable", ignore_index=True
    )
    return frame.assign(real_share=frame["count"] / len(pair.real)).drop(columns="count")


def lost_modes(
    real: Any,
    synthetic: Any = None,
    *,
    categorical_features: Any = "auto",
    n_modes: int = 20,
    min_ratio: float = 0.2,
    level: float = 0.01,
    max_rows: int | None = 5000,
    random_state: int = 0,
) -> pd.DataFrame:
    """Groups of similar real rows that hold hardly any synthetic rows, though a fair draw of as many would be there.

    Parameters
    ----------
    real, synthetic : {dataframe, array-like} of shape (n_rows, n_columns)
        With the same columns, in any order.
    categorical_features : "auto", array-like of names or positions, or boolean mask, default="auto"
        Columns that hold categories.
    n_modes : int, default=20
        Number of groups that the real rows are divided into; fewer where they have fewer points.
    min_ratio : float, default=0.2
        A group is lost if its share of the synthetic rows is below so much of its share of the real rows.
    level : float, default=0.01
        Probability that a fair draw has any group in this list.
    max_rows : int or None, default=5000
        At most so many rows of each table; None for all.
    random_state : int, default=0
        Seed of the draw and of the groups.

    Returns
    -------
    lost : DataFrame of shape (n_lost, 3)
        ``row``: position of a typical row of the group, the nearest to its middle, in the real table; ``real_share``
        and ``synthetic_share`` of the group; the largest first.

    Raises
    ------
    DataError
        For tables of different columns, or of fewer than two real rows.

    Notes
    -----
    K-means finds the groups among one half of the real rows, in the space of the scaled columns and without columns of
    more than 32 categories. The other half, which the groups were not fitted to, is counted with the synthetic rows: if
    both were drawn from one distribution, the rows of a group would be spread over them at random, so the number of
    synthetic ones among them would be hypergeometric, near binomial. A group is lost where so few or fewer have a
    probability below ``level`` over the number of groups.

    Examples
    --------
    >>> import numpy as np
    >>> from genesis_sampling.metrics.diversity import lost_modes
    >>> real = np.repeat([[0.0], [9.0]], [700, 300], axis=0)
    >>> len(lost_modes(real, np.zeros((1000, 1))))
    1
    """
    pair = as_pair(real, synthetic, categorical_features=categorical_features)
    if len(pair.real) < 2:
        raise DataError("Got 1 real row; expected at least 2, half of them to find groups, half to count.")
    rng = np.random.default_rng(random_state)
    chosen = [rng.permutation(len(codes))[:max_rows] for codes in pair.tables]
    distances = pair.distances
    assert isinstance(distances, EuclideanDistances)
    points = [distances.embed(codes[rows]) for codes, rows in zip(pair.tables, chosen, strict=True)]
    half = len(points[0]) // 2
    groups = _groups(points[0][:half], n_modes, random_state)
    middle = groups.cluster_centers_
    counts = [
        np.bincount(groups.predict(side), minlength=len(middle)) for side in (points[0][half:], points[1])
    ]
    totals = [len(points[0]) - half, len(points[1])]
    by_chance = hypergeom.cdf(counts[1], sum(totals), counts[0] + counts[1], totals[1])
    frame = pd.DataFrame(
        {
            "row": chosen[0][groups.transform(points[0][:half]).argmin(axis=0)],
            "real_share": counts[0] / totals[0],
            "synthetic_share": counts[1] / totals[1],
        }
    )
    is_lost = (by_chance < level / len(middle)) & (frame["synthetic_share"] < min_ratio * frame["real_share"])
    return frame[is_lost].sort_values("real_share", ascending=False, kind="stable", ignore_index=True)


def _groups(points: np.ndarray, n_groups: int, seed: int) -> KMeans:
    """Groups of the points, no more than there are distinct points."""
    n_groups = min(n_groups, len(pd.DataFrame(points).drop_duplicates()))
    return KMeans(n_groups, n_init=1, random_state=seed).fit(points)
