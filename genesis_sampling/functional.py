"""The main jobs in one call each, for a table with its target as one of the columns."""

from __future__ import annotations

import difflib
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import floor
from numbers import Integral, Real
from typing import Any

import numpy as np
import pandas as pd
from imblearn.over_sampling import RandomOverSampler
from sklearn.base import clone
from sklearn.model_selection import train_test_split

from ._random import RandomStreams
from .exceptions import DataError
from .filters import parse_constraints
from .generators import BaseGenerator, GaussianCopulaGenerator, TreeGenerator, as_generator
from .reports import AugmentationReport
from .samplers import ConstraintFilter, GenerativeOverSampler, HybridSampler, NoiseSampler
from .samplers.strategy import target_counts as over_sampling_targets
from .tables.containers import Target, is_frame, wrap_table, wrap_target
from .tables.foreign import with_column, without_column
from .tables.schema import check_column_names

__all__ = ["Augmented", "augment", "augment_imbalanced", "generate"]

STRATEGIES = ("oversample", "undersample", "hybrid")
METHODS: dict[str, Callable[..., Any]] = {
    "auto": GenerativeOverSampler,
    "tree": lambda **params: GenerativeOverSampler("tree", **params),
    "gaussian_copula": lambda **params: GenerativeOverSampler("gaussian_copula", **params),
    "noise": NoiseSampler,
    "random": RandomOverSampler,
}
GENERATORS: dict[str, Callable[..., Any]] = {
    "auto": TreeGenerator,
    "tree": TreeGenerator,
    "gaussian_copula": GaussianCopulaGenerator,
}
SYNTHETIC_COLUMN = "_synthetic"


@dataclass
class Augmented:
    """A balanced table and where its rows come from.

    Parameters
    ----------
    table : dataframe
        Original rows first, then the new ones; columns and dtypes as they came.
    synthetic_mask : ndarray of bool of shape (n_rows,)
        Which rows were made.
    sample_indices : ndarray of int of shape (n_rows,)
        Position, in the table that came, of the row that each row is or comes from; -1 where there is none.
    report : AugmentationReport
        Counts, choices and seconds.
    test : dataframe or None
        The rows that were held back, untouched.
    test_indices : ndarray of int or None
        Their positions in the table that came.
    """

    table: Any
    synthetic_mask: np.ndarray
    sample_indices: np.ndarray
    report: AugmentationReport
    test: Any = None
    test_indices: np.ndarray | None = None


def augment_imbalanced(
    df: Any,
    target_column: str,
    strategy: str = "oversample",
    *,
    ratio: float | None = None,
    sampling_ratio: float | None = None,
    target_counts: Mapping[Any, int] | None = None,
    method: Any = "auto",
    method_params: Mapping[str, Any] | None = None,
    discrete_columns: Sequence[Any] | None = None,
    constraints: Any = None,
    majority_count: int | str | None = None,
    growth: float = 0.0,
    test_size: float | int | None = None,
    return_report: bool = False,
    mark_synthetic: bool = False,
    random_state: Any = None,
) -> Any:
    """Balance the classes of a table.

    Rows that a model is tested on must not take part in this. Either split the table before, or let this function do
    it (``test_size``), or put a sampler into an ``imblearn.pipeline.Pipeline`` and cross-validate that.

    Parameters
    ----------
    df : dataframe
        A table of pandas or polars with any column kinds, missing values included.
    target_column : str
        The column that holds the classes.
    strategy : {"oversample", "undersample", "hybrid"}, default="oversample"
        Make rows of the smaller classes, remove rows of the larger ones, or both.
    ratio : float in (0, 1], default=1.0
        Size of every smaller class as a share of the largest one, afterwards.
    sampling_ratio : float
        Another name of ``ratio``.
    target_counts : mapping of class to int, default=None
        Final counts; they decide by themselves: a class above its count is under-sampled, one below is over-sampled,
        classes that are not named stay as they are.
    method : str, sampler or generator, default="auto"
        What makes rows: ``"auto"``, ``"tree"``, ``"gaussian_copula"``, ``"noise"``, ``"random"`` (duplicates), an
        over-sampler, or a generator.
    method_params : mapping, default=None
        Parameters of a method given by name.
    discrete_columns : sequence of names, default=None
        Columns that hold categories, beside the text, boolean and ``category`` columns: numeric codes.
    constraints : Constraint, str, callable or list of these, default=None
        What every new row must satisfy, such as ``"0 <= age <= 120"``.
    majority_count : int or "keep", default=None
        With ``strategy="hybrid"`` and a ratio, the final count of the largest class; see :class:`HybridSampler`.
    growth : float, default=0.0
        By how much every class grows after that, as a share of its rows.
    test_size : float or int, default=None
        Share (or number) of rows to hold back, stratified by class, before anything is learned.
    return_report : bool, default=False
        Whether to return the report as well.
    mark_synthetic : bool, default=False
        Whether to add a boolean column ``_synthetic``. Drop it before training: it gives the class away.
    random_state : int, RandomState instance or None, default=None
        Seed.

    Returns
    -------
    balanced : dataframe
        Of the kind that came in. Original rows first and unchanged, then the new ones.
    test : dataframe
        The rows held back; only with ``test_size``.
    report : AugmentationReport
        Only with ``return_report=True``.

    Raises
    ------
    DataError
        When the table or the request cannot be used; nothing is changed then.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from genesis_sampling import augment_imbalanced
    >>> rng = np.random.default_rng(0)
    >>> df = pd.DataFrame({"amount": rng.exponential(50, 200).round(2), "is_fraud": [0] * 180 + [1] * 20})
    >>> balanced = augment_imbalanced(df, "is_fraud", random_state=0)
    >>> balanced["is_fraud"].value_counts().to_dict()
    {0: 180, 1: 180}
    """
    if mark_synthetic:
        _check_not_marked(df)
    result = augment(
        df,
        target_column,
        strategy,
        ratio=_one_ratio(ratio, sampling_ratio),
        target_counts=target_counts,
        method=method,
        method_params=method_params,
        discrete_columns=discrete_columns,
        constraints=constraints,
        majority_count=majority_count,
        growth=growth,
        test_size=test_size,
        random_state=random_state,
    )
    table = result.table
    if mark_synthetic:
        table = with_column(table, result.synthetic_mask, name=SYNTHETIC_COLUMN)
    parts = (
        table,
        *([] if test_size is None else [result.test]),
        *([result.report] if return_report else []),
    )
    return parts[0] if len(parts) == 1 else parts


def augment(
    df: Any,
    target_column: Any,
    strategy: str = "oversample",
    *,
    ratio: float | None = None,
    target_counts: Mapping[Any, int] | None = None,
    method: Any = "auto",
    method_params: Mapping[str, Any] | None = None,
    discrete_columns: Sequence[Any] | None = None,
    constraints: Any = None,
    majority_count: int | str | None = None,
    growth: float = 0.0,
    test_size: float | int | None = None,
    random_state: Any = None,
) -> Augmented:
    """:func:`augment_imbalanced` with the provenance of every row; see there for the parameters.

    Returns
    -------
    Augmented
    """
    _check_choice("strategy", strategy, STRATEGIES)
    X, y = _split_target(df, target_column)
    streams = RandomStreams.from_random_state(random_state)
    table, target = wrap_table(X), _wrap_classes(y, target_column)
    train, test = _hold_back(target, test_size, streams)
    X_train, y_train = (
        (X, y)
        if test is None
        else (table.stack(train, _no_rows(table)), target.stack(train, np.empty(0, dtype=np.intp)))
    )
    counts = dict(
        zip(target.classes, np.bincount(target.codes[train], minlength=len(target.classes)).tolist())
    )
    _check_classes(target.classes, counts, target_column)

    sampler = HybridSampler(
        over=_over_sampler(method, method_params, _features(discrete_columns, target_column)),
        sampling_strategy=_targets(counts, strategy, ratio, target_counts, majority_count, growth),
        random_state=streams.child("sampler").integer_seed(),
    )
    parsed = parse_constraints(constraints)
    if parsed:
        sampler = ConstraintFilter(parsed, sampler)
    X_new, y_new = sampler.fit_resample(X_train, y_train)
    sources = sampler.sample_indices_
    return Augmented(
        table=with_column(X_new, y_new, like=df, name=target_column),
        synthetic_mask=sampler.synthetic_mask_,
        sample_indices=np.where(sources < 0, -1, train[sources]),
        report=sampler.report_,
        test=None if test is None else wrap_table(df).stack(test, _no_rows(wrap_table(df))),
        test_indices=test,
    )


def generate(
    df: Any,
    n_rows: int,
    *,
    method: Any = "auto",
    method_params: Mapping[str, Any] | None = None,
    discrete_columns: Sequence[Any] | None = None,
    conditions: Mapping[Any, Any] | None = None,
    random_state: Any = None,
) -> Any:
    """Make a wholly synthetic table with the distribution of ``df``.

    Parameters
    ----------
    df : dataframe
        A table of pandas or polars.
    n_rows : int
        Rows to draw.
    method : {"auto", "tree", "gaussian_copula"} or generator, default="auto"
        What learns and draws the rows.
    method_params : mapping, default=None
        Parameters of a method given by name.
    discrete_columns : sequence of names, default=None
        Columns that hold categories, beside the text, boolean and ``category`` columns.
    conditions : mapping, default=None
        Column to a value, a list of values, or a range ``(low, high)``.
    random_state : int, RandomState instance or None, default=None
        Seed.

    Returns
    -------
    rows : dataframe of shape (n_rows, n_columns)
        Of the kind that came in.

    Examples
    --------
    >>> import pandas as pd
    >>> from genesis_sampling import generate
    >>> df = pd.DataFrame({"age": [31, 47, 25, 60] * 10, "city": ["Rome", "Oslo", "Rome", "Bern"] * 10})
    >>> generate(df, 3, random_state=0).shape
    (3, 2)
    """
    if not is_frame(df):
        raise DataError(f"Got {type(df).__name__}; expected a dataframe of pandas or polars.")
    if isinstance(method, str):
        _check_choice("method", method, GENERATORS)
        generator = _with_params(GENERATORS[method](), method_params)
    else:
        _check_no_params(method, method_params)
        generator = as_generator(method)
        if not isinstance(generator, BaseGenerator):
            raise DataError(
                f"Got method={method!r}; expected a generator of this package or a density of scikit-learn."
            )
        generator = clone(generator)
    if discrete_columns is not None:
        generator.set_params(categorical_features=_discrete(discrete_columns))
    table = wrap_table(df)
    streams = RandomStreams.from_random_state(random_state)
    if generator.random_state is None:
        generator.set_params(random_state=streams.child("fit").integer_seed())
    generator.fit(table.frame)
    rows = generator.sample(n_rows, conditions=conditions, random_state=streams.child("draw").integer_seed())
    return table.stack(np.empty(0, dtype=np.intp), rows)


def _one_ratio(ratio: float | None, sampling_ratio: float | None) -> float | None:
    if ratio is not None and sampling_ratio is not None:
        raise DataError(
            f"Got both ratio={ratio} and sampling_ratio={sampling_ratio}; they are the same, pass one."
        )
    return sampling_ratio if ratio is None else ratio


def _check_choice(name: str, value: Any, choices: Iterable[str]) -> None:
    if value not in choices:
        near = difflib.get_close_matches(str(value), list(choices), 1)
        raise DataError(
            f"Got {name}={value!r}; expected one of {list(choices)}."
            + (f" Did you mean {near[0]!r}?" if near else "")
        )


def _split_target(df: Any, target_column: Any) -> tuple[Any, Any]:
    """The features and the target of a table."""
    if not is_frame(df):
        raise DataError(f"Got {type(df).__name__}; expected a dataframe of pandas or polars.")
    names = list(df.columns)
    if not len(df):
        raise DataError(f"Got an empty table: no rows below the columns {names[:20]}; expected some.")
    check_column_names(pd.Index(names))
    if target_column not in names:
        near = difflib.get_close_matches(str(target_column), [str(name) for name in names], 1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        if len(names) == 1:
            hint = " There is only one column: is the delimiter another one than was expected?"
        raise DataError(f"Got the target column {target_column!r}; expected one of {names[:20]}.{hint}")
    if len(names) < 2:
        raise DataError(
            f"Got a table whose only column is the target {target_column!r}; expected features beside it."
        )
    return without_column(df, target_column)


def _wrap_classes(y: Any, target_column: Any) -> Target:
    """The container of the target column."""
    try:
        with warnings.catch_warnings():
            # Too many classes get an error of ours, which names the column.
            warnings.filterwarnings("ignore", "The number of unique classes", UserWarning)
            return wrap_target(y)
    except DataError as error:
        raise DataError(f"Column {target_column!r} cannot be the target as it is. {error}") from error
    except ValueError as error:
        raise DataError(
            f"Got the target column {target_column!r} with values that are no classes ({error}); expected a limited "
            "set of labels. Cut a measured quantity into classes first."
        ) from error


def _hold_back(
    target: Target, test_size: float | int | None, streams: RandomStreams
) -> tuple[np.ndarray, np.ndarray | None]:
    """Positions of the rows to learn from, and of those held back, each in order."""
    everything = np.arange(len(target.codes))
    if test_size is None:
        return everything, None
    try:
        train, test = train_test_split(
            everything,
            test_size=test_size,
            stratify=target.codes,
            random_state=streams.child("split").integer_seed(),
        )
    except ValueError as error:
        raise DataError(
            f"Got test_size={test_size!r}, with which the table cannot be split: {error}"
        ) from error
    lost = set(target.codes) - set(target.codes[train])
    if lost:
        raise DataError(
            f"Got test_size={test_size!r}, which leaves no row of the class {target.classes[min(lost)]!r} to learn "
            "from; expected a smaller part. Merge or drop classes of so few rows."
        )
    return np.sort(train), np.sort(test)


def _check_classes(classes: list[Any], counts: dict[Any, int], target_column: Any) -> None:
    if len(classes) < 2:
        raise DataError(
            f"Got one class only ({classes[0]!r}) in the target column {target_column!r}; expected at least two."
        )
    n_rows = sum(counts.values())
    if len(classes) > max(20, n_rows // 5):
        raise DataError(
            f"Got {len(classes)} different values in {n_rows} rows of the target column {target_column!r}; expected "
            "classes. Is it an identifier or a measured quantity? Cut a quantity into classes first."
        )


def _targets(
    counts: dict[Any, int],
    strategy: str,
    ratio: float | None,
    wanted: Mapping[Any, int] | None,
    majority_count: int | str | None,
    growth: float,
) -> dict[Any, int]:
    """Final count of each class."""
    if majority_count is not None and (strategy != "hybrid" or wanted is not None):
        raise DataError(
            f"Got majority_count={majority_count!r}, which belongs to strategy='hybrid' with a ratio; expected none "
            "here. For counts pass target_counts."
        )
    if not isinstance(growth, Real) or growth < 0:
        raise DataError(f"Got growth={growth!r}; expected a share that is not negative, such as 0.3.")
    if wanted is not None:
        if ratio is not None:
            raise DataError(f"Got both ratio={ratio} and target_counts; expected one of them.")
        targets = _named_targets(counts, wanted)
    else:
        ratio = 1.0 if ratio is None else ratio
        if not isinstance(ratio, Real) or not 0 < ratio <= 1:
            raise DataError(
                f"Got ratio={ratio!r}; expected a number in (0, 1]. For counts pass target_counts."
            )
        targets = _ratio_targets(counts, strategy, float(ratio), majority_count)
    if growth:
        targets = {label: count + round(growth * count) for label, count in targets.items()}
    if targets == counts:
        raise DataError(
            f"Got a request that would change nothing: the classes have {counts} rows already. Ask for a larger "
            "ratio, other target counts, or another strategy."
        )
    return targets


def _ratio_targets(
    counts: dict[Any, int], strategy: str, ratio: float, majority_count: int | str | None
) -> dict[Any, int]:
    if strategy == "oversample":
        return over_sampling_targets(ratio, counts)
    if strategy == "undersample":
        most = floor(min(counts.values()) / ratio + 1e-9)
        return {label: min(count, most) for label, count in counts.items()}
    return HybridSampler(sampling_strategy=ratio, majority_count=majority_count).targets(counts)


def _named_targets(counts: dict[Any, int], wanted: Mapping[Any, int]) -> dict[Any, int]:
    """Targets by class; a class may be named by its text, as a command line does."""
    by_text = {str(label): label for label in counts}
    named = {
        label if label in counts else by_text.get(str(label), label): count for label, count in wanted.items()
    }
    for label, count in named.items():
        if label not in counts or not isinstance(count, Integral) or count < 0:
            raise DataError(
                f"Got target_counts={dict(wanted)!r}; expected a whole number of rows, not negative, for some of the "
                f"classes {list(counts)!r}, but {label!r} has {count!r}."
            )
    return counts | {label: int(count) for label, count in named.items()}


def _over_sampler(
    method: Any, params: Mapping[str, Any] | None, discrete_columns: Sequence[Any] | None
) -> Any:
    """The sampler that a method stands for."""
    if isinstance(method, str):
        _check_choice("method", method, METHODS)
        sampler = METHODS[method](params or {})
    else:
        _check_no_params(method, params)
        sampler = (
            clone(method) if hasattr(method, "fit_resample") else GenerativeOverSampler(as_generator(method))
        )
    if discrete_columns is not None and "categorical_features" in sampler.get_params():
        sampler.set_params(categorical_features=_discrete(discrete_columns))
    return sampler


def _with_params(estimator: Any, params: Mapping[str, Any] | None) -> Any:
    try:
        return estimator.set_params(**(params or {}))
    except ValueError as error:
        raise DataError(f"Got method_params={dict(params or {})!r}: {error}") from error


def _check_no_params(method: Any, params: Mapping[str, Any] | None) -> None:
    if params:
        raise DataError(
            f"Got method_params beside the {type(method).__name__} instance; expected them with a method's name only. "
            "Set them on the instance."
        )


def _features(discrete_columns: Sequence[Any] | None, target_column: Any) -> list[Any] | None:
    """The discrete columns less the target, which is discrete in any case."""
    if discrete_columns is None:
        return None
    names = [discrete_columns] if isinstance(discrete_columns, str) else discrete_columns
    return [name for name in names if name != target_column]


def _discrete(discrete_columns: Sequence[Any] | None) -> Any:
    # Text, booleans and categories are discrete in any case, so a list only adds to them.
    return "auto" if discrete_columns is None else list(discrete_columns)


def _no_rows(table: Any) -> pd.DataFrame:
    return table.frame.iloc[:0]


def _check_not_marked(df: Any) -> None:
    """Refuse a table that has the column that would tell the new rows."""
    if is_frame(df) and SYNTHETIC_COLUMN in list(df.columns):
        raise DataError(
            f"Got a table that has a column {SYNTHETIC_COLUMN!r} already; expected none. Rename it, or leave "
            "mark_synthetic off."
        )
