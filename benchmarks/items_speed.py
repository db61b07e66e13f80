"""What do the samplers of images, texts, audio and series cost beyond the libraries that they call?

New items of one class, each changed by the same operations with the same parameters: by the sampler, and by the library
called directly (kornia, audiomentations; our own operations where there is no library). Both draw the items, change
them, bring them to the dtype that they had and append them to the real ones. Bar: 15 % more time.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from statistics import median, quantiles

# One thread: the question is what is done, not on how many cores. Set before the processes that are measured start.
os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1")

from _common import PACKAGES, measure, table, write_results, write_table

BAR = 1.15
# The size of a batch of the samplers.
BATCH = 256
# 100 items of another class, and those that new ones are made of.
COMMON = """
import numpy as np
n_made, n_first, BATCH = {n_made}, 300, {batch}
rng = np.random.default_rng(0)
y = np.repeat([0, 1], [100, n_real])
def sampled(n):
    return sampler.set_params(sampling_strategy={{1: n_real + n}}).fit_resample(X, y)[0]
"""
IMAGES = """
n_real = 1000
{common}
X = rng.integers(0, 256, (100 + n_real, 32, 32, 3), dtype=np.uint8)
import torch
from kornia import augmentation
from genesis_sampling import ImageSampler
operations = ["crop", "rotation", "brightness", "noise"]
sampler = ImageSampler(operations, n_operations=None, random_state=0)
change = torch.nn.Sequential(
    augmentation.RandomResizedCrop((32, 32), scale=(0.8, 1.0), ratio=(0.9, 1.1), p=1.0),
    augmentation.RandomRotation(10.0, p=1.0),
    augmentation.RandomBrightness((0.8, 1.2), p=1.0),
    augmentation.RandomGaussianNoise(std=0.03, p=1.0),
)
def direct(n):
    torch.manual_seed(0)
    picked, made = rng.integers(100, len(X), n), []
    for start in range(0, n, BATCH):
        batch = torch.from_numpy(X[picked[start : start + BATCH]]).permute(0, 3, 1, 2).float() / 255
        made.append((change(batch).clamp(0, 1) * 255).round().byte().permute(0, 2, 3, 1).numpy())
    return np.concatenate([X, *made])
"""
TEXTS = """
n_real = 1000
{common}
words = np.array(["".join(rng.choice(list("etaoinshrdlu"), size)) for size in rng.integers(2, 9, 3000)])
X = [
    " ".join(" ".join(words[rng.zipf(1.3, 12) % 3000]).capitalize() + "." for _ in range(4))
    for _ in range(100 + n_real)
]
from genesis_sampling import TextSampler
from genesis_sampling.samplers._text_operations import random_deletion, sentence_shuffle, typos, word_swap
sampler = TextSampler(n_operations=None, random_state=0)
def direct(n):
    made = [X[place] for place in rng.integers(100, len(X), n)]
    for place, text in enumerate(made):
        for change in (sentence_shuffle, word_swap, random_deletion, typos):
            text = change(text, rng)
        made[place] = text
    return X + made
"""
AUDIO = """
n_real = 100
{common}
time_ = np.arange(16_000) / 16_000
X = np.stack([0.4 * np.sin(2 * np.pi * pitch * time_) for pitch in rng.uniform(100, 2000, 100 + n_real)])
X = (X + rng.normal(0, 0.02, X.shape)).astype(np.float32)
import audiomentations, random
from genesis_sampling import AudioSampler
sampler = AudioSampler({operations}, sample_rate=16_000, n_operations=None, random_state=0)
steps = dict(
    noise=audiomentations.AddGaussianSNR(min_snr_db=10.0, max_snr_db=40.0, p=1.0),
    time_mask=audiomentations.TimeMask(min_band_part=0.01, max_band_part=0.1, p=1.0),
    speed=audiomentations.TimeStretch(min_rate=0.9, max_rate=1.1, leave_length_unchanged=True, p=1.0),
    shift=audiomentations.Shift(min_shift=-0.1, max_shift=0.1, rollover=False, p=1.0),
    gain=audiomentations.Gain(min_gain_db=-6.0, max_gain_db=6.0, p=1.0),
)
change = audiomentations.Compose([steps[name] for name in {operations}])
def direct(n):
    random.seed(0); np.random.seed(0)
    picked = rng.integers(100, len(X), n)
    made = [np.clip(change(X[place], sample_rate=16_000), -1, 1) for place in picked]
    return np.concatenate([X, np.stack(made)])
"""
SERIES = """
n_real = 1000
{common}
X = rng.normal(size=(100 + n_real, 200)).cumsum(axis=1)
from genesis_sampling import TimeSeriesSampler
from genesis_sampling.samplers._series_operations import jitter, magnitude_warp, scaling, time_warp, window_slice
sampler = TimeSeriesSampler(n_operations=None, random_state=0)
def direct(n):
    picked, made = rng.integers(100, len(X), n), []
    for start in range(0, n, BATCH):
        batch = X[picked[start : start + BATCH], None]
        for change in (jitter, scaling, magnitude_warp, time_warp, window_slice):
            batch = change(batch, rng)
        made.append(batch[:, 0])
    return np.concatenate([X, *made])
"""
CHEAP = ["noise", "time_mask", "shift", "gain"]
WITH_SPEED = ["noise", "time_mask", "speed", "shift", "gain"]
# What -> set-up, number of new items, operations of audio, what is called directly, pairs in a process.
TASKS: dict[str, tuple[str, int, list[str], str, int]] = {
    "images, 32 x 32 x 3, 4 operations": (IMAGES, 10_000, [], "kornia", 9),
    "texts, 48 words, 4 operations": (TEXTS, 10_000, [], "our operations", 3),
    "recordings of 1 s, 16 kHz, 5 operations": (AUDIO, 1000, WITH_SPEED, "audiomentations", 3),
    "recordings of 1 s, 16 kHz, 4 operations, without speed": (AUDIO, 1000, CHEAP, "audiomentations", 9),
    "series, 200 points, 5 operations": (SERIES, 10_000, [], "our operations", 9),
}
SIDES = ("sampled", "direct")
# The first calls load code; they are no part of the question. Both sides have to give as much, of the same dtype.
READY = """
first, second = sampled(n_first), direct(n_first)
assert len(first) == len(second) == len(X) + n_first and type(first[-1]) is type(second[-1])
assert getattr(first, "dtype", None) == getattr(second, "dtype", None)
del first, second
"""


# Both sides in turn: a machine that is slower for a while is so for both.
TURNS = """
import json, time
pairs = []
for turn in range({n_turns}):
    pairs.append({{}})
    for side in (sampled, direct)[:: 1 - 2 * (turn % 2)]:
        begun = time.perf_counter()
        out = side(n_made)
        pairs[-1][side.__name__] = time.perf_counter() - begun
        del out
print(json.dumps(pairs))
"""


def run(what: str, share: float, n_processes: int) -> dict:
    """Seconds of pairs in some processes, the sampler first in every other one; memory in processes of their own."""
    setup, n_items, operations, _, n_turns = TASKS[what]
    common = COMMON.format(n_made=int(n_items * share), batch=BATCH)
    setup = setup.format(common=common, operations=operations) + READY
    found: dict = {"pairs": []}
    for _ in range(n_processes):
        command = [sys.executable, "-c", setup + TURNS.format(n_turns=n_turns)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        found["pairs"] += json.loads(done.stdout.splitlines()[-1])
        print(what, found["pairs"][-1], flush=True)
    for side in SIDES:
        figures = measure(setup, f"out = {side}(n_made)", runs=1)
        found[f"{side}_MiB"] = figures["peak_MiB"] - figures["before_MiB"]
    return found


def line(what: str, found: dict, share: float) -> dict[str, str]:
    pairs = found["pairs"]
    ratios = [pair["sampled"] / pair["direct"] for pair in pairs]
    seconds = {side: median(pair[side] for pair in pairs) for side in SIDES}
    low, _, high = quantiles(ratios, n=4)
    ratio = f"{median(ratios):.2f} ({low:.2f} to {high:.2f})"
    return {
        "new items": f"{int(TASKS[what][1] * share):,} {what}",
        "against": TASKS[what][3],
        "sampler, s": f"{seconds['sampled']:.2f}",
        "direct, s": f"{seconds['direct']:.2f}",
        "sampler / direct": ratio if median(ratios) <= BAR else f"**{ratio}**",
        "sampler, MiB": f"{found['sampled_MiB']:.0f}",
        "direct, MiB": f"{found['direct_MiB']:.0f}",
        "pairs": str(len(pairs)),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="a fifth of the items, one process; prints, writes nothing"
    )
    parser.add_argument("--processes", type=int, default=3)
    options = parser.parse_args()
    share, n_processes = (0.2, 1) if options.quick else (1.0, options.processes)
    found = {what: run(what, share, n_processes) for what in TASKS}
    lines = [line(what, figures, share) for what, figures in found.items()]
    print(table(lines))
    if options.quick:
        return
    write_results(
        "items_speed",
        {"bar": BAR, "tasks": found},
        packages=(*PACKAGES, "torch", "kornia", "audiomentations"),
    )
    write_table(
        "items_speed",
        "What the samplers of items cost beyond what they call",
        lines,
        "New items of one class, of 1,000 real ones (100 recordings), all through all the operations: by the sampler, "
        "and by direct calls that do the same work, in batches of 256 where there are batches. One thread. Medians "
        f"over pairs that run in turn in {n_processes} processes; of their ratios also the quartiles. Memory: peak of "
        f"a process above what the set-up left, the result included. Bar: {BAR}; above it in bold. Our own operations "
        "have no library to be compared with.",
    )


if __name__ == "__main__":
    main()
