"""An answer that is right in the kit is right in every format, and one that is not is not."""

from __future__ import annotations

import random
from itertools import permutations, product

import pytest

from nutgraf import quizzes
from nutgraf.exchange import common, gift, moodle_xml, qti, qti21
from nutgraf.exchange.common import Question, Quiz, ready
from nutgraf.quizzes import all_items, mark
from tests.exchange import items as made
from tests.exchange import readers
from tests.exchange.readers import paragraphs_of, words_of

MOST = 120
"""So many answers are tried of each item."""


@pytest.fixture(scope="module")
def questions() -> list[Question]:
    return ready(all_items().values())[0] + ready(made.ALL)[0]


@pytest.fixture(scope="module")
def quiz(questions) -> Quiz:
    return Quiz("all", "All", tuple(questions))


def subsets(ids: list[str], dice: random.Random) -> list[set[str]]:
    """Answers to a question with several options: the plain ones and some at random."""
    found = [{one} for one in ids] + [set(ids)] + [set(ids) - {one} for one in ids]
    found += [{one for one in ids if dice.random() < 0.5} for _ in range(MOST)]
    return [one for one in found if one]


def verdicts(question: Question):
    """(answer by the numbers of options, whether it is right in the kit), for many answers."""
    item, dice = question.item, random.Random(question.item.id)
    ids = {choice.id: part.id for choice, part in zip(question.choices, item.parts, strict=False)}
    if question.kind == "single":
        return [(one, mark(item, ids[one]).passed) for one in ids]
    if item.kind == "multiple":
        return [
            (some, mark(item, [ids[one] for one in some]).passed) for some in subsets([*ids], dice)
        ]
    if item.kind == "span":
        return [(some, span_passed(question, some)) for some in subsets(
            [choice.id for choice in question.choices], dice)]  # fmt: skip
    if question.kind == "number":
        off = item.tolerance * 0.99  # at the very edge a sum of floats may lie on either side
        typed = [item.answer, item.answer + off, item.answer - off]
        off = item.tolerance
        typed += [item.answer + off + 0.001]
        typed += [item.answer - off - 0.001, -item.answer - 1, item.answer * 2 + 1]
        typed += [one["value"] for one in item.known]
        return [(common.digits(round(n, 6)), mark(item, round(n, 6)).passed) for n in typed]
    if question.kind == "text":
        typed = [*item.accept, *(one["text"] for one in item.known), "something else"]
        typed += [one.upper() for one in item.accept]
        return [(one, mark(item, one).passed) for one in typed]
    if question.kind == "order":
        orders = [list(one) for one in permutations(ids)] if len(ids) < 5 else []
        orders += [dice.sample([*ids], len(ids)) for _ in range(MOST)]
        orders += [list(one) for one in question.orders]
        return [(one, mark(item, [ids[piece] for piece in one]).passed) for one in orders]
    goes = [number for number, _ in question.categories]
    names = dict(zip(goes, (name for name, _ in item.categories), strict=True))
    ways = [dict(zip(ids, way, strict=True)) for way in
            ([dice.choice(goes) for _ in ids] for _ in range(MOST))]  # fmt: skip
    ways += [dict(zip(ids, way, strict=True)) for way in
             list(product(*(row.goes for row in question.choices)))]  # fmt: skip
    return [
        (way, mark(item, {ids[row]: names[one] for row, one in way.items()}).passed) for way in ways
    ]


def span_passed(question: Question, chosen: set[str]) -> bool:
    """Whether these stretches, marked in the passage, are right in the kit."""
    item = question.item
    stretches = [choice for choice in question.choices if choice.id in chosen and choice.end]
    nothing = next(choice.id for choice in question.choices if not choice.end)
    if nothing in chosen:
        return not stretches and mark(item, []).passed
    spans = [{"start": c.start, "end": c.end, "quote": item.passage[c.start : c.end]}
             for c in stretches]  # fmt: skip
    return mark(item, spans).passed


def only_first(question: Question, answer) -> bool:
    """Whether an answer is the one that formats know that take one order, or one category a row."""
    if question.kind == "order":
        return tuple(answer) == question.orders[0]
    return all(answer[row.id] == row.goes[0] for row in question.choices)


# --- in each format --------------------------------------------------------------------------


def test_answers_are_scored_in_qti_2_1_as_in_the_kit(questions, quiz):
    items = readers.qti21_items(qti21.write(quiz, made.no_pictures()).content)
    tried = 0
    for question in questions:
        for answer, right in verdicts(question):
            item = items[question.id]
            if question.item.kind == "span":
                hot = [c.id for c in question.choices if c.end]
                answer = answer & set(hot)  # noqa: PLW2901 - nothing is marked by marking nothing
                right = span_passed(question, answer)  # noqa: PLW2901
            score, _ = readers.qti21_run(item, in_qti21(question, answer))
            assert (score > 0.999) == right, (question.id, answer, score)
            tried += 1
    assert tried > 3_000


def in_qti21(question: Question, answer):
    if question.kind == "single":
        return f"c{answer}"
    if question.kind in ("multiple", "order"):
        return [f"c{one}" for one in answer]
    if question.kind == "match":
        return [f"c{row} c{goes}" for row, goes in answer.items()]
    return float(answer) if question.kind == "number" else answer


def test_feedback_is_shown_in_qti_2_1_as_in_the_kit(questions, quiz):
    items = readers.qti21_items(qti21.write(quiz, made.no_pictures()).content)
    for question in questions:
        if question.item.kind in ("match", "span"):
            continue
        item = question.item
        ids = {c.id: p.id for c, p in zip(question.choices, item.parts, strict=True)}
        for answer, _ in verdicts(question)[:20]:
            _, shown = readers.qti21_run(items[question.id], in_qti21(question, answer))
            given = answer
            if question.kind == "single":
                given = ids[answer]
            elif question.kind in ("multiple", "order"):
                given = [ids[one] for one in answer]
            kit = mark(item, float(answer) if question.kind == "number" else given)
            said = {says for verdict, says in kit.parts.values() if verdict != "left out"}
            said |= {one for one in kit.says if one in _own_words(item)} - {""}
            own = {one for html in shown for one in paragraphs_of(html)} & _own_words(item)
            assert own == said - {""}, (item.id, answer)


def _own_words(item: quizzes.Item) -> set[str]:
    words = {item.says, item.otherwise, *(part.says for part in item.parts)}
    return (words | {one["says"] for one in item.known}) - {""}


def test_answers_are_scored_in_qti_1_2_as_in_the_kit(questions, quiz):
    items = readers.qti12_items(qti.write(quiz, made.no_pictures()).content)
    for question in questions:
        item = items[question.id]
        offered = {label.get("ident") for label in item.iter(f"{readers.QTI12}response_label")}
        for answer, right in verdicts(question):
            if question.kind == "multiple" and not answer <= offered:
                continue  # a defensible reading, which is no option here
            if question.kind in ("order", "match"):
                right = only_first(question, answer)  # noqa: PLW2901
            if question.kind == "order":
                moved = common.positions(question)
                places = [number for number, _ in moved.categories]
                given = {f"response_{piece}": {places[n]} for n, piece in enumerate(answer)}
            elif question.kind == "match":
                given = {f"response_{row}": {goes} for row, goes in answer.items()}
            else:
                given = {"response1": answer if isinstance(answer, set) else {answer}}
            score = readers.qti12_score(item, given, any_of=question.kind == "text")
            assert (score > 99.9) == right, (question.id, answer, score)


def test_answers_are_worth_a_whole_mark_in_moodle_when_they_are_right_in_the_kit(questions, quiz):
    _, xml = readers.moodle(moodle_xml.write(quiz, made.no_pictures()).content)
    _, text = readers.gift(gift.write(quiz, made.no_pictures()).content)
    plain = {told.name.split(" ")[0]: told for told in text}
    assert len(xml) == len(plain) == len(questions)
    for question in questions:
        for told in (xml[question.id], plain[question.item.id]):
            numbers = {choice.id: str(n) for n, choice in enumerate(question.choices)}
            for answer, right in verdicts(question):
                if question.kind in ("single", "multiple"):
                    chosen = answer if isinstance(answer, set) else {answer}
                    worth = readers.shares(told, {numbers[one] for one in chosen})
                    assert (worth > 99.9) == right, (question.id, answer, worth)
                elif question.kind in ("number", "text"):
                    assert (readers.first_fit(told, answer)[0] == 100) == right, (
                        question.id, answer
                    )  # fmt: skip


def test_pairs_and_orders_are_those_of_the_kit_in_moodle(questions, quiz):
    _, xml = readers.moodle(moodle_xml.write(quiz, made.no_pictures()).content)
    _, text = readers.gift(gift.write(quiz, made.no_pictures()).content)
    plain = {told.name.split(" ")[0]: told for told in text}
    for question in questions:
        names = dict(question.categories)
        rows = [(c.text, names[c.goes[0]]) for c in question.choices if c.goes]
        unused = set(names.values()) - {goes for _, goes in rows}
        if question.kind == "match":
            for told in (xml[question.id], plain[question.item.id]):
                pairs = [(words_of(row), goes) for row, goes in told.pairs]
                assert pairs[: len(rows)] == rows
                assert {goes for row, goes in pairs if not row} == unused
        if question.kind == "order":
            pieces = [choice.text for choice in question.choices]
            assert [words_of(one) for one in xml[question.id].ordered] == pieces
            placed = sorted(plain[question.item.id].pairs, key=lambda pair: int(pair[1]))
            assert [words_of(row) for row, _ in placed] == pieces


def test_hits_less_false_alarms_is_what_several_options_are_worth(questions, quiz):
    _, xml = readers.moodle(moodle_xml.write(quiz, made.no_pictures()).content)
    items = readers.qti21_items(qti21.write(quiz, made.no_pictures()).content)
    for question in questions:
        if question.item.kind != "multiple":
            continue
        ids = {c.id: p.id for c, p in zip(question.choices, question.item.parts, strict=True)}
        numbers = {choice.id: str(n) for n, choice in enumerate(question.choices)}
        for chosen in subsets([*ids], random.Random(question.id)):
            kit = mark(question.item, [ids[one] for one in chosen])
            wanted = max(0.0, (kit.hits - kit.false_alarms) / kit.wanted)
            in_moodle = readers.shares(xml[question.id], {numbers[one] for one in chosen}) / 100
            in_qti, _ = readers.qti21_run(items[question.id], [f"c{one}" for one in chosen])
            assert in_moodle == pytest.approx(wanted, abs=1e-4)
            assert in_qti == pytest.approx(wanted, abs=1e-4)


def test_to_mark_everything_is_worth_nothing_where_a_passage_has_to_be_read(questions, quiz):
    _, xml = readers.moodle(moodle_xml.write(quiz, made.no_pictures()).content)
    spans = [question for question in questions if question.item.kind == "span"]
    assert len(spans) >= 8
    for question in spans:
        everything = {str(n) for n, _ in enumerate(question.choices)}
        assert readers.shares(xml[question.id], everything) < 50
