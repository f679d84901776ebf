"""The command `nutgraf`: open the lessons, check the set-up, and what teachers do with a class.

Each action reads its arguments here and hands over to one function of the package.
"""

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
  {command} grade handed-in --out graded
                               for teachers: test a class's exercises, with a page for each learner
  {command} collect, release, export-quizzes
                               more for teachers; each tells more with --help

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
        action = ACTIONS.get(arguments[0]) if arguments else None
        return action(arguments[1:]) if action else _open(arguments)
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
    parser.usage += "\n       %(prog)s collect SOURCE --out FOLDER"
    parser.usage += "\n       %(prog)s grade SUBMISSIONS --out FOLDER [--workers N] [...]"
    parser.usage += "\n       %(prog)s release [--without-solutions] --out FOLDER"
    parser.usage += "\n       %(prog)s export-quizzes [LESSON ...] --out FOLDER"
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
    _say(f"{classroom.describe(collected, article)}\nSheet: {path.absolute()}")
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

    from nutgraf import editions, paper

    files, why = paper.write(options.out)
    lines = [f"Wrote {path.absolute()}" for path in files]
    if editions.edition() == editions.CLASS:
        lines.append(
            "The key for the facilitator is made by the full kit: this is a class edition."
        )
    if why:
        lines.append(f"No PDF: {why}. Open the pages in any browser and print them there.")
    print("\n".join(lines))
    return 0


def _collect(arguments: Sequence[str]) -> int:
    parser = _parser(
        "Sort what a class handed in: one folder a learner, one notebook an exercise.", " collect"
    )
    parser.epilog = (
        "SOURCE is a folder or a zip: one folder or file a learner, or a whole class as\n"
        "Moodle, Canvas or nbgrader write it. Nothing of it is changed or run. What could not\n"
        "be used is listed. Run again, it brings the folder up to date."
    )
    parser.add_argument("source", metavar="SOURCE", help="what was handed in: a folder or a zip")
    parser.add_argument("--out", metavar="FOLDER", required=True, help="where to put it")
    options = parser.parse_args(arguments)

    from nutgraf.grading import run, submissions

    source, out = _path(options.source), _path(options.out)
    collected = submissions.collect(source, out, run.teachers_tests())
    count = len(collected.submissions)
    lines = [f"{count} notebooks of {len(collected.learners)} learners, sorted into {out}"]
    lines += [f"  {problem}" for problem in collected.problems]
    _say("\n".join(lines))
    return 0


def _grade(arguments: Sequence[str]) -> int:
    parser = _parser("Test the exercises that a class handed in.", " grade")
    parser.epilog = (
        "Writes into FOLDER: class.html (an overview), feedback/ (a page for each learner),\n"
        "grades.csv, gradebooks for Canvas and Moodle, and results.jsonl. Stopped or run again,\n"
        "it goes on from there: only what is new or changed is tested. The tests are the kit's\n"
        "own, whatever a learner's file holds."
    )
    parser.add_argument(
        "submissions", metavar="SUBMISSIONS", help="a folder or a zip, as for collect"
    )
    parser.add_argument("--out", metavar="FOLDER", required=True, help="where the results go")
    parser.add_argument(
        "--workers", type=_count, metavar="N", help="how many at once (default: one a core)"
    )
    parser.add_argument(
        "--scheduler",
        metavar="ADDRESS",
        default="",
        help="use the Dask cluster at this address, for example tcp://10.0.0.5:8786",
    )
    parser.add_argument(
        "--require-isolation",
        action="store_true",
        help="refuse to run learners' code unless every layer of protection works here",
    )
    parser.add_argument(
        "--exercises",
        metavar="FOLDER",
        help="your own exercises with solutions and tests (default: those of the kit)",
    )
    options = parser.parse_args(arguments)

    from nutgraf.grading import run

    run.grade(
        _path(options.submissions),
        _path(options.out),
        tests=run.teachers_tests(_path(options.exercises)) if options.exercises else None,
        workers=options.workers,
        scheduler=options.scheduler,
        require_isolation=options.require_isolation,
        say=_say,
    )
    return 0


def _release(arguments: Sequence[str]) -> int:
    parser = _parser("Make a copy of the kit to hand out: a folder and a zip.", " release")
    parser.epilog = (
        "A learner unpacks the zip and runs start.py. The class edition holds no solutions and\n"
        "no hidden tests, and the keys of its questions are sealed against a glance; its README\n"
        "says what that does not protect against. Nothing is overwritten."
    )
    parser.add_argument(
        "--without-solutions", action="store_true", help="the class edition, see below"
    )
    parser.add_argument("--out", metavar="FOLDER", required=True, help="a new folder to make")
    options = parser.parse_args(arguments)

    from nutgraf import editions

    made = editions.release(_path(options.out), solutions=not options.without_solutions)
    _say(editions.describe(made))
    return 0


def _export_quizzes(arguments: Sequence[str]) -> int:
    from nutgraf import editions, exchange, quizzes

    forms = ", ".join(exchange.FORMS)
    parser = _parser(
        "Write the questions of lessons for Canvas, Moodle and others.", " export-quizzes"
    )
    parser.epilog = (
        "Feedback, hints and images go along; what a format cannot express is listed in a\n"
        "file beside the others. The files hold the keys: keep them from learners."
    )
    parser.add_argument(
        "lessons", nargs="*", metavar="LESSON", help="for example 03 (default: every lesson)"
    )
    parser.add_argument(
        "--form",
        action="append",
        choices=exchange.FORMS,
        metavar="FORM",
        help=f"one of {forms}; may be given again (default: all but qti21)",
    )
    parser.add_argument("--out", metavar="FOLDER", required=True, help="where the files go")
    options = parser.parse_args(arguments)

    editions.need_full_kit("The key of the questions")
    lessons = options.lessons
    items = quizzes.pick(*lessons) if lessons else list(quizzes.all_items().values())
    done = exchange.export(items, _path(options.out), forms=options.form or exchange.DEFAULT_FORMS)
    _say(exchange.describe(done))
    return 0


ACTIONS = {
    "check": _check,
    "class-annotations": _class_annotations,
    "collect": _collect,
    "export-quizzes": _export_quizzes,
    "grade": _grade,
    "paper": _paper,
    "release": _release,
}


def _say(text: str) -> None:
    """Print what may hold signs that a console does not have, such as learners' names."""
    code = sys.stdout.encoding or "utf-8"
    print(text.encode(code, "replace").decode(code), flush=True)


def _path(named: str) -> Path:
    return Path(os.path.abspath(Path(named).expanduser()))


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
        return _path(named)
    return learner_folder() or Path(FOLDER).absolute()


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) < 65536):
        raise argparse.ArgumentTypeError(f"{text!r} is no port: give a number from 1024 to 65535")
    return int(text)


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 1000):
        raise argparse.ArgumentTypeError(f"{text!r} is no number of workers: give 1 or more")
    return int(text)
