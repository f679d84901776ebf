"""Counts agree with Counter, NLTK and a pencil; every place that is found is in the text."""

from __future__ import annotations

import math
import re
from collections import Counter

import nltk
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from nltk.collocations import BigramAssocMeasures, BigramCollocationFinder
from nltk.text import Text

from nutgraf import load
from nutgraf.article import Article
from nutgraf.counting import (
    FUNCTION_WORDS,
    MEASURES,
    collocations,
    concordance,
    dispersion,
    fold,
    frequencies,
    index,
    is_function_word,
    keyness,
    moving_average_ttr,
    profile,
    readability,
    removed,
    sentence_tokens,
    spectrum,
    syllables,
    tokens,
    type_token_ratio,
    zipf,
)
from nutgraf.errors import NutgrafError

WORDS = st.lists(st.sampled_from(["US", "us", "Us", "the", "The", "war", "don’t", "é", "和", "I"]))
PIECES = [
    *["US ", "us ", "Us ", "anti-US ", "protests ", "Protest ", "homeland", "don’t ", "don't "],
    *[
        ". ",
        "? ",
        "\n\n",
        "\r\n",
        "\u00a0",
        "…",
        "“",
        "”",
        "*",
        "الحرب ",
        "战争",
        "е\u0301",
        "👩🏽\u200d🚀",
    ],
    *["e\u0301", "É", "5,000 ", "U.S. ", "\xad", "‑"],
]
TEXTS = st.one_of(st.lists(st.sampled_from(PIECES), max_size=30).map("".join), st.text(max_size=40))


@pytest.fixture(params=["sadr-protests", "kettle-bridge"])
def either(request):
    """Each of the kit's articles: nothing is made for one text."""
    return load(request.param)


def rows(table: pd.DataFrame, *columns: str) -> list[tuple]:
    return list(table[list(columns)].itertuples(index=False, name=None))


# Folding and function words


@pytest.mark.parametrize(
    ("token", "folded"),
    [
        ("The", "the"), ("US", "US"), ("Us", "us"), ("I", "i"), ("A", "a"), ("anti-US", "anti-us"),
        ("ISIS", "ISIS"), ("U.S.", "U.S."), ("5,000", "5,000"), ("É", "é"), ("E\u0301", "e\u0301"),
        ("战争", "战争"), ("", ""),
    ],
)  # fmt: skip
def test_lower_case_spares_words_all_in_capitals(token: str, folded: str):
    assert fold(token) == folded


@pytest.mark.parametrize("token", ["us", "Us", "I", "A", "a", "The", "don’t", "don't", "Don’t"])
def test_function_words_are_known_in_lower_case_and_at_the_start_of_a_sentence(token: str):
    assert is_function_word(token)


@pytest.mark.parametrize("token", ["US", "IT", "WHO", "against", "homeland", "", "’t", "战争"])
def test_capitals_and_content_are_no_function_words(token: str):
    assert not is_function_word(token)


def test_the_list_is_lower_case_and_has_both_apostrophes():
    assert {word for word in FUNCTION_WORDS if word != word.lower()} == set()
    straight = {word for word in FUNCTION_WORDS if "'" in word}
    assert {word.replace("'", "’") for word in straight} < FUNCTION_WORDS
    assert "us" in FUNCTION_WORDS


@pytest.mark.parametrize("contraction", ["isn", "weren", "couldn"])
def test_no_torn_contraction_is_in_the_list(contraction: str):
    assert contraction not in FUNCTION_WORDS


# Frequencies


def test_the_article_has_as_many_tokens_and_types_as_counted_by_hand(article):
    words = tokens(article)

    assert len(words) == 430
    assert len(set(words)) == 221
    assert words[9:12] == ["ERBIL", "kurdistan", "region"]


def test_sentences_hold_the_same_tokens(either):
    assert [word for sentence in sentence_tokens(either) for word in sentence] == tokens(either)
    assert len(sentence_tokens(either)) == len(either.sentences)


def test_the_top_words_keep_the_us(article):
    top = frequencies(tokens(article), FUNCTION_WORDS).head(8)

    assert rows(top, "word", "count", "rank") == [
        ("protests", 6, 1), ("US", 5, 2), ("homeland", 5, 2), ("iraq", 5, 2), ("against", 4, 5),
        ("anti-us", 4, 5), ("iran-backed", 4, 5), ("iraqi", 4, 5),
    ]  # fmt: skip


def test_frequencies_are_nltks(either):
    words = tokens(either)
    table = frequencies(words)

    assert dict(rows(table, "word", "count")) == dict(nltk.FreqDist(words))
    assert table["share"].tolist() == [nltk.FreqDist(words).freq(w) for w in table["word"]]


def test_equal_counts_stand_in_order_and_share_a_rank():
    table = frequencies(["b", "a", "c", "c", "B"])

    expected = [("c", 2, 0.4, 1), ("B", 1, 0.2, 2), ("a", 1, 0.2, 2), ("b", 1, 0.2, 2)]
    assert rows(table, "word", "count", "share", "rank") == expected


def test_a_stop_list_changes_no_share():
    words = ["the", "war", "the", "US"]

    assert rows(frequencies(words, FUNCTION_WORDS), "word", "share") == [
        ("US", 0.25),
        ("war", 0.25),
    ]


def test_what_a_stop_list_takes_away_is_shown():
    assert rows(removed(["us", "US", "the", "the", "The", "war"]), "word", "count") == [
        ("the", 2), ("The", 1), ("us", 1),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("stop", "left"),
    [
        ({"us"}, ["US", "iraq", "don’t"]),
        ({"US"}, ["us", "iraq", "don’t"]),
        (["Iraq", "don't"], ["US", "us"]),
        (set(), ["US", "us", "iraq", "don’t"]),
    ],
)
def test_a_stop_list_of_ones_own_is_case_aware_too(stop, left: list[str]):
    assert sorted(frequencies(["US", "us", "iraq", "don’t"], stop)["word"]) == sorted(left)


@given(words=WORDS, stop=st.sets(st.sampled_from(["us", "US", "the", "don't"])))
def test_what_stays_and_what_goes_is_everything(words: list[str], stop: set[str]):
    stays, goes = frequencies(words, stop), removed(words, stop)

    both = dict(rows(stays, "word", "count")) | dict(rows(goes, "word", "count"))
    assert both == Counter(words)
    assert stays["count"].sum() + goes["count"].sum() == len(words)
    assert frequencies(words)["share"].sum() == pytest.approx(1 if words else 0)


@given(data=st.data(), words=WORDS)
def test_the_order_of_the_tokens_does_not_matter(data, words: list[str]):
    shuffled = data.draw(st.permutations(words))

    pd.testing.assert_frame_equal(frequencies(words), frequencies(shuffled))
    pd.testing.assert_frame_equal(spectrum(words), spectrum(shuffled))
    pd.testing.assert_frame_equal(keyness(words, ["us"]), keyness(shuffled, ["us"]))


@pytest.mark.parametrize("function", [frequencies, removed, spectrum, zipf])
def test_no_tokens_make_an_empty_table(function):
    assert len(function([])) == 0


@pytest.mark.parametrize("given_", ["one text", Article.from_text("one text")])
def test_a_text_instead_of_its_tokens_is_refused(given_):
    with pytest.raises(NutgrafError, match=r"tokens\(article\)"):
        frequencies(given_)


def test_a_string_for_a_stop_list_is_refused():
    with pytest.raises(NutgrafError, match=r'\{"the"\}'):
        frequencies(["the"], "the")


# Spectrum, Zipf, variety


def test_the_spectrum_counts_words_by_their_counts():
    assert rows(spectrum(["a", "a", "a", "b", "b", "c", "d"]), "count", "types", "tokens") == [
        (1, 2, 2), (2, 1, 2), (3, 1, 3),
    ]  # fmt: skip


@given(words=WORDS)
def test_the_spectrum_loses_nothing(words: list[str]):
    table = spectrum(words)

    assert (table["types"].sum(), table["tokens"].sum()) == (len(set(words)), len(words))


def test_zipfs_law_divides_the_first_count_by_the_rank():
    table = zipf(["a", "a", "a", "a", "b", "b", "c"])

    assert rows(table, "rank", "word", "count") == [(1, "a", 4), (2, "b", 2), (3, "c", 1)]
    assert table["expected"].tolist() == pytest.approx([4, 2, 4 / 3])


def test_hapaxes_are_nltks(either):
    assert profile(either)["hapaxes"] == len(nltk.FreqDist(tokens(either)).hapaxes())


def test_the_article_in_numbers(article):
    numbers = profile(article)

    assert numbers["tokens"] == 430
    assert numbers["types"] == 221
    assert numbers["hapaxes"] == 155
    assert numbers["type_token_ratio"] == 221 / 430


@given(words=WORDS, window=st.integers(1, 12))
def test_the_moving_average_is_the_mean_over_all_windows(words: list[str], window: int):
    assume(words)
    starts = range(max(1, len(words) - window + 1))
    stretches = [words[start : start + window] for start in starts]
    expected = sum(len(set(part)) / len(part) for part in stretches) / len(stretches)

    assert moving_average_ttr(words, window) == pytest.approx(expected)


def test_a_text_said_twice_loses_plain_variety_but_not_the_moving_average(either):
    words = tokens(either)

    assert type_token_ratio(words * 2) == pytest.approx(type_token_ratio(words) / 2)
    assert moving_average_ttr(words * 2) == pytest.approx(moving_average_ttr(words), rel=0.05)


def test_a_window_without_tokens_is_refused():
    with pytest.raises(NutgrafError, match="window=0"):
        moving_average_ttr(["a"], 0)


@pytest.mark.parametrize("text", ["", " \n", "…!"])
def test_an_empty_text_has_a_profile_without_ratios(text: str):
    numbers = profile(text)

    assert (numbers["tokens"], numbers["types"]) == (0, 0)
    assert math.isnan(numbers["type_token_ratio"])
    assert math.isnan(numbers["function_word_share"])


# Concordance


def matches(text, query, **more) -> list[str]:
    return concordance(text, query, **more)["match"].tolist()


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("protests", 6), ("homeland", 5), ("iran-backed", 4), ("iraq", 5), ("US", 5), ("us", 5),
        ("sadr", 4), ("iran", 0), ("Friday's protests", 2), ("friday’s PROTESTS", 0),
        ("anti-US", 4), ("anti-*", 4), ("Iran*", 5), ("al-*", 4), ("protest*", 6),
        ("US troops in Iraq", 2), ("“homeland”?", 5), ("nobody", 0),
    ],
)  # fmt: skip
def test_the_article_is_searched_by_whole_words_and_phrases(article, query: str, count: int):
    assert len(concordance(article, query)) == count


def test_a_line_has_its_place_and_its_context(article):
    line = concordance(article, "US troops", width=20).iloc[0]

    start = article.text.index("US troops")
    assert (line["start"], line["end"]) == (start, start + len("US troops"))
    assert (line["left"], line["match"], line["right"]) == (
        "the presence of ",
        "US troops",
        " in Iraq. He called",
    )
    assert (line["sentence"], line["paragraph"]) == (6, 5)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("us", ["US", "us", "Us"]), ("Us", ["US", "us", "Us"]), ("US", ["US"]),
        ("tell us", ["tell us"]), ("u*", ["US", "us", "Us"]), ("US*", ["US"]),
        ("U*", ["US", "us", "Us"]),
    ],
)  # fmt: skip
def test_capitals_are_meant_only_where_all_are_capitals(query: str, found: list[str]):
    assert matches("The US must tell us. Us two.", query) == found


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("They don’t know", "don't"), ("They don't know", "don’t"), ("a co‑op", "co-op"),
        ("a de\xadfense", "defense"), ("cafe\u0301", "café"), ("café", "CAFE\u0301".lower()),
        ("STRASSE", "straße"), ("ΟΔΟΣ", "οδος"), ("الحرب", "الحرب"), ("战争", "战争"),
    ],
)  # fmt: skip
def test_the_same_word_typed_differently_is_found(text: str, query: str):
    assert len(concordance(text, query)) == 1


@pytest.mark.parametrize(
    ("query", "found"),
    [("hom.*", 0), ("h(o", 0), ("homeland|US", 0), ("^homeland$", 5), ("[a-z]+", 0), ("(US)", 5),
     ("<b>homeland</b>", 0), ("a*b", 0), ("\\w+", 0)],
)  # fmt: skip
def test_nothing_typed_is_a_pattern_or_markup(article, query: str, found: int):
    assert len(concordance(article, query)) == found


@pytest.mark.parametrize("query", ["", " ", "*", "…", "“”", ".*", []])
def test_a_query_without_a_word_is_refused(article, query):
    with pytest.raises(NutgrafError, match="no word in the query"):
        concordance(article, query)


@pytest.mark.parametrize("numbers", [{"width": -1}, {"lines": -1}])
def test_less_than_nothing_is_refused(article, numbers: dict):
    with pytest.raises(NutgrafError, match="less than 0"):
        concordance(article, "US", **numbers)


def test_a_phrase_ends_with_its_sentence():
    text = "He left. Home again, home. Left home"

    assert matches(text, "left home") == ["Left home"]
    assert matches(text, "again home") == ["again, home"]


def test_line_ends_in_the_context_are_spaces_one_for_one():
    line = concordance("one\r\ntwo\u00a0three", "two", width=10).iloc[0]

    assert (line["left"], line["right"]) == ("one  ", " three")


def test_the_context_begins_and_ends_with_a_whole_word():
    line = concordance("alpha beta gamma delta epsilon", "gamma", width=8).iloc[0]

    assert (line["left"], line["right"]) == ("beta ", " delta")


def test_a_neighbour_longer_than_the_window_is_cut():
    line = concordance("abcdefghij klm nopqrstuvw", "klm", width=4).iloc[0]

    assert (line["left"], line["right"]) == ("hij ", " nop")


def test_only_so_many_lines_are_given(article):
    all_lines = concordance(article, "homeland")

    pd.testing.assert_frame_equal(concordance(article, "homeland", lines=2), all_lines.head(2))


@given(
    text=TEXTS,
    query=st.sampled_from(["us", "US", "protest*", "don't", "é", "战*", "us us", "U.S."]),
    width=st.integers(0, 12),
)
def test_every_match_is_a_slice_and_so_is_its_context(text: str, query: str, width: int):
    for line in concordance(text, query, width=width).itertuples():
        left, right = len(line.left), len(line.right)

        assert text[line.start : line.end] == line.match
        assert max(left, right) <= width
        around = text[line.start - left : line.start] + text[line.end : line.end + right]
        assert re.sub(r"\s", " ", around) == line.left + line.right


@given(text=TEXTS)
def test_every_word_is_found_where_it_stands(text: str):
    words = Article.from_text(text).words
    assume(len(words))
    word = words.iloc[len(words) // 2]
    found = concordance(text, [word["text"]])

    assert (word["start"], word["end"]) in rows(found, "start", "end")


@pytest.mark.parametrize("query", ["the", "protests", "bridge", "iraq", "nobody"])
def test_the_hits_are_nltks(either, query: str):
    words = either.words
    hits = Text(words["text"].tolist()).concordance_list(query, lines=10_000)

    assert concordance(either, query)["start"].tolist() == [
        words["start"][hit.offset] for hit in hits
    ]


@given(
    corpus=st.lists(st.sampled_from(["a", "b", "c", ".", "”"])),
    query=st.lists(st.sampled_from(["a", "b", ".", "z"]), min_size=1, max_size=3),
)
def test_a_list_of_tokens_is_searched_as_nltk_searches_it(corpus: list[str], query: list[str]):
    hits = Text(corpus).concordance_list(query, lines=10_000)
    found = concordance(index(corpus), query)
    text = " ".join(corpus)

    assert [text[:start].count(" ") for start in found["start"]] == [hit.offset for hit in hits]
    assert [text[start:end] for start, end in rows(found, "start", "end")] == found[
        "match"
    ].tolist()


def test_an_index_gives_the_same_lines_as_its_text(either):
    pd.testing.assert_frame_equal(concordance(index(either), "the"), concordance(either, "the"))


def test_an_index_says_how_much_it_holds(article):
    assert (
        repr(index(article)) == f"<Index: 430 tokens, {article.words['text'].nunique()} spellings>"
    )


@pytest.mark.parametrize("text", ["", "\n", "…", []])
def test_nothing_is_found_in_nothing(text):
    assert len(concordance(index(text), "war")) == 0


# Dispersion


def test_the_homeland_is_in_two_neighbouring_paragraphs(article):
    table = dispersion(article, "homeland")

    assert table["paragraph"].tolist() == [2, 3, 3, 3, 3]
    assert table["position"].tolist() == [start / 2697 for start in table["start"]]


def test_several_words_stand_in_the_order_they_were_asked_for(article):
    table = dispersion(article, ["US troops", "homeland", "absent", "homeland"])

    assert table["word"].unique().tolist() == ["US troops", "homeland"]
    assert [article.text[s:e] for s, e in rows(table[:2], "start", "end")] == ["US troops"] * 2
    assert len(table) == 7


@given(text=TEXTS)
def test_positions_are_shares_of_the_text(text: str):
    table = dispersion(text, ["us", "don't"])

    assert table["position"].between(0, 1, inclusive="left").all()


def test_no_word_to_look_for_is_refused(article):
    with pytest.raises(NutgrafError, match="no words"):
        dispersion(article, [])


# Collocations


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("window", [2, 4])
def test_pairs_of_one_sentence_are_scored_as_nltk_scores_them(either, measure: str, window: int):
    words = tokens(either)
    finder = BigramCollocationFinder.from_words(words, window_size=window)
    finder.apply_freq_filter(2)
    expected = dict(finder.score_ngrams(getattr(BigramAssocMeasures, measure)))
    table = collocations(words, measure, window=window, stop=None)

    found = {
        (first, second): score for first, second, score in rows(table, "first", "second", "score")
    }
    assert found == pytest.approx(expected)
    assert table["score"].is_monotonic_decreasing


def test_pairs_within_sentences_are_those_of_nltks_documents(either):
    finder = BigramCollocationFinder.from_documents(sentence_tokens(either))
    table = collocations(either, "pmi", min_count=1, stop=None)

    assert {(a, b): n for a, b, n in rows(table, "first", "second", "count")} == dict(
        finder.ngram_fd
    )
    best = finder.score_ngrams(BigramAssocMeasures.pmi)
    assert rows(table, "first", "second") == [pair for pair, _ in best]


@pytest.mark.parametrize("window", [2, 3, 6])
def test_no_pair_reaches_over_the_end_of_a_sentence(window: int):
    table = collocations("One two. Three four.", window=window, min_count=1, stop=None)

    assert sorted(rows(table, "first", "second")) == [("one", "two"), ("three", "four")]


def test_a_pair_is_found_as_often_as_its_phrase(either):
    for first, second, count in rows(collocations(either, stop=None), "first", "second", "count"):
        assert len(concordance(either, [first, second])) == count


def test_stop_words_leave_the_pairs_but_keep_their_counts(article):
    table = collocations(article)

    assert ("US", "troops") in rows(table, "first", "second")
    assert not table["first"].map(is_function_word).any()
    best = table.set_index(["first", "second"]).loc[("US", "troops")]
    counts = Counter(tokens(article))
    assert (best["first_count"], best["second_count"]) == (counts["US"], counts["troops"])


def test_a_score_by_hand():
    # Four tokens; "a b" twice: log2(2 * 4 / (2 * 2)) = 1.
    table = collocations([["a", "b"], ["a", "b"]], "pmi", stop=None)

    assert rows(table, "first", "second", "count", "score") == [("a", "b", 2, 1.0)]


@given(sentences=st.lists(WORDS, max_size=6), measure=st.sampled_from(MEASURES))
def test_any_sentences_have_a_table(sentences: list[list[str]], measure: str):
    table = collocations(sentences, measure, min_count=1, stop=None)

    assert table["count"].sum() == sum(max(0, len(one) - 1) for one in sentences)


@pytest.mark.parametrize("wrong", [{"measure": "luck"}, {"window": 1}])
def test_a_wrong_measure_or_window_is_refused(wrong: dict):
    with pytest.raises(NutgrafError, match=r"measure 'luck'|window=1"):
        collocations(["a", "b"], **wrong)


# Keyness


@given(
    here=st.lists(st.sampled_from("abcd"), min_size=1),
    there=st.lists(st.sampled_from("bcde"), min_size=1),
)
def test_the_log_likelihood_is_nltks(here: list[str], there: list[str]):
    table = keyness(here, there)

    for word, one, two, score in rows(table, "word", "count", "other_count", "log_likelihood"):
        assert (one, two) == (here.count(word), there.count(word))
        whole = len(here) + len(there)
        nltks = BigramAssocMeasures.likelihood_ratio(one, (one + two, len(here)), whole)
        assert score == pytest.approx(nltks, abs=1e-6)


def test_keyness_by_hand():
    # 3 of 4 tokens here, 1 of 4 there; all four cells expect 2:
    # 2 * (3 ln(3/2) + 1 ln(1/2) + 1 ln(1/2) + 3 ln(3/2)) = 2.0930, and log2(0.75 / 0.25) = log2 3.
    table = keyness(["war", "war", "war", "x"], ["war", "y", "y", "y"]).set_index("word")

    assert table.loc["war", "log_likelihood"] == pytest.approx(2.0930, abs=1e-4)
    assert table.loc["war", "log_ratio"] == pytest.approx(math.log2(3))
    assert table.loc["x", "log_ratio"] == pytest.approx(math.log2((1 / 4) / (0.5 / 4)))


@given(words=WORDS)
def test_a_text_beside_itself_has_nothing_typical(words: list[str]):
    table = keyness(words, words)

    assert (table["log_likelihood"] == 0).all()
    assert (table["log_ratio"].dropna() == 0).all()


def test_beside_nothing_no_word_is_typical():
    table = keyness(["war"], [])

    assert table["log_likelihood"].tolist() == [0]
    assert table["log_ratio"].isna().all()


def test_each_article_has_its_own_words():
    sadr, bridge = tokens(load("sadr-protests")), tokens(load("kettle-bridge"))
    content = keyness(sadr, bridge).query("log_ratio > 0")["word"].head(12).tolist()

    assert "iraq" in content
    assert "US" in content


# Readability

BY_HAND = {
    1: "3 5 a aimed all and as asked at be been best blocs by call called calls day do don’t fight "
    "for force from groups grown has have he head his hope i in is it its join killed leads leave "
    "love main march men my not of on one our passed proud said since start state states streets "
    "strong that the thee theme there they this ticked time to train troops vow we who will with "
    "you your",
    2: "ERBIL ISIS KH US abu across added advise against airstrikes also although around assist "
    "bases british calling cannot children cleric coming condemn country efforts evict expel "
    "firebrand forces foreign friday friday’s himself homeland hurry iraq iraq’s later leader "
    "leaders mahdi many members message million nation other people presence protests qasem reform "
    "region renege rocking sairun saying second shiite sounded started stationed support system "
    "thursday touting vocal wednesday women worsened",
    3: "25 29 5,000 PMF alliance alongside ancestors century commanders confidence continue "
    "december defendants defending deputy earlier general government hezbollah invaders "
    "iran-backed iraqi iraqis islamic kataib khazali kurdistan likening militia militias mobilize "
    "muqtada occupied october parliament’s popular rejected resistance sayirun sovereignty "
    "supporters united",
    4: "1920 actually al-khazali al-muhandis america american anti-US demonstrations independence "
    "interference iranian january military mobilizing notorious occupation participate resolution "
    "revolution soleimani unofficial violations",
    5: "assassinated mobilization parliamentary retaliatory",
}
"""Syllables of the article's words, counted by a reader; without names said in two ways."""

UNSEEN = {
    1: "an back bank beam beams bell bit bridge bright but cost chain chief close come count "
    "counts cross cups date down each east fear flood foot found gates goes had half holds hour "
    "how if joke last less likes long made most move named need nine old more page paint prams "
    "put queue rest rot school set she shows shut signed soft some spot stood team their them "
    "took trade turned twelve two wait was way weeks work worked would yet",
    2: "about adult after amused Ashby aside bakers because before budget café carry closure "
    "council council's counted early ever expect expects extra ferry footbridge Jonas Kettle "
    "landing lower matters Marta meantime meeting Monday notice online only open opened ordered "
    "others over present progress repairs report return River summer teaches timber Tuesday's "
    "under walkers welcome weekend without younger",
    3: "according continued engineer Ferryman holidays nobody petition primary shopkeepers",
    4: "anybody's organiser Oyelaran predecessor",
}
"""Words of the other article, counted by a reader; the rules were not made with them in sight."""


def misses(counted: dict[int, str]) -> list[str]:
    return [word for n, line in counted.items() for word in line.split() if syllables(word) != n]


def test_the_syllables_of_the_articles_words_are_counted_as_a_reader_counts_them():
    assert sum(len(line.split()) for line in BY_HAND.values()) == 216
    assert misses(BY_HAND) == [
        "25", "29", "5,000", "kataib", "parliament’s", "sovereignty", "parliamentary", "retaliatory"
    ]  # fmt: skip


def test_the_syllables_of_words_not_seen_before_are_counted_as_well():
    assert sum(len(line.split()) for line in UNSEEN.values()) == 150
    assert len(misses(UNSEEN)) <= 1


@pytest.mark.parametrize(
    ("word", "count"),
    [("little", 2), ("wanted", 2), ("jumped", 1), ("idea", 3), ("science", 2), ("society", 4),
     ("media", 3), ("didn’t", 2), ("aren’t", 1), ("beyond", 2), ("US", 2), ("WWF", 7),
     ("NATO", 2), ("1920", 4), ("战争", 1), ("", 1), ("…", 1), ("cafe\u0301", 2)],
)  # fmt: skip
def test_syllables_follow_the_rules(word: str, count: int):
    assert syllables(word) == count


@given(word=st.text(max_size=15))
def test_every_word_has_a_syllable(word: str):
    assert syllables(word) >= 1


def test_readability_by_hand():
    # 6 words, 2 sentences, 8 syllables (2 1 1, 1 2 1), 21 letters.
    numbers = readability("Little men ran. We carry it.")

    assert (numbers["words"], numbers["sentences"], numbers["syllables"]) == (6, 2, 8)
    assert numbers["characters"] == numbers["letters"] == 21
    assert numbers["flesch_reading_ease"] == pytest.approx(206.835 - 1.015 * 3 - 84.6 * 8 / 6)
    assert numbers["flesch_kincaid_grade"] == pytest.approx(0.39 * 3 + 11.8 * 8 / 6 - 15.59)
    assert numbers["automated_readability_index"] == pytest.approx(4.71 * 3.5 + 0.5 * 3 - 21.43)
    assert numbers["coleman_liau_index"] == pytest.approx(0.0588 * 350 - 0.296 * 100 / 3 - 15.8)


def test_easy_sentences_read_more_easily_than_the_news(either):
    easy = readability("The cat sat. The dog ran. We like the sun.")
    news = readability(either)

    assert easy["flesch_reading_ease"] > news["flesch_reading_ease"]
    assert easy["flesch_kincaid_grade"] < news["flesch_kincaid_grade"]


@pytest.mark.parametrize("text", ["", "…", "战争", "الحرب والسلام", "1920"])
def test_without_a_latin_letter_the_formulas_give_no_number(text: str):
    numbers = readability(text)

    formulas = [name for name in numbers.index if name.endswith(("ease", "grade", "index"))]
    assert len(formulas) == 4
    assert all(math.isnan(numbers[name]) for name in formulas)
