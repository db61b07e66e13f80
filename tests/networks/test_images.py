"""Networks of images: shapes of any size, losses in closed form, updates that learn."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="networks need torch")

from genesis_sampling.networks.convolutions import Growing, Shrinking, n_halvings, sides  # noqa: E402
from genesis_sampling.networks.image_gan import ImageGan, ImageGanConfig, ImageGanSteps  # noqa: E402
from genesis_sampling.networks.image_vae import ImageVae, ImageVaeConfig, ImageVaeSteps  # noqa: E402

SHAPES = [(1, 8, 8), (3, 7, 11), (1, 28, 28), (3, 32, 20), (1, 2, 3), (1, 1, 9)]


def halves(n=64, seed=0):
    """Images of two classes, bright in the upper or in the lower half."""
    rng = np.random.default_rng(seed)
    classes = rng.integers(2, size=n)
    images = rng.uniform(0, 0.2, size=(n, 1, 8, 8))
    images[classes == 0, :, :4] += 0.7
    images[classes == 1, :, 4:] += 0.7
    return torch.as_tensor(images, dtype=torch.float32), torch.as_tensor(classes)


@pytest.mark.parametrize("shape", SHAPES)
def test_images_of_any_size(shape):
    down, up = Shrinking(shape, 4), Growing(5, shape, 4)
    assert down(torch.rand(3, *shape)).shape == (3, down.n_out)
    assert up(torch.rand(3, 5)).shape == (3, *shape)


@pytest.mark.parametrize(("side", "times"), [(1, 1), (8, 1), (16, 2), (28, 3), (32, 3), (64, 4)])
def test_halvings(side, times):
    assert n_halvings((3, side, side + 1)) == times
    assert sides((1, 28, 28)) == [(28, 28), (14, 14), (7, 7), (4, 4)]


def test_losses_of_the_autoencoder():
    torch.manual_seed(0)
    model = ImageVae((1, 8, 8), 2, ImageVaeConfig(n_latent=3, n_filters=4)).eval()
    images, classes = halves(10)
    with torch.no_grad():
        mean, log_variance = model.encode(images, classes)
        torch.manual_seed(1)
        missed, divergence = model.losses(images, classes)
        torch.manual_seed(1)
        latents = mean + (log_variance / 2).exp() * torch.randn_like(mean)
        said = torch.distributions.Normal(model.decode(latents, classes), model.log_std.exp())
        latent = torch.distributions.Normal(mean, (log_variance / 2).exp())
    normal = torch.distributions.kl_divergence(latent, torch.distributions.Normal(0.0, 1.0))
    constant = 64 * 0.5 * np.log(2 * np.pi)
    expected = -said.log_prob(images).sum((1, 2, 3)).mean() - constant
    assert float(missed) == pytest.approx(float(expected), rel=1e-5)
    assert float(divergence) == pytest.approx(float(normal.sum(1).mean()), rel=1e-5)


def test_autoencoder_learns():
    torch.manual_seed(0)
    images, classes = halves()
    model = ImageVae((1, 8, 8), 2, ImageVaeConfig(n_latent=2, n_filters=8))
    steps = ImageVaeSteps(model, images, classes, 32)
    first = steps()
    for _ in range(60):
        last = steps()
    assert last["reconstruction loss"] < first["reconstruction loss"]
    model.eval()
    upper = model.decode(torch.zeros(1, 2), torch.tensor([0]))[0, 0]
    # Bright by .8 and dark by .1 in the middle of their ranges, each within .2 of them.
    assert upper[:4].mean() > 0.6
    assert upper[4:].mean() < 0.3


def test_generator_learns_the_classes():
    torch.manual_seed(0)
    images, classes = halves()
    model = ImageGan((1, 8, 8), 2, ImageGanConfig(n_noise=4, n_filters=8, learning_rate=2e-3, average=0.9))
    steps = ImageGanSteps(model, images, classes, 32)
    for _ in range(150):
        steps()
    model.eval()
    made = model.draw(torch.randn(20, 4), torch.arange(2).repeat(10))
    upper, lower = made[:, 0, :4].mean((1, 2)), made[:, 0, 4:].mean((1, 2))
    assert ((upper > lower) == torch.tensor([True, False]).repeat(10)).all()


def test_verdict_depends_on_the_class():
    torch.manual_seed(0)
    model = ImageGan((1, 8, 8), 3, ImageGanConfig(n_noise=4, n_filters=4)).eval()
    images = torch.rand(5, 1, 8, 8)
    with torch.no_grad():
        verdicts = model.verdict(model.features(images))
        for code in range(3):
            said = model.judge(images, torch.full((5,), code))
            torch.testing.assert_close(said, verdicts[:, 0] + verdicts[:, 1 + code])
        torch.testing.assert_close(model.judge(images), verdicts[:, 0])


def test_layers_have_a_slope_of_one():
    torch.manual_seed(0)
    model = ImageGan((1, 8, 8), 0, ImageGanConfig(n_noise=4, n_filters=4))
    steps = ImageGanSteps(model, halves()[0], None, 16)
    for _ in range(30):
        steps()
    model.eval()
    layer = model.features.layers[0]
    # What the layer does to one patch is its matrix; 30 power iterations have found the largest singular value.
    with torch.no_grad():
        patches = torch.nn.functional.pad(torch.eye(9).reshape(9, 1, 3, 3), (1, 1, 1, 1))
        matrix = (layer(patches) - layer.bias[:, None, None])[:, :, 1, 1]
    assert float(torch.linalg.matrix_norm(matrix, 2)) == pytest.approx(1, abs=0.1)


def test_updates_show_classes_equally_often():
    torch.manual_seed(0)
    classes = torch.tensor([0] * 90 + [1] * 10)
    steps = ImageGanSteps(ImageGan((1, 4, 4), 2, ImageGanConfig()), torch.rand(100, 1, 4, 4), classes, 10_000)
    rows = steps.rows()
    # Five standard errors of a share of one half.
    assert float((classes[rows] == 1).float().mean()) == pytest.approx(0.5, abs=5 * 0.5 / 100)
    assert set(rows.tolist()) == set(range(100))
