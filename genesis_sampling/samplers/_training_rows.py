"""What a classifier is fitted to: rows that a sampler returned, each of one class, and their weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils import _safe_indexing, assert_all_finite, column_or_1d, indexable

from ..exceptions import DataError
from ..tables.containers import Target, wrap_table, wrap_target
from ..tables.items import kind_of_items

__all__ = ["TrainingRows", "class_shares", "read_labels", "read_resampled"]


@dataclass(frozen=True)
class TrainingRows:
    """Rows with their classes.

    Parameters
    ----------
    X : {array-like, sparse matrix, dataframe} of shape (n_rows, n_columns)
    codes : ndarray of int of shape (n_rows,)
        Positions of the classes.
    weight : ndarray of shape (n_rows,), default=None
    groups : array-like of shape (n_rows,), default=None
    """

    X: Any
    codes: np.ndarray
    weight: np.ndarray | None = None
    groups: Any = None

    def take(self, positions: np.ndarray) -> TrainingRows:
        """The rows at ``positions``."""
        return TrainingRows(
            _safe_indexing(indexable(self.X)[0], positions),
            self.codes[positions],
            None if self.weight is None else self.weight[positions],
            None if self.groups is None else _safe_indexing(self.groups, positions),
        )


def read_labels(y: Any, asker: str) -> tuple[Target, np.ndarray]:
    """Checked labels of a classifier's training rows, and its ``classes_``.

    Parameters
    ----------
    y : array-like of shape (n_rows,)
    asker : str
        Name of the classifier, for what is refused.
    """
    if y is None:
        raise ValueError(f"This {asker} requires y to be passed, but the target y is None.")
    labels = np.asarray(y)
    if labels.dtype.kind == "f":
        assert_all_finite(labels, input_name="y")
    target = wrap_target(y if labels.ndim == 1 else column_or_1d(y, warn=True))
    return target, np.asarray(target.classes, dtype=y.dtype if isinstance(y, np.ndarray) else None)


def class_shares(codes: np.ndarray, weight: np.ndarray | None, n_classes: int) -> np.ndarray:
    """Share of each class, by weight; shape (n_classes,)."""
    counts = np.bincount(codes, weights=weight, minlength=n_classes)
    return counts / counts.sum()


def read_resampled(sampler: Any, train: TrainingRows, X: Any, y: Any, classes: np.ndarray) -> TrainingRows:
    """What a sampler returned, with labels that are one class each, and weights where there are any.

    Parameters
    ----------
    sampler : sampler
        After it has resampled; its ``sample_weight_``, ``soft_labels_`` and ``sample_indices_`` are looked at.
    train : TrainingRows
        What it was given.
    X : {array-like, sparse matrix, dataframe} of shape (n_rows_out, n_columns)
    y : array-like of shape (n_rows_out,) or (n_rows_out, n_classes)
        Labels, or shares of the classes.
    classes : ndarray of shape (n_classes,)

    Raises
    ------
    DataError
        For labels that are none of the classes, shares that do not sum to 1, or weights to carry on without knowing
        which rows they belong to.
    """
    sources = None if train.weight is None else _sources(sampler, train.X, X)
    soft = getattr(sampler, "soft_labels_", None)
    if soft is None and np.ndim(y) == 2 and np.shape(y)[1] > 1:
        soft = y
    if soft is None:
        codes = _positions(sampler, y, classes)
        origin, factors = np.arange(len(codes)), []
    else:
        # One row for each class that has a share in a row.
        shares = _checked_shares(sampler, soft, len(classes))
        origin, codes = np.nonzero(shares)
        X, factors = _safe_indexing(indexable(X)[0], origin), [shares[origin, codes]]
    if getattr(sampler, "sample_weight_", None) is not None:
        factors.append(np.asarray(sampler.sample_weight_, dtype=np.float64)[origin])
    if train.weight is not None and sources is not None:
        factors.append(_carried(train.codes, train.weight, sources[origin], codes, len(classes)))
    return TrainingRows(X, codes, np.prod(factors, axis=0) if factors else None)


def _positions(sampler: Any, y: Any, classes: np.ndarray) -> np.ndarray:
    """Labels as positions in ``classes``."""
    labels = np.asarray(y).ravel()
    codes = pd.Index(classes).get_indexer(pd.Index(labels))
    if (codes < 0).any():
        raise DataError(
            f"Got the label {labels[codes < 0].tolist()[0]!r} from {type(sampler).__name__}; expected one of "
            f"{classes.tolist()[:20]}."
        )
    return codes


def _checked_shares(sampler: Any, soft: Any, n_classes: int) -> np.ndarray:
    shares = np.asarray(soft, dtype=np.float64)
    if shares.shape[1:] != (n_classes,) or (shares < 0).any() or not np.allclose(shares.sum(axis=1), 1):
        raise DataError(
            f"Got soft labels of shape {shares.shape} from {type(sampler).__name__}; expected in every row a share of "
            f"each of the {n_classes} classes, none negative and with the sum 1."
        )
    return shares


def _sources(sampler: Any, X: Any, X_resampled: Any) -> np.ndarray:
    """Position among the training rows of the row that each row is or comes from, -1 where there is none."""
    if hasattr(sampler, "sample_indices_"):
        return np.asarray(sampler.sample_indices_)
    kind = kind_of_items(X)
    if kind is not None:
        raise DataError(
            f"Got sample_weight and {type(sampler).__name__}, which does not tell the {kind} that its own come from "
            "(sample_indices_); expected a sampler that does, such as TransformSampler. Or give no sample_weight."
        )
    before, after = wrap_table(X).frame, wrap_table(X_resampled).frame
    n_rows = len(before)
    if len(after) >= n_rows and _are_same(before, after.iloc[:n_rows]):
        return np.where(np.arange(len(after)) < n_rows, np.arange(len(after)), -1)
    raise DataError(
        f"Got sample_weight and {type(sampler).__name__}, which neither tells where its rows come from "
        "(sample_indices_) nor returns the training rows first; expected one of the two. HybridSampler over-samples, "
        "under-samples, cleans, and tells."
    )


def _are_same(before: pd.DataFrame, after: pd.DataFrame) -> bool:
    """Whether all known values are the same; samplers may change dtypes."""
    known = before.notna().to_numpy()
    return bool((before.to_numpy() == after.to_numpy())[known].all())


def _carried(
    known_codes: np.ndarray, known_weight: np.ndarray, sources: np.ndarray, codes: np.ndarray, n_classes: int
) -> np.ndarray:
    """The weight of the row that each row comes from, else the mean of its class."""
    n_rows = np.bincount(known_codes, minlength=n_classes)
    means = np.bincount(known_codes, weights=known_weight, minlength=n_classes) / np.maximum(n_rows, 1)
    return np.where(sources >= 0, known_weight[sources], means[codes])
