"""What is in the index, over HTTP: articles, sources, questions to suggest."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response

from api import cached, problem
from api.describe import operation
from api.gate import Gate
from api.listing import ArticleOut, SourcesOut, SuggestionsOut, from_article, from_catalogue
from api.schema import Language
from corpus.article import LANGUAGES

_MINUTE = 60
"""Seconds for which articles and sources may be kept: a corrected article is soon seen."""
_MINUTES = 300


def routes(gate: Gate) -> APIRouter:
    """What looks things up through `gate`."""
    router = APIRouter(tags=["corpus"], generate_unique_id_function=operation)

    def told(*problems: int) -> dict[int | str, dict[str, Any]]:
        return {**cached.RESPONSES, **problem.responses(*problems, 500, 503)}

    @router.get(
        "/articles/{id:path}",
        summary="Read an article",
        response_model=ArticleOut,
        responses=told(404, 422),
    )
    async def article(
        request: Request,
        id: Annotated[
            str,
            Path(
                description="The `article` of a passage; holds a slash.",
                examples=["secretariat/2023-08-29-kantor-asean-dibuka-untuk-umum"],
            ),
        ],
    ) -> Response:
        """The whole article that a passage was taken from, with its translation."""
        found = await gate.article(id)
        if found is None:
            raise problem.unknown_article()
        return cached.cached(request, from_article(found), _MINUTE)

    @router.get(
        "/sources",
        summary="Whose articles are there?",
        response_model=SourcesOut,
        responses=told(),
    )
    async def sources(request: Request) -> Response:
        """Publishers with the number and dates of their articles, and topics."""
        return cached.cached(request, from_catalogue(await gate.catalogue()), _MINUTE)

    @router.get(
        "/suggest",
        summary="Suggest questions while somebody types",
        response_model=SuggestionsOut,
        responses=told(422),
    )
    async def suggest(
        request: Request,
        q: Annotated[
            str, Query(max_length=500, description="What was typed so far.", examples=["kapan ktt"])
        ],
        language: Annotated[
            Language | None,
            Query(description="Language of the questions; without it, of the one that has some."),
        ] = None,
        count: Annotated[int, Query(ge=1, le=20, description="Most suggestions.")] = 5,
    ) -> Response:
        """Questions that can be answered and hold every word of what was typed; the last word may be
        unfinished. Empty where there are none, or nothing was typed."""
        found: tuple[str, ...] = ()
        for name in LANGUAGES if language is None else (language,):
            found = found or await gate.suggest(q, name, count)
        return cached.cached(request, SuggestionsOut(suggestions=list(found)), _MINUTES)

    return router
