"""The journal: what an annotator does, one line an action, only ever added to.

The first line says what the journal is for:

    {"nutgraf": "journal", "schema": 1, "annotator": ..., "article": ..., "sha256": ...,
     "scheme": ..., "version": ..., "at": ...}

`annotator` is a random number; no name is asked for. Every other line is an action with an `act`
(its own random number), what was `did`, and the time `at` (UTC):

    add       marks, relations: as they are from then on
    edit      mark: its id; old, new: the fields that change
    remove    mark: its id; relations to it go with it
    relate    relation; unrelate: its id
    undo      of: the action that is taken back; redo: the one that is done again

Going through the lines from the top gives the layer. A line that is no action (the torn last line
after a power cut, a line of some other program, a mark that the text does not bear out) is passed
over, stays in the file, and is listed in `problems`. Every action is on the disk before the call
returns, and two kernels may write to one journal.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import re
import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nutgraf.annotating import (
    Layer,
    Mark,
    Relation,
    Scheme,
    _short,
    as_article,
    check_mark,
    check_relation,
    in_order,
    in_quotes,
    load_scheme,
    mark_at,
    sentence_spans,
    text_sha256,
)
from nutgraf.errors import NutgrafError
from nutgraf.paths import learner_folder

if TYPE_CHECKING:
    from nutgraf.article import Article

_BEGINNING = b'{"nutgraf": "journal"'
"""How every journal begins; by it a journal is told from somebody's other file."""

_EDITABLE = ("start", "end", "label", "note", "fragments", "attributes")

Change = tuple[str, str, Any, Any]
"""Of one action: "mark" or "relation", its id, what it was (None: nothing), what it is then."""


@dataclass(frozen=True)
class Problem:
    """A line of a journal that was passed over: its number from 1, why, and how it begins."""

    line: int
    why: str
    begins: str


def journal_file(article: Article | str) -> Path:
    """Where marks on an article are kept: in the learner's folder, or else the working folder."""
    name = re.sub(r"[^\w-]+", "-", as_article(article).name)[:80]
    return (learner_folder() or Path.cwd()) / f"my-marks-{name}.jsonl"


def read_journal(path: Path | str) -> tuple[Layer, tuple[Problem, ...]]:
    """The layer in a journal, and the lines passed over, without the article at hand.

    For a journal on a text that has changed: what it gives is what `reanchor` takes. Raises
    NutgrafError when the file cannot be read or is no journal.
    """
    path = Path(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise _cannot("read", path, error) from error
    story = _Story()
    story.read(data)
    if story.header is None:
        raise _no_journal(path)
    return story.layer(path.name), story.all_problems()


class Journal:
    """One annotator's marks on one article, kept in a file. `Journal.open` makes one.

    problems: the lines of the file that were passed over.
    """

    def __init__(self, path: Path, article: Article, scheme: Scheme) -> None:
        self.path, self.article, self.scheme = path, article, scheme
        self._sha256 = text_sha256(article)
        self._sentences = sentence_spans(article)
        self._begin()

    @classmethod
    def open(
        cls, path: Path | str, article: Article | str, scheme: Scheme | str = "newsmarks-7"
    ) -> Journal:
        """Go on with the journal at `path`, or begin one there.

        Raises NutgrafError when the file is something else, when it is about another text or
        scheme, or cannot be read or written. No file is ever overwritten.
        """
        article = as_article(article)
        scheme = scheme if isinstance(scheme, Scheme) else load_scheme(scheme)
        journal = cls(Path(path), article, scheme)
        journal._create()
        journal._catch_up()
        return journal

    # --- looking ---------------------------------------------------------------------------

    def layer(self) -> Layer:
        """All marks as they are now, another kernel's included."""
        self._catch_up()
        return self._story.layer(self.path.name)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """The lines that were passed over, in the order of the file."""
        self._catch_up()
        return self._story.all_problems()

    @property
    def can_undo(self) -> bool:
        return bool(self._story.done)

    @property
    def can_redo(self) -> bool:
        return bool(self._story.undone)

    # --- acting ----------------------------------------------------------------------------

    def add(
        self,
        start: int,
        end: int,
        label: str,
        note: str = "",
        *,
        fragments: Iterable[tuple[int, int]] = (),
        attributes: Mapping[str, str] | None = None,
    ) -> Mark:
        """Mark `text[start:end]`, without the white space at its ends, and return the mark.

        A tag goes on the whole sentence that the span lies in; where a sentence has one tag only,
        it takes the place of the one before. The same label on the same words changes the note of
        the mark there is. Raises NutgrafError, and writes nothing, when the mark is not possible.
        """
        kind = self.scheme.label(label).kind
        pieces = tuple((one[0], one[1]) for one in fragments)
        with self._turn() as write:
            start, end = self._place(start, end, kind)
            there = self._instead(start, end, label, kind, pieces)
            if there:
                changes = {"label": label, "note": note or ("" if label != there.label else None)}
                if attributes is not None:
                    changes["attributes"] = dict(attributes)
                kept = {key: value for key, value in changes.items() if value is not None}
                return self._change(there, kept, write)
            mark = mark_at(
                self.article,
                start,
                end,
                label,
                id=_number(),
                note=note,
                kind=kind,
                fragments=pieces,
                attributes=dict(attributes or {}),
                created=_now(),
            )
            write("add", marks=[_as_dict(mark)])
        return mark

    def add_layer(self, layer: Layer) -> tuple[Mark, ...]:
        """Take in the marks and relations of a layer, as one action; they get new ids.

        The layer may come from another file or from `reanchor`. Raises NutgrafError, and writes
        nothing, when one of its marks does not fit.
        """
        ids = {mark.id: _number() for mark in layer.marks}
        marks = [
            replace(
                mark_at(self.article, mark.start, mark.end, mark.label, id=ids[mark.id]),
                **{
                    name: getattr(mark, name)
                    for name in ("quote", "note", "kind", "fragments", "attributes", "created")
                },
            )
            for mark in layer.marks
        ]
        relations = [
            Relation(_number(), ids.get(one.head, ""), ids.get(one.tail, ""), one.label)
            for one in layer.relations
        ]
        with self._turn() as write:
            if marks:
                write(
                    "add",
                    marks=[_as_dict(mark) for mark in marks],
                    relations=[asdict(one) for one in relations],
                )
        return tuple(marks)

    def edit(self, id: str, **changes: Any) -> Mark:
        """Change start, end, label, note, fragments or attributes of a mark, and return it.

        A mark with gaps loses its fragments when its ends are moved without new ones. Raises
        NutgrafError, and writes nothing, when there is no such mark or the change is not possible.
        """
        unknown = [name for name in changes if name not in _EDITABLE]
        if unknown:
            raise NutgrafError(
                f"A mark has nothing called {unknown[0]!r} to be changed. There are: "
                f"{', '.join(_EDITABLE)}."
            )
        with self._turn() as write:
            mark = self._mark(id)
            if changes.keys() & {"start", "end"}:
                start, end = changes.get("start", mark.start), changes.get("end", mark.end)
                changes["start"], changes["end"] = self._place(start, end, mark.kind)
                changes.setdefault("fragments", ())
            return self._change(mark, changes, write)

    def remove(self, id: str) -> Mark:
        """Take a mark away, and the relations to it; returns what it was."""
        with self._turn() as write:
            mark = self._mark(id)
            write("remove", mark=mark.id, old=_as_dict(mark))
        return mark

    def relate(self, head: str, tail: str, label: str) -> Relation:
        """Draw an arrow from one mark to another."""
        with self._turn() as write:
            relation = Relation(_number(), head, tail, label)
            write("relate", relation=asdict(relation))
        return relation

    def unrelate(self, id: str) -> None:
        """Take an arrow away."""
        with self._turn() as write:
            if id not in self._story.relations:
                raise NutgrafError(f"There is no relation {_short(id)}; it may be gone already.")
            write("unrelate", relation=id)

    def undo(self) -> str:
        """Take back the last action, and say which; "" when there is none."""
        return self._reverse("undo", "Taken back")

    def redo(self) -> str:
        """Do again what was taken back last, and say what; "" when there is nothing."""
        return self._reverse("redo", "Done again")

    def export(self, folder: Path | str | None = None) -> Path:
        """Write the layer as it is now as W3C Web Annotations, under a new name; returns the path.

        It goes beside the journal, or into `folder`, and appears in one step. Raises NutgrafError
        when it cannot be written.
        """
        from nutgraf import formats

        with contextlib.suppress(NutgrafError):  # the file is gone: what was read of it is not
            self._catch_up()
        folder = Path(folder) if folder is not None else self.path.parent
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _cannot("written to", folder, error) from error
        layer = self._story.layer(self.path.name)
        return formats.save(layer, self.article, folder / f"{self.path.stem}.jsonld", "w3c").path

    # --- inside ----------------------------------------------------------------------------

    def _begin(self) -> None:
        """Forget what was read: the file is read from its start at the next look."""
        self._story = _Story(self.article, self.scheme, self._sentences)
        self._read = 0  # so many bytes of the file are in the story
        self._which: tuple[int, int] | None = None

    def _mark(self, id: str) -> Mark:
        if not isinstance(id, str) or id not in self._story.marks:
            raise NutgrafError(f"There is no mark {_short(id)}; it may have been removed already.")
        return self._story.marks[id]

    def _place(self, start: int, end: int, kind: str) -> tuple[int, int]:
        """The span without white space at its ends; for a tag, its sentence."""
        text = self.article.text
        quote = mark_at(self.article, start, end, "-", id="new").quote
        stripped = quote.strip()
        if not stripped:
            raise NutgrafError(f"{start} to {end} is white space. Mark at least one character.")
        start += len(quote) - len(quote.lstrip())
        end = start + len(stripped)
        if kind != "tag":
            return start, end
        for first, last in self._sentences:
            if first <= start and end <= last:
                return first, last
        raise NutgrafError(
            f"{_short(text[start:end])} lies in more than one sentence, and a tag goes on one. "
            "Choose words of one sentence."
        )

    def _instead(
        self, start: int, end: int, label: str, kind: str, pieces: tuple[tuple[int, int], ...]
    ) -> Mark | None:
        """The mark that a new one would double, or whose place it takes."""
        for mark in self._story.marks.values():
            if (mark.start, mark.end, mark.fragments) == (start, end, pieces) and (
                mark.label == label
                or (kind == mark.kind == "tag" and self.scheme.one_tag_a_sentence)
            ):
                return mark
        return None

    def _change(self, mark: Mark, changes: dict[str, Any], write: Any) -> Mark:
        if "fragments" in changes:
            changes["fragments"] = tuple(tuple(one) for one in changes["fragments"])
        new = replace(mark, **changes)
        new = mark_at(
            self.article,
            new.start,
            new.end,
            new.label,
            **{one: getattr(new, one) for one in _MARK_FIELDS - _FROM_PLACE},
        )
        if new == mark:
            return mark
        new = replace(new, changed=_now())
        old_fields, new_fields = _as_dict(mark, full=True), _as_dict(new, full=True)
        changed = [name for name in new_fields if new_fields[name] != old_fields[name]]
        write(
            "edit",
            mark=mark.id,
            old={name: old_fields[name] for name in changed},
            new={name: new_fields[name] for name in changed},
        )
        return new

    def _reverse(self, did: str, says: str) -> str:
        with self._turn() as write:
            stack = self._story.done if did == "undo" else self._story.undone
            if not stack:
                return ""
            act, changes = stack[-1]
            write(did, of=act)
            return f"{says}: {_in_words(changes)}"

    # The file

    def _create(self) -> None:
        """Write the first line, unless there is one; a file of another kind is left alone."""
        header = {
            "nutgraf": "journal",
            "schema": 1,
            "annotator": secrets.token_hex(8),
            "article": self.article.name,
            "sha256": self._sha256,
            "scheme": self.scheme.name,
            "version": self.scheme.version,
            "at": _now(),
        }
        _Story().check_header(header)
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with _locked(self.path, os.O_CREAT) as file:
                if all(map(_torn_beginning, _rest_of(file, 0).split(b"\n"))):
                    _append(file, _line(header))
        except OSError as error:
            raise _cannot("written to", self.path, error) from error

    def _catch_up(self, file: int | None = None) -> None:
        """Read what has been added to the file since the last look."""
        if file is None:
            try:
                with open(self.path, "rb", buffering=0) as opened:
                    return self._catch_up(opened.fileno())
            except OSError as error:
                raise _cannot("read", self.path, error) from error
        state = os.fstat(file)
        which = (state.st_dev, state.st_ino)
        if state.st_size < self._read or which != self._which:
            self._begin()  # another file, or an older state of it, has been put in its place
            self._which = which
        if state.st_size > self._read:
            self._read += self._story.read(_rest_of(file, self._read))
        self._check_header()
        return None

    def _check_header(self) -> None:
        header = self._story.header
        if header is None:
            raise _no_journal(self.path)
        if header["sha256"] != self._sha256:
            raise NutgrafError(
                f"{self.path.name}: these marks were made on another version of the text "
                f"{_short(header['article'])}. Move them over: layer, problems = "
                "read_journal(path), then layer, lost = reanchor(layer, article), then "
                "Journal.open(another_path, article).add_layer(layer)."
            )
        if header["scheme"] != self.scheme.name:
            raise NutgrafError(
                f"{self.path.name}: these marks were made with the scheme "
                f"{_short(header['scheme'])}, not {self.scheme.name!r}. Open it with that one, or "
                "name another file."
            )

    @contextlib.contextmanager
    def _turn(self) -> Iterator[Callable[..., None]]:
        """Alone with the file and all it says; gives a function that writes one action.

        What is written is checked first as it will be when it is read, and read when it is there:
        what the journal says and what the file says cannot come apart.
        """
        try:
            with _locked(self.path) as file:
                self._catch_up(file)

                def write(did: str, **fields: Any) -> None:
                    record = {"act": _number(), "did": did, **fields, "at": _now()}
                    self._story.changes(record)
                    _append(file, _line(record))
                    self._catch_up(file)

                yield write
        except OSError as error:
            raise _cannot("written to", self.path, error) from error


# --- what the lines say ----------------------------------------------------------------------


class _Story:
    """The lines of a journal, gone through from the top. Without an article, marks are taken at
    their word."""

    def __init__(
        self, article: Article | None = None, scheme: Scheme | None = None, sentences: Any = None
    ) -> None:
        self.text = article.text if article else None
        self.scheme, self.sentences = scheme, sentences
        self.header: dict[str, str] | None = None
        self.marks: dict[str, Mark] = {}
        self.relations: dict[str, Relation] = {}
        self.done: list[tuple[str, list[Change]]] = []
        self.undone: list[tuple[str, list[Change]]] = []
        self.problems: list[Problem] = []
        self._tagged: dict[tuple[int, int], str] = {}
        self._acts: set[str] = set()
        self._number = 1
        self._tail: Problem | None = None
        self._layer: Layer | None = None

    def read(self, data: bytes) -> int:
        """Go through more of the file; returns how many bytes of it are settled."""
        *lines, tail = data.split(b"\n")
        self._tail = None
        for line in lines:
            self.take(line)
            self._number += 1
        if _parsed(tail) is not None:  # whole, but for its line end
            self.take(tail)
        elif tail.strip():
            self._tail = self._problem("it was torn off, or is still being written", tail)
            return len(data) - len(tail)
        return len(data)

    def all_problems(self) -> tuple[Problem, ...]:
        return (*self.problems, *([self._tail] if self._tail else []))

    def layer(self, origin: str) -> Layer:
        if self._layer is None:
            header = self.header or {}
            order = sorted(self.relations.values(), key=lambda one: (one.head, one.tail, one.id))
            self._layer = Layer(
                annotator=header["annotator"],
                article=header["article"],
                sha256=header["sha256"],
                scheme=header["scheme"],
                marks=in_order(self.marks.values()),
                relations=tuple(order),
                origin=origin,
            )
        return self._layer

    def take(self, line: bytes) -> None:
        """Follow one line, or list it as a problem."""
        if not line.strip():
            return
        try:
            record = _parsed(line)
            if record is None:
                raise NutgrafError("it is no JSON object")
            if self.header is None or "nutgraf" in record:
                self._take_header(record)
            else:
                self._follow(record)
        except NutgrafError as problem:
            self.problems.append(self._problem(str(problem), line))

    def _problem(self, why: str, line: bytes) -> Problem:
        return Problem(self._number, why, line[:60].decode(errors="replace"))

    def _take_header(self, record: dict[str, Any]) -> None:
        if self.header is not None:
            raise NutgrafError("it begins a journal, and this one has begun already")
        if record.get("nutgraf") != "journal":
            raise NutgrafError("it stands before the line that says what the journal is for")
        self.header = self.check_header(record)

    @staticmethod
    def check_header(record: dict[str, Any]) -> dict[str, str]:
        if type(record.get("schema")) is not int or record["schema"] != 1:
            raise NutgrafError("it says another schema than 1; a newer version of the kit wrote it")
        names = ("annotator", "article", "sha256", "scheme")
        for name in names:
            value = record.get(name)
            if not isinstance(value, str) or not 0 < len(value) <= 200 or not _encodes(value):
                raise NutgrafError(f"{name}: {_short(value)} is no short text")
        return {name: record[name] for name in names}

    def changes(self, record: dict[str, Any]) -> list[Change]:
        """What an action changes. Raises NutgrafError when it cannot be followed."""
        act, did = record.get("act"), record.get("did")
        if not isinstance(act, str) or not 0 < len(act) <= 64:
            raise NutgrafError("act: an action needs a short text that is its own")
        if act in self._acts:
            raise NutgrafError(f"the action {_short(act)} is there already")
        if not isinstance(did, str) or did not in _ACTIONS:
            raise NutgrafError(f"did: {_short(did)} is none of {', '.join(_ACTIONS)}")
        return _ACTIONS[did](self, record)

    def _follow(self, record: dict[str, Any]) -> None:
        changes = self.changes(record)
        self._acts.add(record["act"])
        back, forth = record["did"] == "undo", record["did"] == "redo"
        for kind, id, old, new in reversed(changes) if back else changes:
            self._set(kind, id, old if back else new)
        if back:
            self.undone.append(self.done.pop())
        elif forth:
            self.done.append(self.undone.pop())
        else:
            self.done.append((record["act"], changes))
            self.undone.clear()
        self._layer = None

    def _set(self, kind: str, id: str, value: Any) -> None:
        if kind == "relation":
            self.relations.pop(id, None)
            if value is not None:
                self.relations[id] = value
            return
        before = self.marks.pop(id, None)
        if before is not None and before.kind == "tag":
            self._tagged.pop((before.start, before.end), None)
        if value is not None:
            self.marks[id] = value
            if value.kind == "tag":
                self._tagged[(value.start, value.end)] = id

    # Each action: the changes it makes

    def _add(self, record: dict[str, Any]) -> list[Change]:
        marks, relations = record.get("marks"), record.get("relations", [])
        if not isinstance(marks, list) or not marks or not isinstance(relations, list):
            raise NutgrafError("marks and relations have to be lists, and marks not an empty one")
        changes: list[Change] = []
        ids, tagged = set(self.marks), set(self._tagged)
        for raw in marks:
            mark = self._mark(raw)
            self._free(mark, ids, tagged)
            changes.append(("mark", mark.id, None, mark))
        arrows: set[str] = set()
        for raw in relations:
            relation = self._relation(raw, ids, arrows)
            arrows.add(relation.id)
            changes.append(("relation", relation.id, None, relation))
        return changes

    def _edit(self, record: dict[str, Any]) -> list[Change]:
        mark, new = self._known(record.get("mark")), record.get("new")
        if not isinstance(new, dict) or not new or not new.keys() <= set(_CHANGEABLE):
            raise NutgrafError(f"new: it has to hold some of {', '.join(_CHANGEABLE)}")
        changed = self._mark(_as_dict(mark, full=True) | new)
        tagged = set(self._tagged) - {(mark.start, mark.end)}
        self._free(changed, set(), tagged if mark.kind == "tag" else set(self._tagged))
        return [("mark", mark.id, mark, changed)]

    def _remove(self, record: dict[str, Any]) -> list[Change]:
        mark = self._known(record.get("mark"))
        gone = [one for one in self.relations.values() if mark.id in (one.head, one.tail)]
        return [("relation", one.id, one, None) for one in gone] + [("mark", mark.id, mark, None)]

    def _relate(self, record: dict[str, Any]) -> list[Change]:
        relation = self._relation(record.get("relation"), self.marks, ())
        return [("relation", relation.id, None, relation)]

    def _unrelate(self, record: dict[str, Any]) -> list[Change]:
        id = record.get("relation")
        if not isinstance(id, str) or id not in self.relations:
            raise NutgrafError(f"there is no relation {_short(id)} at this point")
        return [("relation", id, self.relations[id], None)]

    def _undo(self, record: dict[str, Any]) -> list[Change]:
        return self._last(self.done, record)

    def _redo(self, record: dict[str, Any]) -> list[Change]:
        return self._last(self.undone, record)

    def _last(self, stack: list[tuple[str, list[Change]]], record: dict[str, Any]) -> list[Change]:
        if not stack or stack[-1][0] != record.get("of"):
            raise NutgrafError(f"of: {_short(record.get('of'))} is not the action whose turn it is")
        return stack[-1][1]

    def _known(self, id: Any) -> Mark:
        if not isinstance(id, str) or id not in self.marks:
            raise NutgrafError(f"there is no mark {_short(id)} at this point")
        return self.marks[id]

    def _mark(self, raw: Any) -> Mark:
        if not isinstance(raw, dict) or not raw.keys() <= _MARK_FIELDS:
            raise NutgrafError(f"a mark has to be an object with {', '.join(sorted(_MARK_FIELDS))}")
        if missing := [name for name in _NEEDED if name not in raw]:
            raise NutgrafError(f"a mark needs {', '.join(missing)}")
        pieces = raw.get("fragments", ())
        if isinstance(pieces, list):
            pieces = tuple(tuple(one) if isinstance(one, list) else one for one in pieces)
        mark = Mark(**{**raw, "fragments": pieces})
        check_mark(mark, self.text, self.scheme, self.sentences)
        return mark

    def _free(self, mark: Mark, ids: set[str], tagged: set[tuple[int, int]]) -> None:
        """Raise unless id and sentence are free; then take them."""
        if mark.id in ids or mark.id in self.relations:
            raise NutgrafError(f"mark {_short(mark.id)}: the id is there already")
        ids.add(mark.id)
        if mark.kind == "tag" and self.scheme is not None and self.scheme.one_tag_a_sentence:
            if (mark.start, mark.end) in tagged:
                raise NutgrafError(f"mark {_short(mark.id)}: its sentence has a tag already")
            tagged.add((mark.start, mark.end))

    def _relation(self, raw: Any, ids: Any, taken: Any) -> Relation:
        if not isinstance(raw, dict) or raw.keys() != {"id", "head", "tail", "label"}:
            raise NutgrafError("a relation has to be an object with id, head, tail and label")
        relation = Relation(**raw)
        check_relation(relation, ids, self.scheme)
        if relation.id in ids or relation.id in taken or relation.id in self.relations:
            raise NutgrafError(f"relation {_short(relation.id)}: the id is there already")
        return relation


_ACTIONS: dict[str, Callable[[_Story, dict[str, Any]], list[Change]]] = {
    "add": _Story._add,
    "edit": _Story._edit,
    "remove": _Story._remove,
    "relate": _Story._relate,
    "unrelate": _Story._unrelate,
    "undo": _Story._undo,
    "redo": _Story._redo,
}
_MARK_FIELDS = {one.name for one in fields(Mark)}
_FROM_PLACE = {"start", "end", "label", "quote", "prefix", "suffix"}
_NEEDED = ("id", "start", "end", "quote", "label")
_CHANGEABLE = (*_EDITABLE, "quote", "changed", "prefix", "suffix")


def _as_dict(mark: Mark, full: bool = False) -> dict[str, Any]:
    """A mark as JSON can hold it; fields that say nothing are left out unless it is `full`."""
    raw = {name: getattr(mark, name) for name in Mark.__dataclass_fields__}
    raw |= {"fragments": [list(one) for one in mark.fragments], "attributes": {**mark.attributes}}
    return raw if full else {name: value for name, value in raw.items() if value or name == "start"}


def _in_words(changes: list[Change]) -> str:
    marks = [change for change in changes if change[0] == "mark"]
    kind, _, old, new = marks[0] if marks else changes[0]
    what = "removal of " if new is None else "change of " if old else ""
    if len(marks) > 1:
        return f"{what}{len(marks)} marks"
    if kind == "relation":
        return f"{what}the relation {(new or old).label}"
    mark = new or old
    return f"{what}{mark.label} on {in_quotes(mark.quote, 40)}"


# --- bytes -----------------------------------------------------------------------------------


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _number() -> str:
    return secrets.token_hex(4)


def _encodes(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _line(record: dict[str, Any]) -> bytes:
    return json.dumps(record, ensure_ascii=False).encode() + b"\n"


def _parsed(line: bytes) -> dict[str, Any] | None:
    """The JSON object in a line, or None."""
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) else None


def _torn_beginning(line: bytes) -> bool:
    """Whether a line is empty, or the torn first line of a journal."""
    begins = line.startswith(_BEGINNING) or _BEGINNING.startswith(line)
    return begins and _parsed(line) is None


def _rest_of(file: int, start: int) -> bytes:
    os.lseek(file, start, os.SEEK_SET)
    parts = []
    while part := os.read(file, 1 << 20):
        parts.append(part)
    return b"".join(parts)


def _append(file: int, line: bytes) -> None:
    """Add a line and have it on the disk; if that fails, the file is as it was before."""
    size = os.fstat(file).st_size
    if size:
        os.lseek(file, size - 1, os.SEEK_SET)
        if os.read(file, 1) != b"\n":  # a torn line: start on a new one
            line = b"\n" + line
    try:
        rest = memoryview(line)
        while rest:
            rest = rest[os.write(file, rest) :]
        os.fsync(file)
    except BaseException:
        if os.fstat(file).st_size <= size + len(line):  # nobody else has written since
            with contextlib.suppress(OSError):
                os.ftruncate(file, size)
        raise


@contextlib.contextmanager
def _locked(path: Path, flags: int = 0) -> Iterator[int]:
    """The file, open for reading and appending, and nobody else's while it is.

    Where the system has no locks, or another program does not let go, we go on after a while:
    lines are appended whole, so that nothing is lost even then.
    """
    file = os.open(path, os.O_RDWR | os.O_APPEND | getattr(os, "O_BINARY", 0) | flags, 0o666)
    try:
        for _ in range(2500):
            try:
                _lock(file)
                break
            except BlockingIOError:
                time.sleep(0.002)
            except (OSError, ImportError):
                break
        yield file
    finally:
        os.close(file)  # which gives the lock back


def _lock(file: int) -> None:
    try:
        from fcntl import LOCK_EX, LOCK_NB, flock
    except ImportError:
        import msvcrt  # Windows: a byte far behind the end stands for the file

        os.lseek(file, 1 << 30, os.SEEK_SET)
        try:
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        except PermissionError as error:
            raise BlockingIOError from error
    else:
        flock(file, LOCK_EX | LOCK_NB)


def _cannot(what: str, path: Path, error: OSError) -> NutgrafError:
    if isinstance(error, FileNotFoundError):
        why = "it is not there. Put it back, or save what was marked: journal.export(folder)."
    elif error.errno in (errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", None)):
        why = "the disk is full. Make room, then do it once more; what was marked is kept."
    else:
        why = f"{error.strerror or error}. Check who may use it, or name another file."
    return NutgrafError(f"{path.name} cannot be {what}: {why}")


def _no_journal(path: Path) -> NutgrafError:
    return NutgrafError(
        f"{path.name} is no journal of marks, so it is left alone. Name another file."
    )
