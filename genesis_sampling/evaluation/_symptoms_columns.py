"""What the columns are, and what that means for models and samplers."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy.stats import fisher_exact

from ..filters import Constraint
from ..filters._dependencies import FixedCombinations, FunctionalDependency
from ..filters._rules import Ordered
from ..reports._words import shortened
from ..tables import ColumnKind
from ._case import Case
from ._findings import Finding, listed, named, percent, plain

__all__ = ["column_symptoms"]

# Rows of the rare class for each column, below which models of many columns fit noise: the usual ten events per
# variable, and the point where there are no more rows than columns.
COMFORTABLE_ROWS, LEAST_ROWS = 10, 1
# Neighbours and trees make little of columns with more categories.
MANY_CATEGORIES = 50
# Chance that any column's gaps are said to go with the class where none do; and the least difference worth a word.
ALPHA = 1e-3
GAP_DIFFERENCE = 0.01
# Every pair of columns is looked at for rules: this many take a second or two.
MAX_RULE_COLUMNS = 300
MAX_CONSTRAINTS, MAX_RULE_WIDTH = 5, 70


def column_symptoms(case: Case) -> Iterator[Finding]:
    """Findings on kinds, gaps, width and rules of the columns."""
    yield from _identifiers(case)
    yield from _constants(case)
    yield from _width(case)
    yield from _mixed(case)
    yield from _categories(case)
    yield from _times(case)
    yield from _gaps(case)
    yield from _constraints(case)


def _identifiers(case: Case) -> Iterator[Finding]:
    names = [name for name, is_one in zip(case.names, case.is_identifier) if is_one]
    if names:
        several = len(names) > 1
        yield Finding(
            "identifier_columns",
            "act",
            f"{listed(names)} {'look' if several else 'looks'} like an identifier: a value of its own in each row",
            {"columns": plain(names)},
            "Such a column names a row and tells nothing about a new one. Models learn it by heart, samplers invent "
            "or repeat names, and neighbours get farther apart.",
            "Drop it. If it counts up with time, or has rows of one person next to each other, split by time or group "
            "first.",
        )


def _constants(case: Case) -> Iterator[Finding]:
    low, high = (extreme(case.codes, axis=0) for extreme in (np.fmin.reduce, np.fmax.reduce))
    full = ~np.isnan(case.codes).any(axis=0)
    constant = [name for name, is_one in zip(case.names, full & (low == high)) if is_one]
    empty = [name for name, at in zip(case.names, low) if np.isnan(at)]
    if constant or empty:
        what = [f"{listed(constant)} without variation"] * bool(constant) + [
            f"{listed(empty)} without values"
        ] * bool(empty)
        yield Finding(
            "constant_columns",
            "note",
            f"There are columns that say nothing: {'; '.join(what)}",
            {"constant": plain(constant), "empty": plain(empty)},
            "They change no model, and cost time.",
            "Drop them.",
        )


def _width(case: Case) -> Iterator[Finding]:
    if case.focus is None:
        return
    n_focus = int(case.is_focus.sum())
    widths = np.where(case.discrete, case.encoder.n_categories_, 1)[case.seen]
    width = int(widths.sum())
    evidence = {"n_columns": len(case.names), "n_encoded": width, "n_rare": n_focus}
    per_column = n_focus / max(1, width)
    if per_column >= COMFORTABLE_ROWS:
        return
    narrow = per_column < LEAST_ROWS
    yield Finding(
        "wide_table",
        "consider" if narrow else "note",
        f"{n_focus:,} rows of {case.focus_name} for {width:,} columns after encoding",
        evidence,
        (
            "There are more columns than rare rows: neighbours lie about equally far, and a sampler fills a space "
            "that it has not seen."
            if narrow
            else "That is less than ten rare rows a column, below which models easily fit noise."
        ),
        "Select columns inside the pipeline, use a regularised model, and prefer noise to interpolation.",
    )


def _mixed(case: Case) -> Iterator[Finding]:
    n_discrete, n_columns = int(case.discrete.sum()), len(case.names)
    if not n_discrete:
        return
    discrete = [name for name, is_one in zip(case.names, case.discrete) if is_one]
    evidence = {"categories": plain(discrete), "n_categories": n_discrete, "n_columns": n_columns}
    if n_discrete == n_columns:
        yield Finding(
            "categories_only",
            "note",
            "All columns hold categories",
            evidence,
            "There is nothing between two categories: SMOTE cannot interpolate, and a made row is a new combination "
            "of known values.",
            "GenerativeOverSampler learns which combinations go together; class weights need no rows at all.",
        )
        return
    yield Finding(
        "mixed_types",
        "note",
        f"Numbers and categories are mixed: {n_discrete} of {n_columns} columns hold categories",
        evidence,
        "Plain SMOTE takes numbers only, and categories coded as numbers come out in between.",
        "Every sampler of this package takes the table as it is. Categories that are coded as numbers are to be named "
        "in categorical_features.",
    )


def _categories(case: Case) -> Iterator[Finding]:
    many = {
        name: int(n)
        for name, n, skip in zip(case.names, case.encoder.n_categories_, case.is_identifier)
        if n > MANY_CATEGORIES and not skip and name not in case.date_texts
    }
    if many:
        yield Finding(
            "many_categories",
            "consider",
            f"Very many categories in {listed(many)}: up to {max(many.values()):,}",
            {"n_categories": plain(many)},
            "Most of them have few rows of the rare class or none. Boosted trees of scikit-learn take 255 at most, "
            "and one indicator for each makes the table wide.",
            "Group rare categories, or use a target encoder before the sampler in the pipeline, not behind it.",
        )


def _times(case: Case) -> Iterator[Finding]:
    times, texts = case.kinds(ColumnKind.DATETIME), case.date_texts
    if times or texts:
        convert = f" Convert {listed(texts)} with pandas.to_datetime." if texts else ""
        yield Finding(
            "time_columns",
            "consider",
            f"Rows have a time: {listed([*times, *texts])}",
            {"times": plain(times), "dates_as_text": plain(texts)},
            "If the model will be used on later rows than it was trained on, a random split lets it look into the "
            "future, and the score is too good.",
            f"Sort by time and split with TimeSeriesSplit, with the sampler inside the pipeline.{convert}",
        )


def _gaps(case: Case) -> Iterator[Finding]:
    missing = np.isnan(case.codes)
    shares = missing.mean(axis=0)
    gappy = {name: share for name, share in zip(case.names, shares) if 0 < share < 1}
    if not gappy:
        return
    ordered = dict(sorted(gappy.items(), key=lambda item: -item[1]))
    worst = next(iter(ordered))
    yield Finding(
        "missing_values",
        "note",
        f"Values are missing in {len(gappy)} of {len(case.names)} columns, most in {named(worst)} "
        f"({percent(ordered[worst])})",
        {"share_missing": plain(ordered)},
        "imbalanced-learn's samplers refuse gaps; those of this package keep them. An imputer before the sampler makes "
        "single values look frequent.",
        "Leave gaps to models that take them, such as HistGradientBoostingClassifier; otherwise impute inside the "
        "pipeline and add an indicator of the gap.",
    )
    yield from _telling_gaps(case, missing, list(gappy))


def _telling_gaps(case: Case, missing: np.ndarray, names: list) -> Iterator[Finding]:
    """Columns whose gaps are more frequent in one class than chance explains."""
    if case.focus is None:
        return
    found = {}
    for name in names:
        gaps = missing[:, case.column(name)]
        sides = [gaps[case.is_focus], gaps[~case.is_focus]]
        table = [[int(side.sum()), int((~side).sum())] for side in sides]
        inside, outside = (float(side.mean()) for side in sides)
        if abs(inside - outside) >= GAP_DIFFERENCE and fisher_exact(table).pvalue < ALPHA / len(names):
            found[name] = [inside, outside]
    if found:
        name = max(found, key=lambda at: abs(found[at][0] - found[at][1]))
        inside, outside = found[name]
        yield Finding(
            "telling_gaps",
            "consider",
            f"Gaps in {listed(found)} go with the class: {percent(inside)} of {case.focus_name} "
            f"lack {named(name)}, {percent(outside)} of the rest",
            {"share_missing_inside_and_outside": plain(found)},
            "The gap itself tells the class. That is information if it is there before the class is known, and a leak "
            "if it comes from how the class was found out.",
            "Ask how the gap arises. If it is honest, keep it: no imputation without an indicator.",
        )


def _constraints(case: Case) -> Iterator[Finding]:
    frame = case.frame.loc[:, [name for name, skip in zip(case.names, case.is_identifier) if not skip]]
    if frame.shape[1] > MAX_RULE_COLUMNS:
        yield Finding(
            "constraints_not_sought",
            "note",
            f"Rules between columns were not sought: there are {frame.shape[1]:,} columns",
            {"n_columns": frame.shape[1], "most": MAX_RULE_COLUMNS},
            "The search looks at every pair of columns.",
            "Learn the rules of the columns that matter with Constraint.learn.",
        )
        return
    learned = Constraint.learn(frame.iloc[case.drawn] if len(case.drawn) < case.n_rows else frame)
    if len(case.drawn) < case.n_rows:
        learned = [constraint for constraint in learned if constraint.check(frame).all()]
    relations = [c for c in learned if isinstance(c.rule, Ordered | FunctionalDependency | FixedCombinations)]
    if not learned:
        return
    others = [constraint for constraint in learned if constraint not in relations]
    texts = [str(constraint) for constraint in [*relations, *others]]
    shown = "; ".join(shortened(text, MAX_RULE_WIDTH) for text in texts[:MAX_CONSTRAINTS])
    more = f"; and {len(texts) - MAX_CONSTRAINTS} more" if len(texts) > MAX_CONSTRAINTS else ""
    yield Finding(
        "constraints_hold",
        "consider" if relations else "note",
        f"{len(texts)} rule{'s hold' if len(texts) > 1 else ' holds'} in every row, {len(relations)} of them between "
        "columns",
        {"constraints": texts, "n_between_columns": len(relations)},
        f"Made rows may break them: {shown}{more}.",
        "Where such rows would do harm, wrap the sampler in ConstraintFilter. Learn the rules from training rows, and "
        "strike out those that hold by accident.",
    )
