"""What a change of the template may not do to those who have made a repository from it.

Each rule compares a released version of the template with the one at hand and returns the breaches
as sentences; CONTRIBUTING.md, "Rules for updates", says what to do instead.
"""

from __future__ import annotations

import ast
import io
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import changelog
import yaml
from copier import run_copy
from rendering import git

ANSWERS: tuple[dict[str, Any], ...] = (
    {"kind": "extract", "vendors": ["anthropic", "openai", "compatible"]},
    {"kind": "blank", "vendors": ["compatible"], "starter": True},
)
_BEFORE: dict[str, set[str]] = {}
# What candidates import; the rest of scaffold is called by `takehome` alone.
PUBLIC = ("llm", "evals", "serving", "documents.py", "prompts.py")


def last_release(template: Path) -> str:
    """Return the newest version before the commit at hand; "" where there is none."""
    listed = git(template, "tag", "--list", "--no-contains", "HEAD").split()
    tags = [tag for tag in listed if changelog.release(tag)]
    return max(tags, key=changelog.release, default="")


def checked_out(template: Path, revision: str, folder: Path) -> Path:
    """Unpack one revision of the template into `folder`."""
    # A ZIP: tarfile's safe way of unpacking (filter="data") came with Python 3.11.4.
    command = ["git", "archive", "--format=zip", revision]
    archive = subprocess.run(command, cwd=template, capture_output=True, check=True).stdout
    with zipfile.ZipFile(io.BytesIO(archive)) as packed:
        packed.extractall(folder)
    return folder


def breaches(old: Path, new: Path, released: str, scratch: Path) -> list[str]:
    """Return every breach between the template folder `old`, of version `released`, and `new`."""
    return [
        *removed_files(old, new, released, scratch),
        *narrowed_questions(old, new),
        *narrowed_ownership(old, new),
        *removed_names(old, new),
    ]


def removed_files(old: Path, new: Path, released: str, scratch: Path) -> list[str]:
    """Files of old renders that the same answers no longer give, and no migration speaks of.

    Copier deletes them although they were edited. New questions take their defaults: so this also
    finds a default that does not give the old output.
    """
    steps = [
        str(step.get("command", ""))
        for step in _questions(new).get("_migrations", [])
        if isinstance(step, dict)
        and changelog.release(str(step.get("version", ""))) > changelog.release(released)
    ]
    gone: dict[str, None] = {}
    for number, answers in enumerate(ANSWERS):
        key = f"{old} {number}"
        if key not in _BEFORE:  # the released one is compared with many
            _BEFORE[key] = _rendered(old, scratch / f"{number} old", answers)
        for name in sorted(_BEFORE[key] - _rendered(new, scratch / f"{number} new", answers)):
            if not any(name in step for step in steps):
                gone[f"{name} is no longer rendered, and no migration of this version names it"] = (
                    None
                )
    return list(gone)


def narrowed_questions(old: Path, new: Path) -> list[str]:
    """Questions and choices that recorded answers name and that are gone; new ones without default."""
    before, now = _questions(old), _questions(new)
    said = []
    for name, question in before.items():
        if name.startswith("_") or not isinstance(question, dict) or question.get("when") is False:
            continue
        if name not in now:
            said.append(f"the question {name} is gone: its recorded answers are lost")
            continue
        choices, left = _choices(question), _choices(now[name])
        said += [f"{name} has the choice {c} no more" for c in choices if c not in left]
    return said + [
        f"the new question {name} has no default: `copier update --defaults` stops there"
        for name, question in now.items()
        if name not in before and not name.startswith("_") and "default" not in question
    ]


def narrowed_ownership(old: Path, new: Path) -> list[str]:
    """Paths that were the candidate's and that an update would now write."""
    before, now = (_questions(folder).get("_skip_if_exists", []) for folder in (old, new))
    return [
        f"{pattern} was the candidate's, and is not any more"
        for pattern in before
        if pattern not in now
    ]


def removed_names(old: Path, new: Path) -> list[str]:
    """Names that candidates may import and that are gone without a release's notice."""
    notices = (old / "CHANGELOG.md").read_text("utf-8")
    announced = [
        bullet
        for part in changelog.sections(notices)
        if changelog.release(part.version)
        for bullet in part.bullets
        if "deprecated" in bullet.lower()
    ]
    there = _names(new)
    return [
        f"{name} is gone, and no released section of CHANGELOG.md said that it is deprecated"
        for name in sorted(_names(old) - there)
        if not any(f"`{name}`" in bullet for bullet in announced)
    ]


def _questions(template: Path) -> dict[str, Any]:
    return yaml.safe_load((template / "copier.yml").read_text("utf-8"))


def _choices(question: dict[str, Any]) -> list[Any]:
    choices = question.get("choices", [])
    return list(choices.values()) if isinstance(choices, dict) else list(choices)


def _rendered(template: Path, folder: Path, answers: dict[str, Any]) -> set[str]:
    given = {"package_name": "my_task", **answers}
    run_copy(str(template), folder, data=given, defaults=True, skip_tasks=True, quiet=True)
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def _names(template: Path) -> set[str]:
    scaffold = template / "template" / "src" / "scaffold"
    names: set[str] = set()
    for part in PUBLIC:
        file = scaffold / part if part.endswith(".py") else scaffold / part / "__init__.py"
        if file.is_file():
            module = f"scaffold.{part.removesuffix('.py')}"
            names |= {module, *(f"{module}.{name}" for name in _public(file))}
    return names


def _public(file: Path) -> set[str]:
    """Return what a module offers: its __all__, or all that it defines without an underscore."""
    defined: set[str] = set()
    for node in ast.parse(file.read_text("utf-8")).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return set(ast.literal_eval(node.value))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            defined.add(node.name)
    return {name for name in defined if not name.startswith("_")}
