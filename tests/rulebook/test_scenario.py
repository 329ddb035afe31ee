"""A scenario: values changed and rules switched under a name; checked like the rulebook, kept in a file, told as a
table."""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from campaign_analytics import Scenario, load_rulebook
from campaign_analytics.errors import CampaignError, ValueFault
from campaign_analytics.rulebook.book import Rulebook
from tests.rulebook.conftest import WHOLE
from tests.rulebook.fair import changed, saved

pytestmark = pytest.mark.filterwarnings("ignore::campaign_analytics.errors.RulebookWarning")


# ---- what it holds


def test_it_holds_what_differs_typed_by_place(fair: Rulebook, whole: Scenario) -> None:
    assert whole.changes == {
        "opens": datetime(2031, 5, 31, 8, 30, tzinfo=fair.zone),
        "most_days": 7,
        "least_left": None,
        "share[Fish]": Decimal("0.825"),
        "ranked": "master",
        "admitted": frozenset({"Fish", "Fruit"}),
        "strict": False,
        "tasted[gold]": Decimal("4.75"),
    }
    assert whole.off == ("fresh",)
    assert whole.severity == {"fresh": "off", "paid_by_card": "block"}
    assert whole.baseline is fair
    assert whole.book.values == fair.set(WHOLE).values
    assert "fresh" not in whole.book.active
    assert whole.book.rules["paid_by_card"].severity == "block"


def test_a_value_set_to_what_it_is_anyway_is_no_change(fair: Rulebook) -> None:
    scenario = fair.scenario("Same", {"share[Fish]": "75.0%"}, most_days="5", severity={"fresh": "block"})
    assert (scenario.changes, scenario.severity, scenario.off) == ({}, {}, ())


def test_values_may_be_given_by_keyword(fair: Rulebook) -> None:
    assert fair.scenario("Longer", {"stalls": 3}, most_days="7").changes == {"most_days": 7, "stalls": 3}


def test_one_rule_may_be_named_alone(fair: Rulebook) -> None:
    assert fair.scenario("Stale", off="fresh").off == ("fresh",)


def test_a_name_in_one_text_is_its_name_in_both_languages(fair: Rulebook, whole: Scenario) -> None:
    assert [fair.scenario("Longer").name.say(lang) for lang in ("zh", "en")] == ["Longer", "Longer"]
    assert [whole.name.say(lang) for lang in ("zh", "en")] == ["放宽", "Wider"]


def test_a_value_of_one_category_taken_out_falls_to_the_value_of_all_others(fair: Rulebook) -> None:
    scenario = fair.scenario("Bread only", {"share[Fish]": "none"}, share="20%")
    assert scenario.changes == {"share": Decimal("0.2"), "share[Fish]": None}


def test_a_value_out_of_bounds_is_warned_of_and_counts(fair: Rulebook) -> None:
    scenario = fair.scenario("Stale", most_days=31)
    (warned,) = scenario.warnings
    assert str(warned) == "most_days: 31 days is out of bounds: expected 0 days to 30 days"
    assert scenario.changes == {"most_days": 31}


def test_only_the_last_value_is_warned_of(fair: Rulebook) -> None:
    assert fair.set(most_days=31).scenario("Fresh", most_days=3).book.warnings == fair.warnings


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"most_day": 7}, "unknown parameter 'most_day'; did you mean 'most_days'?"),
    ({"most_days": "a week"}, "most_days: 'a week' is no count; write it like 60"),
    ({"ranked": "lord"}, "ranked: 'lord' is not in the list (novice、trader、master)"),
    ({"admitted": {"Fish": 1}}, "admitted: {'Fish': 1} is no list of names"),
    ({"share[Fsh]": "50%"}, "share: 'Fsh' is not a value of 'aisle'; did you mean 'Fish'?"),
    ({"opens": "0001-01-01T00:00:00+14:00"}, "opens: '0001-01-01T00:00:00+14:00' is no time"),
    ({"opens": "2031-07-01"}, "these values contradict each other: :opens < :closes must hold"),
]


@pytest.mark.parametrize(("changes", "message"), REFUSED)
def test_refused_values_say_what_is_allowed(fair: Rulebook, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueFault, match=re.escape(message)):
        fair.scenario("Wrong", changes)


def test_refused_rules_and_severities_say_what_is_allowed(fair: Rulebook) -> None:
    with pytest.raises(ValueFault, match=r"unknown rule 'fersh'; did you mean 'fresh'\?"):
        fair.scenario("Wrong", off=["fersh"])
    with pytest.raises(ValueFault, match="unknown rule 'zzz'; there are: in_time, fresh, "):
        fair.scenario("Wrong", off=["zzz"])
    with pytest.raises(ValueFault, match="fresh: 'on' is no severity; it is one of block, warn, off"):
        fair.scenario("Wrong", severity={"fresh": "on"})


@pytest.mark.parametrize("name", ["", "  ", {}, {"zh": ""}, {"most_days": 7}, {"en": 3}])
def test_what_is_no_name_is_refused(fair: Rulebook, name: Any) -> None:
    with pytest.raises(ValueFault, match="is no name of a scenario; give it a text"):
        fair.scenario(name)


# ---- the table


def test_the_table_is_one_that_a_boss_can_read(whole: Scenario) -> None:
    assert whole.diff().to_numpy().tolist() == [
        ["opens", "Opens", "1", "", "2031-06-01 00:00", "2031-05-31 08:30", "", ""],
        ["most_days", "Days", "2", "days", "5 days", "7 days", "", ""],
        ["fresh", "Fresh", "2", "", "must hold", "off", "", ""],
        ["least_left", "Least", "3", "crates", "2 crates", "not set", "", ""],
        ["share[Fish]", "Share (Fish)", "4", "", "75%", "82.5%", "", ""],
        ["ranked", "Rank", "5", "", "trader", "master", "", ""],
        ["admitted", "Aisles admitted", "5", "", "Bread, Fish", "Fish, Fruit", "Fruit", "Bread"],
        ["strict", "Strict", "5", "", "yes", "no", "", ""],
        ["tasted[gold]", "Taste (gold)", "6", "stars", "4.5 stars", "4.75 stars", "", ""],
        ["paid_by_card", "Paid by card", "6", "", "warns only", "must hold", "", ""],
    ]


def test_the_table_speaks_chinese(whole: Scenario) -> None:
    told = whole.diff(lang="zh").set_index("name")
    assert list(told.loc["most_days"]) == ["天数", "2", "天", "5 天", "7 天", "", ""]
    assert list(told.loc["fresh"]) == ["新鲜", "2", "", "必须满足", "停用", "", ""]
    assert told.loc["least_left", "new"] == "未设定"
    assert told.loc["share[Fish]", "label"] == "比例（Fish）"
    assert told.loc["admitted", "new"] == "Fish、Fruit"


def test_the_value_of_all_others_stands_where_a_category_has_none_of_its_own(fair: Rulebook) -> None:
    told = fair.scenario("Others", {"share[Fish]": None}, share="20%").diff().set_index("name")
    assert list(told.loc["share", ["label", "old", "new"]]) == ["Share (all others)", "not set", "20%"]
    assert list(told.loc["share[Fish]", ["old", "new"]]) == ["75%", "20%"]


def test_a_set_of_nothing_is_told(fair: Rulebook) -> None:
    (row,) = fair.scenario("Closed", admitted=[]).diff().to_dict("records")
    assert [row[column] for column in ("old", "new", "added", "removed")] == ["Bread, Fish", "none", "", "Bread, Fish"]


def test_from_one_scenario_to_another(fair: Rulebook) -> None:
    one = fair.scenario("One", most_days=7, stalls=3, off=["fresh"])
    two = fair.scenario("Two", most_days=9, stalls=3, off=["enough"])
    told = one.diff(two)
    assert told[["name", "old", "new"]].to_numpy().tolist() == [
        ["most_days", "7 days", "9 days"],
        ["fresh", "off", "must hold"],
        ["enough", "must hold", "off"],
    ]
    assert two.diff(one)[["name", "new", "old"]].to_numpy().tolist() == told[["name", "old", "new"]].to_numpy().tolist()


def test_no_difference_is_a_table_of_the_same_shape(fair: Rulebook, whole: Scenario) -> None:
    none = fair.scenario("Same").diff()
    assert none.empty
    assert none.dtypes.equals(whole.diff().dtypes)
    assert whole.diff(whole).empty


def test_scenarios_of_two_rulebooks_are_not_compared(fair: Rulebook, whole: Scenario, tmp_path: Path) -> None:
    other = load_rulebook(saved(tmp_path, changed(('version = "2"', 'version = "3"'))))
    with pytest.raises(CampaignError, match=r"two rulebooks .* fair version 2 \(hash .* fair version 3 \(hash"):
        whole.diff(other.scenario("Other"))
