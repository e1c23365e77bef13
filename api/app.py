"""The application: routes, their description, and what runs beside them."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Annotated, Any

from fastapi import FastAPI, Query, Response
from fastapi.openapi.utils import get_openapi
from starlette.routing import BaseRoute

from api import problem, schema, web
from api.admin import Admin
from api.gate import Answers, Gate, Journal
from api.guard import Guard
from api.schema import Alive, AnswerOut, AskIn, Language, Passages, Ready, from_answer, from_index
from index.limiter import Limiter
from index.settings import Settings

Background = Callable[[], AbstractAsyncContextManager[Any]]
"""Makes something that runs while the application runs, such as the Telegram bot."""

_DESCRIPTION = """\
Ask a question in Indonesian or English; get the passages of a news corpus that fit it best, each
with its source, date and link, or an honest "I don't know". `outcome` says which of the two it is, or
that the passages only may help, or that it was no question.

Nothing is kept between requests: a follow-up ("and who came?") brings the question before it along
as `previous`.

Errors are problem JSON (RFC 9457), with a `code` for programs:

- 404 `not_found`, 405 `method_not_allowed`, 413 `body_too_large`
- 422 `empty`, `too_long`, `not_text` (the question), `bad_k`, `bad_language`, `bad_previous`,
  `bad_date`, `bad_range` (`since` after `until`), `bad_publisher`, `bad_topic`,
  `bad_article_language`, `unknown_key`, `invalid_json`, `invalid`
- 500 `internal`
- 503 `busy`, `no_index`; `Retry-After` says when to come back
"""
_REPEATED = " May be given more than once."
_ASK_PROBLEMS = problem.responses(413, 422, 500, 503)
_TIMING = {
    "Server-Timing": {
        "description": "`total`: milliseconds that answering took, waiting for a turn included.",
        "schema": {"type": "string"},
    }
}


def create_app(
    answerer: Answers,
    settings: Settings,
    background: Sequence[Background] = (),
    journal: Journal | None = None,
    limiter: Limiter | None = None,
    routes: Sequence[BaseRoute] = (),
    admin: Admin | None = None,
) -> FastAPI:
    """The HTTP door to `answerer`.

    Each of `background` is called when the application starts, and what it returns is entered then
    and left when the application stops, last first. What one raises at the start stops the start.
    `journal` keeps what is asked, `limiter` says who asks too often; `routes` are served as well.
    The actions of `admin` are only there where the settings have an admin token.
    """

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with contextlib.AsyncExitStack() as stack:
            for make in background:
                await stack.enter_async_context(make())
            yield

    app = FastAPI(
        title=settings.name,
        version="1.0.0",
        description=_DESCRIPTION,
        docs_url=None,  # FastAPI's own loads from a CDN: api.web serves it from here
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
    )
    app.add_middleware(Guard)
    for error in problem.HANDLED:
        app.add_exception_handler(error, problem.handle)
    gate = Gate(answerer, settings.in_flight, settings.parallel, settings.max_question)
    _add_questions(app, gate)
    _add_health(app, gate)
    web.add(app, gate, settings, journal)
    app.router.routes.extend(routes)
    app.openapi = lambda: _openapi(app, settings)  # type: ignore[method-assign]
    return app


def _add_questions(app: FastAPI, gate: Gate) -> None:
    responses: dict[int | str, dict[str, Any]] = {200: {"headers": _TIMING}, **_ASK_PROBLEMS}

    async def answer(response: Response, asked: AskIn) -> AnswerOut:
        found, timing = await gate.ask(asked)
        response.headers["Server-Timing"] = timing
        response.headers["Cache-Control"] = "no-store"
        return from_answer(found)

    @app.post("/ask", summary="Ask a question", tags=["questions"], responses=responses)
    async def ask(body: AskIn, response: Response) -> AnswerOut:
        """The best passages for a question, each of another article, best first."""
        return await answer(response, body)

    @app.get("/ask", summary="Ask a question by address", tags=["questions"], responses=responses)
    async def ask_by_address(
        response: Response,
        q: Annotated[
            str,
            Query(
                description="A question in Indonesian or English.",
                openapi_examples={
                    "Indonesian": {"value": "Di mana kantor Sekretariat ASEAN?"},
                    "English": {"value": "Is the ASEAN Secretariat open to the public?"},
                },
            ),
        ],
        k: Annotated[Passages | None, Query(description="Most passages to answer with.")] = None,
        language: Annotated[
            Language | None, Query(description="Language to read the answer in.")
        ] = None,
        previous: Annotated[
            str | None,
            Query(description=schema.PREVIOUS, examples=["Kapan KTT ASEAN ke-43 diadakan?"]),
        ] = None,
        since: Annotated[
            schema.Day | None, Query(description=schema.SINCE, examples=["2023-01-01"])
        ] = None,
        until: Annotated[
            schema.Day | None, Query(description=schema.UNTIL, examples=["2023-12-31"])
        ] = None,
        publisher: Annotated[
            schema.Names | None,
            Query(description=schema.PUBLISHER + _REPEATED, examples=[["ANTARA News"]]),
        ] = None,
        topic: Annotated[
            schema.Names | None,
            Query(description=schema.TOPIC + _REPEATED, examples=[["asean summit"]]),
        ] = None,
        article_language: Annotated[
            schema.Languages | None,
            Query(description=schema.ARTICLE_LANGUAGE + _REPEATED, examples=[["id"]]),
        ] = None,
    ) -> AnswerOut:
        """The same as POST /ask, for a browser's address bar or a link."""
        asked = {
            "question": q,
            "k": k,
            "language": language,
            "previous": previous,
            "since": since,
            "until": until,
            "publisher": publisher,
            "topic": topic,
            "article_language": article_language,
        }
        return await answer(response, problem.read(asked))


def _add_health(app: FastAPI, gate: Gate) -> None:
    @app.head("/health", include_in_schema=False)
    @app.get("/health", summary="Is the process alive?", tags=["service"])
    async def health() -> Alive:
        """Answers at once, also while every question waits."""
        return Alive()

    @app.head("/ready", include_in_schema=False)
    @app.get(
        "/ready", summary="Is there an index?", tags=["service"], responses=problem.responses(503)
    )
    async def ready() -> Ready:
        """503 until an index is loaded."""
        index = await gate.index()
        if index is None:
            raise problem.no_index()
        return Ready(index=from_index(index))


def _openapi(app: FastAPI, settings: Settings) -> dict[str, Any]:
    """The description FastAPI derives, and what it cannot: our settings, the shape of problems."""
    if app.openapi_schema is None:
        described = get_openapi(
            title=app.title,
            version=app.version,
            description=app.description,
            routes=app.routes,
            tags=[{"name": "questions"}, {"name": "service"}],
        )
        schemas = described["components"]["schemas"]
        schemas["Problem"] = problem.Problem.model_json_schema()
        # A question of spaces or signs is none: it needs a letter or a digit.
        limits = {
            "minLength": 1,
            "maxLength": settings.max_question,
            "pattern": r"[\p{L}\p{N}]",
        }
        fields = schemas["AskIn"]["properties"]
        parameters = described["paths"]["/ask"]["get"]["parameters"]
        given = {parameter["name"]: parameter["schema"] for parameter in parameters}
        for text in (fields["question"], given["q"]):
            text.update(limits)
        for text in (fields["previous"], given["previous"]):
            text["anyOf"][0].update(limits)  # the other is null
        app.openapi_schema = described
    return app.openapi_schema
