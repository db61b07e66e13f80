"""Bias: what synthetic rows do to the groups of a sensitive column."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pandas as pd
from pandas.api import types
from scipy.stats import binomtest

from .._hints import one_of
from ..exceptions import DataError
from ._models import Task, read_task
from ._pair import as_pair
from ._scores import MAX_ROWS

__all__ = ["group_effects"]

# Numbers of so few values are groups as they are, as codes of a category.
MAX_VALUES = 10
MISSING = "(missing)"


def group_effects(
    real: Any,
    synthetic: Any,
    *,
    sensitive: Any,
    target: Any,
    test: Any = None,
    estimator: Any = None,
    pos_label: Any = None,
    n_bins: int = 4,
    min_rows: int = 30,
    confidence: float = 0.95,
    categorical_features: Any = "auto",
    max_rows: int | None = MAX_ROWS,
    random_state: int = 0,
) -> pd.DataFrame:
    """What the synthetic rows change for each group of a sensitive column.

    Synthetic rows repeat the source: a group that is rare there, or labelled unfairly, is so in them too. No figure
    here makes a table fair; they show what is carried over and what is made worse.

    Parameters
    ----------
    real : {dataframe, array-like} of shape (n_rows, n_columns)
        The rows that the synthetic ones were learned from.
    synthetic : {dataframe, array-like} of shape (n_synthetic, n_columns)
        Synthetic rows that are added to them.
    sensitive : column name
        Whose groups are compared. Categories, booleans and numbers of at most 10 values are groups as they are; other
        numbers and times are cut in ``n_bins`` bins of equally many real rows, and those outside the range of the
        real rows count to the outer bins. Missing values are a group, "(missing)".
    target : column name
        The column that holds the classes.
    test : {dataframe, array-like} of shape (n_test, n_columns), default=None
        Real rows that nothing was learned from. With them, two models are trained and their errors counted.
    estimator : classifier, default=None
        As for :func:`train_synthetic_test_real`. The model sees the sensitive column.
    pos_label : label, default=None
        The class that counts as positive; None for the rarest.
    n_bins : int, default=4
        Bins of a column of numbers.
    min_rows : int, default=30
        Groups with fewer real rows, or, with ``test``, fewer positive or negative test rows, are marked as too small.
    confidence : float in (0, 1), default=0.95
        Level of the intervals.
    categorical_features : "auto", array-like of names or positions, or boolean mask, default="auto"
        Columns that hold categories.
    max_rows : int or None, default=20_000
        Of each table with more rows, so many are drawn to train and test the models; shares are of all rows.
    random_state : int, default=0
        Seed of that draw and of the boosted trees.

    Returns
    -------
    effects : DataFrame of shape (n_groups, n_figures)
        One row per group, with

        - ``n_real``, ``n_synthetic``: rows;
        - ``share_real``, ``share_synthetic``, ``share_augmented``: share of the group in the real rows, in the
          synthetic ones and in both together;
        - ``positive_real``, ``positive_synthetic``, ``positive_augmented``: share of the positive class in the group;
        - with ``test``, for ``false_positive`` and ``false_negative``: ``..._real`` and ``..._augmented``, the rate
          of the model trained on real rows and of the one trained on real and synthetic rows, each with ``..._low``
          and ``..._high``;
        - ``too_small``: whether the group has too few rows to say anything.

        NaN where a group has no row to count.

    Raises
    ------
    DataError
        For an unknown column, the target as the sensitive column, tables of different columns or without rows, or
        labels that the real rows lack.

    Notes
    -----
    The false positive rate is the share of the negative test rows of a group that the model calls
    positive; the false negative rate the share of the positive ones that it does not. Models that treat groups alike
    have equal rates, which is called equalised odds [1]_. Intervals are Wilson's for a share [2]_; they cover the
    chance of the test rows, not that of training. Positive rates of real rows and of synthetic rows differ by intent
    where one class is over-sampled: look at whether they differ between groups.

    References
    ----------
    .. [1] M. Hardt, E. Price, N. Srebro, "Equality of opportunity in supervised learning", Advances in Neural
       Information Processing Systems, 2016.
    .. [2] E. B. Wilson, "Probable inference, the law of succession, and statistical inference", Journal of the American
       Statistical Association 22(158), 1927.

    Examples
    --------
    >>> import pandas as pd
    >>> from genesis_sampling.metrics.bias import group_effects
    >>> real = pd.DataFrame({"sex": ["f", "m"] * 50, "ill": ([0] * 4 + [1]) * 20})
    >>> synthetic = pd.DataFrame({"sex": ["m"] * 100, "ill": [1] * 100})
    >>> effects = group_effects(real, synthetic, sensitive="sex", target="ill")
    >>> effects[["share_real", "share_augmented", "positive_real", "positive_augmented"]]
           share_real  share_augmented  positive_real  positive_augmented
    group
    f             0.5             0.25            0.2            0.200000
    m             0.5             0.75            0.2            0.733333
    """
    if sensitive == target:
        raise DataError(f"Got {target!r} as sensitive and as target; expected two columns.")
    if not 0 < confidence < 1 or n_bins < 2:
        raise DataError(
            f"Got confidence={confidence}, n_bins={n_bins}; expected a level in (0, 1) and 2 or more."
        )
    tables = {"real": real, "synthetic": synthetic, **({} if test is None else {"test": test})}
    task = read_task(
        **tables,
        target=target,
        estimator=estimator,
        pos_label=pos_label,
        categorical_features=categorical_features,
        random_state=random_state,
    )
    if sensitive not in task["real"].X:
        raise DataError(f"Got sensitive={sensitive!r}; expected {one_of(sensitive, task['real'].X.columns)}")
    trained = None if test is None else task.drawn(max_rows, random_state)
    columns = {name: task[name].X[sensitive] for name in ("real", "synthetic")}
    if trained is not None:
        columns["test"] = trained["test"].X[sensitive]
    groups, names = _groups(columns, sensitive in task.discrete, n_bins)
    effects = _representation(task, groups, names)
    too_small = effects["n_real"] < min_rows
    if trained is not None:
        errors, n_least = _errors(trained, groups["test"], names, confidence)
        effects = pd.concat([effects, errors.set_axis(effects.index)], axis=1)
        too_small |= n_least < min_rows
    return effects.assign(too_small=too_small)


def _groups(columns: dict[str, pd.Series], discrete: bool, n_bins: int) -> tuple[dict[str, np.ndarray], list]:
    """The group of each row of each table, as a position in the names of the groups."""
    real, every = columns["real"], pd.concat(columns.values(), ignore_index=True)
    pair = as_pair(
        real.to_frame(), every.to_frame(), categorical_features=[real.name] if discrete else "auto"
    )
    values = pair.synthetic[:, 0]
    if not pair.is_number[0]:
        order = np.argsort(np.array(pair.labels[0], dtype=str), kind="stable")
        names = [pair.labels[0][place] for place in order]
        codes = np.argsort(order)[np.nan_to_num(values, nan=0).astype(np.intp)] if len(order) else values
    elif isinstance(real.dtype, pd.CategoricalDtype):
        codes, names = values, list(real.cat.categories)
    else:
        codes, names = _cut(values, pair.numbers(0)[0], real.dtype, n_bins)
    missing = np.isnan(values)
    found = np.where(missing, len(names), codes).astype(np.intp)
    names = names + [MISSING] if missing.any() else names
    ends = np.cumsum([len(column) for column in columns.values()])[:-1]
    return dict(zip(columns, np.split(found, ends), strict=True)), names


def _cut(values: np.ndarray, known: np.ndarray, dtype: Any, n_bins: int) -> tuple[np.ndarray, list]:
    """Numbers as positions of groups, and what the groups are called."""
    distinct = np.unique(known)
    if len(distinct) <= MAX_VALUES:
        # A made value between two real ones belongs to the nearer.
        edges = (distinct[1:] + distinct[:-1]) / 2
        return np.digitize(values, edges), [_written(value, dtype) for value in distinct]
    edges = np.unique(np.quantile(known, np.linspace(0, 1, n_bins + 1)))
    written = [_written(edge, dtype) for edge in edges]
    names = [f"[{low}, {high})" for low, high in itertools.pairwise(written)]
    names[-1] = names[-1][:-1] + "]"
    return np.digitize(values, edges[1:-1]), names


def _written(value: float, dtype: Any) -> str:
    if types.is_timedelta64_dtype(dtype):
        return str(pd.Timedelta(int(value), unit="ns"))
    return str(pd.Timestamp(int(value))) if types.is_datetime64_any_dtype(dtype) else f"{value:.6g}"


def _representation(task: Task, groups: dict[str, np.ndarray], names: list) -> pd.DataFrame:
    """How many rows each group has, and how many of these are positive."""
    n_rows, n_positive = (
        {name: np.bincount(groups[name], weight(task[name].y), len(names)) for name in ("real", "synthetic")}
        for weight in (lambda y: None, lambda y: (y == task.positive).astype(np.float64))
    )
    for counts in (n_rows, n_positive):
        counts["augmented"] = counts["real"] + counts["synthetic"]
    effects = {f"n_{name}": n_rows[name].astype(np.int64) for name in ("real", "synthetic")}
    shares = {f"share_{name}": counts / counts.sum() for name, counts in n_rows.items()}
    rates = {f"positive_{name}": _ratio(n_positive[name], counts) for name, counts in n_rows.items()}
    return pd.DataFrame({**effects, **shares, **rates}, index=pd.Index(names, name="group"))


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return np.divide(part, whole, out=np.full(len(part), np.nan), where=whole > 0)


def _errors(
    task: Task, groups: np.ndarray, names: list, confidence: float
) -> tuple[pd.DataFrame, np.ndarray]:
    """Error rates of both models in each group, and how many test rows the rarer outcome of the group has."""
    test, models = task["test"], {"real": task["real"], "augmented": task.augmented}
    is_positive = test.y == task.positive
    called = {
        name: task.judge(task.fit(rows), test).predicted == task.positive for name, rows in models.items()
    }
    found: dict[str, list] = {}
    n_least = np.zeros(len(names), dtype=np.int64)
    for group in range(len(names)):
        here = groups == group
        sides = {"false_positive": here & ~is_positive, "false_negative": here & is_positive}
        n_least[group] = min(side.sum() for side in sides.values())
        for error, side in sides.items():
            for name, positive in called.items():
                wrong = int((positive != is_positive)[side].sum())
                for suffix, value in _share_with_interval(wrong, int(side.sum()), confidence).items():
                    found.setdefault(f"{error}_{name}{suffix}", []).append(value)
    return pd.DataFrame(found), n_least


def _share_with_interval(n_part: int, n_whole: int, confidence: float) -> dict[str, float]:
    if not n_whole:
        return {"": np.nan, "_low": np.nan, "_high": np.nan}
    interval = binomtest(n_part, n_whole).proportion_ci(confidence, method="wilson")
    return {"": n_part / n_whole, "_low": float(interval.low), "_high": float(interval.high)}
