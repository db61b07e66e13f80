"""Fit a model of the package `ctgan` and write rows: run by a Python that has it, apart from this project's own.

Usage: _ctgan_peer.py {CTGAN,TVAE} TRAIN.csv ROWS.csv EPOCHS SEED; prints one line of JSON with seconds.
"""

from __future__ import annotations

import json
import sys
import time
from importlib.metadata import version
from pathlib import Path


def main() -> None:
    model, train_path, rows_path, epochs, seed = sys.argv[1:]
    import ctgan
    import numpy as np
    import pandas as pd
    import torch
    from ctgan.data_transformer import DataTransformer

    torch.manual_seed(int(seed))
    np.random.seed(int(seed))  # noqa: NPY002 (the package draws from it)
    train = pd.read_csv(train_path, keep_default_na=False, na_values=[""])
    discrete = list(train.select_dtypes(exclude="number").columns)
    begun = time.perf_counter()
    DataTransformer().fit(train, discrete)
    transformer = time.perf_counter() - begun
    generator = getattr(ctgan, model)(epochs=int(epochs))
    begun = time.perf_counter()
    cpu = time.process_time()
    generator.fit(train, discrete)
    fit, cpu = time.perf_counter() - begun, time.process_time() - cpu
    begun = time.perf_counter()
    rows = generator.sample(len(train))
    drawn = time.perf_counter() - begun
    rows.to_csv(rows_path, index=False)
    # Linux counts the peak of the process that started this one as this one's in what `resource` tells.
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    peak = int(status["VmHWM"].split()[0]) / 2**10
    told = {"transformer": transformer, "fit": fit, "cpu": cpu, "draw": drawn, "peak_MiB": peak}
    print(json.dumps(told | {"ctgan": version("ctgan"), "device": str(generator._device)}))


if __name__ == "__main__":
    main()
