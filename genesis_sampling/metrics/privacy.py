"""How much synthetic rows give away of single training rows, measured against real rows that were not trained on.

Every figure is an attack or a comparison, beside what it gives on a holdout. A bad figure shows a leak. A good one
shows that this attack found nothing: it is no guarantee, and no sum of such figures is [1]_. Only a method with a
proof, such as differential privacy, gives one.

References
----------
.. [1] G. Ganev, E. De Cristofaro, "The inadequacy of similarity-based privacy metrics: privacy attacks against 'truly
   anonymous' synthetic datasets", arXiv 2312.05114, 2023.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from ..exceptions import DataError
from ._attacks import attribute_inference, membership_inference
from ._closest import (
    DistanceRatios,
    RecordDistances,
    distance_to_closest_record,
    nearest_neighbor_distance_ratio,
)
from ._estimate import Comparison, Estimate, compared, share
from ._records import Records, as_records

__all__ = [
    "Comparison",
    "DistanceRatios",
    "Estimate",
    "RecordDistances",
    "attribute_inference",
    "distance_to_closest_record",
    "exact_copies",
    "membership_inference",
    "nearest_neighbor_distance_ratio",
    "singling_out",
]


def exact_copies(
    train: Any,
    synthetic: Any,
    holdout: Any = None,
    *,
    categorical_features: Any = "auto",
    max_rows: int = 1_000_000,
    random_state: int = 0,
) -> Comparison:
    """Share of synthetic rows that are, cell by cell, a training row, against the share of fresh rows that are.

    In a table of few categories fresh rows often equal training rows, so only the difference tells of copying.

    Parameters
    ----------
    train, synthetic, holdout : {dataframe, array-like} of shape (n_rows, n_columns)
        As for :func:`distance_to_closest_record`. All training rows take part: both shares are of rows that are
        looked up among the same ones, so that the holdout may have another size. Without a holdout, the baseline is
        NaN.
    categorical_features : "auto", array-like of names or positions, or boolean mask, default="auto"
    max_rows : int, default=1_000_000
        Number of synthetic rows, and of rows of the holdout, that are drawn where there are more.
    random_state : int, default=0

    Returns
    -------
    copies : Comparison
        ``value`` for synthetic rows, ``baseline`` for the holdout, in [0, 1], and their ``difference``.

    Raises
    ------
    DataError
        For tables of different columns, or of fewer than two rows.

    Notes
    -----
    Numbers are equal if they agree in some 12 digits. Missing cells equal each other.

    Examples
    --------
    >>> import numpy as np
    >>> from genesis_sampling.metrics.privacy import exact_copies
    >>> train, holdout = np.random.default_rng(0).normal(size=(2, 500, 3))
    >>> found = exact_copies(train, np.r_[train[:100], train[:100] + 0.1], holdout)
    >>> found.value
    Estimate(0.500, 95 % interval 0.431 to 0.569)
    >>> found.baseline.value
    0.0
    """
    is_alone = holdout is None and not isinstance(train, Records)
    records = as_records(
        train, synthetic, synthetic if is_alone else holdout, categorical_features=categorical_features
    ).rounded()
    keys = {
        name: pd.util.hash_pandas_object(pd.DataFrame(codes), index=False)
        for name, codes in _asked(records, max_rows, random_state).items()
    }
    value, baseline = (
        share(float(keys[name].isin(keys["train"]).mean()), len(keys[name]))
        for name in ("synthetic", "holdout")
    )
    if is_alone:
        unknown = Estimate(np.nan, np.nan, np.nan)
        return Comparison(value, unknown, unknown)
    return compared(value, baseline)


def singling_out(
    train: Any,
    synthetic: Any,
    holdout: Any,
    *,
    n_columns: int = 2,
    categorical_features: Any = "auto",
    max_rows: int = 5_000,
    random_state: int = 0,
) -> Comparison:
    """Share of synthetic rows that point at one single training row, against the share of fresh rows that do.

    A row points at a training row if it holds a value, or a pair of values of two columns, that occurs in exactly one
    training row. Whoever sees it may guess that one such person exists, and be right: "singling out" of the Article 29
    working party [1]_, with the predicates that Giomi et al. [2]_ guess from synthetic values. Fresh rows do so by
    chance, so only the difference tells.

    Parameters
    ----------
    train, synthetic, holdout : {dataframe, array-like} of shape (n_rows, n_columns)
        As for :func:`distance_to_closest_record`. What is rare is judged on all training rows.
    n_columns : {1, 2}, default=2
        1 looks at values alone, 2 at pairs of values too.
    categorical_features : "auto", array-like of names or positions, or boolean mask, default="auto"
    max_rows : int, default=5000
        Number of synthetic rows, and of rows of the holdout, that are drawn where there are more.
    random_state : int, default=0

    Returns
    -------
    pointing : Comparison
        ``value`` for synthetic rows, ``baseline`` for the holdout, in [0, 1], and their ``difference``.

    Raises
    ------
    DataError
        For tables of different columns, or of fewer than two rows.

    Notes
    -----
    Numbers are equal if they agree in some 12 digits, and a missing cell is no value. In a column of real numbers
    nearly every value is rare: a generator that draws values from training rows, rather than near them, scores high
    there, and rightly so, as an exact salary can be looked up.

    References
    ----------
    .. [1] Article 29 Data Protection Working Party, "Opinion 05/2014 on anonymisation techniques", 2014.
    .. [2] M. Giomi, F. Boenisch, C. Wehmeyer, B. Tasnádi, "A unified framework for quantifying privacy risk in
       synthetic data", Proceedings on Privacy Enhancing Technologies 2023(2).

    Examples
    --------
    >>> import pandas as pd
    >>> from genesis_sampling.metrics.privacy import singling_out
    >>> train = pd.DataFrame({"job": ["nurse"] * 50 + ["clerk"] * 49 + ["astronaut"]})
    >>> holdout = pd.DataFrame({"job": ["nurse", "clerk"] * 25})
    >>> found = singling_out(train, train.tail(10), holdout)
    >>> found.value.value, found.baseline.value
    (0.1, 0.0)
    """
    if n_columns not in (1, 2):
        raise DataError(f"Got n_columns={n_columns!r}; expected 1 or 2.")
    records = as_records(train, synthetic, holdout, categorical_features=categorical_features).rounded()
    asked = _asked(records, max_rows, random_state)
    pointing = {name: np.zeros(len(codes), dtype=bool) for name, codes in asked.items()}
    for values in _values(asked, n_columns):
        single = _occurring_once(values["train"])
        for name in ("synthetic", "holdout"):
            pointing[name] |= pd.Series(values[name]).isin(single).to_numpy()
    return compared(*(share(pointing[name].mean(), len(pointing[name])) for name in ("synthetic", "holdout")))


def _asked(records: Records, max_rows: int, random_state: int) -> dict[str, np.ndarray]:
    """All training rows, and at most so many of the others."""
    drawn = records.drawn(synthetic=max_rows, real=max_rows, random_state=random_state)
    return {"train": records.train, "synthetic": drawn.synthetic, "holdout": drawn.holdout}


def _values(tables: dict[str, np.ndarray], n_columns: int) -> Iterator[dict[str, np.ndarray]]:
    """For each column, then each pair of columns: the values of every row as positions, -1 for a gap."""
    ends = np.cumsum([len(codes) for codes in tables.values()])[:-1]
    levels = []
    for column in range(tables["train"].shape[1]):
        found, labels = pd.factorize(np.concatenate([codes[:, column] for codes in tables.values()]))
        values = dict(zip(tables, np.split(found, ends), strict=True))
        yield values
        # A row that holds a pair with a value that occurs once points already.
        found = np.where(pd.Series(found).isin(_occurring_once(values["train"])), -1, found)
        if (found[: ends[0]] >= 0).any():
            levels.append((found, len(labels)))
    if n_columns < 2:
        return
    for (first, _), (second, n_second) in combinations(levels, 2):
        both = np.where((first < 0) | (second < 0), -1, first * n_second + second)
        yield dict(zip(tables, np.split(both, ends), strict=True))


def _occurring_once(values: np.ndarray) -> np.ndarray:
    """Values that occur once, less -1."""
    return values[~pd.Series(values).duplicated(keep=False).to_numpy() & (values >= 0)]
