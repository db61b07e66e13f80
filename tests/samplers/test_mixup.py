"""Mixup: where blends lie, and that hard labels are unbiased for the soft ones."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from genesis_sampling import DataError, MixupSampler, mixup

# With it a column is no column of whole numbers, which would be rounded.
OFFSET = np.pi / 10


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
            ({"n_rows": -1}, "n_rows=-1"),
            ({"partners": "all"}, "partners='all'; expected one of"),
        ],
    )
    def test_errors(self, options, message):
        with pytest.raises(DataError, match=message):
            mixup(np.zeros((3, 1)), [0, 1, 1], **options)
