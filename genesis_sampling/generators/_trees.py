"""One column given others, as trees whose nodes hold rows: the array-level engine of the tree generator."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from .._random import RandomStreams
from ._margins import fit_margin
from ._spread import spread_points

__all__ = ["ConditionalTree", "Growth", "Levels", "fit_levels", "grow_trees", "strongest"]

# Classes that a tree tells apart: the most frequent categories of its column, and all others as one.
MAX_CLASSES = 24
# Rows of average behaviour that are added to a category before it is placed among the others.
CATEGORY_PRIOR = 5.0
# Rows that shape a tree, at the most; all rows fill its leaves.
MAX_STRUCTURE_ROWS = 20_000
# Share of what a tree explains that may be given up for smaller leaves.
TOLERANCE = 0.1
# Fractional part of the golden ratio: any run of its multiples, modulo 1, is evenly spread.
GOLDEN_STEP = 0.6180339887498949


@dataclass(frozen=True)
class Levels:
    """The distinct values of a column, missing as a value of its own, and which of them each fitted row has.

    Parameters
    ----------
    of_row : ndarray of int32 of shape (n_rows,)
        Level of each fitted row.
    counts : ndarray of shape (n_levels,)
        Rows at each level.
    scores : ndarray of float32 of shape (n_levels,)
        Middle rank in [0, 1] of a number, position of a category, -1 if missing. So two categories, or a known and a
        missing value, are at least 1 apart, and two numbers at most 1.
    low, high : ndarrays of shape (n_levels,)
        Ends of the codes that the level stands for, NaN if missing.
    nominal : bool
        Whether the levels have no order.
    """

    of_row: np.ndarray
    counts: np.ndarray
    scores: np.ndarray
    low: np.ndarray
    high: np.ndarray
    nominal: bool

    def __len__(self) -> int:
        return len(self.counts)

    def decode(self, levels: np.ndarray, within: np.ndarray) -> np.ndarray:
        """Codes at a place in [0, 1) within each level."""
        low = self.low[levels]
        return low + within * (self.high[levels] - low)

    @cached_property
    def row_scores(self) -> np.ndarray:
        """Score of each fitted row."""
        return self.scores[self.of_row]

    @cached_property
    def classes(self) -> np.ndarray:
        """Class of each level: its own if it is frequent, a common one for all rare levels."""
        n_classes = min(len(self), MAX_CLASSES)
        classes = np.full(len(self), n_classes - 1)
        classes[np.argsort(-self.counts, kind="stable")[:n_classes]] = np.arange(n_classes)
        return classes


def fit_levels(codes: np.ndarray, *, nominal: bool, interpolate: bool) -> Levels:
    """The levels of a column of codes of shape (n_rows,), NaN where missing."""
    missing = np.isnan(codes)
    n_known = len(codes) - int(missing.sum())
    of_row = np.zeros(len(codes), dtype=np.int32)
    counts = np.empty(0, dtype=np.int64)
    scores = low = high = np.empty(0)
    if n_known:
        margin, of_row[~missing] = fit_margin(codes[~missing], interpolate=interpolate and not nominal)
        low, high = margin.low, margin.high
        counts = np.bincount(of_row[~missing])
        ranks = (np.cumsum(counts) - counts / 2) / n_known
        scores = np.arange(len(low), dtype=np.float64) if nominal else ranks
    if n_known < len(codes):
        of_row[missing] = len(low)
        counts, scores = np.append(counts, len(codes) - n_known), np.append(scores, -1.0)
        low, high = np.append(low, np.nan), np.append(high, np.nan)
    return Levels(of_row, counts, scores.astype(np.float32), low, high, nominal)


@dataclass(frozen=True)
class Growth:
    """How trees are grown; see the parameters of ``TreeGenerator``."""

    n_trees: int
    min_samples_leaf: int
    smoothing: float
    max_features: int


@dataclass(frozen=True)
class ConditionalTree:
    """A tree on some columns (the predictors) whose nodes hold fitted rows as donors of another column.

    Parameters
    ----------
    places : list of ndarrays of float32 of shape (n_levels,)
        Per predictor, where the tree sees each of its levels on the real line.
    structure : sklearn.tree._tree.Tree
        The tree, with its nodes numbered in depth-first order.
    donors : ndarray of int32 of shape (n_rows,)
        All fitted rows, leaf by leaf, and by the level of the target within a leaf. In depth-first order the rows of
        any node, inner ones as well, are a range of them.
    start, stop : ndarrays of shape (n_nodes,)
        That range.
    parent : ndarray of shape (n_nodes,)
        The node above, the root's being the root.
    home : ndarray of shape (n_nodes,)
        The lowest node at or above each node that is large enough to draw from.
    leave : ndarray of shape (n_nodes,)
        Probability with which a draw goes on from the node to its parent, 0 for the root.
    """

    places: list[np.ndarray]
    structure: Any
    donors: np.ndarray
    start: np.ndarray
    stop: np.ndarray
    parent: np.ndarray
    home: np.ndarray
    leave: np.ndarray

    def leaves(self, predictors: Sequence[np.ndarray]) -> np.ndarray:
        """Leaf of each row, from its levels of the predictors."""
        return self.home[self.structure.apply(_placed(self.places, predictors))]

    def draw(self, predictors: Sequence[np.ndarray], seeds: np.ndarray, uniforms: np.ndarray) -> np.ndarray:
        """Two donors for each row, different ones where there are two; shape (n_rows, 2).

        The rows that arrive at a node one after the other, and those that arrive at neighbouring nodes, are spread
        evenly over its donors. The first donor depends on earlier rows only; the second is any other one.

        Parameters
        ----------
        predictors : sequence of ndarrays of shape (n_rows,)
            Levels of the predictors.
        seeds : ndarray of uint32 of shape (2,)
            Of the spread.
        uniforms : ndarray of shape (n_rows, 2)
        """
        nodes = self._backed_off(self.leaves(predictors), uniforms[:, 0].copy())
        start, size = self.start[nodes], self.stop[nodes] - self.start[nodes]
        place = (GOLDEN_STEP * nodes + spread_points(_arrivals(nodes), seeds)) % 1.0
        first = np.minimum((place * size).astype(np.int64), size - 1)
        step = 1 + (uniforms[:, 1] * (size - 1)).astype(np.int64)
        return self.donors[np.stack([start + first, start + (first + step) % size], axis=1)]

    def _backed_off(self, nodes: np.ndarray, uniforms: np.ndarray) -> np.ndarray:
        """The node, from the leaf upwards, at which each row stays."""
        rows = np.arange(len(nodes))
        while len(rows):
            leave = self.leave[nodes[rows]]
            rows = rows[uniforms[rows] < leave]
            # Given that it left, a uniform over its threshold is uniform again.
            uniforms[rows] /= self.leave[nodes[rows]]
            nodes[rows] = self.parent[nodes[rows]]
        return nodes


def _arrivals(nodes: np.ndarray) -> np.ndarray:
    """How many earlier rows arrived at the node of each row."""
    order = np.argsort(nodes, kind="stable")
    ordered = nodes[order]
    opens = np.flatnonzero(np.diff(ordered, prepend=-1))
    counts = np.empty(len(nodes), dtype=np.int64)
    counts[order] = np.arange(len(nodes)) - np.repeat(opens, np.diff(opens, append=len(nodes)))
    return counts


def grow_trees(
    target: Levels, predictors: Sequence[Levels], growth: Growth, streams: RandomStreams
) -> list[ConditionalTree]:
    """Trees of a target column on the predictors; none if there is nothing to split."""
    n_rows = len(target.of_row)
    if not predictors or len(target) < 2 or n_rows < 2 * growth.min_samples_leaf:
        return []
    trees = []
    for number in range(growth.n_trees):
        child = streams.child("tree", number)
        rows = _structure_rows(n_rows, growth.n_trees, number, streams)
        trees.append(_grow(target, predictors, rows, growth, child.integer_seed()))
    return trees


def _structure_rows(n_rows: int, n_trees: int, number: int, streams: RandomStreams) -> np.ndarray:
    """The rows that shape a tree: all for a single tree, else one half, the next tree having the other half."""
    if n_trees == 1 and n_rows <= MAX_STRUCTURE_ROWS:
        return np.arange(n_rows)
    shuffled = streams.child("halves", number // 2).rng().permutation(n_rows)
    half = n_rows if n_trees == 1 else n_rows // 2
    rows = shuffled[:half] if number % 2 == 0 else shuffled[half:]
    return np.sort(rows[:MAX_STRUCTURE_ROWS])


def _grow(
    target: Levels, predictors: Sequence[Levels], rows: np.ndarray, growth: Growth, seed: int
) -> ConditionalTree:
    places = [_places(predictor, target, rows) for predictor in predictors]
    seen = _placed(places, [predictor.of_row for predictor in predictors])
    aim = target.classes if target.nominal else target.scores
    kind = DecisionTreeClassifier if target.nominal else DecisionTreeRegressor
    tree = kind(min_samples_leaf=growth.min_samples_leaf, random_state=seed)
    aim = aim[target.of_row]
    if target.nominal:
        known = np.unique(aim[rows])
        # A class that no row of the structure has may count as any other: it is too rare to matter there.
        aim = np.searchsorted(known, aim) % len(known)
    structure = tree.fit(seen[rows], aim[rows]).tree_
    leaves, parents = structure.apply(seen), _parents(structure)
    unseen = np.setdiff1d(np.arange(len(seen)), rows, assume_unique=True)[:MAX_STRUCTURE_ROWS]
    home = _large_enough(structure, parents, leaves[unseen], aim[unseen], target.nominal)
    return _filled(structure, leaves, target.of_row, places, parents, home, growth.smoothing)


def _large_enough(
    structure, parents: np.ndarray, leaves: np.ndarray, aim: np.ndarray, nominal: bool
) -> np.ndarray:
    """For each node the lowest one at or above it that is not too small, judged by rows the tree has not seen."""
    sizes = structure.n_node_samples
    if not len(aim):
        return np.arange(len(sizes))
    homes, errors = [np.arange(len(sizes))], []
    least = int(sizes.min())
    while True:
        errors.append(_loss(structure, homes[-1][leaves], aim, nominal))
        if not homes[-1].any():
            break
        least *= 2
        homes.append(_lifted(homes[-1], parents, sizes, least))
    losses = np.array(errors)
    worst = losses.min() + TOLERANCE * (losses[-1] - losses.min())
    return homes[int(np.argmax(losses <= worst))]


def _lifted(home: np.ndarray, parents: np.ndarray, sizes: np.ndarray, least: int) -> np.ndarray:
    """Homes of at least ``least`` rows, or the root."""
    while True:
        small = (sizes[home] < least) & (home > 0)
        if not small.any():
            return home
        home = np.where(small, parents[home], home)


def _loss(structure, nodes: np.ndarray, aim: np.ndarray, nominal: bool) -> float:
    """Mean squared error of node means, or Brier score of node shares."""
    value = structure.value[:, 0, :]
    if not nominal:
        return float(((value[nodes, 0] - aim) ** 2).mean())
    return float(1 + ((value**2).sum(axis=1)[nodes] - 2 * value[nodes, aim]).mean())


def _placed(places: Sequence[np.ndarray], levels: Sequence[np.ndarray]) -> np.ndarray:
    """What a tree sees, shape (n_rows, n_predictors)."""
    seen = np.empty((len(levels[0]), len(places)), dtype=np.float32)
    for column, (place, level) in enumerate(zip(places, levels, strict=True)):
        seen[:, column] = place[level]
    return seen


def _places(predictor: Levels, target: Levels, rows: np.ndarray) -> np.ndarray:
    """Levels of a predictor on the real line, shape (n_levels,): categories in an order that tells of the target.

    For a target of numbers or two classes the order by their means is the best [1]_. For more classes it is the order
    along the first principal component of the class shares [2]_.

    References
    ----------
    .. [1] L. Breiman, J. Friedman, R. Olshen, C. Stone, "Classification and Regression Trees", 1984, section 4.2.
    .. [2] D. Coppersmith, S. J. Hong, J. R. M. Hosking, "Partitioning nominal attributes in decision trees", Data
       Mining and Knowledge Discovery 3, 1999.
    """
    if not predictor.nominal:
        return predictor.scores
    levels = predictor.of_row[rows]
    if not target.nominal:
        return _shrunken_means(levels, target.scores[target.of_row[rows]], len(predictor))
    n_classes = int(target.classes.max()) + 1
    cells = levels.astype(np.int64) * n_classes + target.classes[target.of_row[rows]]
    table = np.bincount(cells, minlength=len(predictor) * n_classes).reshape(-1, n_classes)
    counts, mean = table.sum(axis=1, keepdims=True), table.sum(axis=0) / len(rows)
    shares = (table + CATEGORY_PRIOR * mean) / (counts + CATEGORY_PRIOR) - mean
    shares /= np.sqrt(np.maximum(mean, 1e-9))
    _, axes = np.linalg.eigh(shares.T @ (counts * shares))
    return (shares @ axes[:, -1]).astype(np.float32)


def _shrunken_means(levels: np.ndarray, values: np.ndarray, n_levels: int) -> np.ndarray:
    total = np.bincount(levels, weights=values, minlength=n_levels) + CATEGORY_PRIOR * values.mean()
    return (total / (np.bincount(levels, minlength=n_levels) + CATEGORY_PRIOR)).astype(np.float32)


def _filled(
    structure,
    leaves: np.ndarray,
    target: np.ndarray,
    places: list[np.ndarray],
    parents: np.ndarray,
    home: np.ndarray,
    smoothing: float,
) -> ConditionalTree:
    """The tree with all rows, of which ``leaves`` are the leaves, as donors."""
    n_nodes = structure.node_count
    donors = np.argsort(leaves.astype(np.int64) * (int(target.max()) + 1) + target, kind="stable")
    before = np.concatenate([[0], np.cumsum(np.bincount(leaves, minlength=n_nodes))])
    start, stop = before[:-1], before[_last_below(structure.children_right) + 1]
    leave = smoothing / (stop - start + smoothing) if smoothing else np.zeros(n_nodes)
    leave[0] = 0.0
    return ConditionalTree(places, structure, donors.astype(np.int32), start, stop, parents, home, leave)


def _last_below(children_right: np.ndarray) -> np.ndarray:
    """The last leaf below each node, in depth-first order: what is found by always turning right."""
    last = np.where(children_right < 0, np.arange(len(children_right)), children_right)
    while (last[last] != last).any():
        last = last[last]
    return last


def _parents(structure) -> np.ndarray:
    parents = np.zeros(structure.node_count, dtype=np.int64)
    inner = np.flatnonzero(structure.children_left >= 0)
    parents[structure.children_left[inner]] = inner
    parents[structure.children_right[inner]] = inner
    return parents


def strongest(target: Levels, predictors: Sequence[Levels], n_kept: int) -> np.ndarray:
    """Positions of the predictors that explain most of the target one by one, in increasing order."""
    if len(predictors) <= n_kept:
        return np.arange(len(predictors))
    rows = np.arange(0, len(target.of_row), max(1, len(target.of_row) // 10_000))
    seen = _placed(
        [_places(predictor, target, rows) for predictor in predictors],
        [predictor.of_row[rows] for predictor in predictors],
    )
    aim = _indicators(target, rows) if target.nominal else target.scores[target.of_row[rows], None]
    covariance = _standard(seen).T @ (aim - aim.mean(axis=0)) / len(rows)
    strength = (covariance**2).sum(axis=1)
    return np.sort(np.argsort(-strength, kind="stable")[:n_kept])


def _indicators(target: Levels, rows: np.ndarray) -> np.ndarray:
    return np.eye(int(target.classes.max()) + 1, dtype=np.float32)[target.classes[target.of_row[rows]]]


def _standard(values: np.ndarray) -> np.ndarray:
    return (values - values.mean(axis=0)) / np.maximum(values.std(axis=0), 1e-12)
