"""Settings from the environment; built at the entry points only, and passed down."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from schema.errors import StoreDenied
from schema.releases import KEPT

_ORIGIN = re.compile(r"https?://(?:[a-z0-9.-]+|\[[0-9a-f:]+\])(?::\d+)?")
SCHEMES = ("bolt", "bolt+s", "bolt+ssc", "neo4j", "neo4j+s", "neo4j+ssc")


def _listed(text: str) -> list[str]:
    return [one.strip() for one in text.split(",") if one.strip()]


@dataclass(frozen=True, slots=True)
class Server:
    """A Neo4j server, cluster or Aura instance, and who asks it. No `database` means the user's home database."""

    uri: str
    user: str
    password: SecretStr
    database: str | None = None

    @classmethod
    def of(cls, uri: str, user: str, password: str, database: str | None = None) -> Server:
        return cls(uri, user, SecretStr(password), database)


class Settings(BaseSettings):
    """RDWI_STORE, RDWI_NEO4J_USER, RDWI_NEO4J_PASSWORD, RDWI_NEO4J_DATABASE, RDWI_SNAPSHOT, RDWI_FIELD, RDWI_KEEP_RELEASES,
    RDWI_REPORT_URL, RDWI_CORS, RDWI_SCHEDULER, RDWI_LOG_FORMAT.
    """

    model_config = SettingsConfigDict(env_prefix="RDWI_", env_ignore_empty=True, frozen=True)

    store: str = Field(
        default="memory:", description="where the graph is kept: memory:, or a Neo4j URI (bolt://, neo4j://, neo4j+s:// ...)"
    )
    neo4j_user: str = Field(default="neo4j", description="the user at Neo4j")
    neo4j_password: SecretStr | None = Field(default=None, description="the user's password at Neo4j; there is no default")
    neo4j_database: str | None = Field(default=None, description="the database in Neo4j; the user's home database where unset")
    snapshot: Path | None = Field(default=None, description="folder of the memory store's data; the user's data folder where unset")
    field: Path | None = Field(
        default=None, description="folder of another field: field.yaml, vocabulary.yaml, studies/; the shipped field where unset"
    )
    keep_releases: int = Field(default=KEPT, ge=1, description="how many releases are kept, the current one among them")
    report_url: str | None = Field(
        default=None,
        description="address at which readers say that something is wrong, as https://host/new?body={page}+{row}+{place}+{release}; none",
    )
    cors: str = Field(default="", description="origins whose pages may read the API, such as https://a.org, parted by commas; * is all")
    scheduler: str | None = Field(
        default=None,
        pattern=r"^(tcp|tls|ws|wss)://.+",
        description="a scheduler of Dask (tcp://host:8786) whose workers make the associations of a large load; the cores here where unset",
    )
    log_format: Literal["text", "json"] = Field(default="text", description="form of the log: text or json")

    @field_validator("store")
    @classmethod
    def _known(cls, value: str) -> str:
        if value.rstrip(":") == "memory":
            return "memory:"
        try:
            uri = urlsplit(value)
            _ = uri.port
        except ValueError as error:
            raise ValueError(f"RDWI_STORE is no address: {error}") from error
        if uri.scheme not in SCHEMES or not uri.hostname:
            raise ValueError(f"RDWI_STORE must be memory: or the URI of a Neo4j server ({', '.join(f'{one}://' for one in SCHEMES)})")
        if uri.path.strip("/"):
            raise ValueError("RDWI_STORE has a path; name the database in RDWI_NEO4J_DATABASE")
        if "@" in uri.netloc:
            raise ValueError("RDWI_STORE holds a user or password; put them in RDWI_NEO4J_USER and RDWI_NEO4J_PASSWORD")
        return value

    @field_validator("report_url")
    @classmethod
    def _followed(cls, value: str | None) -> str | None:
        if value is not None and not re.match(r"(?:https?://[^\s/]|mailto:[^\s@]+@)", value):
            raise ValueError("RDWI_REPORT_URL must begin with https://, http:// or mailto:")
        return value

    @field_validator("cors")
    @classmethod
    def _origins(cls, value: str) -> str:
        for one in _listed(value):
            if one != "*" and _ORIGIN.fullmatch(one) is None:
                raise ValueError(f"RDWI_CORS: {one!r} is no origin; write it as https://host or https://host:port")
        return value

    @field_validator("neo4j_database")
    @classmethod
    def _for_data(cls, value: str | None) -> str | None:
        if value is not None and value.lower() == "system":
            raise ValueError("RDWI_NEO4J_DATABASE can't be system, which is Neo4j's own")
        return value

    @property
    def origins(self) -> list[str]:
        """Whose pages may read the API."""
        return _listed(self.cors)

    @property
    def embedded(self) -> bool:
        """Whether the graph is kept in memory and a snapshot file."""
        return self.store == "memory:"

    @property
    def server(self) -> Server:
        """The Neo4j server; StoreDenied where no password is set."""
        if self.neo4j_password is None:
            raise StoreDenied(f"{self.store} needs a password: set RDWI_NEO4J_PASSWORD (and RDWI_NEO4J_USER, where that is not neo4j).")
        return Server(self.store, self.neo4j_user, self.neo4j_password, self.neo4j_database)

    def folder_of(self, field: str) -> Path:
        """The folder of the memory store's data: the one that is set, or one a field, of which the shipped one has the outermost."""
        if self.snapshot is not None:
            return self.snapshot.expanduser()
        from platformdirs import user_data_path

        data = user_data_path("rdwi-graph", appauthor=False)
        return data if self.field is None else data / "fields" / field
