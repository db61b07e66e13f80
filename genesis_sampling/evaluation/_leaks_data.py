"""Leaks that the rows show: marks, copies, near copies and rows between others, across the folds; groups."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from ..tables._file_table import SYNTHETIC_COLUMN
from ..tables.encoder import TableEncoder
from ._leak_report import LeakageFinding
from ._leak_rows import MARGIN, SPLIT_FIRST, Rows, Share, keys, references, shuffled
from ._leaks_relatives import relative_findings
from ._leaks_static import quietly

__all__ = ["SYNTHETIC_COLUMN", "data_findings", "group_findings", "mark_findings", "repeated"]

# Copies that all classes have: one validation row in twenty.
REPEATED_SHARE = 0.05
# A column with more distinct values than this share of the rows tells rows apart.
DISTINCT_SHARE = 0.1


def mark_findings(
    rows: Rows, synthetic: np.ndarray | None, column: np.ndarray | None
) -> Iterator[LeakageFinding]:
    """Rows that are marked as synthetic, by a mask or by the column of the functional layer."""
    for code, where, marks, what in (
        ("GS201", "synthetic_mask", synthetic, "The mask"),
        ("GS202", f"X[{SYNTHETIC_COLUMN!r}]", column, f"The column {SYNTHETIC_COLUMN!r}"),
    ):
        if marks is None or not marks.any():
            continue
        n_hit = sum(int(marks[validation].sum()) for _, validation in rows.splits)
        evidence = {"n_synthetic": int(marks.sum()), "n_in_validation": n_hit}
        told = f"{what} marks {int(marks.sum())} of {len(marks)} rows as synthetic"
        if column is not None and code == "GS202":
            told += ", which gives the class away to a model that sees it"
        if n_hit:
            told += f"; {n_hit} of them are in validation parts, while the rows they were made from are in training."
            yield LeakageFinding(code, "leak", where, told, SPLIT_FIRST, evidence)
        elif code == "GS202":
            yield LeakageFinding(
                code, "leak", where, f"{told}.", "Drop the column before training.", evidence
            )
        else:
            told += "; none is in a validation part. Rows made from validation rows cannot be told by it."
            yield LeakageFinding(code, "note", where, told, "", evidence)


def group_findings(
    splits: list[tuple[np.ndarray, np.ndarray]], groups: np.ndarray
) -> Iterator[LeakageFinding]:
    """Groups with rows in both parts of a split."""
    n_rows = n_hit = 0
    straddling: set[int] = set()
    for train, validation in splits:
        hit = np.isin(groups[validation], groups[train])
        n_rows, n_hit = n_rows + len(validation), n_hit + int(hit.sum())
        straddling.update(np.unique(groups[validation][hit]).tolist())
    if n_hit:
        yield LeakageFinding(
            "GS207",
            "leak",
            "groups",
            f"{len(straddling)} of {len(np.unique(groups))} groups have rows both in a training and a validation part; "
            f"{n_hit / n_rows:.0%} of the validation rows have a relative in training.",
            "Split by group: cv=StratifiedGroupKFold(...) or GroupKFold(...), and pass groups on.",
            {"n_groups": len(straddling), "share": n_hit / n_rows},
        )


def data_findings(rows: Rows, rng: np.random.Generator) -> Iterator[LeakageFinding]:
    """Copies, near copies and rows between others, each class compared with the others and with chance.

    Chance is a table whose columns are shuffled within each class: of few categories, it has copies too.
    """
    with quietly():
        encoder = TableEncoder().fit(rows.frame)
        table = encoder.transform(rows.frame)
    by_chance = shuffled(table, rows.codes, rng)
    copies = list(_copies(rows, table, by_chance))
    yield from copies
    if any(finding.severity == "leak" for finding in copies):
        return
    yield from relative_findings(rows, encoder, table, by_chance, rng)


# --- copies --------------------------------------------------------------------------------------------------


def repeated(frame: pd.DataFrame, codes: np.ndarray) -> np.ndarray:
    """Rows that copy an earlier row of their class."""
    with quietly():
        table = TableEncoder().fit(frame).transform(frame)
    return pd.Series(keys(table, codes)).duplicated().to_numpy()


def _copies(rows: Rows, table: np.ndarray, by_chance: np.ndarray) -> Iterator[LeakageFinding]:
    """A leak for a class that has more copies than the others and chance, else a warning if all have many."""
    real, chance = (_copied(rows, keys(values, rows.codes)) for values in (table, by_chance))
    found = False
    for code, label in enumerate(rows.classes):
        others = references(rows, code)
        if not len(others):
            continue
        n_rows = sum(int((rows.codes[validation] == code).sum()) for _, validation in rows.splits)
        expected = max(real[others].min(), chance[code] * _repeats_of_chance(real[others], chance[others]))
        share = Share(n_rows, round(real[code] * n_rows), float(expected))
        if share.exceeds(0.0):
            found = True
            told = f"{share.value:.0%} of the validation rows of class {label!r} have an exact copy in training; "
            told += f"{share.expected:.0%} would be expected by the other classes and by chance. It looks as if the "
            told += "class was over-sampled before the split."
            yield LeakageFinding("GS203", "leak", "X", told, SPLIT_FIRST, share.as_evidence())
    if not found:
        yield from _repeats(rows, table, real, chance)


def _repeats_of_chance(real: np.ndarray, chance: np.ndarray) -> float:
    """How many of the copies that chance would make other classes have: none where rows are unique by design."""
    known = chance > MARGIN
    return min(1.0, float(np.min(real[known] / chance[known]))) if known.any() else 1.0


def _copied(rows: Rows, same: np.ndarray) -> np.ndarray:
    """Share of the validation rows of each class that have a copy of their class in training."""
    n_rows, n_found = np.zeros(len(rows.classes)), np.zeros(len(rows.classes))
    for train, validation in rows.splits:
        found = np.isin(same[validation], same[train])
        n_rows += np.bincount(rows.codes[validation], minlength=len(n_rows))
        n_found += np.bincount(rows.codes[validation], found, minlength=len(n_rows))
    return np.divide(n_found, n_rows, out=np.zeros(len(n_rows)), where=n_rows > 0)


def _repeats(rows: Rows, table: np.ndarray, real: np.ndarray, chance: np.ndarray) -> Iterator[LeakageFinding]:
    """Copies that all classes have."""
    weights = np.bincount(rows.codes, minlength=len(real))
    share, expected = float(np.average(real, weights=weights)), float(np.average(chance, weights=weights))
    if share < REPEATED_SHARE or share < 3 * expected:
        return
    n_distinct = max(len(np.unique(column)) for column in table.T)
    yield LeakageFinding(
        "GS204",
        # Rows of few categories are alike by nature, and more so if the columns hang together.
        "warning" if n_distinct > DISTINCT_SHARE * len(table) else "note",
        "X",
        f"{share:.0%} of the validation rows have an exact copy in training; columns that have nothing to do with each "
        f"other would give {expected:.0%}.",
        "If these are the same things recorded twice, drop the repetitions, or make them groups and split by group.",
        {"share": share, "expected": expected},
    )
