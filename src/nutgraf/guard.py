"""Running a learner's code so that whatever it does comes to an end, and is told of in words.

`run` lets a function run for some seconds, takes in what it prints, and hands back how it ended.
It is made for mistakes in one's own notebook. It is no wall against people who mean harm: the code
runs in this very process, with all that it may do.
"""

from __future__ import annotations

import _thread
import builtins
import io
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from types import BuiltinFunctionType, FrameType, TracebackType
from typing import Any

SECONDS = 5.0
"""How long one run may take."""
LETTERS, LINES = 2000, 40
"""How much of what is printed is kept."""
BYTES = 1 << 30
"""How much more memory one run may ask for, where the system can hold it to that."""

_TICK = 0.003  # seconds between two attempts to stop what goes on after the end of its time
_PATIENCE, _STEPS = 3, 12  # interruptions before the next way is tried, and how far that goes
_HAS_TIMER = hasattr(signal, "setitimer")
_ALARM = signal.SIGALRM if _HAS_TIMER else signal.SIGINT
_BUILTINS = frozenset(
    """
    abs all any bool bytes callable chr dict divmod enumerate filter float format frozenset getattr
    hasattr hash id int isinstance issubclass iter len list map max min next object ord pow print
    range repr reversed round set setattr slice sorted str sum super tuple type vars zip
    """.split()  # noqa: SIM905
)


class TimeUp(BaseException):
    """The time is over. No `Exception`, so that ordinary `except` lines let it through.

    places: the frames and lines at work when it came first, outermost first.
    """

    places: tuple[tuple[FrameType, int], ...] = ()


class Asked(Exception):
    """The code asked the reader for something, with input()."""


@dataclass(frozen=True)
class Printed:
    """What was printed: the kept part, and how much of it all there was."""

    text: str = ""
    letters: int = 0
    lines: int = 0

    @property
    def left_out(self) -> str:
        """What is not in `text`, in words; "" if all is."""
        if self.letters <= len(self.text):
            return ""
        lines = max(self.lines - self.text.count("\n"), 0)
        more = f"{self.letters - len(self.text):,} more characters"
        return f"… and {more}" + (f" in {lines:,} more lines" if lines > 1 else "")


@dataclass(frozen=True)
class Ran:
    """How a run ended: with `value`, or with an `error` of any kind; `TimeUp` is one.

    tampered: names of Python's own that the code has put something else under. They are put back.
    """

    value: Any = None
    error: BaseException | None = None
    printed: Printed = Printed()
    tampered: tuple[str, ...] = ()


class Kept(io.TextIOBase):
    """A place to print to that keeps the beginning, counts the rest, and cannot be closed."""

    encoding = "utf-8"

    def __init__(self, letters: int = LETTERS, lines: int = LINES):
        self._room, self._rows = letters, lines
        self._parts: list[str] = []
        self._letters = self._lines = 0

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        text = str.__str__(text)
        self._letters += len(text)
        self._lines += text.count("\n")
        if self._room and self._rows:
            part = text[: self._room]
            rows = part.split("\n", self._rows)
            if len(rows) > self._rows:
                part = part[: len(part) - len(rows[-1])]
            self._parts.append(part)
            self._room -= len(part)
            self._rows -= part.count("\n")
        return len(text)

    def printed(self) -> Printed:
        return Printed("".join(self._parts), self._letters, self._lines)

    def close(self) -> None:
        """Stay open: a notebook needs its output."""

    def writable(self) -> bool:
        return True


def own_names_replaced() -> list[str]:
    """Names of Python's own, such as `len`, that stand for something else in this process."""
    now = builtins.__dict__
    return [name for name in _BUILTINS if not _is_pythons_own(now.get(name), name)]


def _is_pythons_own(value: Any, name: str) -> bool:
    if value.__class__ not in (BuiltinFunctionType, _CLASS):
        return False
    return value.__module__ == "builtins" and value.__name__ == name


_CLASS = type  # as it was when this module was loaded


def run(action: Callable[[], Any], seconds: float | None = None) -> Ran:
    """Call `action` and tell how it ended, whatever it does.

    In the main thread it is stopped after `seconds` (`SECONDS` if None), also when it catches
    every error: loops in Python, waiting, patterns that never end, endless printing. What cannot
    be stopped is one single step of Python's own that does not look up from its work, such as a sum
    over a huge range. In other threads there is no limit of time. KeyboardInterrupt is raised if
    somebody presses Stop meanwhile.
    """
    kept = Kept()
    value, error = None, None
    watch = _Watch(SECONDS if seconds is None else seconds)
    with _streams(kept), _memory(), watch:
        before = dict(vars(builtins))
        try:
            value = _within(action)
        except BaseException as problem:
            error = problem
        tampered = _put_back(before)  # first of all: what follows needs them
    if watch.stopped:
        raise KeyboardInterrupt
    if watch.over:
        value, error = None, TimeUp()
        error.places = tuple(watch.places)
    return Ran(value, error, kept.printed(), tampered)


def _within(action: Callable[[], Any]) -> Any:
    """The frame below which the clock may stop things, and above which it may not."""
    return action()


class _Watch:
    """The clock of one run: it interrupts the main thread once the time is over.

    An interruption raises TimeUp in the code that runs just then. Code can catch that. So the
    clock goes on interrupting; an exception that somebody caught and dropped interrupts once more
    as it goes, which hits what comes after the `except`, one level further out; and at last each
    interruption raises a second time, some steps later, as a debugger would.

    The system's timer is the clock where there is one, since a pattern that never ends lets no
    other thread of Python run. On Windows a thread has to do: there, such a pattern and waiting
    go on.
    """

    def __init__(self, seconds: float):
        self.seconds = seconds
        self.over = self.stopped = False
        self.places: list[tuple[FrameType, int]] = []
        self._bites = 0
        self._done = False
        self._end = threading.Event()
        self._lock = threading.Lock()
        self._before: dict[int, Any] = {}
        self._timer = (0.0, 0.0)
        # `interrupt_main` only sets a flag, and Python looks at it in the code that goes on.
        again = staticmethod(partial(_thread.interrupt_main, _ALARM))
        self._bite = type("TimeUp", (TimeUp,), {"__del__": again})

    def __enter__(self) -> _Watch:
        if threading.current_thread() is not threading.main_thread():
            return self
        numbers = {_ALARM, signal.SIGINT}
        before = {number: signal.getsignal(number) for number in numbers}
        if None in before.values():  # set by something that is not Python: left alone
            return self
        self._before = before
        self._began = time.monotonic()
        for number in numbers:
            signal.signal(number, self._interrupted)
        if _HAS_TIMER:
            self._timer = signal.setitimer(signal.ITIMER_REAL, self.seconds, _TICK)
        else:
            threading.Thread(target=self._keep_time, daemon=True).start()
        return self

    def __exit__(self, *_error: object) -> None:
        if not self._before:
            return
        with self._lock:
            self._done = True
        self._end.set()
        if _HAS_TIMER:
            signal.setitimer(signal.ITIMER_REAL, 0)
        del self._bite.__del__
        # An interruption sent just before arrives on the way back from this call, and is dropped.
        time.sleep(0.001)
        for number, handler in self._before.items():
            signal.signal(number, handler)
        delay, interval = self._timer
        if delay:
            left = max(delay - (time.monotonic() - self._began), 0.001)
            signal.setitimer(signal.ITIMER_REAL, left, interval)

    def _interrupted(self, number: int, frame: FrameType | None) -> None:
        if _HAS_TIMER:
            self.over = self.over or (number == _ALARM and not self._done)
        if number == signal.SIGINT and (_HAS_TIMER or not self.over):
            self.stopped = True  # somebody pressed Stop
            before = self._before[number]
            if callable(before):
                before(number, frame)
        elif not self._done and (places := _in_their_code(frame)):
            self.places = self.places or places
            self._bites += 1
            if self._bites > _PATIENCE:
                self._follow(places)
            raise self._bite

    def _follow(self, places: list[tuple[FrameType, int]]) -> None:
        """Raise once more a few steps after this time, for code that catches what comes now."""
        left = 1 + self._bites % _STEPS

        def trace(frame: FrameType, _event: str, _value: Any) -> Any:
            nonlocal left
            if frame.f_code.co_filename == __file__:
                return None
            left -= 1
            if left <= 0 and not self._done and _in_their_code(frame):
                raise self._bite
            return trace

        for frame, _ in places:
            frame.f_trace, frame.f_trace_opcodes = trace, True
        sys.settrace(trace)

    def _keep_time(self) -> None:
        if self._end.wait(self.seconds):
            return
        while not self._end.wait(_TICK):
            with self._lock:
                if not self._done:
                    self.over = True
                    _thread.interrupt_main()


def _in_their_code(frame: FrameType | None) -> list[tuple[FrameType, int]]:
    """The frames at work, outermost first, if it is the learner's code that is; else none."""
    places = []
    while frame is not None and frame.f_code.co_filename != __file__:
        places.insert(0, (frame, frame.f_lineno))
        frame = frame.f_back
    return places if frame is not None and frame.f_code is _within.__code__ else []


@contextmanager
def _streams(kept: Kept) -> Iterator[None]:
    """Have all that is printed and displayed go to `kept`, and questions to the reader refused."""
    names = ("stdout", "stderr", "stdin", "displayhook", "excepthook")
    before = {name: getattr(sys, name) for name in names}
    limit, trace, asking = sys.getrecursionlimit(), sys.gettrace(), builtins.input
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    publisher = shell.display_pub if shell is not None else None
    sys.stdout = sys.stderr = kept
    builtins.input = _refuse
    if shell is not None:
        shell.display_pub = _publisher(kept)
    try:
        yield
    finally:
        builtins.input = asking
        if shell is not None:
            shell.display_pub = publisher
        for name, stream in before.items():
            setattr(sys, name, stream)
        sys.setrecursionlimit(limit)
        if sys.gettrace() is not trace:
            sys.settrace(trace)


def _publisher(kept: Kept) -> Any:
    """Where `display` goes meanwhile: the text of what is shown, printed to `kept`."""
    from IPython.core.displaypub import DisplayPublisher

    class Publisher(DisplayPublisher):
        def publish(self, data: Any, *_more: Any, **_others: Any) -> None:
            kept.write(f"{data.get('text/plain', '')}\n")

        def clear_output(self, *_more: Any, **_others: Any) -> None:
            """Nothing to clear: what was printed is told of."""

    return Publisher()


def _refuse(*_words: object) -> str:
    raise Asked


def _put_back(before: dict[str, Any]) -> tuple[str, ...]:
    """Give Python's own names their meaning again; the names that had lost it."""
    now = builtins.__dict__
    lost = [name for name, value in before.items() if now.get(name, now) is not value]
    now.update(before)
    # `_` is the notebook's last result, which Python keeps there.
    return tuple([name for name in lost if name != "_"])


@contextmanager
def _memory() -> Iterator[None]:
    """Hold the process to `BYTES` more than it has, on Linux; elsewhere nothing is done."""
    try:
        import resource

        with open("/proc/self/statm") as file:
            used = int(file.read().split()[0]) * resource.getpagesize()
        soft, hard = resource.getrlimit(resource.RLIMIT_AS)
        most = used + BYTES
        if soft != resource.RLIM_INFINITY:
            most = min(most, soft)
        resource.setrlimit(resource.RLIMIT_AS, (most, hard))
    except (ImportError, OSError, ValueError):
        yield
        return
    try:
        yield
    finally:
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def frames_of(error: BaseException) -> list[tuple[FrameType, int]]:
    """The frames and lines that an error came through, outermost first, without this module's."""
    if isinstance(error, TimeUp):
        return list(error.places)
    place: TracebackType | None = error.__traceback__
    found = []
    while place is not None:
        if place.tb_frame.f_code.co_filename != __file__:
            found.append((place.tb_frame, place.tb_lineno))
        place = place.tb_next
    return found
