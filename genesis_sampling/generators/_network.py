"""What generators of tables that are networks share: rows as levels and numbers, draws in chunks."""

from __future__ import annotations

import warnings
from abc import abstractmethod
from collections.abc import Callable, Mapping
from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils._param_validation import Interval

from .. import networks
from .._random import RandomStreams
from ..exceptions import DataError, SmallClassWarning
from ._conditioning import Allowed
from ._levels import ColumnLevels, LevelTable, decode_table, encode_table, fit_column
from ._training import TrainedGenerator
from .base import BaseGenerator

__all__ = ["NetworkGenerator", "draw_from"]

# Rows that a network makes at once, always as many: products of matrices of other sizes differ in their last digit, and
# fewer rows shall be the first of more.
CHUNK = 1024
# With fewer rows a fit warns.
FEW_ROWS = 100


class NetworkGenerator(TrainedGenerator, BaseGenerator):
    """Base of the generators of tables that are networks.

    A subclass says how columns are told (``_column_options``), makes the model (``_config``, ``_network``) and its
    updates (``_make_steps``), and draws levels and numbers (``_draw_levels``). Labels given to ``fit`` are a condition
    of every row and never drawn by chance of the network, so the classes keep their shares.
    """

    _parameter_constraints: dict = {
        **BaseGenerator._parameter_constraints,
        **TrainedGenerator._parameter_constraints,
        "patience": [Interval(Integral, 1, None, closed="left"), None],
    }

    def _fitted_encoder(self, frame: pd.DataFrame, schema):
        if not self._is_warm():
            return super()._fitted_encoder(frame, schema)
        if not frame.columns.equals(pd.Index(self.feature_names_in_)):
            raise DataError(
                f"Got the columns {list(frame.columns)[:10]} with warm_start=True; expected those of the fit before, "
                f"{list(self.feature_names_in_[:10])}. Set warm_start=False to start anew."
            )
        return self.encoder_

    def _fit_codes(self, codes, discrete, first, streams):
        if not self.n_features_in_:
            raise DataError("Got a table without columns; expected at least one to learn.")
        _warn_of_few(len(codes))
        n_columns = self.n_features_in_
        classes = codes[:, n_columns].astype(np.int64) if first else None

        def steps(device: Any) -> tuple[Any, Any, Any]:
            table = encode_table(
                self._columns,
                codes[:, :n_columns],
                streams.child("levels").rng(),
                self.feature_names_in_,
            )
            self._note_conditions(table, classes)
            return self._make_steps(table, codes, classes, device, streams.child("held out").rng())

        self._fit_network(classes, streams, lambda: self._learn_columns(codes, discrete, streams), steps)

    def _learn_columns(self, codes: np.ndarray, discrete: np.ndarray, streams: RandomStreams) -> None:
        """Learn how columns are told."""
        self._columns = [
            self._told(
                codes[:, column], bool(discrete[column]), column, streams.child("column", column).rng()
            )
            for column in range(self.n_features_in_)
        ]

    def _told(self, codes: np.ndarray, discrete: bool, column: int, rng: np.random.Generator) -> ColumnLevels:
        interpolate, step = (False, 0.0) if discrete else self._resolution(column)
        options = self._column_options()
        return fit_column(codes, discrete=discrete, interpolate=interpolate, step=step, rng=rng, **options)

    def _level_starts(self) -> np.ndarray:
        """The first level column of each column, and behind the last one their number."""
        return np.cumsum([0, *(len(column.sizes) for column in self._columns)])

    def _layout(self, *before: int) -> Any:
        """The layout of all columns, behind level columns of the sizes given."""
        sizes, numbers = list(before), []
        for column in self._columns:
            if column.first_number is not None:
                numbers.append((len(sizes), column.first_number))
            sizes += column.sizes
        return networks.Layout(tuple(sizes), tuple(numbers))

    def _draw_codes(self, n, streams, allowed):
        with self._placed() as device:
            chunks = [
                self._draw_chunk(streams.child("chunk", start), allowed, device)
                for start in range(0, max(n, 1), CHUNK)
            ]
        codes, kept = (np.concatenate(parts)[:n] for parts in zip(*chunks, strict=True))
        for column, wish in allowed.items():
            codes[:, column] = wish.settle(codes[:, column])
        return codes, kept

    def _draw_chunk(
        self, streams: RandomStreams, allowed: Mapping[int, Allowed], device: Any
    ) -> tuple[np.ndarray, np.ndarray]:
        """Codes of shape (CHUNK, n_codes), and which rows are kept."""
        with networks.seeded(streams.child("network").integer_seed(), device):
            table, classes, share = self._draw_levels(
                CHUNK, allowed, streams.child("conditions").rng(), device
            )
        codes = decode_table(self._columns, table, streams.child("places").rng(), allowed)
        if self._classes is not None:
            codes = np.column_stack([codes, classes])
        kept = np.ones(CHUNK) if share is None else share
        return codes, streams.child("kept").rng().random(CHUNK) < kept

    def _draw_classes(self, n: int, allowed: Mapping[int, Allowed], rng: np.random.Generator) -> np.ndarray:
        """Classes as frequent as they were, among those allowed."""
        wish = allowed.get(self.n_features_in_)
        share = self._class_shares
        if wish is not None:
            share = np.where(wish.contains(np.arange(len(share))), share, 0.0)
        return draw_from(share, n, rng)

    def _given(self, classes: np.ndarray) -> np.ndarray | None:
        """The classes that a network is told: none, where ``fit`` was given no labels."""
        return None if self._classes is None else classes

    def _native(self, allowed):
        return {column: wish for column, wish in allowed.items() if column == self.n_features_in_}

    def _note_conditions(self, table: LevelTable, classes: np.ndarray | None) -> None:
        """Keep what draws with conditions need to know of the rows."""

    @abstractmethod
    def _column_options(self) -> dict[str, Any]:
        """How :func:`fit_column` shall tell columns."""

    @abstractmethod
    def _make_steps(
        self,
        table: LevelTable,
        codes: np.ndarray,
        classes: np.ndarray | None,
        device: Any,
        rng: np.random.Generator,
    ) -> tuple[Any, Callable[[], Mapping[str, Any]], Callable[[], float] | None]:
        """The model whose state is kept, one update, and the held-out measure."""

    @abstractmethod
    def _draw_levels(
        self, n: int, allowed: Mapping[int, Allowed], rng: np.random.Generator, device: Any
    ) -> tuple[LevelTable, np.ndarray, np.ndarray | None]:
        """Levels and numbers of ``n`` rows, their classes, and the probabilities to keep them with: None for 1."""


def _warn_of_few(n_rows: int) -> None:
    if n_rows < FEW_ROWS:
        warnings.warn(
            f"Got {n_rows} rows to train a network on; it learns hardly more from so few than what single columns "
            "hold. GaussianCopulaGenerator and TreeGenerator learn more.",
            SmallClassWarning,
            stacklevel=2,
        )


def draw_from(weight: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
    """Positions in ``weight``, as probable as it says, shape (n,)."""
    cumulated = np.cumsum(weight)
    return np.searchsorted(cumulated, rng.random(n) * cumulated[-1], side="right").clip(max=len(weight) - 1)
