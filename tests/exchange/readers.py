"""Reads exported files back, as their formats' documentation says they are read.

Each reader knows nothing of how the kit writes: it is what a platform does with the file.
"""

from __future__ import annotations

import base64
import io
import json
import re
import zipfile
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import xmlschema

SCHEMAS = Path(__file__).parent / "schemas"
QTI12 = "{http://www.imsglobal.org/xsd/ims_qtiasiv1p2}"
QTI21 = "{http://www.imsglobal.org/xsd/imsqti_v2p1}"
IMSCP = "{http://www.imsglobal.org/xsd/imscp_v1p1}"


@dataclass
class Told:
    """A question as a platform understands it; texts are HTML unless their field says plain."""

    kind: str
    name: str
    stem: str
    choices: dict[str, str] = field(default_factory=dict)
    feedback: dict[str, str] = field(default_factory=dict)
    always: str = ""
    hints: list[str] = field(default_factory=list)
    worth: dict[str, float] = field(default_factory=dict)
    answers: list[tuple[str, float, str, float]] = field(default_factory=list)
    pairs: list[tuple[str, str]] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    ordered: list[str] = field(default_factory=list)
    whole: dict[str, str] = field(default_factory=dict)


# --- words -----------------------------------------------------------------------------------


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.text = ""

    def handle_starttag(self, tag, attrs):
        if tag == "code":
            self.text += "`"
        elif tag == "br":
            self.text += "\n"
        elif tag == "img":
            found = dict(attrs)
            self.text += f"![{found['alt']}]({found['src'].rsplit('/', 1)[-1]})"

    def handle_endtag(self, tag):
        if tag == "code":
            self.text += "`"
        elif tag in ("p", "li"):
            self.text += "\f"

    def handle_data(self, data):
        self.text += data


def words_of(html: str) -> str:
    """The words of a stretch of HTML, as an author writes them; a form feed ends a paragraph."""
    parser = _Words()
    parser.feed(html)
    parser.close()
    return parser.text


def paragraphs_of(html: str) -> list[str]:
    """The words of each paragraph and list entry."""
    words = words_of(html)
    assert words == "" or words.endswith("\f"), words
    return words.split("\f")[:-1]


# --- QTI 1.2 ---------------------------------------------------------------------------------


def package(content: bytes) -> dict[str, bytes]:
    """The files of a zip, after a look at its manifest: what it names is there, and all of it."""
    with zipfile.ZipFile(io.BytesIO(content)) as opened:
        files = {name: opened.read(name) for name in opened.namelist()}
    manifest = ET.fromstring(files["imsmanifest.xml"])
    named = {one.get("href") for one in manifest.iter(f"{IMSCP}file")}
    assert named == set(files) - {"imsmanifest.xml"}
    return files


def qti12_root(content: bytes) -> ET.Element:
    files = package(content)
    manifest = ET.fromstring(files["imsmanifest.xml"])
    (quiz,) = [r for r in manifest.iter(f"{IMSCP}resource") if r.get("type") == "imsqti_xmlv1p2"]
    return ET.fromstring(files[quiz.find(f"{IMSCP}file").get("href")])


def qti12_items(content: bytes) -> dict[str, ET.Element]:
    return {item.get("ident"): item for item in qti12_root(content).iter(f"{QTI12}item")}


def qti12_told(item: ET.Element) -> Told:
    fields = {entry[0].text: entry[1].text or "" for entry in item.iter(f"{QTI12}qtimetadatafield")}
    stem = item.find(f"{QTI12}presentation/{QTI12}material/{QTI12}mattext").text
    told = Told(fields["question_type"], item.get("title"), stem)
    feedback = {
        one.get("ident"): one.find(f".//{QTI12}mattext").text
        for one in item.iter(f"{QTI12}itemfeedback")
    }
    linked = {one.get("linkrefid") for one in item.iter(f"{QTI12}displayfeedback")}
    told.whole = {name: words for name, words in feedback.items() if not name[0].isdigit()}
    told.feedback = {n[:-3]: words for n, words in feedback.items() if n not in told.whole}
    assert set(told.feedback) <= {name[:-3] for name in linked}
    for label in item.iter(f"{QTI12}response_label"):
        text = label.find(f".//{QTI12}mattext")
        if text is not None:
            told.choices[label.get("ident")] = text.text or ""
    for asked in item.iter(f"{QTI12}response_lid"):
        if (row := asked.find(f"{QTI12}material")) is not None:
            told.pairs.append((asked.get("ident"), row[0].text or ""))
    return told


def qti12_score(item: ET.Element, given: dict[str, set[str]], *, any_of: bool = False) -> float:
    """The score from 0 to 100. given: identifier of a response -> the values in it.

    any_of: that tests side by side are alternatives, as Canvas has them in short answers.
    """
    score = 0.0

    def holds(test: ET.Element) -> bool:
        name = test.tag.removeprefix(QTI12)
        if name in ("and", "or", "not"):
            parts = [holds(part) for part in test]
            return {"and": all(parts), "or": any(parts), "not": not all(parts)}[name]
        if name == "other":
            return True
        values = given.get(test.get("respident"), set())
        if name == "varequal":
            return test.text.casefold() in {value.casefold() for value in values}
        limit = float(test.text)
        numbers = [float(value) for value in values]
        return any(n >= limit if name == "vargte" else n <= limit for n in numbers)

    for condition in item.iter(f"{QTI12}respcondition"):
        tests = [holds(test) for test in condition.find(f"{QTI12}conditionvar")]
        if not (any(tests) if any_of and len(tests) > 1 else all(tests)):
            continue
        setting = condition.find(f"{QTI12}setvar")
        if setting is not None:
            score = float(setting.text) + (score if setting.get("action") == "Add" else 0)
        if condition.get("continue") == "No":
            break
    return score


# --- QTI 2.1 ---------------------------------------------------------------------------------


def qti21_items(content: bytes) -> dict[str, ET.Element]:
    """The items of a package, in the order of its test."""
    files = package(content)
    (test,) = [name for name in files if "/" not in name and name != "imsmanifest.xml"]
    items = {}
    for one in ET.fromstring(files[test]).iter(f"{QTI21}assessmentItemRef"):
        items[one.get("identifier")] = ET.fromstring(files[one.get("href")])
    return items


def plain(element: ET.Element) -> str:
    """An element of QTI 2.1 as HTML, without its own tags."""
    copy = ET.fromstring(ET.tostring(element))
    for one in copy.iter():
        one.tag = one.tag.removeprefix(QTI21)
    copy.tail = None
    text = ET.tostring(copy, encoding="unicode", short_empty_elements=False)
    return text[text.index(">") + 1 : text.rindex("<")].replace("></br>", "/>")


def qti21_run(item: ET.Element, given: Any) -> tuple[float, list[str]]:
    """The score and the feedback shown. given: a list of values, or a value, or None."""
    response = item.find(f"{QTI21}responseDeclaration")
    state: dict[str, Any] = {"SCORE": 0.0, "FEEDBACK": [], "RESPONSE": given}

    def mapped() -> float:
        mapping = response.find(f"{QTI21}mapping")
        total = 0.0
        for value in dict.fromkeys(given if isinstance(given, list) else [given]):
            for entry in mapping:
                key = entry.get("mapKey")
                same = key == value
                if entry.get("caseSensitive") == "false":
                    same = key.casefold() == str(value).casefold()
                if same:
                    total += float(entry.get("mappedValue"))
                    break
            else:
                total += float(mapping.get("defaultValue"))
        return min(max(total, float(mapping.get("lowerBound"))), float(mapping.get("upperBound")))

    def value_of(one: ET.Element) -> Any:
        name = one.tag.removeprefix(QTI21)
        if name == "variable":
            return state[one.get("identifier")]
        if name == "baseValue":
            return float(one.text) if one.get("baseType") == "float" else one.text
        if name == "mapResponse":
            return mapped()
        parts: list[Any] = []
        for part in one:
            found = value_of(part)
            parts += found if isinstance(found, list) else [found]
        return parts

    def holds(test: ET.Element) -> bool:
        name = test.tag.removeprefix(QTI21)
        values = [value_of(part) for part in test]
        if name == "isNull":
            return values[0] in (None, "", [])
        if any(value is None for value in values):
            return False
        first, second = values
        if name == "match":
            return first == second
        if name == "member":
            return first in second
        if name == "gte":
            return first >= second
        if name == "stringMatch":
            return first.casefold() == second.casefold()
        assert name == "equal", name
        below, above = map(float, test.get("tolerance").split())
        return first - below <= second <= first + above

    def run(rules: list[ET.Element]) -> None:
        for rule in rules:
            if rule.tag == f"{QTI21}setOutcomeValue":
                state[rule.get("identifier")] = value_of(rule[0])
                continue
            for branch in rule:
                if branch.tag == f"{QTI21}responseElse":
                    run(list(branch))
                elif holds(branch[0]):
                    run(list(branch)[1:])
                    break

    run(list(item.find(f"{QTI21}responseProcessing")))
    told = {one.get("identifier"): plain(one) for one in item.iter(f"{QTI21}modalFeedback")}
    return state["SCORE"], [told[name] for name in state["FEEDBACK"]]


# --- Moodle XML ------------------------------------------------------------------------------


def _rich(element: ET.Element | None, told: Told) -> str:
    if element is None:
        return ""
    for one in element.findall("file"):
        told.files[one.get("name")] = base64.b64decode(one.text)
    return element.find("text").text or ""


def moodle(content: bytes) -> tuple[str, dict[str, Told]]:
    """The category, and the questions by their id number."""
    root = ET.fromstring(content)
    category = root.find("question/category/text").text
    found = {}
    for question in root.findall("question")[1:]:
        told = Told(question.get("type"), question.find("name/text").text, "")
        told.stem = _rich(question.find("questiontext"), told)
        told.always = _rich(question.find("generalfeedback"), told)
        told.hints = [_rich(one, told) for one in question.findall("hint")]
        if told.kind == "multichoice" and question.find("single").text == "false":
            told.kind = "multianswer"
        for name in ("correctfeedback", "partiallycorrectfeedback", "incorrectfeedback"):
            told.whole[name] = _rich(question.find(name), told)
        for number, answer in enumerate(question.findall("answer")):
            words, says = _rich(answer, told), _rich(answer.find("feedback"), told)
            worth = float(answer.get("fraction"))
            if told.kind in ("numerical", "shortanswer"):
                near = float(answer.findtext("tolerance") or 0)
                told.answers.append((words, worth, says, near))
            elif told.kind == "ordering":
                told.ordered.append(words)
                assert worth == number + 1
            else:
                told.choices[str(number)] = words
                told.feedback[str(number)] = says
                told.worth[str(number)] = worth
        for pair in question.findall("subquestion"):
            told.pairs.append((_rich(pair, told), pair.findtext("answer/text")))
        assert question.findtext("idnumber") not in found
        found[question.findtext("idnumber")] = told
    return category, found


def shares(told: Told, chosen: set[str]) -> float:
    """What a choice of several is worth, in per cent: the sum, never below zero."""
    return max(0.0, sum(told.worth[one] for one in chosen))


def first_fit(told: Told, typed: str) -> tuple[float, str]:
    """What a typed answer is worth in per cent, and what is said of it."""
    for pattern, worth, says, near in told.answers:
        if told.kind == "numerical":
            fits = pattern == "*" or abs(float(typed) - float(pattern)) <= near + 1e-12
        else:
            # An asterisk is anything, but for one behind a backslash.
            pieces = [re.escape(p.replace(r"\*", "*")) for p in re.split(r"(?<!\\)\*", pattern)]
            fits = re.fullmatch(".*".join(pieces), typed, re.IGNORECASE | re.DOTALL)
        if fits:
            return worth, says
    return 0.0, ""


# --- GIFT ------------------------------------------------------------------------------------


def _hidden(text: str) -> str:
    """Signs behind a backslash put out of the way, as half characters that no text has."""
    return re.sub(r"\\([\\:#={}~n])", lambda m: chr(0xD800 + ord(m[1])), text)


def _shown(text: str) -> str:
    text = re.sub("[\ud800-\ud8ff]", lambda m: chr(ord(m[0]) - 0xD800).replace("n", "\n"), text)
    return text.strip(" \t\n\r\0\x0b")


def _without_format(text: str) -> str:
    text = text.strip(" \t\n\r\0\x0b")
    format = re.match(r"\[(html|plain|moodle|markdown)\]", text)
    return _shown(text[format.end() :] if format else text)


def _weighed(text: str, default: float) -> tuple[float, str]:
    weight = re.match(r"%(-*[0-9]{1,2}\.?[0-9]*)%", text)
    return (float(weight[1]), text[weight.end() :]) if weight else (default, text)


def _with_comment(text: str) -> tuple[str, str]:
    words, _, says = text.partition("#")
    return _without_format(words), _without_format(says)


def gift(content: bytes) -> tuple[str, list[Told]]:
    """The category, and the questions in their order."""
    found: list[Told] = []
    category = ""
    for block in re.split(r"\n[ \t\r\0\x0b]*\n", content.decode()):
        lines = [line for line in block.split("\n") if not line.strip().startswith("//")]
        text = _hidden("\n".join(lines).strip(" \t\n\r\0\x0b"))
        if text.startswith("$CATEGORY:"):
            category = text[10:].strip()
        elif text:
            found.append(_gift_question(text))
    return category, found


def _gift_question(text: str) -> Told:
    assert text.startswith("::")
    name, text = text[2:].split("::", 1)
    start, end = text.index("{"), text.index("}")
    assert text[end:] == "}", "words behind the answers"
    body = text[start + 1 : end].strip()
    body, _, always = body.rpartition("####") if "####" in body else (body, "", "")
    body = body.strip()
    told = Told("", _shown(name), _without_format(text[:start]))
    told.always = _without_format(always)
    if body[0] == "#":
        told.kind = "numerical"
        body, _, rest = body[1:].partition("~")
        for one in filter(None, (part.strip() for part in body.split("="))):
            worth, answer = _weighed(one, 100)
            answer, says = _with_comment(answer)
            value, _, near = answer.partition(":")
            told.answers.append((value, worth, says, float(near or 0)))
        if rest:
            told.answers.append(("*", 0, _with_comment(rest)[1], 0))
    elif "~" in body:
        told.kind = "multichoice" if "=" in body else "multianswer"
        parts = [part.strip() for part in body.replace("=", "~=").split("~")]
        for number, one in enumerate(filter(None, parts)):
            if one[0] == "=":
                worth, answer = 100.0, one[1:]
            else:
                worth, answer = _weighed(one, 0)
            told.choices[str(number)], told.feedback[str(number)] = _with_comment(answer)
            told.worth[str(number)] = worth
    elif "=" in body and "->" in body:
        told.kind = "matching"
        for one in filter(None, (part.strip() for part in body.split("="))):
            left, _, right = one.partition("->")
            told.pairs.append((_without_format(left), _shown(right)))
    else:
        told.kind = "shortanswer"
        for one in filter(None, (part.strip() for part in body.split("="))):
            worth, answer = _weighed(one, 100)
            answer, says = _with_comment(answer)
            told.answers.append((answer, worth, says, 0))
    return told


# --- schemas ---------------------------------------------------------------------------------

_LOADED: dict[str, xmlschema.XMLSchema] = {}


def problems(schema: str, content: bytes) -> list[str]:
    """What one of our schemas has against a document: "qti12", "qti21", "manifest", "moodle"."""
    if schema not in _LOADED:
        _LOADED[schema] = xmlschema.XMLSchema(SCHEMAS / f"{schema}.xsd", allow="local")
    root = ET.fromstring(content)
    if schema == "moodle":
        for question in root.findall("question"):
            question.tag = question.attrib.pop("type")
    return [f"{e.path}: {e.reason}" for e in _LOADED[schema].iter_errors(root)]


def record(folder: Path) -> dict[str, list[str]]:
    return json.loads((folder / ".nutgraf-export.json").read_text())["files"]
