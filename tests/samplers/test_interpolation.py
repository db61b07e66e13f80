"""The SMOTE family: where new rows lie, which rows they start from, and agreement with imbalanced-learn."""

from __future__ import annotations

import warnings
from collections import Counter

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from imblearn.over_sampling import ADASYN, SMOTE, BorderlineSMOTE
from imblearn.under_sampling import EditedNearestNeighbours
from sklearn.cluster import AgglomerativeClustering
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

    def test_gaps_are_inherited_in_proportion(self):
        rng = np.random.default_rng(0)
        X, y = rng.normal(size=(4000, 2)), np.repeat([0, 1], [3000, 1000])
        X[3000:, 0][rng.random(1000) < 0.3] = np.nan
        rows, _ = made(InterpolationSampler(random_state=0), X, y)
        share = np.isnan(X[3000:, 0]).mean()
        # 1,000 rows with about 10 new ones each behave like at least 1,000 independent ones.
        assert abs(np.isnan(rows[:, 0]).mean() - share) < 4 * np.sqrt(share * (1 - share) / 1000) + 0.02

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
