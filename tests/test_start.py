"""start.py: one file that sets the kit up, finishes what was interrupted, and hands over."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import start

LOCK = (
    "# A header\nfirst==1 \\\n    --hash=sha256:1\nuv==0.9 ; a \\\n    --hash=sha256:2\nuvloop==3\n"
)


@pytest.fixture
def checkout(tmp_path, monkeypatch) -> Path:
    """A checkout with locks and no environment yet, in a folder whose name has a space."""
    root = tmp_path / "a kit"
    (root / "src/nutgraf/labdefaults").mkdir(parents=True)
    (root / "tests").mkdir()
    (root / "src/nutgraf/labdefaults/settings.json").write_text("{}")
    (root / "pyproject.toml").write_text("[project]\n")
    (root / start.LOCK).write_text(LOCK)
    (root / start.TEST_LOCK).write_text(LOCK + "pytest==9\n")
    monkeypatch.setattr(start, "ROOT", str(root))
    monkeypatch.setattr(start, "VENV", str(root / ".venv"))
    monkeypatch.setattr(start, "PYTHON", str(root / ".venv/bin/python"))
    monkeypatch.setattr(start, "STATE", str(root / ".venv/nutgraf-setup.txt"))
    return root


class Commands:
    """Stands for all programs that start.py runs: notes them, and fails those it is told to."""

    def __init__(self):
        self.ran: list[list[str]] = []
        self.failing: tuple[str, ...] = ()
        self.environments: list[dict] = []

    def __call__(self, command, show=False, environment=None):
        self.ran.append(command)
        self.environments.append(environment or {})
        return not any(word in " ".join(command) for word in self.failing)

    def installs(self, program: str) -> list[list[str]]:
        """The commands by which `program` ("pip" or "uv") installed something."""
        lines = [command for command in self.ran if "install" in command]
        return [line for line in lines if (line[2] if line[1] == "-m" else "") == program]


@pytest.fixture
def commands(checkout, monkeypatch) -> Commands:
    commands = Commands()

    def create(place, symlinks=True, with_pip=False):
        python = Path(place) / "bin/python"
        python.parent.mkdir(parents=True, exist_ok=True)
        python.touch()
        (Path(place) / "pyvenv.cfg").write_text("home = here\n")

    monkeypatch.setattr("venv.create", create)
    monkeypatch.setattr(start, "runs", commands)
    monkeypatch.setattr(start, "uv_settings", lambda pip: {"UV_INDEX": "mirror"})
    return commands


@pytest.fixture
def handed(monkeypatch) -> list:
    """What start.py hands over to."""
    calls = []
    monkeypatch.setattr(start, "hand_over", lambda *arguments: calls.append(arguments) or 7)
    monkeypatch.setattr(start, "find_or_fetch_browser", lambda: None)
    monkeypatch.setenv("NUTGRAF_COMMAND", "")
    return calls


def test_the_first_run_installs_uv_the_lock_and_the_kit(checkout, commands, handed):
    assert start.main(["mine", "--no-browser"]) == 7
    (uv_itself,) = commands.installs("pip")
    lock, kit = commands.installs("uv")
    assert "--require-hashes" in uv_itself
    assert "--require-hashes" in lock
    assert kit[-2:] == ["-e", str(checkout)]
    assert handed == [([start.PYTHON, "-P", "-m", "nutgraf", "mine", "--no-browser"],)]


def test_the_second_run_installs_nothing(commands, handed):
    start.main([])
    commands.ran.clear()
    start.main([])
    assert commands.ran == []


def test_a_run_of_the_tests_hands_options_to_pytest_in_the_checkout(checkout, commands, handed):
    start.main(["test", "-k", "words"])
    assert handed == [([start.PYTHON, "-m", "pytest", "-k", "words"], str(checkout))]
    assert "pytest==9" in (checkout / ".venv/nutgraf-others.txt").read_text()


def test_a_class_edition_says_plainly_that_it_has_no_tests(checkout, commands, handed, monkeypatch):
    (checkout / "tests").rmdir()
    (checkout / start.TEST_LOCK).unlink()
    monkeypatch.setattr(sys, "argv", ["start.py", "test"])
    with pytest.raises(SystemExit) as end:
        start.main(["test"])
    assert "class edition" in str(end.value)
    assert str(end.value).endswith("start.py check")
    assert (commands.ran, handed) == ([], [])


def test_a_class_edition_opens_all_the_same(checkout, commands, handed):
    (checkout / "tests").rmdir()
    (checkout / start.TEST_LOCK).unlink()
    assert start.main([]) == 7
    commands.ran.clear()
    assert start.main(["check"]) == 7
    assert commands.ran == []


def test_after_the_tests_the_kit_opens_without_setting_up(commands, handed):
    start.main(["test"])
    commands.ran.clear()
    start.main([])
    assert commands.ran == []


def test_after_opening_the_kit_the_tests_still_need_their_own(commands, handed):
    start.main([])
    commands.ran.clear()
    start.main(["test"])
    assert len(commands.installs("uv")) == 2


@pytest.mark.parametrize(
    "name", [start.LOCK, "pyproject.toml", "src/nutgraf/labdefaults/settings.json"]
)
def test_a_changed_checkout_is_installed_again(checkout, commands, handed, name):
    start.main([])
    commands.ran.clear()
    with (checkout / name).open("a") as file:
        file.write("\n")
    start.main([])
    assert len(commands.installs("uv")) == 2
    assert "--reinstall" not in commands.installs("uv")[0]


def test_a_moved_checkout_is_installed_again(checkout, commands, handed, monkeypatch):
    start.main([])
    monkeypatch.setattr(start, "ROOT", str(checkout.rename(checkout.parent / "moved")))
    monkeypatch.setattr(start, "VENV", str(checkout.parent / "moved/.venv"))
    monkeypatch.setattr(start, "PYTHON", str(checkout.parent / "moved/.venv/bin/python"))
    monkeypatch.setattr(start, "STATE", str(checkout.parent / "moved/.venv/nutgraf-setup.txt"))
    assert not start.is_ready(start.LOCK)


def test_an_interrupted_installing_is_done_again_from_the_start(commands, handed):
    commands.failing = ("uv pip", "pip install")
    with pytest.raises(SystemExit, match="Then run the same command again"):
        start.main([])
    commands.failing = ()
    commands.ran.clear()
    start.main([])
    assert "--reinstall" in commands.installs("uv")[0]
    assert start.is_ready(start.LOCK)


def test_an_interrupted_making_is_cleared_away(checkout, commands, handed, monkeypatch):
    def stopped(*arguments, **named):
        (checkout / ".venv/half").touch()
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("venv.create", stopped)
        with pytest.raises(SystemExit, match="it goes on from here"):
            start.main([])
    start.main([])
    assert not (checkout / ".venv/half").exists()
    assert start.is_ready(start.LOCK)


def test_an_environment_whose_python_is_gone_is_made_anew(checkout, commands, handed):
    start.main([])
    (checkout / ".venv/leftover").touch()
    (checkout / ".venv/bin/python").unlink()
    start.main([])
    assert not (checkout / ".venv/leftover").exists()
    assert start.is_ready(start.LOCK)


def test_a_working_environment_of_other_origin_is_kept(checkout, commands, handed, monkeypatch):
    (checkout / ".venv/bin").mkdir(parents=True)
    for name in ("bin/python", "pyvenv.cfg", "theirs"):
        (checkout / ".venv" / name).touch()
    start.main([])
    assert (checkout / ".venv/theirs").exists()


def test_without_uv_pip_does_the_work(commands, handed):
    commands.failing = ("nutgraf-uv.txt",)
    start.main([])
    assert commands.installs("uv") == []
    lock, kit = commands.installs("pip")[1:]
    assert "--require-hashes" in lock
    assert "-e" in kit
    assert start.is_ready(start.LOCK)


def test_when_uv_fails_pip_does_the_work(commands, handed):
    commands.failing = ("-m uv",)
    start.main([])
    assert len(commands.installs("pip")) == 3
    assert start.is_ready(start.LOCK)


def test_uv_is_told_of_the_mirror_that_pip_uses(commands, handed):
    start.main([])
    ran = zip(commands.ran, commands.environments, strict=True)
    assert [env["UV_INDEX"] for command, env in ran if command[2:3] == ["uv"]] == ["mirror"] * 2


def test_pips_settings_are_read_as_pip_lists_them(tmp_path, monkeypatch):
    listing = tmp_path / "pip.py"
    listing.write_text(
        "print(\"global.index-url='https://mirror.school.example/simple'\")\n"
        "print(\":env:.extra-index-url='https://a.example\\\\nhttps://b.example'\")\n"
        "print(\"install.timeout='180'\")\nprint('global.cert=broken')\nprint('noise')\n"
    )
    for variable in start.PIP_TO_UV.values():
        monkeypatch.delenv(variable, raising=False)
    assert start.uv_settings([sys.executable, str(listing)]) == {
        "UV_DEFAULT_INDEX": "https://mirror.school.example/simple",
        "UV_INDEX": "https://a.example https://b.example",
        "UV_INDEX_STRATEGY": "unsafe-best-match",
    }


def test_what_is_set_for_uv_itself_wins(tmp_path, monkeypatch):
    listing = tmp_path / "pip.py"
    listing.write_text("print(\"global.index-url='https://mirror.school.example'\")\n")
    monkeypatch.setenv("UV_DEFAULT_INDEX", "mine")
    assert "UV_DEFAULT_INDEX" not in start.uv_settings([sys.executable, str(listing)])


def test_the_lock_is_split_into_uv_and_the_rest(checkout):
    (checkout / ".venv").mkdir()
    of_uv, others = (Path(path).read_text() for path in start.split_lock(start.LOCK))
    assert of_uv.split() == ["uv==0.9", ";", "a", "\\", "--hash=sha256:2"]
    assert others.split() == ["#", "A", "header", "first==1", "\\", "--hash=sha256:1", "uvloop==3"]


def test_a_python_without_ensurepip_takes_its_own_pip(checkout, commands, handed, monkeypatch):
    monkeypatch.setitem(sys.modules, "ensurepip", None)
    commands.failing = (f"{start.PYTHON} -m pip --version",)
    start.main([])
    assert commands.installs("pip")[0][:5] == [
        *(sys.executable, "-m", "pip"),
        *("--python", start.PYTHON),
    ]
    assert start.is_ready(start.LOCK)


@pytest.mark.parametrize("missing", ["ensurepip", "venv"])
def test_a_python_that_can_make_no_environment_is_told_so(commands, handed, monkeypatch, missing):
    monkeypatch.setitem(sys.modules, missing, None)
    commands.failing = ("-m pip --version",)
    with pytest.raises(SystemExit, match=f"module {missing}(.|\n)*apt install python3-venv"):
        start.main([])


def test_a_place_that_cannot_be_written_is_named(checkout, commands, handed, monkeypatch):
    def refuse(*arguments):
        raise PermissionError(13, "Permission denied", ".venv")

    monkeypatch.setattr(start.os, "mkdir", refuse)
    with pytest.raises(SystemExit, match=r"Permission denied(.|\n)*400 MB free"):
        start.main([])


def test_help_installs_nothing(commands, handed, capsys):
    assert start.main(["--help"]) == 0
    assert "python start.py test" in capsys.readouterr().out
    assert (commands.ran, handed) == ([], [])


# Pythons that are too old


def test_an_old_python_is_told_so(monkeypatch):
    monkeypatch.setattr(start.sys, "version_info", (3, 10, 4))
    with pytest.raises(SystemExit, match=r"needs Python 3\.11 or newer"):
        start.main([])


def test_an_old_python_names_a_newer_one_that_runs(monkeypatch):
    monkeypatch.setattr(start.shutil, "which", lambda name: f"/bin/{name}")
    monkeypatch.setattr(start, "runs", lambda command: command[0] == "/bin/python3.12")
    assert start.too_old().endswith("Run: python3.12 start.py")


def test_an_old_python_alone_is_told_where_to_get_another(monkeypatch):
    monkeypatch.setattr(start, "is_there", lambda name: False)
    assert "python.org" in start.too_old()


NEWER_SYNTAX = (ast.JoinedStr, ast.AnnAssign, ast.NamedExpr, ast.Nonlocal, ast.Match)
DISPLAYS = (ast.List, ast.Tuple, ast.Set)


def test_old_pythons_can_read_the_file_as_far_as_the_message(root):
    source = (root / "start.py").read_text(encoding="ascii")
    nodes = list(ast.walk(ast.parse(source)))
    assert [node.lineno for node in nodes if isinstance(node, NEWER_SYNTAX)] == []
    items = [item for node in nodes if isinstance(node, DISPLAYS) for item in node.elts]
    assert not any(isinstance(item, ast.Starred) for item in items)
    functions = [node for node in nodes if isinstance(node, ast.FunctionDef)]
    hints = [one.returns or any(a.annotation for a in one.args.args) for one in functions]
    assert not any(hints)
    assert not any(one.args.kwonlyargs for one in functions)


@pytest.mark.parametrize("name", ["python2", "python3.6", "python3.8", "python3.10"])
def test_an_old_python_that_is_here_says_it_is_too_old(root, name):
    if not start.is_there(name):
        pytest.skip(f"no {name} here")
    done = subprocess.run(
        [name, str(root / "start.py")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr.startswith("Nutgraf needs Python 3.11 or newer. This is Python ")


# Browsers and handing over


def test_the_browser_that_is_named_is_taken(tmp_path, monkeypatch):
    named = tmp_path / "my-chrome"
    named.touch()
    monkeypatch.setenv("NUTGRAF_BROWSER", str(named))
    assert start.find_browser() == str(named)


def test_no_browser_is_none(monkeypatch):
    monkeypatch.delenv("NUTGRAF_BROWSER", raising=False)
    monkeypatch.setattr(start, "BROWSERS", [])
    monkeypatch.setattr(start, "BROWSER_FILES", ["~/no/such/chrome", "%NoSuch%\\chrome.exe"])
    assert start.find_browser() is None


@pytest.mark.parametrize(("works", "says"), [(True, ""), (False, "That failed")])
def test_a_missing_browser_is_fetched_and_the_reader_told(monkeypatch, capsys, works, says):
    ran = []
    monkeypatch.setattr(start, "find_browser", lambda: None)
    monkeypatch.setattr(start, "runs", lambda command, show: ran.append(command) or works)
    start.find_or_fetch_browser()
    shown = capsys.readouterr().out
    assert ran == [[start.PYTHON, "-m", "playwright", "install", "chromium"]]
    assert "playwright install chromium" in shown
    assert says in shown


@pytest.mark.skipif(os.name == "nt", reason="Windows cannot replace a process")
def test_the_exit_status_comes_back_by_replacing_the_process(tmp_path, root):
    program = (
        f"import start; start.hand_over([{sys.executable!r}, '-c', 'exit(5)'], {str(tmp_path)!r})"
    )
    assert subprocess.run([sys.executable, "-c", program], cwd=root, check=False).returncode == 5


def test_on_windows_the_exit_status_comes_back_from_a_child(monkeypatch):
    class Child:
        """Is interrupted once while it is waited for."""

        def __init__(self, command):
            self.left = [KeyboardInterrupt, None]

        def wait(self):
            if self.left.pop(0):
                raise KeyboardInterrupt
            return 5

    monkeypatch.setattr(start.os, "name", "nt")
    monkeypatch.setattr(start.subprocess, "Popen", Child)
    assert start.hand_over(["python"]) == 5


def test_a_real_environment_is_seen_to_work(tmp_path, monkeypatch):
    import venv

    venv.create(tmp_path / ".venv", symlinks=os.name != "nt")
    place = tmp_path / ".venv" / Path(start.PYTHON).relative_to(start.VENV)
    monkeypatch.setattr(start, "PYTHON", str(place))
    assert start.environment_works()
    (tmp_path / ".venv/pyvenv.cfg").unlink()
    assert not start.environment_works()
    shutil.rmtree(tmp_path / ".venv")
    assert not start.environment_works()
