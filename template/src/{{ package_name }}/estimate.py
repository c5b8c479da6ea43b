"""Requirements in; capacity, cost and what fails first out, by formulas that fit on a whiteboard.

`uv run python -m <this package>.estimate` prints the figures and writes them into docs/design.md,
where tests/test_design.py keeps them current. Times are in seconds, sizes in bytes. Such an
estimate tells 10 GPUs from 100, not 10 from 12: hold it against one measurement before use.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "design.md"
BEGIN, END = "<!-- estimate: begin -->", "<!-- estimate: end -->"
HOURS_PER_MONTH = 730


@dataclass(frozen=True)
class Load:
    """What is asked of a model at the peak; tokens are means per request."""

    requests_per_s: float
    input_tokens: float
    output_tokens: float
    max_token_s: float  # the longest that a reader may wait for each token of the answer


@dataclass(frozen=True)
class Copy:
    """One copy of a decoder-only transformer (its config.json) on its GPUs (their data sheet).

    A byte holds a number in FP8, two in BF16; `flops_per_s` without sparsity. The shares say how
    much of a GPU software reaches; these were measured, one request at a time, for Llama 3.3 70B
    on 2 x H100 (https://docs.nvidia.com/nim/benchmarking/llm/1.0.0/performance).
    """

    parameters: float
    layers: int
    kv_heads: int
    head_size: int
    gpus: int
    memory: float  # this and the next two: of each GPU
    bytes_per_s: float
    flops_per_s: float
    bytes_per_weight: float = 1
    bytes_per_kv: float = 1
    memory_share: float = 0.90
    bytes_share: float = 0.57
    flops_share: float = 0.44

    def roofline_s(self, flops: float, moved: float) -> float:
        """The slower of computing and moving (Williams et al. 2009, doi:10.1145/1498765.1498785)."""
        computing_s = flops / (self.gpus * self.flops_per_s * self.flops_share)
        return max(computing_s, moved / (self.gpus * self.bytes_per_s * self.bytes_share))

    def cache_bytes(self, load: Load) -> float:
        """A key and a value a token, layer and head (Kwon et al. 2023, arXiv:2309.06180), half-way."""
        token_bytes = 2 * self.layers * self.kv_heads * self.head_size * self.bytes_per_kv
        return (load.input_tokens + load.output_tokens / 2) * token_bytes

    def slots(self, load: Load) -> int:
        """Requests whose caches fit beside the weights."""
        usable = self.gpus * self.memory * self.memory_share
        free = usable - self.parameters * self.bytes_per_weight
        return max(0, math.floor(free / self.cache_bytes(load)))

    def prefill_s(self, load: Load) -> float:
        """Reading a prompt: 2 FLOPs a parameter and token (Kaplan et al. 2020, arXiv:2001.08361)."""
        flops = 2 * self.parameters * load.input_tokens
        return self.roofline_s(flops, self.parameters * self.bytes_per_weight)

    def step_s(self, load: Load, batch: int) -> float:
        """A token each: all weights and caches are read (Pope et al. 2022, arXiv:2211.05102)."""
        moved = self.parameters * self.bytes_per_weight + batch * self.cache_bytes(load)
        return self.roofline_s(2 * self.parameters * batch, moved)

    def served_per_s(self, load: Load, batch: int) -> float:
        """Requests/s, `batch` at a time, where prompts and answers take turns."""
        answer_s = load.output_tokens * self.step_s(load, batch) / batch
        return 1 / (self.prefill_s(load) + answer_s)

    def largest_batch(self, load: Load) -> int:
        """The most requests at a time that fit and get their tokens in time; 0 if none does."""
        batch, allowed_s = self.slots(load), load.output_tokens * load.max_token_s
        while batch and batch / self.served_per_s(load, batch) > allowed_s:
            batch -= 1
        return batch

    def fails_first(self, load: Load, batch: int) -> str:
        """What a copy runs out of, at this batch."""
        if batch == self.slots(load):
            return "memory for caches"
        reading = self.prefill_s(load) * self.served_per_s(load, max(batch, 1))
        return "compute for prompts" if reading > 0.5 else "bandwidth for answers"


# TODO: the brief's figures. What it leaves open is an assumption, and docs/design.md says so.
LOAD = Load(requests_per_s=10, input_tokens=1_000, output_tokens=250, max_token_s=0.05)
USD_PER_MONTH, CHUNKS, DIMENSIONS = 50_000, 1_000_000, 768
# TODO: a model behind an API: prices, your tier's limit, the seconds `takehome eval` measured.
USD_PER_MILLION_INPUT, USD_PER_MILLION_OUTPUT = 1.0, 5.0
TOKENS_PER_MINUTE, CALL_S, MAX_WAIT_S = 2_000_000, 5.0, 0.1
# TODO: or a model of your own, here Llama 3.3 70B in FP8 on 2 x H100 SXM. What your design has not
# (an API, GPUs, an index) goes: its constants here, and its rows in `figures`.
COPY = Copy(70.6e9, 80, 8, 128, gpus=2, memory=80e9, bytes_per_s=3.35e12, flops_per_s=1.979e15)
USD_PER_GPU_HOUR = 3.99
USED = 0.8  # of a copy at the peak: the rest is for bursts, restarts and a lost machine


def in_flight(per_s: float, seconds: float) -> float:
    """Requests inside at once: L = lambda W (Little 1961, doi:10.1287/opre.9.3.383)."""
    return per_s * seconds


def wait_s(per_s: float, service_s: float, servers: int) -> float:
    """Mean wait for a free server: M/M/c, Erlang C (Kleinrock 1975, Queueing Systems I, 3.5)."""
    offered = in_flight(per_s, service_s)
    if offered >= servers:
        return math.inf
    blocked = 1.0  # Erlang B, by its recursion over the number of servers
    for n in range(1, servers + 1):
        blocked = offered * blocked / (n + offered * blocked)
    waiting = blocked / (1 - offered / servers * (1 - blocked))
    return waiting * service_s / (servers - offered)


def servers_for(per_s: float, service_s: float, max_wait_s: float) -> int:
    """The fewest servers (connections, workers, cores) with at most that mean wait."""
    servers = math.floor(in_flight(per_s, service_s)) + 1
    while wait_s(per_s, service_s, servers) > max_wait_s:
        servers += 1
    return servers


def index_bytes(vectors: float, dimensions: int, number_bytes: float = 4, links: int = 16) -> float:
    """HNSW in memory; `links` is its M (github.com/facebookresearch/faiss/wiki, "Guidelines")."""
    return vectors * (dimensions * number_bytes + links * 2 * 4)


def figures() -> dict[str, float | str]:
    """Every figure of docs/design.md, with its unit: for an API, and for GPUs of your own."""
    per_s, tokens = LOAD.requests_per_s, LOAD.input_tokens + LOAD.output_tokens
    usd = LOAD.input_tokens * USD_PER_MILLION_INPUT + LOAD.output_tokens * USD_PER_MILLION_OUTPUT
    usd_all_month = usd / 1e6 * HOURS_PER_MONTH * 3600  # of one request/s
    bears = {"rate limit": TOKENS_PER_MINUTE / 60 / tokens, "budget": USD_PER_MONTH / usd_all_month}
    batch = COPY.largest_batch(LOAD)
    a_copy = USED * COPY.served_per_s(LOAD, batch) if batch else 0.0
    gpus = math.ceil(per_s / a_copy) * COPY.gpus if batch else math.inf
    return {
        "index in memory, GB": index_bytes(CHUNKS, DIMENSIONS) / 1e9,
        "API: cost of 1,000 requests, USD": usd / 1e3,
        "API: cost of a month at the peak, USD": usd_all_month * per_s,
        "API: calls in flight": in_flight(per_s, CALL_S),
        "API: connections, so that few calls wait": servers_for(per_s, CALL_S, MAX_WAIT_S),
        **{f"API: {what} bears, requests/s": most for what, most in bears.items()},
        "API: fails first": min(bears, key=bears.__getitem__),
        "own: requests whose caches fit in a copy": COPY.slots(LOAD),
        "own: of these at a time, to be fast enough": batch,
        "own: GPUs": gpus,
        "own: cost of a month, USD": gpus * USD_PER_GPU_HOUR * HOURS_PER_MONTH,
        "own: fails first": COPY.fails_first(LOAD, batch),
    }


def rounded(value: float | str) -> str:
    """Three digits, or whole numbers from 1,000 on: more would claim too much."""
    if isinstance(value, str):
        return value
    return f"{value:,.0f}" if value >= 999.5 else f"{value:.3g}"


def table(rows: dict[str, float | str]) -> str:
    """The figures as a Markdown table."""
    lines = [f"| {name} | {rounded(value)} |" for name, value in rows.items()]
    return "\n".join(["| figure | value |", "|---|---:|", *lines])


def write(page: Path, text: str) -> None:
    """Put `text` between the markers of a page, and leave the rest as it is."""
    found = page.read_text(encoding="utf-8") if page.is_file() else ""
    before, begin, rest = found.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not end:
        raise SystemExit(f"{page} has no place for the figures: add the lines {BEGIN} and {END}.")
    page.write_text(f"{before}{begin}\n{text}\n{end}{after}", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    print(table(figures()))
    write(PAGE, table(figures()))
