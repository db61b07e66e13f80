"""One fold of one row of a comparison: resample, fit each estimator, judge, and look at the rows that were made."""

from __future__ import annotations

import math
import pickle
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property, partial
from importlib.metadata import version
from typing import Any

import joblib
import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.base import clone

from .._folds import Attempt, Folds, FoldScores, attempted
from ..exceptions import DataError
from ..metrics._pair import as_pair
from ..metrics.fidelity import quality_score
from ..metrics.manifold import coverage
from ..samplers._candidates import check_takes_items
from ..tables.containers import wrap_table
from ..tables.items import ITEM, wrap_items
from ._comparison_rows import Row, TrainingRows
from ._comparison_scores import FIGURES, SECONDS, Classes, Score, judge

__all__ = ["Cell", "Plan", "compare_fold", "digest_of"]

# Quality and coverage look at no more rows of a class.
MAX_ROWS_OF_FIGURES = 2000
PACKAGES = ("genesis-sampling", "scikit-learn", "imbalanced-learn")


@dataclass(frozen=True)
class Cell:
    """What one row scored with one estimator on one fold.

    Parameters
    ----------
    sampler, estimator : str
    fold : int
    scores : dict of str to float
    errors : dict of str to str
        By the score that is missing; ``""`` for all of them.
    warnings : tuple of str
    """

    sampler: str
    estimator: str
    fold: int
    scores: dict[str, float]
    errors: dict[str, str]
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class Plan:
    """Everything that a fold needs.

    Parameters
    ----------
    folds : Folds
    classes : Classes
    groups : ndarray of shape (n_rows,) or None
    estimators : dict of str to estimator
    scores : list of Score
    rows_metrics : bool
    memory : joblib.Memory or None
    digest : str
        Of the table and its classes, for the cache.
    items : str or None, default=None
        What is compared on that is no table.
    """

    folds: Folds
    classes: Classes
    groups: np.ndarray | None
    estimators: dict[str, Any]
    scores: list[Score]
    rows_metrics: bool
    memory: joblib.Memory | None = None
    digest: str = ""
    items: str | None = None

    def training(self, fold: int) -> TrainingRows:
        """Training rows of a fold."""
        X, y, _ = self.folds.training(fold)
        groups = None if self.groups is None else self.groups[self.folds.splits[fold][0]]
        return TrainingRows(X, y, groups, self.classes.rare, self.items)

    def stored(self, fold: int, key: Callable[[], list], compute: Callable[[], FoldScores]) -> FoldScores:
        """The result of ``compute``, from the cache where it was computed before; failures are not kept."""
        if self.memory is None:
            return compute()
        name = _hash([self.digest, *self.folds.splits[fold], *key(), [version(name) for name in PACKAGES]])
        try:
            return self.memory.cache(_computed, ignore=["compute"])(name, compute)
        except _Failed as failed:
            return failed.found


class _Failed(Exception):
    """Carries a failure past the cache."""

    def __init__(self, found: FoldScores):
        self.found = found


def _computed(key: str, compute: Callable[[], FoldScores]) -> FoldScores:
    found = compute()
    if found.error:
        raise _Failed(found)
    return found


def _hash(values: list) -> str:
    try:
        return joblib.hash(values)
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise DataError(
            f"A part of the comparison cannot be named in the cache ({error}); expected, with memory=, samplers, "
            "estimators and scores that can be pickled: functions and classes at the top of a module, not lambdas."
        ) from error


def digest_of(X: Any, y: np.ndarray, groups: np.ndarray | None, items: str | None = None) -> str:
    """Name of a table or of items and their classes, by their values."""
    if sparse.issparse(X):
        return joblib.hash([X, y.tolist(), groups])
    if items is not None:
        return joblib.hash([type(X).__name__, _named_items(X), y.tolist(), groups])
    # Two equal columns of text may share their strings in memory in different ways, which a pickle would show.
    frame = wrap_table(X).frame
    columns = [
        (str(name), str(frame.dtypes.iloc[place]), _hashed_column(frame.iloc[:, place]))
        for place, name in enumerate(frame.columns)
    ]
    return joblib.hash([type(X).__name__, columns, y.tolist(), groups])


def _named_items(X: Any) -> list[str]:
    """A name for each item, by its values; a text is its own."""
    return [item if isinstance(item, str) else joblib.hash(item) for item in wrap_items(X).items]


def _frame_of(X: Any, items: str | None) -> pd.DataFrame:
    """A table as a frame; of items their names alone."""
    return wrap_table(X).frame if items is None else pd.DataFrame({ITEM: _named_items(X)}, dtype=object)


def _hashed_column(values: pd.Series) -> np.ndarray:
    dense = values.sparse.to_dense() if isinstance(values.dtype, pd.SparseDtype) else values
    return pd.util.hash_pandas_object(dense, index=False, categorize=False).to_numpy()


@dataclass
class Resampled:
    """Training rows behind a sampler, made once they are asked for.

    Parameters
    ----------
    sampler : sampler or None
    rows : TrainingRows
    """

    sampler: Any
    rows: TrainingRows
    fitted: Any = field(default=None, init=False)

    @cached_property
    def attempt(self) -> Attempt:
        """Resampled table and labels, and how long that took."""
        return attempted(self._resample)

    def _resample(self) -> tuple[Any, Any]:
        if self.sampler is None:
            return self.rows.X, self.rows.y
        if self.rows.items is not None:
            check_takes_items(self.sampler, self.rows.items)
        self.fitted = clone(self.sampler)
        X, y = self.fitted.fit_resample(self.rows.X, self.rows.y)
        return X, y

    def new_rows(self, classes: Classes) -> tuple[pd.DataFrame, np.ndarray]:
        """The rows that were made, of items their names, and the positions of their classes."""
        X, y = self.attempt.value
        frame, codes = _frame_of(X, self.rows.items), classes.positions(y)
        is_new = getattr(self.fitted, "synthetic_mask_", None)
        if is_new is None or len(is_new) != len(frame):
            known = _frame_of(self.rows.X, self.rows.items)
            is_new = _is_new(known, classes.positions(self.rows.y), frame, codes)
        return frame[np.asarray(is_new)].reset_index(drop=True), codes[np.asarray(is_new)]


def _is_new(
    known: pd.DataFrame, known_codes: np.ndarray, frame: pd.DataFrame, codes: np.ndarray
) -> np.ndarray:
    """Which rows of a result are more than the training rows: not among them, or oftener than there."""
    both = pd.concat([known, frame.set_axis(known.columns, axis=1)], ignore_index=True)
    both = both.set_axis([*range(both.shape[1])], axis=1).assign(code=np.concatenate([known_codes, codes]))
    names = pd.util.hash_pandas_object(both, index=False).to_numpy()
    before, after = names[: len(known)], pd.Series(names[len(known) :])
    counts = pd.Series(before).value_counts()
    return (after.groupby(after).cumcount() >= after.map(counts).fillna(0)).to_numpy()


def compare_fold(plan: Plan, row: Row, fold: int) -> list[Cell]:
    """What a row scores on a fold with each estimator."""
    rows = plan.training(fold)
    shared = Resampled(row.sampler_for(None), rows) if not row.chooses else None
    cells: list[Cell] = []
    figures = FoldScores({}, 0.0)
    for place, (name, estimator) in enumerate(plan.estimators.items()):
        if place and row.alone:
            found = FoldScores(cells[0].scores, 0.0, errors=cells[0].errors)
            cells.append(Cell(row.name, name, fold, found.scores, found.errors, ()))
            continue
        resampled = shared or Resampled(row.sampler_for(estimator), rows)
        found = _scored(plan, row, estimator, resampled, fold)
        if plan.rows_metrics and (not place or row.chooses):
            figures = _figures(plan, resampled, fold)
        errors = ({"": found.error} if found.error else found.errors) | figures.errors
        said = tuple(dict.fromkeys(found.warnings + figures.warnings))
        cells.append(Cell(row.name, name, fold, found.scores | figures.scores, errors, said))
    return cells


def _scored(plan: Plan, row: Row, estimator: Any, resampled: Resampled, fold: int) -> FoldScores:
    """Scores of an estimator that was fitted to resampled rows."""
    ready = attempted(lambda: row.learner(estimator, resampled.rows))
    if ready.error:
        return FoldScores(_missing(plan), 0.0, ready.error, ready.warnings)
    learner = ready.value
    return plan.stored(
        fold,
        lambda: [resampled.sampler, learner, plan.scores],
        lambda: _fitted_and_judged(plan, learner, resampled, fold),
    )


def _fitted_and_judged(plan: Plan, learner: Any, resampled: Resampled, fold: int) -> FoldScores:
    made = resampled.attempt
    if made.error:
        return FoldScores(_missing(plan), made.seconds, f"in the sampler: {made.error}", made.warnings)
    X, y = made.value
    fit = attempted(lambda: clone(learner).fit(X, y))
    seconds = made.seconds + fit.seconds
    said = tuple(dict.fromkeys(made.warnings + fit.warnings))
    if fit.error:
        return FoldScores(_missing(plan), seconds, f"in fit: {fit.error}", said)
    truth = plan.classes.codes[plan.folds.splits[fold][1]]
    scores, errors, more = judge(fit.value, *plan.folds.testing(fold), truth, plan.classes, plan.scores)
    said = tuple(dict.fromkeys(said + more))
    return FoldScores(scores | {SECONDS: seconds}, seconds, warnings=said, errors=errors)


def _missing(plan: Plan) -> dict[str, float]:
    return dict.fromkeys([*(score.name for score in plan.scores), SECONDS], math.nan)


def _figures(plan: Plan, resampled: Resampled, fold: int) -> FoldScores:
    """Quality, coverage and number of the rows that were made; NaN where none were."""
    nothing = dict.fromkeys(FIGURES, math.nan)
    if resampled.sampler is None:
        return FoldScores(nothing, 0.0)
    # A sampler that failed has said so already.
    return plan.stored(
        fold,
        lambda: [resampled.sampler, "figures"],
        lambda: (
            FoldScores(nothing, 0.0, error="no rows")
            if resampled.attempt.error
            else _computed_figures(plan.classes, resampled)
        ),
    )


def _computed_figures(classes: Classes, resampled: Resampled) -> FoldScores:
    found = attempted(lambda: resampled.new_rows(classes))
    if found.error:
        return FoldScores(dict.fromkeys(FIGURES, math.nan), 0.0, errors=dict.fromkeys(FIGURES, found.error))
    frame, codes = found.value
    if resampled.rows.items is not None:
        nothing = dict.fromkeys(FIGURES, math.nan)
        return FoldScores(nothing | {"new_rows": float(len(frame))}, 0.0)
    known, known_codes = wrap_table(resampled.rows.X).frame, classes.positions(resampled.rows.y)
    scores, errors = {"new_rows": float(len(frame))}, {}
    present, counts = np.unique(codes, return_counts=True)
    pairs = [(known[known_codes == code], frame[codes == code]) for code in present]
    for name, figure in (("quality_score", _quality), ("coverage", coverage)):
        tried = [attempted(partial(_of_class, figure, *pair)) for pair in pairs]
        values = np.array([math.nan if one.error else one.value for one in tried])
        is_known = np.isfinite(values)
        scores[name] = (
            float(np.average(values[is_known], weights=counts[is_known])) if is_known.any() else math.nan
        )
        if tried and not is_known.any():
            errors[name] = tried[0].error or "It is not defined for these rows."
    return FoldScores({name: scores[name] for name in FIGURES}, 0.0, errors=errors)


def _of_class(figure: Callable[..., float], real: pd.DataFrame, made: pd.DataFrame) -> float:
    return float(figure(as_pair(real.reset_index(drop=True), made.reset_index(drop=True))))


def _quality(pair: Any) -> float:
    return quality_score(pair.sampled(MAX_ROWS_OF_FIGURES))
