"""One input from what people type: text, JSON, a file's path, or `-` for standard input."""

from __future__ import annotations

import importlib
import re
import sys
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from scaffold.project import ProjectError

Model = TypeVar("Model", bound=BaseModel)


def read_input(given: str, model: type[Model]) -> Model:
    """Return the candidate's Input: a JSON object as it is, any other text as its one field.

    Raises:
        ProjectError: it cannot be read, or does not fit the model; the message says what would.
    """
    text = sys.stdin.read() if given == "-" else _text(given)
    fields = model.model_fields
    required = [name for name, field in fields.items() if field.is_required()] or list(fields)
    try:
        if text.lstrip().startswith("{"):
            return model.model_validate_json(text)
        if len(required) == 1:
            return model.model_validate({required[0]: text})
    except ValidationError as error:
        wrong = (f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise ProjectError(f"This does not fit Input in schemas.py: {'; '.join(wrong)}.") from None
    shape = ", ".join(f'"{name}": …' for name in required)
    raise ProjectError(f"Input has {len(required)} fields to fill: pass JSON, {{{shape}}}.")


def _text(given: str) -> str:
    """Return a file's text where `given` is its path, else `given` itself."""
    try:
        path = Path(given)
        if path.is_file():
            return path.read_text(encoding="utf-8")
        if path.is_dir() or re.fullmatch(r"\S+\.\w{2,5}", given):
            raise ProjectError(f"There is no file {given}; if it is the text, pass it to `-`.")
        return given
    except UnicodeDecodeError:
        try:
            return str(importlib.import_module("scaffold.documents").read_text(Path(given)))
        except ModuleNotFoundError:
            raise ProjectError(
                f"{given} is not UTF-8 text: PDF and Office files need the part `documents`, which "
                "`copier update -d 'parts=[documents]'` brings."
            ) from None
    except (OSError, ValueError):  # too long for a path, or with a NUL: it is text
        return given
