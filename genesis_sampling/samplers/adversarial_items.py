"""Over-sampling of images and other arrays by small changes that a classifier takes most amiss.

The attacks are two short formulas, written here. The library adversarial-robustness-toolbox takes gradients of no
pipeline, and among classifiers of scikit-learn of logistic regression and support vector machines alone; it loads torch
for them wherever that is installed, and draws from numpy's global generator.
"""

from __future__ import annotations

from copy import copy
from numbers import Integral, Real
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils._param_validation import HasMethods, Interval, Options, StrOptions

from .. import networks
from .._optional import import_extra
from ..exceptions import DataError
from ..tables.images import CHANNELS, full_scale
from ._attacks import Attack, Gradients, LinearGradients
from ._checks import cannot_take_rows, check_is_instance
from ._seeds import seeded
from .data import ClassData, ClassSource, SamplingData
from .items import ItemSampler

__all__ = ["AdversarialExampleSampler"]

# Of epsilon: enough to come from any place in the ball to any other.
REACH = 2.5
# Of an integer: what is missing to the next one by rounding alone.
ROUNDING = 1e-3


class AdversarialExampleSampler(ItemSampler):
    """Over-sample images, signals and rows of numbers with adversarial examples, which keep their labels.

    Each new item is one of its class, drawn with replacement, changed by so little that its label stays true, in the
    direction in which the loss of a classifier grows most. It is made once, before training; adversarial training [1]_
    [2]_ makes such items anew for each state of a network. What is learned from these protects from attacks on the
    classifier that was deceived, and may open others.

    Parameters
    ----------
    estimator : classifier or torch.nn.Module, default=None
        What is deceived. A scikit-learn classifier is cloned and fitted to the items given to ``fit_resample``, each as
        a row of floats; its ``decision_function`` must be linear in them, as those of `LogisticRegression`,
        `LinearSVC` and of a pipeline of `StandardScaler`, `PCA` and the like that ends in one of them. A module is used
        as it is (extra `torch`): it gives logits, a column for each class in their order, from items of shape
        (n, ...) or, where `X` has the shape (n, height, width, 1 or 3), from (n, channels, height, width). None for
        logistic regression of standardised values.
    sampling_strategy : float, str, dict or callable, default="auto"
        As in imbalanced-learn. A float also works for more than two classes: each smaller class is brought to that
        ratio of the largest.
    method : {"pgd", "fgsm"}, default="pgd"
        Projected gradient descent [2]_: some steps from a random place within `epsilon`. Or the fast gradient sign
        method [1]_: one step of `epsilon`.
    epsilon : float, default=8/255
        How much an item may change, in units of the range: the largest change of a value for ``norm=np.inf``, the
        square root of the sum of squared changes for ``norm=2``.
    norm : {np.inf, 2}, default=np.inf
        How changes are measured.
    steps : int, default=10
        For `pgd`.
    step_size : float, default=None
        For `pgd`: length of a step in the same units; None for 2.5 `epsilon` / `steps`.
    targeted : bool, default=False
        Whether to go towards another class, drawn for each item, instead of away from its own.
    device : {"auto", "cpu", "cuda", "mps"} or torch.device, default="cpu"
        Where a module runs.
    growth : float, default=0.0
        By how much every class, the largest too, grows after that, as a share of its items.
    n_jobs : int or None, default=None
        Processes. The result is the same for any number of them.
    random_state : int, RandomState instance or None, default=None
        Seed, also of an estimator that has none. Each class and each batch of items has a stream of its own.

    Attributes
    ----------
    sampling_strategy_ : dict
        Number of items made of each class.
    n_features_in_ : int
        Number of columns, for a matrix.
    synthetic_mask_ : ndarray of bool of shape (n_items_out,)
        Which items of the result were made.
    sample_indices_ : ndarray of int of shape (n_items_out,)
        Position in the input of the item that each is, or was made from.
    report_ : AugmentationReport
        Counts and seconds.

    Raises
    ------
    DataError
        When ``estimator`` cannot be fitted to the items, is not linear or gives no logits, or when nothing is left of a
        change in whole numbers.

    See Also
    --------
    AdversarialSampler : Rows of tables, moved to the boundary of any classifier, in the range between two real rows.
    ImageSampler : Changes that no classifier chooses.

    Notes
    -----
    ``X`` is an array of shape (n_items, ...). Its range is [0, 1] where all floats are within, that of the type for
    integers of 8 and 16 bits, and from the smallest to the largest value of ``X`` otherwise; values stay there.
    Estimators are given integers of 8 and 16 bits divided by the largest of the type, other values as they are.

    With the cross entropy :math:`L` of the class :math:`c` of an item :math:`x`, `fgsm` makes
    :math:`x + \\epsilon\\,\\mathrm{sign}\\, \\nabla_x L(x, c)`, and `pgd` repeats

    .. math:: x_{i+1} = \\Pi\\left(x_i + \\alpha\\, \\mathrm{sign}\\, \\nabla_x L(x_i, c)\\right)

    from :math:`x_0` uniform in the ball, where :math:`\\Pi` goes back to the nearest place in the ball around
    :math:`x`, then in the range. For ``norm=2`` the gradient divided by its length takes the place of its signs.
    ``targeted`` subtracts, with :math:`c` another class. Changes of integers are cut to whole numbers, which makes none
    larger.

    References
    ----------
    .. [1] I. J. Goodfellow, J. Shlens, C. Szegedy, "Explaining and harnessing adversarial examples", International
       Conference on Learning Representations, 2015.
    .. [2] A. Madry, A. Makelov, L. Schmidt, D. Tsipras, A. Vladu, "Towards deep learning models resistant to
       adversarial attacks", International Conference on Learning Representations, 2018.

    Examples
    --------
    >>> import numpy as np
    >>> from genesis_sampling import AdversarialExampleSampler
    >>> images = np.random.default_rng(0).integers(0, 256, size=(12, 8, 8), dtype=np.uint8)
    >>> y = np.repeat(["cat", "dog"], [9, 3])
    >>> sampler = AdversarialExampleSampler(epsilon=8 / 255, random_state=0)
    >>> X_new, y_new = sampler.fit_resample(images, y)
    >>> X_new.shape, X_new.dtype
    ((18, 8, 8), dtype('uint8'))
    >>> int(np.abs(X_new.astype(int) - images[sampler.sample_indices_]).max())
    8
    """

    _parameter_constraints: dict = {
        **ItemSampler._parameter_constraints,
        "estimator": [
            HasMethods(["fit", "decision_function"]),
            HasMethods(["forward", "named_modules"]),
            None,
        ],
        "method": [StrOptions({"pgd", "fgsm"})],
        "epsilon": [Interval(Real, 0, None, closed="neither")],
        "norm": [Options(Real, {2, np.inf})],
        "steps": [Interval(Integral, 1, None, closed="left")],
        "step_size": [Interval(Real, 0, None, closed="neither"), None],
        "targeted": ["boolean"],
        "device": "no_validation",  # resolve_device says it better, and knows torch's own devices
        "n_jobs": [Integral, None],
    }

    def __init__(
        self,
        estimator=None,
        sampling_strategy="auto",
        *,
        method="pgd",
        epsilon=8 / 255,
        norm=np.inf,
        steps=10,
        step_size=None,
        targeted=False,
        device="cpu",
        growth=0.0,
        n_jobs=None,
        random_state=None,
    ):
        super().__init__(sampling_strategy=sampling_strategy)
        self.estimator = estimator
        self.method = method
        self.epsilon = epsilon
        self.norm = norm
        self.steps = steps
        self.step_size = step_size
        self.targeted = targeted
        self.device = device
        self.growth = growth
        self.n_jobs = n_jobs
        self.random_state = random_state

    def _check_items(self, table):
        check_is_instance(self.estimator, "a classifier")
        items = table.items
        if isinstance(items, list) and len({np.shape(item) for item in items}) == 1 and np.ndim(items[0]):
            table.items = items = np.stack(items)
        if not isinstance(items, np.ndarray) or items.ndim < 2 or items.dtype.kind not in "iuf":
            shape = np.shape(items) if isinstance(items, np.ndarray) else f"a list of {len(items)}"
            raise DataError(
                f"Got items of shape {shape}; expected an array of numbers of shape (n_items, ...). Bring items to one "
                "size first."
            )
        if not np.isfinite(items).all():
            raise DataError("Got NaN or infinity in X; expected numbers alone. Fill the gaps first.")

    def _fit_class(self, part: ClassData) -> ClassSource:
        # A copy, so that what was learned from these items is no state of the sampler.
        sampler = copy(self)
        sampler._code, sampler._n_classes = part.code, len(part.data.target.classes)
        sampler._bounds = part.data.once("value bounds", lambda: _bounds(part.data.table.items))  # type: ignore[attr-defined]
        sampler._gradients = part.data.once(
            ("gradients", id(self.estimator)), lambda: self._learned(part.data)
        )
        return super(AdversarialExampleSampler, sampler)._fit_class(part)

    def _learned(self, data: SamplingData) -> Gradients:
        """Gradients of the loss of the estimator."""
        if hasattr(self.estimator, "forward"):
            import_extra("torch", extra="torch", needed_for="A module as estimator")
            from ..networks.gradients import LossGradients

            return LossGradients(
                self.estimator, len(data.target.classes), networks.resolve_device(self.device)
            )
        items: Any = data.table.items  # type: ignore[attr-defined]
        rows = _values(items).reshape(len(items), -1)
        estimator = _default_classifier() if self.estimator is None else self.estimator
        classifier = seeded(estimator, data.streams.child("estimator"))
        try:
            classifier.fit(rows, data.target.codes)
        except (TypeError, ValueError) as error:
            raise cannot_take_rows(
                f"{type(classifier).__name__} could not be fitted to", str(error)
            ) from error
        return LinearGradients(classifier, rows)

    def _transform(self, batch, rng, peers):
        is_image = batch.ndim == 4 and batch.shape[3] in CHANNELS
        first = (0, 3, 1, 2) if is_image else tuple(range(batch.ndim))
        codes = self._codes(len(batch), rng)
        change = self._attack().changes(
            _values(batch).transpose(first), codes, self._gradients, -1 if self.targeted else 1, rng
        )
        change = change.transpose(np.argsort(first)) * _scale(batch)
        if batch.dtype.kind == "f":
            return batch + change
        whole = np.trunc(change + np.copysign(ROUNDING, change))
        if change.any() and not whole.any():
            raise DataError(
                f"Got epsilon={self.epsilon!r} for {batch.dtype}, where no whole number is left of any change; "
                "expected more. Make it larger, or give floats in [0, 1]."
            )
        return batch + whole

    def _codes(self, n_items: int, rng: np.random.Generator) -> np.ndarray:
        """The classes whose loss is changed: the own one, or another one for each."""
        if not self.targeted:
            return np.full(n_items, self._code)
        return (self._code + rng.integers(1, self._n_classes, size=n_items)) % self._n_classes

    def _attack(self) -> Attack:
        low, high = self._bounds
        is_single = self.method == "fgsm"
        epsilon, steps = self.epsilon * (high - low), 1 if is_single else self.steps
        step_size = REACH * epsilon / steps if self.step_size is None else self.step_size * (high - low)
        return Attack(
            epsilon, epsilon if is_single else step_size, steps, self.norm, not is_single, self._bounds
        )

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = False
        return tags


def _default_classifier() -> Pipeline:
    return make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))


def _is_small_integer(items: np.ndarray) -> bool:
    """Whether items are of a type whose range is that of pixels or samples."""
    return items.dtype.kind in "iu" and items.dtype.itemsize <= 2


def _scale(items: np.ndarray) -> float:
    """What values are divided by before an estimator sees them."""
    return full_scale(items.dtype) if _is_small_integer(items) else 1.0


def _values(items: np.ndarray) -> np.ndarray:
    """Items as an estimator sees them."""
    return items.astype(np.float64) / _scale(items)


def _bounds(items: np.ndarray) -> tuple[float, float]:
    """The smallest and the largest value that there may be, as an estimator sees them."""
    if _is_small_integer(items):
        return np.iinfo(items.dtype).min / _scale(items), 1.0
    low, high = float(items.min()), float(items.max())
    is_unit = items.dtype.kind == "f" and low >= 0 and high <= 1
    return (0.0, 1.0) if is_unit else (low, high)
