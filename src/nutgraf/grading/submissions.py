"""What learners handed in, collected: one folder a learner, one notebook an exercise.

`collect` takes a folder or zip as it comes from a learning platform, from nbgrader or from a stick,
and copies each notebook of an exercise, byte for byte, to OUT/<learner>/E03.ipynb. It opens no
link, believes no archive, runs nothing, and lists whatever it could not use. `read` gives a
collection back. The table of it, `collected.json`, is written before a file is, so that being
stopped at any point leaves nothing that the next run would misread.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
import shutil
import stat
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from nutgraf.errors import NutgrafError
from nutgraf.folder import others_in
from nutgraf.formats.common import plain
from nutgraf.grading.handed_in import NotUsed, check, find
from nutgraf.grading.whose import (
    Place,
    Who,
    alike,
    exercise_in_name,
    is_key,
    key_of,
    keys,
    made,
    name_in_file,
    whose,
)
from nutgraf.incoming import Made, Parts, natural, shown, without_copy
from nutgraf.paths import kit_dir

FILE = "collected.json"
"""What makes a folder a collection."""

_STAGING = ".collecting-"


@dataclass(frozen=True)
class Learner:
    """Who handed something in.

    key: the name of their folder, good on every system; name: as the platform or folder has it;
    canvas_id, moodle_id: the user's number in Canvas, and the participant's in one assignment of
    Moodle, where names of files tell; late: Canvas marked a file as late.
    """

    key: str
    name: str
    canvas_id: str = ""
    moodle_id: str = ""
    late: bool = False


@dataclass(frozen=True)
class Submission:
    """One file. learner: a key; file: where it lies in the collection; sha256: of its bytes."""

    learner: str
    exercise: str
    file: str
    sha256: str


@dataclass(frozen=True)
class Refused:
    """A file for an exercise that could not be taken in, where no other could. why: for people."""

    learner: str
    exercise: str
    why: str


@dataclass(frozen=True)
class Collected:
    """A collection: who, what, and one line for each thing that could not be used.

    learners, submissions and refused are in the order of keys. updated: files that were there
    before this run and have another content now.
    """

    folder: Path
    learners: tuple[Learner, ...]
    submissions: tuple[Submission, ...]
    problems: tuple[str, ...]
    refused: tuple[Refused, ...] = ()
    updated: tuple[str, ...] = ()


def is_collection(folder: Path) -> bool:
    """Whether `collect` wrote this folder.

    It did not when something lies there that the table does not name: among what a class drops
    into one folder, somebody's file could be called as the table is, and hide all others.
    """
    folder = Path(folder)
    try:
        known = _Table.read(folder).learners
        there = [name for name in others_in(folder) if not name.startswith(_STAGING)]
    except (NutgrafError, OSError):
        return False
    return set(there) <= {FILE, *known}


def read(folder: Path) -> Collected:
    """The collection in a folder, as `collect` left it. Raises NutgrafError for anything else."""
    return _Table.read(Path(folder)).collected()


def collect(source: Path, out: Path, exercises: Iterable[str]) -> Collected:
    """Copy what learners handed in to OUT/<learner>/<exercise>.ipynb, and say what was not used.

    source: a folder or zip. In it: a folder or zip for each learner (such as their whole
    my-nutgraf), files named like "Ann_E03-a-better-word-list.ipynb", nbgrader's `submitted`, or
    the bulk download of Moodle, Canvas, Blackboard or Brightspace, packed or not. exercises: which
    to look for, such as "E03".

    What exercise a notebook is of is told by nbgrader's ids in its cells, else by the cells' own
    ids, else by the file's name. Of several files of a learner for one exercise the last is taken:
    by the number that Canvas or Blackboard gave the file, then by its time in folder or archive,
    then by its name.

    out: a new or empty folder, or one that `collect` made: then what the source has is added, what
    has changed is updated, and nothing else is touched, so that one folder can take several
    downloads. A file that somebody changed in `out` stays as it is.

    Raises NutgrafError when source cannot be read, or out is somebody else's or cannot be written.
    """
    source, out = Path(source).expanduser(), Path(out).expanduser()
    check(source)
    if out.exists() and os.path.samefile(source, out):
        raise NutgrafError(f"{out} is where the submissions are. Name another folder to write to.")
    if is_collection(source):
        raise NutgrafError(f"{source} is collected already. Grade it as it is.")
    table = _claim(out)
    staging = out / f"{_STAGING}{secrets.token_hex(6)}"
    try:
        _sweep(out)
        staging.mkdir()
        look = _Look(source, out, staging, sorted(set(exercises)))
        return _update(table, look, look.learners())
    except OSError as error:
        raise NutgrafError(
            f"{error.filename or out} could not be written ({error.strerror or error}). What was "
            "collected before stays. Put that right, and run the same command again."
        ) from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)


# --- looking through the source ------------------------------------------------------------------


@dataclass
class _Entry:
    """A file that somebody handed in.

    exercise: "" if it is of none; sha256 and staged: of a notebook of an exercise, which waits in
    the staging folder; why: it could not be used; kind: "notebook", "zip" or "other".
    """

    parts: Parts
    kind: str
    made: Made | None
    exercise: str = ""
    why: str = ""
    time: int = 0
    sha256: str = ""
    staged: Path = Path()
    who: Who = field(default_factory=lambda: Who(""))

    @property
    def place(self) -> str:
        return shown(self.parts)

    @property
    def age(self) -> tuple:
        attempt = self.made.attempt if self.made else 0
        return attempt, self.time, natural(self.parts[-1]), self.parts, self.sha256


class _Look:
    """One look through a source: everything that was handed in, and whose it is."""

    def __init__(self, source: Path, out: Path, staging: Path, exercises: list[str]) -> None:
        self.source, self.exercises, self.staging = source, exercises, staging
        self.is_nbgraders = _is_nbgraders(source)
        if self.is_nbgraders and (source / "submitted").is_dir():
            self.source = source / "submitted"
        self.problems: list[str] = []
        self.entries: list[_Entry] = []
        self.lessons = {path.stem for path in kit_dir("notebooks").glob("*.ipynb")}
        for found in find(self.source, out, self.refuse):
            entry = self.begin(found.parts)
            entry.time = found.time
            if entry.kind != "notebook":
                self.keep(entry)
                continue
            try:
                self.take(entry, found.read())
            except NotUsed as problem:
                self.refuse(found.parts, found.place, str(problem))
        self.tell_whose()

    def problem(self, place: str, why: str) -> None:
        self.problems.append(f"{place}: {why}")

    def begin(self, parts: Parts) -> _Entry:
        name = made(parts)
        own = self.name_of(parts, name[1] if name else None)
        kind = "notebook" if _like_a_notebook(own) else "other"
        kind = "zip" if own.lower().endswith(_ARCHIVES) else kind
        if own.lower().endswith(".json") and not exercise_in_name(own, self.exercises):
            kind = "other"
        return _Entry(parts, kind, name[1] if name else None)

    def name_of(self, parts: Parts, name: Made | None) -> str:
        """What the learner called a file."""
        return (name.file if name else "") or parts[-1]

    def take(self, entry: _Entry, data: bytes) -> None:
        """Put a notebook of an exercise into the staging folder."""
        own = self.name_of(entry.parts, entry.made)
        is_kits = [part.casefold() for part in entry.parts[-3:-1]] == ["exercises", "solutions"]
        entry.exercise, odd = exercise_of(data, own, self.exercises)
        if is_kits or (not entry.exercise and without_copy(Path(own).stem) in self.lessons):
            return
        if odd:
            self.problem(entry.place, odd)
        if entry.exercise:
            entry.sha256 = hashlib.sha256(data).hexdigest()
            entry.staged = self.staging / f"{len(self.entries)}.ipynb"
            entry.staged.write_bytes(data)
        self.entries.append(entry)

    def refuse(self, parts: Parts, place: str, why: str) -> None:
        """A file cannot be used; still, somebody handed it in."""
        self.problem(place, why)
        if not parts:
            return
        entry = self.begin(parts)
        if entry.kind != "other" or entry.made:
            own = self.name_of(parts, entry.made)
            entry.exercise, entry.why = exercise_in_name(own, self.exercises), why
            self.entries.append(entry)

    def keep(self, entry: _Entry) -> None:
        """Keep in mind a file that is no notebook, where somebody may have meant it for one."""
        named = exercise_in_name(self.name_of(entry.parts, entry.made), self.exercises)
        if entry.made:
            self.entries.append(entry)
        elif entry.kind == "zip":
            why = "archives of its kind are not opened. Unpack it there."
            self.refuse(entry.parts, entry.place, why)
        elif named:
            self.problem(entry.place, "it is no notebook. Ask for the file that ends in .ipynb.")

    # Whose

    def tell_whose(self) -> None:
        stems = _stems(self.exercises)
        places = []
        for entry in self.entries:
            exercise = entry.exercise if entry.sha256 or entry.why else ""
            name = name_in_file(entry.parts[-1], exercise, stems.get(exercise, ""))
            # A zip is the folder of what is in it.
            parts = (*entry.parts, "") if entry.kind == "zip" else entry.parts
            places.append(Place(parts, exercise, name if exercise else ""))
        source = self.source.resolve()
        called = source.stem if source.is_file() else source.name
        found = whose(places, called, is_nbgraders=self.is_nbgraders)
        for entry, who, place in zip(self.entries, found, places, strict=True):
            entry.who = who
            nameless = entry.exercise and not (entry.made or place.name or place.parts[1:])
            if nameless and len(set(found)) > 1:
                self.problem(
                    entry.place,
                    f"nobody's name is on it, so it counts as that of {plain(who.name)!r}. Put it "
                    "into a folder with its learner's name.",
                )

    def learners(self) -> dict[Who, Learner]:
        """Everybody who handed something in for an exercise, or through a platform."""
        people: dict[Who, str] = {}
        for entry in self.entries:
            who = entry.who
            if entry.exercise or entry.made or entry.why:
                people[who] = who.canvas_id or who.moodle_id or (who.home[-1] if who.home else "")
        key = keys(people)
        late = {entry.who for entry in self.entries if entry.made and entry.made.late}
        ids = Counter(who.canvas_id for who in people)
        renumbered = {
            entry.who
            for entry in self.entries
            if entry.made and entry.made.platform == "Moodle" and entry.made.number
            if not entry.who.moodle_id
        }
        for who in renumbered:
            self.problem(key[who], _RENUMBERED)
        # Platforms look people up by name where there is no number: it has to be one person's.
        names = Counter((who.name, bool(who.raw)) for who in people if not _numbered(who))

        def alone(who: Who) -> bool:
            rivals = names[who.name, False] + (names[who.name, True] if who.raw else 0)
            return _numbered(who) or rivals < 2

        learners = {}
        for who in people:
            canvas = who.canvas_id
            if ids[canvas] > 1 and canvas:
                self.problem(
                    key[who],
                    f"{canvas} is their number in Canvas and that of others, and counts as "
                    "nobody's. Look whether these files come from Canvas.",
                )
                canvas = ""
            name = who.name if alone(who) else key[who]
            learners[who] = Learner(key[who], name, canvas, who.moodle_id, who in late)
        return learners

    def chosen(self, learners: Mapping[Who, Learner]) -> dict[tuple[str, str], _Entry]:
        """(key, exercise) -> the file to take; what is not taken is listed."""
        files: dict[tuple[str, str], list[_Entry]] = {}
        strange: dict[Who, list[str]] = {}
        others: dict[Who, list[str]] = {}
        for entry in self.entries:
            if entry.sha256:
                key = learners[entry.who].key
                files.setdefault((key, entry.exercise), []).append(entry)
            elif entry.kind == "notebook" and not entry.why:
                strange.setdefault(entry.who, []).append(entry.place)
            elif entry.made and not entry.why:
                others.setdefault(entry.who, []).append(entry.place)
        taken = {}
        for place, some in files.items():
            *older, taken[place] = sorted(some, key=lambda entry: entry.age)
            rest = [entry.place for entry in older if entry.sha256 != taken[place].sha256]
            if rest:
                self.problem(
                    f"{place[0]}, {place[1]}",
                    f"there are {len(some)} files. The last is taken, {taken[place].place}; not "
                    f"{_listed(rest)}. Ask if that is wrong.",
                )
        for who, places in strange.items():
            name = learners[who].key if who in learners else plain(who.name)
            self.problem(
                name, f"of none of these exercises: {_listed(places)}. Ask if one was missed."
            )
        with_files = {key for key, _ in taken}
        for who, places in others.items():
            if learners[who].key not in with_files:
                self.problem(
                    learners[who].key,
                    f"no notebook was handed in, but {_listed(places)}. Ask for the file that ends "
                    "in .ipynb.",
                )
        return taken


def _numbered(who: Who) -> bool:
    return bool(who.canvas_id or who.moodle_id)


_ARCHIVES = (".zip", ".7z", ".rar", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".zst")
_RENUMBERED = (
    "several downloads of Moodle have other numbers for them, and a grading worksheet takes one. "
    "Collect each assignment into a folder of its own to have their row in it."
)


def exercise_of(data: bytes, name: str, exercises: Sequence[str]) -> tuple[str, str]:
    """The exercise that a notebook is of ("": of none), and what is odd about it, in words.

    Read from its bytes, so that a damaged notebook tells as well: a key and its value stand in JSON
    as they do here, and in a cell's text with a backslash before each mark.
    """
    for key in (b"grade_id", b"id"):
        ids = re.findall(rb'"%b"\s*:\s*"(\w{1,40}?)(?:-[\w-]{0,80})?"' % key, data)
        counts = Counter(one.decode("utf-8", "replace") for one in ids)
        known = [one for one in exercises if counts[one]]
        if known:
            most = [one for one in known if counts[one] == max(counts[one] for one in known)]
            taken = exercise_in_name(name, most) or most[0]
            rest = ", ".join(one for one in known if one != taken)
            return taken, rest and (
                f"it has cells of {taken} and of {rest}, and is taken for {taken}. Ask for one "
                "file an exercise."
            )
    return exercise_in_name(name, exercises), ""


def _is_nbgraders(source: Path) -> bool:
    """Whether a folder is nbgrader's own: a course, or the `submitted` in it."""
    if source.is_dir() and source.name != "submitted":
        beside = ("nbgrader_config.py", "gradebook.db", "source", "release", "autograded")
        is_course = any((source / name).exists() for name in beside)
        return is_course and (source / "submitted").is_dir()
    return source.is_dir()


def _stems(exercises: Sequence[str]) -> dict[str, str]:
    """What the kit calls the exercises' files, without their endings."""
    found = sorted(path.stem for path in kit_dir("exercises").glob("*.ipynb"))
    return {name: stem for name in exercises for stem in found if stem.startswith(f"{name}-")}


def _like_a_notebook(name: str) -> bool:
    """Browsers put .json or .txt behind a notebook's name, or in the place of its ending."""
    return name.lower().endswith((".ipynb", ".ipynb.json", ".ipynb.txt", ".json"))


def _listed(places: Sequence[str]) -> str:
    more = f" and {len(places) - 5} more" if len(places) > 5 else ""
    return f"{', '.join(sorted(places, key=order)[:5])}{more}"


def order(text: str) -> tuple:
    """What puts learners and lines in their order, 2 before 10."""
    return natural(text), text


# --- the collection ------------------------------------------------------------------------------

_KNOWN = re.compile(r"\w[\w.-]{0,39}")


@dataclass
class _Table:
    """What stands in collected.json.

    submissions: (learner, exercise) -> fingerprints of all that was ever written there, the last
    one last; refused: (learner, exercise) -> why; problems: a source's name -> its lines.
    """

    folder: Path
    learners: dict[str, Learner] = field(default_factory=dict)
    submissions: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    refused: dict[tuple[str, str], str] = field(default_factory=dict)
    problems: dict[str, list[str]] = field(default_factory=dict)

    @classmethod
    def read(cls, folder: Path) -> _Table:
        """Raises NutgrafError when there is none, or when it is not as it was written."""
        try:
            data = json.loads((folder / FILE).read_bytes())
            return cls(folder)._filled(data)
        except FileNotFoundError as error:
            raise NutgrafError(
                f"{folder} is no collection, since {FILE} is not in it. Collect the submissions "
                "first."
            ) from error
        except OSError as error:
            raise NutgrafError(
                f"{folder / FILE} cannot be read ({error.strerror or error}). Unlock it."
            ) from error
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise NutgrafError(
                f"{folder / FILE} is damaged ({error}). Collect into a new folder."
            ) from error

    def _filled(self, data: dict) -> _Table:
        if data["nutgraf"] != "collection":
            raise ValueError("it is something else")
        for one in data["learners"]:
            learner = Learner(**one)
            words = (learner.key, learner.name, learner.canvas_id, learner.moodle_id)
            if not all(isinstance(word, str) for word in words) or not is_key(learner.key):
                raise ValueError(f"{learner.key!r} is no learner's")
            self.learners[learner.key] = replace(learner, late=bool(learner.late))
        for one in data["submissions"]:
            known = [*one["known"], one["sha256"]]
            self.submissions[self._place(one)] = [str(fingerprint) for fingerprint in known]
        for one in data["refused"]:
            self.refused[self._place(one)] = str(one["why"])
        for source, lines in data["problems"].items():
            self.problems[source] = [str(line) for line in lines]
        return self

    def _place(self, one: Mapping) -> tuple[str, str]:
        learner, exercise = one["learner"], one["exercise"]
        if learner not in self.learners or not _KNOWN.fullmatch(exercise):
            raise ValueError(f"{learner!r}, {exercise!r} is not known")
        return learner, exercise

    def write(self) -> None:
        """Put the table on the disk in one step; the same bytes for the same content."""
        one = self.collected()
        data = {
            "nutgraf": "collection",
            "version": 1,
            "learners": [asdict(learner) for learner in one.learners],
            "submissions": [
                asdict(sub) | {"known": self.submissions[sub.learner, sub.exercise][:-1]}
                for sub in one.submissions
            ],
            "refused": [asdict(refused) for refused in one.refused],
            "problems": {source: self.problems[source] for source in sorted(self.problems)},
        }
        text = json.dumps(data, indent=1, ensure_ascii=False)
        new = self.folder / f".{FILE}-{secrets.token_hex(6)}"
        try:
            with new.open("xb") as file:
                file.write(f"{text}\n".encode("utf-8", "replace"))
                file.flush()
                os.fsync(file.fileno())
            os.replace(new, self.folder / FILE)
        finally:
            new.unlink(missing_ok=True)

    def collected(self, updated: Iterable[str] = ()) -> Collected:
        places = sorted(self.submissions, key=_in_order)
        return Collected(
            self.folder,
            tuple(self.learners[key] for key in sorted(self.learners, key=order)),
            tuple(
                Submission(key, exercise, _file(key, exercise), self.submissions[key, exercise][-1])
                for key, exercise in places
            ),
            tuple(line for source in sorted(self.problems) for line in self.problems[source]),
            tuple(
                Refused(*place, self.refused[place])
                for place in sorted(self.refused, key=_in_order)
                if place not in self.submissions
            ),
            tuple(sorted(updated, key=order)),
        )


def _in_order(place: tuple[str, str]) -> tuple:
    return order(place[0]), order(place[1])


def _file(key: str, exercise: str) -> str:
    return f"{key}/{exercise}.ipynb"


def _claim(out: Path) -> _Table:
    """The table of the folder to write to, unless the folder is somebody else's."""
    if out.exists() and not out.is_dir():
        raise NutgrafError(f"{out} is a file. Name a folder, or rename the file.")
    if (out / FILE).exists():
        return _Table.read(out)
    try:
        others = others_in(out) if out.exists() else []
        if others:
            raise NutgrafError(
                f"{out} has other files in it ({', '.join(others[:3])}), and nothing is written "
                "over them. Name a new or empty folder."
            )
        out.mkdir(parents=True, exist_ok=True)
        table = _Table(out)
        table.write()
    except OSError as error:
        raise NutgrafError(
            f"{out} could not be written ({error.strerror or error}). Name a folder of yours."
        ) from error
    return table


def _sweep(out: Path) -> None:
    """Remove what a run that was stopped left behind; fresh files may be another run's."""
    for path in out.glob(f"{_STAGING}*"):
        if not path.is_symlink() and time.time() - path.stat().st_mtime > 3600:
            shutil.rmtree(path, ignore_errors=True)


def _update(table: _Table, look: _Look, learners: Mapping[Who, Learner]) -> Collected:
    """Bring the collection up to date: first the table, then the files."""
    chosen = look.chosen(learners)
    key_there = _settle(table, look, list(learners.values()))
    to_write: dict[tuple[str, str], _Entry] = {}
    updated = []
    for (key, exercise), entry in chosen.items():
        place = (key_there[key], exercise)
        known = table.submissions.get(place, [])
        there = _fingerprint(table.folder / _file(*place))
        if there not in (None, entry.sha256, *known):
            look.problem(
                _file(*place),
                f"it was changed in the collection, and stays. Delete it there to have "
                f"{entry.place} in its place.",
            )
            table.submissions[place] = [*known, str(there)]
            continue
        if there != entry.sha256:
            to_write[place] = entry
            if there is not None:
                updated.append(_file(*place))
        table.submissions[place] = [*(one for one in known if one != entry.sha256), entry.sha256]
    for entry in look.entries:
        if entry.why and entry.exercise:
            table.refused[key_there[learners[entry.who].key], entry.exercise] = entry.why
    for place in [*table.submissions]:
        if place not in to_write and _fingerprint(table.folder / _file(*place)) is None:
            del table.submissions[place]  # somebody took it out of the collection
    table.refused = {
        place: why for place, why in table.refused.items() if place not in table.submissions
    }
    _say(table, look)
    blocked = [place for place, entry in to_write.items() if not _put(table.folder, place, entry)]
    for place in blocked:
        why = "something else has its place in the collection. Take it away, and collect again."
        del table.submissions[place]
        table.refused[place] = why
        look.problem(_file(*place), why)
    if blocked:
        _say(table, look)
    return table.collected(one for one in updated if one not in [_file(*b) for b in blocked])


def _say(table: _Table, look: _Look) -> None:
    source = plain(look.source.resolve().name)
    table.problems[source] = sorted(set(look.problems), key=order)
    if not look.problems:
        del table.problems[source]
    table.write()


def _settle(table: _Table, look: _Look, learners: Sequence[Learner]) -> dict[str, str]:
    """Enter this run's learners into the table; key in this run -> key in the collection.

    Whoever is in the collection already keeps their key: by their number in a platform, else by
    their name where it is one person's both times.
    """
    before = dict(table.learners)
    names = Counter(learner.name for learner in learners)
    names_before = Counter(learner.name for learner in before.values())
    settled: dict[str, str] = {}
    for is_same in (_same_number, _same_person):
        for learner in sorted(learners, key=lambda one: order(one.key)):
            name = learner.name
            alone = names[name] == 1 == names_before[name]
            for key, other in before.items():
                if (
                    learner.key not in settled
                    and key not in settled.values()
                    and is_same(learner, other)
                    and (alone or learner.key == key or is_same is _same_number)
                ):
                    settled[learner.key] = key
    for learner in sorted(learners, key=lambda one: order(one.key)):
        key, number = settled.get(learner.key, ""), 2
        if not key:
            key, held = learner.key, {alike(one) for one in table.learners}
            while alike(key) in held:
                key, number = f"{key_of(learner.key)} ({number})", number + 1
            settled[learner.key] = key
        other = before.get(key, learner)
        moodle = learner.moodle_id or other.moodle_id
        if other.moodle_id not in ("", moodle):
            look.problem(key, _RENUMBERED)
            moodle = ""
        table.learners[key] = Learner(
            key, learner.name, learner.canvas_id or other.canvas_id, moodle, learner.late
        )
    return settled


def _same_number(one: Learner, other: Learner) -> bool:
    return one.name == other.name and (
        "" != one.canvas_id == other.canvas_id or "" != one.moodle_id == other.moodle_id
    )


def _same_person(one: Learner, other: Learner) -> bool:
    numbers = {one.canvas_id, other.canvas_id} - {""}
    return one.name == other.name and len(numbers) < 2


def _put(folder: Path, place: tuple[str, str], entry: _Entry) -> bool:
    """Move a file from the staging folder to its place, in one step; False if that is taken."""
    target = folder / _file(*place)
    if stat.S_IFMT(_mode(target.parent)) not in (0, stat.S_IFDIR):
        return False
    if stat.S_IFMT(_mode(target)) not in (0, stat.S_IFREG):
        return False
    target.parent.mkdir(exist_ok=True)
    os.replace(entry.staged, target)
    return True


def _mode(path: Path) -> int:
    """The mode of what lies there itself, be it a link; 0 if there is nothing."""
    try:
        return path.lstat().st_mode
    except OSError:
        return 0


def _fingerprint(path: Path) -> str | None:
    """The sha256 of an ordinary file in an ordinary folder; None if there is none."""
    if not (stat.S_ISREG(_mode(path)) and stat.S_ISDIR(_mode(path.parent))):
        return None
    return hashlib.sha256(path.read_bytes()).hexdigest()
