"""Collecting what learners handed in: every layout, every odd file, and nothing else touched."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import random
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nutgraf import NutgrafError
from nutgraf.grading import submissions
from nutgraf.grading.submissions import Learner, collect, exercise_of, is_collection, read

EXERCISES = [f"E{number:02}" for number in range(1, 13)]


@pytest.fixture(scope="module")
def pages(root) -> dict[str, bytes]:
    """The learner's edition of each exercise."""
    return {path.name[:3]: path.read_bytes() for path in (root / "exercises").glob("*.ipynb")}


@pytest.fixture(scope="module")
def names(root) -> dict[str, str]:
    """What the kit calls the file of each exercise."""
    return {path.name[:3]: path.name for path in (root / "exercises").glob("*.ipynb")}


def hand_in(folder: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        os.utime(path, (1_700_000_000, 1_700_000_000))
    return folder


def a_zip(files: dict[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            info = zipfile.ZipInfo(name, (2026, 1, 24, 10, 30, 0))
            archive.writestr(info, content, zipfile.ZIP_DEFLATED)
    return made.getvalue()


def pack(path: Path, files: dict[str, bytes]) -> Path:
    path.write_bytes(a_zip(files))
    return path


def held(collected) -> dict[str, str]:
    """What a collection holds: "Ann/E03" -> fingerprint."""
    return {f"{one.learner}/{one.exercise}": one.sha256 for one in collected.submissions}


def everything(folder: Path) -> dict[str, bytes]:
    """Each file in a folder; links are listed and not followed."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if not path.is_symlink() else b"link"
        for path in sorted(folder.rglob("*"))
        if path.is_file() or path.is_symlink()
    }


# Layouts

LAYOUTS: dict[str, tuple[list[str], list[str]]] = {
    "a folder each": (["Ann/{E03}", "Ben/{E03}", "Ben/{E04}"], ["Ann", "Ben"]),
    "the whole folder of lessons": (
        ["Ann/my-nutgraf/exercises/{E03}", "Ben/my-nutgraf/exercises/{E03}"],
        ["Ann", "Ben"],
    ),
    "flat": (["Ann_{E03}", "Ben_{E03}"], ["Ann", "Ben"]),
    "Moodle": (
        ["Jörg Müller_123_assignsubmission_file_/{E03}", "Ann_124_assignsubmission_file/{E03}"],
        ["Ann", "Jörg Müller"],
    ),
    "Moodle, flat": (["Ann_1_assignsubmission_file_{E03}"], ["Ann"]),
    "Canvas": (["leeann_12_345_{E03}", "hoben_LATE_13_346_{E04}"], ["hoben", "leeann"]),
    "Canvas, without names": (["anon_aB3dE_345_{E03}"], ["anonymous aB3dE"]),
    "nbgrader": (["submitted/ann/ps1/{E03}", "submitted/ben/ps1/{E03}"], ["ann", "ben"]),
    "one learner's own folder": (["exercises/{E03}", "exercises/{E04}"], ["class"]),
}


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_is_collected_byte_for_byte(layout, packed, tmp_path, pages, names):
    paths, learners = LAYOUTS[layout]
    files = {path.format(**names): pages[path[path.index("{") + 1 :][:3]] for path in paths}
    source = pack(tmp_path / "class.zip", files) if packed else hand_in(tmp_path / "class", files)
    collected = collect(source, tmp_path / "out", EXERCISES)
    assert [learner.key for learner in collected.learners] == learners
    assert len(collected.submissions) == len(files)
    assert collected.problems == ()
    for one in collected.submissions:
        content = (tmp_path / "out" / one.file).read_bytes()
        assert content == pages[one.exercise]
        assert one.sha256 == hashlib.sha256(content).hexdigest()
        assert one.file == f"{one.learner}/{one.exercise}.ipynb"
    assert set(everything(tmp_path / "out")) == {
        "collected.json",
        *(one.file for one in collected.submissions),
    }
    assert read(tmp_path / "out") == collected


def test_numbers_and_lateness_come_along(tmp_path, pages):
    source = hand_in(
        tmp_path / "class",
        {
            "leeann_LATE_12_345_E03.ipynb": pages["E03"],
            "leeann_12_346_E04.ipynb": pages["E04"],
            "Ben Ho_77_assignsubmission_file_/E03.ipynb": pages["E03"],
        },
    )
    collected = collect(source, tmp_path / "out", EXERCISES)
    assert collected.learners == (
        Learner("Ben Ho", "Ben Ho", moodle_id="77"),
        Learner("leeann", "leeann", canvas_id="12", late=True),
    )


def test_a_course_of_nbgrader_gives_what_was_submitted(tmp_path, pages):
    course = hand_in(
        tmp_path / "course",
        {
            "nbgrader_config.py": b"",
            "source/ps1/E03.ipynb": pages["E03"],
            "release/ps1/E03.ipynb": pages["E03"],
            "submitted/ann/ps1/E03.ipynb": pages["E03"],
            "submitted/ann/ps1/timestamp.txt": b"2026-01-24",
        },
    )
    for source in (course, course / "submitted"):
        collected = collect(source, tmp_path / f"from {source.name}", EXERCISES)
        assert list(held(collected)) == ["ann/E03"]
        assert collected.problems == ()


def test_lessons_checkpoints_and_solutions_of_the_kit_are_passed_over(tmp_path, root, pages):
    lesson = (root / "notebooks/03-words.ipynb").read_bytes()
    source = hand_in(
        tmp_path / "class",
        {
            "Ann/03-words.ipynb": lesson,
            "Ann/my-answers.jsonl": b"{}",
            "Ann/.nutgraf/manifest.json": b"{}",
            "Ann/exercises/E03.ipynb": pages["E03"],
            "Ann/exercises/.ipynb_checkpoints/E04-checkpoint.ipynb": pages["E04"],
            "Ann/exercises/solutions/E05.ipynb": pages["E05"],
        },
    )
    collected = collect(source, tmp_path / "out", EXERCISES)
    assert list(held(collected)) == ["Ann/E03"]
    assert collected.problems == ()


# Which exercise


def without(page: bytes, *keys: str) -> bytes:
    """A notebook whose cells have lost some of what they knew, as some programs do it."""
    data = json.loads(page)
    for cell in data["cells"]:
        for key in keys:
            cell.pop(key, None)
            cell["metadata"].pop(key, None)
    return json.dumps(data).encode()


def test_the_exercise_is_told_by_cells_before_names(pages):
    assert exercise_of(pages["E03"], "E04.ipynb", EXERCISES) == ("E03", "")
    assert exercise_of(without(pages["E03"], "nbgrader"), "x.ipynb", EXERCISES) == ("E03", "")
    bare = without(pages["E03"], "nbgrader", "id")
    assert exercise_of(bare, "e04_x.ipynb", EXERCISES) == ("E04", "")
    assert exercise_of(bare, "x.ipynb", EXERCISES) == ("", "")
    assert exercise_of(pages["E03"], "x.ipynb", ["E04"]) == ("", "")


def test_a_damaged_notebook_still_tells_its_exercise(pages):
    assert exercise_of(pages["E03"][:9000], "x.ipynb", EXERCISES) == ("E03", "")
    assert exercise_of(b"\xff\0 no notebook", "Ann_E03.ipynb", EXERCISES) == ("E03", "")


def test_what_stands_in_a_cell_tells_nothing():
    source = ['{"grade_id": "E03-small", "id": "E03-x"}']
    page = json.dumps({"cells": [{"id": "E04-x", "source": source}]}).encode()
    assert exercise_of(page, "x.ipynb", EXERCISES) == ("E04", "")


def test_a_file_with_two_exercises_is_of_that_with_more_cells_and_is_listed(tmp_path, pages):
    data = json.loads(pages["E03"])
    one = next(c for c in json.loads(pages["E04"])["cells"] if c["metadata"].get("nbgrader"))
    data["cells"].append(one)
    source = hand_in(tmp_path / "class", {"Ann/all.ipynb": json.dumps(data).encode()})
    collected = collect(source, tmp_path / "out", EXERCISES)
    assert list(held(collected)) == ["Ann/E03"]
    assert "all.ipynb: it has cells of E03 and of E04" in collected.problems[0]


@given(st.binary(max_size=300), st.text(max_size=30))
def test_any_bytes_and_name_can_be_looked_at(data, name):
    exercise, _ = exercise_of(data, name, EXERCISES)
    assert exercise in ("", *EXERCISES)


def test_a_file_that_is_no_notebook_is_collected_if_its_name_says_the_exercise(tmp_path):
    source = hand_in(tmp_path / "class", {"Ann/E03.ipynb": b"{damaged", "Ann/x.ipynb": b""})
    collected = collect(source, tmp_path / "out", EXERCISES)
    assert list(held(collected)) == ["Ann/E03"]
    assert collected.problems == (
        "Ann: of none of these exercises: Ann/x.ipynb. Ask if one was missed.",
    )


@pytest.mark.parametrize("name", ["E03.ipynb.txt", "E03.ipynb.json", "E03.json", "e03 (1).IPYNB"])
def test_what_browsers_make_of_a_name_is_understood(name, tmp_path, pages):
    source = hand_in(tmp_path / "class", {f"Ann/{name}": pages["E03"], "Ann/data.json": b"[]"})
    assert list(held(collect(source, tmp_path / "out", EXERCISES))) == ["Ann/E03"]


# One file of several


def at(path: Path, seconds: int) -> None:
    os.utime(path, (seconds, seconds))


def test_of_two_files_in_canvas_the_one_with_the_higher_number_counts(tmp_path, pages):
    source = hand_in(
        tmp_path / "class",
        {
            "leeann_12_1000_E03-1.ipynb": pages["E03"] + b" ",
            "leeann_12_999_E03.ipynb": pages["E03"],
        },
    )
    at(source / "leeann_12_999_E03.ipynb", 1_900_000_000)
    collected = collect(source, tmp_path / "out", EXERCISES)
    assert (tmp_path / "out/leeann/E03.ipynb").read_bytes() == pages["E03"] + b" "
    assert collected.problems == (
        "leeann, E03: there are 2 files. The last is taken, leeann_12_1000_E03-1.ipynb; not "
        "leeann_12_999_E03.ipynb. Ask if that is wrong.",
    )


@pytest.mark.parametrize("newer", ["a_E03.ipynb", "old/E03.ipynb"])
def test_of_two_files_the_later_counts(newer, tmp_path, pages):
    files = {"Ann/a_E03.ipynb": pages["E03"], "Ann/old/E03.ipynb": pages["E03"] + b" "}
    source = hand_in(tmp_path / "class", files)
    at(source / "Ann" / newer, 1_800_000_000)
    collect(source, tmp_path / "out", EXERCISES)
    assert (tmp_path / "out/Ann/E03.ipynb").read_bytes() == files[f"Ann/{newer}"]


def test_of_two_files_of_one_time_the_last_by_name_counts(tmp_path, pages):
    files = {f"Ann/E03 ({n}).ipynb": pages["E03"] + b" " * n for n in (2, 10, 9)}
    collect(hand_in(tmp_path / "class", files), tmp_path / "out", EXERCISES)
    assert (tmp_path / "out/Ann/E03.ipynb").read_bytes() == files["Ann/E03 (10).ipynb"]


def test_two_files_of_one_content_are_one(tmp_path, pages):
    source = hand_in(tmp_path / "class", {f"Ann/E03{x}.ipynb": pages["E03"] for x in (" (1)", "")})
    collected = collect(source, tmp_path / "out", EXERCISES)
    assert len(collected.submissions) == 1
    assert collected.problems == ()


def test_the_order_of_files_says_nothing(tmp_path, pages):
    files = {
        "Ann_1_assignsubmission_file_/E03.ipynb": pages["E03"],
        "Ann_2_assignsubmission_file_/E03.ipynb": pages["E03"] + b" ",
        "Ann_2_assignsubmission_file_/sub/E03.ipynb": pages["E03"] + b"  ",
        "con_3_assignsubmission_file_/E04.ipynb": b"{",
        "Ben_4_assignsubmission_file_/x.zip": a_zip({"E04.ipynb": pages["E04"]}),
        "Ben_4_assignsubmission_file_/y.ipynb": b"",
    }
    tables = set()
    for seed in range(5):
        mixed = dict(random.Random(seed).sample(list(files.items()), len(files)))
        source = pack(tmp_path / "class.zip", mixed)
        collect(source, tmp_path / f"out{seed}", EXERCISES)
        tables.add(str(everything(tmp_path / f"out{seed}")))
    assert len(tables) == 1


# What is not taken


def test_who_handed_in_no_notebook_is_known_and_listed(tmp_path, pages):
    files = {
        "Ann_1_assignsubmission_file_/E03.ipynb": pages["E03"],
        "Ann_1_assignsubmission_onlinetext_/onlinetext.html": b"see file",
        "Ben_2_assignsubmission_onlinetext_/onlinetext.html": b"hello",
        "Cem_3_assignsubmission_file_/work.pdf": b"%PDF",
    }
    collected = collect(hand_in(tmp_path / "class", files), tmp_path / "out", EXERCISES)
    assert [learner.key for learner in collected.learners] == ["Ann", "Ben", "Cem"]
    assert list(held(collected)) == ["Ann/E03"]
    assert [line.split(":")[0] for line in collected.problems] == ["Ben", "Cem"]
    assert "onlinetext.html" in collected.problems[0]
    assert "work.pdf" in collected.problems[1]


def test_a_file_that_could_not_be_taken_in_is_kept_in_mind(tmp_path, pages):
    source = hand_in(tmp_path / "class", {"Ann/E04.ipynb": pages["E04"], "Ben/E03.ipynb": b""})
    for place in ("Ann/E03-mine.ipynb", "Ben/E03 (1).ipynb"):
        with (source / place).open("wb") as file:
            file.truncate(50_000_000)
    collected = collect(source, tmp_path / "out", EXERCISES)
    (one,) = collected.refused  # Ben has another
    assert (one.learner, one.exercise) == ("Ann", "E03")
    assert one.why.startswith("it has 50.0 MB")
    assert len(collected.problems) == 2
    assert read(tmp_path / "out") == collected


HOSTILE: dict[str, Callable[[Path], object]] = {
    "a link": lambda f: (f / "E03.ipynb").symlink_to("/etc/passwd"),
    "a link to a folder": lambda f: (f / "exercises").symlink_to("/etc"),
    "a pipe": lambda f: os.mkfifo(f / "E03.ipynb"),
    "a folder like a notebook": lambda f: (f / "E03.ipynb").mkdir(),
    "a damaged zip": lambda f: (f / "E03.zip").write_bytes(b"PK\3\4"),
    "a zip bomb": lambda f: pack(f / "x.zip", {"E03.ipynb": b"0" * 9_999_999}),
    "a zip that leads out": lambda f: pack(f / "x.zip", {"../../../E03.ipynb": b"evil"}),
    "another archive": lambda f: (f / "E03.rar").write_bytes(b"Rar!"),
    "a name with a line in it": lambda f: (f / "E0\n3.ipynb").touch(),
    "no text": lambda f: (f / "E03.docx").write_bytes(b"PK\3\4"),
}


@pytest.mark.parametrize("attack", HOSTILE)
def test_one_broken_submission_never_stops_the_rest(attack, tmp_path, pages):
    source = hand_in(
        tmp_path / "class",
        {"Ann/E03.ipynb": pages["E03"], "Ben/E04.ipynb": b"", "Cem/E03.ipynb": pages["E03"]},
    )
    HOSTILE[attack](source / "Ben")
    before = everything(tmp_path)
    collected = collect(source, tmp_path / "out", EXERCISES)
    assert list(held(collected)) == ["Ann/E03", "Ben/E04", "Cem/E03"]
    assert len(collected.problems) == (attack != "a folder like a notebook")
    assert all(line.startswith("Ben") for line in collected.problems)
    assert all(line.endswith((".", ")")) and line.isprintable() for line in collected.problems)
    after = everything(tmp_path)
    assert {name: after[name] for name in before} == before
    assert not any("evil" in str(content) for name, content in after.items() if "out" in name)


def test_two_names_that_some_systems_take_for_one_get_a_folder_each(tmp_path, pages):
    files = {f"{name}/E03.ipynb": name.encode() for name in ("Ann", "ANN", "ann", "ＡＮＮ")}
    collected = collect(pack(tmp_path / "class.zip", files), tmp_path / "out", EXERCISES)
    assert len({one.key.casefold() for one in collected.learners}) == 4
    assert {one.name for one in collected.learners} == {"Ann", "ANN", "ann", "ＡＮＮ"}
    for one in collected.learners:
        assert (tmp_path / "out" / one.key / "E03.ipynb").read_bytes() == one.name.encode()


def test_of_two_who_look_the_same_only_one_has_the_name(tmp_path):
    files = {f"{name}/E03.ipynb": name.encode() for name in ("Ann", "Ann ", "Ann\u202e", "Ben ")}
    collected = collect(pack(tmp_path / "class.zip", files), tmp_path / "out", EXERCISES)
    names = {
        (tmp_path / "out" / one.key / "E03.ipynb").read_text(): one for one in collected.learners
    }
    assert (names["Ann"].key, names["Ann"].name) == ("Ann", "Ann")
    assert names["Ben "].name == "Ben"
    assert len({one.name for one in collected.learners}) == 4


def test_two_people_of_one_name_in_two_classes_are_told_apart(tmp_path):
    places = ["3a/Ann", "3a/Ben", "3b/Ann", "3b/Cem"]
    files = {f"{place}/E03.ipynb": place.encode() for place in places}
    collected = collect(pack(tmp_path / "school.zip", files), tmp_path / "out", EXERCISES)
    assert [one.name for one in collected.learners] == ["Ann (3a)", "Ann (3b)", "Ben", "Cem"]
    assert collect(tmp_path / "school.zip", tmp_path / "out", EXERCISES) == collected


def test_a_number_that_several_names_share_is_nobodys(tmp_path, pages):
    files = {"ann_2024_11_E03.ipynb": b"a", "ben_2024_11_E03.ipynb": b"b"}
    collected = collect(hand_in(tmp_path / "class", files), tmp_path / "out", EXERCISES)
    assert [(one.name, one.canvas_id) for one in collected.learners] == [("ann", ""), ("ben", "")]
    assert "come from Canvas" in collected.problems[0]


def test_a_file_with_nobodys_name_among_others_is_listed(tmp_path, pages):
    files = {"E03.ipynb": pages["E03"], "Ann/E03.ipynb": pages["E03"]}
    collected = collect(hand_in(tmp_path / "3a", files), tmp_path / "out", EXERCISES)
    assert [one.key for one in collected.learners] == ["3a", "Ann"]
    assert collected.problems[0].startswith("E03.ipynb: nobody's name is on it")


def test_an_empty_source_gives_an_empty_collection(tmp_path):
    (tmp_path / "class").mkdir()
    collected = collect(tmp_path / "class", tmp_path / "out", EXERCISES)
    assert collected.learners == collected.submissions == collected.problems == ()


# Into the same folder again


@pytest.fixture
def source(tmp_path, pages) -> Path:
    files = {"Ann/E03.ipynb": pages["E03"], "Ben/E03.ipynb": pages["E03"]}
    return hand_in(tmp_path / "class", files)


def test_the_same_again_changes_nothing(source, tmp_path):
    first = collect(source, tmp_path / "out", EXERCISES)
    before = everything(tmp_path / "out")
    times = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*.ipynb")}
    assert collect(source, tmp_path / "out", EXERCISES) == first
    assert everything(tmp_path / "out") == before
    assert {path: path.stat().st_mtime_ns for path in times} == times


def test_what_has_changed_is_updated_and_told(source, tmp_path, pages):
    collect(source, tmp_path / "out", EXERCISES)
    (source / "Ann/E03.ipynb").write_bytes(pages["E03"] + b" ")
    (source / "Ann/E04.ipynb").write_bytes(pages["E04"])
    collected = collect(source, tmp_path / "out", EXERCISES)
    assert collected.updated == ("Ann/E03.ipynb",)
    assert (tmp_path / "out/Ann/E03.ipynb").read_bytes() == pages["E03"] + b" "
    assert list(held(collected)) == ["Ann/E03", "Ann/E04", "Ben/E03"]
    (source / "Ann/E03.ipynb").write_bytes(pages["E03"])
    assert collect(source, tmp_path / "out", EXERCISES).updated == ("Ann/E03.ipynb",)


def test_another_download_adds_to_a_collection(source, tmp_path, pages):
    collect(source, tmp_path / "out", EXERCISES)
    (tmp_path / "out/notes.txt").write_text("mine")
    more = hand_in(tmp_path / "more", {"Ann/E04.ipynb": pages["E04"], "Cem/E04.ipynb": b"{"})
    collected = collect(more, tmp_path / "out", EXERCISES)
    assert list(held(collected)) == ["Ann/E03", "Ann/E04", "Ben/E03", "Cem/E04"]
    assert (tmp_path / "out/notes.txt").read_text() == "mine"
    assert collected.updated == ()


def test_each_downloads_problems_stay_until_it_comes_again(source, tmp_path, pages):
    (source / "Ben/E04.pdf").touch()
    more = hand_in(tmp_path / "more", {"Ann/E05.pdf": b"", "Ann/E04.ipynb": pages["E04"]})
    collect(source, tmp_path / "out", EXERCISES)
    assert len(collect(more, tmp_path / "out", EXERCISES).problems) == 2
    (source / "Ben/E04.pdf").unlink()
    (one,) = collect(source, tmp_path / "out", EXERCISES).problems
    assert "E05.pdf" in one


def test_a_file_that_was_changed_in_the_collection_stays(source, tmp_path, pages):
    collect(source, tmp_path / "out", EXERCISES)
    (tmp_path / "out/Ann/E03.ipynb").write_bytes(b"put right by hand")
    (source / "Ann/E03.ipynb").write_bytes(pages["E03"] + b" ")
    collected = collect(source, tmp_path / "out", EXERCISES)
    assert (tmp_path / "out/Ann/E03.ipynb").read_bytes() == b"put right by hand"
    assert held(collected)["Ann/E03"] == hashlib.sha256(b"put right by hand").hexdigest()
    assert "Ann/E03.ipynb: it was changed in the collection, and stays." in collected.problems[0]
    (tmp_path / "out/Ann/E03.ipynb").unlink()
    collect(source, tmp_path / "out", EXERCISES)
    assert (tmp_path / "out/Ann/E03.ipynb").read_bytes() == pages["E03"] + b" "


def test_a_file_that_was_taken_out_of_the_collection_is_gone(source, tmp_path, pages):
    collect(source, tmp_path / "out", EXERCISES)
    (tmp_path / "out/Ben/E03.ipynb").unlink()
    more = hand_in(tmp_path / "more", {"Ann/E04.ipynb": pages["E04"]})
    assert list(held(collect(more, tmp_path / "out", EXERCISES))) == ["Ann/E03", "Ann/E04"]


@pytest.mark.parametrize("inside", ["Ann", "Ann/E03.ipynb"])
@pytest.mark.parametrize("kind", ["link", "other"])
def test_what_stands_in_a_files_place_is_not_touched(inside, kind, source, tmp_path):
    collect(source, tmp_path / "out", ["E99"])
    place = tmp_path / "out" / inside
    place.parent.mkdir(exist_ok=True)
    if kind == "link":
        (tmp_path / "elsewhere").mkdir()
        place.symlink_to(tmp_path / "elsewhere")
    elif inside == "Ann":
        place.write_text("a file")
    else:
        place.mkdir()
    collected = collect(source, tmp_path / "out", EXERCISES)
    assert list(held(collected)) == ["Ben/E03"]
    assert [(one.learner, one.exercise) for one in collected.refused] == [("Ann", "E03")]
    assert "something else has its place" in collected.problems[0]
    assert kind == "other" or list((tmp_path / "elsewhere").iterdir()) == []


@pytest.mark.parametrize("stop", range(1, 6))
def test_a_run_that_was_stopped_is_taken_up_by_the_next(stop, source, tmp_path, pages, monkeypatch):
    collect(source, tmp_path / "whole", EXERCISES)
    collect(hand_in(tmp_path / "before", {"Ann/E03.ipynb": b"old"}), tmp_path / "out", EXERCISES)
    replace, calls = os.replace, []

    def torn(old, new):
        calls.append(new)
        if len(calls) == stop:
            raise KeyboardInterrupt
        replace(old, new)

    with monkeypatch.context() as patch:
        patch.setattr(submissions.os, "replace", torn)
        with contextlib.suppress(KeyboardInterrupt):
            collect(source, tmp_path / "out", EXERCISES)
    assert not list((tmp_path / "out").glob(".c*"))
    shutil.copytree(tmp_path / "out", tmp_path / "newer")
    collected = collect(source, tmp_path / "out", EXERCISES)
    assert collected.problems == ()
    assert held(collected) == held(read(tmp_path / "whole"))
    for one in collected.submissions:
        assert (tmp_path / "out" / one.file).read_bytes() == pages["E03"]
    # What was put there before the stop is the kit's own, even if something newer comes next.
    (source / "Ann/E03.ipynb").write_bytes(b"newer")
    assert collect(source, tmp_path / "newer", EXERCISES).problems == ()
    assert (tmp_path / "newer/Ann/E03.ipynb").read_bytes() == b"newer"


def test_the_same_person_keeps_the_key(tmp_path, pages):
    one = {
        "Ann_1_assignsubmission_file_/E03.ipynb": pages["E03"],
        "leeann_12_345_E03.ipynb": pages["E03"],
    }
    collect(hand_in(tmp_path / "one", one), tmp_path / "out", EXERCISES)
    two = {
        "Ann_9_assignsubmission_file_/E04.ipynb": pages["E04"],
        "ann_77_88_E04.ipynb": pages["E04"],
        "leeann_12_399_E04.ipynb": pages["E04"],
    }
    collected = collect(hand_in(tmp_path / "two", two), tmp_path / "out", EXERCISES)
    assert [one.key for one in collected.learners] == ["Ann", "ann (77)", "leeann"]
    assert collected.learners[0].moodle_id == ""
    assert "Ann: several downloads of Moodle" in collected.problems[0]
    assert collected.learners[2].canvas_id == "12"


# Folders that are not to be written to


def test_a_folder_with_other_files_is_not_written_to(source, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out/thesis.doc").touch()
    with pytest.raises(NutgrafError, match=r"other files in it \(thesis.doc\)"):
        collect(source, tmp_path / "out", EXERCISES)
    assert list(everything(tmp_path / "out")) == ["thesis.doc"]


def test_a_file_is_no_folder(source, tmp_path):
    (tmp_path / "out").touch()
    with pytest.raises(NutgrafError, match="is a file"):
        collect(source, tmp_path / "out", EXERCISES)


def test_the_submissions_own_folder_is_not_written_to(source):
    with pytest.raises(NutgrafError, match="where the submissions are"):
        collect(source, source, EXERCISES)


def test_a_collection_is_not_collected(source, tmp_path):
    collect(source, tmp_path / "out", EXERCISES)
    with pytest.raises(NutgrafError, match="collected already"):
        collect(tmp_path / "out", tmp_path / "again", EXERCISES)


def test_a_collection_may_lie_in_the_source(source):
    first = collect(source, source / "out", EXERCISES)
    assert held(collect(source, source / "out", EXERCISES)) == held(first)
    assert len(first.submissions) == 2


def test_a_missing_source_leaves_no_folder(tmp_path):
    with pytest.raises(NutgrafError, match="is not there"):
        collect(tmp_path / "nothing", tmp_path / "out", EXERCISES)
    assert not (tmp_path / "out").exists()


def test_a_full_disk_is_told_and_leaves_no_half_file(source, tmp_path, monkeypatch):
    write = Path.write_bytes

    def full(self, data):
        if self.suffix == ".ipynb":
            raise OSError(28, "No space left on device", str(self))
        return write(self, data)

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(NutgrafError, match="No space left on device"):
        collect(source, tmp_path / "out", EXERCISES)
    assert list(everything(tmp_path / "out")) == ["collected.json"]


# Reading


def test_a_folder_without_a_table_is_no_collection(tmp_path):
    assert not is_collection(tmp_path)
    with pytest.raises(NutgrafError, match="Collect the submissions first"):
        read(tmp_path)


@pytest.mark.parametrize("content", ['{"nutgraf": "collection"}', "{", None])
def test_a_file_named_as_the_table_is_hides_nobody(content, source, tmp_path):
    collect(source, tmp_path / "other", EXERCISES)
    whole = (tmp_path / "other/collected.json").read_text(encoding="utf-8")
    (source / "collected.json").write_text(content or whole.replace("Ann", "Eve"))
    assert not is_collection(source)
    assert {one.key for one in collect(source, tmp_path / "out", EXERCISES).learners} >= {"Ann"}


DAMAGE: dict[str, Callable[[dict], object]] = {
    "something else": lambda d: d.update(nutgraf="journal"),
    "a list": lambda d: d.update(learners={}, submissions=[1]),
    "a way out": lambda d: (
        d["learners"][0].update(key="../Ann"),
        d["submissions"][0].update(learner="../Ann"),
    ),
    "no name": lambda d: d["learners"][0].update(name=3),
    "a stranger": lambda d: d["submissions"][0].update(learner="Eve"),
    "a path": lambda d: d["submissions"][0].update(exercise="../E03"),
    "no fingerprint": lambda d: d["submissions"][0].pop("sha256"),
    "more": lambda d: d["learners"][0].update(grade=1),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_table_is_refused(damage, source, tmp_path):
    collect(source, tmp_path / "out", EXERCISES)
    table = tmp_path / "out/collected.json"
    data = json.loads(table.read_bytes())
    DAMAGE[damage](data)
    table.write_text(json.dumps(data))
    with pytest.raises(NutgrafError, match="is damaged"):
        read(tmp_path / "out")
    with pytest.raises(NutgrafError, match="is damaged"):
        collect(source, tmp_path / "out", EXERCISES)


def test_a_file_of_a_collection_is_where_its_learner_is_whatever_the_table_says(source, tmp_path):
    collect(source, tmp_path / "out", EXERCISES)
    table = tmp_path / "out/collected.json"
    table.write_text(table.read_text().replace("Ann/E03.ipynb", "../../secret"))
    assert [one.file for one in read(tmp_path / "out").submissions] == [
        "Ann/E03.ipynb",
        "Ben/E03.ipynb",
    ]


def test_a_collection_can_be_moved(source, tmp_path):
    first = collect(source, tmp_path / "out", EXERCISES)
    shutil.move(tmp_path / "out", tmp_path / "moved")
    assert held(read(tmp_path / "moved")) == held(first)
