"""Mixup: where blends lie, and that hard labels are unbiased for the soft ones."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis_sampling import DataError, MixupSampler, mixup

# With it a column is no column of whole numbers, which would be rounded.
OFFSET = np.pi / 10
LABELS = ["sample", "nearest"]


def cross(sampler, n_rows=20_000):
    """Weights of the first parents and classes of the second ones, of many blends of class 1."""
    X = np.concatenate([np.zeros(900), np.ones(100)])[:, None] + np.linspace(0, 1e-6, 1000)[:, None]
    y = np.repeat([0, 1], [900, 100])
    sampler.set_params(sampling_strategy={1: 100 + n_rows})
    X_new, _ = sampler.fit_resample(X, y)
    new, parents = X_new[1000:, 0], sampler.parent_indices_[1000:]
    assert (y[parents[:, 0]] == 1).all()
    return new, y[parents[:, 1]]


class TestSampler:
    def test_partners_are_drawn_from_the_whole_table(self):
        _, partner = cross(MixupSampler(random_state=0))
        assert abs(partner.mean() - 0.1) < 4 * np.sqrt(0.1 * 0.9 / 20_000)

    def test_partners_of_the_same_class(self):
        new, partner = cross(MixupSampler(partners="same", random_state=0))
        assert (partner == 1).all()
        assert new.min() >= 1

    @pytest.mark.parametrize("alpha", [0.2, 1.0, 5.0])
    def test_sampled_labels_are_unbiased(self, alpha):
        new, partner = cross(MixupSampler(alpha=alpha, random_state=0))
        share = new[partner == 0]
        # A blend keeps a label with probability equal to its weight: Beta(alpha + 1, alpha).
        total = 2 * alpha + 1
        mean, variance = (alpha + 1) / total, (alpha + 1) * alpha / (total**2 * (total + 1))
        assert abs(share.mean() - mean) < 4 * np.sqrt(variance / len(share)) + 1e-5

    def test_hard_labels_agree_with_soft_ones(self):
        # Draw labels of plain blends with their soft labels as probabilities: the same distribution.
        rng = np.random.default_rng(0)
        X, y = np.repeat([OFFSET, 1 + OFFSET], [900, 100])[:, None], np.repeat([0, 1], [900, 100])
        blends = mixup(X, y, n_rows=200_000, alpha=0.5, random_state=0)
        of_one = blends.X[rng.random(200_000) < blends.y[:, 1], 0] - OFFSET
        new, _ = cross(MixupSampler(alpha=0.5, random_state=0))
        for low, high in ((-1, 0.3), (0.3, 0.7), (0.7, 0.999)):
            ours, theirs = (((low < v) & (v <= high)).mean() for v in (new, of_one))
            assert abs(ours - theirs) < 4 * np.sqrt(theirs * (1 - theirs) * (1 / len(new) + 1 / len(of_one)))

    def test_nearest_label_has_the_larger_weight(self):
        new, partner = cross(MixupSampler(labels="nearest", alpha=1.0, random_state=0))
        share = new[partner == 0]
        assert share.min() >= 0.5
        assert abs(share.mean() - 0.75) < 4 * np.sqrt(1 / 48 / len(share)) + 1e-5

    def test_categories_follow_the_weights(self):
        X = pd.DataFrame(
            {"a": np.repeat([OFFSET, 1 + OFFSET], [900, 100]), "c": np.repeat(["no", "yes"], [900, 100])}
        )
        sampler = MixupSampler({"1": 20_100}, alpha=2.0, random_state=0)
        X_new, _ = sampler.fit_resample(X, np.repeat(["0", "1"], [900, 100]))
        new = X_new[1000:][sampler.parent_indices_[1000:, 1] < 900]
        assert abs((new["c"] == "yes").mean() - (new["a"] - OFFSET).mean()) < 4 * np.sqrt(0.25 / len(new))

    def test_gaps_come_from_a_parent(self, mixed):
        X, y = mixed
        sampler = MixupSampler(random_state=0)
        X_new, _ = sampler.fit_resample(X, y)
        new = X_new[sampler.synthetic_mask_].isna().reset_index(drop=True)
        first, second = (
            X.isna().iloc[sampler.parent_indices_[80:, side]].reset_index(drop=True) for side in (0, 1)
        )
        assert not (new & ~(first | second)).any(axis=None)
        assert not (~new & first & second).any(axis=None)

    @given(seed=st.integers(0, 2**16), alpha=st.sampled_from([0.1, 1.0, 4.0]), labels=st.sampled_from(LABELS))
    def test_blends_lie_between_both_parents(self, seed, alpha, labels):
        rng = np.random.default_rng(seed)
        X, y = rng.normal(size=(40, 3)), rng.permutation(np.repeat([0, 1, 2], [20, 12, 8]))
        sampler = MixupSampler(alpha=alpha, labels=labels, random_state=seed)
        X_new, y_new = sampler.fit_resample(X, y)
        assert Counter(y_new.tolist()) == {0: 20, 1: 20, 2: 20}
        parents = sampler.parent_indices_[40:]
        np.testing.assert_array_equal(y[parents[:, 0]], y_new[40:])
        np.testing.assert_array_equal(parents[:, 0], sampler.sample_indices_[40:])
        first, second = X[parents[:, 0]], X[parents[:, 1]]
        step = second - first
        moved = (step != 0).any(axis=1)
        place = np.zeros(len(parents))
        place[moved] = ((X_new[40:] - first) * step).sum(axis=1)[moved] / (step**2).sum(axis=1)[moved]
        np.testing.assert_allclose(X_new[40:], first + place[:, None] * step, atol=1e-9)
        assert place.min() >= -1e-9
        assert place.max() <= 1 + 1e-9
        if labels == "nearest":
            assert place[y[parents[:, 1]] != y_new[40:]].max(initial=0) <= 0.5 + 1e-9

    @pytest.mark.parametrize("alpha", [0.2, 2.0])
    @pytest.mark.parametrize("labels", LABELS)
    def test_weights_of_blends_within_the_class(self, alpha, labels):
        """Within a class the label is sure, so that the weight is of the plain Beta distribution."""
        X = np.append(np.zeros(50), [OFFSET, 1 + OFFSET])[:, None]
        y = np.repeat([0, 1], [50, 2])
        sampler = MixupSampler({1: 20_002}, alpha=alpha, partners="same", labels=labels, random_state=0)
        X_new, _ = sampler.fit_resample(X, y)
        parents = sampler.parent_indices_[52:]
        place = X_new[52:, 0] - OFFSET
        weight = np.where(parents[:, 0] == 51, place, 1 - place)[parents[:, 0] != parents[:, 1]]
        # Mean 1/2 and variance 1 / (4 (2 alpha + 1)); of the square of the distance from the mean, at most 1 / 16.
        variance = 1 / (4 * (2 * alpha + 1))
        assert abs(weight.mean() - 0.5) < 4 * np.sqrt(variance / len(weight))
        assert abs(((weight - 0.5) ** 2).mean() - variance) < 4 * np.sqrt(1 / 16 * variance / len(weight))

    def test_nearest_labels_fold_the_distribution(self):
        """With labels="nearest" the weight of the first parent is the larger one of a Beta variable and its rest."""
        alpha = 0.5
        new, partner = cross(MixupSampler(labels="nearest", alpha=alpha, random_state=0))
        share = new[partner == 0]
        # The arcsine distribution: P(max(w, 1 - w) <= t) = (4 / pi) arcsin(sqrt(t)) - 1.
        for bound in (0.6, 0.75, 0.95):
            expected = 4 / np.pi * np.arcsin(np.sqrt(bound)) - 1
            error = np.sqrt(expected * (1 - expected) / len(share))
            assert abs((share <= bound).mean() - expected) < 4 * error + 1e-4

    @pytest.mark.parametrize("partners", ["any", "same"])
    def test_parents_are_drawn_evenly(self, partners):
        rng = np.random.default_rng(0)
        X, y = rng.normal(size=(50, 2)), np.repeat([0, 1, 2], [25, 15, 10])
        sampler = MixupSampler({2: 20_010}, partners=partners, random_state=0)
        sampler.fit_resample(X, y)
        first, second = sampler.parent_indices_[50:].T
        chosen = range(40, 50) if partners == "same" else range(50)
        for parent, rows in ((first, range(40, 50)), (second, chosen)):
            counts = np.bincount(parent, minlength=50)
            assert counts.sum() == counts[list(rows)].sum() == 20_000
            # Chi-square: mean and half the variance are the number of rows less 1.
            expected = 20_000 / len(rows)
            chi_square = ((counts[list(rows)] - expected) ** 2 / expected).sum()
            assert abs(chi_square - (len(rows) - 1)) < 5 * np.sqrt(2 * (len(rows) - 1))
        assert abs(np.corrcoef(first, second)[0, 1]) < 4 / np.sqrt(20_000)

    def test_partners_of_several_classes_have_their_shares(self):
        X, y = np.random.default_rng(0).normal(size=(100, 1)), np.repeat([0, 1, 2], [60, 30, 10])
        sampler = MixupSampler({1: 20_030, 2: 20_010}, random_state=0)
        _, y_new = sampler.fit_resample(X, y)
        for label in (1, 2):
            partner = y[sampler.parent_indices_[100:, 1][y_new[100:] == label]]
            for other, share in enumerate((0.6, 0.3, 0.1)):
                assert abs((partner == other).mean() - share) < 4 * np.sqrt(share * (1 - share) / 20_000)

    def test_mixed_columns_lie_between(self, mixed):
        X, y = mixed
        sampler = MixupSampler({"few": 500}, alpha=1.0, random_state=0)
        X_new, _ = sampler.fit_resample(X, y)
        assert (X_new.dtypes == X.dtypes).all()
        new = X_new[80:].reset_index(drop=True)
        first, second = (X.iloc[side].reset_index(drop=True) for side in sampler.parent_indices_[80:].T)
        for name in ("category", "string", "object", "bool", "boolean"):
            values, a, b = (
                frame[name].astype(object).where(frame[name].notna(), "gap") for frame in (new, first, second)
            )
            assert ((values == a) | (values == b)).all(), name
            assert (values != a).any(), name
            assert (values != b).any(), name
        for name in ("int8", "uint16", "Int64", "date", "zoned", "duration"):
            known = first[name].notna() & second[name].notna()
            a, b, value = first[name][known], second[name][known], new[name][known]
            assert (((value >= a) & (value <= b)) | ((value >= b) & (value <= a))).all(), name
            assert ((value != a) & (value != b)).any(), name
        for name in ("float", "Int64", "date"):
            one = first[name].isna() != second[name].isna()
            inherited = new[name].isna() | (new[name] == first[name].fillna(second[name]))
            assert inherited[one].all(), name
            assert new[name].isna()[one].any(), name
            assert new[name].notna()[one].any(), name

    def test_gaps_follow_the_weights(self):
        """A number that only the first parent has is kept with the probability that is its weight."""
        X = pd.DataFrame(
            {"a": np.repeat([OFFSET, 1 + OFFSET], [900, 100]), "b": np.repeat([np.nan, 2.5], [900, 100])}
        )
        sampler = MixupSampler({1: 20_100}, alpha=2.0, random_state=0)
        X_new, _ = sampler.fit_resample(X, np.repeat([0, 1], [900, 100]))
        new = X_new[1000:][sampler.parent_indices_[1000:, 1] < 900]
        weight = new["a"] - OFFSET
        assert abs((new["b"].notna() - weight).mean()) < 4 * np.sqrt(0.25 / len(new))
        heavy = weight > 0.8
        assert abs((new["b"].notna() - weight)[heavy].mean()) < 4 * np.sqrt(0.16 / heavy.sum())

    def test_narrow_integers_do_not_wrap(self):
        rng = np.random.default_rng(0)
        X, y = rng.integers(100, 110, size=(200, 3)).astype(np.uint8), np.repeat([0, 1], [150, 50])
        X_new, _ = MixupSampler(alpha=1.0, random_state=0).fit_resample(X, y)
        assert X_new.dtype == np.uint8
        assert X_new.min() >= 100
        assert X_new.max() <= 109

    def test_original_rows_are_their_own_parents(self):
        X, y = np.random.default_rng(0).normal(size=(30, 2)), np.repeat([0, 1], [20, 10])
        sampler = MixupSampler(random_state=0)
        sampler.fit_resample(X, y)
        np.testing.assert_array_equal(sampler.parent_indices_[:30], np.arange(30)[:, None].repeat(2, axis=1))

    def test_a_class_of_one_row_blends_with_others(self):
        X, y = np.append(np.zeros(20), 1.5)[:, None], np.repeat([0, 1], [20, 1])
        X_new, y_new = MixupSampler(alpha=1.0, random_state=0).fit_resample(X, y)
        assert Counter(y_new.tolist()) == {0: 20, 1: 20}
        assert len(np.unique(X_new[21:])) > 10

    @pytest.mark.parametrize(
        ("params", "message"),
        [({"alpha": 0}, "alpha"), ({"partners": "all"}, "partners"), ({"labels": "soft"}, "labels")],
    )
    def test_bad_parameters(self, params, message):
        with pytest.raises(ValueError, match=f"'{message}' parameter"):
            MixupSampler(**params).fit_resample(np.zeros((3, 1)), [0, 1, 1])


class TestSoftLabels:
    def test_blends_and_labels_have_the_same_weights(self):
        X, y = np.repeat([OFFSET, 1 + OFFSET], [30, 20])[:, None], np.repeat(["no", "yes"], [30, 20])
        blends = mixup(X, y, n_rows=500, random_state=0)
        assert blends.classes == ["no", "yes"]
        np.testing.assert_allclose(blends.y[:, 1], blends.X[:, 0] - OFFSET, atol=1e-12)
        np.testing.assert_allclose(blends.y.sum(axis=1), 1)
        first, second = (y[blends.parent_indices[:, side]] == "yes" for side in (0, 1))
        np.testing.assert_allclose(blends.y[first & second, 1], 1)

    def test_weighted_form_has_the_same_mean(self):
        rng = np.random.default_rng(0)
        X, y = pd.DataFrame({"a": rng.normal(size=50)}), pd.Series(rng.choice(list("xyz"), 50), name="label")
        blends = mixup(X, y, random_state=0)
        X_twice, y_twice, weights = blends.weighted()
        assert isinstance(X_twice, pd.DataFrame)
        assert y_twice.name == "label"
        assert len(X_twice) == len(y_twice) == len(weights) == 100
        pd.testing.assert_frame_equal(X_twice[:50], blends.X)
        for column, label in enumerate(blends.classes):
            by_row = np.where(y_twice == label, weights, 0).reshape(2, 50).sum(axis=0)
            np.testing.assert_allclose(by_row, blends.y[:, column])

    def test_partners_of_the_same_class(self):
        y = np.arange(60) % 3
        blends = mixup(np.arange(60.0)[:, None], y, n_rows=600, partners="same", random_state=0)
        np.testing.assert_array_equal(*y[blends.parent_indices].T)
        assert np.isin(blends.y, [0, 1]).all()
        assert len(np.unique(blends.parent_indices[:, 1])) > 50

    def test_containers_and_seed(self):
        rows, labels = [[1, 2], [3, 4], [5, 9]], ["a", "b", "b"]
        first, second = (mixup(rows, labels, n_rows=7, random_state=3) for _ in range(2))
        assert isinstance(first.X, list)
        assert first.X == second.X
        assert isinstance(first.weighted()[1], list)

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"alpha": 0}, "alpha=0; expected a number above 0"),
            ({"alpha": np.inf}, "alpha=inf"),
            ({"alpha": "a"}, "alpha='a'"),
            ({"n_rows": -1}, "n_rows=-1"),
            ({"n_rows": 10.0}, "n_rows=10.0"),
            ({"partners": "all"}, "partners='all'; expected one of"),
        ],
    )
    def test_errors(self, options, message):
        with pytest.raises(DataError, match=message):
            mixup(np.zeros((3, 1)), [0, 1, 1], **options)
