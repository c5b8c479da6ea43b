"""What `copier update` runs before it asks or writes: refuse, warn of a major version, keep copies."""

import argparse
import io
import json
import os
import re
import sys
from pathlib import Path

# Answers that name or choose the candidate's own files, which an update leaves alone.
_FIXED = ("package_name", "kind", "starter")
# As Copier takes them, for the one of them that is a yes or a no
_WORDS = dict.fromkeys(("y", "yes", "t", "on", "1"), "true")
_WORDS |= dict.fromkeys(("n", "no", "f", "off", "0"), "false")

# An interpreter started with PYTHONSAFEPATH does not look beside the script by itself.
sys.path.insert(0, str(Path(__file__).resolve().parent))


def main(arguments: list[str] | None = None) -> int:
    """Say what has to be known first; return 1 where the update must not begin."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="replace")
    if sys.version_info < (3, 11):  # noqa: UP036
        return 0
    try:
        parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
        parser.add_argument("--answers-file", default=".copier-answers.yml")
        parser.add_argument("--data", default="{}")  # what was typed behind -d, as JSON
        options = parser.parse_args(arguments)
        refusal = refused(Path(options.answers_file), json.loads(options.data))
        if refusal:
            print(f"  {refusal}", flush=True)
            return 1

        refusal, said = prepared(json.loads(options.data))
        for line in [refusal] if refusal else said:
            print(f"  {line}", flush=True)
        return 1 if refusal else 0
    except Exception as error:
        print(f"  {type(error).__name__} before updating: {error}. The update goes on.", flush=True)
    return 0


def refused(answers_file: Path, data: dict[str, object]) -> str:
    """Return why the update cannot begin; copier.yml's validators say it where one is asked.

    Without a terminal they end in a traceback of Copier's; this comes before them.
    """
    recorded = answers_file.read_text(encoding="utf-8")
    for name in _FIXED:
        found = re.search(rf"^{name}: *['\"]?([a-z0-9_]+)", recorded, re.MULTILINE)
        typed = str(data.get(name)).strip().lower()
        typed = _WORDS.get(typed, typed) if name == "starter" else typed
        if found and name in data and typed != found[1]:
            return (
                f'{name} is "{found[1]}" here and cannot change: an update leaves your files alone. '
                f"Nothing was written. Leave {name} out, or copy the template into a new folder."
            )
    return ""


def prepared(data: dict[str, object]) -> tuple[str, list[str]]:
    """Return why the update cannot begin, or what there is to say first; keep copies."""
    import environment
    import hidden
    import obstacles
    import rendered
    import repository

    program = environment.git()
    if program is None:
        return "", []
    repo = repository.Repository(program)
    refusal = obstacles.found(repo)
    if refusal:
        return refusal, []
    try:
        said = hidden.keep(repo)
    except OSError as error:
        refusal = (
            f"What git ignores could not be copied ({error}), and the update would write over it. "
            "Nothing was written. When that is mended, update again."
        )
        return refusal, []
    if data.get("brief") or data.get("data"):
        said.append("An update places no brief and no data: the text belongs into BRIEF.md,")
        said.append("the data into data/raw/, and RAW in cases.py names it.")
    listed = repo.git("-C", str(rendered.TEMPLATE.parent), "tag", "--list")
    tags = listed.output.decode("utf-8", "replace").split()
    old, new = os.environ.get("VERSION_FROM", ""), os.environ.get("VERSION_TO", "")
    return "", [*said, *major(old, new, tags)]


def major(old: str, new: str, tags: list[str]) -> list[str]:
    """Return the paragraph before an update over a major version; nothing where it is none."""
    import changelog

    low, high = changelog.release(old), changelog.release(new)
    if not low or not high or low[0] == high[0]:
        return []
    # A pre-release is no version to stay with.
    final = [tag for tag in tags if tag.removeprefix("v").replace(".", "").isdigit()]
    same = [tag for tag in final if low < changelog.release(tag) < (low[0] + 1,)]
    newest = max(same, key=changelog.release, default="")
    stay = f"copier update --trust --vcs-ref {newest}" if newest else f"{old} is its newest"
    return [
        f"{new} is a new major version; this repository has {old}. What is sent to a vendor changes,",
        "so recordings made until now may no longer be found: replaying them then asks for new ones,",
        f"which needs a key. To stay with version {low[0]}: Ctrl-C now; {stay}.",
        "Afterwards, `git reset --hard` takes it back (new files stay: `git clean -n` lists them).",
    ]


if __name__ == "__main__":
    sys.exit(main())
