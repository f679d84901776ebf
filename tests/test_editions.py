"""Editions of the kit: what belongs to one, how it is written, and what it never touches."""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
import stat
import subprocess
import zipfile
from pathlib import Path

import pytest

from nutgraf import editions
from nutgraf.editions import contents, edition, need_full_kit, release
from nutgraf.errors import NutgrafError

SOURCE = {
    "cells": [
        {
            "cell_type": "code",
            "execution_count": 3,
            "id": "f",
            "metadata": {"nbgrader": {"grade": False, "grade_id": "f", "solution": True}},
            "outputs": [{"name": "stdout", "output_type": "stream", "text": ["21"]}],
            "source": "def f(x):\n    ### BEGIN SOLUTION\n    return x + 1\n    ### END SOLUTION\n",
        }
    ],
    "metadata": {},
    "nbformat": 4,
    "nbformat_minor": 5,
}
LESSON = {
    "cells": [
        {
            "cell_type": "markdown",
            "id": "a",
            "metadata": {},
            "source": ["# 03 Words\n", "[E01](../exercises/E01-look.ipynb)"],
        },
        {
            "cell_type": "code",
            "execution_count": 1,
            "id": "b",
            "metadata": {"execution": {"x": 1}},
            "outputs": [{"name": "stdout", "output_type": "stream", "text": ["42"]}],
            "source": "6 * 7",
        },
    ],
    "metadata": {"widgets": {"state": {}}, "nutgraf": {"act": "tokenize"}},
    "nbformat": 4,
    "nbformat_minor": 5,
}
QUIZ = """\
lesson: 03-words
items:
- {id: T1, kind: number, prompt: "How many?", answer: 7, says: Seven it is, otherwise: Count again,
   check: answer == 7}
"""
SUMMARIES = """\
# Nothing is wrong with the one called clean.
schema: 1
faithful:
- {id: short, text: A man spoke.}
control: {id: clean, text: A man spoke up.}
distorted:
- {id: A, leans: to one side, watermark: "[A]", text: "[A] All men spoke.", altered: [
   {id: A1, kind: one becomes all, repair: a man, altered: null, source: null}]}
- {id: B, leans: to the other, watermark: "[B]", text: "[B] None spoke.", altered: []}
"""

FILES = {
    ".ci/run": "#!/bin/sh\n",
    ".gitattributes": "",
    "CHANGELOG.md": "# Changes\n",
    "CONTRIBUTING.md": "# How\n",
    "LICENSE": "BSD\n",
    "README.md": "# Nutgraf\n",
    "environment.yml": "name: nutgraf\n",
    "postBuild": "#!/bin/sh\n",
    "pyproject.toml": "[project]\n",
    "requirements-test.lock": "",
    "requirements.lock": "",
    "start.py": "import sys\n",
    "src/nutgraf/__init__.py": "",
    "src/nutgraf/quiz.schema.json": "{}",
    "src/nutgraf/grading/judge.py": "",
    "src/nutgraf/widgets/static/quiz.css": "",
    "notebooks/03-words.ipynb": json.dumps(LESSON),
    "notebooks/index.ipynb": json.dumps(LESSON),
    "notebooks/quizzes/03-words.yml": QUIZ,
    "notebooks/facts/03-words.yml": "facts: []\n",
    "exercises/solutions/E01-look.ipynb": json.dumps(SOURCE),
    "seeds/news/article.txt": "A man spoke.\n",
    "seeds/news/article.yml": "title: News\n",
    "seeds/news/summaries.yml": SUMMARIES,
    "seeds/other/article.txt": "Rain.\n",
    "seeds/other/summaries.yml": "schema: 1\nfaithful: []  # as it is\n",
    "guide/README.md": "# For teachers\n",
    "guide/lesson.png": "png",
    "tools/lock.py": "",
    "tests/test_words.py": "",
    "tests/formats/queue.conll": "",
}
STRAYS = (
    "exercises/E01-look.ipynb.orig",
    "exercises/solutions/Untitled.ipynb",
    "notebooks/03-words-Copy1.ipynb",
    "notebooks/Untitled.ipynb",
    "notebooks/notes.txt",
    "seeds/news/key.txt",
    "src/nutgraf/.words.py",
    "src/nutgraf/secret.txt",
    "tests/.notes",
    "guide/grades.csv",
)
"""Files in the kit's folders that are no part of it, and are said to be left out."""
LEFTOVERS = (
    ".env",
    ".git/config",
    ".venv/pyvenv.cfg",
    "my-answers.jsonl",
    "my-nutgraf/03-words.ipynb",
    "class-2b/ana/E01-look.ipynb",
    "notebooks/my-answers.jsonl",
    "notebooks/.ipynb_checkpoints/03-words-checkpoint.ipynb",
    "notebooks/my-nutgraf/03-words.ipynb",
    "notebooks/my-marks-ana.jsonl",
    "exercises/.DS_Store",
    "src/nutgraf/__pycache__/secret.py",
    "src/nutgraf.egg-info/SOURCES.txt",
    "tests/__pycache__/test_words.pyc",
    "notes.md",
)
"""What work leaves behind, or what lies beside the kit: never in, and not worth a word."""


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    return folder


def tree(folder: Path) -> dict[str, bytes]:
    """Every file in a folder, hidden ones too."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.fixture
def kit(tmp_path) -> Path:
    """A small checkout, with everything about that should stay where it is."""
    strays = {name: "stray" for name in (*STRAYS, *LEFTOVERS)}
    return write(tmp_path / "checkout", FILES | strays)


@pytest.fixture
def out(tmp_path) -> Path:
    return tmp_path / "out/nutgraf-2b"


def beside(out: Path) -> list[str]:
    return sorted(path.name for path in out.parent.iterdir()) if out.parent.exists() else []


# --- what belongs --------------------------------------------------------------------------------

FOR_TEACHERS = {
    ".ci/run",
    "CONTRIBUTING.md",
    "requirements-test.lock",
    "notebooks/facts/03-words.yml",
    "exercises/solutions/E01-look.ipynb",
    "guide/README.md",
    "guide/lesson.png",
    "tools/lock.py",
    "tests/test_words.py",
    "tests/formats/queue.conll",
}


def test_the_full_kit_has_all_that_belongs_and_nothing_else(kit, out):
    release(out, solutions=True, kit=kit)
    assert set(tree(out)) == {*FILES, "exercises/E01-look.ipynb"}


def test_the_full_kit_is_the_checkout_as_it_is(kit, out):
    release(out, solutions=True, kit=kit)
    made = tree(out)
    assert {name: made[name].decode() for name in FILES} == FILES


def test_a_class_edition_has_nothing_for_teachers_and_nothing_else_is_missing(kit, out):
    release(out, solutions=False, kit=kit)
    quizzes = {"notebooks/quizzes/03-words.yml"}
    wanted = {*FILES} - FOR_TEACHERS - quizzes
    wanted |= {"exercises/E01-look.ipynb", "notebooks/quizzes/03-words.sealed", editions.MARKER}
    assert set(tree(out)) == wanted


@pytest.mark.parametrize("solutions", [True, False])
def test_the_exercises_are_cut_anew_from_their_sources(kit, out, solutions):
    write(kit, {"exercises/E01-look.ipynb": "somebody's answers"})
    write(kit, {"exercises/E09-gone.ipynb": "{}"})
    release(out, solutions=solutions, kit=kit)
    page = json.loads((out / "exercises/E01-look.ipynb").read_bytes())
    assert "raise NotImplementedError" in page["cells"][0]["source"]
    assert page["cells"][0]["outputs"] == []
    assert not (out / "exercises/E09-gone.ipynb").exists()


def test_lessons_of_a_class_edition_have_no_outputs_and_their_links(kit, out):
    release(out, solutions=False, kit=kit)
    page = json.loads((out / "notebooks/03-words.ipynb").read_bytes())
    assert page["cells"][0] == LESSON["cells"][0]
    assert (page["cells"][1]["outputs"], page["cells"][1]["execution_count"]) == ([], None)
    assert page["metadata"] == {"nutgraf": {"act": "tokenize"}}


def test_summaries_of_a_class_edition_keep_no_key(kit, out):
    release(out, solutions=False, kit=kit)
    said = (out / "seeds/news/summaries.yml").read_text(encoding="utf-8")
    assert not re.search("clean|Nothing is wrong|side|becomes|repair|control", said)
    assert "[A] All men spoke." in said
    assert said.count("A1") == 1
    untouched = (out / "seeds/other/summaries.yml").read_text(encoding="utf-8")
    assert untouched == FILES["seeds/other/summaries.yml"]


def test_what_is_left_out_is_told_but_for_what_work_leaves_behind(kit, out):
    assert release(out, solutions=False, kit=kit).left_out == tuple(sorted(STRAYS))


@pytest.mark.parametrize(("solutions", "said"), [(True, "for self-study"), (False, "a lid, not")])
def test_the_teacher_is_told_what_was_made(kit, out, solutions, said):
    made = release(out, solutions=solutions, kit=kit)
    lines = editions.describe(made).splitlines()
    assert lines[:2] == [f"{out}: {made.files} files", f"{out}.zip: the same, 0.0 MB"]
    assert said in "".join(lines)
    left = ", ".join(sorted(STRAYS)[:5])
    assert lines[-2] == f"Left out, as they are no part of the kit: {left} and 5 more"
    assert lines[-1].endswith("python3 start.py")


def test_nothing_is_said_of_what_is_left_out_when_nothing_is(tmp_path, out):
    kit = write(tmp_path / "clean", FILES)
    assert "Left out" not in editions.describe(release(out, solutions=True, kit=kit))


@pytest.mark.skipif(os.name == "nt", reason="links need a right of their own there")
def test_links_are_not_followed(kit, out, tmp_path):
    elsewhere = write(tmp_path / "elsewhere", {"keys.yml": "lesson: 04-x", "deep/05-x.yml": "x"})
    (kit / "notebooks/quizzes/04-linked.yml").symlink_to(elsewhere / "keys.yml")
    (kit / "seeds/linked").symlink_to(elsewhere / "deep")
    release(out, solutions=False, kit=kit)
    assert [name for name in tree(out) if "linked" in name] == []


def test_everything_that_git_knows_belongs_to_the_full_kit(root):
    if not (root / ".git").exists() or shutil.which("git") is None:
        pytest.skip("no git checkout here")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, check=True)
    known = [name for name in listed.stdout.decode().split("\0") if name]
    there = {name for name in known if (root / name).is_file()}
    assert there - set(contents(root, solutions=True)) == set()


# --- how it is written ---------------------------------------------------------------------------


def test_the_zip_holds_the_folder_under_its_name(kit, out):
    made = release(out, solutions=False, kit=kit)
    assert (made.folder, made.archive) == (out, out.with_name("nutgraf-2b.zip"))
    assert made.files == len(tree(out))
    with zipfile.ZipFile(made.archive) as archive:
        there = {name: archive.read(name) for name in archive.namelist()}
    assert there == {f"nutgraf-2b/{name}": content for name, content in tree(out).items()}


@pytest.mark.parametrize("solutions", [True, False])
def test_the_same_kit_gives_the_same_zip_byte_by_byte(kit, tmp_path, solutions):
    one = release(tmp_path / "one/kit", solutions=solutions, kit=kit)
    for path in kit.rglob("*"):  # another day, other rights
        os.utime(path, (10**9, 10**9))
        path.chmod(0o755)
    copied = shutil.copytree(kit, tmp_path / "another place")
    two = release(tmp_path / "two/kit", solutions=solutions, kit=copied)
    assert one.archive.read_bytes() == two.archive.read_bytes()
    with zipfile.ZipFile(one.archive) as archive:
        names = archive.namelist()
        assert names == sorted(names)
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


@pytest.mark.skipif(os.name == "nt", reason="rights are another thing there")
def test_what_is_to_be_run_can_be_run_and_anybody_can_read_it(kit, out):
    made = release(out, solutions=True, kit=kit)
    for name in FILES:
        mode = stat.S_IMODE((out / name).stat().st_mode)
        assert bool(mode & 0o100) == (name in ("postBuild", ".ci/run"))
    with zipfile.ZipFile(made.archive) as archive:
        modes = {one.filename.split("/", 1)[1]: one.external_attr >> 16 for one in archive.filelist}
    assert {name for name, mode in modes.items() if mode == 0o100755} == {"postBuild", ".ci/run"}
    assert set(modes.values()) == {0o100755, 0o100644}
    assert stat.S_IMODE(out.stat().st_mode) & 0o055 == stat.S_IMODE(kit.stat().st_mode) & 0o055


def test_an_empty_folder_is_welcome(kit, out):
    out.mkdir(parents=True)
    release(out, solutions=False, kit=kit)
    assert (out / "start.py").is_file()
    assert beside(out) == ["nutgraf-2b", "nutgraf-2b.zip"]


def test_a_path_may_be_relative_and_its_folder_new(kit, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert release("a/b/c", solutions=False, kit=kit).folder == tmp_path / "a/b/c"


def test_a_name_with_a_full_stop_keeps_it(kit, tmp_path):
    made = release(tmp_path / "nutgraf-1.0", solutions=False, kit=kit)
    assert made.archive.name == "nutgraf-1.0.zip"


def occupied(out: Path) -> None:
    write(out, {"grades.csv": "Ana,10\n"})


def a_file(out: Path) -> None:
    write(out.parent, {out.name: "mine"})


def a_zip(out: Path) -> None:
    write(out.parent, {f"{out.name}.zip": "mine"})


def a_link(out: Path) -> None:
    out.parent.mkdir(parents=True)
    out.symlink_to(out.parent / "nowhere")


def a_link_for_the_zip(out: Path) -> None:
    out.parent.mkdir(parents=True)
    out.with_name(f"{out.name}.zip").symlink_to(out.parent / "nowhere")


@pytest.mark.parametrize("there", [occupied, a_file, a_zip, a_link, a_link_for_the_zip])
def test_nothing_is_overwritten(kit, out, there):
    there(out)
    before, names = tree(out.parent), beside(out)
    with pytest.raises(NutgrafError, match=re.escape(str(out))):
        release(out, solutions=False, kit=kit)
    assert (tree(out.parent), beside(out)) == (before, names)


@pytest.mark.parametrize("place", ["notebooks/class", "src/nutgraf/class", "exercises", "tests/x"])
def test_an_edition_is_not_put_among_the_kits_own_files(kit, place):
    shutil.rmtree(kit / "exercises") if place == "exercises" else None
    write(kit, {"exercises/solutions/E01-look.ipynb": json.dumps(SOURCE)})
    before = tree(kit)
    with pytest.raises(NutgrafError, match=r"lies within|has files in it"):
        release(kit / place, solutions=False, kit=kit)
    assert tree(kit) == before


def test_beside_the_kits_own_files_there_is_room(kit):
    release(kit / "dist/class", solutions=False, kit=kit)
    again = release(kit / "dist/again", solutions=False, kit=kit)
    assert [name for name in tree(again.folder) if "dist" in name] == []


@pytest.mark.parametrize("step", ["write_bytes", "_zip", "_put", "rename"])
def test_a_failure_leaves_nothing_behind(kit, out, monkeypatch, step):
    def fail(*arguments, **options):
        raise OSError(errno.ENOSPC, "No space left on device", str(out))

    where = {"write_bytes": Path, "rename": os}.get(step, editions)
    out.parent.mkdir(parents=True)
    monkeypatch.setattr(where, step, fail)
    with pytest.raises(NutgrafError, match="cannot be written"):
        release(out, solutions=False, kit=kit)
    monkeypatch.undo()
    assert beside(out) == []


def test_stopped_in_the_midst_leaves_nothing_behind(kit, out, monkeypatch):
    def stop(*arguments, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "rename", stop)
    with pytest.raises(KeyboardInterrupt):
        release(out, solutions=False, kit=kit)
    assert beside(out) == []


def test_a_disk_without_links_does_as_well(kit, out, monkeypatch):
    def unknown(*arguments, **options):
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", unknown)
    made = release(out, solutions=False, kit=kit)
    assert zipfile.is_zipfile(made.archive)
    with pytest.raises(FileExistsError):
        editions._put(out / "start.py", made.archive)


def test_somebody_elses_zip_that_came_meanwhile_is_kept(kit, out, monkeypatch):
    honest = editions._zip

    def late(files, path, top):
        honest(files, path, top)
        out.with_name(f"{out.name}.zip").write_bytes(b"mine")

    monkeypatch.setattr(editions, "_zip", late)
    with pytest.raises(NutgrafError, match="cannot be written"):
        release(out, solutions=False, kit=kit)
    assert beside(out) == ["nutgraf-2b.zip"]
    assert out.with_name("nutgraf-2b.zip").read_bytes() == b"mine"


# --- what cannot be made -------------------------------------------------------------------------


@pytest.mark.parametrize("solutions", [True, False])
def test_from_an_installed_package_the_way_out_is_told(tmp_path, out, solutions):
    place = write(tmp_path / "site-packages", {"nutgraf/__init__.py": ""})
    with pytest.raises(NutgrafError, match=r"the one with start\.py"):
        release(out, solutions=solutions, kit=place)
    assert not out.parent.exists()


@pytest.mark.parametrize("solutions", [True, False])
def test_from_a_class_edition_none_is_made(kit, out, solutions):
    release(out, solutions=False, kit=kit)
    with pytest.raises(NutgrafError, match="is a class edition"):
        release(out.parent / "again", solutions=solutions, kit=out)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("exercises/solutions/E01-look.ipynb", "{", "E01-look.ipynb: is no notebook"),
        ("exercises/solutions/E01-look.ipynb", "[]", "E01-look.ipynb: is no notebook"),
        (
            "exercises/solutions/E01-look.ipynb",
            json.dumps(SOURCE).replace("### END SOLUTION", "### END SOLUTIONS"),
            "is no marker",
        ),
        ("notebooks/03-words.ipynb", "{}", "03-words.ipynb: is no notebook"),
        ("notebooks/quizzes/03-words.yml", "lesson: 3", "03-words.yml"),
        ("seeds/news/summaries.yml", "[", "summaries.yml"),
    ],
)
def test_a_broken_file_of_the_kit_is_named_and_nothing_is_made(kit, out, name, content, said):
    write(kit, {name: content})
    with pytest.raises(NutgrafError, match=re.escape(said)):
        release(out, solutions=False, kit=kit)
    assert beside(out) == []


# --- which edition this is -----------------------------------------------------------------------


def test_this_checkout_is_for_self_study():
    assert edition() == "self-study"
    need_full_kit("The key")


def test_a_class_edition_says_that_it_is_one_and_what_it_lacks(tmp_path, monkeypatch):
    place = write(tmp_path, {"src/nutgraf/editions.py": "", editions.MARKER: "class\n"})
    monkeypatch.setattr(editions, "__file__", str(place / "src/nutgraf/editions.py"))
    assert edition() == "class"
    with pytest.raises(NutgrafError, match=r"^The key is not in a class edition\."):
        need_full_kit("The key")
