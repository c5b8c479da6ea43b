"""Prompts are files: `render("extract.j2", text=…)` fills in prompts/extract.j2."""

from functools import cache

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from pydantic import BaseModel
from pydantic_core import to_json

from scaffold.project import root

DATA = (list, dict, tuple, BaseModel)  # shown as JSON, which models read better than Python's repr


def render(name: str, /, **values: object) -> str:
    """Return `prompts/<name>`, filled in; jinja2.UndefinedError where a value was not given."""
    return _environment().get_template(name).render(values)


@cache
def _environment() -> Environment:
    # No autoescape: a prompt is text, and `&amp;` in it would be sent as such.
    made = Environment(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    made.loader = FileSystemLoader(root() / "prompts")
    made.finalize = lambda value: (
        to_json(value, indent=2).decode() if isinstance(value, DATA) else value
    )
    return made
