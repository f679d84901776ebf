"""Whose a file is, from where it lies.

Two people must never be taken for one, and nobody may hand in under another's name: what stands
outside decides, and a name further in counts only where most of the class has it so. To take one
person for two is the smaller harm, since it shows.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from nutgraf.incoming import Made, Parts, made_by_platform, person, without_copy


@dataclass(frozen=True)
class Who:
    """A person, as far as a file's place tells.

    home: the folder in which the name stands, where it takes that to tell two people apart; raw:
    the name as it stands there, where that is another than it looks.
    """

    name: str
    home: Parts = ()
    canvas_id: str = ""
    moodle_id: str = ""
    raw: str = ""


def named(raw: str, home: Parts = ()) -> Who:
    """A person by a name as people write it; two that only look the same are two."""
    name = person(raw) or "learner"
    return Who(name, home, raw="" if name == raw else raw)


@dataclass(frozen=True)
class Place:
    """Where a file lies; the exercise it is of ("": none), and the person its name tells ("")."""

    parts: Parts
    exercise: str = ""
    name: str = ""


# --- names that platforms make -------------------------------------------------------------------


def made(parts: Parts) -> tuple[int, Made] | None:
    """What the outermost name tells that a platform made, and at which place of `parts`.

    Canvas makes names of files only, so that folders such as "class_3_2024_spring" are nobody's.
    """
    for place, name in enumerate(parts):
        is_file = place == len(parts) - 1
        is_zip = name.lower().endswith(".zip")
        found = made_by_platform(name[:-4] if is_zip else name)
        if found and (is_file or is_zip or found.platform != "Canvas"):
            return place, found if is_file else replace(found, file="")
    return None


def whose(places: Sequence[Place], source: str, *, is_nbgraders: bool = False) -> list[Who]:
    """Whose each file is.

    source: what to call those whose files lie there without any name; is_nbgraders: the source is
    nbgrader's own folder `submitted`.
    """
    found: list[Who | None] = [None] * len(places)
    begin = 0 if is_nbgraders else _submitted([place.parts for place in places])
    if begin is None:
        _by_platform(places, found)
    else:
        for number, place in enumerate(places):
            if len(place.parts) > begin + 1:
                found[number] = named(_bare(place.parts[begin]))
    rest = [number for number, who in enumerate(found) if who is None]
    by_hand = _by_folders(
        [places[number] for number in rest], source, is_all=len(rest) == len(places)
    )
    for number, who in zip(rest, by_hand, strict=True):
        found[number] = who
    return [who for who in found if who]


def _by_platform(places: Sequence[Place], found: list[Who | None]) -> None:
    """Those whom a platform's name tells.

    Where it stands in a folder, that folder is a download, or else a learner's, who may call what
    is in it as they like: most of what lies side by side decides.
    """
    names = [made(place.parts) for place in places]
    votes: dict[str, int] = {}
    for place, name in zip(places, names, strict=True):
        vote = 1 if name and name[0] > 0 else -1
        votes[place.parts[0]] = votes.get(place.parts[0], 0) + vote
    believed = 2 * sum(vote > 0 for vote in votes.values()) > len(votes)
    for number, (place, name) in enumerate(zip(places, names, strict=True)):
        if name and (name[0] == 0 or believed):
            at, one = name
            found[number] = _who(one, place.parts[:at])
    _unite(found)


def _who(one: Made, inside: Parts) -> Who:
    """Whom a platform's name tells; users of Canvas and Blackboard are the same everywhere."""
    return Who(
        one.name,
        () if one.platform in ("Canvas", "Blackboard") else inside,
        one.number if one.platform == "Canvas" else "",
        one.number if one.platform == "Moodle" else "",
    )


def _unite(found: list[Who | None]) -> None:
    """One person whom several downloads name alike, where no download has two of that name.

    Moodle numbers participants anew in each assignment: then no number is theirs.
    """
    homes: dict[str, dict[Parts, set[Who]]] = {}
    for who in filter(None, found):
        if who.home or who.moodle_id:
            homes.setdefault(who.name, {}).setdefault(who.home, set()).add(who)
    one: dict[Who, Who] = {}
    for name, groups in homes.items():
        if all(len(people) == 1 for people in groups.values()):
            people = set().union(*groups.values())
            numbers = {who.moodle_id for who in people}
            whole = Who(name, (), "", numbers.pop() if len(numbers) == 1 else "")
            one |= dict.fromkeys(people, whole)
    found[:] = [one.get(who, who) if who else None for who in found]


def _submitted(places: Sequence[Parts]) -> int | None:
    """Where learners' names stand in nbgrader's submitted/learner/assignment/file; or None."""
    outer = places[0][:-1] if places else ()
    for parts in places:
        same = [a == b for a, b in zip(outer, parts[:-1], strict=False)]
        outer = outer[: same.index(False) if False in same else len(same)]
    return outer.index("submitted") + 1 if "submitted" in outer else None


# --- folders as people make them -----------------------------------------------------------------

_TOOLS = {"exercises", "notebooks", "submissions", "submission", "submitted", "uploads", "upload"}
_TOOLS |= {"downloads", "download", "desktop", "documents", "files", "solutions", "autograded"}
_TOOLS |= {"nutgraf", "my-nutgraf", "kit", "source", "jupyter", "untitled", "notebook", "release"}
_VERSION = re.compile(
    r"(?i)(?:(?:my|the|old|new|final|last|first|draft|backup|version|attempt|try|week|day|lesson|"
    r"exercises?|assignment|homework|hw|part|work|solution|copy|v|ps)[\s._-]*\d*[\s._-]*)+|\d{1,8}"
)
_EXERCISE = re.compile(r"(?i)e\d\d(?!\d)")


def _bare(name: str) -> str:
    """A folder's name, composed, or a zip's without its ending."""
    bare = name[:-4] if name.lower().endswith(".zip") else name
    return unicodedata.normalize("NFC", bare)


def _nobodys(name: str) -> bool:
    """Whether tools or habits give such a name to files and folders, so that it is no learner's."""
    bare = without_copy(name).strip("-_ .")
    is_usual = bare.casefold() in _TOOLS or _VERSION.fullmatch(bare) or _EXERCISE.match(bare)
    return not bare or bool(is_usual)


def exercise_in_name(file: str, exercises: Sequence[str]) -> str:
    """The exercise that a file's name tells, or ""."""
    return next((name for name in exercises if _at(file, name)), "")


def _at(file: str, exercise: str) -> re.Match | None:
    return re.search(rf"(?i)(?<![a-z0-9]){re.escape(exercise)}(?![a-z0-9])", file)


def name_in_file(file: str, exercise: str, stem: str = "") -> str:
    """The person in a file's name, such as "Ann" in "Ann_E03-a-better-word-list.ipynb"; or "".

    A name stands in front of the exercise, or behind it after a "_". stem: what the kit calls the
    exercise's file, without its ending.
    """
    own = without_copy(re.sub(r"(?i)(\.ipynb|\.json|\.txt)+$", "", file))
    own = unicodedata.normalize("NFC", own)
    found = _at(own, exercise)
    if not found:
        return ""
    before, after = own[: found.start()].strip("-_ .,"), own[found.start() :]
    if not _nobodys(before):
        return before
    if stem and after.casefold().startswith(stem.casefold()):
        after = after[len(stem) :]
    else:
        after = after.partition("_")[2]
    after = after.strip("-_ .,")
    return "" if _nobodys(after) else after


@dataclass
class _Folder:
    """What lies in a folder: numbers of files, and folders with names that may be a learner's."""

    folders: dict[str, _Folder] = field(default_factory=dict)
    files: list[int] = field(default_factory=list)

    def all(self) -> list[int]:
        return [*self.files, *(one for sub in self.folders.values() for one in sub.all())]


def _by_folders(places: Sequence[Place], source: str, *, is_all: bool) -> list[Who]:
    """A learner has a folder, or a name of their own in each file.

    A folder holds a class and not a learner when an exercise lies there under two names, in most
    of the folders side by side; or when it is the only one there is and holds others.

    is_all: these are all files that there are.
    """
    top = _Folder()
    for number, place in enumerate(places):
        here = top
        for name in map(_bare, place.parts[:-1]):
            if not _nobodys(name):
                here = here.folders.setdefault(name, _Folder())
        here.files.append(number)
    found: dict[int, Who] = {}

    def several(folder: _Folder) -> bool:
        held = {(places[one].exercise, places[one].name) for one in folder.files}
        for name, sub in folder.folders.items():
            held |= {(places[one].exercise, name) for one in sub.all()}
        names = Counter(exercise for exercise, name in held if exercise and name)
        return any(count > 1 for count in names.values())

    def open_class(folder: _Folder, inside: Parts, called: str) -> None:
        for number in folder.files:
            found[number] = named(places[number].name or called, inside)
        classes = {name for name, sub in folder.folders.items() if several(sub)}
        believed = 2 * len(classes) > len(folder.folders)
        own = any(places[number].exercise for number in folder.files)
        for name, sub in folder.folders.items():
            has_files = any(places[number].exercise for number in sub.files)
            alone = is_all and len(folder.folders) == 1 and not own
            wraps = alone and not has_files and bool(sub.folders)
            if wraps or (believed and name in classes):
                open_class(sub, (*inside, name), name)
            else:
                found.update(dict.fromkeys(sub.all(), _known(name, inside)))

    open_class(top, (), _bare(source))
    return [found[number] for number in range(len(places))]


def _known(name: str, inside: Parts) -> Who:
    """A learner with a folder; it may have a platform's name, such as a zip that was unpacked."""
    one = made_by_platform(name)
    return _who(one, inside) if one else named(name, inside)


# --- keys ----------------------------------------------------------------------------------------

LONGEST = 60
"""The most bytes of a key that is made of a name alone."""

_TAKEN = {"collected.json"}
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?")


def key_of(name: str, most: int = LONGEST) -> str:
    """A folder's name for a person, good on every system. Letters of all scripts are kept."""
    kept = "".join(
        "-" if sign in '<>:"/\\|?*%' else sign
        for sign in person(name, most)
        if unicodedata.category(sign) not in ("Cc", "Cs", "Co", "Cn", "Zl", "Zp")
    ).strip(" .-_~")
    while len(kept.encode()) > most:
        kept = kept[:-1].strip(" .-_~")
    if _RESERVED.fullmatch(kept) or kept.casefold() in _TAKEN:
        kept = f"{kept.replace('.', '-')}!"
    return kept or "learner"


def is_key(text: str) -> bool:
    """Whether a text could be a key."""
    return key_of(text, 4 * LONGEST) == text


def alike(key: str) -> str:
    """The same for two keys that some system takes for one."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", key).casefold())


def keys(people: Mapping[Who, str]) -> dict[Who, str]:
    """A key for each person, whatever their order.

    people: who -> what to put behind their name where two are alike.
    """
    made = {who: key_of(who.name) for who in people}
    for digits in (-1, 0, 4, 12, 64):  # at first, whoever only looks like another gives way
        held = Counter(alike(key) for key in made.values())
        for who, more in people.items():
            if held[alike(made[who])] > 1 and (digits >= 0 or who.raw):
                made[who] = _longer(who, more, max(0, digits))
    return made


def _longer(who: Who, more: str, digits: int) -> str:
    said = "\0".join((who.name, *who.home, who.canvas_id, who.moodle_id, who.raw))
    digits = digits or (0 if more else 4)
    digest = hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()[:digits]
    return f"{key_of(who.name)} ({' '.join(filter(None, (key_of(more) if more else '', digest)))})"
