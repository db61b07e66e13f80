"""Are drawn rows as good as real ones on rows that no fit saw, without remembering any?

Each generator is fitted on train rows and draws as many. The draws are judged against the test rows, beside the train
rows themselves (the floor) and train rows drawn with replacement (faithful, and all memory).
"""

from __future__ import annotations

import argparse
import importlib.util
import time
from pathlib import Path

import numpy as np
import pandas as pd
from _common import DATA, RESULTS, machine, write_results
from joblib import Parallel, delayed

from genesis_sampling import GaussianCopulaGenerator, TreeGenerator

FIGURES = ("shape", "trend", "c2st", "copies", "nearer")
# The bars: shape, trend and copies in percent.
BARS = {
    "adult": {"shape": 0.78, "trend": 1.85, "c2st": 0.525, "copies": 0.14, "nearer": 0.53, "seconds": 2.0},
    "credit_default": {
        "shape": 1.32,
        "trend": 2.10,
        "c2st": 0.55,
        "copies": 0.25,
        "nearer": 0.52,
        "seconds": 4.0,
    },
}
OTHERS = (
    "bank_marketing", "coil2000", "creditcard_fraud_sample", "htru2", "mammography",
    "nursery", "phoneme", "sick", "stroke", "telco_churn",
)  # fmt: skip
CODED = {"credit_default": ["SEX", "EDUCATION", "MARRIAGE", *(f"PAY_{i}" for i in (0, 2, 3, 4, 5, 6))]}
ADULT_TRAIN_ROWS = 32_561
MINORITY_SIZES = (50, 200, 1000)
MINORITY_DRAWN = 2000
# Published figures (rerun of all models by one group, april-tools/tabpc), judged against train rows:
# C2ST score (1 = cannot be told apart) and share of rows nearer to train than to held-out rows.
PUBLISHED = {
    "adult": {
        "CTGAN": (0.00, 0.48), "TVAE": (0.00, 0.50), "STaSy": (0.34, 0.50), "TabSyn": (0.79, 0.51),
        "TabDiff": (0.84, 0.55), "shallow mixture": (0.77, 0.55), "TabPC": (0.86, 0.54),
    },
    "credit_default": {
        "CTGAN": (0.00, 0.50), "TVAE": (0.00, 0.50), "TabSyn": (0.40, 0.51), "TabDiff": (0.59, 0.52),
        "shallow mixture": (0.11, 0.51), "TabPC": (0.26, 0.51),
    },
}  # fmt: skip


def load_tool(path: Path):
    """The measuring stick, from a file outside the package."""
    spec = importlib.util.spec_from_file_location("fidelity_figures", path)
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    return tool


def candidates() -> dict:
    """Name -> a generator for a seed, or None for train rows drawn with replacement."""
    return {
        "replacement": None,
        "TreeGenerator": lambda seed: TreeGenerator(n_jobs=2, random_state=seed),
        "GaussianCopulaGenerator": lambda seed: GaussianCopulaGenerator(random_state=seed),
    }


def load(folder: Path, name: str) -> pd.DataFrame:
    """The table, with the class and coded categories as text."""
    path = next(path for path in (folder / f"{name}.csv", folder / f"{name}.csv.gz") if path.is_file())
    table = pd.read_csv(path, keep_default_na=False, na_values=[""])
    coded = [*CODED.get(name, []), "target", *table.columns[table.dtypes == bool]]
    return table.assign(**{column: "c" + table[column].astype(str) for column in coded})


def split(table: pd.DataFrame, name: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Train and test rows: the published parts of Adult, else 90 and 10 percent at random."""
    order, n_train = np.arange(len(table)), ADULT_TRAIN_ROWS
    if name != "adult":
        order, n_train = np.random.default_rng(0).permutation(len(table)), int(0.9 * len(table))
    return tuple(table.iloc[rows].reset_index(drop=True) for rows in (order[:n_train], order[n_train:]))


def judge(path: Path, train: pd.DataFrame, test: pd.DataFrame, rows: pd.DataFrame) -> dict:
    """The five figures against the test rows, by the measuring stick at ``path``."""
    tool = load_tool(path)
    return {
        "shape": 100 * tool.shape(test, rows),
        "trend": 100 * tool.trend(test, rows),
        "c2st": tool.c2st(test, rows),
        "copies": 100 * tool.copies(train, rows),
        "nearer": tool.nearer(train, test, rows),
    }


def draw(make, train: pd.DataFrame, n_rows: int, seed: int) -> tuple[pd.DataFrame, dict]:
    """Rows of one candidate, and the seconds of fit and draw."""
    if make is None:
        rows = train.sample(n_rows, replace=True, random_state=seed).reset_index(drop=True)
        return rows, {"fit": 0.0, "draw": 0.0}
    started = time.perf_counter()
    generator = make(seed).fit(train)
    fitted = time.perf_counter()
    rows = generator.sample(n_rows)
    return rows, {"fit": fitted - started, "draw": time.perf_counter() - fitted}


def floor(path: Path, train: pd.DataFrame, test: pd.DataFrame) -> dict:
    """What real rows score: train against test; copies are test rows that are train rows."""
    tool = load_tool(path)
    return {
        "shape": 100 * tool.shape(test, train),
        "trend": 100 * tool.trend(test, train),
        "c2st": tool.c2st(test, train),
        "copies": 100 * tool.copies(train, test),
        "nearer": 0.5,
    }


def measure(path: Path, train, test, n_rows: int, n_seeds: int) -> dict:
    """Candidate -> means over the seeds, and the standard deviation of each figure."""
    table = {"floor": floor(path, train, test), "seeds": n_seeds}
    for name, make in candidates().items():
        # Draws are timed one by one; judging them, which takes longer, uses all cores.
        drawn = [draw(make, train, n_rows, seed) for seed in range(n_seeds)]
        figures = Parallel(n_jobs=-1)(delayed(judge)(path, train, test, rows) for rows, _ in drawn)
        runs = [found | seconds for found, (_, seconds) in zip(figures, drawn, strict=True)]
        table[name] = pd.DataFrame(runs).mean().to_dict() | {
            "std": pd.DataFrame(runs).std(ddof=0)[list(FIGURES)].to_dict()
        }
        print(name, {key: round(value, 4) for key, value in table[name].items() if key != "std"}, flush=True)
    return table


def minority(path: Path, folder: Path, name: str, size: int, n_seeds: int) -> dict:
    """The smallest class alone: fitted on ``size`` rows, judged against others of its class."""
    table = load(folder, name)
    rare = table[table["target"] == table["target"].value_counts().index[-1]].drop(columns="target")
    rare = rare.sample(frac=1, random_state=0).reset_index(drop=True)
    fresh = rare[size : size + MINORITY_DRAWN].reset_index(drop=True)
    return measure(path, rare[:size], fresh, MINORITY_DRAWN, n_seeds)


def reached(row: dict, bar: dict) -> dict:
    """Figure -> whether it is within its bar."""
    values = row | {"seconds": row["fit"] + row["draw"]}
    return {figure: bool(round(values[figure], 4) <= limit) for figure, limit in bar.items()}


def as_markdown(results: dict) -> str:
    """One table per set."""
    lines = ["# Fidelity on unseen rows, and memory", "", __doc__.split("\n\n", 1)[1].strip(), ""]
    lines += [
        "shape, trend, copies in %; c2st and nearer: 0.5 is ideal. Means over the seeds; a missed bar is in bold.",
        "",
        "Machine and versions: " + ", ".join(f"{name} {value}" for name, value in machine().items()) + ".",
    ]
    for name, table in results["sets"].items():
        lines += [
            "",
            f"## {name} ({table['seeds']} seeds)",
            "",
            "| | " + " | ".join(FIGURES) + " | fit s | draw s |",
            "|---" * 8 + "|",
        ]
        bar = BARS.get(name)
        if bar:
            lines.append(
                "| bar | "
                + " | ".join(f"{bar[f]:g}" for f in FIGURES)
                + f" | {bar['seconds']:g} together | |"
            )
        lines += [_line(candidate, row, bar) for candidate, row in table.items() if candidate != "seeds"]
    return "\n".join(lines) + "\n"


def _line(candidate: str, row: dict, bar: dict | None) -> str:
    met = reached(row, bar) if bar and candidate == "TreeGenerator" else {}
    cells = [
        f"{row[figure]:.3f}" if met.get(figure, True) else f"**{row[figure]:.3f}**" for figure in FIGURES
    ]
    times = [f"{row[part]:.2f}" if row.get(part) else "" for part in ("fit", "draw")]
    return "| " + " | ".join([candidate, *cells, *times]) + " |"


def plot(results: dict, path: Path) -> None:
    """How far from real against how near to the train rows, one panel per set with a bar."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    names = [name for name in BARS if name in results["sets"]]
    figure, axes = plt.subplots(1, len(names), figsize=(6.2 * len(names), 5), squeeze=False)
    for axis, name in zip(axes[0], names, strict=True):
        _panel(axis, name, results["sets"][name])
    figure.suptitle("Lower left is best: cannot be told from unseen rows, and remembers none", fontsize=12)
    figure.tight_layout()
    figure.savefig(path, dpi=130)


def _panel(axis, name: str, table: dict) -> None:
    bar = BARS[name]
    axis.fill_between([0.42, bar["nearer"]], 0.48, bar["c2st"], color="#2a9d8f", alpha=0.15, lw=0)
    axis.text(0.422, 0.485, "target", color="#2a9d8f", fontsize=9)
    models: dict[tuple[float, float], list[str]] = {}
    for model, point in PUBLISHED[name].items():
        models.setdefault(point, []).append(model)
    for (score, share), names in models.items():
        is_rightmost = share == max(other for height, other in models if abs(height - score) < 0.1)
        # A score of 1 is an AUC of 0.5, a score of 0 an AUC of 1.
        axis.scatter(share, 1 - score / 2, facecolors="none", edgecolors="grey")
        axis.annotate(
            ", ".join(names),
            (share, 1 - score / 2),
            textcoords="offset points",
            xytext=(6 if is_rightmost else -6, -3),
            ha="left" if is_rightmost else "right",
            fontsize=8,
            color="grey",
        )
    for candidate, colour in (
        ("replacement", "#e76f51"),
        ("GaussianCopulaGenerator", "#457b9d"),
        ("TreeGenerator", "#2a9d8f"),
    ):
        if candidate in table:
            point = (table[candidate]["nearer"], table[candidate]["c2st"])
            axis.scatter(*point, color=colour, s=70, zorder=3)
            axis.annotate(
                candidate,
                point,
                textcoords="offset points",
                xytext=(7, -12),
                fontsize=9,
                color=colour,
                weight="bold",
            )
    axis.axvline(0.5, color="black", lw=0.6, ls=":")
    axis.set(xlim=(0.42, 0.82), ylim=(0.48, 1.03), title=name)
    axis.set_xlabel("memory: share of rows nearer to train than to unseen rows (0.5 is ideal)")
    axis.set_ylabel("AUC of telling drawn from real rows (0.5 is ideal)")
    axis.text(
        0.98,
        0.97,
        "hollow: published figures,\njudged against train rows",
        transform=axis.transAxes,
        ha="right",
        va="top",
        fontsize=8,
        color="grey",
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data-dir", type=Path, default=DATA)
    parser.add_argument("--tool", type=Path, default=DATA.parent / "tools" / "fidelity_figures.py")
    parser.add_argument(
        "--seeds", type=int, default=5, help="draws of each generator; 3 at most without a bar"
    )
    parser.add_argument("--quick", action="store_true", help="the sets with a bar only, one seed")
    options = parser.parse_args()
    n_seeds = 1 if options.quick else options.seeds
    results = {"sets": {}}
    for name in BARS if options.quick else (*BARS, *OTHERS):
        print(name, flush=True)
        train, test = split(load(options.data_dir, name), name)
        seeds = n_seeds if name in BARS else min(3, n_seeds)
        results["sets"][name] = measure(options.tool, train, test, len(train), seeds)
    for name in () if options.quick else BARS:
        for size in MINORITY_SIZES:
            print(name, size, flush=True)
            label = f"{name}, minority class alone, {size} rows"
            results["sets"][label] = minority(options.tool, options.data_dir, name, size, n_seeds)
    write_results("fidelity", results)
    (RESULTS / "fidelity.md").write_text(as_markdown(results))
    plot(results, RESULTS / "fidelity.png")


if __name__ == "__main__":
    main()
