"""A learner's error in plain words: what it usually means, and a question that points onward.

Nothing here trusts what it shows: a value that cannot be shown is told of as such, and long ones
are cut.
"""

from __future__ import annotations

import builtins
import difflib
import re
import reprlib
from collections.abc import Callable, Iterable
from types import ModuleType
from typing import Any

from nutgraf.guard import Asked, TimeUp

LONGEST = 70
"""Letters of a value that are shown; more of it is cut."""


class _Short(reprlib.Repr):
    """`repr`, cut; it never fails and shows no address of an object."""

    def __init__(self) -> None:
        super().__init__()
        self.maxlist = self.maxtuple = self.maxset = self.maxfrozenset = self.maxdict = 8
        self.maxlevel, self.maxlong, self.maxother = 4, 40, LONGEST

    def repr1(self, x: Any, level: int) -> str:
        try:
            if type(x) is str:
                return _of_text(x)
            shown = super().repr1(x, level)
        except Exception:
            return f"<{a_or_an(type(x).__name__)} that cannot be shown>"
        return without_addresses(shown)

    def repr_instance(self, x: Any, level: int) -> str:
        shown = repr(x)
        return shown if len(shown) <= self.maxother else f"{shown[: self.maxother - 1]}…"


def without_addresses(shown: str) -> str:
    """What Python shows of an object, without the place in memory, which tells a reader nothing."""
    return re.sub(r" at 0x[0-9a-fA-F]+", "", shown)


def _of_text(text: str) -> str:
    if len(text) <= LONGEST:
        return repr(text)
    return f"{text[: LONGEST - 20]!r}… ({len(text):,} characters)"


def short(value: Any) -> str:
    """How Python writes a value, in one line of at most five times `LONGEST` letters."""
    shown = " ".join(_Short().repr(value).splitlines())
    return shown if len(shown) <= 5 * LONGEST else f"{shown[: 5 * LONGEST - 1]}…"


def call_in_words(name: str, given: Iterable[Any], named: dict[str, Any]) -> str:
    """A call with its values as code: `words('a-b')`."""
    parts = [short(value) for value in given]
    parts += [f"{key}={short(value)}" for key, value in named.items()]
    return f"{name}({', '.join(parts)})"


def words_of(error: BaseException) -> str:
    """The error's name and its own words, cut; also of an error that cannot be written down."""
    try:
        said = " ".join(str(error).split())
    except Exception:
        said = ""
    said = said if len(said) <= 3 * LONGEST else f"{said[: 3 * LONGEST]}…"
    return f"{type(error).__name__}: {said}" if said else type(error).__name__


def meaning(error: BaseException, known: Iterable[str] = (), above: Iterable[str] = ()) -> str:
    """What an error raised by a learner's line usually means, ending in a question.

    known: names that can be used in the line; above: names that cells above the function make.
    """
    if isinstance(error, NameError) and not isinstance(error, UnboundLocalError):
        return _unknown_name(error, known, above)
    for kind, tell in _KINDS:
        if isinstance(error, kind):
            return tell(error) if callable(tell) else tell
    return (
        "This line could not do its work. What does it get that it does not expect? Print that "
        "right before."
    )


CANNOT_BE_CALLED = (
    "Your function cannot be called with what the promise gives it. Which names stand in the "
    "brackets after def, and which should?"
)
"""What it means that the call itself fails, before any line of the function runs."""

_MISCALLED = re.compile(r"missing \d+ req|keyword arg|takes no|\(\d+ given\)|given$|expected .*got")


def a_or_an(word: str) -> str:
    return f"an {word}" if word[:1].lower() in "aeiou" else f"a {word}"


_NONE = (
    "Something in this line is None, Python's word for nothing. sort(), append() and their like "
    "change a list and give None back; re.match and re.search give None when nothing fits. Which "
    "line made it None?"
)


def _unknown_name(error: NameError, known: Iterable[str], above: Iterable[str]) -> str:
    name = error.name or ""
    if name in set(above):
        return (
            f"A cell above your function makes `{name}`. Have you run all cells from the top since "
            "you opened this page?"
        )
    known = {one for one in known if not one.startswith("_")}
    near = difflib.get_close_matches(name, {*known, *dir(builtins)}, n=1, cutoff=0.7)
    if near:
        return f"Python does not know `{name}`. It knows `{near[0]}`: did you mean that?"
    return (
        f"Python does not know `{name}`. Is it spelled as where you made it, and does that line "
        "run before this one?"
    )


def _no_value_yet(error: UnboundLocalError) -> str:
    name = getattr(error, "name", None) or _first(r"variable '(\w+)'", error) or "a name"
    return (
        f"`{name}` is used before it has a value. On which way through your function does no line "
        "above this one give it one?"
    )


def _other_kind(error: TypeError) -> str:
    said = words_of(error)
    if "NoneType" in said:
        return _NONE
    if kind := _first(r"'(\w+)' object is not callable", error):
        return (
            "Round brackets after a name call it as a function, and what stands before them here "
            f"is {a_or_an(kind)}. Is one of your names also one of Python's, such as list or len, "
            "or is a sign missing before a bracket?"
        )
    if kind := _first(r"unhashable type: '(\w+)'", error):
        return (
            f"{a_or_an(kind).capitalize()} can change, so it cannot be a key of a dictionary, nor "
            "stand in a set. What that cannot change would do in its place, a tuple?"
        )
    if "indices must be" in said:
        return (
            "Between square brackets a text or a list wants a place, a whole number. What stands "
            "there instead?"
        )
    if "is not iterable" in said or "has no len()" in said or "not subscriptable" in said:
        return (
            "This line takes a single thing for a row of things. Which name in it is not what you "
            "think? print(type(...)) tells."
        )
    if _MISCALLED.search(said):
        return (
            "This line calls a function with more or fewer values than it takes. Which values does "
            "it want, and in which order?"
        )
    return (
        "This line puts two kinds of thing together that do not go together, such as a text and a "
        "number. Which kinds are they? print(type(...)) tells."
    )


def _unknown_part(error: AttributeError) -> str:
    said = words_of(error)
    if "NoneType" in said:
        return _NONE
    owner, name = getattr(error, "obj", None), getattr(error, "name", None) or ""
    has = dir(owner) if isinstance(owner, ModuleType) else dir(type(owner))
    near = difflib.get_close_matches(name, has, n=1, cutoff=0.7) if owner is not None else []
    if near:
        return f"There is no `{name}` here, and there is `{near[0]}`: did you mean that?"
    return (
        "What stands before the dot has nothing of that name. Is it the kind of thing that you "
        "think? print(type(...)) tells."
    )


def _other_value(error: ValueError) -> str:
    said = words_of(error)
    if "not found" in said or "is not in" in said or "not in list" in said:
        return (
            "index() stops like this when there is nothing to be found. What should come out then? "
            "find() gives -1 in its place."
        )
    if "unpack" in said:
        return (
            "On the left of this line stand more or fewer names than there are values on its "
            "right. How many values come, in the case that you see here?"
        )
    if "invalid literal" in said or "could not convert" in said:
        return "A text is to become a number here, and it has other signs in it. Which ones?"
    return (
        "The kind of the value is right, and still this line cannot work with it. What is special "
        "about it?"
    )


def _missing_key(error: KeyError) -> str:
    key = short(error.args[0]) if error.args else "that key"
    return (
        f"The dictionary has no entry for {key}. Which keys has it at that moment, and what should "
        "happen with a new one? get() gives a value for it, too."
    )


def _broken_pattern(error: re.error) -> str:
    return (
        "Python cannot read this pattern. Does every bracket in it have its partner, and has every "
        "sign that means only itself a backslash before it?"
    )


def _first(pattern: str, error: BaseException) -> str:
    found = re.search(pattern, words_of(error))
    return found[1] if found else ""


_KINDS: tuple[tuple[type[BaseException], str | Callable[[Any], str]], ...] = (
    (UnboundLocalError, _no_value_yet),
    (TypeError, _other_kind),
    (
        IndexError,
        "This line asks for a place that is not there: places begin with 0 and end one before the "
        "length. How long is it at that moment? Think of the empty text, too.",
    ),
    (KeyError, _missing_key),
    (AttributeError, _unknown_part),
    (
        UnicodeError,
        "There is a sign in the text that this way of writing bytes does not have. Which way do "
        "you use, and which has all signs?",
    ),
    (ValueError, _other_value),
    (re.error, _broken_pattern),
    (
        ZeroDivisionError,
        "This line divides by zero. For which text or list is that number 0, and what should come "
        "out then?",
    ),
    (
        RecursionError,
        "Your function calls itself over and over, and no call ever ends. In which case should it "
        "answer without calling itself again?",
    ),
    (
        MemoryError,
        "This line asked for more memory than there is for it. What grows here each time round, "
        "and what should stop it?",
    ),
    (
        ImportError,
        "Python finds nothing of that name to import. Is it spelled as in the lessons? You need "
        "nothing that they do not use.",
    ),
    (
        OSError,
        "This line wants something from the computer, such as a file. Your function gets all that "
        "it needs in its brackets: what could take the place of the file?",
    ),
    (
        StopIteration,
        "next() found nothing more. What should come out when there is nothing left?",
    ),
    (
        AssertionError,
        "An assert of your own does not hold here. What did you expect, and what came?",
    ),
    (
        Asked,
        "Your function asks with input(), and in a check nobody answers. It gets what it needs in "
        "its brackets: which name in them holds it?",
    ),
    (
        SystemExit,
        "exit(), quit() and sys.exit() end Python itself. Where should your function say return "
        "instead?",
    ),
    (
        TimeUp,
        "Which line of your loop brings it nearer to its end, and does that line run each time "
        "round?",
    ),
)
