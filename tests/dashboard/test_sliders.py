"""Controls are made from the rulebook: what they move, how they tell it, where they stand."""

from __future__ import annotations

import pytest

from campaign_analytics import load_rulebook
from campaign_analytics.dashboard.sliders import (
    AS_BEFORE,
    ELSEWHERE,
    RULES,
    Control,
    controls,
    in_force,
    section_name,
    sections,
    spelled,
)
from campaign_analytics.rulebook.book import Rulebook


@pytest.fixture(scope="module")
def spring() -> Rulebook:
    return load_rulebook("spring_2024", "corrected")


def named(book: Rulebook, lang: str = "en") -> dict[str, Control]:
    return {control.name: control for control in controls(book, lang)}


@pytest.mark.parametrize("name", ["spring_2024", "daily_deals"])
@pytest.mark.filterwarnings("ignore::campaign_analytics.RulebookWarning")
def test_every_place_of_every_control_is_a_value_that_the_rulebook_takes_back(name: str) -> None:
    book = load_rulebook(name)
    for control in controls(book, "en"):
        if control.name == RULES:
            continue
        for i in {0, len(control.values) // 2, len(control.values) - 1}:
            value = control.value([i] if control.kind == "set" else i)
            changed = book.put(control.name, spelled(book, control.name, value))
            assert in_force(changed, control.name) == value
            assert control.place(value) == ([i] if control.kind == "set" else i)


def test_values_are_told_as_people_write_them_with_their_unit(spring: Rulebook) -> None:
    held = named(spring)
    assert held["min_pickup_rate_48h"].texts[161] == "80.5%"
    assert held["min_deposit"].base_text == "3,000 CNY"
    assert held["min_trustpass_level"].base_text == "L2"
    assert held["max_moq"].texts[1] == "2 pieces"
    assert named(spring, "zh")["max_severe_ip_count"].base_text == "0 次"


def test_the_sign_says_how_columns_compare_with_the_threshold(spring: Rulebook) -> None:
    held = named(spring)
    signs = {name: held[name].sign for name in ("min_growth_score", "max_moq", "penalty_points_limit")}
    assert signs == {"min_growth_score": "≥", "max_moq": "≤", "penalty_points_limit": "<"}


def test_the_kind_of_control_follows_the_type(spring: Rulebook) -> None:
    held = named(spring)
    names = ("min_growth_score", "enforce_select_entry", "industry_scope", "industries", RULES)
    assert [held[name].kind for name in names] == ["slider", "flag", "choice", "set", "set"]


def test_a_threshold_that_is_not_set_stands_on_no_place(spring: Rulebook) -> None:
    control = named(spring)["min_stock"]
    assert (control.base, control.base_text) == (AS_BEFORE, "not set")
    assert control.place(17) == ELSEWHERE


def test_a_threshold_that_varies_tells_how_many_values_it_does_not_move() -> None:
    held = named(load_rulebook("daily_deals"))
    assert (held["min_sold"].base_text, held["min_sold"].note) == ("100 pieces", "2 set apart")
    assert (held["min_discount"].base, held["min_discount"].note) == (AS_BEFORE, "4 set apart")


def test_only_what_decides_has_a_control(spring: Rulebook) -> None:
    """Not the thresholds of warnings, of a rule that is off, or of what nothing computes."""
    held = named(spring)
    assert {"review_working_days", "lowest_price_days", "hold_from", "enrol_until"}.isdisjoint(held)


def test_the_first_panel_has_whole_rows_in_clause_order(spring: Rulebook) -> None:
    first, rest = sections(controls(spring, "en"), 22)
    assert len(first) + len({control.section for control in first}) <= 22
    assert [control.section for control in first] == sorted((c.section for c in first), key="二三四备注".index)
    assert all(control.kind == "slider" for control in first)
    fewer, more = sections(controls(spring, "en"), 7)
    assert (len(fewer), len(fewer) + len(more)) == (5, len(first) + len(rest))
    assert len({control.name for control in (*first, *rest)}) == len(first) + len(rest)


def test_a_section_says_whom_its_rules_are_about(spring: Rulebook) -> None:
    assert section_name(spring, "四", "en") == "Clauses 四 · Rules on the merchant"
    assert section_name(spring, "二", "zh") == "条款二"
