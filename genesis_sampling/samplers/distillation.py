"""Over-sampling by rows that a teacher labels: knowledge distillation with hard labels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.model_selection import StratifiedKFold
from sklearn.utils._param_validation import HasMethods, Interval

from .._random import RandomStreams
from ..reports.advice import RELABELLED
from ..tables._classifiers import EncodedLogistic, EncodedTrees
from ..tables.discriminator import columns_for_trees
from ._checks import check_is_instance
from ._inner import InnerSampler
from .base import ClasswiseOverSampler
from .data import ClassData, ClassSource, NewRows, SamplingData

__all__ = ["DistillationSampler"]

# Multiples of it leave no large gap and no heap in the unit interval, however many there are.
GOLDEN_RATIO = (5**0.5 - 1) / 2


class DistillationSampler(ClasswiseOverSampler):
    """Over-sample with rows whose labels a teacher gives, as probable as it finds them.

    A label of the data is one draw from what the class of such a row may be. A teacher that has not seen the row knows
    the probabilities; rows labelled after them tell a student more, and keep it from learning single labels by heart.
    It helps where classes overlap, and harms where they do not and the student knows better than the teacher:
    :class:`AutoSampler` tells.

    Parameters
    ----------
    sampling_strategy : float, str, dict, callable or None, default=None
        As in imbalanced-learn. A float also works for more than two classes: each smaller class is brought to that
        ratio of the largest. None leaves the class shares as they are.
    teacher : classifier, default=None
        Gives probabilities. None for the mean of boosted trees and logistic regression, which take a table as it comes.
    sampler : sampler, default=None
        What makes the points that are labelled, as many of each class as the class shall grow by. None for the rows of
        the table themselves.
    imitation : float in (0, 1], default=1.0
        Weight of the teacher in the label of a point; the rest is the label that the point came with.
    cv : int, default=3
        Folds of the cross-fitting: a row, and a point that comes from it, is labelled by a teacher that was fitted
        without it.
    categorical_features : "auto", array-like of names or positions, or boolean mask, default="auto"
        Columns that hold categories. ``"auto"``: text, object, boolean and unordered ``category`` columns.
    growth : float, default=4.0
        By how much every class, the largest too, grows after that, as a share of its rows.
    random_state : int, RandomState instance or None, default=None
        Seed. Each class has a stream of its own.

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
        Position in the input of the row that each row is, or comes from, whatever its class; -1 where there is none.
    report_ : AugmentationReport
        Counts and seconds.

    See Also
    --------
    MixupSampler : Labels between those of two rows.
    AutoSampler : Tells whether it helps.

    Notes
    -----
    For a new row of class :math:`c` a point :math:`x` is taken with a probability that is proportional to

    .. math:: \\lambda \\, \\hat p(c \\mid x) + (1 - \\lambda) \\, [c = c(x)]

    with the ``imitation`` :math:`\\lambda` [1]_ and the class :math:`c(x)` that the point came with. Points are taken
    by multiples of the golden ratio instead of chance, nearly as often each as is expected of it, so the rows stand for
    soft labels with little more variance than those have. Distillation lowers the variance of the student's loss as far
    as the teacher is near the true probabilities [2]_ [3]_, which cross-fitting keeps it from feigning; made points let
    a student see the teacher beyond the rows [4]_.

    References
    ----------
    .. [1] D. Lopez-Paz, L. Bottou, B. Schölkopf, V. Vapnik, "Unifying distillation and privileged information",
       International Conference on Learning Representations, 2016.
    .. [2] G. Hinton, O. Vinyals, J. Dean, "Distilling the knowledge in a neural network", arXiv:1503.02531, 2015.
    .. [3] A. K. Menon, A. S. Rawat, S. Reddi, S. Kim, S. Kumar, "A statistical perspective on distillation",
       International Conference on Machine Learning, 2021.
    .. [4] R. Fakoor, J. Mueller, N. Erickson, P. Chaudhari, A. J. Smola, "Fast, accurate, and simple models for tabular
       data via augmented distillation", Advances in Neural Information Processing Systems 33, 2020.

    Examples
    --------
    >>> from collections import Counter
    >>> from sklearn.datasets import make_classification
    >>> from sklearn.linear_model import LogisticRegression
    >>> from genesis_sampling import DistillationSampler
    >>> X, y = make_classification(200, weights=[0.8], flip_y=0, random_state=0)
    >>> X_new, y_new = DistillationSampler(teacher=LogisticRegression(), random_state=0).fit_resample(X, y)
    >>> sorted(Counter(y.tolist()).items()), sorted(Counter(y_new.tolist()).items())
    ([(0, 161), (1, 39)], [(0, 805), (1, 195)])
    """

    _parameter_constraints: dict = {
        **ClasswiseOverSampler._parameter_constraints,
        "sampling_strategy": [*ClasswiseOverSampler._parameter_constraints["sampling_strategy"], None],
        "teacher": [HasMethods(["fit", "predict_proba"]), None],
        "sampler": [HasMethods(["fit_resample"]), None],
        "imitation": [Interval(Real, 0, 1, closed="right")],
        "cv": [Interval(Integral, 2, None, closed="left")],
    }

    def __init__(
        self,
        sampling_strategy=None,
        *,
        teacher=None,
        sampler=None,
        imitation=1.0,
        cv=3,
        categorical_features="auto",
        growth=4.0,
        random_state=None,
    ):
        super().__init__(sampling_strategy=sampling_strategy)
        self.teacher = teacher
        self.sampler = sampler
        self.imitation = imitation
        self.cv = cv
        self.categorical_features = categorical_features
        self.growth = growth
        self.random_state = random_state

    def _fit_class(self, part: ClassData) -> ClassSource:
        points, shares = part.data.once("labelled points", lambda: self._labelled(part.data))
        wanted = shares[:, part.code]
        if len(part.positions) == 1:
            part.warn_of_few_rows("no teacher can know the class without it, so its new rows are copies")
        if len(part.positions) == 1 or not wanted.any():
            wanted = (points.classes == part.code).astype(np.float64)
        # Of points that are as probable, those of one row lie side by side.
        order = np.argsort(wanted, kind="stable")
        ends = np.cumsum(wanted[order])

        def draw(n_rows: int, streams: RandomStreams) -> NewRows:
            places = (streams.rng().random() + np.arange(n_rows) * GOLDEN_RATIO) % 1 * ends[-1]
            taken = np.searchsorted(ends, places, side="right")
            return points.rows.take(order[np.minimum(taken, len(order) - 1)])

        return ClassSource(draw, {"rows": RELABELLED} if self.sampler is None else {})

    def _labelled(self, data: SamplingData) -> tuple[_Points, np.ndarray]:
        """Points, and how far each is of each class; shape (n_points, n_classes)."""
        # Bad cells are told before anything is learned from them.
        _ = data.codes
        points = self._points(data)
        own = np.eye(len(data.counts))[points.classes]
        return points, self.imitation * self._taught(data, points) + (1 - self.imitation) * own

    def _points(self, data: SamplingData) -> _Points:
        if self.sampler is None:
            frame = data.table.frame
            return _Points(NewRows(frame, np.arange(len(frame))), data.target.codes)
        inner, made, classes = InnerSampler(self.sampler), [], []
        for code, n_rows in enumerate(self._strategy(data).values()):
            if n_rows:
                made.append(inner.make(data.of_class(code), n_rows, None))
                classes.append(np.full(n_rows, code))
        return _Points(NewRows.concat(made), np.concatenate(classes))

    def _taught(self, data: SamplingData, points: _Points) -> np.ndarray:
        """What teachers say of points, those without the point's row where it has one."""
        codes, streams = data.target.codes, data.streams.child("teacher")
        splits = _splits(codes, self.cv, streams.child("folds").integer_seed())
        fold_of = np.full(len(codes), -1)
        for fold, (_, judged) in enumerate(splits):
            fold_of[judged] = fold
        fold_of_point = np.where(points.rows.sources >= 0, fold_of[points.rows.sources], -1)
        teach = self._own_teacher(data, points, streams.integer_seed())
        found = np.zeros((len(points.classes), len(data.counts)))
        for fold, (fitted, _) in enumerate(splits):
            asked = np.flatnonzero((fold_of_point == fold) | (fold_of_point < 0))
            if len(asked):
                labels, said = teach(fitted, asked)
                share = np.where(fold_of_point[asked] < 0, 1 / len(splits), 1.0)
                found[np.ix_(asked, labels)] += said * share[:, None]
        return found

    def _own_teacher(self, data: SamplingData, points: _Points, seed: int) -> Callable:
        """``teach(fitted, asked)``: positions of classes, and what a teacher of some rows says of some points."""
        y, table = data.target.codes, data.table
        if self.teacher is None:
            asked_codes = data.codes if self.sampler is None else data.encoder.transform(points.rows.frame)

            def teach_default(fitted: np.ndarray, asked: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
                model = _DefaultTeacher(data.encoder.discrete_, seed).fit(data.codes[fitted], y[fitted])
                return model.classes_, model.predict_proba(asked_codes[asked])

            return teach_default

        check_is_instance(self.teacher, "a classifier", "as teacher")

        def teach(fitted: np.ndarray, asked: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            none = points.rows.frame.iloc[:0]
            model = clone(self.teacher).fit(table.stack(fitted, none), y[fitted])
            return model.classes_, model.predict_proba(table.stack(fitted[:0], points.rows.frame.iloc[asked]))

        return teach


@dataclass(frozen=True)
class _Points:
    """What is labelled, and the classes that it came with."""

    rows: NewRows
    classes: np.ndarray


class _DefaultTeacher:
    """Mean of boosted trees, small ones since folds are, and of logistic regression, on encoded rows.

    They err in different ways, so their mean errs less than each of them.
    """

    def __init__(self, discrete: np.ndarray, seed: int):
        self.discrete, self.seed = discrete, seed

    def fit(self, codes: np.ndarray, y: np.ndarray) -> _DefaultTeacher:
        """Learn the classes of rows of shape (n_rows, n_columns), NaN where a value is missing."""
        models: list[Any] = [EncodedLogistic(self.discrete, max_iter=500)]
        if columns_for_trees(codes, self.discrete).any():
            models.append(EncodedTrees(self.discrete, max_iter=50, max_leaf_nodes=8, random_state=self.seed))
        self._models = [model.fit(codes, y) for model in models]
        self.classes_ = self._models[0].classes_
        return self

    def predict_proba(self, codes: np.ndarray) -> np.ndarray:
        """Probabilities of the classes, shape (n_rows, n_classes)."""
        return sum(model.predict_proba(codes) for model in self._models) / len(self._models)


def _splits(codes: np.ndarray, cv: int, seed: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Fitted and judged rows of each fold; the row of a class that has one alone is fitted in all of them."""
    counts = np.bincount(codes)
    many, single = np.flatnonzero(counts[codes] > 1), np.flatnonzero(counts[codes] == 1)
    if not len(many):
        return []
    splitter = StratifiedKFold(min(cv, int(counts[counts > 1].min())), shuffle=True, random_state=seed)
    return [
        (np.sort(np.concatenate([many[fitted], single])), many[judged])
        for fitted, judged in splitter.split(many, codes[many])
    ]
