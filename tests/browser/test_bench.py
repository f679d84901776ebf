"""The summary bench in JupyterLab: picking, writing, what is kept, both themes."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import expect

from nutgraf import answers
from tests.browser.axe import in_sight, look
from tests.browser.lab import run_all

CELL = """\
from nutgraf import load
from nutgraf.widgets.bench import bench
bench(load("sadr-protests"))"""
THEMES = ["JupyterLab Light", "JupyterLab Dark"]
WORDS = "The cleric Muqtada al-Sadr ordered all Iraqis to protest against 6,000 US troops."


@pytest.fixture
def folder(lab, request):
    """A learner's folder for each test: a page that closes may still be keeping its last words."""
    folder = lab.folder / re.sub(r"\W+", "-", request.node.name)
    (folder / ".nutgraf").mkdir(parents=True)
    return folder


@pytest.fixture
def notebook(lab, folder):
    return lab.write(f"{folder.name}/bench.ipynb", CELL, "1 + 1")


@pytest.fixture(params=THEMES[:1])
def bench(lab, browser, notebook, request):
    with lab.open(browser, notebook, request.param) as page:
        run_all(page)
        bench = page.locator(".nutgraf-bench")
        expect(bench).to_be_visible()
        yield bench


def kept(folder) -> list:
    records = answers.read(folder / answers.FILE)
    return [one["answer"] for one in records if one.get("mode") == "bench"]


def counts(bench, text: str) -> None:
    expect(bench.get_by_role("status").first).to_have_text(text)


def write(bench, text: str):
    bench.get_by_role("radio", name="Write your own words").check()
    area = bench.get_by_label("Your summary", exact=True)
    area.press_sequentially(text)
    return area


def test_writing_shows_the_numbers(bench):
    expect(bench.page.locator(".nutgraf-twin")).to_be_hidden()
    area = write(bench, "The cleric Muqtada al-Sadr ordered all Iraqis")
    counts(bench, "7 of 60 words")
    expect(bench.get_by_role("table")).to_have_count(0)
    area.press_sequentially(" to protest against 6,000 US troops.")
    counts(bench, "13 of 60 words")
    expect(bench.get_by_role("region", name="Overlap")).to_contain_text(
        "cannot tell whether a summary is true"
    )
    expect(bench.get_by_role("region", name="Overlap").get_by_role("row")).to_have_count(4)
    expect(bench.get_by_role("region", name="Look again")).to_contain_text("“ordered” says more")
    expect(bench.get_by_role("region", name="Voices")).to_contain_text("Qais al-Khazali")
    expect(bench.get_by_role("region", name="Copied words")).to_contain_text("Longest run")
    expect(area).to_be_focused()
    expect(area).to_have_value(WORDS)


def test_each_way_shows_what_it_needs(bench):
    pool = bench.get_by_role("group", name="The article’s sentences")
    area = bench.locator("textarea")
    expect(pool).to_be_visible()
    expect(area).to_be_hidden()
    bench.get_by_role("radio", name="Write your own words").check()
    expect(pool).to_be_hidden()
    expect(area).to_be_visible()


def test_too_many_words_are_said_and_never_stopped(bench):
    area = write(bench, "word")
    area.fill("word " * 64)
    counts(bench, "64 of 60 words: 4 too many")
    area.press_sequentially("more")
    counts(bench, "65 of 60 words: 5 too many")


def test_fast_typing_is_never_overwritten_by_an_earlier_count(bench):
    words = [f"longish-word-{number}" for number in range(12)]
    area = write(bench, "")
    for word in words:  # after each the count is asked for, and comes while the next is typed
        area.press_sequentially(word + " ", delay=15)
        bench.page.wait_for_timeout(300)
    expect(area).to_have_value(" ".join(words) + " ")
    counts(bench, "12 of 60 words")
    expect(area).to_have_value(" ".join(words) + " ")


def test_the_keyboard_alone_picks_sentences(bench, folder):
    cells = bench.page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Cell")
    before = cells.count()
    keys = bench.page.keyboard
    bench.get_by_role("radio", name="Pick sentences").focus()
    keys.press("Tab")
    expect(bench.get_by_role("checkbox", name="S01 (26 words)")).to_be_focused()
    keys.press("Space")
    for letter in "dd":  # Lab's command to delete the cell
        keys.press(letter)
    keys.press("Tab")
    keys.press("Space")
    counts(bench, "56 of 60 words, in 2 sentences")
    assert cells.count() == before
    row = bench.get_by_role("row", name="S01")
    expect(row.get_by_role("cell")).to_have_count(13)
    expect(row).to_contain_text("2 of 11")
    assert kept(folder) == [[1], [1, 2]]
    bench.get_by_role("button", name="Show the reference").focus()
    keys.press("Enter")
    expect(bench.locator("blockquote")).to_have_count(3)
    keys.press("Enter")
    expect(bench.get_by_role("button", name="Show the reference")).to_be_focused()
    expect(bench.locator("blockquote")).to_have_count(0)


def test_what_was_made_comes_back_when_the_notebook_is_opened_again(lab, browser, notebook, folder):
    with lab.open(browser, notebook) as page:
        run_all(page)
        bench = page.locator(".nutgraf-bench")
        bench.get_by_role("checkbox", name="S06").check()
        counts(bench, "20 of 60 words, in 1 sentence")
        write(bench, WORDS)
        counts(bench, "13 of 60 words")
        bench.get_by_role("radio", name="Write").focus()  # leaving the box keeps the words
        page.wait_for_timeout(300)
    assert kept(folder) == [[6], WORDS]
    with lab.open(browser, notebook, fresh=True) as page:
        run_all(page)
        bench = page.locator(".nutgraf-bench")
        expect(bench.get_by_label("Your summary", exact=True)).to_have_value(WORDS)
        counts(bench, "13 of 60 words")
        bench.get_by_role("radio", name="Pick sentences").check()
        expect(bench.get_by_role("checkbox", name="S06")).to_be_checked()
        counts(bench, "20 of 60 words, in 1 sentence")


def test_a_pause_keeps_what_was_typed(bench, folder):
    area = write(bench, WORDS)
    bench.page.wait_for_timeout(2_000)
    expect(area).to_be_focused()
    assert kept(folder) == [WORDS]


def test_running_the_cell_from_the_box_keeps_the_last_letter(bench):
    bench.evaluate("node => { node.dataset.old = true; }")
    write(bench, WORDS).press("Shift+Enter")
    again = bench.page.locator(".nutgraf-bench:not([data-old])")
    expect(again.get_by_label("Your summary", exact=True)).to_have_value(WORDS)


def test_two_views_of_one_bench_agree(lab, browser, notebook):
    name = lab.write(
        notebook,
        "from nutgraf import load\nfrom nutgraf.widgets import bench as kit\n"
        'one = kit.widget_class()(kit.task_of(load("sadr-protests")))\none',
        "one",
    )
    with lab.open(browser, name) as page:
        run_all(page)
        benches = page.locator(".nutgraf-bench")
        expect(benches).to_have_count(2)
        first, second = benches.nth(0), benches.nth(1)
        first.get_by_role("checkbox", name="S06").check()
        expect(second.get_by_role("checkbox", name="S06")).to_be_checked()
        write(second, WORDS)
        expect(first.get_by_label("Your summary", exact=True)).to_have_value(WORDS)
        counts(first, "13 of 60 words")


def test_a_narrow_window_does_not_cut_anything_off(bench):
    page = bench.page
    bench.get_by_role("checkbox", name="S06").check()
    counts(bench, "20 of 60 words, in 1 sentence")
    page.evaluate("window.jupyterapp.shell.collapseLeft()")
    page.set_viewport_size({"width": 480, "height": 900})
    page.wait_for_timeout(400)
    wide = bench.evaluate("node => node.scrollWidth - node.clientWidth")
    assert wide <= 0
    table = bench.get_by_role("group", name="Table of the methods")
    table.focus()
    expect(table).to_be_focused()


@pytest.mark.parametrize("bench", THEMES, indirect=True)
@pytest.mark.parametrize("way", ["pick", "write"])
def test_axe_finds_nothing_in_the_bench(bench, way: str):
    page = bench.page
    if way == "pick":
        for name in ("S03", "S09", "S10"):
            bench.get_by_role("checkbox", name=name).check()
        counts(bench, "79 of 60 words: 19 too many, in 3 sentences")
    else:
        write(bench, WORDS)
        counts(bench, "13 of 60 words")
    bench.get_by_role("button", name="Show the reference").click()
    expect(bench.locator("blockquote")).to_have_count(3)
    # axe stumbles over text in a box that scrolls within a page that scrolls.
    with in_sight(page, 1_000, ".nutgraf-bench .ng-pool { max-height: none; }"):
        found = look(page, [".nutgraf-bench"], **{"target-size": {"enabled": True}})
    assert not found.violations, json.dumps(found.violations, indent=1)[:2000]
    assert found.missed == []
