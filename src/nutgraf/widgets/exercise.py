"""Exercises in a notebook: `check`, and `hint` and `solution` for when widgets are missing.

The widget shows what `state_of` says; this module keeps attempts, hints and solutions seen, and
reads a solution only when it is to be shown, so that a saved notebook holds none.
"""

from __future__ import annotations

import sys
from functools import cache
from html import escape
from typing import Any

from nutgraf import answers, checking
from nutgraf.paths import learner_folder
from nutgraf.widgets.quiz import SIGNS, STATIC, Readable, _display, _with_code

MODE = "exercise"
TITLES = {
    checking.CORRECT: "Correct.",
    checking.NOT_YET: "Not yet.",
    checking.NOT_ATTEMPTED: "Not attempted yet.",
}
SIGN = {checking.CORRECT: SIGNS["right"], checking.NOT_YET: SIGNS["not yet"]}
TRIES_BEFORE_SOLUTION = 3
"""So many different attempts that were not right open the solution; so does one that was."""
NO_SOLUTIONS = "This edition holds no solutions. Ask your teacher."

_unsaved: list[dict[str, Any]] = []
"""What is kept where no file of answers is: for as long as this Python runs."""


def check(name: str) -> None:
    """Check exercise `name` ("E03"): say whether it is right, and if not, what to look at next.

    It takes your function as it is after you have run its cell. Your attempt is kept like an answer
    to a quiz: that there was one, how it ended, and a fingerprint, but no line of your code.
    """
    name = _named(name)
    desk = Desk(name)
    desk.record_attempt(finding := checking.check(name, _learners_names()))
    _display(widget_class()(desk, finding))
    _display(twin(name, finding, desk))


def hint(name: str) -> None:
    """Print the next hint to an exercise, after those you have seen: `hint("E03")`."""
    desk = Desk(_named(name))
    desk.act({"do": "hint"})
    print(f"{desk.name} has no hints." if not desk.exercise.hints else _hints_in_words(desk))
    _print_note(desk)


def solution(name: str, anyway: bool = False) -> None:
    """Print a solution to an exercise: after three attempts, or a right one, or with `anyway`."""
    desk = Desk(_named(name))
    desk.act({"do": "yes" if anyway else "solution"})
    if desk.asking:
        print(f"{_asked(desk)}\nIf so: solution({desk.name!r}, anyway=True)")
    else:
        print(desk.solution or NO_SOLUTIONS)
    _print_note(desk)


def _named(name: Any) -> str:
    return str(name).strip().upper()


def _print_note(desk: Desk) -> None:
    if desk.note:
        print(desk.note)


def _learners_names() -> dict[str, Any]:
    """The names of the notebook, or of the main module where there is no notebook."""
    from IPython import get_ipython

    shell = get_ipython()
    return shell.user_ns if shell is not None else vars(sys.modules["__main__"])


# --- what is kept of an exercise -------------------------------------------------------------


class Desk:
    """One exercise and what this learner did with it, as far as that is kept.

    It is kept in the learner's file of answers. Where there is neither a learner's folder nor such
    a file, nothing is written: running a notebook must not leave files around.
    """

    def __init__(self, name: str):
        self.exercise = checking.exercise(name)
        self.name = self.exercise.name
        self.path = answers.answers_file()
        self.is_saved = learner_folder(self.path.parent) is not None or self.path.is_file()
        every = answers.read(self.path) if self.is_saved else _unsaved
        self.records = answers.of_item(every, self.name, MODE)
        self.asking = self.is_missing = False
        self.solution = ""
        self.note = ""

    @property
    def tries(self) -> int:
        """How many different attempts were not right."""
        return len(answers.attempts(self.records, checking.NOT_YET))

    @property
    def is_free(self) -> bool:
        """Whether the solution is shown without asking once more."""
        return (
            self.tries >= TRIES_BEFORE_SOLUTION
            or bool(answers.attempts(self.records, checking.CORRECT))
            or any(record.get("did") == "shown" for record in self.records)
        )

    @property
    def hints(self) -> tuple[str, ...]:
        """The hints seen so far."""
        seen = sum(record.get("did") == "hint" for record in self.records)
        return self.exercise.hints[:seen]

    def record_attempt(self, finding: checking.Finding) -> None:
        """Keep an attempt, unless it is the last one again."""
        tried = [record for record in self.records if record.get("did") == "checked"]
        attempt = {"verdict": finding.verdict, "code": finding.code}
        if finding.verdict not in (checking.CORRECT, checking.NOT_YET):
            return
        if not tried or {key: tried[-1].get(key) for key in attempt} != attempt:
            self._keep("checked", **attempt)

    def act(self, message: dict[str, Any]) -> None:
        """Do what the learner asked for, and keep it."""
        did = message.get("do")
        if did == "hint" and len(self.hints) < len(self.exercise.hints):
            self._keep("hint")
        elif did == "no":
            self.asking = False
        elif did in ("solution", "yes"):
            code = checking.solution(self.name)
            self.is_missing = not code
            self.asking = bool(code) and did == "solution" and not self.is_free
            if code and not self.asking:
                self.solution = code
                if not any(one.get("did") == "shown" for one in self.records):
                    self._keep("shown")

    def _keep(self, did: str, **more: Any) -> None:
        record = {"item": self.name, "mode": MODE, "did": did, **more}
        self.records.append(record)
        if not self.is_saved:
            _unsaved.append(record)
            return
        try:
            answers.append(self.path, **record)
        except OSError as problem:
            reason = problem.strerror or problem
            self.note = (
                f"Not saved: {self.path.name} cannot be written ({reason}). `nutgraf check` helps."
            )


def _asked(desk: Desk) -> str:
    times = {0: "You have not tried yet.", 1: "You have tried once."}
    return f"{times.get(desk.tries, f'You have tried {desk.tries} times.')} See it anyway?"


def state_of(desk: Desk) -> dict[str, Any]:
    """All that changes below a verdict: hints, the question asked once more, the solution."""
    return {
        "hints": list(desk.hints),
        "hints_in_all": len(desk.exercise.hints),
        "question": _asked(desk) if desk.asking else "",
        "solution": desk.solution,
        "no_solution": NO_SOLUTIONS if desk.is_missing else "",
        "note": desk.note,
    }


# --- on the page -----------------------------------------------------------------------------


@cache
def widget_class():
    """The widget's class; made on first use, since importing anywidget takes a while."""
    import anywidget
    import traitlets

    class Exercise(anywidget.AnyWidget):
        """A verdict, and buttons for a hint and a solution; see `static/exercise.js`."""

        _esm = (STATIC / "exercise.js").read_text("utf-8")
        _css = "\n".join((STATIC / f"{name}.css").read_text("utf-8") for name in ("quiz", MODE))
        name = traitlets.Unicode().tag(sync=True)
        verdict = traitlets.Dict().tag(sync=True)
        state = traitlets.Dict().tag(sync=True)

        def __init__(self, desk: Desk, finding: checking.Finding):
            self.desk = desk
            verdict = {
                "outcome": finding.verdict,
                "title": title_of(desk.name, finding),
                "says": [list(one) for one in finding.says],
            }
            super().__init__(name=desk.name, verdict=verdict, state=state_of(desk))
            self.on_msg(self._asked)

        def _asked(self, _widget, message, _buffers) -> None:
            if isinstance(message, dict):
                self.desk.act(message)
                self.state = state_of(self.desk)
                self.send({"heard": True})

        def __repr__(self) -> str:
            return f"<Exercise {self.desk.name}>"

    return Exercise


def title_of(name: str, finding: checking.Finding) -> str:
    """The verdict as a sign and words: "✗ E03: Not yet."."""
    title = TITLES.get(finding.verdict, "Could not be checked.")
    return f"{SIGN.get(finding.verdict, '–')} {name}: {title}"


def twin(name: str, finding: checking.Finding, desk: Desk) -> Readable:
    """The verdict as text: what a notebook without a kernel or without widgets shows."""
    title = title_of(name, finding)
    lines, blocks = [title], [f"<p><strong>{escape(title)}</strong></p>"]
    for kind, words in finding.says:
        is_code = kind == checking.CODE
        lines.append("\n".join(f"    {row}" for row in words.split("\n")) if is_code else words)
        blocks.append(f"<pre>{escape(words)}</pre>" if is_code else f"<p>{_with_code(words)}</p>")
    more = [f"Hint {number}: {words}" for number, words in enumerate(desk.hints, start=1)]
    if finding.verdict != checking.CORRECT:
        asks = f"from nutgraf import hint, solution; hint({name!r}); solution({name!r})"
        more.append(f"Without buttons: {asks}")
    more += [desk.note] if desk.note else []
    blocks += [f"<p>{_with_code(words)}</p>" for words in more]
    html = f'<div class="nutgraf-twin">{"".join(blocks)}</div>'
    return Readable("\n".join([*lines, *more]), html)


def _hints_in_words(desk: Desk) -> str:
    total = len(desk.exercise.hints)
    return "\n".join(f"Hint {n} of {total}: {words}" for n, words in enumerate(desk.hints, 1))
