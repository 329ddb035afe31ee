"""Chinese and Latin glyphs on any machine, inside our own pictures alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from itertools import combinations, pairwise
from typing import Any, Final

import matplotlib as mpl
import pylopdf_fonts_zh_cn
from matplotlib import font_manager
from matplotlib.ft2font import LoadFlags

#: Looked up glyph by glyph in this order: marks such as ✗ stand only in the first, Chinese only in the second.
FAMILY: Final = ["DejaVu Sans", "Noto Sans SC"]
_SETTINGS: Final[dict[Any, Any]] = {
    "font.family": FAMILY,
    "font.weight": "normal",
    "axes.unicode_minus": False,
    "figure.autolayout": False,
    "figure.constrained_layout.use": False,
    "text.usetex": False,
    "text.parse_math": False,  # a category called "A$B$" is a name, not a formula
    "hatch.linewidth": 1.0,
}


@cache
def _register() -> None:
    font_manager.fontManager.addfont(str(pylopdf_fonts_zh_cn.sans_path()))


@contextmanager
def typeface() -> Iterator[None]:
    """Our fonts while the block runs; the user's own matplotlib settings are back afterwards."""
    _register()
    with mpl.rc_context(_SETTINGS):
        yield


@cache
def files() -> tuple[str, ...]:
    """The font files behind ``FAMILY``."""
    _register()
    return tuple(font_manager.findfont(family, fallback_to_default=False) for family in FAMILY)


@cache
def _glyphs() -> dict[int, str]:
    """The font file that each character is drawn from, by code point."""
    return {code: file for file in reversed(files()) for code in font_manager.get_font(file).get_charmap()}


@cache
def _advance(character: str) -> float:
    """How far a character moves the pen, in sizes of the font."""
    font = font_manager.get_font(_glyphs().get(ord(character), files()[0]))
    font.set_size(1000, 72)
    return float(font.load_char(ord(character), flags=LoadFlags.NO_HINTING).linearHoriAdvance) / 65536 / 1000


def drawable(text: str) -> str:
    """``text`` on one line, with □ for each character that neither font holds (an emoji in a category, say)."""
    return "".join(c if ord(c) in _glyphs() else "□" for c in " ".join(text.split()))


def width(text: str, size: float) -> float:
    """How wide ``text`` is drawn at ``size`` points, in inches."""
    return sum(map(_advance, text)) * size / 72


# A line may break at a space and beside a Chinese character, but not before what closes, after what opens, nor within
# a clause number such as 四.9a.
_CHINESE = "\u2e80-\u2fff\u3005-\u3007\u3021-\u9fff\uf900-\ufaff"  # without punctuation
_PIECES = re.compile(
    rf"\s+|[（「《“(]*[{_CHINESE}](?:[，。、；：？！）」》”％%),;:]|\.?[0-9a-z]+)*|[^\s{_CHINESE}（「《]+|."
)


def wrap(text: str, room: float, size: float, most: int | None = None) -> list[str]:
    """Lines of ``text`` no wider than ``room`` inches at ``size`` points; past ``most`` lines the last ends in "…"."""
    lines = [""]
    for piece in _PIECES.findall(drawable(text)):
        if not lines[-1] or width((lines[-1] + piece).rstrip(), size) <= room:
            lines[-1] += piece
        else:
            lines.append(piece.lstrip())
        while width(lines[-1].rstrip(), size) > room and len(lines[-1]) > 1:  # one word wider than the line
            fits = next(n for n in range(len(lines[-1]) - 1, 0, -1) if n == 1 or width(lines[-1][:n], size) <= room)
            lines[-1:] = [lines[-1][:fits], lines[-1][fits:]]
    lines = [line.rstrip() for line in lines]
    if most is None or len(lines) <= most:
        return lines
    last = lines[most - 1]
    while last and width(last + "…", size) > room:
        last = last[:-1]
    return [*lines[: most - 1], last + "…"]


def balance(text: str, room: float, size: float, most: int) -> list[str]:
    """As `wrap`, in as many lines, but of about one length: 家居 / 百货, not 家居百 / 货."""
    lines = wrap(text, room, size, most)
    pieces = _PIECES.findall(drawable(text))
    if len(pieces) > 20:
        return lines
    cuts = combinations(range(1, len(pieces)), len(lines) - 1)
    ways = [["".join(pieces[i:j]).strip() for i, j in pairwise((0, *cut, len(pieces)))] for cut in cuts]
    fitting = [way for way in ways if all(width(line, size) <= room for line in way)]
    return min(fitting, key=lambda way: sum(width(line, size) ** 2 for line in way), default=lines)
