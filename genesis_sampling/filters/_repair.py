"""Writing repaired values into a column without changing its dtype."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api import types as pdt


def assign(frame: pd.DataFrame, label: Hashable, rows: NDArray[np.bool_], values: Any) -> pd.DataFrame:
    """A frame where ``values`` replace those of one column in ``rows``; rows whose value does not fit stay.

    Parameters
    ----------
    frame : DataFrame of shape (n_rows, n_columns)
        Is not changed.

    label : hashable
        The column.

    rows : ndarray of bool of shape (n_rows,)
        Where to write.

    values : scalar or sequence of length ``rows.sum()``
        What to write.
    """
    column = frame[label]
    new = (
        values.reset_index(drop=True)
        if isinstance(values, pd.Series)
        else pd.Series(values, range(rows.sum()))
    )
    fitting = storable(column.dtype, new)
    target = np.flatnonzero(rows)[fitting]
    if len(target) == 0:
        return frame
    array = column.array.copy()
    array[target] = new[fitting].astype(column.dtype).array
    repaired = frame.copy(deep=False)
    repaired[label] = pd.Series(array, index=column.index)
    return repaired


def storable(dtype: Any, values: pd.Series) -> NDArray[np.bool_]:
    """Which ``values`` a column of this dtype can hold as they are: no wrapping, truncation, new category."""
    if isinstance(dtype, pd.CategoricalDtype):
        return values.isin(dtype.categories).to_numpy()
    if pdt.is_bool_dtype(dtype):
        return values.isin([0, 1]).to_numpy()
    if not pdt.is_integer_dtype(dtype):
        return np.ones(len(values), dtype=bool)
    limits = np.iinfo(getattr(dtype, "numpy_dtype", dtype))
    numbers = values.to_numpy()
    if numbers.dtype.kind not in "iu":
        numbers = values.to_numpy(dtype="float64", na_value=np.nan)
        whole = np.isfinite(numbers) & (numbers == np.floor(numbers))
        # float(2**63 - 1) is 2**63, which wraps
        return whole & (numbers >= float(limits.min)) & (numbers < float(limits.max) + 1)
    return (numbers >= limits.min) & (numbers <= limits.max)
