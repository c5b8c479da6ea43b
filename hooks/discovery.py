"""Build backends that guess which folders a project packs: our new ones must not change that.

Where a folder src/ appears beside their packages, setuptools and PDM look into it and nowhere else.
"""

from pathlib import Path
from typing import Any

# What setuptools leaves out of a project without src/, as its documentation lists it:
# https://setuptools.pypa.io/en/latest/userguide/package_discovery.html#flat-layout
_NO_PACKAGE = {
    *("ci", "bin", "debian", "doc", "docs", "documentation", "manpages", "news", "newsfragments"),
    *("changelog", "test", "tests", "unit_test", "unit_tests", "example", "examples", "scripts"),
    *("tools", "util", "utils", "python", "build", "benchmark", "benchmarks", "exercise"),
    *("exercises", "htmlcov"),
}
_NO_MODULE = {
    *("setup", "conftest", "test", "tests", "example", "examples", "build", "toxfile", "noxfile"),
    *("pavement", "dodo", "tasks", "fabfile"),
}


def pinned(content: dict[str, Any], package: str) -> str:
    """Return the table that names what their backend packs until now, or "" where it need not."""
    tool = content.get("tool", {})
    default = "" if "poetry" in tool else "setuptools"  # pip's, where none is named
    backend = content.get("build-system", {}).get("build-backend", default)
    if _had_src(package):
        return ""
    if backend.startswith("pdm") and "build" not in tool.get("pdm", {}):
        return '# As before there was a src/\n[tool.pdm.build]\npackage-dir = "."\n'
    if not backend.startswith("setuptools") or Path("setup.py").exists():
        return ""
    if Path("setup.cfg").exists() or {"packages", "py-modules"} & set(tool.get("setuptools", {})):
        return ""
    key, names = "packages", _packages()
    if not names:
        modules = sorted(Path().glob("*.py"))
        key, names = "py-modules", [m.stem for m in modules if m.stem not in _NO_MODULE]
    if not names:
        return ""
    listed = ", ".join(f'"{name}"' for name in names)
    return f"# As before there was a src/\n[tool.setuptools]\n{key} = [{listed}]\n"


def _had_src(package: str) -> bool:
    ours = {"scaffold", package, "pyproject.toml"}
    return any(path.name not in ours for path in Path("src").glob("*"))


def _packages() -> list[str]:
    tops = [path.parent for path in Path().glob("*/__init__.py")]
    tops = [top for top in tops if top.name.isidentifier() and top.name not in _NO_PACKAGE]
    found = {
        init.parent.as_posix().replace("/", ".")
        for top in tops
        for init in top.rglob("__init__.py")
    }
    return sorted(name for name in found if all(part.isidentifier() for part in name.split(".")))
