"""What each rule comes to for each subject, and the verdict that follows from all."""

from __future__ import annotations

import warnings
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaign_analytics import assess, demo_market, load_rulebook
from campaign_analytics.assess import Assessment
from campaign_analytics.assess.outcomes import OUTCOMES, VERDICTS
from campaign_analytics.derive import BUILT, months_since_event
from campaign_analytics.errors import RulebookWarning
from campaign_analytics.market.schema import Declared, Market
from campaign_analytics.rulebook.book import Rulebook
from campaign_analytics.rulebook.scalar import UNREAD
from tests.derive.rows import AS_OF, book_of, market_of

COLUMNS = """
[columns]
o1 = { table = "offers", type = "flag" }
o2 = { table = "offers", type = "flag" }
guard = { table = "offers", type = "flag" }
m1 = { table = "merchants", type = "flag" }
m2 = { table = "merchants", type = "flag" }
shop_guard = { table = "merchants", type = "flag" }
"""
TRUTH = (True, False, None)
THREE = {True: "pass", False: "fail", None: "unknown"}


def lab(rules: str, more: str = "") -> Rulebook:
    """A rulebook of flags, its rules one a line."""
    return book_of(f"{rules}\n{COLUMNS}\n{more}", "merchant_id IS NOT NULL")


def rule(name: str, condition: str, more: str = "") -> str:
    more = f", {more}" if more else ""
    return f'{name} = {{ clause = "1", zh = "{name}（中）", en = "{name} rule", condition = "{condition}"{more} }}\n'


def run(
    book: Rulebook, *offers: dict[str, Any], shops: tuple[dict[str, Any], ...] = ({},), **tables: Any
) -> Assessment:
    """Offers o0, o1 ... of merchant m0 (if not said) and merchants m0, m1 ..."""
    return assess(
        market_of(
            book, tables.pop("declared", None),
            offers=[{"offer_id": f"o{i}", "merchant_id": "m0", **row} for i, row in enumerate(offers)],
            merchants=[{"merchant_id": f"m{i}", **row} for i, row in enumerate(shops)],
            **tables,
        ), book, AS_OF,
    )  # fmt: skip


def outcomes(result: Assessment, name: str, level: Any = "offers") -> list[str]:
    return [str(each) for each in result.outcomes(level)[name]]


def verdicts(result: Assessment) -> list[str]:
    return [str(each) for each in result.verdicts()["verdict"]]


# ---- guards


def test_a_guard_that_is_false_makes_a_rule_not_applicable() -> None:
    """NOT guard OR condition, by Kleene: an unknown guard beside a true condition passes."""
    book = lab(rule("guarded", "o1", 'when = "guard"'))
    result = run(book, *({"guard": guard, "o1": held} for guard, held in product(TRUTH, TRUTH)))
    assert outcomes(result, "guarded") == [
        "pass", "fail", "unknown",
        "not_applicable", "not_applicable", "not_applicable",
        "pass", "unknown", "unknown",
    ]  # fmt: skip
    assert result.offers()["not_applicable"].tolist() == [""] * 3 + ["guarded"] * 3 + [""] * 3
    assert verdicts(result)[3:6] == ["pre_qualified"] * 3


def test_a_merchants_guard_is_gathered_to_its_offers() -> None:
    book = lab(rule("guarded", "m1", 'when = "shop_guard"'))
    shops = tuple({"shop_guard": guard, "m1": held} for guard, held in product(TRUTH, TRUTH))
    result = run(book, *({"merchant_id": f"m{i}"} for i in range(9)), shops=shops)
    assert outcomes(result, "guarded", "merchants") == outcomes(result, "guarded")
    assert outcomes(result, "guarded")[3:6] == ["not_applicable"] * 3


def test_an_offers_guard_makes_a_merchants_condition_an_offer_rule() -> None:
    book = lab(rule("guarded", "m1", 'when = "guard"'))
    assert book.level("guarded") == "offers"
    result = run(book, {"guard": True}, {"guard": False}, shops=({"m1": False},))
    assert outcomes(result, "guarded") == ["fail", "not_applicable"]
    assert "guarded" not in result.outcomes("merchants").columns


# ---- levels


def test_merchant_rules_are_evaluated_once_a_merchant_and_gathered() -> None:
    book = lab(rule("shop", "m1") + rule("own", "o1"))
    owners = ["m1", "m0", "m2", "m1"]
    result = run(book, *({"merchant_id": of, "o1": True} for of in owners), shops=({"m1": True}, {"m1": False}, {}))
    assert outcomes(result, "shop", "merchants") == ["pass", "fail", "unknown"]
    assert outcomes(result, "shop") == ["fail", "pass", "unknown", "fail"]
    assert verdicts(result) == ["ineligible", "pre_qualified", "undetermined", "ineligible"]
    shops = result.merchants().set_index("merchant_id")
    assert shops["verdict"].tolist() == ["pre_qualified", "ineligible", "undetermined"]
    assert shops["offers"].tolist() == [1, 2, 1]
    assert shops["pre_qualified"].tolist() == [1, 0, 0]


def test_a_merchants_verdict_is_that_of_its_own_rules() -> None:
    result = run(lab(rule("own", "o1") + rule("shop", "m1")), {"o1": False}, shops=({"m1": True},))
    assert result.merchants()["verdict"].tolist() == ["pre_qualified"]
    assert verdicts(result) == ["ineligible"]


def test_an_offer_without_its_merchant_is_unknown_in_every_merchant_rule() -> None:
    book = lab(rule("shop", "m1 IS NULL OR m1") + rule("other", "m2") + rule("own", "o1"))
    orphan = {"merchant_id": "nobody"}
    result = run(book, {**orphan, "o1": True}, {**orphan, "o1": False}, {"o1": True}, shops=({"m1": True, "m2": True},))
    assert outcomes(result, "shop") == ["unknown", "unknown", "pass"]
    assert outcomes(result, "other") == ["unknown", "unknown", "pass"]
    assert verdicts(result) == ["undetermined", "ineligible", "pre_qualified"]
    assert result.offers()["unknown"].tolist()[0] == "all;shop;other"
    assert result.summary().iloc[0].to_dict() == {"pre_qualified": 1, "ineligible": 1, "undetermined": 1, "offers": 3}
    assert "2 offers name no merchant of this market" in result.headline()
    assert "2 个商品找不到所属商家" in result.headline("zh")
    assert result.merchants()["offers"].tolist() == [1]


@pytest.mark.parametrize("condition", ["o1 AND NOT m1", "o1 AND m1", "NOT (o1 AND m1)", "o1 AND m1 AND NOT m2"])
def test_an_offer_rule_knows_no_column_of_a_merchant_that_is_not_there(condition: str) -> None:
    """Whichever values the merchants have that are."""
    for m1, m2 in product((True, False), repeat=2):
        result = run(
            lab(rule("mixed", condition)), {"merchant_id": "nobody", "o1": True}, shops=({}, {"m1": m1, "m2": m2})
        )
        assert outcomes(result, "mixed") == ["unknown"]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("o1", "unknown"),
        ("NOT o1", "unknown"),
        ("o1 IS NULL", "unknown"),
        ("o1 IS NOT NULL", "unknown"),
        ("o1 IS NULL OR o1", "unknown"),
        ("o1 OR o2", "pass"),
        ("o1 AND NOT o2", "fail"),
    ],
)
def test_a_cell_that_is_not_understood_is_neither_there_nor_blank(condition: str, expected: str) -> None:
    assert outcomes(run(lab(rule("doubted", condition)), {"o1": UNREAD, "o2": True}), "doubted") == [expected]


# ---- what is not computed

LATER = """
[derived.later]
table = "merchants"
type = "day"
make = "day_of"
with = { time = "as_of" }
"""
SINCE = """
[derived.since]
table = "merchants"
type = "count"
unit = "months"
make = "months_since_event"
with = { table = "penalties", date = "penalty_date", at = "today_there" }
[derived.today_there]
table = "merchants"
type = "day"
make = "day_of"
with = { time = "as_of" }
[parameters]
months = { type = "count", unit = "months", clause = "1", default = 3 }
"""


@pytest.fixture
def unbuilt(monkeypatch: pytest.MonkeyPatch) -> None:
    """As long as the recipe ``day_of`` is not built."""
    monkeypatch.delitem(BUILT, "day_of")


@pytest.fixture
def partly_built(monkeypatch: pytest.MonkeyPatch) -> None:
    """As long as ``months_since_event`` does not do all of its work."""
    monkeypatch.setitem(
        BUILT, "months_since_event", lambda making: months_since_event.make(making)._replace(complete=False)
    )


@pytest.mark.usefixtures("unbuilt")
def test_a_rule_on_a_recipe_that_is_not_built_is_not_computed_and_outside_the_verdict() -> None:
    book = lab(rule("soon", "later <= today") + rule("own", "o1"), LATER)
    result = run(book, {"o1": True}, {"o1": False}, {})
    assert result.not_computed == ("soon",)
    assert outcomes(result, "soon") == ["not_computed"] * 3
    assert verdicts(result) == ["pre_qualified", "ineligible", "undetermined"]
    assert result.offers()["not_computed"].tolist() == ["soon"] * 3
    assert result.offers()["unknown"].tolist() == ["", "", "own"]
    assert "Not computed, outside every verdict: soon rule (1)" in result.headline("en")
    assert "未计算、不计入结论：soon（中） (1)" in result.headline("zh")


@pytest.mark.usefixtures("unbuilt")
@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("later IS NULL", "not_computed"),
        ("later IS NOT NULL", "not_computed"),
        ("later IS NULL OR o1", "pass"),  # the other operand decides it
        ("later <= today OR o1", "pass"),
        ("later <= today AND NOT o1", "fail"),
        ("later <= today AND o1", "not_computed"),
        ("NOT (later <= today AND NOT o1)", "pass"),
    ],
)
def test_a_column_that_is_never_made_decides_nothing_not_even_that_it_is_missing(condition: str, expected: str) -> None:
    result = run(lab(rule("soon", condition), LATER), {"o1": True})
    assert outcomes(result, "soon") == [expected]
    assert verdicts(result) == ["ineligible" if expected == "fail" else "pre_qualified"]


@pytest.mark.usefixtures("unbuilt")
def test_a_guard_on_a_column_that_is_never_made_is_open() -> None:
    book = lab(rule("soon", "o1", 'when = "later <= today"'), LATER)
    assert outcomes(run(book, {"o1": True}, {"o1": False}), "soon") == ["pass", "not_computed"]


@pytest.mark.usefixtures("partly_built")
def test_what_a_partly_built_recipe_knows_for_sure_counts_and_all_else_is_not_computed() -> None:
    book = lab(rule("clean", "since >= :months"), SINCE)
    penalties = [{"merchant_id": f"m{i}", "penalty_date": day} for i, day in enumerate(["2024-02-01", "2023-01-01"])]
    result = run(book, *({"merchant_id": f"m{i}"} for i in range(3)), shops=({}, {}, {}), penalties=penalties)
    assert result.not_computed == ("clean",)
    assert outcomes(result, "clean", "merchants") == ["fail", "not_computed", "not_computed"]
    assert verdicts(result) == ["ineligible", "pre_qualified", "pre_qualified"]
    assert result.offers()["failed"].tolist() == ["clean", "", ""]
    assert result.offers()["not_computed"].tolist() == ["", "clean", "clean"]


def test_once_it_is_wholly_built_its_ranges_are_unknown() -> None:
    book = lab(rule("clean", "since >= :months"), SINCE)
    penalties = [{"merchant_id": "m0", "penalty_date": "2024-02-01"}]
    for declared, expected in ((Declared(), "unknown"), (Declared(penalty_feed_complete=True), "pass")):
        result = run(book, {}, {"merchant_id": "m1"}, shops=({}, {}), penalties=penalties, declared=declared)
        assert result.not_computed == ()
        assert outcomes(result, "clean", "merchants") == ["fail", expected]


# ---- severities


def test_warnings_are_told_and_decide_nothing() -> None:
    book = lab(rule("hint", "o1", 'severity = "warn"') + rule("own", "o2"))
    result = run(book, {"o1": False, "o2": True}, {"o2": True}, {"o1": True, "o2": True}, {"o1": False, "o2": False})
    assert verdicts(result) == ["pre_qualified"] * 3 + ["ineligible"]
    told = result.offers()
    assert told["warned"].tolist() == ["hint", "", "", "hint"]
    assert told["failed"].tolist() == ["", "", "", "own"]
    assert told["unknown"].tolist() == [""] * 4
    assert outcomes(result, "hint") == ["fail", "unknown", "pass", "fail"]
    assert "hint" not in set(result.funnel()["rules"].str.split(";").sum())


def test_rules_that_are_off_or_dormant_say_nothing() -> None:
    book = lab(
        rule("never", "o1", 'severity = "off"') + rule("asleep", "o1 AND :least > 0") + rule("own", "o2"),
        '[parameters]\nleast = { type = "count", clause = "1" }',
    )
    assert run(book, {"o1": False, "o2": True}).rules == ("all", "own")
    awake = run(book.set(least=1), {"o1": False, "o2": True})
    assert awake.rules == ("all", "asleep", "own")
    assert verdicts(awake) == ["ineligible"]


# ---- the verdict is a Kleene AND

FLAGS = st.sampled_from(TRUTH)


@settings(max_examples=60)
@given(rows=st.lists(st.fixed_dictionaries(dict.fromkeys(("o1", "o2", "m1"), FLAGS)), min_size=1, max_size=6))
def test_any_fail_is_ineligible_else_any_unknown_undetermined_else_pre_qualified(rows: list[dict[str, Any]]) -> None:
    offers = [{"o1": row["o1"], "o2": row["o2"], "merchant_id": f"m{i}"} for i, row in enumerate(rows)]
    result = run(ALL_THREE, *offers, shops=tuple({"m1": row["m1"]} for row in rows))
    for row, verdict in zip(rows, verdicts(result), strict=True):
        held = row.values()
        assert verdict == ("ineligible" if False in held else "undetermined" if None in held else "pre_qualified")


ALL_THREE = lab(rule("first", "o1") + rule("second", "o2") + rule("third", "m1"))


# ---- whole campaigns


@pytest.fixture(scope="module", params=["spring_2024", "daily_deals"])
def whole(request: pytest.FixtureRequest) -> Assessment:
    """A demo market of each campaign, some of its offers robbed of their merchant."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RulebookWarning)
        book = load_rulebook(request.param)
    market = demo_market(2000, seed=5, profile="wholesale" if request.param == "spring_2024" else "daily_deals")
    merchants = market.merchants
    kept = np.arange(merchants.rows) % 11 != 3
    cells = {name: held.take(np.flatnonzero(kept)) for name, held in merchants.cells.items()}
    tables = {**market.tables, "merchants": type(merchants)("merchants", cells, int(kept.sum()))}
    return assess(Market(tables, market.declared), book)


def test_outcomes_of_every_rule_add_up_to_the_rows_of_every_table(whole: Assessment) -> None:
    for level in ("offers", "merchants"):
        rows = whole.market.tables[level].rows
        table = whole.outcomes(level)
        assert len(table) == rows
        for name in whole.rules_at(level):
            assert int(table[name].value_counts().reindex(OUTCOMES).sum()) == rows
    for by in (None, whole.book.header.category):
        misses = whole.misses(by)
        assert (
            misses[["fail", "unknown", "not_applicable", "not_computed", "pass"]].sum(axis=1) == misses["offers"]
        ).all()
        assert (misses.groupby("rule")["offers"].sum() == whole.market.offers.rows).all()
        summary = whole.summary(by)
        assert (summary[list(VERDICTS)].sum(axis=1) == summary["offers"]).all()
        assert summary["offers"].sum() == whole.market.offers.rows


def test_the_verdict_follows_from_the_outcomes_that_are_told(whole: Assessment) -> None:
    table = whole.outcomes()[list(whole.blocking)].astype(str)
    fails, unknown = (table == "fail").any(axis=1), (table == "unknown").any(axis=1)
    expected = np.where(fails, "ineligible", np.where(unknown, "undetermined", "pre_qualified"))
    assert whole.verdicts()["verdict"].astype(str).tolist() == expected.tolist()
    assert set(expected) == set(VERDICTS)  # the market shows every one


def test_the_lists_of_a_subject_name_the_rules_of_each_outcome(whole: Assessment) -> None:
    table, told = whole.outcomes().astype(str), whole.offers()
    blocking = set(whole.blocking)
    columns = {"failed": ("fail", True), "unknown": ("unknown", True), "warned": ("fail", False)}
    for column, (outcome, blocks) in columns.items():
        rules = [name for name in whole.rules if (name in blocking) == blocks]
        _same_lists(table, rules, outcome, told[column])
    _same_lists(table, list(whole.rules), "not_applicable", told["not_applicable"])
    _same_lists(table, list(whole.rules), "not_computed", told["not_computed"])


def _same_lists(table: pd.DataFrame, rules: list[str], outcome: str, told: pd.Series) -> None:
    hits = (table[rules] == outcome).to_numpy()
    assert told.tolist() == [";".join(name for name, hit in zip(rules, row, strict=True) if hit) for row in hits]


def test_merchant_rules_say_the_same_of_a_merchant_and_of_its_offers(whole: Assessment) -> None:
    shops = whole.outcomes("merchants").set_index("merchant_id").astype(str)
    offers = whole.outcomes().astype(str)
    joined = offers["merchant_id"].isin(shops.index)
    assert 0 < int(joined.sum()) < len(offers)
    for name in whole.rules_at("merchants"):
        assert (offers.loc[joined, name] == offers.loc[joined, "merchant_id"].map(shops[name])).all()
        assert set(offers.loc[~joined, name]) == {"not_computed" if name in whole.not_computed else "unknown"}


def test_the_funnel_loses_each_offer_once(whole: Assessment) -> None:
    funnel = whole.funnel()
    assert funnel["entering"].iloc[0] == whole.market.offers.rows
    assert (funnel["entering"] == funnel["lost_fail"] + funnel["lost_unknown"] + funnel["left"]).all()
    assert (funnel["entering"].iloc[1:].to_numpy() == funnel["left"].iloc[:-1].to_numpy()).all()
    assert funnel["left"].iloc[-1] == (whole.verdicts()["verdict"] == "pre_qualified").sum()
    order = [whole.book.header.clauses.index(clause) for clause in funnel["clause"]]
    assert order == sorted(order)
    assert sorted(funnel["rules"].str.split(";").sum()) == sorted(whole.blocking)


def test_merchants_count_their_offers_and_those_that_qualify(whole: Assessment) -> None:
    offers, shops = whole.verdicts(), whole.merchants().set_index("merchant_id")
    counted = offers.groupby("merchant_id").size().reindex(shops.index, fill_value=0)
    good = offers[offers["verdict"] == "pre_qualified"].groupby("merchant_id").size().reindex(shops.index, fill_value=0)
    assert (shops["offers"] == counted).all()
    assert (shops["pre_qualified"] == good).all()
