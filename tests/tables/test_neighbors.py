"""Neighbours: the distances by hand, the search against scikit-learn's, the interface against imbalanced-learn."""

from __future__ import annotations

import builtins

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from imblearn.over_sampling import ADASYN, SMOTE, BorderlineSMOTE
from imblearn.under_sampling import EditedNearestNeighbours, NearMiss, NeighbourhoodCleaningRule
from scipy import sparse
from sklearn.base import clone
from sklearn.neighbors import NearestNeighbors

from genesis_sampling import DataError, MissingExtraError, NeighborsWarning, TableNeighbors
from genesis_sampling.tables import _approximate, _nearest, neighbors
from genesis_sampling.tables.neighbors import NeighborSearch, distance_view, fit_distances


def blobs(n_rows, n_columns, seed=0):
    """Rows around 40 centres: data with neighbours to speak of."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=(40, n_columns))[rng.integers(40, size=n_rows)] * 5 + rng.normal(
        size=(n_rows, n_columns)
    )


class TestDistances:
    def test_numbers_are_scaled(self):
        X = pd.DataFrame({"a": [0.0, 1.0, 2.0, 3.0], "b": [0.0, 1000.0, 0.0, 1000.0]})
        scaled = X / X.std(ddof=0)
        between, _ = TableNeighbors(4).fit(X).kneighbors(X[:1])
        np.testing.assert_allclose(between[0], np.sort(((scaled - scaled.iloc[0]) ** 2).sum(axis=1) ** 0.5))

    def test_a_mismatch_counts_as_the_median_deviation(self):
        X = pd.DataFrame({"a": [0.0, 2.0] * 2, "b": [0.0, 6.0] * 2, "c": [0.0, 20.0] * 2, "d": list("xxyy")})
        between, positions = TableNeighbors(4, scale=False).fit(X).kneighbors(X[:1])
        # Standard deviations 1, 3 and 10.
        assert positions[0, 1] == 2
        np.testing.assert_allclose(between[0, 1], 3.0)
        between, _ = TableNeighbors(4).fit(X).kneighbors(X[:1])
        np.testing.assert_allclose(between[0, 1], 1.0)

    @pytest.mark.parametrize("n_categories", [2, 3, 20, 100])
    def test_categories_are_equally_far_apart(self, n_categories):
        names = [f"c{number:03d}" for number in range(n_categories)]
        X = pd.DataFrame({"d": names * 2})
        between, _ = TableNeighbors(2 * n_categories).fit(X).kneighbors(X[:3])
        np.testing.assert_allclose(between[:, :2], 0)
        np.testing.assert_allclose(between[:, 2:], 1)

    def test_missing_values(self):
        X = pd.DataFrame({"a": [-1.0, 1.0, np.nan, np.nan, -1.0, 1.0], "d": ["x", None, None, "x", "y", "y"]})
        codes = np.array([[-1, 0], [1, np.nan], [np.nan, np.nan], [np.nan, 0], [-1, 1], [1, 1]])
        distances = fit_distances(codes, np.array([False, True]))

        def squared(i, j):
            return distances.between(codes[[i]], codes[[j]])[0] ** 2

        # Known numbers lie one standard deviation from the mean here, and a missing one lies one aside.
        assert squared(2, 3) == pytest.approx(1)
        assert squared(1, 2) == pytest.approx(2)
        assert squared(0, 3) == pytest.approx(2)
        assert squared(0, 1) == pytest.approx(4 + 1)
        found, _ = TableNeighbors(6).fit(X).kneighbors(X[:1])
        np.testing.assert_allclose(found[0], np.sort([squared(0, j) for j in range(6)]) ** 0.5)

    def test_missing_is_as_far_as_random_on_average(self):
        rng = np.random.default_rng(0)
        codes = rng.normal(size=(20_001, 1))
        codes[0] = np.nan
        distances = fit_distances(codes, np.array([False]))
        from_gap = distances.between(np.full((20_000, 1), np.nan), codes[1:]) ** 2
        random = distances.between(codes[1:], np.roll(codes[1:], 1, axis=0)) ** 2
        # Both means estimate 2; standard errors are sqrt(2 / n) and sqrt(8 / n).
        assert abs(from_gap.mean() - random.mean()) < 4 * np.sqrt(10 / 20_000)

    def test_value_difference(self):
        X = pd.DataFrame({"d": list("aaaabbbbcccc")})
        y = np.array([1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 0, 1])
        between, positions = TableNeighbors(12, metric="hvdm").fit(X, y).kneighbors(X[4:5])
        # b and c have the same classes; a has class 1 three quarters more often. HVDM, times four.
        assert set(positions[0, :8]) == set(range(4, 12))
        np.testing.assert_allclose(between[0, :8], 0, atol=1e-7)
        np.testing.assert_allclose(between[0, 8:], 4 * np.sqrt(2) * 0.75)

    def test_gower(self):
        X = pd.DataFrame(
            {"a": [0.0, 5.0, 10.0, np.nan], "b": [1.0, 3.0, np.nan, np.nan], "d": ["x", "x", "y", None]}
        )
        between, positions = TableNeighbors(4, metric="gower").fit(X).kneighbors(X[:1])
        assert positions[0].tolist() == [0, 1, 2, 3]
        # a: 1/2 and b: 1 and d: 0; a: 1 and d: 1; nothing in common.
        np.testing.assert_allclose(between[0], [0, 1.5 / 3, 1, 1])

    def test_view_has_the_same_distances(self):
        rng = np.random.default_rng(0)
        codes = np.column_stack(
            [rng.normal(size=(50, 2)), rng.integers(4, size=50), rng.integers(2, size=50)]
        )
        codes[rng.random(codes.shape) < 0.1] = np.nan
        discrete = np.array([False, False, True, True])
        points = distance_view(codes, discrete)
        distances = fit_distances(codes, discrete)
        apart = np.sqrt(((points - np.roll(points, 1, axis=0)) ** 2).sum(axis=1))
        np.testing.assert_allclose(apart, distances.between(codes, np.roll(codes, 1, axis=0)))


class TestExactSearch:
    @pytest.mark.parametrize(
        ("queries", "rows", "group"), [(128, 16_384, 32), (7, 50, 32), (64, 97, 4), (1, 30, 8)]
    )
    @pytest.mark.parametrize("n_jobs", [1, 2])
    def test_agrees_with_scikit_learn(self, monkeypatch, queries, rows, group, n_jobs):
        monkeypatch.setattr(_nearest, "QUERIES", queries)
        monkeypatch.setattr(_nearest, "ROWS", rows)
        monkeypatch.setattr(_nearest, "GROUP", group)
        monkeypatch.setattr(_nearest, "DIRECT", group)
        monkeypatch.setattr(_nearest, "MIN_SHARED_PAIRS", 0)
        X = np.random.default_rng(0).normal(size=(500, 4))
        found = TableNeighbors(7, scale=False, n_jobs=n_jobs).fit(X).kneighbors()
        true = NearestNeighbors(n_neighbors=7, algorithm="brute").fit(X).kneighbors()
        np.testing.assert_array_equal(found[1], true[1])
        np.testing.assert_allclose(found[0], true[0])

    def test_large_offsets(self):
        seconds = 1.7e9 + np.random.default_rng(0).permutation(5000) / 7
        X = np.column_stack([seconds, np.random.default_rng(1).normal(size=5000)])
        found = TableNeighbors(5, scale=False).fit(X).kneighbors(return_distance=False)
        centred = X - X.mean(axis=0)
        true = (
            NearestNeighbors(n_neighbors=5, algorithm="brute").fit(centred).kneighbors(return_distance=False)
        )
        np.testing.assert_array_equal(found, true)

    @given(st.integers(2, 60), st.integers(1, 5), st.integers(0, 2**16), st.data())
    def test_distances_are_those_of_all_pairs(self, n_rows, n_columns, seed, data):
        rng = np.random.default_rng(seed)
        codes = rng.integers(0, 4, size=(n_rows, n_columns)).astype(float)
        codes[rng.random(codes.shape) < 0.2] = np.nan
        discrete = rng.random(n_columns) < 0.5
        metric = data.draw(st.sampled_from(["smote-nc", "hvdm", "gower"]))
        distances = fit_distances(codes, discrete, metric=metric, labels=rng.integers(0, 3, size=n_rows))
        k = data.draw(st.integers(1, n_rows - 1))
        found, positions = NeighborSearch(distances, codes).query(codes, k, own=np.arange(n_rows))
        left, right = np.divmod(np.arange(n_rows**2), n_rows)
        pairs = distances.between(codes[left], codes[right]).reshape(n_rows, n_rows)
        np.testing.assert_allclose(np.take_along_axis(pairs, positions, axis=1), found, atol=1e-6)
        np.fill_diagonal(pairs, np.inf)
        np.testing.assert_allclose(found, np.sort(pairs, axis=1)[:, :k], atol=1e-6)
        assert (positions != np.arange(n_rows)[:, None]).all()

    def test_a_row_among_many_equal_ones(self):
        X = np.zeros((50, 2))
        positions = TableNeighbors(3).fit(X).kneighbors(return_distance=False)
        assert (positions != np.arange(50)[:, None]).all()

    def test_sparse_and_list(self):
        X = np.random.default_rng(0).normal(size=(30, 3)) * (np.random.default_rng(1).random((30, 3)) < 0.5)
        expected = TableNeighbors(3).fit(X).kneighbors(return_distance=False)
        for container in (sparse.csr_matrix(X), X.tolist()):
            found = TableNeighbors(3).fit(container).kneighbors(return_distance=False)
            np.testing.assert_array_equal(found, expected)

    def test_more_categories_than_coordinates(self, monkeypatch):
        rng = np.random.default_rng(0)
        codes = np.column_stack([rng.normal(size=300), rng.integers(20, size=300)])
        codes[::17, 1] = np.nan
        discrete = np.array([False, True])
        narrow = fit_distances(codes, discrete)
        monkeypatch.setattr("genesis_sampling.tables._distances.MAX_COORDINATES", 5)
        wide = fit_distances(codes, discrete)
        assert len(wide.wide) == 1
        np.testing.assert_allclose(
            NeighborSearch(wide, codes).query(codes, 9)[0], NeighborSearch(narrow, codes).query(codes, 9)[0]
        )


class TestInterface:
    def test_graph(self):
        X = np.random.default_rng(0).normal(size=(40, 2))
        neighbors_ = TableNeighbors(3, scale=False).fit(X)
        peer = NearestNeighbors(n_neighbors=3).fit(X)
        for mode in ("connectivity", "distance"):
            ours, theirs = (model.kneighbors_graph(mode=mode).toarray() for model in (neighbors_, peer))
            np.testing.assert_allclose(ours, theirs)

    def test_new_queries(self):
        X = np.random.default_rng(0).normal(size=(40, 2))
        found = TableNeighbors(1, scale=False).fit(X).kneighbors(X[3:4] + 1e-9, n_neighbors=2)
        assert found[1][0, 0] == 3
        assert found[1].shape == (1, 2)

    @pytest.mark.parametrize(
        ("sampler", "parameter", "k"),
        [
            (SMOTE(random_state=0), "k_neighbors", 6),
            (BorderlineSMOTE(random_state=0), "m_neighbors", 11),
            (ADASYN(random_state=0), "n_neighbors", 6),
            (EditedNearestNeighbours(), "n_neighbors", 4),
            (NearMiss(), "n_neighbors", 3),
            (
                NeighbourhoodCleaningRule(edited_nearest_neighbours=EditedNearestNeighbours()),
                "n_neighbors",
                3,
            ),
        ],
        ids=lambda value: type(value).__name__ if hasattr(value, "fit_resample") else None,
    )
    def test_samplers_of_imbalanced_learn_take_it(self, sampler, parameter, k):
        rng = np.random.default_rng(0)
        X, y = rng.normal(size=(200, 3)), (rng.random(200) < 0.25).astype(int)
        expected = clone(sampler).fit_resample(X, y)
        table = TableNeighbors(k, scale=False)
        found = clone(sampler).set_params(**{parameter: table}).fit_resample(X, y)
        for ours, theirs in zip(found, expected, strict=True):
            np.testing.assert_allclose(ours, theirs)

    def test_errors(self):
        X = np.zeros((5, 2))
        with pytest.raises(DataError, match="n_neighbors=5 for 5 rows; expected 1 to 4"):
            TableNeighbors(5).fit(X).kneighbors()
        with pytest.raises(DataError, match="hvdm"):
            TableNeighbors(metric="hvdm").fit(X)
        with pytest.raises(DataError, match="3 columns; expected 2"):
            TableNeighbors(1).fit(X).kneighbors(np.zeros((1, 3)))
        with pytest.raises(DataError, match="no y in fit"):
            TableNeighbors(1).fit(X).predict(X)
        with pytest.raises(DataError, match="mode"):
            TableNeighbors(1).fit(X).kneighbors_graph(mode="other")
        with pytest.raises(ValueError, match="metric"):
            TableNeighbors(metric="cosine").fit(X)


class TestObject:
    def test_is_asked(self):
        codes = np.random.default_rng(0).normal(size=(50, 3))
        distances = fit_distances(codes, np.zeros(3, dtype=bool))
        asked = NeighborSearch(distances, codes, method=NearestNeighbors())
        own = np.arange(50)
        np.testing.assert_array_equal(
            asked.query(codes, 4, own=own)[1], NeighborSearch(distances, codes).query(codes, 4, own=own)[1]
        )
        assert asked.how == "NearestNeighbors"

    def test_needs_points(self):
        codes = np.zeros((50, 3))
        distances = fit_distances(codes, np.zeros(3, dtype=bool), metric="gower")
        with pytest.raises(DataError, match="not Euclidean"):
            NeighborSearch(distances, codes, method=NearestNeighbors()).query(codes, 2)


@pytest.fixture
def without_faiss(monkeypatch):
    real_import, real_find = builtins.__import__, neighbors.find_spec
    monkeypatch.setattr(neighbors, "find_spec", lambda name: None if name == "faiss" else real_find(name))

    def refuse(name, *args, **kwargs):
        if name == "faiss":
            raise ImportError(name)
        return real_import(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", refuse)
    monkeypatch.setitem(__import__("sys").modules, "faiss", None)


@pytest.mark.usefixtures("without_faiss")
class TestWithoutTheExtra:
    def test_asked_for(self):
        with pytest.raises(MissingExtraError, match=r"genesis-sampling\[ann\]"):
            TableNeighbors(method="approximate").fit(blobs(12_000, 3)).kneighbors(np.zeros((1, 3)))

    def test_says_so_once_and_stays_exact(self, monkeypatch):
        monkeypatch.setattr(neighbors, "MANY_PAIRS", 1000)
        monkeypatch.setattr(neighbors, "MIN_ROWS", 100)
        X = blobs(200, 3)
        table = TableNeighbors(3, scale=False).fit(X)
        with pytest.warns(NeighborsWarning, match=r"pip install 'genesis-sampling\[ann\]'") as caught:
            found = table.kneighbors(return_distance=False)
        assert len(caught) == 1
        assert table.search_ == "exact"
        np.testing.assert_array_equal(
            found, TableNeighbors(3, scale=False, method="exact").fit(X).kneighbors()[1]
        )


class TestApproximateSearch:
    @pytest.fixture(autouse=True)
    def faiss(self):
        return pytest.importorskip("faiss", reason="the extra 'ann' is not installed")

    @pytest.fixture
    def rows(self):
        return blobs(12_000, 8)

    def test_recall(self, rows):
        table = TableNeighbors(10, method="approximate", random_state=0).fit(rows)
        distances, found = table.kneighbors()
        assert table.search_.startswith("approximate, recall 0.9") or table.search_.endswith("1.00")
        exact_distances, true = TableNeighbors(10, method="exact").fit(rows).kneighbors()
        recall = (true[:, :, None] == found[:, None, :]).any(axis=2).mean()
        # 256 queries chose the number of cells for a share of 0.96; their neighbours come in clusters of 10.
        assert recall > 0.95 - 4 * np.sqrt(0.05 * 0.95 / 256)
        assert (distances >= exact_distances - 1e-9).all()

    def test_same_rows_for_any_number_of_threads(self, rows):
        one, two = (
            TableNeighbors(5, method="approximate", n_jobs=n_jobs, random_state=1).fit(rows).kneighbors()
            for n_jobs in (1, 2)
        )
        np.testing.assert_array_equal(one[1], two[1])

    def test_without_structure_it_is_exact(self):
        X = np.random.default_rng(0).normal(size=(11_000, 40))
        table = TableNeighbors(5, method="approximate", random_state=0).fit(X)
        table.kneighbors(X[:600])
        assert table.search_ == "exact"

    def test_budget(self, rows):
        table = TableNeighbors(5, method="approximate", memory_budget=1000).fit(rows)
        table.kneighbors(rows[:10])
        assert table.search_ == "exact"

    def test_searches_harder_for_more(self, rows):
        probes = []
        for recall in (0.5, 0.99):
            distances = fit_distances(rows, np.zeros(8, dtype=bool))
            index = _approximate.InvertedFile(distances, rows, seed=0)
            assert index.search(rows[:2000], 5, recall=recall) is not None
            probes.append(index._index.nprobe)
        assert probes[0] < probes[1]
