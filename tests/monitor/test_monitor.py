"""Monitoring as its users meet it: where snapshots come from, whose clock runs when, what is refused."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from campaign_analytics import CampaignError, Monitoring, load_rulebook, monitor, read_market
from campaign_analytics.market.schema import Market
from campaign_analytics.monitor.lifecycle import lifecycle
from campaign_analytics.rulebook.book import Rulebook
from tests.derive.rows import market_of

FIRST = date(2031, 5, 1)
OFFER = {"offer_id": "o", "merchant_id": "m", "stars": 5, "status": "approved", "aisle": "fruit"}
SHOP = {"merchant_id": "m", "bond": 200, "lease_to": date(2031, 6, 1)}


@pytest.fixture(scope="module")
def book() -> Rulebook:
    return load_rulebook(Path(__file__).with_name("patrol.toml"))


def market(book: Rulebook, offer: Mapping[str, Any] | None = None, shop: Mapping[str, Any] | None = None) -> Market:
    return market_of(book, offers=[{**OFFER, **(offer or {})}], merchants=[{**SHOP, **(shop or {})}])


def days(book: Rulebook, *rows: Mapping[str, Any] | None) -> list[tuple[date, Market]]:
    """One offer on consecutive days; None is a day without a snapshot."""
    return [(FIRST + timedelta(days=i), market(book, row)) for i, row in enumerate(rows) if row is not None]


def clock(found: Monitoring) -> dict[str, Any]:
    return {str(name): cell for name, cell in found.clocks().iloc[0].items()}


# ---- clocks


def test_an_offer_s_clock_runs_from_its_approval_to_the_end(book: Rulebook) -> None:
    found = clock(monitor(days(book, {"status": "submitted"}, {}, {}), book))
    assert found["since"] == pd.Timestamp("2031-05-02")
    assert (found["days_held"], found["days_observed"], found["days_to_come"]) == (2, 2, 5)
    assert found["standing"] == "kept"
    assert not found["told"]  # no column says when it was approved


@pytest.mark.parametrize(
    ("approved", "since"),
    [
        (datetime(2031, 5, 1, 15, 59, 59, tzinfo=UTC), "2031-05-01"),
        (datetime(2031, 5, 1, 16, 0, 0, tzinfo=UTC), "2031-05-02"),
    ],
)
def test_days_are_those_of_the_rulebook_s_zone(book: Rulebook, approved: datetime, since: str) -> None:
    found = clock(monitor(days(book, {}, {"approved_at": approved}), book))
    assert found["since"] == pd.Timestamp("2031-05-01")  # seen as approved on the first day
    found = clock(monitor(days(book, {"status": "submitted"}, {"approved_at": approved}), book))
    assert (found["since"], found["told"]) == (pd.Timestamp(since), True)


@pytest.mark.parametrize(
    ("moment", "counted"),
    [(datetime(2031, 5, 8, 15, 59, 59, tzinfo=UTC), 2), (datetime(2031, 5, 8, 16, 0, 0, tzinfo=UTC), 1)],
)
def test_the_last_second_of_the_campaign_counts_and_the_next_does_not(
    book: Rulebook, moment: datetime, counted: int
) -> None:
    found = clock(monitor([(date(2031, 5, 7), market(book)), (moment, market(book))], book))
    assert found["days_observed"] == counted


def test_missing_days_are_unknown_not_kept(book: Rulebook) -> None:
    found = monitor(days(book, {}, None, {}), book)
    row = clock(found)
    assert (row["days_held"], row["days_observed"], row["days_missing"], row["standing"]) == (3, 2, 1, "missing")
    assert list(found.days()["observed"]) == [True, False, True]
    assert found.days()["offers_breached"].isna().tolist() == [False, True, False]


def test_a_rule_holds_from_submission_where_the_rulebook_says_so(book: Rulebook) -> None:
    rows = days(book, {"status": "submitted", "submitted_at": datetime(2031, 5, 1, 9)}, {})
    assert clock(monitor(rows, book))["days_held"] == 1
    assert clock(monitor(rows, book.set(hold_from="submission")))["days_held"] == 2


def test_rules_to_enter_are_not_monitored_and_those_to_stay_are(book: Rulebook) -> None:
    found = monitor(days(book, {"stars": 5}, {"stars": 2.5}, {"stars": 1.5}), book)
    assert found.breaches()[["rule", "first_day", "still"]].values.tolist() == [
        ["stars_to_stay", pd.Timestamp("2031-05-03"), True]
    ]


def test_a_warning_rule_is_told_and_breaks_nothing(book: Rulebook) -> None:
    found = monitor(days(book, {"aisle": "toys"}), book)
    assert list(found.breaches()["severity"]) == ["warn"]
    assert clock(found)["standing"] == "kept"


def test_an_offer_without_a_merchant_is_unknown(book: Rulebook) -> None:
    found = clock(monitor(days(book, {"merchant_id": "nobody"}), book))
    assert (found["merchant_id"], found["standing"], found["days_unknown"]) == ("", "unknown", 1)


def test_an_offer_answers_for_its_merchant(book: Rulebook) -> None:
    found = monitor([(FIRST, market(book, shop={"bond": 99}))], book)
    assert clock(found)["standing"] == "breached"
    assert found.breaches()[["level", "merchant_id", "rule"]].values.tolist() == [["merchants", "m", "bond"]]


# ---- who is at risk


def test_a_sinking_number_is_followed_to_the_day_on_which_it_fails(book: Rulebook) -> None:
    found = monitor(days(book, {"stars": 5}, {"stars": 4.5}, {"stars": 4}), book).at_risk().iloc[0]
    assert (found["rule"], found["cause"], found["per_day"]) == ("stars_to_stay", "trend", -0.5)
    assert found["fails_on"] == pd.Timestamp("2031-05-08")  # 2 is left on the seventh: 4 days at 0.5
    assert found["act_by"] == pd.Timestamp("2031-05-06")  # a day of lead, and the day before
    assert found["basis"] == "assumption"


def test_a_number_that_lasts_to_the_end_is_no_risk(book: Rulebook) -> None:
    assert not len(monitor(days(book, {"stars": 5}, {"stars": 4.8}, {"stars": 4.6}), book).at_risk())


def test_two_snapshots_make_no_trend(book: Rulebook) -> None:
    assert not len(monitor(days(book, {"stars": 5}, {"stars": 3}), book).at_risk())


@pytest.mark.parametrize(("until", "fails_on"), [("2031-05-06", "2031-05-07"), ("2031-05-08", None)])
def test_what_runs_out_before_the_end_fails_on_the_day_after(book: Rulebook, until: str, fails_on: str | None) -> None:
    shop = {"lease_to": date.fromisoformat(until)}
    found = monitor([(FIRST, market(book, shop=shop))], book).at_risk()
    rows = found[["rule", "cause", "fails_on", "offers"]].values.tolist()
    assert rows == ([["lease", "clock", pd.Timestamp(fails_on), 1]] if fails_on else [])


def test_nobody_is_at_risk_once_it_is_over_or_without_an_end(book: Rulebook) -> None:
    shop = {"lease_to": date(2031, 5, 6)}
    assert not len(monitor([(date(2031, 5, 8), market(book, shop=shop))], book).at_risk())
    assert not len(monitor([(FIRST, market(book, shop=shop))], book.set(campaign_until="none")).at_risk())


# ---- states


@pytest.mark.parametrize(
    ("before", "after", "allowed"),
    [
        ("draft", "submitted", True), ("draft", "approved", True), ("submitted", "withdrawn", True),
        ("submitted", "live", True), ("approved", "withdrawn", False), ("live", "withdrawn", False),
        ("approved", "live", True), ("live", "approved", False), ("approved", "rejected", False),
        ("live", "ended", True), ("ended", "live", False), ("disqualified", "submitted", False),
        ("withdrawn", "submitted", True), ("rejected", "submitted", True), ("submitted", "submitted", True),
    ],
)  # fmt: skip
def test_which_state_may_follow_which(before: str, after: str, allowed: bool) -> None:
    assert lifecycle().allows(before, after) is allowed


def test_a_refused_move_leaves_the_offer_where_it_was(book: Rulebook) -> None:
    found = monitor(days(book, {}, {"status": "withdrawn"}, {"status": "withdrawn", "stars": 1}), book)
    assert found.refused_moves()[["from_state", "to_state", "day", "breach"]].values.tolist() == [
        ["approved", "withdrawn", pd.Timestamp("2031-05-02"), True]
    ]
    assert clock(found)["days_breached"] == 1


def test_a_withdrawal_is_late_where_a_time_says_that_it_was_approved(book: Rulebook) -> None:
    rows = days(book, {"status": "submitted"}, {"status": "withdrawn", "approved_at": datetime(2031, 5, 1, 12)})
    assert list(monitor(rows, book).refused_moves()["breach"]) == [True]


def test_a_state_that_there_is_not_is_refused() -> None:
    with pytest.raises(CampaignError, match="did you mean 'approved'"):
        lifecycle().allows("aproved", "live")


# ---- where snapshots come from


def test_snapshots_are_read_one_at_a_time(book: Rulebook) -> None:
    alive: list[weakref.ref[Market]] = []

    def each() -> Iterator[tuple[date, Market]]:
        for i in range(6):
            gc.collect()
            assert sum(ref() is not None for ref in alive) <= 2
            made = market(book)
            alive.append(weakref.ref(made))
            yield FIRST + timedelta(days=i), made
            del made

    assert clock(monitor(each(), book))["days_observed"] == 6


def test_folders_a_column_and_pairs_say_the_same(book: Rulebook, tmp_path: Path) -> None:
    stars = {"2031-05-01": 5, "2031-05-02": 1, "2031-05-04": 1}
    for day, value in stars.items():
        (tmp_path / "days" / day).mkdir(parents=True)
        offer = f"offer_id,merchant_id,stars,status,aisle\no,m,{value},approved,fruit\n"
        (tmp_path / "days" / day / "offers.csv").write_text(offer)
        (tmp_path / "days" / day / "merchants.csv").write_text("merchant_id,bond,lease_to\nm,200,2031-06-01\n")
    (tmp_path / "days" / "notes").mkdir()
    (tmp_path / "one").mkdir()
    rows = [f"o,m,{value},approved,fruit,{day} 23:30:00" for day, value in stars.items()]
    rows.append("o,m,5,approved,fruit,2031-05-02 08:00:00")  # of two of a day, the last counts
    header = "offer_id,merchant_id,stars,status,aisle,snapshot_at"
    (tmp_path / "one" / "offers.csv").write_text("\n".join([header, *rows]) + "\n")
    (tmp_path / "one" / "merchants.csv").write_text("merchant_id,bond,lease_to\nm,200,2031-06-01\n")
    pairs = [(day, market(book, {"stars": value})) for day, value in stars.items()]
    sources = [tmp_path / "days", str(tmp_path / "one"), read_market(tmp_path / "one", book), pairs]
    found = [monitor(source, book) for source in sources]  # type: ignore[arg-type]
    for each in found:
        pd.testing.assert_frame_equal(each.clocks(), found[0].clocks())
        pd.testing.assert_frame_equal(each.breaches(), found[0].breaches())
    assert clock(found[0])["days_breached"] == 2


@pytest.mark.parametrize(
    ("folders", "words"),
    [
        ([], "no dated folder; found no folder"),
        (["march", "april"], "no dated folder; found april, march"),
        (["2031-05-01", "20310501"], "both 2031-05-01 and 20310501 are of 2031-05-01"),
        (["2031-05-01"], "2031-05-01: no table merchants"),
    ],
)
def test_folders_that_cannot_be_used_are_refused_in_words(
    book: Rulebook, tmp_path: Path, folders: list[str], words: str
) -> None:
    for name in folders:
        (tmp_path / name).mkdir()
    with pytest.raises(CampaignError, match=words):
        monitor(tmp_path, book)


def test_a_folder_and_its_declaration_must_agree(book: Rulebook, tmp_path: Path) -> None:
    folder = tmp_path / "2031-05-01"
    folder.mkdir()
    (folder / "offers.csv").write_text("offer_id,merchant_id\no,m\n")
    (folder / "merchants.csv").write_text("merchant_id\nm\n")
    (folder / "market.toml").write_text("as_of = 2031-05-02\n")
    with pytest.raises(CampaignError, match="the folder's name and it must agree"):
        monitor(tmp_path, book)


def test_other_sources_that_cannot_be_used_are_refused_in_words(book: Rulebook) -> None:
    one = market(book)
    wrong: list[tuple[Any, str]] = [
        ([], "no snapshot: there is nothing to monitor"),
        ([(FIRST, one), (FIRST, one)], "two snapshots of one day"),
        ([(FIRST, one), (FIRST - timedelta(days=1), one)], "out of order"),
        ([("May", one)], "'May' is no date"),
        ([one], "no pair of a day and its market"),
        (one, "neither merchants nor offers have a day"),
        (7, "no snapshots: int"),
        ("nowhere", "nowhere does not exist"),
    ]
    for source, words in wrong:
        with pytest.raises(CampaignError, match=words):
            monitor(source, book)


def test_progress_is_told(book: Rulebook) -> None:
    told: list[tuple[int, int]] = []
    monitor(days(book, {}, {}), book, progress=lambda done, total: told.append((done, total)))
    assert told == [(1, 2), (2, 2)]


def test_an_unknown_level_is_refused(book: Rulebook) -> None:
    with pytest.raises(CampaignError, match="unknown level 'shops'"):
        monitor(days(book, {}), book).clocks("shops")  # type: ignore[arg-type]
