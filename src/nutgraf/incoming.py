"""Files as they come from learners: which are not to be opened, and what their names tell.

Names in bulk downloads are as the platforms' own programs make them. Dates and numbers in them are
read only where they tell one file from another.
"""

from __future__ import annotations

import os
import re
import unicodedata
from dataclasses import dataclass

from nutgraf.formats.common import plain

Parts = tuple[str, ...]
"""A file's place: the folders it lies in, and its name."""

DEEPEST = 20
"""How many folders may lie in one another."""

_SYSTEM = {"__macosx", "thumbs.db", "desktop.ini"}


def natural(text: str) -> list[tuple[int, int, str]]:
    """A key that puts 2 before 10."""
    pieces = re.split(r"([0-9]{1,15})", text.casefold())
    return [(0, int(one), "") if n % 2 else (1, 0, one) for n, one in enumerate(pieces)]


def shown(parts: Parts) -> str:
    """A place for people to read: on one line, without signs that could deceive."""
    return "/".join(plain(part) for part in parts)


def hidden(name: str) -> bool:
    """Whether a file or folder is one that programs put there for themselves."""
    return name.startswith(".") or name.casefold() in _SYSTEM


def strange(name: str) -> str:
    """Why a name cannot be that of a file, or ""."""
    if "\\" in name or any(unicodedata.category(sign) in ("Cc", "Cs") for sign in name):
        return "its name is a path, or holds signs that are none. Rename it."
    return ""


def unfit(entry: os.DirEntry, parts: Parts) -> str:
    """Why a file or folder is not to be opened, from its name and kind; or ""."""
    if problem := strange(entry.name):
        return problem
    if entry.is_symlink() or getattr(entry, "is_junction", bool)():
        return "it is a link, and links are not followed. Put the file itself here."
    if entry.is_dir(follow_symlinks=False):
        return "it lies too deep in folders. Move it up." if len(parts) > DEEPEST else ""
    if not entry.is_file(follow_symlinks=False):
        return "it is no ordinary file, and was not opened."
    return ""


def person(name: str, most: int = 60) -> str:
    """A name on one line, composed, so that the same name is the same on every system."""
    whole = unicodedata.normalize("NFC", plain(name))
    return " ".join(whole.split())[:most].strip()


_COPY = re.compile(r"(?i)\s*(\(\d{1,3}\)|[-_ ]+copy(?:[ -]?\d{1,3})?|[-_ ]+kopie)$")


def without_copy(stem: str) -> str:
    """A file's name without what browsers and Jupyter put behind that of a copy: "x (1)" is "x"."""
    return _COPY.sub("", stem)


# --- names that platforms make -------------------------------------------------------------------


@dataclass(frozen=True)
class Made:
    """What a name that a platform made tells.

    platform: "Moodle", "Canvas", "Blackboard" or "Brightspace"; name: the person's; file: what
    the learner called the file ("" in a folder's name); number: the learner's in this platform
    ("" where it has none); attempt: a number that grows with each file handed in, 0 if there is
    none; late: marked as late; typed: a text typed into a form, and no file.
    """

    platform: str
    name: str
    file: str = ""
    number: str = ""
    attempt: int = 0
    late: bool = False
    typed: bool = False


def made_by_platform(name: str) -> Made | None:
    """What a file's or folder's name tells when a learning platform made it; None otherwise.

    What a platform puts in front stands before all that a learner may have called the file, so
    that of two readings the one that leaves more of the name to the learner holds.
    """
    found = [one for one in (reader(name) for reader in _READERS) if one]
    return max(found, key=lambda one: len(one.file), default=None)


# In folders (the default): "Full Name_123_assignsubmission_file" holds the files as the learner
# named them, with the learner's own folders; older versions have a "_" at the end. Flat:
# "Full Name_123_assignsubmission_file_name.ipynb". A "_" in a person's name becomes a blank. The
# number is that of the participant in this one assignment, as in "Participant 123" of its grading
# worksheet. Texts typed in have "onlinetext" in the place of "file". A group has its name and
# number, those without a group have no number; with names hidden, everybody is "Participant".
_MOODLE = re.compile(
    r"(?s)(?P<who>.+?)(?:_(?P<id>[0-9]{1,18}))?_assignsubmission_(?P<kind>[a-z]+)(?:_(?P<file>.*))?"
)


def _moodle(name: str) -> Made | None:
    found = _MOODLE.fullmatch(name)
    if not found or not (who := person(found["who"])):
        return None
    typed = found["kind"] == "onlinetext"
    return Made("Moodle", who, found["file"] or "", found["id"] or "", typed=typed)


# Always flat: "leeann_LATE_12_345_name.ipynb", where 12 is the user and 345 the file, which grows;
# LATE stands there or does not. The name is "Lee, Ann" in small letters, without blanks and marks.
# With names hidden: "anon_aB3dE_345_name.ipynb", LATE in front of it. When a learner hands in a
# second file of one name, it is called "name-1.ipynb". Texts typed in: "leeann_12_text.html".
_CANVAS = re.compile(
    r"(?s)(?:(?!LATE_|anon_)(?P<who>\w+?)_(?P<late>LATE_)?(?P<id>[0-9]{1,18})"
    r"|(?P<late_too>LATE_)?anon_(?P<anon>[A-Za-z0-9]{1,40}))_"
    r"(?:(?P<typed>(?:text|link)\.html)|(?P<number>[0-9]{1,18})_(?P<file>.+))"
)


def _canvas(name: str) -> Made | None:
    found = _CANVAS.fullmatch(name)
    if not found:
        return None
    return Made(
        "Canvas",
        f"anonymous {found['anon']}" if found["anon"] else person(found["who"]),
        found["file"] or "",
        str(int(found["id"])) if found["id"] else "",
        int(found["number"] or 0),
        late=bool(found["late"] or found["late_too"]),
        typed=bool(found["typed"]),
    )


# "Task 1_alee_attempt_2026-01-24-10-30-00_name.ipynb", with the user's name in the platform.
_BLACKBOARD = re.compile(
    r"(?s).+?_(?P<who>[^_]+)_attempt_(?P<when>[0-9]{4}(?:-[0-9]{2}){5})(?:_(?P<file>.*))?"
)


def _blackboard(name: str) -> Made | None:
    found = _BLACKBOARD.fullmatch(name)
    if not found or not (who := person(found["who"])):
        return None
    return Made("Blackboard", who, found["file"] or "", attempt=int(found["when"].replace("-", "")))


# "12-34 - Ann Lee - Jan 24, 2026 1030 AM - name.ipynb".
_BRIGHTSPACE = re.compile(
    r"(?s)[0-9]+-[0-9]+ - (?P<who>.+?) - "
    r"\w+\.? [0-9]{1,2}, [0-9]{4} [0-9]{3,4} [AP]M(?: - (?P<file>.*))?"
)


def _brightspace(name: str) -> Made | None:
    found = _BRIGHTSPACE.fullmatch(name)
    if not found or not (who := person(found["who"])):
        return None
    return Made("Brightspace", who, found["file"] or "")


_READERS = (_moodle, _canvas, _blackboard, _brightspace)
