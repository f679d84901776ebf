"""What crosses between a learner's process and the judge: the same values, and nothing else."""

from __future__ import annotations

import builtins
import collections
import contextlib
import datetime
import decimal
import enum
import fractions
import itertools
import json
import re
import socket
import threading
import time

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from nutgraf.grading import plain, wire
from nutgraf.grading.plain import Malformed, NotPlain, Other, TooLarge, decode, encode
from nutgraf.grading.wire import Line


def over(value):
    """The value as it comes out at the other end of a line."""
    return decode(wire.unpack(wire.pack({"value": encode(value)})[4:])["value"])


def told(value) -> str:
    """A value in words that tell its kind all through, whatever the order of its sets."""
    if isinstance(value, dict):
        inner = [f"{told(key)}: {told(each)}" for key, each in value.items()]
    elif isinstance(value, set | frozenset):
        inner = sorted(told(each) for each in value)
    elif isinstance(value, list | tuple | collections.deque):
        inner = [told(each) for each in value]
    else:
        inner = [repr(value)]
    return f"{type(value).__name__}({', '.join(inner)})"


def same(one, other) -> bool:
    return told(one) == told(other)


# --- there and back ------------------------------------------------------------------------

HASHABLE = st.recursive(
    st.one_of(
        *(st.none(), st.booleans(), st.integers(), st.floats(), st.complex_numbers(), st.text()),
        *(st.text(st.characters()), st.binary(), st.fractions(), st.dates()),
        st.datetimes().map(lambda moment: moment.replace(fold=0)),
        *(st.times().map(lambda time: time.replace(fold=0)), st.timedeltas()),
        st.decimals(allow_nan=False),
        st.text(st.characters(categories=["Cs", "Lu"])),
        st.builds(range, st.integers(-99, 99), st.integers(-99, 99), st.integers(1, 9)),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4).map(tuple), st.frozensets(inner, max_size=4)
    ),
    max_leaves=8,
)
VALUES = st.recursive(
    HASHABLE,
    lambda inner: st.one_of(
        st.lists(inner, max_size=5),
        st.lists(inner, max_size=5).map(tuple),
        st.sets(HASHABLE, max_size=5),
        st.dictionaries(HASHABLE, inner, max_size=5),
        st.dictionaries(HASHABLE, inner, max_size=3).map(collections.OrderedDict),
        st.lists(inner, max_size=3).map(lambda row: collections.deque(row, 9)),
        st.binary().map(bytearray),
    ),
    max_leaves=20,
)


@given(VALUES)
def test_a_plain_value_comes_over_as_it_was(value):
    assert same(over(value), value)


@given(st.text(st.characters(categories=["Cs", "Ll", "So"])))
@example("\ud83d\ude00")
def test_halves_of_characters_stay_apart(text):
    assert over([text, {text: text}]) == [text, {text: text}]


@given(st.dictionaries(st.text(), st.integers()))
def test_counters_and_dictionaries_with_defaults_stay_what_they_are(counts):
    counter, default = over(collections.Counter(counts)), collections.defaultdict(int, counts)

    assert same(counter, collections.Counter(counts))
    assert counter["never seen"] == 0
    assert same(over(default), default)
    assert over(default)["never seen"] == 0


def test_a_frequency_distribution_of_nltk_comes_over_as_a_counter():
    from nltk import FreqDist

    assert same(over(FreqDist("aab")), collections.Counter("aab"))


@pytest.mark.parametrize("kind", ["keys", "values", "items"])
def test_views_of_a_dictionary_stay_views(kind):
    view = getattr({"a": 1, "b": 1}, kind)()
    came = over(view)

    assert type(came) is type(view)
    assert list(came) == list(view)
    assert kind == "values" or came == view


@pytest.mark.parametrize(
    "made",
    [
        lambda: (each for each in "abc"),
        lambda: map(str.lower, "ABC"),
        lambda: filter(None, "abc"),
        lambda: iter("abc"),
        lambda: iter(["a", "b", "c"]),
        lambda: reversed("cba"),
        lambda: itertools.chain("a", "bc"),
        lambda: itertools.islice(itertools.cycle("abc"), 3),
        lambda: iter({"a": 1, "b": 2, "c": 3}),
        lambda: iter(dict.fromkeys("abc").keys()),
        lambda: reversed(list("cba")),
    ],
)
def test_an_iterator_comes_over_with_what_it_still_has_to_give(made):
    came = over(made())

    assert iter(came) is came
    assert list(came) == ["a", "b", "c"]
    assert list(came) == []


def test_an_iterator_that_is_half_used_has_the_rest():
    rest = iter("abc")
    next(rest)

    assert list(over(rest)) == ["b", "c"]


class Word(str):
    def __eq__(self, other):
        return True

    __hash__ = str.__hash__


class Row(list):
    def __iter__(self):
        return iter("a lie")


class Colour(enum.IntEnum):
    RED = 1


class Table(dict):
    def items(self):
        return [("a", "lie")]


Span = collections.namedtuple("Span", "start end")


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (Word("a"), "a"),
        (Row([1, 2]), [1, 2]),
        (Colour.RED, 1),
        (Table(b=1), {"b": 1}),
        (Span(1, 2), (1, 2)),
        ([Span(1, 2)], [(1, 2)]),
        (type("Number", (float,), {})(0.5), 0.5),
        (type("Bag", (set,), {})({1}), {1}),
    ],
)
def test_of_a_kind_made_from_a_plain_one_the_plain_one_comes_over(value, plain):
    assert same(over(value), plain)


@pytest.mark.parametrize(
    "value",
    [
        *(np.int64(3), np.float64(0.5), np.float32(0.1), np.bool_(True), np.str_("é"), np.int8(-1)),
        *(np.datetime64("2020-01-05"), np.timedelta64(3, "D"), np.complex128(1j), np.bytes_(b"a")),
    ],
)
def test_a_number_of_numpy_stays_one(value):
    came = over(value)

    assert type(came) is type(value)
    assert came.dtype == value.dtype
    assert came == value


@pytest.mark.parametrize(
    "value",
    [
        np.arange(6).reshape(2, 3),
        np.array(["a", "bc", "é“"]),
        np.array([1.5, np.nan, np.inf]),
        np.array([], dtype=int),
        np.zeros((3, 0)),
        np.array(5),
        np.array([(1, 2), None, "a"], dtype=object),
        np.array([[1, 2], [3, 4]]).T,
        np.array([True, False]),
        np.array(["2020-01-05"], dtype="datetime64[D]"),
        np.array([1, 2], dtype=">i4"),
    ],
)
def test_an_array_of_numpy_comes_over_as_it_was(value):
    came = over(value)

    assert type(came) is np.ndarray
    assert (came.dtype, came.shape) == (value.dtype, value.shape)
    np.testing.assert_array_equal(came, value)
    came.flags.writeable  # noqa: B018 - a test may sort it in place
    assert came.flags.writeable


@pytest.mark.parametrize(
    "value",
    [
        pd.Series([1, 2, 3]),
        pd.Series(["a", None, "é"], name="word"),
        pd.Series([0.5, None], index=["x", "y"]),
        pd.Series({"protests": 6, "US": 5}, name="count"),
        pd.Series(["a", "b", "a"], dtype="category"),
        pd.Series([1, None], dtype="Int64"),
        pd.Series(pd.to_datetime(["2020-01-05", "2020-01-09"])),
        pd.Series([(1, 2), [3]], dtype=object),
        pd.Series([], dtype="float64"),
    ],
)
def test_a_series_comes_over_as_it_was(value):
    pd.testing.assert_series_equal(over(value), value)


@pytest.mark.parametrize(
    "value",
    [
        pd.DataFrame({"word": ["a", "b"], "count": [1, 2], "share": [0.5, None]}),
        pd.DataFrame({"a": [1, 2]}, index=["x", "y"]),
        pd.DataFrame({1: [True], "b": ["c"]}),
        pd.DataFrame([[1, "a"], [2, "b"]], columns=["same", "same"]),
        pd.DataFrame({"a": [1, 2, 3], "b": [4, 5, 6]}).set_index(["a", "b"], drop=False),
        pd.crosstab(pd.Series(list("aab")), pd.Series(list("xyx"))),
        pd.DataFrame(),
        pd.DataFrame(index=[1, 2]),
        pd.DataFrame(columns=["a", "b"]),
    ],
)
def test_a_table_comes_over_as_it_was(value):
    pd.testing.assert_frame_equal(over(value), value)


def test_single_values_of_pandas_come_over():
    assert over([pd.NA, pd.NaT]) == [pd.NA, pd.NaT] or over(pd.NA) is pd.NA
    assert over(pd.NaT) is pd.NaT
    moment = pd.Timestamp("2020-01-05 10:11:12.123456789")
    assert same(over(moment), moment)
    pd.testing.assert_index_equal(
        over(pd.Index(["a", "b"], name="n")), pd.Index(["a", "b"], name="n")
    )
    pd.testing.assert_index_equal(over(pd.RangeIndex(2, 9, 3)), pd.RangeIndex(2, 9, 3))


# --- what has no place on the line -----------------------------------------------------------


@pytest.mark.parametrize(
    "value",
    [
        *(print, len, str, re, test_views_of_a_dictionary_stay_views, re.match("a", "a")),
        *("a".join, re.compile("a"), ..., NotImplemented, ValueError("x"), object(), slice(1)),
        dict[str, int],
    ],
)
def test_what_can_be_no_answer_comes_over_as_something_that_equals_nothing(value):
    (came,) = over([value])

    assert type(came) is Other
    assert came != value
    assert came != Other(repr(came)[1:-1])
    assert came == came  # noqa: PLR0124
    with pytest.raises(TypeError):
        len(came)
    assert not hasattr(came, "start")


class Same:
    """Equal to everything, and everything to everybody."""

    def __eq__(self, other):
        return True

    def __hash__(self):
        return 0

    def __len__(self):
        return 3

    def __iter__(self):
        return iter("abc")

    def __next__(self):
        return self

    @property
    def __class__(self):
        return list


@pytest.mark.parametrize("wrap", [lambda x: x, lambda x: [x], lambda x: {x}, lambda x: {"a": x}])
@pytest.mark.parametrize("value", [Same(), enum.Enum("Kind", "A").A, memoryview(b"a")])
def test_objects_of_a_learners_own_kind_are_named_and_not_taken(value, wrap):
    with pytest.raises(NotPlain, match="a value of the kind"):
        encode(wrap(value) if value.__hash__ else value)


def deep(levels: int) -> list:
    row: list = []
    for _ in range(levels):
        row = [row]
    return row


@pytest.mark.parametrize(
    "value",
    [
        list(range(plain.MOST_VALUES + 1)),
        "x" * (plain.MOST_BYTES + 1),
        bytes(plain.MOST_BYTES),
        deep(plain.DEEPEST + 1),
        itertools.count(),
        itertools.repeat("a"),
        range(10**12),
        range(10**12, 0, -1),
        10**plain.MOST_DIGITS * 10,
        decimal.Decimal("1e99999"),
        decimal.Decimal("1e-99999"),
        fractions.Fraction(1, 10**5000),
        np.zeros(plain.MOST_VALUES + 1),
        np.zeros((10**12, 0)),
        pd.Series(range(plain.MOST_VALUES + 1)),
        pd.RangeIndex(10**9),
    ],
    ids=lambda value: type(value).__name__,
)
def test_too_much_is_refused_on_the_way_out(value):
    with pytest.raises(TooLarge):
        encode(value)


def test_a_list_that_holds_itself_is_too_deep():
    row: list = []
    row.append(row)
    with pytest.raises(TooLarge):
        encode(row)


@pytest.mark.parametrize(
    "value",
    [
        ["list", *range(plain.MOST_VALUES + 1)],
        ["range", 0, 10**12, 1],
        ["array", "<i8", [10**12, 0], ""],
        ["decimal", "1E+99999"],
        10**5000,
        ["fraction", 1, 10**5000],
        ["range_index", ["range", 0, 10**12, 1], None],
    ],
    ids=lambda value: str(value[0]) if type(value) is list else "whole",
)
def test_too_much_is_refused_on_the_way_in(value):
    with pytest.raises(TooLarge):
        decode(value)


def test_what_lies_too_deep_is_refused_on_the_way_in():
    value: list = ["list"]
    for _ in range(plain.DEEPEST + 1):
        value = ["list", value]
    with pytest.raises(TooLarge):
        decode(value)


@pytest.mark.parametrize(
    "value",
    [
        *([], {}, {"a": 1}, [1], [None], ["no such kind"], ["pickle", "gASVAAAA"], ["Other", "a"]),
        *(["set", ["list"]], ["dict", ["list"], 1], ["dict", "a"], ["float", "1"], ["float"]),
        *(["bytes", "*"], ["bytes", 1], ["halves", "gA=="], ["range", 1, 2], ["range", 1, 2, 0]),
        *(["range", "a", 2, 1], ["decimal", "x" * 10], ["decimal", 1], ["fraction", 1, 0]),
        *(["date", "2020-13-01"], ["timestamp", "now"], ["timedelta", 10**30, 0, 0], ["deque"]),
        *(["deque", -1], ["deque", "a"], ["complex", 1, 2], ["numpy", ["list"]], ["numpy"]),
        *(
            ["array", "O", [2], ["list", 1]],
            ["array", "<i8", [2], "AAAA"],
            ["array", "V8", [0], ""],
        ),
        *(["array", "<i8", [-1], ""], ["array", "<i8", "a", ""], ["array", "O8,O8", [0], ""]),
        *(["array", "<i8"], ["array", ["O"], [0], ""], ["numpy", ["array", "O", [], ["list", 1]]]),
        *(["series", "<i8", 1, None, None], ["frame", 1, 2], ["frame"], ["index", "no", 1, None]),
        *(["series", "object", ["list"], ["list"], None], ["other", 1]),
        *(["multi_index", ["list", 1], ["list"]], ["defaultdict"], ["keys", ["list"]]),
    ],
    ids=lambda value: json.dumps(value)[:40],
)
def test_what_encode_never_writes_is_malformed(value):
    with pytest.raises(Malformed):
        decode(value)


def test_a_dictionary_of_an_unknown_default_has_none():
    assert decode(["defaultdict", "open"]).default_factory is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(), inner, max_size=2)
        | st.tuples(st.sampled_from(sorted(plain._READERS)), inner, inner).map(list)
        | st.tuples(st.sampled_from(sorted(plain._READERS)), inner).map(list)
        | st.tuples(st.sampled_from(sorted(plain._READERS)), inner, inner, inner).map(list)
    ),
    max_leaves=20,
)
PLAIN = (
    *(type(None), bool, int, float, complex, str, bytes, bytearray, list, tuple, set, frozenset),
    *(dict, range, collections.deque, datetime.date, datetime.time, datetime.timedelta, Other),
    *(decimal.Decimal, fractions.Fraction, np.generic, np.ndarray, pd.Series, pd.DataFrame),
    *(pd.Index, type(pd.NA), type(pd.NaT), type({}.keys()), type({}.values()), type({}.items())),
    type(iter([])),
)


@given(JSON)
def test_reading_gives_a_plain_value_or_refuses(value):
    try:
        came = decode(value)
    except (Malformed, TooLarge):
        return
    assert isinstance(came, PLAIN)


@given(st.binary(max_size=60))
def test_bytes_are_a_message_or_malformed(data):
    with contextlib.suppress(Malformed):
        assert type(wire.unpack(data)) is dict


@pytest.mark.parametrize("data", [b"", b"[]", b"1", b"{", b"\xff", b"[" * 10**6, b"9" * 10**5])
def test_other_bytes_are_malformed(data):
    with pytest.raises(Malformed):
        wire.unpack(data)


def test_names_in_a_message_are_not_imported_or_looked_up(monkeypatch):
    imported = []
    real = builtins.__import__

    def note(name, *rest):
        imported.append(name)
        return real(name, *rest)

    names = ["this", "antigravity", "os.system", "nutgraf.lab", "builtins", "__import__"]
    with monkeypatch.context() as patched:
        patched.setattr("builtins.__import__", note)
        for name in names:
            for kind in sorted(plain._READERS):
                for row in ([kind, name], [kind, name, name], [kind, name, ["list"], None]):
                    with contextlib.suppress(Malformed, TooLarge):
                        decode(row)

    assert not set(imported) & set(names)


@pytest.mark.parametrize(
    "numbers",
    [
        [each * (2**61 - 1) for each in range(2, 30_000)],
        [fractions.Fraction(each * 3**38 % (2**61 - 1), each) for each in range(2, 9_000)],
        [complex(-1000003.0 * each, each) for each in range(9_000)],
        [decimal.Decimal(each * (2**61 - 1)) for each in range(1, 9_000)],
    ],
    ids=["whole", "fractions", "complex", "decimals"],
)
def test_numbers_that_are_made_to_be_alike_are_refused_soon(numbers):
    begun = time.monotonic()
    with pytest.raises(Malformed, match="alike"):
        decode(encode(numbers))

    assert time.monotonic() - begun < 5


def test_many_equal_numbers_are_no_harm():
    assert over([fractions.Fraction(1, 3)] * 5_000) == [fractions.Fraction(1, 3)] * 5_000
    assert over([10**30] * 5_000) == [10**30] * 5_000


# --- lines -----------------------------------------------------------------------------------


@pytest.fixture
def line():
    one, other = socket.socketpair()
    with one, other:
        yield Line(one, 1.0), other


def test_messages_come_in_their_order(line):
    mine, other = line
    theirs = Line(other)
    for number in range(3):
        mine.send({"number": number, "text": "é" * number})

    assert [theirs.receive()["number"] for _ in range(3)] == [0, 1, 2]


def test_a_long_message_gets_through(line):
    mine, other = line
    got = []
    reader = threading.Thread(target=lambda: got.append(Line(other, 10).receive()))
    reader.start()
    mine.left = 10
    mine.send({"text": "x" * (plain.MOST_BYTES - 100)})
    reader.join()

    assert len(got[0]["text"]) == plain.MOST_BYTES - 100


def test_a_message_above_the_cap_is_not_sent(line):
    with pytest.raises(TooLarge):
        line[0].send({"text": "x" * plain.MOST_BYTES})


def test_a_length_above_the_cap_is_not_waited_for(line):
    mine, other = line
    other.sendall(b"\xff\xff\xff\xff")
    with pytest.raises(TooLarge):
        mine.receive()


@pytest.mark.parametrize("sent", [b"", b"\0\0", b"\0\0\0\x09{}"])
def test_an_end_in_the_middle_of_a_message_is_an_end(line, sent):
    mine, other = line
    other.sendall(sent)
    other.close()
    with pytest.raises(EOFError):
        mine.receive()


def test_waiting_takes_no_longer_than_allowed_in_all(line):
    mine, other = line
    mine.left = 0.3
    begun = time.monotonic()
    other.sendall(wire.pack({"number": 1}))
    mine.receive()
    with pytest.raises(TimeoutError):
        mine.receive()
    with pytest.raises(TimeoutError):
        mine.send({})

    assert 0.2 < time.monotonic() - begun < 2


def test_sending_to_somebody_who_does_not_read_is_waiting_too(line):
    mine, _ = line
    mine.left = 0.2
    with pytest.raises(TimeoutError):
        mine.send({"text": "x" * 3 * 10**6})


def test_what_is_watched_ends_the_waiting(line):
    mine, _ = line
    mine.left = 60
    mine.watch = lambda: "memory"
    begun = time.monotonic()
    with pytest.raises(wire.Watched, match="memory"):
        mine.receive()

    assert time.monotonic() - begun < 5


# --- showing ---------------------------------------------------------------------------------


@given(st.text(), st.integers(1, 50))
def test_shown_text_is_short_and_steers_nothing(text, most):
    shown = wire.safe(text, most)

    assert len(shown) <= most
    assert all(c.isprintable() or c == "\n" for c in shown)


def test_signs_that_turn_the_line_around_are_not_shown():
    assert wire.safe("a\u202eb\x1b[31mc", 50) == "a b [31mc"
