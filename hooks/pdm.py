"""A PDM project installs ours, too: what [tool.uv.sources] says to uv, a workspace says to PDM."""

from typing import Any


def workspace(content: dict[str, Any]) -> str:
    """Return the table by which PDM finds src/, or "" where PDM is not used or has one already.

    PDM locks every group of [dependency-groups], so without it `pdm lock` would look on the index
    for our distribution. Versions before 2.29 pass over the table.
    """
    pdm = content.get("tool", {}).get("pdm", {})
    backend = content.get("build-system", {}).get("build-backend", "")
    if not (pdm or backend.startswith("pdm")) or "workspace" in pdm:
        return ""
    return '# For PDM: what [tool.uv.sources] says to uv\n[tool.pdm.workspace]\nmembers = ["src"]\n'
