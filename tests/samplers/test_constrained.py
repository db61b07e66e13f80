"""ConstraintFilter: around samplers, alone, and nested."""

from collections import Counter

import numpy as np
import pandas as pd
import polars as pl
import pytest
from imblearn.over_sampling import SMOTE, RandomOverSampler
from imblearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from genesis_sampling import (
    Constraint,
    ConstraintError,
    ConstraintFilter,
    DataError,
    GenesisWarning,
    HybridSampler,
    NoiseSampler,
    TargetNotReachedError,
)


@pytest.fixture
def ranges():
    """``low <= high``, ``total == low + high``, ``city`` determines ``country``; 160 rows of two classes."""
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"low": rng.uniform(0, 10, 160).round(2)})
    X["high"] = (X["low"] + rng.uniform(0, 1, 160)).round(2)
    X["total"] = X["low"] + X["high"]
    X["city"] = rng.choice(["Rome", "Milan", "Oslo"], 160)
    X["country"] = X["city"].map({"Rome": "Italy", "Milan": "Italy", "Oslo": "Norway"})
    return X, pd.Series(np.repeat(["ok", "failed"], [130, 30]))


NOISE = NoiseSampler(noise_scale=0.3, flip_probability=0.3)


class TestAround:
    def test_refills_until_every_new_row_is_good(self, ranges):
        X, y = ranges
        plain, _ = NoiseSampler(noise_scale=0.3, random_state=0).fit_resample(X, y)
        assert (plain["low"] > plain["high"]).any(), "the constraint must have something to do"
        sampler = ConstraintFilter("low <= high", NOISE, random_state=0)
        X_new, y_new = sampler.fit_resample(X, y)
        assert Counter(y_new) == {"ok": 130, "failed": 130}
        assert (X_new["low"] <= X_new["high"]).all()
        assert sampler.report_.rejected["low <= high"] > 0
        assert sampler.report_.n_generated == 100 + sampler.report_.rejected["low <= high"]

    def test_real_rows_are_left_alone(self, ranges):
        X, y = ranges
        X.loc[3, "low"] = 99.0
        X_new, _ = ConstraintFilter("low <= high", NOISE, random_state=0).fit_resample(X, y)
        pd.testing.assert_frame_equal(X_new[:160], X)

    def test_sums_and_dependencies_are_derived(self, ranges):
        constraints = [
            Constraint.sum_of("total", ["low", "high"]),
            Constraint.functional_dependency(["city"], "country"),
        ]
        X_new, y_new = ConstraintFilter(constraints, NOISE, random_state=0).fit_resample(*ranges)
        made = X_new[160:]
        assert Counter(y_new) == {"ok": 130, "failed": 130}
        np.testing.assert_allclose(made["total"], made["low"] + made["high"], atol=1e-9)
        assert (
            made["country"] == made["city"].map({"Rome": "Italy", "Milan": "Italy", "Oslo": "Norway"})
        ).all()

    def test_unique_holds_against_real_and_new_rows(self):
        X = pd.DataFrame({"code": np.arange(60), "a": 1.0})
        y = np.repeat([0, 1], [40, 20])
        sampler = ConstraintFilter(
            Constraint.unique("code"), NoiseSampler(noise_scale=3.0, clip=None), random_state=0
        )
        X_new, _ = sampler.fit_resample(X, y)
        assert len(X_new) == 80
        assert X_new["code"].is_unique

    @pytest.mark.parametrize("sampler", [SMOTE(), RandomOverSampler(), HybridSampler()], ids=type)
    def test_any_sampler(self, ranges, sampler):
        X, y = ranges
        X = X[["low", "high"]]
        filtered = ConstraintFilter("low >= 2", sampler, random_state=0)
        X_new, y_new = filtered.fit_resample(X, y)
        made = X_new[filtered.synthetic_mask_]
        assert len(made) > 0
        assert (made["low"] >= 2).all()
        assert len(set(Counter(y_new).values())) == 1
        real = filtered.sample_indices_[~filtered.synthetic_mask_]
        pd.testing.assert_frame_equal(
            X_new[~filtered.synthetic_mask_].reset_index(drop=True), X.iloc[real].reset_index(drop=True)
        )

    def test_inside_a_hybrid(self, ranges):
        hybrid = HybridSampler(ConstraintFilter("low <= high", NOISE), random_state=0)
        X_new, y_new = hybrid.fit_resample(*ranges)
        assert (X_new["low"] <= X_new["high"]).all()
        assert hybrid.report_.rejected["low <= high"] > 0
        assert len(set(Counter(y_new).values())) == 1

    def test_nested_filters_both_hold(self, ranges):
        inner = ConstraintFilter("low <= high", NOISE)
        X_new, _ = ConstraintFilter("low >= 3", inner, random_state=0).fit_resample(*ranges)
        made = X_new[160:]
        assert len(made) == 100
        assert (made["low"] >= 3).all()
        assert (made["low"] <= made["high"]).all()

    def test_polars(self, ranges):
        X = pl.DataFrame({name: ranges[0][name].to_list() for name in ranges[0]})
        X_new, _ = ConstraintFilter("low <= high", NOISE, random_state=0).fit_resample(
            X, ranges[1].to_numpy()
        )
        assert isinstance(X_new, pl.DataFrame)
        assert (X_new["low"] <= X_new["high"]).all()

    def test_missing_values_pass_unless_forbidden(self, ranges):
        X, y = ranges
        X.loc[::3, "low"] = np.nan
        X_new, _ = ConstraintFilter("low <= high", NOISE, random_state=0).fit_resample(X, y)
        assert X_new["low"][160:].isna().any()
        X_new, _ = ConstraintFilter(Constraint.not_null("low"), NOISE, random_state=0).fit_resample(X, y)
        assert not X_new["low"][160:].isna().any()

    def test_callable_constraint(self, ranges):
        X_new, _ = ConstraintFilter(lambda frame: frame["low"] > 1, NOISE, random_state=0).fit_resample(
            *ranges
        )
        assert (X_new["low"][160:] > 1).all()


class TestArrays:
    def test_columns_are_positions(self, ranges):
        X = ranges[0][["low", "high"]].to_numpy()
        sampler = ConstraintFilter(Constraint.inequality(0, 1), NOISE, random_state=0)
        X_new, _ = sampler.fit_resample(X, ranges[1])
        assert (X_new[:, 0] <= X_new[:, 1]).all()
        assert sampler.report_.n_generated > sampler.report_.n_accepted

    def test_name_points_to_set_output(self, ranges):
        X = ranges[0][["low", "high"]].to_numpy()
        with pytest.raises(ConstraintError, match=r'column \'low\'.*set_output\(transform="pandas"\)'):
            ConstraintFilter("low <= high", NOISE).fit_resample(X, ranges[1])

    def test_set_output_helps(self, ranges):
        scaler = StandardScaler().set_output(transform="pandas")
        pipeline = make_pipeline(scaler, ConstraintFilter("low >= 0", NOISE, random_state=0))
        X_new, _ = pipeline.fit_resample(ranges[0][["low", "high"]], ranges[1])
        assert (X_new["low"][160:] >= 0).all()


class TestImpossible:
    def test_names_the_constraint_and_its_acceptance_rate(self, ranges):
        with pytest.raises(
            TargetNotReachedError, match=r"Got 0 of the 100 rows .* 'failed' .* low > 99: 100\.00%"
        ):
            ConstraintFilter("low > 99", NOISE, random_state=0).fit_resample(*ranges)

    def test_stops_in_bounded_time_for_samplers_of_others(self, ranges):
        X = ranges[0][["low", "high"]]
        with pytest.raises(TargetNotReachedError, match=r"low > 99: 100\.00%"):
            ConstraintFilter("low > 99", SMOTE(random_state=0)).fit_resample(X, ranges[1])

    def test_share_is_that_of_the_candidates(self, ranges):
        rare = Constraint.custom(
            lambda frame: np.random.default_rng(len(frame)).random(len(frame)) < 0.001, name="rare"
        )
        with pytest.raises(TargetNotReachedError, match="rare: ") as caught:
            ConstraintFilter(rare, NOISE, random_state=0).fit_resample(*ranges)
        share = float(str(caught.value).split("rare: ")[1].split("%")[0]) / 100
        assert 1 - share == pytest.approx(0.001, abs=4 * np.sqrt(0.001 / 20_000))

    def test_gives_up_on_many_rows_after_a_first_look(self, ranges):
        many = NoiseSampler({"failed": 100_000})
        with pytest.raises(TargetNotReachedError, match="out of 20000 candidates"):
            ConstraintFilter("low > 99", many, random_state=0).fit_resample(*ranges)

    def test_unknown_column_is_named(self, ranges):
        with pytest.raises(ConstraintError, match="width"):
            ConstraintFilter("width > 0", NOISE).fit_resample(*ranges)


class TestModesAround:
    def test_repair_mends_instead_of_redrawing(self, ranges):
        sampler = ConstraintFilter(
            Constraint.inequality("low", "high"), NOISE, on_violation="repair", random_state=0
        )
        X_new, _ = sampler.fit_resample(*ranges)
        assert (X_new["low"] <= X_new["high"]).all()
        assert sampler.report_.rejected == {}

    def test_repair_needs_a_repair(self, ranges):
        with pytest.raises(ConstraintError, match="have no repair"):
            ConstraintFilter(Constraint.one_of("city", ["Rome"]), NOISE, on_violation="repair").fit_resample(
                *ranges
            )

    def test_drop_says_that_targets_are_not_met(self, ranges):
        sampler = ConstraintFilter("low <= high", NOISE, on_violation="drop", random_state=0)
        with pytest.warns(GenesisWarning, match="Dropped .* of 100 new rows"):
            X_new, y_new = sampler.fit_resample(*ranges)
        assert (X_new["low"] <= X_new["high"]).all()
        assert len(X_new) == 260 - sampler.report_.rejected["low <= high"]
        assert sampler.report_.counts_after == Counter(y_new)
        assert len(sampler.synthetic_mask_) == len(X_new)

    def test_raise_counts_the_violations(self, ranges):
        with pytest.raises(
            ConstraintError, match=r"of 100 new rows that violate a constraint: low <= high \("
        ):
            ConstraintFilter("low <= high", NOISE, on_violation="raise", random_state=0).fit_resample(*ranges)

    def test_modes_that_do_not_meet_counts_are_refused_inside_a_sampler(self, ranges):
        inner = ConstraintFilter("low <= high", NOISE, on_violation="drop")
        with pytest.raises(DataError, match=r"on_violation='drop'\) inside another sampler"):
            HybridSampler(inner).fit_resample(*ranges)

    def test_drop_around_rows_that_are_not_last(self, ranges):
        """A plan whose new rows stand among the real ones loses rows at the right places."""
        X, y = ranges
        inner = ConstraintFilter(Constraint.range("low", 2, 8), on_violation="repair")
        sampler = ConstraintFilter("low > 2", inner, on_violation="drop")
        with pytest.warns(GenesisWarning, match="Dropped"):
            X_new, y_new = sampler.fit_resample(X, y)
        stays = (X["low"] >= 2).to_numpy()
        assert X_new["low"].tolist() == X["low"].clip(2, 8)[stays].tolist()
        assert y_new.tolist() == y[stays].tolist()
        np.testing.assert_array_equal(sampler.sample_indices_, np.flatnonzero(stays))


class TestAlone:
    def test_drops_by_default_and_keeps_order(self, ranges):
        X, y = ranges
        sampler = ConstraintFilter("low <= 5")
        X_new, y_new = sampler.fit_resample(X, y)
        good = (X["low"] <= 5).to_numpy()
        assert 0 < good.sum() < 160
        pd.testing.assert_frame_equal(X_new, X[good].reset_index(drop=True))
        np.testing.assert_array_equal(sampler.sample_indices_, np.flatnonzero(good))
        assert not sampler.synthetic_mask_.any()
        assert sampler.report_.n_removed == (~good).sum()
        assert sampler.report_.choices == {"rows dropped for low <= 5": (~good).sum()}
        assert y_new.tolist() == y[good].tolist()

    def test_repairs_in_place(self, ranges):
        X, y = ranges
        sampler = ConstraintFilter(Constraint.range("low", 2, 8), on_violation="repair")
        X_new, y_new = sampler.fit_resample(X, y)
        pd.testing.assert_frame_equal(X_new, X.assign(low=X["low"].clip(2, 8)))
        np.testing.assert_array_equal(sampler.synthetic_mask_, ~X["low"].between(2, 8))
        np.testing.assert_array_equal(sampler.sample_indices_, np.arange(160))
        assert y_new.tolist() == y.tolist()

    def test_raises(self, ranges):
        with pytest.raises(ConstraintError, match=r"of 160 rows that violate a constraint: low <= 5"):
            ConstraintFilter("low <= 5", on_violation="raise").fit_resample(*ranges)

    def test_resample_is_refused_with_the_reason(self, ranges):
        sampler = ConstraintFilter("low <= 5", on_violation="resample")
        for method in (sampler.fit, sampler.fit_resample):
            with pytest.raises(DataError, match="'resample' without a sampler.*sampler="):
                method(*ranges)

    def test_treats_real_and_made_rows_alike_behind_a_sampler(self, ranges):
        pipeline = make_pipeline(
            NoiseSampler(noise_scale=0.3, random_state=0), ConstraintFilter("low <= high")
        )
        X_new, _ = pipeline.fit_resample(*ranges)
        assert 160 <= len(X_new) < 260
        assert (X_new["low"] <= X_new["high"]).all()

    def test_no_constraints_change_nothing(self, ranges):
        X_new, y_new = ConstraintFilter().fit_resample(*ranges)
        pd.testing.assert_frame_equal(X_new, ranges[0])
        pd.testing.assert_series_equal(y_new, ranges[1])
