"""JupyterLab on a learner's folder, driven in a browser."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import nbformat

from tests.browser.kernels import Kernels, can_fork

TOKEN = "nutgraf-tests"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
SCREEN = {"width": 1280, "height": 1000}


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


# Packages that only tests need bring these into every JupyterLab beside them.
FRONT_ENDS = ("@jupyter/nbgrader", "@jupyter-notebook/lab-extension")
SERVERS = ("notebook", "nbgrader.server_extensions.formgrader")
SERVERS += ("nbgrader.server_extensions.validate_assignment",)
SERVERS += ("nbgrader.server_extensions.assignment_list", "nbgrader.server_extensions.course_list")


def as_learners_have_it(config: Path) -> None:
    """Settings, in Jupyter's folder of them, for a JupyterLab with what the kit brings alone."""
    (config / "labconfig").mkdir(parents=True)
    off = {"disabledExtensions": dict.fromkeys(FRONT_ENDS, True)}
    (config / "labconfig" / "page_config.json").write_text(json.dumps(off), encoding="utf-8")
    off = {"ServerApp": {"jpserver_extensions": dict.fromkeys(SERVERS, False)}}
    (config / "jupyter_server_config.json").write_text(json.dumps(off), encoding="utf-8")


class Lab:
    """A JupyterLab on a learner's folder, with settings of its own."""

    def __init__(self, folder: Path, home: Path, *, forked: bool = True):
        """folder: the learner's; home: an empty one for settings.

        forked: whether kernels begin with the big libraries loaded (see kernels.py).
        """
        self.folder = folder
        self.page = None
        self.asked: list[str] = []
        """Addresses that its pages asked for; a test that looks at them clears them first."""
        self.url = f"http://127.0.0.1:{(port := free_port())}"
        self.log = home / "lab.log"
        environment = {name: value for name, value in os.environ.items() if "JUPYTER" not in name}
        environment |= {"HOME": str(home), "USERPROFILE": str(home), "NLTK_DATA": ""}
        environment |= {
            f"JUPYTER_{part}_DIR": str(home / part) for part in ("CONFIG", "DATA", "RUNTIME")
        }
        environment |= {"IPYTHONDIR": str(home / "ipython")}
        environment |= {"JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces")}
        as_learners_have_it(home / "CONFIG")
        forked = forked and can_fork()
        self.kernels = Kernels(home / "forked", environment) if forked else None
        environment |= {"JUPYTER_PATH": str(home / "forked")}
        command = [sys.executable, "-m", "jupyterlab", "--no-browser", f"--port={port}"]
        command += ["--ServerApp.port_retries=0", f"--IdentityProvider.token={TOKEN}"]
        command += ["--LanguageServerManager.autodetect=False"]
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
        if self.kernels:
            self.kernels.stop()

    def end_kernels(self) -> None:
        """End every kernel: a notebook that is opened later under an old name gets a new one."""
        address = f"{self.url}/api/sessions"
        header = {"Authorization": f"token {TOKEN}"}
        with urllib.request.urlopen(urllib.request.Request(address, headers=header)) as answer:
            sessions = json.load(answer)
        for session in sessions:
            one = f"{address}/{session['id']}"
            urllib.request.urlopen(
                urllib.request.Request(one, headers=header, method="DELETE")
            ).close()

    def write(self, name: str, *cells: str) -> str:
        """Save a notebook of code cells in the folder; returns its name."""
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])
        notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
        nbformat.write(notebook, self.folder / name)
        return name

    @contextmanager
    def open(self, browser, name: str, theme: str = "JupyterLab Light", *, fresh: bool = False):
        """A page with the notebook open and its kernel ready.

        Loading JupyterLab takes seconds, so the page stays for the next notebook, which finds
        nothing else open in it; unless the test failed, or changed more than its notebook.
        fresh: a page of a browser that has seen nothing.
        """
        if fresh:
            self.forget_page()
        page, self.page = self.page, None
        if page is None:
            page = browser.new_context(viewport=SCREEN).new_page()
            page.set_default_timeout(30_000)
            page.on("request", lambda request: self.asked.append(request.url))
            page.goto(f"{self.url}/lab/tree/{name}?token={TOKEN}&reset")
            page.wait_for_function("window.jupyterapp")
        else:
            page.set_viewport_size(SCREEN)
            page.mouse.move(0, 0)
            page.evaluate(OPEN, name)
        try:
            ready(page)
            wear(page, theme)
            before = page.evaluate(LOOKS)
            yield page
            save(page)
            if self.page is None and page.evaluate(LOOKS) == before:
                page.evaluate(CLOSE)
                self.page = page
        finally:
            if self.page is not page:
                page.context.close()

    def forget_page(self) -> None:
        """Close the page that waits for the next notebook."""
        page, self.page = self.page, None
        if page is not None:
            page.context.close()


# The launcher stands in while no notebook is open: Lab would bring it a moment later.
CLOSE = """async () => {
    const { commands, shell } = window.jupyterapp;
    const open = [...shell.widgets('main')];
    await commands.execute('launcher:create');
    open.forEach((widget) => widget.dispose());
}"""

# The kernels of earlier notebooks are ended only now: a test may open its own a second time.
OPEN = """async (path) => {
    const { commands, serviceManager, shell } = window.jupyterapp;
    const others = [...shell.widgets('main')];
    await commands.execute('docmanager:open', { path });
    others.forEach((widget) => widget.dispose());
    for (const { id, path: used } of serviceManager.sessions.running()) {
        if (used !== path) serviceManager.sessions.shutdown(id).catch(() => {});
    }
}"""

# What a test may have done to the page besides its notebook; the style of a widget has an id.
LOOKS = """() => [
    document.querySelectorAll('style:not([id])').length,
    document.documentElement.style.height, document.body.style.height,
    window.jupyterapp.shell.leftCollapsed, window.jupyterapp.shell.rightCollapsed,
    document.querySelectorAll('.jp-Dialog').length,
]"""


def ready(page) -> None:
    """Wait until the kernel is there and idle: Lab shows its name, and idle, before it starts."""
    page.wait_for_function(
        """() => {
            const panel = document.querySelector('.jp-NotebookPanel:not(.lm-mod-hidden)');
            const state = panel?.querySelector('.jp-Notebook-ExecutionIndicator')?.dataset.status;
            const context = window.jupyterapp.shell.currentWidget?.sessionContext;
            const kernel = context?.session?.kernel;
            return context?.isReady && kernel?.connectionStatus === 'connected'
                && kernel.status === 'idle' && state === 'idle';
        }"""
    )


def run_all(page) -> None:
    page.evaluate("window.jupyterapp.commands.execute('notebook:run-all-cells')")
    ready(page)


def save(page) -> str:
    """Save the notebook; returns what stood in the way after five seconds, or nothing."""
    return page.evaluate(
        """() => Promise.race([
            window.jupyterapp.commands.execute('docmanager:save').then(() => ''),
            new Promise((done) => setTimeout(done, 5000)).then(
                () => document.querySelector('.jp-Dialog')?.innerText || 'Not saved in time.'),
        ])"""
    )


def wear(page, theme: str) -> None:
    """Change Lab's theme, also under an open notebook, and wait until it is there."""
    page.evaluate(
        "theme => window.jupyterapp.commands.execute('apputils:change-theme', {theme})", theme
    )
    page.wait_for_function(
        """theme => document.body.dataset.jpThemeName === theme
            && !document.getElementById('jupyterlab-splash')""",
        arg=theme,
    )


def outside(addresses: list[str]) -> list[str]:
    """Those of the addresses that are not this machine's."""
    local = re.compile(r"(https?|wss?)://127\.0\.0\.1[:/]|data:|blob:")
    return [address for address in addresses if not local.match(address)]
