"""What the three scripts that Copier runs begin with; to be read by Python 3.10, too."""

import argparse
import io
import sys
from collections.abc import Callable, Mapping

Say = Callable[[str], None]


def say(line: str) -> None:
    """Print one line for the person who runs Copier."""
    print(f"  {line}", flush=True)


def print_any_letter() -> None:
    """Let a terminal or a pipe of another encoding show what it can, rather than stop us."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="replace")


def python_is_too_old() -> bool:
    """Tell whether Copier's Python cannot import the other modules here; they are for 3.11."""
    return sys.version_info < (3, 11)


def options(
    script: str, defaults: Mapping[str, str | None], arguments: list[str] | None
) -> argparse.Namespace:
    """Return what Copier passed on to `script`; an option without a default has to be there.

    Raises:
        ValueError: copier.yml passes other options; argparse would end the script.
    """
    parser = argparse.ArgumentParser(script, allow_abbrev=False)
    for name, default in defaults.items():
        parser.add_argument(f"--{name}", default=default, required=default is None)
    try:
        return parser.parse_args(arguments)
    except SystemExit as left:
        raise ValueError(f"the command line in copier.yml does not fit {script}") from left
