"""JupyterLab on a learner's folder, driven in a browser."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import nbformat

TOKEN = "nutgraf-tests"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


def find_browser() -> str | None:
    """A Chromium that is there: named by NUTGRAF_BROWSER, on the PATH, or playwright's own."""
    named = os.environ.get("NUTGRAF_BROWSER") or next(
        filter(None, map(shutil.which, BROWSERS)), None
    )
    if named:
        return named
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        own = playwright.chromium.executable_path
    return own if Path(own).exists() else None


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Lab:
    """A JupyterLab on a learner's folder, with settings of its own."""

    def __init__(self, folder: Path, home: Path):
        self.folder = folder
        self.url = f"http://127.0.0.1:{(port := free_port())}"
        self.log = home / "lab.log"
        environment = {name: value for name, value in os.environ.items() if "JUPYTER" not in name}
        environment |= {"HOME": str(home), "USERPROFILE": str(home), "NLTK_DATA": ""}
        environment |= {
            f"JUPYTER_{part}_DIR": str(home / part) for part in ("CONFIG", "DATA", "RUNTIME")
        }
        environment |= {"IPYTHONDIR": str(home / "ipython")}
        environment |= {"JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces")}
        command = [sys.executable, "-m", "jupyterlab", "--no-browser", f"--port={port}"]
        command += ["--ServerApp.port_retries=0", f"--IdentityProvider.token={TOKEN}"]
        command += ["--LabApp.expose_app_in_browser=True", f"--ServerApp.root_dir={folder}"]
        command += ["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                command, cwd=folder, env=environment, stdout=log, stderr=subprocess.STDOUT
            )
        self._wait()

    def _wait(self) -> None:
        until = time.monotonic() + 90
        while time.monotonic() < until:
            try:
                urllib.request.urlopen(f"{self.url}/api?token={TOKEN}", timeout=2).close()
                return
            except OSError:
                time.sleep(0.1)
        raise RuntimeError(f"JupyterLab did not start:\n{self.log.read_text(errors='replace')}")

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()

    def write(self, name: str, *cells: str) -> str:
        """Save a notebook of code cells in the folder; returns its name."""
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])
        notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
        nbformat.write(notebook, self.folder / name)
        return name

    @contextmanager
    def open(self, browser, name: str, theme: str = "JupyterLab Light"):
        """A page with the notebook open and its kernel ready."""
        context = browser.new_context(viewport={"width": 1280, "height": 1000})
        page = context.new_page()
        page.set_default_timeout(30_000)
        page.goto(f"{self.url}/lab/tree/{name}?token={TOKEN}&reset")
        page.wait_for_function("window.jupyterapp")
        ready(page)
        page.evaluate(
            "theme => window.jupyterapp.commands.execute('apputils:change-theme', {theme})", theme
        )
        try:
            yield page
            # Not awaited for ever: a dialog of Lab's would keep the promise open.
            page.evaluate(
                """() => Promise.race([
                    window.jupyterapp.commands.execute('docmanager:save'),
                    new Promise((done) => setTimeout(done, 5000)),
                ])"""
            )
        finally:
            context.close()


def ready(page) -> None:
    """Wait until the kernel has a name and is idle: idle alone is shown before it starts."""
    page.wait_for_function(
        """() => {
            const panel = document.querySelector('.jp-NotebookPanel:not(.lm-mod-hidden)');
            const name = panel?.querySelector('.jp-KernelName')?.textContent ?? 'No Kernel';
            const state = panel?.querySelector('.jp-Notebook-ExecutionIndicator')?.dataset.status;
            return !name.includes('No Kernel') && state === 'idle';
        }"""
    )


def run_all(page) -> None:
    page.evaluate("window.jupyterapp.commands.execute('notebook:run-all-cells')")
    ready(page)
