"""What makes the service the operator's own: words, colours, logo; from the settings alone."""

from __future__ import annotations

import hashlib
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import Response

from api import theme
from corpus.article import LANGUAGES
from index.settings import SettingError, Settings

PAGE = Path(__file__).parent / "page"
MAX_LOGO = 256 * 1024
"""Bytes of a logo: it is sent with the first view of every citizen."""
_SANDBOX = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox"
"""For pictures that are opened by themselves: an SVG may hold scripts."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as it is served."""

    content: bytes
    media_type: str


def read_logo(path: Path) -> Picture:
    """The picture in `path`; its content decides what it is, not its name. SettingError for any other."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise SettingError(
            f"TANYA_LOGO={path} cannot be read ({error.strerror}). Name an SVG, PNG or JPEG file."
        ) from error
    if len(content) > MAX_LOGO:
        raise SettingError(
            f"TANYA_LOGO={path} has {len(content):,} bytes. Use a picture of at most {MAX_LOGO:,}."
        )
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return Picture(content, "image/png")
    if content.startswith(b"\xff\xd8\xff"):
        return Picture(content, "image/jpeg")
    if _is_svg(content):
        return Picture(content, "image/svg+xml")
    raise SettingError(
        f"TANYA_LOGO={path} is no SVG, PNG or JPEG picture. Save it as one of these."
    )


def _is_svg(content: bytes) -> bool:
    try:
        head = content.decode("utf-8-sig")[:4096]
    except UnicodeDecodeError:
        return False
    head = re.sub(r"<!--.*?-->|<\?.*?\?>|<!DOCTYPE[^>]*>", "", head, flags=re.DOTALL)
    return re.match(r"\s*<svg[\s>]", head) is not None


def read_texts(settings: Settings) -> dict[str, dict[str, Any]]:
    """The interface texts by language, with what the settings say filled in."""
    texts = read_words("texts.toml")
    for language in LANGUAGES:
        table = texts[language]
        values = {
            "{name}": settings.name,
            "{subject}": settings.subject(language),
            "{days}": str(settings.retention_days),
        }
        for key, text in table.items():
            if isinstance(text, str):
                table[key] = _filled(text, values)
        if greeting := settings.greeting(language):
            table["welcome"] = table["greeting"] = greeting
    return texts


def read_words(file: str) -> dict[str, dict[str, Any]]:
    """The words of `file` in page/, by language; ValueError where not both languages have the same."""
    words: dict[str, dict[str, Any]] = tomllib.loads((PAGE / file).read_text(encoding="utf-8"))
    one, other = (set(_keys(words[language])) for language in LANGUAGES)
    if one != other:
        raise ValueError(f"{file}: only in one language: {', '.join(sorted(one ^ other))}")
    return words


def _filled(text: str, values: dict[str, str]) -> str:
    # In one pass: a name may hold the {…} of another value.
    return re.sub("|".join(map(re.escape, values)), lambda found: values[found[0]], text)


def _keys(table: dict[str, Any], prefix: str = "") -> list[str]:
    keys: list[str] = []
    for key, value in table.items():
        keys.append(prefix + key)
        if isinstance(value, dict):
            keys += _keys(value, f"{prefix}{key}.")
    return keys


def contact_link(text: str) -> dict[str, str] | None:
    """The contact as it stands in messages, and its link, where it is an address to be linked."""
    if is_web_address(text):
        return {"text": text, "href": text}
    if re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", text):
        return {"text": text, "href": f"mailto:{text}"}
    return None


def is_web_address(address: str) -> bool:
    """Whether `address` may be a link. Articles are others' words: a link must never be a script."""
    return re.match(r"https?://", address, re.IGNORECASE) is not None


def add(app: FastAPI, settings: Settings) -> None:
    """Add the files that the settings make: colours, icon, logo."""
    drawn = (PAGE / "icon.svg").read_text(encoding="utf-8")
    icon = theme.icon(drawn, settings.colour).encode()
    add_file(app, "/theme.css", theme.stylesheet(settings.colour).encode(), "text/css")
    add_file(app, "/icon.svg", icon, "image/svg+xml", {"Content-Security-Policy": _SANDBOX})
    if settings.logo is not None:
        logo = read_logo(settings.logo)
        policy = {"Content-Security-Policy": _SANDBOX}
        add_file(app, "/logo", logo.content, logo.media_type, policy)


def add_file(
    app: FastAPI,
    path: str,
    content: bytes,
    media_type: str,
    more_headers: dict[str, str] | None = None,
) -> None:
    """Serve `content` at `path`. Browsers keep it, but ask: settings change with a restart."""
    tag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    headers = {"Cache-Control": "no-cache", "ETag": tag} | (more_headers or {})

    @app.head(path, include_in_schema=False)
    @app.get(path, include_in_schema=False)
    async def file(request: Request) -> Response:
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=headers)
        return Response(content, media_type=media_type, headers=headers)
