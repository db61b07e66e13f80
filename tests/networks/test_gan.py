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

    def test_rare_levels_come_more_often_than_they_are(self, conditions):
        _, sampler = conditions
        n = 20_000
        column, level = sampler.draw(n)
        weight = np.log1p([90, 10])
        expected = weight[1] / weight.sum()
        drawn = level[column == 0].double().mean().item()
        assert abs(drawn - expected) < 5 * np.sqrt(expected * (1 - expected) / (n / 2))
        assert level[column == 1].max() == 1


def test_conditions_as_0_and_1():
    model = gan.Gan(Layout((2, 3, 1)), (0, 1), 2, gan.GanConfig())
    column, level, classes = torch.tensor([0, 1, 2]), torch.tensor([1, 0, 0]), torch.tensor([0, 1, 1])
    found = model.conditions(column, level, classes)
    assert found.tolist() == [[0, 1, 0, 0, 0, 1, 0], [0, 0, 1, 0, 0, 0, 1], [0, 0, 0, 0, 0, 0, 1]]


def test_nothing_to_condition_on():
    """Numbers alone, and no classes."""
    model = gan.Gan(Layout((1,), ((0, 0),)), (), 0, gan.GanConfig(n_noise=4, pac=2))
    steps = gan.GanSteps(model, torch.zeros(30, 1, dtype=torch.long), torch.rand(30, 1), None, batch_size=10)
    assert all(torch.isfinite(loss) for loss in steps().values())
    levels, numbers = model.draw(torch.zeros(7, dtype=torch.long), torch.zeros(7, dtype=torch.long))
    assert (levels.shape, numbers.shape) == ((7, 1), (7, 1))


def test_draws_follow_rows_and_conditions():
    """A number is -.5 or .5 by the level; after some steps the level that is asked for comes, and its number."""
    layout, device = Layout((2, 1), ((1, 0),)), torch.device("cpu")
    with training.seeded(0, device):
        levels = torch.tensor([[row % 2, 0] for row in range(500)])
        numbers = (levels[:, :1] - 0.5) + 0.05 * torch.randn(500, 1)
        config = gan.GanConfig(
            n_noise=8, generator_widths=(32,), critic_widths=(32,), pac=2, learning_rate=2e-3
        )
        model = gan.Gan(layout, (0,), 0, config)
        steps = gan.GanSteps(model, levels, numbers, None, batch_size=100)
        training.Trainer(model, steps, training.TrainingConfig(steps=300)).run()
        asked, column = torch.arange(400) % 2, torch.zeros(400, dtype=torch.long)
        logits, _ = model.outputs(400, model.conditions(column, asked))
        drawn, values = model.draw(column, asked)
    # It comes by itself, and in a draw by all means.
    assert (model.layout.drawn(logits)[:, 0] == asked).float().mean() > 0.9
    assert torch.equal(drawn[:, 0], asked)
    for level in (0, 1):
        assert abs(values[asked == level].mean() - (level - 0.5)) < 0.2


def test_a_step_of_the_critic_leaves_the_generator_alone():
    """Without a gradient for the critic's fakes the generator's parameters get none in its step."""
    layout = Layout((2,), ())
    model = gan.Gan(layout, (0,), 0, gan.GanConfig(pac=1))
    steps = gan.GanSteps(model, torch.tensor([[0], [1]] * 10), torch.empty(20, 0), None, batch_size=10)
    before = [parameter.clone() for parameter in model.generator.parameters()]
    steps._update_critic()
    assert all(parameter.grad is None for parameter in model.generator.parameters())
    assert all(torch.equal(*pair) for pair in zip(before, model.generator.parameters(), strict=True))


def test_small_classes_are_seen_often():
    """With no columns to draw by, rows are drawn by class: of 5 in 100 rows a share of log 6 / (log 6 + log 96)."""
    classes = torch.tensor([1] * 5 + [0] * 95)
    model = gan.Gan(Layout((1,), ((0, 0),)), (), 2, gan.GanConfig(pac=1))
    with training.seeded(0, torch.device("cpu")):
        steps = gan.GanSteps(model, torch.zeros(100, 1, dtype=torch.long), torch.rand(100, 1), classes, 5000)
        rows, _, _, condition = steps._drawn()
    expected = np.log(6) / (np.log(6) + np.log(96))
    assert abs((rows < 5).float().mean() - expected) < 5 * 0.5 / np.sqrt(5000)
    assert torch.equal(condition.argmax(1), classes[rows])
