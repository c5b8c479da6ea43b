"""Prompts are files: `render("extract.j2", text=…)` fills in prompts/extract.j2."""

from __future__ import annotations

from functools import cache
from typing import Any

from scaffold.project import find


def render(name: str, **values: object) -> str:
    """Return `prompts/<name>`, filled in (https://jinja.palletsprojects.com).

    Raises jinja2.UndefinedError where the file uses a value that was not given: no gap is sent.
    """
    return str(_environment().get_template(name).render(**values))


@cache
def _environment() -> Any:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    files = FileSystemLoader(find().root / "prompts", encoding="utf-8")
    # No autoescape: a prompt is text, and `&amp;` in it would be sent as such.
    return Environment(
        loader=files, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
