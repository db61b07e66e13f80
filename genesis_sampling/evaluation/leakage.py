"""Audit of a pipeline and its data for leaks that cross-validation does not show."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import get_scorer_names
from sklearn.model_selection import StratifiedKFold, check_cv

from .._hints import did_you_mean
from .._random import RandomStreams
from ..exceptions import DataError
from ..tables.containers import Target, array_of_rows, wrap_table
from ._case import _split, read_target
from ._leak_report import CODES, LeakageFinding, LeakageReport, by_severity
from ._leak_rows import Rows
from ._leak_tree import is_estimator, places
from ._leaks_constraints import constraint_findings
from ._leaks_data import SYNTHETIC_COLUMN, data_findings, group_findings, mark_findings
from ._leaks_measured import Measured, with_measured
from ._leaks_static import quietly, static_findings

__all__ = ["CODES", "LeakageFinding", "LeakageReport", "audit_leakage"]


def audit_leakage(
    estimator: Any,
    X: Any,
    y: Any,
    *,
    cv: Any = None,
    groups: Any = None,
    synthetic_mask: Any = None,
    measure: bool = True,
    scoring: Any = None,
    random_state: Any = None,
    n_jobs: int | None = None,
) -> LeakageReport:
    """Find what makes the scores of a cross-validation too good.

    Looked for are steps behind a sampler that split by themselves, constraints with bounds of the whole table,
    samplers whose rows a cache replays, rows that were made before the split, and groups that straddle. What stands
    around the whole pipeline, or before the sampler, is right and raises no alarm.

    Parameters
    ----------
    estimator : estimator
        What would be cross-validated: a pipeline, or whatever stands around it. It is not changed, and need not be
        fitted.
    X : {array-like, sparse matrix, dataframe} of shape (n_rows, n_columns)
        The rows that would be cross-validated.
    y : array-like of shape (n_rows,), or column name
        Their classes, or the name of the column of the dataframe ``X`` that holds them.
    cv : int, splitter or iterable of (train, validation), default=None
        The folds, as :func:`sklearn.model_selection.cross_val_score` takes them. None for five, or as many as the
        smallest class has rows.
    groups : array-like of shape (n_rows,), default=None
        What rows belong together, such as the patient.
    synthetic_mask : array-like of bool of shape (n_rows,), default=None
        Which rows were made, as a sampler's ``synthetic_mask_`` tells.
    measure : bool, default=True
        Whether, for what was found in steps that keep a score and for made rows, the pipeline is fitted and the score
        inside is compared with that on validation rows that were never resampled: on at most 5,000 rows and three
        folds.
    scoring : str, callable or None, default=None
        Score by which rows that were made before the split are measured; None for balanced accuracy. Steps are
        measured by the score that they use themselves.
    random_state : int, RandomState instance or None, default=None
        Seed of the rows that are drawn from large tables.
    n_jobs : int, default=None
        Folds that are measured at a time.

    Returns
    -------
    LeakageReport
        Findings, each with a stable code, the step, a sentence, what to do and the figures.

    Raises
    ------
    DataError
        For an estimator that is none, rows that do not match, an unknown score, or a mask that is none.

    Notes
    -----
    A class has been over-sampled before the split if far more of its validation rows have an exact copy in training
    than those of the other classes and than a table whose columns are shuffled within the classes: a table of few
    categories has copies by nature. The same is asked of near copies, as noise makes them, and of rows on a line with
    two rows of their class, as SMOTE [1]_ makes them. A near copy is a row with a gap in the distances
    :math:`r_1 \\le r_2 \\le \\dots` to training rows: where rows fill :math:`d` dimensions,
    :math:`k d \\log(r_{k+1} / r_k)` has an exponential distribution with mean 1 for each :math:`k` [2]_.

    No alarm is no proof. Not seen are rows that a generator or mixup made before the split, interpolated rows that
    were rounded to whole numbers, and whatever was fitted to all rows elsewhere.

    References
    ----------
    .. [1] N. V. Chawla, K. W. Bowyer, L. O. Hall, W. P. Kegelmeyer, "SMOTE: synthetic minority over-sampling
       technique", Journal of Artificial Intelligence Research 16, 2002.
    .. [2] E. Levina, P. Bickel, "Maximum likelihood estimation of intrinsic dimension", Advances in Neural Information
       Processing Systems, 2004.

    Examples
    --------
    >>> from imblearn.pipeline import make_pipeline
    >>> from sklearn.datasets import make_classification
    >>> from sklearn.ensemble import RandomForestClassifier
    >>> from genesis_sampling import NoiseSampler
    >>> from genesis_sampling import audit_leakage
    >>> X, y = make_classification(300, weights=[0.9], random_state=0)
    >>> pipeline = make_pipeline(NoiseSampler(), RandomForestClassifier(oob_score=True))
    >>> report = audit_leakage(pipeline, X, y, measure=False)
    >>> [(finding.code, finding.where) for finding in report.findings]
    [('GS109', 'randomforestclassifier')]
    """
    _check_estimator(estimator)
    _check_scoring(scoring)
    if np.isscalar(y):
        X, y, _ = _split(X, y)
    streams = RandomStreams.from_random_state(random_state)
    frame, target = _checked_table(X, y)
    groups = _checked_groups(groups, len(frame))
    synthetic = _checked_mask(synthetic_mask, len(frame))
    splits = _splits(cv, X, y, target, groups)
    column = _mark_column(frame)
    plain = frame if column is None else frame.drop(columns=SYNTHETIC_COLUMN)
    rows = Rows(plain, target.codes, target.classes, splits)

    findings = list(_without_fits(estimator, rows, groups, streams.child("rows").rng()))
    marked = list(mark_findings(rows, synthetic, column))
    if not any(finding.severity == "leak" for finding in marked):
        marked += data_findings(rows, streams.child("data").rng()) if plain.shape[1] else []
    findings += marked
    if measure:
        marks = synthetic if column is None else column if synthetic is None else synthetic | column
        given = Measured(estimator, X, y, rows, marks, scoring, n_jobs, streams.child("measured").rng())
        findings = with_measured(findings, given)
    return LeakageReport(by_severity(findings), n_rows=len(frame), n_folds=len(splits))


def _check_estimator(estimator: Any) -> None:
    if not is_estimator(estimator) or not callable(getattr(estimator, "get_params", None)):
        hint = f"{estimator.__name__}()" if isinstance(estimator, type) else "a pipeline or a classifier"
        raise DataError(
            f"Got {estimator!r} as estimator; expected an instance with fit and get_params: {hint}."
        )


def _check_scoring(scoring: Any) -> None:
    if scoring is None or callable(scoring):
        return
    if not isinstance(scoring, str) or scoring not in get_scorer_names():
        raise DataError(
            f"Got scoring={scoring!r}; expected a name of a scorer of scikit-learn, scorer(estimator, X, y) or None."
            + did_you_mean(scoring, get_scorer_names())
        )


def _checked_table(X: Any, y: Any) -> tuple[pd.DataFrame, Target]:
    """The table as a frame, and its classes."""
    if isinstance(X, list | tuple):
        X = array_of_rows(X)
    if np.ndim(X) != 2 and not hasattr(X, "columns"):
        raise DataError(f"Got X with {np.ndim(X)} dimensions; expected a table of rows and columns.")
    frame, target = wrap_table(X).frame, read_target(y)
    if len(frame) != len(target.codes):
        raise DataError(f"Got {len(frame)} rows in X and {len(target.codes)} labels in y; expected as many.")
    if not len(frame) or len(target.classes) < 2:
        raise DataError(
            f"Got {len(frame)} rows of {len(target.classes)} class(es); expected rows of two classes at least."
        )
    return frame, target


def _checked_groups(groups: Any, n_rows: int) -> np.ndarray | None:
    """Groups as integers."""
    if groups is None:
        return None
    codes = pd.factorize(np.asarray(groups))[0] if np.ndim(groups) == 1 else np.empty(0)
    if len(codes) != n_rows:
        raise DataError(
            f"Got groups of shape {np.shape(groups)} for {n_rows} rows; expected one for each row."
        )
    return codes


def _checked_mask(mask: Any, n_rows: int) -> np.ndarray | None:
    if mask is None:
        return None
    values = np.asarray(mask)
    if values.shape != (n_rows,) or values.dtype != bool:
        raise DataError(
            f"Got synthetic_mask of shape {values.shape} and dtype {values.dtype} for {n_rows} rows; expected one "
            "boolean for each row, such as sampler.synthetic_mask_."
        )
    return values


def _mark_column(frame: pd.DataFrame) -> np.ndarray | None:
    """The column of the functional layer that marks synthetic rows, as a mask."""
    if SYNTHETIC_COLUMN not in frame.columns:
        return None
    marks = pd.to_numeric(frame[SYNTHETIC_COLUMN], errors="coerce")
    return marks.to_numpy(dtype=np.float64, na_value=np.nan) > 0


def _splits(
    cv: Any, X: Any, y: Any, target: Target, groups: np.ndarray | None
) -> list[tuple[np.ndarray, np.ndarray]]:
    """The folds as pairs of positions."""
    if cv is None:
        cv = StratifiedKFold(max(2, min(5, int(target.counts.min()))))
    with quietly():
        folds = check_cv(cv, target.codes, classifier=True)
        found = list(folds.split(np.zeros((len(target.codes), 1)), target.codes, groups))
    splits = [
        (_positions(train, len(target.codes)), _positions(test, len(target.codes))) for train, test in found
    ]
    if not splits:
        raise DataError(f"Got cv={cv!r}, which gives no split; expected one at least.")
    return splits


def _positions(part: Any, n_rows: int) -> np.ndarray:
    """One side of a split as positions; users may give masks."""
    values = np.asarray(part)
    values = np.flatnonzero(values) if values.dtype == bool else values.astype(np.intp)
    if len(values) and not -n_rows <= values.min() <= values.max() < n_rows:
        raise DataError(
            f"Got a split with position {values.max()} for {n_rows} rows; expected 0 to {n_rows - 1}."
        )
    return values


def _without_fits(
    estimator: Any, rows: Rows, groups: np.ndarray | None, rng: np.random.Generator
) -> Iterator[LeakageFinding]:
    """What the steps, the constraints and the groups tell."""
    tree = list(places(estimator))
    trains = [train for train, _ in rows.splits]
    counts = np.max([np.bincount(rows.codes[train], minlength=len(rows.classes)) for train in trains], axis=0)
    present = {label: int(n) for label, n in zip(rows.classes, counts, strict=True) if n}
    yield from static_findings(tree, present, groups)
    yield from constraint_findings(tree, rows.frame, trains)
    if groups is not None:
        yield from group_findings(rows.splits, groups)
