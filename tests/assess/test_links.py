"""Users of several accounts: whom the record of one costs, how they are linked, what was ignored, what is similar."""

from __future__ import annotations

import warnings
from dataclasses import replace

import pytest

import campaign_analytics as ca
from campaign_analytics.assess.explain import Card
from campaign_analytics.assess.links import Links
from campaign_analytics.market.schema import Declared
from campaign_analytics.rulebook.book import Rulebook
from tests.derive.rows import AS_OF, market_of

SEVERE = {"penalty_kind": "虚假交易", "penalty_severity": "严重", "penalty_status": "生效"}


@pytest.fixture(scope="module")
def book() -> Rulebook:
    with warnings.catch_warnings(action="ignore", category=ca.RulebookWarning):
        return ca.load_rulebook("spring_2024")


@pytest.fixture(scope="module")
def result(book: Rulebook) -> ca.Assessment:
    """Two users with a tainted account, one with an account that stands in no table; and all kinds of others."""
    records = {"a1": "2024-01-10", "stranger": "2024-02-01", "c1": "2024-02-01", "e1": "2022-02-01"}
    shops: dict[str, dict[str, str]] = {
        "a1": {"alipay_hash": "secret-1"}, "a2": {"alipay_hash": "secret-1", "phone_hash": "secret-2"},
        "a3": {"phone_hash": "secret-2"}, "b1": {}, "c1": {"login_id": "test"}, "c2": {"login_id": "test"},
        "d1": {"login_id": "Good Shop"}, "d2": {"login_id": "good-shop"}, "e1": {"phone_hash": "old"},
        "e2": {"phone_hash": "old"}, "f1": {"login_id": "x-1", "alipay_hash": "same"},
        "f2": {"login_id": "X1", "alipay_hash": "same"},
    }  # fmt: skip
    market = market_of(
        book,
        Declared(as_of=AS_OF.replace(tzinfo=book.zone), penalty_feed_complete=True),
        merchants=[{"merchant_id": id, **held} for id, held in shops.items()],
        offers=[{"offer_id": f"o-{id}", "merchant_id": id[:2]} for id in ("a1", "a3", "a3-too", "b1")],
        links=[{"merchant_id": "b1", "linked_id": "stranger"}],
        penalties=[{**SEVERE, "merchant_id": id, "penalty_date": day} for id, day in records.items()],
    )
    return ca.assess(market, book)


@pytest.fixture(scope="module")
def links(result: ca.Assessment) -> Links:
    return result.links()


def test_clusters_are_users_of_several_accounts_with_a_merchant_that_fails(links: Links) -> None:
    assert links.clusters().to_dict("records") == [
        {
            "cluster": 1, "accounts": 3, "merchants": 3, "tainted": 1, "failing": 3, "linked_only": 2, "offers": 3,
            "linked_by": "Alipay account, hashed, Phone, hashed",
        },
        {
            "cluster": 2, "accounts": 2, "merchants": 1, "tainted": 1, "failing": 1, "linked_only": 1, "offers": 1,
            "linked_by": "Linked merchant",
        },
    ]  # fmt: skip
    assert str(links) == (
        "Users of several accounts with a merchant that fails “No severe fake trading of late”: 2, 5 accounts in all; "
        "merchants that fail: 4, over the record of a linked account alone: 3"
    )


def test_every_account_of_them_with_the_way_to_it(links: Links) -> None:
    table = links.accounts()
    assert table[["cluster", "merchant_id", "in_market", "outcome"]].values.tolist() == [
        [1, "a1", True, "fail"], [1, "a2", True, "fail"], [1, "a3", True, "fail"],
        [2, "b1", True, "fail"], [2, "stranger", False, ""],
    ]  # fmt: skip
    assert table["steps_away"].fillna(-1).tolist() == [0, 1, 2, 1, -1]
    assert table["way"].tolist() == [
        "",
        "a1 shares “Alipay account, hashed” with a2",
        "a1 shares “Alipay account, hashed” with a2, a2 shares “Phone, hashed” with a3",
        "stranger and b1 are declared linked",
        "",
    ]
    assert table["recorded"].dt.strftime("%m-%d").fillna("").tolist() == ["01-10", "", "", "", "02-01"]


def test_in_chinese(result: ca.Assessment) -> None:
    assert result.links("zh").accounts("a2")["way"].tolist()[1] == "a1 与 a2 共用“支付宝账户”"


def test_one_merchants_user_whether_it_fails_or_not(links: Links) -> None:
    assert links.accounts("e2")["merchant_id"].tolist() == ["e1", "e2"]
    assert links.accounts("e2")["outcome"].tolist() == ["pass", "pass"]
    assert links.accounts("d1")["merchant_id"].tolist() == ["d1"]
    assert links.accounts("stranger")["merchant_id"].tolist() == ["b1", "stranger"]
    with pytest.raises(ca.CampaignError, match="no merchant has merchant_id 'a9'"):
        links.accounts("a9")


def test_what_was_ignored(links: Links) -> None:
    assert links.ignored().to_dict("records") == [
        {"column": "login_id", "kind": "placeholder", "value": "test", "accounts": 2, "example": "c1"}
    ]


def test_similar_ones_are_proposed_but_for_those_that_are_one_user_already(links: Links) -> None:
    assert links.review().to_dict("records") == [
        {"group": 1, "column": "login_id", "merchant_id": "d1"},
        {"group": 1, "column": "login_id", "merchant_id": "d2"},
    ]


def test_no_table_holds_what_an_identifier_holds(links: Links) -> None:
    told = "".join(each.to_csv() for each in (links.clusters(), links.accounts(), links.ignored(), links.review()))
    assert "secret" not in told


def test_what_ties_a_cluster_can_be_drawn(links: Links) -> None:
    assert links.ties(1).sort_values(["tie", "merchant_id"]).to_numpy().tolist() == [
        ["a1", 0, "alipay_hash", True], ["a2", 0, "alipay_hash", True],
        ["a2", 1, "phone_hash", True], ["a3", 1, "phone_hash", True],
    ]  # fmt: skip
    assert not links.ties(2)["shared"].any()


def test_the_ways_of_a_cluster_step_by_step(links: Links) -> None:
    assert links.steps(1).to_numpy().tolist() == [
        ["a2", 1, "a1", "a2", "alipay_hash"],
        ["a3", 1, "a1", "a2", "alipay_hash"], ["a3", 2, "a2", "a3", "phone_hash"],
    ]  # fmt: skip
    assert links.steps(2).to_numpy().tolist() == [["b1", 1, "stranger", "b1", "linked_id"]]
    assert (len(links.steps(3)), list(links.steps(3))) == (0, list(links.steps(1)))


def test_followed_one_step_only_the_next_account_fails(result: ca.Assessment, book: Rulebook) -> None:
    near = ca.assess(result.market, book.set(max_link_depth=1)).links()
    assert near.accounts("a1")["outcome"].tolist() == ["fail", "fail", "pass"]
    assert near.accounts("a1")["steps_away"].fillna(-1).tolist() == [0, 1, -1]


def test_where_nobody_fails_every_table_is_empty_and_has_its_columns(book: Rulebook, links: Links) -> None:
    market = market_of(book, Declared(penalty_feed_complete=True), merchants=[{"merchant_id": "a"}])
    none = ca.assess(market, book, as_of=AS_OF).links()
    for name in ("clusters", "accounts", "ignored", "review"):
        table, usual = getattr(none, name)(), getattr(links, name)()
        assert (len(table), list(table)) == (0, list(usual))


def test_a_rulebook_that_follows_no_links_is_told_so(result: ca.Assessment, book: Rulebook) -> None:
    off = ca.assess(result.market, book.switch({"fake_trading": "off"}))
    with pytest.raises(ca.CampaignError, match="spring_2024: no rule in force reads the records of linked accounts"):
        off.links()


# ---- cards


def line(card: Card) -> str:
    return "\n".join(next(each for each in card.lines if each.rule == "fake_trading").origins)


def test_the_card_shows_the_way_to_operators_and_not_to_whom_it_is_sent(result: ca.Assessment) -> None:
    card = result.explain(merchant_id="a3")
    steps = "a1 shares “Alipay account, hashed” with a2, a2 shares “Phone, hashed” with a3"
    way = f"latest, 2024-01-10: a record of a1; {steps}"
    assert way in line(card)
    assert way in str(card)
    assert way.split(";")[0] in card._repr_html_()
    assert "secret" not in str(card)
    sent = card.to_send()
    for text in (str(sent), sent._repr_html_(), str(sent.to_dict())):
        assert "a1" not in text
        assert "a2" not in text
    assert line(sent) in line(card).replace(f"\n{way}", "")


def test_ones_own_record_is_told_to_anybody(result: ca.Assessment) -> None:
    assert "latest, 2024-01-10: a record of this account itself" in line(result.explain(merchant_id="a1").to_send())


def test_an_offers_card_tells_of_its_merchants_accounts(result: ca.Assessment) -> None:
    assert "a record of stranger; stranger and b1 are declared linked" in line(result.explain("o-b1"))


# ---- what would settle it


def test_no_cell_of_its_own_settles_what_hangs_on_other_merchants(book: Rulebook) -> None:
    """An undated record of a linked shop is no matter of this shop's missing login."""
    undated = market_of(
        book, Declared(penalty_feed_complete=True),
        merchants=[{"merchant_id": "a"}, {"merchant_id": "b"}],
        links=[{"merchant_id": "a", "linked_id": "b"}],
        penalties=[{**SEVERE, "merchant_id": "b"}],
    )  # fmt: skip
    only = replace(book, severities={rule: "off" for rule in book.rules if rule != "fake_trading"})
    table = ca.assess(undated, only, as_of=AS_OF).hinges("merchants")
    assert table[["column", "missing", "decided"]].values.tolist() == [["months_since_fake_trading", 2, 2]]
