"""What a learner gets holds no answer and no output, and its links lead somewhere."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
import refresh

from nutgraf.folder import as_bytes, editions, learner_edition, prepare
from nutgraf.quizzes import Item, Part, all_items
from tests.editions.leaks import answered, feedback

# Other metadata could carry a key past everybody who only looks at cells.
CELL_METADATA = {*refresh.CELL_METADATA}
PAGE_METADATA = {"kernelspec", "language_info", "nutgraf"}
LESSON_METADATA = {"minutes", "act", "idea", "hints"}


@pytest.fixture(scope="module")
def edition() -> dict[str, dict]:
    """The learner's notebooks: path in the learner's folder -> notebook."""
    return {name: json.loads(data) for name, data in editions().items() if name.endswith("ipynb")}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A learner's folder as `nutgraf` makes it."""
    made = tmp_path_factory.mktemp("learner") / "my-nutgraf"
    prepare(made)
    return made


def sources(notebook: dict) -> Iterator[tuple[str, str]]:
    for cell in notebook["cells"]:
        yield cell["cell_type"], "".join(cell["source"])


def leaks(notebook: dict, items: Iterable[Item]) -> list[str]:
    """What of the items' keys stands in a notebook, in its cells or anywhere else."""
    everything = " ".join(json.dumps(notebook, ensure_ascii=False).split())
    everything += " ".join(" ".join(source.split()) for _, source in sources(notebook))
    found = []
    by_id = {item.id: item for item in items}
    for item in by_id.values():
        for said in feedback(item):
            words = " ".join(said.split())
            if len(words.split()) > 3 and words in everything:
                found.append(f"{item.id}: {words[:60]!r}")
    for kind, source in sources(notebook):
        if kind == "code":
            found += [f"{name}: answered in a cell" for name in answered(source, by_id)]
    return found


def metadata_beyond(notebook: dict) -> set[str]:
    """Names of metadata that a learner's notebook has no use for."""
    found = set(notebook["metadata"]) - PAGE_METADATA
    found |= set(notebook["metadata"].get("nutgraf", {})) - LESSON_METADATA
    for cell in notebook["cells"]:
        found |= set(cell["metadata"]) - CELL_METADATA
    return found


def dead_links(folder: Path) -> list[str]:
    """Links in a learner's folder to files and cells that are not in it."""
    found = []
    for path in sorted(folder.rglob("*.ipynb")):
        for kind, source in sources(json.loads(path.read_bytes())):
            targets = re.findall(r"\]\(([^)\s]+)\)", source) if kind == "markdown" else []
            for target in targets:
                file, _, cell = target.partition("#cell-id=")
                file = file.partition("#")[0]
                if not file or re.match(r"[a-z]+:", file):
                    continue
                there = path.parent / file
                if not there.is_file() or (
                    cell and f'"id": "{cell}"' not in there.read_text("utf-8")
                ):
                    found.append(f"{path.relative_to(folder)}: {target}")
    return found


# --- what a learner gets -------------------------------------------------------------------


def test_a_learner_gets_notebooks_and_nothing_else_of_the_kit():
    others = {name for name in editions() if not name.endswith(".ipynb")}

    assert others <= {"exercises/README.md"}


def test_no_output_and_no_count_is_left(edition):
    left = [
        (name, cell["id"])
        for name, notebook in edition.items()
        for cell in notebook["cells"]
        if cell.get("outputs") or cell.get("execution_count")
    ]

    assert left == []


def test_no_key_and_no_feedback_is_in_a_learners_notebook(edition):
    items = all_items().values()

    assert {name: leaks(notebook, items) for name, notebook in edition.items()} == {
        name: [] for name in edition
    }


def test_no_metadata_is_there_that_could_hold_a_key(edition):
    assert {name: metadata_beyond(notebook) for name, notebook in edition.items()} == {
        name: set() for name in edition
    }


def test_links_lead_somewhere_in_the_learners_folder(folder: Path):
    assert dead_links(folder) == []


def test_making_it_again_gives_the_same_bytes():
    assert editions() == editions()


def test_an_edition_of_an_edition_is_the_same(edition):
    again = {name: learner_edition(notebook) for name, notebook in edition.items()}

    assert again == edition


def test_navigation_is_up_to_date_in_the_learners_folder_too(folder: Path):
    assert refresh.out_of_date(folder) == []


# --- the searches can fail -----------------------------------------------------------------

ITEM = Item(
    id="T1",
    lesson="03-words",
    kind="number",
    prompt="How many?",
    answer=0,
    says="Every copy carries a mark.",
    otherwise="Run the cell and look again.",
    hints=("Print the pieces that you get.",),
    known=({"value": 5, "says": "A reader sees five of them."},),
    parts=(Part("glued", "glued", says="The mark is glued on."),),
)


def page(*cells: tuple[str, str], **metadata: Any) -> dict:
    made = [
        {"cell_type": kind, "id": "x", "metadata": metadata, "source": source, "outputs": []}
        for kind, source in cells
    ]
    return {"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


@pytest.mark.parametrize("said", list(feedback(ITEM)))
@pytest.mark.parametrize("kind", ["markdown", "code"])
def test_feedback_in_a_cell_is_a_leak(said: str, kind: str):
    broken_up = said.replace(" ", "\n", 2)

    assert leaks(page((kind, f"so: {broken_up}")), [ITEM]) != []


def test_feedback_in_metadata_is_a_leak():
    assert leaks(page(("code", "1"), tags=[ITEM.says]), [ITEM]) != []


@pytest.mark.parametrize(("source", "leaking"), [('answer("T1", 0)', 1), ('answer("T1", 5)', 0)])
def test_a_right_answer_in_a_cell_is_a_leak(source: str, leaking: int):
    assert len(leaks(page(("code", source)), [ITEM])) == leaking


def test_a_question_is_no_leak():
    assert (
        leaks(page(("code", '# Question\npredict("T1")'), ("markdown", "How many?")), [ITEM]) == []
    )


def test_unknown_metadata_is_found():
    assert metadata_beyond(page(("code", "1"), key="T1")) == {"key"}


@pytest.mark.parametrize(
    "target", ["no.ipynb", "../exercises/E01.ipynb", "page.ipynb#cell-id=no", "seeds/article.txt"]
)
def test_a_dead_link_is_found(target: str, tmp_path: Path):
    (tmp_path / "page.ipynb").write_bytes(as_bytes(page(("markdown", f"[a]({target})"))))

    assert dead_links(tmp_path) == [f"page.ipynb: {target}"]


@pytest.mark.parametrize("target", ["page.ipynb", "page.ipynb#cell-id=x", "#Top", "https://a.org"])
def test_a_link_that_leads_somewhere_passes(target: str, tmp_path: Path):
    (tmp_path / "page.ipynb").write_bytes(as_bytes(page(("markdown", f"[a]({target})"))))

    assert dead_links(tmp_path) == []
