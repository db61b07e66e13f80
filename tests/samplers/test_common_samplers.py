"""What scikit-learn, imbalanced-learn and this package promise of every sampler."""

from __future__ import annotations

import pickle
from collections import Counter

import imblearn.utils.estimator_checks as imblearn_checks
import numpy as np
import pandas as pd
import polars as pl
import polars.testing
import pytest
from imblearn.over_sampling import RandomOverSampler
from pandas.testing import assert_frame_equal, assert_series_equal
from scipy import sparse
from sklearn.base import clone

from genesis_sampling import DataError, DistillationSampler, MixupSampler, NoiseSampler, SmallClassWarning


def test_published_check(checked_sampler, published_check):
    published_check(clone(checked_sampler))


@pytest.mark.parametrize(
    "check",
    [imblearn_checks.check_param_validation, imblearn_checks.check_dataframe_column_names_consistency],
)
def test_parameters_and_column_names(sampler, check):
    check(type(sampler).__name__, sampler)


def test_default_construction_works(sampler):
    X = np.random.default_rng(0).normal(size=(30, 2))
    X_new, y_new = type(sampler)().fit_resample(X, [0] * 20 + [1] * 10)
    assert X_new.shape == (len(y_new), 2)


class TestContainers:
    @pytest.mark.parametrize("order", ["C", "F"])
    @pytest.mark.parametrize("dtype", ["float64", "float32", "int8", "uint8", "int64", "object"])
    def test_array(self, sampler, numbers, dtype, order):
        X = np.array(numbers[0], dtype=dtype, order=order)
        X_new, y_new = sampler.fit_resample(X, numbers[1])
        assert isinstance(X_new, np.ndarray)
        assert X_new.dtype == X.dtype
        assert X_new.flags.f_contiguous == (order == "F")
        assert y_new.dtype == numbers[1].dtype
        assert_provenance(sampler, X, numbers[1], X_new, y_new)
        # Nothing wraps, and noise and generators keep to the range that was seen.
        assert X_new.astype(float).min() >= 100
        assert X_new.astype(float).max() <= 109

    def test_array_with_missing_values(self, sampler, numbers):
        X = numbers[0].copy()
        X[::7, 1] = np.nan
        X_new, y_new = sampler.fit_resample(X, numbers[1])
        assert_provenance(sampler, X, numbers[1], X_new, y_new)
        assert not np.isnan(X_new[:, [0, 2, 3]]).any()

    def test_array_of_text_and_numbers(self, sampler):
        X = np.array([["a", 1.5], ["b", None], ["c", 3.5]] * 10, dtype=object)
        y = np.repeat([0, 1], [20, 10])
        X_new, y_new = sampler.fit_resample(X, y)
        assert X_new.dtype == object
        assert {type(value) for value in X_new[:, 0]} == {str}
        assert_provenance(sampler, X, y, X_new, y_new)

    def test_list_of_mixed_rows(self, sampler):
        """Numbers beside text stay numbers."""
        rng = np.random.default_rng(0)
        X = [
            [float(a), b]
            for a, b in zip(rng.normal(size=60), rng.choice(list("xy"), 60).tolist(), strict=True)
        ]
        X_new, _ = sampler.fit_resample(X, [0] * 40 + [1] * 20)
        kept = np.flatnonzero(~sampler.synthetic_mask_)
        assert [X_new[i] for i in kept] == [X[i] for i in sampler.sample_indices_[kept]]
        assert {type(cell) for row in X_new for cell in row} == {float, str}

    def test_list(self, sampler, numbers):
        X, y = numbers[0].astype(int).tolist(), numbers[1].tolist()
        X_new, y_new = sampler.fit_resample(X, y)
        assert isinstance(X_new, list)
        assert isinstance(y_new, list)
        assert {type(value) for row in X_new for value in row} == {int}
        assert {type(label) for label in y_new} == {int}
        assert_provenance(sampler, np.array(X), np.array(y), np.array(X_new), np.array(y_new))

    @pytest.mark.parametrize(
        "container", [sparse.csr_matrix, sparse.csc_matrix, sparse.csr_array, sparse.csc_array]
    )
    def test_sparse(self, sampler, numbers, container):
        dense = numbers[0] * (np.random.default_rng(0).random(numbers[0].shape) < 0.5)
        X = container(dense.astype(np.float32))
        X_new, y_new = sampler.fit_resample(X, numbers[1])
        assert type(X_new) is container
        assert X_new.dtype == np.float32
        from_dense, _ = clone(sampler).fit_resample(dense.astype(np.float32), numbers[1])
        np.testing.assert_allclose(X_new.toarray(), from_dense, rtol=1e-6)
        assert_provenance(sampler, dense.astype(np.float32), numbers[1], X_new.toarray(), y_new)

    def test_pandas(self, sampler, mixed):
        X, y = mixed
        X_new, y_new = sampler.fit_resample(X, y)
        assert_series_equal(X_new.dtypes, X.dtypes)
        assert X_new.index.equals(pd.RangeIndex(len(X_new)))
        assert isinstance(y_new, pd.Series)
        assert y_new.name == "label"
        assert list(X_new["category"].cat.categories) == ["red", "green", "blue", "never"]
        assert not (X_new["category"] == "never").any()
        assert X_new["empty"].isna().all()
        assert (X_new["constant"] == 7).all()
        assert_provenance(sampler, X, y, X_new, y_new)
        assert_frames_agree_on_kind_of_missing(X, X_new)

    def test_pandas_with_integer_names(self, sampler, numbers):
        X = pd.DataFrame(numbers[0], columns=[3, 1, 4, 0])
        X_new, y_new = sampler.fit_resample(X, numbers[1])
        assert list(X_new.columns) == [3, 1, 4, 0]
        assert_provenance(sampler, X, numbers[1], X_new, y_new)

    def test_polars(self, sampler, mixed):
        X = as_polars(mixed[0])
        y = pl.Series("label", mixed[1].tolist())
        X_new, y_new = sampler.fit_resample(X, y)
        assert isinstance(X_new, pl.DataFrame)
        assert isinstance(y_new, pl.Series)
        assert y_new.name == "label"
        assert X_new.schema == X.schema
        sources, synthetic = sampler.sample_indices_, sampler.synthetic_mask_
        polars.testing.assert_frame_equal(X_new.filter(~synthetic), X[sources[~synthetic].tolist()])
        assert len(y_new) == len(X_new) == len(synthetic)

    def test_single_column_and_single_new_row(self, sampler):
        X = pd.DataFrame({"a": [1, 2, 3, 4, 5, 6, 7]})
        X_new, y_new = sampler.fit_resample(X, [0, 0, 0, 0, 1, 1, 1])
        assert X_new["a"].dtype == np.int64
        assert X_new.shape == (len(y_new), 1)


class TestTargets:
    LABELS = np.repeat(["no", "yes"], [20, 10])

    @pytest.mark.parametrize(
        "y",
        [
            LABELS,
            LABELS.tolist(),
            LABELS.astype(object),
            LABELS == "yes",
            pd.Series(LABELS),
            pd.Series(LABELS, dtype="string"),
            pd.Series(LABELS == "yes"),
            pd.Series(pd.Categorical(LABELS, categories=["yes", "unused", "no"])),
            pd.Series(LABELS == "yes", dtype="boolean"),
            pd.Series((LABELS == "yes").astype(int), dtype="Int8"),
            pd.Series((LABELS == "yes").astype(int), dtype="uint8"),
            pl.Series("y", LABELS.tolist()),
            pl.Series("y", LABELS.tolist(), dtype=pl.Categorical),
            pl.Series("y", (LABELS == "yes").tolist()),
            pd.DataFrame({"y": LABELS}),
            pl.DataFrame({"y": LABELS.tolist()}),
            (LABELS == "yes").astype(int)[:, None],
            tuple(LABELS.tolist()),
        ],
        ids=lambda y: f"{type(y).__module__}.{type(y).__name__}-{getattr(y, 'dtype', '')}",
    )
    def test_container_and_dtype(self, over_sampler, y):
        X = np.random.default_rng(0).normal(size=(30, 2))
        _, y_new = over_sampler.fit_resample(X, y)
        if not isinstance(y, tuple):
            assert type(y_new) is type(y)
        if hasattr(y, "dtype"):
            assert y_new.dtype == y.dtype
        as_list = np.asarray(y_new).ravel().tolist()
        assert as_list[:30] == np.asarray(y).ravel().tolist()
        assert as_list[30:] == [as_list[29]] * 10

    def test_one_vs_all_indicator(self, sampler, numbers):
        indicator = np.eye(3, dtype=int)[numbers[1]]
        X_new, y_new = sampler.fit_resample(numbers[0], indicator)
        assert y_new.dtype == indicator.dtype
        assert y_new.shape == (len(X_new), 3)
        assert (y_new.sum(axis=1) == 1).all()
        _, labels = clone(sampler).fit_resample(numbers[0], numbers[1])
        np.testing.assert_array_equal(y_new.argmax(axis=1), labels)

    def test_missing_label_is_refused(self, sampler):
        with pytest.raises(DataError, match=r"1 missing labels .* row 2"):
            sampler.fit_resample(np.zeros((4, 1)), pd.Series(["a", "b", None, "a"]))


class TestStrategies:
    @pytest.mark.parametrize(
        "strategy",
        ["auto", "minority", "not minority", "not majority", "all", {0: 20, 1: 15}, lambda y: {1: 33}],
    )
    def test_counts_are_those_of_imbalanced_learn(self, over_sampler, numbers, strategy):
        _, expected = RandomOverSampler(sampling_strategy=strategy).fit_resample(*numbers)
        _, y_new = over_sampler.set_params(sampling_strategy=strategy).fit_resample(*numbers)
        assert Counter(y_new.tolist()) == Counter(expected.tolist())

    def test_binary_ratio_is_that_of_imbalanced_learn(self, over_sampler):
        X, y = np.random.default_rng(0).normal(size=(77, 2)), np.repeat([0, 1], [67, 10])
        _, expected = RandomOverSampler(sampling_strategy=0.55).fit_resample(X, y)
        _, y_new = over_sampler.set_params(sampling_strategy=0.55).fit_resample(X, y)
        assert Counter(y_new.tolist()) == Counter(expected.tolist())

    def test_ratio_for_several_classes(self, over_sampler, numbers):
        _, y_new = over_sampler.set_params(sampling_strategy=0.25).fit_resample(*numbers)
        # The largest has 40; the class of 15 is past the ratio already and stays.
        assert Counter(y_new.tolist()) == {2: 40, 0: 15, 1: 10}
        assert over_sampler.sampling_strategy_ == {0: 0, 1: 5, 2: 0}

    def test_growth_comes_after_balancing(self, over_sampler, numbers):
        _, y_new = over_sampler.set_params(sampling_strategy=0.5, growth=0.3).fit_resample(*numbers)
        assert Counter(y_new.tolist()) == {2: 52, 0: 26, 1: 26}

    def test_class_past_its_target_is_left_alone(self, over_sampler, numbers):
        strategy = {2: 5, 0: 3, 1: 5}
        X_new, _ = over_sampler.set_params(sampling_strategy=strategy).fit_resample(*numbers)
        np.testing.assert_array_equal(X_new, numbers[0])
        assert not over_sampler.synthetic_mask_.any()

    def test_unknown_class_is_named(self, over_sampler, numbers):
        with pytest.raises(DataError, match=r"classes \[7\].*expected some of \[0, 1, 2\]"):
            over_sampler.set_params(sampling_strategy={7: 50}).fit_resample(*numbers)

    def test_one_class_is_refused(self, over_sampler):
        with pytest.raises(DataError, match="one class only"):
            over_sampler.fit_resample(np.zeros((5, 1)), np.zeros(5, dtype=int))

    def test_class_with_one_row(self, over_sampler):
        if isinstance(over_sampler, MixupSampler):
            over_sampler.set_params(partners="same")
        X = pd.DataFrame({"a": np.arange(11.0), "b": list("xyxyxyxyxyz")})
        with pytest.warns(SmallClassWarning, match=r"Class 1 has 1 row") as caught:
            X_new, y_new = over_sampler.fit_resample(X, [0] * 10 + [1])
        assert len(caught) == 1
        assert Counter(y_new) == {0: 10, 1: 10}
        assert (X_new["b"][11:] == "z").all()

    def test_fit_alone_checks_and_plans(self, over_sampler, numbers):
        assert over_sampler.fit(*numbers).sampling_strategy_ == {0: 25, 1: 35, 2: 0}


class TestRecord:
    def test_report_agrees_with_the_result(self, sampler, mixed):
        X, y = mixed
        X_new, y_new = sampler.fit_resample(X, y)
        report = sampler.report_
        assert report.sampler == type(sampler).__name__
        assert report.counts_before == {"big": 50, "few": 10, "mid": 20}
        assert report.counts_after == {"big": 0, "few": 0, "mid": 0} | Counter(y_new.tolist())
        assert report.n_accepted == sampler.synthetic_mask_.sum()
        assert report.n_generated == report.n_accepted + sum(report.rejected.values())
        assert report.n_removed == len(X) - (~sampler.synthetic_mask_).sum()
        assert report.seconds > 0
        assert "class 'few'" in str(report)
        assert len(X_new) == sum(report.counts_after.values())

    def test_fitted_attributes(self, sampler, mixed):
        sampler.fit_resample(*mixed)
        assert sampler.n_features_in_ == mixed[0].shape[1]
        assert list(sampler.feature_names_in_) == list(mixed[0].columns)
        assert list(sampler.get_feature_names_out()) == list(mixed[0].columns)

    def test_over_samplers_keep_the_originals_first(self, over_sampler, mixed):
        X, y = mixed
        X_new, y_new = over_sampler.fit_resample(X, y)
        assert_frame_equal(X_new[: len(X)], X.reset_index(drop=True))
        assert y_new[: len(X)].tolist() == y.tolist()
        np.testing.assert_array_equal(over_sampler.sample_indices_[: len(X)], np.arange(len(X)))
        np.testing.assert_array_equal(over_sampler.synthetic_mask_, np.arange(len(X_new)) >= len(X))

    def test_sources_of_new_rows_are_of_their_class(self, sampler, numbers):
        if isinstance(sampler, DistillationSampler):
            pytest.skip("whatever class a row is of, its copies may be labelled otherwise")
        _, y_new = sampler.fit_resample(*numbers)
        known = sampler.sample_indices_ >= 0
        np.testing.assert_array_equal(numbers[1][sampler.sample_indices_[known]], y_new[known])

    def test_input_is_not_changed(self, sampler, mixed):
        X, y = mixed[0].copy(), mixed[1].copy()
        X_new, _ = sampler.fit_resample(*mixed)
        X_new.loc[:, "float"] = -1.0
        assert_frame_equal(mixed[0], X)
        assert_series_equal(mixed[1], y)

    def test_array_is_not_changed(self, sampler, numbers):
        X, y = numbers[0].copy(), numbers[1].copy()
        X_new, y_new = sampler.fit_resample(*numbers)
        X_new[:] = -1
        y_new[:] = -1
        np.testing.assert_array_equal(numbers[0], X)
        np.testing.assert_array_equal(numbers[1], y)

    def test_result_does_not_share_memory_when_nothing_is_made(self, sampler):
        X, y = np.arange(8.0).reshape(4, 2), np.array([0, 0, 1, 1])
        X_new, y_new = sampler.fit_resample(X, y)
        assert not np.shares_memory(X, X_new)
        assert not np.shares_memory(y, y_new)


class TestRandomness:
    def test_seed_gives_the_same_rows(self, sampler, mixed):
        first, _ = sampler.fit_resample(*mixed)
        again, _ = sampler.fit_resample(*mixed)
        cloned, _ = clone(sampler).fit_resample(*mixed)
        assert_frame_equal(first, again)
        assert_frame_equal(first, cloned)

    def test_other_seed_gives_other_rows(self, over_sampler, mixed):
        first, _ = over_sampler.fit_resample(*mixed)
        second, _ = over_sampler.set_params(random_state=1).fit_resample(*mixed)
        assert not first.equals(second)

    def test_no_seed_gives_other_rows_each_time(self, over_sampler, mixed):
        over_sampler.set_params(random_state=None)
        assert not over_sampler.fit_resample(*mixed)[0].equals(over_sampler.fit_resample(*mixed)[0])

    def test_random_state_instance_advances(self, over_sampler, mixed):
        def draw():
            sampler = clone(over_sampler)
            sampler.random_state = np.random.RandomState(3)
            return [sampler.fit_resample(*mixed)[0] for _ in range(2)]

        first, second = draw()
        assert not first.equals(second)
        assert_frame_equal(first, draw()[0])

    def test_classes_have_streams_of_their_own(self, over_sampler):
        """Equal classes must not get equal noise, as they do where one seed starts every class."""
        X = np.tile(np.random.default_rng(0).normal(size=(10, 2)), (3, 1))
        y = np.repeat([0, 1, 2], 10)
        over_sampler.set_params(sampling_strategy="all", growth=2.0)
        X_new, y_new = over_sampler.fit_resample(X, y)
        made = [X_new[30:][y_new[30:] == label] for label in (0, 1, 2)]
        assert not np.array_equal(made[0], made[1])
        assert not np.array_equal(made[1], made[2])

    def test_rows_of_a_class_do_not_depend_on_the_size_of_another(self, over_sampler, numbers):
        X, y = numbers[0] + np.random.default_rng(3).random((60, 4)), numbers[1]
        over_sampler.set_params(sampling_strategy={0: 30, 1: 30})
        both, labels = over_sampler.fit_resample(X, y)
        over_sampler.set_params(sampling_strategy={0: 16, 1: 30})
        fewer, fewer_labels = over_sampler.fit_resample(X, y)
        np.testing.assert_array_equal(both[60:][labels[60:] == 1], fewer[60:][fewer_labels[60:] == 1])

    def test_smaller_target_gives_the_first_rows(self, over_sampler, mixed):
        if getattr(over_sampler, "kind", "") == "adasyn":
            pytest.skip("its shares are met exactly for each target, so a row's turn depends on the target")
        X, y = mixed
        more, _ = over_sampler.set_params(sampling_strategy={"few": 45}).fit_resample(X, y)
        fewer, _ = over_sampler.set_params(sampling_strategy={"few": 20}).fit_resample(X, y)
        assert_frame_equal(fewer, more[: len(fewer)])

    @pytest.mark.usefixtures("global_rng_untouched")
    def test_global_generators_are_not_touched(self, sampler, mixed):
        sampler.set_params(random_state=None).fit_resample(*mixed)


class TestEstimator:
    def test_pickle_round_trip(self, sampler, mixed):
        first, _ = sampler.fit_resample(*mixed)
        copy = pickle.loads(pickle.dumps(sampler))
        np.testing.assert_array_equal(copy.sample_indices_, sampler.sample_indices_)
        assert copy.report_ == sampler.report_
        assert_frame_equal(copy.fit_resample(*mixed)[0], first)

    def test_nested_parameters(self, sampler):
        params = sampler.get_params()
        assert clone(sampler).get_params().keys() == params.keys()
        for name, value in params.items():
            if "__" in name:
                sampler.set_params(**{name: value})
                assert sampler.get_params()[name] == value

    def test_report_as_json_has_the_counts(self, sampler, numbers):
        import json

        sampler.fit_resample(*numbers)
        assert json.loads(sampler.report_.to_json(figures=False))["counts_before"] == {
            "0": 15,
            "1": 5,
            "2": 40,
        }


class TestBadInput:
    @pytest.mark.parametrize(
        ("X", "message"),
        [
            (pd.DataFrame({"a": []}, dtype=float), "0 rows"),
            (pd.DataFrame(index=range(6)), "0 columns"),
            (pd.DataFrame([[1, 2]] * 6, columns=["a", "a"]), "more than once"),
            (pd.DataFrame([[1, 2]] * 6, columns=["a", 1]), "several types"),
        ],
        ids=["no rows", "no columns", "duplicate names", "mixed names"],
    )
    def test_tables_that_cannot_be_used(self, sampler, X, message):
        with pytest.raises(DataError, match=message):
            sampler.fit_resample(X, [0, 0, 0, 0, 1, 1][: len(X)] or [0])

    @pytest.mark.parametrize("value", [np.inf, -np.inf])
    def test_infinite_value_is_refused(self, over_sampler, value):
        X = pd.DataFrame({"a": [1.0, 2.0, 3.0, 4.0, value], "b": 1.5})
        with pytest.raises(DataError, match="Column 'a' holds infinite values"):
            over_sampler.fit_resample(X, [0, 0, 0, 1, 1])

    def test_column_of_mixed_types_is_named(self, over_sampler):
        X = pd.DataFrame({"a": [1, "two", 3, "four", 5]})
        with pytest.raises(DataError, match="Column 'a' mixes"):
            over_sampler.fit_resample(X, [0, 0, 0, 1, 1])

    def test_length_mismatch(self, sampler):
        with pytest.raises(ValueError, match="inconsistent numbers of samples"):
            sampler.fit_resample(pd.DataFrame({"a": [1.0, 2.0, 3.0]}), [0, 1])


def test_integers_are_rounded_not_truncated():
    """Truncation would move the mean of an integer column down by half a unit."""
    X = np.full((4000, 1), 10, dtype=np.int64)
    X[:2000] += 1
    y = np.repeat([0, 1, 0, 1], [1900, 100, 1900, 100])
    sampler = NoiseSampler(noise_scale=6.0, clip=None, random_state=0)
    made = sampler.fit_resample(X, y)[0][4000:, 0]
    # The sources average 10.5; noise of 6 * 0.5 has a standard deviation of 3.
    assert abs(made.mean() - 10.5) < 4 * np.sqrt(3.0**2 + 0.5**2 + 1 / 12) / np.sqrt(len(made))


def assert_provenance(sampler, X, y, X_new, y_new):
    """The attributes have the right shape, and rows that are not synthetic are the input's, value for value."""
    mask, sources = sampler.synthetic_mask_, sampler.sample_indices_
    assert mask.dtype == bool
    assert mask.shape == sources.shape == (len(X_new),) == (len(y_new),)
    assert (sources[~mask] >= 0).all()
    assert sources.max() < len(X)
    real = sources[~mask]
    np.testing.assert_array_equal(np.asarray(y)[real], np.asarray(y_new)[~mask])
    if isinstance(X, pd.DataFrame):
        assert_frame_equal(X_new[~mask].reset_index(drop=True), X.iloc[real].reset_index(drop=True))
    else:
        np.testing.assert_array_equal(X_new[~mask], X[real])


def assert_frames_agree_on_kind_of_missing(X, X_new):
    """A column has missing values only where it had, and of the same kind."""
    for name in X.columns:
        before, after = X[name][X[name].isna()], X_new[name][X_new[name].isna()]
        if before.empty:
            assert after.empty
        assert {type(value) for value in after} <= {type(value) for value in before}


def as_polars(X: pd.DataFrame) -> pl.DataFrame:
    """The frame with polars dtypes, categories and enumerations among them."""
    return pl.DataFrame(
        {
            "float": pl.Series(X["float"].to_list(), nan_to_null=True, dtype=pl.Float64),
            "float32": pl.Series(X["float32"].astype(float).to_list(), dtype=pl.Float32),
            "int8": pl.Series(X["int8"].to_list(), dtype=pl.Int8),
            "uint16": pl.Series(X["uint16"].to_list(), dtype=pl.UInt16),
            "int64": pl.Series(_nones(X["Int64"]), dtype=pl.Int64),
            "boolean": pl.Series(_nones(X["boolean"]), dtype=pl.Boolean),
            "bool": pl.Series(X["bool"].to_list()),
            "text": pl.Series(_nones(X["string"]), dtype=pl.String),
            "category": pl.Series(_nones(X["category"]), dtype=pl.Categorical),
            "enum": pl.Series(_nones(X["category"]), dtype=pl.Enum(["red", "green", "blue", "never"])),
            "date": pl.Series([None if pd.isna(v) else v.date() for v in X["date"]], dtype=pl.Date),
            "zoned": pl.Series(
                [None if pd.isna(v) else v.tz_convert("UTC").to_pydatetime() for v in X["zoned"]],
                dtype=pl.Datetime("us", "UTC"),
            ).dt.convert_time_zone("Europe/Berlin"),
            "duration": pl.Series(
                [None if pd.isna(v) else v.to_pytimedelta() for v in X["duration"]], dtype=pl.Duration("ms")
            ),
        }
    )


def _nones(values: pd.Series) -> list:
    return [None if pd.isna(value) else value for value in values]
