"""What a run needs to be run again: commit, hashes, versions; and how git is asked."""

from __future__ import annotations

import platform
import subprocess
import sys
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from scaffold.project import Project

_PACKAGES = ("anthropic", "openai", "pydantic", "genai-prices")
# What a run or `takehome publish` writes itself does not make the tree dirty.
_WRITTEN = (":!results", ":!recordings", ":!README.md")


def git(root: Path, *arguments: str) -> str | None:
    """Return what git prints in `root`; None where there is no git, no repository, or it fails."""
    try:
        done = subprocess.run(
            ["git", *arguments], cwd=root, capture_output=True, encoding="utf-8", check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout


def manifest(project: Project, **run: Any) -> dict[str, Any]:
    """Return what manifest.json holds beside `run`: where the code, cases and models stood."""
    changed = git(project.root, "status", "--porcelain", "--", ".", *_WRITTEN)
    commit = git(project.root, "rev-parse", "HEAD")
    return {
        **run,
        "command": ["takehome", *sys.argv[1:]],
        "git": {"commit": commit and commit.strip(), "dirty": changed is None or bool(changed)},
        "hashes": {
            name: digest(project.root / path)
            for name, path in {
                "cases": "data/cases.jsonl",
                "prompts": "prompts",
                "code": f"src/{project.package}",
                "recordings": "recordings",
            }.items()
        },
        "python": platform.python_version(),
        "platform": sys.platform,
        "packages": {name: found for name in _PACKAGES if (found := _version(name))},
    }


def digest(path: Path) -> str | None:
    """Return the SHA-256 over the names and contents of the files under `path`; None: no file."""
    files = sorted(f for f in path.rglob("*") if f.is_file() and "__pycache__" not in f.parts)
    files = [path] if path.is_file() else files
    total = sha256()
    for file in files:
        total.update(file.relative_to(path.parent).as_posix().encode() + b"\0")
        total.update(sha256(file.read_bytes()).digest())
    return total.hexdigest() if files else None


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
