"""Plain values: how they are written as JSON, kind and all, and read again.

Null, true, numbers and strings stand for themselves, and every other value is an array that begins
with the name of its kind: `["list", 1, 2]`, `["set", "a"]`, `["bytes", "aGk="]`. The kinds are a
closed list. Reading makes values of these kinds: no name is looked up anywhere, nothing is imported
on its word, called by it or unpickled.

The side that writes (`encode`) may be in a learner's hands, so nothing is believed of it. The side
that reads (`decode`) takes what it knows, within its caps, and refuses the rest.
"""

from __future__ import annotations

import base64
import collections
import datetime
import decimal
import fractions
import itertools
import math
import re
import sys
import types
from collections.abc import Callable, Iterable, Iterator
from typing import Any

MOST_BYTES = 4 * 2**20
"""The longest message, in bytes."""
MOST_VALUES = 50_000
"""The most values in one message, those inside others counted too."""
DEEPEST = 50
"""How deep values may lie inside each other."""
MOST_DIGITS = 4_000
"""The longest whole number, in decimal digits: printing one is work that grows with its square."""

_MOST_BITS = int(MOST_DIGITS * 3.3219)
_PLAIN_WHOLE = 2**60  # below it, no two whole numbers but -1 and -2 share a hash
_MOST_ALIKE = 100


class Malformed(Exception):
    """Bytes that are no message of this kind."""


class TooLarge(Exception):
    """A value or message above a cap. The text says which."""


class NotPlain(Exception):
    """A value that is no plain data, and may yet be a right answer. The text names its kind."""


class Other:
    """Stands for a value that can be no answer: a function, a module, a match of a pattern.

    It is equal to nothing but itself, and there is nothing else to be had from it.
    """

    __slots__ = ("_kind",)

    def __init__(self, kind: str) -> None:
        self._kind = kind

    def __repr__(self) -> str:
        return f"<{self._kind}>"


# --------------------------------------------------------------------------------------
# Out: from a value to what JSON can hold

_ITERATORS = (
    types.GeneratorType,
    *(map, filter, zip, enumerate, reversed),
    *(getattr(itertools, name) for name in ("chain", "islice", "count", "cycle", "repeat")),
    *(getattr(itertools, name) for name in ("takewhile", "dropwhile", "starmap", "accumulate")),
    *(getattr(itertools, name) for name in ("compress", "filterfalse", "zip_longest", "product")),
    *(getattr(itertools, name) for name in ("combinations", "permutations", "pairwise", "groupby")),
    *(type(iter(kind())) for kind in (list, tuple, str, bytes, set, dict, collections.deque)),
    *(type(iter(view)) for view in ({}.values(), {}.items())),
    *(type(reversed(kind())) for kind in (list, dict)),
    *(type(iter(range(size))) for size in (1, 2**65)),
    type(iter(int, 0)),
    type(re.finditer("", "")),
)
_NO_ANSWER = (
    *(types.FunctionType, types.BuiltinFunctionType, types.MethodType, types.ModuleType, type),
    *(type(len.__call__), type(str.join), type("".join), types.GenericAlias, types.UnionType),
    *(types.CoroutineType, types.CodeType, type(NotImplemented), type(...), property, super),
    *(re.Match, re.Pattern, staticmethod, classmethod, slice, object),
)
_PLAIN = (type(None), bool, int, float, str)


class _Writer:
    """Turns one message's values into JSON's, and counts them."""

    def __init__(self) -> None:
        self.left = MOST_VALUES
        self.room = MOST_BYTES

    def take(self, values: int = 1, size: int = 0) -> None:
        self.left -= values
        self.room -= size
        if self.left < 0:
            raise TooLarge(f"more than {MOST_VALUES:,} values")
        if self.room < 0:
            raise TooLarge(f"more than {MOST_BYTES // 2**20} MB")

    def write(self, value: Any, depth: int = 0) -> Any:
        self.take()
        if depth > DEEPEST:
            raise TooLarge(f"more than {DEEPEST} values inside each other")
        kind = type(value)
        if value is None or kind is bool:
            return value
        writer = _EXACT.get(kind) or _foreign(kind)
        if writer is None:
            writer = next((w for base, w in _BASES if issubclass(kind, base)), _not_plain)
        return writer(self, value, depth + 1)

    def several(self, name: str, values: Iterable, depth: int) -> list:
        row: list = [name]
        row.extend(self.write(each, depth) for each in values)
        return row

    def pairs(self, name: str, pairs: Iterable, depth: int, *more: Any) -> list:
        row: list = [name, *more]
        for key, value in pairs:
            row.append(self.write(key, depth))
            row.append(self.write(value, depth))
        return row


def _text(writer: _Writer, value: str, depth: int) -> Any:
    value = str.__getitem__(value, slice(None))  # of a subclass of str, the plain text
    writer.take(0, len(value))
    try:
        value.encode()
    except UnicodeEncodeError:  # halves of characters: JSON would put two of them together
        return ["halves", _base64(value.encode("utf-8", "surrogatepass"))]
    return value


def _whole(writer: _Writer, value: int, depth: int) -> int:
    value = int.__int__(value)
    if value.bit_length() > _MOST_BITS:
        raise TooLarge(f"a whole number of more than {MOST_DIGITS:,} digits")
    return value


def _real(writer: _Writer, value: float, depth: int) -> Any:
    value = float.__float__(value)
    return value if math.isfinite(value) else ["float", repr(value)]


def _bytes(name: str) -> Callable:
    def write(writer: _Writer, value: Any, depth: int) -> list:
        writer.take(0, len(value) * 4 // 3)
        return [name, _base64(bytes(value))]

    return write


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()


def _row(name: str, base: type) -> Callable:
    return lambda writer, value, depth: writer.several(name, base.__iter__(value), depth)


def _items(name: str, base: type) -> Callable:
    return lambda writer, value, depth: writer.pairs(name, base.items(value), depth)


def _iterator(writer: _Writer, value: Iterator, depth: int) -> list:
    return writer.several("iterator", value, depth)


def _range(writer: _Writer, value: range, depth: int) -> list:
    steps = value.start, value.stop, value.step
    if (value.stop - value.start) // value.step > MOST_VALUES:
        raise TooLarge(f"more than {MOST_VALUES:,} values")
    return writer.several("range", steps, depth)


def _decimal(writer: _Writer, value: decimal.Decimal, depth: int) -> list:
    text = decimal.Decimal.__str__(value)
    if not _small_decimal(text):
        raise TooLarge(f"a number of more than {MOST_DIGITS:,} digits")
    return ["decimal", text]


def _small_decimal(text: str) -> bool:
    number, _, exponent = text.partition("E")
    return len(number) <= MOST_DIGITS and abs(int(exponent or 0)) <= MOST_DIGITS


def _fraction(writer: _Writer, value: fractions.Fraction, depth: int) -> list:
    return writer.several("fraction", (value.numerator, value.denominator), depth)


def _moment(name: str) -> Callable:
    def write(writer: _Writer, value: Any, depth: int) -> list:
        if getattr(value, "tzinfo", None) is not None and type(value.tzinfo) is not _TIMEZONE:
            raise NotPlain(f"a {type(value).__name__} with a time zone of its own")
        return [name, value.isoformat()]

    return write


_TIMEZONE = datetime.timezone


def _stamp(writer: _Writer, value: datetime.datetime, depth: int) -> list:
    """A Timestamp of pandas, its NaT, or another kind made from datetime."""
    pandas = sys.modules.get("pandas")
    if pandas is not None and value is pandas.NaT:
        return ["NaT"]
    if pandas is None or type(value) is not pandas.Timestamp:
        return _moment("datetime")(writer, value, depth)
    return _moment("timestamp")(writer, value, depth)


def _span_of_time(writer: _Writer, value: datetime.timedelta, depth: int) -> list:
    return writer.several("timedelta", (value.days, value.seconds, value.microseconds), depth)


def _complex(writer: _Writer, value: complex, depth: int) -> list:
    value = complex.__complex__(value)
    return writer.several("complex", (value.real, value.imag), depth)


def _other(writer: _Writer, value: Any, depth: int) -> list:
    return ["other", _name_of(type(value))]


def _name_of(kind: type) -> str:
    module, name = str(kind.__module__), str(kind.__qualname__)
    return (name if module in ("builtins", "__main__") else f"{module}.{name}")[:80]


def _default(writer: _Writer, value: collections.defaultdict, depth: int) -> list:
    factory = value.default_factory
    made = factory.__name__ if factory in (int, list, dict, set, str, float, tuple) else ""
    return writer.pairs("defaultdict", dict.items(value), depth, made)


def _deque(writer: _Writer, value: collections.deque, depth: int) -> list:
    inner = collections.deque.__iter__(value)
    row = writer.several("deque", inner, depth)
    row.insert(1, value.maxlen)
    return row


_EXACT: dict[type, Callable] = {
    str: _text,
    int: _whole,
    float: _real,
    list: _row("list", list),
    tuple: _row("tuple", tuple),
    dict: _items("dict", dict),
    set: _row("set", set),
    frozenset: _row("frozenset", frozenset),
    complex: _complex,
    bytes: _bytes("bytes"),
    bytearray: _bytes("bytearray"),
    range: _range,
    type({}.keys()): lambda w, value, depth: w.several("keys", value, depth),
    type({}.values()): lambda w, value, depth: w.several("values", value, depth),
    type({}.items()): lambda w, value, depth: w.pairs("items", value, depth),
    decimal.Decimal: _decimal,
    fractions.Fraction: _fraction,
    datetime.datetime: _moment("datetime"),
    datetime.date: _moment("date"),
    datetime.time: _moment("time"),
    datetime.timedelta: _span_of_time,
    **dict.fromkeys(_ITERATORS, _iterator),
    **dict.fromkeys(_NO_ANSWER, _other),
    Other: _other,
}
# Kinds made from these: the nearest base decides. The order matters.
_BASES: list[tuple[type, Callable]] = [
    (collections.Counter, _items("counter", dict)),
    (collections.OrderedDict, _items("ordered", dict)),
    (collections.defaultdict, _default),
    (collections.deque, _deque),
    (str, _text),
    (int, _whole),
    (float, _real),
    (complex, _complex),
    (list, _row("list", list)),
    (tuple, _row("tuple", tuple)),
    (dict, _items("dict", dict)),
    (set, _row("set", set)),
    (frozenset, _row("frozenset", frozenset)),
    (bytes, _bytes("bytes")),
    (bytearray, _bytes("bytearray")),
    (type, _other),
    (BaseException, _other),
    (datetime.datetime, _stamp),
    (datetime.timedelta, _span_of_time),
]


def _foreign(kind: type) -> Callable | None:
    """The writer for a kind of numpy's or pandas', if they are loaded; else None."""
    numpy, pandas = sys.modules.get("numpy"), sys.modules.get("pandas")
    if numpy is not None and issubclass(kind, numpy.generic):
        return _numpy_scalar
    if numpy is not None and issubclass(kind, numpy.ndarray):
        return _numpy_array
    if pandas is not None:
        if kind is type(pandas.NA):
            return lambda writer, value, depth: ["NA"]
        for base, write in (
            (pandas.RangeIndex, _range_index),
            (pandas.Index, _index),
            (pandas.Series, _series),
            (pandas.DataFrame, _frame),
        ):
            if issubclass(kind, base):
                return write
    return None


def _not_plain(writer: _Writer, value: Any, depth: int) -> list:
    raise NotPlain(f"a value of the kind {_name_of(type(value))}")


_DTYPE = re.compile(r"[<>|=]?(?:[?]|b1|[iu][1248]|f[248]|c(?:8|16)|[SU]\d{1,6})", re.ASCII)
_TIME_DTYPE = re.compile(r"[<>|=]?[mM]8\[(?:[YMWDhms]|ms|us|ns)\]")


def _numpy_scalar(writer: _Writer, value: Any, depth: int) -> list:
    import numpy

    return ["numpy", _numpy_array(writer, numpy.asarray(value), depth)]


def _numpy_array(writer: _Writer, value: Any, depth: int) -> list:
    import numpy

    value = numpy.asarray(value)
    _small_shape(value.shape)
    if value.dtype == object:
        return ["array", "O", list(value.shape), writer.several("list", value.flat, depth)]
    if not (_DTYPE.fullmatch(value.dtype.str) or _TIME_DTYPE.fullmatch(value.dtype.str)):
        raise NotPlain(f"an array of {str(value.dtype)[:40]}")
    writer.take(value.size, value.nbytes * 4 // 3)
    data = numpy.ascontiguousarray(value).tobytes()
    return ["array", value.dtype.str, list(value.shape), _base64(data)]


def _small_shape(shape: Iterable[int]) -> None:
    """Refuse an array of many values; one of none may still be endless in a direction."""
    if math.prod(size or 1 for size in shape) > MOST_VALUES:
        raise TooLarge(f"more than {MOST_VALUES:,} values")


def _column(writer: _Writer, values: Any, depth: int) -> list:
    """The values of a Series or an Index, and what kind of column they are."""
    dtype = values.dtype
    if isinstance(dtype, _numpy().dtype):
        return [dtype.str, _numpy_array(writer, values.to_numpy(), depth)]
    name = str(dtype)
    if name not in _COLUMNS:
        raise NotPlain(f"a column of {name[:40]}")
    return [name, writer.several("list", values.tolist(), depth)]


_COLUMNS = (
    *("str", "string", "boolean", "Float32", "Float64", "category"),
    *(f"{sign}Int{size}" for sign in ("", "U") for size in (8, 16, 32, 64)),
)


def _numpy() -> Any:
    import numpy

    return numpy


def _range_index(writer: _Writer, value: Any, depth: int) -> list:
    steps = range(value.start, value.stop, value.step)
    return ["range_index", _range(writer, steps, depth), writer.write(value.name, depth)]


def _index(writer: _Writer, value: Any, depth: int) -> list:
    if getattr(value, "nlevels", 1) > 1:
        rows = writer.several("list", value.tolist(), depth)
        return ["multi_index", rows, writer.several("list", value.names, depth)]
    return ["index", *_column(writer, value, depth), writer.write(value.name, depth)]


def _series(writer: _Writer, value: Any, depth: int) -> list:
    index, name = writer.write(value.index, depth), writer.write(value.name, depth)
    return ["series", *_column(writer, value, depth), index, name]


def _frame(writer: _Writer, value: Any, depth: int) -> list:
    columns, index = writer.write(value.columns, depth), writer.write(value.index, depth)
    places = range(value.shape[1])
    return [
        *("frame", columns, index),
        *(_column(writer, value.iloc[:, place], depth) for place in places),
    ]


def encode(value: Any) -> Any:
    """The value as JSON can hold it.

    Of kinds made from plain ones (a named tuple, a whole number with a name) the plain one goes
    over. What an iterator or a generator still has to give is taken out of it.

    Raises TooLarge above a cap, and NotPlain for a kind that is no plain data.
    """
    return _Writer().write(value)


# --------------------------------------------------------------------------------------
# In: from what JSON held to a value


class _Reader:
    """Turns JSON's values into one message's, and counts them."""

    def __init__(self) -> None:
        self.left = MOST_VALUES
        self.alike: dict[int, set] = {}

    def apart(self, value: Any) -> Any:
        """The number, unless very many others have its hash: sets of such take for ever to fill."""
        others = self.alike.setdefault(hash(value), set())
        others.add(value)
        if len(others) > _MOST_ALIKE:
            raise Malformed("numbers that are made to be alike")
        return value

    def read(self, value: Any, depth: int = 0) -> Any:
        self.left -= 1
        if self.left < 0:
            raise TooLarge(f"more than {MOST_VALUES:,} values")
        if depth > DEEPEST:
            raise TooLarge(f"more than {DEEPEST} values inside each other")
        kind = type(value)
        if kind in (bool, float, str) or value is None:
            return value
        if kind is int:
            if value.bit_length() > _MOST_BITS:
                raise TooLarge(f"a whole number of more than {MOST_DIGITS:,} digits")
            return value if -_PLAIN_WHOLE < value < _PLAIN_WHOLE else self.apart(value)
        if kind is not list or not value or type(value[0]) is not str:
            raise Malformed("a value without its kind")
        reader = _READERS.get(value[0])
        if reader is None:
            raise Malformed("a value of an unknown kind")
        return reader(self, value[1:], depth + 1)

    def several(self, row: list, depth: int) -> list:
        return [self.read(each, depth) for each in row]

    def pairs(self, row: list, depth: int) -> list[tuple]:
        if len(row) % 2:
            raise Malformed("a key without a value")
        values = self.several(row, depth)
        return list(zip(values[::2], values[1::2], strict=True))

    def exactly(self, row: list, depth: int, *kinds: type) -> list:
        """As many values as there are kinds, each of its kind and no other."""
        if len(row) != len(kinds):
            raise Malformed("more or fewer values than the kind has")
        values = self.several(row, depth)
        if [type(value) for value in values] != list(kinds):
            raise Malformed("a value of another kind than its place asks for")
        return values


def _read_range(reader: _Reader, row: list, depth: int) -> range:
    made = range(*reader.exactly(row, depth, int, int, int))
    if (made.stop - made.start) // made.step > MOST_VALUES:
        raise TooLarge(f"more than {MOST_VALUES:,} values")
    return made


def _read_default(reader: _Reader, row: list, depth: int) -> collections.defaultdict:
    kinds = {kind.__name__: kind for kind in (int, list, dict, set, str, float, tuple)}
    factory = kinds.get(_only_text(row[:1]))
    return collections.defaultdict(factory, reader.pairs(row[1:], depth))


def _read_deque(reader: _Reader, row: list, depth: int) -> collections.deque:
    longest = row[0] if row else -1
    if longest is not None and (type(longest) is not int or longest < 0):
        raise Malformed("a deque of no length")
    return collections.deque(reader.several(row[1:], depth), longest)


def _read_float(reader: _Reader, row: list, depth: int) -> float:
    text = _only_text(row)
    if text not in ("nan", "inf", "-inf"):
        raise Malformed("no number")
    return float(text)


def _read_complex(reader: _Reader, row: list, depth: int) -> complex:
    return reader.apart(complex(*reader.exactly(row, depth, float, float)))


def _read_decimal(reader: _Reader, row: list, depth: int) -> decimal.Decimal:
    text = _only_text(row)
    if len(text) > 2 * MOST_DIGITS or not re.fullmatch(
        r"-?(?:\d+(?:\.\d+)?(?:E[+-]?\d{1,9})?|Infinity|s?NaN\d{0,9})", text, re.ASCII
    ):
        raise Malformed("no decimal number")
    if not _small_decimal(text):
        raise TooLarge(f"a number of more than {MOST_DIGITS:,} digits")
    number = decimal.Decimal(text)
    return number if number.is_snan() else reader.apart(number)


def _read_fraction(reader: _Reader, row: list, depth: int) -> fractions.Fraction:
    return reader.apart(fractions.Fraction(*reader.exactly(row, depth, int, int)))


def _read_timestamp(reader: _Reader, row: list, depth: int) -> Any:
    import pandas

    datetime.datetime.fromisoformat(_only_text(row)[:26])  # nothing but a moment in ISO's form
    return pandas.Timestamp(row[0])


def _read_timedelta(reader: _Reader, row: list, depth: int) -> datetime.timedelta:
    return datetime.timedelta(*reader.exactly(row, depth, int, int, int))


def _only_text(row: list) -> str:
    if len(row) != 1 or type(row[0]) is not str:
        raise Malformed("no text where one belongs")
    return row[0]


def _from_base64(row: list) -> bytes:
    return base64.b64decode(_only_text(row), validate=True)


def _read_array(reader: _Reader, row: list, depth: int) -> Any:
    numpy = _numpy()
    dtype, shape, data = row
    if type(dtype) is not str or type(shape) is not list or len(shape) > 32:
        raise Malformed("no array")
    if any(type(size) is not int or size < 0 for size in shape):
        raise Malformed("no shape of an array")
    _small_shape(shape)
    if dtype == "O":
        values = reader.read(data, depth)
        if type(values) is not list or len(values) != math.prod(shape):
            raise Malformed("an array of another size")
        made = numpy.empty(len(values), dtype=object)
        for place, value in enumerate(values):
            made[place] = value
        return made.reshape(shape)
    if not (_DTYPE.fullmatch(dtype) or _TIME_DTYPE.fullmatch(dtype)):
        raise Malformed("an array of an unknown kind")
    kind = numpy.dtype(dtype)
    content = _from_base64([data])
    if len(content) != math.prod(shape) * kind.itemsize:
        raise Malformed("an array of another size")
    reader.left -= math.prod(shape)
    if not kind.itemsize:
        return numpy.zeros(shape, kind)
    return numpy.frombuffer(content, kind).reshape(shape).copy()


def _read_scalar(reader: _Reader, row: list, depth: int) -> Any:
    (array,) = row
    made = reader.read(array, depth)
    if not isinstance(made, _numpy().ndarray) or made.shape != () or made.dtype == object:
        raise Malformed("no number of numpy's")
    return made[()]


def _read_column(reader: _Reader, dtype: Any, data: Any, depth: int) -> dict[str, Any]:
    """What pandas needs to make a Series or an Index of a column."""
    values = reader.read(data, depth)
    if dtype in _COLUMNS and type(values) is list:
        return {"data": values, "dtype": dtype}
    if not isinstance(values, _numpy().ndarray) or values.ndim != 1:
        raise Malformed("no column")
    return {"data": values, "dtype": values.dtype}


def _read_index(reader: _Reader, row: list, depth: int) -> Any:
    import pandas

    dtype, data, name = row
    return pandas.Index(**_read_column(reader, dtype, data, depth), name=reader.read(name, depth))


def _read_range_index(reader: _Reader, row: list, depth: int) -> Any:
    import pandas

    steps, name = reader.several(row, depth)
    if type(steps) is not range:
        raise Malformed("no range")
    return pandas.RangeIndex(steps.start, steps.stop, steps.step, name=name)


def _read_multi_index(reader: _Reader, row: list, depth: int) -> Any:
    import pandas

    rows, names = reader.exactly(row, depth, list, list)
    return pandas.MultiIndex.from_tuples(rows, names=names)


def _read_series(reader: _Reader, row: list, depth: int) -> Any:
    import pandas

    dtype, data, index, name = row
    column = _read_column(reader, dtype, data, depth)
    index, name = _an_index(reader.read(index, depth)), reader.read(name, depth)
    return pandas.Series(**column, index=index, name=name)


def _read_frame(reader: _Reader, row: list, depth: int) -> Any:
    import pandas

    columns, index = (_an_index(reader.read(each, depth)) for each in row[:2])
    made = []
    for each in row[2:]:
        dtype, data = each
        made.append(pandas.Series(**_read_column(reader, dtype, data, depth), index=index))
    table = pandas.concat(made, axis=1) if made else pandas.DataFrame(index=index)
    table.columns = columns
    return table


def _an_index(value: Any) -> Any:
    import pandas

    if not isinstance(value, pandas.Index):
        raise Malformed("no index")
    return value


def _read_counter(reader: _Reader, row: list, depth: int) -> collections.Counter:
    made: collections.Counter = collections.Counter()
    for key, value in reader.pairs(row, depth):
        made[key] = value
    return made


def _read_na(name: str) -> Callable:
    def read(reader: _Reader, row: list, depth: int) -> Any:
        import pandas

        return getattr(pandas, name)

    return read


_READERS: dict[str, Callable[[_Reader, list, int], Any]] = {
    "halves": lambda reader, row, depth: _from_base64(row).decode("utf-8", "surrogatepass"),
    "float": _read_float,
    "complex": _read_complex,
    "list": _Reader.several,
    "tuple": lambda reader, row, depth: tuple(reader.several(row, depth)),
    "set": lambda reader, row, depth: set(reader.several(row, depth)),
    "frozenset": lambda reader, row, depth: frozenset(reader.several(row, depth)),
    "iterator": lambda reader, row, depth: iter(reader.several(row, depth)),
    "dict": lambda reader, row, depth: dict(reader.pairs(row, depth)),
    "ordered": lambda reader, row, depth: collections.OrderedDict(reader.pairs(row, depth)),
    "counter": _read_counter,
    "defaultdict": _read_default,
    "deque": _read_deque,
    "keys": lambda reader, row, depth: dict.fromkeys(reader.several(row, depth)).keys(),
    "values": lambda reader, row, depth: dict(enumerate(reader.several(row, depth))).values(),
    "items": lambda reader, row, depth: dict(reader.pairs(row, depth)).items(),
    "bytes": lambda reader, row, depth: _from_base64(row),
    "bytearray": lambda reader, row, depth: bytearray(_from_base64(row)),
    "range": _read_range,
    "decimal": _read_decimal,
    "fraction": _read_fraction,
    "datetime": lambda reader, row, depth: datetime.datetime.fromisoformat(_only_text(row)),
    "date": lambda reader, row, depth: datetime.date.fromisoformat(_only_text(row)),
    "time": lambda reader, row, depth: datetime.time.fromisoformat(_only_text(row)),
    "timestamp": _read_timestamp,
    "timedelta": _read_timedelta,
    "other": lambda reader, row, depth: Other(_only_text(row)[:80]),
    "numpy": _read_scalar,
    "array": _read_array,
    "index": _read_index,
    "range_index": _read_range_index,
    "multi_index": _read_multi_index,
    "series": _read_series,
    "frame": _read_frame,
    "NA": _read_na("NA"),
    "NaT": _read_na("NaT"),
}


def decode(value: Any) -> Any:
    """The value that `encode` was given, as far as it is plain data.

    Raises TooLarge above a cap, and Malformed for whatever else `encode` did not write.
    """
    try:
        return _Reader().read(value)
    except (Malformed, TooLarge):
        raise
    except Exception as error:  # whatever numpy, pandas and the others say to odd values
        raise Malformed(f"no value: {type(error).__name__}") from error
