"""What the models answered, kept in files: `<folder>/<key>/<case>-e<epoch>-<n>.json`.

One file per answer, so that any number of processes can write without a lock, and replaying
needs no index: memory stays flat, however many there are. The key stands for the request
(method, path, canonical JSON body; never a host, a header or a secret); case, epoch and n (the
n-th time that this scope asked this) for the scope in which it was answered.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import tempfile
import warnings
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from .errors import NotRecorded
from .scope import Scope

# Base64 this long is an attachment; shorter strings stay readable where they are.
_BASE64 = re.compile(r"(data:[\w/.+-]+;base64,)?[A-Za-z0-9+/]{400,}={0,2}")
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


def canonical(value: Any) -> str:
    """The one way to write a JSON value: sorted keys, no blanks."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def digest(text: str) -> str:
    """SHA-256, in hexadecimal."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass
class Asked:
    """A request as it is stored: attachments by their hash."""

    method: str
    path: str
    body: Any
    attachments: list[str] = field(default_factory=list)
    attached_tokens: int = 0

    @classmethod
    def read(cls, method: str, path: str, content: bytes, content_type: str = "") -> Asked:
        """From what goes over the wire; a body that is no JSON is stored by its hash."""
        asked = cls(method, path, None)
        try:
            asked.body = asked._without_attachments(json.loads(content)) if content else None
        except ValueError:
            # A multipart boundary is random: it must not change the key.
            boundary = content_type.partition("boundary=")[2].encode()
            plain = content.replace(boundary, b"") if boundary else content
            asked.body = {"bytes": len(plain), "sha256": hashlib.sha256(plain).hexdigest()}
        return asked

    def _without_attachments(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {key: self._without_attachments(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self._without_attachments(item) for item in value]
        if not (isinstance(value, str) and len(value) >= 400 and _BASE64.fullmatch(value)):
            return value
        data = value.rpartition(",")[2]
        self.attachments.append(digest(data))
        # Vendors scale an image down to a few thousand tokens; the pages of a PDF (its base64
        # begins with JVBER) cost fewer than they have bytes.
        self.attached_tokens += 5_000 + (len(data) if data.startswith("JVBER") else 0)
        return f"sha256:{digest(value)}"

    @property
    def key(self) -> str:
        """Equal exactly where method, path and canonical body are."""
        return digest(f"{self.method} {self.path}\n{canonical(self.body)}")[:24]

    @property
    def most_tokens(self) -> int:
        """An upper bound: no token of text is shorter than a byte."""
        return len(canonical(self.body).encode("utf-8", "surrogatepass")) + self.attached_tokens

    def warn_of_varying(self, given: set[str]) -> None:
        """Name today's date and UUIDs in the body, but for those `given` by the client."""
        text = canonical(self.body)
        for varying in {*_UUID.findall(text), datetime.now(UTC).date().isoformat()} - given:
            if varying in text:
                advice = "if it varies, take it from llm.now() or llm.new_id(), or it cannot replay"
                warnings.warn(f"A recorded request holds {varying}: {advice}.", stacklevel=2)


class Recordings:
    """A folder of recordings."""

    def __init__(self, folder: Path) -> None:
        """The folder is made when something is saved."""
        self.folder = folder

    def find(self, key: str, scope: Scope, n: int, others: Literal["any", "cases", "none"]) -> Any:
        """The answer of this scope, else the next in stored order; None if there is none.

        `others` says whose else will do: anyone's ("any"), another case's in the same epoch and
        place ("cases": who can still ask must not take one epoch for another), or "none".
        """
        folder = self.folder / key
        try:
            stored = sorted(path.name for path in folder.iterdir())
        except FileNotFoundError:
            return None
        name = file_name(scope, n)
        if name not in stored:
            end = ".json" if others == "any" else file_name(scope, n).removeprefix(slug(scope.case))
            stored = [name for name in stored if name.endswith(end)]
            if not stored or others == "none":
                return None
            name = stored[(scope.epoch + n) % len(stored)]
        try:
            return json.loads((folder / name).read_bytes())["answer"]
        except (ValueError, KeyError):
            advice = "restore it from git, or delete it and ask again"
            raise NotRecorded(f"The recording {folder / name} is damaged; {advice}.") from None

    def save(self, asked: Asked, scope: Scope, n: int, answer: Any, names: dict[str, str]) -> None:
        """Write an answer: whole or not at all, and on the disk when this returns."""
        record = {
            "case": scope.case,
            "epoch": scope.epoch,
            "n": n,
            "request": {"method": asked.method, "path": asked.path, "body": asked.body},
            "attachments": {sha: names.get(sha, "attachment") for sha in asked.attachments},
            "answer": answer,
        }
        text = json.dumps(record, indent=1, ensure_ascii=False) + "\n"
        folder = self.folder / asked.key
        folder.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=folder, suffix=".tmp")
        with os.fdopen(handle, "wb") as file:
            file.write(text.encode("utf-8", "surrogatepass"))
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(folder / file_name(scope, n))
        with contextlib.suppress(OSError):  # Windows cannot sync a folder, and need not
            opened = os.open(folder, os.O_RDONLY)
            os.fsync(opened)
            os.close(opened)


def slug(case: str | None) -> str:
    """A case's id as a file name that is different for every id, on every file system."""
    if case is None:
        return "_"
    if re.fullmatch(r"[a-z0-9][a-z0-9-]{0,59}", case):
        return case
    return f"{re.sub('[^a-z0-9]+', '-', case.lower())[:40].strip('-')}_{digest(case)[:8]}"


def file_name(scope: Scope, n: int) -> str:
    """The name of an answer's file."""
    return f"{slug(scope.case)}-e{scope.epoch}-{n}.json"
