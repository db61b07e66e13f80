"""Repeated rows, distances among rows, lost categories and modes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from genesis_sampling import DataError
from genesis_sampling.metrics import diversity
from genesis_sampling.metrics._pair import as_pair

FIGURES = {
    "duplicates": lambda pair: diversity.duplicate_share(pair).synthetic,
    "neighbours": lambda pair: diversity.nearest_neighbor_distances(pair).ratio,
    "categories": lambda pair: len(diversity.lost_categories(pair)),
    "modes": lambda pair: len(diversity.lost_modes(pair)),
}
MOVES = {
    "copied": {"duplicates": (0, 0), "neighbours": (1, 1), "categories": (0, 0), "modes": (0, 0)},
    "fresh": {"duplicates": (0, 0), "neighbours": (0.85, 1.18), "categories": (0, 0), "modes": (0, 0)},
    "shuffled": {"duplicates": (0, 0), "neighbours": (1.3, 5), "categories": (0, 0)},
    "constant": {"duplicates": (1, 1), "neighbours": (0, 0), "categories": (2, 2), "modes": (8, 19)},
    # A third of the 20 groups lay there.
    "mode dropped": {"duplicates": (0, 0), "neighbours": (0.6, 1.1), "categories": (1, 1), "modes": (3, 10)},
    "far": {"duplicates": (0, 0), "neighbours": (0.85, 1.18), "categories": (0, 0), "modes": (8, 19)},
}


@pytest.mark.parametrize(
    ("what", "figure", "low", "high"),
    [(what, name, *bounds) for what, row in MOVES.items() for name, bounds in row.items()],
)
def test_every_figure_moves_as_it_must(real, spoiled, what, figure, low, high):
    assert low - 1e-9 <= FIGURES[figure](as_pair(real, spoiled[what])) <= high + 1e-9


class TestDuplicates:
    def test_missing_values_are_equal(self):
        real = pd.DataFrame({"a": [1.0, 2.0, 3.0], "c": ["u", "v", "w"]})
        synthetic = pd.DataFrame({"a": [np.nan, np.nan, 3.0], "c": [None, None, "w"]})
        assert diversity.duplicate_share(real, synthetic) == pytest.approx((2 / 3, 0))

    def test_tables_of_different_size_count_alike(self):
        # Of 20,000 rows with 2,000 values each all are repeated, of 200 hardly any.
        rng = np.random.default_rng(0)
        many, few = rng.integers(2000, size=(20_000, 1)), rng.integers(2000, size=(200, 1))
        shares = diversity.duplicate_share(many, few)
        # Each of 200 rows meets one of 199 others in about a tenth of cases.
        for share in shares:
            assert abs(share - (1 - (1 - 1 / 2000) ** 199)) < 4 * np.sqrt(2 * 0.1 * 0.9 / 200)


class TestNeighborDistances:
    def test_equal_numbers_of_both(self, real, spoiled):
        found = diversity.nearest_neighbor_distances(real, spoiled["fresh"][:150])
        assert found.real.shape == found.synthetic.shape == (150,)
        assert 0.7 < found.ratio < 1.4

    def test_scaled_rows_are_so_much_nearer(self):
        real = np.random.default_rng(0).normal(size=(300, 2))
        assert diversity.nearest_neighbor_distances(real, real / 4).ratio == pytest.approx(0.25)

    @pytest.mark.parametrize(("last", "expected"), [(0.0, np.nan), (9.0, np.inf)])
    def test_repeated_real_rows(self, last, expected):
        real = np.zeros((3, 1))
        found = diversity.nearest_neighbor_distances(real, np.array([[0.0], [last], [2 * last]]))
        np.testing.assert_equal(found.ratio, expected)

    def test_one_row(self):
        with pytest.raises(DataError, match="at least 2"):
            diversity.nearest_neighbor_distances([[1.0], [2.0]], [[1.0]])


class TestLostCategories:
    def test_what_is_frequent_enough(self):
        # Equal tables, 3 categories: lost from c rows on where 2 ** -c < .01 / 3, so from 9; 8 may be chance.
        for count, expected in ((8, []), (9, ["rare"])):
            real = pd.DataFrame({"c": ["rare"] * count + ["u", "v"] * 500})
            synthetic = pd.DataFrame({"c": ["u"] * len(real)}).assign(
                c=lambda f: np.where(f.index % 2, "u", "v")
            )
            found = diversity.lost_categories(real, synthetic)
            assert found["category"].tolist() == expected
            assert (found["real_share"] == count / len(real)).all()

    def test_few_synthetic_rows_lose_nothing_by_chance(self):
        real = pd.DataFrame({"c": ["rare"] * 500 + ["u"] * 9500})
        # A share of 5 % is absent from 20 fair rows in a third of cases, from 200 in one of 30,000.
        for n_rows, expected in ((20, []), (200, ["rare"])):
            found = diversity.lost_categories(real, pd.DataFrame({"c": ["u"] * n_rows}))
            assert found["category"].tolist() == expected

    def test_a_missing_value_is_a_category(self):
        real = pd.DataFrame({"a": np.arange(100.0), "c": [None, "u"] * 50})
        found = diversity.lost_categories(real, real.assign(c="u"))
        assert found["column"].tolist() == ["c"]
        assert found["category"].isna().all()

    def test_fair_draws_lose_hardly_ever(self):
        rng = np.random.default_rng(0)
        shares = rng.dirichlet(np.full(60, 0.3))
        values = np.array([f"v{i}" for i in range(60)])
        n_lost = 0
        for _ in range(200):
            tables = [pd.DataFrame({"c": rng.choice(values, size=300, p=shares)}) for _ in range(2)]
            n_lost += len(diversity.lost_categories(*tables)) > 0
        # At most 1 in 100: 2 of 200, and more than 8 in one of a thousand runs.
        assert n_lost <= 8

    def test_numbers_have_none(self):
        found = diversity.lost_categories(np.arange(50.0)[:, None], np.zeros((50, 1)))
        assert list(found.columns) == ["column", "category", "real_share"]
        assert not len(found)


class TestLostModes:
    def test_the_lost_mode_is_named(self, real, spoiled):
        lost = diversity.lost_modes(real, spoiled["mode dropped"])
        typical = real.iloc[lost["row"]]
        assert ((typical["a"] > 12) | (typical["city"] == "z")).all()
        assert 0.2 < lost["real_share"].sum() < 0.5
        assert (lost["synthetic_share"] < 0.2 * lost["real_share"]).all()

    def test_fair_draws_lose_hardly_ever(self):
        rng = np.random.default_rng(0)
        n_lost = [
            len(diversity.lost_modes(*rng.normal(size=(2, 200, 2)), random_state=i)) > 0 for i in range(40)
        ]
        # At most 1 in 100; more than 3 of 40 in less than one of a thousand runs.
        assert sum(n_lost) <= 3

    def test_a_thinned_mode_is_not_a_lost_one(self):
        real = np.repeat([[0.0], [9.0]], [5000, 5000], axis=0)
        for count, expected in ((2500, 0), (200, 1)):
            synthetic = np.repeat([[0.0], [9.0]], [10_000 - count, count], axis=0)
            assert len(diversity.lost_modes(real, synthetic)) == expected

    def test_one_row(self):
        with pytest.raises(DataError, match="at least 2"):
            diversity.lost_modes([[1.0]], [[1.0], [2.0]])


def test_seeded(real, spoiled, global_rng_untouched):
    pair = as_pair(real, spoiled["constant"])
    for function in (diversity.nearest_neighbor_distances, diversity.lost_modes):
        first, again, other = (function(pair, max_rows=300, random_state=seed) for seed in (0, 0, 1))
        np.testing.assert_array_equal(np.asarray(first), np.asarray(again))
        assert not np.array_equal(np.asarray(first), np.asarray(other))
