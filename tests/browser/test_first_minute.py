"""What a learner sees first: the page that the command opens, at first and when coming back."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import expect

from nutgraf.folder import fingerprint
from tests.browser.lab import as_learners_have_it, outside

SHOWN = ".jp-NotebookPanel:not(.lm-mod-hidden)"
CONTENTS = ".jp-TableOfContents:visible"


@pytest.fixture
def start(tmp_path, browser):
    """Runs `nutgraf --no-browser` in a folder of its own and opens the page that it names.

    Whatever is done there, nothing is asked of another machine.
    """
    home = tmp_path / "home"
    as_learners_have_it(home / ".jupyter")
    environment = {name: value for name, value in os.environ.items() if "JUPYTER" not in name}
    environment |= {"HOME": str(home), "USERPROFILE": str(home), "NLTK_DATA": ""}

    @contextmanager
    def started():
        log = tmp_path / "nutgraf.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-P", "-m", "nutgraf", "--no-browser", "--port", "0"],
                cwd=tmp_path, env=environment, stdin=subprocess.DEVNULL,
                stdout=output, stderr=output,
            )  # fmt: skip
        try:
            until = time.monotonic() + 90
            address = None
            while address is None and process.poll() is None and time.monotonic() < until:
                time.sleep(0.1)
                address = re.search(r"http://127\.0\.0\.1:\S+", log.read_text("utf-8"))
            assert address is not None, log.read_text("utf-8")
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            page.set_default_timeout(30_000)
            asked: list[str] = []
            page.on("request", lambda request: asked.append(request.url))
            page.goto(address[0])
            yield page
            page.close()
            assert asked
            assert outside(asked) == []
        finally:
            process.terminate()
            process.wait(30)

    return started


def title_of(notebook: Path) -> str:
    first = json.loads(notebook.read_text(encoding="utf-8"))["cells"][0]
    return "".join(first["source"]).splitlines()[0].lstrip("# ")


def test_the_first_lesson_opens_with_its_contents_beside_it_and_nothing_in_the_way(start, tmp_path):
    with start() as page:
        lesson = page.locator(SHOWN)
        title = title_of(tmp_path / "my-nutgraf/00-start-here.ipynb")
        expect(lesson.get_by_role("heading", level=1)).to_contain_text(title)
        expect(page.locator(CONTENTS)).to_contain_text(title)
        expect(lesson.locator(".jp-CodeCell").first).to_be_visible()
        expect(lesson.locator(".jp-CodeCell .jp-Placeholder")).not_to_have_count(0)
        page.wait_for_timeout(3000)  # the news, and other machines, would be asked by now
        assert page.locator(".Toastify__toast").count() == 0
        assert page.locator(".jp-Dialog").count() == 0


def test_a_learner_comes_back_to_where_they_were(start):
    with start() as page:
        expect(page.locator(SHOWN)).to_be_visible()
        page.locator(".lm-TabBar-tab[title^='File Browser']").click()
        page.locator(".jp-DirListing-item", has_text="03-words").dblclick()
        expect(page.locator(".lm-DockPanel-tabBar .lm-mod-current")).to_contain_text("03-words")
        page.wait_for_timeout(2000)  # JupyterLab saves its layout a second after a change
    with start() as page:
        expect(page.locator(".lm-DockPanel-tabBar .lm-mod-current")).to_contain_text("03-words")


def test_opening_and_saving_a_lesson_does_not_make_it_the_learners(start, tmp_path):
    lesson = tmp_path / "my-nutgraf/00-start-here.ipynb"
    with start() as page:
        before = fingerprint(lesson.read_bytes())
        kernel = page.locator(f"{SHOWN} .jp-Notebook-ExecutionIndicator[data-status=idle]")
        expect(kernel).to_be_visible()
        page.wait_for_timeout(3000)  # idle is shown before the kernel tells its version
        modified = lesson.stat().st_mtime_ns
        page.locator(f"{SHOWN} .jp-Notebook").press("Control+s")
        page.wait_for_timeout(2000)
    assert lesson.stat().st_mtime_ns != modified
    assert fingerprint(lesson.read_bytes()) == before
