"""Columns that may give the class away, and columns about people."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import chi2_contingency

from ..metrics._estimate import Estimate, area_under_curve, share
from ..metrics.bias import group_effects
from ._case import Case
from ._findings import Finding, interval, listed, named, percent, plain

__all__ = ["group_symptoms", "suspect_symptoms"]

# A single column with a larger area under the ROC curve knows the class.
LEAK_AUC = 0.99
# Where the other columns come near by themselves, the task is easy and one more good column no suspect.
EASY_AUC = 0.9
MAX_SUSPECTS = 3
N_BINS, N_FOLDS = 64, 3
MARKER = re.compile(
    r"(?i)^_*(is|was)?_*(synthetic|augmented|generated|oversampled|smote|fake|is_?real)(_*(mask|flag|row))?_*$"
)
TARGET_WORDS = {"target", "label", "labels", "class", "classlabel", "ytrue", "y", "groundtruth"}
ALIKE = 0.85
SENSITIVE_WORDS = {"sex", "race", "religion", "marriage", "nationality", "citizen", "citizenship", "foreign"}
SENSITIVE_STARTS = (
    "gender", "ethnic", "racial", "religio", "national", "marital", "disab", "handicap", "pregnan", "birth", "native",
)  # fmt: skip
# Things have an age too: it is one of people where the name says no more, or whose it is.
PEOPLE = {
    "patient",
    "person",
    "customer",
    "client",
    "applicant",
    "driver",
    "subject",
    "employee",
    "user",
    "years",
}
SENSITIVE_ALPHA = 0.01
MIN_GROUP_ROWS = 30


def suspect_symptoms(case: Case) -> Iterator[Finding]:
    """Findings on columns that should perhaps not be there."""
    yield from _markers(case)
    yield from _named_like_target(case)
    yield from _telling_columns(case)


def _markers(case: Case) -> Iterator[Finding]:
    found = [name for name in case.names if MARKER.match(str(name)) and case.frame[name].nunique() <= 2]
    if found:
        yield Finding(
            "marker_column",
            "act",
            f"{listed(found)} seems to mark made rows",
            {"columns": plain(found)},
            "If the table holds made rows already, no split of it is honest: copies of test rows stand among the "
            "training rows, and the mark tells the class wherever one class was over-sampled.",
            "Take the real rows alone, drop the column, split, and only then augment, inside a pipeline.",
        )


def _named_like_target(case: Case) -> Iterator[Finding]:
    target = None if case.target_name is None else _bare(case.target_name)
    found = [name for name in case.names if _alike(_bare(name), target)]
    if found:
        beside = "" if target is None else f" beside the target {named(case.target_name)}"
        yield Finding(
            "named_like_target",
            "consider",
            f"{listed(found)} {'are' if len(found) > 1 else 'is'} named like a target{beside}",
            {"columns": plain(found), "target": plain(case.target_name)},
            "It may be another form of the target, or be filled in after the class is known.",
            "Ask when the column gets its value. If that is after the class is known, drop it.",
        )


def _bare(name: Any) -> str:
    return re.sub(r"[\W_]", "", re.sub(r"^(is|has|flag)_", "", str(name).lower()))


def _alike(name: str, target: str | None) -> bool:
    if name in TARGET_WORDS:
        return True
    if target is None or min(len(name), len(target)) < 4:
        return name == target
    return target in name or name in target or difflib.SequenceMatcher(None, name, target).ratio() >= ALIKE


def _telling_columns(case: Case) -> Iterator[Finding]:
    if case.focus is None:
        return
    rng = case.streams.child("columns").rng()
    folds = _folds(case.drawn_focus, rng)
    seen = np.flatnonzero(case.seen).tolist()
    scores = {
        case.names[place]: _alone(
            case.codes[case.drawn, place], bool(case.discrete[place]), case.drawn_focus, folds
        )
        for place in seen
    }
    suspects = {name: score for name, score in scores.items() if score.value > LEAK_AUC}
    if not suspects:
        return
    rest = max((score.value for name, score in scores.items() if name not in suspects), default=np.nan)
    stands_out = len(suspects) <= MAX_SUSPECTS and (len(scores) == 1 or rest < EASY_AUC)
    best = max(suspects.values(), key=lambda score: score.value)
    yield Finding(
        "leak_suspect",
        "act" if stands_out else "consider",
        f"{listed(suspects)} alone {'tell' if len(suspects) > 1 else 'tells'} {case.focus_name} nearly perfectly "
        f"(area under the ROC curve {best.value:.3f})",
        {
            "auc": {str(name): interval(score) for name, score in suspects.items()},
            "best_other_auc": plain(float(rest)),
        },
        (
            f"No other column comes near (at most {rest:.2f}): this is more often a leak, a value that is filled in "
            "after the class is known, than a discovery."
            if stands_out and not np.isnan(rest)
            else "Either the task is easy, or this is a value that is filled in after the class is known."
        ),
        "Ask when the column gets its value. If it is not there when the model has to answer, drop it.",
    )


def _folds(is_focus: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A fold for each row, both sides dealt out evenly."""
    folds = np.empty(len(is_focus), dtype=np.intp)
    for side in (is_focus, ~is_focus):
        folds[side] = rng.permutation(np.arange(side.sum()) % N_FOLDS)
    return folds


def _alone(values: np.ndarray, discrete: bool, is_focus: np.ndarray, folds: np.ndarray) -> Estimate:
    """Area under the ROC curve of the share of the rare class in a value's bin, counted in the other folds."""
    missing = np.isnan(values)
    if discrete:
        bins = np.where(missing, 0, values + 1).astype(np.intp)
    else:
        known = values[~missing]
        edges = np.unique(np.quantile(known, np.linspace(0, 1, N_BINS + 1)[1:-1])) if len(known) else known
        # To the right of an edge, so that a spike has a bin for itself where it fills one.
        bins = np.where(missing, 0, np.digitize(values, edges, right=True) + 1)
    n_bins, score = int(bins.max()) + 1, np.empty(len(values))
    for fold in range(N_FOLDS):
        learned, judged = folds != fold, folds == fold
        n_all = np.bincount(bins[learned], minlength=n_bins)
        n_focus = np.bincount(bins[learned & is_focus], minlength=n_bins)
        base = is_focus[learned].mean()
        score[judged] = ((n_focus + base) / (n_all + 1))[bins[judged]]
    return area_under_curve(score[is_focus], score[~is_focus])


def group_symptoms(case: Case) -> Iterator[Finding]:
    """Findings on the groups of columns about people."""
    names = case.sensitive if case.sensitive is not None else [n for n in case.names if _is_sensitive(n)]
    for name in names:
        yield _groups(case, name)


def _is_sensitive(name: Any) -> bool:
    words = re.findall(r"[A-Z]?[a-z]+|[A-Z]+", str(name)) if isinstance(name, str) else []
    words = [word.lower() for word in words]
    if "age" in words and (words[0] == "age" or PEOPLE & set(words)):
        return True
    return any(word in SENSITIVE_WORDS or word.startswith(SENSITIVE_STARTS) for word in words)


def _groups(case: Case, name: Any) -> Finding:
    code = case.rare if case.focus is None else case.focus
    is_rare = case.target.codes == code
    pair = pd.DataFrame({"group": case.frame[name], "rare": is_rare.astype(np.int64)})
    effects = group_effects(
        pair,
        pair,
        sensitive="group",
        target="rare",
        pos_label=1,
        categorical_features=["group"] if case.discrete[case.column(name)] else [],
    )
    effects = effects[effects["n_real"] > 0]
    rates = {
        str(group): share(float(rate), int(n))
        for group, rate, n in zip(effects.index, effects["positive_real"], effects["n_real"])
    }
    n_rare = (effects["positive_real"] * effects["n_real"]).round().astype(int)
    p_value = _p_value(n_rare.to_numpy(), effects["n_real"].to_numpy())
    differ = p_value < SENSITIVE_ALPHA
    small = [str(group) for group, n in zip(effects.index, n_rare) if n < MIN_GROUP_ROWS]
    # The extremes of groups of a handful of rows are chance.
    sound = [str(group) for group, n in zip(effects.index, effects["n_real"]) if n >= MIN_GROUP_ROWS]
    ordered = sorted(sound or rates, key=lambda group: rates[group].value)
    ends = (
        f"{percent(rates[ordered[0]].value)} in {named(ordered[0])}, {percent(rates[ordered[-1]].value)} in "
    )
    few = f" Fewer than {MIN_GROUP_ROWS} rows of {case.class_name(code)} in {listed(small)}." if small else ""
    return Finding(
        "sensitive_column",
        "consider" if differ else "note",
        f"Share of {case.class_name(code)} by {named(name)}: {ends}{named(ordered[-1])}",
        {
            "column": plain(name),
            "rates": {group: interval(rate) for group, rate in rates.items()},
            "n_rows": plain(dict(zip(map(str, effects.index), effects["n_real"]))),
            "n_rare": plain(dict(zip(map(str, effects.index), n_rare))),
            "p_value": plain(p_value),
        },
        (
            "The groups differ by more than chance, and made rows repeat that: a group with few rare rows gets few "
            f"kinds of them.{few}"
            if differ
            else f"The groups do not differ by more than chance explains.{few}"
        ),
        "Look at the errors in each group before and after augmentation: genesis_sampling.metrics.bias.group_effects "
        "with test rows.",
    )


def _p_value(n_rare: np.ndarray, n_rows: np.ndarray) -> float:
    """Chance of groups that differ as much where the shares are the same."""
    # The test is that of large numbers: it wants one rare row to be expected in each group (Cochran).
    counted = n_rows * n_rare.sum() / n_rows.sum() >= 1
    n_rare, n_rows = n_rare[counted], n_rows[counted]
    if len(n_rows) < 2 or not 0 < n_rare.sum() < n_rows.sum():
        return 1.0
    return float(chi2_contingency(np.stack([n_rare, n_rows - n_rare])).pvalue)
