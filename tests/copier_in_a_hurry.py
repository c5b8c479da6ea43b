"""Copier without what it does again and again, which is two thirds of its time."""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from copier import _template
from copier._jinja_ext import SandboxedEnvironment
from copier._main import Worker
from copier._vcs import CLONE_PREFIX, clone


def hurry() -> None:
    """Let Copier in this process compile a text once, clone a version once, and ask less of git.

    It compiles every name, pattern and answer of a template anew for each file that it renders,
    clones a template anew for each copy and five times for an update, and asks git once a file
    whether file modes count, to do nothing where they do.
    """
    compiles = SandboxedEnvironment.compile
    compiled: dict[tuple[Any, ...], Any] = {}

    def compile_once(
        self: SandboxedEnvironment, source: str, name: Any = None, filename: Any = None
    ) -> Any:
        syntax = (self.lexer, *self.extensions)  # environments of the same syntax share a lexer
        key = (syntax, source, name, filename)
        if key not in compiled:
            compiled[key] = compiles(self, source, name, filename)
        return compiled[key]

    def file_modes_count(*arguments: Any) -> None:
        """Do what Copier does where core.fileMode is true."""

    changed: Any = yaml
    changed.SafeLoader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times as fast
    changed = SandboxedEnvironment
    changed.compile = compile_once
    if os.name == "posix":
        changed = Worker
        changed._sync_git_index_executable_bit = file_modes_count
        changed = _template
        changed.clone = clone_once


def clone_once(url: str, ref: str = "HEAD", location: str | None = None) -> str:
    """Clone as Copier does, or link the files of the clone that was made of the same version."""
    if ref == "HEAD" or not Path(url).is_dir():  # HEAD takes in what is not committed
        return clone(url, ref, location)
    tags = subprocess.run(
        ["git", "for-each-ref"], cwd=url, capture_output=True, encoding="utf-8", check=True
    ).stdout
    location = location or tempfile.mkdtemp(prefix=CLONE_PREFIX)
    shutil.copytree(
        _kept(url, ref, tags), location, symlinks=True, copy_function=os.link, dirs_exist_ok=True
    )
    return location


@cache
def _kept(url: str, ref: str, tags: str) -> str:
    """Return a clone that stays until the end; `tags` as a version may get another commit."""
    made = clone(url, ref)
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return made
