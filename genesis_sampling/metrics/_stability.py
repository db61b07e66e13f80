"""How far a model's scores hold: on rows that it has not seen, and on rows that were disturbed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from .._random import RandomStreams
from ..exceptions import DataError
from ..tables.schema import is_numeric, numbers
from ._models import Rows, Task, read_task
from ._scores import MAX_ROWS, SCORING, check_scoring, compared

__all__ = ["generalization_gap", "robustness"]


def generalization_gap(
    real_train: Any,
    synthetic: Any,
    real_test: Any,
    *,
    target: Any,
    estimator: Any = None,
    scoring: str | Sequence[str] = SCORING,
    pos_label: Any = None,
    categorical_features: Any = "auto",
    max_rows: int | None = MAX_ROWS,
    random_state: int = 0,
) -> pd.DataFrame:
    """Score on the real training rows less that on real test rows, with and without synthetic rows in the training.

    Parameters
    ----------
    real_train, synthetic, real_test, target, estimator
        As for :func:`train_synthetic_test_real`; synthetic rows of one class will do.
    scoring, pos_label, categorical_features, max_rows, random_state
        As for :func:`train_synthetic_test_real`.

    Returns
    -------
    gaps : DataFrame of shape (2 * n_metrics, 3)
        Indexed by ``metric`` and ``trained_on`` ("augmented" or "real"); ``train``: score on the real training rows;
        ``test``: on the test rows; ``gap``: train less test.

    Raises
    ------
    DataError
        As for :func:`train_synthetic_test_real`.

    Notes
    -----
    A model that has learned its rows by heart has a large gap: positive for scores, negative for losses. A smaller gap
    is good only where the test score does not suffer, so read both.

    Examples
    --------
    >>> from genesis_sampling.datasets import make_transactions
    >>> from genesis_sampling.metrics.utility import generalization_gap
    >>> real, test = make_transactions(500), make_transactions(500, random_state=1)
    >>> gaps = generalization_gap(real, real, test, target="is_fraud", scoring="roc_auc")
    >>> bool((gaps["gap"] > 0).all())
    True
    """
    names = check_scoring(scoring)
    task = read_task(
        real_train,
        synthetic=synthetic,
        test=real_test,
        target=target,
        estimator=estimator,
        pos_label=pos_label,
        categorical_features=categorical_features,
        max_rows=max_rows,
        random_state=random_state,
    )
    found = {}
    for trained_on, model in task.both_models().items():
        train, test = (task.judge(model, task[name]).scores(names) for name in ("real", "test"))
        found[trained_on] = pd.DataFrame({"train": train, "test": test, "gap": train - test}, index=names)
    return _by_metric(found, names, "trained_on")


def robustness(
    real_train: Any,
    synthetic: Any,
    real_test: Any,
    *,
    target: Any,
    noise: Sequence[float] = (0.05, 0.1, 0.2),
    missing: Sequence[float] = (0.05, 0.1, 0.2),
    estimator: Any = None,
    scoring: str | Sequence[str] = SCORING,
    pos_label: Any = None,
    categorical_features: Any = "auto",
    max_rows: int | None = MAX_ROWS,
    random_state: int = 0,
) -> pd.DataFrame:
    """Scores on disturbed test rows of a model with, and of one without, synthetic rows in its training.

    Parameters
    ----------
    real_train, synthetic, real_test, target, estimator
        As for :func:`train_synthetic_test_real`; synthetic rows of one class will do.
    scoring, pos_label, categorical_features, max_rows
        As for :func:`train_synthetic_test_real`.
    noise : sequence of float, default=(0.05, 0.1, 0.2)
        Standard deviations of the normal noise that is added to every known number, as shares of the column's standard
        deviation in the real training rows. Integers are not rounded; times and categories stay.
    missing : sequence of float in [0, 1], default=(0.05, 0.1, 0.2)
        Shares of the cells that are made missing at random. ``()`` for an estimator that takes no missing values.
    random_state : int, default=0
        Seed of all draws and of the boosted trees.

    Returns
    -------
    scores : DataFrame of shape (n_metrics * n_disturbances, 3)
        Indexed by ``metric`` and ``disturbance`` ("none", "noise 0.05", ..., "missing 0.05", ...); ``augmented`` and
        ``real``: by what the model was trained on; ``difference``: augmented less real.

    Raises
    ------
    DataError
        As for :func:`train_synthetic_test_real`, and for noise below 0 or a share outside [0, 1].

    Notes
    -----
    Both models see the same disturbed rows. What was missing stays so.

    Examples
    --------
    >>> from genesis_sampling.datasets import make_transactions
    >>> from genesis_sampling.metrics.utility import robustness
    >>> real, test = make_transactions(500), make_transactions(500, random_state=1)
    >>> scores = robustness(real, real, test, target="is_fraud", scoring="roc_auc", noise=(), missing=(1.0,))
    >>> float(scores.loc[("roc_auc", "missing 1.0"), "real"])  # all rows are alike
    0.5
    """
    names = check_scoring(scoring)
    if any(level < 0 for level in noise) or any(not 0 <= share <= 1 for share in missing):
        raise DataError(
            f"Got noise={list(noise)}, missing={list(missing)}; expected noise of 0 or more and shares in [0, 1]."
        )
    task = read_task(
        real_train,
        synthetic=synthetic,
        test=real_test,
        target=target,
        estimator=estimator,
        pos_label=pos_label,
        categorical_features=categorical_features,
        max_rows=max_rows,
        random_state=random_state,
    )
    streams = RandomStreams.from_random_state(random_state)
    X = task["test"].X
    disturbed = {"none": X}
    for place, level in enumerate(noise):
        disturbed[f"noise {level}"] = _with_noise(task, level, streams.child("noise", place).rng())
    for place, share in enumerate(missing):
        disturbed[f"missing {share}"] = _with_gaps(X, share, streams.child("missing", place).rng())
    models = task.both_models()
    found = {}
    for name, frame in disturbed.items():
        rows = Rows(frame, task["test"].y)
        found[name] = compared(names, {key: task.judge(model, rows) for key, model in models.items()})
    return _by_metric(found, names, "disturbance")


def _with_noise(task: Task, level: float, rng: np.random.Generator) -> pd.DataFrame:
    real, X = task["real"].X, task["test"].X.copy()
    for name in X.columns:
        if name in task.discrete or not (is_numeric(real[name]) and is_numeric(X[name])):
            continue
        known, values = (numbers(frame[name]).astype(np.float64) for frame in (real, X))
        spread = 0.0 if np.isnan(known).all() else np.nanstd(known)
        X[name] = values + level * spread * rng.normal(size=len(X))
    return X


def _with_gaps(X: pd.DataFrame, share: float, rng: np.random.Generator) -> pd.DataFrame:
    return X.mask(pd.DataFrame(rng.random(X.shape) < share, index=X.index, columns=X.columns))


def _by_metric(found: dict[str, pd.DataFrame], names: list[str], level: str) -> pd.DataFrame:
    """Tables of all metrics as one, in the order of the metrics."""
    stacked = pd.concat(found, names=[level, "metric"]).swaplevel()
    return stacked.loc[[(name, key) for name in names for key in found]]
