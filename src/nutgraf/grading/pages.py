"""Pages to read: for each learner what to look at next, and for the teacher what the class needs.

Plain HTML without a script and without anything from elsewhere, for a screen in light or dark and
for paper. A learner's page names nobody else and holds no test. What comes from a notebook is text
here and nothing more.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from urllib.parse import quote

from nutgraf.formats import plain
from nutgraf.grading.gradebook import NO_RESULT, NOT_HANDED_IN, Mark, asked, marks, number, put
from nutgraf.grading.results import OUTCOMES, CellResult, Result, Sheet
from nutgraf.grading.submissions import Collected, Learner, order

MOST_MESSAGES = 10
"""How many messages of an exercise stand in the overview, the commonest first."""

MOST_NAMES = 40
"""How many learners are named behind a message."""


@dataclass(frozen=True)
class _Said:
    """An outcome as a learner reads it: a sign, words, and what to do next."""

    sign: str
    words: str
    then: str
    kind: str = "look"


_NOTHING = "What your teacher looks at needs nothing from you now."
_SAID = {
    "correct": _Said("✓", "correct", "", "good"),
    "not yet": _Said(
        "✗",
        "not yet",
        "Look at the question, change your function, and run the exercise’s check again. A test "
        "is about what your function gives back, not about how you wrote it.",
        "next",
    ),
    "not attempted": _Said(
        "–",
        "not attempted",
        "Your function was still as you got it, or was not there. Write your code in the place of "
        "its last two lines. A try that goes wrong is worth more than none.",
    ),
    "error": _Said(
        "✗",
        "stopped with an error",
        "Run your function with the words that the message names, and read the line that it points "
        "at. What do the names in it stand for there?",
        "next",
    ),
    "time": _Said(
        "✗",
        "took too long",
        "Your function did not come to an end in the time there is. Is there a loop in it that "
        "nothing ends?",
        "next",
    ),
    "memory": _Said(
        "✗",
        "took too much memory",
        "Does something in your function grow with each turn of a loop?",
        "next",
    ),
    "output": _Said(
        "✗",
        "gave back too much",
        "Have a look at what your function gives back for a short text. Is it as long as you "
        "expected?",
        "next",
    ),
    "ended": _Said(
        "✗",
        "ended before it answered",
        "Something in the notebook ended the whole program. Take out what does so, such as exit(), "
        "and run the notebook from the top.",
        "next",
    ),
    "not testable": _Said("?", "your teacher looks at it", _NOTHING),
    "unreadable": _Said("?", "your teacher looks at it", _NOTHING),
    NO_RESULT: _Said("?", "not graded yet", _NOTHING),
    NOT_HANDED_IN: _Said("–", "not handed in", "If you have done it, hand it in."),
}
_UNKNOWN = _Said("?", "your teacher looks at it", _NOTHING)


def write(
    results: Sequence[Result],
    collected: Collected,
    sheets: Sequence[Sheet],
    out: Path,
    isolation: str,
) -> list[Path]:
    """Write feedback/<key>.html for each learner and class.html; returns the files.

    isolation: what protected the grader while learners' code ran, in words for the teacher. The
    same results give the same bytes. Pages are replaced in one step each; a page of somebody who is
    no longer in the collection stays.

    Raises NutgrafError when a file cannot be written, and for results that do not belong together.
    """
    everybody = marks(results, collected, sheets)
    folder = Path(out) / "feedback"
    learners = sorted(collected.learners, key=lambda one: order(one.key))
    files = [
        put(folder / f"{learner.key}.html", _bytes(feedback(learner, row)), wait=False)
        for learner, row in zip(learners, everybody, strict=True)
    ]
    page = overview(everybody, collected, asked(collected, sheets), isolation)
    return [*files, put(Path(out) / "class.html", _bytes(page))]


def _bytes(page: str) -> bytes:
    return page.encode("utf-8", "replace")


# --- a learner's page ----------------------------------------------------------------------------


def feedback(learner: Learner, row: Sequence[Mark]) -> str:
    """The page of one learner, from their marks."""
    rows = [
        [
            f'<a href="#{_id(mark.sheet)}">{_text(mark.sheet.title)}</a>',
            _points(mark),
            _outcome(_whole(mark)),
        ]
        for mark in row
    ]
    open_ones = [mark for mark in row if mark.outcome not in ("correct", NOT_HANDED_IN)]
    if row and all(mark.outcome == "correct" for mark in row):
        begin = "Every test of every exercise here holds. Well done."
    elif open_ones:
        begin = "What did not hold yet is where there is something to find out. Take one at a time."
    else:
        begin = "Here is how your exercises stand."
    total = ""
    if row and not any(mark.look for mark in row):
        points = number(math.fsum(mark.points for mark in row))
        total = f"<p><b>{points} of {_out_of(row)} points.</b></p>\n"
    elif row:
        total = "<p>Your points will be complete when your teacher has looked at the rest.</p>\n"
    name = _name(learner.name)
    body = f"<h1>Feedback for {name}</h1>\n<p>{begin}</p>\n{total}"
    columns = ["Exercise", "Points", "How it stands"]
    body += _table("Your exercises", columns, rows, numbers={1})
    body += "".join(_exercise(mark) for mark in row)
    return _page(f"Feedback for {learner.name}", body)


def _whole(mark: Mark) -> _Said:
    """How an exercise stands as a whole."""
    if mark.look:
        outcome = next(c.outcome for c in mark.cells if c.outcome in _ASKS)
        return _SAID.get(outcome, _UNKNOWN)
    if mark.points and mark.outcome != "correct":
        return _Said("◐", "partly correct", "", "next")
    return _SAID.get(mark.outcome, _UNKNOWN)


_ASKS = ("not testable", "unreadable", NO_RESULT)


def _exercise(mark: Mark) -> str:
    head = f'<h2 id="{_id(mark.sheet)}">{_text(mark.sheet.title)}</h2>\n'
    if not mark.handed_in:
        return f"{head}<p>{_outcome(_SAID[NOT_HANDED_IN])}</p>\n{_then([NOT_HANDED_IN])}"
    rows = [
        [
            _text(_test(cell.grade_id, mark.sheet)),
            f"{'?' if cell.outcome in _ASKS else number(cell.points)} of {number(cell.out_of)}",
            _outcome(_SAID.get(cell.outcome, _UNKNOWN)) + _message(cell),
        ]
        for cell in mark.cells
    ]
    table = _table("Its tests", ["Test", "Points", "How it went"], rows, numbers={1}, kind="tests")
    return head + table + _then([cell.outcome for cell in mark.cells])


def _then(outcomes: Iterable[str]) -> str:
    """What to do next: once for each kind of outcome."""
    said = dict.fromkeys(_SAID.get(one, _UNKNOWN).then for one in outcomes)
    words = [one for one in said if one]
    if not words:
        return '<p class="then">There is nothing left to do here.</p>\n'
    return "".join(f'<p class="then"><b>Next:</b> {_text(one)}</p>\n' for one in words)


def _message(cell: CellResult) -> str:
    """What a learner reads about a test cell: every line of it, as text."""
    lines = [plain(line) for line in cell.message.splitlines()]
    words = "\n".join(lines).strip("\n")
    if not words.strip() or cell.outcome == "correct":
        return ""
    return f'<div class="message" dir="auto">{escape(words)}</div>'


def _test(grade_id: str, sheet: Sheet) -> str:
    """A test's name for people: "E03-small" is "small"."""
    bare = re.sub(rf"^{re.escape(sheet.exercise)}[-_. ]*", "", grade_id)
    return re.sub(r"[-_]+", " ", bare).strip() or grade_id


# --- the teacher's page --------------------------------------------------------------------------


def overview(
    everybody: Sequence[Sequence[Mark]],
    collected: Collected,
    sheets: Sequence[Sheet],
    isolation: str,
) -> str:
    """The page of a class: which exercise, which mistake, how many."""
    people, files = len(collected.learners), len(collected.submissions)
    by_exercise = [
        [mark for row in everybody for mark in row if mark.sheet == sheet] for sheet in sheets
    ]
    body = (
        f"<h1>How the class did</h1>\n<p>{_count(people, 'learner')}, "
        f"{_count(files, 'notebook')} handed in.</p>\n"
    )
    body += "".join(f"<p>{_text(line)}</p>\n" for line in isolation.splitlines() if line.strip())
    body += _to_look_at(everybody)
    rows = [_row_of(sheet, some, people) for sheet, some in zip(sheets, by_exercise, strict=True)]
    columns = ["Exercise", "Handed in", "Correct", "Partly", "Not yet", "Not attempted"]
    columns += ["To look at", "Mean points"]
    body += "<h2>The exercises</h2>\n"
    body += _table(
        "How each exercise went. Mean points are those of who handed it in and needs no look.",
        columns,
        rows,
        numbers=set(range(1, len(columns))),
        wide=True,
    )
    body += "<h2>What did not hold</h2>\n"
    said = "".join(_messages(some) for some in by_exercise if some)
    body += said or "<p>Every test holds for everybody who handed something in.</p>\n"
    body += _learners(everybody, sheets)
    body += _notes(everybody)
    body += _problems(collected)
    return _page("How the class did", body)


def _to_look_at(everybody: Sequence[Sequence[Mark]]) -> str:
    some = [mark for row in everybody for mark in row if mark.look]
    head = "<h2>Look at these yourself</h2>\n"
    if not some:
        return f"{head}<p>There is nothing that only a person can decide.</p>\n"
    rows = [
        [_link(mark.learner), _text(mark.sheet.title), _why(mark)]
        for mark in sorted(some, key=lambda one: (one.sheet.exercise, order(one.learner.key)))
    ]
    return (
        f"{head}<p>A right answer might be behind them. They have no grade in the files for "
        "learning platforms until you give one there.</p>\n"
        + _table("For a person to decide", ["Learner", "Exercise", "Why"], rows)
    )


def _why(mark: Mark) -> str:
    cell = next(cell for cell in mark.cells if cell.outcome in _ASKS)
    words = OUTCOMES.get(cell.outcome, "there is a file, and no result for it")
    reasons = [words.partition(":")[0], plain(" ".join(cell.message.split())), *mark.notes]
    return "<br>".join(_text(one) for one in dict.fromkeys(reasons) if one)


def _row_of(sheet: Sheet, some: Sequence[Mark], people: int) -> list[str]:
    """An exercise's row; its numbers from "Correct" on add up to those who handed it in."""
    handed_in = [mark for mark in some if mark.handed_in]
    graded = [mark for mark in handed_in if not mark.look]
    kinds = Counter(
        "look"
        if mark.look
        else "correct"
        if mark.outcome == "correct"
        else "partly"
        if mark.points
        else "not attempted"
        if all(cell.outcome == "not attempted" for cell in mark.cells)
        else "not yet"
        for mark in handed_in
    )
    title = _text(sheet.title)
    mean = math.fsum(mark.points for mark in graded) / len(graded) if graded else 0
    return [
        f'<a href="#{_id(sheet)}">{title}</a>' if _told(some) else title,
        f"{len(handed_in)} of {people}",
        *(str(kinds[kind]) for kind in ("correct", "partly", "not yet", "not attempted", "look")),
        f"{mean:.1f} of {number(sheet.out_of)}" if graded else "–",
    ]


def _told(some: Sequence[Mark]) -> dict[tuple[str, str, str], list[Learner]]:
    """What learners were told that did not hold: (test, outcome, message) -> whom."""
    who: dict[tuple[str, str, str], list[Learner]] = {}
    for mark in some:
        for cell in mark.cells:
            if cell.outcome not in ("correct", NOT_HANDED_IN, *_ASKS):
                key = (cell.grade_id, cell.outcome, cell.message)
                who.setdefault(key, []).append(mark.learner)
    return who


def _messages(some: Sequence[Mark]) -> str:
    """What learners were told about an exercise, the commonest first."""
    sheet = some[0].sheet
    places = [name for name, _ in sheet.cells]
    if not (who := _told(some)):
        return ""
    ranked = sorted(
        who.items(), key=lambda one: (-len(one[1]), places.index(one[0][0]), one[0][1:])
    )
    rows = []
    for (grade_id, outcome, message), learners in ranked[:MOST_MESSAGES]:
        shown = _SAID.get(outcome, _UNKNOWN)
        shown = _Said(shown.sign, outcome, "", shown.kind)
        cell = CellResult(grade_id, 0, 0, outcome, message)
        rows.append(
            [
                _text(_test(grade_id, sheet)),
                str(len(learners)),
                _outcome(shown) + _message(cell),
                _people(learners),
            ]
        )
    more = len(ranked) - MOST_MESSAGES
    rest = f"<p>And {_count(more, 'rarer message')}, in grades.csv.</p>\n" if more > 0 else ""
    columns = ["Test", "How many", "What they read", "Who"]
    return (
        f'<h3 id="{_id(sheet)}">{_text(sheet.title)}</h3>\n'
        f"{_table(f'{sheet.exercise}, the commonest first', columns, rows, numbers={1})}{rest}"
    )


def _people(learners: Sequence[Learner]) -> str:
    more = len(learners) - MOST_NAMES
    some = ", ".join(_link(one, one.key) for one in learners[:MOST_NAMES])
    return f"{some} and {more} more" if more > 0 else some


def _learners(everybody: Sequence[Sequence[Mark]], sheets: Sequence[Sheet]) -> str:
    rows = []
    for row in everybody:
        if not row:
            continue
        learner = row[0].learner
        late = " (late)" if learner.late else ""
        points = [
            "?" if mark.look else number(mark.points) if mark.handed_in else "–" for mark in row
        ]
        total = number(math.fsum(mark.points for mark in row))
        rows.append(
            [
                f"{_link(learner)}{late}",
                *points,
                "?" if any(mark.look for mark in row) else total,
            ]
        )
    columns = ["Learner", *(sheet.exercise for sheet in sheets), "All"]
    caption = "Points. Each name leads to the learner’s page; – not handed in, ? to look at."
    if not rows:
        return "<h2>The learners</h2>\n<p>Nobody handed in anything.</p>\n"
    numbers = set(range(1, len(columns)))
    return f"<h2>The learners</h2>\n{_table(caption, columns, rows, numbers=numbers, wide=True)}"


def _notes(everybody: Sequence[Sequence[Mark]]) -> str:
    rows = [
        [_link(mark.learner), _text(mark.sheet.exercise), _text(note)]
        for row in everybody
        for mark in row
        if not mark.look
        for note in mark.notes
    ]
    if not rows:
        return ""
    head = "<h2>What was odd about files</h2>\n<p>They were graded all the same.</p>\n"
    return head + _table("Odd files", ["Learner", "Exercise", "What"], rows)


def _problems(collected: Collected) -> str:
    head = "<h2>What could not be used</h2>\n"
    if not collected.problems:
        return f"{head}<p>All that was handed in could be used.</p>\n"
    lines = "".join(f'<li dir="auto">{_text(line)}</li>\n' for line in collected.problems)
    return f"{head}<ul>\n{lines}</ul>\n"


# --- pieces --------------------------------------------------------------------------------------


def _text(words: str) -> str:
    return escape(plain(" ".join(words.split())))


def _name(name: str) -> str:
    return f"<bdi>{_text(name)}</bdi>"


def _link(learner: Learner, words: str = "") -> str:
    """A link from the overview to a learner's page."""
    address = quote(f"feedback/{learner.key}.html", errors="replace")
    return f'<a href="{escape(address)}">{_name(words or learner.name)}</a>'


def _id(sheet: Sheet) -> str:
    return re.sub(r"\W", "-", sheet.exercise)


def _count(how_many: int, what: str) -> str:
    return f"{how_many:,} {what}{'' if how_many == 1 else 's'}"


def _points(mark: Mark) -> str:
    points = "?" if mark.look else number(mark.points)
    return f"{points} of {number(mark.sheet.out_of)}"


def _out_of(row: Sequence[Mark]) -> str:
    return number(math.fsum(mark.sheet.out_of for mark in row))


def _outcome(said: _Said) -> str:
    sign = f'<span class="sign" aria-hidden="true">{said.sign}</span>'
    return f'<span class="outcome {said.kind}">{sign} {_text(said.words)}</span>'


def _table(
    caption: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    numbers: set[int] | None = None,
    wide: bool = False,
    kind: str = "",
) -> str:
    """A table whose cells are HTML already; the first of a row is its heading.

    numbers: the columns to set on the right; wide: it may have to scroll in a narrow window;
    kind: its class.
    """
    right = numbers or set()

    def side(place: int) -> str:
        return ' class="number"' if place in right else ""

    top = "".join(f'<th scope="col"{side(n)}>{_text(one)}</th>' for n, one in enumerate(columns))
    body = "".join(
        f'<tr><th scope="row">{row[0]}</th>'
        + "".join(f"<td{side(n)}>{one}</td>" for n, one in enumerate(row[1:], start=1))
        + "</tr>\n"
        for row in rows
    )
    named = f' class="{kind}"' if kind else ""
    table = (
        f"<table{named}><caption>{_text(caption)}</caption>\n<thead><tr>{top}</tr></thead>\n"
        f"<tbody>\n{body}</tbody></table>\n"
    )
    if not wide:
        return table
    # The keyboard scrolls what has the focus.
    return (
        f'<div class="wide" role="group" tabindex="0" aria-label="{_text(caption)}">{table}</div>\n'
    )


def _page(title: str, body: str) -> str:
    safe = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{safe}">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{_text(title)}</title>\n<style>{_STYLE}</style>\n</head>\n"
        f"<body>\n<main>\n{body}</main>\n</body>\n</html>\n"
    )


_STYLE = """
:root { color-scheme: light dark; --text: #1c1c1c; --page: #fff; --soft: #555; --line: #767676;
  --band: #f3f3f1; --link: #0b4fae; --good: #1a6b2d; --next: #9c2f13; --look: #57534a; }
@media screen and (prefers-color-scheme: dark) {
  :root { --text: #e9e7e3; --page: #1a1b1e; --soft: #b9b6b0; --line: #8b8b8b; --band: #26282c;
    --link: #8fb8ff; --good: #86d694; --next: #ffae96; --look: #cfcabf; } }
* { box-sizing: border-box; }
body { font: 1rem/1.5 "Source Sans 3", "Segoe UI", "Helvetica Neue", Arial, "Noto Sans", sans-serif;
  color: var(--text); background: var(--page); margin: 0 auto; max-width: 64rem;
  padding: 1.5rem; overflow-wrap: anywhere; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 0.5rem; }
h2 { font-size: 1.25rem; margin: 2rem 0 0.4rem; padding-top: 0.6rem;
  border-top: 2px solid var(--text); }
h3 { font-size: 1.05rem; margin: 1.4rem 0 0.3rem; }
h2, h3, h2 + p, caption, thead { break-after: avoid; }
p { margin: 0 0 0.7rem; max-width: 44rem; }
a { color: var(--link); }
:focus-visible { outline: 3px solid var(--text); outline-offset: 2px; }
.wide { overflow-x: auto; }
.wide th, .wide td { overflow-wrap: normal; }
table { border-collapse: collapse; width: 100%; margin: 0.5rem 0 1rem; font-size: 0.95rem; }
caption { text-align: left; color: var(--soft); padding: 0 0 0.3rem; font-size: 0.9rem; }
th, td { text-align: left; vertical-align: top; padding: 0.4rem 0.6rem;
  border-bottom: 1px solid var(--line); overflow-wrap: break-word; }
thead th { border-bottom: 2px solid var(--text); vertical-align: bottom; font-size: 0.9rem; }
tbody th { font-weight: 600; }
tr { break-inside: avoid; }
.number { text-align: right; }
td.number { white-space: nowrap; font-variant-numeric: tabular-nums; width: 1%; }
.outcome { font-weight: 600; }
.sign { display: inline-block; min-width: 1em; text-align: center; }
.good { color: var(--good); }
.next { color: var(--next); }
.look { color: var(--look); }
.tests tbody th { width: 16%; }
.tests td.number { width: 9%; }
.message { white-space: pre-wrap; margin-top: 0.2rem; max-width: 44rem; }
.then { padding: 0.5rem 0.8rem; background: var(--band); border-left: 4px solid var(--line); }
@page { margin: 16mm 15mm; }
@media print { body { padding: 0; max-width: none; font-size: 10.5pt; }
  .wide { overflow: visible; } a { color: inherit; text-decoration: none; }
  .then { background: none; } }
"""
