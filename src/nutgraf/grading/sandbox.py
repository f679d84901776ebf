"""The box that a learner's process runs in: what protects the computer, and what does not.

Several layers, each of which does its part alone: limits of the system (POSIX), Landlock, a filter
on system calls, and namespaces (Linux). What holds is not taken from a table of systems but tried
out, in a process that does nothing else: `trial`.
"""

from __future__ import annotations

import contextlib
import errno
import math
import os
import signal
import site
import stat
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from nutgraf.errors import NutgrafError
from nutgraf.grading import landlock, namespaces, seccomp, system

LAYERS = {
    "limits": "limits on processor time and the size of files",
    "memory": "a limit on memory",
    "files": "keeping other files from being read",
    "changes": "keeping other files from being changed",
    "network": "keeping it off the network",
    "processes": "keeping it from starting processes",
    "others": "keeping it away from other processes",
    "leftovers": "ending all that it started",
}
"""What a learner's process is kept from; each word for the layer is its key in `Isolation`."""

OWN_FOLDERS = "folders of its own"
"""Among the means of an `Isolation`: the box is a small disk in memory, and cannot overflow."""

HOMES = ("HOME", "TMPDIR", "TEMP", "TMP", "USERPROFILE")
"""Variables that name a folder to write to: in a learner's process, the box."""

BOX_MB = 16
"""How much a learner's notebook can write in all."""


@dataclass(frozen=True)
class Isolation:
    """What protects this computer while learners' code runs, as tried out on it.

    holds: for each of `LAYERS` whether it does; means: the names of what brings it about.
    """

    holds: Mapping[str, bool] = field(default_factory=dict)
    means: tuple[str, ...] = ()

    @property
    def missing(self) -> tuple[str, ...]:
        return tuple(layer for layer in LAYERS if not self.holds.get(layer))

    @property
    def complete(self) -> bool:
        return not self.missing

    @property
    def words(self) -> str:
        """One or two sentences for reports."""
        if self.complete:
            return (
                "Each notebook ran in a process of its own, with limits on time, memory and files, "
                "without network, other processes, or sight of other files."
            )
        lacking = "; ".join(LAYERS[layer] for layer in self.missing)
        return (
            "Each notebook ran in a process of its own, but this computer has no way of: "
            f"{lacking}. Grade only notebooks of people whom you trust."
        )

    def __and__(self, other: Isolation) -> Isolation:
        """What holds on both of two computers."""
        holds = {layer: bool(self.holds.get(layer) and other.holds.get(layer)) for layer in LAYERS}
        return Isolation(holds, tuple(each for each in self.means if each in other.means))

    def require(self) -> None:
        """Raise NutgrafError unless every layer holds."""
        if self.missing:
            lacking = "\n".join(f"- {LAYERS[layer]}" for layer in self.missing)
            raise NutgrafError(
                "Full isolation is asked for, and this computer has no way of:\n"
                f"{lacking}\n"
                "Grade on Linux 5.13 or newer (a virtual machine, or WSL 2 on Windows), where all "
                "of it is there without being root; or, for notebooks of people whom you trust, "
                "leave out --require-isolation."
            )

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "holds": dict(self.holds), "means": list(self.means)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Isolation:
        holds = {layer: data["holds"].get(layer) is True for layer in LAYERS}
        return cls(holds, tuple(str(each) for each in data["means"]))


# --------------------------------------------------------------------------------------
# Which files Python needs


def needed() -> list[Path]:
    """The files and folders that Python and the kit's modules are read from."""
    from nutgraf.paths import kit_dir

    bases = {sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix}
    found = [Path(base, name) for base in sorted(bases) for name in ("lib", "lib64")]
    found += [Path(base, "share/zoneinfo") for base in sorted(bases)]
    found += [Path(path) for path in search_path()]
    found += [Path(__file__).parents[1], kit_dir("seeds")]
    found += [Path(path) for path in ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/nix/store")]
    found += [Path("/etc", name) for name in ("ld.so.cache", "localtime")]
    found += [Path("/usr/share/zoneinfo")]
    return [path for path in found if path.exists()]


def search_path() -> list[str]:
    """Where modules are looked for: in Python's own folders, and no others.

    A folder that somebody's settings add may be the teacher's own, with anything in it.
    """
    bases = [sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix]
    folders = [os.path.join(base, "lib") for base in bases]
    folders += [*site.getsitepackages(), "/usr/lib", "/usr/local/lib"]
    if site.ENABLE_USER_SITE:
        folders.append(site.getusersitepackages())
    if os.name == "nt":
        folders += bases
    return [path for path in sys.path if _within(path, folders)]


def _within(path: str, folders: list[str]) -> bool:
    return any(Path(path).is_relative_to(folder) for folder in folders)


def kept_away() -> list[Path]:
    """Folders of the kit that learners' code has no business in: they hold what is tested."""
    from nutgraf.paths import kit_dir

    return [path for path in (kit_dir("exercises"), kit_dir("notebooks")) if path.is_dir()]


def around(paths: list[Path], away: list[Path]) -> list[Path]:
    """The paths without what lies in `away`.

    A folder that holds something kept away is replaced by what else is in it. Python finds modules
    in such a folder all the same: it has listed it before.
    """
    away = [Path(os.path.realpath(path)) for path in away]
    found: set[Path] = set()
    left = [Path(os.path.realpath(path)) for path in paths]
    while left:
        path = left.pop()
        if any(path.is_relative_to(each) for each in away):
            continue
        if any(each.is_relative_to(path) for each in away):
            with contextlib.suppress(OSError):
                left += [Path(os.path.realpath(child)) for child in path.iterdir()]
        else:
            found.add(path)
    return sorted(found)


# --------------------------------------------------------------------------------------
# The box itself


class Sandbox:
    """Made once in the process that learners' processes come from; entered in each of those.

    base: an empty folder of the judge's; without: layers to leave out.
    """

    def __init__(self, base: Path, without: Iterable[str] = ()) -> None:
        self.base, self.without = base, set(without)
        self.box, self.kit = base / "box", base / "kit"
        self.spaces: frozenset[str] = frozenset()
        self.moved = False
        self.ruleset = -1
        self.means: list[str] = []

    def begin(self) -> None:
        """Go into a world of one's own, as far as the system lets one. What comes after this may
        run in a child of the process that called it."""
        if system.LINUX:
            if "namespaces" not in self.without:
                self.spaces = namespaces.unshare()
            if "mount" in self.spaces and system.machine():
                self._move_in(needed())
            acts = [system.hide_memory, system.adopt_orphans]
            if "process" in self.spaces:
                _go_on_in_the_new_world()
                acts.append(system.die_with_parent)
            for act in acts:
                with contextlib.suppress(OSError):
                    act()
        self.prepare()

    def prepare(self) -> None:
        """Make the box and the rules by which it is entered."""
        if not self.moved:
            for folder in (self.box, self.kit):
                folder.mkdir(mode=0o700, exist_ok=True)
        if system.LINUX and "landlock" not in self.without and landlock.version():
            readable = [*around(needed(), kept_away()), self.kit]
            with contextlib.suppress(OSError):
                self.ruleset = landlock.prepare(readable, [self.box], namespaces.DEVICES)

    def settle(self) -> None:
        """Let nothing be written from here on but what lies in the box; give up root's rights."""
        if self.moved:
            with contextlib.suppress(OSError):
                namespaces.settle()
        if system.LINUX:
            with contextlib.suppress(OSError, KeyError):
                system.gain_nothing()
                system.drop_capabilities()

    def _move_in(self, readable: list[Path]) -> None:
        root = self.base / "root"
        root.mkdir(exist_ok=True)
        try:
            namespaces.move_in(root, readable, kept_away(), BOX_MB)
        except OSError:
            return
        self.box, self.kit, self.moved = namespaces.BOX, namespaces.KIT, True

    def enter(self, limits: Mapping[str, int]) -> None:
        """Give up, for good, all that a learner's process has no need of."""
        os.chdir(self.box)
        for name in HOMES:
            os.environ[name] = str(self.box)
        if hasattr(os, "setsid"):
            with contextlib.suppress(OSError):  # it leads a group already
                os.setsid()
        os.umask(0o077)
        _limit(limits)
        self.means = [*sorted(f"namespace: {name}" for name in self.spaces)]
        if self.moved:
            self.means.append(OWN_FOLDERS)
        if not system.LINUX:
            return
        if self.ruleset >= 0:
            with contextlib.suppress(OSError):
                landlock.enter(self.ruleset)
                os.close(self.ruleset)  # who has it could add to it, for all who come after
                self.means.append(f"Landlock {landlock.version()}")
        if "seccomp" not in self.without:
            with contextlib.suppress(OSError):
                seccomp.enter(os.getpid())
                self.means.append("seccomp")

    def end(self, child: int) -> tuple[int, Any]:
        """Kill the child and all that came from it: its status, and what it used of the system."""
        if "process" in self.spaces:
            with contextlib.suppress(ProcessLookupError):
                os.kill(-1, signal.SIGKILL)  # everybody in this world but its first process
        for kill in (os.killpg, os.kill):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                kill(child, signal.SIGKILL)
        _, status, used = os.wait4(child, 0)
        for _ in range(10_000):  # those that the child left behind
            for orphan in _children():
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(orphan, signal.SIGKILL)
            try:
                os.waitpid(-1, 0)
            except ChildProcessError:
                break
        return status, used

    def clear(self) -> None:
        """Empty the box. Raises OSError if something in it resists."""
        empty(self.box)


def _go_on_in_the_new_world() -> None:
    """Fork: the child goes on as the first process of its world; the parent waits for its end."""
    child = os.fork()
    if child == 0:
        return
    os.closerange(3, 256)  # the line to the judge is the child's alone
    while True:
        try:
            _, status = os.waitpid(child, 0)
        except InterruptedError:
            continue
        os._exit(os.waitstatus_to_exitcode(status) & 0xFF)


def _children() -> list[int]:
    """The children of this process, where the system tells; orphans become such."""
    try:
        file = Path("/proc/self/task", str(os.getpid()), "children")
        return [int(each) for each in file.read_text().split()]
    except (OSError, ValueError):
        return []


def _limit(limits: Mapping[str, int]) -> None:
    try:
        import resource
    except ImportError:  # Windows
        return
    megabyte = 2**20
    seconds = limits["cpu_seconds"] + math.ceil(time.process_time() - 0.5)
    wanted = {
        "RLIMIT_CPU": (seconds, seconds + 1),
        "RLIMIT_AS": (limits["memory_mb"] * megabyte,) * 2,
        "RLIMIT_DATA": (limits["memory_mb"] * megabyte,) * 2,
        "RLIMIT_FSIZE": (limits["file_mb"] * megabyte,) * 2,
        "RLIMIT_NOFILE": (64, 64),
        "RLIMIT_CORE": (0, 0),
        "RLIMIT_NPROC": (0, 0),
        "RLIMIT_MEMLOCK": (0, 0),
        "RLIMIT_MSGQUEUE": (0, 0),
        "RLIMIT_SIGPENDING": (64, 64),
    }
    for name, limit in wanted.items():
        if (number := getattr(resource, name, None)) is None:
            continue
        _, most = resource.getrlimit(number)
        if most == resource.RLIM_INFINITY:
            most = max(limit)
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(number, tuple(min(each, most) for each in limit))


# --------------------------------------------------------------------------------------
# Emptying the box


def empty(box: Path) -> None:
    """Remove what lies in a folder, however deep, and follow no link out of it.

    What lies in a folder of the box is moved up into the box first: so no path gets long.
    """
    moved = 0
    while True:
        with os.scandir(box) as entries:
            names = [entry.name for entry in entries]
        if not names:
            return
        for name in names:
            path = box / name
            if not stat.S_ISDIR(path.lstat().st_mode):
                path.unlink()
                continue
            path.chmod(0o700)
            with os.scandir(path) as entries:
                inner = [entry.name for entry in entries]
            for each in inner:
                moved += 1
                (path / each).rename(box / f"moved-{moved}-{os.urandom(4).hex()}")
            path.rmdir()


def is_too_full(folder: Path) -> bool:
    """Whether more than `BOX_MB` lie in a folder, each file taken for 4 kB at least."""
    total, left = 0, [folder]
    while left and total <= BOX_MB * 2**20:
        try:
            with os.scandir(left.pop()) as entries:
                for entry in entries:
                    total += max(4096, entry.stat(follow_symlinks=False).st_size)
                    if entry.is_dir(follow_symlinks=False):
                        left.append(Path(entry.path))
        except OSError:
            continue
    return total > BOX_MB * 2**20


# --------------------------------------------------------------------------------------
# What holds, tried out


def trial(sandbox: Sandbox, limits: Mapping[str, int], baits: Mapping[str, Any]) -> dict[str, Any]:
    """Enter the box and try to do what it should prevent: `Isolation` as JSON. Never returns to
    a world outside: call it in a process that ends afterwards.

    baits: what the judge has laid out: "file" and "folder", which may not be read or changed, and
    "door", a socket in a file at which the judge listens.
    """
    parent = os.getppid() or 1
    sandbox.enter(limits)
    holds = {
        "limits": _limits_hold(limits),
        "memory": _memory_is_limited(limits),
        "files": _all_fail(_reads(baits)),
        "changes": _all_fail(_changes(baits)),
        "network": _all_fail(_reaches(baits)),
        "processes": not _can_fork(),
        "others": "process" in sandbox.spaces or _all_fail(_touches(parent)),
    }
    holds["leftovers"] = holds["processes"] or "process" in sandbox.spaces
    return Isolation(holds, tuple(sandbox.means)).to_json()


def _all_fail(acts: Iterable[Callable[[], Any]]) -> bool:
    """Whether the system refuses each of these; all are tried."""
    refused = []
    for act in acts:
        try:
            act()
            refused.append(False)
        except OSError:
            refused.append(True)
    return all(refused)


def _reads(baits: Mapping[str, str]) -> Iterator[Callable]:
    for path in (baits["file"], "/etc/passwd", "/proc/1/environ", "/proc/self/mem"):
        yield lambda path=path: open(path, "rb").close()
    for path in (baits["folder"], baits["home"], "/home", "/tmp", "/proc"):
        yield lambda path=path: _look_around(Path(path))
    for path in kept_away():
        yield lambda path=path: os.listdir(path / "solutions")
        yield lambda path=path: open(path / "README.md", "rb").close()


def _look_around(folder: Path) -> None:
    """List a folder; a way to what Python needs is all that may be found there."""
    needs = [Path(os.path.realpath(path)) for path in needed()]
    for name in os.listdir(folder):
        if not any(need.is_relative_to(folder / name) for need in needs):
            return
    raise PermissionError(errno.EACCES, "nothing but the way to Python")


def _changes(baits: Mapping[str, str]) -> Iterator[Callable]:
    file, folder = baits["file"], Path(baits["folder"])
    yield lambda: open(file, "ab").close()
    yield lambda: open(folder / "new", "wb").close()
    yield lambda: os.mkdir(folder / "made")
    yield lambda: os.chmod(file, 0o600)
    yield lambda: os.utime(file)
    yield lambda: os.truncate(file, 0)
    yield lambda: os.rename(file, folder / "moved")
    yield lambda: os.unlink(file)
    yield lambda: os.rmdir(folder)


def _reaches(baits: Mapping[str, str]) -> Iterator[Callable]:
    import socket

    def reach(family: str, kind: int, address: Any) -> None:
        with socket.socket(getattr(socket, family), kind) as end:
            end.settimeout(1)
            end.connect(address)

    yield lambda: reach("AF_INET", socket.SOCK_DGRAM, ("127.0.0.1", 9))
    yield lambda: reach("AF_INET", socket.SOCK_DGRAM, ("192.0.2.1", 9))  # kept for examples
    if baits["door"]:
        yield lambda: reach("AF_UNIX", socket.SOCK_STREAM, baits["door"])


def _can_fork() -> bool:
    if not hasattr(os, "fork"):
        return True  # and start programs in other ways
    try:
        child = os.fork()
    except OSError:
        return False
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    return True


def _touches(parent: int) -> Iterator[Callable]:
    yield lambda: os.kill(parent, 0)
    yield lambda: open(f"/proc/{parent}/mem", "rb").close()


def _memory_is_limited(limits: Mapping[str, int]) -> bool:
    import mmap

    try:
        mmap.mmap(-1, (limits["memory_mb"] + 1) * 2**20).close()
    except (OSError, ValueError, MemoryError):
        return hasattr(os, "fork")  # elsewhere it may be the machine itself that is too small
    return False


def _limits_hold(limits: Mapping[str, int]) -> bool:
    """Whether files stay small, and whether the limit on time is there and cannot be put off."""
    try:
        import resource
    except ImportError:
        return False
    try:
        with open("large", "wb") as file:
            file.truncate(limits["file_mb"] * 2**20 + 1)
        return False
    except OSError as error:
        if error.errno != errno.EFBIG:
            return False
    _, most = resource.getrlimit(resource.RLIMIT_CPU)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CPU, (most + 9, most + 9))
    now = resource.getrlimit(resource.RLIMIT_CPU)[1]
    return now == most and most != resource.RLIM_INFINITY


def probe() -> Isolation:
    """What protects this computer, tried out in a process that is thrown away."""
    from nutgraf.grading.process import Keeper

    with Keeper({}) as keeper:
        return keeper.isolation
