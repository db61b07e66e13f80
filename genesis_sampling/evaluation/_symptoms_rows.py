"""Where the rare rows lie: among others, in groups, at the rim, or twice."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import binom, binomtest
from sklearn.cluster import KMeans
from sklearn.ensemble import IsolationForest
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import silhouette_score

from ..metrics._estimate import Estimate, area_under_curve, share
from ..tables.neighbors import NeighborSearch, fit_distances
from ._case import Case
from ._findings import Finding, interval, percent
from ._symptoms_model import Judgement

__all__ = ["duplicate_symptoms", "row_symptoms"]

N_NEIGHBORS, N_FAR = 5, 10
# More of the rare rows among others than this is worth a word, whatever chance would give.
MUCH_OVERLAP = 0.3
# Evidence that rows stand alone in the other class more often than at its border, as mislabelled ones do.
NOISE_ALPHA, CORE_SHARE = 0.01, 0.5
# Shares of their own class among the neighbours of rows that stand alone, and of those that are with their like.
ALONE, TOGETHER = 0.2, 0.8
MIN_CLUSTER, MAX_CLUSTERS, MAX_CLUSTERED, N_PAIRS = 5, 6, 1_000, 300
MIN_SILHOUETTE, BLOCKED_GAIN = 0.2, 0.2
OUTLIER_AUC, OUTLIER_SHARE = 0.8, 0.25
MANY_TWINS = 0.01
# Where half of the rare rows have a twin, and ten times fewer of the others, someone has copied them.
COPIED_SHARE, COPIED_RATIO = 0.5, 10
N_FOLDS = 5


def row_symptoms(case: Case, model: Judgement | None) -> Iterator[Finding]:
    """Findings on where rows of the class in focus lie."""
    if case.focus is None:
        return
    yield from _overlap(case, model)
    yield from _subgroups(case)
    if model is not None:
        yield from _outliers(case, model)


@dataclass(frozen=True)
class _Vote:
    """Votes of neighbours, each for as many rows as it stands for."""

    is_focus: np.ndarray
    weight: np.ndarray

    def own(self, neighbors: np.ndarray) -> np.ndarray:
        """Weighted share of the class in focus among each row's neighbours, shape (n_rows,)."""
        weight = self.weight[neighbors]
        return (weight * self.is_focus[neighbors]).sum(axis=1) / weight.sum(axis=1)


def _overlap(case: Case, model: Judgement | None) -> Iterator[Finding]:
    is_focus, codes = case.drawn_focus, case.drawn_codes
    own = np.flatnonzero(is_focus)
    n_far = min(N_FAR, len(codes) - 1)
    search = NeighborSearch(fit_distances(codes, case.discrete[case.seen]), codes, seed=0)
    neighbors = search.query(codes[own], n_far, own=own)[1]
    vote = _Vote(is_focus, case.weight)
    found = share(float((vote.own(neighbors[:, :N_NEIGHBORS]) < 0.5).mean()), len(own))
    chance = _chance_among_others(case)
    if found.low > MUCH_OVERLAP:
        as_chance = found.high >= chance
        yield Finding(
            "overlap",
            # A model that finds the class all the same uses what distances do not show.
            "note" if model is not None and model.finds_all else "consider",
            f"{percent(found.value)} of the rows of {case.focus_name} have mostly others among their "
            f"{N_NEIGHBORS} nearest rows (by chance {percent(chance)})",
            {"share": interval(found), "by_chance": chance, "n_neighbors": N_NEIGHBORS},
            (
                "Neighbourhoods tell no more than chance: points between rare rows land among the others."
                if as_chance
                else "The classes overlap: points between rare rows often land among the others, and become rows with "
                "the wrong label."
            ),
            "Prefer noise or a generator per class to interpolation; or interpolate at the border and clean "
            "afterwards. Tune the threshold first: where classes overlap, it decides which errors are made.",
        )
    yield from _label_noise(case, vote.own(neighbors), n_far)


def _chance_among_others(case: Case) -> float:
    """Probability that others win the vote where labels are dealt by chance."""
    n_focus, n_rows = int(case.drawn_focus.sum()), len(case.drawn)
    mine = float(case.weight[case.drawn_focus].mean())
    theirs = float(case.weight[~case.drawn_focus].mean())
    votes = np.arange(N_NEIGHBORS + 1)
    loses = votes * mine < (N_NEIGHBORS - votes) * theirs
    return float(binom.pmf(votes, N_NEIGHBORS, n_focus / n_rows)[loses].sum())


def _label_noise(case: Case, own_share: np.ndarray, n_neighbors: int) -> Iterator[Finding]:
    """Rows among others, where most of the class keep together and few are in between.

    Of normal classes that overlap, whatever their distance and shares, more rows are in between than alone.
    """
    n_alone, n_core = int((own_share <= ALONE).sum()), int((own_share > 0.5).sum())
    n_between = int(((own_share > ALONE) & (own_share < TOGETHER)).sum())
    if not n_alone or n_core < CORE_SHARE * len(own_share):
        return
    p_value = float(binomtest(n_alone, n_alone + n_between, 0.5, alternative="greater").pvalue)
    if p_value < NOISE_ALPHA:
        alone = share(n_alone / len(own_share), len(own_share))
        yield Finding(
            "label_noise",
            "consider",
            f"{n_alone:,} rows of {case.focus_name} ({percent(alone.value)}) stand alone among others, while the rest "
            "keep together",
            {
                "share_alone": interval(alone),
                "n_alone": n_alone,
                "n_between": n_between,
                "n_core": n_core,
                "n_neighbors": n_neighbors,
                "p_value": p_value,
            },
            "Classes that merely overlap have more rows at the border than beyond it. Such rows are often mislabelled, "
            "or of a kind that is hardly in the table; over-sampling multiplies them.",
            "Have these rows checked. Until then drop them from what is over-sampled, not from the test rows.",
        )


def _subgroups(case: Case) -> Iterator[Finding]:
    """Clusters of the class with others in between."""
    rng = case.streams.child("clusters").rng()
    own = np.flatnonzero(case.drawn_focus)
    own = np.sort(rng.permutation(own)[:MAX_CLUSTERED])
    labels = _clusters(case.points[own], case.streams.child("k-means").integer_seed())
    if labels is None:
        return
    within, between = (
        _blocked(case, _pairs(own, labels, same, rng)) for same in (True, False)
    )  # share of midpoints among others
    if between.value >= 0.5 and between.low > within.high + BLOCKED_GAIN:
        sizes = sorted(np.bincount(labels).tolist(), reverse=True)
        yield Finding(
            "subgroups",
            "consider",
            f"The rows of {case.focus_name} form {len(sizes)} groups with others in between",
            {
                "sizes": sizes,
                "share_of_midpoints_among_others_between_groups": interval(between),
                "share_of_midpoints_among_others_within_groups": interval(within),
            },
            f"Halfway between two rows of different groups {percent(between.value)} of the points lie mostly among "
            f"others, within a group {percent(within.value)}. A segment from one group to the other, or one "
            "distribution fitted to all, makes rows with the wrong label.",
            "Interpolate within clusters (kind='cluster'), or let a generator that finds groups, such as trees, learn "
            "the class.",
        )


def _clusters(points: np.ndarray, seed: int) -> np.ndarray | None:
    """Cluster of each row by k-means with the best silhouette; None where there is no structure or too few rows."""
    least = max(MIN_CLUSTER, len(points) // 20)
    most = min(MAX_CLUSTERS, len(points) // least, len(np.unique(points, axis=0)) // 2)
    best, best_score = None, MIN_SILHOUETTE
    for k in range(2, most + 1):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            labels = KMeans(k, n_init=3, random_state=seed).fit_predict(points)
        if len(np.unique(labels)) < k or np.bincount(labels).min() < least:
            continue
        score = silhouette_score(points, labels)
        if score > best_score:
            best, best_score = labels, score
    return best


def _pairs(own: np.ndarray, labels: np.ndarray, same: bool, rng: np.random.Generator) -> np.ndarray:
    """Pairs of different rows of one cluster, or of two; shape (n_pairs, 2)."""
    drawn = rng.integers(len(own), size=(20 * N_PAIRS, 2))
    fits = (labels[drawn[:, 0]] == labels[drawn[:, 1]]) == same
    return own[drawn[fits & (drawn[:, 0] != drawn[:, 1])][:N_PAIRS]]


def _blocked(case: Case, pairs: np.ndarray) -> Estimate:
    """Share of the midpoints of these pairs that have mostly others around them; the pair itself has no vote."""
    points = case.points
    middle = (points[pairs[:, 0]] + points[pairs[:, 1]]) / 2
    everywhere = np.zeros(points.shape[1], dtype=bool)
    search = NeighborSearch(fit_distances(points, everywhere, scale=False), points, seed=0)
    near = search.query(middle, min(N_NEIGHBORS + 2, len(points)))[1]
    is_parent = (near[:, :, None] == pairs[:, None, :]).any(axis=2)
    # The first five that are no parents: a stable sort puts parents last and keeps the order of the others.
    order = np.argsort(is_parent, axis=1, kind="stable")[:, :N_NEIGHBORS]
    vote = _Vote(case.drawn_focus, case.weight).own(np.take_along_axis(near, order, axis=1))
    # Pairs share rows, so there are no more independent ones than rows.
    return share(float((vote < 0.5).mean()), min(len(pairs), int(case.drawn_focus.sum())))


def _outliers(case: Case, model: Judgement) -> Iterator[Finding]:
    weight, is_focus = case.weight, case.drawn_focus
    if weight[is_focus].sum() > OUTLIER_SHARE * weight.sum():
        return
    streams = case.streams.child("outliers")
    fitted = case.points
    if not np.allclose(weight, weight[0]):
        # As frequent as in the table: a forest calls outlying what is rare among the rows that it sees.
        fitted = fitted[streams.rng().choice(len(fitted), size=len(fitted), p=weight / weight.sum())]
    forest = IsolationForest(random_state=streams.integer_seed()).fit(fitted)
    strange = -forest.score_samples(case.points)
    auc = area_under_curve(strange[is_focus], strange[~is_focus])
    if auc.low > OUTLIER_AUC and auc.high >= model.auc.low:
        yield Finding(
            "outlier_like",
            "consider",
            f"Rows of {case.focus_name} are outliers: an isolation forest that knows no labels ranks them about as "
            f"well as the model (area under the ROC curve {auc.value:.2f} against {model.auc.value:.2f})",
            {"roc_auc_forest": interval(auc), "roc_auc_model": interval(model.auc)},
            "The class is what is unusual rather than a kind of its own. New kinds of it will look like none of the "
            "known rows, and made rows repeat the known ones.",
            "Consider outlier detection beside the classifier, or its score as one more column.",
        )


def duplicate_symptoms(case: Case) -> Iterator[Finding]:
    """Findings on rows that occur more than once."""
    codes = case.codes[:, case.seen] + 0.0  # 0.0 and -0.0 are the same value
    hashes = pd.util.hash_pandas_object(pd.DataFrame(codes), index=False).to_numpy()
    group = pd.factorize(hashes)[0]
    size = np.bincount(group)[group]
    n_classes = pd.Series(case.target.codes).groupby(group).nunique().to_numpy()
    yield from _copied(case, size > 1)
    yield from _twins(case, group, size)
    yield from _conflicts(case, n_classes[group] > 1)


def _copied(case: Case, twin: np.ndarray) -> Iterator[Finding]:
    is_rare = case.target.codes == case.rare
    inside, outside = float(twin[is_rare].mean()), float(twin[~is_rare].mean())
    if share(inside, int(is_rare.sum())).low > COPIED_SHARE and inside > COPIED_RATIO * outside:
        yield Finding(
            "over_sampled_already",
            "act",
            f"{percent(inside)} of the rows of {case.class_name(case.rare)} have an exact twin, "
            f"{percent(outside)} of the others",
            {"share_with_twin_rare": inside, "share_with_twin_others": outside},
            "The table looks as if it had been over-sampled. A split of it puts copies of test rows among the "
            "training rows, and every score is too good.",
            "Go back to the table before that, or drop duplicates before anything else.",
        )


def _twins(case: Case, group: np.ndarray, size: np.ndarray) -> Iterator[Finding]:
    n_rows = len(group)
    found = share(float((size > 1).mean()), n_rows)
    if found.value == 0:
        return
    straddle = float((1 - N_FOLDS ** (1.0 - size)).mean())
    is_rare = case.target.codes == case.rare
    few_values = _n_possible(case) < 10 * n_rows
    much = found.low > MANY_TWINS
    yield Finding(
        "duplicates",
        "consider" if much and not few_values else "note",
        f"{percent(found.value)} of the rows occur more than once",
        {
            "share": interval(found),
            "share_rare": float((size > 1)[is_rare].mean()),
            "n_distinct": int(group.max()) + 1,
            "share_with_twin_in_another_fold": straddle,
        },
        (
            "The columns take so few values that this is natural; a score still counts some rows that the model has "
            "seen."
            if few_values
            else f"In a random split into {N_FOLDS} folds {percent(straddle)} of the rows have a twin in a part that "
            "the model was trained on: the score counts what was learned by heart."
        ),
        "If they are the same thing recorded twice, drop duplicates; if they belong together, keep them in one fold "
        "with groups=.",
    )


def _n_possible(case: Case) -> float:
    """How many different rows the values of the columns allow."""
    codes = case.codes[:, case.seen]
    n_values = [len(np.unique(codes[:, place])) for place in range(codes.shape[1])]
    return float(np.exp(min(700.0, np.log(np.maximum(n_values, 1)).sum())))


def _conflicts(case: Case, conflicting: np.ndarray) -> Iterator[Finding]:
    n_conflicts = int(conflicting.sum())
    if not n_conflicts:
        return
    is_rare = case.target.codes == case.rare
    inside = share(float(conflicting[is_rare].mean()), int(is_rare.sum()))
    yield Finding(
        "conflicting_labels",
        "consider" if inside.low > MANY_TWINS else "note",
        f"{n_conflicts:,} rows have an exact twin of another class, among them {percent(inside.value)} of "
        f"{case.class_name(case.rare)}",
        {"n_rows": n_conflicts, "share_rare": interval(inside)},
        "No model can tell these rows apart: they bound every score, and made rows are as ambiguous.",
        "Check the labels, or add a column that tells them apart.",
    )
