"""Over-sampling by noisy copies of real rows."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import _check_sample_weight

from .._hints import one_of
from .._random import RandomStreams
from ..exceptions import DataError
from ..tables import ColumnKind, TableEncoder
from ..tables.codecs import FloatCodec
from ..tables.moments import column_moments
from .base import ClasswiseOverSampler
from .data import ClassData, ClassSource, NewRows

__all__ = ["NoiseSampler"]

# Rows that are perturbed at a time: they stay in the processor's cache, and memory stays flat.
CHUNK = 16_384


class NoiseSampler(ClasswiseOverSampler):
    """Over-sample with copies of real rows to which random noise is added.

    A new row is a row of its class, drawn with replacement, in which every number is moved by noise whose standard
    deviation is ``noise_scale`` times that of the feature within the class, and every category is replaced with
    probability ``flip_probability`` by a draw from the class. Integers are rounded, dates stay dates, missing values
    stay missing.

    Parameters
    ----------
    sampling_strategy : float, str, dict or callable, default="auto"
        As in imbalanced-learn. A float also works for more than two classes: each smaller class is brought to that
        ratio of the largest.
    noise_scale : float or dict, default=0.1
        Noise in units of each feature's standard deviation within the class. A dict gives one per column; columns of
        numbers that it leaves out stay as they are.
    noise_std : dict, default=None
        Noise in absolute units for some columns, which ``noise_scale`` then does not touch: a number, or for a time
        column anything that ``pandas.Timedelta`` reads.
    distribution : {"normal", "uniform", "laplace"}, default="normal"
        Shape of the noise; each has the standard deviation asked for.
    flip_probability : float, default=0.05
        Probability that a category (or boolean) is drawn anew from those of its class.
    clip : "observed", None or dict, default="observed"
        ``"observed"`` keeps each column inside the range seen in the whole table; a dict of column to
        ``(low, high)`` sets bounds, None as an open end, and leaves the other columns free; None does not clip.
    categorical_features : "auto", array-like of names or positions, or boolean mask, default="auto"
        Columns that hold categories. ``"auto"``: text, object, boolean and unordered ``category`` columns.
    growth : float, default=0.0
        By how much every class, the largest too, grows after that, as a share of its rows.
    random_state : int, RandomState instance or None, default=None
        Seed. Each class has a stream of its own.

    Attributes
    ----------
    sampling_strategy_ : dict
        Number of rows made of each class.
    n_features_in_ : int
        Number of columns seen.
    feature_names_in_ : ndarray of str of shape (`n_features_in_`,)
        Their names, where they are all strings.
    synthetic_mask_ : ndarray of bool of shape (n_rows_out,)
        Which rows of the result were made.
    sample_indices_ : ndarray of int of shape (n_rows_out,)
        Position in the input of the row that each row is a copy of.
    report_ : AugmentationReport
        Counts and seconds.

    See Also
    --------
    GenerativeOverSampler : Rows from a learned distribution instead of near copies.

    Notes
    -----
    For a row :math:`x` of class :math:`c` the new row is :math:`x_j + s\\,\\sigma_{cj}\\,\\varepsilon_j` with
    :math:`\\varepsilon_j` of mean 0 and variance 1. In a class of one row, where :math:`\\sigma_{cj}` does not exist,
    the standard deviation of the whole column is taken and a :class:`SmallClassWarning` says so.

    References
    ----------
    .. [1] C. M. Bishop, "Training with noise is equivalent to Tikhonov regularization", Neural Computation 7(1),
       1995.
    .. [2] S. S. Lee, "Noisy replication in skewed binary classification", Computational Statistics & Data Analysis
       34(2), 2000.

    Examples
    --------
    >>> from collections import Counter
    >>> import numpy as np
    >>> from genesis_sampling import NoiseSampler
    >>> X = np.random.default_rng(0).normal(size=(100, 3))
    >>> y = np.repeat([0, 1], [90, 10])
    >>> X_new, y_new = NoiseSampler(random_state=0).fit_resample(X, y)
    >>> sorted(Counter(y_new.tolist()).items())
    [(0, 90), (1, 90)]
    """

    _parameter_constraints: dict = {
        **ClasswiseOverSampler._parameter_constraints,
        "noise_scale": [Interval(Real, 0, None, closed="left"), dict],
        "noise_std": [dict, None],
        "distribution": [StrOptions({"normal", "uniform", "laplace"})],
        "flip_probability": [Interval(Real, 0, 1, closed="both")],
        "clip": [StrOptions({"observed"}), dict, None],
    }

    def __init__(
        self,
        sampling_strategy="auto",
        *,
        noise_scale=0.1,
        noise_std=None,
        distribution="normal",
        flip_probability=0.05,
        clip="observed",
        categorical_features="auto",
        growth=0.0,
        random_state=None,
    ):
        super().__init__(sampling_strategy=sampling_strategy)
        self.noise_scale = noise_scale
        self.noise_std = noise_std
        self.distribution = distribution
        self.flip_probability = flip_probability
        self.clip = clip
        self.categorical_features = categorical_features
        self.growth = growth
        self.random_state = random_state

    def fit_resample(self, X, y, sample_weight=None):
        """Resample a table.

        Parameters
        ----------
        X : {array-like, sparse matrix, dataframe} of shape (n_rows, n_columns)
            Features: ndarray, list, CSR or CSC, pandas or polars.
        y : array-like of shape (n_rows,)
            Class labels, or a one-vs-all indicator.
        sample_weight : array-like of shape (n_rows,), default=None
            Rows are copied in proportion to their weights.

        Returns
        -------
        X_resampled, y_resampled : as ``X`` and ``y``
            Original rows first, unchanged and in order; frames get the index 0, 1, ...
        """
        return super().fit_resample(X, y, sample_weight=sample_weight)

    def _fit_class(self, part: ClassData, sample_weight=None) -> ClassSource:
        encoder = part.data.encoder
        codes = encoder.transform(part.rows)
        noise = _Noise(
            codes=codes,
            std=self._std(encoder, part, codes),
            bounds=self._bounds(encoder),
            discrete=encoder.discrete_,
            distribution=self.distribution,
            flip_probability=self.flip_probability,
        )
        weights = _class_weights(sample_weight, part)

        def draw(n_rows: int, streams: RandomStreams) -> NewRows:
            picked = _pick(len(codes), n_rows, weights, streams.child("source").rng())
            return NewRows(encoder.inverse_transform(noise.perturb(picked, streams)), part.positions[picked])

        return ClassSource(draw)

    def _std(self, encoder: TableEncoder, part: ClassData, codes: np.ndarray) -> np.ndarray:
        """Standard deviation of the noise of each encoded column, shape (n_columns,); 0 for categories."""
        known = codes
        if len(codes) < 2:
            part.warn_of_few_rows(
                "the noise is scaled by the standard deviations of the whole table instead of the class"
            )
            known = part.data.codes
        _, spread, _ = column_moments(known)
        names = encoder.schema_.names()
        std = spread * _per_column(self.noise_scale, names, "noise_scale")
        for name, value in (self.noise_std or {}).items():
            column = _column(name, names, "noise_std")
            std[column] = _absolute(value, encoder.codecs_[column], encoder.schema_.columns[column].kind)
        self._check_not_categories(encoder, names)
        std[encoder.discrete_] = 0
        return std

    def _check_not_categories(self, encoder: TableEncoder, names: list[Any]) -> None:
        scales = self.noise_scale if isinstance(self.noise_scale, Mapping) else {}
        for name in [*scales, *(self.noise_std or {})]:
            if encoder.discrete_[names.index(name)]:
                raise DataError(
                    f"Got noise for column {name!r}, which holds categories; expected columns of numbers or times. "
                    "Categories change by flip_probability."
                )

    def _bounds(self, encoder: TableEncoder) -> tuple[np.ndarray, np.ndarray] | None:
        """Lowest and highest code of each column."""
        if self.clip is None:
            return None
        if isinstance(self.clip, str):
            return encoder.low_, encoder.high_
        names = encoder.schema_.names()
        low, high = np.full(len(names), -np.inf), np.full(len(names), np.inf)
        for name, bounds in self.clip.items():
            column = _column(name, names, "clip")
            low[column], high[column] = _clip_bounds(name, bounds, encoder, column)
        return low, high


class _Noise:
    """Perturbs encoded rows of one class."""

    def __init__(self, *, codes, std, bounds, discrete, distribution, flip_probability):
        self.codes = codes
        self.std = std
        self.bounds = bounds
        self.moved = np.flatnonzero(std > 0)
        self.flipped = np.flatnonzero(discrete) if flip_probability > 0 else np.empty(0, dtype=np.intp)
        self.distribution = distribution
        self.flip_probability = flip_probability

    def perturb(self, picked: np.ndarray, streams: RandomStreams) -> np.ndarray:
        """Noisy copies of the rows at ``picked``, shape (n_picked, n_columns)."""
        rows = np.empty((len(picked), self.codes.shape[1]))
        rng = streams.child("noise").rng()
        for start in range(0, len(picked), CHUNK):
            chunk = rows[start : start + CHUNK]
            np.take(self.codes, picked[start : start + CHUNK], axis=0, out=chunk, mode="clip")
            self._move(chunk, rng)
        self._flip(rows, streams)
        return rows

    def _move(self, rows: np.ndarray, rng: np.random.Generator) -> None:
        if not len(self.moved):
            return
        noise = _standard_noise(self.distribution, (len(rows), len(self.moved)), rng)
        noise *= self.std[self.moved]
        if len(self.moved) == rows.shape[1]:
            rows += noise
            if self.bounds is not None:
                np.clip(rows, *self.bounds, out=rows)
            return
        moved = rows[:, self.moved] + noise
        if self.bounds is not None:
            np.clip(moved, self.bounds[0][self.moved], self.bounds[1][self.moved], out=moved)
        rows[:, self.moved] = moved

    def _flip(self, rows: np.ndarray, streams: RandomStreams) -> None:
        """Replace some categories by those of random rows of the class."""
        for column in self.flipped:
            rng = streams.child("flip", int(column)).rng()
            flip, donor = rng.random((len(rows), 2)).T
            chosen = flip < self.flip_probability
            donors = (donor[chosen] * len(self.codes)).astype(np.intp)
            rows[chosen, column] = self.codes[donors, column]


def _standard_noise(distribution: str, shape: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """Noise of mean 0 and variance 1."""
    if distribution == "normal":
        return rng.standard_normal(shape)
    if distribution == "uniform":
        return rng.uniform(-np.sqrt(3), np.sqrt(3), shape)
    return rng.laplace(0, np.sqrt(0.5), shape)


def _per_column(value: Any, names: list[Any], parameter: str) -> np.ndarray:
    """One number per column from a number or a dict; 0 for columns that a dict leaves out."""
    if not isinstance(value, Mapping):
        return np.full(len(names), float(value))
    scale = np.zeros(len(names))
    for name, number in value.items():
        if not isinstance(number, Real) or number < 0:
            raise DataError(
                f"Got {parameter}={number!r} for column {name!r}; expected a number that is not negative."
            )
        scale[_column(name, names, parameter)] = number
    return scale


def _column(name: Any, names: list[Any], parameter: str) -> int:
    if name not in names:
        raise DataError(f"Got {parameter} for {name!r}, which is no column; expected {one_of(name, names)}")
    return names.index(name)


def _absolute(value: Any, codec: Any, kind: ColumnKind) -> float:
    """``noise_std`` of one column in units of its codes."""
    if kind in (ColumnKind.DATETIME, ColumnKind.TIMEDELTA):
        if isinstance(value, Real):
            raise DataError(
                f"Got noise_std={value!r} for a time column; expected a duration such as '2 days'."
            )
        return codec.units_in(pd.Timedelta(value))
    if not isinstance(value, Real) or value < 0:
        raise DataError(
            f"Got noise_std={value!r}; expected a number that is not negative, in units of the column."
        )
    return float(value)


def _clip_bounds(name: Any, bounds: Any, encoder: TableEncoder, column: int) -> tuple[float, float]:
    """Codes of the lowest and highest value that a column can hold inside its bounds."""
    if not isinstance(bounds, tuple | list) or len(bounds) != 2:
        raise DataError(
            f"Got clip={bounds!r} for column {name!r}; expected (low, high), None as an open end."
        )
    low, high = (np.nan if bound is None else encoder.encode_value(column, bound) for bound in bounds)
    codec = encoder.codecs_[column]
    decimals = codec.decimals if isinstance(codec, FloatCodec) else 0
    if decimals is not None:
        # Values are rounded after they are clipped, so a bound must be one that rounding leaves as it is.
        unit = 10.0**decimals
        low, high = np.ceil(np.round(low * unit, 6)) / unit, np.floor(np.round(high * unit, 6)) / unit
    if low > high:
        raise DataError(
            f"Got clip={bounds!r} for column {name!r}; expected a range with a value that the column can hold."
        )
    return (-np.inf if np.isnan(low) else low), (np.inf if np.isnan(high) else high)


def _class_weights(sample_weight: Any, part: ClassData) -> np.ndarray | None:
    """Cumulated shares of the rows of the class, or None for equal ones."""
    if sample_weight is None:
        return None
    weights = _check_sample_weight(sample_weight, part.data.target.codes, ensure_non_negative=True)[
        part.positions
    ]
    if not weights.sum() > 0:
        raise DataError(
            f"Got weights that sum to 0 for class {part.label!r}; expected some that are positive."
        )
    return np.cumsum(weights) / weights.sum()


def _pick(n_rows: int, n_picked: int, weights: np.ndarray | None, rng: np.random.Generator) -> np.ndarray:
    """Positions of source rows, drawn with replacement."""
    if weights is None:
        return rng.integers(n_rows, size=n_picked)
    return np.minimum(np.searchsorted(weights, rng.random(n_picked), side="right"), n_rows - 1)
