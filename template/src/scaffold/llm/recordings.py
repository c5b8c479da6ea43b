"""What the models answered, kept in files: `<folder>/<key>/<case>-e<epoch>-<n>.json`.

One file per answer, so that any number of processes can write without a lock, and replaying
needs no index. The key stands for the request (method, path, canonical JSON body; never a host, a
header or a secret); case, epoch and n (the n-th time that this scope asked this) for the scope.
"""

import hashlib
import json
import os
import re
import uuid
import warnings
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import cached_property
from itertools import islice
from os.path import commonprefix
from pathlib import Path
from typing import Any, NamedTuple

from .errors import LLMError, NotRecorded

# Base64 this long is an attachment; shorter strings stay readable where they are.
_ATTACHMENT = re.compile(r'"(data:[\w/.+-]+;base64,)?([A-Za-z0-9+/]{400,}={0,2})"')
_IMAGES = ("iVBORw", "/9j/", "R0lGOD", "UklGR")  # how PNG, JPEG, GIF and WebP begin in it
_UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
# The one way to write a JSON value: sorted keys, no blanks.
canonical = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode


def digest(text: str) -> str:
    """SHA-256, in hexadecimal."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def slug(case: str | None) -> str:
    """A case's id as a file name that is different for every id, on every file system."""
    return f"{re.sub('[^a-z0-9]+', '-', case.lower())[:40]}_{digest(case)[:8]}" if case else "_"


class Scope(NamedTuple):
    """Whose answers these are: those of a case and an epoch, or of neither."""

    case: str | None = None
    epoch: int = 0

    def file_name(self, n: int) -> str:
        """The name of its n-th answer to a request."""
        return f"{slug(self.case)}-e{self.epoch}-{n}.json"


@dataclass(frozen=True)
class Asked:
    """A request as it is stored: an attachment by its hash, and a body that is no JSON, too."""

    method: str
    path: str
    body: Any
    most_tokens: int = 0  # an upper bound: no token of text is shorter than a byte

    @classmethod
    def read(cls, method: str, path: str, content: bytes, content_type: str = "") -> "Asked":
        """From what goes over the wire."""
        # A multipart boundary is random: it must not change the key.
        boundary = content_type.partition("boundary=")[2].encode() or b"\0"
        text = content.replace(boundary, b"").decode("utf-8", "surrogateescape")
        # An image costs a few thousand tokens; all else, a PDF too, less than its bytes.
        images = [a[2] for a in _ATTACHMENT.finditer(text) if a[2].startswith(_IMAGES)]
        most_tokens = len(content) + sum(5_000 - len(image) for image in images)
        text = _ATTACHMENT.sub(lambda found: f'"sha256:{digest(found[0])}"', text)
        try:
            body = json.loads(text) if text else None
        except ValueError:
            body = f"sha256:{digest(text)}"
        return cls(method, path, body, most_tokens)

    @cached_property
    def key(self) -> str:
        """Equal exactly where method, path and canonical body are."""
        return digest(f"{self.method} {self.path}\n{canonical(self.body)}")[:24]


@dataclass(frozen=True)
class Recordings:
    """A folder of recordings; it is made when something is saved."""

    folder: Path

    def find(self, asked: Asked, scope: Scope, n: int, others: str | None) -> Any:
        """The answer of this scope, or the next in stored order whose name ends so, or None."""
        path = self.folder / asked.key / scope.file_name(n)
        if not path.exists():
            known = sorted(path.parent.glob(f"*{others}")) if others else []
            path = known[(scope.epoch + n) % len(known)] if known else None
        return load(path)["answer"] if path else None

    def save(
        self, asked: Asked, scope: Scope, n: int, answer: Any, given: Collection[str] = ()
    ) -> None:
        """Write an answer, whole or not at all; warns of what varies and was not `given` by us."""
        request = {"method": asked.method, "path": asked.path, "body": asked.body}
        record = {**scope._asdict(), "n": n, "request": request, "answer": answer}
        path = self.folder / asked.key / scope.file_name(n)
        temporary = path.with_suffix(f".{uuid.uuid4().hex}.tmp")
        text = json.dumps(record, indent=1, ensure_ascii=False) + "\n"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with temporary.open("wb") as file:
                file.write(text.encode("utf-8", "surrogatepass"))
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        except OSError as error:  # else an SDK would send the request again
            raise LLMError(f"Cannot write to {self.folder} ({error}); make room there.") from None
        days = f"{datetime.now(UTC):%Y-%m-%d}|{datetime.now().astimezone():%Y-%m-%d}"
        varying = re.findall(f"{days}|{_UUID}", canonical(asked.body))
        if unknown := ", ".join(set(varying).difference(given)):
            advice = "if it varies, take it from llm.now() or llm.new_id(), or it cannot replay"
            warnings.warn(f"A recorded request holds {unknown}: {advice}.", stacklevel=2)

    def nearest(self, asked: Asked) -> str:
        """How the most similar recorded request differs, and three cases that do run."""
        wanted, same, best, cases = canonical(asked.body), 0, "", set[str]()
        for path in islice(self.folder.glob("*/*.json"), 200):
            with suppress(NotRecorded):  # a damaged one is no neighbour
                record = load(path)
                body = canonical(record["request"]["body"])
                same, best = max((same, best), (len(commonprefix([body, wanted])), body))  # noqa: RUF071
                cases.add(record["case"] or "(none)")
        here = slice(max(0, same - 20), same + 40)
        differs = f"has {best[here]!r} where this one has {wanted[here]!r}"
        known = ", ".join(sorted(cases)[:3])
        return f"; the nearest recorded {differs}; cases that do run: {known}" if cases else ""


def load(path: Path) -> Any:
    """Read a recording. Raises `NotRecorded` where it is damaged."""
    try:
        return json.loads(path.read_bytes())
    except ValueError:
        advice = "restore it from git, or delete it and ask again"
        raise NotRecorded(f"The recording {path} is damaged; {advice}.") from None


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


def prune_in(folder: Path, cases: Iterable[str], *, dry_run: bool = False) -> list[Path]:
    """Delete (or only name) the answers of no case in `cases`, and what killed processes left."""
    kept = {slug(case) for case in (*cases, None)}  # None: asked outside of any case
    gone = [p for p in sorted(folder.glob("*/*.json")) if p.name.rsplit("-e", 1)[0] not in kept]
    gone += sorted(folder.glob("*/*.tmp"))
    for path in [] if dry_run else gone:
        path.unlink(missing_ok=True)
        if not any(path.parent.iterdir()):
            path.parent.rmdir()
    return gone
