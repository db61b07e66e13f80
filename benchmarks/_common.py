"""What the benchmarks share: machine and versions, time and peak memory of a job, result files."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median
from typing import Any

RESULTS = Path(__file__).parent / "results"
DATA = Path(__file__).parents[2] / "shared" / "data"
PACKAGES = ("genesis-sampling", "numpy", "pandas", "scikit-learn", "imbalanced-learn", "scipy")


def machine(packages: Iterable[str] = PACKAGES) -> dict[str, Any]:
    """The machine in words, and versions."""
    return {
        "cores": os.cpu_count(),
        "processor": _processor(),
        "memory_GiB": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
        "system": platform.system(),
        "python": platform.python_version(),
        **{name: _version(name) for name in packages},
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next(
        (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine()
    )


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


# Runs a job in a process of its own: set-up untimed, then the job, then its wall seconds and the rise of the peak of
# resident memory above what the set-up had left.
_CHILD = """
import json, resource, sys, threading, time
def resident():
    with open("/proc/self/statm") as f:
        return int(f.read().split()[1]) * resource.getpagesize()
{setup}
before, peak, done = resident(), [0], threading.Event()
def watch():
    while not done.wait(0.005):
        peak[0] = max(peak[0], resident())
watcher = threading.Thread(target=watch); watcher.start()
started = time.perf_counter()
{job}
seconds = time.perf_counter() - started
peak[0] = max(peak[0], resident()); done.set(); watcher.join()
print(json.dumps(dict(seconds=seconds, before_MiB=before / 2**20, peak_MiB=peak[0] / 2**20)))
{after}
"""


def measure(setup: str, job: str, *, runs: int = 5, after: str = "") -> dict[str, Any]:
    """Median wall seconds and peak memory of a job over several fresh processes.

    Parameters
    ----------
    setup, job, after : str
        Python source; only ``job`` is timed. ``after`` may print further figures, as a line of JSON.
    runs : int, default=5
    """
    source = _CHILD.format(setup=setup, job=job, after=after)
    found = []
    for _ in range(runs):
        done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(done.stderr)
        lines = done.stdout.splitlines()[-2 if after else -1 :]
        found.append({name: value for line in lines for name, value in json.loads(line).items()})
    return {name: _middle([run[name] for run in found]) for name in found[0]} | {"runs": runs}


def _middle(values: list[Any]) -> Any:
    """Median of numbers, the last of anything else."""
    return values[-1] if isinstance(values[0], str) else round(median(values), 4)


def write_results(name: str, figures: Mapping[str, Any], *, packages: Iterable[str] = PACKAGES) -> Path:
    """Write ``results/<name>.json``: the machine first, then the figures."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.json"
    path.write_text(json.dumps({"machine": machine(packages), **figures}, indent=2) + "\n")
    return path


def table(rows: list[Mapping[str, Any]]) -> str:
    """Rows as a markdown table."""
    names = list(rows[0])
    lines = ["| " + " | ".join(names) + " |", "|" + "---|" * len(names)]
    return "\n".join([*lines, *("| " + " | ".join(str(row[name]) for name in names) + " |" for row in rows)])


def write_table(name: str, title: str, rows: list[Mapping[str, Any]], note: str = "") -> Path:
    """Write ``results/<name>.md``: a title, a table, a note."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.md"
    path.write_text(f"# {title}\n\n{table(rows)}\n\n{note}\n".rstrip() + "\n")
    return path


class Kept:
    """Parts of the measurement, each made once; those in the file of an interrupted run are not made again."""

    def __init__(self, path: Path | None):
        self.path = path
        is_begun = path is not None and path.exists()
        self.found = [json.loads(line) for line in path.read_text().splitlines()] if is_begun else []

    def known(self, key: dict) -> dict | None:
        return next((row for row in self.found if {name: row.get(name) for name in key} == key), None)

    def __call__(self, key: dict, work: Callable[[], dict]) -> dict:
        found = self.known(key)
        if found is None:
            found = key | work() | {"ended": datetime.now().astimezone().isoformat(" ", "minutes")}
            if self.path is not None:
                with self.path.open("a") as file:
                    file.write(json.dumps(found) + "\n")
        print(found, flush=True)
        return found
