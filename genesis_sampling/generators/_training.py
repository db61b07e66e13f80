"""What generators that are networks share, whatever they draw: the training loop, held-out rows, the device."""

from __future__ import annotations

import sys
from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from numbers import Integral, Real
from typing import Any

import numpy as np
from sklearn.utils._param_validation import Interval

from .. import networks
from .._random import RandomStreams
from ..exceptions import DataError
from ._labelled import LabelledGenerator

__all__ = ["TrainedGenerator", "same_at_each_look"]

# A fit that is expected to take longer says so before it starts.
LONG_SECONDS = 10.0
# Fewer rows are not held out: their loss would say next to nothing. More would say no more, and take their time at
# each look.
MIN_HELD_OUT, MAX_HELD_OUT = 20, 5000


class TrainedGenerator(LabelledGenerator):
    """Base of the generators that train a network, ``_model``, which rests on the CPU.

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
    _model: Any

    _parameter_constraints: dict = {
        "n_steps": [Interval(Integral, 1, None, closed="left")],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "max_seconds": [Interval(Real, 0, None, closed="neither"), None],
        "device": "no_validation",  # resolve_device says it better, and knows torch's own devices
        "warm_start": ["boolean"],
        "verbose": ["verbose"],
        "random_state": ["random_state"],
    }

    def _fit_network(
        self,
        classes: np.ndarray | None,
        streams: RandomStreams,
        begin: Callable[[], None],
        steps: Callable[[Any], tuple[Any, Any, Any]],
    ) -> None:
        """Train, anew or on from the last fit.

        Parameters
        ----------
        classes : ndarray of int or None
            Of what is learned.
        streams : RandomStreams
        begin : callable
            Learns what the network's shape depends on; not called for a warm start.
        steps : callable
            ``steps(device)`` gives the model whose state is kept, one update, and the held-out measure or None.
        """
        device, known = networks.resolve_device(self.device), None
        if self._is_warm():
            self._check_classes()
            known = self._model.state_dict()
        else:
            begin()
            self._forget_training()
        self._n_fits += 1
        counts = np.ones(1) if classes is None else np.bincount(classes, minlength=self._n_classes)
        self._class_shares = counts / counts.sum()
        with networks.seeded(streams.child("network", self._n_fits).integer_seed(), device):
            self._model = self._network(self._config())
            if known is not None:
                self._check_sizes(known)
                self._model.load_state_dict(known)
            self._model.to(device)
            self._train(*steps(device), device)
            self._model.cpu()

    def _is_warm(self) -> bool:
        return self.warm_start and hasattr(self, "_model")

    def _check_classes(self) -> None:
        if self._labels != self._classes:
            raise DataError(
                f"Got the classes {self._labels} with warm_start=True; expected those of the fit before, "
                f"{self._classes}. Set warm_start=False to start anew."
            )

    def _check_sizes(self, known: Mapping[str, Any]) -> None:
        """Whether the network of the parameters has the sizes of the one to go on from."""
        for name, values in self._model.state_dict().items():
            if name not in known or known[name].shape != values.shape:
                raise DataError(
                    f"Got parameters of {type(self).__name__} that make a network of other sizes with "
                    "warm_start=True; expected those of the fit before. Set warm_start=False to start anew."
                )

    @property
    def _n_classes(self) -> int:
        return 0 if self._classes is None else len(self._classes)

    def _classes_of(self, y, n: int) -> np.ndarray | None:
        """Codes of the labels of ``n`` rows or images, which there are if ``fit`` was given some."""
        if self._classes is None:
            if y is not None:
                raise DataError(f"Got y={y!r}, but fit was given no labels; expected none.")
            return None
        if y is None:
            raise DataError(f"Got no y, but fit was given labels; expected one of {self._classes} for each.")
        return self._label_codes(y, n)

    def _forget_training(self) -> None:
        """Begin anew, with the classes that ``fit`` was given."""
        self._classes = self._labels
        self._n_fits, self.history_, self.n_steps_, self.fit_seconds_ = 0, [], 0, 0.0

    def _train(
        self,
        model: Any,
        steps: Callable[[], Mapping[str, Any]],
        measure: Callable[[], float] | None,
        device: Any,
    ) -> None:
        """Run the loop, and note what happened."""
        config = networks.TrainingConfig(
            steps=self.n_steps,
            max_seconds=self.max_seconds,
            evaluate_every=max(1, min(100, self.n_steps // 10)),
            patience=self.patience if measure is not None else None,
            announce=self._announce(device) if self.verbose else None,
            progress=_print_look if self.verbose > 1 else None,
        )
        history = networks.History(list(self.history_), self.n_steps_, self.fit_seconds_)
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

    def _held_out(
        self, n_rows: int, classes: np.ndarray | None, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        """Positions of the rows to train on, and of those held out: none, where they would be too few to tell.

        No row of a class is held out that has too few to be spared.
        """
        n_out = 0 if self.patience is None else round(self.validation_fraction * n_rows)
        order = rng.permutation(n_rows)
        out = order[: min(n_out, MAX_HELD_OUT)]
        if classes is not None:
            out = out[np.bincount(classes)[classes[out]] >= MIN_HELD_OUT]
        if len(out) < MIN_HELD_OUT:
            return order, order[:0]
        is_in = np.ones(n_rows, dtype=bool)
        is_in[out] = False
        return np.flatnonzero(is_in), out

    @contextmanager
    def _placed(self) -> Iterator[Any]:
        """The model on its device."""
        device = networks.resolve_device(self.device)
        self._model.to(device)
        try:
            yield device
        finally:
            self._model.cpu()

    def _saved(self):
        weights = {name: values.numpy() for name, values in self._model.state_dict().items()}
        return {name: value for name, value in super()._saved().items() if name != "_model"} | {
            "_weights": weights,
            "_sizes": self._model.config,
        }

    def _restore(self, attributes):
        weights, config = attributes.pop("_weights"), attributes.pop("_sizes")
        super()._restore(attributes)
        self._model = self._network(config)
        networks.load_weights(self._model, weights)

    @abstractmethod
    def _config(self) -> Any:
        """Sizes and rates of the network, from the parameters."""

    @abstractmethod
    def _network(self, config: Any) -> Any:
        """The network, with weights as they are at the beginning."""


def same_at_each_look(bound: Callable[..., float], rows: Sequence[Any], device: Any) -> Callable[[], float]:
    """A bound on held-out rows with the same draws whenever it is looked at, so that looks can be compared."""

    def measure() -> float:
        with networks.seeded(0, device):
            return bound(*rows)

    return measure


def _print_look(step: int, steps: int, losses: Mapping[str, float]) -> None:
    told = ", ".join(f"{name} {value:.3f}" for name, value in losses.items() if name != "step")
    print(f"step {step} of {steps}: {told}", file=sys.stderr)
