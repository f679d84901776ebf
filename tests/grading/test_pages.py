"""Pages for learners and teachers: what they say, what they keep to themselves, and safely."""

from __future__ import annotations

import random
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nutgraf.grading import pages
from nutgraf.grading.pages import write
from nutgraf.grading.results import OUTCOMES, CellResult, Result, Sheet
from nutgraf.grading.submissions import Collected, Learner, Refused, Submission

E03 = Sheet("E03", "E03 A better word list", (("E03-small", 2.0), ("E03-article", 1.0)))
E04 = Sheet("E04", "E04 Top words", (("E04-small", 1.5),))
SHEETS = (E03, E04)

ANN, BEN, CEM = (Learner(name, f"{name} Surname{name}") for name in ("Ann", "Ben", "Cem"))
EVIL = '</span><script>alert(1)</script><img src=x onerror="alert(1)">&amp;'


class Page(HTMLParser):
    """The parts of a page that tests ask about."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict]] = []
        self.open: list[str] = []
        self.words: list[str] = []
        self.balanced = True
        self.feed(text)
        self.close()
        self.balanced &= not self.open

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag in ("td", "th", "div", "br"):
            self.words.append(" ")
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        self.balanced &= bool(self.open) and self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.words).split())


def result(learner: Learner, sheet: Sheet, *cells: tuple[str, str], notes=()) -> Result:
    made = tuple(
        CellResult(name, points * (outcome == "correct"), points, outcome, message)
        for (name, points), (outcome, message) in zip(sheet.cells, cells, strict=True)
    )
    return Result(learner.key, sheet.exercise, made, tuple(notes))


RIGHT = ("correct", "")
RESULTS = (
    result(ANN, E03, RIGHT, RIGHT),
    result(ANN, E04, RIGHT),
    result(BEN, E03, RIGHT, ("not yet", "Where does\nyours cut?"), notes=["an id stands twice"]),
    result(BEN, E04, ("not yet", "Mind the US.")),
    result(CEM, E03, ("not attempted", ""), ("not attempted", "")),
)
FILES = tuple(Submission(one.learner, one.exercise, "x", "0") for one in RESULTS)
CLASS = Collected(Path(), (ANN, BEN, CEM), FILES, ("Dan/x.zip: it is no zip. Ask again.",))


def written(folder: Path, results=RESULTS, collected=CLASS, isolation="It was shut in.") -> dict:
    return {
        str(path.relative_to(folder)): Page(path.read_text(encoding="utf-8"))
        for path in write(results, collected, SHEETS, folder, isolation)
    }


@pytest.fixture
def made(tmp_path) -> dict[str, Page]:
    return written(tmp_path)


# Learners


def test_each_learner_gets_a_page_and_the_teacher_one(made):
    assert set(made) == {f"feedback/{n}.html" for n in ("Ann", "Ben", "Cem")} | {"class.html"}


def test_a_page_says_how_each_test_went_and_what_to_do_next(made):
    text = made["feedback/Ben.html"].text
    assert "Feedback for Ben SurnameBen" in text
    assert "2 of 4.5 points." in text
    assert "E03 A better word list 2 of 3 ◐ partly correct" in text
    assert "small 2 of 2 ✓ correct" in text
    assert "article 0 of 1 ✗ not yet Where does yours cut?" in text
    assert "Next: Look at the question, change your function" in text
    assert "E04 Top words Its tests Test Points How it went small 0 of 1.5 ✗ not yet Mind" in text


def test_a_page_says_when_all_is_right_or_nothing_there(made):
    assert "Every test of every exercise here holds. Well done." in made["feedback/Ann.html"].text
    assert "There is nothing left to do here." in made["feedback/Ann.html"].text
    assert (
        "E04 Top words – not handed in Next: If you have done it" in made["feedback/Cem.html"].text
    )


def test_a_learners_page_is_about_that_learner_alone(made):
    for name in ("Ann", "Ben", "Cem"):
        others = {"Ann", "Ben", "Cem"} - {name}
        assert not any(other in made[f"feedback/{name}.html"].text for other in others)
        assert "an id stands twice" not in made[f"feedback/{name}.html"].text


def test_points_wait_for_a_person(tmp_path):
    results = [result(BEN, E03, RIGHT, ("not testable", "words gives back a Tree."))]
    page = written(tmp_path, results)["feedback/Ben.html"]
    assert "Your points will be complete when your teacher has looked at the rest." in page.text
    assert "? of 3" in page.text
    assert "? your teacher looks at it words gives back a Tree." in page.text
    assert "points." not in page.text.replace("Your points", "")


@pytest.mark.parametrize("outcome", [*OUTCOMES, "not handed in", "no result"])
def test_every_outcome_has_words_for_learners(outcome):
    said = pages._SAID[outcome]
    assert said.sign
    assert said.words
    assert said.then or outcome == "correct"


def test_the_shape_of_a_message_is_kept(made, tmp_path):
    raw = (tmp_path / "feedback/Ben.html").read_text(encoding="utf-8")
    assert ">Where does\nyours cut?</div>" in raw


# Teachers


def test_the_overview_counts_each_exercise(made):
    text = made["class.html"].text
    assert "3 learners, 5 notebooks handed in. It was shut in." in text
    # handed in, correct, partly, not yet, not attempted, to look at, mean points
    assert "E03 A better word list 3 of 3 1 1 0 1 0 1.7 of 3" in text
    assert "E04 Top words 2 of 3 1 0 1 0 0 0.8 of 1.5" in text


def test_means_are_of_what_could_be_graded(tmp_path):
    results = [*RESULTS[:3], result(BEN, E04, ("not testable", "A Tree.")), RESULTS[4]]
    text = written(tmp_path, results)["class.html"].text
    assert "E04 Top words 2 of 3 1 0 0 0 1 1.5 of 1.5" in text


def test_the_overview_says_which_mistake_how_often_and_whose(tmp_path):
    results = [result(one, E04, ("not yet", "Mind the US.")) for one in (BEN, CEM)]
    results.append(result(ANN, E04, ("time", "Too long.")))
    text = written(tmp_path, results)["class.html"].text
    first = text.index("small 2 ✗ not yet Mind the US. Ben, Cem")
    assert first < text.index("small 1 ✗ time Too long. Ann")


def test_the_overview_lists_what_a_person_looks_at(tmp_path):
    results = [result(BEN, E03, RIGHT, ("unreadable", "No JSON."), notes=["cut off"])]
    refused = (Refused("Ann", "E04", "it has 50.0 MB. Ask for it."),)
    files = tuple(one for one in FILES if (one.learner, one.exercise) != ("Ann", "E04"))
    collected = Collected(Path(), CLASS.learners, files, (), refused)
    text = written(tmp_path, results, collected)["class.html"].text
    assert (
        "Ben SurnameBen E03 A better word list the file is no notebook that can be read No JSON."
        in text
    )
    assert "cut off" in text
    assert "Ann SurnameAnn E04 Top words the file is no notebook that can be read" in text
    assert "it has 50.0 MB. Ask for it." in text
    assert "there is a file, and no result for it" in text  # for all others


def test_the_overview_lists_odd_files_and_what_could_not_be_used(made):
    text = made["class.html"].text
    assert "What was odd about files" in text
    assert "Ben SurnameBen E03 an id stands twice" in text
    assert "What could not be used Dan/x.zip: it is no zip. Ask again." in text


def test_the_overview_leads_to_every_learners_page(made, tmp_path):
    addresses = [a["href"] for tag, a in made["class.html"].tags if tag == "a"]
    files = [unquote(one) for one in addresses if not one.startswith("#")]
    assert {"feedback/Ann.html", "feedback/Ben.html", "feedback/Cem.html"} <= set(files)
    assert all((tmp_path / one).is_file() for one in files)
    ids = {a["id"] for _, a in made["class.html"].tags if "id" in a}
    assert {one[1:] for one in addresses if one.startswith("#")} <= ids


def test_the_overview_of_an_empty_class_says_so(tmp_path):
    text = written(tmp_path, [], Collected(Path(), (), (), ()))["class.html"].text
    assert "0 learners, 0 notebooks handed in." in text
    assert "Nobody handed in anything." in text
    assert "nothing that only a person can decide" in text


def test_rare_messages_and_long_lists_are_cut_with_a_count(tmp_path):
    many = tuple(Learner(f"L{n}", f"L{n}") for n in range(60))
    results = [result(one, E04, ("not yet", "same")) for one in many[:45]]
    results += [result(one, E04, ("not yet", one.key)) for one in many[45:]]
    files = tuple(Submission(one.key, "E04", "x", "0") for one in many)
    text = written(tmp_path, results, Collected(Path(), many, files, ()))["class.html"].text
    assert "L39 and 5 more" in text
    assert "And 6 rarer messages, in grades.csv." in text


# Safe and plain


def hostile(text: str) -> tuple[list[Result], Collected]:
    learner = Learner("Eve", text, text, text)
    results = [result(learner, E03, ("not yet", text), ("error", text), notes=[text])]
    files = (Submission("Eve", "E03", "x", "0"),)
    return results, Collected(Path(), (learner,), files, (text,))


def check_safe(page: Page, text: str) -> None:
    allowed = {"html", "head", "meta", "title", "style", "body", "main", "h1", "h2", "h3", "p", "b"}
    allowed |= {"a", "bdi", "br", "div", "span", "ul", "li"}
    allowed |= {"table", "caption", "thead", "tbody", "tr", "th", "td"}
    assert {tag for tag, _ in page.tags} <= allowed
    assert page.balanced
    for _, attributes in page.tags:
        assert not any(name.startswith("on") for name in attributes)
        assert set(attributes) <= {
            *("lang", "charset", "name", "content", "http-equiv", "class", "id", "href", "dir"),
            *("scope", "role", "tabindex", "aria-label", "aria-hidden"),
        }
        address = attributes.get("href", "#")
        assert address.startswith(("#", "feedback/"))
    assert "://" not in re.sub(r"\s", "", "".join(str(tag) for tag in page.tags))


def test_what_comes_from_a_notebook_is_text_and_nothing_more(tmp_path):
    for page in written(tmp_path, *hostile(EVIL)).values():
        check_safe(page, EVIL)
        assert "<script>alert(1)</script>" in page.text


@given(st.text())
def test_any_text_stays_text(tmp_path_factory, text):
    folder = tmp_path_factory.mktemp("pages")
    for page in written(folder, *hostile(text)).values():
        check_safe(page, text)


def test_a_page_needs_nothing_and_runs_nothing(made):
    for page in made.values():
        safe = [a["content"] for tag, a in page.tags if a.get("http-equiv")]
        assert safe == [
            "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
        ]
    assert "url(" not in pages._STYLE
    assert "@import" not in pages._STYLE


def test_tables_name_themselves_and_their_heads(made):
    for page in made.values():
        tags = [tag for tag, _ in page.tags]
        assert tags.count("table") == tags.count("caption") > 0
        assert all(a.get("scope") in ("row", "col") for tag, a in page.tags if tag == "th")
        assert tags.count("h1") == 1


def channel(value: int) -> float:
    one = value / 255
    return one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4


def lightness(colour: str) -> float:
    colour = "".join(2 * sign for sign in colour[1:]) if len(colour) == 4 else colour[1:]
    parts = [channel(int(colour[n : n + 2], 16)) for n in (0, 2, 4)]
    return sum(part * weight for part, weight in zip(parts, (0.2126, 0.7152, 0.0722), strict=True))


@pytest.mark.parametrize("mode", [0, 1])
def test_colours_can_be_read_in_light_and_dark(mode):
    # WCAG 2.2, 1.4.3: 4.5 to 1 for text; 1.4.11: 3 to 1 for what else has a meaning.
    sets = re.findall(r":root \{(.*?)\}", pages._STYLE, re.DOTALL)
    colours = dict(re.findall(r"--(\w+): (#[0-9a-f]+)", sets[mode]))
    for ground in ("page", "band"):
        for name in ("text", "soft", "link", "good", "next", "look", "line"):
            one, other = sorted(lightness(colours[which]) for which in (ground, name))
            wanted = 3 if name == "line" else 4.5
            assert (other + 0.05) / (one + 0.05) >= wanted, (name, ground)


def test_the_same_results_give_the_same_bytes_in_any_order(tmp_path):
    made = set()
    for seed in range(4):
        chance = random.Random(seed)
        collected = Collected(
            Path(str(seed)),
            tuple(chance.sample(CLASS.learners, 3)),
            tuple(chance.sample(FILES, len(FILES))),
            CLASS.problems,
        )
        results = chance.sample(RESULTS, len(RESULTS))
        files = write(results, collected, chance.sample(SHEETS, 2), tmp_path / str(seed), "x")
        made.add(tuple((path.name, path.read_bytes()) for path in files))
    assert len(made) == 1


def test_a_key_of_any_script_has_a_page_and_a_link(tmp_path):
    learner = Learner("李雷 & Jörg #1", "李雷")
    files = (Submission(learner.key, "E04", "x", "0"),)
    collected = Collected(Path(), (learner,), files, ())
    made = written(tmp_path, [result(learner, E04, RIGHT)], collected)
    (address,) = {a["href"] for t, a in made["class.html"].tags if t == "a" and a["href"][0] == "f"}
    assert (tmp_path / unquote(address)).is_file()
