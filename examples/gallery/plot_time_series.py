"""
Time series: made ones over their sources
=========================================

`TimeSeriesSampler` makes new series of the smaller class by noise, other scales and a time that runs unevenly.
This page draws them over their sources, and compares the sampler with SMOTE on the points and with doing
nothing.
"""

# %%
# Pulses, and a few with a second beat
# ------------------------------------
import numpy as np
import pandas as pd
from imblearn.over_sampling import SMOTE
from imblearn.pipeline import make_pipeline
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import GridSearchCV, StratifiedKFold

from genesis_sampling import TimeSeriesSampler

time = np.linspace(0, 1, 80)
rng = np.random.default_rng(0)


def pulse(place, width, height):
    """One beat."""
    return height * np.exp(-(((time - place) / width) ** 2))


def series(n, second):
    """Beats at times and of heights that vary; ``second`` is the height of a beat that follows."""
    places = rng.uniform(0.25, 0.4, n)
    return np.array(
        [
            pulse(place, rng.uniform(0.04, 0.07), rng.uniform(0.8, 1.2))
            + pulse(place + rng.uniform(0.25, 0.4), 0.06, second * rng.uniform(0.7, 1.3))
            + 0.12 * rng.normal(size=len(time))
            for place in places
        ]
    )


X = np.vstack([series(150, 0.0), series(15, 0.4)])
y = np.repeat(["one beat", "two beats"], [150, 15])
pd.Series(y).value_counts()

# %%
# All of the class, and single ones
# ---------------------------------
# First many sources and made ones in faint lines: do the new ones stay where real ones are? Then single made
# ones over the source of each.
sampler = TimeSeriesSampler(random_state=0)
sampler.fit_resample(X, y)
display = sampler.report_.plot()

# %%
# Too much of a good thing
# ------------------------
# Pieces in another order are a new rhythm: such a series is no example of its class any more. That operation is
# off unless it is named.
shuffled = TimeSeriesSampler(["permutation"], random_state=0)
shuffled.fit_resample(X, y)
display = shuffled.report_.plot()

# %%
# Two channels
# ------------
# Series of the shape (channels, t) have a row for each channel. Time runs unevenly for all channels alike.
both = np.stack([X, np.cumsum(X, axis=1)], axis=1)
warped = TimeSeriesSampler(["time_warp"], random_state=0)
warped.fit_resample(both, y)
display = warped.report_.plot()

# %%
# Which of them helps, if any?
# ----------------------------
# In a pipeline the sampler sees the training part of each fold alone. SMOTE takes points of series for columns
# of a table; doing nothing and class weights are candidates too.
pipeline = make_pipeline(
    TimeSeriesSampler(), RandomForestClassifier(60, min_samples_leaf=2, random_state=0)
).set_params(timeseriessampler="passthrough")
grid = [
    {"randomforestclassifier__class_weight": [None, "balanced"]},
    {"timeseriessampler": [SMOTE(random_state=0), sampler, shuffled]},
]
names = ["nothing", "class weights", "SMOTE on the points", "five operations", "permutation"]
search = GridSearchCV(
    pipeline,
    grid,
    scoring=["average_precision", "balanced_accuracy"],
    refit="average_precision",
    cv=StratifiedKFold(5, shuffle=True, random_state=0),
)
search.fit(X, y == "two beats")
table = pd.DataFrame(search.cv_results_).set_axis(names)
table[[f"{kind}_test_{score}" for score in search.scoring for kind in ("mean", "std")]].round(3)

# %%
# A fold has three series with two beats, so look at the spread before the mean. On other series, and for
# another model, the order will be another one: measure it on your own.
