"""Every notebook of the kit keeps the rules of checks.py, and its navigation is up to date."""

from __future__ import annotations

from pathlib import Path

import checks
import pytest
import refresh

from nutgraf.lessons import lessons

NOTEBOOKS = sorted(refresh.NOTEBOOKS.glob("*.ipynb"))
LESSONS = [refresh.NOTEBOOKS / lesson.file for lesson in lessons(refresh.NOTEBOOKS)]


def name(thing: object) -> str:
    return thing.stem if isinstance(thing, Path) else thing.__name__


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name)
@pytest.mark.parametrize("check", checks.EVERYWHERE, ids=name)
def test_a_notebook_keeps_the_rule(check, path: Path):
    assert_none(check(checks.Page(path)), path)


@pytest.mark.parametrize("path", LESSONS, ids=name)
@pytest.mark.parametrize("check", checks.LESSONS, ids=name)
def test_a_lesson_keeps_the_rule(check, path: Path):
    assert_none(check(checks.Page(path)), path)


def test_navigation_is_up_to_date():
    assert refresh.out_of_date(refresh.NOTEBOOKS) == [], "run: python tools/refresh.py --navigation"


def assert_none(problems: list[str], path: Path) -> None:
    """Fail with the problems as a list that an author can work through."""
    if problems:
        pytest.fail(f"{path.name}:\n- " + "\n- ".join(problems), pytrace=False)
