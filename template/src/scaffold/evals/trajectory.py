"""How an agent went about it, against how it should have: the part `trajectory`."""

from collections import Counter
from collections.abc import Mapping, Sequence
from json import dumps
from typing import Any

Call = tuple[str, Mapping[str, Any]]  # a tool's name and its arguments


def trajectory(expected: Sequence[Call], made: Sequence[Call]) -> dict[str, float]:
    """Compare the calls that were made with those that suffice; each figure is from 0 to 1.

    `tools`: expected calls whose tool was used; `arguments`: those that were made exactly so;
    `order`: 1 where the expected tools were used one after the other, whatever came between. Lower
    is better: `needless`, the share of calls beyond the expected, and `loops`, of repetitions.
    """
    names = [[call[0] for call in calls] for calls in (expected, made)]
    whole = [[dumps(call, sort_keys=True, default=str) for call in c] for c in (expected, made)]
    left = iter(names[1])
    return {
        "tools": _share(_common(*names), len(expected)),
        "arguments": _share(_common(*whole), len(expected)),
        "order": float(all(name in left for name in names[0])),  # `in` moves the iterator on
        "needless": 1 - _share(_common(*whole), len(made)),
        "loops": 1 - _share(len(set(whole[1])), len(made)),
    }


def _common(expected: list[str], made: list[str]) -> int:
    return (Counter(expected) & Counter(made)).total()


def _share(count: int, of: int) -> float:
    return count / of if of else 1.0
