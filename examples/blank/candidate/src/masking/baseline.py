"""The honest thing without a model: the four patterns that anybody finds with a search engine."""

from __future__ import annotations

import re

from scaffold.llm import Client

from .schemas import Input, Output

PATTERNS = {
    "EMAIL": r"[\w.+-]+@[\w-]+\.[\w.-]+",
    "IBAN": r"\b[A-Z]{2}\d{2}(?: ?\w{4}){3,7}\b",
    "CARD": r"\b\d{4}[ -]?\d{4}[ -]?\d{4}[ -]?\d{4}\b",
    "PHONE": r"\+?\(?\d[\d ()-]{7,}\d",
}


async def solve(input: Input, llm: Client) -> Output:
    """Return the text with all that fits; `llm` is there because all solvers are called alike."""
    text = input.text
    for kind, pattern in PATTERNS.items():
        text = re.sub(pattern, f"[{kind}]", text)
    return Output(text=text)
