"""One template repository for the whole run, and tools that run in renders without a network."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import warm_python
from rendering import made_once, own_settings, shared_folder, tagged_clone

# Goes to every Python that a test starts: connections that would leave the machine are refused.
NO_NETWORK = '''"""Refuses every connection that is not to this machine."""
import socket

_connect = socket.socket.connect


def connect(self, address):
    if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in ("127.0.0.1", "::1"):
        raise OSError(f"the tests allow no network, and something connects to {address!r}")
    return _connect(self, address)


socket.socket.connect = connect
'''


@pytest.fixture(scope="session", autouse=True)
def _own_settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test depends on what this machine's git, Copier and environment were told."""
    with own_settings(tmp_path_factory.mktemp("home")):
        yield


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory, _own_settings: None) -> Path:
    # A blank and letters beyond ASCII: such a path has to work.
    return made_once(shared_folder(tmp_path_factory) / "the templâte", tagged_clone)


@pytest.fixture(scope="session")
def run_in(
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run a tool of this environment in a render: no network, no key, the render's own code.

    With a PYTHONHASHSEED it is a process of its own, whose sets are in another order.
    """
    site = tmp_path_factory.mktemp("no network")
    (site / "sitecustomize.py").write_text(NO_NETWORK, encoding="utf-8")

    def run(
        folder: Path, *command: str, code: int | None = 0, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        variables = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(site), str(folder / "src")]),
            "PYTHONUTF8": "1",
            # Python takes a file for the one it has compiled if it was changed in the same second
            "PYTHONDONTWRITEBYTECODE": "1",
            # A render has none of the plugins of this environment, which take seconds to import
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            "COLUMNS": "120",
            **environment,
        }
        done = warm_python.run(command, folder, variables)
        if code is not None and done.returncode != code:
            shown = f"{' '.join(command)} in {folder}\n{done.stdout}\n{done.stderr}"
            pytest.fail(f"exit {done.returncode}, not {code}: {shown}", pytrace=False)
        return done

    return run
