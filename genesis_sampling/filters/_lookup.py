"""Finding which known combination of values each row holds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..tables.comparisons import plain

Key = tuple[Any, ...]


def match_rows(columns: Sequence[pd.Series], keys: Sequence[Key]) -> NDArray[np.intp]:
    """Position in ``keys`` of the combination that each row holds, -1 for none of them.

    Parameters
    ----------
    columns : sequence of Series, each of length n_rows
        The key columns.

    keys : sequence of tuple, distinct, each of length ``len(columns)``
        Combinations; None stands for a missing cell and matches one.

    Returns
    -------
    positions : ndarray of int of shape (n_rows,)
    """
    states = np.zeros(len(columns[0]), dtype=np.intp)  # which prefix of a key the row matches so far
    key_states = np.zeros(len(keys), dtype=np.intp)
    for position, column in enumerate(columns):
        codes, key_codes, n_codes = _encode(column, [key[position] for key in keys])
        prefixes, key_states = np.unique(key_states * n_codes + key_codes, return_inverse=True)
        possible = (states >= 0) & (codes >= 0)
        states = np.where(possible, pd.Index(prefixes).get_indexer(pd.Index(states * n_codes + codes)), -1)
    positions = np.full(len(keys) + 1, -1, dtype=np.intp)  # the last one answers for the state -1
    positions[key_states] = np.arange(len(keys))
    return positions[states]


def _encode(column: pd.Series, values: list[Any]) -> tuple[NDArray[np.intp], NDArray[np.intp], int]:
    """Codes of a column and of the key values that may stand in it; missing is the last code."""
    known = [value for value in values if value is not None]
    levels = pd.Index(list(dict.fromkeys(known)))
    codes = levels.get_indexer(pd.Index(column))
    codes = np.where(column.isna().to_numpy(), len(levels), codes)
    positions = {level: code for code, level in enumerate(dict.fromkeys(known))}
    positions[None] = len(levels)
    return codes, np.array([positions[value] for value in values], dtype=np.intp), len(levels) + 1


def observed_keys(columns: Sequence[pd.Series]) -> list[Key]:
    """Distinct combinations of the rows, in order of appearance, as plain scalars."""
    table = pd.concat([column.reset_index(drop=True) for column in columns], axis=1, keys=range(len(columns)))
    rows = table.drop_duplicates().itertuples(index=False, name=None)
    return list(dict.fromkeys(tuple(plain(value) for value in row) for row in rows))
