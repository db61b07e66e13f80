"""What does a search over ratios cost, when the fitted generators are kept?

Bar: 5 folds x 6 ratios take at most 2 times as long as 5 folds x 1 ratio, draws included, with 5 fits a class.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from statistics import median

import pandas as pd
from _common import DATA, write_results, write_table
from sklearn.base import clone
from sklearn.model_selection import StratifiedKFold

from genesis_sampling import GenerativeOverSampler

SETS = ["adult.csv.gz", "credit_default.csv.gz", "creditcard_fraud_sample.csv.gz"]
RATIOS = [0.4, 0.5, 0.6, 0.7, 0.85, 1.0]


def search_seconds(X: pd.DataFrame, y: pd.Series, ratios: list[float], *, keep: bool) -> tuple[float, int]:
    """Seconds of resampling each training fold at each ratio, and the number of fitted generators that were kept."""
    with tempfile.TemporaryDirectory() as folder:
        sampler = GenerativeOverSampler("tree", memory=folder if keep else None, random_state=0)
        started = time.perf_counter()
        for train, _ in StratifiedKFold(5, shuffle=True, random_state=0).split(X, y):
            for ratio in ratios:
                clone(sampler).set_params(sampling_strategy=ratio).fit_resample(X.iloc[train], y.iloc[train])
        seconds = time.perf_counter() - started
        return seconds, len(list(Path(folder).rglob("output.pkl")))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data-dir", type=Path, default=DATA)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    rows = []
    for name in SETS:
        frame = pd.read_csv(options.data_dir / name, keep_default_na=False, na_values=[""])
        X, y = frame.drop(columns="target"), frame["target"]
        jobs = {"one": ([1.0], True), "six": (RATIOS, True), "six, not kept": (RATIOS, False)}
        times: dict[str, list[float]] = {job: [] for job in jobs}
        for _ in range(options.runs):
            for job, (ratios, keep) in jobs.items():
                seconds, n_fits = search_seconds(X, y, ratios, keep=keep)
                times[job].append(seconds)
                if job == "six":
                    fits = n_fits
        against_one = median(six / one for six, one in zip(times["six"], times["one"]))
        rows.append(
            {
                "set": name.split(".")[0],
                "rows": len(frame),
                "5 folds x 1 ratio, s": f"{median(times['one']):.2f}",
                "5 folds x 6 ratios, s": f"{median(times['six']):.2f}",
                "without keeping, s": f"{median(times['six, not kept']):.2f}",
                "6 ratios against 1": f"{against_one:.2f}",
                "fits": fits,
            }
        )
        print(rows[-1], flush=True)
    write_results("ratio_caching", {"ratios": RATIOS, "runs": options.runs, "bar": 2.0, "rows": rows})
    write_table(
        "ratio_caching",
        "A search over ratios with kept generators",
        rows,
        f"Medians of {options.runs} runs; the ratio is the median of paired ratios. One class grows, so 5 fits are "
        "one a fold. Bar: at most 2.",
    )


if __name__ == "__main__":
    main()
