"""What changed between two assessments, and whether data or rules changed it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from itertools import product
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaign_analytics import Assessment, CampaignError, assess, changes, load_rulebook
from campaign_analytics.rulebook.book import Rulebook
from tests.derive.rows import market_of

BOOK = load_rulebook(Path(__file__).with_name("patrol.toml"))
NOON = datetime(2031, 5, 1, 12, tzinfo=ZoneInfo("Asia/Shanghai"))
Offers = Mapping[str, Any]


def assessed(offers: Offers, book: Rulebook = BOOK, bond: int = 200) -> Assessment:
    """Offers by id, each by its stars, of one shop."""
    rows = [{"offer_id": key, "merchant_id": "m", "stars": stars, "aisle": "fruit"} for key, stars in offers.items()]
    shop = {"merchant_id": "m", "bond": bond, "lease_to": date(2031, 6, 1)}
    return assess(market_of(book, offers=rows, merchants=[shop]), book, NOON)


def table(before: Assessment, after: Assessment) -> dict[str, tuple[Any, ...]]:
    frame = changes(before, after).table()
    told = frame[["change", "was", "now", "cause"]].astype("str").fillna("")
    return {key: tuple(row) for key, row in zip(frame["offer_id"], told.values.tolist(), strict=True)}


STRICT, LOOSE = BOOK.set(min_stars=4), BOOK.set(min_stars=2)
BOOKS = {"as it was": BOOK, "strict": STRICT, "loose": LOOSE}


@pytest.mark.parametrize(
    ("stars", "books", "cause"),
    [
        ((5, 2), (BOOK, BOOK), "data"),  # it fell below
        ((3, 3), (BOOK, STRICT), "rules"),  # the threshold rose above it
        ((5, 2), (BOOK, STRICT), "data"),  # by the old rules, too; the old data would still do
        ((3, 2), (BOOK, STRICT), "either"),  # each alone would have sufficed
        ((5, 3), (BOOK, STRICT), "both"),  # neither alone would have
    ],
)
def test_a_verdict_that_turned_is_put_down_to_what_turned_it(
    stars: tuple[int, int], books: tuple[Rulebook, Rulebook], cause: str
) -> None:
    before, after = (assessed({"o": value}, book) for value, book in zip(stars, books, strict=True))
    assert table(before, after) == {"o": ("turned", "pre_qualified", "ineligible", cause)}
    back = {"either": "both", "both": "either"}.get(cause, cause)  # what each undoes alone, neither does alone
    assert table(after, before) == {"o": ("turned", "ineligible", "pre_qualified", back)}


def test_who_appeared_and_who_left() -> None:
    found = table(assessed({"a": 5, "b": 1, "c": 5}), assessed({"d": 5, "c": 5, "e": None}))
    assert found == {
        "a": ("left", "pre_qualified", "", ""), "b": ("left", "ineligible", "", ""),
        "d": ("appeared", "", "pre_qualified", ""), "e": ("appeared", "", "undetermined", ""),
    }  # fmt: skip


def test_nothing_changed() -> None:
    before = assessed({"a": 5, "b": 1})
    assert not len(changes(before, before).table())
    assert not len(changes(before, assessed({"b": 1, "a": 4})).summary())


def test_reasons_are_told_with_the_data_and_threshold_of_both_sides() -> None:
    row = changes(assessed({"o": 5}), assessed({"o": 3}, STRICT)).table().iloc[0]
    assert (row["rules"], row["clause"]) == ("stars_to_enter", "2")
    assert "5" in row["because_was"]
    assert "at least 3" in row["because_was"]
    assert "at least 4" in row["because"]


@pytest.mark.filterwarnings("ignore::campaign_analytics.errors.RulebookWarning")
def test_a_guarded_rule_is_told_by_its_condition_not_by_what_guards_it() -> None:
    """Whether the pickup rate of Select's own offers counts at all is a setting; why it fails is the rate."""
    spring = load_rulebook("spring_2024")
    offer = {"offer_id": "o", "merchant_id": "m", "is_yanxuan": True, "pickup_rate_48h": "87%"}
    market = market_of(spring, offers=[offer], merchants=[{"merchant_id": "m"}])
    only = spring.switch({rule: "off" for rule in spring.rules if rule != "select_pickup"})
    looser, lifted = only.set(min_pickup_rate_48h="85%"), only.set(enforce_select_entry=False)
    (row,) = changes(*(assess(market, book, "2024-02-26") for book in (only, looser))).table().to_dict("records")
    assert row["because_was"] == "48-hour pickup rate, 30 days is 87%, needs at least 90%: 3 points short"
    assert row["because"] == "48-hour pickup rate, 30 days is 87%, needs at least 85%: 2 points to spare"
    (row,) = changes(*(assess(market, book, "2024-02-26") for book in (only, lifted))).table().to_dict("records")
    assert row["because"].startswith("does not apply: ")


def test_a_merchant_that_fails_turns_its_offers() -> None:
    found = changes(assessed({"a": 5, "b": 5, "c": 1}), assessed({"a": 5, "b": 5, "c": 1}, bond=50))
    assert list(found.table()["rules"]) == ["bond", "bond"]
    assert found.table("merchants")[["merchant_id", "cause"]].astype("str").values.tolist() == [["m", "data"]]
    assert "2" in found.headline("zh")


def test_a_rule_that_is_off_now_stops_nobody() -> None:
    row = changes(assessed({"o": 1}), assessed({"o": 1}, BOOK.switch({"stars_to_enter": "off"}))).table().iloc[0]
    assert (row["cause"], row["rules"]) == ("rules", "stars_to_enter")
    assert "stops nobody now" in row["because"]


def test_what_differs_between_two_rulebooks() -> None:
    other = STRICT.switch({"bond": "warn"})
    found = changes(assessed({"o": 5}), assessed({"o": 5}, other)).rulebook()
    assert found[["kind", "name", "what", "old", "new"]].values.tolist() == [
        ["parameter", "min_stars", "value", "3", "4"], ["rule", "bond", "severity", "block", "warn"],
    ]  # fmt: skip


def test_two_versions_of_a_file(tmp_path: Path) -> None:
    text = Path(BOOK.path).read_text("utf-8")
    text = text.replace('version = "1"', 'version = "2"').replace("bond >= :min_bond", "bond > :min_bond")
    text = text.replace('fruit = { clause = "4"', 'pear = { clause = "4"')
    (tmp_path / "patrol.toml").write_text(text, "utf-8")
    book = load_rulebook(tmp_path / "patrol.toml")
    found = changes(assessed({"o": 5}, bond=100), assessed({"o": 5}, book, bond=100))
    assert found.table().iloc[0]["cause"] == "rules"
    assert found.rulebook()[["name", "what"]].values.tolist() == [
        ["bond", "condition"], ["fruit", "removed"], ["pear", "added"],
    ]  # fmt: skip


stars = st.dictionaries(st.sampled_from("abcd"), st.sampled_from([None, 1, 2, 3, 4]))


@settings(max_examples=40)
@given(stars, stars, st.sampled_from(sorted(BOOKS)))
def test_causes_are_those_of_all_four_assessments(old: Offers, new: Offers, name: str) -> None:
    book = BOOKS[name]
    found = table(assessed(old), assessed(new, book))
    verdicts = {
        at: assessed(data, rules).verdicts().set_index("offer_id")["verdict"].astype("str").to_dict()
        for at, (data, rules) in zip(product("on", repeat=2), product((old, new), (BOOK, book)), strict=True)
    }
    for key in {*old, *new}:
        was, now = (verdicts[at, at].get(key, "") for at in "on")
        if not was or not now:
            expected: Sequence[str] | None = ("appeared" if not was else "left", was, now, "")
        elif was == now:
            expected = None
        else:
            alone = {"data": verdicts["n", "o"][key] == now, "rules": verdicts["o", "n"][key] == now}
            sure = [name for name, is_so in alone.items() if is_so]
            expected = ("turned", was, now, "either" if len(sure) == 2 else sure[0] if sure else "both")
        assert found.get(key) == expected


def test_counts_add_up_and_an_unknown_level_is_refused() -> None:
    found = changes(assessed({"a": 5, "b": 1, "c": 5}), assessed({"d": 5, "c": 1}))
    assert int(found.summary()["offers"].sum()) == len(found.table()) == 4
    assert len(found.table(n=2)) == 2
    assert isinstance(found.summary(), pd.DataFrame)
    with pytest.raises(CampaignError, match="unknown level"):
        found.table("shops")  # type: ignore[arg-type]
