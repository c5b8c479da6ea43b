"""The starter files of what an update has added, for folders that it leaves alone.

The candidate's folders are left out of every update. So what a new part (or another answer) brings
for them is found by rendering the new template twice, with the answers of before and of now: a file
that only the second has is new, and is written where nothing stands.
"""

import os
import re
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
    old, new = _answers(shown.output), _answers(Path(answers_file).read_bytes())
    # A new question's default adds no file; so only a changed answer is worth two renders.
    if not any(new.get(name) != answer for name, answer in old.items()):
        return []
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made).resolve()
        added = sorted(_render(folder / "new", new) - _render(folder / "old", old))
        written = [path for path in added if not os.path.lexists(path)]
        for path in written:
            files.copy_atomically(folder / "new" / path, path)
    return [path.as_posix() for path in written]


def _answers(content: bytes) -> dict[bytes, list[bytes]]:
    """Return each answer's lines by its name, without reading YAML; Copier's own are left out."""
    answers: dict[bytes, list[bytes]] = {}
    name = b""
    for line in content.splitlines():
        if re.match(rb"\w+:", line):
            name = line.partition(b":")[0]
        if name and not name.startswith(b"_"):
            answers.setdefault(name, []).append(line)
    return answers


def _render(folder: Path, answers: dict[bytes, list[bytes]]) -> set[Path]:
    """Render this template without its hooks; Copier is what runs us, so it is there."""
    data = folder.with_suffix(".yml")
    data.write_bytes(b"\n".join(line for lines in answers.values() for line in lines))
    command = [sys.executable, "-m", "copier", "copy", "--quiet", "--defaults", "--skip-tasks"]
    command += ["--vcs-ref", "HEAD", "--data-file", str(data), str(rendered.TEMPLATE.parent)]
    done = environment.run([*command, str(folder)], seconds=120)
    if not done.ok:
        raise OSError(f"rendering the template failed: {done.complaint}")
    return {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()}
