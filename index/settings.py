"""Settings: the one place where the environment is read. Every setting is `TANYA_<NAME>`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict


class SettingError(Exception):
    """A setting that cannot be used, found when it is needed: which, why, what to do."""


class Settings(BaseSettings):
    """What an operator can set, from the environment or a `.env` file in the working directory."""

    model_config = SettingsConfigDict(
        env_prefix="TANYA_", env_file=".env", env_ignore_empty=True, extra="ignore", frozen=True
    )

    name: str = Field("Tanya ASEAN", description="Name of the service, as citizens see it.")
    contact: str = Field(
        "", description="Who to ask when we do not know: shown with 'I don't know'."
    )
    subject_id: str = Field(
        "ASEAN, Sekretariat ASEAN, dan KTT ASEAN",
        description="What the service knows about, in Indonesian: page, bot and greetings say it.",
    )
    subject_en: str = Field(
        "ASEAN, the ASEAN Secretariat and the ASEAN Summits",
        description="The same in English.",
    )
    greeting_id: str = Field(
        "", description="Greeting of page and bot in Indonesian; default: ours, with the subject."
    )
    greeting_en: str = Field("", description="The same in English.")
    colour: str = Field(
        "#003d7c",
        pattern=r"^#[0-9a-fA-F]{6}$",
        description="Main colour of the page and the widget, as #rrggbb.",
    )
    logo: Path | None = Field(None, description="Picture of the page's head: SVG, PNG or JPEG.")
    questions: Path | None = Field(
        None, description="Your own suggested questions (.jsonl); default: ours."
    )
    data: Path = Field(Path("var"), description="Folder of the index and other state.")
    corpus: Path | None = Field(None, description="Folder with your own articles.")
    sources: Path = Field(
        Path("sources.toml"),
        description="File that names the feeds, sitemaps and pages to collect.",
    )
    allowed_hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="Hosts that may be collected from, with commas between them; empty: all public ones.",
    )
    collect_delay: float = Field(
        1.0, ge=0, le=60, description="Seconds between two requests to one host when collecting."
    )
    collect_loopback: bool = Field(
        False, description="Whether this machine itself may be collected from: for tests only."
    )
    shipped_corpus: bool = Field(True, description="Whether the articles shipped with us are used.")
    model: str = Field(
        "bundled",
        description="'bundled', or a sentence-transformers model: a hub name or a folder.",
    )
    profile: Literal["standard", "fast"] = Field(
        "standard", description="'fast' uses static vectors: less exact, thousands a second."
    )
    query_prompt: str | None = Field(
        None, description="Text put before questions; default: what the model itself declares."
    )
    passage_prompt: str | None = Field(
        None, description="Text put before passages; default: what the model itself declares."
    )
    threads: int = Field(1, ge=1, le=64, description="Threads of the encoder for one question.")
    keep: int = Field(2, ge=2, le=100, description="Generations of the index kept on disk.")
    workers: int = Field(
        1, ge=1, le=64, description="Processes that serve HTTP; they share the index's memory."
    )
    horizon_days: int = Field(
        365, ge=1, description="Days after publication from which a passage is marked as old."
    )
    k: int = Field(3, ge=1, le=10, description="Passages in an answer, unless the asker says.")
    max_question: int = Field(500, ge=50, le=5000, description="Longest question, in characters.")
    min_confidence: float | None = Field(
        None,
        ge=0,
        le=1,
        description="Below it nothing counts as an answer; default: the model's calibration.",
    )
    reader: bool = Field(
        True, description="Whether a small model reads the first passages: surer, slower."
    )
    host: str = Field("127.0.0.1", description="Address the HTTP server listens on.")
    port: int = Field(8000, ge=0, le=65535, description="Port of the HTTP server.")
    in_flight: int = Field(
        64,
        ge=1,
        le=10_000,
        description="Questions answered or waiting over HTTP; more are told to come back.",
    )
    parallel: int = Field(
        2, ge=1, le=64, description="Questions answered at the same moment over HTTP."
    )
    rate: str = Field(
        "30/minute;1000/day",
        description="Questions that one client or one person may ask, with semicolons; 'off': any number.",
    )
    cors_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="Web sites whose scripts may call the API, with commas; * means all."
    )
    embed_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="Web sites that may embed the chat with widget.js, with commas; * means all.",
    )
    proxy_headers: bool = Field(
        False,
        description="Whether clients are who TANYA_PROXIES say they are (X-Forwarded-For, -Proto).",
    )
    proxies: Annotated[tuple[str, ...], NoDecode] = Field(
        ("127.0.0.1", "::1"),
        description="Addresses or networks of proxies in front of us, with commas.",
    )
    root_path: str = Field(
        "", description="Path below which a proxy serves us (for example /tanya)."
    )
    admin_token: SecretStr | None = Field(
        None, description="Opens the desk and the admin routes, which do not exist without it."
    )
    journal: bool = Field(
        True,
        description="Whether questions are kept, without names, for `tanya questions` and the desk.",
    )
    database_url: SecretStr | None = Field(
        None,
        description="PostgreSQL address (postgresql://…) of journal and chat state; default: SQLite in data.",
    )
    telegram_token: SecretStr | None = Field(None, description="Token of the Telegram bot.")
    telegram_api: str = Field(
        "https://api.telegram.org", description="Address of the Telegram Bot API server."
    )
    webhook: bool = Field(
        False, description="Whether Telegram posts to us (`tanya serve --webhook`): no polling."
    )
    webhook_url: str = Field(
        "", description="Public https address of this service, for `tanya serve --webhook`."
    )
    webhook_secret: SecretStr | None = Field(
        None,
        description="What Telegram must show with each update; default: made once, kept in data.",
    )
    secret: SecretStr | None = Field(
        None,
        description="Key of the hashes that stand for people; default: made once, kept in data.",
    )
    retention_days: int = Field(
        90, ge=1, description="Days after which questions, ratings and chat state are deleted."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="Log level."
    )
    log_format: Literal["text", "json"] = Field("text", description="How log lines are written.")
    log_questions: bool = Field(False, description="Whether log lines hold what people ask.")

    @field_validator("allowed_hosts")
    @classmethod
    def _hosts_alone(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for host in value:
            if not re.fullmatch(r"[\w.-]+", host):
                raise ValueError(f"{host!r} is no host: write it like kompas.com, without https://")
        return value

    @field_validator("admin_token")
    @classmethod
    def _hard_to_guess(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and len(value.get_secret_value().strip()) < 16:
            raise ValueError("use at least 16 characters, such as openssl rand -base64 24 prints")
        return value

    @field_validator("rate")
    @classmethod
    def _readable_rate(cls, value: str) -> str:
        if value.strip().lower() in ("", "off"):
            return ""
        # The library that reads it is loaded only where somebody serves.
        one = r"\s*[1-9]\d*\s*/\s*(\d+\s*)?(second|minute|hour|day|month|year)s?\s*"
        if not re.fullmatch(f"{one}(;{one})*", value, re.IGNORECASE):
            raise ValueError("write it like 30/minute;1000/day, or off")
        return value

    @field_validator("allowed_hosts", "cors_origins", "embed_origins", "proxies", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip().lower() for part in value.split(",") if part.strip())
        return value

    def subject(self, language: str) -> str:
        """What the service knows about, in `language` ("id" or "en")."""
        return self.subject_en if language == "en" else self.subject_id

    def greeting(self, language: str) -> str:
        """The operator's own greeting in `language`; "" where ours is to be said."""
        return self.greeting_en if language == "en" else self.greeting_id
