"""From a table to one float64 column per column, and exactly back."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from ..exceptions import DataError
from .codecs import FloatCodec, IntegerCodec, make_codec
from .schema import TableSchema, infer_schema

__all__ = ["TableEncoder"]


class TableEncoder(BaseEstimator):
    """Encode a mixed table as a float64 array with one column per column, and decode it exactly.

    Numbers and times keep their order and distances, categories become positions in the list of known categories,
    missing values become NaN. Decoding gives back names, order, dtypes and categories; it rounds integers, counts
    times in the unit that they share (dates stay dates) and stays inside the range of narrow and unsigned dtypes.

    Parameters
    ----------
    categorical_features : "auto", array-like of names or positions, or boolean mask, default="auto"
        See :func:`~genesis_sampling.tables.infer_schema`.
    round_decimals : bool, default=True
        Whether decoded floats are rounded to the number of decimal places (at most 6) that all known values share,
        as prices have two.

    Attributes
    ----------
    schema_ : TableSchema
        What the columns are.
    codecs_ : list
        One fitted codec per column.
    discrete_ : ndarray of bool of shape (n_columns,)
        Which encoded columns hold positions of categories.
    n_categories_ : ndarray of int of shape (n_columns,)
        Number of categories of the discrete columns, 0 for the others.
    low_, high_ : ndarrays of shape (n_columns,)
        Smallest and largest code that was seen; NaN for a column without values.

    Notes
    -----
    A column has one missing marker: a column that holds both ``None`` and ``NaN`` comes back with the first.

    Examples
    --------
    >>> import pandas as pd
    >>> from genesis_sampling.tables import TableEncoder
    >>> frame = pd.DataFrame({"age": [31, 47], "city": ["Rome", None]})
    >>> encoder = TableEncoder().fit(frame)
    >>> encoder.transform(frame)
    array([[31.,  0.],
           [47., nan]])
    >>> encoder.inverse_transform(encoder.transform(frame)).equals(frame)
    True
    """

    def __init__(self, categorical_features: Any = "auto", *, round_decimals: bool = True):
        self.categorical_features = categorical_features
        self.round_decimals = round_decimals

    def fit(self, frame: pd.DataFrame, y=None, *, schema: TableSchema | None = None) -> TableEncoder:
        """Learn the columns of ``frame``, or take them from ``schema``."""
        self.schema_ = infer_schema(frame, self.categorical_features) if schema is None else schema
        self.codecs_ = [
            make_codec(column, values, round_decimals=self.round_decimals)
            for column, (_, values) in zip(self.schema_, frame.items(), strict=True)
        ]
        self.discrete_ = self.schema_.discrete
        self.n_categories_ = np.array(
            [
                len(codec.categories) if discrete else 0
                for codec, discrete in zip(self.codecs_, self.discrete_, strict=True)
            ],
            dtype=np.int64,
        )
        self.low_ = np.array([codec.low for codec in self.codecs_])
        self.high_ = np.array([codec.high for codec in self.codecs_])
        self._names = frame.columns
        return self

    def transform(self, frame: pd.DataFrame) -> np.ndarray:
        """Encode ``frame`` as a float64 array of shape (n_rows, n_columns)."""
        check_is_fitted(self)
        self._check_names(frame)
        if self._is_plain():
            return frame.to_numpy(dtype=np.float64)
        codes = np.empty((len(frame), len(self.codecs_)), order="F")
        for position, codec in enumerate(self.codecs_):
            codes[:, position] = codec.encode(frame.iloc[:, position])
        return codes

    def inverse_transform(self, codes: np.ndarray) -> pd.DataFrame:
        """Decode an array of shape (n_rows, n_columns) to a frame with the dtypes that were learned."""
        check_is_fitted(self)
        if self._is_plain() and all(codec.decimals is None for codec in self.codecs_):
            return pd.DataFrame(codes, columns=self._names, copy=False)
        decoded = {position: codec.decode(codes[:, position]) for position, codec in enumerate(self.codecs_)}
        frame = pd.DataFrame(decoded, index=pd.RangeIndex(len(codes)))
        frame.columns = self._names
        return frame

    def encode_value(self, column: int, value: Any) -> float:
        """The code of one value of the column at position ``column``; a number between two codes stays there."""
        codec = self.codecs_[column]
        try:
            if isinstance(codec, IntegerCodec) and not codec.is_time and codec.ranks is None:
                value = value.item() if isinstance(value, np.generic) else value
                return float(value - codec.offset)  # Python's integers are exact
            return float(codec.encode(pd.Series([value], name=self._names[column]).astype(codec.dtype))[0])
        except (TypeError, ValueError) as error:
            if isinstance(error, DataError):
                raise
            name, kind = self.schema_.columns[column].name, self.schema_.columns[column].kind
            raise DataError(
                f"Got {value!r} for the {kind} column {name!r}; expected a value of its kind."
            ) from error

    def _is_plain(self) -> bool:
        """Whether every column is float64 already, so that encoding is the identity."""
        return all(type(codec) is FloatCodec and codec.dtype == np.float64 for codec in self.codecs_)

    def _check_names(self, frame: pd.DataFrame) -> None:
        if not frame.columns.equals(self._names):
            raise DataError(
                f"Got the columns {list(frame.columns)[:10]}; expected {list(self._names)[:10]}, in this order, as "
                "learned by fit."
            )
