"""Does it help? Samplers against each other and against doing nothing, on the same folds and over data sets."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from os import PathLike
from typing import Any

import joblib
import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from sklearn.model_selection import RepeatedStratifiedKFold, StratifiedGroupKFold, check_cv

from .._folds import Folds
from .._random import RandomStreams
from ..exceptions import DataError
from ..tables.containers import Target, is_frame, wrap_table
from ..tables.foreign import is_foreign_series
from ..tables.items import kind_of_items
from ._case import _check_target, checked_table, read_target, split_target
from ._comparison_datasets import DatasetsComparison, compare_over_datasets
from ._comparison_fits import Cell, Plan, compare_fold, digest_of
from ._comparison_result import ComparisonResult
from ._comparison_rows import read_estimators, read_rows
from ._comparison_scores import FIGURES, SCORING, SECONDS, Classes, read_scoring
from .leakage import _checked_groups, _positions

__all__ = ["ComparisonResult", "DatasetsComparison", "compare_over_datasets", "compare_samplers"]


def compare_samplers(
    X: Any,
    y: Any,
    samplers: Any = None,
    estimators: Any = None,
    *,
    scoring: Any = SCORING,
    cv: Any = 5,
    groups: Any = None,
    ratios: Any = None,
    rows_metrics: bool = True,
    n_jobs: int | None = None,
    memory: joblib.Memory | str | PathLike[str] | None = None,
    progress: bool | Callable[[int, int], Any] = False,
    random_state: Any = None,
) -> ComparisonResult:
    """Cross-validate samplers against doing nothing, and against what is cheaper than any sampler.

    All rows of the comparison meet the same folds. Rows are made from training rows alone, and test rows stay as they
    are.

    Parameters
    ----------
    X : {dataframe, array-like, sparse matrix} of shape (n_rows, n_columns), or items
        Real rows. Frames of other libraries reach samplers and estimators as frames of pandas. Items are what
        :class:`AutoSampler` takes: images, texts, signals, in the container of their samplers.
    y : array-like of shape (n_rows,), or column name
        Classes, or the name of the column of the dataframe ``X`` that holds them.
    samplers : dict of str to sampler, list, sampler, name or None, default=None
        What is compared; ``"nothing"`` is always there. A sampler is anything with ``fit_resample``. A detector of
        anomalies, with ``fit`` and ``score_samples``, stands as a rival in the place of the estimator. Names are those
        of the default rows, which None takes all:

        ``"nothing"``
            The estimator on the training rows as they are.
        ``"class weights"``
            ``class_weight="balanced"``, or such weights of the rows through ``fit``.
        ``"tuned threshold"``
            The threshold with the largest balanced accuracy over folds of the training rows; the model is the same.
        ``"copies"``, ``"noise"``, ``"smote"``, ``"borderline"``, ``"adasyn"``, ``"generative"``
            Rows by ``RandomOverSampler``, :class:`NoiseSampler`, :class:`InterpolationSampler` and
            :class:`GenerativeOverSampler`.
        ``"hybrid"``
            :class:`HybridSampler`, half noise and half generated rows, with fewer rows of the large classes.
        ``"auto"``
            :class:`AutoSampler` for this estimator.

        Those of items are the first three, ``"copies"`` and ``"auto"``, and ``"changed"``, which is
        :class:`TextSampler` for texts and :class:`ImageSampler` for images where its packages are installed. Of tables,
        two more are known, and are there only when asked for: ``"distilled"`` is :class:`DistillationSampler`, and
        ``"hard examples"`` is :class:`HardExampleSampler`.
    estimators : dict of str to classifier, list, classifier or None, default=None
        Judged behind each sampler. None for boosted trees and logistic regression that take mixed tables with gaps;
        put steps that prepare the columns before one of your own, as a pipeline. Items need one of your own.
    scoring : str, callable, sequence or dict of them, default=all of this package
        ``"average_precision"``, ``"roc_auc"``, ``"f1"``, ``"recall"``, ``"precision"``, ``"balanced_accuracy"``,
        ``"geometric_mean"``, ``"log_loss"``, ``"brier"``, ``"calibration_slope"``; names of scorers of scikit-learn; or
        ``scorer(estimator, X, y)``, the larger the better. Scores of one class are those of the rarer one of two, else
        means over the classes. The first is what verdicts are about. Seconds to fit, the sampler's among them, are
        always measured.
    cv : int, splitter or iterable of (train, test), default=5
        An int is a number of stratified folds, of whole groups where there are ``groups``. Repeated folds, such as
        ``RepeatedStratifiedKFold(n_splits=5, n_repeats=3, random_state=0)``, tell smaller differences from chance.
    groups : array-like of shape (n_rows,), default=None
        Passed on to the splitter, and kept together when a threshold is tuned. Samplers do not see them.
    ratios : sequence of float in (0, 1], default=None
        Each sampler stands in one row with each of these ratios, unless its ``sampling_strategy`` is None. None leaves
        each its own.
    rows_metrics : bool, default=True
        Whether quality (:func:`.fidelity.quality_score`) and coverage (:func:`.manifold.coverage`) of the new rows
        against training rows of their class are computed too: means over the classes, weighted by new rows. Items have
        neither.
    n_jobs : int, default=None
        Folds at a time. Scores do not depend on it, seconds do.
    memory : joblib.Memory or path, default=None
        Where results are kept by fold, so that an interrupted comparison goes on where it was, and one with more
        samplers fits those alone. It takes a ``random_state``, and knows code of your own by name only.
    progress : bool or callable, default=False
        Whether to count on the standard error, or ``progress(n_done, n_all)``.
    random_state : int, RandomState instance, Generator or None, default=None
        Seed of the folds, and of samplers and estimators without one, the same in each fold.

    Returns
    -------
    ComparisonResult
        What fails in a fold is NaN there, with its text in ``errors``; nothing takes its place.

    Raises
    ------
    DataError
        For rows, classes, folds, names or scores that cannot be used, and for items without an estimator.

    See Also
    --------
    compare_over_datasets : Results of several tables together.
    AutoSampler : Chooses inside the training rows, as a step of a pipeline.

    Notes
    -----
    Differences to nothing are paired by fold. Folds share training rows, so the standard error of their mean is taken
    as :math:`s \\sqrt{1/n + n_{test} / n_{train}}` [1]_. To pick the best row here and quote its score is to choose on
    the test rows: quote that of ``"auto"``, or judge the choice on rows that were held back.

    References
    ----------
    .. [1] C. Nadeau, Y. Bengio, "Inference for the generalization error", Machine Learning 52(3), 2003.

    Examples
    --------
    >>> from sklearn.datasets import make_classification
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from genesis_sampling import compare_samplers
    >>> X, y = make_classification(400, weights=[0.9], flip_y=0, random_state=0)
    >>> result = compare_samplers(X, y, ["tuned threshold", "noise"], GaussianNB(), random_state=0)
    >>> result.samplers
    ['nothing', 'tuned threshold', 'noise']
    >>> float(result.to_frame("average_precision").loc[("GaussianNB", "tuned threshold"), "difference"])
    0.0
    """
    streams = RandomStreams.from_random_state(random_state)
    X, y, name = split_target(X, y)
    items = kind_of_items(X)
    X = checked_table(X) if items is None else X
    target = read_target(y, name)
    _check_target(target, X.shape[0] if items is None else len(X), name)
    labels = np.asarray(target.classes)[target.codes]
    learners = read_estimators(estimators, streams, items)
    X = _as_pandas(X, always=estimators is None)
    groups = _checked_groups(groups, len(labels))
    splits = _splits(cv, labels, target, groups, streams.child("folds").integer_seed())
    rows = read_rows(samplers, ratios, streams, items)
    plan = Plan(
        folds=Folds(X, labels, splits, {}),
        classes=Classes.of(target),
        groups=groups,
        estimators=learners,
        scores=read_scoring(scoring, labels),
        rows_metrics=bool(rows_metrics),
        memory=_checked_memory(memory, random_state),
        digest="" if memory is None else digest_of(X, labels, groups, items),
        items=items,
    )
    jobs = [(row, fold) for row in rows for fold in range(len(splits))]
    tell = _teller(progress)
    found: list[Cell] = []
    tell(0, len(jobs))
    parts = Parallel(n_jobs=n_jobs, return_as="generator")(
        delayed(compare_fold)(plan, row, fold) for row, fold in jobs
    )
    for n_done, cells in enumerate(parts, 1):
        found += cells
        tell(n_done, len(jobs))
    return _result(plan, found, target)


def _as_pandas(X: Any, *, always: bool) -> Any:
    """Frames and Series with the index 0, 1, ...: samplers of imbalanced-learn take those of pandas alone."""
    if isinstance(X, pd.Series):
        return X.reset_index(drop=True)
    if is_foreign_series(X):
        return pd.Series(X.to_list())
    return wrap_table(X).frame.reset_index(drop=True) if always or is_frame(X) else X


def _splits(
    cv: Any, labels: np.ndarray, target: Target, groups: np.ndarray | None, seed: int
) -> list[tuple[np.ndarray, np.ndarray]]:
    """The folds as pairs of positions, the same for all."""
    if isinstance(cv, int | np.integer):
        cv = _own_splitter(int(cv), target, groups, seed)
    elif not hasattr(cv, "split") and not isinstance(cv, Iterable):
        raise DataError(
            f"Got cv={cv!r}; expected a number of folds, a splitter, or pairs of train and test rows."
        )
    try:
        found = list(
            check_cv(cv, target.codes, classifier=True).split(
                np.zeros((len(labels), 1)), target.codes, groups
            )
        )
    except ValueError as error:
        raise DataError(f"Got folds that these {len(labels)} rows cannot be split into: {error}") from error
    splits = [
        (_positions(train, len(labels)) % len(labels), _positions(test, len(labels)) % len(labels))
        for train, test in found
    ]
    if not splits or not all(len(train) and len(test) for train, test in splits):
        raise DataError(
            f"Got cv={cv!r}, which gives no fold, or one without rows; expected rows on both sides."
        )
    shared = sum(bool(np.intersect1d(train, test).size) for train, test in splits)
    if shared:
        raise DataError(f"Got cv with rows on both sides of {shared} folds; expected each row on one side.")
    return splits


def _own_splitter(n_splits: int, target: Target, groups: np.ndarray | None, seed: int) -> Any:
    fewest = int(target.counts.min())
    if not 2 <= n_splits <= fewest:
        rarest = target.classes[int(target.counts.argmin())]
        raise DataError(
            f"Got cv={n_splits} for {fewest} rows of class {rarest!r}; expected 2 or more, and no more than it has "
            "rows, so that each fold tests one. Merge the class with another one or drop its rows, if they are few."
        )
    if groups is None:
        return RepeatedStratifiedKFold(n_splits=n_splits, n_repeats=1, random_state=seed)
    n_groups = len(np.unique(groups))
    if n_groups < n_splits:
        raise DataError(
            f"Got cv={n_splits} for {n_groups} group(s); expected 2 or more, and no more than there are groups, since "
            "a group stays in one fold. Groups are things such as patients, of which there are many."
        )
    return StratifiedGroupKFold(n_splits, shuffle=True, random_state=seed)


def _checked_memory(memory: Any, random_state: Any) -> joblib.Memory | None:
    if memory is not None and random_state is None:
        raise DataError(
            "Got memory= without a random_state; expected one, such as 0: without it each call has other folds and "
            "seeds, and finds nothing in the cache."
        )
    if memory is None or hasattr(memory, "cache"):
        return memory
    if not isinstance(memory, str | PathLike):
        raise DataError(f"Got memory={memory!r}; expected a path, a joblib.Memory or None.")
    return joblib.Memory(memory, verbose=0)


def _teller(progress: Any) -> Callable[[int, int], Any]:
    if callable(progress):
        return progress
    return _count if progress else lambda n_done, n_all: None


def _count(n_done: int, n_all: int) -> None:
    """A line on the standard error that is written over."""
    end = "\n" if n_done == n_all else ""
    print(f"\rFolds of samplers: {n_done} of {n_all}", end=end, file=sys.stderr, flush=True)


def _result(plan: Plan, cells: list[Cell], target: Target) -> ComparisonResult:
    """The tables of what was found."""
    metrics = {score.name: score.better for score in plan.scores} | {SECONDS: "less"}
    if plan.rows_metrics:
        metrics |= dict(zip(FIGURES, ("more", "more", "")))
    keys = ["sampler", "estimator", "fold"]
    scores = [
        (cell.sampler, cell.estimator, cell.fold, name, cell.scores.get(name, np.nan))
        for cell in cells
        for name in metrics
    ]
    errors = [(*_key(cell), name, text) for cell in cells for name, text in cell.errors.items()]
    said = [(*_key(cell), text) for cell in cells for text in cell.warnings]
    splits = plan.folds.splits
    return ComparisonResult(
        scores=pd.DataFrame(scores, columns=[*keys, "metric", "value"]),
        errors=pd.DataFrame(errors, columns=[*keys, "metric", "error"]),
        warnings=pd.DataFrame(said, columns=[*keys, "warning"]),
        metrics=metrics,
        test_share=float(np.mean([len(test) / (len(train) + len(test)) for train, test in splits])),
        counts=dict(zip(target.classes, target.counts.tolist())),
        positive=plan.classes.rare,
    )


def _key(cell: Cell) -> tuple[str, str, int]:
    return cell.sampler, cell.estimator, cell.fold
