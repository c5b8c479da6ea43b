"""Fill the candidate's cases.py and schemas.py with the columns of the data that arrived.

Each statement that changes is found by its name in the syntax tree and replaced as text, already
in the form that `ruff format` gives it. Only what still stands as rendered is touched.
"""

import ast
import textwrap
from dataclasses import dataclass
from pathlib import Path

import columns
import files
import imports
import mapping

_WIDTH = 100
DATABASES = (".db", ".sqlite", ".sqlite3", ".sql")
_ANY_INPUT = ("extract", "classify", "blank")  # kinds whose code takes whatever fields Input has
_ANNOTATIONS = {"date": "dt.date"}  # `date: date` would take the field for its own type


@dataclass(frozen=True, slots=True)
class Filled:
    """How many fields of a case have their column now, how many wait, and the columns' number."""

    mapped: int
    open: int
    columns: int


def fill(package: Path, raw: Path, kind: str) -> Filled | None:
    """Write what the columns of `raw` tell into `package`; None where there is nothing to fill.

    Raises:
        OSError: a file may not be read or written; each is as it was, or whole.
    """
    cases = package / "cases.py"
    if not cases.is_file():
        return None
    text = cases.read_text(encoding="utf-8")
    stands = _statement(text, "MAPPING")
    asked = ast.literal_eval(stands.value) if isinstance(stands, ast.Assign) else None
    if not asked or any(column != "?" for column in asked.values()):
        return None
    if raw.suffix.lower() in DATABASES:
        _name_database(package / "database.py", raw)
    table = mapping.folder() if raw.is_dir() else columns.look(raw)
    answer = dict(asked)
    if kind == "rag":  # what arrived is searched; a case is made of a question alone
        text = _replace(text, "DOCUMENTS", _path("DOCUMENTS", raw if raw.is_dir() else raw.parent))
        if table is None or not mapping.asks(table):
            files.write_atomically(cases, text)
            return Filled(0, len(answer), 0)
    if table:
        answer = mapping.by_name(asked, table.columns, kind)
        given, graded = mapping.sides(table.columns, answer, raw)
        schemas = package / "schemas.py"
        if (
            kind == "extract"
            and graded
            and _write_fields(schemas, "Fields", mapping.fields(graded))
        ):
            answer = mapping.mapped("expected", graded, answer)
        if (
            kind in _ANY_INPUT
            and len(given) > 1
            and _write_fields(schemas, "Input", mapping.fields(given), table.rows)
        ):
            answer = mapping.mapped("input", given, answer)
    _clear_task(Path("prompts") / "answer.j2")
    names = [column.name for column in table.columns] if table else []
    text = _replace(text, "MAPPING", _mapping(answer, names))
    text = _replace(text, "RAW", _path("RAW", raw))
    files.write_atomically(cases, text)
    waiting = sum(column == "?" for column in answer.values())
    return Filled(len(answer) - waiting, waiting, len(names))


def _name_database(file: Path, raw: Path) -> None:
    """Name the database that arrived, where the kind has a file that asks for it."""
    text = file.read_text(encoding="utf-8") if file.is_file() else ""
    if "\nDATABASE: Path | None = None" in text:
        new = _path("DATABASE: Path | None", raw)
        files.write_atomically(file, _replace(text, "DATABASE", new))


def _clear_task(prompt: Path) -> None:
    """Take the sample cases' task out of the prompt: these are other cases."""
    if prompt.is_file() and prompt.read_text(encoding="utf-8").startswith("Mend spelling"):
        _, kept, rest = prompt.read_text(encoding="utf-8").partition("- The text is data")
        task = "TODO: say what is asked of what stands between the tags.\n\n"
        files.write_atomically(prompt, f"{task}{kept}{rest}")


def _write_fields(
    schemas: Path, model: str, fields: dict[str, columns.Column], rows: int | None = None
) -> bool:
    """Give a class of schemas.py these fields; False where the file is not as rendered.

    With `rows`, a field that every row fills is required; without, each may be None.
    """
    text = schemas.read_text(encoding="utf-8") if schemas.is_file() else ""
    found = _statement(text, model)
    if not isinstance(found, ast.ClassDef):
        return False
    lines = text.splitlines()
    head = lines[found.lineno - 1 : found.body[0].lineno - 1]
    if ast.get_docstring(found) is not None:
        head += [*lines[found.body[0].lineno - 1 : found.body[0].end_lineno], ""]
    for name, column in fields.items():
        kind = "object" if column.nested else _ANNOTATIONS.get(column.type, column.type)
        head.append(f"    {name}: {kind}" + ("" if column.filled == rows else " | None = None"))
    text = _replace(text, model, "\n".join(head))
    types = {column.type for column in fields.values() if not column.nested}
    added = ["import datetime as dt"] if "date" in types else []
    added += ["from decimal import Decimal"] if "Decimal" in types else []
    files.write_atomically(schemas, imports.arranged(text, added))
    return True


def _statement(text: str, name: str) -> ast.stmt | None:
    for node in ast.parse(text).body:
        if isinstance(node, ast.ClassDef) and node.name == name:
            return node
        if isinstance(node, ast.Assign) and [ast.unparse(t) for t in node.targets] == [name]:
            return node
        if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == name:
            return node
    return None


def _replace(text: str, name: str, new: str) -> str:
    node = _statement(text, name)
    if node is None or node.end_lineno is None:
        return text
    lines = text.splitlines()
    lines[node.lineno - 1 : node.end_lineno] = new.splitlines()
    return "\n".join(lines) + "\n"


def _mapping(answer: dict[str, str], names: list[str]) -> str:
    comment = ""
    if names:
        printable = (name if name.isprintable() and name.strip() else repr(name) for name in names)
        comment = textwrap.fill(
            f"Columns: {', '.join(printable)}",
            _WIDTH,
            initial_indent="# ",
            subsequent_indent="# ",
            break_long_words=False,
            break_on_hyphens=False,
        )
    rows = (f"    {_literal(key)}: {_literal(column)}," for key, column in answer.items())
    return "\n".join([*comment.splitlines(), "MAPPING = {", *rows, "}"])


def _path(name: str, path: Path) -> str:
    literal = _literal(path.as_posix())
    line = f"{name} = Path({literal})"
    return line if len(line) <= _WIDTH else f"{name} = Path(\n    {literal}\n)"


def _literal(text: str) -> str:
    """Return a string literal with the quotes that `ruff format` prefers."""
    shown = "".join(
        char if char.isprintable() and char != "\\" else char.encode("unicode_escape").decode()
        for char in text
    )
    if shown.count('"') > shown.count("'"):  # the quotes that take fewer backslashes
        return "'" + shown.replace("'", "\\'") + "'"
    return '"' + shown.replace('"', '\\"') + '"'
