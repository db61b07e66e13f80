"""How fast is the SMOTE family, and how much memory does it take, against imbalanced-learn?

Bars: SMOTE at 300k x 30 at least 2 times as fast; borderline-1 and ADASYN there at least 8 times, and not slower where
neighbours are exact; SMOTE-NC at 100k x 22 at least 10 times; never slower than 1.1 times the peer at 10k rows;
SMOTE at 1M x 30 within 3 times of copying; peak memory at most 2.5 times input and output.
"""

from __future__ import annotations

import argparse
from statistics import median

from _common import RESULTS, measure, table, write_results, write_table

NUMBERS = """
from sklearn.datasets import make_classification
X, y = make_classification({n_rows}, {n_columns}, n_informative={informative}, weights=[0.9], random_state=0)
size = X.nbytes
"""
MIXED = (
    NUMBERS
    + """
import numpy as np, pandas as pd
rng = np.random.default_rng(0)
X = pd.DataFrame(X, columns=[f"n{{i}}" for i in range(X.shape[1])])
X["five"] = pd.Categorical.from_codes(rng.integers(5, size=len(X)), list("abcde"))
X["ten"] = pd.Categorical.from_codes(rng.integers(10, size=len(X)), list("abcdefghij"))
size = int(X.memory_usage().sum())
"""
)
# A first call loads code, which is no part of the question.
WARM = """
import warnings; warnings.simplefilter("ignore")
{imports}
sampler = {sampler}
small = np.r_[np.flatnonzero(y == 0)[:900], np.flatnonzero(y == 1)[:100]]
sampler.fit_resample(X.iloc[small] if hasattr(X, "iloc") else X[small], y[small])
"""
OURS = "from genesis_sampling import InterpolationSampler"
PEERS = {
    "smote": "SMOTE(random_state=0)",
    "borderline-1": "BorderlineSMOTE(random_state=0)",
    "adasyn": "ADASYN(random_state=0)",
    "smote-nc": "SMOTENC(categorical_features=['five', 'ten'], random_state=0)",
    "copying": "RandomOverSampler(random_state=0)",
}
SIZES = (10_000, 30_000, 100_000, 300_000)
WIDTHS = (10, 100, 300)
# (kind, rows, how ours searches) -> least ratio of the peer's time to ours.
BARS = {
    **{
        (kind, 10_000, how): 1 / 1.1
        for kind in ("smote", "borderline-1", "adasyn", "smote-nc")
        for how in ("exact", "auto")
    },
    ("smote", 300_000, "exact"): 2.0,
    ("smote", 300_000, "auto"): 2.0,
    **{(kind, 300_000, "exact"): 1.0 for kind in ("borderline-1", "adasyn")},
    **{(kind, 300_000, "auto"): 8.0 for kind in ("borderline-1", "adasyn")},
    ("smote-nc", 100_000, "exact"): 10.0,
    ("smote-nc", 100_000, "auto"): 10.0,
    ("smote", 1_000_000, "auto"): 1 / 3,
}
MEMORY_BAR = 2.5


def in_turn(jobs: list[tuple[str, str]], n_rows: int, n_columns: int, runs: int) -> list[dict]:
    """Seconds and memory of several samplers, which run in turn, so that a slow minute meets them all."""
    found = [[run(kind, how, n_rows, n_columns) for kind, how in jobs] for _ in range(runs)]
    return [combined(list(figures)) for figures in zip(*found, strict=True)]


def combined(figures: list[dict]) -> dict:
    """Medians, and all seconds."""
    last = figures[-1]
    medians = {name: median(row[name] for row in figures) for name in ("seconds", "memory")}
    return {**last, **medians, "runs": len(figures), "all_seconds": [row["seconds"] for row in figures]}


def run(kind: str, how: str, n_rows: int, n_columns: int) -> dict:
    """Seconds and memory of a sampler: ``how`` is "peer", "exact" or "auto"."""
    data = (MIXED if kind == "smote-nc" else NUMBERS).format(
        n_rows=n_rows, n_columns=n_columns, informative=min(15, n_columns // 2)
    )
    if how == "peer":
        imports = f"import numpy as np; from imblearn.over_sampling import {PEERS[kind].split('(')[0]}"
        sampler = PEERS[kind]
    else:
        imports = "import numpy as np; " + OURS
        options = "" if kind == "smote-nc" else ", scale=False"
        search = "exact" if how == "exact" else "auto"
        ours = kind.replace("smote-nc", "smote")
        sampler = f"InterpolationSampler({ours!r}{options}, neighbors={search!r}, random_state=0)"
    job = "A, b = sampler.fit_resample(X, y)"
    after = (
        "\nfound = getattr(getattr(sampler, 'report_', None), 'choices', {}).get('neighbors of class 1', '')"
        "\nout = A.nbytes if hasattr(A, 'nbytes') else int(A.memory_usage().sum())"
        "\nprint(json.dumps(dict(found=found, input_MiB=size / 2**20, output_MiB=out / 2**20)))"
    )
    figures = measure(data + WARM.format(imports=imports, sampler=sampler), job, runs=1, after=after)
    above = figures["peak_MiB"] - figures["before_MiB"] + figures["input_MiB"]
    figures["memory"] = round(above / (figures["input_MiB"] + figures["output_MiB"]), 2)
    print(kind, how, n_rows, n_columns, figures, flush=True)
    return {"kind": kind, "how": how, "rows": n_rows, "columns": n_columns, **figures}


def as_row(figures: dict, peer: dict, label: str) -> dict:
    """A line of the table; what misses its bar in bold."""
    pairs = zip(peer["all_seconds"], figures["all_seconds"], strict=True)
    ratio = median(theirs / ours for theirs, ours in pairs)
    bar = (
        BARS.get((figures["kind"], figures["rows"], figures["how"]))
        if figures["columns"] in (20, 30)
        else None
    )
    missed = bar is not None and ratio < bar
    heavy = figures["memory"] > MEMORY_BAR
    return {
        "kind": figures["kind"],
        "rows": f"{figures['rows']:,}",
        "columns": figures["columns"] + 2 * (figures["kind"] == "smote-nc"),
        "ours": figures["found"],
        "against": label,
        "peer, s": f"{peer['seconds']:.3f}",
        "ours, s": f"{figures['seconds']:.3f}",
        "times as fast": f"**{ratio:.2f}**" if missed else f"{ratio:.2f}",
        "bar": "" if bar is None else f"{bar:.2f}",
        "peer, memory": f"{peer['memory']:.2f}",
        "ours, memory": f"**{figures['memory']:.2f}**" if heavy else f"{figures['memory']:.2f}",
    }


def plot(measured: list[dict]) -> None:
    """Seconds against rows and against columns."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    styles = {
        "peer": ("imbalanced-learn", "#b2182b", "o"),
        "exact": ("ours, exact", "#2166ac", "s"),
        "auto": ("ours", "#1b9e77", "^"),
    }
    panels = [("smote", "rows"), ("borderline-1", "rows"), ("adasyn", "rows"), ("smote", "columns")]
    figure, axes = plt.subplots(1, len(panels), figsize=(17, 4.2))
    for axis, (kind, by) in zip(axes, panels, strict=True):
        for how, (label, colour, marker) in styles.items():
            fixed = {"rows": ("columns", 30), "columns": ("rows", 30_000)}[by]
            points = sorted(
                (row[by], row["seconds"])
                for row in measured
                if row["kind"] == kind and row["how"] == how and row[fixed[0]] == fixed[1]
            )
            if points:
                axis.plot(*zip(*points, strict=True), color=colour, marker=marker, label=label)
        other = "30 columns" if by == "rows" else "30,000 rows"
        axis.set(xscale="log", yscale="log", xlabel=by, title=f"{kind}, {other}")
        axis.grid(alpha=0.3)
    axes[0].set_ylabel("seconds")
    axes[0].legend(fontsize=9)
    figure.tight_layout()
    figure.savefig(RESULTS / "interpolation.png", dpi=110)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="10,000 rows only, one run; prints, writes nothing"
    )
    options = parser.parse_args()
    hows = ["exact", "auto"]
    sizes = SIZES[:1] if options.quick else SIZES
    jobs = [(kind, n_rows, 30) for kind in ("smote", "borderline-1", "adasyn") for n_rows in sizes]
    jobs += [("smote-nc", n_rows, 20) for n_rows in (sizes if options.quick else (10_000, 100_000))]
    jobs += [] if options.quick else [("smote", 30_000, n_columns) for n_columns in WIDTHS]
    measured, lines = [], []
    for kind, n_rows, n_columns in jobs:
        runs = 1 if options.quick else 5 if n_rows <= 100_000 else 3
        peer, *ours = in_turn([(kind, how) for how in ("peer", *hows)], n_rows, n_columns, runs)
        measured += [peer, *ours]
        lines += [as_row(figures, peer, "imbalanced-learn") for figures in ours]
    if not options.quick:
        jobs = [("copying", "peer"), ("smote", "peer"), ("smote", "auto")]
        copying, peer, million = in_turn(jobs, 1_000_000, 30, 3)
        lines.append(as_row(million, copying, "copying (RandomOverSampler)"))
        # The peer would take minutes for these; they show how ours grows.
        others = in_turn([("borderline-1", "auto"), ("adasyn", "auto")], 1_000_000, 30, 1)
        measured += [copying, peer, million, *others]
    if options.quick:
        print(table(lines))
        return
    write_results("interpolation", {"memory_bar": MEMORY_BAR, "measured": measured})
    write_table(
        "interpolation",
        "The SMOTE family against imbalanced-learn",
        lines,
        "10 % minority to 1:1. Medians over fresh processes, peer and ours in turn: of 5 runs up to 100,000 rows, of 3 "
        "above; the ratio is the median of paired ratios. Memory is the peak above what the process had "
        "before, and the input, divided by input and output. Ratios that miss their bar are bold, and memory above "
        "2.5.",
    )
    plot(measured)


if __name__ == "__main__":
    main()
