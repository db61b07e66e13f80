"""Masked diffusion: it knows each column given any others, and draws by that."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="networks need torch")
diffusion = pytest.importorskip("genesis_sampling.networks.diffusion")
Layout = pytest.importorskip("genesis_sampling.networks.layout").Layout
training = pytest.importorskip("genesis_sampling.networks.training")

CPU = torch.device("cpu")
N = 4000
# Five standard errors of a share of a half.
BOUND = 5 * 0.5 / np.sqrt(N)


@pytest.fixture(scope="module")
def fitted():
    """The second column is the first one but for a tenth of the rows, the third is even and of no one."""
    rng = np.random.default_rng(0)
    first = (rng.random(N) < 0.3).astype(int)
    second = np.where(rng.random(N) < 0.1, 1 - first, first)
    levels = torch.tensor(np.column_stack([first, second, rng.integers(0, 3, N)]))
    with training.seeded(0, CPU):
        model = diffusion.MaskedDiffusion(Layout((2, 2, 3)), diffusion.MaskedConfig(4, 32, 1))
        steps = diffusion.MaskedSteps(model, levels, batch_size=200, n_steps=600)
        training.Trainer(steps.average, steps, training.TrainingConfig(steps=600)).run()
    return steps.average, levels


def shares(levels):
    return np.array(
        [[(levels[:, 0] == a).logical_and(levels[:, 1] == b).float().mean() for b in (0, 1)] for a in (0, 1)]
    )


def drawn(model, given, **options):
    with training.seeded(1, CPU):
        return model.draw(torch.tensor(given).expand(N, -1), 3, **options)


def test_rows_have_the_joint_law(fitted):
    model, levels = fitted
    found, share = drawn(model, [-1, -1, -1])
    # Learned from N rows and drawn N times: the errors of both.
    assert np.abs(shares(found) - shares(levels)).max() < 2 * BOUND
    assert (share == 1).all()


def test_what_is_given_stays_and_the_rest_follows(fitted):
    model, _ = fitted
    found, _ = drawn(model, [-1, 1, 2])
    assert (found[:, 1:] == torch.tensor([1, 2])).all()
    # P(first = 1 | second = 1) = .27 / (.27 + .07).
    assert abs(found[:, 0].float().mean() - 0.27 / 0.34) < 2 * BOUND


def test_one_step_draws_columns_without_each_other(fitted):
    model, levels = fitted
    with training.seeded(1, CPU):
        found, _ = model.draw(torch.full((N, 3), -1), 1)
    margins = shares(levels).sum(1)[:, None] * shares(levels).sum(0)[None]
    assert np.abs(shares(found) - margins).max() < 2 * BOUND


def test_rows_are_kept_with_the_probability_of_later_restrictions(fitted):
    """The second column is to be 1, the third not 0, which every row is with 2 / 3."""
    model, _ = fitted
    restrictions = [
        diffusion.Restriction(1, torch.tensor([[0.0, 1.0]])),
        diffusion.Restriction(2, torch.tensor([[0.0, 1.0, 1.0]])),
    ]
    found, share = drawn(model, [-1, -1, -1], restrictions=restrictions)
    assert (found[:, 1] == 1).all()
    assert (found[:, 2] > 0).all()
    assert torch.allclose(share, torch.full((N,), 2 / 3), atol=0.1)  # that of the third column


def test_weights_are_factors_of_the_law(fitted):
    model, _ = fitted
    found, share = drawn(
        model, [-1, -1, -1], restrictions=[diffusion.Restriction(0, torch.tensor([[1.0, 0.5]]))]
    )
    # .7 against .3 / 2
    assert abs(found[:, 0].float().mean() - 0.15 / 0.85) < 2 * BOUND
    assert (share == 1).all()


def test_a_restriction_by_the_level_before(fitted):
    """Where the first column is 1 the second one is to be 0; else it may be either."""
    model, _ = fitted
    restrictions = [
        diffusion.Restriction(0, torch.tensor([[1.0, 0.5]])),
        diffusion.Restriction(1, torch.tensor([[1.0, 1.0], [1.0, 0.0]]), before=0),
    ]
    found, share = drawn(model, [-1, -1, -1], restrictions=restrictions)
    is_one = found[:, 0] == 1
    assert (found[is_one, 1] == 0).all()
    assert torch.allclose(share[~is_one], torch.ones(1), atol=1e-4)
    # P(second = 0 | first = 1) = .1
    assert torch.allclose(share[is_one], torch.full((1,), 0.1), atol=0.05)


def test_guidance_makes_the_given_level_pull(fitted):
    model, _ = fitted
    plain, _ = drawn(model, [1, -1, -1])
    pulled, _ = drawn(model, [1, -1, -1], guidance=(0, 3.0))
    assert pulled[:, 1].float().mean() > plain[:, 1].float().mean() + 0.03


def test_the_average_follows_and_is_not_trained(fitted):
    model = diffusion.MaskedDiffusion(Layout((2,)), diffusion.MaskedConfig(2, 4, 1))
    steps = diffusion.MaskedSteps(model, torch.tensor([[0], [1]] * 10), 10, 50)
    before = [parameter.clone() for parameter in steps.average.parameters()]
    for _ in range(20):
        steps()
    assert any(not torch.equal(*pair) for pair in zip(before, steps.average.parameters(), strict=True))
    assert not any(parameter.requires_grad for parameter in steps.average.parameters())
