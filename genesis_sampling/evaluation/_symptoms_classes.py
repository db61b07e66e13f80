"""How many rows each class has, and what that allows."""

from __future__ import annotations

from collections.abc import Iterator

from ..metrics._estimate import share
from ._case import MIN_JUDGED, Case
from ._findings import Finding, listed, named, percent, plain

__all__ = ["class_symptoms"]

# Classes that differ by less are balanced for every purpose.
BALANCED_RATIO = 1.5
# The rule of thumb from which people speak of strong imbalance.
STRONG_RATIO = 10
# On top of 640 rare rows of Adult, 2,000 real ones more raised the area under the ROC curve of boosted trees by .015,
# made ones by .006: with thousands there is next to nothing left for made rows.
ENOUGH_ROWS = 5_000
# At 30 rows of the rare class nothing that was tried beat plain logistic regression (Adult).
FEW_ROWS = 50


def class_symptoms(case: Case) -> Iterator[Finding]:
    """Findings on the numbers of rows."""
    yield _counts(case)
    yield from _drawn(case)
    if case.ratio >= STRONG_RATIO:
        yield _strong(case)
    if len(case.target.classes) > 2:
        yield _several(case)
    if case.n_rare >= ENOUGH_ROWS:
        yield _enough(case)
    yield from _few(case)


def _counts(case: Case) -> Finding:
    counts = dict(zip(case.target.classes, case.target.counts.tolist()))
    balanced = case.ratio < BALANCED_RATIO
    evidence = {"counts": plain(counts), "ratio": round(case.ratio, 3), "rarest": plain(_label(case))}
    smallest = f"{case.class_name(case.rare)} has {case.n_rare:,} of {case.n_rows:,} rows"
    if balanced:
        return Finding(
            "balanced",
            "note",
            f"The classes are balanced: {smallest}, {case.ratio:.1f} to 1",
            evidence,
            "There is nothing to balance. New rows could only help where rows are scarce as a whole.",
            "Leave the rows as they are, or try growth= on a sampler, measured by cross-validation.",
        )
    return Finding(
        "class_counts",
        "note",
        f"{_capital(smallest)} ({percent(case.n_rare / case.n_rows)}), {case.ratio:.1f} to 1",
        evidence,
        "Accuracy says little here: a model that never names the rarest class has "
        f"{percent(1 - case.n_rare / case.n_rows)}. How well the classes can be told apart, and how many rare rows "
        "there are, matters more than the ratio.",
        "Judge by average precision, by recall and precision at the threshold that is used, and by calibration.",
    )


def _drawn(case: Case) -> Iterator[Finding]:
    n_drawn = len(case.drawn)
    if n_drawn < case.n_rows:
        kept = case.target.counts / case.class_weight
        yield Finding(
            "rows_drawn",
            "note",
            f"Models and neighbours looked at {n_drawn:,} of {case.n_rows:,} rows",
            {
                "n_rows": case.n_rows,
                "n_drawn": n_drawn,
                "counts": plain(dict(zip(case.target.classes, kept))),
            },
            "Small classes were drawn first, and probabilities were set to the class shares of the whole table. "
            "Counts, gaps, duplicates and constraints are of all rows.",
            "Raise max_rows to look at more.",
        )


def _strong(case: Case) -> Finding:
    return Finding(
        "strong_imbalance",
        "consider",
        f"More than 10 to 1 is called strong imbalance; here it is {case.ratio:.0f} to 1",
        {"ratio": round(case.ratio, 3), "rule_of_thumb": STRONG_RATIO},
        "The rule of thumb says when to look, not what to do. Classes that are well apart are learned at 1,000 to 1, "
        "and those that overlap are hard at 2 to 1. What this ratio does is to push probabilities below the usual "
        "threshold of 0.5.",
        "Tune the threshold or weigh the classes first. If you over-sample, stay below 1 to 1: moderate ratios cost "
        "less calibration, and HybridSampler needs fewer made rows.",
    )


def _several(case: Case) -> Finding:
    classes, counts = case.target.classes, case.target.counts
    figures = (
        "" if case.focus is None else f" Figures of models and neighbours here are for {case.focus_name} "
    )
    figures += "against the rest." if figures else ""
    return Finding(
        "many_classes",
        "note",
        f"There are {len(classes)} classes",
        {"n_classes": len(classes), "judged": plain(None if case.focus is None else classes[case.focus])},
        "One score hides the classes from each other: a mean over classes moves with the smallest, an overall one "
        f"with the largest.{figures}",
        "Look at recall and precision of each class. A float as sampling_strategy brings each smaller class to that "
        f"ratio of the largest; a dict, such as {{{named(classes[case.rare])}: {_moderate(counts.max())}}}, names "
        "those that need it.",
    )


def _moderate(largest: int) -> int:
    return max(1, int(largest) // 4)


def _enough(case: Case) -> Finding:
    return Finding(
        "enough_rare_rows",
        "note",
        f"Even {case.class_name(case.rare)} has {case.n_rare:,} rows",
        {"n_rare": case.n_rare, "enough": ENOUGH_ROWS},
        "With so many rows a model has seen what there is to see; made rows repeat it. Augmentation probably does "
        "nothing for the ranking.",
        "Leave the rows as they are. If too few rare rows are found, move the threshold.",
    )


def _few(case: Case) -> Iterator[Finding]:
    classes, counts = case.target.classes, case.target.counts
    tiny = [code for code in range(len(classes)) if counts[code] < MIN_JUDGED]
    few = [code for code in range(len(classes)) if MIN_JUDGED <= counts[code] < FEW_ROWS]
    if tiny:
        least = int(min(counts[code] for code in tiny))
        width = share(0.5, least)
        yield Finding(
            "too_few_rare_rows",
            "act",
            f"Fewer than {MIN_JUDGED} rows of {_classes(case, tiny)}: no score of "
            f"{'them' if len(tiny) > 1 else 'it'} can be trusted",
            {
                "counts": plain({classes[code]: counts[code] for code in tiny}),
                "recall_interval": [width.low, width.high],
            },
            f"With {least} row{'s' * (least != 1)}, a recall of one half has a 95 % interval from {width.low:.2f} to "
            f"{width.high:.2f}. Made rows would repeat these few, and no test can tell whether that helps.",
            "Get more real rows, merge the class with a related one, or treat the question as a search for outliers.",
        )
    if few:
        least = int(min(counts[code] for code in few))
        width = share(0.5, least)
        yield Finding(
            "few_rare_rows",
            "consider",
            f"Fewer than {FEW_ROWS} rows of {_classes(case, few)}: {least}{' and more' if len(few) > 1 else ''}",
            {
                "counts": plain({classes[code]: counts[code] for code in few}),
                "recall_interval": [width.low, width.high],
            },
            f"With {least} rows, a recall of one half has a 95 % interval from {width.low:.2f} to {width.high:.2f}: "
            "small differences between methods cannot be seen. Here new rows can help, and simple models are hard "
            "to beat.",
            "Repeat the cross-validation, compare with plain logistic regression, and prefer noise or a Gaussian "
            "copula to generators that need many rows.",
        )


def _classes(case: Case, codes: list[int]) -> str:
    return f"class{'es' * (len(codes) > 1)} {listed(case.target.classes[code] for code in codes)}"


def _label(case: Case) -> object:
    return case.target.classes[case.rare]


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
