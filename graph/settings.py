"""Settings from the environment; built at the entry points only, and passed down."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """RDWI_STORE, RDWI_SNAPSHOT, RDWI_LOG_FORMAT."""

    model_config = SettingsConfigDict(env_prefix="RDWI_", env_ignore_empty=True, frozen=True)

    store: str = Field(default="memory:", description="where the graph is kept: memory:")
    snapshot: Path | None = Field(default=None, description="folder of the memory store's data; the user's data folder where unset")
    log_format: Literal["text", "json"] = Field(default="text", description="form of the log: text or json")

    @field_validator("store")
    @classmethod
    def _known(cls, value: str) -> str:
        if value.rstrip(":") != "memory":
            raise ValueError("RDWI_STORE must be memory: (this version keeps the graph in memory, with a snapshot file)")
        return value

    @property
    def folder(self) -> Path:
        """The folder of the memory store's data."""
        if self.snapshot is not None:
            return self.snapshot.expanduser()
        from platformdirs import user_data_path

        return user_data_path("rdwi-graph", appauthor=False)
