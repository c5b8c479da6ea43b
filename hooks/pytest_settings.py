"""Settings of pytest that a starter keeps outside pyproject.toml, where ours would overrule them.

pytest reads the first of pytest.ini, pyproject.toml, tox.ini and setup.cfg that speaks of it:
https://docs.pytest.org/en/stable/reference/customize.html
"""

from pathlib import Path

import toml_tables

_OVERRULED = {"tox.ini": "[pytest]", "setup.cfg": "[tool:pytest]"}


def left_to_theirs(ours: str) -> str:
    """Return our tables, without pytest's where a file of theirs has settings that ours would hide."""
    if not any(_has(Path(name), header) for name, header in _OVERRULED.items()):
        return ours
    found = toml_tables.tables(ours)
    kept = [block for path, block in found if path[:2] != ("tool", "pytest")]
    return ours if len(kept) == len(found) else "".join(kept).rstrip() + "\n"


def _has(file: Path, header: str) -> bool:
    text = file.read_bytes().decode("utf-8", "replace") if file.is_file() else ""
    return any(line.strip() == header for line in text.splitlines())
