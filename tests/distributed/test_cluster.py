"""Workers that are started and closed, or are there already."""

from __future__ import annotations

import logging
import os
import re
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

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
        (
            {"memory_limit": "1MB"},
            "expected at least .*MB, of which this process needs .* and a worker the rest",
        ),
    ],
)
def test_bad_input(options, match, monkeypatch):
    monkeypatch.setattr(cluster, "CONNECT_SECONDS", 0.5)
    started = time.monotonic()
    with pytest.raises(DataError, match=match) as caught, computing(**options):
        raise AssertionError("nothing is to be computed")
    assert time.monotonic() - started < 5
    assert "\n" not in str(caught.value)


class TestShares:
    @pytest.fixture(autouse=True)
    def machine(self, monkeypatch):
        monkeypatch.setattr(cluster, "CPU_COUNT", 4)
        monkeypatch.setattr(cluster, "MEMORY_LIMIT", 16 * 10**9)

    @pytest.mark.parametrize(
        ("limit", "n_workers"), [("1GB", 1), ("2GB", 2), ("4GB", 4), ("16GB", 4), ("1TB", 4), (None, 4)]
    )
    def test_workers_have_enough_and_leave_enough(self, limit, n_workers):
        found, each = cluster.shares_of(limit)
        assert found == n_workers
        assert each >= cluster.LEAST_BYTES
        total = 16 * 10**9 if limit in (None, "1TB") else int(limit[:-2]) * 10**9
        assert 0 <= total - cluster.ASKING_BYTES - n_workers * each < n_workers

    def test_many_columns_leave_less(self, table):
        ddf = dd.from_pandas(pd.DataFrame({f"c{i}": [0.0] for i in range(100)}), npartitions=1)
        with_columns, without = (cluster.shares_of("3GB", ddf=given) for given in (ddf, None))
        assert with_columns[0] * with_columns[1] < without[0] * without[1] - 100 * cluster.LEARNED_ROWS * 8

    @pytest.mark.parametrize("n_columns", [1, 7])
    def test_the_least_is_said_and_is_enough(self, n_columns):
        ddf = dd.from_pandas(pd.DataFrame({f"c{i}": [0.0] for i in range(n_columns)}), npartitions=1)
        with pytest.raises(DataError, match="memory_limit='500MB'") as caught:
            cluster.shares_of("500MB", ddf=ddf)
        least = re.search(r"at least (\d+)MB", str(caught.value))[1]
        assert cluster.shares_of(f"{least}MB", ddf=ddf)[0] == 1
        with pytest.raises(DataError, match="expected at least"):
            cluster.shares_of(f"{int(least) - 1}MB", ddf=ddf)

    def test_no_limit_is_none_too_small(self, monkeypatch):
        monkeypatch.setattr(cluster, "MEMORY_LIMIT", 10**8)
        assert cluster.shares_of(None) == (1, cluster.LEAST_BYTES)


@pytest.fixture
def interrupts():
    """Heard, as in a shell with job control."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interrupts")
@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
class TestInterruptsWhileWorkersStart:
    def test_are_raised_afterwards(self, monkeypatch):
        """And what has been started is closed."""
        done = []

        class Starting:
            def __init__(self, **options):
                os.kill(os.getpid(), signal.SIGINT)
                time.sleep(0.05)
                done.append("started")

            def __enter__(self):
                return self

            def __exit__(self, *args):
                done.append("closed")

        monkeypatch.setattr(cluster, "LocalCluster", Starting)
        with pytest.raises(KeyboardInterrupt), computing():
            raise AssertionError("nothing is to be computed")
        assert done == ["started", "closed"]
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
        assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, [])

    def test_do_not_reach_what_is_started(self):
        """From a thread, as Dask does it; before and after, they reach it."""
        code = "import signal; print(signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, []))"

        def blocked():
            with ThreadPoolExecutor(1) as pool:
                done = pool.submit(
                    subprocess.run, [sys.executable, "-c", code], capture_output=True, check=True
                )
                return done.result().stdout.strip() == b"True"

        assert not blocked()
        with cluster._interrupts_put_off():
            assert blocked()
        assert not blocked()

    def test_are_as_they_were(self):
        with cluster._interrupts_put_off():
            pass
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        with cluster._interrupts_put_off():
            assert signal.getsignal(signal.SIGINT) == signal.SIG_IGN


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
        assert sum(worker["memory_limit"] for worker in workers.values()) <= 10**9 - cluster.ASKING_BYTES
        settings = client.run(lambda: dask.config.get("distributed.worker.memory.pause")).values()
        assert set(settings) == {False}
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
