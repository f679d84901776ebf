"""The pages of a graded class in a browser: readable by everybody, on a screen and on paper."""

from __future__ import annotations

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe

from nutgraf.grading.pages import write
from nutgraf.grading.results import OUTCOMES, CellResult, Result, Sheet
from nutgraf.grading.submissions import Collected, Learner, Submission

SHEETS = [
    Sheet(f"E{n:02}", f"E{n:02} An exercise with words", ((f"E{n:02}-small", 2.0),))
    for n in range(1, 13)
]
MESSAGE = "words('anti-US') should be one word.\nWhere does yours <b>cut</b>?"


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A class in which every outcome comes up."""
    folder = tmp_path_factory.mktemp("graded")
    learners = tuple(Learner(f"k{n}", name) for n, name in enumerate(["Ann", "محمد", "<i>Eve</i>"]))
    results = [
        Result(one.key, sheet.exercise, (CellResult(name, 0, points, outcome, MESSAGE),), ("odd",))
        for one in learners
        for sheet, outcome in zip(SHEETS, OUTCOMES, strict=False)
        for name, points in sheet.cells
    ]
    files = tuple(Submission(one.learner, one.exercise, "x", "0") for one in results)
    collected = Collected(Path(), learners, files, ("x.zip: it is no zip. Ask again.",))
    write(results, collected, SHEETS, folder, "Nothing was left open.")
    return folder


@pytest.mark.parametrize(("scheme", "width"), [("light", 360), ("dark", 1100)])
@pytest.mark.parametrize("page", ["class.html", "feedback/k1.html"])
def test_axe_finds_nothing_in_a_page(browser, folder, page, width, scheme):
    tab = browser.new_page(color_scheme=scheme, viewport={"width": width, "height": 800})
    said: list[str] = []
    tab.on("console", lambda message: said.append(message.text))
    tab.goto((folder / page).as_uri())
    found = Axe().run(tab)
    assert found.violations_count == 0, found.generate_report()
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    ground = tab.evaluate("getComputedStyle(document.body).backgroundColor")
    assert ground == ("rgb(255, 255, 255)" if scheme == "light" else "rgb(26, 27, 30)")
    assert [one for one in said if "axe" not in one.lower()] == []
    tab.close()


def test_paper_is_white_whatever_the_screen_is(browser, folder):
    tab = browser.new_page(color_scheme="dark")
    tab.goto((folder / "feedback/k0.html").as_uri())
    tab.emulate_media(media="print", color_scheme="dark")
    ground = tab.evaluate("getComputedStyle(document.body).backgroundColor")
    assert ground == "rgb(255, 255, 255)"
    tab.close()


def test_names_lead_to_pages_by_keyboard(browser, folder):
    tab = browser.new_page()
    tab.goto((folder / "class.html").as_uri())
    tab.get_by_role("link", name="<i>Eve</i>").first.focus()
    tab.keyboard.press("Enter")
    tab.wait_for_url("**/feedback/k2.html")
    assert tab.locator("h1").inner_text() == "Feedback for <i>Eve</i>"
    assert tab.locator(".message").first.inner_text() == MESSAGE
    tab.close()
