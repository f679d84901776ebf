"""The learner's folder: copied once, brought up to date, never taken from the learner."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from nutgraf import folder as folder_module
from nutgraf.errors import NutgrafError
from nutgraf.folder import editions, fingerprint, learner_edition, prepare


def notebook(heading: str, **metadata) -> dict:
    """A small executed notebook: a heading, a cell with output, a hidden quiz cell."""
    code = {"cell_type": "code", "execution_count": 3, "source": ["1 + 1"]}
    output = {"output_type": "execute_result", "execution_count": 3, "metadata": {}}
    output["data"] = {"text/plain": ["2"]}
    quiz = {"jupyter": {"source_hidden": True}, "tags": ["quiz"], "execution": {"iopub": "now"}}
    return {
        "cells": [
            {"cell_type": "markdown", "id": "t", "metadata": {}, "source": [f"# {heading} ’\n"]},
            code | {"id": "a", "metadata": {}, "outputs": [output]},
            code | {"id": "q", "metadata": quiz, "outputs": [output]},
        ],
        "metadata": {"kernelspec": {"name": "python3"}, **metadata},
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def save(path: Path, content: dict | str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = content if isinstance(content, str) else json.dumps(content)
    path.write_text(text, encoding="utf-8")
    return path


def change(path: Path) -> bytes:
    """Do what a learner does: answer in a cell and save."""
    content = json.loads(path.read_bytes())
    content["cells"][1]["source"] = ["2 + 2"]
    path.write_text(json.dumps(content, indent=1), encoding="utf-8")
    return path.read_bytes()


def files_in(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and ".nutgraf" not in path.parts
    }


@pytest.fixture
def kit(tmp_path, monkeypatch) -> Path:
    """A small kit: two lessons, an exercise, and what must stay behind."""
    kit = tmp_path / "kit"
    save(kit / "notebooks/00-start-here.ipynb", notebook("Start"))
    save(kit / "notebooks/03-words.ipynb", notebook("Words"))
    save(kit / "notebooks/quizzes/03-words.yml", "items: []")
    save(kit / "notebooks/facts/03-words.yml", "facts: []")
    save(kit / "notebooks/.ipynb_checkpoints/03-words-checkpoint.ipynb", notebook("Old"))
    save(kit / "exercises/E01-split.ipynb", notebook("Exercise"))
    save(kit / "exercises/README.md", "What they are.\n")
    save(kit / "exercises/solutions/E01-split.ipynb", notebook("Solution"))
    monkeypatch.setattr(folder_module, "kit_dir", lambda name: kit / name)
    return kit


@pytest.fixture
def mine(tmp_path) -> Path:
    return tmp_path / "my-nutgraf"


EVERYTHING = (
    "00-start-here.ipynb",
    "03-words.ipynb",
    "exercises/E01-split.ipynb",
    "exercises/README.md",
)


def test_a_new_folder_gets_lessons_and_exercises_and_nothing_else(kit, mine):
    assert prepare(mine).added == EVERYTHING
    assert tuple(sorted(files_in(mine))) == EVERYTHING


def test_the_learner_edition_has_no_outputs_counts_times_or_widget_states():
    edition = learner_edition(notebook("Words", widgets={"application/x": {}}))
    code = [cell for cell in edition["cells"] if cell["cell_type"] == "code"]
    assert [cell["outputs"] for cell in code] == [[], []]
    assert [cell["execution_count"] for cell in code] == [None, None]
    assert "execution" not in code[1]["metadata"]
    assert "widgets" not in edition["metadata"]


def test_the_learner_edition_keeps_all_that_running_did_not_make():
    before = notebook("Words", title="Words")
    edition = learner_edition(before)
    assert [cell["source"] for cell in edition["cells"]] == [
        cell["source"] for cell in before["cells"]
    ]
    assert [cell["id"] for cell in edition["cells"]] == ["t", "a", "q"]
    assert edition["cells"][2]["metadata"] == {
        "jupyter": {"source_hidden": True},
        "tags": ["quiz"],
    }
    assert edition["metadata"] == {"kernelspec": {"name": "python3"}, "title": "Words"}


@pytest.mark.parametrize(
    ("kit", "mine"),
    [
        ("[try it](../exercises/E01-split.ipynb)", "[try it](exercises/E01-split.ipynb)"),
        ("[back](../notebooks/03-words.ipynb#cell-id=a)", "[back](../03-words.ipynb#cell-id=a)"),
        ("`../exercises/` stays", "`../exercises/` stays"),
    ],
)
@pytest.mark.parametrize("form", [list, "".join], ids=["lines", "text"])
def test_links_lead_to_where_the_learners_files_are(kit, mine, form):
    content = {"cells": [{"cell_type": "markdown", "source": form([kit])}]}
    assert learner_edition(content)["cells"][0]["source"] == form([mine])


def test_the_learner_edition_leaves_the_notebook_it_was_made_from_alone():
    before = notebook("Words", widgets={})
    learner_edition(before)
    assert before == notebook("Words", widgets={})


def test_the_same_kit_always_gives_the_same_bytes(kit):
    assert editions() == editions()


def test_a_second_run_writes_nothing(kit, mine):
    prepare(mine)
    before = {path: path.stat().st_mtime_ns for path in mine.rglob("*")}
    assert prepare(mine).unchanged == EVERYTHING
    assert {path: path.stat().st_mtime_ns for path in mine.rglob("*")} == before


def test_an_untouched_lesson_is_updated(kit, mine):
    prepare(mine)
    save(kit / "notebooks/03-words.ipynb", notebook("Words, better"))
    report = prepare(mine)
    assert report.updated == ("03-words.ipynb",)
    assert "Words, better" in (mine / "03-words.ipynb").read_text(encoding="utf-8")


def test_a_new_lesson_is_added(kit, mine):
    prepare(mine)
    save(kit / "notebooks/04-sentences.ipynb", notebook("Sentences"))
    assert prepare(mine).added == ("04-sentences.ipynb",)


def test_a_lesson_that_skipped_several_versions_is_updated(kit, mine):
    prepare(mine)
    other = mine.parent / "other"
    for title in ("Words 2", "Words 3"):
        save(kit / "notebooks/03-words.ipynb", notebook(title))
        prepare(other)
    assert prepare(mine).updated == ("03-words.ipynb",)


def test_what_the_learner_changed_is_kept_and_not_called_newer_while_there_is_none(kit, mine):
    prepare(mine)
    work = change(mine / "03-words.ipynb")
    report = prepare(mine)
    assert (report.kept, report.newer) == (("03-words.ipynb",), ())
    assert (mine / "03-words.ipynb").read_bytes() == work


def test_what_the_learner_changed_is_kept_when_the_kit_has_a_newer_version(kit, mine):
    prepare(mine)
    work = change(mine / "03-words.ipynb")
    save(kit / "notebooks/03-words.ipynb", notebook("Words, better"))
    for _ in range(2):
        report = prepare(mine)
        assert (report.kept, report.newer) == (("03-words.ipynb",), ("03-words.ipynb",))
    assert (mine / "03-words.ipynb").read_bytes() == work


def test_renaming_ones_own_copy_brings_the_fresh_one(kit, mine):
    prepare(mine)
    work = change(mine / "03-words.ipynb")
    (mine / "03-words.ipynb").rename(mine / "03-mine.ipynb")
    assert prepare(mine).added == ("03-words.ipynb",)
    assert (mine / "03-mine.ipynb").read_bytes() == work
    assert (mine / "03-words.ipynb").read_bytes() == editions()["03-words.ipynb"]


def test_a_lesson_that_was_only_opened_and_saved_counts_as_untouched(kit, mine):
    prepare(mine)
    content = json.loads((mine / "03-words.ipynb").read_bytes())
    content["metadata"]["language_info"] = {"name": "python", "version": "3.14.1"}
    content["metadata"]["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    save(mine / "03-words.ipynb", content)
    save(kit / "notebooks/03-words.ipynb", notebook("Words, better"))
    assert prepare(mine).updated == ("03-words.ipynb",)


def test_a_lesson_with_results_in_it_counts_as_changed(kit, mine):
    prepare(mine)
    content = json.loads((mine / "03-words.ipynb").read_bytes())
    content["cells"][1]["execution_count"] = 1
    save(mine / "03-words.ipynb", content)
    save(kit / "notebooks/03-words.ipynb", notebook("Words, better"))
    assert prepare(mine).kept == ("03-words.ipynb",)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"metadata": 3}', b"\xff\xfe", b"null"])
def test_a_file_that_is_no_notebook_has_a_fingerprint_of_its_bytes(content):
    assert fingerprint(content) != fingerprint(content + b" ")


def test_a_file_identical_to_the_kits_is_adopted(kit, mine):
    (mine / ".nutgraf").mkdir(parents=True)
    (mine / "03-words.ipynb").write_bytes(editions()["03-words.ipynb"])
    assert "03-words.ipynb" in prepare(mine).unchanged
    save(kit / "notebooks/03-words.ipynb", notebook("Words, better"))
    assert prepare(mine).updated == ("03-words.ipynb",)


@pytest.mark.parametrize("damage", [b"", b"{", b'{"files": 3}', b"[]", b'{"files": {"a": 1}}'])
def test_with_a_damaged_record_the_learners_work_is_kept(kit, mine, damage):
    prepare(mine)
    work = change(mine / "03-words.ipynb")
    (mine / ".nutgraf/manifest.json").write_bytes(damage)
    save(kit / "notebooks/03-words.ipynb", notebook("Words, better"))
    prepare(mine)
    assert (mine / "03-words.ipynb").read_bytes() == work


def test_what_is_not_the_kits_stays_as_it_is(kit, mine):
    prepare(mine)
    save(mine / "my-answers.jsonl", "{}\n")
    save(mine / "exercises/notes.txt", "mine")
    prepare(mine)
    assert (mine / "my-answers.jsonl").read_text() == "{}\n"
    assert (mine / "exercises/notes.txt").read_text() == "mine"


def test_an_empty_folder_is_taken(kit, mine):
    mine.mkdir()
    assert prepare(mine).added == EVERYTHING


@pytest.mark.parametrize("name", [".DS_Store", "desktop.ini", "Thumbs.db", ".directory"])
def test_a_folder_with_litter_of_the_system_is_taken(kit, mine, name):
    save(mine / name, "litter")
    assert prepare(mine).added == EVERYTHING


def test_a_folder_of_somebody_elses_files_is_refused_untouched(kit, mine):
    save(mine / "thesis.docx", "mine")
    with pytest.raises(NutgrafError, match=r"thesis\.docx.*new or empty folder"):
        prepare(mine)
    assert [path.name for path in mine.iterdir()] == ["thesis.docx"]


def test_a_file_in_the_place_of_the_folder_is_named(kit, mine):
    save(mine, "a file")
    with pytest.raises(NutgrafError, match="my-nutgraf is a file"):
        prepare(mine)


def test_a_file_in_the_place_of_a_parent_is_named(kit, mine):
    save(mine, "a file")
    with pytest.raises(NutgrafError, match=r"my-nutgraf.*a file stands where a folder belongs"):
        prepare(mine / "deeper")


def test_a_folder_in_the_place_of_a_lesson_is_named(kit, mine):
    (mine / ".nutgraf").mkdir(parents=True)
    (mine / "03-words.ipynb").mkdir()
    with pytest.raises(NutgrafError, match=r"03-words\.ipynb is a folder"):
        prepare(mine)


def test_a_file_in_the_place_of_the_exercises_is_named(kit, mine):
    (mine / ".nutgraf").mkdir(parents=True)
    save(mine / "exercises", "a file")
    with pytest.raises(NutgrafError, match=r"exercises.*a file stands where a folder belongs"):
        prepare(mine)


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "the disk is full"),
        (errno.EROFS, "may not be written"),
        (errno.EACCES, "may not be written"),
        (errno.EIO, "cannot be written"),
    ],
)
def test_a_disk_that_refuses_is_explained(kit, mine, monkeypatch, number, words):
    def refuse(source, target):
        raise OSError(number, os.strerror(number), str(source), None, str(target))

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(NutgrafError, match=words) as error:
        prepare(mine)
    assert str(mine) in str(error.value)


@pytest.mark.skipif(not Path("/sys/kernel").is_dir(), reason="a place nobody can write: Linux")
def test_a_read_only_place_is_explained():
    with pytest.raises(NutgrafError, match="may not be written"):
        prepare(Path("/sys/nutgraf"))


def test_a_broken_notebook_of_the_kit_is_named(kit, mine):
    save(kit / "notebooks/03-words.ipynb", "{")
    with pytest.raises(NutgrafError, match=r"03-words\.ipynb is not a notebook"):
        prepare(mine)


def test_a_kit_without_lessons_is_an_error_before_anything_is_made(kit, mine):
    for path in (kit / "notebooks").glob("*.ipynb"):
        path.unlink()
    with pytest.raises(NutgrafError, match="notebooks holds no lessons"):
        prepare(mine)
    assert not mine.exists()


def test_leftovers_of_a_run_that_was_stopped_go_once_they_are_old(kit, mine):
    prepare(mine)
    old, fresh = mine / ".nutgraf/new-1.tmp", mine / ".nutgraf/new-2.tmp"
    save(old, "half")
    save(fresh, "half")
    os.utime(old, (0, 0))
    prepare(mine)
    assert (old.exists(), fresh.exists()) == (False, True)


# A run that is killed at its n-th step: every change of the disk is a step, and a write is two.
KILLED = """
import builtins, os, sys
from pathlib import Path
import nutgraf.folder as folder

kit, mine, left = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])

def step():
    global left
    if left == 0:
        os._exit(9)
    left -= 1

def counted(act):
    def wrapped(*arguments, **named):
        step()
        return act(*arguments, **named)
    return wrapped

class HalfFirst:
    def __init__(self, file): self.file = file
    def __enter__(self): return self
    def __exit__(self, *error): self.file.close()
    def write(self, content):
        half = len(content) // 2
        self.file.write(content[:half]); self.file.flush(); step()
        self.file.write(content[half:]); self.file.flush(); step()
    def flush(self): self.file.flush()
    def fileno(self): return self.file.fileno()

folder.kit_dir = lambda name: kit / name
folder.open = lambda *arguments: HalfFirst(counted(builtins.open)(*arguments))
for name in ("mkdir", "replace", "fsync", "unlink"):
    setattr(os, name, counted(getattr(os, name)))
folder.prepare(mine)
"""
STEPS = 30


def killed_at(step: int, kit: Path, mine: Path) -> int:
    command = [sys.executable, "-c", KILLED, str(kit), str(mine), str(step)]
    return subprocess.run(command, check=False).returncode


def upgraded(kit: Path, mine: Path) -> bytes:
    """A folder with work in it, and a kit that has gone on; returns the learner's work."""
    prepare(mine)
    for path in (kit / "notebooks").glob("*.ipynb"):
        save(path, notebook(f"{path.stem}, better"))
    save(kit / "notebooks/04-sentences.ipynb", notebook("Sentences"))
    save(kit / "exercises/README.md", "More of them.\n")
    (mine / "exercises/E01-split.ipynb").unlink()
    return change(mine / "03-words.ipynb")


def test_the_steps_below_are_all_there_are(kit, mine):
    upgraded(kit, mine)
    assert killed_at(STEPS, kit, mine) == 0


@pytest.mark.parametrize("step", range(STEPS))
def test_killed_at_any_step_the_next_run_finishes_and_the_work_is_kept(kit, mine, step):
    work = upgraded(kit, mine)
    assert killed_at(step, kit, mine) == 9
    report = prepare(mine)
    assert report.kept == ("03-words.ipynb",)
    assert files_in(mine) == editions() | {"03-words.ipynb": work}


@pytest.mark.parametrize("step", range(STEPS))
def test_killed_at_any_step_a_still_newer_kit_knows_its_own_files(kit, mine, step):
    upgraded(kit, mine)
    killed_at(step, kit, mine)
    save(kit / "notebooks/00-start-here.ipynb", notebook("Better still"))
    assert prepare(mine).updated[:1] == ("00-start-here.ipynb",)


@pytest.mark.parametrize("step", range(0, 24, 3))
def test_killed_at_the_first_copying_the_next_run_finishes(kit, mine, step):
    assert killed_at(step, kit, mine) == 9
    assert prepare(mine).kept == ()
    assert files_in(mine) == editions()


class FolderMachine(RuleBasedStateMachine):
    """A learner and a kit that go on in any order; work is kept, the rest is up to date."""

    names = st.sampled_from(["00-start-here.ipynb", "03-words.ipynb"])

    def __init__(self):
        super().__init__()
        self.place = tempfile.TemporaryDirectory()
        self.kit = Path(self.place.name) / "kit"
        self.mine = Path(self.place.name) / "mine"
        self.version = 0
        self.work: dict[str, bytes] = {}
        (self.kit / "exercises").mkdir(parents=True)
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(folder_module, "kit_dir", lambda name: self.kit / name)
        self.upgrade("00-start-here.ipynb")

    @rule(name=names)
    def upgrade(self, name):
        self.version += 1
        save(self.kit / "notebooks" / name, notebook(f"Version {self.version}"))

    @rule(name=names)
    def go_back_to_the_first_version(self, name):
        save(self.kit / "notebooks" / name, notebook("Version 1"))

    @rule(name=names)
    def work_on(self, name):
        if (self.mine / name).exists():
            self.version += 1
            content = notebook(f"Work {self.version}")
            save(self.mine / name, content)
            self.work[name] = (self.mine / name).read_bytes()

    @rule(name=names)
    def remove(self, name):
        (self.mine / name).unlink(missing_ok=True)
        self.work.pop(name, None)

    @rule()
    def run(self):
        report = prepare(self.mine)
        expected = {**editions(), **self.work}
        assert files_in(self.mine) == expected
        assert set(report.kept) == set(self.work)

    @invariant()
    def work_is_never_lost(self):
        for name, content in self.work.items():
            assert (self.mine / name).read_bytes() == content

    def teardown(self):
        self.patch.undo()
        self.place.cleanup()


TestAnyOrderOfEvents = FolderMachine.TestCase
TestAnyOrderOfEvents.settings = settings(max_examples=25, stateful_step_count=12, deadline=None)
