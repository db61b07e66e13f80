"""Does `correct_prior` mend the probabilities that over-sampling to 1:1 distorts?

Log loss, Brier score, calibration intercept and slope, and average precision (AP) over 5 stratified folds of each
set: models trained on the rows as they are, and on rows balanced to 1:1 by four samplers, without and with the
correction. Bar: with logistic regression the log loss is lower with the correction than without it by more than two
standard errors, whatever the sampler. Boosting, stopped early or not, and forests are shown because models that know
their training rows by heart are corrected too far.
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
from imblearn.over_sampling import RandomOverSampler
from joblib import Memory, Parallel, delayed
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, brier_score_loss, log_loss
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline
from smote_quality import MAX_ROWS, load, numeric

from genesis_sampling import AugmentedClassifier, GenerativeOverSampler, InterpolationSampler, NoiseSampler
from genesis_sampling.metrics.calibration import calibration_intercept_and_slope

SETS = [
    *("mammography", "oil_spill", "phoneme", "yeast", "htru2", "wine_quality_white"),
    *("stroke", "sick", "german_credit", "telco_churn", "bank_marketing", "adult"),
]
QUICK_SETS = ("yeast", "sick")
NOTHING = "nothing"
SAMPLERS = {
    NOTHING: "passthrough",
    "duplicates": RandomOverSampler(random_state=0),
    "SMOTE": InterpolationSampler(random_state=0),
    "noise": NoiseSampler(random_state=0),
    "generator": GenerativeOverSampler(random_state=0),
}
# An estimator behind steps that prepare columns, or None for the trees that take a table as it comes; and the share of
# rows to stop early on.
MODELS = {
    "logistic": (LogisticRegression(max_iter=1000), None),
    "boosting, stopped early": (None, 0.2),
    "boosting": (None, None),
    "forest": (RandomForestClassifier(100, random_state=0), None),
}
SCORES = ("log loss", "Brier", "|intercept|", "|slope - 1|", "AP")
HIGHER_IS_BETTER = ("AP",)
GAIN = "log loss against uncorrected"


def risks(X: pd.DataFrame, y: np.ndarray, train, test, sampler: str, model: str) -> dict[bool, np.ndarray]:
    """Probability of the rare class for the test rows, without and with the correction."""
    estimator, share = MODELS[model]
    if estimator is not None:
        estimator = make_pipeline(numeric(X), estimator)
    found = AugmentedClassifier(estimator, SAMPLERS[sampler], validation_fraction=share, random_state=0)
    risk = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for corrected in (False,) if sampler == NOTHING else (False, True):
            found.set_params(correct_prior=corrected)
            if not corrected or share is not None:  # the fit is the same otherwise
                found.fit(X.iloc[train], y[train])
            risk[corrected] = found.predict_proba(X.iloc[test])[:, 1]
    return risk


def one_set(path: Path) -> list[dict]:
    """All scores of one set: ranking and losses are means over folds, calibration is that of all folds together."""
    X, y = load(path)
    folds = list(StratifiedKFold(5, shuffle=True, random_state=0).split(X, y))
    rows = []
    for sampler in SAMPLERS:
        for model in MODELS:
            parts = [risks(X, y, train, test, sampler, model) for train, test in folds]
            labels = [y[test] for _, test in folds]
            for corrected in parts[0]:
                values = judged(labels, [part[corrected] for part in parts])
                row = {
                    "set": path.name.split(".")[0],
                    "sampler": sampler,
                    "corrected": corrected,
                    "model": model,
                }
                rows += [{**row, "score": score, "value": value} for score, value in values.items()]
    return rows


def judged(labels: list[np.ndarray], risk: list[np.ndarray]) -> dict[str, float]:
    calibration = calibration_intercept_and_slope(np.concatenate(labels), np.concatenate(risk))
    return {
        # A forest is certain at times; the clip says how much that may cost.
        "log loss": mean_of(lambda y, p: log_loss(y, np.clip(p, 1e-4, 1 - 1e-4)), labels, risk),
        "Brier": mean_of(brier_score_loss, labels, risk),
        "|intercept|": abs(calibration.intercept),
        "|slope - 1|": abs(calibration.slope - 1) if np.isfinite(calibration.slope) else np.nan,
        "AP": mean_of(average_precision_score, labels, risk),
    }


def mean_of(score, labels: list[np.ndarray], risk: list[np.ndarray]) -> float:
    return float(np.mean([score(y, p) for y, p in zip(labels, risk, strict=True)]))


def compared(found: pd.DataFrame) -> list[dict]:
    """Each sampler against doing nothing, over sets."""
    means = found.groupby(["model", "sampler", "corrected", "score", "set"])["value"].mean()
    rows = []
    for model in MODELS:
        plain = {score: means[(model, NOTHING, False, score)] for score in SCORES}
        row = {"model": model, "sampler": NOTHING, "correct_prior": ""}
        rows.append(row | {score: f"{plain[score].mean():.4f}" for score in SCORES} | {GAIN: ""})
        for sampler in [name for name in SAMPLERS if name != NOTHING]:
            for corrected in (False, True):
                row = {"model": model, "sampler": sampler, "correct_prior": corrected}
                for score in SCORES:
                    row[score] = difference(means[(model, sampler, corrected, score)] - plain[score], score)
                both = [means[(model, sampler, flag, "log loss")] for flag in (False, True)]
                rows.append(row | {GAIN: difference(both[1] - both[0], "log loss") if corrected else ""})
    return rows


def difference(values: pd.Series, score: str) -> str:
    """Mean, standard error and sets won; bold where worse by more than two standard errors."""
    values = values.dropna()
    error = values.std(ddof=1) / np.sqrt(len(values))
    gain = values if score in HIGHER_IS_BETTER else -values
    text = f"{values.mean():+.4f} ± {error:.4f} ({(gain > 0).sum()}/{len(values)})"
    return f"**{text}**" if gain.mean() < -2 * error else text


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data-dir", type=Path, default=DATA)
    parser.add_argument("--quick", action="store_true", help="two sets; prints, writes nothing")
    parser.add_argument(
        "--cache", type=Path, default=None, help="a folder from which an interrupted run goes on"
    )
    options = parser.parse_args()
    paths = [next(options.data_dir.glob(f"{name}.csv*")) for name in (QUICK_SETS if options.quick else SETS)]
    kept = Memory(options.cache, verbose=0).cache(one_set)
    jobs = [delayed(kept)(path) for path in paths]
    found = pd.DataFrame([row for rows in Parallel(n_jobs=2, verbose=5)(jobs) for row in rows])
    rows = compared(found)
    print(table(rows))
    if options.quick:
        return
    keys = ["set", "sampler", "corrected", "model", "score"]
    means = found.groupby(keys)["value"].mean().round(4).reset_index()
    # JSON knows no NaN.
    records = means.astype({"value": object}).where(means.notna(), None).to_dict("records")
    write_results("prior_correction", {"max_rows": MAX_ROWS, "means": records})
    write_table(
        "prior_correction",
        "Does correct_prior mend the probabilities?",
        rows,
        "The rows of `nothing` have means over sets; the others the mean difference to it over sets, its standard "
        "error, and in brackets the sets on which it was better; bold where it is worse by more than two standard "
        f"errors. Lower is better, but for AP. {len(paths)} sets of at most {MAX_ROWS} rows, all samplers to 1:1. "
        "Intercept (0 is best) and slope (1 is best) are those of logistic recalibration of all folds together. Of two "
        "classes the correction changes no order of rows, so AP moves only where it changes when boosting stops.",
    )


if __name__ == "__main__":
    main()
