"""The words of the chat page, as the server sends them."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

from fastapi.testclient import TestClient

from api import create_app
from api.brand import PAGE
from corpus.article import LANGUAGES
from index.answer import Answerer
from index.database import Database
from index.journal import Journal
from tests.web import TEXTS, Standin, settings


def test_both_languages_have_every_text() -> None:
    one, other = (set(TEXTS[language]["faults"]) for language in LANGUAGES)
    assert one == other
    assert all(len(TEXTS[language]["months"]) == 12 for language in LANGUAGES)
    scripts = "".join(path.read_text(encoding="utf-8") for path in (PAGE / "static").glob("*.js"))
    template = (PAGE / "page.html").read_text(encoding="utf-8")
    used = set(re.findall(r"\b(?:own|texts(?:\(\))?)\.(\w+)", scripts)) | set(
        re.findall(r"\bt\.(\w+)", template)
    )
    used -= {"examples"}  # of the corpus, not of the interface
    used |= set(re.findall(r'data-(?:text|label|placeholder)="(\w+)"', template))
    used |= {"widget", "kept", "not_kept"}  # named in api/widget.py and api/web.py
    unused = set(TEXTS["id"]) - used
    assert used <= set(TEXTS["id"]), f"a text that there is not: {used - set(TEXTS['id'])}"
    assert not unused, f"texts that nothing shows: {unused}"


def test_the_examples_can_be_answered(answerer: Answerer) -> None:
    for language in LANGUAGES:
        examples = answerer.examples(language)
        assert len(set(examples)) == 4
        for example in examples:
            answer = answerer.ask(example)
            assert answer.answered, example
            assert answer.language == language, example


def test_the_name_is_shown_as_text() -> None:
    app = create_app(Standin(), settings(name='Tanya <KTT> & "Anda"'))
    with TestClient(app) as client:
        html = client.get("/").text
    assert "Tanya &lt;KTT&gt; &amp; &#34;Anda&#34;" in html
    assert "<KTT>" not in html


def test_a_rating_by_form_that_cannot_be_kept_is_said(tmp_path: Path) -> None:
    own = settings(data=tmp_path)
    database = Database.of(own)
    app = create_app(Standin(), own, journal=Journal(database, 90))
    with TestClient(app) as client:
        asked = client.post("/ask", json={"question": "Apakah dibuka?"}).json()
        for body, status, said in (
            (f"id={asked['id']}&helpful=yes&lang=en", 200, "rated"),
            (f"id={asked['id']}&helpful=no&lang=en&reason=%00%ff{'x' * 600}", 200, "reasoned"),
            (f"id={asked['id']}&helpful=perhaps&lang=en", 422, "rate_failed"),
            (f"id={'0' * 32}&helpful=yes&lang=en", 404, "rate_failed"),
            ("", 422, "rate_failed"),
        ):
            response = client.post("/rate", content=body, headers={"accept-language": "en"})
            assert response.status_code == status, body
            assert f'<h2 id="rated">{TEXTS["en"][said]}</h2>' in response.text
    database.close()


def test_the_reader_is_met_in_a_language_they_accept() -> None:
    wanted = {
        "": "id",
        "en-US,en;q=0.9": "en",
        "fr-FR,fr;q=0.9,en;q=0.8": "en",
        "ms-MY,en;q=0.5": "id",
        "de": "id",
    }
    with TestClient(create_app(Standin(), settings())) as client:
        for accepted, language in wanted.items():
            html = client.get("/", headers={"accept-language": accepted}).text
            assert f'<html lang="{language}">' in html, accepted
        for lang, accepted in itertools.product(LANGUAGES, wanted):
            html = client.get(f"/?lang={lang}", headers={"accept-language": accepted}).text
            assert f'<html lang="{lang}">' in html
