"""Which category misses which rule, and what each gains: rules down, categories across, in a table of fixed height."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Final

import numpy as np

from campaign_analytics.assess.outcomes import PRE_QUALIFIED
from campaign_analytics.charts.labels import share, short
from campaign_analytics.dashboard.style import SHADES
from campaign_analytics.words import say

if TYPE_CHECKING:
    from campaign_analytics.market.schema import Array
    from campaign_analytics.simulate.standing import Standing

MOST: Final = 12  # columns beside the one of all offers; rows of rules

_NAME_WIDTH, _ALL_WIDTH, _WIDTH = 202, 46, 700  # pixels
_ROOM = 236  # pixels for rows of rules below flat names; upright ones take 38 more
_ROW, _TWO_LINES = 17, 23
_LATIN, _WIDE = 5.9, 11.0  # width of a character at 11 pixels


def ordered_rules(standing: Standing, first: Iterable[str]) -> tuple[str, ...]:
    """Rules that anybody misses or leaves open, those missed by most first; before them those in ``first``."""
    missed = dict(zip(standing.rules, standing.fails.sum(axis=1).tolist(), strict=True))
    unsure = dict(zip(standing.rules, standing.unknowns.sum(axis=1).tolist(), strict=True))
    mine = [rule for rule in first if rule in missed]
    rest = [rule for rule in standing.rules if rule not in mine and missed[rule] + unsure[rule] > 0]
    return (*mine, *sorted(rest, key=lambda rule: (-missed[rule], -unsure[rule])))


def ordered_groups(standing: Standing) -> tuple[int, ...]:
    """Places of the groups, those with most offers that do not qualify at the baseline first."""
    out = standing.totals - standing.before[:, PRE_QUALIFIED]
    return tuple(np.argsort(-out, kind="stable").tolist())


def heat(
    standing: Standing,
    groups: Sequence[int],
    rules: Sequence[str],
    in_hand: Sequence[str],
    labels: Mapping[str, str],
    lang: str,
) -> str:
    """The table of ``rules`` by ``groups``, both in the order given; rules that are not in force are left out."""
    title = _title(lang)
    if not standing.totals.sum():
        return f'<div class="heat">{title}<p class="quiet">{escape(say("board_no_offers", lang))}</p></div>'
    columns = _columns(groups)
    names = _names(standing, groups, columns, lang)
    place = {rule: i for i, rule in enumerate(standing.rules)}
    rules = [rule for rule in rules if rule in place]
    named = {rule: f"{'▸ ' if rule in in_hand else ''}{labels[rule]}" for rule in rules}
    head, room = _head(names)
    shown = _fitting(named, room)
    held = [place[rule] for rule in shown]
    belongs = _belongs(columns, len(standing.groups))
    totals, fails, unknowns = (
        counts @ belongs for counts in (standing.totals, standing.fails[held], standing.unknowns[held])
    )
    rows = [_rule_row(named[rule], fails[i], unknowns[i], totals, rule in in_hand) for i, rule in enumerate(shown)]
    good, before = (counts[:, PRE_QUALIFIED] @ belongs for counts in (standing.now, standing.before))
    change = good - before
    widths = f'<col style="width:{_NAME_WIDTH}px"><col style="width:{_ALL_WIDTH}px">' + "<col>" * (len(names) - 1)
    left = len(rules) - len(shown)
    more = "" if rules else say("board_nothing_missed", lang)
    more = say("board_more_rules", lang, count=left) if left else more
    notes = " · ".join(part for part in (more, say("board_quotas", lang), say("board_tick", lang)) if part)
    return (
        f'<div class="heat">{title}<table><colgroup>{widths}</colgroup>{head}'
        f"{_counts_row(say('board_qualify_row', lang), [short(n, lang) for n in good.tolist()])}"
        f"{_change_row(say('board_change_row', lang), change, lang)}"
        f'{"".join(rows)}</table><div class="foot">{escape(notes)}</div></div>'
    )


# ---- columns


def _columns(groups: Sequence[int]) -> list[list[int]]:
    """The groups behind every column: all, then one each, the last ones together where there are too many."""
    if len(groups) <= MOST:
        return [list(groups), *([each] for each in groups)]
    return [list(groups), *([each] for each in groups[: MOST - 1]), list(groups[MOST - 1 :])]


def _belongs(columns: Sequence[Sequence[int]], groups: int) -> Array:
    """(groups, columns) int64: 1 where a group is part of a column."""
    found = np.zeros((groups, len(columns)), np.int64)
    for i, column in enumerate(columns):
        found[column, i] = 1
    return found


def _names(standing: Standing, groups: Sequence[int], columns: Sequence[Sequence[int]], lang: str) -> list[str]:
    names = [standing.groups[column[0]] or say("no_name", lang) for column in columns[1:]]
    if len(groups) > MOST:
        names[-1] = say("board_others", lang, count=len(columns[-1]))
    return [say("board_all", lang), *names]


def _head(names: Sequence[str]) -> tuple[str, int]:
    """The row of names, and how many pixels are left for rules: names that are too long for their column stand
    upright."""
    width = (_WIDTH - _NAME_WIDTH - _ALL_WIDTH) / max(len(names) - 1, 1) - 5
    flat = all(_lines(name, width) <= 3 and _longest_word(name) <= width for name in names[1:])
    latin = all(unicodedata.east_asian_width(character) not in "WF" for name in names[1:] for character in name)
    kind = "upright turned" if latin else "upright"
    shown = [escape(names[0])]
    shown += [escape(name) if flat else f'<span class="{kind}">{escape(name)}</span>' for name in names[1:]]
    cells = "".join(f'<th scope="col" class="names">{name}</th>' for name in shown)
    return f'<tr class="under"><th class="names"></th>{cells}</tr>', _ROOM if flat else _ROOM - 38


def _lines(text: str, width: float) -> int:
    return math.ceil(_wide(text) / max(width, 1))


def _wide(text: str) -> float:
    return sum(_WIDE if unicodedata.east_asian_width(character) in "WF" else _LATIN for character in text)


def _longest_word(text: str) -> float:
    """The widest run of characters between which a line does not break."""
    return max((_wide(word) for word in re.findall(r"[\x21-\u2e7f]+", text)), default=0)


# ---- rows


def _fitting(labels: Mapping[str, str], room: int) -> list[str]:
    """The first rules whose rows fit; a name may take two lines."""
    shown: list[str] = []
    for rule, label in labels.items():
        room -= _ROW if _lines(label, _NAME_WIDTH - 8) == 1 else _TWO_LINES
        if room < 0 or len(shown) == MOST:
            break
        shown.append(rule)
    return shown


def _rule_row(name: str, fails: Array, unknowns: Array, totals: Array, in_hand: bool) -> str:
    counts = zip(fails.tolist(), unknowns.tolist(), totals.tolist(), strict=True)
    cells = "".join(_cell(*each) for each in counts)
    return f'<tr><th scope="row" class="rule{" in-hand" if in_hand else ""}">{escape(name)}</th>{cells}</tr>'


def _cell(fails: int, unknown: int, total: int) -> str:
    """The share that fails; beside a small "?" the share that cannot be decided, where it is one percent or more."""
    if not total:
        return "<td>–</td>"
    step = max(1, round((SHADES - 1) * fails / total)) if fails else 0
    open_ = f"<i>?{_percent(unknown, total)}</i>" if 100 * unknown >= total else ""
    number = _percent(fails, total) if fails or not open_ else ""
    return f"<td class=h{step}>{number}{open_}</td>" if step else f"<td>{number}{open_}</td>"


def _percent(part: int, whole: int) -> str:
    return escape(share(part, whole).removesuffix("%"))


def _counts_row(name: str, cells: Iterable[str]) -> str:
    shown = "".join(f"<td>{cell}</td>" for cell in cells)
    return f'<tr><th scope="row" class="rule strong">{escape(name)}</th>{shown}</tr>'


def _change_row(name: str, change: Array, lang: str) -> str:
    shown = "".join(
        f"<td class={'good' if n > 0 else 'bad'}>{'+' if n > 0 else '−'}{short(abs(n), lang, digits=4)}</td>"
        if n
        else '<td class="quiet">0</td>'
        for n in change.tolist()
    )
    return f'<tr class="under"><th scope="row" class="rule strong">{escape(name)}</th>{shown}</tr>'


def _title(lang: str) -> str:
    heading, unit = (escape(say(key, lang)) for key in ("board_heat", "board_heat_unit"))
    return f'<div class="title">{heading} <span class="aside">{unit}</span></div>'
