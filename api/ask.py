"""Questions and ratings over HTTP."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from api import problem, schema
from api.describe import operation
from api.gate import Gate
from api.listing import FeedbackIn
from api.schema import AnswerOut, AskIn, Language, Passages, from_answer

_REPEATED = " May be given more than once."
_TIMING = {
    "Server-Timing": {
        "description": "`total`: milliseconds that answering took, waiting for a turn included.",
        "schema": {"type": "string"},
    }
}
_LINKS = {
    "article": {
        "operationId": "article",
        "parameters": {"id": "$response.body#/passages/0/article"},
        "description": "The article of the first passage.",
    },
    "feedback": {
        "operationId": "feedback",
        "requestBody": {"id": "$response.body#/id", "helpful": True},
        "description": "Whether the answer helped.",
    },
}


def routes(gate: Gate) -> APIRouter:
    """What asks `gate`."""
    router = APIRouter(tags=["questions"], generate_unique_id_function=operation)
    responses: dict[int | str, dict[str, Any]] = {
        200: {"headers": _TIMING, "links": _LINKS},
        **problem.responses(413, 422, 429, 500, 503),
    }

    async def answer(request: Request, response: Response, asked: AskIn) -> AnswerOut:
        found = await gate.ask(asked, request)
        response.headers["Server-Timing"] = found.timing
        response.headers["Cache-Control"] = "no-store"
        return from_answer(found.answer, found.id)

    @router.post("/ask", summary="Ask a question", responses=responses)
    async def ask(body: AskIn, request: Request, response: Response) -> AnswerOut:
        """The best passages for a question, each of another article, best first."""
        return await answer(request, response, body)

    @router.get("/ask", summary="Ask a question by address", responses=responses)
    async def ask_by_address(
        request: Request,
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
        return await answer(request, response, problem.read(asked))

    @router.post(
        "/feedback",
        summary="Say whether an answer helped",
        status_code=204,
        responses=problem.responses(404, 413, 422, 429, 500, 503),
    )
    async def feedback(body: FeedbackIn, request: Request) -> None:
        """A second rating of the same answer replaces the first. Read by people; it changes no answer."""
        await gate.rate(body.id, body.helpful, body.reason, request)

    return router
