"""Print what CHANGELOG.md says of a version: the text of its release. Exit 1 where it says nothing.

python .github/scripts/release_notes.py v1.2.0
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def main(arguments: list[str]) -> int:
    """Print the section of the version that is named."""
    sys.path.insert(0, str(ROOT / "hooks"))
    import changelog

    version = arguments[0]
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    numbers = changelog.release(version)
    found = [
        part.text for part in changelog.sections(text) if changelog.release(part.version) == numbers
    ]
    if not numbers or not found or not found[0]:
        print(f"CHANGELOG.md has no section, or an empty one, for {version}.", file=sys.stderr)
        return 1
    print(found[0])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
