"""Who came in and who dropped out: against two full assessments, and the words of a card."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaign_analytics.assess import assess
from campaign_analytics.errors import CampaignError
from campaign_analytics.rulebook.book import Level
from campaign_analytics.rulebook.scalar import Range
from campaign_analytics.simulate.flips import told
from campaign_analytics.simulate.what_if import WhatIf
from tests.simulate.bazaar import Bazaar, bazaars, moves
from tests.simulate.shipped import shipped
from tests.simulate.test_tables import MOVED
from tests.simulate.test_truth import tried
from tests.simulate.truth import LEVELS

pytestmark = pytest.mark.usefixtures("one_recipe_is_not_built")


def one_rule(condition: str, *offers: Mapping[str, Any]) -> WhatIf:
    return WhatIf(
        Bazaar(
            {"rule": {"condition": condition}}, [{"merchant_id": "m0", **offer} for offer in offers], [{}]
        ).assessment
    )


def expected(what_if: WhatIf, level: Level) -> dict[str, tuple[str, str, str, str]]:
    """By subject that turned: its verdicts, which way, and the rules, from the lists of two full assessments."""
    before = what_if.baseline
    now = assess(before.market, what_if.book, before.as_of)
    was, is_ = (each.offers() if level == "offers" else each.merchants() for each in (before, now))
    found = {}
    for old, new in zip(was.to_dict("records"), is_.to_dict("records"), strict=True):
        came_in = new["verdict"] == "pre_qualified"
        if came_in != (old["verdict"] == "pre_qualified"):
            closed, order = (old, before) if came_in else (new, now)
            stop = {rule for rule in (closed["failed"] + ";" + closed["unknown"]).split(";") if rule}
            rules = ";".join(rule for rule in order.blocking if rule in stop)
            found[str(old[f"{level[:-1]}_id"])] = (
                old["verdict"], new["verdict"], "came_in" if came_in else "dropped_out", rules,
            )  # fmt: skip
    return found


def found(what_if: WhatIf, level: Level) -> dict[str, tuple[str, str, str, str]]:
    table = what_if.flips(level)
    columns = [table[name].astype("str") for name in ("was", "now", "turned", "rules")]
    return dict(zip(table[f"{level[:-1]}_id"], zip(*columns, strict=True), strict=True))


@settings(max_examples=40)
@given(data=st.data(), bazaar=bazaars().filter(lambda held: held.parameters))
def test_those_who_turned_are_those_of_two_full_assessments(data: st.DataObject, bazaar: Bazaar) -> None:
    what_if = WhatIf(bazaar.assessment)
    for _ in range(2):
        tried(what_if, data.draw(moves(bazaar)))
    if data.draw(st.booleans()):
        what_if.switch_off(data.draw(st.sampled_from(sorted(bazaar.rules))))
    for level in LEVELS:
        assert found(what_if, level) == expected(what_if, level)
        table = what_if.flips(level, lang="zh")
        assert (table["because"] != "").all()
        assert (table["clause"] == "1").all()
        signs = np.where(table["turned"] == "came_in", 1, -1) * table["gap"]
        assert (signs.isna() | (signs >= 0)).all()
    flips = what_if.standing().flips(99)
    rows = [(each.came_in, each.offer) for each in told(what_if.assessment, what_if.baseline, flips, "en")]
    ids = what_if.baseline.market.offers.cells["offer_id"].values
    assert rows == [(flip.came_in, ids[flip.row]) for flip in flips]


@pytest.mark.parametrize("name", MOVED)
def test_shipped_rulebooks_too(name: str) -> None:
    what_if = WhatIf(shipped(name)).set(MOVED[name])
    assert {turn for _, _, turn, _ in found(what_if, "offers").values()} >= {"came_in"}
    for level in LEVELS:
        assert found(what_if, level) == expected(what_if, level)


def test_the_comparison_that_turned_is_told_and_how_near_it_is() -> None:
    what_if = one_rule(
        "n > 0 AND r >= :floor AND p <= :share * q",
        {"n": 1, "r": 0.95, "p": 100, "q": 200},
        {"n": 1, "r": 0.05, "p": 100, "q": 200},
        {"n": 1, "r": 0.09, "p": 100, "q": 200},
    )
    came = what_if.set(floor="1%").flips()
    assert came["offer_id"].tolist() == ["o1", "o2"]
    assert came["gap"].tolist() == [4, 8]
    assert came["unit"].tolist() == ["points"] * 2
    assert came["because"][0] == "r is 5%, needs at least 1%: 4 points to spare"
    assert what_if.flips(lang="zh")["because"][1] == "率为 9%，要求不低于 1%：余 8 个百分点"
    went = what_if.reset().set(share="33%").flips()
    assert went["turned"].tolist() == ["dropped_out"]
    assert went["gap"].tolist() == [-0.34]
    assert went["because"][0] == "p is 1 CNY, needs at most 0.66 CNY: 0.34 CNY too much"


def test_an_alternative_that_stays_shut_or_was_open_is_no_reason() -> None:
    what_if = one_rule(
        "n >= :count OR m >= :count AND f",
        {"n": 2, "m": 2, "f": False},  # the second comparison turns too, but lets nobody in without the flag
        {"n": 1, "m": 2, "f": True},
    )
    came = what_if.set(count=2).flips().sort_values("offer_id")
    assert [each.partition(" is ")[0] for each in came["because"]] == ["n", "m"]
    went = WhatIf(what_if.assessment).set(count=3).flips().sort_values("offer_id")
    assert [each.partition(" is ")[0] for each in went["because"]] == ["n", "m"]
    kept_in = one_rule("(n >= :count OR f) AND m >= :count", {"n": 2, "m": 2, "f": True}).set(count=2)
    assert [each.partition(" is ")[0] for each in kept_in.flips()["because"]] == ["m"]


def test_the_nearest_come_first_of_those_who_came_in_then_of_those_who_dropped_out() -> None:
    what_if = one_rule("n >= :count AND m <= :more", *({"n": n, "m": m} for n, m in [(7, 5), (1, 5), (3, 9), (3, 6)]))
    table = what_if.set(count=1, more=9).flips()
    assert table["offer_id"].tolist() == ["o1", "o2", "o3"]
    assert table["gap"].tolist() == [0, 0, 3]
    table = what_if.set(count=8, more=5).flips()
    assert table["offer_id"].tolist() == ["o0"]
    what_if = one_rule("n >= :count", *({"n": n} for n in (3, 4, 6, 50)))
    assert what_if.set(count=7).flips()["gap"].tolist() == [-1, -3, -4]


def test_the_first_rows_are_those_of_the_whole_table() -> None:
    what_if = WhatIf(shipped("spring_2024")).set(MOVED["spring_2024"])
    whole = what_if.flips()
    for n in (0, 1, 5, len(whole) - 1, len(whole) + 9):
        pd.testing.assert_frame_equal(what_if.flips(n=n), whole.iloc[:n])


def test_only_those_asked_for() -> None:
    what_if = WhatIf(shipped("spring_2024")).set(MOVED["spring_2024"])
    whole = what_if.flips()
    name = whole["category"].iloc[0]
    some = what_if.flips(where={"category": name})
    assert sorted(some["offer_id"]) == sorted(whole["offer_id"][whole["category"] == name])
    with pytest.raises(CampaignError, match="did you mean '居家日用品'"):
        what_if.flips(where={"category": "居家日用"})
    with pytest.raises(CampaignError, match="expected offers or merchants"):
        what_if.flips("shops")  # type: ignore[arg-type]


def test_a_rule_that_is_off_now_is_told_as_such() -> None:
    table = one_rule("f", {"f": False}, {"f": None}).switch_off("rule").flips()
    assert table["was"].tolist() == ["ineligible", "undetermined"]
    assert table["because"].tolist() == ["rule: stops nobody now"] * 2
    assert table["gap"].isna().all()


def test_a_rule_that_wakes_and_an_offer_of_nobody() -> None:
    what_if = one_rule("mn >= :asleep", {"w": "red"}, {"w": "red", "merchant_id": "nobody"}).set(asleep=3)
    table = what_if.flips()
    assert table["now"].tolist() == ["undetermined"] * 2
    assert table["because"].tolist() == ["mn is missing"] * 2


def test_values_known_as_ranges_have_no_gap() -> None:
    table = one_rule("n >= :count", {"n": Range(5, 6)}).set(count=7).flips()
    assert table["gap"].isna().all()
    assert "5" in table["because"][0]


def test_types_are_the_same_where_nobody_turned() -> None:
    what_if = WhatIf(shipped("spring_2024"))
    none, some = what_if.flips().dtypes, what_if.set(MOVED["spring_2024"]).flips().dtypes
    assert none.astype("str").tolist() == some.astype("str").tolist()
    assert none.index.tolist() == [
        "offer_id", "merchant_id", "category", "was", "now", "turned", "rules", "clause", "gap", "unit", "because",
    ]  # fmt: skip
