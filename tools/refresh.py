"""Bring the reference edition up to date: navigation, index, and every output.

    python tools/refresh.py              all notebooks
    python tools/refresh.py 03-words     run this one only (navigation is renewed everywhere)
    python tools/refresh.py --navigation renew navigation and index, run nothing
    python tools/refresh.py --check      change nothing; exit 1 and name what is out of date

Notebooks are run on a fresh kernel each, in an empty folder with an empty home, and what is
written is normalised: two runs on one machine give the same bytes.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import nbformat
from jupyter_client.kernelspec import KernelSpecManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

from nutgraf.errors import NutgrafError
from nutgraf.lessons import Lesson, find, lessons, with_contents, with_navigation

ROOT = Path(__file__).parents[1]
NOTEBOOKS = ROOT / "notebooks"
INDEX = "index.ipynb"

_LINK = re.compile(r"\]\((?P<file>[\w-]+\.ipynb)#(?P<heading>[^)\s=]+)\)")

CELL_METADATA = ("deletable", "editable", "jupyter", "nbgrader", "tags")
"""What a cell's metadata may keep; the rest is a front end's or a run's."""

KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
# The Python version is left out: it would change every file on every other machine.
LANGUAGE = {
    "codemirror_mode": {"name": "ipython", "version": 3},
    "file_extension": ".py",
    "mimetype": "text/x-python",
    "name": "python",
    "nbconvert_exporter": "python",
    "pygments_lexer": "ipython3",
}
WIDGET = "application/vnd.jupyter.widget-view+json"

# Everything up to the library: a path must not tell whose machine it was.
_START = r"(?:[A-Za-z]:)?[\\/][^\s\x1b'\":]*?[\\/]"
_LIBRARY = re.compile(
    rf"{_START}(?=(?:site|dist)-packages[\\/])|{_START}lib[\\/](?=python3\.\d+[\\/])", re.IGNORECASE
)
_FRAME = re.compile(r"(?:\x1b\[[\d;]*m)*File (?!(?:\x1b\[[\d;]*m)*<)")


# --- reading and writing -------------------------------------------------------------------


def read(path: Path) -> NotebookNode:
    """The notebook at `path`, as nbformat 4.

    Raises NutgrafError when the file is none, or when two cells have one id, which nbformat would
    replace by chance.
    """
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        ids = [cell.get("id") for cell in raw["cells"]]
    except (ValueError, KeyError, TypeError, AttributeError) as problem:
        raise NutgrafError(
            f"{path.name}: is not a notebook ({problem!r}); restore it."
        ) from problem
    if twins := sorted({name for name in ids if name and ids.count(name) > 1}):
        raise NutgrafError(f"{path.name}: two cells have the id {twins[0]!r}; rename one.")
    return nbformat.reads(json.dumps(raw), as_version=4)


def dumps(notebook: NotebookNode) -> str:
    """A notebook as text: keys sorted, one final line end."""
    return nbformat.writes(notebook, version=4).rstrip("\n") + "\n"


def write(path: Path, notebook: NotebookNode) -> bool:
    """Write the notebook at one stroke, if it differs from the file; say whether it did."""
    text = dumps(notebook)
    if path.exists() and path.read_bytes() == text.encode():
        return False
    fresh = path.with_name(f".{path.name}.new")
    fresh.write_bytes(text.encode())
    os.replace(fresh, path)
    return True


# --- navigation ----------------------------------------------------------------------------


def renewed(folder: Path) -> dict[Path, NotebookNode]:
    """Every notebook of the folder with fresh navigation and links; nothing is written."""
    table = {lesson.file: lesson for lesson in lessons(folder)}
    pages = {path: read(path) for path in sorted(folder.glob("*.ipynb"))}
    anchors = {path.name: _cell_of_heading(page) for path, page in pages.items()}
    for path, page in pages.items():
        fresh: dict = page
        if path.name in table:
            fresh = with_navigation(page, table[path.name], list(table.values()))
        elif path.name == INDEX:
            fresh = with_contents(page, list(table.values()))
        pages[path] = nbformat.from_dict(with_cell_links(fresh, anchors))
    return pages


def with_cell_links(page: dict, anchors: dict[str, dict[str, str]]) -> dict:
    """The page with `words.ipynb#Heading` made `words.ipynb#cell-id=...`, where there is one.

    JupyterLab looks for a heading before it has drawn the notebook that it opens, so the first
    click would end at the top of the page; a cell is found at once. nbconvert's pages know both.
    anchors: file -> heading as an anchor -> cell id.
    """

    def by_cell(link: re.Match[str]) -> str:
        cell = anchors.get(link["file"], {}).get(link["heading"])
        return f"]({link['file']}#cell-id={cell})" if cell else link[0]

    cells = [
        {**cell, "source": _LINK.sub(by_cell, cell["source"])}
        if cell["cell_type"] == "markdown"
        else cell
        for cell in page["cells"]
    ]
    return {**page, "cells": cells}


def _cell_of_heading(page: NotebookNode) -> dict[str, str]:
    return {
        heading.strip().replace(" ", "-"): cell.id
        for cell in reversed(page.cells)
        if cell.cell_type == "markdown"
        for heading in re.findall(r"^#+ (.+)$", cell.source, re.MULTILINE)
    }


def out_of_date(folder: Path) -> list[str]:
    """Names of the notebooks whose navigation or links are not what they would be if made now."""
    return [path.name for path, fresh in renewed(folder).items() if fresh != read(path)]


# --- running -------------------------------------------------------------------------------


def environment(home: Path) -> dict[str, str]:
    """Environment for a kernel that finds nothing of this machine's owner.

    home: a folder of its own; an empty user's home and matplotlib's font list are made in it.
    """
    dropped = ("JUPYTER", "IPYTHON", "NLTK", "MPL", "PYTHON", "NUTGRAF")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
    (home / "user").mkdir(parents=True, exist_ok=True)
    found = {
        **kept,
        "HOME": str(home / "user"),
        "USERPROFILE": str(home / "user"),
        "NLTK_DATA": "",
        "MPLCONFIGDIR": str(home / "matplotlib"),
        "PYTHONHASHSEED": "0",
        "PYTHONUTF8": "1",
        "SOURCE_DATE_EPOCH": "0",
        "TZ": "UTC",
    }
    # A first plot would otherwise write "building the font cache" into a cell's output.
    command = [sys.executable, "-W", "ignore", "-c", "import matplotlib.font_manager"]
    subprocess.run(command, env=found, check=True, capture_output=True)
    return found


def run(notebook: NotebookNode, folder: Path, env: dict[str, str], timeout: int = 300) -> None:
    """Run all cells in order on a fresh kernel of this Python; outputs go into `notebook`.

    Raises NutgrafError naming the cell that failed.
    """
    client = NotebookClient(
        notebook,
        timeout=timeout,
        resources={"metadata": {"path": str(folder)}},
        kernel_name="python3",
        record_timing=False,
        store_widget_state=False,
        coalesce_streams=True,
    )
    client.create_kernel_manager()
    # Only the kernel of this very environment: a user's own "python3" could be another Python.
    client.km.kernel_spec_manager = KernelSpecManager(kernel_dirs=[])
    try:
        # What a cell writes to stderr comes over a socket; this is the kernel's own log.
        client.execute(env=env, stderr=subprocess.DEVNULL)
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as problem:
        raise NutgrafError(f"{_failed(notebook)}: {problem}") from problem


def _failed(notebook: NotebookNode) -> str:
    broken = [
        cell
        for cell in notebook.cells
        if cell.cell_type == "code"
        and any(output.output_type == "error" for output in cell.outputs)
        and "raises-exception" not in cell.metadata.get("tags", [])
    ]
    return f"cell {broken[-1].get('id', '?')}" if broken else "a cell"


def normalise(notebook: NotebookNode) -> NotebookNode:
    """The notebook as it is kept: nothing of a machine, a moment or a front end.

    Counts go 1..n; widgets leave their text twin; metadata not in CELL_METADATA is dropped; cells
    that ask a question hide their code.
    """
    kept = {key: value for key, value in notebook.metadata.items() if key in ("nutgraf", "title")}
    notebook.metadata = nbformat.from_dict(
        {**kept, "kernelspec": KERNEL, "language_info": LANGUAGE}
    )
    count = 0
    for cell in notebook.cells:
        metadata = {key: cell.metadata[key] for key in CELL_METADATA if key in cell.metadata}
        metadata.get("jupyter", {}).pop("outputs_hidden", None)
        if "quiz" in metadata.get("tags", []):
            metadata["jupyter"] = {**metadata.get("jupyter", {}), "source_hidden": True}
        cell.metadata = nbformat.from_dict({key: value for key, value in metadata.items() if value})
        if cell.cell_type == "code":
            count += 1
            cell.execution_count = count
            cell.outputs = [_kept(output, count) for output in _joined(cell.outputs)]
    return notebook


def _joined(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """Outputs with each stream in one piece: how often a kernel flushes is chance."""
    joined: list[NotebookNode] = []
    for output in outputs:
        last = joined[-1] if joined else {}
        if output.output_type == "stream" and last.get("name") == output.name:
            last["text"] += output.text
        else:
            joined.append(output)
    return joined


def _kept(output: NotebookNode, count: int) -> NotebookNode:
    if output.output_type == "stream":
        output.text = anonymous(output.text)
    elif output.output_type == "error":
        # Frames inside libraries have paths and line numbers of one machine and version.
        frames = [frame for frame in output.traceback if not _FRAME.match(frame)]
        output.traceback = [anonymous(frame) for frame in frames]
    else:
        if WIDGET in output.data:
            output.data = nbformat.from_dict({"text/plain": output.data.get("text/plain", "")})
            output.metadata = nbformat.from_dict({})
        if output.output_type == "execute_result":
            output.execution_count = count
    return output


def anonymous(text: str) -> str:
    """Text without the part of a path that says where a library or the kit lies."""
    text = text.replace(str(ROOT) + os.sep, f"...{os.sep}")
    return _LIBRARY.sub(lambda found: "..." + found[0][-1], text)


# --- command -------------------------------------------------------------------------------


def refresh(folder: Path, names: list[str], say: Callable[[str], object] = print) -> None:
    """Renew navigation everywhere, then run the named notebooks (default: all with code)."""
    pages = renewed(folder)
    chosen = {_path(folder, name, lessons(folder)) for name in names} or set(pages)
    for path, page in pages.items():
        write(path, page)
    with tempfile.TemporaryDirectory() as temporary:
        env = environment(Path(temporary) / "home")
        for path in (path for path in pages if path in chosen):
            began = time.perf_counter()
            cwd = Path(temporary) / path.stem
            cwd.mkdir()
            try:
                if any(cell.cell_type == "code" for cell in pages[path].cells):
                    run(pages[path], cwd, env)
            except NutgrafError as problem:
                raise NutgrafError(f"{path.name}: {problem}") from problem
            changed = write(path, normalise(pages[path]))
            seconds = time.perf_counter() - began
            say(f"{path.name}: {'written' if changed else 'unchanged'} ({seconds:.1f} s)")


def _path(folder: Path, name: str, table: tuple[Lesson, ...]) -> Path:
    stem = Path(name).name.removesuffix(".ipynb")
    page = folder / f"{stem}.ipynb"
    return page if page.exists() else folder / find(stem, table).file


def main(arguments: list[str] | None = None, folder: Path = NOTEBOOKS) -> int:
    """The command; `folder` is the kit's notebooks unless a test brings its own."""
    parser = argparse.ArgumentParser(
        prog="refresh.py", description="Bring navigation, index and outputs up to date."
    )
    parser.add_argument("names", nargs="*", help="03, 03-words or index; default: all")
    parser.add_argument("--navigation", action="store_true", help="run nothing")
    parser.add_argument(
        "--check", action="store_true", help="change nothing; exit 1 if out of date"
    )
    options = parser.parse_args(arguments)
    try:
        if options.check:
            stale = out_of_date(folder)
            for name in stale:
                print(f"{name}: navigation is out of date; run: python tools/refresh.py {name}")
            return 1 if stale else 0
        if options.navigation:
            for path, page in renewed(folder).items():
                print(f"{path.name}: {'written' if write(path, page) else 'unchanged'}")
            return 0
        refresh(folder, options.names)
    except NutgrafError as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
