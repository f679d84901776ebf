"""The table of the lessons, and the navigation made from it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nutgraf.errors import NutgrafError
from nutgraf.lessons import (
    ACTS,
    Lesson,
    contents,
    find,
    is_navigation,
    lessons,
    read_lesson,
    with_contents,
    with_navigation,
)

SAID = {"minutes": 45, "act": "tokenize", "idea": "cut it"}
FIRST = Lesson("00", "00-start-here", "Start here", 10, "start", "guess first")
SECOND = Lesson("03", "03-words", "What is a [word]?", 45, "tokenize", "`a|b` is [odd]")
THIRD = Lesson("06", "06-voices", "Who says what?", 45, "summarize", "count the voices")
TABLE = (FIRST, SECOND, THIRD)


def markdown(source: str, **metadata: object) -> dict:
    return {"cell_type": "markdown", "id": "x", "metadata": metadata, "source": source}


def notebook(*cells: dict, **metadata: object) -> dict:
    return {"cells": list(cells), "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def write(path: Path, title: str, said: object = SAID) -> Path:
    path.write_text(json.dumps(notebook(markdown(title), nutgraf=said)), encoding="utf-8")
    return path


# --- the table -----------------------------------------------------------------------------


def test_a_lesson_says_what_it_is_in_its_own_notebook(tmp_path: Path):
    path = write(tmp_path / "03-words.ipynb", "# 03 What is a word?\n\nAfter this ...")

    assert read_lesson(path) == Lesson(
        "03", "03-words", "What is a word?", 45, "tokenize", "cut it"
    )


def test_a_source_in_lines_is_read_too(tmp_path: Path):
    cell = {**markdown(""), "source": ["# 03 What is\n", "more"]}
    path = tmp_path / "03-words.ipynb"
    path.write_text(json.dumps(notebook(cell, nutgraf=SAID)), encoding="utf-8")

    assert read_lesson(path).title == "What is"


def test_lessons_stand_in_the_order_of_their_numbers_and_nothing_else_is_one(tmp_path: Path):
    for name in ("10-checking", "02-characters", "index", "3-words", "04-two words"):
        write(tmp_path / f"{name}.ipynb", f"# {name[:2]} A title")

    assert [lesson.slug for lesson in lessons(tmp_path)] == ["02-characters", "10-checking"]


def test_a_folder_without_lessons_has_an_empty_table(tmp_path: Path):
    assert lessons(tmp_path) == ()


def test_the_kits_own_lessons_are_numbered_from_00_without_a_gap():
    numbers = [int(lesson.number) for lesson in lessons()]

    assert numbers == list(range(len(numbers)))


def test_the_kits_own_lessons_go_through_the_acts_in_order():
    places = [list(ACTS).index(lesson.act) for lesson in lessons()]

    assert places == sorted(places)


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({}, "minutes"),
        ("45", "minutes"),
        (None, "minutes"),
        ({**SAID, "minutes": "45"}, "minutes"),
        ({**SAID, "minutes": 0}, "minutes"),
        ({**SAID, "minutes": True}, "minutes"),
        ({**SAID, "act": "rest"}, "act"),
        ({**SAID, "act": ["start"]}, "act"),
        ({**SAID, "idea": ""}, "idea"),
        ({**SAID, "idea": " cut"}, "idea"),
    ],
)
def test_a_lesson_that_does_not_say_what_it_is_is_named_with_the_field(tmp_path, said, field):
    path = write(tmp_path / "03-words.ipynb", "# 03 Words", said)

    with pytest.raises(NutgrafError, match=rf'^03-words\.ipynb: .*"{field}" must be'):
        read_lesson(path)


@pytest.mark.parametrize("title", ["", "Words", "# Words", "# 04 Words", "## 03 Words"])
def test_a_lesson_whose_title_does_not_fit_its_file_is_named(tmp_path: Path, title: str):
    with pytest.raises(NutgrafError, match="must begin with the title, `# 03"):
        read_lesson(write(tmp_path / "03-words.ipynb", title))


ANY_JSON = st.recursive(
    st.none() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.sampled_from(["cells", "metadata", "source"]), inner)
    ),
).map(json.dumps)


@given(st.text() | ANY_JSON)
def test_any_file_is_a_lesson_or_refused_with_its_name(tmp_path_factory, text):
    path = tmp_path_factory.mktemp("any") / "03-words.ipynb"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))

    with pytest.raises(NutgrafError, match=r"^03-words\.ipynb: "):
        read_lesson(path)


@pytest.mark.parametrize("name", ["03", "03-words", "03-words.ipynb"])
def test_a_lesson_is_found_by_number_slug_or_file(name: str):
    assert find(name, TABLE) is SECOND


def test_an_unknown_lesson_is_answered_with_those_there_are():
    with pytest.raises(NutgrafError, match=r"no lesson '04'\. There are: 00-start-here, 03-words"):
        find("04", TABLE)


def test_reading_the_table_loads_no_notebook_library():
    heavy = {"nbformat", "jsonschema", "pandas", "nltk", "matplotlib", "IPython"}
    script = f"""\
import sys
from nutgraf.lessons import lessons
lessons()
print({heavy} & set(sys.modules))
"""

    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "set()"


# --- navigation ----------------------------------------------------------------------------


def sources(page: dict) -> list[str]:
    return [cell["source"] for cell in page["cells"]]


def test_navigation_stands_under_the_title_and_at_the_end():
    page = with_navigation(notebook(markdown("# 03 W"), markdown("last")), SECOND, TABLE)

    assert [is_navigation(cell) for cell in page["cells"]] == [False, True, False, True]
    assert [cell["id"] for cell in page["cells"] if is_navigation(cell)] == [
        "03-navigation-top",
        "03-navigation-end",
    ]


def test_navigation_says_where_one_is_and_leads_on_and_back():
    top = sources(with_navigation(notebook(markdown("# 03 W")), SECOND, TABLE))[1]

    assert top == (
        "**Lesson 2 of 3** · Act 1: Tokenize · about 45 minutes\n\n"
        "Previous: [00 Start here](00-start-here.ipynb) · [Contents](index.ipynb) · "
        "Next: [06 Who says what?](06-voices.ipynb)"
    )


@pytest.mark.parametrize(
    ("lesson", "missing"), [(FIRST, "Previous"), (THIRD, "Next")], ids=["first", "last"]
)
def test_the_first_and_the_last_lesson_lead_one_way(lesson: Lesson, missing: str):
    page = with_navigation(notebook(markdown("# X")), lesson, TABLE)

    assert missing not in "".join(sources(page))


def test_old_navigation_is_replaced_and_a_second_time_changes_nothing():
    once = with_navigation(notebook(markdown("# 03 W"), markdown("last")), SECOND, TABLE[:2])

    again = with_navigation(once, SECOND, TABLE)

    assert len(again["cells"]) == 4
    assert again == with_navigation(again, SECOND, TABLE)


def test_brackets_and_bars_in_titles_and_ideas_break_no_link_or_table():
    table = contents(TABLE)

    assert r"| [03 What is a \[word\]?](03-words.ipynb) | 45 | `a\|b` is \[odd\] |" in table


def test_contents_list_the_acts_that_have_lessons_and_the_time():
    table = contents(TABLE)

    headings = [line for line in table.splitlines() if line.startswith("#")]
    assert headings == ["### Start", "### Act 1: Tokenize", "### Act 2: Summarize"]
    assert table.endswith("3 lessons, about 100 minutes in all.")


def test_contents_take_the_place_of_the_old_ones_and_leave_the_rest():
    old = markdown("old", tags=["navigation"])

    page = with_contents(notebook(markdown("# Index"), old, markdown("kept")), TABLE)

    assert sources(page) == ["# Index", contents(TABLE), "kept"]


def test_contents_come_last_where_there_were_none():
    page = with_contents(notebook(markdown("# Index")), TABLE)

    assert sources(page) == ["# Index", contents(TABLE)]
