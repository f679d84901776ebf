"""The article: its exact text, and what people know about it.

A seed is a folder with one article:

    article.txt     the text, byte for byte; UTF-8
    article.yml     title, and whatever else is known; `title: ...` alone will do
    reference.json  how a careful reader takes the text apart (optional)
    summaries.yml   faithful and distorted summaries of it (optional)
    cards.yml       what other pages say about it: `nutgraf.cards` (optional)
    annotators.json made-up annotators and their marks: `nutgraf.samples` (optional)

The kit's own seeds lie in `seeds/`. A class brings its own article by putting such a folder into
`seeds/` in the learner's folder; where two have the same name, the kit's is taken, because the
numbers in the lessons are about that one.

Offsets count Unicode code points of the text as it stands in the file, from 0, the end not
included: `text[start:end]` is the quote. The text is decoded as UTF-8 and nothing else happens to
it. A byte order mark or Windows line ends in a file of your own are therefore kept, and count as
the characters they are.
"""

from __future__ import annotations

import copy
import hashlib
import json
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nutgraf.errors import NutgrafError
from nutgraf.paths import kit_dir, learner_folder

if TYPE_CHECKING:
    import pandas as pd

SEED_FILES = (
    "article.txt",
    "article.yml",
    "reference.json",
    "summaries.yml",
    "cards.yml",
    "annotators.json",
)

SPAN_LISTS = (
    "paragraphs",
    "structure",
    "sentences",
    "quotations",
    "indirect_speech",
    "claims",
    "loaded_language",
    "controls",
    "sources",
    "vague",
    "constructions",
    "presuppositions",
    "techniques",
    "copy_editing",
    "traps",
)
"""Sections of a reference that are lists of spans. A reference may leave out any of them."""

_DEEP = 40  # far deeper than any reference goes, far less deep than Python's stack


@dataclass(frozen=True, repr=False)
class Article:
    """One article. `load` makes it from a seed, `from_text` from any text.

    name: the seed's folder, or what the learner calls the text;
    text: what the file says, nothing normalised; data: its bytes;
    info: what `article.yml` says (title, language, rights ...).
    """

    name: str
    text: str
    data: bytes
    info: dict[str, Any] = field(default_factory=dict, compare=False)
    folder: Path | None = field(default=None, compare=False)

    @classmethod
    def from_text(cls, text: str, name: str = "my-article") -> Article:
        """An article from a text of your own. It has tables, but no reference and no summaries.

        Raises NutgrafError when `text` is no string, or holds half a surrogate pair, which no
        file can hold either.
        """
        if not isinstance(text, str):
            raise NutgrafError(
                f"Article.from_text takes a string, not {type(text).__name__}. Read a file with "
                'open(path, encoding="utf-8").read() first.'
            )
        try:
            data = text.encode("utf-8")
        except UnicodeEncodeError as error:
            raise NutgrafError(
                f"The text has half a character at offset {error.start} "
                f"(U+{ord(text[error.start]):04X}), which UTF-8 cannot hold. Take it out, or read "
                "the file again as UTF-8."
            ) from error
        return cls(name=name, text=text, data=data)

    # --- tables ----------------------------------------------------------------------------

    @property
    def paragraphs(self) -> pd.DataFrame:
        """Paragraphs, one a row: start, end, text. Row 0 is P00. Each call gives a fresh table."""
        return self._tables["paragraphs"].copy()

    @property
    def sentences(self) -> pd.DataFrame:
        """Sentences, one a row: start, end, text, paragraph (its number). Row 0 is S00."""
        return self._tables["sentences"].copy()

    @property
    def words(self) -> pd.DataFrame:
        """Words, one a row: start, end, text, sentence, paragraph (their numbers)."""
        return self._tables["words"].copy()

    @cached_property
    def _spans(self) -> dict[str, list[tuple[int, int]]]:
        from nutgraf import tokenizing

        return {
            "paragraphs": tokenizing.paragraph_spans(self.text),
            "sentences": tokenizing.sentence_spans(self.text),
            "words": tokenizing.word_spans(self.text),
        }

    @cached_property
    def _tables(self) -> dict[str, pd.DataFrame]:
        import pandas as pd

        def table(kind: str, *outer: str) -> pd.DataFrame:
            spans = self._spans[kind]
            columns = {
                "start": pd.Series([start for start, _ in spans], dtype="int64"),
                "end": pd.Series([end for _, end in spans], dtype="int64"),
                "text": pd.Series([self.text[start:end] for start, end in spans], dtype="str"),
            }
            for other in outer:
                starts = [start for start, _ in self._spans[f"{other}s"]]
                places = [bisect_right(starts, start) - 1 for start, _ in spans]
                columns[other] = pd.Series(places, dtype="int64")
            return pd.DataFrame(columns)

        return {
            "paragraphs": table("paragraphs"),
            "sentences": table("sentences", "paragraph"),
            "words": table("words", "sentence", "paragraph"),
        }

    # --- what people know about it -----------------------------------------------------------

    @property
    def reference(self) -> dict[str, Any]:
        """What `reference.json` says, every span checked against the text; a fresh copy.

        Raises NutgrafError when there is none, or when it does not fit the text.
        """
        return copy.deepcopy(self._reference)

    @property
    def summaries(self) -> dict[str, Any]:
        """What `summaries.yml` says, every span checked; a fresh copy.

        Raises NutgrafError when there is none, or when it does not fit the text.
        """
        return copy.deepcopy(self._summaries)

    @cached_property
    def _reference(self) -> dict[str, Any]:
        path = self._about("reference.json", "reference")
        reference = read_json(path)
        validate_reference(self.text, reference, where=file_label(path))
        return reference

    @cached_property
    def _summaries(self) -> dict[str, Any]:
        path = self._about("summaries.yml", "summaries")
        summaries = read_yaml(path)
        _validate_summaries(self.text, summaries, file_label(path))
        return summaries

    def _about(self, file: str, what: str) -> Path:
        path = self.folder / file if self.folder else None
        if path is None or not path.is_file():
            where = (
                f"{file_label(path)} does not exist" if path else "it was made from a text alone"
            )
            raise NutgrafError(
                f"The article {self.name!r} has no {what}: {where}. "
                f'Take load("sadr-protests"), which has one, or put {file} beside article.txt '
                "in a seed folder of your own."
            )
        return path

    def __repr__(self) -> str:
        parts = {"character": len(self.text)}
        parts |= {kind.removesuffix("s"): len(spans) for kind, spans in self._spans.items()}
        counts = ", ".join(f"{n:,} {unit}{'' if n == 1 else 's'}" for unit, n in parts.items())
        return f"<Article {self.name!r}: {counts}>"


# --- seeds -----------------------------------------------------------------------------------


def load(name: str = "sadr-protests") -> Article:
    """The article of the seed `name`: the kit's, or one in `seeds/` in the learner's folder.

    The same article comes back as long as its files stay the same. Learners' own calls of
    `nltk.sent_tokenize` and `nltk.word_tokenize` work offline afterwards.

    Raises NutgrafError when there is no such seed (it lists those there are), or when one of its
    files is missing or damaged.
    """
    from nutgraf.offline import use_offline_nltk

    there = seeds()
    if not isinstance(name, str) or name not in there:
        names = ", ".join(f'"{one}"' for one in there) or "none"
        raise NutgrafError(
            f"There is no seed {name!r}. There are: {names}. To add your own article, put "
            "article.txt and article.yml into seeds/<name>/ in your lesson folder, or use "
            "Article.from_text(text)."
        )
    use_offline_nltk()
    return _cached(there[name], _stamp(there[name]))


def seeds() -> dict[str, Path]:
    """The seeds there are: name -> folder, the kit's before the learner's."""
    learner = learner_folder()
    homes = [kit_dir("seeds"), *([learner / "seeds"] if learner else [])]
    there: dict[str, Path] = {}
    for home in homes:
        try:
            folders = sorted(path for path in home.iterdir() if path.is_dir())
        except FileNotFoundError:
            continue
        except OSError as error:
            raise _unreadable(f"The folder {home.name}", error) from error
        for folder in folders:
            if not folder.name.startswith((".", "__")):
                there.setdefault(folder.name, folder)
    return there


def read_seed(folder: Path | str) -> Article:
    """The article in one seed folder, wherever it lies. `load` is this with a search and a cache.

    `sha256`, `bytes` and `characters` in article.yml are compared with article.txt where they are
    given. Raises NutgrafError naming the file, the place in it and the way out.
    """
    folder = Path(folder).resolve()
    path = folder / "article.txt"
    data = _read_bytes(path, "Put the text of the article there, saved as UTF-8.")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise NutgrafError(
            f"{file_label(path)}: byte {error.start}, in line {line}, is not UTF-8 "
            f"(0x{data[error.start]:02X}). Open the file in an editor and save it as UTF-8."
        ) from error
    if not text.strip():
        raise NutgrafError(f"{file_label(path)}: there is no text in it. Put the article there.")
    info = read_yaml(folder / "article.yml")
    _validate_info(info, data, text, file_label(folder / "article.yml"))
    return Article(name=folder.name, text=text, data=data, info=info, folder=folder)


@lru_cache(maxsize=16)
def _cached(folder: Path, stamp: tuple) -> Article:
    return read_seed(folder)


def _stamp(folder: Path) -> tuple:
    """Changes when a file of the seed changes, so that a teacher sees an edit at the next load."""
    stamps = []
    for file in SEED_FILES:
        try:
            state = (folder / file).stat()
            stamps.append((state.st_mtime_ns, state.st_size))
        except OSError:
            stamps.append(None)
    return tuple(stamps)


# --- reading files ---------------------------------------------------------------------------


def file_label(path: Path) -> str:
    """How messages name a file: seed and file, without the folders of somebody's machine."""
    return f"{path.parent.name}/{path.name}"


def _unreadable(what: str, error: OSError) -> NutgrafError:
    return NutgrafError(
        f"{what} cannot be read: {error.strerror or error}. Check who may read it, or copy the "
        "seed to a folder of your own."
    )


def _read_bytes(path: Path, way_out: str) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise NutgrafError(f"{file_label(path)} is missing. {way_out}") from error
    except OSError as error:
        raise _unreadable(file_label(path), error) from error


def _read_text(path: Path, way_out: str) -> str:
    # Windows editors like to put a byte order mark first; in data files it means nothing.
    data = _read_bytes(path, way_out)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise NutgrafError(
            f"{file_label(path)}: byte {error.start} is not UTF-8. Save the file as UTF-8."
        ) from error


def _only_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object, but a key that is there twice is an error instead of a silent loss."""
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"the key {key!r} is there twice")
        found[key] = value
    return found


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def read_json(path: Path) -> Any:
    source = _read_text(path, "Put the reference there, or load an article that has one.")
    try:
        return json.loads(source, object_pairs_hook=_only_once, parse_constant=_no_number)
    except json.JSONDecodeError as error:
        raise NutgrafError(
            f"{file_label(path)}, line {error.lineno}, column {error.colno}: {error.msg}. "
            "Correct the JSON there."
        ) from error
    except (ValueError, RecursionError) as error:  # ValueError: also a number of 5,000 digits
        raise NutgrafError(
            f"{file_label(path)}: {_first_line(error)}. Correct the JSON."
        ) from error


@lru_cache(maxsize=1)
def _yaml_loader() -> type:
    """PyYAML's safe loader, without what a seed never needs: aliases and doubled keys.

    A few lines of aliases can stand for a billion values, or for a list that holds itself.
    """
    import yaml

    class Loader(yaml.SafeLoader):
        def compose_node(self, parent: Any, index: Any) -> Any:
            if self.check_event(yaml.AliasEvent):
                mark = self.peek_event().start_mark
                raise yaml.MarkedYAMLError(None, None, "aliases (*name) are not allowed", mark)
            return super().compose_node(parent, index)

        def construct_mapping(self, node: Any, deep: bool = False) -> dict:
            seen = set()
            for key, _ in node.value:
                if (one := (key.tag, str(key.value))) in seen:
                    problem = f"the key {key.value!r} is there twice"
                    raise yaml.MarkedYAMLError(None, None, problem, key.start_mark)
                seen.add(one)
            return super().construct_mapping(node, deep)

    return Loader


def read_yaml(path: Path) -> Any:
    import yaml

    source = _read_text(path, "Write one; a line such as `title: My article` is enough.")
    try:
        return yaml.load(source, Loader=_yaml_loader())
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        problem = error.problem or "not YAML"
        raise NutgrafError(
            f"{file_label(path)}{place}: {problem}. Correct the YAML there."
        ) from error
    except Exception as error:
        # Odd tags and dates (`!!int ''`, 2020-99-99) get ValueError, IndexError, KeyError,
        # AttributeError and more out of PyYAML; a person can mend them all in the same way.
        raise NutgrafError(
            f"{file_label(path)}: {_first_line(error)}. Correct the YAML."
        ) from error


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return (lines[0].rstrip(".") if lines else "") or type(error).__name__


# --- checking what was read ------------------------------------------------------------------


def shortened(value: Any) -> str:
    shown = repr(value)
    return shown if len(shown) <= 60 else f"{shown[:57]}..."


def _step(key: Any) -> str:
    if isinstance(key, int):
        return f"[{key}]"
    return f".{key}" if isinstance(key, str) and key.isidentifier() else f"[{shortened(key)}]"


def walk(value: Any, where: str) -> Iterator[tuple[str, dict]]:
    """Every object in a tree of dicts and lists, with its path, in order."""
    todo = [(value, "", 0)]
    while todo:
        here, path, depth = todo.pop()
        if depth > _DEEP:
            raise NutgrafError(f"{where}: nested more than {_DEEP} deep. Make it flatter.")
        if isinstance(here, dict):
            yield path.removeprefix("."), here
            inner = list(here.items())
        elif isinstance(here, (list, tuple)):  # YAML's !!pairs are tuples
            inner = list(enumerate(here))
        else:
            continue
        todo += [(one, path + _step(key), depth + 1) for key, one in reversed(inner)]


def check_span(text: str, span: dict, place: str) -> None:
    """Raise unless `span` has start, end and quote, and `text` says the quote there."""
    missing = [key for key in ("start", "end", "quote") if key not in span]
    if missing:
        raise NutgrafError(
            f"{place}: a span needs start, end and quote; {' and '.join(missing)} is missing. "
            "Add it."
        )
    start, end, quote = span["start"], span["end"], span["quote"]
    if not isinstance(quote, str) or not all(type(one) is int for one in (start, end)):
        raise NutgrafError(
            f"{place}: start and end have to be whole numbers and quote a string, not "
            f"{shortened(start)}, {shortened(end)} and {shortened(quote)}. Correct them."
        )
    if not 0 <= start < end <= len(text):
        raise NutgrafError(
            f"{place}: {shortened(start)} to {shortened(end)} is no place in a text of "
            f"{len(text):,} characters. Start is counted from 0 and lies before end; correct them."
        )
    if text[start:end] != quote:
        first = text.find(quote) if quote else -1
        hint = f" It first does at {first} to {first + len(quote)}." if first >= 0 else ""
        raise NutgrafError(
            f"{place}: the text does not say {shortened(quote)} at {start} to {end}, but "
            f"{shortened(text[start:end])}.{hint} Correct start and end, or the quote."
        )


def check_list(value: Any, place: str) -> list[dict]:
    """`value`, if it is a list of objects whose ids are there once; else an error."""
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise NutgrafError(f"{place}: this has to be a list of objects. Correct it.")
    ids: set[str] = set()
    for number, one in enumerate(value):
        if "id" not in one:
            continue
        if not isinstance(one["id"], str) or one["id"] in ids:
            raise NutgrafError(
                f"{place}[{number}].id: {shortened(one['id'])} is no string, or is there twice. "
                "Give each its own id."
            )
        ids.add(one["id"])
    return value


def check_schema(data: Any, where: str) -> dict:
    if not isinstance(data, dict):
        raise NutgrafError(f"{where}: this has to be an object with `schema: 1`. Correct it.")
    if type(data.get("schema")) is not int or data["schema"] != 1:
        raise NutgrafError(
            f"{where}: schema: this version of the kit reads schema 1, not "
            f"{shortened(data.get('schema'))}. Write 1, or get the kit that wrote the file."
        )
    return data


def validate_reference(text: str, reference: Any, where: str = "reference.json") -> None:
    """Check that a reference is one, and that every span in it says what `text` says there.

    An object with `start`, `end` or `quote` is a span, wherever it stands. Raises NutgrafError
    with the path of the first wrong one, such as `reference.json: quotations[3].cue`; `where` is
    the name of the file in that message.
    """
    reference = check_schema(reference, where)
    lists = {name: reference[name] for name in SPAN_LISTS if name in reference}
    entities = reference.get("entities", {})
    if not isinstance(entities, dict):
        raise NutgrafError(f"{where}: entities: this has to be an object. Correct it.")
    if "mentions" in entities:
        lists["entities.mentions"] = entities["mentions"]
    for name, value in lists.items():
        for number, one in enumerate(check_list(value, f"{where}: {name}")):
            check_span(text, one, f"{where}: {name}[{number}]")
    for path, one in walk(reference, where):
        if one.keys() & {"start", "end", "quote"}:
            check_span(text, one, f"{where}: {path}")
    for name in ("paragraphs", "sentences"):
        last = 0
        for number, one in enumerate(reference.get(name, [])):
            if one["start"] < last:
                raise NutgrafError(
                    f"{where}: {name}[{number}]: it starts at {one['start']}, before the one "
                    f"above it ends ({last}). List them in order, without overlaps."
                )
            last = one["end"]


def _validate_summaries(text: str, summaries: Any, where: str) -> None:
    """Check a tree of summaries: texts are strings, spans fit, distorted ones are marked."""
    summaries = check_schema(summaries, where)
    for path, one in walk(summaries, where):
        if "text" in one and not isinstance(one["text"], str):
            raise NutgrafError(f"{where}: {path}.text: this has to be a string. Correct it.")
    for name in ("faithful", "distorted"):
        check_list(summaries.get(name, []), f"{where}: {name}")
    distorted = summaries.get("distorted", [])
    if len(distorted) == 1:
        raise NutgrafError(
            f"{where}: distorted: one alone teaches that only one side distorts. Add its mirror "
            "image, or take it out."
        )
    for number, one in enumerate(distorted):
        place = f"{where}: distorted[{number}]"
        mark, summary = one.get("watermark"), one.get("text")
        if not isinstance(mark, str) or not mark or not str(summary).startswith(mark):
            raise NutgrafError(
                f"{place}.text: a distorted text has to begin with its watermark. Put it there."
            )
        for spot, change in enumerate(check_list(one.get("altered", []), f"{place}.altered")):
            for key, inside in (("altered", summary), ("source", text)):
                span, at = change.get(key), f"{place}.altered[{spot}].{key}"
                if isinstance(span, dict):
                    check_span(inside, span, at)
                elif span is not None:
                    raise NutgrafError(f"{at}: this has to be a span, or null. Correct it.")


def _validate_info(info: Any, data: bytes, text: str, where: str) -> None:
    """Check article.yml: a title, and that article.txt is the file it speaks of."""
    if not isinstance(info, dict):
        raise NutgrafError(f"{where}: this has to be a list of `key: value` lines. Correct it.")
    for _ in walk(info, where):  # raises when it is nested too deep
        pass
    title = info.get("title")
    if not isinstance(title, str) or not title.strip():
        raise NutgrafError(f"{where}: title: a title in words is needed. Add `title: ...`.")
    digest = hashlib.sha256(data).hexdigest()
    facts = {"sha256": digest, "bytes": len(data), "characters": len(text)}
    for key, fact in facts.items():
        said = info.get(key, fact)
        if type(said) is not type(fact) or str(said).lower() != str(fact):
            raise NutgrafError(
                f"{where}: {key}: article.txt has {fact}, not {shortened(said)}. The text was "
                "changed, perhaps by an editor or by git converting line ends: put the original "
                f"file back. If the change is meant, write `{key}: {fact}`."
            )
