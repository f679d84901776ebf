"""What the other tests stand on: pages that are used again, and kernels that begin afresh."""

from __future__ import annotations

import os
import sys
import time

import pytest
from playwright.sync_api import expect

from tests.browser.axe import in_sight
from tests.browser.kernels import can_fork
from tests.browser.lab import LOOKS, outside, run_all, save, wear

TELL = "import os, sys\nprint(os.getpid(), 'left' in globals(), 'nutgraf' in sys.modules)"
linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="forked on Linux only")


def told(page) -> str:
    run_all(page)
    return page.locator(".jp-OutputArea-output").last.inner_text().strip()


def is_there(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def gone(process: int) -> bool:
    until = time.monotonic() + 20
    while is_there(process) and time.monotonic() < until:
        time.sleep(0.05)
    return not is_there(process)


def test_the_next_notebook_is_alone_on_the_page_with_a_kernel_of_its_own(lab, browser):
    with lab.open(browser, lab.write("lab-one.ipynb", "import nutgraf\nleft = 1", TELL)) as one:
        first, *known = told(one).split()
        assert known == ["True", "True"]
    with lab.open(browser, lab.write("lab-two.ipynb", TELL)) as two:
        assert two is one
        expect(two.locator(".lm-DockPanel .jp-NotebookPanel")).to_have_count(1)
        second, *known = told(two).split()
        assert known == ["False", "False"]
        assert second != first
        assert gone(int(first))
        assert is_there(int(second))


def test_what_axe_needs_is_taken_back(lab, browser):
    with lab.open(browser, lab.write("lab-axe.ipynb", "1")) as page:
        before = page.evaluate(LOOKS), page.viewport_size
        with in_sight(page):
            assert page.evaluate("innerHeight") == 5_000
            assert page.evaluate(LOOKS) != before[0]
        assert (page.evaluate(LOOKS), page.viewport_size) == before


def test_a_theme_is_there_when_it_is_said_to_be(lab, browser):
    ground = "getComputedStyle(document.querySelector('.jp-Notebook')).backgroundColor"
    with lab.open(browser, lab.write("lab-theme.ipynb", "1")) as page:
        light = page.evaluate(ground)
        wear(page, "JupyterLab Dark")
        dark = page.evaluate(ground)
        wear(page, "JupyterLab Light")
        assert page.evaluate(ground) == light != dark


@linux
def test_a_kernel_can_be_interrupted_and_begins_with_the_libraries_loaded(lab, browser):
    assert can_fork()
    cells = ("import sys\nprint('pandas' in sys.modules)", "import time\ntime.sleep(60)")
    with lab.open(browser, lab.write("lab-stopped.ipynb", *cells)) as page:
        page.evaluate("void window.jupyterapp.commands.execute('notebook:run-all-cells')")
        expect(page.locator(".jp-OutputArea-output").first).to_have_text("True")
        page.evaluate(
            "window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.interrupt()"
        )
        expect(page.locator(".jp-OutputArea-output").last).to_contain_text("KeyboardInterrupt")


CHANGES = {
    "a style": "document.head.append(document.createElement('style'))",
    "a height": "document.body.style.height = '100vh'",
    "a closed side": "window.jupyterapp.shell.collapseLeft()",
    "a dialog": "document.body.append(Object.assign(document.createElement('div'), "
    "{ className: 'jp-Dialog' }))",
}


def test_a_page_that_was_changed_is_not_used_again(lab, browser):
    with lab.open(browser, lab.write("lab-changed.ipynb", "1")) as page:
        for name, change in CHANGES.items():
            before = page.evaluate(LOOKS)
            page.evaluate(f"() => {{ {change}; }}")
            assert page.evaluate(LOOKS) != before, name
    assert lab.page is None


def test_a_page_is_not_used_again_after_a_failure(lab, browser):
    name = lab.write("lab-failed.ipynb", "1")
    with pytest.raises(ZeroDivisionError), lab.open(browser, name):
        raise ZeroDivisionError
    assert lab.page is None


def test_what_stands_in_the_way_of_saving_is_said(lab, browser):
    name = lab.write("lab-saved.ipynb", "1")
    with lab.open(browser, name) as page:
        run_all(page)
        assert save(page) == ""
        time.sleep(1.1)  # Lab takes a file for changed when its time is more than that later
        (lab.folder / name).write_text('{"cells": [], "metadata": {}, "nbformat": 4}')
        run_all(page)
        assert "changed" in save(page)


def test_addresses_of_other_machines_are_told_from_this_ones(lab, browser):
    name = lab.write("lab-asked.ipynb", "1")
    with lab.open(browser, name) as kept:
        pass
    with lab.open(browser, name, fresh=True) as page:
        assert page is not kept
        page.evaluate("fetch('http://192.0.2.1/').catch(() => {})")
    assert any(address.startswith(lab.url) for address in lab.asked)
    assert set(outside(lab.asked)) == {"http://192.0.2.1/"}
    lab.asked.clear()
    assert outside(["http://127.0.0.1.example.org/", "data:,", "ws://127.0.0.1:8888/"]) == [
        "http://127.0.0.1.example.org/"
    ]
