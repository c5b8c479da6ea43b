"""Prompts are files: `render("extract.j2", text=…)` fills in prompts/extract.j2."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from scaffold.project import find

if TYPE_CHECKING:
    from jinja2 import Environment


def render(name: str, **values: object) -> str:
    """Return the prompt `prompts/<name>`, filled in (https://jinja.palletsprojects.com).

    Raises:
        jinja2.TemplateNotFound: there is no such file.
        jinja2.UndefinedError: the file uses a value that was not given, rather than sending a gap.
    """
    return _environment().get_template(name).render(**values)


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    # No autoescape: a prompt is text, and `&amp;` in it would be sent as such.
    return Environment(
        loader=FileSystemLoader(find().root / "prompts", encoding="utf-8"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
