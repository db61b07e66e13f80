"""How long do the metrics take?

Every figure of AugmentationMetrics, and the functions beside them, on 10k, 50k and 500k x 20 rows with gaps, both
tables and the holdout of that size. Bar: one second at 50k x 20 on two cores, for figures that train no model. Above
the sizes that their docstrings state, metrics draw a sample.
"""

from __future__ import annotations

import argparse
import ast

from _common import measure, table, write_results, write_table

DATA = """
import numpy as np, pandas as pd
def made(seed):
    rng = np.random.default_rng(seed)
    hidden = rng.normal(size=({n_rows}, 4))
    X = pd.DataFrame(hidden @ rng.normal(size=(4, 10)) + rng.normal(size=({n_rows}, 10))).rename(columns="n{{}}".format)
    for i in range(4):
        X[f"i{{i}}"] = np.rint(np.exp(hidden[:, i])).astype(int)
    for i in range(6):
        X[f"c{{i}}"] = np.array(list("abcdefghijkl"))[np.clip(np.rint(2 * hidden[:, i % 4] + 6), 0, 11).astype(int)]
    return X.mask(rng.random(X.shape) < 0.03)
def labelled(X, seed):
    return X.assign(y=(X["n0"].fillna(0) + np.random.default_rng(seed).normal(size=len(X)) > 2).astype(int))
from genesis_sampling import AugmentationMetrics
from genesis_sampling.metrics import bias, fidelity, privacy, utility
metrics = AugmentationMetrics(made(0), made(1), holdout=made(2))
metrics.pair
metrics._private(lambda *records, **options: None)
small = AugmentationMetrics(
    *(frame.head(300) for frame in (metrics.real, metrics.synthetic)), holdout=metrics.holdout.head(300)
)
small.summary()
three = metrics.real, metrics.synthetic, metrics.holdout
with_class = [labelled(frame, seed) for seed, frame in enumerate(three)]
few = [frame.head(300) for frame in with_class]
FUNCTIONS = dict(
    wasserstein_distances=lambda: fidelity.wasserstein_distances(metrics.pair),
    jensen_shannon_distances=lambda: fidelity.jensen_shannon_distances(metrics.pair),
    nearest_neighbor_distance_ratio=lambda: privacy.nearest_neighbor_distance_ratio(*three),
    singling_out=lambda: privacy.singling_out(*three),
    attribute_inference=lambda: privacy.attribute_inference(*three, "c0"),
    group_effects=lambda: bias.group_effects(*with_class[:2], sensitive="c0", target="y"),
    group_effects_of_models=lambda: bias.group_effects(
        *with_class[:2], sensitive="c0", target="y", test=with_class[2]
    ),
    train_synthetic_test_real=lambda: utility.train_synthetic_test_real(*with_class, target="y"),
    train_real_test_synthetic=lambda: utility.train_real_test_synthetic(*with_class, target="y"),
    train_augmented_test_real=lambda: utility.train_augmented_test_real(*with_class, target="y"),
)
utility.train_augmented_test_real(*few, target="y")
taken = {{}}
"""
JOB = """
for name in {names!r}:
    begun = time.perf_counter()
    metrics.figure(name)
    taken[name] = round(time.perf_counter() - begun, 3)
for name, compute in FUNCTIONS.items():
    begun = time.perf_counter()
    compute()
    taken[name] = round(time.perf_counter() - begun, 3)
"""
TRAINS_A_MODEL = {
    "c2st",
    "c2st_logistic",
    "group_effects_of_models",
    "train_synthetic_test_real",
    "train_real_test_synthetic",
    "train_augmented_test_real",
}
SIZES = (10_000, 50_000, 500_000)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="10,000 rows only; prints, writes nothing")
    options = parser.parse_args()
    from genesis_sampling.metrics.augmentation import FIGURES

    names = [name for name in FIGURES if name != "quality_score"] + ["quality_score"]
    lines: dict[str, dict[str, str]] = {name: {"figure": name} for name in names}
    measured = []
    for n_rows in SIZES[:1] if options.quick else SIZES:
        job = JOB.format(names=names)
        found = measure(
            DATA.format(n_rows=n_rows), job, runs=1, after="print(json.dumps(dict(figures=str(taken))))"
        )
        print(n_rows, found, flush=True)
        measured.append({"rows": n_rows, **found})
        for name, seconds in ast.literal_eval(found["figures"]).items():
            over = n_rows == 50_000 and seconds > 1 and name not in TRAINS_A_MODEL
            lines.setdefault(name, {"figure": name})[f"{n_rows:,} rows, s"] = (
                f"**{seconds:.2f}**" if over else f"{seconds:.2f}"
            )
    if options.quick:
        print(table(list(lines.values())))
        return
    memory = ", ".join(f"{found['peak_MiB'] - found['before_MiB']:.0f}" for found in measured)
    write_results("metrics_speed", {"measured": measured})
    write_table(
        "metrics_speed",
        "How long the metrics take",
        list(lines.values()),
        "20 columns of numbers, integers and categories with gaps; both tables and the holdout of that many "
        "rows; to read them is not counted. One figure after the other in one process: one that shares work "
        "with one before it (the quality score, the copies of the holdout, the duplicates of the real rows) "
        "costs next to nothing. Above the sizes that their docstrings state, metrics draw a sample. Above a "
        "second at 50,000 rows in bold, but for those that train models (C2ST, effects on groups with a test table, "
        "train_...). The functions after the quality score also read the tables. "
        f"Peak memory above the tables: {memory} MiB.",
    )


if __name__ == "__main__":
    main()
