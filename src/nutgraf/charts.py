"""Plots of what was counted, each with a twin in plain words.

Every function takes a table that another module made, and gives a `Drawing`: an SVG picture drawn
by matplotlib in black, white and hatching, and the same numbers as text. Nothing is told by
colour alone, and a picture of the same table has the same bytes every time.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date as Day
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from nutgraf.drawing import Drawing, figure, plain_table
from nutgraf.errors import NutgrafError

if TYPE_CHECKING:
    import pandas as pd

    from nutgraf.article import Article

_DARK, _PALE = "#333333", "#dddddd"
_WIDE = 7.5  # inches: as wide as a lesson's text


def _need(table: pd.DataFrame, columns: Sequence[str], maker: str) -> None:
    missing = [name for name in columns if name not in table.columns]
    if missing or table.empty:
        what = f"has no column {missing[0]!r}" if missing else "has no rows"
        raise NutgrafError(f"This table {what}. Make it with {maker}.")


def _canvas(height: float) -> tuple[Any, Any]:
    from matplotlib import pyplot as plt

    fig, axes = plt.subplots(figsize=(_WIDE, height))
    axes.spines[["top", "right"]].set_visible(False)
    return fig, axes


def _pictured(fig: Any, says: str, head: Sequence[str], rows: Sequence[Sequence[Any]]) -> Drawing:
    """The picture, `says` as its description, and `says` with the table as its twin."""
    cells = [[str(cell) for cell in row] for row in rows]
    return Drawing(figure(fig, says).html, f"{says}\n\n{plain_table(list(head), cells)}")


def _listed(pairs: Sequence[tuple[Any, Any]]) -> str:
    return ", ".join(f"{name} {value}" for name, value in pairs)


# --------------------------------------------------------------------------------------
# Counting


def bar_chart(table: pd.DataFrame, label: str, value: str, top: int = 15) -> Drawing:
    """The first `top` rows as bars, the first row above: one bar a row, its number at its end.

    `label` and `value` are names of columns. Raises NutgrafError when one of them is missing, or
    when there are no rows.
    """
    _need(table, [label, value], "a function that gives both, such as counting.frequencies(tokens)")
    rows = table.head(top)
    labels, values = [str(one) for one in rows[label]], list(rows[value])
    shown = [f"{one:.3f}" if isinstance(one, float) else f"{one:,}" for one in values]
    fig, axes = _canvas(0.6 + 0.28 * len(labels))
    bars = axes.barh(range(len(labels)), values, color=_DARK)
    axes.set_yticks(range(len(labels)), labels)
    axes.bar_label(bars, shown, padding=4)
    axes.invert_yaxis()
    axes.set_xlabel(value.replace("_", " "))
    rows = list(zip(labels, shown, strict=True))
    says = f"Bars of {value.replace('_', ' ')} by {label}: {_listed(rows)}."
    return _pictured(fig, says, [label, value], rows)


def zipf_chart(table: pd.DataFrame) -> Drawing:
    """The table of `counting.zipf` on two logarithmic axes: counts against ranks, with the line."""
    _need(table, ["rank", "count", "expected"], "counting.zipf(tokens)")
    fig, axes = _canvas(3.6)
    axes.loglog(table["rank"], table["count"], "o", ms=4, color=_DARK, label="this text")
    axes.loglog(table["rank"], table["expected"], "--", color="#666666", label="Zipf: first / rank")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter("{x:g}")
        axis.set_minor_formatter("")
    axes.set_xlabel("rank of the word")
    axes.set_ylabel("count")
    axes.legend(frameon=False)
    first, last = table.iloc[0], table.iloc[-1]
    says = (
        f"Counts against ranks on logarithmic axes. The first word occurs {int(first['count'])} "
        f"times, the last, at rank {int(last['rank']):,}, {int(last['count'])}; the dashed line "
        "is the first count divided by the rank."
    )
    ranks = table[table["rank"].isin([1, 2, 3, 5, 10, 20, 50, 100, 200, 500, 1000])]
    rows = [
        (int(row["rank"]), int(row["count"]), f"{row['expected']:.1f}")
        for _, row in ranks.iterrows()
    ]
    return _pictured(fig, says, ["rank", "count", "expected"], rows)


def dispersion_chart(article: Article | str, table: pd.DataFrame) -> Drawing:
    """The table of `counting.dispersion`: a stroke for every place where a word stands.

    From the start of the text at the left to its end at the right; thin lines are paragraph ends.
    """
    from nutgraf.tokenizing import paragraph_spans

    _need(table, ["word", "start"], "counting.dispersion(article, words)")
    text = article if isinstance(article, str) else article.text
    words = list(dict.fromkeys(table["word"]))
    places = {word: list(table.loc[table["word"] == word, "start"]) for word in words}
    fig, axes = _canvas(0.7 + 0.35 * len(words))
    for _, end in paragraph_spans(text):
        axes.axvline(end, color=_PALE, lw=0.8, zorder=0)
    axes.eventplot(
        [places[word] for word in words],
        lineoffsets=range(len(words)),
        linelengths=0.7,
        colors=_DARK,
        linewidths=2,
    )
    axes.set_yticks(range(len(words)), words)
    axes.set_xlim(0, len(text))
    axes.invert_yaxis()
    axes.set_xlabel("offset in the text")
    counts = _listed([(word, len(places[word])) for word in words])
    says = f"Where words stand in the text, from its start to its end: {counts}."
    rows = [(word, " ".join(map(str, places[word]))) for word in words]
    return _pictured(fig, says, ["word", "offsets"], rows)


# --------------------------------------------------------------------------------------
# Voices


def voice_chart(table: pd.DataFrame) -> Drawing:
    """The table of `quoting.voice_share`: words by who speaks them."""
    _need(table, ["speaker", "words", "share"], "quoting.voice_share(article)")
    rows = [
        (who, int(words), f"{share:.1%}")
        for who, words, share in zip(table["speaker"], table["words"], table["share"], strict=True)
    ]
    numbers = [f"{words:,} ({share})" for _, words, share in rows]
    fig, axes = _canvas(0.6 + 0.4 * len(rows))
    heights = [words for _, words, _ in rows]
    bars = axes.barh(range(len(rows)), heights, color=_PALE, edgecolor=_DARK, hatch="//")
    axes.set_yticks(range(len(rows)), [who for who, _, _ in rows])
    axes.bar_label(bars, numbers, padding=4)
    axes.set_xlim(0, max(heights) * 1.15 or 1)
    axes.invert_yaxis()
    axes.set_xlabel("words")
    named = [(who, number) for (who, _, _), number in zip(rows, numbers, strict=True)]
    says = f"Words by who speaks them: {_listed(named)}."
    return _pictured(fig, says, ["speaker", "words", "share"], rows)


# --------------------------------------------------------------------------------------
# Summaries


def score_chart(table: pd.DataFrame) -> Drawing:
    """The table of a `summarizing.Summary`: each sentence's score, in the order of the article.

    Picked sentences are black, the others hatched. Bars are numbered as the article's sentences.
    """
    _need(table, ["score", "picked"], "summarizing.summarize(article, ...).table")
    names = [f"S{number:02d}" for number in table.index]
    scores = [float(one) for one in table["score"]]
    picked = [bool(one) for one in table["picked"]]
    fig, axes = _canvas(2.6)
    for chosen, look in ((True, {"color": _DARK}), (False, {"color": "white", "hatch": "//"})):
        here = [place for place, one in enumerate(picked) if one is chosen]
        heights = [scores[place] for place in here]
        label = "picked" if chosen else "not picked"
        axes.bar(here, heights, edgecolor=_DARK, label=label, width=0.75, **look)
    axes.set_xticks(range(len(names)), names, rotation=90, fontsize=8)
    axes.set_ylabel("score")
    axes.legend(frameon=False, ncols=2, loc="lower right", bbox_to_anchor=(1, 1))
    chosen = [name for name, one in zip(names, picked, strict=True) if one]
    says = f"The score of each sentence in the order of the article. Picked: {', '.join(chosen)}."
    rows = [
        (name, f"{score:.3f}", "picked" if one else "")
        for name, score, one in zip(names, scores, picked, strict=True)
    ]
    return _pictured(fig, says, ["sentence", "score", ""], rows)


def random_chart(scores: Sequence[float], marks: Mapping[str, float], what: str) -> Drawing:
    """A histogram of `scores`, the scores of random summaries, with a line for each of `marks`.

    marks: name -> score; what: the name of the score, such as "ROUGE-1 F1".
    """
    from nutgraf.scoring import percentile

    if not len(scores):
        raise NutgrafError("There are no scores. Make them with scoring.random_scores(...).")
    fig, axes = _canvas(3.2)
    axes.hist(scores, bins=30, color=_PALE, edgecolor=_DARK, lw=0.5)
    top = axes.get_ylim()[1]
    styles = ("-", "--", ":", "-.")
    axes.set_ylim(0, top * (1.1 + 0.09 * len(marks)))
    rows = []
    for number, (name, score) in enumerate(marks.items()):
        axes.axvline(score, color="black", ls=styles[number % 4], lw=1.6)
        height = top * (1.06 + 0.09 * number)
        label = axes.annotate(f" {name}", (score, height), ha="left", va="bottom", fontsize=9)
        label.set_bbox({"facecolor": "white", "edgecolor": "none", "pad": 1})
        rows.append((name, f"{score:.3f}", f"{percentile(score, scores):.0f}"))
    axes.set_xlabel(what)
    axes.set_ylabel("random summaries")
    where = "; ".join(f"{name} {score} (better than {rank}%)" for name, score, rank in rows)
    says = (
        f"{what} of {len(scores):,} random summaries, from {min(scores):.3f} to {max(scores):.3f}. "
        f"Lines: {where}."
    )
    return _pictured(fig, says, ["summary", what, "better than % of random"], rows)


# --------------------------------------------------------------------------------------
# Time


def timeline_chart(events: pd.DataFrame) -> Drawing:
    """Events from the first to the last, one a row, with the time that passes between them.

    events: columns what, date ("1920", "2019-10" or "2019-12-29"; missing: no date is known) and
    sure (whether the date is certain). A filled dot and a solid line lead to a certain date, a
    ring, a dotted line and a question mark to an uncertain one; a diamond below stands for an event
    without a date. The rows are equally far apart, however long it is from one to the next.

    Raises NutgrafError for a missing column, for no rows, and for a date that is none.
    """
    _need(events, ["what", "date", "sure"], "pandas.DataFrame, with the columns what, date, sure")
    known = events["date"].notna()
    dated = events[known].astype({"date": str}).sort_values("date", kind="stable")
    undated = events[~known]
    sure = [bool(one) for one in dated["sure"].eq(True)]
    dates = [
        one if certain else f"{one}?" for one, certain in zip(dated["date"], sure, strict=True)
    ]
    dates += ["no date"] * len(undated)
    marks = ["●" if certain else "○" for certain in sure] + ["◇"] * len(undated)
    whats = [str(one) for one in [*dated["what"], *undated["what"]]]
    # A step is as sure as the dates at both of its ends.
    steps = [one and other for one, other in pairwise(sure)]
    passed = [_passed(*pair) for pair in pairwise(map(_partial_date, dated["date"]))]
    passed = [one if certain else f"{one}?" for one, certain in zip(passed, steps, strict=True)]
    fig, axes = _canvas(0.5 + 0.42 * len(whats))
    for row, (certain, time) in enumerate(zip(steps, passed, strict=True)):
        axes.plot([0, 0], [row, row + 1], "-" if certain else ":", color=_DARK, lw=1.5, zorder=1)
        axes.text(0.3, row + 0.5, time, va="center", fontsize=8, color="#555555")
    for row, (mark, when, what) in enumerate(zip(marks, dates, whats, strict=True)):
        sign, face = {"●": ("o", _DARK), "○": ("o", "white"), "◇": ("D", "white")}[mark]
        axes.plot(0, row, sign, ms=9, mfc=face, mec=_DARK, mew=1.5, zorder=2)
        axes.text(-0.3, row, when, ha="right", va="center", parse_math=False)
        axes.text(0.3, row, what, ha="left", va="center", parse_math=False)
    axes.set(xlim=(-2.2, 9), ylim=(len(whats) - 0.5, -0.5))
    axes.axis("off")
    told = "; ".join(f"{when} {what}" for when, what in zip(dates, whats, strict=True))
    says = (
        f"Events in their order: {told}. ● the date is certain, ○ and ? it is not, ◇ no date is "
        "known. The distances in the picture are not to scale."
    )
    times = (["", *passed] + [""] * len(undated))[: len(whats)]
    rows = list(zip(marks, dates, whats, times, strict=True))
    return _pictured(fig, says, ["", "date", "what", "time since"], rows)


def _partial_date(value: Any) -> tuple[int, ...]:
    """A date as far as it is known: (year,), (year, month) or (year, month, day)."""
    parts = str(value).split("-")
    try:
        if not re.fullmatch(r"\d{4}(-\d\d){0,2}", str(value), re.ASCII):
            raise ValueError
        Day(*map(int, [*parts, "01", "01"][:3]))
    except ValueError:
        raise NutgrafError(
            f"{value!r} in the column date is no date. Write 1920, 2019-10 or 2019-12-29, and "
            "leave out what is not known."
        ) from None
    return tuple(map(int, parts))


def _passed(one: tuple[int, ...], other: tuple[int, ...]) -> str:
    """The time between two dates, in the finest unit that both of them are known in."""
    unit = ("year", "month", "day")[min(len(one), len(other)) - 1]
    if unit == "day":
        number = (Day(*other) - Day(*one)).days
    elif unit == "month":
        number = 12 * (other[0] - one[0]) + other[1] - one[1]
    else:
        number = other[0] - one[0]
    if number == 0:
        return f"the same {unit}"
    return f"{'' if unit == 'day' else 'about '}{number} {unit}{'' if number == 1 else 's'}"
