"""Which training rows are set aside to stop early on."""

from __future__ import annotations

import warnings
from fractions import Fraction

import numpy as np
import pandas as pd
from sklearn.model_selection import StratifiedGroupKFold, StratifiedShuffleSplit

from ..exceptions import DataError
from ._training_rows import TrainingRows

__all__ = ["validation_part"]

# A validation part of whole groups is put together from at most so many parts.
MAX_PARTS = 20


def validation_part(data: TrainingRows, classes: np.ndarray, fraction: float, seed: int) -> np.ndarray:
    """Positions of about that share of the rows, in order; stratified, and whole groups where there are any.

    Parameters
    ----------
    data : TrainingRows
    classes : ndarray of shape (n_classes,)
        The labels, for what is refused.
    fraction : float in (0, 1)
        As the user gave it for ``validation_fraction``.
    seed : int

    Raises
    ------
    DataError
        When there are too few rows or groups, or a class would be set aside as a whole.
    """
    if data.groups is None:
        return np.sort(_stratified_part(data.codes, classes, fraction, seed))
    return np.sort(_part_of_groups(data, classes, fraction, seed))


def _stratified_part(codes: np.ndarray, classes: np.ndarray, fraction: float, seed: int) -> np.ndarray:
    splitter = StratifiedShuffleSplit(1, test_size=fraction, random_state=seed)
    try:
        return next(splitter.split(np.zeros(len(codes)), codes))[1]
    except ValueError as error:
        counts = dict(zip(classes.tolist(), np.bincount(codes).tolist()))
        raise DataError(
            f"Got validation_fraction={fraction} for classes of {counts} rows; expected two rows of each class, and "
            f"room for all classes on both sides ({error}). Set validation_fraction=None."
        ) from error


def _part_of_groups(data: TrainingRows, classes: np.ndarray, fraction: float, seed: int) -> np.ndarray:
    """Whole groups of about that share of the rows, stratified as far as they allow."""
    groups = pd.factorize(np.asarray(data.groups).ravel())[0]
    n_groups = int(groups.max()) + 1
    part = np.empty(0, dtype=np.intp)
    if n_groups > 1:
        # So many of so many folds.
        most = min(MAX_PARTS, n_groups, int(np.bincount(data.codes).max()))
        share = Fraction(fraction).limit_denominator(most)
        n_folds = share.denominator if 0 < share < 1 else most
        n_taken = min(max(round(share * n_folds), 1), n_folds - 1)
        part = np.concatenate(_folds_of_groups(data.codes, groups, n_folds, seed)[:n_taken])
    stays = np.bincount(np.delete(data.codes, part), minlength=len(classes))
    if n_groups < 2 or not stays.all() or not len(part):
        raise DataError(
            f"Got validation_fraction={fraction} and {n_groups} groups; expected several, and no class all of whose "
            f"rows would be set aside (here {classes[stays == 0].tolist()}). Set validation_fraction=None, or give no "
            "groups where they do not matter."
        )
    return part


def _folds_of_groups(codes: np.ndarray, groups: np.ndarray, n_folds: int, seed: int) -> list[np.ndarray]:
    """Folds of whole groups, each about stratified."""
    folds = StratifiedGroupKFold(n_folds, shuffle=True, random_state=seed)
    with warnings.catch_warnings():
        # That a class is not in every fold is as it must be where it has few rows.
        warnings.filterwarnings("ignore", message="The least populated class")
        return [test for _, test in folds.split(np.zeros(len(codes)), codes, groups)]
