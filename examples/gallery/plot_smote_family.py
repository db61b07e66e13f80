"""
The SMOTE family on one picture
===============================

Every kind of `InterpolationSampler` on the same points: where does each one put its new rows?
"""

# %%
# A rare class in two groups, and one row alone among the others
# --------------------------------------------------------------
# The outlier is the test: a segment that starts or ends there crosses ground of the usual class. So does one
# that leads from one group to the other.
import matplotlib.pyplot as plt
import numpy as np

from genesis_sampling import InterpolationSampler, MixupSampler

rng = np.random.default_rng(138)
usual = rng.normal(0, 0.85, (280, 2))
usual = usual[np.abs(usual).max(axis=1) < 1.8]
left, right = rng.normal([-2, 0.7], 0.3, (30, 2)), rng.normal([2, -0.7], 0.3, (30, 2))
outlier = [[0.1, -0.3]]
X = np.vstack([usual, left, right, outlier])
y = np.repeat(["usual", "rare"], [len(usual), 61])

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
    axis.scatter(*rows[labels == "usual"].T, s=6, color="#b8c2cf", label="usual")
    axis.scatter(*rows[made].T, s=8, color="#1b9e77", label="rare, new")
    axis.scatter(*rows[real].T, s=13, color="#d95f02", edgecolor="black", linewidth=0.5, label="rare, real")
    axis.set(title=title, xticks=[], yticks=[], aspect="equal")


figure, axes = plt.subplots(4, 3, figsize=(10, 10), sharex=True, sharey=True, layout="constrained")
for axis, (title, sampler) in zip(axes.flat, panels.items()):
    if sampler is None:
        show(axis, title, X, y, np.zeros(len(y), dtype=bool))
    else:
        show(axis, title, *sampler.fit_resample(X, y), sampler.synthetic_mask_)
arrow = {"arrowstyle": "->", "color": "black"}
axes.flat[0].annotate("outlier", outlier[0], (1.25, 1.35), arrowprops=arrow)
handles, names = axes.flat[1].get_legend_handles_labels()
legend = figure.legend(handles, names, loc="outside upper center", ncols=3, markerscale=1.5, frameon=False)

# %%
# What to look for
# ----------------
# - **as it is**: two groups of the rare class, each with an edge towards the usual one, and the outlier.
# - **smote**: new rows inside each group, evenly over its rows. The few between the outlier and a group are a
#   bridge over usual ground.
# - **borderline-1**: new rows on the edges that face the usual class; the backs of the groups start nothing.
#   Around the outlier every row is of the other class, so it counts as noise and starts nothing.
# - **borderline-2**: the same edges, and a little beyond them: some rows lie on the way to the nearest usual row.
# - **svm**: the edges again, chosen by a support vector machine. Where a group is safe, new rows go outwards,
#   past its last real row.
# - **adasyn**: the more usual rows are near, the more new rows. Nothing else is near the outlier, so no row starts
#   more, and the bridge is plain to see.
# - **cluster**: as smote, but each group is found first and filled by itself. The outlier belongs to neither.
# - **safe-level**: as smote, but nearer to the parent that has more of its own class around it. No bridge, and
#   little on the edge either: the opposite of borderline.
# - **prowsyn**: partners are drawn at random among rows that are about equally near to the usual class, so
#   segments run from group to group. It suits a class that is one cloud.
# - **polynom-fit**: `star` goes from each row towards the mean of the class, which here is usual ground; `mesh`
#   goes from any row to any other. Both suit one cloud only.
# - **MixupSampler**: the second parent may be of either class, so new rows reach into the usual one.
#
# The picture shows where new rows go, not whether they help. That depends on the model, and doing nothing is a
# candidate too.
