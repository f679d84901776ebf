"""A box to look words up in: type a word, see every place where it stands, go there.

The widget shows what `found` says; the search is `nutgraf.counting.concordance`, so that what is
typed is words and nothing else. Without widgets there is `twin`: the lines as a table.
"""

from __future__ import annotations

import unicodedata
from functools import cache
from html import escape
from typing import TYPE_CHECKING, Any

from nutgraf import counting
from nutgraf.errors import NutgrafError
from nutgraf.widgets.quiz import STATIC, Readable

if TYPE_CHECKING:
    import pandas as pd

    from nutgraf.article import Article

WIDTH = 40
LINES = 200
"""Lines shown at most."""
AROUND = 1_000
"""Characters of a paragraph shown at most on either side of a hit."""


def concordance(article: Article | str, query: str = "") -> None:
    """Show the box, with `query` already typed: `concordance(article, "protests")`.

    What can be typed stands in `nutgraf.counting.concordance`.
    """
    from IPython.display import display

    if not isinstance(query, str):
        raise NutgrafError(f"query={query!r}: give the words as one string.")
    display(widget_class()(article, query))
    display(twin(article, query))


def found(place: counting.Index, query: str) -> dict[str, Any]:
    """All that the box shows of a query: `query`, `says`, and `lines`, one dict a hit.

    A line has the context (`left`, `match`, `right`) and its place: `paragraph` and `where` in
    words, `before` and `after`, the paragraph's text around the match.
    """
    state: dict[str, Any] = {"query": query, "says": "", "lines": []}
    if not query.strip():
        return state
    try:
        table = counting.concordance(place, query, WIDTH)
    except NutgrafError:
        return state | {"says": "Type a word or several. A star ends a beginning: protest*."}
    return state | {"says": _says(table, query), "lines": _lines(place, table)}


def _says(table: pd.DataFrame, query: str) -> str:
    hits, paragraphs = len(table), table["paragraph"].nunique()
    quoted = f"“{query.strip()}”"
    if not hits:
        return f"No hit for {quoted}. Only whole words match; a star finds more: protest*."
    says = f"{_counted(hits, 'hit')} for {quoted}, in {_counted(paragraphs, 'paragraph')}."
    return says + (f" The first {LINES} are shown." if hits > LINES else "")


def _counted(number: int, one: str) -> str:
    return f"{number:,} {one}{'' if number == 1 else 's'}"


def _lines(place: counting.Index, table: pd.DataFrame) -> list[dict[str, str]]:
    from nutgraf.tokenizing import paragraph_spans

    spans = paragraph_spans(place.text)
    lines = []
    for hit in table.head(LINES).itertuples():
        first, last = spans[hit.paragraph]
        start, end = max(first, hit.start - AROUND), min(last, hit.end + AROUND)
        lines.append(
            {
                "left": hit.left,
                "match": hit.match,
                "right": hit.right,
                "paragraph": f"P{hit.paragraph:02d}",
                "where": f"paragraph P{hit.paragraph:02d}, sentence S{hit.sentence:02d}, "
                f"characters {hit.start:,} to {hit.end:,}",
                "before": ("… " if start > first else "") + place.text[start : hit.start],
                "after": place.text[hit.end : end] + (" …" if end < last else ""),
            }
        )
    return lines


def _direction(text: str) -> str:
    """How the text runs: "rtl" or "ltr", as its first letter does."""
    kinds = (unicodedata.bidirectional(letter) for letter in text)
    return next(
        ("ltr" if kind == "L" else "rtl" for kind in kinds if kind in ("L", "R", "AL")), "ltr"
    )


@cache
def widget_class():
    """The widget's class; made on first use, since importing anywidget takes a while."""
    import anywidget
    import traitlets

    class Concordance(anywidget.AnyWidget):
        """A field to type in, the hits as a table, and one hit's paragraph."""

        _esm = STATIC / "concordance.js"
        _css = STATIC / "concordance.css"
        state = traitlets.Dict().tag(sync=True)
        direction = traitlets.Unicode("ltr").tag(sync=True)

        def __init__(self, article: Article | str, query: str = ""):
            self.place = counting.index(article)
            text = self.place.text
            super().__init__(state=found(self.place, query), direction=_direction(text))
            self.on_msg(self._asked)

        def _asked(self, _widget, message, _buffers) -> None:
            query = message.get("query") if isinstance(message, dict) else None
            if isinstance(query, str):
                self.state = found(self.place, query)
                self.send({"heard": query})

        def __repr__(self) -> str:
            return f"<Concordance of {len(self.place.codes):,} words>"

    return Concordance


def twin(article: Article | str, query: str = "") -> Readable:
    """The box as text: what a notebook without a kernel or without widgets shows."""
    place = counting.index(article)
    state = found(place, query)
    how = (
        "Without the box: from nutgraf.counting import concordance; "
        f"concordance(article, {query.strip() or 'protests'!r})"
    )
    lines = state["lines"]
    left = max((len(line["left"]) for line in lines), default=0)
    right = max((len(line["right"]) for line in lines), default=0)
    rows = [
        f"{line['left']:>{left}}[{line['match']}]{line['right']:<{right}}  {line['paragraph']}"
        for line in lines
    ]
    sides = ("end", "center", "start", "start")

    def row(tag: str, *cells: str) -> str:
        open_ = 'th scope="col"' if tag == "th" else tag
        pairs = zip(sides, cells, strict=True)
        return "".join(f'<{open_} style="text-align:{side}">{c}</{tag}>' for side, c in pairs)

    heads = row("th", "Before", "Match", "After", "Where")
    body = "".join(
        "<tr>"
        + row(
            "td",
            escape(line["left"]),
            f"<strong>{escape(line['match'])}</strong>",
            escape(line["right"]),
            line["paragraph"],
        )
        + "</tr>"
        for line in lines
    )
    table = (
        f'<table dir="{_direction(place.text)}"><thead><tr>{heads}</tr></thead>'
        f"<tbody>{body}</tbody></table>"
        if lines
        else ""
    )
    says = f"<p>{escape(state['says'])}</p>" if state["says"] else ""
    html = f'<div class="nutgraf-twin">{says}{table}<p><em>{escape(how)}</em></p></div>'
    return Readable("\n".join(filter(None, [state["says"], *rows, how])), html)
