"""A Poetry project becomes readable for uv, and ours installable for Poetry.

uv reads `[project]` only. Two lines of it, with `dynamic`, make uv ask Poetry's own build backend
for the rest, so that `[tool.poetry.dependencies]` stays the one list of both.
"""

import re
from typing import Any

_DYNAMIC = ("version", "description", "readme", "dependencies")
_NUMBER = r"\d+(?:\.\d+)*"


def used(content: dict[str, Any]) -> bool:
    """Tell whether a pyproject.toml is a Poetry project."""
    backend = content.get("build-system", {}).get("build-backend", "")
    return "poetry" in content.get("tool", {}) or backend.startswith("poetry")


def packs_nothing(content: dict[str, Any]) -> bool:
    """Tell whether Poetry's backend would refuse to build the project, as uv would ask it to."""
    return not content.get("tool", {}).get("poetry", {}).get("package-mode", True)


def project_table(content: dict[str, Any], fallback_name: str) -> tuple[str, list[str]]:
    """Return the `[project]` that uv needs, and the libraries that it cannot tell uv about."""
    poetry = content.get("tool", {}).get("poetry", {})
    wanted = dict(poetry.get("dependencies", {}))
    python = version_range(wanted.pop("python", "")) or ">=3.11"
    lines = ["# For uv, which reads [project] alone", "[project]"]
    lines.append(f'name = "{poetry.get("name") or fallback_name}"')
    lines.append(f'requires-python = "{python}"')
    lost: list[str] = []
    if poetry and not packs_nothing(content):
        keys = [f'"{key}"' for key in _DYNAMIC if key in poetry]
        lines.append(f"dynamic = [{', '.join(keys)}]  # as [tool.poetry] says")
    else:
        translated = {name: requirement(name, wish) for name, wish in wanted.items()}
        lost = [name for name, line in translated.items() if line is None]
        lines.append(f'version = "{poetry.get("version", "0.1.0")}"')
        if translated:
            rows = [f"    '{line}'," for line in translated.values() if line]
            lines += ["# A copy of [tool.poetry.dependencies]", "dependencies = [", *rows, "]"]
        else:
            lines.append("dependencies = []")
    return "\n".join(lines) + "\n", lost


def group(distribution: str) -> str:
    """Return the lines by which Poetry installs src/: our package, scaffold, their libraries."""
    return (
        "# For Poetry: what [tool.uv.sources] says to uv\n"
        "[tool.poetry.group.scaffold.dependencies]\n"
        f'{distribution} = {{ path = "src", develop = true, python = ">=3.11" }}\n'
    )


def requirement(name: str, wish: object) -> str | None:
    """Return a dependency of Poetry's as others write it, or None where it is no plain version."""
    extras, version = "", wish
    if isinstance(wish, dict):
        if set(wish) - {"version", "extras", "optional"} or wish.get("optional"):
            return None
        extras = f"[{','.join(wish['extras'])}]" if wish.get("extras") else ""
        version = wish.get("version")
    bounds = version_range(version) if isinstance(version, str) else None
    return None if bounds is None else f"{name}{extras}{bounds}"


def version_range(wish: str) -> str | None:
    """Return Poetry's `^1.2`, `~1.2`, `1.2.*` or plain bounds as others write them."""
    parts = [part for part in re.split(r"[,\s]+(?=[\^~<>=!*\d])", wish.strip()) if part]
    bounds: list[str] = []
    for part in parts:
        match = re.fullmatch(
            rf"(\^|~|==|>=|<=|!=|>|<|~=|=)?\s*({_NUMBER}[a-z0-9.]*(?:\.\*)?)", part
        )
        if part == "*":
            continue
        if match is None:
            return None
        sign, version = match[1] or "==", match[2]
        if sign in ("^", "~"):
            bounds += [f">={version}", f"<{_next(version, caret=sign == '^')}"]
        else:
            bounds.append(f"{'==' if sign == '=' else sign}{version}")
    return ",".join(bounds)


def _next(version: str, *, caret: bool) -> str:
    numbers = [int(number) for number in re.findall(r"\d+", version)][:3]
    if caret:
        at = next((n for n, number in enumerate(numbers) if number), len(numbers) - 1)
    else:
        at = min(1, len(numbers) - 1)
    return ".".join(str(number) for number in [*numbers[:at], numbers[at] + 1])
