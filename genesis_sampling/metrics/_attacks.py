"""Attacks on single training rows: whether a row was trained on, and what its secret is."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

from .._random import RandomStreams
from ..exceptions import DataError
from ..tables.discriminator import columns_for_trees
from ..tables.neighbors import distance_view
from ._estimate import Comparison, Estimate, area_under_curve, compared, share
from ._records import Records, as_records

__all__ = ["attribute_inference", "membership_inference"]

# Axes on which densities are estimated: with more, a kernel finds no neighbours.
MAX_AXES = 5
# Rows whose densities are computed at a time.
CHUNK = 500
# Terms e^x of a density for x below count as little as this one; those near underflow take five times as long.
NEGLIGIBLE = np.float32(-80)
# The attacker may look at so many synthetic rows for each row that is attacked.
SYNTHETIC_PER_REAL = 5


def membership_inference(
    train: Any,
    synthetic: Any,
    holdout: Any,
    *,
    method: str = "distance",
    categorical_features: Any = "auto",
    max_rows: int = 2_500,
    random_state: int = 0,
) -> Estimate:
    """How well an attacker who sees the synthetic rows tells training rows from other real rows.

    That it is 0.5 says that this attacker learned nothing. Another may.

    Parameters
    ----------
    train : {dataframe, array-like} of shape (n_train, n_columns)
        Real rows that the generator has seen.
    synthetic : {dataframe, array-like} of shape (n_synthetic, n_columns)
        Rows that it made.
    holdout : {dataframe, array-like} of shape (n_holdout, n_columns)
        Real rows from the same source that it has not seen.
    method : {"distance", "domias"}, default="distance"
        What makes a row look like a training row: ``"distance"``, a near synthetic row; ``"domias"``, more synthetic
        rows around it than there are real ones, which finds where a generator overfits [1]_. A third of the holdout
        tells the latter where real rows are, and is not attacked.
    categorical_features : "auto", array-like of names or positions, or boolean mask, default="auto"
        Columns that hold categories.
    max_rows : int, default=2500
        Number of real rows of either kind that are attacked where there are more; five times as many synthetic rows are
        looked at.
    random_state : int, default=0
        Seed of the rows drawn.

    Returns
    -------
    auc : Estimate
        Area under the ROC curve, in [0, 1]: 0.5 is ideal, 1 means that every training row is recognised.

    Raises
    ------
    DataError
        For tables of different columns, or of too few rows.

    Notes
    -----
    The scores are :math:`-\\min_s d(x, s)` and :math:`p_{synthetic}(x) / p_{reference}(x)`, the densities being those
    of Gaussian kernels of one width on the first five principal components, each with variance 1. Numbers enter as
    ranks.

    References
    ----------
    .. [1] B. van Breugel, H. Sun, Z. Qian, M. van der Schaar, "Membership inference attacks against synthetic data
       through overfitting detection", International Conference on Artificial Intelligence and Statistics, 2023.

    Examples
    --------
    >>> import numpy as np
    >>> from genesis_sampling.metrics.privacy import membership_inference
    >>> train, holdout = np.random.default_rng(0).normal(size=(2, 500, 3))
    >>> membership_inference(train, train + 1e-3, holdout).value > 0.95
    True
    """
    if method not in ("distance", "domias"):
        raise DataError(f"Got method={method!r}; expected 'distance' or 'domias'.")
    records = as_records(train, synthetic, holdout, categorical_features=categorical_features)
    drawn = records.drawn(
        synthetic=SYNTHETIC_PER_REAL * max_rows, real=max_rows, random_state=random_state
    ).ranked()
    if method == "distance":
        scores = (-drawn.nearest(rows, drawn.synthetic)[0][:, 0] for rows in (drawn.train, drawn.holdout))
        return area_under_curve(*scores)
    return area_under_curve(*_density_ratios(drawn, random_state))


def _density_ratios(records: Records, random_state: int) -> tuple[np.ndarray, np.ndarray]:
    """Log ratios of densities of training rows, and of the part of the holdout that is no reference."""
    n_reference = len(records.holdout) // 3
    if n_reference < 2:
        raise DataError(
            f"Got {len(records.holdout)} rows of train and holdout each; expected at least 6, a third of which tells "
            "where real rows are. Use method='distance'."
        )
    rng = RandomStreams.from_random_state(random_state).child("reference").rng()
    mixed = records.holdout[rng.permutation(len(records.holdout))]
    tables = [records.train, mixed[n_reference:], records.synthetic, mixed[:n_reference]]
    ends = np.cumsum([len(codes) for codes in tables])[:-1]
    points = _axes(distance_view(np.vstack(tables), ~records.is_number))
    train, others, synthetic, reference = np.split(points, ends)
    # Scott's rule, for the smaller of the two samples.
    width = n_reference ** (-1 / (points.shape[1] + 4))
    train, others = (
        _log_density(rows, synthetic, width) - _log_density(rows, reference, width)
        for rows in (train, others)
    )
    return train, others


def _axes(points: np.ndarray) -> np.ndarray:
    """Coordinates on the first principal components, each of variance 1; shape (n_rows, n_axes)."""
    centred = points - points.mean(axis=0)
    variances, axes = np.linalg.eigh(centred.T @ centred / len(points))
    variances, axes = variances[-MAX_AXES:], axes[:, -MAX_AXES:]
    if not variances[-1] > 0:
        return np.zeros((len(points), 1))
    kept = variances > 1e-9 * variances[-1]
    return centred @ (axes[:, kept] / np.sqrt(variances[kept]))


def _log_density(points: np.ndarray, centres: np.ndarray, width: float) -> np.ndarray:
    """Log density of Gaussian kernels, up to what is the same for all samples of centres; shape (n_points,)."""
    points, centres = ((rows / width).astype(np.float32) for rows in (points, centres))
    # -|p - c|^2 / 2 less -|p|^2 / 2, which is the same for all centres.
    points = np.hstack([points, np.ones((len(points), 1), dtype=np.float32)])
    centres = np.vstack([centres.T, -np.einsum("ij,ij->i", centres, centres) / 2])
    found = []
    for start in range(0, len(points), CHUNK):
        exponents = points[start : start + CHUNK] @ centres
        # Far from every centre all terms but the largest vanish.
        largest = exponents.max(axis=1, keepdims=True)
        exponents -= largest
        np.maximum(exponents, NEGLIGIBLE, out=exponents)
        found.append(largest[:, 0] + np.log(np.exp(exponents, out=exponents).mean(axis=1)))
    return np.concatenate(found).astype(np.float64)


def attribute_inference(
    train: Any,
    synthetic: Any,
    holdout: Any,
    secret: Any,
    *,
    method: str = "nearest",
    tolerance: float = 0.05,
    categorical_features: Any = "auto",
    max_rows: int = 2_000,
    random_state: int = 0,
) -> Comparison:
    """How often the secret of a training row is guessed from its other columns by help of the synthetic rows.

    What columns have to do with each other in general is what synthetic rows are made to tell; so the same attack on
    rows that the generator never saw is taken off [1]_. What is left is told about the training rows themselves.

    Parameters
    ----------
    train, synthetic, holdout : {dataframe, array-like} of shape (n_rows, n_columns)
        As for :func:`membership_inference`.
    secret : column name
        What the attacker does not know. All other columns are known.
    method : {"nearest", "boosting"}, default="nearest"
        The secret of the nearest synthetic row, or boosted trees that are fitted on the synthetic rows, which takes
        seconds where the secret has many categories.
    tolerance : float in [0, 1], default=0.05
        A secret number is guessed if its rank in [0, 1] among the real rows is missed by no more than this.
    categorical_features : "auto", array-like of names or positions, or boolean mask, default="auto"
        Columns that hold categories.
    max_rows : int, default=2000
        Number of real rows of either kind that are attacked where there are more; five times as many synthetic rows are
        looked at.
    random_state : int, default=0
        Seed of the rows drawn.

    Returns
    -------
    guessed : Comparison
        ``value`` for training rows, ``baseline`` for the holdout, in [0, 1], and their ``difference``. Rows whose
        secret is missing are left out.

    Raises
    ------
    DataError
        For tables of different columns, without any other column, or with fewer than two known secrets.

    References
    ----------
    .. [1] M. Giomi, F. Boenisch, C. Wehmeyer, B. Tasnádi, "A unified framework for quantifying privacy risk in
       synthetic data", Proceedings on Privacy Enhancing Technologies 2023(2).

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from genesis_sampling.metrics.privacy import attribute_inference
    >>> rng = np.random.default_rng(0)
    >>> train, holdout = (
    ...     pd.DataFrame({"age": rng.normal(40, 9, 400), "vote": rng.choice(["a", "b"], 400)})
    ...     for _ in range(2)
    ... )
    >>> found = attribute_inference(train, train, holdout, "vote")
    >>> found.value.value, found.difference.low > 0.3
    (1.0, True)
    """
    if method not in ("nearest", "boosting"):
        raise DataError(f"Got method={method!r}; expected 'nearest' or 'boosting'.")
    records = as_records(train, synthetic, holdout, categorical_features=categorical_features)
    column = records.column(secret)
    if len(records.names) < 2:
        raise DataError(f"Got no column beside secret={secret!r}; expected columns to guess it from.")
    records = _with_known(records, column, secret)
    drawn = records.drawn(
        synthetic=SYNTHETIC_PER_REAL * max_rows, real=max_rows, random_state=random_state
    ).ranked()
    guesses = _nearest_secrets if method == "nearest" else _learned_secrets
    seed = RandomStreams.from_random_state(random_state).child("guess").integer_seed()
    margin = tolerance if records.is_number[column] else 0.0
    shares = []
    for rows, guess in zip((drawn.train, drawn.holdout), guesses(drawn, column, seed), strict=True):
        shares.append(share(float(np.mean(np.abs(guess - rows[:, column]) <= margin)), len(rows)))
    return compared(*shares)


def _with_known(records: Records, column: int, secret: Any) -> Records:
    """The rows whose secret is known."""
    known = {name: codes[~np.isnan(codes[:, column])] for name, codes in records.tables.items()}
    for name, codes in known.items():
        if len(codes) < 2:
            raise DataError(f"Got {len(codes)} known values of {secret!r} in {name}; expected at least two.")
    return records.with_tables(known)


def _nearest_secrets(records: Records, column: int, seed: int) -> list[np.ndarray]:
    """Secret of the nearest synthetic row, for the rows of train and of the holdout."""
    seen = records.without(column)
    return [
        records.synthetic[seen.nearest(rows, seen.synthetic)[1][:, 0], column]
        for rows in (seen.train, seen.holdout)
    ]


def _learned_secrets(records: Records, column: int, seed: int) -> list[np.ndarray]:
    """Secret as boosted trees fitted on the synthetic rows guess it, for the rows of train and of the holdout."""
    seen, secrets = records.without(column), records.synthetic[:, column]
    if len(np.unique(secrets)) == 1:
        return [np.full(len(rows), secrets[0]) for rows in (seen.train, seen.holdout)]
    kept = columns_for_trees(np.vstack(list(seen.tables.values())), ~seen.is_number)
    made = HistGradientBoostingRegressor if records.is_number[column] else HistGradientBoostingClassifier
    model = made(categorical_features=~seen.is_number[kept], early_stopping=False, random_state=seed)
    model.fit(seen.synthetic[:, kept], secrets)
    return [model.predict(rows[:, kept]) for rows in (seen.train, seen.holdout)]
