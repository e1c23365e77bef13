"""The chat page: one template, rendered here for the first view and where there is no JavaScript.

`page/static/` continues the conversation in the browser, from the same texts (`page/texts.toml`)
and the same answer JSON.
"""

from __future__ import annotations

import re
import tomllib
from datetime import date
from importlib import resources
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import jinja2
from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.datastructures import Headers
from starlette.staticfiles import StaticFiles

from api import guard, problem
from api.gate import Gate
from api.schema import AnswerOut, from_answer
from corpus.article import LANGUAGES
from index.question import QuestionError, check_question
from index.settings import Settings

PAGE = Path(__file__).parent / "page"
FILTERS = ("since", "until", "publisher", "article_language")
"""What the page's form narrows an answer by; the names are those of GET /ask."""
REFUSED = (
    "empty",
    "too_long",
    "not_text",
    "bad_date",
    "bad_range",
    "bad_publisher",
    "bad_article_language",
)
"""Problems of the form itself: the question goes back into the box, to mend it or the filters."""


def add(app: FastAPI, gate: Gate, settings: Settings) -> None:
    """Add the page, its files and the API's documentation to `app`."""
    texts = read_texts(settings.name)
    template = _environment().get_template("page.html")

    @app.head("/", include_in_schema=False)
    @app.get("/", include_in_schema=False)
    async def show(
        request: Request,
        q: str | None = None,
        lang: str = "",
        read: str = "",
        previous: str = "",
        since: str = "",
        until: str = "",
        publisher: str = "",
        article_language: str = "",
    ) -> Response:
        # `lang` is the interface's language. The answer has the question's own, unless the reader
        # has asked for it in another (`read`).
        if (cleaner := _cleaner(request)) is not None:
            return RedirectResponse(cleaner, 303)
        given = (since, until, publisher, article_language)
        narrow = [(name, value) for name, value in zip(FILTERS, given, strict=True) if value]
        before = _asked_before(previous, settings.max_question)
        language = lang if lang in LANGUAGES else _preferred(request.headers)
        status, headers = 200, {"Cache-Control": "private, no-cache", "Vary": "Accept-Language"}
        answer: AnswerOut | None = None
        fault: str | None = None
        if q is not None:
            try:
                values = {
                    "question": q,
                    "language": read if read in LANGUAGES else None,
                    "previous": before,
                    "since": since or None,
                    "until": until or None,
                    "publisher": [publisher] if publisher else None,
                    "article_language": [article_language] if article_language else None,
                }
                found = await gate.ask(problem.read(values), request, "page")
                headers["Server-Timing"] = found.timing
                answer = from_answer(found.answer, found.id)
            except Exception as error:
                known = problem.from_error(error)
                if known is None:
                    problem.log.exception("the page could not answer")
                    known = problem.internal()
                status, fault = known.problem.status, known.problem.code
                headers |= known.headers
        refused = fault in REFUSED
        examples = await gate.examples(LANGUAGES)
        shown = {name: texts[name] | {"examples": examples[name]} for name in LANGUAGES}
        boot = {
            "name": settings.name,
            "language": language,
            "chosen": lang in LANGUAGES,
            "limit": settings.max_question,
            "contact": _contact(settings.contact),
            "question": None if refused else q,
            "answer": answer and answer.model_dump(mode="json"),
            "fault": None if refused else fault,
            "hint": fault if refused else None,
            "previous": before,
            "thread": _thread(answer, settings.max_question) or before,
            "filters": narrow,
            "texts": shown,
        }
        html = template.render(
            boot,
            boot=boot,
            answer=answer,
            draft=(q or "") if refused else "",
            other="en" if language == "id" else "id",
            t=shown[language],
            info=await gate.index(),
            publishers=await gate.publishers(),
            show_date=_show_date,
            show_filters=_show_filters,
        )
        return HTMLResponse(html, status_code=status, headers=headers)

    app.mount("/static", _Files(directory=PAGE / "static"), name="static")
    _add_docs(app)


def _add_docs(app: FastAPI) -> None:
    # fastapi-offline is used for the Swagger UI files alone, which it keeps current.
    assets = Path(str(resources.files("fastapi_offline") / "static"))
    html = (PAGE / "docs.html").read_text(encoding="utf-8")

    @app.get("/docs", include_in_schema=False)
    async def docs() -> HTMLResponse:
        return HTMLResponse(html, headers={"Content-Security-Policy": guard.DOCS})

    app.mount("/docs-assets", _Files(directory=assets), name="docs-assets")


def read_texts(name: str) -> dict[str, dict[str, Any]]:
    """The interface texts by language, with the name of the service filled in.

    Raises ValueError where the two languages do not have the same texts.
    """
    texts = tomllib.loads((PAGE / "texts.toml").read_text(encoding="utf-8"))
    one, other = (set(_keys(texts[language])) for language in LANGUAGES)
    if one != other:
        raise ValueError(f"texts.toml: only in one language: {', '.join(sorted(one ^ other))}")
    for language in LANGUAGES:
        for key, text in texts[language].items():
            if isinstance(text, str):
                texts[language][key] = text.replace("{name}", name)
    return texts


def _keys(table: dict[str, Any], prefix: str = "") -> list[str]:
    keys: list[str] = []
    for key, value in table.items():
        keys.append(prefix + key)
        if isinstance(value, dict):
            keys += _keys(value, f"{prefix}{key}.")
    return keys


class _Files(StaticFiles):
    """Files that browsers keep, but ask about: an update must not mix with files of before."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().file_response(*args, **kwargs)
        response.headers["Cache-Control"] = "no-cache"
        return response


def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(PAGE),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.tests["web_address"] = _is_web_address
    # Non-ASCII stays readable; <, > and & are escaped by the filter itself.
    environment.policies["json.dumps_kwargs"] = {"ensure_ascii": False}
    return environment


def _is_web_address(address: str) -> bool:
    # Articles are others' words: a link of theirs must never be a script.
    return re.match(r"https?://", address, re.IGNORECASE) is not None


def _contact(text: str) -> dict[str, str] | None:
    """The contact as it stands in messages, and its link, where it is an address to be linked."""
    if _is_web_address(text):
        return {"text": text, "href": text}
    if re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", text):
        return {"text": text, "href": f"mailto:{text}"}
    return None


def _cleaner(request: Request) -> str | None:
    """The address without what the form left empty, to be shared; None where nothing is empty.

    A form also sends its empty fields. `again` asks its own question where the box was left empty.
    """
    given = request.query_params
    if "again" not in given and all(given.get(name, "x") for name in (*FILTERS, "previous")):
        return None
    kept = {name: value for name, value in given.items() if name != "again"}
    if "again" in given and not kept.get("q", "").strip():
        kept["q"] = given["again"]
    return "./?" + urlencode({name: value for name, value in kept.items() if value or name == "q"})


def _asked_before(previous: str, limit: int) -> str | None:
    """The question before, where it could be one: the reader has not typed it, and cannot mend it."""
    try:
        return check_question(previous, limit)
    except QuestionError:
        return None


def _thread(answer: AnswerOut | None, limit: int) -> str | None:
    """What the next question may follow up on: this one as it was understood; social talk is none."""
    if answer is None or answer.outcome == "social":
        return None
    understood = answer.read_as or answer.question
    return understood if len(understood) <= limit else answer.question


def _show_filters(narrow: list[tuple[str, str]], t: dict[str, Any]) -> str:
    """The filters as people say them; static/render.js has the same."""
    parts = []
    for name, value in narrow:
        if name in ("since", "until"):
            value = t[name].replace("{date}", _show_date(date.fromisoformat(value), t["months"]))
        elif name == "article_language":
            value = t["languages"][value]
        parts.append(value)
    return " · ".join(parts)


def _show_date(day: date, months: list[str]) -> str:
    return f"{day.day} {months[day.month - 1]} {day.year}"


def _preferred(headers: Headers) -> str:
    """The first language of Accept-Language that we have; Malay readers get Indonesian."""
    for part in headers.get("accept-language", "").lower().split(","):
        language = part.split(";")[0].strip().split("-")[0]
        if language == "en":
            return "en"
        if language in ("id", "in", "ms"):
            return "id"
    return "id"
