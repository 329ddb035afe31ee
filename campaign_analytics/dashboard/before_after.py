"""How many offers of each category qualify before and after, as bars."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Final

from campaign_analytics.assess.outcomes import PRE_QUALIFIED
from campaign_analytics.words import say

if TYPE_CHECKING:
    from campaign_analytics.simulate.standing import Standing

MOST: Final = 20  # categories
_WIDTH = 300  # pixels of the longest bar


def before_after(standing: Standing, groups: list[int], lang: str) -> str:
    """One row a category, in the order of ``groups``: the bar of before, hollow, over that of now, filled."""
    before, now = (held[:, PRE_QUALIFIED].tolist() for held in (standing.before, standing.now))
    longest = max([1, *before, *now])
    rows = "".join(_row(standing, i, before[i], now[i], longest, lang) for i in groups[:MOST])
    left = len(groups) - MOST
    more = escape(say("board_others", lang, count=left)) if left > 0 else ""
    keys = ("board_category", "board_bars", "board_before", "board_after", "board_change_row")
    sides = ("left", "left", "", "", "")
    named = zip(sides, keys, strict=True)
    head = "".join(f'<th scope="col" class="{side}">{escape(say(key, lang))}</th>' for side, key in named)
    widths = "".join(f'<col style="width:{width}px">' for width in (150, _WIDTH + 20, 90, 90, 110))
    return (
        f'<table style="width:auto"><colgroup>{widths}</colgroup><tr class="under">{head}</tr>{rows}</table>'
        f'<div class="foot">{more}</div>'
    )


def _row(standing: Standing, group: int, before: int, now: int, longest: int, lang: str) -> str:
    name = escape(standing.groups[group] or say("no_name", lang))
    bars = "".join(
        f'<rect class="{kind}" x="0" y="{y}" width="{_WIDTH * count / longest:.1f}" height="{height}"/>'
        for kind, y, height, count in (("bar-now", 3, 11, now), ("bar-was", 1, 15, before))
    )
    change = now - before
    kind = "good" if change > 0 else "bad" if change < 0 else "quiet"
    told = f"▲ +{change:,}" if change > 0 else f"▼ −{-change:,}" if change < 0 else "0"
    return (
        f'<tr><td class="cut" title="{name}">{name}</td>'
        f'<td class="left"><svg width="{_WIDTH + 10}" height="17">{bars}</svg></td>'
        f'<td>{before:,}</td><td>{now:,}</td><td class="{kind}">{told}</td></tr>'
    )
