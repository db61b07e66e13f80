"""How fast are the samplers, and how much memory do they take, against copying rows?

RandomOverSampler copies rows: the floor for any over-sampler. Bar: NoiseSampler within 2 times of it.
"""

from __future__ import annotations

import argparse

from _common import measure, write_results, write_table

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
    rows, figures = [], {}
    for n_rows in options.rows:
        found = {}
        for name, (imports, sampler) in SAMPLERS.items():
            setup = SETUP.format(n_rows=n_rows, imports=imports, sampler=sampler)
            found[name] = measure(setup, "out = sampler.fit_resample(X, y)", runs=options.runs)
            print(n_rows, name, found[name], flush=True)
        floor = found["imblearn RandomOverSampler"]
        figures[str(n_rows)] = found
        rows += [
            {
                "rows in": f"{n_rows:,}",
                "sampler": name,
                "seconds": f"{run['seconds']:.2f}",
                "against copying": f"{run['seconds'] / floor['seconds']:.1f}",
                "peak MiB": f"{run['peak_MiB']:.0f}",
                "peak against copying": f"{run['peak_MiB'] / floor['peak_MiB']:.2f}",
            }
            for name, run in found.items()
        ]
    write_results("throughput", {"columns": 30, "minority": 0.1, "ratio": 1.0, "figures": figures})
    write_table(
        "throughput",
        "Over-sampling 10 % to 1:1, 30 numeric columns",
        rows,
        f"Medians of {options.runs} fresh processes each; peak resident memory of the whole process, the input "
        "included. Bar: NoiseSampler within 2 times of copying (RandomOverSampler).",
    )


if __name__ == "__main__":
    main()
