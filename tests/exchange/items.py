"""Invented items of each kind, for the tests of the exchange formats."""

from __future__ import annotations

from dataclasses import replace

from nutgraf.exchange.common import Pictures, Quiz, ready
from nutgraf.quizzes import Item, Part

SINGLE = Item(
    "X1", "03-words", "single", 'Which `split()` & why <b>not</b> "that"?',
    parts=(
        Part("cut", "it cuts at `white space`", True, "It does; “so” & so."),
        Part("defend", "it can be defended", "also", "One can say so."),
        Part("wrong", "it <i>counts</i>", False, "It counts nothing."),
    ),
    hints=("Look at the ends.", "Try `x < 3`."),
    evidence=({"start": 0, "end": 3, "quote": "“invaders”,\u00a0said"},),
)  # fmt: skip
MULTIPLE = Item(
    "X2", "03-words", "multiple", "Mark what is marked 🙂.",
    parts=(
        Part("a", "first", True, "Of course."),
        Part("b", "second", True, "This too."),
        Part("c", "third", False, "Not this one."),
        Part("d", "fourth", "also", "As you like."),
        Part("e", "fifth", False, "No."),
    ),
    says="All of them.", otherwise="Go through them one by one.",
)  # fmt: skip
NUMBER = Item(
    "X3", "03-words", "number", "How much is it?", answer=0.57, tolerance=0.015,
    known=({"value": 5, "says": "Five is what a reader sees."},),
    says="It is.", otherwise="It is not.", hints=("Count.",),
)  # fmt: skip
TEXT = Item(
    "X4", "03-words", "text", "What is the word?", accept=("type", "don’t", "a*b"),
    known=({"text": "token", "says": "A token is each occurrence."},),
    says="That is the word.", otherwise="It is another word.", hints=("It has four letters.",),
)  # fmt: skip
ORDER = Item(
    "X5", "03-words", "order", "Put the lines in order.", code=True,
    parts=(Part("one", "import re"), Part("two", "def words(text):"),
           Part("three", '    return re.findall(r"\\w+", text)')),
    known=({"order": ["two", "one", "three"], "says": "What is imported too late?"},),
    also=(("two", "three", "one"),), says="So it runs.", otherwise="It does not run like this.",
)  # fmt: skip
MATCH = Item(
    "X6", "03-words", "match", "Which cut is it?",
    parts=(
        Part("r1", "“invaders”, is one", says="Glued.", goes=("w",)),
        Part("r2", "`anti-US` is three", says="Cut.", goes=("p",)),
        Part("r3", "both could be", says="Either.", goes=("t", "w")),
    ),
    categories=(("w", "white space"), ("p", "punctuation = {x}"), ("t", "treebank -> T"),
                ("n", "none")),
    says="All of them are right.", otherwise="Ask what was left glued.", shuffle=False,
)  # fmt: skip
SPAN = Item(
    "X7", "03-words", "span", "Mark who speaks.", passage="He called. “We will go,” said `Ann`.",
    parts=(
        Part("who", "said `Ann`", True, "The cue and the name.", start=25, end=35),
        Part("he", "He called", False, "He does not speak here.", start=0, end=9),
        Part("we", "We will", "also", "It can be defended.", start=12, end=19),
    ),
    says="Two words.", otherwise="Look behind the mark.", hints=("Where does it end?",),
)  # fmt: skip
EMPTY = replace(SPAN, id="X8", parts=(), says="There is nothing to mark.")
UNCONTROLLED = replace(SPAN, id="X9", parts=SPAN.parts[:1])

ALL = (SINGLE, MULTIPLE, NUMBER, TEXT, ORDER, MATCH, SPAN, EMPTY, UNCONTROLLED)


def quiz(*items: Item, title: str = "Nutgraf 03 Words") -> Quiz:
    """The items as a quiz that a format can write."""
    questions, _ = ready(items)
    return Quiz("03-words", title, tuple(questions))


def no_pictures() -> Pictures:
    return Pictures(None)
