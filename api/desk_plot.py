"""Plots of the desk as SVG made here: no script draws them, and they can be checked against the numbers.

One day is one place on the x axis. Colours are those of the classes in page/static/desk.css.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element, SubElement, tostring

from markupsafe import Markup

WIDTH, HEIGHT = 360, 190
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 16, 12, 24
_TICKS = 4
"""Steps of the y axis at most, less a fraction."""
_EACH, _LABELS = 5, 4
"""Up to so many days each is named below the x axis; else so many of them are."""
_WIDEST = 26.0
"""The widest bar."""
_DOTS = 45
"""Days up to which each point of a line has a dot that is seen well."""


@dataclass(frozen=True, slots=True)
class Series:
    """`values`: one for each day; None where there is none. `style`: the class that colours it."""

    name: str
    style: str
    values: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class Plot:
    """What to draw. `days`: a short label for each; `show`: a value as people read it."""

    id: str
    title: str
    description: str
    days: tuple[str, ...]
    series: tuple[Series, ...]
    show: Callable[[float], str]


def bars(plot: Plot) -> Markup:
    """Bars, one a day, the series on top of each other."""
    sums = [sum(value or 0 for value in day) for day in _by_day(plot)]
    ticks = round_steps(max(sums, default=0), whole=True)
    svg, days = _frame(plot, ticks)
    wide = _width(plot)
    for place, (group, values) in enumerate(zip(days, _by_day(plot), strict=True)):
        below = 0.0
        for series, value in zip(plot.series, values, strict=True):
            if not value:
                continue
            top, bottom = (_y(at, ticks[-1]) for at in (below + value, below))
            bar = min(_WIDEST, wide - min(2.0, wide * 0.2))
            _add(
                group,
                "rect",
                {
                    "class": series.style,
                    "x": _x(place, plot) - bar / 2,
                    "y": top,
                    "width": bar,
                    "height": bottom - top,
                },
            )
            below += value
    return _markup(svg)


def lines(plot: Plot, ticks: Sequence[float] = ()) -> Markup:
    """A line a series, broken where a day has no value. `ticks`: the numbers on the y axis, from 0 to one
    above the values; by default round ones."""
    values = [value for series in plot.series for value in series.values if value is not None]
    ticks = ticks or round_steps(max(values, default=0))
    svg, days = _frame(plot, ticks)
    dot = 2.6 if len(plot.days) <= _DOTS else 1.3
    for series in plot.series:
        path = ""
        pen = "M"
        for place, value in enumerate(series.values):
            if value is None:
                pen = "M"
                continue
            x, y = _x(place, plot), _y(value, ticks[-1])
            path += f"{pen}{_number(x)} {_number(y)}"
            pen = "L"
            point = {"class": series.style, "cx": x, "cy": y, "r": dot}
            _add(days[place], "circle", point)
        if path:
            # Before the days: their dots and their titles lie on top.
            line = Element("path", {"class": f"line {series.style}", "d": path})
            svg.insert(list(svg).index(days[0]), line)
    return _markup(svg)


def round_steps(most: float, whole: bool = False) -> list[float]:
    """0 and the round numbers (1, 2 or 5 times a power of ten apart) up to the first that is not below
    `most`; `whole` ones only, for counts. At least 0 and 1."""
    if most <= 0:
        return [0.0, 1.0]
    least = most / _TICKS
    power = 10.0 ** math.floor(math.log10(least))
    step = next(size * power for size in (1, 2, 5, 10) if size * power >= least * (1 - 1e-9))
    if whole:
        step = max(1.0, step)
    count = math.ceil(most / step - 1e-9)
    return [number * step for number in range(count + 1)]


def _by_day(plot: Plot) -> list[tuple[float | None, ...]]:
    return list(zip(*(series.values for series in plot.series), strict=True))


def _width(plot: Plot) -> float:
    return (WIDTH - _LEFT - _RIGHT) / max(1, len(plot.days))


def _x(place: int, plot: Plot) -> float:
    return _LEFT + (place + 0.5) * _width(plot)


def _y(value: float, most: float) -> float:
    return HEIGHT - _BOTTOM - (HEIGHT - _BOTTOM - _TOP) * value / most


def _frame(plot: Plot, ticks: Sequence[float]) -> tuple[Element, list[Element]]:
    """The picture with its axes, and an empty group for each day, with what is told of it on hovering."""
    svg = Element(
        "svg",
        {
            "class": "plot",
            "viewBox": f"0 0 {WIDTH} {HEIGHT}",
            "role": "img",
            "aria-labelledby": f"{plot.id}-title",
            "aria-describedby": f"{plot.id}-desc",
        },
    )
    SubElement(svg, "title", {"id": f"{plot.id}-title"}).text = plot.title
    SubElement(svg, "desc", {"id": f"{plot.id}-desc"}).text = plot.description
    for tick in ticks:
        y = _y(tick, ticks[-1])
        _add(svg, "line", {"class": "grid", "x1": _LEFT, "x2": WIDTH - _RIGHT, "y1": y, "y2": y})
        label = _add(svg, "text", {"class": "y", "x": _LEFT - 6, "y": y, "dy": "0.32em"})
        label.text = plot.show(tick)
    for place in named_days(len(plot.days)):
        label = _add(svg, "text", {"class": "x", "x": _x(place, plot), "y": HEIGHT - 6})
        label.text = plot.days[place]
    groups = []
    for place, (day, values) in enumerate(zip(plot.days, _by_day(plot), strict=True)):
        group = SubElement(svg, "g", {"class": "day"})
        told = [
            f"{series.name} {plot.show(value)}"
            for series, value in zip(plot.series, values, strict=True)
            if value is not None
        ]
        SubElement(group, "title").text = f"{day}: {', '.join(told) or '–'}"
        whole = {"class": "reach", "x": _x(place, plot) - _width(plot) / 2, "y": _TOP}
        _add(group, "rect", {**whole, "width": _width(plot), "height": HEIGHT - _TOP - _BOTTOM})
        groups.append(group)
    return svg, groups


def named_days(count: int) -> list[int]:
    """The places of the days that the x axis names: evenly apart, so that their labels have room."""
    if count <= _EACH:
        return list(range(count))
    apart = math.ceil(count / _LABELS)
    return list(range((count - 1) % apart, count, apart))  # the last day is one of them


def _add(parent: Element, name: str, attributes: dict[str, object]) -> Element:
    values = {
        key: _number(value) if isinstance(value, int | float) else str(value)
        for key, value in attributes.items()
    }
    return SubElement(parent, name, values)


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _markup(svg: Element) -> Markup:
    # ElementTree has escaped every text and every value.
    return Markup(tostring(svg, encoding="unicode"))  # noqa: S704
