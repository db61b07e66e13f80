"""Over-sampling of time series."""

from __future__ import annotations

import warnings
from numbers import Real

import numpy as np
from sklearn.utils._param_validation import Interval

from .._optional import import_extra
from ..exceptions import DataError
from ._series_operations import OPERATIONS
from .items import OperationsSampler

__all__ = ["TimeSeriesSampler"]

DEFAULTS = ("jitter", "scaling", "magnitude_warp", "time_warp", "window_slice")
# A barycentre is of a series, with this weight, and of the nearest of some others of its class.
OWN_WEIGHT, N_OTHERS, N_NEAREST = 0.5, 30, 5
MIN_LENGTH = 2


class TimeSeriesSampler(OperationsSampler):
    """Over-sample series with changed copies of those of the class.

    Each new series is one of its class, drawn with replacement, to which some operations [1]_ [2]_ are applied, drawn
    anew for each:

    - `jitter`: normal noise, in units of each channel's standard deviation (`sigma` .05);
    - `scaling`: a factor for each channel, normal around 1 (`sigma` .1);
    - `magnitude_warp`: a factor that changes smoothly along the series (`sigma` .2, `knots` 4);
    - `time_warp`: time runs at a speed that changes smoothly (`sigma` .2, `knots` 4);
    - `window_slice`: a window, stretched to the whole length [3]_ (`ratio` .9);
    - `window_warp`: a window runs faster or slower [3]_ (`ratio` .1, `scales` .5 and 2);
    - `masking`: a window is at the mean (`ratio` .1);
    - `spectral_noise`: noise on amplitudes and phases of frequencies (`sigma` .1);
    - `permutation`: pieces in another order (`max_segments` 5).

    The first five are the default. The others may take away what makes a series one of its class, `permutation` above
    all: use them where you know that they do not.

    Parameters
    ----------
    operations : "default", list of str, or dict of str to dict, default="default"
        Names of operations, or name -> parameters.
    sampling_strategy : float, str, dict or callable, default="auto"
        As in imbalanced-learn. A float also works for more than two classes: each smaller class is brought to that
        ratio of the largest.
    n_operations : int or None, default=2
        How many of them a series goes through, drawn for each; None for all.
    barycenters : float, default=0.0
        Share of the new series that are weighted averages under dynamic time warping [4]_ [5]_ of a series and its
        nearest neighbours in the class, before any operation. Needs the extra `timeseries`.
    growth : float, default=0.0
        By how much every class, the largest too, grows after that, as a share of its series.
    n_jobs : int or None, default=None
        Processes. The result is the same for any number of them.
    random_state : int, RandomState instance or None, default=None
        Seed. Each class and each batch of series has a stream of its own.

    Attributes
    ----------
    sampling_strategy_ : dict
        Number of series made of each class.
    n_features_in_ : int
        Number of points in time, for a matrix.
    synthetic_mask_ : ndarray of bool of shape (n_series_out,)
        Which series of the result were made.
    sample_indices_ : ndarray of int of shape (n_series_out,)
        Position in the input of the series that each is, or was made from.
    report_ : AugmentationReport
        Counts and seconds.

    See Also
    --------
    TransformSampler : Any function of your own.

    Notes
    -----
    ``X`` has the shape (n_series, t) or (n_series, channels, t); a frame of numbers has a series in each row. Series
    of differing lengths, missing values and infinity are refused.

    References
    ----------
    .. [1] T. T. Um et al., "Data augmentation of wearable sensor data for Parkinson's disease monitoring using
       convolutional neural networks", ACM International Conference on Multimodal Interaction, 2017.
    .. [2] B. K. Iwana, S. Uchida, "An empirical survey of data augmentation for time series classification with neural
       networks", PLOS ONE 16(7), 2021.
    .. [3] A. Le Guennec, S. Malinowski, R. Tavenard, "Data augmentation for time series classification using
       convolutional neural networks", ECML/PKDD Workshop on Advanced Analytics and Learning on Temporal Data, 2016.
    .. [4] F. Petitjean, A. Ketterlin, P. Gancarski, "A global averaging method for dynamic time warping, with
       applications to clustering", Pattern Recognition 44(3), 2011.
    .. [5] G. Forestier, F. Petitjean, H. A. Dau, G. I. Webb, E. Keogh, "Generating synthetic time series to augment
       sparse datasets", IEEE International Conference on Data Mining, 2017.

    Examples
    --------
    >>> import numpy as np
    >>> from genesis_sampling import TimeSeriesSampler
    >>> time = np.linspace(0, 6, 50)
    >>> X = np.array(
    ...     [np.sin(time + shift) for shift in range(9)]
    ...     + [np.sign(np.sin(time + shift)) for shift in range(3)]
    ... )
    >>> y = np.repeat(["smooth", "square"], [9, 3])
    >>> X_new, y_new = TimeSeriesSampler(random_state=0).fit_resample(X, y)
    >>> X_new.shape
    (18, 50)
    """

    _item_kind = "series"
    _known = {name: {} for name in OPERATIONS}
    _defaults = DEFAULTS
    _parameter_constraints: dict = {
        **OperationsSampler._parameter_constraints,
        "barycenters": [Interval(Real, 0, 1, closed="both")],
    }

    def __init__(
        self,
        operations="default",
        sampling_strategy="auto",
        *,
        n_operations=2,
        barycenters=0.0,
        growth=0.0,
        n_jobs=None,
        random_state=None,
    ):
        super().__init__(sampling_strategy=sampling_strategy)
        self.operations = operations
        self.n_operations = n_operations
        self.barycenters = barycenters
        self.growth = growth
        self.n_jobs = n_jobs
        self.random_state = random_state

    def _check_items(self, table):
        self._chosen()
        items = table.items
        if not isinstance(items, np.ndarray):
            lengths = sorted({np.shape(item) for item in items})
            if len(lengths) > 1 or not np.issubdtype(np.asarray(items[0]).dtype, np.number):
                raise DataError(
                    f"Got series of the shapes {lengths[:3]}{' and more' * (len(lengths) > 3)}; expected numbers, as "
                    "many for each series. Resample or pad them to one length."
                )
            table.items = items = np.stack(items)
        if items.ndim not in (2, 3):
            raise DataError(
                f"Got X of shape {items.shape}; expected (n_series, t) or (n_series, channels, t)."
            )
        if items.shape[-1] < MIN_LENGTH:
            raise DataError(
                f"Got series of one point (n_features = {items.shape[-1]}); expected at least {MIN_LENGTH} points."
            )
        if items.dtype.kind == "f" and not np.isfinite(items).all():
            bad = np.flatnonzero(~np.isfinite(items).all(axis=tuple(range(1, items.ndim))))
            raise DataError(
                f"Got NaN or infinity in {len(bad)} series (first: {int(bad[0])}); expected numbers alone. Interpolate "
                "the gaps, or leave these series out."
            )

    def _transform(self, batch, rng, peers):
        is_flat = batch.ndim == 2
        series = batch.astype(np.float64, copy=False)  # the batch is a copy already
        series = series[:, None] if is_flat else series
        if self.barycenters:
            averaged = np.flatnonzero(rng.random(len(series)) < self.barycenters)
            others = peers.astype(np.float64)[:, None] if is_flat else peers.astype(np.float64)
            for place in averaged:
                series[place] = _barycenter(series[place], others, rng)
        chosen = self._chosen()
        series = self._applied(
            series, chosen, rng, lambda name, some: OPERATIONS[name](some, rng, **chosen[name])
        )
        return series[:, 0] if is_flat else series


def _barycenter(one: np.ndarray, peers: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A weighted average of a series and of near ones, under dynamic time warping; shapes (channels, t)."""
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", UserWarning
        )  # that it could save models if another package were there
        averages, metrics = (
            import_extra(f"tslearn.{part}", extra="timeseries", needed_for="Averaging under time warping")
            for part in ("barycenters", "metrics")
        )
    others = peers[rng.permutation(len(peers))[:N_OTHERS]].transpose(0, 2, 1)
    distance = metrics.cdist_dtw(one.T[None], others)[0]
    nearest = others[np.argsort(distance, kind="stable")[:N_NEAREST]]
    share = rng.dirichlet(np.ones(len(nearest)))
    return averages.dtw_barycenter_averaging(
        np.concatenate([one.T[None], nearest]),
        weights=np.append(OWN_WEIGHT, (1 - OWN_WEIGHT) * share),
        init_barycenter=one.T,
        max_iter=5,
    ).T
