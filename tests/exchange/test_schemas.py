"""Everything the kit can ask, in each format, checked against schemas; see schemas/README.md."""

from __future__ import annotations

import os
import re
import zipfile
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import xmlschema

from nutgraf.exchange import FORMS, export
from nutgraf.quizzes import all_items
from tests.exchange import items as made
from tests.exchange.readers import problems

OFFICIAL = os.environ.get("NUTGRAF_IMS_SCHEMAS", "")


@pytest.fixture(scope="module")
def documents(tmp_path_factory) -> list[tuple[str, str, bytes]]:
    """(schema, where, document) for every XML document of the kit's items and the invented ones."""
    found = []
    for folder, items in (("kit", all_items().values()), ("made", made.ALL)):
        out = tmp_path_factory.mktemp(folder)
        export(items, out, forms=tuple(FORMS))
        found += [("moodle", str(path), path.read_bytes())
                  for path in (out / "moodle-xml").iterdir()]  # fmt: skip
        for path in sorted(out.glob("qti*/*.zip")):
            with zipfile.ZipFile(path) as package:
                for name in package.namelist():
                    schema = {"qti": "qti12", "qti21": "qti21"}[path.parent.name]
                    schema = "manifest" if name == "imsmanifest.xml" else schema
                    if not name.endswith("assessment_meta.xml"):
                        found.append((schema, f"{path}/{name}", package.read(name)))
    return found


def test_every_document_follows_its_schema(documents):
    assert {schema for schema, _, _ in documents} == {"qti12", "qti21", "manifest", "moodle"}
    assert len(documents) > 170
    wrong = [(where, problems(schema, text)) for schema, where, text in documents]
    assert [one for one in wrong if one[1]] == []


@pytest.mark.parametrize(
    ("schema", "pattern", "instead"),
    [
        ("qti12", rb'<setvar action="Set"', b'<setvar action="Put"'),
        ("qti12", rb"<itemmetadata>.*?</itemmetadata>", b""),
        ("qti12", rb'(<item ident="[^"]*") title="[^"]*"', rb"\1"),
        ("qti12", rb'rcardinality="Single"', b'rcardinality="One"'),
        ("qti12", rb"(<presentation>.*?</presentation>)(<resprocessing>.*?</resprocessing>)",
         rb"\2\1"),
        ("qti12", rb'linkrefid="general_fb"', b""),
        ("qti21", rb'adaptive="false"', b""),
        ("qti21", rb"<itemBody>.*?</itemBody>", b""),
        ("qti21", rb'cardinality="single" baseType="float"', b'cardinality="one" baseType="float"'),
        ("qti21", rb"<p>", b"<p><blockquote></blockquote>"),
        ("qti21", rb'showHide="show"', b'showHide="maybe"'),
        ("manifest", rb' type="imsqti_[a-z0-9_]*"', b""),
        ("manifest", rb"<organizations />", b""),
        ("manifest", rb' identifier="', b' ident="'),
        ("moodle", rb'fraction="100"', b'fraction="101"'),
        ("moodle", rb"<questiontext .*?</questiontext>", b""),
        ("moodle", rb"<idnumber>.*?</idnumber>", b""),
        ("moodle", rb"<single>true", b"<single>yes"),
        ("moodle", rb"<defaultgrade>1", b"<defaultgrade>one"),
    ],
)  # fmt: skip
def test_the_schemas_refuse_what_is_broken(documents, schema, pattern, instead):
    for kind, _, text in documents:
        if kind == schema:
            broken = re.sub(pattern, instead, text, count=1, flags=re.DOTALL)
            if broken != text:
                assert problems(schema, broken)
                return
    raise AssertionError("nothing to break was found")


def test_every_name_a_document_refers_to_is_in_it(documents):
    for schema, where, text in documents:
        root = ET.fromstring(text)
        if schema == "qti12":
            for item in root.iter("{http://www.imsglobal.org/xsd/ims_qtiasiv1p2}item"):
                names = {one.get("ident") for one in item.iter()}
                shown = {one.get("linkrefid") for one in item.iter()} - {None}
                asked = {one.get("respident") for one in item.iter()} - {None}
                assert shown | asked <= names, where
        if schema == "qti21" and root.tag.endswith("assessmentItem"):
            names = {one.get("identifier") for one in root.iter()}
            values = [one for one in root.iter() if one.get("baseType") == "identifier"]
            assert {one.text for one in values if one.text} <= names, where


# --- with the files of IMS -------------------------------------------------------------------


def official(*names: str) -> Path:
    """The first of these files that is there; without one the test is left out."""
    for name in names:
        if OFFICIAL and (Path(OFFICIAL) / name).is_file():
            return Path(OFFICIAL) / name
    pytest.skip(
        "IMS's schema files may not be handed on; tests/exchange/schemas tells how to use them"
    )


@pytest.mark.parametrize(
    ("schema", "names"),
    [
        ("qti12", ("ims_qtiasiv1p2p1.xsd",)),
        ("qti21", ("imsqti_v2p1.xsd",)),
        ("manifest", ("imscp_v1p1.xsd",)),
    ],
)
def test_every_document_follows_the_schema_of_ims(documents, schema, names):
    rules = xmlschema.XMLSchema(official(*names), allow="local")
    for kind, where, text in documents:
        if kind == schema:
            assert list(rules.iter_errors(ET.fromstring(text))) == [], where


def test_every_qti_1_2_document_follows_the_dtd_of_ims(documents):
    path = official("ims_qtiasiv1p2p1.dtd")
    etree = pytest.importorskip("lxml.etree")
    dtd = etree.DTD(str(path))
    for kind, where, text in documents:
        if kind == "qti12":
            namespace = b' xmlns="http://www.imsglobal.org/xsd/ims_qtiasiv1p2"'
            root = etree.fromstring(text.replace(namespace, b""))
            assert dtd.validate(root), (where, dtd.error_log)
