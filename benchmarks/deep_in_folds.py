"""Can a neural generator live inside a cross-validation?

Five folds of sick (3,772 rows, 231 of them sick) with a pipeline of GenerativeOverSampler and boosted trees: seconds,
and average precision beside doing nothing and over-sampling with trees. Bar: CTGAN at its defaults within 180 seconds
on two cores.
"""

from __future__ import annotations

import argparse
import time
import warnings
from pathlib import Path

from _common import DATA, write_results, write_table
from fidelity import load
from imblearn.pipeline import make_pipeline
from sklearn.model_selection import StratifiedKFold, cross_val_score

from genesis_sampling import CTGANGenerator, DiffusionGenerator, GenerativeOverSampler, TVAEGenerator
from genesis_sampling.metrics._models import TableClassifier

LIMIT = 180.0
GENERATORS = {
    "nothing": None,
    "trees": "tree",
    "CTGAN": CTGANGenerator(verbose=0),
    "TVAE": TVAEGenerator(verbose=0),
    "diffusion": DiffusionGenerator(verbose=0),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data-dir", type=Path, default=DATA)
    options = parser.parse_args()
    frame = load(options.data_dir, "sick")
    X, y = (
        frame.drop(columns="target"),
        (frame["target"] == frame["target"].value_counts().index[-1]).astype(int),
    )
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    found = []
    for name, generator in GENERATORS.items():
        model = TableClassifier("boosting")
        if generator is not None:
            model = make_pipeline(
                GenerativeOverSampler(generator, sampling_strategy=0.5, random_state=0), model
            )
        begun = time.perf_counter()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            scores = cross_val_score(model, X, y, cv=folds, scoring="average_precision")
        found.append(
            {
                "generator": name,
                "seconds": time.perf_counter() - begun,
                "AP": scores.mean(),
                "std": scores.std(),
            }
        )
        print(found[-1], flush=True)
    rows = [
        {
            "generator": row["generator"],
            "seconds": f"{row['seconds']:.0f}",
            "average precision": f"{row['AP']:.3f} ± {row['std']:.3f}",
        }
        for row in found
    ]
    write_results("deep_in_folds", {"limit": LIMIT, "rows": found})
    write_table(
        "deep_in_folds",
        "Neural generators in a cross-validation",
        rows,
        "Five folds of sick, boosted trees behind GenerativeOverSampler at a ratio of .5; mean and standard deviation "
        f"over folds. Bar: CTGAN within {LIMIT:g} s.",
    )


if __name__ == "__main__":
    main()
