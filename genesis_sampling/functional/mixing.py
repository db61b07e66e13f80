"""Mixup with soft labels, or with weights, for learners that take them."""

from __future__ import annotations

from dataclasses import dataclass, field
from numbers import Integral, Real
from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils.validation import check_consistent_length

from .._random import RandomStreams
from ..exceptions import DataError
from ..samplers.blending import Blender
from ..tables import TableEncoder
from ..tables.containers import Table, Target, array_of_rows, wrap_table, wrap_target
from ._methods import check_choice

__all__ = ["Mixture", "mixup"]


@dataclass(frozen=True)
class Mixture:
    """Blended rows with soft labels.

    Attributes
    ----------
    X : {ndarray, sparse matrix, dataframe} of shape (n_rows, n_columns)
        The blends, in the container that came in.
    y : ndarray of shape (n_rows, n_classes)
        Share of each class; a row sums to 1.
    classes : list
        The class of each column of ``y``.
    parent_indices : ndarray of int of shape (n_rows, 2)
        Positions of both parents in the input.
    """

    X: Any
    y: np.ndarray
    classes: list[Any]
    parent_indices: np.ndarray
    _table: Table = field(repr=False)
    _target: Target = field(repr=False)
    _rows: pd.DataFrame = field(repr=False)
    _share: np.ndarray = field(repr=False)

    def weighted(self) -> tuple[Any, Any, np.ndarray]:
        """The same with hard labels and weights, for learners that take ``sample_weight``.

        Every blend comes twice: first all with the labels of their first parents, then all with those of the second.

        Returns
        -------
        X : {ndarray, sparse matrix, dataframe} of shape (2 * n_rows, n_columns)
        y : array-like of shape (2 * n_rows,)
            In the container of the labels that came in.
        sample_weight : ndarray of shape (2 * n_rows,)
            The share of that parent; 0 to 1.
        """
        none = np.empty(0, dtype=np.intp)
        twice = self._rows.iloc[np.tile(np.arange(len(self._rows)), 2)].reset_index(drop=True)
        codes = self._target.codes[self.parent_indices.T.ravel()]
        weights = np.concatenate([self._share, 1 - self._share])
        return self._table.stack(none, twice), self._target.stack(none, codes), weights


def mixup(
    X: Any,
    y: Any,
    *,
    n_rows: int | None = None,
    alpha: float = 0.2,
    partners: str = "any",
    categorical_features: Any = "auto",
    random_state: Any = None,
) -> Mixture:
    """Blend random pairs of rows and their labels.

    Parameters
    ----------
    X : {array-like, sparse matrix, dataframe} of shape (n_rows_in, n_columns)
    y : array-like of shape (n_rows_in,)
        Class labels.
    n_rows : int, default=None
        Blends to make; None for as many as there are rows.
    alpha : float, default=0.2
        Shape of the Beta distribution of the weights; the larger, the nearer to the middle.
    partners : {"any", "same"}, default="any"
        Whether the second parent is any row, or one of the class of the first.
    categorical_features : "auto", array-like of names or positions, or boolean mask, default="auto"
        Columns that hold categories. ``"auto"``: text, object, boolean and unordered ``category`` columns.
    random_state : int, RandomState instance or None, default=None
        Seed.

    Returns
    -------
    mixture : Mixture
        ``mixture.X`` and the soft labels ``mixture.y``; ``mixture.weighted()`` gives hard labels with weights.

    Notes
    -----
    With :math:`\\lambda \\sim \\text{Beta}(\\alpha, \\alpha)` a blend is :math:`\\lambda x_i + (1 - \\lambda) x_j`
    with the label :math:`\\lambda e_{y_i} + (1 - \\lambda) e_{y_j}` [1]_. Only blend the rows that train a model, never
    before a split.

    References
    ----------
    .. [1] H. Zhang, M. Cisse, Y. N. Dauphin, D. Lopez-Paz, "mixup: beyond empirical risk minimization", International
       Conference on Learning Representations, 2018.

    Examples
    --------
    >>> import numpy as np
    >>> from genesis_sampling import mixup
    >>> X = np.random.default_rng(0).normal(size=(100, 3))
    >>> mixture = mixup(X, np.repeat(["no", "yes"], [80, 20]), random_state=0)
    >>> mixture.X.shape, mixture.y.shape, mixture.classes
    ((100, 3), (100, 2), ['no', 'yes'])
    >>> X_twice, y_twice, sample_weight = mixture.weighted()
    """
    check_choice("partners", partners, ("any", "same"))
    if not isinstance(alpha, Real) or not 0 < alpha < np.inf:
        raise DataError(f"Got alpha={alpha!r}; expected a number above 0.")
    table, target = _wrapped(X, y)
    n_rows = len(table) if n_rows is None else n_rows
    if not isinstance(n_rows, Integral) or n_rows < 0:
        raise DataError(f"Got n_rows={n_rows!r}; expected a number of rows that is not negative.")
    encoder = TableEncoder(categorical_features).fit(table.frame)
    streams = RandomStreams.from_random_state(random_state)
    first, second = _parents(target, n_rows, partners, streams)
    share = streams.child("share").rng().beta(alpha, alpha, size=n_rows)
    blender = Blender.of_table(encoder.transform(table.frame), encoder)
    rows = encoder.inverse_transform(blender.blend(first, second, 1 - share, streams.child("blend").rng()))
    soft = np.zeros((n_rows, len(target.classes)))
    np.add.at(soft, (np.arange(n_rows), target.codes[first]), share)
    np.add.at(soft, (np.arange(n_rows), target.codes[second]), 1 - share)
    mixed = table.stack(np.empty(0, dtype=np.intp), rows)
    return Mixture(mixed, soft, target.classes, np.column_stack([first, second]), table, target, rows, share)


def _wrapped(X: Any, y: Any) -> tuple[Table, Target]:
    was_list = isinstance(X, list | tuple)
    table = wrap_table(array_of_rows(X) if was_list else X, was_list=was_list)
    target = wrap_target(y)
    check_consistent_length(table.frame, target.codes)
    if not len(table):
        raise DataError("Got a table without rows; expected at least one row.")
    return table, target


def _parents(
    target: Target, n_rows: int, partners: str, streams: RandomStreams
) -> tuple[np.ndarray, np.ndarray]:
    """Positions of two random rows for each blend."""
    uniforms = streams.child("parents").rng().random((n_rows, 2))
    first = (uniforms[:, 0] * len(target.codes)).astype(np.intp)
    if partners == "any":
        return first, (uniforms[:, 1] * len(target.codes)).astype(np.intp)
    by_class = np.argsort(target.codes, kind="stable")
    start, size = np.cumsum(target.counts) - target.counts, target.counts
    code = target.codes[first]
    return first, by_class[start[code] + (uniforms[:, 1] * size[code]).astype(np.intp)]
