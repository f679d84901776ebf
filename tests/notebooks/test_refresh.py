"""tools/refresh.py: what it renews, what it keeps, and what it writes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import refresh
import samples
from nbformat.v4 import new_output
from samples import code, markdown, page

from nutgraf.errors import NutgrafError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A notebooks folder with one lesson."""
    return samples.write_kit(tmp_path / "notebooks").parent


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.glob("*.ipynb"))}


# --- navigation ----------------------------------------------------------------------------


def test_check_names_what_is_out_of_date_and_changes_nothing(folder: Path, capsys):
    before = bytes_of(folder)

    assert refresh.main(["--check"], folder) == 1
    assert [line.split(":")[0] for line in capsys.readouterr().out.splitlines()] == [
        "03-words.ipynb",
        "index.ipynb",
    ]
    assert bytes_of(folder) == before


def test_renewed_navigation_passes_the_check(folder: Path):
    assert refresh.main(["--navigation"], folder) == 0

    assert refresh.main(["--check"], folder) == 0


def test_a_new_title_puts_navigation_out_of_date(folder: Path):
    refresh.main(["--navigation"], folder)
    path = folder / "03-words.ipynb"
    path.write_text(path.read_text("utf-8").replace("about 45 minutes", "about 5 minutes"), "utf-8")

    assert refresh.out_of_date(folder) == ["03-words.ipynb"]


def test_a_link_to_a_heading_in_another_notebook_leads_to_its_cell(tmp_path: Path):
    text = "[a](glossary.ipynb#Token) [b](glossary.ipynb#Type) [c](#Token) [d](x.ipynb)"
    path = samples.write_kit(
        tmp_path / "kit", lambda lesson: samples.cell(lesson, "03-cut").update(source=text)
    )

    fresh = refresh.renewed(path.parent)[path]

    assert samples.cell(fresh, "03-cut").source == text.replace(
        "glossary.ipynb#Token", "glossary.ipynb#cell-id=glossary-token"
    )


def test_two_cells_with_one_id_are_an_error_that_names_them(folder: Path, capsys):
    path = samples.write_kit(
        folder / "more", lambda lesson: samples.cell(lesson, "03-cut").update(id="03-setup")
    )

    assert refresh.main(["--check"], path.parent) == 1
    assert "03-words.ipynb: two cells have the id '03-setup'" in capsys.readouterr().err


# --- running -------------------------------------------------------------------------------


@pytest.fixture
def runnable(tmp_path: Path) -> Path:
    """A folder with one notebook of everything that differs between two runs."""
    folder = tmp_path / "notebooks"
    folder.mkdir()
    cells = [
        markdown("00-title", "# 00 Try\n\nHello."),
        code("00-order", "print({'a', 'b', 'c'})", execution={"iopub.execute_input": "now"}),
        code("00-pieces", "for n in range(3):\n    print(n, flush=True)"),
        code("00-fail", "import json\njson.loads('x')", "raises-exception"),
        code("00-where", "import os\nos.listdir(), os.environ['NLTK_DATA']"),
        code("00-widget", "import ipywidgets\nipywidgets.IntSlider(5)"),
        code("00-ask", "# Question: press Shift+Enter\n1", "quiz"),
    ]
    said = {"minutes": 5, "act": "start", "idea": "try it"}
    refresh.write(folder / "00-try.ipynb", page(*cells, nutgraf=said))
    refresh.write(folder / "glossary.ipynb", page(markdown("glossary-title", "# Glossary")))
    refresh.refresh(folder, [], say=lambda words: None)
    return folder


def test_a_second_run_gives_the_same_bytes(runnable: Path):
    before = bytes_of(runnable)

    refresh.refresh(runnable, ["00"], say=lambda words: None)

    assert bytes_of(runnable) == before


def test_what_is_written_is_of_no_machine_moment_or_front_end(runnable: Path):
    path = runnable / "00-try.ipynb"
    notebook = refresh.read(path)
    cells = {cell.id: cell for cell in notebook.cells}

    assert [c.execution_count for c in notebook.cells if c.cell_type == "code"] == [
        1,
        2,
        3,
        4,
        5,
        6,
    ]
    assert cells["00-order"].metadata == {}
    assert cells["00-pieces"].outputs == [new_output("stream", name="stdout", text="0\n1\n2\n")]
    assert cells["00-where"].outputs[0].data["text/plain"] == "([], '')"
    assert list(cells["00-widget"].outputs[0].data) == ["text/plain"]
    assert cells["00-ask"].metadata.jupyter.source_hidden is True
    assert notebook.metadata.language_info.get("version") is None
    assert "widgets" not in notebook.metadata
    assert path.read_text("utf-8").endswith("}\n")


def test_a_traceback_does_not_tell_whose_machine_it_was(runnable: Path):
    text = (runnable / "00-try.ipynb").read_text("utf-8")

    assert "JSONDecodeError" in text
    assert "json.loads" in text
    assert str(refresh.ROOT) not in text
    assert str(Path(os.__file__).parent) not in text


def test_a_cell_that_fails_is_named_and_its_notebook_is_left_alone(folder: Path, capsys):
    path = folder / "03-words.ipynb"
    notebook = page(
        markdown("03-title", "# 03 W"), code("03-bad", "1 / 0"), nutgraf=samples.METADATA
    )
    refresh.write(path, notebook)

    assert refresh.main(["03"], folder) == 1
    assert "03-words.ipynb: cell 03-bad:" in capsys.readouterr().err
    assert "ZeroDivisionError" not in path.read_text("utf-8")


def test_an_unknown_lesson_is_an_error_that_lists_those_there_are(folder: Path, capsys):
    assert refresh.main(["07"], folder) == 1
    assert "There are: 03-words" in capsys.readouterr().err


@pytest.mark.parametrize(
    "path",
    [
        "/home/ana/.venv/lib/python3.11/site-packages/pandas/core/x.py",
        r"C:\kit\.venv\Lib\site-packages\pandas\core\x.py",
    ],
)
def test_a_library_keeps_its_name_and_loses_its_place(path: str):
    found = refresh.anonymous(f"File \x1b[32m{path}:12\x1b[39m, in f")

    assert found.replace("\\", "/") == (
        "File \x1b[32m.../site-packages/pandas/core/x.py:12\x1b[39m, in f"
    )


def test_a_write_that_changes_nothing_touches_nothing(folder: Path):
    path = folder / "glossary.ipynb"
    before = path.stat().st_mtime_ns

    assert refresh.write(path, refresh.read(path)) is False
    assert path.stat().st_mtime_ns == before


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"cells": [1]}'])
def test_a_file_that_is_no_notebook_is_an_error_with_its_name(folder: Path, text: str):
    (folder / "glossary.ipynb").write_text(text, encoding="utf-8")

    with pytest.raises(NutgrafError, match=r"^glossary\.ipynb: is not a notebook"):
        refresh.renewed(folder)


def test_a_file_that_is_no_lesson_is_an_error_with_its_name(folder: Path):
    (folder / "04-x.ipynb").write_text("{}", encoding="utf-8")

    with pytest.raises(NutgrafError, match=r"^04-x\.ipynb"):
        refresh.renewed(folder)
