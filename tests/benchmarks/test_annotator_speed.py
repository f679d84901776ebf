"""From a key to the mark on the screen, in a text of 10,000 words with 500 marks, in JupyterLab.

What is measured in the page ends with the first frame in which the change is drawn. Marking
includes the way to the kernel and back, and the write to the disk.
"""

from __future__ import annotations

import pytest

from tests.browser.lab import run_all

CELL = """\
from nutgraf.annotating import mark_at, Layer, text_sha256
from nutgraf.article import Article
from nutgraf.journal import Journal
from nutgraf.widgets import annotator
words = "the fox saw nine grey geese near a wide lake".split()
sentence = " ".join(words).capitalize() + ". "
article = Article.from_text("\\n\\n".join([sentence * 10] * 100), "speed")
annotator.marks_file(article).unlink(missing_ok=True)
names = ("QUOTE", "SOURCE", "LOADED", "VAGUE")
places = [(place, names[n % 4]) for n, place in enumerate(range(0, 44_000, 88))]
marks = tuple(
    mark_at(article, start, start + 20, name, id=f"m{start}") for start, name in places
)
layer = Layer("me", "speed", text_sha256(article), "newsmarks-7", marks)
Journal.open(annotator.marks_file(article), article).add_layer(layer)
annotator.annotate(article)"""

# Two frames: in the first the change is laid out, by the second it is on the screen.
PRESS = """([key, selector, count]) => new Promise((done) => {
    const box = document.querySelector('.nutgraf-annotator .ng-text');
    const start = performance.now();
    const look = () => {
        if (document.querySelectorAll(selector).length === count) {
            requestAnimationFrame(() => done(performance.now() - start));
        } else if (performance.now() - start > 10000) done(NaN);
        else requestAnimationFrame(look);
    };
    box.dispatchEvent(new KeyboardEvent('keydown', {
        ...key, bubbles: true, cancelable: true,
    }));
    look();
})"""


@pytest.fixture
def page(browser, lab):
    name = lab.write("annotator-speed.ipynb", CELL)
    with lab.open(browser, name) as page:
        run_all(page)
        page.wait_for_selector(".nutgraf-annotator tbody tr >> nth=49", state="attached")
        page.locator(".ng-text").focus()
        yield page


def told(benchmark, inside: list[float], what: str) -> None:
    inside = sorted(inside[2:])
    median = inside[len(inside) // 2]
    benchmark.extra_info["median in the page, ms"] = round(median, 1)
    benchmark.extra_info["slowest in the page, ms"] = round(inside[-1], 1)
    print(f"\n{what}: median {median:.1f}, slowest {inside[-1]:.1f} ms of {len(inside)}")


@pytest.mark.benchmark(group="annotator: key to paint")
def test_selecting_a_word_to_the_frame_around_it(benchmark, page):
    inside: list[float] = []

    def press() -> None:
        key = {"key": "ArrowRight", "shiftKey": True}
        inside.append(page.evaluate(PRESS, [key, ".ng-chosen", 1]))

    def start() -> None:
        page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowDown")
        page.wait_for_timeout(100)

    benchmark.pedantic(press, setup=start, rounds=22)
    told(benchmark, inside, "select to paint")


@pytest.mark.benchmark(group="annotator: key to paint")
def test_marking_to_the_mark_on_the_screen(benchmark, page):
    inside: list[float] = []

    def start() -> None:
        page.keyboard.press("Escape")
        for _ in range(3):
            page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowRight")
        page.keyboard.press("Shift+ArrowRight")
        page.wait_for_timeout(300)

    def press() -> None:
        rows = page.locator(".nutgraf-annotator .ng-on[data-key]").count()
        inside.append(
            page.evaluate(PRESS, [{"key": "v"}, ".nutgraf-annotator .ng-on[data-key]", rows + 1])
        )

    benchmark.pedantic(press, setup=start, rounds=22)
    told(benchmark, inside, "marking to paint")


@pytest.mark.benchmark(group="annotator: opening")
def test_the_text_is_drawn_from_the_task(benchmark, page):
    """Running the cell again: the kernel reads the journal, the page draws text and marks."""

    def run() -> None:
        page.evaluate("document.querySelector('.nutgraf-annotator').remove()")
        run_all(page)
        page.wait_for_selector(".nutgraf-annotator tbody tr >> nth=49", state="attached")

    benchmark.pedantic(run, rounds=3)
