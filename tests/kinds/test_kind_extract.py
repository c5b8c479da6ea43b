"""The kind extract: its sample cases are right, its baseline is honest, its solution is wired."""

from __future__ import annotations

import asyncio
import json
import re
from collections import defaultdict
from datetime import date
from decimal import Decimal
from statistics import mean
from typing import Any

import pytest

from scaffold.evals import Case, CasesError, Outcome
from scaffold.llm import ScriptedModel

FIELDS = ("kind", "supplier", "number", "issued", "due", "currency", "net", "total")
MESS = ("german", "english", "table", "thread", "correction", "ocr", "missing")
MESS += ("two-currencies", "credit-note")
RATES = ("0", "8", "8.1", "19", "20")


def test_the_sample_cases_validate_and_hold_every_kind_of_mess(extract: Any) -> None:
    cases = extract.module("cases").cases()
    assert 20 <= len(cases) <= 30
    assert {tag for case in cases for tag in case.tags} == set(MESS)
    assert all(case.expected is not None for case in cases)
    assert len({case.group for case in cases if case.group}) >= 5


def test_every_expected_value_stands_in_its_text(extract: Any) -> None:
    scan = str.maketrans("OlI", "011")  # what the scanned cases mistake for each other
    for line in extract.lines():
        assert tuple(line["expected"]) == FIELDS
        expected, text = line["expected"], line["input"]["text"]
        digits = re.sub(r"(?<=\d)[.,'](?=\d)", "", text.translate(scan))
        for name in ("supplier", "number"):
            assert (expected[name] or "").casefold() in text.casefold(), line["id"]
        for name in ("net", "total"):
            assert re.sub(r"\D", "", expected[name] or "") in digits, line["id"]
        for name in ("issued", "due"):
            if expected[name]:
                day = date.fromisoformat(expected[name]).day
                assert re.search(rf"(?<!\d)0?{day}(?!\d)", text.translate(scan)), line["id"]


def test_net_and_total_differ_by_a_rate_of_tax_that_exists(extract: Any) -> None:
    for line in extract.lines():
        net, total = line["expected"]["net"], line["expected"]["total"]
        if net and total:
            cents = [abs(Decimal(total) - Decimal(net) * (1 + Decimal(r) / 100)) for r in RATES]
            assert min(cents) <= Decimal("0.005"), line["id"]


def figures(kind: Any) -> dict[str, float]:
    values: defaultdict[str, list[float]] = defaultdict(list)
    baseline, scoring = kind.module("baseline"), kind.module("scoring")
    for case in kind.module("cases").cases():
        outcome: Outcome[Any] = Outcome(asyncio.run(baseline.solve(case.input, ScriptedModel([]))))
        for name, value in scoring.score(case, outcome).items():
            values[name].append(float(value))
    return {name: mean(column) for name, column in values.items()}


def test_the_baseline_is_well_above_0_and_well_below_1_in_every_field(extract: Any) -> None:
    means = figures(extract)
    print({name: round(value, 3) for name, value in means.items()})
    assert 0.35 <= means["fields"] <= 0.75
    assert 0 < means["all_fields"] < 0.5
    for name in FIELDS:
        assert 0.2 < means[f"fields.{name}"] < 0.85, name


def sources(case: Any) -> list[dict[str, Any]]:
    """Synthetic evidence: the whole text as the quote of each value that is there."""
    names = [name for name, value in case.expected if value is not None]
    return [{"field": name, "quote": case.input.text, "confidence": 1} for name in names]


def test_the_scripted_model_drives_the_solution_end_to_end(extract: Any) -> None:
    schemas, solution, scoring = map(extract.module, ("schemas", "solution", "scoring"))
    for case in extract.module("cases").cases():
        values = case.expected.model_dump()
        model = ScriptedModel([schemas.Output(**values, evidence=sources(case))])
        output = asyncio.run(solution.solve(case.input, model))
        scores = scoring.score(case, Outcome(output))
        assert {scores.pop(name) for name in scoring.CALIBRATION} == {0}
        assert set(scores.values()) == {1.0}
        assert case.input.text in str(model.requests[0].messages[0])


def test_a_text_with_braces_reaches_the_prompt_as_it_is(extract: Any) -> None:
    schemas, solution = extract.module("schemas"), extract.module("solution")
    model = ScriptedModel([schemas.Output()])
    asyncio.run(solution.solve(schemas.Input(text="{{ 7*7 }} {% raw %} <b> &"), model))
    assert "{{ 7*7 }} {% raw %} <b> &" in str(model.requests[0].messages[0])


def test_a_case_without_a_label_is_not_graded(extract: Any) -> None:
    schemas = extract.module("schemas")
    case: Case[Any, Any] = Case(id="1", input=schemas.Input(text=""))
    assert extract.module("scoring").score(case, Outcome(schemas.Output())) == {}


def test_own_data_says_what_is_still_to_be_mapped_and_then_makes_the_cases(
    extract: Any,
) -> None:
    (extract.folder / "data/cases.jsonl").unlink()
    raw = extract.folder / "data/raw.csv"
    raw.write_text("mail,sum\nTotal 5,5\n", encoding="utf-8")
    cases = extract.module("cases")
    cases.RAW = raw
    with pytest.raises(CasesError, match=r"expected\.total.*mail, sum"):
        cases.cases()
    assert not (extract.folder / "data/cases.jsonl").exists()
    cases.MAPPING = {"input.text": "mail", "expected.total": "sum"}
    assert cases.cases()[0].expected.total == Decimal(5)
    line = json.loads((extract.folder / "data/cases.jsonl").read_text(encoding="utf-8"))
    assert list(line)[:3] == ["id", "input", "expected"]
