"""Figures with the uncertainty that comes from the rows they were computed on."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm, rankdata

__all__ = [
    "Comparison",
    "Estimate",
    "area_under_curve",
    "compared",
    "difference",
    "effective_size",
    "mean",
    "share",
]

Z = float(norm.ppf(0.975))


@dataclass(frozen=True, repr=False)
class Estimate:
    """A figure and its 95 % confidence interval.

    Parameters
    ----------
    value : float
    low, high : float
        Ends of the interval.

    Examples
    --------
    >>> from genesis_sampling.metrics._estimate import share
    >>> share(0.5, 100)
    Estimate(0.500, 95 % interval 0.404 to 0.596)
    >>> float(share(0.5, 100))
    0.5
    """

    value: float
    low: float
    high: float

    def __float__(self) -> float:
        return self.value

    def __repr__(self) -> str:
        return f"Estimate({self.value:.3f}, 95 % interval {self.low:.3f} to {self.high:.3f})"


@dataclass(frozen=True)
class Comparison:
    """A figure beside what the same computation gives where there is nothing to find.

    Parameters
    ----------
    value : Estimate
    baseline : Estimate
        The figure for rows that cannot give anything away.
    difference : Estimate
        Value less baseline; 0 is ideal.
    """

    value: Estimate
    baseline: Estimate
    difference: Estimate

    def __float__(self) -> float:
        return self.value.value


def compared(value: Estimate, baseline: Estimate) -> Comparison:
    """Two independent estimates and their difference."""
    return Comparison(value, baseline, difference(value, baseline))


def share(value: float, n_rows: float) -> Estimate:
    """A share of so many independent rows, with the interval of Wilson [1]_.

    It stays within [0, 1] and does not shrink to a point where the share is 0 or 1.

    Parameters
    ----------
    value : float in [0, 1]
    n_rows : float
        Where rows depend on each other, the number of independent ones that would say as much.

    References
    ----------
    .. [1] E. B. Wilson, "Probable inference, the law of succession, and statistical inference", Journal of the
       American Statistical Association 22, 1927.
    """
    weight = Z**2 / n_rows
    centre = (value + weight / 2) / (1 + weight)
    half = math.sqrt(weight * (value * (1 - value) + weight / 4)) / (1 + weight)
    # Rounding must not put a share of 0 or 1 outside its interval.
    return Estimate(
        float(value), float(max(0.0, min(centre - half, value))), float(min(1.0, max(centre + half, value)))
    )


def mean(values: np.ndarray, *groupings: np.ndarray) -> Estimate:
    """The mean of paired differences, with the normal interval for rows that hang together in groups [1]_.

    Parameters
    ----------
    values : ndarray of shape (n_rows,)
    *groupings : ndarrays of int of shape (n_rows,)
        Groups of the rows, by position; a row has one in each grouping.

    References
    ----------
    .. [1] A. C. Cameron, J. B. Gelbach, D. L. Miller, "Robust inference with multiway clustering", Journal of Business
       & Economic Statistics 29(2), 2011.
    """
    centre = float(np.mean(values))
    apart = (values - centre) / len(values)
    alone = float(np.sum(apart**2))
    # What rows of a group have in common, for each grouping, beyond what each row has by itself.
    common = sum(float(np.sum(np.bincount(groups, apart) ** 2)) - alone for groups in groupings)
    half = Z * math.sqrt(alone + max(0.0, common))
    return Estimate(centre, centre - half, centre + half)


def area_under_curve(members: np.ndarray, others: np.ndarray) -> Estimate:
    """Area under the ROC curve of scores that should be higher for members, ties half.

    The variance is DeLong's [1]_; the interval is Wilson's for the number of rows that would give a share the same
    variance, so that it neither leaves [0, 1] nor shrinks to a point.

    Parameters
    ----------
    members, others : ndarrays of shape (n_members,), (n_others,)
        At least two scores each.

    References
    ----------
    .. [1] E. R. DeLong, D. M. DeLong, D. L. Clarke-Pearson, "Comparing the areas under two or more correlated receiver
       operating characteristic curves: a nonparametric approach", Biometrics 44(3), 1988.
    """
    n_members, n_others = len(members), len(others)
    ranks = rankdata(np.concatenate([members, others]))
    others_below = (ranks[:n_members] - rankdata(members)) / n_others
    members_above = 1 - (ranks[n_members:] - rankdata(others)) / n_members
    value = float(others_below.mean())
    variance = others_below.var(ddof=1) / n_members + members_above.var(ddof=1) / n_others
    n_rows = value * (1 - value) / variance if variance > 0 else min(n_members, n_others)
    return share(value, max(n_rows, 1.0))


def difference(first: Estimate, second: Estimate) -> Estimate:
    """Difference of two independent estimates, with the interval that Newcombe [1]_ makes of theirs.

    References
    ----------
    .. [1] R. G. Newcombe, "Interval estimation for the difference between independent proportions: comparison of
       eleven methods", Statistics in Medicine 17, 1998 (method 10).
    """
    value = first.value - second.value
    below = math.hypot(first.value - first.low, second.high - second.value)
    above = math.hypot(first.high - first.value, second.value - second.low)
    return Estimate(value, value - below, value + above)


def effective_size(groups: np.ndarray, n_groups: int) -> float:
    """How many independent rows say as much about a share as these, where those of a group have one answer in common.

    Parameters
    ----------
    groups : ndarray of int of shape (n_rows,)
        The group of each row.
    n_groups : int
        Number of all groups, empty ones included, half of which have the one answer and half the other.

    Notes
    -----
    Were the answers dealt to the groups by chance, the variance of the share would be a quarter of
    :math:`\\sum_g w_g^2 - 1 / n_{groups}`, with :math:`w_g` the share of the rows that group :math:`g` has: nothing for
    groups of equal size, as half of them have each answer. It is no less than that of as many independent rows.
    """
    weights = np.bincount(groups) / len(groups)
    return float(1 / max(1 / len(groups), np.sum(weights**2) - 1 / n_groups))
