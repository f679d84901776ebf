"""Thirty annotators, two thousand items: agreement by the kit and by what people would use instead.

python -m pytest tests/benchmarks/test_agreement_speed.py --benchmark-only

NLTK's kappa takes most of a minute, and runs once.
"""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
import pytest

from nutgraf import agreement

PEOPLE, ITEMS = 30, 2_000


@pytest.fixture(scope="module")
def ratings() -> pd.DataFrame:
    """Everybody gives the right one of five labels in seven cases of ten, else any."""
    random = np.random.default_rng(0)
    right = random.integers(5, size=(ITEMS, 1))
    guess = random.integers(5, size=(ITEMS, PEOPLE))
    codes = np.where(random.random((ITEMS, PEOPLE)) < 0.7, right, guess)
    labels = np.array(["CLAIM", "OPINION", "FORECAST", "QUOTE", "VAGUE"])
    return pd.DataFrame(labels[codes], columns=[f"annotator {n:02}" for n in range(PEOPLE)])


@pytest.fixture(scope="module")
def gaps(ratings: pd.DataFrame) -> pd.DataFrame:
    """The same with one label in twenty missing."""
    return ratings.mask(np.random.default_rng(1).random(ratings.shape) < 0.05)


def as_triples(ratings: pd.DataFrame) -> list[tuple]:
    long = ratings.stack().dropna()
    return [(who, item, label) for (item, who), label in long.items()]


def task(ratings: pd.DataFrame):
    from nltk.metrics.agreement import AnnotationTask

    return AnnotationTask(as_triples(ratings))


@pytest.mark.benchmark(group="kappa of 435 pairs")
def test_kappa_of_all_pairs_beside_nltk(benchmark, ratings):
    """The two in turn in one run; NLTK's data are loaded before its clock starts."""
    theirs = task(ratings)
    began = time.perf_counter()
    kappa = theirs.kappa()
    nltk = time.perf_counter() - began

    pairs = benchmark.pedantic(agreement.pairwise, (ratings,), rounds=30, warmup_rounds=2)
    assert pairs["kappa"].mean() == pytest.approx(kappa)
    if benchmark.stats:
        median = benchmark.stats.stats.median
        benchmark.extra_info["nltk, s"] = round(nltk, 2)
        benchmark.extra_info["times faster"] = round(nltk / median)
        print(f"\nnltk {nltk:.2f} s, nutgraf {median * 1000:.1f} ms: {nltk / median:,.0f} times")


@pytest.mark.benchmark(group="Fleiss' kappa")
def test_fleiss_by_nutgraf(benchmark, ratings):
    benchmark.pedantic(agreement.fleiss, (ratings,), rounds=30, warmup_rounds=2)


@pytest.mark.benchmark(group="Fleiss' kappa")
def test_fleiss_by_nltk(benchmark, ratings):
    theirs = task(ratings)
    assert benchmark.pedantic(theirs.pi, rounds=1) == pytest.approx(agreement.fleiss(ratings))


@pytest.mark.benchmark(group="Krippendorff's alpha, 5% missing")
def test_alpha_by_nutgraf(benchmark, gaps):
    benchmark.pedantic(agreement.krippendorff, (gaps,), rounds=30, warmup_rounds=2)


@pytest.mark.benchmark(group="Krippendorff's alpha, 5% missing")
def test_alpha_by_nltk(benchmark, gaps):
    theirs = task(gaps)
    assert benchmark.pedantic(theirs.alpha, rounds=5) == pytest.approx(agreement.krippendorff(gaps))


@pytest.mark.benchmark(group="Krippendorff's alpha, 5% missing")
def test_alpha_by_krippendorff(benchmark, gaps):
    package = pytest.importorskip("krippendorff")

    def alpha() -> float:  # it wants numbers; from the same table of words as ours
        codes, _ = pd.factorize(gaps.to_numpy(dtype=object).ravel())
        numbers = np.where(codes < 0, np.nan, codes).reshape(gaps.shape).T
        return package.alpha(reliability_data=numbers, level_of_measurement="nominal")

    theirs = benchmark.pedantic(alpha, rounds=30, warmup_rounds=2)
    assert theirs == pytest.approx(agreement.krippendorff(gaps))


@pytest.mark.benchmark(group="bootstrap, 1,000 draws")
@pytest.mark.parametrize("measure", ["percent", "fleiss", "krippendorff", "gwet_ac1"])
def test_interval_of_all(benchmark, gaps, measure):
    low, high = benchmark.pedantic(agreement.interval, (gaps, measure), rounds=10, warmup_rounds=1)
    assert low < high


@pytest.mark.benchmark(group="bootstrap, 1,000 draws")
def test_interval_of_cohens_kappa(benchmark, gaps):
    both = gaps.iloc[:, :2]
    low, high = benchmark.pedantic(agreement.interval, (both, "cohen"), rounds=10, warmup_rounds=1)
    assert low < high
