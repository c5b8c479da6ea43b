"""Which passage holds where documents contradict each other."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime

from .passages import Passage

CONDITIONS = "conditions-of-carriage.md"
NOTICES = "notices/"
DATE = re.compile(r"\b\d{1,2} [A-Z][a-z]+ 20\d\d\b")
REPLACES = re.compile(r"replaces clause (\d+\.\d+)")


def in_force(passages: Sequence[Passage]) -> list[Passage]:
    """Leave out clauses that a notice replaces, and notices older than the Conditions.

    The Conditions say so themselves: a notice prevails where it "bears a later date".
    """
    notices = [passage for passage in passages if passage.source.startswith(NOTICES)]
    dates: dict[str, date] = {}
    for passage in passages:  # a document's first date is its own
        if found := DATE.search(f"{passage.title} {passage.text}"):
            day = datetime.strptime(found[0], "%d %B %Y").date()
            dates.setdefault(passage.source, day)
    edition = dates.get(CONDITIONS, date.min)
    old = {one.source for one in notices if dates.get(one.source, edition) < edition}
    replaced = tuple(
        f"{clause} "
        for notice in notices
        if notice.source not in old
        for clause in REPLACES.findall(notice.text)
    )
    return [
        passage
        for passage in passages
        if passage.source not in old
        and not (passage.source == CONDITIONS and passage.quotes[0].startswith(replaced))
    ]


def is_draft(passage: Passage) -> bool:
    """Whether it may still change: minutes say what was talked about, not what holds."""
    return "draft" in passage.title
