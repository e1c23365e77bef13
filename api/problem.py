"""Errors as problem JSON (RFC 9457): one table of what can go wrong and how it is told."""

from __future__ import annotations

import http
import logging
import math
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field, ValidationError
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.routing import Match, Route

from api.schema import AskIn
from index import log as log_
from index.generation import NoIndexError
from index.question import QuestionError, check_question

log = logging.getLogger("tanya.api")

MEDIA_TYPE = "application/problem+json"
RETRY_BUSY = 1
"""Seconds after which a busy server is worth asking again."""
RETRY_NO_INDEX = 30
"""Seconds after which a server without an index is worth asking again."""


class Problem(BaseModel):
    """What went wrong (RFC 9457): `code` for programs, `detail` for people."""

    type: str = Field("about:blank", description="Always about:blank: see `code`.")
    title: str = Field(description="The phrase of the HTTP status.")
    status: int = Field(ge=400, le=599, description="The HTTP status.")
    detail: str = Field(description="What is wrong, and what to do.")
    code: str = Field(description="What went wrong, as one word.")
    request_id: str | None = Field(
        None, description="What the log calls this request (also the header X-Request-ID)."
    )


class ProblemError(Exception):
    """A problem to answer a request with."""

    def __init__(
        self, status: int, code: str, detail: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.headers = dict(headers or {})
        self.problem = Problem(
            type="about:blank",
            title=http.HTTPStatus(status).phrase,
            status=status,
            detail=detail,
            code=code,
        )

    def response(self) -> JSONResponse:
        """The problem as a response to the request that is being answered."""
        told = self.problem.model_copy(update={"request_id": log_.request_id()})
        return JSONResponse(
            told.model_dump(),
            status_code=self.problem.status,
            headers=self.headers,
            media_type=MEDIA_TYPE,
        )


class BodyTooLarge(HTTPException):
    """A request body over the limit: an HTTPException, since FastAPI lets only those pass."""

    def __init__(self, limit: int) -> None:
        super().__init__(413, f"The body is over {limit} bytes. Send less.")


def busy(limit: int) -> ProblemError:
    """Too many questions at once."""
    return ProblemError(
        503,
        "busy",
        f"{limit} questions are being answered. Ask again in a moment.",
        {"Retry-After": str(RETRY_BUSY)},
    )


def gone() -> ProblemError:
    """The client has closed the connection: nobody reads this, it is only counted."""
    return ProblemError(503, "gone", "The connection was closed before the answer.")


def rate_limited(wait: float) -> ProblemError:
    """One client has asked too often; `wait`: seconds until it may again."""
    seconds = max(1, math.ceil(wait))
    return ProblemError(
        429,
        "rate_limited",
        f"That was often in a short time. Come back in {seconds} seconds.",
        {"Retry-After": str(seconds)},
    )


def unknown_answer() -> ProblemError:
    """Nothing is kept under such an id."""
    detail = "There is no answer with this id. Send the id of an answer, where it has one."
    return ProblemError(404, "unknown_answer", detail)


def unknown_article() -> ProblemError:
    """The index has no such article, or no more."""
    detail = "There is no such article in the index. Articles come and go with it."
    return ProblemError(404, "not_found", detail)


def unauthorized() -> ProblemError:
    """Not the admin token."""
    detail = (
        "The admin token is missing or wrong. Send it as Authorization: Bearer …, as it was set."
    )
    return ProblemError(401, "unauthorized", detail, {"WWW-Authenticate": "Bearer"})


def failed(sentence: str) -> ProblemError:
    """An admin's action ended with `sentence`."""
    return ProblemError(409, "failed", sentence if sentence.endswith(".") else f"{sentence}.")


def under_way() -> ProblemError:
    """One action at a time."""
    detail = "A rebuild, collection or rollback is under way. Wait until it is done."
    return ProblemError(409, "under_way", detail)


def journal_off() -> ProblemError:
    """There is nothing to look at."""
    detail = "Questions are not kept: TANYA_JOURNAL is off."
    return ProblemError(404, "journal_off", detail)


def no_journal() -> ProblemError:
    """The journal cannot be reached or written; the log says why."""
    detail = "What you said cannot be kept at the moment. Try again later."
    return ProblemError(503, "journal", detail, {"Retry-After": str(RETRY_NO_INDEX)})


def no_index() -> ProblemError:
    """Nothing to answer from. The index's own words name folders of the server: they are logged."""
    detail = "There is no index to answer from yet. The operator builds one with: tanya rebuild"
    return ProblemError(503, "no_index", detail, {"Retry-After": str(RETRY_NO_INDEX)})


def internal() -> ProblemError:
    """Our fault. Says nothing about it: the log does."""
    return ProblemError(500, "internal", "Something broke on our side. It has been logged.")


def from_error(error: Exception) -> ProblemError | None:
    """`error` as a problem; None where it is not one a caller may know of."""
    match error:
        case ProblemError():
            return error
        case QuestionError(code="empty"):
            return ProblemError(422, "empty", "The question is empty. Write one.")
        case QuestionError(code="too_long"):
            detail = f"The question is too long. Use at most {error.limit} characters."
            return ProblemError(422, "too_long", detail)
        case QuestionError():
            detail = "The question is not text: it holds characters that nobody can read."
            return ProblemError(422, "not_text", detail)
        case NoIndexError():
            log.warning("no index: %s", error)
            return no_index()
        case RequestValidationError():
            return _invalid(error.errors())
        case StarletteHTTPException():
            return _http(error)
    return None


async def handle(request: Request, error: Exception) -> JSONResponse:
    """The exception handler for all that `from_error` knows."""
    problem = from_error(error)
    if problem is None:
        raise error
    if problem.problem.status == 405:
        # Starlette names the methods of the first route with this path only.
        problem.headers["Allow"] = ", ".join(_methods(request))
    return problem.response()


HANDLED: tuple[type[Exception], ...] = (
    ProblemError,
    QuestionError,
    NoIndexError,
    RequestValidationError,
    StarletteHTTPException,
)


def _http(error: StarletteHTTPException) -> ProblemError:
    headers = error.headers or {}
    match error.status_code:
        case 400:  # FastAPI's word for a body that cannot even be decoded
            return ProblemError(422, "invalid_json", "The body is not JSON in UTF-8.", headers)
        case 404:
            detail = "There is nothing at this address. /docs lists what there is."
            return ProblemError(404, "not_found", detail, headers)
        case 405:
            detail = "This address does not take this method. /docs lists what it takes."
            return ProblemError(405, "method_not_allowed", detail, headers)
        case 413:
            return ProblemError(413, "body_too_large", str(error.detail), headers)
        case status:
            return ProblemError(status, "http", str(error.detail), headers)


def read(values: Mapping[str, Any]) -> AskIn:
    """`values` from an address as a question; ProblemError where they are none."""
    try:
        return AskIn.model_validate(values)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False)
        raise _invalid([{**fault, "loc": ("query", *fault["loc"])} for fault in faults]) from None


def check_previous(previous: str | None, limit: int) -> str | None:
    """`previous` as `check_question` cleans it; ProblemError where it could not have been asked."""
    if previous is None:
        return None
    try:
        return check_question(previous, limit)
    except QuestionError as error:
        detail = (
            f"previous: not a question of 1 to {error.limit} characters. Leave it out, or mend it."
        )
        raise ProblemError(422, "bad_previous", detail) from None


def _invalid(faults: Sequence[Mapping[str, Any]]) -> ProblemError:
    # The first fault is enough; what was sent is never repeated.
    fault = faults[0]
    where = [str(part) for part in fault["loc"]][1:]
    kind, message = str(fault["type"]), str(fault["msg"])
    match where, kind:
        case _, "json_invalid":
            return ProblemError(422, "invalid_json", "The body is not valid JSON.")
        case [], "bad_range":
            return ProblemError(422, "bad_range", f"{message}.")
        case [], _:
            detail = (
                'Send a JSON object such as {"question": "…"}, with Content-Type application/json.'
            )
            return ProblemError(422, "invalid_json", detail)
        case [("question" | "q") as name, *_], "missing":
            return ProblemError(422, "empty", f"There is no question. Send it as {name}.")
        case [("question" | "q"), *_], _:
            return ProblemError(422, "not_text", "The question is not text.")
        case ["k", *_], _:
            return ProblemError(422, "bad_k", f"k: {message}.")
        case ["language", *_], _:
            return ProblemError(422, "bad_language", f"language: {message}.")
        case [("since" | "until") as name, *_], _:
            return ProblemError(422, "bad_date", f"{name}: {message}.")
        case [("previous" | "publisher" | "topic" | "article_language") as name, *_], _:
            return ProblemError(422, f"bad_{name}", f"{name}: {message}.")
        case _, "extra_forbidden":
            detail = f"The body has an unknown key. Known are {', '.join(AskIn.model_fields)}."
            return ProblemError(422, "unknown_key", detail)
    return ProblemError(422, "invalid", f"{'.'.join(where)}: {message}.")


def _methods(request: Request) -> list[str]:
    found: set[str] = set()
    for route in request.app.routes:
        if isinstance(route, Route) and route.matches(request.scope)[0] != Match.NONE:
            found |= route.methods or set()
    return sorted(found) or ["GET", "HEAD"]


_EXAMPLES = {
    413: BodyTooLarge(65536),
    422: QuestionError("too_long", 500),
    500: internal(),
    401: unauthorized(),
    404: unknown_article(),
    409: under_way(),
    429: rate_limited(12),
    503: busy(64),
}
_RETRY_AFTER = {
    "Retry-After": {
        "description": "Seconds after which to ask again.",
        "schema": {"type": "integer", "minimum": 1},
    }
}


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The OpenAPI description of the problems with `statuses`."""
    described: dict[int | str, dict[str, Any]] = {}
    for status in statuses:
        example = from_error(_EXAMPLES[status])
        assert example is not None
        described[status] = {
            "description": http.HTTPStatus(status).phrase,
            "content": {
                MEDIA_TYPE: {
                    "schema": {"$ref": "#/components/schemas/Problem"},
                    "example": example.problem.model_dump(),
                }
            },
        }
        if status == 401:
            described[status]["headers"] = {"WWW-Authenticate": {"schema": {"type": "string"}}}
        if status in (429, 503):
            described[status]["headers"] = _RETRY_AFTER
    return described
