"""Quizzes in JupyterLab: by mouse, by keyboard, after a restart, without a kernel."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.axe import in_sight, look
from tests.browser.lab import ready, run_all

KIT = Path(__file__).parent / "kit"
SETUP = f"""\
from pathlib import Path
from nutgraf import predict, quiz, quizzes
quizzes.kit_dir = lambda name: Path({str(KIT)!r})
None"""
THEMES = ["JupyterLab Light", "JupyterLab Dark"]


@pytest.fixture
def notebook(lab, request):
    """A fresh notebook with one cell for each item, and no earlier answers."""
    (lab.folder / "my-answers.jsonl").unlink(missing_ok=True)
    name = re.sub(r"\W+", "-", request.node.name) + ".ipynb"
    cells = [f'quiz("{item}")' for item in ("Z1", "Z2", "Z3", "Z4", "Z5", "Z6")]
    return lab.write(name, SETUP, *cells, 'predict("Z3")', 'predict("Z1")')


@pytest.fixture
def page(lab, browser, notebook):
    with lab.open(browser, notebook) as page:
        run_all(page)
        expect(page.locator(".ng-item")).to_have_count(8)
        yield page


def item(page, number: int):
    return page.locator(".ng-item").nth(number - 1)


def says(place, *words: str) -> None:
    for each in words:
        expect(place.get_by_role("status")).to_contain_text(each)


# --- by mouse --------------------------------------------------------------------------------


def test_a_single_choice_is_answered_by_mouse(page):
    one = item(page, 1)
    one.get_by_role("radio", name="the second letter").click()
    one.get_by_role("button", name="Certain").click()
    says(one, "Right.", "It stands after a.", "Sadr")
    expect(one.get_by_role("button", name="Certain")).to_have_attribute("aria-pressed", "true")


def test_a_choice_in_one_cell_leaves_the_other_cells_alone(page):
    one, eight = item(page, 1), item(page, 8)
    one.get_by_role("radio", name="the second letter").check()
    eight.get_by_role("radio", name="the third letter").check()
    expect(one.get_by_role("radio", name="the second letter")).to_be_checked()
    expect(eight.get_by_role("radio", name="the third letter")).to_be_checked()


def test_a_multiple_choice_is_answered_by_mouse(page):
    two = item(page, 2)
    two.get_by_role("checkbox", name="a", exact=False).first.click()
    two.get_by_role("checkbox", name="k").check()
    two.get_by_role("button", name="A guess").click()
    says(two, "Not yet.", "Your tongue touches the roof.")


def test_numbers_and_words_are_typed(page):
    three, four = item(page, 3), item(page, 4)
    three.get_by_label("Your number").fill("3")
    three.get_by_role("button", name="Fairly sure").click()
    says(three, "That is a tricycle.")
    four.get_by_label("Your answer").fill("Blue")
    four.get_by_role("button", name="Certain").click()
    says(four, "Right.")


def put_in_order(place, press) -> None:
    """Bubble the pieces into order, moving one up at a time."""
    right = ["x = 1", "if x:", "    print(x)"]
    for target, text in enumerate(right):
        for _ in range(3):
            seen = place.locator("li code").all_text_contents()
            if seen.index(text) <= target:
                break
            press(place.get_by_role("button", name=f"Move up: {text.strip()}"))


def test_pieces_are_put_in_order_by_mouse(page):
    five = item(page, 5)
    put_in_order(five, lambda button: button.click())
    five.get_by_role("button", name="Fairly sure").click()
    says(five, "Right.", "It prints 1.")


def test_rows_are_sorted_by_mouse(page):
    six = item(page, 6)
    six.get_by_role("button", name="A guess").click()
    says(six, "3 to go")
    for animal, where in (("cow", "land"), ("cod", "sea"), ("seal", "sea")):
        six.get_by_label(animal).select_option(where)
    six.get_by_role("button", name="A guess").click()
    says(six, "Right.", "Two of them swim.")


def test_a_guess_is_kept_then_compared(page):
    seven = item(page, 7)
    seven.get_by_label("Your number").fill("3")
    seven.get_by_role("button", name="Certain").click()
    says(seven, "Your guess is kept.")
    expect(seven.get_by_role("status")).not_to_contain_text("tricycle")
    seven.get_by_role("button", name="I have run it: compare").click()
    says(seven, "That is a tricycle.", "The answer: 2.")


def test_the_same_answer_given_twice_is_heard_twice(page):
    three = item(page, 3)
    three.get_by_label("Your number").fill("3")
    for _ in range(2):
        three.get_by_role("button", name="A guess").click()
        says(three, "That is a tricycle.")
    page.wait_for_timeout(6500)
    says(three, "That is a tricycle.")
    expect(three.get_by_role("status")).not_to_contain_text("does not answer")


def test_hints_and_the_answer_come_on_request(page):
    one, three = item(page, 1), item(page, 3)
    one.get_by_role("button", name="Hint").click()
    says(one, "Hint 1: Say the alphabet.")
    expect(three.get_by_role("button", name="Show the answer")).to_be_hidden()
    for wrong in ("4", "5"):
        three.get_by_label("Your number").fill(wrong)
        three.get_by_role("button", name="A guess").click()
        says(three, "Count them")
    three.get_by_role("button", name="Show the answer").click()
    says(three, "The answer: 2.")


# --- by keyboard alone -----------------------------------------------------------------------


def tab_to(page, place, limit: int = 60) -> None:
    """Press Tab until `place` has the focus, as a person would."""
    for _ in range(limit):
        if place.evaluate("node => node === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError("Tab does not reach it")


def test_every_kind_is_answered_by_keyboard_alone(page):
    one, two, three, four, five, six = (item(page, n) for n in range(1, 7))
    one.get_by_role("radio").first.focus()
    page.keyboard.press("Space")
    for _ in range(3):
        if one.get_by_role("radio", name="the second letter").is_checked():
            break
        page.keyboard.press("ArrowDown")
    tab_to(page, one.get_by_role("button", name="A guess"))
    page.keyboard.press("Enter")
    says(one, "Right.")

    for box in two.get_by_role("checkbox").all():
        tab_to(page, box)
        page.keyboard.press("Space")
    tab_to(page, two.get_by_role("button", name="A guess"))
    page.keyboard.press("Space")
    says(two, "Found: 2 of 2. Marked in error: 1. Score: 1.")

    for place, typed, expected in ((three, "2", "One before"), (four, "azure", "Rayleigh")):
        tab_to(page, place.get_by_role("textbox"))
        page.keyboard.type(typed)
        page.keyboard.press("Enter")
        page.keyboard.press("Enter")
        says(place, expected)

    def press(button) -> None:
        button.focus()
        page.keyboard.press("Enter")
        expect(button).to_be_focused()

    put_in_order(five, press)
    tab_to(page, five.get_by_role("button", name="Certain"))
    page.keyboard.press("Enter")
    says(five, "It prints 1.")

    for animal, letter in (("cow", "l"), ("cod", "s"), ("seal", "l")):
        tab_to(page, six.get_by_label(animal))
        page.keyboard.press(letter)
    tab_to(page, six.get_by_role("button", name="A guess"))
    page.keyboard.press("Enter")
    says(six, "Two of them swim.")


def test_labs_one_letter_commands_do_nothing_from_inside_a_quiz(page):
    cells = page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Cell")
    before = cells.count()
    item(page, 1).get_by_role("radio").first.focus()
    for key in ("d", "d", "x", "b", "a", "m", "j", "k"):
        page.keyboard.press(key)
    item(page, 3).get_by_label("Your number").press("d")
    assert cells.count() == before
    expect(item(page, 1).get_by_role("radio")).to_have_count(3)


def test_labs_save_shortcut_still_works_inside_a_quiz(lab, notebook, page):
    path = lab.folder / notebook
    before = path.stat().st_mtime_ns
    item(page, 1).get_by_role("radio").first.focus()
    page.keyboard.press("Control+s")
    page.wait_for_function("!document.querySelector('.lm-TabBar-tab.jp-mod-current.jp-mod-dirty')")
    page.wait_for_timeout(500)
    assert path.stat().st_mtime_ns > before


# --- after a restart, and without a kernel ----------------------------------------------------


def test_answers_are_there_again_after_a_kernel_restart(lab, browser, notebook, page):
    one, five = item(page, 1), item(page, 5)
    one.get_by_role("radio", name="the third letter").check()
    one.get_by_role("button", name="Certain").click()
    says(one, "A defensible reading.")
    put_in_order(five, lambda button: button.click())
    five.get_by_role("button", name="A guess").click()
    says(five, "It prints 1.")
    page.evaluate(
        """() => {
            const panel = window.jupyterapp.shell.currentWidget;
            return panel.sessionContext.session.kernel.restart();
        }"""
    )
    ready(page)
    run_all(page)
    expect(item(page, 1).get_by_role("radio", name="the third letter")).to_be_checked()
    says(item(page, 1), "A defensible reading.")
    assert item(page, 5).locator("li code").all_text_contents()[0] == "x = 1"
    says(item(page, 5), "It prints 1.")


def test_a_notebook_opened_without_a_kernel_shows_the_questions_as_text(lab, browser, notebook):
    with lab.open(browser, notebook) as page:
        run_all(page)
        expect(page.locator(".ng-item")).to_have_count(8)
        expect(page.locator(".nutgraf-twin").first).to_be_hidden()
        page.evaluate("window.jupyterapp.commands.execute('docmanager:save')")
        page.evaluate("window.jupyterapp.shell.currentWidget.sessionContext.shutdown()")
    with lab.open(browser, notebook, fresh=True) as page:
        twin = page.locator(".nutgraf-twin").first
        expect(twin).to_be_visible()
        expect(twin).to_contain_text("the second letter")
        expect(twin).to_contain_text("the first <b>letter</b>")


def test_the_saved_notebook_holds_no_key(lab, browser, notebook):
    with lab.open(browser, notebook) as page:
        run_all(page)
        expect(page.locator(".ng-item")).to_have_count(8)
    saved = (lab.folder / notebook).read_text(encoding="utf-8")
    assert "which one is `b`?" in saved.lower()
    for secret in ("It stands after a", "That is a tricycle", "Rayleigh", "Say the alphabet"):
        assert secret not in saved


def test_quiz_text_is_never_taken_for_markup(page):
    expect(item(page, 1).get_by_text("the first <b>letter</b>")).to_be_visible()
    assert item(page, 1).locator("b").count() == 0


# --- for everybody ---------------------------------------------------------------------------


def scan(page, *selectors: str) -> list[dict]:
    """axe-core's findings inside the elements; each of them must have been looked at."""
    with in_sight(page):
        page.locator(selectors[0]).first.scroll_into_view_if_needed()
        found = look(page, list(selectors), **{"target-size": {"enabled": True}})
    assert found.missed == []
    return found.violations


def numbered(page) -> list[str]:
    """A selector for each question of the page."""
    count = page.locator(".ng-item").evaluate_all(
        "nodes => nodes.map((node, n) => (node.id = `item-${n}`)).length"
    )
    return [f"#item-{n}" for n in range(count)]


@pytest.mark.parametrize("theme", THEMES)
def test_axe_finds_nothing_in_an_answered_quiz(lab, browser, notebook, theme):
    with lab.open(browser, notebook, theme) as page:
        run_all(page)
        expect(page.locator(".ng-item")).to_have_count(8)
        item(page, 1).get_by_role("radio").first.check()
        item(page, 1).get_by_role("button", name="Certain").click()
        expect(item(page, 1).locator(".ng-said p").first).to_be_visible()
        problems = scan(page, *numbered(page))
        assert not problems, json.dumps(problems, indent=1)[:2000]


def test_the_scan_does_find_what_is_wrong(page):
    """Without this the test above could pass for want of looking."""
    page.evaluate(
        """() => document.querySelector('.ng-item').insertAdjacentHTML('beforeend',
            '<div id="bad"><p style="color:#ddd;background:#fff">faint</p><input></div>')"""
    )
    names = {problem["id"] for problem in scan(page, "#bad")}
    assert {"color-contrast", "label"} <= names


def test_a_question_is_a_named_group_with_one_tab_stop_for_its_options(page):
    group = page.get_by_role("group", name=re.compile("^Question Which one is b"))
    expect(group).to_be_visible()
    names = {radio.get_attribute("name") for radio in group.get_by_role("radio").all()}
    assert len(names) == 1


@pytest.mark.parametrize("theme", THEMES)
def test_a_focused_button_shows_a_ring_that_stands_out(lab, browser, notebook, theme):
    with lab.open(browser, notebook, theme) as page:
        run_all(page)
        item(page, 1).get_by_role("radio").first.focus()
        page.keyboard.press("Tab")
        ring = page.evaluate(
            """() => {
                const style = getComputedStyle(document.activeElement);
                return [style.outlineStyle, parseFloat(style.outlineWidth), style.outlineColor,
                        getComputedStyle(document.querySelector('.jp-Notebook')).backgroundColor];
            }"""
        )
        assert ring[0] == "solid"
        assert ring[1] >= 2
        assert contrast(ring[2], ring[3]) >= 3


def contrast(one: str, other: str) -> float:
    """WCAG 2.2 contrast ratio of two CSS rgb() colours; alpha is laid over the second."""

    def channels(colour: str) -> list[float]:
        return [float(part) for part in re.findall(r"[\d.]+", colour)]

    below = channels(other)[:3]
    above, alpha = channels(one)[:3], (channels(one) + [1.0] * 4)[3]
    mixed = [a * alpha + b * (1 - alpha) for a, b in zip(above, below, strict=True)]

    def luminance(rgb: list[float]) -> float:
        parts = [c / 255 for c in rgb]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return sum(w * p for w, p in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    high, low = sorted((luminance(mixed), luminance(below)), reverse=True)
    return (high + 0.05) / (low + 0.05)
