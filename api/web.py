"""The chat page: one template, rendered here for the first view and where there is no JavaScript.

`page/static/` continues the conversation in the browser, from the same texts (`page/texts.toml`)
and the same answer JSON. `/embed` is the same page for the frame that `widget.js` makes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from importlib import resources
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

import jinja2
from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.datastructures import Headers
from starlette.staticfiles import StaticFiles

from api import brand, guard, problem, widget
from api.brand import PAGE
from api.gate import Gate
from api.schema import AnswerOut, from_answer
from corpus.article import LANGUAGES
from index.generation import NoIndexError
from index.journal import Door
from index.question import QuestionError, check_question
from index.settings import Settings

FILTERS = ("since", "until", "publisher", "topic", "article_language")
"""What the page's form narrows an answer by; the names are those of GET /ask."""
REFUSED = (
    "empty",
    "too_long",
    "not_text",
    "bad_date",
    "bad_range",
    "bad_publisher",
    "bad_topic",
    "bad_article_language",
)
"""Problems of the form itself: the question goes back into the box, to mend it or the filters."""
_PAGE, _FRAME = "./", "embed"
"""Where the forms of the page go: to itself, or to itself in the frame of another site."""
_MOST_TOPICS = 200
"""Topics offered by the filter; any other can be typed."""
LONGEST_REASON = 500
"""Characters of what a reader writes about an answer."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """What an address of the page asks. `lang` is the interface's language; the answer has the question's
    own, unless the reader has asked for it in another (`read`)."""

    question: str | None = None
    lang: str = ""
    read: str = ""
    previous: str = ""
    filters: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, request: Request) -> _Asked:
        given = request.query_params
        return cls(
            question=given.get("q"),
            lang=given.get("lang", ""),
            read=given.get("read", ""),
            previous=given.get("previous", ""),
            filters=tuple((name, given[name]) for name in FILTERS if given.get(name)),
        )

    def values(self, previous: str | None) -> dict[str, Any]:
        """The values of `AskIn`."""
        chosen = dict(self.filters)
        many = ("publisher", "topic", "article_language")
        return {
            "question": self.question,
            "language": self.read if self.read in LANGUAGES else None,
            "previous": previous,
            "since": chosen.get("since"),
            "until": chosen.get("until"),
            **{name: [chosen[name]] if name in chosen else None for name in many},
        }


@dataclass(frozen=True, slots=True)
class _Rated:
    """A rating that came by form, and whether it could be kept."""

    id: str
    helpful: bool
    reason: str | None
    saved: bool


def add(app: FastAPI, gate: Gate, settings: Settings, kept: bool) -> None:
    """Add the page, its files, the widget and the API's documentation to `app`.

    `kept`: whether questions are written into a journal, which the page says to those who ask.
    SettingError where a setting of its look cannot be used.
    """
    pages = _Pages(gate, settings, kept)

    @app.head("/", include_in_schema=False)
    @app.get("/", include_in_schema=False)
    async def page(request: Request) -> Response:
        return await pages.show(request, _PAGE)

    @app.head("/embed", include_in_schema=False)
    @app.get("/embed", include_in_schema=False)
    async def embed(request: Request) -> Response:
        return await pages.show(request, _FRAME)

    @app.post("/rate", include_in_schema=False)
    async def rate(request: Request) -> Response:
        """A rating from the page's form, where there is no script."""
        return await pages.rate(request)

    brand.add(app, settings)
    widget.add(app, settings)
    app.mount("/static", _Files(directory=PAGE / "static"), name="static")
    _add_docs(app)


class _Pages:
    """Renders the page: for a question, for a rating, for a frame."""

    def __init__(self, gate: Gate, settings: Settings, kept: bool) -> None:
        self._gate = gate
        self._settings = settings
        self._kept = kept
        self._texts = brand.read_texts(settings)
        self._template = environment().get_template("page.html")

    async def show(self, request: Request, home: str) -> Response:
        """The page with the answer to what the address asks; forms go to `home`."""
        if (cleaner := _cleaner(request, home)) is not None:
            return RedirectResponse(cleaner, 303)
        asked = _Asked.of(request)
        limit = self._settings.max_question
        previous = _asked_before(asked.previous, limit)
        status = 200
        headers = {"Cache-Control": "private, no-cache", "Vary": "Accept-Language"}
        headers |= self._framing(home)
        answer: AnswerOut | None = None
        fault: str | None = None
        if asked.question is not None:
            try:
                values = asked.values(previous)
                door: Door = "page" if home == _PAGE else "widget"
                found = await self._gate.ask(problem.read(values), request, door)
                headers["Server-Timing"] = found.timing
                answer = from_answer(found.answer, found.id)
            except Exception as error:
                known = problem.from_error(error)
                if known is None:
                    problem.log.exception("the page could not answer")
                    known = problem.internal()
                status, fault = known.problem.status, known.problem.code
                headers |= known.headers
        html = await self._render(request, asked, home, previous, answer, fault)
        return HTMLResponse(html, status_code=status, headers=headers)

    async def rate(self, request: Request) -> Response:
        """The page with thanks for the rating in the form of `request`, or that it was not kept."""
        form = dict(parse_qsl((await request.body()).decode("utf-8", "replace")))
        helpful = form.get("helpful") == "yes"
        reason = form.get("reason", "").strip()[:LONGEST_REASON] or None
        status = 200 if form.get("helpful") in ("yes", "no") else 422
        try:
            if status == 200:
                await self._gate.rate(form.get("id", ""), helpful, reason, request)
        except problem.ProblemError as error:
            status = error.problem.status
        rated = _Rated(form.get("id", ""), helpful, reason, status == 200)
        asked = _Asked(lang=form.get("lang", ""))
        home = _FRAME if form.get("home") == _FRAME else _PAGE
        html = await self._render(request, asked, home, None, None, None, rated)
        headers = {"Cache-Control": "no-store"} | self._framing(home)
        return HTMLResponse(html, status, headers)

    def _framing(self, home: str) -> dict[str, str]:
        """Headers that let other sites show the page at `home`, where they may."""
        if home == _PAGE:
            return {}
        return {"Content-Security-Policy": guard.framed_by(self._settings.embed_origins)}

    async def _topics(self) -> list[str]:
        """What the articles are about, the commonest first; none while there is no index."""
        try:
            return [topic.name for topic in (await self._gate.catalogue()).topics[:_MOST_TOPICS]]
        except NoIndexError:
            return []

    async def _render(
        self,
        request: Request,
        asked: _Asked,
        home: str,
        previous: str | None,
        answer: AnswerOut | None,
        fault: str | None,
        rated: _Rated | None = None,
    ) -> str:
        settings = self._settings
        language = asked.lang if asked.lang in LANGUAGES else preferred(request.headers)
        refused = fault in REFUSED
        examples = await self._gate.examples(LANGUAGES)
        shown = {name: self._texts[name] | {"examples": examples[name]} for name in LANGUAGES}
        boot = {
            "name": settings.name,
            "language": language,
            "chosen": asked.lang in LANGUAGES,
            "limit": settings.max_question,
            "contact": brand.contact_link(settings.contact),
            "home": home,
            "door": "page" if home == _PAGE else "widget",
            "question": None if refused else asked.question,
            "answer": answer and answer.model_dump(mode="json"),
            "fault": None if refused else fault,
            "hint": fault if refused else None,
            "previous": previous,
            "thread": _thread(answer, settings.max_question) or previous,
            "filters": list(asked.filters),
            "texts": shown,
        }
        return self._template.render(
            boot,
            boot=boot,
            answer=answer,
            draft=(asked.question or "") if refused else "",
            other="en" if language == "id" else "id",
            t=shown[language],
            info=await self._gate.index(),
            publishers=await self._gate.publishers(),
            topics=await self._topics(),
            colour=settings.colour,
            logo=settings.logo is not None,
            embedded=home == _FRAME,
            contact_text=settings.contact,
            privacy="kept" if self._kept else "not_kept",
            rated=rated,
        )


def _add_docs(app: FastAPI) -> None:
    # fastapi-offline is used for the Swagger UI files alone, which it keeps current.
    assets = Path(str(resources.files("fastapi_offline") / "static"))
    html = (PAGE / "docs.html").read_text(encoding="utf-8")

    @app.get("/docs", include_in_schema=False)
    async def docs() -> HTMLResponse:
        return HTMLResponse(html, headers={"Content-Security-Policy": guard.DOCS})

    app.mount("/docs-assets", _Files(directory=assets), name="docs-assets")


class _Files(StaticFiles):
    """Files that browsers keep, but ask about: an update must not mix with files of before."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().file_response(*args, **kwargs)
        response.headers["Cache-Control"] = "no-cache"
        return response


def environment() -> jinja2.Environment:
    """The templates of page/."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(PAGE),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.tests["web_address"] = brand.is_web_address
    environment.globals |= {
        "show_date": _show_date,
        "show_filters": _show_filters,
    }
    # Non-ASCII stays readable; <, > and & are escaped by the filter itself.
    environment.policies["json.dumps_kwargs"] = {"ensure_ascii": False}
    return environment


def _cleaner(request: Request, home: str) -> str | None:
    """The address without what the form left empty, to be shared; None where nothing is empty.

    A form also sends its empty fields. `again` asks its own question where the box was left empty.
    """
    given = request.query_params
    if "again" not in given and all(given.get(name, "x") for name in (*FILTERS, "previous")):
        return None
    kept = {name: value for name, value in given.items() if name != "again"}
    if "again" in given and not kept.get("q", "").strip():
        kept["q"] = given["again"]
    return f"{home}?" + urlencode(
        {name: value for name, value in kept.items() if value or name == "q"}
    )


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


def preferred(headers: Headers) -> str:
    """The first language of Accept-Language that we have; Malay readers get Indonesian."""
    for part in headers.get("accept-language", "").lower().split(","):
        language = part.split(";")[0].strip().split("-")[0]
        if language == "en":
            return "en"
        if language in ("id", "in", "ms"):
            return "id"
    return "id"
