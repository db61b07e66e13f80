"""A classifier that chooses by itself among samplers, class weights, a tuned threshold and doing nothing."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from sklearn.base import _fit_context, clone
from sklearn.model_selection import StratifiedKFold
from sklearn.utils import check_consistent_length, get_tags
from sklearn.utils.validation import validate_data

from .._folds import depends_on_predict, scorer_of
from .._random import RandomStreams
from ..exceptions import DataError
from ..tables.containers import Target
from ..tables.items import kind_of_items
from ._candidates import (
    NOTHING,
    Candidate,
    default_samplers,
    named,
    no_estimator,
    sampler_candidates,
)
from ._chooser import Chooser
from ._delegation import DelegatingClassifier
from ._rivals import with_class_weights, with_tuned_threshold
from ._table_trees import TableTrees
from ._training_rows import read_labels
from ._warning import warn_user

__all__ = ["AutoAugmentedClassifier"]

CLASS_WEIGHTS, TUNED_THRESHOLD = "class weights", "tuned threshold"
MAX_THRESHOLD_FOLDS = 5


class AutoAugmentedClassifier(Chooser, DelegatingClassifier):
    """A classifier that is trained in the way that gains on folds of its training rows, or as it is.

    :class:`AutoSampler` chooses among what can be done to the rows. Here, what can be done to the model stands beside
    it: balanced class weights, and a threshold that is tuned, which often do as well at a fraction of the cost.

    Parameters
    ----------
    estimator : classifier, default=None
        What is trained. None for boosted trees that take a table as it comes; images, texts and signals need one of
        yours.
    candidates : "default", list or dict of str, default="default"
        What to choose from: samplers, ``"class weights"`` and, for two classes and without groups,
        ``"tuned threshold"``. ``"default"``: these two and the samplers of :class:`AutoSampler`.
    ratios : sequence of float in (0, 1], default=(0.5, 1.0)
        Rows of each smaller class per row of the largest that are tried with each sampler, unless its
        ``sampling_strategy`` is None. Those that all classes have already are left out.
    include_none : bool, default=True
        Whether the estimator as it is is a choice.
    scoring : str or callable, default="average_precision"
        What is to gain: a name of a scorer of scikit-learn, or ``scorer(estimator, X, y)``. Scores of one class are
        those of the rarest of two. A threshold is tuned for it where it is a scorer that judges classes and not
        probabilities, else for balanced accuracy.
    cv : int, default=3
        Folds of an inner cross-validation; fewer where a class has fewer rows.
    n_repeats : int, default=2
        How often it is repeated with other folds, for those candidates that are still in the run.
    min_gain : float, default=0.5
        Least mean gain over the estimator as it is, in standard errors of it.
    time_budget : float or None, default=None
        Seconds after which no further fit begins. In a short time the first candidates are tried on all folds, and the
        others are not tried at all.
    n_jobs : int, default=None
        Fits at a time.
    random_state : int, RandomState instance or None, default=None
        Seed of folds, and of candidates without a seed.

    Attributes
    ----------
    estimator_ : classifier
        What was chosen, fitted to all rows: the estimator, the estimator with weights or inside
        ``TunedThresholdClassifierCV``, or a pipeline of a sampler and the estimator.
    best_candidate_ : str
        Its name.
    cv_results_ : dict of str to list
        As that of :class:`AutoSampler`.
    gain_error_ : float
        Standard error of the gains over all folds, NaN with fewer than two.
    classes_ : ndarray of shape (n_classes,)
        The labels, sorted.
    n_features_in_ : int
        Number of columns seen, of a table.
    feature_names_in_ : ndarray of str of shape (`n_features_in_`,)
        Their names, where they are all strings.

    Raises
    ------
    DataError
        When the estimator cannot be trained on the rows as they are, or a candidate is none; for items without an
        estimator, or with a candidate that is a sampler of tables.

    See Also
    --------
    AutoSampler : The choice among samplers alone, as a step of a pipeline; its notes tell the rule.
    AugmentedClassifier : One sampler, with validation rows, weights and a correction of the prior.

    Notes
    -----
    ``fit`` takes no weights of rows: pipelines of a sampler, and the scores by which candidates are compared, could not
    regard them. :class:`AugmentedClassifier` hands weights on.

    Examples
    --------
    >>> from sklearn.datasets import make_classification
    >>> from sklearn.linear_model import LogisticRegression
    >>> from genesis_sampling import AutoAugmentedClassifier
    >>> X, y = make_classification(400, weights=[0.9], random_state=0)
    >>> candidates = ["class weights", "tuned threshold"]
    >>> model = AutoAugmentedClassifier(
    ...     LogisticRegression(), candidates, scoring="balanced_accuracy", random_state=0
    ... ).fit(X, y)
    >>> model.best_candidate_ in candidates
    True
    """

    # The estimator inside checks its own parameters.
    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y, groups=None):
        """Choose by cross-validation on these rows, then train in the chosen way on all of them.

        Parameters
        ----------
        X : {array-like, sparse matrix, dataframe} of shape (n_rows, n_columns), or items
            What the estimator and the samplers take; items are those that :class:`AutoSampler` takes.
        y : array-like of shape (n_rows,)
            Class labels.
        groups : array-like of shape (n_rows,), default=None
            Rows of a group stay together in the inner folds.

        Returns
        -------
        self : object
        """
        items = kind_of_items(X)
        if items is None:
            validate_data(self, X, skip_check_array=True)
        elif self.estimator is None:
            raise no_estimator(items)
        target, self.classes_ = read_labels(y, "AutoAugmentedClassifier")
        check_consistent_length(X, target.codes, groups)
        streams = RandomStreams.from_random_state(self.random_state)
        candidates = [
            Candidate(NOTHING),
            *self._candidates(target, groups, streams.child("candidate"), items),
        ]
        model = self._model()
        best = self._chosen_of(
            candidates, {"estimator": model}, X, target, groups, streams.child("folds"), warn_user
        )
        self.estimator_ = clone(best.with_model(model)).fit(X, self.classes_[target.codes])
        return self

    def _model(self) -> Any:
        return TableTrees() if self.estimator is None else self.estimator

    def _candidates(
        self, target: Target, groups: Any, streams: RandomStreams, items: str | None
    ) -> list[Candidate]:
        """What may be done to the model, then what may be done to the rows."""
        changes: dict[str, Callable[[Any], Any]] = {
            CLASS_WEIGHTS: with_class_weights,
            TUNED_THRESHOLD: partial(with_tuned_threshold, **self._threshold(target, streams)),
        }
        given = named(self.candidates, dict.fromkeys(changes) | default_samplers(items))
        wanted = {name: name if one is None else one for name, one in given.items()}
        unknown = [one for one in wanted.values() if isinstance(one, str) and one not in changes]
        if unknown:
            raise DataError(f"Got the candidates {unknown}; expected samplers, or some of {list(changes)}.")
        found, has_threshold = [], len(target.classes) == 2 and groups is None
        if not has_threshold and TUNED_THRESHOLD in wanted.values() and not isinstance(self.candidates, str):
            raise DataError(
                f"Got the candidate {TUNED_THRESHOLD!r} for {len(target.classes)} classes"
                f"{'' if groups is None else ' and groups'}; expected two classes and no groups, which the folds of a "
                "threshold would split. Leave it out."
            )
        for name, one in wanted.items():
            if not isinstance(one, str):
                counts = dict(zip(target.classes, target.counts.tolist(), strict=True))
                found += sampler_candidates({name: one}, self.ratios, counts, streams, items)
            elif one == CLASS_WEIGHTS or has_threshold:
                found.append(Candidate(name, change=changes[one]))
        return found

    def _threshold(self, target: Target, streams: RandomStreams) -> dict[str, Any]:
        """Folds and score that a threshold is tuned by, in an inner fold too."""
        fewest = int(min(target.counts))
        n_folds = max(2, min(MAX_THRESHOLD_FOLDS, fewest - -(-fewest // self.cv)))
        seed = streams.child("threshold").integer_seed()
        y = np.array(target.classes)[target.codes]
        scorer = scorer_of(self.scoring, y) if depends_on_predict(self.scoring) else None
        return {"cv": StratifiedKFold(n_folds, shuffle=True, random_state=seed), "scorer": scorer}

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        own = get_tags(self._model()).input_tags
        for name in ("sparse", "allow_nan", "categorical", "string"):
            setattr(tags.input_tags, name, getattr(own, name))
        return tags
