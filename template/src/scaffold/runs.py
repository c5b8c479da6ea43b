"""The folders of runs: `results/<time>-<solver>/`, found by name, by path, or as `latest`."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

from scaffold.project import ProjectError


def new_folder(results: Path, solver: str) -> Path:
    """Return a folder that no run has yet; names begin with the time (UTC), so that they sort."""
    name = f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{_plain(solver)}"
    names = (f"{name}-{n}" if n else name for n in range(1000))
    return next(results / name for name in names if not (results / name).exists())


def newest(results: Path, solver: str = "", *, but: Path | None = None) -> Path | None:
    """Return the newest finished run (of a solver), leaving out the run `but`."""
    finished = (f.parent for f in results.glob(f"2*-{_plain(solver)}*/results.json"))
    return max((folder for folder in finished if folder != but), default=None)


def find_run(results: Path, name: str) -> Path:
    """Return a run's folder.

    Raises:
        ProjectError: there is no such run; the message names the newest ones.
    """
    for folder in (newest(results) if name == "latest" else results / name, Path(name)):
        if folder and (folder / "cases.jsonl").is_file():
            return folder
    known = sorted(file.parent.name for file in results.glob("*/cases.jsonl"))[-5:]
    raise ProjectError(f"There is no run {name}; results/ has: {', '.join(known) or 'none yet'}.")


def _plain(solver: str) -> str:
    return re.sub(r"\W+", "-", solver)
