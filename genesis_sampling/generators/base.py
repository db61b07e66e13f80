"""What every generator of tables shares: a table in, a learned distribution, seeded rows out."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Hashable, Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import _fit_context
from sklearn.utils._param_validation import StrOptions

from .._random import RandomStreams
from ..exceptions import DataError
from ..tables import ColumnKind, TableEncoder, TableSchema
from ..tables.codecs import FloatCodec
from ..tables.conditions import all_hold, parse_conditions
from ..tables.containers import wrap_table
from ._conditioning import Allowed, allowed_codes, draw_until
from ._labelled import LabelledGenerator

__all__ = ["BaseGenerator"]

# Rows that are drawn with one set of streams: bounds the memory of a draw, and lets parts of it be made apart.
BLOCK = 65_536
# Kinds of columns that may take values between those seen.
INTERPOLATED = (ColumnKind.CONTINUOUS, ColumnKind.DATETIME, ColumnKind.TIMEDELTA)


class BaseGenerator(LabelledGenerator):
    """Base of the generators of tables: encodes, conditions and decodes, so that a subclass only sees codes.

    A subclass writes ``_fit_codes(codes, discrete, first, streams)`` and ``_draw_codes(n, streams, allowed)``, and
    may say with ``_meets(allowed)`` which conditions it meets by itself; the others are met by rejection.

    Attributes
    ----------
    encoder_ : TableEncoder
        The fitted encoding of the table.
    target_ : Target or None
        The labels given to ``fit``.
    n_features_in_ : int
        Number of columns seen.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Their names.
    acceptance_rate_ : float
        Share of the rows drawn by the last ``sample`` that met its conditions.
    """

    _parameter_constraints: dict = {
        "categorical_features": ["array-like", StrOptions({"auto"}), None],
        "random_state": ["random_state"],
    }

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None, *, schema=None):
        """Learn the distribution of the rows.

        Parameters
        ----------
        X : {dataframe, array-like} of shape (n_rows, n_columns)
            A table of any column kinds, missing values included. To draw labels too, leave them in as a column.
        y : array-like of shape (n_rows,), default=None
            Class labels to learn jointly, for ``sample(n, y=label)``.
        schema : TableSchema, default=None
            What the columns are, if it is known from a larger table; found out from ``X`` otherwise.

        Returns
        -------
        self : object
        """
        frame = wrap_table(X).frame
        if not len(frame):
            raise DataError("Got a table without rows; expected at least one row to learn from.")
        with self._as_before_if_it_fails():
            self.encoder_ = self._fitted_encoder(frame, schema)
            self.n_features_in_ = frame.shape[1]
            self.feature_names_in_ = np.asarray(frame.columns, dtype=object)
            self._learn_labels(y, len(frame))
            streams = self._begin_draws()
            codes, discrete = self.encoder_.transform(frame), self.encoder_.discrete_
            first: tuple[int, ...] = ()
            if self.target_ is not None:
                codes = np.column_stack([codes, self.target_.codes.astype(np.float64)])
                discrete, first = np.append(discrete, True), (frame.shape[1],)
            self._fit_codes(codes, discrete, first, streams.child("fit"))
        return self

    def _fitted_encoder(self, frame: pd.DataFrame, schema: TableSchema | None) -> TableEncoder:
        return TableEncoder(self.categorical_features).fit(frame, schema=schema)

    def sample(self, n, y=None, conditions=None, random_state=None):
        """Draw rows.

        Parameters
        ----------
        n : int
            Number of rows.
        y : label or array-like of shape (n,), default=None
            Class of the rows, if ``fit`` was given labels; one label for all, or one each.
        conditions : dict, default=None
            Column to what it shall hold: a value, None for a missing one, a list or set of values, or a range
            ``(low, high)`` with both ends included and None for an open one.
        random_state : int, RandomState instance or None, default=None
            An int gives the same rows each time, and fewer rows are the first of more. None goes on with the
            stream of the fitted generator, so successive draws differ.

        Returns
        -------
        rows : DataFrame of shape (n, n_columns)
            With the columns and dtypes of the table that was learned.

        Raises
        ------
        TargetNotReachedError
            When the conditions are met by too few candidates; the message has the share that met them.
        """
        streams = self._begin_sample(n, random_state)
        self._n_tried = self._n_good = 0
        try:
            if y is None or np.ndim(y) == 0:
                return self._sample_class(n, y, conditions, streams)
            return self._sample_labels(n, np.asarray(y), conditions, streams)
        finally:
            self.acceptance_rate_ = self._n_good / max(self._n_tried, 1)

    def _sample_class(
        self, n: int, label: Any, conditions: Mapping[Hashable, Any] | None, streams: RandomStreams
    ) -> pd.DataFrame:
        """Rows of one class, or of all together."""
        allowed, sources, others = allowed_codes(parse_conditions(conditions), self.encoder_)
        if label is not None:
            allowed[self.n_features_in_] = Allowed.value(self._label_code(label))
        native = self._native(allowed)
        by_rejection = others + [sources[position] for position in sources if position not in native]
        label_code = allowed.get(self.n_features_in_) if self.n_features_in_ not in native else None

        def candidates(count: int, streams: RandomStreams) -> tuple[pd.DataFrame, np.ndarray]:
            codes, kept = self._draw_codes(count, streams, native)
            frame = self.encoder_.inverse_transform(codes[:, : self.n_features_in_])
            good = all_hold(by_rejection, frame)
            if kept is not None:
                good = good & kept
            if label_code is not None:
                good = good & label_code.contains(codes[:, -1])
            self._n_tried, self._n_good = self._n_tried + count, self._n_good + int(good.sum())
            return frame, good

        weighed = [sources[position] for position in self._weighed(native) if position in sources]
        if not by_rejection and not weighed and label_code is None:
            return self._in_blocks(n, candidates, streams)
        named = [str(condition) for condition in by_rejection + weighed]
        named += [f"y == {label!r}"] * (label_code is not None)
        return draw_until(n, candidates, streams, " and ".join(named))

    def _native(self, allowed: Mapping[int, Allowed]) -> dict[int, Allowed]:
        """The conditions that the generator sees to itself."""
        alone = {position: codes for position, codes in allowed.items() if self._meets({position: codes})}
        return alone if self._meets(alone) else {}

    def _weighed(self, native: Mapping[int, Allowed]) -> Iterable[int]:
        """Columns for whose conditions some rows are not kept; none, where all are."""
        return ()

    def _in_blocks(self, n: int, candidates, streams: RandomStreams) -> pd.DataFrame:
        """``n`` rows, every one of which is good."""
        starts = range(0, max(n, 1), BLOCK)
        blocks = [candidates(min(BLOCK, n - start), streams.child("block", start))[0] for start in starts]
        return blocks[0] if len(blocks) == 1 else pd.concat(blocks, ignore_index=True)

    def _sample_labels(self, n: int, labels: np.ndarray, conditions, streams: RandomStreams) -> pd.DataFrame:
        """Rows with a label each: the rows of every class, put in the order of the labels."""
        codes, classes = self._label_codes(labels, n), self._labels or []
        if not n:
            return self._sample_class(0, None, conditions, streams)
        parts, positions = [], []
        for code in pd.unique(codes).tolist():
            where = np.flatnonzero(codes == code)
            draws = streams.child("label", code)
            parts.append(self._sample_class(len(where), classes[code], conditions, draws))
            positions.append(where)
        order = np.argsort(np.concatenate(positions), kind="stable")
        return pd.concat(parts, ignore_index=True).iloc[order].reset_index(drop=True)

    def _resolution(self, column: int) -> tuple[bool, float]:
        """Whether a column can take values between those seen, and the distance of the codes that it can hold."""
        codec = self.encoder_.codecs_[column]
        interpolate = self.encoder_.schema_.columns[column].kind in INTERPOLATED
        if isinstance(codec, FloatCodec):
            return interpolate, 0.0 if codec.decimals is None else 10.0**-codec.decimals
        return interpolate, 1.0

    def _meets(self, allowed: Mapping[int, Allowed]) -> bool:
        """Whether ``_draw_codes`` itself meets all these conditions together."""
        return not allowed

    @abstractmethod
    def _fit_codes(
        self, codes: np.ndarray, discrete: np.ndarray, first: tuple[int, ...], streams: RandomStreams
    ) -> None:
        """Learn the encoded rows.

        Parameters
        ----------
        codes : ndarray of shape (n_rows, n_codes)
            One column per column of the table, NaN where missing; last the class, if labels were given.
        discrete : ndarray of bool of shape (n_codes,)
            Columns that hold positions of categories.
        first : tuple of int
            Columns on which later draws will be conditioned.
        streams : RandomStreams
        """

    @abstractmethod
    def _draw_codes(
        self, n: int, streams: RandomStreams, allowed: Mapping[int, Allowed]
    ) -> tuple[np.ndarray, np.ndarray | None]:
        """Draw encoded rows that meet the conditions; with equal streams fewer rows are the first of more.

        Returns
        -------
        codes : ndarray of shape (n, n_codes)
        kept : ndarray of bool of shape (n,) or None
            Which of them to keep, for their law to be right too; None for all.
        """
