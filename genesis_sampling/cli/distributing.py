"""``genesis augment --engine dask``: a folder of files in, a folder of Parquet files out."""

from __future__ import annotations

import glob
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import TYPE_CHECKING

import typer

from ..exceptions import DataError
from .arguments import check_columns, check_mark, checked_report, given
from .session import say, tell_counts, tell_mark, title, write_report

if TYPE_CHECKING:
    from ..reports import AugmentationReport
    from .augmenting import AugmentJob

__all__ = ["augment_folder"]


def augment_folder(job: AugmentJob, scheduler: str | None, memory_limit: str | None) -> Callable[[], None]:
    """Do it partition by partition; gives what tells of it."""
    from ..distributed.writing import check_folder

    started = perf_counter()
    output = _folder_of(job)
    check_folder(output, replace=job.force)
    report = job.report
    if report is not None:
        report = checked_report("--report", report, [*job.inputs, output], job.force)
    with _interrupts_told(output, report):
        made, n_rows = _augmented(job, scheduler, memory_limit, output)
        # What was lazy is done now.
        made.seconds = perf_counter() - started
        if report is not None:
            job.step(f"Writing {report}")
            write_report(made, report)

    def tell() -> None:
        tell_counts(made, job.target)
        say(f"Written to {output}: {sum(n_rows):,} rows in {len(n_rows)} files")
        say("Rows to test a model on must have been held back before this.")
        if job.mark:
            tell_mark()
        if report is not None:
            say(f"Report written to {title(report)}")

    return tell


def _augmented(
    job: AugmentJob, scheduler: str | None, memory_limit: str | None, output: str
) -> tuple[AugmentationReport, list[int]]:
    """Write the balanced table; gives its report and the rows of each file."""
    from .. import distributed, functional

    job.step(f"Looking at {job.data}")
    table = distributed.read_folder(job.data, **job.layout, may_mix=job.discrete)
    _check_apart(output, job.data, table.paths)
    check_columns([job.target, *job.discrete], table.ddf)
    check_mark(job.mark, table.ddf)
    discrete = given(discrete_columns=[name for name in job.discrete if name != job.target])
    job.step("Starting workers" if scheduler is None else f"Connecting to {scheduler}")
    with distributed.computing(scheduler, memory_limit, ddf=table.ddf):
        job.step(f"Counting classes in {table.ddf.npartitions} partitions and learning")
        balanced, made = functional.augment_imbalanced(
            table.ddf, job.target, mark_synthetic=job.mark, return_report=True, **job.options, **discrete
        )
        n_rows = distributed.write_folder(
            balanced,
            output,
            schema=table.schema,
            replace=job.force,
            progress=lambda done, n_all: job.step(f"Writing {output}: {done} of {n_all} files"),
        )
    return made, n_rows


@contextmanager
def _interrupts_told(output: str, report: str | None) -> Iterator[None]:
    """Say of an interrupt what it has left."""
    before = _finished(output)
    try:
        yield
    except KeyboardInterrupt:
        found = _finished(output)
        if found is None and os.path.isdir(output) and os.listdir(output):
            rest = "" if before is None else " after it has put back the table that was there"
            raise KeyboardInterrupt(
                f"{output} holds what is left of an unfinished run, which the next one with the same output "
                f"removes{rest}"
            ) from None
        if found != before:
            rest = "" if report is None else ", but the report may be missing"
            raise KeyboardInterrupt(f"the table was complete by then and is in {output}{rest}") from None
        raise


def _finished(output: str) -> tuple[int, int] | None:
    """What tells one complete table in a folder from another; None where there is none."""
    from ..distributed.writing import SUCCESS

    try:
        found = os.stat(os.path.join(output, SUCCESS))
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns


def _folder_of(job: AugmentJob) -> str:
    """Where to write; beside a folder or file if that was not said."""
    if job.output is not None:
        return job.output
    if glob.has_magic(job.data) and not os.path.exists(job.data):
        raise typer.BadParameter(
            "missing; DATA is a pattern, so there is no name to go by.", param_hint="--output"
        )
    from ..tables.files import beside

    path = os.path.abspath(job.data)
    return f"{path}_balanced" if os.path.isdir(path) else beside(path, "_balanced", "")


def _check_apart(output: str, data: str, paths: list[str]) -> None:
    """Refuse to write where is read."""
    target = os.path.realpath(output)
    read = {os.path.dirname(os.path.realpath(path)) for path in paths}
    if target in read or (os.path.dirname(target) in read and os.path.isdir(data)):
        raise DataError(
            f"Got {output!r} for --output, which is in the folder that is read; expected another place. The input is "
            "never written over."
        )
