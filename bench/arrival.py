"""From nothing to a first scored run: this template, against a person who knows what they want.

    uv run python bench/arrival.py [--pairs 5] [--cold 1] [--helps 10]

One side runs `copier copy` and `takehome eval`. The other runs `uv init`, `uv add` of the same
packages, a commit, and one Python process that imports what a baseline run needs: it has no cases,
no scores and no report at the end. The sides alternate within one run, so that a busy machine
slows both. Warm means uv's cache as it is; cold means an empty one for each side.

Then, in a repository made so: `takehome --help` against a Python that only does
`import typer, pydantic`, both started from the environment's folder, without `uv run`.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from peers import executable, machine, spread, table
from rendering import tagged_clone

IMPORTS = "import asyncio, csv, json, jinja2, pydantic, pydantic_settings, rich, typer"


def run(folder: Path, cache: Path | None, *command: str) -> None:
    environment = {k: v for k, v in os.environ.items() if k != "VIRTUAL_ENV"}
    if cache:
        environment["UV_CACHE_DIR"] = str(cache)
    subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True)


def with_template(template: Path) -> Callable[[Path, Path | None], None]:
    def arrive(folder: Path, cache: Path | None) -> None:
        copy = ("uvx", "copier", "copy", "--trust", "--defaults", "--quiet")
        run(folder, cache, *copy, str(template), "task")
        run(folder / "task", cache, "uv", "run", "takehome", "eval")

    return arrive


def by_hand(template: Path) -> Callable[[Path, Path | None], None]:
    with tempfile.TemporaryDirectory() as scratch:
        copy = ("uvx", "copier", "copy", "--defaults", "--quiet", "--skip-tasks")
        run(Path(scratch), None, *copy, str(template), "task")
        project = tomllib.loads(Path(scratch, "task", "pyproject.toml").read_text("utf-8"))
    groups = project["dependency-groups"]

    def arrive(folder: Path, cache: Path | None) -> None:
        run(folder, cache, "uv", "init", "--quiet", "--package", "task")
        task = folder / "task"
        run(task, cache, "uv", "add", "--quiet", *groups["scaffold"])
        run(task, cache, "uv", "add", "--quiet", "--dev", *groups["dev"])
        run(task, cache, "git", "add", "--all")
        run(task, cache, "git", "commit", "--quiet", "--message=First")
        run(task, cache, "uv", "run", "python", "-c", IMPORTS)

    return arrive


def seconds(arrive: Callable[[Path, Path | None], None], *, cold: bool) -> float:
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as cache:
        start = time.perf_counter()
        arrive(Path(folder), Path(cache) if cold else None)
        return time.perf_counter() - start


def helps(template: Path, times: int) -> dict[str, list[float]]:
    """Seconds of `takehome --help` and of the bare imports, by turns, in one environment."""
    with tempfile.TemporaryDirectory() as folder:
        with_template(template)(Path(folder), None)
        task = Path(folder, "task")
        bare = (str(executable(task / ".venv", "python")), "-c", "import typer, pydantic")
        sides = {"--help": (str(executable(task / ".venv", "takehome")), "--help"), "imports": bare}
        took: dict[str, list[float]] = {name: [] for name in sides}
        for turn in range(times + 1):
            for name, command in sides.items():
                start = time.perf_counter()
                run(task, None, *command)
                if turn:  # the first one compiles what is imported
                    took[name].append(time.perf_counter() - start)
    return took


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--pairs", type=int, default=5, help="warm pairs")
    options.add_argument("--cold", type=int, default=1, help="cold pairs")
    options.add_argument("--helps", type=int, default=10, help="pairs of --help and bare imports")
    chosen = options.parse_args()
    print(machine("copier", "uv"))
    rows: list[list[str]] = []
    with tempfile.TemporaryDirectory() as folder:
        template = tagged_clone(Path(folder))
        sides = {"template": with_template(template), "by hand": by_hand(template)}
        for name, side in sides.items():  # fills the cache for the warm pairs
            print(f"first, uncounted: {name} {seconds(side, cold=False):.1f} s", flush=True)
        for label, cold, pairs in (("warm", False, chosen.pairs), ("cold", True, chosen.cold)):
            took: dict[str, list[float]] = {name: [] for name in sides}
            for _ in range(pairs):
                for name, side in sides.items():
                    took[name].append(seconds(side, cold=cold))
            if pairs:
                more = [a - b for a, b in zip(*took.values(), strict=True)]
                shown = [spread(values) for values in (*took.values(), more)]
                rows.append([f"{label}, n = {pairs}", *shown])
        print("\nSeconds until the first scored run: median (minimum to maximum)")
        table(["uv's cache", *sides, "template − by hand"], rows)
        if chosen.helps:
            ours, bare = helps(template, chosen.helps).values()
            ratio = spread([a / b for a, b in zip(ours, bare, strict=True)])
            table(
                ["takehome --help s", "import typer, pydantic s", "ratio"],
                [[spread(ours, 3), spread(bare, 3), ratio]],
            )


if __name__ == "__main__":
    main()
