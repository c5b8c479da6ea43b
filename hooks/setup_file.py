"""A project of setup.py or setup.cfg becomes readable for uv, and stays what setuptools builds.

uv reads `[project]` only. A name and `dynamic` make it ask setuptools for the rest, so that theirs
stays the one list: https://setuptools.pypa.io/en/latest/userguide/pyproject_config.html
"""

import ast
import configparser
import contextlib
import re
from pathlib import Path

_SETUP = Path("setup.py")
_CONFIG = Path("setup.cfg")
_DYNAMIC = (
    *("version", "dependencies", "optional-dependencies"),
    *("scripts", "gui-scripts", "entry-points"),
)


def used() -> bool:
    """Tell whether setup.py or setup.cfg says how this project is built."""
    config = _config()
    return _SETUP.is_file() or config.has_section("metadata") or config.has_section("options")


def project_table(fallback_name: str, *, has_backend: bool) -> str:
    """Return the `[project]` that uv needs, and setuptools as backend where none is named yet."""
    said = _said()
    python = said.get("python_requires") or ">=3.11"
    readme = ("readme",) if _has_long_description() else ()
    keys = ", ".join(f'"{key}"' for key in (*_DYNAMIC, *readme))
    lines = ["# For uv, which reads [project] alone", "[project]"]
    lines += [f'name = "{said.get("name") or fallback_name}"', f'requires-python = "{python}"']
    lines += [f"dynamic = [{keys}]  # as setuptools is told"]
    if not has_backend:
        lines += ["", "[build-system]", 'requires = ["setuptools"]']
        lines += ['build-backend = "setuptools.build_meta"']
    return "\n".join(lines) + "\n"


def _has_long_description() -> bool:
    """Tell whether setuptools would stop without "readme" in `dynamic`; with it, otherwise."""
    texts = [path.read_bytes() for path in (_SETUP, _CONFIG) if path.is_file()]
    return any(re.search(rb"\blong_description\b", text) for text in texts)


def _said() -> dict[str, str]:
    """Return what setup.cfg and setup.py write out; what they compute is not found."""
    config = _config()
    said = {"name": config.get("metadata", "name", fallback="")}
    said["python_requires"] = config.get("options", "python_requires", fallback="")
    try:
        tree = ast.parse(_SETUP.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return said
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    for call in calls:
        if ast.unparse(call.func) in ("setup", "setuptools.setup"):
            for word in call.keywords:
                if isinstance(word.value, ast.Constant) and isinstance(word.value.value, str):
                    said[word.arg or ""] = word.value.value
    return said


def _config() -> configparser.ConfigParser:
    """Return setup.cfg, empty where there is none that can be read."""
    config = configparser.ConfigParser(interpolation=None)
    with contextlib.suppress(configparser.Error, UnicodeDecodeError):
        config.read(_CONFIG, encoding="utf-8")
    return config
