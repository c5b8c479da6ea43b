"""Which files here came from the template: the first commit holds those and no others.

Copier does not tell its tasks what it wrote. So the template's paths are rendered once more, by
the three forms that they have: an overlay folder, the package's name, the answers file's name.
"""

import re
from pathlib import Path

TEMPLATE = Path(__file__).resolve().parent.parent / "template"
_CONDITION = re.compile(r"\{%.*?%\}")
_PACKAGE = re.compile(r"\{\{\s*package_name\s*\}\}")
_ANSWERS = re.compile(r"\{\{\s*_copier_conf\.answers_file\s*\}\}")
_CLOCK = 3.0  # seconds: file systems round, and a file written in this run may look older


def files(package: str, answers_file: str) -> list[Path]:
    """Return the files here that this run rendered, whatever the answers were.

    A file at the same path that was here before (Copier skips it) is older than what is surely
    ours, and stays out; but not one that holds what ours would, of a copy that was killed.
    """
    found = [
        path for path in possible(package, answers_file) if path.is_file() and not path.is_symlink()
    ]
    ours = [path for path in found if path.parts[:2] == ("src", "scaffold")]
    oldest = min((path.stat().st_mtime for path in ours), default=0.0) - _CLOCK
    return sorted({path for path in found if path.stat().st_mtime >= oldest or _verbatim(path)})


def _verbatim(path: Path) -> bool:
    source = TEMPLATE / path
    return source.is_file() and source.read_bytes() == path.read_bytes()


def possible(package: str, answers_file: str = ".copier-answers.yml") -> list[Path]:
    """Return every path that the template can make, whatever the answers."""
    paths = []
    for source in TEMPLATE.rglob("*"):
        if source.is_dir():
            continue
        name = source.relative_to(TEMPLATE).as_posix()
        if name.startswith("{% if starter %}"):
            continue  # waits to be merged; see starter.py
        name = _PACKAGE.sub(package, _ANSWERS.sub(answers_file, _CONDITION.sub("", name)))
        paths.append(Path(name.removesuffix(".jinja")))
    return paths
