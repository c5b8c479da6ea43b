"""A run's folder read back: its manifest, and of each line of cases.jsonl what the figures need."""

import json
from collections import namedtuple
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

# What the figures need of a line of cases.jsonl: the rest is read again from `offset`.
HELD = "id epoch sha reviewed failed latency_s judge offset"
# Of these, few are different: one object serves all rows that have it, as there may be 100,000.
SHARED = "cluster tags split error_kind cost_usd tokens models names values"
Held: Any = namedtuple("Held", f"{HELD} {SHARED}")


class Row(Held):
    """A line of cases.jsonl; its scores are `values`, by `names`."""

    __slots__ = ()

    @property
    def scores(self) -> dict[str, float | None]:
        """The numbers by their names."""
        return dict(zip(self.names, self.values, strict=True))


class RunError(Exception):
    """A run cannot go on or be read; one sentence with the next step."""


@dataclass(slots=True)
class Run:
    """A run's folder: manifest, rows, and where the last whole line of cases.jsonl ends."""

    folder: Path
    manifest: dict[str, Any] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)
    end: int = 0
    shared: dict[str, dict[Any, Any]] = field(default_factory=dict)

    @classmethod
    def read(cls, folder: Path | str) -> "Run":
        """Read a folder with cases.jsonl; raise RunError where there is none."""
        run, lines = cls(Path(folder)), Path(folder) / "cases.jsonl"
        if not lines.is_file():
            raise RunError(f"{folder} holds no run (no cases.jsonl): name a folder in results/")
        run.manifest = json.loads((run.folder / "manifest.json").read_text("utf-8"))
        with lines.open("rb") as file:
            for line in file:
                if line.endswith(b"\n"):  # a crash may have cut off the last one
                    run.add(json.loads(line), len(line))
        latest = {(row.id, row.epoch): row for row in run.rows}  # a case that changed ran again
        run.rows = sorted(latest.values())
        return run

    def add(self, record: Mapping[str, Any], size: int) -> None:
        """Take a line in, the same while a run goes on and when it is read back."""
        held = {name: record.get(name) for name in Held._fields} | {"offset": self.end}
        held |= {"names": [*record["scores"]], "values": [*record["scores"].values()]}
        for name in SHARED.split():
            value, known = held[name], self.shared.setdefault(name, {})
            value = tuple(value) if isinstance(value, list) else value
            held[name] = known.get(value, value)
            if len(known) < 1000:
                known[value] = held[name]
        if record["cluster"] == record["id"]:
            held["cluster"] = held["id"]
        self.rows.append(Row(**held))
        self.end += size

    def records(self, rows: Iterable[Row]) -> Iterator[dict[str, Any]]:
        """Read all that is known of the given rows, one after the other."""
        with (self.folder / "cases.jsonl").open("rb") as file:
            for row in rows:
                file.seek(row.offset)
                yield json.loads(file.readline())
