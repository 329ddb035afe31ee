"""Accounts of one user: their events count for each other, as a naive reading of the same graph says."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaign_analytics.derive import derive
from campaign_analytics.derive.linked import accounts_of, similar
from campaign_analytics.derive.making import Making, Moment
from campaign_analytics.derive.months_since_event import NEVER, deciding, evidence
from campaign_analytics.errors import RulebookError
from campaign_analytics.market.schema import Declared, Market
from campaign_analytics.rulebook.book import Rulebook
from tests.derive.rows import AS_OF, book_of, derived, market_of
from tests.derive.test_months import back

BOOK = """
[lists]
no_names = { values = ["nobody", "未填写"] }
[derived.since]
table = "merchants"
type = "count"
unit = "months"
make = "months_since_event"
[derived.since.with]
table = "penalties"
date = "penalty_date"
at = "day"
where = "penalty_severity >= '严重'"
links = "linked_id"
identifiers = ["login_id", "phone_hash"]
max_link_depth = ":depth"
max_shared = ":most"
placeholders = "no_names"
[derived.day]
table = "merchants"
type = "day"
make = "day_of"
with = { time = "began" }
[derived.began]
table = "merchants"
type = "time"
make = "first_known"
with = { columns = ["enrolled", "as_of"] }
[derived.enrolled]
table = "merchants"
type = "time"
make = "earliest"
with = { table = "offers", time = "enrolled_at" }
[parameters]
depth = { type = "count", unit = "steps", clause = "1" }
most = { type = "count", unit = "accounts", clause = "1" }
months = { type = "count", unit = "months", clause = "1", default = 3 }
"""
COMPLETE = Declared(penalty_feed_complete=True)
SEVERE = {"penalty_severity": "严重"}
LEVELS: dict[bool | None, str | None] = {True: "严重", False: "轻微", None: None}


@pytest.fixture(scope="module")
def book() -> Rulebook:
    return book_of(BOOK, "since >= :months")


def shops(**identifiers: dict[str, str]) -> list[dict[str, Any]]:
    return [{"merchant_id": name, **held} for name, held in identifiers.items()]


def record(of: str, day: str | None = "2024-01-10", **more: Any) -> dict[str, Any]:
    return {"merchant_id": of, "penalty_date": day, **SEVERE, **more}


def link(one: str, other: str) -> dict[str, Any]:
    return {"merchant_id": one, "linked_id": other}


def making_of(book: Rulebook, market: Market) -> Making:
    moment = Moment(AS_OF.replace(tzinfo=book.zone))
    return Making(derive(market, book, moment, ["since"]).market, book, "since", moment)


# ---- against a naive reading


@dataclass
class World:
    """Merchants a-f with a login and a phone, accounts x-z that links and records alone name."""

    merchants: dict[str, tuple[str | None, str | None]]
    enrolled: dict[str, date | None]
    links: list[tuple[str, str]]
    records: list[tuple[str, date | None, bool | None]]  # of whom, when, severe (None: not known)
    depth: int | None
    most: int | None

    def market(self, book: Rulebook) -> Market:
        return market_of(
            book, COMPLETE,
            merchants=[{"merchant_id": m, "login_id": a, "phone_hash": b} for m, (a, b) in self.merchants.items()],
            offers=[
                {"offer_id": m, "merchant_id": m, "enrolled_at": day and day.isoformat()}
                for m, day in self.enrolled.items()
            ],
            links=[link(*pair) for pair in self.links],
            penalties=[
                {"merchant_id": m, "penalty_date": day, "penalty_severity": LEVELS[severe]}
                for m, day, severe in self.records
            ],
        )  # fmt: skip

    def near(self, start: str) -> dict[str, int]:
        """Every account that one may go to, and in how many steps."""
        counts = [Counter(held[kind] for held in self.merchants.values()) for kind in (0, 1)]

        def tied(one: str, other: str) -> bool:
            if (one, other) in self.links or (other, one) in self.links:
                return True
            if one not in self.merchants or other not in self.merchants:
                return False
            return any(
                text == self.merchants[other][kind]
                and text is not None
                and text not in ("nobody", "NO-BODY")
                and counts[kind][text] <= (self.most or 99)
                for kind, text in enumerate(self.merchants[one])
            )

        found, edge, steps = {start: 0}, [start], 0
        while edge and (self.depth is None or steps < self.depth):
            steps += 1
            edge = [other for other in "abcdefxyz" if other not in found and any(tied(one, other) for one in edge)]
            found |= dict.fromkeys(edge, steps)
        return found

    def months(self, merchant: str) -> Any:
        at = self.enrolled[merchant] or AS_OF.date()
        near = self.near(merchant)
        sure, possible = NEVER, NEVER
        for of, day, severe in self.records:
            if of in near and severe is not False and (day is None or day <= at):
                months = 0 if day is None else max(m for m in range(40) if back(at, m) >= day)
                possible = min(possible, months)
                sure = min(sure, months) if day and severe else sure
        return sure if sure == possible else (possible, sure)


days = st.dates(date(2023, 10, 1), date(2024, 2, 26))
merchants = st.dictionaries(
    st.sampled_from("abcdef"),
    st.tuples(*[st.sampled_from([None, "p1", "p2", "p3", "nobody", "NO-BODY"])] * 2),
    min_size=1,
)
accounts = st.sampled_from("abcdefxyz")


@st.composite
def worlds(draw: st.DrawFn) -> World:
    held = draw(merchants)
    return World(
        merchants=held,
        enrolled={m: draw(st.none() | days) for m in held},
        links=draw(st.lists(st.tuples(accounts, accounts), max_size=7)),
        records=draw(
            st.lists(st.tuples(accounts, st.none() | days, st.sampled_from([True, True, False, None])), max_size=4)
        ),
        depth=draw(st.sampled_from([None, None, 0, 1, 2, 3])),
        most=draw(st.sampled_from([None, 1, 2, 3])),
    )


@settings(max_examples=250, deadline=None)
@given(worlds())
def test_as_a_naive_reading_of_the_graph_says(book: Rulebook, world: World) -> None:
    asked = book.set(depth=world.depth if world.depth is not None else "none", most=world.most or "none")
    market = world.market(book)
    assert derived(asked, market, "since") == [world.months(m) for m in world.merchants]

    making = making_of(asked, market)
    names = list(world.merchants)
    for place, chain in enumerate(deciding(making, np.arange(len(names)))):
        at, near = world.enrolled[names[place]] or AS_OF.date(), world.near(names[place])
        counted = {(of, day) for of, day, severe in world.records if of in near and day and severe and day <= at}
        assert (chain is None) == (not counted)
        if chain is None:
            continue
        latest = max(day for _, day in counted)
        assert date(1970, 1, 1) + timedelta(chain.day) == latest
        assert len(chain.steps) == min(near[of] for of, day in counted if day == latest)
        on_the_way = [*(step.account for step in chain.steps), names[place]]
        assert [step.to for step in chain.steps] == on_the_way[1:]
        assert (on_the_way[0], latest) in counted
        for one, other in pairwise(on_the_way):
            assert other in World(world.merchants, {}, world.links, [], 1, world.most).near(one)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 59), st.integers(0, 59)), max_size=70), st.sets(st.integers(0, 59)))
def test_all_the_way_on_longer_chains(book: Rulebook, pairs: list[tuple[int, int]], tainted: set[int]) -> None:
    """A closure over many steps: whoever can be reached from a record has it."""
    reached = set(tainted)
    while more := {end for pair in pairs if reached & set(pair) for end in pair} - reached:
        reached |= more
    market = market_of(
        book, COMPLETE,
        merchants=[{"merchant_id": f"m{i}"} for i in range(60)],
        links=[link(f"m{one}", f"m{other}") for one, other in pairs] or [link("m0", "m0")],
        penalties=[record(f"m{i}") for i in tainted] or [record("nobody")],
    )  # fmt: skip
    assert derived(book, market, "since") == [1 if i in reached else NEVER for i in range(60)]


# ---- what ties, and what does not


def since(book: Rulebook, merchants: list[dict[str, Any]], *penalties: dict[str, Any], **tables: Any) -> list[Any]:
    return derived(book, market_of(book, COMPLETE, merchants=merchants, penalties=penalties, **tables), "since")


@pytest.mark.parametrize(
    "text", ["nobody", "Nobody", " NO BODY", "ｎｏｂｏｄｙ", "未填写", "未 填 写", "----", "138****0001"]
)
def test_a_placeholder_joins_no_strangers_and_is_reported(book: Rulebook, text: str) -> None:
    merchants = shops(a={"login_id": text}, b={"login_id": text}, c={"login_id": "other"})
    assert since(book, merchants, record("a")) == [1, NEVER, NEVER]
    market = market_of(book, COMPLETE, merchants=merchants, penalties=[record("a")])
    told = accounts_of(making_of(book, market)).ignored.to_dict("records")
    assert told == [{"column": "login_id", "kind": "placeholder", "value": text, "accounts": 2, "example": "a"}]


def test_a_hub_joins_no_strangers_and_is_reported_without_its_value(book: Rulebook) -> None:
    merchants = shops(**{name: {"phone_hash": "agency"} for name in "abcd"})
    assert since(book.set(most=4), merchants, record("a")) == [1] * 4
    assert since(book.set(most=3), merchants, record("a")) == [1, NEVER, NEVER, NEVER]
    market = market_of(book, COMPLETE, merchants=merchants, penalties=[record("a")])
    (told,) = accounts_of(making_of(book.set(most=3), market)).ignored.to_dict("records")
    assert told == {"column": "phone_hash", "kind": "hub", "value": "", "accounts": 4, "example": "a"}


def test_only_the_same_text_in_the_same_column_ties(book: Rulebook) -> None:
    merchants = shops(
        a={"login_id": "shop1", "phone_hash": "7"}, b={"login_id": "Shop1"}, c={"login_id": "7"}, d={"phone_hash": "7"}
    )
    assert since(book, merchants, record("a")) == [1, NEVER, NEVER, 1]


def test_a_missing_or_empty_identifier_ties_nobody(book: Rulebook) -> None:
    assert since(book, shops(a={"login_id": ""}, b={"login_id": ""}, c={}), record("a")) == [1, NEVER, NEVER]


def test_accounts_that_only_links_and_records_name_carry_it_too(book: Rulebook) -> None:
    links = [link("x", "y"), link("a", "y"), link("b", "b")]
    assert since(book, shops(a={}, b={}), record("x"), links=links) == [1, NEVER]


def test_a_market_without_identifiers_links_or_records_is_clean(book: Rulebook) -> None:
    assert derived(book, market_of(book, COMPLETE, merchants=[{"merchant_id": "a"}]), "since") == [NEVER]
    assert derived(book, market_of(book, Declared(), merchants=[{"merchant_id": "a"}]), "since") == [(0, NEVER)]
    assert derived(book, market_of(book, COMPLETE), "since") == []


def test_in_a_feed_that_nobody_vouches_for_a_link_still_carries_a_record(book: Rulebook) -> None:
    market = market_of(
        book, Declared(), merchants=shops(a={}, b={}, c={}), links=[link("a", "b")], penalties=[record("b")]
    )
    assert derived(book, market, "since") == [(0, 1), (0, 1), (0, NEVER)]


def test_each_merchants_own_day_decides(book: Rulebook) -> None:
    """One record of 26 January: for who enrolled before it there is none, later it is so many months old."""
    enrolled = {"a": "2024-01-25", "b": "2024-01-26", "c": "2024-02-25", "d": "2024-02-26", "e": "2024-04-26"}
    market = market_of(
        book, COMPLETE,
        merchants=shops(**{name: {"login_id": "one"} for name in "abcde"}),
        offers=[{"offer_id": m, "merchant_id": m, "enrolled_at": day} for m, day in enrolled.items()],
        penalties=[record("c", "2024-01-26")],
    )  # fmt: skip
    assert derived(book, market, "since") == [NEVER, 0, 0, 1, 3]
    assert derived(book.set(depth=1), market, "since") == [NEVER, 0, 0, 1, 3]


@pytest.mark.parametrize(
    ("enrolled", "recorded", "expected"),
    [
        ("2024-05-31T00:00:00", "2024-02-29", 3),
        ("2024-05-30T23:59:59", "2024-02-29", 3),
        ("2024-05-31T00:00:00", "2024-03-01", 2),
        ("2023-05-31T00:00:00", "2023-02-28", 3),
        ("2024-01-15T00:00:00", "2023-10-15", 3),
        ("2024-01-14T23:59:59", "2023-10-15", 2),  # midnight in Shanghai
        ("2024-01-14T16:00:00+00:00", "2023-10-15", 3),
    ],
)
def test_months_of_a_linked_account_are_calendar_months(
    book: Rulebook, enrolled: str, recorded: str, expected: int
) -> None:
    offers = [{"offer_id": "o", "merchant_id": "a", "enrolled_at": enrolled}]
    found = since(book, shops(a={"login_id": "l"}, b={"login_id": "l"}), record("b", recorded), offers=offers)
    assert found[0] == expected


def test_another_limit_makes_other_accounts_of_the_same_market(book: Rulebook) -> None:
    market = market_of(
        book, COMPLETE, merchants=shops(**{n: {"login_id": "l"} for n in "abc"}), penalties=[record("a")]
    )
    for most, expected in ((3, [1, 1, 1]), (2, [1, NEVER, NEVER]), (3, [1, 1, 1])):
        assert derived(book.set(most=most), market, "since") == expected


# ---- told


def test_the_way_is_told_by_labels_and_ids_never_by_what_an_identifier_holds(book: Rulebook) -> None:
    merchants = shops(a={"login_id": "secret", "phone_hash": "1"}, b={"login_id": "secret"}, c={})
    market = market_of(book, COMPLETE, merchants=merchants, links=[link("c", "b")], penalties=[record("a")])
    making = making_of(book, market)
    (of_c,) = evidence(making, 2, "en")
    assert of_c == (
        "latest, 2024-01-10: a record of a; a shares “Login” with b, b and c are declared linked",
        True,
    )
    (of_c,) = evidence(making, 2, "zh")
    assert of_c.text == "最近一次，2024-01-10：a 的记录；a 与 b 共用“登录账号”，b 与 c 登记为关联账号"
    (of_a,) = evidence(making, 0, "en")
    assert of_a == ("latest, 2024-01-10: a record of this account itself", False)


def test_records_that_may_count_are_told_apart(book: Rulebook) -> None:
    market = market_of(
        book, COMPLETE,
        merchants=shops(a={}, b={}),
        links=[link("a", "b")],
        penalties=[record("a", "2023-12-01"), record("b", "2024-02-01", penalty_severity=None), record("b", None)],
    )  # fmt: skip
    assert [found.text for found in evidence(making_of(book, market), 0, "en")] == [
        "latest, 2023-12-01: a record of this account itself",
        "may count, 2024-02-01: a record of b; b and a are declared linked",
        "may count, its day is not known: a record of b; b and a are declared linked",
    ]


# ---- similar


def test_similar_identities_are_only_proposed(book: Rulebook) -> None:
    merchants = shops(
        a={"login_id": "Tao Bao-01"}, b={"login_id": "taobao01"}, c={"login_id": "ｔａｏｂａｏ０１"},
        d={"login_id": "taobao02"}, e={"phone_hash": "taobao01"}, f={"login_id": "NO-BODY"}, g={"login_id": "nobody"},
    )  # fmt: skip
    assert since(book, merchants, record("a")) == [1, *[NEVER] * 6]
    making = making_of(book, market_of(book, COMPLETE, merchants=merchants))
    found = {column: accounts.tolist() for column, accounts, _ in similar(making)}
    assert found == {"login_id": [0, 1, 2], "phone_hash": []}


def test_the_day_is_no_matter_of_the_hour(book: Rulebook) -> None:
    market = market_of(
        book, COMPLETE, merchants=shops(a={}, b={}), links=[link("a", "b")], penalties=[record("b", "2024-02-26")]
    )
    assert derived(book, market, "since", datetime(2024, 2, 26)) == [0, 0]
    assert derived(book, market, "since", datetime(2024, 2, 25, 23, 59)) == [NEVER, NEVER]


# ---- checked when the rulebook loads


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('links = "linked_id"', 'links = "linkd_id"', "unknown column 'linkd_id'; did you mean 'linked_id'?"),
        ('links = "linked_id"', 'links = "penalty_date"', "'penalty_date' is a day; a text is expected"),
        ('links = "linked_id"', 'links = "title"', "'title' is a column of offers; one of merchants or"),
        ('links = "linked_id"', "linked = true", "unknown argument 'linked'; did you mean 'links'?"),
        ('"phone_hash"]', '"title"]', "'title' is a column of offers; one of merchants is expected"),
        ('"phone_hash"]', '"protection_deposit"]', "'protection_deposit' is a money"),
        ('= "no_names"', '= "no_name"', "unknown list 'no_name'; did you mean 'no_names'?"),
        ('":depth"', '":deep"', "unknown parameter 'deep'"),
        ('":most"', '"many"', "'many' is a text; a count is expected"),
    ],
)  # fmt: skip
def test_arguments_that_make_no_sense_are_refused(old: str, new: str, said: str) -> None:
    assert BOOK.count(old) == 1
    with pytest.raises(RulebookError) as caught:
        book_of(BOOK.replace(old, new), "since >= :months")
    assert said in str(caught.value)


def test_only_merchants_are_linked() -> None:
    of_offers = """
[derived.since]
table = "offers"
type = "count"
unit = "months"
make = "months_since_event"
with = { table = "price_history", date = "price_day", at = "today", identifiers = ["login_id"] }
"""
    with pytest.raises(RulebookError, match="merchants are tied together; a column of offers can't have 'identifiers'"):
        book_of(of_offers, "since >= 1")
