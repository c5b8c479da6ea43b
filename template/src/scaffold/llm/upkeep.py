"""Looking after it: list, verify and prune recordings, and say what is missing or not in place."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any

from .client import Client
from .errors import LLMError, Truncated
from .recordings import Asked, Recordings, canonical, file_name, slug
from .scope import Scope
from .vendors import Vendor


@dataclass(frozen=True, slots=True)
class Recording:
    """One file: whose answer it is, its size in bytes, and what it cost when it was made."""

    path: Path
    case: str | None
    epoch: int
    model: str
    size: int
    cost_usd: Decimal | None


def recordings_in(folder: Path) -> Iterator[Recording]:
    """All that can be read, in stored order; `verify` names the others."""
    for path, record in _read(sorted(folder.glob("*/*.json"))):
        body, answer = record["request"]["body"], record["answer"]
        cost = answer["cost_usd"] if isinstance(answer, dict) else None  # now() is no answer
        model = str(body.get("model", "")) if isinstance(body, dict) else ""
        price = None if cost is None else Decimal(cost)
        size = path.stat().st_size
        yield Recording(path, record["case"], record["epoch"], model, size, price)


def _read(paths: Iterable[Path]) -> Iterator[tuple[Path, dict[str, Any]]]:
    for path in paths:
        if not _damage(path):
            yield path, json.loads(path.read_bytes())


def _damage(path: Path) -> str:
    try:
        record = json.loads(path.read_bytes())
        asked, scope = Asked(**record["request"]), Scope(record["case"], record["epoch"])
        whole = record["answer"] and (asked.key, file_name(scope, record["n"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        return f"cannot be read ({error})"
    fits = whole == (path.parent.name, path.name)
    return "" if fits else "does not fit its name: it was edited"


def verify(folder: Path) -> list[tuple[Path, str]]:
    """Every file that would not replay, and why."""
    checked = ((path, _damage(path)) for path in sorted(folder.glob("*/*.json")))
    return [(path, damage) for path, damage in checked if damage]


def prune(folder: Path, cases: Iterable[str], *, dry_run: bool = False) -> list[Path]:
    """Delete the answers of cases that are none of `cases`, and what killed processes left.

    What was asked outside of any case is kept. Gives back the paths; `dry_run` deletes nothing.
    """
    kept = {slug(case) for case in (*cases, None)}
    gone = [p for p in sorted(folder.glob("*/*.json")) if p.name.rsplit("-e", 1)[0] not in kept]
    gone += sorted(folder.glob("*/*.tmp"))
    for path in [] if dry_run else gone:
        path.unlink(missing_ok=True)
        if not any(path.parent.iterdir()):
            path.parent.rmdir()
    return gone


async def doctor(client: Client) -> list[tuple[str, bool, str]]:
    """What is in place for a client's model, as (what, whether, a sentence): one cheap call.

    Give it a client without recordings: it is to reach the vendor.
    """
    try:
        reply = await client.ask("Answer with one word: ready?", max_tokens=64)
        known, price = reply.cost_usd is not None, reply.cost_usd
        reached = f"{reply.model} answered in {reply.latency_s:.1f} s"
    except Truncated:  # a model that thinks first; it was reached all the same
        (*_, line) = client.calls
        known, price = line.cost_usd is not None, line.cost_usd
        reached = f"{line.model} answered in {line.latency_s:.1f} s"
    except LLMError as error:
        return [("model", False, str(error))]
    unknown = "its price is unknown: max_cost_usd cannot be used with it"
    costs = f"the call cost ${price}" if known else unknown
    return [("model", True, reached), ("price", known, costs)]


def explain_missing(store: Recordings, asked: Asked, scope: Scope, vendor: Vendor) -> str:
    """Which request was not recorded, the nearest one that was, what differs, what does run."""
    # Those of the same case first; reading all of a large folder would take seconds.
    own, others = store.folder.glob(f"*/{slug(scope.case)}-e*.json"), store.folder.glob("*/*.json")
    records = [record for _, record in _read([*islice(own, 50), *islice(others, 200)])]
    near = [record for record in records if record["request"]["path"] == asked.path]
    where = f"case {scope.case!r}" if scope.case else "a call outside of any case"
    said = [f"Nothing is recorded for {where} ({asked.method} {asked.path})"]
    if near:
        matcher = difflib.SequenceMatcher(None, b=canonical(asked.body)[:5000], autojunk=False)

        def likeness(record: dict[str, Any]) -> float:
            matcher.set_seq1(canonical(record["request"]["body"])[:5000])
            return matcher.quick_ratio()

        best = max(near, key=likeness)
        what = difference(best["request"]["body"], asked.body)
        said.append(f"the nearest is of case {best['case']!r} and differs in {what}")
        cases = sorted({str(record["case"]) for record in near if record["case"]})[:3]
        said.append(f"cases that do run: {', '.join(cases) or 'none'}")
    said.append(f"set {vendor.key_variables[0]} and use mode auto to ask the vendor.")
    return "; ".join(said)


def difference(recorded: Any, asked: Any, where: str = "body") -> str:
    """The first place where two JSON values differ."""
    pairs: Iterable[tuple[str, Any, Any]] = ()
    if isinstance(recorded, dict) and isinstance(asked, dict):
        keys = sorted(recorded.keys() | asked.keys())
        pairs = ((f"{where}.{key}", recorded.get(key), asked.get(key)) for key in keys)
    elif isinstance(recorded, list) and isinstance(asked, list) and len(recorded) == len(asked):
        both = enumerate(zip(recorded, asked, strict=True))
        pairs = ((f"{where}[{index}]", old, new) for index, (old, new) in both)
    for place, old, new in pairs:
        if old != new:
            return difference(old, new, place)
    old, new = str(recorded), str(asked)
    same = next((i for i, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), 0)
    shown = slice(max(0, same - 20), same + 40)
    return f"{where}: {old[shown]!r} was recorded, {new[shown]!r} is asked"
