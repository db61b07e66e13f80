"""What does AutoSampler gain for how much time?

Gain in average precision (AP) over doing nothing, on 3 stratified folds of each set with boosted trees, a forest and
logistic regression, for time budgets of 3, 10 and 30 times the seconds that one fit of the learner takes, and for no
budget. There is no bar.
"""

from __future__ import annotations

import argparse
import os
import warnings
from pathlib import Path
from time import perf_counter

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")

import numpy as np
import pandas as pd
from _common import DATA, RESULTS, table, write_results, write_table
from auto_sampler import SETS, learners
from joblib import Parallel, delayed
from sklearn.base import clone
from sklearn.metrics import average_precision_score
from sklearn.model_selection import StratifiedKFold
from smote_quality import load

from genesis_sampling import AutoSampler

FOLDS = 3
BUDGETS = (3, 10, 30, None)


def one_fold(path: Path, fold: int) -> list[dict]:
    X, y = load(path)
    train, test = list(StratifiedKFold(FOLDS, shuffle=True, random_state=0).split(X, y))[fold]
    X_train, y_train, rows = X.iloc[train].reset_index(drop=True), y[train], []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for learner, model in learners().items():
            clone(model).fit(X_train, y_train)
            begun = perf_counter()
            plain = ap(clone(model), X_train, y_train, X.iloc[test], y[test])
            one_fit = perf_counter() - begun
            for budget in BUDGETS:
                seconds = None if budget is None else budget * one_fit
                sampler = AutoSampler(model, time_budget=seconds, random_state=0)
                begun = perf_counter()
                resampled = sampler.fit_resample(X_train, y_train)
                spent = perf_counter() - begun
                rows.append(
                    {
                        "set": path.name.split(".")[0],
                        "learner": learner,
                        "budget": budget,
                        "gain": ap(clone(model), *resampled, X.iloc[test], y[test]) - plain,
                        "fits": spent / one_fit,
                        "abstained": sampler.best_candidate_ == "nothing",
                    }
                )
    return rows


def ap(model, X, y, X_test, y_test) -> float:
    return average_precision_score(y_test, model.fit(X, y).predict_proba(X_test)[:, 1])


def lines(found: pd.DataFrame) -> list[dict]:
    """One row for each budget."""
    rows = []
    for budget in BUDGETS:
        part = found[found["budget"].isna() if budget is None else found["budget"] == budget]
        by_set = part.groupby("set")["gain"].mean()
        rows.append(
            {
                "time budget, in fits": "none" if budget is None else budget,
                "median time spent, in fits": f"{part['fits'].median():.0f}",
                "AP gain": f"{part['gain'].mean():+.4f}",
                "standard error over sets": f"{by_set.std(ddof=1) / np.sqrt(len(by_set)):.4f}",
                "abstained": f"{part['abstained'].mean():.0%}",
            }
        )
    return rows


def draw(found: pd.DataFrame, path: Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, ax = plt.subplots(figsize=(7.2, 3.6), layout="constrained")
    found = found.assign(budget=found["budget"].astype(object).where(found["budget"].notna(), "none"))
    for learner, part in [*found.groupby("learner"), ("all three", found)]:
        by_budget = part.groupby("budget", sort=False)[["fits", "gain"]].agg(
            {"fits": "median", "gain": "mean"}
        )
        bold = {"color": "black", "linewidth": 2} if learner == "all three" else {"linewidth": 1}
        ax.plot([0.9, *by_budget["fits"]], [0, *by_budget["gain"]], marker="o", label=learner, **bold)
    ax.axhline(0, color="grey", linewidth=0.8)
    ax.set(xscale="log", xlabel="time spent, in fits of the learner", ylabel="gain in average precision")
    ax.legend(frameon=False, loc="upper left", bbox_to_anchor=(1, 1))
    figure.savefig(path, dpi=150)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data-dir", type=Path, default=DATA)
    parser.add_argument("--quick", action="store_true", help="two sets, one fold; prints, writes nothing")
    options = parser.parse_args()
    names = ("yeast", "sick") if options.quick else SETS
    paths = [next(options.data_dir.glob(f"{name}.csv*")) for name in names]
    jobs = [delayed(one_fold)(path, fold) for path in paths for fold in range(1 if options.quick else FOLDS)]
    found = pd.DataFrame([row for rows in Parallel(n_jobs=2, verbose=5)(jobs) for row in rows])
    rows = lines(found)
    print(table(rows))
    if options.quick:
        return
    records = found.round(4).astype({"budget": object}).where(found.notna(), None).to_dict("records")
    write_results("auto_budget", {"rows": rows, "folds": records})
    write_table(
        "auto_budget",
        "AutoSampler: gain against time",
        rows,
        f"{len(paths)} sets of at most 1,500 rows, {FOLDS} folds, 3 learners. A budget is that of the choice alone; "
        "what has begun when it ends is finished.",
    )
    draw(found, RESULTS / "auto_budget.png")


if __name__ == "__main__":
    main()
