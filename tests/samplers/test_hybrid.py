"""HybridSampler: counts from both sides, several over-samplers, cleaning."""

from collections import Counter

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from imblearn.combine import SMOTEENN
from imblearn.over_sampling import ADASYN, SMOTE, SMOTENC, RandomOverSampler
from imblearn.under_sampling import (
    ClusterCentroids,
    EditedNearestNeighbours,
    InstanceHardnessThreshold,
    NearMiss,
    RandomUnderSampler,
    TomekLinks,
)
from sklearn.base import clone

from genesis_sampling import (
    ConstraintFilter,
    DataError,
    GenesisWarning,
    HybridSampler,
    NoiseSampler,
    TargetNotReachedError,
)


@pytest.fixture
def two():
    X = np.random.default_rng(0).normal(size=(1000, 3))
    X[900:] += 1
    return X, np.repeat([0, 1], [900, 100])


class TestTargets:
    def test_dict_gives_the_counts_outright(self, two):
        sampler = HybridSampler(sampling_strategy={0: 333, 1: 222}, random_state=0)
        X_new, y_new = sampler.fit_resample(*two)
        assert Counter(y_new.tolist()) == {0: 333, 1: 222}
        assert sampler.report_.n_removed == 900 - 333
        assert sampler.report_.n_accepted == sampler.synthetic_mask_.sum() == 122
        assert sampler.sampling_strategy_ == {0: 333, 1: 222}
        assert len(X_new) == 555

    def test_class_left_out_of_the_dict_stays(self, two):
        _, y_new = HybridSampler(sampling_strategy={1: 150}, random_state=0).fit_resample(*two)
        assert Counter(y_new.tolist()) == {0: 900, 1: 150}

    def test_class_can_be_dropped(self, two):
        _, y_new = HybridSampler(sampling_strategy={0: 0}, random_state=0).fit_resample(*two)
        assert Counter(y_new.tolist()) == {1: 100}

    @pytest.mark.parametrize("ratio", [1.0, 0.5, 0.2])
    def test_majority_goes_half_way_on_a_log_scale(self, two, ratio):
        _, y_new = HybridSampler(sampling_strategy=ratio, random_state=0).fit_resample(*two)
        counts = Counter(y_new.tolist())
        # Half way between 900 and the 100 / ratio rows at which no new row would be needed.
        assert abs(np.log(counts[0]) - (np.log(900) + np.log(100 / ratio)) / 2) < 1 / counts[0]
        assert counts[1] == max(100, int(ratio * counts[0] + 1e-9))

    def test_majority_can_be_kept(self, two):
        _, y_new = HybridSampler(sampling_strategy=0.5, majority_count="keep", random_state=0).fit_resample(
            *two
        )
        assert Counter(y_new.tolist()) == {0: 900, 1: 450}

    def test_majority_can_be_a_number(self, two):
        _, y_new = HybridSampler(sampling_strategy=0.5, majority_count=300, random_state=0).fit_resample(*two)
        assert Counter(y_new.tolist()) == {0: 300, 1: 150}

    @given(
        st.lists(st.integers(1, 500), min_size=2, max_size=5).map(lambda sizes: dict(enumerate(sizes))),
        st.floats(0.01, 1.0),
    )
    def test_every_class_ends_between_the_ratio_and_the_largest(self, counts, ratio):
        targets = HybridSampler(sampling_strategy=ratio).targets(counts)
        largest = max(targets.values())
        assert min(counts.values()) <= largest <= max(counts.values())
        assert all(target > ratio * largest - 1 for target in targets.values())
        assert targets.keys() == counts.keys()

    @pytest.mark.parametrize("strategy", [{9: 3}, {0: -1}, {0: 2.5}])
    def test_dict_that_cannot_be_met_is_refused(self, two, strategy):
        with pytest.raises(
            DataError, match=r"whole number of rows, not negative, for some of the classes \[0, 1\]"
        ):
            HybridSampler(sampling_strategy=strategy).fit_resample(*two)

    def test_one_class_is_refused(self):
        with pytest.raises(DataError, match="one class only"):
            HybridSampler().fit_resample(np.zeros((5, 1)), np.zeros(5, dtype=int))


class TestOrder:
    def test_kept_rows_come_first_in_their_order(self, two):
        sampler = HybridSampler(random_state=0)
        X_new, _ = sampler.fit_resample(*two)
        n_kept = (~sampler.synthetic_mask_).sum()
        kept = sampler.sample_indices_[:n_kept]
        assert not sampler.synthetic_mask_[:n_kept].any()
        assert (np.diff(kept) > 0).all()
        np.testing.assert_array_equal(X_new[:n_kept], two[0][kept])

    def test_new_rows_come_from_all_real_rows_not_from_those_that_are_left(self, two):
        sampler = HybridSampler(RandomOverSampler(), sampling_strategy={0: 900, 1: 2000}, random_state=0)
        sampler.fit_resample(*two)
        assert len(np.unique(sampler.sample_indices_[sampler.synthetic_mask_])) == 100


class TestOverSamplers:
    def test_shares(self, two):
        over = [RandomOverSampler(), NoiseSampler(noise_scale=1.0)]
        sampler = HybridSampler(over, shares=[0.25, 0.75], sampling_strategy={1: 501}, random_state=0)
        X_new, _ = sampler.fit_resample(*two)
        copies = sum((row == two[0]).all(axis=1).any() for row in X_new[1000:])
        assert len(X_new) == 1401
        assert copies == 100

    def test_next_one_fills_what_the_previous_left(self, two):
        over = [RandomOverSampler(sampling_strategy=0.2), NoiseSampler(noise_scale=1.0)]
        X_new, _ = HybridSampler(over, sampling_strategy={1: 400}, random_state=0).fit_resample(*two)
        # The first one alone would bring the class to a ratio of 0.2: 180 rows.
        copies = sum((row == two[0]).all(axis=1).any() for row in X_new[1000:])
        assert (len(X_new), copies) == (1300, 80)

    def test_one_that_cannot_is_left_to_the_next(self, two):
        hopeless = ConstraintFilter("x0 > 99", NoiseSampler())
        X = pd.DataFrame(two[0], columns=["x0", "x1", "x2"])
        sampler = HybridSampler([hopeless, RandomOverSampler()], sampling_strategy={1: 130}, random_state=0)
        assert len(sampler.fit_resample(X, two[1])[0]) == 1030
        with pytest.raises(TargetNotReachedError, match=r"Got 0 of the 30 rows .* x0 > 99: 100.00%"):
            HybridSampler(hopeless, sampling_strategy={1: 130}).fit_resample(X, two[1])

    def test_two_without_a_seed_do_not_repeat_each_other(self, two):
        sampler = HybridSampler(
            [NoiseSampler(), NoiseSampler()], shares=[0.5, 0.5], sampling_strategy={1: 140}, random_state=0
        )
        X_new, _ = sampler.fit_resample(*two)
        assert not np.array_equal(X_new[1000:1020], X_new[1020:])

    def test_names_make_parameters_searchable(self):
        sampler = HybridSampler([("noise", NoiseSampler()), ("copy", RandomOverSampler())])
        assert sampler.get_params()["noise__noise_scale"] == 0.1
        copy = clone(sampler).set_params(noise__noise_scale=0.7)
        assert copy.over[0][1].noise_scale == 0.7
        assert sampler.over[0][1].noise_scale == 0.1

    @pytest.mark.parametrize("shares", [[0.5], [0.5, 0.6], [-0.5, 1.5]])
    def test_shares_that_are_none_are_refused(self, two, shares):
        with pytest.raises(DataError, match="one share each"):
            HybridSampler([NoiseSampler(), NoiseSampler()], shares=shares).fit_resample(*two)

    @pytest.mark.parametrize("over", [[], [1, 2], [("noise", None)]])
    def test_lists_that_hold_no_samplers_are_refused(self, two, over):
        with pytest.raises(DataError, match="expected a sampler, or a list"):
            HybridSampler(over).fit_resample(*two)

    @pytest.mark.parametrize("over", [RandomUnderSampler(), TomekLinks(), SMOTEENN()], ids=type)
    def test_only_over_samplers_make_rows(self, two, over):
        with pytest.raises(DataError, match="expected an over-sampler"):
            HybridSampler(over).fit_resample(*two)


class TestForeignOverSamplers:
    def test_smote_interpolates_between_rows_of_the_class(self, two):
        sampler = HybridSampler(SMOTE(), sampling_strategy={1: 300}, random_state=0)
        X_new, y_new = sampler.fit_resample(*two)
        made, real = X_new[sampler.synthetic_mask_], two[0][900:]
        assert Counter(y_new.tolist()) == {0: 900, 1: 300}
        assert (made >= real.min(axis=0)).all()
        assert (made <= real.max(axis=0)).all()
        assert not (made[:, None] == real).all(axis=2).any()

    @pytest.mark.parametrize("dtype", ["uint8", "int8", "int64"])
    @pytest.mark.parametrize("frame", [False, True])
    def test_integers_neither_wrap_nor_are_truncated(self, dtype, frame):
        X = np.random.default_rng(0).integers(100, 110, size=(60, 2)).astype(dtype)
        y = np.repeat([0, 1], [30, 30])
        sampler = HybridSampler(SMOTE(), sampling_strategy={1: 500}, random_state=0)
        unrounded, _ = sampler.fit_resample(X.astype(float), y)
        X_new, _ = sampler.fit_resample(pd.DataFrame(X) if frame else X, y)
        assert np.asarray(X_new).dtype == dtype
        np.testing.assert_array_equal(X_new, np.rint(unrounded))
        assert (unrounded % 1 > 0.5).any()

    def test_nullable_integers(self):
        X = pd.DataFrame({"a": pd.array(np.arange(60), dtype="Int16")})
        X_new, _ = HybridSampler(SMOTE(), majority_count="keep").fit_resample(X, np.repeat([0, 1], [45, 15]))
        assert X_new["a"].dtype == "Int16"
        assert X_new["a"][60:].between(45, 59).all()

    def test_polars(self, two):
        X = pl.DataFrame({"a": two[0][:, 0], "b": np.arange(1000, dtype=np.int16)})
        X_new, _ = HybridSampler(SMOTE(), sampling_strategy={1: 150}).fit_resample(X, two[1])
        assert X_new.schema == X.schema
        assert X_new["b"][1000:].is_between(900, 999).all()

    def test_mixed_table(self, two):
        X = pd.DataFrame({"a": two[0][:, 0], "c": ["x", "y", "z", "z"] * 250})
        X_new, _ = HybridSampler(SMOTENC(["c"]), sampling_strategy={1: 150}, random_state=0).fit_resample(
            X, two[1]
        )
        assert set(X_new["c"][1000:]) <= {"x", "y", "z"}
        assert X_new.dtypes.equals(X.dtypes)

    def test_sampler_that_gives_about_as_many_is_asked_until_the_count_is_met(self, two):
        # ADASYN rounds its number of rows per neighbourhood.
        _, adasyn_alone = ADASYN(sampling_strategy={1: 333}, random_state=0).fit_resample(*two)
        assert Counter(adasyn_alone.tolist())[1] != 333
        _, y_new = HybridSampler(ADASYN(random_state=0), sampling_strategy={1: 333}).fit_resample(*two)
        assert Counter(y_new.tolist())[1] == 333

    def test_failure_names_the_class(self):
        X, y = np.random.default_rng(0).normal(size=(30, 2)), np.repeat(["many", "few"], [27, 3])
        with pytest.raises(
            DataError, match="SMOTE could not make rows of class 'few', which has 3: Expected n_neigh"
        ):
            HybridSampler(SMOTE()).fit_resample(X, y)


class TestUnderSamplers:
    def test_own_seed_is_kept(self, two):
        def kept(seed):
            sampler = HybridSampler(under=RandomUnderSampler(random_state=5), random_state=seed)
            sampler.fit_resample(*two)
            return sampler.sample_indices_[~sampler.synthetic_mask_]

        np.testing.assert_array_equal(kept(0), kept(1))

    def test_seed_of_the_sampler_reaches_one_without_its_own(self, two):
        def kept(seed):
            sampler = HybridSampler(under=RandomUnderSampler(), random_state=seed)
            sampler.fit_resample(*two)
            return sampler.sample_indices_[~sampler.synthetic_mask_]

        np.testing.assert_array_equal(kept(0), kept(0))
        assert not np.array_equal(kept(0), kept(1))

    def test_distances_work_on_mixed_tables_with_gaps(self, mixed):
        sampler = HybridSampler(under=NearMiss(), random_state=0)
        X_new, y_new = sampler.fit_resample(*mixed)
        assert sampler.report_.counts_after == Counter(y_new)
        assert X_new.dtypes.equals(mixed[0].dtypes)

    def test_near_miss_keeps_the_nearest(self):
        X = np.array([[0.0], [1.0], [50.0], [99.0], [100.0], [101.0]])
        y = np.array([0, 0, 0, 0, 1, 1])
        sampler = HybridSampler(under=NearMiss(n_neighbors=2), sampling_strategy={0: 1})
        assert sampler.fit_resample(X, y)[0].ravel().tolist() == [99.0, 100.0, 101.0]

    def test_without_indices_is_refused(self, two):
        with pytest.raises(DataError, match="ClusterCentroids, which does not tell the rows that it keeps"):
            HybridSampler(under=ClusterCentroids(random_state=0)).fit_resample(*two)

    def test_cleaning_step_is_pointed_to_its_place(self, two):
        with pytest.raises(DataError, match="TomekLinks to bring classes down to counts; .* clean="):
            HybridSampler(under=TomekLinks()).fit_resample(*two)

    def test_inexact_counts_are_told(self, two):
        under = InstanceHardnessThreshold(cv=3, random_state=0)
        two[0][:900] = two[0][:900].round(0)  # ties in hardness
        sampler = HybridSampler(under=under, random_state=0)
        with pytest.warns(
            GenesisWarning, match=r"InstanceHardnessThreshold left .* rows where .* were asked for"
        ):
            sampler.fit_resample(*two)

    def test_failure_names_the_counts(self, two):
        with pytest.raises(
            DataError, match=r"NearMiss could not choose among classes of \[900, 100\] rows: "
        ):
            HybridSampler(under=NearMiss(n_neighbors=200)).fit_resample(*two)


class TestCleaning:
    @pytest.mark.parametrize("clean", [EditedNearestNeighbours(), TomekLinks()], ids=type)
    def test_removes_what_the_step_alone_would(self, two, clean):
        X, y = two
        clean.set_params(sampling_strategy="all")
        sampler = HybridSampler(clean=clean, sampling_strategy={0: 900, 1: 100})
        sampler.fit_resample(X, y)
        alone = clone(clean)
        alone.fit_resample((X - X.mean(axis=0)) / X.std(axis=0), y)
        assert len(sampler.sample_indices_) < 1000
        np.testing.assert_array_equal(sampler.sample_indices_, np.sort(alone.sample_indices_))
        assert sampler.report_.n_removed == 1000 - len(sampler.sample_indices_)

    def test_report_counts_new_rows_that_were_removed(self, two):
        sampler = HybridSampler(
            NoiseSampler(noise_scale=1.0), clean=EditedNearestNeighbours(), random_state=0
        )
        _, y_new = sampler.fit_resample(*two)
        removed = sampler.report_.rejected["removed by EditedNearestNeighbours"]
        assert removed > 0
        assert sampler.report_.n_generated == sampler.report_.n_accepted + removed
        assert sampler.report_.counts_after == Counter(y_new.tolist())
        # What was aimed at is still there to compare with.
        assert sampler.sampling_strategy_ == {0: 300, 1: 300}

    def test_works_on_mixed_tables_with_gaps(self, mixed):
        sampler = HybridSampler(clean=EditedNearestNeighbours(n_neighbors=2), random_state=0)
        X_new, y_new = sampler.fit_resample(*mixed)
        assert len(X_new) == len(y_new) == len(sampler.synthetic_mask_)
        assert X_new.dtypes.equals(mixed[0].dtypes)
