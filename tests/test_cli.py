from __future__ import annotations

import errno
import gzip
import inspect
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import sklearn
from sklearn.utils.fixes import parse_version
from typer.testing import CliRunner

from genesis_sampling import functional
from genesis_sampling.cli import app, augmenting
from genesis_sampling.samplers import GENERATORS

HEADER = "code,amount,when,note,label"


def _row(rng: np.random.Generator, i: int) -> str:
    label = "fraud" if i % 8 == 0 else "fine"
    amount = "" if i % 11 == 3 else f"{rng.exponential(50):.2f}"
    note = '"a, ""b"""' if i % 2 else "plain"
    return f"{i % 7:03d},{amount},2024-01-{1 + i % 28:02d},{note},{label}"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """80 rows, 10 of them fraud, with everything in them that a cell can lose."""
    rng = np.random.default_rng(0)
    path = tmp_path / "data.csv"
    path.write_text("\n".join([HEADER, *(_row(rng, i) for i in range(80))]) + "\n")
    return path


NEURAL = ("ctgan", "tvae", "diffusion")

# click before 8.2 mixes the streams unless told not to; later it cannot be told.
SEPARATE = {"mix_stderr": False} if "mix_stderr" in inspect.signature(CliRunner).parameters else {}


def _genesis(*args: object, stdin: str | bytes | None = None):
    return CliRunner(**SEPARATE).invoke(app, [str(arg) for arg in args], input=stdin)


def _done(*args: object, stdin: str | bytes | None = None):
    result = _genesis(*args, stdin=stdin)
    assert result.exit_code == 0, result.output
    return result


def _process(*args: object, **options) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "genesis_sampling", *map(str, args)]
    return subprocess.run(command, capture_output=True, timeout=60, check=False, **options)


def _names(folder: Path) -> list[str]:
    return sorted(os.listdir(folder))


class TestAugment:
    def test_original_rows_first_and_as_they_came(self, data, tmp_path):
        out = tmp_path / "out.csv"
        result = _done(
            "augment", data, "--target", "label", "--output", out, "--method", "noise", "--seed", 0
        )
        lines = out.read_text().splitlines()
        assert lines[:81] == data.read_text().splitlines()
        assert [line.rsplit(",", 1)[1] for line in lines[81:]] == ["fraud"] * 60
        assert result.stdout == ""
        assert "60 rows made" in result.stderr
        assert "--test-size" in result.stderr

    @pytest.mark.parametrize("method", list(functional.METHODS))
    def test_new_rows_look_like_their_columns(self, data, tmp_path, method, monkeypatch):
        if method in NEURAL:
            pytest.importorskip("torch", reason="neural generators need torch")
            monkeypatch.setitem(GENERATORS, method, partial(GENERATORS[method], n_steps=20))
        out = tmp_path / "out.csv"
        _done("augment", data, "--target", "label", "-o", out, "--method", method, "--seed", 0)
        new = pd.read_csv(out, dtype=str, keep_default_na=False).iloc[80:]
        assert len(new) == 60
        assert new["code"].str.fullmatch(r"00\d").all()
        assert new["amount"].str.fullmatch(r"(\d+\.\d\d)?").all()
        assert new["when"].str.fullmatch(r"2024-01-\d\d").all()
        assert set(new["note"]) <= {'a, "b"', "plain"}

    def test_seed_gives_the_same_bytes(self, data, tmp_path):
        for name in ("a.csv", "b.csv", "c.csv"):
            seed = 1 if name == "c.csv" else 0
            _done(
                "augment",
                data,
                "--target",
                "label",
                "-o",
                tmp_path / name,
                "--method",
                "noise",
                "--seed",
                seed,
            )
        a, b, c = ((tmp_path / name).read_bytes() for name in ("a.csv", "b.csv", "c.csv"))
        assert a == b != c

    def test_default_output_is_beside_the_input_and_not_replaced_unasked(self, data, tmp_path):
        command = ("augment", data, "--target", "label", "--method", "noise")
        assert "data_balanced.csv" in _done(*command).stderr
        before = (tmp_path / "data_balanced.csv").stat().st_mtime_ns
        refused = _genesis(*command)
        assert refused.exit_code == 1
        assert "exists already" in refused.stderr
        assert (tmp_path / "data_balanced.csv").stat().st_mtime_ns == before
        _done(*command, "--force")
        assert (tmp_path / "data_balanced.csv").stat().st_mtime_ns > before

    def test_named_output_is_replaced(self, data, tmp_path):
        (tmp_path / "out.csv").write_text("old")
        _done("augment", data, "--target", "label", "-o", tmp_path / "out.csv", "--method", "noise")
        assert len((tmp_path / "out.csv").read_text().splitlines()) == 141

    def test_standard_streams(self, data):
        result = _done(
            "augment", "-", "--target", "label", "--output", "-", "--method", "noise", stdin=data.read_bytes()
        )
        assert result.stdout.startswith(data.read_text())
        assert len(result.stdout.splitlines()) == 141
        assert "rows made" in result.stderr

    def test_formats_by_ending(self, data, tmp_path):
        pytest.importorskip("pyarrow")
        names = ["a.csv.gz", "b.parquet", "c.tsv", "d.csv"]
        sources = [data, *(tmp_path / name for name in names)]
        for source, name in zip(sources, names):
            _done(
                "augment",
                source,
                "--target",
                "label",
                "-o",
                tmp_path / name,
                "--method",
                "noise",
                "--growth",
                0.1,
            )
        codes = pd.read_csv(tmp_path / "d.csv", dtype=str)["code"]
        assert codes.iloc[:80].tolist() == [f"{i % 7:03d}" for i in range(80)]
        assert codes.str.fullmatch(r"00\d").all()

    def test_test_rows_are_held_back(self, data, tmp_path):
        out, test = tmp_path / "out.csv", tmp_path / "test.csv"
        _done(
            "augment", data, "--target", "label", "-o", out, "--method", "noise", "--seed", 0,
            "--test-size", 0.25, "--test-output", test, "--mark-synthetic",
        )  # fmt: skip
        originals = data.read_text().splitlines()[1:]
        held, kept = test.read_text().splitlines()[1:], out.read_text().splitlines()[1:]
        kept = [line.removesuffix(",False") for line in kept if line.endswith(",False")]
        assert len(held) == 20
        assert sorted(held + kept) == sorted(originals)

    def test_mark_synthetic(self, data, tmp_path):
        out = tmp_path / "out.csv"
        result = _done(
            "augment", data, "--target", "label", "-o", out, "--method", "noise", "--mark-synthetic"
        )
        assert pd.read_csv(out)["_synthetic"].tolist() == [False] * 80 + [True] * 60
        assert "Drop the column _synthetic" in result.stderr
        again = _genesis("augment", out, "--target", "label", "--mark-synthetic", "--method", "noise")
        assert again.exit_code == 1
        assert "_synthetic" in again.stderr

    def test_counts_strategies_and_growth(self, data, tmp_path):
        def counts(*options: object, method: tuple[str, ...] = ("--method", "noise")) -> dict[str, int]:
            out = tmp_path / "out.csv"
            _done("augment", data, "--target", "label", "-o", out, *method, "--seed", 0, *options)
            return pd.read_csv(out)["label"].value_counts().to_dict()

        assert counts("--ratio", 0.5) == {"fine": 70, "fraud": 35}
        assert counts("--strategy", "undersample", method=()) == {"fine": 10, "fraud": 10}
        assert counts("--strategy", "hybrid", "--majority-count", 40) == {"fine": 40, "fraud": 40}
        assert counts("--target-count", "fraud=30", "--target-count", "fine=50") == {"fine": 50, "fraud": 30}
        assert counts("--growth", 0.5) == {"fine": 105, "fraud": 105}

    def test_constraints_of_options_and_file(self, data, tmp_path):
        rules, out = tmp_path / "rules.txt", tmp_path / "out.csv"
        rules.write_text("# what an amount can be\namount >= 20  # cheap ones are not checked\n\n")
        _done(
            "augment", data, "--target", "label", "-o", out, "--method", "noise", "--seed", 0,
            "--constraint", "amount <= 60", "--constraints-file", rules,
        )  # fmt: skip
        assert pd.read_csv(out)["amount"].iloc[80:].dropna().between(20, 60).all()

    def test_quiet(self, data, tmp_path):
        result = _done(
            "augment", data, "--target", "label", "-o", tmp_path / "o.csv", "--method", "noise", "--quiet"
        )
        assert result.stdout + result.stderr == ""

    def test_warnings_are_lines(self, data, tmp_path):
        text = data.read_text().splitlines()
        (tmp_path / "few.csv").write_text(
            "\n".join([HEADER, *[line for line in text if "fine" in line][:20], text[1]])
        )
        result = _done("augment", tmp_path / "few.csv", "--target", "label", "--method", "noise")
        warned = [line for line in result.stderr.splitlines() if line.startswith("Warning: ")]
        assert len(warned) == 1
        assert "fraud" in warned[0]


class TestReport:
    @pytest.fixture
    def synthetic(self, data, tmp_path):
        _done("generate", data, "--rows", 60, "-o", tmp_path / "made.csv", "--seed", 0, "--quiet")
        return tmp_path / "made.csv"

    @pytest.mark.parametrize(("ending", "sign"), [(".html", "<!doctype html>"), (".json", "{"), (".md", "#")])
    def test_formats_by_ending(self, data, synthetic, tmp_path, ending, sign):
        output = tmp_path / f"report{ending}"
        result = _done("report", data, synthetic, "--target", "label", "-o", output)
        assert output.read_text().lower().startswith(sign)
        assert "Quality score 0." in result.stderr

    def test_default_output_is_beside_the_synthetic_table(self, data, synthetic, tmp_path):
        _done("report", data, synthetic)
        assert (tmp_path / "made_report.html").is_file()
        assert _genesis("report", data, synthetic).exit_code == 1  # not replaced unasked
        _done("report", data, synthetic, "--force")

    def test_standard_output_is_markdown(self, data, synthetic):
        assert _done("report", data, synthetic, "-o", "-").stdout.startswith("#")

    def test_privacy_needs_a_holdout(self, data, synthetic, tmp_path):
        _done("report", data, synthetic, "-o", tmp_path / "a.json")
        without = json.loads((tmp_path / "a.json").read_text())
        assert without["metrics"]["nearer_to_train"] is None
        _done("report", data, synthetic, "--holdout", data, "-o", tmp_path / "b.json")
        with_it = json.loads((tmp_path / "b.json").read_text())
        assert 0 <= with_it["metrics"]["nearer_to_train"] <= 1

    def test_of_an_augmented_table(self, data, tmp_path):
        """``--report`` looks at the new rows; so does ``report`` at a marked table."""
        _done("augment", data, "--target", "label", "-o", tmp_path / "new.csv", "--mark-synthetic", "--seed", 0,
              "--report", tmp_path / "one.json")  # fmt: skip
        _done("report", data, tmp_path / "new.csv", "--target", "label", "-o", tmp_path / "two.json")
        one, two = (json.loads((tmp_path / name).read_text()) for name in ("one.json", "two.json"))
        assert one["counts_after"] == two["counts_after"] == {"fine": 70, "fraud": 70}
        assert one["metrics"]["shape"] == pytest.approx(two["metrics"]["shape"])

    def test_bad_requests(self, data, synthetic, tmp_path):
        other = tmp_path / "other.csv"
        other.write_text("a,b\n1,2\n")
        assert "different columns" in _genesis("report", data, other, "-o", "-").stderr
        assert "expected one of" in _genesis("report", data, synthetic, "--target", "lable").stderr
        assert ".html, .json, .md" in _genesis("report", data, synthetic, "-o", tmp_path / "r.pdf").stderr
        assert not list(tmp_path.glob("*report*"))


class TestQualityThreshold:
    def test_is_the_filter(self, data, tmp_path):
        _done("augment", data, "--target", "label", "-o", tmp_path / "new.csv", "--quality-threshold", 0.8,
              "--method", "noise", "--seed", 0, "--report", tmp_path / "r.json")  # fmt: skip
        report = json.loads((tmp_path / "r.json").read_text())
        assert report["counts_after"] == {"fine": 70, "fraud": 70}
        assert set(report["rejected"]) <= {"quality score below 0.8"}

    def test_range(self, data):
        result = _genesis("augment", data, "--target", "label", "-o", "-", "--quality-threshold", 1.5)
        assert result.exit_code == 2


class TestGenerate:
    def test_rows(self, data, tmp_path):
        out = tmp_path / "out.csv"
        result = _done("generate", data, "--rows", 50, "-o", out, "--seed", 0)
        made = pd.read_csv(out, dtype=str)
        assert made.shape == (50, 5)
        assert made["code"].str.fullmatch(r"00\d").all()
        assert "50 rows made" in result.stderr

    def test_conditions(self, data):
        result = _done(
            "generate", data, "--rows", 30, "-o", "-", "--seed", 0, "--condition", "label=fraud",
            "--condition", "amount=10..80", "--condition", "code=001", "--condition", "code=002",
        )  # fmt: skip
        cells = [line.split(",") for line in result.stdout.splitlines()[1:]]
        assert len(cells) == 30
        assert {row[-1] for row in cells} == {"fraud"}
        assert {row[0] for row in cells} == {"001", "002"}
        assert all(10 <= float(row[1]) <= 80 for row in cells)


DATA_ERRORS = {
    "no such file": ("missing.csv", {}, "no such file"),
    "unknown target": ("data.csv", {"--target": "labl"}, "Did you mean 'label'"),
    "empty file": ("", {}, "which is empty"),
    "header only": (HEADER + "\n", {}, "no rows"),
    "wrong delimiter": ("a;label\n1;x\n2;y\n", {}, "--delimiter"),
    "not UTF-8": (b"a,label\n1,\xe9\n", {}, "--encoding"),
    "duplicate names": ("label,label\n1,2\n", {}, "more than once"),
    "ragged": ("a,label\n1,x\n2\n", {}, "line 3"),
    "one class": ("a,label\n1,x\n2,x\n", {}, "one class only"),
    "missing labels": ("a,label\n1,x\n2,\n3,y\n", {}, "missing label"),
    "continuous target": ("a,label\n1,1.5\n2,2.5\n3,3.5\n", {}, "classes"),
    "infinite": ("a,label\n1,x\ninf,y\n2,y\n", {}, "'a' holds an infinite value"),
    "mixed": ("a,label\n" + "".join(f"{i},x\n" for i in range(30)) + "abc,y\n", {}, "mixes"),
    "target alone": ("label\nx\ny\n", {}, "features"),
    "nothing to do": ("a,label\n1,x\n2,y\n", {}, "change nothing"),
    "unknown class": ("data.csv", {"--target-count": "frau=5"}, "'frau'"),
    "unknown column": ("data.csv", {"--discrete-columns": "cod"}, "Did you mean 'code'"),
    "column of a constraint": ("data.csv", {"--constraint": "amont > 0"}, "'amont'"),
    "impossible constraint": ("data.csv", {"--constraint": "amount > 1e9"}, "amount"),
    "too many test rows": ("data.csv", {"--test-size": "80"}, "test_size"),
    "unknown ending": ("data.csv", {"--output": "out.xlsx"}, "ending"),
    "no directory": ("data.csv", {"--output": "none/out.csv"}, "directory"),
    "the input": ("data.csv", {"--output": "data.csv"}, "never written over"),
    "unknown encoding": ("data.csv", {"--encoding": "utf-9"}, "encoding"),
    "gzip": (gzip.compress(b"a,label\n1,x\n"), {}, "which is a gzip file; expected text"),
    "no class left": ("data.csv", {"--target-count": "fraud=0"}, "at least 1"),
    "endless growth": ("data.csv", {"--growth": "inf"}, "growth=inf"),
    "more than memory": ("data.csv", {"--growth": "1e12"}, "rows in all; expected at most"),
    "nothing to make": ("data.csv", {"--strategy": "undersample"}, "Got method, but no class grows"),
}


@pytest.mark.parametrize("case", DATA_ERRORS)
def test_data_errors_are_one_sentence_and_nothing_is_written(data, tmp_path, monkeypatch, case):
    monkeypatch.chdir(tmp_path)
    source, options, message = DATA_ERRORS[case]
    if source not in ("data.csv", "missing.csv"):
        Path("made.csv").write_bytes(source if isinstance(source, bytes) else source.encode())
        source = "made.csv"
    before = {name: Path(name).read_bytes() for name in _names(tmp_path)}
    options = {"--target": "label", "--output": "out.csv", "--method": "noise"} | options
    result = _genesis("augment", source, *(part for option in options.items() for part in option))
    assert result.exit_code == 1, result.output
    (line,) = [
        line for line in (result.stdout + result.stderr).splitlines() if not line.startswith("Warning: ")
    ]
    assert line.startswith("Error: ")
    assert message in line
    assert {name: Path(name).read_bytes() for name in _names(tmp_path)} == before


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--method", "tre"], "Did you mean 'tree'"),
        (["--method", "SMOTE"], "Did you mean 'smote'"),
        (["--output", "-", "--test-size", "0.2", "--test-output", "-"], "standard output takes one thing"),
        (["--constraint", "amount >"], "expected a comparison of columns and values"),
        (["--strategy", "up"], "oversample, undersample, hybrid"),
        (["--ratio", "0"], "(0, 1]"),
        (["--ratio", "half"], "--ratio"),
        (["--ratio", "0.5", "--target-count", "fraud=5"], "--target-count"),
        (["--target-count", "fraud"], "CLASS=N"),
        (["--majority-count", "50"], "--strategy hybrid"),
        (["--growth", "-1"], "--growth"),
        (["--test-output", "test.csv"], "--test-size"),
        (["--test-size", "1.5"], "a share such as 0.2"),
        (["--constraint", "amount >"], "--constraint"),
        (["--delimiter", "ab"], "--delimiter"),
        (["--nonsense"], "--nonsense"),
    ],
)
def test_wrong_usage(data, options, message):
    result = _genesis("augment", data, "--target", "label", *options)
    assert result.exit_code == 2
    assert message in result.stderr
    assert _names(data.parent) == ["data.csv"]


def test_wrong_usage_of_generate(data):
    assert _genesis("generate", data).exit_code == 2
    assert _genesis("generate", data, "--rows", 0).exit_code == 2
    assert _genesis("generate", data, "--rows", 5, "--condition", "code").exit_code == 2
    assert (
        "Did you mean 'fraud'" in _genesis("generate", data, "--rows", 5, "--condition", "label=frau").stderr
    )


def test_line_of_a_bad_constraint_is_named(data, tmp_path):
    (tmp_path / "rules.txt").write_text("amount > 0\nwhen >\n")
    result = _genesis("augment", data, "--target", "label", "--constraints-file", tmp_path / "rules.txt")
    assert result.exit_code == 2
    assert "rules.txt, line 2" in result.stderr


def test_interrupt_is_told(data, monkeypatch):
    def interrupted(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr(functional, "augment", interrupted)
    result = _genesis("augment", data, "--target", "label")
    assert result.exit_code == 130
    assert result.stderr == "Interrupted; nothing was written.\n"


class TestTrainedMethods:
    """Methods that train a network, without one."""

    def test_an_interrupted_training_stops_the_command(self, data, tmp_path, monkeypatch):
        class Interrupted(GENERATORS["gaussian_copula"]):
            stop_reason_ = "interrupt"

        monkeypatch.setitem(GENERATORS, "gaussian_copula", Interrupted)
        for command in (["generate", data, "--rows", 5], ["augment", data, "--target", "label"]):
            out = tmp_path / "out.csv"
            result = _genesis(*command, "--method", "gaussian_copula", "-o", out)
            assert (result.exit_code, out.exists()) == (130, False)
            assert "Interrupted; nothing was written.\n" in result.stderr

    @pytest.mark.parametrize("command", [["generate", "--rows", 5], ["augment", "--target", "label"]])
    def test_a_budget_of_time_reaches_the_method(self, data, command, monkeypatch):
        seen = {}
        called = "generate" if command[0] == "generate" else "augment"

        def note(*args, **options):
            seen.update(options)
            raise KeyboardInterrupt

        monkeypatch.setattr(functional, called, note)
        _genesis(command[0], data, *command[1:], "--method", "ctgan", "--max-seconds", 3)
        assert (seen["method"], seen["method_params"]) == ("ctgan", {"max_seconds": 3.0})

    def test_a_budget_of_time_for_a_method_that_does_not_train(self, data):
        result = _genesis("generate", data, "--rows", 5, "--method", "tree", "--max-seconds", 3)
        assert result.exit_code == 2
        assert "ctgan, tvae, diffusion" in result.stderr


def test_unexpected_errors_keep_their_traceback(data, monkeypatch):
    def broken(*args, **kwargs):
        raise RuntimeError("a defect")

    monkeypatch.setattr(functional, "augment", broken)
    assert isinstance(_genesis("augment", data, "--target", "label").exception, RuntimeError)


SLOW_WRITE = """
import sys, time
from genesis_sampling.cli import main
from genesis_sampling.tables import files

class Slow(files.TextTable):
    def lines(self, rows, delimiter):
        yield from super().lines(rows, delimiter)
        open("writing", "w").close()
        time.sleep(60)

files.TextTable = Slow
files.LINES_PER_CHUNK = 10
sys.argv = ["genesis", "augment", "data.csv", "--target", "label", "--output", "out.csv", "--method", "noise"]
main()
"""


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_leaves_no_half_file(data, tmp_path, sent, code):
    # A shell without job control has its background jobs, and all that they start, ignore interrupts.
    heard = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    process = subprocess.Popen(
        [sys.executable, "-c", SLOW_WRITE], cwd=tmp_path, stderr=subprocess.PIPE, preexec_fn=heard
    )
    deadline = time.monotonic() + 30
    while not (tmp_path / "writing").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert any(name.endswith(".tmp") for name in _names(tmp_path))
    process.send_signal(sent)
    _, stderr = process.communicate(timeout=30)
    assert process.returncode == code, stderr
    assert b"Traceback" not in stderr
    assert _names(tmp_path) == ["data.csv", "writing"]


@pytest.fixture
def parts(data):
    """The table in four files of text, in a folder."""
    pytest.importorskip("dask.dataframe", reason="--engine dask needs dask")
    lines = data.read_text().splitlines()
    folder = data.parent / "parts"
    folder.mkdir()
    for i in range(4):
        (folder / f"{i}.csv").write_text("\n".join([HEADER, *lines[1 + 20 * i : 21 + 20 * i]]) + "\n")
    return folder


@pytest.fixture
def no_workers(monkeypatch, parts):
    """What workers would compute is computed here."""
    import dask

    from genesis_sampling import distributed

    @contextmanager
    def computing(scheduler, memory_limit, *, ddf):
        with dask.config.set(scheduler="sync"):
            yield

    monkeypatch.setattr(distributed, "computing", computing)


def _on_dask(source, out, *options):
    return (
        "augment",
        source,
        "--target",
        "label",
        "-o",
        out,
        "--engine",
        "dask",
        "--method",
        "noise",
        *options,
    )


def _rows_of(folder):
    return pd.concat([pd.read_parquet(folder / name) for name in _names(folder) if name.endswith(".parquet")])


@pytest.mark.usefixtures("no_workers")
class TestDask:
    def test_a_folder_becomes_a_folder(self, data, parts, tmp_path):
        result = _done(*_on_dask(parts, tmp_path / "out", "--seed", 0))
        assert _names(tmp_path / "out") == ["_SUCCESS", *[f"part-{i:05d}.parquet" for i in range(5)]]
        found, real = _rows_of(tmp_path / "out"), pd.read_csv(data, dtype={"code": str})
        assert found["code"].tolist()[:80] == real["code"].tolist()
        assert found["amount"].fillna(-1).tolist()[:80] == real["amount"].fillna(-1).tolist()
        assert found["note"].tolist()[:80] == real["note"].tolist()
        assert found["label"].value_counts().to_dict() == {"fine": 70, "fraud": 70}
        assert "60 rows made" in result.stderr
        assert "140 rows in 5 files" in result.stderr
        assert "60 of 60 new ones, 10 of 10 real ones" in result.stderr

    def test_pattern_gives_the_same(self, parts, tmp_path):
        _done(*_on_dask(parts, tmp_path / "a", "--seed", 0))
        _done(*_on_dask(parts / "[0-3].csv", tmp_path / "b", "--seed", 0, "--quiet"))
        assert _rows_of(tmp_path / "a").equals(_rows_of(tmp_path / "b"))

    def test_options(self, parts, tmp_path):
        _done(
            *_on_dask(parts, tmp_path / "out", "--ratio", 0.5, "--mark-synthetic", "--constraint", "amount >= 20"),
            "--quality-threshold", 0.1, "--report", tmp_path / "report.json",
        )  # fmt: skip
        found = _rows_of(tmp_path / "out")
        new = found[found["_synthetic"]]
        assert len(new) == 25
        assert (new["amount"].dropna() >= 20).all()
        report = json.loads((tmp_path / "report.json").read_text())
        assert report["counts_after"] == {"fine": 70, "fraud": 35}
        assert 0 < report["metrics"]["shape"] <= 1

    def test_default_output_is_beside_the_folder(self, parts, tmp_path):
        command = ("augment", parts, "--target", "label", "--method", "noise", "--engine", "dask")
        _done(*command)
        first = _rows_of(tmp_path / "parts_balanced")
        refused = _genesis(*command)
        assert refused.exit_code == 1
        assert "holds a complete table already" in refused.stderr
        _done(*command, "--ratio", 0.5, "--force")
        assert len(_rows_of(tmp_path / "parts_balanced")) < len(first)

    def test_second_run_after_one_that_was_killed(self, parts, tmp_path):
        _done(*_on_dask(parts, tmp_path / "whole", "--seed", 0))
        left = tmp_path / "out" / ".genesis-0123456789ab.tmp"
        left.mkdir(parents=True)
        (left / ".part-00001.parquet.0123456789ab.tmp").write_bytes(b"half")
        (tmp_path / "out" / "part-00012.parquet").write_bytes(b"half")
        _done(*_on_dask(parts, tmp_path / "out", "--seed", 0))
        assert _names(tmp_path / "out") == _names(tmp_path / "whole")
        assert _rows_of(tmp_path / "out").equals(_rows_of(tmp_path / "whole"))

    def test_full_disk(self, parts, tmp_path, monkeypatch):
        from genesis_sampling.distributed import _parquet

        def full(table, stream):
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(_parquet, "_write", full)
        result = _genesis(*_on_dask(parts, tmp_path / "out"))
        assert result.exit_code == 1
        assert result.stderr.startswith("Error: No space left on device: ")
        assert len(result.stderr.splitlines()) == 1
        assert _names(tmp_path) == ["data.csv", "parts"]

    @pytest.mark.parametrize(
        ("options", "said"),
        [
            ([], "Interrupted; the table was complete by then and is in {out}."),
            (
                ["--report", "report.md"],
                "Interrupted; the table was complete by then and is in {out}, but the report may be missing.",
            ),
        ],
    )
    def test_an_interrupt_after_all_is_written(self, parts, tmp_path, monkeypatch, options, said):
        from genesis_sampling import distributed

        whole = distributed.write_folder

        def late(*args, **kwargs):
            whole(*args, **kwargs)
            raise KeyboardInterrupt

        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(distributed, "write_folder", late)
        result = _genesis(*_on_dask(parts, tmp_path / "out", "--seed", 0), *options)
        assert result.exit_code == 130
        assert result.stderr == said.format(out=tmp_path / "out") + "\n"
        assert len(_rows_of(tmp_path / "out")) == 140

    @pytest.mark.parametrize("is_there", [False, True])
    def test_an_interrupt_before_anything_is_written(self, parts, tmp_path, monkeypatch, is_there):
        from genesis_sampling.distributed import _parquet

        def interrupted(table, stream):
            raise KeyboardInterrupt

        if is_there:
            _done(*_on_dask(parts, tmp_path / "out"))
        monkeypatch.setattr(_parquet, "_write", interrupted)
        result = _genesis(*_on_dask(parts, tmp_path / "out"), "--force")
        assert result.exit_code == 130
        assert result.stderr == "Interrupted; nothing was written.\n"
        assert (tmp_path / "out" / "_SUCCESS").exists() == is_there

    def test_an_interrupt_that_leaves_a_part(self, parts, tmp_path, monkeypatch):
        from genesis_sampling import distributed

        def twice(ddf, folder, **options):
            (tmp_path / "out" / ".genesis-0123456789ab.tmp").mkdir(parents=True)
            raise KeyboardInterrupt

        monkeypatch.setattr(distributed, "write_folder", twice)
        result = _genesis(*_on_dask(parts, tmp_path / "out"))
        assert result.exit_code == 130
        assert "holds what is left of an unfinished run, which the next one" in result.stderr

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            (["--target", "labl"], "Did you mean 'label'"),
            (["--discrete-columns", "cod"], "Did you mean 'code'"),
            (["--output", "data.csv"], "which is a file"),
            (["--output", "none/out"], "there is no folder"),
            (["--output", "parts"], "holds '0.csv'; expected a new or empty folder"),
            (["--output", "parts/out"], "never written over"),
            (["--constraint", "amont > 0"], "'amont'"),
            (["--constraint", "amount > 1e9"], "amount"),
            (["--target-count", "frau=5"], "'frau'"),
            (["--strategy", "undersample"], "Got method, but no class grows"),
            (["--report", "report.pdf"], ".html, .json, .md"),
        ],
    )
    def test_bad_requests(self, parts, tmp_path, monkeypatch, options, message):
        monkeypatch.chdir(tmp_path)
        result = _genesis(*_on_dask("parts", "out"), *options)
        assert result.exit_code == 1
        lines = [line for line in result.stderr.splitlines() if not line.startswith("Warning: ")]
        assert len(lines) == 1
        assert lines[0].startswith("Error: ")
        assert message in lines[0]
        assert _names(tmp_path) == ["data.csv", "parts"]
        assert _names(parts) == [f"{i}.csv" for i in range(4)]

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            (("fraud", ""), "without a value in the target column 'label'"),
            (("label", "lable"), "with the columns"),
        ],
    )
    def test_bad_tables(self, parts, tmp_path, change, message):
        text = (parts / "3.csv").read_text()
        (parts / "3.csv").write_text(text.replace(*change))
        result = _genesis(*_on_dask(parts, tmp_path / "out", "--ratio", 0.5))
        assert result.exit_code == 1
        assert message in result.stderr
        assert _names(tmp_path) == ["data.csv", "parts"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--scheduler", "tcp://127.0.0.1:9"], "needs --engine dask"),
        (["--memory-limit", "2GB"], "needs --engine dask"),
        (["--engine", "spark"], "memory, dask"),
        (["--engine", "dask", "--test-size", 0.2], "hold rows back before"),
        (["--engine", "dask", "-o", "-"], "no standard input or output"),
        (["--engine", "dask", "--scheduler", "tcp://a:1", "--memory-limit", "2GB"], "limits of their own"),
        (["--engine", "dask", "--test-output", "x.csv"], "--test-size"),
    ],
)
def test_wrong_usage_of_engines(data, options, message):
    result = _genesis("augment", data, "--target", "label", *options)
    assert result.exit_code == 2
    assert message in result.stderr
    assert _names(data.parent) == ["data.csv"]


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")  # sockets of Dask
def test_a_scheduler_that_does_not_answer(parts, tmp_path, monkeypatch):
    monkeypatch.setattr("genesis_sampling.distributed.cluster.CONNECT_SECONDS", 0.5)
    result = _genesis(*_on_dask(parts, tmp_path / "out"), "--scheduler", "tcp://127.0.0.1:9")
    assert result.exit_code == 1
    assert len(result.stderr.splitlines()) == 1
    assert result.stderr.startswith("Error: Got the scheduler 'tcp://127.0.0.1:9', which does not answer")
    assert _names(tmp_path) == ["data.csv", "parts"]


def test_pattern_has_no_name_to_go_by(parts):
    result = _genesis("augment", parts / "*.csv", "--target", "label", "--engine", "dask")
    assert result.exit_code == 2
    assert "--output" in result.stderr


def test_large_files_and_folders_are_told_of_dask(data, monkeypatch):
    command = ("augment", data, "--target", "label", "-o", data.parent / "out.csv", "--method", "noise")
    assert "--engine dask" not in _done(*command).stderr
    monkeypatch.setattr(augmenting, "LARGE_BYTES", 100)
    assert "--engine dask reads it in parts" in _done(*command).stderr
    assert _done(*command, "--quiet").stderr == ""
    for source in (data.parent, data.parent / "*.csv"):
        result = _genesis("augment", source, "--target", "label")
        assert result.exit_code == 1
        assert "For a table in many files pass --engine dask" in result.stderr


def test_without_dask(data, monkeypatch):
    for name in [name for name in sys.modules if name.startswith("genesis_sampling.distributed")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delattr("genesis_sampling.distributed", raising=False)
    monkeypatch.setitem(sys.modules, "dask.dataframe", None)
    result = _genesis("augment", data, "--target", "label", "--engine", "dask")
    assert result.exit_code == 1
    assert "pip install 'genesis-sampling[dask]'" in result.stderr
    assert len(result.stderr.splitlines()) == 1


SLOW_PART = """
import os, sys, time
from genesis_sampling.cli import main

if __name__ == "__main__":
    options = "--target label -o out --engine dask --method noise --memory-limit 1GB"
    sys.argv = ["genesis", "augment", "parts", *options.split()]
    main()
else:  # the worker's
    from genesis_sampling.distributed import _parquet

    def slow(table, stream):
        stream.write(b"half")
        stream.flush()
        open("writing", "w").close()
        time.sleep(60)

    _parquet._write = slow
"""


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
@pytest.mark.parametrize(
    ("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGKILL, -9)]
)
def test_a_signal_leaves_no_half_folder(parts, tmp_path, sent, code):
    """An interrupt goes to the workers too; of what a killed command leaves, the next run removes all."""
    heard = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    (tmp_path / "command.py").write_text(SLOW_PART)
    process = subprocess.Popen(
        [sys.executable, "command.py"],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        preexec_fn=heard,
        start_new_session=True,
    )
    deadline = time.monotonic() + 60
    while not (tmp_path / "writing").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    (unfinished,) = _names(tmp_path / "out")
    assert unfinished.endswith(".tmp")
    if sent == signal.SIGINT:
        os.killpg(process.pid, sent)
    else:
        process.send_signal(sent)
    _, stderr = process.communicate(timeout=30)
    assert process.returncode == code, stderr
    assert b"Traceback" not in stderr
    if sent == signal.SIGKILL:
        assert _names(tmp_path / "out") == [unfinished]
        done = _process(*_on_dask("parts", "out", "--memory-limit", "1GB"), cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert _names(tmp_path / "out") == ["_SUCCESS", *[f"part-{i:05d}.parquet" for i in range(5)]]
    else:
        assert not (tmp_path / "out").exists()


def test_closed_pipe_is_no_error(data):
    command = f"{sys.executable} -m genesis_sampling augment data.csv --target label -o - --method noise | head -n 1"
    done = subprocess.run(
        ["bash", "-c", command], cwd=data.parent, capture_output=True, timeout=60, check=False
    )
    assert done.stdout.decode() == HEADER + "\n"
    assert b"Traceback" not in done.stderr


def test_module_and_version():
    done = _process("--version")
    assert done.returncode == 0
    assert done.stdout.startswith(b"genesis-sampling")


def test_help_loads_nothing_heavy():
    code = "import sys, genesis_sampling.cli; print([m for m in ('sklearn', 'pandas', 'imblearn') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=60, check=True)
    assert done.stdout.strip() == b"[]"


def test_help_names_the_choices_and_defaults_of_the_functional_layer():
    text = " ".join(_done("augment", "--help").output.split())
    defaults = inspect.signature(functional.augment).parameters
    for name in (*functional.STRATEGIES, *functional.METHODS):
        assert name in text
    assert f"{defaults['strategy'].default} (default)" in text
    assert f"{defaults['method'].default} (default)" in text


class TestDiagnose:
    def test_as_text(self, data):
        result = _done("diagnose", data, "--target", "label")
        assert "WHAT TO TRY, IN THIS ORDER" in result.stdout

    @pytest.mark.parametrize(("ending", "sign"), [(".html", "<!doctype html>"), (".json", "{"), (".md", "#")])
    def test_formats_by_ending(self, data, tmp_path, ending, sign):
        output = tmp_path / f"diagnosis{ending}"
        _done("diagnose", data, "--target", "label", "-o", output)
        assert output.read_text().lower().startswith(sign)

    def test_unknown_columns(self, data):
        for options in (["--target", "nope"], ["--target", "label", "--sensitive", "nope"]):
            result = _genesis("diagnose", data, *options)
            assert result.exit_code == 1
            assert "Got the column 'nope'; expected one of" in result.stderr

    def test_a_quantity_is_no_target(self, data):
        result = _genesis("diagnose", _with_quantity(data), "--target", "weight")
        assert result.exit_code == 1
        assert "Error: Got the target 'weight' of labels that are no classes" in result.stderr


def _with_quantity(data):
    """The table with a column of floats more."""
    table = pd.read_csv(data)
    path = data.with_name("weights.csv")
    table.assign(weight=np.linspace(40.25, 90.5, len(table)), half=np.arange(len(table)) % 2).to_csv(
        path, index=False
    )
    return path


class TestCompare:
    @pytest.mark.parametrize(
        ("options", "message"),
        [
            (["--target", "weight"], "Got the target 'weight' of labels that are no classes"),
            (["--target", "label", "--group", "half", "--folds", 3], "Got cv=3 for 2 group(s)"),
            (
                ["--target", "label", "--group", "half", "--folds", 3, "--repeats", 2],
                "--folds 3 for 2 groups",
            ),
        ],
    )
    def test_what_cannot_be_compared(self, data, options, message):
        result = _genesis("compare", _with_quantity(data), "--samplers", "copies", *options)
        assert result.exit_code == 1
        assert message in result.stderr
        assert "Traceback" not in result.stderr

    @pytest.mark.parametrize("names", ["", ","])
    def test_no_samplers(self, data, names):
        result = _genesis("compare", data, "--target", "label", "--samplers", names)
        assert result.exit_code == 2
        assert "got no name" in result.stderr

    def test_rows_that_are_not_there_by_default(self, data):
        args = ["compare", data, "--target", "label", "--samplers", "distilled,hard examples", "--folds", 2]
        assert "hard examples" in _done(*args).stdout

    def test_repeated_folds_keep_groups_together(self):
        from genesis_sampling.cli.comparing import _repeated

        labels, groups = np.arange(60) % 3 == 0, np.repeat(np.arange(20), 3)
        splits = list(_repeated(3, 2, labels, groups, 0))
        assert len(splits) == 6
        assert all(not {*groups[train]} & {*groups[test]} for train, test in splits)
        if parse_version(sklearn.__version__) >= parse_version("1.7"):  # before, groups were not shuffled
            assert any(not np.array_equal(a[1], b[1]) for a, b in zip(splits[:3], splits[3:], strict=True))

    def test_as_text_and_as_json(self, data, tmp_path):
        args = ["compare", data, "--target", "label", "--samplers", "class weights,copies", "--folds", 2]
        assert "Beside doing nothing 2 rows" in _done(*args).stdout
        _done(*args, "-o", tmp_path / "comparison.json")
        written = json.loads((tmp_path / "comparison.json").read_text())
        rows = {row["sampler"] for row in written["metrics"]["average_precision"]}
        assert rows == {"nothing", "class weights", "copies"}
        # A class of fewer rows than neighbours has no coverage.
        assert {error["metric"] for error in written["errors"]} <= {"coverage"}

    def test_unknown_sampler(self, data):
        result = _genesis("compare", data, "--target", "label", "--samplers", "smota")
        assert result.exit_code == 1
        assert "smota" in result.stderr
