"""Sequential trees: every column drawn from trees on the columns before it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Integral, Real

import numpy as np
from joblib import Parallel, delayed
from sklearn.utils._param_validation import Interval

from .._random import RandomStreams
from ._conditioning import Allowed
from ._spread import spread_points
from ._trees import ConditionalTree, Growth, Levels, fit_levels, grow_trees, strongest
from .base import BaseGenerator

__all__ = ["TreeGenerator"]

# A donor is passed over for another one when it is nearer than this share of the other's distance to the row.
TOO_NEAR = 0.6


@dataclass(frozen=True)
class _Step:
    """The draw of one column: trees on earlier columns, or donors from anywhere if there are no trees."""

    column: int
    predictors: np.ndarray
    trees: list[ConditionalTree]


class TreeGenerator(BaseGenerator):
    """Rows drawn column by column from trees, without remembering single rows.

    Each column is drawn given the columns before it: a tree on those [1]_ [2]_ finds fitted rows that are alike, and
    one of these donates its value. Numbers, spikes, categories and missing values are drawn as they were seen; numbers
    of columns with many values are spread inside the gaps between those seen, never towards a spike. It needs no
    torch and no tuning, and takes a second for tens of thousands of rows.

    Parameters
    ----------
    n_trees : int, default=2
        Trees per column; each row of a draw takes one at random. With two or more, each tree is shaped by a half of the
        rows, made as coarse as the other half shows to be enough, and filled with all rows. A single tree is shaped by
        all rows and never made coarser.
    min_samples_leaf : int, default=5
        Least number of rows in a leaf among those that shape the tree. Fewer follow the table more closely, more
        remember less of it.
    smoothing : float, default=3.0
        Number of rows that the parent of a node counts for: a draw at a node with ``n`` rows goes on to the parent
        with probability ``smoothing / (n + smoothing)``.
    max_features : int, default=64
        Most columns that the trees of a column use: those that explain most of it one by one.
    interpolate : bool, default=True
        Whether columns of numbers or times with many distinct values may take values between them. If not, every
        value drawn is one that was seen; use this for columns of codes and numbers that name things.
    categorical_features : "auto", array-like of names or positions, or boolean mask, default="auto"
        Columns that hold categories. ``"auto"``: text, object, boolean and unordered ``category`` columns.
    n_jobs : int, default=None
        Threads that fit columns at the same time. The result does not depend on it.
    random_state : int, RandomState instance or None, default=None
        Seed of ``fit`` and ``sample``.

    Attributes
    ----------
    order_ : ndarray of int of shape (n_codes,)
        Columns in the order in which they are drawn, the labels given to ``fit`` being the last position: first what
        draws are conditioned on, then categories by increasing number of levels, then numbers in the order of the
        table.
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
    GaussianCopulaGenerator : Smoother, for few rows.

    Notes
    -----
    The chain rule :math:`p(x) = \\prod_j p(x_j \\mid x_{<j})` is exact; what can go wrong is each factor. Four things
    keep a draw near the distribution and off the rows:

    - *Held-out size of the leaves*: per column, small leaves are joined as long as rows that the tree has
      not seen are predicted nearly as well. A column that depends on little is drawn from large leaves [3]_.
    - *Back-off*: the estimate at node :math:`v` with :math:`n` rows is
      :math:`q_v = (n \\hat p_v + c\\, q_{parent(v)}) / (n + c)` with :math:`c` = ``smoothing``, drawn by walking up.
    - *Donors that are not neighbours*: rows of a leaf are exchangeable as far as the tree can tell, yet the one that
      is most alike in all other columns is also the one whose copy the new row is about to become. Of two donors that
      are drawn, the first is passed over if it is much nearer to the new row than the second. It is as if the row had
      been left out of the fit.
    - *Even draws*: donors of a node are taken along a low-discrepancy sequence, which has less sampling noise than
      independent draws.

    References
    ----------
    .. [1] J. P. Reiter, "Using CART to generate partially synthetic public use microdata", Journal of Official
       Statistics 21(3), 2005.
    .. [2] B. Nowok, G. M. Raab, C. Dibben, "synthpop: bespoke creation of synthetic data in R", Journal of Statistical
       Software 74(11), 2016.
    .. [3] S. Athey, G. Imbens, "Recursive partitioning for heterogeneous causal effects", PNAS 113(27), 2016: other
       rows shape a tree than judge it.

    Examples
    --------
    >>> import pandas as pd
    >>> from genesis_sampling.generators import TreeGenerator
    >>> frame = pd.DataFrame({"city": ["Rome", "Oslo"] * 50, "degrees": [28.5, 14.0] * 50})
    >>> rows = TreeGenerator(random_state=0).fit(frame).sample(200)
    >>> bool((rows["degrees"] > 20).eq(rows["city"] == "Rome").mean() > 0.9)
    True
    """

    _parameter_constraints: dict = {
        **BaseGenerator._parameter_constraints,
        "n_trees": [Interval(Integral, 1, None, closed="left")],
        "min_samples_leaf": [Interval(Integral, 1, None, closed="left")],
        "smoothing": [Interval(Real, 0, None, closed="left")],
        "max_features": [Interval(Integral, 1, None, closed="left")],
        "interpolate": ["boolean"],
        "n_jobs": [Integral, None],
    }

    def __init__(
        self,
        *,
        n_trees=2,
        min_samples_leaf=5,
        smoothing=3.0,
        max_features=64,
        interpolate=True,
        categorical_features="auto",
        n_jobs=None,
        random_state=None,
    ):
        self.n_trees = n_trees
        self.min_samples_leaf = min_samples_leaf
        self.smoothing = smoothing
        self.max_features = max_features
        self.interpolate = interpolate
        self.categorical_features = categorical_features
        self.n_jobs = n_jobs
        self.random_state = random_state

    def _fit_codes(self, codes, discrete, first, streams):
        self._levels = [
            fit_levels(codes[:, column], nominal=bool(discrete[column]), interpolate=self.interpolate)
            for column in range(codes.shape[1])
        ]
        self.order_ = _order(self._levels, first)
        growth = Growth(self.n_trees, self.min_samples_leaf, self.smoothing, self.max_features)
        # Growing trees releases the interpreter's lock, so threads are enough and nothing is copied.
        self._steps = Parallel(n_jobs=self.n_jobs, prefer="threads")(
            delayed(_fit_step)(
                self._levels, self.order_[:place], column, growth, streams.child("column", column)
            )
            for place, column in enumerate(self.order_.tolist())
        )

    def _meets(self, allowed: Mapping[int, Allowed]) -> bool:
        # A condition on the column that is drawn first leaves the others as they are; any later one would need Bayes.
        if set(allowed) != set(self.order_[:1].tolist()):
            return not allowed
        leading = int(self.order_[0])
        return bool(_allowed_counts(self._levels[leading], allowed[leading]).any())

    def _draw_codes(self, n, streams, allowed):
        levels = np.empty((len(self._levels), n), dtype=np.int32)
        codes = np.empty((n, len(self._levels)), order="F")
        for step in self._steps:
            column, rng = step.column, streams.child("column", step.column).rng()
            seeds, uniforms = rng.integers(2**32, size=2, dtype=np.uint32), rng.random((n, 4))
            if step.trees:
                donors = _donors(step, levels, self._levels, seeds, uniforms[:, :3])
                levels[column] = self._levels[column].of_row[donors]
            else:
                counts = _allowed_counts(self._levels[column], allowed.get(column))
                levels[column] = _spread_levels(counts, n, seeds)
            codes[:, column] = self._levels[column].decode(levels[column], uniforms[:, 3])
        for column, wish in allowed.items():
            codes[:, column] = wish.settle(codes[:, column])
        return codes, None


def _order(levels: list[Levels], first: tuple[int, ...]) -> np.ndarray:
    """The order of the draw: see the attribute ``order_``.

    Categories have few values, so that their joint distribution is well known; numbers then have something to be
    conditioned on. A table's own order of numbers mostly follows what they mean (months, lags, sums after parts).
    """
    nominal = np.array([column.nominal for column in levels])
    size = np.array([len(column) if column.nominal else 0 for column in levels])
    later = np.ones(len(levels), dtype=bool)
    later[list(first)] = False
    return np.lexsort((np.arange(len(levels)), size, ~nominal, later))


def _fit_step(
    levels: list[Levels], earlier: np.ndarray, column: int, growth: Growth, streams: RandomStreams
) -> _Step:
    target = levels[column]
    telling = np.array([other for other in earlier if len(levels[other]) > 1], dtype=np.int64)
    kept = telling[strongest(target, [levels[other] for other in telling], growth.max_features)]
    return _Step(column, kept, grow_trees(target, [levels[other] for other in kept], growth, streams))


def _allowed_counts(levels: Levels, wish: Allowed | None) -> np.ndarray:
    """Rows at each level, 0 where the level is not as wished."""
    if wish is None:
        return levels.counts
    return np.where(wish.contains((levels.low + levels.high) / 2), levels.counts, 0)


def _spread_levels(counts: np.ndarray, n: int, seeds: np.ndarray) -> np.ndarray:
    """Levels in proportion to their counts, shape (n,)."""
    places = spread_points(np.arange(n), seeds) * counts.sum()
    return np.searchsorted(np.cumsum(counts), places, side="right")


def _donors(
    step: _Step, drawn: np.ndarray, fitted: list[Levels], seeds: np.ndarray, uniforms: np.ndarray
) -> np.ndarray:
    """The fitted row that gives each new row its value, shape (n,).

    ``drawn`` has the levels of the new rows, shape (n_columns, n), of which those of the predictors are known.
    """
    pairs = np.empty((drawn.shape[1], 2), dtype=np.int64)
    chosen = (uniforms[:, 0] * len(step.trees)).astype(np.int64)
    for number, tree in enumerate(step.trees):
        rows = np.flatnonzero(chosen == number)
        pairs[rows] = tree.draw(
            [drawn[column, rows] for column in step.predictors], seeds, uniforms[rows, 1:]
        )
    distances = np.zeros(pairs.shape, dtype=np.float32)
    for column in step.predictors:
        distances += _distances(fitted[column], drawn[column], pairs)
    return np.where(distances[:, 0] < TOO_NEAR * distances[:, 1], pairs[:, 1], pairs[:, 0])


def _distances(fitted: Levels, drawn: np.ndarray, donors: np.ndarray) -> np.ndarray:
    """How far donors are from new rows in one column: difference of ranks, 1 for another category or missingness."""
    gaps = fitted.scores[drawn][:, None] - fitted.row_scores[donors]
    return np.minimum(np.abs(gaps, out=gaps), 1.0)
