"""Neighbours among the rows of a table, whatever its columns hold: the one engine of all samplers and filters."""

from __future__ import annotations

from numbers import Integral, Real

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.base import BaseEstimator, _fit_context
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from .._random import RandomStreams
from ..exceptions import DataError
from ._distances import METRICS, Distances, EuclideanDistances, fit_distances
from ._search import DEFAULT_BUDGET, NeighborSearch
from .containers import array_of_rows, is_frame, wrap_table, wrap_target
from .encoder import TableEncoder

__all__ = [
    "METRICS",
    "Distances",
    "EuclideanDistances",
    "NeighborSearch",
    "TableNeighbors",
    "distance_view",
    "fit_distances",
]

# Categories beyond the most frequent ones share the point 0: their rows are told apart by the other columns.
MAX_CATEGORIES = 50


def distance_view(codes: np.ndarray, discrete: np.ndarray) -> np.ndarray:
    """Points whose Euclidean distances are those of the metric ``"smote-nc"``, for tools that know numbers alone.

    Parameters
    ----------
    codes : ndarray of shape (n_rows, n_columns)
        An encoded table, NaN where a value is missing.
    discrete : ndarray of bool of shape (n_columns,)
        Columns that hold positions of categories.

    Returns
    -------
    points : ndarray of shape (n_rows, n_coordinates)
        A column of very many categories has a coordinate for each of the most frequent ones.
    """
    distances = fit_distances(codes, discrete)
    assert isinstance(distances, EuclideanDistances)
    return np.hstack(
        [distances.embed(codes)] + [_frequent_one_hot(codes[:, column]) for column in distances.wide]
    )


def _frequent_one_hot(categories: np.ndarray) -> np.ndarray:
    """One column per frequent category, of height sqrt(1/2), so that two categories lie at distance 1."""
    _, positions, counts = np.unique(
        np.nan_to_num(categories, nan=-1), return_inverse=True, return_counts=True
    )
    frequent = np.argsort(-counts, kind="stable")[:MAX_CATEGORIES]
    return (positions[:, None] == frequent[None, :]) * np.sqrt(0.5)


class TableNeighbors(BaseEstimator):
    """Nearest rows of a table of any column kinds, missing values included.

    It has the interface of scikit-learn's ``NearestNeighbors``, so imbalanced-learn's samplers take it as
    ``k_neighbors=`` or ``n_neighbors=``.

    Parameters
    ----------
    n_neighbors : int, default=5
        Number of neighbours.
    metric : {"smote-nc", "hvdm", "gower"}, default="smote-nc"
        ``"smote-nc"`` [1]_: Euclidean; two categories that differ add the squared median of the standard deviations
        of the numbers. ``"hvdm"`` [2]_: two categories are as far apart as the shares of the classes among their
        rows, so ``fit`` needs ``y``. ``"gower"`` [3]_: the mean of the differences by column, each in [0, 1], over
        the columns that both rows know.
    scale : bool, default=True
        Whether numbers are divided by their standard deviation, for ``"smote-nc"``; the other metrics always scale.
    categorical_features : "auto", array-like of names or positions, or boolean mask, default="auto"
        Columns that hold categories. ``"auto"``: text, object, boolean and unordered ``category`` columns.
    method : {"auto", "exact", "approximate"}, default="auto"
        ``"exact"`` compares all pairs. ``"approximate"`` looks at the cells of an inverted file near each query; it
        takes as many cells as ``recall`` needs, and compares all pairs where those are too many to be faster, with
        fewer than 10,000 rows, with Gower's distance, and with a column of more than 32 categories. ``"auto"`` is
        exact where that is fast, else approximate.
    recall : float, default=0.95
        Share of the true neighbours that an approximate search has to find, measured on a sample of the queries.
    memory_budget : int, default=2**30
        Bytes that an index may take.
    n_jobs : int, default=None
        Number of threads; None for as many as the linear algebra uses. The result does not depend on it.
    random_state : int, RandomState instance or None, default=0
        Seed of an approximate index. It is fixed by default, since the samplers of others that take this as
        ``k_neighbors=`` have no way to seed it.

    Attributes
    ----------
    n_features_in_ : int
        Number of columns seen.
    n_samples_fit_ : int
        Number of rows seen.
    search_ : str
        What the last search was: ``"exact"`` or, say, ``"approximate, recall 0.97"``.

    Notes
    -----
    Columns are centred before they are compared in float32, and the winners are compared again in float64. A missing
    number lies at the mean of its column, one standard deviation aside, which makes it as far from a known number as
    two known ones are from each other on average; a missing category is a category of its own; Gower's distance
    leaves such columns out.

    References
    ----------
    .. [1] N. V. Chawla, K. W. Bowyer, L. O. Hall, W. P. Kegelmeyer, "SMOTE: synthetic minority over-sampling
       technique", Journal of Artificial Intelligence Research 16, 2002.
    .. [2] D. R. Wilson, T. R. Martinez, "Improved heterogeneous distance functions", Journal of Artificial
       Intelligence Research 6, 1997.
    .. [3] J. C. Gower, "A general coefficient of similarity and some of its properties", Biometrics 27(4), 1971.

    Examples
    --------
    >>> import pandas as pd
    >>> from genesis_sampling import TableNeighbors
    >>> rows = pd.DataFrame(
    ...     {"age": [20.0, 21.0, 60.0, None, None], "city": ["Rome", "Rome", "Oslo", "Oslo", "Bern"]}
    ... )
    >>> TableNeighbors(n_neighbors=1).fit(rows).kneighbors(return_distance=False).ravel()
    array([1, 0, 3, 4, 3])
    """

    _parameter_constraints: dict = {
        "n_neighbors": [Interval(Integral, 1, None, closed="left")],
        "metric": [StrOptions(set(METRICS))],
        "scale": ["boolean"],
        "categorical_features": ["array-like", StrOptions({"auto"}), None],
        "method": [StrOptions({"auto", "exact", "approximate"})],
        "recall": [Interval(Real, 0, 1, closed="right")],
        "memory_budget": [Interval(Integral, 0, None, closed="left")],
        "n_jobs": [Integral, None],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        n_neighbors=5,
        *,
        metric="smote-nc",
        scale=True,
        categorical_features="auto",
        method="auto",
        recall=0.95,
        memory_budget=DEFAULT_BUDGET,
        n_jobs=None,
        random_state=0,
    ):
        self.n_neighbors = n_neighbors
        self.metric = metric
        self.scale = scale
        self.categorical_features = categorical_features
        self.method = method
        self.recall = recall
        self.memory_budget = memory_budget
        self.n_jobs = n_jobs
        self.random_state = random_state

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None):
        """Keep the rows to search.

        Parameters
        ----------
        X : {dataframe, array-like, sparse matrix} of shape (n_rows, n_columns)
        y : array-like of shape (n_rows,), default=None
            Classes, for ``metric="hvdm"`` and for :meth:`predict`.

        Returns
        -------
        self : object
        """
        if self.metric == "hvdm" and y is None:
            raise DataError(
                "Got no y; expected class labels, which metric='hvdm' is made of. Samplers that search neighbours by "
                "themselves pass none; InterpolationSampler(metric='hvdm') does."
            )
        frame = self._as_frame(X)
        if not len(frame):
            raise DataError("Got a table without rows; expected at least one row.")
        self._encoder = TableEncoder(self.categorical_features).fit(frame)
        codes = self._encoder.transform(frame)
        self._target = None if y is None else wrap_target(y)
        if self._target is not None:
            check_consistent_length(frame, self._target.codes)
        distances = fit_distances(
            codes,
            self._encoder.discrete_,
            metric=self.metric,
            scale=self.scale,
            labels=None if self._target is None else self._target.codes,
        )
        self._search = NeighborSearch(
            distances,
            codes,
            method=self.method,
            recall=self.recall,
            memory_budget=self.memory_budget,
            n_jobs=self.n_jobs,
            seed=RandomStreams.from_random_state(self.random_state).integer_seed(),
        )
        self.n_samples_fit_, self.n_features_in_ = frame.shape
        self._names = frame.columns
        return self

    def kneighbors(self, X=None, n_neighbors=None, return_distance=True):
        """The nearest rows.

        Parameters
        ----------
        X : {dataframe, array-like, sparse matrix} of shape (n_queries, n_columns), default=None
            Queries. None for the rows that were fitted, none of which is its own neighbour then.
        n_neighbors : int, default=None
            How many, instead of the parameter.
        return_distance : bool, default=True
            Whether distances are returned too.

        Returns
        -------
        distances : ndarray of shape (n_queries, n_neighbors)
            In increasing order.
        positions : ndarray of int of shape (n_queries, n_neighbors)
        """
        check_is_fitted(self)
        k = self.n_neighbors if n_neighbors is None else n_neighbors
        most = self.n_samples_fit_ - (X is None)
        if not isinstance(k, Integral) or not 1 <= k <= most:
            raise DataError(f"Got n_neighbors={k!r} for {self.n_samples_fit_} rows; expected 1 to {most}.")
        own = np.arange(self.n_samples_fit_) if X is None else None
        codes = self._search.codes if X is None else self._encoder.transform(self._as_query(X))
        distances, positions = self._search.query(codes, k, own=own)
        self.search_ = self._search.how
        return (distances, positions) if return_distance else positions

    def kneighbors_graph(self, X=None, n_neighbors=None, mode="connectivity"):
        """The graph of neighbours.

        Parameters
        ----------
        X : {dataframe, array-like, sparse matrix} of shape (n_queries, n_columns), default=None
            As for :meth:`kneighbors`.
        n_neighbors : int, default=None
        mode : {"connectivity", "distance"}, default="connectivity"
            What an edge holds: 1, or the distance.

        Returns
        -------
        graph : sparse matrix of shape (n_queries, n_rows)
        """
        if mode not in ("connectivity", "distance"):
            raise DataError(f"Got mode={mode!r}; expected 'connectivity' or 'distance'.")
        distances, positions = self.kneighbors(X, n_neighbors)
        values = distances.ravel() if mode == "distance" else np.ones(positions.size)
        starts = np.arange(len(positions) + 1) * positions.shape[1]
        return csr_matrix((values, positions.ravel(), starts), shape=(len(positions), self.n_samples_fit_))

    def predict(self, X):
        """The most frequent class among the nearest rows, the first of equally frequent ones.

        Parameters
        ----------
        X : {dataframe, array-like, sparse matrix} of shape (n_queries, n_columns)

        Returns
        -------
        y : ndarray of shape (n_queries,)
        """
        positions = self.kneighbors(X, return_distance=False)
        if self._target is None:
            raise DataError("Got no y in fit; expected class labels, which predict chooses from.")
        n_classes = len(self._target.classes)
        cells = np.arange(len(positions))[:, None] * n_classes + self._target.codes[positions]
        votes = np.bincount(cells.ravel(), minlength=len(positions) * n_classes).reshape(-1, n_classes)
        return np.asarray(self._target.classes)[votes.argmax(axis=1)]

    @staticmethod
    def _as_frame(X):
        if isinstance(X, list | tuple):
            X = array_of_rows(X)
        if np.ndim(X) != 2:
            raise DataError(f"Got an array of {np.ndim(X)} dimensions; expected rows and columns.")
        return wrap_table(X).frame

    def _as_query(self, X):
        frame = self._as_frame(X)
        if frame.shape[1] != self.n_features_in_:
            raise DataError(f"Got {frame.shape[1]} columns; expected {self.n_features_in_}, as fit saw.")
        # An array has no names, so its columns are those of fit in their order.
        return frame if is_frame(X) else frame.set_axis(self._names, axis=1)
