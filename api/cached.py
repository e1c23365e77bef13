"""Responses that may be kept for a while, and need not be sent again where nothing has changed."""

from __future__ import annotations

import hashlib
from typing import Any

from fastapi import Request, Response
from pydantic import BaseModel

RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {
        "headers": {
            "ETag": {
                "description": "Send it back as If-None-Match to learn whether anything changed.",
                "schema": {"type": "string"},
            },
            "Cache-Control": {"schema": {"type": "string"}},
        }
    },
    304: {"description": "Not modified: what If-None-Match names is still right."},
}
"""How the OpenAPI description tells of it."""


def cached(request: Request, model: BaseModel, seconds: int) -> Response:
    """`model` as JSON that anybody may keep for `seconds`; 304 where the client has it already.

    The tag is one of the contents: all workers agree on it, and an index that has only grown elsewhere
    does not make a client load the same again.
    """
    body = model.model_dump_json().encode()
    tag = f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'
    headers = {"ETag": tag, "Cache-Control": f"public, max-age={seconds}"}
    if _known(request.headers.get("if-none-match", ""), tag):
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type="application/json")


def _known(header: str, tag: str) -> bool:
    tags = [one.strip().removeprefix("W/") for one in header.split(",")]
    return tag in tags or tags == ["*"]
