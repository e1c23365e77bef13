"""The chat inside other sites: `widget.js`, which one script tag loads, and who may embed it."""

from __future__ import annotations

import json
import re
from typing import Any

from fastapi import FastAPI

from api import brand, theme
from corpus.article import LANGUAGES
from index.settings import SettingError, Settings

_ORIGIN = re.compile(
    r"\*|https?://(\*\.)?[a-z0-9.-]+(:(\d{1,5}|\*))?|https?://\[[0-9a-f:]+\](:\d{1,5})?"
)
_PLACE = '"settings of the service"'
"""Where widget.js gets what the settings say."""


def _check_origins(settings: Settings) -> None:
    """SettingError for what is no web site: the list becomes part of a header."""
    for origin in settings.embed_origins:
        if _ORIGIN.fullmatch(origin) is None:
            raise SettingError(
                f"TANYA_EMBED_ORIGINS has {origin!r}, which is no web site. "
                "Write https://www.example.org, without a path, or * for all."
            )


def add(app: FastAPI, settings: Settings) -> None:
    """Add `widget.js`, with the name, colours and words of the service. SettingError where the settings
    name sites that are none."""
    _check_origins(settings)
    script = (brand.PAGE / "widget.js").read_text(encoding="utf-8")
    assert script.count(_PLACE) == 1
    script = script.replace(_PLACE, json.dumps(_settings(settings), ensure_ascii=True))
    # Other sites load it, also those that ask of every file that it may be loaded.
    headers = {"Cross-Origin-Resource-Policy": "cross-origin"}
    brand.add_file(app, "/widget.js", script.encode(), "text/javascript", headers)


def _settings(settings: Settings) -> dict[str, Any]:
    texts = brand.read_texts(settings)
    light, dark = theme.palettes(settings.colour)
    return {
        "name": settings.name,
        "texts": {language: texts[language]["widget"] for language in LANGUAGES},
        "light": light | theme.LIGHT,
        "dark": dark | theme.DARK,
    }
