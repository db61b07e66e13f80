"""Workers to compute with: a cluster of this machine that is closed again, or one that is there."""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from math import ceil
from multiprocessing import resource_tracker
from typing import Any

import dask
from dask.system import CPU_COUNT
from dask.utils import parse_bytes
from distributed import Client, KilledWorker, LocalCluster
from distributed.client import FutureCancelledError
from distributed.comm import CommClosedError
from distributed.system import MEMORY_LIMIT

from ..exceptions import DataError
from .resampling import FIT_ROWS

__all__ = ["computing"]

# A scheduler that is there answers in milliseconds.
CONNECT_SECONDS = 5.0
# What a worker needs with all that it imports and a small partition, and what it should have before there is another.
LEAST_BYTES, USUAL_BYTES = 450 * 10**6, 650 * 10**6
# What the process that asks needs with client and scheduler, and for each cell of the rows of two classes that are
# learned from: these are gathered, encoded, learned and sent.
ASKING_BYTES, CELL_BYTES, LEARNED_ROWS = 400 * 10**6, 32, 2 * FIT_ROWS
WORKERS = {
    # A worker begins with the next partition when it has done with one.
    "distributed.scheduler.worker-saturation": 1.0,
    # What a paused worker holds beside its results it may never give back; it would wait for ever. One that goes above
    # its limit is ended, which is told.
    "distributed.worker.memory.pause": False,
}
# Dask sets the level of some of them by itself.
_LOGGERS = (
    "asyncio",
    "distributed",
    *(f"distributed.{name}" for name in ("client", "core", "nanny", "scheduler")),
)


@contextmanager
def computing(
    scheduler: str | None = None, memory_limit: str | int | None = None, *, ddf: Any = None
) -> Iterator[Any]:
    """Compute on a cluster.

    Parameters
    ----------
    scheduler : str, default=None
        Address such as ``"tcp://10.0.0.5:8786"``. None starts processes on this machine, which listen on the loopback
        only and are closed at the end.
    memory_limit : str or int, default=None
        Memory of this process and of all that are started, as ``"2GB"``; None for that of the machine. A part is left
        to this process, which gathers the rows that are learned from; workers share the rest, and are ended when they
        need more.
    ddf : dask.dataframe.DataFrame, default=None
        The table that will be resampled: the more columns it has, the more is left to this process.

    Yields
    ------
    client : distributed.Client

    Raises
    ------
    DataError
        When the scheduler does not answer within five seconds or is lost, when a limit is no amount of memory, or when
        workers run out of it.
    """
    with ExitStack() as stack:
        stack.enter_context(_silent())
        address = scheduler if scheduler is not None else stack.enter_context(_local(memory_limit, ddf))
        client = stack.enter_context(_connected(address))
        stack.enter_context(dask.config.set(scheduler=None))
        try:
            yield client
        except KilledWorker as error:
            raise DataError(
                "Got workers that were ended while they computed, most often for want of memory; expected partitions "
                "that fit. Pass a larger --memory-limit, or write the table in smaller files."
            ) from error
        except (CommClosedError, FutureCancelledError) as error:
            raise DataError(
                f"Got no answer any more from the scheduler ({type(error).__name__}); expected one that stays until "
                "the end. Start it again and repeat the command."
            ) from error


def shares_of(memory_limit: str | int | None, ddf: Any = None) -> tuple[int, int]:
    """The number of workers, at most one for each core, and the bytes that each may take."""
    asking = ASKING_BYTES + (0 if ddf is None else CELL_BYTES * LEARNED_ROWS * len(ddf.columns))
    left = (MEMORY_LIMIT if memory_limit is None else min(_parsed(memory_limit), MEMORY_LIMIT)) - asking
    if memory_limit is not None and left < LEAST_BYTES:
        raise DataError(
            f"Got memory_limit={memory_limit!r}; expected at least {ceil((asking + LEAST_BYTES) / 10**6)}MB, of which "
            f"this process needs {ceil(asking / 10**6)}MB for the rows that are learned from, and a worker the rest "
            "before it has read much."
        )
    left = max(left, LEAST_BYTES)
    n_workers = max(1, min(CPU_COUNT, left // USUAL_BYTES))
    return n_workers, left // n_workers


def _parsed(memory_limit: str | int) -> int:
    try:
        return parse_bytes(memory_limit)
    except ValueError:
        raise DataError(
            f"Got memory_limit={memory_limit!r}; expected an amount such as '2GB' or '1500MB'."
        ) from None


@contextmanager
def _local(memory_limit: str | int | None, ddf: Any) -> Iterator[Any]:
    n_workers, bytes_of_each = shares_of(memory_limit, ddf)
    with ExitStack() as stack:
        with _interrupts_put_off(), dask.config.set(WORKERS):
            cluster = LocalCluster(
                n_workers=n_workers,
                threads_per_worker=1,
                processes=True,
                host="127.0.0.1",
                dashboard_address="127.0.0.1:0",
                memory_limit=bytes_of_each,
                silence_logs=logging.CRITICAL,
            )
            stack.enter_context(cluster)
        yield cluster


@contextmanager
def _connected(address: Any) -> Iterator[Client]:
    try:
        client = Client(address, timeout=CONNECT_SECONDS)
    except (OSError, ValueError, TypeError) as error:
        raise DataError(
            f"Got the scheduler {address!r}, which does not answer within {CONNECT_SECONDS:g} seconds; expected the "
            "address of one that runs, such as tcp://10.0.0.5:8786. Start one with `dask scheduler`, or leave the "
            "address out to compute on this machine."
        ) from error
    with client:
        yield client


@contextmanager
def _interrupts_put_off() -> Iterator[None]:
    """Start processes that an interrupt from the keyboard, which goes to all of them, leaves to this one to close.

    One that comes meanwhile is raised at the end.
    """
    before = signal.getsignal(signal.SIGINT)
    is_main = threading.current_thread() is threading.main_thread()
    if not is_main or before is None or before == signal.SIG_IGN:
        yield
        return
    heard: list[int] = []
    signal.signal(signal.SIGINT, lambda number, frame: heard.append(number))
    try:
        with _interrupts_blocked():
            yield
    finally:
        signal.signal(signal.SIGINT, before)
        if heard:
            signal.raise_signal(signal.SIGINT)


@contextmanager
def _interrupts_blocked() -> Iterator[None]:
    """Start threads, and processes from these, that no interrupt reaches as long as they are there."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    # Whoever starts this process of Python's own lets interrupts through afterwards.
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _silent() -> Iterator[None]:
    """Without what connections say of themselves when they are lost; what matters is raised."""
    loggers = {name: logging.getLogger(name) for name in _LOGGERS}
    before = {name: logger.level for name, logger in loggers.items()}
    for logger in loggers.values():
        logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for name, logger in loggers.items():
            logger.setLevel(before[name])
