"""The same rows whatever computes them, also where a worker is lost."""

from __future__ import annotations

import os
import signal
import time

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from genesis_sampling import (
    DataError,
    DiversityFilter,
    GenerativeOverSampler,
    HybridSampler,
    InterpolationSampler,
    NoiseSampler,
    QualityFilter,
    TargetNotReachedError,
)
from genesis_sampling.filters import Constraint

dask = pytest.importorskip("dask")
dd = pytest.importorskip("dask.dataframe")
distributed = pytest.importorskip("distributed")

from genesis_sampling.distributed import resample  # noqa: E402

TARGET = "class"
# Dask closes sockets of its own when the collector comes by.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
OPTIONS = {"threads_per_worker": 1, "host": "127.0.0.1", "dashboard_address": "127.0.0.1:0"}
SAMPLERS = {
    "noise": NoiseSampler(random_state=0),
    "smote": InterpolationSampler(random_state=0),
    "tree": GenerativeOverSampler("tree", random_state=0),
    "hybrid": HybridSampler([NoiseSampler(), InterpolationSampler()], shares=[0.5, 0.5], random_state=0),
    "scored": QualityFilter(NoiseSampler(), scorer="density", random_state=0),
    "varied": DiversityFilter(NoiseSampler(), min_distance=0.01, random_state=0),
}


def same_rows_as_here(sampler, table, scheduler):
    ddf = dd.from_pandas(table, npartitions=4, sort=False)
    here = resample(sampler, ddf, TARGET, fit_rows=65).compute()
    with dask.config.set(scheduler=scheduler):
        there = resample(sampler, ddf, TARGET, fit_rows=65).compute()
    assert pd.util.hash_pandas_object(there).equals(pd.util.hash_pandas_object(here))
    assert_frame_equal(there, here)


@pytest.mark.parametrize("name", SAMPLERS)
def test_threads(name, table, small_blocks):
    same_rows_as_here(SAMPLERS[name], table, "threads")


@pytest.mark.parametrize("name", SAMPLERS)
def test_workers(name, table, small_blocks, client):
    same_rows_as_here(SAMPLERS[name], table, client.get)


def test_failure_of_a_block_names_the_class(table, client):
    """What cannot be made on a worker is told where the result is computed."""
    low = [-9.0]
    sampler = GenerativeOverSampler("tree", constraints=lambda frame: frame["x"] > low[-1], random_state=0)
    new = resample(sampler, dd.from_pandas(table, npartitions=2), TARGET)
    low.append(1e9)
    with pytest.raises(TargetNotReachedError, match="rows asked for class"):
        new.compute(scheduler=client)


def test_a_result_needs_no_client_that_was_there(table, small_blocks, client):
    """What was learned is a part of it."""
    sampler = GenerativeOverSampler("tree", random_state=0)
    ddf = dd.from_pandas(table, npartitions=4, sort=False)
    here = resample(sampler, ddf, TARGET).compute()
    with (
        distributed.LocalCluster(n_workers=1, processes=False, protocol="tcp://", **OPTIONS) as cluster,
        distributed.Client(cluster, set_as_default=False) as gone,
        dask.config.set(scheduler=gone.get),
    ):
        new = resample(sampler, ddf, TARGET)
        assert_frame_equal(new.compute(), here)
    assert_frame_equal(new.compute(), here)
    with dask.config.set(scheduler=client.get):
        assert_frame_equal(new.compute(), here)


def test_scheduler_that_has_gone(table):
    cluster = distributed.LocalCluster(n_workers=1, processes=False, protocol="tcp://", **OPTIONS)
    client = distributed.Client(cluster.scheduler_address, set_as_default=False)
    cluster.close()
    deadline = time.monotonic() + 5
    while client.status == "running" and time.monotonic() < deadline:
        time.sleep(0.01)
    with dask.config.set(scheduler=client.get), pytest.raises(DataError, match="lost its scheduler"):
        resample(NoiseSampler(), dd.from_pandas(table, npartitions=2), TARGET)
    client.close(timeout=3)


@pytest.mark.slow
def test_a_worker_is_killed(table, small_blocks):
    """One of two processes dies while rows are made."""

    def slowly(frame):
        time.sleep(0.05)
        return frame["x"] > -1e9

    sampler = GenerativeOverSampler("tree", constraints=[Constraint.parse(slowly)], random_state=0)
    ddf = dd.from_pandas(table, npartitions=3, sort=False)
    here = resample(sampler, ddf, TARGET).compute()
    with (
        distributed.LocalCluster(n_workers=2, **OPTIONS) as cluster,
        distributed.Client(cluster) as client,
        dask.config.set(scheduler=None),
    ):
        new = resample(sampler, ddf, TARGET)
        future = client.compute(new)
        holders = {}
        deadline = time.monotonic() + 30
        while not holders and time.monotonic() < deadline:
            holders = {
                worker for worker, keys in client.has_what().items() if any("partition" in k for k in keys)
            }
            time.sleep(0.01)
        pids = client.run(os.getpid)
        os.kill(pids[holders.pop()], signal.SIGKILL)
        assert not future.done()
        assert_frame_equal(future.result(timeout=60), here)
