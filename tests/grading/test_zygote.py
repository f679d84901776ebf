"""The process that learners' processes come from, the judge's hold on it, and what runs in them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from nutgraf import NutgrafError
from nutgraf.grading import process, runner, sandbox, wire, zygote
from nutgraf.grading.process import Gone, Keeper

forks = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
LIMITS = {"cpu_seconds": 2, "memory_mb": 500}


@pytest.fixture(scope="module")
def keeper() -> Iterator[Keeper]:
    with Keeper(LIMITS) as keeper:
        yield keeper


def run(keeper: Keeper, source: str, *names: str, seconds: float = 20) -> dict[str, Any]:
    """Run a cell; what the process says about it, and the values of names."""
    line = keeper.open(seconds)
    try:
        line.send({"cells": [["cell", source]], "names": names})
        said = line.receive()
        for name in names:
            line.send({"number": 1, "name": name})
            answer = line.receive()
            said[name] = wire.decode(answer["value"]) if "value" in answer else answer
        return said
    finally:
        keeper.end(line, ask=False)


def ending(keeper: Keeper, source: str, seconds: float = 20) -> tuple[str, process.Ending]:
    """How a process ends in which a cell is run: what the line says, and what is heard of it."""
    line = keeper.open(seconds)
    said = "nothing"
    try:
        line.send({"cells": [["cell", source]], "names": []})
        line.receive()
    except (EOFError, TimeoutError) as error:
        said = type(error).__name__
    return said, keeper.end(line, ask=True)


# --- processes -------------------------------------------------------------------------------


@forks
def test_each_notebook_has_a_process_of_its_own(keeper):
    assert run(keeper, "import nutgraf\nnutgraf.mine = 1\nx = 1", "x")["x"] == 1
    assert run(keeper, "import nutgraf\nx = hasattr(nutgraf, 'mine')", "x")["x"] is False


@forks
def test_the_zygote_has_loaded_what_learners_use_and_nothing_of_the_judges(keeper):
    source = "import sys\nx = sorted(sys.modules)"
    loaded = set(run(keeper, source, "x")["x"])

    assert set(zygote.WARM) <= loaded
    assert not {"nutgraf.grading.judge", "nutgraf.grading.process", "pytest", "tests"} & loaded


@forks
def test_the_zygote_has_one_thread_and_no_file_of_the_judges(keeper):
    source = "import os\nx = sorted(os.listdir('/proc/self/fd')) if os.path.exists('/proc') else []"
    run(keeper, source, "x")
    first = psutil.Process(keeper._process.pid)

    for one in [first, *first.children(recursive=True)]:
        assert one.num_threads() == 1
        assert one.num_fds() < 12


@forks
def test_a_learners_process_has_no_more_files_than_it_needs(keeper):
    source = (
        "import os\nx = []\nfor number in range(200):\n    try:\n        os.fstat(number)\n"
        "        x.append(number)\n    except OSError:\n        pass"
    )
    assert len(run(keeper, source, "x")["x"]) <= 4  # three streams, and its line


@forks
def test_variables_of_the_judges_do_not_get_there(keeper, monkeypatch):
    monkeypatch.setenv("SECRET_OF_THE_TEACHER", "1")
    with Keeper({}) as other:
        found = run(other, "import os\nx = dict(os.environ)", "x")["x"]

    assert "SECRET_OF_THE_TEACHER" not in found
    assert not any(str(Path.home()) in value for value in found.values())
    assert found["PYTHONHASHSEED"] == "0"
    assert found["TZ"] == "UTC"


@forks
def test_home_and_working_folder_are_the_box_and_it_is_empty(keeper):
    source = (
        "import os, tempfile\nx = [os.getcwd(), os.path.expanduser('~'), tempfile.gettempdir()]\n"
        "y = os.listdir('.')\nopen('left', 'w').close()"
    )
    for _ in range(2):
        said = run(keeper, source, "x", "y")
        assert len({os.path.realpath(each) for each in said["x"]}) == 1
        assert said["y"] == []


@forks
def test_an_end_is_told_with_its_signal_and_the_time_it_took(keeper):
    said, end = ending(keeper, "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)")
    assert (said, end.signal) == ("EOFError", signal.SIGKILL)

    said, end = ending(keeper, "import os\nos._exit(3)")
    assert (said, end.signal) == ("EOFError", 0)

    said, end = ending(keeper, "while True:\n    pass")
    assert (said, end.signal) == ("EOFError", signal.SIGXCPU)
    assert 1.5 < end.cpu < 4


@forks
def test_what_waits_is_ended_when_its_time_is_up(keeper):
    begun = time.monotonic()
    said, end = ending(keeper, "import time\ntime.sleep(100)", seconds=0.5)

    assert (said, end.signal) == ("TimeoutError", signal.SIGKILL)
    assert time.monotonic() - begun < 10


@forks
def test_a_process_that_is_open_can_be_left_and_another_opened(keeper):
    for _ in range(3):
        keeper.end(keeper.open(10), ask=False)

    assert run(keeper, "x = 1", "x")["x"] == 1


@forks
@pytest.mark.parametrize("without", [[], ["namespaces"], ["namespaces", "seccomp"]], ids=str)
def test_nothing_that_was_started_runs_on(without):
    # Without a filter processes can be started, and leave their group.
    source = """
import os, time
try:
    for _ in range(3):
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                time.sleep(600)
            os._exit(0)
except OSError:
    pass
"""
    with Keeper(LIMITS, without=without) as keeper:
        assert keeper.isolation
        first = psutil.Process(keeper._process.pid)
        before = len(first.children(recursive=True))
        run(keeper, source)
        keeper._settle()

        assert len(first.children(recursive=True)) == before


@forks
def test_a_box_on_the_disk_is_watched_and_emptied():
    flood = "n = 0\nwhile True:\n    open(f'{n}', 'wb').write(bytes(10**6))\n    n += 1"
    with Keeper({"cpu_seconds": 20}, without=["namespaces"]) as keeper:
        line = keeper.open(60)
        line.send({"cells": [["cell", flood]], "names": []})
        with pytest.raises(wire.Watched, match="output"):
            line.receive()
        keeper.end(line, ask=True)

        assert list((keeper._base / "box").iterdir()) == []
        assert run(keeper, "x = 1", "x")["x"] == 1


@forks
def test_memory_is_watched_where_the_system_does_not_limit_it(keeper, monkeypatch):
    line = keeper.open(30)
    monkeypatch.setattr(keeper, "_watching", True)
    watch = keeper._watch(os.getpid())
    assert watch() == ""
    monkeypatch.setitem(keeper._limits, "memory_mb", 1)
    assert keeper._watch(os.getpid())() == "memory"
    keeper.end(line, ask=False)


# --- beginning and ending --------------------------------------------------------------------


def test_a_process_that_does_not_start_is_told_of(monkeypatch, tmp_path):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr(process, "_LOAD", "raise ValueError('nothing there')\n# {package}\n")
    with pytest.raises(NutgrafError, match=r"(?s)does not start: .*nothing there.*nutgraf check"):
        _ = Keeper({}).isolation

    assert list(tmp_path.iterdir()) == []


@forks
def test_the_end_of_the_other_side_is_heard_and_it_can_be_started_again():
    with Keeper({}) as keeper:
        assert keeper.isolation
        first = psutil.Process(keeper._process.pid)
        for one in [first, *first.children(recursive=True)]:
            one.kill()
        with pytest.raises(Gone):
            keeper.open(5)
        keeper.restart()

        assert run(keeper, "x = 1", "x")["x"] == 1


@forks
def test_closing_twice_is_closing_once():
    keeper = Keeper({})
    base = keeper._base
    keeper.close()
    keeper.close()

    assert not base.exists()


@forks
def test_what_a_killed_judge_left_is_removed_by_the_next(monkeypatch, tmp_path):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    old, used, young = (tmp_path / f"nutgraf-grading-{name}" for name in ("old", "used", "young"))
    for folder in (old, used, young):
        (folder / "box" / "deep").mkdir(parents=True)
    (old / "in-use").touch()
    (young / "in-use").touch()
    lock = process._lock(used)
    (tmp_path / "somebody-elses").mkdir()
    for folder in (old, used, tmp_path / "somebody-elses"):
        os.utime(folder, (0, 0))
    with Keeper({}):
        pass
    os.close(lock)

    assert sorted(path.name for path in tmp_path.iterdir()) == [
        *("nutgraf-grading-used", "nutgraf-grading-young", "somebody-elses"),
    ]


# --- where there is no fork ------------------------------------------------------------------


@pytest.fixture(scope="module")
def fresh() -> Iterator[Keeper]:
    with Keeper(LIMITS, fresh=True) as keeper:
        yield keeper


def test_a_fresh_interpreter_runs_a_notebook_too(fresh):
    assert run(fresh, "import pandas\nx = pandas.Series([1]).tolist()", "x")["x"] == [1]
    assert run(fresh, "x = len(dir())", "x")["x"] > 0


def test_a_fresh_interpreter_is_ended_when_its_time_is_up(fresh):
    said, _ = ending(fresh, "import time\ntime.sleep(600)", seconds=0.5)

    assert said == "TimeoutError"
    assert fresh._process is None


def test_a_fresh_interpreter_that_ends_is_heard_of(fresh):
    assert ending(fresh, "import os\nos._exit(0)")[0] == "EOFError"
    assert run(fresh, "x = 1", "x")["x"] == 1


# What Windows has not, taken away on both sides.
POOR = """\
import os, signal, socket, sys
sys.modules["resource"] = sys.modules["fcntl"] = None
for module, names in (
    (os, ("fork", "setsid", "killpg", "O_PATH", "geteuid", "statvfs", "wait4", "mkfifo")),
    (signal, ("SIGXCPU", "SIGXFSZ")),
    (socket, ("send_fds", "recv_fds")),
):
    for name in names:
        if hasattr(module, name):
            delattr(module, name)
"""
POOR_JUDGE = """\
import json
from nutgraf.grading import process, judge, system, sandbox
system.LINUX = False
poor = open(sys.argv[1]).read()
end = "from nutgraf.grading import system; system.LINUX = False\\n"
process._LOAD = poor.replace("{", "{{").replace("}", "}}") + process._LOAD + end
cell = lambda source, **about: {
    "cell_type": "code", "metadata": {"nbgrader": about}, "id": "a", "source": source
}
test = cell("assert f(2) == 4, 'What?'", grade=True, grade_id="t", points=1)
work = "### BEGIN SOLUTION\\ndef f(x): return x * x\\n### END SOLUTION"
source = {"cells": [cell(work, solution=True, grade_id="f"), test], "metadata": {}}
with judge.Grader({"T": source}, judge.Limits(wall_seconds=2)) as grader:
    for code in ("def f(x): return x * x", "def f(x): return 0", "while True: pass"):
        mine = {"cells": [cell(code, solution=True, grade_id="f"), test]}
        print(grader.grade("ann", "T", json.dumps(mine).encode()).outcome)
    print(*grader.isolation.missing)
"""


def test_where_the_system_has_next_to_nothing_it_grades_all_the_same_and_says_so(tmp_path):
    (tmp_path / "poor.py").write_text(POOR)
    ran = subprocess.run(
        [sys.executable, "-c", POOR + POOR_JUDGE, tmp_path / "poor.py"],
        capture_output=True,
        text=True,
        check=False,
    )

    *verdicts, missing = ran.stdout.splitlines() or [ran.stderr]
    assert verdicts == ["correct", "not yet", "time"], ran.stderr
    assert {"limits", "files", "changes", "processes", "leftovers"} <= set(missing.split())


# --- what runs in them -----------------------------------------------------------------------


def page(*sources: str) -> runner.Page:
    made = runner.Page()
    main = sys.modules["__main__"]
    try:
        cells = [[f"cell-{number}", source] for number, source in enumerate(sources, start=1)]
        made.run(cells, [])
    finally:
        sys.modules["__main__"] = main
    return made


def test_an_error_stops_its_cell_and_no_other():
    made = page("a = 1\n1 / 0\nb = 2", "c = 3")

    assert (made.names["a"], made.names["c"]) == (1, 3)
    assert "b" not in made.names
    assert made.stopped == [
        {"cell": "cell-1", "kind": "ZeroDivisionError", "shown": "ZeroDivisionError"}
        | {"text": "division by zero", "line": 2, "in": ""}
    ]


@pytest.mark.parametrize(
    "source",
    [
        *("%matplotlib inline", "!ls", "x = !ls", "%%bash\nls", "len?", "%pip install x", "%cd .."),
        *("get_ipython().system('ls')", "get_ipython().run_cell('1')", "display(1)", "%run x.py"),
        *("get_ipython().ast_transformers.append(1)", "get_ipython().user_ns['y'] = 1", "%who"),
        *("%%html\n<b>", "%timeit 1", "%load_ext x", "!!ls", "x = %who_ls", "%%writefile f\nx"),
    ],
)
def test_what_belongs_to_the_screen_or_the_system_is_passed_over(source):
    made = page(source, "after = 1")

    assert made.stopped == []
    assert made.names["after"] == 1


@pytest.mark.parametrize("source", ["%%time\nx = 1", "%time x = 1", "%%capture\nx = 1"])
def test_magics_that_run_code_run_it(source):
    assert page(source).names["x"] == 1


def test_code_runs_as_in_the_main_module():
    made = page("import sys\nname = __name__\nsame = sys.modules['__main__'].__dict__ is globals()")

    assert (made.names["name"], made.names["same"]) == ("__main__", True)


@pytest.mark.parametrize(
    ("source", "kind", "line", "inside"),
    [
        ("def f(x):\n    y = 1\n    return [][x]", "IndexError", 3, "f"),
        ("def f(x):\n    return [n / 0 for n in [1]]", "ZeroDivisionError", 2, "f"),
        ("def g():\n    raise KeyError\ndef f(x):\n    return g()", "KeyError", 2, "g"),
        ("import json\ndef f(x):\n\n    return json.loads('{')", "ValueError", 3, "f"),
        ("f = lambda x: x.nothing", "AttributeError", 1, ""),
        ("from nutgraf import load\ndef f(x):\n    load('no')", "NutgrafError", 2, "f"),
        ("class E(OSError): pass\ndef f(x):\n    raise E", "OSError", 2, "f"),
        ("def f(x):\n    exec('1 / 0')", "ZeroDivisionError", 2, "f"),
    ],
)
def test_an_error_is_told_with_its_place_in_the_learners_code(source, kind, line, inside):
    made = page(source)
    told = runner.answer(made, {"name": "f", "args": ["tuple", 1], "named": ["dict"]})["raised"]

    assert (told["kind"], told["line"], told["in"]) == (kind, line, inside)


def test_a_cell_that_is_no_python_is_told_with_its_line():
    (told,) = page("x = 1\ndef f(:\n    pass").stopped

    assert (told["kind"], told["line"]) == ("SyntaxError", 2)


def test_answers_are_values_errors_or_reasons():
    made = page("def f(x):\n    return x\nclass C: pass\nmany = [0] * 10**6\nodd = C()")

    def asked(name: str, *args: Any) -> dict:
        return runner.answer(made, {"name": name, "args": wire.encode(args), "named": ["dict"]})

    assert asked("f", (1, "a")) == {"value": ["tuple", 1, "a"]}
    assert runner.answer(made, {"name": "many"})["large"].startswith("more than")
    assert runner.answer(made, {"name": "odd"}) == {"odd": "a value of the kind C"}
    assert runner.answer(made, {"name": "nowhere"})["raised"]["kind"] == "KeyError"


def test_names_of_the_kit_that_draw_or_ask_do_nothing():
    code = (
        "from nutgraf.grading import runner, sandbox; runner.quieten(); import sys;"
        "from nutgraf import quiz, progress, predict; quiz('T1'); progress(); predict('x');"
        "print(any(name.startswith('nutgraf.widgets') for name in sys.modules))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert ran.stdout == "False\n"


def test_nobody_answers_input():
    code = "from nutgraf.grading import runner; runner.quieten(); input('name?')"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert "nobody is there to answer input()" in ran.stderr


def test_importing_the_zygote_brings_neither_tests_nor_judge():
    code = (
        "import sys; from nutgraf.grading import zygote, runner;"
        "print(sorted(n for n in sys.modules if 'judge' in n or 'exercis' in n or 'pandas' == n))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert ran.stdout == "[]\n"


def test_an_isolation_is_tried_once_for_each_process(keeper):
    assert keeper.isolation is keeper.isolation
    assert isinstance(keeper.isolation, sandbox.Isolation)
    assert json.dumps(keeper.isolation.to_json())
