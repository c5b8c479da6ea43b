"""What `copier copy` runs in the new folder: brief and data in place, two commits, an environment.

Standard library only, run by Copier's own interpreter. It can be run again at any time, and it
never fails the copy (a failing task makes Copier delete the new folder): what cannot be done now
becomes a sentence with the command for later. The steps are in the modules beside this file.
"""

import argparse
import io
import sys
from pathlib import Path


def main(arguments: list[str] | None = None) -> int:
    """Take every step that can be taken here, and return 0."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="replace")
    if sys.version_info < (3, 11):  # noqa: UP036
        say(
            "The steps after copying need Python 3.11 or newer, and Copier runs on "
            f"{sys.version.split()[0]}. Copier on a newer one takes them: run it again."
        )
        return 0
    # An interpreter started with PYTHONSAFEPATH does not look beside the script by itself.
    sys.path.insert(0, str(Path(__file__).resolve().parent))
    try:
        import steps

        steps.take(parse(arguments), say)
    except KeyboardInterrupt:
        say("Interrupted. The same copier command, or `uv sync` and git by hand, does the rest.")
    except Exception as error:
        say(f"Stopped: {type(error).__name__}: {error}. All files are whole; `uv sync` comes next.")
    return 0


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """Return what Copier passed on; a brief or a data path may be empty."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--package", required=True)
    parser.add_argument("--kind", default="blank")
    parser.add_argument("--brief", default="")
    parser.add_argument("--data", default="")
    parser.add_argument("--commit-data", default="false")
    parser.add_argument("--starter", default="false")
    parser.add_argument("--answers-file", default=".copier-answers.yml")
    # Where Copier was told to write: with a relative path, it tells where the user stood.
    parser.add_argument("--destination", default="")
    parser.add_argument("--stood", default="")
    try:
        return parser.parse_args(arguments)
    except SystemExit as left:
        raise ValueError(
            "the command line in copier.yml does not fit hooks/after_copy.py"
        ) from left


def say(line: str) -> None:
    """Print one line for the person who runs Copier."""
    print(f"  {line}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
