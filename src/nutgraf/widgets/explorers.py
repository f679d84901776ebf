"""Small instruments for the lessons: look at one character, at tokens, at sentence ends.

They are made of ipywidgets' own native controls, each with a label that a screen reader reads out:
a number field and buttons where a slider would have 2,697 stops and no name. Without widgets,
`nutgraf.drawing` and `nutgraf.tokenizing` show the same things.
"""

from __future__ import annotations

import unicodedata
from html import escape
from typing import TYPE_CHECKING

from ipywidgets import HTML, BoundedIntText, Button, Dropdown, HBox, Layout, VBox

from nutgraf import tokenizing
from nutgraf.drawing import shown_html, token_strip
from nutgraf.errors import NutgrafError

if TYPE_CHECKING:
    from nutgraf.article import Article

_FONT = "font-family:var(--jp-content-font-family, sans-serif);font-size:14px;line-height:1.6"
_MARK = (
    "background:none;color:inherit;border:2px solid #767676;"
    "border:2px solid var(--jp-ui-font-color1, #767676);border-radius:3px;padding:0 3px"
)
_CELL = "padding:1px 16px 1px 0;text-align:left;background:none"
_LABEL = {"description_width": "initial"}


class Explorer(VBox):
    """A box of controls and what they show. Its text is short and does not change with use."""

    def __init__(self, what: str, children: list):
        super().__init__(children)
        self._what = what

    def __repr__(self) -> str:
        return f"<Explorer of {self._what}>"


def _counted(number: int, one: str) -> str:
    return f"{number:,} {one}{'' if number == 1 else 's'}"


def _text_of(article: Article | str) -> str:
    return article if isinstance(article, str) else article.text


# --------------------------------------------------------------------------------------
# Characters


def describe(text: str, offset: int) -> dict[str, str]:
    """What the character of `text` at `offset` is: offset, name, code point, UTF-8 bytes."""
    letter = text[offset]
    name = unicodedata.name(letter, "") or {"\n": "LINE FEED", "\t": "TAB"}.get(letter, "no name")
    data = letter.encode("utf-8", "surrogatepass")
    first = len(text[:offset].encode("utf-8", "surrogatepass"))
    return {
        "Offset": f"{offset:,}",
        "Name": name,
        "Code point": f"U+{ord(letter):04X}",
        "UTF-8": f"{_counted(len(data), 'byte')}: {data.hex(' ').upper()}",
        "Byte offset": f"{first:,}",
    }


def _window(text: str, offset: int, width: int) -> str:
    start = max(0, min(offset - width // 2, len(text) - width))
    end = min(len(text), start + width)
    letter = text[offset]
    # A combining mark needs something to stand on, and a space something to be seen by.
    alone = "◌" + letter if unicodedata.combining(letter) else "␣" if letter == " " else letter
    marked = shown_html(alone, breaks=False)
    rows = "".join(
        f'<tr style="background:none"><th scope="row" style="{_CELL}">{name}</th>'
        f'<td style="{_CELL}">{escape(value)}</td></tr>'
        for name, value in describe(text, offset).items()
    )
    return (
        f'<div style="{_FONT}"><p style="margin:4px 0 8px;white-space:pre-wrap">'
        f"{'… ' if start else ''}{shown_html(text[start:offset], breaks=False)}"
        f'<mark style="{_MARK}">{marked}</mark>'
        f"{shown_html(text[offset + 1 : end], breaks=False)}{' …' if end < len(text) else ''}</p>"
        f'<table style="table-layout:auto;border-collapse:collapse;margin:0"><tbody>{rows}</tbody>'
        "</table></div>"
    )


def characters(text: Article | str, start: int = 0, width: int = 40) -> Explorer:
    """Step through `text` character by character, from offset `start`.

    Shows `width` characters with one of them marked, and what it is: name, code point, UTF-8
    bytes. A button leads to the next character outside ASCII. An empty text, or a start outside
    it, raises `NutgrafError`.
    """
    text = _text_of(text)
    if not 0 <= start < len(text):
        raise NutgrafError(
            f"There is no character at offset {start}: the text has "
            f"{_counted(len(text), 'character')}, counted from 0."
        )
    odd = [place for place, letter in enumerate(text) if ord(letter) > 127]
    offset = BoundedIntText(
        value=start,
        min=0,
        max=len(text) - 1,
        description="Offset",
        style=_LABEL,
        layout=Layout(width="150px"),
    )
    back = Button(description="Previous", tooltip="The character before")
    on = Button(description="Next", tooltip="The character after")
    jump = Button(
        description="Next outside ASCII",
        tooltip="The next character that is not a plain English letter, digit or sign",
        disabled=not odd,
        layout=Layout(width="auto"),
    )
    view = HTML()

    def show(_change: object = None) -> None:
        view.value = _window(text, offset.value, width)
        back.disabled = offset.value == 0
        on.disabled = offset.value == len(text) - 1

    def step(by: int) -> None:
        offset.value = min(max(0, offset.value + by), len(text) - 1)

    def leap(_button: Button) -> None:
        offset.value = next((place for place in odd if place > offset.value), odd[0])

    back.on_click(lambda _button: step(-1))
    on.on_click(lambda _button: step(1))
    jump.on_click(leap)
    offset.observe(show, names="value")
    show()
    controls = HBox([offset, back, on, jump], layout=Layout(flex_flow="row wrap"))
    return Explorer(f"characters: {len(text):,}", [controls, view])


# --------------------------------------------------------------------------------------
# Tokens


def tokenizers(article: Article | str) -> Explorer:
    """Choose a tokenizer and a sentence: see the tokens as boxes, and how many there are.

    Each tokenizer sees the whole text at once, as in `tokenizing.compare_tokenizers`. `article`
    may be a text of your own.
    """
    text = _text_of(article)
    spans = tokenizing.sentence_spans(text)
    if not spans:
        raise NutgrafError("There is no sentence in this text: it holds nothing but white space.")
    tokens: dict[str, list[tokenizing.Span]] = {}

    def name(number: int, start: int, end: int) -> str:
        more = "…" if end - start > 40 else ""
        return f"S{number:02d} {text[start : min(end, start + 40)]}{more}"

    choice = Dropdown(
        options=list(tokenizing.TOKENIZERS), value="nutgraf", description="Tokenizer", style=_LABEL
    )
    sentence = Dropdown(
        options=[(name(number, *span), number) for number, span in enumerate(spans)],
        value=0,
        description="Sentence",
        style=_LABEL,
        layout=Layout(width="450px", max_width="100%"),
    )
    view = HTML()

    def show(_change: object = None) -> None:
        chosen = choice.value
        if chosen not in tokens:
            tokens[chosen] = tokenizing.word_spans(text, chosen)
        strip = token_strip(text, tokens[chosen], *spans[sentence.value])
        total = f"{_counted(len(tokens[chosen]), 'token')} in the whole text."
        view.value = f'{strip.html}<p style="{_FONT};margin:4px 0 0">{total}</p>'

    choice.observe(show, names="value")
    sentence.observe(show, names="value")
    show()
    controls = HBox([choice, sentence], layout=Layout(flex_flow="row wrap"))
    what = f"tokenizers: {len(tokenizing.TOKENIZERS)}, {_counted(len(spans), 'sentence')}"
    return Explorer(what, [controls, view])


# --------------------------------------------------------------------------------------
# Sentences

_SIGN = "border:1px solid #767676;border-radius:3px;padding:0 4px;white-space:nowrap"


def _judged(text: str, name: str, reference: list[dict] | None) -> str:
    """The units of a splitter as a numbered list, with a word of judgement where they end."""
    spans = tokenizing.sentence_spans(text, name)
    verdicts, summary = {}, f"{_counted(len(spans), 'unit')}."
    if reference is not None:
        table = tokenizing.boundaries(text, reference, [name])
        verdicts = dict(zip(table["position"], table[name], strict=True))
        score = tokenizing.compare_splitters(text, reference, [name]).loc[0]
        summary = (
            f"{_counted(len(spans), 'unit')}, {score['exact']} of them exactly a sentence of the "
            f"reference. Ends: {score['hits']} hit, {score['missed']} missed, "
            f"{score['spurious']} spurious. F1 {score['f1']:.3f}."
        )
    signs = {
        "hit": "● ends here",
        "missed": "○ missed: a sentence ends here",
        "spurious": "✕ spurious: no sentence ends here",
    }
    verdicts = {place: kind for place, kind in verdicts.items() if kind}
    items: list[str] = []
    for number, (start, end) in enumerate(spans):
        # A sentence may also end between two units, just after a full stop that was thrown away.
        until = spans[number + 1][0] if number + 1 < len(spans) else end
        pieces, place = [], start
        for position in sorted(one for one in verdicts if start < one <= until):
            pieces.append(shown_html(text[place : min(position, end)], breaks=False))
            pieces.append(f' <span style="{_SIGN}">{signs[verdicts[position]]}</span> ')
            place = min(position, end)
        pieces.append(shown_html(text[place:end], breaks=False) if start < end else "(empty)")
        items.append(f'<li style="margin:4px 0">{"".join(pieces)}</li>')
    return (
        f'<div style="{_FONT};max-width:900px"><p style="margin:4px 0">{summary}</p>'
        f'<ol style="margin:0;padding-left:32px">{"".join(items)}</ol></div>'
    )


def splitters(article: Article | str) -> Explorer:
    """Choose a splitter: see its units, and where they end right, too late or too early.

    The ends are judged by the article's reference; a text without a reference is split, not
    judged.
    """
    text = _text_of(article)
    try:
        reference = None if isinstance(article, str) else article.reference["sentences"]
    except (NutgrafError, KeyError):
        reference = None
    choice = Dropdown(
        options=list(tokenizing.SPLITTERS), value="full stop", description="Splitter", style=_LABEL
    )
    view = HTML()

    def show(_change: object = None) -> None:
        view.value = _judged(text, choice.value, reference)

    choice.observe(show, names="value")
    show()
    return Explorer(f"splitters: {len(tokenizing.SPLITTERS)}", [choice, view])
