"""Sampler and classifier as one classifier, for what a pipeline cannot pass on."""

from __future__ import annotations

import inspect
from numbers import Real
from typing import Any

import numpy as np
from sklearn.base import _fit_context, clone
from sklearn.utils import compute_sample_weight, get_tags
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import (
    check_consistent_length,
    check_is_fitted,
    has_fit_parameter,
    validate_data,
)

from .._random import RandomStreams
from ..exceptions import DataError
from ..tables.items import kind_of_items
from ._candidates import check_takes_items, no_estimator
from ._delegation import DelegatingClassifier, answers
from ._seeds import seeded
from ._table_trees import TableTrees
from ._training_rows import TrainingRows, class_shares, read_labels, read_resampled
from ._validation_part import validation_part
from .base import BaseAugmenter
from .generative import GenerativeOverSampler

__all__ = ["AugmentedClassifier"]


class AugmentedClassifier(DelegatingClassifier):
    """Resample the training rows, then train a classifier on them, as one classifier.

    It does what a pipeline of a sampler and a classifier does, and what such a pipeline cannot: it hands the classifier
    real rows to stop early on, passes weights and soft labels on, and maps probabilities back to the class shares that
    the data had.

    Parameters
    ----------
    estimator : classifier, default=None
        What is trained. None for boosted trees that take a table as it comes (``HistGradientBoostingClassifier``, with
        categories and times read as numbers). Images, texts and signals need one of yours.
    sampler : sampler or "passthrough", default=None
        What resamples: anything with ``fit_resample``. None for :class:`GenerativeOverSampler`, ``"passthrough"`` for
        the rows as they are.
    validation_fraction : float in (0, 1), default=None
        Share of the rows that is set aside before resampling, stratified and in whole groups where there are any, and
        handed to the estimator to stop early on. Its ``fit`` has to take ``X_val`` and ``y_val``, or ``eval_set``.
    correct_prior : bool, default=False
        Whether probabilities are mapped back to the class shares of the data, see the notes. The class predicted is
        then the one that is most probable after that.
    random_state : int, RandomState instance or None, default=None
        Seed of the split, and of whatever part of the sampler and of the estimator has none of its own.

    Attributes
    ----------
    estimator_ : classifier
        Fitted to the resampled rows.
    sampler_ : sampler or "passthrough"
        As it was used.
    classes_ : ndarray of shape (n_classes,)
        The labels, sorted.
    n_features_in_ : int
        Number of columns seen, of a table.
    feature_names_in_ : ndarray of str of shape (`n_features_in_`,)
        Their names, where they are all strings.
    prior_ : ndarray of shape (n_classes,)
        Share of each class in the data, weights included.
    resampled_prior_ : ndarray of shape (n_classes,)
        Its share in what the estimator was fitted to, all weights and the estimator's ``class_weight`` included.
    validation_indices_ : ndarray of int
        Positions of the rows that were set aside, in order; none without ``validation_fraction``.
    report_ : AugmentationReport or None
        That of the sampler; None if it makes none.

    Raises
    ------
    DataError
        When the estimator cannot take what it shall be given (validation rows, weights), or no row of a class is left;
        for items without an estimator, or with a sampler of tables.

    See Also
    --------
    imblearn.pipeline.Pipeline : Enough where nothing but rows has to reach the classifier.

    Notes
    -----
    Resampling changes the class shares from :math:`\\pi_k` to :math:`\\pi'_k`, and with them the probabilities
    :math:`p'_k(x)` that a classifier learns. Where a class looks the same before and after, those of the data are
    [1]_ [2]_

    .. math:: p_k(x) \\propto p'_k(x) \\, \\pi_k / \\pi'_k .

    This is exact for copies and for random under-sampling, and a classifier that has learned the class shares of its
    rows. Samplers that change what a class looks like (SMOTE, mixup, cleaning) leave an error that no prior mends.
    Models that know their rows by heart, such as forests on copies, hardly take the shares up, and are corrected too
    far; :func:`~genesis_sampling.metrics.calibration.calibration_intercept_and_slope` on other rows shows it. An
    estimator that balances by other means than ``class_weight``, such as ``scale_pos_weight``, is not noticed.

    **Weights.** With ``sample_weight`` each row of the result has the weight of the row that it is or was made from
    (``sample_indices_`` of the sampler), and the mean weight of its class where there is none. A sampler may set
    ``sample_weight_``, one factor per row of its result, and ``soft_labels_`` of shape (n_rows_out, n_classes), or
    return such a matrix of shares for ``y``. A row with shares of several classes becomes one row for each, with its
    share as the weight. The estimator's ``fit`` has to take ``sample_weight`` then.

    **Validation rows** are real and never seen by the sampler. With ``correct_prior`` they are weighted to the
    resampled class shares, if the estimator takes weights for them: those are what it is fitted for. Estimators with
    ``eval_set`` stop early only if told so in their parameters (``early_stopping_rounds``).

    References
    ----------
    .. [1] C. Elkan, "The foundations of cost-sensitive learning", International Joint Conference on Artificial
       Intelligence, 2001.
    .. [2] M. Saerens, P. Latinne, C. Decaestecker, "Adjusting the outputs of a classifier to new a priori
       probabilities: a simple procedure", Neural Computation 14(1), 2002.

    Examples
    --------
    >>> from sklearn.datasets import make_classification
    >>> from sklearn.linear_model import LogisticRegression
    >>> from genesis_sampling import NoiseSampler
    >>> from genesis_sampling import AugmentedClassifier
    >>> X, y = make_classification(2000, weights=[0.95], flip_y=0, random_state=0)
    >>> model = AugmentedClassifier(LogisticRegression(), NoiseSampler(), correct_prior=True, random_state=0)
    >>> probability = model.fit(X, y).predict_proba(X)[:, 1]
    >>> model.prior_.round(3).tolist(), model.resampled_prior_.tolist()
    ([0.95, 0.05], [0.5, 0.5])
    >>> bool(abs(probability.mean() - 0.05) < 0.01)
    True
    """

    _parameter_constraints: dict = {
        "estimator": [HasMethods(["fit", "predict"]), None],
        "sampler": [HasMethods(["fit_resample"]), StrOptions({"passthrough"}), None],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither"), None],
        "correct_prior": ["boolean"],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        estimator=None,
        sampler=None,
        *,
        validation_fraction=None,
        correct_prior=False,
        random_state=None,
    ):
        self.estimator = estimator
        self.sampler = sampler
        self.validation_fraction = validation_fraction
        self.correct_prior = correct_prior
        self.random_state = random_state

    # The estimator inside checks its own parameters.
    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y, sample_weight=None, groups=None):
        """Set validation rows aside, resample the others, fit the estimator.

        Parameters
        ----------
        X : {array-like, sparse matrix, dataframe} of shape (n_rows, n_columns), or items
            What sampler and estimator both take; they get it unchanged. Items are as in :class:`AutoSampler`.
        y : array-like of shape (n_rows,)
            Class labels.
        sample_weight : array-like of shape (n_rows,), default=None
            Weights of the rows, none negative.
        groups : array-like of shape (n_rows,), default=None
            Rows of a group stay on one side of the validation split. A sampler whose ``fit_resample`` takes ``groups``
            gets them too.

        Returns
        -------
        self : object
        """
        data = self._check_data(X, y, sample_weight, groups)
        streams = RandomStreams.from_random_state(self.random_state)
        estimator = self._seeded(self._model(), streams.child("estimator"))
        self._check_estimator(estimator, weighted=sample_weight is not None)
        self.prior_ = class_shares(data.codes, data.weight, len(self.classes_))
        train, validation = self._split(data, streams)
        rows = self._resample(train, streams.child("sampler"))
        self.resampled_prior_ = self._seen_prior(estimator, rows)
        options = {} if rows.weight is None else {"sample_weight": rows.weight}
        if validation is not None:
            options |= self._validation_options(estimator, validation)
        self.estimator_ = estimator.fit(rows.X, self.classes_[rows.codes], **options)
        return self

    def predict(self, X):
        """The class of each row.

        Parameters
        ----------
        X : {array-like, sparse matrix, dataframe} of shape (n_rows, n_columns)

        Returns
        -------
        y : ndarray of shape (n_rows,)
            With ``correct_prior`` the class that is most probable after the correction, else what the estimator says.
        """
        check_is_fitted(self, "estimator_")
        if self.correct_prior:
            return self.classes_[self.predict_proba(X).argmax(axis=1)]
        return super().predict(X)

    @available_if(answers("predict_proba"))
    def predict_proba(self, X):
        """Probabilities of the classes, corrected if so asked.

        Parameters
        ----------
        X : {array-like, sparse matrix, dataframe} of shape (n_rows, n_columns)

        Returns
        -------
        probability : ndarray of shape (n_rows, n_classes)
        """
        probability = super().predict_proba(X)
        if not self.correct_prior:
            return probability
        odds = probability * _quotient(self.prior_, self.resampled_prior_)
        # A row that is certainly of a class without weight in the data.
        odds[odds.sum(axis=1) == 0] = self.prior_
        return odds / odds.sum(axis=1, keepdims=True)

    @available_if(lambda self: not self.correct_prior and answers("decision_function")(self))
    def decision_function(self, X):
        """Scores of the estimator; not there with ``correct_prior``, which they do not know.

        Parameters
        ----------
        X : {array-like, sparse matrix, dataframe} of shape (n_rows, n_columns)

        Returns
        -------
        score : ndarray of shape (n_rows,) or (n_rows, n_classes)
        """
        return super().decision_function(X)

    def _model(self) -> Any:
        return TableTrees() if self.estimator is None else self.estimator

    def _seeded(self, part: Any, streams: RandomStreams) -> Any:
        """A clone; with ``random_state`` whatever in it has no seed gets one."""
        return clone(part) if self.random_state is None else seeded(part, streams)

    def _check_data(self, X: Any, y: Any, sample_weight: Any, groups: Any) -> TrainingRows:
        """The rows, their labels as positions in ``classes_``; sets what is known of the columns."""
        self._check_container(X)
        target, self.classes_ = read_labels(y, "AugmentedClassifier")
        check_consistent_length(X, target.codes, sample_weight, groups)
        weight = None if sample_weight is None else _checked_weight(sample_weight)
        return TrainingRows(X, target.codes, weight, groups)

    def _check_container(self, X: Any) -> None:
        """Columns of a table; parts that take what is none."""
        items = kind_of_items(X)
        if items is None:
            validate_data(self, X, skip_check_array=True)
            return
        if self.estimator is None:
            raise no_estimator(items)
        if not isinstance(self.sampler, str):
            check_takes_items(self._own_sampler(), items)

    def _own_sampler(self) -> Any:
        return GenerativeOverSampler() if self.sampler is None else self.sampler

    def _check_estimator(self, estimator: Any, weighted: bool) -> None:
        """Refuse, before any work is done, what the estimator cannot take or give."""
        name = type(estimator).__name__
        if self.correct_prior and not hasattr(estimator, "predict_proba"):
            raise DataError(
                f"Got correct_prior=True and {name}, which has no predict_proba; expected a classifier that gives "
                "probabilities. Take another one, or set correct_prior=False."
            )
        if self.validation_fraction is not None and not {"X_val", "eval_set"} & _arguments(estimator.fit):
            raise DataError(
                f"Got validation_fraction={self.validation_fraction} and {name}, whose fit takes neither X_val nor "
                "eval_set; expected an estimator that can be handed validation rows, such as "
                "HistGradientBoostingClassifier (scikit-learn 1.7 or newer) or those of LightGBM and XGBoost. Put the "
                "steps that prepare columns in front of AugmentedClassifier, or set validation_fraction=None."
            )
        if weighted:
            _check_takes_weight(estimator, "sample_weight was given")

    def _split(self, data: TrainingRows, streams: RandomStreams) -> tuple[TrainingRows, TrainingRows | None]:
        """Training rows and validation rows; sets ``validation_indices_``."""
        self.validation_indices_ = np.empty(0, dtype=np.intp)
        if self.validation_fraction is None:
            return data, None
        seed = streams.child("validation").integer_seed()
        self.validation_indices_ = validation_part(data, self.classes_, self.validation_fraction, seed)
        train = np.setdiff1d(np.arange(len(data.codes)), self.validation_indices_)
        return data.take(train), data.take(self.validation_indices_)

    def _resample(self, train: TrainingRows, streams: RandomStreams) -> TrainingRows:
        """What the estimator is fitted to; sets ``sampler_`` and ``report_``."""
        self.report_ = None
        if isinstance(self.sampler, str):
            self.sampler_ = self.sampler
            return train
        self.sampler_ = sampler = self._seeded(self._own_sampler(), streams)
        # Ours take what their hook names.
        hook = sampler._resample if isinstance(sampler, BaseAugmenter) else sampler.fit_resample
        takes_groups = train.groups is not None and "groups" in _arguments(hook)
        options = {"groups": train.groups} if takes_groups else {}
        result = sampler.fit_resample(train.X, self.classes_[train.codes], **options)
        if len(result) != 2:
            raise DataError(
                f"Got {len(result)} results of {type(sampler).__name__}.fit_resample; expected X and y. Weights of the "
                "rows belong into its attribute sample_weight_."
            )
        self.report_ = getattr(sampler, "report_", None)
        X, y = result
        return read_resampled(sampler, train, X, y, self.classes_)

    def _seen_prior(self, estimator: Any, rows: TrainingRows) -> np.ndarray:
        """Share of each class in what the estimator will learn from."""
        if rows.weight is not None:
            _check_takes_weight(estimator, f"{type(self.sampler_).__name__} made weights or soft labels")
        weight = np.ones(len(rows.codes)) if rows.weight is None else rows.weight
        balancing = getattr(getattr(estimator, "_final_estimator", estimator), "class_weight", None)
        if balancing is not None:
            by_class = "balanced" if isinstance(balancing, str) else balancing
            weight = weight * compute_sample_weight(by_class, self.classes_[rows.codes])
        prior = class_shares(rows.codes, weight, len(self.classes_))
        gone = self.classes_[prior == 0].tolist()
        # A class that had no weight before is no loss of the sampler.
        if self.prior_[prior == 0].any():
            raise DataError(
                f"Got no row of the classes {gone} back from {type(self.sampler_).__name__}; expected some of each of "
                f"{self.classes_.tolist()}. Let it keep them (sampling_strategy), or leave these classes out."
            )
        return prior

    def _validation_options(self, estimator: Any, validation: TrainingRows) -> dict[str, Any]:
        """What ``fit`` of the estimator gets to stop early on."""
        arguments = _arguments(estimator.fit)
        y, weight = self.classes_[validation.codes], validation.weight
        if self.correct_prior:
            ratio = _quotient(self.resampled_prior_, self.prior_)[validation.codes]
            weight = ratio if weight is None else weight * ratio
        if "X_val" in arguments:
            if "early_stopping" in estimator.get_params(deep=False):
                estimator.set_params(early_stopping=True)
            options: dict[str, Any] = {"X_val": validation.X, "y_val": y}
            weights: dict[str, Any] = {"sample_weight_val": weight}
        else:
            options = {"eval_set": [(validation.X, y)]}
            # As LightGBM and XGBoost call it.
            weights = {"eval_sample_weight": [weight], "sample_weight_eval_set": [weight]}
        if weight is not None:
            options |= {name: value for name, value in weights.items() if name in arguments}
        return options

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        parts = [
            get_tags(part)
            for part in (self._model(), self._own_sampler())
            if hasattr(part, "__sklearn_tags__")
        ]
        for name in ("sparse", "allow_nan", "categorical", "string"):
            setattr(tags.input_tags, name, all(getattr(part.input_tags, name) for part in parts))
        return tags


def _arguments(method: Any) -> set[str]:
    """Names that a method takes."""
    return set(inspect.signature(method).parameters)


def _checked_weight(sample_weight: Any) -> np.ndarray:
    weight = np.asarray(sample_weight, dtype=np.float64)
    if weight.ndim != 1 or not np.isfinite(weight).all() or (weight < 0).any() or not weight.any():
        raise DataError(
            f"Got sample_weight of shape {weight.shape}; expected one finite weight for each row, none negative and "
            "not all zero."
        )
    return weight


def _check_takes_weight(estimator: Any, why: str) -> None:
    if not has_fit_parameter(estimator, "sample_weight"):
        raise DataError(
            f"Got {type(estimator).__name__}, whose fit takes no sample_weight, but {why}; expected an estimator that "
            "takes weights. Put the steps of a pipeline in front of AugmentedClassifier and give its last one alone."
        )


def _quotient(upper: np.ndarray, lower: np.ndarray) -> np.ndarray:
    """Shares over shares; 0 for a class that has none."""
    return np.divide(upper, lower, out=np.zeros_like(upper), where=lower > 0)
