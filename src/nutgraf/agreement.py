"""How far people agree who labelled the same things.

`ratings` is a table with one row an item and one column an annotator; a cell holds a label, or
nothing (None, NaN) where the annotator gave none. A label is anything that can be a key of a dict;
an empty string is a label like any other. `from_long` makes such a table. Two lists of labels,
`a` and `b`, are as good for what compares two annotators.

Missing labels are never a label of their own. An item with fewer than two labels says nothing about
agreement and is left out, everywhere. No item left: the measure is NaN, its only undefined case.

Every chance-corrected measure here is 1 - observed disagreement / expected disagreement. Where
everybody gave one and the same label no disagreement is expected, and the formula divides by zero;
here it is 1.0, because all agree. It then says nothing about how well people tell labels apart.
"""

from __future__ import annotations

import math
import numbers
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from nutgraf.errors import NutgrafError

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from nutgraf.article import Article

    Labels = Sequence[Hashable]
    Spans = Iterable[tuple] | pd.DataFrame
    Formula = Callable[[np.ndarray], np.ndarray]

# --------------------------------------------------------------------------------------
# Tables of labels, and the numbers that stand for them


def from_long(
    table: pd.DataFrame, item: str = "item", annotator: str = "annotator", label: str = "label"
) -> pd.DataFrame:
    """The ratings in `table`, which has one row for each label given.

    `item`, `annotator` and `label` name its columns. Items and annotators keep the order in which
    they first appear. Raises NutgrafError when a column is not there, when a row does not say
    which item or who, or when somebody labelled an item twice.
    """
    import numpy as np
    import pandas as pd

    _check_table(table, "table")
    for column in (item, annotator, label):
        if column not in table.columns:
            there = ", ".join(repr(one) for one in table.columns)
            raise NutgrafError(
                f"The table has no column {column!r}. There are: {there}. Name the columns, as in "
                'from_long(table, item="sentence", annotator="who", label="tag").'
            )
    rows, items = pd.factorize(table[item])
    columns, people = pd.factorize(table[annotator])
    for codes, column in ((rows, item), (columns, annotator)):
        if (codes < 0).any():
            raise NutgrafError(
                f"Row {int(np.argmin(codes))} of the table has no {column!r}. Fill it in, or leave "
                f"such rows out: table.dropna(subset=[{item!r}, {annotator!r}])."
            )
    twice = pd.Series(rows * max(len(people), 1) + columns).duplicated().to_numpy()
    if twice.any():
        row = int(np.argmax(twice))
        raise NutgrafError(
            f"{people[columns[row]]!r} labelled the item {items[rows[row]]!r} more than once (row "
            f"{row} of the table). Keep one label, as with "
            f"table.drop_duplicates([{item!r}, {annotator!r}], keep='last')."
        )
    cells = np.full((len(items), len(people)), None, dtype=object)
    cells[rows, columns] = table[label].astype(object).to_numpy()
    return pd.DataFrame(
        cells, index=pd.Index(items, name=item), columns=pd.Index(people, name=annotator)
    )


def _check_table(table: Any, name: str) -> None:
    import pandas as pd

    if not isinstance(table, pd.DataFrame):
        raise NutgrafError(
            f"{name} has to be a pandas DataFrame, not {type(table).__name__}. Write "
            'pd.DataFrame({"Ann": [...], "Ben": [...]}): one column an annotator, one row an item.'
        )
    if not len(table):
        raise NutgrafError(f"{name} has no rows. Give it one row for each item that was labelled.")


def _encode(cells: np.ndarray) -> tuple[np.ndarray, list]:
    """Numbers for the labels in an array of objects (-1: none), and the labels, in order."""
    import numpy as np
    import pandas as pd

    try:
        codes, labels = pd.factorize(cells.ravel())
    except TypeError as error:
        raise NutgrafError(
            f"A label has to be a single value that can be a key of a dict ({error}). Write "
            'several labels on one item as frozenset({"A", "B"}).'
        ) from error
    order = _in_order(labels)
    place = np.empty(len(order) + 1, dtype=np.int64)
    place[order] = np.arange(len(order))
    place[-1] = -1
    return place[codes].reshape(cells.shape), [labels[number] for number in order]


def _in_order(labels: Sequence) -> list[int]:
    """Rows of the labels when sorted: numbers by size, others as text, sets by what they hold."""

    def key(number: int) -> tuple:
        label = labels[number]
        if isinstance(label, numbers.Real):
            return 0, label, ""
        if isinstance(label, frozenset):
            return 2, len(label), sorted(map(str, label))
        return 1, 0, str(label)

    return sorted(range(len(labels)), key=key)


def _rated(ratings: pd.DataFrame) -> tuple[np.ndarray, list]:
    """Codes of the ratings, without the items that have fewer than two labels; and the labels."""
    import numpy as np

    _check_table(ratings, "ratings")
    if ratings.shape[1] < 2:
        raise NutgrafError(
            f"ratings has {ratings.shape[1]} column: agreement takes two annotators. One column is "
            "one annotator; if yours has a row for each label, use from_long first."
        )
    codes, labels = _encode(ratings.to_numpy(dtype=object))
    codes = codes[(codes >= 0).sum(axis=1) >= 2]
    used = np.unique(codes[codes >= 0])
    if len(used) < len(labels):  # a label that only left-out items had
        place = np.full(len(labels) + 1, -1)
        place[used] = np.arange(len(used))
        codes, labels = place[codes], [labels[number] for number in used]
    return codes, labels


def _column(labels: Labels, name: str) -> np.ndarray:
    import numpy as np
    import pandas as pd

    unfit = str | Mapping | set | frozenset | pd.DataFrame
    if isinstance(labels, unfit) or not isinstance(labels, Iterable):
        raise NutgrafError(
            f"{name} has to be a list of labels in the order of the items, or a column of a "
            f"table, not {type(labels).__name__}."
        )
    if isinstance(labels, pd.Series):
        return labels.astype(object).to_numpy()
    labels = list(labels)
    column = np.empty(len(labels), dtype=object)
    for place, label in enumerate(labels):  # one by one: numpy would take tuples apart
        column[place] = label
    return column


def _pair(a: Labels, b: Labels) -> tuple[np.ndarray, list]:
    """Codes of two annotators' labels for the items that both labelled; and the labels."""
    import numpy as np
    import pandas as pd

    columns = isinstance(a, pd.Series) and isinstance(b, pd.Series)
    # Compared place by place, so that pieces cut out of one long column fit together. But the same
    # items in another order is an accident, and a silent one.
    if columns and not a.index.equals(b.index) and set(a.index) == set(b.index):
        raise NutgrafError(
            "The two columns have the same items in a different order. Put them into one order "
            "first: b.loc[a.index]."
        )
    one, other = _column(a, "a"), _column(b, "b")
    if len(one) != len(other):
        raise NutgrafError(
            f"The first annotator has {len(one)} labels, the second {len(other)}. Both need one "
            "place for each item; put None where somebody gave no label."
        )
    if not len(one):
        raise NutgrafError("There are no labels to compare. Give each annotator at least one.")
    both = ~(pd.isna(one) | pd.isna(other))
    return _encode(np.column_stack([one, other])[both])


def _counts(codes: np.ndarray, size: int) -> np.ndarray:
    """Items x labels: how many annotators gave the item the label."""
    import numpy as np

    rows, columns = np.nonzero(codes >= 0)
    cells = rows * size + codes[rows, columns]
    return np.bincount(cells, minlength=len(codes) * size).reshape(len(codes), size).astype(float)


# --------------------------------------------------------------------------------------
# Measures. Each is a formula over sums: what one item adds (a row of `features`), and what
# follows from the sums over all items. The bootstrap then needs nothing but other sums.


def _corrected(observed: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """1 - observed / expected disagreement; 1 where none is expected."""
    import numpy as np

    some = expected > 0
    return np.where(some, 1 - observed / np.where(some, expected, 1), 1.0)


def _one_hot(codes: np.ndarray, size: int) -> np.ndarray:
    import numpy as np

    return np.eye(size)[codes]


def _cohen_parts(codes: np.ndarray, disagreement: np.ndarray) -> tuple[np.ndarray, Formula]:
    import numpy as np

    size = len(disagreement)
    a, b = codes[:, 0], codes[:, 1]
    features = np.column_stack([disagreement[a, b], _one_hot(a, size), _one_hot(b, size)])

    def formula(sums: np.ndarray) -> np.ndarray:
        first, second = sums[:, 1 : size + 1], sums[:, size + 1 :]
        items = first.sum(axis=1)
        return _corrected(sums[:, 0] * items, ((first @ disagreement) * second).sum(axis=1))

    return features, formula


def _agreeing(counts: np.ndarray) -> np.ndarray:
    """For each item the share of the pairs of its labels that are equal."""
    given = counts.sum(axis=1)
    return (counts * (counts - 1)).sum(axis=1) / (given * (given - 1))


def _share_parts(counts: np.ndarray, expected: Callable) -> tuple[np.ndarray, Formula]:
    """For measures that let every item weigh the same: Scott, Fleiss, Gwet."""
    import numpy as np

    shares = counts / counts.sum(axis=1, keepdims=True)
    features = np.column_stack([1 - _agreeing(counts), np.ones(len(counts)), shares])

    def formula(sums: np.ndarray) -> np.ndarray:
        means = sums / sums[:, 1:2]
        return _corrected(means[:, 0], expected(means[:, 2:]))

    return features, formula


def _fleiss_expected(shares: np.ndarray) -> np.ndarray:
    return 1 - (shares**2).sum(axis=1)


def _gwet_expected(shares: np.ndarray) -> np.ndarray:
    agreement = (shares * (1 - shares)).sum(axis=1)
    return 1 - agreement / max(shares.shape[1] - 1, 1)


def _alpha_parts(counts: np.ndarray, difference: np.ndarray) -> tuple[np.ndarray, Formula]:
    import numpy as np

    given = counts.sum(axis=1)
    differing = ((counts @ difference) * counts).sum(axis=1) / (given - 1)
    features = np.column_stack([differing, counts])

    def formula(sums: np.ndarray) -> np.ndarray:
        totals = sums[:, 1:]
        labels = totals.sum(axis=1)
        return _corrected(sums[:, 0] * (labels - 1), ((totals @ difference) * totals).sum(axis=1))

    return features, formula


def _unequal(size: int) -> np.ndarray:
    import numpy as np

    return 1 - np.eye(size)


def _parts(ratings: pd.DataFrame, measure: str) -> tuple[np.ndarray, Formula]:
    """Features (items x features) and the formula of a measure, by its name."""
    codes, labels = _rated(ratings)
    if measure in ("cohen", "scott"):
        codes = _only_two(codes, ratings, measure)
    counts = _counts(codes, len(labels))
    if measure == "percent":
        return _agreeing(counts)[:, None], lambda sums: sums[:, 0] / len(counts)
    if measure == "cohen":
        return _cohen_parts(codes, _unequal(len(labels)))
    if measure == "gwet_ac1":
        return _share_parts(counts, _gwet_expected)
    if measure == "krippendorff":
        return _alpha_parts(counts, _unequal(len(labels)))
    return _share_parts(counts, _fleiss_expected)


def _only_two(codes: np.ndarray, ratings: pd.DataFrame, measure: str) -> np.ndarray:
    """The codes of the two annotators who gave any label."""
    import numpy as np

    there = np.flatnonzero(ratings.notna().to_numpy().any(axis=0))
    if len(there) > 2:
        raise NutgrafError(
            f'"{measure}" compares two annotators, and ratings has {len(there)}. Take two columns, '
            'ratings[["Ann", "Ben"]], or a measure for many: "fleiss", "krippendorff", "gwet_ac1".'
        )
    return codes[:, there] if len(there) == 2 else codes[:0, :2]


def _value(parts: tuple[np.ndarray, Formula]) -> float:
    features, formula = parts
    return float(formula(features.sum(axis=0, keepdims=True))[0]) if len(features) else math.nan


MEASURES = ("percent", "cohen", "scott", "fleiss", "krippendorff", "gwet_ac1")
"""Measures that `interval` knows by name."""


def percent(ratings: pd.DataFrame) -> float:
    """The share of agreeing pairs of labels, 0 to 1, averaged over the items.

    With two annotators it is the share of items on which they agree. Nothing is taken off for
    agreement by chance.
    """
    return _value(_parts(ratings, "percent"))


def cohen(
    a: Labels,
    b: Labels,
    weights: Literal["linear", "quadratic"] | Sequence | None = None,
    labels: Labels | None = None,
) -> float:
    """Cohen's kappa of two annotators: agreement beyond what their own habits give by chance.

    Cohen 1960, "A Coefficient of Agreement for Nominal Scales", Educational and Psychological
    Measurement 20. With `weights` (Cohen 1968, "Weighted Kappa", Psychological Bulletin 70) some
    disagreements are worse than others: "linear" and "quadratic" count the places between two
    labels in `labels`; a square table gives the weight of each disagreement, rows for `a`, columns
    for `b`, in the order of `labels`, 0 on the diagonal. `labels` is needed with weights, unless
    the labels are numbers; name also labels that nobody gave, since they too are places.
    """
    codes, found = _pair(a, b)
    codes, found = _known(codes, found, labels)
    if weights is None:
        disagreement = _unequal(len(found))
    else:
        if labels is None and not all(isinstance(label, numbers.Real) for label in found):
            raise NutgrafError(
                "Weights need to know the order of the labels. Give it, lowest first: "
                'cohen(a, b, "linear", labels=["low", "middle", "high"]).'
            )
        disagreement = _weights(weights, found)
    return _value(_cohen_parts(codes, disagreement))


def _known(codes: np.ndarray, found: list, labels: Labels | None) -> tuple[np.ndarray, list]:
    """The codes with `labels` for the order instead of our own."""
    import numpy as np

    if labels is None:
        return codes, found
    labels = list(labels)
    if len(set(labels)) < len(labels):
        raise NutgrafError(f"labels names a label twice: {labels}. Name each label once.")
    strange = [label for label in found if label not in labels]
    if strange:
        raise NutgrafError(
            f"{strange[0]!r} is not in labels={labels}. Name every label that was given, or mend "
            "the spelling."
        )
    place = np.array([labels.index(label) for label in found], dtype=np.int64)
    return place[codes], labels


def _weights(weights: Any, labels: list) -> np.ndarray:
    import numpy as np

    size = len(labels)
    places = np.abs(np.subtract.outer(np.arange(size), np.arange(size))).astype(float)
    if isinstance(weights, str):
        if weights not in ("linear", "quadratic"):
            raise NutgrafError(
                f'There are no weights {weights!r}. There are: "linear", "quadratic", or a table.'
            )
        return places if weights == "linear" else places**2
    try:
        table = np.asarray(weights, dtype=float)
    except (TypeError, ValueError) as error:
        raise NutgrafError(f"weights has to be a table of numbers ({error}).") from error
    if table.shape != (size, size):
        raise NutgrafError(
            f"weights has to be {size} x {size}, a row and a column for each label in {labels}, "
            f"not {' x '.join(map(str, table.shape)) or 'one number'}."
        )
    if np.diag(table).any() or not (np.isfinite(table).all() and (table >= 0).all()):
        raise NutgrafError(
            "weights tells how bad each disagreement is: 0 on the diagonal, nothing below 0. From "
            "a table of agreements between 0 and 1 take 1 - table."
        )
    return table


def scott(a: Labels, b: Labels) -> float:
    """Scott's pi of two annotators: chance is what the two together do, not each alone.

    Scott 1955, "Reliability of Content Analysis: The Case of Nominal Scale Coding", Public Opinion
    Quarterly 19.
    """
    codes, labels = _pair(a, b)
    return _value(_share_parts(_counts(codes, len(labels)), _fleiss_expected))


def fleiss(ratings: pd.DataFrame) -> float:
    """Fleiss' kappa of any number of annotators; with two it is Scott's pi.

    Fleiss 1971, "Measuring Nominal Scale Agreement among Many Raters", Psychological Bulletin 76.
    He has equally many labels on each item. Where some are missing, every item weighs the same,
    both in the agreement and in the shares of the labels.
    """
    return _value(_parts(ratings, "fleiss"))


def gwet_ac1(ratings: pd.DataFrame) -> float:
    """Gwet's AC1, which stays high when one label is very common.

    Gwet 2008, "Computing Inter-Rater Reliability and Its Variance in the Presence of High
    Agreement", British Journal of Mathematical and Statistical Psychology 61. Missing labels as in
    `fleiss`; he counts lone labels in the shares, here they are left out. The number of labels in
    his formula is the number of those that were given.
    """
    return _value(_parts(ratings, "gwet_ac1"))


def krippendorff(
    ratings: pd.DataFrame,
    level: Literal["nominal", "ordinal", "interval", "ratio", "masi"] | Callable = "nominal",
) -> float:
    """Krippendorff's alpha: any number of annotators, missing labels, and shades of difference.

    Krippendorff 2011, "Computing Krippendorff's Alpha-Reliability"; 2013, "Content Analysis", 3rd
    edition. `level` says how different two labels are:

    - "nominal": different or not;
    - "ordinal": by how many labels given lie between them; "interval": by the square of the
      distance; "ratio": by the square of the distance in proportion to the sum. The labels have to
      be numbers (from 0 up for "ratio"); turn words into numbers with
      `ratings.map({"low": 1, "high": 2}.get)`;
    - "masi": labels are frozensets of labels. Passonneau 2006, "Measuring Agreement on Set-valued
      Items (MASI) for Semantic and Pragmatic Annotation", LREC: what two sets share in proportion
      to all they hold, times 1 for equal sets, 2/3 where one holds the other, 1/3 where each has
      something of its own, 0 where they share nothing. Two empty sets are equal;
    - a function of two labels, which gives a number, 0 for no difference; interval is
      `lambda one, other: (one - other) ** 2`.
    """
    codes, labels = _rated(ratings)
    counts = _counts(codes, len(labels))
    return _value(_alpha_parts(counts, _difference(labels, level, counts.sum(axis=0))))


def _difference(labels: list, level: str | Callable, totals: np.ndarray) -> np.ndarray:
    """Labels x labels: how different two labels are."""
    import numpy as np

    if callable(level):
        return _difference_by(level, labels)
    if level == "nominal":
        return _unequal(len(labels))
    if level == "masi":
        for label in labels:
            if not isinstance(label, frozenset):
                raise NutgrafError(
                    f'level="masi" compares sets of labels, and {label!r} is none. Write '
                    'frozenset({"A", "B"}) in each cell, frozenset() for "none of them".'
                )
        return _difference_by(_masi, labels)
    if level not in ("ordinal", "interval", "ratio"):
        raise NutgrafError(
            f'There is no level {level!r}. There are: "nominal", "ordinal", "interval", "ratio", '
            '"masi", or a function of two labels.'
        )
    for label in labels:
        if not isinstance(label, numbers.Real) or not math.isfinite(label):
            raise NutgrafError(
                f'level="{level}" counts with labels, and {label!r} is no number. Give each label '
                'its number: ratings.map({"low": 1, "high": 2}.get).'
            )
    values = np.array(labels, dtype=float)
    if level == "ordinal":
        # The sum from one label to the other, half of each end, is a distance of middles.
        values = np.cumsum(totals) - totals / 2
    apart = np.subtract.outer(values, values)
    if level != "ratio":
        return apart**2
    if len(values) and values.min() < 0:
        raise NutgrafError(
            f'level="ratio" needs a true zero, and {labels[0]!r} is below it. Take "interval".'
        )
    both = np.add.outer(values, values)
    return (apart / np.where(both == 0, 1, both)) ** 2


def _difference_by(function: Callable, labels: list) -> np.ndarray:
    import numpy as np

    table = np.zeros((len(labels), len(labels)))
    for row, one in enumerate(labels):
        for column, other in enumerate(labels):
            value = function(one, other)
            if not isinstance(value, numbers.Real) or not 0 <= value < math.inf:
                raise NutgrafError(
                    f"The function says {value!r} for {one!r} and {other!r}. It has to give a "
                    "number, 0 or more."
                )
            table[row, column] = value
    if np.diag(table).any():
        label = labels[int(np.argmax(np.diag(table)))]
        raise NutgrafError(
            f"The function says that {label!r} differs from itself. It has to give 0 there: it "
            "tells how different two labels are, not how alike."
        )
    return table


def _masi(one: frozenset, other: frozenset) -> float:
    if one == other:
        return 0.0
    shared = len(one & other)
    nested = one <= other or other <= one
    return 1 - shared / len(one | other) * (2 / 3 if nested else 1 / 3)


# --------------------------------------------------------------------------------------
# How sure?

_AT_ONCE = 2_000_000  # weights held in memory at a time


def interval(
    ratings: pd.DataFrame,
    measure: str | Callable[[pd.DataFrame], float] = "krippendorff",
    n: int = 1000,
    seed: int = 0,
    level: float = 0.95,
) -> tuple[float, float]:
    """The percentile bootstrap interval of a measure: (low, high).

    Efron 1979, "Bootstrap Methods: Another Look at the Jackknife", Annals of Statistics 7. The
    items with two labels or more are drawn with replacement, as many as there are, `n` times; the
    interval holds the middle `level` of the `n` values. The same seed gives the same interval.

    `measure` is a name in `MEASURES` ("cohen" and "scott" for two annotators, "krippendorff" for
    nominal labels), or a function from ratings to a number, which is much slower, such as
    `lambda drawn: krippendorff(drawn, "ordinal")`. NaN where the measure is.
    """
    import numpy as np

    if not callable(measure) and measure not in MEASURES:
        names = ", ".join(f'"{one}"' for one in MEASURES)
        raise NutgrafError(f"There is no measure {measure!r}. There are: {names}, or a function.")
    if not 0 < level < 1:
        raise NutgrafError(f"level has to lie between 0 and 1, as .95 does, not {level!r}.")
    if n < 1:
        raise NutgrafError(f"n is how often to draw; it has to be 1 or more, not {n!r}.")
    random = np.random.default_rng(seed)
    if callable(measure):
        _rated(ratings)  # for its errors
        rated = ratings[(ratings.notna().sum(axis=1) >= 2).to_numpy()]
        items = len(rated)
        if not items:
            return math.nan, math.nan
        draws = (random.integers(items, size=items) for _ in range(n))
        values = np.array([measure(rated.iloc[draw]) for draw in draws], dtype=float)
    else:
        features, formula = _parts(ratings, measure)
        items = len(features)
        if not items:
            return math.nan, math.nan
        step = max(1, _AT_ONCE // items)
        values = np.concatenate(
            [
                formula(_times_drawn(random, items, min(step, n - done)) @ features)
                for done in range(0, n, step)
            ]
        )
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def _times_drawn(random: np.random.Generator, items: int, draws: int) -> np.ndarray:
    """Draws x items: how often the item came, when as many were drawn as there are."""
    import numpy as np

    drawn = random.integers(items, size=(draws, items)) + items * np.arange(draws)[:, None]
    return np.bincount(drawn.ravel(), minlength=draws * items).reshape(draws, items).astype(float)


# --------------------------------------------------------------------------------------
# Who, where, on what


def pairwise(
    ratings: pd.DataFrame, measure: Literal["cohen", "scott", "gwet_ac1"] = "cohen"
) -> pd.DataFrame:
    """Every two annotators: a, b, items (that both labelled), percent, kappa.

    percent is the share of those items on which they agree, 0 to 1; kappa is the measure asked for.
    Both are NaN where two annotators labelled no item in common.
    """
    if measure not in ("cohen", "scott", "gwet_ac1"):
        raise NutgrafError(
            f'There is no measure {measure!r} for pairs. There are: "cohen", "scott", "gwet_ac1".'
        )
    return _pairs(*_rated(ratings), ratings.columns, measure)


def _pairs(codes: np.ndarray, labels: list, people: pd.Index, measure: str) -> pd.DataFrame:
    import numpy as np
    import pandas as pd

    there = (codes >= 0).astype(float)
    items = there.T @ there
    agreed, together, squares, used = np.zeros((4, len(people), len(people)))
    # One matrix product a label, in place of a loop over pairs. `given[a, b]` counts how often `a`
    # gave the label where `b` gave any: chance is about the items that both labelled.
    for code in range(len(labels)):
        gave = (codes == code).astype(float)
        given = gave.T @ there
        agreed += gave.T @ gave
        together += given * given.T
        squares += (given + given.T) ** 2
        used += given + given.T > 0
    # Counts, not shares: `items` times the disagreements, over those expected.
    expected = {
        "cohen": items**2 - together,
        "scott": items**2 - squares / 4,
        "gwet_ac1": items**2 - (items**2 - squares / 4) / np.maximum(used - 1, 1),
    }[measure]
    kappa = np.where(items > 0, _corrected((items - agreed) * items, expected), np.nan)
    first, second = np.triu_indices(len(people), k=1)
    return pd.DataFrame(
        {
            "a": people[first],
            "b": people[second],
            "items": items[first, second].astype(int),
            "percent": (agreed / np.where(items > 0, items, np.nan))[first, second],
            "kappa": kappa[first, second],
        }
    )


def confusion(a: Labels, b: Labels) -> pd.DataFrame:
    """How often `a` gave the label of the row where `b` gave the label of the column."""
    import numpy as np
    import pandas as pd

    codes, labels = _pair(a, b)
    size = len(labels)
    cells = np.bincount(codes[:, 0] * size + codes[:, 1], minlength=size * size)
    names = [getattr(one, "name", None) for one in (a, b)]
    names = [
        str(default if name is None else name) for name, default in zip(names, "ab", strict=True)
    ]
    index, columns = (pd.Index(labels, name=name, tupleize_cols=False) for name in names)
    return pd.DataFrame(cells.reshape(size, size), index=index, columns=columns)


def per_label(ratings: pd.DataFrame) -> pd.DataFrame:
    """How well each label is agreed on: label, n, items, agreement, kappa.

    n: how often it was given; items: on how many items. agreement: specific agreement, how often
    another annotator gave the label too, once one did (Cicchetti and Feinstein 1990, "High
    Agreement but Low Kappa: II", Journal of Clinical Epidemiology 43). kappa: of this label against
    all others taken together, Cohen's where two annotators gave labels and Fleiss' where more did.
    """
    import numpy as np
    import pandas as pd

    codes, labels = _rated(ratings)
    two = np.flatnonzero((codes >= 0).any(axis=0))
    counts = _counts(codes, len(labels))
    given = counts.sum(axis=1)
    # An item with many labels has more pairs; divided so, each label given counts once.
    partners = (counts * (counts - 1) / (given - 1)[:, None]).sum(axis=0)
    kappas = []
    for code in range(len(labels)):
        if len(two) == 2:
            parts = _cohen_parts((codes[:, two] == code).astype(int), _unequal(2))
        else:
            this = counts[:, code]
            parts = _share_parts(np.column_stack([this, given - this]), _fleiss_expected)
        kappas.append(_value(parts))
    return pd.DataFrame(
        {
            "label": pd.Series(labels, dtype=None if labels else object),
            "n": counts.sum(axis=0).astype(int),
            "items": (counts > 0).sum(axis=0),
            "agreement": partners / counts.sum(axis=0),
            "kappa": np.array(kappas, dtype=float),
        }
    )


def per_annotator(ratings: pd.DataFrame) -> pd.DataFrame:
    """How each annotator fits the others: annotator, items, percent, kappa, alone.

    items: how many the annotator labelled that somebody else labelled too; percent and kappa: the
    mean of `pairwise` over the others; alone: items on which nobody else gave the same label.
    """
    import numpy as np
    import pandas as pd

    codes, labels = _rated(ratings)
    counts = _counts(codes, len(labels))
    pairs = _pairs(codes, labels, ratings.columns, "cohen")
    people = len(ratings.columns)
    first, second = np.triu_indices(people, k=1)
    rows, columns = np.nonzero(codes >= 0)
    only = counts[rows, codes[rows, columns]] == 1
    both = pd.concat([pairs.set_axis(first), pairs.set_axis(second)])[["percent", "kappa"]]
    means = both.groupby(level=0).mean()
    return pd.DataFrame(
        {
            "annotator": ratings.columns,
            "items": (codes >= 0).sum(axis=0),
            "percent": means["percent"].to_numpy(),
            "kappa": means["kappa"].to_numpy(),
            "alone": np.bincount(columns[only], minlength=people),
        }
    )


def disagreements(ratings: pd.DataFrame) -> pd.DataFrame:
    """The items with two labels or more, the most split first: item, n, entropy, majority, votes.

    n: labels given; entropy: in bits, 0 where all agree, 1 where two labels were given equally
    often (Shannon 1948); majority: the label given most often, None in a tie; votes: each label and
    how often it was given, as text. Items equally split stay in the order of `ratings`.
    """
    import numpy as np
    import pandas as pd

    codes, labels = _rated(ratings)
    counts = _counts(codes, len(labels))
    rated = (ratings.notna().sum(axis=1) >= 2).to_numpy()
    given = counts.sum(axis=1)
    shares = counts / given[:, None]
    entropy = -(shares * np.log2(np.where(shares > 0, shares, 1))).sum(axis=1)
    majority, votes = [], []
    for row in counts.astype(int):
        order = [code for code in np.argsort(-row, kind="stable") if row[code]]
        tie = len(order) > 1 and row[order[0]] == row[order[1]]
        majority.append(None if tie else labels[order[0]])
        votes.append(", ".join(f"{_shown(labels[code])} {row[code]}" for code in order))
    table = pd.DataFrame(
        {
            "item": ratings.index[rated],
            "n": given.astype(int),
            "entropy": entropy + 0.0,  # no "-0.0"
            "majority": pd.Series(majority, dtype=object),
            "votes": pd.Series(votes, dtype=object),
        }
    )
    # Rounded, so that equal splits are equal whatever the order of the labels was.
    order = np.argsort(-np.round(entropy, 9), kind="stable")
    return table.iloc[order].reset_index(drop=True)


def _shown(label: Any) -> str:
    if isinstance(label, frozenset):
        return "{" + ", ".join(sorted(map(str, label))) + "}"
    return str(label)


_LOST, _SKEWED = 0.2, 0.5


def explain(a: Labels, b: Labels) -> pd.DataFrame:
    """Cohen's kappa in its parts: part, value, how (the arithmetic in words).

    The parts: items, agreed, observed; "chance: LABEL" for each label, the two annotators' shares
    multiplied; expected, their sum; kappa. Then what skews it (Byrt, Bishop and Carlin 1993, "Bias,
    Prevalence and Kappa", Journal of Clinical Epidemiology 46): "prevalence", how far one label
    outweighs (0 all equally common, 1 only one); "bias", how differently the two use the labels
    (0 equally often, 1 no label in common); "pabak", what kappa would be without either. They are
    for two labels; with more, prevalence is the commonest label's share put on the same scale, and
    bias half the summed differences of shares, which come to the same with two.

    Bias pulls kappa up, prevalence pulls it down. A last row "note" is there when prevalence is .5
    or more and kappa at least .2 below observed: high agreement, low kappa.
    """
    import numpy as np
    import pandas as pd

    codes, labels = _pair(a, b)
    items, size = len(codes), len(labels)
    agreed = int((codes[:, 0] == codes[:, 1]).sum())
    first, second = (np.bincount(codes[:, side], minlength=size) for side in (0, 1))
    nan = math.nan
    observed = agreed / items if items else nan
    chance = first * second / items**2 if items else first * nan
    expected = float(chance.sum()) if items else nan
    kappa = _value(_cohen_parts(codes, _unequal(size)))
    common = (first + second).max() / (2 * items) if items else nan
    if size > 1:
        prevalence, pabak = (size * common - 1) / (size - 1), (size * observed - 1) / (size - 1)
    else:
        prevalence, pabak = common, observed
    bias = float(np.abs(first - second).sum() / (2 * items)) if items else nan

    rows: list[tuple[str, float, str]] = [
        ("items", items, "labelled by both"),
        ("agreed", agreed, "the same label from both"),
        ("observed", observed, f"{agreed} / {items}"),
    ]
    rows += [
        (f"chance: {_shown(label)}", part, f"{one}/{items} × {other}/{items}")
        for label, part, one, other in zip(labels, chance, first, second, strict=True)
    ]
    subtraction = f"({observed:.3f} − {expected:.3f}) / (1 − {expected:.3f})"
    if expected == 1:
        subtraction = "one label only: 1 by agreement"
    rows += [
        ("expected", expected, "the sum of the chances"),
        ("kappa", kappa, subtraction),
        ("prevalence", prevalence, "0: labels equally common, 1: one label only"),
        ("bias", bias, "0: both use the labels equally often"),
        ("pabak", pabak, "kappa if all labels were equally common"),
    ]
    if observed - kappa >= _LOST and prevalence >= _SKEWED:
        rows.append(("note", nan, f"one label prevails: chance alone reaches {expected:.0%}"))
    return pd.DataFrame(
        {
            "part": [part for part, _, _ in rows],
            "value": np.array([value for _, value, _ in rows], dtype=float),
            "how": [how for _, _, how in rows],
        }
    )


# --------------------------------------------------------------------------------------
# Spans


def _spans(spans: Spans, name: str) -> list[tuple[int, int, Any]]:
    """(start, end, label), in order; a span without a label has the label ""."""
    import pandas as pd

    if isinstance(spans, pd.DataFrame):
        if not {"start", "end"} <= set(spans.columns):
            raise NutgrafError(f"{name} has to have the columns start and end (and label).")
        labels = [""] * len(spans)
        if "label" in spans.columns:
            labels = spans["label"].astype(object).where(spans["label"].notna(), "")
        spans = list(zip(spans["start"], spans["end"], labels, strict=True))
    if not isinstance(spans, Iterable) or isinstance(spans, str | Mapping):
        raise NutgrafError(f"{name} has to be a list of (start, end, label), or a table of them.")
    found = []
    for number, span in enumerate(spans):
        if not _is_span(span):
            raise NutgrafError(
                f"{name}[{number}] is {span!r}. A span is (start, end, label): two offsets, the "
                "first 0 or more and below the second, and a label such as a word."
            )
        start, end, label = (*span, "")[:3]
        found.append((int(start), int(end), label))
    return sorted(found, key=lambda span: (span[0], -span[1], str(span[2])))


def _is_span(span: Any) -> bool:
    if not isinstance(span, tuple | list) or len(span) not in (2, 3):
        return False
    start, end = span[:2]
    whole = all(isinstance(offset, numbers.Real) and offset % 1 == 0 for offset in (start, end))
    return whole and 0 <= start < end and isinstance(span[-1], Hashable)


def _matched(one: list[tuple], other: list[tuple], match: str) -> list[tuple[int, int]]:
    """Pairs of rows. The largest overlap is paired first, and each span once."""
    import numpy as np

    if match not in ("exact", "overlap", "type"):
        raise NutgrafError(f'There is no match {match!r}. There are: "exact", "overlap", "type".')
    starts = np.array([start for start, _, _ in other], dtype=np.int64)
    # The furthest end so far: what lies before the first one beyond `start` cannot reach it.
    reach = np.maximum.accumulate(np.array([end for _, end, _ in other], dtype=np.int64))
    candidates = []
    for row, (start, end, label) in enumerate(one):
        first, last = np.searchsorted(reach, start, side="right"), np.searchsorted(starts, end)
        for column in range(first, last):
            left, right, their = other[column]
            overlap = min(end, right) - max(start, left)
            apart = abs(start - left) + abs(end - right)
            if (
                overlap <= 0
                or (match != "overlap" and label != their)
                or (match == "exact" and apart)
            ):
                continue
            # The same order whichever side is called `one`.
            places = sorted([(start, end, str(label)), (left, right, str(their))])
            candidates.append((-overlap, apart, label != their, places, row, column))
    taken: tuple[set, set] = (set(), set())
    pairs = []
    for *_, row, column in sorted(candidates):
        if row not in taken[0] and column not in taken[1]:
            taken[0].add(row)
            taken[1].add(column)
            pairs.append((row, column))
    return sorted(pairs)


def span_f1(
    spans_a: Spans, spans_b: Spans, match: Literal["exact", "overlap", "type"] = "exact"
) -> pd.DataFrame:
    """How far two sets of spans agree: label, a, b, matched, precision, recall, f1.

    One row a label, and the row "all" at the end. Spans are (start, end, label), or a table with
    these columns; without labels, all have the label "". `match` says what two spans have to share:

    - "exact": start, end and label;
    - "type": one character and the label;
    - "overlap": one character. A span's partner may then have another label, and the numbers of
      matched spans in `a` and `b` may differ for a label; matched counts those in `a`.

    Each span has one partner at most. The two with the largest overlap are paired first, among
    equals those whose ends lie closer, then those with the same label. precision: the share of
    spans in `a` with a partner; recall: of those in `b`; f1: 2 x pairs / (spans in `a` + in `b`).
    They swap places when `a` and `b` do. NaN where there is no span to count.
    """
    import numpy as np
    import pandas as pd

    one, other = _spans(spans_a, "spans_a"), _spans(spans_b, "spans_b")
    pairs = _matched(one, other, match)
    found = list(dict.fromkeys(label for _, _, label in one + other))
    found = [found[number] for number in _in_order(found)]

    def row(label: Any, a: list, b: list, in_a: int, in_b: int) -> dict[str, Any]:
        total = len(a) + len(b)
        return {
            "label": label,
            "a": len(a),
            "b": len(b),
            "matched": in_a,
            "precision": in_a / len(a) if a else np.nan,
            "recall": in_b / len(b) if b else np.nan,
            "f1": (in_a + in_b) / total if total else np.nan,
        }

    rows = [
        row(
            label,
            [span for span in one if span[2] == label],
            [span for span in other if span[2] == label],
            sum(one[first][2] == label for first, _ in pairs),
            sum(other[second][2] == label for _, second in pairs),
        )
        for label in found
    ]
    return pd.DataFrame([*rows, row("all", one, other, len(pairs), len(pairs))])


def boundary_distance(spans_a: Spans, spans_b: Spans) -> pd.DataFrame:
    """Spans that two annotators both marked, and how far their ends lie apart.

    Columns: label, a_start, a_end, b_start, b_end, start_difference, end_difference (b - a, in
    characters: above 0, `b` is further right), overlap. Spans are paired as `span_f1` does with
    "type"; what has no partner is not in the table.
    """
    import pandas as pd

    one, other = _spans(spans_a, "spans_a"), _spans(spans_b, "spans_b")
    rows = [
        {
            "label": label,
            "a_start": start,
            "a_end": end,
            "b_start": left,
            "b_end": right,
            "start_difference": left - start,
            "end_difference": right - end,
            "overlap": min(end, right) - max(start, left),
        }
        for (start, end, label), (left, right, _) in (
            (one[row], other[column]) for row, column in _matched(one, other, "type")
        )
    ]
    columns = ["label", "a_start", "a_end", "b_start", "b_end"]
    columns += ["start_difference", "end_difference", "overlap"]
    return pd.DataFrame(rows, columns=columns)


def _tokens(tokens: Any) -> tuple[np.ndarray, np.ndarray]:
    """Starts and ends of the words of an article, a text, a table or a list of spans."""
    import numpy as np
    import pandas as pd

    from nutgraf.tokenizing import word_spans

    if isinstance(tokens, str):
        tokens = word_spans(tokens)
    try:
        if not isinstance(tokens, pd.DataFrame):
            tokens = getattr(tokens, "words", tokens)
        if isinstance(tokens, pd.DataFrame):
            tokens = tokens[["start", "end"]].to_numpy()
        starts, ends = np.array(list(tokens), dtype=np.int64).reshape(-1, 2).T
    except (KeyError, TypeError, ValueError) as error:
        raise NutgrafError(
            "tokens has to be an article, a text, a table with the columns start and end such as "
            "article.words, or a list of (start, end)."
        ) from error
    if (starts[1:] < ends[:-1]).any():
        raise NutgrafError(
            "The tokens overlap, or stand in another order than in the text. Sort them by start."
        )
    return starts, ends


def _codes_of_tokens(
    spans: list[tuple[int, int, Any]], starts: np.ndarray, ends: np.ndarray
) -> list[dict[Any, str]]:
    """For each token: label -> B or I."""
    import numpy as np

    found: list[dict[Any, str]] = [{} for _ in starts]
    for start, end, label in spans:
        first, last = np.searchsorted(ends, start, side="right"), np.searchsorted(starts, end)
        for place in range(first, last):
            found[place].setdefault(label, "B" if place == first else "I")
    return found


def token_labels(
    spans: Spans,
    tokens: Article | str | pd.DataFrame | Iterable[tuple[int, int]],
    scheme: Literal["bio", "inside"] = "bio",
) -> list[str]:
    """A label for each word: what the spans say about it.

    `tokens`: an article, a text, a table such as `article.words`, or (start, end) pairs in order. A
    word belongs to a span when they share a character. "bio" gives "B-LABEL" to the first word of a
    span, "I-LABEL" to its others and "O" to words outside (IOB2: Tjong Kim Sang and Veenstra 1999,
    "Representing Text Chunks", EACL); "inside" gives "LABEL" and "O". Several labels on a word
    are joined by "|", in the order of the alphabet. Spans of one label that share a word count as
    one.
    """
    if scheme not in ("bio", "inside"):
        raise NutgrafError(f'There is no scheme {scheme!r}. There are: "bio", "inside".')
    found = _codes_of_tokens(_spans(spans, "spans"), *_tokens(tokens))

    def name(label: Any, code: str) -> str:
        if scheme == "bio":
            return f"{code}-{_shown(label)}" if label != "" else code
        return _shown(label) if label != "" else "I"

    return [
        "|".join(name(label, here[label]) for label in sorted(here, key=str)) or "O"
        for here in found
    ]


def token_alpha(
    layers: Mapping[str, Spans], article: Article | str | pd.DataFrame | Iterable
) -> pd.DataFrame:
    """Krippendorff's alpha over the words that annotators marked: label, words, alpha.

    `layers` gives each annotator's spans by name; `article` as `tokens` in `token_labels`. One row
    a label, and the row "all" at the end. For a label each word is B, I or O as in `token_labels`,
    and alpha is nominal; words: how many anybody marked. For "all" a word has the set of its codes,
    and alpha is by MASI, so that a word on which half of the labels agree counts for something.

    A word without a mark counts as a decision to leave it out: where somebody did not read the
    whole text, pass only the words that all have read. Long spans weigh more than short ones. alpha
    is 1.0 where nobody marked anything, NaN where there are no words.
    """
    import pandas as pd

    if not isinstance(layers, Mapping) or len(layers) < 2:
        raise NutgrafError(
            "layers has to give the spans of two annotators or more by name: "
            '{"Ann": [(0, 4, "LOADED")], "Ben": []}.'
        )
    starts, ends = _tokens(article)
    layers = {name: _spans(spans, f"layers[{name!r}]") for name, spans in layers.items()}
    codes = {name: _codes_of_tokens(spans, starts, ends) for name, spans in layers.items()}
    found = list(dict.fromkeys(span[2] for spans in layers.values() for span in spans))

    def row(label: Any, cells: dict[str, list], outside: Any, level: str) -> dict[str, Any]:
        table = pd.DataFrame({name: pd.Series(one, dtype=object) for name, one in cells.items()})
        words = sum(any(cell != outside for cell in cells) for cells in table.to_numpy())
        alpha = krippendorff(table, level) if len(table) else math.nan
        return {"label": label, "words": words, "alpha": alpha}

    rows = [
        row(
            label,
            {name: [here.get(label, "O") for here in layer] for name, layer in codes.items()},
            "O",
            "nominal",
        )
        for label in (found[number] for number in _in_order(found))
    ]
    sets = {name: [frozenset(here.items()) for here in layer] for name, layer in codes.items()}
    return pd.DataFrame([*rows, row("all", sets, frozenset(), "masi")])
