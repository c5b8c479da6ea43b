"""The environment: what a command takes from `.env` and from variables, in one model."""

from __future__ import annotations

import os
from decimal import Decimal
from pathlib import Path

from dotenv import dotenv_values
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Each field is a variable `TAKEHOME_<NAME>`, in the environment or in `.env`.

    The vendors' own variables (`ANTHROPIC_API_KEY`, `OPENAI_BASE_URL`, …) are read by their SDKs.
    """

    model_config = SettingsConfigDict(
        env_prefix="TAKEHOME_", env_ignore_empty=True, env_file_encoding="utf-8", extra="ignore"
    )

    model: str = ""
    """`vendor:name`; empty for the one in pyproject.toml."""
    max_cost_usd: Decimal | None = Field(default=None, ge=0)
    """The most that one command may spend, in US dollars."""
    concurrency: int = Field(default=16, ge=1)
    """Cases in flight at once."""
    deadline_s: float = Field(default=120, gt=0)
    """Seconds that one call to a model may take in all, retries included."""


def load(root: Path) -> Settings:
    """Return the settings of the repository at `root`; variables win over its `.env`.

    What `.env` says also reaches the SDKs, which look for their keys in the environment.

    Raises:
        pydantic.ValidationError: a variable does not hold what its field needs.
    """
    file = root / ".env"
    for name, value in dotenv_values(file, encoding="utf-8").items() if file.is_file() else ():
        if value:
            os.environ.setdefault(name, value)
    return Settings()
