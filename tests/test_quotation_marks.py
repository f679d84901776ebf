"""Marks that another language uses the other way round; the rest is in test_quoting.py."""

from __future__ import annotations

import pytest

from nutgraf.quotation_marks import quotation_spans


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Il dit « oui » et « non », elle dit «peut-être».", ["« oui »", "« non »", "«peut-être»"]),
        ("« Un.\n\n« Deux. »", ["« Un.\n\n« Deux. »"]),
        ("Er sagt »ja« und »nein«, »vielleicht«.", ["»ja«", "»nein«", "»vielleicht«"]),
        ("Hon sa »ja» och ”nej”.", ["»ja»", "”nej”"]),
        ("«Oui», dit-il. »Ja«, sagt er.", ["«Oui»", "»Ja«"]),
        ('He said "yes" and "', ['"yes"']),
    ],
    ids=["French", "French, two paragraphs", "German", "Swedish", "both", "one left over"],
)
def test_marks_are_paired_whichever_way_they_point(text: str, wanted: list[str]):
    assert [text[start:end] for start, end in quotation_spans(text)] == wanted
