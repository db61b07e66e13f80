"""Tables and samplers of the Dask tests; without Dask each module is skipped."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

TARGET = "class"


@pytest.fixture(autouse=True)
def one_thread_here():
    """Computed by the process of the tests, unless a test says otherwise; text stays as pandas has it."""
    import dask

    with dask.config.set({"scheduler": "sync", "dataframe.convert-string": False}):
        yield


@pytest.fixture(scope="module")
def client():
    """Two workers of one thread that speak over the loopback, so that everything is pickled on the way."""
    distributed = pytest.importorskip("distributed")
    options = {"host": "127.0.0.1", "dashboard_address": "127.0.0.1:0", "protocol": "tcp://"}
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=False, **options) as cluster,
        distributed.Client(cluster, set_as_default=False) as client,
    ):
        yield client


@pytest.fixture(params=["sync", "threads", "workers"])
def scheduler(request, one_thread_here):
    """Each of what Dask computes with."""
    import dask

    found = request.getfixturevalue("client").get if request.param == "workers" else request.param
    with dask.config.set(scheduler=found):
        yield


@pytest.fixture
def small_blocks(monkeypatch):
    """Blocks of 60 rows, so that small tables have several."""
    monkeypatch.setattr("genesis_sampling.distributed._learned.BLOCK_ROWS", 60)


@pytest.fixture
def table():
    """700 rows of numbers, text, categories and times with gaps, of which 600, 70 and 30 are of a class."""
    rng = np.random.default_rng(0)
    n_rows = 700
    label = rng.permutation(np.repeat(["big", "mid", "few"], [600, 70, 30]))
    shift = (label == "few") * 2.0
    return pd.DataFrame(
        {
            "x": rng.normal(shift),
            "count": rng.integers(0, 50, n_rows).astype(np.int16),
            "word": pd.array(rng.choice(["red", "green", "blue"], n_rows), dtype="string"),
            TARGET: label,
            "kind": pd.Categorical(rng.choice(["a", "b"], n_rows), categories=["a", "b", "never"]),
            "gappy": pd.array(np.where(rng.random(n_rows) < 0.2, None, rng.integers(0, 9, n_rows)), "Int64"),
            "when": pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 900, n_rows), unit="h"),
        },
        index=rng.permutation(n_rows),
    )


@pytest.fixture
def numbers():
    """6,000 rows of two columns with other means in each class; 4,000 of one and 2,000 of the other."""
    rng = np.random.default_rng(1)
    label = rng.permutation(np.repeat([0, 1], [4000, 2000]))
    return pd.DataFrame({"a": rng.normal(label), "b": rng.normal(3 * label, 2.0), TARGET: label})
