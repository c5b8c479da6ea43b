"""The starter files of what an update has added, for folders that it leaves alone.

The candidate's folders are left out of every update. So what a new part (or another answer) brings
for them is found by rendering the new template twice, with the answers of before and of now: a file
that only the second has is new, and is written where nothing stands.
"""

import os
import sys
import tempfile
from pathlib import Path

import environment
import files
import rendered
from repository import Repository


def add(repo: Repository, answers_file: str) -> list[str]:
    """Write the files that came with changed answers; return their names.

    Raises:
        OSError: the template could not be rendered, or a file not written.
    """
    shown = repo.git("show", f"HEAD:./{answers_file}")
    now = Path(answers_file).read_bytes()
    if not shown.ok or _answers(shown.output) == _answers(now):
        return []
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made).resolve()
        before = _render(folder / "before", shown.output)
        after = _render(folder / "after", now)
        new = sorted(after - before)
        written = [path for path in new if not os.path.lexists(path)]
        for path in written:
            files.copy_atomically(folder / "after" / path, path)
    return [path.as_posix() for path in written]


def _answers(content: bytes) -> list[bytes]:
    return [line for line in content.splitlines() if not line.startswith((b"_", b"#"))]


def _render(folder: Path, answers: bytes) -> set[Path]:
    """Render this template without its hooks; Copier is what runs us, so it is there."""
    data = folder.with_suffix(".yml")
    data.write_bytes(b"\n".join(_answers(answers)))
    command = [sys.executable, "-m", "copier", "copy", "--quiet", "--defaults", "--skip-tasks"]
    command += ["--vcs-ref", "HEAD", "--data-file", str(data), str(rendered.TEMPLATE.parent)]
    done = environment.run([*command, str(folder)], seconds=120)
    if not done.ok:
        raise OSError(f"rendering the template failed: {done.complaint}")
    return {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()}
