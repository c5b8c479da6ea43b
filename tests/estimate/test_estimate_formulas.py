"""The formulas against values computed by hand, other definitions, and published ones."""

from __future__ import annotations

import heapq
import math
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

ESTIMATE = Path(__file__).parents[2] / "template/src/{{ package_name }}/estimate.py"


def erlang_c(offered: float, servers: int) -> float:
    """The chance of waiting, by its definition as a sum instead of a recursion."""
    free = sum(offered**n / math.factorial(n) for n in range(servers))
    full = offered**servers / math.factorial(servers) * servers / (servers - offered)
    return full / (free + full)


def simulated_wait_s(per_s: float, service_s: float, servers: int, arrivals: int) -> float:
    """The mean wait of made-up arrivals that are served in turn."""
    dice = random.Random(7)
    free_at = [0.0] * servers
    now = waited = 0.0
    for _ in range(arrivals):
        now += dice.expovariate(per_s)
        start = max(now, heapq.heappop(free_at))
        waited += start - now
        heapq.heappush(free_at, start + dice.expovariate(1 / service_s))
    return waited / arrivals


def test_the_module_is_short_enough_to_defend() -> None:
    assert len(ESTIMATE.read_text(encoding="utf-8").splitlines()) <= 200


def test_one_and_two_servers_wait_as_long_as_computed_by_hand(estimate: Any) -> None:
    # M/M/1: rho / (mu - lambda). M/M/2 at half load: a third of all wait, 1 s each.
    assert estimate.wait_s(0.5, 1, 1) == pytest.approx(1)
    assert estimate.wait_s(1, 1, 2) == pytest.approx(1 / 3)
    assert estimate.wait_s(2, 1, 2) == math.inf


@pytest.mark.parametrize("servers", [1, 2, 10, 60])
@pytest.mark.parametrize("load", [0.1, 0.7, 0.95])
def test_the_wait_is_erlang_c_by_its_definition(estimate: Any, servers: int, load: float) -> None:
    offered = load * servers
    expected = erlang_c(offered, servers) * 3 / (servers - offered)
    assert estimate.wait_s(offered / 3, 3, servers) == pytest.approx(expected)


def test_the_wait_is_that_of_a_simulated_queue(estimate: Any) -> None:
    simulated = simulated_wait_s(4, 2, servers=10, arrivals=200_000)
    assert estimate.wait_s(4, 2, 10) == pytest.approx(simulated, rel=0.03)


@pytest.mark.parametrize(("per_s", "service_s"), [(10, 5), (0.2, 1), (50, 0.0087), (3, 1)])
def test_the_fewest_servers_keep_the_wait_and_one_less_does_not(
    estimate: Any, per_s: float, service_s: float
) -> None:
    servers = estimate.servers_for(per_s, service_s, 0.1)
    assert estimate.wait_s(per_s, service_s, servers) <= 0.1
    assert servers == 1 or estimate.wait_s(per_s, service_s, servers - 1) > 0.1


def test_an_index_holds_its_numbers_and_two_m_links_of_four_bytes(estimate: Any) -> None:
    assert estimate.index_bytes(1e6, 128, links=32) == 1e6 * (512 + 256)
    assert estimate.index_bytes(1e6, 128, number_bytes=1, links=32) == 1e6 * (128 + 256)


def test_the_parameters_are_those_that_the_config_adds_up_to(estimate: Any) -> None:
    # Llama 3.3 70B: hidden 8192, 80 layers, 8 of 64 heads for keys and values, feed-forward 28672.
    hidden, keys, feed, vocabulary = 8_192, 1_024, 28_672, 128_256
    layer = 2 * hidden * hidden + 2 * hidden * keys + 3 * hidden * feed + 2 * hidden
    total = 2 * vocabulary * hidden + 80 * layer + hidden
    assert total == 70_553_706_496
    assert estimate.COPY.parameters == pytest.approx(total, rel=0.001)


def test_the_cache_of_a_token_is_what_papers_and_hand_computation_give(estimate: Any) -> None:
    token = estimate.Load(1, input_tokens=1, output_tokens=0, max_token_s=1)
    assert estimate.COPY.cache_bytes(token) == 2 * 80 * 8 * 128
    # Kwon et al. 2023, section 3: 800 KB for a token of OPT-13B in FP16.
    opt = replace(estimate.COPY, layers=40, kv_heads=40, head_size=128, bytes_per_kv=2)
    assert opt.cache_bytes(token) == 800 * 1024
    half_way = estimate.Load(1, input_tokens=100, output_tokens=50, max_token_s=1)
    assert estimate.COPY.cache_bytes(half_way) == 125 * estimate.COPY.cache_bytes(token)


def test_a_roofline_is_the_slower_of_the_two(estimate: Any) -> None:
    copy = replace(estimate.COPY, gpus=2, bytes_per_s=100, flops_per_s=1_000)
    copy = replace(copy, bytes_share=0.5, flops_share=0.5)
    assert copy.roofline_s(flops=3_000, moved=100) == 3
    assert copy.roofline_s(flops=100, moved=400) == 4


def test_prefill_computes_and_a_single_answer_moves_the_weights(estimate: Any) -> None:
    load = estimate.Load(1, input_tokens=1_000, output_tokens=250, max_token_s=1)
    flops = 2 * 70.6e9 * 1_000
    assert estimate.COPY.prefill_s(load) == pytest.approx(flops / (2 * 1.979e15 * 0.44))
    for batch in (1, 10):
        moved = 70.6e9 + batch * 1_125 * 163_840
        assert estimate.COPY.step_s(load, batch) == pytest.approx(moved / (2 * 3.35e12 * 0.57))


def test_a_copy_takes_the_time_of_its_prompts_and_of_its_share_of_steps(estimate: Any) -> None:
    load, copy = estimate.LOAD, estimate.COPY
    each_s = copy.prefill_s(load) + 250 * copy.step_s(load, 10) / 10
    assert copy.served_per_s(load, 10) == pytest.approx(1 / each_s)


def test_requests_fit_while_memory_is_left_beside_the_weights(estimate: Any) -> None:
    load = estimate.LOAD
    free = 2 * 80e9 * 0.9 - 70.6e9
    assert estimate.COPY.slots(load) == free // (1_125 * 163_840)
    assert replace(estimate.COPY, gpus=1, bytes_per_weight=2).slots(load) == 0


def test_the_largest_batch_is_in_time_and_the_next_is_not(estimate: Any) -> None:
    copy, load = estimate.COPY, estimate.LOAD
    batch = copy.largest_batch(load)
    allowed_s = load.output_tokens * load.max_token_s
    assert 0 < batch < copy.slots(load)
    assert batch / copy.served_per_s(load, batch) <= allowed_s
    assert (batch + 1) / copy.served_per_s(load, batch + 1) > allowed_s


@pytest.mark.parametrize(
    ("change", "first"),
    [
        ({}, "compute for prompts"),
        ({"input_tokens": 100}, "bandwidth for answers"),
        ({"max_token_s": 10}, "memory for caches"),
    ],
)
def test_what_fails_first_depends_on_the_load(
    estimate: Any, change: dict[str, float], first: str
) -> None:
    load = replace(estimate.LOAD, **change)
    copy = estimate.COPY
    assert copy.fails_first(load, copy.largest_batch(load)) == first


def test_a_load_that_no_such_gpu_bears_takes_infinitely_many(
    estimate: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(estimate, "LOAD", replace(estimate.LOAD, max_token_s=1e-6))
    assert estimate.figures()["own: GPUs"] == math.inf
    assert "| own: GPUs | inf |" in estimate.table(estimate.figures())
    monkeypatch.setattr(estimate, "COPY", replace(estimate.COPY, memory=1e9))
    assert estimate.figures()["own: fails first"] == "memory for caches"


def test_behind_an_api_the_smaller_of_rate_limit_and_budget_fails_first(
    estimate: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = estimate.figures()
    # By hand: 1,000 tokens at 1 USD and 250 at 5 USD a million; 2.628 million seconds a month.
    assert found["API: cost of 1,000 requests, USD"] == pytest.approx(2.25)
    assert found["API: budget bears, requests/s"] == pytest.approx(50_000 / (0.00225 * 2_628_000))
    assert found["API: rate limit bears, requests/s"] == pytest.approx(2_000_000 / 60 / 1_250)
    assert found["API: fails first"] == "budget"
    monkeypatch.setattr(estimate, "TOKENS_PER_MINUTE", 100_000)
    assert estimate.figures()["API: fails first"] == "rate limit"


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0.08108, "0.0811"), (84, "84"), (999.7, "1,000"), (59130.4, "59,130"), ("budget", "budget")],
)
def test_a_figure_claims_three_digits(estimate: Any, value: float | str, shown: str) -> None:
    assert estimate.rounded(value) == shown


def test_writing_replaces_what_stands_between_the_markers_and_nothing_else(
    estimate: Any, tmp_path: Path
) -> None:
    page = tmp_path / "design.md"
    before, after = "# Mine\n\n", "\n\nMein Täxt\n"
    page.write_text(f"{before}{estimate.BEGIN}\nold\n{estimate.END}{after}", encoding="utf-8")
    estimate.write(page, "new")
    expected = f"{before}{estimate.BEGIN}\nnew\n{estimate.END}{after}"
    assert page.read_bytes() == expected.encode()
    estimate.write(page, "new")
    assert page.read_bytes() == expected.encode()


@pytest.mark.parametrize("text", ["# Mine\n", "<!-- estimate: begin -->\nno end\n", None])
def test_a_page_without_markers_is_left_alone_and_told_what_to_add(
    estimate: Any, tmp_path: Path, text: str | None
) -> None:
    page = tmp_path / "design.md"
    if text is not None:
        page.write_text(text, encoding="utf-8")
    with pytest.raises(SystemExit, match="add the lines <!-- estimate: begin --> and"):
        estimate.write(page, "new")
    assert (page.read_text(encoding="utf-8") if page.exists() else None) == text
