"""The line of large numbers at the top of a dashboard."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from campaign_analytics.assess.outcomes import PRE_QUALIFIED, UNDETERMINED
from campaign_analytics.charts.labels import share
from campaign_analytics.words import say

if TYPE_CHECKING:
    from campaign_analytics.simulate.standing import Standing


def headline(standing: Standing, lang: str) -> str:
    """How many offers qualify now, the change, who came in and dropped out, who is undecided, and the merchants."""
    now, before, offers = standing.now.sum(axis=0), standing.before.sum(axis=0), int(standing.totals.sum())
    good, first = int(now[PRE_QUALIFIED]), int(before[PRE_QUALIFIED])
    gained, lost = int(standing.gained.sum()), int(standing.lost.sum())
    open_now, open_before = int(now[UNDETERMINED]), int(before[UNDETERMINED])
    shops, shops_before = (int(held[PRE_QUALIFIED]) for held in (standing.merchants, standing.merchants_before))
    merchants = int(standing.merchants.sum())
    of = {"merchants": merchants, "change": _compared(shops - shops_before, lang)}
    change = good - first
    points = 100 * change / offers if offers else 0.0
    against = say("board_change", lang, baseline="\0", points=points)
    was = _number("baseline", first, f"{first:,}")
    kind = "good" if change > 0 else "bad" if change < 0 else "quiet"
    tiles = [
        _tile(
            "big",
            _number("qualifying", good, f"{good:,}"),
            escape(say("board_qualifying", lang, share=share(good, offers, 1), offers=offers)),
        ),
        _tile(f"big {kind}", _number("change", change, signed(change)), escape(against).replace("\0", was)),
        _tile(
            "mid",
            f'<span class="good">{_number("gained", gained, f"✓ +{gained:,}")}</span> '
            f'<span class="bad">{_number("lost", lost, f"✗ −{lost:,}")}</span>',
            escape(f"{say('board_gained', lang)} · {say('board_lost', lang)}"),
        ),
        _tile(
            "mid unsure",
            _number("undetermined", open_now, f"? {open_now:,}"),
            escape(say("board_undetermined", lang, change=_compared(open_now - open_before, lang))),
        ),
        _tile(
            "mid",
            _number("merchants", shops, f"{shops:,}" if merchants else "–"),
            escape(say("board_merchants", lang, **of) if merchants else say("board_merchants_untold", lang)),
        ),
    ]
    return f'<div class="head">{"".join(tiles)}</div>'


def signed(change: int) -> str:
    """A change with an arrow beside its sign: never colour alone."""
    return f"▲ +{change:,}" if change > 0 else f"▼ −{-change:,}" if change < 0 else "± 0"


def _compared(change: int, lang: str) -> str:
    return f"{'+' if change > 0 else '−'}{abs(change):,}" if change else say("board_no_change", lang)


def _tile(kind: str, number: str, what: str) -> str:
    return f'<div class="tile"><span class="{kind}">{number}</span><span class="what">{what}</span></div>'


def _number(name: str, value: int, shown: str) -> str:
    return f'<span data-number="{name}" data-value="{value}">{shown}</span>'
