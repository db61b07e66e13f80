"""The one training loop: what stops it, what is kept, and that it leaves no trace."""

from __future__ import annotations

import numpy as np
import pytest

from genesis_sampling.exceptions import DataError, GenesisWarning, TrainingError

torch = pytest.importorskip("torch", reason="networks need torch")
training = pytest.importorskip("genesis_sampling.networks.training")
History, Trainer, TrainingConfig = training.History, training.Trainer, training.TrainingConfig
resolve_device, seeded = training.resolve_device, training.seeded


class Counter(torch.nn.Module):
    """A parameter that goes up by one with each step."""

    def __init__(self):
        super().__init__()
        self.value: torch.Tensor
        self.register_buffer("value", torch.zeros(()))

    def step(self):
        self.value += 1
        return {"loss": self.value.clone()}


def trainer(model, measure=None, step=None, **options):
    return Trainer(model, step or model.step, TrainingConfig(**{"evaluate_every": 10, **options}), measure)


def test_all_steps_are_made():
    model = Counter()
    history = trainer(model, steps=25).run()
    assert (history.n_steps, history.stopped, history.best_step) == (25, "steps", 25)
    assert float(model.value) == 25
    assert [row["step"] for row in history.losses] == [10, 20, 25]
    assert history.losses[0]["loss"] == np.mean(np.arange(1, 11))


def test_the_best_state_is_kept():
    """The held-out measure is best at 30; patience ends it four looks later."""
    model = Counter()
    history = trainer(model, lambda: abs(float(model.value) - 30), steps=1000, patience=4).run()
    assert (history.stopped, history.best_step, history.n_steps) == ("patience", 30, 70)
    assert float(model.value) == 30


def test_a_history_goes_on():
    model = Counter()
    history = trainer(model, steps=20).run()
    trainer(model, steps=10).run(history)
    assert history.n_steps == float(model.value) == 30


def test_what_is_gone_on_from_is_kept_unless_it_gets_better():
    model, seen = Counter(), []
    history = trainer(model, steps=20).run()
    options = {"steps": 20, "progress": lambda *told: seen.append(told[:2])}
    trainer(model, lambda: float(model.value), **options).run(history)  # the more steps, the worse
    assert (history.n_steps, history.best_step, float(model.value)) == (40, 20, 20)
    assert seen == [(30, 40), (40, 40)]


def test_a_loss_that_is_not_finite_names_its_step():
    model = Counter()

    def step():
        losses = model.step()
        return {"loss": losses["loss"] if losses["loss"] < 17 else losses["loss"] * torch.nan}

    with pytest.raises(TrainingError, match="loss that is not finite at step 17"):
        trainer(model, step=step, steps=100).run()


def test_an_interrupt_keeps_the_best_state():
    model = Counter()

    def step():
        if model.value >= 34:
            raise KeyboardInterrupt
        return model.step()

    with pytest.warns(GenesisWarning, match="interrupted after 34 steps; the state of step 20"):
        history = trainer(model, lambda: abs(float(model.value) - 20), step, steps=100).run()
    assert history.stopped == "interrupt"
    assert float(model.value) == 20


def test_a_budget_of_time(monkeypatch):
    """Each step takes a second of a clock that nothing else moves."""
    model, clock = Counter(), [0.0]
    monkeypatch.setattr(training, "perf_counter", lambda: clock[0])

    def step():
        clock[0] += 1
        return model.step()

    with pytest.warns(GenesisWarning, match="budget of 12.5 seconds after 13 steps"):
        history = trainer(model, step=step, steps=100, max_seconds=12.5).run()
    assert (history.stopped, history.seconds) == ("time", 13)


def test_progress_is_told():
    seen = []
    trainer(Counter(), steps=25, progress=lambda *told: seen.append(told[:2])).run(History())
    assert seen == [(10, 25), (20, 25), (25, 25)]


class TestDevice:
    def test_auto_is_there(self):
        assert resolve_device("auto").type in ("cpu", "cuda", "mps")

    @pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
    def test_a_gpu_that_is_not_there(self):
        with pytest.raises(DataError, match="finds no such device"):
            resolve_device("cuda")

    def test_a_gpu_beyond_those_that_are_there(self, monkeypatch):
        monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
        monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
        assert resolve_device("cuda:0") == torch.device("cuda", 0)
        with pytest.raises(DataError, match="'cuda:7'.*finds no such device"):
            resolve_device("cuda:7")

    @pytest.mark.parametrize("device", ["gpu", 3.5, "meta"])
    def test_unknown(self, device):
        with pytest.raises(DataError, match="expected 'auto', 'cpu', 'cuda' or 'mps'"):
            resolve_device(device)


def test_seeds_leave_the_global_generators_alone():
    torch.manual_seed(5)
    state = torch.get_rng_state()
    with seeded(7, torch.device("cpu")):
        first = torch.rand(3)
    with seeded(7, torch.device("cpu")):
        assert torch.equal(torch.rand(3), first)
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
def test_seeds_of_the_cpu_leave_those_of_a_gpu_alone():
    state = torch.cuda.get_rng_state()
    with seeded(7, torch.device("cpu")):
        pass
    assert torch.equal(torch.cuda.get_rng_state(), state)


def test_the_cost_is_told_once():
    told = []
    trainer(Counter(), steps=50, announce=told.append).run()
    assert len(told) == 1
    assert told[0] > 0
