"""How far on its own side of the boundary between the classes a row lies, by models that never saw its parents."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from .._random import RandomStreams
from ..exceptions import DataError
from ..tables._threads import threads_for_trees
from ..tables.discriminator import columns_for_trees
from ._checks import cannot_take_rows
from .data import ClassData, SamplingData

__all__ = ["Boundary", "fit_boundary", "has_too_few_rows"]

# With three rows of a class, one is left to learn from when any two are left out.
MIN_ROWS = 3


@dataclass(frozen=True)
class _Model:
    """Classifiers that have not seen two of the folds, and the shares of the classes that they have seen."""

    unseen: tuple[int, int]
    classifiers: list[Any]
    shares: np.ndarray


@dataclass(frozen=True)
class Boundary:
    """The boundary between classes of equal weight, as cross-fitted classifiers see it.

    With the probability :math:`p_k(x)` of class :math:`k` and its share :math:`\\pi_k` of the rows, classes of equal
    weight have the probabilities :math:`q_k = (p_k / \\pi_k) / \\sum_l p_l / \\pi_l`, and the margin of a row of class
    :math:`c` is :math:`q_c - \\max_{k \\neq c} q_k`: 0 on the boundary, less where another class is more probable.
    So a rare class has a side of its own, though its probability may nowhere reach 1/2.

    Parameters
    ----------
    data : SamplingData
    models : list of _Model
        One for each two of the folds.
    folds : ndarray of int of shape (n_rows,)
        Fold of each real row.
    estimator : classifier or None
        What the models are of. None: they take encoded rows, and rows in the container of the table else.
    """

    data: SamplingData
    models: list[_Model]
    folds: np.ndarray
    estimator: Any

    def margins(
        self, frame: pd.DataFrame, code: int, first: np.ndarray, second: np.ndarray | None = None
    ) -> np.ndarray:
        """Margins of rows as members of a class, by the mean of the models that have seen neither parent.

        Parameters
        ----------
        frame : pandas.DataFrame of shape (n_rows, n_columns)
        code : int
            The class.
        first, second : ndarrays of int of shape (n_rows,)
            Positions of the real rows that each row comes from, -1 where there is none.

        Returns
        -------
        margins : ndarray of shape (n_rows,)
            In [-1, 1].
        """
        parents = [first] if second is None else [first, second]
        X = self._as_input(frame)
        total, n_models = np.zeros((len(frame), len(self.data.target.classes))), np.zeros(len(frame))
        for model in self.models:
            # The last fold is that of no parent.
            is_unseen = np.isin([*range(self.folds.max() + 1), -1], [*model.unseen, -1])
            judged = np.flatnonzero(
                np.all([is_unseen[np.where(rows >= 0, self.folds[rows], -1)] for rows in parents], axis=0)
            )
            if len(judged):
                with threads_for_trees(len(judged)):
                    total[judged] += _balanced(model, X(judged))
                n_models[judged] += 1
        total /= n_models[:, None]
        own = total[:, code].copy()
        total[:, code] = 0
        return own - total.max(axis=1)

    def _as_input(self, frame: pd.DataFrame) -> Callable[[np.ndarray], Any]:
        """What gives the rows at some positions as the models take them."""
        if self.estimator is None:
            codes = self.data.encoder.transform(frame)
            return lambda rows: codes[rows]
        no_row = np.empty(0, dtype=np.intp)
        return lambda rows: self.data.table.stack(no_row, frame.iloc[rows])


def _balanced(model: _Model, X: Any) -> np.ndarray:
    """Probabilities of classes of equal weight, shape (n_rows, n_classes)."""
    total: Any = 0.0
    for classifier in model.classifiers:
        odds = classifier.predict_proba(X) / model.shares[classifier.classes_]
        sums = odds.sum(axis=1, keepdims=True)
        found = np.zeros((len(odds), len(model.shares)))
        found[:, classifier.classes_] = odds / np.where(sums > 0, sums, 1)
        total = total + found / len(model.classifiers)
    return total


def has_too_few_rows(part: ClassData, consequence: str) -> bool:
    """Whether the class, or every other one, is too small to be learned without two folds; if so, it is told."""
    counts = np.delete(part.data.target.counts, part.code)
    n_rows = len(part.positions)
    if n_rows < MIN_ROWS:
        told = f"Class {part.label!r} has {n_rows} row"
        if not any(message.startswith(told) for message in part.data.warned):
            part.warn_of_few_rows(f"too few to find the boundary of the class, so {consequence}")
    elif counts.max() < MIN_ROWS:
        part.warn(f"stands against classes that are too small to find a boundary, so {consequence}")
    return n_rows < MIN_ROWS or bool(counts.max() < MIN_ROWS)


def fit_boundary(estimator: Any, n_folds: int, data: SamplingData) -> Boundary:
    """Fit the models of a table, which its classes share.

    Every model leaves out two folds, so that there is one that knows neither parent of a row, whatever folds these
    are in.

    Parameters
    ----------
    estimator : classifier or None
        With ``predict_proba``; None for boosted trees and logistic regression on the table as it comes.
    n_folds : int
        At least 3.
    data : SamplingData
        With two classes or more of at least MIN_ROWS rows.

    Raises
    ------
    DataError
        When the estimator cannot be fitted to the rows.
    """
    # To encode comes first, which tells bad cells. The boundary holds the estimator, so that no other one gets its id.
    with threads_for_trees(len(data.codes)):
        return data.once(
            ("boundary", id(estimator), n_folds), lambda: _fit_boundary(estimator, n_folds, data)
        )


def _fit_boundary(estimator: Any, n_folds: int, data: SamplingData) -> Boundary:
    streams = data.streams.child("boundary")
    folds = _folds(data.target.codes, n_folds, streams.child("folds").rng())
    classifiers = _classifiers(estimator, data, streams)
    models = []
    for unseen in combinations(range(n_folds), 2):
        fitted = np.flatnonzero(~np.isin(folds, unseen))
        X = data.codes[fitted] if estimator is None else data.table.stack(fitted, data.table.frame.iloc[:0])
        y = data.target.codes[fitted]
        shares = np.bincount(y, minlength=len(data.target.classes)) / len(y)
        models.append(_Model(unseen, [_fitted(classifier, X, y) for classifier in classifiers], shares))
    return Boundary(data, models, folds, estimator)


def _fitted(classifier: Any, X: Any, y: np.ndarray) -> Any:
    """A fitted copy."""
    try:
        return clone(classifier).fit(X, y)
    except (TypeError, ValueError) as error:
        if isinstance(error, DataError):
            raise
        raise cannot_take_rows(f"{type(classifier).__name__} could not be fitted to", str(error)) from error


def _folds(codes: np.ndarray, n_folds: int, rng: np.random.Generator) -> np.ndarray:
    """Fold of each row; the rows of a class go round the folds, and the next class begins where the last one ended."""
    shuffled = rng.permutation(len(codes))
    order = shuffled[np.argsort(codes[shuffled], kind="stable")]
    folds = np.empty(len(codes), dtype=np.intp)
    folds[order] = np.arange(len(codes)) % n_folds
    return folds


def _classifiers(estimator: Any, data: SamplingData, streams: RandomStreams) -> list[Any]:
    """Unfitted classifiers."""
    seed = streams.child("classifier").integer_seed()
    if estimator is None:
        return _default_classifiers(data, seed)
    estimator = clone(estimator)
    if estimator.get_params().get("random_state", 0) is None:
        estimator.set_params(random_state=seed)
    return [estimator]


def _default_classifiers(data: SamplingData, seed: int) -> list[Any]:
    """Classifiers of encoded rows: one that finds steps and one that finds slopes."""
    discrete = data.encoder.discrete_
    line = make_pipeline(FunctionTransformer(data.distances().embed), LogisticRegression(max_iter=1000))
    seen = columns_for_trees(data.codes, discrete)
    if not seen.any():
        return [line]
    trees = HistGradientBoostingClassifier(
        categorical_features=discrete[seen], early_stopping=False, random_state=seed
    )
    return [make_pipeline(FunctionTransformer(lambda codes: codes[:, seen]), trees), line]
