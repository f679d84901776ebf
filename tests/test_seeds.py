"""The kit's seed holds what it says it holds: bytes, spans, counts, summaries."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest
import yaml

from nutgraf.article import SEED_FILES, SPAN_LISTS, read_seed
from nutgraf.paths import kit_dir

SEED = kit_dir("seeds") / "sadr-protests"
SHA256 = "6f39cbf9bdbbfa3a83ae332f00d5fc1b4d84bcb46abe8f41efa658da88bc4606"

DATA = (SEED / "article.txt").read_bytes()
TEXT = DATA.decode("utf-8")
REFERENCE = json.loads((SEED / "reference.json").read_text(encoding="utf-8"))
SUMMARIES = yaml.safe_load((SEED / "summaries.yml").read_text(encoding="utf-8"))
WORD = re.compile(REFERENCE["word"])
WORDS = WORD.findall(TEXT)

QUOTATIONS = REFERENCE["quotations"]
LOADED = REFERENCE["loaded_language"]
CLAIMS = REFERENCE["claims"]
EDITS = REFERENCE["copy_editing"]
MENTIONS = REFERENCE["entities"]["mentions"]
BODY = REFERENCE["sentences"][1:]
WRITTEN = {one["id"]: one for one in [*SUMMARIES["faithful"], SUMMARIES["control"]]}
DISTORTED = {one["id"]: one for one in SUMMARIES["distorted"]}


def spans(value, path: str = "") -> list[tuple[str, dict]]:
    """Every span of the reference, with its path."""
    found = []
    if isinstance(value, dict):
        if {"start", "end", "quote"} & value.keys():
            found.append((path, value))
        for key, one in value.items():
            found += spans(one, f"{path}.{key}".removeprefix("."))
    elif isinstance(value, list):
        for number, one in enumerate(value):
            found += spans(one, f"{path}[{number}]")
    return found


def inside(inner: dict, outer: dict) -> bool:
    return outer["start"] <= inner["start"] and inner["end"] <= outer["end"]


def overlap(one: dict, other: dict) -> bool:
    return one["start"] < other["end"] and other["start"] < one["end"]


def ids(rows: list[dict]) -> list[str]:
    return [row["id"] for row in rows]


def by_id(rows: list[dict]):
    return pytest.mark.parametrize("row", [pytest.param(row, id=row["id"]) for row in rows])


# --- the files ------------------------------------------------------------------------------


@pytest.mark.parametrize("file", SEED_FILES)
def test_the_seed_has_each_of_its_files(file):
    assert (SEED / file).is_file()


def test_the_article_is_byte_for_byte_the_original():
    assert hashlib.sha256(DATA).hexdigest() == SHA256


def test_git_is_told_to_leave_the_line_ends_of_articles_alone(root: Path):
    lines = (root / ".gitattributes").read_text(encoding="utf-8").splitlines()
    assert "seeds/**/article.txt -text" in lines


def test_article_yml_speaks_of_this_file():
    info = yaml.safe_load((SEED / "article.yml").read_text(encoding="utf-8"))
    assert (info["sha256"], info["bytes"], info["characters"]) == (SHA256, len(DATA), len(TEXT))
    assert info["title"] == TEXT.splitlines()[0]


@pytest.mark.parametrize("fact", ["outlet", "byline", "date", "year", "link"])
def test_article_yml_claims_nothing_that_the_file_does_not_say(fact):
    info = yaml.safe_load((SEED / "article.yml").read_text(encoding="utf-8"))
    assert info["in_file"][fact] is None


@pytest.mark.parametrize("outside", ["Rudaw", "http", "2020", "2019", "By "])
def test_the_file_names_no_outlet_no_link_and_no_year(outside):
    assert outside not in TEXT


@pytest.mark.parametrize("file", SEED_FILES[1:])
def test_data_files_end_in_one_line_feed_and_show_no_break_spaces_as_escapes(file):
    source = (SEED / file).read_text(encoding="utf-8")
    assert source.endswith("\n")
    assert not source.endswith("\n\n")
    assert "\N{NO-BREAK SPACE}" not in source
    assert "\r" not in source


# --- spans ----------------------------------------------------------------------------------


@pytest.mark.parametrize("span", [pytest.param(span, id=path) for path, span in spans(REFERENCE)])
def test_a_span_quotes_the_text_at_its_place(span):
    assert TEXT[span["start"] : span["end"]] == span["quote"]


def test_there_are_hundreds_of_spans():
    assert len(spans(REFERENCE)) > 400


@pytest.mark.parametrize("name", SPAN_LISTS)
def test_a_list_of_spans_is_in_the_order_of_the_text(name):
    starts = [row["start"] for row in REFERENCE[name]]
    assert starts == sorted(starts)
    assert starts


def test_every_id_of_the_reference_is_there_once():
    rows = [row for name in SPAN_LISTS for row in REFERENCE[name] if "id" in row]
    rows += [*MENTIONS, *REFERENCE["crosschecks"]]
    rows += [*REFERENCE["timeline"]["events"], *REFERENCE["timeline"]["undated"]]
    assert [key for key, n in Counter(ids(rows)).items() if n > 1] == []


# --- counts, computed again -----------------------------------------------------------------

LOWER = Counter(word.lower() for word in WORDS)
COUNTS = {
    "characters": len(TEXT),
    "utf8_bytes": len(DATA),
    "newlines": TEXT.count("\n"),
    "paragraphs": sum(1 for line in TEXT.splitlines() if line.strip()),
    "sentences": len(REFERENCE["sentences"]),
    "words": len(WORDS),
    "split_tokens": len(TEXT.split()),
    "split_space_tokens": len(TEXT.split(" ")),
    "bytes_split_tokens": len(DATA.split()),
    "word_character_runs": len(re.findall(r"\w+", TEXT)),
    "split_types": len(set(TEXT.split())),
    "word_types": len(set(WORDS)),
    "word_types_lower": len(LOWER),
    "hapaxes_lower": sum(1 for n in LOWER.values() if n == 1),
    "opening_curly_quotes": TEXT.count("\N{LEFT DOUBLE QUOTATION MARK}"),
    "closing_curly_quotes": TEXT.count("\N{RIGHT DOUBLE QUOTATION MARK}"),
    "curly_apostrophes": TEXT.count("\N{RIGHT SINGLE QUOTATION MARK}"),
    "straight_quotes": sum(TEXT.count(mark) for mark in "\"'"),
    "no_break_spaces": TEXT.count("\N{NO-BREAK SPACE}"),
    "ellipsis_characters": TEXT.count("\N{HORIZONTAL ELLIPSIS}"),
    "full_stops": TEXT.count("."),
    "commas": TEXT.count(","),
    "question_marks": TEXT.count("?"),
    "hyphens": TEXT.count("-"),
    "homeland_split": TEXT.split().count("homeland"),
    "homeland_words": WORDS.count("homeland"),
    "US_substring": TEXT.count("US"),
    "US_words": WORDS.count("US"),
    "anti-US": WORDS.count("anti-US"),
    "Iran-backed": WORDS.count("Iran-backed"),
    "Iran_words": WORDS.count("Iran"),
    "Iraq_substring": TEXT.count("Iraq"),
    "Iraq_whole_word": len(re.findall(r"\bIraq\b", TEXT)),
    "Sadr_substring": TEXT.count("Sadr"),
    "Sadr_split": TEXT.split().count("Sadr"),
    "protests_words": WORDS.count("protests"),
    "quoted_words": sum(len(WORD.findall(one)) for one in re.findall("“[^”]*”", TEXT)),
}


@pytest.mark.parametrize("name", COUNTS)
def test_a_count_of_the_reference_is_what_code_counts(name):
    assert REFERENCE["counts"][name] == COUNTS[name]


def test_no_count_of_the_reference_is_taken_on_trust():
    assert REFERENCE["counts"].keys() == COUNTS.keys()


@by_id([*REFERENCE["sentences"], *REFERENCE["paragraphs"], *QUOTATIONS])
def test_a_number_of_words_is_what_code_counts(row):
    assert row["words"] == len(WORD.findall(row["quote"]))


# --- paragraphs, sentences, structure ---------------------------------------------------------


def test_paragraphs_and_sentences_are_numbered_from_zero():
    assert ids(REFERENCE["paragraphs"]) == [f"P{n:02}" for n in range(15)]
    assert ids(REFERENCE["sentences"]) == [f"S{n:02}" for n in range(20)]


@pytest.mark.parametrize("name", ["paragraphs", "sentences"])
def test_every_character_outside_paragraphs_or_sentences_is_white_space(name):
    rows = REFERENCE[name]
    gaps = [TEXT[one["end"] : other["start"]] for one, other in pairwise(rows)]
    assert "".join(gaps).strip() == ""
    assert (rows[0]["start"], rows[-1]["end"]) == (0, len(TEXT))


@by_id(REFERENCE["sentences"])
def test_a_sentence_lies_in_its_paragraph(row):
    paragraph = REFERENCE["paragraphs"][int(row["paragraph"][1:])]
    assert inside(row, paragraph)


@pytest.mark.parametrize("name", ["quotations", "claims", "loaded_language"])
def test_rows_name_the_sentence_in_which_they_begin(name):
    begins = {one["id"]: range(one["start"], one["end"]) for one in REFERENCE["sentences"]}
    assert [
        row["id"] for row in REFERENCE[name] if row["start"] not in begins[row["sentence"]]
    ] == []


def test_the_headline_is_a_unit_without_a_tag_and_the_body_has_nineteen_tags():
    assert REFERENCE["sentences"][0]["tag"] is None
    assert Counter(row["tag"] for row in BODY) == {"CLAIM": 9, "OPINION": 7, "FORECAST": 3}


@by_id(BODY)
def test_a_tag_is_among_the_accepted_ones(row):
    assert row["tag"] in row["accepted"]
    assert set(row["accepted"]) <= {"CLAIM", "OPINION", "FORECAST"}


def test_the_dateline_is_what_precedes_the_words_of_the_first_sentence():
    dateline = next(row for row in REFERENCE["structure"] if row["element"] == "dateline")
    first = REFERENCE["sentences"][1]
    assert TEXT[first["start"] : first["core_start"]] == dateline["quote"] + " "


def test_every_role_is_explained_and_used():
    used = {row["role"] for row in REFERENCE["paragraphs"]}
    assert used == {row["role"] for row in REFERENCE["roles"]}


@pytest.mark.parametrize("row", REFERENCE["structure"], ids=lambda row: row["element"])
def test_an_element_of_the_structure_lies_in_its_paragraphs(row):
    numbers = [int(name[1:]) for name in row["paragraphs"]]
    first, last = REFERENCE["paragraphs"][numbers[0]], REFERENCE["paragraphs"][numbers[-1]]
    assert numbers == list(range(numbers[0], numbers[-1] + 1))
    assert first["start"] <= row["start"] < first["end"]
    assert last["start"] < row["end"] <= last["end"]


def test_there_is_a_nut_graf_and_a_defensible_alternative():
    elements = {row["element"]: row["paragraphs"] for row in REFERENCE["structure"]}
    assert elements["nut_graf"] == ["P05"]
    assert elements["nut_graf_alternative"] == ["P07"]


# --- entities ---------------------------------------------------------------------------------


def test_clusters_hold_every_mention_once():
    clusters = REFERENCE["entities"]["clusters"]
    assert sorted(name for one in clusters for name in one["mentions"]) == sorted(ids(MENTIONS))
    assert {one["cluster"] for one in clusters} == {row["cluster"] for row in MENTIONS}


def test_a_cluster_lists_the_mentions_that_name_it():
    named = {one["cluster"]: set(one["mentions"]) for one in REFERENCE["entities"]["clusters"]}
    for cluster, mentions in named.items():
        assert mentions == {row["id"] for row in MENTIONS if row["cluster"] == cluster}, cluster


@pytest.mark.parametrize(
    ("word", "cluster"),
    [("Sadr", "sadr"), ("US", "us"), ("Khazali", "khazali"), ("1920", None), ("Friday", None)],
)
def test_no_place_where_a_name_stands_is_left_unmarked(word, cluster):
    rows = [row for row in MENTIONS if cluster is None or row["cluster"] == cluster]
    rows = [row for row in rows if row["type"] != "EVENT"]
    places = [match.span() for match in re.finditer(word, TEXT)]
    marked = [any(r["start"] <= s and e <= r["end"] for r in rows) for s, e in places]
    assert marked == [True] * len(places)


def test_kinds_and_types_are_from_short_lists():
    assert {row["kind"] for row in MENTIONS} == {"name", "nominal", "pronoun", "acronym", "value"}
    types = {"PERSON", "NORP", "ORG", "GPE", "EVENT", "DATE", "CARDINAL"}
    assert {row["type"] for row in MENTIONS} == types


# --- who says what ----------------------------------------------------------------------------


def test_quotations_are_the_stretches_between_curly_marks():
    found = [match.span() for match in re.finditer("“[^”]*”", TEXT)]
    assert [(row["start"], row["end"]) for row in QUOTATIONS] == found


@by_id(QUOTATIONS)
def test_the_cue_is_part_of_the_attribution_and_outside_the_quotation(row):
    assert inside(row["cue"], row["attribution"])
    assert not overlap(row["attribution"], row)


@by_id(REFERENCE["indirect_speech"])
def test_the_cue_of_indirect_speech_stands_in_the_same_sentence(row):
    sentence = next(one for one in REFERENCE["sentences"] if inside(row, one))
    assert inside(row["cue"], sentence)


@by_id(REFERENCE["sources"])
def test_a_source_introduces_a_quotation_or_indirect_speech(row):
    speech = [one["attribution"] for one in QUOTATIONS] + REFERENCE["indirect_speech"]
    assert any(overlap(row, one) for one in speech)


def test_the_share_of_each_voice_adds_up_to_the_quoted_words():
    share = Counter()
    for row in QUOTATIONS:
        share[row["speaker"]] += row["words"]
    present = {row["who"]: row["quoted_words"] for row in REFERENCE["voices"]["present"]}
    assert {who: n for who, n in present.items() if n} == share
    assert share["Qais al-Khazali"] > share["Muqtada al-Sadr"]
    assert sum(share.values()) == REFERENCE["counts"]["quoted_words"]


def test_numbers_in_the_observations_on_voices_hold():
    dissent = next(row for row in CLAIMS if row["id"] == "C14")
    said = " ".join(REFERENCE["voices"]["observations"])
    assert f"gets {len(WORD.findall(dissent['quote']))} words" in said
    assert f"in a paragraph of {REFERENCE['paragraphs'][10]['words']}" in said
    full = [row for row in QUOTATIONS if row["kind"] == "direct"]
    assert len(full) == 5
    assert all(row["attribution"]["start"] >= row["end"] for row in full)


@by_id([row for row in CLAIMS if any(inside(row, one) for one in QUOTATIONS)])
def test_a_claim_inside_a_quotation_is_its_speakers(row):
    quotation = next(one for one in QUOTATIONS if inside(row, one))
    assert row["voice"] == quotation["speaker"]


def test_most_claims_are_in_the_reporters_voice():
    voices = Counter(row["voice"] for row in CLAIMS)
    assert (len(CLAIMS), voices["reporter"], voices["many on the streets, unnamed"]) == (20, 14, 1)


# --- words that lean --------------------------------------------------------------------------


def test_loaded_words_lean_in_more_than_one_direction_in_the_reporters_own_voice():
    leans = {row["leans"] for row in LOADED if row["voice"] == "reporter"}
    assert {"against the US", "for the US", "against Sadr"} <= leans


@by_id(LOADED)
def test_a_loaded_word_has_a_plainer_wording_beside_it(row):
    assert row["neutral"]
    assert all(isinstance(plain, str) and plain != row["quote"] for plain in row["neutral"])
    assert row["level"] in ("core", "accepted")


@by_id([row for row in LOADED if row["voice"] == "speaker"])
def test_a_loaded_word_of_a_speaker_stands_in_that_speakers_quotation(row):
    assert [one["speaker"] for one in QUOTATIONS if inside(row, one)] == [row["of"]]


@by_id([row for row in LOADED if row["voice"] == "reporter"])
def test_a_loaded_word_of_the_reporter_stands_outside_quotations(row):
    assert not any(overlap(row, one) for one in QUOTATIONS)


@by_id(REFERENCE["controls"])
def test_a_control_is_no_loaded_word(row):
    assert not any(overlap(row, one) for one in LOADED)


def test_there_are_enough_controls_to_make_overmarking_cost_something():
    core = [row for row in LOADED if row["level"] == "core"]
    assert len(REFERENCE["controls"]) > len(core)


@by_id(REFERENCE["techniques"])
def test_a_technique_carries_the_voice_that_uses_it(row):
    quoted = [one["speaker"] for one in QUOTATIONS if inside(row, one)]
    assert quoted == ([row["of"]] if row["voice"] == "speaker" else [])


# --- copy-editing -----------------------------------------------------------------------------


@by_id([row for row in EDITS if any(inside(row, one) for one in QUOTATIONS)])
def test_words_inside_quotation_marks_are_queried_never_mended(row):
    assert row["inside_quotation"]
    assert (row["level"], row["replace"]) == ("query", None)


@by_id([row for row in EDITS if row["replace"] is not None])
def test_a_replacement_changes_something_and_leaves_quoted_words_alone(row):
    assert row["replace"] != row["quote"]
    start, end = row["start"], row["end"]
    after = TEXT[:start] + row["replace"] + TEXT[end:]
    quoted = [WORD.findall(one) for one in re.findall("“[^”]*”", TEXT)]
    assert [WORD.findall(one) for one in re.findall("“[^”]*”", after)] == quoted


def test_with_all_slips_mended_no_odd_space_and_no_thee_remains():
    after = TEXT
    slips = [row for row in EDITS if row["level"] == "slip"]
    assert not any(overlap(one, other) for one, other in pairwise(slips))
    for row in reversed(slips):
        after = after[: row["start"]] + row["replace"] + after[row["end"] :]
    assert re.findall(r"\N{NO-BREAK SPACE}|  | \n|\bthee\b|Sayirun", after) == []


def test_there_is_a_control_among_the_edits():
    assert [row["replace"] for row in EDITS if row["level"] == "control"] == [None]


# --- time -------------------------------------------------------------------------------------


def test_the_timeline_runs_forward():
    dates = [row["date"] for row in REFERENCE["timeline"]["events"]]
    assert dates == sorted(dates)


@by_id([row for row in REFERENCE["timeline"]["events"] if not row["sure"]])
def test_a_day_taken_from_outside_fits_the_weekday_in_the_text(row):
    weekday = date.fromisoformat(row["date"]).strftime("%A")
    assert all(weekday in span["quote"] for span in row["spans"])


def test_the_thursdays_that_the_text_leaves_open_are_four():
    finding = next(row for row in REFERENCE["crosschecks"] if row["id"] == "X02")["finding"]
    open_days = [day for day in range(6, 32) if date(2020, 1, day).weekday() == 3]
    assert open_days == [9, 16, 23, 30]
    assert "the 9th, 16th, 23rd or 30th" in finding


# --- summaries --------------------------------------------------------------------------------


def summary_words(summary: str) -> list[str]:
    return [word.lower().replace("’", "'") for word in WORD.findall(summary)]


def four_grams(summary: str) -> set[tuple[str, ...]]:
    words = summary_words(summary)
    return set(zip(words, words[1:], words[2:], words[3:], strict=False))


def test_the_summaries_count_words_with_the_pattern_of_the_reference():
    assert SUMMARIES["word"] == REFERENCE["word"]


@pytest.mark.parametrize(
    ("name", "words"), [("headline", 12), ("words50", 50), ("words100", 100), ("clean", 50)]
)
def test_a_summary_has_the_length_it_claims(name, words):
    assert WRITTEN[name]["words"] == words == len(summary_words(WRITTEN[name]["text"]))


@pytest.mark.parametrize("name", WRITTEN)
def test_a_faithful_summary_copies_no_four_words_in_a_row(name):
    assert four_grams(WRITTEN[name]["text"]) & four_grams(TEXT) == set()


@pytest.mark.parametrize("name", WRITTEN)
def test_a_faithful_summary_has_no_number_that_the_article_lacks(name):
    numbers = set(re.findall(r"\d[\d,]*\d|\d", WRITTEN[name]["text"]))
    assert numbers <= set(re.findall(r"\d[\d,]*\d|\d", TEXT))


def test_distorted_summaries_are_a_pair_that_leans_both_ways():
    assert list(DISTORTED) == ["A", "B"]
    assert DISTORTED["A"]["leans"] != DISTORTED["B"]["leans"]


@pytest.mark.parametrize("name", DISTORTED)
def test_a_distorted_summary_carries_its_watermark_in_its_text(name):
    one = DISTORTED[name]
    assert one["watermark"] == f"[EXERCISE - MAY BE DISTORTED {dict(A=1, B=3)[name]}]"
    assert one["text"].startswith(f"{one['watermark']} ")
    assert len(summary_words(one["text"].removeprefix(one["watermark"]))) == one["words"]


@by_id([spot for one in DISTORTED.values() for spot in one["altered"]])
def test_an_altered_spot_points_into_summary_and_article_and_has_a_repair(row):
    source, altered = row["source"], row["altered"]
    summary = DISTORTED[row["id"][0]]["text"]
    assert TEXT[source["start"] : source["end"]] == source["quote"]
    assert altered is None or summary[altered["start"] : altered["end"]] == altered["quote"]
    assert row["repair"].strip()


def test_both_distorted_summaries_have_as_many_altered_spots():
    assert [len(one["altered"]) for one in DISTORTED.values()] == [8, 8]


# --- the invented article --------------------------------------------------------------------

INVENTED = read_seed(kit_dir("seeds") / "kettle-bridge")


def test_the_invented_article_says_that_it_is_invented():
    assert INVENTED.info["invented"] is True
    assert "kit" in INVENTED.info["rights"]


@pytest.mark.parametrize("kind", ["paragraphs", "sentences"])
def test_the_invented_article_divides_as_its_reference_says(kind):
    table, wanted = getattr(INVENTED, kind), INVENTED.reference[kind]
    assert list(table["text"]) == [one["quote"] for one in wanted]


@pytest.mark.parametrize(
    "one",
    INVENTED.reference["paragraphs"] + INVENTED.reference["quotations"],
    ids=lambda o: o["id"],
)
def test_its_reference_counts_words_rightly(one):
    assert len(re.findall(REFERENCE["word"], one["quote"])) == one["words"]


@pytest.mark.parametrize("one", INVENTED.reference["quotations"], ids=lambda one: one["id"])
def test_its_attributions_lie_outside_the_quotations_and_hold_the_verb(one):
    attribution, cue = one["attribution"], one["cue"]
    assert inside(cue, attribution)
    assert not any(overlap(attribution, other) for other in INVENTED.reference["quotations"])


@pytest.mark.parametrize("one", INVENTED.summaries["faithful"], ids=lambda one: one["id"])
def test_its_summaries_have_the_words_they_say(one):
    assert len(re.findall(INVENTED.summaries["word"], one["text"])) == one["words"]


def test_its_voices_have_the_words_of_their_quotations():
    by_voice = Counter()
    for one in INVENTED.reference["quotations"]:
        by_voice[one["speaker"]] += one["words"]
    voices = INVENTED.reference["voices"]["present"]
    assert {v["who"]: v["quoted_words"] for v in voices if v["quoted_words"]} == by_voice


def test_the_labels_of_the_three_summaries_to_check_do_not_tell_which_one_is_clean():
    labels = [one["watermark"] for one in [*DISTORTED.values(), SUMMARIES["control"]]]
    assert len({re.sub(r" [123]\]$", "", label) for label in labels}) == 1
    assert len(set(labels)) == 3
