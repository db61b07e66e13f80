"""
Recordings: waveforms, spectrograms, and a fair comparison
==========================================================

`AudioSampler` makes new recordings of the smaller class: noise, silence, another speed, earlier or later, louder
or quieter. This page shows both waveforms and both spectrograms of some, and measures whether they help. It
needs the extra `audio`.
"""

# %%
# Machines that hum, and a few that whine
# ---------------------------------------
# Half a second each, at 8,000 samples a second: a hum with overtones, and for the smaller class a faint tone
# that rises in it.
import numpy as np
import pandas as pd
from imblearn.pipeline import make_pipeline
from scipy.signal import chirp, spectrogram
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from genesis_sampling import AudioSampler

RATE = 8000
time = np.arange(RATE // 2) / RATE
rng = np.random.default_rng(0)


def hum():
    """Three overtones of a pitch, and noise."""
    pitch, phases = rng.uniform(110, 140), rng.uniform(0, 2 * np.pi, 3)
    tones = [np.sin(2 * np.pi * pitch * k * time + phase) / k for k, phase in enumerate(phases, start=1)]
    return rng.uniform(0.1, 0.25) * sum(tones) + 0.04 * rng.normal(size=len(time))


def whine():
    """A hum with a tone that rises somewhere in it."""
    start = rng.uniform(800, 2000)
    rising = chirp(time, start, time[-1], start + rng.uniform(300, 900))
    return hum() + 0.04 * rising * np.exp(-(((time - rng.uniform(0.15, 0.35)) / 0.08) ** 2))


X = np.clip([hum() for _ in range(120)] + [whine() for _ in range(16)], -1, 1).astype(np.float32)
y = np.repeat(["hums", "whines"], [120, 16])
pd.Series(y).value_counts()

# %%
# Source and made, to the eye
# ---------------------------
# On the left the waveform of the made recording over that of its source, then the spectrogram of each. The
# rising tone, by which the class is told, must still be there.
sampler = AudioSampler(sample_rate=RATE, random_state=0)
sampler.fit_resample(X, y)
display = sampler.report_.plot()

# %%
# Does it help?
# -------------
# A linear model of loudness by frequency. The sampler stands before the step that computes it, and sees the
# training recordings of each fold alone.


def loudness(recordings):
    """Decibels in each band of frequencies, at their mean and at their loudest."""
    power = spectrogram(recordings, RATE, nperseg=128)[2]
    return 10 * np.log10(np.hstack([power.mean(axis=2), power.max(axis=2)]) + 1e-10)


pipeline = make_pipeline(
    AudioSampler(sample_rate=RATE),
    FunctionTransformer(loudness),
    StandardScaler(),
    LogisticRegression(max_iter=2000),
)
grid = [
    {"audiosampler": ["passthrough"], "logisticregression__class_weight": [None, "balanced"]},
    {
        "audiosampler": [
            sampler,
            AudioSampler(["shift", "gain"], sample_rate=RATE, random_state=0),
            AudioSampler({"noise": {"min_snr_db": 20.0}}, sample_rate=RATE, random_state=0),
        ]
    },
]
names = ["nothing", "class weights", "five operations", "shift and gain", "a little noise"]
search = GridSearchCV(
    pipeline,
    grid,
    scoring=["average_precision", "balanced_accuracy"],
    refit="average_precision",
    cv=StratifiedKFold(4, shuffle=True, random_state=0),
)
search.fit(X, y == "whines")
table = pd.DataFrame(search.cv_results_).set_axis(names)
table[[f"{kind}_test_{score}" for score in search.scoring for kind in ("mean", "std")]].round(3)

# %%
# A fold has four recordings that whine, so a difference below its spread says nothing. Changes that a machine
# makes by itself (how loud, how far away, when it starts) are the ones to try first; a change of pitch could
# turn one class into the other here. Measure on recordings of your own.
