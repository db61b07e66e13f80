"""The main job from end to end: balance a table, and see by cross-validation whether it helps.

Run by ``make demo``, or ``make demo DATA=my.csv TARGET=label`` for a table of your own.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
from imblearn.pipeline import make_pipeline
from rich.console import Console
from rich.table import Table
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, balanced_accuracy_score, f1_score, recall_score
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline as make_steps
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from threadpoolctl import threadpool_limits

from genesis_sampling import GenerativeOverSampler, GenesisError, NoiseSampler, augment_imbalanced
from genesis_sampling.datasets import load_rare_cancer
from genesis_sampling.tables.files import read_table

SCORES = ["avg. prec.", "recall", "F1", "bal. acc."]
MAX_ROWS = 20_000  # the demo shall stay a demo


def main() -> int:
    """Show counts before and after, scores with and without augmentation, and the time; write the balanced table."""
    options = parse_options()
    console = Console()
    try:
        frame, target = load(options)
        started = time.perf_counter()
        balanced = augment_imbalanced(frame, target, random_state=0)
    except GenesisError as error:
        Console(stderr=True).print(f"Error: {error}", markup=False)
        return 1
    options.output.mkdir(parents=True, exist_ok=True)
    path = options.output / "balanced.csv"
    balanced.to_csv(path, index=False)
    console.print(counts_table(frame[target], balanced[target]))
    console.print(f"Balanced in {time.perf_counter() - started:.1f} s, written to {path}\n")
    console.print("Does it help? Scores of the rare class on rows that no sampler saw, 5 folds:")
    with threadpool_limits(1):  # on small tables threads cost more than they gain
        console.print(scores_table(frame.drop(columns=target), frame[target]))
    console.print(
        "Augmentation ran inside each training fold, as a step of the pipeline. A gain at the threshold 0.5 (recall, "
        "F1) that average precision does not share could also be had by moving the threshold."
    )
    return 0


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--data", type=Path, help="a CSV or Parquet file; default: data that come with scikit-learn"
    )
    parser.add_argument("--target", help="the column of the classes")
    parser.add_argument(
        "--output", type=Path, default=Path("demo_output"), help="folder of the balanced table"
    )
    options = parser.parse_args()
    if (options.data is None) != (options.target is None):
        parser.error("--data and --target (DATA= and TARGET= of make) go together")
    return options


def load(options: argparse.Namespace) -> tuple[pd.DataFrame, str]:
    """The table and the name of its target."""
    if options.data is None:
        print(
            "Breast cancer data of scikit-learn, the malignant cases thinned out to 40: 30 measurements, 397 rows\n"
        )
        return load_rare_cancer(), "diagnosis"
    frame = read_table(options.data).frame
    if len(frame) > MAX_ROWS:
        print(f"The demo takes {MAX_ROWS} of {len(frame)} rows; `genesis augment` takes all.\n")
        frame = frame.sample(MAX_ROWS, random_state=0).reset_index(drop=True)
    return frame, options.target


def counts_table(before: pd.Series, after: pd.Series) -> Table:
    table = Table(title="Rows of each class")
    for name in ("class", "before", "after"):
        table.add_column(name, justify="left" if name == "class" else "right")
    for label, count in before.value_counts().items():
        table.add_row(str(label), str(count), str((after == label).sum()))
    return table


def scores_table(X: pd.DataFrame, y: pd.Series) -> Table:
    """Scores of two learners with and without augmentation inside the folds."""
    table = Table()
    table.add_column("learner")
    table.add_column("sampler")
    for name in [*SCORES, "seconds"]:
        table.add_column(name, justify="right")
    samplers = {
        "none": None,
        "noise": NoiseSampler(random_state=0),
        "generated": GenerativeOverSampler(random_state=0),
    }
    for learner_name, learner in learners().items():
        for sampler_name, sampler in samplers.items():
            scores, seconds = cross_validate(make_pipeline(*filter(None, [sampler]), learner), X, y)
            table.add_row(learner_name, sampler_name, *[f"{score:.3f}" for score in scores], f"{seconds:.1f}")
        table.add_section()
    return table


def learners() -> dict:
    """A linear and a boosted learner for mixed, gappy tables."""
    text = make_column_selector(dtype_exclude=["number", "datetime", "timedelta"])
    one_hot = make_steps(
        SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore", min_frequency=5)
    )
    numbers = make_column_selector(dtype_include="number")
    scaled = make_steps(SimpleImputer(), StandardScaler())
    linear = make_column_transformer((scaled, numbers), (one_hot, text))
    dense = make_column_transformer(
        ("passthrough", numbers),
        (OneHotEncoder(handle_unknown="ignore", min_frequency=5, sparse_output=False), text),
    ).set_output(transform="pandas")
    return {
        "linear": make_steps(linear, LogisticRegression(max_iter=2000)),
        "boosted": make_steps(dense, HistGradientBoostingClassifier(max_iter=50, random_state=0)),
    }


def cross_validate(pipeline, X: pd.DataFrame, y: pd.Series) -> tuple[np.ndarray, float]:
    """Mean scores of the rarest class over 5 folds, and the seconds that they took."""
    rare = y.value_counts().idxmin()
    n_folds = min(5, int((y == rare).sum()))
    folds = StratifiedKFold(max(n_folds, 2), shuffle=True, random_state=0)
    started = time.perf_counter()
    scores = []
    for train, test in folds.split(X, y):
        pipeline.fit(X.iloc[train], y.iloc[train])
        probability = pipeline.predict_proba(X.iloc[test])[:, list(pipeline.classes_).index(rare)]
        is_rare, found = (y.iloc[test] == rare).to_numpy(), pipeline.predict(X.iloc[test]) == rare
        scores.append(
            [
                average_precision_score(is_rare, probability),
                recall_score(is_rare, found),
                f1_score(is_rare, found, zero_division=0),
                balanced_accuracy_score(is_rare, found),
            ]
        )
    return np.mean(scores, axis=0), time.perf_counter() - started


if __name__ == "__main__":
    sys.exit(main())
