"""The table that is looked at: read, checked, encoded once, and a part of its rows drawn where there are many."""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass
from functools import cached_property
from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils import _safe_indexing

from .._hints import one_of
from .._random import RandomStreams
from ..exceptions import DataError, IdentifierWarning
from ..tables import ColumnKind, TableEncoder
from ..tables.containers import Target, array_of_rows, is_frame, wrap_table, wrap_target
from ..tables.foreign import is_foreign_series, without_column
from ..tables.neighbors import distance_view
from ..tables.schema import IDENTIFIER_MIN_ROWS, IDENTIFIER_SHARE, is_numeric, numbers
from ._findings import named

__all__ = ["Case", "checked_table", "read_case", "read_target", "split_target"]

# Of fewer rows of a class nothing can be said but how few they are.
MIN_JUDGED = 10
MIN_DRAWN = 100
# Distinct whole numbers that fill this much of their range or more are counted up; amounts leave wider gaps.
MAX_SPREAD = 1.5
DATE = re.compile(r"\s*(\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{4})")
IDENTIFIER_NAME = re.compile(
    r"(?i:^|[\W_])(?i:id|ids|key|uuid|guid|index|number|nr|no|ref)(?:$|[\W_])|[a-z]I[dD]$"
)


@dataclass(frozen=True)
class Case:
    """A table with its classes.

    Parameters
    ----------
    given : object
        The table as it came.
    native : table
        The same without the target.
    frame : DataFrame of shape (n_rows, n_columns)
    target : Target
    target_name : column name or None
    encoder : TableEncoder
        Fitted to the frame.
    codes : ndarray of shape (n_rows, n_columns)
        Encoded rows, NaN where a value is missing.
    drawn : ndarray of int of shape (n_drawn,)
        Positions of the rows that models and neighbours look at, in order.
    estimator : classifier or None
    sensitive : list of column names or None
    streams : RandomStreams
    """

    given: Any
    native: Any
    frame: pd.DataFrame
    target: Target
    target_name: Any
    encoder: TableEncoder
    codes: np.ndarray
    drawn: np.ndarray
    estimator: Any
    sensitive: list | None
    streams: RandomStreams

    @property
    def had_target(self) -> bool:
        """Whether the table that was given holds the target as a column."""
        return is_frame(self.given) and self.given.shape[1] > self.native.shape[1]

    @property
    def n_rows(self) -> int:
        """All rows."""
        return len(self.frame)

    @property
    def names(self) -> list:
        """Names of the columns."""
        return list(self.frame.columns)

    @property
    def discrete(self) -> np.ndarray:
        """Mask of the columns of categories."""
        return self.encoder.discrete_

    @property
    def rare(self) -> int:
        """Position of the rarest class; of equally rare ones the last, as scikit-learn counts 1 as positive."""
        counts = self.target.counts
        return int(len(counts) - 1 - counts[::-1].argmin())

    @property
    def n_rare(self) -> int:
        """Rows of the rarest class."""
        return int(self.target.counts[self.rare])

    @property
    def ratio(self) -> float:
        """Rows of the largest class for each of the rarest."""
        return float(self.target.counts.max() / self.n_rare)

    @property
    def focus(self) -> int | None:
        """The rarest class with enough rows to say something of them; None where there is none but the largest."""
        counts = self.target.counts
        if self.n_rare >= MIN_JUDGED:
            return self.rare
        candidates = [code for code in np.argsort(counts, kind="stable")[:-1] if counts[code] >= MIN_JUDGED]
        return int(candidates[0]) if candidates else None

    @property
    def focus_name(self) -> str:
        """What prose calls that class."""
        return self.class_name(self.focus) if self.focus is not None else ""

    def class_name(self, code: int) -> str:
        """What prose calls a class."""
        return f"class {named(self.target.classes[code])}"

    @cached_property
    def is_focus(self) -> np.ndarray:
        """Which of all rows are of the class in focus."""
        return self.target.codes == self.focus

    @cached_property
    def seen(self) -> np.ndarray:
        """Mask of the columns that models and neighbours look at: all but those that name rows."""
        return ~self.is_identifier if not self.is_identifier.all() else np.ones(len(self.names), dtype=bool)

    @cached_property
    def drawn_codes(self) -> np.ndarray:
        """Encoded rows that were drawn, in the columns that are looked at."""
        return self.codes[np.ix_(self.drawn, self.seen)]

    @cached_property
    def drawn_focus(self) -> np.ndarray:
        """Which of them are of the class in focus."""
        return self.is_focus[self.drawn]

    @cached_property
    def class_weight(self) -> np.ndarray:
        """How many rows of the table a drawn row of each class stands for."""
        kept = np.bincount(self.target.codes[self.drawn], minlength=len(self.target.counts))
        return self.target.counts / np.maximum(kept, 1)

    @cached_property
    def weight(self) -> np.ndarray:
        """The same for each drawn row."""
        return self.class_weight[self.target.codes[self.drawn]]

    @cached_property
    def points(self) -> np.ndarray:
        """The drawn rows as points: scaled numbers, and one coordinate for each frequent category."""
        return distance_view(self.drawn_codes, self.discrete[self.seen])

    @cached_property
    def date_texts(self) -> list:
        """Columns of text that hold dates."""
        texts = [column.name for column in self.encoder.schema_ if column.kind is ColumnKind.CATEGORICAL]
        return [name for name in texts if _holds_dates(self.frame[name])]

    @cached_property
    def is_identifier(self) -> np.ndarray:
        """Which columns hold a value of their own for each row, that names it rather than describes it."""
        return np.array([_names_rows(self, place) for place in range(self.codes.shape[1])], dtype=bool)

    def rows(self, positions: np.ndarray) -> Any:
        """Rows of the table in its own container."""
        return _safe_indexing(self.native, positions)

    def labels(self, positions: np.ndarray) -> np.ndarray:
        """Labels of these rows, of numbers as numbers."""
        return np.asarray(self.target.classes)[self.target.codes[positions]]

    def column(self, name: Any) -> int:
        """Position of a column."""
        return int(self.frame.columns.get_loc(name))

    def kinds(self, *kinds: ColumnKind) -> list:
        """Names of the columns of these kinds."""
        return self.encoder.schema_.names(*kinds)


def _holds_dates(values: pd.Series) -> bool:
    head = values.dropna().head(50)
    return len(head) > 0 and all(isinstance(value, str) and DATE.match(value) for value in head)


def _names_rows(case: Case, place: int) -> bool:
    """Text or whole numbers that are different in each row; of numbers those alone that count rows or are called so."""
    column, codes = case.encoder.schema_.columns[place], case.codes[:, place]
    known = codes[~np.isnan(codes)]
    if len(known) < max(IDENTIFIER_MIN_ROWS, len(codes) / 2):
        return False
    if column.kind is ColumnKind.CATEGORICAL:
        is_name = not is_numeric(case.frame.iloc[:, place]) and column.name not in case.date_texts
        return is_name and len(np.unique(known)) > IDENTIFIER_SHARE * len(known)
    if column.kind is not ColumnKind.INTEGER or len(np.unique(known)) < len(known):
        return False
    known = numbers(case.frame.iloc[:, place].dropna()).astype(np.float64)  # codes may be ranks
    is_count = known.max() - known.min() < MAX_SPREAD * len(known)
    return bool(is_count or (np.diff(known) > 0).all() or IDENTIFIER_NAME.search(str(column.name)))


def read_case(
    X: Any,
    y: Any,
    *,
    estimator: Any,
    sensitive: Any,
    categorical_features: Any,
    max_rows: int | None,
    random_state: Any,
) -> Case:
    """Read a table and its classes; ``y`` is labels, or the name of a column of the frame ``X``."""
    if max_rows is not None and (not isinstance(max_rows, Integral) or max_rows < MIN_DRAWN):
        raise DataError(f"Got max_rows={max_rows!r}; expected None or an integer of at least {MIN_DRAWN}.")
    _check_estimator(estimator)
    given = X
    X, y, target_name = _split(X, y)
    table = wrap_table(X)
    target = read_target(y, target_name)
    _check_target(target, len(table), target_name)
    # A row must have one place and one label: an index of the caller's would align by labels.
    frame = table.frame.reset_index(drop=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", IdentifierWarning)  # it becomes a finding
        encoder = TableEncoder(categorical_features).fit(frame)
    streams = RandomStreams.from_random_state(random_state)
    return Case(
        given=given,
        native=frame if isinstance(table.native, pd.DataFrame) else table.native,
        frame=frame,
        target=target,
        target_name=target_name,
        encoder=encoder,
        codes=encoder.transform(frame),
        drawn=_draw(target, max_rows, streams.child("draw").rng()),
        estimator=estimator,
        sensitive=_sensitive_names(sensitive, list(frame.columns)),
        streams=streams,
    )


def _check_estimator(estimator: Any) -> None:
    if estimator is None:
        return
    if isinstance(estimator, type):
        raise DataError(f"Got the class {estimator.__name__} as estimator; expected an instance of it.")
    if not (hasattr(estimator, "fit") and hasattr(estimator, "predict_proba")):
        raise DataError(
            f"Got estimator={estimator!r}, which has no predict_proba; expected a classifier that gives "
            "probabilities. Wrap it, for instance in CalibratedClassifierCV."
        )


def _split(X: Any, y: Any) -> tuple[Any, Any, Any]:
    """Table, labels and the name of the target, where it has one."""
    X, y, name = split_target(X, y)
    return checked_table(X), y, name


def split_target(X: Any, y: Any) -> tuple[Any, Any, Any]:
    """What holds the rows, labels and the name of the target, where it has one."""
    if is_frame(X) and (isinstance(y, str) or np.isscalar(y)):
        names = list(X.columns)
        if y not in names:
            raise DataError(f"Got y={y!r}; expected labels, or the name of {one_of(y, names)}")
        if names.count(y) > 1:
            raise DataError(f"Got {names.count(y)} columns called {y!r}; expected one. Rename them.")
        name = y
        X, y = without_column(X, y)
    elif isinstance(y, str) or np.isscalar(y):
        raise DataError(
            f"Got y={y!r} and X of type {type(X).__name__}; expected an array of labels. The name of a column goes "
            "with a dataframe of pandas or polars."
        )
    else:
        name = _series_name(y)
    return X, y, name


def checked_table(X: Any) -> Any:
    """The rows, if they have columns; those of a list as an array."""
    if isinstance(X, list | tuple):
        X = array_of_rows(X)
    if not hasattr(X, "shape") or len(X.shape) != 2:
        shape = getattr(X, "shape", None)
        raise DataError(
            f"Got X of type {type(X).__name__} and shape {shape}; expected rows and columns, as in a dataframe."
        )
    if X.shape[1] == 0:
        raise DataError("Got a table without columns beside the target; expected at least one.")
    return X


def _series_name(y: Any) -> Any:
    name = y.name if isinstance(y, pd.Series) or is_foreign_series(y) else None
    return name or None


def read_target(y: Any, name: Any = None) -> Target:
    """The classes of the rows; a quantity is refused."""
    try:
        return wrap_target(y)
    except DataError:
        raise
    except ValueError as error:
        where = "y" if name is None else f"the target {name!r}"
        raise DataError(
            f"Got {where} of labels that are no classes ({' '.join(str(error).split())[:120]}); expected a class for "
            "every row. Is it a measured quantity? Cut it into classes first, for instance with pandas.cut."
        ) from error


def _check_target(target: Target, n_rows: int, name: Any) -> None:
    if len(target.codes) != n_rows:
        raise DataError(f"Got {len(target.codes)} labels for {n_rows} rows; expected one for each.")
    if not n_rows:
        raise DataError("Got a table without rows; expected some of each class.")
    where = "y" if name is None else f"the target {name!r}"
    if len(target.classes) < 2:
        raise DataError(
            f"Got one class only ({target.classes[0]!r}) in {where}; expected at least two. Rows of one class can be "
            "searched for outliers, not classified or balanced."
        )
    if len(target.classes) > max(20, n_rows // 5):
        raise DataError(
            f"Got {len(target.classes)} different values in {n_rows} rows of {where}; expected classes. Is it an "
            "identifier or a measured quantity? Cut a quantity into classes first."
        )


def _draw(target: Target, max_rows: int | None, rng: np.random.Generator) -> np.ndarray:
    """Positions of at most so many rows: small classes first, since of these each row counts.

    Half of the places are shared out evenly, the other half by size.
    """
    n_rows = len(target.codes)
    if max_rows is None or n_rows <= max_rows:
        return np.arange(n_rows)
    sure = np.minimum(target.counts, max(1, max_rows // (2 * len(target.counts))))
    rest = target.counts - sure
    quota = sure + (rest * (max(0, max_rows - sure.sum()) / max(1, rest.sum()))).astype(np.intp)
    chosen = [rng.permutation(target.positions_of(code))[:n] for code, n in enumerate(quota)]
    return np.sort(np.concatenate(chosen))


def _sensitive_names(sensitive: Any, names: list) -> list | None:
    if sensitive is None:
        return None
    wanted = [sensitive] if isinstance(sensitive, str) or np.isscalar(sensitive) else list(sensitive)
    unknown = [name for name in wanted if name not in names]
    if unknown:
        raise DataError(f"Got sensitive={unknown!r}; expected names among {names[:20]}.")
    return wanted
