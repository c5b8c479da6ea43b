"""No answer makes a broken repository: it renders sound files, or is refused with a sentence."""

from __future__ import annotations

import ast
import keyword
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest
import yaml
from copier import run_copy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rendering import ROOT, git, render

QUESTIONS: dict[str, Any] = yaml.safe_load((ROOT / "copier.yml").read_text("utf-8"))
ASKED = {
    name: question
    for name, question in QUESTIONS.items()
    if not name.startswith("_") and question.get("when") is not False
}
ALWAYS = {name for name, question in ASKED.items() if "when" not in question}
RESERVED = set(QUESTIONS["reserved_names"]["default"].split())
NAMES = [
    'Say "hi"',
    "It's \\ here",
    "3 Héllo!",
    "日本語",
    "class",
    "json",
    "openai",
    "scaffold",
    "zebra",
    "{{ 7*7 }}",
    "{% raw %}",
    'a"] = 1 #',
    '"""',
    "שלום עולם",
    "🎉 party",
    "../../etc",
    "-",
    "x" * 80,
]


def answers_for(template: Path, to: str | Path = "nowhere", **answers: Any) -> dict[str, Any]:
    """Ask the questions and render, without writing a file."""
    worker = run_copy(
        str(template),
        to,
        data=answers,
        defaults=True,
        skip_tasks=True,
        quiet=True,
        pretend=True,
    )
    return dict(worker.answers.combined)


def sound(folder: Path) -> None:
    """Fail where a file of a render is not what its ending promises."""
    for file in git(folder, "ls-files", "-z").split("\0"):
        if file.endswith(".py"):
            ast.parse((folder / file).read_text("utf-8"))
        if file.endswith(".toml"):
            tomllib.loads((folder / file).read_text("utf-8"))
        if file.endswith(".yml"):
            yaml.safe_load((folder / file).read_text("utf-8"))


def test_there_are_at_most_twelve_questions_each_with_a_default_and_a_help_text() -> None:
    assert len(ASKED) <= 12
    assert [name for name, q in ASKED.items() if "default" not in q or not q.get("help")] == []


def test_no_question_asks_for_a_key() -> None:
    assert [name for name in ASKED if "key" in name or ASKED[name].get("secret")] == []


@pytest.mark.parametrize("name", NAMES)
def test_a_name_and_an_author_of_any_signs_make_sound_files(
    template: Path, tmp_path: Path, name: str
) -> None:
    folder = render(template, tmp_path / "out", project_name=name, author=name)
    sound(folder)
    project = tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))
    assert project["project"]["description"] == name
    assert project["project"]["authors"] == [{"name": name}]
    assert (folder / "README.md").read_text("utf-8").startswith(f"# {name}\n")
    package = project["tool"]["takehome"]["package"]
    assert package not in RESERVED
    assert (folder / "src" / package / "solution.py").is_file()


@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(name=st.text(st.characters(codec="utf-8"), max_size=90))
def test_any_text_is_a_name_that_gives_a_package_or_is_refused_in_a_sentence(
    template: Path, name: str
) -> None:
    try:
        package = answers_for(template, project_name=name, author=name)["package_name"]
    except ValueError as error:
        refused = str(error)
    else:
        refused = ""
        assert re.fullmatch(r"[a-z]([a-z0-9_]{0,28}[a-z0-9])?", package)
        assert package not in RESERVED
    assert refused == "" or re.search(r": type (one|it|what|your)\b", refused)


@pytest.mark.parametrize(
    ("answers", "sentence"),
    [
        ({"project_name": "two\nlines"}, "type it on one line"),
        ({"project_name": "   "}, "type what stands at the top"),
        ({"project_name": "x" * 300}, "type one of at most 80"),
        ({"author": "a\x07b"}, "type it on one line"),
        ({"author": ""}, "type your name"),
        ({"package_name": "json"}, "add a word, for example json_task"),
        ({"package_name": "scaffold"}, "add a word"),
        ({"package_name": "con"}, "add a word"),
        ({"package_name": "cohere"}, "add a word"),
        ({"package_name": "../x"}, "type a-z, 0-9 and _"),
        ({"package_name": "Ünder"}, "type a-z, 0-9 and _"),
        ({"package_name": "a" * 31}, "type a-z, 0-9 and _"),
        ({"package_name": "ends_"}, "type a-z, 0-9 and _"),
        ({"vendors": []}, "at least one vendor"),
        ({"model": "claude"}, "A model is vendor:name"),
        ({"model": 'openai:"x"'}, "A model is vendor:name"),
        ({"model": "gemini:gemini-3.5-flash"}, "begin the model with one of anthropic, openai"),
        ({"vendors": ["openai"], "model": "anthropic:x"}, "begin the model with one of openai"),
        ({"brief": "a\nb"}, "type the path of one file"),
        ({"commit_data": "nein"}, '"nein" is neither yes nor no: type yes or no'),
        ({"starter": "perhaps"}, '"perhaps" is neither yes nor no: type yes or no'),
        ({"data": "a\x00b"}, "type the path of one file or folder"),
        ({"data": "  "}, "type the path of one file or folder, or leave it empty"),
        ({"kind": "rag", "parts": []}, "needs the parts documents and retrieval: name them, too"),
        ({"kind": "agent", "parts": ["tools"]}, "needs the part trajectory: name it, too"),
        ({"parts": ["retrieval"]}, "retrieval needs the part documents: name it, too"),
        (
            {"kind": "classify", "parts": ["summaries", "retrieval"]},
            "retrieval needs the part documents: name it, too",
        ),
    ],
)
def test_a_wrong_answer_is_refused_with_what_to_type_instead(
    template: Path, answers: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(sentence)):
        answers_for(template, **answers)


@pytest.mark.parametrize(
    ("vendors", "model"),
    [
        (["anthropic"], "anthropic:"),
        (["openai"], "openai:"),
        (["compatible"], "gemini:"),
        (["openai", "compatible"], "openai:"),
    ],
)
def test_the_default_model_is_of_a_chosen_vendor(
    template: Path, vendors: list[str], model: str
) -> None:
    assert answers_for(template, vendors=vendors)["model"].startswith(model)


@pytest.mark.parametrize(
    ("answers", "parts"),
    [
        ({}, []),
        ({"data": "Contract.PDF"}, ["documents"]),
        ({"kind": "rag"}, ["documents", "retrieval"]),
        ({"kind": "rag", "data": "a.zip"}, ["documents", "retrieval"]),
        ({"kind": "agent"}, ["tools", "trajectory"]),
        ({"kind": "agent", "data": "a.docx"}, ["tools", "trajectory", "documents"]),
    ],
)
def test_a_kind_and_the_data_bring_the_parts_that_they_need(
    template: Path, answers: dict[str, Any], parts: list[str]
) -> None:
    assert sorted(answers_for(template, **answers)["parts"]) == sorted(parts)


def test_a_folder_with_a_document_in_it_brings_the_part_that_reads_it(
    template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("tables/a.csv", "mixed [1]/deals/Sheet.XLSX", "mixed [1]/policy.md"):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("", encoding="utf-8")
    assert answers_for(template, data=f"{tmp_path}/tables/")["parts"] == []
    assert answers_for(template, data=f"{tmp_path}/mixed [1]/")["parts"] == ["documents"]
    monkeypatch.setenv("HOME", str(tmp_path))
    assert answers_for(template, data=" '~/mixed [1]/' ")["parts"] == ["documents"]


def test_a_module_that_is_there_gives_ours_another_name_unless_it_is_ours(
    template: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "starter [1]"
    for name in ("one.py", "src/mine/cases.py", "src/mine/baseline.py", "🎉/x.py"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    named = {
        name: answers_for(template, folder, project_name=name)["package_name"]
        for name in ("one", "mine")
    }
    assert named == {"one": "one_task", "mine": "mine"}


def test_a_kind_that_was_recorded_cannot_change(template: Path, tmp_path: Path) -> None:
    recorded = "kind: extract\nvendors: [openai]\n"
    (tmp_path / ".copier-answers.yml").write_text(recorded, encoding="utf-8")
    with pytest.raises(ValueError, match='It is "extract" and cannot change'):
        answers_for(template, tmp_path, kind="blank")


def test_no_package_can_hide_pythons_own_modules_or_a_dependency() -> None:
    """The list in copier.yml covers this Python and every library that a render installs."""
    shaped = re.compile(r"[a-z]([a-z0-9_]{0,28}[a-z0-9])?")
    names = {*sys.stdlib_module_names, *keyword.kwlist, *keyword.softkwlist}
    installed = {
        module
        for module, distributions in packages_distributions().items()
        if {name.lower() for name in distributions} & RUNTIME
    }
    assert {n for n in names | installed if shaped.fullmatch(n)} - RESERVED == set()


RUNTIME = {
    *("anthropic", "openai", "pydantic", "pydantic-core", "pydantic-settings", "typer", "rich"),
    *("jinja2", "genai-prices", "httpx2", "httpcore2", "python-dotenv", "pypdf", "python-docx"),
    *("openpyxl", "lxml", "pytest", "ruff", "ty", "anyio", "click", "distro", "jiter", "tqdm"),
}


def test_a_second_take_home_asks_only_what_your_settings_do_not_say(
    template: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """README's settings leave three questions: kind, brief, data."""
    readme = (ROOT / "README.md").read_text("utf-8")
    shown = re.search(r"```yaml\n(defaults:.*?)```", readme, re.DOTALL)
    assert shown is not None
    (tmp_path / "settings.yml").write_text(shown[1], encoding="utf-8")
    monkeypatch.setenv("COPIER_SETTINGS_PATH", str(tmp_path / "settings.yml"))
    asked: list[str] = []

    def answer(questions: list[dict[str, Any]], answers: dict[str, Any]) -> dict[str, Any]:
        asked.extend(q["name"] for q in questions if q["name"] in ALWAYS)
        return answers

    monkeypatch.setattr("copier._main.unsafe_prompt", answer)
    run_copy(str(template), tmp_path / "acme-invoices", skip_tasks=True, quiet=True)
    assert asked == ["kind", "brief", "data"]
    recorded = yaml.safe_load((tmp_path / "acme-invoices/.copier-answers.yml").read_text("utf-8"))
    assert recorded["package_name"] == "acme_invoices"


def test_paths_of_brief_and_data_stay_out_of_the_answers_file(
    template: Path, tmp_path: Path
) -> None:
    folder = render(template, tmp_path / "out", brief="/home/me/brief.pdf", data="/home/me/x.csv")
    recorded = yaml.safe_load((folder / ".copier-answers.yml").read_text("utf-8"))
    assert {"_src_path", "_commit"} <= set(recorded)
    assert set(recorded) - {"_src_path", "_commit"} == ALWAYS - {"brief", "data"}
    assert "/home/me" not in (folder / ".copier-answers.yml").read_text("utf-8").replace(
        recorded["_src_path"], ""
    )
