"""Sentences and words keep their places, whatever the text; the scores are the lessons' scores."""

from __future__ import annotations

import re

import pytest
import regex
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from nutgraf import tokenizing
from nutgraf.errors import NutgrafError
from nutgraf.tokenizing import (
    SPLITTERS,
    TOKENIZERS,
    WORD_PATTERN,
    boundaries,
    compare_splitters,
    compare_tokenizers,
    paragraph_spans,
    sentence_spans,
    sentences,
    word_spans,
    words,
)

# What goes wrong elsewhere: quotation marks that tokenizers turn, white space that is not a
# space, clusters of several code points, and words that the Treebank rules cut in two.
PIECES = [
    *"aZé5٣ .,;:!?-–—'\"`“”‘’«»()[]{}<>@#$%&*_/\\\n\r\t\x00\x1c\x85\u2028\u00a0…\u0301\u200c\u00ad",
    *["👩", "👩🏽\u200d🚀", "👍🏽", "🇮🇶", "1️⃣", "각", "क्षि", "ක්\u200dර", "e\u0301", "كِتَاب"],
    *["don't", "don’t", "can't", "cannot", "'tis", "gonna ", "wanna ", "d'ye", " 's ", " n't "],
    *["U.S.", "Mr. ", "5,000", "3.14", "...", ". ", "--", "\r\n", "''", "``", "?” ", "asked. "],
    *["http://a.b/", "a@b.cc", "<b>", "\n\n"],
]
LIKELY = st.lists(st.sampled_from(PIECES), max_size=25).map("".join)
TEXTS = st.one_of(LIKELY, st.text(max_size=40))
MANY = settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
DROPS_PUNCTUATION = {"nutgraf", "word characters", "full stop + space"}
KEEPS_EMPTY_PIECES = {"full stop", "full stop + space"}


def gaps(text: str, spans: list[tuple[int, int]]) -> list[str]:
    """What lies before, between and after the spans; raises unless they ascend in the text."""
    found, last = [], 0
    for start, end in spans:
        assert last <= start <= end <= len(text)
        found.append(text[last:start])
        last = end
    return [*found, text[last:]]


def clusters(text: str) -> set[int]:
    """Offsets at which what a reader sees as one character begins or ends."""
    return {match.start() for match in regex.finditer(r"\X", text)} | {len(text)}


# Any text


@pytest.mark.parametrize("name", TOKENIZERS)
@MANY
@given(text=TEXTS)
@example(text="\"It is\" ``so'' '' he said, \"no\"")
@example(text="a\rb\x00c")
def test_tokens_cover_every_letter_and_digit(name: str, text: str):
    spans = word_spans(text, name)

    assert all(start < end for start, end in spans)
    assert not any(letter.isalnum() for gap in gaps(text, spans) for letter in gap)


@pytest.mark.parametrize("name", [name for name in TOKENIZERS if name not in DROPS_PUNCTUATION])
@MANY
@given(text=TEXTS)
@example(text="'\"'\"\"''`\"")
def test_only_white_space_lies_between_tokens_that_keep_punctuation(name: str, text: str):
    assert "".join(gaps(text, word_spans(text, name))).strip() == ""


@pytest.mark.parametrize("name", SPLITTERS)
@MANY
@given(text=TEXTS)
def test_sentences_cover_every_letter_and_digit(name: str, text: str):
    spans = sentence_spans(text, name)

    assert not any(letter.isalnum() for gap in gaps(text, spans) for letter in gap)
    assert all(text[start:end] == text[start:end].strip() for start, end in spans)


@pytest.mark.parametrize("name", [name for name in SPLITTERS if name not in DROPS_PUNCTUATION])
@MANY
@given(text=TEXTS)
def test_only_white_space_lies_between_sentences(name: str, text: str):
    assert "".join(gaps(text, sentence_spans(text, name))).strip() == ""


@pytest.mark.parametrize("name", [name for name in SPLITTERS if name not in KEEPS_EMPTY_PIECES])
@MANY
@given(text=TEXTS)
def test_no_sentence_is_empty(name: str, text: str):
    assert "" not in sentences(text, name)


@MANY
@given(text=LIKELY)
@example(text="\u0301a")
@example(text="E\u0301.U.\u0301")
def test_a_word_never_cuts_what_a_reader_sees_as_one_character(text: str):
    assert {place for span in word_spans(text) for place in span} <= clusters(text)


@MANY
@given(text=LIKELY)
def test_a_sentence_never_cuts_what_a_reader_sees_as_one_character(text: str):
    # An accent without a letter sits on the space before it, and that space is no sentence's.
    starts = {start for start, _ in sentence_spans(text) if not text[:start][-1:].isspace()}
    ends = {end for _, end in sentence_spans(text)}

    assert starts | ends <= clusters(text)


@MANY
@given(text=TEXTS)
def test_paragraphs_are_the_lines_that_hold_something(text: str):
    lines = [line.strip() for line in text.splitlines()]

    assert [text[start:end] for start, end in paragraph_spans(text)] == [
        one for one in lines if one
    ]


@MANY
@given(text=TEXTS)
def test_no_sentence_reaches_into_the_next_paragraph(text: str):
    paragraphs = paragraph_spans(text)

    assert all(
        any(first <= start and end <= last for first, last in paragraphs)
        for start, end in sentence_spans(text)
    )


@MANY
@given(text=TEXTS)
def test_whitespace_tokens_are_those_of_split(text: str):
    assert words(text, "whitespace") == text.split()


@MANY
@given(text=TEXTS)
def test_full_stop_gives_as_many_pieces_as_split(text: str):
    assert len(sentence_spans(text, "full stop")) == len(text.split("."))
    assert len(sentence_spans(text, "full stop + space")) == len(text.split(". "))


@MANY
@given(text=st.text("abcXYZ012 .,;()“”\n", max_size=40))
def test_nltk_tokens_are_those_of_nltk(text: str):
    from nltk.tokenize import NLTKWordTokenizer, TreebankWordTokenizer, wordpunct_tokenize

    assert words(text, "nltk") == NLTKWordTokenizer().tokenize(text)
    assert words(text, "treebank") == TreebankWordTokenizer().tokenize(text)
    assert words(text, "wordpunct") == wordpunct_tokenize(text)


@pytest.mark.parametrize("run", [".", "-", "<", "1", "'", '"', "?", "\u0301", "a.", "a-", "!?"])
@pytest.mark.parametrize("name", TOKENIZERS)
def test_a_very_long_run_is_tokenized(name: str, run: str):
    text = "one " + run * 20_000 + " two"

    spans = word_spans(text, name)

    assert [text[slice(*spans[0])], text[slice(*spans[-1])]] == ["one", "two"]


@pytest.mark.parametrize("run", [".", "?", "”", "a. ", "? ", "a.", "\n", "\u00a0"])
@pytest.mark.parametrize("name", SPLITTERS)
def test_a_very_long_run_is_split(name: str, run: str):
    text = "One " + run * 20_000 + " two"

    assert "".join(gaps(text, sentence_spans(text, name))).strip(" .\n\u00a0") == ""


def test_a_long_run_changes_nothing_for_the_tokens_of_a_tweet():
    from nltk.tokenize import TweetTokenizer

    text = "so:" + "long-lost,http://a.example/b:-)" * 300 + " #end"

    assert words(text, "tweet") == TweetTokenizer().WORD_RE.findall(text)


# Words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a-b c’s 1,000", ["a-b", "c’s", "1,000"]),
        ("don't, don’t and ‘no’", ["don't", "don’t", "and", "no"]),
        ("3.14 and 1,234.56. Then 5.", ["3.14", "and", "1,234.56", "Then", "5"]),
        ("the 3rd of the 1920s", ["the", "3rd", "of", "the", "1920s"]),
        ("U.S.-led, at 5 p.m.", ["U.S.-led", "at", "5", "p.m."]),
        ("cafe\u0301-goer", ["cafe\u0301-goer"]),
        ("rejected\u00a0Sadr’s", ["rejected", "Sadr’s"]),
        ("homeland… “homeland?”", ["homeland", "homeland"]),
        ("می\u200cخواهم", ["می\u200cخواهم"]),
        ("co\u00adoperate", ["co\u00adoperate"]),
        ("👩🏽\u200d🚀 1️⃣ 🇮🇶", ["1️⃣"]),
        ("a_b - c", ["a_b", "c"]),
        ("", []),
    ],
)
def test_words_are_whole(text: str, expected: list[str]):
    assert words(text) == expected


def test_the_words_of_the_article_are_those_of_the_plain_pattern(article):
    assert words(article.text) == re.findall(WORD_PATTERN, article.text)


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("whitespace", 430),
        ("nutgraf", 430),
        ("word characters", 450),
        ("treebank", 475),
        ("nltk", 505),
        ("wordpunct", 536),
        ("tweet", 520),
    ],
)
def test_a_tokenizer_finds_its_number_of_tokens_in_the_article(article, name: str, count: int):
    assert len(word_spans(article.text, name)) == count


def test_a_straight_quotation_mark_keeps_its_place():
    assert words("He said \"no\" to ''them''.", "nltk") == [
        *["He", "said", '"', "no", '"', "to", "''", "them", "''", "."]
    ]


def test_a_tokenizer_that_loses_its_place_says_where():
    with pytest.raises(NutgrafError, match=r"lost its place at offset 4, near 'a b c d'"):
        tokenizing._align(["a", "b", "x"], "a b c d", "broken")


@pytest.mark.parametrize(
    ("find", "kind"), [(word_spans, "tokenizer"), (sentence_spans, "splitter")]
)
def test_an_unknown_name_is_answered_with_those_there_are(find, kind: str):
    with pytest.raises(NutgrafError, match=f"no {kind} 'spacy'.*\"nutgraf\""):
        find("text", "spacy")


# Sentences


def test_the_article_has_the_sentences_of_the_reference(article):
    reference = [(one["start"], one["end"]) for one in article.reference["sentences"]]

    assert len(reference) == 20
    assert sentence_spans(article.text) == reference


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("“Why?” Sadr asked. He left.", ["“Why?” Sadr asked.", "He left."]),
        ("“Why?” he asked. He left.", ["“Why?” he asked.", "He left."]),
        ("“No!” cried the cleric. “No.”", ["“No!” cried the cleric.", "“No.”"]),
        ('"Why?" President Joe Biden asked.', ['"Why?" President Joe Biden asked.']),
        ("‘Why?’ she said, smiling. So.", ["‘Why?’ she said, smiling.", "So."]),
        ("“Why?” al-Khazali asked.", ["“Why?” al-Khazali asked."]),
        ("“Why?” Sadr said on Friday.", ["“Why?” Sadr said on Friday."]),
        ("(Why not?) Sadr asked.", ["(Why not?) Sadr asked."]),
        ("“Why?” was the cry.", ["“Why?” was the cry."]),
    ],
)
def test_a_quoted_question_stays_with_the_words_that_tell_who_asked(text: str, expected: list[str]):
    assert sentences(text) == expected


@pytest.mark.parametrize(
    "pieces",
    [
        ["“Why?”", "He left."],
        ["“Why?”", "Sadr left the hall."],
        ["“Why?”", "al-Khazali left."],
        ["“Why?”", "The minister said nothing."],
        ["“Why?”", "Sadr said that he would go."],
        ["“Why?”", "Sadr said: “Because.”"],
        ["“Why?”", "Many people in the hall asked."],
        ["Why?", "Sadr asked."],
        ["“It is.”", "Sadr asked."],
    ],
)
def test_what_follows_a_quoted_question_may_be_a_sentence_of_its_own(pieces: list[str]):
    assert sentences(" ".join(pieces)) == pieces


def test_a_paragraph_ends_a_sentence_even_before_the_speaker():
    assert sentences("“Why?”\n\nSadr asked.") == ["“Why?”", "Sadr asked."]


def test_abbreviations_of_the_english_model_do_not_end_a_sentence():
    assert sentences("Mr. Smith met Dr. Jones. They talked.") == [
        "Mr. Smith met Dr. Jones.",
        "They talked.",
    ]


# Side by side

SCORES = {
    "full stop": (19, 14, 16, 3, 1, 0.941, 0.842, 0.889),
    "full stop + space": (6, 0, 0, 19, 5, 0.0, 0.0, 0.0),
    "regex": (17, 14, 16, 3, 0, 1.0, 0.842, 0.914),
    "punkt, whole text": (19, 15, 17, 2, 1, 0.944, 0.895, 0.919),
    "punkt, by paragraph": (21, 19, 19, 0, 1, 0.95, 1.0, 0.974),
    "nutgraf": (20, 20, 19, 0, 0, 1.0, 1.0, 1.0),
}


@pytest.mark.parametrize("name", SCORES)
def test_a_splitter_scores_on_the_article_what_the_lesson_says(article, name: str):
    table = compare_splitters(article.text, article.reference["sentences"], [name])

    assert tuple(table.loc[0])[1:] == SCORES[name]


def test_untrained_punkt_depends_on_the_version_of_nltk(article):
    import nltk

    table = compare_splitters(article.text, article.sentences, ["punkt, untrained"])

    curly = tuple(int(part) for part in nltk.__version__.split(".")[:2]) >= (3, 10)
    expected = SCORES["punkt, whole text"] if curly else SCORES["regex"]
    assert tuple(table.loc[0])[1:] == expected


def test_splitters_are_compared_in_the_order_they_are_named(article):
    table = compare_splitters(article.text, article.sentences, ["nutgraf", "regex"])

    assert list(table.columns) == [
        *["splitter", "units", "exact", "hits", "missed", "spurious", "precision", "recall", "f1"]
    ]
    assert list(table["splitter"]) == ["nutgraf", "regex"]


@pytest.mark.parametrize(
    "reference",
    [
        [(0, 4), (5, 9)],
        [[0, 4], [5, 9]],
        [{"start": 0, "end": 4, "quote": "One."}, {"start": 5, "end": 9}],
    ],
)
def test_a_reference_may_be_pairs_or_dicts(reference):
    table = compare_splitters("One. Two.", reference, {"mine": lambda text: [(0, 4), (5, 9)]})

    assert list(table.loc[0, ["exact", "hits", "missed", "spurious"]]) == [2, 1, 0, 0]


def test_a_learners_own_function_may_return_strings(article):
    def mine(text: str) -> list[str]:
        return re.split(r"(?<=[.!?])\s+", text)

    table = compare_splitters(article.text, article.sentences, {"mine": mine})

    assert tuple(table.loc[0])[1:] == SCORES["regex"]


def test_white_space_at_the_ends_of_a_span_costs_nothing():
    table = compare_splitters(
        "One. Two. ", [(0, 4), (5, 9)], {"mine": lambda text: [(0, 5), (5, 10)]}
    )

    assert list(table.loc[0, ["exact", "f1"]]) == [2, 1.0]


@pytest.mark.parametrize(
    ("found", "scores"),
    [
        ([(0, 4)], (1.0, 1.0, 1.0)),
        ([(0, 1), (1, 4)], (0.0, 0.0, 0.0)),
    ],
)
def test_one_sentence_has_no_boundary_to_find(found, scores):
    table = compare_splitters("One.", [(0, 4)], {"mine": lambda text: found})

    assert tuple(table.loc[0, ["precision", "recall", "f1"]]) == scores


@pytest.mark.parametrize(
    ("returned", "message"),
    [
        (["One.", "Three."], "'Three.'.*offset 4"),
        ([(0, 4), (3, 9)], r"\(3, 9\).*start at 4"),
        ([(0, 99)], r"\(0, 99\).*end at 9"),
        ([4, 9], r"has 4 for a span\. Give \(start, end\) pairs"),
    ],
)
def test_what_a_function_returns_is_checked(returned, message: str):
    with pytest.raises(NutgrafError, match=f'"mine" .*{message}'):
        compare_splitters("One. Two.", [(0, 4), (5, 9)], {"mine": lambda text: returned})


def test_boundaries_tell_hits_missed_and_spurious(article):
    table = boundaries(article.text, article.sentences, ["punkt, whole text", "nutgraf"])

    assert list(table.columns) == [
        *["position", "before", "after", "reference", "punkt, whole text", "nutgraf"]
    ]
    assert len(table) == 20
    by_position = table.set_index("position")
    assert list(by_position.loc[52]) == [
        "y anti-US protests",
        "¶¶ERBIL, Kur",
        True,
        "missed",
        "hit",
    ]
    assert list(by_position.loc[553]) == [
        "ove the homeland?”",
        " Sadr asked.",
        False,
        "spurious",
        "",
    ]
    assert by_position.loc[412, "after"] == "⍽¶¶“Men of h"


@pytest.mark.parametrize("name", SPLITTERS)
def test_boundaries_add_up_to_the_scores(article, name: str):
    score = compare_splitters(article.text, article.sentences, [name]).loc[0]
    counts = boundaries(article.text, article.sentences, [name])[name].value_counts()

    assert [counts.get(kind, 0) for kind in ("hit", "missed", "spurious")] == list(
        score[["hits", "missed", "spurious"]]
    )


def test_tokenizers_are_compared_where_they_differ():
    table = compare_tokenizers("Iraq’s homeland… now", ["whitespace", "nltk", "nutgraf"])

    assert table.to_dict("records") == [
        {
            **{"start": 0, "end": 6, "text": "Iraq’s"},
            **{"whitespace": "Iraq’s", "nltk": "Iraq | ’ | s", "nutgraf": "Iraq’s"},
        },
        {
            **{"start": 7, "end": 16, "text": "homeland…"},
            **{"whitespace": "homeland…", "nltk": "homeland…", "nutgraf": "homeland"},
        },
    ]


def test_tokenizers_that_agree_make_an_empty_table():
    table = compare_tokenizers("one two", {"a": str.split, "b": lambda text: [(0, 3), (4, 7)]})

    assert table.empty
    assert list(table.columns) == ["start", "end", "text", "a", "b"]


@MANY
@given(text=TEXTS)
def test_every_difference_between_tokenizers_is_a_slice_of_the_text(text: str):
    table = compare_tokenizers(text, ["nltk", "wordpunct", "nutgraf"])

    assert all(row.text == text[row.start : row.end] for row in table.itertuples())
