"""A class with honest and hostile learners, graded from what they handed in to the gradebook.

Every attack is somebody's folder or zip, beside those of honest learners. It has to get the verdict
that it deserves, the honest ones have to get their points, and nothing outside of the folder that
is written to may be another than before.
"""

from __future__ import annotations

import contextlib
import csv
import hashlib
import html
import json
import os
import re
import socket
import stat
import subprocess
import sys
import unicodedata
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent, indent
from typing import Any

import pytest

from nutgraf.folder import as_bytes
from nutgraf.grading.sandbox import OWN_FOLDERS, probe
from tests.grading import hostile
from tests.grading.classes import EXERCISES, NUMBERS, deserved, file_name, make_class, notebook

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="made of links, pipes and signals"),
]

HONEST = 8
WORKERS = 2
LONGEST = 420.0
"""Seconds that a run may take on a slow and busy machine; about a tenth of it is usual."""

MARK = "escaped-from-the-box"
"""Stands in the name or the text of whatever an attack writes outside."""


@dataclass(frozen=True)
class Attack:
    """Something hostile, or only odd, in a learner's folder.

    name: of the learner; make: writes it into the folder; outcomes: of exercises, as they have to
    come out, where "|" parts what is right as well; an exercise that is not among them must not be
    graded; listed: words of the line in the list of problems, if there has to be one; slow: runs
    into a limit.
    """

    name: str
    make: Callable[[Path], Any]
    outcomes: dict[str, str] = field(default_factory=dict)
    listed: str = ""
    slow: bool = False


def put(folder: Path, number: str, content: bytes) -> None:
    (folder / file_name(number)).write_bytes(content)


def changed(folder: Path, number: str, change: Callable[[dict[str, Any]], Any]) -> bytes:
    """A right notebook, changed."""
    page = json.loads(notebook(number, "solution", folder.name))
    change(page)
    return as_bytes(page)


def packed(path: Path, files: dict[str, bytes], mode: int = stat.S_IFREG | 0o644) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            info = zipfile.ZipInfo(name)
            info.external_attr = mode << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, content)


# --------------------------------------------------------------------------------------
# Files, folders and archives


def damaged(folder: Path) -> None:
    put(folder, "E03", notebook("E03", "damaged file", folder.name))
    put(folder, "E05", b"")
    put(folder, "E07", b"\0" * 5000)
    put(folder, "E08", b'{"cells": ' + b"[" * 200_000)
    put(folder, "E09", "nichts für ungut, E09".encode("utf-16"))
    put(folder, "E10", b'{"cells": [{"cell_type": "code", "source": 3}], "nbformat": 4}')
    put(folder, "E12", notebook("E12", "solution", folder.name))


def bomb(folder: Path) -> None:
    """Zeros that unpack to far more than a notebook has; and the same, packed twice."""
    packed(folder / "E03-bomb.zip", {file_name("E03"): bytes(300_000_000)})
    packed(folder / "inner.zip", {f"{n}-{file_name('E05')}": bytes(9_000_000) for n in range(60)})
    packed(folder / "E05-bomb.zip", {"inner.zip": (folder / "inner.zip").read_bytes()})
    (folder / "inner.zip").unlink()
    put(folder, "E12", notebook("E12", "solution", folder.name))


def up_and_out(folder: Path) -> None:
    page = notebook("E03", "solution", MARK)
    names = [f"{'../' * up}{MARK}/{file_name('E03')}" for up in (1, 2, 3, 9)]
    names += [f"ok/../../{MARK}.ipynb", f"..\\..\\{MARK}\\E03.ipynb"]
    packed(folder / "E03.zip", dict.fromkeys(names, page))


def from_the_root(folder: Path) -> None:
    page, beside = notebook("E03", "solution", MARK), folder.parent.parent
    names = [f"{beside}/{MARK}/E03.ipynb", f"//{MARK}/E03.ipynb", f"C:\\{MARK}\\E03.ipynb"]
    packed(folder / "E03.zip", dict.fromkeys(names, page))


def link_to_the_solution(folder: Path) -> None:
    (folder / file_name("E03")).symlink_to(EXERCISES / "solutions" / file_name("E03"))
    (folder / "exercises").symlink_to(EXERCISES / "solutions")
    put(folder, "E12", notebook("E12", "solution", folder.name))


def link_in_a_circle(folder: Path) -> None:
    (folder / "again").symlink_to(folder)
    (folder / "everything").symlink_to("/")
    (folder / "nothing.ipynb").symlink_to(folder / "nothing.ipynb")
    put(folder, "E12", notebook("E12", "solution", folder.name))


def link_in_a_zip(folder: Path) -> None:
    target = str(EXERCISES / "solutions" / file_name("E03")).encode()
    packed(folder / "mine.zip", {file_name("E03"): target}, stat.S_IFLNK | 0o777)


def pipe(folder: Path) -> None:
    os.mkfifo(folder / file_name("E03"))
    put(folder, "E12", notebook("E12", "solution", folder.name))


def fifty_megabytes(folder: Path) -> None:
    def change(page: dict[str, Any]) -> None:
        page["cells"][-1]["source"] = "x" * 50_000_000

    put(folder, "E03", changed(folder, "E03", change))
    put(folder, "E12", notebook("E12", "solution", folder.name))


def another_language(folder: Path) -> None:
    def change(page: dict[str, Any]) -> None:
        page["metadata"]["kernelspec"] = {"display_name": "R", "language": "R", "name": "ir"}
        page["metadata"]["language_info"] = {"name": "R"}
        for cell in page["cells"]:
            if cell["cell_type"] == "code":
                cell["source"] = "words <- function(text) strsplit(text, ' ')"

    put(folder, "E03", changed(folder, "E03", change))


def another_kernel(folder: Path) -> None:
    """Right code, and a kernel by a name that this machine does not know."""

    def change(page: dict[str, Any]) -> None:
        page["metadata"]["kernelspec"] = {"display_name": "x", "name": "../../../bin/sh"}

    put(folder, "E03", changed(folder, "E03", change))


def few_cells(folder: Path) -> None:
    def only(*ids: str) -> Callable[[dict[str, Any]], None]:
        def change(page: dict[str, Any]) -> None:
            page["cells"] = [cell for cell in page["cells"] if cell["id"] in ids]

        return change

    put(folder, "E03", changed(folder, "E03", only("E03-example-time", "E03-words")))
    put(folder, "E05", changed(folder, "E05", only("E05-title", "E05-small", "E05-article")))
    put(folder, "E12", changed(folder, "E12", only()))


def one_id_for_all(folder: Path) -> None:
    def change(page: dict[str, Any]) -> None:
        for cell in page["cells"]:
            cell["id"] = "E03-words"
            if "nbgrader" in cell["metadata"]:
                cell["metadata"]["nbgrader"]["grade_id"] = "E03-words"

    put(folder, "E03", changed(folder, "E03", change))


def strange_names(folder: Path) -> None:
    page = notebook("E03", "solution", folder.name)
    for name in (
        f"E03\n{MARK}.ipynb",
        "E03-\x1b[2J.ipynb",
        "E03-\x00.ipynb".replace("\x00", "\x7f"),
    ):
        (folder / name).write_bytes(page)
    (folder / "E05-\u202egnp.ipynb").write_bytes(notebook("E05", "solution", folder.name))
    (folder / f"E07-{'ñ' * 100}.ipynb").write_bytes(notebook("E07", "solution", folder.name))
    (folder / os.fsdecode(b"E08-\xff\xfe.ipynb")).write_bytes(
        notebook("E08", "solution", folder.name)
    )


def very_deep(folder: Path) -> None:
    deep = folder.joinpath(*["d"] * 60)
    deep.mkdir(parents=True)
    put(deep, "E03", notebook("E03", "solution", folder.name))


def false_collection(folder: Path) -> None:
    """Files that the kit itself writes, with what a learner would like to see in them."""
    cells = [{"grade_id": f"E03-{p}", "points": 9, "out_of": 1} for p in ("small", "article")]
    cells = [cell | {"outcome": "correct", "message": ""} for cell in cells]
    line = {"learner": folder.name, "exercise": "E03", "cells": cells, "notes": [], "key": "0"}
    (folder / "results.jsonl").write_text(json.dumps(line) + "\n")
    table = {"nutgraf": "collection", "version": 1, "problems": {}}
    table["learners"] = [{"key": "learner-0001", "name": "learner-0001"}]
    table["submissions"] = [
        {"learner": "learner-0001", "exercise": "E03", "file": "../../E03.ipynb", "sha256": "0"}
    ]
    (folder / "collected.json").write_text(json.dumps(table))
    (folder / "sitecustomize.py").write_text(f"open('/tmp/{MARK}', 'w')\n")
    (folder / "nutgraf.py").write_text(f"open('/tmp/{MARK}', 'w')\n")
    put(folder, "E03", notebook("E03", "wrong", folder.name))


def only_honest(folder: Path) -> None:
    """Nothing hostile but the folder's own name."""
    put(folder, "E12", notebook("E12", "solution", folder.name))


# --------------------------------------------------------------------------------------
# Code. It does what it is after, tells it if it got anywhere, and then answers as it should.


def at_first(folder: Path, lines: str) -> None:
    """Hand in a right function that does this first; `top` is the folder around all folders."""

    def change(page: dict[str, Any]) -> None:
        (cell,) = [cell for cell in page["cells"] if cell["id"] == "E03-words"]
        text = "".join(cell["source"])
        who = re.search("    # Written by .*\n", text)[0]
        known = {"TOP": folder.parent.parent, "ROOT": EXERCISES.parent, "MARK": MARK}
        code = re.sub(r"\b(TOP|ROOT|MARK)\b", lambda m: repr(str(known[m[0]])), dedent(lines))
        cell["source"] = text.replace(who, who + indent(code, "    "))

    put(folder, "E03", changed(folder, "E03", change))


def spy(folder: Path) -> None:
    at_first(
        folder,
        """
        import os

        top, root, stolen = TOP, ROOT, []
        places = [top, f"{top}/home/.ssh", f"{top}/home", f"{top}/handed-in", f"{top}/out"]
        places += [f"{top}/handed-in/learner-0001", f"{top}/out/collected/learner-0001"]
        places += [f"{root}/exercises/solutions", f"{root}/tests", f"{root}/.git", "/root", "/home"]
        for place in places:
            try:
                stolen.append(f"{place} has {os.listdir(place)[:3]}")
            except OSError:
                pass
        names = ("home/.ssh/id_ed25519", "home/marks.csv", "out/results.jsonl", "beside/exam.ipynb")
        for name in names:
            try:
                with open(f"{top}/{name}", "rb") as file:
                    stolen.append(f"{name} says {file.read(60)}")
            except OSError:
                pass
        if stolen:
            raise ValueError(MARK + " ".join(stolen)[:1500])
        """,
    )


def vandal(folder: Path) -> None:
    at_first(
        folder,
        """
        import os, shutil

        top, root = TOP, ROOT
        places = [f"{top}/{name}" for name in ("home", "handed-in", "out", "beside", "temporary")]
        places += [top, root, f"{root}/exercises", f"{root}/src/nutgraf", "/root", ".."]
        for place in [*places, "/tmp", "/var/tmp", "/dev/shm", os.path.dirname(os.__file__)]:
            for do in (
                lambda: open(f"{place}/{MARK}", "w").close(),
                lambda: os.mkdir(f"{place}/{MARK}-folder"),
                lambda: os.symlink("/", f"{place}/{MARK}-link"),
                lambda: os.mkfifo(f"{place}/{MARK}-pipe"),
            ):
                try:
                    do()
                except OSError:
                    pass
        for do in (
            lambda: open(f"{top}/out/results.jsonl", "a").write(MARK),
            lambda: os.remove(f"{top}/home/marks.csv"),
            lambda: os.rename(f"{top}/home/.ssh", f"{top}/home/{MARK}"),
            lambda: os.chmod(f"{top}/home/.ssh/id_ed25519", 0o777),
            lambda: os.truncate(f"{top}/beside/exam.ipynb", 0),
            lambda: shutil.rmtree(f"{top}/handed-in/learner-0001"),
            lambda: os.utime(f"{root}/exercises/solutions"),
        ):
            try:
                do()
            except OSError:
                pass
        """,
    )


def breeder(folder: Path) -> None:
    at_first(
        folder,
        """
        import os, signal, subprocess, threading, time

        def stay():
            for number in range(1, 65):
                try:
                    signal.signal(number, signal.SIG_IGN)
                except (OSError, ValueError):
                    pass
            time.sleep(600)

        for _ in range(3):
            try:
                if os.fork() == 0:
                    os.setsid()
                    try:
                        if os.fork() == 0:
                            stay()
                    finally:
                        stay()
            except OSError:
                pass
        try:
            subprocess.Popen(["sleep", "600"], start_new_session=True)
        except OSError:
            pass
        try:
            threading.Thread(target=stay, daemon=False).start()
        except RuntimeError:
            pass
        try:
            if os.getppid() > 0:
                os.kill(os.getppid(), signal.SIGSTOP)
        except OSError:
            pass
        """,
    )


def talker(folder: Path) -> None:
    at_first(
        folder,
        """
        import socket

        def send(family, kind, address):
            with socket.socket(family, kind) as one:
                one.settimeout(1)
                one.connect(address)
                one.send(MARK.encode())

        for family, kind, address in (
            (socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", PORT)),
            (socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", PORT)),
            (socket.AF_UNIX, socket.SOCK_STREAM, f"{TOP}/listens"),
            (socket.AF_UNIX, socket.SOCK_STREAM, chr(0) + f"{TOP}/listens"[-60:]),
        ):
            try:
                send(family, kind, address)
            except (OSError, AttributeError):
                pass
        """.replace("PORT", (folder.parent.parent / "port").read_text()),
    )


def three_ways_to_end(folder: Path) -> None:
    for number, kind in (("E03", "leaves"), ("E05", "forges"), ("E07", "never ends")):
        put(folder, number, notebook(number, kind, folder.name))
    put(folder, "E12", notebook("E12", "solution", folder.name))


RIGHT, NOT, ODD = "correct", "not attempted", "unreadable"

ATTACKS = [
    Attack(
        "damaged files",
        damaged,
        dict.fromkeys(["E03", "E05", "E07", "E08", "E09"], ODD) | {"E10": NOT, "E12": RIGHT},
    ),
    Attack("zip bomb", bomb, {"E12": RIGHT}, "unpack"),
    Attack("path out of the zip", up_and_out, listed="leads out of the zip"),
    Attack("path from the root", from_the_root, listed="leads out of the zip"),
    Attack("link to the solution", link_to_the_solution, {"E12": RIGHT}, "it is a link"),
    Attack("link in a circle", link_in_a_circle, {"E12": RIGHT}, "it is a link"),
    Attack("link in a zip", link_in_a_zip, listed="it is a link"),
    Attack("pipe", pipe, {"E12": RIGHT}, "no ordinary file"),
    Attack("fifty megabytes", fifty_megabytes, {"E12": RIGHT}, "at most 10 MB"),
    Attack("another language", another_language, {"E03": "error"}),
    Attack("another kernel", another_kernel, {"E03": RIGHT}),
    Attack("few cells", few_cells, {"E03": RIGHT, "E05": NOT, "E12": NOT}),
    Attack("one id for all", one_id_for_all, {"E03": RIGHT}),
    Attack(
        "strange names",
        strange_names,
        {"E05": RIGHT, "E07": RIGHT},
        "signs that are none",
    ),
    Attack("very deep", very_deep, listed="too deep"),
    Attack("false collection", false_collection, {"E03": "not yet"}),
    Attack("spy", spy, {"E03": RIGHT}),
    Attack("vandal", vandal, {"E03": RIGHT}),
    Attack("breeder", breeder, {"E03": RIGHT}),
    Attack("talker", talker, {"E03": RIGHT}),
    Attack(
        "three ways to end",
        three_ways_to_end,
        {"E03": "ended", "E05": "ended|output", "E07": "time", "E12": RIGHT},
        slow=True,
    ),
    # Folders named to be taken for another learner, for another file, or for a formula.
    Attack("LEARNER-0001", only_honest, {"E12": RIGHT}),
    Attack("learner-0002 ", only_honest, {"E12": RIGHT}),
    Attack("learner-0003\u202e", only_honest, {"E12": RIGHT}),
    Attack("learner‐0004", only_honest, {"E12": RIGHT}),
    Attack("CON", only_honest, {"E12": RIGHT}),
    Attack("=1+2", only_honest, {"E12": RIGHT}),
    Attack("<script>alert(1)</script".replace("/", "⁄"), only_honest, {"E12": RIGHT}),
]


def of_an_exercise(attack: hostile.Attack) -> Attack:
    """One of the attacks on a single notebook, as a learner's folder."""

    def make(folder: Path) -> None:
        edition = json.loads((EXERCISES / file_name("E03")).read_bytes())
        targets = hostile.Targets(folder.parent.parent / "teacher")
        put(folder, "E03", attack.notebook(edition, targets))

    first, _ = attack.outcomes
    if attack.name == "is_of_fifty_megabytes":
        return Attack(attack.name, make, listed="at most 10 MB")
    return Attack(attack.name, make, {"E03": "|".join(sorted(first))}, slow=attack.slow)


ATTACKS += [of_an_exercise(attack) for attack in hostile.attacks()]


def impossible() -> set[str]:
    """The attacks that nothing on this system can keep off."""
    isolation = probe()
    held = {layer for layer, holds in isolation.holds.items() if holds}
    if OWN_FOLDERS in isolation.means:
        held.add("own folders")
    return {attack.name for attack in hostile.attacks() if not attack.needs <= held}


# --------------------------------------------------------------------------------------
# The run

GRADE = """
import ctypes, json, os, resource, sys, time
from pathlib import Path

source, out, isolated = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3] == "isolated"
if sys.platform.startswith("linux"):
    ctypes.CDLL(None).prctl(36, 1)  # whoever is left without a parent becomes our child


def children():
    told = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children")
    return told.read_text().split() if told.exists() else []


def main():
    from nutgraf.errors import NutgrafError
    from nutgraf.grading import run
    from nutgraf.grading.judge import Limits
    from nutgraf.grading.submissions import read

    begun, found = time.monotonic(), {"refused": ""}
    limits = Limits(cpu_seconds=2, wall_seconds=8)
    try:
        summary = run.grade(
            source, out, workers=WORKERS, limits=limits, require_isolation=isolated,
            say=lambda text: None, progress=False,
        )
    except NutgrafError as refusal:
        found["refused"] = str(refusal)
    else:
        found |= {
            "results": [one.to_json() for one in summary.results],
            "problems": list(summary.problems),
            "isolated": summary.isolated,
            "isolation": summary.isolation,
            "said": str(summary),
            "names": {one.key: one.name for one in read(out / "collected").learners},
            "whose": [(one.sha256, one.learner) for one in read(out / "collected").submissions],
        }
    found["seconds"] = time.monotonic() - begun
    time.sleep(0.3)
    names = []
    for number in children():
        try:
            names.append(Path(f"/proc/{number}/cmdline").read_text().replace(chr(0), " "))
        except OSError:
            pass
    found["left"] = names
    print(json.dumps(found))


if __name__ == "__main__":
    main()
"""


class Place:
    """A small world: what was handed in, a home with something to steal, and what lies beside.

    It listens on a port and on two Unix sockets, where nobody may call.
    """

    def __init__(self, top: Path):
        self.top = top
        self.source, self.out = top / "handed-in", top / "out"
        self.home, self.beside, self.temporary = top / "home", top / "beside", top / "temporary"
        self.targets = hostile.lay_out(top / "teacher")
        for folder in (self.home / ".ssh", self.beside, self.temporary):
            folder.mkdir(parents=True)
        (self.home / ".ssh" / "id_ed25519").write_text("the teacher's key\n")
        (self.home / "marks.csv").write_text("learner-0001,3\n")
        (self.beside / "exam.ipynb").write_text("{}")
        self.ears = [socket.socket(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM)]
        self.ears += [socket.socket(socket.AF_UNIX)]
        self.ears[0].bind(("127.0.0.1", 0))
        self.ears[1].bind(self.ears[0].getsockname())
        self.ears[2].bind(str(top / "listens"))
        if sys.platform.startswith("linux"):
            self.ears.append(socket.socket(socket.AF_UNIX))
            self.ears[3].bind("\0" + f"{top}/listens"[-60:])
        for ear in self.ears:
            ear.setblocking(False)
            if ear.type == socket.SOCK_STREAM:
                ear.listen()
        (top / "port").write_text(str(self.ears[0].getsockname()[1]))

    def heard(self) -> list[str]:
        """What came in over the sockets since they were opened; closes them."""
        found = []
        for ear in self.ears:
            with contextlib.suppress(BlockingIOError):
                found.append(str(ear.accept() if ear.type == socket.SOCK_STREAM else ear.recv(99)))
            ear.close()
        return found

    def grade(self, out: Path, isolated: bool = False) -> dict[str, Any]:
        environment = os.environ | {"HOME": str(self.home), "TMPDIR": str(self.temporary)}
        done = subprocess.run(
            [
                *(sys.executable, "-c", GRADE.replace("WORKERS", str(WORKERS))),
                *(str(self.source), str(out), "isolated" if isolated else "as it comes"),
            ],
            cwd=self.beside,
            env=environment,
            capture_output=True,
            check=False,
            timeout=LONGEST,
        )
        assert done.returncode == 0, done.stderr.decode()[-3000:]
        return json.loads(done.stdout)


def fingerprint(*folders: Path) -> dict[str, tuple]:
    """What stands in folders: each file's kind, size, time, and what is in it."""
    found = {}
    passed_over = {".git", "__pycache__", ".venv", ".hypothesis", ".pytest_cache", ".ruff_cache"}
    for top in folders:
        for here, names, files in os.walk(top):
            names[:] = [name for name in names if name not in passed_over]
            for name in [*names, *files]:
                path = Path(here, name)
                state = path.lstat()
                said: Any = ()
                if stat.S_ISLNK(state.st_mode):
                    said = os.readlink(path)
                elif stat.S_ISREG(state.st_mode):
                    digest = hashlib.sha256(path.read_bytes()).hexdigest()
                    said = (state.st_size, state.st_mtime_ns, digest)
                found[str(path)] = (state.st_mode, said)
    return found


def changes(before: dict[str, tuple], after: dict[str, tuple]) -> list[str]:
    return sorted(
        name for name in before.keys() | after.keys() if before.get(name) != after.get(name)
    )


@dataclass
class Graded:
    """What came of a class."""

    place: Place
    handed: dict[str, dict[str, Any]]
    found: dict[str, Any]
    changed: dict[str, list[str]]
    names: set[str]
    heard: list[str]
    left_out: set[str]

    def of(self, name: str) -> dict[str, dict[str, Any]]:
        """The results of whoever handed in that folder, by exercise.

        A name may be made up to be taken for another; what is in the files tells whose they are.
        """
        held = {
            hashlib.sha256(path.read_bytes()).hexdigest()
            for path in (self.place.source / name).rglob("*.ipynb")
            if stat.S_ISREG(path.lstat().st_mode)
        }
        if name in self.left_out:
            pytest.skip("this system has no way of keeping that off")
        keys = {key for sha, key in self.found["whose"] if sha in held - self.untouched}
        if len(keys) > 1:  # two empty files are the same
            keys = {key for key in keys if self.found["names"][key] == name}
        assert len(keys) <= 1, f"{name!r} is taken for {keys}"
        return {one["exercise"]: one for one in self.found["results"] if {one["learner"]} == keys}

    @property
    def untouched(self) -> set[str]:
        return {hashlib.sha256(notebook(n, "untouched")).hexdigest() for n in NUMBERS}


@pytest.fixture(scope="module")
def graded(tmp_path_factory, root: Path) -> Graded:
    place = Place(tmp_path_factory.mktemp("class"))
    handed = make_class(place.source, HONEST, seed=5)
    left_out = impossible()
    for attack in ATTACKS:
        if attack.name not in left_out:
            folder = place.source / attack.name
            folder.mkdir()
            attack.make(folder)
    watched = {"source": place.source, "home": place.home, "beside": place.beside, "kit": root}
    watched["teacher"] = place.targets.folder
    before = {what: fingerprint(folder) for what, folder in watched.items()}
    shared = {Path("/tmp"), Path("/dev/shm"), Path("/var/tmp"), place.top}
    here = {str(path) for folder in shared if folder.is_dir() for path in folder.iterdir()}
    found = place.grade(place.out)
    assert found["refused"] == ""
    now = {str(path) for folder in shared if folder.is_dir() for path in folder.iterdir()}
    return Graded(
        place,
        handed,
        found,
        {what: changes(before[what], fingerprint(folder)) for what, folder in watched.items()},
        now - here,
        place.heard(),
        left_out,
    )


def outcome(result: dict[str, Any]) -> str:
    return next((c["outcome"] for c in result["cells"] if c["outcome"] != RIGHT), RIGHT)


# --------------------------------------------------------------------------------------
# Honest learners


def test_honest_learners_get_exactly_their_points(graded):
    for name, handed in graded.handed.items():
        results = graded.of(name)
        points = {n: {c["grade_id"]: c["points"] for c in r["cells"]} for n, r in results.items()}
        assert points == {number: dict(one.points) for number, one in handed.items()}, name


def test_honest_learners_stand_in_the_gradebook_with_these_points(graded):
    text = (graded.place.out / "grades.csv").read_text(encoding="utf-8-sig")
    found: dict[str, dict[str, float]] = {}
    for row in csv.DictReader(text.splitlines()):
        learner = found.setdefault(row["name"], {})
        learner[row["exercise"]] = learner.get(row["exercise"], 0) + float(row["points"])
    for name, handed in graded.handed.items():
        wanted = dict.fromkeys(found[name], 0.0) | {n: one.total for n, one in handed.items()}
        assert found[name] == wanted


# --------------------------------------------------------------------------------------
# Hostile ones


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: repr(attack.name)[1:-1])
def test_an_attack_gets_the_verdict_that_it_deserves(attack, graded):
    found = {number: outcome(result) for number, result in graded.of(attack.name).items()}

    assert found.keys() == attack.outcomes.keys()
    for number, outcomes in attack.outcomes.items():
        assert found[number] in outcomes.split("|"), number


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: repr(attack.name)[1:-1])
def test_an_attack_gets_points_for_what_is_right_only(attack, graded):
    for number, result in graded.of(attack.name).items():
        right = sum(deserved(number, "solution").values()) if outcome(result) == RIGHT else 0
        assert sum(cell["points"] for cell in result["cells"]) == right


@pytest.mark.parametrize(
    "attack", [a for a in ATTACKS if a.listed], ids=lambda attack: repr(attack.name)[1:-1]
)
def test_what_was_not_used_is_listed_with_its_reason(attack, graded):
    lines = [line for line in graded.found["problems"] if line.startswith(attack.name)]

    assert any(attack.listed in line for line in lines), lines


def test_every_learner_has_a_folder_of_their_own(graded):
    names = graded.found["names"]

    assert len(set(names.values())) == len(names)
    assert {*graded.handed} <= {*names.values()}
    alike = [unicodedata.normalize("NFKC", key).casefold() for key in names]
    assert len(set(alike)) == len(alike)


# --------------------------------------------------------------------------------------
# Nothing else has changed


@pytest.mark.parametrize("what", ["source", "home", "beside", "teacher", "kit"])
def test_nothing_changes_outside_the_folder_that_is_written_to(what, graded):
    assert graded.changed[what] == []


def test_nothing_is_left_in_the_folders_that_all_share(graded):
    assert {name for name in graded.names if MARK in name or "was-here" in name} == set()
    assert {name for name in graded.names if name.startswith(str(graded.place.top))} <= {
        str(graded.place.out)
    }
    assert [path for path in graded.place.temporary.rglob("*")] == []


def test_nobody_called(graded):
    assert graded.heard == []


def test_no_process_is_left_and_it_ends_in_time(graded):
    assert graded.found["left"] == []
    assert graded.found["seconds"] < LONGEST


def test_what_is_written_is_ordinary_files_with_names_that_are_good_everywhere(graded):
    for path in graded.place.out.rglob("*"):
        assert path.is_dir() or stat.S_ISREG(path.lstat().st_mode), path
        assert path.resolve() == path.resolve().parent / path.name
        assert not set(path.name) & set('<>:"/\\|?*'), path
        assert all(unicodedata.category(sign) not in ("Cc", "Cf", "Cs") for sign in path.name)


def test_no_page_holds_markup_or_paths_of_an_attack(graded):
    pages = [*graded.place.out.rglob("*.html")]

    assert len(pages) >= HONEST
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert "<script" not in text, page
        assert not re.search(r"[\u202a-\u202e\u2066-\u2069\x00-\x08\x1b]", text), page
        assert str(graded.place.temporary) not in text, page
        assert "### BEGIN" not in text, page
        assert "the teacher's key" not in html.unescape(text), page


def test_no_cell_of_a_table_is_a_formula(graded):
    for table in graded.place.out.glob("*.csv"):
        for row in csv.reader(table.read_text(encoding="utf-8-sig").splitlines()):
            assert not [cell for cell in row if re.match(r"[=+@\t\r]|-[^0-9]", cell)], table


def test_the_page_for_the_teacher_says_what_protected_this_machine(graded):
    text = (graded.place.out / "class.html").read_text(encoding="utf-8")

    assert graded.found["isolation"]
    assert graded.found["isolation"][:40].split(".")[0] in text


# --------------------------------------------------------------------------------------
# With isolation required


def rows(place: Path, names: set[str]) -> list[list[str]]:
    """The rows of these learners in the table of all grades."""
    with (place / "grades.csv").open(encoding="utf-8-sig", newline="") as file:
        return [row for row in csv.reader(file) if row[1] in names]


def test_isolation_that_is_required_is_there_or_nothing_is_graded(graded, tmp_path):
    again = Place(tmp_path)
    handed = make_class(again.source, HONEST, seed=5)
    quick = [one for one in ATTACKS if one.make.__name__ == "make" and not one.slow]
    quick = [one for one in quick if one.name not in graded.left_out]
    for attack in quick:
        (again.source / attack.name).mkdir()
        attack.make(again.source / attack.name)
    found = again.grade(again.out, isolated=True)

    assert found["left"] == []
    if graded.found["isolated"]:
        assert found["refused"] == ""
        # In the other class somebody was named to be taken for one of the first four.
        names = {*sorted(handed)[4:], *(attack.name for attack in quick)}
        assert len(rows(again.out, names)) > len(names)
        assert rows(again.out, names) == rows(graded.place.out, names)
    else:
        assert found["refused"]
        assert not (again.out / "grades.csv").exists()
        assert (again.out / "results.jsonl").read_text() == ""


# --------------------------------------------------------------------------------------
# The attacks are what they say


@pytest.mark.parametrize("attack", [spy, talker])
def test_an_attack_gets_somewhere_where_nothing_is_in_its_way(attack, tmp_path):
    place = Place(tmp_path)
    folder = place.source / "ann"
    folder.mkdir(parents=True)
    attack(folder)
    page = json.loads((folder / file_name("E03")).read_bytes())
    (code,) = ["".join(c["source"]) for c in page["cells"] if c["id"] == "E03-words"]
    code = f"import re\n{code}\nprint(words('a-b c’s 1,000'))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    if attack is spy:
        assert MARK in done.stderr
        assert "the teacher's key" in done.stderr
    else:
        assert done.stdout == "['a-b', 'c’s', '1,000']\n"
        assert len([one for one in place.heard() if one]) == len(place.ears)
