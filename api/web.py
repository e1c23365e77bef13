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

import jinja2
from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, Response
from starlette.datastructures import Headers
from starlette.staticfiles import StaticFiles

from api import guard, problem
from api.gate import Gate
from api.schema import AnswerOut, from_answer
from index.settings import Settings

PAGE = Path(__file__).parent / "page"
LANGUAGES = ("id", "en")
REFUSED = ("empty", "too_long", "not_text")
"""Problems of the question itself: it goes back into the box to be mended."""


def add(app: FastAPI, gate: Gate, settings: Settings) -> None:
    """Add the page, its files and the API's documentation to `app`."""
    texts = read_texts(settings.name)
    template = _environment().get_template("page.html")

    @app.head("/", include_in_schema=False)
    @app.get("/", include_in_schema=False)
    async def show(
        request: Request, q: str | None = None, lang: str = "", read: str = ""
    ) -> HTMLResponse:
        # `lang` is the interface's language. The answer has the question's own, unless the reader
        # has asked for it in another (`read`).
        language = lang if lang in LANGUAGES else _preferred(request.headers)
        status, headers = 200, {"Cache-Control": "private, no-cache", "Vary": "Accept-Language"}
        answer: AnswerOut | None = None
        fault: str | None = None
        if q is not None:
            try:
                asked = {"question": q, "language": read if read in LANGUAGES else None}
                found, headers["Server-Timing"] = await gate.ask(problem.read(asked))
                answer = from_answer(found)
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
            "texts": shown,
        }
        html = template.render(
            boot,
            boot=boot,
            answer=answer,
            draft=(q or "") if refused else "",
            hint=texts[language]["faults"][fault] if fault and refused else "",
            other="en" if language == "id" else "id",
            t=shown[language],
            info=await gate.index(),
            show_date=_show_date,
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
