"""What a class marked: learners' files out of one folder, and what to talk about.

A teacher gathers files as they come, out of a learning platform or from a stick. `collect` reads
what it can and lists the rest with the reason: files come from anywhere, so nothing in them is run
or unpacked, no link is followed, and no file stops the others. The views then show where readers
part, and never who was right.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
import stat
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from html import escape
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nutgraf import formats
from nutgraf.adjudicating import _sentence, _shared
from nutgraf.annotating import (
    Layer,
    Mark,
    Scheme,
    as_article,
    check_mark,
    check_relation,
    in_quotes,
    load_scheme,
    missing_notes,
    reanchor,
    reference_layer,
    sentence_spans,
    text_sha256,
)
from nutgraf.drawing import Drawing
from nutgraf.errors import NutgrafError
from nutgraf.incoming import (
    Parts,
    hidden,
    made_by_platform,
    natural,
    person,
    shown,
    unfit,
    without_copy,
)
from nutgraf.journal import read_journal

if TYPE_CHECKING:
    import pandas as pd

    from nutgraf.article import Article

Span = tuple[int, int]

LARGEST = 5_000_000
"""The most bytes a learner's file may have; sixty marks take some forty thousand."""

MOST_FILES = 10_000
MOST_LINES = 10_000
MOST_MARKS = 500
"""The most marks of a learner, or three a sentence where that is more: twenty times an ordinary
layer. Beyond it somebody is trying something."""

MOST_ON_A_WORD = 10
"""The most marks with one label that a learner may lay over one another. What pairs of learners
have in common would take minutes to count where hundreds are nested."""


@dataclass(frozen=True, eq=False)
class Class:
    """What a class marked in one article, with one scheme.

    article: its name; sha256: of its text; layers: learner -> layer, in the order of the names;
    problems: DataFrame [file, learner, done, label, quote, why], one row for everything that is
    not in the layers as it was in the files. done: "passed over" (a file without marks), "left
    out" (a file that could not be used), "duplicate", "mark left out", "line left out", "changed"
    or "look" (used, but look at it).
    """

    article: str
    sha256: str
    scheme: Scheme
    layers: Mapping[str, Layer]
    problems: pd.DataFrame

    def __repr__(self) -> str:
        marks = sum(len(layer.marks) for layer in self.layers.values())
        return (
            f"Class of {_count(len(self.layers), 'learner')}: {_count(marks, 'mark')} on "
            f"{self.article} with {self.scheme.name}; {_count(len(self.problems), 'problem')}"
        )


# --- collecting ------------------------------------------------------------------------------


@dataclass
class _Entry:
    """A file with marks in it, before it is known whose it is."""

    parts: Parts
    layer: Layer
    digest: str
    newest: datetime | None = None  # when something in it was last done
    number: str = ""  # of the journal, which two files share when one was copied
    rows: list[dict[str, str]] = field(default_factory=list)
    learner: str = ""


class _NotUsed(Exception):
    """Why a file is not used."""


def collect(
    folder: Path | str, article: Article | str, scheme: Scheme | str = "newsmarks-7"
) -> Class:
    """The marks of a class on an article, from all files in a folder and its subfolders.

    Journals and every format of `nutgraf.formats` are told apart by what they hold. A learner is
    called like their file, or like their folder where the file has a name that tools give; the
    names that Moodle, Canvas, Blackboard and Brightspace make are understood. Only a file that no
    name leads to is called by the number inside it. Where a learner has several files, the one in
    which something was done last is taken (by the times of its marks; where there are none, a
    journal before an export, then the last by name), and the others are listed.

    A file on another version of the text has its marks placed by their words; where fewer than
    half can be placed it is left out. One and the same content under two names counts once.
    Hidden files and those that systems make are not looked at.

    Raises NutgrafError when there is no such folder, when it has more than 10,000 files, or when
    there are no marks on this article in it.
    """
    folder, article = Path(folder).expanduser(), as_article(article)
    scheme = scheme if isinstance(scheme, Scheme) else load_scheme(scheme)
    rows: list[dict[str, str]] = []
    files = _walk(folder, rows)
    reader = _Reader(article, scheme)
    entries = []
    for parts in files:
        brat = (*parts[:-1], Path(parts[-1]).stem + ".ann")
        if parts[-1].endswith(".txt") and brat in files:  # the text that belongs to it
            continue
        try:
            entries.append(reader.read(folder.joinpath(*parts), parts))
        except _NotUsed as problem:
            done = "left out" if _may_hold_marks(parts[-1]) else "passed over"
            rows.append(_row(parts, done, str(problem)))
        except NutgrafError as problem:
            rows.append(_row(parts, "left out", str(problem)))
        except Exception as problem:  # whatever a file does to a reader, the others are read
            why = f"it could not be understood ({type(problem).__name__}). Have it exported again."
            rows.append(_row(parts, "left out", why))
    _name(entries, article)
    layers = _chosen(entries, rows)
    if not layers:
        raise NutgrafError(_nothing(folder, article, rows))
    for entry in entries:
        rows += entry.rows
    order = sorted(range(len(rows)), key=lambda n: (natural(rows[n]["file"]), n))
    return Class(
        article=article.name,
        sha256=text_sha256(article),
        scheme=scheme,
        layers=layers,
        problems=_table([rows[n] for n in order], list(_row((), "", ""))),
    )


def _nothing(folder: Path, article: Article, rows: list[dict[str, str]]) -> str:
    what = "There is nothing in it." if not rows else ""
    if rows:
        worst = [row for row in rows if row["done"] == "left out"] or rows
        said = "; ".join(f"{row['file']}: {row['why'].rstrip('.')}" for row in worst[:3])
        more = f"; and {len(rows) - 3} more" if len(rows) > 3 else ""
        what = f"Not used: {said}{more}."
    return (
        f"{folder} holds no marks on {article.name!r}. {what} Put the learners' files into it, "
        "such as their my-marks-....jsonl, each under the learner's name or in a folder of theirs."
    )


def _row(
    parts: Parts | str, done: str, why: str, *, learner: str = "", label: str = "", quote: str = ""
) -> dict[str, str]:
    file = parts if isinstance(parts, str) else shown(parts)
    row = {"file": file, "learner": learner, "done": done, "label": label, "quote": quote}
    return {key: formats.plain(value) for key, value in (row | {"why": why}).items()}


def _table(rows: Sequence[Mapping[str, Any] | Sequence], columns: list[str]) -> pd.DataFrame:
    import pandas as pd

    table = pd.DataFrame(rows, columns=columns)
    return table if len(table) else table.astype("str")


# Files

# What else lies in a learner's folder, when the whole of it was handed in.
_NO_MARKS = re.compile(r"my-answers\.jsonl|.*\.ipynb", re.IGNORECASE)
_ARCHIVES = {
    b"PK\x03\x04": "a zip archive",
    b"PK\x05\x06": "an empty zip archive",
    b"\x1f\x8b": "a gzip archive",
    b"7z\xbc\xaf\x27\x1c": "a 7z archive",
    b"Rar!": "a rar archive",
    b"BZh": "a bzip2 archive",
    b"\xfd7zXZ": "an xz archive",
    b"\x28\xb5\x2f\xfd": "a zstd archive",
}
_SUFFIXES = {".jsonl", ".json", ".jsonld", ".ann", ".conll", ".tsv", ".csv"}
_SUFFIXES |= {".zip", ".gz", ".7z", ".rar", ".bz2", ".xz", ".zst"}


def _may_hold_marks(name: str) -> bool:
    return Path(name).suffix.lower() in _SUFFIXES


def _walk(folder: Path, rows: list[dict[str, str]]) -> list[Parts]:
    """The ordinary files of a folder; what is none is listed. No link is followed."""
    files: list[Parts] = []
    waiting: list[Parts] = [()]
    seen = 0
    while waiting:
        inside = waiting.pop()
        try:
            with os.scandir(folder.joinpath(*inside)) as found:
                entries = list(islice(found, MOST_FILES + 1))
        except OSError as error:
            why = error.strerror or str(error)
            if not inside:
                raise NutgrafError(
                    f"{folder} cannot be read as a folder ({why}). Name the folder with the "
                    "learners' files."
                ) from error
            rows.append(_row(inside, "left out", f"the folder cannot be read ({why})."))
            continue
        for entry in entries:
            parts = (*inside, entry.name)
            problem = unfit(entry, parts)
            if not problem and hidden(entry.name):
                continue
            if not problem and _NO_MARKS.fullmatch(entry.name):
                continue
            seen += 1
            if seen > MOST_FILES:
                raise NutgrafError(
                    f"{folder} holds more than {MOST_FILES:,} files. Name the folder with the "
                    "learners' files only."
                )
            if problem:
                rows.append(_row(parts, "left out", problem))
            elif entry.is_dir(follow_symlinks=False):
                waiting.append(parts)
            else:
                files.append(parts)
    return sorted(files, key=lambda parts: (natural("/".join(parts)), parts))


def _content(path: Path) -> bytes:
    """What an ordinary file of fair size holds. Raises _NotUsed."""
    try:
        state = path.lstat()
        if not stat.S_ISREG(state.st_mode):
            raise _NotUsed("it is no ordinary file, and was not opened.")
        size, data = state.st_size, b""
        if size <= LARGEST:
            with path.open("rb") as file:
                data = file.read(LARGEST + 1)
            size = len(data)
    except OSError as error:
        raise _NotUsed(f"it cannot be read ({error.strerror or error}).") from error
    if size > LARGEST:
        raise _NotUsed(
            f"it has {size:,} bytes, and at most {LARGEST:,} are read. Keep only the marks on "
            "this article in it."
        )
    for begins, what in _ARCHIVES.items():
        if data.startswith(begins):
            raise _NotUsed(f"it is {what}, and was not opened. Unpack it here, then collect again.")
    if not data.strip():
        raise _NotUsed("it is empty.")
    if b"\0" in data:
        raise _NotUsed("it is no text in UTF-8. Have the marks exported again.")
    return data


class _Reader:
    """Reads files for one article and scheme; keeps what is the same for all of them."""

    def __init__(self, article: Article, scheme: Scheme) -> None:
        self.article, self.scheme = article, scheme
        self.sentences = sentence_spans(article)
        self.sha256 = text_sha256(article)
        self.most = max(MOST_MARKS, 3 * len(self.sentences))

    def read(self, path: Path, parts: Parts) -> _Entry:
        """The marks in a file. Raises _NotUsed or NutgrafError with the reason."""
        data = _content(path)
        header = _journal_header(data)
        read = self._journal if header is not None else self._other
        entry = read(path, parts, data)
        if len(entry.layer.marks) > self.most:
            raise NutgrafError(
                f"it has {len(entry.layer.marks):,} marks, and at most {self.most:,} are taken for "
                "one learner's."
            )
        if label := _piled_up(entry.layer):
            raise NutgrafError(
                f"more than {MOST_ON_A_WORD} of its marks with {label!r} lie over one another."
            )
        entry.layer = replace(entry.layer, origin=shown(parts))
        return entry

    def _journal(self, path: Path, parts: Parts, data: bytes) -> _Entry:
        if data.count(b"\n") > MOST_LINES:
            raise NutgrafError(f"it has more than {MOST_LINES:,} lines, which no learner writes.")
        layer, problems = read_journal(path)
        if layer.scheme != self.scheme.name:
            raise NutgrafError(
                f"it was made with the scheme {layer.scheme!r}. Collect it with that one: "
                f"collect(..., scheme={layer.scheme!r})."
            )
        entry = _Entry(parts, layer, hashlib.sha256(data).hexdigest(), number=layer.annotator)
        times = re.findall(rb'"at": "([0-9T:+.Z-]{10,32})"', data)
        entry.newest = _latest(one.decode() for one in times)
        for one in problems[:20]:
            entry.rows.append(_row(parts, "line left out", f"line {one.line}: {one.why}"))
        if len(problems) > 20:
            why = f"and {len(problems) - 20} more lines."
            entry.rows.append(_row(parts, "line left out", why))
        self._fit(entry)
        return entry

    def _fit(self, entry: _Entry) -> None:
        """Bring a journal's marks onto the text, and keep those that fit it and the scheme."""
        layer, article = entry.layer, self.article
        if len(layer.marks) > self.most:  # before anything is looked for
            return
        moved, lost = reanchor(layer, article)
        out = list(zip(lost["label"], lost["quote"], lost["why"], strict=True))
        kept: list[Mark] = []
        tagged: set[Span] = set()
        for mark in moved.marks:
            place = (mark.start, mark.end)
            try:
                check_mark(mark, article.text, self.scheme, self.sentences)
                if mark.kind == "tag" and self.scheme.one_tag_a_sentence:
                    if place in tagged:
                        raise NutgrafError("its sentence has a tag already")
                    tagged.add(place)
                kept.append(mark)
            except NutgrafError as problem:
                out.append((mark.label, mark.quote, str(problem)))
        _enough(len(kept), len(layer.marks), layer.article, article)
        for label, quote, why in out:
            entry.rows.append(_row(entry.parts, "mark left out", why, label=label, quote=quote))
        if layer.sha256 != self.sha256:
            why = f"it was made on another version of the text: {_count(len(kept), 'mark')} of "
            why += f"{len(layer.marks)} were placed by their words."
            entry.rows.append(_row(entry.parts, "changed", why))
        ids, arrows = {mark.id for mark in kept}, []
        for one in moved.relations:
            try:
                check_relation(one, ids, self.scheme)
                arrows.append(one)
            except NutgrafError as problem:
                why = str(problem)
                entry.rows.append(_row(entry.parts, "mark left out", why, label=one.label))
        entry.layer = replace(
            moved,
            article=article.name,
            sha256=self.sha256,
            marks=tuple(kept),
            relations=tuple(arrows),
        )

    def _other(self, path: Path, parts: Parts, data: bytes) -> _Entry:
        try:
            # With a line end behind it no content can be taken for the name of another file.
            text = data.decode("utf-8") + "\n"
        except UnicodeDecodeError as error:
            why = f"byte {error.start} is no UTF-8. Have it saved as UTF-8."
            raise _NotUsed(why) from error
        try:
            name = formats.guess(text)
        except NutgrafError as problem:
            why = "no marks in it: it is no journal and none of the formats the kit reads."
            raise _NotUsed(why) from problem
        beside = path.with_suffix(".txt")
        lines_count = name == "brat" and beside.is_file() and not beside.is_symlink()
        source: str | Path = path if lines_count else text
        read = formats.read(source, name, self.article, self.scheme)
        entry = _Entry(parts, read.layer, hashlib.sha256(data).hexdigest())
        entry.newest = _latest(one for m in read.layer.marks for one in (m.created, m.changed))
        done = {"left out": "mark left out", "kept": "look"}
        gone = int((read.problems["done"] == "left out").sum())
        _enough(len(read.layer.marks), len(read.layer.marks) + gone, "", self.article)
        if not read.layer.marks:
            raise _NotUsed("there are no marks in it.")
        for one in read.problems.head(200).itertuples():
            why = f"{one.where}: {one.why}"
            what = done.get(one.done, "changed")
            entry.rows.append(_row(parts, what, why, label=one.label, quote=one.quote))
        return entry


def _piled_up(layer: Layer) -> str:
    """A label of which too many marks lie over one another, or ""."""
    ends: dict[str, list[int]] = {}
    for mark in layer.marks:  # in the order of the text
        still = [end for end in ends.get(mark.label, ()) if end > mark.start]
        ends[mark.label] = [*still, mark.end]
        if len(still) >= MOST_ON_A_WORD:
            return mark.label
    return ""


def _enough(kept: int, wanted: int, made_on: str, article: Article) -> None:
    if 2 * kept < wanted:
        other = f"It was made on {made_on!r}. " if made_on not in ("", article.name) else ""
        raise NutgrafError(
            f"only {kept} of its {_count(wanted, 'mark')} fit {article.name!r}. {other}Have the "
            "learner mark this text, or collect the other one."
        )


def _journal_header(data: bytes) -> dict[str, Any] | None:
    """The line that says what a journal is for, if one of the first lines is that."""
    for line in data.removeprefix(b"\xef\xbb\xbf").split(b"\n", 5)[:5]:
        try:
            record = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(record, dict) and record.get("nutgraf") == "journal":
            return record
    return None


def _latest(times: Iterable[str]) -> datetime | None:
    found = []
    for one in times:
        try:
            time = datetime.fromisoformat(one)
            found.append(time.replace(tzinfo=time.tzinfo or UTC).astimezone(UTC))
        except (ValueError, OverflowError):  # no time, or one outside of the calendar
            continue
    return max(found, default=None)


# Names

_TOOLS = {"my-marks", "my-nutgraf", "nutgraf", "marks", "annotations", "annotation", "export"}
_TOOLS |= {"layer", "submissions", "uploads", "notebooks", "data", "project", "result"}


def _name(entries: list[_Entry], article: Article) -> None:
    """Say whose each file is, from where it lies."""
    slug = re.sub(r"[^\w-]+", "-", article.name)[:80]
    own = {entry.parts: _of_file(entry.parts[-1], slug) for entry in entries}
    folders = {parts[:-1] for parts in own if len(parts) > 1}
    unsure: dict[Parts, set[str]] = {}
    for parts, (name, sure) in own.items():
        if name and not sure and len(parts) > 1:
            unsure.setdefault(parts[:-1], set()).add(name)
    several = len(folders) == 1 or sum(map(len, unsure.values())) >= 2 * len(folders)
    chosen: dict[Parts, tuple[Parts, str]] = {}  # -> where the name stands, and the name
    for parts, (name, sure) in own.items():
        outer = [n for n in range(len(parts) - 1, 0, -1) if _of_folder(parts[n - 1], slug)]
        if name and (sure or several or len(parts) == 1 or not outer):
            chosen[parts] = (parts[:-1], name)
        elif outer:
            chosen[parts] = (parts[: outer[0]][:-1], _of_folder(parts[outer[0] - 1], slug))
    homes: dict[str, set[Parts]] = {}
    for where, name in chosen.values():
        homes.setdefault(name, set()).add(where)
    for entry in entries:
        where, name = chosen.get(entry.parts, ((), ""))
        if where and len(homes[name]) > 1:  # the same name in two groups: two people
            name = f"{name} ({person(where[-1])})"
        inside = person(entry.layer.annotator)
        entry.learner = name or (f"annotator {inside[:8]}" if inside else shown(entry.parts))


def _of_file(name: str, slug: str) -> tuple[str, bool]:
    """The learner in a file's name ("": there is none), and whether it is surely a learner's."""
    stem = without_copy(Path(name).stem)
    if made := made_by_platform(stem):
        return made.name, True
    kit = re.search(r"(?i)my-marks", stem)
    if not kit:
        return _unless_a_tools(stem, slug), False
    before, after = stem[: kit.start()], stem[kit.end() :].strip("-_ .")
    if before := _unless_a_tools(before, slug):
        return before, True
    if not after.casefold().startswith(slug.casefold()):  # the name of another text
        return "", False
    after = re.sub(r"^-\d{1,4}$", "", after[len(slug) :])
    return _unless_a_tools(after, slug), True


def _of_folder(name: str, slug: str) -> str:
    if made := made_by_platform(name):
        return made.name
    return _unless_a_tools(name, slug)


def _unless_a_tools(name: str, slug: str) -> str:
    name = name.strip("-_ .")
    return "" if name.casefold() in _TOOLS | {slug.casefold()} else person(name)


def _chosen(entries: list[_Entry], rows: list[dict[str, str]]) -> dict[str, Layer]:
    """One layer a learner; what was not taken is listed, with the file that was."""
    first: dict[str, _Entry] = {}
    files: dict[str, list[_Entry]] = {}
    for entry in entries:
        other = first.setdefault(entry.digest, entry)
        if other is not entry:
            whose = "" if other.learner == entry.learner else f", of {other.learner}"
            why = f"the same content as {shown(other.parts)}{whose}; it counts once."
            rows.append(_row(entry.parts, "duplicate", why, learner=entry.learner))
            entry.rows.clear()
            continue
        files.setdefault(entry.learner, []).append(entry)
    layers: dict[str, Layer] = {}
    numbers: dict[str, _Entry] = {}
    for learner in sorted(files, key=lambda name: (natural(name), name)):
        *others, best = sorted(files[learner], key=_age)
        for entry in others:
            why = f"{shown(best.parts)} is taken, in which something was done last."
            if best.newest == entry.newest:
                why = f"{shown(best.parts)} is taken; nothing says which of the two is newer."
            rows.append(_row(entry.parts, "duplicate", why, learner=learner))
            entry.rows.clear()
        for row in best.rows:
            row["learner"] = learner
        if best.number and (other := numbers.setdefault(best.number, best)) is not best:
            why = f"it began as the same journal as {shown(other.parts)}. Ask who made the marks."
            best.rows.append(_row(best.parts, "look", why, learner=learner))
        layers[learner] = replace(best.layer, annotator=learner)
    return layers


def _age(entry: _Entry) -> tuple:
    newest = entry.newest or datetime.min.replace(tzinfo=UTC)
    return newest, bool(entry.number), natural(shown(entry.parts)), entry.parts


# --- tables ----------------------------------------------------------------------------------


def who_marked(cls: Class) -> pd.DataFrame:
    """What each learner marked: learner, one column a label, marks, missing_notes, unplaced.

    missing_notes: marks whose label asks for a note that is not written; unplaced: marks that are
    in the learner's file and could not be used (`cls.problems` says why).
    """
    labels = [label.name for label in cls.scheme.labels]
    lost = cls.problems[cls.problems["done"] == "mark left out"]
    unplaced = Counter(lost["learner"])
    rows = []
    for learner, layer in cls.layers.items():
        counts = Counter(mark.label for mark in layer.marks)
        rest = len(layer.marks), len(missing_notes(layer, cls.scheme)), unplaced[learner]
        rows.append([learner, *(counts[label] for label in labels), *rest])
    return _table(rows, ["learner", *labels, "marks", "missing_notes", "unplaced"])


def _same_text(cls: Class, article: Article | str) -> Article:
    article = as_article(article)
    if text_sha256(article) != cls.sha256:
        raise NutgrafError(
            f"The class marked another text, {cls.article!r}. Give the article it was collected "
            "with, or collect again with this one."
        )
    return article


def _names_of(cls: Class, kind: str) -> list[str]:
    return [label.name for label in cls.scheme.labels if label.kind == kind]


ALL_TAGS = "all tags"

EXPECTED = {
    ALL_TAGS: ("alpha", 0.50, 0.75),
    "QUOTE": ("f1_exact", 0.95, 1.00),
    "SOURCE": ("f1_overlap", 0.75, 0.90),
    "LOADED": ("alpha", 0.25, 0.50),
    "VAGUE": ("f1_overlap", 0.40, 0.65),
}
"""newsmarks-7: what to look at, and what to plan for with beginners after fifteen minutes. Ranges
to plan a lesson by, taken from published work with other schemes; nobody measured them here."""


def agreement_table(cls: Class, article: Article | str) -> pd.DataFrame:
    """How far a class agrees, one row a label, and a row for all tags together.

    Columns: label, kind, learners (who gave any tag, or highlighted anything), n (marks), units
    (sentences that two or more tagged; words that anybody marked), percent (tags: the share of
    pairs of learners that agree), alpha (Krippendorff's: of tags over sentences, of highlights
    over words, as in `agreement.token_alpha`), low and high (tags: its 95% bootstrap interval over
    sentences), f1_exact and f1_overlap (highlights: the mean of `agreement.span_f1` over all
    pairs of learners of whom one marked something; "exact" and "type"), reads: in plain words.

    NaN where there is nothing to compare. For a tag, alpha is of this tag against all others.
    """
    article = _same_text(cls, article)
    ratings = _ratings(cls, article)
    tags = _names_of(cls, "tag")
    rows = []
    if len(tags) > 1:
        rows.append(_tag_row(ALL_TAGS, ratings, cls))
    rows += [_tag_row(label, ratings, cls) for label in tags]
    marking = {
        learner: layer
        for learner, layer in cls.layers.items()
        if any(mark.kind == "highlight" for mark in layer.marks)
    }
    for label in _names_of(cls, "highlight"):
        rows.append(_highlight_row(label, marking, article, cls))
    numbers = ["percent", "alpha", "low", "high", "f1_exact", "f1_overlap"]
    columns = ["label", "kind", "learners", "n", "units", *numbers, "reads"]
    table = _table(rows, columns)
    return table.astype(dict.fromkeys(numbers, "float64")) if rows else table


def _ratings(cls: Class, article: Article) -> pd.DataFrame:
    """Sentences x learners who gave a tag: the tag, or None."""
    import numpy as np
    import pandas as pd

    places = sentence_spans(article)
    tagged = {
        learner: [mark for mark in layer.marks if mark.kind == "tag"]
        for learner, layer in cls.layers.items()
    }
    tagged = {learner: marks for learner, marks in tagged.items() if marks}
    cells = np.full((len(places), len(tagged)), None, dtype=object)
    for column, marks in enumerate(tagged.values()):
        for mark in marks:
            cells[places[(mark.start, mark.end)], column] = mark.label
    return pd.DataFrame(cells, columns=list(tagged), dtype=object)  # None stays None


def _tag_row(label: str, ratings: pd.DataFrame, cls: Class) -> dict[str, Any]:
    import pandas as pd

    from nutgraf import agreement

    cells = ratings.to_numpy(dtype=object)
    given = sum(cell is not None and (label in (ALL_TAGS, cell)) for cell in cells.ravel())
    units = int((ratings.notna().sum(axis=1) >= 2).sum())
    row = _empty_row(label, "tag", ratings.shape[1], int(given), units)
    if units and given:
        rated = ratings
        if label != ALL_TAGS:  # this tag against all others
            known = [[None if cell is None else cell == label for cell in one] for one in cells]
            rated = pd.DataFrame(known, columns=ratings.columns, dtype=object)
        row["percent"] = agreement.percent(rated)
        row["alpha"] = agreement.krippendorff(rated)
        row["low"], row["high"] = agreement.interval(rated, "krippendorff")
    return row | {"reads": _reading(row, cls)}


def _empty_row(label: str, kind: str, learners: int, n: int, units: int) -> dict[str, Any]:
    row: dict[str, Any] = {"label": label, "kind": kind, "learners": learners, "n": n}
    measures = ("percent", "alpha", "low", "high", "f1_exact", "f1_overlap")
    return row | {"units": units} | dict.fromkeys(measures, math.nan)


def _highlight_row(
    label: str, marking: Mapping[str, Layer], article: Article, cls: Class
) -> dict[str, Any]:
    marks = [[one for one in layer.marks if one.label == label] for layer in marking.values()]
    spans = [sorted({(one.start, one.end) for one in some}) for some in marks]
    n = sum(map(len, marks))
    pieces = [sorted({span for one in some for span in one.spans}) for some in marks]
    units, alpha = _word_alpha(pieces, article)
    row = _empty_row(label, "highlight", len(marking), n, units)
    if n and len(marking) > 1:
        row["alpha"] = alpha
        row["f1_exact"], row["f1_overlap"] = _pair_f1(spans)
    return row | {"reads": _reading(row, cls)}


def _word_alpha(learners: list[list[Span]], article: Article) -> tuple[int, float]:
    """Words that anybody marked, and alpha over all words: `agreement.token_alpha` for one label,
    from counts, since a table of learners and words is too slow for a large class."""
    import numpy as np

    from nutgraf.agreement import _alpha_parts, _unequal, _value

    words = article.words
    starts, ends = words["start"].to_numpy(), words["end"].to_numpy()
    counts = np.zeros((len(starts), 3))
    for spans in learners:
        codes = np.zeros(len(starts), dtype=np.int64)  # 0 outside, 1 the first word, 2 the others
        for start, end in sorted(spans, key=lambda span: (span[0], -span[1])):
            first, last = np.searchsorted(ends, start, side="right"), np.searchsorted(starts, end)
            here = np.where(np.arange(first, last) == first, 1, 2)
            codes[first:last] = np.where(codes[first:last] == 0, here, codes[first:last])
        counts[np.arange(len(starts)), codes] += 1
    marked = int((counts[:, 1:].sum(axis=1) > 0).sum())
    if len(learners) < 2:
        return marked, math.nan
    return marked, _value(_alpha_parts(counts, _unequal(3)))


def _pair_f1(learners: list[list[Span]]) -> tuple[float, float]:
    """The mean F1 of all pairs of learners, by equal spans and by spans that overlap.

    Stretches that no mark of anybody reaches across can be compared one by one, and in each the
    learners fall into few groups that marked the same: 45,000 pairs are then a few additions.
    """
    import numpy as np

    from nutgraf.agreement import _matched

    people = len(learners)
    reach, begins = -1, []
    for start, end in sorted({span for spans in learners for span in spans}):
        if start >= reach:
            begins.append(start)
        reach = max(reach, end)
    pieces: list[dict[int, tuple[Span, ...]]] = [{} for _ in begins]
    for learner, spans in enumerate(learners):
        for span in spans:
            piece = pieces[int(np.searchsorted(begins, span[0], side="right")) - 1]
            piece[learner] = (*piece.get(learner, ()), span)
    same, touching = np.zeros((people, people)), np.zeros((people, people))
    for piece in pieces:
        groups = {spans: n for n, spans in enumerate(dict.fromkeys(piece.values()))}
        who = np.array(list(piece))
        group = np.array([groups[spans] for spans in piece.values()])
        labelled = [
            [(*span, "") for span in sorted(g, key=lambda s: (s[0], -s[1]))] for g in groups
        ]
        shared = np.array([[len(set(a) & set(b)) for b in groups] for a in groups])
        met = np.zeros_like(shared)
        for a, one in enumerate(labelled):
            for b in range(a, len(labelled)):
                met[a, b] = met[b, a] = len(_matched(one, labelled[b], "type"))
        same[np.ix_(who, who)] += shared[np.ix_(group, group)]
        touching[np.ix_(who, who)] += met[np.ix_(group, group)]
    sizes = np.array([len(spans) for spans in learners])
    first, second = np.triu_indices(people, k=1)
    total = (sizes[first] + sizes[second]).astype(float)
    some = total > 0
    if not some.any():
        return math.nan, math.nan
    exact, overlap = (2 * one[first, second][some] / total[some] for one in (same, touching))
    return float(exact.mean()), float(overlap.mean())


def _reading(row: Mapping[str, Any], cls: Class) -> str:
    """What the numbers of a row say, for somebody who has not met such numbers."""
    if not row["n"]:
        return "Nobody used it."
    if row["learners"] < 2:
        return "From one learner only. Agreement takes two."
    if not row["units"]:
        return "No sentence has a tag from two learners."
    low, high = row["low"], row["high"]
    measure = "alpha" if row["kind"] == "tag" else "f1_overlap"
    plan = EXPECTED.get(row["label"]) if cls.scheme.name == "newsmarks-7" else None
    measure = plan[0] if plan else measure
    value = row[measure]
    if math.isnan(value):
        return "There is nothing to compare."
    said = [_means(measure, value)]
    if plan:
        planned = f"{plan[1]:.2f} to {plan[2]:.2f}, what to plan for with beginners."
        shown = round(value, 2)
        where = "Below" if shown < plan[1] else "Above" if shown > plan[2] else "Within"
        said.append(f"{where} {planned}")
        if where == "Below":
            said.append("Compare how you read the rule.")
        elif row["label"] == "LOADED":
            said.append(
                "Careful readers differ on such words: talk about where, and by which rule."
            )
    if high - low > 0.3:
        said.append(f"So few sentences leave much open: {_number(low)} to {_number(high)}.")
    return " ".join(said)


def _means(measure: str, value: float) -> str:
    shown = f"{_number(value)}:"
    if measure != "alpha":
        what = "the same ends" if measure == "f1_exact" else "a word in common"
        return f"{shown} of the marks of two learners, {value:.0%} have {what}, on average."
    if value >= 0.995:
        return f"{shown} all agree."
    if value < 0.005:
        return f"{shown} no more agreement than chance would bring."
    return f"{shown} {value:.0%} of the way from chance to all agreeing."


def _number(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.2f}".replace("-", "−")


def split_sentences(cls: Class, article: Article | str) -> pd.DataFrame:
    """The sentences that got different tags, the most divided first.

    Columns: sentence (its number), start, end, text, votes ("OPINION 14, CLAIM 12"), one column a
    tag with its votes, n (all votes), entropy: in bits, 0 when all agree, 1 when two tags have
    half each (Shannon 1948). Sentences that fewer than half as many tagged as the most tagged one
    come last, since two votes against each other say little about a class.
    """
    article = _same_text(cls, article)
    tags = _names_of(cls, "tag")
    ratings = _ratings(cls, article)
    places = list(sentence_spans(article))
    rows = []
    for number, cells in enumerate(ratings.to_numpy(dtype=object)):
        votes = Counter(cell for cell in cells if cell is not None)
        if len(votes) < 2:
            continue
        n = votes.total()
        entropy = -sum(count / n * math.log2(count / n) for count in votes.values())
        ranked = sorted(votes.items(), key=lambda one: (-one[1], tags.index(one[0])))
        said = ", ".join(f"{label} {count}" for label, count in ranked)
        start, end = places[number]
        counts = [votes[tag] for tag in tags]
        rows.append([number, start, end, article.text[start:end], said, *counts, n, entropy])
    most = max((row[-2] for row in rows), default=0)
    rows.sort(key=lambda row: (2 * row[-2] < most, -round(row[-1], 9), -row[-2], row[0]))
    return _table(rows, ["sentence", "start", "end", "text", "votes", *tags, "n", "entropy"])


def describe(cls: Class, article: Article | str) -> str:
    """What was collected, how far the class agrees and what was not used, for a teacher to read."""
    marks = sum(len(layer.marks) for layer in cls.layers.values())
    lines = [
        f"{_count(len(cls.layers), 'learner')}, {_count(marks, 'mark')} on {cls.article} "
        f"({cls.scheme.name})"
    ]
    empty = [learner for learner, layer in cls.layers.items() if not layer.marks]
    if empty:
        lines.append(f"  nothing marked yet: {_listed(empty)}")
    if len(cls.layers) > 1:
        lines.append("How far they agree:")
        for row in agreement_table(cls, article).itertuples():
            lines.append(f"  {row.label:<10} {_count(row.n, 'mark'):>12}  {row.reads}")
    done = cls.problems["done"]
    for what, says in (("left out", "Not used"), ("duplicate", "Twice"), ("look", "Look at")):
        some = cls.problems[done == what]
        lines += [f"{says}: {row.file}: {row.why}" for row in some.head(20).itertuples()]
        if len(some) > 20:
            lines.append(f"{says}: and {len(some) - 20} more")
    for what, says in (
        ("mark left out", "marks that could not be used"),
        ("line left out", "lines of a journal that could not be read"),
        ("changed", "remarks on what was changed or moved"),
    ):
        rows = cls.problems[done == what]
        if len(rows):
            whose = [f"{who} {count}" for who, count in Counter(rows["learner"]).items()]
            lines.append(f"{len(rows)} {says}: {_listed(whose)}")
    if passed := int((done == "passed over").sum()):
        lines.append(f"Passed over: {_count(passed, 'file')} without marks")
    return "\n".join(lines)


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - 8} more" if len(names) > 8 else ""
    return ", ".join(names[:8]) + more


# --- the heat map ----------------------------------------------------------------------------


def heat_map(cls: Class, article: Article | str, label: str | None = None) -> Drawing:
    """The article with how many learners marked each word, for one label or all highlights.

    A stretch is words beside each other that the same learners marked. The more they are, the
    stronger its tint and the thicker its line; their number stands behind it. The twin lists the
    stretches: "retaliatory: 14 of 30". Raises NutgrafError when the scheme has no such label.
    """
    article = _same_text(cls, article)
    if label is not None:
        cls.scheme.label(label)
    stretches = _stretches(cls, article, label)
    people = len(cls.layers)
    what = label or "anything"
    title = f"How many of {_count(people, 'learner')} marked {what}"
    twin = [f"{title}:", *(f"{_flat(article.text[a:b])}: {n} of {people}" for a, b, n in stretches)]
    if not stretches:
        twin = [f"{title}: nobody."]
    listed = "".join(f"<li>{escape(line)}</li>" for line in twin[1:])
    html = (
        '<div style="font-family:var(--jp-content-font-family, sans-serif);font-size:14px;'
        f'line-height:1.5;max-width:900px"><p style="margin:0 0 6px">{escape(title)}: the number '
        "behind the words. The more, the stronger the tint and the thicker the line.</p>"
        f"{_marked_text(article, stretches, people)}"
        '<details style="margin:6px 0 0;font-size:13px"><summary>The stretches as a list'
        f"</summary><ul>{listed}</ul></details></div>"
    )
    return Drawing(html, "\n".join(twin))


def _stretches(cls: Class, article: Article, label: str | None) -> list[tuple[int, int, int]]:
    """(start, end, learners): words beside each other that the same learners marked."""
    import numpy as np

    words = article.words
    starts, ends = words["start"].to_numpy(), words["end"].to_numpy()
    marked = np.zeros((len(starts), len(cls.layers)), dtype=bool)
    for column, layer in enumerate(cls.layers.values()):
        for mark in layer.marks:
            if mark.label != label and not (label is None and mark.kind == "highlight"):
                continue
            for start, end in mark.spans:
                first, last = np.searchsorted(ends, start, "right"), np.searchsorted(starts, end)
                marked[first:last, column] = True
    counts = marked.sum(axis=1)
    paragraph = words["paragraph"].to_numpy()
    new = np.ones(len(starts), dtype=bool)
    new[1:] = (marked[1:] != marked[:-1]).any(axis=1) | (paragraph[1:] != paragraph[:-1])
    first = np.flatnonzero(new)
    last = np.append(first[1:], len(starts)) - 1
    return [
        (int(starts[a]), int(ends[b]), int(counts[a]))
        for a, b in zip(first, last, strict=True)
        if len(starts) and counts[a]
    ]


def _marked_text(article: Article, stretches: list[tuple[int, int, int]], people: int) -> str:
    """The article's paragraphs as HTML, each stretch with its number."""
    text, rest = article.text, iter([*stretches, (len(article.text) + 1, 0, 0)])
    stretch = next(rest)
    blocks = []
    paragraphs = article.paragraphs
    for first, last in zip(paragraphs["start"], paragraphs["end"], strict=True):
        parts, place = [], int(first)
        while stretch[0] < last:
            start, end, n = stretch
            parts.append(_lines(text[place:start]))
            parts.append(_heat(text[start:end], n, people))
            place = end
            stretch = next(rest)
        parts.append(_lines(text[place : int(last)]))
        blocks.append(f'<p dir="auto" style="margin:0 0 8px;line-height:1.8">{"".join(parts)}</p>')
    return "".join(blocks)


def _heat(words: str, n: int, people: int) -> str:
    share = n / people
    tint = f"background:rgba(255,160,0,{0.1 + 0.4 * share:.2f})"
    # The line's thickness says it again, for those who see no colour and for paper.
    line = f"border-bottom:{1 + round(4 * share)}px solid currentColor"
    number = f'<sup style="font-size:10px;font-weight:bold;padding:0 1px 0 2px">{n}</sup>'
    return f'<span style="{tint};{line};padding-bottom:1px">{_lines(words)}{number}</span>'


def _lines(text: str) -> str:
    return escape(text).replace("\r\n", "<br>").replace("\r", "<br>").replace("\n", "<br>")


def _flat(text: str) -> str:
    return " ".join(text.split())


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


# --- the sheet -------------------------------------------------------------------------------

_QUESTIONS = (
    "Which words of the sentence did you go by?",
    "Read it as the others did. Which rule makes their reading hold?",
    "What would you look up first to see whether it is so? Where?",
    "Which word would have to change for another tag to fit?",
    "Say the sentence without its quotation, or its main clause alone. Does your tag stay?",
)

_STYLE = """
@page { margin: 16mm 15mm; }
:root { color-scheme: light; }
* { box-sizing: border-box; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
body { font: 11pt/1.45 "Source Sans 3", "Segoe UI", "Helvetica Neue", Arial, "Noto Sans",
  sans-serif; color: #1c1c1c; background: #fff; max-width: 190mm; margin: 0 auto; padding: 6mm; }
h1 { font-size: 19pt; line-height: 1.2; margin: 0 0 1mm; }
h2 { font-size: 14pt; margin: 8mm 0 1mm; border-top: 1.5pt solid #1c1c1c; padding-top: 2mm; }
h3 { font-size: 11pt; margin: 4mm 0 1mm; }
h2, h3, h2 + p, h3 + p, thead { break-after: avoid; }
p { margin: 0 0 2mm; }
.small { font-size: 9.5pt; color: #444; }
table { border-collapse: collapse; width: 100%; margin: 2mm 0 3mm; font-size: 9.5pt; }
th, td { text-align: left; vertical-align: top; padding: 1mm 1.5mm;
  border-bottom: 0.5pt solid #767676; overflow-wrap: break-word; }
thead th { border-bottom: 1.2pt solid #1c1c1c; vertical-align: bottom; }
tr, .card, .whole { break-inside: avoid; }
.number { text-align: right; }
td.number { white-space: nowrap; }
.map { font-size: 10.5pt; }
.card { border: 0.8pt solid #767676; border-radius: 2mm; padding: 2.5mm 3.5mm; margin: 3mm 0; }
.card blockquote { margin: 0 0 2mm; font-size: 12pt; }
.card table { width: auto; margin: 0 0 2mm; }
.card td, .card th { border: 0; padding: 0.3mm 2mm 0.3mm 0; }
.bar { display: inline-block; height: 3mm; background: #fff; border: 0.8pt solid #1c1c1c;
  background-image: linear-gradient(90deg, #555 50%, #fff 50%); background-size: 1.6mm 100%; }
.write { border-bottom: 0.5pt solid #767676; height: 7mm; }
@media print { body { padding: 0; max-width: none; } }
@media (max-width: 600px) { body { padding: 4mm; } }
"""


def discussion_sheet(
    cls: Class, article: Article | str, path: Path | str, *, names: bool = False
) -> Path:
    """Write a page to print and talk over; returns where it is.

    On it: the article with how many marked what, how far the class agrees, the five sentences that
    split it most, and the words marked LOADED by the way they lean, as the article's reference has
    it. No learner is named unless `names` asks for it. The page needs no other file and runs
    nothing. It appears in one step, and where there is such a file it gets another name.

    Raises NutgrafError when it cannot be written.
    """
    article = _same_text(cls, article)
    page = _page(cls, article, names)
    path = Path(path).expanduser()
    if path.suffix.lower() not in (".html", ".htm"):
        path = path.with_name(f"{path.name}.html")
    try:
        return formats.put(path, {path.suffix: page.encode("utf-8", "replace")})
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise NutgrafError(
            f"{path} could not be written ({why}). Name a file in a folder of yours."
        ) from error


def _page(cls: Class, article: Article, names: bool) -> str:
    title = article.info.get("title")
    title = title if isinstance(title, str) and title.strip() else article.name
    marks = sum(len(layer.marks) for layer in cls.layers.values())
    people = _count(len(cls.layers), "learner")
    sections = [
        _maps_section(cls, article),
        _agreement_section(cls, article),
        _split_section(cls, article, names),
        _loaded_section(cls, article),
        _names_section(cls) if names else "",
    ]
    safe = "default-src 'none'; style-src 'unsafe-inline'"
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{safe}">\n'
        f"<title>What the class marked: {escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n"
        f"<body>\n<main>\n<h1>What the class marked</h1>\n"
        f"<p><b><bdi>{escape(title)}</bdi></b><br>{people}, {_count(marks, 'mark')}, scheme "
        f"{escape(cls.scheme.title)}</p>\n"
        "<p>Readers who differ are not right or wrong. Look for the rule that each reading "
        "follows.</p>\n"
        f"{''.join(section for section in sections if section)}</main>\n</body>\n</html>\n"
    )


def _html_table(head: Sequence[str], rows: Iterable[Sequence[Any]], numbers: set[int]) -> str:
    """Cells are HTML already; the first of a row is its heading."""

    def kind(place: int) -> str:
        return ' class="number"' if place in numbers else ""

    top = "".join(f'<th scope="col"{kind(n)}>{one}</th>' for n, one in enumerate(head))
    body = "".join(
        f'<tr><th scope="row">{row[0]}</th>'
        + "".join(f"<td{kind(n)}>{one}</td>" for n, one in enumerate(row[1:], start=1))
        + "</tr>\n"
        for row in rows
    )
    return f"<table><thead><tr>{top}</tr></thead>\n<tbody>{body}</tbody></table>\n"


def _maps_section(cls: Class, article: Article) -> str:
    if not _names_of(cls, "highlight"):
        return ""
    people = len(cls.layers)
    label = "LOADED" if "LOADED" in _names_of(cls, "highlight") else None
    stretches = _stretches(cls, article, label)
    what, means = "The words that were marked", ""
    if label:
        what = f"The words that were marked {label}"
        means = f"<b>{label}</b>: {escape(_flat(cls.scheme.label(label).definition))} "
    shown = _marked_text(article, stretches, people) if stretches else "<p>Nobody marked any.</p>"
    return (
        f"<h2>{what}</h2>\n<p>{means}The number behind words says how many of {people} marked "
        "them. The more, the stronger the tint and the thicker the line.</p>\n"
        f'<div class="map">{shown}</div>\n'
    )


def _agreement_section(cls: Class, article: Article) -> str:
    table = agreement_table(cls, article)
    head = "<h2>How far you agree</h2>\n"
    if len(cls.layers) < 2:
        return f"{head}<p>There is one learner only, and agreement takes two.</p>\n"
    rows = []
    for row in table.to_dict("records"):
        interval = ""
        if not math.isnan(row["low"]):
            interval = f"{_number(row['low'])} to {_number(row['high'])}"
        cells = [_number(row[one]) for one in ("f1_exact", "f1_overlap")]
        rows.append(
            [
                escape(row["label"]),
                f"{row['n']:,}",
                _number(row["alpha"]),
                interval,
                *("" if row["kind"] == "tag" else cell for cell in cells),
                escape(row["reads"]),
            ]
        )
    columns = ["Label", "Marks", "Alpha", "95% interval", "Same ends", "Over&shy;lap", "In words"]
    planned = ""
    if cls.scheme.name == "newsmarks-7":
        planned = (
            " What to plan for comes from published work with other schemes; nobody measured it "
            "for this one."
        )
    return (
        f"{head}{_html_table(columns, rows, {1, 2, 3, 4, 5})}"
        '<p class="small">Alpha (Krippendorff): 0 is what chance would bring, 1 is all agreeing. '
        "The interval says how far it would swing with other sentences. Same ends and overlap: "
        f"the share of two learners’ marks that have a partner, mean of all pairs.{planned}</p>\n"
    )


def _split_section(cls: Class, article: Article, names: bool) -> str:
    if not _names_of(cls, "tag"):
        return ""
    table = split_sentences(cls, article).head(5)
    if table.empty:
        return (
            "<h2>Sentences that split the class</h2>\n<p>No sentence got two different tags.</p>\n"
        )
    ratings = _ratings(cls, article)
    tags = _names_of(cls, "tag")
    number = {1: "The sentence", 2: "Two sentences", 3: "Three sentences", 4: "Four sentences"}
    verb = "splits" if len(table) == 1 else "split"
    parts = [
        f"<h2>{number.get(len(table), 'Five sentences')} that {verb} the class</h2>\n"
        "<p>Tags that were given: "
        + " ".join(
            f"<b>{escape(label.name)}</b>: {escape(_flat(label.definition))}"
            for label in cls.scheme.labels
            if label.kind == "tag"
        )
        + "</p>\n"
    ]
    for place, row in enumerate(table.itertuples(index=False)):
        votes = dict(zip(tags, row[5 : 5 + len(tags)], strict=True))
        given = sorted((tag for tag in tags if votes[tag]), key=lambda tag: -votes[tag])
        lines = []
        for tag in given:
            who = ""
            if names:
                theirs = ratings.columns[(ratings.iloc[row.sentence] == tag).to_numpy()]
                who = f'<td class="small">{_people(theirs)}</td>'
            bar = f'<span class="bar" style="width:{50 * votes[tag] / row.n:.1f}mm"></span>'
            lines.append(
                f'<tr><th scope="row">{escape(tag)}</th><td class="number">{votes[tag]} of {row.n}'
                f"</td><td>{bar}</td>{who}</tr>"
            )
        parts.append(
            f'<section class="card"><h3>S{row.sentence:02}</h3>\n'
            f'<blockquote dir="auto">{_lines(_flat(row.text))}</blockquote>\n'
            f"<table><tbody>{''.join(lines)}</tbody></table>\n"
            f"<p>Which rule did you follow? {escape(_QUESTIONS[place])}</p>\n"
            '<div class="write"></div></section>\n'
        )
    return "".join(parts)


def _people(names: Iterable[str]) -> str:
    return ", ".join(f"<bdi>{escape(name)}</bdi>" for name in names)


@dataclass
class _Word:
    """Words marked LOADED: by how many, and which way they lean ("": nobody says)."""

    place: Mark
    learners: set[str] = field(default_factory=set)
    leans: str = ""
    where: str = ""  # the sentence, when the same words stand in several places


def _loaded_words(cls: Class, article: Article) -> list[_Word]:
    """The words marked LOADED, and those that the reference marks, each with who marked it."""
    try:
        reference = reference_layer(article, cls.scheme.name).marks
    except NutgrafError:
        reference = ()
    known = [
        _Word(mark, leans=mark.attributes.get("leans", ""))
        for mark in reference
        if mark.label == "LOADED"
    ]
    others: dict[Span, _Word] = {}
    for learner, layer in cls.layers.items():
        for mark in layer.marks:
            if mark.label != "LOADED":
                continue
            # Whoever marked a word of it counts, as in the map: the sheet has to be of one piece.
            met = [word for word in known if _shared(mark, word.place)]
            for word in met or [others.setdefault((mark.start, mark.end), _Word(mark))]:
                word.learners.add(learner)
    words = [*known, *others.values()]
    quotes = Counter(_flat(word.place.quote) for word in words)
    sentences = sentence_spans(article)
    for word in words:
        if quotes[_flat(word.place.quote)] > 1:
            word.where = f" (S{_sentence(word.place.start, sentences):02})"
    return words


def _loaded_section(cls: Class, article: Article) -> str:
    if "LOADED" not in _names_of(cls, "highlight"):
        return ""
    words = _loaded_words(cls, article)
    people = len(cls.layers)
    by_lean: dict[str, list[_Word]] = {}
    for word in words:
        by_lean.setdefault(word.leans, []).append(word)
    rest = by_lean.pop("", [])
    unclear = by_lean.pop("unclear", [])
    parts = ["<h2>Words marked LOADED, by the way they lean</h2>\n"]
    if by_lean:
        parts.append(
            "<p>Which way words lean is the reading of the article’s reference. A direction stands "
            "here even when nobody marked its words. Did you read every side with the same eyes? "
            "By which rule would you mark a word here, and leave another?</p>\n"
        )
        rows = []
        for lean in sorted(by_lean):
            some = _ranked(by_lean[lean])
            marked = sum(len(word.learners) for word in some)
            said = "; ".join(_tally(word) for word in some if word.learners)
            left = "; ".join(_quoted(word) for word in some if not word.learners)
            rows.append([escape(lean), f"{marked:,}", said or "none", left])
        said = "; ".join(_tally(word) for word in _ranked(unclear) if word.learners)
        if said:
            marked = sum(len(word.learners) for word in unclear)
            rows.append(["unclear, or both ways", f"{marked:,}", said, ""])
        columns = ["Leans", "In all", f"Words, and how many of {people} marked some of them"]
        columns.append("Marked by nobody")
        # On one page: half of the directions would be another sheet.
        parts.append(f'<div class="whole">{_html_table(columns, rows, {1})}</div>\n')
        if len(by_lean) == 1:
            parts.append(
                "<p>The reference has words that lean one way only. Which words of the article "
                "lean another way?</p>\n"
            )
    rest = _ranked(word for word in rest if word.learners)
    if rest:
        parts.append(
            "<h3>Which way do these lean?</h3>\n<p>Nothing says it yet. Decide together, word by "
            "word, and look whether your words lean more ways than one.</p>\n"
        )
        rows = [[_quoted(word), f"{len(word.learners)} of {people}", ""] for word in rest[:20]]
        parts.append(_html_table(["Words", "Marked by", "Leans, and by which rule"], rows, {1}))
        if len(rest) > 20:
            parts.append(f'<p class="small">And {len(rest) - 20} more, each marked by few.</p>\n')
    if not by_lean and not rest:
        parts.append("<p>Nobody marked LOADED.</p>\n")
    return "".join(parts)


def _ranked(words: Iterable[_Word]) -> list[_Word]:
    return sorted(words, key=lambda word: (-len(word.learners), word.place.start))


def _quoted(word: _Word) -> str:
    return f"<bdi>{escape(in_quotes(_flat(word.place.quote), 80))}</bdi>{word.where}"


def _tally(word: _Word) -> str:
    return f"{_quoted(word)}&nbsp;<b>{len(word.learners)}</b>"


def _names_section(cls: Class) -> str:
    table = who_marked(cls)
    rows = [
        [f"<bdi>{escape(str(row[0]))}</bdi>", *(f"{cell:,}" for cell in row[1:])]
        for row in table.itertuples(index=False, name=None)
    ]
    columns = [escape(str(name)).replace("_", " ") for name in table.columns]
    numbers = set(range(1, len(columns)))
    return f"<h2>Who marked what</h2>\n{_html_table(columns, rows, numbers)}"
