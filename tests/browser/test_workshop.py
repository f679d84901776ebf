"""The workshop on screens and on paper: no code in sight, every step by mouse and by keyboard."""

from __future__ import annotations

import json
import re
import shutil

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from nutgraf import answers, paper
from nutgraf.folder import prepare
from tests.browser.axe import in_sight, look
from tests.browser.lab import Lab, find_browser, outside, run_all

PANEL = ".jp-NotebookPanel:not(.lm-mod-hidden)"
ITEMS = ["R7", "R8", "R5", "C4", "P1", "P2", "S3", "S7", "S8", "K3", "R6"]


@pytest.fixture(scope="module")
def one_lab(tmp_path_factory):
    folder = tmp_path_factory.mktemp("workshop") / "my-nutgraf"
    prepare(folder)
    server = Lab(folder, tmp_path_factory.mktemp("home"))
    yield server
    server.stop()


@pytest.fixture
def workshop_lab(one_lab):
    """JupyterLab on a learner's folder as the command makes it, each time anew."""
    one_lab.end_kernels()
    one_lab.asked.clear()
    for path in one_lab.folder.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    prepare(one_lab.folder)
    return one_lab


@pytest.fixture
def workshop(workshop_lab, browser):
    """The page after Run All."""
    with workshop_lab.open(browser, "workshop.ipynb") as page:
        run_all(page)
        expect(page.locator(f"{PANEL} .ng-item")).to_have_count(len(ITEMS))
        yield page


def code_in_sight(page) -> int:
    return page.locator(
        f"{PANEL} .jp-CodeCell :is(.jp-InputArea, .jp-InputPlaceholder, .jp-InputPrompt)"
    ).evaluate_all("nodes => nodes.filter((node) => node.checkVisibility()).length")


def test_after_run_all_no_code_is_in_sight_wherever_one_scrolls(workshop):
    expect(workshop.locator(f"{PANEL} .nutgraf-workshop").first).to_contain_text("Ready.")
    assert code_in_sight(workshop) == 0
    workshop.locator(f"{PANEL} .ng-item").last.scroll_into_view_if_needed()
    assert code_in_sight(workshop) == 0


def test_before_run_all_a_strip_stands_for_the_code_and_says_what_to_do(workshop_lab, browser):
    with workshop_lab.open(browser, "workshop.ipynb") as page:
        strips = page.locator(f"{PANEL} .jp-CodeCell .jp-InputPlaceholder")
        expect(strips.first).to_contain_text("choose Run, then Run All Cells")
        assert page.locator(f"{PANEL} .jp-CodeCell .jp-InputArea-editor:visible").count() == 0


def test_the_code_of_another_notebook_stays_in_sight(workshop_lab, workshop):
    workshop_lab.write("other.ipynb", "1 + 1")
    workshop.evaluate(
        "void window.jupyterapp.commands.execute('docmanager:open', {path: 'other.ipynb'})"
    )
    other = workshop.locator(f"{PANEL} .jp-CodeCell .jp-InputArea-editor", has_text="1 + 1")
    expect(other).to_be_visible()


def test_the_article_and_the_count_stay_closed_until_they_are_opened(workshop, article):
    lines = workshop.locator(f"{PANEL} .ng-line")
    expect(lines).to_have_count(len(paper.numbered_lines(article)))
    expect(lines.first).not_to_be_visible()
    expect(workshop.locator(f"{PANEL} .ng-bar").first).not_to_be_visible()
    workshop.get_by_text("Open the article", exact=True).click()
    expect(lines.last).to_be_visible()
    workshop.get_by_text("Show the count", exact=True).click()
    expect(workshop.get_by_role("row", name="Qais al-Khazali")).to_contain_text("79 words")


def test_a_text_twin_is_not_shown_beside_what_it_stands_for(workshop):
    assert workshop.locator(f"{PANEL} .nutgraf-twin:visible").count() == 0


def answered(lab: Lab) -> set[str]:
    records = answers.read(lab.folder / "my-answers.jsonl")
    return {one["item"] for one in records if one.get("did") == "answered"}


def test_every_step_can_be_done_with_the_mouse(workshop_lab, workshop):
    for summary in workshop.locator(f"{PANEL} summary").all():
        summary.click()
    for item in workshop.locator(f"{PANEL} .ng-item").all():
        for select in item.locator("select").all():
            select.select_option(index=1)
        marker = item.locator(".nm-word")
        if marker.count():
            marker.nth(3).click()
        elif not item.locator("select").count():
            item.locator("input").first.click()
        item.get_by_role("button", name="Fairly sure").click()
        expect(item.locator(".ng-said")).not_to_be_empty()
    expect(workshop.locator(f"{PANEL} .ng-ending blockquote")).to_contain_text("On the eve")
    assert answered(workshop_lab) == set(ITEMS)


def tab_to(page, target) -> None:
    """Press Tab until the target has the focus."""
    for _ in range(60):
        if target.evaluate("node => node === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab does not come to {target}")


def test_every_step_can_be_done_with_the_keyboard_alone(workshop_lab, workshop):
    page = workshop
    page.locator(f"{PANEL} .ng-item input").first.focus()
    for node in page.locator(f"{PANEL} :is(.ng-item, details)").all():
        if node.evaluate("node => node.localName") == "details":
            tab_to(page, node.locator("summary"))
            page.keyboard.press("Enter")
            assert node.evaluate("node => node.open")
            continue
        if node.locator("select").count():
            for select in node.locator("select").all():
                tab_to(page, select)
                page.keyboard.press("o")
        elif node.locator(".nm-text").count():
            tab_to(page, node.locator(".nm-text"))
            page.keyboard.press("ArrowRight")
            page.keyboard.press("Space")
        else:
            tab_to(page, node.locator("input").first)
            page.keyboard.press("Space")
        tab_to(page, node.get_by_role("button", name="Certain"))
        page.keyboard.press("Enter")
        expect(node.locator(".ng-said")).not_to_be_empty()
    assert answered(workshop_lab) == set(ITEMS)


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_axe_finds_nothing_in_the_workshop(workshop_lab, browser, theme):
    with workshop_lab.open(browser, "workshop.ipynb", theme) as page:
        run_all(page)
        for summary in page.locator(f"{PANEL} summary").all():
            summary.click()
        with in_sight(page, 9_000):
            places = page.locator(f"{PANEL} :is(.ng-item, .nutgraf-workshop)").evaluate_all(
                "nodes => nodes.map((node, n) => `#${node.id = `drawn-${n}`}`)"
            )
            assert len(places) == len(ITEMS) + 3
            found = look(page, places)
        assert not found.violations, json.dumps(found.violations, indent=1)[:3000]
        assert found.seen > len(ITEMS)


def test_the_workshop_asks_nothing_of_another_machine(workshop_lab, workshop):
    assert workshop_lab.asked
    assert outside(workshop_lab.asked) == []


# --- on paper ------------------------------------------------------------------------------


def pages_of(pdf: bytes) -> int:
    return len(re.findall(rb"/Type\s*/Page\b", pdf))


@pytest.mark.parametrize("format", ["A4", "Letter"])
def test_every_part_of_the_handout_fits_its_sheet(browser, format):
    page = browser.new_page()
    page.set_content(paper.handout())
    parts = page.locator("section").count()
    assert pages_of(page.pdf(format=format, prefer_css_page_size=False)) == parts == 8
    page.close()


@pytest.mark.parametrize("make", [paper.handout, paper.key])
def test_axe_finds_nothing_on_the_sheets(browser, make):
    page = browser.new_page()
    page.set_content(make().replace("default-src 'none'", "default-src 'unsafe-inline'"))
    found = Axe().run(page).response
    assert not found["violations"], json.dumps(found["violations"], indent=1)[:3000]
    page.close()


def test_the_browser_that_is_there_prints_both_documents(browser, tmp_path, monkeypatch):
    monkeypatch.setenv("NUTGRAF_BROWSER", find_browser())
    files, why = paper.write(tmp_path / "workshop.html")
    assert why == ""
    names = ["workshop.html", "workshop-key.html", "workshop.pdf", "workshop-key.pdf"]
    assert [path.name for path in files] == names
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(names)
    assert pages_of(files[2].read_bytes()) == 8
    assert pages_of(files[3].read_bytes()) >= 4
