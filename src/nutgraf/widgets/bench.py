"""The summary bench: pick sentences, or write your own words, and see at once what came of it.

The widget shows what `state_of` says; the counting is done by `nutgraf.summarizing`,
`nutgraf.scoring` and `nutgraf.quoting`. Nothing of a reference, of the methods or of the voices
leaves the kernel before the learner has begun. Picks and words are kept like answers, so that a
cell that is run again shows them. Without widgets there is `twin`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from html import escape
from pathlib import Path
from textwrap import shorten
from typing import TYPE_CHECKING, Any

from nutgraf import answers, counting, quoting, scoring, summarizing
from nutgraf.alarms import alarms
from nutgraf.article import Article
from nutgraf.errors import NutgrafError
from nutgraf.tokenizing import word_spans
from nutgraf.widgets.quiz import STATIC, Readable

if TYPE_CHECKING:
    import pandas as pd

WORDS = 60
MODE = "bench"
"""What `mode` says in the records that are kept."""
PICK, WRITE = "pick", "write"
DID = {PICK: "picked", WRITE: "wrote"}
ENOUGH = 10
"""So many words of one's own, or one sentence, come before any comparison."""
LONG_RUN = 4
"""So many words in a row are more than a name."""
LONGEST = 10_000
"""Characters: more is kept and counted, and not compared."""
SENTENCES = 400
"""Sentences shown at most."""
NAMES = 40
"""Sentences named in one line at most."""

BLIND = (
    "Overlap counts shared words. It cannot tell whether a summary is true: for that, hold it "
    "against the article."
)
ROWS = {"1": "single words (ROUGE-1)", "2": "pairs of words (ROUGE-2)", "L": "order (ROUGE-L)"}


def bench(article: Article | str, words: int = WORDS) -> None:
    """Show the bench: a summary of `article` in at most `words` words.

    The overlap is counted against the faithful summaries of the article; an article without them
    has all but that. Picks and words are kept in the answers file; a bench for the same article
    and budget shows the last that were kept. Raises NutgrafError when the text has no sentence to
    summarize, or when `words` is no whole number from 1.
    """
    from IPython.display import display

    task = task_of(article, words)
    display(widget_class()(task))
    display(twin(task))


# --- the task --------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Task:
    """What is to be summarized: article, budget in words, and what it is compared with.

    pool: the sentences that can be picked, as `summarizing.summarize` gives them;
    references: the faithful summaries, each with `name` and `text`.
    """

    article: Article
    words: int
    pool: pd.DataFrame
    references: tuple[dict[str, str], ...]

    @cached_property
    def methods(self) -> dict[str, summarizing.Summary]:
        """What each method makes of the same budget; "oracle" has seen the answer and is out."""
        names = [name for name in summarizing.METHODS if name != "oracle"]
        return {name: summarizing.summarize(self.article, name, words=self.words) for name in names}

    @cached_property
    def scores(self) -> dict[str, str]:
        """ROUGE-1 F1 of each method; only with references."""
        return {name: _f1(self, summary.text) for name, summary in self.methods.items()}

    @cached_property
    def voices(self) -> list[str]:
        return quoting.voices(self.article)["voice"].tolist()

    @property
    def texts(self) -> list[str]:
        return [reference["text"] for reference in self.references]

    @property
    def title(self) -> str:
        return str(self.article.info.get("title") or self.article.name)

    @property
    def digest(self) -> str:
        """Tells one text from another, so that picks are never shown beside other sentences."""
        return hashlib.sha256(self.article.data).hexdigest()[:12]

    @property
    def item(self) -> str:
        """The name under which the learner's work is kept."""
        name = f"bench:{self.article.name}"
        return name if self.article.folder else f"{name}:{self.digest}"


def task_of(article: Article | str, words: int = WORDS) -> Task:
    """The task, checked; raises NutgrafError as `bench` does."""
    if isinstance(article, str):
        article = Article.from_text(article)
    if not isinstance(article, Article):
        raise NutgrafError(
            f"A summary is made of an article or a text, not of {type(article).__name__}. Give "
            'load("sadr-protests"), Article.from_text(...) or a string.'
        )
    pool = summarizing.summarize(article, "lead", words=words).table
    if pool.empty:
        raise NutgrafError(
            f"The text of {article.name!r} has no sentence to summarize. Give a text with words."
        )
    return Task(article, int(words), pool, tuple(_references(article)))


def _references(article: Article) -> Iterator[dict[str, str]]:
    # An article without summaries is one thing, a damaged file another: that one is reported.
    if article.folder is None or not (article.folder / "summaries.yml").is_file():
        return
    for one in article.summaries.get("faithful", []):
        text = one.get("text", "") if isinstance(one, dict) else ""
        if text.strip():
            yield {"name": str(one.get("length") or one.get("id") or "reference"), "text": text}


# --- what the learner sees -------------------------------------------------------------------


def state_of(
    task: Task,
    way: str = PICK,
    picks: Iterable[int] = (),
    text: str = "",
    show: bool = False,
) -> dict[str, Any]:
    """All that the bench shows of a summary: `picks` (sentence numbers) or `text`, as `way` says.

    `says` counts the words; `results` is {} until there is a sentence or `ENOUGH` words. It has
    `says` (a list), `overlap`, `voices`, `copying`, `alarms`, `methods` and `reference`, the
    latter only when asked to `show` it; what does not apply is empty.
    """
    picks = sorted(picks)
    chosen = task.pool.loc[picks]
    count = int(chosen["words"].sum()) if way == PICK else len(word_spans(text))
    state: dict[str, Any] = {"way": way, "picks": picks, "text": text, "note": ""}
    state["show"] = False
    state["says"] = f"{count:,} of {task.words:,} words"
    state["over"] = max(0, count - task.words)
    if state["over"]:
        state["says"] += f": {state['over']:,} too many"
    if way == PICK and picks:
        state["says"] += f", in {_counted(len(picks), 'sentence')}"
    state["results"] = {}
    begun = bool(picks) if way == PICK else count >= ENOUGH
    if not begun:
        return state
    state["show"] = show and bool(task.references)
    mine = " ".join(chosen["text"]) if way == PICK else text
    if len(mine) > LONGEST:
        says = [f"This is too long to compare: {len(mine):,} characters. Make it shorter."]
        return state | {"results": {"says": says}}
    own = way == WRITE
    state["results"] = {
        "says": [] if own else _halved(task, picks),
        "overlap": _overlap(task, mine),
        "voices": _voices(task, mine),
        "copying": _copying(task, mine) if own else [],
        "alarms": _alarms(task, mine) if own else {},
        "methods": _methods(task, None if own else picks, mine, count),
        "reference": list(task.references) if show else [],
    }
    return state


def _counted(number: int, one: str) -> str:
    return f"{number:,} {one}{'' if number == 1 else 's'}"


def _label(row: int) -> str:
    return f"S{row:02d}"


def _halved(task: Task, picks: list[int]) -> list[str]:
    """A line for each quotation of which only a part was picked."""
    picked = {_label(pick) for pick in picks}
    lines = []
    for unit in task.pool["together"].loc[picks].unique():
        *names, last = unit.split() or [""]
        if names and not picked.issuperset([*names, last]):
            lines.append(
                f"{', '.join(names)} and {last} are one quotation. You picked a part of it, so its "
                "marks do not pair. The methods take all of it or nothing."
            )
    return lines


def _overlap(task: Task, mine: str) -> dict[str, Any]:
    if not task.references:
        says = "This article has no reference summary, so there is no overlap to count."
        return {"says": says, "caption": "", "rows": [], "words": []}
    several = len(task.references)
    caption = "Words shared with the reference"
    if several > 1:
        caption = f"The best of {several} references in each row"
    scores = scoring.rouge(mine, task.texts)
    rows = [
        [ROWS[row.variant], *(f"{value:.2f}" for value in (row.precision, row.recall, row.f1))]
        for row in scores.itertuples()
    ]
    table = scoring.overlap_table(mine, task.texts)
    table = table[[_telling(word) for word in table["word"]]]

    def words(where: str, references: int | None = None) -> list[str]:
        here = table["where"] == where
        if references is not None:
            here &= table["references"] == references
        return table.loc[here, "word"].tolist()

    lists = [("Covered", words("shared"))]
    if several == 1:
        lists.append(("Missing", words("missing")))
    else:
        # What several people kept weighs more than what one of them kept.
        for number in range(several, 0, -1):
            every = "both" if several == 2 else f"all {several}"
            every = every if number == several else f"{number} of {several}"
            lists.append((f"Missing, in {every}", words("missing", number)))
    return {
        "says": BLIND,
        "caption": caption,
        "rows": rows,
        "words": [[name, " · ".join(those) or "none"] for name, those in lists],
    }


def _telling(word: str) -> bool:
    """Whether a ROUGE token says what a text is about. They are lower case, so "us" may be US."""
    letter = len(word) == 1 and word.isascii() and word.isalpha()  # the s of "Iraq’s"
    return word == "us" or not (letter or counting.is_function_word(word))


def _f1(task: Task, text: str) -> str:
    return f"{scoring.rouge(text, task.texts, ['1'])['f1'][0]:.2f}"


def _voices(task: Task, mine: str) -> list[str]:
    voices = task.voices
    if not voices:
        return ["No voice but the reporter’s was found in the article."]
    named = quoting.voices_in(mine, task.article)
    gone = [voice for voice in voices if voice not in named]
    lines = [f"You name {len(named)} of the article’s {_counted(len(voices), 'voice')}."]
    if gone:
        lines.append(f"Not named: {'; '.join(gone)}.")
        lines.append("A voice that you name by other words is not seen here: look yourself.")
    return lines


def _copying(task: Task, mine: str) -> list[str]:
    run = scoring.copying(mine, task.article)
    if not run["longest"]:
        return ["Not one of your words stands in the article."]
    quoted = shorten(run["longest_text"], 200, placeholder=" …")
    lines = [
        f"Longest run copied from the article: {_counted(run['longest'], 'word')}, “{quoted}”."
    ]
    if run["longest"] >= LONG_RUN:
        lines.append("Is it somebody’s quotation, or the reporter’s wording?")
    return lines


def _alarms(task: Task, mine: str) -> dict[str, Any]:
    rows = [
        {"text": row.text, "kind": row.kind, "note": row.note, "look_at": row.look_at or ""}
        for row in alarms(mine, task.article).itertuples()
    ]
    if not rows:
        says = "No spot stands out to the rules. They compare words, so a false one can pass."
    else:
        says = (
            f"Look at {_counted(len(rows), 'spot')} again, beside the article. The rules point, "
            "they do not judge: a true sentence may be among them."
        )
    return {"says": says, "rows": rows}


def _methods(task: Task, picks: list[int] | None, mine: str, count: int) -> dict[str, Any]:
    """The table of what the methods picked; `picks`: the learner's, None for own words."""
    methods = task.methods
    taken = {name: set(summary.picked) for name, summary in methods.items()}
    own = set(picks or ())
    shown = sorted(own.union(*taken.values()))
    rows = []
    for row in shown:
        signs = [row in those for those in taken.values()]
        rows.append(
            {
                "name": _label(row),
                "text": shorten(task.pool.at[row, "text"], 48, placeholder=" …"),
                "signs": signs if picks is None else [row in own, *signs],
                "count": f"{sum(signs)} of {len(taken)}",
            }
        )
    heads = [*taken] if picks is None else ["you", *taken]
    foot = [["Words", *(str(summary.words) for summary in methods.values())]]
    if task.references:
        foot.append(["ROUGE-1 F1", *task.scores.values()])
    if picks is not None:
        foot[0].insert(1, str(count))
        foot[1:] = [[name, _f1(task, mine), *rest] for name, *rest in foot[1:]]
    return {"heads": heads, "rows": rows, "foot": foot, "says": _nobody(task, shown, picks)}


def _nobody(task: Task, shown: list[int], picks: list[int] | None) -> str:
    rest = [_label(row) for row in task.pool.index if row not in set(shown)]
    who = "No method picked" if picks is None else "Nobody picked"
    if not rest:
        return "Every sentence was picked."
    more = f" and {len(rest) - NAMES:,} more" if len(rest) > NAMES else ""
    return f"{who} {', '.join(rest[:NAMES])}{more}."


# --- what is kept ----------------------------------------------------------------------------


def restored(task: Task, records: list[dict[str, Any]]) -> dict[str, Any]:
    """The `way`, `picks` and `text` that were kept last for this article and budget.

    A record that is damaged, or whose picks are of another text, is passed over.
    """
    last: dict[str, Any] = {"way": PICK, "picks": [], "text": ""}
    for record in answers.of_item(records, task.item, MODE):
        if record.get("words") != task.words:
            continue
        did, given = record.get("did"), record.get("answer")
        if did == DID[PICK] and record.get("of") == task.digest and _can_pick(task, given):
            last |= {"way": PICK, "picks": sorted(set(given))}
        elif did == DID[WRITE] and isinstance(given, str):
            last |= {"way": WRITE, "text": _whole(given)}
    return last


def _can_pick(task: Task, picks: Any) -> bool:
    return isinstance(picks, list) and all(
        type(pick) is int and pick in task.pool.index for pick in picks
    )


def _whole(text: str) -> str:
    """The text without halves of characters, which no file can hold."""
    return text.encode("utf-8", "replace").decode("utf-8")


class Desk:
    """A task, and the learner's work on it as far as it is kept."""

    def __init__(self, task: Task):
        self.task = task
        self.path = answers.answers_file()
        self.kept = restored(task, answers.read(self.path))
        self.failed = False
        self.state = state_of(task, **self.kept)

    def act(self, message: dict[str, Any]) -> None:
        """Take what the learner did: keep it, then bring `state` up to date.

        Picks are kept at once, words when the front end says so (`keep`).
        """
        way, picks, text = message.get("way"), message.get("picks"), message.get("text")
        if way not in (PICK, WRITE) or not _can_pick(self.task, picks) or not isinstance(text, str):
            return
        work = {"way": way, "picks": sorted(set(picks)), "text": _whole(text)}
        note = ""
        try:
            self._keep(work, PICK, "picks")
            if message.get("keep") or self.failed:
                self._keep(work, WRITE, "text")
            self.failed = False
        except OSError as problem:
            self.failed = True
            reason = problem.strerror or problem
            note = (
                f"Not saved: {self.path.name} cannot be written ({reason}). `nutgraf check` helps."
            )
        show = message.get("show") is True
        self.state = state_of(self.task, **work, show=show) | {"note": note}

    def _keep(self, work: dict[str, Any], way: str, what: str) -> None:
        if work[what] == self.kept[what]:
            return
        record = {"item": self.task.item, "mode": MODE, "did": DID[way], "answer": work[what]}
        record |= {"words": self.task.words, "of": self.task.digest}
        answers.append(self.path, **record)
        self.kept[what] = work[what]


# --- on the page -----------------------------------------------------------------------------


@cache
def widget_class():
    """The widget's class; made on first use, since importing anywidget takes a while."""
    import anywidget
    import traitlets

    class Bench(anywidget.AnyWidget):
        """Sentences to tick or a text box, and what the kit says of the summary."""

        _esm = STATIC / "bench.js"
        _css = STATIC / "bench.css"
        task = traitlets.Dict().tag(sync=True)
        state = traitlets.Dict().tag(sync=True)

        def __init__(self, task: Task):
            self.desk = Desk(task)
            super().__init__(task=public(task, self.desk.path), state=self.desk.state)
            self.on_msg(self._asked)

        def _asked(self, _widget, message, _buffers) -> None:
            if isinstance(message, dict):
                self.desk.act(message)
                self.state = self.desk.state
                self.send({"heard": message.get("turn"), "view": message.get("view")})

        def __repr__(self) -> str:
            return f"<Bench for {self.desk.task.words:,} words on {self.desk.task.title!r}>"

    return Bench


def public(task: Task, path: Path) -> dict[str, Any]:
    """What the front end gets before the learner has done anything."""
    rows = [
        {"row": row, "name": _label(row), "words": words, "text": text}
        for row, words, text in task.pool[["words", "text"]].head(SENTENCES).itertuples()
    ]
    return {"asks": _asks(task), "kept": path.name, "sentences": rows, "more": _more(task)}


def _asks(task: Task) -> str:
    return f"Your summary of “{task.title}”, in at most {_counted(task.words, 'word')}"


def _more(task: Task) -> str:
    size = len(task.pool)
    return f"The first {SENTENCES} of {size:,} sentences are shown." if size > SENTENCES else ""


def twin(task: Task) -> Readable:
    """The bench as text: what a notebook without a kernel or without widgets shows."""
    table = _methods(task, None, "", 0)
    sentences = [
        (f"{_label(row)} ({_counted(words, 'word')})", " ".join(text.split()))
        for row, words, text in task.pool[["words", "text"]].head(SENTENCES).itertuples()
    ]
    about = f"What each method picks in {_counted(task.words, 'word')}:"
    how = _how(task)
    lines = [f"{_asks(task)}.", *(f"  {name} {text}" for name, text in sentences)]
    lines += [_more(task)] if _more(task) else []
    lines += [about]
    for name, summary in task.methods.items():
        picked = " ".join(map(_label, summary.picked)) or "nothing fits"
        lines.append(f"  {name}: {picked} ({_counted(summary.words, 'word')})")
    lines += [table["says"], BLIND, "Without the bench:", *(f"  {line}" for line in how)]

    heads = "".join(f'<th scope="col">{escape(head)}</th>' for head in ["", *table["heads"], ""])
    body = "".join(
        f'<tr><th scope="row">{row["name"]}</th>'
        + "".join(f"<td>{'✓' if sign else ''}</td>" for sign in row["signs"])
        + f"<td>{row['count']}</td></tr>"
        for row in table["rows"]
    )
    html = (
        f'<div class="nutgraf-twin"><p>{escape(_asks(task))}.</p><ul>'
        + "".join(f"<li>{name} {escape(text)}</li>" for name, text in sentences)
        + "</ul>"
        + (f"<p>{_more(task)}</p>" if _more(task) else "")
        + f"<table><caption>{about}</caption><thead><tr>{heads}</tr></thead>"
        + f"<tbody>{body}</tbody></table><p>{escape(table['says'])} {escape(BLIND)}</p>"
        + "<p>Without the bench:</p><pre>"
        + escape("\n".join(how))
        + "</pre></div>"
    )
    return Readable("\n".join(lines), html)


def _how(task: Task) -> list[str]:
    first = task.pool.index[0]
    lines = [
        "from nutgraf import quoting, scoring, summarizing",
        "from nutgraf.alarms import alarms",
        f'mine = article.sentences["text"][{first}]  # or a string of your own',
        f"summarizing.compare(article, words={task.words})",
        "alarms(mine, article)",
        "quoting.voices_in(mine, article)",
    ]
    if task.references:
        references = '[one["text"] for one in article.summaries["faithful"]]'
        lines.append(f"scoring.rouge(mine, {references})")
    return lines
