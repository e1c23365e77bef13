"""The application: routes put together, and what runs beside them."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

from fastapi import FastAPI
from starlette.routing import BaseRoute

from api import ask, desk, front, lookup, operate, problem, service, web
from api.access import Access
from api.admin import Admin
from api.describe import DESCRIPTION, describe
from api.desk import Desk
from api.gate import Answers, Gate
from index.journal import Journal
from index.limiter import Limiter
from index.settings import Settings

Background = Callable[[], AbstractAsyncContextManager[Any]]
"""Makes something that runs while the application runs, such as the Telegram bot."""


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
        description=DESCRIPTION,
        docs_url=None,  # FastAPI's own loads from a CDN: api.web serves it from here
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
    )
    gate = Gate(answerer, settings, journal, limiter)
    front.add(app, gate, settings)
    for error in problem.HANDLED:
        app.add_exception_handler(error, problem.handle)
    routers = [ask.routes(gate), lookup.routes(gate), service.routes(gate, settings.data)]
    if settings.admin_token is not None:
        access = Access(gate, settings.admin_token)
        routers.append(operate.routes(access, admin, journal))
        if admin is not None:
            desk.add(app, Desk(answerer, settings, access, admin, journal))
    for router in routers:
        app.router.routes.extend(router.routes)
    web.add(app, gate, settings, kept=journal is not None)
    app.router.routes.extend(routes)
    app.openapi = lambda: describe(app, settings)  # type: ignore[method-assign]
    return app
