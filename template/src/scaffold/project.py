"""The repository around the working directory: its settings, your code in it, and its runs."""

import importlib
import json
import os
import re
import subprocess
import sys
import tomllib
from datetime import UTC, datetime
from hashlib import sha256
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

from dotenv import dotenv_values
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

PACKAGES = {"anthropic", "openai", "pydantic", "genai-prices"}


class ProjectError(Exception):
    """The repository is not as a command needs it; the message says what to mend."""


class Project(BaseSettings):
    """What pyproject.toml says, and settings; a variable `TAKEHOME_<NAME>` wins."""

    model_config = SettingsConfigDict(env_prefix="TAKEHOME_", env_ignore_empty=True)

    root: Path
    package: str
    model: str  # vendor:name
    solver: str
    max_cost_usd: float | None = Field(None, ge=0)  # per command
    concurrency: int = Field(16, ge=1)  # cases in flight
    case_s: float = Field(900, gt=0)  # seconds that one case may take
    deadline_s: float = Field(120, gt=0)  # for a call, retries included

    def module(self, name: str) -> Any:
        """Import a module of your package, else one of this name; ProjectError without either."""
        for full in (f"{self.package}.{name}", name):
            try:
                return importlib.import_module(full)
            except ModuleNotFoundError as missing:
                if not f"{full}.".startswith(f"{missing.name}."):
                    raise  # your own import: its traceback says more than we could
        raise ProjectError(f"There is no src/{self.package}/{name}.py, nor a module {name}.")

    def solve(self, name: str) -> Any:
        """Return the function of `module:function`, or of a `module` the function `solve`."""
        place, _, function = name.partition(":")
        if found := getattr(self.module(place), function or "solve", None):
            return found
        raise ProjectError(f"{place} has no function {function or 'solve'}(input, llm).")

    def input(self, given: str) -> Any:
        """Return your Input: of JSON, or of other text where it has one field to fill."""
        model, text = self.module("schemas").Input, _text(given)
        fields = model.model_fields
        needed = [name for name in fields if fields[name].is_required()] or list(fields)
        try:
            if len(needed) == 1 and not text.lstrip().startswith("{"):
                return model.model_validate({needed[0]: text})
            return model.model_validate_json(text)
        except ValueError as error:
            shape = f"Input of schemas.py, JSON with {', '.join(needed)}"
            raise ProjectError(f"It does not fit {shape}: {_reasons(error)}.") from None

    def new_run(self, solver: str) -> Path:
        """Return a folder for a run; names begin with the time (UTC), so that they sort."""
        time = f"{datetime.now(UTC):%Y%m%d-%H%M%S%f}"[:-3]
        return self.root / "results" / f"{time}-{solver.replace(':', '-')}"

    def newest(self, solver: str = "") -> Path | None:
        """Return the newest finished run; of a solver, one over all cases before one over some."""
        found: list[tuple[bool, Path]] = []
        for folder in (file.parent for file in self.root.glob("results/2*/results.json")):
            about = json.loads((folder / "manifest.json").read_text("utf-8"))
            part = any(about["chosen"][name] for name in ("limit", "tags", "ids"))
            if solver in ("", about["solver"]):
                found.append((bool(solver) and not part, folder))
        return max(found)[1] if found else None

    def run(self, name: str) -> Path:
        """Return a run's folder by its name, its path or as `latest`, or raise ProjectError."""
        named = self.newest() if name == "latest" else self.root / "results" / name
        for folder in (named, Path(name)):
            if folder and (folder / "cases.jsonl").is_file():
                return folder
        raise ProjectError(f"There is no run {name} in results/.")

    def failed(self, name: str) -> list[str]:
        """Return the ids of the cases that failed in a run, or raise ProjectError."""
        lines = (self.run(name) / "cases.jsonl").read_text("utf-8").splitlines()
        if failed := dict.fromkeys(r["id"] for r in map(json.loads, lines) if r["failed"]):
            return list(failed)
        raise ProjectError(f"Nothing failed in {name}.")

    def _looked(self, hashes: dict[str, Any]) -> list[str]:
        for file in sorted(self.root.glob("results/2*/results.json")):
            before = json.loads((file.parent / "manifest.json").read_text("utf-8"))["hashes"]
            changed = [what for what in ("prompts", "code") if before[what] != hashes[what]]
            if changed and "split: test" in json.loads(file.read_text("utf-8"))["by_tag"]:
                since = f"changed after {file.parent.name} had looked at the test split"
                return [f"{' and '.join(changed)} {since}: figures on it are not blind any more."]
        return []

    def manifest(self, **run: Any) -> dict[str, Any]:
        """Return what manifest.json holds beside `run`: where code, cases and libraries stood."""
        root, written = self.root, (":!results", ":!recordings", ":!README.md")
        places = {"cases": "data/cases.jsonl", "prompts": "prompts", "recordings": "recordings"}
        places["code"] = f"src/{self.package}"
        changed = git(root, "status", "--porcelain", "--", ".", *written)
        hashes = {name: digest(root / place) for name, place in places.items()}
        return {
            **run,
            "notes": self._looked(hashes),
            "command": ["takehome", *sys.argv[1:]],
            "git": {"commit": git(root, "rev-parse", "HEAD"), "dirty": changed != ""},
            "hashes": hashes,
            "python": sys.version.partition(" ")[0],
            "packages": {d.name: d.version for d in distributions() if d.name in PACKAGES},
        }


def root() -> Path:
    """Return the folder of the repository; ProjectError outside of one."""
    for folder in (here := Path.cwd(), *here.parents):
        file = folder / "pyproject.toml"
        if file.is_file() and "[tool.takehome]" in file.read_text("utf-8", "replace"):
            return folder
    raise ProjectError(f"No pyproject.toml with [tool.takehome] in {here} or above: change folder.")


def find() -> Project:
    """Return the repository; the SDKs find what its `.env` says in the environment."""
    folder = root()
    try:
        for name, value in dotenv_values(folder / ".env", encoding="utf-8-sig").items():
            if value:
                os.environ.setdefault(name, value)
        table = tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))["tool"]["takehome"]
        told = {n: v for n, v in table.items() if not os.environ.get(f"TAKEHOME_{n.upper()}")}
        return Project(root=folder, **told)
    except ValueError as error:
        raise ProjectError(f"pyproject.toml, .env or TAKEHOME_…: {_reasons(error)}.") from None


def _reasons(error: ValueError) -> str:
    """Say in one line what is wrong; Pydantic's own text has several."""
    found = getattr(error, "errors", list)()
    return "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in found) or str(error)


def _text(given: str) -> str:
    """Return standard input for `-`, a file's text where `given` is its path, else `given`."""
    try:
        return sys.stdin.read() if given == "-" else Path(given).read_text("utf-8-sig")
    except UnicodeDecodeError as error:  # a PDF, an Office file
        try:
            return str(importlib.import_module("scaffold.documents").read_text(given))
        except ModuleNotFoundError:
            how = "`copier update --trust -d 'parts=[documents]'` brings what reads PDF and Office"
            raise ProjectError(f"{given} is not UTF-8 text: {how}.") from error
    except (OSError, ValueError) as error:  # no file, too long for a path, or with a NUL
        if re.fullmatch(r"\S+\.\w{2,5}", given):
            raise ProjectError(f"There is no file {given}; pass a text to `-`.") from error
        return given


def digest(path: Path) -> str | None:
    """Return the SHA-256 over names and contents of the files under `path`; None where none is."""
    files = sorted(f for f in (path, *path.rglob("*")) if f.is_file() and f.suffix != ".pyc")
    names = [file.relative_to(path.parent).as_posix() for file in files]
    found = [*names, *(sha256(file.read_bytes()).hexdigest() for file in files)]
    return sha256("\0".join(found).encode()).hexdigest() if files else None


def git(root: Path, *arguments: str) -> str | None:
    """Return what git prints in `root`; None where there is no git, no repository, or it fails."""
    try:
        done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.decode("utf-8", "replace").strip()
