"""Worker processes of this machine: each owns one `Grader` and takes one submission at a time.

A worker is a fresh Python of its own. It holds the teacher's tests, but no learner's code runs in
it: that is for the process that its `Grader` starts, which knows no tests. The run and a worker
talk through two pipes, in frames of JSON with a submission's bytes behind it. A worker that ends,
or says nothing for too long, is replaced; what it was at is tried once more at the end, alone.
"""

from __future__ import annotations

import _thread
import contextlib
import importlib
import json
import os
import queue
import shutil
import signal
import stat
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import IO, Any

from nutgraf.errors import NutgrafError
from nutgraf.formats import plain
from nutgraf.grading.handed_in import LARGEST
from nutgraf.grading.results import Result

JUDGE = "nutgraf.grading.judge"
"""The module that a worker takes `Grader` and `Limits` from."""

START_SECONDS = 120.0
"""How long a worker may take until it is ready; two to four seconds are usual."""

EXTRA_SECONDS = 60.0
"""How long a worker may say nothing beyond what the limits allow a submission."""

HESITATION_SECONDS = 1.0
"""How long the first worker works alone. To start another takes about two seconds of a processor,
in which one worker grades a hundred notebooks."""

# A worker runs the kit that the run itself is of, and takes all else from its usual places.
_SERVE = """
import sys
sys.path.insert(0, sys.argv[1])
import nutgraf
sys.path.append(sys.path.pop(0))
from nutgraf.grading.workers import serve
serve(sys.argv[2])
"""
_FRAME = struct.Struct(">II")  # bytes of JSON, and bytes of what follows it
_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


# --- what is to be done, and what comes back -------------------------------------------------


@dataclass(frozen=True)
class Setup:
    """All that a worker has to know: tests {"E03": notebook}, limits as a dict, and the judge."""

    tests: Mapping[str, Mapping[str, Any]]
    limits: Mapping[str, Any]
    require_isolation: bool = False
    judge: str = JUDGE

    @cached_property
    def as_bytes(self) -> bytes:
        return json.dumps(asdict(self), sort_keys=True).encode()

    @cached_property
    def fingerprint(self) -> str:
        return sha256(self.as_bytes).hexdigest()

    @classmethod
    def from_bytes(cls, data: bytes) -> Setup:
        return cls(**json.loads(data))


@dataclass(frozen=True)
class Job:
    """One notebook to grade: the exercise, the files that hold it, and their sha256 when seen."""

    exercise: str
    files: tuple[Path, ...]
    sha256: str


@dataclass(frozen=True)
class Isolation:
    """What protects a worker while it runs learners' code, in words; whether it is all there."""

    complete: bool
    words: str


@dataclass(frozen=True)
class Ready:
    """A worker is ready."""

    isolation: Isolation


@dataclass(frozen=True)
class Done:
    """A job has ended: with a result, or with the reason why there is none.

    unreadable: the file could not be read; else the worker was lost over it, twice.
    """

    job: Job
    result: Result | None
    isolation: Isolation | None = None
    why: str = ""
    unreadable: bool = False


class Unreadable(Exception):
    """Why a file cannot be read, as a sentence."""


class WorkerLost(Exception):
    """A worker ended, or said nothing for too long."""


def read_file(file: Path) -> bytes:
    """The bytes of a notebook that was handed in. No link is followed and no pipe waited for.

    Raises Unreadable with the reason, as a sentence without the file's place.
    """
    flags = os.O_RDONLY | getattr(os, "O_BINARY", 0)
    flags |= getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        if not stat.S_ISREG(os.lstat(file).st_mode) or file.parent.is_symlink():
            raise Unreadable("It is no plain file.")
        number = os.open(file, flags)
        with open(number, "rb") as open_file:
            if not stat.S_ISREG(os.fstat(number).st_mode):
                raise Unreadable("It is no plain file.")
            content = open_file.read(LARGEST + 1)
    except FileNotFoundError as error:
        raise Unreadable("The file is gone.") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "its name cannot be one"
        raise Unreadable(f"It cannot be read ({reason}).") from error
    if len(content) > LARGEST:
        raise Unreadable(f"It has more than {LARGEST // 1_000_000} MB.")
    return content


def read_job(job: Job) -> bytes:
    """A job's bytes, from the first file that still holds them. Raises Unreadable if none does."""
    reason = Unreadable("It changed while the class was graded. Grade again.")
    for file in job.files:
        try:
            content = read_file(file)
        except Unreadable as error:
            reason = error
        else:
            if sha256(content).hexdigest() == job.sha256:
                return content
    raise reason


# --- one worker ------------------------------------------------------------------------------


class Worker:
    """A process that grades; to be used from one thread at a time, first of all `start`.

    Raises WorkerLost if there can be no new process.
    """

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        cells = [len(_test_cells(notebook)) for notebook in setup.tests.values()]
        # A submission is stopped by its own limits; this is for a worker that hangs all the same.
        wall = float(setup.limits.get("wall_seconds", 20))
        self._patience = EXTRA_SECONDS + wall * 2 * max(cells, default=1)
        self._log = tempfile.TemporaryFile()  # noqa: SIM115
        # Whatever way it ends, what it wrote for a while is removed from outside.
        self._place = tempfile.mkdtemp(prefix="grade-")
        # A group of its own: Ctrl+C in the terminal is for the run, which then ends its workers.
        apart: dict[str, Any] = {"start_new_session": True}
        if os.name == "nt":
            apart = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}  # type: ignore[attr-defined]
        # -P: a file `json.py` in the folder that the teacher is in must not be taken for Python's.
        package = str(Path(__file__).parents[2])
        # The same order in sets and the same rounding, whatever worker it is.
        environment = {**os.environ, **dict.fromkeys(_ONE_THREAD, "1")}
        environment |= {"PYTHONHASHSEED": "0", "TMPDIR": self._place}
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-c", _SERVE, package, self._place],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._log,
                env=environment,
                **apart,
            )
        except OSError as error:
            self._log.close()
            shutil.rmtree(self._place, ignore_errors=True)
            raise WorkerLost(f"it could not be started ({error.strerror or error})") from error

    def start(self) -> Isolation:
        """Wait until the worker is ready; returns what protects it.

        Raises NutgrafError if the worker refuses, since isolation is required and not complete,
        and WorkerLost if it ends instead.
        """
        hello, _ = self._ask({"setup": True}, self._setup.as_bytes, START_SECONDS)
        if "refused" in hello:
            raise NutgrafError(str(hello["refused"]))
        self.isolation = Isolation(**hello["ready"])
        return self.isolation

    def grade(self, exercise: str, notebook: bytes) -> Result:
        """The result for one notebook, without the learner's name. Raises WorkerLost."""
        answer, _ = self._ask({"exercise": exercise}, notebook, self._patience)
        if "result" not in answer:
            raise WorkerLost(str(answer.get("broke", "it answered something else")))
        return Result.from_json(answer["result"])

    def _ask(
        self, question: Mapping[str, Any], attached: bytes, seconds: float
    ) -> tuple[dict[str, Any], bytes]:
        """Send a frame and wait for the answer, for so many seconds at most."""
        late = threading.Event()

        def give_up() -> None:
            late.set()
            self.kill()

        timer = threading.Timer(seconds, give_up)
        timer.daemon = True
        timer.start()
        try:
            _send(self._process.stdin, question, attached)
            answer = _receive(self._process.stdout)
        except (OSError, ValueError):
            answer = None
        finally:
            timer.cancel()
        if answer is None:
            raise WorkerLost(f"it said nothing for {seconds:g} s" if late.is_set() else self._end())
        return answer

    def _end(self) -> str:
        """How the process ended, in words, with the last line that it wrote."""
        try:
            status = self._process.wait(timeout=2)
        except subprocess.TimeoutExpired:  # it closed its pipe and stayed
            self.kill()
            status = self._process.wait()
        if status < 0:
            with contextlib.suppress(ValueError):
                return f"it was ended by {signal.Signals(-status).name}"
        self._log.seek(max(0, self._log.seek(0, os.SEEK_END) - 2000))
        said = self._log.read().decode(errors="replace").strip().splitlines()
        return f"it ended with status {status}" + (f": {plain(said[-1])[:300]}" if said else "")

    def kill(self) -> None:
        """End the process and those of its group at once."""
        if os.name != "nt" and self._process.returncode is None:
            with contextlib.suppress(OSError):
                os.killpg(self._process.pid, signal.SIGKILL)
        with contextlib.suppress(OSError):
            self._process.kill()

    def close(self) -> None:
        """Let the process end, and end it if it does not."""
        with contextlib.suppress(OSError, ValueError):
            self._process.stdin.close()  # type: ignore[union-attr]
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self.kill()
            self._process.wait()
        self._process.stdout.close()  # type: ignore[union-attr]
        self._log.close()
        shutil.rmtree(self._place, ignore_errors=True)


def _test_cells(notebook: Mapping[str, Any]) -> list[Any]:
    cells = notebook.get("cells", [])
    return [c for c in cells if c.get("metadata", {}).get("nbgrader", {}).get("grade")]


def _send(pipe: IO[bytes] | None, message: Mapping[str, Any], attached: bytes = b"") -> None:
    assert pipe is not None
    said = json.dumps(message).encode()
    pipe.write(_FRAME.pack(len(said), len(attached)) + said + attached)
    pipe.flush()


def _receive(pipe: IO[bytes] | None) -> tuple[dict[str, Any], bytes] | None:
    """The next frame; None at the end of the pipe, also in the middle of a frame."""
    assert pipe is not None
    head = pipe.read(_FRAME.size)
    if len(head) < _FRAME.size:
        return None
    said, attached = _FRAME.unpack(head)
    body = pipe.read(said + attached)
    if len(body) < said + attached:
        return None
    return json.loads(body[:said]), body[said:]


def serve(place: str) -> None:
    """What a worker does: read the setup, then grade what comes until the pipe is closed.

    If that happens while a learner's code is running, the run is gone and nobody waits for it: the
    worker leaves at once. place: the folder for what it writes for a while, removed at the end.
    """
    orders, replies = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    # Whatever is started from here gets neither pipe, and no stray print gets into a frame.
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    os.close(nothing)
    signal.signal(signal.SIGTERM, _leave)
    coming: queue.SimpleQueue[tuple[dict[str, Any], bytes] | None] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(orders, coming), daemon=True).start()
    try:
        _serve(coming, replies)
    except _Left:
        pass
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        shutil.rmtree(place, ignore_errors=True)


def _serve(coming: queue.SimpleQueue, replies: IO[bytes]) -> None:
    first = coming.get()
    if first is None:
        return
    setup = Setup.from_bytes(first[1])
    judge = importlib.import_module(setup.judge)
    limits = judge.Limits(**setup.limits)
    try:
        grader = judge.Grader(setup.tests, limits, require_isolation=setup.require_isolation)
    except NutgrafError as error:
        _send(replies, {"refused": str(error)})
        return
    with contextlib.closing(grader), contextlib.suppress(BrokenPipeError):
        isolation = Isolation(bool(grader.isolation.complete), str(grader.isolation.words))
        _send(replies, {"ready": asdict(isolation)})
        while (order := coming.get()) is not None:
            try:
                result = grader.grade("", order[0]["exercise"], order[1])
            except Exception as error:  # the worker is not to be trusted after that
                _send(replies, {"broke": f"it stopped with {type(error).__name__}: {error}"[:300]})
                return
            _send(replies, {"result": result.to_json()})


def _listen(orders: IO[bytes], coming: queue.SimpleQueue) -> None:
    """Pass on what comes in. At its end, call the main thread from whatever it is at."""
    while (order := _receive(orders)) is not None:
        coming.put(order)
    coming.put(None)
    time.sleep(1)  # without work it leaves by itself
    if os.name == "nt":
        _thread.interrupt_main(signal.SIGTERM)
    else:
        signal.pthread_kill(threading.main_thread().ident, signal.SIGTERM)  # type: ignore[arg-type]


class _Left(BaseException):
    """The run is gone. Nothing that a test may end with, so nobody takes it for that."""


def _leave(*_: object) -> None:
    raise _Left


# --- some workers ----------------------------------------------------------------------------


def run_locally(setup: Setup, jobs: Sequence[Job], workers: int) -> Iterator[Ready | Done]:
    """Grade the jobs with so many workers of this machine, and yield what happens as it does.

    Every job is `Done` once. A job that its worker was lost over is tried again after all others,
    in a new worker and alone. Raises NutgrafError if no worker can be started. Closing the
    iterator ends the workers at once.
    """
    pool = _Pool(setup, jobs, workers)
    try:
        yield from pool.run()
    finally:
        pool.stop()


class _Pool:
    def __init__(self, setup: Setup, jobs: Sequence[Job], workers: int) -> None:
        self._setup = setup
        self._jobs: queue.SimpleQueue[Job] = queue.SimpleQueue()
        for job in jobs:
            self._jobs.put(job)
        self._left = len(jobs)
        self._events: queue.SimpleQueue[Callable[[], Ready | Done | None]] = queue.SimpleQueue()
        self._alone: list[Job] = []
        self._living: set[Worker] = set()
        self._stopped = threading.Event()
        self._first = threading.Event()  # the first worker is ready, or there will be none
        self._drained = threading.Event()  # nobody waits for a worker any more
        self._able = False
        self._why = "no reason is known"
        self._lock = threading.Lock()
        self._threads = [
            threading.Thread(target=self._drive, args=(number > 0,), daemon=True)
            for number in range(max(1, min(workers, len(jobs))))
        ]

    def run(self) -> Iterator[Ready | Done]:
        driving = len(self._threads)
        for thread in self._threads:
            thread.start()
        while driving:
            event = self._events.get()()  # raises what the thread raised
            if event is None:
                driving -= 1
            else:
                self._left -= isinstance(event, Done)
                yield event
        if self._left > len(self._alone):
            raise NutgrafError(
                f"Grading stopped, since no worker could be started any more: {self._why}. "
                "What was graded is kept. Run the same command again; it goes on from here."
            )
        for job in sorted(self._alone, key=lambda job: (job.exercise, job.sha256)):
            yield from self._once_more(job)

    def stop(self) -> None:
        """End all workers at once, whatever they are at."""
        with self._lock:
            self._stopped.set()
            self._drained.set()
            for worker in self._living:
                worker.kill()
        for thread in self._threads:
            if thread.ident is not None:
                thread.join(timeout=10)

    @contextlib.contextmanager
    def _worker(self) -> Iterator[Worker]:
        worker = Worker(self._setup)
        with self._lock:
            self._living.add(worker)
            if self._stopped.is_set():
                worker.kill()
        try:
            worker.start()
            yield worker
        except BaseException:
            worker.kill()
            raise
        finally:
            with self._lock:
                self._living.discard(worker)
            worker.close()

    def _drive(self, later: bool) -> None:
        """Take jobs for one worker after another, until there are none."""
        failed_starts = 0
        try:
            if later and not self._worth_while():
                return
            while not self._stopped.is_set() and failed_starts < 3 and not self._jobs.empty():
                try:
                    with self._worker() as worker:
                        failed_starts, self._able = 0, True
                        self._first.set()
                        self._tell(Ready(worker.isolation))
                        self._serve(worker)
                except WorkerLost as lost:
                    self._why = str(lost)
                    failed_starts += 1
        except BaseException as error:
            self._events.put(lambda error=error: _raise(error))
        finally:
            self._first.set()
            self._events.put(lambda: None)

    def _worth_while(self) -> bool:
        """Whether one more worker pays; waits until the first one has shown how fast it is."""
        self._first.wait()
        return not self._drained.wait(HESITATION_SECONDS) and self._able

    def _serve(self, worker: Worker) -> None:
        """Give jobs to a worker, until there are none or the worker is lost."""
        while not self._stopped.is_set():
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                self._drained.set()
                return
            try:
                self._tell(_grade(worker, job))
            except WorkerLost:
                with self._lock:
                    self._alone.append(job)
                return

    def _once_more(self, job: Job) -> Iterator[Ready | Done]:
        try:
            with self._worker() as worker:
                yield Ready(worker.isolation)
                yield _grade(worker, job)
        except WorkerLost as lost:
            yield Done(job, None, why=str(lost))

    def _tell(self, event: Ready | Done) -> None:
        self._events.put(lambda: event)


def _grade(worker: Worker, job: Job) -> Done:
    try:
        content = read_job(job)
    except Unreadable as reason:
        return Done(job, None, why=str(reason), unreadable=True)
    return Done(job, worker.grade(job.exercise, content), worker.isolation)


def _raise(error: BaseException) -> None:
    raise error
