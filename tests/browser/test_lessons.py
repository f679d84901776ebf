"""The learner's own copies in JupyterLab: each lesson runs from top to bottom and shows all."""

from __future__ import annotations

import json
import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from nutgraf.folder import prepare
from nutgraf.lessons import lessons
from nutgraf.quizzes import all_items
from tests.browser.lab import Lab, run_all

SLUGS = [lesson.slug for lesson in lessons()]
CALL = re.compile(r"^(?:quiz|predict|spot)\((.+)\)$", re.MULTILINE)


@pytest.fixture(scope="module")
def class_lab(tmp_path_factory):
    """JupyterLab on a learner's folder as the command makes it."""
    folder = tmp_path_factory.mktemp("class") / "my-nutgraf"
    prepare(folder)
    server = Lab(folder, tmp_path_factory.mktemp("home"))
    yield server
    server.stop()


def items_asked(lab: Lab, slug: str) -> int:
    notebook = json.loads((lab.folder / f"{slug}.ipynb").read_text(encoding="utf-8"))
    sources = ["".join(c["source"]) for c in notebook["cells"] if c["cell_type"] == "code"]
    called = sum(call.count('"') // 2 for source in sources for call in CALL.findall(source))
    return called + sum(item.again == slug[:2] for item in all_items().values())


@pytest.mark.parametrize("slug", SLUGS)
def test_a_lesson_runs_and_shows_every_question_without_leaving_the_machine(
    class_lab, browser, slug
):
    asked: list[str] = []
    with class_lab.open(browser, f"{slug}.ipynb") as page:
        page.on("request", lambda request: asked.append(request.url))
        run_all(page)
        panel = page.locator(".jp-NotebookPanel:not(.lm-mod-hidden)")
        expect(panel.locator(".ng-item")).to_have_count(items_asked(class_lab, slug))
        on_purpose = panel.locator("[data-mime-type='application/vnd.jupyter.stderr']")
        expect(on_purpose).to_have_count(1 if slug.startswith("00") else 0)
        hidden = panel.locator(".jp-CodeCell .jp-InputPlaceholder")
        assert hidden.count() >= 5
        assert all("Shift+Enter" in text for text in hidden.all_text_contents())
        assert "model not found" not in panel.inner_text()
    outside = [
        url for url in asked if not re.match(r"(https?|wss?)://127\.0\.0\.1|data:|blob:", url)
    ]
    assert not outside


WHOLE = "html, body { height: 100vh !important; } * { content-visibility: visible !important; }"
# axe's rule on contrast stumbles over a scrolling box within a scrolling page.
WHOLE += " .nutgraf-bench .ng-pool { max-height: none !important; }"
# What the kit draws itself. Tables are pandas', and the frame round them is JupyterLab's.
DRAWN = ".ng-item, .jp-OutputArea-output figure, .jp-OutputArea-output [role=group]"


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
@pytest.mark.parametrize("slug", SLUGS)
def test_axe_finds_nothing_in_what_the_kit_draws(class_lab, browser, slug, theme):
    with class_lab.open(browser, f"{slug}.ipynb", theme) as page:
        run_all(page)
        # All of the lesson on one screen: axe passes over what is out of sight, and over
        # everything in a body without height.
        page.set_viewport_size({"width": 1280, "height": 20_000})
        page.add_style_tag(content=WHOLE)
        # Having run all, Lab stands at the last cell.
        page.locator(".jp-WindowedPanel-outer").first.evaluate("panel => { panel.scrollTop = 0; }")
        page.wait_for_timeout(500)
        places = page.locator(DRAWN).evaluate_all(
            "nodes => nodes.map((node, n) => [`#${node.id = `drawn-${n}`}`])"
        )
        wanted = {"resultTypes": ["violations", "passes"]}
        found = Axe().run(page, context={"include": places}, options=wanted).response
        seen = [
            node
            for rule in found["passes"]
            if rule["id"] == "color-contrast"
            for node in rule["nodes"]
        ]
        assert len(seen) > page.locator(".ng-item").count()
        assert not found["violations"], json.dumps(found["violations"], indent=1)[:3000]
