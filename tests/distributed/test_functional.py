"""The functional layer on Dask DataFrames, against the same calls in memory."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from genesis_sampling import DataError, augment_imbalanced, quality_report
from genesis_sampling.functional import augment

dask = pytest.importorskip("dask")
dd = pytest.importorskip("dask.dataframe")

from genesis_sampling.distributed import resampling, sampling  # noqa: E402

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
