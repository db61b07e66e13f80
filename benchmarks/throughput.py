"""How fast are the samplers, and how much memory do they take, against copying rows?

RandomOverSampler copies rows: the floor for any over-sampler. Bar: NoiseSampler within 2 times of it.
"""

from __future__ import annotations

import argparse
import json

from _common import RESULTS, machine, measure, write_results, write_table

SETUP = """
import numpy as np
rng = np.random.default_rng(0)
n, d = {n_rows}, 30
y = (np.arange(n) % 10 == 0).astype(int)
X = rng.normal(size=(n, d)) + 0.5 * y[:, None]
{imports}
sampler = {sampler}
# First calls load code; they are no part of the question.
sampler.fit_resample(X[:2000], y[:2000])
"""
SAMPLERS = {
    "imblearn RandomOverSampler": (
        "from imblearn.over_sampling import RandomOverSampler",
        "RandomOverSampler(random_state=0)",
    ),
    "imblearn SMOTE": ("from imblearn.over_sampling import SMOTE", "SMOTE(random_state=0)"),
    "NoiseSampler": ("from genesis_sampling import NoiseSampler", "NoiseSampler(random_state=0)"),
    "GenerativeOverSampler (tree)": (
        "from genesis_sampling import GenerativeOverSampler",
        "GenerativeOverSampler('tree', random_state=0)",
    ),
    "GenerativeOverSampler (gaussian_copula)": (
        "from genesis_sampling import GenerativeOverSampler",
        "GenerativeOverSampler('gaussian_copula', random_state=0)",
    ),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    figures = measured_before()
    for n_rows in options.rows:
        figures[str(n_rows)] = {name: run(n_rows, name, options.runs) for name in SAMPLERS}
    figures = dict(sorted(figures.items(), key=lambda item: int(item[0])))
    write_results("throughput", {"columns": 30, "minority": 0.1, "ratio": 1.0, "figures": figures})
    write_table(
        "throughput",
        "Over-sampling 10 % to 1:1, 30 numeric columns",
        [row for n_rows, found in figures.items() for row in as_rows(int(n_rows), found)],
        "Medians over fresh processes; peak resident memory of the whole process, the input included. Bar: "
        "NoiseSampler within 2 times of copying (RandomOverSampler).",
    )


def measured_before() -> dict:
    """Figures of other sizes in the result file, if the machine and the versions are those of now."""
    path = RESULTS / "throughput.json"
    before = json.loads(path.read_text()) if path.is_file() else {}
    return before["figures"] if before.get("machine") == machine() else {}


def run(n_rows: int, name: str, runs: int) -> dict:
    imports, sampler = SAMPLERS[name]
    setup = SETUP.format(n_rows=n_rows, imports=imports, sampler=sampler)
    found = measure(setup, "out = sampler.fit_resample(X, y)", runs=runs)
    print(n_rows, name, found, flush=True)
    return found


def as_rows(n_rows: int, found: dict) -> list[dict]:
    floor = found["imblearn RandomOverSampler"]
    return [
        {
            "rows in": f"{n_rows:,}",
            "sampler": name,
            "seconds": f"{figure['seconds']:.2f}",
            "against copying": f"{figure['seconds'] / floor['seconds']:.1f}",
            "peak MiB": f"{figure['peak_MiB']:.0f}",
            "peak against copying": f"{figure['peak_MiB'] / floor['peak_MiB']:.2f}",
            "runs": figure["runs"],
        }
        for name, figure in found.items()
    ]


if __name__ == "__main__":
    main()
