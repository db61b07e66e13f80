"""When, if ever, does a neural generator beat trees?

`TreeGenerator`, CTGAN, TVAE and diffusion at their defaults, each fitted on train rows and asked for as many: mixed
tables, smooth numbers, categories alone, many columns, few rows, a column of very many categories; and for rows that
meet three conditions. Judged against test rows by the measuring stick, and by what boosted trees that saw drawn rows
alone say of the test rows (AUC, one class against the rest). Cost is CPU seconds. There is no bar.
"""

from __future__ import annotations

import argparse
import time
import warnings
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from _common import DATA, Kept, table, write_results, write_table
from fidelity import FIGURES, judge, load, split
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score

from genesis_sampling import CTGANGenerator, DiffusionGenerator, TreeGenerator, TVAEGenerator

CANDIDATES = {
    "trees": TreeGenerator,
    "CTGAN": partial(CTGANGenerator, verbose=0),
    "TVAE": partial(TVAEGenerator, verbose=0),
    "diffusion": partial(DiffusionGenerator, verbose=0),
}
# Case -> set, and what is done to its train and test rows.
JOINED = ["education", "occupation", "native-country", "relationship"]
CASES = {
    "mixed: adult": ("adult", None),
    "mixed: credit default": ("credit_default", None),
    "smooth numbers: htru2": ("htru2", None),
    "categories alone: nursery": ("nursery", None),
    "85 columns: coil2000": ("coil2000", None),
    "279 columns, 406 rows: arrhythmia": ("arrhythmia", None),
    "500 rows: adult": ("adult", "few"),
    "a column of some 3,000 categories: adult": ("adult", "joined"),
}
# In the quickest of the cases in which the first seed had a network ahead of the trees there are more of them.
AGAIN = {"500 rows: adult": 5}
CONDITIONS = {"sex": "Female", "age": (30, 39), "education": ["Bachelors", "Masters"]}
DRAWN = 2000


def case_rows(folder: Path, name: str, change: str | None) -> tuple[pd.DataFrame, pd.DataFrame]:
    train, test = split(load(folder, name), name)
    if change == "few":
        train = train.sample(500, random_state=0).reset_index(drop=True)
    if change == "joined":
        train, test = (
            part.drop(columns=JOINED).assign(group=part[JOINED].fillna("none").agg("/".join, axis=1))
            for part in (train, test)
        )
    return train, test


def usefulness(rows: pd.DataFrame, test: pd.DataFrame) -> float:
    """AUC on test rows of boosted trees that were fitted on drawn ones: the rarest class of 20 rows against others."""
    counts = test["target"].value_counts()
    rare = counts.index[counts >= 20][-1]
    if min((rows["target"] == rare).sum(), (rows["target"] != rare).sum()) < 2:
        return 0.5
    both = pd.concat([rows, test], keys=["drawn", "test"]).drop(columns="target")
    for column in both.select_dtypes(exclude="number"):
        # Categories beyond the most frequent 200 are one: the model takes no more than 255.
        kept = both[column].value_counts().index[:200]
        both[column] = both[column].where(both[column].isin(kept)).astype("category")
    model = HistGradientBoostingClassifier(categorical_features="from_dtype", random_state=0)
    model.fit(both.loc["drawn"], rows["target"] == rare)
    return roc_auc_score(test["target"] == rare, model.predict_proba(both.loc["test"])[:, 1])


def one_run(make, train: pd.DataFrame, seed: int, n_rows: int, conditions=None) -> tuple[pd.DataFrame, dict]:
    """Rows of one candidate, and CPU seconds; none where the conditions cannot be met."""
    begun = time.process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        generator = make(random_state=seed).fit(train)
    fitted = time.process_time()
    rows = generator.sample(n_rows, conditions=conditions)
    return rows, {"fit": fitted - begun, "draw": time.process_time() - fitted}


def meeting(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows that meet the conditions."""
    is_in = np.ones(len(rows), dtype=bool)
    for column, wish in CONDITIONS.items():
        values = rows[column]
        is_in &= values.between(*wish) if isinstance(wish, tuple) else values.isin(np.atleast_1d(wish))
    return rows[is_in].reset_index(drop=True)


def judged(train: pd.DataFrame, test: pd.DataFrame, run, tool: Path) -> dict:
    """What rows are worth, and what they cost."""
    rows, seconds = run()
    rows = rows[train.columns]
    return judge(tool, train, test, rows) | {"useful": usefulness(rows, test)} | seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data-dir", type=Path, default=DATA)
    parser.add_argument("--tool", type=Path, default=DATA.parent / "tools" / "fidelity_figures.py")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument(
        "--cache", type=Path, default=None, help="a file from which an interrupted run goes on"
    )
    parser.add_argument("--only", default="", help="cases that have this in their names; writes nothing")
    options = parser.parse_args()
    found: list[dict] = []
    once = Kept(options.cache)

    def note(case: str, name: str, train: pd.DataFrame, test: pd.DataFrame, run) -> None:
        for seed in range(max(options.seeds, AGAIN.get(case, 1))):
            key = {"case": case, "": name, "seed": seed}
            found.append(once(key, partial(judged, train, test, partial(run, seed), options.tool)))

    for case, (name, change) in CASES.items():
        if options.only in case:
            train, test = case_rows(options.data_dir, name, change)
            note(case, "train rows themselves", train, test, lambda seed, rows=train: (rows, {}))
            for candidate, make in CANDIDATES.items():
                note(case, candidate, train, test, lambda seed, m=make, t=train: one_run(m, t, seed, len(t)))
    case = "three conditions: adult"
    if options.only in case:
        train, test = case_rows(options.data_dir, "adult", None)
        known, fresh = meeting(train), meeting(test)
        note(case, "train rows themselves", known, fresh, lambda seed: (known, {}))
        for candidate, make in CANDIDATES.items():
            note(
                case, candidate, known, fresh, lambda seed, m=make: one_run(m, train, seed, DRAWN, CONDITIONS)
            )
    by_candidate = pd.DataFrame(found).groupby(["case", ""], sort=False)
    means = by_candidate.mean(numeric_only=True).assign(seeds=by_candidate.size()).reset_index()
    rows = [
        {
            "case": row["case"],
            "rows of": row[""],
            "seeds": row["seeds"],
            **{figure: f"{row[figure]:.3f}" for figure in (*FIGURES, "useful")},
            "fit, CPU s": "" if np.isnan(row["fit"]) else f"{row['fit']:.1f}",
            "draw, CPU s": "" if np.isnan(row["draw"]) else f"{row['draw']:.1f}",
        }
        for _, row in means.iterrows()
    ]
    print(table(rows))
    if options.only:
        return
    records = pd.DataFrame(found).round(4).astype(object)
    write_results("deep_or_trees", {"runs": records.where(records.notna(), None).to_dict("records")})
    write_table(
        "deep_or_trees",
        "Neural generators or trees",
        rows,
        "Defaults, means over seeds of the generator. shape, trend and copies in %; c2st and nearer: .5 is ideal; "
        "useful is the AUC on test rows of boosted trees that saw drawn rows alone. Conditions: "
        f"{', '.join(f'{name} {wish}' for name, wish in CONDITIONS.items())}; judged against test rows that meet them.",
    )


if __name__ == "__main__":
    main()
