"""Drawings of a text for the notebook, each with a twin in plain words.

A drawing shows itself in a notebook as HTML and anywhere else as text; both say the same. The HTML
keeps to tags and inline styles that Jupyter lets through in notebooks it does not trust yet, and
stays readable where even the styles are taken away. Text of the article is always escaped.
"""

from __future__ import annotations

import base64
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from io import BytesIO
from typing import TYPE_CHECKING, Any

from nutgraf.errors import NutgrafError
from nutgraf.tokenizing import as_spans

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from nutgraf.article import Article


@dataclass(frozen=True, repr=False)
class Drawing:
    """Something to look at (`html`) and the same in plain words (`text`)."""

    html: str
    text: str

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        return self.html

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/html": self.html, "text/plain": self.text}


# Jupyter takes `var()` out of notebooks it does not trust, so each plain value comes first.
LINE = "1px solid #767676;border:1px solid var(--jp-ui-font-color2, #767676)"
_RULE = "1px solid #767676;border-bottom:1px solid var(--jp-ui-font-color2, #767676)"
FONT = "font-family:var(--jp-content-font-family, sans-serif);font-size:14px;line-height:1.5"
_TINT = "background:rgba(255,160,0,0.25)"
_HINT = "margin:6px 0 0;font-size:13px"

# --------------------------------------------------------------------------------------
# Tokens

_SIGNS = {
    "\N{NO-BREAK SPACE}": ("⍽", "no-break space"),
    "\n": ("¶", "line end"),
    "\r": ("¶", "line end (carriage return)"),
    "\t": ("⇥", "tab"),
}


def _sign(letter: str) -> tuple[str, str] | None:
    """What to show for a character that cannot be seen, and what it is called."""
    if letter == " " or letter.isprintable():
        return None
    if letter in _SIGNS:
        return _SIGNS[letter]
    # Joiners bind what a reader sees as one character: a sign would take it apart.
    if letter in "\u200c\u200d":
        return None
    code = f"U+{ord(letter):04X}"
    return f"[{code}]", unicodedata.name(letter, code).lower()


def _shown(text: str) -> str:
    """`text` with signs for what cannot be seen, as plain text."""
    return "".join(sign[0] if (sign := _sign(letter)) else letter for letter in text)


def shown_html(text: str, breaks: bool = True) -> str:
    """`text` as escaped HTML, with named signs for what cannot be seen.

    No-break spaces become ⍽, line ends ¶ (and a line break with `breaks`), others their number.
    """
    parts = []
    for letter in text:
        sign = _sign(letter)
        if sign:
            label = escape(sign[1])
            parts.append(f'<span role="img" aria-label="{label}" title="{label}">{sign[0]}</span>')
            parts.append("<br>" if breaks and letter == "\n" else "")
        else:
            parts.append(escape(letter))
    return "".join(parts)


def token_strip(text: str, spans: Any, start: int = 0, end: int | None = None) -> Drawing:
    """The text with a box round every token.

    `spans`: (start, end) pairs in order, or a table with these columns. `start`, `end` choose a
    part of the text (code points, end-exclusive); a token that reaches over the edge is shown
    whole. No-break spaces are shown as ⍽, line ends as ¶; what is in no token is underlined with
    dots. The twin is the list of tokens. Spans that overlap or lie outside raise `NutgrafError`.
    """
    pairs = as_spans(spans, text, "token_strip")
    end = len(text) if end is None else min(end, len(text))
    pairs = [(first, last) for first, last in pairs if first < end and last > start]
    if pairs:
        start, end = min(start, pairs[0][0]), max(end, pairs[-1][1])
    shown = text[start:end]

    box = f"display:inline-block;border:{LINE};border-radius:3px;padding:0 3px;margin:1px"
    outside = "text-decoration:underline;text-decoration-style:dotted"
    parts, place, dropped = [], start, False
    for first, last in [*pairs, (end, end)]:
        for piece in re.split(r"(\S+)", text[place:first]):
            if piece.strip():
                dropped = True
                parts.append(f'<span style="{outside}">{shown_html(piece)}</span>')
            else:
                parts.append(shown_html(piece))
        if first < last:
            parts.append(f'<span style="{box}">{shown_html(text[first:last])}</span>')
        place = last

    tokens = [_shown(text[first:last]) for first, last in pairs]
    count = f"{len(tokens):,} token{'' if len(tokens) == 1 else 's'}"
    notes = [f"Each box is a token: {count}."]
    notes += ["Dotted: in no token."] if dropped else []
    notes += ["⍽ is a no-break space."] if "\N{NO-BREAK SPACE}" in shown else []
    notes += ["¶ is a line end."] if "\n" in shown or "\r" in shown else []
    twin = f"{count}: {' | '.join(tokens)}" if tokens else count
    html = (
        f'<div style="{FONT};max-width:900px">'
        f'<div style="line-height:2;overflow-wrap:anywhere">{"".join(parts)}</div>'
        f'<p style="{_HINT}">{" ".join(notes)}</p>'
        f'<details style="{_HINT}"><summary>The tokens as a list</summary>'
        f"{escape(' | '.join(tokens))}</details></div>"
    )
    return Drawing(html, twin)


# --------------------------------------------------------------------------------------
# Tables

CELL = "padding:2px 8px;text-align:left;vertical-align:middle;background:none"


def plain_table(header: list[str], rows: Iterable[list[str]]) -> str:
    """Columns lined up with spaces; the last is left as it is."""
    table = [header, *rows]
    widths = [max(len(row[place]) for row in table) for place in range(len(header) - 1)]
    lines = [
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[-1]])
        for row in table
    ]
    return "\n".join(line.rstrip() for line in lines)


# --------------------------------------------------------------------------------------
# Structure

# A hatch for each role, so that roles can be told apart without colour; the label says which.
_INK = "#6b7f95"


def _stripes(angle: int, size: int) -> str:
    ink, none = _INK, "transparent"
    return (
        f"background:linear-gradient({angle}deg,{ink} 25%,{none} 25%,{none} 50%,{ink} 50%,"
        f"{ink} 75%,{none} 75%) 0 0/{size}px {size}px"
    )


def _lines(angle: int, thick: int, size: int) -> str:
    return (
        f"background:linear-gradient({angle}deg,{_INK} {thick}px,transparent {thick}px) "
        f"0 0/{size}px {size}px"
    )


_HATCHES = (
    f"background:{_INK}",
    _stripes(45, 8),
    _lines(90, 2, 6),
    _lines(0, 2, 5),
    _stripes(135, 6),
    _lines(90, 6, 9),
    f"background:radial-gradient(circle,{_INK} 1.5px,transparent 2px) 0 0/6px 6px",
    _stripes(45, 16),
    _lines(0, 1, 3),
    "background:none",
)


def structure_map(article: Article) -> Drawing:
    """The article's paragraphs one under the other: how long each is, and what it is there for.

    A bar is as long as its paragraph has words; its hatch and its label tell the role. The twin is
    a table of paragraph, words and role. An article without a reference raises `NutgrafError`.
    """
    paragraphs = article.reference["paragraphs"]
    labels = {one["role"]: one["label"] for one in article.reference.get("roles", [])}
    order = list(dict.fromkeys(one["role"] for one in paragraphs))
    counts = article.words["paragraph"].value_counts()
    longest = max(counts)

    rows, twin = [], []
    for number, one in enumerate(paragraphs):
        label = labels.get(one["role"], one["role"].replace("_", " ").capitalize())
        words = int(counts.get(number, 0))
        hatch = _HATCHES[order.index(one["role"]) % len(_HATCHES)]
        bar = f"width:{100 * words / longest:.0f}%;height:14px;border:{LINE};{hatch}"
        quote = article.text[one["start"] : one["end"]]
        rows.append(
            f'<tr style="background:none"><th scope="row" style="{CELL}">{escape(one["id"])}</th>'
            f'<td style="{CELL};text-align:right">{words}</td>'
            f'<td style="{CELL};width:50%" title="{escape(quote)}"><div style="{bar}"></div></td>'
            f'<td style="{CELL}">{escape(label)}</td></tr>'
        )
        twin.append([one["id"], f"{words:>5}", label])

    alt = f"The {len(rows)} paragraphs in order, with their number of words and their role."
    head = f"{CELL};border-bottom:{_RULE}"
    html = (
        f'<table style="{FONT};width:100%;max-width:760px;table-layout:auto;'
        f'border-collapse:collapse;margin:0">'
        f'<caption style="caption-side:top;text-align:left;padding:2px 8px">{escape(alt)}</caption>'
        f'<thead><tr><th scope="col" style="{head}">Paragraph</th>'
        f'<th scope="col" style="{head};text-align:right">Words</th>'
        f'<th scope="col" style="{head}">Length</th><th scope="col" style="{head}">Role</th>'
        f"</tr></thead><tbody>{''.join(rows)}</tbody></table>"
    )
    return Drawing(html, f"{alt}\n\n{plain_table(['paragraph', 'words', 'role'], twin)}")


# --------------------------------------------------------------------------------------
# Boundaries

_MARKS = {"hit": "●", "missed": "○", "spurious": "✕", "": "·"}
_MEANS = (
    "● hit: a sentence ends here; ○ missed: no cut; ✕ spurious: a cut too many; · rightly no cut"
)


def _tally(marks: list[str]) -> list[str]:
    return [str(marks.count(kind)) for kind in ("hit", "missed", "spurious")]


def boundary_chart(table: pd.DataFrame) -> Drawing:
    """The table of `tokenizing.boundaries` as a picture: a row a splitter, a column a place.

    ● the splitter ends a sentence where the reference does, ○ it misses that end, ✕ it cuts where
    no sentence ends. The places are numbered in the order of the text and listed below. The twin
    holds the same rows, their totals and the same list. A table without the columns of
    `tokenizing.boundaries` raises `NutgrafError`.
    """
    fixed = ["position", "before", "after", "reference"]
    missing = [name for name in fixed if name not in table.columns]
    if missing:
        raise NutgrafError(
            f"boundary_chart needs the table of tokenizing.boundaries; this one has no column "
            f"{missing[0]!r}. Make it with tokenizing.boundaries(text, reference)."
        )
    splitters = [
        name for name in table.columns if name not in fixed and set(table[name]) <= set(_MARKS)
    ]
    numbers = [str(number) for number in range(1, len(table) + 1)]

    cell = "padding:2px 0;text-align:center;min-width:18px;background:none"
    name_cell = "padding:2px 8px 2px 0;text-align:left;white-space:nowrap;background:none"
    total = "padding:2px 2px 2px 6px;text-align:right;background:none"
    top = f"border-bottom:{_RULE};font-size:11px"
    titles = [
        f"place {number}, offset {position}: {before} / {after}"
        for number, position, before, after in zip(
            numbers, table["position"], table["before"], table["after"], strict=True
        )
    ]
    columns = "".join(
        f'<th scope="col" style="{cell};{top}" title="{escape(title)}">{number}</th>'
        for number, title in zip(numbers, titles, strict=True)
    ) + "".join(
        f'<th scope="col" style="{total};{top}" title="{kind}">'
        f'<span role="img" aria-label="{kind}">{_MARKS[kind]}</span></th>'
        for kind in ("hit", "missed", "spurious")
    )
    rows, lines = [], []
    for name in splitters:
        marks = list(table[name])
        cells = "".join(
            f'<td style="{cell}{";" + _TINT if mark in ("missed", "spurious") else ""}" '
            f'title="{escape((mark or "no cut") + " at " + title)}">'
            f'<span role="img" aria-label="{mark or "no cut"}">{_MARKS[mark]}</span></td>'
            for mark, title in zip(marks, titles, strict=True)
        ) + "".join(f'<td style="{total}">{count}</td>' for count in _tally(marks))
        rows.append(
            f'<tr style="background:none"><th scope="row" style="{name_cell}">{escape(name)}</th>'
            f"{cells}</tr>"
        )
        lines.append([name, "".join(_MARKS[mark].rjust(3) for mark in marks), *_tally(marks)])
    places = [
        [number, str(position), f"{before} / {after}"]
        for number, position, before, after in zip(
            numbers, table["position"], table["before"], table["after"], strict=True
        )
    ]
    listed = "".join(
        '<tr style="background:none">'
        + "".join(f'<td style="{CELL}">{escape(_shown(one))}</td>' for one in place)
        + "</tr>"
        for place in places
    )
    listing = "".join(
        f'<th scope="col" style="{CELL};border-bottom:{_RULE}">{one}</th>'
        for one in ("Place", "Offset", "Before / after")
    )
    grid = f"{FONT};table-layout:auto;border-collapse:collapse;margin:0"
    html = (
        # A place that may have to scroll has to be reached by the keyboard.
        f'<div style="{FONT};max-width:900px"><div style="overflow-x:auto" tabindex="0" '
        'role="group" aria-label="Sentence ends">'
        f'<table style="{grid}">'
        '<caption style="caption-side:top;text-align:left">Where each splitter ends a sentence'
        f"<br>{escape(_MEANS)}</caption>"
        f'<thead><tr><th scope="col" style="{name_cell};{top}">Place</th>{columns}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
        f'<details style="{_HINT}"><summary>The places, by number</summary>'
        f'<table style="{grid}"><thead><tr>{listing}</tr>'
        f"</thead><tbody>{listed}</tbody></table></details></div>"
    )
    header = ["", "".join(number.rjust(3) for number in numbers), "hit", "missed", "spurious"]
    listing = plain_table(["place", "offset", "before / after"], places)
    return Drawing(html, f"{_MEANS}\n\n{plain_table(header, lines)}\n\n{listing}")


# --------------------------------------------------------------------------------------
# Plots


def figure(fig: Figure, alt: str) -> Drawing:
    """A matplotlib figure with words for those who do not see it.

    The figure is drawn on a white card (both themes work) and closed, so that the notebook does
    not show it a second time. The same figure always gives the same bytes. `alt` says what the
    plot shows; it is the text twin. An empty `alt` raises `NutgrafError`.
    """
    if not alt.strip():
        raise NutgrafError(
            'figure() needs words for those who do not see the plot: figure(fig, "what it shows").'
        )
    import matplotlib as mpl
    from matplotlib import pyplot as plt

    buffer = BytesIO()
    with mpl.rc_context({"svg.hashsalt": "nutgraf"}):
        fig.savefig(
            buffer,
            format="svg",
            bbox_inches="tight",
            facecolor="white",
            metadata={"Date": None, "Creator": None},
        )
    plt.close(fig)
    data = base64.b64encode(buffer.getvalue()).decode("ascii")
    html = (
        '<figure style="display:inline-block;background:#ffffff;padding:8px;margin:0;'
        'max-width:100%;box-sizing:border-box">'
        f'<img src="data:image/svg+xml;base64,{data}" alt="{escape(alt)}" '
        'style="display:block;max-width:100%;height:auto"></figure>'
    )
    return Drawing(html, alt)
