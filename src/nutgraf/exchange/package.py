"""Zip packages with a manifest, after IMS Content Packaging 1.1.4; both QTI formats use them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from xml.etree import ElementTree as ET

IMSCP = "http://www.imsglobal.org/xsd/imscp_v1p1"
XSI = "http://www.w3.org/2001/XMLSchema-instance"

MANIFEST = "imsmanifest.xml"

THEN = (1980, 1, 1, 0, 0, 0)
"""The time of every file in a package, so that the same questions give the same bytes."""


@dataclass(frozen=True)
class Resource:
    """What a manifest says of something in the package; the first file is its entry."""

    id: str
    type: str
    files: tuple[str, ...]
    needs: tuple[str, ...] = ()
    href: bool = True


def manifest(id: str, schema: tuple[str, str], resources: Iterable[Resource]) -> bytes:
    """The manifest as XML. schema: what the package follows, and in which version."""
    root = ET.Element("manifest", {"xmlns": IMSCP, "identifier": id})
    metadata = ET.SubElement(root, "metadata")
    ET.SubElement(metadata, "schema").text = schema[0]
    ET.SubElement(metadata, "schemaversion").text = schema[1]
    ET.SubElement(root, "organizations")
    listed = ET.SubElement(root, "resources")
    for one in resources:
        entry = ET.SubElement(listed, "resource", {"identifier": one.id, "type": one.type})
        if one.href:
            entry.set("href", one.files[0])
        for name in one.files:
            ET.SubElement(entry, "file", {"href": name})
        for name in one.needs:
            ET.SubElement(entry, "dependency", {"identifierref": name})
    return as_xml(root)


def as_xml(root: ET.Element) -> bytes:
    """An XML file. Nothing is indented: white space between words belongs to the words."""
    return ET.tostring(root, encoding="UTF-8", xml_declaration=True) + b"\n"


def zipped(files: Mapping[str, bytes]) -> bytes:
    """A zip of these files, the manifest first, the same bytes on every machine.

    Nothing is compressed: versions of zlib differ in what they make of the same bytes.
    """
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as package:
        for name in sorted(files, key=lambda name: (name != MANIFEST, name)):
            entry = zipfile.ZipInfo(name, THEN)
            entry.create_system = 3
            entry.external_attr = 0o644 << 16
            package.writestr(entry, files[name])
    return stream.getvalue()
