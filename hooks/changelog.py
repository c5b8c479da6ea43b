"""The template's CHANGELOG.md, read by its headings: what an update or a release brings."""

import re
from dataclasses import dataclass

_HEADING = re.compile(r"^## +\[?v?([^\]\s]+)", re.MULTILINE)
_BULLET = re.compile(r"^- +(.+(?:\n(?!- |#).*\S.*)*)", re.MULTILINE)
_UNRELEASED = "unreleased"


@dataclass(frozen=True, slots=True)
class Section:
    """One version's part: its name as the heading has it, and the text below."""

    version: str
    text: str

    @property
    def bullets(self) -> list[str]:
        """Each point as one line."""
        return [" ".join(found[1].split()) for found in _BULLET.finditer(self.text)]


def sections(text: str) -> list[Section]:
    """Return the parts of a changelog, in its order (newest first)."""
    found = list(_HEADING.finditer(text))
    ends = [heading.start() for heading in found[1:]] + [len(text)]
    return [
        Section(heading[1], text[heading.end() : end].partition("\n")[2].strip())
        for heading, end in zip(found, ends, strict=True)
    ]


def between(text: str, old: str, new: str) -> list[Section]:
    """Return what came after version `old`, up to `new`.

    Versions are as Copier gives them: a tag (v1.2.0), or a tag and the commits since
    (v1.2.0-3-g0f1e2d3), which then has of the next version what stands under "Unreleased".
    """
    low, high = release(old), release(new)
    ahead = re.search(r"-\d+-g[0-9a-f]+$", new) is not None or not high
    return [
        part
        for part in sections(text)
        if (ahead and part.version.lower() == _UNRELEASED)
        or (release(part.version) and low < release(part.version) <= high)
    ]


def release(version: str) -> tuple[int, ...]:
    """Return the numbers of a version, always three; () where it has none (a bare commit)."""
    found = re.match(r"v?(\d+)\.(\d+)(?:\.(\d+))?", version.strip())
    return tuple(int(number or 0) for number in found.groups()) if found else ()
