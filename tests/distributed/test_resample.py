"""What resampling on Dask gives, against the same sampler in memory."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from imblearn.over_sampling import RandomOverSampler
from pandas.testing import assert_frame_equal, assert_series_equal
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression

from genesis_sampling import (
    Constraint,
    ConstraintFilter,
    DistillationSampler,
    DiversityFilter,
    GenerativeOverSampler,
    HardExampleSampler,
    HybridSampler,
    InterpolationSampler,
    MixupSampler,
    NoiseSampler,
    QualityFilter,
    SmallClassWarning,
    TargetNotReachedError,
)

dask = pytest.importorskip("dask")
dd = pytest.importorskip("dask.dataframe")

from genesis_sampling.distributed import resample, resampling, write_folder  # noqa: E402

TARGET = "class"
# Dask closes sockets of its own when the collector comes by.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
SAMPLERS = {
    "noise": NoiseSampler(random_state=0),
    "smote": InterpolationSampler(random_state=0),
    "borderline": InterpolationSampler("borderline-2", random_state=0),
    "mixup": MixupSampler(random_state=0),
    "tree": GenerativeOverSampler("tree", random_state=0),
    "copula": GenerativeOverSampler("gaussian_copula", constraints="count >= 1", random_state=0),
    "of all classes": GenerativeOverSampler("tree", train_on="all", random_state=0),
    "scored": QualityFilter(NoiseSampler(), scorer="density", random_state=0),
    "varied": DiversityFilter(NoiseSampler(), min_distance=0.01, random_state=0),
    "constrained": ConstraintFilter("count >= 1", NoiseSampler(), random_state=0),
    "repaired": ConstraintFilter(
        Constraint.range("count", 3), NoiseSampler(), on_violation="repair", random_state=0
    ),
    "of others": ConstraintFilter(sampler=RandomOverSampler(), random_state=0),
    "mixed": HybridSampler(
        [NoiseSampler(), InterpolationSampler()], shares=[0.4, 0.6], majority_count="keep", random_state=0
    ),
    "one after the other": HybridSampler(
        [NoiseSampler(0.2), MixupSampler()], sampling_strategy=0.5, majority_count="keep", random_state=0
    ),
}


@pytest.fixture(params=SAMPLERS.values(), ids=SAMPLERS.keys())
def sampler(request):
    return clone(request.param)


def in_memory(sampler, frame):
    X, y = clone(sampler).fit_resample(frame.drop(columns=TARGET), frame[TARGET])
    return X.assign(**{TARGET: y})[frame.columns]


def parts_of(frame, *ends):
    """A Dask DataFrame of the rows up to each end, with unknown divisions."""
    pieces = [frame.iloc[start:end] for start, end in zip((0, *ends), (*ends, len(frame)))]
    return dd.from_map(lambda piece: piece, pieces, meta=frame.iloc[:0])


class TestEqualToMemory:
    @pytest.mark.parametrize("npartitions", [1, 7])
    def test_same_rows_for_any_partitions(self, sampler, table, npartitions):
        ddf = dd.from_pandas(table, npartitions=npartitions, sort=False)
        assert_frame_equal(resample(sampler, ddf, TARGET).compute(), in_memory(sampler, table))

    def test_blocks_are_the_same_for_any_partitions(self, sampler, table, small_blocks):
        one = resample(sampler, dd.from_pandas(table, npartitions=1, sort=False), TARGET).compute()
        many = resample(sampler, dd.from_pandas(table, npartitions=5, sort=False), TARGET, npartitions=3)
        assert_frame_equal(many.compute(), one)
        assert_series_equal(one[TARGET].value_counts(), in_memory(sampler, table)[TARGET].value_counts())
        made = one.iloc[700:].query(f"`{TARGET}` == 'few'").reset_index(drop=True)
        assert not made.iloc[:60].equals(made.iloc[60:120].reset_index(drop=True))


@pytest.mark.usefixtures("scheduler")
class TestCounts:
    @pytest.mark.parametrize(
        ("options", "expected"),
        [
            ({}, {"big": 600, "few": 600, "mid": 600}),
            ({"sampling_strategy": 0.25}, {"big": 600, "few": 150, "mid": 150}),
            ({"sampling_strategy": {"few": 177}}, {"big": 600, "few": 177, "mid": 70}),
            ({"sampling_strategy": "minority", "growth": 0.1}, {"big": 660, "few": 660, "mid": 77}),
            ({"sampling_strategy": {"few": 3}}, {"big": 600, "few": 30, "mid": 70}),
        ],
    )
    @pytest.mark.parametrize("fit_rows", [20, 1000])
    def test_are_met_whatever_is_learned_from(self, table, small_blocks, options, expected, fit_rows):
        ddf = dd.from_pandas(table, npartitions=4, sort=False)
        sampler = NoiseSampler(random_state=0, **options)
        new, report = resample(sampler, ddf, TARGET, fit_rows=fit_rows, return_report=True)
        assert new[TARGET].compute().value_counts().to_dict() == expected
        assert report.counts_after == expected
        assert report.counts_before == {"big": 600, "few": 30, "mid": 70}
        assert report.n_accepted == sum(expected.values()) - 700

    def test_originals_come_first_unchanged(self, table):
        new = resample(NoiseSampler(random_state=0), dd.from_pandas(table, npartitions=4, sort=False), TARGET)
        assert_frame_equal(new.partitions[:4].compute(), table.reset_index(drop=True))

    def test_index_and_divisions(self, table, small_blocks):
        new = resample(
            NoiseSampler(random_state=0),
            dd.from_pandas(table, npartitions=4, sort=False),
            TARGET,
            npartitions=6,
        )
        assert new.npartitions == 10
        assert new.known_divisions
        assert new.compute().index.equals(pd.RangeIndex(1800))
        assert new.loc[699:701].compute().index.tolist() == [699, 700, 701]
        assert new.partitions[[7]].compute().index[0] == new.divisions[7]

    def test_computed_twice_without_a_seed(self, table):
        new = resample(NoiseSampler(), dd.from_pandas(table, npartitions=2), TARGET)
        assert_frame_equal(new.compute(), new.compute())

    def test_input_is_left_alone(self, table):
        ddf, sampler = dd.from_pandas(table, npartitions=2, sort=False), NoiseSampler(random_state=0)
        resample(sampler, ddf, TARGET).compute()
        assert_frame_equal(ddf.compute(), table)
        assert not hasattr(sampler, "n_features_in_")


@pytest.mark.usefixtures("scheduler")
class TestUnderSampling:
    def test_counts_and_rows(self, table):
        sampler = HybridSampler(sampling_strategy={"big": 200, "few": 90}, random_state=0)
        ddf = dd.from_pandas(table, npartitions=5, sort=False)
        new, report = resample(sampler, ddf, TARGET, return_report=True)
        rows = new.compute()
        assert rows[TARGET].value_counts().to_dict() == {"big": 200, "few": 90, "mid": 70}
        assert report.n_removed == 400
        kept = new.partitions[:5].compute()
        assert len(kept) == 300
        # In order, each once: every kept row of the class has a place in the table after the one before it.
        places = table.reset_index(drop=True).reset_index().set_index("x")["index"].loc[kept["x"]]
        assert places.is_monotonic_increasing
        assert places.is_unique
        assert (kept[TARGET].isin(["few", "mid"])).sum() == 100

    def test_all_rows_of_a_class_may_go(self, table):
        sampler = HybridSampler(sampling_strategy={"big": 0}, random_state=0)
        new = resample(sampler, dd.from_pandas(table, npartitions=3, sort=False), TARGET).compute()
        assert new[TARGET].value_counts().to_dict() == {"mid": 70, "few": 30}

    def test_inside_a_filter(self, table):
        sampler = ConstraintFilter("count >= 1", HybridSampler(sampling_strategy={"big": 99, "few": 50}))
        new = resample(sampler, dd.from_pandas(table, npartitions=3, sort=False), TARGET).compute()
        assert new[TARGET].value_counts().to_dict() == {"big": 99, "mid": 70, "few": 50}
        assert (new["count"].iloc[-20:] >= 1).all()


@pytest.mark.usefixtures("scheduler")
class TestKindsOfTables:
    def test_unknown_categories(self, table):
        """Partitions that know only their own categories: new rows have those of all."""
        first, second = table.iloc[:350], table.iloc[350:]
        second = second.assign(kind=pd.Categorical(np.where(second["kind"] == "a", "c", "d")))
        meta = table.iloc[:0].assign(kind=pd.Categorical([dd.utils.UNKNOWN_CATEGORIES])[:0])
        ddf = dd.from_map(lambda piece: piece, [first, second], meta=meta)
        new = resample(NoiseSampler(random_state=0), ddf, TARGET)
        assert not new["kind"].cat.known
        made = new.partitions[2].compute()["kind"]
        assert set(made.unique()) == {"a", "b", "c", "d"}

    def test_categorical_target(self, table):
        table[TARGET] = pd.Categorical(table[TARGET], ["mid", "few", "big"], ordered=True)
        ddf = dd.from_pandas(table, npartitions=3, sort=False)
        assert_frame_equal(
            resample(NoiseSampler(random_state=0), ddf, TARGET).compute(),
            in_memory(NoiseSampler(random_state=0), table),
        )

    def test_empty_partitions(self, table):
        ddf = parts_of(table, 0, 350, 350, 700)
        new = resample(NoiseSampler(random_state=0), ddf, TARGET)
        assert not new.known_divisions
        assert_frame_equal(new.compute(), in_memory(NoiseSampler(random_state=0), table))

    @pytest.mark.parametrize("dtype", ["object", "float64"])
    def test_dtypes_of_empty_partitions_do_not_matter(self, table, dtype):
        empty = table.iloc[:0].astype(dict.fromkeys(["count", "x"], dtype))
        ddf = dd.from_map(lambda piece: piece, [empty, table], meta=table.iloc[:0])
        new = resample(NoiseSampler(random_state=0), ddf, TARGET)
        assert_frame_equal(new.compute(), in_memory(NoiseSampler(random_state=0), table))
        assert_frame_equal(new.partitions[0].compute(), table.iloc[:0].reset_index(drop=True))

    def test_an_empty_partition_without_columns(self, table, tmp_path):
        """And with unknown categories, of which none is made up for it."""
        pa = pytest.importorskip("pyarrow")
        meta = table.iloc[:0].assign(kind=pd.Categorical([dd.utils.UNKNOWN_CATEGORIES])[:0])
        ddf = dd.from_map(lambda piece: piece, [pd.DataFrame(), table], meta=meta)
        new = resample(NoiseSampler(random_state=0), ddf, TARGET)
        empty = new.partitions[0].compute()
        assert list(empty.columns) == list(table.columns)
        assert empty["kind"].cat.categories.tolist() == []
        assert_frame_equal(new.compute(), in_memory(NoiseSampler(random_state=0), table))
        schema = pa.Schema.from_pandas(table, preserve_index=False)
        assert write_folder(new, tmp_path / "out", schema=schema) == [0, 700, 1100]

    def test_class_in_one_partition_only(self, table):
        table = table.sort_values(TARGET, kind="stable")
        ddf = parts_of(table, 600, 630)
        for fit_rows in (10, 1000):
            new = resample(NoiseSampler(random_state=0), ddf, TARGET, fit_rows=fit_rows)
            assert set(new[TARGET].compute().value_counts()) == {600}

    @pytest.mark.filterwarnings("ignore:The inplace keyword")  # of Dask itself, with pandas 3.1
    def test_parquet(self, table, tmp_path):
        """Small files are merged by the optimizer, which must not happen between two passes."""
        pytest.importorskip("pyarrow")
        for start in range(0, 700, 100):
            table.iloc[start : start + 100].to_parquet(tmp_path / f"{start}.parquet", index=False)
        with dask.config.set({"dataframe.convert-string": True}):
            ddf = dd.read_parquet(tmp_path)
            new = resample(HybridSampler(random_state=0), ddf, TARGET)
            assert_series_equal(new.compute().dtypes, ddf.compute().dtypes)
            assert new["x"].compute().notna().all()
        new.to_parquet(tmp_path / "out", write_index=False)
        again = dd.read_parquet(tmp_path / "out")[TARGET].compute()
        assert again.value_counts().to_dict() == new[TARGET].compute().value_counts().to_dict()


class TestSample:
    def test_distribution_is_that_of_the_class(self, numbers):
        """Means of rows from a sample of 500 lie within five standard errors of those from all rows."""
        sampler = NoiseSampler(random_state=0)
        ddf = dd.from_pandas(numbers, npartitions=6)
        made = resample(sampler, ddf, TARGET, fit_rows=500).compute().iloc[6000:]
        from_all = in_memory(sampler, numbers).iloc[6000:]
        assert len(made) == len(from_all) == 2000
        for name in ("a", "b"):
            error = from_all[name].std() * np.sqrt(1 / 500 + 1 / 2000 + 1 / 2000)
            assert abs(made[name].mean() - from_all[name].mean()) < 5 * error
            assert abs(np.log(made[name].std() / from_all[name].std())) < 5 * np.sqrt(1 / 2 / 500 * 1.5)

    def test_report_says_what_was_learned_from(self, numbers):
        ddf = dd.from_pandas(numbers, npartitions=6)
        _, report = resample(
            GenerativeOverSampler(random_state=0), ddf, TARGET, fit_rows=2500, return_report=True
        )
        assert report.choices["rows of class 0 learned from"] == "2,500 of 4,000"
        assert report.choices["rows of class 1 learned from"] == "2,000 of 2,000"
        assert report.choices["generator of class 1"] == "TreeGenerator"
        assert 0 < report.seconds < 60

    def test_many_classes_share_what_is_learned_from(self, table, monkeypatch):
        """Rare ones stay whole; a number that is given holds for each class."""
        monkeypatch.setattr(resampling, "FIT_ROWS", 100)
        monkeypatch.setattr(resampling, "FIT_ROWS_IN_ALL", 120)
        ddf = dd.from_pandas(table, npartitions=3)

        def learned_from(fit_rows):
            _, report = resample(NoiseSampler(), ddf, TARGET, fit_rows=fit_rows, return_report=True)
            said = {name: text for name, text in report.choices.items() if name.endswith("learned from")}
            return said, [said[f"rows of class {label!r} learned from"] for label in ("big", "few", "mid")]

        said, rows = learned_from(None)
        assert rows == ["45 of 600", "30 of 30", "45 of 70"]
        assert said["most rows of a class learned from"] == "45, since all classes share 120"
        said, rows = learned_from(99)
        assert rows == ["99 of 600", "30 of 30", "70 of 70"]
        assert len(said) == 3

    def test_figures(self, numbers):
        """Rows of the right distribution score high, those of noise ten times as wide low."""
        ddf = dd.from_pandas(numbers, npartitions=3)
        scores = [
            resample(
                NoiseSampler(noise_scale=scale, clip=None, random_state=0), ddf, TARGET, return_report=True
            )[1].quality_score
            for scale in (0.1, 10.0)
        ]
        assert scores[0] > 0.9 > scores[1]

    def test_rows_do_not_depend_on_a_warm_cache(self, numbers):
        ddf = dd.from_pandas(numbers, npartitions=3)
        first = resample(InterpolationSampler(random_state=3), ddf, TARGET, fit_rows=300).compute()
        second = resample(InterpolationSampler(random_state=3), ddf, TARGET, fit_rows=300).compute()
        assert_frame_equal(first, second)
        other = resample(InterpolationSampler(random_state=4), ddf, TARGET, fit_rows=300).compute()
        assert not other.equals(first)


def test_warnings_of_learning_are_given_and_kept(table):
    table = table[(table[TARGET] != "few") | (table[TARGET] == "few").cumsum().eq(1)]
    with pytest.warns(SmallClassWarning, match="Class 'few' has 1 row"):
        new, report = resample(
            NoiseSampler(random_state=0), dd.from_pandas(table, npartitions=3), TARGET, return_report=True
        )
    assert len(report.warnings) == 1
    assert len(new) == 1800


def test_a_sampler_that_learns_anew_for_each_block(numbers, small_blocks):
    sampler = HardExampleSampler(
        NoiseSampler(noise_scale=0.5), LogisticRegression(), n_folds=3, random_state=0
    )
    frame = numbers.iloc[:200]
    new = resample(sampler, dd.from_pandas(frame, npartitions=2), TARGET, fit_rows=100)
    rows = new.compute()
    assert rows[TARGET].value_counts().nunique() == 1
    assert not rows.duplicated().any()
    assert_frame_equal(rows, new.compute())


def test_labels_of_a_teacher(numbers):
    """Those that it gives to real rows in memory; of a sample the counts are met too, by rows of it."""
    frame, sampler = numbers.iloc[:300], DistillationSampler(random_state=0)
    ddf = dd.from_pandas(frame, npartitions=3)
    assert_frame_equal(resample(sampler, ddf, TARGET).compute(), in_memory(sampler, frame))
    made = resample(sampler, ddf, TARGET, fit_rows=50).compute().iloc[300:]
    assert (made[TARGET].value_counts() == 4 * frame[TARGET].value_counts()).all()
    sources = frame.set_index("a")[TARGET].loc[made["a"]]
    assert sources.index.nunique() <= 100
    assert 0.5 < (sources.to_numpy() == made[TARGET].to_numpy()).mean() < 1


def test_a_class_that_cannot_be_made_is_told_before_anything_is_computed(table):
    sampler = ConstraintFilter("count >= 1000", NoiseSampler(), random_state=0)
    with pytest.raises(TargetNotReachedError, match="count >= 1000"):
        resample(sampler, dd.from_pandas(table, npartitions=2), TARGET)


def test_dask_is_not_imported_by_the_package():
    code = "import sys, genesis_sampling; sys.exit('dask' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
