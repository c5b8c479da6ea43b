"""Whatever was edited, added, deleted or renamed, of whichever version: an update loses none of it.

25 examples; 300 with TAKEHOME_NIGHTLY=1.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from history import Work, commit, update
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from rendering import git

# Read before a test's settings take every TAKEHOME_ variable away.
NIGHTLY = os.environ.get("TAKEHOME_NIGHTLY") == "1"
ANSWERS = (
    {"kind": "extract"},
    {"kind": "blank", "vendors": ["compatible"]},
    {"kind": "blank", "parts": ["documents"], "starter": True},
)
# Free names, names that later versions bring, and names in folders of either owner.
NEW = (
    ".editorconfig",
    "CITATION.cff",
    "Makefile",
    "src/scaffold/added.py",
    "src/scaffold/mine.py",
    "src/my_task/reading.py",
    "src/my_task/deep/er.py",
    "tests/unit/test_deep.py",
    "docs/notes é.md",
    "data/more data.jsonl",
)


@dataclass(frozen=True)
class Edit:
    """One thing that a person does to one file; `which` chooses the file among those there are."""

    what: str
    which: int
    new: str

    def apply(self, folder: Path, number: int) -> None:
        """Do it."""
        kept = {".copier-answers.yml"}  # Copier's own record, not to be edited
        names = sorted(set(git(folder, "ls-files", "-z").split("\0")) - {""} - kept)
        here = [name for name in names if (folder / name).is_file()]
        if not here:
            return
        file, target = folder / here[self.which % len(here)], folder / self.new
        line = f"# mine, number {number}\n".encode()
        if self.what == "delete":
            file.unlink()
        elif self.what == "rename" and not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            file.rename(target)
        elif self.what == "add" and not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(line * 3)
        elif self.what == "rewrite":
            file.write_bytes(line)
        else:
            lines = file.read_bytes().splitlines(keepends=True)
            lines.insert(self.which * 7 % (len(lines) + 1), line)
            file.write_bytes(b"".join(lines))


EDITS = st.builds(
    Edit,
    st.sampled_from(["insert", "insert", "insert", "rewrite", "delete", "rename", "add"]),
    st.integers(0, 10_000),
    st.sampled_from(NEW),
)


# In batches, so that the machine's cores share them.
@pytest.mark.parametrize("batch", range(5))
def test_an_update_loses_nothing_whatever_was_done_before(
    batch: int,
    rendered: Callable[..., Callable[[Path], Path]],
    capfd: pytest.CaptureFixture[str],
) -> None:
    @seed(batch)
    @settings(
        max_examples=60 if NIGHTLY else 5,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate, *([Phase.shrink] if NIGHTLY else [])],
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(
        version=st.sampled_from(["v0.1.0", "v0.2.0", "v0.3.0"]),
        answers=st.sampled_from(ANSWERS),
        edits=st.lists(EDITS, min_size=3, max_size=12),
    )
    def loses_nothing(version: str, answers: dict[str, object], edits: list[Edit]) -> None:
        with tempfile.TemporaryDirectory() as made:
            folder = rendered(version, **answers)(Path(made) / "mine")
            for number, edit in enumerate(edits):
                edit.apply(folder, number)
            commit(folder)
            work = Work.of(folder)
            done = update(folder, capfd)
            assert work.lost(folder, done.said) == []
            conflict = git(folder, "diff", "--name-only", "--diff-filter=U") != ""
            assert done.failed == conflict

    loses_nothing()
