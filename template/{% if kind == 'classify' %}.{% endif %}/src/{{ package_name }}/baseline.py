"""The honest thing without a model: naive Bayes over words, learnt from the labelled cases.

Multinomial, with add-one smoothing (Manning, Raghavan & Schütze 2008, chapter 13,
nlp.stanford.edu/IR-book). A label's own name counts as one more text of that label: where there is
next to no data, it is the keyword. A case is never scored by what was learnt from it: the case
itself, others with the same input and all of its group are left out.
"""

import re
from collections import Counter
from collections.abc import Iterable
from functools import cache
from math import log

from scaffold.evals import Case
from scaffold.llm import Client

from .cases import cases, labels
from .schemas import Expected, Input, Output


class Counts:
    """How many texts and words each label has, and each word: in all and with a label."""

    def __init__(self, texts: Iterable[tuple[str, list[str]]]) -> None:
        self.texts, self.sizes = Counter[str](), Counter[str]()
        self.words, self.pairs = Counter[str](), Counter[tuple[str, str]]()
        for label, words in texts:
            self.texts[label] += 1
            self.sizes[label] += len(words)
            self.words.update(words)
            self.pairs.update((label, word) for word in words)


async def solve(input: Input, llm: Client) -> Output:
    """Return the likeliest label; `llm` is there because all solvers are called alike.

    Raises:
        CasesError: no case has a label, so there is nothing to choose from.
    """
    learnt, left_out = _learnt(), Counts(_texts(_related(input)))
    known = [word for word in _words(input) if learnt.words[word] > left_out.words[word]]
    gone = sum(learnt.words[word] == count for word, count in left_out.words.items())
    vocabulary = len(learnt.words) - gone
    scores = {}
    for label in labels():
        size = learnt.sizes[label] - left_out.sizes[label]
        scores[label] = log(learnt.texts[label] - left_out.texts[label])
        for word in known:
            count = learnt.pairs[label, word] - left_out.pairs[label, word]
            scores[label] += log((count + 1) / (size + vocabulary))
    return Output(label=max(scores, key=scores.__getitem__))


@cache
def _learnt() -> Counts:
    names = [(label, _split(label.replace("_", " "))) for label in labels()]
    return Counts([*names, *_texts(_labelled())])


@cache
def _labelled() -> list[Case[Input, Expected]]:
    """Return what may be learnt from; the cases of split "test" are for scoring alone."""
    return [case for case in cases() if case.reviewed and case.split == "dev"]


def _texts(some: Iterable[Case[Input, Expected]]) -> list[tuple[str, list[str]]]:
    return [(case.expected.label, _words(case.input)) for case in some if case.expected]


@cache
def _by_input_and_group() -> dict[tuple[str, str | None], list[Case[Input, Expected]]]:
    found: dict[tuple[str, str | None], list[Case[Input, Expected]]] = {}
    for case in _labelled():
        found.setdefault(("input", case.input.model_dump_json()), []).append(case)
        if case.group is not None:
            found.setdefault(("group", case.group), []).append(case)
    return found


def _related(input: Input) -> list[Case[Input, Expected]]:
    """Return the cases that share the input, or a group with one that does, each once."""
    lookup = _by_input_and_group()
    same = lookup.get(("input", input.model_dump_json()), [])
    grouped = [other for case in same for other in lookup.get(("group", case.group), [])]
    return list({case.id: case for case in [*same, *grouped]}.values())


def _words(input: Input) -> list[str]:
    return _split(" ".join(str(value) for _, value in input if value is not None))


def _split(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())
