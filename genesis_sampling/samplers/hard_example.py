"""Samplers whose new rows lie where a classifier is unsure: near the boundary between the classes, not across it."""

from __future__ import annotations

from dataclasses import replace
from numbers import Integral, Real
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.utils._param_validation import HasMethods, Interval

from .._random import RandomStreams
from ..exceptions import DataError
from ._checks import check_is_instance
from ._hard_models import fit_boundary, has_too_few_rows
from ._hard_path import Paths
from ._hard_sieve import HardSieve
from ._inner import InnerSampler
from ._sieves import chain
from .base import TargetOverSampler
from .blending import BlendingOverSampler
from .data import ClassData, ClassSource, NewRows, ResamplePlan, SamplingData
from .interpolation import InterpolationSampler

__all__ = ["AdversarialSampler", "HardExampleSampler"]

# With more, the fits are very many, and models without two folds have seen nearly all rows anyway.
MAX_FOLDS = 10
# What leaves it to the sampler around how many rows are made.
OPEN_TARGETS = {"growth": 0.0, "sampling_strategy": "auto"}


class HardExampleSampler(TargetOverSampler):
    """Keep those rows of another sampler of which a classifier is least sure, as long as they do not cross over.

    Rows far inside a class teach a classifier little that it does not know, rows on the wrong side of the boundary
    teach it what is wrong. This sampler makes more candidates than it needs, lets cross-fitted classifiers judge them,
    and keeps those that lie on the side of their own class, near the boundary.

    Parameters
    ----------
    sampler : sampler, default=None
        What makes the candidates: any over-sampler, a filter included. None for :class:`InterpolationSampler`.
        How many rows are made is decided here, so its own ``sampling_strategy`` is ``"auto"`` and its ``growth`` 0.
    estimator : classifier, default=None
        With ``predict_proba``; what tells the boundary. None for boosted trees and logistic regression, the mean of
        both, on the table as it comes.
    hardness : float in [0, 1), default=0.25
        Share of the candidates on their own side that is turned down because it lies farther from the boundary.
        0 turns down only what has crossed over; with 0.8 one in five of the others is kept, the hardest.
    n_folds : int from 3 to 10, default=4
        Folds of the real rows. There is a model without each two of them, so :math:`n (n - 1) / 2` fits of the
        estimator: 6 with 4 folds, 45 with 10.
    sampling_strategy : float, str, dict or callable, default="auto"
        As in imbalanced-learn. A float also works for more than two classes: each smaller class is brought to that
        ratio of the largest.
    categorical_features : "auto", array-like of names or positions, or boolean mask, default="auto"
        Columns that hold categories, for ``sampler`` too where it leaves that open. ``"auto"``: text, object, boolean
        and unordered ``category`` columns.
    growth : float, default=0.0
        By how much every class, the largest too, grows after that, as a share of its rows.
    random_state : int, RandomState instance or None, default=None
        Seed, also of a sampler and an estimator that have none of their own.

    Attributes
    ----------
    margins_ : ndarray of shape (n_synthetic_rows,)
        How far on their own side the new rows lie, in the order in which they were made: 0 on the boundary, 1 where
        the classifiers are sure; NaN where nothing judged them.
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
        Counts, how many candidates were across the boundary or too easy, and the shares of real rows and of candidates
        on their own side.

    Raises
    ------
    TargetNotReachedError
        When too few candidates pass in bounded rounds, another filter's among the reasons.
    DataError
        When ``sampler`` has targets of its own, or ``estimator`` cannot be fitted to the rows.

    See Also
    --------
    AdversarialSampler : Moves real rows to the boundary instead of choosing among candidates.
    QualityFilter : Turns down what does not look like its class, and keeps the easy rows.
    InterpolationSampler : Borderline-SMOTE and ADASYN start from rows near the boundary, found by neighbours.

    Notes
    -----
    With the probability :math:`p_k(x)` that the classifiers give to class :math:`k` and its share :math:`\\pi_k` of
    the rows, classes of equal weight have the probabilities

    .. math:: q_k(x) = \\frac{p_k(x) / \\pi_k}{\\sum_l p_l(x) / \\pi_l}

    and the margin of a candidate of class :math:`c` is :math:`q_c(x) - \\max_{k \\neq c} q_k(x)`. It is the least
    margin at which a row is most worth learning from in active learning [1]_ [2]_; keeping the hardest share of what
    was made is online hard example mining [3]_. Without dividing by the shares a rare class would have no side of its
    own in most tables. Its rows with a large negative margin are more often mistakes than lessons [4]_.

    A candidate is judged by the models that have seen none of its known parents, at the mean of their probabilities;
    one without a known parent by all models. How near is near enough is learned from candidates that are thrown away.
    So each row is judged by itself, and fewer rows are the first of more, where those of ``sampler`` are. Where fewer
    than 2 % of the candidates would pass, easier ones, then the nearest across the boundary are taken, with a warning.

    References
    ----------
    .. [1] D. D. Lewis, W. A. Gale, "A sequential algorithm for training text classifiers", ACM SIGIR Conference on
       Research and Development in Information Retrieval, 1994.
    .. [2] T. Scheffer, C. Decomain, S. Wrobel, "Active hidden Markov models for information extraction", International
       Symposium on Intelligent Data Analysis, 2001.
    .. [3] A. Shrivastava, A. Gupta, R. Girshick, "Training region-based object detectors with online hard example
       mining", IEEE Conference on Computer Vision and Pattern Recognition, 2016.
    .. [4] S. Swayamdipta, R. Schwartz, N. Lourie, Y. Wang, H. Hajishirzi, N. A. Smith, Y. Choi, "Dataset cartography:
       mapping and diagnosing datasets with training dynamics", Conference on Empirical Methods in Natural Language
       Processing, 2020.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LogisticRegression
    >>> from genesis_sampling import HardExampleSampler, NoiseSampler
    >>> rng = np.random.default_rng(0)
    >>> X = np.r_[rng.normal(size=(300, 2)), rng.normal(2, 1, size=(60, 2))]
    >>> y = np.repeat([0, 1], [300, 60])
    >>> sampler = HardExampleSampler(NoiseSampler(), LogisticRegression(), hardness=0.8, random_state=0)
    >>> X_new, y_new = sampler.fit_resample(X, y)
    >>> len(X_new), bool((sampler.margins_ >= 0).all())
    (600, True)
    """

    _parameter_constraints: dict = {
        **TargetOverSampler._parameter_constraints,
        "sampler": [HasMethods(["fit_resample"]), None],
        "estimator": [HasMethods(["fit", "predict_proba"]), None],
        "hardness": [Interval(Real, 0, 1, closed="left")],
        "n_folds": [Interval(Integral, 3, MAX_FOLDS, closed="both")],
    }

    def __init__(
        self,
        sampler=None,
        estimator=None,
        *,
        hardness=0.25,
        n_folds=4,
        sampling_strategy="auto",
        categorical_features="auto",
        growth=0.0,
        random_state=None,
    ):
        super().__init__(sampling_strategy=sampling_strategy)
        self.sampler = sampler
        self.estimator = estimator
        self.hardness = hardness
        self.n_folds = n_folds
        self.categorical_features = categorical_features
        self.growth = growth
        self.random_state = random_state

    def _make_class(self, part: ClassData, n_rows: int) -> NewRows:
        check_is_instance(self.estimator, "a classifier")
        sieve = HardSieve(self.hardness, self.estimator, self.n_folds)
        rows = InnerSampler(self._maker()).make(part, n_rows, chain(sieve, part.data.sieve))
        return replace(rows, choices=rows.choices | sieve.choices)

    def _maker(self) -> Any:
        """A copy of the inner sampler that knows the categories."""
        check_is_instance(self.sampler, "a sampler")
        sampler = clone(InterpolationSampler() if self.sampler is None else self.sampler)
        inside = sampler
        while hasattr(inside, "get_params") and not isinstance(inside, type):
            params = inside.get_params(deep=False)
            _check_targets_are_open(inside, params)
            categories = params.get("categorical_features")
            if isinstance(categories, str) and categories == "auto":
                inside.set_params(categorical_features=self.categorical_features)
            inside = params.get("sampler")
        return sampler

    def _record(self, data: SamplingData, plan: ResamplePlan, seconds: float) -> None:
        super()._record(data, plan, seconds)
        self.margins_ = plan.new.known_scores()


def _check_targets_are_open(inside: Any, params: dict[str, Any]) -> None:
    """Refuse a sampler that says how many rows there shall be, and tell where to say it."""
    given = {
        name: value
        for name, value in params.items()
        if (name == "sampling_strategy" and not (isinstance(value, str) and value == "auto"))
        or (name == "growth" and value)
    }
    if not given:
        return
    name = type(inside).__name__
    # None leaves the shares of the classes as they are, which here is a target for none of them.
    outside = {key: {} if value is None else value for key, value in given.items()}
    # Both, since the default of the one that is not given may be no open one either.
    expected = {key: value for key, value in OPEN_TARGETS.items() if key in params}
    raise DataError(
        f"Got {_arguments(given)} of the sampler inside HardExampleSampler, which would not be used; expected "
        f"{name}({_arguments(expected)}) inside, and the number of rows outside: "
        f"HardExampleSampler(..., {_arguments(outside)})."
    )


def _arguments(values: dict[str, Any]) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in values.items())


class AdversarialSampler(BlendingOverSampler):
    """Over-sample with real rows whose numbers were moved towards another class, up to the boundary of a classifier.

    A row that is changed as little as it takes to deceive a classifier, and trained on with its own label, teaches the
    classifier not to be deceived. Rows are moved towards near rows of other classes, so they stay inside the observed
    ranges, and any classifier with probabilities will do, as no gradient is asked for.

    Parameters
    ----------
    estimator : classifier, default=None
        With ``predict_proba``; what tells the boundary. None for boosted trees and logistic regression, the mean of
        both, on the table as it comes.
    reach : float in [0, 1], default=0.5
        Least share of the way to the boundary that a row is moved; the share is uniform between that and 1, which is
        the last place on the own side.
    k_neighbors : int, default=5
        Rows of other classes towards one of which a row is moved: the nearest that lie across the boundary.
    n_folds : int from 3 to 10, default=4
        Folds of the real rows. There is a model without each two of them, so :math:`n (n - 1) / 2` fits of the
        estimator: 6 with 4 folds, 45 with 10.
    sampling_strategy : float, str, dict or callable, default="auto"
        As in imbalanced-learn. A float also works for more than two classes: each smaller class is brought to that
        ratio of the largest.
    categorical_features : "auto", array-like of names or positions, or boolean mask, default="auto"
        Columns that hold categories. ``"auto"``: text, object, boolean and unordered ``category`` columns.
    growth : float, default=0.0
        By how much every class, the largest too, grows after that, as a share of its rows.
    random_state : int, RandomState instance or None, default=None
        Seed, also of an estimator that has none. Each class has a stream of its own; a smaller number of rows is the
        beginning of a larger one.

    Attributes
    ----------
    parent_indices_ : ndarray of int of shape (n_rows_out, 2)
        Positions of the row that was moved and of the one that it was moved towards; of the row itself, twice, for
        original rows.
    sampling_strategy_ : dict
        Number of rows made of each class.
    n_features_in_ : int
        Number of columns seen.
    feature_names_in_ : ndarray of str of shape (`n_features_in_`,)
        Their names, where they are all strings.
    synthetic_mask_ : ndarray of bool of shape (n_rows_out,)
        Which rows of the result were made.
    sample_indices_ : ndarray of int of shape (n_rows_out,)
        Position in the input of the row that each row is, or was before it was moved.
    report_ : AugmentationReport
        Counts, seconds, and for each class the shares of its rows that lie on their own side of the boundary and that
        have a way across it, and the share of the rows of other classes that lie across.

    Raises
    ------
    DataError
        When ``estimator`` cannot be fitted to the rows.

    See Also
    --------
    AdversarialExampleSampler : Images and arrays, by gradients.
    HardExampleSampler : Chooses rows near the boundary among those of any sampler.
    InterpolationSampler : ``kind="borderline-2"`` goes half the way to a row of another class, wherever that leads.

    Notes
    -----
    From a row :math:`a` of the class to a row :math:`b` of another the path is :math:`a + t (b - a)` in every number,
    ordered categories and dates among them; categories, and numbers that one of both lacks, stay as in :math:`a`.
    :math:`b` is one of the nearest rows that lie across the boundary, where the margin of :class:`HardExampleSampler`
    is negative for models that have not seen it. The last :math:`t` before the margin on the path is first negative is
    found on a grid and by bisection, the step by which attacks that know only decisions begin [1]_ [2]_, with models
    that have seen neither :math:`a` nor :math:`b`. A path that begins across or ends on the own side is not used, nor
    is a row without another path, and no new row equals a row of another class. Where a class has no path at all, it
    gets copies, with a warning. To train on moved rows with their own labels is adversarial training [3]_.

    References
    ----------
    .. [1] W. Brendel, J. Rauber, M. Bethge, "Decision-based adversarial attacks: reliable attacks against black-box
       machine learning models", International Conference on Learning Representations, 2018.
    .. [2] J. Chen, M. I. Jordan, M. J. Wainwright, "HopSkipJumpAttack: a query-efficient decision-based attack", IEEE
       Symposium on Security and Privacy, 2020.
    .. [3] I. J. Goodfellow, J. Shlens, C. Szegedy, "Explaining and harnessing adversarial examples", International
       Conference on Learning Representations, 2015.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LogisticRegression
    >>> from genesis_sampling import AdversarialSampler
    >>> rng = np.random.default_rng(0)
    >>> X = np.r_[rng.normal(size=(300, 2)), rng.normal(2, 1, size=(60, 2))]
    >>> y = np.repeat([0, 1], [300, 60])
    >>> sampler = AdversarialSampler(LogisticRegression(), random_state=0)
    >>> X_new, y_new = sampler.fit_resample(X, y)
    >>> bool(X_new[360:].sum() < X[sampler.sample_indices_[360:]].sum())
    True
    """

    _parameter_constraints: dict = {
        **BlendingOverSampler._parameter_constraints,
        "estimator": [HasMethods(["fit", "predict_proba"]), None],
        "reach": [Interval(Real, 0, 1, closed="both")],
        "k_neighbors": [Interval(Integral, 1, None, closed="left")],
        "n_folds": [Interval(Integral, 3, MAX_FOLDS, closed="both")],
    }

    def __init__(
        self,
        estimator=None,
        *,
        reach=0.5,
        k_neighbors=5,
        n_folds=4,
        sampling_strategy="auto",
        categorical_features="auto",
        growth=0.0,
        random_state=None,
    ):
        super().__init__(sampling_strategy=sampling_strategy)
        self.estimator = estimator
        self.reach = reach
        self.k_neighbors = k_neighbors
        self.n_folds = n_folds
        self.categorical_features = categorical_features
        self.growth = growth
        self.random_state = random_state

    def _fit_class(self, part: ClassData) -> ClassSource:
        check_is_instance(self.estimator, "a classifier")
        data = part.data
        if data.encoder.discrete_.all():
            part.warn("has no column of numbers that could be moved, so its new rows are copies")
            return _copies(part)
        if has_too_few_rows(part, "its new rows are copies"):
            return _copies(part)
        boundary = fit_boundary(self.estimator, self.n_folds, data)
        paths = Paths.of_class(part, boundary, self.k_neighbors)
        if not len(paths.starts):
            part.warn(
                "has no row on its own side of the boundary with a way across it, so its new rows are copies"
            )
            return _copies(part, paths.choices)

        def draw(n_rows: int, streams: RandomStreams) -> NewRows:
            # One row of random numbers for each new row, so that fewer rows are the first of more.
            which, end, share = streams.rng().random((n_rows, 3)).T
            start = (which * len(paths.starts)).astype(np.intp)
            end = paths.open_ends(start, (end * paths.n_ends[start]).astype(np.intp))
            rows = paths.rows_at(start, end, self.reach + (1 - self.reach) * share)
            return NewRows(
                data.encoder.inverse_transform(rows), paths.starts[start], partners=paths.ends[start, end]
            )

        return ClassSource(draw, paths.choices)


def _copies(part: ClassData, choices: dict[str, Any] | None = None) -> ClassSource:
    """Rows of a class as they are."""

    def draw(n_rows: int, streams: RandomStreams) -> NewRows:
        source = streams.rng().choice(part.positions, n_rows)
        return NewRows(part.data.table.rows(source), source, partners=source)

    return ClassSource(draw, choices or {})
