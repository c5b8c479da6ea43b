"""Copier without what it does again and again, which is two thirds of its time."""

from __future__ import annotations

import os
from typing import Any

from copier._jinja_ext import SandboxedEnvironment
from copier._main import Worker


def hurry() -> None:
    """Let Copier in this process compile a text once, and ask git nothing about file modes.

    It compiles every name, pattern and answer of a template anew for each file that it renders, and
    asks git once a file whether file modes count, to do nothing where they do.
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

    changed: Any = SandboxedEnvironment
    changed.compile = compile_once
    if os.name == "posix":
        changed = Worker
        changed._sync_git_index_executable_bit = file_modes_count
