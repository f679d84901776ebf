"""Set up the kit and open it, or test it. Needs Python 3.11 or newer and its pip, no more.

    python start.py                 open JupyterLab on the lessons, in the folder my-nutgraf
    python start.py FOLDER          the same in another folder
    python start.py check           check that everything the kit needs is in order
    python start.py test            run all tests of the kit (options for pytest may follow)

Everything is installed in the folder .venv beside this file, at the versions and hashes of
requirements.lock, and nowhere else. The first start fetches about 90 MB; later ones need no
network. Whatever follows `start.py` goes to the command `nutgraf`.
"""

# An old Python must be able to read this file, to say that it is too old: so there are no
# annotations and no f-strings here.
from __future__ import print_function

import ast
import hashlib
import os
import shutil
import subprocess
import sys

OLDEST = (3, 11)
ROOT = os.path.dirname(os.path.abspath(__file__))
VENV = os.path.join(ROOT, ".venv")
PYTHON = os.path.join(VENV, *(["Scripts", "python.exe"] if os.name == "nt" else ["bin", "python"]))
LOCK, TEST_LOCK = "requirements.lock", "requirements-test.lock"

# How far the set-up came: MAKING the environment, INSTALLING into it, or else the fingerprints of
# what is installed. A set-up that was interrupted is seen by it and done again.
STATE = os.path.join(VENV, "nutgraf-setup.txt")
MAKING, INSTALLING = "making", "installing"

# What pip is told about a school's mirror, and the name under which uv listens.
PIP_TO_UV = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "cert": "SSL_CERT_FILE",
    "proxy": "ALL_PROXY",
}

BROWSERS = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"]
BROWSER_FILES = [
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "~/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "%ProgramFiles%\\Google\\Chrome\\Application\\chrome.exe",
    "%ProgramFiles(x86)%\\Google\\Chrome\\Application\\chrome.exe",
    "%LocalAppData%\\Google\\Chrome\\Application\\chrome.exe",
]


def main(arguments):
    """Set up what is missing and hand over; the exit status of what was handed over to."""
    if sys.version_info < OLDEST:
        sys.exit(too_old())
    testing = arguments[:1] == ["test"]
    lock = TEST_LOCK if testing else LOCK
    if arguments[:1] in (["-h"], ["--help"]):
        print(__doc__)
        if not is_ready(lock):
            return 0
    if testing and not os.path.isdir(os.path.join(ROOT, "tests")):
        sys.exit(no_tests())
    try:
        set_up(lock)
    except KeyboardInterrupt:
        sys.exit("\nStopped. Run the same command again: it goes on from here.")
    except OSError as error:
        sys.exit(
            "The set-up stopped: {}\nIt needs about 400 MB free and a folder you may write to: {}\n"
            "Then run the same command again.".format(error, ROOT)
        )
    if testing:
        find_or_fetch_browser()
        return hand_over([PYTHON, "-m", "pytest"] + arguments[1:], ROOT)
    python = os.path.basename(sys.executable).split(".exe")[0]
    os.environ["NUTGRAF_COMMAND"] = "{} {}".format(python, sys.argv[0])
    # -P: a file of the learner's must not stand for a module of the same name.
    return hand_over([PYTHON, "-P", "-m", "nutgraf"] + arguments)


def too_old():
    """What a person with an old Python is told, naming a newer one if there is one."""
    message = "Nutgraf needs Python {}.{} or newer. This is Python {}: {}".format(
        OLDEST[0], OLDEST[1], sys.version.split()[0], sys.executable
    )
    names = ["python3.{}".format(minor) for minor in range(30, OLDEST[1] - 1, -1)]
    newer = [name for name in names if is_there(name)]
    if newer:
        return message + "\nA newer one is here too. Run: {} start.py".format(newer[0])
    return message + "\nGet a newer one at python.org, then run start.py with that."


def no_tests():
    """What somebody is told who wants to run the tests of a class edition."""
    return (
        "This is a class edition of Nutgraf, and it has no tests: they are in the full kit that\n"
        "it was made from. To see whether all is in order here, run: {} {} check"
    ).format(os.path.basename(sys.executable).split(".exe")[0], sys.argv[0])


def is_there(program):
    """Whether `program` is on the path and runs (Python 2 cannot look: then it is not)."""
    found = hasattr(shutil, "which") and shutil.which(program)
    return bool(found) and runs([found, "--version"])


def is_ready(lock):
    """Whether everything that `lock` names is installed as this checkout wants it."""
    return os.path.exists(PYTHON) and fingerprint(lock) in read_state()


def set_up(lock):
    """Make the environment and install `lock` and the kit itself, unless that is done."""
    if is_ready(lock):
        return
    print("Setting up Nutgraf in {} (once; it takes a minute or two) ...".format(VENV), flush=True)
    interrupted = read_state() == [INSTALLING]
    make_environment()
    write_state(INSTALLING)
    pip = find_pip()
    if not (uv_installs(pip, lock, interrupted) or pip_installs(pip, lock, interrupted)):
        sys.exit(
            "The packages could not be installed; the lines above say why.\n"
            "Most often the network is away, or a proxy or mirror must be set for pip.\n"
            "Then run the same command again: it goes on from here."
        )
    # The tests' lock holds all of the learner's.
    write_state(*[fingerprint(name) for name in {LOCK, lock}])


def make_environment():
    """Make .venv, or keep the one that is there if it works."""
    if read_state() != [MAKING] and environment_works():
        return
    if os.path.isdir(VENV):
        # First what makes it an environment: one that is half removed must not look whole.
        if os.path.exists(os.path.join(VENV, "pyvenv.cfg")):
            os.remove(os.path.join(VENV, "pyvenv.cfg"))
        shutil.rmtree(VENV)
    os.mkdir(VENV)
    write_state(MAKING)
    try:
        import ensurepip  # noqa: F401 - Debian ships a Python without it
        import venv
    except ImportError as error:
        if error.name == "venv" or not runs([sys.executable, "-m", "pip", "--version"]):
            sys.exit(
                "This Python cannot make an environment: {} lacks the module {}.\n"
                "On Debian or Ubuntu, put it right with: sudo apt install python3-venv\n"
                "Then run the same command again.".format(sys.executable, error.name)
            )
        import venv

        venv.create(VENV, symlinks=os.name != "nt")
    else:
        venv.create(VENV, symlinks=os.name != "nt", with_pip=True)


def environment_works():
    """Whether .venv holds a Python that runs, is new enough and is at home there."""
    test = "import sys; sys.exit(sys.version_info < {} or sys.prefix == sys.base_prefix)"
    return os.path.exists(PYTHON) and runs([PYTHON, "-c", test.format(OLDEST)])


def find_pip():
    """The command that installs into .venv: its own pip, or else the one of this Python."""
    if runs([PYTHON, "-m", "pip", "--version"]):
        return [PYTHON, "-m", "pip"]
    return [sys.executable, "-m", "pip", "--python", PYTHON]


def uv_installs(pip, lock, again):
    """Install with uv, which is several times faster than pip; whether that worked."""
    pin_of_uv, others = split_lock(lock)
    options = ["--quiet", "--disable-pip-version-check", "--require-hashes", "--no-deps"]
    if not runs(pip + ["install"] + options + ["-r", pin_of_uv], show=True):
        print("Going on with pip, which takes a few minutes ...", flush=True)
        return False
    uv = [PYTHON, "-m", "uv", "pip", "install", "--python", PYTHON, "--no-deps"]
    every = ["--reinstall"] if again else []
    environment = dict(os.environ, **uv_settings(pip))
    if runs(uv + every + ["--require-hashes", "-r", others], True, environment) and runs(
        uv + ["--quiet", "--no-build-isolation", "-e", ROOT], True, environment
    ):
        return True
    print("uv did not succeed. Going on with pip, which takes a few minutes ...", flush=True)
    return False


def pip_installs(pip, lock, again):
    """Install with pip alone; whether that worked."""
    every = ["--force-reinstall"] if again else []
    install = pip + ["install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    lock = os.path.join(ROOT, lock)
    return runs(install + every + ["--require-hashes", "-r", lock], show=True) and runs(
        install + ["--no-build-isolation", "-e", ROOT], show=True
    )


def split_lock(lock):
    """Two files in .venv: the pin of uv, and the other pins.

    A running uv cannot replace itself on Windows, so pip installs it and uv does the rest.
    """
    with open(os.path.join(ROOT, lock), encoding="utf-8") as file:
        pins = ("\n" + file.read()).split("\n")
    of_uv, others, target = [], [], []
    for line in pins:
        if not line.startswith(" "):
            target = of_uv if line.startswith("uv==") else others
        target.append(line)
    paths = []
    for name, lines in (("uv", of_uv), ("others", others)):
        paths.append(os.path.join(VENV, "nutgraf-{}.txt".format(name)))
        with open(paths[-1], "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")
    return paths


def uv_settings(pip):
    """Environment variables that tell uv of the mirror, certificate and proxy set for pip."""
    listing = subprocess.run(
        pip + ["config", "list"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False
    ).stdout.decode("utf-8", "replace")
    settings = {}
    for line in listing.splitlines():
        name, _, value = line.partition("=")
        variable = PIP_TO_UV.get(name.rpartition(".")[2])
        if variable and variable not in os.environ:
            try:
                settings[variable] = " ".join(str(ast.literal_eval(value)).split())
            except (SyntaxError, ValueError):
                continue
    # As pip does: with every hash pinned, it does not matter which index a file comes from.
    settings["UV_INDEX_STRATEGY"] = "unsafe-best-match"
    return settings


def find_browser():
    """Path of an installed Chromium or Chrome (NUTGRAF_BROWSER may name one), or None."""
    programs = [os.environ.get("NUTGRAF_BROWSER")] + [shutil.which(name) for name in BROWSERS]
    files = [os.path.expanduser(os.path.expandvars(path)) for path in BROWSER_FILES]
    return next((path for path in programs + files if path and os.path.isfile(path)), None)


def find_or_fetch_browser():
    """See to it that the browser tests have a browser, and say what is done for it."""
    browser = find_browser()
    if browser is not None:
        os.environ["NUTGRAF_BROWSER"] = browser
        return
    print("No Chromium or Chrome here. Fetching one for the tests:", flush=True)
    print("    python -m playwright install chromium", flush=True)
    if not runs([PYTHON, "-m", "playwright", "install", "chromium"], show=True):
        print("That failed, so browser tests will fail. Install Chromium or Chrome.", flush=True)


def hand_over(command, folder=None):
    """Run `command` in this process's place; its exit status where that cannot be done."""
    sys.stdout.flush()
    if folder is not None:
        os.chdir(folder)
    if os.name != "nt":
        os.execv(command[0], command)
    child = subprocess.Popen(command)
    while True:
        try:
            return child.wait()
        except KeyboardInterrupt:
            # The child had the same Ctrl+C and ends when it is ready to.
            continue


def runs(command, show=False, environment=None):
    """Whether `command` ends well. What it says is shown only on request."""
    silence = None if show else subprocess.DEVNULL
    return subprocess.call(command, stdout=silence, stderr=silence, env=environment) == 0


def fingerprint(lock):
    """A name for what is to be installed and where: it changes when one of them does."""
    digest = hashlib.sha256((lock + ROOT).encode("utf-8", "surrogateescape"))
    settings = os.path.join("src", "nutgraf", "labdefaults", "settings.json")
    for name in (lock, "pyproject.toml", settings, os.path.join(".venv", "pyvenv.cfg")):
        with open(os.path.join(ROOT, name), "rb") as file:
            digest.update(hashlib.sha256(file.read()).digest())
    return digest.hexdigest()


def read_state():
    """The lines of the state file; none if there is no such file."""
    try:
        with open(STATE, encoding="utf-8") as file:
            return file.read().split()
    except (OSError, UnicodeDecodeError):
        return []


def write_state(*lines):
    """Replace the state file in one step."""
    with open(STATE + ".new", "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    os.replace(STATE + ".new", STATE)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
