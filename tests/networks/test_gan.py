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


def test_conditions_are_places_among_levels_and_classes():
    model = gan.Gan(Layout((2, 3, 1)), (0, 1), 2, gan.GanConfig())
    column, level, classes = torch.tensor([0, 1, 2]), torch.tensor([1, 2, 0]), torch.tensor([0, 1, 1])
    # Two levels, three levels, two classes; 7 stands for none.
    assert model.conditions(column, level, classes).tolist() == [[1, 5], [4, 6], [7, 6]]


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


def test_each_update_changes_its_own_network():
    """The critic's update leaves the generator as it is, and the generator's the critic."""
    model = gan.Gan(Layout((2,), ()), (0,), 0, gan.GanConfig(pac=1))
    steps = gan.GanSteps(model, torch.tensor([[0], [1]] * 10), torch.empty(20, 0), None, batch_size=10)
    rows, column, level, condition = steps._drawn()
    logits, numbers = model.outputs(10, condition)
    fake = model.soft_rows(logits, numbers)
    before = {name: value.clone() for name, value in model.named_parameters()}
    steps._update_critic(steps.real[rows], fake.detach(), condition)
    changed = {name for name, value in model.named_parameters() if not torch.equal(value, before[name])}
    assert changed
    assert all(name.startswith("critic") for name in changed)
    before = {name: value.clone() for name, value in model.named_parameters()}
    steps._update_generator(fake, model.missed(logits, column, level), condition)
    changed = {name for name, value in model.named_parameters() if not torch.equal(value, before[name])}
    assert changed
    assert all(name.startswith("generator") for name in changed)


def test_generator_climbs_the_score():
    """Its gradient is that of the mean score of its rows, with the critic as it is."""
    torch.manual_seed(0)
    model = gan.Gan(Layout((2,), ((0, 0),)), (), 0, gan.GanConfig(pac=2, critic_widths=(8,)))
    steps = gan.GanSteps(model, torch.zeros(20, 1, dtype=torch.long), torch.rand(20, 1), None, batch_size=10)
    model.eval()  # with no unit dropped, and norms that do not move
    condition = torch.empty(10, 0, dtype=torch.long)
    fake = model.soft_rows(*model.outputs(10, condition))
    first = next(model.generator.parameters())
    (expected,) = torch.autograd.grad(-model.critic(fake, condition).mean(), first, retain_graph=True)
    loss = steps._update_generator(fake, torch.zeros(()), condition)
    torch.testing.assert_close(first.grad, expected)
    torch.testing.assert_close(loss, -model.critic(fake, condition).mean().detach())


def test_small_classes_are_seen_often():
    """With no columns to draw by, rows are drawn by class: of 5 in 100 rows a share of log 6 / (log 6 + log 96)."""
    classes = torch.tensor([1] * 5 + [0] * 95)
    model = gan.Gan(Layout((1,), ((0, 0),)), (), 2, gan.GanConfig(pac=1))
    with training.seeded(0, torch.device("cpu")):
        steps = gan.GanSteps(model, torch.zeros(100, 1, dtype=torch.long), torch.rand(100, 1), classes, 5000)
        rows, _, _, condition = steps._drawn()
    expected = np.log(6) / (np.log(6) + np.log(96))
    assert abs((rows < 5).float().mean() - expected) < 5 * 0.5 / np.sqrt(5000)
    assert torch.equal(condition[:, 0], classes[rows])
