"""How long does a table that does not fit take, and in how much memory?

`genesis augment --engine dask --memory-limit 2GB` on folders of Parquet with 30 columns, of which one row in a hundred
is a fraud, made up to three for every ten others: seconds of the whole command, and the most that it and all its
workers hold at one moment (proportional set size). Bars: time is straight in the rows (no measurement is off the line
by more than a fifth of itself), and memory stays below the limit. Beside it, on three million rows in memory: a Dask
frame with two threads against the plain sampler with one, at most 1.5 times as long.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import psutil
import pyarrow.parquet as pq
from _common import DATA, PACKAGES, RESULTS, Kept, table, write_results, write_table
from fidelity import load

METHODS = ("noise", "smote", "tree")
MILLIONS = (1, 3, 10, 30)
RATIO, LIMIT_GB, BAR, PAIRS = 0.3, 2.0, 1.5, 2
# The share of a measurement by which it may be off the line, and seconds between two looks at the memory.
OFF, EVERY = 0.2, 0.05
# Of a million rows, what is read and what is written.
GB_A_MILLION = 0.5
# Rows of a file.
PART = 250_000
TARGET = "is_fraud"


def made_part(part: int, n_rows: int) -> pd.DataFrame:
    """Rows of the fraud kind: 27 numbers, two columns of categories, and the class."""
    rng = np.random.default_rng([20261122, part])
    is_fraud = rng.random(n_rows) < 0.01
    values = rng.normal(size=(n_rows, 26))
    values[:, 1:] += 0.5 * values[:, :-1]
    values[is_fraud, :8] += rng.normal(1.5, 0.5, (is_fraud.sum(), 8))
    frame = pd.DataFrame(values, columns=[f"v{place}" for place in range(26)])
    frame["amount"] = np.round(rng.lognormal(3 + is_fraud, 1.2), 2)
    frame["country"] = pd.Categorical.from_codes(
        rng.integers(0, 30, n_rows), [f"C{place}" for place in range(30)]
    )
    frame["channel"] = pd.Categorical.from_codes(rng.integers(0, 4, n_rows), ["web", "app", "shop", "phone"])
    frame[TARGET] = is_fraud.astype(np.int8)
    return frame


def bootstrap_part(sample: pd.DataFrame, part: int, n_rows: int) -> pd.DataFrame:
    """Rows of the sample of card payments, drawn with replacement: one fraud in a hundred."""
    rng = np.random.default_rng([20261122, part])
    frauds = sample[TARGET] == 1
    drawn = np.where(
        rng.random(n_rows) < 0.01,
        rng.choice(np.flatnonzero(frauds), n_rows),
        rng.choice(np.flatnonzero(~frauds), n_rows),
    )
    return sample.iloc[drawn].reset_index(drop=True)


def write_input(folder: Path, millions: float, sample: pd.DataFrame | None) -> None:
    """A folder of Parquet files."""
    folder.mkdir(parents=True)
    n_rows = round(millions * 10**6)
    for part, start in enumerate(range(0, n_rows, PART)):
        size = min(PART, n_rows - start)
        rows = made_part(part, size) if sample is None else bootstrap_part(sample, part, size)
        rows.to_parquet(folder / f"{part:05d}.parquet", index=False)
    # Else it is written out while the first command is measured.
    os.sync()


def bytes_in(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.iterdir())


def held(process: psutil.Process) -> int:
    """Bytes of a process and all below it; what they share is counted once."""
    total = 0
    for one in [process, *process.children(recursive=True)]:
        try:
            total += one.memory_full_info().pss
        except psutil.Error:  # it has just ended
            continue
    return total


def run(data: Path, output: Path, method: str) -> dict[str, float]:
    """The command, watched."""
    command = [
        sys.executable,
        "-m",
        "genesis_sampling",
        "augment",
        str(data),
        "--target",
        TARGET,
        "--output",
        str(output),
    ]
    command += [
        "--engine",
        "dask",
        "--memory-limit",
        f"{LIMIT_GB:g}GB",
        "--method",
        method,
        "--ratio",
        str(RATIO),
    ]
    begun = time.perf_counter()
    with subprocess.Popen([*command, "--seed", "0", "--quiet"]) as process:
        watched, peak = psutil.Process(process.pid), 0
        while process.poll() is None:
            peak = max(peak, held(watched))
            time.sleep(EVERY)
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}")
    assert peak > 0
    return {"seconds": time.perf_counter() - begun, "peak_GB": peak / 1e9}


def counts(folder: Path) -> dict[int, int]:
    """Rows of each class in a folder, by reading that column alone."""
    found: Counter[int] = Counter()
    for path in sorted(folder.glob("*.parquet")):
        labels = pd.Series(pq.read_table(path, columns=[TARGET])[TARGET].to_numpy())
        # Not every file has every class.
        found.update({int(label): int(count) for label, count in labels.value_counts().items()})
    return dict(found)


def large_runs(
    kind: str, sample: pd.DataFrame | None, millions: float, folder: Path, once: Kept
) -> list[dict]:
    """One table, by each method."""
    keys = [{"data": kind, "method": method, "millions": millions} for method in METHODS]
    if not all(map(once.known, keys)):
        shutil.rmtree(folder, ignore_errors=True)
        write_input(folder / "in", millions, sample)

    def work(method: str) -> dict:
        output = folder / "out"
        found = run(folder / "in", output, method)
        n_usual = counts(folder / "in")[0]
        assert counts(output) == {0: n_usual, 1: int(RATIO * n_usual)}
        sizes = {"read_GB": bytes_in(folder / "in") / 1e9, "written_GB": bytes_in(output) / 1e9}
        shutil.rmtree(output)
        return found | sizes

    return [once(key, partial(work, key["method"])) for key in keys]


SETUP = """
import sys
sys.path.insert(0, {here!r})
from distributed_scale import made_part, PART, TARGET
import pandas as pd
rows = pd.concat([made_part(part, PART) for part in range({n_parts})], ignore_index=True)
from genesis_sampling import InterpolationSampler, NoiseSampler, GenerativeOverSampler
from genesis_sampling.distributed import resample
import dask, dask.dataframe as dd
# Classes are counted and rows gathered before the result is computed.
dask.config.set({{"dataframe.convert-string": False, "scheduler": "threads", "num_workers": 2}})
sampler = dict(
    noise=NoiseSampler(sampling_strategy={ratio}, random_state=0),
    smote=InterpolationSampler(sampling_strategy={ratio}, random_state=0),
    tree=GenerativeOverSampler("tree", sampling_strategy={ratio}, random_state=0),
)[{method!r}]
X, y = rows.drop(columns=TARGET), rows[TARGET]
ddf = dd.from_pandas(rows, npartitions={n_parts})
"""
PAIRED = """
import json, time
sides = dict(
    plain=lambda: sampler.fit_resample(X, y),
    dask=lambda: resample(sampler, ddf, TARGET).compute(),
)
for turn in range({n_pairs}):
    seconds = dict()
    for side in sorted(sides, reverse=turn % 2 == 0):
        begun = time.perf_counter()
        sides[side]()
        seconds[side] = time.perf_counter() - begun
    print(json.dumps(seconds), flush=True)
"""


def in_memory(method: str, n_parts: int, n_pairs: int) -> dict[str, float]:
    """Median seconds of both ways, and of their ratio over pairs in turn, in one process."""
    here = str(Path(__file__).parent)
    code = SETUP.format(here=here, n_parts=n_parts, ratio=RATIO, method=method) + PAIRED.format(
        n_pairs=n_pairs
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    found = pd.DataFrame([json.loads(line) for line in done.stdout.splitlines()])
    return {**found.median().to_dict(), "ratio": float((found["dask"] / found["plain"]).median())}


def held_against(value: float, bar: float, digits: str = ".2f") -> str:
    """The figure, in bold where it is above the bar."""
    return f"{value:{digits}}" if value <= bar else f"**{value:{digits}}**"


def straight_lines(runs: pd.DataFrame) -> list[dict]:
    """Of each method the line through the seconds of the tables that were made, and how far they are off it."""
    lines = []
    for method, part in runs[runs["data"] == "made"].groupby("method", sort=False):
        millions, seconds = part["millions"].to_numpy(float), part["seconds"].to_numpy(float)
        slope, start = np.polyfit(millions, seconds, 1, w=1 / seconds)
        off = np.abs(start + slope * millions - seconds) / seconds
        found = {"start": start, "a_million": slope, "largest_residual": off.max()}
        lines.append({"method": method} | {name: float(value) for name, value in found.items()})
    return lines


def draw(runs: pd.DataFrame, straight: list[dict], path: Path) -> None:
    """Seconds and memory against rows."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
    for (kind, method), part in runs.groupby(["data", "method"], sort=False):
        for axis, column in zip(axes, ("seconds", "peak_GB"), strict=True):
            axis.plot(part["millions"], part[column], marker="o", label=f"{method}, {kind}")
    millions = np.geomspace(runs["millions"].min(), runs["millions"].max(), 100)
    for line in straight:
        axes[0].plot(millions, line["start"] + line["a_million"] * millions, color="0.5", lw=0.8, zorder=0)
    axes[0].set(xscale="log", yscale="log", xlabel="million rows", ylabel="seconds (grey: straight lines)")
    axes[1].set(xscale="log", ylim=(0, 1.1 * LIMIT_GB), xlabel="million rows", ylabel="most memory, GB")
    axes[1].axhline(LIMIT_GB, color="0.5", linestyle="--", label="limit")
    axes[1].legend(frameon=False, fontsize=8)
    figure.savefig(path, dpi=150)


@contextmanager
def work_folder(parent: Path | None, millions: float) -> Iterator[Path]:
    """A folder for the tables, removed at the end; nothing beside it is touched."""
    made = Path(tempfile.mkdtemp(prefix="genesis-")) if parent is None else None
    parent = made or parent
    parent.mkdir(parents=True, exist_ok=True)
    folder = parent / "distributed_scale"
    free, needed = shutil.disk_usage(parent).free / 1e9, GB_A_MILLION * millions
    try:
        if free < needed:
            sys.exit(
                f"Got {parent}, where {free:.1f} GB are free; expected {needed:.1f} GB. Pass --work-dir with a folder "
                "on a larger disk."
            )
        yield folder
    finally:
        shutil.rmtree(made or folder, ignore_errors=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data-dir", type=Path, default=DATA)
    parser.add_argument(
        "--work-dir",
        type=Path,
        default=None,
        help="where a folder distributed_scale is made for tables of up to 15 GB, and removed at the end; if not "
        "given, in a folder for temporary files",
    )
    parser.add_argument(
        "--cache", type=Path, default=None, help="a file from which an interrupted run goes on"
    )
    parser.add_argument("--quick", action="store_true", help="a tenth of the rows; prints, writes nothing")
    options = parser.parse_args()
    once = Kept(options.cache)
    sample = load(options.data_dir, "creditcard_fraud_sample").rename(columns={"target": TARGET})
    sample[TARGET] = (sample[TARGET] == sample[TARGET].value_counts().index[-1]).astype(np.int8)
    share = 0.1 if options.quick else 1.0
    runs = []
    with work_folder(options.work_dir, share * max(MILLIONS)) as folder:
        for kind, source, sizes in (("made", None, MILLIONS), ("card payments", sample, MILLIONS[1:2])):
            for millions in sizes:
                runs += large_runs(kind, source, share * millions, folder, once)
    n_parts, n_pairs = (2, 1) if options.quick else (12, PAIRS)
    compared = [
        once(
            {"in memory": method, "n_parts": n_parts, "n_pairs": n_pairs},
            partial(in_memory, method, n_parts, n_pairs),
        )
        for method in METHODS
    ]
    found = pd.DataFrame(runs)
    straight = straight_lines(found)
    lines = [
        {
            "data": row["data"],
            "method": row["method"],
            "million rows": f"{row['millions']:g}",
            "seconds": f"{row['seconds']:.0f}",
            "seconds a million": f"{row['seconds'] / row['millions']:.1f}",
            "read GB": f"{row['read_GB']:.2f}",
            "written GB": f"{row['written_GB']:.2f}",
            "most memory GB": held_against(row["peak_GB"], LIMIT_GB),
        }
        for row in runs
    ]
    beside = [
        {
            "method": row["in memory"],
            "plain, s": f"{row['plain']:.1f}",
            "Dask frame, s": f"{row['dask']:.1f}",
            "ratio": held_against(row["ratio"], BAR),
        }
        for row in compared
    ]
    along = [
        {
            "method": row["method"],
            "seconds to begin with": f"{row['start']:.1f}",
            "seconds a further million": f"{row['a_million']:.1f}",
            "largest residual": held_against(row["largest_residual"], OFF, ".1%"),
        }
        for row in straight
    ]
    print(table(lines), table(along), table(beside), sep="\n\n")
    if options.quick:
        return
    write_results(
        "distributed_scale",
        {"runs": runs, "straight lines": straight, "in memory": compared},
        packages=(*PACKAGES, "dask", "distributed", "pyarrow"),
    )
    draw(found, straight, RESULTS / "distributed_scale.png")
    write_table(
        "distributed_scale",
        "Past one machine's memory",
        lines,
        f"30 columns, one row in a hundred of the rare class, brought to {RATIO}; Parquet in files of {PART:,} rows, "
        f"read and written by the command with --memory-limit {LIMIT_GB:g}GB. Memory is the most that the command and "
        "its workers held together at one moment; above the limit in bold. Start of Python and workers included. The "
        f"frauds of the card payments are {int(sample[TARGET].sum())} rows drawn again and again.\n\n"
        "Straight lines through the seconds of the tables that were made, where relative errors weigh the same; "
        f"residuals are shares of the measured seconds, in bold above {OFF:.0%}:\n\n{table(along)}\n\n"
        f"Three million rows in memory, medians of {PAIRS} pairs in turn, where Dask has two threads and "
        f"the plain sampler one:\n\n{table(beside)}",
    )


if __name__ == "__main__":
    main()
