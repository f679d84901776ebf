"""The concordance box in JupyterLab: typing, the keyboard alone, both themes."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import expect

from tests.browser.axe import in_sight, look
from tests.browser.lab import run_all

CELL = """\
from nutgraf import load
from nutgraf.widgets.concordance import concordance
concordance(load("sadr-protests"))"""
THEMES = ["JupyterLab Light", "JupyterLab Dark"]


@pytest.fixture
def notebook(lab, request):
    return lab.write(re.sub(r"\W+", "-", request.node.name) + ".ipynb", CELL, "1 + 1")


@pytest.fixture(params=THEMES[:1])
def box(lab, browser, notebook, request):
    with lab.open(browser, notebook, request.param) as page:
        run_all(page)
        box = page.locator(".nutgraf-concordance")
        expect(box).to_be_visible()
        yield box


def hits(box):
    return box.get_by_role("table").get_by_role("button")


def test_typing_shows_the_hits(box):
    expect(box.get_by_role("table")).to_be_hidden()
    expect(box.page.locator(".nutgraf-twin")).to_be_hidden()
    field = box.get_by_label("Word or phrase")
    field.press_sequentially("homeland")
    expect(hits(box)).to_have_count(5)
    expect(box.get_by_role("status")).to_have_text("5 hits for “homeland”, in 2 paragraphs.")
    expect(field).to_be_focused()
    field.fill("<b>homeland</b>.*")
    expect(box.get_by_role("status")).to_contain_text("No hit for “<b>homeland</b>.*”")
    expect(box.get_by_role("table")).to_be_hidden()


def test_the_keyboard_alone_jumps_to_a_hit_and_back(box):
    cells = box.page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Cell")
    before = cells.count()
    box.get_by_label("Word or phrase").focus()
    keys = box.page.keyboard
    keys.type("Friday's protests")
    keys.press("Enter")
    expect(hits(box)).to_have_count(2)
    for _ in range(3):  # the button Find, then the first hit, then the second
        keys.press("Tab")
    second = box.get_by_role("button", name="Friday’s protests, hit 2 of 2, show P12")
    expect(second).to_be_focused()
    for letter in "dd":  # Lab's command to delete the cell
        keys.press(letter)
    keys.press("Enter")
    place = box.get_by_role("region", name="Place in the article")
    expect(place).to_be_focused()
    expect(place).to_contain_text("Hit 2 of 2: paragraph P12, sentence S15")
    expect(place.locator("mark")).to_have_text("Friday’s protests")
    expect(place).to_contain_text("“In Iraq, there is a proud nation that cannot be occupied,”")
    keys.press("Tab")
    keys.press("Enter")
    expect(second).to_be_focused()
    expect(second).to_have_attribute("aria-current", "true")
    assert cells.count() == before


@pytest.mark.parametrize("box", THEMES, indirect=True)
def test_axe_finds_nothing_in_the_box(box):
    page = box.page
    box.get_by_label("Word or phrase").fill("US")
    expect(hits(box)).to_have_count(5)
    hits(box).nth(1).click()
    expect(box.get_by_role("region", name="Place in the article")).to_be_visible()
    with in_sight(page, 1_000):
        found = look(page, [".nutgraf-concordance"], **{"target-size": {"enabled": True}})
    assert not found.violations, json.dumps(found.violations, indent=1)[:2000]
    assert found.missed == []
