"""The workshop on paper: what stands on the sheets, and that they come out of the printer."""

from __future__ import annotations

import re
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nutgraf import Article, NutgrafError, editions, paper, quizzes

ITEMS = ("R7", "R8", "R5", "C4", "P1", "P2", "K3", "R6")


class Sheets(HTMLParser):
    """The words of a page, and the words of each of its sections."""

    def __init__(self, page: str):
        super().__init__()
        self.words: list[str] = []
        self.sections: list[str] = []
        self.tags: list[str] = []
        self.hidden = False
        self.feed(page)
        self.text = "".join(self.words)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.hidden = tag in ("style", "title")
        if tag == "section":
            self.sections.append("")

    def handle_data(self, data):
        if not self.hidden:
            self.words.append(data)
            if self.sections:
                self.sections[-1] += data


@pytest.fixture(scope="module")
def handout() -> Sheets:
    return Sheets(paper.handout())


@pytest.fixture(scope="module")
def key() -> Sheets:
    return Sheets(paper.key())


# --- lines ---------------------------------------------------------------------------------


def test_the_lines_are_the_article_word_for_word(article):
    lines = paper.numbered_lines(article)
    assert [one.text for one in lines] == [article.text[one.start : one.end] for one in lines]
    assert " ".join(one.text for one in lines).split() == article.text.split()


def test_lines_are_numbered_through_and_paragraphs_named_once(article):
    lines = paper.numbered_lines(article)
    assert [one.number for one in lines] == list(range(1, len(lines) + 1))
    names = [one.paragraph for one in lines if one.paragraph]
    assert names == [f"P{n:02d}" for n in range(len(article.paragraphs))]


def test_a_tiny_text_breaks_where_it_is_full():
    article = Article.from_text("one two three\n\nfour extraordinarily five")
    assert [(one.paragraph, one.text) for one in paper.numbered_lines(article, 8)] == [
        ("P00", "one two"),
        ("", "three"),
        ("P01", "four"),
        ("", "extraordinarily"),
        ("", "five"),
    ]


@given(st.text(min_size=1).filter(str.strip), st.integers(1, 40))
def test_any_text_keeps_its_words_in_lines_that_are_not_too_long(text, width):
    article = Article.from_text(text)
    lines = paper.numbered_lines(article, width)
    assert [word for one in lines for word in one.text.split()] == article.text.split()
    assert all(len(one.text) <= width or len(one.text.split()) == 1 for one in lines)


def test_the_article_stands_on_the_handout_with_its_line_numbers(handout, article):
    (page,) = (one for one in handout.sections if one.startswith("The article"))
    for line in paper.numbered_lines(article):
        assert f"{line.paragraph}{line.number}{line.text}" in page


def test_quoted_words_are_those_of_the_quotations(article):
    rows = dict(paper.quoted_words(article))
    quotations = article.reference["quotations"]
    assert sum(rows.values()) == sum(one["words"] for one in quotations)
    assert [rows["Qais al-Khazali"], rows["Many on the streets"]] == [79, 0]


# --- the handout ---------------------------------------------------------------------------


def test_the_steps_fill_45_minutes_without_a_gap():
    ends = [first for first, _, _ in paper.STEPS[1:]]
    assert [last for _, last, _ in paper.STEPS] == [*ends, 45]
    assert paper.STEPS[0][0] == 0


@pytest.mark.parametrize(("first", "last", "name"), paper.STEPS)
def test_every_step_is_on_the_handout_and_in_the_key(handout, key, first, last, name):
    heading = f"minutes {first}–{last} {name}"
    assert heading in handout.text
    assert heading in key.text


@pytest.mark.parametrize("name", ITEMS)
def test_every_option_of_a_question_is_on_the_handout(handout, article, name):
    (item,) = quizzes.pick(name)
    shown = " ".join(handout.text.split())
    if name == "P1":
        sentences = {one["id"]: one["quote"] for one in article.reference["sentences"]}
        wanted = [sentences[part.id.upper()] for part in item.parts]
    else:
        wanted = [part.text for part in item.parts]
    assert [text for text in wanted if " ".join(text.split()) not in shown] == []


@pytest.mark.parametrize("name", ITEMS)
def test_no_feedback_stands_on_the_handout_and_all_of_it_in_the_key(handout, key, name):
    (item,) = quizzes.pick(name)
    said = [words for words in [item.says, *(part.says for part in item.parts)] if words]
    assert said
    assert [words for words in said if words in handout.text] == []
    assert [words for words in said if words not in key.text] == []


def test_pairs_mark_the_seven_sentences_as_they_stand_in_the_article(article):
    sentences = {one["id"]: one["quote"] for one in article.reference["sentences"]}
    (item,) = quizzes.pick("P1")
    assert [part.id for part in item.parts] == ["s01", "s02", "s04", "s10", "s11", "s13", "s18"]
    for part in item.parts:
        name, _, words = part.text.partition(" · ")
        assert sentences[name].replace("\u00a0", " ").endswith(words)


def test_the_swap_test_has_words_to_leave_alone():
    (item,) = quizzes.pick("P2")
    assert sum(part.right is False for part in item.parts) >= 4


def test_the_three_summaries_share_a_sheet_with_their_labels_and_the_faithful_one_ends_it(
    handout, article
):
    (sheet,) = (one for one in handout.sections if "Three summaries" in one)
    for name in ("S3", "S7", "S8"):
        (item,) = quizzes.pick(name)
        assert item.watermark
        assert item.passage.startswith(item.watermark)
        assert item.passage in sheet
    (faithful,) = (one for one in article.summaries["faithful"] if one["words"] == 50)
    assert faithful["text"] in handout.sections[-1]
    assert faithful["text"] not in sheet


def test_the_handout_does_not_say_which_summaries_are_altered(handout, article):
    for one in article.summaries["distorted"]:
        assert one["leans"] not in handout.text
        assert not [s for s in one["altered"] if s["kind"] in handout.text]


def test_the_key_has_each_altered_spot_with_the_line_it_should_be_held_against(key, article):
    lines = {one.number: one for one in paper.numbered_lines(article)}
    for one in article.summaries["distorted"]:
        for spot in one["altered"]:
            if not spot["altered"]:
                continue
            quote, repair = (re.escape(spot["altered"]["quote"]), re.escape(spot["repair"]))
            row = re.search(rf"{quote}{re.escape(spot['kind'])}{repair}(\d+)(?:–(\d+))?", key.text)
            first, last = lines[int(row[1])], lines[int(row[2] or row[1])]
            assert first.start <= spot["source"]["start"] < first.end
            assert last.start < spot["source"]["end"] <= last.end


def test_the_card_says_that_it_has_to_be_checked(handout):
    assert "A person has to open each page again before anyone relies on them." in handout.text


@pytest.mark.parametrize("page", [paper.handout, paper.key])
def test_a_page_has_one_title_needs_no_other_file_and_runs_nothing(page):
    sheets = Sheets(page())
    assert sheets.tags.count("h1") == 1
    assert not {"script", "img", "link", "iframe"} & set(sheets.tags)
    assert "default-src 'none'" in page()


# --- files ---------------------------------------------------------------------------------


@pytest.fixture
def no_browser(monkeypatch):
    monkeypatch.setattr(paper, "find_browser", lambda: None)


def test_without_a_browser_the_pages_are_written_all_the_same(tmp_path, no_browser):
    files, why = paper.write(tmp_path / "sheets.html")
    assert [path.name for path in files] == ["sheets.html", "sheets-key.html"]
    assert files[0].read_text("utf-8") == paper.handout()
    assert files[1].read_text("utf-8") == paper.key()
    assert why == "no Chromium, Chrome or Edge was found"


def test_a_name_without_an_ending_gets_one(tmp_path, no_browser):
    files, _ = paper.write(tmp_path / "sheets")
    assert files[0].name == "sheets.html"


def test_nothing_is_overwritten(tmp_path, no_browser):
    (tmp_path / "sheets-key.html").write_text("mine")
    files, _ = paper.write(tmp_path / "sheets.html")
    assert [path.name for path in files] == ["sheets-2.html", "sheets-2-key.html"]
    assert (tmp_path / "sheets-key.html").read_text() == "mine"


def test_a_place_that_cannot_be_written_is_named(tmp_path, no_browser):
    with pytest.raises(NutgrafError, match=r"sheets.html could not be written"):
        paper.write(tmp_path / "nowhere" / "sheets.html")


@pytest.mark.parametrize(
    "browser", [sys.executable, "no-such-browser"], ids=["prints nothing", "not there"]
)
def test_a_browser_that_does_not_print_is_no_obstacle(tmp_path, monkeypatch, browser):
    monkeypatch.setenv("NUTGRAF_BROWSER", browser)
    files, why = paper.write(tmp_path / "sheets.html")
    assert [path.suffix for path in files] == [".html", ".html"]
    assert why == f"{Path(browser).name} made none"
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(path.name for path in files)


def test_a_browser_is_found_where_it_lies(tmp_path, monkeypatch):
    monkeypatch.delenv("NUTGRAF_BROWSER", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    there = tmp_path / "chrome.exe"
    there.touch()
    monkeypatch.setenv("SOMEWHERE", str(tmp_path))
    monkeypatch.setattr(paper, "PLACES", ("/no/such/browser", "$SOMEWHERE/chrome.exe"))
    assert paper.find_browser() == str(there)


def test_no_browser_is_found_where_there_is_none(tmp_path, monkeypatch):
    monkeypatch.delenv("NUTGRAF_BROWSER", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(paper, "PLACES", ())
    assert paper.find_browser() is None


# --- the teacher's guide -------------------------------------------------------------------

GUIDES = ["README.md", "workshop.md", "half-day.md", "four-weeks.md"]


@pytest.fixture(params=GUIDES)
def guide(request, root: Path) -> tuple[Path, str]:
    path = root / "guide" / request.param
    return path, path.read_text(encoding="utf-8")


def rows(text: str, pattern: str) -> list[tuple[str, ...]]:
    return re.findall(rf"^\| {pattern} \|", text, re.MULTILINE)


def test_links_of_the_guide_lead_somewhere(guide):
    path, text = guide
    targets = re.findall(r"\]\(([^)#\s]+)\)", text)
    assert [one for one in targets if not (path.parent / one).exists()] == []


def test_questions_that_the_guide_names_exist(guide):
    _, text = guide
    named = set(re.findall(r"\b([A-DGKNRTUVP]\d{1,2})\b", text))
    # Paragraphs are named P00 to P14, with two digits.
    ids = {one for one in named if not re.fullmatch(r"P\d\d", one)}
    assert ids <= set(quizzes.all_items())


def test_the_script_of_the_workshop_has_its_steps(root: Path):
    text = (root / "guide/workshop.md").read_text(encoding="utf-8")
    steps = [(f"{first}–{last}", name) for first, last, name in paper.STEPS]
    assert rows(text, r"(\d+–\d+) \| (.+?)(?= \| )[^\n]*?") == steps
    assert re.findall(r"^## (\d+–\d+) (.+)$", text, re.MULTILINE) == steps


def test_the_notebook_has_the_steps_of_the_paper(root: Path):
    import nbformat

    cells = nbformat.read(root / "notebooks/workshop.ipynb", 4).cells
    text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    steps = [(f"{first}–{last}", name) for first, last, name in paper.STEPS]
    assert re.findall(r"^## (\d+–\d+) min: (.+)$", text, re.MULTILINE) == steps


def test_half_a_day_is_three_and_a_half_hours_in_order(root: Path):
    text = (root / "guide/half-day.md").read_text(encoding="utf-8")
    plan = [(int(h) * 60 + int(m), int(n)) for h, m, n in rows(text, r"(\d):(\d\d) \| (\d+)")]
    assert sum(minutes for _, minutes in plan) == 210
    assert [begins for begins, _ in plan] == [sum(n for _, n in plan[:i]) for i in range(len(plan))]
    titles = re.findall(r"^## (\d):(\d\d) .+? ?\((\d+)\)$", text, re.MULTILINE)
    assert [(int(h) * 60 + int(m), int(n)) for h, m, n in titles] == plan


def test_every_meeting_of_the_four_weeks_has_75_minutes(root: Path):
    text = (root / "guide/four-weeks.md").read_text(encoding="utf-8")
    meetings = rows(text, r"\d \| \d \| .+? \| .+? \| ([\d +]+)")
    assert [sum(map(int, one.split("+"))) for one in meetings] == [75] * 8


def test_the_numbers_in_the_script_are_those_of_the_article(root: Path, article):
    text = (root / "guide/workshop.md").read_text(encoding="utf-8")
    counts, quoted = article.reference["counts"], dict(paper.quoted_words(article))
    assert f"{counts['quoted_words']} of {counts['words']} words are quoted" in text
    assert f"Khazali has {quoted['Qais al-Khazali']}, Sadr {quoted['Muqtada al-Sadr']}" in text


def test_a_class_edition_has_a_handout_and_no_key(monkeypatch, tmp_path):
    monkeypatch.setattr(editions, "edition", lambda: editions.CLASS)
    monkeypatch.setattr(paper, "find_browser", lambda: None)
    files, _ = paper.write(tmp_path / "w.html")
    assert [path.name for path in files] == ["w.html"]
    with pytest.raises(NutgrafError, match="not in a class edition"):
        paper.key()
