"""Make a wholly synthetic table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..generators._interrupts import stop_if_interrupted
from .conditional import ConditionalGenerator

__all__ = ["generate"]


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
    method : {"auto", "tree", "gaussian_copula", "ctgan", "tvae", "diffusion"} or generator, default="auto"
        What learns and draws the rows; ``"auto"`` is trees. The last three need the extra ``torch``.
    method_params : mapping, default=None
        Parameters of a method given by name.
    discrete_columns : name or sequence of names, default=None
        Columns that hold categories, beside the text, boolean and ``category`` columns.
    conditions : mapping, default=None
        Column to a value, a list of values, or a range ``(low, high)``.
    random_state : int, RandomState instance or None, default=None
        Seed.

    Returns
    -------
    rows : dataframe of shape (n_rows, n_columns)
        Of the kind that came in.

    See Also
    --------
    ConditionalGenerator : Learn a table once, and draw from it several times.

    Examples
    --------
    >>> import pandas as pd
    >>> from genesis_sampling import generate
    >>> df = pd.DataFrame({"age": [31, 47, 25, 60] * 10, "city": ["Rome", "Oslo", "Rome", "Bern"] * 10})
    >>> generate(df, 3, random_state=0).shape
    (3, 2)
    """
    generator = ConditionalGenerator(method, method_params=method_params, random_state=random_state)
    generator.fit(df, discrete_columns)
    stop_if_interrupted(generator.generator_)
    return generator.generate(n_rows, conditions)
