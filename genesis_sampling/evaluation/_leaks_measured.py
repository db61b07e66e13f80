"""How large a leak is: the score inside a step against the score on rows that were never resampled."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from imblearn.pipeline import Pipeline
from joblib import Parallel, delayed
from sklearn.base import clone
from sklearn.metrics import balanced_accuracy_score, check_scoring, get_scorer, log_loss
from sklearn.model_selection import StratifiedKFold, TunedThresholdClassifierCV
from sklearn.model_selection._search import BaseSearchCV
from sklearn.utils import _safe_indexing

from ..samplers import AugmentedClassifier, AutoAugmentedClassifier
from ..samplers._candidates import NOTHING
from ._leak_report import LeakageFinding
from ._leak_rows import Rows
from ._leak_tree import is_sampler
from ._leaks_data import repeated
from ._leaks_static import quietly

__all__ = ["MAX_ROWS", "Measured", "with_measured"]

MAX_ROWS, MAX_FOLDS = 5_000, 3
# Findings that hold for a step that keeps a score, and findings that hold for rows.
OF_STEPS = {"GS101", "GS102", "GS104", "GS105", "GS109"}
OF_ROWS = {"GS201", "GS202", "GS203"}


@dataclass(frozen=True)
class Measured:
    """What is measured, and how.

    Parameters
    ----------
    estimator : estimator
    X, y : as the user gave them
    rows : Rows
    marks : ndarray of bool or None
        Rows that were made.
    scoring : str, callable or None
    n_jobs : int or None
    rng : numpy.random.Generator
    """

    estimator: Any
    X: Any
    y: Any
    rows: Rows
    marks: np.ndarray | None
    scoring: Any
    n_jobs: int | None
    rng: np.random.Generator


class Figures(NamedTuple):
    """Two figures that should agree, what they are, and what each is called."""

    first: float
    second: float
    name: str
    words: tuple[str, str] = ("inside", "outside")


def with_measured(findings: list[LeakageFinding], given: Measured) -> list[LeakageFinding]:
    """The findings, those that can be measured with their figures, and a note on what could not be fitted."""
    grave = [finding for finding in findings if finding.severity != "note"]
    splits = _sampled_splits(given)
    told: list[tuple[LeakageFinding, LeakageFinding]] = []
    notes: list[LeakageFinding] = []
    for codes, measure in ((OF_STEPS, _measure_steps), (OF_ROWS, _measure_rows)):
        chosen = [finding for finding in grave if finding.code in codes]
        if not chosen:
            continue
        try:
            told += zip(chosen, measure(chosen, given, splits), strict=True)
        except Exception as error:
            # Whatever a step of the user's raises, the rest of the audit holds.
            notes.append(_not_measured(chosen, error))
    better = {id(finding): measured for finding, measured in told}
    return [better.get(id(finding), finding) for finding in findings] + notes


def _not_measured(findings: list[LeakageFinding], error: Exception) -> LeakageFinding:
    reason = " ".join(f"{type(error).__name__}: {error}".split())[:300]
    return LeakageFinding(
        "GS901",
        "note",
        ", ".join(dict.fromkeys(finding.where for finding in findings)),
        f"How large the leak is was not measured, since the estimator could not be fitted or scored ({reason}).",
        "If that is not meant to be, look at the error; or pass measure=False.",
    )


def _sampled_splits(given: Measured) -> list[tuple[np.ndarray, np.ndarray]]:
    """The first splits, with so many rows as may be fitted; each class keeps its share."""
    codes = given.rows.codes
    kept = np.ones(len(codes), dtype=bool)
    if len(codes) > MAX_ROWS:
        # In random order, rows of each class are numbered by the share of their class that comes before them.
        order = given.rng.permutation(len(codes))
        sizes = np.bincount(codes)
        ranks = np.empty(len(codes))
        for code in range(len(sizes)):
            own = order[codes[order] == code]
            ranks[own] = (np.arange(len(own)) + 0.5) / sizes[code]
        kept = ranks <= MAX_ROWS / len(codes)
    return [
        (train[kept[train]], validation[kept[validation]])
        for train, validation in given.rows.splits[:MAX_FOLDS]
    ]


def _told(finding: LeakageFinding, figures: Figures | None, splits: list) -> LeakageFinding:
    """The finding with its figures."""
    if figures is None or not np.isfinite([figures.first, figures.second]).all():
        return finding
    n_rows = len(np.unique(np.concatenate([part for split in splits for part in split])))
    first, second = figures.words
    sentence = (
        f"{finding.sentence} Measured on {n_rows} rows in {len(splits)} folds: {figures.name} {figures.first:.3g} "
        f"{first}, {figures.second:.3g} {second}."
    )
    return replace(
        finding,
        sentence=sentence,
        evidence={**finding.evidence, first: figures.first, second: figures.second},
    )


# --- steps ---------------------------------------------------------------------------------------------------


def _measure_steps(findings: list[LeakageFinding], given: Measured, splits: list) -> list[LeakageFinding]:
    """What each step says of itself against what the rows outside say."""
    asked = [(finding.code, finding.where) for finding in findings]
    found = Parallel(n_jobs=given.n_jobs)(
        delayed(_figures_of_fold)(given.estimator, given.X, given.y, train, validation, asked)
        for train, validation in splits
    )
    return [
        _told(finding, _mean(figures), splits) for finding, *figures in zip(findings, *found, strict=True)
    ]


def _mean(figures: list[Figures | None]) -> Figures | None:
    known = [figure for figure in figures if figure is not None]
    if not known:
        return None
    first, second = (float(np.mean(values)) for values in zip(*(figure[:2] for figure in known)))
    return known[0]._replace(first=first, second=second)


def _figures_of_fold(
    estimator: Any, X: Any, y: Any, train: np.ndarray, validation: np.ndarray, asked: list[tuple[str, str]]
) -> list[Figures | None]:
    with quietly():
        model = clone(estimator).fit(_safe_indexing(X, train), _safe_indexing(y, train))
        rows = _safe_indexing(X, validation), _safe_indexing(y, validation)
        return [_figures(model, code, path, *rows) for code, path in asked]


def _figures(model: Any, code: str, path: str, X: Any, y: Any) -> Figures | None:
    """Figures of the step at a path of a fitted model; None if it keeps none or cannot be reached."""
    reached = _fitted_at(model, path)
    if reached is None:
        return None
    step, whole = reached
    if step is None:
        return None
    try:
        return READERS[code](step, whole, X, y)
    except AttributeError:
        return None  # it keeps no score, or has no probabilities


def _fitted_at(model: Any, path: str) -> tuple[Any, Any] | None:
    """The fitted step at a path, and what it is the last step of, which takes rows as they are."""
    step = whole = model
    for name in path.split("__"):
        if hasattr(step, "named_steps"):
            if name != step.steps[-1][0]:
                return None
            step = step.named_steps[name]
        elif name == "estimator" and step is whole:
            step, whole = _fitted_inside(step)
        else:
            return None
    return step, whole


def _fitted_inside(meta: Any) -> tuple[Any, Any]:
    """What a fitted meta-estimator has of its parameter ``estimator``, and what predicts; None where it has none."""
    if isinstance(meta, BaseSearchCV):
        best = getattr(meta, "best_estimator_", None)
        return best, best
    if isinstance(meta, AutoAugmentedClassifier):
        chosen = meta.estimator_
        # Without a sampler before it, nothing of what was found holds; the estimator may be a pipeline itself.
        if meta.best_candidate_ == NOTHING or not isinstance(chosen, Pipeline) or not is_sampler(chosen[0]):
            return None, None
        return chosen[-1], chosen
    if isinstance(meta, TunedThresholdClassifierCV | AugmentedClassifier):
        return meta.estimator_, meta.estimator_
    return None, None


def _of_search(step: Any, whole: Any, X: Any, y: Any) -> Figures | None:
    scorer, refit = step.scorer_, step.refit
    if isinstance(scorer, Mapping):
        if not isinstance(refit, str):
            return None
        scorer = scorer[refit]
    name = step.scoring if isinstance(step.scoring, str) else refit if isinstance(refit, str) else "score"
    return Figures(step.best_score_, scorer(whole, X, y), name)


def _of_threshold(step: Any, whole: Any, X: Any, y: Any) -> Figures:
    scorer = get_scorer(step.scoring) if isinstance(step.scoring, str) else step.scoring
    return Figures(
        step.best_score_, scorer(whole, X, y), step.scoring if isinstance(step.scoring, str) else "score"
    )


def _of_stopping(step: Any, whole: Any, X: Any, y: Any) -> Figures | None:
    if not hasattr(step, "validation_score_"):
        return _accuracy(step.best_validation_score_, whole, X, y)
    inside = float(np.max(step.validation_score_))
    if step.scoring == "loss":
        return Figures(-inside, log_loss(y, whole.predict_proba(X), labels=whole.classes_), "log-loss")
    if step.scoring is None:
        return _accuracy(inside, whole, X, y)
    return Figures(inside, get_scorer(step.scoring)(whole, X, y), str(step.scoring))


def _of_bags(step: Any, whole: Any, X: Any, y: Any) -> Figures | None:
    return None if callable(step.oob_score) else _accuracy(step.oob_score_, whole, X, y)


def _accuracy(inside: float, whole: Any, X: Any, y: Any) -> Figures:
    """Accuracy on classes that the sampler balanced, against that on classes of equal weight."""
    return Figures(
        inside, balanced_accuracy_score(y, whole.predict(X)), "accuracy for classes of equal weight"
    )


def _of_calibration(step: Any, whole: Any, X: Any, y: Any) -> Figures:
    """Mean probability of the rarest class against its share."""
    y = np.asarray(y)
    labels, counts = np.unique(y, return_counts=True)
    rarest = labels[np.argmin(counts)]
    predicted = whole.predict_proba(X)[:, list(whole.classes_).index(rarest)]
    share = float(np.mean(y == rarest))
    return Figures(float(np.mean(predicted)), share, f"share of class {rarest}", ("predicted", "real"))


READERS: dict[str, Callable[[Any, Any, Any, Any], Figures | None]] = {
    "GS101": _of_search,
    "GS102": _of_stopping,
    "GS104": _of_threshold,
    "GS105": _of_calibration,
    "GS109": _of_bags,
}


# --- rows ----------------------------------------------------------------------------------------------------


def _measure_rows(findings: list[LeakageFinding], given: Measured, splits: list) -> list[LeakageFinding]:
    """The score of a cross-validation with the rows that were made before the split, and without them."""
    scoring = "balanced_accuracy" if given.scoring is None else given.scoring
    name = scoring if isinstance(scoring, str) else "score"
    whole = _scores(given, splits, scoring)
    found = []
    for finding in findings:
        copies = finding.code == "GS203" or given.marks is None
        made = repeated(given.rows.frame, given.rows.codes) if copies else given.marks
        real = _real_splits(given, splits, made)
        figures = Figures(whole, _scores(given, real, scoring), name, ("with them", "without them"))
        found.append(_told(finding, figures, splits))
    return found


def _real_splits(given: Measured, splits: list, made: Any) -> list:
    """The splits without the rows that were made; new ones where that leaves some part without a class."""
    codes = given.rows.codes
    real = [tuple(part[~made[part]] for part in split) for split in splits]
    kept = np.unique(np.concatenate([part for split in real for part in split]))
    n_classes = len(np.unique(codes[kept]))
    if all(len(np.unique(codes[part])) == n_classes for split in real for part in split):
        return real
    # Made rows are mostly the last ones, so that folds in order have none but these.
    n_folds = max(2, min(MAX_FOLDS, int(np.bincount(codes[kept])[np.unique(codes[kept])].min())))
    folds = StratifiedKFold(n_folds, shuffle=True, random_state=int(given.rng.integers(2**31)))
    return [(kept[train], kept[validation]) for train, validation in folds.split(kept, codes[kept])]


def _scores(given: Measured, splits: list, scoring: Any) -> float:
    """Mean score over splits."""
    found = Parallel(n_jobs=given.n_jobs)(
        delayed(_score)(given.estimator, given.X, given.y, train, validation, scoring)
        for train, validation in splits
    )
    return float(np.mean(found))


def _score(estimator: Any, X: Any, y: Any, train: np.ndarray, validation: np.ndarray, scoring: Any) -> float:
    with quietly():
        model = clone(estimator).fit(_safe_indexing(X, train), _safe_indexing(y, train))
        scorer = check_scoring(model, scoring)
        return float(scorer(model, _safe_indexing(X, validation), _safe_indexing(y, validation)))
