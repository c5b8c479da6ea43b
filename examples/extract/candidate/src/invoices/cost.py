"""What a thousand documents would cost with a model: an estimate by length, not a measurement.

`uv run python -m invoices.cost`; without a key nobody has counted a token here.
"""

from __future__ import annotations

import json
from statistics import fmean

from genai_prices import Usage, calc_price

from scaffold.prompts import render

from .cases import cases
from .schemas import Output

MODELS = {"claude-sonnet-5-5": "anthropic", "claude-haiku-4-5": "anthropic"}
CHARACTERS_A_TOKEN = 3  # a cautious guess: English prose has about 4, tables and German fewer
DOCUMENTS = 1000


def main() -> None:
    """Print US dollars for each model, with prompt, schema and an answer of the usual length."""
    schema = len(json.dumps(Output.model_json_schema()))
    prompt = fmean(len(render("extract.j2", input=case.input)) for case in cases())
    answer = fmean(len(case.expected.model_dump_json()) for case in cases() if case.expected)
    each = Usage(
        input_tokens=round((prompt + schema) / CHARACTERS_A_TOKEN),
        output_tokens=round(answer / CHARACTERS_A_TOKEN),
    )
    print(f"about {each.input_tokens} tokens in and {each.output_tokens} out for a document")
    for model, vendor in MODELS.items():
        price = calc_price(each, model, provider_id=vendor).total_price * DOCUMENTS
        print(f"{model}: about ${price:.2f} for {DOCUMENTS} documents")


if __name__ == "__main__":
    main()
