"""Workers that are started and closed, or are there already."""

from __future__ import annotations

import logging
import os
import signal
import time

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from genesis_sampling import DataError, NoiseSampler

dask = pytest.importorskip("dask")
dd = pytest.importorskip("dask.dataframe")
distributed = pytest.importorskip("distributed")
psutil = pytest.importorskip("psutil")

from genesis_sampling.distributed import cluster, computing, read_folder, resample, write_folder  # noqa: E402

TARGET = "class"
# Dask closes sockets of its own when the collector comes by.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")


def listening():
    """Addresses that this process listens on."""
    connections = psutil.Process().net_connections("inet")
    return {connection.laddr.ip for connection in connections if connection.status == "LISTEN"}


@pytest.fixture
def here():
    """A scheduler with a worker in this process; gives its address."""
    options = {"host": "127.0.0.1", "dashboard_address": "127.0.0.1:0", "protocol": "tcp://"}
    with distributed.LocalCluster(n_workers=1, processes=False, threads_per_worker=1, **options) as found:
        yield found.scheduler_address


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"scheduler": "tcp://127.0.0.1:9"}, "'tcp://127.0.0.1:9', which does not answer within 0.5 seconds"),
        ({"scheduler": "nowhere"}, "'nowhere', which does not answer"),
        ({"memory_limit": "2XB"}, "memory_limit='2XB'; expected an amount such as"),
        ({"memory_limit": "1MB"}, "expected at least"),
    ],
)
def test_bad_input(options, match, monkeypatch):
    monkeypatch.setattr(cluster, "CONNECT_SECONDS", 0.5)
    started = time.monotonic()
    with pytest.raises(DataError, match=match) as caught, computing(**options):
        raise AssertionError("nothing is to be computed")
    assert time.monotonic() - started < 5
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("total", "n_workers"), [(6 * 10**8, 1), (4 * 10**9, 2), (10**12, 4)])
def test_workers_have_enough_memory(monkeypatch, total, n_workers):
    monkeypatch.setattr(cluster, "CPU_COUNT", 4)
    assert cluster.n_workers_of(total) == n_workers


def test_workers_that_are_lost_are_told(here):
    with pytest.raises(DataError, match="want of memory.*--memory-limit"), computing(here):
        raise distributed.KilledWorker("task", None, 0)


def test_a_scheduler_that_is_there(table, tmp_path, here):
    """The same rows as here; afterwards the scheduler is there still, and nothing else has changed."""
    ddf = dd.from_pandas(table, npartitions=3, sort=False)
    expected = resample(NoiseSampler(random_state=0), ddf, TARGET).compute()
    level, told = logging.getLogger("distributed").level, []
    with computing(here):
        new = resample(NoiseSampler(random_state=0), ddf, TARGET)
        n_rows = write_folder(new, tmp_path / "out", progress=lambda done, n_all: told.append((done, n_all)))
        assert n_rows == [len(part) for part in new.partitions]
    assert told == [(i, 4) for i in range(1, 5)]
    found = read_folder(tmp_path / "out").ddf.compute().reset_index(drop=True)
    assert pd.util.hash_pandas_object(found["x"]).equals(pd.util.hash_pandas_object(expected["x"]))
    assert_frame_equal(found[["x", "count", TARGET]], expected[["x", "count", TARGET]])
    assert logging.getLogger("distributed").level == level
    with distributed.Client(here, timeout=2, set_as_default=False) as client:
        assert len(client.scheduler_info()["workers"]) == 1


def test_an_error_on_a_worker_leaves_nothing(table, tmp_path, here):
    def broken(part):
        raise OSError(28, "No space left on device", "part-00000.parquet")

    ddf = dd.from_pandas(table, npartitions=3).map_partitions(broken, meta=table.iloc[:0])
    with computing(here), pytest.raises(OSError, match="No space left on device"):
        write_folder(ddf, tmp_path / "out")
    assert not list(tmp_path.iterdir())


def test_a_scheduler_that_goes_while_files_are_written(table, tmp_path, monkeypatch):
    """Then futures are cancelled, which is no result."""

    def slowly(part):
        time.sleep(0.05)
        return part

    monkeypatch.setattr(cluster, "CONNECT_SECONDS", 2)
    ddf = dd.from_pandas(table, npartitions=20).map_partitions(slowly, meta=table.iloc[:0])
    options = {"host": "127.0.0.1", "dashboard_address": "127.0.0.1:0", "protocol": "tcp://"}
    with distributed.LocalCluster(n_workers=1, processes=False, threads_per_worker=1, **options) as found:

        def lose(done, n_all):
            if done == 1:
                found.close()

        with pytest.raises(DataError, match="no answer any more"), computing(found.scheduler_address):
            write_folder(ddf, tmp_path / "out", progress=lose)
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_processes_of_this_machine(table, tmp_path):
    """They listen on the loopback only, share the memory, and are gone afterwards."""
    ddf = dd.from_pandas(table, npartitions=3, sort=False)
    expected = resample(NoiseSampler(random_state=0), ddf, TARGET).compute()
    with computing(memory_limit="1GB") as client:
        workers = client.scheduler_info()["workers"]
        assert {ip for found in (listening(), *client.run(listening).values()) for ip in found} == {
            "127.0.0.1"
        }
        assert sum(worker["memory_limit"] for worker in workers.values()) <= 10**9
        found = resample(NoiseSampler(random_state=0), ddf, TARGET).compute()
    assert pd.util.hash_pandas_object(found).equals(pd.util.hash_pandas_object(expected))
    with pytest.raises(ValueError, match="No clients found"):
        distributed.default_client()


@pytest.mark.slow
def test_a_worker_that_is_killed_changes_no_row(table, tmp_path):
    """What it had made, and what was sent to it, is made and sent again."""

    def slowly(part):
        time.sleep(0.1)
        return part

    ddf = dd.from_pandas(table, npartitions=12, sort=False).map_partitions(slowly, meta=table.iloc[:0])
    with computing(memory_limit="4GB") as client:
        pids = list(client.run(os.getpid).values())

        def kill(done, n_all):
            if done == 3:
                os.kill(pids[0], signal.SIGKILL)

        for name, progress in (("whole", None), ("killed", kill)):
            new = resample(NoiseSampler(random_state=0), ddf, TARGET)
            write_folder(new, tmp_path / name, progress=progress)
        assert pids[0] not in client.run(os.getpid).values()
    whole, killed = (sorted((tmp_path / name).iterdir()) for name in ("whole", "killed"))
    assert [path.name for path in whole] == [path.name for path in killed]
    assert [path.read_bytes() for path in whole] == [path.read_bytes() for path in killed]
