"""
Images that nobody drew: an autoencoder and a GAN
=================================================

`GenerativeOverSampler` takes arrays of images, and two networks learn them. This page looks at what they make of
digits, walks through the latent space of one, and asks the other which of its images it believes in itself. It needs
the extra `torch`.
"""

# %%
# Five digits are rare
# --------------------
# Half of scikit-learn's digits; of 0 to 4 ten images are left. All classes are learned together, so what a stroke looks
# like is learned from the frequent ones too.
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits

from genesis_sampling import DCGANGenerator, GenerativeOverSampler, ImageVAEGenerator, QualityFilter

digits = load_digits()
half = np.arange(0, len(digits.target), 2)
rare = np.concatenate([half[digits.target[half] == digit][10:] for digit in range(5)])
kept = np.setdiff1d(half, rare)
X, y = digits.images[kept] / 16, digits.target[kept]
np.bincount(y)

# %%
# The autoencoder
# ---------------
# Made images stand below real ones of their class; no made one belongs to the real one above it. They are smoother than
# real ones, and use the same 17 levels of grey.
autoencoder = ImageVAEGenerator(n_steps=400, verbose=0, random_state=0)
sampler = GenerativeOverSampler(autoencoder, sampling_strategy=dict.fromkeys(range(3), 80), random_state=0)
sampler.fit_resample(X, y)
display = sampler.report_.plot()

# %%
# A walk in the latent space
# --------------------------
# From one 8 to another, and from an 8 to a place that only the class of 3 tells apart.
autoencoder.fit(X, y)
eights = X[y == 8]
ways = [autoencoder.interpolate(eights[:1], eights[5:6], steps=8, y=digit) for digit in (8, 3)]
figure, axes = plt.subplots(2, 8, figsize=(8, 2.4), layout="constrained")
for line, way, digit in zip(axes, ways, (8, 3), strict=True):
    line[0].set_ylabel(f"told: {digit}")
    for ax, image in zip(line, way, strict=True):
        ax.imshow(image, cmap="gray", vmin=0, vmax=1)
        ax.set(xticks=[], yticks=[])

# %%
# The GAN, and what it thinks of its own work
# -------------------------------------------
# With `scorer="generator"` only those images pass that the discriminator takes for real, the better half here.
gan = GenerativeOverSampler(
    DCGANGenerator(n_steps=400, verbose=0, random_state=0),
    sampling_strategy=dict.fromkeys(range(3), 80),
    random_state=0,
)
every = QualityFilter(gan, scorer="generator", threshold=0.0, random_state=0)
every.fit_resample(X, y)
threshold = float(np.median(every.quality_scores_))
better = QualityFilter(gan, scorer="generator", threshold=threshold, random_state=0)
better.fit_resample(X, y)
display = better.report_.plot()
print(better.report_.rejected)

# %%
# Are they worth having?
# ----------------------
# `benchmarks/image_generators.py` measures that on five draws of rare digits and three classifiers. Generated images do
# more than copies for a forest, and no more for models that copies had helped already; changed copies of real images
# (`ImageSampler`), which take no training, do at least as well. Look at the table before you train a network.
