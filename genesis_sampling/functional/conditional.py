"""Fit once, then draw tables that meet conditions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .._random import RandomStreams
from ..exceptions import DataError
from ..tables.containers import Table, is_frame, wrap_table
from ._methods import chosen_generator

__all__ = ["ConditionalGenerator"]


class ConditionalGenerator:
    """Learn a whole table, then draw rows of which some columns are as wished.

    Parameters
    ----------
    method : {"auto", "tree", "gaussian_copula", "ctgan", "tvae", "diffusion"} or generator, default="auto"
        What learns and draws the rows; ``"auto"`` is trees. The last three need the extra ``torch``.
    method_params : mapping, default=None
        Parameters of a method given by name.
    random_state : int, RandomState instance or None, default=None
        Seed of the fit, and of draws that have none of their own.

    Attributes
    ----------
    generator_ : BaseGenerator
        What has learned the table.
    acceptance_rate_ : float
        Share of the rows drawn by the last ``generate`` that met its conditions: 1 where they are met natively.

    See Also
    --------
    GenerativeOverSampler : The same generators as a sampler, for use in a pipeline.

    Notes
    -----
    Every row that is returned meets the conditions. The copula meets all of them natively, as does the diffusion;
    CTGAN is asked for a value of one column, and trees for one of the column that they begin with. What is left is met
    by rejection: rows are drawn until enough of them meet it. After 200 candidates for each row, and 200,000 at least,
    this ends with an error that says how many can be had.

    Examples
    --------
    >>> import pandas as pd
    >>> from genesis_sampling import ConditionalGenerator
    >>> df = pd.DataFrame({"age": [31, 47, 25, 60] * 25, "city": ["Rome", "Oslo", "Rome", "Bern"] * 25})
    >>> generator = ConditionalGenerator("gaussian_copula", random_state=0).fit(df)
    >>> rows = generator.generate(5, conditions={"city": ["Oslo", "Bern"], "age": (40, None)})
    >>> bool(rows["age"].ge(40).all()), set(rows["city"]) <= {"Oslo", "Bern"}
    (True, True)
    """

    def __init__(
        self,
        method: Any = "auto",
        *,
        method_params: Mapping[str, Any] | None = None,
        random_state: Any = None,
    ):
        self.method = method
        self.method_params = method_params
        self.random_state = random_state

    def fit(self, df: Any, discrete_columns: Sequence[Any] | None = None) -> ConditionalGenerator:
        """Learn a table.

        Parameters
        ----------
        df : dataframe
            Of pandas or polars. A class label is one of its columns.
        discrete_columns : name or sequence of names, default=None
            Columns that hold categories, beside the text, boolean and ``category`` columns.

        Returns
        -------
        self : ConditionalGenerator
        """
        if not is_frame(df):
            raise DataError(f"Got {type(df).__name__}; expected a dataframe of pandas or polars.")
        generator = chosen_generator(self.method, self.method_params, discrete_columns)
        self._streams = RandomStreams.from_random_state(self.random_state)
        if generator.random_state is None:
            generator.set_params(random_state=self._streams.child("fit").integer_seed())
        table = wrap_table(df)
        self.generator_ = generator.fit(table.frame)
        self._empty: Table = wrap_table(df[:0])
        self._n_draws = 0
        return self

    def generate(
        self, n_samples: int, conditions: Mapping[Any, Any] | None = None, random_state: Any = None
    ) -> Any:
        """Draw rows.

        Parameters
        ----------
        n_samples : int
            Number of rows.
        conditions : mapping, default=None
            Column to what it shall hold: a value, None for a missing one, a list or set of these, or a range
            ``(low, high)`` of numbers, times or ordered categories, with both ends included and None for an open one.
        random_state : int, RandomState instance or None, default=None
            An int gives the same rows each time; None goes on with the stream of the fit.

        Returns
        -------
        rows : dataframe of shape (n_samples, n_columns)
            Of the kind that ``fit`` was given.

        Raises
        ------
        TargetNotReachedError
            When too few rows meet the conditions; the message has the number that do, and their share.
        """
        if not hasattr(self, "generator_"):
            raise DataError("Got no table yet; expected fit(df) before generate().")
        self._n_draws += 1
        if random_state is None:
            # The stream of the first draw bears the plain name, as that of `generate()` always has.
            later = () if self._n_draws == 1 else (self._n_draws,)
            random_state = self._streams.child("draw", *later).integer_seed()
        rows = self.generator_.sample(n_samples, conditions=conditions, random_state=random_state)
        self.acceptance_rate_ = self.generator_.acceptance_rate_
        return self._empty.stack(np.empty(0, dtype=np.intp), rows)
