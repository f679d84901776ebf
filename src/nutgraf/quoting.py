"""Who says what: quotations, who is said to have spoken, and how sure one can be of it.

Rules, not a model: `quotation_marks` pairs the marks, `speakers` looks for a verb of saying beside
them and for words that name somebody, `people` tells whom these mean; the tables stand here. For
what a trained model adds, see O'Keefe, Pareti, Curran, Koprinska and Honnibal 2012, "A Sequence
Labelling Approach to Quote Attribution" (EMNLP).

What these rules cannot do: they know the verbs listed in `SAYING` and `ACTS` and no others; they
read English; they do not know what words mean, so "the striker" is the last person named only if
the text says somewhere that this person is a striker; and the subject of a verb that stands far
away is the first name of the sentence. Words retold without marks are not looked for. `sure` says
how directly the text names the speaker, `why` says where that was.

Measured on invented news reports that were set aside until the rules stood: every quotation found,
41 of 45 speakers right; expect fewer on real newspapers. What went wrong were verbs not in the
lists ("apologised for") and names that come after a pronoun ("said one of them, Beryl Stokes").

Time is linear in the length of the text.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from nutgraf.cue_words import ACTS, DETERMINERS, SAYING, low
from nutgraf.errors import NutgrafError
from nutgraf.people import People, before_preposition, key
from nutgraf.phrases import Reader, capital
from nutgraf.quotation_marks import kind, quotation_spans
from nutgraf.speakers import LEVELS, Found, speakers
from nutgraf.tokenizing import Span, paragraph_spans, word_spans

if TYPE_CHECKING:
    import pandas as pd

    from nutgraf.article import Article

__all__ = [
    "ACTS",
    "SAYING",
    "quotation_spans",
    "quotations",
    "quoted_words",
    "score",
    "voice_share",
    "voices",
    "voices_in",
]

# --------------------------------------------------------------------------------------
# Quotations


def _text_of(article: Article | str) -> str:
    text = article if isinstance(article, str) else getattr(article, "text", None)
    if not isinstance(text, str):
        raise NutgrafError(
            f"Quotations are looked for in an article or a string, not in "
            f"{type(article).__name__}. Give load(...), Article.from_text(...) or a string."
        )
    return text


_TOLD = ["speaker", "said_by", "speaker_start", "speaker_end", "cue", "cue_start", "cue_end"]
_COLUMNS = ["start", "end", "text", "kind", "words", "paragraph", *_TOLD]
_COLUMNS += ["attribution_start", "attribution_end", "sure", "why"]
_NUMBERS = [name for name in _COLUMNS if name.endswith(("start", "end"))]


def quotations(article: Article | str) -> pd.DataFrame:
    """The quotations of a text and who is said to have said them, one row a quotation, in order.

    Columns:
    - `start`, `end`, `text`: the marks and all between, as `quotation_spans` gives them;
    - `kind`: "full" (holds at least a clause), "partial" or "one-word";
    - `words`: how many words it has; `paragraph`: the number of the one in which it begins;
    - `speaker`: whom the rules take for the speaker, by the fullest name in the text;
      `said_by`: the words that stand there for the speaker ("He", "the cleric", "Khazali"), at
      `speaker_start` to `speaker_end`, without titles and appositions. A title that people are
      said to give themselves is no speech of theirs: its speaker is "..., as the report describes
      her";
    - `cue`: the verb, or "according to", at `cue_start` to `cue_end`; `attribution_start` to
      `attribution_end` holds both, and an apposition between them (the verb alone where another
      quotation stands between them);
    - `sure`: "high" (name and verb touch the marks), "medium" or "low"; a pronoun or a description
      in place of a name costs a step. `why` says where the speaker was found.

    What was not found is None, and <NA> in the columns of offsets. Raises NutgrafError when
    `article` is neither an article nor a string.
    """
    import pandas as pd

    rows = _rows(_text_of(article))
    table = pd.DataFrame(
        {name: pd.Series([row[name] for row in rows], dtype=object) for name in _COLUMNS}
    )
    whole = ["start", "end", "words", "paragraph"]
    return table.astype(dict.fromkeys(_NUMBERS, "Int64") | dict.fromkeys(whole, "int64"))


def _rows(text: str) -> list[dict[str, Any]]:
    spans = quotation_spans(text)
    quotes = [text[start:end] for start, end in spans]
    kinds = [kind(quote) for quote in quotes]
    reader = Reader(text, spans)
    people = People(reader)
    lines = [start for start, _ in paragraph_spans(text)]
    rows = []
    for (start, end), quote, one, found in zip(
        spans, quotes, kinds, speakers(reader, kinds), strict=True
    ):
        row = dict.fromkeys(_COLUMNS)
        row |= {"start": start, "end": end, "text": quote, "kind": one}
        row |= {"words": len(word_spans(quote)), "paragraph": bisect_right(lines, start) - 1}
        row |= {"sure": "low", "why": "no name and no verb of saying near"}
        rows.append(row | (_told(reader, people, found) if found else {}))
    return rows


def _told(reader: Reader, people: People, found: Found) -> dict[str, Any]:
    """The columns of a row that tell of the speaker."""
    tokens, phrase = reader.tokens, found.phrase
    speaker, cost, note = people.speaker(phrase)
    whole, first = tokens[phrase.first].start, tokens[phrase.core].start
    last = tokens[phrase.last - 1].end
    row: dict[str, Any] = {
        "speaker": speaker + (f"{_DESCRIBED}{found.itself}" if found.itself else ""),
        "said_by": reader.text[first:last],
        "speaker_start": first,
        "speaker_end": last,
        "attribution_start": whole,
        "attribution_end": last,
        "sure": LEVELS[max(0, found.level - cost)],
        "why": found.why + note,
    }
    if found.cue:
        start, end = tokens[found.cue[0]].start, tokens[found.cue[1] - 1].end
        row |= {"cue": reader.text[start:end], "cue_start": start, "cue_end": end}
        between = range(min(phrase.last, found.cue[1]), max(phrase.first, found.cue[0]))
        if found.itself:  # "touting himself as"
            whole, last = start, tokens[found.end - 1].end
        elif any(reader.kind(place) == "quote" for place in between):
            whole, last = start, end
        else:
            whole, last = min(whole, start), max(last, end)
        row |= {"attribution_start": whole, "attribution_end": last}
    return row


# --------------------------------------------------------------------------------------
# Voices

NOBODY = "no speaker found"
UNQUOTED = "not quoted"
_DESCRIBED = ", as the report describes "  # no voice of its own


def quoted_words(article: Article | str) -> pd.DataFrame:
    """The words that stand in quotation marks: the rows of `article.words` that lie inside, with
    their index, and the columns `quotation` (row number in `quotations`) and `speaker`."""
    return _quoted_words(_article(article), quotations(article))


def _quoted_words(article: Article, found: pd.DataFrame) -> pd.DataFrame:
    at = found["start"].searchsorted(article.words["start"], side="right") - 1
    words = article.words.assign(quotation=at)[at >= 0]
    words = words[words["end"] <= found["end"].to_numpy()[words["quotation"]]]
    return words.assign(speaker=found["speaker"].to_numpy()[words["quotation"]])


def voice_share(article: Article | str) -> pd.DataFrame:
    """Whose words they are, one row a speaker, the most words first.

    Columns: `speaker`, `quotations` (how many), `words` (of theirs in quotation marks) and `share`
    of all words of the text, from 0 to 1. Quotations without a speaker are the row "no speaker
    found"; the last row, "not quoted", is everything else. The words add up to those of the text.
    """
    import pandas as pd

    article = _article(article)
    found = quotations(article)
    inside = _quoted_words(article, found)["quotation"].value_counts()
    speakers: dict[str, list[int]] = {}
    for number, speaker in enumerate(found["speaker"]):
        counts = speakers.setdefault(speaker or NOBODY, [0, 0])
        counts[0] += 1
        counts[1] += int(inside.get(number, 0))
    rows = sorted(
        ((speaker, *counts) for speaker, counts in speakers.items()),
        key=lambda row: (row[0] == NOBODY, -row[2], row[0]),
    )
    total = len(article.words)
    rows.append((UNQUOTED, 0, total - inside.sum()))
    table = pd.DataFrame(rows, columns=["speaker", "quotations", "words"])
    return table.assign(share=table["words"] / max(total, 1))


def _article(article: Article | str) -> Article:
    if isinstance(article, str):
        from nutgraf.article import Article as Made

        return Made.from_text(article)
    return article


def _described(voice: str) -> bool:
    return _DESCRIBED in voice


def voices(article: Article | str) -> pd.DataFrame:
    """The voices of a text besides the reporter's, in the order in which they are first heard.

    Those of the article's reference when it has one, otherwise the speakers `quotations` finds.
    Columns: `voice`; `kind`, "quoted" or "paraphrased" (only retold); `start`, the offset where
    the voice is first heard (<NA> when the reference does not say); `words` of it in quotation
    marks. A title that people give themselves is no voice of its own.
    """
    import pandas as pd

    article = _article(article)
    rows = _reference_voices(article) or [
        (speaker, "quoted", said["start"].iloc[0], said["words"].sum())
        for speaker, said in quotations(article).groupby("speaker", sort=False)
        if not _described(speaker)
    ]
    table = pd.DataFrame(rows, columns=["voice", "kind", "start", "words"])
    table = table.astype({"start": "Int64", "words": "int64"})
    return table.sort_values("start", kind="stable", ignore_index=True)


def _reference_voices(article: Article) -> list[tuple]:
    if article.folder is None or not (article.folder / "reference.json").is_file():
        return []
    reference = article.reference
    heard = [*reference.get("quotations", []), *reference.get("indirect_speech", [])]
    rows = []
    for voice in reference.get("voices", {}).get("present", []):
        who = voice["who"]
        if who == "the reporter" or _described(who):
            continue
        # "many on the streets" is "many on the streets, unnamed" beside the retold words.
        starts = [
            one["start"]
            for one in heard
            if (one.get("speaker") or "").startswith(who) and not _described(one["speaker"])
        ]
        if not starts and (named := re.search(re.escape(who), article.text, re.IGNORECASE)):
            starts = [named.start()]
        words = int(voice.get("quoted_words", 0))
        rows.append((who, "quoted" if words else "paraphrased", min(starts, default=None), words))
    return rows


def _signs(voice: str) -> set[str]:
    """The words by which a voice is known in a summary: its last name, or its noun."""
    words = [voice[start:end] for start, end in word_spans(voice.partition(",")[0])]
    names = [word for word in words if capital(word)]
    if len(names) > 1 or names == words:
        return {key(word) for word in names[-1:]}
    heads = [word for word in before_preposition(map(low, words)) if word not in DETERMINERS]
    return {key(word) for word in heads or words[-1:]}


def voices_in(summary_text: str, article: Article | str) -> list[str]:
    """Which of the article's `voices` a summary still names, in their order.

    A person counts as named when the last name stands there (without al-, with or without ’s), a
    group or a document when its noun does in the same form: "streets" for many on the streets,
    "militia" and "leaders" for militia leaders. So a voice that is named by other words is not
    seen, and a noun that is used for somebody else counts all the same: look before you judge.
    """
    there = {key(summary_text[start:end]) for start, end in word_spans(summary_text)}
    signs = {voice: _signs(voice) for voice in voices(article)["voice"]}
    return [voice for voice, words in signs.items() if words and words <= there]


# --------------------------------------------------------------------------------------
# Scores


def _pairs_of(found: Any, name: str) -> list[Span]:
    if hasattr(found, "columns"):
        return sorted(zip(found["start"].tolist(), found["end"].tolist(), strict=True))
    try:
        return sorted(
            (int(one["start"]), int(one["end"]))
            if isinstance(one, Mapping)
            else (int(one[0]), int(one[1]))
            for one in found
        )
    except (TypeError, ValueError, KeyError, IndexError) as error:
        raise NutgrafError(
            f'"{name}" has something that is no span. Give (start, end) pairs, dicts with start '
            "and end, or a table with these columns."
        ) from error


def score(found: Iterable, wanted: Iterable) -> pd.DataFrame:
    """How well the spans `found` are those `wanted`, one row a way of counting.

    Both are (start, end) pairs, dicts with `start` and `end`, or tables with these columns. Rows:
    "exact" (both ends right) and "overlap" (at least one character shared). Columns: `match`,
    `hits` (found ones that are right), `spurious`, `missed`, `precision` = share of the found that
    is right, `recall` = share of the wanted that was found, `f1`, their harmonic mean; rounded to
    three places. Nothing to find and nothing found counts as 1.
    """
    import pandas as pd

    first, second = _pairs_of(found, "found"), _pairs_of(wanted, "wanted")
    rows = []
    for match, hit in (("exact", _equal), ("overlap", _touching)):
        right, met = hit(first, second), hit(second, first)
        precision = right / len(first) if first else float(not second)
        recall = met / len(second) if second else float(not first)
        both = precision + recall
        f1 = 2 * precision * recall / both if both else 0.0
        rows.append(
            {
                "match": match,
                "hits": right,
                "spurious": len(first) - right,
                "missed": len(second) - met,
                "precision": round(precision, 3),
                "recall": round(recall, 3),
                "f1": round(f1, 3),
            }
        )
    return pd.DataFrame(rows)


def _equal(these: list[Span], those: list[Span]) -> int:
    there = set(those)
    return sum(span in there for span in these)


def _touching(these: list[Span], those: list[Span]) -> int:
    """How many of these share a character with one of those; both sorted."""
    starts = [start for start, _ in those]
    reach: list[int] = []  # the furthest end up to each
    for _, end in those:
        reach.append(max(end, reach[-1] if reach else end))
    count = 0
    for start, end in these:
        at = bisect_left(starts, end) - 1
        count += at >= 0 and reach[at] > start and start < end
    return count
