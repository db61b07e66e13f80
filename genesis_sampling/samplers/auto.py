"""A sampler that chooses by itself among samplers, ratios and doing nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils import check_consistent_length

from ..metrics._models import TableClassifier
from ..tables.items import ItemTable, kind_of_items, wrap_items
from ._candidates import (
    NOTHING,
    Candidate,
    default_samplers,
    named,
    no_estimator,
    sampler_candidates,
)
from ._chooser import Chooser
from ._inner import InnerSampler
from .base import BaseAugmenter
from .data import ClassData, NewRows, ResamplePlan, SamplingData
from .generative import GenerativeOverSampler

__all__ = ["AutoSampler"]


class AutoSampler(Chooser, BaseAugmenter):
    """Choose a sampler and a ratio by cross-validation within the rows it is given, or make no row at all.

    No sampler helps every learner on every table, and most do not help most of the time. This one tries several on
    folds of the training rows, and uses the best one where it gained there. Inside a pipeline it sees the training rows
    of a fold alone, so the choice is part of what a cross-validation judges.

    Parameters
    ----------
    estimator : classifier or None, default=None
        The classifier that will be trained on the result: a sampler cannot see the steps after it. None for boosted
        trees and logistic regression both, each of which must gain; images, texts and signals need one of yours.
    candidates : "default", list of samplers or dict of str to sampler, default="default"
        What to choose from: anything with ``fit_resample`` that makes rows. ``"default"``: noisy copies, rows of the
        default generator, and rows that a teacher labels (:class:`DistillationSampler`) in three ways; for what is no
        table, :class:`TextSampler` or :class:`ImageSampler` and copies. More candidates gain more on one table and less
        on another, where the best of many is best by chance.
    ratios : sequence of float in (0, 1], default=(0.5, 1.0)
        Rows of each smaller class per row of the largest that are tried with each candidate, unless its
        ``sampling_strategy`` is None. Those that all classes have already are left out.
    include_none : bool, default=True
        Whether to make no row is a choice. Without it the best candidate is used even where it does harm.
    scoring : str or callable, default="average_precision"
        What is to gain: a name of a scorer of scikit-learn, or ``scorer(estimator, X, y)``. Scores of one class are
        those of the rarest of two.
    cv : int, default=3
        Folds of an inner cross-validation; fewer where a class has fewer rows.
    n_repeats : int, default=2
        How often it is repeated with other folds, for those candidates that are still in the run.
    min_gain : float, default=0.5
        Least mean gain over doing nothing, in standard errors of it. The default takes what is likelier to gain than
        not: the best of several passes it on noise too, about every other time. With 2 it hardly ever does.
    time_budget : float or None, default=None
        Seconds after which no further fit begins. In a short time the first candidates are tried on all folds, and the
        others are not tried at all.
    n_jobs : int, default=None
        Fits at a time. The choice does not depend on it, unless there is a ``time_budget``.
    random_state : int, RandomState instance or None, default=None
        Seed of folds, of candidates without a seed and of the default learners.

    Attributes
    ----------
    best_sampler_ : sampler or None
        What was chosen; None for nothing.
    best_candidate_ : str
        Its name.
    cv_results_ : dict of str to list
        For each candidate, nothing first: its name, ``sampler``, ``ratio``, ``n_folds`` that it was scored on,
        ``mean_score``, ``mean_gain`` over nothing on these folds, ``mean_fit_time`` in seconds and ``error`` if it
        failed. Candidates that fell behind were scored on few folds.
    gain_error_ : float
        Standard error of the gains over all folds, NaN with fewer than two.
    sampling_strategy_ : dict
        Number of rows made of each class.
    n_features_in_ : int
        Number of columns seen, of a table.
    feature_names_in_ : ndarray of str of shape (`n_features_in_`,)
        Their names, where they are all strings.
    synthetic_mask_ : ndarray of bool of shape (n_rows_out,)
        Which rows of the result were made.
    sample_indices_ : ndarray of int of shape (n_rows_out,)
        Position in the input of the row that each row is, or comes from; -1 where there is none.
    report_ : AugmentationReport
        Counts and choices.

    Raises
    ------
    DataError
        When the estimator cannot be trained on the rows as they are; for items without an estimator, or with a
        candidate that is a sampler of tables.

    See Also
    --------
    HybridSampler : One target for several samplers.

    Notes
    -----
    All candidates meet the same folds, half of them (three at least) go on to the next fold. The gain :math:`g` of
    the best is kept if :math:`g > c s`, with ``min_gain`` :math:`c` and the standard error
    :math:`s^2 = \\sigma^2 (1/n + n_{test} / n_{train})` for :math:`n` folds [1]_, whose variance :math:`\\sigma^2` is
    pooled over the candidates that reached the last fold; and if every learner gains. A class of fewer than
    four rows cannot be split in a way that tells anything: nothing is chosen then, with a warning.

    References
    ----------
    .. [1] C. Nadeau, Y. Bengio, "Inference for the generalization error", Machine Learning 52(3), 2003.

    Examples
    --------
    >>> from sklearn.datasets import make_classification
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from genesis_sampling import NoiseSampler
    >>> from genesis_sampling import AutoSampler
    >>> X, y = make_classification(300, weights=[0.8], random_state=0)
    >>> sampler = AutoSampler(GaussianNB(), candidates=[NoiseSampler()], random_state=0)
    >>> X_new, y_new = sampler.fit_resample(X, y)
    >>> sampler.cv_results_["candidate"]
    ['nothing', 'NoiseSampler, ratio 0.5', 'NoiseSampler, ratio 1']
    """

    def fit_resample(self, X, y, groups=None):
        """Choose, and resample by what was chosen.

        Parameters
        ----------
        X : {array-like, sparse matrix, dataframe} of shape (n_rows, n_columns), or items
            Features: ndarray, list, CSR or CSC, pandas or polars. Items are an array of shape (n_items, ...) of three
            dimensions or more; texts in a list, an array, a Series, or the only column of a frame, where most are of
            several words and differ; or a list of arrays that differ in shape.
        y : array-like of shape (n_rows,)
            Class labels, or a one-vs-all indicator.
        groups : array-like of shape (n_rows,), default=None
            Rows of a group stay together in the inner folds. A pipeline hands them on only by metadata routing,
            ``set_fit_resample_request(groups=True)``; :class:`AugmentedClassifier` does it by itself.

        Returns
        -------
        X_resampled, y_resampled : as ``X`` and ``y``
            In the containers and dtypes that came in; frames get the index 0, 1, ...
        """
        return super().fit_resample(X, y, groups=groups)

    def _check_table(self, X):
        items = kind_of_items(X)
        if items is None:
            return super()._check_table(X)
        if self.estimator is None:
            raise no_estimator(items)
        return wrap_items(X)

    def _strategy(self, data: SamplingData) -> dict[Any, int]:
        return self._strategy_of(self._chosen(data), data)

    def _strategy_of(self, chosen: InnerSampler | None, data: SamplingData) -> dict[Any, int]:
        return dict.fromkeys(data.counts, 0) if chosen is None else chosen.strategy(data)

    def _resample(self, data: SamplingData, groups: Any = None) -> ResamplePlan:
        if groups is not None:
            check_consistent_length(data.table.frame, groups)
        chosen = self._chosen(data, groups)
        if chosen is None:
            none = NewRows.none_of(data.table.frame)
            plan = ResamplePlan(none, np.empty(0, dtype=np.intp), strategy=self._strategy_of(None, data))
        else:
            plan = chosen.plan(data, data.sieve)
        gain = self.cv_results_["mean_gain"][self.cv_results_["candidate"].index(self.best_candidate_)]
        told = {
            "candidate": self.best_candidate_,
            "its gain": gain,
            "standard error of gains": self.gain_error_,
        }
        plan.new.choices = told | plan.new.choices
        return plan

    def _make_class(self, part: ClassData, n_rows: int) -> NewRows:
        # Whoever asks for a number of rows of a class has decided that there shall be some.
        chosen = self._chosen(part.data) or InnerSampler(_any_sampler(part.data))
        return chosen.make(part, n_rows, part.data.sieve)

    def _chosen(self, data: SamplingData, groups: Any = None) -> InnerSampler | None:
        """The sampler to use, chosen once for these data."""
        candidate = data.once("choice of a sampler", lambda: self._choose(data, groups))
        return None if candidate.sampler is None else InnerSampler(candidate.sampler)

    def _choose(self, data: SamplingData, groups: Any) -> Candidate:
        items = _items_of(data)
        samplers = named(self.candidates, default_samplers(items))
        streams = data.streams.child("choice")
        candidates = [
            Candidate(NOTHING),
            *sampler_candidates(samplers, self.ratios, data.counts, streams.child("candidate"), items),
        ]
        own = self.estimator is None
        best = self._chosen_of(
            candidates,
            _own_learners(streams.child("learners").integer_seed()) if own else {"estimator": self.estimator},
            data.table.frame if own else data.table.native,
            data.target,
            groups,
            streams.child("folds"),
            data.warn,
        )
        self.best_sampler_ = best.sampler
        return best


def _items_of(data: SamplingData) -> str | None:
    """What is sampled that is no table."""
    return (kind_of_items(data.table.native) or "arrays") if isinstance(data.table, ItemTable) else None


def _any_sampler(data: SamplingData) -> Any:
    """What makes rows where nothing has been chosen."""
    items = _items_of(data)
    return GenerativeOverSampler() if items is None else next(iter(default_samplers(items).values()))


def _own_learners(seed: int) -> dict[str, Any]:
    return {kind: TableClassifier(model=kind, random_state=seed) for kind in ("boosting", "logistic")}
