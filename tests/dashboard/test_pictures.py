"""The pictures of a dashboard: their numbers are the core's, and nothing in them runs."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

from campaign_analytics.assess import Assessment
from campaign_analytics.charts.labels import rule_names
from campaign_analytics.dashboard.curve import curve
from campaign_analytics.dashboard.headline import headline
from campaign_analytics.dashboard.heat import MOST, heat, ordered_groups, ordered_rules
from campaign_analytics.dashboard.sliders import controls
from campaign_analytics.dashboard.style import inlined, sheet
from campaign_analytics.simulate.standing import Standing
from campaign_analytics.simulate.what_if import WhatIf


@pytest.fixture(scope="module")
def standing(spring: Assessment) -> Standing:
    return WhatIf(spring).set(min_growth_score=40, max_moq=1).standing("category")


def table(spring: Assessment, standing: Standing, *in_hand: str) -> list[list[str]]:
    """The rows of the heat table, cell by cell, without markup."""
    rules = ordered_rules(standing, in_hand)
    markup = heat(standing, ordered_groups(standing), rules, in_hand, rule_names(spring, "en"), "en")
    rows = re.findall(r"<tr.*?</tr>", markup)
    return [[re.sub(r"<[^>]*>", "", cell) for cell in re.findall(r"<t[hd].*?</t[hd]>", row)] for row in rows]


def test_the_headline_tells_the_sums(standing: Standing) -> None:
    found = dict(re.findall(r'data-number="(\w+)" data-value="(-?\d+)"', headline(standing, "en")))
    now, before = standing.now.sum(axis=0), standing.before.sum(axis=0)
    assert found == {
        "qualifying": str(now[0]),
        "baseline": str(before[0]),
        "change": str(now[0] - before[0]),
        "gained": str(standing.gained.sum()),
        "lost": str(standing.lost.sum()),
        "undetermined": str(now[2]),
        "merchants": str(standing.merchants[0]),
    }
    assert now[0] - before[0] == standing.gained.sum() - standing.lost.sum()


def test_a_change_has_a_sign_and_an_arrow_whatever_its_colour(standing: Standing) -> None:
    fewer = replace(standing, now=standing.before - np.array([3, -3, 0]), lost=standing.lost + 3)
    assert "▼ −" in headline(fewer, "en")
    assert "▲ +" in headline(replace(standing, now=standing.before + np.array([3, -3, 0])), "en")
    assert "± 0" in headline(replace(standing, now=standing.before), "zh")


def test_changes_of_large_markets_fit_their_columns(spring: Assessment, standing: Standing) -> None:
    large = replace(standing, now=standing.now * 1_000, before=standing.before * 1_000)
    counts, changes = table(spring, large)[1:3]
    assert any(abs(int(n)) >= 10_000 for n in (large.now - large.before)[:, 0])
    assert max(map(len, [*counts[1:], *changes[1:]])) <= len("99,999")


def test_the_table_shows_what_matters_and_counts_the_rest(spring: Assessment, standing: Standing) -> None:
    rows = table(spring, standing)
    names, counts = rows[0], rows[1]
    assert len(names) == 2 + MOST
    assert names[-1] == f"{len(standing.groups) - MOST + 1} more"
    assert counts[1] == f"{standing.now[:, 0].sum():,}"
    first = ordered_groups(standing)[0]
    assert counts[2] == f"{standing.now[first, 0]:,}"
    assert sum(int(cell.replace(",", "")) for cell in counts[2:]) == standing.now[:, 0].sum()


def test_a_cell_is_the_share_of_the_category_that_misses_the_rule(spring: Assessment, standing: Standing) -> None:
    rows = {row[0]: row for row in table(spring, standing)}
    place = standing.rules.index("minimum_order")
    first = ordered_groups(standing)[0]
    share = round(100 * standing.fails[place, first] / standing.totals[first])
    assert rows["Minimum order quantity"][2].split("?")[0] == str(share)


def test_the_rule_in_hand_stands_first_and_is_marked(spring: Assessment, standing: Standing) -> None:
    assert table(spring, standing, "deposit")[3][0] == "▸ Buyer protection deposit"


def test_rules_are_ordered_by_how_many_miss_them(standing: Standing) -> None:
    missed = dict(zip(standing.rules, standing.fails.sum(axis=1), strict=True))
    ordered = [int(missed[rule]) for rule in ordered_rules(standing, ())]
    assert ordered == sorted(ordered, reverse=True)


def test_the_curve_marks_where_the_slider_stands_and_where_it_stood(spring: Assessment) -> None:
    control = next(each for each in controls(spring.book, "en") if each.name == "min_growth_score")
    hand = WhatIf(spring).hand("min_growth_score", "category")
    assert hand is not None
    counts = hand.curve.sum(axis=0)
    markup = curve(control, counts, 40, "en")
    assert f"≥ 40 points: {counts[40, 0]:,}" in markup
    assert "at first 60 points" in markup
    assert markup.count('class="was"') == markup.count('class="here"') == 1
    assert 'class="here"' not in curve(control, counts, -1, "en")
    assert "svg" not in curve(control, None, 3, "en")


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.attributes: list[tuple[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += attrs


def test_a_picture_without_its_style_sheet_has_every_style_inside(standing: Standing) -> None:
    tags = _Tags()
    tags.feed(inlined(headline(standing, "en")))
    assert not [value for name, value in tags.attributes if name == "class"]
    styles = [value or "" for name, value in tags.attributes if name == "style"]
    assert styles
    assert not any("var(" in style or '"' in style for style in styles)


def test_the_sheet_reads_on_dark_and_on_light() -> None:
    assert "[data-jp-theme-light=false]" in sheet()
    assert "--jp-ui-font-color1" in sheet()
    assert "http" not in sheet().replace("http://www.w3.org/2000/svg", "")  # a name, which nothing asks for
