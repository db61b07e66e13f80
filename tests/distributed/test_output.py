"""A folder of results never loses what was there, whoever is ended when, and has one writer at a time."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys

import pandas as pd
import pytest

from genesis_sampling import DataError

dd = pytest.importorskip("dask.dataframe")
psutil = pytest.importorskip("psutil")
pytest.importorskip("pyarrow")

from genesis_sampling.distributed import _output, write_folder, writing  # noqa: E402
from genesis_sampling.distributed._output import check_folder  # noqa: E402

LEFT = ".genesis-0123456789ab.tmp"


def write(folder, start, npartitions, **options):
    frame = pd.DataFrame({"a": range(start, start + 12)})
    return write_folder(dd.from_pandas(frame, npartitions=npartitions), folder, **options)


def rows(folder):
    """Of the files that a reader would see."""
    paths = sorted(path for path in folder.iterdir() if path.suffix == ".parquet")
    return [value for path in paths for value in pd.read_parquet(path)["a"].tolist()]


def names(folder):
    return sorted(os.listdir(folder))


class Killed(BaseException):
    pass


def killed_at_move(monkeypatch, n_moves, replace):
    """A killed process moves so many files and folders, and clears nothing up."""
    move, done = os.replace, []

    def moving(source, place):
        move(source, place)
        done.append(place)
        if len(done) == n_moves:
            raise Killed

    def moved(*args):
        with monkeypatch.context() as patched:
            patched.setattr(os, "replace", moving)
            patched.setattr(_output, "_put_back", lambda *args: None)
            _output.moved_into_place(*args)

    with monkeypatch.context() as patched:
        patched.setattr(writing, "moved_into_place", moved)
        patched.setattr(_output, "_emptied", lambda *args: None)
        with pytest.raises(Killed):
            replace()


@pytest.fixture(params=[(4, 3), (2, 3)], ids=["fewer files", "more files"])
def replaced(request, tmp_path):
    """A complete run in a folder, and how another one of fewer or more files replaces it; with so many moves."""
    n_before, n_after = request.param
    out = tmp_path / "out"
    write(out, 0, n_before)
    # All of the earlier run and the word that it is complete, then that all are away, then those of the new one.
    n_moves = n_before + 1 + 1 + n_after
    return out, lambda: write(out, 100, n_after, replace=True), n_moves


def all_are_back(out, files):
    assert names(out) == files
    assert rows(out) == list(range(12))


class TestEarlierFiles:
    def test_come_back_after_a_kill(self, replaced, monkeypatch):
        out, replace, n_moves = replaced
        files = names(out)
        for n_done in range(1, n_moves + 1):
            killed_at_move(monkeypatch, n_done, replace)
            assert names(out) != files
            assert "_SUCCESS" not in names(out)
            with pytest.raises(DataError, match="holds a complete table already"):
                check_folder(out)
            all_are_back(out, files)
        replace()
        assert rows(out) == list(range(100, 112))

    def test_come_back_when_putting_back_is_ended_too(self, replaced, monkeypatch):
        out, replace, n_moves = replaced
        files, move = names(out), os.replace
        killed_at_move(monkeypatch, n_moves, replace)
        # That all of them are away, then one after the other.
        for n_good in [0, *[1] * len(files)]:
            left = [None] * n_good

            def ended(source, place, left=left):
                if not left:
                    raise Killed
                left.pop()
                move(source, place)

            with monkeypatch.context() as patched:
                patched.setattr(os, "replace", ended)
                with pytest.raises(Killed):
                    check_folder(out, replace=True)
            assert "_SUCCESS" not in names(out)
        check_folder(out, replace=True)
        all_are_back(out, files)

    @pytest.mark.parametrize("n_good", range(7))
    def test_are_kept_when_they_cannot_be_put_back(self, replaced, monkeypatch, n_good):
        """As on a disk that fails: all moves do after some that were good."""
        out, replace, _ = replaced
        files, move, done = names(out), os.replace, []

        def failing(source, place):
            if len(done) == n_good:
                raise OSError(5, "Input/output error", str(source))
            done.append(place)
            move(source, place)

        def moved(*args):
            with monkeypatch.context() as patched:
                patched.setattr(os, "replace", failing)
                _output.moved_into_place(*args)

        with monkeypatch.context() as patched:
            patched.setattr(writing, "moved_into_place", moved)
            with pytest.raises(OSError, match="Input/output error"):
                replace()
        assert len(done) == n_good
        check_folder(out, replace=True)
        all_are_back(out, files)

    def test_go_when_the_new_ones_are_complete(self, replaced, monkeypatch):
        """Killed between the word that all is there and clearing up."""
        out, replace, _ = replaced
        with monkeypatch.context() as patched:
            patched.setattr(_output, "_emptied", lambda *args: None)
            replace()
        check_folder(out, replace=True)
        assert rows(out) == list(range(100, 112))
        assert names(out) == ["_SUCCESS", *[f"part-{i:05d}.parquet" for i in range(3)]]


@pytest.fixture
def other():
    """A process that waits."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        yield process
        process.kill()


def begun_by(folder, pid, **changes):
    """What a process has left in a folder or is writing to."""
    said = {"host": platform.node(), "pid": pid, "started": psutil.Process(pid).create_time()} | changes
    (folder / LEFT).mkdir(parents=True)
    (folder / LEFT / "writer.json").write_text(json.dumps(said))
    (folder / LEFT / "part-00000.parquet").write_bytes(b"half")


class TestTwoWriters:
    @pytest.mark.parametrize("earlier", [False, True])
    def test_the_second_one_is_refused(self, tmp_path, other, earlier):
        out = tmp_path / "out"
        if earlier:
            write(out, 0, 2)
        begun_by(out, other.pid)
        found = names(out)
        with pytest.raises(DataError, match=f"to which process {other.pid} of .* is writing") as caught:
            write(out, 100, 2, replace=True)
        assert "\n" not in str(caught.value)
        assert names(out) == found
        assert (out / LEFT / "part-00000.parquet").read_bytes() == b"half"
        other.kill()
        other.wait()
        write(out, 100, 2, replace=True)
        assert names(out) == ["_SUCCESS", "part-00000.parquet", "part-00001.parquet"]
        assert rows(out) == list(range(100, 112))

    @pytest.mark.skipif(os.name == "nt", reason="POSIX processes")
    def test_one_that_was_ended_and_is_not_waited_for(self, tmp_path, other):
        begun_by(tmp_path / "out", other.pid)
        other.kill()
        os.waitid(os.P_PID, other.pid, os.WEXITED | os.WNOWAIT)
        assert psutil.Process(other.pid).status() == psutil.STATUS_ZOMBIE
        assert write(tmp_path / "out", 0, 1) == [12]

    def test_another_process_with_the_same_number(self, tmp_path, other):
        begun_by(tmp_path / "out", other.pid, started=psutil.Process(other.pid).create_time() - 3600)
        assert write(tmp_path / "out", 0, 1) == [12]

    def test_a_process_of_another_machine(self, tmp_path, other):
        """Of which nothing is known, so a person has to say that it is gone."""
        begun_by(tmp_path / "out", other.pid, host="elsewhere")
        with pytest.raises(DataError, match=f"of 'elsewhere' is writing.*If .* is gone, remove '.*{LEFT}'"):
            write(tmp_path / "out", 0, 1)

    @pytest.mark.parametrize("content", ["", "{", "[]", '{"host": 1}'])
    def test_one_that_was_killed_before_it_said_who_it_is(self, tmp_path, content):
        (tmp_path / "out" / LEFT).mkdir(parents=True)
        (tmp_path / "out" / LEFT / "writer.json").write_text(content)
        assert write(tmp_path / "out", 0, 1) == [12]
        assert names(tmp_path / "out") == ["_SUCCESS", "part-00000.parquet"]

    @pytest.mark.parametrize("at_once", [False, True])
    def test_of_one_process(self, tmp_path, monkeypatch, at_once):
        """Also one that has looked at the folder before the first one began."""
        out, refused = tmp_path / "out", []
        if at_once:
            monkeypatch.setattr(writing, "check_folder", lambda *args, **options: None)

        def second(n_done, n_all):
            with pytest.raises(DataError, match=f"process {os.getpid()} of .* is writing") as caught:
                write(out, 100, 2)
            refused.append(caught.value)

        write(out, 0, 2, progress=second)
        assert len(refused) == 2
        assert names(out) == ["_SUCCESS", "part-00000.parquet", "part-00001.parquet"]
        assert rows(out) == list(range(12))
