"""Prompts are files: `render("extract.j2", text=…)` fills in prompts/extract.j2."""

from __future__ import annotations

from functools import cache
from typing import Any

from pydantic import BaseModel
from pydantic_core import to_json

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
    made = Environment(loader=files, undefined=StrictUndefined, finalize=_text)
    made.trim_blocks = made.lstrip_blocks = True
    return made


def _text(value: object) -> object:
    """Give lists, dicts and models as JSON, which models read better than Python's repr."""
    if isinstance(value, (list, dict, tuple, BaseModel)):
        return to_json(value, indent=2).decode()
    return value
