"""Fixtures that the tests share: the article, a learner's folder, and no way to the network."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import hypothesis
import pytest
import pytest_socket

# Tests of the notebooks use the contributors' tool, which is no part of the package.
sys.path.insert(0, str(Path(__file__).parents[1] / "tools"))

LOOPBACK = ["127.0.0.1", "::1", "localhost"]

hypothesis.settings.register_profile("nutgraf", deadline=None, database=None)
hypothesis.settings.load_profile("nutgraf")

os.environ["MPLBACKEND"] = "Agg"
# Language data of this machine must not decide a test.
os.environ.pop("NLTK_DATA", None)


def pytest_runtest_setup() -> None:
    """Kernels and browsers talk to this machine; nothing else is reached."""
    pytest_socket.socket_allow_hosts(LOOPBACK, allow_unix_socket=True)


@pytest.fixture(scope="session")
def root() -> Path:
    """The top of the checkout."""
    return Path(__file__).parents[1]


@pytest.fixture(scope="session")
def article():
    """The article of the lessons."""
    from nutgraf import load

    return load("sadr-protests")


@pytest.fixture
def learner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty learner's folder, and the working folder while the test runs."""
    folder = tmp_path / "my-nutgraf"
    (folder / ".nutgraf").mkdir(parents=True)
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture(scope="session")
def browser():
    """One Chromium for the whole run; every test opens pages of its own."""
    from playwright.sync_api import expect, sync_playwright

    from tests.browser.lab import find_browser

    executable = find_browser()
    if executable is None:
        if os.environ.get("CI"):
            pytest.fail("No Chromium found, and in CI no browser test may be skipped.")
        pytest.skip("No Chromium or Chrome found; `python start.py test` tries to get one.")
    expect.set_options(timeout=15_000)  # a busy machine is slow
    flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    flags += ["--disable-component-update", "--disable-sync", "--no-first-run"]
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=executable, args=flags)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def one_lab(tmp_path_factory):
    """One JupyterLab for the whole run, on a learner's folder."""
    from tests.browser.lab import Lab

    folder = tmp_path_factory.mktemp("learner")
    (folder / ".nutgraf").mkdir()
    server = Lab(folder, tmp_path_factory.mktemp("home"))
    yield server
    server.stop()


@pytest.fixture(scope="module")
def lab(one_lab):
    """The JupyterLab; what the pages of one file have loaded is not there for the next."""
    yield one_lab
    one_lab.forget_page()
