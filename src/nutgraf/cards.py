"""Cards for reading sideways: what other pages say about an article's events, kept for offline use.

They lie beside the article in `cards.yml`: notes in the kit's own words, each with where it stands,
what it bears on and what it leaves open. A card that says `checked: false` was made from excerpts;
a person has to open its pages again before anyone relies on it.
"""

from __future__ import annotations

from collections.abc import Collection
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nutgraf.annotating import as_article, in_quotes
from nutgraf.article import check_list, check_schema, file_label, read_yaml, shortened, walk
from nutgraf.drawing import CELL, FONT, LINE, Drawing
from nutgraf.errors import NutgrafError

if TYPE_CHECKING:
    import pandas as pd

    from nutgraf.article import Article

_WORDS = ("id", "title", "says", "adds", "leaves_open")
_FIELDS = (*_WORDS, "sources", "bears_on", "checked")
_SOURCE = ("outlet", "date", "address")


def cards(article: Article | str) -> pd.DataFrame:
    """The cards of an article, one a row: what other pages say, in the kit's words.

    Columns: id, title, source (outlet, date and address, one page a line), says, adds, bears_on
    (a list of ids of the reference; empty: the report as a whole), leaves_open, checked (whether a
    person has opened the pages again). `cards(article).explode("bears_on")` has a row for each id.

    Raises NutgrafError when the article has no cards, or when cards.yml is damaged.
    """
    import pandas as pd

    rows = [
        {
            "id": one["id"],
            "title": one["title"],
            "source": "\n".join(map(_source, one["sources"])),
            "says": one["says"],
            "adds": one["adds"],
            "bears_on": one["bears_on"],
            "leaves_open": one["leaves_open"],
            "checked": one["checked"],
        }
        for one in _read(as_article(article))["cards"]
    ]
    table = pd.DataFrame(rows)
    return table.astype({name: "str" for name in (*_WORDS, "source")})


def card(article: Article | str, id: str) -> Drawing:
    """One card to look at, with the words of the article that it bears on.

    Addresses are text, not links. Raises NutgrafError as `cards` does, and for an id there is not.
    """
    article = as_article(article)
    data = _read(article)
    found = {one["id"]: one for one in data["cards"]}
    if not isinstance(id, str) or id not in found:
        raise NutgrafError(
            f"{article.name} has no card {shortened(id)}. There are: {', '.join(found)}."
        )
    one = found[id]
    words = _spans(article) if one["bears_on"] else {}
    bears_on = [f"{key}: {in_quotes(words[key]['quote'], longest=200)}" for key in one["bears_on"]]
    checked = "Yes: a person has opened every page again."
    rows = {
        "Where it stands": [_source(source) for source in one["sources"]],
        "What it says": [one["says"]],
        "What it adds": [one["adds"]],
        "What it bears on": bears_on or ["The report as a whole."],
        "What it leaves open": [one["leaves_open"]],
        "Checked?": [checked if one["checked"] else f"Not yet. {data['note']}"],
    }
    head = f"{id}: {one['title']}"
    cell = f"{CELL};vertical-align:top;white-space:normal"
    body = "".join(
        f'<tr style="background:none"><th scope="row" style="{cell};width:11em">{escape(name)}</th>'
        f'<td style="{cell};overflow-wrap:anywhere">{"<br>".join(map(escape, lines))}</td></tr>'
        for name, lines in rows.items()
    )
    html = (
        f'<table style="{FONT};width:100%;max-width:760px;border-collapse:collapse;margin:0;'
        f'border:{LINE}"><caption style="caption-side:top;text-align:left;padding:2px 8px">'
        f"<strong>{escape(head)}</strong></caption><tbody>{body}</tbody></table>"
    )
    twin = [f"{name}\n" + "\n".join(f"  {line}" for line in lines) for name, lines in rows.items()]
    return Drawing(html, "\n\n".join([head, *twin]))


def _source(source: dict[str, Any]) -> str:
    address = source["address"] or "Address not noted."
    return f"{source['outlet']}, {source['date']}. {address}"


def _spans(article: Article) -> dict[str, dict[str, Any]]:
    """Everything in the reference that has an id and stands in the text: id -> span."""
    found = walk(article.reference, "reference.json")
    return {one["id"]: one for _, one in found if {"id", "start", "end", "quote"} <= one.keys()}


# --- reading cards.yml -----------------------------------------------------------------------


def _read(article: Article) -> dict[str, Any]:
    path: Path = article._about("cards.yml", "cards")
    where = file_label(path)
    data = check_schema(read_yaml(path), where)
    _check_words(data, "note", where)
    cards = check_list(data.get("cards"), f"{where}: cards")
    if not cards:
        raise NutgrafError(f"{where}: cards: the list is empty. Add a card, or remove the file.")
    # A list of cards that bear on no words in particular needs no reference.
    there = _spans(article) if any(one.get("bears_on") for one in cards) else {}
    for number, one in enumerate(cards):
        place = f"{where}: cards[{number}]"
        _check_fields(one, _FIELDS, place)
        for name in _WORDS:
            _check_words(one, name, place)
        if type(one["checked"]) is not bool:
            raise NutgrafError(
                f"{place}.checked: this has to be true or false, not {shortened(one['checked'])}. "
                "Write false until a person has opened the pages again."
            )
        _check_sources(one["sources"], f"{place}.sources")
        _check_ids(one["bears_on"], there, f"{place}.bears_on")
    return data


def _check_fields(one: dict[str, Any], fields: tuple[str, ...], place: str) -> None:
    missing = [name for name in fields if name not in one]
    if missing:
        raise NutgrafError(f"{place}: {' and '.join(missing)} is missing. Add it.")
    other = [name for name in one if name not in fields]
    if other:
        raise NutgrafError(
            f"{place}: {shortened(other[0])} is none of its fields, which are {', '.join(fields)}. "
            "Correct the spelling, or take it out."
        )


def _check_words(one: dict[str, Any], name: str, place: str) -> None:
    value = one.get(name)
    if not isinstance(value, str) or not value.strip():
        raise NutgrafError(
            f"{place}: {name}: this has to be in words, not {shortened(value)}. Write it out; a "
            "date such as 14 January 2020, or in quotation marks."
        )


def _check_sources(sources: Any, place: str) -> None:
    if not check_list(sources, place):
        raise NutgrafError(f"{place}: the list is empty. Say at least where the notes are from.")
    for number, source in enumerate(sources):
        here = f"{place}[{number}]"
        _check_fields(source, _SOURCE, here)
        for name in _SOURCE:
            if name != "address" or source[name] is not None:  # null: not noted
                _check_words(source, name, here)


def _check_ids(ids: Any, there: Collection[str], place: str) -> None:
    if not isinstance(ids, list):
        raise NutgrafError(f"{place}: this has to be a list of ids such as [C05, Q05]. Correct it.")
    for id in ids:
        if not isinstance(id, str) or id not in there:
            raise NutgrafError(
                f"{place}: reference.json has no words with the id {shortened(id)}. Claims begin "
                "with C, quotations with Q, loaded words with L; correct it."
            )
