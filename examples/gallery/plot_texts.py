"""
Texts: what was changed, and whether it helps
=============================================

`TextSampler` makes new texts of the smaller class by other orders, words left out and typing errors. This page
shows texts before and after, and compares the sampler with doing nothing and with class weights.
"""

# %%
# Messages to a workshop, few of them urgent
# ------------------------------------------
# They are put together from pieces, so that some words say something of the class and most do not.
import numpy as np
import pandas as pd
from imblearn.pipeline import make_pipeline
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, StratifiedKFold

from genesis_sampling import TextSampler

OPENINGS = ["Good morning.", "Hello there!", "Hi, it is me again.", "Dear team,", "A short note."]
THINGS = ["my bicycle", "the red van", "our old tractor", "the delivery scooter", "her car"]
PLACES = ["near the station", "in your yard", "on the motorway", "at home", "behind the market"]
USUAL = [
    "I would like to have {thing} checked, it stands {place}.",
    "When can I fetch {thing}? I was {place} when you called.",
    "The new seat of {thing} fits well, I tried it {place}.",
    "Could you send the bill for {thing} once more? I lost it {place}.",
    "The brakes of {thing} squeak {place}, but they work.",
    "You helped me when {thing} would not start {place} last year.",
    "I want to sell {thing}, which had smoke in it once {place}.",
    "Is there a road by which one gets out if one is stuck {place} with {thing}?",
    "The lamp of {thing} failed {place}, I have put in a new one.",
    "Do not send anyone for {thing}, it runs again {place}.",
]
URGENT = [
    "The brakes of {thing} failed {place} and nobody can move it.",
    "Smoke comes out of {thing}, which blocks the way {place}.",
    "We are stuck with {thing} {place}, please send help.",
    "Someone is hurt, {thing} has slid into a wall {place}.",
    "Oil runs from {thing} {place} and will not stop.",
    "A wheel of {thing} came off {place}, the traffic waits.",
    "The door of {thing} does not open {place} and a child is in it.",
    "It burns under the seat of {thing} {place}!",
]
ENDINGS = ["Thanks!", "Please call me back today.", "Any day is fine.", "Kind regards from Anna.", "See you."]


def messages(patterns, n, rng):
    """Draw the pieces of each message."""
    return [
        " ".join(
            [
                rng.choice(OPENINGS),
                rng.choice(patterns).format(thing=rng.choice(THINGS), place=rng.choice(PLACES)),
                rng.choice(ENDINGS),
            ]
        )
        for _ in range(n)
    ]


rng = np.random.default_rng(0)
X = messages(USUAL, 180, rng) + messages(URGENT, 15, rng)
y = np.repeat(["usual", "urgent"], [180, 15])
X[-1]

# %%
# Before and after
# ----------------
# On the left the message, on the right what was made from it. `report_.to_html("report.html")` writes a page
# in which the changed words are marked. Read some: is each of them still urgent?
sampler = TextSampler(random_state=0)
sampler.fit_resample(X, y)
display = sampler.report_.plot()

# %%
# Where a word decides, it is protected. Now "not", "nobody", "failed" and "stuck" stay as they are.
careful = TextSampler(protected=["not", "nobody", "failed", "stuck"], random_state=0)
careful.fit_resample(X, y)
display = careful.report_.plot()

# %%
# Measured inside each fold
# -------------------------
# The sampler stands in front of the vectoriser, so it sees the training texts of each fold alone. Doing nothing
# and class weights are candidates too.
pipeline = make_pipeline(TextSampler(), TfidfVectorizer(), LogisticRegression())
grid = [
    {"textsampler": ["passthrough"], "logisticregression__class_weight": [None, "balanced"]},
    {"textsampler": [sampler, careful, TextSampler(["typos"], random_state=0)]},
]
names = ["nothing", "class weights", "four operations", "with protected words", "typing errors alone"]
search = GridSearchCV(
    pipeline,
    grid,
    scoring=["average_precision", "balanced_accuracy"],
    refit="average_precision",
    cv=StratifiedKFold(5, shuffle=True, random_state=0),
)
search.fit(X, y == "urgent")
table = pd.DataFrame(search.cv_results_).set_axis(names)
table[[f"{kind}_test_{score}" for score in search.scoring for kind in ("mean", "std")]].round(3)

# %%
# At the usual threshold a model of the table as it is hardly ever says "urgent", and anything that gives the
# class more weight mends that: class weights as well as made texts. A model of single words learns nothing from
# another order, so do not expect more from it. These messages are easy and made up: measure on your own.
