"""
Images: changed copies, looked at and measured
==============================================

`ImageSampler` makes new images of the smaller class. This page looks at them beside those that they were made
from, and lets a grid search decide whether they are worth having. It needs the extra `image`.
"""

# %%
# Many digits, few threes
# -----------------------
# The digits that come with scikit-learn, as floats in [0, 1]. Fifteen threes are for training, beside 300 others; what
# is left is kept for the end.
import numpy as np
import pandas as pd
from imblearn.pipeline import make_pipeline
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, balanced_accuracy_score
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.preprocessing import FunctionTransformer

from genesis_sampling import ImageSampler

digits = load_digits()
images, label = digits.images / 16, np.where(digits.target == 3, "three", "other")
rng = np.random.default_rng(0)
others, threes = (rng.permutation(np.flatnonzero(label == name)) for name in ("other", "three"))
train = np.concatenate([others[:300], threes[:15]])
test = np.concatenate([others[300:], threes[15:]])
X, y = images[train], label[train]
pd.Series(y).value_counts()

# %%
# What does a made image look like?
# ---------------------------------
# The report of a sampler keeps some of the new images with their sources. Each three above is one of the
# fifteen; the one below it was made from it by two operations of six. Look for what is no three any more, and
# for a background that gives the new ones away.
sampler = ImageSampler(random_state=0)
sampler.fit_resample(X, y)
display = sampler.report_.plot()

# %%
# A stronger change, to see where it ends
# ---------------------------------------
# A three that was turned by 60 degrees is one that nobody writes. A picture shows that before a score does.
turned = ImageSampler({"rotation": {"degrees": 60.0}}, random_state=0)
turned.fit_resample(X, y)
display = turned.report_.plot()

# %%
# Which of them helps, if any?
# ----------------------------
# In a pipeline the sampler sees the training part of each fold alone. Nothing and class weights are candidates
# as well: a made image has to beat both. Average precision looks at the order of the test images and not at
# the threshold, so it does not rise by favouring the smaller class alone.
pipeline = make_pipeline(
    ImageSampler(random_state=0),
    FunctionTransformer(lambda batch: batch.reshape(len(batch), -1)),
    LogisticRegression(max_iter=2000),
)
grid = [
    {"imagesampler": ["passthrough"], "logisticregression__class_weight": [None, "balanced"]},
    {"imagesampler": [sampler, turned, ImageSampler({"shift": {}, "rotation": {}}, random_state=0)]},
]
names = ["nothing", "class weights", "six operations", "turned by up to 60°", "shift and rotation"]
search = GridSearchCV(
    pipeline,
    grid,
    scoring=["average_precision", "balanced_accuracy"],
    refit="average_precision",
    cv=StratifiedKFold(5, shuffle=True, random_state=0),
)
search.fit(X, y == "three")
table = pd.DataFrame(search.cv_results_).set_axis(names)
table[[f"{kind}_test_{score}" for score in search.scoring for kind in ("mean", "std")]].round(3)

# %%
# A fold has three threes, and most differences are smaller than their spread over folds: such a table cannot tell the
# better candidates apart. So here are all of them on the 1,482 images that had no part in it, learned from all of
# the training images.
truth, scores = label[test] == "three", {}
for name, params in zip(names, search.cv_results_["params"]):
    model = clone(pipeline).set_params(**params).fit(X, y == "three")
    scores[name] = {
        "average precision": average_precision_score(truth, model.predict_proba(images[test])[:, 1]),
        "balanced accuracy": balanced_accuracy_score(truth, model.predict(images[test])),
    }
pd.DataFrame(scores).T.round(3)

# %%
# Here class weights gain about as much as made images do, and cost nothing. That is one split of one set and one
# model: whether changed copies help depends on the images, on how few there are, and on the model. Measure it on
# your own before you rely on it.
