"""Real or synthetic? Cross-fitted, calibrated answers, which the quality filter and the two-sample test share."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import expit
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold

from .neighbors import EuclideanDistances, fit_distances

__all__ = ["Discriminator"]

# Boosted trees know no more categories in a column.
MAX_CATEGORIES = 254


class Discriminator:
    """A classifier that tells real from synthetic rows, judged and calibrated on rows that it has not seen.

    Parameters
    ----------
    model : {"boosting", "logistic"}, default="boosting"
        Boosted trees, or logistic regression on scaled numbers and indicators of categories.
    n_folds : int, default=3
        A model is fitted without each fold, and judges it.
    seed : int, default=0

    Attributes
    ----------
    auc_ : float
        Area under the ROC curve, mean over folds: 0.5 where the rows cannot be told apart, 1 where they always can.
    auc_folds_ : ndarray of shape (n_folds,)
        Of each fold.
    """

    def __init__(self, *, model: str = "boosting", n_folds: int = 3, seed: int = 0):
        self.model = model
        self.n_folds = n_folds
        self.seed = seed

    def fit(self, real: np.ndarray, synthetic: np.ndarray, discrete: np.ndarray) -> Discriminator:
        """Learn from codes of shape (n_real, n_columns) and (n_synthetic, n_columns), NaN where a value is missing.

        The sides count alike, whatever their numbers. ``discrete`` is a mask of the columns of categories.
        """
        self._discrete = discrete
        rows, is_real = np.vstack([real, synthetic]), np.repeat([1, 0], [len(real), len(synthetic)])
        weight = np.where(is_real == 1, 1 / len(real), 1 / len(synthetic)) * len(rows) / 2
        self._look_at(rows)
        points = self._points(rows)
        margin = np.empty(len(rows))
        self._models, aucs = [], []
        folds = StratifiedKFold(self.n_folds, shuffle=True, random_state=self.seed)
        for fitted, judged in folds.split(points, is_real):
            model = self._made().fit(points[fitted], is_real[fitted], sample_weight=weight[fitted])
            margin[judged] = model.decision_function(points[judged])
            aucs.append(roc_auc_score(is_real[judged], margin[judged]))
            self._models.append(model)
        self.auc_folds_ = np.array(aucs)
        self.auc_ = float(self.auc_folds_.mean())
        # Platt's sigmoid, which leaves rows alone that a fold's model tells apart by chance; isotonic regression or no
        # calibration would turn down a tenth and more of real rows where there are few.
        sigmoid = LogisticRegression(C=np.inf).fit(margin[:, None], is_real, sample_weight=weight)
        self._slope, self._offset = max(float(sigmoid.coef_[0, 0]), 0.0), float(sigmoid.intercept_[0])
        if not self._slope:
            self._offset = 0.0
        return self

    def score(self, codes: np.ndarray) -> np.ndarray:
        """How far rows that were not fitted pass for real: min(1, 2 P(real)), shape (n_rows,).

        P(real) is the mean of the models of all folds, where real and synthetic rows are equally frequent; so 1 means
        that nothing tells the row from a real one.
        """
        points = self._points(codes)
        margin = np.stack([model.decision_function(points) for model in self._models])
        return np.minimum(1.0, 2 * expit(self._slope * margin + self._offset).mean(axis=0))

    def _look_at(self, rows: np.ndarray) -> None:
        """Decide which columns the model sees, and how."""
        most = np.nan_to_num(rows.max(axis=0, initial=0, where=~np.isnan(rows)))
        self._seen = ~(self._discrete & (most >= MAX_CATEGORIES))
        if self.model == "logistic":
            view = fit_distances(rows, self._discrete)
            assert isinstance(view, EuclideanDistances)
            self._view = view

    def _points(self, codes: np.ndarray) -> np.ndarray:
        return self._view.embed(codes) if self.model == "logistic" else codes[:, self._seen]

    def _made(self) -> Any:
        if self.model == "logistic":
            return LogisticRegression(max_iter=1000)
        return HistGradientBoostingClassifier(
            categorical_features=self._discrete[self._seen], early_stopping=False, random_state=self.seed
        )
