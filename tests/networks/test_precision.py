"""Fewer digits: the same network but for rounding, and never where a device has no units for them."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="networks need torch")
precision = pytest.importorskip("genesis_sampling.networks.precision")
diffusion = pytest.importorskip("genesis_sampling.networks.diffusion")
Layout = pytest.importorskip("genesis_sampling.networks.layout").Layout

CPU = torch.device("cpu")


@pytest.fixture(params=[False, True], ids=["all digits", "fewer digits"])
def has_units(request, monkeypatch):
    monkeypatch.setattr(precision, "_has_units", lambda kind: request.param)
    return request.param


def test_products(has_units):
    a = torch.full((2, 2), 1 + 2**-12)
    with precision.fewer_digits(CPU):
        product = a @ torch.eye(2)
    assert (product.dtype == torch.bfloat16) == has_units
    assert torch.equal(product.float(), torch.ones(2, 2) if has_units else a)
    assert (a @ torch.eye(2)).dtype == torch.float32


def test_what_the_diffusion_says(has_units):
    """Logits are told with all digits, and are near those of products with all digits."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = diffusion.MaskedDiffusion(Layout((3, 4), ()), diffusion.MaskedConfig(width=32, n_embedding=8))
        levels = torch.randint(0, 3, (200, 2))
    is_masked = torch.zeros(200, 2, dtype=torch.bool)
    logits = model(levels, is_masked)
    assert logits.dtype == torch.float32
    hidden = model.first(model.embedding(levels + model._offsets).flatten(1))
    for block in model.blocks:
        hidden = hidden + block(hidden)
    exact = model.last(hidden)
    # A number of bfloat16 has 8 binary digits; some ten products lie one behind the other.
    assert (logits - exact).abs().max() <= (10 * 2**-8 if has_units else 0) * exact.abs().max()


def test_no_units():
    assert not precision._has_units("mps")
