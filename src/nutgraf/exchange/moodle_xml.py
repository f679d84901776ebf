"""Moodle XML: a question bank's category a quiz, with feedback, hints and pictures inside.

After Moodle's documentation of the format and what its importer reads; there is no schema of
Moodle's. Orders are of the type "ordering", which Moodle has of itself from 4.4 on.
"""

from __future__ import annotations

import base64
from xml.etree import ElementTree as ET

from nutgraf.exchange import common
from nutgraf.exchange.common import Block, Loss, Pictures, Question, Quiz, Written
from nutgraf.exchange.package import as_xml

FORM = "moodle-xml"

TYPES = {
    "single": "multichoice",
    "multiple": "multichoice",
    "number": "numerical",
    "text": "shortanswer",
    "order": "ordering",
    "match": "matching",
}

SHARES = {
    1: "100", 2: "50", 3: "33.33333", 4: "25", 5: "20", 6: "16.66667", 7: "14.28571", 8: "12.5",
    9: "11.11111", 10: "10", 20: "5",
}  # fmt: skip
"""Shares of a mark that Moodle knows, by how many of them make a whole one."""

NO_SHARE = "it has {} right options, and Moodle knows no such share of a mark"
LONGEST = 255
"""Longest wording or category that Moodle keeps, in characters."""

PLAIN = "moodle_auto_format"

PENALTY = "0.3333333"


def write(quiz: Quiz, pictures: Pictures) -> Written:
    """The quiz as one file. Raises NutgrafError when a picture is missing."""
    root = ET.Element("quiz")
    category = ET.SubElement(root, "question", {"type": "category"})
    _text(ET.SubElement(category, "category"), category_of(quiz))
    items, losses = [], []
    for question in quiz.questions:
        left_out, why = losses_of(question)
        losses += [Loss(question.item.id, FORM, "changed", one) for one in why]
        if left_out:
            losses.append(Loss(question.item.id, FORM, "left out", left_out))
            continue
        if question.kind == "order" and len(question.orders) > 1:
            why = "another right order gets part of the mark; the feedback names it"
            losses.append(Loss(question.item.id, FORM, "changed", why))
        root.append(_question(question, pictures))
        items.append(question.item.id)
    ET.indent(root, space="  ", level=0)
    return Written(as_xml(root), tuple(items), tuple(losses))


def category_of(quiz: Quiz) -> str:
    """Where the questions go in a question bank; a slash of the title's own stands twice."""
    return "$course$/top/Nutgraf/" + quiz.title.removeprefix("Nutgraf ").replace("/", "//")


def losses_of(question: Question) -> tuple[str, list[str]]:
    """What no format of Moodle's has a place for: why it is left out (or ""), and what changes."""
    why = []
    defensible = [choice for choice in question.choices if choice.right == "also"]
    if question.kind == "single" and defensible:
        why.append("the defensible reading counts as a right answer, like the other")
    if question.kind == "multiple" and question.wanted not in SHARES:
        return NO_SHARE.format(question.wanted), []
    if question.item.kind == "span":
        why.append("stretches of the passage are options; nothing is marked in the text itself")
    if question.kind == "match" and any(len(row.goes) > 1 for row in question.choices):
        why.append("one category of each row counts as right; the feedback names the others")
    long = [words for _, words in question.categories if len(words) > LONGEST]
    if question.kind == "text":
        long += [words for words in common.wordings(question.item) if len(words) > LONGEST]
    if long:
        return f"words of more than {LONGEST} characters do not fit: {long[0][:40]} …", []
    return "", why


# --- one question ----------------------------------------------------------------------------


def _question(question: Question, pictures: Pictures) -> ET.Element:
    element = ET.Element("question", {"type": TYPES[question.kind]})
    _text(ET.SubElement(element, "name"), question.name[:LONGEST])
    _rich(element, "questiontext", question.stem, pictures)
    always = [*question.always, *common.rows(question), *common.other_orders(question)]
    _rich(element, "generalfeedback", always, pictures)
    for name, value in {"defaultgrade": "1", "penalty": PENALTY, "hidden": "0"}.items():
        ET.SubElement(element, name).text = value
    ET.SubElement(element, "idnumber").text = question.id
    _ASKED[question.kind](element, question, pictures)
    for hint in question.item.hints:
        _rich(element, "hint", [Block("p", hint)], pictures)
    return element


def _multichoice(element: ET.Element, question: Question, pictures: Pictures) -> None:
    fields = {
        "single": "true" if question.kind == "single" else "false",
        "shuffleanswers": "true" if question.shuffle else "false",
        "answernumbering": "abc",
        "showstandardinstruction": "1",
    }
    for name, value in fields.items():
        ET.SubElement(element, name).text = value
    _combined(element, question, pictures)
    for choice in question.choices:
        answer = ET.SubElement(
            element, "answer", {"fraction": fraction(question, choice), "format": "html"}
        )
        names = common.pictures_in(choice.text)
        _text(answer, common.of_choice(question, choice, _image))
        _files(answer, names, pictures)
        _rich(answer, "feedback", common.paragraph(choice.says), pictures)


def fraction(question: Question, choice: common.Choice) -> str:
    """What choosing this is worth, in per cent: hits less false alarms, where there are several."""
    if question.kind == "single":
        return "100" if choice.right else "0"
    if choice.right == "also":
        return "0"
    share = SHARES[question.wanted]
    return share if choice.right else f"-{share}"


def _numerical(element: ET.Element, question: Question, pictures: Pictures) -> None:
    answer, _, _ = common.bounds(question.item)
    tolerance = common.digits(question.item.tolerance)
    answers = [(answer, "100", tolerance, question.right)]
    answers += [(one.words, "0", "0", one.says) for one in question.known]
    answers += [("*", "0", "0", question.wrong)] if question.wrong else []
    for value, worth, off, says in answers:
        entry = ET.SubElement(element, "answer", {"fraction": worth, "format": PLAIN})
        _text(entry, value)
        _rich(entry, "feedback", common.paragraph(says), pictures)
        ET.SubElement(entry, "tolerance").text = off
    units = {"unitgradingtype": "0", "unitpenalty": "0.1", "showunits": "3", "unitsleft": "0"}
    for name, value in units.items():
        ET.SubElement(element, name).text = value


def _shortanswer(element: ET.Element, question: Question, pictures: Pictures) -> None:
    ET.SubElement(element, "usecase").text = "0"
    for wording, worth, says in typed(question):
        entry = ET.SubElement(element, "answer", {"fraction": worth, "format": PLAIN})
        _text(entry, wording)
        _rich(entry, "feedback", common.paragraph(says), pictures)


def typed(question: Question) -> list[tuple[str, str, str]]:
    """What may be typed: the pattern, its worth in per cent, what is said. The first to fit counts.

    In a pattern `*` stands for anything, so an asterisk of the author's has a backslash before it.
    """
    right = [(_literal(words), "100", question.right) for words in common.wordings(question.item)]
    known = [(_literal(one.answer), "0", one.says) for one in question.known]
    rest = [("*", "0", question.wrong)] if question.wrong else []
    return [*right, *known, *rest]


def _literal(words: str) -> str:
    return words.replace("*", r"\*")


def _matching(element: ET.Element, question: Question, pictures: Pictures) -> None:
    ET.SubElement(element, "shuffleanswers").text = "true" if question.shuffle else "false"
    _combined(element, question, pictures)
    names = dict(question.categories)
    for row in question.choices:
        entry = ET.SubElement(element, "subquestion", {"format": "html"})
        found = common.pictures_in(row.text)
        _text(entry, common.of_choice(question, row, _image))
        _files(entry, found, pictures)
        _text(ET.SubElement(entry, "answer"), names[row.goes[0]])
    used = {row.goes[0] for row in question.choices}
    for number, words in question.categories:
        if number not in used:
            entry = ET.SubElement(element, "subquestion", {"format": "html"})
            _text(entry, "")
            _text(ET.SubElement(entry, "answer"), words)


def _ordering(element: ET.Element, question: Question, pictures: Pictures) -> None:
    several = len(question.orders) > 1
    fields = {
        "layouttype": "VERTICAL",
        "selecttype": "ALL",
        "selectcount": str(len(question.choices)),
        "gradingtype": "LONGEST_CONTIGUOUS_SUBSET" if several else "ALL_OR_NOTHING",
        "showgrading": "SHOW",
        "numberingstyle": "none",
    }
    for name, value in fields.items():
        ET.SubElement(element, name).text = value
    _combined(element, question, pictures)
    for number, piece in enumerate(question.choices, 1):
        entry = ET.SubElement(element, "answer", {"fraction": str(number), "format": "html"})
        names = common.pictures_in(piece.text)
        _text(entry, common.of_choice(question, piece, _image))
        _files(entry, names, pictures)


_ASKED = {
    "single": _multichoice,
    "multiple": _multichoice,
    "number": _numerical,
    "text": _shortanswer,
    "match": _matching,
    "order": _ordering,
}


# --- pieces of XML ---------------------------------------------------------------------------


def _combined(element: ET.Element, question: Question, pictures: Pictures) -> None:
    """What is said of the whole, when it is right, in part or not at all."""
    known = common.known(question)
    said = {
        "correctfeedback": common.paragraph(question.right),
        "partiallycorrectfeedback": [*common.paragraph(question.wrong), *known],
        "incorrectfeedback": [*common.paragraph(question.wrong), *known],
    }
    for name, pieces in said.items():
        _rich(element, name, pieces, pictures)
    if question.kind != "single":
        ET.SubElement(element, "shownumcorrect")


def _text(parent: ET.Element, words: str) -> None:
    ET.SubElement(parent, "text").text = words


def _rich(parent: ET.Element, name: str, pieces: list[Block], pictures: Pictures) -> None:
    element = ET.SubElement(parent, name, {"format": "html"})
    _text(element, common.html(common.blocks(pieces, _image)))
    names = [n for piece in pieces for text in (piece.text, *piece.texts)
             if piece.kind != "quote" for n in common.pictures_in(text)]  # fmt: skip
    _files(element, names, pictures)


def _image(name: str, alt: str) -> ET.Element:
    return ET.Element("img", {"src": f"@@PLUGINFILE@@/{name}", "alt": alt})


def _files(parent: ET.Element, names: list[str], pictures: Pictures) -> None:
    for name in dict.fromkeys(names):
        how = {"name": name, "path": "/", "encoding": "base64"}
        content = base64.b64encode(pictures.read(name)).decode()
        ET.SubElement(parent, "file", how).text = content
