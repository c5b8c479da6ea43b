"""The environment: what a command takes from `.env` and from variables, in one model."""

from __future__ import annotations

import os
from decimal import Decimal
from pathlib import Path

from dotenv import dotenv_values
from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from scaffold.project import ProjectError


class Settings(BaseSettings):
    """Each field is a variable `TAKEHOME_<NAME>`; the vendors' own are read by their SDKs."""

    model_config = SettingsConfigDict(env_prefix="TAKEHOME_", env_ignore_empty=True)

    model: str = Field(default="", description="vendor:name; empty for pyproject.toml's")
    max_cost_usd: Decimal | None = Field(default=None, ge=0, description="per command")
    concurrency: int = Field(default=16, ge=1, description="cases in flight")
    case_s: float = Field(default=900, gt=0, description="seconds that one case may take")
    deadline_s: float = Field(default=120, gt=0, description="for a call, retries included")


def load(root: Path) -> Settings:
    """Return the settings of the repository at `root`; a variable wins over its `.env`.

    What `.env` says also reaches the SDKs, which look for their keys in the environment.
    """
    try:
        for name, value in dotenv_values(root / ".env", encoding="utf-8-sig").items():
            if value:
                os.environ.setdefault(name, value)
        return Settings()
    except ValidationError as error:
        wrong = (f"TAKEHOME_{str(e['loc'][0]).upper()}: {e['msg']}" for e in error.errors())
        raise ProjectError(f"{'; '.join(wrong)}. Mend .env or the variable.") from None
    except UnicodeDecodeError:
        raise ProjectError(f"{root / '.env'} is not UTF-8 text: save it as UTF-8.") from None
