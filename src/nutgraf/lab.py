"""JupyterLab on a learner's folder: which page it opens, and how it is started."""

from __future__ import annotations

import errno
import json
import os
import socket
from pathlib import Path
from typing import Any

from nutgraf.errors import NutgrafError
from nutgraf.paths import MARKER

WORKSPACE = "nutgraf"
"""Name of the layout of panels that belongs to the learner's folder."""

FIRST = ("00-start-here.ipynb", "index.ipynb")
"""What a new learner sees: the first of these that is there."""

TEMPLATE = Path(__file__).parent / "labdefaults" / "workspace.json"
"""A layout saved by JupyterLab itself: one notebook, and its table of contents at the left."""


def write_workspace(directory: Path, name: str, notebook: str) -> Path:
    """Save a layout with `notebook` open (a path in Lab's root folder); returns the file.

    `directory` is Lab's folder of layouts; the name "default" is the layout of a plain `/lab`.
    """
    layout = json.loads(TEMPLATE.read_text(encoding="utf-8").replace("LESSON.ipynb", notebook))
    layout["metadata"]["id"] = name
    directory.mkdir(parents=True, exist_ok=True)
    path = _workspace_file(directory, name)
    path.write_text(json.dumps(layout, indent=1), encoding="utf-8")
    return path


def start_url(folder: Path) -> str:
    """The page to open: the first lesson at first, later where the learner was.

    Writes the layout into the folder if there is none yet, or none that can be read.
    """
    layouts = folder / MARKER / "workspaces"
    first = next((name for name in FIRST if (folder / name).is_file()), None)
    page = f"/lab/workspaces/{WORKSPACE}"
    if first is None:
        return page
    try:
        layout = json.loads(_workspace_file(layouts, WORKSPACE).read_text(encoding="utf-8"))
        is_open = any((folder / name).is_file() for name in open_files(layout))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        write_workspace(layouts, WORKSPACE, first)
        is_open = False
    return page if is_open else f"{page}/tree/{first}"


def open_files(layout: dict[str, Any]) -> list[str]:
    """The files open in the middle of a saved layout, as paths in Lab's root folder.

    Lab names each by its kind and path, "notebook:03-words.ipynb" for example.
    """

    def widgets(area: Any) -> list[str]:
        if not isinstance(area, dict):
            return []
        inner = [name for child in area.get("children", []) for name in widgets(child)]
        return [*area.get("widgets", []), *inner]

    names = widgets((layout["data"]["layout-restorer:data"]["main"] or {}).get("dock"))
    return [name.partition(":")[2] for name in names if ":" in name]


def check_port(port: int) -> None:
    """Raise NutgrafError unless JupyterLab can have this port of this machine (0: any)."""
    for family, kind, protocol, _, address in socket.getaddrinfo(
        "localhost", port, type=socket.SOCK_STREAM
    ):
        try:
            with socket.socket(family, kind, protocol) as probe:
                if os.name != "nt":  # there, the option would take a port away from its owner
                    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(address)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise NutgrafError(
                    f"Port {port} is busy: another program (perhaps another JupyterLab) uses it. "
                    f"Give another --port, or none: then a free one is found."
                ) from error
            if error.errno == errno.EACCES:
                raise NutgrafError(
                    f"Port {port} is kept for the system. Give a --port of 1024 or more, or none."
                ) from error
            # Any other error: this machine lacks this kind of address. Lab goes without it too.


def prefer_this_environment() -> None:
    """Let Jupyter look in this environment first.

    A kernel or a front end of the same name in the home folder may be some other Python's.
    """
    os.environ.setdefault("JUPYTER_PREFER_ENV_PATH", "1")


def check_kernel() -> None:
    """Raise NutgrafError unless there is a Python kernel for the lessons."""
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    try:
        KernelSpecManager().get_kernel_spec("python3")
    except NoSuchKernel as error:
        raise NutgrafError(
            "The Python kernel, which runs the lessons, is missing. "
            "Install it: python -m pip install ipykernel"
        ) from error


def start(folder: Path, port: int | None = None, browser: bool = True) -> int:
    """Run JupyterLab on the learner's folder until it is stopped; returns its exit status.

    It runs in this process, so that Ctrl+C and the like reach it on every system.
    Raises NutgrafError before anything starts if the port is taken or the kernel missing.
    """
    prefer_this_environment()
    check_kernel()
    options = [f"--ServerApp.root_dir={folder}", f"--LabApp.default_url={start_url(folder)}"]
    options += [f"--LabApp.workspaces_dir={folder / MARKER / 'workspaces'}"]
    # Warnings and the address, but not each file saved.
    options += ["--Application.log_level=WARN"]
    # The lessons need no language servers, and looking for them runs npm where there is one.
    options += ["--LanguageServerManager.autodetect=False"]
    if port is not None:
        check_port(port)
        options += [f"--ServerApp.port={port}", "--ServerApp.port_retries=0"]
    if not browser:
        options += ["--no-browser"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        options += ["--allow-root"]  # in a container there is often nobody else

    from jupyterlab.labapp import LabApp

    try:
        LabApp.launch_instance(options)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    return 0


def _workspace_file(directory: Path, name: str) -> Path:
    from jupyterlab_server.workspaces_handler import WORKSPACE_EXTENSION, slugify

    return directory / f"{slugify(name)}{WORKSPACE_EXTENSION}"
