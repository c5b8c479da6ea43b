"""A run's folder read back: its manifest, and of each line of cases.jsonl what the figures need."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from math import isnan, nan
from operator import attrgetter
from pathlib import Path
from struct import Struct, pack, unpack_from
from typing import Any

TRY, CASE = attrgetter("id", "epoch"), attrgetter("id")
TOKENS = ("input", "output", "cached", "reasoning")
# For 100,000 lines: numbers and scores are packed, and what lines have in common is held once.
NUMBERS = ("sha", "offset", "epoch", "judge_calls", *TOKENS, "latency_s", "cost_usd", "judge_usd")
PACKED = Struct("QQ6I3d")
COMMON = ("tags", "split", "reviewed", "failed", "error_kind", "models")


@dataclass(slots=True, eq=False)
class Row:
    """A line of cases.jsonl; what is packed or common can be read like any other attribute."""

    id: str
    cluster: str
    common: dict[str, Any]
    packed: bytes

    def __getattr__(self, name: str) -> Any:
        if name in NUMBERS:
            return PACKED.unpack_from(self.packed)[NUMBERS.index(name)]
        return self.common[name]

    def score(self, name: str) -> float | None:
        """One of the numbers that the scorer returned; None where it returned none."""
        if name not in self.names:
            return None
        (score,) = unpack_from("d", self.packed, PACKED.size + 8 * self.names.index(name))
        return None if isnan(score) else score


class RunError(Exception):
    """A run cannot go on or be read; one sentence with the next step."""


@dataclass(slots=True)
class Run:
    """A run's folder: manifest, rows, and where the last whole line of cases.jsonl ends."""

    folder: Path
    manifest: dict[str, Any] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)
    end: int = 0
    shared: dict[Any, Any] = field(default_factory=dict)

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
        latest = {TRY(row): row for row in run.rows}  # a case that changed ran again
        run.rows = sorted(latest.values(), key=TRY)
        return run

    def add(self, record: Mapping[str, Any], size: int) -> None:
        """Take a line in, the same while a run goes on and when it is read back."""
        case, cluster, scores = record["id"], record["cluster"], record["scores"]
        asked = record.get("judge") or {"calls": 0, "cost_usd": 0.0, "models": []}
        common = {name: record[name] for name in COMMON}
        common |= {"names": [*scores], "judges": asked["models"]}
        common = self.shared.setdefault(repr(common), common)
        cluster = case if cluster == case else self.shared.setdefault(cluster, cluster)
        numbers = [int(record["sha"], 16), self.end, record["epoch"], asked["calls"]]
        numbers += [*record["tokens"], record["latency_s"], record["cost_usd"], asked["cost_usd"]]
        known = (nan if number is None else number for number in (*numbers, *scores.values()))
        self.rows.append(Row(case, cluster, common, pack(f"{PACKED.format}{len(scores)}d", *known)))
        self.end += size

    def records(self, rows: Iterable[Row]) -> Iterator[dict[str, Any]]:
        """Read all that is known of the given rows, one after the other."""
        with (self.folder / "cases.jsonl").open("rb") as file:
            for row in rows:
                file.seek(row.offset)
                yield json.loads(file.readline())
