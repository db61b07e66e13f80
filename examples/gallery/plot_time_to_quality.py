"""
Time to quality
===============

How near do rows of a generator come to the table, and how many seconds does that take? Neural generators train for as
many steps as they are given, so each of them is a curve.
"""

# %%
# A table of transactions
# -----------------------
# Half of it is learned. What is drawn is judged by the other half, so that a generator that repeats what it saw gains
# nothing by it.
from time import perf_counter

import matplotlib.pyplot as plt
import pandas as pd

from genesis_sampling import (
    CTGANGenerator,
    DiffusionGenerator,
    GaussianCopulaGenerator,
    TreeGenerator,
    TVAEGenerator,
)
from genesis_sampling.datasets import make_transactions
from genesis_sampling.metrics.fidelity import column_pair_trends, column_shapes

df = make_transactions(4000)
train, test = df.iloc[::2].reset_index(drop=True), df.iloc[1::2].reset_index(drop=True)


def errors(rows):
    """Mean error of single columns and of pairs of them, in percent."""
    return {
        "single columns": 100 * (1 - column_shapes(test, rows).mean()),
        "pairs of columns": 100 * (1 - column_pair_trends(test, rows)["score"].mean()),
    }


# %%
# Each at several lengths of training
# -----------------------------------
# A few hundred steps are enough to see where the curves go; the defaults are 2,000.
networks = {"CTGAN": CTGANGenerator, "TVAE": TVAEGenerator, "diffusion": DiffusionGenerator}
runs = {("trees", ""): TreeGenerator(random_state=0), ("copula", ""): GaussianCopulaGenerator(random_state=0)}
for name, cls in networks.items():
    cls(n_steps=1, verbose=0).fit(train.head(200))  # what is loaded once is not the question
    for n_steps in (30, 100, 300):
        runs[name, n_steps] = cls(n_steps=n_steps, verbose=0, random_state=0)

found = []
for (name, n_steps), generator in runs.items():
    begun = perf_counter()
    rows = generator.fit(train).sample(len(train))
    found.append({"generator": name, "steps": n_steps, "seconds": perf_counter() - begun} | errors(rows))
found = pd.DataFrame(found)
print(found.round(2).to_string(index=False))

# %%
# The dashed line is what real rows differ by from other real rows: nothing can be nearer.
floor = errors(train)
figure, axes = plt.subplots(1, 2, figsize=(9.5, 4), layout="constrained")
for axis, (what, least) in zip(axes, floor.items()):
    for name, part in found.groupby("generator", sort=False):
        axis.plot(part["seconds"], part[what], marker="o", label=name)
    axis.axhline(least, color="0.5", linestyle="--", label="real rows")
    axis.set(xscale="log", yscale="log", xlabel="seconds of fit and draw", title=f"error of {what}, %")
axes[1].legend(frameon=False, fontsize=8)

# %%
# Trees are the first thing to try: they are in the lower left corner. The curves on a larger table, with the package
# `ctgan` in the same run, are among the benchmarks.
