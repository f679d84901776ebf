"""What runs in a learner's process: the learner's cells, then calls of the learner's functions.

This side of the line is in the learner's hands, so that nothing here protects anything. It only
makes a notebook's code run as it would in Jupyter, without the screen.
"""

from __future__ import annotations

import linecache
import os
import random
import sys
import types
from collections.abc import Callable
from functools import cache
from typing import Any

from nutgraf.grading import wire

QUIET = (
    *("quiz", "predict", "recheck", "answer", "progress", "check", "hint", "solution"),
    *("bench", "explore", "annotate", "display", "clear_output", "run_docstring_examples"),
)
"""Names that draw, ask or record something: they do nothing here."""

_LINE_MAGICS_OF_CODE = ("time", "prun")
_CELL_MAGICS_OF_CODE = ("time", "capture", "prun", "python", "python3", "pypy")


class _Shell:
    """What `get_ipython()` gives: magics, shell commands and installs are passed over."""

    def __init__(self, run: Callable[[str], None], names: dict[str, Any]) -> None:
        self._run = run
        self.user_ns = names
        self.ast_transformers: list = []  # taken, and never asked
        self.input_transformers_cleanup: list = []
        self.input_transformers_post: list = []

    def run_line_magic(self, name: str, line: str, *rest: Any) -> None:
        if name in _LINE_MAGICS_OF_CODE:
            self._run(line)

    def run_cell_magic(self, name: str, line: str, cell: str) -> None:
        if name in _CELL_MAGICS_OF_CODE:
            self._run(cell)

    def getoutput(self, command: str, *rest: Any) -> list:
        return []

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return nothing


def nothing(*given: Any, **named: Any) -> None:
    """Do nothing."""


def _no_input(*given: Any) -> str:
    raise RuntimeError("nobody is there to answer input()")


def quieten() -> None:
    """Make the names that draw and ask do nothing, where learners import them from."""
    import builtins

    import nutgraf

    builtins.input = _no_input
    for name in QUIET:
        if name in nutgraf._HOMES:
            nutgraf.__dict__[name] = nothing
    for module in ("IPython.display", "IPython.core.display_functions"):
        if module in sys.modules:
            sys.modules[module].display = nothing
            sys.modules[module].clear_output = nothing


class Page:
    """The learner's notebook while it runs: a namespace, and what stopped which cell."""

    def __init__(self) -> None:
        self.module = types.ModuleType("__main__")
        self.names = self.module.__dict__
        self.names.update(get_ipython=lambda: self.shell, display=nothing, In=[""], Out={})
        self.shell = _Shell(self.code, self.names)
        self.stopped: list[dict[str, Any]] = []
        self.files: set[str] = set()
        self._transform = transformer()

    def run(self, cells: list[list[str]], wanted: list[str]) -> None:
        """Run cells, pairs of a name and a source, in their order; an error stops only its cell.

        A wanted name that was a function, and is none in the end, is the last function that it
        was: many a notebook ends in `words = words(text)`, below the tests.
        """
        sys.modules["__main__"] = self.module
        functions: dict[str, Any] = {}
        for name, source in cells:
            self._name = f"<cell {name}>"
            try:
                self.code(source)
            except BaseException as error:
                self.stopped.append({"cell": name, **self.told(error)})
            functions |= {each: self.names[each] for each in wanted if self._is_function(each)}
        for name, function in functions.items():
            if not self._is_function(name):
                self.names[name] = function

    def _is_function(self, name: str) -> bool:
        return callable(self.names.get(name))

    def code(self, source: str) -> None:
        """Run a piece of a notebook's code."""
        source = self._transform(source)
        file = self._name
        self.files.add(file)
        linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
        exec(compile(source, file, "exec", dont_inherit=True), self.names)

    def told(self, error: BaseException) -> dict[str, Any]:
        """What is told of an error: its kind, a kind of Python's own, its text, and its place."""
        kinds = [each for each in type(error).__mro__ if each.__module__ == "builtins"]
        if any(each.__module__ == "nutgraf.errors" for each in type(error).__mro__):
            kinds = [sys.modules["nutgraf.errors"].NutgrafError]
        told = {"kind": kinds[0].__name__, "shown": type(error).__name__, "text": _text(error)}
        if isinstance(error, SyntaxError) and error.filename in self.files:
            return told | {"line": error.lineno, "in": ""}
        trace, line, name = error.__traceback__, 0, ""
        while trace is not None:
            code = trace.tb_frame.f_code
            if code.co_filename in self.files:
                line = trace.tb_lineno
                if not code.co_name.startswith("<"):
                    name, first = code.co_name, code.co_firstlineno
                    line -= first - 1
                elif name:
                    line -= first - 1
            trace = trace.tb_next
        return told | {"line": line, "in": name}


def _text(error: BaseException) -> str:
    try:
        return str(error)[:2000]
    except BaseException:
        return ""


@cache
def transformer() -> Callable[[str], str]:
    """How Jupyter turns a cell with magics into Python."""
    try:
        from IPython.core.inputtransformer2 import TransformerManager
    except ImportError:
        return lambda source: source
    return TransformerManager().transform_cell


def serve(line: wire.Line) -> None:
    """Run the notebook that comes over the line, then answer calls until the line is cut."""
    job = line.receive()
    random.seed(0)
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed(0)
    page = Page()
    page.run(job["cells"], job["names"])
    kinds = {}
    for name in job["names"]:
        if name in page.names:
            kinds[name] = "call" if callable(page.names[name]) else "value"
    line.send({"defined": kinds, "stopped": page.stopped[:50]})
    while True:
        request = line.receive()
        line.send({"number": request["number"], **answer(page, request)})


def answer(page: Page, request: dict[str, Any]) -> dict[str, Any]:
    """What one request brings: a value, an error of the learner's, or why there is neither."""
    try:
        value = page.names[request["name"]]
        if "args" in request:
            value = value(*wire.decode(request["args"]), **wire.decode(request["named"]))
        message = {"value": wire.encode(value)}
        wire.pack(message)
    except wire.TooLarge as large:
        return {"large": str(large)}
    except wire.NotPlain as odd:
        return {"odd": str(odd)}
    except BaseException as error:
        return {"raised": page.told(error)}
    return message


def leave() -> None:
    """End the process at once: nothing that was left to be done at its end is done."""
    os._exit(0)
