"""GIFT, Moodle's plain text format for questions, which other platforms read as well.

After Moodle's documentation of the format. What has a meaning in GIFT stands behind a backslash;
every text is one line, since an empty line ends a question.
"""

from __future__ import annotations

import re

from nutgraf.exchange import common, moodle_xml
from nutgraf.exchange.common import Block, Loss, Pictures, Question, Quiz, Written

FORM = "gift"

_SIGNS = re.compile(r"[\\~=#{}:]")
_FORMATS = re.compile(r"\[(html|plain|moodle|markdown)\]")


def write(quiz: Quiz, _pictures: Pictures) -> Written:
    """The quiz as one file. Pictures stay behind: what they show is told in their place."""
    lines = [f"$CATEGORY: {_line(moodle_xml.category_of(quiz))}", ""]
    items, losses = [], []
    for question in quiz.questions:
        left_out, why = _losses(question)
        losses += [Loss(question.item.id, FORM, "changed", one) for one in why]
        if left_out:
            losses.append(Loss(question.item.id, FORM, "left out", left_out))
            continue
        lines += [_question(question), ""]
        items.append(question.item.id)
    return Written("\n".join(lines).encode(), tuple(items), tuple(losses))


def _losses(question: Question) -> tuple[str, list[str]]:
    left_out, why = moodle_xml.losses_of(question)
    if (
        not left_out
        and question.kind == "text"
        and any("->" in words for words, _, _ in moodle_xml.typed(question))
    ):
        left_out = "a wording has -> in it, which GIFT takes for a matching question"
    if left_out:
        return left_out, []
    if question.kind == "order":
        why.append("the pieces are matched with their places, and each right place counts")
        if len(question.orders) > 1:
            why.append("one of the right orders counts; the feedback names the others")
    if question.kind in ("single", "multiple") and not question.shuffle:
        why.append("the order of the options is the platform's affair")
    if question.kind not in ("number", "text"):
        if question.right or question.wrong:
            why.append("what is said of a right and of a wrong answer is said in any case")
        if question.known:
            why.append("what is said of a known wrong answer is said in any case")
    if _has_pictures(question):
        why.append("pictures are left behind; what they show is told in their place")
    return "", why


def _has_pictures(question: Question) -> bool:
    item = question.item
    texts = [item.prompt, item.says, item.otherwise, *item.hints]
    texts += [text for choice in question.choices for text in (choice.text, choice.says)]
    texts += [one.says for one in question.known]
    return any(common.pictures_in(text) for text in texts)


# --- one question ----------------------------------------------------------------------------


def _question(question: Question) -> str:
    if question.kind == "order":
        question = common.positions(question)
    stem = common.html(common.blocks(question.stem))
    body = [f"::{_escaped(_line(question.name))}::[html]{_escaped(stem)}{{"]
    if question.kind == "number":
        body[0] += "#"
    body += [f"\t{answer}" for answer in _ANSWERS[question.kind](question)]
    always = _always(question)
    body += [f"\t####{_escaped(always)}"] if always else []
    return "\n".join([*body, "}"])


def _always(question: Question) -> str:
    """Everything that is said of the whole: GIFT has one place for it."""
    said: list[Block] = []
    if question.kind not in ("number", "text"):
        if question.right:
            said += [Block("head", "When it is right"), Block("p", question.right)]
        if question.wrong:
            said += [Block("head", "When it is not"), Block("p", question.wrong)]
        said += common.known(question)
    said += [*question.always, *common.rows(question), *common.hints(question)]
    return common.html(common.blocks(said))


def _choices(question: Question) -> list[str]:
    answers = []
    for choice in question.choices:
        worth = moodle_xml.fraction(question, choice)
        sign = "=" if question.kind == "single" and choice.right is True else "~"
        sign += f"%{worth}%" if sign == "~" and worth != "0" else ""
        words = common.of_choice(question, choice)
        answers.append(f"{sign}{_escaped(_unread(words))}{_said(choice.says)}")
    return answers


def _number(question: Question) -> list[str]:
    value, _, _ = common.bounds(question.item)
    tolerance = common.digits(question.item.tolerance)
    answers = [f"={value}:{tolerance}{_said(question.right)}"]
    answers += [f"=%0%{one.words}:0{_said(one.says)}" for one in question.known]
    return answers + ([f"~{_said(question.wrong)}"] if question.wrong else [])


def _text(question: Question) -> list[str]:
    answers = []
    for pattern, worth, says in moodle_xml.typed(question):
        words = _line(pattern)
        if _FORMATS.match(words):
            words = f"[plain]{words}"
        answers.append(f"=%{worth}%{_escaped(words)}{_said(says)}")
    return answers


def _rows(question: Question) -> list[str]:
    names = dict(question.categories)
    answers = []
    for row in question.choices:
        words = _escaped(_unread(common.of_choice(question, row)))
        answers.append(f"={words} -> {_escaped(_line(names[row.goes[0]]))}")
    used = {row.goes[0] for row in question.choices}
    answers += [f"= -> {_escaped(_line(w))}" for n, w in question.categories if n not in used]
    return answers


_ANSWERS = {
    "single": _choices,
    "multiple": _choices,
    "number": _number,
    "text": _text,
    "match": _rows,
}


# --- words -----------------------------------------------------------------------------------


def _said(says: str) -> str:
    return f"#{_escaped(common.html(common.blocks(common.paragraph(says))))}" if says else ""


def _escaped(words: str) -> str:
    return _SIGNS.sub(r"\\\g<0>", words)


def _line(words: str) -> str:
    return " ".join(words.split("\n")).strip()


def _unread(words: str) -> str:
    """HTML that does not begin as a weight or the name of a format does."""
    if words.startswith(("%", "[")):
        return f"&#{ord(words[0])};{words[1:]}"
    return words
