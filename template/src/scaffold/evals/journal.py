"""cases.jsonl: one line per finished case, synced to disk; and a run's folder read back."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any

from pydantic_core import to_jsonable_python

from .outcome import Case, Outcome

TOKENS = ("input", "output", "cached", "reasoning")


class RunError(Exception):
    """A run cannot go on or be read; one sentence with the next step."""


@dataclass(slots=True)
class Row:
    """What the figures need of one line of cases.jsonl; the rest is read again from `offset`."""

    id: str
    epoch: int
    sha: str
    tags: tuple[str, ...]
    group: str | None
    split: str
    reviewed: bool
    error_kind: str | None
    scores: dict[str, float | None]
    latency_s: float
    position: int
    offset: int
    cost_usd: Decimal | None
    tokens: tuple[int, ...]
    models: tuple[str, ...]


_FREE = {"cost_usd": Decimal(0), "tokens": (0,) * len(TOKENS), "models": ()}  # shared: memory


def row_of(record: Mapping[str, Any], offset: int) -> Row:
    """Make the row of a record: live and on reading back, so that the figures are the same."""
    same = ("id", "epoch", "sha", "group", "reviewed", "error_kind", "scores")
    return Row(
        **{name: record[name] for name in (*same, "latency_s", "position")},
        split=sys.intern(record["split"]),
        tags=tuple(record["tags"]),
        offset=offset,
        **(_spent(record["calls"]) if record["calls"] else _FREE),
    )


def _spent(calls: list[dict[str, Any]]) -> dict[str, Any]:
    costs = [Decimal(str(c["cost_usd"])) for c in calls if c["cost_usd"] is not None]
    return {
        "cost_usd": sum(costs, Decimal(0)) if len(costs) == len(calls) else None,
        "tokens": tuple(sum(c[f"{kind}_tokens"] for c in calls) for kind in TOKENS),
        "models": tuple(sorted({sys.intern(c["model"]) for c in calls})),
    }


def digest(case: Case[Any, Any]) -> str:
    """Tell whether a case is still the same: its content's SHA-256, shortened."""
    content = json.dumps(to_jsonable_python(case, fallback=repr), sort_keys=True)
    return sha256(content.encode()).hexdigest()[:16]


def record_of(case: Case[Any, Any], outcome: Outcome[Any], **more: Any) -> dict[str, Any]:
    """What cases.jsonl holds of a finished case: the fields of both, in what JSON can hold."""
    of_case = {name: getattr(case, name) for name in Case.__dataclass_fields__}
    of_outcome = {name: getattr(outcome, name) for name in Outcome.__dataclass_fields__}
    fields = of_case | more | of_outcome
    return to_jsonable_python(fields, bytes_mode="base64", fallback=repr)  # type: ignore[no-any-return]


class Journal:
    """Appends records to a run's cases.jsonl."""

    def __init__(self, path: Path) -> None:
        """Open for appending; a last line that a crash cut off is removed first."""
        self._path = path
        self._end = max((offset + size for offset, size, _ in read_lines(path)), default=0)
        self._file = path.open("ab")
        self._file.truncate(self._end)

    def write(self, record: Mapping[str, Any]) -> int:
        """Append one line and return its offset; raise RunError where the disk takes no more."""
        try:  # UTF-8 cannot hold half a surrogate pair: such a line is written in escapes
            line = (json.dumps(record, ensure_ascii=False) + "\n").encode()
        except UnicodeEncodeError:
            line = (json.dumps(record) + "\n").encode()
        with disk_told(self._path.parent):
            self._file.write(line)
            self._file.flush()
        self._end += len(line)
        return self._end - len(line)

    async def sync(self) -> None:
        """Return when all that was written is on the disk."""
        with disk_told(self._path.parent):
            await asyncio.to_thread(os.fsync, self._file.fileno())

    def close(self) -> None:
        """Close the file; what could not be written was reported before."""
        with suppress(OSError):
            self._file.close()


@contextmanager
def disk_told(folder: Path) -> Generator[None]:
    """Say in a sentence that a run's folder cannot be written, and how to go on."""
    try:
        yield
    except OSError as error:
        raise RunError(
            f"{folder} cannot be written ({error.strerror}); the cases finished before are kept: "
            f"make room, then go on with --resume {folder.name}"
        ) from error


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write a JSON file that appears whole or not at all."""
    half = path.with_name(path.name + ".part")
    text = json.dumps(content, indent=2, ensure_ascii=False, default=str)
    half.write_text(text + "\n", "utf-8", errors="backslashreplace", newline="\n")
    half.replace(path)


def read_lines(path: Path) -> Iterator[tuple[int, int, dict[str, Any]]]:
    """Yield (offset, size, record) of every whole line; one that a crash cut off is skipped."""
    if not path.is_file():
        return
    offset = 0
    with path.open("rb") as file:
        for line in file:
            if line.endswith(b"\n"):
                yield offset, len(line), json.loads(line)
            offset += len(line)


@dataclass(slots=True)
class Run:
    """A run's folder, read back: its rows and its manifest."""

    folder: Path
    manifest: dict[str, Any]
    rows: list[Row]

    @classmethod
    def read(cls, folder: Path | str) -> Run:
        """Read a folder with cases.jsonl; raise RunError where there is none."""
        folder = Path(folder)
        manifest, lines = folder / "manifest.json", folder / "cases.jsonl"
        if not lines.is_file():
            raise RunError(f"{folder} holds no run (no cases.jsonl): name a folder in results/")
        about = json.loads(manifest.read_text("utf-8")) if manifest.is_file() else {}
        rows = [row_of(record, offset) for offset, _, record in read_lines(lines)]
        latest = {(row.id, row.epoch): row for row in rows}  # a case that changed was run again
        return cls(folder, about, sorted(latest.values(), key=lambda r: (r.position, r.epoch)))

    def records(self, rows: Iterable[Row]) -> Iterator[dict[str, Any]]:
        """Read all that is known of the given rows, one after the other."""
        with (self.folder / "cases.jsonl").open("rb") as file:
            for row in rows:
                file.seek(row.offset)
                yield json.loads(file.readline())
