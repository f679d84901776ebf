"""Kernels that begin with the big libraries loaded: the tests start more than a hundred of them.

A server imports ipykernel, pandas, NLTK and the like once. For each kernel that Jupyter asks for it
makes a copy of itself (a fork), which goes on as an ordinary kernel: a process of its own, in which
no part of the kit is loaded and nothing was run. What Jupyter starts, watches and ends is a small
program that stands for the copy: each ends when the other does, and an interrupt is passed on.

Only Linux forks safely after such imports; elsewhere kernels start as they always do.

    python kernels.py serve FD                make kernels for who connects to the socket FD
    python kernels.py stand-in NAME FILE      stand for a kernel on Jupyter's connection file FILE
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

LIBRARIES = (
    *("ipykernel.kernelapp", "ipykernel.ipkernel", "ipykernel.zmqshell"),
    *("numpy", "pandas", "nltk.tokenize.punkt", "jsonschema", "yaml", "regex"),
)
"""What is loaded beforehand: no part of the kit, and nothing that looks for a running IPython when
it is imported, as ipywidgets and pyplot do."""


class Kernels:
    """A server of kernels for one JupyterLab, there until `stop`."""

    def __init__(self, folder: Path, environment: dict[str, str]):
        """folder: where to write down how Jupyter starts them, for JUPYTER_PATH.

        environment: variables that the libraries see when they are loaded.
        """
        place = folder / "kernels" / "python3"
        place.mkdir(parents=True)
        log = folder / "kernels.log"
        name = f"nutgraf-kernels-{os.getpid()}-{id(self)}"
        with socket.socket(socket.AF_UNIX) as listener, log.open("wb") as output:
            listener.bind(f"\0{name}")
            listener.listen()
            self.process = subprocess.Popen(
                [sys.executable, __file__, "serve", str(listener.fileno())],
                pass_fds=[listener.fileno()], start_new_session=True, env=environment,
                stdin=subprocess.PIPE, stdout=output, stderr=output,
            )  # fmt: skip
        # -S and -I: the program that stands for a kernel needs Python's own modules only.
        argv = [sys.executable, "-I", "-S", __file__, "stand-in", name, "{connection_file}"]
        spec = {"argv": argv, "display_name": "Python 3 (ipykernel)", "language": "python"}
        (place / "kernel.json").write_text(json.dumps(spec), encoding="utf-8")

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()


def can_fork() -> bool:
    """Whether kernels can be made in this way here."""
    return sys.platform == "linux"


def serve(listener: socket.socket) -> None:
    """Load the libraries; make a kernel for each who connects, until who started this is gone."""
    from importlib import import_module
    from select import select

    # The tests' folder is no place that a kernel imports from.
    sys.path.remove(os.path.dirname(os.path.abspath(__file__)))
    for name in LIBRARIES:
        import_module(name)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody here waits for the kernels
    while sys.stdin.fileno() not in select([listener, sys.stdin], [], [])[0]:
        connection, _ = listener.accept()
        if os.fork() == 0:
            listener.close()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            be_kernel(connection)
        connection.close()


def be_kernel(connection: socket.socket) -> None:
    """Become the kernel that the program at the other end asks for, and end with it."""
    from threading import Thread

    from ipykernel.kernelapp import launch_new_instance

    with connection.makefile("rb") as asked:
        wanted = json.loads(asked.readline())
    os.chdir(wanted["folder"])
    os.environ.clear()
    os.environ.update(wanted["environment"])
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    connection.sendall(f"{os.getpid()}\n".encode())

    def end_with_the_other() -> None:
        connection.recv(1)
        os._exit(1)

    Thread(target=end_with_the_other, daemon=True).start()
    sys.argv = ["ipykernel_launcher", "-f", wanted["file"]]
    launch_new_instance()
    os._exit(0)


def stand_in(name: str, file: str) -> int:
    """Ask for a kernel, pass interrupts on to it, and end when it does."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(f"\0{name}")
        wanted = {"folder": os.getcwd(), "file": file, "environment": dict(os.environ)}
        connection.sendall(json.dumps(wanted).encode() + b"\n")
        with connection.makefile("rb") as told:
            kernel = int(told.readline())
            signal.signal(signal.SIGINT, lambda *_: os.kill(kernel, signal.SIGINT))
            told.read()
    return 0


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve(socket.socket(fileno=int(sys.argv[2])))
    else:
        sys.exit(stand_in(*sys.argv[2:]))
