"""Mode-specific normalisation: a number as the part of a mixture that it belongs to, and its place within that."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import logsumexp

__all__ = ["Modes", "fit_modes"]

# Rows that a mixture is fitted to: enough for ten parts of one column.
MAX_ROWS = 2_000
MAX_ITERATIONS = 100
# Gain in mean log density of an iteration below which it ends.
LEAST_GAIN = 1e-4
# Parts with less than this share are left out.
LEAST_SHARE = 0.005
# Standard deviations that a place of 1 stands for.
REACH = 4.0


@dataclass(frozen=True)
class Modes:
    """Parts of a Gaussian mixture, and the range of the codes seen.

    Parameters
    ----------
    mean, std, share : ndarrays of shape (n_modes,)
    low, high : float
        Least and largest code.
    """

    mean: np.ndarray
    std: np.ndarray
    share: np.ndarray
    low: float
    high: float

    def __len__(self) -> int:
        return len(self.mean)

    @property
    def sizes(self) -> tuple[int]:
        """Number of modes: one level column."""
        return (len(self),)

    def encode(self, codes: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """A mode drawn for each code, as probable as it is to come from it, and the place within it, -1 to 1.

        Modes have the shape (n_rows, 1), places (n_rows,). A code outside the range seen counts as the end of it.
        """
        codes = np.clip(codes, self.low, self.high)
        weight, _ = _responsibilities(codes, self.mean, self.std, self.share)
        below = np.cumsum(weight, axis=1) < rng.random(len(codes))[:, None]
        mode = np.minimum(below.sum(axis=1), len(self) - 1)
        return mode[:, None], np.clip((codes - self.mean[mode]) / (REACH * self.std[mode]), -1, 1)

    def decode(self, modes: np.ndarray, place: np.ndarray) -> np.ndarray:
        """Codes of modes and places within them, inside the range seen; shape (n_rows,)."""
        mode = modes[:, 0]
        return np.clip(self.mean[mode] + REACH * self.std[mode] * place, self.low, self.high)


def fit_modes(codes: np.ndarray, n_modes: int, rng: np.random.Generator) -> Modes:
    """A mixture of at most ``n_modes`` parts, fitted to some of the codes by expectation and maximisation [1]_.

    It begins with parts of equal shares, at quantiles; those that get hardly any rows are left out.

    References
    ----------
    .. [1] A. P. Dempster, N. M. Laird, D. B. Rubin, "Maximum likelihood from incomplete data via the EM algorithm",
       Journal of the Royal Statistical Society B 39(1), 1977.
    """
    low, high = float(codes.min()), float(codes.max())
    seen = codes if len(codes) <= MAX_ROWS else rng.choice(codes, MAX_ROWS, replace=False)
    n_modes = min(n_modes, len(np.unique(seen)))
    # Scaled to the range, so that no square overflows or vanishes.
    width = (high - low) or 1.0
    points = (seen - low) / width
    mean = np.quantile(points, (np.arange(n_modes) + 0.5) / n_modes)
    floor = max(points.std() * 1e-3, 1e-6)
    std = np.full(n_modes, max(points.std() / n_modes, floor))
    share, before = np.full(n_modes, 1 / n_modes), -np.inf
    for _ in range(MAX_ITERATIONS):
        weight, log_density = _responsibilities(points, mean, std, share)
        n_of = weight.sum(axis=0) + 1e-12
        share, mean = n_of / len(points), weight.T @ points / n_of
        std = np.maximum(np.sqrt((weight * (points[:, None] - mean) ** 2).sum(axis=0) / n_of), floor)
        if log_density.mean() - before < LEAST_GAIN:
            break
        before = log_density.mean()
    # Of very many parts each has a small share, and all would be left out.
    kept = share >= min(LEAST_SHARE, 0.5 / n_modes)
    return Modes(low + width * mean[kept], width * std[kept], share[kept] / share[kept].sum(), low, high)


def _responsibilities(
    codes: np.ndarray, mean: np.ndarray, std: np.ndarray, share: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Probability of each part given the code, shape (n_rows, n_modes), and log density of each code, (n_rows,)."""
    log_joint = -0.5 * ((codes[:, None] - mean) / std) ** 2 - np.log(std) + np.log(share)
    log_density = logsumexp(log_joint, axis=1)
    return np.exp(log_joint - log_density[:, None]), log_density
