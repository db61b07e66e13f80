"""Quality and diversity: what passes, what does not, and how that is told."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from imblearn.over_sampling import SMOTE
from sklearn.base import BaseEstimator

from genesis_sampling import (
    ConstraintFilter,
    DataError,
    DiversityFilter,
    GenerativeOverSampler,
    HybridSampler,
    InterpolationSampler,
    NoiseSampler,
    QualityFilter,
    SmallClassWarning,
    TargetNotReachedError,
)
from genesis_sampling.filters.diversity import NearCopies
from genesis_sampling.filters.quality import SCORERS, ClassRows
from genesis_sampling.tables.neighbors import fit_distances


class Urn(BaseEstimator):
    """A generator that draws rows from a stock."""

    def __init__(self, stock=None):
        self.stock = stock

    def fit(self, X, y=None):
        return self

    def sample(self, n_rows, random_state=None):
        chosen = np.random.default_rng(random_state).choice(len(self.stock), n_rows)
        return self.stock.iloc[chosen].reset_index(drop=True)


def mixed_rows(n_rows, rng, shift=0.0):
    """Columns that hang together: a number, its noisy double, and a category that follows its sign."""
    a = rng.normal(shift, 1, size=n_rows)
    c = np.where(rng.random(n_rows) < 0.9, np.where(a > shift, "high", "low"), "none").astype(object)
    frame = pd.DataFrame({"a": a, "b": 2 * a + rng.normal(0, 0.3, size=n_rows), "c": c})
    frame.loc[rng.random(n_rows) < 0.05, "b"] = np.nan
    return frame


def shuffled(frame, rng):
    return pd.DataFrame({name: rng.permutation(frame[name].to_numpy()) for name in frame})


def scores_of(scorer, n_rows, candidates, made, seed=0):
    """Scores of candidates by a scorer that learned from ``n_rows`` real rows beside three times as many others."""
    rng = np.random.default_rng(seed)
    frame = pd.concat([mixed_rows(3 * n_rows, rng, shift=4.0), mixed_rows(n_rows, rng)], ignore_index=True)
    everything = pd.concat([frame, made, candidates], ignore_index=True)
    codes = everything.assign(c=everything["c"].map({"high": 0, "low": 1, "none": 2})).to_numpy(dtype=float)
    table, rest = codes[: len(frame)], codes[len(frame) :]
    discrete = np.array([False, False, True])
    rows = ClassRows(
        table=table,
        classes=np.repeat([0, 1], [3 * n_rows, n_rows]),
        code=1,
        made=rest[: len(made)],
        discrete=discrete,
        distances=fit_distances(table, discrete),
        seed=0,
    )
    return SCORERS[scorer]().fit(rows).score(rest[len(made) :])


class TestScorers:
    @pytest.mark.parametrize("n_rows", [200, pytest.param(2000, marks=pytest.mark.slow)])
    @pytest.mark.parametrize("scorer", SCORERS)
    def test_fresh_real_rows_pass(self, scorer, n_rows):
        """At the default threshold at least 95 % do, whether the made rows are as good or are bad."""
        rng = np.random.default_rng(1)
        fresh = mixed_rows(2000, rng)
        sources = [mixed_rows(n_rows, rng), shuffled(mixed_rows(n_rows, rng), rng)]
        for made in sources if SCORERS[scorer].needs_made else sources[:1]:
            scores = scores_of(scorer, n_rows, fresh, made)
            # The rows that are learned from move the share, by the error of a quantile of n_rows values.
            error = np.sqrt(0.05 * 0.95 * (1 / n_rows + 1 / len(fresh)))
            assert (scores >= 0.8).mean() >= 0.95 - 3 * error, scorer
            assert ((scores >= 0) & (scores <= 1)).all()

    @pytest.mark.parametrize("n_rows", [200, pytest.param(2000, marks=pytest.mark.slow)])
    def test_shuffled_columns_do_not(self, n_rows):
        """But for those that chance has put where real rows are: |b - 2a| below three deviations of its noise."""
        rng = np.random.default_rng(2)
        candidates = shuffled(mixed_rows(1000, rng), rng)
        scores = scores_of("discriminator", n_rows, candidates, shuffled(mixed_rows(n_rows, rng), rng))
        off = (np.abs(candidates["b"] - 2 * candidates["a"]) > 0.9).to_numpy()
        assert (scores[off] >= 0.8).mean() < 0.1

    def test_rows_in_empty_space_do_not(self):
        """Between two groups of the class there is nothing, and the density says so."""
        rng = np.random.default_rng(2)
        real = np.r_[rng.normal(-5, 1, size=(100, 2)), rng.normal(5, 1, size=(100, 2))]
        between = rng.normal(0, 1, size=(200, 2))
        discrete = np.zeros(2, dtype=bool)
        rows = ClassRows(real, np.zeros(200), 0, real[:0], discrete, fit_distances(real, discrete), 0)
        assert (SCORERS["density"]().fit(rows).score(between) < 0.8).mean() > 0.95

    @pytest.mark.parametrize("scorer", SCORERS)
    def test_rows_of_the_other_class_do_not(self, scorer):
        rng = np.random.default_rng(3)
        scores = scores_of(scorer, 200, mixed_rows(500, rng, shift=4.0), mixed_rows(200, rng, shift=4.0))
        assert (scores >= 0.8).mean() < 0.05


@pytest.fixture
def table():
    rng = np.random.default_rng(0)
    X = pd.concat([mixed_rows(600, rng, shift=3.0), mixed_rows(200, rng)], ignore_index=True)
    return X, np.repeat([0, 1], [600, 200])


class TestQualityFilter:
    def test_turns_bad_rows_down_and_meets_the_target(self, table):
        """From a source half of whose rows are shuffled, mostly the others come through."""
        X, y = table
        rng = np.random.default_rng(5)
        good, bad = mixed_rows(3000, rng), shuffled(mixed_rows(3000, rng), rng)
        stock = pd.concat([good.assign(a=good["a"]), bad], ignore_index=True)
        far = np.abs(bad["b"] - 2 * bad["a"]) > 2  # clearly no real row
        stock_is_far = np.r_[np.zeros(3000, dtype=bool), far]
        generator = Urn(stock)
        plain = GenerativeOverSampler(generator, random_state=0)
        filtered = QualityFilter(GenerativeOverSampler(generator), threshold=0.8, random_state=0)
        shares = []
        for sampler in (plain, filtered):
            X_new, y_new = sampler.fit_resample(X, y)
            made = X_new[sampler.synthetic_mask_]
            assert len(made) == 400
            np.testing.assert_array_equal(y_new[sampler.synthetic_mask_], 1)
            shares.append((np.abs(made["b"] - 2 * made["a"]) > 2).mean())
        expected = stock_is_far.mean()
        assert abs(shares[0] - expected) < 4 * np.sqrt(expected / 400)
        assert shares[1] < shares[0] / 5
        report = filtered.report_
        assert report.rejected["quality score below 0.8"] == report.n_generated - report.n_accepted
        assert filtered.quality_scores_.shape == (400,)
        assert (filtered.quality_scores_ >= 0.8).all()

    def test_wrong_side(self, table):
        """The classifier turns down rows of SMOTE that lie where the other class does."""
        X, y = table
        X = X[["a", "b"]].fillna(0.0)
        X.loc[np.flatnonzero(y == 1)[:20], ["a", "b"]] = [5.0, 10.0]  # an island in the other class
        smote = InterpolationSampler(k_neighbors=40)
        wrong = []
        for sampler in (smote.set_params(random_state=0), QualityFilter(smote, scorer="classifier")):
            X_new, _ = sampler.fit_resample(X, y)
            wrong.append((X_new[sampler.synthetic_mask_]["a"] > 3).mean())
        assert wrong[1] < wrong[0]

    def test_threshold_0_lets_all_pass(self, table):
        X, y = table
        sampler = QualityFilter(NoiseSampler(random_state=3), threshold=0)
        plain = NoiseSampler(random_state=3)
        pd.testing.assert_frame_equal(sampler.fit_resample(X, y)[0], plain.fit_resample(X, y)[0])
        assert not sampler.report_.rejected

    def test_same_seed_same_rows(self, table):
        X, y = table
        first, again, other = (
            QualityFilter(NoiseSampler(noise_scale=0.5), scorer="density", random_state=seed).fit_resample(
                X, y
            )[0]
            for seed in (1, 1, 2)
        )
        pd.testing.assert_frame_equal(first, again)
        assert not first.equals(other)

    def test_a_target_out_of_reach_is_told(self, table):
        X, y = table
        generator = Urn((X[y == 0] + {"a": 50, "b": 50, "c": ""}).reset_index(drop=True))
        with pytest.raises(TargetNotReachedError, match="Turned down: quality score below 0.9: 100.00%"):
            QualityFilter(
                GenerativeOverSampler(generator), threshold=0.9, scorer="density", random_state=0
            ).fit_resample(X, y)

    @pytest.mark.parametrize("scorer", ["density", "classifier"])
    def test_ranks_that_cannot_reach_below_the_threshold_are_told(self, scorer):
        """Among 20 rows no rank is below 1 / (.05 * 21), so .8 turns nothing down; among 40 it does."""
        rng = np.random.default_rng(0)
        for n_rows, warns in ((20, True), (40, False)):
            X, y = rng.normal(size=(100 + n_rows, 2)), np.repeat([0, 1], [100, n_rows])
            sampler = QualityFilter(NoiseSampler(), scorer=scorer, random_state=0)
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                sampler.fit_resample(X, y)
            assert any("never score below 0.95" in str(said.message) for said in caught) == warns

    def test_a_scorer_cannot_edit(self, table):
        X, y = table

        def greedy(real, candidates):
            real["a"] = candidates["a"] = 1e9
            return np.ones(len(candidates))

        sampler = QualityFilter(NoiseSampler(), scorer=greedy, random_state=0)
        assert sampler.fit_resample(X, y)[0]["a"].max() < 1e6

    def test_scores_of_candidates_are_kept_for_the_report(self, table):
        X, y = table
        sampler = QualityFilter(NoiseSampler(noise_scale=2.0), scorer="density", random_state=0)
        sampler.fit_resample(X, y)
        (scores,) = sampler.report_.quality_scores.values()
        n_low = sampler.report_.rejected["quality score below 0.8"]
        assert n_low == (scores < 0.8).sum() > 0
        assert "quality_scores" not in sampler.report_.to_dict(figures=False)

    @pytest.mark.parametrize(
        ("sampler", "message"),
        [
            (lambda: QualityFilter(NoiseSampler, random_state=0), r"Got the class NoiseSampler; expected"),
            (lambda: QualityFilter(NoiseSampler(), scorer=lambda r, c: ["good"] * len(c)), "read as numbers"),
        ],
    )
    def test_what_is_no_sampler_or_no_score(self, table, sampler, message):
        with pytest.raises(DataError, match=message):
            sampler().fit_resample(*table)

    def test_callable(self, table):
        X, y = table
        seen = []

        def young(real, candidates):
            seen.append((len(real), list(candidates.columns)))
            return (candidates["a"] < 0).to_numpy(float)

        sampler = QualityFilter(NoiseSampler(), scorer=young, random_state=0)
        X_new, _ = sampler.fit_resample(X, y)
        assert (X_new[sampler.synthetic_mask_]["a"] < 0).all()
        assert seen[0] == (200, ["a", "b", "c"])

    @pytest.mark.parametrize("scores", [np.zeros(3), np.array(2.0), "too large"])
    def test_callable_of_wrong_scores(self, table, scores):
        X, y = table

        def wrong(real, candidates):
            return np.full(len(candidates), 2.0) if isinstance(scores, str) else scores

        with pytest.raises(DataError, match=r"scores of shape .* from the scorer 'wrong'; expected"):
            QualityFilter(NoiseSampler(), scorer=wrong).fit_resample(X, y)

    @pytest.mark.parametrize("scorer", SCORERS)
    def test_few_rows(self, scorer):
        X, y = np.random.default_rng(0).normal(size=(40, 2)), np.repeat([0, 1], [36, 4])
        with pytest.warns(SmallClassWarning, match="needs 10 rows to learn from and has 4"):
            X_new, _ = QualityFilter(NoiseSampler(), scorer=scorer, random_state=0).fit_resample(X, y)
        assert len(X_new) == 72

    def test_around_foreign_hybrid_and_constrained_samplers(self, table):
        X, y = table
        numbers = X[["a", "b"]].fillna(0.0)
        for inner in (
            SMOTE(),
            HybridSampler(over=[NoiseSampler(), InterpolationSampler()]),
            ConstraintFilter("a <= 2", NoiseSampler()),
        ):
            sampler = QualityFilter(inner, scorer="density", random_state=0)
            X_new, _ = sampler.fit_resample(numbers, y)
            assert (sampler.quality_scores_ >= 0.8).all()
            if isinstance(inner, ConstraintFilter):
                assert (X_new[sampler.synthetic_mask_]["a"] <= 2).all()

    def test_in_the_generative_sampler(self, table):
        """``quality_threshold`` is the same filter."""
        X, y = table
        inside = GenerativeOverSampler("gaussian_copula", quality_threshold=0.8, random_state=0)
        around = QualityFilter(GenerativeOverSampler("gaussian_copula", random_state=0))
        pd.testing.assert_frame_equal(inside.fit_resample(X, y)[0], around.fit_resample(X, y)[0])
        assert inside.report_.rejected == around.report_.rejected


class TestDiversityFilter:
    @pytest.mark.parametrize("min_distance", [0.1, 1.0])
    def test_distances(self, table, min_distance):
        """No new row is nearer to a real or another new one than asked, measured over all pairs."""
        X, y = table
        sampler = DiversityFilter(NoiseSampler(noise_scale=0.4), min_distance=min_distance, random_state=0)
        X_new, _ = sampler.fit_resample(X, y)
        codes = X_new.assign(c=X_new["c"].map({"high": 0, "low": 1, "none": 2})).to_numpy(dtype=float)
        distances = fit_distances(codes[:800], np.array([False, False, True]))
        real, made = codes[600:800], codes[sampler.synthetic_mask_]
        unit = NearCopies(distances, real, 1.0).unit_
        everything = np.vstack([real, made])
        left, right = np.divmod(np.arange(len(made) * len(everything)), len(everything))
        apart = distances.between(made[left], everything[right]).reshape(len(made), -1)
        apart[np.arange(len(made)), 200 + np.arange(len(made))] = np.inf
        assert apart.min() >= min_distance * unit - 1e-9
        assert set(sampler.report_.rejected) <= {"near copy of a real row", "near copy of another new row"}
        assert sampler.report_.rejected

    def test_exact_copies_are_gone(self, table):
        X, y = table
        numbers = X[["a", "b"]].fillna(0.0)
        stock = pd.concat(
            [numbers[y == 1], mixed_rows(2000, np.random.default_rng(1))[["a", "b"]].fillna(0.0)]
        )
        sampler = DiversityFilter(GenerativeOverSampler(Urn(stock.reset_index(drop=True))), random_state=0)
        X_new, _ = sampler.fit_resample(numbers, y)
        assert not X_new.duplicated().to_numpy()[800:].any()

    def test_repeated_real_rows(self):
        """Where real rows repeat each other there is no unit, and nothing is turned down."""
        X = np.random.default_rng(0).integers(0, 2, size=(120, 2)).astype(float)
        y = np.repeat([0, 1], [80, 40])
        sampler = DiversityFilter(NoiseSampler(), min_distance=5, random_state=0)
        with pytest.warns(SmallClassWarning, match="their usual distance is 0"):
            assert len(sampler.fit_resample(X, y)[0]) == 160
        assert not sampler.report_.rejected
