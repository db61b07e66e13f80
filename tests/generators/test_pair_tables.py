"""The distance of two-way tables: nothing for equal rows, much for a dependence that is lost."""

from __future__ import annotations

import numpy as np
import pytest

from genesis_sampling.generators._pair_tables import PairTables


class TestPairTables:
    def test_equal_rows_differ_in_nothing(self):
        codes = np.random.default_rng(0).normal(size=(500, 3))
        assert PairTables(codes, np.zeros(3, dtype=bool)).error(codes) == pytest.approx(0, abs=1e-6)

    def test_a_dependence_that_is_lost_shows(self):
        rng = np.random.default_rng(0)
        x = rng.normal(size=5000)
        together = np.column_stack([x, x + 0.1 * rng.normal(size=5000)])
        apart = np.column_stack([together[:, 0], rng.permutation(together[:, 1])])
        tables = PairTables(together, np.zeros(2, dtype=bool))
        # Ten bins of each: independent columns put a tenth of a row's weight where all of it was.
        assert 0.7 < tables.error(apart) < 0.9

    def test_categories_and_gaps(self):
        codes = np.column_stack([np.arange(100) % 30, np.where(np.arange(100) % 2, np.nan, 1.0)])
        tables = PairTables(codes, np.array([True, False]))
        assert tables.error(codes) == pytest.approx(0, abs=1e-6)
        assert tables.error(np.column_stack([codes[:, 0], np.ones(100)])) == pytest.approx(0.5, abs=0.01)
