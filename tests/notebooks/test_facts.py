"""Every number in a notebook's prose is computed, and the mechanism that sees to it can fail."""

from __future__ import annotations

from pathlib import Path

import checks
import facts
import prose
import pytest
import refresh
from hypothesis import given
from hypothesis import strategies as st

from nutgraf.errors import NutgrafError
from nutgraf.lessons import lessons

NOTEBOOKS = sorted(refresh.NOTEBOOKS.glob("*.ipynb"))
ARTICLE = "In Iraq, there are around 5,000 troops, said “the\u00a0many” since 1920."


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_number_in_the_prose_is_checked(path: Path, article):
    known = facts.load_facts(refresh.NOTEBOOKS / "facts" / f"{path.stem}.yml")
    lesson = {each.slug: each for each in lessons(refresh.NOTEBOOKS)}.get(path.stem)
    told = checks.Page(path).passages()
    if lesson:
        # The index shows it.
        told["(metadata: idea)"] = prose.passages(lesson.idea)

    found = facts.problems(told, known, article.text, {"lesson": lesson})

    if found:
        pytest.fail(f"{path.name}:\n- " + "\n- ".join(found), pytrace=False)


def test_every_file_of_facts_belongs_to_a_notebook():
    there = {path.stem for path in (refresh.NOTEBOOKS / "facts").glob("*")}

    assert there <= {path.stem for path in NOTEBOOKS}


# --- the mechanism -------------------------------------------------------------------------


@pytest.fixture
def check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Check Markdown against the text of a facts file; gives the problems."""
    monkeypatch.setattr(facts, "_names", lambda: {"text": ARTICLE, "pieces": [1, 2, 3, 4, 5]})

    def checked(markdown: str, written: str = "") -> list[str]:
        path = tmp_path / "03-words.yml"
        path.write_text(written, encoding="utf-8")
        return facts.problems({"03-cut": prose.passages(markdown)}, facts.load_facts(path), ARTICLE)

    return checked


def fact(says: str, expression: str) -> str:
    return f"facts:\n  - says: '{says}'\n    is: '{expression}'\n"


@pytest.mark.parametrize(
    ("markdown", "says", "expression"),
    [
        ("The cut gives 5 pieces.", "gives {} pieces", "len(pieces)"),
        ("The cut gives five pieces.", "gives {} pieces", "len(pieces)"),
        ("Five pieces come out.", "{} pieces come", "len(pieces)"),
        ("The cut gives **5**\npieces.", "gives {} pieces", "len(pieces)"),
        ("`split()` gives 5 pieces.", "`split()` gives {} pieces", "len(pieces)"),
        ("It has 2,697 characters.", "{} characters", "2697 * len(pieces) // 5"),
        ("It has 2697 characters.", "{} characters", "2697 * len(pieces) // 5"),
        ("There are twenty-five.", "are {}", "len(pieces) ** 2"),
        ("It scores 0.57 here.", "scores {}", "len(pieces) * 0.114"),
        ("It scores .5 here.", "scores {}", "len(pieces) / 10"),
        ("5 words, 10 signs.", "{} words, {} signs", "(len(pieces), 2 * len(pieces))"),
        ("| homeland | 5 |\n| --- | --- |\n| a | b |", "homeland | {}", "len(pieces)"),
        ("It calls U+201C 5 times.", "{} times", "len(pieces)"),
    ],
)
def test_a_number_with_its_fact_passes(check, markdown, says, expression):
    assert check(markdown, fact(says, expression)) == []


@pytest.mark.parametrize(
    "markdown",
    [
        "It is `430` in code.",
        "Look at [lesson 05](05-x.ipynb).",
        "## 430 words",
        "```\n430\n```",
        "S13 and U+201C and UTF-8 are names.",
        "one of the two sides",
        'It says “since 1920”, and "around 5,000 troops" too.',
        "> In Iraq, there are around 5,000 troops",
        "a seventh, often",
    ],
)
def test_what_is_no_fact_needs_none(check, markdown):
    assert check(markdown) == []


@pytest.mark.parametrize(
    ("markdown", "written", "words"),
    [
        (
            "The cut gives 6 pieces.",
            fact("gives {} pieces", "len(pieces)"),
            "says 'gives 6 pieces'",
        ),
        ("The cut gives 15 pieces.", fact("{} pieces", "len(pieces)"), "says '15 pieces'"),
        ("The cut is good.", fact("gives {} pieces", "len(pieces)"), "nowhere in the prose"),
        ("Look at 430 words.", "", "nothing checks '430' in 'Look at 430 words.'"),
        ("Look at 430 words.", "", "- says: 'Look at {} words.'"),
        ("Look at seven words.", "", "nothing checks 'seven'"),
        ("| a | 7 |\n| --- | --- |\n| b | 8 |", "", "nothing checks '7'"),
        ("It says “since 1921”.", "", "nothing checks '1921'"),
        ("> since 1921", "", "not word for word"),
        ("No number.", "not_facts: ['45 minutes']", "take it out"),
        ("It gives 5.", fact("gives {}", "len(nothing)"), "NameError"),
        ("It gives 5.", fact("gives {}", "pieces"), "1 holes, but `is` gives 5 values"),
        ("It gives 5.", fact("gives {}", "len(pieces) == 5"), "gives True"),
        ("It gives 5.", fact("gives {}", "{1: text}"), "number or text"),
    ],
)
def test_a_wrong_number_is_found(check, markdown, written, words):
    assert words in "\n".join(check(markdown, written))


def test_one_wrong_number_gives_one_message(check):
    assert len(check("It gives 6 pieces.", fact("gives {} pieces", "len(pieces)"))) == 1


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("facts: [", "cannot be read"),
        ("numbers: []", "03-words.yml: holds numbers"),
        ("- a", "only `facts:` and `not_facts:`"),
        ("facts: 5", "facts: must be a list"),
        ("facts: [5]", "fact 1: 5 must have"),
        ("facts: [{says: 'a {}'}]", "fact 1: is: must be text"),
        ("facts: [{says: 'a {}', is: 5}]", "fact 1: is: must be text"),
        ("facts: [{says: 'a {}', is: '5'}]", "bare constant"),
        ("facts: [{says: 'a {}', is: 'len('}]", "must be an expression"),
        ("facts: [{says: 'a {}', is: 'len(text)', note: x}]", "fact 1: note: is no field"),
        ("facts: [{says: 'a', is: 'len(text)'}]", "needs {} where"),
        ("facts: [{says: '{}', is: 'len(text)'}]", "and words with it"),
        ("facts: [{says: 'a {}', says: 'b {}', is: 'len(text)'}]", "'says' stands twice"),
        ("not_facts: [minutes]", "not_facts 1: 'minutes'"),
        ("not_facts: [45]", "not_facts 1: 45"),
        ("not_facts: ['5 a', '5 a']", "'5 a' stands twice"),
    ],
)
def test_a_mistake_in_the_file_is_named(tmp_path: Path, written, words):
    path = tmp_path / "03-words.yml"
    path.write_text(written, encoding="utf-8")

    with pytest.raises(NutgrafError) as problem:
        facts.load_facts(path)

    assert words in str(problem.value)


@given(st.text())
def test_any_file_is_read_or_refused_with_its_name(tmp_path_factory, written):
    path = tmp_path_factory.mktemp("facts") / "03-words.yml"
    path.write_bytes(written.encode("utf-8", "surrogatepass"))

    try:
        refused = ""
        facts.load_facts(path)
    except NutgrafError as problem:
        refused = str(problem)
    assert refused == "" or refused.startswith("03-words.yml: ")


@given(st.text(max_size=300))
def test_any_markdown_has_prose_with_a_mark_for_each_character(source):
    for passage in prose.passages(source):
        assert len(passage.text) == len(passage.plain)
