"""Quizzes for learning platforms: QTI for Canvas and others, Moodle XML and GIFT for Moodle.

`export` writes one file a quiz and format, and a list of what could not be said in it. The formats
are written here and not by a library: none of the libraries that write them keeps feedback on each
option, hints, orders, matches and several accepted answers together.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from nutgraf.errors import NutgrafError
from nutgraf.exchange import gift, moodle_xml, qti, qti21
from nutgraf.exchange.common import Loss, Pictures, Question, Quiz, cleaned, ready

if TYPE_CHECKING:
    from nutgraf.quizzes import Item

__all__ = [
    "DEFAULT_FORMS",
    "FORMS",
    "IN_GENERAL",
    "REPORT",
    "Export",
    "Loss",
    "describe",
    "export",
    "report",
]

FORMS = {
    "qti": (qti.write, ".zip", "QTI 1.2, for Canvas"),
    "qti21": (qti21.write, ".zip", "QTI 2.1, for other platforms"),
    "moodle-xml": (moodle_xml.write, ".xml", "Moodle XML"),
    "gift": (gift.write, ".gift.txt", "GIFT"),
}
"""The formats by name: the writer, the files' ending, what it is for."""

DEFAULT_FORMS = ("qti", "moodle-xml", "gift")

REPORT = "what-was-left-out.md"

RECORD = ".nutgraf-export.json"
"""Beside the files: {"files": {path: [fingerprint of each version that was written]}}."""

IN_GENERAL = (
    "The files hold every answer. Keep them where learners do not come.",
    "Learners are not asked how sure they are, and nobody guesses before a cell is run.",
    "Hints come when the platform gives them, not when the learner asks; in QTI and GIFT they "
    "stand in the feedback, where they come too late.",
    "After two tries nobody is shown the answer, unless the platform is told to.",
    "What is typed is compared as the platform does it: marks around a word, kinds of spaces, and "
    "words such as “about” before a number can count as wrong.",
    "Marks are the platform's: most give a part of the mark for a part of the answer, and none "
    "goes below zero.",
    "Questions speak of the article and of the lesson's notebook. Give your learners both.",
)
"""What is lost in every question and format; said once."""


@dataclass(frozen=True)
class Export:
    """What `export` did.

    folder: where the files lie; files: their paths in it, the list of losses last; written: for
    each format, how many questions it holds; losses: what became of single items, `IN_GENERAL`
    left aside.
    """

    folder: Path
    files: tuple[str, ...]
    written: dict[str, int]
    losses: tuple[Loss, ...]

    @property
    def left_out(self) -> tuple[Loss, ...]:
        """The losses of whole items."""
        return tuple(loss for loss in self.losses if loss.what == "left out")


def export(
    items: Iterable[Item],
    out: Path,
    *,
    forms: Sequence[str] = DEFAULT_FORMS,
    title: str = "",
    pictures: Path | None = None,
) -> Export:
    """Write the items as files for learning platforms: one quiz a lesson, in each format.

    out: a folder, made if need be; files of ours from an earlier run are replaced, others never.
    forms: names from `FORMS`; title: makes one quiz of this name out of all items; pictures: the
    folder of the pictures that questions show (default: the kit's quizzes).
    Raises NutgrafError, before anything is written, for an unknown format, no items, an id that
    stands twice, a missing picture, and a file in the way that is not ours.
    """
    items, out = list(items), Path(out)
    _check(items, forms)
    questions, notes = ready(items)
    losses = [Loss(item, form, what, why) for form in forms for item, what, why in notes]
    files: dict[str, bytes] = {}
    written = dict.fromkeys(forms, 0)
    for quiz in _quizzes(questions, cleaned(title).strip()):
        for form in forms:
            write, ending, _ = FORMS[form]
            done = write(quiz, Pictures(pictures))
            losses += done.losses
            if done.items:
                files[f"{form}/{quiz.slug}{ending}"] = done.content
                written[form] += len(done.items)
    order = {item.id: place for place, item in enumerate(items)}
    losses.sort(key=lambda loss: (order[loss.item], list(forms).index(loss.form), loss.what))
    files[REPORT] = report(items, forms, losses, written).encode()
    try:
        _save(out, files)
    except OSError as error:
        place = error.filename2 or error.filename or out
        raise NutgrafError(
            f"{place} cannot be written ({error.strerror or error}). Name a folder that is yours."
        ) from error
    return Export(out, tuple(files), written, tuple(losses))


def report(
    items: Sequence[Item], forms: Sequence[str], losses: Sequence[Loss], written: dict[str, int]
) -> str:
    """What was left out and what was changed, as Markdown."""
    lines = ["# What was left out", ""]
    lines += [f"- {FORMS[form][2]}: {written[form]} of {len(items)} questions" for form in forms]
    lines += ["", "## In every question", "", *(f"- {one}" for one in IN_GENERAL)]
    for heading, what in (("Left out", "left out"), ("Changed", "changed")):
        lines += ["", f"## {heading}", ""]
        some = [loss for loss in losses if loss.what == what]
        lines += [] if some else ["Nothing."]
        reasons: dict[str, dict[str, list[str]]] = {}
        for loss in some:
            reasons.setdefault(loss.why, {}).setdefault(loss.item, []).append(loss.form)
        for why, of_item in reasons.items():
            together: dict[tuple[str, ...], list[str]] = {}
            for item, names in of_item.items():
                together.setdefault(tuple(names), []).append(item)
            for names, ids in together.items():
                lines.append(f"- {', '.join(names)}: {why}. Questions: {', '.join(ids)}")
    return "\n".join(lines) + "\n"


def describe(done: Export) -> str:
    """What was done, for the teacher to read."""
    lines = [f"Wrote to {done.folder.absolute()}:"]
    lines += [f"  {FORMS[form][2]}: {count} questions" for form, count in done.written.items()]
    for loss in done.left_out:
        lines.append(f"  left out of {FORMS[loss.form][2]}: {loss.item} ({loss.why})")
    return "\n".join([*lines, f"What differs from the kit is listed in {REPORT}.", IN_GENERAL[0]])


def _check(items: Sequence[Item], forms: Sequence[str]) -> None:
    unknown = [form for form in forms if form not in FORMS]
    if unknown or not forms:
        what = f"There is no format {unknown[0]!r}" if unknown else "Name a format"
        raise NutgrafError(f"{what}. There are: {', '.join(FORMS)}.")
    if not items:
        raise NutgrafError("There are no questions to export. Name items or a lesson.")
    ids = [item.id for item in items]
    twice = [name for name in ids if ids.count(name) > 1]
    if twice:
        raise NutgrafError(f"item {twice[0]}: this id stands twice; rename one.")


def _quizzes(questions: Sequence[Question], title: str) -> list[Quiz]:
    """The questions as quizzes: one a lesson, or one of them all under the title."""
    if title:
        return [Quiz(_slug(title), title, tuple(questions))] if questions else []
    by_lesson: dict[str, list[Question]] = {}
    for question in questions:
        by_lesson.setdefault(question.item.lesson, []).append(question)
    return [Quiz(_slug(name), _title(name), tuple(some)) for name, some in by_lesson.items()]


def _slug(words: str) -> str:
    slug = re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-")[:60]
    return slug or "quiz-" + hashlib.sha256(words.encode("utf-8", "replace")).hexdigest()[:8]


def _title(name: str) -> str:
    """A quiz's title: the lesson's, where there is such a lesson."""
    from nutgraf.lessons import lessons

    known = {lesson.slug: f"{lesson.number} {lesson.title}" for lesson in lessons()}
    return "Nutgraf " + known.get(name, re.sub(r"^\d+-", "", name).replace("-", " "))


# --- onto the disk ---------------------------------------------------------------------------


def _save(out: Path, files: dict[str, bytes]) -> None:
    """Put the files into the folder, each in one step, once it is sure that none is in the way.

    A fingerprint is written down before its file is, so that being stopped at any point leaves
    nothing that the next run would take for somebody else's.
    """
    if out.exists() and not out.is_dir():
        raise NutgrafError(f"{out} is a file. Name a folder, or rename the file.")
    record = _read_record(out)
    prints = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    for name in files:
        _may_write(out, name, {prints[name], *record.get(name, [])})
    for name in files:
        (out / name).parent.mkdir(parents=True, exist_ok=True)
    for name, one in prints.items():
        if one not in record.setdefault(name, []):
            record[name].append(one)
    text = json.dumps({"files": record}, indent=1, sort_keys=True)
    _put(out / RECORD, text.encode())
    for name, content in files.items():
        _put(out / name, content)


def _read_record(out: Path) -> dict[str, list[str]]:
    """What we wrote here before. A record that cannot be read counts as none: files are kept."""
    path = out / RECORD
    if path.is_symlink():
        raise NutgrafError(f"{path} is a link, not our record. Name another folder.")
    try:
        files = json.loads(path.read_bytes())["files"]
        return {str(name): [str(one) for one in ours] for name, ours in files.items()}
    except (FileNotFoundError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def _may_write(out: Path, name: str, ours: set[str]) -> None:
    """Raise NutgrafError unless the place is free, or holds a file that we wrote."""
    way_out = "Move it away, or name another folder."
    for parent in PurePosixPath(name).parents:
        place = out / parent
        if parent != PurePosixPath(".") and (
            place.is_symlink() or (place.exists() and not place.is_dir())
        ):
            raise NutgrafError(f"{place} stands where a folder of the export belongs. {way_out}")
    place = out / name
    if place.is_symlink() or place.is_dir():
        raise NutgrafError(f"{place} stands where a file of the export belongs. {way_out}")
    if place.exists() and hashlib.sha256(place.read_bytes()).hexdigest() not in ours:
        raise NutgrafError(f"{place} is not a file that Nutgraf wrote as it is now. {way_out}")


def _put(target: Path, content: bytes) -> None:
    new = target.with_name(f".{secrets.token_hex(8)}.saving")
    try:
        with new.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(new, target)
    finally:
        new.unlink(missing_ok=True)
