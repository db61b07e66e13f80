"""Where the SMOTE family puts new rows: pairs of parents, and how far from the one towards the other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.cluster import HDBSCAN, KMeans
from sklearn.metrics import silhouette_score
from sklearn.svm import SVC

from ..exceptions import DataError, SmallClassWarning
from ..tables.neighbors import EuclideanDistances, NeighborSearch
from .data import ClassData

__all__ = ["KINDS", "Neighborhood", "Segments"]

# Rows that a support vector machine is fitted to, and rows that are clustered, at the most; both take time that grows
# with the square of the rows.
MAX_SVM_ROWS = 20_000
MAX_CLUSTERED_ROWS = 5_000
# Clusters that k-means looks for, and rows by which their number is judged, at the most.
MAX_CLUSTERS = 8
MAX_SILHOUETTE_ROWS = 2_000
# A row is an outlier of its cluster if it is so many times as far from its neighbours there as the median row is.
OUTLIER_DISTANCE = 3.0
# Beyond the last parent, as a share of the segment, where kind="svm" extrapolates.
OUT_STEP = 0.5
# Levels of proximity, and how fast their weights fall, of kind="prowsyn".
PROXIMITY_LEVELS = 5
PROXIMITY_DECAY = 1.0


@dataclass
class Segments:
    """Pairs of parents of the new rows of one class.

    Parameters
    ----------
    base : ndarray of int of shape (n_bases,)
        First parents, as positions in the table.
    weight : ndarray of shape (n_bases,)
        How often each is taken, up to a factor.
    partner : ndarray of int of shape (n_bases, n_partners)
        Second parents, all equally likely; -1 for none.
    low, high : float or ndarray of shape (n_bases, n_partners)
        Between which places on the way from the first (0) to the second (1) a new row lies.
    exact : bool
        Whether every base is taken in proportion to its weight exactly, instead of on average.
    """

    base: np.ndarray
    weight: np.ndarray
    partner: np.ndarray
    low: Any = 0.0
    high: Any = 1.0
    exact: bool = False

    def __post_init__(self):
        has_partner = (self.partner >= 0).any(axis=1)
        if has_partner.all():
            return
        self.base, self.weight, self.partner = (
            values[has_partner] for values in (self.base, self.weight, self.partner)
        )
        self.low, self.high = (
            end if np.ndim(end) == 0 else end[has_partner] for end in (self.low, self.high)
        )

    def pick(self, n_rows: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Both parents and the place between them of ``n_rows`` new rows, each of shape (n_rows,)."""
        uniforms = rng.random((n_rows, 3))
        if self.exact:
            row = rng.permutation(_allotted(self.weight, n_rows))
        else:
            edges = np.cumsum(self.weight)
            row = np.searchsorted(edges, uniforms[:, 0] * edges[-1], side="right")
            row = np.minimum(row, len(self.base) - 1)
        is_there = self.partner >= 0
        n_partners = is_there.sum(axis=1)[row]
        column = (uniforms[:, 1] * n_partners).astype(np.intp)
        if not is_there.all():
            column = np.argsort(~is_there, axis=1, kind="stable")[row, column]
        low, high = (end if np.ndim(end) == 0 else end[row, column] for end in (self.low, self.high))
        return self.base[row], self.partner[row, column], low + uniforms[:, 2] * (high - low)


def _allotted(weight: np.ndarray, n_rows: int) -> np.ndarray:
    """Each index as often as its weight asks for, ``n_rows`` in all; the largest remainders are rounded up."""
    share = weight / weight.sum() * n_rows
    counts = np.floor(share).astype(np.intp)
    extra = np.argsort(counts - share, kind="stable")[: n_rows - counts.sum()]
    counts[extra] += 1
    return np.repeat(np.arange(len(weight)), counts)


class Neighborhood:
    """What the kinds ask about one class: neighbours inside it, and neighbours of any class.

    Parameters
    ----------
    part : ClassData
    view : EuclideanDistances
        The rows as points.
    search : callable
        ``search(codes) -> NeighborSearch`` among those rows.
    settings : object
        Has the parameters of the sampler.
    """

    def __init__(
        self,
        part: ClassData,
        view: EuclideanDistances,
        search: Callable[[np.ndarray], NeighborSearch],
        settings: Any,
    ):
        self.part = part
        self.positions = part.positions
        self.codes = part.data.codes
        self.class_codes = part.data.target.codes
        self.view = view
        self.search = search
        self.settings = settings
        self.k = min(settings.k_neighbors, len(self.positions) - 1)
        self.choices: dict[str, Any] = {}

    def inside(self, bases: np.ndarray, among: np.ndarray) -> np.ndarray:
        """The ``k`` nearest of the rows ``among`` to each of the rows ``bases``, all positions in the table.

        Fewer where there are not as many; shape (n_bases, min(k, n_among - 1)).
        """
        k = min(self.k, len(among) - 1)
        search = self.search(self.codes[among])
        _, nearest = search.query(self.codes[bases], k, own=np.searchsorted(among, bases))
        self.note_search(search)
        return among[nearest]

    def around(self, bases: np.ndarray, m: int | None = None) -> np.ndarray:
        """The ``m`` nearest rows of any class to each row, as positions in the table."""
        m = min(self.settings.m_neighbors if m is None else m, len(self.codes) - 1)
        everyone = self.part.data.once("everyone", lambda: self.search(self.codes))
        _, nearest = everyone.query(self.codes[bases], m, own=bases)
        self.note_search(everyone)
        return nearest

    def foreign_share(self, bases: np.ndarray, m: int | None = None) -> np.ndarray:
        """Share of other classes among the ``m`` nearest rows of any class, shape (n_bases,)."""
        nearest = self.around(bases, m)
        return (self.class_codes[nearest] != self.part.code).mean(axis=1)

    def whole_class(self) -> Segments:
        """Segments between near rows of the class, all alike."""
        bases = self.positions
        return Segments(bases, np.ones(len(bases)), self.inside(bases, bases))

    def note_search(self, search: NeighborSearch) -> None:
        """Put into the choices how neighbours were found."""
        known = self.choices.get("neighbors", "")
        if search.how not in known.split("; "):
            self.choices["neighbors"] = f"{known}; {search.how}" if known else search.how

    def distance_ratio(self, n_rows: int) -> float:
        """Mean distance to the k nearest rows of the class, divided by that to random ones."""
        rng = self.part.streams.child("contrast").rng()
        rows = rng.permutation(self.positions)[:n_rows]
        search = self.search(self.codes[self.positions])
        near, _ = search.query(self.codes[rows], self.k, own=np.searchsorted(self.positions, rows))
        random = search.distances.between(self.codes[rows], self.codes[np.roll(rows, 1)])
        return float(near.mean() / max(random.mean(), np.finfo(float).tiny))

    def fall_back(self, reason: str) -> Segments:
        """Plain SMOTE where a kind finds nothing to start from, which the user is told."""
        self.part.data.warn(
            f"Class {self.part.label!r}: {reason}, so kind={self.settings.kind!r} has no row to start from; "
            "plain SMOTE is used for this class.",
            SmallClassWarning,
        )
        self.choices["kind"] = "smote"
        return self.whole_class()


def smote(near: Neighborhood) -> Segments:
    """Chawla et al. 2002."""
    return near.whole_class()


def _in_danger(near: Neighborhood) -> tuple[np.ndarray, np.ndarray]:
    """Rows with at least half, but not only, rows of other classes around them (Han et al. 2005).

    With the nearest of those, both as positions in the table and of shape (n_in_danger,).
    """
    around = near.around(near.positions)
    foreign = near.class_codes[around] != near.part.code
    share = foreign.mean(axis=1)
    chosen = (share >= 0.5) & (share < 1)
    nearest = np.take_along_axis(around, foreign.argmax(axis=1)[:, None], axis=1)[:, 0]
    return near.positions[chosen], nearest[chosen]


def _borderline(near: Neighborhood, *, across: bool) -> Segments:
    """Bases in danger, partners of the class and, with ``across``, the nearest row of another class."""
    danger, foreign = _in_danger(near)
    if not len(danger):
        return near.fall_back("no row has at least half, but not only, rows of other classes around it")
    partner = near.inside(danger, near.positions)
    if not across:
        return Segments(danger, np.ones(len(danger)), partner)
    partner = np.column_stack([partner, foreign])
    high = np.ones(partner.shape)
    high[:, -1] = 0.5
    return Segments(danger, np.ones(len(danger)), partner, high=high)


def borderline_1(near: Neighborhood) -> Segments:
    """Han et al. 2005: bases in danger, partners of the class."""
    return _borderline(near, across=False)


def borderline_2(near: Neighborhood) -> Segments:
    """Han et al. 2005: the same, and half the way to the nearest row of another class."""
    return _borderline(near, across=True)


def svm(near: Neighborhood) -> Segments:
    """Nguyen, Cooper, Kamei 2011: from support vectors inwards where it is crowded, outwards where it is safe."""
    vectors = _support_vectors(near)
    share = near.foreign_share(vectors) if len(vectors) else np.empty(0)
    vectors, share = vectors[share < 1], share[share < 1]
    if not len(vectors):
        return near.fall_back("no support vector has a row of its own class around it")
    partner = near.inside(vectors, near.positions)
    crowded = np.repeat((share >= 0.5)[:, None], partner.shape[1], axis=1)
    return Segments(
        vectors,
        np.ones(len(vectors)),
        partner,
        low=np.where(crowded, 0.0, -OUT_STEP),
        high=np.where(crowded, 1.0, 0.0),
    )


def _support_vectors(near: Neighborhood) -> np.ndarray:
    """Rows of the class that are support vectors against all other classes, as positions in the table."""
    rng = near.part.streams.child("svm").rng()
    others = np.flatnonzero(near.class_codes != near.part.code)
    n_own = min(len(near.positions), MAX_SVM_ROWS // 2)
    own = np.sort(rng.permutation(near.positions)[:n_own])
    others = np.sort(rng.permutation(others)[: MAX_SVM_ROWS - n_own])
    rows = np.concatenate([own, others])
    estimator = near.settings.svm_estimator
    machine = SVC(gamma="scale", random_state=0) if estimator is None else clone(estimator)
    machine.fit(near.view.embed(near.codes[rows]), near.class_codes[rows] == near.part.code)
    if not hasattr(machine, "support_"):
        raise DataError(
            f"Got svm_estimator={type(machine).__name__}, which has no support_ after fit; expected a support vector "
            "machine such as SVC."
        )
    chosen = rows[machine.support_]
    return np.sort(chosen[near.class_codes[chosen] == near.part.code])


def adasyn(near: Neighborhood) -> Segments:
    """He et al. 2008: as many new rows from a row as there are other classes among its k nearest rows."""
    share = near.foreign_share(near.positions, near.settings.k_neighbors)
    if not share.any():
        return near.fall_back("no row has rows of other classes around it")
    bases = near.positions[share > 0]
    return Segments(bases, share[share > 0], near.inside(bases, near.positions), exact=True)


def cluster(near: Neighborhood) -> Segments:
    """SMOTE within clusters of the class; what stands apart starts nothing (after Cieslak et al. 2006)."""
    member = _clusters(near)
    found = [near.positions[member == number] for number in range(member.max(initial=-1) + 1)]
    parts = [_inside_cluster(near, rows) for rows in found if len(rows) > 1]
    parts = [(bases, partner) for bases, partner in parts if (partner >= 0).any()]
    near.choices["clusters"] = len(parts)
    if not parts:
        return near.fall_back("its rows form no cluster (clusterer='k-means' finds some in any class)")
    bases, partner = (np.concatenate(side) for side in zip(*parts, strict=True))
    return Segments(bases, np.ones(len(bases)), partner)


def _inside_cluster(near: Neighborhood, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Bases and partners, padded with -1 to k of them, within a cluster but for its outliers.

    A clusterer may count a row to the cluster that is nearest, however far away that is.
    """
    search = near.search(near.codes[rows])
    distances, nearest = search.query(near.codes[rows], min(near.k, len(rows) - 1), own=np.arange(len(rows)))
    near.note_search(search)
    reach = distances[:, -1]
    usual = reach <= OUTLIER_DISTANCE * np.median(reach)
    if not np.median(reach):  # most rows are repeated, and the others are no outliers for that
        usual[:] = True
    partner = np.full((len(rows), near.k), -1, dtype=np.int64)
    partner[:, : nearest.shape[1]] = np.where(usual[nearest], rows[nearest], -1)
    return rows[usual], partner[usual]


def _clusters(near: Neighborhood) -> np.ndarray:
    """Cluster of each row of the class, -1 for none; shape (n_class_rows,)."""
    order = near.part.streams.child("cluster").rng().permutation(len(near.positions))
    sample = np.sort(order[:MAX_CLUSTERED_ROWS])
    points = near.view.embed(near.codes[near.positions[sample]])
    label = _clusterer(near, points).fit_predict(points)
    if len(sample) == len(near.positions):
        return label
    # Each of the others joins the cluster of its nearest clustered row.
    search = near.search(near.codes[near.positions[sample]])
    _, nearest = search.query(near.codes[near.positions], 1)
    return label[nearest[:, 0]]


def _clusterer(near: Neighborhood, points: np.ndarray) -> Any:
    chosen = near.settings.clusterer
    if not isinstance(chosen, str):
        chosen = clone(chosen)
        if chosen.get_params().get("random_state", 0) is None:
            chosen.set_params(random_state=near.part.streams.child("clusterer").integer_seed())
        return chosen
    if chosen == "hdbscan":
        return HDBSCAN(min_cluster_size=max(2, min(near.k + 1, len(points) // 2)), copy=True)
    return _k_means(points, near.part.streams.child("k-means").integer_seed())


def _k_means(points: np.ndarray, seed: int) -> KMeans:
    """With the number of clusters that has the largest silhouette (P. J. Rousseeuw 1987)."""
    most = min(MAX_CLUSTERS, len(np.unique(points, axis=0)), len(points) - 1)
    judged = np.random.default_rng(seed).permutation(len(points))[:MAX_SILHOUETTE_ROWS]
    scores = {}
    for number in range(2, most + 1):
        labels = KMeans(number, n_init=3, random_state=seed).fit_predict(points)[judged]
        if 1 < len(np.unique(labels)) < len(judged):
            scores[number] = silhouette_score(points[judged], labels)
    return KMeans(max(scores, key=scores.__getitem__, default=1), n_init=3, random_state=seed)


def safe_level(near: Neighborhood) -> Segments:
    """Bunkhumpornpat, Sinapiromsaran, Lursinsap 2009: nearer to the parent that has more of its own class around it."""
    level = np.zeros(len(near.codes))
    level[near.positions] = 1 - near.foreign_share(near.positions, near.settings.k_neighbors)
    bases = near.positions
    partner = near.inside(bases, bases)
    own, other = level[bases][:, None], level[partner]
    low = np.where(own < other, 1 - own / np.where(other > 0, other, 1), 0.0)
    high = np.where(own > other, np.where(own > 0, other / np.where(own > 0, own, 1), 0.0), 1.0)
    partner = np.where((own == 0) & (other == 0), -1, partner)
    if not (partner >= 0).any():
        return near.fall_back("no row has a row of its own class around it")
    return Segments(bases, np.ones(len(bases)), partner, low=low, high=high)


def prowsyn(near: Neighborhood) -> Segments:
    """Barua, Islam, Murase 2013: levels of proximity to the other classes, the nearest with the largest weight."""
    left, levels = near.positions, []
    others = np.flatnonzero(near.class_codes != near.part.code)
    while len(left) and len(others) and len(levels) < PROXIMITY_LEVELS - 1:
        search = near.search(near.codes[left])
        _, nearest = search.query(near.codes[others], min(near.k, len(left)))
        near.note_search(search)
        reached = np.unique(nearest)
        levels.append(left[reached])
        left = np.delete(left, reached)
    levels.append(left)
    weights = np.exp(-PROXIMITY_DECAY * np.arange(len(levels)))
    usable = [(rows, weight) for rows, weight in zip(levels, weights, strict=True) if len(rows) > 1]
    if not usable:
        return near.fall_back("no level of proximity has two rows")
    near.choices["proximity levels"] = [len(rows) for rows in levels]
    partner = [
        _others_of(rows, near.part.streams.child("level", i).rng()) for i, (rows, _) in enumerate(usable)
    ]
    width = max(rows.shape[1] for rows in partner)
    padded = [np.pad(rows, ((0, 0), (0, width - rows.shape[1])), constant_values=-1) for rows in partner]
    return Segments(
        np.concatenate([rows for rows, _ in usable]),
        np.concatenate([np.full(len(rows), weight / len(rows)) for rows, weight in usable]),
        np.concatenate(padded),
    )


def _others_of(rows: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Other rows, drawn at random, for each of the rows; shape (n_rows, n_drawn)."""
    n_drawn = min(len(rows) - 1, 32)
    if n_drawn == len(rows) - 1:
        step = np.arange(1, len(rows))[None, :]
    else:
        step = rng.integers(1, len(rows), size=(len(rows), n_drawn))
    return rows[(np.arange(len(rows))[:, None] + step) % len(rows)]


def polynom_fit(near: Neighborhood) -> Segments:
    """Gazzah, Essoukri Ben Amara 2008: star (towards the mean), bus (row to row) or mesh (any two rows)."""
    rows, topology = near.positions, near.settings.topology
    if topology == "star":
        # The centre is no row of the table: it comes after the last one.
        partner = np.full((len(rows), 1), len(near.codes))
    elif topology == "bus":
        rows, partner = rows[:-1], rows[1:, None]
    else:
        partner = _others_of(rows, near.part.streams.child("mesh").rng())
    return Segments(rows, np.ones(len(rows)), partner)


KINDS: dict[str, Callable[[Neighborhood], Segments]] = {
    "smote": smote,
    "borderline-1": borderline_1,
    "borderline-2": borderline_2,
    "svm": svm,
    "adasyn": adasyn,
    "cluster": cluster,
    "safe-level": safe_level,
    "prowsyn": prowsyn,
    "polynom-fit": polynom_fit,
}
