"""Measures of agreement: published figures, others' programs, and what has to hold always."""

from __future__ import annotations

import math
import subprocess
import sys
from collections import Counter
from fractions import Fraction
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from nltk.metrics.agreement import AnnotationTask
from nltk.metrics.distance import binary_distance, interval_distance, masi_distance

from nutgraf import NutgrafError, agreement
from nutgraf.agreement import (
    boundary_distance,
    cohen,
    confusion,
    disagreements,
    explain,
    fleiss,
    from_long,
    gwet_ac1,
    interval,
    krippendorff,
    pairwise,
    per_annotator,
    per_label,
    percent,
    scott,
    span_f1,
    token_alpha,
    token_labels,
)

NO = None

# Nineteen sentences, the tags of the reference and of a second careful reader.
REFERENCE = list("COOOOCCCCCOCCCOOFFF")
SECOND = list("COOOOOCCCCCCOCOCFFF")

# Krippendorff 2011, four observers and twelve units.
FOUR = pd.DataFrame(
    [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, NO, NO, NO],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, NO, 3],
        [NO, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, NO],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, NO],
    ]
).T

# Three coders and fifteen units, found in many introductions to alpha.
THREE = pd.DataFrame(
    [
        [NO, NO, NO, NO, NO, 3, 4, 1, 2, 1, 1, 3, 3, NO, 3],
        [1, NO, 2, 1, 3, 3, 4, 3, NO, NO, NO, NO, NO, NO, NO],
        [NO, NO, 2, 1, 3, 4, 4, NO, 2, 1, 1, 3, 3, NO, 4],
    ]
).T

# Fourteen raters put ten subjects into five categories.
TEN = [
    [0, 0, 0, 0, 14], [0, 2, 6, 4, 2], [0, 0, 3, 5, 6], [0, 3, 9, 2, 0], [2, 2, 8, 1, 1],
    [7, 7, 0, 0, 0], [3, 2, 6, 3, 0], [2, 5, 3, 2, 2], [6, 5, 2, 1, 0], [0, 2, 2, 3, 7],
]  # fmt: skip


def from_counts(rows: list[list[int]]) -> pd.DataFrame:
    return pd.DataFrame(
        [[label for label, count in enumerate(row) for _ in range(count)] for row in rows]
    )


def from_table(cells: list[list[int]], labels: str = "ABC") -> tuple[list[str], list[str]]:
    """Two lists of labels with the given numbers of pairs: rows `a`, columns `b`."""
    pairs = [
        (labels[row], labels[column])
        for row, line in enumerate(cells)
        for column, count in enumerate(line)
        for _ in range(count)
    ]
    return [a for a, _ in pairs], [b for _, b in pairs]


def two(a: list, b: list) -> pd.DataFrame:
    return pd.DataFrame({"a": a, "b": b}, dtype=object)


def triples(ratings: pd.DataFrame) -> list[tuple[str, str, object]]:
    """The ratings as NLTK takes them, missing ones left out."""
    return [
        (str(person), str(item), ratings[person][item])
        for person in ratings
        for item in ratings.index
        if not pd.isna(ratings[person][item])
    ]


def tables(labels: str | list = "ABC", missing: bool = True, people: tuple[int, int] = (2, 4)):
    cell = st.sampled_from([*labels, None] if missing else [*labels])

    def table(width: int) -> st.SearchStrategy[pd.DataFrame]:
        rows = st.lists(st.lists(cell, min_size=width, max_size=width), min_size=1, max_size=12)
        return rows.map(lambda cells: pd.DataFrame(cells, dtype=object, columns=[*"pqrs"[:width]]))

    return st.integers(*people).flatmap(table)


# --- published figures -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("level", "alpha"),
    [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849), ("ratio", 0.797)],
)
def test_alpha_gives_the_figures_of_krippendorffs_paper(level, alpha):
    assert round(krippendorff(FOUR, level), 3) == alpha


@pytest.mark.parametrize(("level", "alpha"), [("nominal", 0.691), ("interval", 0.811)])
def test_alpha_gives_the_figures_of_the_table_of_three_coders(level, alpha):
    assert round(krippendorff(THREE, level), 3) == alpha


def test_fleiss_kappa_gives_the_figure_of_the_table_of_fourteen_raters():
    assert round(fleiss(from_counts(TEN)), 3) == 0.210


def test_cohens_kappa_gives_the_figure_of_the_grant_readers():
    assert cohen(*from_table([[20, 5], [10, 15]])) == pytest.approx(0.4)


@pytest.mark.parametrize(
    ("weights", "kappa"), [(None, 0.492), ([[0, 1, 3], [1, 0, 6], [3, 6, 0]], 0.348)]
)
def test_weighted_kappa_gives_the_figures_of_cohens_paper(weights, kappa):
    a, b = from_table([[88, 10, 2], [14, 40, 6], [18, 10, 12]])
    assert round(cohen(a, b, weights, labels=["A", "B", "C"]), 3) == kappa


@pytest.mark.parametrize(
    ("measure", "value"),
    [
        (cohen, -0.0234),
        (scott, -0.0288),
        (lambda a, b: gwet_ac1(two(a, b)), 0.9408),
    ],
    ids=["cohen", "scott", "gwet"],
)
def test_gwets_example_of_skew_parts_the_measures(measure, value):
    assert round(measure(*from_table([[118, 5], [2, 0]])), 4) == value


def test_kappa_of_the_nineteen_sentences():
    assert round(percent(two(REFERENCE, SECOND)), 3) == 0.789
    assert round(cohen(REFERENCE, SECOND), 3) == 0.658


def test_kappa_of_two_students_and_claims():
    assert round(cohen(*from_table([[9, 2], [2, 6]])), 2) == 0.57


@pytest.mark.parametrize(
    ("a", "b", "kappa"), [("AABB", "ABAB", 0.0), ("AAAB", "AABB", 0.5), ("AB", "BA", -1.0)]
)
def test_small_kappas_are_exact(a, b, kappa):
    assert cohen(list(a), list(b)) == kappa


def test_agreement_by_two_people_is_a_plain_fraction():
    assert percent(two(list("AAB"), list("AAA"))) == 2 / 3


@pytest.mark.parametrize(
    ("one", "other", "distance"),
    [
        ({"A"}, {"A"}, 0),
        (set(), set(), 0),
        ({"A"}, {"A", "B"}, 1 - 1 / 2 * 2 / 3),
        ({"A", "B"}, {"B", "C"}, 1 - 1 / 3 * 1 / 3),
        ({"A"}, {"B"}, 1),
        (set(), {"A"}, 1),
    ],
)
def test_masi_weighs_overlap_by_how_sets_lie_in_each_other(one, other, distance):
    # Two items, one of them split: 1 - observed / expected with one disagreement of four labels.
    one, other, third = frozenset(one), frozenset(other), frozenset("Z")
    alpha = krippendorff(two([one, third], [other, third]), "masi")
    observed = 2 * distance
    expected = 2 * (distance + 4) / 3
    assert alpha == pytest.approx(1 - observed / expected)


# --- other people's programs ------------------------------------------------------------------


def task(ratings: pd.DataFrame, distance=binary_distance) -> AnnotationTask:
    return AnnotationTask(triples(ratings), distance=distance)


@given(tables(missing=False))
def test_nltks_kappa_is_the_mean_of_the_pairs(ratings):
    # Before 3.10 NLTK divides by zero where two give one and the same label.
    assume(all(ratings[[*pair]].stack().nunique() > 1 for pair in combinations(ratings, 2)))
    assert pairwise(ratings)["kappa"].mean() == pytest.approx(task(ratings).kappa())


@given(tables(missing=False))
def test_nltks_pi_is_fleiss_kappa(ratings):
    assume(ratings.stack().nunique() > 1)
    assert fleiss(ratings) == pytest.approx(task(ratings).pi())


@given(tables(missing=False, people=(2, 2)))
def test_nltks_pi_of_two_is_scotts(ratings):
    assume(ratings.stack().nunique() > 1)
    assert scott(ratings["p"], ratings["q"]) == pytest.approx(task(ratings).pi())


@given(tables(missing=False))
def test_nltks_observed_agreement_is_percent(ratings):
    assert percent(ratings) == pytest.approx(task(ratings).avg_Ao())


def test_nltks_multi_kappa_is_not_fleiss():
    ten = from_counts(TEN)
    assert round(task(ten).multi_kappa(), 3) == 0.217
    assert round(fleiss(ten), 3) == round(task(ten).pi(), 3) == 0.210


@pytest.mark.parametrize("name", ["kappa", "multi_kappa", "pi"])
def test_where_a_label_is_missing_ours_go_on_and_nltks_stop(name):
    ratings = two(["A", "B", "A"], ["A", "B", None])
    with pytest.raises((RuntimeError, StopIteration)):
        getattr(task(ratings), name)()
    assert pairwise(ratings)["kappa"].tolist() == [1.0]
    assert fleiss(ratings) == 1.0


SETS = [frozenset(one) for one in ("", "A", "B", "AB", "BC", "ABC")]


def masi(one, other) -> float:
    # NLTK divides by zero where both are empty.
    return masi_distance(one, other) if one or other else 0


@pytest.mark.parametrize(
    ("level", "labels", "distance", "close"),
    [
        ("nominal", "ABC", binary_distance, 1e-9),
        ("interval", [1, 2, 5], interval_distance, 1e-9),
        ("masi", SETS, masi, 0.02),  # before 3.10 NLTK has 0.67 and 0.33 for thirds
        (masi, SETS, masi, 1e-9),
    ],
    ids=["nominal", "interval", "masi", "a function"],
)
@settings(max_examples=60)
@given(data=st.data())
def test_alpha_is_nltks_with_missing_labels(level, labels, distance, close, data):
    ratings = data.draw(tables(labels))
    assume((ratings.notna().sum(axis=1) >= 2).any())
    assert krippendorff(ratings, level) == pytest.approx(task(ratings, distance).alpha(), abs=close)


@pytest.mark.parametrize("level", ["nominal", "ordinal", "interval", "ratio"])
@settings(max_examples=60)
@given(tables([0, 1, 2, 5]))
def test_alpha_is_the_krippendorff_packages(level, ratings):
    package = pytest.importorskip("krippendorff")
    rated = ratings[ratings.notna().sum(axis=1) >= 2]
    assume(rated.stack().nunique() > 1)
    theirs = package.alpha(
        reliability_data=rated.T.to_numpy(dtype=float), level_of_measurement=level
    )
    assert krippendorff(ratings, level) == pytest.approx(theirs)


@given(tables([1, 2, 3], missing=False, people=(2, 2)))
def test_linear_weights_are_nltks_weighted_kappa_by_distance(ratings):
    assume(ratings.stack().nunique() > 1)
    theirs = task(ratings, lambda one, other: abs(one - other)).weighted_kappa()
    ours = cohen(ratings["p"], ratings["q"], "linear", labels=[1, 2, 3])
    assert ours == pytest.approx(theirs)


# --- definitions, in slow and exact arithmetic --------------------------------------------------


def slow_cohen(a: list, b: list) -> Fraction | int | float:
    pairs = [(one, other) for one, other in zip(a, b, strict=True) if one and other]
    if not pairs:
        return math.nan
    n = len(pairs)
    observed = Fraction(sum(one == other for one, other in pairs), n)
    first, second = Counter(one for one, _ in pairs), Counter(other for _, other in pairs)
    expected = sum(Fraction(first[label] * second[label], n * n) for label in first)
    return 1 if expected == 1 else (observed - expected) / (1 - expected)


@given(tables(people=(2, 2)))
def test_cohens_kappa_is_its_definition(ratings):
    slow = slow_cohen(list(ratings["p"]), list(ratings["q"]))
    assert cohen(ratings["p"], ratings["q"]) == pytest.approx(float(slow), nan_ok=True)


@given(tables(missing=False))
def test_gwets_ac1_is_its_definition(ratings):
    cells = [list(row) for row in ratings.to_numpy()]
    labels = sorted({label for row in cells for label in row})
    pairs = [one == other for row in cells for one, other in combinations(row, 2)]
    observed = Fraction(sum(pairs), len(pairs))
    share = [
        Fraction(sum(row.count(label) for row in cells), sum(map(len, cells))) for label in labels
    ]
    if len(labels) == 1:
        assert gwet_ac1(ratings) == 1.0
        return
    expected = sum(one * (1 - one) for one in share) / (len(labels) - 1)
    assert gwet_ac1(ratings) == pytest.approx(float((observed - expected) / (1 - expected)))


@given(tables("AB", missing=False, people=(2, 2)))
def test_prevalence_and_bias_explain_kappa_as_byrt_has_it(ratings):
    assume(ratings.stack().nunique() == 2)
    part = explain(ratings["p"], ratings["q"]).set_index("part")["value"]
    skew = part["prevalence"] ** 2 - part["bias"] ** 2
    assume(not math.isclose(skew, 1))
    assert part["kappa"] == pytest.approx((part["pabak"] - skew) / (1 - skew))


@given(tables([1, 2, 3, 4], missing=False, people=(2, 2)))
def test_quadratic_weights_are_a_ratio_of_squared_distances(ratings):
    a, b = (ratings[name].to_numpy(dtype=float) for name in "pq")
    expected = np.mean(np.subtract.outer(a, b) ** 2)
    assume(expected > 0)
    ours = cohen(list(a), list(b), "quadratic", labels=[1, 2, 3, 4])
    assert ours == pytest.approx(1 - np.mean((a - b) ** 2) / expected)


def test_a_label_nobody_gave_is_a_place_between_two_others():
    a, b = [1, 1, 3, 4], [1, 3, 3, 4]
    assert cohen(a, b, "linear") == pytest.approx(1 - 4 / 14)
    assert cohen(a, b, "linear", labels=[1, 2, 3, 4]) == pytest.approx(1 - 8 / 22)


# --- what has to hold always -----------------------------------------------------------------


def mean_of_pairs(ratings: pd.DataFrame) -> float:
    return float(pairwise(ratings)["kappa"].mean())


MANY = {
    "percent": percent,
    "fleiss": fleiss,
    "gwet_ac1": gwet_ac1,
    "krippendorff": krippendorff,
    "mean of pairs": mean_of_pairs,
}
each_measure = pytest.mark.parametrize("measure", MANY.values(), ids=MANY)


def same(value: float):
    return pytest.approx(value, nan_ok=True)


@each_measure
@given(ratings=tables())
def test_a_measure_lies_between_minus_one_and_one_or_is_nan_without_items(measure, ratings):
    value = measure(ratings)
    if (ratings.notna().sum(axis=1) >= 2).any():
        assert -1 - 1e-9 <= value <= 1 + 1e-9
    else:
        assert math.isnan(value)


@pytest.mark.parametrize("level", ["ordinal", "interval", "ratio"])
@given(ratings=tables([0, 1, 2, 7]))
def test_alpha_of_numbers_lies_between_minus_one_and_one(level, ratings):
    assume((ratings.notna().sum(axis=1) >= 2).any())
    assert -1 - 1e-9 <= krippendorff(ratings, level) <= 1 + 1e-9


@each_measure
@given(ratings=tables())
def test_other_names_for_the_labels_change_nothing(measure, ratings):
    renamed = ratings.map({"A": "z", "B": 7, "C": frozenset("x")}.get)
    assert measure(renamed) == same(measure(ratings))


@each_measure
@given(ratings=tables(), data=st.data())
def test_the_order_of_items_and_annotators_changes_nothing(measure, ratings, data):
    rows = data.draw(st.permutations(range(len(ratings))))
    columns = data.draw(st.permutations(range(ratings.shape[1])))
    assert measure(ratings.iloc[rows, columns]) == same(measure(ratings))


@each_measure
@given(ratings=tables())
def test_an_annotator_without_labels_changes_nothing(measure, ratings):
    assert measure(ratings.assign(nobody=None)) == same(measure(ratings))


@each_measure
@given(ratings=tables(), lone=st.sampled_from(["A", "D", None]))
def test_an_item_with_one_label_changes_nothing(measure, ratings, lone):
    more = pd.concat([ratings, pd.DataFrame({"p": [lone]}, dtype=object)], ignore_index=True)
    assert measure(more) == same(measure(ratings))


@each_measure
@given(column=st.lists(st.sampled_from("ABC"), min_size=1), people=st.integers(2, 4))
def test_people_who_all_say_the_same_agree_fully(measure, column, people):
    assert measure(pd.DataFrame({number: column for number in range(people)})) == 1.0


@given(tables(people=(2, 2)))
def test_swapping_two_annotators_changes_nothing(ratings):
    a, b = ratings["p"], ratings["q"]
    assert cohen(a, b) == same(cohen(b, a))
    assert scott(a, b) == same(scott(b, a))


@given(tables(people=(2, 2)))
def test_scotts_pi_is_fleiss_kappa_of_two(ratings):
    assert scott(ratings["p"], ratings["q"]) == same(fleiss(ratings))


@given(st.lists(st.sampled_from("AB"), min_size=1))
def test_one_label_from_everybody_is_agreement(column):
    one = ["A"] * len(column)
    assert cohen(one, one) == scott(one, one) == gwet_ac1(two(one, one)) == 1.0
    assert cohen(one, one, "linear", labels=["A", "B"]) == 1.0


@pytest.mark.parametrize("gap", [None, np.nan, pd.NA, pd.NaT], ids=repr)
def test_every_sign_for_a_missing_label_is_one(gap):
    ratings = two(["A", "B", gap], ["A", "A", "B"])
    assert percent(ratings) == 0.5
    assert confusion(ratings["a"], ratings["b"]).to_numpy().sum() == 2


@pytest.mark.parametrize("dtype", ["object", "str", "category"])
def test_the_type_of_the_columns_does_not_matter(dtype):
    ratings = two(REFERENCE, SECOND).astype(dtype)
    assert round(cohen(ratings["a"], ratings["b"]), 3) == 0.658
    assert pairwise(ratings)["kappa"].round(3).tolist() == [0.658]


@pytest.mark.parametrize("dtype", ["object", "float64", "Int64"])
def test_numbers_of_every_type_are_labels(dtype):
    assert round(krippendorff(FOUR.astype(dtype), "interval"), 3) == 0.849


def test_an_empty_string_is_a_label():
    assert percent(two(["", "A"], ["", "A"])) == 1.0
    assert confusion(["", "A"], ["", "A"]).index.tolist() == ["", "A"]


def test_labels_may_be_tuples_and_emoji():
    labels = [("voice", 1), "👍🏽", ("voice", 2)]
    assert cohen(labels, labels) == 1.0
    assert confusion(labels, labels).shape == (3, 3)


# --- from a long table ------------------------------------------------------------------------

LONG = pd.DataFrame(
    {
        "item": ["S2", "S1", "S2", "S1", "S3"],
        "annotator": ["Ben", "Ben", "Ann", "Ann", "Ann"],
        "label": ["CLAIM", "OPINION", "CLAIM", None, "FORECAST"],
    }
)


def test_a_long_table_becomes_items_by_annotators_in_its_own_order():
    ratings = from_long(LONG)
    assert ratings.index.tolist() == ["S2", "S1", "S3"]
    assert ratings.columns.tolist() == ["Ben", "Ann"]
    assert ratings.fillna("-").to_numpy().tolist() == [
        ["CLAIM", "CLAIM"], ["OPINION", "-"], ["-", "FORECAST"]
    ]  # fmt: skip


@given(tables())
def test_a_long_table_gives_the_same_agreement(ratings):
    long = pd.DataFrame(triples(ratings), columns=["who", "what", "tag"])
    assume(long["who"].nunique() > 1)
    again = from_long(long.sample(frac=1, random_state=1), "what", "who", "tag")
    assert krippendorff(again) == same(krippendorff(ratings))


@pytest.mark.parametrize("label", [1, frozenset("AB"), ("A", 1)], ids=repr)
def test_a_long_table_keeps_labels_as_they_are(label):
    table = pd.DataFrame({"item": [1, 1], "annotator": ["x", "y"]})
    table["label"] = pd.Series([label, None], dtype=object)
    assert from_long(table).loc[1, "x"] == label


def test_a_second_label_of_one_person_for_one_item_is_refused():
    doubled = pd.concat([LONG, LONG.head(1)])
    with pytest.raises(NutgrafError, match=r"'Ben' labelled the item 'S2' more than once \(row 5"):
        from_long(doubled)


@pytest.mark.parametrize("column", ["item", "annotator"])
def test_a_row_without_item_or_annotator_is_named(column):
    broken = LONG.copy()
    broken.loc[3, column] = None
    with pytest.raises(NutgrafError, match=f"Row 3 of the table has no '{column}'"):
        from_long(broken)


def test_a_column_that_is_not_there_is_named_with_those_that_are():
    with pytest.raises(NutgrafError, match=r"no column 'tag'.*'item', 'annotator', 'label'"):
        from_long(LONG, label="tag")


# --- bad input --------------------------------------------------------------------------------

FIT = two(REFERENCE, SECOND)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: cohen(["A"], ["A", "B"]), "has 1 labels, the second 2"),
        (lambda: cohen([], []), "no labels to compare"),
        (lambda: cohen("AB", "AB"), "a has to be a list"),
        (lambda: cohen(["A"], None), "b has to be a list"),
        (lambda: scott(["A"], {"A"}), "b has to be a list"),
        (lambda: cohen([["A"]], [["A"]]), "frozenset"),
        (lambda: cohen(FIT["a"], FIT["b"][::-1]), "different order"),
        (lambda: cohen(["A"], ["B"], "linear"), "order of the labels"),
        (lambda: cohen([1], [2], "cubic"), "no weights 'cubic'"),
        (lambda: cohen([1], [2], [[0, 1]]), "2 x 2"),
        (lambda: cohen([1], [2], 3), "2 x 2.*not one number"),
        (lambda: cohen([1], [2], [["x", 0], [0, 1]]), "table of numbers"),
        (lambda: cohen([1], [2], [[1, 0], [0, 1]]), "1 - table"),
        (lambda: cohen([1], [2], [[0, -1], [1, 0]]), "nothing below 0"),
        (lambda: cohen(["A"], ["B"], labels=["A"]), "'B' is not in labels"),
        (lambda: cohen(["A"], ["B"], labels=["A", "B", "A"]), "twice"),
        (lambda: percent([["A", "A"]]), "DataFrame, not list"),
        (lambda: percent(pd.DataFrame({"a": [], "b": []})), "no rows"),
        (lambda: fleiss(FIT[["a"]]), "takes two annotators"),
        (lambda: krippendorff(FIT, "cardinal"), "no level 'cardinal'"),
        (lambda: krippendorff(FIT, "ordinal"), "'C' is no number"),
        (lambda: krippendorff(two([1, math.inf], [1, 2]), "interval"), "inf is no number"),
        (lambda: krippendorff(FIT, "masi"), "frozenset"),
        (lambda: krippendorff(two([-1], [1]), "ratio"), "-1 is below it"),
        (lambda: krippendorff(FIT, lambda one, other: 1), "differs from itself"),
        (lambda: krippendorff(FIT, lambda one, other: math.nan), "has to give a number"),
        (lambda: krippendorff(FIT, lambda one, other: "far"), "'far' for 'C' and 'C'"),
        (lambda: pairwise(FIT, "fleiss"), "no measure 'fleiss' for pairs"),
        (lambda: interval(FIT, "kappa"), "no measure 'kappa'.*\"cohen\""),
        (lambda: interval(FIT, "percent", level=95), "between 0 and 1"),
        (lambda: interval(FIT, "percent", n=0), "1 or more"),
        (lambda: interval(FIT.assign(c="C"), "cohen"), "has 3.*two columns"),
        (lambda: span_f1([(3, 3, "A")], []), r"spans_a\[0\] is \(3, 3, 'A'\)"),
        (lambda: span_f1([], [(0, 1, "A"), (-1, 3, "A")]), r"spans_b\[1\]"),
        (lambda: span_f1([(0, math.nan, "A")], []), r"spans_a\[0\]"),
        (lambda: span_f1([(0, 1, ["A"])], []), r"spans_a\[0\]"),
        (lambda: span_f1(["no"], []), r"spans_a\[0\] is 'no'"),
        (lambda: span_f1(None, []), "spans_a has to be a list"),
        (lambda: span_f1(pd.DataFrame({"from": [1]}), []), "columns start and end"),
        (lambda: span_f1([], [], "fuzzy"), "no match 'fuzzy'"),
        (lambda: token_labels([], "a b", "bilou"), "no scheme 'bilou'"),
        (lambda: token_labels([], [(3, 4), (0, 1)]), "Sort them"),
        (lambda: token_labels([], 7), "tokens has to be an article"),
        (lambda: token_labels([], pd.DataFrame({"word": ["a"]})), "tokens has to be an article"),
        (lambda: token_alpha([[], []], "a b"), "layers has to give"),
        (lambda: token_alpha({"Ann": []}, "a b"), "two annotators or more"),
        (lambda: token_alpha({"Ann": [], "Ben": [(1, 0)]}, "a b"), r"layers\['Ben'\]\[0\]"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_told_with_a_way_out(call, says):
    with pytest.raises(NutgrafError, match=says):
        call()


def test_two_pieces_of_one_long_column_are_compared_place_by_place():
    long = pd.Series([*"AAB", *"ABB"])
    assert cohen(long[:3], long[3:]) == cohen(list("AAB"), list("ABB"))


# --- pairs, labels, annotators, items ----------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "measure"),
    [
        ("cohen", cohen),
        ("scott", scott),
        ("gwet_ac1", lambda a, b: gwet_ac1(pd.DataFrame({"a": a, "b": b}))),
    ],
)
@settings(max_examples=60)
@given(ratings=tables())
def test_each_pair_has_the_measure_of_its_two_columns(name, measure, ratings):
    table = pairwise(ratings, name)
    assert list(zip(table["a"], table["b"], strict=True)) == list(combinations(ratings, 2))
    for a, b, items, share, kappa in table.itertuples(index=False):
        assert items == ratings[[a, b]].notna().all(axis=1).sum()
        assert share == same(percent(ratings[[a, b]]))
        assert kappa == same(measure(ratings[a], ratings[b]))


def test_a_pair_without_common_items_has_no_figures():
    row = pairwise(pd.DataFrame({"a": ["A", None], "b": [None, "A"]})).iloc[0]
    assert row["items"] == 0
    assert math.isnan(row["percent"])
    assert math.isnan(row["kappa"])


def test_the_confusion_table_counts_rows_for_a_and_columns_for_b():
    a, b = from_table([[4, 1], [2, 3]])
    table = confusion(a, b)
    assert table.to_numpy().tolist() == [[4, 1], [2, 3]]
    assert (table.index.name, table.columns.name) == ("a", "b")
    assert table.index.tolist() == table.columns.tolist() == ["A", "B"]


def test_the_confusion_table_takes_the_names_of_the_columns():
    table = confusion(pd.Series(["A"], name="Ann"), pd.Series(["B"], name="Ben"))
    assert (table.index.name, table.columns.name) == ("Ann", "Ben")
    assert table.loc["A", "B"] == 1


def test_labels_that_are_numbers_stand_in_their_order():
    assert confusion([10, 9, 1], [1, 10, 9]).index.tolist() == [1, 9, 10]


def test_kappa_of_a_label_with_two_people_is_cohens_against_the_rest():
    readers = from_table([[6, 4, 1], [0, 5, 0], [0, 2, 3]])
    a, b = ([label == "B" for label in labels] for labels in readers)
    assert cohen(a, b) != pytest.approx(scott(a, b))
    table = per_label(two(*readers)).set_index("label")
    assert table.loc["B", "kappa"] == pytest.approx(cohen(a, b))


def test_kappa_of_a_label_with_many_people_is_fleiss_against_the_rest():
    ten = from_counts(TEN)
    table = per_label(ten).set_index("label")
    assert table.loc[4, "kappa"] == pytest.approx(fleiss(ten == 4))


def test_specific_agreement_counts_both_sides():
    # 20 agreed on A; 5 + 10 said A alone.
    table = per_label(two(*from_table([[20, 5], [10, 15]]))).set_index("label")
    assert table.loc["A", "agreement"] == pytest.approx(2 * 20 / (2 * 20 + 5 + 10))
    assert table.loc["A", ["n", "items"]].tolist() == [55, 35]


@given(tables())
def test_specific_agreement_averages_to_percent_when_nothing_is_missing(ratings):
    ratings = ratings.fillna("C")
    table = per_label(ratings)
    mean = np.average(table["agreement"], weights=table["n"])
    assert mean == pytest.approx(percent(ratings))


def test_an_annotator_is_compared_with_all_others():
    ratings = pd.DataFrame({"p": list("AABB"), "q": list("AABB"), "r": list("ABBA")})
    table = per_annotator(ratings).set_index("annotator")
    assert table["percent"].to_dict() == {"p": 0.75, "q": 0.75, "r": 0.5}
    assert table["kappa"].to_dict() == {"p": 0.5, "q": 0.5, "r": 0.0}
    assert table["alone"].to_dict() == {"p": 0, "q": 0, "r": 2}
    assert table["items"].tolist() == [4, 4, 4]


def test_an_annotator_without_labels_has_a_row_and_no_figures():
    table = per_annotator(two(["A", "B"], ["A", "A"]).assign(nobody=None)).set_index("annotator")
    assert table.loc["nobody", ["items", "alone"]].tolist() == [0, 0]
    assert math.isnan(table.loc["nobody", "kappa"])
    assert table.loc["a", "percent"] == 0.5


def test_the_most_split_items_come_first():
    ratings = pd.DataFrame(
        [list("AAAA"), list("AAAB"), list("AABB"), list("ABCD"), ["A", None, None, None]],
        index=["same", "three to one", "even", "all differ", "lone"],
    )
    table = disagreements(ratings)
    assert table["item"].tolist() == ["all differ", "even", "three to one", "same"]
    assert table["entropy"].tolist() == pytest.approx([2, 1, 0.811278, 0])
    assert table["majority"].tolist() == [None, None, "A", "A"]
    assert table["votes"].tolist()[2:] == ["A 3, B 1", "A 4"]


def test_equally_split_items_stay_in_their_order():
    # One, two and three of six, with other labels in other places.
    rows = ["ABBCCC", "AABCCC", "AAABBC", "ABBBCC", "AABBBC", "AAABCC"]
    split = pd.DataFrame(map(list, rows), index=[5, 3, 9, 1, 2, 4])
    assert disagreements(split)["item"].tolist() == [5, 3, 9, 1, 2, 4]


def test_the_two_readers_split_on_four_of_the_nineteen_sentences():
    table = disagreements(two(REFERENCE, SECOND))
    assert table.query("entropy > 0")["item"].tolist() == [5, 10, 12, 15]


@pytest.mark.parametrize("function", [per_label, per_annotator, disagreements, pairwise])
def test_a_table_without_items_to_compare_gives_a_table(function):
    table = function(pd.DataFrame({"a": ["A", None], "b": [None, "B"]}))
    assert table.columns.tolist() == function(FIT).columns.tolist()


# --- kappa in its parts ------------------------------------------------------------------------


def test_the_parts_of_kappa_can_be_followed_by_hand():
    part = explain(REFERENCE, SECOND).set_index("part")
    assert part.loc["observed", "value"] == 15 / 19
    assert part.loc["observed", "how"] == "15 / 19"
    assert part.loc["chance: F", "how"] == "3/19 × 3/19"
    assert part.loc["expected", "value"] == pytest.approx((9 * 9 + 3 * 3 + 7 * 7) / 19**2)
    assert part.loc["kappa", "how"] == "(0.789 − 0.385) / (1 − 0.385)"
    assert part.loc["kappa", "value"] == cohen(REFERENCE, SECOND)
    assert "note" not in part.index


@pytest.mark.parametrize(
    ("cells", "kappa", "noted"),
    [([[40, 9], [6, 45]], 0.70, False), ([[80, 10], [5, 5]], 0.32, True)],
)
def test_the_same_agreement_is_noted_where_one_label_prevails(cells, kappa, noted):
    part = explain(*from_table(cells)).set_index("part")
    assert part.loc["observed", "value"] == 0.85
    assert round(part.loc["kappa", "value"], 2) == kappa
    assert ("note" in part.index) == noted
    assert part.loc["pabak", "value"] == pytest.approx(0.70)


@pytest.mark.parametrize(("a", "b"), [("AAA", "AAA"), ("AAB", "CDC")])
def test_the_parts_of_the_ends_of_the_scale(a, b):
    part = explain(list(a), list(b)).set_index("part")["value"]
    assert part["kappa"] == cohen(list(a), list(b))
    assert 0 <= part["bias"] <= 1
    assert 0 <= part["prevalence"] <= 1


def test_no_common_items_leave_the_parts_empty():
    part = explain(["A", None], [None, "A"]).set_index("part")["value"]
    assert part["items"] == 0
    assert part[["observed", "expected", "kappa"]].isna().all()


# --- intervals --------------------------------------------------------------------------------


@pytest.mark.parametrize("measure", agreement.MEASURES)
def test_the_same_seed_gives_the_same_interval_and_another_seed_another(measure):
    assert interval(FIT, measure, seed=3) == interval(FIT, measure, seed=3)
    assert interval(FIT, measure, n=37, seed=3) != interval(FIT, measure, n=37, seed=4)


@pytest.mark.parametrize(
    ("name", "measure"),
    [
        ("percent", percent),
        ("cohen", lambda drawn: cohen(drawn["p"], drawn["q"])),
        ("scott", lambda drawn: scott(drawn["p"], drawn["q"])),
        ("fleiss", fleiss),
        ("krippendorff", krippendorff),
    ],
)
@settings(max_examples=10)
@given(ratings=tables(people=(2, 2)), seed=st.integers(0, 99))
def test_the_fast_interval_is_the_slow_one(name, measure, ratings, seed):
    slow = interval(ratings, measure, n=20, seed=seed)
    assert interval(ratings, name, n=20, seed=seed) == pytest.approx(slow, nan_ok=True)


def test_the_interval_of_the_two_readers_is_wide():
    low, high = interval(FIT, "cohen", n=10_000)
    assert low == pytest.approx(0.28, abs=0.03)
    assert high == pytest.approx(0.92, abs=0.02)


@pytest.mark.parametrize("measure", ["percent", "fleiss", "krippendorff", "gwet_ac1"])
def test_the_interval_mostly_holds_the_measure_itself(measure):
    random = np.random.default_rng(7)
    held = 0
    for _ in range(50):
        ratings = pd.DataFrame(random.choice(list("AAB"), size=(15, 3)))
        low, high = interval(ratings, measure, n=200)
        held += low <= MANY[measure](ratings) <= high
    assert held >= 48


def test_more_items_give_a_narrower_interval():
    low, high = interval(FIT, "krippendorff")
    narrow_low, narrow_high = interval(pd.concat([FIT] * 20), "krippendorff")
    assert narrow_high - narrow_low < (high - low) / 3


def test_a_higher_level_gives_a_wider_interval():
    low, high = interval(FIT, "cohen", level=0.5)
    wide_low, wide_high = interval(FIT, "cohen", level=0.99)
    assert wide_low < low < high < wide_high


def test_drawing_in_portions_changes_nothing(monkeypatch):
    whole = interval(FIT, "cohen", n=100)
    monkeypatch.setattr(agreement, "_AT_ONCE", 190)
    assert interval(FIT, "cohen", n=100) == pytest.approx(whole)


@pytest.mark.parametrize("measure", ["percent", "cohen", percent])
def test_without_items_the_interval_is_nan(measure):
    apart = pd.DataFrame({"a": ["A", None], "b": [None, "B"]})
    assert all(map(math.isnan, interval(apart, measure)))


def test_two_people_among_empty_columns_have_a_cohens_interval():
    assert interval(FIT.assign(nobody=None), "cohen") == interval(FIT, "cohen")


# --- spans ------------------------------------------------------------------------------------

spans = st.lists(
    st.tuples(st.integers(0, 30), st.integers(1, 12), st.sampled_from("AB")).map(
        lambda drawn: (drawn[0], drawn[0] + drawn[1], drawn[2])
    ),
    max_size=8,
)
MATCHES = ["exact", "overlap", "type"]


def overall(table: pd.DataFrame) -> pd.Series:
    assert table["label"].iloc[-1] == "all"
    return table.iloc[-1]


@pytest.mark.parametrize(
    ("match", "matched"),
    [("exact", 1), ("type", 2), ("overlap", 3)],
)
def test_each_way_to_match_asks_for_less(match, matched):
    a = [(0, 5, "QUOTE"), (10, 15, "LOADED"), (20, 25, "LOADED"), (40, 45, "VAGUE")]
    b = [(0, 5, "QUOTE"), (12, 18, "LOADED"), (24, 28, "VAGUE"), (45, 50, "VAGUE")]
    row = overall(span_f1(a, b, match))
    assert row["matched"] == matched
    assert row["precision"] == row["recall"] == row["f1"] == matched / 4


def test_span_f1_has_a_row_for_each_label():
    table = span_f1([(0, 5, "B"), (7, 9, "A")], [(0, 5, "B"), (6, 7, "B")]).set_index("label")
    assert table.index.tolist() == ["A", "B", "all"]
    assert table.loc["B", ["a", "b", "matched"]].tolist() == [1, 2, 1]
    assert table.loc["B", "precision"] == 1
    assert table.loc["B", "recall"] == 0.5
    assert table.loc["A", "f1"] == 0
    assert math.isnan(table.loc["A", "recall"])


def test_without_any_span_there_is_no_figure():
    row = overall(span_f1([], []))
    assert row[["precision", "recall", "f1"]].isna().all()


@pytest.mark.parametrize("match", MATCHES)
@given(one=spans)
def test_spans_agree_with_themselves(match, one):
    assume(one)
    assert overall(span_f1(one, one[::-1], match))["f1"] == 1


@pytest.mark.parametrize("match", MATCHES)
@given(one=spans, other=spans)
def test_swapping_the_layers_swaps_precision_and_recall(match, one, other):
    there, back = span_f1(one, other, match), span_f1(other, one, match)
    assert there["f1"].tolist() == pytest.approx(back["f1"].tolist(), nan_ok=True)
    assert there["precision"].tolist() == pytest.approx(back["recall"].tolist(), nan_ok=True)


@given(one=spans, other=spans)
def test_exact_matches_are_what_two_bags_of_spans_share(one, other):
    shared = (Counter(one) & Counter(other)).total()
    assert overall(span_f1(one, other))["matched"] == shared


@given(one=spans, other=spans)
def test_each_span_is_paired_once_and_none_is_left_that_could_be(one, other):
    pairs = boundary_distance(one, other)
    a = Counter(zip(pairs["a_start"], pairs["a_end"], pairs["label"], strict=True))
    b = Counter(zip(pairs["b_start"], pairs["b_end"], pairs["label"], strict=True))
    assert a <= Counter(one)
    assert b <= Counter(other)
    assert not [
        (left, right)
        for left in Counter(one) - a
        for right in Counter(other) - b
        if left[2] == right[2] and min(left[1], right[1]) > max(left[0], right[0])
    ]


def test_the_largest_overlap_is_paired_first():
    row = boundary_distance([(0, 10, "A"), (8, 20, "A")], [(6, 20, "A")]).iloc[0]
    assert (row["a_start"], row["overlap"]) == (8, 12)


def test_among_equal_overlaps_the_closer_ends_are_paired_first():
    row = boundary_distance([(0, 10, "A"), (2, 6, "A")], [(2, 6, "A")]).iloc[0]
    assert (row["a_start"], row["a_end"]) == (2, 6)


def test_among_equal_places_the_same_label_is_paired_first():
    table = span_f1([(0, 5, "A"), (0, 5, "B")], [(0, 5, "B")], "overlap").set_index("label")
    assert table["matched"].to_dict() == {"A": 0, "B": 1, "all": 1}


def test_boundary_distances_say_which_way_the_ends_moved():
    row = boundary_distance([(10, 20, "A")], [(8, 25, "A")]).iloc[0]
    assert (row["start_difference"], row["end_difference"]) == (-2, 5)


def test_spans_may_come_as_a_table_and_without_labels(article):
    quotes = pd.DataFrame(article.reference["quotations"])
    bare = [(one["start"], one["end"]) for one in article.reference["quotations"]]
    table = span_f1(quotes, bare)
    assert table["label"].tolist() == ["", "all"]
    assert overall(table)["f1"] == 1


def test_many_spans_are_matched_in_a_moment():
    one = [(place, place + 3, "A") for place in range(0, 40_000, 4)]
    other = [(start + 1, end + 1, label) for start, end, label in one]
    assert overall(span_f1(one, other, "overlap"))["f1"] == 1


# --- words ------------------------------------------------------------------------------------

TEXT = "He 😀 said “go home” now"
QUOTE = (TEXT.index("“"), TEXT.index("”") + 1, "QUOTE")
HOME = (TEXT.index("home"), TEXT.index("home") + 4, "LOADED")


@pytest.mark.parametrize(
    ("scheme", "labels"),
    [
        ("bio", ["O", "O", "B-QUOTE", "B-LOADED|I-QUOTE", "O"]),
        ("inside", ["O", "O", "QUOTE", "LOADED|QUOTE", "O"]),
    ],
)
def test_a_word_has_the_labels_of_the_spans_it_touches(scheme, labels):
    assert token_labels([QUOTE, HOME], TEXT, scheme) == labels


def test_spans_without_labels_give_the_bare_letters():
    assert token_labels([QUOTE[:2]], TEXT) == ["O", "O", "B", "I", "O"]
    assert token_labels([QUOTE[:2]], TEXT, "inside") == ["O", "O", "I", "I", "O"]


def test_neighbouring_spans_begin_anew():
    assert token_labels([(0, 1, "A"), (2, 3, "A")], "a b c") == ["B-A", "B-A", "O"]


def test_overlapping_spans_of_one_label_count_as_one():
    assert token_labels([(0, 3, "A"), (2, 5, "A")], "a b c") == ["B-A", "I-A", "I-A"]


def test_half_a_word_marked_is_a_word_marked():
    assert token_labels([(2, 4, "A")], "homeland now") == ["B-A", "O"]


def test_a_span_between_words_marks_none():
    assert token_labels([(1, 2, "A")], "a b") == ["O", "O"]


@pytest.mark.parametrize("form", [lambda one: one, lambda one: one.text, lambda one: one.words])
def test_the_words_of_the_quotations_are_those_of_the_reference(article, form):
    quotes = article.reference["quotations"]
    spans = [(one["start"], one["end"], "QUOTE") for one in quotes]
    labels = token_labels(spans, form(article))
    assert len(labels) == len(article.words)
    assert labels.count("B-QUOTE") == len(quotes)
    assert sum(label != "O" for label in labels) == sum(one["words"] for one in quotes)


def test_a_table_with_a_column_named_words_is_still_a_table():
    table = pd.DataFrame({"start": [0, 2], "end": [1, 3], "words": [1, 1]})
    assert token_labels([(2, 3, "A")], table) == ["O", "B-A"]


def test_alpha_of_words_is_alpha_of_their_labels(article):
    loaded = [
        (one["start"], one["end"], "LOADED", one["level"])
        for one in article.reference["loaded_language"]
    ]
    layers = {
        "all": [one[:3] for one in loaded],
        "core": [one[:3] for one in loaded if one[3] == "core"],
    }
    table = token_alpha(layers, article).set_index("label")
    words = {name: token_labels(layer, article) for name, layer in layers.items()}
    assert table.loc["LOADED", "alpha"] == pytest.approx(krippendorff(pd.DataFrame(words)))
    assert table.loc["LOADED", "words"] == sum(word != "O" for word in words["all"])
    # One label: its row and "all" say the same.
    assert table.loc["all", "alpha"] == pytest.approx(table.loc["LOADED", "alpha"])


def test_half_of_the_labels_of_a_word_count_for_something():
    layers = {"Ann": [QUOTE, HOME], "Ben": [QUOTE]}
    table = token_alpha(layers, TEXT).set_index("label")
    assert table.loc["QUOTE", "alpha"] == 1
    assert table.loc["LOADED", "alpha"] == 0
    assert 0 < table.loc["all", "alpha"] < 1


def test_layers_without_marks_agree():
    assert token_alpha({"Ann": [], "Ben": []}, TEXT)["alpha"].tolist() == [1.0]


def test_a_text_without_words_has_no_alpha():
    assert token_alpha({"Ann": [], "Ben": []}, "…")["alpha"].isna().all()


@settings(max_examples=60)
@given(one=spans, other=spans)
def test_alpha_of_words_lies_between_minus_one_and_one(one, other):
    text = "ab cd e fgh ij 漢字 k l mn é́ op q rst"
    assert token_alpha({"Ann": one, "Ben": other}, text)["alpha"].between(-1, 1.000001).all()


# --- the module -------------------------------------------------------------------------------


def test_importing_the_module_loads_nothing_heavy():
    program = (
        "import sys, nutgraf.agreement; "
        "print([name for name in ('numpy', 'pandas', 'nltk') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
