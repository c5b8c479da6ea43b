"""What `copier copy` runs in the new folder: brief and data in place, two commits, an environment.

Standard library only, run by Copier's own interpreter. It can be run again at any time, and it
never fails the copy (a failing task makes Copier delete the new folder): what cannot be done now
becomes a sentence with the command for later. The steps are in the modules beside this file.
"""

import sys
from pathlib import Path

# An interpreter started with PYTHONSAFEPATH does not look beside the script by itself.
sys.path.insert(0, str(Path(__file__).resolve().parent))

from script import options, print_any_letter, python_is_too_old, say

_OPTIONS = {
    "package": None,
    "kind": "blank",
    "brief": "",  # a path, or empty; so is data
    "data": "",
    "commit-data": "false",
    "starter": "false",
    "answers-file": ".copier-answers.yml",
    # Where Copier was told to write: with a relative path, it tells where the user stood.
    "destination": "",
    "stood": "",
}


def main(arguments: list[str] | None = None) -> int:
    """Take every step that can be taken here, and return 0."""
    print_any_letter()
    if python_is_too_old():
        say(
            "The steps after copying need Python 3.11 or newer, and Copier runs on "
            f"{sys.version.split()[0]}. Copier on a newer one takes them: run it again."
        )
        return 0
    try:
        import steps

        steps.take(options("after_copy.py", _OPTIONS, arguments), say)
    except KeyboardInterrupt:
        say("Interrupted. The same copier command, or `uv sync` and git by hand, does the rest.")
    except Exception as error:
        say(f"Stopped: {type(error).__name__}: {error}. All files are whole; `uv sync` comes next.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
