"""Changes of series that leave them what they are: functions of a batch of shape (n, channels, t) and a generator."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.interpolate import CubicSpline

__all__ = ["OPERATIONS", "Operation"]

Operation = Callable[..., np.ndarray]


def jitter(series: np.ndarray, rng: np.random.Generator, *, sigma: float = 0.05) -> np.ndarray:
    """Normal noise, its deviation in units of each channel's own."""
    return series + sigma * _spread(series) * rng.standard_normal(series.shape)


def scaling(series: np.ndarray, rng: np.random.Generator, *, sigma: float = 0.1) -> np.ndarray:
    """One factor for each channel, normal around 1."""
    return series * rng.normal(1.0, sigma, (*series.shape[:2], 1))


def magnitude_warp(
    series: np.ndarray, rng: np.random.Generator, *, sigma: float = 0.2, knots: int = 4
) -> np.ndarray:
    """A factor that changes smoothly along the series: a cubic spline through normal values around 1."""
    return series * _smooth(rng, series.shape, sigma, knots)


def time_warp(
    series: np.ndarray, rng: np.random.Generator, *, sigma: float = 0.2, knots: int = 4
) -> np.ndarray:
    """Time runs at a speed that changes smoothly; all channels alike, and both ends stay where they are."""
    n, _, length = series.shape
    speed = np.maximum(_smooth(rng, (n, 1, length), sigma, knots)[:, 0], 0.1)
    passed = np.cumsum(speed, axis=1)
    passed -= passed[:, :1]
    return _at(series, passed * ((length - 1) / passed[:, -1:]))


def window_slice(series: np.ndarray, rng: np.random.Generator, *, ratio: float = 0.9) -> np.ndarray:
    """A window of this share of the series, stretched to its length."""
    n, _, length = series.shape
    width = max(ratio * length, 2.0) - 1
    start = rng.random((n, 1)) * (length - 1 - width)
    return _at(series, start + np.linspace(0, 1, length) * width)


def window_warp(
    series: np.ndarray,
    rng: np.random.Generator,
    *,
    ratio: float = 0.1,
    scales: tuple[float, ...] = (0.5, 2.0),
) -> np.ndarray:
    """A window of this share of the series runs faster or slower, and the whole is brought back to its length."""
    n, _, length = series.shape
    width = max(int(np.ceil(ratio * length)), 1)
    start = rng.integers(0, max(length - width, 0) + 1, n)[:, None]
    scale = rng.choice(np.asarray(scales, dtype=float), n)[:, None]
    place = np.arange(length - 1)
    # Steps between neighbours take 1 outside the window, the scale within.
    steps = np.where((place >= start) & (place < start + width), scale, 1.0)
    passed = np.concatenate([np.zeros((n, 1)), np.cumsum(steps, axis=1)], axis=1)
    passed *= (length - 1) / passed[:, -1:]
    wanted = np.arange(length)
    return _at(series, np.stack([np.interp(wanted, one, wanted) for one in passed]))


def permutation(series: np.ndarray, rng: np.random.Generator, *, max_segments: int = 5) -> np.ndarray:
    """Two to ``max_segments`` pieces of equal length in another order than they had."""
    n, _, length = series.shape
    most = max(1, min(max_segments, length))
    pieces = rng.integers(min(2, most), most + 1, n)
    order = np.empty((n, length), dtype=np.intp)
    for one in range(n):
        parts = np.array_split(np.arange(length), pieces[one])
        places = rng.permutation(pieces[one])
        if (np.diff(places) == 1).all():
            places = places[::-1]
        order[one] = np.concatenate([parts[place] for place in places])
    return np.take_along_axis(series, order[:, None, :], axis=2)


def masking(series: np.ndarray, rng: np.random.Generator, *, ratio: float = 0.1) -> np.ndarray:
    """A window of this share of the series is at the channel's mean."""
    n, _, length = series.shape
    width = int(np.ceil(ratio * length))
    start = rng.integers(0, max(length - width, 0) + 1, n)[:, None]
    place = np.arange(length)
    hidden = (place >= start) & (place < start + width)
    return np.where(hidden[:, None], series.mean(axis=2, keepdims=True), series)


def spectral_noise(series: np.ndarray, rng: np.random.Generator, *, sigma: float = 0.1) -> np.ndarray:
    """Noise on the amplitude of each frequency, in units of it, and on its phase, in radians; the mean stays."""
    spectrum = np.fft.rfft(series, axis=2)
    amplitude = np.maximum(rng.normal(1.0, sigma, spectrum.shape), 0.0)
    phase = rng.normal(0.0, sigma, spectrum.shape)
    amplitude[..., 0], phase[..., 0] = 1.0, 0.0
    return np.fft.irfft(spectrum * amplitude * np.exp(1j * phase), n=series.shape[2], axis=2)


OPERATIONS: dict[str, Operation] = {
    function.__name__: function
    for function in (
        jitter,
        scaling,
        magnitude_warp,
        time_warp,
        window_slice,
        window_warp,
        permutation,
        masking,
        spectral_noise,
    )
}


def _spread(series: np.ndarray) -> np.ndarray:
    """Standard deviation of each channel, shape (n, channels, 1)."""
    return series.std(axis=2, keepdims=True)


def _smooth(rng: np.random.Generator, shape: tuple[int, ...], sigma: float, knots: int) -> np.ndarray:
    """Smooth curves around 1, shape (n, channels, t): splines through ``knots`` values within and one at each end."""
    n, channels, length = shape
    values = rng.normal(1.0, sigma, (knots + 2, n * channels))
    curves = CubicSpline(np.linspace(0, length - 1, knots + 2), values)(np.arange(length))
    return np.asarray(curves).T.reshape(n, channels, length)


def _at(series: np.ndarray, place: np.ndarray) -> np.ndarray:
    """Values of (n, channels, t) at places of shape (n, t) between those that there are, by linear interpolation."""
    place = np.clip(place, 0, series.shape[2] - 1)
    left = np.minimum(place.astype(np.intp), max(series.shape[2] - 2, 0))
    share = (place - left)[:, None]
    begin = np.take_along_axis(series, left[:, None], axis=2)
    end = np.take_along_axis(series, np.minimum(left + 1, series.shape[2] - 1)[:, None], axis=2)
    return begin + share * (end - begin)
