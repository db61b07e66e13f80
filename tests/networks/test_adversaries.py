"""The networks of the GAN against plain ones that do the same, and against autograd."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="networks need torch")
adversaries = pytest.importorskip("genesis_sampling.networks.adversaries")


def test_places_count_like_indicators():
    """The place for none adds nothing."""
    layer = adversaries.Places(4, 5)
    indicators = torch.tensor([[1.0, 0, 1, 0], [0, 0, 0, 1]])
    found = layer(torch.tensor([[0, 2], [4, 3]]))
    torch.testing.assert_close(found, indicators @ layer.weight[:4])


def test_each_layer_sees_all_before_it():
    """The generator against layers of what comes before them, side by side, as the paper has it."""
    torch.manual_seed(0)
    model = adversaries.Generator(3, 4, (5, 6), 2).eval()
    noise, places = torch.randn(7, 3), torch.tensor([[0], [1], [2], [3], [0], [4], [4]])
    seen = torch.cat([noise, torch.eye(5)[places[:, 0], :4]], 1)
    columns = [slice(0, 5), slice(5, 11), slice(11, 13)]
    made = []
    for place, part in enumerate(columns):
        weights = [model.products[0].weight[part], model.given.weight[:4, part].T]
        for source in range(place):
            first = columns[source].stop
            weights.append(model.products[source + 1].weight[part.start - first : part.stop - first])
        out = seen @ torch.cat(weights, 1).T + model.products[0].bias[part]
        if place < 2:
            made.append(torch.relu(model.norms[place](out)))
            seen = torch.cat([noise, torch.eye(5)[places[:, 0], :4], *made], 1)
    torch.testing.assert_close(model(noise, places), out)


@pytest.fixture
def critic():
    torch.manual_seed(0)
    condition = torch.tensor([[0], [3], [2], [1]] * 2)
    return adversaries.Critic(2, 4, 3, (6, 5), 0.5), torch.randn(8, 4, requires_grad=True), condition


def by_autograd(critic, rows, scores):
    """Slopes of scores by rows, and the gradient of a penalty on them by the weights."""
    (slope,) = torch.autograd.grad(scores.sum(), rows, create_graph=True)
    return slope.reshape(4, 8), gradients(critic, slope.reshape(4, 8))


def gradients(critic, slope):
    weights = [critic.first.weight, *(layer.weight for layer in critic.rest)]
    return torch.autograd.grad(((slope.norm(2, dim=1) - 1) ** 2).mean(), weights)


@pytest.mark.parametrize("training_mode", [False, True])
def test_slope_is_that_of_the_score(critic, training_mode):
    """Against autograd, by the rows, and for a loss of the slope by the weights."""
    critic, rows, condition = critic
    critic.train(training_mode)
    torch.manual_seed(1)  # the same units are dropped
    scores, slope = critic.slope(rows, condition)
    torch.manual_seed(1)
    again = critic(rows, condition)
    expected, known = by_autograd(critic, rows, again)
    torch.testing.assert_close(scores, again)
    torch.testing.assert_close(slope, expected)
    for pair in zip(gradients(critic, slope), known, strict=True):
        torch.testing.assert_close(*pair)


def test_real_and_fake_are_compared_as_alone(critic):
    """Scores as of each alone; slopes as of rows between."""
    critic, real, condition = critic
    critic.eval()
    fake = torch.randn(8, 4)
    torch.manual_seed(2)
    of_real, of_fake, slope = critic.compare(real, fake, condition)
    torch.testing.assert_close(of_real, critic(real, condition))
    torch.testing.assert_close(of_fake, critic(fake, condition))
    torch.manual_seed(2)
    share = torch.rand(4, 1).repeat_interleave(2, 0)
    between = (fake + share * (real - fake)).detach().requires_grad_()
    expected, known = by_autograd(critic, between, critic(between, condition))
    torch.testing.assert_close(slope, expected)
    for pair in zip(gradients(critic, slope), known, strict=True):
        torch.testing.assert_close(*pair)
