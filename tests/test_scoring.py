"""Scores agree with other people's, and copying with its definition."""

from __future__ import annotations

import warnings
from collections import Counter

import pytest
import regex
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from nutgraf import scoring
from nutgraf.errors import NutgrafError
from nutgraf.scoring import (
    copying,
    lcs_length,
    overlap_table,
    percentile,
    random_scores,
    rouge,
    rouge_l,
    rouge_n,
    rouge_tokens,
    without_watermark,
)
from nutgraf.summarizing import summarize
from nutgraf.tokenizing import words

PIECES = [
    *"abcZé5٣½ .,;:!?-–—'\"“”‘’«»()[]\n\r\t\u00a0\u00ad\u200d\u0301",
    *["👩🏽\u200d🚀", "e\u0301", "كِتَاب", "クマ", "İ", "ß", "ǅ", "don’t ", "al-Sadr ", "US ", "us "],
    *["not ", "all ", "one ", "two ", "million ", "5,000 ", "around ", "said ", "ordered ", "May "],
    *["It ", "Iran-backed ", "Iran's ", "unofficial ", "leader ", "“yes” ", "[X] ", ". ", "\n\n"],
]
LIKELY = st.lists(st.sampled_from(PIECES), max_size=30).map("".join)
TEXTS = st.one_of(LIKELY, st.text(max_size=40))
ASCII = st.one_of(
    st.text(st.characters(max_codepoint=127), max_size=60),
    st.lists(st.sampled_from(["the", "cat", "cats", "Running", "runs.", "it's", "5,000"])).map(
        " ".join
    ),
)
TOKENS = st.lists(st.sampled_from("abcd"), max_size=40)
MANY = settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow])


@pytest.fixture(scope="module")
def faithful(article) -> dict[str, str]:
    return {one["id"]: one["text"] for one in article.summaries["faithful"]}


@pytest.fixture(scope="module")
def distorted(article) -> dict[str, str]:
    return {one["id"]: one["text"] for one in article.summaries["distorted"]}


def extract(article, *numbers: int) -> str:
    return " ".join(article.sentences["text"].iloc[list(numbers)])


# Tokens


@pytest.mark.parametrize("stem", [False, True])
@MANY
@given(text=ASCII)
def test_on_ascii_the_tokens_are_those_of_rouge_score(stem: bool, text: str):
    tokenizers = pytest.importorskip("rouge_score.tokenizers")

    assert rouge_tokens(text, stem) == tokenizers.DefaultTokenizer(stem).tokenize(text)


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("Café naïve Erdoğan", ["café", "naïve", "erdoğan"]),
        ("e\u0301te\u0301", ["été"]),
        ("كِتَاب", ["كِتَاب"]),
        ("می\u200cخواهم\u200c.", ["می\u200cخواهم"]),
        ("don’t _x_ 5,000", ["don", "t", "x", "5", "000"]),
        ("\u0301 … 👍🏽", []),
        ("Ελλάδα २०२०", ["ελλάδα", "२०२०"]),
    ],
)
def test_letters_outside_ascii_stay_in_their_words(text: str, tokens: list[str]):
    assert rouge_tokens(text) == tokens


def test_one_letter_in_two_spellings_is_one_token():
    assert rouge_n("caf\u00e9", "cafe\u0301") == (1.0, 1.0, 1.0)


def test_stems_make_running_and_runs_alike():
    assert rouge_n("running", "runs", stem=True)[2] == 1 > rouge_n("running", "runs")[2]


@pytest.mark.parametrize("stem", [False, True])
@MANY
@given(text=TEXTS)
def test_tokens_begin_with_a_letter_or_a_digit_and_hold_no_mark_of_punctuation(
    stem: bool, text: str
):
    tokens = rouge_tokens(text, stem)

    # `regex` and Python may know different versions of Unicode.
    starts = regex.compile(r"[\p{L}\p{N}]").match
    assert all(starts(token) and not set(token) & set(" .,-–'’“”\n") for token in tokens)


# The longest common subsequence


def lcs_by_table(first: list, second: list) -> int:
    row = [0] * (len(second) + 1)
    for one in first:
        last = row
        row = [0]
        for place, other in enumerate(second):
            row.append(last[place] + 1 if one == other else max(last[place + 1], row[place]))
    return row[-1]


@settings(max_examples=500)
@given(first=TOKENS, second=TOKENS)
def test_the_bits_find_what_the_table_finds(first: list[str], second: list[str]):
    assert lcs_length(first, second) == lcs_by_table(first, second)


def test_the_bits_find_it_beyond_one_machine_word():
    first = [str(number % 37) for number in range(700)]
    second = [str(number % 23) for number in range(500)]

    assert lcs_length(first, second) == lcs_by_table(first, second)


# ROUGE


@pytest.mark.parametrize("stem", [False, True])
@MANY
@given(summary=ASCII, reference=ASCII)
def test_on_ascii_the_scores_are_those_of_rouge_score(stem: bool, summary: str, reference: str):
    scorer = pytest.importorskip("rouge_score.rouge_scorer")
    theirs = scorer.RougeScorer(["rouge1", "rouge2", "rouge3", "rougeL"], use_stemmer=stem)
    wanted = list(theirs.score(reference, summary).values())

    ours = rouge(summary, reference, ("1", "2", "3", "L"), stem)

    for name, place in (("precision", 0), ("recall", 1), ("f1", 2)):
        assert ours[name].tolist() == pytest.approx([score[place] for score in wanted])


@MANY
@given(summary=ASCII, references=st.lists(ASCII, min_size=1, max_size=4))
def test_of_several_references_the_best_counts_as_in_rouge_score(
    summary: str, references: list[str]
):
    scorer = pytest.importorskip("rouge_score.rouge_scorer")
    theirs = scorer.RougeScorer(["rouge1", "rouge2", "rougeL"]).score_multi(references, summary)

    ours = rouge(summary, references)

    assert ours["f1"].tolist() == pytest.approx([score.fmeasure for score in theirs.values()])


def test_each_variant_has_a_best_reference_of_its_own():
    references = ["b a d c", "a b x y z"]

    scores = rouge("a b c d", references).set_index("variant")["f1"]

    assert scores["1"] == rouge_n("a b c d", references[0])[2] == 1
    assert scores["2"] == rouge_n("a b c d", references[1], 2)[2] == pytest.approx(2 / 7)


@pytest.mark.parametrize(
    ("text", "two", "longest"),
    [("police kill the gunman", 1 / 3, 3 / 4), ("the gunman kill police", 1 / 3, 2 / 4)],
)
def test_the_example_of_lin_2004(text: str, two: float, longest: float):
    reference = "police killed the gunman"

    assert rouge_n(text, reference, 2)[2] == pytest.approx(two)
    assert rouge_l(text, reference)[2] == pytest.approx(longest)


def test_a_word_counts_as_often_as_both_have_it():
    assert rouge_n("the the the cat", "the the dog") == (2 / 4, 2 / 3, 4 / 7)


def test_a_score_has_names():
    score = rouge_n("a b", "a c d")

    assert (score.precision, score.recall, score.f1) == (1 / 2, 1 / 3, 2 / 5)


@MANY
@given(text=TEXTS)
def test_a_text_scores_one_against_itself(text: str):
    scores = rouge(text, text, ("1", "L"))

    assert set(scores["f1"]) == ({1.0} if rouge_tokens(text) else {0.0})


@pytest.mark.parametrize("score", [rouge_n, rouge_l, lambda a, b: rouge_n(a, b, 2)])
@MANY
@given(first=TEXTS, second=TEXTS)
def test_turned_round_precision_and_recall_change_places(score, first: str, second: str):
    precision, recall, f1 = score(first, second)

    assert score(second, first) == (recall, precision, f1)
    assert 0 <= f1 <= 1


@given(tokens=TOKENS, shuffled=st.randoms(use_true_random=False), reference=TOKENS)
def test_the_order_of_words_does_not_matter_to_rouge_1(tokens, shuffled, reference):
    mixed = tokens.copy()
    shuffled.shuffle(mixed)

    assert rouge_n(" ".join(mixed), " ".join(reference)) == rouge_n(
        " ".join(tokens), " ".join(reference)
    )


@given(first=TEXTS, second=TEXTS)
def test_rouge_l_is_never_above_rouge_1(first: str, second: str):
    assert rouge_l(first, second)[2] <= rouge_n(first, second)[2]


@pytest.mark.parametrize(("summary", "reference"), [("", ""), ("", "a b"), ("a b", ""), ("…", "a")])
def test_nothing_to_compare_scores_zero_without_a_warning(summary: str, reference: str):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scores = rouge(summary, reference)

    assert scores[["precision", "recall", "f1"]].to_numpy().tolist() == [[0.0] * 3] * 3


def test_a_summary_made_by_the_kit_can_be_given_as_it_is(article, faithful):
    summary = summarize(article, "lead", words=60)

    assert rouge(summary, faithful["words50"]).equals(rouge(summary.text, faithful["words50"]))


def test_references_may_come_with_names(faithful):
    assert rouge("Sadr", faithful).equals(rouge("Sadr", list(faithful.values())))


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: rouge("a", []), "no reference"),
        (lambda: rouge("a", {}), "no reference"),
        (lambda: rouge("a", 5), "reference has to be a text, not int"),
        (lambda: rouge("a", [None]), "reference has to be a text, not NoneType"),
        (lambda: rouge({"text": "a"}, "a"), r'take one\["text"\]'),
        (lambda: rouge("a", "a", ["Lsum"]), "no ROUGE variant 'Lsum'"),
        (lambda: rouge("a", "a", ["0"]), '"1" to "9"'),
        (lambda: rouge_n("a", "a", 0), "n has to be a whole number from 1, not 0"),
        (lambda: rouge_n("a", "a", 1.5), "not 1.5"),
        (lambda: copying("a", 5), "article has to be a text, not int"),
        (lambda: copying(None, "a"), "summary has to be a text"),
        (lambda: random_scores("A b. C d.", 0, "a"), "words=0"),
        (lambda: random_scores("A b. C d.", 5, "a", n=0), "n=0"),
        (lambda: random_scores("A b. C d.", 5, "a", "M"), "no ROUGE variant 'M'"),
        (lambda: percentile(0.5, []), "random_scores"),
    ],
)
def test_what_cannot_be_scored_is_refused_with_a_way_out(call, says: str):
    with pytest.raises(NutgrafError, match=says):
        call()


# The lessons' finding

CANDIDATES = ["lead", "mean", "sum", "A", "B"]


@pytest.fixture(scope="module")
def candidates(article, distorted) -> dict[str, str]:
    return {
        "lead": extract(article, 1, 2, 3),
        "mean": extract(article, 3, 4, 6),
        "sum": extract(article, 1, 6, 9),
        "A": without_watermark(distorted["A"]),
        "B": without_watermark(distorted["B"]),
    }


@pytest.mark.parametrize(
    ("name", "short", "long"),
    [
        ("lead", 0.228, 0.266),
        ("mean", 0.149, 0.167),
        ("sum", 0.25, 0.333),
        ("A", 0.26, 0.213),
        ("B", 0.277, 0.252),
    ],
)
def test_over_the_kits_words_the_scores_are_those_counted_by_hand(
    candidates, faithful, name: str, short: float, long: float
):
    def folded(text: str) -> Counter:
        return Counter(word.lower().replace("’", "'") for word in words(text))

    found = folded(candidates[name])
    wanted = [folded(faithful["words50"]), folded(faithful["words100"])]
    f1 = [2 * (found & one).total() / (found.total() + one.total()) for one in wanted]

    assert f1 == pytest.approx([short, long], abs=0.0005)


@pytest.mark.parametrize("lie", ["A", "B"])
@pytest.mark.parametrize("honest", ["lead", "mean", "sum"])
def test_a_distorted_summary_beats_an_honest_extract(candidates, faithful, lie: str, honest: str):
    reference = faithful["words50"]

    assert rouge_n(candidates[lie], reference)[2] > rouge_n(candidates[honest], reference)[2]


# Words behind the score


def test_the_table_says_which_words_are_shared_missing_and_extra():
    table = overlap_table("The cat sat, the end.", "The dog sat by the door. The end?")

    assert table.to_numpy().tolist() == [
        ["the", 2, 3, 1, 2, "shared"],
        ["dog", 0, 1, 1, 0, "missing"],
        ["sat", 1, 1, 1, 1, "shared"],
        ["by", 0, 1, 1, 0, "missing"],
        ["door", 0, 1, 1, 0, "missing"],
        ["end", 1, 1, 1, 1, "shared"],
        ["cat", 1, 0, 0, 0, "extra"],
    ]


def test_the_table_counts_in_how_many_references_a_word_is():
    table = overlap_table("a", ["a b b", "b"]).set_index("word")

    assert table.loc["b", ["reference", "references"]].tolist() == [2, 2]
    assert table.loc["a", ["reference", "references"]].tolist() == [1, 1]


@MANY
@given(summary=TEXTS, reference=TEXTS)
def test_the_table_adds_up_to_rouge_1(summary: str, reference: str):
    table = overlap_table(summary, reference)
    shared, precision, recall = table["shared"].sum(), *rouge_n(summary, reference)[:2]

    assert shared / max(table["summary"].sum(), 1) == pytest.approx(precision)
    assert shared / max(table["reference"].sum(), 1) == pytest.approx(recall)


# Beside chance

TINY = "Red green blue here\n\nRed one. Green two three. Blue four five six. Red blue seven."


@pytest.mark.parametrize("variant", ["1", "2", "L"])
def test_random_scores_are_those_of_the_random_method(variant: str):
    reference = "red two three. blue seven. blue four"

    scores = random_scores(TINY, 7, reference, variant, n=150)

    drawn = [summarize(TINY, "random", words=7, seed=seed) for seed in range(80)]
    wanted = {rouge(one, reference, variant)["f1"].item() for one in drawn}
    assert sorted(set(scores)) == pytest.approx(sorted(wanted))


def test_random_summaries_leave_the_headline_out():
    assert set(random_scores(TINY, 7, "here", n=100)) == {0.0}


def test_random_summaries_keep_a_quotation_whole():
    article = "“One two. Three four.” Five six."

    assert set(random_scores(article, 2, "one two three four", n=100)) == {0.0}


def test_each_sentence_is_drawn_as_often_as_the_others():
    scores = random_scores("Red one. Blue two. Green three.", 2, "red", n=3000)

    assert (scores > 0).mean() == pytest.approx(1 / 3, abs=0.03)


def test_the_seed_decides(article, faithful):
    def drawn(seed: int) -> list[float]:
        return random_scores(article, 50, faithful["words50"], n=50, seed=seed).tolist()

    assert drawn(1) == drawn(1) != drawn(2)


def test_where_nothing_fits_every_score_is_zero():
    assert random_scores("Red green blue.", 2, "red", n=5).tolist() == [0.0] * 5


@pytest.mark.parametrize("text", ["", "* * *", "😀"])
def test_a_text_without_sentences_gives_zeros(text: str):
    assert random_scores(text, 5, "red", n=3).tolist() == [0.0] * 3


@pytest.mark.parametrize(
    ("score", "beaten"), [(0.0, 0), (0.1, 0), (0.15, 25), (0.2, 25), (0.4, 75), (1, 100)]
)
def test_the_percentile_counts_what_is_beaten(score: float, beaten: float):
    assert percentile(score, [0.4, 0.1, 0.2, 0.3]) == beaten


# Copying


def fragments(summary: list[str], article: list[str]) -> list[list[str]]:
    """The procedure in figure 2 of Grusky, Naaman and Artzi 2018, word for word."""
    found, i = [], 0
    while i < len(summary):
        best: list[str] = []
        for j in range(len(article)):
            k = 0
            while (
                i + k < len(summary) and j + k < len(article) and summary[i + k] == article[j + k]
            ):
                k += 1
            if k > len(best):
                best = summary[i : i + k]
        i += max(len(best), 1)
        if best:
            found.append(best)
    return found


@MANY
@given(summary=TOKENS, article=TOKENS)
@example(summary=list("abab"), article=list("ab"))
def test_coverage_and_density_are_those_of_the_paper(summary: list[str], article: list[str]):
    sizes = [len(one) for one in fragments(summary, article)]

    found = copying(" ".join(summary), " ".join(article))

    total = max(len(summary), 1)
    assert found["coverage"] == pytest.approx(sum(sizes) / total)
    assert found["density"] == pytest.approx(sum(size**2 for size in sizes) / total)
    assert found["longest"] == max(sizes, default=0)


@pytest.mark.parametrize("n", [1, 2, 3, 4])
@MANY
@given(summary=TOKENS, article=TOKENS)
def test_novelty_is_the_share_of_runs_that_the_article_lacks(n: int, summary, article):
    runs = [summary[i : i + n] for i in range(len(summary) - n + 1)]
    there = [article[i : i + n] for i in range(len(article) - n + 1)]
    new = sum(run not in there for run in runs)

    found = copying(" ".join(summary), " ".join(article))

    assert found[f"novel_{n}"] == pytest.approx(new / len(runs) if runs else 0)


def test_copying_by_hand():
    found = copying("The cat’s mat is RED now", "On the cat's mat; red is the now")

    assert found.to_dict() == {
        "words": 6,
        "article_words": 8,
        "novel_1": 0,
        "novel_2": 3 / 5,
        "novel_3": 3 / 4,
        "novel_4": 1,
        "coverage": 1,
        "density": (9 + 1 + 1 + 1) / 6,
        "compression": 8 / 6,
        "longest": 3,
        "longest_text": "The cat’s mat",
        "start": 0,
        "end": 13,
        "article_start": 3,
        "article_end": 16,
    }


@MANY
@given(summary=TEXTS, article=TEXTS)
def test_the_longest_run_stands_where_it_is_said_to_stand(summary: str, article: str):
    found = copying(summary, article)
    if found["longest"]:
        here = summary[found["start"] : found["end"]]
        there = article[found["article_start"] : found["article_end"]]

        assert here == found["longest_text"]
        assert len(words(here)) >= 1
        assert [scoring.lowered(word) for word in words(here)] == [
            scoring.lowered(word) for word in words(there)
        ]


def test_a_copy_is_all_copied(article):
    found = copying(article, article)

    assert found[["coverage", "density", "compression"]].tolist() == [1, 430, 1]
    assert found["novel_1"] == 0


@pytest.mark.parametrize(("summary", "article"), [("", ""), ("", "a b"), ("a b", ""), ("…", "…")])
def test_where_nothing_can_be_copied_nothing_is(summary: str, article: str):
    found = copying(summary, article)

    assert found[["coverage", "density", "longest"]].tolist() == [0, 0, 0]
    assert found["article_start"] is None


@pytest.mark.parametrize("name", ["headline", "words50", "words100"])
def test_the_faithful_summaries_copy_no_four_words(article, faithful, name: str):
    assert copying(faithful[name], article)["novel_4"] == 1


# Watermarks


@pytest.mark.parametrize("text", ["[sic] so", "so [DISTORTED]", "[1] so", "[] so", "so", ""])
def test_only_a_bracket_in_capitals_at_the_head_is_a_watermark(text: str):
    assert without_watermark(text) == text
