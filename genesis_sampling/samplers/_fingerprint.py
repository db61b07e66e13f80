"""A key for the cache of fitted generators."""

from __future__ import annotations

from hashlib import blake2b
from importlib.metadata import version
from typing import Any

import joblib
import numpy as np
import pandas as pd

from ..tables import TableSchema

__all__ = ["fingerprint"]


def fingerprint(
    rows: pd.DataFrame | np.ndarray, labels: Any, schema: TableSchema | None, generator: Any
) -> str:
    """Digest of what a generator is fitted to, its type and parameters (its seed among them), and our version.

    Frames are hashed by value: two equal columns of text may differ in how their strings are shared in memory, which
    a hash of their pickles would see.
    """
    digest = blake2b(digest_size=16)
    if isinstance(rows, np.ndarray):
        digest.update(joblib.hash(rows).encode())
        rows = pd.DataFrame()
    for position, name in enumerate(rows.columns):
        values = rows.iloc[:, position]
        digest.update(f"{name!r} {values.dtype}".encode())
        dense = values.sparse.to_dense() if isinstance(values.dtype, pd.SparseDtype) else values
        digest.update(pd.util.hash_pandas_object(dense, index=False, categorize=False).to_numpy().tobytes())
    if labels is not None:
        digest.update(pd.util.hash_array(labels).tobytes())
    digest.update(joblib.hash([schema, type(generator), generator.get_params()]).encode())
    digest.update(version("genesis-sampling").encode())
    return digest.hexdigest()
