"""A class edition holds no answer that can be read, works all the same, and the search can fail."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import os
import re
import subprocess
import sys
import zipfile
import zlib
from io import BytesIO
from pathlib import Path

import nbformat
import pytest
import refresh

from nutgraf import folder as folder_module
from nutgraf.editions import release
from nutgraf.folder import editions, learner_edition, prepare
from nutgraf.quizzes import all_items
from tests.editions import leaks
from tests.editions.leaks import Secret

# What is secret in one place and said on purpose in another. Anything else that is found is a leak.
TAUGHT = {
    ("notebooks/02-characters.ipynb", '"characters": len(text),'),
    ("notebooks/04-sentences.ipynb", "kept[-1] = (kept[-1][0], end)"),
}
"""Lines of a solution that a lesson shows: (file, line)."""
ASKED = {
    ("notebooks/quizzes/02-characters.sealed", 'text = re.sub(" +", " ", text)'),
    ("notebooks/quizzes/04-sentences.sealed", "kept[-1] = (kept[-1][0], end)"),
}
"""Lines of a solution that a question shows, as one of its parts."""
COMMON = {
    ("src/nutgraf/tokenizing.py", "for token in tokens:"),
    ("src/nutgraf/widgets/quiz.py", "for token in tokens:"),
}
"""Lines of code that anybody writes."""
RULES = {
    ("src/nutgraf/schemes/newsmarks-7.yml", "The plain verb. A plainer one is not to be had."),
}
"""Reasons that stand in the rules for marking, which lesson 08 hands out, and in a question."""
KNOWN = TAUGHT | ASKED | COMMON | RULES

# In the full kit, an output shows the question.
SHOWN = {("notebooks/02-characters.ipynb", 'text = re.sub(" +", " ", text)')}

# Fields that have the name of one in a question's key.
OTHER_FIELDS = {
    ("seeds/sadr-protests/cards.yml", "says"),
    ("seeds/sadr-protests/reference.json", "leans"),
    ("src/nutgraf/labdefaults/workspace.json", "right"),
    *(
        ("src/nutgraf/quiz.schema.json", field)
        for field in ("accept", "goes", "known", "otherwise", "right", "says", "targets")
    ),
}

KIT = "nutgraf/kit/"


@pytest.fixture(scope="module")
def secrets(root: Path, article) -> list[Secret]:
    """Everything that a class edition must not say."""
    return [
        *leaks.of_quizzes(all_items().values()),
        *leaks.of_exercises(root),
        *leaks.of_summaries(article.summaries, article.text),
    ]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory):
    """A class edition of this checkout: what `release` says of it."""
    return release(tmp_path_factory.mktemp("class") / "nutgraf-class", solutions=False)


def in_kit(name: str) -> str:
    """Path in a checkout of a file that a wheel carries."""
    if name.startswith(KIT):
        return name.removeprefix(KIT)
    return re.sub(r"^nutgraf/", "src/nutgraf/", name)


def leaked(files: dict[str, bytes], secrets: list[Secret]) -> list[str]:
    """What is found and was not meant to be said, in words."""
    found = [(in_kit(name), secret) for name, secret in leaks.find(files, secrets)]
    return [
        f"{name}: {secret.whose}: {secret.words!r}"
        for name, secret in found
        if (name, secret.words) not in KNOWN
    ]


def wheel_of(folder: Path, place: Path) -> Path:
    command = [sys.executable, "-m", "uv", "build", "--wheel", "--no-build-isolation"]
    done = subprocess.run(
        [*command, "--out-dir", str(place), str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (built,) = place.glob("*.whl")
    return built


def python(kit: Path, program: str, cwd: Path) -> subprocess.CompletedProcess:
    """Run a program with the package of an edition, in a folder."""
    environment = os.environ | {"PYTHONPATH": str(kit / "src"), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        [sys.executable, "-c", program], cwd=cwd, env=environment,
        capture_output=True, text=True, encoding="utf-8", check=False,
    )  # fmt: skip


# --- what is in it -----------------------------------------------------------------------------


def test_there_is_something_to_keep(secrets):
    whose = {secret.whose for secret in secrets}
    assert {item.id for item in all_items().values()} <= whose
    assert len({name for name in whose if re.match(r"E\d\d-", name)}) == 12
    assert {f"{summary}{spot}" for summary in "AB" for spot in range(1, 9)} <= whose


def test_no_file_of_the_folder_says_an_answer(made, secrets):
    assert leaked(leaks.files_in(made.folder), secrets) == []


def test_no_file_of_the_folder_has_the_fields_of_a_key(made):
    assert set(leaks.key_fields(leaks.files_in(made.folder))) - OTHER_FIELDS == set()


def test_nothing_that_the_search_passes_over_has_become_needless(made, secrets):
    files = leaks.files_in(made.folder)
    found = {(name, secret.words) for name, secret in leaks.find(files, secrets)}
    assert found == KNOWN
    assert set(leaks.key_fields(files)) == OTHER_FIELDS


def test_the_zip_holds_the_same_files_as_the_folder(made):
    there = {f"{made.folder.name}/{n}": c for n, c in leaks.files_in(made.folder).items()}
    assert leaks.files_of_zip(made.archive) == there


def test_no_solution_and_no_test_is_there_by_its_name_or_its_marks(made):
    files = leaks.files_in(made.folder)
    names = re.compile(r"(^|/)(solutions|tests|tools|guide|facts|\.ci|\.git)/|CONTRIBUTING|-test\.")
    assert [name for name in files if names.search(name)] == []
    assert [name for name in files if name.endswith((".pyc", ".jsonl"))] == []
    marks = re.compile(rb"^\W*### BEGIN (SOLUTION|HIDDEN TESTS)", re.MULTILINE)
    pages = {name: content for name, content in files.items() if name.endswith(".ipynb")}
    assert len(pages) > 20
    assert [name for name, content in pages.items() if marks.search(content)] == []


def test_no_lesson_has_an_output_and_all_else_of_it_is_there(made, root):
    for path in sorted((made.folder / "notebooks").glob("*.ipynb")):
        page = json.loads(path.read_bytes())
        before = json.loads((root / "notebooks" / path.name).read_bytes())
        assert "widgets" not in page["metadata"]
        assert [c["source"] for c in page["cells"]] == [c["source"] for c in before["cells"]]
        assert not any(c.get("outputs") or c.get("execution_count") for c in page["cells"])


def test_no_cell_of_a_class_edition_gives_a_right_answer(made):
    found = []
    for path in sorted(made.folder.rglob("*.ipynb")):
        for cell in json.loads(path.read_bytes())["cells"]:
            source = "".join(cell["source"])
            found += leaks.answered(source, all_items()) if cell["cell_type"] == "code" else []
    assert found == []


def test_navigation_is_up_to_date_in_it(made):
    assert refresh.out_of_date(made.folder / "notebooks") == []


def test_the_exercises_are_the_learners_editions(made, root):
    for path in (made.folder / "exercises").glob("*.ipynb"):
        assert path.read_bytes() == (root / "exercises" / path.name).read_bytes()


def test_the_summaries_keep_their_texts_and_the_number_of_spots(made, article):
    from nutgraf.article import read_seed

    summaries = read_seed(made.folder / "seeds/sadr-protests").summaries
    assert summaries["faithful"] == article.summaries["faithful"]
    assert "control" not in summaries
    for one, before in zip(summaries["distorted"], article.summaries["distorted"], strict=True):
        assert one["text"] == before["text"]
        assert one["altered"] == [{"id": spot["id"]} for spot in before["altered"]]
        assert set(one) == {"id", "watermark", "words", "text", "altered"}


def test_the_readme_says_how_to_open_it_and_what_sealing_is_worth(made):
    said = (made.folder / "README.md").read_text(encoding="utf-8")
    assert "python3 start.py" in said
    assert "a lid, not a lock" in said
    assert "](guide/" not in said
    linked = re.findall(r"\]\((\w[^)]*)\)", said)
    assert [name for name in linked if not (made.folder / name).is_file()] == []


# --- it works ----------------------------------------------------------------------------------

MARKING = """
import hashlib
from nutgraf import editions, quizzes, sealing
items = quizzes.all_items()
assert editions.edition() == "class"
assert all(path.suffix == sealing.SUFFIX for path in quizzes.quiz_files())
wrong = [i.id for i in items.values() if not quizzes.mark(i, quizzes.key(i)).passed]
print(len(items), wrong, hashlib.sha256(repr(items).encode()).hexdigest())
"""


def test_every_question_is_there_with_its_key_and_marks_the_right_answer_right(made, tmp_path):
    done = python(made.folder, MARKING, tmp_path)
    digest = hashlib.sha256(repr(all_items()).encode()).hexdigest()
    assert done.stdout.split() == [str(len(all_items())), "[]", digest], done.stderr


def test_a_learners_folder_made_from_it_is_the_one_that_the_full_kit_makes(made, monkeypatch):
    full = editions()
    monkeypatch.setattr(folder_module, "kit_dir", lambda name: made.folder / name)
    assert editions() == full


@pytest.mark.slow
@pytest.mark.parametrize("lesson", ["03-words", "07-summarizing", "workshop"])
def test_a_lesson_runs_in_a_class_edition(made, lesson, tmp_path):
    folder = tmp_path / "my-nutgraf"
    prepare(folder)
    environment = refresh.environment(tmp_path / "home")
    environment["PYTHONPATH"] = str(made.folder / "src")
    page = refresh.read(folder / f"{lesson}.ipynb")
    where = "from nutgraf import editions; print(editions.edition(), editions.__file__)"
    page.cells.append(nbformat.v4.new_code_cell(where))
    refresh.run(page, folder, environment)
    said = page.cells[-1]["outputs"][0]["text"]
    assert said.split() == ["class", str(made.folder / "src/nutgraf/editions.py")]


# --- wheels and the learner's folder -----------------------------------------------------------


def test_no_file_of_a_wheel_of_a_class_edition_says_an_answer(made, secrets, tmp_path):
    files = leaks.files_of_zip(wheel_of(made.folder, tmp_path))
    assert f"{KIT}notebooks/quizzes/03-words.sealed" in files
    assert "nutgraf/edition.txt" in files
    assert leaked(files, secrets) == []


def test_the_full_wheel_has_each_answer_in_one_known_place_only(root, secrets, tmp_path):
    files = leaks.files_of_zip(wheel_of(root, tmp_path))
    solutions, homes = r"exercises/solutions/E\d\d-[a-z-]+\.ipynb", r"notebooks/quizzes/.+\.yml"
    homes = rf"{solutions}|{homes}|seeds/sadr-protests/summaries\.yml"
    found = [(in_kit(name), secret) for name, secret in leaks.find(files, secrets)]
    elsewhere = {
        f"{name}: {secret.whose}: {secret.words!r}"
        for name, secret in found
        if not re.fullmatch(homes, name) and (name, secret.words) not in KNOWN | SHOWN
    }
    assert elsewhere == set()
    sources = {name for name, _ in found if re.fullmatch(solutions, name)}
    assert len(sources) == 12


def test_no_file_of_a_learners_folder_says_an_answer(secrets, tmp_path):
    prepare(tmp_path / "my-nutgraf")
    files = leaks.files_in(tmp_path / "my-nutgraf")
    assert ".nutgraf/manifest.json" in files
    taught = {(name.removeprefix("notebooks/"), line) for name, line in TAUGHT}
    found = {(name, secret.words) for name, secret in leaks.find(files, secrets)}
    assert found <= taught


# --- the search can fail -----------------------------------------------------------------------

LINE = "return [word for word in pieces if word != mark]"
PLANTED = [Secret("E00", LINE), Secret("T0", "Every copy carries a “mark” at its end.")]


def page(**cell) -> bytes:
    """A notebook of one cell."""
    cell = {"cell_type": "code", "id": "x", "metadata": {}, "source": [], "outputs": []} | cell
    return json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4}).encode()


def zipped(content: bytes) -> bytes:
    raw = BytesIO()
    with zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inside.txt", content)
    return raw.getvalue()


def b64(content: bytes) -> str:
    return base64.b64encode(content).decode()


def wrapped(text: str, width: int = 60) -> str:
    return "\n".join(text[at : at + width] for at in range(0, len(text), width))


HIDDEN = LINE.encode()
LONGER = b"\n".join(f"some other line, number {n}".encode() for n in range(9)) + b"\n" + HIDDEN

PLACES = {
    "a cell": page(source=["def f():\n", f"    {LINE}\n"]),
    "metadata": page(metadata={"nutgraf": {"why": LINE}}),
    "a name of metadata": page(metadata={LINE: 1}),
    "an output": page(outputs=[{"output_type": "stream", "text": ["here:\n", f"{LINE}\n"]}]),
    "an output as HTML": page(
        outputs=[{"data": {"text/html": f"<pre>{LINE.replace('!', '&#33;')}</pre>"}}]
    ),
    "an attachment": page(attachments={"a.png": {"image/png": b64(LONGER)}}),
    "the state of a widget": page(metadata={"widgets": {"state": json.dumps({"key": LINE})}}),
    "base64": f"x = {b64(HIDDEN)!r}".encode(),
    "base64 with letters before it": f"key{b64(LONGER)}".encode(),
    "base64 for addresses": base64.urlsafe_b64encode(LONGER),
    "base64 over several lines": wrapped(b64(LONGER)).encode(),
    "base64 of zlib": page(source=f"decode('{b64(zlib.compress(LONGER))}')"),
    "base64 of base64": b64(b64(LONGER).encode()).encode(),
    "base85": b"key = '" + base64.b85encode(LONGER) + b"'",
    "hexadecimal": b"key = " + HIDDEN.hex().encode(),
    "gzip": gzip.compress(LONGER),
    "a zip in a zip": zipped(zipped(LONGER)),
    "escapes of Python": "".join(f"\\x{ord(letter):02x}" for letter in LINE).encode(),
    "escapes of JavaScript": "".join(f"\\u{ord(letter):04x}" for letter in LINE).encode(),
    "a string in a string": json.dumps(json.dumps({"x": f'"{LINE}"'})).encode(),
    "lines of JSON": json.dumps({"a": 1}).encode() + b"\n" + json.dumps({"b": LINE}).encode(),
    "YAML": b"says: 'return [word for word in pieces\n  if word != mark]'\n",
    "an address": LINE.replace(" ", "%20").replace("[", "%5B").encode(),
    "UTF-16": LINE.encode("utf-16"),
    "capitals and white space": LINE.upper().replace(" ", "\n  ").encode(),
}


@pytest.mark.parametrize("place", PLACES)
def test_a_planted_line_is_found_in(place):
    assert leaks.find({"file": PLACES[place]}, PLANTED) == [("file", PLANTED[0])]


@pytest.mark.parametrize("escaped", [True, False], ids=["escaped", "as it is"])
def test_a_sentence_with_letters_beyond_ascii_is_found(escaped):
    content = json.dumps({"says": PLANTED[1].words}, ensure_ascii=escaped).encode()
    assert leaks.find({"file": content}, PLANTED) == [("file", PLANTED[1])]


@pytest.mark.parametrize(
    "content", [b"", b"return", b"\x00\xff" * 99, LINE[:-9].encode(), b"x\x9c"]
)
def test_what_says_nothing_is_no_leak(content):
    assert leaks.find({"file": content}, PLANTED) == []


SOURCE = {
    "cells": [
        {
            "cell_type": "code",
            "metadata": {"nbgrader": {"solution": True}},
            "source": "def f(x):\n    ### BEGIN SOLUTION\n    y = x\n    y += 1\n"
            "    return y  # the sum of both\n    ### END SOLUTION\n",
        },
        {
            "cell_type": "code",
            "metadata": {"nbgrader": {"grade": True}},
            "source": 'assert f(1), "What is f(1)?"\n### BEGIN HIDDEN TESTS\nassert f(20) == 21\n'
            'assert f(1), "What is f(1)?"\n### END HIDDEN TESTS',
        },
    ]
}


def test_the_secrets_of_an_exercise_are_its_lines_and_short_ones_in_a_row():
    words = [secret.words for secret in leaks.of_exercise(SOURCE, "E00")]
    assert words == [
        "return y  # the sum of both",
        "y = x\ny += 1\nreturn y  # the sum of both",
        'assert f(20) == 21\nassert f(1), "What is f(1)?"',
    ]


def test_a_source_is_full_of_leaks_and_its_learners_edition_has_none():
    from nutgraf.exercises import release as cut

    secrets = leaks.of_exercise(SOURCE, "E00")
    source, edition = (json.dumps(one).encode() for one in (SOURCE, cut(SOURCE)))
    assert len(leaks.find({"E00.ipynb": source}, secrets)) == len(secrets)
    assert leaks.find({"E00.ipynb": edition}, secrets) == []


def test_the_plain_files_of_this_checkout_are_full_of_leaks(root, secrets):
    folders = ("notebooks/quizzes", "exercises/solutions", "seeds/sadr-protests")
    files = {
        f"{folder}/{name}": content
        for folder in folders
        for name, content in leaks.files_in(root / folder).items()
    }
    found = {secret for _, secret in leaks.find(files, secrets)}
    missed = {secret for secret in secrets if secret not in found}
    assert {secret.words for secret in missed if not re.match(r"[A-Z]+\d+$", secret.whose)} == set()
    # What was altered is made into feedback when it is read, and keys of rows are put together.
    assert len(missed) < len(secrets) / 10
    assert {field for _, field in leaks.key_fields(files)} >= leaks.KEY_FIELDS - {"leans"}


def test_an_edition_of_a_lesson_with_an_answer_in_its_output_has_none():
    leaky = json.loads(page(outputs=[{"output_type": "stream", "text": LINE}]))
    assert leaks.find({"file": json.dumps(learner_edition(leaky)).encode()}, PLANTED) == []
