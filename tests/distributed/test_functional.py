"""The functional layer on Dask DataFrames, against the same calls in memory."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from genesis_sampling import AutoSampler, Constraint, DataError, augment_imbalanced, quality_report
from genesis_sampling.functional import augment
from genesis_sampling.functional._counts import final_counts

dask = pytest.importorskip("dask")
dd = pytest.importorskip("dask.dataframe")

from genesis_sampling.distributed import resampling, sampling  # noqa: E402
from genesis_sampling.distributed._partitions import PartitionedTable  # noqa: E402
from genesis_sampling.functional import _dask  # noqa: E402

TARGET = "class"


@pytest.fixture
def ddf(table):
    return dd.from_pandas(table, npartitions=3, sort=False)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"strategy": "hybrid", "ratio": 0.5, "majority_count": "keep"},
        {"target_counts": {"few": 100}, "method": "smote"},
        {"growth": 0.2, "method": "tree", "constraints": "count >= 1"},
        {"method": "noise", "discrete_columns": ["count"], "mark_synthetic": True},
        {"method": "random", "sampling_ratio": 0.3},
    ],
    ids=str,
)
def test_same_rows_as_in_memory(table, ddf, options):
    options = {"method": "noise", "random_state": 3} | options
    found, report = augment_imbalanced(ddf, TARGET, return_report=True, **options)
    expected, expected_report = augment_imbalanced(table, TARGET, return_report=True, **options)
    assert isinstance(found, dd.DataFrame)
    assert_frame_equal(found.compute(), expected.reset_index(drop=True))
    assert report.counts_after == expected_report.counts_after


def test_real_rows_are_removed(ddf):
    found = augment_imbalanced(ddf, TARGET, "undersample", random_state=0)
    assert found[TARGET].value_counts().compute().to_dict() == {"big": 30, "mid": 30, "few": 30}


def test_quality_threshold(ddf):
    found, report = augment_imbalanced(
        ddf, TARGET, method="noise", quality_threshold=0.1, return_report=True, random_state=0
    )
    assert report.sampler == "QualityFilter"
    assert len(found) == 1800


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"test_size": 0.2}, "test_size=0.2 with a Dask DataFrame; expected none. Split it first"),
        ({"strategy": "up"}, "Got strategy='up'"),
        ({"ratio": 0.01}, "would change nothing"),
        ({"ratio": 0.5, "sampling_ratio": 0.5}, "they are the same"),
        ({"strategy": "undersample", "method": "noise"}, "Got method, but no class grows"),
        ({"target_column": "clas"}, "Did you mean 'class'"),
        ({"constraints": "unique(x)"}, "unique|uniqueness"),
    ],
)
def test_bad_requests(ddf, options, match):
    with pytest.raises((DataError, ValueError), match=match) as caught:
        augment_imbalanced(ddf, **{"target_column": TARGET} | options)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"method": "nois"}, "Did you mean .noise."),
        ({"method": AutoSampler()}, "Got AutoSampler, which chooses by cross-validation"),
        ({"method": "noise", "method_params": {"noise_scale": -1.0}}, "The .noise_scale. parameter"),
        ({"method": "noise", "method_params": {"scale": 1.0}}, "Invalid parameter .scale."),
        ({"method": "tree", "method_params": {"depth": 3}}, "Invalid parameter .depth."),
        ({"ratio": 5}, r"Got ratio=5; expected a number in \(0, 1\]"),
        ({"ratio": 0.5, "target_counts": {"few": 50}}, "Got both ratio"),
        ({"growth": -1}, "Got growth=-1; expected a share"),
        ({"majority_count": 90}, "belongs to strategy=.hybrid."),
        ({"strategy": "undersample", "method": "noise"}, "Got method, but no class grows"),
        ({"constraints": Constraint.unique("x")}, "expected none about uniqueness"),
        ({"discrete_columns": ["coun"]}, "Got .coun. as a categorical column"),
        ({"quality_threshold": 2.0}, "The .threshold. parameter"),
    ],
)
def test_requests_are_checked_before_the_table_is_looked_at(table, options, match):
    def looked_at(part):
        raise AssertionError("not yet")

    ddf = dd.from_pandas(table, npartitions=2).map_partitions(looked_at, meta=table.iloc[:0])
    with pytest.raises((DataError, ValueError), match=match) as caught:
        augment_imbalanced(ddf, TARGET, **options)
    assert "\n" not in str(caught.value)


def test_a_billion_rows(table, monkeypatch):
    """A table that no memory holds may have any number of rows; in memory as many are a slip of the finger."""
    counts = {"big": 990_000_000, "few": 10_000_000}
    learned = table[table[TARGET] != "mid"].reset_index(drop=True)

    class Large(PartitionedTable):
        def sample(self, n_rows, streams):
            return learned

    large = Large(
        [dask.delayed(table)], table.iloc[:0], TARGET, list(counts), np.array([list(counts.values())])
    )
    monkeypatch.setattr(_dask, "survey", lambda ddf, target_column: large)
    ddf = dd.from_pandas(table, npartitions=1)
    options = {"method": "noise", "ratio": 0.3, "random_state": 0}
    new, report = augment_imbalanced(ddf, TARGET, return_report=True, **options)
    assert report.counts_after == {"big": 990_000_000, "few": 297_000_000}
    assert new.npartitions == 1 + -(-287_000_000 // 65_536)
    with pytest.raises(DataError, match="1,287,000,000 rows in all; expected at most 1,000,000,000"):
        final_counts(counts, "oversample", 0.3, None, None, 0.0)


def test_marked_already(ddf):
    with pytest.raises(DataError, match="has a column '_synthetic' already"):
        augment_imbalanced(ddf.assign(_synthetic=True), TARGET, mark_synthetic=True)


def test_one_class(table):
    with pytest.raises(DataError, match="one class only"):
        augment_imbalanced(dd.from_pandas(table.assign(**{TARGET: "big"}), npartitions=2), TARGET)


def test_provenance_is_for_tables_in_memory(ddf):
    with pytest.raises(DataError, match="expected a dataframe of pandas or polars"):
        augment(ddf, TARGET)


class TestFigures:
    def test_of_what_was_made(self, numbers):
        """Those of all rows where there are few, and near them where rows are drawn."""
        ddf = dd.from_pandas(numbers, npartitions=3)
        _, report = augment_imbalanced(ddf, TARGET, method="noise", return_report=True, random_state=0)
        _, expected = augment_imbalanced(numbers, TARGET, method="noise", return_report=True, random_state=0)
        assert report.quality_score == pytest.approx(expected.quality_score)

    def test_size_of_the_sample_is_stated(self, numbers, monkeypatch):
        monkeypatch.setattr(resampling, "FIGURE_ROWS", 500)
        ddf = dd.from_pandas(numbers, npartitions=3)
        new, report = augment_imbalanced(ddf, TARGET, method="noise", return_report=True, random_state=0)
        assert report.choices["rows of class 1 that figures compare"] == (
            "500 of 2,000 new ones, 500 of 2,000 real ones"
        )
        real, made = report.metrics.all_real, report.metrics.all_synthetic
        assert (len(made), (real[TARGET] == 1).sum()) == (500, 500)
        rows = new.compute()
        assert set(made["a"]) <= set(rows["a"].iloc[6000:])
        assert set(real["a"]) <= set(numbers["a"])
        again = augment_imbalanced(ddf, TARGET, method="noise", return_report=True, random_state=0)[1]
        assert_frame_equal(again.metrics.all_synthetic, made)
        assert 0.8 < report.quality_score <= 1

    def test_many_classes_share(self, table, monkeypatch):
        """Rare ones are looked at whole."""
        for module in (resampling, sampling):
            monkeypatch.setattr(module, "FIGURE_ROWS", 100)
            monkeypatch.setattr(module, "FIGURE_ROWS_IN_ALL", 120)
        ddf = dd.from_pandas(table, npartitions=3)
        _, report = augment_imbalanced(ddf, TARGET, method="noise", return_report=True, random_state=0)
        assert [
            report.choices[f"rows of class {label!r} that figures compare"] for label in ("few", "mid")
        ] == [
            "60 of 570 new ones, 30 of 30 real ones",
            "60 of 530 new ones, 45 of 70 real ones",
        ]
        real, made = report.metrics.all_real, report.metrics.all_synthetic
        assert real[TARGET].value_counts().to_dict() == {"big": 45, "mid": 45, "few": 30}
        assert made[TARGET].value_counts().to_dict() == {"mid": 60, "few": 60}
        drawn = quality_report(ddf, table, TARGET).metrics.all_real
        assert drawn[TARGET].value_counts().to_dict() == {"big": 45, "mid": 45, "few": 30}

    def test_an_empty_partition_without_columns(self, numbers):
        marked = numbers.assign(_synthetic=np.arange(len(numbers)) >= 5000)
        pieces = [pd.DataFrame(), marked]
        ddf = dd.from_map(lambda piece: piece, pieces, meta=marked.iloc[:0])
        for target in (TARGET, None):
            assert len(quality_report(numbers, ddf, target).metrics.all_synthetic) == 1000

    def test_report_of_two_tables(self, numbers):
        real, synthetic = numbers.iloc[:3000], numbers.iloc[3000:].reset_index(drop=True)
        expected = quality_report(real, synthetic, TARGET)
        found = quality_report(
            dd.from_pandas(real, npartitions=3), dd.from_pandas(synthetic, npartitions=2), TARGET
        )
        assert found.quality_score == pytest.approx(expected.quality_score)
        assert found.warnings == [
            "Of 3,000 real rows 3,000 were looked at, drawn with the seed 0.",
            "Of 3,000 synthetic rows 3,000 were looked at, drawn with the seed 0.",
        ]

    def test_only_the_synthetic_table_is_cut_to_its_marked_rows(self, numbers):
        marked = numbers.assign(_synthetic=np.arange(len(numbers)) >= 5000)
        ddf = dd.from_pandas(marked, npartitions=3)
        report = quality_report(ddf, ddf, TARGET)
        assert (len(report.metrics.all_real), len(report.metrics.all_synthetic)) == (6000, 1000)

    @pytest.mark.parametrize("target", [TARGET, None])
    def test_report_draws_from_a_large_table(self, numbers, monkeypatch, target):
        monkeypatch.setattr(sampling, "FIGURE_ROWS", 200)
        marked = pd.concat([numbers.assign(_synthetic=False), numbers.iloc[:500].assign(_synthetic=True)])
        report = quality_report(numbers, dd.from_pandas(marked, npartitions=4, sort=False), target)
        n_rows = len(report.metrics.all_synthetic)
        assert report.warnings == [f"Of 500 synthetic rows {n_rows} were looked at, drawn with the seed 0."]
        assert n_rows == 200 if target is None else 200 < n_rows < 400
        assert len(report.metrics.all_real) == 6000
