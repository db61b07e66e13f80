"""Do our fidelity figures agree with those of SDMetrics, and with the measuring stick beside the data?

Bars: shape, trend and their mean within .01 of the metrics of SDMetrics with their significance thresholds at 0;
shape, trend and C2ST within .005 of the measuring stick. Half of each set against the other half, and against rows
that a model of the first half draws. SDMetrics (MIT) has to be installed. Its report differs from its own metrics in
the trend ("trend - report"): it cuts the numbers of each table into bins of that table's own range, so one extreme
value shifts all bins; no bar is set on that.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from _common import DATA, PACKAGES, write_results, write_table
from fidelity import load_tool

from genesis_sampling import GaussianCopulaGenerator
from genesis_sampling.metrics import fidelity

SETS = (
    "adult", "car_evaluation", "cervical_cancer", "credit_default", "german_credit", "htru2", "oil_spill", "phoneme",
    "sick", "stroke", "telco_churn",
)  # fmt: skip
# Of more columns, about so many, evenly spaced: the stick takes minutes for more.
MAX_COLUMNS = 16
# Below, the folds of one draw move C2ST by more than the bar: its standard error is about 1 / sqrt(6 n).
MIN_C2ST_ROWS = 5000
BARS = {"SDMetrics": 0.01, "stick": 0.005}


def sides(folder: Path, name: str, source: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Half of the set and its other half, or rows drawn by a model of the first one."""
    path = next(path for path in (folder / f"{name}.csv", folder / f"{name}.csv.gz") if path.is_file())
    table = pd.read_csv(path, keep_default_na=False, na_values=[""])
    table = table.iloc[:, :: -(-table.shape[1] // MAX_COLUMNS)]
    # Both peers take truth values for numbers.
    table = table.astype(dict.fromkeys(table.columns[table.dtypes == bool], str))
    table = table.sample(frac=1, random_state=0, ignore_index=True)
    n_rows = len(table) // 2
    real = table[:n_rows]
    if source == "other half":
        return real, table[n_rows : 2 * n_rows].reset_index(drop=True)
    return real, GaussianCopulaGenerator(random_state=0).fit(real).sample(n_rows)


def ours(real: pd.DataFrame, synthetic: pd.DataFrame) -> dict[str, float]:
    shape = fidelity.column_shapes(real, synthetic).mean()
    trend = fidelity.column_pair_trends(real, synthetic)["score"].mean()
    return {"shape": shape, "trend": trend, "quality": fidelity.quality_score(real, synthetic)}


def of_sdmetrics(real: pd.DataFrame, synthetic: pd.DataFrame) -> dict[str, float]:
    """Means of its metrics of columns and of pairs of columns."""
    from sdmetrics.column_pairs import ContingencySimilarity, CorrelationSimilarity
    from sdmetrics.single_column import KSComplement, TVComplement

    numbers = {name for name, column in real.items() if pd.api.types.is_numeric_dtype(column)}
    shapes = [
        (KSComplement if name in numbers else TVComplement).compute(real[name], synthetic[name])
        for name in real.columns
    ]
    trends = []
    for names in map(list, combinations(real.columns, 2)):
        binned = [name for name in names if name in numbers]
        if len(binned) < 2:
            trends.append(
                ContingencySimilarity.compute(real[names], synthetic[names], continuous_column_names=binned)
            )
        elif min(rows[name].nunique() for rows in (real, synthetic) for name in names) > 1:
            trends.append(CorrelationSimilarity.compute(real[names], synthetic[names]))
    shape, trend = np.nanmean(shapes), np.nanmean(trends)
    return {"shape": shape, "trend": trend, "quality": (shape + trend) / 2}


def of_report(real: pd.DataFrame, synthetic: pd.DataFrame) -> float:
    """Trend in SDMetrics' report, which cuts the numbers of each table into bins of that table's own range."""
    from sdmetrics.reports import QualityReport

    kinds = {
        name: {"sdtype": "numerical" if pd.api.types.is_numeric_dtype(column) else "categorical"}
        for name, column in real.items()
    }
    report = QualityReport()
    report.real_correlation_threshold = report.real_association_threshold = 0
    report.num_rows_subsample = None
    metadata = {"tables": {"table": {"columns": kinds}}}
    report.generate({"table": real}, {"table": synthetic}, metadata, verbose=False)
    return float(report.get_properties().set_index("Property")["Score"]["Column Pair Trends"])


def of_stick(tool: Any, real: pd.DataFrame, synthetic: pd.DataFrame) -> dict[str, float]:
    return {"shape": 1 - tool.shape(real, synthetic), "trend": 1 - tool.trend(real, synthetic)}


def c2st_of_both(tool: Any, real: pd.DataFrame, synthetic: pd.DataFrame, n_draws: int) -> tuple[float, float]:
    """Means over draws of our AUC and of the stick's."""
    mine = [fidelity.c2st(real, synthetic, max_rows=None, random_state=seed) for seed in range(n_draws)]
    return float(np.mean(mine)), float(np.mean([tool.c2st(real, synthetic, seed) for seed in range(n_draws)]))


def timed(function: Callable, *arguments: Any) -> tuple[Any, float]:
    started = time.perf_counter()
    return function(*arguments), time.perf_counter() - started


def compare(folder: Path, tool: Any, name: str, source: str, n_draws: int) -> dict[str, Any]:
    """Our figures, how far off the peers' are, and the seconds of the three."""
    real, synthetic = sides(folder, name, source)
    row: dict[str, Any] = {"set": name, "against": source, "rows": len(real), "columns": real.shape[1]}
    mine, seconds = timed(ours, real, synthetic)
    theirs, their_seconds = timed(of_sdmetrics, real, synthetic)
    stick, stick_seconds = timed(of_stick, tool, real, synthetic)
    row |= {figure: round(float(value), 4) for figure, value in mine.items()}
    row |= {f"{figure} - SDMetrics": round(float(mine[figure] - theirs[figure]), 4) for figure in mine}
    row |= {f"{figure} - stick": round(float(mine[figure] - stick[figure]), 4) for figure in stick}
    row["trend - report"] = round(float(mine["trend"] - of_report(real, synthetic)), 4)
    row |= {"c2st": "", "c2st - stick": ""}
    if len(real) >= MIN_C2ST_ROWS:
        score, other = c2st_of_both(tool, real, synthetic, n_draws)
        row |= {"c2st": round(score, 4), "c2st - stick": round(score - other, 4)}
    times = {"seconds": seconds, "SDMetrics s": their_seconds, "stick s": stick_seconds}
    return row | {label: round(value, 2) for label, value in times.items()}


def verdict(rows: list[dict[str, Any]]) -> str:
    """Largest difference to each peer, figure by figure, against its bar."""
    said = []
    for peer, bar in BARS.items():
        for label in [label for label in rows[0] if label.endswith(f"- {peer}")]:
            worst = max((abs(row[label]) for row in rows if row[label] != ""), default=0.0)
            said.append(f"{label}: {worst:.4f} ({'within' if worst <= bar else '**beyond**'} {bar})")
    return "Largest differences. " + "; ".join(said) + "."


def write(rows: list[dict[str, Any]], n_draws: int) -> None:
    write_results("metrics_agreement", {"rows": rows}, packages=(*PACKAGES, "sdmetrics"))
    note = (
        f"{verdict(rows)}\n\n{__doc__.split(chr(10), 1)[1].strip()}\n\nC2ST of sets of {MIN_C2ST_ROWS} rows a side and "
        f"more, means of {n_draws} draws; of wider sets about {MAX_COLUMNS} columns, evenly spaced."
    )
    write_table("metrics_agreement", "Agreement of the fidelity figures", rows, note)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data-dir", type=Path, default=DATA)
    parser.add_argument("--tool", type=Path, default=DATA.parent / "tools" / "fidelity_figures.py")
    parser.add_argument("--draws", type=int, default=3, help="draws of C2ST")
    parser.add_argument("--sets", nargs="*", default=SETS)
    options = parser.parse_args()
    tool, rows = load_tool(options.tool), []
    # Of the peers: constant columns, which all leave out, p-values that nobody reads, copies of slices.
    warnings.simplefilter("ignore")
    for name in options.sets:
        for source in ("other half", "copula"):
            rows.append(compare(options.data_dir, tool, name, source, options.draws))
            print(rows[-1], flush=True)
        write(rows, options.draws)


if __name__ == "__main__":
    main()
