"""Over-sampling by rows between any two rows: mixup with hard labels."""

from __future__ import annotations

from numbers import Real

import numpy as np
from sklearn.utils._param_validation import Interval, StrOptions

from .._random import RandomStreams
from .blending import BlendingOverSampler
from .data import ClassData, ClassSource, NewRows

__all__ = ["MixupSampler"]


class MixupSampler(BlendingOverSampler):
    """Over-sample with rows between a row of the class and any other row.

    Mixup blends two rows and their labels with a weight drawn from a Beta distribution. A pipeline needs hard
    labels, so a new row of class :math:`c` is a blend that got the label :math:`c`.

    Parameters
    ----------
    sampling_strategy : float, str, dict or callable, default="auto"
        As in imbalanced-learn. A float also works for more than two classes: each smaller class is brought to that
        ratio of the largest.
    alpha : float, default=0.2
        Shape of the Beta distribution; the larger, the nearer to the middle.
    partners : {"any", "same"}, default="any"
        Whether the second parent is any row of the table, or one of the same class.
    labels : {"sample", "nearest"}, default="sample"
        How a blend of two classes is labelled: drawn with the weights as probabilities, which is unbiased for the soft
        label, or after the parent with the larger weight.
    categorical_features : "auto", array-like of names or positions, or boolean mask, default="auto"
        Columns that hold categories. ``"auto"``: text, object, boolean and unordered ``category`` columns.
    growth : float, default=0.0
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
        Position in the input of the row that each row is, or of its parent of the same class.
    parent_indices_ : ndarray of int of shape (n_rows_out, 2)
        Positions of both parents; of the row itself, twice, for original rows.
    report_ : AugmentationReport
        Counts and seconds.

    See Also
    --------
    mixup : Soft labels, or weights, for learners that take them.
    InterpolationSampler : Between near rows of one class.

    Notes
    -----
    A blend is :math:`\\lambda x_i + (1 - \\lambda) x_j` with :math:`\\lambda \\sim \\text{Beta}(\\alpha, \\alpha)`
    [1]_. Of the blends of two rows drawn from the table, those with the sampled label :math:`c` have a first parent
    drawn from the class :math:`c` and a second one from all rows; if that is of another class,
    :math:`\\lambda \\sim \\text{Beta}(\\alpha + 1, \\alpha)`, since a blend keeps the label of its first parent with
    probability :math:`\\lambda`. With ``labels="nearest"`` it is :math:`\\max(\\lambda, 1 - \\lambda)` there.
    Categories, and numbers that one parent lacks, are those of the first parent with probability :math:`\\lambda`.

    References
    ----------
    .. [1] H. Zhang, M. Cisse, Y. N. Dauphin, D. Lopez-Paz, "mixup: beyond empirical risk minimization", International
       Conference on Learning Representations, 2018.

    Examples
    --------
    >>> from collections import Counter
    >>> import numpy as np
    >>> from genesis_sampling import MixupSampler
    >>> X = np.random.default_rng(0).normal(size=(100, 3))
    >>> y = np.repeat([0, 1], [80, 20])
    >>> X_new, y_new = MixupSampler(random_state=0).fit_resample(X, y)
    >>> sorted(Counter(y_new.tolist()).items())
    [(0, 80), (1, 80)]
    """

    _parameter_constraints: dict = {
        **BlendingOverSampler._parameter_constraints,
        "alpha": [Interval(Real, 0, None, closed="neither")],
        "partners": [StrOptions({"any", "same"})],
        "labels": [StrOptions({"sample", "nearest"})],
    }

    def __init__(
        self,
        sampling_strategy="auto",
        *,
        alpha=0.2,
        partners="any",
        labels="sample",
        categorical_features="auto",
        growth=0.0,
        random_state=None,
    ):
        super().__init__(sampling_strategy=sampling_strategy)
        self.alpha = alpha
        self.partners = partners
        self.labels = labels
        self.categorical_features = categorical_features
        self.growth = growth
        self.random_state = random_state

    def _fit_class(self, part: ClassData) -> ClassSource:
        encoder, target = part.data.encoder, part.data.target
        blender = self._blender(part.data)
        others = np.arange(len(target.codes)) if self.partners == "any" else part.positions
        if len(others) == 1:
            part.warn_of_few_rows("its new rows are copies of it")

        def draw(n_rows: int, streams: RandomStreams) -> NewRows:
            uniforms = streams.child("parents").rng().random((n_rows, 2))
            first = part.positions[(uniforms[:, 0] * len(part.positions)).astype(np.intp)]
            second = others[(uniforms[:, 1] * len(others)).astype(np.intp)]
            is_foreign = target.codes[second] != part.code
            share = _first_share(self.alpha, self.labels, is_foreign, streams)
            rows = blender.blend(first, second, 1 - share, streams.child("blend").rng())
            return NewRows(encoder.inverse_transform(rows), first, partners=second)

        return ClassSource(draw)


def _first_share(alpha: float, labels: str, is_foreign: np.ndarray, streams: RandomStreams) -> np.ndarray:
    """Weight of the first parent, whose class the blend has; shape (n_rows,)."""
    # Streams of their own, so that fewer rows are the first of more.
    within = streams.child("within").rng().beta(alpha, alpha, size=len(is_foreign))
    if labels == "nearest":
        across = np.maximum(within, 1 - within)
    else:
        across = streams.child("across").rng().beta(alpha + 1, alpha, size=len(is_foreign))
    return np.where(is_foreign, across, within)
