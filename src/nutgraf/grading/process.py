"""The judge's hold on learners' processes: start one, talk to it, end it, and hear how it ended."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import shutil
import signal
import site
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nutgraf.errors import NutgrafError
from nutgraf.grading import sandbox, wire
from nutgraf.grading.sandbox import Isolation

LIMITS = {"cpu_seconds": 10, "memory_mb": 1024, "file_mb": 1}
"""What is left out of a Keeper's limits."""
STARTING_SECONDS = 120
ENDING_SECONDS = 30

# The very package that this module is of, whatever else of its name may be installed.
_LOAD = """\
import importlib.util, sys
spec = importlib.util.spec_from_file_location("nutgraf", {package!r})
sys.modules["nutgraf"] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(sys.modules["nutgraf"])
from nutgraf.grading import zygote
"""
_PREFIX = "nutgraf-grading-"
_YOUNG = 60
"""Seconds for which a folder is left alone, since it may just be in the making."""


class Gone(Exception):
    """The process that learners' processes come from has ended."""


@dataclass(frozen=True)
class Ending:
    """How a learner's process ended: the signal that did it (0: none), processor time in s."""

    signal: int = 0
    cpu: float = 0.0


class Keeper:
    """Starts learners' processes, one at a time. A context manager.

    limits: `cpu_seconds`, `memory_mb` and `file_mb` of each; what is left out has a default.
    fresh: have a fresh interpreter for each, which is slow; None: only where there is no fork.
    without: layers to leave out, of "namespaces", "landlock" and "seccomp", as if the computer had
    none.
    """

    def __init__(
        self,
        limits: Mapping[str, int],
        *,
        fresh: bool | None = None,
        without: Iterable[str] = (),
    ) -> None:
        self._limits = {**LIMITS, **limits}
        self._fresh = not hasattr(os, "fork") if fresh is None else fresh
        self._without = sorted(without)
        self._base: Path | None = None
        self._door: socket.socket | None = None
        self._process: subprocess.Popen | None = None
        self._control: socket.socket | None = None
        self._lock: int | None = None
        self._owed = self._watching = False
        self._isolation: Isolation | None = None
        self._begin()

    @property
    def isolation(self) -> Isolation:
        """What was tried out when the process was started; waits until that is known.

        Raises NutgrafError if the process does not start.
        """
        if self._isolation is None:
            self._isolation = self._tried()
        return self._isolation

    def __enter__(self) -> Keeper:
        return self

    def __exit__(self, *reason: object) -> None:
        self.close()

    # --- from start to end -------------------------------------------------------------------

    def _begin(self) -> None:
        """Start the process; it goes on by itself, and `isolation` waits for it."""
        _sweep()
        self._base = Path(tempfile.mkdtemp(prefix=_PREFIX))
        self._lock = _lock(self._base)
        if self._fresh:
            return
        given = self._given(baits=self._lay_baits())
        self._control, other = socket.socketpair()
        with other:
            self._start("main", other.fileno())
        with contextlib.suppress(OSError):  # if it is gone already, `_tried` hears of it
            self._control.sendall(json.dumps(given).encode() + b"\n")

    def _given(self, **more: Any) -> dict[str, Any]:
        """What a process is told when it starts."""
        base, limits = str(self._base), self._limits
        return {"base": base, "limits": limits, "without": self._without, **more}

    def _tried(self) -> Isolation:
        try:
            found = self._try_fresh() if self._fresh else self._hear(STARTING_SECONDS)
        except Gone as gone:
            self.close()
            raise NutgrafError(
                f"The process that is to run learners' code does not start: {gone}\n"
                "Run `nutgraf check`; if that finds nothing, install Nutgraf again."
            ) from gone
        finally:
            self._take_baits()
        isolation = Isolation.from_json(found)
        self._watching = not isolation.holds["memory"] and _memory_of(os.getpid()) is not None
        if self._watching:
            holds = {**isolation.holds, "memory": True}
            isolation = Isolation(holds, (*isolation.means, "memory watched"))
        return isolation

    def _lay_baits(self) -> dict[str, str]:
        """A file, a folder and a socket that no learner's process may reach."""
        folder = self._base / "apart"
        folder.mkdir()
        (folder / "file").write_text("Nobody is to read this.")
        baits = {"file": str(folder / "file"), "folder": str(folder), "door": ""}
        baits["home"] = os.path.expanduser("~")
        if hasattr(socket, "AF_UNIX"):
            with contextlib.suppress(OSError):
                self._door = socket.socket(socket.AF_UNIX)
                self._door.bind(str(folder / "door"))
                self._door.listen()
                baits["door"] = str(folder / "door")
        return baits

    def _take_baits(self) -> None:
        if self._door is not None:
            self._door.close()
            self._door = None
        if self._base is not None:
            shutil.rmtree(self._base / "apart", ignore_errors=True)

    def _start(self, how: str, passed: int | None, stdin: int = subprocess.DEVNULL) -> None:
        """Start an interpreter that has nothing of this process's but one end of a socket."""
        code = _LOAD.format(package=str(Path(__file__).parents[1] / "__init__.py"))
        code += f"zygote.{how}({0 if how == 'once' else passed})"
        command = [sys.executable, "-P", "-B", "-X", "utf8", "-W", "ignore", "-c", code]
        with open(self._base / "said", "wb") as said:
            options: dict[str, Any] = {"stdin": stdin, "stdout": subprocess.DEVNULL, "stderr": said}
            if os.name != "nt":
                options |= {"pass_fds": [passed], "start_new_session": True}
            env = _environment(self._base / "box")
            self._process = subprocess.Popen(command, cwd=self._base, env=env, **options)

    def close(self) -> None:
        """End what runs and remove what lies about."""
        self._take_baits()
        if self._control is not None:
            self._control.close()
            self._control = None
        if self._process is not None:
            try:
                self._process.wait(0 if self._fresh else ENDING_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None
        if self._base is not None:
            with contextlib.suppress(OSError):
                sandbox.empty(self._base / "box")
            shutil.rmtree(self._base, ignore_errors=True)
            self._base = None
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None
        self._owed = False

    def restart(self) -> None:
        """Begin anew, in a new folder. Raises NutgrafError if that does not work."""
        held = self.isolation
        self.close()
        self._isolation = None
        self._begin()
        self._isolation = self.isolation & held

    # --- the control socket --------------------------------------------------------------------

    def _tell(self, data: bytes, end: int | None = None) -> None:
        try:
            if end is None:
                self._control.sendall(data)
            else:
                socket.send_fds(self._control, [data], [end])
        except OSError as error:
            raise Gone(self._last_words()) from error

    def _hear(self, seconds: float) -> dict[str, Any]:
        data = b""
        until = time.monotonic() + seconds
        while not data.endswith(b"\n"):
            try:
                self._control.settimeout(max(0.01, until - time.monotonic()))
                piece = self._control.recv(65536)
            except OSError as error:  # a time-out among them
                raise Gone(self._last_words() or repr(error)) from error
            if not piece:
                raise Gone(self._last_words())
            data += piece
        return json.loads(data)

    def _last_words(self) -> str:
        with contextlib.suppress(OSError):
            said = (self._base / "said").read_text("utf-8", "replace").strip()
            return "\n".join(said.splitlines()[-3:])
        return ""

    # --- a learner's process -------------------------------------------------------------------

    def open(self, seconds: float) -> wire.Line:
        """Start a learner's process: the line to it, on which waiting takes `seconds` in all.

        Raises Gone if there is nothing that it could be started from; see `restart`.
        """
        _ = self.isolation
        if self._fresh:
            line = self._open_fresh(STARTING_SECONDS)
            try:
                line.receive()
            except (EOFError, OSError, wire.Malformed) as error:
                line.end.close()
                self._end_fresh()
                raise Gone(self._last_words() or repr(error)) from error
            line.left = seconds
            pid = self._process.pid
        else:
            self._settle()
            mine, other = socket.socketpair()
            line = wire.Line(mine, seconds)
            try:
                with other:
                    self._tell(json.dumps(self._limits).encode(), other.fileno())
                self._owed = True
                pid = self._hear(STARTING_SECONDS)["pid"]
            except BaseException:
                mine.close()
                raise
        line.watch = self._watch(pid)
        return line

    def end(self, line: wire.Line, *, ask: bool) -> Ending:
        """End the learner's process and all that came from it.

        ask: wait for how it ended; else that is passed over, and the next may be opened at once.
        """
        line.end.close()
        if self._fresh:
            return self._end_fresh()
        self._tell(b"e")
        return self._settle() if ask else Ending()

    def _settle(self) -> Ending:
        """Take what the other side still has to say about the last process."""
        if not self._owed:
            return Ending()
        told = self._hear(ENDING_SECONDS)
        self._owed = False
        return Ending(int(told["signal"]), float(told["cpu"]))

    def _watch(self, pid: int) -> Callable[[], str] | None:
        """What is looked at while a process works, where no layer does it: "" or an outcome."""
        base, most = self._base, self._limits["memory_mb"] * 2**20
        boxed = sandbox.OWN_FOLDERS in self.isolation.means
        if boxed and not self._watching:
            return None

        def watch() -> str:
            if not boxed and sandbox.is_too_full(base / "box"):
                return "output"
            if self._watching and (_memory_of(pid) or 0) > most:
                return "memory"
            return ""

        return watch

    # --- where there is no fork ----------------------------------------------------------------

    def _open_fresh(self, seconds: float, **more: Any) -> wire.Line:
        """Start an interpreter for one job; what it is to do goes over its standard input."""
        self._clear()
        mine, other = socket.socketpair()
        given = self._given(**more)
        with other:
            self._start("once", other.fileno(), subprocess.PIPE)
            if os.name == "nt":
                given["share"] = base64.b64encode(other.share(self._process.pid)).decode()
            else:
                given["end"] = other.fileno()
            with contextlib.suppress(OSError):
                self._process.stdin.write(json.dumps(given).encode() + b"\n")
                self._process.stdin.close()
        return wire.Line(mine, seconds)

    def _try_fresh(self) -> dict[str, Any]:
        line = self._open_fresh(STARTING_SECONDS, baits=self._lay_baits())
        try:
            return line.receive()
        except (EOFError, OSError, wire.Malformed) as error:
            raise Gone(self._last_words() or repr(error)) from error
        finally:
            line.end.close()
            self._end_fresh()

    def _end_fresh(self) -> Ending:
        process, self._process = self._process, None
        # A process that has seen the end of its line has a moment to be gone by itself.
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(0.05)
        if hasattr(os, "killpg"):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
        process.kill()
        status = process.wait()
        return Ending(-status if status < 0 else 0)

    def _clear(self) -> None:
        with contextlib.suppress(OSError):
            sandbox.empty(self._base / "box")


def _lock(base: Path) -> int | None:
    """Show that a folder is in use, as long as this process lives."""
    try:
        import fcntl
    except ImportError:
        return None
    file = os.open(base / "in-use", os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return file


def _sweep() -> None:
    """Remove what a process that was killed has left; it had no time to do so itself."""
    try:
        import fcntl
    except ImportError:
        return
    for base in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):
            state = base.lstat()
            if state.st_uid != os.geteuid() or time.time() - state.st_mtime < _YOUNG:
                continue
            file = os.open(base / "in-use", os.O_RDWR | os.O_NOFOLLOW)
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                with contextlib.suppress(OSError):
                    sandbox.empty(base / "box")
                shutil.rmtree(base, ignore_errors=True)
            finally:
                os.close(file)


def _environment(home: Path) -> dict[str, str]:
    """The variables that an interpreter of learners gets: none of the teacher's, but where the
    system's own libraries lie."""
    threads = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
    environment = {
        "PYTHONHASHSEED": "0",  # the order of sets is the same for everybody
        "MPLBACKEND": "Agg",
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        **dict.fromkeys(threads, "1"),
        **dict.fromkeys(sandbox.HOMES, str(home)),
    }
    if site.ENABLE_USER_SITE:
        environment["PYTHONUSERBASE"] = site.getuserbase()
    kept = (
        "SYSTEMROOT",
        *(["PATH"] if os.name == "nt" else []),
        "LD_LIBRARY_PATH",
        "DYLD_LIBRARY_PATH",
    )
    return environment | {name: os.environ[name] for name in kept if name in os.environ}


def _memory_of(pid: int) -> int | None:
    """The memory that a process has in use, in bytes; None where nobody tells."""
    try:
        import psutil

        return psutil.Process(pid).memory_info().rss
    except Exception:  # psutil is not there, or the process is not
        return None
