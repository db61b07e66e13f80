"""What generators that are networks share: rows as levels and numbers, the training loop, draws in chunks."""

from __future__ import annotations

import sys
import warnings
from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from numbers import Integral, Real
from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils._param_validation import Interval

from .. import networks
from .._random import RandomStreams
from ..exceptions import DataError, SmallClassWarning
from ._conditioning import Allowed, draw_until
from ._levels import ColumnLevels, LevelTable, decode_table, encode_table, fit_column
from .base import BaseGenerator

__all__ = ["NetworkGenerator", "draw_from", "same_at_each_look"]

# Rows that a network makes at once, always as many: products of matrices of other sizes differ in their last digit, and
# fewer rows shall be the first of more.
CHUNK = 1024
# A fit that is expected to take longer says so before it starts.
LONG_SECONDS = 10.0
# With fewer rows a fit warns.
FEW_ROWS = 100
# Fewer rows are not held out: their loss would say next to nothing.
MIN_HELD_OUT = 20


class NetworkGenerator(BaseGenerator):
    """Base of the generators that are networks.

    A subclass says how columns are told (``_column_options``), makes the model (``_make_model``) and its updates
    (``_make_steps``), and draws levels and numbers (``_draw_levels``). Labels given to ``fit`` are a condition of
    every row and never drawn by chance of the network, so the classes keep their shares.

    Attributes
    ----------
    history_ : list of dict
        One per look at the training: the step, the mean of each loss since the look before, the held-out measure.
    n_steps_ : int
        Updates made, all fits of a warm start together.
    fit_seconds_ : float
        Time that they took.
    stop_reason_ : {"steps", "patience", "time", "interrupt"}
        Why training ended.
    """

    # A sampler fits it once to all classes, unless told otherwise.
    needs_many_rows = True

    _parameter_constraints: dict = {
        **BaseGenerator._parameter_constraints,
        "n_steps": [Interval(Integral, 1, None, closed="left")],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "patience": [Interval(Integral, 1, None, closed="left"), None],
        "max_seconds": [Interval(Real, 0, None, closed="neither"), None],
        "device": "no_validation",  # resolve_device says it better, and knows torch's own devices
        "warm_start": ["boolean"],
        "verbose": ["verbose"],
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

    def _is_warm(self) -> bool:
        return self.warm_start and hasattr(self, "_model")

    def _fit_codes(self, codes, discrete, first, streams):
        device = networks.resolve_device(self.device)
        _warn_of_few(len(codes))
        n_columns, is_warm = self.n_features_in_, self._is_warm()
        classes = codes[:, n_columns].astype(np.int64) if first else None
        if is_warm:
            self._check_classes()
        else:
            self._begin(codes, discrete, streams)
        self._n_fits += 1
        counts = np.ones(1) if classes is None else np.bincount(classes, minlength=self._n_classes)
        self._class_shares = counts / counts.sum()
        table = encode_table(self._columns, codes[:, :n_columns], streams.child("levels").rng())
        with networks.seeded(streams.child("network", self._n_fits).integer_seed(), device):
            if not is_warm:
                self._model = self._make_model()
            self._note_conditions(table, classes)
            self._model.to(device)
            self._train(table, codes, classes, device, streams.child("held out").rng())
            self._model.cpu()

    def _begin(self, codes: np.ndarray, discrete: np.ndarray, streams: RandomStreams) -> None:
        """Learn how columns are told, and forget all training."""
        self._columns = [
            self._told(
                codes[:, column], bool(discrete[column]), column, streams.child("column", column).rng()
            )
            for column in range(self.n_features_in_)
        ]
        self._classes = None if self.target_ is None else self.target_.classes
        self._n_fits, self.history_, self.n_steps_, self.fit_seconds_ = 0, [], 0, 0.0

    def _told(self, codes: np.ndarray, discrete: bool, column: int, rng: np.random.Generator) -> ColumnLevels:
        interpolate, step = (False, 0.0) if discrete else self._resolution(column)
        options = self._column_options()
        return fit_column(codes, discrete=discrete, interpolate=interpolate, step=step, rng=rng, **options)

    def _check_classes(self) -> None:
        classes = None if self.target_ is None else self.target_.classes
        if classes != self._classes:
            raise DataError(
                f"Got the classes {classes} with warm_start=True; expected those of the fit before, {self._classes}. "
                "Set warm_start=False to start anew."
            )

    @property
    def _n_classes(self) -> int:
        return 0 if self._classes is None else len(self._classes)

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

    def _train(
        self,
        table: LevelTable,
        codes: np.ndarray,
        classes: np.ndarray | None,
        device: Any,
        rng: np.random.Generator,
    ) -> None:
        """Run the loop, and note what happened."""
        model, steps, measure = self._make_steps(table, codes, classes, device, rng)
        config = networks.TrainingConfig(
            steps=self.n_steps,
            max_seconds=self.max_seconds,
            evaluate_every=max(1, min(100, self.n_steps // 10)),
            patience=self.patience if measure is not None else None,
            announce=self._announce(device) if self.verbose else None,
            progress=_print_look if self.verbose > 1 else None,
        )
        history = networks.History(self.history_, self.n_steps_, self.fit_seconds_)
        networks.Trainer(model, steps, config, measure).run(history)
        self._model = model
        self.history_, self.n_steps_ = history.losses, history.n_steps
        self.fit_seconds_, self.stop_reason_ = history.seconds, history.stopped

    def _announce(self, device: Any) -> Callable[[float], None]:
        """What is said of the seconds that training is expected to take."""

        def say(seconds: float) -> None:
            if seconds >= LONG_SECONDS:
                bound = "" if self.max_seconds is None else f", at most {self.max_seconds:g} s"
                print(
                    f"{type(self).__name__}: {self.n_steps} steps on {device.type}, about {seconds:.0f} s{bound}. "
                    "Fewer steps (n_steps) or a budget (max_seconds) make it shorter.",
                    file=sys.stderr,
                )

        return say

    def _held_out(self, n_rows: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Positions of the rows to train on, and of those held out: none, where they would be too few to tell."""
        n_out = 0 if self.patience is None else round(self.validation_fraction * n_rows)
        order = rng.permutation(n_rows)
        return (order, order[:0]) if n_out < MIN_HELD_OUT else (np.sort(order[n_out:]), order[:n_out])

    @contextmanager
    def _placed(self, seed: int) -> Iterator[Any]:
        """The model on its device, with torch's generators at ``seed``."""
        device = networks.resolve_device(self.device)
        self._model.to(device)
        try:
            with networks.seeded(seed, device):
                yield device
        finally:
            self._model.cpu()

    def _draw_codes(self, n, streams, allowed):
        def chunks(count: int, streams: RandomStreams) -> tuple[np.ndarray, np.ndarray]:
            starts = range(0, max(count, 1), CHUNK)
            parts = [self._draw_chunk(streams.child("chunk", start), allowed) for start in starts]
            return np.concatenate([codes for codes, _ in parts]), np.concatenate([kept for _, kept in parts])

        if self._is_weighed(allowed):
            names = ", ".join(
                repr(self.feature_names_in_[column]) for column in allowed if column < self.n_features_in_
            )
            codes = draw_until(n, chunks, streams, f"those on {names}")
        else:
            codes = chunks(n, streams)[0][:n]
        for column in self._surely_met(allowed):
            codes[:, column] = allowed[column].settle(codes[:, column])
        return codes

    def _draw_chunk(
        self, streams: RandomStreams, allowed: Mapping[int, Allowed]
    ) -> tuple[np.ndarray, np.ndarray]:
        """Codes of shape (CHUNK, n_codes), and which rows are kept."""
        with self._placed(streams.child("network").integer_seed()) as device:
            table, classes, share = self._draw_levels(
                CHUNK, allowed, streams.child("conditions").rng(), device
            )
        codes = decode_table(self._columns, table, streams.child("places").rng())
        if self._classes is not None:
            codes = np.column_stack([codes, classes])
        kept = np.ones(CHUNK) if share is None else share
        return codes, streams.child("kept").rng().random(CHUNK) < kept

    def _is_weighed(self, allowed: Mapping[int, Allowed]) -> bool:
        """Whether rows have to be kept with the share that ``_draw_levels`` gives."""
        return False

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

    def _saved(self):
        weights = {name: values.numpy() for name, values in self._model.state_dict().items()}
        return {name: value for name, value in super()._saved().items() if name != "_model"} | {
            "_weights": weights
        }

    def _restore(self, attributes):
        weights = attributes.pop("_weights")
        super()._restore(attributes)
        self._model = self._make_model()
        networks.load_weights(self._model, weights)

    def _note_conditions(self, table: LevelTable, classes: np.ndarray | None) -> None:
        """Keep what draws with conditions need to know of the rows."""

    @abstractmethod
    def _column_options(self) -> dict[str, Any]:
        """How :func:`fit_column` shall tell columns."""

    @abstractmethod
    def _make_model(self) -> Any:
        """The network, with parameters as they are at the beginning."""

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


def same_at_each_look(bound: Callable[..., float], rows: Sequence[Any], device: Any) -> Callable[[], float]:
    """A bound on held-out rows with the same draws whenever it is looked at, so that looks can be compared."""

    def measure() -> float:
        with networks.seeded(0, device):
            return bound(*rows)

    return measure


def _print_look(step: int, steps: int, losses: Mapping[str, float]) -> None:
    told = ", ".join(f"{name} {value:.3f}" for name, value in losses.items() if name != "step")
    print(f"step {step} of {steps}: {told}", file=sys.stderr)
