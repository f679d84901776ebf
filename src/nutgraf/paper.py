"""The workshop on paper: a handout to print for everybody, and a key for whoever leads it.

Both are made from the kit's own questions, reference and summaries, so that they say what the
notebook says. They are HTML with print styles, and PDF where a browser is there to print them.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from nutgraf import editions, formats, quizzes
from nutgraf.errors import NutgrafError

if TYPE_CHECKING:
    from nutgraf.article import Article

STEPS = (
    (0, 3, "Before you read"),
    (3, 11, "Read it"),
    (11, 17, "Who speaks?"),
    (17, 31, "Mark it in pairs"),
    (31, 39, "Find what was altered"),
    (39, 43, "Leave the page"),
    (43, 45, "On your way out"),
)
"""The workshop: first minute, last minute, and what the step is called."""

WIDTH = 88
"""Longest line of the article, in characters: the rest of the sheet is for notes."""

BROWSERS = (
    *("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"),
    *("microsoft-edge", "msedge"),
)
PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    r"%ProgramFiles%\Google\Chrome\Application\chrome.exe",
    r"%ProgramFiles(x86)%\Microsoft\Edge\Application\msedge.exe",
)
"""Where browsers lie on systems that do not put them on the PATH."""

PATIENCE = 60
"""Seconds that a browser may take for one document."""

Span = tuple[int, int]


# --- what notebook and paper share ------------------------------------------------------------


@dataclass(frozen=True)
class Line:
    """One line of the article as it is printed: text[start:end] is its words.

    number counts the lines from 1; paragraph is "P00" on a paragraph's first line, else empty.
    """

    number: int
    start: int
    end: int
    text: str
    paragraph: str


def numbered_lines(article: Article, width: int = WIDTH) -> list[Line]:
    """The article in lines of at most `width` characters (a longer word has a line of its own)."""
    lines: list[Line] = []
    for place, (start, end) in enumerate(article.paragraphs[["start", "end"]].to_numpy().tolist()):
        label = f"P{place:02d}"
        for first, last in _broken(article.text, start, end, width):
            words = article.text[first:last]
            lines.append(Line(len(lines) + 1, first, last, words, label))
            label = ""
    return lines


def _broken(text: str, start: int, end: int, width: int) -> Iterable[Span]:
    """Spans of the lines between start and end, broken at white space."""
    line: Span | None = None
    for word in re.finditer(r"\S+", text[start:end]):
        first, last = start + word.start(), start + word.end()
        if line and last - line[0] <= width:
            line = line[0], last
            continue
        if line:
            yield line
        line = first, last
    if line:
        yield line


def quoted_words(article: Article) -> list[tuple[str, int]]:
    """Who is heard in the article, with their words between quotation marks, most first.

    Those who are only retold have none, and so has the first of the voices that are missing.
    """
    voices = article.reference["voices"]
    heard = [one for one in voices["present"] if one["who"] != "the reporter"]
    rows = [(_capital(one["who"]), one["quoted_words"]) for one in heard]
    missing = f"{_capital(voices['absent'][0])} (not heard)"
    return sorted([*rows, (missing, 0)], key=lambda row: -row[1])


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


# --- files ------------------------------------------------------------------------------------


def write(path: Path | str) -> tuple[list[Path], str]:
    """Write handout and key beside each other; returns the files, and why there is no PDF (or "").

    path: the handout's HTML file. The key has its name and "-key"; PDFs have the same names.
    Nothing is overwritten: where one of the files is there already, all get another name. A class
    edition writes no key. Raises NutgrafError when they cannot be written.
    """
    path = Path(path).expanduser()
    if path.suffix.lower() not in (".html", ".htm"):
        path = path.with_name(f"{path.name}.html")
    pages = {"": handout()}
    if editions.edition() == editions.SELF_STUDY:
        pages["-key"] = key()
    files = {f"{end}{path.suffix}": page.encode() for end, page in pages.items()}
    browser, why = find_browser(), ""
    try:
        if browser is None:
            why = "no Chromium, Chrome or Edge was found"
        else:
            try:
                files |= {f"{end}.pdf": to_pdf(page, browser, path.parent)
                          for end, page in pages.items()}  # fmt: skip
            except NutgrafError as problem:
                why = str(problem)
        first = formats.put(path, files)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise NutgrafError(
            f"{path} could not be written ({reason}). Name a file in a folder of yours."
        ) from error
    return [first.with_name(first.stem + ending) for ending in files], why


def find_browser() -> str | None:
    """A browser that can print to PDF: named by NUTGRAF_BROWSER, on the PATH, or where it lies."""
    if named := os.environ.get("NUTGRAF_BROWSER"):
        return named
    on_path = next(filter(None, map(shutil.which, BROWSERS)), None)
    places = (os.path.expandvars(place) for place in PLACES)
    return on_path or next(filter(os.path.isfile, places), None)


def to_pdf(page: str, browser: str, near: Path) -> bytes:
    """The HTML page as a PDF, printed by the browser.

    near: a folder that the browser may write to; one from a snap sees only the user's own folders,
    and not the system's temporary one. Raises NutgrafError when no PDF comes out.
    """
    with tempfile.TemporaryDirectory(
        prefix="nutgraf-printing-", dir=near, ignore_cleanup_errors=True
    ) as folder:
        source, target = Path(folder).absolute() / "page.html", Path(folder).absolute() / "page.pdf"
        source.write_text(page, encoding="utf-8")
        command = [browser, "--headless", "--disable-gpu", "--no-first-run", "--disable-sync"]
        command += ["--disable-background-networking", "--disable-component-update"]
        command += [f"--user-data-dir={Path(folder).absolute() / 'profile'}"]
        command += ["--no-pdf-header-footer", f"--print-to-pdf={target}"]
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            command += ["--no-sandbox"]  # in a container there is often nobody else
        try:
            subprocess.run(
                [*command, source.as_uri()], capture_output=True, timeout=PATIENCE, check=False
            )
            content = target.read_bytes()
        except (OSError, subprocess.TimeoutExpired):
            content = b""
    if not content.startswith(b"%PDF"):
        raise NutgrafError(f"{Path(browser).name} made none")
    return content


# --- the handout ------------------------------------------------------------------------------


def handout() -> str:
    """The pages for everybody, as one HTML document. The faithful summary ends them."""
    article = _article()
    pages = [
        _first_page(article),
        _article_page(article),
        _voices_page(),
        _tags_page(article),
        _swap_page(),
        _summaries_page(),
        _card_page(article),
        _last_page(article),
    ]
    return _document("One news story, taken apart: the workshop on paper", pages)


def _article() -> Article:
    from nutgraf import load

    return load()


def _item(name: str) -> quizzes.Item:
    return quizzes.pick(name)[0]


def _options(item: quizzes.Item) -> list[quizzes.Part]:
    """An item's options in the order of the paper, the same on every sheet and in the key."""
    return quizzes.order_for(item, "paper")


def _first_page(article: Article) -> str:
    headline = article.sentences["text"].iloc[0]
    return (
        "<h1>One news story, taken apart</h1>"
        "<p>A workshop of 45 minutes. You need this sheet, a pen and a partner. Nobody collects "
        "what you write.</p>"
        f"<p><b>Content note:</b> {_html(_capital(article.info['content_note']))} If you would "
        "rather work with another text, say so now.</p>"
        f"{_heading(0)}"
        "<p>This is the headline. You know no more yet. <b>Do not turn the page.</b></p>"
        f"<blockquote class='headline'>{_html(headline)}</blockquote>"
        f"{_question('R7')}"
        "<p>You will see on the next page whether it is so.</p>"
        f"{_heading(1)}"
        f"{_question('R8')}"
        "<p>What else do you expect the story to tell? Write down two things.</p>"
        f"{_rules(2)}"
        "<p class='after'>Now turn the page and read. Then tick above what you found, in another "
        "colour if you have one.</p>"
    )


def _article_page(article: Article) -> str:
    rows, open_ = [], False
    for line in numbered_lines(article):
        if line.paragraph:
            rows.append(f"{'</div>' if open_ else ''}<div class='paragraph'>")
            open_ = True
        rows.append(
            f"<div class='line'><span class='mark'>{line.paragraph}</span>"
            f"<span class='n'>{line.number}</span><span>{_html(line.text)}</span></div>"
        )
    return (
        "<h2>The article</h2><p class='small'>P00 to P14 are its paragraphs. The wording is the "
        "published one, slips included. The margin is yours.</p>"
        f"<div class='article'>{''.join(rows)}</div></div>"
    )


def _voices_page() -> str:
    scale = "".join(f"<th scope='col'>{n}</th>" for n in range(10, 101, 10))
    cells = "<td></td>" * 10
    blank = "".join(
        f"<tr><th scope='row'>{name}</th>{cells}</tr>"
        for name in ("Sadr", "Khazali", "People on the streets")
    )
    blank += f"<tr><td class='name'></td>{cells}</tr>" * 2
    return (
        f"<h2>When you have read it</h2>{_question('R5')}{_heading(2)}{_question('C4')}"
        "<p>Underline every quotation in the article, with its marks. Share the work: one of you "
        "takes P02 to P08, the other P09 to P14. Add up the words of each speaker, or hear the "
        "count from your facilitator. Then draw a bar for each.</p>"
        "<table class='bars'><thead><tr><th scope='col'>words in quotation marks</th>"
        f"{scale}</tr></thead><tbody>{blank}</tbody></table>"
        "<p>Who is told about, and never heard in their own words? Use the empty rows.</p>"
        f"{_rules(2)}"
    )


def _tags_page(article: Article) -> str:
    item = _item("P1")
    sentences = {one["id"]: one["quote"] for one in article.reference["sentences"]}
    boxes = "".join(f"<td class='tick'>{_box()}</td>" for _ in item.categories)
    heads = "".join(f"<th scope='col'>{_html(name)}</th>" for _, name in item.categories)
    rows = "".join(
        f"<tr><th scope='row'>{part.id.upper()}</th>"
        f"<td>{_html(sentences[part.id.upper()])}</td>{boxes}</tr>"
        for part in item.parts
    )
    return (
        f"{_heading(3)}<p>Seven sentences, one tag each. Ask in this order:</p>"
        "<ol><li>Is it about the time after the report came out? <b>FORECAST</b>.</li>"
        "<li>Could a record of that day have shown it to be so, or not so? <b>CLAIM</b>.</li>"
        "<li>Neither? It is a value, a wish, a reading or an appeal: <b>OPINION</b>.</li></ol>"
        "<p>After <i>said</i>, <i>asked</i> or <i>added</i>, tag what is said. The main clause "
        "decides. Where the two of you differ, write the reason into the margin; that is worth "
        "more than the tick.</p>"
        "<table class='grid'><thead><tr><th scope='col'>no.</th><th scope='col'>sentence</th>"
        f"{heads}</tr></thead><tbody>{rows}</tbody></table>"
    )


def _swap_page() -> str:
    rows = "".join(
        f"<tr><th scope='row'>{_html(part.text)}</th><td></td><td></td>"
        f"<td class='tick'>{_box()}</td></tr>"
        for part in _options(_item("P2"))
    )
    return (
        "<h2>The swap test</h2><p>Find a plainer wording that keeps the facts and changes the "
        "feeling, and write it down. Some of these words are plain already: then tick the last "
        "column. A tick there is as good a find. Judge words, not people.</p>"
        "<table class='grid swap'><thead><tr><th scope='col'>words</th>"
        "<th scope='col'>plainer wording</th><th scope='col'>for or against whom does the printed "
        "word lean?</th><th scope='col'>plain already</th></tr></thead>"
        f"<tbody>{rows}</tbody></table>"
        "<p>Count by direction. Do all the words that you changed lean the same way? Then read "
        "once more, looking for one that leans another way.</p>"
        f"{_rules(2)}"
    )


def _summaries_page() -> str:
    # As the notebook's passages: each with its label, in the order of the labels.
    texts = sorted(item.passage for item in quizzes.pick("S3", "S7", "S8"))
    return (
        f"{_heading(4)}<p>Three summaries. Two of them were altered for this exercise, one to each "
        "side. Underline every spot that says something else than the article, and write its line "
        "number beside it. In one of the three there is nothing to find, and to leave it alone is "
        "half of the skill.</p>"
        + "".join(f"<blockquote class='summary'>{_html(text)}</blockquote>" for text in texts)
        + "<p>Found <span class='gap'></span> Underlined in error <span class='gap'></span> "
        "Found minus error <span class='gap'></span></p>"
        "<p class='small'>These texts are for this exercise only. A faithful summary stands on the "
        "last page: keep the sheets together.</p>"
    )


def _card_page(article: Article) -> str:
    from nutgraf.cards import cards

    card = cards(article).set_index("id").loc["LC1"]
    rows = {
        "Where it stands": card["source"],
        "What it says": card["says"],
        "What it leaves open": card["leaves_open"],
    }
    table = "".join(
        f"<tr><th scope='row'>{name}</th><td>{_html(words)}</td></tr>"
        for name, words in rows.items()
    )
    note = "" if card["checked"] else _unchecked(article)
    return (
        f"{_heading(5)}<p>So far you had one page. Here is a note on another one. Read it beside "
        "P05.</p>"
        f"<table class='card'><caption>LC1: {_html(card['title'])}</caption><tbody>{table}</tbody>"
        f"</table>{note}{_question('K3')}{_heading(6)}{_question('R6')}"
        "<p>One thing that this report does well:</p>"
        f"{_rules(2)}"
    )


def _unchecked(article: Article) -> str:
    from nutgraf.cards import _read

    return f"<p class='small'>{_html(_read(article)['note'])}</p>"


def _last_page(article: Article) -> str:
    faithful = next(one for one in article.summaries["faithful"] if one["id"] == quizzes.FAITHFUL)
    rows = "".join(
        f"<tr><th scope='row'>{_html(who)}</th><td>{_bar(words)}{words}</td></tr>"
        for who, words in quoted_words(article)
    )
    return (
        "<h2>The last word</h2><p>Read this page when you are done. It is the only summary here to "
        "take with you: as short as the other three, and faithful to the article.</p>"
        f"<blockquote class='summary'>{_html(faithful['text'])}</blockquote>"
        "<h3>Words between quotation marks</h3>"
        f"<table class='count'><tbody>{rows}</tbody></table>"
        "<p>The count says whose words are quoted. It does not say why, or who is right.</p>"
        "<h3>To go on</h3><p>Take another report on the same day’s news. Count its voices, swap "
        "three of its words, and trace one quotation to its whole sentence.</p>"
    )


# --- the key ----------------------------------------------------------------------------------


def key() -> str:
    """The facilitator's pages, as one HTML document: readings with their reasons.

    Raises NutgrafError in a class edition, which has not all of them.
    """
    editions.need_full_kit("The facilitator’s key")
    article = _article()
    parts = [
        "<h1>Key for the facilitator</h1><p>Keep it out of sight until a step is over. For tags "
        "and words it gives the kit’s reading with its reason; where two readings hold, both stand "
        "here. Ask pairs for the rule they followed. The report is about a real conflict, and "
        "nothing here says who is right in it.</p>",
        _answers(0, ["R7"]),
        _answers(1, ["R8", "R5"]),
        _answers(2, ["C4"]),
        _tags_key(),
        _swap_key(),
        _summaries_key(article),
        _answers(5, ["K3"]),
        _answers(6, ["R6"]),
    ]
    return _document("Key for the facilitator: the workshop on paper", ["".join(parts)])


def _answers(step: int, names: list[str]) -> str:
    parts = [_heading(step)]
    for name in names:
        item = _item(name)
        rows = "".join(
            f"<tr><th scope='row'>{_letter(place)} {_html(part.text)}</th>"
            f"<td>{'yes' if part.right else 'no'}</td><td>{_html(part.says)}</td></tr>"
            for place, part in enumerate(_options(item))
        )
        parts.append(
            f"<h3>{_html(item.prompt)}</h3><table class='grid key'><thead><tr>"
            "<th scope='col'>option</th><th scope='col'>by the article</th><th scope='col'>what to "
            f"say</th></tr></thead><tbody>{rows}</tbody></table>"
            + (f"<p>{_html(item.says)}</p>" if item.says else "")
        )
    return "".join(parts)


def _tags_key() -> str:
    item = _item("P1")
    names = dict(item.categories)
    rows = "".join(
        f"<tr><th scope='row'>{part.id.upper()}</th>"
        f"<td>{' or '.join(names[one] for one in part.goes)}</td><td>{_html(part.says)}</td></tr>"
        for part in item.parts
    )
    return (
        f"{_heading(3)}<h3>Tags</h3><table class='grid key'><thead><tr><th scope='col'>sentence"
        "</th><th scope='col'>reading</th><th scope='col'>reason</th></tr></thead>"
        f"<tbody>{rows}</tbody></table><p>{_html(item.says)}</p>"
    )


def _swap_key() -> str:
    item = _item("P2")
    kinds = {True: "a swap", "also": "either", False: "plain already"}
    rows = "".join(
        f"<tr><th scope='row'>{_html(part.text)}</th><td>{kinds[part.right]}</td>"
        f"<td>{_html(part.says)}</td></tr>"
        for part in _options(item)
    )
    return (
        "<h3>The swap test</h3><table class='grid key'><thead><tr><th scope='col'>words</th>"
        "<th scope='col'>reading</th><th scope='col'>a plainer wording, and why</th></tr></thead>"
        f"<tbody>{rows}</tbody></table><p>{_html(item.says)}</p>"
    )


def _summaries_key(article: Article) -> str:
    summaries, text = article.summaries, article.text
    lines = numbered_lines(article)
    parts = [_heading(4)]
    for one in summaries["distorted"]:
        rows = "".join(
            f"<tr><th scope='row'>{_html(spot['altered']['quote'])}</th>"
            f"<td>{_html(spot['kind'])}</td><td>{_html(spot['repair'])}</td>"
            f"<td>{_where(lines, text, spot['source'])}</td></tr>"
            for spot in one["altered"]
            if spot.get("altered")
        )
        left_out = "".join(
            f"<p>Cannot be underlined. {_html(_capital(spot['kind']))} "
            f"({_html(spot['source']['quote'])}, line {_where(lines, text, spot['source'])}).</p>"
            for spot in one["altered"]
            if not spot.get("altered")
        )
        parts.append(
            f"<h3>{_html(one['watermark'])}, which leans {_html(one['leans'])}</h3>"
            "<table class='grid key'><thead><tr><th scope='col'>in the summary</th>"
            "<th scope='col'>what happened</th><th scope='col'>closer to the article</th>"
            f"<th scope='col'>line</th></tr></thead><tbody>{rows}</tbody></table>{left_out}"
        )
    faithful = next(one for one in summaries["faithful"] if one["id"] == quizzes.FAITHFUL)
    parts.append(
        f"<h3>{_html(summaries['control']['watermark'])}</h3><p>Nothing is altered in it. End this "
        f"step by reading the faithful summary aloud:</p><blockquote>{_html(faithful['text'])}"
        "</blockquote>"
    )
    return "".join(parts)


def _where(lines: list[Line], text: str, source: dict | None) -> str:
    """Numbers of the printed lines that a span of the article touches."""
    if not source:
        return ""
    touched = [
        one.number for one in lines if one.start < source["end"] and source["start"] < one.end
    ]
    return str(touched[0]) if len(touched) == 1 else f"{touched[0]}–{touched[-1]}"


# --- pieces -----------------------------------------------------------------------------------


def _html(text: str) -> str:
    return escape(str(text), quote=False).replace("\n", "<br>")


def _heading(step: int) -> str:
    first, last, name = STEPS[step]
    return f"<h2><span class='minutes'>minutes {first}–{last}</span> {_html(name)}</h2>"


def _letter(place: int) -> str:
    return f"{chr(ord('a') + place)})"


def _box() -> str:
    return "<span class='box'></span>"


def _bar(words: int) -> str:
    return f"<span class='bar' style='width:{words}mm'></span> " if words else ""


def _rules(count: int) -> str:
    return "<div class='rule'></div>" * count


def _question(name: str) -> str:
    """An item to answer with a pen, and how sure one is."""
    item = _item(name)
    several = " Tick all that hold." if item.kind == "multiple" else ""
    rows = "".join(
        f"<li>{_box()} {_letter(place)} {_html(part.text)}</li>"
        for place, part in enumerate(_options(item))
    )
    sure = " ".join(f"{_box()} {words}" for words in quizzes.SURE.values())
    return (
        f"<div class='question'><p><b>{_html(item.prompt)}</b>{several}</p>"
        f"<ul>{rows}</ul><p class='sure'>How sure are you? {sure}</p></div>"
    )


def _document(title: str, pages: list[str]) -> str:
    safe = "default-src 'none'; style-src 'unsafe-inline'"
    sections = "\n".join(f"<section>{page}</section>" for page in pages)
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{safe}">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n"
        f"<body>\n<main>\n{sections}\n</main>\n</body>\n</html>\n"
    )


# Sheets fit on A4 and on US Letter, whichever the printer has.
_STYLE = """
@page { margin: 15mm 15mm 16mm;
  @bottom-right { content: "page " counter(page); font: 8.5pt sans-serif; color: #444; } }
:root { color-scheme: light; }
* { box-sizing: border-box; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
body { font: 11.5pt/1.45 "Source Sans 3", "Segoe UI", "Helvetica Neue", Arial, "Noto Sans",
  sans-serif; color: #1c1c1c; background: #fff; max-width: 190mm; margin: 0 auto; padding: 6mm; }
section + section { break-before: page; margin-top: 12mm; }
h1 { font-size: 21pt; line-height: 1.2; margin: 0 0 3mm; }
h2 { font-size: 15pt; line-height: 1.25; margin: 7mm 0 2mm; border-top: 1.5pt solid #1c1c1c;
  padding-top: 2mm; }
section > h2:first-child { margin-top: 0; }
h3 { font-size: 12pt; margin: 5mm 0 1mm; }
h2, h3, h2 + p, h3 + p, thead { break-after: avoid; }
p { margin: 0 0 2.5mm; }
ol { margin: 0 0 2.5mm; }
.small { font-size: 9.5pt; color: #444; }
.minutes { float: right; font-size: 10pt; font-weight: 400; padding-top: 1.2mm; }
.headline { font-size: 17pt; font-weight: 700; margin: 4mm 0 5mm; }
.question { break-inside: avoid; border: 0.8pt solid #767676; border-radius: 2mm;
  padding: 2.5mm 4mm 2mm; margin: 3mm 0 4mm; }
.question ul { list-style: none; margin: 0 0 2mm; padding: 0; }
.question li { padding: 0.8mm 0 0.8mm 12mm; text-indent: -12mm; }
.question p { margin: 0 0 1.5mm; }
.sure .box { margin-left: 4mm; }
.box { display: inline-block; width: 4mm; height: 4mm; border: 1pt solid #1c1c1c;
  vertical-align: -0.6mm; margin-right: 1.5mm; text-indent: 0; }
.after { margin-top: 4mm; }
.rule { border-bottom: 0.5pt solid #767676; height: 9mm; }
.gap { display: inline-block; width: 14mm; border-bottom: 0.8pt solid #1c1c1c; margin-right: 6mm; }
.article { font: 10.5pt/1.4 "Source Serif 4", Georgia, "Times New Roman", "Noto Serif", serif; }
.paragraph { margin-bottom: 1.5mm; break-inside: avoid; }
.line { display: flex; }
.mark, .n { flex: none; font: 8pt/1.85 sans-serif; color: #444; }
.mark { width: 8mm; font-weight: 700; }
.n { width: 6mm; padding-right: 2.5mm; text-align: right; }
table { border-collapse: collapse; width: 100%; margin: 2mm 0 3mm; font-size: 10.5pt; }
th, td { text-align: left; vertical-align: top; padding: 1.2mm 2mm; overflow-wrap: break-word; }
tr { break-inside: avoid; }
thead th { font-size: 9pt; font-weight: 700; vertical-align: bottom; }
.grid td, .grid th { border: 0.5pt solid #767676; }
.grid .tick { text-align: center; vertical-align: middle; }
.grid .tick .box { margin: 0; }
.swap tbody tr { height: 12mm; }
.swap tbody th { font-weight: 400; width: 42mm; }
.swap th:last-child { width: 18mm; }
.swap th:nth-child(3) { width: 45mm; }
.key { font-size: 9.5pt; break-inside: avoid; }
.key tbody th { font-weight: 400; }
.key td:last-child:nth-child(4) { white-space: nowrap; }
.bars th { font-weight: 400; width: 44mm; border-right: 1pt solid #1c1c1c; }
.bars td, .bars thead th + th { border: 0.4pt solid #b0b0b0; height: 9mm; width: 14mm; }
.bars .name { border: 0; border-right: 1pt solid #1c1c1c; width: 44mm; }
.bars thead th + th { height: auto; text-align: right; font-size: 8.5pt; padding: 0.5mm 1mm; }
.summary { margin: 4mm 0; padding: 4mm 6mm; border: 0.8pt solid #767676; font-size: 12.5pt;
  line-height: 2; break-inside: avoid; }
.card { border: 0.8pt solid #767676; font-size: 10.5pt; }
.card caption { text-align: left; font-weight: 700; padding-bottom: 1mm; }
.card th { width: 34mm; font-weight: 700; }
.count th { width: 88mm; font-weight: 400; }
.bar { display: inline-block; height: 4mm; border: 0.8pt solid #1c1c1c; vertical-align: -0.6mm;
  background-image: linear-gradient(90deg, #777 50%, #fff 50%); background-size: 1.6mm 100%; }
@media print { body { padding: 0; max-width: none; } section + section { margin-top: 0; } }
@media (max-width: 600px) { body { padding: 4mm; } .line { display: block; } }
"""
