"""The autoencoder: rows come back, classes are obeyed, near latents are near rows."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="networks need torch")
vae = pytest.importorskip("genesis_sampling.networks.vae")
Layout = pytest.importorskip("genesis_sampling.networks.layout").Layout
training = pytest.importorskip("genesis_sampling.networks.training")

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def fitted():
    """Two classes: in class 1 the number is about 1 and the level 1, in class 0 they are about -1 and 0."""
    with training.seeded(0, CPU):
        classes = torch.arange(600) % 2
        levels = torch.stack([classes, torch.zeros_like(classes)], 1)
        numbers = 2.0 * classes[:, None] - 1 + 0.1 * torch.randn(600, 1)
        model = vae.Vae(
            Layout((2, 1), ((1, 0),)), 2, vae.VaeConfig(n_latent=4, widths=(32, 32), learning_rate=5e-3)
        )
        steps = vae.VaeSteps(model, levels, numbers, classes, batch_size=100)
        history = training.Trainer(steps.average, steps, training.TrainingConfig(steps=300)).run()
    return steps.average, levels, numbers, classes, history


def test_the_loss_falls(fitted):
    *_, history = fitted
    first, last = history.losses[0], history.losses[-1]
    assert (
        last["reconstruction loss"] + last["divergence"] < first["reconstruction loss"] + first["divergence"]
    )


def test_draws_are_of_their_class(fitted):
    model, *_ = fitted
    with training.seeded(1, CPU):
        classes = torch.arange(400) % 2
        levels, numbers = model.draw(torch.randn(400, 4), classes)
    assert (levels[:, 0] == classes).float().mean() > 0.95
    for label in (0, 1):
        values = numbers[classes == label]
        assert abs(values.mean() - (2 * label - 1)) < 0.1
        assert 0.03 < values.std() < 0.4


def test_rows_come_back(fitted):
    model, levels, numbers, classes, _ = fitted
    mean, log_variance = model.encode(levels, numbers, classes)
    assert mean.shape == log_variance.shape == (600, 4)
    logits, said = model.decode(mean, classes)
    assert (model.layout.likeliest(logits) == levels).float().mean() > 0.98
    assert (said - numbers).abs().mean() < 0.2


def test_only_numbers_that_are_there_count():
    """The second row has a level without a number, so whatever stands there changes no loss."""
    model = vae.Vae(Layout((2,), ((0, 1),)), 0, vae.VaeConfig(n_latent=2, widths=(4,)))
    model.encoder[-1].weight.data.zero_()
    model.encoder[-1].bias.data.copy_(torch.tensor([0.0, 0, -50, -50]))
    losses = [
        model.losses(torch.tensor([[1], [0]]), torch.tensor([[0.3], [number]]))[0] for number in (0.0, 9.0)
    ]
    assert abs(losses[0] - losses[1]) < 0.05
