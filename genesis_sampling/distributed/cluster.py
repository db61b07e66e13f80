"""Workers to compute with: a cluster of this machine that is closed again, or one that is there."""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import dask
from dask.system import CPU_COUNT
from dask.utils import format_bytes, parse_bytes
from distributed import Client, KilledWorker, LocalCluster
from distributed.client import FutureCancelledError
from distributed.comm import CommClosedError
from distributed.system import MEMORY_LIMIT

from ..exceptions import DataError

__all__ = ["computing"]

# A scheduler that is there answers in milliseconds.
CONNECT_SECONDS = 5.0
# What a worker with all that it imports needs, and what it should have for partitions beside that.
LEAST_BYTES, USUAL_BYTES = 500 * 10**6, 2 * 10**9
# Dask sets the level of some of them by itself.
_LOGGERS = (
    "asyncio",
    "distributed",
    *(f"distributed.{name}" for name in ("client", "core", "nanny", "scheduler")),
)


@contextmanager
def computing(scheduler: str | None = None, memory_limit: str | int | None = None) -> Iterator[Any]:
    """Compute on a cluster.

    Parameters
    ----------
    scheduler : str, default=None
        Address such as ``"tcp://10.0.0.5:8786"``. None starts processes on this machine, which listen on the loopback
        only and are closed at the end.
    memory_limit : str or int, default=None
        Memory of all processes that are started, as ``"2GB"``; None for that of the machine.

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
        address = scheduler if scheduler is not None else stack.enter_context(_local(memory_limit))
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


def n_workers_of(total: int) -> int:
    """So many processes that each has what it should have, at most one for each core."""
    return max(1, min(CPU_COUNT, total // USUAL_BYTES))


@contextmanager
def _local(memory_limit: str | int | None) -> Iterator[Any]:
    total = MEMORY_LIMIT if memory_limit is None else _parsed(memory_limit)
    n_workers = n_workers_of(total)
    with _interrupts_ignored():
        cluster = LocalCluster(
            n_workers=n_workers,
            threads_per_worker=1,
            processes=True,
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",
            memory_limit=total // n_workers,
            silence_logs=logging.CRITICAL,
        )
    with cluster:
        yield cluster


def _parsed(memory_limit: str | int) -> int:
    try:
        total = parse_bytes(memory_limit)
    except ValueError:
        raise DataError(
            f"Got memory_limit={memory_limit!r}; expected an amount such as '2GB' or '800MB'."
        ) from None
    if total < LEAST_BYTES:
        raise DataError(
            f"Got memory_limit={memory_limit!r}; expected at least {format_bytes(LEAST_BYTES)}, which a worker needs "
            "before it has read anything."
        )
    return total


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
def _interrupts_ignored() -> Iterator[None]:
    """Start processes that an interrupt from the keyboard, which goes to all of them, leaves to this one to close."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


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
