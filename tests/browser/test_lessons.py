"""The learner's own copies in JupyterLab: each lesson runs from top to bottom and shows all."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

import pytest
from playwright.sync_api import Page, expect

from nutgraf.folder import prepare
from nutgraf.lessons import lessons
from nutgraf.quizzes import all_items
from tests.browser.axe import in_sight, look
from tests.browser.lab import Lab, outside, run_all, save, wear

SLUGS = [lesson.slug for lesson in lessons()]
CALL = re.compile(r"^(?:quiz|predict|spot)\((.+)\)$", re.MULTILINE)


@pytest.fixture(scope="module")
def class_lab(tmp_path_factory):
    """JupyterLab on a learner's folder with kernels as learners get them."""
    folder = tmp_path_factory.mktemp("class") / "my-nutgraf"
    prepare(folder)
    server = Lab(folder, tmp_path_factory.mktemp("home"), forked=False)
    yield server
    server.stop()


def items_asked(lab: Lab, slug: str) -> int:
    notebook = json.loads((lab.folder / f"{slug}.ipynb").read_text(encoding="utf-8"))
    sources = ["".join(c["source"]) for c in notebook["cells"] if c["cell_type"] == "code"]
    called = sum(call.count('"') // 2 for source in sources for call in CALL.findall(source))
    return called + sum(item.again == slug[:2] for item in all_items().values())


@dataclass(frozen=True)
class Lesson:
    """A lesson that was opened and run, and stays open while the tests look at it."""

    slug: str
    lab: Lab
    page: Page


@pytest.fixture(scope="module", params=SLUGS)
def lesson(class_lab, browser, request):
    class_lab.asked.clear()
    with class_lab.open(browser, f"{request.param}.ipynb") as page:
        run_all(page)
        yield Lesson(request.param, class_lab, page)


def test_a_lesson_runs_and_shows_every_question(lesson):
    panel = lesson.page.locator(".jp-NotebookPanel:not(.lm-mod-hidden)")
    expect(panel.locator(".ng-item")).to_have_count(items_asked(lesson.lab, lesson.slug))
    on_purpose = panel.locator("[data-mime-type='application/vnd.jupyter.stderr']")
    expect(on_purpose).to_have_count(1 if lesson.slug.startswith("00") else 0)
    hidden = panel.locator(".jp-CodeCell .jp-InputPlaceholder")
    assert hidden.count() >= 5
    assert all("Shift+Enter" in text for text in hidden.all_text_contents())
    assert "model not found" not in panel.inner_text()


# axe's rule on contrast stumbles over a scrolling box within a scrolling page.
POOL = ".nutgraf-bench .ng-pool { max-height: none !important; }"
# What the kit draws itself. Tables are pandas', and the frame round them is JupyterLab's.
DRAWN = ".ng-item, .jp-OutputArea-output figure, .jp-OutputArea-output [role=group]"


@pytest.fixture(scope="module")
def whole(lesson):
    """The page with all of the lesson in sight."""
    with in_sight(lesson.page, 20_000, POOL):
        # Having run all, Lab stands at the last cell.
        panel = lesson.page.locator(".jp-WindowedPanel-outer").first
        panel.evaluate("panel => { panel.scrollTop = 0; }")
        yield lesson.page


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_axe_finds_nothing_in_what_the_kit_draws(whole, theme):
    wear(whole, theme)
    whole.wait_for_timeout(500)
    places = whole.locator(DRAWN).evaluate_all(
        "nodes => nodes.map((node, n) => `#${node.id = `drawn-${n}`}`)"
    )
    found = look(whole, places)
    assert found.seen > whole.locator(".ng-item").count()
    assert not found.violations, json.dumps(found.violations, indent=1)[:3000]


def test_a_lesson_that_is_run_and_saved_asks_nothing_of_another_machine(lesson):
    assert save(lesson.page) == ""
    assert lesson.lab.asked
    assert outside(lesson.lab.asked) == []
