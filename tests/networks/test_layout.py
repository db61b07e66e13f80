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


def test_padding_and_back():
    values = torch.arange(16.0).reshape(2, 8)
    padded = LAYOUT.padded(values, -1.0)
    assert padded[0].tolist() == [[0, 1, 2, -1], [3, -1, -1, -1], [4, 5, 6, 7]]
    assert torch.equal(LAYOUT.flat(padded), values)


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
