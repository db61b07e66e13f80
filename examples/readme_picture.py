"""Draw docs/_static/before_after.png, the picture of the README."""

from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import make_moons

from genesis_sampling import GenerativeOverSampler, HybridSampler, NoiseSampler

PATH = Path(__file__).parents[1] / "docs" / "_static" / "before_after.png"
SAMPLERS = {
    "as it is": None,
    "NoiseSampler": NoiseSampler(random_state=0),
    "GenerativeOverSampler": GenerativeOverSampler(random_state=0),
    "HybridSampler": HybridSampler(random_state=0),
}

X, y = make_moons(n_samples=(1350, 150), noise=0.15, random_state=1)
figure, axes = plt.subplots(1, 4, figsize=(13, 3.4), sharex=True, sharey=True, layout="constrained")
for axis, (title, sampler) in zip(axes, SAMPLERS.items(), strict=True):
    rows, labels = (X, y) if sampler is None else sampler.fit_resample(X, y)
    made = np.zeros(len(y), dtype=bool) if sampler is None else sampler.synthetic_mask_
    for name, color, chosen in [
        ("usual", "#8da0b8", labels == 0),
        ("rare, new", "#1b9e77", made),
        ("rare, real", "#d95f02", (labels == 1) & ~made),
    ]:
        if chosen.any():
            axis.scatter(*rows[chosen].T, s=5, color=color, label=f"{name}: {chosen.sum()}")
    axis.set_title(title)
    axis.set_xticks([])
    axis.set_yticks([])
    axis.legend(loc="lower left", fontsize=8, framealpha=0.9)
PATH.parent.mkdir(exist_ok=True)
figure.savefig(PATH, dpi=110)
