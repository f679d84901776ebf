"""QTI 2.1 for platforms other than Canvas and Moodle: a zip with a test and a file an item.

After IMS QTI 2.1 (Assessment Test, Section, and Item Information Model). It has a place for
everything the kit asks, marks in a passage included; what a platform makes of it differs widely.
"""

from __future__ import annotations

from decimal import Decimal
from xml.etree import ElementTree as ET

from nutgraf.exchange import common
from nutgraf.exchange.common import Block, Choice, Loss, Pictures, Question, Quiz, Written
from nutgraf.exchange.package import Resource, as_xml, manifest, zipped

FORM = "qti21"
NAMESPACE = "http://www.imsglobal.org/xsd/imsqti_v2p1"


def write(quiz: Quiz, pictures: Pictures) -> Written:
    """The quiz as a package. Raises NutgrafError when a picture is missing."""
    files: dict[str, bytes] = {}
    resources = []
    losses = [loss for question in quiz.questions for loss in _losses(question)]
    for question in quiz.questions:
        mine = Pictures(pictures.folder)
        files[f"items/{question.id}.xml"] = as_xml(_item(question, mine))
        pictures.found |= mine.found
        entries = (f"items/{question.id}.xml", *(f"media/{name}" for name in sorted(mine.found)))
        resources.append(Resource(question.id, "imsqti_item_xmlv2p1", entries))
    name = f"nutgraf-{quiz.slug}"
    files[f"{name}.xml"] = as_xml(_test(name, quiz))
    needs = tuple(question.id for question in quiz.questions)
    resources.insert(0, Resource(name, "imsqti_test_xmlv2p1", (f"{name}.xml",), needs))
    files |= {f"media/{picture}": content for picture, content in pictures.found.items()}
    schema = ("QTIv2.1 Package", "1.0.0")
    files["imsmanifest.xml"] = manifest(f"{name}-manifest", schema, resources)
    items = tuple(question.item.id for question in quiz.questions)
    return Written(zipped(files), items, tuple(losses))


def _losses(question: Question) -> list[Loss]:
    why = []
    if question.kind == "single" and any(choice.right == "also" for choice in question.choices):
        why.append("the defensible reading counts as a right answer, like the other")
    if question.item.kind == "span":
        why.append("the stretches that can be marked are given, and no others")
    return [Loss(question.item.id, FORM, "changed", one) for one in why]


def _test(name: str, quiz: Quiz) -> ET.Element:
    test = ET.Element(
        "assessmentTest", {"xmlns": NAMESPACE, "identifier": name, "title": quiz.title}
    )
    part = ET.SubElement(test, "testPart", {
        "identifier": "part", "navigationMode": "nonlinear", "submissionMode": "individual",
    })  # fmt: skip
    section = ET.SubElement(part, "assessmentSection", {
        "identifier": "section", "title": quiz.title, "visible": "true",
    })  # fmt: skip
    for question in quiz.questions:
        ET.SubElement(section, "assessmentItemRef", {
            "identifier": question.id, "href": f"items/{question.id}.xml",
        })  # fmt: skip
    return test


# --- one item --------------------------------------------------------------------------------


class _Parts:
    """The parts of an item, in the order in which they have to stand."""

    def __init__(self, question: Question, pictures: Pictures):
        self.question, self.pictures = question, pictures
        self.response = ET.Element("responseDeclaration", {"identifier": "RESPONSE"})
        self.body = ET.Element("itemBody")
        self.processing = ET.Element("responseProcessing")
        self.feedback: list[ET.Element] = []
        self.known: list[tuple[ET.Element, str]] = []

    def image(self, name: str, alt: str) -> ET.Element:
        self.pictures.read(name)
        return ET.Element("img", {"src": f"../media/{name}", "alt": alt})

    def blocks(self, pieces: list[Block] | tuple[Block, ...]) -> list[ET.Element]:
        return [_plain(one) for one in common.blocks(pieces, self.image)]

    def tell(self, ident: str, pieces: list[Block]) -> None:
        """Feedback under this name, to be shown when a condition sets it."""
        modal = ET.Element("modalFeedback", {
            "outcomeIdentifier": "FEEDBACK", "identifier": ident, "showHide": "show",
        })  # fmt: skip
        modal.extend(self.blocks(pieces))
        self.feedback.append(modal)


def _item(question: Question, pictures: Pictures) -> ET.Element:
    parts = _Parts(question, pictures)
    parts.body.extend(parts.blocks(_stem(question)))
    always = [*question.always, *common.rows(question), *common.hints(question)]
    _ASKED[question.item.kind](parts)
    if question.right and question.kind != "single":
        parts.tell("right", common.paragraph(question.right))
    if question.wrong and question.kind != "single":
        parts.tell("wrong", common.paragraph(question.wrong))
    _verdict(parts)
    if always:
        parts.tell("always", always)
        parts.processing.append(_show("always"))
    item = ET.Element("assessmentItem", {
        "xmlns": NAMESPACE, "identifier": question.id, "title": question.name,
        "adaptive": "false", "timeDependent": "false",
    })  # fmt: skip
    item.append(parts.response)
    score = ET.SubElement(item, "outcomeDeclaration", {
        "identifier": "SCORE", "cardinality": "single", "baseType": "float",
    })  # fmt: skip
    ET.SubElement(ET.SubElement(score, "defaultValue"), "value").text = "0"
    ET.SubElement(item, "outcomeDeclaration", {
        "identifier": "FEEDBACK", "cardinality": "multiple", "baseType": "identifier",
    })  # fmt: skip
    item.extend([parts.body, parts.processing, *parts.feedback])
    return item


def _stem(question: Question) -> tuple[Block, ...]:
    """What is asked, but for the passage that is marked: it stands in the interaction."""
    if question.item.kind != "span":
        return question.stem
    own = Block("quote", question.item.passage)
    return tuple(block for block in question.stem if block != own)


def _declare(parts: _Parts, cardinality: str, base: str, correct: list[str]) -> None:
    parts.response.set("cardinality", cardinality)
    parts.response.set("baseType", base)
    if correct:
        values = ET.SubElement(parts.response, "correctResponse")
        for one in correct:
            ET.SubElement(values, "value").text = one


def _mapping(parts: _Parts, worth: dict[str, str], *, text: bool = False) -> None:
    """What each choice, pair or wording is worth; the sum is the score, never below zero."""
    mapping = ET.SubElement(
        parts.response, "mapping", {"lowerBound": "0", "upperBound": "1", "defaultValue": "0"}
    )
    for key, value in worth.items():
        entry = ET.SubElement(mapping, "mapEntry", {"mapKey": key, "mappedValue": value})
        if text:
            entry.set("caseSensitive", "false")
    scored = ET.SubElement(parts.processing, "setOutcomeValue", {"identifier": "SCORE"})
    ET.SubElement(scored, "mapResponse", {"identifier": "RESPONSE"})


def _choices(parts: _Parts) -> None:
    question = parts.question
    many = question.kind == "multiple"
    base = "multiple" if many else "single"
    _declare(parts, base, "identifier", [_id(c) for c in question.choices if c.right is True])
    asked = ET.SubElement(parts.body, "choiceInteraction", {
        "responseIdentifier": "RESPONSE", "shuffle": _yes(question.shuffle),
        "maxChoices": "0" if many else "1",
    })  # fmt: skip
    for choice in question.choices:
        option = ET.SubElement(asked, "simpleChoice", {"identifier": _id(choice)})
        _words(option, parts, choice)
    _mapping(parts, _worths(question))
    _each(parts)


def _worths(question: Question) -> dict[str, str]:
    """Hits less false alarms, as shares of the hits that there are to make."""
    if question.kind == "single":
        return {_id(choice): "1" for choice in question.choices if choice.right}
    share = f"{1 / max(question.wanted, 1):.5f}"
    return {
        _id(choice): share if choice.right else f"-{share}"
        for choice in question.choices
        if choice.right != "also"
    }


def _each(parts: _Parts) -> None:
    """What is said of each choice, when it is chosen."""
    for choice in parts.question.choices:
        if choice.says:
            parts.tell(f"of_{_id(choice)}", common.paragraph(choice.says))
            chosen = _holds(parts, _id(choice))
            parts.processing.append(_if(chosen, _show(f"of_{_id(choice)}")))


def _holds(parts: _Parts, ident: str) -> ET.Element:
    many = parts.response.get("cardinality") == "multiple"
    test = ET.Element("member" if many else "match")
    test.append(_value("identifier", ident))
    test.append(_response())
    return test


def _passage(parts: _Parts) -> None:
    """A passage with stretches to mark. That nothing is to be marked is said by marking nothing."""
    question = parts.question
    stretches = [choice for choice in question.choices if choice.end]
    _declare(parts, "multiple", "identifier", [_id(c) for c in stretches if c.right is True])
    asked = ET.SubElement(
        parts.body, "hottextInteraction", {"responseIdentifier": "RESPONSE", "maxChoices": "0"}
    )
    line = ET.SubElement(asked, "p")
    place = 0
    passage = question.item.passage
    for choice in stretches:
        common.inline_plain(line, passage[place : choice.start])
        hot = ET.SubElement(line, "hottext", {"identifier": _id(choice)})
        common.inline_plain(hot, passage[choice.start : choice.end])
        place = choice.end
    common.inline_plain(line, passage[place:])
    if any(choice.right is True for choice in stretches):
        worth = _worths(question)
        _mapping(parts, {_id(choice): worth[_id(choice)] for choice in stretches
                         if _id(choice) in worth})  # fmt: skip
    else:
        none = ET.Element("isNull")
        none.append(_response())
        parts.processing.append(_if(none, _score("1")))
    _each_stretch(parts, stretches)


def _each_stretch(parts: _Parts, stretches: list[Choice]) -> None:
    for choice in stretches:
        if choice.says:
            parts.tell(f"of_{_id(choice)}", common.paragraph(choice.says))
            parts.processing.append(_if(_holds(parts, _id(choice)), _show(f"of_{_id(choice)}")))
    empty = next(choice for choice in parts.question.choices if not choice.end)
    if empty.right is True and empty.says:
        parts.tell("right", common.paragraph(empty.says))


def _number(parts: _Parts) -> None:
    item = parts.question.item
    answer, _, _ = common.bounds(item)
    _declare(parts, "single", "float", [answer])
    line = ET.SubElement(parts.body, "p")
    ET.SubElement(
        line, "textEntryInteraction", {"responseIdentifier": "RESPONSE", "expectedLength": "10"}
    )
    parts.processing.append(_if(_near(answer, Decimal(repr(item.tolerance))), _score("1")))
    _known(parts, [_near(one.words, Decimal(0)) for one in parts.question.known])


def _near(value: str, tolerance: Decimal) -> ET.Element:
    """Near enough to a number; a billionth is allowed for, as floats are not exact."""
    off = format(max(tolerance, Decimal("0.000000001")), "f")
    test = ET.Element("equal", {"toleranceMode": "absolute", "tolerance": f"{off} {off}"})
    test.append(_response())
    test.append(_value("float", value))
    return test


def _text(parts: _Parts) -> None:
    wordings = common.wordings(parts.question.item)
    _declare(parts, "single", "string", wordings[:1])
    line = ET.SubElement(parts.body, "p")
    ET.SubElement(
        line, "textEntryInteraction", {"responseIdentifier": "RESPONSE", "expectedLength": "20"}
    )
    _mapping(parts, dict.fromkeys(wordings, "1"), text=True)
    tests = []
    for one in parts.question.known:
        test = ET.Element("stringMatch", {"caseSensitive": "false"})
        test.append(_response())
        test.append(_value("string", one.answer))
        tests.append(test)
    _known(parts, tests)


def _order(parts: _Parts) -> None:
    question = parts.question
    _declare(parts, "ordered", "identifier", [f"c{one}" for one in question.orders[0]])
    asked = ET.SubElement(
        parts.body, "orderInteraction", {"responseIdentifier": "RESPONSE", "shuffle": "true"}
    )
    for piece in sorted(question.choices, key=lambda piece: piece.id):
        _words(ET.SubElement(asked, "simpleChoice", {"identifier": _id(piece)}), parts, piece)
    for order in question.orders:
        parts.processing.append(_if(_in_order(order), _score("1")))
    _known(parts, [_in_order(one.answer) for one in question.known])


def _in_order(order: tuple[str, ...]) -> ET.Element:
    test = ET.Element("match")
    test.append(_response())
    wanted = ET.SubElement(test, "ordered")
    wanted.extend([_value("identifier", f"c{one}") for one in order])
    return test


def _rows(parts: _Parts) -> None:
    question = parts.question
    _declare(parts, "multiple", "directedPair",
             [f"{_id(row)} c{row.goes[0]}" for row in question.choices])  # fmt: skip
    count = str(len(question.choices))
    asked = ET.SubElement(parts.body, "matchInteraction", {
        "responseIdentifier": "RESPONSE", "shuffle": "false", "maxAssociations": count,
    })  # fmt: skip
    left = ET.SubElement(asked, "simpleMatchSet")
    for row in question.choices:
        entry = ET.SubElement(
            left, "simpleAssociableChoice", {"identifier": _id(row), "matchMax": "1"}
        )
        _words(entry, parts, row)
    right = ET.SubElement(asked, "simpleMatchSet")
    for number, words in question.categories:
        entry = ET.SubElement(
            right, "simpleAssociableChoice", {"identifier": f"c{number}", "matchMax": count}
        )
        common.inline(entry, words, parts.image)
    share = f"{1 / len(question.choices):.5f}"
    pairs = {f"{_id(row)} c{goes}": share for row in question.choices for goes in row.goes}
    _mapping(parts, pairs)


_ASKED = {
    "single": _choices,
    "multiple": _choices,
    "number": _number,
    "text": _text,
    "order": _order,
    "match": _rows,
    "span": _passage,
}


def _known(parts: _Parts, tests: list[ET.Element]) -> None:
    """What is said of wrong answers that the kit knows, each with the test that finds it."""
    for number, (one, test) in enumerate(zip(parts.question.known, tests, strict=True), 1):
        parts.tell(f"known_{number}", common.paragraph(one.says))
        parts.known.append((test, f"known_{number}"))


def _verdict(parts: _Parts) -> None:
    """What is said of the whole: it is right, a wrong answer that the kit knows, or another one.

    Shares of a mark are rounded, so a little less than a whole one is a whole one.
    """
    told = {modal.get("identifier") for modal in parts.feedback}
    right = ET.Element("gte")
    ET.SubElement(right, "variable", {"identifier": "SCORE"})
    right.append(_value("float", "0.999"))
    branches = [(right, "right" if "right" in told else ""), *parts.known]
    branches += [(None, "wrong")] if "wrong" in told else []
    if not any(shows for _, shows in branches):
        return
    condition = ET.SubElement(parts.processing, "responseCondition")
    names = ["responseIf"] + ["responseElseIf"] * len(parts.known) + ["responseElse"]
    for (test, shows), name in zip(branches, names, strict=False):
        branch = ET.SubElement(condition, name)
        branch.extend([] if test is None else [test])
        branch.extend([_show(shows)] if shows else [])


# --- pieces of XML ---------------------------------------------------------------------------


def _id(choice: Choice) -> str:
    return f"c{choice.id}"


def _yes(is_so: bool) -> str:
    return "true" if is_so else "false"


def _words(parent: ET.Element, parts: _Parts, choice: Choice) -> None:
    if parts.question.item.code:
        common.inline_plain(ET.SubElement(parent, "pre"), choice.text)
    elif parts.question.item.kind == "span":
        common.inline_plain(parent, choice.text)
    else:
        _plain(common.inline(parent, choice.text, parts.image))


def _plain(element: ET.Element) -> ET.Element:
    """Without style attributes: QTI 2.1 has none."""
    for one in element.iter():
        one.attrib.pop("style", None)
    return element


def _response() -> ET.Element:
    return ET.Element("variable", {"identifier": "RESPONSE"})


def _value(base: str, text: str) -> ET.Element:
    element = ET.Element("baseValue", {"baseType": base})
    element.text = text
    return element


def _score(value: str) -> ET.Element:
    element = ET.Element("setOutcomeValue", {"identifier": "SCORE"})
    element.append(_value("float", value))
    return element


def _show(ident: str) -> ET.Element:
    """Add one name to the feedback that is shown."""
    element = ET.Element("setOutcomeValue", {"identifier": "FEEDBACK"})
    several = ET.SubElement(element, "multiple")
    ET.SubElement(several, "variable", {"identifier": "FEEDBACK"})
    several.append(_value("identifier", ident))
    return element


def _if(test: ET.Element, then: ET.Element) -> ET.Element:
    condition = ET.Element("responseCondition")
    ET.SubElement(condition, "responseIf").extend([test, then])
    return condition
