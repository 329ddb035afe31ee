"""How the pictures of a dashboard look: one table of styles, for a page with classes and for one without.

Live pictures name classes, so that a step is small and the page's theme, light or dark, gives the colours. Where
classes are lost (a notebook on a web page) ``inlined`` writes the same styles into every element, on white.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from campaign_analytics.charts.palette import (
    BLUE_TEXT,
    INK,
    LINE,
    ORANGE,
    ORANGE_TEXT,
    PAPER,
    QUIET,
    SKY,
    VERMILION,
    VERMILION_TEXT,
)
from campaign_analytics.report.typeface import STACK

#: Steps of a heat cell's colour, from nothing to all.
SHADES: Final = 15
_FULL = 0.7  # how much of the colour at the last shade: text of either theme stays readable on it

_INK = f"var(--jp-ui-font-color1,{INK})"
_QUIET = f"var(--jp-ui-font-color2,{QUIET})"
_LINE = f"var(--jp-border-color2,{LINE})"
_GOOD = f"var(--board-good,{BLUE_TEXT})"
_BAD = f"var(--board-bad,{VERMILION_TEXT})"
_UNSURE = f"var(--board-unsure,{ORANGE_TEXT})"
_MARK = f"var(--board-mark,{VERMILION})"

#: By tag, then by class; a later entry wins over an earlier one.
STYLES: Final[dict[str, str]] = {
    "table": "border-collapse:collapse;table-layout:fixed;width:100%;margin:0;font-size:11px;border:0",
    "tr": "background:none;border:0",
    "th": f"padding:0 2px;text-align:right;font-weight:400;color:{_QUIET};border:0;line-height:12px;white-space:normal",
    "td": "padding:0 3px;height:17px;line-height:17px;text-align:right;border:0;white-space:nowrap;overflow:hidden",
    "i": f"font-size:9px;font-style:normal;color:{_QUIET}",
    "svg": "display:block;overflow:visible",
    ".board": f"font-family:{STACK};font-size:12px;color:{_INK};font-variant-numeric:tabular-nums;line-height:1.3",
    ".head": "display:flex;justify-content:space-between;height:50px;overflow:hidden",
    ".tile": "padding-right:10px;white-space:nowrap",
    ".big": "font-size:23px;font-weight:700;line-height:29px;display:block",
    ".mid": "font-size:18px;font-weight:700;line-height:29px;display:block",
    ".what": f"font-size:11px;color:{_QUIET};line-height:14px;display:block",
    ".title": f"font-weight:700;font-size:12px;line-height:18px;height:18px;border-bottom:1px solid {_LINE}",
    ".aside": f"font-weight:400;font-size:11px;color:{_QUIET}",
    ".good": f"color:{_GOOD}",
    ".bad": f"color:{_BAD}",
    ".unsure": f"color:{_UNSURE}",
    ".quiet": f"color:{_QUIET}",
    ".left": "text-align:left",
    ".cut": "text-align:left;text-overflow:ellipsis",
    ".strong": f"font-weight:700;color:{_INK}",
    ".rule": "text-align:left;line-height:11px;white-space:normal;height:17px",
    ".names": "height:40px;vertical-align:bottom;overflow-wrap:anywhere;overflow:hidden;line-height:11.5px",
    ".upright": "writing-mode:vertical-rl;height:76px;width:100%;overflow:hidden;"
    "line-height:11.5px;text-align:left;overflow-wrap:anywhere;display:inline-block",
    ".turned": "transform:rotate(180deg)",
    ".under": f"border-bottom:1px solid {_LINE}",
    ".in-hand": f"font-weight:700;color:{_INK}",
    ".foot": f"font-size:10.5px;color:{_QUIET};line-height:14px;height:14px;overflow:hidden",
    ".long": "font-size:11.5px;line-height:14px;height:29px;overflow:hidden",
    ".below": "display:flex;gap:12px;height:190px;overflow:hidden",
    ".flips": "flex:1 1 0;min-width:0",
    ".curve": "flex:0 0 262px",
    ".line": f"fill:none;stroke:{_GOOD};stroke-width:2;stroke-linejoin:round",
    ".may": f"fill:none;stroke:{_UNSURE};stroke-width:1.2;stroke-dasharray:2 2",
    ".axis": f"fill:none;stroke:{_LINE};stroke-width:1",
    ".was": f"fill:none;stroke:{_QUIET};stroke-width:1;stroke-dasharray:4 3",
    ".here": f"fill:none;stroke:{_MARK};stroke-width:2",
    ".dot": f"fill:{_MARK};stroke:none",
    ".bar-now": f"fill:{_GOOD};stroke:none",
    ".bar-was": f"fill:none;stroke:{_QUIET};stroke-width:1",
    ".tick": f"font-size:10px;fill:{_QUIET}",
    ".now": f"font-size:11px;font-weight:700;fill:{_BAD}",
    ".end": "text-anchor:end",
    ".middle": "text-anchor:middle",
    **{f".h{i}": f"background:rgba(213,94,0,{_FULL * i / (SHADES - 1):.2f})" for i in range(1, SHADES)},
}

#: Of lists to choose from: the one that widgets bring is black in either theme.
_ARROW = (
    "url(\"data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 18 18'%3E"
    "%3Cpath fill='none' stroke='%23ddd' stroke-width='1.5' d='M5 7l4 4 4-4'/%3E%3C/svg%3E\")"
)
_DARK = {"good": SKY, "bad": "#FF9D5C", "unsure": ORANGE, "mark": "#FF9D5C"}
_TAG = re.compile(r"<([a-z]+)((?:\s[^<>]*?)?)(\s?/?)>")
_CLASS = re.compile(r"""\sclass=(?:"([^"]*)"|([^\s"'>]+))""")
_VARIABLE = re.compile(r"var\(--[\w-]+,\s*([^()]*)\)")


def sheet() -> str:
    """A style sheet for pictures inside an element of class ``board``."""
    rules = (f".board {name}{{{style}}}" for name, style in STYLES.items() if name != ".board")
    dark = "".join(f"--board-{name}:{colour};" for name, colour in _DARK.items())
    shelf = f".board-shelf,.board-shelf *{{font-family:{STACK}}}"
    shelf += lists_in_the_dark("board-shelf")
    return (
        f"{shelf}.board,.board-list{{{STYLES['.board']}}}[data-jp-theme-light=false] .board{{{dark}}}{''.join(rules)}"
    )


def lists_in_the_dark(name: str) -> str:
    """A style sheet by which lists inside an element of class ``name`` show their arrows in a dark theme."""
    return f"[data-jp-theme-light=false] .{name}{{--jp-widgets-dropdown-arrow:{_ARROW}}}"


def inlined(markup: str) -> str:
    """The same picture with every style inside its element and the colours of paper; no class is left.

    ``markup`` is ours: every text in it is escaped, so that a < always begins a tag.
    """
    return _TAG.sub(_with_style, markup)


def _with_style(tag: re.Match[str]) -> str:
    name, rest, end = tag[1], tag[2], tag[3]
    found = _CLASS.search(rest)
    kinds = (found[1] or found[2]).split() if found else []
    style = _style_of(name, tuple(kinds))
    rest = _CLASS.sub("", rest)
    return f'<{name}{rest} style="{style}"{end}>' if style else f"<{name}{rest}{end}>"


@lru_cache(maxsize=256)
def _style_of(tag: str, kinds: tuple[str, ...]) -> str:
    named = {tag, *(f".{kind}" for kind in kinds)}
    held = ";".join(style for name, style in STYLES.items() if name in named)
    if "board" in kinds:
        held += f";background:{PAPER};padding:8px;max-width:1100px"
    return _VARIABLE.sub(r"\1", held).replace('"', "'")
