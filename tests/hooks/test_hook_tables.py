"""Lines and tables of ours added to files of theirs, as text."""

import tomllib
from pathlib import Path

import fitting
import hook_layouts
import poetry
import pytest
import starter
import toml_tables
from hook_layouts import PENDING, TABLES


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_ignore_lines_are_added_once_and_theirs_stay(end: str) -> None:
    theirs = f"out/{end}.env"
    once = starter.with_lines(theirs, PENDING[".gitignore"])
    assert once.startswith(f"out/{end}.env{end}{end}# Keys{end}.venv/{end}")
    assert once.count(".env") == 1
    assert once.replace(end, "").count("\n") == 0
    assert starter.with_lines(once, PENDING[".gitignore"]) == once


def test_their_line_ends_are_not_declared_anew() -> None:
    assert starter.with_lines("*.png binary\n", PENDING[".gitattributes"]) == (
        "*.png binary\n\n# Data\n/data/** -text\n"
    )


def test_a_key_that_they_have_is_not_named_again_since_the_last_one_wins() -> None:
    theirs = "ANTHROPIC_API_KEY=your-key\nexport OTHER = 1\n"
    ours = "# Copy to .env\nANTHROPIC_API_KEY=\nOTHER=\nOPENAI_API_KEY=\n"
    assert starter.with_keys(theirs, ours) == f"{theirs}\n# Copy to .env\nOPENAI_API_KEY=\n"


def test_a_setup_py_stays_what_says_how_theirs_is_built(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "setup.py").write_text("import setuptools\nsetuptools.setup(name='theirs')\n")
    (tmp_path / "setup.cfg").write_text("[options]\npython_requires = >=3.9\n")
    merged = tomllib.loads(starter.with_tables("[tool.black]\nline-length = 79\n", TABLES, "ours"))
    assert merged["project"]["name"] == "theirs"
    assert merged["project"]["requires-python"] == ">=3.9"
    assert {"version", "dependencies", "scripts"} <= set(merged["project"]["dynamic"])
    assert "readme" not in merged["project"]["dynamic"]
    assert merged["build-system"]["build-backend"] == "setuptools.build_meta"
    assert merged["tool"]["black"] == {"line-length": 79}
    (tmp_path / "setup.py").write_text("not Python (\n")
    (tmp_path / "setup.cfg").write_text("no section: long_description\n")
    merged = tomllib.loads(starter.with_tables("", TABLES, "ours"))
    assert merged["project"]["name"] == tmp_path.name.replace("_", "-").lower()
    assert "readme" in merged["project"]["dynamic"]


def test_a_setup_cfg_alone_stays_what_says_how_theirs_is_built(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    config = "[metadata]\nname = theirs\n\n[options]\npython_requires = >=3.9\n"
    (tmp_path / "setup.cfg").write_text(config)
    backend = '[build-system]\nrequires = ["setuptools", "wheel"]\n'
    merged = tomllib.loads(starter.with_tables(backend, TABLES, "ours"))
    assert merged["build-system"] == tomllib.loads(backend)["build-system"]
    project = merged["project"]
    assert (project["name"], project["requires-python"]) == ("theirs", ">=3.9")
    assert "dependencies" in project["dynamic"]


@pytest.mark.parametrize("theirs", ['["dev"]', "[]", '[\n    "dev",\n]', '["scaffold", "x"]'])
def test_our_group_joins_those_that_their_uv_installs_by_default(theirs: str) -> None:
    text = f"[tool.uv]\ndefault-groups = {theirs}\n"
    merged = tomllib.loads(starter.with_tables(f'[project]\nname = "x"\n{text}', TABLES, "ours"))
    before = tomllib.loads(text)["tool"]["uv"]["default-groups"]
    after = merged["tool"]["uv"]["default-groups"]
    assert after == [*before, *([] if "scaffold" in before else ["scaffold"])]
    assert "my-task-take-home" in merged["tool"]["uv"]["sources"]


def test_new_tables_stand_at_the_end_exactly_as_they_render() -> None:
    merged = toml_tables.merged('[project]\nname = "x"\n', TABLES)
    assert merged == '[project]\nname = "x"\n\n' + TABLES


def test_a_table_that_they_have_gets_the_missing_keys_and_loses_none() -> None:
    theirs = (
        '[tool.uv]\npackage = false  # theirs\n\n[dependency-groups]\ndev = ["pytest<9"]\n\n'
        "[tool.ruff.lint]\nselect = ['ALL']\n"
    )
    merged = tomllib.loads(toml_tables.merged(theirs, TABLES))
    assert merged["tool"]["uv"]["package"] is False
    assert merged["tool"]["uv"]["default-groups"] == "all"
    assert merged["dependency-groups"]["dev"] == ["pytest<9"]
    assert merged["dependency-groups"]["scaffold"] == ["my-task-take-home", "pytest"]
    assert merged["tool"]["ruff"] == {"lint": {"select": ["ALL"]}}


def test_a_workspace_of_pdm_that_they_have_stays_theirs() -> None:
    theirs = '[project]\nname = "x"\n\n[tool.pdm.workspace]\nmembers = ["libs/*"]\n'
    assert starter.with_tables(theirs, TABLES, "my_task") == f"{theirs}\n{TABLES}"


def test_what_the_candidate_changed_in_our_tables_survives_a_second_merge() -> None:
    once = toml_tables.merged("", TABLES).replace('default-groups = "all"', "default-groups = []")
    assert toml_tables.merged(once, TABLES) == once


@pytest.mark.parametrize(
    ("theirs", "why"),
    [
        ("[tool]\nuv = { package = false }\n", "not written as a table"),
        ("tool.uv.package = false\n", "not written as a table"),
        ('[tool.uv]\ndefault-groups = ["dev"]\n', "has default-groups already"),
        ("dependency-groups = 3\n", "is no table"),
        ("[a\n", "no valid TOML"),
    ],
)
def test_a_form_that_text_cannot_be_added_to_is_refused(theirs: str, why: str) -> None:
    with pytest.raises(toml_tables.CannotMergeError, match=why):
        toml_tables.merged(theirs, TABLES)


@pytest.mark.parametrize(
    ("wish", "bounds"),
    [
        ("^1.2.3", ">=1.2.3,<2"),
        ("^0.2.3", ">=0.2.3,<0.3"),
        ("^0.0.3", ">=0.0.3,<0.0.4"),
        ("^0", ">=0,<1"),
        ("~1.2.3", ">=1.2.3,<1.3"),
        ("~1", ">=1,<2"),
        ("1.2.*", "==1.2.*"),
        (">=3.9, <3.13", ">=3.9,<3.13"),
        (">=3.9 <3.13", ">=3.9,<3.13"),
        ("3.11.4", "==3.11.4"),
        ("*", ""),
        ("^1 || ^2", None),
    ],
)
def test_a_version_of_poetrys_is_written_as_others_write_it(wish: str, bounds: str | None) -> None:
    assert poetry.version_range(wish) == bounds


@pytest.mark.parametrize(
    ("wish", "line"),
    [
        ({"version": "^1.0", "extras": ["a", "b"]}, "x[a,b]>=1.0,<2"),
        ({"git": "https://example.org/x.git"}, None),
        ({"path": "../x"}, None),
        ([{"version": "1"}, {"version": "2"}], None),
    ],
)
def test_what_is_no_plain_version_is_not_translated(wish: object, line: str | None) -> None:
    assert poetry.requirement("x", wish) == line


@pytest.mark.parametrize(
    "layout",
    [
        *("POETRY_1", "POETRY_2", "POETRY_WITHOUT_PACKAGE", "SETUPTOOLS", "PDM", "HATCHLING"),
        "UV_WITHOUT_BACKEND",
    ],
)
def test_every_layout_of_a_pyproject_takes_ours(
    layout: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hook_layouts.make(tmp_path, getattr(hook_layouts, layout), commit=False)
    monkeypatch.chdir(tmp_path)
    text = (tmp_path / "pyproject.toml").read_text("utf-8")
    merged = starter.with_tables(text, TABLES, "my_task")
    assert starter.with_tables(merged, TABLES, "my_task") == merged
    before, after = tomllib.loads(text), tomllib.loads(merged)
    assert after["project"]["requires-python"]
    assert after.get("build-system") == before.get("build-system")
    if layout in ("SETUPTOOLS", "UV_WITHOUT_BACKEND"):
        assert after["tool"]["setuptools"]["packages"] == ["goal_chat"]
    members = after["tool"].get("pdm", {}).get("workspace", {}).get("members")
    assert members == (["src"] if layout == "PDM" else None)
    assert starter.with_tables(f"\ufeff{text}", TABLES, "my_task") == merged


def test_ours_are_fitted_and_settings_of_theirs_never_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = f"{TABLES}\n[tool.pytest.ini_options]\npythonpath = []\n"
    names = ("pyproject.toml", "src/pyproject.toml", ".takehome/pyproject.toml")
    hook_layouts.make(tmp_path, dict.fromkeys(names, text), commit=False)
    (tmp_path / "tox.ini").write_text("[pytest]\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    fitting.fit("my_task", Path(names[2]))
    assert Path(names[2]).read_text("utf-8") == TABLES
    Path(names[2]).unlink()  # merged, while another file of ours still waits
    fitting.fit("my_task", Path(names[2]))
    assert Path(names[0]).read_text("utf-8") == text
    theirs = {"tests/test_solution.py": "", "tests/ruff.toml": "# theirs\n"}
    hook_layouts.make(tmp_path, theirs, commit=False)
    assert fitting.fit("my_task", Path(names[2])) == []
    assert Path("tests/ruff.toml").read_text("utf-8") == "# theirs\n"
