"""
Before and after: where the new rows fall
=========================================

A sampler adds rows of the smaller class. This page shows them beside the real ones, and how to score a model
so that no new row is ever part of the judgement.
"""

# %%
# A table with one row of the rare class in ten
# ---------------------------------------------
from collections import Counter

import matplotlib.pyplot as plt
import pandas as pd
from sklearn.datasets import make_moons
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_validate

from genesis_sampling import NoiseSampler

features, label = make_moons(n_samples=(450, 50), noise=0.25, random_state=0)
X = pd.DataFrame(features, columns=["across", "up"])
y = pd.Series(label, name="label").map({0: "usual", 1: "rare"})
Counter(y)

# %%
# Balance it
# ----------
# The original rows come first and unchanged; `synthetic_mask_` tells which of the rows were made.
sampler = NoiseSampler(noise_scale=0.2, random_state=0)
X_balanced, y_balanced = sampler.fit_resample(X, y)
Counter(y_balanced)

# %%
COLORS = {"usual": "tab:blue", "rare": "tab:orange"}
figure, axes = plt.subplots(1, 2, figsize=(9, 4), sharex=True, sharey=True, layout="constrained")
for axis, title, rows, labels in [
    (axes[0], "before", X, y),
    (axes[1], "after", X_balanced, y_balanced),
]:
    for name, color in COLORS.items():
        part = rows[labels == name]
        axis.scatter(part["across"], part["up"], s=8, color=color, label=f"{name}: {len(part)}")
    axis.set_title(title)
    axis.legend(loc="upper right")

# %%
# Score it without leaks
# ----------------------
# Inside an imbalanced-learn pipeline the sampler sees the training part of each fold only. Balanced
# accuracy at the usual threshold rises, since the model no longer favours the larger class; average
# precision, which looks at the order of the rows alone, tells whether the model has learned anything new.
from imblearn.pipeline import make_pipeline

SCORES = ["balanced_accuracy", "average_precision"]
models = {
    "nothing": LogisticRegression(),
    "NoiseSampler": make_pipeline(NoiseSampler(random_state=0), LogisticRegression()),
}
table = {
    name: {
        score: cross_validate(model, X, y == "rare", scoring=SCORES, cv=5)[f"test_{score}"].mean()
        for score in SCORES
    }
    for name, model in models.items()
}
pd.DataFrame(table).T.round(3)
