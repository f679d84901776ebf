"""Folders and zips of submissions: what is read, what is not, and that nothing else is touched."""

from __future__ import annotations

import io
import os
import stat
import struct
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from nutgraf import NutgrafError
from nutgraf.grading import handed_in
from nutgraf.grading.handed_in import NotUsed, check, find

PAGE = b'{"cells": []}'


def a_zip(
    files: Mapping[str | zipfile.ZipInfo, bytes], method: int = zipfile.ZIP_DEFLATED
) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return made.getvalue()


def look(source: Path, out: Path | None = None) -> tuple[dict[str, bytes], dict[str, str]]:
    """What is found, with its content, and what is reported, with the reason."""
    read, said = {}, {}

    def report(parts, place, why):
        said[place] = why

    for found in find(source, out or source.parent / "nowhere", report):
        try:
            read[found.place] = found.read()
        except NotUsed as problem:
            said[found.place] = str(problem)
    return read, said


@pytest.fixture
def zipped(tmp_path) -> Callable[..., Path]:
    """A function that writes a zip and gives its path."""

    def write(files: Mapping, method: int = zipfile.ZIP_DEFLATED) -> Path:
        path = tmp_path / "class.zip"
        path.write_bytes(a_zip(files, method))
        return path

    return write


def test_folders_and_zips_give_their_files_in_order(tmp_path, zipped):
    files = {"Ben/b.ipynb": b"2", "Ann/a10.ipynb": b"10", "Ann/a2.ipynb": b"1", "z.ipynb": b"3"}
    for name, content in files.items():
        (tmp_path / "class" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "class" / name).write_bytes(content)
    for source in (tmp_path / "class", zipped(files)):
        read, said = look(source)
        assert read == files
        assert said == {}


def test_a_zip_in_a_folder_or_zip_is_a_folder(tmp_path, zipped):
    inner = a_zip({"x/E03.ipynb": PAGE})
    (tmp_path / "class").mkdir()
    (tmp_path / "class/Ann.zip").write_bytes(inner)
    for source in (tmp_path / "class", zipped({"Ann.zip": inner})):
        assert look(source) == ({"Ann.zip/x/E03.ipynb": PAGE}, {})


def test_zips_within_a_learners_zip_are_not_opened(tmp_path, zipped):
    inner = a_zip({"a.zip": a_zip({"b.ipynb": PAGE})})
    read, said = look(zipped({"Ann.zip": inner}))
    assert read == {}
    assert "zip in a learner's zip" in said["Ann.zip/a.zip"]


def test_what_programs_leave_behind_is_passed_over_without_a_word(tmp_path, zipped):
    names = [".ipynb_checkpoints/a.ipynb", "__MACOSX/._a.ipynb", "Thumbs.db", "Ann/.hidden"]
    for name in names:
        (tmp_path / "class" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "class" / name).touch()
    assert look(tmp_path / "class") == ({}, {})
    assert look(zipped(dict.fromkeys(names, b"x"))) == ({}, {})


def test_the_folder_that_is_written_to_is_not_looked_into(tmp_path):
    (tmp_path / "class/out").mkdir(parents=True)
    (tmp_path / "class/out/E03.ipynb").write_bytes(PAGE)
    assert look(tmp_path / "class", tmp_path / "class/out") == ({}, {})


# What is not used

LEADS_OUT = ["../x.ipynb", "a/../../x.ipynb", "/etc/x.ipynb", "C:/x.ipynb", "C:x", "..\\x.ipynb"]
LEADS_OUT += ["\\\\server\\x.ipynb", "a/..", ".."]


@pytest.mark.parametrize("name", LEADS_OUT)
def test_a_name_that_leads_out_of_its_zip_is_not_followed(name, zipped, tmp_path):
    source = zipped({name: PAGE, "good.ipynb": PAGE})
    before = sorted(tmp_path.parent.rglob("*"))
    read, said = look(source)
    assert read == {"good.ipynb": PAGE}
    ((_, why),) = said.items()
    assert "leads out" in why
    assert sorted(tmp_path.parent.rglob("*")) == before


def test_backslashes_of_old_programs_part_folders(zipped):
    assert look(zipped({"Ann\\E03.ipynb": PAGE}))[0] == {"Ann/E03.ipynb": PAGE}


@pytest.mark.parametrize("kind", ["S_IFLNK", "S_IFIFO", "S_IFCHR", "S_IFBLK", "S_IFSOCK"])
def test_links_and_devices_in_a_zip_are_left_alone(kind, zipped):
    info = zipfile.ZipInfo("Ann/E03.ipynb")
    info.create_system, info.external_attr = 3, (getattr(stat, kind) | 0o644) << 16
    read, said = look(zipped({info: b"/etc/passwd"}))
    assert read == {}
    assert ("link" if kind == "S_IFLNK" else "no ordinary file") in said["Ann/E03.ipynb"]


def test_links_and_pipes_in_a_folder_are_left_alone(tmp_path):
    folder = tmp_path / "class"
    folder.mkdir()
    (tmp_path / "secret.ipynb").write_bytes(b"secret")
    (folder / "link.ipynb").symlink_to(tmp_path / "secret.ipynb")
    (folder / "folder").symlink_to(tmp_path)
    (folder / "link.zip").symlink_to(tmp_path / "secret.ipynb")
    os.mkfifo(folder / "pipe.ipynb")
    os.mkfifo(folder / "pipe.zip")
    read, said = look(folder)
    assert read == {}
    assert len(said) == 5
    assert all("link" in why or "ordinary" in why for why in said.values())


def test_a_file_that_becomes_a_link_or_pipe_after_it_was_listed_is_not_opened(tmp_path):
    for number, become in enumerate((os.mkfifo, lambda path: os.symlink("/etc/passwd", path))):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "a.ipynb").write_bytes(PAGE)
        (found,) = find(folder, tmp_path / "out", lambda *_: None)
        (folder / "a.ipynb").unlink()
        become(folder / "a.ipynb")
        with pytest.raises(NotUsed):
            found.read()


def test_a_huge_notebook_is_left_out_with_its_size(tmp_path, zipped):
    folder = tmp_path / "class"
    folder.mkdir()
    with (folder / "a.ipynb").open("wb") as file:
        file.truncate(50_000_000)
    read, said = look(folder)
    assert read == {}
    assert said["a.ipynb"].startswith("it has 50.0 MB, and at most 10 MB are taken.")
    read, said = look(zipped({"a.ipynb": os.urandom(10_000_001)}, zipfile.ZIP_STORED))
    assert read == {}
    assert "10.0 MB" in said["a.ipynb"]


def test_what_unpacks_to_far_too_much_stays_packed(zipped, monkeypatch):
    monkeypatch.setattr(handed_in, "_PIECE", "never read")
    read, said = look(zipped({"a.ipynb": b"0" * 9_000_000, "b.ipynb": b"0" * 60_000_000}))
    assert read == {}
    assert "far more than notebooks do" in said["a.ipynb"]
    assert "60.0 MB" in said["b.ipynb"]


def lying(name: str, content: bytes, says: int) -> bytes:
    """A zip whose headers give another size than its content has."""
    data = bytearray(a_zip({name: content}))
    for mark, place in ((b"PK\3\4", 22), (b"PK\1\2", 24)):
        at = data.index(mark) + place
        data[at : at + 4] = struct.pack("<I", says)
    return bytes(data)


def test_a_size_that_is_a_lie_gives_no_more_than_it_says(tmp_path):
    source = tmp_path / "class.zip"
    source.write_bytes(lying("a.ipynb", b"0" * 50_000_000, says=1000))
    tracemalloc.start()
    read, said = look(source)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert read == {}
    assert "damaged" in said["a.ipynb"]
    assert peak < 5_000_000


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_packings_that_cannot_be_unpacked_piece_by_piece_are_left_packed(method, zipped):
    read, said = look(zipped({"a.ipynb": PAGE}, method))
    assert read == {}
    assert "packed in a way" in said["a.ipynb"]


def test_a_locked_file_is_left_out(zipped):
    source = zipped({"a.ipynb": PAGE})
    data = bytearray(source.read_bytes())
    for mark, place in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        data[data.index(mark) + place] |= 1
    source.write_bytes(data)
    read, said = look(source)
    assert read == {}
    assert "password" in said["a.ipynb"]


def test_a_damaged_file_leaves_the_others(zipped):
    source = zipped({"a.ipynb": PAGE, "b.ipynb": PAGE}, zipfile.ZIP_STORED)
    data = bytearray(source.read_bytes())
    data[data.index(PAGE)] ^= 0xFF
    source.write_bytes(data)
    read, said = look(source)
    assert read == {"b.ipynb": PAGE}
    assert "damaged" in said["a.ipynb"]


@pytest.mark.parametrize("content", [b"", b"PK\3\4", b"no zip", a_zip({"a": b"b"})[:-10]])
def test_a_learners_damaged_zip_leaves_the_others(content, zipped):
    read, said = look(zipped({"Ann.zip": content, "Ben.zip": a_zip({"E03.ipynb": PAGE})}))
    assert read == {"Ben.zip/E03.ipynb": PAGE}
    assert "no zip that can be read" in said["Ann.zip"]


def test_a_zip_of_thousands_of_files_is_not_opened(zipped):
    inner = a_zip({f"{number}.ipynb": b"" for number in range(5_001)})
    read, said = look(zipped({"Ann.zip": inner, "b.ipynb": PAGE}))
    assert read == {"b.ipynb": PAGE}
    assert "more than 5,000 files" in said["Ann.zip"]


def test_a_learners_zip_gives_so_much_and_no_more(zipped, monkeypatch):
    monkeypatch.setattr(handed_in, "MOST_FROM_ZIP", 1_000_000)
    inner = a_zip({f"{n}.ipynb": os.urandom(300_000) for n in range(5)})
    read, said = look(zipped({"Ann.zip": inner, "Ben.zip": inner}))
    assert len(read) == 6
    assert len(said) == 4
    assert all("had come out of its zip" in why for why in said.values())


def test_nobody_can_use_up_what_is_there_for_the_others(zipped, monkeypatch):
    monkeypatch.setattr(handed_in, "MOST_SWOLLEN", 1_000_000)
    files = {f"Eve/{number}.ipynb": b"0" * 300_000 for number in range(9)}
    read, said = look(zipped(files | {"Zoe/E03.ipynb": os.urandom(100_000)}))
    assert list(read) == ["Eve/0.ipynb", "Eve/1.ipynb", "Eve/2.ipynb", "Zoe/E03.ipynb"]
    assert len(said) == 6
    assert all("packed many times over" in why for why in said.values())


def test_all_together_give_so_much_and_no_more(tmp_path, monkeypatch):
    monkeypatch.setattr(handed_in, "MOST_BYTES", 1_000)
    for number in range(5):
        (tmp_path / f"{number}.ipynb").write_bytes(b"x" * 300)
    read, said = look(tmp_path)
    assert len(read) == 3
    assert all("had been read" in why for why in said.values())


def test_more_files_than_a_school_has_are_refused(tmp_path, zipped, monkeypatch):
    monkeypatch.setattr(handed_in, "MOST_FILES", 3)
    folder = tmp_path / "class"
    folder.mkdir()
    for number in range(4):
        (folder / f"{number}.txt").touch()
    for source in (folder, zipped({f"{n}.txt": b"" for n in range(4)})):
        with pytest.raises(NutgrafError, match="more than 3 files"):
            look(source)


@pytest.mark.parametrize("name", ["a\nb.ipynb", "a\x1bb.ipynb", "a\x7f.ipynb"])
def test_names_with_signs_that_are_none_are_left_out(name, zipped):
    read, said = look(zipped({name: PAGE, "b.ipynb": PAGE}))
    assert read == {"b.ipynb": PAGE}
    ((place, why),) = said.items()
    assert "signs that are none" in why
    assert place.isprintable()


def test_names_in_utf8_are_read_even_where_the_zip_does_not_say_so(tmp_path):
    data = a_zip({"Jxxrg/E03.ipynb": PAGE}).replace(b"Jxxrg", "Jörg".encode())
    (tmp_path / "class.zip").write_bytes(data)
    assert list(look(tmp_path / "class.zip")[0]) == ["Jörg/E03.ipynb"]
    data = a_zip({"Jxrg/E03.ipynb": PAGE}).replace(b"Jxrg", "Jörg".encode("cp437"))
    (tmp_path / "class.zip").write_bytes(data)
    assert list(look(tmp_path / "class.zip")[0]) == ["Jörg/E03.ipynb"]


def test_very_long_names_are_read(zipped):
    name = "x" * 30_000 + ".ipynb"
    assert look(zipped({name: PAGE}))[0] == {name: PAGE}


def test_very_deep_folders_are_not_followed(tmp_path, zipped):
    deep = "/".join("x" * 25)
    (tmp_path / "class" / deep).mkdir(parents=True)
    (tmp_path / "class" / deep / "a.ipynb").touch()
    for source in (tmp_path / "class", zipped({f"{deep}/a.ipynb": PAGE})):
        read, said = look(source)
        assert read == {}
        assert all("too deep" in why for why in said.values())
        assert len(said) == 1


def test_a_folder_that_cannot_be_read_leaves_the_others(tmp_path, monkeypatch):
    for name in ("Ann", "Ben"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.ipynb").write_bytes(PAGE)
    scan = os.scandir

    def denied(path):
        if Path(path).name == "Ann":
            raise PermissionError(13, "Permission denied")
        return scan(path)

    monkeypatch.setattr(handed_in.os, "scandir", denied)
    read, said = look(tmp_path)
    assert read == {"Ben/a.ipynb": PAGE}
    assert "Permission denied" in said["Ann"]


def test_a_source_that_is_no_folder_and_no_zip_is_refused(tmp_path):
    with pytest.raises(NutgrafError, match="is not there"):
        check(tmp_path / "nothing")
    (tmp_path / "x.rar").write_bytes(b"Rar!")
    with pytest.raises(NutgrafError, match="no zip that can be read"):
        check(tmp_path / "x.rar")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(NutgrafError, match="no zip that can be read"):
        check(tmp_path / "pipe")


def test_a_download_that_breaks_off_is_refused_with_the_way_out(tmp_path):
    whole = a_zip({"a.ipynb": PAGE})
    path = tmp_path / "class.zip"
    path.write_bytes(whole[: whole.index(b"PK\1\2")] + b"xx" + whole[whole.index(b"PK\1\2") + 2 :])
    with pytest.raises(NutgrafError, match="Download it again"):
        look(path)


@settings(max_examples=300)
@example(b"", 213, b"\0")  # a file without a name
@given(st.binary(max_size=200), st.integers(0, 400), st.binary(min_size=1, max_size=8))
def test_no_broken_zip_breaks_the_reader(tmp_path_factory, junk, at, patch):
    inner = bytearray(a_zip({"a.ipynb": PAGE, "b.zip": a_zip({"c.ipynb": PAGE})}))
    inner[at : at + len(patch)] = patch
    folder = tmp_path_factory.mktemp("class")
    (folder / "Ann.zip").write_bytes(bytes(inner))
    (folder / "Ben.zip").write_bytes(junk)
    (folder / "good.ipynb").write_bytes(PAGE)
    read, _ = look(folder)
    assert read["good.ipynb"] == PAGE
    assert all(zlib.crc32(data) for data in read.values() if data)
