"""The command `nutgraf`: make the learner's folder, bring it up to date, open JupyterLab on it."""

from __future__ import annotations

import argparse
import atexit
import os
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from nutgraf import __version__
from nutgraf.errors import NutgrafError
from nutgraf.folder import Report, prepare
from nutgraf.paths import learner_folder

FOLDER = "my-nutgraf"

EXAMPLES = """\
examples:
  {command}                      open the lessons, in the folder my-nutgraf
  {command} ~/class/nutgraf      the same in another folder
  {command} --port 9000 --no-browser
                               for a class: print the address, open nothing
  {command} check                check that everything is in order; each FAIL names its fix
  {command} class-annotations handed-in
                               for teachers: what the class marked, and a sheet to talk over
  {command} paper                for workshops: a handout to print, and the facilitator's key

Run again, it adds what is new and updates the lessons that you did not touch.
What you changed is never overwritten. For a fresh copy of a lesson, rename yours
and run {command} again.
"""


def command_name() -> str:
    """How the kit was called: "nutgraf", or for example "python start.py"."""
    return os.environ.get("NUTGRAF_COMMAND", "nutgraf")


def run() -> None:
    """Run the command and end the process with its exit status.

    A server that is stopped while it answers can leave worker threads behind that wait for ever
    (so does JupyterLab's own command), and Python would wait for them: they get a second.
    """
    status = main()
    until = time.monotonic() + 1
    others = [one for one in threading.enumerate() if one is not threading.current_thread()]
    for thread in others:
        if not thread.daemon:
            thread.join(max(0, until - time.monotonic()))
    if any(thread.is_alive() and not thread.daemon for thread in others):
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
    sys.exit(status)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit status (0 well, 1 a failure, 2 a wrong call)."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    try:
        if arguments[:1] == ["check"]:
            return _check(arguments[1:])
        if arguments[:1] == ["class-annotations"]:
            return _class_annotations(arguments[1:])
        if arguments[:1] == ["paper"]:
            return _paper(arguments[1:])
        return _open(arguments)
    except NutgrafError as error:
        print(f"{command_name()}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _open(arguments: Sequence[str]) -> int:
    parser = _parser("Take one news article apart: open the lessons in JupyterLab.")
    parser.usage = "%(prog)s [FOLDER] [--port N] [--no-browser]\n       %(prog)s check [FOLDER]"
    parser.usage += "\n       %(prog)s class-annotations FOLDER [--article NAME] [--out FILE]"
    parser.usage += "\n       %(prog)s paper [--out FILE]"
    parser.epilog = EXAMPLES.format(command=command_name())
    _add_folder(parser)
    parser.add_argument(
        "--port", type=_port, metavar="N", help="port of JupyterLab (default: a free one near 8888)"
    )
    parser.add_argument("--no-browser", action="store_true", help="print the address, open nothing")
    parser.add_argument("--version", action="version", version=f"nutgraf {__version__}")
    options = parser.parse_args(arguments)

    from nutgraf import lab

    folder = _folder(options.folder)
    if options.port is not None:
        lab.check_port(options.port)
    print(describe(prepare(folder), folder))
    print("Opening JupyterLab. To stop it, press Ctrl+C here, twice.", flush=True)
    return lab.start(folder, options.port, browser=not options.no_browser)


def _check(arguments: Sequence[str]) -> int:
    parser = _parser("Check that everything the kit needs is in order.", " check")
    parser.epilog = "Prints OK or FAIL for each; exit status 0 if all is well, else 1."
    _add_folder(parser)
    folder = _folder(parser.parse_args(arguments).folder)

    from nutgraf.doctor import check

    return check(folder)


def _class_annotations(arguments: Sequence[str]) -> int:
    parser = _parser(
        "See what a class marked in an article, and make a sheet to print and talk over.",
        " class-annotations",
    )
    parser.epilog = (
        "Reads journals (my-marks-....jsonl) and exports of other tools, one file or one\n"
        "folder a learner, and lists what it could not use. No file is changed or\n"
        "overwritten, and the sheet names no learner."
    )
    parser.add_argument("folder", metavar="FOLDER", help="the folder with the learners' files")
    parser.add_argument(
        "--article",
        metavar="NAME",
        default="sadr-protests",
        help="the article they marked (default: sadr-protests)",
    )
    parser.add_argument(
        "--scheme",
        metavar="NAME",
        default="newsmarks-7",
        help="the scheme they used (default: newsmarks-7)",
    )
    parser.add_argument(
        "--out",
        metavar="FILE",
        help="the sheet (default: class-NAME.html in the folder you are in)",
    )
    options = parser.parse_args(arguments)

    from nutgraf import classroom, load

    article = load(options.article)
    collected = classroom.collect(options.folder, article, options.scheme)
    sheet = options.out or f"class-{article.name}.html"
    path = classroom.discussion_sheet(collected, article, sheet)
    said = f"{classroom.describe(collected, article)}\nSheet: {path.absolute()}"
    # Learners' names may hold signs that a console does not have.
    code = sys.stdout.encoding or "utf-8"
    print(said.encode(code, "replace").decode(code))
    return 0


def _paper(arguments: Sequence[str]) -> int:
    parser = _parser(
        "Make the workshop on paper: a handout to print, and a key for the facilitator.", " paper"
    )
    parser.epilog = (
        "Writes HTML pages, and PDFs where a Chromium, Chrome or Edge is found.\n"
        "No file is overwritten."
    )
    parser.add_argument(
        "--out",
        metavar="FILE",
        default="workshop.html",
        help="the handout (default: workshop.html in the folder you are in)",
    )
    options = parser.parse_args(arguments)

    from nutgraf import paper

    files, why = paper.write(options.out)
    lines = [f"Wrote {path.absolute()}" for path in files]
    if why:
        lines.append(f"No PDF: {why}. Open the pages in any browser and print them there.")
    print("\n".join(lines))
    return 0


def describe(report: Report, folder: Path) -> str:
    """What was done to the folder, for the learner to read."""
    lines = [f"Nutgraf {__version__}: {folder}"]
    if report.added:
        lines.append(f"  added {_listed(report.added)}")
    if report.updated:
        lines.append(f"  updated, as you had not touched them: {_listed(report.updated)}")
    if report.kept:
        lines.append(f"  kept as you left them: {_listed(report.kept)}")
        if report.newer:
            lines.append(f"  there is a newer version of {_listed(report.newer)}")
        lines.append(f"  for a fresh copy, rename yours and run {command_name()} again")
    return "\n".join(lines)


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:4])
    return shown if len(names) <= 4 else f"{shown} and {len(names) - 4} more"


def _parser(description: str, action: str = "") -> argparse.ArgumentParser:
    return argparse.ArgumentParser(
        prog=command_name() + action,
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )


def _add_folder(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "folder",
        nargs="?",
        metavar="FOLDER",
        help=f"your folder (default: the one you are in, or else {FOLDER} in it)",
    )


def _folder(named: str | None) -> Path:
    """The learner's folder: the one named, the one that the working folder is in, or a new one."""
    if named is not None:
        return Path(os.path.abspath(Path(named).expanduser()))
    return learner_folder() or Path(FOLDER).absolute()


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) < 65536):
        raise argparse.ArgumentTypeError(f"{text!r} is no port: give a number from 1024 to 65535")
    return int(text)
