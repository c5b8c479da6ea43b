"""A 70B model at 1,000 requests a second: `python examples/estimate/serving.py` rewrites serving.md."""

from __future__ import annotations

import math
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from beside import Beside, compare, load_estimate

estimate = load_estimate()
PAGE = Path(__file__).with_name("serving.md")

# What was asked (requests/s), and what we assume until somebody answers (the rest).
LOAD = estimate.Load(requests_per_s=1_000, input_tokens=1_000, output_tokens=250, max_token_s=0.05)
# Llama 3.3 70B, FP8 weights and cache, on H100 SXM by twos, and on other GPUs.
H100 = estimate.Copy(
    70.6e9, layers=80, kv_heads=8, head_size=128, gpus=2,
    memory=80e9, bytes_per_s=3.35e12, flops_per_s=1.979e15,
)  # fmt: skip
H200 = replace(H100, memory=141e9, bytes_per_s=4.8e12)
BF16 = replace(H200, gpus=4, bytes_per_weight=2, bytes_per_kv=2, flops_per_s=0.989e15)


class PrefixCached(estimate.Copy):
    """Four of five prompt tokens were read before; their cache still takes memory and bandwidth."""

    def prefill_s(self, load: Any) -> float:
        """Reading what is new of a prompt."""
        return super().prefill_s(replace(load, input_tokens=load.input_tokens / 5))


USD_PER_GPU_HOUR = 3.99  # lambda.ai/pricing, 8 x H100 SXM, on demand, 2026-09-25
USED = 0.8

SOURCES = {
    "NIM": "https://docs.nvidia.com/nim/benchmarking/llm/1.0.0/performance",
    "TensorRT-LLM": "https://github.com/NVIDIA/TensorRT-LLM/blob/03e27c7d5ff0c6e89f8328838c0a8e64f1b34f9d/docs/source/developer-guide/perf-overview.md",
    "vLLM": "https://buildkite.com/vllm/performance-benchmark/builds/9515",
    "PagedAttention": "https://arxiv.org/abs/2309.06180",
}
# Requests at a time: time to the first token (ms), between tokens (ms), tokens/s; 5,000 in, 500 out.
NIM = {
    1: (406.77, 18.58, 51.67),
    5: (546.7, 21.83, 218.48),
    25: (688.69, 38.75, 623.4),
    50: (834.51, 59.73, 814.37),
    100: (7996.25, 92.91, 917.26),
}
# GPU, tokens in, tokens out, output tokens/s per GPU.
TENSORRT = [
    (H100, 1_000, 1_000, 2_209),
    (H100, 8_192, 1_024, 398),
    (H200, 1_000, 1_000, 2_587),
    (H200, 1_024, 8_192, 2_009),
    (H200, 8_192, 1_024, 537),
    (H200, 32_768, 1_024, 120),
]


def fleet(load: Any, copy: Any) -> dict[str, Any]:
    """What `load` takes in copies like this one: batch, GPUs, and what fails first."""
    batch = copy.largest_batch(load)
    served = copy.served_per_s(load, batch) if batch else 0.0
    copies = math.ceil(load.requests_per_s / served / USED) if batch else math.inf
    gpus = copies * copy.gpus
    return {"batch": batch, "served": served, "copies": copies, "gpus": gpus}


def figures() -> dict[str, float | str]:
    """The estimate itself, from bytes to dollars."""
    plan = fleet(LOAD, H100)
    batch, served, gpus = plan["batch"], plan["served"], plan["gpus"]
    in_turn_s = batch / served
    slots = H100.slots(LOAD)
    usd_hour = gpus * USD_PER_GPU_HOUR
    token = replace(LOAD, input_tokens=1, output_tokens=0)
    flops_per_byte = H100.flops_per_s * H100.flops_share / (H100.bytes_per_s * H100.bytes_share)
    return {
        "weights, GB": H100.parameters * H100.bytes_per_weight / 1e9,
        "cache of a token, kB": H100.cache_bytes(token) / 1e3,
        "cache of a request half-way, MB": H100.cache_bytes(LOAD) / 1e6,
        "requests whose caches fit in a copy": slots,
        "reading a prompt, ms": H100.prefill_s(LOAD) * 1e3,
        "a token for one request, ms": H100.step_s(LOAD, 1) * 1e3,
        f"a token for each of {batch} requests, ms": H100.step_s(LOAD, batch) * 1e3,
        f"a token for each of {slots} requests, ms": H100.step_s(LOAD, slots) * 1e3,
        "requests that compute for as long as reading the weights takes": flops_per_byte
        * H100.bytes_per_weight
        / 2,
        "requests at a time in a copy, for 50 ms a token": batch,
        "requests/s of a copy": served,
        "share of its time that a copy reads prompts, %": 100 * H100.prefill_s(LOAD) * served,
        "copies": plan["copies"],
        "GPUs": gpus,
        "requests in flight (Little)": estimate.in_flight(LOAD.requests_per_s, in_turn_s),
        "an answer, s": in_turn_s,
        "a month, million USD": usd_hour * estimate.HOURS_PER_MONTH / 1e6,
        "1,000 requests, USD": usd_hour / LOAD.requests_per_s / 3.6,
        "tokens get slower than 50 ms from this load on, requests/s": plan["copies"] * served,
        "requests queue without end from this load on, requests/s": plan["copies"]
        * H100.served_per_s(LOAD, slots),
        "fails first": H100.fails_first(LOAD, batch),
    }


def what_if() -> str:
    """The same question, one thing changed at a time."""
    cases = {
        "as above": (LOAD, H100),
        "4 of 5 prompt tokens come from a prefix cache": (LOAD, PrefixCached(**vars(H100))),
        "25 ms a token": (replace(LOAD, max_token_s=0.025), H100),
        "no limit on the time of a token": (replace(LOAD, max_token_s=1), H100),
        "prompts of 8,000 tokens": (replace(LOAD, input_tokens=8_000), H100),
        "prompts of 8,000 tokens, no limit on the time of a token": (
            replace(LOAD, input_tokens=8_000, max_token_s=10),
            H100,
        ),
        "answers of 2,000 tokens": (replace(LOAD, output_tokens=2_000), H100),
        "2 x H200": (LOAD, H200),
        "BF16 on 4 x H200": (LOAD, BF16),
    }
    lines = ["| change | at a time | GPUs | fails first |", "|---|---:|---:|---|"]
    for name, (load, copy) in cases.items():
        plan = fleet(load, copy)
        first = copy.fails_first(load, plan["batch"])
        lines.append(f"| {name} | {plan['batch']} | {plan['gpus']:,} | {first} |")
    return "\n".join(lines)


def checks() -> list[Beside]:
    """Estimates beside published measurements; the first two set the shares, the rest test them."""
    rows = []
    asked = estimate.Load(1, 5_000, 500, 1)
    alone = NIM[1]
    rows += [
        Beside("first token, 5,000 in, ms (sets the share of FLOPs)",
               H100.prefill_s(asked) * 1e3, alone[0], "NIM"),
        Beside("next token, ms (sets the share of bandwidth)",
               H100.step_s(asked, 1) * 1e3, alone[1], "NIM"),
    ]  # fmt: skip
    for users, (_, _, measured) in NIM.items():
        batch = min(users, H100.slots(asked))
        tokens_per_s = H100.served_per_s(asked, batch) * asked.output_tokens
        rows.append(Beside(f"tokens/s, {users} at a time, 2 x H100", tokens_per_s, measured, "NIM"))
    _, between_ms, tokens_per_s = NIM[100]
    writing = estimate.in_flight(tokens_per_s, between_ms / 1e3)
    rows.append(Beside("requests that fit (measured: Little)", H100.slots(asked), writing, "NIM"))
    first_ms, between_ms, tokens_per_s = NIM[50]
    inside = estimate.in_flight(tokens_per_s / 500, (first_ms + 499 * between_ms) / 1e3)
    rows.append(Beside("requests inside, by Little's law, of 50", inside, 50, "NIM"))
    for copy, tokens_in, tokens_out, measured in TENSORRT:
        full = estimate.Load(1, tokens_in, tokens_out, 1)
        per_gpu = copy.served_per_s(full, copy.slots(full)) * tokens_out / copy.gpus
        name = "H100" if copy is H100 else "H200"
        what = f"tokens/s a GPU, {tokens_in:,} in, {tokens_out:,} out, 2 x {name}"
        rows.append(Beside(what, per_gpu, measured, "TensorRT-LLM"))
    eight = estimate.Load(1, 8 * 32, 0, 1)
    steps_s = 128 * BF16.step_s(estimate.Load(1, 32, 128, 1), 8)
    rows += [
        Beside("8 answers of 128 tokens, ms, BF16, 4 x H200",
               (BF16.prefill_s(eight) + steps_s) * 1e3, 2077.53, "vLLM"),
        Beside("cache of a token of OPT-13B, FP16, bytes",
               replace(H100, layers=40, kv_heads=40, bytes_per_kv=2).cache_bytes(
                   estimate.Load(1, 1, 0, 1)), 800 * 1024, "PagedAttention"),
    ]  # fmt: skip
    return rows


def block() -> str:
    """Everything between the markers of serving.md."""
    compared = compare(checks(), SOURCES)
    return (
        f"{estimate.table(figures())}\n\nWhat changes what:\n\n{what_if()}\n\n"
        f"Beside what others measured:\n\n{compared}"
    )


if __name__ == "__main__":
    estimate.write(PAGE, block())
    print(block())
