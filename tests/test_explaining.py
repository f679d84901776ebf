"""A learner's error in plain words: every kind has a question, and nothing shown can do harm."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nutgraf import explaining, guard


def error_of(source: str, **names) -> BaseException:
    try:
        exec(source, {"re": re, **names})
    except BaseException as error:
        return error
    raise AssertionError("no error")


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("sorted(wrods)", "`words`: did you mean that?"),
        ("pirnt(1)", "`print`: did you mean that?"),
        ("qqqqq", "Is it spelled as where you made it"),
        ("Counter('a')", "A cell above your function makes `Counter`."),
        ("def f():\n    print(x)\n    x = 1\nf()", "`x` is used before it has a value."),
        ("len(None)", "Something in this line is None"),
        ("[].sort()[0]", "Something in this line is None"),
        ("re.match('a', 'b').group()", "re.search give None when nothing fits"),
        ("list = [1]\nlist('a')", "and what stands before them here is a list."),
        ("{[]: 1}", "A list can change"),
        ("word = 'a'\nword['b']", "a place, a whole number"),
        ("for x in 3: pass", "a single thing for a row of things"),
        ("len([], [])", "more or fewer values than it takes"),
        ("int([])", "two kinds of thing together"),
        ("len(3)", "a single thing for a row of things"),
        ("'a' + 1", "two kinds of thing together"),
        ("1 < 'a'", "two kinds of thing together"),
        ("'a'.replace('b')", "more or fewer values than it takes"),
        ("(lambda x: x)()", "more or fewer values than it takes"),
        ("[1][1]", "places begin with 0"),
        ("{}['a']", "no entry for 'a'"),
        ("'a'.uper()", "`upper`: did you mean that?"),
        ("re.findal('a', 'a')", "`findall`: did you mean that?"),
        ("'a'.qqqqq", "has nothing of that name"),
        ("'a'.index('b')", "find() gives -1"),
        ("[].index('b')", "find() gives -1"),
        ("a, b = 1, 2, 3", "more or fewer names than there are values"),
        ("int('5,000')", "A text is to become a number"),
        ("chr(-1)", "The kind of the value is right"),
        ("'é'.encode('ascii')", "which has all signs?"),
        ("re.findall('(', 'a')", "Does every bracket in it have its partner"),
        ("1 / 0", "For which text or list is that number 0"),
        ("def f(): f()\nf()", "without calling itself again?"),
        ("next(iter([]))", "when there is nothing left?"),
        ("import nowhere_at_all", "You need nothing that they do not use."),
        ("open('no/such/file')", "what could take the place of the file?"),
        ("assert 1 > 2", "What did you expect, and what came?"),
        ("raise SystemExit", "Where should your function say return"),
        ("raise MemoryError", "What grows here each time round"),
        ("raise BaseException('x')", "What does it get that it does not expect?"),
        ("raise LookupError", "What does it get that it does not expect?"),
    ],
)
def test_an_error_has_a_meaning_and_ends_in_a_question(source, says):
    said = explaining.meaning(error_of(source), known=["words", "text"], above=["Counter"])
    assert says in said
    assert "?" in said


@pytest.mark.parametrize("error", [guard.Asked(), guard.TimeUp(), TypeError(), KeyError()])
def test_errors_without_words_have_a_meaning_too(error):
    assert "?" in explaining.meaning(error)


class Hostile:
    def __repr__(self):
        raise RuntimeError

    def __eq__(self, other):
        return True

    __hash__ = None


class Silent(Exception):
    def __str__(self):
        raise ValueError


def test_what_cannot_be_shown_is_told_of():
    assert explaining.short(Hostile()) == "<a Hostile that cannot be shown>"
    assert explaining.short([1, Hostile()]) == "[1, <a Hostile that cannot be shown>]"
    assert explaining.words_of(Silent()) == "Silent"


def test_no_address_of_an_object_is_shown():
    assert explaining.short(object()) == "<object object>"
    assert " at 0x" not in explaining.short(number for number in "ab")


def test_long_values_are_cut_and_counted():
    assert explaining.short("a" * 5000).endswith("… (5,000 characters)")
    assert explaining.short("it’s") == "'it’s'"
    assert explaining.short(list(range(99))) == "[0, 1, 2, 3, 4, 5, 6, 7, ...]"


def test_a_call_is_written_as_code():
    assert explaining.call_in_words("f", ["a-b", 3], {"stop": {"x"}}) == "f('a-b', 3, stop={'x'})"


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=300) | st.binary(),
    lambda inner: (
        st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.text(max_size=99), inner)
    ),
    max_leaves=30,
)


@given(VALUES)
def test_no_value_is_shown_at_length(value):
    assert len(explaining.short(value)) <= 5 * explaining.LONGEST
    assert "\n" not in explaining.short(value)


@given(st.text())
def test_any_words_of_an_error_can_be_shown(text):
    for kind in (ValueError, TypeError, KeyError, AttributeError, NameError, OSError):
        assert len(explaining.words_of(kind(text))) <= 3 * explaining.LONGEST + 30
        assert "?" in explaining.meaning(kind(text))
