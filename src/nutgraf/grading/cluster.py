"""The same work on a Dask cluster: notebooks go out in chunks, results come back as plain data.

A chunk carries all that it needs, the tests included, so any worker of the cluster can take it over
from one that is gone; Dask sees to that. Each of Dask's processes keeps workers of
`nutgraf.grading.workers` from one chunk to the next, one for each of its threads: learners' code is
shut in there as it is on one machine. The cluster itself has to be trusted, since whoever can send
it work can run programs there.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import secrets
import threading
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from nutgraf.errors import NutgrafError
from nutgraf.grading.results import Result
from nutgraf.grading.workers import (
    Done,
    Isolation,
    Job,
    Ready,
    Setup,
    Unreadable,
    Worker,
    WorkerLost,
    read_job,
)

if TYPE_CHECKING:
    from distributed import Client, Future

CONNECT_SECONDS = 20.0
"""How long to wait for the scheduler, and then for its first worker."""

PROBE_SECONDS = 150.0
STOP_SECONDS = 5.0
"""How long to wait for all workers' answers, at the start and at the end."""

IDLE_SECONDS = 600.0
"""How long a worker is kept without work, should the run that it is for be gone."""

MOST_JOBS = 50
MOST_BYTES = 2_000_000
"""The most that goes into one chunk, but for a single notebook that is larger."""

Order = tuple[int, str, bytes]
"""The number of a job, its exercise, and the notebook."""


# --- on the teacher's machine ----------------------------------------------------------------


def run_on_cluster(address: str, setup: Setup, jobs: Sequence[Job]) -> Iterator[Ready | Done]:
    """Grade the jobs on the Dask cluster at this address, and yield what happens as it does.

    Every job is `Done` once. What a worker was lost over is tried again after all others, alone.
    Raises NutgrafError if the cluster cannot be reached or used, or goes away.
    """
    try:
        from distributed import Client
    except ImportError as error:
        raise NutgrafError(
            "Grading on a cluster needs the package distributed, which is not there. "
            "Install it: python -m pip install distributed"
        ) from error
    try:
        client = Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError) as error:
        raise NutgrafError(
            f"No Dask scheduler answers at {address} ({error or type(error).__name__}). "
            "Start one with: dask scheduler. It says its address."
        ) from error
    with client:
        run = _ClusterRun(client, setup, jobs)
        try:
            yield from run.probe()
            yield from run.run()
        finally:
            run.stop()


class _ClusterRun:
    """One run on a cluster, under a name of its own."""

    def __init__(self, client: Client, setup: Setup, jobs: Sequence[Job]) -> None:
        self._client, self._jobs = client, jobs
        self._setup = zlib.compress(setup.as_bytes)
        self._name = secrets.token_hex(8)
        self._sent: dict[Future, list[int]] = {}
        self._alone: list[int] = []
        self._sends = 0

    def probe(self) -> Iterator[Ready]:
        """Start a worker in each of the cluster's processes, and see that it fits."""
        try:
            self._client.wait_for_workers(1, timeout=CONNECT_SECONDS)
        except TimeoutError as error:
            raise NutgrafError(
                "The Dask scheduler has no workers. Start some with: dask worker ADDRESS"
            ) from error
        said = self._everywhere(PROBE_SECONDS, _probe, self._name, self._setup, on_error="return")
        if said is None:
            raise NutgrafError(
                f"A worker of the cluster has not answered for {PROBE_SECONDS:g} s. "
                "Look on the scheduler's page which one it is, and end it."
            )
        found = [_fitting(where, said[where]) for where in sorted(said)]
        if not any(found):
            whys = [one["lost"] if isinstance(one, dict) else str(one) for one in said.values()]
            why = next(iter(whys), "they are gone")
            raise NutgrafError(f"No worker of the cluster can grade: {why}. Start them anew.")
        yield from (Ready(isolation) for isolation in found if isolation)

    def run(self) -> Iterator[Ready | Done]:
        """Send chunks and take what comes back; then try again, one by one, what was lost."""
        from distributed import as_completed

        threads = sum(self._client.nthreads().values()) or 1
        size = max(1, min(MOST_JOBS, len(self._jobs) // (8 * threads)))
        unreadable: list[Done] = []
        chunks = self._chunks(size, unreadable)
        coming = as_completed(loop=self._client.loop)
        # So much is on its way that nobody waits, and no more, since notebooks take memory.
        for _, chunk in zip(range(3 * threads), chunks, strict=False):
            coming.add(self._send(chunk))
        for future in coming:
            yield from self._take(future)
            chunk = next(chunks, None)
            if chunk is not None:
                coming.add(self._send(chunk))
            while unreadable:
                yield unreadable.pop()
        yield from unreadable
        for number in sorted(self._alone):
            yield from self._once_more(number)

    def stop(self) -> None:
        """Call everything back, and end the workers of this run; those that answer, at least."""
        with contextlib.suppress(Exception):
            self._client.cancel(list(self._sent), force=True)
            self._everywhere(STOP_SECONDS, _end, self._name, on_error="ignore")

    def _everywhere(
        self, seconds: float, function: Callable, *given: Any, on_error: str
    ) -> dict[str, Any] | None:
        """What a function gives back in each of the cluster's processes.

        None if one of them says nothing for so many seconds: one that hangs, or whose machine is
        off, which Dask itself takes minutes to notice.
        """
        answers: queue.SimpleQueue[tuple[Any, Exception | None]] = queue.SimpleQueue()

        def ask() -> None:
            try:
                answers.put((self._client.run(function, *given, on_error=on_error), None))
            except Exception as error:
                answers.put((None, error))

        threading.Thread(target=ask, daemon=True).start()
        try:
            answer, error = answers.get(timeout=seconds)
        except queue.Empty:
            return None
        if error is not None:
            raise error
        return answer

    def _chunks(self, size: int, unreadable: list[Done]) -> Iterator[list[Order]]:
        """So many notebooks at a time, read when their turn comes."""
        chunk: list[Order] = []
        for number, job in enumerate(self._jobs):
            try:
                content = read_job(job)
            except Unreadable as reason:
                unreadable.append(Done(job, None, why=str(reason), unreadable=True))
                continue
            if chunk and sum(len(one[2]) for one in chunk) + len(content) > MOST_BYTES:
                yield chunk
                chunk = []
            chunk.append((number, job.exercise, content))
            if len(chunk) >= size:
                yield chunk
                chunk = []
        if chunk:
            yield chunk

    def _send(self, chunk: Sequence[Order]) -> Future:
        self._sends += 1
        key = f"nutgraf-{self._name}-{self._sends}"
        future = self._client.submit(_grade_chunk, self._name, self._setup, list(chunk), key=key)
        self._sent[future] = [number for number, _, _ in chunk]
        return future

    def _take(self, future: Future) -> Iterator[Ready | Done]:
        """What a chunk brought. What it did not bring is left for later."""
        numbers = self._sent.pop(future)
        answer = self._answer(future)
        if isinstance(answer, str):
            self._alone += numbers
            return
        isolation = Isolation(**answer["isolation"])
        yield Ready(isolation)
        for number, result in answer["results"]:
            yield Done(self._jobs[number], Result.from_json(result), isolation)
        self._alone += [number for number, _ in answer["lost"]]

    def _once_more(self, number: int) -> Iterator[Ready | Done]:
        job = self._jobs[number]
        try:
            content = read_job(job)
        except Unreadable as reason:
            yield Done(job, None, why=str(reason), unreadable=True)
            return
        answer = self._answer(self._send([(number, job.exercise, content)]))
        if isinstance(answer, str):
            yield Done(job, None, why=answer)
        elif answer["lost"]:
            yield Done(job, None, why=answer["lost"][0][1])
        else:
            isolation = Isolation(**answer["isolation"])
            yield Ready(isolation)
            yield Done(job, Result.from_json(answer["results"][0][1]), isolation)

    @staticmethod
    def _answer(future: Future) -> dict[str, Any] | str:
        """What a chunk gave back, or why it gave nothing back."""
        from concurrent.futures import CancelledError

        try:
            answer = future.result()
        except CancelledError as error:
            raise NutgrafError(
                "The Dask scheduler is gone. What was graded is kept. "
                "Start it anew and run the same command again; it goes on from here."
            ) from error
        except Exception as error:
            return f"{type(error).__name__} on the cluster"
        if "refused" in answer:
            raise NutgrafError(f"A worker of the cluster refuses. {answer['refused']}")
        return answer


def _fitting(where: str, said: Any) -> Isolation | None:
    """What protects a worker of the cluster; None for one that was lost just now.

    Raises NutgrafError if it has another version of the kit, or none, or refuses.
    """
    from nutgraf import __version__

    if isinstance(said, ImportError):
        raise NutgrafError(
            f"The worker {where} cannot grade ({said}). Install Nutgraf there as it is here."
        ) from said
    if isinstance(said, BaseException) or "lost" in said:
        return None
    if said["version"] != __version__:
        raise NutgrafError(
            f"The worker {where} has Nutgraf {said['version']}, and this is {__version__}. "
            "Install the same on both."
        )
    if "refused" in said:
        raise NutgrafError(f"The worker {where} refuses. {said['refused']}")
    return Isolation(**said["isolation"])


# --- in a process of the cluster -------------------------------------------------------------


class _Kept:
    """The workers that this process keeps for a run: those that wait, and those at work."""

    def __init__(self) -> None:
        self.waiting: list[Worker] = []
        self.all: set[Worker] = set()
        self.ended = False
        self.timer: threading.Timer | None = None


_KEPT: dict[str, _Kept] = {}
_ENDED: set[str] = set()
"""Runs that are over: a chunk of one may begin after its end was heard of."""

_LOCK = threading.Lock()


@contextlib.contextmanager
def _worker(name: str, setup: bytes) -> Iterator[Worker]:
    """A worker that is ready, for the time of the block; after an error in it, it is ended."""
    with _LOCK:
        if name in _ENDED:
            raise WorkerLost("the run is over")
        kept = _KEPT.setdefault(name, _Kept())
        if kept.timer is not None:
            kept.timer.cancel()
        worker = kept.waiting.pop() if kept.waiting else None
    try:
        if worker is None:
            worker = Worker(Setup.from_bytes(zlib.decompress(setup)))
            with _LOCK:
                kept.all.add(worker)
            worker.start()
        yield worker
    except BaseException:
        if worker is not None:
            worker.kill()
            worker.close()
        with _LOCK:
            kept.all.discard(worker)  # type: ignore[arg-type]
        raise
    with _LOCK:
        if kept.ended:
            worker.close()
            return
        kept.waiting.append(worker)
        kept.timer = threading.Timer(IDLE_SECONDS, _end_idle, (name,))
        kept.timer.daemon = True
        kept.timer.start()


def _grade_chunk(name: str, setup: bytes, chunk: Sequence[Order]) -> dict[str, Any]:
    """Grade a chunk with a worker of this process; a worker that is lost is replaced.

    Gives back {"isolation", "results": [[number, result]], "lost": [[number, why]]}, or
    {"refused": why}.
    """
    answer: dict[str, Any] = {"results": [], "lost": []}
    orders, starts = list(reversed(chunk)), 0
    while orders:
        starts += 1
        try:
            with _worker(name, setup) as worker:
                starts = 0
                answer["isolation"] = asdict(worker.isolation)
                while orders:
                    number, exercise, notebook = orders.pop()
                    try:
                        result = worker.grade(exercise, notebook)
                    except WorkerLost as lost:
                        answer["lost"].append([number, str(lost)])
                        raise
                    answer["results"].append([number, result.to_json()])
        except NutgrafError as error:
            return {"refused": str(error)}
        except WorkerLost:
            if starts >= 3 or name in _ENDED:
                raise
    return answer


async def _probe(name: str, setup: bytes) -> dict[str, Any]:
    """Start a worker in this process; what protects it, or why there is none."""
    return await asyncio.to_thread(_started, name, setup)


def _started(name: str, setup: bytes) -> dict[str, Any]:
    from nutgraf import __version__

    try:
        with _worker(name, setup) as worker:
            return {"version": __version__, "isolation": asdict(worker.isolation)}
    except NutgrafError as error:
        return {"version": __version__, "refused": str(error)}
    except WorkerLost as error:
        return {"version": __version__, "lost": str(error)}


def _end(name: str, over: bool = True) -> None:
    """End all workers that this process keeps for a run, whatever they are at.

    over: the run has ended too; else a later chunk of it starts new ones.
    """
    with _LOCK:
        if over:
            _ENDED.add(name)
        kept = _KEPT.pop(name, None)
        if kept is None:
            return
        kept.ended = True
        for worker in kept.all:
            worker.kill()
        waiting = list(kept.waiting)
    for worker in waiting:
        worker.close()


def _end_idle(name: str) -> None:
    """End the workers of a run that has sent nothing for long, unless one is at work."""
    with _LOCK:
        kept = _KEPT.get(name)
        idle = kept is not None and len(kept.waiting) == len(kept.all)
    if idle:
        _end(name, over=False)
