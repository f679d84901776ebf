"""Honest learners with odd habits: each is right, and must get full marks."""

from __future__ import annotations

from typing import Any

from tests.grading.hostile import HONEST, RIGHT, SOLUTION, Targets, attack, cell_named, code_cell


def right(make: Any) -> Any:
    return attack("correct", points=3, kind=HONEST)(make)


@right
def as_it_should_be(at: Targets) -> str:
    return RIGHT


@right
def with_warnings(at: Targets) -> str:
    return f"""
import logging, sys, warnings
warnings.warn("old")
logging.error("oh")
print("to the side", file=sys.stderr)
{RIGHT}
loud = words
def words(text):
    warnings.warn("again")
    print("asked:", text, file=sys.stderr)
    return loud(text)
"""


@right
def with_prints(at: Targets) -> str:
    return f"print('x' * 100_000)\n{RIGHT}\nprint(words('a b'))\nwords('a b')"


@right
def with_magics(at: Targets) -> str:
    return f"""
%matplotlib inline
%load_ext autoreload
%autoreload 2
!pip install nltk
%pip install nltk
files = !ls
here = %pwd
?len
{RIGHT}
%timeit words("a b")
%time first = words("a b")
words?
"""


@right
def timed_as_a_whole(at: Targets) -> str:
    return f"%%time\n{RIGHT}"


@right
def captured_as_a_whole(at: Targets) -> str:
    return f"%%capture out\n{RIGHT}"


@right
def as_a_lambda(at: Targets) -> str:
    return 'words = lambda text: re.findall(r"\\d+(?:,\\d+)*|\\w+(?:[-’\']\\w+)*", text)'


@right
def as_a_partial(at: Targets) -> str:
    return """
import functools
words = functools.partial(re.findall, r"\\d+(?:,\\d+)*|\\w+(?:[-’']\\w+)*")
"""


@right
def as_a_method(at: Targets) -> str:
    return 'words = re.compile(r"\\d+(?:,\\d+)*|\\w+(?:[-’\']\\w+)*").findall'


@right
def as_an_object_to_call(at: Targets) -> str:
    return f"""
{RIGHT}
plain = words
class Finder:
    def __call__(self, text):
        return plain(text)
words = Finder()
"""


@right
def with_a_cache(at: Targets) -> str:
    return f"from functools import lru_cache\n{RIGHT}\nwords = lru_cache(words)"


@right
def by_the_kit(at: Targets) -> str:
    return """
from nutgraf import tokenizing
def words(text: str) -> list[str]:
    return tokenizing.words(text)
"""


@right
def with_pandas(at: Targets) -> str:
    return f"""
import pandas as pd
{RIGHT}
find = words
def words(text):
    return pd.Series(find(text), dtype="str").tolist()
"""


@right
def with_another_module(at: Targets) -> str:
    return f"import regex, textwrap, networkx\n{RIGHT}"


@right
def with_the_article(at: Targets) -> str:
    return f"from nutgraf import load\narticle = load()\narticle.words.head()\n{RIGHT}"


@right
def with_quizzes_and_checks(at: Targets) -> str:
    return f"""
from nutgraf import check, progress, quiz
{RIGHT}
check("E03")
quiz("T1")
progress()
display(words("a b"))
"""


@right
def asking_in_another_cell(at: Targets) -> Any:
    def make(page: dict) -> None:
        page["cells"].insert(0, code_cell("name = input('Who are you?')"))
        cell_named(page, SOLUTION)["source"] = RIGHT

    return make


@right
def written_further_down(at: Targets) -> Any:
    def make(page: dict) -> None:
        page["cells"].append(code_cell(f"import re\n{RIGHT}"))

    return make


@right
def with_helpers_in_other_cells(at: Targets) -> Any:
    def make(page: dict) -> None:
        place = page["cells"].index(cell_named(page, SOLUTION))
        page["cells"].insert(place, code_cell("def number():\n    return r'\\d+(?:,\\d+)*'"))
        body = 'return re.findall(number() + r"|\\w+(?:[-’\']\\w+)*", text)'
        cell_named(page, SOLUTION)["source"] = f"def words(text):\n    {body}"

    return make


@right
def with_a_file_of_its_own(at: Targets) -> str:
    return f"""
with open("notes.txt", "w") as file:
    file.write("don’t")
assert open("notes.txt").read() == "don’t"
import tempfile
with tempfile.TemporaryDirectory() as folder:
    open(folder + "/x", "w").close()
{RIGHT}
"""


@right
def with_chance(at: Targets) -> str:
    return f"""
import random
import numpy as np
random.shuffle([1, 2, 3])
np.random.default_rng()
{RIGHT}
"""


@right
def with_a_plot(at: Targets) -> str:
    return f"import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()\n{RIGHT}"


@right
def with_classes(at: Targets) -> str:
    return f"""
from dataclasses import dataclass
from collections import namedtuple
@dataclass
class Word:
    text: str
Pair = namedtuple("Pair", "one two")
class Words(list):
    pass
{RIGHT}
find = words
def words(text):
    return Words(Word(each).text for each in find(text))
"""


@right
def with_main(at: Targets) -> str:
    return f"if __name__ == '__main__':\n    {RIGHT.strip().replace(chr(10), chr(10) + '    ')}"


@right
def with_doctests(at: Targets) -> str:
    return f"""
import doctest
{RIGHT}
doctest.testmod()
doctest.run_docstring_examples(words, globals())
"""


@right
def with_a_thread_that_cannot_start(at: Targets) -> str:
    return f"from tqdm import tqdm\nfor _ in tqdm(range(3)):\n    pass\n{RIGHT}"


@right
def with_sentences_of_nltk(at: Targets) -> str:
    return f"""
import nltk
assert nltk.sent_tokenize("It rained. We left.") == ["It rained.", "We left."]
assert nltk.word_tokenize("It rained.") == ["It", "rained", "."]
{RIGHT}
"""
