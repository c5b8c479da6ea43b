"""What a thousand questions would cost with a model: an estimate by length, not a measurement.

`uv run python -m ferries.cost`; without a key nobody has counted a token here.
"""

from __future__ import annotations

import json
from statistics import fmean

from genai_prices import Usage, calc_price

from scaffold.prompts import render

from .cases import cases
from .schemas import Answer
from .search import library
from .solution import TOP

MODELS = {"claude-sonnet-5-5": "anthropic", "claude-haiku-4-5": "anthropic"}
CHARACTERS_A_TOKEN = 3  # a cautious guess: English prose has about 4, tables and German fewer
ANSWER_CHARACTERS = 300  # an answer and two quotes
QUESTIONS = 1000


def prompt(question: str) -> str:
    """Return what `solution.py` would send."""
    found = [passage for _, passage in library().ranked(question, TOP)]
    passages = [{"place": one.place, "text": f"{one.title}\n{one.text}"} for one in found]
    return render("answer.j2", question=question, passages=passages)


def main() -> None:
    """Print US dollars for each model, with prompt, schema and an answer of the usual length."""
    schema = len(json.dumps(Answer.model_json_schema()))
    sent = fmean(len(prompt(case.input.question)) for case in cases())
    each = Usage(
        input_tokens=round((sent + schema) / CHARACTERS_A_TOKEN),
        output_tokens=round(ANSWER_CHARACTERS / CHARACTERS_A_TOKEN),
    )
    print(f"about {each.input_tokens} tokens in and {each.output_tokens} out for a question")
    for model, vendor in MODELS.items():
        price = calc_price(each, model, provider_id=vendor).total_price * QUESTIONS
        print(f"{model}: about ${price:.2f} for {QUESTIONS} questions")


if __name__ == "__main__":
    main()
