"""A folder as Copier leaves it, and the hook run in it as Copier runs it."""

import ast
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
HOOK = REPOSITORY / "hooks" / "after_copy.py"

PYPROJECT = (
    '[project]\nname = "my-task-take-home"\nversion = "0.1.0"\nrequires-python = ">=3.11"\n'
    "dependencies = []\n"
)
GITIGNORE = ".env\n.venv/\n/results/*\n/notes/\n"
CONFIDENTIAL = "/BRIEF.*\n/data/raw/\n"
_CASES = '''"""Cases."""

from pathlib import Path

RAW = Path("data/raw")
# Field of the case <- column of what arrived; "?" is still to be mapped.
MAPPING = {"id": "?", "input.text": "?", "expected.text": "?"}
'''
_SCHEMAS = '''"""Types."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import BaseModel, Field


class Input(BaseModel):
    """One text."""

    text: str


class Fields(BaseModel):
    """What the text says."""

    kind: Literal["invoice", "letter"] | None = None
    issued: date | None = Field(default=None, description="Day of issue.")


class Evidence(BaseModel):
    """Where it says so."""

    quote: str


class Output(Fields):
    """What the text says, and where."""

    evidence: list[Evidence] = []


class Expected(Fields):
    """The right answer."""
'''


@dataclass
class Said:
    """What the hook printed and left."""

    code: int
    text: str


@dataclass
class Desk:
    """A rendered folder, and what the hook needs to run in it."""

    folder: Path
    stood: Path
    programs: Path
    environment: dict[str, str]

    def run(self, *arguments: str, without: tuple[str, ...] = (), **also: str) -> Said:
        """Run the hook as Copier does; `without` names programs that this machine then lacks."""
        environment = self.environment | also
        for name in without:
            (self.programs / name).unlink(missing_ok=True)
        command = [str(self.programs / "python3"), "-B", str(HOOK), "--package=my_task", *arguments]
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            timeout=120,
            check=False,
        )
        return Said(done.returncode, done.stdout)

    def git(self, *arguments: str) -> str:
        """Run git in the folder, and return what it printed."""
        program = shutil.which("git")
        assert program
        done = subprocess.run(
            [program, *arguments],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            encoding="utf-8",
            check=True,
        )
        return done.stdout

    def committed(self, revision: str) -> set[str]:
        """Return the paths that one commit added or changed."""
        shown = self.git("-c", "core.quotePath=off", "show", "--format=", "--name-only", revision)
        return set(shown.split("\n")) - {""}

    def read(self, name: str) -> str:
        """Return a file's text."""
        return (self.folder / name).read_text(encoding="utf-8")


def interpreter() -> str:
    """Return the Python that the running environment was made from."""
    return getattr(sys, "_base_executable", sys.executable)


def render(folder: Path, *, confidential: bool = True) -> None:
    """Write a few files of what the template makes, at the template's own paths."""
    contents = {
        ".gitignore": GITIGNORE + (CONFIDENTIAL if confidential else ""),
        ".copier-answers.yml": "_commit: v0.1.0\n",
        "pyproject.toml": PYPROJECT,
        "README.md": "# Ours\n\nwritten by `takehome publish`\n",
        "notes/interview.md": "mine alone\n",
        "src/scaffold/__init__.py": '"""Given."""\n',
        "src/my_task/cases.py": _CASES,
        "src/my_task/schemas.py": _SCHEMAS,
    }
    for name, content in contents.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode())


def mapping_in(text: str) -> dict[str, str]:
    """Return what MAPPING says in a cases.py."""
    for node in ast.parse(text).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "MAPPING":
            return dict(ast.literal_eval(node.value))
    raise AssertionError("no MAPPING")


def raw_in(text: str) -> str:
    """Return the line that sets RAW in a cases.py."""
    return next(line for line in text.splitlines() if line.startswith("RAW = "))
