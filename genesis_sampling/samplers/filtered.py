"""Samplers whose new rows must be good enough, or varied enough."""

from __future__ import annotations

from abc import abstractmethod
from numbers import Real
from typing import Any

from sklearn.utils._param_validation import HasMethods, Interval, StrOptions

from ..filters.quality import SCORERS
from ..tables.items import kind_of_items, wrap_items
from ._inner import InnerSampler
from ._sieves import BY_GENERATOR, DiversitySieve, QualitySieve, chain
from .base import BaseAugmenter
from .data import ClassData, DrawBlock, NewRows, ResamplePlan, SamplingData, Sieve
from .generative import GenerativeOverSampler
from .items import ItemSampler

__all__ = ["DiversityFilter", "QualityFilter", "SievingSampler"]


class SievingSampler(BaseAugmenter):
    """Base of the samplers that let an inner sampler make rows until enough have passed a sieve."""

    _parameter_constraints: dict = {
        "sampler": [HasMethods(["fit_resample"]), None],
        "random_state": ["random_state"],
    }

    @abstractmethod
    def _sieve(self) -> Sieve:
        """What new rows must pass."""

    def _inner(self) -> InnerSampler:
        return InnerSampler(GenerativeOverSampler() if self.sampler is None else self.sampler)

    def _check_table(self, X):
        inner, kind = self._inner().sampler, kind_of_items(X)
        # To a sampler of series the rows of a table are items.
        if not isinstance(inner, ItemSampler) and kind is None:
            return super()._check_table(X)
        if not isinstance(inner, BaseAugmenter):
            return wrap_items(X)
        table = inner._check_table(X)
        for name in ("n_features_in_", "feature_names_in_"):
            if hasattr(inner, name):
                setattr(self, name, getattr(inner, name))
        return table

    def _strategy(self, data: SamplingData) -> dict[Any, int]:
        return self._inner().strategy(data)

    def _resample(self, data: SamplingData) -> ResamplePlan:
        return self._inner().plan(data, chain(self._sieve(), data.sieve))

    def _make_class(self, part: ClassData, n_rows: int) -> NewRows:
        return self._learn_class(part, n_rows)(n_rows, 0)

    def _learn_class(self, part: ClassData, n_rows: int) -> DrawBlock:
        return self._inner().learn(part, n_rows, chain(self._sieve(), part.data.sieve))


class QualityFilter(SievingSampler):
    """Let only those new rows pass that can hardly be told from real rows of their class.

    Parameters
    ----------
    sampler : sampler, default=None
        What makes the rows: any over-sampler, another filter included. None for :class:`GenerativeOverSampler`.
    threshold : float in [0, 1], default=0.8
        Least score of a row. It is on the scale of single rows, and no relation of the table's ``quality_score``.
    scorer : {"discriminator", "density", "classifier", "generator"} or callable, default="discriminator"
        What scores a row, see the notes; or ``scorer(real, candidates)``, which is given the real rows of the class
        and candidates as frames and returns scores in [0, 1].
    random_state : int, RandomState instance or None, default=None
        Seed of a sampler that has none of its own.

    Attributes
    ----------
    quality_scores_ : ndarray of shape (n_synthetic_rows,)
        Scores of the rows that passed, in the order of the rows that were made; NaN where nothing scored them.
    sampling_strategy_ : dict
        Number of rows made of each class.
    n_features_in_ : int
        Number of columns seen.
    feature_names_in_ : ndarray of str of shape (`n_features_in_`,)
        Their names, where they are all strings.
    synthetic_mask_ : ndarray of bool of shape (n_rows_out,)
        Which rows of the result were made.
    sample_indices_ : ndarray of int of shape (n_rows_out,)
        Position in the input of the row that each row is, or comes from; -1 where there is none.
    report_ : AugmentationReport
        Counts, and how many candidates were turned down, by reason.

    Raises
    ------
    TargetNotReachedError
        When too few candidates pass in bounded rounds; the message has the counts and the shares that passed.

    See Also
    --------
    DiversityFilter : Against near copies.
    ConstraintFilter : Against rows that break rules.

    Notes
    -----
    All scores are 1 for a row that passes for real.

    ``"discriminator"``
        Boosted trees learn to tell the real rows of the class from made ones (which are none of the candidates). With
        their cross-fitted, sigmoid-calibrated probability the score is :math:`\\min(1, 2 P(\\text{real}))`, where both
        sides are equally frequent [1]_. Where the made rows are as good as real, all score about 1.
    ``"density"``
        How near the fifth nearest real row is, ranked among the real rows themselves: 1 but for rows that lie farther
        out than 95 % of them.
    ``"classifier"``
        How much boosted trees count the row to its class, ranked among real rows that they have not seen: 1 but for
        rows that look less like their class than 95 % of those. It turns down rows on the wrong side, where classes
        overlap.
    ``"generator"``
        What the discriminator of a :class:`DCGANGenerator` says of its own images, which lies above one half for those
        that it takes for real.

    Arrays of images and series are compared value by value, unless by the generator or by a scorer of your own, which
    gets frames of one column that holds the items. Only the rows given to ``fit_resample`` are learned from; inside a
    pipeline these are the training rows of a fold.

    References
    ----------
    .. [1] S. Azadi, C. Olsson, T. Darrell, I. Goodfellow, A. Odena, "Discriminator rejection sampling", International
       Conference on Learning Representations, 2019.

    Examples
    --------
    >>> import numpy as np
    >>> from genesis_sampling import NoiseSampler, QualityFilter
    >>> rng = np.random.default_rng(0)
    >>> X = np.r_[rng.normal(size=(300, 2)), rng.normal(3, 1, size=(60, 2))]
    >>> y = np.repeat([0, 1], [300, 60])
    >>> sampler = QualityFilter(NoiseSampler(noise_scale=1.0), scorer="density", random_state=0)
    >>> X_new, y_new = sampler.fit_resample(X, y)
    >>> len(X_new), bool((sampler.quality_scores_ >= 0.8).all())
    (600, True)
    """

    _parameter_constraints: dict = {
        **SievingSampler._parameter_constraints,
        "threshold": [Interval(Real, 0, 1, closed="both")],
        "scorer": [StrOptions({*SCORERS, BY_GENERATOR}), callable],
    }

    def __init__(self, sampler=None, *, threshold=0.8, scorer="discriminator", random_state=None):
        self.sampler = sampler
        self.threshold = threshold
        self.scorer = scorer
        self.random_state = random_state

    def _sieve(self) -> Sieve:
        return QualitySieve(self.threshold, self.scorer)

    def _record(self, data: SamplingData, plan: ResamplePlan, seconds: float) -> None:
        super()._record(data, plan, seconds)
        self.quality_scores_ = plan.new.known_scores()


class DiversityFilter(SievingSampler):
    """Let no near copies pass, neither of real rows nor of one another.

    Parameters
    ----------
    sampler : sampler, default=None
        What makes the rows: any over-sampler, another filter included. None for :class:`GenerativeOverSampler`.
    min_distance : float, default=0.1
        Least distance of a new row from every real row of its class and from every other new one, in units of the
        median distance of a real row to its nearest other one. Distances are those of :class:`TableNeighbors`.
    random_state : int, RandomState instance or None, default=None
        Seed of a sampler that has none of its own.

    Attributes
    ----------
    sampling_strategy_ : dict
        Number of rows made of each class.
    n_features_in_ : int
        Number of columns seen.
    feature_names_in_ : ndarray of str of shape (`n_features_in_`,)
        Their names, where they are all strings.
    synthetic_mask_ : ndarray of bool of shape (n_rows_out,)
        Which rows of the result were made.
    sample_indices_ : ndarray of int of shape (n_rows_out,)
        Position in the input of the row that each row is, or comes from; -1 where there is none.
    report_ : AugmentationReport
        Counts, and how many candidates were turned down, by reason.

    Raises
    ------
    TargetNotReachedError
        When too few candidates pass in bounded rounds; the message has the counts and the shares that passed.

    See Also
    --------
    QualityFilter : Against rows that are not like real ones.

    Notes
    -----
    Where most real rows are repeated, as in small tables of few categories, the unit is 0 and no row is a near copy.

    Examples
    --------
    >>> import numpy as np
    >>> from genesis_sampling import DiversityFilter, NoiseSampler
    >>> X = np.random.default_rng(0).normal(size=(120, 2))
    >>> y = np.repeat([0, 1], [80, 40])
    >>> sampler = DiversityFilter(NoiseSampler(noise_scale=0.2), min_distance=0.3, random_state=0)
    >>> X_new, y_new = sampler.fit_resample(X, y)
    >>> len(X_new)
    160
    """

    _parameter_constraints: dict = {
        **SievingSampler._parameter_constraints,
        "min_distance": [Interval(Real, 0, None, closed="left")],
    }

    def __init__(self, sampler=None, *, min_distance=0.1, random_state=None):
        self.sampler = sampler
        self.min_distance = min_distance
        self.random_state = random_state

    def _sieve(self) -> Sieve:
        return DiversitySieve(self.min_distance)
