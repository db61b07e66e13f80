"""Where synthetic rows lie among real ones: precision, recall, density, coverage, and whether they are copies.

Distances are those of :class:`TableNeighbors`, ``"smote-nc"``, as the real table scales them.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..exceptions import DataError
from ..tables.neighbors import Distances, EuclideanDistances, NeighborSearch
from ._pair import as_pair

__all__ = ["alpha_precision", "authenticity", "beta_recall", "coverage", "density"]

# Shares of the mass, at the middle of 100 equal steps of [0, 1].
SHARES = (np.arange(100) + 0.5) / 100
# Cells of a matrix of distances that is made on the way.
CHUNK_CELLS = 2**21
# Distances that differ by less than such a share are equal.
ROUNDING = 1e-11


def alpha_precision(
    real: Any,
    synthetic: Any = None,
    *,
    categorical_features: Any = "auto",
    max_rows: int | None = 2000,
    random_state: int = 0,
) -> float:
    """Whether synthetic rows are as typical as real ones: near the middle of the table, and at its edge, as often.

    Parameters
    ----------
    real, synthetic : {dataframe, array-like} of shape (n_rows, n_columns)
        With the same columns, in any order. Equal numbers of both are drawn.
    categorical_features : "auto", array-like of names or positions, or boolean mask, default="auto"
        Columns that hold categories.
    max_rows : int or None, default=2000
        At most so many rows of each table; None for all.
    random_state : int, default=0
        Seed of the draw.

    Returns
    -------
    precision : float
        In [0, 1]; 1 for rows of the same distribution, 0 where all synthetic rows lie outside the real ones.

    Raises
    ------
    DataError
        For tables of different columns or of no row.

    Notes
    -----
    :math:`1 - 2 \\int_0^1 |P_\\alpha - R_\\alpha| d\\alpha`, where :math:`P_\\alpha` is the share of synthetic rows in
    the smallest ball around the mean of the real rows that holds a share :math:`\\alpha` of these [1]_;
    :math:`R_\\alpha` is the share of real rows in it: :math:`\\alpha`, but for rows equally far from the mean. The ball
    lies in the space of the scaled columns, not in one that a network learned; columns of more than 32 categories are
    left out of it. Rows between two clusters lie in the ball: read it with :func:`density`.

    References
    ----------
    .. [1] A. M. Alaa, B. van Breugel, E. Saveliev, M. van der Schaar, "How faithful is your synthetic data?
       Sample-level metrics for evaluating and auditing generative models", International Conference on Machine
       Learning, 2022.

    Examples
    --------
    >>> import numpy as np
    >>> from genesis_sampling.metrics.manifold import alpha_precision
    >>> rows = np.random.default_rng(0).normal(size=(500, 3))
    >>> alpha_precision(rows, rows)
    1.0
    >>> alpha_precision(rows, rows + 100)
    0.0
    """
    pair = as_pair(real, synthetic, categorical_features=categorical_features)
    drawn = pair.balanced(max_rows, random_state)
    points = [_points(pair.distances, codes) for codes in drawn.tables]
    centre = points[0].mean(axis=0)
    reach = [np.linalg.norm(side - centre, axis=1) for side in points]
    radii = _radii(reach[0])
    inside = [_shares_within(side, radii) for side in reach]
    return _integrated(inside[1], inside[0])


def beta_recall(
    real: Any,
    synthetic: Any = None,
    *,
    categorical_features: Any = "auto",
    k: int = 5,
    max_rows: int | None = 2000,
    random_state: int = 0,
) -> float:
    """Whether synthetic rows reach the real ones: the middle of them, and the edge, as often.

    Parameters
    ----------
    real, synthetic, categorical_features, max_rows, random_state
        As for :func:`alpha_precision`.
    k : int, default=5
        A real row is reached if the nearest synthetic row is no farther than its ``k``-th nearest real one.

    Returns
    -------
    recall : float
        In [0, 1]. Rows of the same distribution score about :math:`1 - 2^{-k}`, 0.97 at the default; 0 where no real
        row is reached.

    Raises
    ------
    DataError
        For tables of different columns, or of ``k`` rows or fewer.

    Notes
    -----
    :math:`1 - 2 \\int_0^1 |R_\\beta - S_\\beta| d\\beta`, where :math:`R_\\beta` is the share of real rows that are
    reached by a nearest synthetic row inside the smallest ball around the mean of the synthetic rows that holds a share
    :math:`\\beta` of these [1]_; :math:`S_\\beta` is the share of synthetic rows in it: :math:`\\beta`, but for rows
    equally far from the mean.

    References
    ----------
    .. [1] A. M. Alaa, B. van Breugel, E. Saveliev, M. van der Schaar, "How faithful is your synthetic data?
       Sample-level metrics for evaluating and auditing generative models", International Conference on Machine
       Learning, 2022.

    Examples
    --------
    >>> import numpy as np
    >>> from genesis_sampling.metrics.manifold import beta_recall
    >>> rows = np.random.default_rng(0).normal(size=(500, 3))
    >>> beta_recall(rows, rows[:1].repeat(500, axis=0)) < 0.1
    True
    """
    pair = as_pair(real, synthetic, categorical_features=categorical_features)
    drawn = pair.balanced(max_rows, random_state)
    limits = _radii_of_neighbors(pair.distances, drawn.real, k)
    nearest, positions = NeighborSearch(pair.distances, drawn.synthetic, seed=random_state).query(
        drawn.real, 1
    )
    reached = nearest[:, 0] <= limits
    points = _points(pair.distances, drawn.synthetic)
    reach = np.linalg.norm(points - points.mean(axis=0), axis=1)
    radii = _radii(reach)
    found = _shares_within(np.where(reached, reach[positions[:, 0]], np.inf), radii)
    return _integrated(found, _shares_within(reach, radii))


def authenticity(
    real: Any,
    synthetic: Any = None,
    *,
    categorical_features: Any = "auto",
    max_rows: int | None = 1000,
    random_state: int = 0,
) -> float:
    """Share of synthetic rows that are farther from their nearest real row than that row is from another real one.

    Parameters
    ----------
    real, synthetic : {dataframe, array-like} of shape (n_rows, n_columns)
        With the same columns, in any order.
    categorical_features : "auto", array-like of names or positions, or boolean mask, default="auto"
        Columns that hold categories.
    max_rows : int or None, default=1000
        At most so many synthetic rows; None for all. They are compared with every real row, since a copy of a row that
        was left out would not be seen; for 50,000 real rows that takes a few seconds.
    random_state : int, default=0
        Seed of the draw.

    Returns
    -------
    share : float
        In [0, 1]: 0 for copies. Fresh rows of the same distribution score a third for a table of one number and near a
        half for one of many, not 1; much more says that rows lie off the real ones.

    Raises
    ------
    DataError
        For tables of different columns, or of fewer than two real rows.

    Notes
    -----
    With the nearest real row :math:`i` of a synthetic row :math:`s` it is the share of
    :math:`d(s, i) > \\min_{j \\ne i} d(i, j)` [1]_. Where real rows are repeated, a copy of a repeated row counts as
    one. It finds copies; it proves no privacy.

    References
    ----------
    .. [1] A. M. Alaa, B. van Breugel, E. Saveliev, M. van der Schaar, "How faithful is your synthetic data?
       Sample-level metrics for evaluating and auditing generative models", International Conference on Machine
       Learning, 2022.

    Examples
    --------
    >>> import numpy as np
    >>> from genesis_sampling.metrics.manifold import authenticity
    >>> rows = np.random.default_rng(0).normal(size=(500, 3))
    >>> authenticity(rows, rows)
    0.0
    """
    pair = as_pair(real, synthetic, categorical_features=categorical_features)
    if len(pair.real) < 2:
        raise DataError(
            "Got 1 real row; expected at least 2, since the distance between real rows is the measure."
        )
    n_rows = len(pair.synthetic) if max_rows is None else max_rows
    asked = pair.sampled(n_rows, random_state).synthetic
    search = NeighborSearch(pair.distances, pair.real, seed=random_state)
    to_real, nearest = (found[:, 0] for found in search.query(asked, 1))
    parents, which = np.unique(nearest, return_inverse=True)
    among_real = search.query(pair.real[parents], 1, own=parents)[0][which, 0]
    return float((to_real > among_real * (1 + ROUNDING)).mean())


def density(
    real: Any,
    synthetic: Any = None,
    *,
    categorical_features: Any = "auto",
    k: int = 5,
    max_rows: int | None = 2000,
    random_state: int = 0,
) -> float:
    """How densely real rows lie around synthetic ones.

    Parameters
    ----------
    real, synthetic, categorical_features, max_rows, random_state
        As for :func:`alpha_precision`.
    k : int, default=5
        Around each real row lies a ball up to its ``k``-th nearest real row.

    Returns
    -------
    density : float
        0 where no synthetic row lies near a real one, about 1 for rows of the same distribution, above where
        synthetic rows crowd where real ones are dense.

    Raises
    ------
    DataError
        For tables of different columns, or of ``k`` rows or fewer.

    Notes
    -----
    :math:`\\frac{1}{m} \\sum_{s} \\sum_{i} 1[d(s, i) \\le d_k(i)] / k_i` over :math:`m` synthetic rows :math:`s` and
    the real rows :math:`i`, whose :math:`k`-th nearest real row is :math:`d_k(i)` away [1]_. :math:`k_i` is the number
    of real rows that lie so near; it is :math:`k`, as in [1]_, but where rows are repeated or equally far, by which
    fresh rows would otherwise score far above 1.

    References
    ----------
    .. [1] M. F. Naeem, S. J. Oh, Y. Uh, Y. Choi, J. Yoo, "Reliable fidelity and diversity metrics for generative
       models", International Conference on Machine Learning, 2020.

    Examples
    --------
    >>> import numpy as np
    >>> from genesis_sampling.metrics.manifold import density
    >>> rows = np.random.default_rng(0).normal(size=(500, 3))
    >>> density(rows, rows + 100)
    0.0
    """
    pair = as_pair(real, synthetic, categorical_features=categorical_features)
    drawn = pair.balanced(max_rows, random_state)
    limits = _radii_of_neighbors(pair.distances, drawn.real, k)
    near = _n_within(pair.distances, drawn.real, drawn.synthetic, limits)
    # Each row lies within its own ball.
    others = _n_within(pair.distances, drawn.real, drawn.real, limits) - 1
    return float((near / np.maximum(others, k)).sum() / len(drawn.synthetic))


def coverage(
    real: Any,
    synthetic: Any = None,
    *,
    categorical_features: Any = "auto",
    k: int = 5,
    max_rows: int | None = 2000,
    random_state: int = 0,
) -> float:
    """Share of real rows that have a synthetic one near them.

    Parameters
    ----------
    real, synthetic, categorical_features, max_rows, random_state
        As for :func:`alpha_precision`.
    k : int, default=5
        Near is within the distance of the ``k``-th nearest real row.

    Returns
    -------
    coverage : float
        In [0, 1]. Rows of the same distribution score about :math:`1 - 2^{-k}`, 0.97 at the default.

    Raises
    ------
    DataError
        For tables of different columns, or of ``k`` rows or fewer.

    Notes
    -----
    :math:`\\frac1n \\sum_i 1[\\min_s d(s, i) \\le d_k(i)]` over the :math:`n` real rows :math:`i`, whose
    :math:`k`-th nearest real row is :math:`d_k(i)` away [1]_.

    References
    ----------
    .. [1] M. F. Naeem, S. J. Oh, Y. Uh, Y. Choi, J. Yoo, "Reliable fidelity and diversity metrics for generative
       models", International Conference on Machine Learning, 2020.

    Examples
    --------
    >>> import numpy as np
    >>> from genesis_sampling.metrics.manifold import coverage
    >>> rows = np.random.default_rng(0).normal(size=(500, 3))
    >>> coverage(rows, rows)
    1.0
    """
    pair = as_pair(real, synthetic, categorical_features=categorical_features)
    drawn = pair.balanced(max_rows, random_state)
    limits = _radii_of_neighbors(pair.distances, drawn.real, k)
    nearest, _ = NeighborSearch(pair.distances, drawn.synthetic, seed=random_state).query(drawn.real, 1)
    return float((nearest[:, 0] <= limits).mean())


def _radii_of_neighbors(distances: Distances, real: np.ndarray, k: int) -> np.ndarray:
    """Distance of each real row to its ``k``-th nearest other one."""
    if not 1 <= k < len(real):
        raise DataError(f"Got k={k} for {len(real)} rows of each table; expected 1 to {len(real) - 1}.")
    found = NeighborSearch(distances, real).query(real, k, own=np.arange(len(real)))[0][:, -1]
    # Rows of few values are often as far as the limit itself, but for rounding, and belong to it.
    return found * (1 + ROUNDING)


def _n_within(distances: Distances, real: np.ndarray, rows: np.ndarray, limits: np.ndarray) -> np.ndarray:
    """Number of rows that are no farther from a real row than its limit, shape (n_real,)."""
    references = distances.references(rows, np.float64)
    n_rows = max(1, CHUNK_CELLS // len(rows))
    counts = np.empty(len(real), dtype=np.int64)
    for start in range(0, len(real), n_rows):
        chunk = real[start : start + n_rows]
        queries = distances.queries(chunk, np.float64)
        # What is compared is the squared distance less the square of the query, whose last coordinate is 1.
        squares = np.einsum("ij,ij->i", queries, queries) - 1
        compared = distances.compare(queries, chunk, references, rows)
        within = limits[start : start + n_rows] ** 2
        limit = within - squares + ROUNDING * (within + squares + 1)
        counts[start : start + n_rows] = np.count_nonzero(compared <= limit[:, None], axis=1)
    return counts


def _points(distances: Distances, codes: np.ndarray) -> np.ndarray:
    assert isinstance(distances, EuclideanDistances)
    return distances.embed(codes)


def _radii(reach: np.ndarray) -> np.ndarray:
    """Radii of the smallest balls that hold each of the shares, from the distances of rows to the centre."""
    # Rows of few values are often equally far, but for rounding.
    return np.quantile(reach, SHARES, method="inverted_cdf") * (1 + ROUNDING)


def _shares_within(reach: np.ndarray, radii: np.ndarray) -> np.ndarray:
    """Share of the rows within each radius."""
    return np.searchsorted(np.sort(reach), radii, side="right") / len(reach)


def _integrated(found: np.ndarray, expected: np.ndarray) -> float:
    """How near two curves of shares are, 1 for the same."""
    return float(max(0.0, 1 - 2 * np.abs(found - expected).mean()))
