"""A Gaussian copula on empirical margins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from numbers import Real

import numpy as np
from sklearn.utils._param_validation import Interval, StrOptions

from ..exceptions import TargetNotReachedError
from ._conditioning import Allowed
from ._latent_correlation import latent_correlation, order_by_association, shrink
from ._margins import Margin, fit_margin
from ._truncated_normal import ConfinedNormal
from .base import BaseGenerator

__all__ = ["GaussianCopulaGenerator"]

# The order of one column's categories depends on the others' orders: rounds of improving them in turn.
ORDER_ROUNDS = 2
# Cells of the table of scores from which orders of categories are learned.
ORDER_CELLS = 500_000


@dataclass(frozen=True)
class _Latent:
    """One coordinate of the latent normal: the values of a column, or whether they are there."""

    column: int
    margin: Margin
    cells: np.ndarray  # of the fitted rows, -1 where a value is missing; empty after the fit
    is_presence: bool = False
    is_nominal: bool = False

    def scores(self) -> np.ndarray:
        """Expected latent of each fitted row, 0 where the value is missing."""
        return np.where(self.cells >= 0, self.margin.scores[self.cells], 0.0)

    def reordered(self, order: np.ndarray) -> _Latent:
        """The same with its cells in another order."""
        rank = np.append(np.argsort(order), -1)  # the last entry keeps -1 as it is
        return replace(self, margin=self.margin.take(order), cells=rank[self.cells])


class GaussianCopulaGenerator(BaseGenerator):
    """Rows from a Gaussian copula on the margins as they were seen.

    Every column is mapped to a latent standard normal by its empirical distribution, and the latents are taken to be
    jointly normal. Margins are kept exactly: spikes, integers, categories and the share of missing values; numbers
    of columns with many values are spread inside the gaps between those seen, never towards a spike. Draws can be
    conditioned on any subset of columns, exactly.

    Parameters
    ----------
    shrinkage : float in [0, 1] or "auto", default="auto"
        Weight of the identity in the correlation of the latents; ``"auto"`` takes the intensity that approximates
        the oracle's [3]_.
    interpolate : bool, default=True
        Whether columns of floats or times with many distinct values may take values between them. If not, every
        value drawn is one that was seen.
    categorical_features : "auto", array-like of names or positions, or boolean mask, default="auto"
        Columns that hold categories. ``"auto"``: text, object, boolean and unordered ``category`` columns.
    random_state : int, RandomState instance or None, default=None
        Seed of ``sample``; the fit is not random.

    Attributes
    ----------
    correlation_ : ndarray of shape (n_latents, n_latents)
        Shrunk correlation of the latents: one for each column with more than one value, and one for the presence of
        values in each column that lacks some.
    shrinkage_ : float
        Weight of the identity that was used.
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
    EstimatorGenerator : Rows from a density of scikit-learn.

    Notes
    -----
    By Sklar's theorem [1]_ the joint distribution is :math:`F(x) = C(F_1(x_1), \\ldots, F_d(x_d))`. Here
    :math:`C` is that of :math:`z \\sim N(0, R)`, and :math:`F_j` is the empirical distribution, made continuous by
    the distributional transform [2]_: a value of probability :math:`p` owns an interval of the normal scale with that
    probability. :math:`R` is chosen so that the expected latents within these intervals have the covariances that
    are seen: the polychoric correlation for columns of few values. Categories are put in the order in which they
    differ most in the other columns.

    A condition confines latents to points (a value of a continuous column) or to unions of intervals (a category,
    a spike, a range, missing). Rows are drawn by a sequence of truncated normals and accepted with a probability
    that makes them exact [4]_; conditions on a single column, or on values of continuous ones, reject nothing.

    References
    ----------
    .. [1] R. B. Nelsen, "An Introduction to Copulas", 2nd edition, Springer, 2006.
    .. [2] L. Rüschendorf, "On the distributional transform, Sklar's theorem, and the empirical copula process",
       Journal of Statistical Planning and Inference 139(11), 2009.
    .. [3] Y. Chen, A. Wiesel, Y. C. Eldar, A. O. Hero, "Shrinkage algorithms for MMSE covariance estimation", IEEE
       Transactions on Signal Processing 58(10), 2010.
    .. [4] A. Genz, "Numerical computation of multivariate normal probabilities", Journal of Computational and
       Graphical Statistics 1(2), 1992.

    Examples
    --------
    >>> import pandas as pd
    >>> from genesis_sampling.generators import GaussianCopulaGenerator
    >>> frame = pd.DataFrame({"age": [23, 31, 47, 52, 60], "city": ["Rome", "Rome", "Oslo", None, "Oslo"]})
    >>> generator = GaussianCopulaGenerator(random_state=0).fit(frame)
    >>> rows = generator.sample(3, conditions={"age": (40, None)}, random_state=0)
    >>> bool(rows["age"].isin([47, 52, 60]).all())
    True
    """

    _parameter_constraints: dict = {
        **BaseGenerator._parameter_constraints,
        "shrinkage": [Interval(Real, 0, 1, closed="both"), StrOptions({"auto"})],
        "interpolate": ["boolean"],
    }

    def __init__(self, *, shrinkage="auto", interpolate=True, categorical_features="auto", random_state=None):
        self.shrinkage = shrinkage
        self.interpolate = interpolate
        self.categorical_features = categorical_features
        self.random_state = random_state

    def _fit_codes(self, codes, discrete, first, streams):
        self._margins, latents = [], []
        for column in range(codes.shape[1]):
            margin, found = self._fit_column(codes[:, column], column, bool(discrete[column]))
            self._margins.append(margin)
            latents += found
        latents, scores = _ordered_by_association(latents, len(codes))
        known = np.column_stack([latent.cells >= 0 for latent in latents]) if latents else scores
        correlation = latent_correlation(
            [latent.margin for latent in latents], scores, known.astype(np.float64)
        )
        self.correlation_, self.shrinkage_ = shrink(correlation, len(codes), self.shrinkage)
        self._latents = [replace(latent, cells=latent.cells[:0].copy()) for latent in latents]

    def _fit_column(
        self, codes: np.ndarray, column: int, nominal: bool
    ) -> tuple[Margin | None, list[_Latent]]:
        """The margin of a column, None without values, and the latents that it takes: none, one or two."""
        present = ~np.isnan(codes)
        if not present.any():
            return None, []
        latents = []
        interpolate, step = (False, 0.0) if nominal else self._resolution(column)
        interpolate = interpolate and self.interpolate
        margin, cells_of_known = fit_margin(codes[present], interpolate=interpolate, step=step)
        if len(margin) > 1:
            cells = np.full(len(codes), -1)
            cells[present] = cells_of_known
            latents.append(_Latent(column, margin, cells, is_nominal=nominal))
        if not present.all():
            presence, cells = fit_margin(present.astype(np.float64), interpolate=False)
            latents.append(_Latent(column, presence, cells, is_presence=True))
        return margin, latents

    def _meets(self, allowed: Mapping[int, Allowed]) -> bool:
        return True

    def _draw_codes(self, n, streams, allowed):
        wanted = ", ".join(f"on column {self._name(column)!r}" for column in allowed)
        latent_sets = self._latent_sets(allowed, n)
        latent = ConfinedNormal(self.correlation_, latent_sets).draw(n, streams, wanted)
        codes = np.empty((n, len(self._margins)), order="F")
        for column, margin in enumerate(self._margins):
            codes[:, column] = np.nan if margin is None else margin.low[0]  # unless a latent tells more
        for i, part in enumerate(self._latents):
            drawn = part.margin.decode(latent[:, i])
            if part.is_presence:
                codes[drawn == 0, part.column] = np.nan
            else:
                codes[:, part.column] = drawn
        for column, wish in allowed.items():
            codes[:, column] = wish.settle(codes[:, column])
        return codes, None

    def _latent_sets(self, allowed: Mapping[int, Allowed], n: int) -> dict[int, np.ndarray]:
        """Latent -> the intervals to which the conditions confine it."""
        latent_of = {(latent.column, latent.is_presence): i for i, latent in enumerate(self._latents)}
        sets = {}
        for column, wish in allowed.items():
            value, presence = latent_of.get((column, False)), latent_of.get((column, True))
            margin = self._margins[column] if value is None else self._latents[value].margin
            if wish.is_missing:
                possible = presence is not None or margin is None
            else:
                intervals = np.empty((0, 2)) if margin is None else margin.latent_sets(wish)
                possible = len(intervals) > 0
                sets |= {} if value is None else {value: intervals}
            if not possible:
                raise TargetNotReachedError(
                    f"Got 0 of {n} rows that meet the condition on column {self._name(column)!r}, which no value "
                    "seen by fit meets (0.00% of them); expected one that some do. Widen the condition."
                )
            if presence is not None:
                seen = Allowed.value(0.0 if wish.is_missing else 1.0)
                sets[presence] = self._latents[presence].margin.latent_sets(seen)
        return sets

    def _name(self, column: int):
        return self.feature_names_in_[column] if column < self.n_features_in_ else "y"


def _ordered_by_association(latents: list[_Latent], n_rows: int) -> tuple[list[_Latent], np.ndarray]:
    """The latents with nominal categories in an order that tells most of the other columns, and all their scores."""
    if not latents:
        return [], np.empty((n_rows, 0))
    every = slice(None, None, max(1, n_rows * len(latents) // ORDER_CELLS))
    scores = np.column_stack([latent.scores()[every] for latent in latents])
    nominal = [i for i, latent in enumerate(latents) if latent.is_nominal and len(latent.margin) > 2]
    for _ in range(ORDER_ROUNDS):
        for i in nominal:
            order = order_by_association(latents[i].cells[every], scores, i, len(latents[i].margin))
            latents[i] = latents[i].reordered(order)
            scores[:, i] = latents[i].scores()[every]
    return latents, np.column_stack([latent.scores() for latent in latents])
