"""The OpenAPI description: what FastAPI derives, and what it cannot know."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from api import problem
from index.settings import Settings

DESCRIPTION = """\
Ask a question in Indonesian or English; get the passages of a news corpus that fit it best, each
with its source, date and link, or an honest "I don't know". `outcome` says which of the two it is, or
that the passages only may help, or that it was no question.

Nothing is remembered between requests: a follow-up ("and who came?") brings the question before it
along as `previous`. `id` is what an answer can be rated by.

Errors are problem JSON (RFC 9457), with a `code` for programs:

- 404 `not_found`, `unknown_answer`; 405 `method_not_allowed`, 413 `body_too_large`
- 422 `empty`, `too_long`, `not_text` (the question), `bad_k`, `bad_language`, `bad_previous`,
  `bad_date`, `bad_range` (`since` after `until`), `bad_publisher`, `bad_topic`,
  `bad_article_language`, `unknown_key`, `invalid_json`, `invalid`
- 429 `rate_limited`; 500 `internal`; 503 `busy`, `no_index`, `journal`; `Retry-After` says when to
  come back

Each request has an id, `X-Request-ID`: yours, where you send one, and in the server's log.
"""
_TAGS = [
    {"name": "questions", "description": "Ask, and say whether it helped."},
    {"name": "corpus", "description": "What the answers are taken from."},
    {"name": "service", "description": "For whoever runs it."},
]
_ADMIN = {"name": "admin", "description": "For whoever has the admin token."}


def operation(route: APIRoute) -> str:
    """The id of an operation: a short name for clients that are generated from the description."""
    return route.name


def describe(app: FastAPI, settings: Settings) -> dict[str, Any]:
    """The description of `app`; made once."""
    if app.openapi_schema is None:
        described = get_openapi(
            title=app.title,
            version=app.version,
            description=app.description,
            routes=app.routes,
            tags=[*_TAGS, _ADMIN] if settings.admin_token is not None else _TAGS,
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
        if not settings.shipped_corpus:
            # The examples are about our own articles: over others' they would find nothing.
            described = _without_examples(described)
        app.openapi_schema = described
    return app.openapi_schema


def _without_examples(part: Any) -> Any:
    if isinstance(part, list):
        return [_without_examples(item) for item in part]
    if isinstance(part, dict):
        kept = {key: value for key, value in part.items() if key not in ("example", "examples")}
        return {key: _without_examples(value) for key, value in kept.items()}
    return part
