"""The command `nutgraf`: what it says, what it hands on, and JupyterLab really answering."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

import nutgraf
from nutgraf import cli, lab
from nutgraf.folder import Report


@pytest.fixture
def started(monkeypatch) -> list:
    """What would be handed to JupyterLab."""
    calls = []

    def start(folder, port=None, browser=True):
        calls.append((folder, port, browser))
        return 0

    monkeypatch.setattr(lab, "start", start)
    return calls


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def busy_port():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


def test_alone_it_makes_the_folder_beside_you_and_opens_it(here, started):
    assert cli.main([]) == 0
    assert started == [(here / "my-nutgraf", None, True)]
    assert (here / "my-nutgraf/.nutgraf/manifest.json").is_file()


def test_a_folder_and_options_are_handed_on(here, started):
    assert cli.main(["class/other/../week one", "--port", "0", "--no-browser"]) == 0
    assert started == [(here / "class/week one", 0, False)]


def test_inside_a_learners_folder_it_opens_that_one(learner, started):
    (learner / "exercises").mkdir()
    os.chdir(learner / "exercises")
    assert cli.main([]) == 0
    assert started[0][0] == learner.resolve()


def test_the_exit_status_of_jupyterlab_is_handed_back(here, monkeypatch):
    monkeypatch.setattr(lab, "start", lambda *arguments, **named: 3)
    assert cli.main([]) == 3


@pytest.mark.parametrize("arguments", [["--help"], ["-h"]])
def test_help_shows_examples(arguments, capsys):
    with pytest.raises(SystemExit) as end:
        cli.main(arguments)
    shown = capsys.readouterr().out
    assert end.value.code == 0
    assert "examples:\n  nutgraf " in shown
    assert "nutgraf check" in shown


def test_help_names_the_command_as_it_was_called(monkeypatch, capsys):
    monkeypatch.setenv("NUTGRAF_COMMAND", "python start.py")
    with pytest.raises(SystemExit):
        cli.main(["--help"])
    assert "usage: python start.py [FOLDER]" in capsys.readouterr().out


def test_help_of_the_check_tells_its_exit_status(capsys):
    with pytest.raises(SystemExit):
        cli.main(["check", "--help"])
    assert "exit status 0" in capsys.readouterr().out


def test_version_is_the_packages(capsys):
    with pytest.raises(SystemExit):
        cli.main(["--version"])
    assert capsys.readouterr().out == f"nutgraf {nutgraf.__version__}\n"


@pytest.mark.parametrize(
    "arguments", [["--port", "65536"], ["--port", "-1"], ["--port", "eight"], ["--lab"], ["a", "b"]]
)
def test_a_wrong_call_ends_with_status_two_and_makes_nothing(arguments, here, started, capsys):
    with pytest.raises(SystemExit) as end:
        cli.main(arguments)
    assert end.value.code == 2
    assert "usage: nutgraf" in capsys.readouterr().err
    assert (started, list(here.iterdir())) == ([], [])


def test_a_busy_port_is_an_error_before_anything_is_made(here, started, busy_port, capsys):
    assert cli.main(["--port", str(busy_port)]) == 1
    assert f"nutgraf: Port {busy_port} is busy" in capsys.readouterr().err
    assert (started, list(here.iterdir())) == ([], [])


def test_somebody_elses_folder_is_an_error_in_one_line(here, started, capsys):
    (here / "thesis.docx").write_text("mine")
    assert cli.main(["."]) == 1
    said = capsys.readouterr().err
    assert said.startswith("nutgraf: ")
    assert said.count("\n") == 1
    assert started == []


def test_ctrl_c_ends_without_a_traceback(here, monkeypatch):
    def stopped(*arguments, **named):
        raise KeyboardInterrupt

    monkeypatch.setattr(lab, "start", stopped)
    assert cli.main([]) == 130


def test_the_report_says_what_was_kept_and_how_to_get_the_fresh_one():
    report = Report(
        added=tuple("abcdef"), updated=("g",), kept=("03-words.ipynb",), newer=("03-words.ipynb",)
    )
    shown = cli.describe(report, Path("mine"))
    assert "added a, b, c, d and 2 more\n" in shown
    assert "kept as you left them: 03-words.ipynb\n" in shown
    assert "a newer version of 03-words.ipynb\n" in shown
    assert shown.endswith("for a fresh copy, rename yours and run nutgraf again")


def test_a_run_that_changes_nothing_says_little():
    assert cli.describe(Report(unchanged=("a",)), Path("mine")).count("\n") == 0


STUCK = """
import sys, threading
from nutgraf import cli
thread = threading.Thread(target=threading.Event().wait)
cli.main = lambda: thread.start() or print("done") or 3
cli.run()
"""


def test_threads_that_wait_for_ever_do_not_keep_the_command_from_ending():
    done = subprocess.run(
        [sys.executable, "-c", STUCK], capture_output=True, text=True, timeout=30, check=False
    )
    assert (done.returncode, done.stdout.strip()) == (3, "done")


# What a class marked


@pytest.fixture
def handed_in(here, article) -> Path:
    """Two learners' files, and one that is none."""
    from nutgraf.formats import save
    from nutgraf.samples import sample_layers

    (here / "in").mkdir()
    for name, layer in zip(("Ann", "🦊"), sample_layers(article), strict=False):
        save(layer, article, here / "in" / f"{name}.csv", "csv")
    (here / "in/Cem.zip").write_bytes(b"PK\x03\x04")
    return here / "in"


def test_the_class_is_summed_up_and_its_sheet_written_beside_you(handed_in, here, capsys):
    assert cli.main(["class-annotations", "in"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("2 learners, ")
    assert "Not used: Cem.zip: it is a zip archive" in said
    assert said.endswith(f"Sheet: {here / 'class-sadr-protests.html'}\n")
    assert (here / "class-sadr-protests.html").read_text("utf-8").startswith("<!DOCTYPE html>")


def test_a_second_sheet_gets_a_name_of_its_own(handed_in, here, capsys):
    assert [cli.main(["class-annotations", "in", "--out", "mine.html"]) for _ in "12"] == [0, 0]
    assert capsys.readouterr().out.endswith(f"Sheet: {here / 'mine-2.html'}\n")


def test_a_console_without_the_signs_of_a_name_is_no_obstacle(handed_in, monkeypatch):
    import io

    console = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    (handed_in / "🦊.zip").write_bytes(b"PK\x03\x04")
    monkeypatch.setattr(sys, "stdout", console)
    assert cli.main(["class-annotations", "in"]) == 0
    console.flush()
    assert b"Not used: ?.zip" in console.buffer.getvalue()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nowhere"], "cannot be read as a folder"),
        (["empty"], "holds no marks"),
        (["in", "--article", "none"], "There is no seed 'none'"),
        (["in", "--scheme", "none"], "There is no scheme 'none'"),
        (["in", "--out", "nowhere/sheet.html"], "could not be written"),
    ],
)
def test_what_a_teacher_can_put_right_is_an_error_in_one_line(
    arguments, says, handed_in, here, capsys
):
    (here / "empty").mkdir()
    assert cli.main(["class-annotations", *arguments]) == 1
    said = capsys.readouterr()
    assert (said.out, said.err.count("\n")) == ("", 1)
    assert said.err.startswith("nutgraf: ")
    assert says in said.err


def test_a_class_without_a_folder_is_a_wrong_call(here, capsys):
    with pytest.raises(SystemExit) as end:
        cli.main(["class-annotations"])
    assert end.value.code == 2
    assert "usage: nutgraf class-annotations" in capsys.readouterr().err


# The workshop on paper


@pytest.fixture
def no_browser(monkeypatch):
    monkeypatch.setattr("nutgraf.paper.find_browser", lambda: None)


def test_handout_and_key_are_written_beside_you(here, no_browser, capsys):
    assert cli.main(["paper"]) == 0
    assert sorted(path.name for path in here.iterdir()) == ["workshop-key.html", "workshop.html"]
    said = capsys.readouterr().out.splitlines()
    assert said[:2] == [f"Wrote {here / 'workshop.html'}", f"Wrote {here / 'workshop-key.html'}"]
    assert said[2].startswith("No PDF: no Chromium, Chrome or Edge was found. Open the pages")


def test_paper_that_cannot_be_written_is_an_error_in_one_line(here, no_browser, capsys):
    assert cli.main(["paper", "--out", "nowhere/sheet.html"]) == 1
    said = capsys.readouterr()
    assert (said.out, said.err.count("\n")) == ("", 1)
    assert "could not be written" in said.err


# How JupyterLab is started


def layout_of(*widgets: str) -> dict:
    """A saved layout with widgets open side by side and in tabs, as Lab saves it."""
    tabs = {"type": "tab-area", "currentIndex": 0, "widgets": list(widgets)}
    dock = {"type": "split-area", "orientation": "horizontal", "sizes": [1], "children": [tabs]}
    return {"data": {"layout-restorer:data": {"main": {"dock": dock}}}, "metadata": {"id": "x"}}


@pytest.fixture
def lessons(learner) -> Path:
    for name in ("00-start-here.ipynb", "03-words.ipynb"):
        (learner / name).write_text("{}")
    return learner


def save_layout(folder: Path, content: str) -> None:
    place = lab.write_workspace(folder / ".nutgraf/workspaces", "nutgraf", "00-start-here.ipynb")
    place.write_text(content)


FIRST_LESSON = "/lab/workspaces/nutgraf/tree/00-start-here.ipynb"


def test_the_first_start_opens_the_first_lesson_with_its_contents_beside_it(lessons):
    assert lab.start_url(lessons) == FIRST_LESSON
    (saved,) = (lessons / ".nutgraf/workspaces").iterdir()
    layout = json.loads(saved.read_text())
    assert lab.open_files(layout) == ["00-start-here.ipynb"]
    assert layout["data"]["layout-restorer:data"]["left"]["current"] == "@jupyterlab/toc:plugin"


def test_a_later_start_returns_to_where_the_learner_was(lessons):
    save_layout(lessons, json.dumps(layout_of("terminal:1", "notebook:03-words.ipynb")))
    assert lab.start_url(lessons) == "/lab/workspaces/nutgraf"


@pytest.mark.parametrize(
    "content",
    [
        json.dumps(layout_of()),
        json.dumps(layout_of("launcher-1", "terminal:1")),
        json.dumps(layout_of("notebook:gone.ipynb")),
        '{"data": {"layout-restorer:data": {"main": null}}}',
        "",
        "{",
        "[]",
        "{}",
    ],
)
def test_with_nothing_to_return_to_the_first_lesson_opens(lessons, content):
    save_layout(lessons, content)
    assert lab.start_url(lessons) == FIRST_LESSON


def test_without_a_first_lesson_the_contents_page_opens(learner):
    (learner / "index.ipynb").write_text("{}")
    assert lab.start_url(learner) == "/lab/workspaces/nutgraf/tree/index.ipynb"


def test_without_lessons_jupyterlab_opens_all_the_same(learner):
    assert lab.start_url(learner) == "/lab/workspaces/nutgraf"


@pytest.fixture
def options(monkeypatch) -> list[str]:
    """The options that JupyterLab would be started with."""
    from jupyterlab.labapp import LabApp

    given = []
    monkeypatch.setattr(LabApp, "launch_instance", given.extend)
    monkeypatch.setenv("JUPYTER_PREFER_ENV_PATH", "1")
    return given


def test_jupyterlab_is_rooted_in_the_learners_folder(lessons, options):
    assert lab.start(lessons) == 0
    assert f"--ServerApp.root_dir={lessons}" in options
    assert f"--LabApp.default_url={FIRST_LESSON}" in options
    assert not [option for option in options if "port" in option or "browser" in option]


def test_a_port_that_was_asked_for_is_the_only_one_tried(lessons, options):
    lab.start(lessons, port=0, browser=False)
    assert {"--ServerApp.port=0", "--ServerApp.port_retries=0", "--no-browser"} <= set(options)


def test_a_busy_port_stops_the_start(lessons, options, busy_port):
    with pytest.raises(nutgraf.NutgrafError, match="is busy"):
        lab.start(lessons, port=busy_port)
    assert options == []


@pytest.mark.parametrize(("code", "status"), [(None, 0), (0, 0), (4, 4), ("why", 1)])
def test_jupyterlabs_own_end_becomes_the_exit_status(lessons, monkeypatch, code, status):
    from jupyterlab.labapp import LabApp

    def end(options):
        raise SystemExit(code)

    monkeypatch.setattr(LabApp, "launch_instance", end)
    assert lab.start(lessons) == status


def test_a_missing_kernel_is_named_with_the_way_to_get_it(lessons, options, monkeypatch):
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    def none(self, name):
        raise NoSuchKernel(name)

    monkeypatch.setattr(KernelSpecManager, "get_kernel_spec", none)
    with pytest.raises(nutgraf.NutgrafError, match="pip install ipykernel"):
        lab.start(lessons)
    assert options == []


# JupyterLab itself, once


def environment_in(home: Path) -> dict[str, str]:
    """This environment with an empty home folder and nothing of Jupyter's or NLTK's set."""
    ours = {name: value for name, value in os.environ.items() if "JUPYTER" not in name}
    return ours | {"HOME": str(home), "USERPROFILE": str(home), "NLTK_DATA": ""}


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    """`nutgraf --no-browser` in an empty folder: its process, address and folder."""
    place = tmp_path_factory.mktemp("place with spaces")
    home = tmp_path_factory.mktemp("home")
    log = place.parent / "nutgraf.log"
    command = [sys.executable, "-P", "-m", "nutgraf", "--no-browser", "--port", "0"]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=place,
            env=environment_in(home),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    try:
        until = time.monotonic() + 90
        address = None
        while address is None and process.poll() is None and time.monotonic() < until:
            time.sleep(0.1)
            address = re.search(r"http://(?:localhost|127\.0\.0\.1):\S+", log.read_text("utf-8"))
        assert address is not None, log.read_text("utf-8")
        yield process, address[0], place / "my-nutgraf", home
    finally:
        process.kill()
        process.wait()


def ask(address: str, path: str) -> dict:
    base, _, token = address.partition("?")
    base = re.match(r"http://[^/]+", base)[0]
    with urllib.request.urlopen(f"{base}{path}?{token}", timeout=20) as answer:
        return json.load(answer)


def test_jupyterlab_serves_the_learners_folder(running):
    _, address, folder, _ = running
    listed = {entry["name"] for entry in ask(address, "/api/contents")["content"]}
    assert listed == {path.name for path in folder.iterdir() if path.name[0] != "."}
    assert "/lab/workspaces/nutgraf" in address


SHIPPED = json.loads((lab.TEMPLATE.parent / "settings.json").read_text())


@pytest.mark.parametrize("plugin", SHIPPED)
def test_jupyterlab_takes_the_kits_defaults(running, plugin):
    schema = ask(running[1], f"/lab/api/settings/{plugin}")["schema"]
    assert {name: schema["properties"][name]["default"] for name in SHIPPED[plugin]} == SHIPPED[
        plugin
    ]


def test_nothing_outside_is_touched_but_jupyters_own_places(running):
    home = running[3]
    files = [path.relative_to(home).as_posix() for path in home.rglob("*") if path.is_file()]
    jupyters = re.compile(r"(\.local/share/|Library/|AppData/\w+/)jupyter/|\.jupyter/|\.ipython/")
    assert [name for name in files if not jupyters.match(name)] == []


@pytest.mark.skipif(os.name == "nt", reason="Windows sends no signal to one process alone")
def test_ctrl_c_ends_it_well(running):
    process = running[0]
    process.send_signal(signal.SIGINT)  # without a terminal to ask in, once is enough
    assert process.wait(30) == 0


# --- for teachers ----------------------------------------------------------------------------


@pytest.fixture
def exercises_in(here, root) -> Path:
    """Ana hands in a right answer to E03, Ben the exercise as it was given and a letter."""
    folder = here / "handed-in"
    for learner, edition in (("Ana", "exercises/solutions"), ("Ben", "exercises")):
        (folder / learner).mkdir(parents=True)
        notebook = root / edition / "E03-a-better-word-list.ipynb"
        (folder / learner / notebook.name).write_bytes(notebook.read_bytes())
    (folder / "Ben/letter.ipynb").write_text("Dear teacher", encoding="utf-8")
    return folder


def test_what_was_handed_in_is_sorted_and_what_could_not_be_used_is_told(
    exercises_in, here, capsys
):
    assert cli.main(["collect", "handed-in", "--out", "sorted"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("2 notebooks of 2 learners, sorted into")
    assert "letter.ipynb" in said
    there = sorted(path.parent.name for path in (here / "sorted").glob("*/E03.ipynb"))
    assert there == ["Ana", "Ben"]


def test_a_class_is_graded_with_pages_and_gradebooks(exercises_in, here, capsys):
    assert cli.main(["grade", "handed-in", "--out", "graded", "--workers", "1"]) == 0
    said = capsys.readouterr().out
    assert "1 correct, 1 not attempted" in said
    rows = (here / "graded/grades.csv").read_text(encoding="utf-8-sig").splitlines()
    assert [row.split(",")[0:6:4] for row in rows[1:]] == [
        ["Ana", "2"], ["Ana", "1"], ["Ben", "0"], ["Ben", "0"],
    ]  # fmt: skip
    assert (here / "graded/feedback/Ben.html").is_file()
    assert cli.main(["grade", "handed-in", "--out", "graded", "--workers", "1"]) == 0
    assert "0 to grade" in capsys.readouterr().out


def test_exercises_of_the_teachers_own_can_be_graded(exercises_in, here, root, capsys):
    own = here / "mine"
    own.mkdir()
    page = json.loads((root / "exercises/solutions/E03-a-better-word-list.ipynb").read_bytes())
    for cell in page["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == "E03-small":
            cell["metadata"]["nbgrader"]["points"] = 5
    (own / "E03-words.ipynb").write_text(json.dumps(page), encoding="utf-8")
    arguments = ["--out", "graded", "--workers", "1", "--exercises", "mine"]
    assert cli.main(["grade", "handed-in", *arguments]) == 0
    assert "Ana,,,,,6" in (here / "graded/gradebook-canvas.csv").read_text(encoding="utf-8-sig")


@pytest.mark.parametrize("wrong", ["0", "-1", "two"])
def test_a_wrong_number_of_workers_is_refused(here, capsys, wrong):
    with pytest.raises(SystemExit) as stopped:
        cli.main(["grade", "handed-in", "--out", "graded", f"--workers={wrong}"])
    assert stopped.value.code == 2
    assert "no number of workers" in capsys.readouterr().err


@pytest.mark.parametrize("action", ["collect", "grade"])
def test_what_is_not_there_cannot_be_graded(here, capsys, action):
    assert cli.main([action, "no-such-folder", "--out", "graded"]) == 1
    assert "no-such-folder" in capsys.readouterr().err
    assert not (here / "graded").exists()


def test_questions_are_written_for_other_systems(here, capsys):
    assert cli.main(["export-quizzes", "03", "--form", "gift", "--out", "questions"]) == 0
    assert "GIFT: " in capsys.readouterr().out
    assert "homeland" in (here / "questions/gift/03-words.gift.txt").read_text(encoding="utf-8")
    assert not (here / "questions/qti").exists()


def test_the_class_edition_is_made_by_one_switch(here, capsys):
    assert cli.main(["release", "--without-solutions", "--out", "class"]) == 0
    assert (here / "class.zip").is_file()
    assert not list((here / "class").rglob("solutions"))
    assert cli.main(["release", "--without-solutions", "--out", "class"]) == 1
    assert "not overwritten" in capsys.readouterr().err


def test_a_class_edition_gives_no_keys_away(here, capsys, monkeypatch):
    monkeypatch.setattr("nutgraf.editions.edition", lambda: "class")
    assert cli.main(["export-quizzes", "--out", "questions"]) == 1
    assert "is not in a class edition" in capsys.readouterr().err
    assert not (here / "questions").exists()
