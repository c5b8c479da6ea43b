"""Looking after recordings: what is there, what is damaged, what no case uses any more."""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from .errors import NotRecorded
from .recordings import Asked, Scope, load, slug


class Recording(NamedTuple):
    """One file, with its size in bytes: whose answer it is and its cost then, or its `damage`."""

    path: Path
    size: int
    case: str = ""
    model: str = ""
    cost_usd: Decimal | None = None
    damage: str = ""


def recordings_in(folder: Path) -> Iterator[Recording]:
    """All of them in stored order, those that would not replay with the reason."""
    for path in sorted(folder.glob("*/*.json")):
        size = path.stat().st_size
        try:
            record = load(path)
            asked, answer = Asked(**record["request"]), record["answer"]
            name = Scope(record["case"], record["epoch"]).file_name(record["n"])
            if (asked.key, name) != (path.parent.name, path.name):
                raise NotRecorded(f"{path} was edited: its name is not that of its content.")
            model = str(asked.body.get("model", "")) if isinstance(asked.body, dict) else ""
            cost = answer["cost_usd"] if isinstance(answer, dict) else 0  # now() costs nothing
            price = None if cost is None else Decimal(cost)
            yield Recording(path, size, record["case"] or "", model, price)
        except (NotRecorded, KeyError, TypeError) as error:
            yield Recording(path, size, damage=f"{error or path}")


def prune(folder: Path, cases: Iterable[str], *, dry_run: bool = False) -> list[Path]:
    """Delete (or only name) the answers of no case in `cases`, and what killed processes left."""
    kept = {slug(case) for case in (*cases, None)}  # None: asked outside of any case
    gone = [p for p in sorted(folder.glob("*/*.json")) if p.name.rsplit("-e", 1)[0] not in kept]
    gone += sorted(folder.glob("*/*.tmp"))
    for path in [] if dry_run else gone:
        path.unlink(missing_ok=True)
        if not any(path.parent.iterdir()):
            path.parent.rmdir()
    return gone
