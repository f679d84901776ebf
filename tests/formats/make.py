"""Makes the files in this folder with other tools' own libraries. No test runs it.

    pip install bratly==0.1.4 label-studio-converter==0.0.59 web-anno-tsv==0.0.1 conllu==6.0.0
    python tests/formats/make.py

The texts are invented: `queue.txt` here, and the seed kettle-bridge.

theirs: written by those libraries, read by the tests
    kettle-bratly.ann             bratly
    queue-ls.conll                label-studio-converter, from queue-ls.json
    queue-ls-min.json             label-studio-converter, from queue-ls.json
    queue-web-anno-tsv.tsv        web-anno-tsv
by hand, after the tools' documentation and real exports
    queue-ls.json                 a Label Studio project's export
    queue-doccano-utf16.jsonl     doccano, counting as JavaScript does
    queue-inception.tsv           INCEpTION: relations, stacked marks, two layers
    queue-recogito.json           Recogito's kind of Web Annotation
ours: written by nutgraf.formats, checked here by those libraries, compared by the tests
    kettle-ours.ann, kettle-ours.conll, queue-ours.tsv, kettle-ours.json
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from nutgraf import load
from nutgraf.annotating import Layer, Relation, in_order, load_scheme, mark_at, text_sha256
from nutgraf.article import Article
from nutgraf.formats import label_studio_config, write

HERE = Path(__file__).parent

QUEUE = Article.from_text((HERE / "queue.txt").read_bytes().decode(), "queue")
KETTLE = load("kettle-bridge")


def layer_for_brat() -> Layer:
    """Marks with a gap, over a line end, with a note, an attribute and an arrow."""
    text = KETTLE.text

    def span(words: str) -> tuple[int, int]:
        return text.index(words), text.index(words) + len(words)

    first, last = span('"We found rot in 14 of the 52 beams,"'), span('"and we have not opened')
    end = text.index('"', last[0] + 1) + 1
    source = span("Marta Oyelaran, the council's chief engineer")
    over = (span("opened all of them yet.")[0], span("The repairs will cost")[1])
    marks = [
        mark_at(KETTLE, first[0], end, "QUOTE", id="T1", fragments=(first, (last[0], end))),
        mark_at(KETTLE, *source, "SOURCE", id="T2", note="by name and office"),
        mark_at(KETTLE, *over, "VAGUE", id="T3", attributes={"level": "accepted"}),
        mark_at(KETTLE, *span("£250,000"), "SOURCE", id="T4"),
    ]
    relation = Relation("R1", "T1", "T2", "said-by")
    return Layer("17", KETTLE.name, text_sha256(KETTLE), "", in_order(marks), (relation,))


def layer_for_tokens(article: Article) -> Layer:
    words = {
        "kettle-bridge": ["chain ferry", "Marta Oyelaran", "£310,000", '"a bit of a joke that'],
        "queue": ["landing 🚲", "caf", "300 extra cups 😊", '"bakers expect a queue"'],
    }[article.name]
    marks = [
        mark_at(article, article.text.index(one), article.text.index(one) + len(one), label, id=id)
        for one, label, id in zip(
            words, ["LOADED", "SOURCE", "VAGUE", "QUOTE"], "abcd", strict=True
        )
    ]
    sha256 = text_sha256(article)
    return Layer("17", article.name, sha256, "newsmarks-7", in_order(marks))


def with_bratly() -> None:
    from bratly.annotation_types import (
        AttributeAnnotation,
        EntityAnnotation,
        Fragment,
        NoteAnnotation,
        RelationAnnotation,
    )

    layer, entities, lines = layer_for_brat(), {}, []
    for mark in layer.marks:
        pieces = []
        for start, end in mark.spans:
            for line in KETTLE.text[start:end].split("\n"):
                pieces += [(start, start + len(line))] if line else []
                start += len(line) + 1  # noqa: PLW2901
        entities[mark.id] = EntityAnnotation(
            id=mark.id,
            label=mark.label,
            fragments=[Fragment(start=a, end=b) for a, b in pieces],
            content=" ".join(KETTLE.text[a:b] for a, b in pieces),
        )
        lines.append(str(entities[mark.id]))
    arrow = ("Arg1", entities["T1"]), ("Arg2", entities["T2"])
    relation = RelationAnnotation(id="R1", label="said-by", argument1=arrow[0], argument2=arrow[1])
    level = AttributeAnnotation(
        id="A1", label="level", component=entities["T3"], values=["accepted"]
    )
    note = NoteAnnotation(
        id="#1", label="AnnotatorNotes", component=entities["T2"], value="by name and office"
    )
    lines += [str(relation), str(level), str(note)]
    (HERE / "kettle-bratly.ann").write_text("\n".join(lines) + "\n")

    ours = write(layer, KETTLE, "brat").text
    read, others = {}, []
    for line in ours.splitlines():
        if line.startswith("T"):
            one = EntityAnnotation.from_line(line)
            read[one.id] = one
        else:
            kinds = {"R": RelationAnnotation, "A": AttributeAnnotation, "#": NoteAnnotation}
            others.append(kinds[line[0]].from_line(line, read))
    assert [str(one) for one in read.values()] == [line for line in lines if line[0] == "T"]
    assert sorted(map(str, others)) == sorted(lines[len(read) :])
    (HERE / "kettle-ours.ann").write_bytes(ours.encode())


def with_label_studio_converter() -> None:
    from label_studio_converter import Converter

    export = json.loads((HERE / "queue-ls.json").read_text())
    config = label_studio_config(load_scheme())
    with tempfile.TemporaryDirectory() as folder:
        task = Path(folder, "in.json")
        for name, tasks in {"queue": export, "ours": ours_for_label_studio()}.items():
            task.write_text(json.dumps(tasks))
            converter = Converter(
                config, folder, output_tags=["highlight"], download_resources=False
            )
            converter.convert_to_conll2003(str(task), f"{folder}/{name}", is_dir=False)
            converter.convert_to_json_min(str(task), f"{folder}/{name}", is_dir=False)
        conll = Path(folder, "queue/result.conll").read_text()
        (HERE / "queue-ls.conll").write_text(conll)
        small = json.loads(Path(folder, "queue/result.json").read_text())
        (HERE / "queue-ls-min.json").write_text(json.dumps(small, ensure_ascii=False) + "\n")
        seen = json.loads(Path(folder, "ours/result.json").read_text())[0]
    wanted = [(m.quote, [m.label]) for m in layer_for_tokens(KETTLE).marks]
    assert [(one["text"], one["labels"]) for one in seen["highlight"]] == wanted


def ours_for_label_studio() -> list:
    text = write(layer_for_tokens(KETTLE), KETTLE, "label-studio").text
    (HERE / "kettle-ours.json").write_bytes(text.encode())
    return json.loads(text)


def with_web_anno_tsv() -> None:
    from web_anno_tsv import open_web_anno_tsv
    from web_anno_tsv.web_anno_tsv import AnnotatedSentence, Annotation, Span

    path = HERE / "queue-web-anno-tsv.tsv"
    layer = layer_for_tokens(QUEUE)
    with open_web_anno_tsv(str(path), "w", overwrite=True) as file:
        for start, end in zip(QUEUE.sentences["start"], QUEUE.sentences["end"], strict=True):
            words = QUEUE.words[QUEUE.words["start"].between(start, end - 1)]
            tokens = [
                Span(QUEUE.text[a:b], a - start, b - start, True)
                for a, b in with_signs(words, start, end)
            ]
            here = [m for m in layer.marks if start <= m.start < end]
            marks = [Annotation(m.label, m.quote, m.start - start, m.end - start) for m in here]
            file.write(AnnotatedSentence(QUEUE.text[start:end], tokens, marks))

    ours = write(layer, QUEUE, "webanno").text
    path = HERE / "queue-ours.tsv"
    path.write_bytes(ours.encode())
    # The library reads the second column of the first layer, which is the label.
    with open_web_anno_tsv(str(path)) as file:
        sentences = list(file)
    assert [one.text for one in sentences] == QUEUE.sentences["text"].tolist()
    found = [(one.text, one.label) for sentence in sentences for one in sentence.annotations]
    assert found == [(mark.quote, mark.label) for mark in layer.marks], found


def with_signs(words, start: int, end: int):
    """The words of a sentence, and every other sign by itself."""
    place = start
    for first, last in [*zip(words["start"], words["end"], strict=True), (end, end)]:
        text = QUEUE.text[place:first]
        for run in text.split():
            at = place + text.index(run)
            yield at, at + len(run)
        if first < last:
            yield first, last
        place = last


def with_conllu() -> None:
    import conllu

    layer = layer_for_tokens(KETTLE)
    ours = write(layer, KETTLE, "bio").text
    sentences = conllu.parse(ours, fields=["form", "tag"])
    found, open_ = [], None
    for token in (token for sentence in sentences for token in sentence):
        sort, _, label = token["tag"].partition("-")
        if sort == "B":
            open_ = (label, [token["form"]])
            found.append(open_)
        elif sort == "I":
            open_[1].append(token["form"])
    wanted = [(mark.label, mark.quote.replace(" ", "")) for mark in layer.marks]
    assert [(label, "".join(forms)) for label, forms in found] == wanted
    (HERE / "kettle-ours.conll").write_bytes(ours.encode())


if __name__ == "__main__":
    sys.path[:0] = sys.argv[1:]  # folders with the libraries, if they are not installed
    with_bratly()
    with_label_studio_converter()
    with_web_anno_tsv()
    with_conllu()
