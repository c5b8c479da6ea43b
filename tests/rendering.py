"""How the tests make a template repository out of this working tree, and renders out of that."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Generator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from copier import run_copy
from copier_in_a_hurry import hurry

ROOT = Path(__file__).parents[1]
# What no render is made of: Copier clones the rest for each.
UNRENDERED = ("tests/", "examples/", "bench/", "docs/", ".github/")
hurry()


def git(folder: Path, *arguments: str) -> str:
    """Run git in `folder` and return what it printed."""
    return subprocess.run(
        ["git", *arguments], cwd=folder, capture_output=True, encoding="utf-8", check=True
    ).stdout


@contextlib.contextmanager
def own_settings(home: Path) -> Generator[None]:
    """Depend on nothing that this machine's git, Copier and environment were told."""
    (home / "gitconfig").write_text(
        "[user]\n\tname = Test\n\temail = test@example.com\n[core]\n\tautocrlf = false\n"
        "\tfsync = none\n[maintenance]\n\tauto = false\n[gc]\n\tauto = 0\n",  # for speed
        encoding="utf-8",
    )
    (home / "copier.yml").write_text("{}\n", encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GIT_CONFIG_GLOBAL", str(home / "gitconfig"))
        patch.setenv("GIT_CONFIG_SYSTEM", os.devnull)
        patch.setenv("COPIER_SETTINGS_PATH", str(home / "copier.yml"))
        for name in [n for n in os.environ if n.endswith("_API_KEY") or n.startswith("TAKEHOME_")]:
            patch.delenv(name)
        yield


def shared_folder(factory: pytest.TempPathFactory) -> Path:
    """Return the temporary folder that all processes of a test run have in common."""
    own = factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


def made_once(folder: Path, make: Callable[[Path], Path]) -> Path:
    """Return `folder`, made with `make` unless a process of this test run has done it before."""
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as workshop:
            made = make(Path(workshop) / folder.name)
            with contextlib.suppress(OSError):  # another process was done sooner
                made.rename(folder)
    return folder


def tagged_clone(folder: Path, tag: str = "v1.0.0") -> Path:
    """Return this working tree as a committed, tagged template repository in `folder`.

    The working tree, not HEAD: a test tells about what is being edited. Copier records a dirty
    template as a throwaway commit that no update can find, hence the commit and the tag.
    """
    listed = git(ROOT, "ls-files", "-co", "--exclude-standard", "-z").split("\0")
    for name in filter(None, listed):
        if (ROOT / name).is_file() and not name.startswith(UNRENDERED):
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target)
    git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message=The template")
    git(folder, "tag", tag)
    git(folder, "repack", "-adq")  # each clone has fewer files
    return folder


def render(template: Path, folder: Path, **answers: Any) -> Path:
    """Render `template` into `folder` without its hook, and commit the result.

    The same answers are rendered once for all processes of a test run, and copied after that.
    """
    if folder.exists():  # something of the company's may lie there
        return _render(template, folder, answers)
    asked = sha256(repr(sorted(answers.items())).encode()).hexdigest()[:16]
    kept = template.parent / "renders" / asked / folder.name  # a default takes up the folder's name

    def make(made: Path) -> Path:
        return _render(template, made, answers)

    return Path(shutil.copytree(made_once(kept, make), folder, symlinks=True))


def _render(template: Path, folder: Path, answers: dict[str, Any]) -> Path:
    run_copy(str(template), folder, data=answers, defaults=True, skip_tasks=True, quiet=True)
    git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message=The scaffold, as rendered")
    git(folder, "tag", "scaffold")
    return folder
