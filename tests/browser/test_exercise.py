"""An exercise in JupyterLab: checked, stopped, hinted at and solved, as a learner does it."""

from __future__ import annotations

import json
import os
import re
import time

import pytest
from playwright.sync_api import expect

from nutgraf import checking
from nutgraf.folder import editions
from tests.browser.lab import ready, run_all
from tests.browser.test_quiz import scan, tab_to

E03 = "exercises/E03-a-better-word-list.ipynb"
THEMES = ["JupyterLab Light", "JupyterLab Dark"]
PARTS = ("import re", "", "def words(text):")
SOLVED = """\
    number = r"\\d+(?:,\\d+)*"
    return re.findall(rf"{number}|\\w+(?:[-’']\\w+)*", text)"""


@pytest.fixture
def page(lab, browser):
    """E03 as a learner gets it, run from the top, and no earlier answers."""
    (lab.folder / "my-answers.jsonl").unlink(missing_ok=True)
    (lab.folder / "exercises").mkdir(exist_ok=True)
    (lab.folder / E03).write_bytes(editions()[E03])
    with lab.open(browser, E03) as page:
        run_all(page)
        yield page


def place_of(name: str) -> int:
    ids = [cell["id"] for cell in json.loads(editions()[E03])["cells"]]
    return ids.index(f"E03-{name}")


def cell(page, name: str):
    return page.locator(f".jp-Notebook .jp-Cell[data-windowed-list-index='{place_of(name)}']")


def verdict(page):
    return cell(page, "check").locator(".nutgraf-exercise")


def attempt(page, lines: str) -> None:
    """Type a function into the exercise's cell, run it, and run the check."""
    place = place_of("words")
    ready(page)
    page.evaluate(
        """place => {
            const {content} = window.jupyterapp.shell.currentWidget;
            content.activeCellIndex = place;
            content.mode = 'edit';
        }""",
        place,
    )
    cell(page, "words").scroll_into_view_if_needed()
    cell(page, "words").locator(".cm-content").click()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.insert_text("\n".join([*PARTS, lines]))
    for after in (1, 2):
        page.keyboard.press("Shift+Enter")
        page.wait_for_function(
            "place => window.jupyterapp.shell.currentWidget.content.activeCellIndex === place",
            arg=place + after,
        )


def says(page, *words: str, timeout: float = 20_000) -> None:
    for each in words:
        expect(verdict(page), cell(page, "words").inner_text()).to_contain_text(
            each, timeout=timeout
        )


def test_an_exercise_from_the_stub_to_the_solution(page, lab):
    says(page, "– E03: Not attempted yet.", "still as it was handed out")

    attempt(page, "    return text.split()")
    says(page, "✗ E03: Not yet.", "You promised that this", "['“Hurry,”', 'he', 'said'")

    attempt(page, "    return re.findal(r'\\w+', text)")
    says(page, "Your function stops with an error", "In line 4 of its cell", "findall")

    began = time.monotonic()
    attempt(page, "    while True:\n        try: text = text.strip()\n        except: pass")
    says(page, "After 5 seconds this call had not ended", "try: text = text.strip()")
    assert time.monotonic() - began < 20

    attempt(page, "    while True:\n        print(text)")
    says(page, "After 5 seconds", "Your function printed:", "more lines")
    ready(page)
    assert len(verdict(page).inner_text()) < 6000

    attempt(page, SOLVED)
    says(page, "✓ E03: Correct.", "430 words, as many as split() gives")
    expect(cell(page, "check").locator(".nutgraf-twin")).to_be_hidden()

    records = [json.loads(line) for line in (lab.folder / "my-answers.jsonl").open()]
    kept = [record["verdict"] for record in records if record.get("did") == "checked"]
    assert kept == ["not yet"] * 4 + ["correct"]


def test_hints_and_the_solution_come_by_keyboard_alone(page, lab):
    attempt(page, "    return []")
    says(page, "✗ E03: Not yet.")
    place = verdict(page)
    first, second, third = checking.exercise("E03").hints

    place.locator(".ng-title").first.click()
    tab_to(page, place.get_by_role("button", name="A hint"))
    page.keyboard.press("Enter")
    says(page, f"Hint 1: {first.replace('`', '')}")
    expect(place.get_by_role("button", name="A hint (2 left)")).to_be_focused()
    page.keyboard.press("Space")
    page.keyboard.press("d")
    page.keyboard.press("d")
    says(page, f"Hint 2: {second.replace('`', '')}")
    expect(place).not_to_contain_text(third.replace("`", ""))

    page.keyboard.press("Tab")
    expect(place.get_by_role("button", name="Show me a solution")).to_be_focused()
    page.keyboard.press("Enter")
    says(page, "You have tried once. See it anyway?")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(place.get_by_role("button", name="No, not yet")).to_be_focused()
    page.keyboard.press("Enter")
    expect(place.get_by_role("button", name="Show me a solution")).to_be_focused()
    expect(place.get_by_role("button", name="No, not yet")).to_be_hidden()
    page.keyboard.press("Enter")
    expect(place.get_by_role("button", name="Yes, show it")).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(place.get_by_role("region", name="A solution of E03")).to_be_focused()
    says(page, "One right way:", "return re.findall(")

    page.evaluate("window.jupyterapp.commands.execute('docmanager:save')")
    page.wait_for_function("!document.querySelector('.lm-TabBar-tab.jp-mod-current.jp-mod-dirty')")
    saved = (lab.folder / E03).read_text(encoding="utf-8")
    assert "return re.findall(f" not in saved
    attempt(page, "    return [text]")
    says(page, f"Hint 2: {second.replace('`', '')}")
    kept = [json.loads(line).get("did") for line in (lab.folder / "my-answers.jsonl").open()]
    assert [did for did in kept if did] == ["checked", "hint", "hint", "shown", "checked"]


@pytest.mark.parametrize("theme", THEMES)
def test_axe_finds_nothing_in_a_checked_exercise(lab, browser, page, theme):
    page.evaluate(
        "theme => window.jupyterapp.commands.execute('apputils:change-theme', {theme})", theme
    )
    attempt(page, "    print(text * 30)\n    return text.split()")
    says(page, "✗ E03: Not yet.", "Your function printed:")
    place = verdict(page)
    place.get_by_role("button", name="A hint").click()
    says(page, "Hint 1: ")
    place.get_by_role("button", name="Show me a solution").click()
    place.get_by_role("button", name="Yes, show it").click()
    says(page, "One right way:")
    problems = scan(page, ".nutgraf-exercise")
    assert not problems, json.dumps(problems, indent=1)[:3000]
    if folder := os.environ.get("NUTGRAF_SCREENSHOTS"):
        name = re.sub(r"\W+", "-", f"exercise-{theme}".lower())
        place.screenshot(path=f"{folder}/{name}.png")


def test_a_saved_check_can_be_read_without_a_kernel(lab, browser, page):
    attempt(page, "    return text.split()")
    says(page, "✗ E03: Not yet.")
    page.evaluate("window.jupyterapp.commands.execute('docmanager:save')")
    page.evaluate("window.jupyterapp.shell.currentWidget.sessionContext.shutdown()")
    with lab.open(browser, E03) as again:
        twin = cell(again, "check").locator(".nutgraf-twin")
        expect(twin).to_be_visible()
        expect(twin).to_contain_text("✗ E03: Not yet.")
        expect(twin).to_contain_text("hint('E03')")
