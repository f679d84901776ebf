"""BIO, a token and its tag a line, as the shared tasks of CoNLL have it."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import accumulate
from typing import TYPE_CHECKING

from nutgraf.annotating import Layer, in_order
from nutgraf.formats.common import (
    File,
    Format,
    Raw,
    Source,
    Written,
    another,
    gone,
    one_word,
    pieces,
    shown,
    skeleton,
    tokens,
    touched,
    usual,
)

if TYPE_CHECKING:
    from nutgraf.article import Article


def write(layer: Layer, article: Article) -> Written:
    """One token a line with B-, I- or O behind a tab (Ramshaw and Marcus 1995, in its IOB2 form).

    An empty line stands between sentences, save where a mark goes on. Where marks overlap, the one
    that begins first is kept, of those the longest. Tags are written where there is nothing else.
    """
    lost = usual(layer, "layer", "ids")
    if any(mark.kind == "highlight" for mark in layer.marks):
        tagged = [mark for mark in layer.marks if mark.kind == "tag"]
        lost += gone(
            "tags", tagged, "tags of sentences, since there are other marks on their words"
        )
        layer = replace(layer, marks=tuple(m for m in layer.marks if m.kind != "tag"))
    else:
        lost += usual(layer, "tags")
    marks, _, gaps = pieces(layer)
    sentences = tokens(article)
    spans = [span for sentence in sentences for span in sentence]
    tags = ["O"] * len(spans)
    empty, wider, over, renamed = [], [], [], []
    for mark in in_order(marks):
        here = touched(spans, mark)
        if not here:
            empty.append(mark)
        elif any(tags[number] != "O" for number in here):
            over.append(mark)
        else:
            hull = (spans[here[0]][0], spans[here[-1]][1])
            wider += [mark] if hull != (mark.start, mark.end) else []
            label = one_word(mark.label)
            renamed += [mark] if label != mark.label else []
            tags[here.start : here.stop] = [f"B-{label}"] + [f"I-{label}"] * (len(here) - 1)
    lost += [
        *gaps,
        *gone("marks", empty, "marks on white space only"),
        *gone("overlap", over, "marks that lie over another one"),
        *gone("boundaries", wider, "marks that begin or end inside a token are now on all of it"),
        *gone("labels", renamed, "white space in labels becomes _"),
        *usual(layer, "notes", "attributes", "times", "relations"),
    ]
    breaks = set(accumulate(len(sentence) for sentence in sentences))
    lines = []
    for number, ((start, end), tag) in enumerate(zip(spans, tags, strict=True)):
        if number in breaks and not tag.startswith("I-"):
            lines.append("")
        lines.append(f"{article.text[start:end]}\t{tag}")
    return Written("".join(f"{line}\n" for line in lines), lost)


TAG = re.compile(r"([BIESLU])-(.+)|[O_]")

# As the Penn Treebank writes them.
_SIGNS = {
    "-LRB-": "(",
    "-RRB-": ")",
    "-LSB-": "[",
    "-RSB-": "]",
    "-LCB-": "{",
    "-RCB-": "}",
    "``": '"',
    "''": '"',
}


def read(source: Source) -> File:
    """The first column is the token, the last one the tag. Offsets are ours: the tokens are found
    in the article one after the other."""
    file = File(counts="code points", says="tokens", spaced=True)
    known = skeleton(source.article.text)[0]
    parts: list[str] = []
    place, before = 0, None  # before: the label that may go on
    for number, line in enumerate(source.text.split("\n"), start=1):
        line = line.removesuffix("\r")  # noqa: PLW2901
        columns = line.split("\t") if "\t" in line else line.split()
        if not columns or (line.startswith("#") and "\t" not in line) or columns[0] == "-DOCSTART-":
            before = None
            continue
        match = TAG.fullmatch(columns[-1].strip())
        if len(columns) < 2 or not match:
            raise source.error(
                f"line {number}",
                f"{shown(line)} is no token with a tag such as B-QUOTE, I-QUOTE or O.",
                another("bio"),
            )
        token = columns[0]
        if token in _SIGNS and token not in known:
            token = _SIGNS[token]
        end = place + len(token)
        sort, label = match.groups()
        if sort in ("I", "E", "L") and before == label:
            raw = file.marks[-1]
            raw.spans = [(raw.spans[0][0], end)]
        elif sort:
            file.marks.append(Raw(f"line {number}", None, label, [(place, end)]))
        before = label if sort in ("B", "I") else None
        parts.append(token)
        place = end + 1
    file.text = " ".join(parts)
    return file


FORMAT = Format(
    "BIO (CoNLL)",
    ".tsv",
    "One token a line with its tag; no overlap, no notes. Counts tokens.",
    write,
    read,
)
