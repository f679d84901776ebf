"""Quizzes in a notebook: `quiz`, `predict`, `recheck`, and `answer` for when widgets are missing.

The widget shows what `state_of` says; this module keeps answers and marks them, so that a saved
notebook or a browser holds no key, and a notebook that is run again shows the answers given.
"""

from __future__ import annotations

from functools import cache
from html import escape
from itertools import pairwise
from pathlib import Path
from string import ascii_lowercase
from typing import Any

from nutgraf import answers, quizzes
from nutgraf.errors import NutgrafError

STATIC = Path(__file__).parent / "static"
PARTS = ("marking", "quiz")
"""Files of the front end, in the order in which they make one module."""

TITLES = {"right": "Right.", "defensible": "A defensible reading.", "not yet": "Not yet."}
SIGNS = {"right": "✓", "defensible": "◐", "not yet": "✗", "missed": "○"}
GUESS_TITLES = {**TITLES, "right": "As you guessed.", "not yet": "Not what you guessed."}
TRIES_BEFORE_ANSWER = 2
FAITHFUL_SAYS = "As short, and faithful to the article:"
RECHECK_GAP = 2
"""A confident error comes back so many lessons later, and at most so many at once."""


def quiz(*what: str) -> None:
    """Show quiz items: `quiz("T1", "T2")`, or a lesson's whole set: `quiz("03")`."""
    _show(quizzes.pick(*what), "quiz")


def predict(*what: str) -> None:
    """Ask for a guess before the cell that reveals the answer; no verdict until then."""
    _show(quizzes.pick(*what), "predict")


def recheck(lesson: str) -> None:
    """Ask once more what `lesson` is to ask again, and the learner's own confident errors."""
    items = due(lesson, answers.read(answers.answers_file()))
    if items:
        _show(items, "recheck")
    else:
        _display(Readable("Nothing to ask again here: no earlier answer was certain and wrong."))


def due(lesson: str, records: list[dict[str, Any]]) -> list[quizzes.Item]:
    """The items that `recheck(lesson)` asks: those marked `again: lesson`, then at most two
    of the learner's confident errors from lessons at least two before it.

    A distorted summary does not come back: it is never shown alone.
    """
    known = quizzes.all_items()
    items = [item for item in known.values() if item.again == lesson]
    errors = [known[item_id] for item_id in answers.confident_errors(records) if item_id in known]
    old = [
        item
        for item in errors
        if int(item.lesson[:2]) <= int(lesson) - RECHECK_GAP and not item.distorted
    ]
    return list({item.id: item for item in items + old[:RECHECK_GAP]}.values())


def answer(item_id: str, given: Any, sure: str = "guess") -> None:
    """Answer without the widget: prints what the kit says of it, and keeps the answer.

    given: a number or words; an option's letter ("b"), several letters ("a c"), letters in
    order ("c a b"), rows with their category ("1a 2b"), or the words you would mark in a
    passage ("one stretch; another stretch", or "nothing").
    """
    (item,) = quizzes.pick(item_id)
    if sure not in quizzes.SURE:
        raise NutgrafError(f"sure={sure!r}: choose one of {', '.join(map(repr, quizzes.SURE))}.")
    desk = Desk([item], "quiz")
    desk.act(item, {"do": "answer", "answer": _from_letters(item, given), "sure": sure})
    state = desk.states[item.id]
    texts = [part.text for part in quizzes.order_for(item, desk.learner)]
    lines = [state["title"], *state["says"]]
    lines += [f"{texts[int(place)]} – {says}" for place, (_, says) in state["parts"].items()]
    lines += [f"{SIGNS[m['verdict']]} {m['quote']} – {m['says']}" for m in state["marks"]]
    lines += [f"In the article: {quote}" for quote in state["evidence"]]
    print("\n".join(line for line in [*lines, state["note"]] if line))


# --- what the learner sees of an item --------------------------------------------------------


def state_of(
    item: quizzes.Item, records: list[dict[str, Any]], mode: str, learner: str
) -> dict[str, Any]:
    """All that the front end shows of an item, worked out from the kept records alone.

    The answer is marked anew with today's key, so a mended item mends its old verdicts.
    """
    state: dict[str, Any] = {
        "answer": None, "sure": "", "outcome": "", "title": "", "says": [], "parts": {},
        "marks": [], "hints": [], "evidence": [], "can_show": False, "can_compare": False,
        "note": "",
    }  # fmt: skip
    given = _answers(records)
    state["hints"] = list(item.hints[: sum(r.get("did") == "hint" for r in records)])
    shown = any(r.get("did") == "shown" for r in records)
    if not given:
        return state
    last = given[-1]
    places = quizzes.to_places(item, learner, last.get("answer"))
    if places is None:
        state["note"] = "This question has changed since you answered it. Please answer again."
        return state
    state |= {"answer": places, "sure": last.get("sure", "")}
    mark = quizzes.mark(item, last["answer"])
    if mode == "predict" and not _after(records, "compared", last):
        words = quizzes.SURE.get(state["sure"], "a guess")
        state |= {
            "outcome": "kept",
            "title": "Your guess is kept.",
            "says": [f"You are {words}." if words != "a guess" else "You are guessing.",
                     "Now run the next cell, then come back and compare."],
            "can_compare": True,
        }  # fmt: skip
        return state
    state |= {
        "outcome": mark.verdict,
        "title": (GUESS_TITLES if mode == "predict" else TITLES).get(mark.verdict, ""),
        "says": list(mark.says),
        "parts": _at_places(item, learner, mark.parts),
        "marks": list(mark.spans),
    }
    wrong_guess = mode == "predict" and not mark.passed
    if shown or wrong_guess:
        state["says"].append(f"The answer: {quizzes.in_words(item, quizzes.key(item))}.")
        right = {p.id: ("right", p.says) for p in item.parts if p.right is True or p.goes}
        state["parts"] |= _at_places(item, learner, right)
        state["marks"] += quizzes.missed(item, mark)
        state["marks"].sort(key=lambda one: one["start"])
    if mark.passed or shown or wrong_guess:
        state["evidence"] = [quote["quote"] for quote in item.evidence]
    tries = 1 + sum(one.get("answer") != other.get("answer") for one, other in pairwise(given))
    stuck = tries >= TRIES_BEFORE_ANSWER and not mark.passed and not shown
    state["can_show"] = stuck and mode != "predict"
    return state


def _answers(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [r for r in records if r.get("did") == "answered"]


def _after(records: list[dict[str, Any]], did: str, record: dict[str, Any]) -> bool:
    return any(later.get("did") == did for later in records[records.index(record) + 1 :])


def _at_places(item: quizzes.Item, learner: str, parts) -> dict[str, list[str]]:
    places = {part.id: place for place, part in enumerate(quizzes.order_for(item, learner))}
    return {str(places[part]): list(said) for part, said in parts.items() if part in places}


class Desk:
    """The items shown together, and the learner's answers to them as far as they are kept."""

    def __init__(self, items: list[quizzes.Item], mode: str):
        self.items = {item.id: item for item in items}
        self.mode = mode
        self.path = answers.answers_file()
        self.learner = answers.learner(self.path)
        every = answers.read(self.path)
        self.records = {name: answers.of_item(every, name, mode) for name in self.items}
        self.states = {name: self._state(name) for name in self.items}

    def _state(self, name: str) -> dict[str, Any]:
        return state_of(self.items[name], self.records[name], self.mode, self.learner)

    def act(self, item: quizzes.Item, message: dict[str, Any]) -> None:
        """Do what the learner asked for, keep it, and bring `states` up to date."""
        did = message.get("do")
        record = {"item": item.id, "mode": self.mode}
        if did == "answer":
            given = quizzes.from_places(item, self.learner, message.get("answer"))
            mark = quizzes.mark(item, given)
            if mark.verdict == "not attempted":
                asked = {"outcome": "", "title": "", "says": list(mark.says)}
                asked |= {"parts": {}, "marks": []}
                self.states = self.states | {item.id: self._state(item.id) | asked}
                return
            sure = message.get("sure")
            sure = sure if sure in quizzes.SURE else "guess"
            record |= {"did": "answered", "answer": given, "sure": sure, "verdict": mark.verdict}
        elif did in ("hint", "show", "compare"):
            record["did"] = {"hint": "hint", "show": "shown", "compare": "compared"}[did]
        else:
            return
        self.records[item.id].append(record)
        note = ""
        try:
            answers.append(self.path, **record)
        except OSError as problem:
            reason = problem.strerror or problem
            note = (
                f"Not saved: {self.path.name} cannot be written ({reason}). `nutgraf check` helps."
            )
        state = self._state(item.id)
        self.states = self.states | {item.id: state | ({"note": note} if note else {})}


def ending_of(desk: Desk, text: str, enough: bool) -> dict[str, Any]:
    """What comes last: {} when no `text` has to follow these items, else `says` and `text`.

    The text comes when every summary is checked, or when the learner has had enough.
    """
    if not text:
        return {}
    summaries = [item for item in desk.items.values() if item.summary]
    marks = [
        quizzes.mark(item, _answers(desk.records[item.id])[-1]["answer"])
        for item in summaries
        if desk.states[item.id]["outcome"] not in ("", "kept")
    ]
    if len(marks) < len(summaries):
        return {"says": [FAITHFUL_SAYS] if enough else [], "text": text if enough else ""}
    hits, alarms = sum(m.hits for m in marks), sum(m.false_alarms for m in marks)
    total = (
        f"All {len(marks)} passages together: found {hits} of {sum(m.wanted for m in marks)}, "
        f"marked in error {alarms}. Score: {hits - alarms}."
    )
    return {"says": [total, FAITHFUL_SAYS], "text": text}


# --- on the page -----------------------------------------------------------------------------


class Readable:
    """Words for the page, with a twin for places that show plain text only."""

    def __init__(self, text: str, html: str | None = None):
        self.text = text
        self.html = html or f"<p>{escape(text)}</p>"

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        return self.html


@cache
def widget_class():
    """The widget's class; made on first use, since importing anywidget takes a while."""
    import anywidget
    import traitlets

    class Quiz(anywidget.AnyWidget):
        """A set of items as native HTML controls; see `static/quiz.js`."""

        _esm = "\n".join((STATIC / f"{name}.js").read_text("utf-8") for name in PARTS)
        _css = "\n".join((STATIC / f"{name}.css").read_text("utf-8") for name in PARTS)
        mode = traitlets.Unicode("quiz").tag(sync=True)
        items = traitlets.List().tag(sync=True)
        states = traitlets.Dict().tag(sync=True)
        ending = traitlets.Dict().tag(sync=True)

        def __init__(self, items: list[quizzes.Item], mode: str = "quiz"):
            self.ends_on, self.enough = quizzes.faithful(items), False
            self.desk = Desk(items, "quiz" if mode == "spot" else mode)
            shown = [quizzes.public(item, self.desk.learner) for item in items]
            ending = ending_of(self.desk, self.ends_on, enough=False)
            super().__init__(mode=mode, items=shown, states=self.desk.states, ending=ending)
            self.on_msg(self._asked)

        def _asked(self, _widget, message, _buffers) -> None:
            if not isinstance(message, dict):
                return
            item = self.desk.items.get(message.get("item"))
            if item is not None:
                self.desk.act(item, message)
                self.states = self.desk.states
                self.send({"heard": item.id})
            self.enough = self.enough or message.get("do") == "enough"
            self.ending = ending_of(self.desk, self.ends_on, self.enough)

        def __repr__(self) -> str:
            return f"<Quiz {' '.join(self.desk.items)}>"

    return Quiz


def _show(items: list[quizzes.Item], mode: str) -> None:
    widget = widget_class()(items, mode)
    _display(widget)
    _display(twin(items, mode, widget.desk.learner, widget.ends_on))


def _display(thing: Any) -> None:
    from IPython.display import display

    display(thing)


def twin(items: list[quizzes.Item], mode: str, learner: str, ends_on: str = "") -> Readable:
    """The questions as text: what a notebook without a kernel or without widgets shows.

    ends_on: the faithful summary that has to stand below distorted ones.
    """
    lines: list[str] = []
    blocks: list[str] = []
    for item in items:
        texts = [part.text for part in quizzes.order_for(item, learner)]
        numbered = item.kind == "match"
        marks = [str(i + 1) if numbered else ascii_lowercase[i] for i in range(len(texts))]
        rows = [f"{m}) {text}" for m, text in zip(marks, texts, strict=True)]
        rows += item.passage.splitlines()
        sorts = [f"{ascii_lowercase[i]}) {text}" for i, (_, text) in enumerate(item.categories)]
        ways = {
            "single": '"a"', "multiple": '"a c"', "number": "12", "text": '"your words"',
            "order": f'"{" ".join(marks)}"', "match": '"1a 2b"',
            "span": '"words you mark; more words"',
        }  # fmt: skip
        how = f"Without buttons: from nutgraf import answer; answer({item.id!r}, {ways[item.kind]})"
        how += ', or "nothing"' if item.kind == "span" else ""
        lines += [item.prompt, *(f"  {row}" for row in rows)]
        lines += ["  Sort into:", *(f"  {sort}" for sort in sorts)] if sorts else []
        lines += [f"  {how}", ""]
        body = "".join(f"<br>{_with_code(row)}" for row in rows)
        body += "".join(f"<br>{escape(sort)}" for sort in ["Sort into:", *sorts]) if sorts else ""
        blocks.append(
            f"<p><strong>{_with_code(item.prompt)}</strong>"
            f'<span style="white-space: pre-wrap">{body}</span><br><em>{escape(how)}</em></p>'
        )
    if ends_on:
        lines += [FAITHFUL_SAYS, f"  {ends_on}"]
        blocks.append(f"<p>{escape(FAITHFUL_SAYS)}<br>{escape(ends_on)}</p>")
    return Readable("\n".join(lines).rstrip(), f'<div class="nutgraf-twin">{"".join(blocks)}</div>')


def _with_code(text: str) -> str:
    """The words as HTML, `code` in backticks as such, and nothing in them taken for markup."""
    parts = text.split("`")
    return "".join(f"<code>{escape(p)}</code>" if i % 2 else escape(p) for i, p in enumerate(parts))


def _from_letters(item: quizzes.Item, given: Any) -> Any:
    """What a person passes to `answer` as places in their own order."""
    if item.kind in ("number", "text"):
        return given
    if item.kind == "span":
        return _from_words(item, given)
    if not isinstance(given, str):
        raise NutgrafError(f'{item.id}: name the letters you see, as in answer("{item.id}", "a").')
    tokens = given.lower().replace(",", " ").split()
    letters = ascii_lowercase[: max(len(item.parts), len(item.categories))]
    if item.kind == "match":
        places: list[int | None] = [None] * len(item.parts)
        for token in tokens:
            row, letter = token[:-1], token[-1:]
            if not (row.isdigit() and 0 < int(row) <= len(places) and letter in letters):
                raise NutgrafError(f'{item.id}: {token!r} is no row with its letter, as in "1a".')
            places[int(row) - 1] = letters.index(letter)
        return places
    if len(tokens) == 1 and item.kind != "single":
        tokens = list(tokens[0])
    unknown = [token for token in tokens if len(token) != 1 or token not in letters]
    if unknown or not tokens:
        raise NutgrafError(f"{item.id}: {given!r} is none of the letters {', '.join(letters)}.")
    picked = [letters.index(token) for token in tokens]
    return picked[0] if item.kind == "single" else picked


def _from_words(item: quizzes.Item, given: Any) -> list[tuple[int, int]]:
    """The spans in a passage of the words that a person passes to `answer`."""
    phrases = given.split(";") if isinstance(given, str) else []
    phrases = [phrase.strip() for phrase in phrases if phrase.strip()]
    if not phrases:
        raise NutgrafError(
            f'{item.id}: name the words to mark, as in answer("{item.id}", "some words; others"), '
            'or "nothing".'
        )
    if [quizzes.fold(phrase) for phrase in phrases] == ["nothing"]:
        return []
    spans = []
    for phrase in phrases:
        places = quizzes.occurrences(item.passage, phrase)
        if len(places) != 1:
            places = quizzes.occurrences(item.passage, phrase, loosely=True)
        if not places:
            raise NutgrafError(
                f"{item.id}: {phrase!r} is not in the passage. Copy the words as they stand there; "
                "a semicolon parts one stretch from the next."
            )
        if len(places) > 1:
            raise NutgrafError(
                f"{item.id}: {phrase!r} stands in the passage {len(places)} times. Add the word "
                "before or after it."
            )
        if places[0][0] < len(item.watermark):
            raise NutgrafError(f"{item.id}: the label in brackets is no part of the text to mark.")
        spans += places
    return spans
