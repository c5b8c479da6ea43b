"""The folders of runs, `results/<time>-<solver>/`, and what is needed to run one again."""

from __future__ import annotations

import json
import platform
import re
import subprocess
import sys
from datetime import UTC, datetime
from hashlib import sha256
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

from scaffold.project import Project, ProjectError

PACKAGES = {"anthropic", "openai", "pydantic", "genai-prices"}
# What a run or `takehome publish` writes itself does not make the tree dirty.
WRITTEN = (":!results", ":!recordings", ":!README.md")


def new_folder(results: Path, solver: str) -> Path:
    """Return a folder that no run has yet; names begin with the time (UTC), so that they sort."""
    name = f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{_plain(solver)}"
    names = (f"{name}-{n}" if n else name for n in range(1000))
    return next(results / name for name in names if not (results / name).exists())


def newest(results: Path, solver: str = "", *, but: Path | None = None) -> Path | None:
    """Return the newest finished run (of a solver: one over all cases before one over some)."""
    found: list[tuple[bool, str, Path]] = []
    for folder in (f.parent for f in results.glob("2*/results.json") if f.parent != but):
        about = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        part = about.get("chosen", {})
        whole = not (part.get("limit") or part.get("tags") or part.get("ids"))
        if solver in ("", about.get("solver")):
            found.append((whole and bool(solver), folder.name, folder))
    return max(found)[2] if found else None


def find_run(results: Path, name: str) -> Path:
    """Return the folder of a run by its name, its path, or as `latest`.

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


def manifest(project: Project, **run: Any) -> dict[str, Any]:
    """Return what manifest.json holds beside `run`: where code, cases and libraries stood."""
    changed = git(project.root, "status", "--porcelain", "--", ".", *WRITTEN)
    paths = {"cases": "data/cases.jsonl", "prompts": "prompts", "recordings": "recordings"}
    paths["code"] = f"src/{project.package}"
    return {
        **run,
        "command": ["takehome", *sys.argv[1:]],
        "git": {"commit": git(project.root, "rev-parse", "HEAD"), "dirty": changed != ""},
        "hashes": {name: digest(project.root / path) for name, path in paths.items()},
        "python": platform.python_version(),
        "packages": {d.name: d.version for d in distributions() if d.name in PACKAGES},
    }


def digest(path: Path) -> str | None:
    """Return the SHA-256 over names and contents of the files under `path`; None where none is."""
    files = [path] if path.is_file() else sorted(f for f in path.rglob("*") if f.is_file())
    total = sha256()
    for file in files:
        if "__pycache__" not in file.parts:
            total.update(file.relative_to(path.parent).as_posix().encode() + b"\0")
            total.update(sha256(file.read_bytes()).digest())
    return total.hexdigest() if files else None


def git(root: Path, *arguments: str) -> str | None:
    """Return what git prints in `root`; None where there is no git, no repository, or it fails."""
    try:
        command = ["git", *arguments]
        done = subprocess.run(command, cwd=root, capture_output=True, encoding="utf-8", check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()
