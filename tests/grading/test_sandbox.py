"""The box: what it says that it keeps off, it keeps off, with all its layers and without some."""

from __future__ import annotations

import ctypes
import errno
import json
import os
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nutgraf import NutgrafError
from nutgraf.grading import landlock, process, sandbox, seccomp, system
from nutgraf.grading.sandbox import LAYERS, Isolation, around, empty, is_too_full

forks = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
linux = pytest.mark.skipif(not system.LINUX, reason="for Linux only")
EVERY = ("namespaces", "landlock", "seccomp")


# --- what is said about it ---------------------------------------------------------------------


def isolation(*missing: str) -> Isolation:
    return Isolation({layer: layer not in missing for layer in LAYERS}, ("a", "b"))


def test_isolation_with_every_layer_is_complete():
    assert isolation().complete
    assert isolation().missing == ()
    assert "without network" in isolation().words
    isolation().require()


def test_isolation_that_lacks_layers_says_which_and_what_to_do():
    found = isolation("network", "files")

    assert not found.complete
    assert found.missing == ("files", "network")
    assert found.words.endswith(
        "keeping other files from being read; keeping it off the network. "
        "Grade only notebooks of people whom you trust."
    )
    with pytest.raises(NutgrafError, match=r"(?s)- keeping it off the network\n.*WSL 2"):
        found.require()


def test_nothing_is_said_to_hold_that_was_not_tried():
    assert Isolation().missing == tuple(LAYERS)
    assert not Isolation.from_json({"holds": {"files": "yes", "odd": True}, "means": []}).holds[
        "files"
    ]


def test_of_two_computers_what_holds_on_both_counts():
    both = isolation("files") & isolation("network")

    assert both.missing == ("files", "network")
    assert (isolation() & isolation()).complete


def test_isolation_survives_json():
    found = isolation("changes")

    assert Isolation.from_json(json.loads(json.dumps(found.to_json()))) == found


# --- tried out -----------------------------------------------------------------------------------


def tried(*without: str, fresh: bool = False) -> Isolation:
    with process.Keeper({}, without=without, fresh=fresh) as keeper:
        return keeper.isolation


@linux
def test_this_computer_can_do_all_of_it():
    # Where this fails, `nutgraf grade` warns. On Linux 5.13 or newer it should not.
    found = sandbox.probe()

    assert found.missing == ()
    assert "seccomp" in found.means


@linux
@pytest.mark.parametrize("without", EVERY)
def test_any_layer_can_be_missing_and_the_others_see_to_it(without):
    found = tried(without)

    assert [means for means in found.means if means.lower().startswith(without[:9])] == []
    assert {"limits", "memory", "files", "changes", "network", "others", "leftovers"} <= {
        layer for layer, holds in found.holds.items() if holds
    }


@linux
def test_without_any_layer_it_says_so():
    found = tried(*EVERY)

    assert {"files", "changes", "network", "others"} <= set(found.missing)
    assert found.holds["limits"]
    assert found.holds["memory"]
    assert found.means == ()


@linux
def test_without_namespaces_and_filter_the_network_is_open_and_times_can_be_changed():
    found = tried("namespaces", "seccomp")

    assert {"network", "changes"} <= set(found.missing)
    assert found.holds["files"]


def test_where_there_is_no_fork_a_fresh_interpreter_is_tried():
    found = tried(fresh=True)

    assert set(found.holds) == set(LAYERS)


@linux
def test_any_user_can_do_all_of_it(tmp_path_factory):
    """As another user than root, if this is root: nobody, with an interpreter that nobody can
    read. Where there is none, the test says so."""
    if os.geteuid() != 0:
        assert sandbox.probe().complete
        return
    python = next((p for p in ("/usr/bin/python3.11",) if Path(p).exists()), None)
    if python is None or sys.version_info[:2] != (3, 11):
        pytest.skip("no Python for everybody on this computer")
    home = tmp_path_factory.mktemp("nobody")
    for folder in (home, *home.parents):
        if folder.owner() == "root" and Path("/tmp") in folder.parents:
            folder.chmod(folder.stat().st_mode | 0o011)
    site = next(Path(path) for path in sys.path if path.endswith("site-packages"))
    made = home / "venv"
    subprocess.run([python, "-m", "venv", "--without-pip", made], check=True)
    (made / "lib/python3.11/site-packages").rmdir()
    (made / "lib/python3.11/site-packages").symlink_to(site)
    code = "from nutgraf.grading.sandbox import probe; print(probe().missing)"
    ran = subprocess.run(
        [made / "bin/python", "-B", "-c", code],
        user=65534,
        group=65534,
        extra_groups=[],
        capture_output=True,
        text=True,
        check=False,
        env={"TMPDIR": "/tmp", "HOME": str(home)},
        cwd="/",
    )

    assert ran.stdout == "()\n", ran.stderr


# --- both ways in which the kit can lie on a computer --------------------------------------------


@pytest.fixture
def installed(tmp_path: Path, root: Path) -> Path:
    """The package as a wheel lays it down, the solutions inside it."""
    folder = tmp_path / "site" / "nutgraf"
    caches = shutil.ignore_patterns("__pycache__")
    shutil.copytree(root / "src" / "nutgraf", folder, ignore=caches)
    for name in ("exercises", "seeds", "notebooks"):
        shutil.copytree(root / name, folder / "kit" / name, ignore=caches)
    return tmp_path / "site"


TRY = """
import json, sys
from nutgraf.paths import kit_dir
from nutgraf.grading.judge import Grader
from nutgraf.grading import process
import functools
process.Keeper = functools.partial(process.Keeper, without=json.loads(sys.argv[1]))
source = next((kit_dir("exercises") / "solutions").glob("E03-*.ipynb"))
edition = json.loads(next(kit_dir("exercises").glob("E03-*.ipynb")).read_text("utf-8"))
code = '''
import os, re
from nutgraf.paths import kit_dir
from nutgraf import load
import nutgraf.drawing, nutgraf.formats, networkx, bs4  # not loaded so far
assert "kit" in kit_dir("seeds").parts and load().words is not None
seen = []
for folder in (kit_dir("exercises"), kit_dir("exercises") / "solutions", kit_dir("notebooks")):
    try:
        seen += os.listdir(folder)
    except OSError:
        pass
for name in %r:
    try:
        seen.append(open(kit_dir("exercises") / name).read(10))
    except OSError:
        pass
def words(text):
    if not seen:
        return re.findall(r"[0-9]+(?:,[0-9]+)*|[\\\\w]+(?:[-’'][\\\\w]+)*", text)
    return seen
''' % [f"solutions/{source.name}", source.name, "README.md"]
next(cell for cell in edition["cells"] if cell["id"] == "E03-words")["source"] = code
with Grader({"E03": json.loads(source.read_text("utf-8"))}) as grader:
    result = grader.grade("ann", "E03", json.dumps(edition).encode())
    print(grader.isolation.missing, result.points, [cell.message for cell in result.cells])
"""


@linux
@pytest.mark.parametrize("without", [[], ["namespaces"], ["landlock"]], ids=str)
def test_in_an_installed_kit_the_solutions_inside_it_are_out_of_sight(installed, tmp_path, without):
    (tmp_path / "try.py").write_text(TRY, "utf-8")
    ran = subprocess.run(
        [sys.executable, "-B", tmp_path / "try.py", json.dumps(without)],
        env={**os.environ, "PYTHONPATH": str(installed)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert ran.stdout == "() 3.0 ['', '']\n", ran.stderr


def test_what_lies_around_a_folder_that_is_kept_away_is_kept(tmp_path):
    for name in ("a/x", "a/secret/deep", "b", "c/d/secret", "c/e"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "a/file").touch()
    found = around(
        [tmp_path / "a", tmp_path / "b", tmp_path / "c"],
        [tmp_path / "a/secret", tmp_path / "c/d/secret"],
    )

    assert [str(path.relative_to(tmp_path)) for path in found] == ["a/file", "a/x", "b", "c/e"]


def test_a_link_into_a_folder_that_is_kept_away_is_no_way_in(tmp_path):
    (tmp_path / "secret").mkdir()
    (tmp_path / "a").mkdir()
    (tmp_path / "a/link").symlink_to(tmp_path / "secret")
    (tmp_path / "link").symlink_to(tmp_path / "secret")
    assert around([tmp_path / "link", tmp_path / "a/link"], [tmp_path / "secret"]) == []


def test_folders_of_the_teachers_are_not_searched_for_modules(monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path, "", str(Path.home())])

    found = sandbox.search_path()
    assert str(tmp_path) not in found
    assert "" not in found
    assert str(Path.home()) not in found
    assert any(path.endswith("site-packages") for path in found)


# --- the filter ------------------------------------------------------------------------------


def answer(rules: bytes, number: int, args: tuple[int, ...] = (), arch: int = 0xC000003E) -> int:
    """What the filter says to a call: a little machine of our own runs its instructions."""
    given = [*args, 0, 0, 0, 0, 0, 0][:6]
    data = struct.pack("=IIQ6Q", number, arch, 0, *given)
    code = [struct.unpack_from("=HBBI", rules, at) for at in range(0, len(rules), 8)]
    place, value = 0, 0
    while True:
        kind, true, false, k = code[place]
        place += 1
        if kind == 0x20:
            (value,) = struct.unpack_from("=I", data, k)
        elif kind == 0x15:
            place += true if value == k else false
        elif kind == 0x25:
            place += true if value > k else false
        else:
            return k


ALLOW, REFUSED, UNKNOWN = 0x7FFF0000, 0x50000 | errno.EPERM, 0x50000 | errno.ENOSYS
RULES = seccomp.program(77, "x86_64")


@pytest.mark.parametrize("number", [0, 1, 2, 3, 9, 12, 13, 45, 44, 60, 186, 202, 231, 257, 262])
def test_everyday_calls_are_let_through(number):
    assert answer(RULES, number) == ALLOW


@pytest.mark.parametrize("name", sorted(seccomp._REFUSED))
def test_each_call_of_the_table_is_refused(name):
    here, there = seccomp._REFUSED[name]

    if here is not None:
        assert answer(RULES, here) == REFUSED
    if there is not None:
        rules = seccomp.program(77, "aarch64")
        assert answer(rules, there, arch=0xC00000B7) == REFUSED


def test_a_process_may_signal_itself_alone():
    for number in (62, 200, 234):
        assert answer(RULES, number, (77, 9)) == ALLOW
        for other in (1, 0, 78, 2**32 - 1, 2**32 - 77):
            assert answer(RULES, number, (other, 9)) == REFUSED


def test_limits_may_be_asked_for_and_not_set():
    assert answer(RULES, 302, (0, 0, 0, 4096)) == ALLOW
    assert answer(RULES, 302, (0, 0, 4096, 0)) == REFUSED
    assert answer(RULES, 302, (0, 0, 2**32, 0)) == REFUSED


@pytest.mark.parametrize(("number", "bad"), [(72, (8, 10, 15)), (16, (0x5412, 0x8901))])
def test_signals_by_way_of_a_file_are_refused(number, bad):
    assert [answer(RULES, number, (3, each)) for each in bad] == [REFUSED] * len(bad)
    assert answer(RULES, number, (3, 1)) == ALLOW


@given(st.integers(463, 2**32 - 1))
def test_calls_that_the_table_does_not_know_do_not_exist(number):
    assert answer(RULES, number) == UNKNOWN


def test_clone3_does_not_exist_so_that_the_library_asks_for_clone():
    assert answer(RULES, 435) == UNKNOWN
    assert answer(RULES, 56) == REFUSED


def test_numbers_of_another_processor_end_the_process():
    assert answer(RULES, 0, arch=0x40000003) == 0x80000000


def test_no_call_is_in_two_places_of_the_table():
    for column in (0, 1):
        numbers = [row[column] for row in seccomp._REFUSED.values() if row[column] is not None]
        numbers += [row[column] for row in seccomp._TO_ITSELF.values()]
        numbers += [seccomp._PRLIMIT[column], seccomp._FCNTL[column], seccomp._IOCTL[column]]
        assert len(numbers) == len(set(numbers))


@linux
def test_numbers_of_calls_are_those_of_this_computer():
    """Compared with the headers of the C library, where they lie."""
    headers = [
        Path(f"/usr/include/{system.machine()}-linux-gnu/asm/unistd_64.h"),
        Path("/usr/include/asm/unistd_64.h"),
        Path("/usr/include/asm-generic/unistd.h"),
    ]
    text = "".join(path.read_text() for path in headers[:2] if path.is_file())
    if not text or system.machine() != "x86_64":
        pytest.skip("no headers on this computer")
    known = dict(line.split()[1:3] for line in text.splitlines() if "#define __NR_" in line)
    for name, (number, _) in seccomp._REFUSED.items():
        assert known.get(f"__NR_{name}", str(number)) == str(number)


@linux
@forks
def test_a_filter_on_this_machine_refuses_and_lets_the_rest_run():
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        seccomp.enter(os.getpid())
        libc = ctypes.CDLL(None, use_errno=True)
        said = [libc.socket(2, 1, 0), ctypes.get_errno(), len(os.listdir("."))]
        os.write(writing, json.dumps(said).encode())
        os._exit(0)
    os.waitpid(child, 0)
    failed, number, files = json.loads(os.read(reading, 99))

    assert (failed, number) == (-1, errno.EPERM)
    assert files > 0


@linux
@pytest.mark.skipif(not landlock.version(), reason="this computer has no Landlock")
def test_landlock_leaves_what_is_named_and_nothing_else(tmp_path):
    for name in ("readable", "writable", "other"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text("x")
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        rules = landlock.prepare([tmp_path / "readable"], [tmp_path / "writable"], [])
        system.gain_nothing()
        landlock.enter(rules)
        said = []
        for name in ("readable", "writable", "other"):
            for mode in ("r", "a"):
                try:
                    open(tmp_path / name / "file", mode).close()
                    said.append(f"{name} {mode}")
                except OSError:
                    pass
        os.write(writing, json.dumps(said).encode())
        os._exit(0)
    os.waitpid(child, 0)

    assert json.loads(os.read(reading, 999)) == ["readable r", "writable r", "writable a"]


# --- the box is emptied ------------------------------------------------------------------------


def test_a_box_is_emptied_however_deep_it_is(tmp_path):
    box, outside = tmp_path / "box", tmp_path / "outside"
    box.mkdir()
    outside.mkdir()
    (outside / "kept").write_text("x")
    here = os.getcwd()
    os.chdir(box)
    for _ in range(1500):
        os.mkdir("d" * 100)
        os.chdir("d" * 100)
    Path("file").touch()
    os.chdir(here)
    (box / "link").symlink_to(outside)
    (box / "broken").symlink_to("nowhere")
    (box / "closed").mkdir()
    (box / "closed" / "file").touch()
    (box / "closed").chmod(0)
    os.mkfifo(box / "pipe")
    empty(box)

    assert list(box.iterdir()) == []
    assert (outside / "kept").read_text() == "x"


def test_a_box_is_too_full_when_more_lies_in_it_than_may(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "large").write_bytes(b"")
    assert not is_too_full(tmp_path)
    os.truncate(tmp_path / "a" / "large", sandbox.BOX_MB * 2**20 + 1)
    assert is_too_full(tmp_path)


def test_many_small_files_fill_a_box_too(tmp_path):
    for number in range(sandbox.BOX_MB * 256 + 1):
        (tmp_path / str(number)).touch()

    assert is_too_full(tmp_path)
    assert not is_too_full(tmp_path / "nowhere")
