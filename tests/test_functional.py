"""The functional layer: balance or generate a table in one call."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pandas as pd
import polars as pl
import polars.testing
import pytest
from imblearn.over_sampling import SMOTENC, RandomOverSampler
from pandas.testing import assert_frame_equal
from sklearn.neighbors import KernelDensity

from genesis_sampling import (
    AugmentationReport,
    ConditionalGenerator,
    Constraint,
    ConstraintError,
    DataError,
    GaussianCopulaGenerator,
    NoiseSampler,
    SmallClassWarning,
    TargetNotReachedError,
    augment_imbalanced,
    generate,
)
from genesis_sampling.functional import augment

# Quick, and needs nothing learned; what it makes is covered with the samplers.
NOISE = {"method": "noise", "random_state": 0}


@pytest.fixture
def df():
    """200 rows: 150 of ``ok``, 40 of ``late``, 10 of ``lost``; the target stands in the middle."""
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "amount": rng.exponential(50, 200).round(2),
            "region": rng.choice(["north", "south", None], 200),
            "state": pd.Categorical(np.repeat(["ok", "late", "lost"], [150, 40, 10])),
            "n_items": rng.integers(1, 9, 200).astype(np.int8),
            "code": rng.choice([10, 20, 30], 200),
        },
        index=pd.RangeIndex(500, 700),
    )


@pytest.fixture(autouse=True)
def _input_is_not_changed(df):
    before = df.copy()
    yield
    assert_frame_equal(df, before)


def counts(table) -> dict:
    return dict(Counter(table["state"].to_list()))


def as_polars(df) -> pl.DataFrame:
    return pl.DataFrame(
        {name: df[name].astype(object).where(df[name].notna(), None).to_list() for name in df}
    )


class TestTargets:
    def test_balances_by_default(self, df):
        assert counts(augment_imbalanced(df, "state", **NOISE)) == {"ok": 150, "late": 150, "lost": 150}

    @pytest.mark.parametrize("name", ["ratio", "sampling_ratio"])
    def test_ratio_brings_each_smaller_class_to_that_share_of_the_largest(self, df, name):
        table = augment_imbalanced(df, "state", **{name: 0.2}, **NOISE)
        assert counts(table) == {"ok": 150, "late": 40, "lost": 30}

    def test_undersample_brings_larger_classes_down(self, df):
        table = augment_imbalanced(df, "state", "undersample", ratio=0.5, random_state=0)
        assert counts(table) == {"ok": 20, "late": 20, "lost": 10}
        # Real rows alone, in order.
        merged = df.reset_index(drop=True)
        positions = merged.reset_index().merge(table, how="inner")["index"]
        assert set(positions) >= set(merged.index[-10:])
        result = augment(df, "state", "undersample", ratio=0.5, random_state=0)
        assert_frame_equal(result.table, merged.iloc[result.sample_indices].reset_index(drop=True))
        assert not result.synthetic_mask.any()

    def test_hybrid_goes_half_way(self, df):
        table = augment_imbalanced(df, "state", "hybrid", **NOISE)
        # sqrt(150 * 10) rows each.
        assert counts(table) == {"ok": 39, "late": 39, "lost": 39}

    @pytest.mark.parametrize(("majority_count", "expected"), [("keep", 150), (60, 60)])
    def test_hybrid_with_majority_count(self, df, majority_count, expected):
        table = augment_imbalanced(df, "state", "hybrid", ratio=0.5, majority_count=majority_count, **NOISE)
        assert counts(table) == {"ok": expected, "late": max(expected // 2, 40), "lost": expected // 2}

    @pytest.mark.parametrize("strategy", ["oversample", "undersample", "hybrid"])
    def test_counts_decide_by_themselves(self, df, strategy):
        table = augment_imbalanced(df, "state", strategy, target_counts={"ok": 90, "lost": 55}, **NOISE)
        assert counts(table) == {"ok": 90, "late": 40, "lost": 55}

    def test_growth_comes_on_top(self, df):
        table = augment_imbalanced(df, "state", ratio=0.2, growth=0.1, **NOISE)
        assert counts(table) == {"ok": 165, "late": 44, "lost": 33}

    def test_classes_may_be_named_by_their_text(self, df):
        numbers = df.assign(state=np.repeat([1, 2, 3], [150, 40, 10]))
        assert counts(augment_imbalanced(numbers, "state", target_counts={"3": 20}, **NOISE))[3] == 20


class TestResult:
    def test_original_rows_first_then_the_new_ones(self, df):
        table = augment_imbalanced(df, "state", **NOISE)
        assert_frame_equal(table[:200], df.reset_index(drop=True))
        assert list(table.columns) == list(df.columns)
        assert table.dtypes.equals(df.dtypes)

    def test_same_seed_same_table(self, df):
        first = augment_imbalanced(df, "state", random_state=3)
        assert_frame_equal(first, augment_imbalanced(df, "state", random_state=3))
        assert not first.equals(augment_imbalanced(df, "state", random_state=4))

    def test_mark_synthetic_adds_a_last_column(self, df):
        marked = augment_imbalanced(df, "state", mark_synthetic=True, **NOISE)
        assert list(marked.columns) == [*df.columns, "_synthetic"]
        assert marked["_synthetic"].dtype == bool
        assert (marked["_synthetic"] == (np.arange(450) >= 200)).all()
        assert_frame_equal(marked.drop(columns="_synthetic"), augment_imbalanced(df, "state", **NOISE))

    def test_report(self, df):
        table, report = augment_imbalanced(
            df, "state", return_report=True, constraints="amount < 100", **NOISE
        )
        assert isinstance(report, AugmentationReport)
        assert report.counts_before == {"late": 40, "lost": 10, "ok": 150}
        assert report.counts_after == {"late": 150, "lost": 150, "ok": 150}
        assert report.n_accepted == len(table) - 200
        assert report.rejected["amount < 100"] == report.n_generated - report.n_accepted > 0

    def test_report_names_the_generators(self, df):
        _, report = augment_imbalanced(df, "state", return_report=True, random_state=0)
        assert report.choices == {
            "generator of class 'late'": "GaussianCopulaGenerator",
            "generator of class 'lost'": "GaussianCopulaGenerator",
        }

    def test_provenance(self, df):
        result = augment(df, "state", "hybrid", test_size=0.25, **NOISE)
        real = ~result.synthetic_mask
        everything = df.reset_index(drop=True)
        assert_frame_equal(
            result.table[real].reset_index(drop=True),
            everything.iloc[result.sample_indices[real]].reset_index(drop=True),
        )
        assert not set(result.sample_indices) & set(result.test_indices)


class TestTestSize:
    def test_holds_back_untouched_rows_of_every_class_first(self, df):
        table, test = augment_imbalanced(df, "state", test_size=0.2, **NOISE)
        result = augment(df, "state", test_size=0.2, **NOISE)
        assert counts(test) == {"ok": 30, "late": 8, "lost": 2}
        assert counts(table) == {"ok": 120, "late": 120, "lost": 120}
        assert_frame_equal(test, df.iloc[result.test_indices].reset_index(drop=True))
        assert (np.diff(result.test_indices) > 0).all()

    def test_nothing_is_learned_from_the_rows_held_back(self, df):
        """Changing them changes nothing in the balanced table."""
        held_back = augment(df, "state", test_size=0.2, random_state=0).test_indices
        changed = df.copy()
        changed.iloc[held_back, 0] = 1e6
        table, _ = augment_imbalanced(df, "state", test_size=0.2, random_state=0)
        other, test = augment_imbalanced(changed, "state", test_size=0.2, random_state=0)
        assert (test["amount"] == 1e6).all()
        assert_frame_equal(table, other)

    def test_number_of_rows_and_report(self, df):
        table, test, report = augment_imbalanced(df, "state", test_size=50, return_report=True, **NOISE)
        assert len(test) == 50
        assert sum(report.counts_before.values()) == 150
        assert sum(report.counts_after.values()) == len(table)

    @pytest.mark.parametrize("test_size", [0.001, 1.5, 199, 5000])
    def test_impossible_split(self, df, test_size):
        with pytest.raises(DataError, match=f"test_size={test_size}"):
            augment_imbalanced(df, "state", test_size=test_size, **NOISE)

    def test_split_that_leaves_nothing_of_a_class(self):
        df = pd.DataFrame({"a": np.arange(42.0), "state": ["x"] * 20 + ["y"] * 20 + ["z"] * 2})
        with pytest.raises(DataError, match="test_size=0.9"):
            augment_imbalanced(df, "state", test_size=0.9, **NOISE)


class TestMethods:
    @pytest.mark.parametrize("method", ["auto", "tree", "gaussian_copula", "noise", "random"])
    def test_names(self, df, method):
        table = augment_imbalanced(df, "state", method=method, random_state=0)
        assert counts(table) == {"ok": 150, "late": 150, "lost": 150}
        new = table[200:]
        assert new["amount"].between(df["amount"].min(), df["amount"].max()).all()
        if method == "random":
            assert new.merge(df.drop_duplicates(), how="left", indicator=True)["_merge"].eq("both").all()

    @pytest.mark.parametrize(
        "method",
        [NoiseSampler(), RandomOverSampler(), GaussianCopulaGenerator(), KernelDensity()],
        ids=lambda method: type(method).__name__,
    )
    def test_instances(self, df, method):
        before = method.get_params()
        table = augment_imbalanced(df, "state", method=method, discrete_columns=["code"], random_state=0)
        assert counts(table) == {"ok": 150, "late": 150, "lost": 150}
        assert method.get_params() == before, "the instance is the caller's"

    def test_sampler_of_others_sees_discrete_columns(self, df):
        df = df.dropna().reset_index(drop=True)
        table = augment_imbalanced(
            df,
            "state",
            method=SMOTENC(["region"], k_neighbors=2),
            discrete_columns=["region", "code"],
            random_state=0,
        )
        assert set(table["code"]) <= {10, 20, 30}

    def test_parameters_of_a_named_method(self, df):
        table = augment_imbalanced(
            df, "state", method_params={"noise_scale": 0, "flip_probability": 0}, **NOISE
        )
        assert table[200:].merge(df.drop_duplicates(), how="left", indicator=True)["_merge"].eq("both").all()

    def test_unknown_parameter_of_a_method(self, df):
        with pytest.raises(DataError, match="method_params={'noise': 1}: Invalid parameter 'noise'"):
            augment_imbalanced(df, "state", method_params={"noise": 1}, **NOISE)

    def test_parameters_beside_an_instance(self, df):
        with pytest.raises(DataError, match="method_params beside the NoiseSampler instance"):
            augment_imbalanced(df, "state", method=NoiseSampler(), method_params={"noise_scale": 1})


class TestColumns:
    @pytest.mark.parametrize("method", ["noise", "gaussian_copula", "auto"])
    def test_discrete_columns_add_to_those_found(self, df, method):
        df = df.assign(code=df["code"] * 7919)
        table = augment_imbalanced(df, "state", method=method, discrete_columns=["code"], random_state=0)
        assert set(table["code"]) == set(df["code"])
        assert set(table["region"].dropna()) == {"north", "south"}

    def test_target_among_the_discrete_columns_is_no_error(self, df):
        table = augment_imbalanced(df, "state", discrete_columns=["code", "state"], **NOISE)
        assert set(table["code"]) == {10, 20, 30}

    def test_constraints_hold_in_new_rows_only(self, df):
        table = augment_imbalanced(
            df, "state", constraints=["amount <= 80", Constraint.not_null("region")], **NOISE
        )
        assert (table["amount"][200:] <= 80).all()
        assert table["region"][200:].notna().all()
        assert (table["amount"][:200] > 80).any()
        assert counts(table) == {"ok": 150, "late": 150, "lost": 150}

    @pytest.mark.parametrize("method", ["noise", "auto"])
    def test_polars(self, df, method):
        frame = as_polars(df).with_columns(
            pl.col("n_items").cast(pl.Int8), pl.col("state").cast(pl.Categorical)
        )
        table, test = augment_imbalanced(
            frame, "state", method=method, test_size=0.2, mark_synthetic=True, random_state=0
        )
        assert isinstance(table, pl.DataFrame)
        assert table.schema == {**frame.schema, "_synthetic": pl.Boolean}
        assert test.schema == frame.schema
        indices = augment(frame, "state", method=method, test_size=0.2, random_state=0).sample_indices
        polars.testing.assert_frame_equal(
            table.filter(~pl.col("_synthetic")).drop("_synthetic"), frame[indices[:160].tolist()]
        )
        assert counts(table) == {"ok": 120, "late": 120, "lost": 120}

    def test_boolean_target(self, df):
        table = augment_imbalanced(df.assign(state=df["state"] == "lost"), "state", **NOISE)
        assert table["state"].dtype == bool
        assert counts(table) == {True: 190, False: 190}


class TestBadInput:
    """Each gets one sentence: what came, what was expected, what to do."""

    def fails(self, match, df, target="state", *args, error=DataError, **params):
        with pytest.raises(error, match=match) as caught:
            augment_imbalanced(df, target, *args, **{**NOISE, **params})
        assert "\n" not in str(caught.value)
        assert len(str(caught.value)) > 40

    def test_no_frame(self, df):
        self.fails("Got ndarray; expected a dataframe", df.to_numpy())

    def test_missing_target(self, df):
        self.fails(r"target column 'sate'; expected one of 'amount'.* Did you mean 'state'\?", df, "sate")

    def test_wrong_delimiter(self):
        table = pd.DataFrame({"a;b;state": ["1;2;ok"]})
        self.fails("expected 'a;b;state'. There is only one column: is the delimiter", table)

    def test_target_alone(self, df):
        self.fails("only column is the target 'state'", df[["state"]])

    def test_empty_table(self, df):
        self.fails(r"empty table: no rows below the columns \['amount'", df[:0])

    def test_constant_target(self, df):
        self.fails(r"one class only \('ok'\) in the target column 'state'", df[df["state"] == "ok"])

    def test_missing_labels(self, df):
        self.fails(
            "Column 'state' cannot be the target.* 1 missing labels",
            df.assign(state=df["state"].where(df.index != 505)),
        )

    def test_measured_quantity_as_target(self, df):
        self.fails("target column 'amount' with values that are no classes.* Cut", df, "amount")

    def test_identifier_as_target(self, df):
        self.fails(
            "200 different values in 200 rows of the target column 'id'", df.assign(id=np.arange(200)), "id"
        )

    def test_nothing_to_do(self, df):
        self.fails(r"change nothing: the classes have .*'ok': 150", df, ratio=0.01)
        self.fails("change nothing", df, target_counts={"ok": 150})
        self.fails("change nothing", df, "state", "undersample", ratio=0.05)

    @pytest.mark.parametrize("ratio", [0, 1.5, -1, "half"])
    def test_ratio_that_is_none(self, df, ratio):
        self.fails(r"expected a number in \(0, 1\]", df, ratio=ratio)

    def test_contradictions(self, df):
        self.fails("both ratio=0.5 and sampling_ratio=0.6", df, ratio=0.5, sampling_ratio=0.6)
        self.fails("both ratio=0.5 and target_counts", df, ratio=0.5, target_counts={"ok": 1})
        self.fails("majority_count=5, which belongs to strategy='hybrid'", df, majority_count=5)

    @pytest.mark.parametrize("target_counts", [{"gone": 5}, {"ok": -1}, {"ok": 2.5}, {"ok": "many"}])
    def test_counts_that_are_none(self, df, target_counts):
        self.fails(
            r"target_counts=.* some of the classes \['late', 'lost', 'ok'\]", df, target_counts=target_counts
        )

    @pytest.mark.parametrize("growth", [-0.5, "much"])
    def test_growth_that_is_none(self, df, growth):
        self.fails(f"growth={growth!r}", df, growth=growth)

    def test_unknown_strategy_and_method(self, df):
        self.fails("strategy='oversampel'.* Did you mean 'oversample'?", df, "state", "oversampel")
        self.fails("method='nois'.* Did you mean 'noise'?", df, method="nois")
        self.fails("generator=42; expected an object", df, method=42)

    def test_unknown_discrete_column(self, df):
        self.fails(
            "'colour' as a categorical column, but the table has no such column",
            df,
            discrete_columns=["colour"],
        )

    def test_unknown_column_in_a_constraint(self, df):
        self.fails("ammount", df, constraints="ammount > 0", error=ConstraintError)

    def test_impossible_constraint(self, df):
        self.fails(
            r"Got 0 of the 110 rows asked for class 'late'.* Turned down: amount > 1e9: 100\.00%",
            df,
            constraints="amount > 1e9",
            error=TargetNotReachedError,
        )

    def test_infinite_values(self, df):
        self.fails("Column 'amount' holds infinite values", df.assign(amount=np.inf))

    def test_mixed_types(self, df):
        self.fails("Column 'amount' mixes values of the types", df.assign(amount=["one", 2] * 100))

    def test_duplicate_columns(self, df):
        self.fails("'amount'.*more than once", pd.concat([df, df[["amount"]]], axis=1))
        self.fails("'state'.*more than once", pd.concat([df, df[["state"]]], axis=1))

    def test_marker_that_is_there_already(self, df):
        self.fails("has a column '_synthetic' already", df.assign(_synthetic=0), mark_synthetic=True)

    def test_single_row_of_a_class_warns(self, df):
        with pytest.warns(SmallClassWarning, match="'lost' has 1 row"):
            table = augment_imbalanced(df[:-9], "state", **NOISE)
        assert counts(table)["lost"] == 150


class TestGenerate:
    @pytest.mark.parametrize(
        "method", ["auto", "tree", "gaussian_copula", GaussianCopulaGenerator(), KernelDensity()]
    )
    def test_rows_of_the_same_kind(self, df, method):
        rows = generate(df, 37, method=method, random_state=0)
        assert rows.shape == (37, 5)
        assert rows.dtypes.equals(df.dtypes)
        assert list(rows.columns) == list(df.columns)
        assert set(rows["state"]) <= set(df["state"])
        assert_frame_equal(rows, generate(df, 37, method=method, random_state=0))
        assert not rows.equals(generate(df, 37, method=method, random_state=1))

    def test_shares_of_categories(self, df):
        rows = generate(df, 4000, random_state=0)
        share = (rows["state"] == "ok").mean()
        assert abs(share - 0.75) < 4 * np.sqrt(0.75 * 0.25 / 4000) + 0.01

    def test_polars(self, df):
        frame = as_polars(df)
        rows = generate(frame, 20, random_state=0)
        assert isinstance(rows, pl.DataFrame)
        assert rows.schema == frame.schema

    def test_conditions(self, df):
        rows = generate(df, 50, conditions={"state": "lost", "amount": (10, 60)}, random_state=0)
        assert set(rows["state"]) == {"lost"}
        assert rows["amount"].between(10, 60).all()

    @pytest.mark.parametrize("method", ["auto", GaussianCopulaGenerator()])
    def test_discrete_columns(self, df, method):
        rows = generate(
            df.assign(code=df["code"] * 7919), 300, method=method, discrete_columns=["code"], random_state=0
        )
        assert set(rows["code"]) <= {79190, 158380, 237570}

    def test_instance_is_the_callers(self, df):
        method = GaussianCopulaGenerator()
        generate(df, 5, method=method, random_state=0)
        assert method.random_state is None
        assert not hasattr(method, "encoder_")

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ({"n_rows": -1}, "n=-1"),
            ({"n_rows": 5, "method": "tre"}, "Did you mean 'tree'"),
            ({"n_rows": 5, "method": 42}, "generator=42"),
            ({"n_rows": 5, "conditions": {"colour": 1}}, "'colour', which is no column"),
            ({"n_rows": 5, "discrete_columns": ["colour"]}, "'colour' as a categorical column"),
            ({"n_rows": 5, "method_params": {"zz": 1}}, "Invalid parameter 'zz'"),
        ],
    )
    def test_bad_arguments(self, df, arguments, message):
        with pytest.raises(DataError, match=message):
            generate(df, **arguments)

    def test_bad_tables(self, df):
        with pytest.raises(DataError, match="expected a dataframe"):
            generate(df.to_numpy(), 5)
        with pytest.raises(DataError, match="without rows"):
            generate(df[:0], 5)


class TestConditionalGenerator:
    def test_one_fit_and_several_draws(self, df):
        generator = ConditionalGenerator("gaussian_copula", random_state=0).fit(df)
        first = generator.generate(30, {"state": ["lost", "late"], "amount": (10, None)})
        assert set(first["state"]) <= {"lost", "late"}
        assert (first["amount"] >= 10).all()
        assert generator.acceptance_rate_ == 1
        assert not generator.generate(30).equals(generator.generate(30))
        assert_frame_equal(generator.generate(30, random_state=7), generator.generate(30, random_state=7))

    def test_the_first_draw_is_that_of_generate(self, df):
        rows = ConditionalGenerator("tree", random_state=3).fit(df).generate(20, {"state": "lost"})
        assert_frame_equal(
            rows, generate(df, 20, method="tree", conditions={"state": "lost"}, random_state=3)
        )

    def test_acceptance_of_what_is_met_by_rejection(self, df):
        generator = ConditionalGenerator("tree", random_state=0).fit(df)
        generator.generate(50, {"state": "ok", "amount": (df["amount"].median(), None)})
        # Three quarters of the rows are ok, half of them have such an amount.
        assert 0.1 < generator.acceptance_rate_ < 0.9

    def test_unreachable(self, df):
        generator = ConditionalGenerator("tree", random_state=0).fit(df)
        with pytest.raises(
            TargetNotReachedError, match="Got 0 of 5 rows that meet the conditions .* Ask for at most 0"
        ):
            generator.generate(5, {"amount": (10**9, None)})

    def test_polars(self, df):
        frame = as_polars(df)
        rows = ConditionalGenerator(random_state=0).fit(frame).generate(20, {"state": "lost"})
        assert isinstance(rows, pl.DataFrame)
        assert rows.schema == frame.schema

    def test_one_discrete_column_by_its_name(self, df):
        df = df.assign(code=df["code"] * 7919)
        rows = ConditionalGenerator("gaussian_copula", random_state=0).fit(df, "code").generate(100)
        assert set(rows["code"]) <= {79190, 158380, 237570}
        _, report = augment_imbalanced(df, "state", discrete_columns="code", return_report=True, **NOISE)
        assert report.metrics.categorical_features == ["code"]

    def test_bad_use(self, df):
        with pytest.raises(DataError, match="expected fit"):
            ConditionalGenerator().generate(3)
        with pytest.raises(DataError, match="expected a dataframe"):
            ConditionalGenerator().fit(df.to_numpy())
        with pytest.raises(DataError, match="Did you mean 'tree'"):
            ConditionalGenerator("tre").fit(df)
