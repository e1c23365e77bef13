"""The operator's own look: colours that can always be read, a logo that is one, words from the settings."""

from __future__ import annotations

from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from hypothesis import example, given
from hypothesis import strategies as st

import tanya
from api import create_app, theme
from api.brand import MAX_LOGO, read_logo, read_texts
from index.settings import SettingError
from tests.web import Standin, settings

SVG = b"""<?xml version="1.0"?><!-- a drawing --><svg xmlns="http://www.w3.org/2000/svg"/>"""
READ = [
    *(("brand", ground) for ground in ("paper", "surface", "tint")),
    *(("brand-strong", ground) for ground in ("paper", "surface", "tint")),
    *((name, "tint") for name in ("ink", "soft")),
    ("on-fill", "fill"),
    ("on-fill", "fill-strong"),
    ("on-bubble", "bubble"),
]
"""What is written, and on what."""
GROUNDS = (
    theme.LIGHT | {"ink": "#1a2430", "soft": "#55606d"},
    theme.DARK | {"ink": "#e7ebf0", "soft": "#a4afbc"},
)


@given(st.integers(0, 0xFFFFFF))
@example(0x000000)
@example(0xFFFFFF)
@example(0x777777)
@example(0xFFFF00)
@example(0x0000FF)
def test_any_colour_can_be_read(number: int) -> None:
    colour = f"#{number:06x}"
    for palette, grounds in zip(theme.palettes(colour), GROUNDS, strict=True):
        known = {name: theme.read_colour(one) for name, one in (grounds | palette).items()}
        for text, ground in READ:
            assert theme.contrast(known[text], known[ground]) >= theme.AA, (text, ground)
        # The ring of the focus is no text: 3 to 1.
        assert theme.contrast(known["focus"], known["paper"]) >= 3


def test_contrast_is_that_of_wcag() -> None:
    black, white, grey = (theme.read_colour(one) for one in ("#000000", "#ffffff", "#767676"))
    assert theme.contrast(black, white) == pytest.approx(21)
    assert theme.contrast(grey, white) == pytest.approx(4.54, abs=0.01)


def test_the_style_sheet_has_the_grounds_that_the_colours_were_made_for() -> None:
    css = (Path(theme.__file__).parent / "page/static/look.css").read_text(encoding="utf-8")
    light, dark = css.split("@media (prefers-color-scheme: dark)", 1)
    for part, grounds in ((light, GROUNDS[0]), (dark, GROUNDS[1])):
        for name, colour in grounds.items():
            assert f"--{name}: {colour};" in part


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (SVG, "image/svg+xml"),
        (b"\xef\xbb\xbf\n<svg >", "image/svg+xml"),
        (b"\x89PNG\r\n\x1a\n....", "image/png"),
        (b"\xff\xd8\xff\xe0....", "image/jpeg"),
    ],
)
def test_a_logo_is_what_its_content_says(tmp_path: Path, content: bytes, media_type: str) -> None:
    path = tmp_path / "logo.txt"
    path.write_bytes(content)
    assert read_logo(path).media_type == media_type
    with TestClient(create_app(Standin(), settings(logo=path))) as client:
        response = client.get("/logo")
        assert response.content == content
        assert response.headers["content-type"].startswith(media_type)
        assert "sandbox" in response.headers["content-security-policy"].split("; ")
        assert "script-src" not in response.headers["content-security-policy"]
        again = client.get("/logo", headers={"if-none-match": response.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert '<img class="logo" src="logo" alt="">' in client.get("/").text


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"GIF89a", "no SVG, PNG or JPEG"),
        (b"<html><svg></svg></html>", "no SVG, PNG or JPEG"),
        (b"\xff\xfe\x00", "no SVG, PNG or JPEG"),
        (SVG + b" " * MAX_LOGO, "at most 262,144"),
        (None, "cannot be read"),
    ],
)
def test_what_is_no_logo_is_refused(tmp_path: Path, content: bytes | None, said: str) -> None:
    path = tmp_path / "logo.svg"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SettingError, match=said):
        create_app(Standin(), settings(logo=path))


def test_a_setting_that_cannot_be_used_is_told_in_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit), tanya._sentences():
        read_logo(tmp_path / "none.svg")
    said = capsys.readouterr().err
    assert said.startswith("tanya: TANYA_LOGO=")
    assert said.count("\n") == 1


def test_words_come_from_the_settings() -> None:
    own = settings(
        name="Tanya {subject}",
        subject_en="the Forum",
        greeting_id="Selamat datang!",
        retention_days=7,
    )
    texts = read_texts(own)
    assert texts["id"]["welcome"] == texts["id"]["greeting"] == "Selamat datang!"
    assert texts["en"]["title"] == "Tanya {subject}: questions and answers about the Forum"
    assert "after 7 days" in texts["en"]["kept"]


def test_whether_questions_are_kept_is_said(client: TestClient) -> None:
    assert "tidak kami simpan" in client.get("/").text
    assert "do not store your questions" in client.get("/?lang=en").text


def test_who_may_embed_is_in_the_policy() -> None:
    for given_origins, said in (
        ("", "frame-ancestors 'none'"),
        (
            "https://www.a.example, http://localhost:8080",
            "https://www.a.example http://localhost:8080",
        ),
        ("*", "frame-ancestors *"),
    ):
        app = create_app(Standin(), settings(embed_origins=given_origins))
        with TestClient(app) as client:
            assert said in client.get("/embed").headers["content-security-policy"]
            assert "frame-ancestors 'none'" in client.get("/").headers["content-security-policy"]
    for wrong in (
        "www.a.example",
        "https://a.example/path",
        "https://a.example; script-src *",
        "'self'",
    ):
        with pytest.raises(SettingError, match="TANYA_EMBED_ORIGINS has"):
            create_app(Standin(), settings(embed_origins=wrong))
