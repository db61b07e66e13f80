"""How close synthetic rows lie to training rows, against how close they lie to rows of a holdout."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ._estimate import Estimate, effective_size, mean, share
from ._records import TIE, Records, as_records

__all__ = [
    "DistanceRatios",
    "RecordDistances",
    "distance_to_closest_record",
    "nearest_neighbor_distance_ratio",
]

# Real rows that are searched for each synthetic row that is asked about: a copy is found only where its original is.
REAL_PER_SYNTHETIC = 12


@dataclass(frozen=True)
class RecordDistances:
    """Distances of synthetic rows to the closest real one.

    Parameters
    ----------
    train_median, holdout_median : float
        Median distance to the closest training row, and to the closest row of the holdout.
    train_low, holdout_low : float
        5th percentiles.
    nearer_to_train : Estimate
        Share of synthetic rows that lie nearer to a training row than to a row of the holdout, ties half; 0.5 is ideal.
    ceiling : float
        About what ``nearer_to_train`` is where synthetic rows are copies of training rows, not all of which take part.
    """

    train_median: float
    train_low: float
    holdout_median: float
    holdout_low: float
    nearer_to_train: Estimate
    ceiling: float

    def __float__(self) -> float:
        return self.nearer_to_train.value


@dataclass(frozen=True)
class DistanceRatios:
    """How much closer the closest real row is than the second closest.

    Parameters
    ----------
    train_median, holdout_median : float
        Median ratio, among training rows and among rows of the holdout.
    train_low, holdout_low : float
        5th percentiles.
    difference : Estimate
        Mean over synthetic rows of the ratio to training rows less that to the holdout; 0 is ideal, less is a leak.
    """

    train_median: float
    train_low: float
    holdout_median: float
    holdout_low: float
    difference: Estimate

    def __float__(self) -> float:
        return self.difference.value


def distance_to_closest_record(
    train: Any,
    synthetic: Any,
    holdout: Any,
    *,
    categorical_features: Any = "auto",
    max_rows: int = 1_500,
    random_state: int = 0,
) -> RecordDistances:
    """Distance to the closest record (DCR) in train, against that in a holdout of equal size.

    It finds copies and near copies. It does not prove privacy: rows that are far from every training row may still
    tell something about one [1]_.

    Parameters
    ----------
    train : {dataframe, array-like} of shape (n_train, n_columns)
        Real rows that the generator has seen.
    synthetic : {dataframe, array-like} of shape (n_synthetic, n_columns)
        Rows that it made.
    holdout : {dataframe, array-like} of shape (n_holdout, n_columns)
        Real rows from the same source that it has not seen.
    categorical_features : "auto", array-like of names or positions, or boolean mask, default="auto"
        Columns that hold categories.
    max_rows : int, default=1500
        Number of synthetic rows that are drawn where there are more; twelve times as many of the real rows of either
        kind.
    random_state : int, default=0
        Seed of the rows drawn.

    Returns
    -------
    distances : RecordDistances

    Raises
    ------
    DataError
        For tables of different columns, or of fewer than two rows.

    See Also
    --------
    exact_copies : Rows that are equal to a training row.
    membership_inference : The other way round, from real rows to synthetic ones.

    Notes
    -----
    With :math:`d_T, d_H` the distances to the closest of :math:`n` training rows and of :math:`n` rows of the holdout,
    ``nearer_to_train`` is the mean of :math:`1[d_T < d_H] + \\tfrac12 1[d_T = d_H]`. Copies score
    :math:`(1 + p) / 2`, the ``ceiling``, if a share :math:`p` of the training rows takes part.

    A distance is the sum over the columns of the difference of ranks among the real rows, train and holdout alike, or 1
    for two categories that differ or a missing number: no long tail decides, and a copy with some other cells remains
    near. Synthetic rows with the same closest real row do not count as independent in the confidence interval.

    References
    ----------
    .. [1] G. Ganev, E. De Cristofaro, "The inadequacy of similarity-based privacy metrics: privacy attacks against
       'truly anonymous' synthetic datasets", arXiv 2312.05114, 2023.

    Examples
    --------
    >>> import numpy as np
    >>> from genesis_sampling.metrics.privacy import distance_to_closest_record
    >>> train, holdout = np.random.default_rng(0).normal(size=(2, 500, 3))
    >>> found = distance_to_closest_record(train, train + 1e-3, holdout)
    >>> found.nearer_to_train.value > 0.95
    True
    """
    records = as_records(train, synthetic, holdout, categorical_features=categorical_features)
    drawn = _for_distances(records, max_rows, random_state)
    to_train, of_train = (found[:, 0] for found in drawn.nearest(drawn.synthetic, drawn.train))
    to_holdout, of_holdout = (found[:, 0] for found in drawn.nearest(drawn.synthetic, drawn.holdout))
    nearer = np.where(np.abs(to_train - to_holdout) < TIE, 0.5, to_train < to_holdout)
    closest = np.where(to_train <= to_holdout, of_train, len(drawn.train) + of_holdout)
    return RecordDistances(
        *_median_and_low(to_train),
        *_median_and_low(to_holdout),
        nearer_to_train=share(nearer.mean(), effective_size(closest, 2 * len(drawn.train))),
        ceiling=(1 + len(drawn.train) / len(records.train)) / 2,
    )


def nearest_neighbor_distance_ratio(
    train: Any,
    synthetic: Any,
    holdout: Any,
    *,
    categorical_features: Any = "auto",
    max_rows: int = 1_500,
    random_state: int = 0,
) -> DistanceRatios:
    """Nearest neighbour distance ratio (NNDR) in train, against that in a holdout of equal size.

    A ratio near 0 says that a synthetic row hugs one real row in a place where no other is; near 1, that it lies
    between several. It finds copies of rows that stand alone, and like the distance itself proves no privacy.

    Parameters
    ----------
    train, synthetic, holdout : {dataframe, array-like} of shape (n_rows, n_columns)
        As for :func:`distance_to_closest_record`, and so are the other parameters.
    categorical_features : "auto", array-like of names or positions, or boolean mask, default="auto"
    max_rows : int, default=1500
    random_state : int, default=0

    Returns
    -------
    ratios : DistanceRatios
        Each ratio is in [0, 1]; two closest rows at distance 0 have the ratio 1, as no single row is hugged.

    Raises
    ------
    DataError
        For tables of different columns, or of fewer than two rows.

    Notes
    -----
    The ratio is :math:`d_1 / d_2` with the distances to the closest and the second closest row [1]_.

    References
    ----------
    .. [1] Z. Zhao, A. Kunar, R. Birke, L. Y. Chen, "CTAB-GAN: effective table data synthesizing", Asian Conference on
       Machine Learning, 2021.

    Examples
    --------
    >>> import numpy as np
    >>> from genesis_sampling.metrics.privacy import nearest_neighbor_distance_ratio
    >>> train, holdout = np.random.default_rng(0).normal(size=(2, 500, 3))
    >>> found = nearest_neighbor_distance_ratio(train, train, holdout)
    >>> found.train_median, round(found.holdout_median, 1)
    (0.0, 0.8)
    """
    records = as_records(train, synthetic, holdout, categorical_features=categorical_features)
    drawn = _for_distances(records, max_rows, random_state)
    ratios, closest = [], []
    for rows in (drawn.train, drawn.holdout):
        distances, positions = drawn.nearest(drawn.synthetic, rows, k=2)
        first, second = distances.T
        ratios.append(np.divide(first, second, out=np.ones_like(first), where=second > 0))
        closest.append(positions[:, 0])
    return DistanceRatios(
        *_median_and_low(ratios[0]),
        *_median_and_low(ratios[1]),
        difference=mean(ratios[0] - ratios[1], *closest),
    )


def _for_distances(records: Records, max_rows: int, random_state: int) -> Records:
    return records.drawn(
        synthetic=max_rows, real=REAL_PER_SYNTHETIC * max_rows, random_state=random_state
    ).ranked()


def _median_and_low(values: np.ndarray) -> tuple[float, float]:
    return float(np.median(values)), float(np.quantile(values, 0.05))
