"""Whose a file is: from platforms' names and people's folders, and never by another's word."""

from __future__ import annotations

import random
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nutgraf.grading.whose import (
    Place,
    Who,
    alike,
    exercise_in_name,
    is_key,
    key_of,
    keys,
    name_in_file,
    whose,
)

EXERCISES = [f"E{number:02}" for number in range(1, 13)]
STEM = "E03-a-better-word-list"


def places(*paths: str) -> list[Place]:
    found = []
    for path in paths:
        parts = tuple(path.split("/"))
        exercise = exercise_in_name(parts[-1], EXERCISES)
        found.append(Place(parts, exercise, name_in_file(parts[-1], exercise, STEM)))
    return found


def names(*paths: str, source: str = "class") -> list[str]:
    """Who each file is of; of two people with one name, the place of each behind it."""
    found = whose(places(*paths), source)
    unique = {who.name for who in found}
    whole = len(unique) == len(set(found))
    return [who.name if whole else "/".join((*who.home, who.name)) for who in found]


LAYOUTS = {
    "a folder each": (["Ann/E03.ipynb", "Ann/E04.ipynb", "Ben/E03.ipynb"], "Ann Ann Ben"),
    "a zip each": (["Ann.zip/E03.ipynb", "Ben.ZIP/x/E03.ipynb"], "Ann Ben"),
    "a folder and its zip": (
        ["Ann/E03.ipynb", "Ann.zip/E04.ipynb", "Ben/E03.ipynb"],
        "Ann Ann Ben",
    ),
    "the whole folder of lessons": (
        ["Ann/my-nutgraf/exercises/E03.ipynb", "Ben/exercises/E03.ipynb"],
        "Ann Ben",
    ),
    "a folder of a class": (["3a/Ann/E03.ipynb", "3a/Ben/E03.ipynb"], "Ann Ben"),
    "one learner in a class": (["3a/Ann/E03.ipynb"], "Ann"),
    "classes": (
        ["3a/Ann/E03.ipynb", "3a/Ben/E03.ipynb", "3b/Cem/E03.ipynb", "3b/Ann/E03.ipynb"],
        "3a/Ann 3a/Ben 3b/Cem 3b/Ann",
    ),
    "different exercises in a class": (["3a/Ann/E03.ipynb", "3a/Ben/E04.ipynb"], "Ann Ben"),
    "folders of weeks": (["Ann/week 3/E03.ipynb", "Ann/week 4/E03.ipynb"], "Ann Ann"),
    "old and new": (["Ann/old/E03.ipynb", "Ann/E03.ipynb", "Ben/E03.ipynb"], "Ann Ann Ben"),
    "a folder an exercise": (["E03/Ann/E03.ipynb", "E04/Ann/E04.ipynb"], "Ann Ann"),
    "folders with names of their own": (
        ["Ann/my best try/E03.ipynb", "Ben/Ben's work/E03.ipynb"],
        "Ann Ben",
    ),
    "flat": ([f"Ann_{STEM}.ipynb", "Ann_E04-x.ipynb", f"Ben - {STEM}.ipynb"], "Ann Ann Ben"),
    "flat, behind": (
        [f"{STEM}_Ann.ipynb", f"{STEM}-Ben (1).ipynb", "E04_Cem.ipynb"],
        "Ann Ben Cem",
    ),
    "flat in a folder": (["homework/Ann_E03.ipynb", "homework/Ben_E03.ipynb"], "Ann Ben"),
    "flat in a class": (["3a/Ann_E03.ipynb", "3a/Ben_E03.ipynb"], "Ann Ben"),
    "without a name": ([f"{STEM}.ipynb", "E04-Copy1.ipynb"], "class class"),
    "Moodle": (
        ["Ann_1_assignsubmission_file_/E03.ipynb", "Ben_2_assignsubmission_file_E03.ipynb"],
        "Ann Ben",
    ),
    "Moodle, in a folder": (
        ["dl/Ann_1_assignsubmission_file_/E03.ipynb", "dl/Ben_2_assignsubmission_file_/E03.ipynb"],
        "Ann Ben",
    ),
    "Canvas": (["leeann_1_2_E03.ipynb", "hoben_LATE_3_4_hw.zip/E03.ipynb"], "leeann hoben"),
    "Canvas, unpacked": (
        ["leeann_12_345_hw/E03.ipynb", "hoben_13_346_hw/E03.ipynb"],
        "leeann hoben",
    ),
    "nbgrader": (
        [
            "submitted/ann/ps1/E03.ipynb",
            "submitted/ben/ps1/E03.ipynb",
            "submitted/ben/ps2/E03.ipynb",
        ],
        "ann ben ben",
    ),
    "nbgrader, in a course": (["course/submitted/ann/ps1/E03.ipynb"], "ann"),
    "a handout beside them": (
        ["class/E03.ipynb", "class/Ann/E03.ipynb", "class/Ben/E03.ipynb"],
        "class Ann Ben",
    ),
    "a folder like a Canvas name": (
        ["cs_101_2024_spring/Ann/E03.ipynb", "cs_101_2024_spring/Ben/E03.ipynb"],
        "Ann Ben",
    ),
    "two forms of one name": (["E\u0301mile/E03.ipynb", "\u00c9mile/E04.ipynb"], "Émile Émile"),
    "two cases of a name": (["Ann/E03.ipynb", "ann/E03.ipynb"], "Ann ann"),
    "versions of one learner among others": (
        ["Ann/a/E03.ipynb", "Ann/b/E03.ipynb", "Ben/E03.ipynb", "Cem/E03.ipynb"],
        "Ann Ann Ben Cem",
    ),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_file_is_of_whom_its_place_tells(layout):
    paths, wanted = LAYOUTS[layout]
    assert names(*paths) == wanted.split()


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_order_of_files_says_nothing(layout):
    paths, _ = LAYOUTS[layout]
    straight = dict(zip(paths, whose(places(*paths), "class"), strict=True))
    mixed = random.Random(3).sample(paths, len(paths))
    assert dict(zip(mixed, whose(places(*mixed), "class"), strict=True)) == straight


FORGERIES = {
    "a file named like another's": "Eve/Ben_E03.ipynb",
    "a folder named like another": "Eve/Ben/E03.ipynb",
    "a name as Moodle makes it": "Eve/Ben_2_assignsubmission_file_/E03.ipynb",
    "a name as Canvas makes it": "Eve/ben_12_345_E03.ipynb",
    "a zip named like Canvas": "Eve/ben_12_345_x.zip/E03.ipynb",
    "nbgrader's folder": "Eve/submitted/Ben/ps1/E03.ipynb",
    "in her zip": "Eve.zip/Ben/E03.ipynb",
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_nobody_hands_in_under_the_name_of_another(forgery):
    path = FORGERIES[forgery]
    honest = ["Ann/E03.ipynb", "Ben/E03.ipynb", "Cem/x/E03.ipynb"]
    assert names(*honest, path) == ["Ann", "Ben", "Cem", "Eve"]
    top = path.split("/")[0]
    assert names(*honest, path, f"{top}/E03.ipynb")[-2:] == ["Eve", "Eve"]


def test_in_a_platforms_download_the_outermost_name_counts():
    ben = "Ben_2_assignsubmission_file_"
    honest = ["Ann_1_assignsubmission_file_/E03.ipynb", f"{ben}/E03.ipynb"]
    forged = [f"Eve_3_assignsubmission_file_/{ben}/E03.ipynb", f"Eve_3_assignsubmission_file_{ben}"]
    assert names(*honest, *forged)[2:] == ["Eve", "Eve"]
    assert names("leeann_1_2_E03.ipynb", "eve_3_4_leeann_1_2_E03.ipynb") == ["leeann", "eve"]


def test_a_zip_that_came_by_mail_beside_a_download_is_of_its_sender():
    moodle = "Ann_1_assignsubmission_file_"
    honest = [f"{moodle}/E03.ipynb", "Ben_2_assignsubmission_file_/E03.ipynb"]
    assert names(*honest, f"Eve.zip/{moodle}/E03.ipynb") == ["Ann", "Ben", "Eve"]


def test_a_stray_file_in_a_download_leaves_the_others_their_names():
    paths = [f"dl/{name}_7_assignsubmission_file_/E03.ipynb" for name in ("Ann", "Ben", "Cem")]
    assert names(*paths, "dl/E03.ipynb") == ["Ann", "Ben", "Cem", "dl"]


ALIKE = ["Ann", "Ann ", "Ann\u202e", "Ann (1)", " Ann", "Ann  Lee", "Ann Lee", "x" * 70, "x" * 71]


@pytest.mark.parametrize("layout", ["{}/E03.ipynb", "{}.zip/x/E03.ipynb", "3a/{}/E03.ipynb"])
def test_names_that_look_the_same_are_those_of_several(layout):
    found = whose(places(*(layout.format(name) for name in ALIKE)), "class")
    assert len(set(found)) == len(ALIKE)
    made = keys(dict.fromkeys(found, ""))
    assert len({alike(key) for key in made.values()}) == len(ALIKE)
    assert found[0].name == found[1].name == found[2].name == "Ann"


def test_in_nbgraders_folder_its_names_count():
    found = whose(places("ann/ps1/ben_1_2_E03.ipynb"), "submitted", is_nbgraders=True)
    assert found == [Who("ann")]
    assert names("submitted/ann/ps1/ben_1_2_E03.ipynb") == ["ann"]


def test_numbers_come_along():
    moodle, canvas = whose(places("Ann_17_assignsubmission_file_/x", "leeann_LATE_12_345_x"), "c")
    assert moodle == Who("Ann", (), moodle_id="17")
    assert canvas == Who("leeann", (), canvas_id="12")


def test_one_person_in_several_downloads_of_moodle_is_one():
    one, two, ben = whose(
        places(
            "E03/Ann_1_assignsubmission_file_/E03.ipynb",
            "E04/Ann_9_assignsubmission_file_/E04.ipynb",
            "E04/Ben_8_assignsubmission_file_/E04.ipynb",
        ),
        "class",
    )
    assert one == two == Who("Ann")  # and neither number is hers
    assert ben.moodle_id == "8"


def test_two_people_of_one_name_in_a_download_stay_two():
    found = whose(
        places(
            "E03/Ann_1_assignsubmission_file_/E03.ipynb",
            "E03/Ann_2_assignsubmission_file_/E03.ipynb",
            "E04/Ann_9_assignsubmission_file_/E04.ipynb",
        ),
        "class",
    )
    assert len(set(found)) == 3


# Names in files

FILES = {
    "Ann_E03-a-better-word-list.ipynb": "Ann",
    "Ann Lee - E03.ipynb": "Ann Lee",
    "Ann.E03-a-better-word-list (2).ipynb": "Ann",
    "E03-a-better-word-list-Ann.ipynb": "Ann",
    "E03_Ann.ipynb": "Ann",
    "E03-other_Ann Lee.ipynb": "Ann Lee",
    "E03-a-better-word-list.ipynb": "",
    "E03-a-better-word-list-1.ipynb": "",
    "E03-a-better-word-list-Copy1.ipynb": "",
    "E03 final.ipynb": "",
    "my_E03.ipynb": "",
    "old E03.ipynb.json": "",
    "E03-something.ipynb": "",
    "2026_E03.ipynb": "",
    "Ann.ipynb": "",
}


@pytest.mark.parametrize("file", FILES)
def test_a_files_name_may_tell_a_learners(file):
    assert name_in_file(file, "E03", STEM) == FILES[file]


@pytest.mark.parametrize(
    "file", ["E03.ipynb", "x-e03-y", "Ann_E03.ipynb", "E03_x", "E03 (1).ipynb"]
)
def test_a_files_name_may_tell_the_exercise(file):
    assert exercise_in_name(file, EXERCISES) == "E03"


@pytest.mark.parametrize("file", ["E031.ipynb", "E3.ipynb", "SE03.ipynb", "E13.ipynb", "e03x", ""])
def test_another_name_tells_no_exercise(file):
    assert exercise_in_name(file, EXERCISES) == ""


# Keys

RESERVED = ["con", "NUL", "com1", "LPT9.txt", "aux.ipynb", "COM²", "collected.json"]


@pytest.mark.parametrize(
    "name", [*RESERVED, "", " ", "...", ".hidden", "a/b", "a\\b", "C:", "a\0b"]
)
def test_a_key_is_no_name_that_a_system_keeps_for_itself(name):
    key = key_of(name)
    assert is_key(key)
    assert key.casefold() not in {one.casefold() for one in RESERVED}
    assert not key.casefold().startswith(("con.", "aux.", "lpt9."))
    assert not set(key) & set('<>:"/\\|?*%\0')
    assert key.strip(" .") == key != ""


@pytest.mark.parametrize(
    "name", ["Jörg Müller", "李雷", "Ólafur", "محمد", "O'Neil-Smith", "Åsa 🦊"]
)
def test_a_key_keeps_letters_of_all_scripts(name):
    assert key_of(name) == name


@given(st.text())
def test_a_key_is_short_plain_and_its_own_key(name):
    key = key_of(name)
    assert 0 < len(key.encode()) <= 61
    assert key_of(key) == key
    assert is_key(key)
    assert unicodedata.normalize("NFC", key) == key
    assert not any(unicodedata.category(sign) in ("Cc", "Cs") for sign in key)
    assert not set(key) & set('<>:"/\\|?*%')
    assert key[0] != "."
    assert key[-1] not in " ."


people = st.builds(
    Who,
    st.sampled_from(["Ann", "ann", "ANN", "Ann (1)", "An\u0301n", "ＡＮＮ", "", "con", "CON"]),
    st.sampled_from([(), ("3a",), ("3b",), ("x", "3a")]),
    st.sampled_from(["", "1", "2"]),
    st.sampled_from(["", "1"]),
    st.sampled_from(["", "Ann "]),
)


@given(st.sets(people, min_size=1, max_size=20), st.randoms())
def test_keys_differ_on_every_system_and_in_any_order(some, chance):
    more = {who: who.canvas_id or who.moodle_id or (who.home or ("",))[-1] for who in some}
    made = keys(more)
    assert len({alike(key) for key in made.values()}) == len(some)
    assert all(is_key(key) for key in made.values())
    mixed = list(more.items())
    chance.shuffle(mixed)
    assert keys(dict(mixed)) == made


def test_two_of_one_name_are_told_apart_by_number_or_group():
    made = keys({Who("Ann", (), "12"): "12", Who("Ann", ("3a",)): "3a", Who("Ben"): ""})
    assert sorted(made.values()) == ["Ann (12)", "Ann (3a)", "Ben"]
