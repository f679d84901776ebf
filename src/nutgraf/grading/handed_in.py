"""What lies in a folder or a zip of submissions, read without believing any of it.

Files come from anywhere. So no link is followed, nothing is unpacked to where an archive says, no
more is read than the limits allow whatever a header says, and what cannot be used is passed on
with the reason. One bad file never stops the others.
"""

from __future__ import annotations

import calendar
import io
import os
import stat
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path

from nutgraf.errors import NutgrafError
from nutgraf.incoming import DEEPEST, Parts, hidden, shown, strange, unfit

LARGEST = 10_000_000
"""The most bytes of a notebook; those of the kit have some twenty thousand."""

LARGEST_ZIP = 50_000_000
"""The most bytes of a learner's own zip."""

MOST_FILES = 200_000
"""The most files in all: a thousand learners' whole folders have some forty thousand."""

MOST_IN_ZIP = 5_000
"""The most files in a learner's own zip."""

MOST_BYTES = 20_000_000_000
"""The most bytes that are read in all, unpacked."""

MOST_SWOLLEN = 500_000_000
"""The most bytes that are read in all of files that were packed more than `SWOLLEN`-fold: from then
on only such files are left out, so that nobody can use up what is there for the others."""

SWOLLEN = 20

MOST_FROM_ZIP = 100_000_000
"""The most bytes that are read out of a learner's own zip, unpacked."""

MOST_PACKED = 200
"""How many times its packed size a file may have, from a million bytes on."""

DEEPEST_ZIP = 2
"""How many zips may lie in one another: a download, and in it a learner's own."""

# bzip2 and LZMA are left out: Python unpacks a few of their bytes to gigabytes before it counts.
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_PIECE = 1 << 16


class NotUsed(Exception):
    """Why a file is not used: a sentence or two, with the way out."""


@dataclass(frozen=True)
class Found:
    """An ordinary file.

    parts: where it lies, with each zip as a folder; place: the same for people; time: seconds
    since 1970, as folder or archive have it (archives name no time zone); read: gives its content,
    or raises NotUsed. To be called before the next file is asked for.
    """

    parts: Parts
    place: str
    time: int
    read: Callable[[], bytes]


Report = Callable[[Parts, str, str], None]
"""Takes what cannot be used: parts and place as in `Found`, and why. parts is () where a file has
no place that could be believed."""


def find(source: Path, skip: Path, report: Report) -> Iterator[Found]:
    """Every ordinary file in a folder or zip and in the zips in it, sorted by name.

    What programs put there for themselves is passed over, such as hidden files, and checkpoints
    among them. skip: a folder that is not looked into, since it is the one written to. report: gets
    what cannot be used.

    Raises NutgrafError when source is neither a folder nor a zip that can be read, or holds more
    than 200,000 files.
    """
    search = _Search(source, skip, report)
    return search.folder() if source.is_dir() else search.download()


def check(source: Path) -> None:
    """Raise NutgrafError for a source that `find` could not begin with."""
    if not source.exists():
        raise NutgrafError(f"{source} is not there. Name the folder or zip with the submissions.")
    if not source.is_dir() and not (source.is_file() and zipfile.is_zipfile(source)):
        raise NutgrafError(
            f"{source} is no zip that can be read. Download it again, or unpack it and name the "
            "folder."
        )


class _Search:
    """One look through a source; knows how much has been read."""

    def __init__(self, source: Path, skip: Path, report: Report) -> None:
        self.source, self.report = source, report
        self.skip = skip.resolve()
        self.files = self.bytes = self.swollen = 0

    # Folders

    def folder(self) -> Iterator[Found]:
        waiting: list[Parts] = [()]
        while waiting:
            inside = waiting.pop()
            folders = []
            for entry in self.listed(inside):
                parts = (*inside, entry.name)
                if hidden(entry.name):
                    continue
                self.count()
                if problem := unfit(entry, parts):
                    self.refuse(parts, problem)
                elif entry.is_dir(follow_symlinks=False):
                    folders.append(parts)
                else:
                    yield from self.file(parts)
            waiting += reversed(folders)

    def listed(self, inside: Parts) -> list[os.DirEntry]:
        here = self.source.joinpath(*inside)
        try:
            if here.resolve() == self.skip:
                return []
            with os.scandir(here) as found:
                return sorted(islice(found, MOST_FILES + 1), key=lambda entry: entry.name)
        except OSError as error:
            why = error.strerror or str(error)
            if not inside:
                raise NutgrafError(
                    f"{here} cannot be read ({why}). Name the folder with the submissions."
                ) from error
            self.refuse(inside, f"the folder cannot be read ({why}). Unlock it.")
            return []

    def file(self, parts: Parts) -> Iterator[Found]:
        path = self.source.joinpath(*parts)
        if _is_zip(parts):
            try:
                data = _content(path, LARGEST_ZIP)
            except NotUsed as problem:
                self.refuse(parts, str(problem))
                return
            yield from self.zip(data, parts, 1)
            return
        try:
            time = int(path.lstat().st_mtime)
        except OSError:
            time = 0
        yield Found(parts, shown(parts), time, lambda: self.spend(_content(path, LARGEST)))

    # Zips

    def download(self) -> Iterator[Found]:
        """The source itself is a zip."""
        try:
            archive = zipfile.ZipFile(self.source)
        except Exception as error:  # a damaged archive raises whatever it comes upon
            raise NutgrafError(
                f"{self.source} is damaged. Download it again, or unpack it and name the folder."
            ) from error
        with archive:
            yield from self.entries(archive, (), 1, _Budget(MOST_BYTES))

    def zip(self, data: bytes, inside: Parts, depth: int) -> Iterator[Found]:
        """A learner's own zip."""
        if data.count(b"PK\1\2") > MOST_IN_ZIP:  # once for each file in an archive's list
            why = f"it holds more than {MOST_IN_ZIP:,} files. Ask for the notebooks alone."
            self.refuse(inside, why)
            return
        try:
            archive = zipfile.ZipFile(io.BytesIO(data))
        except Exception:  # a damaged archive raises whatever it comes upon
            self.refuse(inside, "it is no zip that can be read. Ask for it once more.")
            return
        with archive:
            yield from self.entries(archive, inside, depth, _Budget(MOST_FROM_ZIP))

    def entries(
        self, archive: zipfile.ZipFile, inside: Parts, depth: int, budget: _Budget
    ) -> Iterator[Found]:
        if len(archive.infolist()) > MOST_FILES:
            self.too_many()
        named = [(_name(info), number, info) for number, info in enumerate(archive.infolist())]
        for name, _, info in sorted(named, key=lambda one: one[:2]):
            if name.endswith("/"):
                continue
            own = _parts(name)
            parts = (*inside, *own)
            leads_out = not own or name[0] in "/\\" or ".." in own or own[0][1:2] == ":"
            problem = _unfit(own, info)
            if leads_out:
                why = "its name leads out of the zip. Ask for the file on its own."
                self.report((*inside, *own[-1:]) if inside else (), shown(parts), why)
                continue
            if not problem and any(hidden(part) for part in own):
                continue
            self.count()
            if problem:
                self.refuse(parts, problem)
            elif not _is_zip(own):
                read = partial(self.unpacked, archive, info, LARGEST, budget)
                yield Found(parts, shown(parts), _time(info), read)
            elif depth >= DEEPEST_ZIP:
                self.refuse(parts, "it is a zip in a learner's zip. Ask for one zip, or for none.")
            else:
                try:
                    data = self.unpacked(archive, info, LARGEST_ZIP, budget)
                except NotUsed as problem:
                    self.refuse(parts, str(problem))
                    continue
                yield from self.zip(data, parts, depth + 1)

    def refuse(self, parts: Parts, why: str) -> None:
        self.report(parts, shown(parts), why)

    # Limits

    def count(self) -> None:
        self.files += 1
        if self.files > MOST_FILES:
            self.too_many()

    def too_many(self) -> None:
        raise NutgrafError(
            f"{self.source} holds more than {MOST_FILES:,} files. Name what holds the submissions "
            "only, or collect it in parts."
        )

    def unpacked(
        self, archive: zipfile.ZipFile, info: zipfile.ZipInfo, most: int, budget: _Budget
    ) -> bytes:
        """What a file in a zip holds. Raises NotUsed."""
        if info.file_size > SWOLLEN * info.compress_size:
            self.swollen += info.file_size
            if self.swollen > MOST_SWOLLEN:
                raise NotUsed(
                    "it is packed many times over, and too much of that kind came before it. Ask "
                    "for the file on its own."
                )
        return self.spend(budget.take(_unpack(archive, info, most)))

    def spend(self, data: bytes) -> bytes:
        self.bytes += len(data)
        if self.bytes > MOST_BYTES:
            raise NotUsed(
                f"{MOST_BYTES // 10**9} GB had been read before it, and no more are. Collect it in "
                "a run of its own."
            )
        return data


class _Budget:
    """How many bytes may still come out of an archive."""

    def __init__(self, left: int) -> None:
        self.left = left

    def take(self, data: bytes) -> bytes:
        self.left -= len(data)
        if self.left < 0:
            raise NotUsed(
                f"{MOST_FROM_ZIP // 10**6} MB had come out of its zip before it, and no more are "
                "taken. Ask for the notebooks alone."
            )
        return data


def _is_zip(parts: Parts) -> bool:
    return parts[-1].lower().endswith(".zip")


def _parts(name: str) -> Parts:
    pieces = name.replace("\\", "/").split("/")
    return tuple(piece for piece in pieces if piece not in ("", "."))


def _unfit(own: Parts, info: zipfile.ZipInfo) -> str:
    """Why a file in a zip is not to be read, from its name and kind; or ""."""
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind == stat.S_IFLNK:
        return "it is a link, and links are not followed. Ask for the file itself."
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        return "it is no ordinary file, and was not opened."
    if len(own) > DEEPEST:
        return "it lies too deep in folders. Ask for the file on its own."
    return next(filter(None, (strange(part) for part in own)), "")


def _name(info: zipfile.ZipInfo) -> str:
    """A name as it was meant: many programs write UTF-8 into a zip and do not say so."""
    if not info.flag_bits & 0x800:
        try:
            return info.filename.encode("cp437").decode("utf-8")
        except UnicodeError:
            pass
    return info.filename


def _time(info: zipfile.ZipInfo) -> int:
    try:
        return calendar.timegm((*info.date_time, 0, 0, 0))
    except (ValueError, OverflowError):
        return 0


def _too_large(size: int, most: int) -> NotUsed:
    return NotUsed(
        f"it has {size / 1e6:,.1f} MB, and at most {most // 10**6} MB are taken. Ask for it "
        "without outputs: Edit, Clear Outputs of All Cells."
    )


def _content(path: Path, most: int) -> bytes:
    """What an ordinary file of fair size holds. Raises NotUsed."""
    flags = os.O_RDONLY | getattr(os, "O_BINARY", 0)
    # Should it have become a link or a pipe since it was listed, it is not followed or waited for.
    flags |= getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        with open(os.open(path, flags), "rb") as file:
            state = os.fstat(file.fileno())
            if not stat.S_ISREG(state.st_mode):
                raise NotUsed("it is no ordinary file, and was not opened.")
            if state.st_size > most:
                raise _too_large(state.st_size, most)
            data = file.read(most + 1)
    except OSError as error:
        raise NotUsed(f"it cannot be read ({error.strerror or error}). Unlock it.") from error
    if len(data) > most:
        raise _too_large(len(data), most)
    return data


def _unpack(archive: zipfile.ZipFile, info: zipfile.ZipInfo, most: int) -> bytes:
    """What a file in a zip holds; never more than `most` bytes are unpacked. Raises NotUsed."""
    if info.flag_bits & 0x1:
        raise NotUsed("it is locked with a password. Ask for it without one.")
    if info.compress_type not in _METHODS:
        raise NotUsed("it is packed in a way that is not read. Ask for an ordinary zip.")
    if info.file_size > most:
        raise _too_large(info.file_size, most)
    if info.file_size > max(1_000_000, MOST_PACKED * info.compress_size):
        raise NotUsed("it would unpack to far more than notebooks do. Ask for the file on its own.")
    try:
        with archive.open(info) as file:
            # Piece by piece: no more is given than the header says, but all at once would first be
            # unpacked, and then cut off.
            return b"".join(iter(lambda: file.read(_PIECE), b""))
    except Exception as error:  # a damaged archive raises whatever it comes upon
        raise NotUsed("it is damaged in its zip. Ask for it once more.") from error
