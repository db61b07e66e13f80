"""Real tables that come with scikit-learn, made imbalanced."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.datasets import load_breast_cancer

__all__ = ["load_rare_cancer"]


def load_rare_cancer(n_malignant: int = 40, *, random_state: int = 0) -> pd.DataFrame:
    """The Wisconsin breast cancer data with only some of the malignant cases.

    Parameters
    ----------
    n_malignant : int, default=40
        Malignant cases to keep, of 212; all 357 benign ones stay.
    random_state : int, default=0
        Seed of the choice.

    Returns
    -------
    frame : DataFrame of shape (357 + n_malignant, 31)
        30 measurements and the target ``diagnosis``, "benign" or "malignant".

    References
    ----------
    .. [1] W. N. Street, W. H. Wolberg, O. L. Mangasarian, "Nuclear feature extraction for breast tumor diagnosis",
       1993. UCI Machine Learning Repository, bundled with scikit-learn.

    Examples
    --------
    >>> from genesis_sampling.datasets import load_rare_cancer
    >>> load_rare_cancer()["diagnosis"].value_counts().to_dict()
    {'benign': 357, 'malignant': 40}
    """
    bunch = load_breast_cancer(as_frame=True)
    malignant = np.flatnonzero(bunch.target == 0)
    dropped = np.random.default_rng(random_state).permutation(malignant)[n_malignant:]
    frame = bunch.data.assign(diagnosis=np.where(bunch.target == 0, "malignant", "benign"))
    return frame.drop(index=dropped).reset_index(drop=True)
