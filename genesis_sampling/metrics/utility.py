"""Utility: what a classifier learns from synthetic rows, judged on real rows that it has not seen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from .._random import RandomStreams
from ..exceptions import DataError
from ._models import read_task
from ._scores import MAX_ROWS, SCORING, check_scoring, compared
from ._stability import generalization_gap, robustness

__all__ = [
    "generalization_gap",
    "robustness",
    "train_augmented_test_real",
    "train_real_test_synthetic",
    "train_synthetic_test_real",
]


def train_synthetic_test_real(
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
    """TSTR: scores on real rows of a model that was trained on synthetic ones, beside one trained on real ones.

    Parameters
    ----------
    real_train : {dataframe, array-like} of shape (n_rows, n_columns)
        The real rows that the synthetic ones were learned from. They say what columns and classes there are.
    synthetic : {dataframe, array-like} of shape (n_synthetic, n_columns)
        Synthetic rows of two classes or more.
    real_test : {dataframe, array-like} of shape (n_test, n_columns)
        Real rows that neither the model nor whatever made the synthetic rows has seen.
    target : column name
        The column that holds the classes; a position where the tables are arrays.
    estimator : classifier, default=None
        Anything of scikit-learn that takes the table without its target and has ``predict_proba``, a pipeline for
        instance; it is cloned. None for boosted trees that take the table as it is, gaps and categories included.
    scoring : str or sequence of str, default: all
        Of ``"average_precision"``, ``"roc_auc"``, ``"f1"``, ``"recall"``, ``"precision"``, ``"balanced_accuracy"`` (the
        larger, the better), ``"log_loss"`` and ``"brier"`` (the smaller, the better).
    pos_label : label, default=None
        The positive one of two classes; None for the rarer one. Of several classes none is singled out.
    categorical_features : "auto", array-like of names or positions, or boolean mask, default="auto"
        Columns that hold categories, for the boosted trees.
    max_rows : int or None, default=20_000
        Of each table with more rows, so many are drawn. At this size and with 20 columns two models take a few
        seconds.
    random_state : int, default=0
        Seed of that draw and of the boosted trees.

    Returns
    -------
    scores : DataFrame of shape (n_metrics, 3)
        ``synthetic`` and ``real``: by what the model was trained on; ``difference``: synthetic less real.

    Raises
    ------
    DataError
        For tables of different columns or without rows, labels that the real training rows lack, synthetic rows of
        one class alone, an unknown metric, or an estimator without probabilities.

    See Also
    --------
    train_augmented_test_real : For rows that are added to real ones; the only question if they are of one class.

    Notes
    -----
    Esteban et al. [1]_ introduced both directions. F1, recall and precision are those of ``pos_label`` at
    the threshold of the model, 0.5 for most, those of more than two classes the unweighted mean over classes. Average
    precision and ROC AUC of more than two classes are means of one against the rest. The Brier score is the squared
    error of the probabilities, mean over rows and classes, so for two classes :math:`\\frac1n \\sum_i (p_i - y_i)^2`.

    A smaller synthetic table trains a worse model for its size alone: make as many rows as there are real ones.

    References
    ----------
    .. [1] C. Esteban, S. L. Hyland, G. Rätsch, "Real-valued (medical) time series generation with recurrent conditional
       GANs", arXiv:1706.02633, 2017.

    Examples
    --------
    >>> from genesis_sampling.datasets import make_transactions
    >>> from genesis_sampling.metrics.utility import train_synthetic_test_real
    >>> real, test = make_transactions(500), make_transactions(500, random_state=1)
    >>> scores = train_synthetic_test_real(real, real, test, target="is_fraud", scoring=["roc_auc", "brier"])
    >>> scores["difference"].tolist()
    [0.0, 0.0]
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
    judged = {name: task.judge(task.fit(task[name]), task["test"]) for name in ("synthetic", "real")}
    return compared(names, judged)


def train_real_test_synthetic(
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
    """TRTS: scores on synthetic rows of a model that was trained on real ones, beside those on real test rows.

    Parameters
    ----------
    real_train, synthetic, real_test, target, estimator
        As for :func:`train_synthetic_test_real`.
    scoring, pos_label, categorical_features, max_rows, random_state
        As for :func:`train_synthetic_test_real`.

    Returns
    -------
    scores : DataFrame of shape (n_metrics, 3)
        ``synthetic`` and ``real``: by what the model was tested on; ``difference``: synthetic less real.

    Raises
    ------
    DataError
        As for :func:`train_synthetic_test_real`.

    Notes
    -----
    Much better on synthetic than on real rows: the synthetic classes are easier to tell apart than the
    real ones, so hard rows are lacking. Much worse: synthetic rows carry the wrong label. Rows that copy training
    rows score well, so a good figure here is none by itself. Average precision, precision, F1, log loss and Brier
    score depend on the share of the classes; compare them only where both tables have about the same.

    Examples
    --------
    >>> from genesis_sampling.datasets import make_transactions
    >>> from genesis_sampling.metrics.utility import train_real_test_synthetic
    >>> real, test = make_transactions(500), make_transactions(500, random_state=1)
    >>> scores = train_real_test_synthetic(real, real, test, target="is_fraud", scoring="log_loss")
    >>> bool(scores.loc["log_loss", "difference"] < 0)  # copies of the training rows are easy
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
    model = task.fit(task["real"])
    return compared(
        names, {"synthetic": task.judge(model, task["synthetic"]), "real": task.judge(model, task["test"])}
    )


def train_augmented_test_real(
    real_train: Any,
    synthetic: Any,
    real_test: Any,
    *,
    target: Any,
    estimator: Any = None,
    scoring: str | Sequence[str] = SCORING,
    pos_label: Any = None,
    n_bootstrap: int = 200,
    confidence: float = 0.95,
    categorical_features: Any = "auto",
    max_rows: int | None = MAX_ROWS,
    random_state: int = 0,
) -> pd.DataFrame:
    """Scores on real rows of a model trained on real and synthetic rows, beside one trained on the real ones alone.

    Parameters
    ----------
    real_train, synthetic, real_test, target, estimator
        As for :func:`train_synthetic_test_real`; synthetic rows of one class will do.
    scoring, pos_label, categorical_features, max_rows
        As for :func:`train_synthetic_test_real`.
    n_bootstrap : int, default=200
        Draws of the test rows.
    confidence : float in (0, 1), default=0.95
        Level of the interval.
    random_state : int, default=0
        Seed of all draws and of the boosted trees.

    Returns
    -------
    scores : DataFrame of shape (n_metrics, 5)
        ``augmented`` and ``real``: by what the model was trained on; ``difference``: augmented less real; ``low``,
        ``high``: bootstrap interval of the difference.

    Raises
    ------
    DataError
        As for :func:`train_synthetic_test_real`.

    Notes
    -----
    Test rows are drawn with replacement, and each draw scores both models on the same rows (a paired
    percentile bootstrap [1]_). The interval covers the chance of the test rows, not that of training rows, of the
    model's seed or of another draw of synthetic rows: repeat those by cross-validation. Draws without a positive row
    are left out where a metric needs one.

    References
    ----------
    .. [1] B. Efron, R. J. Tibshirani, "An Introduction to the Bootstrap", Chapman & Hall, 1993.

    Examples
    --------
    >>> from genesis_sampling.datasets import make_transactions
    >>> from genesis_sampling.metrics.utility import train_augmented_test_real
    >>> real, test = make_transactions(500), make_transactions(500, random_state=1)
    >>> fraud = real[real["is_fraud"] == 1]
    >>> scores = train_augmented_test_real(real, fraud, test, target="is_fraud", scoring="recall")
    >>> row = scores.loc["recall"]
    >>> bool(row["low"] <= row["difference"] <= row["high"])
    True
    """
    names = check_scoring(scoring)
    if n_bootstrap < 1 or not 0 < confidence < 1:
        raise DataError(
            f"Got n_bootstrap={n_bootstrap}, confidence={confidence}; expected at least 1 and a level in (0, 1)."
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
    judged = {name: task.judge(model, task["test"]) for name, model in task.both_models().items()}
    scores = compared(names, judged)
    rng = RandomStreams.from_random_state(random_state).child("bootstrap").rng()
    n_rows = len(task["test"].y)
    draws = rng.multinomial(n_rows, np.full(n_rows, 1 / n_rows), size=n_bootstrap)
    differences = np.array(
        [judged["augmented"].scores(names, weight) - judged["real"].scores(names, weight) for weight in draws]
    )
    tails = (1 - confidence) / 2, (1 + confidence) / 2
    for column, tail in zip(("low", "high"), tails, strict=True):
        scores[column] = [_quantile(found, tail) for found in differences.T]
    return scores


def _quantile(found: np.ndarray, level: float) -> float:
    known = found[~np.isnan(found)]
    return float(np.quantile(known, level)) if len(known) else np.nan
