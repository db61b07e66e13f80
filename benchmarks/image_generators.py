"""Do generators of images help, on digits of which half are rare?

Scikit-learn's digits, 8 x 8 pixels, half of them to train on; of five digits, drawn anew for each seed, ten images are
kept. Every class is brought to the size of the largest. Balanced accuracy on the other half, with a forest, logistic
regression and a support vector machine on pixels, over five seeds. Bar: the autoencoder and the DCGAN train within two
minutes on two cores, and have a higher balanced accuracy than doing nothing and than copies.
"""

from __future__ import annotations

import argparse
import os
import warnings
from time import perf_counter

os.environ.update(OMP_NUM_THREADS="2", OPENBLAS_NUM_THREADS="1")

import numpy as np
import pandas as pd
from _common import RESULTS, table, write_results, write_table
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import train_test_split
from sklearn.svm import SVC

from genesis_sampling import (
    DCGANGenerator,
    FlattenedSampler,
    GenerativeOverSampler,
    ImageSampler,
    ImageVAEGenerator,
    InterpolationSampler,
    TransformSampler,
)
from genesis_sampling.metrics.image import frechet_inception_distance, precision_recall

SEEDS = range(5)
N_RARE, N_KEPT = 5, 10
LEARNERS = {
    "forest": lambda weight=None: RandomForestClassifier(200, class_weight=weight, random_state=0),
    "logistic": lambda weight=None: LogisticRegression(max_iter=1000, class_weight=weight),
    "SVM": lambda weight=None: SVC(class_weight=weight),
}
CHANGES = ["shift", "rotation", "resize"]
SAMPLERS = {
    "copies": TransformSampler(),
    "SMOTE on pixels": FlattenedSampler(InterpolationSampler()),
    "ImageSampler": ImageSampler(),
    "ImageSampler, moved": ImageSampler(CHANGES),
    "ImageVAEGenerator": GenerativeOverSampler(ImageVAEGenerator(verbose=0)),
    "DCGANGenerator": GenerativeOverSampler(DCGANGenerator(verbose=0)),
}


def split(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Images to train on and their digits, those to test on, and the rare digits."""
    digits = load_digits()
    X, X_test, y, y_test = train_test_split(
        digits.images / 16, digits.target, test_size=0.5, stratify=digits.target, random_state=seed
    )
    rare = np.random.default_rng(seed).permutation(10)[:N_RARE]
    left_out = np.concatenate([np.flatnonzero(y == digit)[N_KEPT:] for digit in rare])
    return np.delete(X, left_out, axis=0), np.delete(y, left_out), X_test, y_test, rare


def one_seed(seed: int) -> list[dict]:
    X, y, X_test, y_test, rare = split(seed)
    rows = []

    def judge(name: str, images: np.ndarray, labels: np.ndarray, weight: str | None = None, **more) -> None:
        for learner, make in LEARNERS.items():
            model = make(weight).fit(images.reshape(len(images), -1), labels)
            score = balanced_accuracy_score(y_test, model.predict(X_test.reshape(len(X_test), -1)))
            rows.append({"seed": seed, "name": name, "learner": learner, "score": score, **more})

    judge("nothing", X, y)
    judge("class weights", X, y, "balanced")
    for name, sampler in SAMPLERS.items():
        begun = perf_counter()
        images, labels = clone(sampler).set_params(**_seeded(sampler, seed)).fit_resample(X, y)
        seconds = perf_counter() - begun
        made, real = images[len(X) :], X_test[np.isin(y_test, rare)]
        found = precision_recall(real, made[: len(real)])
        judge(
            name,
            images,
            labels,
            seconds=seconds,
            fid=frechet_inception_distance(real, made),
            precision=found.precision,
            recall=found.recall,
        )
    return rows


def _seeded(sampler, seed: int) -> dict[str, int]:
    return {name: seed for name in sampler.get_params() if name.endswith("random_state")}


def lines(found: pd.DataFrame) -> list[dict]:
    """Means of doing nothing, then differences to it with their standard errors over seeds."""
    scores = found.pivot(index="seed", columns=["name", "learner"], values="score")
    rows = []
    for name in found["name"].unique():
        of_name = found[found["name"] == name]
        row = {"": name}
        for learner in LEARNERS:
            value = scores[name][learner]
            gain = value - scores["nothing"][learner]
            row[learner] = (
                f"{value.mean():.3f}" if name == "nothing" else f"{gain.mean():+.3f} ± {_error(gain):.3f}"
            )
        over_copies = (scores[name] - scores["copies"]).mean(axis=1)
        row["over copies, all three"] = f"{over_copies.mean():+.3f} ± {_error(over_copies):.3f}"
        for measure, digits in (("seconds", 1), ("fid", 2), ("precision", 2), ("recall", 2)):
            row[measure] = "" if of_name[measure].isna().all() else f"{of_name[measure].mean():.{digits}f}"
        rows.append(row)
    return rows


def _error(gain: pd.Series) -> float:
    return gain.std(ddof=1) / np.sqrt(len(gain))


def draw(path) -> None:
    """Rare digits: real ones, and ones of each generator."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    X, y, _, _, rare = split(0)
    names = ["real", "SMOTE on pixels", "ImageSampler, moved", "ImageVAEGenerator", "DCGANGenerator"]
    figure, axes = plt.subplots(len(names), 10, figsize=(7, 4), layout="constrained")
    for name, line in zip(names, axes, strict=True):
        images, labels = X, y
        if name != "real":
            sampler = clone(SAMPLERS[name]).set_params(**_seeded(SAMPLERS[name], 0))
            images, labels = (part[len(X) :] for part in sampler.fit_resample(X, y))
        for place, ax in enumerate(line):
            ax.imshow(images[labels == rare[place // 2]][place % 2], cmap="gray_r", vmin=0, vmax=1)
            ax.set(xticks=[], yticks=[])
        line[0].set_ylabel(
            name.replace("Generator", "").replace(", ", ",\n"), rotation=0, ha="right", va="center"
        )
    figure.savefig(path, dpi=120)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="two seeds; prints, writes nothing")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    found = pd.DataFrame(
        [row for seed in list(SEEDS)[: 2 if options.quick else None] for row in one_seed(seed)]
    )
    rows = lines(found)
    print(table(rows))
    if options.quick:
        return
    write_results("image_generators", {"rows": rows, "seeds": found.round(4).to_dict("records")})
    write_table(
        "image_generators",
        "Generators of images on rare digits",
        rows,
        f"Digits of scikit-learn, half to test on; {N_RARE} have {N_KEPT} images to train on. Balanced accuracy of "
        f"doing nothing and differences to it over {len(SEEDS)} seeds, with their standard errors. FID, precision and "
        "recall are of made images against real test images of the rare digits. Seconds are those of fit_resample "
        "on this machine.",
    )
    draw(RESULTS / "image_generators.png")


if __name__ == "__main__":
    main()
