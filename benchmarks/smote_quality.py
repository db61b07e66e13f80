"""Is any kind of the SMOTE family worse than imbalanced-learn's sampler of the same name?

Mean average precision (AP) and balanced accuracy (BAC) over 3 x 5 stratified folds of each set, with logistic
regression and gradient boosting, balanced to 1:1 inside each training fold. Bar: no kind is worse than its peer by more
than two standard errors of the mean over sets. A peer that raises has done nothing, which is counted.
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
from imblearn.over_sampling import ADASYN, SMOTE, SMOTENC, SVMSMOTE, BorderlineSMOTE, KMeansSMOTE
from joblib import Parallel, delayed
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, balanced_accuracy_score
from sklearn.model_selection import RepeatedStratifiedKFold, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

from genesis_sampling import InterpolationSampler, MixupSampler

SETS = [
    *("mammography", "oil_spill", "phoneme", "yeast", "htru2"),
    *("wine_quality_white", "stroke", "sick", "german_credit"),
]
QUICK_SETS = ("yeast", "sick")
# The rarest class with so many rows is told from all others.
MIN_MINORITY = 40
MAX_ROWS = 1500
PEERS = {
    "smote": SMOTE(random_state=0),
    "borderline-1": BorderlineSMOTE(random_state=0),
    "borderline-2": BorderlineSMOTE(kind="borderline-2", random_state=0),
    "svm": SVMSMOTE(random_state=0),
    "adasyn": ADASYN(random_state=0),
    "cluster": KMeansSMOTE(random_state=0),
}
OURS = {
    **{kind: InterpolationSampler(kind, random_state=0) for kind in PEERS},
    "safe-level": InterpolationSampler("safe-level", random_state=0),
    "prowsyn": InterpolationSampler("prowsyn", random_state=0),
    "polynom-fit": InterpolationSampler("polynom-fit", random_state=0),
    "mixup": MixupSampler(random_state=0),
}


def load(path: Path) -> tuple[pd.DataFrame, np.ndarray]:
    """At most MAX_ROWS rows; a rare class is 1, all others 0."""
    frame = pd.read_csv(path, keep_default_na=False, na_values=[""])
    counts = frame["target"].value_counts()
    rare = counts[counts >= MIN_MINORITY].idxmin()
    y = (frame["target"] == rare).to_numpy().astype(int)
    X = frame.drop(columns="target")
    if len(X) > MAX_ROWS:
        X, _, y, _ = train_test_split(X, y, train_size=MAX_ROWS, stratify=y, random_state=0)
    return X.reset_index(drop=True), y


def numeric(X: pd.DataFrame):
    """Gaps filled, categories as indicators, numbers standardised: what logistic regression and the peers take."""
    texts = X.select_dtypes(exclude="number").columns.tolist()
    numbers = [name for name in X.columns if name not in texts]
    return make_column_transformer(
        (make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), numbers),
        (OneHotEncoder(handle_unknown="ignore", sparse_output=False), texts),
    )


def ordinal(X: pd.DataFrame):
    """Gaps filled and categories as numbers, for SMOTENC."""
    texts = X.select_dtypes(exclude="number").columns.tolist()
    numbers = [name for name in X.columns if name not in texts]
    return make_column_transformer(
        (SimpleImputer(strategy="median"), numbers),
        (OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1), texts),
    ), range(len(numbers), X.shape[1])


def resampled(name: str, whose: str, X: pd.DataFrame, y: np.ndarray):
    """The training rows with new ones, as a frame of the original columns or as points; whether it did its work."""
    if whose == "ours":
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return (*OURS[name].fit_resample(X, y), True)
    has_text = len(X.select_dtypes(exclude="number").columns) > 0
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if name == "smote" and has_text:
                return (*_smotenc(X, y), True)
            view = numeric(X).fit(X)
            return (*PEERS[name].fit_resample(view.transform(X), y), True)
    except (ValueError, RuntimeError):
        return X, y, False


def _smotenc(X: pd.DataFrame, y: np.ndarray):
    view, discrete = ordinal(X)
    points = view.fit_transform(X)
    new, labels = SMOTENC(categorical_features=list(discrete), random_state=0).fit_resample(points, y)
    made = new[len(X) :]
    columns = view.transformers_[0][2], view.transformers_[1][2]
    frame = pd.DataFrame(made[:, : len(columns[0])], columns=columns[0])
    texts = pd.DataFrame(
        view.named_transformers_["ordinalencoder"].inverse_transform(made[:, len(columns[0]) :]),
        columns=columns[1],
    )
    return pd.concat([X, pd.concat([frame, texts], axis=1)[X.columns]], ignore_index=True), labels


def scores(X, y, train, test, name: str, whose: str) -> list[dict]:
    """AP and BAC of both models on one fold."""
    X_train, y_train = X.iloc[train].reset_index(drop=True), y[train]
    worked = True
    X_new, y_new = X_train, y_train
    if name != "nothing":
        X_new, y_new, worked = resampled(name, whose, X_train, y_train)
    view = numeric(X).fit(X_train)
    points = view.transform(X_new) if isinstance(X_new, pd.DataFrame) else X_new
    asked = view.transform(X.iloc[test])
    rows = []
    models = {
        "LR": LogisticRegression(max_iter=300),
        "HGB": HistGradientBoostingClassifier(max_iter=30, early_stopping=False, random_state=0),
    }
    for label, model in models.items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            risk = model.fit(points, y_new).predict_proba(asked)[:, 1]
        found = {
            "AP": average_precision_score(y[test], risk),
            "BAC": balanced_accuracy_score(y[test], risk >= 0.5),
        }
        rows += [
            {"name": name, "whose": whose, "model": label, "score": score, "value": value, "worked": worked}
            for score, value in found.items()
        ]
    return rows


def one_fold(path: Path, train, test) -> list[dict]:
    X, y = load(path)
    jobs = [("nothing", "ours"), *((name, "ours") for name in OURS), *((name, "peer") for name in PEERS)]
    rows = [row for name, whose in jobs for row in scores(X, y, train, test, name, whose)]
    return [{"set": path.name.split(".")[0], **row} for row in rows]


def compared(found: pd.DataFrame) -> list[dict]:
    """Ours against the peer, over sets."""
    means = found.groupby(["name", "whose", "model", "score", "set"])["value"].mean()
    failed = found[~found["worked"]].groupby("name")["set"].nunique()
    rows = []
    for name in OURS:
        row = {"kind": name, "against": peer_name(name)}
        for model in ("LR", "HGB"):
            for score in ("AP", "BAC"):
                peer = (name, "peer") if name in PEERS else ("nothing", "ours")
                difference = means[(name, "ours", model, score)] - means[(*peer, model, score)]
                error = difference.std(ddof=1) / np.sqrt(len(difference))
                text = f"{difference.mean():+.4f} ± {error:.4f} ({(difference > 0).sum()}/{len(difference)})"
                worse = name in PEERS and difference.mean() < -2 * error
                row[f"{model} {score}"] = f"**{text}**" if worse else text
        row["peer failed on sets"] = int(failed.get(name, 0)) if name in PEERS else ""
        rows.append(row)
    return rows


def peer_name(kind: str) -> str:
    if kind not in PEERS:
        return "doing nothing"
    return "SMOTE, SMOTENC" if kind == "smote" else type(PEERS[kind]).__name__


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data-dir", type=Path, default=DATA)
    parser.add_argument(
        "--quick", action="store_true", help="two sets, one repetition; prints, writes nothing"
    )
    options = parser.parse_args()
    paths = [next(options.data_dir.glob(f"{name}.csv*")) for name in (QUICK_SETS if options.quick else SETS)]
    jobs = []
    for path in paths:
        X, y = load(path)
        folds = RepeatedStratifiedKFold(n_splits=5, n_repeats=1 if options.quick else 3, random_state=0)
        jobs += [delayed(one_fold)(path, train, test) for train, test in folds.split(X, y)]
    found = pd.DataFrame([row for rows in Parallel(n_jobs=2, verbose=5)(jobs) for row in rows])
    rows = compared(found)
    print(table(rows))
    if options.quick:
        return
    means = found.groupby(["set", "name", "whose", "model", "score"])["value"].mean().round(4).reset_index()
    write_results("smote_quality", {"max_rows": MAX_ROWS, "means": means.to_dict("records")})
    write_table(
        "smote_quality",
        "The SMOTE family: models trained on ours against models trained on the peer's",
        rows,
        "Mean difference over sets, its standard error, and in brackets the sets won; bold where ours is worse by more "
        f"than two standard errors. {len(paths)} sets of at most {MAX_ROWS} rows. The peers get gaps filled, "
        "categories as indicators (SMOTENC for SMOTE on sets with categories) and numbers standardised; where a peer "
        "raised, the training rows were left as they were. Over-sampling to 1:1 is no advice: see which sampler to "
        "take.",
    )


if __name__ == "__main__":
    main()
