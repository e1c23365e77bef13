"""The desk as HTML: figures, plots and forms put into its template."""

from __future__ import annotations

import asyncio
import itertools
import logging
import statistics
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from markupsafe import Markup

from api import web
from api.admin import Admin, GenerationState
from api.brand import read_words
from api.desk_figures import GROUPED, Figures, Indexed, Reader, Runs, Sources, sources_of
from api.desk_jobs import Job, Jobs, Told
from api.desk_plot import Plot, Series, bars, lines
from api.desk_visit import LONGEST, SPANS, Span, Visit
from api.desk_words import Words
from corpus.article import LANGUAGES
from corpus.collected import last
from corpus.report import Report
from index.clusters import Cluster
from index.database import DatabaseError
from index.generation import NoIndexError
from index.journal import Day, Overview
from index.settings import Settings
from index.store import Rebuilt

QUARTERS = (0.0, 0.25, 0.5, 0.75, 1.0)
GROUPING = 0.9
"""Seconds that the page waits for the groups of unanswered questions; it is to be there in two."""
_NEWS = {"done": timedelta(hours=1), "failed": timedelta(days=1)}
"""How long work that has ended is told of."""
log = logging.getLogger("tanya.api")

MOST = {"clusters": 15, "ways": 8, "bad": 8, "publishers": 10, "all": 200, "articles": 30}
"""How many of each are shown; of the rest the page says how many there are."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A plot with its legend: class and name of each series. `line`: lines rather than bars."""

    title: str
    svg: Markup
    legend: tuple[tuple[str, str], ...]
    line: bool


class View:
    """Renders the desk; `run` runs what blocks. `reader` is None where there is no journal."""

    def __init__(
        self,
        indexed: Indexed,
        settings: Settings,
        admin: Admin,
        reader: Reader | None,
        jobs: Jobs,
        run: Runs,
    ) -> None:
        self._indexed = indexed
        self._settings = settings
        self._admin = admin
        self._reader = reader
        self._jobs = jobs
        self._run = run
        self._texts = read_texts(settings.name)
        self._template = web.environment().get_template("desk.html")

    def login(self, visit: Visit, wait: float = 0.0) -> str:
        """The form to log in; `wait`: seconds until it may be tried again."""
        return self._render(visit, "login", "../", {"inside": False}, wait)

    async def desk(self, visit: Visit, form: str, up: str) -> str:
        """The whole desk. `form`: the token of its forms; `up`: what leads to the page's folder."""
        read, (generations, info), collected, job = await asyncio.gather(
            self._journal(visit),
            self._run(self._index),
            self._run(lambda: last(self._settings.data)),
            self._run(self._jobs.last),
        )
        current = next((one.id for one in generations if one.current), None)
        older = [one for one in generations if current and one.id < current and not one.fault]
        values = {
            **read,
            "inside": True,
            "form": form,
            "generations": generations,
            "current": current,
            "before": older[0].id if older else None,
            "info": info,
            "age": (datetime.now(UTC) - info.built_at).total_seconds() if info else 0.0,
            "collected": collected,
            "job": job if job is not None and _is_news(job) else None,
            "told": told_key(job.work, job.told) if job else None,
            "folder": self._settings.corpus is not None,
        }
        return await self._run(lambda: self._render(visit, "desk", up, values))

    async def csv(self, visit: Visit) -> Iterator[str] | None:
        """The questions of `visit` as CSV, the first part of it read; None where there is no journal. Raises
        DatabaseError."""
        if self._reader is None:
            return None
        parts = self._reader.csv(visit.span)
        first = await self._run(lambda: next(parts))
        return itertools.chain([first], parts)

    async def _journal(self, visit: Visit) -> dict[str, Any]:
        """What the journal tells, or why it does not."""
        t, w = self._texts[visit.language], Words(visit.language)
        reader = self._reader
        nothing = {"overview": None, "latest": ()}
        if reader is None:
            return nothing | {"journal_note": t["journal_off"]}
        try:
            patience = time.monotonic() + GROUPING
            groups = reader.clusters(visit.span)
            figures = await reader.figures(visit.span, self._run)
            found = await self._run(lambda: figures_of(figures, visit.span, t, w))
            found["sources"] = await self._run(lambda: self._sources(figures))
            found["articles"] = await self._run(lambda: self._articles(figures))
            found["clusters"] = await _until(patience, groups)
        except DatabaseError as error:
            log.warning("desk: the journal cannot be read. %s", error)
            return nothing | {"journal_note": f"{t['journal_fault']} {error}"}
        return found | {"journal_note": None}

    def _index(self) -> tuple[Sequence[GenerationState], Any]:
        newest_first = sorted(self._admin.generations(), key=lambda one: one.id, reverse=True)
        return newest_first, self._indexed.index

    def _sources(self, figures: Figures) -> Sources:
        try:
            return sources_of(self._indexed, figures.overview.articles, MOST["articles"])
        except NoIndexError:
            return Sources((), (), (), 0, 0)

    def _articles(self, figures: Figures) -> dict[str, Any]:
        """The articles that badly rated answers showed, by id; without those that are gone."""
        names = {name for entry in figures.bad for name in entry.articles}
        try:
            found = {name: self._indexed.article(name) for name in names}
        except NoIndexError:
            return {}
        return {name: article for name, article in found.items() if article is not None}

    def _render(
        self, visit: Visit, here: str, up: str, values: dict[str, Any], wait: float = 0.0
    ) -> str:
        t, w = self._texts[visit.language], Words(visit.language)
        note = t["notes"].get(visit.note, "")
        return self._template.render(
            values,
            language=visit.language,
            other="en" if visit.language == "id" else "id",
            t=t,
            w=w,
            name=self._settings.name,
            here=here,
            up=up,
            view=visit.view,
            span=visit.span,
            days=visit.days,
            spans=SPANS,
            today=visit.span.until,
            query=visit.query,
            zone=datetime.now().astimezone().tzname(),
            note=note.format(n=LONGEST, wait=w.age(wait)),
            grouped=GROUPED,
            most=MOST,
        )


def _is_news(job: Job) -> bool:
    """Whether it is still worth a place at the head of the page."""
    return job.ended is None or datetime.now(UTC) - job.ended < _NEWS[job.state]


async def _until(patience: float, groups: Future[Sequence[Cluster]]) -> Sequence[Cluster] | None:
    """The groups; None where they are not there when the clock reaches `patience`. Raises what grouping
    raised."""
    waiting = asyncio.wrap_future(groups)
    done, _ = await asyncio.wait([waiting], timeout=max(0.0, patience - time.monotonic()))
    return waiting.result() if done else None


def read_texts(name: str) -> dict[str, dict[str, Any]]:
    """The words of the desk by language, with the name of the service filled in."""
    texts = read_words("desk.toml")
    for language in LANGUAGES:
        texts[language]["title"] = texts[language]["title"].replace("{name}", name)
    return texts


def told_of(done: Rebuilt | Report) -> Told:
    """What there is to tell of work that was done, for the texts of the desk."""
    if isinstance(done, Report):
        counts = {name: done.count(name) for name in ("new", "changed", "failed")}
        return {"pages": len(done.items), **counts}
    return {
        "id": done.id,
        "articles": done.articles,
        "passages": done.passages,
        "new": done.new,
        "removed": done.removed,
        "same": int(not done.changed),
    }


def told_key(work: str, told: Told | None) -> str:
    """Which text says it."""
    return "told_same" if told and told.get("same") else f"told_{work}"


def share_of(day: Day) -> float | None:
    """Which part of the questions of a day was answered; None where there were none."""
    asked = day.asked - day.social
    return day.answered / asked if asked else None


def figures_of(figures: Figures, span: Span, t: dict[str, Any], w: Words) -> dict[str, Any]:
    """What the template needs of the journal's figures."""
    overview = figures.overview
    p50s, p95s = (
        [value for day in overview.days if (value := getattr(day, name)) is not None]
        for name in ("p50", "p95")
    )
    return {
        "overview": overview,
        "share": overview.answered / overview.asked if overview.asked else None,
        "share_of": share_of,
        "p50": statistics.median(p50s) if p50s else None,
        "p95": statistics.median(p95s) if p95s else None,
        "helpful": sum(day.helpful for day in overview.days),
        "unhelpful": sum(day.unhelpful for day in overview.days),
        "plots": plots_of(overview, span, t, w),
        "most_asked": figures.most,
        "bad": figures.bad,
        "latest": figures.latest,
        "unanswered": figures.unanswered,
    }


def plots_of(overview: Overview, span: Span, t: dict[str, Any], w: Words) -> list[Drawn]:
    """Questions a day by outcome, the answered share, and the latency."""
    days = overview.days
    names = tuple(w.short(day.day) for day in days)
    told = {"since": w.day(span.since), "until": w.day(span.until)}
    busiest = max(days, key=lambda day: day.asked - day.social)
    told |= {
        "most": w.number(busiest.asked - busiest.social),
        "day": w.day(busiest.day),
        "share": w.share(overview.answered / overview.asked if overview.asked else None),
    }

    def described(name: str) -> str:
        return str(t[f"{name}_desc" if overview.asked else "nothing_desc"]).format(**told)

    def plot(name: str, series: tuple[Series, ...], show: Any) -> Plot:
        return Plot(f"plot-{name}", t[f"{name}_title"], described(name), names, series, show)

    outcomes = tuple(
        Series(t[name], f"is-{name}", tuple(float(getattr(day, name)) for day in days))
        for name in ("answered", "partly", "unknown")
    )
    latency = tuple(
        Series(t[key], f"is-{name}", tuple(getattr(day, name) for day in days))
        for name, key in (("p50", "median"), ("p95", "p95"))
    )
    share = (Series(t["answered"], "is-share", tuple(share_of(day) for day in days)),)
    drawn = (
        (plot("asked", outcomes, w.number), bars, outcomes),
        (plot("share", share, w.share), lambda plot: lines(plot, QUARTERS), ()),
        (plot("latency", latency, w.seconds), lines, latency),
    )
    return [
        Drawn(
            one.title,
            draw(one),
            tuple((series.style, series.name) for series in legend),
            line=draw is not bars,
        )
        for one, draw, legend in drawn
    ]
