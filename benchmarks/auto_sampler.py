"""Does AutoSampler gain, and does it never do harm?

Average precision (AP), balanced accuracy, F1 and log loss over repeated stratified folds of each set, with boosted
trees, a forest and logistic regression, of AutoSampler and of fixed samplers, ours and those of other packages, against
doing nothing, class weights and a tuned threshold on the same folds. Bars: mean gain in AP over nothing, over all pairs
of a set and a learner, at least .006, with a 95 % interval over sets above 0, and above every fixed sampler;
significantly worse than nothing (corrected test, Holm) for no pair; the best mean rank.

The rule and the candidates of AutoSampler were chosen on other rows: those of the larger sets that are left out here,
and sets that are not among these. Needs smote-variants with minisom, metric-learn and seaborn.
"""

from __future__ import annotations

import argparse
import os
import warnings
from pathlib import Path

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")

import numpy as np
import pandas as pd
from _common import DATA, RESULTS, table, write_results, write_table
from _peers import PeerSampler
from scipy.stats import t as student
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.model_selection import RepeatedStratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from smote_quality import load

from genesis_sampling import (
    ComparisonResult,
    DistillationSampler,
    GenerativeOverSampler,
    compare_over_datasets,
    compare_samplers,
)
from genesis_sampling.metrics._models import TableClassifier

SETS = (
    "yeast", "oil_spill", "mammography", "phoneme", "wine_quality_white", "stroke", "sick", "german_credit",
    "telco_churn", "car_evaluation", "cervical_cancer", "ozone_eighthr", "solar_flare_f", "htru2", "coil2000", "adult",
)  # fmt: skip
ROWS = {
    **{
        name: name
        for name in ("class weights", "tuned threshold", "copies", "noise", "smote", "generative", "hybrid")
    },
    "distilled": DistillationSampler(),
    "distilled generative": DistillationSampler(sampler=GenerativeOverSampler(), growth=3.0),
    "auto": "auto",
    **{f"{kind} (imbalanced-learn)": PeerSampler(kind) for kind in ("smote", "borderline", "adasyn")},
    **{f"{kind} (smote-variants)": PeerSampler(kind) for kind in ("polynom-fit", "prowsyn")},
}
SCORING = ("average_precision", "balanced_accuracy", "f1", "log_loss")
BAR = 0.006


def learners() -> dict:
    forest_columns = make_column_transformer(
        (SimpleImputer(strategy="median"), make_column_selector(dtype_include="number")),
        (OneHotEncoder(handle_unknown="ignore"), make_column_selector(dtype_exclude="number")),
    )
    return {
        "boosting": TableClassifier("boosting"),
        "forest": make_pipeline(forest_columns, RandomForestClassifier(100)),
        "logistic": TableClassifier("logistic"),
    }


def compared(path: Path, options: argparse.Namespace) -> ComparisonResult:
    X, y = load(path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return compare_samplers(
            X,
            y,
            ROWS,
            learners(),
            scoring=SCORING,
            cv=RepeatedStratifiedKFold(n_splits=options.folds, n_repeats=options.repeats, random_state=0),
            rows_metrics=False,
            n_jobs=2,
            memory=options.cache,
            random_state=0,
        )


def gains(results: dict[str, ComparisonResult], metric: str) -> pd.DataFrame:
    """Mean gain over nothing for each set, learner and row."""
    return pd.concat(
        {name: result.to_frame(metric)["difference"] for name, result in results.items()}, names=["set"]
    ).unstack("sampler")


def by_pair(frame: pd.DataFrame) -> dict[str, dict[str, float]]:
    """Set and learner -> row -> gain."""
    return {f"{name}, {learner}": gain.round(4).to_dict() for (name, learner), gain in frame.iterrows()}


def lines(results: dict[str, ComparisonResult]) -> list[dict]:
    """One row per sampler: mean gains, their interval over sets, harm, rank."""
    ap = gains(results, "average_precision")
    harm = pd.concat(
        {name: result.to_frame("average_precision") for name, result in results.items()}, names=["set"]
    )
    worse = (harm["p_holm"] < 0.05) & (harm["difference"] < 0)
    ranks = compare_over_datasets(results, "average_precision").ranks.mean()
    found = []
    for row in ROWS:
        by_set = ap[row].groupby("set").mean()
        reach = student.ppf(0.975, len(by_set) - 1) * by_set.std(ddof=1) / np.sqrt(len(by_set))
        found.append(
            {
                "row": row,
                "AP gain": f"{ap[row].mean():+.4f}",
                "95 % over sets": f"{by_set.mean() - reach:+.4f} to {by_set.mean() + reach:+.4f}",
                **{
                    f"{learner}": f"{ap[row].xs(learner, level='estimator').mean():+.4f}"
                    for learner in learners()
                },
                "significantly worse": int(worse.xs(row, level="sampler").sum()),
                "mean rank": f"{ranks[row]:.2f}",
                "balanced accuracy": f"{gains(results, 'balanced_accuracy')[row].mean():+.3f}",
                "F1": f"{gains(results, 'f1')[row].mean():+.3f}",
                "log loss": f"{gains(results, 'log_loss')[row].mean():+.3f}",
            }
        )
    return found


def abstentions(results: dict[str, ComparisonResult]) -> dict[str, float]:
    """How often AutoSampler made no row, and what other rows would have gained there."""
    parts = []
    for result in results.values():
        for learner in learners():
            ap, loss = (result.by_fold(metric, learner).T for metric in ("average_precision", "log_loss"))
            gain = ap.sub(ap["nothing"], axis=0)
            parts.append(gain[(gain["auto"] == 0) & (loss["auto"] == loss["nothing"])])
    left = pd.concat(parts)
    fixed = left.drop(columns=["nothing", "auto", "tuned threshold"])
    best = str(fixed.mean().idxmax())
    n_folds = sum(result.n_folds * len(result.estimators) for result in results.values())
    return {
        "share of folds": round(len(left) / n_folds, 3),
        "best fixed row there": best,
        "its gain there": round(float(fixed[best].mean()), 4),
        "share of these folds in which it gains": round(float((fixed[best] > 0).mean()), 3),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data-dir", type=Path, default=DATA)
    parser.add_argument("--sets", nargs="+", default=SETS)
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--cache", type=Path, default=None, help="folder in which finished folds are kept")
    parser.add_argument("--quick", action="store_true", help="two sets, three folds; prints, writes nothing")
    options = parser.parse_args()
    if options.quick:
        options.sets, options.folds, options.repeats = ("yeast", "sick"), 3, 1
    results = {}
    for name in options.sets:
        path = next(options.data_dir.glob(f"{name}.csv*"))
        results[name] = compared(path, options)
        print(name, results[name].to_frame("average_precision")["difference"].unstack(0).round(4), flush=True)
    rows, abstained = lines(results), abstentions(results)
    print(table(rows), abstained, sep="\n")
    if options.quick:
        return
    compare_over_datasets(results, "average_precision").plot().figure_.savefig(
        RESULTS / "auto_sampler.png", dpi=150
    )
    write_results(
        "auto_sampler",
        {
            "rows": rows,
            "abstained": abstained,
            "gains": {metric: by_pair(gains(results, metric)) for metric in SCORING},
        },
    )
    write_table(
        "auto_sampler",
        "AutoSampler against doing nothing",
        rows,
        f"{len(results)} sets of at most 1,500 rows, {options.repeats} x {options.folds} folds, 3 learners. Gains are "
        "over doing nothing on the same folds; of log loss, less is better. AP gain of the learners one by one beside. "
        "'Significantly worse' counts pairs of a set and a learner. AutoSampler made no row in "
        f"{abstained['share of folds']:.0%} of the folds; '{abstained['best fixed row there']}', the best fixed row in "
        f"these, would have gained {abstained['its gain there']:+.4f} on average. "
        f"Bar: AP gain {BAR} at least, no pair significantly worse, best mean rank.",
    )


if __name__ == "__main__":
    main()
