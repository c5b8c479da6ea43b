"""`copier copy --defaults` over starters of companies: both sides run afterwards.

Poetry is tried where it is on PATH, or where TAKEHOME_TEST_POETRY names it. An index that serves
no JSON for single releases, which Poetry asks for, is named by TAKEHOME_TEST_POETRY_INDEX.
"""

import os
import shutil
import subprocess
from pathlib import Path

import hook_layouts
import pytest
import warm_python
from hook_desk import REPOSITORY
from rendering import tagged_clone
from uv import find_uv_bin

pytestmark = pytest.mark.skipif(
    "starter_pyproject" not in (REPOSITORY / "copier.yml").read_text(encoding="utf-8"),
    reason="copier.yml does not know yet whether a starter has a pyproject.toml",
)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tagged_clone(tmp_path_factory.mktemp("the template"))


@pytest.fixture
def settings(tmp_path: Path) -> dict[str, str]:
    """An environment in which git knows a name, and no other environment is active.

    Python writes there what it has compiled, or each command would compile the libraries again.
    """
    config = tmp_path / "gitconfig"
    config.write_text("[user]\n\tname = Me\n\temail = me@example.org\n", encoding="utf-8")
    dropped = ("VIRTUAL_ENV", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE")
    own = {k: v for k, v in os.environ.items() if k not in dropped}
    return own | {
        "GIT_CONFIG_GLOBAL": str(config),
        "GIT_CONFIG_NOSYSTEM": "1",
        "POETRY_VIRTUALENVS_IN_PROJECT": "false",
        "POETRY_VIRTUALENVS_PATH": str(tmp_path / "poetry"),
        "POETRY_NO_INTERACTION": "1",
    }


def _run(folder: Path, settings: dict[str, str], *command: str) -> str:
    done = subprocess.run(
        command,
        cwd=folder,
        env=settings,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}"
    return done.stdout


def _copy_over(folder: Path, template: Path, settings: dict[str, str], *answers: str) -> str:
    """Copy as one does without a terminal; where a file collides, Copier would stop."""
    data = [part for answer in ("starter=true", *answers) for part in ("-d", answer)]
    command = ["copy", "--trust", "--defaults", "--quiet", *data, str(template), str(folder)]
    return _copier(folder.parent, settings, *command)


def _copier(folder: Path, settings: dict[str, str], *command: str) -> str:
    done = warm_python.run(("copier", *command), folder, settings, timeout_s=300)
    assert done.returncode == 0, f"copier {' '.join(command)}\n{done.stdout}{done.stderr}"
    return done.stdout + done.stderr


@pytest.mark.parametrize(
    "layout", ["DATA", "MAKEFILE", "POETRY_1", "SETUPTOOLS", "SETUP_PY", "SRC_IS_A_PACKAGE"]
)
def test_ours_and_theirs_run_after_copying_over(
    layout: str, template: Path, settings: dict[str, str], tmp_path: Path
) -> None:
    theirs = getattr(hook_layouts, layout)
    folder = hook_layouts.make(tmp_path / "ihr Starter (1) – neu", theirs)
    data = ["data=ihr Starter (1) – neu/data/ground_truth.csv"] if layout == "DATA" else []
    said = _copy_over(folder, template, settings, "package_name=my_task", "kind=blank", *data)
    assert "Committed: the render alone" in said
    assert ".venv is ready" in said
    assert hook_layouts.git(folder, "status", "--porcelain") == ""
    assert hook_layouts.git(folder, "log", "--format=%s", "scaffold").endswith("\nTheir starter\n")
    for name, content in theirs.items():
        if name not in ("README.md", ".gitignore", "pyproject.toml"):
            assert (folder / name).read_bytes() == content.encode(), name
    uv = find_uv_bin()
    assert "eval" in _run(folder, settings, uv, "run", "takehome", "--help")
    if layout == "DATA":
        cases = (folder / "src/my_task/cases.py").read_text("utf-8")
        assert 'RAW = Path("data/ground_truth.csv")' in cases
    else:
        _run(folder, settings, uv, "run", "takehome", "eval", "--solver", "baseline")
    for untyped in folder.glob("goal_chat/test_*.py"):  # the company's types are theirs to mend
        untyped.write_text(f"{untyped.read_text('utf-8')}\nnumber: int = 'text'\n", "utf-8")
    if layout != "SETUPTOOLS":  # it holds pytest at 8, whose skip() ty cannot read
        _run(folder, settings, uv, "run", "ty", "check", "--error-on-warning")
    ours = ("src/my_task", "src/scaffold", "tests")  # whatever rules theirs has
    _run(folder, settings, uv, "run", "ruff", "check", *ours)
    _run(folder, settings, uv, "run", "ruff", "format", "--check", *ours)
    passed = _run(folder, settings, uv, "run", "pytest", "-q", "-rA")
    assert "tests/test_solution.py" in passed
    if any("test_" in name for name in theirs):
        assert "test_theirs" in passed or "test_chat" in passed
    if "src/main.py" in theirs:
        command = ["make", "run"] if shutil.which("make") else ["python", "src/main.py"]
        assert "main 12,345" in _run(folder, settings, uv, "run", *command)
    if "goal_chat/scripts.py" in theirs:
        assert "demo house 12,345" in _run(folder, settings, uv, "run", "demo")
    assert not (folder / ".takehome").exists()


def test_an_update_merges_into_their_pyproject(settings: dict[str, str], tmp_path: Path) -> None:
    template = tagged_clone(tmp_path / "template")
    folder = hook_layouts.make(tmp_path / "starter", hook_layouts.POETRY_1)
    _copy_over(folder, template, settings, "package_name=my_task", "kind=blank")
    source = template / "template" / "pyproject.toml.jinja"
    text = source.read_text("utf-8")
    assert text.count('pythonpath = ["."]') == 1
    newer = text.replace('pythonpath = ["."]', 'pythonpath = [".", "src"]')
    source.write_text(newer, encoding="utf-8")
    hook_layouts.git(template, "commit", "-q", "-a", "-m", "Tests find src")
    hook_layouts.git(template, "tag", "v1.1.0")
    before = (folder / "pyproject.toml").read_text("utf-8")
    _copier(folder, settings, "update", "--trust", "--defaults", "--quiet")
    after = (folder / "pyproject.toml").read_text("utf-8")
    assert after == before.replace('pythonpath = ["."]', 'pythonpath = [".", "src"]') != before
    changed = hook_layouts.git(folder, "diff", "--name-only").split()
    assert set(changed) <= {".copier-answers.yml", "pyproject.toml"}


@pytest.mark.parametrize(
    ("name", "question"),
    [
        ("notes", "starter"),
        ("AGENTS.md/rules.md", "starter"),
        ("src/scaffold/__init__.py", "starter"),
        ("my_task/__init__.py", "package_name"),
        ("src/my_task/__init__.py", "package_name"),
        (".copier-answers.yml", "starter"),
        (".gitignore", "starter"),  # where starter=true was forgotten
    ],
)
def test_what_theirs_has_at_a_path_of_ours_is_refused_before_anything_is_written(
    name: str, question: str, template: Path, settings: dict[str, str], tmp_path: Path
) -> None:
    folder = hook_layouts.make(
        tmp_path / "starter", {"README.md": "# Task\n", name: "_commit: v1\n"}
    )
    starter = "false" if name == ".gitignore" else "true"
    answers = ["-d", f"starter={starter}", "-d", "package_name=my_task"]
    command = ("copier", "copy", "--defaults", "--skip-tasks", *answers, str(template), ".")
    done = warm_python.run(command, folder, settings, timeout_s=60)
    assert done.returncode != 0
    assert f"Validation error for question '{question}'" in done.stderr
    assert "already" in done.stderr or "another template's" in done.stderr
    assert hook_layouts.git(folder, "status", "--porcelain", "--untracked-files=all") == ""


def test_beside_another_templates_answers_ours_have_a_file_of_their_own(
    template: Path, settings: dict[str, str], tmp_path: Path
) -> None:
    theirs = {"README.md": "# Task\n", ".copier-answers.yml": "_commit: v1\n_src_path: gh:a/b\n"}
    folder = hook_layouts.make(tmp_path / "starter", theirs)
    answers = ("-d", "starter=true", "-d", "package_name=my_task", "-d", "kind=blank")
    ours = ("--answers-file", ".copier-answers.takehome.yml")
    _copier(folder, settings, "copy", "--trust", "--defaults", *ours, *answers, str(template), ".")
    assert hook_layouts.git(folder, "status", "--porcelain") == ""
    assert "package_name: my_task" in hook_layouts.git(folder, "show", f"scaffold:{ours[1]}")
    hook_layouts.git(folder, "check-ignore", ".takehome/pyproject.toml")  # what could not be merged
    _copier(folder, settings, "update", "--trust", "--defaults", "--skip-tasks", *ours)
    assert (folder / ".copier-answers.yml").read_text("utf-8") == theirs[".copier-answers.yml"]


def test_a_package_of_theirs_in_src_gives_ours_another_name(
    template: Path, settings: dict[str, str], tmp_path: Path
) -> None:
    folder = hook_layouts.make(tmp_path / "their_task", {"src/their_task/__init__.py": ""})
    answers = ("-d", "starter=true", "--defaults", "--skip-tasks", "--quiet")
    for again in ((), ("--overwrite",)):  # and a second copy keeps the name
        _copier(folder, settings, "copy", *answers, *again, str(template), ".")
        assert (folder / "src/their_task_task/solution.py").exists()
        assert not (folder / "src/their_task/solution.py").exists()


@pytest.mark.parametrize("layout", ["POETRY_1", "POETRY_2"])
def test_poetry_installs_and_runs_theirs_beside_ours(
    layout: str, template: Path, settings: dict[str, str], tmp_path: Path
) -> None:
    poetry = os.environ.get("TAKEHOME_TEST_POETRY") or shutil.which("poetry")
    if not poetry:
        pytest.skip("poetry is not on PATH")
    settings = settings | {
        "PATH": os.pathsep.join([str(Path(poetry).parent), settings.get("PATH", "")]),
        "PYTHONHASHSEED": "0",  # a Copier of its own: a warm one's tasks get the PATH it began with
    }
    theirs = dict(getattr(hook_layouts, layout))
    index = os.environ.get("TAKEHOME_TEST_POETRY_INDEX")
    if index:
        theirs["pyproject.toml"] += (
            f'\n[[tool.poetry.source]]\nname = "tests"\nurl = "{index}"\npriority = "primary"\n'
        )
    folder = hook_layouts.make(tmp_path / "starter", theirs, commit=False)
    _run(folder, settings, poetry, "lock", "-q")
    hook_layouts.make(folder, {})
    said = _copy_over(folder, template, settings, "package_name=my_task", "kind=blank")
    if "locking failed" in said:
        pytest.skip("this index does not serve what Poetry asks for")
    assert "poetry.lock is locked anew" in said
    assert hook_layouts.git(folder, "status", "--porcelain") == ""
    _run(folder, settings, poetry, "install", "-q")
    assert "demo house 12,345" in _run(folder, settings, poetry, "run", "demo")
    assert "eval" in _run(folder, settings, poetry, "run", "takehome", "--help")
    _run(folder, settings, poetry, "run", "python", "-c", "import goal_chat.chat, scaffold.llm")
