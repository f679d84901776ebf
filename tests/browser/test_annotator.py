"""The annotator in JupyterLab: mouse, touch, keyboard alone, a killed kernel, both themes."""

from __future__ import annotations

import json
import os
import re
import signal

import pytest
from playwright.sync_api import expect

from nutgraf.article import Article
from nutgraf.journal import read_journal
from tests.browser.lab import ready, run_all
from tests.browser.test_quiz import THEMES, scan

MARKS = "my-marks-sadr-protests.jsonl"
CELL = """\
from nutgraf import load
from nutgraf.widgets.annotator import annotate
annotate(load("sadr-protests"))"""
ODD = "🐄 A cow 🐄🐄 met “old grey” cafe\u0301 cats.\r\n\r\nTwo\u00a0dogs barked; “we saw 🐕 it”."
ODD_CELL = f"""\
from nutgraf.article import Article
from nutgraf.widgets.annotator import annotate
annotate(Article.from_text({ODD!r}, "odd"))"""


@pytest.fixture
def notebook(lab, request):
    """A fresh notebook, and no earlier marks."""
    for path in lab.folder.glob("my-marks-*"):
        path.unlink()
    name = re.sub(r"\W+", "-", request.node.name) + ".ipynb"
    return lab.write(name, getattr(request, "param", CELL), "import os\nos.getpid()")


@pytest.fixture(params=THEMES[:1])
def desk(lab, browser, notebook, request):
    with lab.open(browser, notebook, request.param) as page:
        yield begin(page)


odd = pytest.mark.parametrize("notebook", [ODD_CELL], indirect=True, ids=["odd"])


def begin(page):
    run_all(page)
    desk = page.locator(".nutgraf-annotator")
    expect(desk.locator(".ng-text")).to_be_visible(timeout=30_000)
    return desk


def says(desk, text: str) -> None:
    expect(desk.get_by_role("status")).to_contain_text(text)


def kept(lab, name: str = MARKS) -> list[tuple[str, str, str]]:
    layer, problems = read_journal(lab.folder / name)
    assert problems == ()
    return [(mark.label, mark.quote, mark.note) for mark in layer.marks]


def find(desk, words: str) -> None:
    field = desk.get_by_label("Find words")
    field.fill(words)
    field.press("Enter")
    says(desk, "Selected, 1 of")


def label(desk, name: str):
    return desk.get_by_role("group", name="Labels for").get_by_role("button", name=name, exact=True)


def rows(desk):
    return desk.get_by_role("region", name="Your marks").locator("tbody tr")


def text(desk):
    return desk.get_by_role("group", name="The article’s text")


def place(desk, words: str, nth: int = 0) -> dict[str, float]:
    """Where words stand on the screen: left, right and the middle of their first line."""
    return desk.evaluate(
        """(desk, [words, nth]) => {
            const sheet = desk.querySelector('.ng-sheet');
            const walker = document.createTreeWalker(sheet, NodeFilter.SHOW_TEXT);
            const nodes = [];
            let all = '';
            while (walker.nextNode()) {
                nodes.push([walker.currentNode, all.length]);
                all += walker.currentNode.data;
            }
            let at = -1;
            for (let i = 0; i <= nth; i += 1) at = all.indexOf(words, at + 1);
            const put = (place) => {
                const [node, start] = nodes.findLast(([, begins]) => begins <= place);
                return [node, place - start];
            };
            const range = document.createRange();
            range.setStart(...put(at));
            const [node, last] = put(at + words.length - 1);
            range.setEnd(node, last + 1);
            range.startContainer.parentElement.scrollIntoView({ block: 'center' });
            const rects = range.getClientRects();
            const [first, end] = [rects[0], rects[rects.length - 1]];
            return { left: first.left, right: end.right, y: first.top + first.height / 2,
                     last: end.top + end.height / 2 };
        }""",
        [words, nth],
    )


def drag(desk, words: str, *, backward: bool = False) -> None:
    """Press at one end of the words and release at the other, in steps as a hand does."""
    at = place(desk, words)
    ends = [(at["left"] + 1, at["y"]), (at["right"] - 1, at["last"])]
    (x, y), (to_x, to_y) = ends[::-1] if backward else ends
    mouse = desk.page.mouse
    mouse.move(x, y)
    mouse.down()
    for step in range(1, 6):
        mouse.move(x + (to_x - x) * step / 5, y + (to_y - y) * step / 5)
        desk.page.wait_for_timeout(20)
    mouse.up()


# --- by mouse and touch ----------------------------------------------------------------------


def test_words_are_dragged_over_and_marked_with_a_button(desk, lab):
    expect(desk.page.locator(".nutgraf-twin")).to_be_hidden()
    drag(desk, "said Sadr")
    says(desk, "Selected: said Sadr. Choose a label.")
    label(desk, "SOURCE").click()
    says(desk, "Marked said Sadr as SOURCE. Undo with Ctrl+Z.")
    expect(rows(desk)).to_have_count(1)
    expect(desk.locator(".ng-on")).to_have_text("said Sadr")
    assert kept(lab) == [("SOURCE", "said Sadr", "")]


def test_a_drag_is_widened_to_whole_words_and_takes_marks_only_when_they_are_in_it(desk, lab):
    drag(desk, "nvader")
    says(desk, "Selected: invaders. Choose a label.")
    drag(desk, "“invaders”", backward=True)
    says(desk, "Selected: “invaders”. Choose a label.")


def test_a_double_click_selects_a_word_and_a_second_drag_starts_anew(desk, lab):
    at = place(desk, "Firebrand")
    desk.page.mouse.dblclick((at["left"] + at["right"]) / 2, at["y"])
    says(desk, "Selected: Firebrand. Choose a label.")
    label(desk, "LOADED").click()
    says(desk, "Now write the plainer wording.")
    drag(desk, "Muqtada al-Sadr called")
    says(desk, "Selected: Muqtada al-Sadr called.")
    label(desk, "SOURCE").click()
    says(desk, "Marked Muqtada al-Sadr called")
    assert [quote for _, quote, _ in kept(lab)] == ["Firebrand", "Muqtada al-Sadr called"]


@odd
@pytest.mark.parametrize("words", ["“old grey”", "cafe\u0301", "A cow 🐄🐄 met", "we saw 🐕 it"])
def test_offsets_are_exact_across_emoji_and_accents(desk, lab, words):
    drag(desk, words)
    says(desk, "Choose a label.")
    label(desk, "VAGUE").click()
    says(desk, "Marked")
    assert kept(lab, "my-marks-odd.jsonl") == [("VAGUE", words, "")]


@odd
def test_the_text_on_the_page_is_the_article_s(desk):
    paragraphs = desk.locator(".ng-paragraph").all_text_contents()
    assert paragraphs == Article.from_text(ODD).paragraphs["text"].tolist()
    drag(desk, "cats")
    label(desk, "VAGUE").click()
    expect(rows(desk)).to_have_count(1)
    assert desk.locator(".ng-paragraph").all_text_contents() == paragraphs


def test_fingers_tap_the_first_and_the_last_word(lab, browser, notebook):
    with lab.open(browser, notebook) as page:
        desk = begin(page)
        for words in ("Muqtada", "on Iraqis on"):
            at = place(desk, words)
            page.evaluate(TAP, [at["left"] + 3, at["y"]])
        says(desk, "Selected: Muqtada al-Sadr called on. Choose a label.")
        label(desk, "SOURCE").click()
        says(desk, "Marked Muqtada al-Sadr called on as SOURCE.")


TAP = """([clientX, clientY]) => {
    const at = { clientX, clientY, pointerType: 'touch', button: 0, bubbles: true };
    const there = document.elementFromPoint(clientX, clientY);
    there.dispatchEvent(new PointerEvent('pointerdown', at));
    there.dispatchEvent(new PointerEvent('pointerup', at));
}"""


def test_a_click_on_the_number_of_a_sentence_selects_it_for_a_tag(desk, lab, article):
    desk.locator(".ng-sentence").nth(1).click()
    label(desk, "CLAIM").click()
    says(desk, "Tagged S01 as CLAIM.")
    expect(desk.locator(".ng-tag")).to_have_attribute("data-name", "CLAIM")
    assert kept(lab) == [("CLAIM", article.sentences["text"][1], "")]


def test_marks_on_the_same_words_are_drawn_below_each_other(desk):
    find(desk, "“invaders”")
    label(desk, "QUOTE").click()
    says(desk, "Marked “invaders” as QUOTE.")
    find(desk, "invaders")
    label(desk, "VAGUE").click()
    says(desk, "Marked invaders as VAGUE.")
    both = desk.locator('.ng-on[data-label="QUOTE"] .ng-on[data-label="VAGUE"]')
    expect(both).to_have_text("invaders")
    looks = both.evaluate(
        """node => [node, node.parentElement].map((one) => {
            const style = getComputedStyle(one);
            return [style.textDecorationStyle, style.textUnderlineOffset, one.dataset.key];
        })"""
    )
    assert looks == [["dotted", "8px", "V"], ["solid", "2px", None]]
    expect(desk.locator('.ng-on[data-key="Q"]')).to_have_text("“")


def test_what_is_selected_can_be_copied(desk):
    find(desk, "invaders")
    text(desk).focus()
    copied = desk.evaluate(
        """desk => {
            const data = new DataTransfer();
            const event = new ClipboardEvent('copy', { clipboardData: data, bubbles: true });
            desk.querySelector('.ng-text').dispatchEvent(event);
            return data.getData('text/plain');
        }"""
    )
    assert copied == "invaders"


def test_a_label_without_a_selection_says_what_to_do(desk):
    label(desk, "VAGUE").click()
    says(desk, "Select words first")
    expect(rows(desk)).to_have_count(0)


# --- by keyboard -----------------------------------------------------------------------------


def test_the_keyboard_alone_marks_notes_moves_and_takes_back(desk, lab):
    cells = desk.page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Cell")
    before = cells.count()
    keys = desk.page.keyboard
    text(desk).focus()
    for key in ("ArrowDown", "ArrowDown", "End", "Control+ArrowLeft", "ArrowRight"):
        keys.press(key)
    expect(desk.locator(".ng-unseen")).to_have_text("call")
    keys.press("ArrowLeft")
    for _ in range(3):
        keys.press("Shift+ArrowRight")
    says(desk, "Selected: The call to homeland. Choose a label.")
    for key in ("[", "]"):
        keys.press(key)
    says(desk, "Selected: “The call to homeland”. Choose a label.")
    keys.press("q")
    says(desk, "Marked “The call to homeland” as QUOTE.")
    keys.press("Shift+}")
    says(desk, "QUOTE is on: “The call to homeland.")
    keys.press("]")
    says(desk, "QUOTE is on: “The call to homeland”.")
    keys.press("l")
    says(desk, "Now write the plainer wording.")
    note = desk.get_by_label("Note: the plainer wording")
    expect(note).to_be_focused()
    expect(rows(desk).nth(0)).to_contain_text("needs its plainer wording")
    keys.type("his call, dd?")
    keys.press("Enter")
    expect(text(desk)).to_be_focused()
    expect(rows(desk).nth(0)).to_contain_text("his call, dd?")
    for letter in "dd":  # Lab's command to delete the cell
        keys.press(letter)
    keys.press("o")
    says(desk, "Tagged S02 as OPINION.")
    assert [one[0] for one in kept(lab)] == ["OPINION", "LOADED", "QUOTE"]
    keys.press("Control+z")
    says(desk, "Taken back: OPINION on")
    keys.press("Control+Shift+Z")
    says(desk, "Done again: OPINION on")
    keys.press("Control+z")
    says(desk, "Taken back: OPINION on")
    keys.press("Home")
    keys.press("Tab")
    says(desk, "LOADED: “The call to homeland”. Note: his call, dd?. Mark 1 of 2.")
    keys.press("Tab")
    says(desk, "QUOTE: “The call to homeland”. Mark 2 of 2.")
    keys.press("Delete")
    says(desk, "Removed QUOTE on “The call to homeland”.")
    assert kept(lab) == [("LOADED", "“The call to homeland”", "his call, dd?")]
    assert cells.count() == before


def test_tab_leaves_the_text_after_the_last_mark_or_after_escape(desk):
    keys = desk.page.keyboard
    find(desk, "Firebrand")
    label(desk, "VAGUE").click()
    says(desk, "Marked")
    text(desk).focus()
    keys.press("Tab")
    expect(text(desk)).not_to_be_focused()
    text(desk).focus()
    keys.press("Control+Home")
    keys.press("Escape")
    keys.press("Tab")
    expect(text(desk)).not_to_be_focused()


def test_words_are_found_marked_and_found_again_without_selecting(desk, lab):
    keys = desk.page.keyboard
    desk.get_by_label("Find words").focus()
    keys.type("friday's protests")
    keys.press("Enter")
    says(desk, "Selected, 1 of 2, in S06: Friday’s protests. Choose a label, or press Enter")
    keys.press("Enter")
    says(desk, "Selected, 2 of 2, in S15: Friday’s protests.")
    label(desk, "VAGUE").focus()
    keys.press("Enter")
    says(desk, "Marked Friday’s protests as VAGUE.")
    desk.get_by_label("Find words").fill("<b>.*")
    keys.press("Enter")
    desk.get_by_label("Find words").press("Enter")
    says(desk, "“<b>.*” is not in the text.")
    assert [quote for _, quote, _ in kept(lab)] == ["Friday’s protests"]


def test_help_opens_and_closes_with_a_question_mark(desk):
    text(desk).focus()
    desk.page.keyboard.press("?")
    expect(desk.get_by_text("takes back the last change")).to_be_visible()
    desk.page.keyboard.press("?")
    expect(desk.get_by_text("takes back the last change")).to_be_hidden()
    expect(text(desk)).to_be_focused()


# --- the table and the panel -----------------------------------------------------------------


def marked(desk, *pairs: tuple[str, str]) -> None:
    for words, name in pairs:
        find(desk, words)
        label(desk, name).click()
        says(desk, "Undo with Ctrl+Z.")


def test_the_table_filters_goes_to_edits_and_removes(desk, lab):
    marked(desk, ("evict", "VAGUE"), ("invaders", "LOADED"), ("said Sadr", "SOURCE"))
    desk.get_by_label("Show").select_option("VAGUE (1)")
    expect(rows(desk)).to_have_count(1)
    desk.get_by_label("Show").select_option("without its note (1)")
    expect(rows(desk)).to_have_text(re.compile("invaders"))
    desk.get_by_label("Show").select_option("all (3)")
    desk.get_by_role("button", name="Go to: SOURCE, said Sadr").click()
    expect(text(desk)).to_be_focused()
    says(desk, "SOURCE: said Sadr. Mark 3 of 3.")
    desk.get_by_role("button", name="Edit: VAGUE, evict").click()
    panel = desk.get_by_role("group", name="The mark")
    panel.get_by_label("Label").select_option("LOADED")
    says(desk, "evict is LOADED now.")
    expect(panel.get_by_label("Note: the plainer wording")).to_be_focused()
    desk.page.keyboard.type("send away")
    panel.get_by_role("button", name="End: one word more").click()
    says(desk, "LOADED is on: evict “.")
    expect(rows(desk).first).to_contain_text("send away")
    desk.get_by_role("button", name="Remove: LOADED, evict “").click()
    says(desk, "Removed LOADED on evict “.")
    expect(desk.get_by_role("button", name="Remove: LOADED, invaders")).to_be_focused()
    assert [one[:2] for one in kept(lab)] == [("LOADED", "invaders"), ("SOURCE", "said Sadr")]


def test_a_pause_keeps_a_note_that_nobody_has_left(desk, lab):
    marked(desk, ("invaders", "LOADED"))
    desk.page.keyboard.type("foreign troops")
    says(desk, "Note on invaders kept.")
    assert kept(lab) == [("LOADED", "invaders", "foreign troops")]
    expect(desk.get_by_label("Note: the plainer wording")).to_have_value("foreign troops")


def test_the_guidelines_follow_the_label_that_is_used(desk):
    guide = desk.locator(".ng-guide")
    guide.get_by_text("Guidelines: NewsMarks-7").click()
    marked(desk, ("evict", "VAGUE"))
    expect(guide).to_contain_text("Ask what you would look up first.")
    expect(guide).to_contain_text("Not VAGUE")
    guide.get_by_role("button", name="CLAIM").click()
    expect(guide).to_contain_text("It must be possible to check.")


def test_export_says_the_name_of_the_file(desk, lab):
    marked(desk, ("evict", "VAGUE"))
    desk.get_by_role("button", name="Export the marks").click()
    says(desk, "Exported 1 mark to my-marks-sadr-protests.jsonld")
    assert (lab.folder / "my-marks-sadr-protests.jsonld").exists()


def test_the_reference_waits_for_five_marks_and_is_drawn_in_frames(desk):
    compare = desk.get_by_role("button", name="Compare with the reference")
    compare.click(force=True)
    says(desk, "Make 5 marks of your own first")
    names = ("evict", "touting", "retaliatory", "assassinated", "invaders")
    marked(desk, *((word, "VAGUE") for word in names))
    expect(desk.locator(".ng-other")).to_have_count(0)
    compare.click()
    says(desk, "Compared with the reference:")
    frame = desk.locator('.ng-other[data-label="LOADED"]').first
    assert frame.evaluate("node => getComputedStyle(node).borderBlockStyle") == "dashed"
    table = desk.get_by_role("group", name="Table of the differences")
    expect(table).to_contain_text("The reference marks “Firebrand” as LOADED.")
    expect(table).not_to_contain_text("wrong")
    table.get_by_role("button", name="Go to S01: LOADED").click()
    expect(text(desk)).to_be_focused()
    desk.get_by_label("Show the reference in the text").uncheck()
    expect(desk.locator(".ng-other")).to_have_count(0)


# --- what is kept ----------------------------------------------------------------------------


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="kill -9 is what Unix has")
def test_after_kill_9_of_the_kernel_every_mark_is_there(desk, lab):
    page = desk.page
    marked(desk, ("evict", "VAGUE"), ("invaders", "LOADED"), ("said Sadr", "SOURCE"))
    process = int(page.locator(".jp-OutputArea-output").last.text_content())
    os.kill(process, signal.SIGKILL)
    assert [one[1] for one in kept(lab)] == ["evict", "invaders", "said Sadr"]
    find(desk, "Firebrand")
    label(desk, "VAGUE").click()
    expect(desk.get_by_role("status")).to_contain_text("does not answer", timeout=20_000)
    expect(rows(desk)).to_have_count(3)  # what is not kept is not drawn
    dismiss = page.locator(".jp-Dialog button")
    if dismiss.count():
        dismiss.last.click()
    ready(page)
    desk = begin(page)
    expect(rows(desk)).to_have_count(3)
    marked(desk, ("Firebrand", "VAGUE"))
    assert [one[1] for one in kept(lab)] == ["Firebrand", "evict", "invaders", "said Sadr"]


def test_marks_and_notes_are_there_when_the_notebook_is_opened_again(lab, browser, notebook):
    with lab.open(browser, notebook) as page:
        desk = begin(page)
        marked(desk, ("invaders", "LOADED"))
        page.keyboard.type("foreign troops")
        page.keyboard.press("Enter")
        says(desk, "Note on invaders kept.")
    with lab.open(browser, notebook, fresh=True) as page:
        desk = begin(page)
        expect(rows(desk)).to_contain_text(["foreign troops"])
        expect(desk.locator(".ng-on")).to_have_text("invaders")


TWO = """\
from nutgraf import load
from nutgraf.widgets import annotator
one = annotator.widget_class()(annotator.Desk(load("sadr-protests")))
one"""


def test_two_views_of_one_model_agree(lab, browser, notebook):
    name = lab.write(notebook, TWO, "one")
    with lab.open(browser, name) as page:
        run_all(page)
        desks = page.locator(".nutgraf-annotator")
        expect(desks.locator(".ng-text")).to_have_count(2)
        first, second = desks.nth(0), desks.nth(1)
        marked(first, ("evict", "VAGUE"))
        expect(second.locator(".ng-on")).to_have_text("evict")
        second.get_by_role("button", name="Edit: VAGUE, evict").click()
        page.keyboard.type("send away")
        page.keyboard.press("Enter")
        expect(rows(first)).to_contain_text(["send away"])
        second.get_by_role("button", name="Undo").click()
        second.get_by_role("button", name="Undo").click()
        expect(rows(first)).to_have_count(0)
        expect(first.locator(".ng-on")).to_have_count(0)


def test_a_journal_on_another_text_is_told_and_moved(lab, browser, notebook, article):
    from nutgraf.journal import Journal

    older = Article.from_text(article.text.replace("Firebrand", "Outspoken"), article.name)
    start = older.text.index("invaders")
    Journal.open(lab.folder / MARKS, older).add(start, start + 8, "VAGUE")
    with lab.open(browser, notebook) as page:
        run_all(page)
        desk = page.locator(".nutgraf-annotator")
        expect(desk.get_by_role("alert")).to_contain_text("another version of the text")
        desk.get_by_role("button", name="Move the marks to this text").click()
        says(desk, "Marks moved over: 1. The old ones stay in my-marks-sadr-protests-before-")
        expect(desk.locator(".ng-on")).to_have_text("invaders")
    assert kept(lab) == [("VAGUE", "invaders", "")]


def test_damaged_lines_are_told_and_the_rest_goes_on(lab, browser, notebook, article):
    from nutgraf.journal import Journal

    Journal.open(lab.folder / MARKS, article).add(340, 348, "VAGUE")
    with (lab.folder / MARKS).open("ab") as file:
        file.write(b"{torn\n")
    with lab.open(browser, notebook) as page:
        desk = begin(page)
        expect(desk.get_by_text(f"1 line of {MARKS} cannot be followed")).to_be_visible()
        expect(rows(desk)).to_have_count(1)


# --- looks -----------------------------------------------------------------------------------


def test_a_narrow_window_does_not_cut_anything_off(desk):
    marked(desk, ("evict", "VAGUE"), ("invaders", "LOADED"))
    desk.page.set_viewport_size({"width": 620, "height": 900})
    desk.page.wait_for_timeout(400)
    assert desk.evaluate("node => node.scrollWidth - node.clientWidth") <= 0


@pytest.mark.parametrize("desk", THEMES, indirect=True)
def test_axe_finds_nothing_in_the_annotator(desk):
    names = ("evict", "touting", "retaliatory", "assassinated", "said Sadr")
    marked(desk, *((word, "VAGUE") for word in names), ("“invaders”", "QUOTE"))
    marked(desk, ("invaders", "LOADED"), ("ERBIL", "CLAIM"))
    desk.get_by_role("button", name="Compare with the reference").click()
    says(desk, "Compared with")
    for words in ("Guidelines", "Help: mouse", "How to decide"):
        desk.get_by_text(words).first.click()
    find(desk, "Firebrand")
    found = scan(desk.page, ".nutgraf-annotator")
    assert not found, json.dumps(found, indent=1)[:3000]
