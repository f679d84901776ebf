"""Locks, conda's environment, the wheel: what is installed is what pyproject.toml says."""

from __future__ import annotations

import importlib.metadata
import json
import os
import re
import shutil
import subprocess
import sys
import time
import tomllib
import urllib.request
import venv
import zipfile
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

import nutgraf

LOCKS = ("requirements.lock", "requirements-test.lock")
CONDA_NAMES = {"matplotlib": "matplotlib-base", "jupyter-client": "jupyter_client"}
OUR_NAMES = {conda: ours for ours, conda in CONDA_NAMES.items()}
PYTHONS = ("3.11.0", "3.11.9", "3.12.4", "3.13.2", "3.14.1")
SYSTEMS = (("linux", "Linux", "posix"), ("darwin", "Darwin", "posix"), ("win32", "Windows", "nt"))


@pytest.fixture(scope="session")
def project(root) -> dict:
    return tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def pins(text: str) -> list[tuple[Requirement, int]]:
    """The pins of a lock, each with the number of its hashes."""
    entries = re.split(r"\n(?=\S)", "\n" + text)
    entries = [entry.strip() for entry in entries if entry.strip() and entry.strip()[0] != "#"]
    return [
        (Requirement(entry.split("\\")[0].strip()), len(re.findall(r"--hash=sha256:\w{64}", entry)))
        for entry in entries
    ]


def versions(text: str, python: str, system: tuple[str, str, str]) -> dict[str, str]:
    """What a lock installs on a Python of a system."""
    environment = {"python_version": python.rpartition(".")[0], "python_full_version": python}
    environment |= dict(zip(("sys_platform", "platform_system", "os_name"), system, strict=True))
    here = [pin for pin, _ in pins(text) if not pin.marker or pin.marker.evaluate(environment)]
    names = [pin.name for pin in here]
    assert len(names) == len(set(names))
    return {pin.name: str(pin.specifier).removeprefix("==") for pin in here}


# Locks


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_address(root, lock):
    text = (root / lock).read_text(encoding="ascii")
    assert not re.search(r"://|--index|--find-links|@ ", text)


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_pins_each_package_with_hashes(root, lock):
    found = pins((root / lock).read_text(encoding="ascii"))
    assert len(found) > 100
    assert [str(pin) for pin, hashes in found if not hashes] == []
    assert [str(pin) for pin, _ in found if not re.fullmatch(r"==[\w.]+", str(pin.specifier))] == []


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_says_how_it_is_renewed(root, lock):
    first = (root / lock).read_text(encoding="ascii").splitlines()[0]
    assert first == "# Made from pyproject.toml by: python tools/lock.py"
    assert (root / "tools/lock.py").is_file()


@pytest.mark.parametrize("system", SYSTEMS, ids=lambda system: system[0])
@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_holds_what_the_project_needs(root, project, lock, python, system):
    extra = "test" if lock == "requirements-test.lock" else "setup"
    locked = versions((root / lock).read_text(encoding="ascii"), python, system)
    extras = project["optional-dependencies"]
    needs = project["dependencies"] + extras["setup"] + extras[extra]
    needs = [Requirement(need) for need in needs if not need.startswith("nutgraf")]
    assert [need.name for need in needs if need.name not in locked] == []
    assert [need.name for need in needs if not need.specifier.contains(locked[need.name])] == []


@pytest.mark.parametrize("system", SYSTEMS, ids=lambda system: system[0])
@pytest.mark.parametrize("python", PYTHONS)
def test_the_tests_run_on_what_a_learner_gets(root, python, system):
    learner, tests = ((root / lock).read_text(encoding="ascii") for lock in LOCKS)
    assert versions(learner, python, system).items() <= versions(tests, python, system).items()


def test_what_only_benchmarks_need_is_not_locked(root):
    assert "spacy" not in "".join((root / lock).read_text(encoding="ascii") for lock in LOCKS)


# conda and Binder


@pytest.fixture(scope="session")
def conda(root) -> list:
    return yaml.safe_load((root / "environment.yml").read_text(encoding="utf-8"))["dependencies"]


def test_conda_parses_every_line(conda):
    rattler = pytest.importorskip("rattler")
    for line in conda:
        if isinstance(line, str):
            rattler.MatchSpec(line, strict=True)


def test_a_malformed_line_would_be_noticed():
    rattler = pytest.importorskip("rattler")
    exceptions = pytest.importorskip("rattler.exceptions")
    with pytest.raises(exceptions.InvalidMatchSpecError):
        rattler.MatchSpec("jupyter lab=4.6", strict=True)


def test_conda_has_the_same_dependencies_and_bounds_as_the_project(conda, project):
    lines = [line for line in conda if isinstance(line, str)]
    (pip,) = (line["pip"] for line in conda if isinstance(line, dict))
    lines = [line for line in lines if not line.startswith("python=") and line != "pip"]
    requirements = [Requirement(line) for line in [*lines, *(line for line in pip if line != ".")]]
    bounds = {OUR_NAMES.get(one.name, one.name): one.specifier for one in requirements}
    assert bounds == {
        need.name: need.specifier for need in map(Requirement, project["dependencies"])
    }


def test_conda_installs_the_checkout_itself(conda):
    assert conda[-1]["pip"][-1] == "."
    assert "pip" in conda


def test_conda_pins_a_python_in_the_form_that_binder_reads(conda, project):
    (python,) = (line for line in conda if str(line).startswith("python"))
    version = re.fullmatch(r"python=(\d+\.\d+)", python)[1]
    assert SpecifierSet(project["requires-python"]).contains(version)
    assert f"Programming Language :: Python :: {version}" in project["classifiers"]


@pytest.mark.skipif(os.name == "nt", reason="Binder runs it, on Linux")
def test_binder_opens_the_contents_page_of_a_learners_folder(root, tmp_path):
    environment = dict(os.environ, JUPYTERLAB_WORKSPACES_DIR=str(tmp_path / "workspaces"))
    environment["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    assert os.access(root / "postBuild", os.X_OK)
    subprocess.run([root / "postBuild"], cwd=tmp_path, env=environment, check=True)
    (saved,) = (tmp_path / "workspaces").iterdir()
    layout = json.loads(saved.read_text())
    assert layout["metadata"]["id"] == "default"
    assert layout["data"]["notebook:my-nutgraf/index.ipynb"]["data"]["factory"] == "Notebook"
    assert (tmp_path / "my-nutgraf/index.ipynb").is_file()


# JupyterLab's defaults


def test_the_defaults_are_settings_that_jupyterlab_has(root):
    import jupyterlab

    schemas = Path(jupyterlab.__file__).parent / "schemas"
    shipped = json.loads((root / "src/nutgraf/labdefaults/settings.json").read_text())
    for plugin, values in shipped.items():
        schema = json.loads((schemas / f"{plugin.replace(':', '/')}.json").read_text())
        assert set(values) <= set(schema["properties"])
        assert all(schema["properties"][name]["default"] != values[name] for name in values)


# The wheel


def uv(*arguments: object, **options) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "uv", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)


@pytest.fixture(scope="session")
def wheel(root, tmp_path_factory) -> Path:
    """The wheel of this checkout."""
    place = tmp_path_factory.mktemp("dist")
    done = uv("build", "--wheel", "--no-build-isolation", "--out-dir", place, root)
    assert done.returncode == 0, done.stderr
    (built,) = place.glob("*.whl")
    return built


@pytest.fixture(scope="session")
def packed(wheel) -> set[str]:
    return set(zipfile.ZipFile(wheel).namelist())


def files_of(root: Path, folder: str, pattern: str) -> list[str]:
    """Files of the checkout that travel: nothing that an editor drops."""
    found = [path.relative_to(root / folder).as_posix() for path in (root / folder).rglob(pattern)]
    return [name for name in found if ".ipynb_checkpoints" not in name.split("/")]


@pytest.mark.parametrize(
    ("folder", "pattern", "inside"),
    [
        ("notebooks", "*.ipynb", "nutgraf/kit/notebooks"),
        ("notebooks", "quizzes/*.yml", "nutgraf/kit/notebooks"),
        ("seeds", "*/*.*", "nutgraf/kit/seeds"),
        ("exercises", "*.*", "nutgraf/kit/exercises"),
        ("exercises/solutions", "*.ipynb", "nutgraf/kit/exercises/solutions"),
        ("src/nutgraf", "*.py", "nutgraf"),
        ("src/nutgraf", "widgets/static/*.*", "nutgraf"),
        ("src/nutgraf", "*.json", "nutgraf"),
    ],
)
def test_the_wheel_carries(root, packed, folder, pattern, inside):
    files = files_of(root, folder, pattern)
    assert files
    assert [name for name in files if f"{inside}/{name}" not in packed] == []


def test_the_wheel_carries_nothing_else(packed):
    kinds = re.compile(
        r"nutgraf/(kit/(notebooks/([\w-]+\.ipynb|quizzes/[\w-]+\.yml)"
        r"|seeds/[\w-]+/[\w-]+\.(txt|yml|json)"
        r"|exercises/((solutions/)?[\w-]+\.ipynb|README\.md))"
        r"|(\w+/)*\w+\.py|widgets/static/\w+\.(js|css)|[\w.]+\.schema\.json|labdefaults/\w+\.json"
        r"|schemes/[\w-]+\.yml)"
        r"|nutgraf-[\d.]+\.dist-info/(METADATA|WHEEL|RECORD|entry_points\.txt|licenses/LICENSE)"
        r"|nutgraf-[\d.]+\.data/data/etc/jupyter/labconfig/default_setting_overrides\.d/nutgraf\.json"
    )
    assert [name for name in packed if not kinds.fullmatch(name)] == []


def test_the_wheel_has_the_version_of_the_package(wheel):
    assert wheel.name == f"nutgraf-{nutgraf.__version__}-py3-none-any.whl"
    assert importlib.metadata.version("nutgraf") == nutgraf.__version__


def test_the_source_distribution_builds_the_same_wheel(root, packed, tmp_path):
    done = uv("build", "--no-build-isolation", "--out-dir", tmp_path, root)
    assert done.returncode == 0, done.stderr
    (again,) = tmp_path.glob("*.whl")
    assert set(zipfile.ZipFile(again).namelist()) == packed


class Installed:
    """An environment that holds the wheel and the learner's lock, and an empty place to work in."""

    def __init__(self, place: Path, wheel: Path, lock: Path):
        venv.create(place / "env", symlinks=os.name != "nt")
        self.bin = place / "env" / ("Scripts" if os.name == "nt" else "bin")
        self.folder = place / "work"
        self.home = place / "home"
        for folder in (self.folder, self.home):
            folder.mkdir()
        self.environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("JUPYTER", "PYTHON", "NLTK", "VIRTUAL_ENV", "NUTGRAF"))
        } | {"HOME": str(self.home), "USERPROFILE": str(self.home)}
        install = ["pip", "install", "--python", place / "env", "--no-deps"]
        pinned = [*install, "--require-hashes", "-r", lock]
        # What `start.py` installed is still in uv's cache; otherwise the network must do.
        done = uv(*pinned, "--offline")
        done = uv(*pinned) if done.returncode else done
        if done.returncode and not os.environ.get("CI"):
            pytest.skip(f"the locked packages are not to be had here: {done.stderr[-300:]}")
        assert done.returncode == 0, done.stderr
        done = uv(*install, "--offline", wheel)
        assert done.returncode == 0, done.stderr

    def command(self, *arguments: str) -> list[str]:
        return [shutil.which("nutgraf", path=str(self.bin)), *arguments]

    def run(self, *arguments: str) -> subprocess.CompletedProcess:
        return subprocess.run(
            self.command(*arguments), cwd=self.folder, env=self.environment,
            capture_output=True, text=True, encoding="utf-8", check=False,
        )  # fmt: skip


@pytest.fixture(scope="session")
def installed(root, wheel, tmp_path_factory) -> Installed:
    return Installed(tmp_path_factory.mktemp("installed"), wheel, root / "requirements.lock")


def test_the_installed_wheel_tells_its_version(installed):
    assert installed.run("--version").stdout == f"nutgraf {nutgraf.__version__}\n"


def test_the_installed_wheel_finds_all_in_order(installed):
    done = installed.run("check")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "FAIL" not in done.stdout


def test_the_lock_has_all_that_the_installed_packages_need(installed):
    done = uv("pip", "check", "--python", installed.bin.parent)
    assert done.returncode == 0, done.stderr


def test_jupyterlab_of_the_installed_wheel_opens_the_lessons(installed, root):
    process = subprocess.Popen(
        installed.command("--no-browser", "--port", "0"), cwd=installed.folder,
        env=installed.environment, stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        until = time.monotonic() + 90
        server = None
        while server is None and time.monotonic() < until and process.poll() is None:
            time.sleep(0.2)
            server = next(installed.home.rglob("jpserver-*[0-9].json"), None)
        time.sleep(0.5)  # the file is there a moment before the address answers
        told = json.loads(server.read_text(encoding="utf-8"))
        query = f"?token={told['token']}"
        with urllib.request.urlopen(f"{told['url']}api/contents{query}", timeout=30) as answer:
            listed = {entry["name"] for entry in json.load(answer)["content"]}
        lessons = {path.name for path in (root / "notebooks").glob("*.ipynb")}
        assert lessons
        assert lessons <= listed
        plugin = "@jupyterlab/apputils-extension:notification"
        with urllib.request.urlopen(
            f"{told['url']}lab/api/settings/{plugin}{query}", timeout=30
        ) as answer:
            schema = json.load(answer)["schema"]
        assert schema["properties"]["fetchNews"]["default"] == "false"
    finally:
        process.terminate()
        process.wait(30)


# A light import

HEAVY = {
    "pandas",
    "numpy",
    "nltk",
    "matplotlib",
    "IPython",
    "ipywidgets",
    "anywidget",
    "jupyterlab",
}


@pytest.mark.parametrize("module", ["nutgraf", "nutgraf.cli", "nutgraf.folder", "nutgraf.lab"])
def test_importing_loads_nothing_heavy(module):
    program = f"import sys, {module}; print(*sorted(set(sys.modules) & {HEAVY!r}))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert done.stdout.split() == []


def test_asking_for_the_article_loads_no_pandas_yet():
    program = "import sys, nutgraf; nutgraf.load('sadr-protests'); print('pandas' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert done.stdout.split() == [b"False"]
