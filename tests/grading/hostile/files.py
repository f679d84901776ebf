"""Attacks that lie in the file, and files that are only odd."""

from __future__ import annotations

import json
from typing import Any

from tests.grading.hostile import (
    FILES,
    RIGHT,
    SOLUTION,
    TESTS,
    Targets,
    attack,
    cell_named,
    code_cell,
)


def unreadable(make: Any) -> Any:
    return attack("unreadable", kind=FILES)(make)


@unreadable
def is_empty(at: Targets) -> bytes:
    return b""


@unreadable
def is_blank(at: Targets) -> bytes:
    return b" \n\n"


@unreadable
def is_nothing_but_zeros(at: Targets) -> bytes:
    return bytes(10_000)


@unreadable
def is_noise(at: Targets) -> bytes:
    return bytes(range(256)) * 40


@unreadable
def is_a_program(at: Targets) -> bytes:
    return f"import re\n{RIGHT}".encode()


@unreadable
def is_cut_off(at: Targets) -> Any:
    return lambda page: json.dumps(page).encode()[:-500]


@unreadable
def is_in_another_code(at: Targets) -> Any:
    return lambda page: json.dumps(page).encode("utf-16")


@unreadable
def is_no_notebook(at: Targets) -> bytes:
    return b'{"name": "ann", "grade": 99}'


@unreadable
def is_a_list(at: Targets) -> bytes:
    return b'[{"cell_type": "code", "source": "words = len"}]'


@unreadable
def is_a_number(at: Targets) -> bytes:
    return b"99"


@unreadable
def has_a_number_without_end(at: Targets) -> bytes:
    return b'{"cells": [], "nbformat": ' + b"9" * 100_000 + b"}"


@unreadable
def is_deep(at: Targets) -> bytes:
    return b'{"cells": ' + b"[" * 200_000 + b"]" * 200_000 + b"}"


@unreadable
def has_cells_of_no_kind(at: Targets) -> bytes:
    return b'{"cells": {"a": 1}, "nbformat": 4}'


@unreadable
def is_of_fifty_megabytes(at: Targets) -> Any:
    def make(page: dict) -> None:
        cell_named(page, SOLUTION)["source"] = f"import re\n{RIGHT}"
        text = "x" * 50 * 2**20
        output = {"output_type": "stream", "name": "stdout", "text": text}
        cell_named(page, SOLUTION)["outputs"] = [output]

    return make


@attack("not attempted", kind=FILES)
def has_no_cells(at: Targets) -> bytes:
    return b'{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}'


@attack("not attempted", kind=FILES)
def has_only_odd_cells(at: Targets) -> bytes:
    odd: list[Any] = [None, 1, "x", [], {}, {"cell_type": 4}, {"cell_type": "code"}]
    odd += [{"cell_type": "code", "source": {"a": 1}}, {"cell_type": "code", "source": [1, None]}]
    odd += [{"cell_type": "code", "source": "1", "metadata": [1]}]
    odd += [{"cell_type": "code", "source": "1", "metadata": {"nbgrader": "x"}, "id": 7}]
    return json.dumps({"cells": odd, "metadata": 3, "nbformat": "x"}).encode()


def with_right(change: Any) -> Any:
    """The edition with a right solution, changed further."""

    def make(page: dict) -> Any:
        cell_named(page, SOLUTION)["source"] = f"import re\n{RIGHT}"
        return change(page)

    return make


def full(make: Any) -> Any:
    return attack("correct", points=3, kind=FILES)(make)


@full
def says_that_it_is_worth_more(at: Targets) -> Any:
    def change(page: dict) -> None:
        for name in TESTS:
            cell_named(page, name)["metadata"]["nbgrader"]["points"] = 1000

    return with_right(change)


@attack("not attempted", kind=FILES)
def has_no_tests_and_no_solution(at: Targets) -> Any:
    def change(page: dict) -> None:
        page["cells"] = [cell for cell in page["cells"] if cell["id"] not in TESTS]

    return change


@attack("not attempted", kind=FILES)
def has_tests_that_pass_everything(at: Targets) -> Any:
    def change(page: dict) -> None:
        for name in TESTS:
            cell_named(page, name)["source"] = "print('correct')"

    return change


@full
def has_lost_its_tests(at: Targets) -> Any:
    def change(page: dict) -> None:
        page["cells"] = [cell for cell in page["cells"] if cell["id"] not in TESTS]

    return with_right(change)


@full
def has_lost_all_names(at: Targets) -> Any:
    def change(page: dict) -> None:
        for cell in page["cells"]:
            cell["metadata"] = {}
            del cell["id"]

    return with_right(change)


@full
def has_every_cell_twice(at: Targets) -> Any:
    def change(page: dict) -> None:
        page["cells"] = [cell for cell in page["cells"] for _ in (1, 2)]

    return with_right(change)


@full
def has_one_name_for_all_cells(at: Targets) -> Any:
    def change(page: dict) -> None:
        for cell in page["cells"]:
            cell["id"] = SOLUTION
            cell["metadata"] = {"nbgrader": {"grade_id": SOLUTION, "solution": True}}

    return with_right(change)


@full
def has_the_name_of_a_test_on_its_solution(at: Targets) -> Any:
    def change(page: dict) -> None:
        cell_named(page, SOLUTION)["metadata"]["nbgrader"]["grade_id"] = TESTS[0]

    return with_right(change)


@full
def is_split_in_two(at: Targets) -> Any:
    def change(page: dict) -> None:
        cell = cell_named(page, SOLUTION)
        place = page["cells"].index(cell)
        head = {**cell, "source": "import re\nnumber = r'\\d+(?:,\\d+)*'"}
        body = 'def words(text):\n    return re.findall(number + r"|\\w+(?:[-’\']\\w+)*", text)'
        page["cells"][place : place + 1] = [head, {**cell, "source": body}]

    return with_right(change)


@attack("not attempted", kind=FILES)
def has_its_solution_as_text(at: Targets) -> Any:
    def change(page: dict) -> None:
        cell_named(page, SOLUTION)["cell_type"] = "markdown"

    return with_right(change)


@full
def says_that_it_is_another_language(at: Targets) -> Any:
    def change(page: dict) -> None:
        page["metadata"]["kernelspec"] = {"name": "ir", "language": "R", "display_name": "R"}
        page["metadata"]["language_info"] = {"name": "R"}

    return with_right(change)


@attack("error", "not attempted", kind=FILES)
def is_another_language(at: Targets) -> Any:
    def change(page: dict) -> None:
        page["metadata"]["kernelspec"] = {"name": "ir", "language": "R", "display_name": "R"}
        cell_named(page, SOLUTION)["source"] = "words <- function(text) strsplit(text, ' ')"

    return change


@full
def is_of_an_old_format(at: Targets) -> Any:
    def change(page: dict) -> bytes:
        for cell in page["cells"]:
            if cell["cell_type"] == "code":
                cell["input"] = cell.pop("source")
                cell["language"] = "python"
        old = {"worksheets": [{"cells": page["cells"]}], "nbformat": 3, "metadata": {}}
        return json.dumps(old).encode()

    return with_right(change)


@full
def is_of_a_format_to_come(at: Targets) -> Any:
    def change(page: dict) -> None:
        page["nbformat"] = 5

    return with_right(change)


@full
def begins_with_a_mark_of_its_code(at: Targets) -> Any:
    return with_right(lambda page: b"\xef\xbb\xbf" + json.dumps(page).encode())


@full
def has_other_cells_that_fail(at: Targets) -> Any:
    def change(page: dict) -> None:
        bad = ["def (", "1 / 0", "x = \x00", "\ud800", "(" * 5000, "raise SystemExit", "import no"]
        bad += ["%nothing", "!rm -rf /", "??", "%%bash\nls", "\t mixed\n  x", "é = ‘", "exit()"]
        page["cells"][:0] = [code_cell(source) for source in bad]

    return with_right(change)


@full
def has_sources_in_lines(at: Targets) -> Any:
    def change(page: dict) -> None:
        for cell in page["cells"]:
            if isinstance(cell["source"], str):
                cell["source"] = cell["source"].splitlines(keepends=True)

    return with_right(change)


@full
def has_many_cells(at: Targets) -> Any:
    def change(page: dict) -> None:
        page["cells"] += [code_cell("") for _ in range(5_000)]

    return with_right(change)


@full
def has_large_outputs(at: Targets) -> Any:
    def change(page: dict) -> None:
        output = {"output_type": "stream", "name": "stdout", "text": "x" * 2**20}
        cell_named(page, SOLUTION)["outputs"] = [output]

    return with_right(change)


@attack("error", kind=FILES)
def has_a_solution_that_is_no_python(at: Targets) -> Any:
    def change(page: dict) -> None:
        cell_named(page, SOLUTION)["source"] = "def words(text)\n    return text.split()"

    return change
