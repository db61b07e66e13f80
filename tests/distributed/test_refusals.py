"""Bad input is told in one sentence, before anything is made."""

from __future__ import annotations

import importlib
import sys

import numpy as np
import pandas as pd
import pytest
from imblearn.over_sampling import SMOTE
from imblearn.under_sampling import EditedNearestNeighbours, NearMiss, RandomUnderSampler

from genesis_sampling import (
    AutoSampler,
    Constraint,
    ConstraintFilter,
    DataError,
    DistillationSampler,
    FlattenedSampler,
    GenerativeOverSampler,
    HybridSampler,
    MissingExtraError,
    NoiseSampler,
    QualityFilter,
    TimeSeriesSampler,
    TransformSampler,
)

dask = pytest.importorskip("dask")
dd = pytest.importorskip("dask.dataframe")

from genesis_sampling.distributed import _partitions, resample  # noqa: E402

TARGET = "class"


@pytest.fixture
def ddf(table):
    return dd.from_pandas(table, npartitions=3, sort=False)


def refuses(match, sampler, *args, **options):
    with pytest.raises(DataError, match=match) as caught:
        resample(sampler, *args, **options)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("sampler", "match"),
    [
        (NoiseSampler, "Got the class NoiseSampler"),
        (SMOTE(), "Got SMOTE, which is no sampler of this package.*ConstraintFilter"),
        (TimeSeriesSampler(), "Got TimeSeriesSampler, a sampler of images"),
        (ConstraintFilter(sampler=TransformSampler()), "Got TransformSampler, a sampler of images"),
        (ConstraintFilter(sampler=FlattenedSampler()), "Got FlattenedSampler, a sampler of images"),
        (AutoSampler(), "Got AutoSampler, which chooses by cross-validation"),
        (HybridSampler([("auto", AutoSampler())]), "Got AutoSampler, which chooses by cross-validation"),
        (DistillationSampler(sampler=NoiseSampler()), "Got DistillationSampler.*all its new rows at once"),
        (ConstraintFilter("x > 0"), "Got ConstraintFilter without a sampler"),
        (ConstraintFilter("x > 0", NoiseSampler(), on_violation="drop"), "on_violation='drop'"),
        (QualityFilter(ConstraintFilter("x > 0", NoiseSampler(), on_violation="raise")), "'raise'"),
        (HybridSampler(clean=EditedNearestNeighbours()), "clean=EditedNearestNeighbours"),
        (HybridSampler(under=NearMiss()), r"under=NearMiss\(\)\), which cannot work partition by partition"),
        (HybridSampler(under=RandomUnderSampler(replacement=True)), "under=RandomUnderSampler"),
        (NoiseSampler(lambda y: {"few": 99}), "Got NoiseSampler with a callable sampling_strategy"),
        (ConstraintFilter(Constraint.unique("x"), NoiseSampler()), "Got the constraint 'unique: x'"),
        (
            GenerativeOverSampler(constraints=~Constraint.unique("x") | Constraint.positive("x")),
            "expected none about uniqueness",
        ),
        (NoiseSampler({"other": 9}), "classes .'other'., which are not present"),
    ],
)
def test_samplers(ddf, sampler, match):
    refuses(match, sampler, ddf, TARGET)


class TestTables:
    def test_a_table_in_memory(self, table):
        refuses("Got DataFrame; expected a dask.dataframe.DataFrame", NoiseSampler(), table, TARGET)

    def test_no_such_column(self, ddf):
        refuses("Got the target column 'clas'.*Did you mean 'class'", NoiseSampler(), ddf, "clas")

    def test_nothing_but_the_target(self, ddf):
        refuses("whose only column is the target 'class'", NoiseSampler(), ddf[[TARGET]], TARGET)

    def test_missing_target(self, table):
        table.iloc[[400, 410, 690], table.columns.get_loc(TARGET)] = None
        ddf = dd.from_pandas(table, npartitions=7, sort=False)
        refuses(r"Got 3 rows without a value in .* \(first in partition 4\)", NoiseSampler(), ddf, TARGET)

    def test_dtypes_that_differ(self, table):
        pieces = [table.iloc[:300], table.iloc[300:].astype({"count": "float64"})]
        ddf = dd.from_map(lambda piece: piece, pieces, meta=table.iloc[:0])
        found = "partition 1 has float64 instead of int16 in the column 'count'"
        refuses(found, NoiseSampler(), ddf, TARGET)

    def test_categories_that_differ(self, table):
        other = table.iloc[300:].assign(kind=pd.Categorical(["z"] * 400))
        ddf = dd.from_map(lambda piece: piece, [table.iloc[:300], other], meta=table.iloc[:0])
        refuses(
            r"has the categories \['z'\] instead of the categories \['a', 'b'", NoiseSampler(), ddf, TARGET
        )

    def test_columns_that_differ(self, table):
        pieces = [table.iloc[:300], table.iloc[300:].drop(columns="x")]
        ddf = dd.from_map(lambda piece: piece, pieces, meta=table.iloc[:0])
        refuses("partition 1 has the columns", NoiseSampler(), ddf, TARGET)

    def test_no_row(self, table):
        refuses("without a row", NoiseSampler(), dd.from_pandas(table.iloc[:0], npartitions=1), TARGET)

    def test_one_class(self, table):
        table[TARGET] = "big"
        refuses("Got one class only", NoiseSampler(), dd.from_pandas(table, npartitions=2), TARGET)

    def test_labels_of_several_types(self, table):
        table[TARGET] = np.array([1] * 350 + ["b"] * 350, dtype=object)
        ddf = dd.from_pandas(table, npartitions=2, sort=False)
        refuses("Got labels of several types in the target column 'class'", NoiseSampler(), ddf, TARGET)

    def test_identifiers(self, table):
        ddf = dd.from_pandas(table.assign(**{TARGET: range(700)}), npartitions=3)
        refuses("Got 700 different values in 700 rows of .* Is it an identifier", NoiseSampler(), ddf, TARGET)

    def test_measured_quantities(self, table):
        ddf = dd.from_pandas(table.assign(**{TARGET: table["x"]}), npartitions=3)
        refuses("values that are no classes .*Cut a measured quantity", NoiseSampler(), ddf, TARGET)

    def test_whole_numbers_kept_as_floats(self, table):
        """Many for so few rows, of which scikit-learn would warn."""
        ddf = dd.from_pandas(table.assign(**{TARGET: np.arange(700.0)}), npartitions=3)
        refuses("Got 700 different values", NoiseSampler(), ddf, TARGET)

    def test_identifiers_are_not_read_to_the_end(self, table, monkeypatch):
        """Nor gathered, since those of a large table have no place."""
        monkeypatch.setattr(_partitions, "FEW_VALUES", 100)
        table, looked_at = table.assign(**{TARGET: range(700)}), []

        def piece(start):
            looked_at.append(start)
            return table.iloc[start : start + 70]

        meta = table.iloc[:0]
        ddf = dd.from_map(piece, range(0, 700, 70), meta=meta)
        refuses("Got 700 different values in 700 rows", NoiseSampler(), ddf, TARGET)
        looked_at.clear()
        monkeypatch.setattr(_partitions, "FEW_VALUES", 50)
        refuses("Got 70 different values in the 70 rows of a partition", NoiseSampler(), ddf, TARGET)
        assert len(looked_at) == 1

    def test_more_classes_than_have_a_place(self, table, monkeypatch):
        monkeypatch.setattr(_partitions, "MAX_CLASSES", 100)
        labels = np.repeat(np.arange(140), 5)
        ddf = dd.from_pandas(table.assign(**{TARGET: labels}), npartitions=7, sort=False)
        refuses("Got 120 different values in several partitions.*at most 100", NoiseSampler(), ddf, TARGET)
        monkeypatch.setattr(_partitions, "MAX_CLASSES", 140)
        assert len(_partitions.survey(ddf, TARGET).classes) == 140


@pytest.mark.parametrize(
    ("sampler", "match"),
    [
        (NoiseSampler(categorical_features=["nope"]), "Got .nope. as a categorical column"),
        (HybridSampler([NoiseSampler(categorical_features=["nope"])]), "Got .nope. as a categorical column"),
        (ConstraintFilter("x > 0", NoiseSampler(-1.0)), "noise_scale|sampling_strategy"),
        (HybridSampler(NoiseSampler(noise_scale=-1.0)), "The .noise_scale. parameter"),
        (HybridSampler([NoiseSampler]), "Got the class NoiseSampler"),
    ],
)
def test_samplers_are_checked_before_the_table_is_looked_at(table, sampler, match):
    def looked_at(part):
        raise AssertionError("not yet")

    ddf = dd.from_pandas(table, npartitions=2).map_partitions(looked_at, meta=table.iloc[:0])
    with pytest.raises((DataError, ValueError), match=match):
        resample(sampler, ddf, TARGET)


@pytest.mark.parametrize("name", ["npartitions", "fit_rows"])
@pytest.mark.parametrize("value", [0, -1, 2.5, True, "3"])
def test_numbers(ddf, name, value):
    refuses(
        f"Got {name}=.*expected a whole number of at least 1", NoiseSampler(), ddf, TARGET, **{name: value}
    )


def test_rows_that_change_between_passes(table):
    """A table that gives other rows the second time is noticed where the result is computed."""
    left = [table, table, table.iloc[:650]]
    ddf = dd.from_map(lambda _: left.pop(0), [0], meta=table.iloc[:0])
    new = resample(NoiseSampler(), ddf, TARGET)
    with pytest.raises(DataError, match="Got 650 rows instead of 700 in partition 0"):
        new.compute()


@pytest.mark.parametrize("n_good", [1, 2])
def test_classes_that_change_between_passes(table, n_good):
    """Of a sample without a seed, whose number of rows is always the same and of which none is to be removed."""
    seeds = [0] * n_good + [1]
    ddf = dd.from_pandas(table, npartitions=1).map_partitions(
        lambda part: part.sample(frac=0.5, random_state=seeds.pop(0)), meta=table.iloc[:0]
    )
    match = r"Got classes of \{.*\} rows instead of \{.*\} in partition 0"
    if n_good == 1:
        refuses(match, NoiseSampler(), ddf, TARGET)
        return
    new = resample(NoiseSampler(), ddf, TARGET)
    with pytest.raises(DataError, match=match):
        new.compute()


def test_scheduler_that_is_gone(ddf):
    class Client:
        status = "connecting"

        def get(self, *args, **kwargs):
            raise AssertionError("nothing is to be computed")

    with dask.config.set(scheduler=Client().get):
        refuses("lost its scheduler .its status is 'connecting'", NoiseSampler(), ddf, TARGET)


def test_without_dask(monkeypatch):
    for name in [name for name in sys.modules if name.startswith("genesis_sampling.distributed")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "dask.dataframe", None)
    with pytest.raises(
        MissingExtraError, match=r"Resampling a Dask DataFrame needs .*genesis-sampling\[dask\]"
    ):
        importlib.import_module("genesis_sampling.distributed")
