"""Where the levels and numbers of a row lie in a tensor."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="networks need torch")
Layout = pytest.importorskip("genesis_sampling.networks.layout").Layout

LAYOUT = Layout((3, 1, 4), ((0, 2), (2, 0)))


def test_widths():
    assert (LAYOUT.n_levels, LAYOUT.width, LAYOUT.starts) == (8, 10, (0, 3, 4))


def test_indicators_have_one_level_per_column():
    levels = torch.tensor([[2, 0, 3], [0, 0, 1]])
    expected = [[0, 0, 1, 1, 0, 0, 0, 1], [1, 0, 0, 1, 0, 1, 0, 0]]
    assert LAYOUT.indicators(levels).tolist() == expected


def test_numbers_belong_to_levels():
    levels = torch.tensor([[2, 0, 3], [1, 0, 0]])
    assert LAYOUT.is_numbered(levels).tolist() == [[True, True], [False, True]]


def test_values_of_one_column_for_each_row():
    values = torch.arange(16.0).reshape(2, 8)
    one_each = LAYOUT.of_columns(values, torch.tensor([2, 0]), -1.0)
    assert one_each.tolist() == [[4, 5, 6, 7], [8, 9, 10, -1]]


@pytest.mark.parametrize("scale", [1.0, 100.0], ids=["near", "far apart"])
@pytest.mark.parametrize("layout", [LAYOUT, Layout((2, 3, 1, 4) * 40)], ids=["three columns", "160 columns"])
def test_softmax_is_within_columns(layout, scale):
    """Against torch's own, column by column; logits of one column may be far below those of another."""
    torch.manual_seed(0)
    logits = (scale * torch.randn(50, layout.n_levels)).requires_grad_()
    levels = (torch.rand(50, len(layout.sizes)) * torch.tensor(layout.sizes)).long()
    parts = logits.split(layout.sizes, dim=1)
    weight = torch.rand(50, layout.n_levels)
    expected = torch.cat([part.softmax(1) for part in parts], 1)
    losses = [
        torch.nn.functional.cross_entropy(part, column, reduction="none")
        for part, column in zip(parts, levels.T, strict=True)
    ]
    pairs = ((layout.softmax(logits), expected), (layout.missed(logits, levels), torch.stack(losses, 1)))
    for found, known in pairs:
        torch.testing.assert_close(found, known)
        slopes = [
            torch.autograd.grad((part * weight[:, : part.shape[1]]).sum(), logits, retain_graph=True)[0]
            for part in (found, known)
        ]
        torch.testing.assert_close(*slopes)


def test_the_likeliest_level():
    """Of columns of many widths; equal logits are equally likely, but no level is found that a column has not."""
    layout = Layout((5, 1, 3, 7, 2, 4))
    torch.manual_seed(0)
    logits = torch.randn(50, layout.n_levels)
    expected = torch.stack([part.argmax(1) for part in logits.split(layout.sizes, dim=1)], 1)
    assert torch.equal(layout.likeliest(logits), expected)
    assert (layout.likeliest(torch.zeros(50, layout.n_levels)) < torch.tensor(layout.sizes)).all()


def test_memory_follows_the_levels_not_the_widest_column():
    layout = Layout((20_000, *(2,) * 500))
    assert sum(part.numel() for part in (layout._alike, layout._column)) <= 3 * layout.n_levels


def test_no_columns():
    empty = Layout(())
    assert (empty.n_levels, empty.starts) == (0, ())


def test_draws_have_the_probabilities_of_the_logits():
    torch.manual_seed(0)
    logits = torch.log(torch.tensor([0.2, 0.3, 0.5, 1.0, 0.1, 0.2, 0.3, 0.4])).expand(20_000, -1)
    drawn = LAYOUT.drawn(logits)
    for column, shares in ((0, [0.2, 0.3, 0.5]), (1, [1.0]), (2, [0.1, 0.2, 0.3, 0.4])):
        found = torch.bincount(drawn[:, column], minlength=len(shares)) / 20_000
        # Five standard errors of the share of a half.
        assert torch.allclose(found, torch.tensor(shares), atol=5 * 0.5 / 20_000**0.5)
