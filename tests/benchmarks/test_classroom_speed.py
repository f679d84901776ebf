"""A class of three hundred learners with sixty marks each, from a folder to the sheet.

python -m pytest tests/benchmarks/test_classroom_speed.py --benchmark-only
"""

from __future__ import annotations

import itertools
import json
import random
from dataclasses import replace
from pathlib import Path

import pytest

from nutgraf import agreement, classroom
from nutgraf.annotating import Layer
from nutgraf.journal import Journal
from nutgraf.samples import sample_layers

LEARNERS, MARKS = 300, 60


@pytest.fixture(scope="module")
def folder(tmp_path_factory, article) -> Path:
    """Journals made of the sample annotators' marks, shuffled."""
    place, dice = tmp_path_factory.mktemp("class"), random.Random(0)
    layers = sample_layers(article)
    highlights = [one for layer in layers for one in layer.marks if one.kind == "highlight"]
    for number in range(LEARNERS):
        base = layers[number % len(layers)]
        pool = [*base.marks, *dice.sample(highlights, len(highlights))]
        kept = {(m.start, m.end, m.kind if m.kind == "tag" else m.label): m for m in pool}
        layer = replace(base, marks=tuple(kept.values())[:MARKS])
        (place / f"learner {number}").mkdir()
        path = place / f"learner {number}" / "my-marks-sadr-protests.jsonl"
        Journal.open(path, article).add_layer(layer)
        header, added = map(json.loads, path.read_text(encoding="utf-8").splitlines())
        lines = [  # one line a mark, as a learner's file has it
            added | {"act": str(n), "marks": [mark]} for n, mark in enumerate(added["marks"])
        ]
        said = "".join(json.dumps(line) + "\n" for line in (header, *lines))
        path.write_text(said, encoding="utf-8")
    return place


@pytest.fixture(scope="module")
def collected(folder, article):
    return classroom.collect(folder, article)


def test_collecting_the_files(benchmark, folder, article):
    cls = benchmark.pedantic(classroom.collect, (folder, article), rounds=3, warmup_rounds=1)
    assert len(cls.layers) == LEARNERS
    assert cls.problems.empty


def test_the_agreement_table(benchmark, collected, article):
    table = benchmark.pedantic(classroom.agreement_table, (collected, article), rounds=3)
    assert table["alpha"].notna().all()


def test_the_sheet(benchmark, collected, article, tmp_path):
    sheet = (collected, article, tmp_path / "sheet.html")
    assert benchmark.pedantic(classroom.discussion_sheet, sheet, rounds=3).exists()


def spans(layer: Layer) -> list[tuple[int, int]]:
    return sorted({(one.start, one.end) for one in layer.marks if one.label == "LOADED"})


@pytest.mark.benchmark(group="F1 of pairs, overlap")
def test_f1_of_44850_pairs(benchmark, collected):
    learners = [spans(layer) for layer in collected.layers.values()]
    benchmark.pedantic(classroom._pair_f1, (learners,), rounds=3)


@pytest.mark.benchmark(group="F1 of pairs, overlap")
def test_f1_of_435_pairs_one_by_one(benchmark, collected):
    """What people would write first, for a class of thirty."""
    learners = [spans(layer) for layer in collected.layers.values()][:30]

    def one_by_one() -> float:
        pairs = list(itertools.combinations(learners, 2))
        return sum(agreement.span_f1(*pair, "type")["f1"].iloc[-1] for pair in pairs) / len(pairs)

    mean = benchmark.pedantic(one_by_one, rounds=1)
    assert mean == pytest.approx(classroom._pair_f1(learners)[1])
