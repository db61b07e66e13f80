"""Over-sampling with rows drawn from a learned distribution."""

from __future__ import annotations

import inspect
import pickle
from collections.abc import Callable
from copy import deepcopy
from numbers import Real
from typing import Any, cast

import numpy as np
import pandas as pd
from joblib import Memory
from sklearn.base import BaseEstimator, clone
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions
from sklearn.utils.validation import check_memory

from .._random import RandomStreams
from ..exceptions import DataError
from ..filters import Constraint, parse_constraints
from ..generators import (
    BaseGenerator,
    CTGANGenerator,
    DCGANGenerator,
    DiffusionGenerator,
    GaussianCopulaGenerator,
    ImageVAEGenerator,
    TreeGenerator,
    TVAEGenerator,
    as_generator,
)
from ..generators._interrupts import stop_if_interrupted
from ..generators._labelled import LabelledGenerator
from ..tables.containers import Table
from ..tables.items import ItemTable, items_frame, settled, wrap_items
from ._fingerprint import fingerprint
from ._inner import with_dtypes
from ._sieves import ConstraintSieve, QualitySieve, chain, fitted_constraints
from .base import ClasswiseOverSampler
from .data import ClassData, ClassSource, DrawBlock, NewRows, Sieve

__all__ = ["GenerativeOverSampler"]

# With fewer rows trees find next to nothing to split on, and columns would be drawn nearly independently.
MIN_TREE_ROWS = 50
# Of a class with fewer rows a generator of all classes learns next to nothing that is its own.
FEW_IN_ALL = 5
GENERATORS: dict[str, Callable[..., BaseGenerator]] = {
    "tree": TreeGenerator,
    "gaussian_copula": GaussianCopulaGenerator,
    "ctgan": CTGANGenerator,
    "tvae": TVAEGenerator,
    "diffusion": DiffusionGenerator,
}
# Those that learn arrays of images.
IMAGE_GENERATORS: dict[str, Callable[..., Any]] = {"image_vae": ImageVAEGenerator, "dcgan": DCGANGenerator}


class GenerativeOverSampler(ClasswiseOverSampler):
    """Over-sample with rows drawn from a generator that has learned the class.

    Parameters
    ----------
    generator : {"auto", "tree", "gaussian_copula", "ctgan", "tvae", "diffusion", "image_vae", "dcgan"} or generator, \
            default="auto"
        What learns and draws the rows: a name (the last five need the extra ``torch``, the last two learn arrays of
        images), an instance (whose parameters can be searched, as in ``generator__min_samples_leaf``), a density of
        scikit-learn such as ``KernelDensity`` or ``GaussianMixture``, or any object with ``fit`` and ``sample``.
        ``"auto"`` is the copula for fewer than 50 rows, which are too few to grow trees on, and trees else; for images
        it is ``"image_vae"``. ``report_`` says which.
    generator_params : dict, default=None
        Parameters for a generator given by name.
    train_on : {"auto", "class", "all"}, default="auto"
        Whether a generator is fitted to each class alone, or once to all rows with their labels and then asked for
        rows of a class. ``"auto"`` fits neural ones once, which need many rows, and all others by class.
    constraints : Constraint, str, callable or list of these, default=()
        What every new row must satisfy; see :class:`ConstraintFilter`.
    quality_threshold : float in [0, 1], default=None
        Least score of a new row, by the discriminator of :class:`QualityFilter`; None for no such filter.
    memory : str, path or joblib.Memory, default=None
        Where fitted generators are kept, by what they were fitted to, their parameters and seed, so that a search
        over ratios fits each one once per fold. Not used where the seed is None.
    sampling_strategy : float, str, dict or callable, default="auto"
        As in imbalanced-learn. A float also works for more than two classes: each smaller class is brought to that
        ratio of the largest.
    categorical_features : "auto", array-like of names or positions, or boolean mask, default="auto"
        Columns that hold categories. ``"auto"``: text, object, boolean and unordered ``category`` columns.
    growth : float, default=0.0
        By how much every class, the largest too, grows after that, as a share of its rows.
    random_state : int, RandomState instance or None, default=None
        Seed. Each class has a stream of its own; a smaller number of rows is the beginning of a larger one.

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
        Position in the input of the original rows; -1 for new rows, which come from no single row.
    report_ : AugmentationReport
        Counts, chosen generators and seconds.

    See Also
    --------
    TreeGenerator : The default generator.
    NoiseSampler : Near copies of real rows.

    Notes
    -----
    Fitted to a class alone, a generator learns :math:`p(x \\mid y)` directly; with ``train_on="all"`` it learns
    :math:`p(x, y)`, and a small class borrows structure from the large ones.

    Examples
    --------
    >>> from collections import Counter
    >>> import numpy as np
    >>> from genesis_sampling import GenerativeOverSampler
    >>> X = np.random.default_rng(0).normal(size=(300, 3))
    >>> y = np.repeat([0, 1], [200, 100])
    >>> X_new, y_new = GenerativeOverSampler("tree", random_state=0).fit_resample(X, y)
    >>> sorted(Counter(y_new.tolist()).items())
    [(0, 200), (1, 200)]
    """

    _parameter_constraints: dict = {
        "generator": [
            StrOptions({"auto", *GENERATORS, *IMAGE_GENERATORS}),
            HasMethods(["fit", "sample"]),
        ],
        "generator_params": [dict, None],
        "train_on": [StrOptions({"auto", "class", "all"})],
        "constraints": [Constraint, str, callable, "array-like", tuple],
        "quality_threshold": [Interval(Real, 0, 1, closed="both"), None],
        "memory": [str, HasMethods(["cache"]), HasMethods(["__fspath__"]), None],
        **ClasswiseOverSampler._parameter_constraints,
    }

    def __init__(
        self,
        generator="auto",
        *,
        generator_params=None,
        train_on="auto",
        constraints=(),
        quality_threshold=None,
        memory=None,
        sampling_strategy="auto",
        categorical_features="auto",
        growth=0.0,
        random_state=None,
    ):
        super().__init__(sampling_strategy=sampling_strategy)
        self.generator = generator
        self.generator_params = generator_params
        self.train_on = train_on
        self.constraints = constraints
        self.quality_threshold = quality_threshold
        self.memory = memory
        self.categorical_features = categorical_features
        self.growth = growth
        self.random_state = random_state

    def _check_table(self, X):
        if not isinstance(X, np.ndarray) or X.ndim < 3:
            return super()._check_table(X)
        if not isinstance(self.constraints, tuple | list) or len(self.constraints):
            raise DataError(
                f"Got constraints for an array of shape {X.shape}; expected none, since they are about columns of "
                "tables. Use QualityFilter with a scorer of your own."
            )
        return wrap_items(X)

    def _learn_class(self, part: ClassData, n_rows: int) -> DrawBlock:
        constraints = fitted_constraints(parse_constraints(self.constraints), part.data.table.frame)
        sieve: Sieve | None = ConstraintSieve(constraints) if constraints else None
        if self.quality_threshold is not None:
            sieve = chain(sieve, QualitySieve(self.quality_threshold, "discriminator"))
        if sieve is not None:
            part = part.with_sieve(chain(sieve, part.data.sieve))
        return super()._learn_class(part, n_rows)

    def _fit_class(self, part: ClassData) -> ClassSource:
        is_items = isinstance(part.data.table, ItemTable)
        chosen = self._choose(
            len(part.data.table) if self.train_on == "all" else len(part.positions), is_items=is_items
        )
        joint = self.train_on == "all" or (
            self.train_on == "auto" and getattr(chosen, "needs_many_rows", False)
        )
        if len(part.positions) < 2 and not joint:
            part.warn_of_few_rows("its new rows are copies of it; NoiseSampler would vary them")
        elif len(part.positions) < FEW_IN_ALL and joint:
            part.warn_of_few_rows(
                "its new rows are mostly what the generator knows of other classes; NoiseSampler would vary its own"
            )
        fitted = (
            self._fit_once(chosen, part)
            if joint
            else self._fit(chosen, _learned(part.data.table, part.positions), None, part, part.streams)
        )
        label = part.label if joint else None

        def draw(n_rows: int, streams: RandomStreams) -> NewRows:
            made = _sample(fitted, n_rows, label, streams)
            nowhere = np.full(n_rows, -1)
            if not is_items:
                return NewRows(_as_table(made, fitted, n_rows, part), nowhere)
            scores = fitted.score(made, label) if isinstance(fitted, DCGANGenerator) else None
            return NewRows(_as_items(made, fitted, n_rows, part), nowhere, scores=scores)

        return ClassSource(
            draw, {"generator": type(chosen).__name__}, nested=isinstance(fitted, LabelledGenerator)
        )

    def _choose(self, n_rows: int, *, is_items: bool) -> Any:
        """An unfitted generator for ``n_rows`` rows or items."""
        if not isinstance(self.generator, str):
            if self.generator_params:
                raise DataError(
                    "Got generator_params beside a generator instance; expected them with a name only. Set them on "
                    "the instance."
                )
            chosen = as_generator(self.generator)
            learns_items = getattr(
                chosen, "learns_arrays", is_items and not isinstance(chosen, BaseGenerator)
            )
        else:
            name = self.generator
            if name == "auto":
                of_rows = "tree" if n_rows >= MIN_TREE_ROWS else "gaussian_copula"
                name = "image_vae" if is_items else of_rows
            learns_items = name in IMAGE_GENERATORS
            chosen = {**GENERATORS, **IMAGE_GENERATORS}[name]().set_params(**(self.generator_params or {}))
        if learns_items != is_items:
            is_for, expected = (
                ("arrays of images", "a table") if is_items else ("a table", "arrays of images")
            )
            raise DataError(
                f"Got {type(chosen).__name__}, which learns {expected}, for {is_for}; expected another generator"
                + (", 'image_vae' or 'dcgan', or FlattenedSampler around this sampler." if is_items else ".")
            )
        return chosen

    def _fit_once(self, generator: Any, part: ClassData) -> Any:
        """The generator fitted to all rows and labels; the classes of one resampling share it."""
        data = part.data

        def fit() -> Any:
            everything = _learned(data.table, np.arange(len(data.table)))
            labels = np.array(data.target.classes)[data.target.codes]
            return self._fit(generator, everything, labels, part, data.streams.child("all"))

        return data.once("generator", fit)

    def _fit(self, generator: Any, rows: Any, labels: Any, part: ClassData, streams: RandomStreams) -> Any:
        """The generator fitted to a frame of rows or an array of items, from the cache where there is one."""
        generator, seeded = _seeded(generator, streams)
        own_categories = getattr(generator, "categorical_features", "auto")
        is_told = isinstance(own_categories, str) and own_categories == "auto"
        schema = part.data.schema if is_told and isinstance(rows, pd.DataFrame) else None
        memory = check_memory(None if self.memory is None else _as_memory(self.memory))
        is_known = isinstance(generator, BaseEstimator) and (seeded or self.random_state is not None)
        if memory.location is None or not is_known:
            return _fit_generator(generator, rows, labels, schema)
        key = fingerprint(rows, labels, schema, generator)
        cached = memory.cache(_pickled_generator, ignore=["generator", "rows", "labels", "schema"])
        return pickle.loads(cached(generator, rows, labels, schema, key))


def _learned(table: Table, positions: np.ndarray) -> Any:
    """What a generator learns from: a frame of rows, or an array of items."""
    return table.batch(positions) if isinstance(table, ItemTable) else table.rows(positions)


def _as_memory(memory: Any) -> Any:
    return memory if hasattr(memory, "cache") else Memory(memory, verbose=0)


def _pickled_generator(generator: Any, rows: Any, labels: Any, schema: Any, key: str) -> bytes:
    """The fitted generator; ``key`` stands for the other arguments in the cache.

    Bytes, because joblib reads an object of many small arrays ten times slower than pickle does.
    """
    return pickle.dumps(_fit_generator(generator, rows, labels, schema), protocol=5)


def _fit_generator(generator: Any, rows: Any, labels: Any, schema: Any) -> Any:
    options = {"schema": schema} if isinstance(generator, BaseGenerator) else {}
    generator.fit(*([rows] if labels is None else [rows, labels]), **options)
    stop_if_interrupted(generator)
    return generator


def _seeded(generator: Any, streams: RandomStreams) -> tuple[Any, bool]:
    """A copy of the generator with a seed of its own or of ours, and whether it had its own."""
    if not isinstance(generator, BaseEstimator):
        return deepcopy(generator), False
    generator = clone(generator)
    if getattr(generator, "random_state", 0) is None:
        return generator.set_params(random_state=streams.child("fit").integer_seed()), False
    return generator, True


def _sample(generator: Any, n_rows: int, label: Any, streams: RandomStreams) -> Any:
    """What a fitted generator draws."""
    options = {} if label is None else {"y": label}
    accepted = inspect.signature(generator.sample).parameters
    if label is not None and "y" not in accepted:
        raise DataError(
            f"Got train_on='all' with {type(generator).__name__}, whose sample() takes no y; expected a generator that "
            "draws rows of a class. Use train_on='class'."
        )
    if "random_state" in accepted:
        options["random_state"] = streams.integer_seed()
    return generator.sample(n_rows, **options)


def _as_table(made: Any, generator: Any, n_rows: int, part: ClassData) -> pd.DataFrame:
    """Drawn rows with the columns and dtypes of the table."""
    if isinstance(generator, BaseGenerator):
        return made
    like = part.data.table.frame
    frame = pd.DataFrame(np.asarray(made) if not isinstance(made, pd.DataFrame) else made[list(like.columns)])
    _check_shape(frame.shape, (n_rows, like.shape[1]), generator)
    return with_dtypes(frame.set_axis(like.columns, axis=1).reset_index(drop=True), like)


def _as_items(made: Any, generator: Any, n_rows: int, part: ClassData) -> pd.DataFrame:
    """Drawn items, in the dtype and range of the array."""
    like = cast(np.ndarray, cast(ItemTable, part.data.table).items)
    made = np.asarray(made)
    _check_shape(made.shape, (n_rows, *like.shape[1:]), generator)
    return items_frame(settled(made, like.dtype, made.shape, None))


def _check_shape(got: tuple[int, ...], expected: tuple[int, ...], generator: Any) -> None:
    if got != expected:
        raise DataError(
            f"Got rows of shape {got} from {type(generator).__name__}.sample({expected[0]}); expected {expected}."
        )
