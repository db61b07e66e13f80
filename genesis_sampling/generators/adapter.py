"""Densities of scikit-learn, and users' own objects, as generators."""

from __future__ import annotations

import inspect
import warnings
from dataclasses import dataclass
from numbers import Integral
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.mixture._base import BaseMixture
from sklearn.neighbors import KernelDensity
from sklearn.utils._param_validation import HasMethods, Interval

from .._random import RandomStreams
from ..exceptions import DataError, SmallClassWarning
from .base import BaseGenerator

__all__ = ["EstimatorGenerator", "as_generator"]

# Rows that are asked of the estimator at a time. Always as many, so that fewer rows are the first of more.
PART = 4096


class EstimatorGenerator(BaseGenerator):
    """Rows from a density of scikit-learn: a kernel density or a Gaussian mixture.

    The estimator sees numbers alone: numbers and times standardised, categories as indicators, missing values as the
    mean beside an indicator. What it draws is decoded back: the category of the largest indicator, missing where its
    indicator passes one half, numbers rounded to what the column can hold and clipped to the range seen.

    Parameters
    ----------
    estimator : object with ``fit`` and ``sample``, default=None
        :class:`~sklearn.neighbors.KernelDensity` with a Gaussian or tophat kernel,
        :class:`~sklearn.mixture.GaussianMixture`, :class:`~sklearn.mixture.BayesianGaussianMixture` or the like. None
        stands for ``KernelDensity(bandwidth="scott")``.
    max_indicators : int, default=30
        Categories up to which a column is spread over indicators; with more, the position of the category is taken as
        a number.
    categorical_features : "auto", array-like of names or positions, or boolean mask, default="auto"
        Columns that hold categories. ``"auto"``: text, object, boolean and unordered ``category`` columns.
    random_state : int, RandomState instance or None, default=None
        Seed of the draws, and of the estimator where that has none of its own.

    Attributes
    ----------
    estimator_ : object
        The fitted estimator.
    encoder_ : TableEncoder
        The fitted encoding of the table.
    target_ : Target or None
        The labels given to ``fit``.
    n_features_in_ : int
        Number of columns seen.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Their names.

    See Also
    --------
    GaussianCopulaGenerator : Keeps margins exactly and conditions without rejection.

    Notes
    -----
    A kernel density is the smoothed bootstrap [1]_: a row drawn with replacement plus noise of the bandwidth, in
    units of standard deviations. Conditions and labels are met by rejection.

    References
    ----------
    .. [1] B. W. Silverman, G. A. Young, "The bootstrap: to smooth or not to smooth?", Biometrika 74(3), 1987.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn.mixture import GaussianMixture
    >>> from genesis_sampling.generators import EstimatorGenerator
    >>> frame = pd.DataFrame({"age": [23, 31, 47, 52, 60], "city": ["Rome", "Rome", "Oslo", None, "Oslo"]})
    >>> generator = EstimatorGenerator(GaussianMixture(2), random_state=0).fit(frame)
    >>> generator.sample(4).dtypes.equals(frame.dtypes)
    True
    """

    _parameter_constraints: dict = {
        **BaseGenerator._parameter_constraints,
        "estimator": [HasMethods(["fit", "sample"]), None],
        "max_indicators": [Interval(Integral, 2, None, closed="left")],
    }

    def __init__(self, estimator=None, *, max_indicators=30, categorical_features="auto", random_state=None):
        self.estimator = estimator
        self.max_indicators = max_indicators
        self.categorical_features = categorical_features
        self.random_state = random_state

    def _fit_codes(self, codes, discrete, first, streams):
        self._columns = [
            _spread_column(codes[:, j], bool(discrete[j]), self.max_indicators) for j in range(codes.shape[1])
        ]
        features = np.hstack([column.features(codes[:, j]) for j, column in enumerate(self._columns)])
        estimator = KernelDensity(bandwidth="scott") if self.estimator is None else clone(self.estimator)
        if getattr(estimator, "random_state", 0) is None:
            estimator.set_params(random_state=streams.child("estimator").integer_seed())
        if features.shape[1]:
            _fit_to_few(estimator, features)
        self.estimator_ = estimator

    def _draw_codes(self, n, streams, allowed):
        features = self._draw_features(n, streams)
        codes, start = np.empty((n, len(self._columns)), order="F"), 0
        for j, column in enumerate(self._columns):
            codes[:, j] = column.codes(features[:, start : start + column.width])
            start += column.width
        return codes, None

    def _draw_features(self, n: int, streams: RandomStreams) -> np.ndarray:
        """Draws of the estimator, shape (n, n_features), in fixed parts that each have a seed."""
        if not sum(column.width for column in self._columns):
            return np.empty((n, 0))
        starts = range(0, max(n, 1), PART)
        return np.concatenate(
            [_draw_part(self.estimator_, streams.child("part", start)) for start in starts]
        )[:n]


@dataclass(frozen=True)
class _SpreadColumn:
    """How one encoded column is spread over features.

    A column takes one feature for each of its categories, or one for its number unless that is constant, and another
    one for its missing values if it has some.
    """

    centre: float  # NaN where no value is known
    scale: float  # 0 where there is nothing to tell apart
    low: float
    high: float
    n_indicators: int
    has_missing: bool

    @property
    def width(self) -> int:
        """Number of features."""
        return (self.n_indicators or int(self.scale > 0)) + int(self.has_missing)

    def features(self, codes: np.ndarray) -> np.ndarray:
        """Features of shape (n_rows, width)."""
        missing = np.isnan(codes)
        parts = []
        if self.n_indicators:
            parts.append(codes[:, None] == self.low + np.arange(self.n_indicators))
        elif self.scale > 0:
            parts.append((np.where(missing, self.centre, codes)[:, None] - self.centre) / self.scale)
        if self.has_missing:
            parts.append(missing[:, None])
        return np.hstack([np.empty((len(codes), 0)), *parts]).astype(np.float64)

    def codes(self, features: np.ndarray) -> np.ndarray:
        """Codes of shape (n_rows,)."""
        if self.n_indicators:
            codes = self.low + np.argmax(features[:, : self.n_indicators], axis=1)
        elif self.scale > 0:
            codes = np.clip(features[:, 0] * self.scale + self.centre, self.low, self.high)
        else:
            codes = np.full(len(features), self.centre)
        return np.where(features[:, -1] > 0.5, np.nan, codes) if self.has_missing else codes


def _spread_column(codes: np.ndarray, nominal: bool, max_indicators: int) -> _SpreadColumn:
    known = codes[~np.isnan(codes)]
    if not len(known):
        return _SpreadColumn(np.nan, 0.0, np.nan, np.nan, 0, has_missing=False)
    low, high, has_missing = known.min(), known.max(), len(known) < len(codes)
    n_categories = int(high - low) + 1 if nominal else 0
    if low == high:
        return _SpreadColumn(low, 0.0, low, high, 0, has_missing)
    return _SpreadColumn(
        known.mean(),
        known.std(),
        low,
        high,
        n_categories if n_categories <= max_indicators else 0,
        has_missing,
    )


def _fit_to_few(estimator: Any, features: np.ndarray) -> None:
    """Fit; a mixture of more components than rows gets as many as there are rows."""
    n_components = getattr(estimator, "n_components", 1)
    if n_components > len(features):
        warnings.warn(
            f"Got n_components={n_components} for {len(features)} rows; {len(features)} are used.",
            SmallClassWarning,
            stacklevel=2,
        )
        estimator.set_params(n_components=len(features))
    # Mixtures refuse a single row; two equal ones have the same density.
    estimator.fit(np.repeat(features, 2, axis=0) if len(features) == 1 else features)


def _draw_part(estimator: Any, streams: RandomStreams) -> np.ndarray:
    """``PART`` draws in random order: mixtures give them component by component."""
    seed = streams.child("estimator").integer_seed()
    if "random_state" in inspect.signature(estimator.sample).parameters:
        drawn = estimator.sample(PART, random_state=seed)
    else:
        # `sample` of a mixture reads the parameter; it is put back, for the estimator is the user's to look at.
        own = estimator.random_state
        estimator.random_state = seed
        try:
            drawn = estimator.sample(PART)
        finally:
            estimator.random_state = own
    rows = np.asarray(drawn[0] if isinstance(drawn, tuple) else drawn)
    return rows[streams.child("order").rng().permutation(PART)]


def as_generator(generator: Any) -> Any:
    """Anything that can be learned from rows and draw new ones, as a generator.

    Parameters
    ----------
    generator : object
        A generator of this package, and any other object with ``fit(X)`` and ``sample(n)``, is returned as it is; a
        kernel density or a mixture of scikit-learn is wrapped in :class:`EstimatorGenerator`.

    Raises
    ------
    DataError
        For a class instead of an instance, and for objects without the two methods.

    Examples
    --------
    >>> from sklearn.neighbors import KernelDensity
    >>> from genesis_sampling.generators import as_generator
    >>> as_generator(KernelDensity())
    EstimatorGenerator(estimator=KernelDensity())
    """
    if isinstance(generator, type):
        name = generator.__name__
        raise DataError(f"Got the class {name} as generator; expected an instance: {name}().")
    if isinstance(generator, KernelDensity | BaseMixture):
        return EstimatorGenerator(generator)
    if all(callable(getattr(generator, method, None)) for method in ("fit", "sample")):
        return generator
    raise DataError(
        f"Got generator={generator!r}; expected an object with the methods fit(X) and sample(n), such as "
        "GaussianCopulaGenerator(), or a density of scikit-learn."
    )
