"""The judge: the teacher's tests, run against functions that live in a learner's process.

The judge's own process has the tests and the verdict; a learner's process has neither, and can
only answer calls. For each exercise the teacher's notebook is run from the top in a fresh
namespace, with its solution replaced: a function by a stub that asks the learner's process, a
plain value by the learner's. The test cells run as they stand.

What follows from that: arguments are copies, so a function that is to change its argument cannot
be tested; nor can classes and figures. Tasks that give back values can.
"""

from __future__ import annotations

import ast
import builtins
import contextlib
import io
import os
import re
import secrets
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import CodeType
from typing import Any

from nutgraf.errors import NutgrafError
from nutgraf.exercises import NotAttempted, NotYet, release
from nutgraf.grading import cells, process, wire
from nutgraf.grading.results import CellResult, Result
from nutgraf.grading.runner import QUIET
from nutgraf.grading.sandbox import Isolation

MOST_TEXT = 2_000
"""The longest message, in characters."""


@dataclass(frozen=True)
class Limits:
    """What a learner's notebook may use for one exercise.

    cpu_seconds: of the processor; wall_seconds: that the judge waits for it, in all;
    memory_mb: of memory, the libraries included; file_mb: the size of a file that it writes;
    notebook_mb: the size of the notebook. What may come back at once is in `wire`.
    """

    cpu_seconds: int = 10
    wall_seconds: float = 20
    memory_mb: int = 1024
    file_mb: int = 1
    notebook_mb: float = 10


class Stop(BaseException):
    """The learner's process has settled how the test cell ends, whatever the cell makes of it.

    No `Exception`: a test that expects errors must not take it for one of the learner's.
    """

    def __init__(self, outcome: str, message: str) -> None:
        super().__init__(message)
        self.outcome = outcome
        self.message = message


class LearnersError(Exception):
    """An error of the learner's function of a kind that Python itself does not have."""


# --------------------------------------------------------------------------------------
# The teacher's notebook


@dataclass
class _Step:
    """One cell of the teacher's notebook, ready to run.

    kind: "given", "solution" or "test"; names: those that a test's code mentions.
    """

    kind: str
    code: CodeType
    grade_id: str = ""
    points: float = 0.0
    names: frozenset[str] = frozenset()


@dataclass
class _Plan:
    """A teacher's notebook, ready to be run again and again.

    functions, values: names that the solution makes; sources: what each test cell looks like in a
    learner's file, by its grade_id; solutions: the grade_ids of the solution's cells.
    """

    steps: list[_Step] = field(default_factory=list)
    functions: list[str] = field(default_factory=list)
    values: list[str] = field(default_factory=list)
    sources: dict[str, tuple[str, ...]] = field(default_factory=dict)
    solutions: list[str] = field(default_factory=list)

    @property
    def tests(self) -> list[_Step]:
        return [step for step in self.steps if step.kind == "test"]


def _plan(exercise: str, notebook: Mapping[str, Any]) -> _Plan:
    """Raises NutgrafError, naming the exercise and the cell, for what cannot be graded apart."""
    plan = _Plan()
    handed_out = release(notebook, exercise)
    for cell, given in zip(notebook["cells"], handed_out["cells"], strict=True):
        if cell["cell_type"] != "code":
            continue
        about = cell.get("metadata", {}).get("nbgrader", {})
        source = "".join(cell["source"])
        grade_id = str(about.get("grade_id", ""))
        where = f"<{exercise}, {grade_id or cell.get('id', '')}>"
        try:
            tree = ast.parse(source)
        except SyntaxError as error:
            if about.get("grade") or about.get("solution"):
                raise NutgrafError(
                    f"{exercise}, cell {grade_id}, line {error.lineno}: {error.msg}. Mend the "
                    "cell in the teacher's notebook; cells with tests cannot use magics."
                ) from error
            continue  # an example with a magic, which no test can need
        if about.get("grade"):
            code = compile(tree, where, "exec")
            names = frozenset(n.id for n in ast.walk(tree) if isinstance(n, ast.Name))
            plan.steps.append(_Step("test", code, grade_id, float(about["points"]), names))
            plan.sources[grade_id] = (source, "".join(given["source"]))
        elif about.get("solution"):
            plan.solutions.append(grade_id)
            functions, values = _made(tree, f"{exercise}, cell {grade_id}")
            plan.functions += functions
            plan.values += values
            tree.body = [n for n in tree.body if isinstance(n, ast.Import | ast.ImportFrom)]
            plan.steps.append(_Step("solution", compile(tree, where, "exec"), grade_id))
        else:
            tree.body = [node for node in tree.body if not _is_for_the_screen(node)]
            plan.steps.append(_Step("given", compile(tree, where, "exec")))
    if not plan.tests:
        raise NutgrafError(f"{exercise}: no test cell. Take the one in exercises/solutions.")
    return plan


def _made(tree: ast.Module, where: str) -> tuple[list[str], list[str]]:
    """The names of functions and of values that a solution's cell makes."""
    functions, values = [], []
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            functions.append(node.name)
        elif isinstance(node, ast.ClassDef | ast.AsyncFunctionDef):
            raise NutgrafError(
                f"{where}: {node.name} is a class or an async function, and tests reach only "
                "functions and plain values of a learner's. Ask for a function that gives back "
                "a value."
            )
        elif not isinstance(node, ast.Import | ast.ImportFrom):
            stored = [n.id for n in ast.walk(node) if isinstance(n, ast.Name) and _is_stored(n)]
            values += stored
    return functions, [name for name in dict.fromkeys(values) if name not in functions]


def _is_stored(node: ast.Name) -> bool:
    return isinstance(node.ctx, ast.Store)


def _is_for_the_screen(node: ast.stmt) -> bool:
    """Whether a line of a given cell only draws, asks or checks: the judge has no use for it."""
    if isinstance(node, ast.ImportFrom):
        return all(each.name in QUIET for each in node.names)
    if not isinstance(node, ast.Expr) or not isinstance(node.value, ast.Call):
        return False
    function = node.value.func
    return getattr(function, "id", getattr(function, "attr", "")) in QUIET


# --------------------------------------------------------------------------------------
# The grader


class Grader:
    """Grades learners' notebooks, each in a process of its own. A context manager.

    tests: for each exercise, "E03", the teacher's notebook with its solution and tests.
    `isolation` says what protects this computer; with require_isolation, anything less than all
    raises NutgrafError. To be used from one thread; as many as you like at the same time.

    Raises NutgrafError when a teacher's notebook cannot be graded with.
    """

    def __init__(
        self,
        tests: Mapping[str, Mapping[str, Any]],
        limits: Limits | None = None,
        *,
        require_isolation: bool = False,
    ) -> None:
        self.limits = limits or Limits()
        self._require = require_isolation
        self._plans = {name: _plan(name, notebook) for name, notebook in tests.items()}
        its_own = {name: getattr(self.limits, name) for name in process.LIMITS}
        self._keeper = process.Keeper(its_own)
        try:
            _warm_up()  # while the other process does the same
            self._shown_nowhere = _places()
            isolation = self.isolation
            if require_isolation:
                isolation.require()
        except BaseException:
            self.close()
            raise

    @property
    def isolation(self) -> Isolation:
        return self._keeper.isolation

    def __enter__(self) -> Grader:
        return self

    def __exit__(self, *reason: object) -> None:
        self.close()

    def close(self) -> None:
        """End the process that learners' processes come from."""
        self._keeper.close()

    def grade(self, learner: str, exercise: str, notebook: bytes) -> Result:
        """What `notebook`, whatever it is, gets for `exercise`; never an error of the learner's.

        Raises NutgrafError for an exercise without tests, and when no more processes can be
        started on this computer.
        """
        if exercise not in self._plans:
            there = ", ".join(sorted(self._plans)) or "none"
            raise NutgrafError(f"There are no tests for {exercise}. There are some for: {there}.")
        plan = self._plans[exercise]
        try:
            page, notes = cells.read(notebook, self.limits.notebook_mb)
        except cells.Unreadable as reason:
            results = [_result(step, "unreadable", str(reason)) for step in plan.tests]
            return Result(learner, exercise, tuple(results))
        code, odd = cells.choose(page, plan.sources, plan.solutions)
        results = self._run(plan, code)
        return Result(learner, exercise, tuple(results), tuple(dict.fromkeys([*notes, *odd])))

    def _run(self, plan: _Plan, code: list[tuple[str, str]]) -> list[CellResult]:
        for attempt in (1, 2):
            try:
                return self._run_once(plan, code)
            except process.Gone:
                # Not the learner's process has ended but the one that it came from.
                self._keeper.restart()
                if self._require:
                    self.isolation.require()
                if attempt == 2:
                    break
        message = _ENDED["ended"].format(limits=self.limits)
        return [_result(step, "ended", message) for step in plan.tests]

    def _run_once(self, plan: _Plan, code: list[tuple[str, str]]) -> list[CellResult]:
        line = self._keeper.open(self.limits.wall_seconds)
        run = _Run(line, plan, self.limits, self._shown_nowhere)
        try:
            results = run.grade(code)
        except BaseException:
            with contextlib.suppress(process.Gone):
                self._keeper.end(line, ask=False)
            raise
        ending = self._keeper.end(line, ask=run.lost == "ended")
        if run.lost == "ended":
            outcome = self._why(ending)
            message = _ENDED[outcome].format(limits=self.limits)
            results = [
                _again(result, outcome, message) if result.outcome == "ended" else result
                for result in results
            ]
        return results

    def _why(self, ending: process.Ending) -> str:
        """Which limit it was that ended a process, if it was one."""
        if not hasattr(signal, "SIGXCPU"):
            return "ended"
        late = ending.cpu >= self.limits.cpu_seconds
        if ending.signal == signal.SIGXCPU or (ending.signal == signal.SIGKILL and late):
            return "time"
        return "ended"


def _warm_up() -> None:
    """Load what most tests use, and have the article at hand."""
    from nutgraf import load

    with contextlib.suppress(NutgrafError):
        _ = load("sadr-protests").words


def _places() -> re.Pattern:
    """The folders of this computer that no message may show, and addresses in its memory."""
    folders = {os.path.expanduser("~"), tempfile.gettempdir(), sys.prefix, sys.base_prefix}
    folders |= {os.getcwd(), os.path.dirname(os.path.dirname(__file__))}
    folders = {folder for folder in folders if len(folder) > 3}
    longest_first = sorted(folders, key=len, reverse=True)
    places = "|".join(re.escape(folder) for folder in longest_first)
    return re.compile(rf"(?:{places})[\\/]?|/box/|\b0x[0-9a-fA-F]{{6,}}")


_ENDED = {
    "time": (
        "It was still at work when its time was up, and was stopped. "
        "Is there a loop that never ends?"
    ),
    "memory": (
        "It asked for more than {limits.memory_mb:,} MB of memory. Which value grows and grows?"
    ),
    "output": "It gave back more than can be taken in. Which value grows and grows?",
    "ended": (
        "Its process ended before it had answered, as exit() does it, or a crash. "
        "Does it run in Jupyter, from the top?"
    ),
}


def _result(step: _Step, outcome: str, message: str) -> CellResult:
    earned = step.points if outcome == "correct" else 0.0
    return CellResult(step.grade_id, earned, step.points, outcome, message)


def _again(result: CellResult, outcome: str, message: str) -> CellResult:
    return CellResult(result.grade_id, result.points, result.out_of, outcome, message)


# --------------------------------------------------------------------------------------
# One learner's notebook against one plan


class _Run:
    """Runs a plan against the process at the other end of a line.

    lost: why the process is of no use any more, as an outcome; "" while it is.
    """

    def __init__(
        self, line: wire.Line, plan: _Plan, limits: Limits, shown_nowhere: re.Pattern
    ) -> None:
        self.lost = ""
        self._line, self._plan, self._limits = line, plan, limits
        self._shown_nowhere = shown_nowhere
        self._defined: dict[str, str] = {}
        self._broken: list[dict[str, Any]] = []
        self._stops: dict[str, Stop] = {}
        self._stop: Stop | None = None
        self._raised: dict[int, tuple[BaseException, str]] = {}

    def grade(self, code: list[tuple[str, str]]) -> list[CellResult]:
        names: dict[str, Any] = {"__name__": "exercise"}
        wanted = [*self._plan.functions, *self._plan.values]
        with contextlib.suppress(Stop):
            self._begin(self._ask({"cells": code, "names": wanted}), wanted)
        results = []
        for step in self._plan.steps:
            if step.kind == "test":
                outcome, message = self._test(step, names)
                results.append(_result(step, outcome, self._told(message)))
                continue
            with _hushed(), contextlib.suppress(Exception, SystemExit):
                exec(step.code, names)  # an example may end in an error
            if step.kind == "solution":
                self._put_stubs(names)
        return results

    def _begin(self, ready: Mapping[str, Any], wanted: list[str]) -> None:
        """Take what the process says once it has run the notebook."""
        defined, broken = ready.get("defined"), ready.get("stopped")
        if not isinstance(defined, dict) or not isinstance(broken, list):
            raise self._lose("ended")
        self._defined = {name: str(defined[name]) for name in wanted if name in defined}
        self._broken = [each for each in broken[:50] if isinstance(each, dict)]

    def _put_stubs(self, names: dict[str, Any]) -> None:
        for name in [*self._plan.functions, *self._plan.values]:
            as_value = name in self._plan.values or self._defined.get(name) == "value"
            if not as_value:
                names[name] = self._stub(name)
                continue
            names.pop(name, None)
            try:
                names[name] = self._value(name)
            except Stop as stop:
                self._stops[name] = stop
                self._stop = None
            except Exception as error:  # a value whose own code fails
                self._stops[name] = Stop("error", self._raised[id(error)][1])

    def _test(self, step: _Step, names: dict[str, Any]) -> tuple[str, str]:
        """How a test cell ends, and what is to be said."""
        self._stop = None
        if self.lost:
            return self._outcome(self._gone())
        for name in sorted(step.names & set(self._stops)):
            return self._outcome(self._stops[name])
        outcome, message = "correct", ""
        try:
            with _hushed():
                exec(step.code, names)
        except Stop:
            pass
        except NotAttempted:
            outcome, message = "not attempted", _UNTOUCHED
        except NotYet as error:
            outcome, message = "not yet", str(error).partition(": not yet.\n")[2]
        except (Exception, SystemExit) as error:
            outcome, message = self._after(error)
        if self._stop is not None:  # even if the test cell has swallowed it
            return self._outcome(self._stop)
        return outcome, message

    def _after(self, error: BaseException) -> tuple[str, str]:
        """What an error means that came through a test cell."""
        cause: BaseException | None = error
        while cause is not None:
            if id(cause) in self._raised:
                if isinstance(cause, NotImplementedError):
                    return "not attempted", _UNTOUCHED
                return "error", self._raised[id(cause)][1]
            cause = cause.__cause__ or cause.__context__
        if isinstance(error, AssertionError) and str(error):
            return "not yet", str(error)
        return "not yet", f"What came back could not be tested. ({type(error).__name__}: {error})"

    def _outcome(self, stop: Stop) -> tuple[str, str]:
        return stop.outcome, stop.message or _ENDED[stop.outcome].format(limits=self._limits)

    # --- asking --------------------------------------------------------------------------------

    def _ask(self, message: dict[str, Any]) -> dict[str, Any]:
        """Send a message and take the answer. Raises Stop when the process is of no use."""
        if self.lost:
            raise self._gone()
        try:
            self._line.send(message)
            return self._line.receive()
        except TimeoutError:
            raise self._lose("time") from None
        except wire.TooLarge:
            raise self._lose("output") from None
        except wire.Watched as reason:
            raise self._lose(str(reason)) from None
        except (EOFError, OSError, wire.Malformed):
            raise self._lose("ended") from None

    def _lose(self, outcome: str) -> Stop:
        self.lost = outcome
        return self._gone()

    def _gone(self) -> Stop:
        self._stop = Stop(self.lost, "")
        return self._stop

    def _settle(self, outcome: str, message: str = "") -> Stop:
        """This test cell ends so; the process is of use for the next."""
        self._stop = Stop(outcome, message)
        return self._stop

    def _stub(self, name: str) -> Callable:
        def stub(*args: Any, **named: Any) -> Any:
            if name not in self._defined:
                raise self._missing(name)
            try:
                given = {"args": wire.encode(args), "named": wire.encode(named)}
            except (wire.TooLarge, wire.NotPlain) as reason:
                raise self._settle("not testable", f"The test gives {name} {reason}.") from None
            return self._answer(name, given)

        stub.__name__ = stub.__qualname__ = name
        return stub

    def _value(self, name: str) -> Any:
        if name not in self._defined:
            raise self._missing(name)
        return self._answer(name, {})

    def _answer(self, name: str, given: dict[str, Any]) -> Any:
        number = secrets.token_hex(8)
        try:
            reply = self._ask({"number": number, "name": name, **given})
            if reply.get("number") != number:
                raise wire.Malformed("an answer to another question")
            if "value" in reply:
                return wire.decode(reply["value"])
            if isinstance(odd := reply.get("odd"), str):
                kind = wire.safe(odd, 200)
                message = f"{name} gives back {kind}, which no test here can look into."
                raise self._settle("not testable", message)
            if isinstance(reply.get("large"), str):
                large = wire.safe(reply["large"], 200)
                raise self._settle("output", f"{name} gives back too much: {large}.")
            if not isinstance(raised := reply.get("raised"), dict):
                raise wire.Malformed("no answer")
        except wire.TooLarge as large:
            raise self._settle("output", f"{name} gives back too much: {large}.") from None
        except wire.Malformed:
            raise self._lose("ended") from None
        raise self._error(name, raised)

    # --- errors of the learner's ---------------------------------------------------------------

    def _error(self, name: str, raised: Mapping[str, Any]) -> BaseException:
        """The error that a learner's function raised, as one of the same kind."""
        kind, text = str(raised.get("kind")), wire.safe(str(raised.get("text")), MOST_TEXT)
        if kind == "MemoryError":
            return self._settle("memory")
        made = NutgrafError if kind == "NutgrafError" else getattr(builtins, kind, None)
        if not (isinstance(made, type) and issubclass(made, Exception)):
            made = LearnersError
        try:
            error = made(text)
        except TypeError:  # a kind that wants more than a text
            error = LearnersError(text)
        self._raised[id(error)] = (error, _described(raised, name))
        return error

    def _missing(self, name: str) -> Stop:
        """Why a name of the exercise is not there: its cell failed, or nobody wrote it."""
        for broken in self._broken:
            if broken.get("cell") in self._plan.solutions or broken.get("kind") == "SyntaxError":
                if broken.get("kind") == "MemoryError":
                    return self._settle("memory")
                told = _described(broken, "")
                return self._settle("error", f"Its cell stopped before {name} was made. {told}")
        return self._settle("not attempted", f"There is no {name} in the file.")

    def _told(self, message: str) -> str:
        """A message as it may be shown: no folders of this computer, not too long."""
        return wire.safe(self._shown_nowhere.sub("", message), MOST_TEXT)


_UNTOUCHED = "The function is still as it was handed out."


def _described(raised: Mapping[str, Any], name: str) -> str:
    """An error of the learner's in words: `IndexError in line 3 of your words: ...`"""
    kind = wire.safe(str(raised.get("shown")), 80)
    text = wire.safe(str(raised.get("text")), 500).strip()
    line, inside = raised.get("line"), wire.safe(str(raised.get("in", "")), 80)
    where = ""
    if type(line) is int and 0 < line < 100_000:
        of = f"your function {inside}" if inside else "your cell"
        where = f" in line {line} of {of}"
    return f"{kind}{where}{f': {text}' if text else ''}"


@contextlib.contextmanager
def _hushed() -> Iterator[None]:
    """Keep what a cell prints from the screen."""
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        yield
