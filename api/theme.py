"""The colours of the page, made of the one that the operator chose, so that every text can be read.

Contrast is WCAG 2.2's: text has 4.5 to 1 at least on whatever it stands on, in both themes, for any colour.
"""

from __future__ import annotations

import colorsys

Colour = tuple[float, float, float]
"""Red, green and blue, 0 to 1, as in #rrggbb (not linear)."""

AA = 4.5
_AIM = 4.8
"""Contrast that is sought: rounding to #rrggbb must not fall below AA."""
_BLACK: Colour = (0.0, 0.0, 0.0)
_WHITE: Colour = (1.0, 1.0, 1.0)
_STEPS = 50

LIGHT = {"paper": "#f6f5f1", "surface": "#ffffff"}
DARK = {"paper": "#0f151c", "surface": "#161e28"}
"""Grounds that text stands on; static/look.css has the same."""


def read_colour(text: str) -> Colour:
    """The colour of "#rrggbb"."""
    red, green, blue = (int(text[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return red, green, blue


def written(colour: Colour) -> str:
    """`colour` as "#rrggbb"."""
    return "#" + "".join(f"{round(part * 255):02x}" for part in colour)


def contrast(one: Colour, other: Colour) -> float:
    """WCAG's contrast ratio, 1 to 21."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def stylesheet(colour: str) -> str:
    """The custom properties that depend on `colour` ("#rrggbb"), for both themes; not for paper."""
    light, dark = palettes(colour)
    return (
        f"@media screen {{ :root {{ {_properties(light)} }} }}\n"
        f"@media screen and (prefers-color-scheme: dark) {{ :root {{ {_properties(dark)} }} }}\n"
    )


def icon(svg: str, colour: str) -> str:
    """`svg`, the service's icon, in `colour`: `#bubble`, `#line` and `#mark` stand for its parts."""
    fill = read_colour(colour)
    on_fill = _readable_on(fill)
    gold = read_colour("#f2c14e")
    mark = gold if contrast(gold, fill) >= 3 else on_fill
    for name, part in (("#bubble", fill), ("#line", on_fill), ("#mark", mark)):
        svg = svg.replace(f'"{name}"', f'"{written(part)}"')
    return svg


def palettes(colour: str) -> tuple[dict[str, str], dict[str, str]]:
    """Custom property → "#rrggbb", for the light and for the dark theme.

    `brand` is text on any ground of ours, `on-fill` text on `fill` and `fill-strong`, `on-bubble` text
    on `bubble`; `tint` is a ground of its own.
    """
    chosen = read_colour(colour)
    on_chosen = _readable_on(chosen)
    away = _WHITE if on_chosen == _BLACK else _BLACK

    paper, surface = (read_colour(LIGHT[name]) for name in ("paper", "surface"))
    tint = _mixed(surface, chosen, 0.08)
    brand = _until(chosen, _BLACK, (paper, surface, tint))
    light = {
        "tint": tint,
        "tint-edge": _mixed(surface, brand, 0.25),
        "brand": brand,
        "brand-strong": _mixed(brand, _BLACK, 0.3),
        "fill": chosen,
        "fill-strong": _mixed(chosen, away, 0.2),
        "on-fill": on_chosen,
        "bubble": chosen,
        "on-bubble": on_chosen,
        "focus": brand,
    }

    paper, surface = (read_colour(DARK[name]) for name in ("paper", "surface"))
    tint = _mixed(surface, chosen, 0.12)
    brand = _until(chosen, _WHITE, (paper, surface, tint), aim=6.5)
    # Large grounds of a bright colour dazzle at night: the question's is darkened, the button small.
    bubble = _until(_until(chosen, _BLACK, (_WHITE,), aim=7), _WHITE, (paper,), aim=1.7)
    dark = {
        "tint": tint,
        "tint-edge": _mixed(surface, brand, 0.25),
        "brand": brand,
        "brand-strong": _mixed(brand, _WHITE, 0.4),
        "fill": brand,
        "fill-strong": _mixed(brand, _WHITE, 0.4),
        "on-fill": _BLACK,
        "bubble": bubble,
        "on-bubble": _WHITE,
        "focus": brand,
    }
    return (
        {name: written(part) for name, part in light.items()},
        {name: written(part) for name, part in dark.items()},
    )


def _properties(palette: dict[str, str]) -> str:
    return " ".join(f"--{name}: {value};" for name, value in palette.items())


def _luminance(colour: Colour) -> float:
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in colour
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _mixed(one: Colour, other: Colour, share: float) -> Colour:
    """`one` with a `share` of `other`."""
    red, green, blue = (a + (b - a) * share for a, b in zip(one, other, strict=True))
    return red, green, blue


def _readable_on(ground: Colour) -> Colour:
    """White where it can be read on `ground`, else black: one of the two always has 4.58 to 1."""
    return _WHITE if contrast(_WHITE, ground) >= AA else _BLACK


def _until(
    colour: Colour, towards: Colour, grounds: tuple[Colour, ...], aim: float = _AIM
) -> Colour:
    """`colour`, darker or lighter (`towards` black or white) until its contrast with all `grounds` is `aim`.

    It keeps its hue; mixed with white, blue would turn grey.
    """
    hue, lightness, saturation = colorsys.rgb_to_hls(*colour)
    for step in range(_STEPS + 1):
        share = step / _STEPS
        goal = lightness * (1 - share) + (share if towards == _WHITE else 0)
        faded = saturation * (1 - 0.25 * share)  # a light colour at full saturation is shrill
        moved = colour if step == 0 else colorsys.hls_to_rgb(hue, goal, faded)
        if min(contrast(moved, ground) for ground in grounds) >= aim:
            return moved
    return towards
