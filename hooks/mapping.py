"""Which column is which field of a case, as far as the columns' names make it clear."""

import keyword
import re
from pathlib import Path

import columns

_LONGEST_FIELD = 200  # characters: a longer text is what is read, not what is read out of it
_MOST_FIELDS = 40
_ID = ("id", "case_id", "uuid", "key")
_INPUT = (
    *("text", "input", "question", "query", "prompt", "body", "message", "content"),
    *("document", "email", "ticket", "transcript", "description", "review", "comment"),
    *("task", "instruction", "questions"),
)
_EXPECTED = (
    *("expected", "label", "answer", "target", "output", "gold", "ground_truth", "sql"),
    *("expected_output", "expected_answer", "correct_answer", "reference", "category", "class"),
)
_SOURCES = ("source", "document", "file", "filename", "doc")
_OF_A_FILE = ["file", "folder", "text"]  # columns of a folder's row, as `read_rows` has them
# Fields of a kind that go by names of their own, before those above.
_OWN = {
    "input.answer": ("response", "answer_a", "response_a", "output", "completion", "candidate"),
    "input.other": ("other_answer", "answer_b", "response_b", "output_b", "completion_b"),
    "input.reference": ("reference_answer", "expected_answer", "gold_answer", "ground_truth"),
    "expected.verdict": ("winner", "preference", "score", "rating", "grade", "human_label"),
    "expected.sql": ("query", "gold_sql", "gold_query", "sql_query", "expected_sql"),
    "expected.label": ("intent", "sentiment", "topic", "department", "team"),
}
# Fields that a case may do without: mapped where there is such a column.
_OPTIONAL = {"judge": ("input.other", "input.reference")}
# Where a column is called so, the other columns are what the answer is found from.
_GRADED = re.compile(
    r"(expected|gold|golden|correct|true)_.+|expected|label|answer|target|gold|ground_truth|sql"
)
# Names that the file uses, that ruff refuses (l), or that BaseModel has.
_TAKEN = {"dt", "bool", "int", "str", "l", "copy", "dict", "json", "schema", "schema_json"}
_TAKEN |= {"evidence", "standing"}  # of the kind extract's Output
_TAKEN |= {"construct", "from_orm", "parse_obj", "parse_raw", "parse_file", "validate"}
_TAKEN |= {"update_forward_refs"}


def folder() -> columns.Table:
    """What `scaffold.evals.read_rows` makes of a folder: a row for each file."""
    return columns.Table([columns.Column(name) for name in _OF_A_FILE], 0)


def asks(table: columns.Table) -> bool:
    """Whether a table holds questions, by a column's name; another may be a document."""
    return any(_slug(column.name) in ("question", "questions", "query") for column in table.columns)


def by_name(asked: dict[str, str], found: list[columns.Column], kind: str = "") -> dict[str, str]:
    """Map what a column's name makes clear; without an id, the harness numbers the rows."""
    by_slug = {_slug(column.name): column.name for column in reversed(found)}
    in_order = [_slug(column.name) for column in found]
    unique = {_slug(column.name) for column in found if column.unique}
    unique |= {"file"} if in_order == _OF_A_FILE else set()
    ids = [name for name in _ID if name in unique]
    ids += [name for name in in_order if name in unique and name.endswith("_id")] or [
        name for name in unique if name == "file"
    ]
    answer: dict[str, str] = {}
    optional = _OPTIONAL.get(kind, ())
    for key in (*asked, *optional):
        wanted = _EXPECTED if key.startswith("expected.") else _INPUT
        wanted = {"id": ids, "expected.sources": _SOURCES}.get(key, wanted)
        own = key.rpartition(".")[2]
        names = [own, *wanted] if own != "text" else wanted
        if key in _OWN:
            names = [own, *_OWN[key], *(() if key in optional else wanted)]
        taken = [by_slug[name] for name in names if name in by_slug]
        free = [name for name in taken if name not in answer.values()]
        if free or key not in ("id", "expected.sources", *optional):
            answer[key] = free[0] if free else "?"
    waiting = [key for key, name in answer.items() if name == "?"]
    left = [column.name for column in found if column.name not in answer.values()]
    if len(waiting) == len(left) == 1 and in_order != _OF_A_FILE:
        answer[waiting[0]] = left[0]
    return answer


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", name.strip().lower()).strip("_")


def sides(
    found: list[columns.Column], answer: dict[str, str], raw: Path
) -> tuple[list[columns.Column], list[columns.Column]]:
    """Return the columns that an answer is found from, and those that hold the answer."""
    if raw.is_dir():
        return [], []
    known = [column for column in found if column.name != answer.get("id")]
    label = answer.get("expected.label")
    graded = [c for c in known if c.name == label or _GRADED.fullmatch(_slug(c.name))]
    if graded:
        return [column for column in known if column not in graded], graded
    text = [column for column in known if column.name == answer.get("input.text")]
    return text, [c for c in known if c not in text and c.longest <= _LONGEST_FIELD]


def mapped(side: str, found: list[columns.Column], answer: dict[str, str]) -> dict[str, str]:
    """Return `answer` with one side of a case mapped to these columns and no others."""
    new = {f"{side}.{name}": column.name for name, column in fields(found).items()}
    rest = {key: column for key, column in answer.items() if not key.startswith(f"{side}.")}
    ids = {key: column for key, column in rest.items() if key == "id"}
    if side == "input":  # in the order of a case: id, input, expected
        return {**ids, **new, **{key: rest[key] for key in rest if key != "id"}}
    return {**rest, **new}


def fields(found: list[columns.Column]) -> dict[str, columns.Column]:
    """Return columns by a field name that Python takes, at most as many as a model reads well."""
    fields: dict[str, columns.Column] = {}
    for column in found:
        name = re.sub(r"^(expected|gold|golden|correct|true)_", "", _slug(column.name))
        name = name[:60].strip("_") or "field"
        if name[0].isdigit() or name.startswith("model_"):
            name = f"field_{name}"
        if keyword.iskeyword(name) or name in _TAKEN:
            name = f"{name}_value"
        number = 2
        unique = name
        while unique in fields:
            unique, number = f"{name}_{number}", number + 1
        fields[unique] = column
    return dict(list(fields.items())[:_MOST_FIELDS])
