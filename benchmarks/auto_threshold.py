"""Does a choice among samplers beat a tuned threshold where classes are judged, and what of its probabilities?

Balanced accuracy, F1 and log loss, as it is and after recalibration, on a stratified third of each set with boosted
trees, a forest and logistic regression: AutoSampler and AutoAugmentedClassifier, choosing by the score in question,
against doing nothing, class weights and the tuned threshold. There is no bar: the tuned threshold is the rival.
"""

from __future__ import annotations

import argparse
import os
import warnings
from pathlib import Path

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")

import numpy as np
import pandas as pd
from _common import DATA, table, write_results, write_table
from auto_sampler import SETS, learners
from imblearn.pipeline import make_pipeline
from joblib import Memory, Parallel, delayed
from scipy import special
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score, f1_score, log_loss, make_scorer
from sklearn.model_selection import (
    StratifiedKFold,
    TunedThresholdClassifierCV,
    cross_val_predict,
    train_test_split,
)
from smote_quality import load

from genesis_sampling import AutoAugmentedClassifier, AutoSampler, InterpolationSampler
from genesis_sampling.samplers._rivals import with_class_weights

JUDGED = {"balanced accuracy": "balanced_accuracy", "F1": "f1"}
SCORES = (*JUDGED, "log loss", "log loss, recalibrated")


def candidates(model) -> dict:
    """What is compared; those that choose do so by the score after their name."""
    found = {
        "nothing": model,
        "class weights": with_class_weights(model),
        "SMOTE": make_pipeline(InterpolationSampler(random_state=0), model),
    }
    for name, scoring in JUDGED.items():
        scorer = make_scorer({"F1": f1_score, "balanced accuracy": balanced_accuracy_score}[name])
        found[f"tuned threshold ({name})"] = TunedThresholdClassifierCV(model, scoring=scorer)
        found[f"AutoSampler ({name})"] = make_pipeline(
            AutoSampler(model, scoring=scoring, random_state=0), model
        )
        found[f"AutoAugmentedClassifier ({name})"] = AutoAugmentedClassifier(
            model, scoring=scoring, random_state=0
        )
    return found


def one_set(path: Path) -> list[dict]:
    """Scores of each on a third of the rows of a set."""
    X, y = load(path)
    X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=1 / 3, stratify=y, random_state=0)
    rows = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for learner, model in learners().items():
            for name, one in candidates(model).items():
                fitted = clone(one).fit(X_train.reset_index(drop=True), y_train)
                risk = fitted.predict_proba(X_test)[:, 1]
                key = {"set": path.name.split(".")[0], "learner": learner, "name": name}
                rows.append({**key, **judged(y_test, fitted.predict(X_test), risk)})
    return rows


def judged(truth: np.ndarray, predicted: np.ndarray, risk: np.ndarray) -> dict[str, float]:
    """Scores; each half of the rows is recalibrated by a sigmoid that was fitted to the other half."""
    risk = np.clip(risk, 1e-4, 1 - 1e-4)
    halves = StratifiedKFold(2, shuffle=True, random_state=0)
    sigmoid = LogisticRegression(C=np.inf)
    again = cross_val_predict(
        sigmoid, special.logit(risk)[:, None], truth, cv=halves, method="predict_proba"
    )[:, 1]
    values = (
        balanced_accuracy_score(truth, predicted),
        f1_score(truth, predicted),
        log_loss(truth, risk),
        log_loss(truth, np.clip(again, 1e-4, 1 - 1e-4)),
    )
    return dict(zip(SCORES, values, strict=True))


def lines(means: pd.DataFrame) -> list[dict]:
    """Means of doing nothing, then differences to it with their standard errors over sets."""
    by_set = means.groupby(["name", "set"], sort=False)[list(SCORES)].mean()
    plain = by_set.loc["nothing"]
    rows = [{"": "nothing", **{score: f"{plain[score].mean():.4f}" for score in SCORES}}]
    for name in by_set.index.get_level_values("name").unique().drop("nothing"):
        gain = by_set.loc[name] - plain
        error = gain.std(ddof=1) / np.sqrt(len(gain))
        rows.append(
            {"": name, **{score: f"{gain[score].mean():+.4f} ± {error[score]:.4f}" for score in SCORES}}
        )
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data-dir", type=Path, default=DATA)
    parser.add_argument("--quick", action="store_true", help="two sets; prints, writes nothing")
    parser.add_argument(
        "--cache", type=Path, default=None, help="a folder from which an interrupted run goes on"
    )
    options = parser.parse_args()
    names = ("yeast", "sick") if options.quick else SETS
    paths = [next(options.data_dir.glob(f"{name}.csv*")) for name in names]
    kept = Memory(options.cache, verbose=0).cache(one_set)
    parts = Parallel(n_jobs=2, verbose=5)(delayed(kept)(path) for path in paths)
    means = pd.DataFrame([row for rows in parts for row in rows])
    rows = lines(means)
    print(table(rows))
    if options.quick:
        return
    write_results("auto_threshold", {"rows": rows, "means": means.round(4).to_dict("records")})
    write_table(
        "auto_threshold",
        "Choosing by balanced accuracy and F1, against a tuned threshold",
        rows,
        f"{len(paths)} sets of at most 1,500 rows, a third of them to test on, 3 learners: means over sets of doing "
        "nothing, and the differences to it with their standard errors over sets. In brackets the score that was "
        "chosen or tuned by. Classes are those that each predicts. Of log loss less is better; recalibrated means a "
        "sigmoid of the predicted log odds, fitted to one half of the test rows for the other.",
    )


if __name__ == "__main__":
    main()
