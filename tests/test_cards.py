"""Cards for reading sideways: what is on them, how they look, and that bad ones are refused."""

from __future__ import annotations

import copy
import json
import re
import shutil
from html import unescape
from pathlib import Path

import pytest
import yaml

from nutgraf import NutgrafError, load
from nutgraf.article import read_seed
from nutgraf.cards import card, cards
from nutgraf.paths import kit_dir

SEED = kit_dir("seeds") / "sadr-protests"
DATA = yaml.safe_load((SEED / "cards.yml").read_text(encoding="utf-8"))
CARDS = DATA["cards"]

by_id = pytest.mark.parametrize("one", CARDS, ids=lambda one: one["id"])


@pytest.fixture
def damaged(tmp_path: Path):
    """A function that gives the article with another cards.yml."""

    def make(content):
        folder = shutil.copytree(SEED, tmp_path / "sadr-protests", dirs_exist_ok=True)
        if not isinstance(content, str):
            content = json.dumps(content)  # which YAML can read
        (folder / "cards.yml").write_text(content, encoding="utf-8")
        return read_seed(folder)

    return make


def changed(**fields):
    """The cards, with other fields on the second one."""
    data = copy.deepcopy(DATA)
    data["cards"][1] |= fields
    return data


def plain(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


# --- the kit's cards ------------------------------------------------------------------------


def test_there_are_eight_cards(article):
    assert list(cards(article)["id"]) == [f"LC{n}" for n in range(1, 9)]


@by_id
def test_what_a_card_bears_on_is_in_the_reference(article, one):
    reference = article.reference
    lists = ("claims", "quotations", "loaded_language")
    assert set(one["bears_on"]) <= {row["id"] for name in lists for row in reference[name]}


@by_id
def test_what_a_page_says_fits_in_three_sentences(one):
    assert 1 <= len(re.findall(r"[.?!]”?(?= |$)", one["says"].strip())) <= 3


@by_id
def test_no_card_claims_to_be_checked_until_somebody_has(one):
    assert one["checked"] is False


def test_the_file_says_where_the_notes_are_from_and_what_has_to_be_done():
    assert "excerpts" in DATA["note"]
    assert "open each page again" in DATA["note"]


@by_id
def test_a_card_names_a_page_that_can_be_opened(one):
    assert any(source["address"] for source in one["sources"])


@pytest.mark.parametrize("number", ["25 dead", "520"])
def test_a_toll_says_whose_it_is(number):
    (said,) = [one["says"] for one in CARDS if number in one["says"]]
    (sentence,) = [part for part in re.split(r"(?<=\.)\s", said) if number in part]
    assert "account" in sentence or "given as those of" in sentence


@pytest.mark.parametrize("word", ["designating", "sanctions"])
def test_a_designation_says_whose_act_it_is(word):
    (said,) = [one["says"] for one in CARDS if word in one["says"]]
    assert re.search(rf"\bUS\b[^.]*{word}", said)


def test_an_affiliation_says_who_says_so():
    (said,) = [one["says"] for one in CARDS if "affiliated" in one["says"]]
    assert said.count("affiliated") == 2
    assert "According to the analysis" in said
    assert "is described" in said


@pytest.mark.parametrize("id", ["LC3", "LC7", "LC8"])
def test_where_a_card_invites_a_verdict_it_says_that_there_is_none_on_it(id):
    (one,) = [one for one in CARDS if one["id"] == id]
    assert re.search(r"settles|no verdict|act of a", one["leaves_open"])


@pytest.mark.parametrize("claim", ["C05", "C08", "C09", "C10", "C12", "C13", "C04"])
def test_a_claim_that_is_worth_checking_has_a_card(article, claim):
    assert claim in set(cards(article).explode("bears_on")["bears_on"])


# --- the table and the card ------------------------------------------------------------------


def test_the_table_has_a_row_a_card_and_plain_columns(article):
    table = cards(article)
    columns = ["id", "title", "source", "says", "adds", "bears_on", "leaves_open", "checked"]
    assert list(table.columns) == columns
    assert table["checked"].dtype == bool


def test_changing_the_table_changes_no_later_one(article):
    cards(article).loc[0, "bears_on"].append("X")
    assert "X" not in cards(article).loc[0, "bears_on"]


@by_id
def test_the_picture_and_its_twin_say_the_same(article, one):
    drawing = card(article, one["id"])
    assert plain(drawing.html) == " ".join(drawing.text.split())


@by_id
def test_a_card_shows_the_words_that_it_bears_on(article, one):
    drawing = card(article, one["id"])
    spans = {row["id"]: row for row in article.reference["claims"]}
    quotes = [spans[id]["quote"] for id in one["bears_on"] if id in spans]
    assert [quote for quote in quotes if quote not in drawing.text] == []


@by_id
def test_a_card_says_that_it_is_not_checked(article, one):
    assert DATA["note"] in card(article, one["id"]).text


def test_addresses_are_text_and_no_links(article):
    drawing = card(article, "LC1")
    assert "https://rudaw.net/" in drawing.text
    assert "<a " not in drawing.html


def test_a_card_on_no_words_in_particular_is_on_the_report_as_a_whole(article):
    assert "The report as a whole." in card(article, "LC7").text


def test_what_stands_on_a_card_is_escaped(damaged):
    html = card(damaged(changed(title="<b>&")), "LC2").html
    assert "&lt;b&gt;&amp;" in html
    assert "<b>" not in html


def test_a_card_that_was_checked_says_so(damaged):
    drawing = card(damaged(changed(checked=True)), "LC2")
    assert "a person has opened every page again" in drawing.text
    assert "Not yet" not in drawing.text


def test_cards_on_no_words_need_no_reference(damaged):
    data = copy.deepcopy(DATA)
    data["cards"] = [one | {"bears_on": []} for one in data["cards"]]
    article = damaged(data)
    (article.folder / "reference.json").unlink()
    assert len(cards(article)) == 8


# --- what is refused -------------------------------------------------------------------------


@pytest.mark.parametrize("make", [cards, lambda article: card(article, "LC1")])
def test_a_seed_without_cards_is_told_where_to_put_them(make):
    with pytest.raises(NutgrafError, match=r"no cards: kettle-bridge/cards\.yml does not exist"):
        make(load("kettle-bridge"))


def test_a_text_alone_has_no_cards():
    with pytest.raises(NutgrafError, match="no cards: it was made from a text alone"):
        cards("A text.")


@pytest.mark.parametrize("id", ["LC9", "", None, 1, ["LC1"]])
def test_a_card_there_is_not_names_those_there_are(article, id):
    with pytest.raises(NutgrafError, match="There are: LC1, LC2"):
        card(article, id)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("cards: [", r"line 1, column"),
        ("[]", "has to be an object"),
        (DATA | {"schema": 2}, "schema: this version"),
        (DATA | {"note": " "}, "note: this has to be in words"),
        (DATA | {"cards": []}, "cards: the list is empty"),
        (DATA | {"cards": {}}, "cards: this has to be a list"),
        (DATA | {"cards": [CARDS[0], CARDS[0]]}, r"cards\[1\]\.id: 'LC1' .* is there twice"),
        (DATA | {"cards": [{"id": "LC1"}]}, r"cards\[0\]: title .* is missing"),
        (changed(tilte="x"), r"cards\[1\]: 'tilte' is none of its fields"),
        (changed(says=None), r"cards\[1\]: says: this has to be in words"),
        (changed(checked="no"), r"cards\[1\]\.checked: .* true or false"),
        (changed(checked=0), r"cards\[1\]\.checked: .* true or false"),
        (changed(sources=[]), r"cards\[1\]\.sources: the list is empty"),
        (changed(sources="BBC"), r"cards\[1\]\.sources: this has to be a list"),
        (changed(sources=[{"outlet": "BBC"}]), r"sources\[0\]: date and address is missing"),
        (
            changed(sources=[{"outlet": "BBC", "date": 2020, "address": None}]),
            r"sources\[0\]: date: this has to be in words, not 2020",
        ),
        (changed(bears_on="C05"), r"bears_on: this has to be a list of ids"),
        (changed(bears_on=["C05", "C99"]), r"bears_on: .* no words with the id 'C99'"),
        (changed(bears_on=[["C05"]]), r"bears_on: .* no words with the id \['C05'\]"),
    ],
    ids=lambda value: value[:30] if isinstance(value, str) else "data",
)
def test_a_damaged_file_is_named_with_the_place_in_it(damaged, content, message):
    with pytest.raises(NutgrafError, match=f"sadr-protests/cards.yml.*{message}"):
        cards(damaged(content))
