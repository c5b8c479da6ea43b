"""A kind, a part or a vendor is named in several places: here it is said, in a second, which ones are left."""

from __future__ import annotations

import itertools
import re
from typing import Any

import pytest
import yaml
from render.test_render_products import OF_KIND, OPTIONAL, PARTS, VENDORS
from rendering import ROOT

from scaffold.cli import COMMANDS
from scaffold.llm.vendors import VENDORS as SERVERS

TEMPLATE = ROOT / "template"
COPIER: dict[str, Any] = yaml.safe_load((ROOT / "copier.yml").read_text("utf-8"))
KIND_CHOICES = COPIER["kind"]["choices"].values()
PART_CHOICES = COPIER["parts"]["choices"].values()
VENDOR_CHOICES = COPIER["vendors"]["choices"].values()
ENVIRONMENT = (TEMPLATE / ".env.example.jinja").read_text("utf-8")
OVERLAYS = [folder.name.split("'")[1] for folder in TEMPLATE.glob("{% if kind ==*")]
# Of COMMANDS: what no answer drops
NO_PART = {"every render", "checks"}


def dropped() -> dict[str, list[str]]:
    """Return what `_exclude` drops without a part or a vendor, by that answer."""
    rows = re.findall(
        r"{% if '(\w+)' not in (?:parts|vendors) %}(.*?){% endif %}",
        "\n".join(COPIER["_exclude"]),
        re.DOTALL,
    )
    return {answer: paths.split("\n") for answer, paths in rows}


def rows_of(page: str, heading: str) -> set[str]:
    """Return the names that begin a row of the table whose first column is called `heading`."""
    text = (ROOT / page).read_text("utf-8")
    table = text.partition(f"\n| {heading} |")[2].partition("\n\n")[0]
    return set(re.findall(r"^\| `(\w+)` \|", table, re.M))


OF_README = {heading: rows_of("README.md", heading) for heading in ("kind", "part")}
OF_SCAFFOLD = rows_of("template/src/scaffold/README.md", "part | files")


def hold(name: str, places: dict[str, bool]) -> None:
    """Fail with every place that is left, not with the first."""
    left = [place for place, is_there in places.items() if not is_there]
    if left:
        pytest.fail("\n- ".join([f"{name} is still to be named in", *left]), pytrace=False)


@pytest.mark.parametrize("kind", sorted({*KIND_CHOICES, *OVERLAYS, *OF_KIND}))
def test_a_kind_is_named_wherever_kinds_are(kind: str) -> None:
    places = {
        f"template/{{% if kind == '{kind}' %}}.{{% endif %}}/": kind in OVERLAYS,
        "a choice of kind in copier.yml": kind in KIND_CHOICES,
        "OF_KIND in tests/render/test_render_products.py": kind in OF_KIND,
        f"tests/kinds/test_kind_{kind}.py": (ROOT / f"tests/kinds/test_kind_{kind}.py").exists(),
        "a row of README.md's table of kinds": kind in OF_README["kind"],
    }
    hold(kind, places)


@pytest.mark.parametrize(
    "part", sorted({*PART_CHOICES, *PARTS, *(p for p, _ in COMMANDS.values())} - NO_PART)
)
def test_a_part_is_named_wherever_parts_are(part: str) -> None:
    # retrieval needs another part: products() adds both to a render
    in_question = part in PARTS or part == "retrieval"
    pattern = f'"{part}": "{free_pattern()}"'
    places = {
        "a choice of parts in copier.yml": part in PART_CHOICES,
        "what is dropped without it, in _exclude of copier.yml": part in dropped(),
        f"PARTS in tests/render/test_render_products.py, as {pattern}": in_question,
        "a row of README.md's table of parts": part in OF_README["part"],
        "a row in template/src/scaffold/README.md": part in OF_SCAFFOLD,
    }
    hold(part, places)


@pytest.mark.parametrize("server", sorted(SERVERS))
def test_a_vendor_is_named_wherever_vendors_are(server: str) -> None:
    """A server that speaks another's protocol has a row of its own, and the other's module."""
    module, key = SERVERS[server].module, f"{server.upper()}_API_KEY="
    question = re.search(r"^\| `vendors` \|.*$", (ROOT / "README.md").read_text("utf-8"), re.M)
    assert question
    places = {
        f"a choice {module} of vendors in copier.yml": module in VENDOR_CHOICES,
        f"a line for {module} under _exclude in copier.yml": module in dropped(),
        f"{module} among VENDORS in tests/render/test_render_products.py": [module] in VENDORS,
        f"{module} in README.md's row of the question `vendors`": f"`{module}`" in question[0],
        "the validator of model in copier.yml": f"'{server}'" in COPIER["model"]["validator"],
        f"{key} in template/.env.example.jinja": SERVERS[server].free or key in ENVIRONMENT,
    }
    hold(server, places)


def free_pattern() -> str:
    """Return a pattern for PARTS that is neither equal nor opposite to another, nor constant."""
    opposite = str.maketrans("01", "10")
    taken = {*PARTS.values(), "0" * len(VENDORS)}
    taken |= {pattern.translate(opposite) for pattern in taken}
    patterns = map("".join, itertools.product("01", repeat=len(VENDORS)))
    return next(pattern for pattern in patterns if pattern not in taken)


def test_every_file_of_the_scaffold_that_an_answer_brings_is_listed_as_such() -> None:
    found: dict[str, str] = {}
    for answer, paths in dropped().items():
        for path in paths:
            place = TEMPLATE / path.removeprefix("/")
            files = [file for file in place.rglob("*") if "__pycache__" not in file.parts]
            found |= {
                file.relative_to(TEMPLATE).as_posix(): answer
                for file in [place, *files]
                if file.is_file() and path.startswith("/src/scaffold/")
            }
    listed = {name: answer for name, (_, answer) in OPTIONAL.items()}
    assert found == listed, (
        "left: _exclude in copier.yml; right: OPTIONAL in test_render_products.py"
    )
