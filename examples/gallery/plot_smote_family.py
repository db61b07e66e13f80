"""
The SMOTE family on one picture
===============================

Every kind of `InterpolationSampler` on the same points: where does each one put its new rows?
"""

# %%
# A rare class in two groups, and one row where it does not belong
# ----------------------------------------------------------------
import matplotlib.pyplot as plt
import numpy as np

from genesis_sampling import InterpolationSampler, MixupSampler

rng = np.random.default_rng(7)
usual = rng.normal(0, [1.0, 0.8], (240, 2))
left, right = rng.normal([-2.3, 0.8], 0.35, (22, 2)), rng.normal([2.3, -0.8], 0.35, (22, 2))
outlier = [[0.1, -0.3]]
X = np.vstack([usual, left, right, outlier])
y = np.repeat(["usual", "rare"], [len(usual), 45])

# %%
# The same number of new rows from each kind
# ------------------------------------------
panels = {"as it is": None, "smote": InterpolationSampler("smote", random_state=0)}
for kind in ["borderline-1", "borderline-2", "svm", "adasyn", "cluster", "safe-level", "prowsyn"]:
    panels[kind] = InterpolationSampler(kind, random_state=0)
panels["polynom-fit, star"] = InterpolationSampler("polynom-fit", random_state=0)
panels["polynom-fit, mesh"] = InterpolationSampler("polynom-fit", topology="mesh", random_state=0)
panels["MixupSampler"] = MixupSampler(random_state=0)


def show(axis, title, rows, labels, made):
    real = (labels == "rare") & ~made
    axis.scatter(*rows[labels == "usual"].T, s=7, color="#b8c2cf", label="usual")
    axis.scatter(*rows[made].T, s=9, color="#1b9e77", label="rare, new")
    axis.scatter(*rows[real].T, s=16, color="#d95f02", edgecolor="black", linewidth=0.5, label="rare, real")
    axis.set(title=title, xticks=[], yticks=[], aspect="equal")


figure, axes = plt.subplots(4, 3, figsize=(10, 10), sharex=True, sharey=True, layout="constrained")
for axis, (title, sampler) in zip(axes.flat, panels.items()):
    if sampler is None:
        show(axis, title, X, y, np.zeros(len(y), dtype=bool))
    else:
        show(axis, title, *sampler.fit_resample(X, y), sampler.synthetic_mask_)
arrow = {"arrowstyle": "->", "color": "black"}
axes.flat[0].annotate("outlier", outlier[0], (0.9, 1.9), arrowprops=arrow)
handles, names = axes.flat[1].get_legend_handles_labels()
figure.legend(handles, names, loc="outside upper center", ncols=3, markerscale=1.5, frameon=False)
