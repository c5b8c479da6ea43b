"""A template with a past, made of this working tree; and what a candidate does to a render of it."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import warm_python
from copier import run_copy, run_update
from copier.errors import TaskError
from rendering import git, tagged_clone

NEWEST = "v1.0.0"
CHANGELOG = """# Changelog

## Unreleased

- Not out yet.

## 1.0.0

- Prompts are sent with another header.

## 0.3.0

- A question for the length of lines.
- An .editorconfig, and a module of the
  scaffold.

## 0.2.0

- Rich 14 is the floor.

## 0.1.0

- The first.
"""


def change(file: Path, old: str, new: str) -> None:
    """Replace the one place where `old` stands."""
    text = file.read_text("utf-8")
    assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {file.name}"
    file.write_text(text.replace(old, new), encoding="utf-8")


def release(template: Path, tag: str) -> None:
    """Commit what is there, and tag it."""
    git(template, "add", "--all")
    git(template, "commit", "--quiet", "--allow-empty", f"--message={tag}")
    git(template, "tag", tag)


def history(folder: Path) -> Path:
    """Return a template repository whose four versions differ as versions do."""
    template = tagged_clone(folder, "not-a-version")
    rendered = template / "template"
    (template / "CHANGELOG.md").write_text(CHANGELOG, encoding="utf-8")
    # A part with a file for the candidate's own folder
    brought = rendered / "{% if 'documents' in parts %}.{% endif %}/src/{{ package_name }}"
    brought.mkdir(parents=True)
    (brought / "reading.py.jinja").write_text("# Reads for {{ package_name }}\n", "utf-8")
    (brought / "tables.py").write_text("# Tables\n", "utf-8")
    release(template, "v0.1.0")

    libraries = rendered / "libraries.jinja"
    text = libraries.read_text("utf-8")
    rich = next(line for line in text.splitlines() if '"rich>=' in line)
    change(libraries, rich, '    "rich>=14.0",')
    prompts = rendered / "src" / "scaffold" / "prompts.py"
    prompts.write_text(prompts.read_text("utf-8") + "\n# Version 0.2.0 ends here.\n", "utf-8")
    change(rendered / "AGENTS.md.jinja", "read it first", "read it before all else")
    release(template, "v0.2.0")

    questions = template / "copier.yml"
    change(
        questions,
        "\nbrief:\n",
        "\nline_length:\n  type: int\n  help: How long may a line be?\n  default: 100\n\nbrief:\n",
    )
    change(
        rendered / "pyproject.toml.jinja", "line-length = 100", "line-length = {{ line_length }}"
    )
    (rendered / ".editorconfig").write_text("root = true\n[*]\nindent_style = space\n", "utf-8")
    (rendered / "CITATION.cff").write_text("title: the template's\n", "utf-8")
    (rendered / "src/scaffold/added.py").write_text('"""Added in 0.3.0."""\n', "utf-8")
    # In folders of the candidate's: an update brings none of these.
    (rendered / "notes" / "new.md").write_text("New in 0.3.0\n", "utf-8")
    (rendered / "README.md.jinja").write_text("# Another README\n", "utf-8")
    for kind in ("extract", "blank"):
        solution = (
            rendered
            / f"{{% if kind == '{kind}' %}}.{{% endif %}}/src/{{{{ package_name }}}}/solution.py"
        )
        solution.write_text("# Another solution\n", "utf-8")
    release(template, "v0.3.0")

    headed = rendered / "src/scaffold/llm/__init__.py"
    headed.write_text(headed.read_text("utf-8") + "\n# Sent with another header.\n", "utf-8")
    (rendered / ".editorconfig").unlink()
    release(template, NEWEST)
    git(template, "repack", "-adq")
    return template


def render(template: Path, folder: Path, version: str, **answers: Any) -> Path:
    """Render one version without its hook, and commit it as the hook does."""
    folder.mkdir(parents=True, exist_ok=True)
    run_copy(
        str(template),
        folder,
        data={"package_name": "my_task", **answers},
        vcs_ref=version,
        defaults=True,
        overwrite=True,
        skip_tasks=True,
        quiet=True,
    )
    git(folder, "init", "--quiet", "--initial-branch=main")
    commit(folder, "The scaffold, as rendered")
    git(folder, "tag", "scaffold")
    return folder


def commit(folder: Path, message: str = "Work") -> None:
    """Commit all that lies about."""
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--allow-empty", f"--message={message}")


@dataclass(frozen=True)
class Updated:
    """What an update ended with, and what its hooks printed."""

    failed: bool
    said: str


def update(folder: Path, capfd: Any, /, version: str | None = None, **answers: Any) -> Updated:
    """Update by Copier's Python API, without uv: Copier itself exits 0 whatever it left."""
    capfd.readouterr()
    failed = False
    try:
        run_update(
            folder,
            data=answers,
            vcs_ref=version,
            defaults=True,
            overwrite=True,
            unsafe=True,
            skip_tasks=True,
            quiet=True,
        )
    except TaskError:
        failed = True
    printed = capfd.readouterr()
    return Updated(failed, printed.out)


def copier(
    folder: Path, *arguments: str, code: int | None = 0, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run Copier's command in `folder`, as a person does."""
    variables = {**os.environ, "PYTHONUTF8": "1", **environment}
    done = warm_python.run(("copier", *arguments), folder, variables, timeout_s=300)
    assert code is None or done.returncode == code, done.stdout + done.stderr
    return done


@dataclass(frozen=True)
class Work:
    """All that a candidate has committed since the render: what an update may not cost."""

    head: str
    log: str
    wrote: dict[str, set[bytes]]  # file: lines that are not in the render
    removed: set[str]

    @classmethod
    def of(cls, folder: Path) -> Work:
        """Read it from git."""
        wrote: dict[str, set[bytes]] = {}
        for name in _listed(folder, "diff", "--no-renames", "--diff-filter=AM", "scaffold", "HEAD"):
            now = _lines(folder, f"HEAD:./{name}")
            wrote[name] = now - _lines(folder, f"scaffold:./{name}")
        removed = _listed(folder, "diff", "--no-renames", "--diff-filter=D", "scaffold", "HEAD")
        head = git(folder, "rev-parse", "HEAD")
        return cls(head, git(folder, "log", "--format=%H %s", "--all"), wrote, removed)

    def lost(self, folder: Path, said: str = "") -> list[str]:
        """Return what of it is not where it was, and was not named by the hook either."""
        problems = []
        for name, lines in self.wrote.items():
            path = folder / name
            if not path.is_file():
                if f'"{name}"' not in said and name not in said:
                    problems.append(f"{name} is gone without a word")
                continue
            there = set(path.read_bytes().splitlines())
            problems += [f"{name} has lost {line!r}" for line in lines - there]
            if b"<<<<<<< before updating" in there and f'"{name}"' not in said:
                problems.append(f"{name} has a conflict that was not named")
        problems += [f"{name} has come back" for name in self.removed if (folder / name).exists()]
        if git(folder, "rev-parse", "HEAD") != self.head:
            problems.append("HEAD has moved")
        if git(folder, "log", "--format=%H %s", "--all") != self.log:
            problems.append("the history is another")
        staged = git(folder, "diff", "--cached", "--name-only", "--diff-filter=u")
        if staged:
            problems.append(f"staged: {staged}")
        return problems


def _listed(folder: Path, *arguments: str) -> set[str]:
    return set(git(folder, *arguments, "--name-only", "--relative", "-z").split("\0")) - {""}


def _lines(folder: Path, revision: str) -> set[bytes]:
    shown = subprocess.run(
        ["git", "show", revision], cwd=folder, capture_output=True, check=False
    ).stdout
    return set(shown.splitlines())
