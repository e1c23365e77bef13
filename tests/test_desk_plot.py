"""The desk's plots against the numbers: what a reader can measure in the picture is what was drawn."""

from __future__ import annotations

import itertools
import re
from xml.etree.ElementTree import Element, fromstring

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.desk_plot import HEIGHT, WIDTH, Plot, Series, bars, lines, named_days, round_steps


def plot(*series: Series, title: str = "Questions") -> Plot:
    days = tuple(f"{number} Sep" for number in range(1, len(series[0].values) + 1))
    return Plot("asked", title, "One bar a day.", days, series, lambda value: f"{value:g}")


def measured(svg: Element, y: float) -> float:
    """The value at the height `y`, as a reader finds it: between the labels of the y axis."""
    labels = [
        (float(at.attrib["y"]), float(at.text or "")) for at in svg.findall("text[@class='y']")
    ]
    (low_y, low), (high_y, high) = labels[0], labels[-1]
    return low + (high - low) * (y - low_y) / (high_y - low_y)


def number(at: Element, name: str) -> float:
    return float(at.attrib[name])


COUNTS = st.lists(
    st.tuples(*[st.integers(0, 40_000) | st.integers(0, 9)] * 3), min_size=1, max_size=120
)


@given(COUNTS)
def test_every_bar_is_as_high_as_its_number(counts: list[tuple[int, int, int]]) -> None:
    names = ("answered", "partly", "unknown")
    drawn = plot(
        *(
            Series(name, name, values)
            for name, values in zip(names, zip(*counts, strict=True), strict=True)
        )
    )
    svg = fromstring(str(bars(drawn)))
    days = svg.findall("g[@class='day']")
    assert len(days) == len(counts)
    # A hundredth of the picture's unit is what its numbers are written to.
    step = abs(measured(svg, 0) - measured(svg, 0.021))
    for day, values in zip(days, counts, strict=True):
        floor = 0.0
        for name, value in zip(names, values, strict=True):
            found = day.findall(f"rect[@class='{name}']")
            assert len(found) == (1 if value else 0)
            for bar in found:
                bottom = number(bar, "y") + number(bar, "height")
                assert measured(svg, bottom) == pytest.approx(floor, abs=step)
                floor += value
                assert measured(svg, number(bar, "y")) == pytest.approx(floor, abs=step)
                assert 0 <= number(bar, "x") <= WIDTH - number(bar, "width")


@given(st.lists(st.none() | st.floats(0.0005, 90), min_size=1, max_size=100))
def test_every_point_is_as_high_as_its_number(values: list[float | None]) -> None:
    svg = fromstring(str(lines(plot(Series("p50", "p50", tuple(values))))))
    step = abs(measured(svg, 0) - measured(svg, 0.021))
    days = svg.findall("g[@class='day']")
    points = []
    for day, value in zip(days, values, strict=True):
        dots = day.findall("circle")
        assert len(dots) == (value is not None)
        for dot in dots:
            assert measured(svg, number(dot, "cy")) == pytest.approx(value, abs=step)
            reach = day.find("rect")
            assert reach is not None
            middle = number(reach, "x") + number(reach, "width") / 2
            assert number(dot, "cx") == pytest.approx(middle, abs=0.02)
            points.append((dot.attrib["cx"], dot.attrib["cy"]))
    # The line goes through the same points, and starts anew after each day without a value.
    path = svg.find("path")
    told = re.findall(r"([ML])([\d.]+) ([\d.]+)", path.attrib["d"] if path is not None else "")
    assert [(x, y) for _, x, y in told] == points
    starts = [
        value is not None and (place == 0 or values[place - 1] is None)
        for place, value in enumerate(values)
    ]
    assert [pen for pen, *_ in told] == [
        "M" if start else "L"
        for start, value in zip(starts, values, strict=True)
        if value is not None
    ]


def test_a_share_is_drawn_against_the_whole() -> None:
    svg = fromstring(
        str(lines(plot(Series("share", "share", (0.25, None, 0.5))), ticks=(0, 0.25, 0.5, 1)))
    )
    assert [at.text for at in svg.findall("text[@class='y']")] == ["0", "0.25", "0.5", "1"]
    assert measured(svg, number(svg.findall(".//circle")[0], "cy")) == pytest.approx(0.25, abs=1e-3)


@given(st.floats(1e-4, 1e7))
def test_the_axis_has_a_few_round_steps_that_reach_the_values(most: float) -> None:
    ticks = round_steps(most)
    assert ticks[0] == 0
    assert ticks[-1] >= most * (1 - 1e-6)
    assert ticks[-2] < most
    assert 2 <= len(ticks) <= 6
    whole = round_steps(float(round(most)), whole=True)
    assert all(tick == int(tick) for tick in whole)


@pytest.mark.parametrize("count", [1, 2, 4, 5, 7, 30, 90, 366])
def test_the_days_named_have_room_for_their_names(count: int) -> None:
    named = named_days(count)
    assert 1 <= len(named) <= 5
    assert named[0] >= 0
    assert named[-1] == count - 1
    apart = [after - before for before, after in itertools.pairwise(named)]
    assert len(set(apart)) <= 1, "evenly"
    assert all(step * (300 / count) > 55 for step in apart)


def test_a_plot_is_named_and_described_for_who_cannot_see_it() -> None:
    hostile = "</title><script>alert(1)</script>"
    svg = fromstring(str(bars(plot(Series(hostile, "answered", (3.0,)), title=hostile))))
    assert svg.attrib["role"] == "img"
    assert svg.attrib["viewBox"] == f"0 0 {WIDTH} {HEIGHT}"
    names = ("aria-labelledby", "aria-describedby")
    told = [svg.find(f"*[@id='{svg.attrib[name]}']") for name in names]
    assert [at.text for at in told if at is not None] == [hostile, "One bar a day."]
    day = svg.find("g[@class='day']/title")
    assert day is not None
    assert day.text == f"1 Sep: {hostile} 3"
    assert svg.find(".//script") is None
