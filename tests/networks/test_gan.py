"""The GAN: conditions are drawn as they shall be, and what it learns looks like the rows."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="networks need torch")
gan = pytest.importorskip("genesis_sampling.networks.gan")
Layout = pytest.importorskip("genesis_sampling.networks.layout").Layout
training = pytest.importorskip("genesis_sampling.networks.training")


@pytest.fixture
def conditions():
    """A column of shares .9 and .1, and one of three levels, the last of which no row has."""
    levels = torch.tensor([[0, row % 2] for row in range(90)] + [[1, row % 2] for row in range(10)])
    torch.manual_seed(0)
    return levels, gan.ConditionSampler(levels, (2, 3))


class TestConditions:
    def test_rows_meet_them(self, conditions):
        levels, sampler = conditions
        column, level = sampler.draw(2000)
        rows = sampler.rows(column, level)
        assert torch.equal(levels[rows, column], level)
        # Each row of the rare level is met about 300 / 10 times.
        rare = rows[(column == 0) & (level == 1)]
        assert len(rare.unique()) == 10

    @pytest.mark.parametrize("as_seen", [True, False])
    def test_levels_have_their_shares(self, conditions, as_seen):
        _, sampler = conditions
        n = 20_000
        column, level = sampler.draw(n, as_seen=as_seen)
        weight = np.array([90, 10]) if as_seen else np.log1p([90, 10])
        expected = weight[1] / weight.sum()
        drawn = level[column == 0].double().mean().item()
        assert abs(drawn - expected) < 5 * np.sqrt(expected * (1 - expected) / (n / 2))
        assert level[column == 1].max() == 1

    def test_vectors(self, conditions):
        _, sampler = conditions
        found = sampler.vectors(torch.tensor([0, 1]), torch.tensor([1, 0]))
        assert found.tolist() == [[0, 1, 0, 0, 0], [0, 0, 1, 0, 0]]


def test_draws_follow_rows_and_conditions():
    """A number is -.5 or .5 by the level; after some steps the level that is asked for comes, and its number."""
    layout, device = Layout((2, 1), ((1, 0),)), torch.device("cpu")
    with training.seeded(0, device):
        levels = torch.tensor([[row % 2, 0] for row in range(500)])
        numbers = (levels[:, :1] - 0.5) + 0.05 * torch.randn(500, 1)
        config = gan.GanConfig(
            n_noise=8, generator_widths=(32,), critic_widths=(32,), pac=2, learning_rate=2e-3
        )
        model = gan.Gan(layout, (0,), config)
        steps = gan.GanSteps(model, levels, numbers, batch_size=100)
        training.Trainer(model, steps, training.TrainingConfig(steps=300, device=device)).run()
        asked = torch.arange(400) % 2
        drawn, values = model.draw(steps.conditions.vectors(torch.zeros(400, dtype=torch.long), asked))
    assert (drawn[:, 0] == asked).float().mean() > 0.9
    for level in (0, 1):
        assert abs(values[asked == level].mean() - (level - 0.5)) < 0.2


def test_a_step_of_the_critic_leaves_the_generator_alone():
    """Without a gradient for the critic's fakes the generator's parameters get none in its step."""
    layout = Layout((2,), ())
    model = gan.Gan(layout, (0,), gan.GanConfig(pac=1))
    steps = gan.GanSteps(model, torch.tensor([[0], [1]] * 10), torch.empty(20, 0), batch_size=10)
    before = [parameter.clone() for parameter in model.generator.parameters()]
    steps._update_critic()
    assert all(parameter.grad is None for parameter in model.generator.parameters())
    assert all(torch.equal(*pair) for pair in zip(before, model.generator.parameters(), strict=True))
