"""The operator's desk: what is asked, what goes unanswered, the index and the collecting, as a page.

It exists only where TANYA_ADMIN_TOKEN is set. Everything is rendered here and works without a script.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar
from urllib.parse import parse_qsl, urlencode, urlsplit

import anyio
import anyio.to_thread
from fastapi import FastAPI, Request
from fastapi.responses import (
    HTMLResponse,
    JSONResponse,
    RedirectResponse,
    Response,
    StreamingResponse,
)

from api import web
from api.access import Access
from api.admin import Admin
from api.desk_figures import Indexed, Reader
from api.desk_jobs import BusyError, Jobs, Told, Work
from api.desk_session import SECONDS, Sessions
from api.desk_view import View, told_of
from api.desk_visit import Visit
from api.gate import key_of
from api.operate import FAILURES
from api.problem import ProblemError
from index.database import DatabaseError
from index.journal import Journal
from index.settings import Settings

COOKIE = "tanya_desk"
_PATIENCE = 8.0
"""Seconds that a button's answer waits for the work to end; what takes longer is told of as running."""
_HEADERS = {"Cache-Control": "no-store"}
T = TypeVar("T")
log = logging.getLogger("tanya.api")


def add(app: FastAPI, desk: Desk) -> None:
    """Add the addresses of `desk` to `app`."""
    for path, method, answer in (
        ("/desk", "GET", desk.show),
        ("/desk", "HEAD", desk.show),
        ("/desk/login", "GET", desk.ask_token),
        ("/desk/login", "POST", desk.log_in),
        ("/desk/logout", "POST", desk.log_out),
        ("/desk/rebuild", "POST", desk.rebuild),
        ("/desk/collect", "POST", desk.collect),
        ("/desk/rollback", "POST", desk.roll_back),
        ("/desk/work", "GET", desk.work),
        ("/desk/questions.csv", "GET", desk.csv),
    ):
        app.add_api_route(path, answer, methods=[method], include_in_schema=False)


@dataclass(frozen=True, slots=True)
class _Sent:
    """A form of ours: who sent it, from which view, and what is in it."""

    session: str
    visit: Visit
    form: dict[str, str]


class Desk:
    """The desk's answers to requests. Whatever blocks runs in threads of its own."""

    def __init__(
        self,
        indexed: Indexed,
        settings: Settings,
        access: Access,
        admin: Admin,
        journal: Journal | None,
    ) -> None:
        """`settings` must have an admin token, which `access` compares."""
        assert settings.admin_token is not None
        token = settings.admin_token.get_secret_value()
        self._sessions = Sessions(token, key_of(settings), settings.data)
        self._access = access
        self._jobs = Jobs(settings.data)
        self._admin = admin
        reader = Reader(journal, admin) if journal is not None else None
        # Not those of the questions: an operator's page must not wait for citizens, nor they for it.
        self._threads = anyio.CapacityLimiter(8)
        self._view = View(indexed, settings, admin, reader, self._jobs, self._run)

    async def show(self, request: Request) -> Response:
        """The desk, or the way to the login."""
        session = await self._session(request)
        visit = Visit.of(request.query_params, web.preferred(request.headers))
        if session is None:
            return RedirectResponse(f"desk/login?{visit.query}", 303, _HEADERS)
        return await self._page(visit, session, up="")

    async def ask_token(self, request: Request) -> Response:
        """The form to log in."""
        visit = Visit.of(request.query_params, web.preferred(request.headers))
        return self._login(visit)

    async def log_in(self, request: Request) -> Response:
        """Begin a session, where the token is right."""
        form = await _form(request)
        visit = Visit.of(form, web.preferred(request.headers))
        if _foreign(request):
            return self._login(visit, "foreign", 403)
        try:
            await self._access.check(request, form.get("token", ""))
        except ProblemError as error:
            log.warning("desk: a login was refused (%s)", error.problem.code)
            note = "wrong" if error.problem.status == 401 else "too_often"
            # Without a 401's header, which asks for what a browser cannot send.
            status = 403 if note == "wrong" else error.problem.status
            refused = self._login(visit, note, status, float(error.headers.get("Retry-After", 0)))
            if note == "too_often":
                refused.headers.update(error.headers)
            return refused
        log.info("desk: logged in")
        response = RedirectResponse(f"../desk?{visit.query}", 303, _HEADERS)
        response.set_cookie(
            COOKIE,
            self._sessions.open(),
            max_age=SECONDS,
            # Left to the browser, which takes the folder of this address, also behind a proxy's path.
            path=None,
            secure=request.url.scheme == "https",
            httponly=True,
            samesite="strict",
        )
        return response

    async def log_out(self, request: Request) -> Response:
        """End the session."""
        sent = await self._sent(request)
        if isinstance(sent, Response):
            return sent
        await self._run(lambda: self._sessions.close(sent.session))
        log.info("desk: logged out")
        response = RedirectResponse(f"login?{sent.visit.query}&note=ended", 303, _HEADERS)
        response.delete_cookie(COOKIE, path=None, httponly=True, samesite="strict")  # type: ignore[arg-type]
        return response

    async def rebuild(self, request: Request) -> Response:
        """Have the index built again."""
        sent = await self._sent(request)
        if isinstance(sent, Response):
            return sent
        return await self._do("rebuild", lambda: told_of(self._admin.rebuild(False)), sent.visit)

    async def collect(self, request: Request) -> Response:
        """Have one address collected, or all sources that are due."""
        sent = await self._sent(request)
        if isinstance(sent, Response):
            return sent
        links: Sequence[str] = ()
        if "link" in sent.form:
            links = [sent.form["link"].strip()]
            if not _is_address(links[0]):
                return self._back(sent.visit, "bad_link")
        return await self._do("collect", lambda: told_of(self._admin.collect(links)), sent.visit)

    async def roll_back(self, request: Request) -> Response:
        """Go back to the index before, where the one that serves still is the one that was shown."""
        sent = await self._sent(request)
        if isinstance(sent, Response):
            return sent
        generations = await self._run(self._admin.generations)
        if sent.form.get("now") not in [one.id for one in generations if one.current]:
            return self._back(sent.visit, "moved")
        return await self._do("rollback", lambda: {"id": self._admin.rollback()}, sent.visit)

    async def work(self, request: Request) -> Response:
        """Whether something is under way: for the page's script."""
        if await self._session(request) is None:
            return JSONResponse({"state": None}, 401, _HEADERS)
        job = await self._run(self._jobs.last)
        return JSONResponse({"state": job and job.state}, headers=_HEADERS)

    async def csv(self, request: Request) -> Response:
        """All questions of the chosen days, for a spreadsheet."""
        visit = Visit.of(request.query_params, web.preferred(request.headers))
        if await self._session(request) is None:
            return RedirectResponse(f"login?{visit.query}", 303, _HEADERS)
        try:
            parts = await self._view.csv(visit)
        except DatabaseError as error:
            log.warning("desk: the journal cannot be read. %s", error)
            parts = None
        if parts is None:
            return self._back(visit)  # where it says why
        name = f"tanya-{visit.span.since}-{visit.span.until}.csv"
        headers = {**_HEADERS, "Content-Disposition": f'attachment; filename="{name}"'}
        return StreamingResponse(parts, media_type="text/csv", headers=headers)

    async def _do(self, work: Work, action: Callable[[], Told], visit: Visit) -> Response:
        log.info("desk: %s", work)
        try:
            thread = await self._run(lambda: self._jobs.start(work, action, FAILURES))
        except BusyError:
            return self._back(visit, "busy")
        except OSError as error:
            log.error("desk: the data folder cannot be written (%s)", error)
            return self._back(visit, "disk")
        await self._run(lambda: thread.join(_PATIENCE))
        return self._back(visit)

    def _back(self, visit: Visit, note: str = "") -> Response:
        query = visit.query + (f"&{urlencode({'note': note})}" if note else "")
        return RedirectResponse(f"../desk?{query}", 303, _HEADERS)

    async def _session(self, request: Request) -> str | None:
        cookie = request.cookies.get(COOKIE)
        return await self._run(lambda: self._sessions.read(cookie))

    async def _sent(self, request: Request) -> _Sent | Response:
        """A form that one of our pages has sent, else the response that refuses it."""
        form = await _form(request)
        visit = Visit.of(form, web.preferred(request.headers))
        session = await self._session(request)
        if session is None:
            return RedirectResponse(f"login?{visit.query}", 303, _HEADERS)
        if _foreign(request) or not self._sessions.sent_by(session, form.get("form", "")):
            log.warning("desk: a form that this session was not given")
            return await self._page(replace(visit, note="stale"), session, up="../", status=403)
        return _Sent(session, visit, form)

    def _login(
        self, visit: Visit, note: str = "", status: int = 200, wait: float = 0.0
    ) -> HTMLResponse:
        html = self._view.login(replace(visit, note=note or visit.note), wait)
        return HTMLResponse(html, status, _HEADERS)

    async def _page(self, visit: Visit, session: str, up: str, status: int = 200) -> Response:
        html = await self._view.desk(visit, self._sessions.form_token(session), up)
        return HTMLResponse(html, status, _HEADERS)

    async def _run(self, action: Callable[[], T]) -> T:
        return await anyio.to_thread.run_sync(action, limiter=self._threads)


async def _form(request: Request) -> dict[str, str]:
    """The fields of a form; none where the body is no form."""
    if not request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return {}
    try:
        text = (await request.body()).decode("utf-8")
        return dict(parse_qsl(text, keep_blank_values=True, max_num_fields=20))
    except ValueError:  # no UTF-8, or too many fields
        return {}


def _foreign(request: Request) -> bool:
    """Whether the browser says that another site's page has sent this."""
    return request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none")


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and len(text) <= 2000
    except ValueError:
        return False
