"""Marking words in JupyterLab: by mouse, by touch, by keyboard; and the distorted summaries."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.lab import ready, run_all
from tests.browser.test_quiz import SETUP, THEMES, contrast, numbered, scan, tab_to

KIT = Path(__file__).parent / "kit"
SPOT = "from nutgraf.widgets.distortion import spot"
FAITHFUL = "On the eve of a planned Friday march"


@pytest.fixture
def notebook(lab, request):
    """A fresh notebook with two passages and the distorted ones, and no earlier answers."""
    (lab.folder / "my-answers.jsonl").unlink(missing_ok=True)
    name = re.sub(r"\W+", "-", request.node.name) + ".ipynb"
    cells = ['quiz("Z7")', 'quiz("Z8")', 'spot("Z9", "Z10", "Z11")']
    return lab.write(name, f"{SETUP[:-4]}{SPOT}", *cells)


@pytest.fixture
def page(lab, browser, notebook):
    with lab.open(browser, notebook) as page:
        begin(page)
        yield page


def begin(page) -> None:
    run_all(page)
    expect(page.locator(".ng-item")).to_have_count(5, timeout=30_000)


def item(page, number: int):
    return page.locator(".ng-item").nth(number - 1)


def word(place, text: str, nth: int = 0):
    """A word of the passage; a sign behind it is no part of the text."""
    return place.locator(".nm-word").filter(has_text=re.compile(f"^{text}$")).nth(nth)


def drag(page, one, other) -> None:
    """Press on one word, release on the other, moving in steps as a hand does."""
    one.scroll_into_view_if_needed()
    (x, y), (to_x, to_y) = middle(one), middle(other)
    page.mouse.move(x, y)
    page.mouse.down()
    for step in range(1, 6):
        page.mouse.move(x + (to_x - x) * step // 5, y + (to_y - y) * step // 5)
    page.mouse.up()


def middle(place) -> tuple[int, int]:
    """Whole pixels, as a mouse has: between two, Chromium selects nothing."""
    box = place.bounding_box()
    return int(box["x"] + box["width"] / 2), int(box["y"] + box["height"] / 2)


def marked(place) -> list[str]:
    """The marks as the list below the passage has them."""
    return place.locator(".nm-list li > span").all_text_contents()


def check(place) -> None:
    place.get_by_role("button", name="A guess").click()
    expect(place.locator(".ng-said p").first).to_be_visible()


def says(place, *words: str) -> None:
    for each in words:
        expect(place.locator(".ng-said")).to_contain_text(each)


def kept(lab) -> list[dict]:
    """The last answer in the learner's file."""
    lines = (lab.folder / "my-answers.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines if '"answered"' in line][-1]["answer"]


# --- by mouse and touch ------------------------------------------------------------------------


def test_clicked_words_that_follow_each_other_make_one_mark(page):
    seven = item(page, 1)
    for text in ("old", "cat", "grey"):
        word(seven, text).click()
    assert marked(seven) == ["old grey", "cat"]  # a quotation mark stands between
    page.wait_for_timeout(400)  # or it would be a double click
    word(seven, "grey").click()
    assert marked(seven) == ["old", "cat"]


def test_a_stretch_is_dragged_over_and_checked_across_emoji(lab, page):
    seven = item(page, 1)
    drag(page, word(seven, "cat"), word(seven, "the"))
    drag(page, word(seven, "A", 1), word(seven, "dog", 1))
    word(seven, "cow").click()
    assert marked(seven) == ["cow", "the “old grey” cat", "A dog, a second dog"]
    check(seven)
    says(seven, "Right.", "✓ cow – It says moo.", "Found: 3 of 3.")
    passage = "🐄 A cow 🐄🐄 and the “old grey” cat met.\nA dog, a second dog and"
    answer = kept(lab)
    assert [passage[one["start"] : one["end"]] for one in answer] == marked(seven)
    assert [one["quote"] for one in answer] == marked(seven)


def test_a_drag_over_marks_makes_one_of_them(page):
    seven = item(page, 1)
    word(seven, "cow").click()
    word(seven, "cat").click()
    drag(page, word(seven, "and"), word(seven, "cat"))
    assert marked(seven) == ["cow", "and the “old grey” cat"]


def test_a_double_click_marks_a_word_and_leaves_it_marked(page):
    seven = item(page, 1)
    word(seven, "cow").dblclick()
    assert marked(seven) == ["cow"]


def test_a_drag_can_begin_on_words_that_the_browser_has_selected(page):
    seven = item(page, 1)
    drag(page, word(seven, "the"), word(seven, "cat"))
    drag(page, word(seven, "old"), word(seven, "second"))
    assert marked(seven) == ["the “old grey” cat met. A dog, a second"]


def test_dragged_words_can_be_copied(page):
    seven = item(page, 1)
    drag(page, word(seven, "and"), word(seven, "cat"))
    copied = page.evaluate("document.getSelection().toString()")
    assert "the “old grey”" in copied


def test_the_passage_keeps_its_lines_and_its_words(page):
    text = item(page, 1).locator(".nm-text")
    assert text.text_content().startswith("🐄 A cow 🐄🐄 and the “old grey” cat met.\nA dog,")
    first, second = word(item(page, 1), "met").bounding_box(), word(item(page, 1), "bell")
    assert second.bounding_box()["y"] > first["y"] + 10


def test_a_finger_taps_words(lab, browser, notebook):
    with lab.open(browser, notebook) as page:
        begin(page)
        seven = item(page, 1)
        for text in ("dog", "second"):
            word(seven, text).dispatch_event("pointerdown", touch(word(seven, text)))
            page.evaluate(
                "at => document.dispatchEvent(new PointerEvent('pointerup', at))",
                touch(word(seven, text)),
            )
        assert marked(seven) == ["dog", "second"]


def touch(place) -> dict:
    place.scroll_into_view_if_needed()
    x, y = middle(place)
    return {"pointerType": "touch", "button": 0, "clientX": x, "clientY": y, "bubbles": True}


def test_a_mark_is_removed_in_the_list_and_the_focus_stays_there(page):
    seven = item(page, 1)
    word(seven, "cow").click()
    word(seven, "cat").click()
    seven.get_by_role("button", name="Remove: cow").click()
    assert marked(seven) == ["cat"]
    expect(seven.get_by_role("button", name="Remove: cat")).to_be_focused()
    page.keyboard.press("Enter")
    assert marked(seven) == []
    expect(seven.get_by_role("listbox")).to_be_focused()
    expect(seven.locator(".nm-count")).to_have_text("Nothing is marked yet.")


def test_nothing_to_mark_puts_the_marks_away_and_gives_them_back(page):
    eight = item(page, 2)
    none = eight.get_by_role("checkbox", name="There is nothing to mark.")
    check(eight)
    says(eight, "Mark words first")
    word(eight, "stone").click()
    none.check()
    assert marked(eight) == []
    none.uncheck()
    assert marked(eight) == ["stone"]
    none.check()
    check(eight)
    says(eight, "Right.", "No animal far and wide.")
    word(eight, "lay").click()
    expect(none).not_to_be_checked()
    assert marked(eight) == ["lay"]


def test_marks_wear_their_sign_and_line_and_what_was_missed_waits(page):
    seven = item(page, 1)
    word(seven, "old").click()
    word(seven, "met").click()
    check(seven)
    says(seven, "✓ old", "✗ met – To meet is no animal.", "Found: 1 of 3. Marked in error: 1.")
    expect(seven.locator(".ng-said")).not_to_contain_text("bark")
    assert looks(seven, "old") == ("solid", '" ✓"')
    assert looks(seven, "met") == ("dashed", '" ✗"')
    word(seven, "bell").click()
    check(seven)
    says(seven, "◐ bell – A cow wears it.")
    assert looks(seven, "bell") == ("double", '" ◐"')
    seven.get_by_role("button", name="Show the answer").click()
    says(seven, "○ cow – It says moo.", "○ A dog, a second dog – They bark.")
    assert looks(seven, "cow") == ("dotted", '" ○"')


def looks(place, text: str) -> tuple[str, str]:
    """The line under a word, and the sign behind it."""
    return tuple(
        word(place, text).evaluate(
            """node => [getComputedStyle(node).borderBottomStyle,
                        getComputedStyle(node, '::after').content]"""
        )
    )


# --- by keyboard alone ---------------------------------------------------------------------------


def test_from_tab_to_checked_without_a_mouse(lab, page):
    seven = item(page, 1)
    heard = seven.locator(".nutgraf-marker [aria-live]")
    seven.get_by_role("listbox").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    expect(heard).to_have_text("Marked: cow")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    for _ in range(3):
        page.keyboard.press("Shift+ArrowRight")
    expect(heard).to_have_text("Selected: the “old grey” cat")
    page.keyboard.press("Enter")
    page.keyboard.press("End")
    page.keyboard.press("Space")
    page.keyboard.press("Delete")
    expect(heard).to_have_text("No longer marked: along")
    page.keyboard.press("Home")
    for _ in range(8):
        page.keyboard.press("ArrowRight")
    for _ in range(4):
        page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Space")
    assert marked(seven) == ["cow", "the “old grey” cat", "A dog, a second dog"]
    tab_to(page, seven.get_by_role("button", name="Certain"))
    page.keyboard.press("Enter")
    says(seven, "Right.", "All three of them.")
    assert len(kept(lab)) == 3


def test_a_selection_is_dropped_by_escape_and_a_mark_unmade_by_its_own_stretch(page):
    seven = item(page, 1)
    seven.get_by_role("listbox").focus()
    page.keyboard.press("Shift+ArrowRight")
    assert seven.locator(".nm-word.nm-chosen").count() == 2
    page.keyboard.press("Escape")
    assert seven.locator(".nm-word.nm-chosen").count() == 0
    page.keyboard.press("Shift+ArrowLeft")
    page.keyboard.press("Space")
    assert marked(seven) == ["A cow"]
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Space")
    assert marked(seven) == []


def test_up_and_down_go_by_line(page):
    """The first line has eight words, the second eleven."""
    box = item(page, 1).get_by_role("listbox")
    box.focus()

    def press(key: str) -> int:
        page.keyboard.press(key)
        return int(box.get_attribute("aria-activedescendant").rsplit("-", 1)[1])

    assert press("ArrowUp") == 0
    assert press("ArrowDown") in range(8, 11)
    assert press("ArrowUp") in range(3)
    assert press("End") == press("ArrowDown") == 18
    assert press("ArrowUp") == 7
    assert press("Home") == press("ArrowLeft") == 0


def test_a_passage_is_one_tab_stop_and_the_cursor_is_seen(page):
    seven = item(page, 1)
    box = seven.get_by_role("listbox", name="The passage, word by word")
    box.focus()
    page.keyboard.press("ArrowRight")
    ring = word(seven, "cow").evaluate("node => getComputedStyle(node).outlineStyle")
    assert ring == "solid"
    page.keyboard.press("Tab")
    expect(seven.get_by_role("checkbox")).to_be_focused()


def test_labs_commands_do_nothing_from_inside_a_passage(page):
    cells = page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Cell")
    before = cells.count()
    item(page, 1).get_by_role("listbox").focus()
    for key in ("d", "d", "x", "b", "a", "m", "j", "ArrowDown", "Escape", "b"):
        page.keyboard.press(key)
    assert cells.count() == before
    expect(item(page, 1).get_by_role("listbox")).to_be_focused()


# --- kept ----------------------------------------------------------------------------------------


def test_marks_are_there_again_after_a_kernel_restart(page):
    seven, eight = item(page, 1), item(page, 2)
    drag(page, word(seven, "the"), word(seven, "cat"))
    word(seven, "along").click()
    check(seven)
    eight.get_by_role("checkbox").check()
    check(eight)
    page.evaluate("window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()")
    ready(page)
    run_all(page)
    says(item(page, 1), "✓ the “old grey” cat")
    assert marked(item(page, 1)) == ["the “old grey” cat", "along"]
    assert looks(item(page, 1), "along")[0] == "dashed"
    expect(item(page, 2).get_by_role("checkbox")).to_be_checked()


def test_the_saved_notebook_does_not_tell_where_to_mark(lab, browser, notebook):
    with lab.open(browser, notebook) as page:
        begin(page)
    saved = (lab.folder / notebook).read_text(encoding="utf-8")
    assert "Mark the animals." in saved
    for secret in ("It says moo", "many have rejected his call", "Adjective added"):
        assert secret not in saved


# --- spot the distortion -------------------------------------------------------------------------


def test_the_faithful_summary_comes_last_when_every_passage_is_checked(page):
    assert page.locator(".ng-ending").text_content() == ""
    for number in (3, 4, 5):
        item(page, number).get_by_role("checkbox").check()
        check(item(page, number))
    ending = page.locator(".ng-ending")
    expect(ending).to_contain_text("All 3 passages together: found 0 of 15, marked in error 0.")
    expect(ending.locator("blockquote")).to_contain_text(FAITHFUL)
    expect(page.get_by_role("button", name="I have seen enough")).to_be_hidden()
    below = page.evaluate(
        """() => {
            const end = document.querySelector('.ng-ending blockquote').getBoundingClientRect();
            return [...document.querySelectorAll('.ng-item')].every(
                (item) => item.getBoundingClientRect().bottom <= end.top);
        }"""
    )
    assert below


def test_who_has_seen_enough_is_taken_to_the_faithful_summary(page):
    page.get_by_role("button", name="I have seen enough").click()
    expect(page.locator(".ng-ending blockquote")).to_contain_text(FAITHFUL)
    expect(page.locator(".ng-ending")).to_be_focused()


def test_the_labels_are_shown_and_are_no_words_to_mark(page):
    texts = [item(page, n).locator(".nm-text").text_content() for n in (3, 4, 5)]
    assert [text[:15] for text in texts] == ["[EXERCISE - MAY"] * 3
    for number in (3, 4, 5):
        expect(item(page, number).get_by_role("option", name="DISTORTED")).to_have_count(0)


# --- for everybody -------------------------------------------------------------------------------


@pytest.mark.parametrize("theme", THEMES)
def test_axe_finds_nothing_in_a_checked_passage(lab, browser, notebook, theme):
    with lab.open(browser, notebook, theme) as page:
        begin(page)
        seven = item(page, 1)
        for text in ("old", "met", "bell"):
            word(seven, text).click()
        check(seven)
        word(seven, "second").click()
        check(seven)
        seven.get_by_role("button", name="Show the answer").click()
        says(seven, "✓ old", "✗ met", "◐ bell", "○ cow")
        word(seven, "along").click()
        page.get_by_role("button", name="I have seen enough").click()
        expect(page.locator(".ng-ending blockquote")).to_be_visible()
        problems = scan(page, *numbered(page)[:3], ".ng-ending")
        assert not problems, json.dumps(problems, indent=1)[:2000]


@pytest.mark.parametrize("theme", THEMES)
def test_the_line_under_a_mark_stands_out(lab, browser, notebook, theme):
    with lab.open(browser, notebook, theme) as page:
        begin(page)
        seven = item(page, 1)
        for each in ("old", "met", "bell"):
            word(seven, each).click()
        check(seven)
        word(seven, "cow").click()
        page_colour = page.evaluate(
            "getComputedStyle(document.querySelector('.jp-Notebook')).backgroundColor"
        )
        for each in ("old", "met", "bell", "cow"):
            line = word(seven, each).evaluate("node => getComputedStyle(node).borderBottomColor")
            assert contrast(line, page_colour) >= 3, each
