"""Which group of offers misses which rule: shares in cells, what matters first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from campaign_analytics.charts.figure import BODY, Chart
from campaign_analytics.charts.grid import HIGH, Column, Row, Text, draw_grid
from campaign_analytics.charts.labels import foot, listed, rule_names, share
from campaign_analytics.charts.palette import FAINT, INK, UNKNOWN, shade
from campaign_analytics.words import say

if TYPE_CHECKING:
    from campaign_analytics.assess.assessment import Assessment

MOST_GROUPS, MOST_RULES = 12, 12
_LEVELS = ("offers", "merchants")


@dataclass(frozen=True)
class Rule:
    """What a chart says of a rule: its clause and name, what it judges, whether all of it could be computed."""

    clause: str
    name: str
    level: str  # "offers" or "merchants"
    computed: bool = True


@dataclass(frozen=True)
class Group:
    """One column: a group of offers, its size, and how many of them each rule fails or leaves undecided."""

    name: str
    offers: int
    fail: dict[str, int]
    unknown: dict[str, int]


@dataclass(frozen=True)
class Grid:
    """What is drawn: rules and groups, most misses first; and the rules that are not, by why."""

    everyone: Group
    groups: Sequence[Group]
    others: Group | None  # the groups that found no room, summed
    rules: Sequence[str]
    fewer: Sequence[str]  # rules with misses that found no room
    clear: Sequence[str]  # rules that nobody misses and all of which are decided


def miss_heatmap(assessment: Assessment, by: str = "category", lang: str = "en") -> Chart:
    """The share of each group's offers that miss each rule, certain misses and undecided ones apart.

    At most 12 rules and 12 groups are drawn, those with most misses: the other groups are summed in one column, the
    other rules named below.
    """
    book = assessment.book
    rules = {
        rule: Rule(book.rules[rule].clause[0], name, book.level(rule), rule not in assessment.not_computed)
        for rule, name in rule_names(assessment, lang).items()
    }
    misses = assessment.misses(by=by).rename(columns={by: "group"})
    return draw(arrange(misses, rules, lang), rules, foot(assessment, lang), lang)


def arrange(misses: pd.DataFrame, rules: Mapping[str, Rule], lang: str) -> Grid:
    """Choose and order. ``misses``: a row a group and rule: group ("" = missing), rule, fail, unknown, offers in it."""
    groups: dict[str, Group] = {}
    columns = (misses[name].tolist() for name in ("group", "rule", "fail", "unknown", "offers"))
    for group, rule, fail, unknown, offers in zip(*columns, strict=True):
        if rule not in rules:
            continue
        name = str(group) or say("no_name", lang)
        counted = groups.setdefault(name, Group(name, offers, dict.fromkeys(rules, 0), dict.fromkeys(rules, 0)))
        counted.fail[rule], counted.unknown[rule] = fail, unknown

    def gathered(name: str, members: Sequence[Group]) -> Group:
        fail = {rule: sum(group.fail[rule] for group in members) for rule in rules}
        unknown = {rule: sum(group.unknown[rule] for group in members) for rule in rules}
        return Group(name, sum(group.offers for group in members), fail, unknown)

    def misses_most(group: Group) -> tuple[int, int, str]:
        return -sum(group.fail[rule] for rule in rules), -group.offers, group.name

    ordered = sorted(groups.values(), key=misses_most)
    alone = ordered if len(ordered) <= MOST_GROUPS else ordered[: MOST_GROUPS - 1]
    rest = ordered[len(alone) :]
    others = gathered(say("heatmap_other_groups", lang, count=len(rest)), rest) if rest else None
    everyone = gathered(say("all_offers", lang), ordered)
    missed = [rule for rule in rules if everyone.fail[rule] or (everyone.unknown[rule] and rules[rule].computed)]
    missed.sort(key=lambda rule: (-everyone.fail[rule], -everyone.unknown[rule]))
    clear = [rule for rule in rules if rules[rule].computed and rule not in missed]
    return Grid(everyone, alone, others, missed[:MOST_RULES], missed[MOST_RULES:], clear)


def draw(grid: Grid, rules: Mapping[str, Rule], notes: Sequence[str], lang: str) -> Chart:
    """The grid as a page: rules in rows, offer rules before merchant rules; all offers, then groups in columns."""
    columns = [grid.everyone, *grid.groups, *([grid.others] if grid.others else [])]
    blocks = [
        (
            say(f"{level}_rules", lang),
            [Row(rule, rules[rule].clause, rules[rule].name) for rule in grid.rules if rules[rule].level == level],
        )
        for level in _LEVELS
    ]
    full = max(
        (group.fail[rule] / group.offers for group in columns for rule in grid.rules if group.offers), default=0.0
    )

    def cell(chart: Chart, x: float, y: float, wide: float, rule: str, place: int) -> None:
        _cell(chart, x, y, wide, columns[place], rule, rules[rule].computed, full)

    subtitle = say("heatmap_subtitle", lang, offers=grid.everyone.offers)
    text = Text(_title(grid, rules, lang), subtitle, [*_left_out(grid, rules, lang), *notes])
    return draw_grid(text, [Column(group.name, group.offers) for group in columns], blocks, cell, lang)


def _title(grid: Grid, rules: Mapping[str, Rule], lang: str) -> str:
    worst = max(
        ((group, rule) for group in grid.groups for rule in grid.rules), key=lambda at: at[0].fail[at[1]], default=None
    )
    if worst is None or not worst[0].fail[worst[1]]:
        return say("heatmap_title_none", lang)
    group, rule = worst
    fail = group.fail[rule]
    return say(
        "heatmap_title", lang,
        group=group.name, rule=rules[rule].name, fail=fail, offers=group.offers, share=share(fail, group.offers),
    )  # fmt: skip


def _left_out(grid: Grid, rules: Mapping[str, Rule], lang: str) -> list[str]:
    total = grid.everyone
    notes = []
    if grid.fewer:
        fewer = [
            f"{rules[rule].name} {share(total.fail[rule], total.offers)}"
            if total.fail[rule]
            else f"{rules[rule].name} {UNKNOWN.mark} {share(total.unknown[rule], total.offers)}"
            for rule in grid.fewer
        ]
        notes.append(say("heatmap_other_rules", lang, count=len(fewer), rules=listed(fewer, lang)))
    if grid.clear:
        notes.append(say("heatmap_no_miss", lang, rules=listed((rules[rule].name for rule in grid.clear), lang)))
    if not all(rules[rule].computed for rule in grid.rules):
        notes.append(say("heatmap_partly", lang))
    return notes


def _cell(chart: Chart, x: float, y: float, wide: float, group: Group, rule: str, computed: bool, full: float) -> None:
    fail, unknown = group.fail[rule], group.unknown[rule]
    portion = fail / group.offers if group.offers else 0.0
    chart.box(x + 0.015, y + 0.015, wide - 0.03, HIGH - 0.03, shade(portion, full))
    chart.write(
        x + wide / 2, y + HIGH * (0.34 if unknown else 0.5),
        ("" if computed else "≥") + share(fail, group.offers) if fail or computed else "·",
        BODY, INK if fail else FAINT, "center",
    )  # fmt: skip
    if unknown:
        chart.write(x + wide / 2, y + HIGH * 0.76, f"{UNKNOWN.mark} {share(unknown, group.offers)}", 7, INK, "center")
