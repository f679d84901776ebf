"""Layers as files of other tools: out with nothing lost silently, in with nothing guessed silently.

`write` names in `lost` what a format has no place for. `read` finds out how a file counts (in
code points, in UTF-16 units or in bytes) by looking whether its quotes stand where its offsets
say; where no way of counting fits, marks are placed by their words. Its table of problems has a
row for whatever was left out, changed or moved on the way.

Files come from anywhere: they are data, never run, and a file that makes no sense raises
NutgrafError with the file, the place and a way out.
"""

from __future__ import annotations

import json
import os
import re
import secrets
from dataclasses import replace
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

from nutgraf.annotating import (
    Layer,
    Scheme,
    as_article,
    check_mark,
    check_relation,
    validate_layer,
)
from nutgraf.errors import NutgrafError
from nutgraf.formats import bio, brat, doccano, label_studio, tables, w3c, webanno
from nutgraf.formats.common import (
    UNITS,
    Format,
    Read,
    Source,
    Written,
    another,
    as_list,
    plain,
    whole,
)
from nutgraf.formats.label_studio import label_studio_config
from nutgraf.formats.placing import placed

if TYPE_CHECKING:
    from nutgraf.article import Article

__all__ = [
    "FORMATS",
    "LARGEST",
    "MOST_MARKS",
    "UNITS",
    "Format",
    "Read",
    "Written",
    "guess",
    "label_studio_config",
    "plain",
    "put",
    "read",
    "save",
    "write",
]

LARGEST = 20_000_000
"""The most bytes that a file may have. An article with thousands of marks has far fewer."""

MOST_MARKS = 50_000

FORMATS: dict[str, Format] = {
    "w3c": w3c.FORMAT,
    "brat": brat.FORMAT,
    "bio": bio.FORMAT,
    "doccano": doccano.FORMAT,
    "label-studio": label_studio.FORMAT,
    "webanno": webanno.FORMAT,
    "csv": tables.FORMAT,
}
"""The formats that `write`, `save` and `read` know, by name."""


def _format(name: str) -> Format:
    if not isinstance(name, str) or name not in FORMATS:
        known = ", ".join(f'"{one}"' for one in FORMATS)
        raise NutgrafError(f"There is no format {name!r}. There are: {known}.")
    return FORMATS[name]


# --- out -------------------------------------------------------------------------------------


def write(layer: Layer, article: Article | str, format: str) -> Written:
    """The layer as text in one of FORMATS, and what got lost.

    Raises NutgrafError for an unknown format, and when layer and article do not fit together.
    """
    article = as_article(article)
    validate_layer(replace(layer, marks=(), relations=()), article)
    ids = {mark.id for mark in layer.marks}
    if len(ids) < len(layer.marks):
        raise NutgrafError("Two marks of the layer have the same id. Rename one of them.")
    for mark in layer.marks:
        check_mark(mark, article.text)
    for relation in layer.relations:
        check_relation(relation, ids)
    return _format(format).write(layer, article)


def save(layer: Layer, article: Article | str, path: Path | str, format: str) -> Written:
    """Write the layer into a file, whole or not at all, and never over another one.

    Where there is such a file the new one is called name-2, name-3 and so on; the answer's path
    says which. brat reads the text from a file of its own, which is put beside. Raises
    NutgrafError when the folder cannot be written to.
    """
    article = as_article(article)
    written = write(layer, article, format)
    try:
        path = Path(path)
        path = path if path.suffix else path.with_suffix(FORMATS[format].suffix)
        files = {path.suffix: written.text.encode()}
        if format == "brat" and path.suffix != ".txt":
            files[".txt"] = article.data
        return replace(written, path=put(path, files))
    except (OSError, ValueError) as error:
        raise NutgrafError(
            f"{path} could not be written ({error}). Choose a folder of your own."
        ) from error


def put(path: Path, files: dict[str, bytes]) -> Path:
    """Write files that share a name, {suffix: content}, under the first name that is free."""
    waiting = {}
    try:
        for suffix, content in files.items():
            new = path.with_name(f".{secrets.token_hex(8)}.saving")
            waiting[suffix] = new
            with new.open("xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        for number in range(1, 10_000):
            stem = path.stem if number == 1 else f"{path.stem}-{number}"
            targets = {suffix: path.with_name(stem + suffix) for suffix in files}
            if _claim(list(targets.values())):
                for suffix, target in targets.items():
                    os.replace(waiting.pop(suffix), target)
                return targets[path.suffix]
        raise OSError("9,999 files have this name")
    finally:
        for new in waiting.values():
            new.unlink(missing_ok=True)


def _claim(paths: list[Path]) -> bool:
    """Make empty files of these names, unless one is there: then none of them."""
    made = []
    for path in paths:
        try:
            path.open("xb").close()
        except FileExistsError:
            for one in made:
                one.unlink()
            return False
        made.append(path)
    return True


# --- in --------------------------------------------------------------------------------------


def read(
    text_or_path: str | Path,
    format: str | None,
    article: Article | str,
    scheme: Scheme | None = None,
    *,
    unit: str | None = None,
    annotator: str | None = None,
) -> Read:
    """The layer that a file of another tool holds, on this article.

    text_or_path: a string is the text, a Path the file; format: one of FORMATS, or None to let
    `guess` look; scheme: then labels have to be among its
    labels, and decide what is a tag; unit: how the file counts, where it cannot be found out;
    annotator: whose marks, where a file has several people's.

    Raises NutgrafError naming file, place and way out when the file is not of this format.
    """
    article = as_article(article)
    if unit is not None and unit not in UNITS:
        raise NutgrafError(f"There is no unit {unit!r}. There are: {', '.join(UNITS)}.")
    text, path = _content(text_or_path)
    name = _guessed(text, path) if format is None else format
    kind = _format(name)
    source = Source(text, path.name if path else f"This {kind.title} text", article)
    source.annotator = annotator
    if name == "brat" and path and path.suffix != ".txt" and path.with_suffix(".txt").is_file():
        source.beside = _text_of(path.with_suffix(".txt"))
    try:
        file = kind.read(source)
        if len(file.marks) > MOST_MARKS or len(file.relations) > MOST_MARKS:
            raise NutgrafError(
                f"{source.place} has {len(file.marks):,} marks and {len(file.relations):,} "
                f"relations; at most {MOST_MARKS:,} can be read. Split it, one article a file."
            )
        file.annotator = annotator or file.annotator
        return placed(file, article, scheme, unit, path.name if path else f"{kind.title} text")
    except RecursionError as error:
        raise source.error("somewhere", "it is nested too deeply.", another(name)) from error


def _content(text_or_path: str | Path) -> tuple[str, Path | None]:
    """The text, and the file it is from, if it is."""
    if not isinstance(text_or_path, (str, Path)):
        raise NutgrafError(
            f"A file's name or its text is needed, not {type(text_or_path).__name__}."
        )
    if isinstance(text_or_path, Path):
        return _text_of(text_or_path).removeprefix("\ufeff"), text_or_path
    # A string is never opened as a file: it may be what somebody else wrote.
    if _looks_like_a_name(text_or_path):
        raise NutgrafError(
            f"{text_or_path!r} is taken for the text of a file, and looks like the name of one. "
            f"To read the file, give Path({text_or_path!r})."
        )
    if len(text_or_path) > LARGEST:
        raise _too_large("This text", len(text_or_path))
    return whole(text_or_path).removeprefix("\ufeff"), None


def _text_of(path: Path) -> str:
    try:
        size = path.stat().st_size
        if size > LARGEST:
            raise _too_large(path.name, size)
        return path.read_bytes().decode("utf-8")
    except OSError as error:
        raise NutgrafError(
            f"{path} could not be read ({error.strerror or error}). Check the name and the folder."
        ) from error
    except UnicodeDecodeError as error:
        raise NutgrafError(
            f"{path.name}, byte {error.start}: this is no UTF-8. Save it as UTF-8 (in a "
            'spreadsheet: "CSV UTF-8") and read it again.'
        ) from error


def _looks_like_a_name(text: str) -> bool:
    """Whether a text of one line is called like a file: somebody forgot to say Path."""
    suffixes = {one.suffix for one in FORMATS.values()} | {".conll", ".txt"}
    strange = len(text) > 1_000 or any(sign in text for sign in "\n\r\0\t{,")
    return not strange and PurePath(text.strip()).suffix in suffixes


def _too_large(place: str, size: int) -> NutgrafError:
    return NutgrafError(
        f"{place} is too large: {size:,} bytes, and at most {LARGEST:,} can be read. Keep only the "
        "marks on this article."
    )


def guess(text_or_path: str | Path) -> str:
    """The name of the format, from what the file says, not from how it is called.

    Raises NutgrafError listing the formats when it looks like none of them.
    """
    return _guessed(*_content(text_or_path))


def _guessed(text: str, path: Path | None) -> str:
    first = next((line for line in text.split("\n") if line.strip()), "").strip()
    name = None
    if first.startswith(("{", "[")):
        name = _guessed_json(text)
    elif first.startswith("#FORMAT=WebAnno TSV"):
        name = "webanno"
    elif re.match(r"[TREAMN#]\d+\t\S+ |\*\t", first):
        name = "brat"
    elif {"label"} < set(re.split(r"[,;\t]", re.sub(r'[" ]', "", first.lower()))):
        name = "csv"
    elif _looks_like_bio(text):
        name = "bio"
    if name is None:
        known = ", ".join(f'"{key}" ({one.title})' for key, one in FORMATS.items())
        raise NutgrafError(
            f"{path or 'This text'} looks like none of the formats there are: {known}. Name the "
            "one it is, if it is one of them, or export it in one of them."
        )
    return name


def _looks_like_bio(text: str) -> bool:
    lines = [line for line in text.split("\n", 50)[:50] if line.strip()]
    rows = [line.split() for line in lines if not line.startswith("# ")]
    return bool(rows) and all(len(row) > 1 and bio.TAG.fullmatch(row[-1]) for row in rows)


def _guessed_json(text: str) -> str | None:
    data: Any = None
    for piece in (text, text.strip().partition("\n")[0]):
        try:
            data = json.loads(piece)
            break
        except (ValueError, RecursionError):
            continue
    one = data[0] if isinstance(data, list) and data else data
    if not isinstance(one, dict):
        return None
    kinds = {"Annotation", "AnnotationPage", "AnnotationCollection"}
    sorts = {sort for sort in as_list(one.get("type")) if isinstance(sort, str)}
    if "@context" in one or kinds & sorts:
        return "w3c"
    if isinstance(one.get("data"), dict):
        return "label-studio"
    # Regions of Label Studio's JSON_MIN stand under the name of their control.
    lists = {key: value for key, value in one.items() if isinstance(value, list)}
    inside = [mark for value in lists.values() for mark in value if isinstance(mark, dict)]
    if any("start" in mark and "labels" in mark for mark in inside):
        return "label-studio"
    return "doccano" if {"label", "labels", "entities", "annotations"} & set(lists) else None
