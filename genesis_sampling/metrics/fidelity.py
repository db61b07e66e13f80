"""Fidelity: how far the columns, the pairs of columns and whole rows of two tables are distributed alike."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from scipy.spatial.distance import jensenshannon
from scipy.stats import wasserstein_distance

from ..exceptions import DataError
from ..tables.discriminator import Discriminator
from ._association import (
    AssociationMatrices,
    association_matrices,
    correlation_matrices,
    total_variation,
    two_way_variation,
)
from ._pair import as_pair

__all__ = [
    "AssociationMatrices",
    "association_matrices",
    "c2st",
    "column_pair_trends",
    "column_shapes",
    "jensen_shannon_distances",
    "missing_pattern_distance",
    "quality_score",
    "wasserstein_distances",
]


def column_shapes(real: Any, synthetic: Any = None, *, categorical_features: Any = "auto") -> pd.Series:
    """How alike each column is distributed in both tables, by itself.

    Parameters
    ----------
    real, synthetic : {dataframe, array-like} of shape (n_rows, n_columns)
        With the same columns, in any order.
    categorical_features : "auto", array-like of names or positions, or boolean mask, default="auto"
        Columns that hold categories. ``"auto"``: text, object, boolean and unordered ``category`` columns.

    Returns
    -------
    shapes : Series of shape (n_columns,)
        In [0, 1], 1 for the same distribution; NaN for a column of numbers that are all missing in both tables.

    Raises
    ------
    DataError
        For tables of different columns or of no row.

    Notes
    -----
    For numbers and times :math:`1 - \\sup_x |F(x) - G(x)|` of the known values' distribution functions, the
    Kolmogorov-Smirnov distance; for categories :math:`1 - \\frac12 \\sum_c |p_c - q_c|`, the total variation distance,
    where a missing value is a category. They are ``KSComplement`` and ``TVComplement`` of SDMetrics [1]_.

    References
    ----------
    .. [1] DataCebo, "SDMetrics", https://docs.sdv.dev/sdmetrics.

    Examples
    --------
    >>> import pandas as pd
    >>> from genesis_sampling.metrics.fidelity import column_shapes
    >>> real = pd.DataFrame({"age": [20, 30, 40, 50], "city": ["Rome", "Rome", "Oslo", "Oslo"]})
    >>> synthetic = pd.DataFrame({"age": [20, 30, 40, 90], "city": ["Rome", "Rome", "Rome", "Oslo"]})
    >>> column_shapes(real, synthetic)
    age     0.75
    city    0.75
    Name: shape, dtype: float64
    """
    pair = as_pair(real, synthetic, categorical_features=categorical_features)
    scores = [
        1 - _kolmogorov_smirnov(*pair.numbers(column))
        if pair.is_number[column]
        else 1 - total_variation(*pair.levels(column)[:2])
        for column in range(len(pair.names))
    ]
    return pd.Series(scores, index=list(pair.names), name="shape", dtype=np.float64)


def _kolmogorov_smirnov(real: np.ndarray, synthetic: np.ndarray) -> float:
    """Largest difference of both distribution functions; 1 if one side alone has values, NaN if neither has."""
    if not len(real) or not len(synthetic):
        return 1.0 if len(real) or len(synthetic) else np.nan
    real, synthetic = np.sort(real), np.sort(synthetic)
    # The difference changes at values alone; just below a value it is what it was at the value before.
    values = np.concatenate([real, synthetic])
    below = [np.searchsorted(side, values, side="right") / len(side) for side in (real, synthetic)]
    return float(np.abs(below[0] - below[1]).max())


def column_pair_trends(
    real: Any,
    synthetic: Any = None,
    *,
    categorical_features: Any = "auto",
    max_pairs: int = 5000,
    random_state: int = 0,
) -> pd.DataFrame:
    """How alike each two columns hang together in both tables.

    Parameters
    ----------
    real, synthetic : {dataframe, array-like} of shape (n_rows, n_columns)
        With the same columns, in any order.
    categorical_features : "auto", array-like of names or positions, or boolean mask, default="auto"
        Columns that hold categories.
    max_pairs : int, default=5000
        Of more pairs, so those of more than 100 columns, as many are drawn.
    random_state : int, default=0
        Seed of that draw.

    Returns
    -------
    trends : DataFrame of shape (n_pairs, 3)
        ``first``, ``second``: names of the columns; ``score`` in [0, 1], 1 for the same trend; NaN where one of two
        columns of numbers is constant.

    Raises
    ------
    DataError
        For tables of different columns or of no row.

    Notes
    -----
    For two columns of numbers :math:`1 - |r - s| / 2` of Pearson's correlations over the rows that know both; else
    :math:`1 - \\frac12 \\sum_{ab} |p_{ab} - q_{ab}|` of the two-way tables, where numbers are cut into 10 bins of equal
    width between the least and the largest real one and a missing value is a category. They are
    ``CorrelationSimilarity`` and ``ContingencySimilarity`` of SDMetrics [1]_ with its thresholds at 0.

    References
    ----------
    .. [1] DataCebo, "SDMetrics", https://docs.sdv.dev/sdmetrics.

    Examples
    --------
    >>> import pandas as pd
    >>> from genesis_sampling.metrics.fidelity import column_pair_trends
    >>> real = pd.DataFrame({"a": [1.0, 2.0, 3.0], "b": [1.0, 2.0, 3.0]})
    >>> column_pair_trends(real, real.assign(b=[3.0, 2.0, 1.0]))
      first second  score
    0     a      b    0.0
    """
    pair = as_pair(real, synthetic, categorical_features=categorical_features)
    pairs = list(combinations(range(len(pair.names)), 2))
    if len(pairs) > max_pairs:
        kept = np.random.default_rng(random_state).permutation(len(pairs))[:max_pairs]
        pairs = [pairs[position] for position in np.sort(kept)]
    linear = np.abs(np.subtract(*correlation_matrices(pair))) / 2
    levels: dict[int, tuple] = {}
    scores = np.empty(len(pairs))
    for position, (first, second) in enumerate(pairs):
        if pair.is_number[first] and pair.is_number[second]:
            scores[position] = 1 - linear[first, second]
            continue
        for column in (first, second):
            if column not in levels:
                levels[column] = pair.levels(column)
        scores[position] = 1 - two_way_variation(levels[first], levels[second])
    ends = [[pair.names[columns[end]] for columns in pairs] for end in (0, 1)]
    return pd.DataFrame({"first": ends[0], "second": ends[1], "score": scores})


def quality_score(
    real: Any,
    synthetic: Any = None,
    *,
    categorical_features: Any = "auto",
    max_pairs: int = 5000,
    random_state: int = 0,
) -> float:
    """One figure of a table: the mean of its mean shape and its mean trend.

    It judges columns and pairs of columns, so it stays high where larger groups of columns are off: see :func:`c2st`.

    Parameters
    ----------
    real, synthetic, categorical_features, max_pairs, random_state
        As for :func:`column_pair_trends`.

    Returns
    -------
    score : float
        In [0, 1], 1 for the same columns and trends; of a table of one column, its shape.

    Raises
    ------
    DataError
        For tables of different columns or of no row.

    Examples
    --------
    >>> import numpy as np
    >>> from genesis_sampling.metrics.fidelity import quality_score
    >>> rows = np.random.default_rng(0).normal(size=(100, 3))
    >>> quality_score(rows, rows)
    1.0
    """
    pair = as_pair(real, synthetic, categorical_features=categorical_features)
    trends = column_pair_trends(pair, max_pairs=max_pairs, random_state=random_state)
    # Means of pandas leave undefined scores out.
    return float(pd.Series([column_shapes(pair).mean(), trends["score"].mean()]).mean())


def wasserstein_distances(
    real: Any, synthetic: Any = None, *, categorical_features: Any = "auto"
) -> pd.Series:
    """How far the values of each column of numbers have to be moved to be distributed as the real ones.

    Parameters
    ----------
    real, synthetic, categorical_features
        As for :func:`column_shapes`.

    Returns
    -------
    distances : Series of shape (n_number_columns,)
        :math:`\\int |F(x) - G(x)|\\,dx` of the known values, in units of the real standard deviation: 0 for the same
        distribution, infinite if the real column is constant and the synthetic one is something else, NaN if one of
        them has no known value.

    Raises
    ------
    DataError
        For tables of different columns or of no row.

    Examples
    --------
    >>> from genesis_sampling.metrics.fidelity import wasserstein_distances
    >>> wasserstein_distances([[0.0], [2.0]], [[3.0], [5.0]]).tolist()
    [3.0]
    """
    pair = as_pair(real, synthetic, categorical_features=categorical_features)
    columns = [int(column) for column in np.flatnonzero(pair.is_number)]
    found = [_standard_wasserstein(*pair.numbers(column)) for column in columns]
    return pd.Series(
        found, index=[pair.names[column] for column in columns], name="wasserstein", dtype=np.float64
    )


def _standard_wasserstein(real: np.ndarray, synthetic: np.ndarray) -> float:
    if not len(real) or not len(synthetic):
        return np.nan
    distance = wasserstein_distance(real, synthetic)
    unit = real.std() if real.min() < real.max() else 0.0
    if not unit:
        return 0.0 if (synthetic == real[0]).all() else np.inf
    return float(distance / unit)


def jensen_shannon_distances(
    real: Any, synthetic: Any = None, *, categorical_features: Any = "auto"
) -> pd.Series:
    """Jensen-Shannon distance between the two distributions of each column.

    Parameters
    ----------
    real, synthetic, categorical_features
        As for :func:`column_shapes`.

    Returns
    -------
    distances : Series of shape (n_columns,)
        :math:`\\sqrt{\\frac12 KL(p \\| m) + \\frac12 KL(q \\| m)}` with :math:`m = (p + q) / 2` and logarithms to
        base 2, in [0, 1], 0 for the same distribution. Numbers are cut into 10 bins of equal width between the least
        and the largest real one, with two more for what lies outside; a missing value is a category.

    Raises
    ------
    DataError
        For tables of different columns or of no row.

    References
    ----------
    .. [1] J. Lin, "Divergence measures based on the Shannon entropy", IEEE Transactions on Information Theory 37(1),
       1991.

    Examples
    --------
    >>> from genesis_sampling.metrics.fidelity import jensen_shannon_distances
    >>> jensen_shannon_distances([["a"], ["a"]], [["b"], ["b"]]).tolist()
    [1.0]
    """
    pair = as_pair(real, synthetic, categorical_features=categorical_features)
    found = []
    for column in range(len(pair.names)):
        *sides, n_levels = pair.levels(column, outside=True)
        shares = [np.bincount(side, minlength=n_levels) / len(side) for side in sides]
        found.append(min(1.0, float(jensenshannon(*shares, base=2))))
    return pd.Series(found, index=list(pair.names), name="jensen_shannon", dtype=np.float64)


def missing_pattern_distance(
    real: Any, synthetic: Any = None, *, categorical_features: Any = "auto"
) -> float:
    """How differently values are missing together: 0 for the same patterns as often, 1 for no pattern in common.

    Parameters
    ----------
    real, synthetic, categorical_features
        As for :func:`column_shapes`.

    Returns
    -------
    distance : float
        Total variation distance between the distributions of the rows' sets of missing columns.

    Raises
    ------
    DataError
        For tables of different columns or of no row.

    Examples
    --------
    >>> from genesis_sampling.metrics.fidelity import missing_pattern_distance
    >>> nan = float("nan")
    >>> missing_pattern_distance([[1.0, nan], [2.0, 3.0]], [[1.0, 2.0], [2.0, 3.0]])
    0.5
    """
    pair = as_pair(real, synthetic, categorical_features=categorical_features)
    patterns = np.packbits(np.isnan(np.vstack(pair.tables)), axis=1)
    keys = patterns.view(f"V{patterns.shape[1]}").ravel()
    _, found = np.unique(keys, return_inverse=True)
    return total_variation(found[: len(pair.real)], found[len(pair.real) :])


def c2st(
    real: Any,
    synthetic: Any = None,
    *,
    categorical_features: Any = "auto",
    model: str = "boosting",
    n_folds: int = 3,
    max_rows: int | None = 20_000,
    random_state: int = 0,
) -> float:
    """Classifier two-sample test: how well a classifier tells real from synthetic rows that it has not seen.

    Parameters
    ----------
    real, synthetic : {dataframe, array-like} of shape (n_rows, n_columns)
        With the same columns, in any order. Equal numbers of both are drawn.
    categorical_features : "auto", array-like of names or positions, or boolean mask, default="auto"
        Columns that hold categories.
    model : {"boosting", "logistic"}, default="boosting"
        Boosted trees, or logistic regression, which sees single columns and misses how they hang together.
    n_folds : int, default=3
        A model is fitted without each fold, and judged on it.
    max_rows : int or None, default=20_000
        At most so many rows of each table; None for all. The more, the more a classifier finds, and the longer it
        takes: some seconds at the default.
    random_state : int, default=0
        Seed of the draw, the folds and the model.

    Returns
    -------
    auc : float
        Area under the ROC curve, mean over the folds: 0.5 where the rows cannot be told apart, 1 where they always can.
        Where it is below 0.5 by more than chance, about :math:`1 / \\sqrt{6n}` for :math:`n` rows of each, synthetic
        rows are copies: a row that was fitted as real is then judged as synthetic, and the other way round.

    Raises
    ------
    DataError
        For tables of different columns, or with fewer rows than folds.

    References
    ----------
    .. [1] D. Lopez-Paz, M. Oquab, "Revisiting classifier two-sample tests", International Conference on Learning
       Representations, 2017.

    Examples
    --------
    >>> import numpy as np
    >>> from genesis_sampling.metrics.fidelity import c2st
    >>> rng = np.random.default_rng(0)
    >>> c2st(rng.normal(size=(300, 2)), rng.normal(size=(300, 2)) + 9) > 0.95
    True
    """
    pair = as_pair(real, synthetic, categorical_features=categorical_features)
    drawn = pair.balanced(max_rows, random_state)
    if model not in ("boosting", "logistic"):
        raise DataError(f"Got model={model!r}; expected 'boosting' or 'logistic'.")
    if len(drawn.real) < n_folds:
        raise DataError(f"Got {len(drawn.real)} rows of each table; expected at least n_folds={n_folds}.")
    found = Discriminator(model=model, n_folds=n_folds, seed=random_state)
    return found.fit(drawn.real, drawn.synthetic, ~drawn.is_number).auc_
