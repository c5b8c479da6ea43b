"""Starter repositories as companies send them: layouts of real ones, with made-up content."""

import subprocess
from pathlib import Path

README = "# Coding task\n\nBuild it. ![Stack](stack.png)\n"

PICTURE = {"README.md": README, "stack.png": "not really a picture\n"}

DATA = {
    "README.md": README,
    "requirements.txt": "humanize>=4\n",
    "data/ground_truth.csv": "file,trial,found\na.pdf,T1,true\nb.pdf,T2,false\n",
    "data/CVs/a.txt": "A résumé\n",
}

MAKEFILE = {
    "README.md": "# Case study\n\nmake run\n",
    "ASSIGNMENT.md": "# The full text\n",
    "ARCHITECTURE.md": "# Architecture\n\n*Fill this in.*\n",
    "PROMPTS.md": "# Prompts\n",
    "Makefile": "run:\n\tpython src/main.py\n\ncheck:\n\ttest -f out/result.json\n",
    "requirements.txt": "# pinned by the company\nhumanize==4.9.0\n",
    ".gitignore": "out/\n.env",
    "data/firm_policy.md": "# Policy\n",
    "src/main.py": "import humanize\n\nprint('main', humanize.intcomma(12345))\n",
    "test_main.py": "import humanize\n\n\ndef test_theirs():\n    assert humanize.__name__\n",
}

SRC_IS_A_PACKAGE = MAKEFILE | {"src/__init__.py": ""}

_CHAT = "from .factfind import Goal\n\n\ndef reply() -> str:\n    return Goal('house').name\n"
_TEST = "from goal_chat.chat import reply\n\n\ndef test_chat():\n    assert reply() == 'house'\n"
_SCRIPTS = (
    "import humanize\n\nfrom .chat import reply\n\n\n"
    "def demo():\n    print('demo', reply(), humanize.intcomma(12345))\n"
)
_PACKAGE = {
    "README.md": "# Goal chat\n\n`poetry run demo`\n",
    "goal_chat/__init__.py": "",
    "goal_chat/factfind.py": "from collections import namedtuple\n\nGoal = namedtuple('Goal', 'name')\n",
    "goal_chat/chat.py": _CHAT,
    "goal_chat/test_chat.py": _TEST,
    "goal_chat/scripts.py": _SCRIPTS,
}
_BACKEND = '[build-system]\nrequires = ["poetry-core"]\nbuild-backend = "poetry.core.masonry.api"\n'

POETRY_1 = _PACKAGE | {
    "pyproject.toml": (
        '[tool.poetry]\nname = "goal-chat"\nversion = "0.1.0"\ndescription = "A task"\n'
        'authors = ["A Company <people@example.org>"]\nreadme = "README.md"\n'
        'packages = [{ include = "goal_chat" }]\n\n'
        '[tool.poetry.dependencies]\npython = "^3.10"\nhumanize = "^4.9"\n\n'
        '[tool.poetry.group.dev.dependencies]\npytest = "^8.0"\n\n'
        '[tool.poetry.scripts]\ndemo = "goal_chat.scripts:demo"\n\n' + _BACKEND
    ),
}

POETRY_2 = _PACKAGE | {
    "pyproject.toml": (
        '[project]\nname = "goal-chat"\nversion = "0.1.0"\nrequires-python = ">=3.11,<4.0"\n'
        'dependencies = ["humanize (>=4.9,<5.0)"]\n\n'
        '[project.scripts]\ndemo = "goal_chat.scripts:demo"\n\n'
        '[tool.poetry]\npackages = [{ include = "goal_chat" }]\n\n'
        '[tool.poetry.group.dev.dependencies]\npytest = "^8.0"\n\n' + _BACKEND
    ),
}

POETRY_WITHOUT_PACKAGE = _PACKAGE | {
    "pyproject.toml": (
        "[tool.poetry]\npackage-mode = false\n\n"
        '[tool.poetry.dependencies]\npython = ">=3.11,<3.15"\n'
        'humanize = { version = "^4.9" }\n\n' + _BACKEND
    ),
}

SETUPTOOLS = _PACKAGE | {
    "pyproject.toml": (
        '[project]\nname = "goal-chat"\nversion = "0.1.0"\nrequires-python = ">=3.9"\n'
        'dependencies = ["humanize>=4.9"]\n\n'
        '[project.scripts]\ndemo = "goal_chat.scripts:demo"\n\n'
        '[dependency-groups]\ndev = ["pytest<9"]\n\n'
        '[tool.ruff]\nline-length = 79\nlint.select = ["ANN", "D", "E", "I", "PL"]\n\n'
        '[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n'
    ),
}

# As before pyproject.toml: that one is for the formatter alone
SETUP_PY = _PACKAGE | {
    "setup.py": (
        "from setuptools import find_packages, setup\n\n"
        "setup(\n    name='goal-chat',\n    version='0.3',\n    packages=find_packages(),\n"
        "    install_requires=['humanize>=4.9'],\n    python_requires='>=3.10',\n"
        "    entry_points={'console_scripts': ['demo=goal_chat.scripts:demo']},\n)\n"
    ),
    "pyproject.toml": "[tool.black]\nline-length = 79\n",
}

PDM = _PACKAGE | {
    "pyproject.toml": SETUPTOOLS["pyproject.toml"]
    .replace('"setuptools"', '"pdm-backend"')
    .replace("setuptools.build_meta", "pdm.backend")
}

HATCHLING = _PACKAGE | {
    "pyproject.toml": SETUPTOOLS["pyproject.toml"]
    .replace('"setuptools"', '"hatchling"')
    .replace("setuptools.build_meta", "hatchling.build")
}

UV_WITHOUT_BACKEND = _PACKAGE | {
    "pyproject.toml": (
        '[project]\nname = "goal-chat"\nversion = "0.1.0"\nrequires-python = ">=3.11"\n'
        'dependencies = ["humanize>=4.9"]\n\n[tool.uv]\ndev-dependencies = ["pytest"]\n'
    ),
}


def make(folder: Path, layout: dict[str, str], *, commit: bool = True) -> Path:
    """Write a layout, and commit it as the company would have."""
    for name, content in layout.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode())
    if commit:
        git(folder, "init", "-q", "-b", "main")
        git(folder, "add", "--all")
        git(folder, "commit", "-q", "-m", "Their starter")
    return folder


def git(folder: Path, *arguments: str) -> str:
    """Run git as the company's author, and return what it printed."""
    author = ["-c", "user.name=A Company", "-c", "user.email=people@example.org"]
    done = subprocess.run(
        ["git", *author, *arguments], cwd=folder, capture_output=True, encoding="utf-8", check=True
    )
    return done.stdout


# What waits in .takehome/ after copying over a starter, shortened
PENDING = {
    "README.md": "# Ours\n\n<!-- written by `takehome publish` -->\n",
    ".gitignore": "# Keys\n.env\n.venv/\n\n# What the company sent\n/BRIEF.*\n/data/raw/\n",
    ".gitattributes": "* text=auto eol=lf\n\n# Data\n/data/** -text\n",
    ".env.example": "# Copy to .env\nANTHROPIC_API_KEY=\n",
}
TABLES = """# ── The template's, from here on ──
[tool.takehome]
package = "my_task"

[dependency-groups]
# no bounds
scaffold = ["my-task-take-home", "pytest"]

[tool.uv]
default-groups = "all"

[tool.uv.sources]
my-task-take-home = { path = "src", editable = true }

[tool.ruff]
line-length = 100
"""
