"""One loop that trains every network: steps, a held-out measure, a budget of time, a clean stop."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

import torch
from torch import Tensor, nn

from ..exceptions import DataError, GenesisWarning, TrainingError

__all__ = ["History", "Trainer", "TrainingConfig", "resolve_device", "seeded"]

# By so many steps after the first few the cost of all is judged.
UNTIMED_STEPS, TIMED_STEPS = 2, 3


@dataclass(frozen=True)
class TrainingConfig:
    """How long a network is trained, and where.

    Parameters
    ----------
    steps : int, default=2000
        Updates of the parameters at the most, however many rows there are.
    max_seconds : float or None, default=None
        Budget of time; the best state so far is kept when it is over.
    evaluate_every : int, default=100
        Steps between two looks at the losses and at the held-out measure.
    patience : int or None, default=None
        Looks without a better held-out measure after which training ends.
    progress : callable or None, default=None
        ``progress(step, steps, losses)``, called at each look.
    announce : callable or None, default=None
        ``announce(seconds)``, called once with the time that all steps will take, judged by the first of them.
    """

    steps: int = 2000
    max_seconds: float | None = None
    evaluate_every: int = 100
    patience: int | None = None
    progress: Callable[[int, int, Mapping[str, float]], None] | None = None
    announce: Callable[[float], None] | None = None


@dataclass
class History:
    """What happened while a network was trained.

    Parameters
    ----------
    losses : list of dict
        One per look: ``step``, the mean of each loss since the look before, and ``held_out`` where there is a measure.
    n_steps : int
        Updates made, those before a warm start included.
    seconds : float
    stopped : {"steps", "patience", "time", "interrupt"}
        Why it ended.
    best_step : int
        The step whose state was kept.
    """

    losses: list[dict[str, float]] = field(default_factory=list)
    n_steps: int = 0
    seconds: float = 0.0
    stopped: str = "steps"
    best_step: int = 0


class Trainer:
    """The loop.

    Parameters
    ----------
    model : nn.Module
        Whose state is kept when the held-out measure is best.
    step : callable
        ``step() -> dict of str to Tensor``: one update; its losses as tensors of no dimension on the device, so that
        nothing waits for them.
    config : TrainingConfig
    measure : callable or None, default=None
        ``measure() -> float``; the lower, the better.
    """

    def __init__(
        self,
        model: nn.Module,
        step: Callable[[], Mapping[str, Tensor]],
        config: TrainingConfig,
        measure: Callable[[], float] | None = None,
    ):
        self.model, self.step, self.config, self.measure = model, step, config, measure

    def run(self, history: History | None = None) -> History:
        """Train until one of the limits; with a history, go on from it.

        Raises
        ------
        TrainingError
            When a loss is not finite; the message names the step.
        """
        self.history = History() if history is None else history
        self._best, self._looks_since = float("inf"), 0
        self._best_state: dict[str, Any] | None = None
        begun, first = perf_counter(), self.history.n_steps
        self.model.train()
        self._deadline = begun + (
            float("inf") if self.config.max_seconds is None else self.config.max_seconds
        )
        if first and self.measure is not None:
            # What is gone on from is kept, unless it gets better.
            self._compare(self._measured(self.measure), first)
        try:
            self.history.stopped = self._steps(first)
        except KeyboardInterrupt:
            self.history.stopped = "interrupt"
            self._tell("was interrupted")
        self._keep_best()
        self.history.seconds += perf_counter() - begun
        self.model.eval()
        return self.history

    def _steps(self, first: int) -> str:
        """All steps, with a look at every few of them; why it ended."""
        waiting: list[Mapping[str, Tensor]] = []
        self._last_step = first + self.config.steps
        for step in range(first + 1, self._last_step + 1):
            waiting.append(self.step())
            self.history.n_steps = step
            if self.config.announce is not None:
                self._time(waiting, step - first, self.config.announce)
            is_over = perf_counter() > self._deadline
            if len(waiting) < self.config.evaluate_every and step < self._last_step and not is_over:
                continue
            self._look(waiting, step)
            waiting = []
            if is_over and step < self._last_step:
                self._tell(f"reached its budget of {self.config.max_seconds:g} seconds")
                return "time"
            if self.config.patience is not None and self._looks_since >= self.config.patience:
                return "patience"
        return "steps"

    def _time(
        self, waiting: list[Mapping[str, Tensor]], n_done: int, announce: Callable[[float], None]
    ) -> None:
        """Tell what the steps cost; the very first ones, which set things up, are not judged by."""
        if n_done in (UNTIMED_STEPS, UNTIMED_STEPS + TIMED_STEPS):
            for value in waiting[-1].values():
                value.item()  # waits for the device
            now = perf_counter()
            if n_done == UNTIMED_STEPS:
                self._timed_from = now
            else:
                announce((now - self._timed_from) / TIMED_STEPS * self.config.steps)

    def _look(self, waiting: list[Mapping[str, Tensor]], step: int) -> None:
        """Losses of the last steps and the held-out measure: the host waits, as it does to time the first steps."""
        losses = {name: torch.stack([one[name] for one in waiting]).detach().cpu() for name in waiting[0]}
        for name, values in losses.items():
            if not torch.isfinite(values).all():
                at = step - len(waiting) + 1 + int((~torch.isfinite(values)).nonzero()[0])
                raise TrainingError(
                    f"Got a {name} that is not finite at step {at}; expected a number. Lower the learning rate, or "
                    "look for columns of extreme values."
                )
        row = {"step": float(step), **{name: float(values.mean()) for name, values in losses.items()}}
        if self.measure is not None:
            row["held_out"] = self._measured(self.measure)
            self._compare(row["held_out"], step)
        self.history.losses.append(row)
        if self.config.progress is not None:
            self.config.progress(step, self._last_step, row)

    def _measured(self, measure: Callable[[], float]) -> float:
        self.model.eval()
        value = measure()
        self.model.train()
        return value

    def _compare(self, value: float, step: int) -> None:
        if value < self._best:
            self._best, self._looks_since = value, 0
            self._best_state, self.history.best_step = copy.deepcopy(self.model.state_dict()), step
        else:
            self._looks_since += 1

    def _keep_best(self) -> None:
        if self._best_state is not None:
            self.model.load_state_dict(self._best_state)
        else:
            self.history.best_step = self.history.n_steps

    def _tell(self, what: str) -> None:
        kept = (
            f"the state of step {self.history.best_step}, the best one looked at"
            if self._best_state
            else "the last state"
        )
        warnings.warn(
            f"Training {what} after {self.history.n_steps} steps; {kept}, is kept.",
            GenesisWarning,
            stacklevel=2,
        )


def resolve_device(device: Any) -> torch.device:
    """The torch device that is meant.

    Parameters
    ----------
    device : {"auto", "cpu", "cuda", "mps"} or a torch device
        ``"auto"`` takes CUDA if it is there, else Apple's GPU, else the CPU.

    Raises
    ------
    DataError
        When the device is unknown, or not there.
    """
    if isinstance(device, str) and device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "mps" if _has_mps() else "cpu")
    unknown = f"Got device={device!r}; expected 'auto', 'cpu', 'cuda' or 'mps'."
    try:
        found = torch.device(device)
    except (RuntimeError, TypeError) as error:
        raise DataError(unknown) from error
    if found.type == "cpu":
        return found
    if found.type not in ("cuda", "mps"):
        raise DataError(unknown)
    if (found.index or 0) >= (int(_has_mps()) if found.type == "mps" else _n_cuda()):
        raise DataError(
            f"Got device={device!r}, but this torch ({torch.__version__}) finds no such device; expected 'cpu', or "
            "'auto', which takes a GPU where there is one."
        )
    return found


def _n_cuda() -> int:
    return torch.cuda.device_count() if torch.cuda.is_available() else 0


def _has_mps() -> bool:
    return torch.backends.mps.is_available()


@contextmanager
def seeded(seed: int, device: torch.device) -> Iterator[None]:
    """Within it torch's generators of the CPU and of the device stand at ``seed``; after it where they were before.

    Those of other devices are let be, which ``torch.manual_seed`` would set too.
    """
    kept = torch.get_rng_state()
    torch.default_generator.manual_seed(seed)
    try:
        with _seeded_device(seed, device):
            yield
    finally:
        torch.set_rng_state(kept)


@contextmanager
def _seeded_device(seed: int, device: torch.device) -> Iterator[None]:
    if device.type == "cuda":
        kept = torch.cuda.get_rng_state(device)
        with torch.cuda.device(device):
            torch.cuda.manual_seed(seed)
        try:
            yield
        finally:
            torch.cuda.set_rng_state(kept, device)
    elif device.type == "mps":
        kept = torch.mps.get_rng_state()
        torch.mps.manual_seed(seed)
        try:
            yield
        finally:
            torch.mps.set_rng_state(kept)
    else:
        yield
