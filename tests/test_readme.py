"""The README says what is so: its links, its list of lessons, its commands."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from nutgraf.lessons import lessons

PAGES = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"]


@pytest.mark.parametrize("page", PAGES)
def test_links_to_files_lead_somewhere(root: Path, page):
    targets = re.findall(r"\]\(([^)#\s]+)\)", (root / page).read_text(encoding="utf-8"))
    assert [one for one in targets if "://" not in one and not (root / one).exists()] == []


def test_every_picture_says_what_it_shows(root: Path):
    pictures = re.findall(r"!\[(.*?)\]", (root / "README.md").read_text(encoding="utf-8"))
    assert pictures
    assert all(len(words.split()) > 5 for words in pictures)


def test_the_list_of_lessons_is_the_lessons_with_their_minutes(root: Path):
    text = (root / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d\d) (.+?) \| (\d+) \|", text, re.MULTILINE)
    assert rows == [(one.number, one.title, str(one.minutes)) for one in lessons()]


def test_the_two_commands_are_those_of_start_py_and_of_ci(root: Path):
    blocks = re.findall(r"```sh\n(.+?)\n```", (root / "README.md").read_text(encoding="utf-8"))
    assert blocks == ["python3 start.py", "python3 start.py test"]
    assert (root / ".ci/run").read_text(encoding="utf-8").rstrip().endswith(blocks[1])
