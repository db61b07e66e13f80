"""The SMOTE family: where new rows lie, which rows they start from, and agreement with imbalanced-learn."""

from __future__ import annotations

import warnings
from collections import Counter

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from imblearn.over_sampling import ADASYN, SMOTE, BorderlineSMOTE
from imblearn.pipeline import make_pipeline
from imblearn.under_sampling import EditedNearestNeighbours
from sklearn.cluster import DBSCAN, AgglomerativeClustering, KMeans
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import NearestNeighbors
from sklearn.svm import SVC

from genesis_sampling import (
    ConstraintFilter,
    DataError,
    HybridSampler,
    InterpolationSampler,
    NeighborsWarning,
    SmallClassWarning,
)
from genesis_sampling.samplers import KINDS


def two_classes(n_rows=300, n_columns=3, seed=0, shift=1.0):
    """Numbers of two classes that overlap, a fifth of them of class 1."""
    rng = np.random.default_rng(seed)
    y = (np.arange(n_rows) % 5 == 0).astype(int)
    return rng.normal(size=(n_rows, n_columns)) + shift * y[:, None], y


def made(sampler, X, y):
    """New rows and their two parents' positions."""
    X_new, _ = sampler.fit_resample(X, y)
    new = sampler.synthetic_mask_
    return np.asarray(X_new)[new], sampler.parent_indices_[new]


class TestSegments:
    @pytest.mark.parametrize("kind", KINDS)
    @given(seed=st.integers(0, 2**16), n_columns=st.integers(1, 4))
    def test_new_rows_lie_between_their_parents(self, kind, seed, n_columns):
        X, y = two_classes(60, n_columns, seed)
        sampler = InterpolationSampler(kind, k_neighbors=3, m_neighbors=5, random_state=seed)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=".*plain SMOTE is used")
            rows, parents = made(sampler, X, y)
        assert len(rows) == 36
        first = X[parents[:, 0]]
        second = np.where(parents[:, [1]] >= 0, X[parents[:, 1]], X[y == 1].mean(axis=0))
        assert (y[parents[:, 0]] == 1).all()
        step = second - first
        with np.errstate(invalid="ignore", divide="ignore"):
            places = np.where(step != 0, (rows - first) / step, 0)
        # What is clipped to the range of its column moved less than the other columns.
        place = np.take_along_axis(places, np.abs(places).argmax(axis=1)[:, None], axis=1)[:, 0]
        expected = np.clip(first + place[:, None] * step, X.min(axis=0), X.max(axis=0))
        np.testing.assert_allclose(rows, expected, atol=1e-9)
        low = -0.5 if kind == "svm" else 0
        assert place.min() >= low - 1e-9
        assert place.max() <= 1 + 1e-9
        # Borderline-2 goes half the way to rows of other classes, all others stay among their own.
        foreign = (parents[:, 1] >= 0) & (y[parents[:, 1]] != 1)
        assert kind == "borderline-2" or not foreign.any()
        assert place[foreign].max(initial=0) <= 0.5 + 1e-9

    @pytest.mark.parametrize("kind", KINDS)
    def test_mixed_columns(self, kind, mixed):
        X, y = mixed
        sampler = InterpolationSampler(kind, k_neighbors=3, m_neighbors=5, topology="mesh", random_state=0)
        X_new, _ = sampler.fit_resample(X, y)
        new, parents = X_new[sampler.synthetic_mask_], sampler.parent_indices_[sampler.synthetic_mask_]
        first, second = (X.iloc[parents[:, side]].reset_index(drop=True) for side in (0, 1))
        new = new.reset_index(drop=True)
        for name in X.columns:
            made_gap = new[name].isna()
            assert (first[name].isna() | second[name].isna())[made_gap].all(), name
            both_missing = first[name].isna() & second[name].isna()
            assert made_gap[both_missing].all(), name
        for name in ("category", "string", "object", "bool", "boolean"):
            values, a, b = (
                frame[name].astype(object).where(frame[name].notna(), "gap") for frame in (new, first, second)
            )
            assert ((values == a) | (values == b)).all(), name
        for name in ("date", "duration", "int8", "uint16", "float"):
            known = first[name].notna() & second[name].notna()
            low, high = np.minimum(first[name], second[name]), np.maximum(first[name], second[name])
            if kind != "svm":
                slack = 1e-12 if name == "float" else low - low
                assert ((new[name] >= low - slack) & (new[name] <= high + slack))[known].all(), name

    @pytest.mark.parametrize("kind", KINDS)
    def test_narrow_integers_do_not_wrap(self, kind):
        rng = np.random.default_rng(0)
        X, y = rng.integers(100, 110, size=(200, 3)).astype(np.uint8), np.repeat([0, 1], [150, 50])
        rows, _ = made(InterpolationSampler(kind, random_state=0), X, y)
        assert rows.dtype == np.uint8
        assert rows.min() >= 100
        assert rows.max() <= 109

    @pytest.mark.parametrize("kind", KINDS)
    @given(seed=st.integers(0, 2**16))
    @settings(max_examples=10)
    def test_any_table_with_gaps(self, kind, seed):
        """Categories and gaps come from a parent, and what both parents know lies between them."""
        rng = np.random.default_rng(seed)
        X = pd.DataFrame(
            {
                "number": rng.normal(size=40).round(rng.integers(0, 3)),
                "whole": pd.array(rng.integers(-5, 5, size=40), dtype="Int64"),
                "day": pd.Timestamp("2024-02-27") + pd.to_timedelta(rng.integers(0, 9, 40), unit="D"),
                "word": rng.choice(list("xyz"), 40),
            }
        ).mask(rng.random((40, 4)) < 0.2)
        y = np.repeat([0, 1], [28, 12])
        sampler = InterpolationSampler(kind, k_neighbors=3, topology="mesh", random_state=seed)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=".*plain SMOTE is used")
            X_new, y_new = sampler.fit_resample(X, y)
        assert Counter(y_new.tolist()) == {0: 28, 1: 28}
        assert (X_new.dtypes == X.dtypes).all()
        new, parents = X_new[40:].reset_index(drop=True), sampler.parent_indices_[40:]
        first, second = (X.iloc[parents[:, side]].reset_index(drop=True) for side in (0, 1))
        gap = new.isna()
        assert not (gap & ~(first.isna() | second.isna())).any(axis=None)
        assert not (~gap & first.isna() & second.isna()).any(axis=None)
        assert ((new["word"] == first["word"]) | (new["word"] == second["word"]) | gap["word"]).all()
        for name in ("number", "whole", "day"):
            value, a, b = (
                np.where(frame[name].isna(), np.nan, frame[name].astype("float64", errors="ignore"))
                if name != "day"
                else ((frame[name] - pd.Timestamp("2024-02-27")) / pd.Timedelta("1D")).to_numpy()
                for frame in (new, first, second)
            )
            value, a, b = (side.astype(float) for side in (value, a, b))
            one = np.isnan(a) != np.isnan(b)
            known = np.fmax(a, b)[one]
            inherited = np.isnan(value[one]) | (value[one] == known)
            assert inherited.all(), name
            both = ~np.isnan(a) & ~np.isnan(b)
            if kind != "svm":
                low, high = np.minimum(a, b)[both], np.maximum(a, b)[both]
                assert (value[both] >= low - 1e-9).all(), name
                assert (value[both] <= high + 1e-9).all(), name
            if name != "number":
                assert (value[~np.isnan(value)] % 1 == 0).all(), name

    def test_places_and_parents_are_drawn_evenly(self):
        rng = np.random.default_rng(0)
        X, y = rng.normal(size=(60, 2)), np.repeat([0, 1], [40, 20])
        sampler = InterpolationSampler(sampling_strategy={1: 20_020}, scale=False, random_state=0)
        rows, parents = made(sampler, X, y)
        step = X[parents[:, 1]] - X[parents[:, 0]]
        place = ((rows - X[parents[:, 0]]) * step).sum(axis=1) / (step**2).sum(axis=1)
        # A uniform variable has variance 1 / 12, and its square has 4 / 45.
        assert abs(place.mean() - 1 / 2) < 4 * np.sqrt(1 / 12 / 20_000)
        assert abs((place**2).mean() - 1 / 3) < 4 * np.sqrt(4 / 45 / 20_000)
        # Chi-square with 99 degrees of freedom over the 20 x 5 pairs: mean 99, variance 198.
        counts = np.array(list(Counter(map(tuple, parents.tolist())).values()))
        assert len(counts) == 100
        assert abs(((counts - 200) ** 2 / 200).sum() - 99) < 5 * np.sqrt(2 * 99)
        # The place does not depend on the pair.
        assert abs(np.corrcoef(place, parents[:, 0])[0, 1]) < 4 / np.sqrt(20_000)

    def test_categories_follow_the_place(self):
        rng = np.random.default_rng(0)
        X = pd.DataFrame({"a": rng.normal(size=90), "c": np.repeat(["o", "x", "y"], [60, 15, 15])})
        sampler = InterpolationSampler(
            "polynom-fit", topology="mesh", sampling_strategy={1: 20_030}, random_state=0
        )
        X_new, _ = sampler.fit_resample(X, np.repeat([0, 1], [60, 30]))
        new, parents = X_new[90:], sampler.parent_indices_[90:]
        first, second = (X.iloc[parents[:, side]].reset_index(drop=True) for side in (0, 1))
        place = (new["a"].to_numpy() - first["a"]) / (second["a"] - first["a"])
        mixed_pair = (first["c"] != second["c"]).to_numpy()
        from_second = (new["c"].to_numpy() == second["c"])[mixed_pair]
        # At place u a cell is the second parent's with probability u: variance u (1 - u), 1 / 6 on average.
        error = from_second.astype(float) - place[mixed_pair]
        assert abs(error.mean()) < 4 * np.sqrt(1 / 6 / mixed_pair.sum())
        low = place[mixed_pair] < 0.25
        assert abs(error[low].mean()) < 4 * np.sqrt(0.125 / low.sum())

    def test_gaps_are_inherited_in_proportion(self):
        rng = np.random.default_rng(0)
        X, y = rng.normal(size=(4000, 2)), np.repeat([0, 1], [3000, 1000])
        X[3000:, 0][rng.random(1000) < 0.3] = np.nan
        rows, _ = made(InterpolationSampler(random_state=0), X, y)
        share = np.isnan(X[3000:, 0]).mean()
        # 1,000 rows with about 10 new ones each behave like at least 1,000 independent ones.
        assert abs(np.isnan(rows[:, 0]).mean() - share) < 4 * np.sqrt(share * (1 - share) / 1000) + 0.02

    def test_gaps_follow_the_place(self):
        """Where one parent lacks a number, the new row is like the second one with a probability that is its place."""
        rng = np.random.default_rng(0)
        X, y = rng.normal(size=(90, 2)), np.repeat([0, 1], [60, 30])
        X[60:72, 1] = np.nan
        sampler = InterpolationSampler(
            "polynom-fit", topology="mesh", sampling_strategy={1: 20_030}, random_state=0
        )
        rows, parents = made(sampler, X, y)
        first, second = X[parents[:, 0]], X[parents[:, 1]]
        place = (rows[:, 0] - first[:, 0]) / (second[:, 0] - first[:, 0])
        one = np.isnan(first[:, 1]) != np.isnan(second[:, 1])
        like_second = np.isnan(rows[:, 1]) == np.isnan(second[:, 1])
        assert abs((like_second - place)[one].mean()) < 4 * np.sqrt(1 / 6 / one.sum())
        near_first = one & (place < 0.25)
        assert abs((like_second - place)[near_first].mean()) < 4 * np.sqrt(0.125 / near_first.sum())

    def test_ordered_categories_lie_between(self):
        levels = ["low", "mid", "high"]
        X = pd.DataFrame({"level": pd.Categorical(["low", "high"] * 15, categories=levels, ordered=True)})
        sampler = InterpolationSampler("polynom-fit", topology="mesh", random_state=0)
        X_new, _ = sampler.fit_resample(X, [0] * 20 + [1] * 10)
        assert X_new["level"].dtype == X["level"].dtype
        assert (X_new["level"][30:] == "mid").any()


class TestAgreementWithImbalancedLearn:
    def test_smote_has_the_same_pairs(self):
        X, y = two_classes()
        rows, parents = made(InterpolationSampler(scale=False, random_state=0), X, y)
        minority = np.flatnonzero(y == 1)
        true = (
            NearestNeighbors(n_neighbors=6).fit(X[y == 1]).kneighbors(X[y == 1], return_distance=False)[:, 1:]
        )
        possible = {(minority[i], minority[j]) for i in range(len(true)) for j in true[i]}
        assert set(map(tuple, parents.tolist())) <= possible
        theirs, _ = SMOTE(random_state=0).fit_resample(X, y)
        # Every pair is as likely; 180 draws from 300 pairs give about 135 different ones.
        assert len(set(map(tuple, parents.tolist()))) > 100
        assert theirs.shape[0] == len(X) + len(rows)

    @pytest.mark.parametrize("kind", ["smote", "borderline-1", "adasyn", "safe-level"])
    def test_every_pair_is_one_of_theirs_and_each_of_them_turns_up(self, kind):
        X, y = two_classes(400)
        sampler = InterpolationSampler(kind, scale=False, sampling_strategy={1: 6080}, random_state=0)
        _, parents = made(sampler, X, y)
        own = np.flatnonzero(y == 1)
        true = own[NearestNeighbors(n_neighbors=5).fit(X[own]).kneighbors(return_distance=False)]
        drawn = set(map(tuple, parents.tolist()))
        possible = {
            (base, other)
            for base, others in zip(own.tolist(), true.tolist(), strict=True)
            for other in others
        }
        assert drawn <= possible
        if kind == "smote":
            # Each of 400 pairs is missed by 6,000 draws with probability exp(-15).
            assert drawn == possible
        bases = {base for base, _ in drawn}
        if kind == "borderline-1":
            peer = BorderlineSMOTE(random_state=0)
            peer.fit_resample(X, y)
            assert bases == set(peer.in_danger_indices[1].tolist())
        if kind == "adasyn":
            around = NearestNeighbors(n_neighbors=5).fit(X).kneighbors(return_distance=False)
            assert bases == set(own[(y[around[own]] == 0).any(axis=1)].tolist())

    def test_borderline_of_several_classes(self):
        rng = np.random.default_rng(0)
        y = rng.choice([0, 1, 2], p=[0.7, 0.2, 0.1], size=600)
        X = rng.normal(size=(600, 2)) + y[:, None]
        sampler = InterpolationSampler("borderline-1", scale=False, random_state=0)
        peer = BorderlineSMOTE(random_state=0)
        _, y_new = sampler.set_params(sampling_strategy={1: 3000, 2: 3000}).fit_resample(X, y)
        peer.fit_resample(X, y)
        for label in (1, 2):
            bases = sampler.parent_indices_[600:][y_new[600:] == label, 0]
            assert set(bases.tolist()) == set(peer.in_danger_indices[label].tolist())

    def test_borderline_2_also_leads_to_the_nearest_row_of_another_class(self):
        X, y = two_classes(600)
        sampler = InterpolationSampler(
            "borderline-2", scale=False, sampling_strategy={1: 6120}, random_state=0
        )
        rows, parents = made(sampler, X, y)
        foreign = y[parents[:, 1]] == 0
        nearest = NearestNeighbors(n_neighbors=1).fit(X[y == 0])
        expected = np.flatnonzero(y == 0)[
            nearest.kneighbors(X[parents[foreign, 0]], return_distance=False)[:, 0]
        ]
        np.testing.assert_array_equal(parents[foreign, 1], expected)
        # One partner in six is foreign, and those rows go half the way at most, evenly.
        assert abs(foreign.mean() - 1 / 6) < 4 * np.sqrt(5 / 36 / 6000)
        step = X[parents[:, 1]] - X[parents[:, 0]]
        place = ((rows - X[parents[:, 0]]) * step).sum(axis=1) / (step**2).sum(axis=1)
        assert abs(place[foreign].mean() - 1 / 4) < 4 * np.sqrt(1 / 48 / foreign.sum())
        assert abs(place[~foreign].mean() - 1 / 2) < 4 * np.sqrt(1 / 12 / (~foreign).sum())

    def test_svm_goes_inwards_where_it_is_crowded_and_outwards_where_it_is_safe(self):
        X, y = two_classes(400, shift=1.5)
        # Far corners, so that no new row is moved back into the range of a column.
        X = np.vstack([X, [[30.0] * 3, [-30.0] * 3]])
        y = np.append(y, [0, 0])
        sampler = InterpolationSampler("svm", scale=False, sampling_strategy={1: 3080}, random_state=0)
        rows, parents = made(sampler, X, y)
        around = NearestNeighbors(n_neighbors=10).fit(X).kneighbors(return_distance=False)
        crowded = (y[around] == 0).mean(axis=1)[parents[:, 0]] >= 0.5
        step = X[parents[:, 1]] - X[parents[:, 0]]
        place = ((rows - X[parents[:, 0]]) * step).sum(axis=1) / (step**2).sum(axis=1)
        assert place[crowded].min() >= -1e-9
        assert place[~crowded].max() <= 1e-9
        assert abs(place[crowded].mean() - 1 / 2) < 4 * np.sqrt(1 / 12 / crowded.sum())
        assert abs(place[~crowded].mean() + 1 / 4) < 4 * np.sqrt(1 / 48 / (~crowded).sum())

    def test_borderline_starts_from_the_same_rows(self):
        X, y = two_classes(1000)
        _, parents = made(InterpolationSampler("borderline-1", scale=False, random_state=0), X, y)
        peer = BorderlineSMOTE(random_state=0)
        peer.fit_resample(X, y)
        assert set(parents[:, 0].tolist()) == set(peer.in_danger_indices[1].tolist())

    def test_adasyn_has_the_same_counts(self):
        X, y = two_classes(1000)
        _, parents = made(InterpolationSampler("adasyn", scale=False, random_state=0), X, y)
        around = NearestNeighbors(n_neighbors=6).fit(X).kneighbors(X[y == 1], return_distance=False)[:, 1:]
        ratio = (y[around] != 1).mean(axis=1)
        counts = np.bincount(parents[:, 0], minlength=len(X))[y == 1]
        assert np.abs(counts - np.rint(ratio / ratio.sum() * 600)).max() <= 1
        assert counts.sum() == 600
        theirs, _ = ADASYN(random_state=0).fit_resample(X, y)
        assert abs(len(theirs) - 1000 - 600) <= len(ratio)

    def test_svm_starts_from_support_vectors(self):
        X, y = two_classes(400)
        sampler = InterpolationSampler("svm", scale=False, svm_estimator=SVC(gamma="scale"), random_state=0)
        _, parents = made(sampler, X, y)
        vectors = SVC(gamma="scale").fit(X - X.mean(axis=0), y == 1).support_
        around = NearestNeighbors(n_neighbors=11).fit(X).kneighbors(X, return_distance=False)[:, 1:]
        noise = (y[around] != 1).all(axis=1)
        expected = {i for i in vectors.tolist() if y[i] == 1 and not noise[i]}
        assert set(parents[:, 0].tolist()) <= expected
        assert len(set(parents[:, 0].tolist())) > 0.8 * len(expected)

    @pytest.mark.parametrize("kind", ["smote", "borderline-1", "adasyn"])
    def test_an_object_finds_the_same_neighbours(self, kind):
        X, y = two_classes()
        ours, theirs = (
            made(InterpolationSampler(kind, neighbors=how, random_state=0), X, y)[0]
            for how in ("exact", NearestNeighbors())
        )
        np.testing.assert_allclose(ours, theirs)


def islands(seed=0):
    """Minority rows on both sides of the majority, and one alone in its middle."""
    rng = np.random.default_rng(seed)
    left, right = rng.normal([-6, 0], 0.4, size=(30, 2)), rng.normal([6, 0], 0.4, size=(30, 2))
    X = np.vstack([rng.normal(0, 1, size=(300, 2)), left, right, [[0.0, 0.0]]])
    return X, np.repeat([0, 1], [300, 61])


class TestOutliersAndClusters:
    @pytest.mark.parametrize("kind", ["borderline-1", "safe-level", "cluster"])
    def test_a_row_alone_starts_no_bridge(self, kind):
        X, y = islands()
        sampler = InterpolationSampler(kind, random_state=0)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=".*plain SMOTE is used")
            if kind == "borderline-1":
                # The islands are safe, so some rows at the edge of the majority must be there.
                X = np.vstack([X, np.random.default_rng(1).normal([2, 0], 0.5, size=(30, 2))])
                y = np.append(y, np.ones(30, dtype=int))
            rows, parents = made(sampler, X, y)
        from_it = rows[parents[:, 0] == 360]
        # They stay where it is, or lie on the other parent.
        assert ((np.abs(from_it[:, 0]) < 1e-6) | (np.abs(from_it[:, 0]) > 4)).all()
        plain, parents = made(InterpolationSampler(random_state=0), X, y)
        assert (np.abs(plain[parents[:, 0] == 360][:, 0]) < 4).any()

    @pytest.mark.parametrize("clusterer", ["hdbscan", "k-means", AgglomerativeClustering(3)])
    def test_no_segment_crosses_from_one_cluster_to_another(self, clusterer):
        X, y = islands()
        X, y = X[:-1], y[:-1]
        # Only three rows on the left, so that five neighbours would reach across.
        keep = np.r_[0:303, 330:360]
        sampler = InterpolationSampler("cluster", clusterer=clusterer, k_neighbors=5, random_state=0)
        rows, parents = made(sampler, X[keep], y[keep])
        assert (np.abs(rows[:, 0]) > 4).all()
        assert (np.sign(X[keep][parents[:, 0], 0]) == np.sign(X[keep][parents[:, 1], 0])).all()
        crossing, _ = made(InterpolationSampler(random_state=0), X[keep], y[keep])
        assert (np.abs(crossing[:, 0]) < 4).any()

    @pytest.mark.parametrize("seed", [0, 1])
    def test_k_means_with_one_far_row(self, seed):
        """Its cluster has one row, which no sample of rows for the silhouette need contain."""
        rng = np.random.default_rng(seed)
        X = np.vstack([rng.normal(size=(5100, 2)), rng.normal(3, 1, size=(4999, 2)), [[1e4, 1e4]]])
        y = np.repeat([0, 1], [5100, 5000])
        rows, parents = made(InterpolationSampler("cluster", clusterer="k-means", random_state=seed), X, y)
        assert len(rows) == 100
        assert not (parents == 10_099).any()

    @pytest.mark.parametrize("n_different", [1, 3])
    def test_k_means_with_few_different_rows(self, n_different):
        """More clusters than different rows are not tried, of which scikit-learn would warn."""
        X = np.vstack(
            [
                np.random.default_rng(0).normal(size=(100, 2)),
                np.repeat([[3.0, 3.0], [6, 6], [9, 9]][:n_different], 10, 0),
            ]
        )
        y = np.repeat([0, 1], [100, 10 * n_different])
        rows, parents = made(InterpolationSampler("cluster", clusterer="k-means", random_state=0), X, y)
        np.testing.assert_array_equal(rows, X[parents[:, 0]])

    def test_rows_that_a_clusterer_leaves_out_start_nothing(self):
        X, y = islands()
        rows, parents = made(InterpolationSampler("cluster", clusterer=DBSCAN(eps=0.6), random_state=0), X, y)
        assert not (parents == 360).any()
        assert (np.abs(rows[:, 0]) > 4).all()

    def test_fewer_rows_than_clusters_need_fall_back(self):
        X, y = two_classes(50)
        with pytest.warns(SmallClassWarning, match="form no cluster.*plain SMOTE") as caught:
            _, y_new = InterpolationSampler(
                "cluster", clusterer=DBSCAN(eps=1e-6), random_state=0
            ).fit_resample(X, y)
        assert len(caught) == 1
        assert Counter(y_new.tolist()) == {0: 40, 1: 40}

    def test_many_rows_join_the_cluster_of_their_nearest_one(self, monkeypatch):
        monkeypatch.setattr("genesis_sampling.samplers._segments.MAX_CLUSTERED_ROWS", 40)
        X, y = islands()
        rows, _ = made(InterpolationSampler("cluster", random_state=0), X[:-1], y[:-1])
        assert (np.abs(rows[:, 0]) > 4).all()
        assert {-1, 1} == set(np.sign(rows[:, 0]))


class TestKinds:
    def test_safe_level_keeps_to_the_safer_parent(self):
        sampler = InterpolationSampler("safe-level", k_neighbors=5, scale=False, random_state=0)
        X, y = two_classes(1000, 2)
        rows, parents = made(sampler, X, y)
        around = NearestNeighbors(n_neighbors=6).fit(X).kneighbors(X, return_distance=False)[:, 1:]
        level = (y[around] == 1).sum(axis=1)
        first, second = X[parents[:, 0]], X[parents[:, 1]]
        place = ((rows - first) * (second - first)).sum(axis=1) / ((second - first) ** 2).sum(axis=1)
        safer = level[parents[:, 0]] > level[parents[:, 1]]
        less = level[parents[:, 0]] < level[parents[:, 1]]
        bound = level[parents[:, 1]][safer] / level[parents[:, 0]][safer]
        assert (place[safer] <= bound + 1e-9).all()
        assert (place[less] >= 1 - level[parents[:, 0]][less] / level[parents[:, 1]][less] - 1e-9).all()
        assert safer.any()
        assert less.any()

    def test_prowsyn_prefers_near_rows(self):
        rng = np.random.default_rng(0)
        X = np.vstack([rng.normal(0, 0.5, size=(500, 1)), np.linspace(2, 20, 100)[:, None]])
        y = np.repeat([0, 1], [500, 100])
        sampler = InterpolationSampler("prowsyn", k_neighbors=5, random_state=0)
        _, parents = made(sampler, X, y)
        assert sampler.report_.choices["proximity levels of class 1"] == [5, 5, 5, 5, 80]
        counts = np.bincount((parents[:, 0] - 500) // 5, minlength=20)
        counts = np.append(counts[:4], counts[4:].sum())
        share = np.exp(-np.arange(5.0))
        expected = 400 * share / share.sum()
        assert (np.abs(counts - expected) < 4 * np.sqrt(expected)).all()

    def test_prowsyn_stays_within_a_level(self):
        X = np.concatenate([np.zeros(20), np.arange(1.0, 31.0)])[:, None]
        sampler = InterpolationSampler("prowsyn", k_neighbors=5, sampling_strategy={1: 3030}, random_state=0)
        _, parents = made(sampler, X, np.repeat([0, 1], [20, 30]))
        level = np.minimum((parents - 20) // 5, 4)
        np.testing.assert_array_equal(level[:, 0], level[:, 1])
        assert (parents[:, 0] != parents[:, 1]).all()
        # Any other row of the level, not its neighbours alone.
        assert len({tuple(pair) for pair in parents[level[:, 0] == 0].tolist()}) == 20
        assert np.abs(np.diff(parents[level[:, 0] == 4])).max() > 5

    def test_safe_level_of_an_unsafe_row_is_the_other_parent(self):
        """A row with no row of its class around it adds nothing but copies of the safe parent (section 3 of [6])."""
        X, y = islands()
        rows, parents = made(InterpolationSampler("safe-level", scale=False, random_state=0), X, y)
        from_it, to_it = parents[:, 0] == 360, parents[:, 1] == 360
        assert from_it.any()
        np.testing.assert_allclose(rows[from_it], X[parents[from_it, 1]])
        np.testing.assert_allclose(rows[to_it], X[parents[to_it, 0]])

    def test_safe_level_without_safe_rows_falls_back(self):
        rng = np.random.default_rng(0)
        X, y = np.arange(60.0)[:, None] + rng.normal(0, 0.01, size=(60, 1)), np.zeros(60, dtype=int)
        y[4::10] = 1
        with pytest.warns(SmallClassWarning, match="row of its own class.*plain SMOTE"):
            _, y_new = InterpolationSampler("safe-level", k_neighbors=3, random_state=0).fit_resample(X, y)
        assert Counter(y_new.tolist()) == {0: 54, 1: 54}

    def test_prowsyn_of_two_rows_that_are_reached_one_by_one_falls_back(self):
        X, y = np.append(np.zeros(20), [1.0, 2.0])[:, None], np.repeat([0, 1], [20, 2])
        with pytest.warns(SmallClassWarning) as caught:
            _, y_new = InterpolationSampler("prowsyn", k_neighbors=1, random_state=0).fit_resample(X, y)
        assert "no level of proximity has two rows" in str(caught[-1].message)
        assert Counter(y_new.tolist()) == {0: 20, 1: 20}

    def test_star_leads_to_the_mean_and_the_most_frequent_category(self):
        rng = np.random.default_rng(0)
        X = pd.DataFrame({"a": rng.normal(size=40), "c": ["x"] * 30 + ["y"] * 7 + ["z"] * 3})
        X.loc[[31, 35], "a"] = np.nan
        sampler = InterpolationSampler("polynom-fit", random_state=0)
        X_new, _ = sampler.fit_resample(X, np.repeat([0, 1], [30, 10]))
        new, first = X_new[40:], X.iloc[sampler.parent_indices_[40:, 0]].reset_index(drop=True)
        new = new.reset_index(drop=True)
        assert ((new["c"] == "y") | (new["c"] == first["c"])).all()
        mean = X["a"][30:].mean()
        known = first["a"].notna()
        between = (new["a"] - first["a"]) * (mean - new["a"]) >= -1e-12
        assert between[known].all()
        assert (new["a"].isna() | np.isclose(new["a"], mean))[~known].all()

    def test_polynom_fit_topologies(self):
        X, y = two_classes(100)
        minority = np.flatnonzero(y == 1)
        _, star = made(InterpolationSampler("polynom-fit", random_state=0), X, y)
        assert (star[:, 1] == -1).all()
        _, bus = made(InterpolationSampler("polynom-fit", topology="bus", random_state=0), X, y)
        following = dict(zip(minority[:-1].tolist(), minority[1:].tolist(), strict=True))
        assert all(following[first] == second for first, second in bus.tolist())
        _, mesh = made(InterpolationSampler("polynom-fit", topology="mesh", random_state=0), X, y)
        assert (mesh[:, 0] != mesh[:, 1]).all()
        assert len({tuple(pair) for pair in mesh.tolist()}) > 40

    @pytest.mark.parametrize("kind", ["borderline-1", "borderline-2", "adasyn"])
    def test_nothing_in_danger_falls_back(self, kind):
        X, y = two_classes(shift=50.0)
        sampler = InterpolationSampler(kind, random_state=0)
        with pytest.warns(SmallClassWarning, match=r"Class 1: .* plain SMOTE is used") as caught:
            _, y_new = sampler.fit_resample(X, y)
        assert len(caught) == 1
        assert Counter(y_new.tolist()) == {0: 240, 1: 240}
        assert sampler.report_.choices["kind of class 1"] == "smote"

    def test_svm_with_another_machine(self):
        X, y = two_classes()
        sampler = InterpolationSampler("svm", svm_estimator=LogisticRegression(), random_state=0)
        with pytest.raises(DataError, match="LogisticRegression, which has no support_"):
            sampler.fit_resample(X, y)


class TestSmallClasses:
    def test_fewer_neighbours_with_one_warning(self):
        X, y = two_classes(100)
        chosen = np.r_[np.flatnonzero(y == 0), np.flatnonzero(y == 1)[:3]]
        with pytest.warns(
            SmallClassWarning, match="Class 1 has 3 rows: each row has only 2 instead of 5"
        ) as caught:
            _, y_new = InterpolationSampler(random_state=0).fit_resample(X[chosen], y[chosen])
        assert len(caught) == 1
        assert Counter(y_new.tolist()) == {0: 80, 1: 80}

    @pytest.mark.parametrize("kind", sorted(set(KINDS) - {"polynom-fit"}))  # which searches no neighbours
    @pytest.mark.parametrize("n_rows", [2, 3])
    def test_classes_of_two_and_three_rows(self, kind, n_rows):
        X, y = two_classes(100)
        chosen = np.r_[np.flatnonzero(y == 0), np.flatnonzero(y == 1)[:n_rows]]
        with pytest.warns(SmallClassWarning, match=f"Class 1 has {n_rows} rows") as caught:
            _, y_new = InterpolationSampler(kind, random_state=0).fit_resample(X[chosen], y[chosen])
        # One of the rows, and one where the kind found nothing to start from.
        assert sum("has only" in str(warning.message) for warning in caught) == 1
        assert sum("plain SMOTE" in str(warning.message) for warning in caught) == len(caught) - 1 <= 1
        assert Counter(y_new.tolist()) == {0: 80, 1: 80}

    @pytest.mark.parametrize("kind", KINDS)
    def test_as_many_rows_as_neighbours_and_one_need_no_warning(self, kind):
        X, y = two_classes(100)
        chosen = np.r_[np.flatnonzero(y == 0), np.flatnonzero(y == 1)[:6]]
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=".*plain SMOTE is used")
            InterpolationSampler(kind, k_neighbors=5, random_state=0).fit_resample(X[chosen], y[chosen])

    def test_two_equal_rows(self):
        X = np.vstack([np.random.default_rng(0).normal(size=(10, 2)), [[9, 9], [9, 9]]])
        with pytest.warns(SmallClassWarning):
            X_new, _ = InterpolationSampler(random_state=0).fit_resample(X, np.repeat([0, 1], [10, 2]))
        np.testing.assert_allclose(X_new[10:], 9)


class TestHighDimension:
    def test_says_that_neighbours_carry_no_contrast(self):
        rng = np.random.default_rng(0)
        X, y = rng.normal(size=(2000, 1000)), np.repeat([0, 1], [1800, 200])
        sampler = InterpolationSampler(random_state=0)
        with pytest.warns(NeighborsWarning, match="1000 dimensions"):
            X_new, y_new = sampler.fit_resample(X, y)
        assert X_new.shape == (3600, 1000)
        assert Counter(y_new.tolist()) == {0: 1800, 1: 1800}

    def test_is_silent_where_they_do(self):
        rng = np.random.default_rng(0)
        X, y = rng.normal(size=(500, 60)), np.repeat([0, 1], [400, 100])
        X[400:] = rng.normal(size=(10, 60))[rng.integers(10, size=100)] + 0.05 * X[400:]
        sampler = InterpolationSampler(random_state=0)
        sampler.fit_resample(X, y)
        assert sampler.report_.choices["distance of neighbours against that of random rows of class 1"] < 0.5


class TestCombination:
    @pytest.mark.parametrize("kind", KINDS)
    def test_classes_do_not_depend_on_each_other(self, kind):
        """The rows made of one class are the same whether another is over-sampled too."""
        rng = np.random.default_rng(0)
        y = np.repeat([0, 1, 2], [120, 40, 30])
        X = rng.normal(size=(190, 2)) + y[:, None]
        both, alone = (
            InterpolationSampler(kind, sampling_strategy=strategy, random_state=0)
            for strategy in ({1: 80, 2: 70}, {2: 70})
        )
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=".*plain SMOTE is used")
            rows, labels = both.fit_resample(X, y)
            expected, _ = alone.fit_resample(X, y)
        np.testing.assert_array_equal(rows[190:][labels[190:] == 2], expected[190:])
        np.testing.assert_array_equal(
            both.parent_indices_[190:][labels[190:] == 2], alone.parent_indices_[190:]
        )

    @pytest.mark.parametrize("kind", KINDS)
    def test_jobs_do_not_matter_for_any_kind(self, kind, mixed, monkeypatch):
        monkeypatch.setattr("genesis_sampling.tables._nearest.MIN_SHARED_PAIRS", 0)
        monkeypatch.setattr("genesis_sampling.tables._nearest.PAIRS", 1000)
        one, two = (
            InterpolationSampler(kind, k_neighbors=3, n_jobs=n_jobs, random_state=0).fit_resample(*mixed)[0]
            for n_jobs in (1, 2)
        )
        pd.testing.assert_frame_equal(one, two)

    def test_units_do_not_matter(self):
        X, y = two_classes()
        in_units = X * [1000.0, 1.0, 1e-3]
        pairs = [made(InterpolationSampler(random_state=0), rows, y)[1] for rows in (X, in_units)]
        np.testing.assert_array_equal(*pairs)
        _, unscaled = made(InterpolationSampler(scale=False, random_state=0), in_units, y)
        assert (unscaled != pairs[0]).any()

    def test_small_class_is_judged_by_all_neighbours(self):
        """Two twins inside another class: their k nearest rows of any class are more than their own number."""
        rng = np.random.default_rng(0)
        X = np.vstack([rng.normal(size=(60, 2)) * 0.3, [[0, 0], [0.01, 0.01]]])
        with pytest.warns(SmallClassWarning, match="only 1 instead of 5") as caught:
            InterpolationSampler("adasyn", random_state=0).fit_resample(X, np.repeat([0, 1], [60, 2]))
        assert len(caught) == 1

    @pytest.mark.parametrize("inside", ["alone", "pipeline", "hybrid"])
    def test_warning_names_the_users_line_and_is_in_the_report(self, inside):
        X, y = np.random.default_rng(0).normal(size=(40, 2)), np.repeat([0, 1], [37, 3])
        sampler = InterpolationSampler(random_state=0)
        around = {
            "alone": sampler,
            "pipeline": make_pipeline(sampler),
            "hybrid": HybridSampler(over=sampler, sampling_strategy={1: 37}, random_state=0),
        }[inside]
        with pytest.warns(SmallClassWarning, match="only 2 instead of 5") as caught:
            around.fit_resample(X, y)
        assert {warning.filename for warning in caught} == {__file__}
        told = around[0] if inside == "pipeline" else around
        assert told.report_.warnings == [str(warning.message) for warning in caught]

    def test_no_word_of_neighbours_where_none_are_searched(self):
        X, y = np.random.default_rng(0).normal(size=(40, 2)), np.repeat([0, 1], [37, 3])
        X_new, _ = InterpolationSampler("polynom-fit", random_state=0).fit_resample(X, y)
        assert len(X_new) == 74

    def test_no_negative_zero(self):
        X = pd.DataFrame({"a": np.random.default_rng(0).choice([-1.0, 0.0, 1.0, 2.0], 80)})
        made, _ = InterpolationSampler(random_state=0).fit_resample(X, np.repeat([0, 1], [60, 20]))
        zeros = made["a"].to_numpy()[made["a"] == 0]
        assert len(zeros)
        assert not np.signbit(zeros).any()

    def test_unseeded_clusterer_is_seeded(self):
        X, y = two_classes(200)
        found = [
            InterpolationSampler("cluster", clusterer=KMeans(4, n_init=1), random_state=0).fit_resample(X, y)[
                0
            ]
            for _ in range(2)
        ]
        np.testing.assert_array_equal(*found)

    @pytest.mark.parametrize("kind", KINDS)
    def test_growth_makes_rows_of_every_class(self, kind):
        X, y = two_classes(200)
        sampler = InterpolationSampler(kind, growth=0.5, random_state=0)
        _, y_new = sampler.fit_resample(X, y)
        assert Counter(y_new.tolist()) == {0: 240, 1: 240}
        np.testing.assert_array_equal(y[sampler.parent_indices_[200:, 0]], y_new[200:])

    def test_neighbours_by_class_and_by_gower(self):
        """Neighbours are those of ``TableNeighbors`` among the rows of the class."""
        rng = np.random.default_rng(0)
        y = np.repeat([0, 1], [80, 20])
        X = pd.DataFrame({"a": rng.normal(size=100), "c": rng.choice(list("wxyz"), 100)})
        X.loc[rng.random(100) < 0.1, "a"] = np.nan
        sampler = InterpolationSampler(metric="gower", k_neighbors=4, random_state=0)
        sampler.fit_resample(X, y)
        # The range of a class is that of the table here, so its distances are the table's.
        X_own = X[80:]
        span = X["a"].max() - X["a"].min()
        a, c = X_own["a"].to_numpy(), X_own["c"].to_numpy()
        gaps = np.abs(a[:, None] - a[None, :]) / span
        known = ~np.isnan(gaps)
        apart = (np.nan_to_num(gaps) + (c[:, None] != c[None, :])) / (1 + known)
        np.fill_diagonal(apart, np.inf)
        farthest = np.sort(apart, axis=1)[:, 3]
        first, second = sampler.parent_indices_[100:].T - 80
        assert (apart[first, second] <= farthest[first] + 1e-6).all()

    def test_jobs_do_not_matter(self):
        X, y = two_classes(3000)
        one, two = (
            made(InterpolationSampler("borderline-1", n_jobs=n_jobs, random_state=0), X, y)[0]
            for n_jobs in (1, 2)
        )
        np.testing.assert_array_equal(one, two)

    def test_metrics_choose_other_neighbours(self, mixed):
        X, y = mixed
        drawn = {
            metric: InterpolationSampler(metric=metric, random_state=0).fit_resample(X, y)[0].astype(str)
            for metric in ("smote-nc", "hvdm", "gower")
        }
        assert not drawn["smote-nc"].equals(drawn["hvdm"])
        assert not drawn["smote-nc"].equals(drawn["gower"])

    def test_behind_constraints(self):
        X, y = two_classes()
        frame = pd.DataFrame(X, columns=["a", "b", "c"])
        sampler = ConstraintFilter("a > 0.5", InterpolationSampler(), random_state=0)
        X_new, y_new = sampler.fit_resample(frame, y)
        assert (X_new["a"][300:] > 0.5).all()
        assert Counter(y_new.tolist()) == {0: 240, 1: 240}

    def test_smote_enn(self):
        X, y = two_classes()
        sampler = HybridSampler(InterpolationSampler(), clean=EditedNearestNeighbours(), random_state=0)
        _, y_new = sampler.fit_resample(X, y)
        assert sampler.report_.n_removed > 0
        assert (y_new == 1).sum() > 60

    def test_original_rows_are_their_own_parents(self):
        X, y = two_classes()
        sampler = InterpolationSampler(random_state=0)
        sampler.fit_resample(X, y)
        np.testing.assert_array_equal(
            sampler.parent_indices_[:300], np.arange(300)[:, None].repeat(2, axis=1)
        )
        np.testing.assert_array_equal(sampler.parent_indices_[:, 0], sampler.sample_indices_)
