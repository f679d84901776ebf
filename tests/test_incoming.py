"""Files as they come: names that platforms make, and what is not to be opened."""

from __future__ import annotations

import os
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nutgraf.incoming import (
    Made,
    hidden,
    made_by_platform,
    natural,
    person,
    shown,
    strange,
    unfit,
    without_copy,
)

NAMES = {
    "Ann Lee_123_assignsubmission_file_": Made("Moodle", "Ann Lee", "", "123"),
    "Ann Lee_123_assignsubmission_file": Made("Moodle", "Ann Lee", "", "123"),
    "Ann Lee_123_assignsubmission_file_E03_new.ipynb": Made(
        "Moodle", "Ann Lee", "E03_new.ipynb", "123"
    ),
    "Zoë O'Neil-Ångström_7_assignsubmission_file_": Made("Moodle", "Zoë O'Neil-Ångström", "", "7"),
    "李雷_7_assignsubmission_file_x.ipynb": Made("Moodle", "李雷", "x.ipynb", "7"),
    "Ann Lee_123_assignsubmission_onlinetext_onlinetext.html": Made(
        "Moodle", "Ann Lee", "onlinetext.html", "123", typed=True
    ),
    "Participant_55_assignsubmission_file_": Made("Moodle", "Participant", "", "55"),
    "Group A_12_assignsubmission_file_": Made("Moodle", "Group A", "", "12"),
    "Default group_assignsubmission_file_": Made("Moodle", "Default group"),
    "leeann_12_345_E03-words.ipynb": Made("Canvas", "leeann", "E03-words.ipynb", "12", 345),
    "leeann_12_345_E03-words-1.ipynb": Made("Canvas", "leeann", "E03-words-1.ipynb", "12", 345),
    "leeann_LATE_12_345_my_file_2.ipynb": Made(
        "Canvas", "leeann", "my_file_2.ipynb", "12", 345, late=True
    ),
    "ångströmzoë_12_345_x.ipynb": Made("Canvas", "ångströmzoë", "x.ipynb", "12", 345),
    "van_der_berg_12_345_x.ipynb": Made("Canvas", "van_der_berg", "x.ipynb", "12", 345),
    "anon_aB3dE_345_x.ipynb": Made("Canvas", "anonymous aB3dE", "x.ipynb", "", 345),
    "LATE_anon_aB3dE_345_x.ipynb": Made("Canvas", "anonymous aB3dE", "x.ipynb", "", 345, late=True),
    "anon_12345_678_x.ipynb": Made("Canvas", "anonymous 12345", "x.ipynb", "", 678),
    "leeann_12_text.html": Made("Canvas", "leeann", "", "12", typed=True),
    "leeann_LATE_12_link.html": Made("Canvas", "leeann", "", "12", late=True, typed=True),
    "eve_3_4_Ben_2_assignsubmission_file_x.ipynb": Made(
        "Canvas", "eve", "Ben_2_assignsubmission_file_x.ipynb", "3", 4
    ),
    "Eve_3_assignsubmission_file_ben_1_2_x.ipynb": Made("Moodle", "Eve", "ben_1_2_x.ipynb", "3"),
    "eve_3_4_x_ben_attempt_2026-01-24-10-30-00_x.ipynb": Made(
        "Canvas", "eve", "x_ben_attempt_2026-01-24-10-30-00_x.ipynb", "3", 4
    ),
    "Task_eve_attempt_2026-01-24-10-30-00_x_ben_attempt_2026-01-24-10-30-00_y": Made(
        "Blackboard", "eve", "x_ben_attempt_2026-01-24-10-30-00_y", attempt=20260124103000
    ),
    "Task 1_alee_attempt_2026-01-24-10-30-00_x.ipynb": Made(
        "Blackboard", "alee", "x.ipynb", attempt=20260124103000
    ),
    "12-34 - Ann Lee - Jan 24, 2026 1030 AM - x.ipynb": Made("Brightspace", "Ann Lee", "x.ipynb"),
}


@pytest.mark.parametrize("name", NAMES)
def test_a_platforms_name_tells_who_and_which(name):
    assert made_by_platform(name) == NAMES[name]


OTHERS = ["Ann", "E03-a-better-word-list.ipynb", "Ann_E03-a-better-word-list.ipynb", "my-nutgraf"]
OTHERS += [
    "12_345_x.ipynb",
    "week_3",
    "2026-01-24",
    "Ann Lee",
    "_12_assignsubmission",
    "",
    "LATE",
    "anon_x",
]


@pytest.mark.parametrize("name", OTHERS)
def test_other_names_are_no_platforms(name):
    assert made_by_platform(name) is None


letters = st.characters(categories=["L", "N"])
whole_names = st.text(letters | st.sampled_from(" -'."), min_size=1, max_size=30).map(person)
ids = st.integers(1, 10**15)
files = st.text(st.characters(categories=["L", "N", "Zs", "Pd", "Po", "Pc"]), min_size=1)


@given(whole_names.filter(bool), ids, files, st.booleans())
def test_what_moodle_puts_into_a_name_is_read_out_of_it(name, number, file, in_folder):
    # As Moodle makes it: name and number, "assignsubmission", the kind, and the file if it is flat.
    made = f"{name}_{number}_assignsubmission_file_{'' if in_folder else file}"
    found = made_by_platform(made)
    assert found == Made("Moodle", name, "" if in_folder else file, str(number))


def as_canvas(name: str) -> str:
    """A name as Canvas writes it: small letters, and nothing but letters, digits and "_"."""
    return "".join(s for s in name.casefold() if s.isalnum() or s == "_")


@given(
    whole_names.map(as_canvas).filter(bool),
    ids,
    ids,
    files,
    st.booleans(),
)
def test_what_canvas_puts_into_a_name_is_read_out_of_it(name, user, number, file, late):
    made = "_".join([name, *(["LATE"] if late else []), str(user), str(number), file])
    found = made_by_platform(made)
    assert found == Made("Canvas", person(name), file, str(user), number, late=late)


@given(st.text())
def test_any_name_can_be_looked_at(name):
    found = made_by_platform(name)
    assert found is None or found.name
    assert "\n" not in person(name)
    assert person(person(name)) == person(name)
    assert isinstance(strange(name), str)


@given(st.text())
def test_a_person_is_the_same_in_both_forms_of_unicode(name):
    assert person(unicodedata.normalize("NFD", name), 999) == person(name, 999)


def test_a_name_cannot_turn_the_line_it_is_shown_in():
    assert shown(("a\u202eb", "c\nd")) == "ab/cd"


def test_numbers_in_names_count_as_numbers():
    assert sorted(["a10", "a2", "a1"], key=natural) == ["a1", "a2", "a10"]


@pytest.mark.parametrize("name", ["x (1)", "x - Copy", "x-Copy1", "x-copy-2", "x - Kopie"])
def test_a_copy_is_called_like_what_it_is_of(name):
    assert without_copy(name) == "x"


@pytest.mark.parametrize("name", [".ipynb_checkpoints", "._E03.ipynb", "__MACOSX", "Thumbs.db"])
def test_what_programs_leave_behind_is_hidden(name):
    assert hidden(name)


def test_links_pipes_and_strange_names_are_not_opened(tmp_path):
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "file")
    (tmp_path / "link to folder").symlink_to(tmp_path / "folder")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "line\nbreak").touch()
    why = {entry.name: unfit(entry, (entry.name,)) for entry in os.scandir(tmp_path)}
    assert why.pop("file") == why.pop("folder") == ""
    assert "link" in why.pop("link")
    assert "link" in why.pop("link to folder")
    assert "no ordinary file" in why.pop("pipe")
    assert "signs" in why.pop("line\nbreak")
    (folder,) = (entry for entry in os.scandir(tmp_path) if entry.name == "folder")
    assert "too deep" in unfit(folder, ("folder",) * 21)
