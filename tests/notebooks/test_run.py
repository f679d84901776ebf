"""Every notebook runs from the top, offline, and gives the outputs that are kept in it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
import refresh
from samples import code, page

from nutgraf.errors import NutgrafError
from nutgraf.folder import prepare

HERE = Path(__file__).parent
NOTEBOOKS = sorted(refresh.NOTEBOOKS.glob("*.ipynb"))
WITH_CODE = [
    path for path in NOTEBOOKS if any(cell.cell_type == "code" for cell in refresh.read(path).cells)
]


@pytest.fixture(scope="module")
def offline(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Environment without a home, without language data, and without a way to the network."""
    env = refresh.environment(tmp_path_factory.mktemp("home"))
    return {**env, "PYTHONPATH": str(HERE / "offline"), "NO_COLOR": "1"}


BAD = ("failure", "error", "skipped")


@dataclass(frozen=True)
class Result:
    """How many cells nbval ran, how many of them were as kept, and what it printed."""

    cells: int
    passed: int
    said: str


def nbval(paths: list[Path], root: Path, env: dict[str, str]) -> dict[Path, Result]:
    """Run nbval, strictly, on notebooks that lie in folders of their own, below `root`."""
    report = root / "report.xml"
    names = {path: str(path.relative_to(root)) for path in paths}
    command = [
        *(sys.executable, "-m", "pytest", *names.values(), "--nbval", "--nbval-current-env"),
        *("--nbval-sanitize-with", str(HERE / "nbval.cfg"), "--nbval-cell-timeout", "120"),
        *("-p", "no:cacheprovider", "--rootdir", str(root), "--color", "no", "-q"),
        f"--junitxml={report}",
    ]
    done = subprocess.run(command, cwd=root, env=env, capture_output=True, text=True, check=False)
    cells = list(ET.parse(report).getroot().iter("testcase")) if report.exists() else []
    results = {}
    for path, name in names.items():
        own = [cell for cell in cells if cell.get("classname") == name.replace(os.sep, ".")]
        bad = [outcome for cell in own for outcome in cell if outcome.tag in BAD]
        said = "\n".join(outcome.text or "" for outcome in bad) or done.stdout + done.stderr
        passed = sum(not any(outcome.tag in BAD for outcome in cell) for cell in own)
        results[path] = Result(len(own), passed, said)
    return results


def nbval_one(path: Path, env: dict[str, str]) -> Result:
    return nbval([path], path.parent, env)[path]


@pytest.fixture(scope="module")
def compared(
    request: pytest.FixtureRequest, offline, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Future[dict[str, Result]]]:
    """nbval's results, by name, for the notebooks whose test is to run.

    They are made in a thread, while the tests go on with what else there is to do: what takes
    longest is to start.
    """
    wanted = [
        item.callspec.params["path"]
        for item in request.session.items
        if item.function is test_a_notebook_gives_the_outputs_that_it_shows
    ]
    root = tmp_path_factory.mktemp("compared")

    def run() -> dict[str, Result]:
        copies = []
        for path in wanted:
            (root / path.stem).mkdir()
            copies.append(Path(shutil.copy(path, root / path.stem)))
        return {path.name: result for path, result in nbval(copies, root, offline).items()}

    with ThreadPoolExecutor(max_workers=1) as thread:
        yield thread.submit(run)


def test_a_learners_fresh_copy_runs_from_the_top_without_an_error(
    compared, offline, tmp_path: Path
):
    folder = tmp_path / "my-nutgraf"
    prepare(folder)
    problems = []

    for path in sorted(folder.glob("*.ipynb")):
        try:
            refresh.run(refresh.read(path), folder, offline)
        except NutgrafError as problem:
            problems.append(f"{path.name}: {problem}")

    assert problems == []


@pytest.mark.parametrize("path", WITH_CODE, ids=lambda path: path.stem)
def test_a_notebook_gives_the_outputs_that_it_shows(path: Path, compared):
    wanted = sum(cell.cell_type == "code" for cell in refresh.read(path).cells)

    result = compared.result()[path.name]

    if (result.cells, result.passed) != (wanted, wanted):
        pytest.fail(f"{path.name}: {result.passed} of {wanted} cells\n{result.said}", pytrace=False)


# --- the check can fail --------------------------------------------------------------------


def written(folder: Path, *cells, env: dict[str, str] | None = None) -> Path:
    """A notebook of these cells, run first where an environment is given."""
    notebook = page(*cells)
    if env is not None:
        refresh.run(notebook, folder, env)
        refresh.normalise(notebook)
    path = folder / "page.ipynb"
    refresh.write(path, notebook)
    return path


def test_outputs_that_are_as_kept_pass(offline, tmp_path: Path):
    cells = [
        code("a", "import ipywidgets, pandas\npandas.DataFrame({'a': [1]})"),
        code("b", "ipywidgets.IntSlider(5)"),
        code("c", "{}['x']", "raises-exception"),
        code("d", "import time\ntime.time_ns()", "nbval-ignore-output"),
        code("e", "print('one', flush=True)\nprint('two')\nobject()"),
    ]

    result = nbval_one(written(tmp_path, *cells, env=offline), offline)

    assert (result.cells, result.passed) == (5, 5), result.said


def test_an_output_that_changed_fails(offline, tmp_path: Path):
    path = written(tmp_path, code("a", "1 + 1"), code("b", "2 + 2"), env=offline)
    notebook = refresh.read(path)
    notebook.cells[1].outputs[0].data["text/plain"] = "5"
    refresh.write(path, notebook)

    result = nbval_one(path, offline)

    assert (result.cells, result.passed) == (2, 1), result.said


def test_an_error_that_nobody_announced_fails(offline, tmp_path: Path):
    result = nbval_one(written(tmp_path, code("a", "1 / 0")), offline)

    assert (result.cells, result.passed) == (1, 0), result.said


def test_a_cell_that_is_skipped_does_not_count_as_run(offline, tmp_path: Path):
    result = nbval_one(written(tmp_path, code("a", "1", "nbval-skip"), code("b", "2")), offline)

    assert (result.cells, result.passed) == (2, 1), result.said


@pytest.mark.parametrize(
    "source",
    [
        "import urllib.request\nurllib.request.urlopen('http://192.0.2.1/', timeout=5)",
        "import socket\nsocket.getaddrinfo('example.org', 80)",
        "import socket\nsocket.gethostbyname('example.org')",
        "import socket\nsocket.create_connection(('192.0.2.1', 80), timeout=5)",
        "import socket\nsocket.socket(type=socket.SOCK_DGRAM).sendto(b'x', ('192.0.2.1', 53))",
    ],
)
def test_the_network_cannot_be_reached_from_a_cell(source: str, offline, tmp_path: Path):
    with pytest.raises(NutgrafError, match="notebooks work offline"):
        refresh.run(page(code("a", source)), tmp_path, offline)


def test_this_machine_can_be_reached_from_a_cell(offline, tmp_path: Path):
    source = (
        "import socket\nwith socket.create_server(('127.0.0.1', 0)) as server:\n"
        "    socket.create_connection(server.getsockname()).close()"
    )

    refresh.run(page(code("a", source)), tmp_path, offline)


def test_home_and_language_data_are_not_this_machines(offline, tmp_path: Path):
    source = "import os\nos.environ['HOME'], os.environ['NLTK_DATA']"
    notebook = page(code("a", source))

    refresh.run(notebook, tmp_path, offline)

    home, data = eval(notebook.cells[0].outputs[0].data["text/plain"])
    assert data == ""
    assert Path(home) != Path.home()
