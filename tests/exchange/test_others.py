"""What other programs make of the same: text2qti writes what we write, pygiftparser reads it."""

from __future__ import annotations

import io
import logging
import re
import warnings
import zipfile
from xml.etree import ElementTree as ET

import pytest

from nutgraf.exchange import gift, qti
from nutgraf.exchange.common import ready
from nutgraf.quizzes import Item, Part, all_items
from tests.exchange import items as made
from tests.exchange import readers
from tests.exchange.readers import QTI12, words_of

# The same questions, as items and in text2qti's own way of writing.

SAME = [
    (
        Item("S1", "03-words", "single", "Which one is it?",
             parts=(Part("a", "the first", False, "Not the first."),
                    Part("b", "the second", True, "The second it is."),
                    Part("c", "the third", False, "Not the third.")), shuffle=True),
        "1. Which one is it?\n"
        "a) the first\n... Not the first.\n*b) the second\n... The second it is.\n"
        "c) the third\n... Not the third.\n",
    ),
    (
        Item("S2", "03-words", "multiple", "Mark all of them.",
             parts=(Part("a", "one", True, "One it is."), Part("b", "two", False, "Not two."),
                    Part("c", "three", True, "Three as well.")),
             says="All of them.", otherwise="Go on looking."),
        "1. Mark all of them.\n+ All of them.\n- Go on looking.\n"
        "[*] one\n... One it is.\n[ ] two\n... Not two.\n[*] three\n... Three as well.\n",
    ),
    (
        Item("S3", "03-words", "number", "How much is it?", answer=0.57, tolerance=0.015,
             says="So it is.", otherwise="Count again."),
        "1. How much is it?\n+ So it is.\n- Count again.\n= 0.57 +- 0.015\n",
    ),
    (
        Item("S4", "03-words", "text", "What is the word?", accept=("type", "word type"),
             says="So it is called.", otherwise="It is another word."),
        "1. What is the word?\n+ So it is called.\n- It is another word.\n"
        "*   type\n*   word type\n",
    ),
]  # fmt: skip


def theirs(source: str) -> ET.Element:
    """What text2qti makes of a question: the item of its package."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from text2qti.config import Config
        from text2qti.qti import QTI
        from text2qti.quiz import Quiz

        content = QTI(Quiz(source, config=Config())).zip_bytes()
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        (name,) = [
            n for n in package.namelist()
            if n.endswith(".xml") and "meta" not in n and "manifest" not in n
        ]  # fmt: skip
        return next(ET.fromstring(package.read(name)).iter(f"{QTI12}item"))


def shape(item: ET.Element) -> list[tuple]:
    """An item without what is each program's own affair: its identifiers and spaces.

    Left aside besides: the title, the attribute that says whether options are mixed, and feedback
    that nobody asked for.
    """
    numbers: dict[str, str] = {"response1": "response1", "answer1": "answer1"}
    for label in item.iter(f"{QTI12}response_label"):
        numbers.setdefault(label.get("ident"), f"option {len(numbers)}")
    own = {"points_possible", "original_answer_ids", "assessment_question_identifierref"}
    found = []

    def named(text: str) -> str:
        for ident, name in numbers.items():
            text = text.replace(ident, name)
        return text

    def walk(element: ET.Element, depth: int) -> None:
        name = element.tag.removeprefix(QTI12)
        if name == "qtimetadatafield" and element[0].text in own:
            return
        attributes = {
            key: named(value) for key, value in element.attrib.items()
            if key not in ("title", "shuffle") and not (name == "item" and key == "ident")
        }  # fmt: skip
        text = words_of(element.text or "").replace("\f", "").strip()
        found.append((depth, name, tuple(sorted(attributes.items())), _number(named(text))))
        for child in element:
            walk(child, depth + 1)

    walk(item, 0)
    return found


def _number(text: str) -> str | float:
    return float(text) if re.fullmatch(r"-?\d+(\.\d+)?", text) else text


@pytest.mark.parametrize(("item", "source"), SAME, ids=[item.kind for item, _ in SAME])
def test_what_we_write_for_canvas_is_what_text2qti_writes(item, source):
    written = qti.write(made.quiz(item), made.no_pictures())
    (ours,) = readers.qti12_items(written.content).values()
    assert shape(ours) == shape(theirs(source))


def test_the_package_has_what_text2qtis_has():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from text2qti.config import Config
        from text2qti.qti import QTI
        from text2qti.quiz import Quiz

        other = readers_package(QTI(Quiz(SAME[0][1], config=Config())).zip_bytes())
    ours = readers_package(qti.write(made.quiz(SAME[0][0]), made.no_pictures()).content)

    def resources(files: dict[str, bytes]) -> list[tuple[str, int, int]]:
        root = ET.fromstring(files["imsmanifest.xml"])
        return [
            (one.get("type"), len(one.findall("{*}file")), len(one.findall("{*}dependency")))
            for one in root.iter() if one.tag.endswith("}resource")
        ]  # fmt: skip

    assert resources(ours) == resources(other)
    names = {one.tag for one in ET.fromstring(_meta(ours)).iter()}
    assert names <= {one.tag for one in ET.fromstring(_meta(other)).iter()}


def readers_package(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        return {name: package.read(name) for name in package.namelist()}


def _meta(files: dict[str, bytes]) -> bytes:
    return next(content for name, content in files.items() if name.endswith("_meta.xml"))


# --- GIFT ------------------------------------------------------------------------------------


def read_by_pygiftparser(source: str) -> list:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its patterns have escapes that Python warns of
        from pygiftparser import parser
    logging.disable(logging.CRITICAL)
    try:
        return parser.parseFile(io.StringIO(source))
    finally:
        logging.disable(logging.NOTSET)


def test_pygiftparser_reads_our_choices_and_pairs():
    """It knows no braces and no backslashes in a text, so questions with those are left aside."""
    checked = 0
    for item in all_items().values():
        (question,), _ = ready([item]) if not item.distorted else ((None,), [])
        if question is None or question.kind not in ("single", "multiple", "match", "order"):
            continue
        source = gift.write(made.quiz(item), made.no_pictures()).content.decode()
        if re.search(r"\\[\\{}]", source):
            continue
        (read,) = read_by_pygiftparser(source)
        ((told),) = readers.gift(source.encode())[1]
        # Moodle's sixth is 16.66667, and six of them are more than 100 to a reader that adds.
        assert read.valid or [*told.worth.values()].count(16.66667) == 6
        assert read.markup == "html"
        assert unescaped(read.text) == told.stem
        assert unescaped(read.title) == told.name
        assert unescaped(read.generalFeedback) == told.always
        kind = type(read.answers).__name__
        if told.kind == "matching":
            assert kind == "MatchingSet"
            assert [(unescaped(one.question), unescaped(one.answer)) for one in
                    read.answers.answers] == told.pairs  # fmt: skip
        else:
            assert kind == {"multichoice": "SelectSet"}.get(told.kind, "MultipleChoicesSet")
            answers = read.answers.answers
            assert [unescaped(one.answer) for one in answers] == [*told.choices.values()]
            assert [unescaped(one.feedback or "") for one in answers] == [*told.feedback.values()]
            assert [one.fraction for one in answers] == [*told.worth.values()]
        checked += 1
    assert checked > 70


def unescaped(text: str) -> str:
    return re.sub(r"\\([\\:#={}~])", r"\1", text.strip())
