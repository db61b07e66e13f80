"""Resample a Dask DataFrame: learn from a sample, make rows where the workers are."""

from __future__ import annotations

from time import perf_counter
from typing import Any

import dask
import dask.dataframe as dd
import numpy as np
import pandas as pd
from dask import delayed

from .._random import RandomStreams
from ..metrics.augmentation import AugmentationMetrics
from ..reports import AugmentationReport
from ..samplers.data import SamplingData
from ..tables._classes import check_classes
from ._checks import check_features, check_scheduler, check_table, checked_count, checked_sampler
from ._layers import in_one_layer
from ._learned import BLOCK_ROWS, Block, LearnedTable, decide, in_blocks, learn, read_sample
from ._partitions import PartitionedTable, survey
from ._picks import Pick, concat_rows, rows_of_a_class

__all__ = ["resample", "resample_surveyed"]

# Rows of each class that are learned from, and of all classes together, at most. Rare ones stay whole.
FIT_ROWS, FIT_ROWS_IN_ALL = 100_000, 1_000_000
# The same for rows, real ones and new ones, that the figures of a report look at: a share that is estimated from so
# many of a class has a standard error of at most 0.0036.
FIGURE_ROWS, FIGURE_ROWS_IN_ALL = 20_000, 200_000


def resample(
    sampler: Any,
    ddf: Any,
    target_column: Any,
    *,
    npartitions: int | None = None,
    fit_rows: int | None = None,
    return_report: bool = False,
) -> Any:
    """Resample a Dask DataFrame with a sampler of this package.

    The classes are counted in one pass over the partitions. The sampler then learns from a sample of the rows, the only
    ones that are moved: of each class all rows if these are ``fit_rows`` at most, which is so for most rare classes,
    else ``fit_rows`` drawn without replacement. What it has learned is sent to the workers, and the new rows are made
    when the result is computed. Class counts are met exactly.

    Parameters
    ----------
    sampler : sampler
        Any over-sampler of tables, a filter around one, or a :class:`HybridSampler` with ``RandomUnderSampler`` and
        without cleaning. It is cloned. Its ``random_state`` decides the sample too.
    ddf : dask.dataframe.DataFrame
        The table. Divisions may be unknown, partitions empty, categories known or unknown.
    target_column : str
        The column that holds the classes.
    npartitions : int, default=None
        Partitions of new rows, at most; None for one for every 65,536 rows. The rows are the same for any number.
    fit_rows : int, default=None
        Most rows of one class that are learned from. None for 100,000, or fewer where classes would have more than
        1,000,000 together: the largest then give way, and rare ones stay whole. Thirty columns of 100,000 numbers take
        24 MB, and a share that is estimated from so many rows has a standard error of at most 0.0016.
    return_report : bool, default=False
        Whether to return the report as well.

    Returns
    -------
    resampled : dask.dataframe.DataFrame
        The partitions of ``ddf``, in order and with their values unchanged (less the rows that a HybridSampler
        removes), then those of new rows. Columns and dtypes are as they were, and the index is 0, 1, ... over all
        partitions, as on one machine. Divisions are known where no partition is empty.
    report : AugmentationReport
        Only with ``return_report=True``. Says how many rows of each class were learned from. Candidates that filters
        turn down are not counted, since they are made later. Figures compare at most 20,000 new rows of each class,
        drawn from its first block, with as many of the rows learned from; the report says how many of how many.

    Raises
    ------
    DataError
        For a table or a sampler that cannot be used; nothing is computed of the result then.
    TargetNotReachedError
        When filters turn too many rows down. If that shows only in some block of rows, it is raised where the result
        is computed.

    See Also
    --------
    genesis_sampling.augment_imbalanced : The same for a table in memory.

    Notes
    -----
    New rows are made in blocks of 65,536 rows of one class, whose random streams are named by seed, class and number of
    the block. A block is therefore the same for any scheduler and number of workers, and when it is made again after
    one was lost. Of :math:`n` rows of a class drawn for learning, partitions give numbers from the multivariate
    hypergeometric distribution, so that the sample is a simple random one. Where every class is learned whole, rows do
    not depend on how ``ddf`` is partitioned; and a class that is learned from all rows and grows by one block gets the
    rows that ``fit_resample`` makes with the same seed.

    What was learned is a part of the lazy result, so this may be computed with any client, or none, whatever was there
    when it was made. Each time something of it is computed that part is sent to the scheduler, once; Dask may say then
    that the graph is large.

    Where a class is sampled, so are the ranges and categories that the sampler knows of it, the rows that serve as
    neighbours, and the shares of the classes among those. :class:`DiversityFilter` compares new rows with others of
    their block.

    Examples
    --------
    >>> import dask.dataframe as dd
    >>> from genesis_sampling import NoiseSampler
    >>> from genesis_sampling.datasets import make_transactions
    >>> from genesis_sampling.distributed import resample
    >>> ddf = dd.from_pandas(make_transactions(2000), npartitions=4)
    >>> balanced = resample(NoiseSampler(random_state=0), ddf, "is_fraud")
    >>> balanced.npartitions, len(balanced)
    (5, 3800)
    """
    started = perf_counter()
    check_table(ddf)
    # Before the first look at the table, which may take long.
    check_features(checked_sampler(sampler), ddf, target_column)
    if fit_rows is not None:
        checked_count(fit_rows, "fit_rows")
    if npartitions is not None:
        checked_count(npartitions, "npartitions")
    check_scheduler()
    table = survey(ddf, target_column)
    check_classes(table.classes, table.class_counts, target_column)
    resampled, report = resample_surveyed(sampler, table, npartitions=npartitions, fit_rows=fit_rows)
    report.seconds = perf_counter() - started
    return (resampled, report) if return_report else resampled


def resample_surveyed(
    sampler: Any,
    table: PartitionedTable,
    *,
    npartitions: int | None = None,
    fit_rows: int | None = None,
    mark: str | None = None,
) -> tuple[dd.DataFrame, AugmentationReport]:
    """:func:`resample` for a table whose partitions have been looked at.

    Parameters
    ----------
    sampler, npartitions, fit_rows
        As for :func:`resample`.
    table : PartitionedTable
    mark : str, default=None
        Name of a boolean column to add, which tells the new rows.

    Returns
    -------
    resampled : dask.dataframe.DataFrame
    report : AugmentationReport
    """
    started = perf_counter()
    sampler = checked_sampler(sampler)
    streams = RandomStreams.from_random_state(getattr(sampler, "random_state", None)).child("partitions")
    most = rows_of_a_class(table.class_counts.values(), FIT_ROWS, FIT_ROWS_IN_ALL)
    n_learned = most if fit_rows is None else checked_count(fit_rows, "fit_rows")
    sample = table.sample(n_learned, streams.child("learned"))
    data = read_sample(sampler, sample, table.target, table.counts.sum(axis=0))
    made, stays = decide(sampler, data)
    new = {code: n_rows for code, n_rows in enumerate(made.values()) if n_rows}
    learned = learn(sampler, data, new, sample)
    choices = learned.choices(new)
    picks = table.picks(stays, streams.child("kept"))
    resampled = _assembled(table, picks, learned, in_blocks(new, npartitions), mark)
    figures = _Figures(learned, new, sample, data, streams.child("figures"))
    report = AugmentationReport(
        sampler=type(sampler).__name__,
        counts_before=table.class_counts,
        counts_after={label: stays[label] + made[label] for label in table.classes},
        n_generated=sum(new.values()),
        n_accepted=sum(new.values()),
        n_removed=sum(table.class_counts.values()) - sum(stays.values()),
        choices=choices
        | _said_of_learning(data, new, n_learned if fit_rows is None else None)
        | figures.said(),
        warnings=list(data.warned),
        metrics=figures.metrics() if new else None,
    )
    report.seconds = perf_counter() - started
    return resampled, report


def _assembled(
    table: PartitionedTable,
    picks: list[Pick],
    learned: LearnedTable,
    blocks: list[list[Block]],
    mark: str | None,
) -> dd.DataFrame:
    """The lazy result: the rows that stay, then the new ones, numbered throughout."""
    sizes = [sum(pick.share.values()) for pick in picks]
    sizes += [sum(block.n_rows for block in group) for group in blocks]
    starts = [0, *np.cumsum(sizes).tolist()]
    parts = in_one_layer(
        "kept",
        [
            (_kept, (pick, part, start, mark))
            for part, pick, start in zip(table.parts, picks, starts, strict=False)
        ],
    )
    # One node of the graph, which all others name: so it is sent once, no client is needed to have it still, and
    # a worker that is lost takes nothing along that could not be had again.
    sent = delayed(learned, pure=False, traverse=False)
    parts += in_one_layer(
        "partition",
        [
            (_made, (sent, group, start, mark))
            for group, start in zip(blocks, starts[len(picks) :], strict=False)
        ],
    )
    meta = _marked(table.meta.reset_index(drop=True), mark, False)
    # Columns of objects stay what they are.
    with dask.config.set({"dataframe.convert-string": False}):
        return dd.from_delayed(
            parts,
            meta=meta,
            # Of an empty partition no first label could be told.
            divisions=(*starts[:-1], starts[-1] - 1) if min(sizes) else None,
            prefix="resample",
            verify_meta=False,
        )


def _kept(pick: Pick, part: pd.DataFrame, start: int, mark: str | None) -> pd.DataFrame:
    return _marked(pick.kept(part, start), mark, False)


def _made(learned: LearnedTable, blocks: list[Block], start: int, mark: str | None) -> pd.DataFrame:
    return _marked(learned.partition(blocks, start), mark, True)


def _marked(rows: pd.DataFrame, name: str | None, is_new: bool) -> pd.DataFrame:
    return rows if name is None else rows.assign(**{name: np.full(len(rows), is_new)})


def _said_of_learning(data: SamplingData, new: dict[int, int], most: int | None) -> dict[str, Any]:
    """How many of the rows were learned from, for the report; ``most`` of a class, where that was decided here."""
    learned = np.bincount(data.target.codes, minlength=len(data.target.classes)).tolist()
    said: dict[str, Any] = {
        f"rows of class {label!r} learned from": f"{n_rows:,} of {count:,}"
        for (label, count), n_rows in zip(data.counts.items(), learned, strict=True)
    }
    if most is not None and most < FIT_ROWS:
        said["most rows of a class learned from"] = f"{most:,}, since all classes share {FIT_ROWS_IN_ALL:,}"
    if max(new.values(), default=0) > BLOCK_ROWS:
        said["rows of a class are made apart, in blocks of"] = BLOCK_ROWS
    return said


class _Figures:
    """Figures of some new rows of each class against some of those learned from; made when they are asked for."""

    def __init__(
        self,
        learned: LearnedTable,
        new: dict[int, int],
        sample: pd.DataFrame,
        data: SamplingData,
        streams: RandomStreams,
    ):
        self.learned = learned
        self.new = new
        self.rows = sample
        self.data = data
        self.streams = streams
        self.n_learned = np.bincount(data.target.codes, minlength=len(data.target.classes)).tolist()
        self.most = {
            kind: rows_of_a_class(counts, FIGURE_ROWS, FIGURE_ROWS_IN_ALL)
            for kind, counts in {"real": self.n_learned, "new": new.values()}.items()
        }

    def said(self) -> dict[str, str]:
        """How many rows they look at."""
        made, real = self.most["new"], self.most["real"]
        return {
            f"rows of class {self.data.target.classes[code]!r} that figures compare": (
                f"{min(n_rows, made):,} of {n_rows:,} new ones, {min(self.n_learned[code], real):,} of "
                f"{self.data.target.counts[code]:,} real ones"
            )
            for code, n_rows in self.new.items()
        }

    def metrics(self) -> AugmentationMetrics:
        name = self.data.target.native.name
        names = [column for column in self.rows.columns if column != name]
        return AugmentationMetrics(
            self._real, self._made, target=name, categorical_features=self.data.named_categories(names)
        )

    def _real(self) -> pd.DataFrame:
        codes = self.data.target.codes
        drawn = [
            self._drawn(np.flatnonzero(codes == code), "real", code)
            for code in range(len(self.data.target.classes))
        ]
        return self.rows.iloc[np.sort(np.concatenate(drawn))]

    def _made(self) -> pd.DataFrame:
        """From the first block of each class, as it is in the result."""
        return concat_rows([self._made_of(code, n_rows) for code, n_rows in self.new.items()])

    def _made_of(self, code: int, n_rows: int) -> pd.DataFrame:
        rows = self.learned.rows(Block(code, 0, min(n_rows, BLOCK_ROWS)))
        return rows.iloc[self._drawn(np.arange(len(rows)), "new", code)]

    def _drawn(self, positions: np.ndarray, kind: str, code: int) -> np.ndarray:
        if len(positions) <= self.most[kind]:
            return positions
        return np.sort(self.streams.child(kind, code).rng().choice(positions, self.most[kind], replace=False))
