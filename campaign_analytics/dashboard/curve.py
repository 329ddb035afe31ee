"""The curve of the slider in hand: how many offers qualify at every place of it, with all else as it stands."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from campaign_analytics.assess.outcomes import PRE_QUALIFIED, UNDETERMINED
from campaign_analytics.charts.labels import short
from campaign_analytics.words import say

if TYPE_CHECKING:
    from campaign_analytics.dashboard.sliders import Control
    from campaign_analytics.market.schema import Array

_WIDTH, _HEIGHT = 262, 146
_LEFT, _RIGHT, _TOP, _FOOT = 38, 8, 16, 34  # pixels around the plot


def curve(control: Control | None, counts: Array | None, place: int, lang: str) -> str:
    """``counts`` (places, 3) int64 offers by verdict at every place; ``place`` is the present one, below 0 for none."""
    if control is None:
        return _without_plot(say("board_curve_none", lang), "")
    title = say("board_curve", lang, what=control.label)
    if counts is None:
        return _without_plot(title, say("board_curve_flat", lang))
    good = counts[:, PRE_QUALIFIED]
    may = good + counts[:, UNDETERMINED]
    plot = _Plot(len(good), max(int(may.max()), 1))
    parts = [plot.frame(control, lang)]
    if (may != good).any():
        parts.append(f'<polyline class="may" points="{plot.points(may.tolist())}"/>')
    parts.append(f'<polyline class="line" points="{plot.points(good.tolist())}"/>')
    base = control.base
    if isinstance(base, int) and base >= 0:
        parts.append(plot.upright("was", base))
    if place >= 0:
        x, y = plot.x(place), plot.y(int(good[place]))
        told = f"{control.sign} {control.texts[place]}: {int(good[place]):,}".strip()
        parts.append(plot.upright("here", place))
        parts.append(f'<circle class="dot" cx="{x}" cy="{y}" r="3.5"/>')
        parts.append(plot.label("now", told, x, _TOP - 5))
    note = say("board_curve_may", lang) if (may != good).any() else ""
    svg = f'<svg width="{_WIDTH}" height="{_HEIGHT}" role="img" aria-label="{escape(title)}">{"".join(parts)}</svg>'
    return f'<div class="curve">{_title(title)}{svg}<div class="foot">{escape(note)}</div></div>'


def _without_plot(title: str, note: str) -> str:
    return f'<div class="curve">{_title(title)}<div class="foot">{escape(note)}</div></div>'


def _title(words: str) -> str:
    return f'<div class="title long">{escape(words)}</div>'


class _Plot:
    """Places along the bottom, evenly; offers upwards from 0."""

    def __init__(self, places: int, most: int) -> None:
        self.places, self.most = places, most
        self._across = (_WIDTH - _LEFT - _RIGHT) / max(places - 1, 1)

    def x(self, place: int) -> float:
        return round(_LEFT + self._across * place, 1)

    def y(self, count: int) -> float:
        return round(_HEIGHT - _FOOT - (_HEIGHT - _FOOT - _TOP) * count / self.most, 1)

    def points(self, counts: list[int]) -> str:
        """The line through all places, without those that lie on a level stretch of it."""
        heights = [round(self.y(count)) for count in counts]
        beside = zip([None, *heights], heights, [*heights[1:], None], strict=False)
        ends = [i for i, (before, here, after) in enumerate(beside) if not before == here == after]
        return " ".join(f"{self.x(i):g},{heights[i]}" for i in ends)

    def upright(self, kind: str, place: int) -> str:
        x = self.x(place)
        return f'<path class="{kind}" d="M{x:g} {_TOP}V{_HEIGHT - _FOOT}"/>'

    def label(self, kind: str, text: str, x: float, y: float) -> str:
        """Words that stay inside the picture wherever their place is."""
        side = "end" if x > _WIDTH * 0.66 else "middle" if x > _WIDTH * 0.33 else ""
        x = min(x, _WIDTH - 2) if side == "end" else x
        return f'<text class="{kind} {side}" x="{x:g}" y="{y:g}">{escape(text)}</text>'

    def frame(self, control: Control, lang: str) -> str:
        bottom = _HEIGHT - _FOOT
        ends = (control.texts[0], control.texts[-1])
        first = say("board_first", lang, value=control.base_text)
        parts = [
            f'<path class="axis" d="M{_LEFT} {_TOP}V{bottom}H{_WIDTH - _RIGHT}"/>',
            f'<text class="tick end" x="{_LEFT - 4}" y="{_TOP + 8}">{short(self.most, lang)}</text>',
            f'<text class="tick end" x="{_LEFT - 4}" y="{bottom}">0</text>',
            f'<text class="tick" x="{_LEFT}" y="{bottom + 12}">{escape(ends[0])}</text>',
            f'<text class="tick end" x="{_WIDTH - _RIGHT}" y="{bottom + 12}">{escape(ends[1])}</text>',
        ]
        base = control.base
        x = self.x(base) if isinstance(base, int) and base >= 0 else _WIDTH / 2
        parts.append(self.label("tick", first, x, bottom + 25))
        return "".join(parts)
