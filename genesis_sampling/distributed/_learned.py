"""A sampler that has learned a sample of a table, as it is sent to where rows are made."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np
import pandas as pd

from ..samplers import ConstraintFilter, HybridSampler
from ..samplers._inner import InnerSampler
from ..samplers.base import BaseAugmenter
from ..samplers.data import DrawBlock, SamplingData
from ..samplers.filtered import SievingSampler
from ._picks import concat_rows

__all__ = ["BLOCK_ROWS", "Block", "LearnedTable", "decide", "in_blocks", "learn", "read_sample"]

# Rows of a class that are made at a time. It is fixed, so that rows do not depend on how they are partitioned.
BLOCK_ROWS = 65_536
# By as many rows a class is tried where it is learned, so that most failures show there and not on a worker.
N_TRIED = 100


@dataclass(frozen=True)
class Block:
    """Some of the new rows of one class.

    Parameters
    ----------
    code : int
        Position of the class among the sorted labels.
    number : int
        Which of the blocks of the class this is.
    n_rows : int
    """

    code: int
    number: int
    n_rows: int


class LearnedTable:
    """What draws any block of new rows.

    Parameters
    ----------
    draws : dict of int to callable
        Class -> ``draw(n_rows, block) -> NewRows``.
    labels : pandas.Series of shape (n_classes,)
        Sorted labels, with the name and dtype of the target column.
    columns : pandas.Index
        Names of the columns in order, the target among them.
    """

    def __init__(self, draws: dict[int, DrawBlock], labels: pd.Series, columns: pd.Index):
        self.draws = draws
        self.labels = labels
        self.columns = columns

    def rows(self, block: Block) -> pd.DataFrame:
        """The new rows of a block, target included, with the index 0, 1, ..."""
        made = self.draws[block.code](block.n_rows, block.number).frame
        # A label is copied from a row that bears it, so it keeps its dtype and categories.
        label = self.labels.iloc[np.full(block.n_rows, block.code)].reset_index(drop=True)
        return pd.concat([made.reset_index(drop=True), label], axis=1)[self.columns]

    def partition(self, blocks: list[Block], start: int) -> pd.DataFrame:
        """The new rows of some blocks with the index ``start``, ``start + 1``, ..."""
        rows = concat_rows([self.rows(block) for block in blocks])
        return rows.set_axis(pd.RangeIndex(start, start + len(rows)), axis=0)

    def choices(self, new: dict[int, int]) -> dict[str, Any]:
        """What was decided on the way, by a few rows of each class; an error where none can be made."""
        found: dict[str, Any] = {}
        for code, n_rows in new.items():
            found |= self.draws[code](min(n_rows, N_TRIED), 0).choices
        return found


class _Forgotten(dict):
    """Scores of candidates that nobody will ask for."""

    def setdefault(self, key, default=None):
        return default


def read_sample(
    sampler: BaseAugmenter, sample: pd.DataFrame, target: Any, counts: np.ndarray
) -> SamplingData:
    """A sample as the sampler reads a table, but with the counts of the classes in the whole one."""
    data = sampler._check_input(sample.drop(columns=[target]), sample[target])
    data.target.counts = counts
    # On a worker they would pile up with every block.
    data.scored = _Forgotten()
    return data


def decide(sampler: BaseAugmenter, data: SamplingData) -> tuple[dict[Any, int], dict[Any, int]]:
    """Label -> number of rows to make, and label -> number of real rows that stay."""
    deciding: Any = sampler
    while isinstance(deciding, ConstraintFilter | SievingSampler):
        deciding = deciding._inner().sampler if isinstance(deciding, SievingSampler) else deciding.sampler
    if not isinstance(deciding, HybridSampler):
        return InnerSampler(deciding).strategy(data), data.counts
    targets = deciding._strategy(data)
    new = {label: max(targets[label] - count, 0) for label, count in data.counts.items()}
    return new, {label: min(targets[label], count) for label, count in data.counts.items()}


def learn(
    sampler: BaseAugmenter, data: SamplingData, new: dict[int, int], sample: pd.DataFrame
) -> LearnedTable:
    """Learn every class of which rows are wanted."""
    draws = {code: sampler._learn_class(data.of_class(code), n_rows) for code, n_rows in new.items()}
    target = sample[data.target.native.name]
    first = [data.target.positions_of(code)[0] for code in range(len(data.target.classes))]
    return LearnedTable(draws, target.iloc[first], sample.columns)


def in_blocks(new: dict[int, int], n_partitions: int | None) -> list[list[Block]]:
    """The blocks of all classes, spread in order over partitions of about the same size."""
    blocks = [
        Block(code, number, min(BLOCK_ROWS, n_rows - number * BLOCK_ROWS))
        for code, n_rows in new.items()
        for number in range(ceil(n_rows / BLOCK_ROWS))
    ]
    total = sum(new.values())
    n_partitions = n_partitions or ceil(total / BLOCK_ROWS)
    spread: dict[int, list[Block]] = {}
    start = 0
    for block in blocks:
        spread.setdefault(start * n_partitions // total, []).append(block)
        start += block.n_rows
    return list(spread.values())
