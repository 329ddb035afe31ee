"""Whatever happens to offers and merchants, monitoring counts what a loop over subjects and days counts."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaign_analytics import Monitoring, load_rulebook, monitor
from campaign_analytics.rulebook.book import Rulebook
from tests.derive.rows import market_of
from tests.monitor.naive import AFTER, Days, Life, Naive

BOOK = load_rulebook(Path(__file__).with_name("patrol.toml"))
FIRST = date(2031, 5, 1)
ZONES = (ZoneInfo("Asia/Shanghai"), ZoneInfo("UTC"))


def maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | strategy


times = st.builds(
    lambda day, minutes, zone: datetime(2031, 4, 29, tzinfo=zone) + timedelta(days=day, minutes=minutes),
    st.integers(0, 12), st.sampled_from([0, 1, 15 * 60 + 59, 16 * 60, 23 * 60 + 59]), st.sampled_from(ZONES),
)  # fmt: skip
offer = st.fixed_dictionaries(
    {
        "merchant_id": st.sampled_from(["m0", "m1", "nobody"]),
        "aisle": maybe(st.sampled_from(["fruit", "toys"])),
        "stars": maybe(st.sampled_from([1, 2, 3])),
        "status": maybe(st.sampled_from(list(AFTER))),
        "approved_at": maybe(times),
        "submitted_at": maybe(times),
        "enrolled_at": maybe(times),
    }
)
merchant = st.fixed_dictionaries(
    {"bond": maybe(st.sampled_from([99, 100])), "lease_to": maybe(st.dates(date(2031, 5, 1), date(2031, 5, 9)))}
)
day = st.tuples(
    st.dictionaries(st.sampled_from(["o0", "o1", "o2"]), offer, min_size=1),
    st.dictionaries(st.sampled_from(["m0", "m1"]), merchant, min_size=1),
)
campaigns = st.dictionaries(st.integers(0, 9), day, min_size=1, max_size=6).map(
    lambda held: {FIRST + timedelta(days=at): held[at] for at in sorted(held)}
)


def monitored(book: Rulebook, days: Days) -> Monitoring:
    snapshots = []
    for at, (offers, merchants) in days.items():
        rows = {
            "offers": [{"offer_id": key, **row} for key, row in offers.items()],
            "merchants": [{"merchant_id": key, **row} for key, row in merchants.items()],
        }
        snapshots.append((at, market_of(book, **rows)))
    return monitor(snapshots, book)


@pytest.mark.parametrize("start", ["approval", "submission"])
@settings(max_examples=60)
@given(campaigns)
def test_it_counts_what_a_loop_counts(start: str, days: Days) -> None:
    book = BOOK.set(hold_from=start)
    found, naive = monitored(book, days), Naive(book, days)
    last = max(days)
    for level, lives in (("offers", naive.offers), ("merchants", naive.merchants)):
        key = f"{level[:-1]}_id"
        clocks = found.clocks(level).set_index(key)  # type: ignore[arg-type]
        assert set(clocks.index) == {key for key, life in lives.items() if life.since is not None}
        for subject, row in clocks.iterrows():
            life = lives[str(subject)]
            assert row["since"].date() == life.since
            counts = life.counts(last)
            assert {name: row[name] for name in counts} == counts
        breaches = found.breaches(level)  # type: ignore[arg-type]
        assert {(row[key], row["rule"]): _breach(row) for _, row in breaches.iterrows()} == _fails(lives)
    moves = found.refused_moves()
    told = {(r["offer_id"], r["from_state"], r["to_state"], r["day"].date(), r["breach"]) for _, r in moves.iterrows()}
    assert told == set(naive.refused)
    assert len(moves) == len(naive.refused)


def _breach(row: Any) -> tuple[Any, ...]:
    first, last = (row[name].date() for name in ("first_day", "last_day"))
    return first, last, row["days_breached"], row["days_unknown"], row["still"]


def _fails(lives: dict[str, Life]) -> dict[tuple[str, str], tuple[Any, ...]]:
    return {
        (key, rule): (days[0], days[-1], len(days), len(life.unknown.get(rule, [])), days[-1] == life.seen[-1])
        for key, life in lives.items()
        for rule, days in life.fails.items()
    }
