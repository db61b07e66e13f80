"""Classifiers judged on rows that they have not seen: real or synthetic, of this class or of others."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import expit
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold

from ._threads import threads_for_trees
from .neighbors import EuclideanDistances, fit_distances

__all__ = ["CrossFitted", "Discriminator", "columns_for_trees"]

# Boosted trees know no more categories in a column.
MAX_CATEGORIES = 254
# As many values of a column of numbers as boosted trees tell apart. They would cut columns into bins themselves, but
# with weights that takes longer than all their trees.
N_BINS = 255


class CrossFitted:
    """A classifier of two sides, fitted without each fold of the rows in turn; the sides count alike.

    Parameters
    ----------
    model : {"boosting", "logistic"}, default="boosting"
        Boosted trees, without columns of more than 254 categories, or logistic regression on scaled numbers and
        indicators of categories.
    n_folds : int, default=3
    seed : int, default=0

    Attributes
    ----------
    margin_ : ndarray of shape (n_rows,)
        Log odds of the first side for each fitted row, by the model that has not seen it.
    auc_folds_ : ndarray of shape (n_folds,)
        Area under the ROC curve of each fold.
    """

    def __init__(self, *, model: str = "boosting", n_folds: int = 3, seed: int = 0):
        self.model = model
        self.n_folds = n_folds
        self.seed = seed

    def fit(self, codes: np.ndarray, is_first: np.ndarray, discrete: np.ndarray) -> CrossFitted:
        """Learn which of the encoded rows, NaN where a value is missing, are of the first side."""
        with threads_for_trees(len(codes)):
            return self._fit(codes, is_first, discrete)

    def _fit(self, codes: np.ndarray, is_first: np.ndarray, discrete: np.ndarray) -> CrossFitted:
        self._look_at(codes, discrete)
        points, weight = self._points(codes), balanced_weights(is_first)
        self.margin_ = np.empty(len(codes))
        self._models, aucs = [], []
        folds = StratifiedKFold(self.n_folds, shuffle=True, random_state=self.seed)
        for fitted, judged in folds.split(points, is_first):
            model = self._made().fit(points[fitted], is_first[fitted], sample_weight=weight[fitted])
            self.margin_[judged] = model.decision_function(points[judged])
            aucs.append(roc_auc_score(is_first[judged], self.margin_[judged]))
            self._models.append(model)
        self.auc_folds_ = np.array(aucs)
        return self

    def margins(self, codes: np.ndarray) -> np.ndarray:
        """Log odds of rows that were not fitted, by the model of each fold; shape (n_folds, n_rows)."""
        points = self._points(codes)
        with threads_for_trees(len(points)):
            return np.stack([model.decision_function(points) for model in self._models])

    def _look_at(self, codes: np.ndarray, discrete: np.ndarray) -> None:
        """Decide which columns the model sees, and how."""
        self._seen = columns_for_trees(codes, discrete)
        self._discrete = discrete[self._seen]
        if self.model == "logistic":
            view = fit_distances(codes, discrete)
            assert isinstance(view, EuclideanDistances)
            self._view = view
        else:
            self._edges = [_edges(codes[:, column]) for column in np.flatnonzero(self._seen & ~discrete)]

    def _points(self, codes: np.ndarray) -> np.ndarray:
        """What the model sees of the rows."""
        if self.model == "logistic":
            return self._view.embed(codes)
        seen = codes[:, self._seen]
        for column, edges in zip(np.flatnonzero(~self._discrete), self._edges, strict=True):
            values = seen[:, column]
            seen[:, column] = np.where(np.isnan(values), np.nan, np.searchsorted(edges, values))
        return seen

    def _made(self) -> Any:
        if self.model == "logistic":
            return LogisticRegression(max_iter=1000)
        return HistGradientBoostingClassifier(
            categorical_features=self._discrete, early_stopping=False, random_state=self.seed
        )


class Discriminator:
    """A classifier that tells real from synthetic rows, judged and calibrated on rows that it has not seen.

    Parameters
    ----------
    model : {"boosting", "logistic"}, default="boosting"
    n_folds : int, default=3
    seed : int, default=0

    Attributes
    ----------
    auc_ : float
        Area under the ROC curve, mean over folds: 0.5 where the rows cannot be told apart, 1 where they always can.
    auc_folds_ : ndarray of shape (n_folds,)
        Of each fold.
    """

    def __init__(self, *, model: str = "boosting", n_folds: int = 3, seed: int = 0):
        self._classifier = CrossFitted(model=model, n_folds=n_folds, seed=seed)

    def fit(self, real: np.ndarray, synthetic: np.ndarray, discrete: np.ndarray) -> Discriminator:
        """Learn from codes of shape (n_real, n_columns) and (n_synthetic, n_columns), NaN where a value is missing.

        ``discrete`` is a mask of the columns of categories.
        """
        is_real = np.repeat([True, False], [len(real), len(synthetic)])
        self._classifier.fit(np.vstack([real, synthetic]), is_real, discrete)
        self.auc_folds_ = self._classifier.auc_folds_
        self.auc_ = float(self.auc_folds_.mean())
        # Platt's sigmoid, which leaves rows alone that a fold's model tells apart by chance; isotonic regression or no
        # calibration would turn down a tenth and more of real rows where there are few.
        margin, weight = self._classifier.margin_[:, None], balanced_weights(is_real)
        sigmoid = LogisticRegression(C=np.inf).fit(margin, is_real, sample_weight=weight)
        self._slope, self._offset = float(sigmoid.coef_[0, 0]), float(sigmoid.intercept_[0])
        if self._slope <= 0:
            self._slope = self._offset = 0.0
        return self

    def score(self, codes: np.ndarray) -> np.ndarray:
        """How far rows that were not fitted pass for real: min(1, 2 P(real)), shape (n_rows,).

        P(real) is the mean of the models of all folds, where real and synthetic rows are equally frequent; so 1 means
        that nothing tells the row from a real one.
        """
        margins = self._classifier.margins(codes)
        return np.minimum(1.0, 2 * expit(self._slope * margins + self._offset).mean(axis=0))


def columns_for_trees(codes: np.ndarray, discrete: np.ndarray) -> np.ndarray:
    """Mask of the columns that boosted trees can take: all but those of more than 254 categories, or without values."""
    missing = np.isnan(codes)
    last = codes.max(axis=0, initial=0, where=~missing)
    return ~(discrete & (last >= MAX_CATEGORIES)) & ~missing.all(axis=0)


def _edges(numbers: np.ndarray) -> np.ndarray:
    """Bounds of bins of about equally many of these numbers, at most N_BINS of them; each bin includes its bound."""
    known = numbers[~np.isnan(numbers)]
    if not len(known):
        return known
    return np.unique(np.quantile(known, np.linspace(0, 1, N_BINS + 1)[1:-1], method="inverted_cdf"))


def balanced_weights(is_first: np.ndarray) -> np.ndarray:
    """Weights of mean 1 with which both sides count alike, shape (n_rows,)."""
    share = is_first.mean()
    return np.where(is_first, 0.5 / share, 0.5 / (1 - share))
