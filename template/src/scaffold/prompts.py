"""Prompts are files: `render("extract.j2", text=…)` fills in prompts/extract.j2."""

from functools import cache

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from pydantic import BaseModel
from pydantic_core import to_json

from scaffold.project import root


def render(name: str, /, **values: object) -> str:
    """Return `prompts/<name>`, filled in; jinja2.UndefinedError where a value was not given."""
    return _environment().get_template(name).render(values)


@cache
def _environment() -> Environment:
    # No autoescape: a prompt is text, and `&amp;` in it would be sent as such.
    made = Environment(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    made.loader, made.finalize = FileSystemLoader(root() / "prompts"), _shown
    return made


def _shown(value: object) -> object:
    """Data is shown as JSON, which models read better than Python's repr."""
    is_data = isinstance(value, list | dict | tuple | BaseModel)
    return to_json(value, indent=2).decode() if is_data else value
