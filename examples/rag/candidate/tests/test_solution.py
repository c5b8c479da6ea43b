"""The solution without a network: what it asks for, and what it makes of an answer."""

from __future__ import annotations

import asyncio

import pytest

from scaffold.documents import DocumentError
from scaffold.llm import ScriptedModel

from ferries.baseline import solve as baseline
from ferries.schemas import Answer, Input
from ferries.search import library
from ferries.solution import solve


def a_question_and_words_that_answer_it() -> tuple[Input, str]:
    """Both out of the documents, whatever they are."""
    try:
        words = library().passages[0].text.split()
    except (DocumentError, IndexError) as missing:
        pytest.skip(f"there are no documents yet: {missing}")
    return Input(question=" ".join(words[:8])), " ".join(words[:4])


def test_an_answer_comes_back_with_the_place_of_its_quote() -> None:
    given, words = a_question_and_words_that_answer_it()
    model = ScriptedModel([Answer(answer="So it is.", quotes=[words])])
    output = asyncio.run(solve(given, model))
    assert output.answer == "So it is."
    assert [citation.quote for citation in output.citations] == [words]
    assert output.citations[0].place in output.retrieved
    assert given.question in str(model.requests[0].messages[0])


def test_an_answer_whose_quote_stands_nowhere_is_not_given() -> None:
    given, _ = a_question_and_words_that_answer_it()
    invented = Answer(answer="Yes.", quotes=["this stands in no document"])
    assert asyncio.run(solve(given, ScriptedModel([invented]))).answer is None


def test_the_baseline_quotes_a_document() -> None:
    given, _ = a_question_and_words_that_answer_it()
    output = asyncio.run(baseline(given, ScriptedModel([])))
    assert [citation.quote for citation in output.citations] == [output.answer]
