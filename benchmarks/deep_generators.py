"""How near do neural generators come to a table, and in how many seconds?

Adult, fitted on the published train part, as many rows drawn, judged against the test part by the measuring stick: our
CTGAN, TVAE and diffusion at several numbers of steps, trees and the copula, and the package `ctgan` in a Python of its
own. Bars: with equal steps, batch and layers at least 3 times as fast as `ctgan` on a CPU (preprocessing 15 times, on a
GPU 10 times) at equal or better figures; the default settings reach half of its trend error in a tenth of its CPU
seconds; the diffusion has a shape error of 2 %, a trend error of 3.5 % and a C2ST of .75 within ten minutes on a CPU.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
from _common import DATA, RESULTS, Kept, table, write_results, write_table
from fidelity import FIGURES, judge, load, split

from genesis_sampling import (
    CTGANGenerator,
    DiffusionGenerator,
    GaussianCopulaGenerator,
    TreeGenerator,
    TVAEGenerator,
)

HERE = Path(__file__).parent
TOOL = HERE.parents[1] / "shared" / "tools" / "fidelity_figures.py"
BATCH, SHORT, EPOCHS = 500, 30, 300
# Steps that the package makes in an epoch of the train part of Adult.
EPOCH_STEPS = 32_561 // BATCH
# The layers and rates of the package, for runs that do the same work.
SAME = {
    "learning_rate": 2e-4,
    "generator_widths": (256, 256),
    "critic_widths": (256, 256),
    "pac": 10,
    "critic_dropout": 0.5,
    "n_noise": 128,
    "batch_size": BATCH,
    "patience": None,
}
SAME_TVAE = {
    "learning_rate": 1e-3,
    "widths": (128, 128),
    "n_latent": 128,
    "patience": None,
    "batch_size": BATCH,
}


def candidates(quick: bool) -> dict:
    """Name -> family and a generator for a seed."""
    steps = (100,) if quick else (250, 500, 1000, 4000)
    found = {
        "TreeGenerator": ("TreeGenerator", lambda seed: TreeGenerator(n_jobs=2, random_state=seed)),
        "GaussianCopulaGenerator": ("copula", lambda seed: GaussianCopulaGenerator(random_state=seed)),
    }
    for cls in (CTGANGenerator, TVAEGenerator, DiffusionGenerator):
        found[f"{cls.__name__}, defaults"] = (cls.__name__, partial(made, cls))
        for n_steps in steps:
            found[f"{cls.__name__}, {n_steps} steps"] = (cls.__name__, partial(made, cls, n_steps=n_steps))
    if not quick:
        for epochs in (SHORT, EPOCHS):
            for cls, params in ((CTGANGenerator, SAME), (TVAEGenerator, SAME_TVAE)):
                found[f"{cls.__name__}, the work of {epochs} epochs"] = (
                    "same work",
                    partial(made, cls, n_steps=epochs * EPOCH_STEPS, **params),
                )
    return found


def made(cls, seed: int, **params):
    return cls(verbose=0, random_state=seed, **params)


def own_run(make, train: pd.DataFrame, seed: int) -> tuple[pd.DataFrame, dict]:
    """Rows of a generator of ours, and what they cost."""
    generator = make(seed)
    begun, cpu = time.perf_counter(), time.process_time()
    generator.fit(train)
    seconds = {"fit": time.perf_counter() - begun, "cpu": time.process_time() - cpu}
    seconds["transformer"] = seconds["fit"] - getattr(generator, "fit_seconds_", seconds["fit"])
    begun = time.perf_counter()
    rows = generator.sample(len(train))
    seconds["draw"] = time.perf_counter() - begun
    seconds["peak_MiB"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10
    return rows, seconds


def peer_run(
    python: str, model: str, epochs: int, train: pd.DataFrame, seed: int
) -> tuple[pd.DataFrame, dict]:
    """Rows of the package, and what they cost."""
    with TemporaryDirectory() as folder:
        paths = [str(Path(folder) / name) for name in ("train.csv", "rows.csv")]
        train.to_csv(paths[0], index=False)
        command = [python, str(HERE / "_ctgan_peer.py"), model, *paths, str(epochs), str(seed)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        rows = pd.read_csv(paths[1], keep_default_na=False, na_values=[""])
    return rows, json.loads(done.stdout.splitlines()[-1])


def draw(found: list[dict], path: Path) -> None:
    """Trend error and C2ST against seconds of fit and draw, a line for each family."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 2, figsize=(11, 4.2), layout="constrained")
    runs = pd.DataFrame(found).assign(seconds=lambda runs: runs["fit"] + runs["draw"])
    for axis, (name, label) in zip(
        axes, (("trend", "trend error, %"), ("c2st", "boosted C2ST, AUC")), strict=True
    ):
        for family, part in runs.sort_values("seconds").groupby("family", sort=False):
            if family != "same work":
                axis.plot(part["seconds"], part[name], marker="o", label=family, linewidth=1)
        axis.set(xscale="log", xlabel="seconds of fit and draw, two cores", ylabel=label)
        axis.xaxis.set_major_formatter("{x:g}")
    axes[0].set_yscale("log")
    for places in (axes[0].yaxis.set_major_formatter, axes[0].yaxis.set_minor_formatter):
        places("{x:g}")
    axes[1].legend(frameon=False, fontsize=8)
    figure.savefig(path, dpi=150)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data-dir", type=Path, default=DATA)
    parser.add_argument("--tool", type=Path, default=TOOL)
    parser.add_argument("--peer-python", default=None, help="a Python with ctgan 0.12; left out if not given")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument(
        "--only", default="", help="candidates whose names have this in them; prints, writes nothing"
    )
    parser.add_argument(
        "--cache", type=Path, default=None, help="a file from which an interrupted run goes on"
    )
    parser.add_argument("--quick", action="store_true", help="100 steps; prints, writes nothing")
    options = parser.parse_args()
    train, test = split(load(options.data_dir, "adult"), "adult")
    jobs = {
        name: (family, partial(own_run, make)) for name, (family, make) in candidates(options.quick).items()
    }
    if options.peer_python:
        for model in ("CTGAN", "TVAE"):
            for epochs in (1,) if options.quick else (10, SHORT, EPOCHS):
                jobs[f"{model} of ctgan, {epochs} epochs"] = (
                    f"{model} of ctgan",
                    partial(peer_run, options.peer_python, model, epochs),
                )
    # The first use of torch's optimizers loads code, once per process; it is no part of the question.
    made(TVAEGenerator, 0, n_steps=2).fit(train.head(200))
    once = Kept(options.cache)

    def work(run, seed: int) -> dict:
        rows, seconds = run(train, seed)
        return seconds | judge(options.tool, train, test, rows[train.columns])

    found = [
        once({"name": name, "family": family, "seed": seed}, partial(work, run, seed))
        for name, (family, run) in jobs.items()
        if options.only in name
        for seed in range(options.seeds)
    ]
    means = pd.DataFrame(found).groupby("name", sort=False).mean(numeric_only=True)
    rows = [
        {
            "": name,
            **{figure: f"{row[figure]:.3f}" for figure in FIGURES},
            "preparing s": f"{row['transformer']:.1f}",
            "fit s": f"{row['fit']:.0f}",
            "CPU s": f"{row['cpu']:.0f}",
            "draw s": f"{row['draw']:.1f}",
            "peak MiB": "" if np.isnan(row["peak_MiB"]) else f"{row['peak_MiB']:.0f}",
        }
        for name, row in means.iterrows()
    ]
    print(table(rows))
    if options.quick or options.only:
        return
    ended = [run["ended"] for run in found if "ended" in run]
    write_results("deep_generators", {"rows": rows, "runs": found})
    draw(found, RESULTS / "deep_generators.png")
    write_table(
        "deep_generators",
        "Neural generators: time to quality",
        rows,
        f"Adult, train part to fit on, test part to judge by, {options.seeds} seed(s). shape, trend and copies in %; "
        "c2st and nearer: .5 is ideal. 'preparing' is what comes before the network; peak memory is that of the "
        f"process, for ours the highest so far. Runs ended between {min(ended)} and {max(ended)}.",
    )


if __name__ == "__main__":
    sys.exit(main())
