"""Checking an attempt at an exercise: which of three endings, and what to look at next. No screen.

The checks are those of the kit's own copy of the exercise, with its given cells; from the learner
come the functions alone. So no name of the learner's can get in the way of a test, and a test
leaves no name behind.
"""

from __future__ import annotations

import ast
import difflib
import doctest
import hashlib
import inspect
import json
import linecache
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import CodeType, FrameType, FunctionType, ModuleType
from typing import Any

from nutgraf import explaining, guard
from nutgraf.errors import NutgrafError
from nutgraf.exercises import NotAttempted, NotYet, quietly
from nutgraf.explaining import call_in_words, meaning, short, words_of
from nutgraf.offline import use_offline_nltk
from nutgraf.paths import kit_dir

CORRECT, NOT_YET, NOT_ATTEMPTED = "correct", "not yet", "not attempted"

WORDS, CODE = "words", "code"
"""Kinds of what a finding says: a paragraph, or lines to be shown as they are."""

_WARM_UP = 60.0  # seconds in which a test of the kit's reaches its first call, on a slow computer
_RUN_IT = "Run your function's cell, then this one again."
_RESTART = "Choose Restart Kernel in the Kernel menu, run the cells from the top, and check again."


@dataclass(frozen=True)
class Cell:
    """A code cell of the kit's copy: given to everybody, or a test."""

    id: str
    source: str
    is_test: bool


@dataclass(frozen=True)
class Exercise:
    """What the kit's copy of an exercise holds.

    function: the name that the tests call; promise: its docstring; stub: the fingerprint of the
    function as it was handed out; before and after: the cells around it; above: names that the
    cells before it make.
    """

    name: str
    title: str
    function: str
    promise: str
    stub: str
    before: tuple[Cell, ...]
    after: tuple[Cell, ...]
    above: frozenset[str]
    hints: tuple[str, ...]


@dataclass(frozen=True)
class Finding:
    """How an attempt ended: the verdict, and what there is to say, as pairs of a kind and words.

    The verdict is "" if there was nothing to check. code: the fingerprint of what was checked.
    """

    verdict: str
    says: tuple[tuple[str, str], ...]
    code: str = ""


# --- the kit's copy --------------------------------------------------------------------------


def exercise(name: str) -> Exercise:
    """The exercise `name` ("E03") of the kit. Raises NutgrafError if there is none."""
    path = _path(name, kit_dir("exercises"))
    if path is None:
        known = sorted(found.name[:3] for found in kit_dir("exercises").glob("E*.ipynb"))
        there = f"Choose one of {', '.join(known)}." if known else "Install Nutgraf again."
        raise NutgrafError(f"There is no exercise {name!r}. {there}")
    return parse(name, _read(path), path.name)


def parse(name: str, notebook: Mapping[str, Any], where: str) -> Exercise:
    """The exercise in a notebook. Raises NutgrafError if it holds no function to write."""
    function = promise = title = stub = ""
    cells: list[Cell] = []
    before: tuple[Cell, ...] = ()
    for cell in notebook["cells"]:
        source = "".join(cell["source"])
        marks = cell.get("metadata", {}).get("nbgrader", {})
        if cell["cell_type"] == "markdown" and source.startswith("# ") and not title:
            title = source.splitlines()[0][2:].strip()
        if cell["cell_type"] != "code" or cell["id"] == f"{name}-check":
            continue
        if marks.get("solution"):
            made = [n for n in ast.parse(source).body if isinstance(n, ast.FunctionDef)]
            if made:
                before, cells = tuple(cells), []
                function, promise = made[-1].name, ast.get_docstring(made[-1]) or ""
                stub = _fingerprint_of_source(source, function)
        else:
            cells.append(Cell(cell["id"], source, bool(marks.get("grade"))))
    if not function:
        raise NutgrafError(f"{where} holds no function to write. Install Nutgraf again.")
    above = frozenset(name for cell in before for name in _names_made(cell.source))
    hints = tuple(notebook.get("metadata", {}).get("nutgraf", {}).get("hints", ()))
    return Exercise(name, title, function, promise, stub, before, tuple(cells), above, hints)


def solution(name: str) -> str:
    """The kit's own solution of an exercise, as code; "" in an edition that holds none."""
    path = _path(name, kit_dir("exercises") / "solutions")
    if path is None:
        return ""
    for cell in _read(path)["cells"]:
        if cell.get("metadata", {}).get("nbgrader", {}).get("solution"):
            return _without_promise("".join(cell["source"]))
    return ""


def _path(name: str, folder: Path) -> Path | None:
    if not (name[:1] == "E" and name[1:].isdigit()):
        return None
    return next(iter(sorted(folder.glob(f"{name}-*.ipynb"))), None)


def _read(path: Path) -> dict[str, Any]:
    try:
        return json.loads(path.read_bytes())
    except ValueError as error:
        raise NutgrafError(f"{path} cannot be read ({error}). Install Nutgraf again.") from error


def _without_promise(source: str) -> str:
    """A solution's code without the markers and without the docstring that all have anyway."""
    function = ast.parse(source).body[-1]
    lines = source.splitlines()
    if isinstance(function, ast.FunctionDef) and ast.get_docstring(function):
        promise = function.body[0]
        del lines[promise.lineno - 1 : promise.end_lineno]
        if not lines[promise.lineno - 1].strip():
            del lines[promise.lineno - 1]
    return "\n".join(line for line in lines if not line.strip().startswith("###")).rstrip()


def _names_made(source: str) -> list[str]:
    """Names that a cell makes at its top level."""
    made = []
    for node in ast.parse(source).body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            made += [(alias.asname or alias.name).split(".")[0] for alias in node.names]
        elif isinstance(node, ast.FunctionDef):
            made.append(node.name)
        elif isinstance(node, ast.Assign):
            made += [n.id for t in node.targets for n in ast.walk(t) if isinstance(n, ast.Name)]
    return made


# --- which code it is ------------------------------------------------------------------------


def fingerprint(function: Any) -> str:
    """What tells two attempts apart: the function's code and that of the learner's it calls.

    Comments, line numbers and the docstring do not count. Nothing of the code can be read from it.
    """
    seen: dict[int, None] = {}
    shapes = _shapes(function, seen)
    return hashlib.sha256(repr(shapes).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _shapes(value: Any, seen: dict[int, None]) -> Any:
    if type(value) in (str, bytes, int, float, bool, type(None)):
        return value
    if type(value) in (tuple, list) and len(value) < 1000:
        return [_shapes(one, seen) for one in value]
    if type(value) is not FunctionType or id(value) in seen:
        return type(value).__name__
    seen[id(value)] = None
    code, around = value.__code__, value.__globals__
    used = [around[name] for name in sorted({*_names(code)} & {*around})]
    # What the learner made, in this notebook; not what comes from modules.
    own = [
        one
        for one in used
        if type(one) in (str, bytes, int, float, bool, tuple, list)
        or (type(one) is FunctionType and one.__module__ == value.__module__)
    ]
    defaults = _shapes(value.__defaults__, seen)
    return [_steps(code), defaults, *(_shapes(one, seen) for one in own)]


def _names(code: CodeType) -> list[str]:
    inner = [name for one in code.co_consts if isinstance(one, CodeType) for name in _names(one)]
    return [*code.co_names, *inner]


def _steps(code: CodeType) -> list[Any]:
    """The steps of the code, each with its own value: a docstring is no step's."""
    import dis

    steps = [
        (step.opname, _constant(step.argval) if step.opcode in dis.hasconst else step.arg)
        for step in dis.get_instructions(code)
    ]
    names = (code.co_varnames, code.co_cellvars, code.co_freevars, code.co_names)
    return [steps, names, code.co_argcount, code.co_kwonlyargcount]


def _constant(value: Any) -> Any:
    if isinstance(value, CodeType):
        return _steps(value)
    if isinstance(value, frozenset):
        return sorted(repr(one) for one in value)
    if isinstance(value, tuple):
        return [_constant(one) for one in value]
    return (type(value).__name__, repr(value))


def _fingerprint_of_source(source: str, function: str) -> str:
    namespace: dict[str, Any] = {"__name__": "__main__"}
    exec(compile(source, "<stub>", "exec"), namespace)
    return fingerprint(namespace[function])


# --- the check -------------------------------------------------------------------------------


def check(name: str, namespace: dict[str, Any]) -> Finding:
    """Try the learner's function, which stands in `namespace`, on all that the learner can read.

    First what its docstring promises, then the tests, up to the first that does not hold. Nothing
    is added to `namespace`. Raises NutgrafError if there is no such exercise, and
    KeyboardInterrupt if somebody presses Stop.
    """
    with suppress(NutgrafError):  # NLTK's own splitters are a right way, too
        use_offline_nltk()
    return _Check(exercise(name), namespace).finding()


@dataclass
class _Call:
    """A call of the learner's function: its text, the line of the step that made it, its result."""

    text: str
    line: int
    result: str = ""
    is_none: bool = False
    is_back: bool = False


@dataclass
class _Step:
    """A piece of code of the kit's that calls the learner's function, and how it ended."""

    file: str
    source: str
    ran: guard.Ran
    calls: list[_Call] = field(default_factory=list)
    told: str = ""


class _Check:
    """One check, from the first given cell to the last test."""

    def __init__(self, exercise: Exercise, namespace: dict[str, Any]):
        self.exercise = exercise
        self.theirs = namespace
        self.function = namespace.get(exercise.function)
        self.code = ""
        self.fresh: dict[str, Any] = {"__name__": "__main__"}
        self.printed: list[guard.Printed] = []
        self.calls: list[_Call] = []
        self.file = ""

    # The order of things

    def finding(self) -> Finding:
        if replaced := guard.own_names_replaced():
            names = ", ".join(f"`{name}`" for name in replaced)
            return _finding(
                "", f"In this notebook {names} means something else than in Python. {_RESTART}"
            )
        if problem := self._is_missing():
            return _finding(NOT_ATTEMPTED, problem)
        self.code = fingerprint(self.function)
        if self.code == self.exercise.stub:
            return _finding(
                NOT_ATTEMPTED,
                "Your function is still as it was handed out. Write your code in place of its last "
                f"two lines. {_RUN_IT}",
            )
        says, verdict = self._try()
        for printed in self.printed:
            if printed.text:
                says += [(WORDS, "Your function printed:"), (CODE, printed.text.rstrip("\n"))]
            if printed.left_out:
                says.append((WORDS, printed.left_out))
        return Finding(verdict, tuple(says), self.code)

    def _is_missing(self) -> str:
        name = self.exercise.function
        if callable(self.function):
            return ""
        if name in self.theirs:
            kind = explaining.a_or_an(type(self.function).__name__)
            return (
                f"`{name}` is {kind} here, and no function. Some line gave the name to something "
                f"else. {_RUN_IT}"
            )
        promise = inspect.cleandoc(self.exercise.promise)
        for other, value in list(self.theirs.items()):
            doc = value.__doc__ if type(value) is FunctionType else None
            if isinstance(doc, str) and inspect.cleandoc(doc) == promise:
                return (
                    f"Your function is called `{other}`, and the tests call `{name}`. Write "
                    f"`def {name}` again. {_RUN_IT}"
                )
        others = [
            one
            for one, value in self.theirs.items()
            if type(value) is FunctionType and value.__module__ == "__main__"
        ]
        if near := difflib.get_close_matches(name, others, n=1):
            return (
                f"Python knows `{near[0]}` here, and the tests call `{name}`. Did you change the "
                f"name? {_RUN_IT}"
            )
        return f"Python does not know `{name}` so far. {_RUN_IT}"

    def _try(self) -> tuple[list[tuple[str, str]], str]:
        for cell in self.exercise.before:
            self._given(cell)
        self.fresh[self.exercise.function] = self._recorded(self.function)
        if found := self._promise():
            return found
        told = []
        for cell in self.exercise.after:
            if not cell.is_test:
                self._given(cell)
                continue
            self._warm_up(cell)
            step = self._run(f"<{cell.id}>", cell.source, "exec")
            if found := self._ended_early(step) or self._of_a_test(step):
                return found
            told += [(CODE, step.told.rstrip("\n"))] if step.told else []
        first = "Your function keeps its promise, and every test that you can read holds."
        return [(WORDS, first), *told], CORRECT

    def _warm_up(self, cell: Cell) -> None:
        """Run a test up to its first call, so that imports take none of the learner's time."""

        def stop(*_given: Any, **_named: Any) -> None:
            raise SystemExit

        recorded = self.fresh[self.exercise.function]
        self.fresh[self.exercise.function] = stop
        self._given(cell)
        self.fresh[self.exercise.function] = recorded

    def _given(self, cell: Cell) -> None:
        """Run a cell that everybody has. An error in it is none of the learner's."""
        code = compile(cell.source, f"<{cell.id}>", "exec")
        guard.run(partial(exec, code, self.fresh), _WARM_UP)

    def _run(self, file: str, source: str, mode: str) -> _Step:
        self.file, self.calls = file, []
        told = guard.Kept()
        self.fresh["print"] = partial(print, file=told)
        code = compile(source, file, mode)

        def action() -> None:
            sys.displayhook = partial(_show, told)
            with quietly():
                exec(code, self.fresh)

        ran = guard.run(action)
        if ran.printed.letters:
            self.printed = [ran.printed]  # of the last step: earlier ones held
        return _Step(file, source, ran, self.calls, told.printed().text)

    def _recorded(self, function: Callable) -> Callable:
        """The learner's function, and a note of each call of it."""

        def call(*given: Any, **named: Any) -> Any:
            text = call_in_words(self.exercise.function, given, named)
            note = _Call(text, _line_in(self.file, sys._getframe(1)))
            self.calls.append(note)
            result = function(*given, **named)
            note.is_back, note.is_none, note.result = True, result is None, short(result)
            return result

        return call

    # The promise

    def _promise(self) -> tuple[list[tuple[str, str]], str] | None:
        examples = doctest.DocTestParser().get_examples(self.exercise.promise)
        for place, example in enumerate(examples):
            step = self._run(f"<promise {place + 1}>", example.source, "single")
            if found := self._ended_early(step):
                return found
            shown = [(CODE, _prompted(examples, place))]
            if step.ran.error is not None:
                return self._unusable(step, shown), NOT_YET
            if not doctest.OutputChecker().check_output(example.want, step.told, 0):
                return self._broken(step, shown, example.want), NOT_YET
        return None

    def _broken(self, step: _Step, shown: list, want: str) -> list[tuple[str, str]]:
        if nothing := self._nothing_back(step):
            return [(WORDS, "You promised something of this:"), *shown, (WORDS, nothing)]
        return [
            (WORDS, "You promised that this"),
            *shown,
            (WORDS, "gives"),
            (CODE, want.rstrip("\n")),
            (WORDS, "Yours gives"),
            (CODE, explaining.without_addresses(step.told.rstrip("\n")) or "(nothing)"),
            (WORDS, "Where do the two part, and which line of yours decides that?"),
        ]

    def _unusable(self, step: _Step, shown: list) -> list[tuple[str, str]]:
        """The promise's own line failed with what the function gave back."""
        if nothing := self._nothing_back(step):
            return [(WORDS, "You promised something of this:"), *shown, (WORDS, nothing)]
        back = f"Your `{self.exercise.function}` gives back"
        last = [(WORDS, back), (CODE, step.calls[-1].result)] if step.calls else []
        why = f"({words_of(step.ran.error)}) Is what you give back of the kind that you promised?"
        return [(WORDS, "You promised that this works:"), *shown, *last, (WORDS, why)]

    def _nothing_back(self, step: _Step) -> str:
        """What to say if the function gave back nothing; "" if it gave something."""
        if not step.calls or not all(call.is_none for call in step.calls):
            return ""
        if step.ran.printed.letters:
            return (
                "Your function prints and gives nothing back: None. print shows a value to a "
                "reader, return hands it to whoever called. Which of the two does the promise need?"
            )
        if _returns_something(self.function):
            return (
                "Here your function gives nothing back: None. Which way does it take through your "
                "lines, and does that way end in a return?"
            )
        return (
            "Your function gives nothing back: None. Which line should hand over what it has "
            "worked out, with return?"
        )

    # A test

    def _of_a_test(self, step: _Step) -> tuple[list[tuple[str, str]], str] | None:
        error = step.ran.error
        if error is None:
            return None
        says = [(CODE, step.told.rstrip("\n"))] if step.told else []
        if not isinstance(error, NotYet):
            says.append((WORDS, f"The check could not go on. ({words_of(error)}) {_RESTART}"))
            return says, ""
        call = _call_of(step, error)
        nothing = self._nothing_back(step) if call is not None and call.is_none else ""
        if call is not None:
            says += [(CODE, call.text), (WORDS, "gives"), (CODE, call.result)]
        question = str(error).partition("\n")[2]
        says.append((WORDS, nothing or question))
        return says, NOT_YET

    # What ends a step of any kind

    def _ended_early(self, step: _Step) -> tuple[list[tuple[str, str]], str] | None:
        error = step.ran.error
        if step.ran.tampered:
            names = ", ".join(f"`{name}`" for name in step.ran.tampered)
            return [
                (
                    WORDS,
                    f"Your function changes what {names} means, for all of Python. It is put back. "
                    "Which name of your own could you use instead?",
                )
            ], NOT_YET
        stub = error.__cause__ if isinstance(error, NotAttempted) else error
        if isinstance(stub, NotImplementedError):
            return [
                (
                    WORDS,
                    "The line `raise NotImplementedError` is still in your function. Take it out "
                    f"once your code stands in its place. {_RUN_IT}",
                )
            ], NOT_ATTEMPTED
        if error is None or isinstance(error, NotYet | NotAttempted):
            return None
        if self._is_theirs(step, error):
            return self._explained(step, error), NOT_YET
        return None

    def _is_theirs(self, step: _Step, error: BaseException) -> bool:
        """Whether the error comes from the learner's code, not from a line of the check."""
        if not isinstance(error, Exception):
            return True
        files = [frame.f_code.co_filename for frame, _ in guard.frames_of(error)]
        here = step.file in files
        below = files[files.index(step.file) + 1 :] if here else files
        return __file__ in below or any(
            frame.f_globals is self.theirs for frame, _ in guard.frames_of(error)
        )

    def _explained(self, step: _Step, error: BaseException) -> list[tuple[str, str]]:
        """An error of the learner's: the call, the line, the values in it, and what it means."""
        call = step.calls[-1].text if step.calls else self.exercise.function
        place = self._place(error)
        told = guard.run(partial(self._line_and_values, place), 2.0).value or []
        known = {*self.theirs, *(place[0].f_locals if place else ())}
        if isinstance(error, guard.TimeUp):
            is_back = bool(step.calls) and step.calls[-1].is_back
            what = (
                "what this call gives back had not ended" if is_back else "this call had not ended"
            )
            says = [(WORDS, f"After {guard.SECONDS:g} seconds {what}:"), (CODE, call)]
        else:
            stops = "it asks for something" if isinstance(error, guard.Asked) else words_of(error)
            says = [(WORDS, "Your function stops with an error in this call:"), (CODE, call)]
            told = [*told, (WORDS, f"({stops})")]
        if place is None and isinstance(error, TypeError):
            last = explaining.CANNOT_BE_CALLED
        else:
            last = guard.run(partial(meaning, error, known, self.exercise.above), 2.0).value
        return [*says, *told, (WORDS, last or "Which line does that?")]

    def _place(self, error: BaseException) -> tuple[FrameType, int] | None:
        """The frame and line of the learner's own code in which the error came up."""
        frames = guard.frames_of(error)
        own = [one for one in frames if one[0].f_globals is self._globals()]
        return own[-1] if own else None

    def _globals(self) -> dict[str, Any]:
        return getattr(self.function, "__globals__", self.theirs)

    def _line_and_values(self, place: tuple[FrameType, int] | None) -> list[tuple[str, str]]:
        if place is None:
            return []
        frame, number = place
        line = linecache.getline(frame.f_code.co_filename, number, frame.f_globals).strip()
        says = [(WORDS, f"In line {number} of its cell:")]
        says += [(CODE, line)] if line else []
        local = frame.f_locals
        names = [name for name in _names_in(line) if name in local and _is_value(local[name])]
        values = [f"{name} = {short(local[name])}" for name in names[:3]]
        if not values:
            return says
        return [*says, (WORDS, "The values at that moment:"), (CODE, "\n".join(values))]


def _is_value(thing: Any) -> bool:
    return not isinstance(thing, ModuleType | type) and not callable(thing)


def _finding(verdict: str, *paragraphs: str) -> Finding:
    return Finding(verdict, tuple((WORDS, text) for text in paragraphs))


def _show(told: guard.Kept, value: Any) -> None:
    """What Python shows of the value of a line."""
    if value is not None:
        told.write(f"{value!r}\n")


def _line_in(file: str, frame: FrameType | None) -> int:
    """The line of a step that is at work, seen from a frame below it; 0 if there is none."""
    while frame is not None:
        if frame.f_code.co_filename == file:
            return frame.f_lineno
        frame = frame.f_back
    return 0


def _call_of(step: _Step, error: BaseException) -> _Call | None:
    """The call whose result a failed test is about; None if several could be meant."""
    cause = error.__cause__
    lines = [
        number
        for frame, number in (guard.frames_of(cause) if cause else [])
        if frame.f_code.co_filename == step.file
    ]
    inside: list[_Call] = []
    if lines:
        for node in ast.walk(ast.parse(step.source)):
            if isinstance(node, ast.Assert) and node.lineno <= lines[-1] <= (node.end_lineno or 0):
                inside = [c for c in step.calls if node.lineno <= c.line <= (node.end_lineno or 0)]
    several = inside or step.calls
    return several[0] if len(several) == 1 and several[0].is_back else None


def _prompted(examples: list[doctest.Example], place: int) -> str:
    """An example as it stands in a docstring, with the lines before it that make its names."""
    wanted = set(_names_in(examples[place].source))
    chosen = [examples[place]]
    for earlier in reversed(examples[:place]):
        made = set(_names_made(earlier.source))
        if made & wanted:
            chosen.insert(0, earlier)
            wanted |= set(_names_in(earlier.source))
    lines = []
    for example in chosen:
        first, *rest = example.source.rstrip("\n").splitlines()
        lines += [f">>> {first}", *(f"... {line}" for line in rest)]
    return "\n".join(lines)


def _names_in(line: str) -> list[str]:
    """The names in a piece of code, in their order; a line that opens a block counts, too."""
    for source in (line, f"{line} pass", f"if True: pass\n{line} pass", line.removeprefix("el")):
        try:
            tree = ast.parse(source)
        except (SyntaxError, ValueError):
            continue
        return list(dict.fromkeys(n.id for n in ast.walk(tree) if isinstance(n, ast.Name)))
    return []


def _returns_something(function: Any) -> bool:
    """Whether any line of the function hands something over, with return or yield."""
    import dis

    if type(function) is not FunctionType:
        return True
    if function.__code__.co_flags & (inspect.CO_GENERATOR | inspect.CO_COROUTINE):
        return True
    before = None
    for step in dis.get_instructions(function.__code__):
        if step.opname == "RETURN_CONST" and step.argval is not None:
            return True
        if step.opname == "RETURN_VALUE" and not (
            before is not None and before.opname == "LOAD_CONST" and before.argval is None
        ):
            return True
        before = step
    return False
