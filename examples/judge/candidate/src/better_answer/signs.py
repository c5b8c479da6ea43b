"""What can be seen of an answer without knowing whether it is true."""

from __future__ import annotations

import re
from math import log1p

from .schemas import Input

LENGTH = "length"
ENOUGH = 8  # words that are new: more do not make an answer better
STOP_WORDS = {
    "english": "the a an of to in is are it and or for you your i with on at not be can that this",
    "german": "der die das ein eine und oder ist sind es zu im in den dem nicht mit auf für sie ich",
    "french": "le la les un une des et ou est sont il elle je vous de du en pas pour avec",
}
TO_THE_JUDGE = (
    r"judge|rubric|verdict|evaluator|grader|grades? this|reviewer|\banswer [ab]\b|\bscore [ab]\b"
    r"|\b(?:choose|pick|give|prefer) [ab]\b|ignore (?:the|all|your)|</?answer"
)
REFUSES = (
    r"\b(?:i|we) (?:cannot|can ?not|can't|am unable|are unable|do not know|don't know)\b"
    r"|\bunable to\b|^sorry\b|ich kann (?:das|dazu) nicht|keine auskunft"
)
VAGUE = (
    r"\b(?:many|some|various|several|different) (?:people|things|ways|ones?)\b|\bimportant\b|\bdepends?\b"
    r"|\bmatters?\b|\bthink about\b|\bin general\b|\bit is good\b|\bwonderful\b|\bthere are rules\b"
    r"|\bcan be found\b|\bcould try\b|\bbe (?:more )?careful\b|\bsomething\b|\bhardly\b|\bwhich is why\b"
)
ASSURED = (
    r"\b(?:always|never|exactly|any|all|every|everyone|must|immediate(?:ly)?|guaranteed|certainly"
    r"|without any|by magic|immer|genau|nie|muss)\b"
)
SHORT_IS_ASKED = (
    r"\b(?:in one sentence|one (?:\w+ )?(?:line|sentence)|at most \w+ words|briefly|in short)\b"
)


def signs(input: Input, answer: str) -> dict[str, float]:
    """Return each sign of an answer to the input's question, most of them between 0 and 1."""
    text = without_orders(answer)
    words, asked = _words(text), set(_words(input.question))
    new = [word for word in words if word not in asked and word not in _all_stop_words()]
    return {
        "says something": bool(words),
        "new words": min(len(set(new)), ENOUGH) / ENOUGH,
        "repeats the question": sum(word in asked for word in words) / len(words) if words else 0,
        "refuses": _occurs(REFUSES, text),
        "is vague": min(2, len(re.findall(VAGUE, text.casefold()))) / 2,
        "is assured": min(2, len(re.findall(ASSURED, text.casefold()))) / 2,
        "other language": _language(text) != _language(input.question) and len(words) > 2,
        "longer than asked": _occurs(SHORT_IS_ASKED, input.question) and len(words) > 20,
        "agrees with the reference": _agreement(input, text),
        "speaks to the judge": text != answer,
        LENGTH: log1p(len(words)),
    }


def without_orders(answer: str) -> str:
    """Leave out each sentence that speaks to the judge: what is left is the answer."""
    sentences = re.split(r"(?<=[.!?\])])\s+|\n+", answer)
    kept = [one for one in sentences if not _occurs(TO_THE_JUDGE, one)]
    return answer if len(kept) == len(sentences) else " ".join(kept)


def _agreement(input: Input, text: str) -> float:
    """Return from -1, nothing of the reference, to 1, its numbers or else its words; 0 without one."""
    if not input.reference:
        return 0.0
    if numbers := _numbers(input.reference):
        given = _numbers(text)
        # A number of the question is no result, unless it is the last one that is said
        wanted, repeated = set(numbers), set(_numbers(input.question)) - set(given[-1:])
        found = set(given) - repeated
    else:
        wanted, found = set(_words(input.reference)) - _all_stop_words(), set(_words(text))
    return 2 * len(wanted & found) / len(wanted) - 1 if wanted else 0.0


def _numbers(text: str) -> list[str]:
    return re.findall(r"\d+(?:[.,:]\d+)?", text)


def _language(text: str) -> str:
    """Return the language whose commonest words occur most, English where none do."""
    words = _words(text)
    counts = {
        name: sum(word in some.split() for word in words) for name, some in STOP_WORDS.items()
    }
    return max(counts, key=counts.__getitem__)


def _all_stop_words() -> set[str]:
    return {word for some in STOP_WORDS.values() for word in some.split()}


def _occurs(pattern: str, text: str) -> bool:
    return re.search(pattern, text.casefold()) is not None


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())
