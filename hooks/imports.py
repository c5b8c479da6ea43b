"""The imports of a Python file after its body changed: no unused name, isort's order."""

import ast
import sys

_LAST = 4


def arranged(text: str, added: list[str]) -> str:
    """Return `text` with the imports `added`, without those that nothing uses any more."""
    tree = ast.parse(text)
    names = (node for node in ast.walk(tree) if isinstance(node, ast.Name))
    used = {name.id for name in names if isinstance(name.ctx, ast.Load)}
    found = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    sections: dict[int, list[str]] = {}
    for node in [*found, *ast.parse("\n".join(added)).body]:
        line = _kept(node, used)
        bucket = sections.setdefault(_section(node), [])
        if line and line not in bucket:
            bucket.append(line)
    blocks = ["\n".join(sorted(sections[key], key=_order)) for key in sorted(sections)]
    lines = text.splitlines()
    if not found:
        return text
    first, last = found[0].lineno - 1, found[-1].end_lineno
    lines[first:last] = "\n\n".join(block for block in blocks if block).splitlines()
    return "\n".join(lines) + "\n"


def _kept(node: ast.stmt, used: set[str]) -> str:
    """Return an import's line with the names that are used, or "" without any."""
    if isinstance(node, ast.ImportFrom) and node.module != "__future__":
        node.names = [name for name in node.names if (name.asname or name.name) in used]
    elif isinstance(node, ast.Import):
        node.names = [n for n in node.names if (n.asname or n.name.partition(".")[0]) in used]
    return ast.unparse(node) if isinstance(node, ast.Import | ast.ImportFrom) and node.names else ""


def _section(node: ast.stmt) -> int:
    """Return isort's section: future, standard library, third party, scaffold, relative."""
    if isinstance(node, ast.ImportFrom):
        if node.level:
            return _LAST
        module = node.module or ""
    else:
        module = node.names[0].name if isinstance(node, ast.Import) else ""
    root = module.partition(".")[0]
    if root == "__future__":
        return 0
    if root in sys.stdlib_module_names:
        return 1
    return 3 if root == "scaffold" else 2


def _order(line: str) -> tuple[bool, str]:
    return line.startswith("from"), line.split()[1]
