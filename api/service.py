"""How the service is: alive, ready, and in numbers."""

from __future__ import annotations

from pathlib import Path

import anyio.to_thread
from fastapi import APIRouter, Response

from api import problem
from api.describe import operation
from api.gate import Gate
from api.schema import Alive, Ready, from_index
from index import metrics


def routes(gate: Gate, data: Path) -> APIRouter:
    """What looks at `gate`; `data` is where workers share their counts."""
    router = APIRouter(tags=["service"], generate_unique_id_function=operation)

    @router.head("/health", include_in_schema=False)
    @router.get("/health", summary="Is the process alive?")
    async def health() -> Alive:
        """Answers at once, also while every question waits."""
        return Alive()

    @router.head("/ready", include_in_schema=False)
    @router.get("/ready", summary="Is there an index?", responses=problem.responses(503))
    async def ready() -> Ready:
        """503 until an index is loaded."""
        index = await gate.index()
        if index is None:
            raise problem.no_index()
        return Ready(index=from_index(index))

    @router.get(
        "/metrics",
        name="metrics",
        summary="Numbers for Prometheus",
        response_class=Response,
        responses={
            200: {
                "description": "All workers together, in the text format of Prometheus.",
                "content": {"text/plain": {"schema": {"type": "string"}}},
            },
        },
    )
    async def show_metrics() -> Response:
        """Questions by door and outcome, times by stage, refusals, age of the index, state of Telegram.
        Never what anybody asked."""
        index = await gate.index()
        text = await anyio.to_thread.run_sync(metrics.exposition, data, index)
        return Response(text, media_type=metrics.MEDIA_TYPE, headers={"Cache-Control": "no-store"})

    return router
