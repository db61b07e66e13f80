"""Over-samplers of other packages, which take numbers without gaps, on tables as they come."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
import pandas as pd
from imblearn.over_sampling import ADASYN, SMOTE, SMOTEN, SMOTENC, SVMSMOTE, BorderlineSMOTE
from sklearn.base import BaseEstimator
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

IMBLEARN = {"smote": SMOTE, "borderline": BorderlineSMOTE, "svm": SVMSMOTE, "adasyn": ADASYN}
SMOTE_VARIANTS = {"polynom-fit": "polynom_fit_SMOTE_star", "prowsyn": "ProWSyn"}


class PeerSampler(BaseEstimator):
    """A peer's sampler, 1:1, on a table of numbers, categories and gaps.

    It sees gaps filled by medians, numbers standardised and categories as indicators, of which a new row gets the
    largest; SMOTENC stands for SMOTE on tables with categories. Real rows stay as they are.

    Parameters
    ----------
    kind : str
        A name in ``IMBLEARN`` or ``SMOTE_VARIANTS``.
    random_state : int, default=0
    """

    def __init__(self, kind, random_state=0):
        self.kind = kind
        self.random_state = random_state

    def fit_resample(self, X, y):
        """The rows, then new ones."""
        texts = X.select_dtypes(exclude="number").columns.tolist()
        numbers = [name for name in X.columns if name not in texts]
        filled = SimpleImputer(strategy="median", keep_empty_features=True)
        scaler = StandardScaler()
        points = scaler.fit_transform(filled.fit_transform(X[numbers])) if numbers else np.empty((len(X), 0))
        with_codes = self.kind == "smote" and texts
        encoder: Any = OrdinalEncoder() if with_codes else OneHotEncoder(sparse_output=False)
        codes = (
            encoder.fit_transform(X[texts].astype(object).fillna("missing"))
            if texts
            else np.empty((len(X), 0))
        )
        new, labels = self._made(np.hstack([points, codes]), y, points.shape[1], with_codes)
        frame = pd.DataFrame(index=range(len(new)))
        if numbers:
            frame[numbers] = scaler.inverse_transform(new[:, : len(numbers)])
        if texts:
            frame[texts] = pd.DataFrame(encoder.inverse_transform(new[:, len(numbers) :]))
            frame[texts] = frame[texts].where(frame[texts] != "missing")
        return pd.concat([X.reset_index(drop=True), frame[X.columns]], ignore_index=True), np.r_[y, labels]

    def _made(self, points, y, n_numbers, with_codes):
        """New points and their labels."""
        made, labels = self._sampler(points, n_numbers, with_codes)(points, y)
        assert np.array_equal(made[: len(points)], points), "expected the rows first"
        return made[len(points) :], labels[len(points) :]

    def _sampler(self, points, n_numbers, with_codes):
        options = {"random_state": self.random_state}
        if self.kind in SMOTE_VARIANTS:
            import smote_variants

            logging.disable(logging.INFO)
            return getattr(smote_variants, SMOTE_VARIANTS[self.kind])(**options).sample
        if not with_codes:
            return IMBLEARN[self.kind](**options).fit_resample
        if n_numbers:
            return SMOTENC(list(range(n_numbers, points.shape[1])), **options).fit_resample
        return SMOTEN(**options).fit_resample
