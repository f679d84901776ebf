"""Sample annotators: layers made up for the kit, so that one person alone has something to compare.

They lie beside the article in `annotators.json`. Nobody annotated the article like this, and the
file has to say so (`made_up: true`); layers of real people are read with `nutgraf.formats`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from nutgraf.annotating import (
    Layer,
    Mark,
    Scheme,
    as_article,
    in_order,
    load_scheme,
    mark_at,
    text_sha256,
    validate_layer,
)
from nutgraf.article import check_list, check_schema, check_span, file_label, read_json, shortened
from nutgraf.errors import NutgrafError

if TYPE_CHECKING:
    from pathlib import Path

    from nutgraf.article import Article

_NEEDED = ("id", "name", "tags", "highlights")
_SPAN = ("start", "end", "quote", "label", "note")


def sample_layers(article: Article | str) -> tuple[Layer, ...]:
    """The layers of the made-up annotators A1, A2 ... of an article.

    A tag's note is the annotator's reason, where one is given; the note of LOADED is the plainer
    wording. `origin` says that the layer is made up, and what the annotator is called there: A1 is
    the "second reader" of the kit's article, whose tags the lesson on agreement works with.

    Raises NutgrafError when the article has no sample annotators, or when annotators.json is
    damaged or does not fit the text.
    """
    article = as_article(article)
    path: Path = article._about("annotators.json", "sample annotators")
    where = file_label(path)
    data = check_schema(read_json(path), where)
    if data.get("made_up") is not True or not _in_words(data.get("note")):
        raise NutgrafError(
            f"{where}: made_up and note: the file has to say that its annotators are made up, with "
            '"made_up": true and a note in words. Layers of real people belong into files of '
            "their own."
        )
    if not _in_words(data.get("scheme")):
        raise NutgrafError(f'{where}: scheme: name the scheme, such as "newsmarks-7".')
    scheme = load_scheme(data["scheme"])
    people = check_list(data.get("annotators"), f"{where}: annotators")
    if not people:
        raise NutgrafError(f"{where}: annotators: the list is empty. Add one, or remove the file.")
    return tuple(
        _layer(raw, article, scheme, f"{where}: annotators[{number}]")
        for number, raw in enumerate(people)
    )


def _layer(raw: dict[str, Any], article: Article, scheme: Scheme, place: str) -> Layer:
    missing = [name for name in _NEEDED if name not in raw]
    if missing:
        raise NutgrafError(f"{place}: {' and '.join(missing)} is missing. Add it.")
    if not _in_words(raw["name"]):
        raise NutgrafError(f"{place}.name: a name in words is needed, such as second reader.")
    layer = Layer(
        annotator=raw["id"],
        article=article.name,
        sha256=text_sha256(article),
        scheme=scheme.name,
        marks=in_order([*_tags(raw, article, place), *_highlights(raw, article, place)]),
        origin=f"made up for the kit: {raw['name']}",
    )
    try:
        validate_layer(layer, article, scheme)
    except NutgrafError as error:
        raise NutgrafError(f"{place}: {error}") from error
    return layer


def _tags(raw: dict[str, Any], article: Article, place: str) -> list[Mark]:
    tags, why = raw["tags"], raw.get("why", {})
    for name, value in (("tags", tags), ("why", why)):
        if not isinstance(value, Mapping) or not all(map(_in_words, value.values())):
            raise NutgrafError(
                f'{place}.{name}: this has to be an object such as {{"S01": "..."}}. Correct it.'
            )
    stray = [name for name in why if name not in tags]
    if stray:
        raise NutgrafError(
            f"{place}.why: {shortened(stray[0])} has a reason, but no tag. Add the tag, or take "
            "the reason out."
        )
    table = article.sentences
    spans = zip(table["start"].tolist(), table["end"].tolist(), strict=True)
    sentences = {f"S{number:02}": span for number, span in enumerate(spans)}
    marks = []
    for name, label in tags.items():
        if name not in sentences:
            last = list(sentences)[-1]
            raise NutgrafError(
                f"{place}.tags: there is no sentence {shortened(name)}. They are S00 (the first) "
                f"to {last}; correct it."
            )
        start, end = sentences[name]
        id, note = f"{raw['id']}-{name}", why.get(name, "")
        marks.append(mark_at(article, start, end, label, id=id, kind="tag", note=note))
    return marks


def _highlights(raw: dict[str, Any], article: Article, place: str) -> list[Mark]:
    marks = []
    for number, one in enumerate(check_list(raw["highlights"], f"{place}.highlights")):
        here = f"{place}.highlights[{number}]"
        check_span(article.text, one, here)
        other = [name for name in one if name not in _SPAN]
        if other or not _in_words(one.get("label")):
            raise NutgrafError(
                f"{here}: a highlight has {', '.join(_SPAN[:-1])}, and if need be {_SPAN[-1]}; "
                f"look at {shortened(other[0] if other else 'label')}."
            )
        id, note = f"{raw['id']}-H{number:02}", one.get("note", "")
        marks.append(mark_at(article, one["start"], one["end"], one["label"], id=id, note=note))
    return marks


def _in_words(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())
