"""The repository around the working directory: its settings, your code in it, and its runs."""

import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Mapping, Sequence
from contextlib import redirect_stdout
from datetime import UTC, datetime
from hashlib import file_digest, sha256
from importlib import import_module
from importlib.metadata import distributions
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from dotenv import dotenv_values
from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from scaffold.llm import Client, messages


class ProjectError(Exception):
    """The repository is not as a command needs it; the message says what to mend."""


class Project(BaseSettings, title="[tool.takehome] in pyproject.toml, or TAKEHOME_<NAME>"):
    """What pyproject.toml says under [tool.takehome]; a variable `TAKEHOME_<NAME>` wins."""

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
        """Import a module of your package, else one of this name."""
        for full in (f"{self.package}.{name}", name):
            try:
                return import_module(full)
            except ModuleNotFoundError as missing:
                if not f"{full}.".startswith(f"{missing.name}."):
                    raise  # your own import: its traceback says more than we could
        raise ProjectError(f"There is no src/{self.package}/{name}.py: write it, or pass --solver.")

    def solve(self, name: str = "") -> Callable[..., Any]:
        """Return the function of `module:function`, or of a `module` the function `solve`."""
        place, _, function = (name or self.solver).partition(":")
        if found := getattr(self.module(place), function or "solve", None):
            return found
        raise ProjectError(f"{place} has no function {function or 'solve'}(input, llm).")

    def cases(self) -> list[Any]:
        """Return your cases; they name their files from the root, which becomes the folder."""
        os.chdir(self.root)
        return self.module("cases").cases()

    def input(self, text: str) -> Any:
        """Return your Input: of JSON; other text is its first field, the first that it needs."""
        form = self.module("schemas").Input
        names = [n for n, f in form.model_fields.items() if f.is_required()] or [*form.model_fields]
        if not text.lstrip().startswith("{"):
            return form.model_validate(dict.fromkeys(names[:1], text))
        return form.model_validate_json(text)

    def client(self, replay: bool = False, live: bool = False, recorded: bool = True) -> Client:
        """Return a client for the model, over recordings/ or without any."""
        if replay and live:
            raise ProjectError("--replay and --live exclude each other: take one of them.")
        return Client(
            self.model,
            recordings=self.root / "recordings" if recorded else None,
            mode="replay" if replay else "live" if live else "auto",
            max_cost_usd=self.max_cost_usd,
            deadline_s=min(self.deadline_s, 0.8 * self.case_s),  # a fallback has the rest
            concurrency=max(16, self.concurrency),
        )

    def finished(self) -> list[dict[str, Any]]:
        """Return the manifests of finished runs, oldest first."""
        runs = (file.parent for file in sorted(self.root.glob("results/2*/results.json")))
        return [json.loads((r / "manifest.json").read_bytes()) | {"run": r.name} for r in runs]

    def run(self, name: str) -> Path:
        """Return a run's folder by its name, its path or as `latest`."""
        if name == "latest":
            name = next((run["run"] for run in reversed(self.finished())), name)
        for folder in (self.root / "results" / name, Path(name)):
            if (folder / "cases.jsonl").is_file():
                return folder.absolute()
        raise ProjectError(f"There is no run {name} in results/ (`publish` makes `submitted`).")

    def last_run(self, solver: str, chosen: dict[str, Any], before: str = "~") -> Path | None:
        """Return a solver's newest run before one: over these very cases, else over all, else any."""
        runs = [r for r in self.finished() if r["solver"] == solver and r["run"] < before]
        whole = [run for run in runs if not any(run["chosen"][n] for n in ("limit", "tags", "ids"))]
        now = self.digest("data/cases.jsonl")
        same = [r for r in runs if r["chosen"] == chosen and r["hashes"]["cases"] == now]
        return self.root / "results" / (same or whole or runs)[-1]["run"] if runs else None

    def new_run(self) -> Path:
        """Return the folder of a run that begins now."""
        now = f"{datetime.now(UTC):%Y%m%d-%H%M%S%f}"[:-3]
        return self.root / "results" / f"{now}-{self.solver.replace(':', '-')}"

    def manifest(self, **run: Any) -> dict[str, Any]:
        """Return `run` with where code, cases and libraries stand, for manifest.json."""
        places = {"cases": "data/cases.jsonl", "prompts": "prompts", "recordings": "recordings"}
        places["code"], notes = f"src/{self.package}", list[str]()
        hashes = {name: self.digest(place) for name, place in places.items()}
        for before in self.finished():
            changed = [n for n in ("prompts", "code") if before["hashes"][n] != hashes[n]]
            if changed and before.get("tested"):
                what, since = " and ".join(changed), f"{before['run']} had looked at the test split"
                notes = [f"{what} changed after {since}: figures on it are not blind any more."]
        changed = self.git("status", "--porcelain", ".", ":!results", ":!recordings", ":!README.md")
        return {
            **run,
            "solver": self.solver,
            "notes": notes,
            "command": ["takehome", *sys.argv[1:]],
            "commit": self.git("rev-parse", "HEAD"),
            "dirty": None if changed is None else changed != "",
            "hashes": hashes,
            "python": sys.version.partition(" ")[0],
            "packages": {found.name: found.version for found in distributions()},
        }

    def digest(self, place: str | Path) -> str | None:
        """Return the SHA-256 over names and contents of the files there; None where none is."""
        path = self.root / place
        all_files = (f for f in (path, *path.rglob("*")) if f.is_file())
        files = sorted(f for f in all_files if f.suffix not in (".pyc", ".tmp"))
        found = [file.relative_to(path.parent).as_posix() for file in files]
        for file in files:
            with file.open("rb") as content:
                found.append(file_digest(content, "sha256").hexdigest())
        return sha256("\0".join(found).encode()).hexdigest() if files else None

    def git(self, *args: str) -> str | None:
        """Return what git prints; None where there is no git, no repository, or it fails."""
        try:
            run = subprocess.run(["git", *args], cwd=self.root, capture_output=True, check=True)
        except (OSError, subprocess.CalledProcessError):
            return None
        return run.stdout.decode("utf-8", "replace").strip()


def root() -> Path:
    """Return the folder of the repository; ProjectError outside of one."""
    for folder in (here := Path.cwd(), *here.parents):
        file = folder / "pyproject.toml"
        if file.is_file() and "[tool.takehome]" in file.read_text("utf-8", "replace"):
            return folder
    raise ProjectError(f"No pyproject.toml with [tool.takehome] in {here} or above: change folder.")


def find(**options: Any) -> Project:
    """Return the repository, `.env` in the environment; options that are not None win."""
    folder = root()
    try:
        for name, value in dotenv_values(folder / ".env", encoding="utf-8-sig").items():
            if value:
                os.environ.setdefault(name, value)
        table = tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))["tool"]["takehome"]
    except ValueError as error:
        raise ProjectError(f"pyproject.toml or .env in {folder} has a mistake: {error}.") from error
    told = {n: v for n, v in table.items() if not os.environ.get(f"TAKEHOME_{n.upper()}")}
    return Project(root=folder, **told | {n: v for n, v in options.items() if v is not None})


def text_of(given: str) -> str:
    """Return standard input for `-`, a file's text where `given` is its path, else `given`."""
    try:
        return sys.stdin.read() if given == "-" else Path(given).read_text("utf-8-sig")
    except UnicodeDecodeError:  # a PDF, an Office file
        return part("documents", "documents", given).read_text(given)
    except (OSError, ValueError) as error:  # no file, too long for a path, or with a NUL
        if re.fullmatch(r"\S+\.\w{2,5}", given):
            raise ProjectError(f"There is no file {given}; pass a text to `-`.") from error
        return given


def reasons(error: Exception) -> str:
    """Say in one sentence what is wrong; where data do not fit, Pydantic has several."""
    if not isinstance(error, ValidationError):
        advice = ": mend that, and run the same command again."
        return f"{error}{advice}" if isinstance(error, OSError) else str(error)
    return f"It does not fit {error.title}: {messages.explain(error)}."


def part(name: str, module: str, what: str) -> Any:
    """Import a module that only some answers bring, or say how to add it."""
    if find_spec(f"scaffold.{module.partition('.')[0]}"):
        return import_module(f"scaffold.{module}")
    how = f"`copier update --trust -d 'parts=[{name}]'` adds it (name yours, too)"
    raise ProjectError(f"{what} needs the part {name}: {how}.")


async def closing(client: Client, work: Any) -> Any:
    """Wait for `work`, then close the client's connections; what solvers print is no figure."""
    async with client:
        with redirect_stdout(sys.stderr):
            return await work


def spent(calls: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Say what logged calls took: their number, US dollars (None: unknown), seconds."""
    costs, seconds = ([call[name] for call in calls] for name in ("cost_usd", "latency_s"))
    cost = None if None in costs else float(sum(costs))
    return {"calls": len(costs), "cost_usd": cost, "latency_s": round(sum(seconds), 3)}
