"""Render every kind as a person does, and run its main job and its tests: `copier copy`, eval, pytest.

    python .github/scripts/smoke.py FOLDER [--resolution lowest-direct]

It needs Copier in its environment and uv on PATH; the versions are the index's of this day.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]


def main(arguments: list[str] | None = None) -> int:
    """Try every kind; exit 1 where one of them fails, after trying them all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="where the renders go; must not exist")
    parser.add_argument("--resolution", default="highest", choices=["highest", "lowest-direct"])
    chosen = parser.parse_args(arguments)
    questions = yaml.safe_load((ROOT / "copier.yml").read_text(encoding="utf-8"))
    parts, vendors = (list(questions[name]["choices"].values()) for name in ("parts", "vendors"))
    broken = []
    for kind in questions["kind"]["choices"].values():
        try:
            smoke(
                chosen.folder.resolve() / f"a {kind} task", kind, parts, vendors, chosen.resolution
            )
        except subprocess.CalledProcessError as error:
            print(f"{kind}: exit {error.returncode} of {error.cmd}", file=sys.stderr, flush=True)
            broken.append(kind)
    print(f"Broken: {', '.join(broken)}" if broken else "Every kind renders and runs.")
    return 1 if broken else 0


def smoke(folder: Path, kind: str, parts: list[str], vendors: list[str], resolution: str) -> None:
    """Render one kind with every part and vendor, so that every library is in it, and run it."""
    answers = {"kind": kind, "parts": f"[{', '.join(parts)}]", "vendors": f"[{', '.join(vendors)}]"}
    data = [part for name, answer in answers.items() for part in ("-d", f"{name}={answer}")]
    copy = [sys.executable, "-m", "copier", "copy", "--trust", "--defaults", "--vcs-ref", "HEAD"]
    folder.parent.mkdir(parents=True, exist_ok=True)
    run(folder.parent, *copy, *data, str(ROOT), folder.name)
    # The hook never fails: what it could not do fails here.
    run(folder, "uv", "sync", "--upgrade", "--resolution", resolution)
    run(folder, "uv", "run", "--no-sync", "takehome", "eval")
    run(folder, "uv", "run", "--no-sync", "pytest")
    run(folder, "uv", "run", "--no-sync", "pytest", "tests/scaffold")


def run(folder: Path, *command: str) -> None:
    """Run a command in the render's own environment, its output shown."""
    print(f"+ {' '.join(command)}", flush=True)
    own = {k: v for k, v in os.environ.items() if k not in ("VIRTUAL_ENV", "PYTHONPATH")}
    subprocess.run(command, cwd=folder, env={**own, "PYTHONUTF8": "1"}, check=True)


if __name__ == "__main__":
    sys.exit(main())
