"""
The samplers side by side
=========================

The same imbalanced table, balanced by each sampler: what does a new row look like?
"""

# %%
# Two clusters of the rare class, on either side of the usual one
# ---------------------------------------------------------------
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from genesis_sampling import ConstraintFilter, GenerativeOverSampler, HybridSampler, NoiseSampler

rng = np.random.default_rng(0)
usual = rng.normal(size=(400, 2))
rare = np.vstack([rng.normal([-2.5, 0.5], 0.35, (25, 2)), rng.normal([2.5, -0.5], 0.35, (25, 2))])
X = pd.DataFrame(np.vstack([usual, rare]), columns=["across", "up"])
y = pd.Series(np.repeat(["usual", "rare"], [400, 50]), name="label")

# %%
# Four ways to balance it
# -----------------------
samplers = {
    "NoiseSampler": NoiseSampler(noise_scale=0.1, random_state=0),
    "GenerativeOverSampler (tree)": GenerativeOverSampler("tree", random_state=0),
    "GenerativeOverSampler (gaussian_copula)": GenerativeOverSampler("gaussian_copula", random_state=0),
    "HybridSampler": HybridSampler(random_state=0),
    "ConstraintFilter: up >= 0": ConstraintFilter("up >= 0", NoiseSampler(random_state=0)),
}

figure, axes = plt.subplots(2, 3, figsize=(11, 6.5), sharex=True, sharey=True, layout="constrained")


def show(axis, title, rows, labels, made):
    groups = {"usual": ("#8da0b8", labels == "usual"), "rare, real": ("#d95f02", (labels == "rare") & ~made)}
    groups["rare, new"] = ("#1b9e77", made)
    for name, (color, chosen) in reversed(groups.items()):
        part = rows[chosen]
        axis.scatter(part["across"], part["up"], s=9, color=color, label=f"{name}: {len(part)}")
    axis.set_title(title, fontsize=10)
    axis.legend(loc="lower left", fontsize=8)


show(axes.flat[0], "before", X, y, np.zeros(len(y), dtype=bool))
for axis, (title, sampler) in zip(axes.flat[1:], samplers.items()):
    rows, labels = sampler.fit_resample(X, y)
    show(axis, title, rows, labels, sampler.synthetic_mask_)

# %%
# Noise stays near the real rows. Trees learn the two clusters, though from 50 rows they know the shape of each only
# roughly. A single Gaussian copula knows one correlation for the whole class and blurs the clusters into one
# another: it suits classes that are one cloud. The hybrid removes usual rows too, so it needs fewer new ones. The
# filter lets only rows pass that satisfy its constraint, and leaves the real ones alone.
