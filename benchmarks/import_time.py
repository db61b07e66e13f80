"""How long does the import take, against imbalanced-learn?  Bar: at most 1.3 times; neither torch nor matplotlib."""

from __future__ import annotations

import subprocess
import sys
import time
from statistics import median

from _common import write_results, write_table

STATEMENTS = {
    "nothing": "pass",
    "import imblearn": "import imblearn",
    "import genesis_sampling": "import genesis_sampling",
    "from imblearn.over_sampling import SMOTE": "from imblearn.over_sampling import SMOTE",
    "from genesis_sampling import every public name": "from genesis_sampling import *",
}
RUNS = 15


def seconds(statement: str) -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", statement], check=True)
    return time.perf_counter() - started


def heavy_modules(statement: str) -> list[str]:
    code = f"{statement}\nimport sys; print([m for m in ('torch', 'matplotlib') if m in sys.modules])"
    return eval(
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    )


def main() -> None:
    for statement in STATEMENTS.values():
        seconds(statement)  # byte code and file caches
    # In turn, so that a drift of the machine meets all alike.
    times: dict[str, list[float]] = {name: [] for name in STATEMENTS}
    for _ in range(RUNS):
        for name, statement in STATEMENTS.items():
            times[name].append(seconds(statement))
    base = times["import imblearn"]
    rows = [
        {
            "statement": name,
            "median seconds": f"{median(found):.3f}",
            "against import imblearn (median of paired ratios)": f"{median(a / b for a, b in zip(found, base)):.2f}",
        }
        for name, found in times.items()
    ]
    heavy = heavy_modules("from genesis_sampling import *")
    write_results(
        "import_time", {"runs": RUNS, "rows": rows, "torch or matplotlib loaded": heavy, "bar": 1.3}
    )
    write_table(
        "import_time",
        "Import time of whole processes",
        rows,
        "Bar: `import genesis_sampling` at most 1.3 times `import imblearn`. Of torch and matplotlib, all public "
        f"names together load: {heavy or 'neither'}.",
    )


if __name__ == "__main__":
    main()
