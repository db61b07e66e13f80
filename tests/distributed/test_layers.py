"""Task graphs whose layers are as many for any number of partitions."""

from __future__ import annotations

import operator

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from genesis_sampling import NoiseSampler

dask = pytest.importorskip("dask")
dd = pytest.importorskip("dask.dataframe")

from dask.highlevelgraph import MaterializedLayer  # noqa: E402

from genesis_sampling.distributed import read_folder, resample, write_folder  # noqa: E402
from genesis_sampling.distributed._layers import in_one_layer  # noqa: E402
from genesis_sampling.distributed._learned import LearnedTable  # noqa: E402
from genesis_sampling.functional import augment_imbalanced  # noqa: E402

TARGET = "class"


@pytest.fixture
def culled(monkeypatch):
    """Layers that Dask looks for keys in, one item each time."""
    found, whole = [], MaterializedLayer.cull

    def cull(self, *args):
        found.append(len(self))
        return whole(self, *args)

    monkeypatch.setattr(MaterializedLayer, "cull", cull)
    return found


class TestInOneLayer:
    def test_what_is_lazy_stands_for_its_value(self):
        first = in_one_layer("add", [(operator.add, (i, 1)) for i in range(3)])
        leaf = dask.delayed(10, traverse=False, pure=False)
        second = in_one_layer("both", [(lambda a, b, c: (a, b, c), (leaf, one, "word")) for one in first])
        assert dask.compute(*second) == ((10, 1, "word"), (10, 2, "word"), (10, 3, "word"))
        assert len(second[0].dask.layers) == 3
        assert all(one.dask is second[0].dask for one in second)

    def test_keys_say_of_which_step_they_are_and_differ(self):
        calls = [(operator.neg, (1,))] * 2
        keys = [one.key for _ in range(2) for one in in_one_layer("minus", calls)]
        assert len(set(keys)) == 4
        assert all(key.startswith("minus-") for key in keys)

    def test_no_call(self):
        assert in_one_layer("none", []) == []


def test_resampling_does_not_look_at_more_layers_for_more_partitions(numbers, culled, small_blocks):
    """Nor does a cell change."""
    rows, looks = [], []
    for npartitions, n_new in ((50, 2), (500, 19)):
        ddf = dd.from_pandas(numbers, npartitions=npartitions, sort=False)
        new = resample(NoiseSampler(random_state=0), ddf, TARGET, npartitions=n_new)
        assert new.npartitions == npartitions + n_new
        rows.append(new.compute())
        looks.append(len(culled))
        culled.clear()
    assert looks[0] == looks[1] < 30
    assert_frame_equal(*rows)


def test_marking_adds_no_step(table, culled):
    looks = []
    for mark in (False, True):
        ddf = dd.from_pandas(table, npartitions=30, sort=False)
        new = augment_imbalanced(ddf, TARGET, method="noise", mark_synthetic=mark, random_state=0)
        n_keys = len(new.__dask_graph__())
        rows = new.compute()
        looks.append((len(culled), n_keys))
        culled.clear()
    assert looks[0] == looks[1]
    assert rows["_synthetic"].tolist() == [False] * 700 + [True] * 1100


def test_folders_do_not_look_at_more_layers_for_more_files(tmp_path, culled):
    looks = []
    for n_files in (5, 60):
        folder = tmp_path / str(n_files)
        folder.mkdir()
        frame = pd.DataFrame({"a": range(240), "b": "x"})
        for i in range(n_files):
            part = frame.iloc[i * 240 // n_files : (i + 1) * 240 // n_files]
            part.to_csv(folder / f"{i:02d}.csv", index=False)
        found = read_folder(folder)
        write_folder(found.ddf, tmp_path / f"out {n_files}", schema=found.schema)
        looks.append(len(culled))
        written = read_folder(tmp_path / f"out {n_files}").ddf.compute()
        assert written["a"].tolist() == frame["a"].tolist()
        culled.clear()
    assert looks[0] == looks[1] < 20


def test_what_was_learned_is_in_the_graph_once(table, small_blocks):
    ddf = dd.from_pandas(table, npartitions=3, sort=False)
    new = resample(NoiseSampler(random_state=0), ddf, TARGET, npartitions=2)
    nodes = new.__dask_graph__().values()
    assert sum(isinstance(getattr(node, "value", None), LearnedTable) for node in nodes) == 1
