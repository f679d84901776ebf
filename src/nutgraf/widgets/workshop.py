"""What the workshop's page needs beside its questions: no code in sight, and things that open.

In a workshop nobody reads code. `begin` takes it out of sight as long as its own line is on the
page; `show_article` and `show_voices` keep closed what would answer a question too early.
"""

from __future__ import annotations

from functools import cache
from html import escape
from pathlib import Path

from nutgraf.widgets.quiz import Readable, _display

STATIC = Path(__file__).parent / "static"
READY = "Ready. All steps below can be worked on now."


def begin() -> None:
    """Hide the code of the notebook that this stands in, and say that everything has run."""
    _display(widget_class()(says=READY, hides_code=True))
    _display(_twin([READY]))


def show_article() -> None:
    """The article behind a button, with the line numbers of the printed handout."""
    from nutgraf import load
    from nutgraf.paper import numbered_lines

    article = load()
    rows = [[line.paragraph, line.number, line.text] for line in numbered_lines(article)]
    _display(widget_class()(label="Open the article", lines=rows))
    _display(_twin([f"{mark:3}  {number:>2}  {text}" for mark, number, text in rows]))


def show_voices() -> None:
    """The words between quotation marks, by speaker, behind a button."""
    from nutgraf import load
    from nutgraf.paper import quoted_words

    rows = [[who, words] for who, words in quoted_words(load())]
    _display(widget_class()(label="Show the count", bars=rows))
    _display(_twin([f"{who}: {words} words" for who, words in rows]))


def _twin(lines: list[str]) -> Readable:
    """The same as text, for readers without a kernel."""
    body = "\n".join(lines)
    html = f'<pre class="nutgraf-twin" style="white-space: pre-wrap">{escape(body)}</pre>'
    return Readable(body, html)


@cache
def widget_class():
    """The widget's class; made on first use, since importing anywidget takes a while."""
    import anywidget
    import traitlets

    class Workshop(anywidget.AnyWidget):
        """A line to read, or a button that opens lines of text or bars."""

        _esm = STATIC / "workshop.js"
        _css = STATIC / "workshop.css"
        says = traitlets.Unicode().tag(sync=True)
        label = traitlets.Unicode().tag(sync=True)
        lines = traitlets.List().tag(sync=True)
        bars = traitlets.List().tag(sync=True)
        hides_code = traitlets.Bool(False).tag(sync=True)

        def __repr__(self) -> str:
            return f"<Workshop {self.label or self.says!r}>"

    return Workshop
