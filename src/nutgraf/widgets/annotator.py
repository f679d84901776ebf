"""Marking an article in a notebook: `annotate`.

The widget shows what the journal holds, and nothing else: a change is first on the disk
(`nutgraf.journal`), then on the screen. The kernel sends what has changed, not all marks. Without
widgets there is `twin`: the marks as a table, and how to mark in code.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import regex

from nutgraf import adjudicating
from nutgraf.annotating import (
    PATTERNS,
    TINT,
    Example,
    Label,
    Layer,
    Mark,
    Scheme,
    as_article,
    load_scheme,
    reanchor,
    reference_layer,
    sentence_spans,
    text_sha256,
    validate_layer,
)
from nutgraf.errors import NutgrafError
from nutgraf.journal import Journal, journal_file, read_journal
from nutgraf.widgets.quiz import STATIC, Readable

if TYPE_CHECKING:
    from nutgraf.article import Article

COMPARE_AFTER = 5
"""So many marks of one's own come before a look at the reference."""

UNDO, REDO = "Undo with Ctrl+Z.", "Redo with Ctrl+Shift+Z."
YOU, REFERENCE = "you", "the reference"

ADVICE = {
    "not marked by all": "One of you marked this. Say why, or why not.",
    "different words": "Compare where the two begin and end.",
    "different tags": "Compare the two definitions, then say which you would keep.",
    "one tag is missing": "One of you has no tag here. Decide on one together.",
}
"""What to do about a difference, by the `why` of `adjudicating.side_by_side`."""


def annotate(
    article: Article | str,
    scheme: Scheme | str = "newsmarks-7",
    *,
    show: Iterable[Layer] | Mapping[str, Layer] | None = None,
) -> None:
    """Show the article for marking: `annotate(load())`.

    The marks are kept in the learner's folder, every change at once; the cell run again goes on
    with them. show: layers of others, such as a classmate's, drawn beside one's own and compared
    with them; a dict names them. Raises NutgrafError when there is no such scheme, or when a layer
    in `show` is of another text or scheme.
    """
    from IPython.display import display

    desk = Desk(article, scheme, show)
    display(widget_class()(desk))
    display(twin(desk))


def marks_file(article: Article | str, scheme: Scheme | str = "newsmarks-7") -> Path:
    """Where the marks are kept: `journal_file`, with the scheme in its name unless it is ours."""
    name = scheme.name if isinstance(scheme, Scheme) else scheme
    path = journal_file(article)
    return path if name == "newsmarks-7" else path.with_name(f"{path.stem}-{name}{path.suffix}")


# --- what the learner sees and does ----------------------------------------------------------


class Desk:
    """An article on the desk, with the journal of the marks on it.

    problem: why the journal could not be opened, with the way out, or ""; version: counts the
    changes that have been told of, so that a view notices when it has missed one.
    """

    def __init__(
        self,
        article: Article | str,
        scheme: Scheme | str = "newsmarks-7",
        show: Iterable[Layer] | Mapping[str, Layer] | None = None,
    ) -> None:
        self.article = as_article(article)
        self.scheme = scheme if isinstance(scheme, Scheme) else load_scheme(scheme)
        self.path = marks_file(self.article, self.scheme)
        self.shown = _named(show, self.article, self.scheme)
        self.reference = _reference(self.article, self.scheme)
        self.starts = [start for start, _ in sentence_spans(self.article)]
        self.journal: Journal | None = None
        self.problem = ""
        self.movable = False
        self.seen: dict[str, Mark] = {}
        self.version = 0
        self.compared: dict[str, Any] = {}
        self.open()

    def open(self) -> None:
        """Open the journal, or say in `problem` why that cannot be."""
        self.problem, self.movable = "", False
        try:
            self.journal = Journal.open(self.path, self.article, self.scheme)
            layer = self.journal.layer()
        except NutgrafError as error:
            self.journal, self.problem = None, str(error)
            self.movable = self._of_another_text()
            return
        self.seen = {mark.id: mark for mark in layer.marks}
        if self.shown:
            self.compared = self._compare(layer, with_reference=False)

    def task(self) -> dict[str, Any]:
        """What does not change while the widget is open."""
        text = self.article.text
        return {
            "text": text,
            "stops": [place for stop in stops(self.article) for place in stop],
            "sentences": list(map(list, sentence_spans(self.article))),
            "paragraphs": self.article.paragraphs[["start", "end"]].to_numpy().tolist(),
            "labels": [_public_label(label) for label in self.scheme.labels],
            "rules": list(self.scheme.rules),
            "title": self.scheme.title,
            "tint": TINT,
            "file": self.path.name,
            "compare_after": COMPARE_AFTER if self.reference else 0,
        }

    def all(self) -> dict[str, Any]:
        """Everything that changes, for a view that is new or has missed something."""
        if self.journal is None:
            return {"problem": self.problem, "movable": self.movable}
        news = self._news()
        marks = [self._public(mark) for mark in self.seen.values()]
        return news | {"all": marks, "compared": self.compared, "damaged": self._damaged()}

    def act(self, message: Any) -> dict[str, Any]:
        """Do what was asked for; the answer has what changed, what to `say`, or the `trouble`."""
        does = _ACTS.get(str(message.get("do"))) if isinstance(message, dict) else None
        if does is None:
            return {}
        echo = {name: message.get(name) for name in ("view", "turn")}
        try:
            if self.journal is None and does not in _WITHOUT_JOURNAL:
                return echo | self.all()
            answer = does(self, message)
            whole = "all" in answer or "problem" in answer
            return echo | (answer if whole else self._news() | answer)
        except NutgrafError as error:
            return echo | {"trouble": str(error)} | self._after_trouble()

    # --- inside --------------------------------------------------------------------------------

    @property
    def _open(self) -> Journal:
        assert self.journal is not None
        return self.journal

    def _news(self) -> dict[str, Any]:
        """What has changed since it was last told, another kernel's marks included."""
        before, journal = self.seen, self._open
        after = {mark.id: mark for mark in journal.layer().marks}
        changed = [mark for id, mark in after.items() if before.get(id) != mark]
        gone = [id for id in before if id not in after]
        since = self.version
        if changed or gone:
            self.seen = after
            self.version += 1
        return {
            "since": since,
            "version": self.version,
            "set": [self._public(mark) for mark in changed],
            "gone": gone,
            "undo": journal.can_undo,
            "redo": journal.can_redo,
        }

    def _after_trouble(self) -> dict[str, Any]:
        """What changed all the same, if that can be found out."""
        try:
            return self._news() if self.journal else self.all()
        except NutgrafError:
            return {}

    def _damaged(self) -> list[str]:
        problems = self._open.problems
        return [f"Line {one.line}: {one.why}. It begins: {one.begins}" for one in problems]

    def _public(self, mark: Mark) -> dict[str, Any]:
        """A mark as the front end draws it; `needs` is what the note still has to say."""
        note = self.scheme.label(mark.label).note
        return {
            "id": mark.id,
            "label": mark.label,
            "kind": mark.kind,
            "spans": [list(one) for one in mark.spans],
            "sentence": max(0, bisect_right(self.starts, mark.start) - 1),
            "note": mark.note,
            "needs": "" if not note or mark.note.strip() else f"needs {_its(note)}",
        }

    def _where(self, start: int) -> str:
        return f"S{max(0, bisect_right(self.starts, start) - 1):02}"

    def _check_quote(self, message: dict[str, Any]) -> tuple[Any, Any]:
        """The span, when the words that the browser has there are those that the text has."""
        start, end, quote = (message.get(name) for name in ("start", "end", "quote"))
        numbers = type(start) is int and type(end) is int and 0 <= start <= end
        if not numbers or self.article.text[start:end] != quote:
            raise NutgrafError(
                "The words on the screen are not those of the text, so nothing was changed. Click "
                "this cell and press Shift+Enter."
            )
        return start, end

    def _of_another_text(self) -> bool:
        """Whether the journal is one on another version of the text, to be moved over."""
        try:
            layer, _ = read_journal(self.path)
        except NutgrafError:
            return False
        return layer.sha256 != text_sha256(self.article) and layer.scheme == self.scheme.name

    # What can be asked for; each gives what to say

    def _look(self, message: dict[str, Any]) -> dict[str, Any]:
        return self.all() if self.journal is None or message.get("all") else {}

    def _reopen(self, message: dict[str, Any]) -> dict[str, Any]:
        self.open()
        return self.all()

    def _move(self, message: dict[str, Any]) -> dict[str, Any]:
        """Move the marks of a journal on another version of the text over; that one is kept."""
        if not self.movable:
            return self.all()
        layer, _ = read_journal(self.path)
        moved, lost = reanchor(layer, self.article)
        kept = _free(self.path.with_name(f"{self.path.stem}-before-{layer.sha256[:8]}.jsonl"))
        fresh = _free(self.path.with_name(f"{self.path.stem}-moved.jsonl"))
        Journal.open(fresh, self.article, self.scheme).add_layer(moved)
        try:
            self.path.rename(kept)
            fresh.rename(self.path)
        except OSError as error:
            raise NutgrafError(
                f"{self.path.name} cannot be put aside ({error.strerror or error}). The moved "
                f"marks are in {fresh.name}; nothing is lost."
            ) from error
        self.open()
        says = f"Marks moved over: {len(moved.marks)}. The old ones stay in {kept.name}."
        if len(lost):
            rows = lost[["label", "quote", "why"]].itertuples(index=False)
            listed = "; ".join(f"{label} on {_brief(quote)} ({why})" for label, quote, why in rows)
            says += f" Not placed: {listed}."
        return self.all() | {"says": says}

    def _add(self, message: dict[str, Any]) -> dict[str, Any]:
        start, end = self._check_quote(message)
        before = self.seen
        mark = self._open.add(start, end, message.get("label"))
        words, label = _brief(mark.quote), self.scheme.label(mark.label)
        if before.get(mark.id) == mark:
            return {"says": f"{words} is {mark.label} already.", "mark": mark.id}
        if mark.kind == "tag":
            old = before.get(mark.id)
            instead = f" instead of {old.label}" if old else ""
            says = f"Tagged {self._where(mark.start)} as {mark.label}{instead}."
        else:
            says = f"Marked {words} as {mark.label}."
        ask = bool(label.note and not mark.note.strip())
        says += f" Now write {label.note}." if ask else ""
        return {"says": f"{says} {UNDO}", "mark": mark.id, "ask": ask}

    def _edit(self, message: dict[str, Any]) -> dict[str, Any]:
        changes = {name: message[name] for name in ("label", "note") if name in message}
        if "start" in message:
            changes["start"], changes["end"] = self._check_quote(message)
        before = self._open.layer()
        mark = self._open.edit(message.get("mark"), **changes)
        words = _brief(mark.quote)
        if mark in before.marks:
            return {"says": "", "mark": mark.id}
        if "start" in changes:
            says = f"{mark.label} is on: {words}."
        elif "label" in changes:
            says = f"{words} is {mark.label} now."
        else:
            says = f"Note on {words} {'kept' if mark.note.strip() else 'taken away'}."
        return {"says": f"{says} {UNDO}", "mark": mark.id}

    def _remove(self, message: dict[str, Any]) -> dict[str, Any]:
        mark = self._open.remove(message.get("mark"))
        return {"says": f"Removed {mark.label} on {_brief(mark.quote)}. {UNDO}"}

    def _undo(self, message: dict[str, Any]) -> dict[str, Any]:
        says = self._open.undo()
        return {"says": f"{says}. {REDO}" if says else "There is nothing to take back."}

    def _redo(self, message: dict[str, Any]) -> dict[str, Any]:
        says = self._open.redo()
        return {"says": f"{says}. {UNDO}" if says else "There is nothing to do again."}

    def _export(self, message: dict[str, Any]) -> dict[str, Any]:
        path = self._open.export()
        return {
            "says": f"Exported {_marks(len(self.seen))} to {path.name}, beside {self.path.name}."
        }

    def _compare_now(self, message: dict[str, Any]) -> dict[str, Any]:
        layer = self._open.layer()
        enough = self.reference is not None and len(layer.marks) >= COMPARE_AFTER
        if not enough and not self.shown:
            return {"says": f"Make {COMPARE_AFTER} marks of your own first, then compare."}
        self.compared = self._compare(layer, with_reference=enough)
        return {"says": self.compared["says"], "compared": self.compared}

    def _compare(self, layer: Layer, *, with_reference: bool) -> dict[str, Any]:
        """One's own marks beside those of others: `layers` to draw, `rows` of differences."""
        layers, rows = dict(self.shown), []
        for name, theirs in self.shown.items():
            rows += _beside(layer, name, theirs, self.article)
        if with_reference and self.reference is not None:
            layers[REFERENCE] = self.reference
            rows += _beside_reference(layer, self.article, self.scheme)
        names = ", ".join(layers)
        number = f"{len(rows)} difference{'' if len(rows) == 1 else 's'}"
        for row in rows:
            row["where"] = self._where(row["start"])
        return {
            "says": f"Compared with {names}: {number if rows else 'no difference'}.",
            "layers": [
                {"name": name, "marks": [self._public(mark) for mark in one.marks]}
                for name, one in layers.items()
            ],
            "rows": rows,
        }


_ACTS: dict[Any, Callable[[Desk, dict[str, Any]], dict[str, Any]]] = {
    "look": Desk._look,
    "open": Desk._reopen,
    "move": Desk._move,
    "add": Desk._add,
    "edit": Desk._edit,
    "remove": Desk._remove,
    "undo": Desk._undo,
    "redo": Desk._redo,
    "export": Desk._export,
    "compare": Desk._compare_now,
}
_WITHOUT_JOURNAL = (Desk._look, Desk._reopen, Desk._move)


def stops(article: Article) -> list[tuple[int, int]]:
    """Where the word cursor can stand: the words, and what stands between spaces without one.

    In scripts that put no spaces between words, every character is a stop.
    """
    found = []
    place, text = 0, article.text
    words = zip(article.words["start"].tolist(), article.words["end"].tolist(), strict=True)
    for start, end in [*words, (len(text), len(text))]:
        # A run with no word in it: it touches neither the word before nor the one behind.
        for run in regex.finditer(r"\S+", text, pos=place, endpos=start):
            alone = run.start() == 0 or text[run.start() - 1].isspace()
            if alone and (run.end() == len(text) or text[run.end()].isspace()):
                found.append(run.span())
        if _UNSPACED.search(text, start, end):
            found += [one.span() for one in _PIECES.finditer(text, pos=start, endpos=end)]
        elif start < end:
            found.append((start, end))
        place = end
    return found


_UNSPACED = regex.compile(
    r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}\p{Tibetan}]"
)
_PIECES = regex.compile(r"[A-Za-z0-9]+|\X")


def _named(
    show: Iterable[Layer] | Mapping[str, Layer] | None, article: Article, scheme: Scheme
) -> dict[str, Layer]:
    """The layers of others by name, once it is sure that they fit."""
    if isinstance(show, Layer):
        show = [show]
    pairs = (
        list(show.items())
        if isinstance(show, Mapping)
        else [(getattr(layer, "annotator", ""), layer) for layer in show or ()]
    )
    named: dict[str, Layer] = {}
    for given, layer in pairs:
        if not isinstance(layer, Layer):
            raise NutgrafError(
                f"show: {type(layer).__name__} is no layer. Read one from a file first: "
                "show=[read_journal(path)[0]]."
            )
        validate_layer(layer, article, scheme)
        name, number = str(given), 2
        while name in (*named, "", YOU, REFERENCE):
            name, number = f"{given or 'layer'} ({number})", number + 1
        named[name] = layer
    return named


def _reference(article: Article, scheme: Scheme) -> Layer | None:
    """The article's reference, if it has one for this scheme."""
    try:
        return reference_layer(article, scheme.name)
    except NutgrafError:
        return None


def _beside(mine: Layer, name: str, theirs: Layer, article: Article) -> list[dict[str, Any]]:
    """Where two annotators differ, both readings and what to do about it."""
    table = adjudicating.side_by_side({YOU: mine, name: theirs}, article)
    return [
        {
            "with": name,
            "start": row["start"],
            "end": row["end"],
            "label": row["label"] or "tag",
            "yours": row[YOU],
            "theirs": row[name],
            "says": ADVICE.get(row["why"], row["why"]),
        }
        for row in table.to_dict("records")
        if not row["agreed"]
    ]


def _beside_reference(mine: Layer, article: Article, scheme: Scheme) -> list[dict[str, Any]]:
    """Where one's marks and the reference differ, in the words of `adjudicating.differences`."""
    table = adjudicating.differences(mine, article, scheme)
    return [
        {
            "with": REFERENCE,
            "start": row["start"],
            "end": row["end"],
            "label": row["label"],
            "yours": row["yours"],
            "theirs": row["reference"],
            "says": row["says"],
        }
        for row in table.to_dict("records")
    ]


def _public_label(label: Label) -> dict[str, Any]:
    def pairs(examples: tuple[Example, ...]) -> list[list[str]]:
        return [[one.quote, one.why] for one in examples]

    return {
        "key": label.key,
        "name": label.name,
        "kind": label.kind,
        "colour": label.colour,
        "line": PATTERNS[label.pattern],
        "note": label.note,
        "definition": label.definition,
        "rules": list(label.rules),
        "examples": pairs(label.examples),
        "counter_examples": pairs(label.counter_examples),
    }


def _its(note: str) -> str:
    return f"its {note.removeprefix('the ')}" if note.startswith("the ") else note


def _brief(words: str) -> str:
    words = " ".join(words.split())
    return words if len(words) <= 60 else f"{words[:59].rstrip()}…"


def _marks(number: int) -> str:
    return f"{number} mark{'' if number == 1 else 's'}"


def _free(path: Path) -> Path:
    """The path, or with a number behind the first that is not taken."""
    number, free = 2, path
    while free.exists():
        free, number = path.with_stem(f"{path.stem}-{number}"), number + 1
    return free


# --- on the page -----------------------------------------------------------------------------


@cache
def widget_class():
    """The widget's class; made on first use, since importing anywidget takes a while."""
    import anywidget
    import traitlets

    class Annotator(anywidget.AnyWidget):
        """The text, its marks and their table; see `static/annotator.js`."""

        _esm = STATIC / "annotator.js"
        _css = STATIC / "annotator.css"
        task = traitlets.Dict().tag(sync=True)

        def __init__(self, desk: Desk):
            self.desk = desk
            super().__init__(task=desk.task())
            self.on_msg(self._asked)

        def _asked(self, _widget, message, _buffers) -> None:
            # The marks are no trait: all of them would travel at every change.
            if answer := self.desk.act(message):
                self.send(answer)

        def __repr__(self) -> str:
            return f"<Annotator of {self.desk.article.name}: {_marks(len(self.desk.seen))}>"

    return Annotator


def twin(desk: Desk) -> Readable:
    """The marks as text: what a notebook without a kernel or without widgets shows."""
    says = desk.problem or f"{_marks(len(desk.seen))} in {desk.path.name}."
    heads = ("label", "words", "sentence", "note")
    rows = []
    for mark in sorted(desk.seen.values(), key=lambda one: (one.start, -one.end)):
        one = desk._public(mark)
        note = mark.note or one["needs"]
        rows.append((mark.label, _brief(mark.quote), f"S{one['sentence']:02}", note))
    code = _in_code(desk)
    widths = [max(len(row[i]) for row in [heads, *rows]) for i in range(len(heads))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in ([heads, *rows] if rows else [])
    ]
    cells = "".join(f'<th scope="col">{head}</th>' for head in heads)
    body = "".join(
        "<tr>" + "".join(f'<td style="text-align:start">{escape(cell)}</td>' for cell in row)
        for row in rows
    )
    table = f"<table><thead><tr>{cells}</tr></thead><tbody>{body}</tbody></table>" if rows else ""
    html = (
        f'<div class="nutgraf-twin"><p>{escape(says)}</p>{table}<p>Without the widget:</p>'
        f"<pre>{escape(code)}</pre></div>"
    )
    return Readable("\n".join([says, *lines, "Without the widget:", code]), html)


def _in_code(desk: Desk) -> str:
    """How to make a mark in code: on an example of the scheme's, or else on a word of the text."""
    labels = [one for one in desk.scheme.labels if one.kind == "highlight"] or desk.scheme.labels
    text, words = desk.article.text, desk.article.words["text"].tolist()
    examples = [(one.quote, label) for label in labels for one in label.examples]
    longer = [(word, labels[0]) for word in words if len(word) > 4]
    quote, label = next(
        (one for one in [*examples, *longer] if one[0] in text),
        (words[0] if words else "words", labels[0]),
    )
    note = f", note={label.note!r}" if label.note else ""
    scheme = desk.scheme.name
    where = "journal_file(article)" if scheme == "newsmarks-7" else f"{desk.path.name!r}"
    which = "article" if scheme == "newsmarks-7" else f"article, {scheme!r}"
    return (
        "from nutgraf.journal import Journal, journal_file\n"
        f"journal = Journal.open({where}, {which})\n"
        f"words = {quote!r}\n"
        "start = article.text.index(words)\n"
        f"journal.add(start, start + len(words), {label.name!r}{note})\n"
        "journal.layer().table(article)"
    )
