"""Which index serves the extra `ann`, and from which size on does it pay?

30k queries of a minority among 300k x 30 rows, and among themselves; 10 neighbours; two threads.
"""

from __future__ import annotations

import argparse
from importlib.metadata import distribution
from importlib.util import find_spec
from pathlib import Path

from _common import PACKAGES, measure, table, write_results, write_table

DATA = """
import numpy as np
from sklearn.datasets import make_classification
X, y = make_classification({n_rows}, 30, n_informative=15, weights=[0.9], random_state=0)
Q = X[y == 1]
X = Q if {own} else X
X32, Q32 = ((a - X.mean(axis=0)).astype(np.float32) for a in (X, Q))
"""
# Name -> (module, distributions beyond ours, set-up, build, query).
INDICES = {
    "scikit-learn brute force": (
        "sklearn",
        (),
        "from sklearn.neighbors import NearestNeighbors",
        "index = NearestNeighbors(algorithm='brute').fit(X)",
        "found = index.kneighbors(Q, 11, return_distance=False)",
    ),
    "ours, exact": (
        "genesis_sampling",
        (),
        "from genesis_sampling import TableNeighbors",
        "index = TableNeighbors(11, scale=False, method='exact').fit(X)",
        "found = index.kneighbors(Q, return_distance=False)",
    ),
    "ours on faiss, inverted file": (
        "faiss",
        ("faiss-cpu",),
        "import faiss; from genesis_sampling import TableNeighbors",
        "index = TableNeighbors(11, scale=False, method='approximate', random_state=0).fit(X)",
        "found = index.kneighbors(Q, return_distance=False)",
    ),
    "faiss, flat": (
        "faiss",
        ("faiss-cpu",),
        "import faiss",
        "index = faiss.IndexFlatL2(30); index.add(X32)",
        "found = index.search(Q32, 11)[1]",
    ),
    "faiss, HNSW": (
        "faiss",
        ("faiss-cpu",),
        "import faiss",
        "index = faiss.IndexHNSWFlat(30, 16); index.hnsw.efConstruction = 40; index.add(X32)",
        "index.hnsw.efSearch = 32; found = index.search(Q32, 11)[1]",
    ),
    "hnswlib": (
        "hnswlib",
        ("hnswlib",),
        "import hnswlib",
        "index = hnswlib.Index('l2', 30); index.init_index(len(X32), ef_construction=60, M=16); index.add_items(X32)",
        "index.set_ef(60); found = index.knn_query(Q32, 11)[0]",
    ),
    "pynndescent": (
        "pynndescent",
        ("pynndescent", "numba", "llvmlite"),
        "import pynndescent; i = pynndescent.NNDescent(X32[:500], random_state=0); i.prepare(); i.query(Q32[:9], 11)",
        "index = pynndescent.NNDescent(X32, random_state=0, n_neighbors=15); index.prepare()",
        "found = index.query(Q32, 11)[0]",
    ),
}
RECALL = """
from sklearn.neighbors import NearestNeighbors
sample = np.random.default_rng(0).permutation(len(Q))[:500]
true = NearestNeighbors(algorithm='brute').fit(X).kneighbors(Q[sample], 11, return_distance=False)
recall = (true[:, :, None] == np.asarray(found)[sample][:, None, :]).any(axis=2).mean()
print(json.dumps(dict(recall=float(recall), build=built - started)))
"""
WHEELS = {
    "faiss-cpu": "Linux, macOS, Windows",
    "hnswlib": "none: source only",
    "pynndescent": "Linux, macOS, Windows",
}


def megabytes(packages: tuple[str, ...]) -> float:
    """Size of installed distributions."""
    found = 0
    for package in packages:
        files = distribution(package).files or []
        found += sum(Path(file.locate()).stat().st_size for file in files if Path(file.locate()).is_file())
    return found / 2**20


def compare(n_rows: int, own: bool, runs: int) -> list[dict]:
    rows = []
    for name, (module, packages, setup, build, query) in INDICES.items():
        if find_spec(module) is None:
            print(f"{name}: {module} is not installed", flush=True)
            continue
        job = f"{build}; built = time.perf_counter()\n{query}"
        found = measure(DATA.format(n_rows=n_rows, own=own) + setup, job, runs=runs, after=RECALL)
        rows.append(
            {
                "rows": "300,000" if not own else "the minority",
                "index": name,
                "build, s": f"{found['build']:.2f}",
                "query, s": f"{found['seconds'] - found['build']:.2f}",
                "recall": f"{found['recall']:.3f}",
                "memory, MiB": f"{found['peak_MiB'] - found['before_MiB']:.0f}",
                "installs, MB": f"{megabytes(packages):.0f}" if packages else "",
                "wheels": WHEELS.get(packages[0], "") if packages else "",
            }
        )
        print(rows[-1], flush=True)
    return rows


def from_which_size(runs: int) -> list[dict]:
    """Exact against approximate by size."""
    rows = []
    for n_rows in (30_000, 100_000, 300_000):
        for own in (True, False):
            seconds = {}
            for name in ("ours, exact", "ours on faiss, inverted file"):
                _, _, setup, build, query = INDICES[name]
                job = f"{build}; built = time.perf_counter()\n{query}"
                seconds[name] = measure(DATA.format(n_rows=n_rows, own=own) + setup, job, runs=runs)[
                    "seconds"
                ]
            exact, approximate = seconds.values()
            n_queries = n_rows // 10
            rows.append(
                {
                    "queries": f"{n_queries:,}",
                    "among rows": f"{n_queries if own else n_rows:,}",
                    "exact, s": f"{exact:.3f}",
                    "approximate, s": f"{approximate:.3f}",
                    "exact against approximate": f"{exact / approximate:.2f}",
                }
            )
            print(rows[-1], flush=True)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the rows")
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    n_rows = 30_000 if options.quick else 300_000
    indices = [row for own in (False, True) for row in compare(n_rows, own, options.runs)]
    sizes = from_which_size(options.runs) if find_spec("faiss") else []
    packages = (*PACKAGES, "faiss-cpu", "hnswlib", "pynndescent")
    write_results("neighbors", {"indices": indices, "sizes": sizes}, packages=packages)
    path = write_table(
        "neighbors",
        "Neighbours: which index, and from which size on",
        indices,
        f"{n_rows // 10:,} queries, 10 neighbours and the query itself, 30 columns, two threads. Medians over "
        f"{options.runs} fresh processes; recall against brute force on 500 queries."
        + (f"\n\nFrom which size on:\n\n{table(sizes)}" if sizes else ""),
    )
    print(path.read_text())


if __name__ == "__main__":
    main()
