"""Namespaces of Linux: a world of its own for the process that learners' processes come from.

In it there are no other processes, no network, and only the folders that Python needs, which can
not be written; the learner's box is a small disk in memory. Root may make such a world; any other
user may where the system lets users make a namespace of their own.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from pathlib import Path

from nutgraf.grading import system

_NEWNS, _NEWIPC, _NEWUSER, _NEWPID, _NEWNET = 0x20000, 0x8000000, 0x10000000, 0x20000000, 0x40000000
_RDONLY, _NOSUID, _NODEV, _REMOUNT, _BIND, _REC, _PRIVATE = 1, 2, 4, 32, 4096, 16384, 1 << 18
_RELATIME, _DETACH = 1 << 21, 2
_ST_RELATIME, _KEPT = 4096, 8 | 1024 | 2048  # noexec, noatime, nodiratime: the same in both
_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}

BOX = Path("/box")
"""The learner's box in a world of its own."""
KIT = Path("/kit")
"""Where language data lie in it."""
DEVICES = tuple(Path("/dev", name) for name in ("null", "zero", "random", "urandom"))


def unshare() -> frozenset[str]:
    """Leave the namespaces of the parent: the names of those that are new, of "process",
    "network", "memory" and "mount"; none where none can be had.

    The process itself stays where it is: it is its next child that is the first in the new world.
    """
    kinds = {"process": _NEWPID, "network": _NEWNET, "memory": _NEWIPC, "mount": _NEWNS}
    user, group = os.geteuid(), os.getegid()
    owns = [0, _NEWUSER] if user == 0 else [_NEWUSER]
    wishes = [tuple(kinds), ("process", "network", "memory"), ("network",), ("process",)]
    for wish in wishes:
        for own in owns:
            flags = own + sum(kinds[kind] for kind in wish)
            try:
                system.check(system.libc().unshare(flags))
            except (OSError, AttributeError):
                continue
            if own:
                _stay(user, group)
            return frozenset(wish)
    return frozenset()


def _stay(user: int, group: int) -> None:
    """Be in the new user namespace whoever one was outside."""
    for file, line in (
        ("setgroups", "deny"),
        ("uid_map", f"{user} {user} 1"),
        ("gid_map", f"{group} {group} 1"),
    ):
        Path("/proc/self", file).write_text(line)


def move_in(root: Path, readable: Iterable[Path], hidden: Iterable[Path], box_mb: int) -> None:
    """Make `root`, an empty folder, the top of all folders, with `readable` in it, read only.

    hidden: folders inside those, which are empty from here on. Raises OSError where a mount is
    refused; then nothing has changed for the process but mounts that it alone sees.
    """
    _mount(None, Path("/"), None, _REC | _PRIVATE)
    _mount("tmpfs", root, "tmpfs", _NOSUID | _NODEV, "size=16m,mode=755")
    for path in readable:
        _bind(root, path, _RDONLY | _NOSUID | _NODEV)
    for path in hidden:
        inside = _inside(root, Path(os.path.realpath(path)))
        if inside.is_dir():
            _mount("tmpfs", inside, "tmpfs", _RDONLY | _NOSUID | _NODEV, "size=4k,mode=555")
    for path in DEVICES:
        _bind(root, path, None)
    for path in (KIT, BOX):
        _inside(root, path).mkdir()
    box = f"size={box_mb}m,nr_inodes=2048,mode=700"
    _mount("tmpfs", _inside(root, BOX), "tmpfs", _NOSUID | _NODEV, box)
    os.chdir(root)
    system.call(_PIVOT_ROOT[system.machine()], b".", b".")
    system.check(system.libc().umount2(b".", _DETACH))
    os.chdir("/")


def settle() -> None:
    """Let nothing be written any more, but in the box."""
    _mount(None, Path("/"), None, _BIND | _REMOUNT | _RDONLY | _NOSUID | _NODEV)


def _mount(
    source: str | os.PathLike | None, target: Path, kind: str | None, flags: int, data: str = ""
) -> None:
    import ctypes

    def given(text: str | os.PathLike | None) -> bytes | None:
        return None if text is None else os.fsencode(text)

    mount = system.libc().mount
    number = ctypes.c_ulong(flags)
    system.check(mount(given(source), given(target), given(kind), number, given(data or None)))


def _inside(root: Path, path: Path) -> Path:
    return root / path.relative_to("/")


def _bind(root: Path, path: Path, flags: int | None) -> None:
    """Have a file or folder in the new world, at the same place, links on the way to it too."""
    real = _place(root, path)
    if real is None:
        return
    target = _inside(root, real)
    if target.exists() and (target.is_file() or any(target.iterdir())):
        return  # there already, with the folder around it
    if stat.S_ISDIR(os.stat(real).st_mode):
        target.mkdir(parents=True, exist_ok=True)
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.touch()
    _mount(real, target, None, _BIND | _REC)
    if flags is not None:
        now = os.statvfs(real).f_flag
        kept = now & _KEPT | (_RELATIME if now & _ST_RELATIME else 0)
        _mount(None, target, None, _BIND | _REMOUNT | flags | kept)


def _place(root: Path, path: Path) -> Path | None:
    """Where a path really leads, once the links on the way are made in the new world.

    None for a path that leads nowhere.
    """
    for _ in range(40):
        for part in (*reversed(path.parents), path):
            if part.is_symlink():
                link = _inside(root, part)
                if not link.is_symlink() and not link.exists():
                    link.parent.mkdir(parents=True, exist_ok=True)
                    link.symlink_to(os.readlink(part))
                rest = path.relative_to(part)
                path = Path(os.path.normpath(part.parent / os.readlink(part) / rest))
                break
        else:
            return path if path.exists() else None
    return None
