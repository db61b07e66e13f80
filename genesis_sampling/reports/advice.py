"""What the figures of an augmentation mean, and what to do about them, in sentences."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import pandas as pd

from ._facts import Facts

__all__ = ["RELABELLED", "Advice", "advise"]

# What a sampler of such rows writes into its choices, and the figures that tell no more of them.
RELABELLED = "real rows under labels of a teacher"
OF_COPIES = {
    "exact_copies",
    "nearer_to_train",
    "authenticity",
    "membership_distance",
    "membership_domias",
    "c2st",
    "duplicate_share",
    "nearest_distance_ratio",
}
RELABELLED_WORDS = (
    "Among the new rows are real ones under labels that a teacher gave. They copy training rows on purpose and protect "
    "nobody, so do not give them to people who may not see the real ones. With DistillationSampler(sampler=...) the "
    "rows are new as well."
)
# Fresh rows give .5, sequential trees .52 to .6 on large tables and .55 to .8 within classes of some hundred rows;
# above, rows are told apart by what a model will learn too.
HIGH_C2ST = 0.8
# Alpha-precision, beta-recall and density of fresh rows lie near 1, a fifth being what small tables lose by chance.
LOW_SUPPORT = 0.8
# Coverage of as many fresh rows as real ones is about .97 for five neighbours.
LOW_COVERAGE = 0.8
# Duplicates beyond those that real rows have: one row in twenty adds nothing but weight.
EXTRA_DUPLICATES = 0.05
# Distances to neighbours among synthetic rows, against real ones: outside, they crowd together or scatter.
NARROW_RATIO, WIDE_RATIO = 0.7, 1.4
# Copies beyond the share that fresh rows have by chance: one row in a hundred.
EXTRA_COPIES = 0.01
# Of rows that were never seen half lie nearer to the training rows; duplicated training rows give about .75.
HIGH_NEARER = 0.55
# An attacker who guesses has .5; published models that memorise have .6 and more.
HIGH_MEMBERSHIP = 0.6
GUESSED = 0.5
# Copies of the whole table score .1 to .3; fresh rows stay near .5.
LOW_C2ST = 0.4
# Rows of a holdout that equal training rows, beyond the share of real rows that repeat another one.
NO_HOLDOUT = 0.3
# Where so many real rows repeat another one, a fresh row is as near to a real one as that to its own copy.
MANY_DUPLICATES = 0.05
# Scores with which there is nothing left to gain.
PERFECT = 0.99
COARSER = (
    "Use a generator that learns groups of rows, such as trees, with more rows in each, or a DiversityFilter."
)
# At the usual threshold a model hardly names a class with a fifth of the rows of another and less.
BIASED_RATIO = 5
# Of candidates that pass for real, few are turned down; where half are, the generator is what to look at.
HIGH_REJECTION = 0.5
# The table of two columns of 60 cells loses .4 sqrt(60) sqrt(1/n + 1/m) by chance on average.
PAIR_CHANCE = 3.1
MAX_NAMED = 3


class Advice(NamedTuple):
    """A finding with what to do about it.

    Parameters
    ----------
    kind : {"privacy", "use", "fidelity", "diversity", "balance", "acceptance", "fine"}
    text : str
        One or two sentences.
    """

    kind: str
    text: str


def advise(
    figures: Mapping[str, float | None],
    *,
    column_shapes: pd.Series | None = None,
    pair_trends: pd.DataFrame | None = None,
    counts: Mapping[Any, int] | None = None,
    rejected: Mapping[str, int] | None = None,
    n_generated: int = 0,
    n_rows: tuple[int, int] | None = None,
    n_columns: int | None = None,
    lost: pd.DataFrame | None = None,
    utility: pd.DataFrame | None = None,
    intervals: Mapping[str, tuple[float, float] | None] | None = None,
    relabelled: bool = False,
) -> list[Advice]:
    """Say in sentences what the figures of an augmentation mean and what to do.

    Parameters
    ----------
    figures : mapping of str to float or None
        As ``AugmentationMetrics.summary()`` gives them; what is missing is not judged.
    column_shapes : Series of shape (n_columns,), default=None
        Score of each column in [0, 1], to name those that are off.
    pair_trends : DataFrame with the columns ``first``, ``second``, ``score``, default=None
        Score of each pair of columns in [0, 1].
    counts : mapping of class to int, default=None
        Rows of each class in the result.
    rejected : mapping of reason to int, default=None
        Candidates that were turned down.
    n_generated : int, default=0
        Candidates that were made.
    n_rows : tuple of two int, default=None
        Numbers of real and of synthetic rows, which tell how much chance alone does.
    n_columns : int, default=None
        Number of columns.
    lost : DataFrame with the columns ``column``, ``category``, default=None
        Categories that no synthetic row has, to name them.
    utility : DataFrame with the columns ``real``, ``augmented``, ``low``, ``high``, default=None
        Scores with and without the synthetic rows, as ``AugmentationMetrics.utility()`` gives them.
    intervals : mapping of str to tuple of two float, default=None
        95 % confidence intervals of figures: one that may be at its ideal by chance is no reason for advice.
    relabelled : bool, default=False
        Whether rows are real ones under labels of a teacher: then figures that find copies are no reason for advice.

    Returns
    -------
    list of Advice
        What concerns privacy first. One of the kind ``"fine"`` where there are figures and nothing stands out; empty
        where there is nothing to judge.

    Examples
    --------
    >>> from genesis_sampling.reports import advise
    >>> for advice in advise({"exact_copies": 0.3, "exact_copies_holdout": 0.01}):
    ...     print(advice.kind)
    privacy
    >>> advise({"shape": 0.98, "trend": 0.96})[0].kind
    'fine'
    """
    judged = {name: value for name, value in figures.items() if not (relabelled and name in OF_COPIES)}
    facts = Facts(
        judged,
        column_shapes,
        pair_trends,
        counts or {},
        rejected or {},
        n_generated,
        n_rows,
        n_columns,
        lost,
        utility,
        intervals or {},
    )
    rules = (_privacy, _use, _fidelity, _diversity, _balance, _acceptance)
    found = [advice for rule in rules for advice in rule(facts)]
    if relabelled:
        found.insert(0, Advice("privacy", RELABELLED_WORDS))
    known = [key for key, value in figures.items() if value is not None and not math.isnan(value)]
    if not found and known:
        found = [
            Advice("fine", f"All is well as far as these {len(known)} figures tell: none of them stands out.")
        ]
    return found


def _privacy(facts: Facts) -> Iterator[Advice]:
    copies, by_chance = facts["exact_copies"], facts["exact_copies_holdout"]
    if by_chance > _known(facts["duplicate_share_real"]) + NO_HOLDOUT:
        yield Advice(
            "privacy",
            f"{_percent(by_chance)} of the rows of the holdout equal a training row: it seems to hold training "
            "rows, and then the figures of privacy say nothing. Give rows that nothing was learned from.",
        )
    elif math.isnan(by_chance) and copies > EXTRA_COPIES:
        yield Advice(
            "privacy",
            f"{_percent(copies)} of the synthetic rows equal a training row. A holdout of fresh rows would tell "
            "whether chance does that, as in a table of few values, or copying. If the synthetic table holds the "
            "real rows too, leave them out.",
        )
    elif copies > by_chance + EXTRA_COPIES:
        yield Advice(
            "privacy",
            f"Synthetic rows copy training rows: {_percent(copies)} of them equal one (of fresh rows "
            f"{_percent(by_chance)} do). Use another method, raise the least number of rows that a leaf of the "
            "generator has, or drop near copies with a DiversityFilter.",
        )
    if facts["nearer_to_train"] > HIGH_NEARER and facts.surely("nearer_to_train") > GUESSED:
        yield Advice(
            "privacy",
            f"Synthetic rows lean on single training rows: {_percent(facts['nearer_to_train'])} lie nearer to one "
            f"than to a fresh row, where half would be ideal. {COARSER}",
        )
    elif (
        facts["authenticity"] < facts.low_authenticity
        and _known(facts["duplicate_share_real"]) < MANY_DUPLICATES
    ):
        yield Advice(
            "privacy",
            f"Only {_percent(facts['authenticity'])} of the synthetic rows are farther from a real row than that one's "
            f"own neighbour; of fresh rows more would be. {COARSER}",
        )
    attacks = {"distances": facts["membership_distance"], "densities": facts["membership_domias"]}
    sure = {"distances": "membership_distance", "densities": "membership_domias"}
    told = {
        name: auc
        for name, auc in attacks.items()
        if auc > HIGH_MEMBERSHIP and facts.surely(sure[name]) > GUESSED
    }
    if told:
        name = max(told, key=told.__getitem__)
        yield Advice(
            "privacy",
            f"An attacker can tell from {name} who was among the training rows better than by guessing (area under "
            f"the ROC curve {told[name]:.2f} instead of 0.50). Do not give these rows to people who may not see the "
            "real ones.",
        )


def _use(facts: Facts) -> Iterator[Advice]:
    if facts.utility is None:
        return
    row = facts.utility.loc["average_precision"]
    if min(row["real"], row["augmented"]) > PERFECT:
        return
    scores = f"average precision {row['augmented']:.3f} instead of {row['real']:.3f}"
    if row["high"] < 0:
        yield Advice(
            "use",
            f"On fresh rows a boosted model does worse with the synthetic rows than without ({scores}). Leave them "
            "out, or make fewer; for more recall, use class weights or lower the decision threshold.",
        )
    elif row["low"] <= 0:
        yield Advice(
            "use",
            f"On fresh rows a boosted model is not clearly better with the synthetic rows than without ({scores}; the "
            "difference may be chance). Compare with class weights and a tuned threshold before you rely on them.",
        )


def _fidelity(facts: Facts) -> Iterator[Advice]:
    columns = _low(facts.column_shapes, facts.low_score())
    if columns:
        several = len(columns) > 1
        yield Advice(
            "fidelity",
            f"Scores lie low because the column{'s' * several} {_listed(columns)} {'are' if several else 'is'} off. "
            "Look at the distribution, declare codes as categorical_features, try another generator, or raise "
            "quality_threshold, which turns such rows down.",
        )
    elif facts["shape"] < facts.low_score():
        yield Advice(
            "fidelity",
            f"Single columns match real ones poorly (shape {facts['shape']:.2f}). Try another generator, or raise "
            "quality_threshold.",
        )
    pairs = [] if columns else _low_pairs(facts.pair_trends, facts.low_score(PAIR_CHANCE))
    if pairs:
        yield Advice(
            "fidelity",
            f"Columns match one by one, but not together: {'; '.join(pairs)}. Learn from more rows, "
            "choose a generator of dependencies (trees are), or state the rule between them as a constraint.",
        )
    elif not columns and facts["trend"] < facts.low_score(PAIR_CHANCE):
        yield Advice(
            "fidelity", f"Pairs of columns match poorly (trend {facts['trend']:.2f}). Try generator='tree'."
        )
    if facts["c2st"] < LOW_C2ST:
        yield Advice(
            "fidelity",
            f"C2ST is {facts['c2st']:.2f}, below the 0.50 of guessing: rows of both tables equal or nearly equal each "
            "other, so what was learned of one misleads about its twin. Synthetic rows are copies.",
        )
    if facts["c2st"] > HIGH_C2ST:
        hidden = "" if columns or pairs else " though single columns and pairs look right"
        yield Advice(
            "fidelity",
            f"Boosted trees tell synthetic from real rows{hidden} (area under the ROC curve {facts['c2st']:.2f}, ideal "
            "0.50). A model may learn what gives them away: give the generator more rows, or filter its rows by "
            "quality.",
        )
    if facts["missing_pattern_distance"] > 1 - facts.low_score():
        yield Advice(
            "fidelity",
            "Other values are missing together than in real rows (distance "
            f"{facts['missing_pattern_distance']:.2f}). A model may take gaps for a sign of the class.",
        )
    if facts["alpha_precision"] < LOW_SUPPORT or facts["density"] < LOW_SUPPORT:
        yield Advice(
            "fidelity",
            "Many neighbours of synthetic rows are no real rows: they lie where real rows are rare. Lower the noise, "
            "or raise quality_threshold.",
        )


def _diversity(facts: Facts) -> Iterator[Advice]:
    if facts["categories_lost"] > 0:
        yield Advice(
            "diversity",
            f"The generator lost categories: {_amount(facts['categories_lost'])} of those that real rows have are in "
            f"no synthetic row{_lost_names(facts.lost)}. Draw more rows, or ask for the rare ones with conditions.",
        )
    if facts["modes_lost"] > 0:
        yield Advice(
            "diversity",
            f"Groups of real rows are not reached by synthetic rows ({_amount(facts['modes_lost'])} of them): a model "
            "learns nothing new about these. Draw more rows, or learn the groups apart.",
        )
    extra = facts["duplicate_share"] - _known(facts["duplicate_share_real"])
    if extra > EXTRA_DUPLICATES:
        yield Advice(
            "diversity",
            f"Synthetic rows repeat each other: {_percent(facts['duplicate_share'])} are duplicates, "
            f"{_percent(extra)} of all more than among real rows. They add weight, not information.",
        )
    ratio = facts["nearest_distance_ratio"]
    if ratio < NARROW_RATIO:
        yield Advice(
            "diversity",
            f"Neighbours of synthetic rows are too near: {ratio:.2f} times the distance between real rows. They crowd "
            "together; use more neighbours, more noise or a generator.",
        )
    elif ratio > WIDE_RATIO:
        yield Advice(
            "diversity",
            f"Neighbours of synthetic rows are too far: {ratio:.2f} times the distance between real rows. They "
            "scatter beyond the data; lower the noise.",
        )
    elif facts["beta_recall"] < LOW_SUPPORT or (_enough(facts) and facts["coverage"] < LOW_COVERAGE):
        yield Advice(
            "diversity",
            "Synthetic rows reach only a part of the variety of real ones (coverage "
            f"{_score(facts['coverage'])}, beta-recall {_score(facts['beta_recall'])}). Draw more rows, or use a "
            "generator that is fitted on all of them.",
        )


def _balance(facts: Facts) -> Iterator[Advice]:
    counts = {label: count for label, count in facts.counts.items() if count}
    if len(counts) < 2:
        return
    rare, common = min(counts, key=counts.__getitem__), max(counts, key=counts.__getitem__)
    if counts[common] >= BIASED_RATIO * counts[rare]:
        yield Advice(
            "balance",
            f"A model of these rows is still biased to class {str(common)!r}, which has "
            f"{counts[common] / counts[rare]:.1f} times the rows of class {str(rare)!r}. More rows of the latter, "
            "class weights, or a decision threshold that is tuned on rows that no sampler has touched, change that.",
        )


def _acceptance(facts: Facts) -> Iterator[Advice]:
    n_rejected = sum(facts.rejected.values())
    if facts.n_generated and n_rejected > HIGH_REJECTION * facts.n_generated:
        reason = max(facts.rejected, key=facts.rejected.__getitem__)
        yield Advice(
            "acceptance",
            f"{_percent(n_rejected / facts.n_generated)} of the candidates were turned down, most of them by "
            f"{reason}. The rows that are left are a choice, not a sample: improve the generator, or loosen that "
            "rule.",
        )


def _low(scores: pd.Series | None, bound: float) -> list[str]:
    """The columns below the bound with their scores, the worst first."""
    if scores is None:
        return []
    low = scores[scores < bound].sort_values()
    return [f"{str(name)!r} ({score:.2f})" for name, score in low.items()]


def _lost_names(lost: pd.DataFrame | None) -> str:
    """The most frequent lost categories in brackets."""
    if lost is None or not len(lost):
        return ""
    named = [
        f"{'missing' if pd.isna(category) else repr(str(category))} in {str(column)!r}"
        for column, category in zip(lost["column"], lost["category"])
    ]
    return f" ({_listed(named)})"


def _low_pairs(trends: pd.DataFrame | None, bound: float) -> list[str]:
    if trends is None:
        return []
    low = trends[trends["score"] < bound].nsmallest(MAX_NAMED, "score")
    return [
        f"{str(a)!r} with {str(b)!r} ({s:.2f})" for a, b, s in zip(low["first"], low["second"], low["score"])
    ]


def _listed(names: list[str]) -> str:
    shown = names[:MAX_NAMED]
    if len(names) > MAX_NAMED:
        return f"{', '.join(shown)} and {len(names) - MAX_NAMED} more"
    return " and ".join([", ".join(shown[:-1]), shown[-1]]) if len(shown) > 1 else shown[0]


def _enough(facts: Facts) -> bool:
    """Whether there are as many synthetic rows as real ones, without which they cannot cover them."""
    return facts.n_rows is None or facts.n_rows[1] >= facts.n_rows[0]


def _known(value: float) -> float:
    return 0.0 if math.isnan(value) else value


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %" if share < 0.1 else f"{100 * share:.0f} %"


def _score(value: float) -> str:
    return "unknown" if math.isnan(value) else f"{value:.2f}"


def _amount(value: float) -> str:
    """A count, or a share, as text."""
    return f"{value:.0f}" if value.is_integer() else _percent(value)
