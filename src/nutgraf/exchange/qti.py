"""QTI 1.2 as Canvas imports it, into classic quizzes and New Quizzes: one zip a quiz.

After IMS QTI 1.2.1 (ASI Information Model and XML binding), with the question types of Canvas in
the metadata of the items. What Canvas does with a response condition decides what may stand in one:
of a short answer it takes every wording for a right one, of a matching question the last category
of each row. So wrong answers that the kit knows are told in the feedback, and each row has one
category.
"""

from __future__ import annotations

from xml.etree import ElementTree as ET

from nutgraf.exchange import common
from nutgraf.exchange.common import Block, Choice, Loss, Pictures, Question, Quiz, Written
from nutgraf.exchange.package import Resource, as_xml, manifest, zipped

FORM = "qti"
NAMESPACE = "http://www.imsglobal.org/xsd/ims_qtiasiv1p2"
CANVAS = "http://canvas.instructure.com/xsd/cccv1p0"

TYPES = {
    "single": "multiple_choice_question",
    "multiple": "multiple_answers_question",
    "number": "numerical_question",
    "text": "short_answer_question",
    "match": "matching_question",
}
"""What Canvas calls the kinds."""


def write(quiz: Quiz, pictures: Pictures) -> Written:
    """The quiz as a package. Raises NutgrafError when a picture is missing."""
    losses = [loss for question in quiz.questions for loss in _losses(question)]
    root = ET.Element("questestinterop", {"xmlns": NAMESPACE})
    name = f"nutgraf-{quiz.slug}"
    test = ET.SubElement(root, "assessment", {"ident": name, "title": quiz.title})
    _metadata(test, {"cc_maxattempts": "unlimited"})
    section = ET.SubElement(test, "section", {"ident": "root_section"})
    for question in quiz.questions:
        _item(section, _fitting(question), pictures)
    asked = [q for q in quiz.questions if q.item.kind in ("single", "multiple")]
    fixed = any(not question.shuffle for question in asked)
    for question in asked if fixed else ():
        if question.shuffle:
            why = (
                "classic quizzes mix the options of a whole quiz or of none, and another question "
                "of this quiz has options in an order of their own"
            )
            losses.append(Loss(question.item.id, FORM, "changed", why))
    files = {f"{name}/{name}.xml": as_xml(root), f"{name}/assessment_meta.xml": _meta(
        name, quiz.title, shuffle=not fixed)}  # fmt: skip
    resources = [
        Resource(name, "imsqti_xmlv1p2", (f"{name}/{name}.xml",), (f"{name}-meta",), href=False),
        Resource(f"{name}-meta", "associatedcontent/imscc_xmlv1p1/learning-application-resource",
                 (f"{name}/assessment_meta.xml",)),
    ]  # fmt: skip
    for number, (picture, content) in enumerate(sorted(pictures.found.items()), 1):
        files[f"media/{picture}"] = content
        resources.append(Resource(f"{name}-media-{number}", "webcontent", (f"media/{picture}",)))
    files["imsmanifest.xml"] = manifest(f"{name}-manifest", ("IMS Content", "1.1.4"), resources)
    items = tuple(question.item.id for question in quiz.questions)
    return Written(zipped(files), items, tuple(losses))


def _fitting(question: Question) -> Question:
    return common.positions(question) if question.kind == "order" else question


def _losses(question: Question) -> list[Loss]:
    why = []
    defensible = [choice for choice in question.choices if choice.right == "also"]
    if question.kind == "single" and defensible:
        why.append("the defensible reading counts as a right answer, like the other")
    if question.kind == "multiple" and defensible:
        why.append(
            "Canvas would count a defensible reading as an error, so it is no option; the feedback "
            "names it"
        )
    if question.item.kind == "span":
        why.append("stretches of the passage are options; nothing is marked in the text itself")
    if question.kind == "order":
        why.append("the pieces are matched with their places, and each right place counts")
        if len(question.orders) > 1:
            why.append("one of the right orders counts; the feedback names the others")
    if question.kind == "match" and any(len(row.goes) > 1 for row in question.choices):
        why.append("one category of each row counts as right; the feedback names the others")
    if question.known:
        why.append("what is said of a known wrong answer is said of every wrong one")
    return [Loss(question.item.id, FORM, "changed", one) for one in why]


# --- one item --------------------------------------------------------------------------------


def _item(section: ET.Element, question: Question, pictures: Pictures) -> None:
    offered = _offered(question)
    item = ET.SubElement(section, "item", {"ident": question.id, "title": question.name})
    fields = {
        "question_type": TYPES[question.kind],
        "points_possible": "1.0",
        "original_answer_ids": ",".join(choice.id for choice in offered),
        "assessment_question_identifierref": f"{question.id}-bank",
    }
    _metadata(ET.SubElement(item, "itemmetadata"), fields)
    presentation = ET.SubElement(item, "presentation")

    def image(name: str, alt: str) -> ET.Element:
        pictures.read(name)
        return ET.Element("img", {"src": f"%24IMS-CC-FILEBASE%24/media/{name}", "alt": alt})

    _material(presentation, common.html(common.blocks(question.stem, image)))
    processing = ET.Element("resprocessing")
    outcomes = ET.SubElement(processing, "outcomes")
    ET.SubElement(outcomes, "decvar", {
        "maxvalue": "100", "minvalue": "0", "varname": "SCORE", "vartype": "Decimal"})  # fmt: skip
    feedback = _whole(question)
    if "general_fb" in feedback:
        _condition(processing, "other", shows="general_fb")
    _ASKED[question.kind](presentation, processing, question, offered, image)
    if "general_incorrect_fb" in feedback:
        _condition(processing, "other", shows="general_incorrect_fb")
    item.append(processing)
    for ident, said in feedback.items():
        _feedback(item, ident, common.html(common.blocks(said, image)))
    for choice in offered:
        if choice.says:
            says = common.html(common.blocks([Block("p", choice.says)], image))
            _feedback(item, f"{choice.id}_fb", says)


def _offered(question: Question) -> list[Choice]:
    """The choices; where several are looked for, without those that are merely accepted."""
    if question.kind != "multiple":
        return list(question.choices)
    return [choice for choice in question.choices if choice.right != "also"]


def _whole(question: Question) -> dict[str, list[Block]]:
    """What is said of the whole, by the names that Canvas gives it."""
    always = list(question.always)
    defensible = [c for c in question.choices if c.right == "also" and question.kind == "multiple"]
    if defensible:
        said = tuple(f"{choice.text}: {choice.says}" for choice in defensible)
        always += [Block("head", "Not asked for, and can be defended"), Block("list", texts=said)]
    if any(len(row.goes) > 1 for row in question.choices):
        always += common.rows(question)
    always += common.hints(question)
    wrong = [*common.paragraph(question.wrong), *common.known(question)]
    found = {
        "general_fb": always,
        "correct_fb": common.paragraph(question.right),
        "general_incorrect_fb": wrong,
    }
    return {name: said for name, said in found.items() if said}


def _choices(presentation, processing, question, offered, image) -> None:
    many = question.kind == "multiple"
    asked = ET.SubElement(presentation, "response_lid", {
        "ident": "response1", "rcardinality": "Multiple" if many else "Single"})  # fmt: skip
    shown = ET.SubElement(asked, "render_choice", {"shuffle": "Yes" if question.shuffle else "No"})
    for choice in offered:
        label = ET.SubElement(shown, "response_label", {"ident": choice.id})
        _material(label, common.of_choice(question, choice, image))
        if choice.says:
            _condition(processing, choice.id, shows=f"{choice.id}_fb")
    if many:
        condition = _condition(processing, None, score=True, shows=_right(question))
        every = ET.SubElement(condition, "and")
        for choice in offered:
            _equal(every if choice.right else ET.SubElement(every, "not"), choice.id)
        return
    for choice in sorted(offered, key=lambda choice: choice.right is not True):
        if choice.right:
            _condition(processing, choice.id, score=True, shows=_right(question))


def _number(presentation, processing, question, _offered, _image) -> None:
    asked = ET.SubElement(
        presentation, "response_str", {"ident": "response1", "rcardinality": "Single"}
    )
    box = ET.SubElement(asked, "render_fib", {"fibtype": "Decimal"})
    ET.SubElement(box, "response_label", {"ident": "answer1"})
    answer, lowest, highest = common.bounds(question.item)
    condition = _condition(processing, None, score=True, shows=_right(question))
    either = ET.SubElement(condition, "or")
    _equal(either, answer)
    within = ET.SubElement(either, "and")
    ET.SubElement(within, "vargte", {"respident": "response1"}).text = lowest
    ET.SubElement(within, "varlte", {"respident": "response1"}).text = highest


def _text(presentation, processing, question, _offered, _image) -> None:
    asked = ET.SubElement(
        presentation, "response_str", {"ident": "response1", "rcardinality": "Single"}
    )
    box = ET.SubElement(asked, "render_fib")
    ET.SubElement(box, "response_label", {"ident": "answer1", "rshuffle": "No"})
    condition = _condition(processing, None, score=True, shows=_right(question))
    for wording in common.wordings(question.item):
        _equal(condition, wording)


def _rows(presentation, processing, question, offered, image) -> None:
    share = f"{100 / len(offered):.2f}"
    for row in offered:
        ident = f"response_{row.id}"
        asked = ET.SubElement(
            presentation, "response_lid", {"ident": ident, "rcardinality": "Single"}
        )
        _material(asked, common.of_choice(question, row, image))
        shown = ET.SubElement(asked, "render_choice")
        for number, words in question.categories:
            label = ET.SubElement(shown, "response_label", {"ident": number})
            _material(label, words, "text/plain")
        shows = f"{row.id}_fb" if row.says else ""
        condition = _condition(processing, None, shows=shows, add=share)
        _equal(condition, row.goes[0], ident)
        if shows:
            missed = _condition(processing, None, shows=shows)
            _equal(ET.SubElement(missed, "not"), row.goes[0], ident)


_ASKED = {
    "single": _choices,
    "multiple": _choices,
    "number": _number,
    "text": _text,
    "match": _rows,
}


def _right(question: Question) -> str:
    return "correct_fb" if question.right else ""


# --- pieces of XML ---------------------------------------------------------------------------


def _metadata(parent: ET.Element, fields: dict[str, str]) -> None:
    metadata = ET.SubElement(parent, "qtimetadata")
    for name, value in fields.items():
        entry = ET.SubElement(metadata, "qtimetadatafield")
        ET.SubElement(entry, "fieldlabel").text = name
        ET.SubElement(entry, "fieldentry").text = value


def _material(parent: ET.Element, words: str, kind: str = "text/html") -> None:
    material = ET.SubElement(parent, "material")
    ET.SubElement(material, "mattext", {"texttype": kind}).text = words


def _condition(
    processing: ET.Element,
    chosen: str | None,
    *,
    shows: str = "",
    score: bool = False,
    add: str = "",
) -> ET.Element:
    """A response condition; gives the element that takes what it depends on.

    chosen: a choice's number, "other" for any answer, None to be filled in by the caller.
    """
    outer = ET.SubElement(processing, "respcondition", {"continue": "No" if score else "Yes"})
    depends = ET.SubElement(outer, "conditionvar")
    if chosen == "other":
        ET.SubElement(depends, "other")
    elif chosen is not None:
        _equal(depends, chosen)
    if score or add:
        how = {"action": "Set" if score else "Add", "varname": "SCORE"}
        ET.SubElement(outer, "setvar", how).text = "100" if score else add
    if shows:
        ET.SubElement(outer, "displayfeedback", {"feedbacktype": "Response", "linkrefid": shows})
    return depends


def _equal(parent: ET.Element, value: str, ident: str = "response1") -> None:
    ET.SubElement(parent, "varequal", {"respident": ident}).text = value


def _feedback(item: ET.Element, ident: str, words: str) -> None:
    feedback = ET.SubElement(item, "itemfeedback", {"ident": ident})
    _material(ET.SubElement(feedback, "flow_mat"), words)


def _meta(name: str, title: str, *, shuffle: bool) -> bytes:
    """What Canvas keeps of a quiz besides its questions: for practice, and not yet published."""
    root = ET.Element("quiz", {"xmlns": CANVAS, "identifier": name})
    fields = {
        "title": title,
        "description": "",
        "shuffle_answers": "true" if shuffle else "false",
        "scoring_policy": "keep_highest",
        "quiz_type": "practice_quiz",
        "show_correct_answers": "true",
        "allowed_attempts": "-1",
        "available": "false",
    }
    for field, value in fields.items():
        ET.SubElement(root, field).text = value
    return as_xml(root)
