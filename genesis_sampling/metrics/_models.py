"""Classifiers of tables: trained on real rows, on synthetic ones or on both, and judged on others."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin, clone

from .._hints import one_of
from .._random import RandomStreams
from ..exceptions import DataError, IdentifierWarning
from ..tables import infer_schema
from ..tables._classifiers import EncodedLogistic, EncodedTrees
from ..tables.containers import wrap_table
from ._pair import TablePair, as_pair
from ._scores import Judged

__all__ = ["Rows", "TableClassifier", "TableCodes", "Task", "read_task"]


class TableCodes:
    """Tables as numbers, NaN where a value is missing; a category that the first one lacks counts as missing.

    Parameters
    ----------
    categorical_features : "auto", array-like of names or positions, or boolean mask, default="auto"
        Columns that hold categories.

    Attributes
    ----------
    discrete_ : ndarray of bool of shape (n_columns,)
        Which columns hold categories.
    """

    def __init__(self, categorical_features: Any = "auto"):
        self.categorical_features = categorical_features

    def fit_transform(self, X: Any) -> np.ndarray:
        """Numbers of the table that says what columns and categories there are, shape (n_rows, n_columns)."""
        self._known_rows = wrap_table(X).frame
        pair = self._pair(self._known_rows.head(1))
        self._n_levels = np.nan_to_num(pair.real.max(axis=0, initial=-1, where=~np.isnan(pair.real))) + 1
        self.discrete_ = ~pair.is_number
        return pair.real

    def transform(self, X: Any) -> np.ndarray:
        """Numbers of a table with the same columns, shape (n_rows, n_columns)."""
        codes = self._pair(wrap_table(X).frame).synthetic
        return np.where(self.discrete_ & (codes >= self._n_levels), np.nan, codes)

    def _pair(self, frame: pd.DataFrame) -> TablePair:
        with warnings.catch_warnings():
            # A column of names has too many categories to be used.
            warnings.simplefilter("ignore", IdentifierWarning)
            return as_pair(self._known_rows, frame, categorical_features=self.categorical_features)


class TableClassifier(ClassifierMixin, BaseEstimator):
    """Boosted trees or logistic regression on a mixed table with missing values, as it comes.

    Trees leave columns of more than 254 categories out; a category that was not seen counts as missing.

    Parameters
    ----------
    model : {"boosting", "logistic"}, default="boosting"
        Logistic regression sees numbers scaled, and indicators of categories and of missing values.
    categorical_features : "auto", array-like of names or positions, or boolean mask, default="auto"
        Columns that hold categories.
    class_weight : dict, "balanced" or None, default=None
        Weights of the classes.
    random_state : int, default=0
    """

    def __init__(
        self,
        model: str = "boosting",
        *,
        categorical_features: Any = "auto",
        class_weight: Any = None,
        random_state: int = 0,
    ):
        self.model = model
        self.class_weight = class_weight
        self.categorical_features = categorical_features
        self.random_state = random_state

    def fit(self, X: pd.DataFrame, y: Any) -> TableClassifier:
        """Learn the classes ``y`` of the rows of ``X``."""
        self._codes = TableCodes(self.categorical_features)
        codes = self._codes.fit_transform(X)
        self._model = self._unfitted(self._codes.discrete_).fit(codes, y)
        self.classes_ = self._model.classes_
        return self

    def _unfitted(self, discrete: np.ndarray) -> EncodedLogistic | EncodedTrees:
        if self.model == "logistic":
            return EncodedLogistic(discrete, max_iter=1000, class_weight=self.class_weight)
        return EncodedTrees(discrete, class_weight=self.class_weight, random_state=self.random_state)

    def predict_proba(self, X: pd.DataFrame) -> np.ndarray:
        """Probabilities of the classes, shape (n_rows, n_classes)."""
        return self._model.predict_proba(self._codes.transform(X))

    def predict(self, X: pd.DataFrame) -> np.ndarray:
        """The most probable class of each row."""
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


@dataclass(frozen=True)
class Rows:
    """Rows without their class, and the positions of their classes.

    Parameters
    ----------
    X : DataFrame of shape (n_rows, n_columns)
    y : ndarray of int of shape (n_rows,)
    """

    X: pd.DataFrame
    y: np.ndarray

    def with_more(self, other: Rows) -> Rows:
        """These rows, then the others."""
        return Rows(pd.concat([self.X, other.X], ignore_index=True), np.concatenate([self.y, other.y]))

    def drawn(self, n_rows: int, rng: np.random.Generator) -> Rows:
        """So many of these rows, in order; all of them if there are no more."""
        if len(self.y) <= n_rows:
            return self
        kept = np.sort(rng.permutation(len(self.y))[:n_rows])
        return Rows(self.X.iloc[kept].reset_index(drop=True), self.y[kept])


@dataclass(frozen=True)
class Task:
    """What is to be learned, and from which tables.

    Parameters
    ----------
    classes : ndarray of shape (n_classes,)
        Labels; of two, the second is the positive one.
    positive : int
        Position of the positive label.
    tables : dict of str to Rows
    estimator : classifier
    discrete : list
        Names of the columns of categories.
    """

    classes: np.ndarray
    positive: int
    tables: dict[str, Rows]
    estimator: Any
    discrete: list

    def __getitem__(self, name: str) -> Rows:
        return self.tables[name]

    @property
    def augmented(self) -> Rows:
        """Real training rows, then the synthetic ones."""
        return self["real"].with_more(self["synthetic"])

    def drawn(self, max_rows: int | None, random_state: int) -> Task:
        """The same task with at most so many rows of each table."""
        if max_rows is None:
            return self
        streams = RandomStreams.from_random_state(random_state)
        tables = {name: rows.drawn(max_rows, streams.child(name).rng()) for name, rows in self.tables.items()}
        return replace(self, tables=tables)

    def fit(self, rows: Rows) -> Any:
        """A model of these rows."""
        if len(np.unique(rows.y)) < 2:
            raise DataError(
                f"Got training rows of one class alone ({self.classes[rows.y[0]]!r}); expected two or more. Judge rows "
                "that were made of one class by train_augmented_test_real."
            )
        model = clone(self.estimator).fit(rows.X, self.classes[rows.y])
        if not hasattr(model, "predict_proba"):
            raise DataError(
                f"Got estimator={self.estimator!r}, which has no predict_proba; expected a classifier that gives "
                "probabilities. Wrap it, for instance in CalibratedClassifierCV."
            )
        return model

    def both_models(self) -> dict[str, Any]:
        """Models of all training rows and of the real ones alone."""
        return {"augmented": self.fit(self.augmented), "real": self.fit(self["real"])}

    def judge(self, model: Any, rows: Rows) -> Judged:
        """What a model says of these rows."""
        positions = pd.Index(self.classes).get_indexer(model.classes_)
        probability = np.zeros((len(rows.y), len(self.classes)))
        probability[:, positions] = model.predict_proba(rows.X)
        # predict and not the larger probability: a tuned threshold is part of a model.
        predicted = pd.Index(self.classes).get_indexer(model.predict(rows.X))
        return Judged(rows.y, probability, predicted)


def read_task(
    real: Any,
    *,
    target: Any,
    estimator: Any = None,
    pos_label: Any = None,
    categorical_features: Any = "auto",
    max_rows: int | None = None,
    random_state: int = 0,
    **others: Any,
) -> Task:
    """Read tables that share a target; the real training rows say what columns and classes there are.

    Parameters
    ----------
    real : {dataframe, array-like} of shape (n_rows, n_columns)
        Called ``"real"`` in the task.
    target : column name
    estimator : classifier, default=None
        None for :class:`TableClassifier`.
    pos_label : label, default=None
        None for the rarest class.
    categorical_features : "auto", array-like of names or positions, or boolean mask, default="auto"
    max_rows : int, default=None
        Of tables with more rows, as many are drawn.
    random_state : int, default=0
    **others : {dataframe, array-like} of shape (n_rows, n_columns)
        The other tables by name.
    """
    frames = {name: wrap_table(table).frame for name, table in {"real": real, **others}.items()}
    known = frames["real"]
    for name, frame in frames.items():
        _check_frame(name, frame, known.columns, target)
    streams = RandomStreams.from_random_state(random_state)
    classes, positive = _classes(known[target], pos_label)
    schema = infer_schema(known, categorical_features)
    discrete = [column.name for column in schema if column.discrete and column.name != target]
    if estimator is None:
        estimator = TableClassifier(
            categorical_features=discrete, random_state=streams.child("model").integer_seed()
        )
    tables = {
        name: Rows(_alike(frame, known.drop(columns=target)), _positions(name, frame[target], classes))
        for name, frame in frames.items()
    }
    return Task(classes, positive, tables, estimator, discrete).drawn(max_rows, random_state)


def _check_frame(name: str, frame: pd.DataFrame, columns: pd.Index, target: Any) -> None:
    if target not in columns:
        raise DataError(f"Got target={target!r}; expected {one_of(target, columns)}")
    differing = columns.symmetric_difference(frame.columns)
    if len(differing):
        raise DataError(
            f"Got a {name} table that differs from the real training rows in the columns {list(differing)[:10]}; "
            "expected the same columns in all tables."
        )
    if not len(frame):
        raise DataError(f"Got a {name} table without rows; expected at least one.")
    if frame[target].isna().any():
        raise DataError(
            f"Got {int(frame[target].isna().sum())} rows without a value of the target {target!r} in the {name} table; "
            "expected a class in each. Drop these rows."
        )


def _classes(labels: pd.Series, pos_label: Any) -> tuple[np.ndarray, int]:
    """Labels, of two the positive one last, and the position of the positive one."""
    counts = labels.astype(object).value_counts().sort_index()
    if len(counts) < 2:
        raise DataError(f"Got the classes {counts.index.tolist()} in the real rows; expected two or more.")
    if pos_label is None:
        # Of equally rare classes the last one, as scikit-learn counts 1 and not 0 as positive.
        pos_label = counts.index[::-1][counts.to_numpy()[::-1].argmin()]
    if pos_label not in counts.index:
        raise DataError(f"Got pos_label={pos_label!r}; expected {one_of(pos_label, counts.index.tolist())}")
    found = (
        [label for label in counts.index if label != pos_label] if len(counts) == 2 else list(counts.index)
    )
    found += [pos_label] if len(counts) == 2 else []
    return np.array(found, dtype=labels.to_numpy().dtype), found.index(pos_label)


def _positions(name: str, labels: pd.Series, classes: np.ndarray) -> np.ndarray:
    found = pd.Index(classes).get_indexer(pd.Index(labels.to_numpy()))
    if (found < 0).any():
        unknown = pd.unique(labels.to_numpy()[found < 0]).tolist()
        raise DataError(
            f"Got the classes {unknown[:10]} in the {name} table; expected those of the real training rows, "
            f"{classes.tolist()[:20]}."
        )
    return found


def _alike(frame: pd.DataFrame, like: pd.DataFrame) -> pd.DataFrame:
    """The columns of ``like`` in their order, and with their dtypes where that changes no value."""
    columns = [_cast(frame[name], dtype) for name, dtype in like.dtypes.items()]
    return pd.concat(columns, axis=1).reset_index(drop=True) if columns else frame[like.columns]


def _cast(values: pd.Series, dtype: Any) -> pd.Series:
    if values.dtype == dtype:
        return values
    if isinstance(dtype, pd.CategoricalDtype):
        return values.astype(object).where(values.isin(dtype.categories), None).astype(dtype)
    try:
        cast = values.astype(dtype)
        same = (cast == values) | (cast.isna() & values.isna())
    except (TypeError, ValueError):
        return values
    return cast if bool(same.all()) else values
