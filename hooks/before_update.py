"""What `copier update` runs before it asks or writes: refuse, warn of a major version, keep copies."""

import json
import os
import re
import sys
from pathlib import Path

# An interpreter started with PYTHONSAFEPATH does not look beside the script by itself.
sys.path.insert(0, str(Path(__file__).resolve().parent))

from script import options, print_any_letter, python_is_too_old, say

_OPTIONS = {"answers-file": ".copier-answers.yml", "data": "{}"}  # what was typed behind -d
# Answers that name or choose the candidate's own files, which an update leaves alone.
_FIXED = ("package_name", "kind", "starter")
# As Copier takes them, for the one of them that is a yes or a no
_WORDS = dict.fromkeys(("y", "yes", "t", "on", "1"), "true")
_WORDS |= dict.fromkeys(("n", "no", "f", "off", "0"), "false")


def main(arguments: list[str] | None = None) -> int:
    """Say what has to be known first; return 1 where the update must not begin."""
    print_any_letter()
    if python_is_too_old():
        return 0
    try:
        given = options("before_update.py", _OPTIONS, arguments)
        data = json.loads(given.data)
        refusal, said = refused(Path(given.answers_file), data), []
        if not refusal:
            refusal, said = prepared(data)
        for line in [refusal] if refusal else said:
            say(line)
        return 1 if refusal else 0
    except Exception as error:
        say(f"{type(error).__name__} before updating: {error}. The update goes on.")
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
